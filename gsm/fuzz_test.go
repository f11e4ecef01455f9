package gsm

import (
	"bytes"
	"testing"
)

func FuzzUDH(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{5, 0, 3, 0xCC, 2, 1, 'a'})
	f.Add([]byte{3, 0x24, 1, 1})
	f.Add([]byte{255, 0})
	f.Add([]byte{0x0B, 5, 4, 0x15, 0x81, 0x0B, 0x84, 0, 3, 1, 2, 1})
	f.Fuzz(func(t *testing.T, in []byte) {
		h, n, err := ParseUDH(in)
		if n > len(in) {
			t.Fatalf("ParseUDH(% X) took %d octets", in, n)
		}
		if err != nil {
			return
		}
		h.Concat()
		h.Ports()
		h.Languages()
		out, err := h.Append(nil)
		if err != nil || len(out) != h.Len() || len(h) > 0 && !bytes.Equal(out, in[:n]) {
			t.Fatalf("ParseUDH(% X), written again: % X, %v", in, out, err)
		}
	})
}

func FuzzGSM7Unpack(f *testing.F) {
	f.Add([]byte{0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37}, 0, 10, uint8(0))
	f.Add([]byte{0x36, 0x65, 0x31}, 1, 3, uint8(5))
	f.Add([]byte{0xFF, 0xFF}, 6, 2, uint8(15))
	f.Fuzz(func(t *testing.T, packed []byte, fill, count int, tables uint8) {
		septets, err := Unpack(nil, packed, fill, count)
		if err == nil && len(septets) != max(count, 0) || len(septets)*7 > len(packed)*8 {
			t.Fatalf("Unpack(% X, %d, %d) = %d septets, %v", packed, fill, count, len(septets), err)
		}
		again, err := Unpack(nil, Pack(nil, septets, fill), fill, len(septets))
		if err != nil || !bytes.Equal(again, septets) {
			t.Fatalf("% X packed and unpacked: % X, %v", septets, again, err)
		}
		locking, single := Language(tables&3), Language(tables>>2&3)
		text, _ := DecodeGSM7(septets, locking, single)
		if out, err := EncodeGSM7(nil, text, locking, single); err != nil || len(out) > len(septets) {
			t.Fatalf("% X reads %q, written % X, %v", septets, text, out, err)
		}
		_, _, _ = ParseUserData(packed, count, tables&0x80 != 0, Encoding(tables>>4&3))
	})
}

func FuzzGSM7Split(f *testing.F) {
	f.Add("Hello €", uint16(0))
	f.Add("“It’s” – e\u0301…", uint16(1))
	f.Add("ğş ıãõ", uint16(0x1E))
	f.Add("👨\u200d👩\u200d👧\u200d👦🇰🇪\xff", uint16(0x20))
	f.Fuzz(func(t *testing.T, text string, bits uint16) {
		opt := Options{
			Smart:       bits&1 != 0,
			Locking:     bits&0x10 != 0,
			Graphemes:   bits&0x20 != 0,
			Reference16: bits&0x40 != 0,
			Reference:   bits,
			Force:       Force(bits >> 7 & 3),
		}
		for i, l := range []Language{Turkish, Spanish, Portuguese} {
			if bits>>(1+i)&1 != 0 {
				opt.Languages = append(opt.Languages, l)
			}
		}
		// Once as it is, and once so long that it is cut.
		for _, text := range []string{text, text + text + text + text + text + text + text + text} {
			a := Analyze(text, opt)
			segments, err := Split(text, opt)
			if (err == nil) != (a.Err == nil) {
				t.Fatalf("Split: %v, Analyze: %v", err, a.Err)
			}
			if err != nil {
				continue
			}
			joined := ""
			for i := range segments {
				joined += segments[i].Text
				if n := len(segments[i].AppendTPUD(nil)); n > MaxUserData {
					t.Fatalf("segment %d has %d octets", i+1, n)
				}
			}
			if joined != a.Text || len(segments) != a.Segments || !opt.Smart && a.Text != text {
				t.Fatalf("%d segments join to %q; Analyze: %d, %q", len(segments), joined, a.Segments, a.Text)
			}
		}
	})
}

func FuzzUCS2(f *testing.F) {
	f.Add([]byte{0x04, 0x36})
	f.Add([]byte{0xD8, 0x3D, 0xDE, 0x00, 0xDE})
	f.Add([]byte{0xDE, 0x00, 0xD8, 0x3D})
	f.Fuzz(func(t *testing.T, in []byte) {
		text, err := DecodeUCS2(in)
		out := EncodeUCS2(nil, text)
		if err == nil && !bytes.Equal(out, in) {
			t.Fatalf("% X reads %q, written % X", in, text, out)
		}
		if again, err := DecodeUCS2(out); again != text || err != nil {
			t.Fatalf("%q, written and read: %q, %v", text, again, err)
		}
	})
}
