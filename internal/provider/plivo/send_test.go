package plivo

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

const attempt = smsir.ID(4711)

var (
	_ smsir.CalledBack        = (*account)(nil)
	_ smsir.CredentialChecker = (*account)(nil)
	_ smsir.BalanceReporter   = (*account)(nil)
)

func clock() time.Time { return time.Date(2026, 11, 29, 12, 0, 5, 0, time.UTC) }

func submission(to string) smsir.Submission {
	return smsir.Submission{Attempt: attempt, To: to, Text: "Grüße & 50% = mehr <1>", Validity: time.Hour}
}

// TestRequest: the body and the headers, word for word.
func TestRequest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settings []string
		from     string
		validity time.Duration
		want     map[string]any // beside dst, text, type, url and method
	}{
		"default sender":          {nil, "", time.Hour, map[string]any{"src": sender, "message_expiry": 3600.0}},
		"sender of the message":   {nil, "ACME", 90*time.Second + 999*time.Millisecond, map[string]any{"src": "ACME", "message_expiry": 90.0}},
		"Powerpack":               {[]string{settingPowerpack, powerpack, settingSender, ""}, "", 24 * time.Hour, map[string]any{"powerpack_uuid": powerpack, "message_expiry": 10800.0}},
		"sender, not Powerpack":   {[]string{settingPowerpack, powerpack, settingSender, ""}, "ACME", 3 * time.Hour, map[string]any{"src": "ACME", "message_expiry": 10800.0}},
		"hardly any time is left": {nil, "", time.Second, map[string]any{"src": sender, "message_expiry": 5.0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			s := submission(takes)
			s.From, s.Validity = tt.from, tt.validity
			got, err := newAccount(t, f, tt.settings...).Send(t.Context(), s)
			if err != nil || !reflect.DeepEqual(got, smsir.Accepted{References: []string{message1}}) {
				t.Fatalf("got %+v, %v, want the id", got, err)
			}
			tt.want["dst"], tt.want["text"], tt.want["type"] = takes, s.Text, "sms"
			tt.want["url"], tt.want["method"] = callback+"?attempt="+attempt.Format(smsir.PrefixAttempt), "POST"
			c := f.Calls()[0]
			if !reflect.DeepEqual(c.Object(), tt.want) {
				t.Errorf("sent %s, want %v", c.Body, tt.want)
			}
			for name, want := range map[string]string{"Authorization": basic(authID, token), "Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": ""} {
				if got := c.Header.Get(name); got != want {
					t.Errorf("header %s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

// TestNoCallback: without an address nobody is asked to call it.
func TestNoCallback(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	a := newAccount(t, f)
	a.callback = ""
	got, err := a.Send(t.Context(), submission(takes))
	if o := f.Calls()[0].Object(); err != nil || !got.NoReceipt || o["url"] != nil || o["method"] != nil {
		t.Errorf("got %+v, %v after sending %v, want no receipt and no address", got, err, o)
	}
}

func TestNoSender(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	_, err := newAccount(t, f, settingSender, "").Send(t.Context(), submission(takes))
	var e *smsir.SendError
	if !errors.As(err, &e) || e.State != smsir.AttemptNotSent || e.Class != smsir.ClassPermanent || e.Code != "no_sender" || len(f.Calls()) != 0 {
		t.Errorf("got %v after %d requests, want not_sent, permanent, no_sender after none", err, len(f.Calls()))
	}
}

// TestCodes compares codes.json with the list below.
func TestCodes(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	want := map[smsir.FailureClass]string{
		smsir.ClassConfig:        "40,201,900,910,HTTP 401,HTTP 402,HTTP 403,HTTP 404,HTTP 405,insufficient credit",
		smsir.ClassPermanent:     "10,30,50,60,70,90,100,110,420,1000,HTTP 400,invalid_number",
		smsir.ClassBlocked:       "200",
		smsir.ClassRetry:         "20,300",
		smsir.ClassRecipientTemp: "80",
	}
	n := 0
	for class, codes := range want {
		for code := range strings.SplitSeq(codes, ",") {
			n++
			if note := a.codes.Codes[code]; note.Class != class || note.Text == "" {
				t.Errorf("code %s: got %q %q, want class %q and a text", code, note.Class, note.Text, class)
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
	good := `{"message_uuid":["` + message1 + `"]}`
	login := http.Header{"Www-Authenticate": {"Basic"}}
	for _, tt := range []struct {
		status    int
		body      string
		header    http.Header
		truncated bool
		state     smsir.AttemptState // 0: accepted
		class     smsir.FailureClass
		code      string
		unmapped  bool
	}{
		{202, good, nil, false, 0, "", "", false},
		{200, good, nil, false, 0, "", "", false},
		{202, good, nil, true, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 202", false},
		{202, ``, nil, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 202", false},
		{202, `{"message_uuid":[]}`, nil, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 202", false},
		{202, `{"message_uuid":["x"]}`, nil, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 202", false},
		{202, `{"message_uuid":["` + message1 + `","` + message1 + `"]}`, nil, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 202", false},
		{202, `{"message_uuid":[],"invalid_number":["1"]}`, nil, false, smsir.AttemptRefused, smsir.ClassPermanent, "invalid_number", false},
		{202, `{"error":"what?"}`, nil, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 202", false},
		{307, good, nil, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 307", false},
		{400, `{"error":{"error":"nested"}}`, nil, false, smsir.AttemptRefused, smsir.ClassPermanent, "HTTP 400", false},
		{400, `{"error":"Insufficient Credit"}`, nil, false, smsir.AttemptRefused, smsir.ClassConfig, "HTTP 400", false},
		{402, `{"error":"pay"}`, nil, false, smsir.AttemptRefused, smsir.ClassConfig, "HTTP 402", false},
		{404, `{"error":"not found"}`, nil, false, smsir.AttemptRefused, smsir.ClassConfig, "HTTP 404", false},
		{422, `{"error":"new"}`, nil, false, smsir.AttemptRefused, smsir.ClassPermanent, "HTTP 422", true},
		{401, `Could not verify`, login, false, smsir.AttemptRefused, smsir.ClassConfig, "HTTP 401", false},
		{401, `<html>`, nil, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 401", false},
		{400, `{"error":null}`, nil, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 400", false},
		{400, `<html>`, nil, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 400", false},
		{429, `<html>`, nil, false, smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", false},
		{500, `{"error":"x"}`, nil, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 500", false},
		{503, ``, nil, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 503", false},
	} {
		got, err := a.judge(outcall.Response{Status: tt.status, Body: []byte(tt.body), Header: tt.header, Truncated: tt.truncated})
		if tt.state == 0 {
			if err != nil || !reflect.DeepEqual(got.References, []string{message1}) {
				t.Errorf("%d %s: got %+v, %v, want it accepted", tt.status, tt.body, got, err)
			}
			continue
		}
		var e *smsir.SendError
		if !errors.As(err, &e) || e.State != tt.state || e.Class != tt.class || e.ProviderCode != tt.code || e.Unmapped != tt.unmapped {
			t.Errorf("%d %s: got %+v, want %v %s %q", tt.status, tt.body, err, tt.state, tt.class, tt.code)
		}
	}
}

// TestSettings: what is wrong is named.
func TestSettings(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	for name, tt := range map[string]struct{ setting, value string }{
		"no id": {settingAuthID, ""}, "id of another form": {settingAuthID, "AC000000000000000001"}, "no token": {settingToken, ""},
		"sender and Powerpack": {settingPowerpack, powerpack}, "address": {settingBase, "api.plivo.com"},
	} {
		var e *smsir.Error
		if _, err := Kind().Open(smsir.ProviderConfig{Settings: settings(f, tt.setting, tt.value)}); !errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != tt.setting {
			t.Errorf("%s: got %v, want it to name %s", name, err, tt.setting)
		}
	}
	if p, err := Kind().Open(smsir.ProviderConfig{Settings: settings(f, settingBase, "")}); err != nil || p.(*account).base != defaultBase {
		t.Errorf("got %+v, %v, want the usual address", p, err)
	}
}

func TestBalance(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	a := newAccount(t, f)
	if got, err := a.Balance(t.Context()); err != nil || got != (smsir.Balance{Amount: "92.12345", Currency: "USD"}) {
		t.Errorf("got %+v, %v, want 92.12345 USD", got, err)
	}
	if err := a.CheckCredentials(t.Context()); err != nil {
		t.Errorf("good credentials: got %v", err)
	}
	if err := newAccount(t, f, settingToken, "other").CheckCredentials(t.Context()); smsir.CodeOf(err) != smsir.CodeCredentialsRefused {
		t.Errorf("wrong credentials: got %v, want code %s", err, smsir.CodeCredentialsRefused)
	}
	if err := newAccount(t, f, settingBase, f.URL+"/elsewhere").CheckCredentials(t.Context()); smsir.CodeOf(err) != smsir.CodeProviderUnreachable {
		t.Errorf("wrong address: got %v, want code %s", err, smsir.CodeProviderUnreachable)
	}
}
