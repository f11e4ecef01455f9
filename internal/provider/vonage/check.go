package vonage

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/smsir/smsir"
)

// CheckCredentials implements [smsir.CredentialChecker]. For the Messages API it asks for a message that names neither
// recipient nor text: Vonage looks at the token first, and then refuses the request as incomplete.
func (a *account) CheckCredentials(ctx context.Context) error {
	if a.api == apiSMS {
		_, err := a.Balance(ctx)
		return err
	}
	req, err := a.request(ctx, struct{}{})
	if err != nil {
		return unreachable(err)
	}
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return unreachable(err)
	}
	var p problem
	_ = json.Unmarshal(answer.Body, &p) // without a type it is no answer of Vonage's
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return smsir.Errorf(smsir.CodeCredentialsRefused, "Vonage does not accept the application ID with this private key. Check both in the dashboard under Applications, and enter them again.")
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if p.Type != "" {
			return nil
		}
	}
	return smsir.Errorf(smsir.CodeProviderUnreachable, "Vonage answered with status %d, which does not tell whether the credentials are right. Try again later.", answer.Status)
}

func unreachable(cause error) error {
	err := smsir.Errorf(smsir.CodeProviderUnreachable, "Vonage cannot be reached. Check the network of this server, and the address of the API if one is set.")
	err.Err = cause
	return err
}

// Balance implements [smsir.BalanceReporter].
func (a *account) Balance(ctx context.Context) (smsir.Balance, error) {
	if a.key == "" || a.secret == "" {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeProviderUnreachable, "Vonage tells nothing without the API key and the API secret: a signature secret can be tried only by sending a message. Enter both, or send a test message.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.rest+"/account/get-balance", nil)
	if err != nil {
		return smsir.Balance{}, unreachable(err)
	}
	req.SetBasicAuth(a.key, a.secret)
	req.Header.Set("Accept", "application/json")
	var got struct {
		Value *json.Number `json:"value"`
	}
	if err := a.http.Ask(ctx, req, title, &got); err != nil {
		return smsir.Balance{}, err
	}
	if got.Value == nil {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeProviderUnreachable, "Vonage gave an answer without a balance. Check the address of the SMS API if one is set.")
	}
	return smsir.Balance{Amount: got.Value.String(), Currency: currency}, nil
}
