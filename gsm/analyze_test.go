package gsm

import (
	"encoding/json"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAnalyzeCulprits(t *testing.T) {
	t.Parallel()
	tr := Options{Languages: []Language{Turkish}}
	for _, c := range []struct {
		name, text string
		opt        Options
		want       []Culprit
	}{
		{"nothing", "", Options{}, nil},
		{"plain text", "Hello, wörld @ £5", Options{}, nil},
		{"extension table", "é[€] €", Options{}, []Culprit{
			{'[', 2, 1, TwoSeptets}, {'€', 3, 2, TwoSeptets}, {']', 6, 1, TwoSeptets},
		}},
		{"octets and septets equal by chance", "é^", Options{}, []Culprit{{'^', 2, 1, TwoSeptets}}},
		{"what forces UCS-2, and only that", "€ “a” ж", Options{}, []Culprit{
			{'“', 4, 1, ForcesUCS2}, {'”', 8, 1, ForcesUCS2}, {'ж', 12, 1, ForcesUCS2},
		}},
		{"an octet that is not UTF-8", "a\xff", Options{}, []Culprit{{utf8.RuneError, 1, 1, ForcesUCS2}}},
		{"UCS-2 by order", "ж", Options{Force: ForceUCS2}, nil},
		{"national table", "iş €", tr, []Culprit{{'ş', 1, 1, ForcesShift}, {'€', 4, 1, TwoSeptets}}},
		{"national table does not help", "ş ж", tr, []Culprit{{'ж', 3, 1, ForcesUCS2}}},
		{"no pair of tables has both", "ş ã", Options{Languages: []Language{Turkish, Portuguese}}, []Culprit{
			{'ş', 0, 1, ForcesUCS2}, {'ã', 3, 1, ForcesUCS2},
		}},
		{"locking table", strings.Repeat("ş", 160), Options{Languages: []Language{Turkish}, Locking: true}, []Culprit{
			{'ş', 0, 160, ForcesShift},
		}},
	} {
		if got := Analyze(c.text, c.opt).Costly; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: Analyze(%q).Costly = %v, want %v", c.name, c.text, got, c.want)
		}
	}
	var script strings.Builder
	for char := 'а'; char < 'а'+40; char++ {
		script.WriteRune(char)
	}
	if got := Analyze(script.String(), Options{}).Costly; len(got) != 32 || got[31].Rune != 'а'+31 {
		t.Errorf("40 different letters name %d, want the first 32", len(got))
	}
}

func TestAnalyzeLanguages(t *testing.T) {
	t.Parallel()
	all := Options{Languages: []Language{Turkish, Spanish, Portuguese}}
	locking := all
	locking.Locking = true
	for _, c := range []struct {
		name, text      string
		opt             Options
		encoding        Encoding
		locking, single Language
		units, segments int
		perSegment      int
	}{
		{"off by default", "ğ", Options{}, UCS2, 0, 0, 1, 1, 70},
		{"Turkish", "Çağrı merkezi", all, GSM7, 0, Turkish, 15, 1, 155},
		{"Spanish", "¿Cómo está?", all, GSM7, 0, Spanish, 13, 1, 155},
		{"Portuguese", "Não há informação", all, GSM7, 0, Portuguese, 21, 1, 155},
		{"acute alone: the first table that has it", "áí", all, GSM7, 0, Spanish, 4, 1, 155},
		{"two segments instead of three", strings.Repeat("ş", 90), all, GSM7, 0, Turkish, 180, 2, 149},
		{"one with the locking table", strings.Repeat("ş", 90), locking, GSM7, Turkish, 0, 90, 1, 155},
		{"euro signs take one septet with the Turkish locking table", strings.Repeat("€", 100), locking, GSM7, Turkish, 0, 100, 1, 155},
		{"the default alphabet when it is as short", strings.Repeat("€", 80), locking, GSM7, 0, 0, 160, 1, 160},
		{"two tables", strings.Repeat("ı", 100) + strings.Repeat("ã", 10), locking, GSM7, Turkish, Portuguese, 120, 1, 152},
		{"nothing helps", "ж", locking, UCS2, 0, 0, 1, 1, 70},
	} {
		a := Analyze(c.text, c.opt)
		if a.Encoding != c.encoding || a.Locking != c.locking || a.Language != c.single || a.Units != c.units || a.Segments != c.segments || a.PerSegment != c.perSegment {
			t.Errorf("%s: Analyze(%.20q) = %s, tables %s and %s, %d units, %d segments of %d; want %s, %s and %s, %d, %d of %d",
				c.name, c.text, a.Encoding, a.Locking, a.Language, a.Units, a.Segments, a.PerSegment, c.encoding, c.locking, c.single, c.units, c.segments, c.perSegment)
		}
	}
}

func TestSmart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, want string
		replaced         []Replacement
	}{
		{"nothing to do", "It's ready", "It's ready", nil},
		{"quotes, dash, ellipsis", "“It’s – ready…”", `"It's - ready..."`, []Replacement{
			{0, "“", `"`}, {5, "’", "'"}, {10, "–", "-"}, {19, "…", "..."}, {22, "”", `"`},
		}},
		{"odd spaces and no width", "a\u00a0b\u200bc\td", "a bc d", []Replacement{
			{1, "\u00a0", " "}, {4, "\u200b", ""}, {8, "\t", " "},
		}},
		{"letters with combining marks", "cafe\u0301 Ma\u0308rz", "café März", []Replacement{
			{3, "e\u0301", "é"}, {8, "a\u0308", "ä"},
		}},
		{"Greek in capitals", "\u039a\u0391\u039b\u0397\u039c\u0395\u03a1\u0391", "KAΛHMEPA", []Replacement{
			{0, "\u039a", "K"}, {2, "\u0391", "A"}, {6, "\u0397", "H"}, {8, "\u039c", "M"}, {10, "\u0395", "E"}, {12, "\u03a1", "P"}, {14, "\u0391", "A"},
		}},
		{"full-width", "Ｃａｌｌ　０１！", "Call 01!", []Replacement{
			{0, "Ｃ", "C"}, {3, "ａ", "a"}, {6, "ｌ", "l"}, {9, "ｌ", "l"}, {12, "\u3000", " "}, {15, "０", "0"}, {18, "１", "1"}, {21, "！", "!"},
		}},
		{"kept when something else forces UCS-2", "“Привет”", "“Привет”", nil},
		{"kept when a combining mark has no letter", "“x\u0301”", "“x\u0301”", nil},
		{"an emoji's joiner is kept", "it’s 👨\u200d👩", "it’s 👨\u200d👩", nil},
		{"kept when it would take a segment more", strings.Repeat("…", 60), strings.Repeat("…", 60), nil},
		{"letters are never exchanged for others", "garçon’s", "garçon’s", nil},
		{"an octet that is not UTF-8", "’\xff", "’\xff", nil},
	} {
		a := Analyze(c.text, Options{Smart: true})
		if a.Text != c.want || !reflect.DeepEqual(a.Replaced, c.replaced) {
			t.Errorf("%s: Analyze(%q, smart) = %q, %v; want %q, %v", c.name, c.text, a.Text, a.Replaced, c.want, c.replaced)
		}
		if wantGSM := c.replaced != nil || c.text == "It's ready"; (a.Encoding == GSM7) != wantGSM {
			t.Errorf("%s: Analyze(%q, smart) is %s", c.name, c.text, a.Encoding)
		}
		if plain := Analyze(c.text, Options{}); plain.Text != c.text || plain.Replaced != nil || plain.Segments < a.Segments {
			t.Errorf("%s: without smart = %q, %v, %d segments; with it %d", c.name, plain.Text, plain.Replaced, plain.Segments, a.Segments)
		}
	}
	// What a national table writes is left alone.
	a := Analyze("ı’s", Options{Smart: true, Languages: []Language{Turkish}})
	if a.Text != "ı's" || a.Encoding != GSM7 || a.Language != Turkish || len(a.Replaced) != 1 {
		t.Errorf("smart with Turkish = %q, %s, %s, %v", a.Text, a.Encoding, a.Language, a.Replaced)
	}
}

// TestSmartTable compares the table with the file that other programs read, and checks that it never
// leads out of the alphabet nor replaces a character of it.
func TestSmartTable(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/smart.json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]string
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file) != len(smartTable) {
		t.Errorf("testdata/smart.json has %d characters, the table %d", len(file), len(smartTable))
	}
	plain := coderOf(DefaultLanguage, DefaultLanguage)
	for from, to := range smartTable {
		if other, ok := file[string(from)]; !ok || other != to {
			t.Errorf("%U: %q in the table, %q in testdata/smart.json", from, to, other)
		}
		if plain.cost(from) != 0 {
			t.Errorf("%U is in the alphabet, yet replaced by %q", from, to)
		}
		if _, err := EncodeGSM7(nil, to, DefaultLanguage, DefaultLanguage); err != nil {
			t.Errorf("%U is replaced by %q: %v", from, to, err)
		}
	}
}

func TestClusters(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/graphemes.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		lines++
		var want []string
		for cluster := range strings.SplitSeq(line, "|") {
			var text strings.Builder
			for _, number := range strings.Fields(cluster) {
				char, err := strconv.ParseInt(number, 16, 32)
				if err != nil {
					t.Fatal(err)
				}
				text.WriteRune(rune(char))
			}
			want = append(want, text.String())
		}
		var got []string
		for rest := strings.Join(want, ""); rest != ""; {
			n := clusterLen(rest)
			got, rest = append(got, rest[:n]), rest[n:]
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: clusters %+q, want %+q", line, got, want)
		}
	}
	if lines < 200 {
		t.Errorf("testdata/graphemes.txt has %d texts, want at least 200", lines)
	}
}
