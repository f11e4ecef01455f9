package sinch

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
	_ smsir.CalledBack        = (*plan)(nil)
	_ smsir.StatusQuerier     = (*plan)(nil)
	_ smsir.CredentialChecker = (*plan)(nil)
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
		want     map[string]any // beside to, body, type and client_reference
		silent   bool           // no callback
	}{
		"default sender":        {nil, "", time.Hour, map[string]any{"from": sender, "expire_at": "2026-11-29T13:00:05.000Z"}, false},
		"sender of the message": {nil, "ACME", 90 * time.Second, map[string]any{"from": "ACME", "expire_at": "2026-11-29T12:01:35.000Z"}, false},
		"Sinch chooses":         {[]string{settingSender, ""}, "", 1000 * time.Hour, map[string]any{"expire_at": "2026-12-02T12:00:05.000Z"}, false},
		"hardly any time left":  {nil, "", time.Second, map[string]any{"from": sender, "expire_at": "2026-11-29T12:01:05.000Z"}, false},
		"no public address":     {nil, "", time.Hour, map[string]any{"from": sender, "expire_at": "2026-11-29T13:00:05.000Z"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			s := submission(takes)
			s.From, s.Validity = tt.from, tt.validity
			p := newPlan(t, f, tt.settings...)
			tt.want["delivery_report"], tt.want["callback_url"] = "per_recipient", callback
			if tt.silent {
				p.callback = ""
				tt.want["delivery_report"] = "none"
				delete(tt.want, "callback_url")
			}
			got, err := p.Send(t.Context(), s)
			if err != nil || !reflect.DeepEqual(got, smsir.Accepted{References: []string{batch1}, NoReceipt: tt.silent}) {
				t.Fatalf("got %+v, %v, want the id", got, err)
			}
			tt.want["to"], tt.want["body"], tt.want["type"] = []any{takes}, s.Text, "mt_text"
			tt.want["client_reference"] = attempt.Format(smsir.PrefixAttempt)
			c := f.Calls()[0]
			if !reflect.DeepEqual(c.Object(), tt.want) {
				t.Errorf("sent %s, want %v", c.Body, tt.want)
			}
			for name, want := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": ""} {
				if got := c.Header.Get(name); got != want {
					t.Errorf("header %s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

// TestCodes compares codes.json with the list below, and what a refusal with each word comes to.
func TestCodes(t *testing.T) {
	t.Parallel()
	p := newPlan(t, newFar(t))
	want := map[smsir.FailureClass]string{
		smsir.ClassPermanent: "syntax_invalid_json,syntax_invalid_parameter_format,syntax_constraint_violation,unknown_group,illegal_number_type," +
			"15,62,152,300,321,332,334,349,399,402,405,406,407,408,411",
		smsir.ClassConfig:   "unknown_campaign,missing_callback_url,blocked_account,HTTP 401,60,310,410,412,413",
		smsir.ClassThrottle: "64",
		smsir.ClassRetry:    "403,404",
	}
	n := 0
	for class, codes := range want {
		for code := range strings.SplitSeq(codes, ",") {
			n++
			if note := p.codes.Codes[code]; note.Class != class || note.Text == "" {
				t.Errorf("code %s: got %q %q, want class %q and a text", code, note.Class, note.Text, class)
			}
			if !strings.Contains(code, "_") {
				continue // of receipts
			}
			_, err := p.judge(outcall.Response{Status: 400, Body: []byte(`{"code":"` + code + `","text":"words"}`)})
			var e *smsir.SendError
			if !errors.As(err, &e) || e.State != smsir.AttemptRefused || e.Class != class || e.ProviderCode != code || e.ProviderText != "words" || e.Unmapped {
				t.Errorf("refused with %s: got %v, want class %q and Sinch's words", code, err, class)
			}
		}
	}
	if n != len(p.codes.Codes) {
		t.Errorf("codes.json has %d codes, want %d", len(p.codes.Codes), n)
	}
}

// TestAnswers: what is certain, and what is not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	p := newPlan(t, newFar(t))
	good := `{"id":"` + batch1 + `"}`
	for _, tt := range []struct {
		status    int
		body      string
		truncated bool
		state     smsir.AttemptState // 0: accepted
		class     smsir.FailureClass
		code      string
		unmapped  bool
	}{
		{201, good, false, 0, "", "", false},
		{200, good, false, 0, "", "", false},
		{201, good, true, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{201, ``, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{201, `{"id":""}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{201, `{"id":"../x"}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{201, `{"code":"blocked_account"}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 201", false},
		{307, good, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 307", false},
		{400, `{"code":"brand_new","text":"x"}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "brand_new", true},
		{400, `{"error":{"code":400,"message":"parsing field","status":"INVALID_ARGUMENT"}}`, false, smsir.AttemptRefused, smsir.ClassPermanent, "INVALID_ARGUMENT", true},
		{403, `{"code":"brand_new","text":"x"}`, false, smsir.AttemptRefused, smsir.ClassConfig, "brand_new", true},
		{401, ``, false, smsir.AttemptRefused, smsir.ClassConfig, "HTTP 401", false},
		{404, ``, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 404", false},
		{400, `<html>`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 400", false},
		{429, `<html>`, false, smsir.AttemptNotSent, smsir.ClassThrottle, "HTTP 429", false},
		{500, `{"code":"syntax_invalid_json"}`, false, smsir.AttemptUnknown, smsir.ClassUnknown, "syntax_invalid_json", false},
		{503, ``, false, smsir.AttemptUnknown, smsir.ClassUnknown, "HTTP 503", false},
	} {
		got, err := p.judge(outcall.Response{Status: tt.status, Body: []byte(tt.body), Truncated: tt.truncated})
		if tt.state == 0 {
			if err != nil || !reflect.DeepEqual(got.References, []string{batch1}) {
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

// TestSettings: what is wrong is named, and the region makes the address.
func TestSettings(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	for name, tt := range map[string][]string{
		"no plan": {settingPlan, ""}, "plan of another form": {settingPlan, "a/b"}, "no token": {settingToken, ""},
		"region": {settingRegion, "mars", settingBase, ""}, "address": {settingBase, "us.sms.api.sinch.com"},
	} {
		var e *smsir.Error
		if _, err := Kind().Open(smsir.ProviderConfig{Settings: settings(f, tt...)}); !errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != tt[0] {
			t.Errorf("%s: got %v, want it to name %s", name, err, tt[0])
		}
	}
	for region, want := range map[string]string{"": "https://us.sms", "us": "https://us.sms", "eu": "https://eu.sms", "au": "https://au.sms", "br": "https://br.sms", "ca": "https://ca.sms"} {
		p, err := Kind().Open(smsir.ProviderConfig{Settings: settings(f, settingBase, "", settingRegion, region)})
		if err != nil || p.(*plan).batches != want+".api.sinch.com/xms/v1/"+planID+"/batches" {
			t.Errorf("region %q: got %+v, %v, want %s", region, p, err, want)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	if err := newPlan(t, f).CheckCredentials(t.Context()); err != nil {
		t.Errorf("good credentials: got %v", err)
	}
	if err := newPlan(t, f, settingToken, "other").CheckCredentials(t.Context()); smsir.CodeOf(err) != smsir.CodeCredentialsRefused {
		t.Errorf("wrong credentials: got %v, want code %s", err, smsir.CodeCredentialsRefused)
	}
	if err := newPlan(t, f, settingBase, f.URL+"/elsewhere").CheckCredentials(t.Context()); smsir.CodeOf(err) != smsir.CodeProviderUnreachable {
		t.Errorf("wrong address: got %v, want code %s", err, smsir.CodeProviderUnreachable)
	}
}
