package twilio

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

const attempt = smsir.ID(4711)

func submission(to string) smsir.Submission {
	return smsir.Submission{Attempt: attempt, To: to, Text: "Grüße & 50% = mehr +1", Validity: time.Hour}
}

// TestRequest: the form and the credentials, word for word.
func TestRequest(t *testing.T) {
	t.Parallel()
	status := callback + "?attempt=" + attempt.Format(smsir.PrefixAttempt)
	for name, tt := range map[string]struct {
		settings  []string
		from      string
		validity  time.Duration
		want      url.Values // beside To and Body
		user, key string
		noReceipt bool
	}{
		"default sender":         {nil, "", time.Hour, url.Values{"From": {sender}, "ValidityPeriod": {"3600"}, "StatusCallback": {status}}, sid, token, false},
		"sender of the message":  {nil, "ACME", 90*time.Second + 999*time.Millisecond, url.Values{"From": {"ACME"}, "ValidityPeriod": {"90"}, "StatusCallback": {status}}, sid, token, false},
		"messaging service":      {[]string{settingService, service, settingSender, ""}, "", 24 * time.Hour, url.Values{"MessagingServiceSid": {service}, "ValidityPeriod": {"36000"}, "StatusCallback": {status}}, sid, token, false},
		"service and its sender": {[]string{settingService, service}, "", 36000 * time.Second, url.Values{"MessagingServiceSid": {service}, "From": {sender}, "ValidityPeriod": {"36000"}, "StatusCallback": {status}}, sid, token, false},
		"service, other sender":  {[]string{settingService, service}, "+12025550139", 0, url.Values{"From": {"+12025550139"}, "ValidityPeriod": {"1"}, "StatusCallback": {status}}, sid, token, false},
		"API key":                {[]string{settingKey, keySID, settingKeySecret, "hush"}, "", -time.Second, url.Values{"From": {sender}, "ValidityPeriod": {"1"}, "StatusCallback": {status}}, keySID, "hush", false},
		"API key and no token":   {[]string{settingKey, keySID, settingKeySecret, "hush", settingToken, ""}, "", time.Hour, url.Values{"From": {sender}, "ValidityPeriod": {"3600"}}, keySID, "hush", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			s := submission(takes)
			s.From, s.Validity = tt.from, tt.validity
			got, err := newAccount(t, f, tt.settings...).Send(t.Context(), s)
			if err != nil || !reflect.DeepEqual(got.References, []string{"SM00000000000000000000000000000001"}) || got.NoReceipt != tt.noReceipt {
				t.Fatalf("got %+v, %v, want the id, and NoReceipt %v", got, err, tt.noReceipt)
			}
			tt.want.Set("To", takes)
			tt.want.Set("Body", s.Text)
			if !reflect.DeepEqual(f.forms[0], tt.want) {
				t.Errorf("form %v, want %v", f.forms[0], tt.want)
			}
			r := http.Request{Header: f.headers[0]}
			if user, key, _ := r.BasicAuth(); user != tt.user || key != tt.key {
				t.Errorf("logged in as %q %q, want %q %q", user, key, tt.user, tt.key)
			}
			if f.headers[0].Get("Idempotency-Key") != "" || f.headers[0].Get("Accept") != "application/json" {
				t.Errorf("headers %v", f.headers[0])
			}
		})
	}
}

func TestNoSender(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	_, err := newAccount(t, f, settingSender, "").Send(t.Context(), submission(takes))
	var e *smsir.SendError
	if !errors.As(err, &e) || e.State != smsir.AttemptNotSent || e.Class != smsir.ClassPermanent || e.Code != "no_sender" || len(f.forms) != 0 {
		t.Errorf("got %v after %d requests, want not_sent, permanent, no_sender after none", err, len(f.forms))
	}
}

// TestCodes compares codes.json with the table of docs/delivery.md, and what a refusal with each code comes to.
func TestCodes(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	want := map[smsir.FailureClass]string{
		smsir.ClassConfig:        "20003 20005 20404 30002 21701 21702 21703 21704 21705 21606 21603 21212 21608 21219 30024 30032 30034 21609",
		smsir.ClassThrottle:      "20429 14107 21611 30022 30023 30027",
		smsir.ClassPermanent:     "21211 21214 21217 21612 21614 21602 21617 21624 21408 30004 30005 30006 30010 30019 30007 30008 30036",
		smsir.ClassBlocked:       "21610 30450 30453",
		smsir.ClassRetry:         "30001 30017 30500",
		smsir.ClassRecipientTemp: "30003",
		smsir.ClassUnknown:       "20500 20503 30410",
	}
	n := 0
	for class, codes := range want {
		for code := range strings.FieldsSeq(codes) {
			n++
			note := a.codes.Codes[code]
			if note.Class != class || note.Text == "" {
				t.Errorf("code %s: got %q %q, want class %q and a text", code, note.Class, note.Text, class)
			}
			_, err := a.judge(outcall.Response{Status: 400, Body: []byte(`{"code":` + code + `,"message":"words"}`)})
			var e *smsir.SendError
			if !errors.As(err, &e) || e.Class != class || e.ProviderCode != code || e.ProviderText != "words" || e.Text == "" {
				t.Errorf("refused with %s: got %v, want class %q and Twilio's words", code, err, class)
			}
			if (e.State == smsir.AttemptUnknown) != (class == smsir.ClassUnknown) || (e.State == smsir.AttemptNotSent) != (code == "20429" || code == "14107") {
				t.Errorf("refused with %s: got state %v", code, e.State)
			}
		}
	}
	if n != len(a.codes.Codes) {
		t.Errorf("codes.json has %d codes, want %d", len(a.codes.Codes), n)
	}
	if _, err := time.Parse(time.DateOnly, a.codes.Version); err != nil || !strings.HasPrefix(a.codes.Source, "https://www.twilio.com/") {
		t.Errorf("codes.json is of version %q after %q, want a day and Twilio's page", a.codes.Version, a.codes.Source)
	}
}

// TestAnswers: what is certain, and what is not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	a.now = func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
	good := `{"sid":"SM00000000000000000000000000000001"}`
	for _, tt := range []struct {
		status    int
		body      string
		truncated bool
		retry     string
		state     smsir.AttemptState // 0: accepted
		class     smsir.FailureClass
		code      string
		wait      time.Duration
	}{
		{201, good, false, "", 0, "", "", 0},
		{200, good, false, "", 0, "", "", 0},
		{201, `{"sid":"MM0123456789abcdef0123456789ABCDEF","status":"failed"}`, false, "", 0, "", "", 0},
		{201, good, true, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", 0},
		{201, ``, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", 0},
		{201, `{"sid":""}`, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", 0},
		{201, `{"sid":null}`, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", 0},
		{201, `{"sid":7}`, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", 0},
		{201, `{"sid":"../../x"}`, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", 0},
		{204, ``, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 204", 0},
		{307, ``, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 307", 0},
		{400, `{"code":99999,"message":"new"}`, false, "", smsir.AttemptRefused, smsir.ClassPermanent, "99999", 0},
		{401, `{"code":99999}`, false, "", smsir.AttemptRefused, smsir.ClassConfig, "99999", 0},
		{403, `{"code":99999}`, false, "", smsir.AttemptRefused, smsir.ClassConfig, "99999", 0},
		{404, `{"code":20404}`, false, "", smsir.AttemptRefused, smsir.ClassConfig, "20404", 0},
		{400, `<html>`, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 400", 0},
		{403, `{}`, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 403", 0},
		{408, ``, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 408", 0},
		{429, `<html>`, false, "", smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", 0},
		{429, `{"code":20429}`, false, "3", smsir.AttemptNotSent, smsir.ClassThrottle, "20429", 3 * time.Second},
		{429, `{"code":14107}`, false, "99999999999", smsir.AttemptNotSent, smsir.ClassThrottle, "14107", time.Hour},
		{429, `{"code":14107}`, false, "9999999", smsir.AttemptNotSent, smsir.ClassThrottle, "14107", time.Hour},
		{429, ``, false, "-5", smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", 0},
		{429, ``, false, "Mon, 23 Nov 2026 12:00:09 GMT", smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", 9 * time.Second},
		{429, ``, false, "Mon, 23 Nov 2026 11:00:00 GMT", smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", 0},
		{400, `{"code":30023}`, false, "", smsir.AttemptRefused, smsir.ClassThrottle, "30023", 15 * time.Minute},
		{400, `{"code":30027}`, false, "5", smsir.AttemptRefused, smsir.ClassThrottle, "30027", 5 * time.Second},
		{400, `{"code":21611}`, false, "60", smsir.AttemptRefused, smsir.ClassThrottle, "21611", time.Minute},
		{500, `{"code":20500}`, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "20500", 0},
		{500, `{"code":21211}`, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "21211", 0},
		{502, `<html>`, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 502", 0},
		{503, `{"code":20503}`, false, "1", smsir.AttemptUnknown, smsir.ClassUnknown, "20503", 0},
		{504, ``, false, "", smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 504", 0},
	} {
		what := fmt.Sprintf("%d %s (Retry-After %q)", tt.status, tt.body, tt.retry)
		h := http.Header{}
		if tt.retry != "" {
			h.Set("Retry-After", tt.retry)
		}
		got, err := a.judge(outcall.Response{Status: tt.status, Header: h, Body: []byte(tt.body), Truncated: tt.truncated})
		if tt.state == 0 {
			if err != nil || len(got.References) != 1 || got.NoReceipt {
				t.Errorf("%s: got %+v, %v, want it accepted", what, got, err)
			}
			continue
		}
		var e *smsir.SendError
		if !errors.As(err, &e) || e.State != tt.state || e.Class != tt.class || e.ProviderCode != tt.code || e.Code == "" || e.Text == "" {
			t.Errorf("%s: got %v, want %v %q [%s]", what, err, tt.state, tt.class, tt.code)
			continue
		}
		if e.RetryAfter != tt.wait {
			t.Errorf("%s: got a delay of %v, want %v", what, e.RetryAfter, tt.wait)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		change []string
		field  string // of the error, "" for none
	}{
		{nil, ""},
		{[]string{settingBase, ""}, ""},
		{[]string{settingAccount, ""}, settingAccount},
		{[]string{settingAccount, "AC../../x"}, settingAccount},
		{[]string{settingToken, ""}, settingToken},
		{[]string{settingToken, "", settingToken2, token}, settingToken},
		{[]string{settingKey, keySID}, settingKeySecret},
		{[]string{settingKeySecret, "x"}, settingKey},
		{[]string{settingToken, "", settingKey, keySID, settingKeySecret, "x"}, ""},
		{[]string{settingBase, "https://user:pw@api.example.com"}, settingBase},
		{[]string{settingBase, "https://api.example.com?x=1"}, settingBase},
		{[]string{settingBase, "https://"}, settingBase},
	} {
		p, err := Kind().Open(smsir.ProviderConfig{Settings: newFar(t).settings(tt.change...)})
		var e *smsir.Error
		switch {
		case tt.field == "" && err != nil:
			t.Errorf("%v: got %v, want no error", tt.change, err)
		case tt.field != "" && (!errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != tt.field || e.Text == ""):
			t.Errorf("%v: got %v, want an error about %q", tt.change, err, tt.field)
		case tt.field == "" && len(tt.change) == 2 && p.(*account).base != defaultBase:
			t.Errorf("%v: address %q, want %q", tt.change, p.(*account).base, defaultBase)
		}
	}
}
