package africastalking

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
	user     = "app1"
	key      = "not-a-secret"
	callback = "https://sms.example.com/callbacks/prv_1/abc"
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
	nobody   = "+12025550133" // no recipient in the answer
	badName  = "+12025550134" // likewise, with a word that says why
	twice    = "+12025550135" // two recipients in the answer
)

// sent is an answer of our own making, after the provider's documentation.
//
//go:embed testdata/sent.json
var sent []byte

// far is Africa's Talking, scripted by the recipient's number.
type far struct {
	*providertest.Far
	taken atomic.Int64
}

func newFar(t testing.TB) *far {
	f := &far{}
	f.Far = providertest.NewFar(t, func(far *providertest.Far, w http.ResponseWriter, c providertest.Call) {
		switch {
		case c.Header.Get("apiKey") != key || c.Header.Get("Accept") != "application/json":
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, "The supplied authentication is invalid")
		case c.Method == "GET" && c.Path == "/version1/user" && c.Query.Get("username") == user:
			_, _ = io.WriteString(w, `{"UserData": {"balance": "KES 1785.50"}}`)
		case c.Method == "POST" && c.Path == "/version1/messaging":
			f.message(far, w, c.Form().Get("to"))
		default:
			http.NotFound(w, nil)
		}
	})
	return f
}

type object = map[string]any

// answer answers with the recipients of a request, made from testdata/sent.json.
func (f *far) answer(w http.ResponseWriter, message string, changes ...object) {
	var out struct {
		Data struct {
			Message    string
			Recipients []object
		} `json:"SMSMessageData"`
	}
	if err := json.Unmarshal(sent, &out); err != nil {
		panic(err)
	}
	like := out.Data.Recipients[0]
	out.Data.Message, out.Data.Recipients = message, []object{}
	for _, change := range changes {
		r := object{}
		for name, value := range like {
			r[name] = value
		}
		r["messageId"] = fmt.Sprintf("ATXid_%032x", f.taken.Add(1))
		for name, value := range change {
			r[name] = value
		}
		out.Data.Recipients = append(out.Data.Recipients, r)
	}
	providertest.Answer(w, http.StatusCreated, out)
}

func refused(code int, status string) object {
	return object{"statusCode": code, "status": status, "cost": "0", "messageId": "None"}
}

func (f *far) message(far *providertest.Far, w http.ResponseWriter, to string) {
	const all, none = "Sent to 1/1 Total Cost: KES 0.8000", "Sent to 0/1 Total Cost: 0"
	switch to {
	case hangs:
		far.Hang()
	case resets:
		far.Reset(w)
	case garbage:
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"SMSMessageData": {"Message": "Sent`)
	case noID:
		f.answer(w, all, object{"messageId": "None"})
	case broken:
		w.WriteHeader(http.StatusInternalServerError)
	case invalidN:
		f.answer(w, none, refused(403, "InvalidPhoneNumber"))
	case optedOut:
		f.answer(w, none, refused(406, "UserInBlacklist"))
	case slowDown:
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	case noLogin:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "The supplied authentication is invalid\n")
	case html:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "<html>Log in to your proxy</html>")
	case elsewher:
		w.Header().Set("Location", f.URL+"/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	case nobody:
		f.answer(w, "Something new")
	case badName:
		f.answer(w, "InvalidSenderId")
	case twice:
		f.answer(w, all, nil, nil)
	default:
		f.answer(w, all, object{"number": to})
	}
}

func (f *far) settings(change ...string) map[string]string {
	s := map[string]string{settingUser: user, settingKey: key, settingBase: f.URL}
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
	t.Cleanup(a.Close)
	return a
}

func TestConformance(t *testing.T) {
	t.Parallel()
	const timer = 2 * time.Second
	providertest.Run(t, providertest.Harness{
		Start: func(t testing.TB) *providertest.World {
			f := newFar(t)
			return f.World(t, newKind(options{now: time.Now, timeout: timer}), f.settings(), func(c providertest.Call) string { return c.Form().Get("message") })
		},
		ResponseTimer: timer, Accepts: takes, Hangs: hangs,
		Lost: map[string]string{
			"reset": resets, "garbage": garbage, "no id": noID, "internal error": broken, "a proxy's page": html, "redirect": elsewher,
			"no recipient": nobody, "two recipients": twice,
		},
		Refusals: []providertest.Refusal{
			{Name: "number", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "403", ProviderText: "InvalidPhoneNumber"},
			{Name: "opted out", To: optedOut, State: smsir.AttemptRefused, Class: smsir.ClassBlocked, ProviderCode: "406", ProviderText: "UserInBlacklist"},
			{Name: "sender", To: badName, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "InvalidSenderId"},
			{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "HTTP 401", ProviderText: "The supplied authentication is invalid"},
			{Name: "throttled", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 7 * time.Second, ProviderCode: "HTTP 429"},
		},
	})
}
