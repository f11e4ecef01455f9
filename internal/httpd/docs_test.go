package httpd

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/smsir/smsir/api"
)

func TestDocsFiles(t *testing.T) {
	t.Parallel()
	h := (&Server{}).docsHandler()
	for path, want := range map[string]string{
		"/docs": "text/html; charset=utf-8", "/docs/": "text/html; charset=utf-8",
		"/docs/docs.js": "text/javascript; charset=utf-8", "/docs/docs.css": "text/css; charset=utf-8", "/docs/extra.json": "application/json",
	} {
		plain := page(t, h, http.MethodGet, path)
		if plain.Code != 200 || plain.Header().Get("Content-Type") != want || plain.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %v", path, plain.Code, plain.Header())
		}
		small := page(t, h, http.MethodGet, path, "Accept-Encoding", "gzip")
		z, err := gzip.NewReader(small.Body)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if body, err := io.ReadAll(z); err != nil || string(body) != plain.Body.String() || small.Header().Get("ETag") == plain.Header().Get("ETag") {
			t.Errorf("%s: the compressed form differs (%v), or has the same ETag", path, err)
		}
	}
	if w := page(t, h, http.MethodPost, "/docs"); w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
}

// The page keeps to the policy: nothing inline, nothing from elsewhere, and no markup made of text.
func TestDocsKeepToThePolicy(t *testing.T) {
	t.Parallel()
	bad := map[string]*regexp.Regexp{
		"index.html": regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(>|\s+[^>]*[^c]>[^<])|https?://|src="[^/]`),
		"docs.js":    regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\.style\b|https?://`),
		"docs.css":   regexp.MustCompile(`@import|url\(`),
	}
	for name, pattern := range bad {
		content, err := os.ReadFile("docspage/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if found := pattern.Find(content); found != nil {
			t.Errorf("%s contains %q", name, found)
		}
	}
}

// Every code of a problem has a place on the page, which the type of the problem names.
func TestDocsKnowEveryProblem(t *testing.T) {
	t.Parallel()
	var extra struct {
		Problems []struct {
			Code, Title, Fix string
			Status           int
		}
		Bodies map[string]json.RawMessage
	}
	if err := json.Unmarshal(docsExtra(), &extra); err != nil {
		t.Fatal(err)
	}
	if got, want := len(extra.Problems), len(api.Kinds()); got != want {
		t.Fatalf("%d problems, want %d", got, want)
	}
	for i, k := range api.Kinds() {
		got := extra.Problems[i]
		if got.Code != string(k.Code) || got.Status != k.Status || got.Title != k.Title || got.Fix != k.Fix {
			t.Errorf("%+v, want %+v", got, k)
		}
		if typ := problem(k.Code, "", nil).Type; typ != "/docs#problem-"+got.Code {
			t.Errorf("type %s of %s is not its place on the page", typ, got.Code)
		}
	}
}

// The examples are what the operations take.
func TestDocsExamplesFitTheDocument(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	bodies := docsBodies()
	for _, path := range doc.Paths.Map() {
		for _, op := range path.Operations() {
			example, ok := bodies[op.OperationID]
			if !ok {
				continue
			}
			delete(bodies, op.OperationID)
			var value any
			if err := json.Unmarshal(example, &value); err != nil {
				t.Errorf("%s: %v", op.OperationID, err)
			} else if err := op.RequestBody.Value.Content.Get(jsonType).Schema.Value.VisitJSON(value); err != nil {
				t.Errorf("%s: %s: %v", op.OperationID, example, err)
			}
		}
	}
	for id := range bodies {
		t.Errorf("example of %s, which is no operation", id)
	}
}

// TestDocsInABrowser opens the page in Chromium and looks for every operation, every problem and the
// request of the operation that the address names.
func TestDocsInABrowser(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	doc, err := openapi3.NewLoader().LoadFromData(OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{spec: OpenAPI()}
	docs := s.docsHandler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/openapi.json" {
			writeBody(w, http.StatusOK, jsonType, s.spec)
			return
		}
		docs.ServeHTTP(w, r)
	}))
	defer server.Close()

	dom := browser(server.URL + "/docs#op-sendMessage")
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !strings.Contains(dom, `id="op-`+op.OperationID+`"`) || !strings.Contains(dom, `href="#op-`+op.OperationID+`"`) {
				t.Errorf("%s %s (%s) is not on the page", method, path, op.OperationID)
			}
		}
	}
	for _, k := range api.Kinds() {
		if !strings.Contains(dom, `id="problem-`+string(k.Code)+`"`) {
			t.Errorf("the problem %s is not on the page", k.Code)
		}
	}
	for _, want := range []string{
		"curl -X POST '" + server.URL + "/v1/messages'", "Idempotency-Key: $(uuidgen)", `"to":"+12025550100"`,
		"Recipient: E.164, or a national number", "<code>client_ref</code>", "<code>202</code>", `href="#problem-queue_full"`,
	} {
		if !strings.Contains(dom, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(dom, "undefined") || strings.Contains(dom, "[object") || strings.Contains(dom, "cannot be shown") {
		t.Errorf("the page shows a fault of its script:\n%s", dom)
	}
}

// chromium returns a function that gives the document of a page after its scripts have run. It skips the
// test where there is no browser, unless SMSIR_REQUIRE names it.
func chromium(t *testing.T) func(url string) string {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		if strings.Contains(os.Getenv("SMSIR_REQUIRE"), "chromium") {
			t.Fatal("no Chromium: set CHROMIUM or install the package chromium")
		}
		t.Skip("SKIP: no Chromium; set CHROMIUM or install the package chromium")
	}
	return func(url string) string {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		args := []string{
			"--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
			"--user-data-dir=" + t.TempDir(), "--virtual-time-budget=20000", "--dump-dom", url,
		}
		if os.Getuid() == 0 {
			args = append([]string{"--no-sandbox"}, args...)
		}
		out, err := exec.CommandContext(ctx, path, args...).Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%s: %v\n%s", path, err, exit.Stderr)
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return string(out)
	}
}
