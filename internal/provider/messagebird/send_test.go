package messagebird

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

var (
	_ smsir.CalledBack        = (*classic)(nil)
	_ smsir.CredentialChecker = (*classic)(nil)
	_ smsir.BalanceReporter   = (*classic)(nil)
	_ smsir.CalledBack        = (*platform)(nil)
	_ smsir.CredentialChecker = (*platform)(nil)
)

func clock() time.Time { return time.Date(2026, 11, 29, 12, 0, 5, 0, time.UTC) }

func submission(to string) smsir.Submission {
	return smsir.Submission{Attempt: attempt, To: to, Text: "Grüße & 50% = mehr <1>", Validity: time.Hour}
}

// TestClassicRequest: the body and the headers, word for word.
func TestClassicRequest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(s *smsir.Submission)
		want   map[string]any // what differs from the first
		silent bool           // no signing key
	}{
		"as always":             {nil, nil, false},
		"sender of the message": {func(s *smsir.Submission) { s.From = "ACME" }, map[string]any{"originator": "ACME"}, false},
		"UCS-2":                 {func(s *smsir.Submission) { s.Encoding = smsir.EncodingUCS2 }, map[string]any{"datacoding": "unicode"}, false},
		"long":                  {func(s *smsir.Submission) { s.Validity = 100 * time.Hour }, map[string]any{"validity": 172800.0}, false},
		"hardly any time left":  {func(s *smsir.Submission) { s.Validity = time.Millisecond }, map[string]any{"validity": 1.0}, false},
		"nobody could check":    {nil, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			s := submission(takes)
			if tt.change != nil {
				tt.change(&s)
			}
			want := map[string]any{
				"originator": "12025550130", "body": s.Text, "recipients": []any{"12025550120"}, "type": "sms", "datacoding": "plain", "validity": 3600.0,
				"reference": attempt.Format(smsir.PrefixAttempt), "reportUrl": callback,
			}
			for name, value := range tt.want {
				want[name] = value
			}
			var change []string
			if tt.silent {
				change = []string{settingSigning, ""}
				delete(want, "reportUrl")
			}
			got, err := newClassic(t, f, change...).Send(t.Context(), s)
			if err != nil || !reflect.DeepEqual(got, smsir.Accepted{References: []string{message1}, NoReceipt: tt.silent}) {
				t.Fatalf("got %+v, %v, want the id", got, err)
			}
			c := f.Calls()[0]
			if c.Path != "/messages" || !reflect.DeepEqual(c.Object(), want) {
				t.Errorf("sent %s %s, want %v", c.Path, c.Body, want)
			}
			for name, want := range map[string]string{"Authorization": "AccessKey " + key, "Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": ""} {
				if got := c.Header.Get(name); got != want {
					t.Errorf("header %s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

// TestPlatformRequest is the same for the Bird platform.
func TestPlatformRequest(t *testing.T) {
	t.Parallel()
	for class, category := range map[smsir.Class]string{smsir.OTP: "authentication", smsir.Bulk: "marketing", smsir.Transactional: "transactional"} {
		f := newFar(t)
		s := submission(takes)
		s.Class, s.Encoding = class, smsir.EncodingUCS2
		got, err := newPlatform(t, f).Send(t.Context(), s)
		if err != nil || !reflect.DeepEqual(got, smsir.Accepted{References: []string{"sms_c001"}}) {
			t.Fatalf("got %+v, %v, want the id", got, err)
		}
		want := map[string]any{"to": takes, "from": sender, "text": s.Text, "category": category, "metadata": map[string]any{"attempt": attempt.Format(smsir.PrefixAttempt)}}
		c := f.Calls()[0]
		if c.Path != "/v1/sms/messages" || !reflect.DeepEqual(c.Object(), want) {
			t.Errorf("sent %s %s, want %v", c.Path, c.Body, want)
		}
		if got := c.Header.Get("Authorization"); got != "Bearer "+birdKey {
			t.Errorf("header Authorization: got %q", got)
		}
	}
}

// TestNoSender: without a sender nothing leaves.
func TestNoSender(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	for name, p := range map[string]smsir.Provider{"SMS API": newClassic(t, f, settingSender, ""), "Bird platform": newPlatform(t, f, settingSender, "")} {
		_, err := p.Send(t.Context(), submission(takes))
		var e *smsir.SendError
		if !errors.As(err, &e) || e.State != smsir.AttemptNotSent || e.Class != smsir.ClassPermanent || e.Code != "no_sender" || len(f.Calls()) != 0 {
			t.Errorf("%s: got %v after %d calls, want it not sent", name, err, len(f.Calls()))
		}
	}
}

// TestCodes compares codes.json with the list below, and what a refusal with each word comes to.
func TestCodes(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	c, p := newClassic(t, f), newPlatform(t, f)
	want := map[smsir.FailureClass]string{
		smsir.ClassPermanent: "9,10,21,E12020,bad_request_error,payload_too_large_error,validation_error",
		smsir.ClassConfig:    "2,20,25,98,HTTP 401,auth_error,billing_error,permission_error,not_found_error,misdirected_error,precondition_error",
		smsir.ClassThrottle:  "rate_limit_error",
		smsir.ClassUnknown:   "99,conflict_error,internal_error,service_unavailable_error",
	}
	n := 0
	for class, codes := range want {
		state := smsir.AttemptRefused
		switch class {
		case smsir.ClassThrottle:
			state = smsir.AttemptNotSent
		case smsir.ClassUnknown:
			state = smsir.AttemptUnknown
		}
		for code := range strings.SplitSeq(codes, ",") {
			n++
			if note := c.codes.Codes[code]; note.Class != class || note.Text == "" {
				t.Errorf("code %s: got %q %q, want class %q and a text", code, note.Class, note.Text, class)
			}
			var err error
			shown := code
			switch {
			case code == noLogin:
				continue // in TestAnswers
			case code[0] <= '9':
				_, err = c.judge(outcall.Response{Status: 422, Body: []byte(`{"errors":[{"code":` + code + `,"description":"words"}]}`)})
			case code[0] == 'E':
				_, err = p.judge(outcall.Response{Status: 422, Body: []byte(`{"error":{"type":"brand_new_error","code":"` + code + `","message":"words"}}`)})
			default:
				shown = "E99999"
				_, err = p.judge(outcall.Response{Status: 422, Body: []byte(`{"error":{"type":"` + code + `","code":"E99999","message":"words"}}`)})
			}
			var e *smsir.SendError
			if !errors.As(err, &e) || e.State != state || e.Class != class || e.ProviderCode != shown || e.ProviderText != "words" || e.Unmapped {
				t.Errorf("refused with %s: got %+v, want %v, class %q and the words", code, err, state, class)
			}
		}
	}
	if n != len(c.codes.Codes) {
		t.Errorf("codes.json has %d codes, want %d", len(c.codes.Codes), n)
	}
}

// TestAnswers: what is certain, and what is not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	c, p := newClassic(t, f), newPlatform(t, f)
	good, birdGood := `{"id":"`+message1+`"}`, `{"id":"`+bird1+`","status":"accepted"}`
	for _, tt := range []struct {
		bird      bool
		status    int
		body      string
		truncated bool
		state     smsir.AttemptState // 0: accepted
		class     smsir.FailureClass
		code      string
		unmapped  bool
	}{
		{false, 201, good, false, 0, "", "", false},
		{false, 201, good, true, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{false, 201, ``, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{false, 201, `{"id":""}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{false, 201, `{"id":"../x"}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{false, 200, `{"errors":[{"code":9,"description":"x"}]}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "9", false},
		{false, 307, good, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 307", false},
		{false, 422, `{"errors":[{"code":77,"description":"x"}]}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "77", true},
		{false, 403, `{"errors":[{"code":77,"description":"x"}]}`, false, smsir.AttemptRefused, smsir.ClassConfig, "77", true},
		{false, 422, `{"errors":[]}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 422", false},
		{false, 401, ``, false, smsir.AttemptRefused, smsir.ClassConfig, "HTTP 401", false},
		{false, 400, `<html>`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 400", false},
		{false, 429, `<html>`, false, smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", false},
		{false, 500, `{"errors":[{"code":9,"description":"x"}]}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "9", false},
		{false, 503, ``, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 503", false},
		{true, 202, birdGood, false, 0, "", "", false},
		{true, 202, birdGood, true, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 202", false},
		{true, 202, good, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 202", false},
		{true, 202, `{"error":{"type":"auth_error"}}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 202", false},
		{true, 422, `{"error":{"type":"validation_error"}}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "validation_error", false},
		{true, 422, `{"error":{"type":"brand_new_error","code":"E1"}}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "E1", true},
		{true, 403, `{"error":{"code":"E1"}}`, false, smsir.AttemptRefused, smsir.ClassConfig, "E1", true},
		{true, 401, ``, false, smsir.AttemptRefused, smsir.ClassConfig, "HTTP 401", false},
		{true, 404, ``, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 404", false},
		{true, 429, ``, false, smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", false},
		{true, 409, `{"error":{"type":"conflict_error","code":"E2"}}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "E2", false},
		{true, 500, `{"error":{"type":"validation_error","code":"E3"}}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "E3", false},
	} {
		judge, id := c.judge, message1
		if tt.bird {
			judge, id = p.judge, bird1
		}
		got, err := judge(outcall.Response{Status: tt.status, Body: []byte(tt.body), Truncated: tt.truncated})
		if tt.state == 0 {
			if err != nil || !reflect.DeepEqual(got.References, []string{id}) {
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

// TestSettings: what is wrong is named, and the key makes the address.
func TestSettings(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	for name, tt := range map[string][]string{
		"no key": {settingKey, ""}, "half a key of the platform": {settingKey, "bk_eu1"}, "address": {settingBase, "rest.messagebird.com"},
		"a signing key of the platform":       {settingSigning, "whsec_not base64", settingKey, birdKey},
		"an empty one":                        {settingSigning, "whsec_", settingKey, birdKey},
		"the other signing key":               {settingSigned2, "?", settingSigning, birdSecret("one"), settingKey, birdKey},
		"a signing key as MessageBird has it": {settingSigning, "letmein0", settingBase, "ftp://127.0.0.1", settingSigned2, "x"},
	} {
		want := tt[0]
		if name == "a signing key as MessageBird has it" {
			want = settingBase
		}
		var e *smsir.Error
		if _, err := Kind().Open(smsir.ProviderConfig{Settings: settings(f, tt...)}); !errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != want {
			t.Errorf("%s: got %v, want it to name %s", name, err, want)
		}
	}
	if c := newClassic(t, f, settingBase, ""); c.base != "https://rest.messagebird.com" {
		t.Errorf("the SMS API: got %s", c.base)
	}
	if p := newPlatform(t, f, settingBase, ""); p.base != "https://eu1.platform.bird.com" {
		t.Errorf("the Bird platform: got %s", p.base)
	}
}

// TestBalance: what the account has left, in MessageBird's own digits.
func TestBalance(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	if got, err := newClassic(t, f).Balance(t.Context()); err != nil || got != (smsir.Balance{Amount: "12.340", Currency: "EUR"}) {
		t.Errorf("got %+v, %v, want 12.340 EUR", got, err)
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	for name, tt := range map[string]struct {
		p    smsir.CredentialChecker
		want smsir.Code
	}{
		"good": {newClassic(t, f), ""}, "wrong": {newClassic(t, f, settingKey, "other"), smsir.CodeCredentialsRefused},
		"wrong address": {newClassic(t, f, settingBase, f.URL+"/elsewhere"), smsir.CodeProviderUnreachable},
		"good, Bird":    {newPlatform(t, f), ""}, "wrong, Bird": {newPlatform(t, f, settingKey, birdKey+"x"), smsir.CodeCredentialsRefused},
	} {
		err := tt.p.CheckCredentials(t.Context())
		if tt.want == "" && err != nil || tt.want != "" && smsir.CodeOf(err) != tt.want {
			t.Errorf("%s: got %v, want code %q", name, err, tt.want)
		}
	}
}
