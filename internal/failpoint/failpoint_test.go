package failpoint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/smsir/smsir/internal/failpoint"
)

// TestPointsArePlaced: every point is listed once and stands at exactly one place of the program.
func TestPointsArePlaced(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("failpoint.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[failpoint.Point]string{}
	for _, m := range regexp.MustCompile(`(?m)^\s+(\w+)\s+Point = "([a-z.]+)"`).FindAllStringSubmatch(string(source), -1) {
		names[failpoint.Point(m[2])] = m[1]
	}
	listed := map[failpoint.Point]bool{}
	for _, p := range failpoint.Points() {
		if listed[p] || names[p] == "" {
			t.Errorf("%s is listed twice, or is none", p)
		}
		listed[p] = true
	}
	placed := map[string]int{}
	use := regexp.MustCompile(`failpoint\.(\w+)\b`)
	err = filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || filepath.Dir(path) == "../failpoint" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range use.FindAllStringSubmatch(string(text), -1) {
			placed[m[1]]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for p, name := range names {
		if !listed[p] || placed[name] == 0 {
			t.Errorf("%s: listed %v, placed %d times", name, listed[p], placed[name])
		}
	}
}
