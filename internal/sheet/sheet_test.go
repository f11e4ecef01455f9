package sheet_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/smsir/smsir/internal/sheet"
	"pgregory.net/rapid"
)

func TestSafe(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "Ada": "Ada", "4B": "4B", "=1+1": "'=1+1", "+254712345678": "'+254712345678", "-5": "'-5", "@SUM(A1)": "'@SUM(A1)",
		" =1": "' =1", `"=1`: `'"=1`, "\t=1": "'\t=1", "\r=cmd": "'\r=cmd", "a=b": "a=b", "'quoted": "''quoted", "＝1": "'＝1",
		"=cmd|'/C calc'!A0": "'=cmd|'/C calc'!A0",
	} {
		if got := sheet.Safe(in); got != want {
			t.Errorf("Safe(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPlainTakesBackWhatSafeDid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(rapid.String(), rapid.StringMatching(`['"= +@-]{0,4}[a-z0-9]{0,4}`)).Draw(t, "cell")
		if got := sheet.Plain(sheet.Safe(cell)); got != cell {
			t.Fatalf("Plain(Safe(%q)) = %q", cell, got)
		}
	})
	for _, cell := range []string{"'", "'Ada", "O'Hara"} {
		if got := sheet.Plain(cell); got != cell {
			t.Errorf("Plain(%q) = %q: nobody had marked it", cell, got)
		}
	}
}

func TestWriter(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := sheet.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]string{{"name", "phone"}, {"Ada, \"the\"\nfirst", "+12025550100"}} {
		if err := w.Row(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(out.String(), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if !ok || err != nil || len(rows) != 2 || rows[1][0] != "Ada, \"the\"\nfirst" || rows[1][1] != "'+12025550100" {
		t.Errorf("wrote %q: %q, %v", out.String(), rows, err)
	}
}
