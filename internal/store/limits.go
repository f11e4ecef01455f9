package store

import (
	"time"

	"github.com/smsir/smsir"
)

// Limits are what a workspace forbids itself. Zero fields forbid nothing. Days and months are those of its time zone.
type Limits struct {
	MessagesPerDay    int64 `json:"messages_per_day,omitempty"`
	KeyMessagesPerDay int64 `json:"messages_per_key_per_day,omitempty"` // of one API key or SMPP account
	OTPPerRecipient   int64 `json:"otp_per_recipient,omitempty"`        // in ten minutes
	// SpendPerDay and SpendPerMonth are millionths of the workspace's currency, by its price list.
	SpendPerDay   int64    `json:"spend_per_day,omitempty"`
	SpendPerMonth int64    `json:"spend_per_month,omitempty"`
	Countries     []string `json:"countries,omitempty"` // ISO 3166-1 alpha-2, the only ones that may be written to
}

// Meter is what an acceptance uses up of a limit. What a meter counts up to its limit fits, what would go beyond it does
// not, however many accept at once.
type Meter struct {
	Name     string // of the limit; behind a colon, whom it counts for
	From     time.Time
	Until    time.Time // of the period; zero for one that does not end
	Add      int64
	Limit    int64
	Warn     int64  // reaching it is told by an event of type smsir.EventLimitNear; 0 for none
	Currency string // of an amount of money
}

// Use is what the meter says when so much is used up.
func (m *Meter) Use(used int64) *smsir.LimitUse {
	u := &smsir.LimitUse{Name: m.Name, Used: used, Limit: m.Limit, Currency: m.Currency}
	if !m.Until.IsZero() {
		until := m.Until.UTC()
		u.Until = &until
	}
	return u
}

// Near reports whether adding to what was used reaches the point that is told.
func (m *Meter) Near(was int64) bool {
	return m.Warn > 0 && was < m.Warn && was+m.Add >= m.Warn
}

// FullError refuses an acceptance that does not fit a meter. Nothing was stored.
type FullError struct {
	Meter Meter
	Used  int64 // before
}

// Error names the meter.
func (e *FullError) Error() string { return e.Unwrap().Error() }

// Unwrap has the code.
func (e *FullError) Unwrap() error {
	return smsir.Errorf(smsir.CodeLimitReached, "%s: %d used, %d asked for, %d allowed", e.Meter.Name, e.Used, e.Meter.Add, e.Meter.Limit)
}
