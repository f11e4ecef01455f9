package httpd

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// pageCSP is the policy of every page: nothing inline, nothing from elsewhere, no script from text but
// through the two named policies.
const pageCSP = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; " +
	"object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; require-trusted-types-for 'script'; " +
	"trusted-types svelte-trusted-html smsir-sw"

// noWebApp is the page of a binary without any web app, not even the page that says how to build it.
const noWebApp = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>SMSir</title></head>
<body><main><h1>No web app</h1><p>This server has no web app. Its API answers under <code>/v1</code>; <a href="/docs">/docs</a> describes it.</p></main></body></html>
`

// site serves a set of files that never change: the web app, or the documentation. All of them are in
// memory, with their compressed twins.
type site struct {
	files map[string]*siteFile // by path without the leading slash
	app   bool                 // a path that is no file belongs to the app's router and gets index.html
}

// siteFile is one file in up to three encodings.
type siteFile struct {
	kind     string // media type
	variants []siteVariant
	forever  bool // its name changes with its content
	part     bool // a script, a style or a font: what a document is made of, and never one itself
}

// partExtensions are of files that a browser never opens as a page. A service worker has a policy of its own, and lies elsewhere.
var partExtensions = []string{".js", ".css", ".woff2"}

// documentHeaders say what a page may do and who may frame it. On a part of one they mean nothing, and half a kilobyte with
// each of a first visit's files is a fifth of what it transfers.
var documentHeaders = []string{
	"Content-Security-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy", "Referrer-Policy", "X-Frame-Options",
}

// siteVariant is one encoding of a file.
type siteVariant struct {
	encoding string // as in Content-Encoding; "" for none
	body     []byte
	etag     string
}

// webApp serves the web app. files may be nil.
func (s *Server) webApp(files fs.FS) http.Handler {
	if files != nil {
		return s.serveSite(newSite(files, true))
	}
	page := siteVariant{body: []byte(noWebApp), etag: siteETag([]byte(noWebApp))}
	return s.serveSite(&site{app: true, files: map[string]*siteFile{
		"index.html": {kind: mediaType("index.html"), variants: []siteVariant{page}},
	}})
}

// newSite reads every file. It panics when one cannot be read: they are part of the binary.
func newSite(files fs.FS, app bool) *site {
	si := &site{files: map[string]*siteFile{}, app: app}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") || isTwin(files, name) {
			return err
		}
		f := &siteFile{kind: mediaType(name), forever: strings.HasPrefix(name, "assets/")}
		f.part = f.forever && slices.Contains(partExtensions, path.Ext(name))
		// In the order of preference.
		for _, twin := range []struct{ suffix, encoding string }{{".br", "br"}, {".gz", "gzip"}, {"", ""}} {
			body, err := fs.ReadFile(files, name+twin.suffix)
			if err != nil && twin.suffix != "" {
				continue // there is no such twin
			} else if err != nil {
				return err
			}
			f.variants = append(f.variants, siteVariant{twin.encoding, body, siteETag(body)})
		}
		si.files[name] = f
		return nil
	})
	if err != nil {
		panic("httpd: files of the web app: " + err.Error())
	}
	return si
}

// isTwin reports whether a file is the compressed form of another one.
func isTwin(files fs.FS, name string) bool {
	for _, suffix := range []string{".br", ".gz"} {
		if plain, ok := strings.CutSuffix(name, suffix); ok {
			_, err := fs.Stat(files, plain)
			return err == nil
		}
	}
	return false
}

// siteETag is a strong validator (RFC 9110 §8.8.3): each encoding has its own.
func siteETag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// mediaType goes by the name alone, so that it is the same on every machine.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".woff2":
		return "font/woff2"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// serveSite answers GET and HEAD for the files of a site.
func (s *Server) serveSite(si *site) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pageCSP)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			s.fail(w, r, smsir.Errorf(api.CodeMethodNotAllowed, "This path takes GET, HEAD."))
			return
		}
		f := si.find(r.URL.Path)
		if f == nil {
			h.Set("Cache-Control", "no-store")
			s.fail(w, r, smsir.Errorf(smsir.CodeNotFound, "There is no such page."))
			return
		}
		f.serve(w, r)
	})
}

// find is the file behind a path, nil if there is none.
func (si *site) find(at string) *siteFile {
	name := strings.TrimPrefix(path.Clean("/"+at), "/")
	if f := si.files[name]; f != nil {
		return f
	}
	// What has an extension, is hidden or lies among the assets is a file that is not there; any other path is
	// a page of the app.
	if name != "" && (!si.app || path.Ext(name) != "" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "assets/")) {
		return nil
	}
	return si.files["index.html"]
}

func (f *siteFile) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if f.part {
		for _, name := range documentHeaders {
			h.Del(name)
		}
	}
	v := f.variants[len(f.variants)-1]
	if len(f.variants) > 1 {
		h.Add("Vary", "Accept-Encoding")
		v = f.choose(r.Header.Values("Accept-Encoding"))
	}
	h.Set("ETag", v.etag)
	h.Set("Cache-Control", "no-cache") // keep it, but ask whether it has changed
	if f.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if matches(r.Header.Get("If-None-Match"), v.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", strconv.Itoa(len(v.body)))
	if v.encoding != "" {
		h.Set("Content-Encoding", v.encoding)
	}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(v.body) // a caller that went away is no error of ours
	}
}

// choose picks the first variant that the caller accepts; the plain one always goes.
func (f *siteFile) choose(accept []string) siteVariant {
	for _, v := range f.variants {
		if v.encoding == "" || acceptsEncoding(accept, v.encoding) {
			return v
		}
	}
	return f.variants[len(f.variants)-1]
}

// acceptsEncoding reports whether Accept-Encoding names an encoding (RFC 9110 §12.5.3), and not with the
// weight 0.
func acceptsEncoding(accept []string, encoding string) bool {
	for _, v := range accept {
		for one := range strings.SplitSeq(v, ",") {
			name, params, _ := strings.Cut(one, ";")
			if !strings.EqualFold(strings.TrimSpace(name), encoding) {
				continue
			}
			weight, ok := strings.CutPrefix(strings.TrimSpace(params), "q=")
			q, err := strconv.ParseFloat(weight, 64)
			return !ok || err == nil && q > 0
		}
	}
	return false
}
