package telnyx

import (
	_ "embed"
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
	key      = "KEY0000"
	profile  = "00000000-0000-4000-8000-0000000000aa"
	sender   = "+12025550130"
	callback = "https://sms.example.com/callbacks/prv_1/abc"
	message1 = "00000000-0000-4000-8000-000000000001"
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
	optedOut = "+12025550127"
	slowDown = "+12025550128"
	noLogin  = "+12025550129"
	html     = "+12025550131"
	elsewher = "+12025550132"
)

// createdAnswer is an answer of our own making, after the schema of Telnyx's document (see spec_test.go).
//
//go:embed testdata/created.json
var createdAnswer []byte

func (a *account) Close() { a.http.Close() }

// newFar is Telnyx, scripted by the recipient's number.
func newFar(t testing.TB) *providertest.Far {
	var taken atomic.Int64
	return providertest.NewFar(t, func(f *providertest.Far, w http.ResponseWriter, c providertest.Call) {
		refuse := func(status int, code, title, detail string) {
			fault := map[string]any{"code": code, "title": title, "meta": map[string]any{"url": "https://developers.telnyx.com/docs/overview/errors/" + code}}
			if detail != "" {
				fault["detail"] = detail
			}
			providertest.Answer(w, status, map[string]any{"errors": []any{fault}})
		}
		switch {
		case c.Header.Get("Authorization") != "Bearer "+key:
			refuse(401, "10009", "Authentication failed", "No key found matching the ID.")
			return
		case c.Method == http.MethodGet && c.Path == "/v2/balance":
			providertest.Answer(w, 200, map[string]any{"data": map[string]any{
				"record_type": "balance", "pending": "10.00", "balance": "300.00", "credit_limit": "100.00", "available_credit": "400.00", "currency": "USD",
			}})
			return
		case c.Method != http.MethodPost || c.Path != "/v2/messages":
			refuse(404, "10005", "Resource not found", "")
			return
		}
		o := c.Object()
		var m map[string]map[string]any
		if err := json.Unmarshal(createdAnswer, &m); err != nil {
			panic(err)
		}
		m["data"]["id"] = fmt.Sprintf("00000000-0000-4000-8000-%012x", taken.Add(1))
		m["data"]["to"] = []any{map[string]any{"phone_number": o["to"], "status": "queued", "carrier": "", "line_type": "Wireless"}}
		m["data"]["text"] = o["text"]
		switch o["to"] {
		case hangs:
			f.Hang()
		case resets:
			f.Reset(w)
		case garbage:
			w.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(w, `{"data": {"id": "0000`)
		case noID:
			providertest.Answer(w, 200, map[string]any{"data": map[string]any{"record_type": "message"}})
		case broken:
			refuse(500, "10007", "Unexpected error", "")
		case invalidN:
			refuse(422, "40310", "Invalid 'to' address", "The 'to' address should be in E.164 format.")
		case optedOut:
			refuse(403, "40300", "Blocked due to STOP message", "Messages cannot be sent due to an existing block rule.")
		case slowDown:
			w.Header().Set("Retry-After", "7")
			refuse(429, "10011", "Too many requests", "")
		case noLogin:
			refuse(403, "10010", "Authorization failed", "")
		case html:
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<html>Access denied by your proxy</html>")
		case elsewher:
			w.Header().Set("Location", f.URL+"/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		default:
			providertest.Answer(w, 200, m)
		}
	})
}

func settings(f *providertest.Far, change ...string) map[string]string {
	s := map[string]string{settingKey: key, settingPublic: publicKey(1), settingSender: sender, settingBase: f.URL}
	for i := 0; i+1 < len(change); i += 2 {
		s[change[i]] = change[i+1]
	}
	return s
}

// newAccount opens a provider in front of f. change lists settings by name and value.
func newAccount(t testing.TB, f *providertest.Far, change ...string) *account {
	t.Helper()
	p, err := newKind(options{now: time.Now}).Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: settings(f, change...), CallbackURL: callback})
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
			{Name: "number", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "40310", ProviderText: "The 'to' address should be in E.164 format."},
			{Name: "opted out", To: optedOut, State: smsir.AttemptRefused, Class: smsir.ClassBlocked, ProviderCode: "40300", ProviderText: "Messages cannot be sent due to an existing block rule."},
			{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "10010", ProviderText: "Authorization failed"},
			{Name: "throttled", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 7 * time.Second, ProviderCode: "10011", ProviderText: "Too many requests"},
		},
	})
}

// TestOfficialDocument holds our requests, and the answers that our tests give to them, against Telnyx's own OpenAPI
// document.
func TestOfficialDocument(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	providertest.AgainstDocument(t, "telnyx_messages.json", f, func(base string) int {
		for _, change := range [][]string{nil, {settingProfile, profile}, {settingProfile, profile, settingSender, ""}} {
			s := submission(takes)
			if change != nil {
				s.Encoding = smsir.EncodingUCS2
			}
			if _, err := newAccount(t, f, append(change, settingBase, base)...).Send(t.Context(), s); err != nil {
				t.Error(err)
			}
		}
		return 3
	}, "encoding")
}
