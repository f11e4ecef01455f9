package smsir_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Tests about the code base itself: the rules of docs/development.md that a program can check.

// maxLines is the length of a Go file above which it is to be split by subject.
const maxLines = 500

// sourceFile is one file of the repository that people wrote.
type sourceFile struct {
	path    string // from the root, with slashes
	content []byte
}

// sources reads the text files of the repository that people wrote, once for all tests.
var sources = sync.OnceValues(func() ([]sourceFile, error) {
	notOurs := []string{".git", "node_modules", "dist", "data", "bin"}
	texts := []string{".go", ".md", ".sh", ".sql", ".ts", ".mjs", ".js", ".svelte", ".css", ".html", ".yml", ".yaml"}
	var files []sourceFile
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(notOurs, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains(texts, filepath.Ext(path)) && d.Name() != "Makefile" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err == nil && !bytes.Contains(content[:min(len(content), 200)], []byte("Code generated ")) {
			files = append(files, sourceFile{filepath.ToSlash(path), content})
		}
		return err
	})
	return files, err
})

func listSources(t *testing.T, suffix string) []sourceFile {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	var files []sourceFile
	for _, f := range all {
		if strings.HasSuffix(f.path, suffix) {
			files = append(files, f)
		}
	}
	if len(files) == 0 {
		t.Fatalf("no file ends in %q: the test looks in the wrong place", suffix)
	}
	return files
}

func TestPackagesSayWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment: say what it is in charge of, what it is not, and what it guarantees on failure", p.name())
		}
	}
}

func TestGoFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, f := range listSources(t, ".go") {
		if n := bytes.Count(f.content, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, more than %d: split it by subject", f.path, n, maxLines)
		}
	}
}

func TestNothingIsLeftOpen(t *testing.T) {
	t.Parallel()
	mark := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX|HA` + `CK)\b`)
	for _, f := range listSources(t, "") {
		for i, line := range bytes.Split(f.content, []byte("\n")) {
			if mark.Match(line) {
				t.Errorf("%s:%d: finish it, or open an issue and remove the mark: %s", f.path, i+1, bytes.TrimSpace(line))
			}
		}
	}
}

// TestTestsDoNotSleep looks for time.Sleep in tests. Inside a synctest bubble it advances a virtual clock, so a file that
// imports testing/synctest may call it; a test in such a file only if it runs in a bubble.
func TestTestsDoNotSleep(t *testing.T) {
	t.Parallel()
	for dir, p := range listTests(t) {
		for _, fn := range p.funcs {
			at := callOf(fn.decl, "time", "Sleep")
			if at == token.NoPos {
				continue
			}
			inBubble := fn.synctest && (!isTest(fn.decl) || p.reaches(fn.decl, "synctest", ""))
			if !inBubble {
				t.Errorf("%s/%s: %s sleeps: use testing/synctest, wait for a signal, or poll with a deadline", dir, p.set.Position(at), fn.decl.Name.Name)
			}
		}
	}
}

// TestTestsRunInParallel: each test calls t.Parallel, itself or through what it calls, unless it sets the environment.
func TestTestsRunInParallel(t *testing.T) {
	t.Parallel()
	for dir, p := range listTests(t) {
		for _, fn := range p.funcs {
			if !isTest(fn.decl) || p.reaches(fn.decl, "", "Parallel") || p.reaches(fn.decl, "", "Setenv") || p.reaches(fn.decl, "", "Chdir") {
				continue
			}
			t.Errorf("%s/%s: %s does not call t.Parallel()", dir, p.set.Position(fn.decl.Pos()), fn.decl.Name.Name)
		}
	}
}

// testPackage is the test code of one folder.
type testPackage struct {
	set   *token.FileSet
	funcs []testFunc
}

type testFunc struct {
	decl     *ast.FuncDecl
	synctest bool // the file imports testing/synctest
}

// listTests parses the test files of each folder.
func listTests(t *testing.T) map[string]*testPackage {
	t.Helper()
	all := map[string]*testPackage{}
	for _, f := range listSources(t, "_test.go") {
		dir := path.Dir(f.path)
		if all[dir] == nil {
			all[dir] = &testPackage{set: token.NewFileSet()}
		}
		tree, err := parser.ParseFile(all[dir].set, path.Base(f.path), f.content, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		bubbles := slices.ContainsFunc(tree.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"testing/synctest"` })
		for _, d := range tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				all[dir].funcs = append(all[dir].funcs, testFunc{fn, bubbles})
			}
		}
	}
	return all
}

// isTest reports whether fn is func TestX(t *testing.T).
func isTest(fn *ast.FuncDecl) bool {
	return fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") && fn.Name.Name != "TestMain" &&
		len(fn.Type.Params.List) == 1
}

// reaches reports whether from calls qualifier.name, itself or through plain functions of the same package.
func (p *testPackage) reaches(from *ast.FuncDecl, qualifier, name string) bool {
	seen := map[string]bool{from.Name.Name: true}
	for queue := []*ast.FuncDecl{from}; len(queue) > 0; queue = queue[1:] {
		if callOf(queue[0], qualifier, name) != token.NoPos {
			return true
		}
		for _, fn := range p.funcs {
			called := fn.decl.Name.Name
			if fn.decl.Recv == nil && !seen[called] && callOf(queue[0], "-", called) != token.NoPos {
				seen[called] = true
				queue = append(queue, fn.decl)
			}
		}
	}
	return false
}

// callOf finds the first call of qualifier.name within fn. An empty qualifier or name stands for any; the qualifier "-"
// is none, for plain functions.
func callOf(fn *ast.FuncDecl, qualifier, name string) token.Pos {
	at := token.NoPos
	ast.Inspect(fn, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || at != token.NoPos {
			return at == token.NoPos
		}
		switch f := call.Fun.(type) {
		case *ast.Ident:
			if qualifier == "-" && f.Name == name {
				at = call.Pos()
			}
		case *ast.SelectorExpr:
			x, ok := f.X.(*ast.Ident)
			if (qualifier == "" || ok && x.Name == qualifier) && (name == "" || f.Sel.Name == name) {
				at = call.Pos()
			}
		}
		return at == token.NoPos
	})
	return at
}

// TestLinksInDocuments follows the relative links of every document.
func TestLinksInDocuments(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, f := range listSources(t, ".md") {
		for _, m := range link.FindAllSubmatch(f.content, -1) {
			target, _, _ := strings.Cut(string(m[1]), "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(f.path), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", f.path, m[1])
			}
		}
	}
}

// requirement is one line of a go.mod.
type requirement struct {
	Path     string
	Version  string
	Indirect bool
}

func requirements(t *testing.T, goMod string) []requirement {
	t.Helper()
	out, err := goTool("mod", "edit", "-json", goMod)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Require []requirement }
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	return file.Require
}

// TestSQLiteAndItsRuntimeMatch: modernc.org/sqlite works only with the very version of modernc.org/libc that it was
// built with.
func TestSQLiteAndItsRuntimeMatch(t *testing.T) {
	t.Parallel()
	out, err := goTool("list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	version := func(goMod string) string {
		for _, r := range requirements(t, goMod) {
			if r.Path == "modernc.org/libc" {
				return r.Version
			}
		}
		t.Fatalf("%s does not require modernc.org/libc", goMod)
		return ""
	}
	want := version(strings.TrimSpace(string(out)))
	if got := version("go.mod"); got != want {
		t.Errorf("go.mod has modernc.org/libc %s, modernc.org/sqlite was built with %s: run go get modernc.org/libc@%s", got, want, want)
	}
}

// TestDependenciesAreDocumented compares docs/dependencies.md with what the code imports and with what go.mod,
// tools/go.mod, web/package.json, web/lighthouse/package.json and e2e/interop/package.json pin, both ways.
func TestDependenciesAreDocumented(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for _, r := range requirements(t, "go.mod") {
		if isImported(t, r.Path) || r.Path == "modernc.org/libc" {
			want[r.Path] = r.Version
		}
	}
	for _, r := range requirements(t, "tools/go.mod") {
		if !r.Indirect || slices.ContainsFunc(toolPackages(t), func(p string) bool { return strings.HasPrefix(p, r.Path+"/") || p == r.Path }) {
			want[r.Path] = r.Version
		}
	}
	for _, path := range []string{"web/package.json", "web/lighthouse/package.json", "e2e/interop/package.json"} {
		maps.Copy(want, npmPackages(t, path))
	}

	doc, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^ |]+) \\|")
	for _, m := range row.FindAllSubmatch(doc, -1) {
		got[string(m[1])] = string(m[2])
	}
	for name, version := range want {
		if got[name] == "" {
			t.Errorf("docs/dependencies.md has no row for %s %s: say what it is for, its licence, and why it and not another", name, version)
		} else if got[name] != version {
			t.Errorf("docs/dependencies.md says %s %s, pinned is %s", name, got[name], version)
		}
	}
	for name := range got {
		if want[name] == "" {
			t.Errorf("docs/dependencies.md has a row for %s, which nothing uses: remove it", name)
		}
	}
}

// isImported reports whether a package of ours, or a test of one, imports the module.
func isImported(t *testing.T, mod string) bool {
	for _, p := range listPackages(t) {
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if imported == mod || strings.HasPrefix(imported, mod+"/") {
				return true
			}
		}
	}
	return false
}

// toolPackages lists the tool lines of tools/go.mod.
func toolPackages(t *testing.T) []string {
	t.Helper()
	out, err := goTool("mod", "edit", "-json", "tools/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Tool []struct{ Path string } }
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, tool := range file.Tool {
		paths = append(paths, tool.Path)
	}
	return paths
}

// npmPackages lists what a package.json pins.
func npmPackages(t *testing.T, path string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Dependencies, DevDependencies map[string]string }
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	all := map[string]string{}
	maps.Copy(all, file.DevDependencies)
	maps.Copy(all, file.Dependencies)
	for name, version := range all {
		if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(version) {
			t.Errorf("%s: %s is %q, want one exact version", path, name, version)
		}
	}
	return all
}
