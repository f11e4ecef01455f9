package clickatell

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
	"github.com/smsir/smsir/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	key      = "key-of-a-test"
	sender   = "+12025550130"
	callback = "https://sms.example.com/callbacks/prv_1/abc"
	message1 = "fd496adebb6e422587368077937cfb5d"
	attempt  = smsir.ID(4711)
)

// Numbers with a part to play.
const (
	takes    = "+12025550120"
	hangs    = "+12025550121"
	resets   = "+12025550122"
	garbage  = "+12025550123"
	noID     = "+12025550124"
	broken   = "+12025550125" // HTTP 500
	invalidN = "+12025550126" // refused inside of a 207
	optedOut = "+12025550127" // refused inside of a 202
	slowDown = "+12025550128"
	noLogin  = "+12025550129"
	html     = "+12025550131"
	elsewher = "+12025550132"
	limited  = "+12025550133" // HTTP 400, code 43
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

func (a *account) Close() { a.http.Close() }

// refusal is an answer after Clickatell's documentation: to the request if it is the request's fault, else to the message.
func refusal(to string, code int, words string) map[string]any {
	fault := map[string]any{"code": code, "description": words}
	if to == "" {
		return map[string]any{"messages": []any{}, "error": fault}
	}
	return map[string]any{"messages": []any{map[string]any{"apiMessageId": nil, "accepted": false, "to": to, "error": fault}}, "error": nil}
}

// newFar is Clickatell, scripted by the recipient's number.
func newFar(t testing.TB) *providertest.Far {
	var taken atomic.Int64
	return providertest.NewFar(t, func(f *providertest.Far, w http.ResponseWriter, c providertest.Call) {
		switch {
		case c.Header.Get("Authorization") != key:
			providertest.Answer(w, 401, refusal("", 1, "Invalid or missing Integration API Key"))
			return
		case c.Method == http.MethodGet && c.Path == "/public-client/balance":
			providertest.Answer(w, 200, map[string]any{"balance": 1267.92865, "currency": "ZAR"})
			return
		case c.Method != http.MethodPost || c.Path != "/v1/message":
			providertest.Answer(w, 404, refusal("", 41, "Resource does not exist"))
			return
		}
		var m request
		if json.Unmarshal(c.Body, &m) != nil || len(m.Messages) != 1 {
			providertest.Answer(w, 400, refusal("", 21, "Payload data is malformed"))
			return
		}
		to := m.Messages[0].To
		switch "+" + to {
		case hangs:
			f.Hang()
		case resets:
			f.Reset(w)
		case garbage:
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, `{"messages": [{"apiMessageId": "fd49`)
		case noID:
			providertest.Answer(w, 202, map[string]any{"messages": []any{map[string]any{"accepted": true, "to": to}}})
		case broken:
			providertest.Answer(w, 500, refusal("", 18, "Internal error"))
		case invalidN:
			providertest.Answer(w, 207, refusal(to, 25, "Invalid recipient address: (msisdn)"))
		case optedOut:
			providertest.Answer(w, 202, refusal(to, 26, "Recipient opted out"))
		case slowDown:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case limited:
			providertest.Answer(w, 400, refusal("", 43, "Rate limit"))
		case noLogin:
			providertest.Answer(w, 401, refusal("", 1, "Invalid or missing Integration API Key"))
		case html:
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<html>Access denied by your proxy</html>")
		case elsewher:
			w.Header().Set("Location", f.URL+"/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		default:
			providertest.Answer(w, 202, map[string]any{"messages": []any{map[string]any{"apiMessageId": fmt.Sprintf("%032x", taken.Add(1)), "accepted": true, "to": to, "error": nil}}, "error": nil})
		}
	})
}

func settings(f *providertest.Far, change ...string) map[string]string {
	s := map[string]string{settingKey: key, settingBase: f.URL}
	for i := 0; i+1 < len(change); i += 2 {
		s[change[i]] = change[i+1]
	}
	return s
}

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
				var m request
				if json.Unmarshal(c.Body, &m) != nil || len(m.Messages) != 1 {
					return ""
				}
				return m.Messages[0].Content
			})
		},
		ResponseTimer: timer, Accepts: takes, Hangs: hangs,
		Lost: map[string]string{"reset": resets, "garbage": garbage, "no id": noID, "internal error": broken, "a proxy's page": html, "redirect": elsewher},
		Refusals: []providertest.Refusal{
			{Name: "number, inside of a 207", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "25", ProviderText: "Invalid recipient address: (msisdn)"},
			{Name: "opted out, inside of a 202", To: optedOut, State: smsir.AttemptRefused, Class: smsir.ClassBlocked, ProviderCode: "26", ProviderText: "Recipient opted out"},
			{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "1", ProviderText: "Invalid or missing Integration API Key"},
			{Name: "throttled", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 7 * time.Second, ProviderCode: "HTTP 429"},
			{Name: "throttled with HTTP 400", To: limited, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, ProviderCode: "43", ProviderText: "Rate limit"},
		},
	})
}

// TestRequest: the body and the key, word for word.
func TestRequest(t *testing.T) {
	t.Parallel()
	id := attempt.Format(smsir.PrefixAttempt)
	for name, tt := range map[string]struct{ sender, from, want string }{
		"one-way":               {"", "", ""},
		"default sender":        {sender, "", `"from":"12025550130",`},
		"sender of the message": {sender, "12345", `"from":"12345",`},
	} {
		f := newFar(t)
		got, err := newAccount(t, f, settingSender, tt.sender).Send(t.Context(), smsir.Submission{Attempt: attempt, To: takes, From: tt.from, Text: `Grüße "50%"`, Validity: time.Hour})
		if err != nil || len(got.References) != 1 || got.NoReceipt {
			t.Fatalf("%s: got %+v, %v", name, got, err)
		}
		c := f.Calls()[0]
		want := `{"messages":[{"channel":"sms","to":"12025550120",` + tt.want + `"content":"Grüße \"50%\"","clientMessageId":"` + id + `"}]}`
		if string(c.Body) != want || c.Header.Get("Authorization") != key || c.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: got %s with %v, want %s", name, c.Body, c.Header, want)
		}
	}
	f := newFar(t)
	p, err := newKind(options{now: clock}).Open(smsir.ProviderConfig{Settings: settings(f)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.(*account).Close)
	if got, err := p.Send(t.Context(), smsir.Submission{Attempt: attempt, To: takes, Text: "x"}); err != nil || !got.NoReceipt {
		t.Errorf("without an address for calls: got %+v, %v, want NoReceipt", got, err)
	}
}

// TestCodes: every row of the table, and what a refusal with each code comes to.
func TestCodes(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	want := map[smsir.FailureClass]string{
		smsir.ClassConfig:        "1 2 3 7 20 28 38 39 41 42 44 45 110 111 INSUFFICIENT_ACCOUNT_BALANCE VOLUME_LIMIT_DAILY VOLUME_LIMIT_MONTHLY",
		smsir.ClassThrottle:      "43 VOLUME_LIMIT",
		smsir.ClassPermanent:     "21 22 23 24 25 27 30 40 100 101 STOPPED_BY_USER STOPPED_BY_ADMIN DELIVERY_FAILURE RECIPIENT_DOES_NOT_EXIST ENCRYPTION_ACCESS_DENIED ENCRYPTION_CONTENT_ERROR ROUTING_ERROR",
		smsir.ClassBlocked:       "26",
		smsir.ClassRecipientTemp: "EXPIRED",
		smsir.ClassUnknown:       "18 19",
	}
	n := 0
	for class, codes := range want {
		for code := range strings.FieldsSeq(codes) {
			n++
			note := a.codes.Codes[code]
			if note.Class != class || note.Text == "" {
				t.Errorf("code %s: got %q %q, want class %q and a text", code, note.Class, note.Text, class)
			}
			if code[0] > '9' {
				continue // of receipts
			}
			_, err := a.judge(outcall.Response{Status: 400, Body: []byte(`{"messages":[],"error":{"code":` + code + `,"description":"words"}}`)})
			var e *smsir.SendError
			if !errors.As(err, &e) || e.Class != class || e.ProviderCode != code || e.ProviderText != "words" || e.Unmapped {
				t.Errorf("refused with %s: got %v, want class %q and Clickatell's words", code, err, class)
			}
			if (e.State == smsir.AttemptUnknown) != (class == smsir.ClassUnknown) || (e.State == smsir.AttemptNotSent) != (class == smsir.ClassThrottle) {
				t.Errorf("refused with %s: got state %v", code, e.State)
			}
		}
	}
	if n != len(a.codes.Codes) {
		t.Errorf("codes.json has %d codes, want %d", len(a.codes.Codes), n)
	}
}

// TestAnswers: what is certain, and what is not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	good := `{"messages":[{"apiMessageId":"` + message1 + `","accepted":true,"to":"1","error":null}],"error":null}`
	for _, tt := range []struct {
		status int
		body   string
		state  smsir.AttemptState // 0: accepted
		code   string
		loose  bool // the table does not have the code
	}{
		{202, good, 0, "", false},
		{200, good, 0, "", false},
		{202, strings.Replace(good, message1, "../../x", 1), smsir.AttemptUnknown, "HTTP 202", false},
		{202, strings.Replace(good, "true", "false", 1), smsir.AttemptUnknown, "HTTP 202", false},
		{202, `{"messages":[]}`, smsir.AttemptUnknown, "HTTP 202", false},
		{202, strings.Replace(good, `"error":null}]`, `"error":{"code":25}}]`, 1), smsir.AttemptUnknown, "HTTP 202", false}, // yes and no at once
		{202, ``, smsir.AttemptUnknown, "HTTP 202", false},
		{400, good, smsir.AttemptUnknown, "HTTP 400", false},
		{207, `{"messages":[{"accepted":false,"error":{"code":999,"description":"new"}}]}`, smsir.AttemptRefused, "999", true},
		{400, `{"error":{"code":"25"}}`, smsir.AttemptRefused, "25", false},
		{400, `{"error":{"description":"no code"}}`, smsir.AttemptUnknown, "HTTP 400", false},
		{500, `{"error":{"code":25}}`, smsir.AttemptUnknown, "25", false},
		{503, `{"error":{"code":19}}`, smsir.AttemptUnknown, "19", false},
	} {
		got, err := a.judge(outcall.Response{Status: tt.status, Header: http.Header{}, Body: []byte(tt.body)})
		var e *smsir.SendError
		switch {
		case tt.state == 0:
			if err != nil || !reflect.DeepEqual(got.References, []string{message1}) {
				t.Errorf("%d %s: got %+v, %v, want it accepted", tt.status, tt.body, got, err)
			}
		case !errors.As(err, &e) || e.State != tt.state || e.ProviderCode != tt.code || e.Unmapped != tt.loose:
			t.Errorf("%d %s: got %v, want %v [%s], unmapped %v", tt.status, tt.body, err, tt.state, tt.code, tt.loose)
		}
	}
	if _, err := a.judge(outcall.Response{Status: 202, Body: []byte(good), Truncated: true}); err == nil {
		t.Error("an answer that was cut off was taken for a yes")
	}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func call1(body string, header ...string) smsir.CallbackRequest {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return smsir.CallbackRequest{Method: http.MethodPost, URL: callback, Header: h, Body: []byte(body)}
}

func statusCall(word string) string {
	return fmt.Sprintf(`{"integrationId":"i","integrationName":"n","event":{"messageStatusUpdate":[{"channel":"sms","messageId":%q,"clientMessageId":%q,"to":"12025550120","timestamp":1795953600000,"statusCode":5,"status":%q,"statusDescription":"words"}]}}`,
		message1, attempt.Format(smsir.PrefixAttempt), word)
}

// TestWhoIsBelieved: with a name and a password, only calls that bear them.
func TestWhoIsBelieved(t *testing.T) {
	t.Parallel()
	body := statusCall("DEVICE_ACK")
	get := call1(body, "Authorization", basic("me", "pw"))
	get.Method = http.MethodGet
	for name, tt := range map[string]struct {
		set  []string
		r    smsir.CallbackRequest
		fine bool
	}{
		"nothing set":                 {nil, call1(body), true},
		"nothing set, some given":     {nil, call1(body, "Authorization", basic("me", "pw")), true},
		"both right":                  {[]string{settingUser, "me", settingPassword, "pw"}, call1(body, "Authorization", basic("me", "pw")), true},
		"nothing given":               {[]string{settingUser, "me", settingPassword, "pw"}, call1(body), false},
		"other password":              {[]string{settingUser, "me", settingPassword, "pw"}, call1(body, "Authorization", basic("me", "px")), false},
		"other name":                  {[]string{settingUser, "me", settingPassword, "pw"}, call1(body, "Authorization", basic("you", "pw")), false},
		"no password":                 {[]string{settingUser, "me", settingPassword, "pw"}, call1(body, "Authorization", basic("me", "")), false},
		"not basic":                   {[]string{settingUser, "me", settingPassword, "pw"}, call1(body, "Authorization", "Bearer pw"), false},
		"the API key":                 {[]string{settingUser, "me", settingPassword, "pw"}, call1(body, "Authorization", key), false},
		"GET":                         {[]string{settingUser, "me", settingPassword, "pw"}, get, false},
		"GET while there is no proof": {nil, func() smsir.CallbackRequest { r := call1(body); r.Method = http.MethodGet; return r }(), false},
	} {
		told, err := newAccount(t, newFar(t), tt.set...).Callback(t.Context(), tt.r)
		switch {
		case tt.fine && (err != nil || len(told.Receipts) != 1):
			t.Errorf("%s: got %+v, %v, want a receipt", name, told, err)
		case !tt.fine && (smsir.CodeOf(err) != smsir.CodeCallbackRefused || !reflect.DeepEqual(told, smsir.CallbackAnswer{})):
			t.Errorf("%s: got %+v, %v, want it refused and nothing told", name, told, err)
		}
	}
}

// TestReceipts: what each status comes to.
func TestReceipts(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	for word, want := range map[string]struct {
		status  smsir.Status
		class   smsir.FailureClass
		nonSend bool
	}{
		"QUEUED": {smsir.Sent, "", false}, "SCHEDULED": {smsir.Sent, "", false}, "SENT_TO_SUPPLIER": {smsir.Sent, "", false}, "EMULATED": {smsir.Sent, "", false},
		"DEVICE_ACK": {smsir.Delivered, "", false}, "READ": {smsir.Delivered, "", false},
		"EXPIRED":                      {smsir.Expired, smsir.ClassRecipientTemp, false},
		"STOPPED_BY_USER":              {smsir.Undelivered, smsir.ClassPermanent, false},
		"STOPPED_BY_ADMIN":             {smsir.Undelivered, smsir.ClassPermanent, false},
		"DELIVERY_FAILURE":             {smsir.Undelivered, smsir.ClassPermanent, false},
		"INSUFFICIENT_ACCOUNT_BALANCE": {smsir.Undelivered, smsir.ClassConfig, false},
		"VOLUME_LIMIT":                 {smsir.Undelivered, smsir.ClassThrottle, true},
		"VOLUME_LIMIT_DAILY":           {smsir.Undelivered, smsir.ClassConfig, false},
		"VOLUME_LIMIT_MONTHLY":         {smsir.Undelivered, smsir.ClassConfig, false},
		"RECIPIENT_DOES_NOT_EXIST":     {smsir.Undelivered, smsir.ClassPermanent, false},
		"ENCRYPTION_ACCESS_DENIED":     {smsir.Undelivered, smsir.ClassPermanent, false},
		"ENCRYPTION_CONTENT_ERROR":     {smsir.Undelivered, smsir.ClassPermanent, false},
		"ROUTING_ERROR":                {smsir.Undelivered, smsir.ClassPermanent, false},
		"UNKNOWN":                      {}, "TELEPORTED": {}, "": {},
	} {
		told, err := a.Callback(t.Context(), call1(statusCall(word)))
		if err != nil || told.Status != 200 || len(told.Inbound) != 0 {
			t.Errorf("%s: got %+v, %v", word, told, err)
			continue
		}
		if want.status == 0 {
			if len(told.Receipts) != 0 {
				t.Errorf("%s: got %+v, want nothing told", word, told.Receipts)
			}
			continue
		}
		if len(told.Receipts) != 1 {
			t.Errorf("%s: got %+v, want one receipt", word, told)
			continue
		}
		r := told.Receipts[0]
		if r.Status != want.status || r.NonSend != want.nonSend || r.Attempt != attempt || r.Reference != message1 || r.To != takes || r.Code != word || !r.DoneAt.Equal(noon) || !r.ArrivedAt.Equal(noon) || r.Raw == "" {
			t.Errorf("%s: got %+v, want %+v", word, r, want)
		}
		if (r.Error != nil) != (want.class != "") || r.Error != nil && (r.Error.Class != want.class || r.Error.ProviderCode != word || r.Error.ProviderText != "words" || r.Error.Text == "") {
			t.Errorf("%s: error %+v, want class %q", word, r.Error, want.class)
		}
	}
}

// TestReplies: what somebody wrote, and what is not SMS.
func TestReplies(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	body := `{"event":{"moText":[{"channel":"sms","messageId":"3a89680503414383af44dcd0e4e5f184","from":"447700900123","to":"12345","timestamp":1795953600000,"content":"Grüße"},` +
		`{"channel":"whatsapp","messageId":"x","from":"447700900123","to":"12345","content":"no SMS"}]}}`
	told, err := a.Callback(t.Context(), call1(body))
	want := []smsir.Inbound{{Reference: "3a89680503414383af44dcd0e4e5f184", From: "+447700900123", To: "12345", Text: "Grüße", ReceivedAt: noon, Raw: body}}
	if err != nil || !reflect.DeepEqual(told.Inbound, want) || len(told.Receipts) != 0 {
		t.Errorf("got %+v, %v, want %+v", told, err, want)
	}
	for name, body := range map[string]string{
		"no JSON": `{`, "nothing": `{}`, "no event": `{"event":{}}`, "no sender": `{"event":{"moText":[{"channel":"sms","to":"1","content":"x"}]}}`,
		"too many": `{"event":{"moText":[` + strings.Repeat(`{"from":"1","to":"2"},`, maxTold) + `{"from":"1","to":"2"}]}}`,
	} {
		if told, err := a.Callback(t.Context(), call1(body)); smsir.CodeOf(err) != smsir.CodeInvalid || !reflect.DeepEqual(told, smsir.CallbackAnswer{}) {
			t.Errorf("%s: got %+v, %v, want it unreadable", name, told, err)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	for _, tt := range []struct {
		change []string
		field  string // of the error, "" for none
	}{
		{nil, ""},
		{[]string{settingBase, ""}, ""},
		{[]string{settingUser, "me", settingPassword, "pw"}, ""},
		{[]string{settingKey, ""}, settingKey},
		{[]string{settingKey, "a b"}, settingKey},
		{[]string{settingKey, "a\nb"}, settingKey},
		{[]string{settingUser, "me"}, settingPassword},
		{[]string{settingPassword, "pw"}, settingUser},
		{[]string{settingBase, "https://u:p@a.example"}, settingBase},
	} {
		_, err := Kind().Open(smsir.ProviderConfig{Settings: settings(f, tt.change...)})
		var e *smsir.Error
		if tt.field == "" && err != nil || tt.field != "" && (!errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != tt.field) {
			t.Errorf("%v: got %v, want an error about %q", tt.change, err, tt.field)
		}
	}
}

func TestBalance(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	a := newAccount(t, f)
	if b, err := a.Balance(t.Context()); err != nil || b != (smsir.Balance{Amount: "1267.92865", Currency: "ZAR"}) {
		t.Errorf("got %+v, %v", b, err)
	}
	if err := a.CheckCredentials(t.Context()); err != nil {
		t.Errorf("got %v", err)
	}
	if err := newAccount(t, f, settingKey, "other").CheckCredentials(t.Context()); smsir.CodeOf(err) != smsir.CodeCredentialsRefused {
		t.Errorf("another key: got %v, want it refused", err)
	}
	empty := providertest.NewFar(t, func(_ *providertest.Far, w http.ResponseWriter, _ providertest.Call) {
		providertest.Answer(w, 200, map[string]any{})
	})
	if _, err := newAccount(t, empty).Balance(t.Context()); smsir.CodeOf(err) != smsir.CodeProviderUnreachable {
		t.Errorf("no balance: got %v", err)
	}
}
