package vonage

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	key         = "abcd1234"
	secret      = "not-a-secret"
	signing     = "nor-is-this-one-a-secret-of-32-b"
	application = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
	sender      = "+12025550130"
	callback    = "https://sms.example.com/callbacks/prv_1/abc"
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
	barred   = "+12025550127"
	slowDown = "+12025550128"
	noLogin  = "+12025550129"
	html     = "+12025550131"
	elsewher = "+12025550132"
	mixed    = "+12025550133" // one part taken, two refused
	empty    = "+12025550134"
	odd      = "+12025550135" // one part taken, one without a result
)

var made struct {
	once sync.Once
	key  *rsa.PrivateKey
	err  error
}

// privateKey is the key of the application, made anew for each run of the tests.
func privateKey(t testing.TB) *rsa.PrivateKey {
	made.once.Do(func() { made.key, made.err = rsa.GenerateKey(rand.Reader, 2048) })
	if made.err != nil {
		t.Fatal(made.err)
	}
	return made.key
}

// keyFile is the key as the file that the dashboard gives.
func keyFile(t testing.TB) string {
	der, err := x509.MarshalPKCS8PrivateKey(privateKey(t))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// far is Vonage, scripted by the recipient's number.
type far struct {
	*providertest.Far
	taken atomic.Int64
}

func newFar(t testing.TB) *far {
	f := &far{}
	f.Far = providertest.NewFar(t, func(far *providertest.Far, w http.ResponseWriter, c providertest.Call) {
		switch {
		case c.Method == "POST" && c.Path == "/sms/json":
			f.sms(far, w, c)
		case c.Method == "POST" && c.Path == "/v1/messages":
			f.messages(far, w, c)
		case c.Method == "GET" && c.Path == "/account/get-balance":
			if !basic(c) {
				providertest.Answer(w, 401, map[string]string{"error-code": "401", "error-code-label": "authentication failed"})
				return
			}
			_, _ = io.WriteString(w, `{"value": 10.28, "autoReload": false}`)
		default:
			http.NotFound(w, nil)
		}
	})
	return f
}

func basic(c providertest.Call) bool {
	user, password, ok := (&http.Request{Header: c.Header}).BasicAuth()
	return ok && user == key && password == secret
}

// lost plays what both APIs can do to an answer; true if it did.
func lost(f *providertest.Far, w http.ResponseWriter, to string) bool {
	switch to {
	case hangs:
		f.Hang()
	case resets:
		f.Reset(w)
	case html:
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<html>Access denied by your proxy</html>")
	case elsewher:
		w.Header().Set("Location", f.URL+"/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	default:
		return false
	}
	return true
}

func (f *far) sms(far *providertest.Far, w http.ResponseWriter, c providertest.Call) {
	form := c.Form()
	to := "+" + form.Get("to")
	if lost(far, w, to) {
		return
	}
	refusal := func(status, text string) map[string]string {
		return map[string]string{"status": status, "error-text": text}
	}
	took := func() map[string]string {
		return map[string]string{
			"to": form.Get("to"), "message-id": fmt.Sprintf("0A%014X", f.taken.Add(1)), "status": "0", "remaining-balance": "3.14159265",
			"message-price": "0.03330000", "network": "12345", "client-ref": form.Get("client-ref"),
		}
	}
	answer := func(parts ...map[string]string) {
		providertest.Answer(w, 200, map[string]any{"message-count": fmt.Sprint(len(parts)), "messages": parts})
	}
	signed := form.Has("sig") && form.Get("api_key") == key && form.Get("sig") == sign("sha256", []byte(signing), form)
	switch {
	case to == noLogin || !basic(c) && !signed:
		answer(refusal("4", "Bad Credentials"))
	case to == garbage:
		_, _ = io.WriteString(w, `{"message-count": "1", "messages": [{"status`)
	case to == noID:
		answer(map[string]string{"to": form.Get("to"), "status": "0"})
	case to == empty:
		answer()
	case to == odd:
		answer(took(), map[string]string{})
	case to == broken:
		w.WriteHeader(http.StatusInternalServerError)
	case to == invalidN:
		answer(refusal("3", "Invalid to address"))
	case to == barred:
		answer(refusal("7", "Number barred"))
	case to == slowDown:
		answer(refusal("1", "Throughput Rate Exceeded - please wait [ 250 ] and retry"))
	case to == mixed:
		answer(took(), refusal("1", "Throughput Rate Exceeded"), refusal("9", "Partner quota exceeded"))
	default:
		parts := []map[string]string{took()}
		for n := len(form.Get("text")); n > 160; n -= 153 {
			parts = append(parts, took())
		}
		answer(parts...)
	}
}

func (f *far) messages(far *providertest.Far, w http.ResponseWriter, c providertest.Call) {
	body := c.Object()
	bare, _ := body["to"].(string)
	to := "+" + bare
	if lost(far, w, to) {
		return
	}
	refuse := func(status int, code, title, detail string) {
		providertest.Answer(w, status, map[string]string{
			"type": "https://developer.vonage.com/api-errors/messages#" + code, "title": title, "detail": detail, "details": detail, "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf",
		})
	}
	switch {
	case to == noLogin || !strings.HasPrefix(c.Header.Get("Authorization"), "Bearer "):
		refuse(401, "unauthorized", "You did not provide correct credentials.", "Check your credentials")
	case bare == "":
		refuse(422, "1010", "Missing params", "to is required")
	case to == garbage:
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"message_uuid": "aaaa`)
	case to == noID:
		providertest.Answer(w, 202, map[string]string{})
	case to == broken:
		refuse(500, "1030", "Internal error", "There was an error processing your request in the Platform.")
	case to == invalidN:
		refuse(422, "1170", "Invalid or Missing Msisdn Param", "The phone number is invalid")
	case to == barred:
		refuse(422, "1050", "Number barred", "The number is barred")
	case to == slowDown:
		w.Header().Set("Retry-After", "7")
		refuse(429, "1000", "Rate Limit Hit", "Please wait, then retry your request")
	default:
		providertest.Answer(w, 202, map[string]string{"message_uuid": fmt.Sprintf("aaaaaaaa-bbbb-cccc-dddd-%012x", f.taken.Add(1))})
	}
}

// text is the text of a message that a call hands over.
func text(c providertest.Call) string {
	if c.Path == "/sms/json" {
		return c.Form().Get("text")
	}
	text, _ := c.Object()["text"].(string)
	return text
}

// settings are complete for one API. change lists settings by name and value.
func (f *far) settings(t testing.TB, api string, change ...string) map[string]string {
	s := map[string]string{
		settingAPI: api, settingKey: key, settingSecret: secret, settingSignature: signing, settingSender: sender, settingREST: f.URL, settingBase: f.URL,
	}
	if api == apiMessages {
		s[settingApplication], s[settingPrivateKey] = application, keyFile(t)
	}
	for i := 0; i+1 < len(change); i += 2 {
		s[change[i]] = change[i+1]
	}
	return s
}

// newAccount opens a provider in front of f.
func newAccount(t testing.TB, f *far, api string, change ...string) *account {
	t.Helper()
	p, err := newKind(options{now: time.Now}).Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: f.settings(t, api, change...), CallbackURL: callback})
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
	harness := func(api string, refusals []providertest.Refusal, more map[string]string) providertest.Harness {
		h := providertest.Harness{
			Start: func(t testing.TB) *providertest.World {
				f := newFar(t)
				return f.World(t, newKind(options{now: time.Now, timeout: timer}), f.settings(t, api), text)
			},
			ResponseTimer: timer, Accepts: takes, Hangs: hangs, Refusals: refusals, Runner: true,
			Lost: map[string]string{"reset": resets, "garbage": garbage, "no id": noID, "internal error": broken, "a proxy's page": html, "redirect": elsewher},
		}
		for name, to := range more {
			h.Lost[name] = to
		}
		return h
	}
	for _, tt := range []struct {
		api      string
		refusals []providertest.Refusal
		lost     map[string]string
	}{
		{apiSMS, []providertest.Refusal{
			{Name: "number", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "3", ProviderText: "Invalid to address"},
			{Name: "barred", To: barred, State: smsir.AttemptRefused, Class: smsir.ClassBlocked, ProviderCode: "7", ProviderText: "Number barred"},
			{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "4", ProviderText: "Bad Credentials"},
			{Name: "throttled", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 250 * time.Millisecond, ProviderCode: "1", ProviderText: "Throughput Rate Exceeded - please wait [ 250 ] and retry"},
		}, map[string]string{"no parts": empty, "a part without a result": odd}},
		{apiMessages, []providertest.Refusal{
			{Name: "number", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "1170", ProviderText: "The phone number is invalid"},
			{Name: "barred", To: barred, State: smsir.AttemptRefused, Class: smsir.ClassBlocked, ProviderCode: "1050", ProviderText: "The number is barred"},
			{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "unauthorized", ProviderText: "Check your credentials"},
			{Name: "throttled", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 7 * time.Second, ProviderCode: "1000", ProviderText: "Please wait, then retry your request"},
		}, nil},
	} {
		t.Run(tt.api, func(t *testing.T) {
			t.Parallel()
			providertest.Run(t, harness(tt.api, tt.refusals, tt.lost))
		})
	}
}

// unpack reads a token of ours, without its signature.
func unpack(t *testing.T, bearer string) (c claims) {
	t.Helper()
	parts := strings.Split(strings.TrimPrefix(bearer, "Bearer "), ".")
	if len(parts) != 3 {
		t.Fatalf("token %q, want three parts", bearer)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &c) != nil {
		t.Fatalf("claims %s, %v", raw, err)
	}
	return c
}

// pairs makes parameters of names and values.
func pairs(more ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(more); i += 2 {
		v.Add(more[i], more[i+1])
	}
	return v
}

// TestOfficialDocument holds our requests, and the answers that our tests give to them, against Vonage's own OpenAPI
// documents.
func TestOfficialDocument(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		api, file string
		newer     []string // than version 1.4.0 of the document
	}{
		{apiSMS, "vonage_sms.json", nil},
		{apiMessages, "vonage_messages.json", []string{"ttl", "sms", "webhook_url", "webhook_version"}},
	} {
		t.Run(tt.api, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			providertest.AgainstDocument(t, tt.file, f.Far, func(base string) int {
				a := newAccount(t, f, tt.api, settingREST, base, settingBase, base)
				for _, to := range []string{takes, invalidN, slowDown} {
					for _, from := range []string{"", "ACME"} {
						s := submission(to)
						s.From, s.Encoding = from, smsir.EncodingUCS2
						if _, err := a.Send(t.Context(), s); (err != nil) != (to != takes) {
							t.Errorf("%s: got %v", to, err)
						}
					}
				}
				return 6
			}, tt.newer...)
		})
	}
}
