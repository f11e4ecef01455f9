package accept

import (
	"context"
	"errors"
	"fmt"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// CreditError refuses an order for which the credit of its workspace does not reach. Its code is CodeNoCredit. Amounts are
// millionths of Currency.
type CreditError struct {
	Balance, Needed int64
	Currency        string
	Text            string // all of it, for people
	err             error
}

// Error is the text.
func (e *CreditError) Error() string { return e.Text }

// Unwrap gives the error with the code.
func (e *CreditError) Unwrap() error { return e.err }

// noCredit says in words what is missing, and who can add it.
func noCredit(short *store.CreditError, w *store.Workspace) error {
	missing := short.Needed - short.Balance
	text := fmt.Sprintf("This costs %s %s, and the credit of this workspace is %s: %s are missing. An owner of the workspace or an operator of this server can add credit.",
		smsir.FormatMicros(short.Needed), w.Currency, smsir.FormatMicros(short.Balance), smsir.FormatMicros(missing))
	return &CreditError{
		Balance: short.Balance, Needed: short.Needed, Currency: w.Currency, Text: text,
		err: &smsir.Error{Code: smsir.CodeNoCredit, Field: "credit", Text: text, Err: short},
	}
}

// fitTries is how often a batch is cut down to what the credit reaches for while others spend it, too.
const fitTries = 8

// sendWhatFits accepts a batch in a workspace with credit: rows for which it does not reach are recorded as blocked, so that
// whoever sent them sees why. How far it reaches is only known in the commit, which refuses the whole if it does not; the
// batch is then made anew with what there was.
func (s *Service) sendWhatFits(ctx context.Context, o *Order, list *smsir.PriceList) (*Result, error) {
	reach, err := s.opt.Store.Balance(ctx, o.Workspace.ID)
	if err != nil {
		return nil, err
	}
	for range fitTries {
		result, err := s.try(ctx, o, list, reach)
		var short *CreditError
		if !errors.As(err, &short) {
			return result, err
		}
		reach = short.Balance
	}
	return s.try(ctx, o, list, 0)
}

// toSpend is what the messages of an order take from the credit of their workspace.
func (p *plan) toSpend() store.Spend {
	if p.spend == 0 {
		return store.Spend{}
	}
	w := p.order.Workspace
	return store.Spend{Micros: p.spend, Low: w.CreditLow, Currency: w.Currency}
}
