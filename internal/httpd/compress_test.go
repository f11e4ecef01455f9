package httpd

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// asked sends a request straight to the door, so that an answer comes as the bytes that go over the network.
func (g *gate) asked(method, path, token, body string, headers ...string) *httptest.ResponseRecorder {
	g.t.Helper()
	r := httptest.NewRequest(method, base+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", jsonType)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.s.Handler().ServeHTTP(w, r)
	return w
}

// Reads are compressed for the app and for programs that take it; the answer is the same.
func TestCompressedAnswers(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	for range 10 {
		g.send(owner.token)
	}
	const list = "/v1/messages?limit=10"
	plain := g.asked("GET", list, owner.token, "")
	if plain.Code != 200 || plain.Header().Get("Content-Encoding") != "" || plain.Body.Len() < minCompressed || plain.Header().Get("Vary") != "Accept-Encoding" {
		t.Fatalf("without Accept-Encoding: %d %v, %d bytes", plain.Code, plain.Header(), plain.Body.Len())
	}
	for _, from := range []string{"", "same-origin"} {
		small := g.asked("GET", list, owner.token, "", "Accept-Encoding", "gzip, deflate, br", "Sec-Fetch-Site", from)
		if small.Header().Get("Content-Encoding") != "gzip" || small.Header().Get("ETag") != plain.Header().Get("ETag") || small.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("Sec-Fetch-Site %q: %v", from, small.Header())
			continue
		}
		if small.Body.Len() > plain.Body.Len()/3 {
			t.Errorf("%d bytes of %d are left", small.Body.Len(), plain.Body.Len())
		}
		z, err := gzip.NewReader(small.Body)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(z); err != nil || string(body) != plain.Body.String() {
			t.Errorf("uncompressed it is %.200s (%v), want %.200s", body, err, plain.Body)
		}
	}
	known := g.asked("GET", list, owner.token, "", "Accept-Encoding", "gzip", "If-None-Match", plain.Header().Get("ETag"))
	if known.Code != http.StatusNotModified || known.Body.Len() != 0 || known.Header().Get("Content-Encoding") != "" {
		t.Errorf("with its ETag: %d %v", known.Code, known.Header())
	}
}

// What another site makes a browser ask, what a write answers, errors and what is small stay as they are.
func TestUncompressedAnswers(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	for range 10 {
		g.send(owner.token)
	}
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprintf(`{"to":"+12025550%d"}`, 100+i))
	}
	batch := `{"text":"Your parcel is ready.","messages":[` + strings.Join(many, ",") + `]}`
	for name, w := range map[string]*httptest.ResponseRecorder{
		"from another site":  g.asked("GET", "/v1/messages?limit=10", owner.token, "", "Accept-Encoding", "gzip", "Sec-Fetch-Site", "cross-site"),
		"from the same site": g.asked("GET", "/v1/messages?limit=10", owner.token, "", "Accept-Encoding", "gzip", "Sec-Fetch-Site", "same-site"),
		"typed in":           g.asked("GET", "/v1/messages?limit=10", owner.token, "", "Accept-Encoding", "gzip", "Sec-Fetch-Site", "none"),
		"refused":            g.asked("GET", "/v1/messages?limit=10", owner.token, "", "Accept-Encoding", "gzip;q=0, br"),
		"a write":            g.asked("POST", "/v1/batches", owner.token, batch, "Accept-Encoding", "gzip"),
		"small":              g.asked("GET", "/v1/inbox/counts", owner.token, "", "Accept-Encoding", "gzip"),
		"a problem":          g.asked("GET", "/v1/messages/msg_0000000000001", owner.token, "", "Accept-Encoding", "gzip"),
	} {
		if got := w.Header().Get("Content-Encoding"); got != "" || !strings.HasPrefix(w.Body.String(), "{") {
			t.Errorf("%s: %d, Content-Encoding %q, %.60q", name, w.Code, got, w.Body)
		}
		if name == "a write" && (w.Code != http.StatusAccepted || w.Body.Len() < minCompressed) {
			t.Errorf("the write proves nothing: %d, %d bytes", w.Code, w.Body.Len())
		}
	}
}

func TestDescriptionIsCompressed(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	g.setup()
	if w := g.asked("GET", "/openapi.json", "", "", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > len(OpenAPI())/4 {
		t.Errorf("%v, %d bytes of %d", w.Header(), w.Body.Len(), len(OpenAPI()))
	}
}
