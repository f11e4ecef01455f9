package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
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
	tests := map[string]bool{}
	for _, pkg := range packages() {
		files, err := filepath.Glob(filepath.Join("..", "..", pkg, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pkg, len(files), err)
		}
		for _, path := range files {
			tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range tree.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					tests[pkg+" "+fn.Name.Name] = true
				}
			}
		}
	}
	all := scenarios()
	for _, f := range table() {
		all = append(all, f.scenario)
	}
	for _, s := range all {
		if !tests[s.pkg+" "+s.test] {
			t.Errorf("%s has no test %s", s.pkg, s.test)
		}
	}
}
