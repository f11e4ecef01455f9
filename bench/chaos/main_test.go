package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestRead: what a scenario prints is judged rightly, and what fails or did not run is not taken for a pass.
func TestRead(t *testing.T) {
	t.Parallel()
	s := scenario{test: "TestX"}
	const line = "lost 0 doubled 0 lying 0 unknown 3 resolved 4 kills 5"
	for _, c := range []struct {
		log     string
		err     error
		verdict string
	}{
		{"    x_test.go:1: " + line + "\n--- PASS: TestX (1s)\n", nil, passed},
		{"    x_test.go:1: " + line + "\n--- FAIL: TestX (1s)\n", errors.New("exit status 1"), failed},
		{"--- SKIP: TestX (1s)\n    x_test.go:1: NOT RUN, no root\n", nil, missing},
		{"testing: warning: no tests to run\nPASS\n", nil, failed},
		{"panic: no\n", errors.New("exit status 2"), failed},
	} {
		var sum totals
		if verdict, _ := sum.read(s, c.log, c.err); verdict != c.verdict {
			t.Errorf("%q, %v: got %s, want %s", c.log, c.err, verdict, c.verdict)
		}
	}
	if got := measured("    x_test.go:1: figure: ready: 1s, at most 5s\n    x_test.go:2: done\n"); len(got) != 1 || got[0] != "ready: 1s, at most 5s" {
		t.Errorf("measured %q", got)
	}
	var sum totals
	for range 2 {
		sum.read(s, line+"\n--- PASS: TestX (1s)\n", nil)
	}
	if got := sum.String(); got != "lost 0 doubled 0 lying 0 unknown 6 resolved 8 kills 10" {
		t.Errorf("two of them add up to %s", got)
	}
}

// TestScenariosAreThere: each is a test of its package.
func TestScenariosAreThere(t *testing.T) {
	t.Parallel()
	tests := functions(t)
	all := scenarios()
	for _, f := range table() {
		all = append(all, f.scenario)
	}
	for _, s := range all {
		if tests[s.pkg][s.test] == nil {
			t.Errorf("%s has no test %s", s.pkg, s.test)
		}
	}
}

// TestUsualAmounts: what a scenario is said to do in "make test" is what its test, or the helper that reads the variable for it,
// does when nobody says how much.
func TestUsualAmounts(t *testing.T) {
	t.Parallel()
	found := 0
	all := functions(t)
	for _, s := range scenarios() {
		want, ok := otherwise(all[s.pkg][s.test], s.amount)
		for name, fn := range all[s.pkg] {
			if !ok && !strings.HasPrefix(name, "Test") {
				want, ok = otherwise(fn, s.amount)
			}
		}
		if !ok && !strings.HasPrefix(s.amount, "-") {
			t.Errorf("nothing in %s reads %s", s.pkg, s.amount)
		}
		if ok && want != strconv.Itoa(s.usual) {
			t.Errorf("%s does %s in make test, and is said to do %d", s.test, want, s.usual)
		}
		if ok {
			found++
		}
	}
	if found < 20 {
		t.Errorf("only %d amounts were looked at", found)
	}
	for name, want := range map[string]bool{"TestSim": true, "TestCrash": true, "TestFailpoints": true, "TestFailpointsOnPostgres": false, "TestStorms": false} {
		i := slices.IndexFunc(scenarios(), func(s scenario) bool { return s.test == name })
		if got := scenarios()[i].beyondTests(); got != want {
			t.Errorf("%s goes beyond make test: %v, want %v", name, got, want)
		}
	}
}

// otherwise is the last argument of setting(t, name, …) in a function.
func otherwise(fn *ast.FuncDecl, name string) (value string, ok bool) {
	if fn == nil {
		return "", false
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		call, isCall := n.(*ast.CallExpr)
		if !isCall || len(call.Args) != 3 {
			return true
		}
		variable, isName := call.Args[1].(*ast.BasicLit)
		amount, isAmount := call.Args[2].(*ast.BasicLit)
		if isName && isAmount && variable.Value == strconv.Quote(name) {
			value, ok = amount.Value, true
		}
		return true
	})
	return value, ok
}

// functions are those of the tests of each package.
func functions(t *testing.T) map[string]map[string]*ast.FuncDecl {
	t.Helper()
	all := map[string]map[string]*ast.FuncDecl{}
	for _, pkg := range packages() {
		files, err := filepath.Glob(filepath.Join("..", "..", pkg, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pkg, len(files), err)
		}
		all[pkg] = map[string]*ast.FuncDecl{}
		for _, path := range files {
			tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range tree.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					all[pkg][fn.Name.Name] = fn
				}
			}
		}
	}
	return all
}
