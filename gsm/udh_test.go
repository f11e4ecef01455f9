package gsm

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func TestUDHGolden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		udh  UDH
		want string
	}{
		{"none", nil, ""},
		{"8-bit concatenation", UDH{Concat{Reference: 0xCC, Total: 2, Number: 1}.IE()}, "05 00 03 CC 02 01"},
		{"8-bit concatenation of a large reference", UDH{Concat{Reference: 0x12CC, Total: 2, Number: 1}.IE()}, "05 00 03 CC 02 01"},
		{"16-bit concatenation", UDH{Concat{Reference: 0x12CC, Reference16: true, Total: 255, Number: 254}.IE()}, "06 08 04 12 CC FF FE"},
		{"single shift", UDH{SingleShiftIE(Turkish)}, "03 24 01 01"},
		{"locking and single shift", UDH{LockingShiftIE(Portuguese), SingleShiftIE(Spanish)}, "06 25 01 03 24 01 02"},
		{"16-bit ports", UDH{Ports{Destination: 5505, Source: 2948, Wide: true}.IE()}, "06 05 04 15 81 0B 84"},
		{"8-bit ports", UDH{Ports{Destination: 240, Source: 241}.IE()}, "04 04 02 F0 F1"},
		{"unknown and empty elements", UDH{{0x70, []byte{1, 2}}, {0xA0, []byte{}}}, "06 70 02 01 02 A0 00"},
	} {
		want := unhex(t, c.want)
		got, err := c.udh.Append([]byte{0xEE})
		if err != nil || !bytes.Equal(got[1:], want) || got[0] != 0xEE || c.udh.Len() != len(want) {
			t.Errorf("%s: Append = %X, %v, Len %d; want %X", c.name, got, err, c.udh.Len(), want)
		}
		if len(want) == 0 {
			continue
		}
		back, n, err := ParseUDH(append(want, 'r', 'e', 's', 't'))
		if err != nil || n != len(want) {
			t.Errorf("%s: ParseUDH took %d octets, %v; want %d", c.name, n, err, len(want))
		}
		if again, _ := back.Append(nil); !bytes.Equal(again, want) {
			t.Errorf("%s: parsed and written again = %X, want %X", c.name, again, want)
		}
	}
}

func TestParseUDHErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, octets   string
		offset, length int
	}{
		{"nothing", "", 0, 0},
		{"header longer than the user data", "05 00 03 CC", 0, 4},
		{"element without length", "01 00 41", 1, 2},
		{"second element without length", "04 24 01 01 25 41", 4, 5},
		{"element longer than the header", "05 00 04 CC 02 01 41", 1, 6},
		{"length octet 255 with 2 octets", "FF 00", 0, 2},
	} {
		h, n, err := ParseUDH(unhex(t, c.octets))
		var e *HeaderError
		if !errors.As(err, &e) || e.Offset != c.offset || n != c.length || h != nil {
			t.Errorf("%s: ParseUDH(%s) = %v, %d, %v; want an error at %d, length %d", c.name, c.octets, h, n, err, c.offset, c.length)
		}
	}
	if h, n, err := ParseUDH([]byte{0, 'a'}); h != nil || n != 1 || err != nil {
		t.Errorf("ParseUDH of an empty header = %v, %d, %v; want nothing, 1 octet", h, n, err)
	}
}

func TestAppendUDHTooLong(t *testing.T) {
	t.Parallel()
	for _, h := range []UDH{
		{{1, make([]byte, 256)}},
		{{1, make([]byte, 254)}},
		{{1, make([]byte, 200)}, {2, make([]byte, 52)}},
	} {
		got, err := h.Append([]byte{7})
		var e *HeaderError
		if !errors.As(err, &e) || len(got) != 1 {
			t.Errorf("Append of %d octets = %d octets, %v; want an error", h.Len(), len(got), err)
		}
	}
	if got, err := (UDH{{1, make([]byte, 253)}}).Append(nil); err != nil || len(got) != 256 {
		t.Errorf("Append of the longest header = %d octets, %v; want 256", len(got), err)
	}
}

// TestConcat covers 3GPP TS 23.040 §9.2.3.24.1: what a receiver has to ignore, and what counts when
// elements repeat.
func TestConcat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		octets string
		want   Concat
		ok     bool
	}{
		{"05 00 03 CC 02 01", Concat{0xCC, false, 2, 1}, true},
		{"06 08 04 12 CC FF FF", Concat{0x12CC, true, 255, 255}, true},
		{"05 00 03 00 02 02", Concat{0, false, 2, 2}, true},
		{"05 00 03 CC 02 00", Concat{}, false},
		{"05 00 03 CC 02 03", Concat{}, false},
		{"05 00 03 CC 00 00", Concat{}, false},
		{"04 00 02 CC 02", Concat{}, false},
		{"03 24 01 01", Concat{}, false},
		{"0A 00 03 01 02 01 00 03 02 02 02", Concat{2, false, 2, 2}, true},
		{"0B 08 04 00 05 03 01 00 03 06 03 02", Concat{6, false, 3, 2}, true},
		{"08 70 01 AA 00 03 07 01 01", Concat{7, false, 1, 1}, true},
	} {
		h, _, err := ParseUDH(unhex(t, c.octets))
		got, ok := h.Concat()
		if err != nil || got != c.want || ok != c.ok {
			t.Errorf("ParseUDH(%s).Concat() = %+v, %v (%v); want %+v, %v", c.octets, got, ok, err, c.want, c.ok)
		}
	}
}

func TestPortsAndLanguages(t *testing.T) {
	t.Parallel()
	for _, want := range []Ports{{5505, 2948, true}, {240, 241, false}} {
		if got, ok := (UDH{{0x70, nil}, want.IE()}).Ports(); !ok || got != want {
			t.Errorf("Ports() = %+v, %v; want %+v", got, ok, want)
		}
	}
	for _, h := range []UDH{nil, {{IEPorts8, []byte{1}}}, {{IEPorts16, []byte{1, 2, 3}}}} {
		if got, ok := h.Ports(); ok {
			t.Errorf("%v.Ports() = %+v, want none", h, got)
		}
	}
	if l, s := (UDH{SingleShiftIE(Turkish), LockingShiftIE(Portuguese), SingleShiftIE(Spanish)}).Languages(); l != Portuguese || s != Spanish {
		t.Errorf("Languages() = %s, %s; want pt and, of the two, the last: es", l, s)
	}
	if l, s := (UDH{{IESingleShift, nil}, {IELockingShift, []byte{1, 2}}}).Languages(); l != DefaultLanguage || s != DefaultLanguage {
		t.Errorf("Languages() of elements with a wrong length = %s, %s; want default", l, s)
	}
}

func TestParseUserData(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, octets string
		length       int
		udhi         bool
		encoding     Encoding
		want         string
		broken       bool
	}{
		{"GSM 7-bit", "E8329BFD4697D9EC37", 10, false, GSM7, "hellohello", false},
		{"GSM 7-bit behind a header", "05 00 03 CC 02 01 C2 61", 7 + 2, true, GSM7, "aa", false},
		{"national table named by the header", "03 24 01 01 D8 9C 01", 5 + 2, true, GSM7, "ğ", false},
		{"UCS-2", "0436 0041", 4, false, UCS2, "жA", false},
		{"UCS-2 behind a header", "05 00 03 CC 02 01 0436", 8, true, UCS2, "ж", false},
		{"fewer octets than UDL says", "0436", 4, false, UCS2, "ж", true},
		{"UDL shorter than the header", "05 00 03 CC 02 01", 3, true, UCS2, "", false},
		{"broken header: its length is skipped all the same", "02 00 09 0436", 5, true, UCS2, "ж", true},
	} {
		h, data, err := ParseUserData(unhex(t, c.octets), c.length, c.udhi, c.encoding)
		text, _ := Decode(data, h, c.encoding)
		if text != c.want || (err != nil) != c.broken {
			t.Errorf("%s: ParseUserData(%s) reads %q, %v; want %q, error: %v", c.name, c.octets, text, err, c.want, c.broken)
		}
	}
	if text, err := Decode([]byte{1}, nil, Binary); text != "" || err == nil {
		t.Errorf("Decode of 8-bit data = %q, %v; want an error", text, err)
	}
}

func TestParsedElementsShareMemoryButNotTheirNeighbours(t *testing.T) {
	t.Parallel()
	in := unhex(t, "05 00 03 CC 02 01 41")
	h, _, err := ParseUDH(in)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(h[0].Data, 0xFF)
	if want := unhex(t, "05 00 03 CC 02 01 41"); !reflect.DeepEqual(in, want) {
		t.Errorf("appending to an element changed the user data to %X", in)
	}
}
