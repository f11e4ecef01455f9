package vonage

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
)

// TestCheck: what the credentials are tried with, and what each answer says of them.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		api      string
		settings []string
		check    smsir.Code // of the error, "" for none
		balance  smsir.Code
	}{
		"SMS API":                        {apiSMS, nil, "", ""},
		"SMS API, wrong":                 {apiSMS, []string{settingSecret, "wrong"}, smsir.CodeCredentialsRefused, smsir.CodeCredentialsRefused},
		"SMS API, signature only":        {apiSMS, []string{settingSecret, ""}, smsir.CodeProviderUnreachable, smsir.CodeProviderUnreachable},
		"SMS API, elsewhere":             {apiSMS, []string{settingREST, "http://127.0.0.1:1"}, smsir.CodeProviderUnreachable, smsir.CodeProviderUnreachable},
		"Messages API":                   {apiMessages, nil, "", ""},
		"Messages API, no key":           {apiMessages, []string{settingKey, "", settingSecret, ""}, "", smsir.CodeProviderUnreachable},
		"Messages API, elsewhere":        {apiMessages, []string{settingBase, "http://127.0.0.1:1"}, smsir.CodeProviderUnreachable, ""},
		"Messages API, nothing is there": {apiMessages, []string{settingBase, "/x"}, smsir.CodeProviderUnreachable, ""},
	} {
		f := newFar(t)
		if len(tt.settings) > 1 && tt.settings[1] == "/x" {
			tt.settings[1] = f.URL + "/x"
		}
		a := newAccount(t, f, tt.api, tt.settings...)
		if err := a.CheckCredentials(t.Context()); smsir.CodeOf(err) != tt.check || (err == nil) != (tt.check == "") {
			t.Errorf("%s: credentials: got %v, want %q", name, err, tt.check)
		}
		got, err := a.Balance(t.Context())
		if smsir.CodeOf(err) != tt.balance || (err == nil) != (tt.balance == "") || err == nil && got != (smsir.Balance{Amount: "10.28", Currency: "EUR"}) {
			t.Errorf("%s: balance: got %+v, %v, want %q", name, got, err, tt.balance)
		}
		if f.taken.Load() != 0 {
			t.Errorf("%s: %d messages were sent", name, f.taken.Load())
		}
	}
}

// TestCheckAnswers: answers to the check that prove something, and that do not.
func TestCheckAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		body   string
		want   smsir.Code
	}{
		{422, `{"type":"https://developer.vonage.com/api-errors/messages#1010","title":"Missing params"}`, ""},
		{400, `{"type":"https://developer.vonage.com/api-errors/messages#1010"}`, ""},
		{422, `<html>`, smsir.CodeProviderUnreachable},
		{401, `{"type":"https://developer.vonage.com/api-errors#unauthorized"}`, smsir.CodeCredentialsRefused},
		{403, ``, smsir.CodeCredentialsRefused},
		{429, ``, smsir.CodeProviderUnreachable},
		{500, ``, smsir.CodeProviderUnreachable},
		{200, `{}`, smsir.CodeProviderUnreachable},
	} {
		f := &far{Far: providertest.NewFar(t, func(_ *providertest.Far, w http.ResponseWriter, c providertest.Call) {
			if string(c.Body) != "{}" || c.Path != "/v1/messages" {
				t.Errorf("asked %s with %s, want an empty object", c.Path, c.Body)
			}
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		})}
		if err := newAccount(t, f, apiMessages).CheckCredentials(t.Context()); smsir.CodeOf(err) != tt.want || (err == nil) != (tt.want == "") {
			t.Errorf("%d %s: got %v, want %q", tt.status, tt.body, err, tt.want)
		}
	}
	f := &far{Far: providertest.NewFar(t, func(_ *providertest.Far, w http.ResponseWriter, _ providertest.Call) { _, _ = io.WriteString(w, `{}`) })}
	if got, err := newAccount(t, f, apiSMS).Balance(t.Context()); smsir.CodeOf(err) != smsir.CodeProviderUnreachable {
		t.Errorf("an answer without a balance: got %+v, %v", got, err)
	}
	a := newAccount(t, newFar(t), apiMessages)
	a.now = func() time.Time { return noon }
	if _, err := a.request(t.Context(), func() {}); err == nil {
		t.Error("a request of what has no JSON: got no error")
	}
}
