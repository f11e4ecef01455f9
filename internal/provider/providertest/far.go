package providertest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/smsir/smsir"
)

// Far is a provider's HTTP API on loopback, for adapters that speak HTTP. It keeps every request; what it answers is for
// the function of [NewFar] to say.
type Far struct {
	*httptest.Server

	answer   func(w http.ResponseWriter, c Call)
	mu       sync.Mutex
	calls    []Call
	contacts int
	stop     chan struct{}
}

// Call is one request as it arrived.
type Call struct {
	Method string
	Path   string
	Query  url.Values
	Header http.Header
	Body   []byte
}

// Object is the body of a call as a JSON object, nil if it is none.
func (c Call) Object() (o map[string]any) {
	_ = json.Unmarshal(c.Body, &o)
	return o
}

// Form is the body of a call as a form.
func (c Call) Form() url.Values {
	form, _ := url.ParseQuery(string(c.Body))
	return form
}

// NewFar starts a far side that ends with the test. answer may be called many times at once; it may hang, or reset the
// connection, by the methods of those names.
func NewFar(t testing.TB, answer func(f *Far, w http.ResponseWriter, c Call)) *Far {
	f := &Far{stop: make(chan struct{})}
	f.answer = func(w http.ResponseWriter, c Call) { answer(f, w, c) }
	f.Server = httptest.NewUnstartedServer(f)
	f.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			f.mu.Lock()
			f.contacts++
			f.mu.Unlock()
		}
	}
	f.Start()
	t.Cleanup(func() {
		close(f.stop)
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

// ServeHTTP implements [http.Handler].
func (f *Far) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the connection is gone
	}
	c := Call{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Header: r.Header.Clone(), Body: body}
	f.mu.Lock()
	f.calls = append(f.calls, c)
	f.mu.Unlock()
	f.answer(w, c)
}

// Calls are the requests that came, oldest first.
func (f *Far) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Call(nil), f.calls...)
}

// Hang answers nothing until the test ends.
func (f *Far) Hang() { <-f.stop }

// Reset breaks the connection off.
func (f *Far) Reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// Answer answers with the JSON of v.
func Answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// World is f with the adapter in front of it. text tells the text of the message that a call hands over, "" if it is
// none. What kind opens is closed with the test, if it can be.
func (f *Far) World(t testing.TB, kind smsir.ProviderKind, settings map[string]string, text func(Call) string) *World {
	made := kind.Open
	kind.Open = func(cfg smsir.ProviderConfig) (smsir.Provider, error) {
		p, err := made(cfg)
		if c, ok := p.(interface{ Close() }); ok {
			t.Cleanup(c.Close)
		}
		return p, err
	}
	return &World{
		Kind: kind, Settings: settings,
		Seen: func(s smsir.Submission) (n int) {
			for _, c := range f.Calls() {
				if text(c) == s.Text {
					n++
				}
			}
			return n
		},
		Contacts: func() int { f.mu.Lock(); defer f.mu.Unlock(); return f.contacts },
		Down: func() {
			_ = f.Listener.Close()
			f.CloseClientConnections()
		},
	}
}
