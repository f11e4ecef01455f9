package gsm

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// texts draws texts that come near the ends of segments with characters of all sorts there.
func texts(t *rapid.T) string {
	var b strings.Builder
	pieces := rapid.SampledFrom([][]string{
		{"a", "€", "^", "é", "\r\n", " ", "Δ"},
		{"a", "ğ", "ş", "€", "ç", "ı", "Ş"},
		{"á", "ã", "ê", "Φ", "`", "∞", "a"},
		{"ж", "😀", "e\u0301", "👨\u200d👩\u200d👧\u200d👦", "🇰🇪", "a", "क्षि"},
		{"’", "“", "…", "\u00a0", "\u200b", "e\u0301", "a", "€"},
		{"a", "\x00", "\x1b", "\xff", "\xed\xa0\x80", "\U0010FFFF", "ж"},
	}).Draw(t, "alphabet")
	for range rapid.IntRange(0, 6).Draw(t, "runs") {
		piece := rapid.SampledFrom(pieces).Draw(t, "piece")
		b.WriteString(strings.Repeat(piece, rapid.SampledFrom([]int{1, 2, 3, 7, 33, 66, 67, 76, 150, 152, 153}).Draw(t, "times")))
	}
	if rapid.Bool().Draw(t, "free") {
		b.WriteString(rapid.String().Draw(t, "text"))
	}
	return b.String()
}

func options(t *rapid.T) Options {
	opt := Options{
		Smart:       rapid.Bool().Draw(t, "smart"),
		Languages:   rapid.SliceOfNDistinct(rapid.SampledFrom([]Language{Turkish, Spanish, Portuguese}), 0, 3, rapid.ID).Draw(t, "languages"),
		Locking:     rapid.Bool().Draw(t, "locking"),
		Graphemes:   rapid.Bool().Draw(t, "graphemes"),
		Reference:   rapid.Uint16().Draw(t, "reference"),
		Reference16: rapid.Bool().Draw(t, "reference16"),
		Force:       rapid.SampledFrom([]Force{Auto, Auto, Auto, ForceUCS2, ForceGSM7}).Draw(t, "force"),
	}
	if rapid.Bool().Draw(t, "header") {
		opt.Header = UDH{Ports{Destination: 5505, Source: 1, Wide: true}.IE()}
	}
	return opt
}

func TestSplitProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, opt := texts(t), options(t)
		a := Analyze(text, opt)
		segments, err := Split(text, opt)
		if (err == nil) != (a.Err == nil) {
			t.Fatalf("Split: %v, Analyze: %v", err, a.Err)
		}
		if a.Text != text && (len(a.Replaced) == 0 || a.Encoding != GSM7) {
			t.Fatalf("text changed to %q without report, %s", a.Text, a.Encoding)
		}
		if undone := undo(a); undone != text {
			t.Fatalf("undoing %v gives %q, want %q", a.Replaced, undone, text)
		}
		if err != nil {
			return
		}
		checkSegments(t, a, segments, opt)
	})
}

// undo turns the replacements back.
func undo(a Analysis) string {
	var b strings.Builder
	rest, at := a.Text, 0 // at: where rest begins in the given text
	for _, r := range a.Replaced {
		n := r.Offset - at
		b.WriteString(rest[:n])
		b.WriteString(r.From)
		rest, at = rest[n+len(r.To):], r.Offset+len(r.From)
	}
	return b.String() + rest
}

func checkSegments(t *rapid.T, a Analysis, segments []Segment, opt Options) {
	if len(segments) != a.Segments {
		t.Fatalf("Split gives %d segments, Analyze %d", len(segments), a.Segments)
	}
	var joined strings.Builder
	var data []byte
	units := 0
	for i := range segments {
		s := &segments[i]
		joined.WriteString(s.Text)
		data = append(data, s.UserData...)
		units += s.Units
		tpud := s.AppendTPUD(nil)
		if s.Units > a.PerSegment || len(tpud) > MaxUserData || s.Number != i+1 || s.Total != a.Segments || s.Encoding != a.Encoding {
			t.Fatalf("segment %d of %d: %d units of %d, %d octets, says %d of %d, %s", i+1, a.Segments, s.Units, a.PerSegment, len(tpud), s.Number, s.Total, s.Encoding)
		}
		udh, body, err := ParseUserData(tpud, s.UDL(), s.UDH != nil, s.Encoding)
		if err != nil || !bytes.Equal(body, s.UserData) || !bytes.Equal(s.ShortMessage(), append(bytes.Clone(s.UDH), s.UserData...)) {
			t.Fatalf("segment %d reads back as %X, %v; want %X", i+1, body, err, s.UserData)
		}
		checkHeader(t, udh, s, a, opt)
		// A segment read alone is its text: no pair is torn.
		if text, err := Decode(body, udh, s.Encoding); err != nil || text != string([]rune(s.Text)) {
			t.Fatalf("segment %d alone reads %q, %v; want %q", i+1, text, err, s.Text)
		}
	}
	if joined.String() != a.Text || units != a.Units {
		t.Fatalf("joined: %q, %d units; want %q, %d", joined.String(), units, a.Text, a.Units)
	}
	if left := a.PerSegment - segments[len(segments)-1].Units; left != a.UnitsLeft {
		t.Fatalf("%d units left, Analyze says %d", left, a.UnitsLeft)
	}
	if !opt.Graphemes {
		if want := countUnits(data, a.Encoding, a.PerSegment); len(want) != len(segments) {
			t.Fatalf("%d segments, the other counter says %v", len(segments), want)
		}
	}
}

func checkHeader(t *rapid.T, udh UDH, s *Segment, a Analysis, opt Options) {
	c, ok := udh.Concat()
	if ok != (s.Total > 1) {
		t.Fatalf("segment %d of %d: concatenation element %v", s.Number, s.Total, ok)
	}
	want := Concat{Reference: opt.Reference, Reference16: opt.Reference16, Total: byte(s.Total), Number: byte(s.Number)}
	if !opt.Reference16 {
		want.Reference &= 0xFF
	}
	if ok && c != want {
		t.Fatalf("segment %d: %+v, want %+v", s.Number, c, want)
	}
	if locking, single := udh.Languages(); locking != a.Locking || single != a.Language {
		t.Fatalf("segment %d names tables %s and %s, want %s and %s", s.Number, locking, single, a.Locking, a.Language)
	}
	if _, ok := udh.Ports(); ok != (opt.Header != nil) {
		t.Fatalf("segment %d: ports %v", s.Number, ok)
	}
}

// countUnits cuts user data another way than the package does: it has all units before it, takes as
// many as fit, and steps back when the last one is the first half of a pair.
func countUnits(data []byte, e Encoding, capacity int) []int {
	size := 1
	if e == UCS2 {
		size = 2
	}
	firstHalf := func(unit int) bool {
		if e == UCS2 {
			return data[unit*2]>>2 == 0xD8>>2
		}
		return data[unit] == escape
	}
	total, counts := len(data)/size, []int(nil)
	for at := 0; at < total || counts == nil; {
		end := min(at+capacity, total)
		if end < total && firstHalf(end-1) {
			end--
		}
		counts = append(counts, end-at)
		at = end
	}
	return counts
}

// TestDefaultCount compares Analyze with a count made from the standard's numbers alone.
func TestDefaultCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := texts(t)
		one, many, e := 160, 153, GSM7
		data, err := EncodeGSM7(nil, text, DefaultLanguage, DefaultLanguage)
		units := len(data)
		if err != nil {
			one, many, e = 70, 67, UCS2
			code := utf16.Encode([]rune(text))
			units, data = len(code), data[:0]
			for _, u := range code {
				data = append(data, byte(u>>8), byte(u))
			}
		}
		want := []int{units}
		if units > one {
			want = countUnits(data, e, many)
		}
		if a := Analyze(text, Options{}); a.Encoding != e || a.Units != units || a.Segments != len(want) {
			t.Fatalf("Analyze(%q) = %s, %d units, %d segments; want %s, %d, %v", text, a.Encoding, a.Units, a.Segments, e, units, want)
		}
	})
}

// TestOptionsNeverCost: what is meant to save segments never takes more.
func TestOptionsNeverCost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := texts(t)
		plain := Analyze(text, Options{}).Segments
		smart := Analyze(text, Options{Smart: true}).Segments
		national := Analyze(text, Options{Languages: []Language{Turkish, Spanish, Portuguese}}).Segments
		locking := Analyze(text, Options{Languages: []Language{Turkish, Spanish, Portuguese}, Locking: true}).Segments
		if smart > plain || national > plain || locking > national {
			t.Fatalf("%q: %d segments, smart %d, national %d, locking %d", text, plain, smart, national, locking)
		}
	})
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	languages := rapid.SampledFrom([]Language{DefaultLanguage, Turkish, Spanish, Portuguese})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ToValidUTF8(rapid.String().Draw(t, "text"), "")
		if got, err := DecodeUCS2(EncodeUCS2(nil, text)); got != text || err != nil {
			t.Fatalf("UCS-2 of %q reads %q, %v", text, got, err)
		}
		locking, single := languages.Draw(t, "locking"), languages.Draw(t, "single")
		if septets, err := EncodeGSM7(nil, text, locking, single); err == nil {
			if got, err := DecodeGSM7(septets, locking, single); got != text || err != nil {
				t.Fatalf("GSM 7-bit of %q reads %q, %v", text, got, err)
			}
		}
		septets := rapid.SliceOf(rapid.ByteRange(0, 127)).Draw(t, "septets")
		fill := rapid.IntRange(0, 6).Draw(t, "fill")
		packed := Pack(nil, septets, fill)
		if got, err := Unpack(nil, packed, fill, len(septets)); !bytes.Equal(got, septets) || err != nil || len(packed) != PackedLen(len(septets), fill) {
			t.Fatalf("% X packed behind %d bits, %d octets, unpacks to % X, %v", septets, fill, len(packed), got, err)
		}
		if read, err := DecodeGSM7(septets, locking, single); err == nil && utf8.ValidString(read) {
			again, err := EncodeGSM7(nil, read, locking, single)
			if err != nil || len(again) > len(septets) {
				t.Fatalf("% X reads %q, written % X, %v", septets, read, again, err)
			}
		}
	})
}
