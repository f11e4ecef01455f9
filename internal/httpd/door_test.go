package httpd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/store"
)

// brokenAccept fails as it is told to.
type brokenAccept struct{ fail func() error }

func (b brokenAccept) Send(context.Context, accept.Order) (*accept.Result, error) {
	return nil, b.fail()
}

func (b brokenAccept) Preview(*store.Workspace, accept.PreviewRequest) accept.Preview {
	panic(b.fail())
}

const inside = "/var/lib/secret-path: SELECT password_hash"

// TestFaultsTellNothing: an internal error and a panic answer with an identifier that stands in the log, and
// with nothing of what is inside.
func TestFaultsTellNothing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	g := newGate(t, func(d *Deps) {
		d.Accept = brokenAccept{func() error { return fmt.Errorf("accept: %w", errors.New(inside)) }}
		d.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	owner := g.setup()
	for _, path := range []string{"/v1/messages", "/v1/messages/preview"} {
		log.Reset()
		var p api.Problem
		a := g.refused(request{method: "POST", path: path, as: owner.token, body: map[string]string{
			"/v1/messages":         `{"to":"+12025550100","text":"the text"}`,
			"/v1/messages/preview": `{"text":"the text"}`,
		}[path]}, 500, api.CodeInternal)
		a.read(t, &p)
		if !strings.HasPrefix(p.Instance, "err_") || p.Detail != "" || strings.Contains(string(a.body), "secret") || strings.Contains(string(a.body), "goroutine") {
			t.Errorf("%s: %s", path, a.body)
		}
		if !strings.Contains(log.String(), p.Instance) || !strings.Contains(log.String(), "secret-path") {
			t.Errorf("%s: the log lacks the error or its identifier %s:\n%s", path, p.Instance, log.String())
		}
		if strings.Contains(log.String(), "the text") || strings.Contains(log.String(), owner.token) {
			t.Errorf("%s: the log tells the text or the token:\n%s", path, log.String())
		}
	}
	g.ok(request{method: "GET", path: "/v1/me", as: owner.token}, 200, nil) // the process lives
}

// TestDistressIsSaid: what the storage says comes out with its status and a time to wait.
func TestDistressIsSaid(t *testing.T) {
	t.Parallel()
	var fail error
	g := newGate(t, func(d *Deps) { d.Accept = brokenAccept{func() error { return fail }} })
	owner := g.setup()
	for code, status := range map[smsir.Code]int{smsir.CodeStorageFull: 507, smsir.CodeStorageDown: 503, smsir.CodeCommitUnknown: 503, smsir.CodeQueueFull: 429, smsir.CodeInFlight: 409} {
		fail = fmt.Errorf("commit: %w", smsir.Errorf(code, "Said to people."))
		a := g.refused(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550100","text":"x"}`}, status, code)
		var p api.Problem
		a.read(t, &p)
		if a.header.Get("Retry-After") == "" || !p.Retryable || p.Detail != "Said to people." {
			t.Errorf("%s: %v %+v", code, a.header, p)
		}
	}
	fail = smsir.Errorf("made_up", "x")
	g.refused(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550100","text":"x"}`}, 500, api.CodeInternal)
}

func TestNoSuchRoute(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	for _, path := range []string{"/v1", "/v1/", "/v1/nonsense", "/v1/messages/", "/v1/messages/x/y/z", "/v2/messages/../../v1/me", "/v1//me", "/v1/./me"} {
		if strings.HasPrefix(path, "/v2") {
			continue // the web app answers for it
		}
		g.refused(request{method: "GET", path: path, as: owner.token}, 404, smsir.CodeNotFound)
	}
	for pattern, allow := range map[string]string{
		"PUT /v1/messages": "GET, POST", "DELETE /v1/messages/msg_0000000000001": "GET", "GET /v1/batches": "POST",
		"POST /healthz": "GET", "PATCH /v1/providers": "GET, POST", "PUT /v1/providers/x": "GET, PATCH, DELETE", "OPTIONS /v1/me": "GET, PATCH",
	} {
		method, path, _ := strings.Cut(pattern, " ")
		a := g.refused(request{method: method, path: path, as: owner.token}, 405, api.CodeMethodNotAllowed)
		if got := a.header.Get("Allow"); got != allow {
			t.Errorf("%s: Allow %q, want %q", pattern, got, allow)
		}
	}
	if a := g.do(request{method: "HEAD", path: "/v1/messages", as: owner.token}); a.status != 200 {
		t.Errorf("HEAD: %d", a.status)
	}
}

func TestClientIP(t *testing.T) {
	t.Parallel()
	s := &Server{deps: Deps{Trusted: Networks{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}}}
	for _, tt := range []struct {
		remote  string
		forward []string
		want    string
	}{
		{"192.0.2.1:1", nil, "192.0.2.1"},
		{"192.0.2.1:1", []string{"203.0.113.9"}, "192.0.2.1"}, // nobody we trust says so
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"}, // the caller wrote the first one
		{"10.0.0.1:1", []string{"198.51.100.1, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"nonsense"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"203.0.113.9, nonsense"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"[2001:db8:1::1]:1", []string{"2001:db8:2::9"}, "2001:db8:2::9"},
		{"[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"nonsense", nil, "invalid IP"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.remote
		for _, f := range tt.forward {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := s.clientIP(r).String(); got != tt.want {
			t.Errorf("%s with %q: %s, want %s", tt.remote, tt.forward, got, tt.want)
		}
		if got, want := s.isHTTPS(withProto(r)), s.deps.Trusted.contains(remote(r)); got != want {
			t.Errorf("%s says that it came over https: believed %v, want %v", tt.remote, got, want)
		}
	}
}

func withProto(r *http.Request) *http.Request {
	r.Header.Set("X-Forwarded-Proto", "https")
	return r
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	const token = "s3cret"
	g := newGate(t, func(d *Deps) { d.MetricsToken = token })
	owner := g.setup()
	g.send(owner.token)
	g.refused(request{method: "GET", path: "/metrics", from: "127.0.0.1:1"}, 401, api.CodeUnauthenticated)
	g.refused(request{method: "GET", path: "/metrics", as: owner.token}, 401, api.CodeUnauthenticated)
	a := g.ok(request{method: "GET", path: "/metrics", as: token}, 200, nil)
	for _, want := range []string{`smsir_http_requests_total{method="POST",route="/v1/messages",status="2xx"} 1`, `smsir_http_request_seconds_count{route="/v1/messages"} 1`} {
		if !strings.Contains(string(a.body), want) {
			t.Errorf("the metrics lack %s:\n%s", want, a.body)
		}
	}
	if strings.Contains(string(a.body), "2025550100") {
		t.Error("the metrics tell a number")
	}

	g = newGate(t)
	g.setup()
	g.ok(request{method: "GET", path: "/metrics", from: "127.0.0.1:1"}, 200, nil)
	g.ok(request{method: "GET", path: "/metrics", from: "[::1]:1"}, 200, nil)
	g.refused(request{method: "GET", path: "/metrics", from: "192.0.2.1:1"}, 404, smsir.CodeNotFound)
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"} {
		g.refused(request{method: "GET", path: "/metrics", from: "127.0.0.1:1", header: map[string]string{header: "x"}}, 404, smsir.CodeNotFound)
	}
}

func TestHTTPSHeaders(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	if got := g.do(request{method: "GET", path: "/healthz"}).header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("over https Strict-Transport-Security is %q", got)
	}
	if got := g.do(request{method: "GET", path: "/healthz", plain: true}).header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("over http Strict-Transport-Security is %q", got)
	}
}
