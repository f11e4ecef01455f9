package messagebird

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
	key      = "letmein"
	birdKey  = "bk_eu1_letmein"
	sender   = "+12025550130"
	callback = "https://sms.example.com/callbacks/prv_1/abc"
	message1 = "0000000000000000000000000000c001"
	bird1    = "sms_c001"
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
	html     = "+12025550131"
	elsewher = "+12025550132"
	refused  = "+12025550133" // HTTP 401
)

// createdAnswer is an answer of our own making, after the example in MessageBird's documentation.
//
//go:embed testdata/created.json
var createdAnswer []byte

func (a *account) Close() { a.http.Close() }

// newFar is MessageBird, with both APIs, scripted by the recipient's number.
func newFar(t testing.TB) *providertest.Far {
	var taken atomic.Int64
	return providertest.NewFar(t, func(f *providertest.Far, w http.ResponseWriter, c providertest.Call) {
		o := c.Object()
		bird := c.Path == "/v1/sms/messages"
		refuse := func(status, code int, kind, birdCode, text string) {
			if bird {
				providertest.Answer(w, status, map[string]any{"error": map[string]any{"type": kind, "code": birdCode, "name": "a_name", "message": text}})
				return
			}
			providertest.Answer(w, status, map[string]any{"errors": []any{map[string]any{"code": code, "description": text, "parameter": nil}}})
		}
		if want := map[bool]string{false: "AccessKey " + key, true: "Bearer " + birdKey}[bird]; c.Header.Get("Authorization") != want {
			refuse(401, 2, "auth_error", "E10001", "Request not allowed (incorrect access_key)")
			return
		}
		to, _ := o["to"].(string)
		if list, ok := o["recipients"].([]any); ok && len(list) == 1 {
			to = "+" + fmt.Sprint(list[0])
		}
		switch {
		case c.Method == http.MethodGet && bird:
			providertest.Answer(w, 200, map[string]any{"data": []any{}, "next_cursor": nil})
		case c.Method == http.MethodGet && c.Path == "/balance":
			_, _ = io.WriteString(w, `{"payment":"prepaid","type":"euros","amount":12.340}`)
		case c.Method != http.MethodPost || !bird && c.Path != "/messages":
			refuse(404, 20, "not_found_error", "E10004", "not found")
		case to == hangs:
			f.Hang()
		case to == resets:
			f.Reset(w)
		case to == garbage:
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"id": "00`)
		case to == noID:
			providertest.Answer(w, 201, map[string]any{"direction": "mt"})
		case to == broken:
			refuse(500, 99, "internal_error", "E10500", "internal error")
		case to == invalidN:
			refuse(422, 9, "validation_error", "E10422", "no (correct) recipients found")
		case to == noCredit:
			refuse(402, 25, "billing_error", "E10402", "not enough balance")
		case to == slowDown:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case to == refused:
			w.WriteHeader(http.StatusUnauthorized)
		case to == html:
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<html>Access denied by your proxy</html>")
		case to == elsewher:
			w.Header().Set("Location", f.URL+"/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		case bird:
			providertest.Answer(w, 202, map[string]any{"id": fmt.Sprintf("sms_c%03d", taken.Add(1)), "status": "accepted", "to": to})
		default:
			var m map[string]any
			if err := json.Unmarshal(createdAnswer, &m); err != nil {
				panic(err)
			}
			m["id"] = fmt.Sprintf("0000000000000000000000000000c%03d", taken.Add(1))
			providertest.Answer(w, 201, m)
		}
	})
}

func settings(f *providertest.Far, change ...string) map[string]string {
	s := map[string]string{settingKey: key, settingSigning: secret, settingSender: sender, settingBase: f.URL}
	for i := 0; i+1 < len(change); i += 2 {
		s[change[i]] = change[i+1]
	}
	return s
}

func newProvider(t testing.TB, s map[string]string) smsir.Provider {
	t.Helper()
	p, err := newKind(options{now: clock}).Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: s, CallbackURL: callback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.(interface{ Close() }).Close)
	return p
}

// newClassic opens a provider in front of f that speaks the SMS API. change lists settings by name and value.
func newClassic(t testing.TB, f *providertest.Far, change ...string) *classic {
	t.Helper()
	return newProvider(t, settings(f, change...)).(*classic)
}

// newPlatform is the same for the Bird platform.
func newPlatform(t testing.TB, f *providertest.Far, change ...string) *platform {
	t.Helper()
	return newProvider(t, settings(f, append([]string{settingKey, birdKey, settingSigning, birdSecret("one")}, change...)...)).(*platform)
}

// TestConformance runs the suite with a key of either API.
func TestConformance(t *testing.T) {
	t.Parallel()
	const timer = 2 * time.Second
	for name, api := range map[string]struct {
		change      []string
		text        string // the field with the text
		number, due string // the codes of refusals
	}{
		"SMS API":       {nil, "body", "9", "25"},
		"Bird platform": {[]string{settingKey, birdKey, settingSigning, birdSecret("one")}, "text", "E10422", "E10402"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			providertest.Run(t, providertest.Harness{
				Start: func(t testing.TB) *providertest.World {
					f := newFar(t)
					return f.World(t, newKind(options{now: time.Now, timeout: timer}), settings(f, api.change...), func(c providertest.Call) string {
						text, _ := c.Object()[api.text].(string)
						return text
					})
				},
				ResponseTimer: timer, Accepts: takes, Hangs: hangs,
				Lost: map[string]string{"reset": resets, "garbage": garbage, "no id": noID, "internal error": broken, "a proxy's page": html, "redirect": elsewher},
				Refusals: []providertest.Refusal{
					{Name: "number", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: api.number, ProviderText: "no (correct) recipients found"},
					{Name: "credit", To: noCredit, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: api.due, ProviderText: "not enough balance"},
					{Name: "credentials", To: refused, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: noLogin},
					{Name: "throttled", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 7 * time.Second, ProviderCode: "HTTP 429"},
				},
			})
		})
	}
}
