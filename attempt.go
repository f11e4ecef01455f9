package smsir

import (
	"fmt"
	"time"
)

// Attempt is one hand-over of one message to one provider. Its row is committed before any byte
// may leave (the write-ahead intent); its outcome is set once.
type Attempt struct {
	ID         ID
	Message    ID
	Workspace  UUID
	Number     int // 1 for the first of its message
	Provider   UUID
	State      AttemptState
	StartedAt  time.Time
	EndedAt    time.Time
	References []string // the provider's message ids, one per part
	Price      Money    // what the provider says it charged
	Failover   bool     // see Outcome.Failover
	Error      *Failure
}

// AttemptState is where an attempt stands. The values are stored; never renumber them.
type AttemptState uint8

// States of an attempt. Only AttemptInflight is open; AttemptUnknown may still be resolved.
const (
	AttemptInflight AttemptState = 1 // intent committed, no outcome yet
	AttemptAccepted AttemptState = 2
	AttemptRefused  AttemptState = 3 // an explicit negative answer
	AttemptNotSent  AttemptState = 4 // proof that nothing left
	AttemptUnknown  AttemptState = 5 // no proof either way
)

// String is the word of the API.
func (s AttemptState) String() string {
	switch s {
	case AttemptInflight:
		return "inflight"
	case AttemptAccepted:
		return "accepted"
	case AttemptRefused:
		return "refused"
	case AttemptNotSent:
		return "not_sent"
	case AttemptUnknown:
		return "unknown"
	}
	return fmt.Sprintf("attempt_state(%d)", uint8(s))
}

// FailureClass says what may be done about a failed hand-over.
type FailureClass string

// Classes of failure (docs/delivery.md, "Retries").
const (
	ClassRetry         FailureClass = "retry"          // may work later
	ClassThrottle      FailureClass = "throttle"       // the provider asks to slow down; costs no attempt
	ClassPermanent     FailureClass = "permanent"      // this message will never be taken
	ClassConfig        FailureClass = "config"         // the provider's settings are wrong; costs no attempt
	ClassBlocked       FailureClass = "blocked"        // opted out or held as fraud at the provider
	ClassRecipientTemp FailureClass = "recipient_temp" // the handset is unreachable; no automatic resend
	ClassUnknown       FailureClass = "unknown"        // no proof either way
)

// Outcome is how an attempt ended, as the dispatcher hands it to [Message.Finish].
type Outcome struct {
	State      AttemptState // never AttemptInflight
	Class      FailureClass // of a refused, not sent or unknown attempt
	Fraud      bool         // the provider held it as suspected fraud: people are told
	References []string     // of an accepted attempt
	NoReceipt  bool         // accepted by a route that never reports
	Missing    int          // parts that were not taken although the attempt was accepted; Error says why
	Price      Money        // what the provider says it charges
	Failover   bool         // accepted, and if it is later proved not to have left, it may be tried again (T21)
	RetryAt    time.Time    // when a further attempt may start, and when an unknown one is next looked at
	// AgainAt is when an accepted message is sent again if its last receipt has not come by then (T25);
	// zero for never. It happens once, only to a message with RetryOnce, and marks it as a possible duplicate.
	AgainAt time.Time
	// LookAt is when the provider of an accepted message is first asked what became of it, if no receipt has come by then;
	// zero for never. Recall says that it can be asked to delete it: it is, at once, if a cancel was asked for meanwhile.
	LookAt time.Time
	Recall bool
	Error  *Failure
}

// MaxAttempts is how many attempts of a message count before it fails. Throttled and
// configuration refusals do not count.
const MaxAttempts = 8

// Backoff is how long to wait before the attempt after number n (from 1). jitter in [0, 1) spreads
// it over ±20 %.
func Backoff(n int, jitter float64) time.Duration {
	steps := [...]time.Duration{
		5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute,
		15 * time.Minute, 30 * time.Minute, time.Hour,
	}
	d := steps[min(max(n, 1), len(steps))-1]
	return time.Duration(float64(d) * (0.8 + 0.4*jitter))
}
