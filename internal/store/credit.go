package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// Spend is what an acceptance reserves of the credit of its workspace: the sum of the costs of its messages. The zero value
// reserves nothing.
type Spend struct {
	Micros   int64
	Low      int64  // falling below it is told by an event of type smsir.EventCreditLow; 0 for never
	Currency string // for that event
}

// Falls reports whether spending from a balance crosses the point that is told.
func (s *Spend) Falls(balance int64) bool { return balance >= s.Low && balance-s.Micros < s.Low }

// Left is what the event says.
func (s *Spend) Left(balance int64) *smsir.CreditLeft {
	return &smsir.CreditLeft{Balance: balance - s.Micros, Low: s.Low, Currency: s.Currency}
}

// CreditError refuses an acceptance for which the credit of its workspace does not reach. Nothing was stored.
type CreditError struct {
	Balance int64 // millionths
	Needed  int64
}

// Error says what is missing.
func (e *CreditError) Error() string { return e.Unwrap().Error() }

// Unwrap has the code.
func (e *CreditError) Unwrap() error {
	return smsir.Errorf(smsir.CodeNoCredit, "credit: %s left, %s needed", smsir.FormatMicros(e.Balance), smsir.FormatMicros(e.Needed))
}

// CreditEntry is a line of the credit ledger, which is only ever added to. The sum of all Amounts of a workspace is its
// balance; the sum of all Held is what messages under way hold back, and that of one message is 0 when it is final.
type CreditEntry struct {
	ID        smsir.ID
	Workspace smsir.UUID
	Message   smsir.ID // 0 for a grant or a correction
	Kind      smsir.Charge
	Amount    int64 // change of the balance, millionths
	Held      int64 // change of what is held
	At        time.Time
	Actor     smsir.Actor // of a grant or a correction
	Note      string      // likewise
	Key       string      // likewise: one entry for a key, however often it is asked for; "" for no key
}

// CreditFilter narrows the ledger.
type CreditFilter struct {
	Kinds   []smsir.Charge // none for all
	Message smsir.ID       // 0 for all
	From    time.Time      // not before; zero for all
	Until   time.Time      // before; zero for all
	Before  smsir.ID       // those with a smaller id; 0 begins with the newest
	Limit   int
}

// Credit is how a workspace stands.
type Credit struct {
	Balance int64 // can be spent, millionths of the workspace's currency
	Held    int64 // held back for messages under way
}

// MaxCredit bounds a balance, in millionths: a billion.
const MaxCredit = 1_000_000_000 * 1_000_000

// Credits stores the credit of workspaces. What messages take and give back is in [Accepter] and [Queue]: in the
// transaction of the move that it follows from.
type Credits interface {
	// SetCredit turns credit on or off, and sets the balance below which people are told; 0 for never.
	SetCredit(ctx context.Context, workspace smsir.UUID, on bool, low int64, audit AuditEntry) error
	// Balance is what a workspace can spend, in constant time: 0 before the first grant.
	Balance(ctx context.Context, workspace smsir.UUID) (int64, error)
	// Credit is the balance with what messages under way hold, in constant time too.
	Credit(ctx context.Context, workspace smsir.UUID) (Credit, error)
	// AddCredit stores a grant or a correction, with an id of the caller, and returns it; or else the entry that has its key
	// already. CodeConflict with Field "amount": the balance would fall below zero, or rise above [MaxCredit].
	AddCredit(ctx context.Context, e CreditEntry, audit AuditEntry) (*CreditEntry, error)
	// CreditEntries lists entries of a workspace, newest first.
	CreditEntries(ctx context.Context, workspace smsir.UUID, f CreditFilter) ([]CreditEntry, error)
}
