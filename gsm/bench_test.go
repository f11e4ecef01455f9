package gsm

import (
	"strings"
	"testing"
)

func BenchmarkAnalyze(b *testing.B) {
	for _, c := range []struct {
		name, text string
		opt        Options
	}{
		{"gsm7-160", strings.Repeat("Hello, wor", 16), Options{}},
		{"gsm7-1600", strings.Repeat("Hello, wor", 160), Options{}},
		{"gsm7-extension", strings.Repeat("[€] ok ", 20), Options{}},
		{"ucs2-70", strings.Repeat("Привет, ", 9)[:126], Options{}},
		{"ucs2-670", strings.Repeat("Привет, мир ", 55), Options{}},
		{"smart", strings.Repeat("It’s “ready” – ", 10), Options{Smart: true}},
		{"graphemes", strings.Repeat("ok 👍🏽 e\u0301 ", 20), Options{Graphemes: true}},
		{"turkish", strings.Repeat("Çağrı merkezi ", 12), Options{Languages: []Language{Turkish}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				Analyze(c.text, c.opt)
			}
		})
	}
}

func BenchmarkSplit(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"gsm7-160", strings.Repeat("Hello, wor", 16)},
		{"gsm7-1600", strings.Repeat("Hello, wor", 160)},
		{"ucs2-70", strings.Repeat("Привет, ", 9)[:126]},
		{"ucs2-670", strings.Repeat("Привет, мир ", 55)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				if _, err := Split(c.text, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeGSM7(b *testing.B) {
	septets, err := EncodeGSM7(nil, strings.Repeat("Hello, w€r", 14), DefaultLanguage, DefaultLanguage)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeGSM7(septets, DefaultLanguage, DefaultLanguage); err != nil {
			b.Fatal(err)
		}
	}
}
