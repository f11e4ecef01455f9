package twilio

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sid      = "AC00000000000000000000000000000001"
	token    = "0123456789abcdef0123456789abcdef"
	keySID   = "SK00000000000000000000000000000001"
	service  = "MG00000000000000000000000000000001"
	sender   = "+12025550130"
	callback = "https://sms.example.com/callbacks/prv_1/abc"
)

// Numbers with a part to play.
const (
	takes    = "+12025550120"
	hangs    = "+12025550121"
	resets   = "+12025550122"
	garbage  = "+12025550123"
	noSID    = "+12025550124"
	broken   = "+12025550125" // HTTP 500
	invalidN = "+12025550126"
	optedOut = "+12025550127"
	slowDown = "+12025550128"
	noLogin  = "+12025550129"
	html     = "+12025550131"
	elsewher = "+12025550132"
)

// created is an answer of our own making, after the schema of Twilio's document (see spec_test.go).
//
//go:embed testdata/created.json
var createdAnswer []byte

// far is Twilio, scripted by the recipient's number. It keeps what it took.
type far struct {
	*httptest.Server

	mu       sync.Mutex
	forms    []url.Values // submissions, oldest first
	headers  []http.Header
	took     []map[string]any // the list of messages, newest first
	contacts int
	listed   []url.Values // filters of the lists asked for
	perPage  int
	stop     chan struct{}
	status   string // of the account
}

func newFar(t testing.TB) *far {
	f := &far{perPage: 50, stop: make(chan struct{}), status: "active"}
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
	_, password, _ := r.BasicAuth()
	switch what, _ := strings.CutPrefix(r.URL.Path, "/2010-04-01/Accounts/"+sid); {
	case r.Method == http.MethodGet && password != token && password != "hush":
		f.refuse(w, 401, 20003, "Authenticate")
		return
	case what == "/Balance.json":
		answer(w, http.StatusOK, map[string]string{"account_sid": sid, "balance": "-1.05", "currency": "USD"})
		return
	case what == ".json" && password == token: // a standard API key may not see it
		answer(w, http.StatusOK, map[string]string{"sid": sid, "status": f.status})
		return
	case what != "/Messages.json":
		f.refuse(w, 404, 20404, "The requested resource was not found")
		return
	}
	if r.Method == http.MethodGet {
		f.list(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		f.refuse(w, 400, 20001, "no form")
		return
	}
	f.mu.Lock()
	f.forms, f.headers = append(f.forms, form), append(f.headers, r.Header.Clone())
	f.mu.Unlock()
	switch form.Get("To") {
	case hangs:
		f.take(form)
		<-f.stop
	case resets:
		f.take(form)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	case garbage:
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"sid": "SM0000`)
	case noSID:
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"status": "queued"}`)
	case broken:
		f.refuse(w, 500, 20500, "Internal Server Error")
	case invalidN:
		f.refuse(w, 400, 21211, "The 'To' number "+invalidN+" is not a valid phone number.")
	case optedOut:
		f.refuse(w, 400, 21610, "Attempt to send to unsubscribed recipient")
	case slowDown:
		w.Header().Set("Retry-After", "7")
		f.refuse(w, 429, 20429, "Too Many Requests")
	case noLogin:
		f.refuse(w, 401, 20003, "Authenticate")
	case html:
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<html>Access denied by your proxy</html>")
	case elsewher:
		http.Redirect(w, r, f.URL+"/elsewhere", http.StatusTemporaryRedirect)
	default:
		answer(w, http.StatusCreated, f.take(form))
	}
}

func (f *far) refuse(w http.ResponseWriter, status, code int, text string) {
	answer(w, status, map[string]any{"code": code, "message": text, "more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), "status": status})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// take makes a message of a form, after testdata/created.json.
func (f *far) take(form url.Values) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	var m map[string]any
	if err := json.Unmarshal(createdAnswer, &m); err != nil {
		panic(err)
	}
	m["sid"], m["to"], m["body"] = fmt.Sprintf("SM%032x", len(f.took)+1), form.Get("To"), form.Get("Body")
	m["from"], m["date_created"] = form.Get("From"), time.Now().UTC().Format(time.RFC1123Z)
	f.took = append([]map[string]any{m}, f.took...)
	return m
}

// list answers a page of what was taken.
func (f *far) list(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := r.URL.Query()
	f.listed = append(f.listed, q)
	fits := []map[string]any{}
	for _, m := range f.took {
		if m["to"] == q.Get("To") && (q.Get("From") == "" || m["from"] == q.Get("From")) && (!q.Has("DateSent>") || m["date_sent"] != nil || m["unfiltered"] == nil) {
			fits = append(fits, m)
		}
	}
	var from int
	_, _ = fmt.Sscan(q.Get("Page"), &from)
	first, last := min(from*f.perPage, len(fits)), min((from+1)*f.perPage, len(fits))
	out := map[string]any{"messages": fits[first:last], "page": from, "page_size": f.perPage, "next_page_uri": nil}
	if last < len(fits) {
		q.Set("Page", fmt.Sprint(from+1))
		out["next_page_uri"] = r.URL.Path + "?" + q.Encode()
	}
	answer(w, http.StatusOK, out)
}

func (f *far) seen(s smsir.Submission) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, form := range f.forms {
		if form.Get("Body") == s.Text {
			n++
		}
	}
	return n
}

func (f *far) settings(change ...string) map[string]string {
	s := map[string]string{settingAccount: sid, settingToken: token, settingSender: sender, settingBase: f.URL}
	for i := 0; i+1 < len(change); i += 2 {
		s[change[i]] = change[i+1]
	}
	return s
}

// newAccount opens a provider in front of f. change lists settings by name and value.
func newAccount(t testing.TB, f *far, change ...string) *account {
	t.Helper()
	p, err := newKind(options{now: time.Now}).Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: f.settings(change...), CallbackURL: callback})
	if err != nil {
		t.Fatal(err)
	}
	a := p.(*account)
	t.Cleanup(a.http.Close)
	return a
}

func TestConformance(t *testing.T) {
	t.Parallel()
	const timer = 2 * time.Second
	providertest.Run(t, providertest.Harness{
		Start: func(t testing.TB) *providertest.World {
			f := newFar(t)
			kind := newKind(options{now: time.Now, timeout: timer})
			made := kind.Open
			kind.Open = func(cfg smsir.ProviderConfig) (smsir.Provider, error) {
				p, err := made(cfg)
				if a, ok := p.(*account); ok {
					t.Cleanup(a.http.Close)
				}
				return p, err
			}
			return &providertest.World{
				Kind: kind, Settings: f.settings(), Seen: f.seen,
				Contacts: func() int { f.mu.Lock(); defer f.mu.Unlock(); return f.contacts },
				Down: func() {
					_ = f.Listener.Close()
					f.CloseClientConnections()
				},
			}
		},
		ResponseTimer: timer, Accepts: takes, Hangs: hangs,
		Lost: map[string]string{"reset": resets, "garbage": garbage, "no id": noSID, "internal error": broken, "a proxy's page": html, "redirect": elsewher},
		Refusals: []providertest.Refusal{
			{Name: "number", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "21211", ProviderText: "The 'To' number " + invalidN + " is not a valid phone number."},
			{Name: "opted out", To: optedOut, State: smsir.AttemptRefused, Class: smsir.ClassBlocked, ProviderCode: "21610", ProviderText: "Attempt to send to unsubscribed recipient"},
			{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "20003", ProviderText: "Authenticate"},
			{Name: "throttled", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 7 * time.Second, ProviderCode: "20429", ProviderText: "Too Many Requests"},
		},
		Queries: true, HangVerdict: smsir.VerdictAccepted, AbsentVerdict: smsir.VerdictUnknown,
	})
}
