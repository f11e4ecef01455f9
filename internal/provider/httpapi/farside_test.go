package httpapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Numbers with a part to play.
const (
	takes    = "+12025550120"
	hangs    = "+12025550121"
	resets   = "+12025550122"
	garbage  = "+12025550123"
	noID     = "+12025550124"
	broken   = "+12025550125" // HTTP 500
	invalidN = "+12025550126"
	noLogin  = "+12025550128"
	slowDown = "+12025550129"
	page     = "+12025550131" // a proxy's page
	elsewher = "+12025550132"
	sender   = "+12025550130"
	callback = "https://sms.example.com/callbacks/prv_1/abc"
	attempt  = smsir.ID(4711)
)

// call is a request as the far side took it.
type call struct {
	method string
	path   string
	query  map[string][]string
	header http.Header
	body   string
	to     string
	text   string
}

// dialect is how one provider's interface looks from its own side.
type dialect struct {
	base    string // in the example
	path    string // of submissions
	read    func(r *http.Request, body []byte) (to, text, attempt string)
	accept  func(w http.ResponseWriter, n int, to string)
	refuse  func(w http.ResponseWriter, to string) // invalidN, noLogin, slowDown
	another func(f *far, w http.ResponseWriter, r *http.Request)
}

// far is a provider, scripted by the recipient's number.
type far struct {
	*httptest.Server
	d dialect

	mu       sync.Mutex
	calls    []call
	took     map[string]string // attempt -> id
	contacts int
	stop     chan struct{}
}

func newFar(t testing.TB, d dialect) *far {
	f := &far{d: d, took: map[string]string{}, stop: make(chan struct{})}
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
func (f *far) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	to, text, attempt := "", "", ""
	if r.URL.Path == f.d.path {
		to, text, attempt = f.d.read(r, body)
	}
	f.mu.Lock()
	f.calls = append(f.calls, call{r.Method, r.URL.Path, r.URL.Query(), r.Header.Clone(), string(body), to, text})
	f.mu.Unlock()
	if to == "" {
		f.d.another(f, w, r)
		return
	}
	if !strings.HasPrefix(to, "+") {
		to = "+" + to
	}
	switch to {
	case hangs:
		f.take(attempt)
		<-f.stop
	case resets:
		f.take(attempt)
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	case garbage:
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `[{"id": "1`)
	case noID:
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, `{}`)
	case broken:
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"type":"x#bad-request"}`)
	case page:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<html>Access denied by your proxy</html>")
	case elsewher:
		http.Redirect(w, r, f.URL+"/elsewhere", http.StatusTemporaryRedirect)
	case invalidN, noLogin, slowDown:
		f.d.refuse(w, to)
	default:
		n := f.take(attempt)
		f.d.accept(w, n, to)
	}
}

func (f *far) take(attempt string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.took[attempt] = fmt.Sprintf("id%d", len(f.took)+1)
	return len(f.took)
}

func (f *far) seen(s smsir.Submission) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if c.text == s.Text {
			n++
		}
	}
	return n
}

func (f *far) last() call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[len(f.calls)-1]
}

func example(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "providers", "examples", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// in is an example with the far side in the place of the provider.
func (f *far) in(t testing.TB, name string) map[string]string {
	t.Helper()
	text := example(t, name)
	if !strings.Contains(text, f.d.base) {
		t.Fatalf("the example %s has no %s", name, f.d.base)
	}
	return settings(strings.ReplaceAll(text, f.d.base, f.URL))
}

// settings are those of a description, with four secrets.
func settings(description string, change ...string) map[string]string {
	s := map[string]string{
		settingDescription: description, settingSender: sender,
		"secret_1": "user", "secret_2": "hush-hush", "secret_3": "third-one", "secret_4": "fourth-one",
	}
	for i := 0; i+1 < len(change); i += 2 {
		s[change[i]] = change[i+1]
	}
	return s
}

// opened opens a provider. The adapter is that inside of any add-ons.
func opened(t testing.TB, s map[string]string, now func() time.Time) (smsir.Provider, *adapter) {
	t.Helper()
	p, err := newKind(options{now: now}).Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: s, CallbackURL: callback})
	if err != nil {
		t.Fatal(err)
	}
	a := inside(p)
	t.Cleanup(a.http.Close)
	return p, a
}

func inside(p smsir.Provider) *adapter {
	switch x := p.(type) {
	case *adapter:
		return x
	case asking:
		return x.adapter
	case checking:
		return x.adapter
	case reporting:
		return x.adapter
	case askingChecking:
		return x.adapter
	case askingAll:
		return x.adapter
	}
	panic("no adapter")
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

type object1 = map[string]any

// dialects are the far sides of the examples.
func dialects() map[string]dialect {
	return map[string]dialect{"bulksms": bulkSMS(), "clicksend": clickSend(), "kannel": kannel()}
}

// conformance runs the suite in front of an example.
func conformance(t *testing.T, name string, refusals []providertest.Refusal, queries bool) {
	const timer = 2 * time.Second
	h := providertest.Harness{
		Start: func(t testing.TB) *providertest.World {
			f := newFar(t, dialects()[name])
			kind := newKind(options{now: time.Now, timeout: timer})
			made := kind.Open
			kind.Open = func(cfg smsir.ProviderConfig) (smsir.Provider, error) {
				p, err := made(cfg)
				if err == nil {
					t.Cleanup(inside(p).http.Close)
				}
				return p, err
			}
			return &providertest.World{
				Kind: kind, Settings: f.in(t, name), Seen: f.seen,
				Contacts: func() int { f.mu.Lock(); defer f.mu.Unlock(); return f.contacts },
				Down: func() {
					_ = f.Listener.Close()
					f.CloseClientConnections()
				},
			}
		},
		ResponseTimer: timer, Accepts: takes, Hangs: hangs, Refusals: refusals,
		Lost:    map[string]string{"reset": resets, "garbage": garbage, "no id": noID, "internal error": broken, "a proxy's page": page, "redirect": elsewher},
		Queries: queries, HangVerdict: smsir.VerdictAccepted, AbsentVerdict: smsir.VerdictUnknown,
	}
	providertest.Run(t, h)
}
