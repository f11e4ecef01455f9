package e2e

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// closingLine is how a script of web/e2e ends.
var closingLine = regexp.MustCompile(`(?m)^(\d+) passed, (\d+) failed$`)

// TestBrowser plays the journeys of web/e2e in a real Chromium against the real server, each script with a server of its
// own on an empty data folder. Chromium is $CHROMIUM or found in PATH; scripts are web/e2e/run*.mjs, what they share lies
// beside them.
func TestBrowser(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	scripts, err := filepath.Glob("../web/e2e/run*.mjs")
	must(t, err)
	if len(scripts) == 0 {
		t.Fatal("web/e2e has no run*.mjs: there is no journey to play")
	}
	for _, name := range []string{"../web/node_modules/playwright-core", "../web/dist/index.html"} {
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			missing(t, strings.TrimPrefix(name, "../")+" is not there: run \"make build\" first")
		}
	}
	// A journey waits for much, so two at a time fill two cores better than one. The goroutines take them from one queue: t.Run
	// returns when its journey is over. With t.Parallel, each journey would take one of the places that the other tests need.
	next := make(chan string)
	var players sync.WaitGroup
	for range atOnce {
		players.Go(func() {
			for script := range next {
				t.Run(strings.TrimSuffix(filepath.Base(script), ".mjs"), func(t *testing.T) { journey(t, script, chromium) })
			}
		})
	}
	for _, script := range longestFirst(scripts) {
		next <- script
	}
	close(next)
	players.Wait()
}

// atOnce is how many journeys are played at the same time.
const atOnce = 2

// longestFirst puts the journeys that take longest in front, so that none of them is played alone at the end.
func longestFirst(scripts []string) []string {
	long := []string{"run.mjs", "run-checks.mjs", "run-contacts.mjs"}
	place := func(script string) int {
		if i := slices.Index(long, filepath.Base(script)); i >= 0 {
			return i
		}
		return len(long)
	}
	slices.SortStableFunc(scripts, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	return scripts
}

// journey plays a script, and once more if it failed: a browser on a busy machine can miss a moment. What fails twice is
// broken; what fails once is told.
func journey(t *testing.T, script, chromium string) {
	first := play(t, script, chromium)
	if first == "" {
		return
	}
	if second := play(t, script, chromium); second != "" {
		t.Errorf("the first time: %s\nthe second time: %s", first, second)
		return
	}
	unsteady(t, first)
}

// missing fails the test where the browser is required, and skips it aloud elsewhere.
func missing(t *testing.T, what string) {
	t.Helper()
	if required("chromium") {
		t.Fatalf("%s (SMSIR_REQUIRE=%s)", what, os.Getenv("SMSIR_REQUIRE"))
	}
	t.Skipf("NOT TESTED in a browser: %s", what)
}

// browser finds Chromium.
func browser(t *testing.T) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	if own := os.Getenv("CHROMIUM"); own != "" {
		names = []string{own}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "no Chromium: set CHROMIUM to its path, or install the package chromium; looked for "+strings.Join(names, ", "))
	return ""
}

// journeyTime is how long one script may take before it counts as hung.
const journeyTime = 20 * time.Minute

// unsteady tells of a journey that failed and then passed: in the file $SMSIR_UNSTEADY, which "make e2e" prints.
func unsteady(t *testing.T, first string) {
	t.Helper()
	t.Logf("UNSTEADY, passed the second time: %s", first)
	if name := os.Getenv("SMSIR_UNSTEADY"); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		must(t, err)
		_, err = fmt.Fprintf(f, "UNSTEADY, passed the second time: %s\n", first)
		must(t, errors.Join(err, f.Close()))
	}
}

// play runs one script against a fresh server. It returns what went wrong in the journey, "" if nothing did.
func play(t *testing.T, script, chromium string) (wrong string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "no Node.js: "+err.Error())
	}
	s := serve(t, t.TempDir())
	cmd := exec.CommandContext(t.Context(), node, filepath.Join("e2e", filepath.Base(script)))
	cmd.Dir = "../web"
	cmd.Env = append(os.Environ(), "SMSIR_URL="+s.url, "SMSIR_SETUP_URL="+s.setup(), "CHROMIUM="+chromium)
	cmd.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	must(t, cmd.Start())
	hung := time.AfterFunc(journeyTime, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	hung.Stop()
	line := closingLine.FindStringSubmatch(out.String())
	switch {
	case line == nil:
		wrong = fmt.Sprintf("%s ended (%v) without a line \"N passed, N failed\":\n%s", script, err, tail(out.String()))
	case err != nil || line[1] == "0" || line[2] != "0":
		wrong = fmt.Sprintf("%s: %s (%v):\n%s", script, line[0], err, tail(out.String()))
	default:
		t.Logf("%s: %s", script, line[0])
	}
	if code := s.stop(); code != 0 {
		t.Errorf("the server ended with exit code %d", code)
	}
	return wrong
}
