// Package e2e tests the whole program from outside: the binary that people run, over its network addresses, with its data
// in a folder, ended by signals and by kill -9; and the web app in a real browser.
//
// It is in charge of promises that no package can keep alone. It builds the binary once for a test run and shares no
// memory with it. What a package can be tested for by itself is tested there.
//
// A test that needs something this machine does not have fails where SMSIR_REQUIRE names it (make test does), and skips
// aloud elsewhere.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// folder holds what the test run builds.
var folder string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "smsir-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears its temporary folder too
	folder = dir
	return pgtest.Main(m)
}

// binary builds the program, once, as its users get it: without cgo.
// Where the environment names a bug of package canary, the program is built so that it can have it.
var binary = sync.OnceValues(func() (string, error) {
	if os.Getenv("CANARY") != "" {
		return build("smsir", "canaries")
	}
	return build("smsir", "")
})

// mortal builds it with places where it can be killed (package failpoint).
var mortal = sync.OnceValues(func() (string, error) { return build("smsir-failpoints", "failpoints") })

// built names a folder where package chaos has built both, once for all scenarios.
const built = "SMSIR_BUILT"

func build(name, tags string) (string, error) {
	if dir := os.Getenv(built); dir != "" && tags != "canaries" {
		return filepath.Join(dir, name), nil
	}
	path := filepath.Join(folder, name)
	cmd := exec.Command("go", "build", "-trimpath", "-tags", tags, "-o", path, "../cmd/smsir")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}

// required reports whether SMSIR_REQUIRE says that something must be on this machine.
func required(name string) bool {
	return slices.Contains(strings.Split(os.Getenv("SMSIR_REQUIRE"), ","), name)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
