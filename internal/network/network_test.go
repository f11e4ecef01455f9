package network_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/smsir/smsir/internal/network"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"63902": "63902", " 63902 ": "63902", "639-02": "63902", "639 2": "63902", "310/260": "310260", "310:000": "310000", "00101": "00101", "99999": "99999",
		"": "", "639": "", "6390": "", "6390200": "", "639-": "", "639-0200": "", "-63902": "", "Safaricom": "", "GB-FIXED": "", "00001": "", "12345": "",
		"80001": "", "90000": "", "unknown": "", "６３９０２": "",
	} {
		if got := network.Parse(text); got != want {
			t.Errorf("Parse(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ mcc, mnc, want string }{
		{"639", "02", "63902"},
		{"639", "2", "63902"},
		{"310", "000", "310000"},
		{"310", "", ""},
		{"", "02", ""},
		{"63", "902", ""},
		{"639", "0x", ""},
	} {
		if got := network.Join(c.mcc, c.mnc); got != c.want {
			t.Errorf("Join(%q, %q) = %q, want %q", c.mcc, c.mnc, got, c.want)
		}
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"63902": "Safaricom", "63903": "Airtel Kenya", "64004": "Vodacom Tanzania", "64110": "MTN Uganda", "310260": "T-Mobile US", "00101": "Test network 1",
		"63998": "", "": "", "639": "", "#": "",
	} {
		if got := network.Name(code); got != want {
			t.Errorf("Name(%q) = %q, want %q", code, got, want)
		}
	}
}

// TestTable: every line is a code that [network.Parse] takes as it is, a country and a name, in order; and a name belongs to one
// country, or a table of several countries would show two rows that look the same.
func TestTable(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("networks.csv")
	if err != nil {
		t.Fatal(err)
	}
	form, of := regexp.MustCompile(`^(\d{5,6}),([A-Z]{2}|),([^,"]*[^,"\s])$`), map[string]string{}
	var codes []string
	for i, line := range strings.Split(strings.TrimSuffix(string(file), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		m := form.FindStringSubmatch(line)
		if m == nil || network.Parse(m[1]) != m[1] {
			t.Errorf("line %d cannot be read: %q", i+1, line)
			continue
		}
		codes = append(codes, m[1])
		if country, known := of[m[3]]; known && country != m[2] {
			t.Errorf("%q is a network of %s and of %s: say the country in the name", m[3], country, m[2])
		}
		of[m[3]] = m[2]
	}
	if !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != len(codes) || len(codes) < 100 {
		t.Errorf("%d codes: want them sorted, and each once", len(codes))
	}
}
