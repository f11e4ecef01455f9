package gsm

import (
	"bytes"
	"testing"
)

func TestPackGolden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		fill int
		want string
	}{
		{"", 0, ""},
		{"", 3, ""},
		{"hellohello", 0, "E8329BFD4697D9EC37"},
		{"Hello", 0, "C8329BFD06"},
		{"How are you?", 0, "C8F71D14969741F977FD07"},
		{"@", 0, "00"},
		{"€", 0, "9B32"},
		{"a", 1, "C2"},                    // behind a header of 6 octets
		{"aa", 1, "C261"},                 // 0x61<<1, then 0x61<<8
		{"a", 4, "1006"},                  // 7 bits from bit 4 on
		{"aaaaaaaa", 0, "E170381C0E87C3"}, // 8 septets fill 7 octets
		{"aaaaaaa", 0, "E170381C0E8701"},  // 7 septets leave 7 zero bits
	} {
		septets, err := EncodeGSM7(nil, c.text, DefaultLanguage, DefaultLanguage)
		if err != nil {
			t.Fatal(err)
		}
		want := unhex(t, c.want)
		got := Pack(nil, septets, c.fill)
		if !bytes.Equal(got, want) {
			t.Errorf("Pack(%q, %d) = %X, want %X", c.text, c.fill, got, want)
		}
		if n := PackedLen(len(septets), c.fill); n != len(want) {
			t.Errorf("PackedLen(%d, %d) = %d, want %d", len(septets), c.fill, n, len(want))
		}
		back, err := Unpack(nil, want, c.fill, len(septets))
		if err != nil || !bytes.Equal(back, septets) {
			t.Errorf("Unpack(%X, %d, %d) = % x, %v; want % x", want, c.fill, len(septets), back, err, septets)
		}
	}
}

func TestUnpackShort(t *testing.T) {
	t.Parallel()
	got, err := Unpack([]byte{9}, unhex(t, "E8329BFD4697D9EC37"), 0, 11)
	if want := append([]byte{9}, "hellohello"...); !bytes.Equal(got, want) {
		t.Errorf("Unpack of 11 septets from 9 octets = % x, want % x", got, want)
	}
	checkDecodeError(t, "11 septets from 9 octets", err, 10)
	got, err = Unpack(nil, nil, 0, 1)
	if len(got) != 0 {
		t.Errorf("Unpack of nothing = % x", got)
	}
	checkDecodeError(t, "1 septet from nothing", err, 0)
	if got, err = Unpack(nil, []byte{1}, 0, -5); len(got) != 0 || err != nil {
		t.Errorf("Unpack of -5 septets = % x, %v; want nothing", got, err)
	}
}

func TestFillBits(t *testing.T) {
	t.Parallel()
	// 3GPP TS 23.040 §9.2.3.24: the text begins on the next septet boundary.
	for octets, want := range []int{0, 6, 5, 4, 3, 2, 1, 0, 6} {
		if got := FillBits(octets); got != want || (octets*8+got)%7 != 0 {
			t.Errorf("FillBits(%d) = %d, want %d", octets, got, want)
		}
	}
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ octets, gsm7, ucs2, binary int }{
		{0, 160, 70, 140},
		{4, 155, 68, 136},  // one national table
		{6, 153, 67, 134},  // 8-bit concatenation
		{7, 152, 66, 133},  // 16-bit concatenation, or two national tables
		{9, 149, 65, 131},  // 8-bit concatenation and one national table
		{12, 146, 64, 128}, // and two
		{139, 1, 0, 1},
		{140, 0, 0, 0},
		{255, 0, 0, 0},
	} {
		if g, u, b := GSM7.Capacity(c.octets), UCS2.Capacity(c.octets), Binary.Capacity(c.octets); g != c.gsm7 || u != c.ucs2 || b != c.binary {
			t.Errorf("Capacity(%d) = %d, %d, %d; want %d, %d, %d", c.octets, g, u, b, c.gsm7, c.ucs2, c.binary)
		}
	}
}

func TestUCS2(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
	}{
		{"", ""},
		{"Aж", "0041 0436"},
		{"\x00", "0000"},
		{"€", "20AC"},
		{"😀", "D83D DE00"},
		{"\U0010FFFF", "DBFF DFFF"},
		{"\uFFFD", "FFFD"},
		{"\uFEFFa", "FEFF 0061"},
	} {
		want := unhex(t, c.want)
		if got := EncodeUCS2(nil, c.text); !bytes.Equal(got, want) {
			t.Errorf("EncodeUCS2(%q) = %X, want %X", c.text, got, want)
		}
		if got, err := DecodeUCS2(want); got != c.text || err != nil {
			t.Errorf("DecodeUCS2(%X) = %q, %v; want %q", want, got, err, c.text)
		}
	}
	if got := EncodeUCS2(nil, "a\xffb"); !bytes.Equal(got, unhex(t, "0061 FFFD 0062")) {
		t.Errorf("EncodeUCS2 of an octet that is not UTF-8 = %X", got)
	}
}

func TestDecodeUCS2Errors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, octets, want string
		offset             int
	}{
		{"odd octet", "0041 04", "A\uFFFD", 2},
		{"high surrogate at the end", "0041 D83D", "A\uFFFD", 2},
		{"high surrogate before a letter", "D83D 0041", "\uFFFDA", 0},
		{"low surrogate alone", "DE00 0041", "\uFFFDA", 0},
		{"surrogates in the wrong order", "DE00 D83D", "\uFFFD\uFFFD", 0},
		{"high, then a pair", "D83D D83D DE00", "\uFFFD😀", 0},
		{"high and half a low", "D83D DE", "\uFFFD\uFFFD", 0},
	} {
		got, err := DecodeUCS2(unhex(t, c.octets))
		if got != c.want {
			t.Errorf("%s: DecodeUCS2(%s) = %q, want %q", c.name, c.octets, got, c.want)
		}
		checkDecodeError(t, c.name, err, c.offset)
	}
}

func TestDCS(t *testing.T) {
	t.Parallel()
	for octet, want := range map[byte]DCS{
		0x00: {Class: -1},
		0x04: {Encoding: Binary, Class: -1},
		0x08: {Encoding: UCS2, Class: -1},
		0x0C: {Class: -1},                  // reserved alphabet
		0x03: {Class: -1},                  // class bits without meaning
		0x10: {Class: 0},                   // flash
		0x18: {Encoding: UCS2, Class: 0},   // flash, UCS-2
		0x16: {Encoding: Binary, Class: 2}, // to the SIM
		0x20: {Class: -1, Compressed: true},
		0x48: {Encoding: UCS2, Class: -1, AutoDelete: true},
		0x80: {Class: -1}, // reserved group
		0xC8: {Class: -1, Waiting: true, Discard: true},
		0xD0: {Class: -1, Waiting: true},
		0xE8: {Encoding: UCS2, Class: -1, Waiting: true},
		0xF0: {Class: 0},
		0xF1: {Class: 1},
		0xF5: {Encoding: Binary, Class: 1},
		0xF6: {Encoding: Binary, Class: 2},
		0xFF: {Encoding: Binary, Class: 3},
	} {
		if got := ParseDCS(octet); got != want {
			t.Errorf("ParseDCS(0x%02X) = %+v, want %+v", octet, got, want)
		}
	}
	for _, e := range []Encoding{GSM7, UCS2, Binary} {
		if got := ParseDCS(e.DataCoding()); got.Encoding != e || got.Class != -1 {
			t.Errorf("ParseDCS(%s.DataCoding()) = %+v", e, got)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{GSM7.String(), "gsm7"},
		{UCS2.String(), "ucs2"},
		{Binary.String(), "binary"},
		{Encoding(9).String(), "unknown"},
		{DefaultLanguage.String(), "default"},
		{Turkish.String(), "tr"},
		{Spanish.String(), "es"},
		{Portuguese.String(), "pt"},
		{Language(9).String(), "unknown"},
		{ForcesUCS2.String(), "forces_ucs2"},
		{ForcesShift.String(), "forces_shift"},
		{TwoSeptets.String(), "two_septets"},
		{Reason(9).String(), "unknown"},
		{(&EncodeError{Rune: 'ж', Offset: 3}).Error(), "gsm: U+0436 'ж' at offset 3 is not in the GSM 7-bit alphabet"},
		{(&DecodeError{Encoding: UCS2, Offset: 2, Reason: "odd"}).Error(), "gsm: ucs2 at offset 2: odd"},
		{(&HeaderError{Offset: 1, Reason: "x"}).Error(), "gsm: user data header at offset 1: x"},
		{(&TooLongError{Segments: 300}).Error(), "gsm: the text needs 300 segments, a message has at most 255"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
