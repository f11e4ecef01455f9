package gsm

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestSplitGolden(t *testing.T) {
	t.Parallel()
	segments, err := Split(strings.Repeat("a", 152)+"€bbbbbbb", Options{Reference: 0x1CC})
	if err != nil || len(segments) != 2 {
		t.Fatalf("Split = %d segments, %v; want 2", len(segments), err)
	}
	one, two := &segments[0], &segments[1]
	if want := unhex(t, "05 00 03 CC 02 01"); !bytes.Equal(one.UDH, want) {
		t.Errorf("header of the first = %X, want %X", one.UDH, want)
	}
	if want := unhex(t, "05 00 03 CC 02 02 1B 65 62 62 62 62 62 62 62"); !bytes.Equal(two.ShortMessage(), want) {
		t.Errorf("short message of the second = %X, want %X", two.ShortMessage(), want)
	}
	if two.Text != "€bbbbbbb" || two.Units != 9 || two.Number != 2 || two.Total != 2 || one.Units != 152 {
		t.Errorf("second = %q, %d units, %d of %d, first %d units", two.Text, two.Units, two.Number, two.Total, one.Units)
	}
	if want := unhex(t, "05 00 03 CC 02 02 36 65 B1 58 2C 16 8B C5"); !bytes.Equal(two.AppendTPUD(nil), want) || two.UDL() != 16 {
		t.Errorf("TP-UD of the second = %X, TP-UDL %d; want %X, 16", two.AppendTPUD(nil), two.UDL(), want)
	}
	if n := len(one.AppendTPUD(nil)); n != 140 || one.UDL() != 159 {
		t.Errorf("TP-UD of the first = %d octets, TP-UDL %d; want 140 (152 septets and a header of 7), 159", n, one.UDL())
	}
}

func TestSplitHeaders(t *testing.T) {
	t.Parallel()
	ports := Ports{Destination: 5505, Source: 2948, Wide: true}.IE()
	long := strings.Repeat("a", 200)
	for _, c := range []struct {
		name, text string
		opt        Options
		udh        string // of the last segment
		units      []int
	}{
		{"one segment has none", "a", Options{Reference: 9}, "", []int{1}},
		{"16-bit reference", long, Options{Reference: 0x1234, Reference16: true}, "06 08 04 12 34 02 02", []int{152, 48}},
		{"ports on one segment", "a", Options{Header: UDH{ports}}, "06 05 04 15 81 0B 84", []int{1}},
		{"ports on many", long, Options{Header: UDH{ports}}, "0B 00 03 00 02 02 05 04 15 81 0B 84", []int{146, 54}},
		{"Turkish single shift", "ğ", Options{Languages: []Language{Turkish}}, "03 24 01 01", []int{2}},
		{"Turkish single shift on many", long + "ğ", Options{Languages: []Language{Turkish}}, "08 00 03 00 02 02 24 01 01", []int{149, 53}},
		{"155 septets behind a single shift", strings.Repeat("a", 153) + "ğ", Options{Languages: []Language{Turkish}}, "03 24 01 01", []int{155}},
		{"156 are too many", strings.Repeat("a", 154) + "ğ", Options{Languages: []Language{Turkish}}, "08 00 03 00 02 02 24 01 01", []int{149, 7}},
		{"Turkish locking shift where it saves a segment", strings.Repeat("ğ", 100), Options{Languages: []Language{Turkish}, Locking: true}, "03 25 01 01", []int{100}},
		{"but not where it does not", strings.Repeat("ğ", 70), Options{Languages: []Language{Turkish}, Locking: true}, "03 24 01 01", []int{140}},
		{"no table has all", "ğã", Options{Languages: []Language{Turkish, Portuguese}}, "", []int{2}},
		{"locking and single shift of two languages", "ğã", Options{Languages: []Language{Turkish, Portuguese}, Locking: true}, "06 25 01 01 24 01 03", []int{3}},
		{"a table is not used where the default alphabet does", "é€", Options{Languages: []Language{Turkish, Spanish, Portuguese}, Locking: true}, "", []int{3}},
	} {
		segments, err := Split(c.text, c.opt)
		var units []int
		for _, s := range segments {
			units = append(units, s.Units)
		}
		if err != nil || !slices.Equal(units, c.units) {
			t.Errorf("%s: Split = units %v, %v; want %v", c.name, units, err, c.units)
			continue
		}
		if last, want := segments[len(segments)-1], unhex(t, c.udh); !bytes.Equal(last.UDH, want) {
			t.Errorf("%s: header of the last = %X, want %X", c.name, last.UDH, want)
		}
	}
}

func TestSplitLimits(t *testing.T) {
	t.Parallel()
	if s, err := Split(strings.Repeat("a", 255*153), Options{}); err != nil || len(s) != 255 || s[254].Number != 255 {
		t.Errorf("255 full segments: %d, %v", len(s), err)
	}
	for _, c := range []struct {
		text     string
		segments int
	}{
		{strings.Repeat("a", 255*153+1), 256},
		{strings.Repeat("ж", 300*67), 300},
	} {
		s, err := Split(c.text, Options{})
		var long *TooLongError
		if !errors.As(err, &long) || long.Segments != c.segments || s != nil {
			t.Errorf("Split = %d segments, %v; want an error about %d", len(s), err, c.segments)
		}
		if a := Analyze(c.text, Options{}); !errors.As(a.Err, &long) || a.Segments != c.segments {
			t.Errorf("Analyze = %d segments, %v; want %d and the error", a.Segments, a.Err, c.segments)
		}
	}
}

func TestOptionsThatCannotBeMet(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]Options{
		"unknown language":         {Languages: []Language{Turkish, 4}},
		"default as a language":    {Languages: []Language{DefaultLanguage}},
		"unknown force":            {Force: 3},
		"own concatenation":        {Header: UDH{Concat{Total: 2, Number: 1}.IE()}},
		"own 16-bit concatenation": {Header: UDH{{IEConcat16, nil}}},
		"own single shift":         {Header: UDH{SingleShiftIE(Turkish)}},
		"own locking shift":        {Header: UDH{LockingShiftIE(Turkish)}},
		"no room for text":         {Header: UDH{{0x70, make([]byte, 129)}}},
		"no room beside tables":    {Header: UDH{{0x70, make([]byte, 123)}}, Languages: []Language{Turkish}},
		"header beyond 255":        {Header: UDH{{0x70, make([]byte, 300)}}},
	} {
		if s, err := Split("text", opt); !errors.Is(err, ErrOptions) || s != nil {
			t.Errorf("%s: Split = %d segments, %v; want ErrOptions", name, len(s), err)
		}
		if a := Analyze("text", opt); !errors.Is(a.Err, ErrOptions) || a.Text != "text" {
			t.Errorf("%s: Analyze = %+v; want ErrOptions and the text", name, a)
		}
	}
	// One octet less leaves room for a pair.
	opt := Options{Header: UDH{{0x70, make([]byte, 128)}}}
	s, err := Split("😀😀😀", opt)
	if err != nil || len(s) != 3 || s[0].Units != 2 {
		t.Errorf("Split behind the longest header = %d segments, %v; want 3 of one pair", len(s), err)
	}
}

func TestForce(t *testing.T) {
	t.Parallel()
	s, err := Split("plain €", Options{Force: ForceUCS2})
	if err != nil || s[0].Encoding != UCS2 || s[0].Units != 7 {
		t.Errorf("ForceUCS2 = %+v, %v; want 7 units of UCS-2", s, err)
	}
	for _, c := range []struct {
		text   string
		opt    Options
		char   rune
		offset int
	}{
		{"naïve", Options{}, 'ï', 2},
		{"“naïve”", Options{Smart: true}, 'ï', 5},
		{"ğã", Options{Languages: []Language{Turkish, Portuguese}}, 'ğ', 0},
		{"ğж", Options{Languages: []Language{Turkish, Portuguese}}, 'ж', 2},
	} {
		c.opt.Force = ForceGSM7
		s, err := Split(c.text, c.opt)
		var e *EncodeError
		if !errors.As(err, &e) || e.Rune != c.char || e.Offset != c.offset || s != nil {
			t.Errorf("Split(%q, GSM 7-bit) = %d segments, %v; want an error for %q at %d", c.text, len(s), err, c.char, c.offset)
		}
		if a := Analyze(c.text, c.opt); a.Encoding != UCS2 || a.Segments != 1 || !errors.As(a.Err, &e) {
			t.Errorf("Analyze(%q, GSM 7-bit) = %s, %d segments, %v; want how it would travel without force", c.text, a.Encoding, a.Segments, a.Err)
		}
	}
	// Smart encoding may take more segments when GSM 7-bit is a must.
	if a := Analyze(strings.Repeat("…", 60), Options{Smart: true, Force: ForceGSM7}); a.Encoding != GSM7 || a.Segments != 2 || a.Err != nil {
		t.Errorf("60 ellipses, GSM 7-bit = %s, %d segments, %v; want gsm7, 2", a.Encoding, a.Segments, a.Err)
	}
}

func TestGraphemes(t *testing.T) {
	t.Parallel()
	tail := strings.Repeat("ж", 10)
	family := "👨\u200d👩\u200d👧\u200d👦"
	for _, c := range []struct {
		name, text string
		want       []int
	}{
		{"family at the end of a segment", strings.Repeat("ж", 60) + family + "жж", []int{60, 13}},
		{"7 families", strings.Repeat(family, 7), []int{66, 11}},
		{"flags: pairs of regional indicators", "ж" + strings.Repeat("🇰🇪", 18), []int{65, 8}},
		{"skin tone", strings.Repeat("ж", 65) + "👍🏽" + tail, []int{65, 14}},
		{"keycap", strings.Repeat("ж", 65) + "1\ufe0f\u20e3" + tail, []int{65, 13}},
		{"heart with selector", strings.Repeat("ж", 66) + "❤\ufe0f" + tail, []int{66, 12}},
		{"combining acute", strings.Repeat("ж", 66) + "e\u0301" + tail, []int{66, 12}},
		{"Devanagari conjunct", strings.Repeat("ж", 65) + "क्षि" + tail, []int{65, 14}},
		{"Hangul of jamo", strings.Repeat("ж", 65) + "\u1112\u1161\u11ab" + tail, []int{65, 13}},
		{"CR LF", strings.Repeat("a", 152) + "\r\n" + strings.Repeat("a", 10), []int{152, 12}},
		{"134 units that become 3 segments", strings.Repeat("ж", 66) + "e\u0301" + strings.Repeat("ж", 66), []int{66, 67, 1}},
		{"one cluster longer than a segment is cut", "e" + strings.Repeat("\u0301", 99), []int{67, 33}},
		{"and what follows stays whole", "e" + strings.Repeat("\u0301", 131) + family, []int{67, 65, 11}},
		{"one segment stays one", strings.Repeat("ж", 59) + family, []int{70}},
	} {
		segments, err := Split(c.text, Options{Graphemes: true})
		var got []int
		for _, s := range segments {
			got = append(got, s.Units)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: Split = units %v, %v; want %v", c.name, got, err, c.want)
		}
		if a := Analyze(c.text, Options{Graphemes: true}); a.Segments != len(c.want) || a.UnitsLeft != a.PerSegment-c.want[len(c.want)-1] {
			t.Errorf("%s: Analyze = %d segments, %d left of %d; want %v", c.name, a.Segments, a.UnitsLeft, a.PerSegment, c.want)
		}
	}
}

func TestSplitBinary(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		octets int
		opt    Options
		want   []int
	}{
		{0, Options{}, []int{0}},
		{140, Options{}, []int{140}},
		{141, Options{}, []int{134, 7}},
		{268, Options{Force: ForceUCS2, Smart: true}, []int{134, 134}},
		{269, Options{Reference16: true}, []int{133, 133, 3}},
		{134, Options{Header: UDH{Ports{Destination: 5505, Source: 2948, Wide: true}.IE()}}, []int{128, 6}},
	} {
		data := make([]byte, c.octets)
		for i := range data {
			data[i] = byte(i * 7)
		}
		segments, err := SplitBinary(data, c.opt)
		var got []int
		var joined []byte
		for i := range segments {
			s := &segments[i]
			got = append(got, s.Units)
			joined = append(joined, s.UserData...)
			if n := len(s.AppendTPUD(nil)); n != s.UDL() || n > MaxUserData || s.Encoding != Binary {
				t.Errorf("SplitBinary(%d octets): TP-UD of %d octets, TP-UDL %d, %s", c.octets, n, s.UDL(), s.Encoding)
			}
		}
		if err != nil || !slices.Equal(got, c.want) || !bytes.Equal(joined, data) {
			t.Errorf("SplitBinary(%d octets) = %v, %v; want %v", c.octets, got, err, c.want)
		}
	}
	var long *TooLongError
	if s, err := SplitBinary(make([]byte, 255*134+1), Options{}); !errors.As(err, &long) || long.Segments != 256 || s != nil {
		t.Errorf("SplitBinary of 256 segments = %d, %v; want an error", len(s), err)
	}
	if _, err := SplitBinary(nil, Options{Header: UDH{{IEConcat8, nil}}}); !errors.Is(err, ErrOptions) {
		t.Errorf("SplitBinary with an own concatenation = %v, want ErrOptions", err)
	}
}

func TestSegmentsDoNotShareTheirEnds(t *testing.T) {
	t.Parallel()
	segments, err := Split(strings.Repeat("a", 161), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(segments[1].ShortMessage())
	_ = append(segments[0].UserData, 1, 2, 3)
	_ = append(segments[0].ShortMessage(), 1, 2, 3)
	_ = append(segments[0].UDH, 1)
	if !bytes.Equal(segments[1].ShortMessage(), want) || segments[0].UserData[0] != 'a' {
		t.Errorf("appending to a segment changed another: %X, want %X", segments[1].ShortMessage(), want)
	}
}
