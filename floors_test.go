package smsir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The import floors of docs/architecture.md. A package may import packages of lower floors only: not of its own, not
// of a higher one. Where it must, the pair stands in exceptions, with its reason.

const module = "github.com/smsir/smsir"

// floor finds the floor of a package, given without the module path ("." for the root). The longest pattern that
// covers the package decides: a name covers itself and what lies below it.
func floor(pkg string) (int, bool) {
	floors := map[string]int{
		// 0: words. The standard library only, and no I/O.
		".": 0, "gsm": 0, "smpp": 0,
		// Marks for test builds; without their build tags there is nothing in them.
		"internal/failpoint": 0, "internal/canary": 0,
		// 1: contracts and parts.
		"smpp/smppconn": 1, "api": 1, "internal/config": 1, "internal/store": 1, "internal/route": 1, "internal/policy": 1,
		"internal/number": 1, "internal/shortmessage": 1, "internal/seal": 1, "internal/outcall": 1, "internal/errmap": 1, "internal/guard": 1, "internal/sheet": 1,
		"internal/jws": 1, "internal/keyword": 1, "internal/crew": 1, "internal/network": 1, "internal/store/sqlite/single": 1,
		// 2: stages, adapters, services; and the test suites that stand on the contracts of floor 1.
		"smpp/smpptest": 2, "api/client": 2,
		"internal/store/sqldb": 2, "internal/store/sqlite": 2, "internal/store/postgres": 2, "internal/store/storetest": 2,
		"internal/accept": 2, "internal/dispatch": 2, "internal/provider": 2, "internal/receipt": 2, "internal/inbound": 2,
		"internal/node": 2, "internal/notify": 2, "internal/account": 2, "internal/upstream": 2, "internal/routing": 2, "internal/audience": 2, "internal/campaign": 2, "internal/ledger": 2,
		"internal/report": 2, "internal/retention": 2, "internal/job": 2, "internal/inbox": 2, "internal/webhook": 2, "internal/push": 2, "internal/sender": 2,
		// 3: doors.
		"internal/httpd": 3, "internal/smppd": 3, "web": 3,
		// 4: assembly.
		"cmd/smsir": 4, "bench": 4, "e2e": 4,
	}
	for name := pkg; ; name = path.Dir(name) {
		if f, ok := floors[name]; ok && (name != "." || pkg == ".") {
			return f, true
		}
		if name == "." {
			return 0, false
		}
	}
}

// exceptions are the imports that break the rule of floors, each with its reason. A pattern that ends in /... covers
// what lies below it too.
func exceptions() []struct{ from, to, reason string } {
	return []struct{ from, to, reason string }{
		{"internal/store/sqlite", "internal/store/sqldb", "the queries whose text both databases share stand in sqldb"},
		{"internal/store/sqlite/sqlitetest", "internal/store/sqlite", "it makes databases for tests"},
		{"internal/store/postgres", "internal/store/sqldb", "the queries whose text both databases share stand in sqldb"},
		{"e2e/...", "bench/...", "the crash test drives the load generator and the oracle of bench"},
		{"bench/...", "bench/...", "the programs under bench share its load generator and oracle"},
		{"bench/...", "smpp/smpptest", "the benches test the gateway too: their carrier and their programs speak SMPP with the scripted ends"},
		{"e2e/...", "e2e/...", "the tests under e2e share how they start the binary"},
	}
}

// owners names the few packages that may import a module: what is behind a door of ours stays there, so that it can be
// replaced without touching the rest.
func owners() map[string][]string {
	return map[string][]string{
		"github.com/danielgtaylor/huma/v2": {"internal/httpd"},
		"github.com/coder/websocket":       {"internal/httpd", "api/client"},
		"github.com/alecthomas/kong":       {"cmd/smsir"},
		"go.yaml.in/yaml/v3":               {"internal/config", "internal/provider/httpapi"}, // descriptions, with line numbers
		"github.com/nyaruka/phonenumbers":  {"internal/number"},
		"modernc.org/sqlite":               {"internal/store/sqlite", "bench"},
		"modernc.org/libc":                 {"internal/store/sqlite/single"},
		"github.com/pressly/goose/v3":      {"internal/store/sqldb", "internal/store/sqlite", "internal/store/postgres"},
		"github.com/jackc/pgx/v5":          {"internal/store/postgres", "bench"},
		"github.com/getkin/kin-openapi":    {}, // tests only
		"github.com/google/go-cmp":         {}, // tests only
		"go.uber.org/goleak":               {}, // tests only
		"pgregory.net/rapid":               {}, // tests only
		"golang.org/x/crypto":              {"internal/account"},
	}
}

// goPackage is what "go list" tells about one of our packages.
type goPackage struct {
	ImportPath   string
	Dir          string
	Doc          string
	GoFiles      []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// name is the package without the module path, "." for the root.
func (p goPackage) name() string { return trimModule(p.ImportPath) }

func trimModule(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

func ours(importPath string) bool {
	return importPath == module || strings.HasPrefix(importPath, module+"/")
}

// packages lists the packages of the module, once for all tests.
var packages = sync.OnceValues(func() ([]goPackage, error) {
	out, err := goTool("list", "-json=ImportPath,Dir,Doc,GoFiles,Imports,TestImports,XTestImports", "./...")
	if err != nil {
		return nil, err
	}
	var all []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

func goTool(args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestImportFloors(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if _, ok := floor(p.name()); !ok {
			t.Errorf("%s stands on no floor: add it to floor() in floors_test.go and to the tree in docs/architecture.md", p.name())
			continue
		}
		for _, imported := range p.Imports {
			if !ours(imported) {
				continue
			}
			if fault := floorFault(p.name(), trimModule(imported)); fault != "" {
				t.Errorf("%s imports %s: %s", p.name(), trimModule(imported), fault)
			}
		}
	}
}

// floorFault says what is wrong with the import, "" if nothing is.
func floorFault(from, to string) string {
	f, _ := floor(from)
	g, ok := floor(to)
	switch {
	case to == "cmd/smsir":
		return "nobody imports the assembly; move what is needed to a package of a lower floor"
	case isTestSuite(to) && !isTestSuite(from) && !excepted(from, to):
		return "a test suite is imported by tests only"
	case excepted(from, to):
		return ""
	case !ok:
		return "it stands on no floor"
	case f == 3 && isConcrete(to):
		return "a door takes stores and providers as values from cmd/smsir; import the contract (internal/store, the root package) instead"
	case g == f && f == 4:
		return "the programs of floor 4 do not import each other"
	case g == f:
		return fmt.Sprintf("both stand on floor %d; pass what is needed as a value from cmd/smsir, or move it down", f)
	case g > f:
		return fmt.Sprintf("it stands on floor %d, above floor %d; imports go down only", g, f)
	}
	return ""
}

// isTestSuite reports whether pkg is a conformance suite such as storetest.
func isTestSuite(pkg string) bool { return strings.HasSuffix(pkg, "test") }

// isConcrete reports whether pkg is one database or one provider adapter.
func isConcrete(pkg string) bool {
	return strings.HasPrefix(pkg, "internal/store/") || strings.HasPrefix(pkg, "internal/provider/")
}

func excepted(from, to string) bool {
	covers := func(pattern, pkg string) bool {
		base, deep := strings.CutSuffix(pattern, "/...")
		return pkg == base || deep && strings.HasPrefix(pkg, base+"/")
	}
	return slices.ContainsFunc(exceptions(), func(e struct{ from, to, reason string }) bool {
		return covers(e.from, from) && covers(e.to, to)
	})
}

// TestWordsAreStandardLibraryOnly: floor 0 imports no module, and nothing that does I/O.
func TestWordsAreStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if f, ok := floor(p.name()); !ok || f != 0 {
			continue
		}
		for _, imported := range p.Imports {
			first, _, _ := strings.Cut(imported, "/")
			if strings.Contains(first, ".") && !ours(imported) {
				t.Errorf("%s imports %s: packages of floor 0 import the standard library only", p.name(), imported)
			}
			if slices.Contains([]string{"database/sql", "net", "net/http", "os", "os/exec", "syscall", "log", "log/slog"}, imported) {
				t.Errorf("%s imports %s: packages of floor 0 do no I/O", p.name(), imported)
			}
		}
	}
}

// TestModulesStayBehindTheirDoor: see owners.
func TestModulesStayBehindTheirDoor(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		for _, imported := range p.Imports {
			for mod, names := range owners() {
				if imported != mod && !strings.HasPrefix(imported, mod+"/") {
					continue
				}
				allowed := slices.ContainsFunc(names, func(name string) bool {
					return p.name() == name || strings.HasPrefix(p.name(), name+"/")
				})
				if !allowed && !isTestSuite(p.name()) {
					t.Errorf("%s imports %s, which only %v may (tests aside): use what they offer, or change owners() in floors_test.go with a reason",
						p.name(), imported, names)
				}
			}
		}
	}
}

// TestFloorRules proves that the rules above can fail.
func TestFloorRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		fine     bool
	}{
		{"internal/accept", ".", true},
		{"internal/accept", "internal/store", true},
		{"internal/accept", "internal/dispatch", false},
		{"internal/accept", "internal/httpd", false},
		{"internal/store/sqlite", "internal/store/sqldb", true},
		{"internal/store/sqldb", "internal/store/sqlite", false},
		{"internal/provider/simulator", "internal/provider/twilio", false},
		{"internal/httpd", "internal/accept", true},
		{"internal/httpd", "internal/store", true},
		{"internal/httpd", "internal/store/sqlite", false},
		{"internal/httpd", "internal/provider/simulator", false},
		{"internal/httpd", "web", false},
		{"gsm", ".", false},
		{".", "gsm", false},
		{"internal/store", "api", false},
		{"api/client", "api", true},
		{"cmd/smsir", "internal/store/sqlite", true},
		{"cmd/smsir", "internal/store/storetest", false},
		{"bench", "cmd/smsir", false},
		{"e2e", "bench", true},
		{"bench", "e2e", false},
		{"bench/carrier", "smpp/smpptest", true},
		{"internal/smppd", "smpp/smpptest", false},
	} {
		if fault := floorFault(c.from, c.to); (fault == "") != c.fine {
			t.Errorf("%s imports %s: got %q, want fine = %v", c.from, c.to, fault, c.fine)
		}
	}
	for _, name := range []string{"internal/util", "internal", "cmd/other", "smsir"} {
		if f, ok := floor(name); ok {
			t.Errorf("%s stands on floor %d, want on none", name, f)
		}
	}
}
