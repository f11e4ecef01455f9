package httpapi

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReference: what docs/providers/httpapi.md shows is understood, piece by piece, and every placeholder and filter that
// there is stands there.
func TestReference(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "providers", "httpapi.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(file)
	const base = "name: x\nsend: {url: \"https://a.example\", json: {ref: \"{{attempt}}\", to: \"{{callback}}\"}}\n"
	checked := 0
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page, -1) {
		piece := dedent(m[1])
		top := func(key string) bool { return regexp.MustCompile(`(?m)^` + key + `:`).MatchString(piece) }
		switch {
		case strings.Contains(piece, "…"): // the overview
			piece = regexp.MustCompile(`(?m)^(\w+: …|send: \{….*\}).*$`).ReplaceAllString(piece, "")
			if !top("name") {
				piece = base + piece
			}
			piece += "\nanswer: {id: id}\n"
		case strings.Count(piece, "\nauth:") > 0 || strings.Count(piece, "\nsignature:") > 1: // ways, one a line or a block
			ways := regexp.MustCompile(`(?m)^(auth|signature):(.*\n)((?: .*\n)*)`).FindAllStringSubmatch(piece, -1)
			for _, way := range ways {
				text := base + "answer: {id: id}\n" + way[0]
				if way[1] == "signature" {
					text = base + "answer: {id: id}\nreceipt: {id: id, status: s, statuses: {a: sent}}\ncallback:\n  " + strings.ReplaceAll(strings.TrimRight(way[0], "\n"), "\n", "\n  ") + "\n"
				}
				if _, err := parse(text); err != nil {
					t.Errorf("%v in\n%s", err, text)
				}
				checked++
			}
			continue
		default:
			piece = base + piece
			if !top("answer") {
				piece += "answer: {id: id}\n"
			}
		}
		if _, err := parse(piece); err != nil {
			t.Errorf("%v in\n%s", err, piece)
		}
		checked++
	}
	if checked < 15 {
		t.Errorf("%d pieces were checked, want at least 15: the test looks at the wrong place", checked)
	}
	for _, name := range filterNames() {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("the page does not explain the filter %s", name)
		}
	}
	for _, name := range []string{
		"to", "from", "from.type", "text", "attempt", "attempt.number", "message", "encoding", "class", "segments", "validity", "validity.minutes",
		"expires", "expires.unix", "callback", "callback.plain", "now", "now.unix",
	} {
		if !strings.Contains(page, "`"+name+"`") || !sendPlaceholder(name) {
			t.Errorf("the page does not explain the placeholder %s, or there is none", name)
		}
	}
}

// dedent takes the indentation of a list's item away.
func dedent(piece string) string {
	if !strings.HasPrefix(piece, "   ") {
		return piece
	}
	return strings.TrimRight(strings.TrimPrefix(strings.ReplaceAll("\n"+piece, "\n   ", "\n"), "\n"), " ")
}
