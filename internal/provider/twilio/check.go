package twilio

import (
	"context"
	"net/http"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// CheckCredentials implements [smsir.CredentialChecker]. An API key may not see the account unless it is a main key, so
// with one the messages are listed, which looking up lost answers needs too.
func (a *account) CheckCredentials(ctx context.Context) error {
	if a.user != a.sid {
		return a.ask(ctx, "/Messages.json?PageSize=1", &page{})
	}
	var got struct {
		Status string `json:"status"`
	}
	if err := a.ask(ctx, ".json", &got); err != nil {
		return err
	}
	if got.Status == "suspended" || got.Status == "closed" {
		return smsir.Errorf(smsir.CodeCredentialsRefused, "Twilio knows the account, but it is %s. Ask Twilio's support.", got.Status)
	}
	return nil
}

// Balance implements [smsir.BalanceReporter]. Subaccounts have none of their own.
func (a *account) Balance(ctx context.Context) (smsir.Balance, error) {
	var got struct {
		Balance  string `json:"balance"`
		Currency string `json:"currency"`
	}
	if err := a.ask(ctx, "/Balance.json", &got); err != nil {
		return smsir.Balance{}, err
	}
	if got.Balance == "" || got.Currency == "" {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeProviderUnreachable, "Twilio tells no balance of this account. Look at the one that it belongs to.")
	}
	return smsir.Balance{Amount: got.Balance, Currency: got.Currency}, nil
}

// ask reads something of the account.
func (a *account) ask(ctx context.Context, path string, v any) error {
	req, err := outcall.NewJSON(ctx, http.MethodGet, a.resource(path), nil)
	if err != nil {
		return smsir.Errorf(smsir.CodeProviderUnreachable, "The address of the API cannot be used. Check the setting.")
	}
	req.SetBasicAuth(a.user, a.password)
	return a.http.Ask(ctx, req, "Twilio", v)
}

// Codes of what T-Mobile US takes in a day, and how long at most a message waits then before it tries again: whoever waits
// holds up all messages of this provider, and most of them go elsewhere.
const (
	codeDailyLimit      = 30023
	codeBrandDailyLimit = 30027
	maxDayWait          = 15 * time.Minute
)

// nextDay is how long it is until T-Mobile's next day, which begins at midnight of the Pacific coast.
func nextDay(now time.Time) time.Duration {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		zone = time.FixedZone("PST", -8*60*60) // without a time zone database
	}
	here := now.In(zone)
	return time.Date(here.Year(), here.Month(), here.Day()+1, 0, 0, 0, 0, zone).Sub(now)
}
