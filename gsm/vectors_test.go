package gsm

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// TestSharedVectors reads the vectors that the web app is tested against too.
func TestSharedVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../testdata/segments.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name            string
		Text            string
		Encoding        string
		Units           int
		Segments        int
		UnitsPerSegment []int
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 70 {
		t.Fatalf("%d vectors; the file had more", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			a := Analyze(v.Text, Options{})
			if a.Encoding.String() != v.Encoding || a.Units != v.Units || a.Segments != v.Segments || a.Err != nil {
				t.Errorf("Analyze(%.40q…) = %s, %d units, %d segments, %v; want %s, %d, %d",
					v.Text, a.Encoding, a.Units, a.Segments, a.Err, v.Encoding, v.Units, v.Segments)
			}
			segments, err := Split(v.Text, Options{})
			var got []int
			for _, s := range segments {
				got = append(got, s.Units)
			}
			if err != nil || !slices.Equal(got, v.UnitsPerSegment) {
				t.Errorf("Split(%.40q…) = units %v, %v; want %v", v.Text, got, err, v.UnitsPerSegment)
			}
			if left := a.PerSegment - v.UnitsPerSegment[v.Segments-1]; a.UnitsLeft != left {
				t.Errorf("Analyze(%.40q…).UnitsLeft = %d, want %d", v.Text, a.UnitsLeft, left)
			}
		})
	}
}
