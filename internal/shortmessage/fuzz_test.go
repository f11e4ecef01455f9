package shortmessage_test

import (
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/internal/shortmessage"
	"github.com/smsir/smsir/smpp"
)

// FuzzConcat cuts a text into parts, brings them in another order, with some twice and some missing, and joins them again: what
// is complete is the text, and what is not shows its gaps. The second half of the input is read as a part as it is.
func FuzzConcat(f *testing.F) {
	f.Add("Hello", uint16(1), false, uint64(0), []byte("\x40\x00\x05\x00\x03\x07\x02\x01abc"))
	f.Add("Добрый день, это длинное сообщение, которое не помещается в одну часть, и поэтому их будет несколько, по порядку или нет.", uint16(0), true, uint64(99), []byte("\x40\x08\x05\x00\x03\x07\x02\x02\x04"))
	f.Add("€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€", uint16(65535), true, uint64(7), []byte{})
	f.Fuzz(func(t *testing.T, text string, reference uint16, wide bool, order uint64, raw []byte) {
		loose(t, raw)
		cut, err := gsm.Split(text, gsm.Options{Reference: reference, Reference16: wide})
		if err != nil || len(cut) < 2 || !utf8.ValidString(text) {
			return
		}
		parts := make([]smsir.InboundPart, 0, len(cut))
		for _, s := range cut {
			coding := smpp.DataCodingDefault
			if s.Encoding == gsm.UCS2 {
				coding = smpp.DataCodingUCS2
			}
			read := shortmessage.Decode(smpp.FeatureUDHI, coding, append(slices.Clone(s.UDH), s.UserData...), nil, shortmessage.GSM7)
			if int(read.Part.Total) != len(cut) || int(read.Part.Number) != s.Number || read.Binary || !wide && read.Part.Reference != reference&0xFF || wide && read.Part.Reference != reference {
				t.Fatalf("part %d of %d of %q was read as %+v", s.Number, len(cut), text, read)
			}
			parts = append(parts, read.Part)
		}
		for i := len(parts) - 1; i > 0; i-- { // some other order
			order = order*6364136223846793005 + 1442695040888963407
			j := int(order>>33) % (i + 1)
			parts[i], parts[j] = parts[j], parts[i]
		}
		slices.SortFunc(parts, func(a, b smsir.InboundPart) int { return int(a.Number) - int(b.Number) })
		whole := ""
		for _, s := range cut {
			whole += s.Text
		}
		if got := shortmessage.Join(parts, "[…]"); got != whole {
			t.Fatalf("%q came back as %q", whole, got)
		}
		missing := int(order % uint64(len(parts)))
		if got := shortmessage.Join(slices.Delete(parts, missing, missing+1), "\x00gap\x00"); utf8.ValidString(whole) && !utf8.ValidString(got) || !containsGap(got) {
			t.Fatalf("%q without part %d came back as %q", whole, missing+1, got)
		}
	})
}

func containsGap(s string) bool {
	for i := 0; i+5 <= len(s); i++ {
		if s[i:i+5] == "\x00gap\x00" {
			return true
		}
	}
	return false
}

// loose reads octets as a short message: the first two are esm_class and data_coding.
func loose(t *testing.T, raw []byte) {
	t.Helper()
	if len(raw) < 2 {
		return
	}
	for _, standard := range []shortmessage.Alphabet{shortmessage.GSM7, shortmessage.Latin1, shortmessage.Guessed} {
		read := shortmessage.Decode(smpp.ESMClass(raw[0]), smpp.DataCoding(raw[1]), raw[2:], nil, standard)
		if read.Part.Total < 1 || read.Part.Number < 1 || read.Part.Number > read.Part.Total {
			t.Fatalf("%X is part %d of %d", raw, read.Part.Number, read.Part.Total)
		}
		if text := read.Text(); !read.Binary && !utf8.ValidString(text) {
			t.Fatalf("%X reads as %q, which is no text", raw, text)
		}
	}
}
