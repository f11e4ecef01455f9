package httpd

import (
	"strconv"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	put := func(body string) request {
		return request{method: "PUT", path: "/v1/limits", as: owner.token, body: body}
	}
	const rest = `"messages_per_key_per_day":0,"otp_per_recipient":0,"countries":[]`
	for body, field := range map[string]string{
		`{"messages_per_day":0,"spend_per_day":"5","spend_per_month":"",` + rest + `}`:                                                              "spend_per_day", // there are no prices
		`{"messages_per_day":0,"spend_per_day":"","spend_per_month":"much",` + rest + `}`:                                                           "spend_per_month",
		`{"messages_per_day":0,"spend_per_day":"-5","spend_per_month":"",` + rest + `}`:                                                             "spend_per_day",
		`{"messages_per_day":-1,"spend_per_day":"","spend_per_month":"",` + rest + `}`:                                                              "body.messages_per_day",
		`{"messages_per_day":0,"spend_per_day":"","spend_per_month":"","messages_per_key_per_day":0,"otp_per_recipient":0,"countries":["Kenya"]}`:   "countries",
		`{"messages_per_day":0,"spend_per_day":"","spend_per_month":"","messages_per_key_per_day":0,"otp_per_recipient":0,"countries":["KE","XX"]}`: "countries",
	} {
		var p api.Problem
		g.refused(put(body), 422, smsir.CodeInvalid).read(t, &p)
		if len(p.Errors) != 1 || p.Errors[0].Field != field && "body."+p.Errors[0].Field != field {
			t.Errorf("%s: %+v, want a fault of %s", body, p.Errors, field)
		}
	}
	var state api.LimitState
	g.ok(put(`{"messages_per_day":2,"spend_per_day":"","spend_per_month":"","messages_per_key_per_day":7,"otp_per_recipient":5,"countries":["us","KE","KE"]}`), 200, &state)
	if l := state.Limits; l.MessagesPerDay != 2 || l.KeyMessagesPerDay != 7 || l.OTPPerRecipient != 5 || len(l.Countries) != 2 || l.Countries[1] != "US" || len(state.Use) != 1 || state.Use[0].Used != "0" {
		t.Errorf("stored %+v", state)
	}
	g.send(owner.token)
	g.send(owner.token)
	var p api.Problem
	got := g.refused(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550100","text":"x"}`}, 429, smsir.CodeLimitReached)
	got.read(t, &p)
	if wait, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || wait < 1 || wait > 86_400 {
		t.Errorf("Retry-After %q, want the seconds until midnight", got.header.Get("Retry-After"))
	}
	if len(p.Errors) != 1 || p.Errors[0].Field != "limits.messages_per_day" || p.Retryable {
		t.Errorf("refused with %+v", p)
	}
	g.ok(request{method: "GET", path: "/v1/limits", as: owner.token}, 200, &state)
	var boot api.Bootstrap
	g.ok(request{method: "GET", path: "/v1/bootstrap", as: owner.token}, 200, &boot)
	if len(state.Use) != 1 || state.Use[0].Used != "2" || !state.Use[0].Near || len(boot.LimitsNear) != 1 {
		t.Errorf("used up: %+v, at start %+v", state.Use, boot.LimitsNear)
	}
}
