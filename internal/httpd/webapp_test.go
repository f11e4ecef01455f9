package httpd

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// app is a web app as the build writes it.
func app() fstest.MapFS {
	return fstest.MapFS{
		"index.html":                 {Data: []byte("<!doctype html><title>app</title>")},
		"index.html.br":              {Data: []byte("br of index")},
		"index.html.gz":              {Data: []byte("gz of index")},
		"assets/main-B6QcynLm.js":    {Data: []byte("main()")},
		"assets/main-B6QcynLm.js.br": {Data: []byte("br of main")},
		"assets/main-B6QcynLm.js.gz": {Data: []byte("gz of main")},
		"assets/figtree-x.woff2":     {Data: []byte("font")},
		"sw.js":                      {Data: []byte("worker()")},
		"manifest.webmanifest":       {Data: []byte("{}")},
		"icon.svg":                   {Data: []byte("<svg/>")},
		"archive.gz":                 {Data: []byte("no twin of anything")},
		".keep":                      {Data: nil},
	}
}

// page asks a handler for a path; headers come in pairs.
func page(t *testing.T, h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, base+path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	want := pageCSP
	if strings.HasPrefix(path, "/assets/") && !strings.Contains(path, "..") && w.Code < 400 {
		want = "" // a part of a page
	}
	if got := w.Header().Get("Content-Security-Policy"); got != want {
		t.Errorf("%s %s: policy %q, want %q", method, path, got, want)
	}
	return w
}

func TestWebAppFiles(t *testing.T) {
	t.Parallel()
	h := (&Server{}).webApp(app())
	const noCache, forever = "no-cache", "public, max-age=31536000, immutable"
	for _, c := range []struct {
		path, accept string
		body         string
		encoding     string
		kind         string
		cache        string
	}{
		{"/", "", "<!doctype html><title>app</title>", "", "text/html; charset=utf-8", noCache},
		{"/", "gzip, deflate, br", "br of index", "br", "text/html; charset=utf-8", noCache},
		{"/", "gzip", "gz of index", "gzip", "text/html; charset=utf-8", noCache},
		{"/", "GZIP;q=0.5", "gz of index", "gzip", "text/html; charset=utf-8", noCache},
		{"/", "br;q=0, gzip;q=0.0", "<!doctype html><title>app</title>", "", "text/html; charset=utf-8", noCache},
		{"/", "br;q=0,gzip", "gz of index", "gzip", "text/html; charset=utf-8", noCache},
		{"/", "identity, *", "<!doctype html><title>app</title>", "", "text/html; charset=utf-8", noCache},
		{"/", "brotli", "<!doctype html><title>app</title>", "", "text/html; charset=utf-8", noCache},
		{"/index.html", "", "<!doctype html><title>app</title>", "", "text/html; charset=utf-8", noCache},
		{"/messages", "br", "br of index", "br", "text/html; charset=utf-8", noCache},
		{"/messages/msg_0g5t3v2k9qw1a", "", "<!doctype html><title>app</title>", "", "text/html; charset=utf-8", noCache},
		{"/settings/api-keys/", "", "<!doctype html><title>app</title>", "", "text/html; charset=utf-8", noCache},
		{"/assets/main-B6QcynLm.js", "br", "br of main", "br", "text/javascript; charset=utf-8", forever},
		{"/assets/main-B6QcynLm.js", "", "main()", "", "text/javascript; charset=utf-8", forever},
		{"/assets/figtree-x.woff2", "br", "font", "", "font/woff2", forever},
		{"/assets/../sw.js", "", "worker()", "", "text/javascript; charset=utf-8", noCache},
		{"/manifest.webmanifest", "", "{}", "", "application/manifest+json", noCache},
		{"/icon.svg", "", "<svg/>", "", "image/svg+xml", noCache},
		{"/archive.gz", "gzip", "no twin of anything", "", "application/octet-stream", noCache},
	} {
		w := page(t, h, http.MethodGet, c.path, "Accept-Encoding", c.accept)
		got := w.Header()
		if w.Code != 200 || w.Body.String() != c.body || got.Get("Content-Encoding") != c.encoding || got.Get("Content-Type") != c.kind || got.Get("Cache-Control") != c.cache {
			t.Errorf("%s (%s): %d %q %v, want %+v", c.path, c.accept, w.Code, w.Body, got, c)
		}
		if twins := strings.HasPrefix(c.body, "<!doctype") || c.encoding != "" || strings.HasSuffix(c.path, ".js") && c.path != "/assets/../sw.js"; twins != (got.Get("Vary") == "Accept-Encoding") {
			t.Errorf("%s (%s): Vary %q", c.path, c.accept, got.Get("Vary"))
		}

		head := page(t, h, http.MethodHead, c.path, "Accept-Encoding", c.accept)
		if head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("Content-Length") != got.Get("Content-Length") || head.Header().Get("ETag") != got.Get("ETag") {
			t.Errorf("HEAD %s: %d, %d bytes, %v, want the headers of GET %v", c.path, head.Code, head.Body.Len(), head.Header(), got)
		}
		known := page(t, h, http.MethodGet, c.path, "Accept-Encoding", c.accept, "If-None-Match", `"other", `+got.Get("ETag"))
		if known.Code != 304 || known.Body.Len() != 0 || known.Header().Get("ETag") != got.Get("ETag") {
			t.Errorf("%s with its ETag: %d, %d bytes", c.path, known.Code, known.Body.Len())
		}
	}
}

func TestWebAppHasNoSuchFile(t *testing.T) {
	t.Parallel()
	h := (&Server{}).webApp(app())
	for _, path := range []string{
		"/missing.js", "/assets/missing-B6QcynLm.js", "/assets/main-B6QcynLm.js.br", "/assets/no-extension",
		"/.keep", "/.well-known/change-password", "/.env", "/messages/old.html", "/..%2f..%2fetc/passwd.txt", "/assets/%00.js", `/..\index.txt`,
	} {
		w := page(t, h, http.MethodGet, path)
		if w.Code != 404 || w.Header().Get("Content-Type") != problemType || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE"} {
		if w := page(t, h, method, "/"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d %v, want 405", method, w.Code, w.Header())
		}
	}
}

// Every encoding of every file has its own strong ETag.
func TestETagsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, f := range newSite(app(), true).files {
		for _, v := range f.variants {
			if was, twice := seen[v.etag]; twice || strings.HasPrefix(v.etag, "W/") {
				t.Errorf("ETag %s of %s %q is weak or that of %s too", v.etag, name, v.encoding, was)
			}
			seen[v.etag] = name + " " + v.encoding
		}
	}
	if len(seen) != 11 {
		t.Errorf("%d variants, want 11: %v", len(seen), seen)
	}
}

// Without any web app there is a page that says so; the API works.
func TestNoWebApp(t *testing.T) {
	t.Parallel()
	h := (&Server{}).webApp(nil)
	if w := page(t, h, http.MethodGet, "/messages"); w.Code != 200 || !strings.Contains(w.Body.String(), "No web app") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The policy is that of the security document: no inline code, nothing from elsewhere.
func TestPolicyOfPages(t *testing.T) {
	t.Parallel()
	const want = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html smsir-sw"
	if pageCSP != want {
		t.Errorf("policy\n%s\nwant\n%s", pageCSP, want)
	}
}

// Before the first person has registered every page leads to /setup, whose files are there.
func TestPagesBeforeSetup(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(d *Deps) { d.Web = app() })
	for path, want := range map[string]int{"/": 303, "/login": 303, "/docs": 303, "/setup": 200, "/sw.js": 200, "/assets/main-B6QcynLm.js": 200, "/missing.js": 404} {
		a := g.do(request{method: "GET", path: path})
		if a.status != want || want == 303 && a.header.Get("Location") != "/setup" {
			t.Errorf("%s: %d %v, want %d", path, a.status, a.header, want)
		}
	}
	g.setup()
	for path, want := range map[string]int{"/": 200, "/login": 200, "/docs": 200, "/docs/docs.js": 200, "/docs/docs.css": 200, "/docs/extra.json": 200, "/docs/missing": 404, "/docs/missing.js": 404} {
		if a := g.do(request{method: "GET", path: path}); a.status != want {
			t.Errorf("%s: %d, want %d", path, a.status, want)
		}
	}
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.mjs": "text/javascript; charset=utf-8", "a.css": "text/css; charset=utf-8", "a.json": "application/json",
		"a.png": "image/png", "a.ico": "image/x-icon", "a.txt": "text/plain; charset=utf-8", "a": "application/octet-stream",
	} {
		if got := mediaType(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The built web app, where it is built, goes through the same door.
func TestBuiltWebApp(t *testing.T) {
	t.Parallel()
	dir := os.DirFS("../../web/dist")
	if _, err := os.Stat("../../web/dist/index.html"); err != nil {
		t.Skip("SKIP: the web app is not built")
	}
	si := newSite(dir, true)
	scripts := 0
	for name, f := range si.files {
		if strings.HasSuffix(name, ".js") && len(f.variants) == 3 {
			scripts++
		}
		if f.kind == "application/octet-stream" {
			t.Errorf("%s has no media type", name)
		}
	}
	if scripts == 0 {
		t.Errorf("no script with two compressed twins among %d files", len(si.files))
	}
	if i := slices.IndexFunc(si.files["index.html"].variants, func(v siteVariant) bool { return v.encoding == "br" }); i != 0 {
		t.Errorf("Brotli is not the first choice: %d", i)
	}
}
