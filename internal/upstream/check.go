package upstream

import (
	"context"
	"errors"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// checkTimeout bounds each question of a check.
const checkTimeout = 15 * time.Second

// CheckVerdict says what a provider makes of its credentials.
type CheckVerdict string

// Verdicts of a check.
const (
	CheckAccepted    CheckVerdict = "accepted"
	CheckRefused     CheckVerdict = "refused"
	CheckUnreachable CheckVerdict = "unreachable" // no usable answer: nobody can tell
	CheckNotOffered  CheckVerdict = "not_offered" // the kind has no way to ask
)

// CheckResult is what came of a check.
type CheckResult struct {
	Verdict CheckVerdict
	Text    string         // what to do, unless it was accepted
	Balance *smsir.Balance // nil when the kind does not tell it, or could not be asked
	At      time.Time
}

// Check asks a provider whether it knows the credentials of a row, and what is left of its credit. It sends no message
// and changes nothing. It fails only when the provider cannot be opened; what the provider answers is the result.
func (s *Service) Check(ctx context.Context, p store.Provider) (CheckResult, error) {
	opened, _, err := s.Open(ctx, p)
	if err != nil {
		return CheckResult{}, err
	}
	result := CheckResult{Verdict: CheckNotOffered, Text: "This kind of provider has no way to try the credentials. Send a test message instead.", At: s.now()}
	if checker, ok := opened.(smsir.CredentialChecker); ok {
		result.Verdict, result.Text = verdictOf(ask(ctx, checker.CheckCredentials))
	}
	reporter, ok := opened.(smsir.BalanceReporter)
	if !ok || result.Verdict == CheckRefused || result.Verdict == CheckUnreachable {
		return result, nil
	}
	var balance smsir.Balance
	err = ask(ctx, func(ctx context.Context) (err error) {
		balance, err = reporter.Balance(ctx)
		return err
	})
	if err == nil {
		result.Balance = &balance
	}
	if result.Verdict == CheckNotOffered { // a balance is told to known accounts only
		result.Verdict, result.Text = verdictOf(err)
	}
	return result, nil
}

func ask(ctx context.Context, question func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return question(ctx)
}

func verdictOf(err error) (CheckVerdict, string) {
	var e *smsir.Error
	switch {
	case err == nil:
		return CheckAccepted, ""
	case errors.As(err, &e) && e.Code == smsir.CodeCredentialsRefused:
		return CheckRefused, e.Text
	case e != nil:
		return CheckUnreachable, e.Text
	}
	return CheckUnreachable, "The provider gave no usable answer. Check the address and the network, and try again."
}
