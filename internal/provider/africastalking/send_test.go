package africastalking

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

func submission(to string) smsir.Submission {
	return smsir.Submission{Attempt: 4711, To: to, Text: "Grüße & 50% = mehr +1", Segments: 1, Validity: time.Hour}
}

// TestRequest: the form and the credentials, word for word.
func TestRequest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sender, from string // of the settings, of the message
		want         string
	}{
		"shared sender": {"", "", ""}, "default sender": {"12345", "", "12345"}, "sender of the message": {"12345", "ACME", "ACME"},
	} {
		f := newFar(t)
		s := submission(takes)
		s.From = tt.from
		got, err := newAccount(t, f, settingSender, tt.sender).Send(t.Context(), s)
		want := smsir.Accepted{References: []string{"ATXid_00000000000000000000000000000001"}, Price: smsir.Money{Micros: 800_000, Currency: "KES"}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
		form := url.Values{"username": {user}, "to": {takes}, "message": {s.Text}, "bulkSMSMode": {"1"}, "enqueue": {"1"}}
		if tt.want != "" {
			form.Set("from", tt.want)
		}
		c := f.Calls()[0]
		if !reflect.DeepEqual(c.Form(), form) {
			t.Errorf("%s: form %v, want %v", name, c.Form(), form)
		}
		if c.Header.Get("apiKey") != key || c.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || c.Header.Get("Accept") != "application/json" || c.Header.Get("Idempotency-Key") != "" {
			t.Errorf("%s: headers %v", name, c.Header)
		}
	}
}

// TestCodes compares codes.json with docs/delivery.md, and what a refusal with each code comes to.
func TestCodes(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	want := map[smsir.FailureClass]string{
		smsir.ClassBlocked:   "401 406 409 UserInBlackList",
		smsir.ClassConfig:    "402 405 InvalidSenderId InsufficientBalance InvalidLinkId",
		smsir.ClassPermanent: "403 404 407 502 InvalidPhoneNumber UserIsInactive UserDoesNotExist NotNetworkSubscriber UserNotSubscribedToProduct InsufficientCredit UserAccountSuspended",
		smsir.ClassRetry:     "500 501", smsir.ClassRecipientTemp: "DeliveryFailure",
	}
	n := 0
	for class, codes := range want {
		for code := range strings.FieldsSeq(codes) {
			n++
			if note := a.codes.Codes[code]; note.Class != class || note.Text == "" {
				t.Errorf("code %s: got %q %q, want class %q and a text", code, note.Class, note.Text, class)
			}
			if strings.Trim(code, "0123456789") != "" {
				continue
			}
			_, err := a.judge(outcall.Response{Status: 201, Body: []byte(`{"SMSMessageData":{"Recipients":[{"statusCode":` + code + `,"status":"words","messageId":"None"}]}}`)})
			var e *smsir.SendError
			if !errors.As(err, &e) || e.State != smsir.AttemptRefused || e.Class != class || e.ProviderCode != code || e.ProviderText != "words" || e.Text == "" || e.Unmapped {
				t.Errorf("refused with %s: got %v, want class %q and the provider's words", code, err, class)
			}
		}
	}
	if n != len(a.codes.Codes) || !strings.HasPrefix(a.codes.Source, "https://developers.africastalking.com/") {
		t.Errorf("codes.json has %d codes after %q, want %d after the provider's page", len(a.codes.Codes), a.codes.Source, n)
	}
}

// TestAnswers: what is certain, and what is not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	one := func(fields string) string {
		return `{"SMSMessageData":{"Message":"m","Recipients":[{` + fields + `}]}}`
	}
	for _, tt := range []struct {
		status   int
		body     string
		state    smsir.AttemptState // 0: accepted
		class    smsir.FailureClass
		code     string
		unmapped bool
	}{
		{201, one(`"statusCode":100,"messageId":"ATXid_1","cost":"KES 0.8000"`), 0, "", "", false},
		{201, one(`"statusCode":101,"messageId":"ATXid_1","cost":"0"`), 0, "", "", false},
		{201, one(`"statusCode":102,"messageId":"ATXid_1"`), 0, "", "", false},
		{200, one(`"statusCode":101,"messageId":"ATXid_1"`), 0, "", "", false},
		{201, one(`"statusCode":101,"messageId":"None"`), smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{201, one(`"statusCode":101`), smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{201, one(`"messageId":"ATXid_1"`), smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{201, one(`"statusCode":"Sent"`), smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{201, one(`"statusCode":103,"messageId":"ATXid_1"`), smsir.AttemptRefused, smsir.ClassPermanent, "103", true},
		{201, one(`"statusCode":499,"status":"new"`), smsir.AttemptRefused, smsir.ClassPermanent, "499", true},
		{201, `{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}`, smsir.AttemptRefused, smsir.ClassConfig, "InvalidSenderId", false},
		{201, `{"SMSMessageData":{"Message":"Sent to 0/1 Total Cost: 0","Recipients":[]}}`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{201, `{}`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{201, ``, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{400, `Request is missing required form field 'to'`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 400", false},
		{401, `The supplied authentication is invalid`, smsir.AttemptRefused, smsir.ClassConfig, "HTTP 401", false},
		{401, `<html>`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 401", false},
		{403, `The supplied authentication is invalid`, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 403", false},
		{429, ``, smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", false},
		{500, one(`"statusCode":500`), smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 500", false},
		{503, ``, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 503", false},
	} {
		what := fmt.Sprintf("%d %s", tt.status, tt.body)
		got, err := a.judge(outcall.Response{Status: tt.status, Body: []byte(tt.body)})
		if tt.state == 0 {
			if err != nil || len(got.References) != 1 || got.NoReceipt {
				t.Errorf("%s: got %+v, %v, want it accepted", what, got, err)
			}
			if _, err := a.judge(outcall.Response{Status: tt.status, Body: []byte(tt.body), Truncated: true}); err == nil {
				t.Errorf("%s, truncated: accepted", what)
			}
			continue
		}
		var e *smsir.SendError
		if !errors.As(err, &e) || e.State != tt.state || e.Class != tt.class || e.ProviderCode != tt.code || e.Unmapped != tt.unmapped || e.Code == "" || e.Text == "" {
			t.Errorf("%s: got %+v, want %v %q [%s], unmapped %v", what, err, tt.state, tt.class, tt.code, tt.unmapped)
		}
	}
	for text, want := range map[string]smsir.Money{
		"KES 0.8000": {Micros: 800_000, Currency: "KES"}, "TZS 44": {Micros: 44_000_000, Currency: "TZS"}, "0": {}, "": {}, "KES": {}, "KES x": {}, "KSHS 1": {}, "0 KES": {},
	} {
		if got := price(text); got != want {
			t.Errorf("price %q: got %+v, want %+v", text, got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	for _, tt := range []struct {
		change []string
		field  string // of the error, "" for none
		base   string
	}{
		{nil, "", f.URL},
		{[]string{settingBase, f.URL + "/"}, "", f.URL},
		{[]string{settingBase, ""}, "", liveBase},
		{[]string{settingBase, "", settingUser, "sandbox"}, "", sandboxBase},
		{[]string{settingUser, "sandbox"}, "", f.URL},
		{[]string{settingUser, ""}, settingUser, ""},
		{[]string{settingUser, "a b"}, settingUser, ""},
		{[]string{settingKey, ""}, settingKey, ""},
		{[]string{settingBase, "https://user:pw@api.example.com"}, settingBase, ""},
		{[]string{settingBase, "https://api.example.com?x=1"}, settingBase, ""},
	} {
		p, err := Kind().Open(smsir.ProviderConfig{Settings: f.settings(tt.change...)})
		var e *smsir.Error
		switch {
		case tt.field == "" && (err != nil || p.(*account).base != tt.base):
			t.Errorf("%v: got %+v, %v, want the address %s", tt.change, p, err, tt.base)
		case tt.field != "" && (!errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != tt.field || e.Text == ""):
			t.Errorf("%v: got %v, want an error about %q", tt.change, err, tt.field)
		}
	}
	p, err := Kind().Open(smsir.ProviderConfig{Settings: f.settings()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.(*account).Close)
	if got, err := p.Send(t.Context(), submission(takes)); err != nil || !got.NoReceipt {
		t.Errorf("without a public address: got %+v, %v, want no receipt to wait for", got, err)
	}
}

// TestCheck: the balance is told to known apps only.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settings []string
		want     smsir.Code // of the error, "" for none
	}{
		"right": {nil, ""}, "wrong key": {[]string{settingKey, "wrong"}, smsir.CodeCredentialsRefused},
		"nothing is there": {[]string{settingUser, "nobody"}, smsir.CodeProviderUnreachable}, "elsewhere": {[]string{settingBase, "http://127.0.0.1:1"}, smsir.CodeProviderUnreachable},
	} {
		f := newFar(t)
		a := newAccount(t, f, tt.settings...)
		got, err := a.Balance(t.Context())
		if smsir.CodeOf(err) != tt.want || (err == nil) != (tt.want == "") || err == nil && got != (smsir.Balance{Amount: "1785.50", Currency: "KES"}) {
			t.Errorf("%s: balance: got %+v, %v, want %q", name, got, err, tt.want)
		}
		if err := a.CheckCredentials(t.Context()); smsir.CodeOf(err) != tt.want || (err == nil) != (tt.want == "") {
			t.Errorf("%s: credentials: got %v, want %q", name, err, tt.want)
		}
	}
}
