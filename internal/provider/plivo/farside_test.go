package plivo

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	authID    = "MA000000000000000001"
	token     = "first"
	token2    = "second"
	sender    = "+12025550130"
	powerpack = "00000000-0000-4000-8000-0000000000aa"
	callback  = "https://sms.example.com/callbacks/prv_1/abc"
	message1  = "00000000-0000-4000-8000-000000000001"
	apiID     = "00000000-0000-4000-8000-0000000000ff"
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
	invalid2 = "+12025550133" // refused inside a 202
)

// createdAnswer is an answer of our own making, after Plivo's documentation.
//
//go:embed testdata/created.json
var createdAnswer []byte

func (a *account) Close() { a.http.Close() }

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// newFar is Plivo, scripted by the recipient's number.
func newFar(t testing.TB) *providertest.Far {
	var taken atomic.Int64
	return providertest.NewFar(t, func(f *providertest.Far, w http.ResponseWriter, c providertest.Call) {
		refuse := func(status int, text string) {
			providertest.Answer(w, status, map[string]any{"api_id": apiID, "error": text})
		}
		denied := func() {
			w.Header().Set("WWW-Authenticate", `Basic realm="Login Required"`)
			w.WriteHeader(401)
			_, _ = io.WriteString(w, "Could not verify your access level for that URL.")
		}
		switch {
		case c.Header.Get("Authorization") != basic(authID, token):
			denied()
			return
		case c.Method == http.MethodGet && c.Path == "/v1/Account/"+authID+"/":
			providertest.Answer(w, 200, map[string]any{"api_id": apiID, "auth_id": authID, "cash_credits": "92.12345", "account_type": "standard"})
			return
		case c.Method != http.MethodPost || c.Path != "/v1/Account/"+authID+"/Message/":
			refuse(404, "not found")
			return
		}
		var m map[string]any
		if err := json.Unmarshal(createdAnswer, &m); err != nil {
			panic(err)
		}
		m["message_uuid"] = []any{fmt.Sprintf("00000000-0000-4000-8000-%012x", taken.Add(1))}
		switch c.Object()["dst"] {
		case hangs:
			f.Hang()
		case resets:
			f.Reset(w)
		case garbage:
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, `{"message_uuid": ["0000`)
		case noID:
			providertest.Answer(w, 202, map[string]any{"api_id": apiID, "message": "message(s) queued"})
		case broken:
			refuse(500, "internal error")
		case invalidN:
			refuse(400, invalidN+" is not a valid phone number")
		case invalid2:
			providertest.Answer(w, 202, map[string]any{"api_id": apiID, "message": "message(s) queued", "message_uuid": []any{}, "invalid_number": []any{invalid2}})
		case noCredit:
			refuse(400, "Insufficient credit")
		case slowDown:
			w.Header().Set("Retry-After", "7")
			refuse(429, "too many requests")
		case noLogin:
			denied()
		case html:
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<html>Access denied by your proxy</html>")
		case elsewher:
			w.Header().Set("Location", f.URL+"/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		default:
			providertest.Answer(w, http.StatusAccepted, m)
		}
	})
}

func settings(f *providertest.Far, change ...string) map[string]string {
	s := map[string]string{settingAuthID: authID, settingToken: token, settingSender: sender, settingBase: f.URL}
	for i := 0; i+1 < len(change); i += 2 {
		s[change[i]] = change[i+1]
	}
	return s
}

// newAccount opens a provider in front of f. change lists settings by name and value.
func newAccount(t testing.TB, f *providertest.Far, change ...string) *account {
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
				text, _ := c.Object()["text"].(string)
				return text
			})
		},
		ResponseTimer: timer, Accepts: takes, Hangs: hangs,
		Lost: map[string]string{"reset": resets, "garbage": garbage, "no id": noID, "internal error": broken, "a proxy's page": html, "redirect": elsewher},
		Refusals: []providertest.Refusal{
			{Name: "number", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "HTTP 400", ProviderText: invalidN + " is not a valid phone number"},
			{Name: "number, inside a 202", To: invalid2, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "invalid_number", ProviderText: invalid2},
			{Name: "no credit", To: noCredit, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "HTTP 400", ProviderText: "Insufficient credit"},
			{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "HTTP 401", ProviderText: "Could not verify your access level for that URL."},
			{Name: "throttled", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 7 * time.Second, ProviderCode: "HTTP 429", ProviderText: "too many requests"},
		},
	})
}
