package twilio

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
	_ "time/tzdata" // the program has it too

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// TestCheck: with the auth token the account is asked, with an API key the list of messages.
func TestCheck(t *testing.T) {
	t.Parallel()
	key := []string{settingToken, "", settingKey, keySID, settingKeySecret}
	for name, tt := range map[string]struct {
		settings []string
		status   string
		check    smsir.Code // of the error, "" for none
		balance  smsir.Code
	}{
		"auth token":           {nil, "active", "", ""},
		"suspended":            {nil, "suspended", smsir.CodeCredentialsRefused, ""},
		"wrong token":          {[]string{settingToken, "wrong"}, "active", smsir.CodeCredentialsRefused, smsir.CodeCredentialsRefused},
		"API key":              {append(key, "hush"), "active", "", ""},
		"wrong API key":        {append(key, "wrong"), "active", smsir.CodeCredentialsRefused, smsir.CodeCredentialsRefused},
		"elsewhere":            {[]string{settingBase, "http://127.0.0.1:1"}, "active", smsir.CodeProviderUnreachable, smsir.CodeProviderUnreachable},
		"an account not there": {[]string{settingAccount, "AC00000000000000000000000000000002"}, "active", smsir.CodeProviderUnreachable, smsir.CodeProviderUnreachable},
	} {
		f := newFar(t)
		f.status = tt.status
		a := newAccount(t, f, tt.settings...)
		if err := a.CheckCredentials(t.Context()); smsir.CodeOf(err) != tt.check || (err == nil) != (tt.check == "") {
			t.Errorf("%s: credentials: got %v, want %q", name, err, tt.check)
		}
		got, err := a.Balance(t.Context())
		if smsir.CodeOf(err) != tt.balance || (err == nil) != (tt.balance == "") || err == nil && got != (smsir.Balance{Amount: "-1.05", Currency: "USD"}) {
			t.Errorf("%s: balance: got %+v, %v, want %q", name, got, err, tt.balance)
		}
		if len(f.forms) != 0 {
			t.Errorf("%s: %d messages were sent", name, len(f.forms))
		}
	}
	sub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"balance":null}`) }))
	t.Cleanup(sub.Close)
	if got, err := newAccount(t, newFar(t), settingBase, sub.URL).Balance(t.Context()); smsir.CodeOf(err) != smsir.CodeProviderUnreachable {
		t.Errorf("a subaccount: got %+v, %v, want that it has no balance", got, err)
	}
}

// TestPrice: a price is kept where Twilio knows it already.
func TestPrice(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t))
	for body, want := range map[string]smsir.Money{
		`{"sid":"` + sms1 + `","price":"-0.00790","price_unit":"USD"}`: {Micros: 7_900, Currency: "USD"},
		`{"sid":"` + sms1 + `","price":null,"price_unit":"USD"}`:       {},
		`{"sid":"` + sms1 + `"}`:                                       {},
	} {
		if got, err := a.judge(outcall.Response{Status: 201, Body: []byte(body)}); err != nil || got.Price != want {
			t.Errorf("%s: got %+v, %v, want %+v", body, got, err, want)
		}
	}
}

func TestNextDay(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]time.Duration{
		"2026-11-23T07:59:00Z": time.Minute, "2026-11-23T08:00:00Z": 24 * time.Hour, "2026-07-23T06:59:59Z": time.Second,
		"2026-11-01T07:00:00Z": 25 * time.Hour, "2026-03-08T08:00:00Z": 23 * time.Hour, // the clocks change
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := nextDay(now); got != want {
			t.Errorf("%s: got %v, want %v", at, got, want)
		}
	}
}
