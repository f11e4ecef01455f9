package africastalking

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// CheckCredentials implements [smsir.CredentialChecker]: the balance is told to the app itself only.
func (a *account) CheckCredentials(ctx context.Context) error {
	_, err := a.Balance(ctx)
	return err
}

// Balance implements [smsir.BalanceReporter].
func (a *account) Balance(ctx context.Context) (smsir.Balance, error) {
	req, err := outcall.NewJSON(ctx, http.MethodGet, a.base+"/version1/user?"+url.Values{"username": {a.user}}.Encode(), nil)
	if err != nil {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeProviderUnreachable, "The address of the API cannot be used. Check the setting.")
	}
	a.identify(req)
	var got struct {
		User struct {
			Balance string `json:"balance"` // "KES 1785.50"
		} `json:"UserData"`
	}
	if err := a.http.Ask(ctx, req, title, &got); err != nil {
		return smsir.Balance{}, err
	}
	currency, amount, ok := strings.Cut(strings.TrimSpace(got.User.Balance), " ")
	if !ok || len(currency) != 3 {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeProviderUnreachable, "Africa's Talking gave an answer without a balance. Check the address of the API if one is set.")
	}
	return smsir.Balance{Amount: strings.TrimSpace(amount), Currency: currency}, nil
}
