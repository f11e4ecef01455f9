package telnyx

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

const attempt = smsir.ID(4711)

func submission(to string) smsir.Submission {
	return smsir.Submission{Attempt: attempt, To: to, Text: "Grüße & 50% = mehr <1>", Validity: time.Hour}
}

// TestRequest: the body and the headers, word for word.
func TestRequest(t *testing.T) {
	t.Parallel()
	webhook := callback + "?attempt=" + attempt.Format(smsir.PrefixAttempt)
	for name, tt := range map[string]struct {
		settings  []string
		change    func(*smsir.Submission)
		want      map[string]any // beside to, text and type
		noReceipt bool
	}{
		"default sender":        {nil, nil, map[string]any{"from": sender, "webhook_url": webhook}, false},
		"sender of the message": {nil, func(s *smsir.Submission) { s.From = "ACME" }, map[string]any{"from": "ACME", "webhook_url": webhook}, false},
		"number pool":           {[]string{settingProfile, profile, settingSender, ""}, nil, map[string]any{"messaging_profile_id": profile, "webhook_url": webhook}, false},
		"profile and sender":    {[]string{settingProfile, profile}, nil, map[string]any{"from": sender, "messaging_profile_id": profile, "webhook_url": webhook}, false},
		"UCS-2":                 {nil, func(s *smsir.Submission) { s.Encoding = smsir.EncodingUCS2 }, map[string]any{"from": sender, "encoding": "ucs2", "webhook_url": webhook}, false},
		"no public key":         {[]string{settingPublic, ""}, nil, map[string]any{"from": sender}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			s := submission(takes)
			if tt.change != nil {
				tt.change(&s)
			}
			got, err := newAccount(t, f, tt.settings...).Send(t.Context(), s)
			want := smsir.Accepted{References: []string{message1}, NoReceipt: tt.noReceipt, Price: smsir.Money{Micros: 5100, Currency: "USD"}}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, %v, want %+v", got, err, want)
			}
			tt.want["to"], tt.want["text"], tt.want["type"] = takes, s.Text, "SMS"
			c := f.Calls()[0]
			if !reflect.DeepEqual(c.Object(), tt.want) {
				t.Errorf("sent %s, want %v", c.Body, tt.want)
			}
			for name, want := range map[string]string{"Authorization": "Bearer " + key, "Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": ""} {
				if got := c.Header.Get(name); got != want {
					t.Errorf("header %s: got %q, want %q", name, got, want)
				}
			}
		})
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

// TestCodes compares codes.json with the list below, and what a refusal and a receipt with each code come to.
func TestCodes(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	want := map[smsir.FailureClass]string{
		smsir.ClassConfig: "10003 10005 10006 10009 10010 20002 20006 20012 20013 20014 20015 20016 20017 20100 40003 40010 40013 40100 40150 40151 " +
			"40305 40306 40308 40311 40312 40313 40314 40315 40321 40329",
		smsir.ClassThrottle: "10011 40011 40016 40018 40318",
		smsir.ClassPermanent: "10001 10002 10004 10015 10016 40001 40002 40004 40005 40007 40008 40009 40012 40014 40015 40017 40301 40302 40304 40309 " +
			"40310 40316 40317 40319 40322 40328",
		smsir.ClassBlocked:       "40300",
		smsir.ClassRetry:         "40320",
		smsir.ClassRecipientTemp: "40006",
		smsir.ClassUnknown:       "10007 10008",
	}
	n := 0
	for class, codes := range want {
		for code := range strings.FieldsSeq(codes) {
			n++
			note := a.codes.Codes[code]
			if note.Class != class || note.Text == "" {
				t.Errorf("code %s: got %q %q, want class %q and a text", code, note.Class, note.Text, class)
			}
			_, err := a.judge(outcall.Response{Status: 400, Body: []byte(`{"errors":[{"code":"` + code + `","title":"a title","detail":"words with STOP"}]}`)})
			state := smsir.AttemptRefused
			switch class {
			case smsir.ClassThrottle:
				state = smsir.AttemptNotSent
			case smsir.ClassUnknown:
				state = smsir.AttemptUnknown
			}
			var e *smsir.SendError
			if !errors.As(err, &e) || e.State != state || e.Class != class || e.ProviderCode != code || e.ProviderText != "words with STOP" || e.Unmapped || e.Text == "" {
				t.Errorf("refused with %s: got %v, want %v %q and Telnyx's words", code, err, state, class)
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
	good := `{"data":{"id":"` + message1 + `"}}`
	for _, tt := range []struct {
		status    int
		body      string
		truncated bool
		state     smsir.AttemptState // 0: accepted
		class     smsir.FailureClass
		code      string
		unmapped  bool
	}{
		{200, good, false, 0, "", "", false},
		{202, `{"data":{"id":"` + message1 + `","cost":null}}`, false, 0, "", "", false},
		{200, `{"data":{"id":"` + message1 + `","cost":"a surprise"}}`, false, 0, "", "", false},
		{200, good, true, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false},
		{200, ``, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false},
		{200, `{"data":{"id":"../x"}}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false},
		{200, `{"errors":[{"code":"40310","title":"x"}]}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 200", false},
		{307, good, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 307", false},
		{400, `{"errors":[{"code":"99999","title":"new"}]}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "99999", true},
		{400, `{"errors":[{"code":40310,"title":"a number"}]}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "40310", false},
		{403, `{"errors":[{"code":"99999","title":"new"}]}`, false, smsir.AttemptRefused, smsir.ClassConfig, "99999", true},
		{400, `{"errors":[{"code":"40300","title":"Some other rejection"}]}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "40300", true},
		{400, `{"errors":[{"code":"40300","title":"Blocked due to STOP message"}]}`, false, smsir.AttemptRefused, smsir.ClassBlocked, "40300", false},
		{400, `{"errors":[]}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 400", false},
		{400, `<html>`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 400", false},
		{429, `<html>`, false, smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", false},
		{500, `{"errors":[{"code":"40310","title":"x"}]}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "40310", false},
		{503, ``, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 503", false},
	} {
		got, err := a.judge(outcall.Response{Status: tt.status, Body: []byte(tt.body), Truncated: tt.truncated})
		if tt.state == 0 {
			if err != nil || !reflect.DeepEqual(got.References, []string{message1}) || got.Price != (smsir.Money{}) {
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
		"no key": {settingKey, ""}, "short public key": {settingPublic, "AAAA"}, "public key that is none": {settingPublic2, "x"},
		"address": {settingBase, "api.telnyx.com"},
	} {
		var e *smsir.Error
		if _, err := Kind().Open(smsir.ProviderConfig{Settings: settings(f, tt.setting, tt.value)}); !errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != tt.setting {
			t.Errorf("%s: got %v, want it to name %s", name, err, tt.setting)
		}
	}
	p, err := Kind().Open(smsir.ProviderConfig{Settings: settings(f, settingBase, "")})
	if err != nil || p.(*account).base != defaultBase || p.(*account).callback != "" {
		t.Errorf("got %+v, %v, want the usual address and no callback", p, err)
	}
}

func TestBalance(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	a := newAccount(t, f)
	if got, err := a.Balance(t.Context()); err != nil || got != (smsir.Balance{Amount: "400.00", Currency: "USD"}) {
		t.Errorf("got %+v, %v, want 400.00 USD", got, err)
	}
	if err := a.CheckCredentials(t.Context()); err != nil {
		t.Errorf("good credentials: got %v", err)
	}
	if err := newAccount(t, f, settingKey, "KEYother").CheckCredentials(t.Context()); smsir.CodeOf(err) != smsir.CodeCredentialsRefused {
		t.Errorf("wrong credentials: got %v, want code %s", err, smsir.CodeCredentialsRefused)
	}
	if err := newAccount(t, f, settingBase, f.URL+"/elsewhere").CheckCredentials(t.Context()); smsir.CodeOf(err) != smsir.CodeProviderUnreachable {
		t.Errorf("wrong address: got %v, want code %s", err, smsir.CodeProviderUnreachable)
	}
	for _, c := range f.Calls() {
		if c.Method != "GET" {
			t.Errorf("asked with %s %s", c.Method, c.Path)
		}
	}
}

var (
	_ smsir.CalledBack        = (*account)(nil)
	_ smsir.CredentialChecker = (*account)(nil)
	_ smsir.BalanceReporter   = (*account)(nil)
)
