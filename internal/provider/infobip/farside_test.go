package infobip

import (
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	key      = "letmein"
	sender   = "+12025550130"
	callback = "https://sms.example.com/callbacks/prv_1/abc"
	ours     = "att_00000000004k7" // that is, attempt
)

// Numbers with a part to play.
const (
	takes    = "+12025550120"
	hangs    = "+12025550121"
	resets   = "+12025550122"
	garbage  = "+12025550123"
	noID     = "+12025550124"
	broken   = "+12025550125" // HTTP 500
	invalidN = "+12025550126"
	noCredit = "+12025550127"
	slowDown = "+12025550128"
	noLogin  = "+12025550129"
	html     = "+12025550131"
	elsewher = "+12025550132"
	badForm  = "+12025550133" // the request is refused as a whole
)

// acceptedAnswer is an answer of our own making, after Infobip's documentation.
//
//go:embed testdata/accepted.json
var acceptedAnswer []byte

func (a *account) Close() { a.http.Close() }

// far is Infobip, scripted by the recipient's number. It keeps what it took.
type far struct {
	*providertest.Far
	mu   sync.Mutex
	took []map[string]any
	deaf bool // its log ignores what is asked for
}

func newFar(t testing.TB) *far {
	f := &far{}
	f.Far = providertest.NewFar(t, f.answer)
	return f
}

// field is what stands at a path of names and, for lists, of the first element.
func field(o any, path ...string) any {
	for _, name := range path {
		if list, ok := o.([]any); ok && len(list) > 0 {
			o = list[0]
		}
		m, _ := o.(map[string]any)
		o = m[name]
	}
	return o
}

func (f *far) answer(_ *providertest.Far, w http.ResponseWriter, c providertest.Call) {
	fail := func(status int, code, text string) {
		providertest.Answer(w, status, map[string]any{"errorCode": code, "description": text, "action": "Check it.", "violations": []any{}, "resources": []any{}})
	}
	switch {
	case c.Header.Get("Authorization") != "App "+key:
		fail(401, "E401", "The request lacks valid authentication credentials.")
		return
	case c.Method == http.MethodGet && c.Path == "/account/1/balance":
		providertest.Answer(w, 200, map[string]any{"balance": 47.79134, "currency": "EUR"})
		return
	case c.Method == http.MethodGet && c.Path == "/sms/3/logs":
		f.log(w, c)
		return
	case c.Method != http.MethodPost || c.Path != "/sms/3/messages":
		fail(404, "E404", "Requested URL not found.")
		return
	}
	o := c.Object()
	id, _ := field(o, "messages", "destinations", "messageId").(string)
	to, _ := field(o, "messages", "destinations", "to").(string)
	status := func(group, name, text string) map[string]any {
		m := map[string]any{"messageId": id, "destination": to, "status": map[string]any{"groupName": group, "name": name, "description": text}}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.took = append(f.took, m)
		return m
	}
	switch "+" + to {
	case hangs:
		status("PENDING", "PENDING_ACCEPTED", "")
		f.Hang()
	case resets:
		f.Reset(w)
	case garbage:
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, `{"messages": [{"messageId": "att`)
	case noID:
		providertest.Answer(w, 200, map[string]any{"bulkId": "1", "messages": []any{}})
	case broken:
		fail(500, "E500", "Unexpected server error.")
	case invalidN:
		providertest.Answer(w, 200, map[string]any{"messages": []any{status(groupRejected, "REJECTED_DESTINATION", "Invalid destination address")}})
	case noCredit:
		providertest.Answer(w, 200, map[string]any{"messages": []any{status(groupRejected, "REJECTED_NOT_ENOUGH_CREDITS", "Not enough credits")}})
	case slowDown:
		w.Header().Set("Retry-After", "7")
		fail(429, "E429", "Too many requests.")
	case noLogin:
		providertest.Answer(w, 401, map[string]any{"requestError": map[string]any{"serviceException": map[string]any{"messageId": "UNAUTHORIZED", "text": "Invalid login details"}}})
	case badForm:
		fail(400, "E400", "Request cannot be processed.")
	case html:
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<html>Access denied by your proxy</html>")
	case elsewher:
		w.Header().Set("Location", f.URL+"/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	default:
		var m map[string]any
		if err := json.Unmarshal(acceptedAnswer, &m); err != nil {
			panic(err)
		}
		one := m["messages"].([]any)[0].(map[string]any)
		one["messageId"], one["destination"] = id, to
		status("PENDING", "PENDING_ACCEPTED", "")
		providertest.Answer(w, http.StatusOK, m)
	}
}

// log answers what was taken under an id.
func (f *far) log(w http.ResponseWriter, c providertest.Call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fits := []map[string]any{}
	for _, m := range f.took {
		if f.deaf || m["messageId"] == c.Query.Get("messageId") {
			fits = append(fits, m)
		}
	}
	providertest.Answer(w, 200, map[string]any{"results": fits, "cursor": map[string]any{"limit": 50}})
}

func settings(f *far, change ...string) map[string]string {
	s := map[string]string{settingBase: f.URL, settingKey: key, settingSender: sender}
	for i := 0; i+1 < len(change); i += 2 {
		s[change[i]] = change[i+1]
	}
	return s
}

// newAccount opens a provider in front of f. change lists settings by name and value.
func newAccount(t testing.TB, f *far, change ...string) *account {
	t.Helper()
	p, err := newKind(options{now: clock}).Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: settings(f, change...), CallbackURL: callback})
	if err != nil {
		t.Fatal(err)
	}
	a := p.(*account)
	t.Cleanup(a.Close)
	return a
}

func TestConformance(t *testing.T) {
	t.Parallel()
	const timer = 2 * time.Second
	providertest.Run(t, providertest.Harness{
		Start: func(t testing.TB) *providertest.World {
			f := newFar(t)
			return f.World(t, newKind(options{now: time.Now, timeout: timer}), settings(f), func(c providertest.Call) string {
				text, _ := field(c.Object(), "messages", "content", "text").(string)
				return text
			})
		},
		ResponseTimer: timer, Accepts: takes, Hangs: hangs,
		Lost: map[string]string{"reset": resets, "garbage": garbage, "no id": noID, "internal error": broken, "a proxy's page": html, "redirect": elsewher},
		Refusals: []providertest.Refusal{
			{Name: "number, inside a 200", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "REJECTED_DESTINATION", ProviderText: "Invalid destination address"},
			{Name: "credit, inside a 200", To: noCredit, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "REJECTED_NOT_ENOUGH_CREDITS", ProviderText: "Not enough credits"},
			{Name: "form", To: badForm, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "E400", ProviderText: "Request cannot be processed."},
			{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "UNAUTHORIZED", ProviderText: "Invalid login details"},
			{Name: "throttled", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 7 * time.Second, ProviderCode: "E429", ProviderText: "Too many requests."},
		},
		Queries: true, HangVerdict: smsir.VerdictAccepted, AbsentVerdict: smsir.VerdictUnknown,
	})
}
