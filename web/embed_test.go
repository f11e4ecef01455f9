package web

import (
	"io/fs"
	"strings"
	"testing"
)

// The placeholder and the real app must both give the server a page at the root.
func TestFSHasIndex(t *testing.T) {
	t.Parallel()
	page, err := fs.ReadFile(FS(), "index.html")
	if err != nil {
		t.Fatalf("index.html: %v", err)
	}
	if !strings.Contains(strings.ToLower(string(page)), "<!doctype html>") {
		t.Errorf("index.html is not an HTML page: %.80q", page)
	}
	if got, want := strings.Contains(string(page), `id="app"`), Built(); got != want {
		t.Errorf("page has the app's root element: %v, Built(): %v", got, want)
	}
}

func TestPlaceholderSaysHowToBuild(t *testing.T) {
	t.Parallel()
	page, err := fs.ReadFile(sub(placeholder, "placeholder"), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"make build", "npm run build"} {
		if !strings.Contains(strings.ReplaceAll(string(page), "--prefix web ", ""), want) {
			t.Errorf("placeholder does not mention %q", want)
		}
	}
}

// The policy of the app allows no inline script, style or event handler; a page that has one would silently break.
func TestBuiltPageNeedsNoInlineCode(t *testing.T) {
	t.Parallel()
	if !Built() {
		t.Skip("SKIP: the web app is not built (npm run build in web/)")
	}
	page, err := fs.ReadFile(FS(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<style", " style=", " onload=", " onclick="} {
		if strings.Contains(string(page), bad) {
			t.Errorf("index.html contains %q", bad)
		}
	}
	for rest := string(page); ; {
		_, after, ok := strings.Cut(rest, "<script")
		if !ok {
			break
		}
		tag, _, _ := strings.Cut(after, ">")
		if !strings.Contains(tag, "src=") {
			t.Errorf("inline script: <script%s>", tag)
		}
		rest = after
	}
}
