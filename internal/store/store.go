// Package store is the storage contract: small interfaces by subject, so that a consumer asks for
// the few methods it needs, and the plain values that cross them.
//
// It holds no code that touches a database; packages sqlite and postgres implement it, and package
// storetest judges them. Each method is one atomic business step: it happens whole and durably, or
// not at all, and no transaction object escapes. A nil error from a method that writes means that
// the write is on disk. Methods are safe for concurrent use.
//
// Errors that a caller can act on are [*smsir.Error] with one of the codes CodeNotFound,
// CodeConflict, CodeStorageFull, CodeStorageDown, CodeCommitUnknown or those a method names. Any other
// error is a fault of the store.
package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// Accepter is the last step of stage 1.
type Accepter interface {
	// NewID makes the id of a message, batch or attempt.
	NewID(now time.Time) smsir.ID
	// Accept stores messages with their first events, client references and idempotency record in
	// one durable step. If the key is known already it stores nothing and returns the record.
	// Errors: [*FullError]; [*CreditError]; CodeTooLate; CodeClientRefUsed, CodeStorageFull, CodeStorageDown, CodeCommitUnknown.
	Accept(ctx context.Context, a *Acceptance) (*Replay, error)
	// Backlog is how many messages of a workspace are scheduled or queued.
	Backlog(ctx context.Context, workspace smsir.UUID) (int64, error)
	// Oldest is the oldest message of a workspace that waits unowned in the queue, 0 if none does. Its cost
	// grows with their number.
	Oldest(ctx context.Context, workspace smsir.UUID) (smsir.ID, error)
	// Suppressed returns those of the recipients that must get nothing from sender ("" for the
	// provider's choice, which any suppression of the recipient forbids).
	Suppressed(ctx context.Context, workspace smsir.UUID, recipients []string, sender string) (map[string]bool, error)
	// Balance is the credit that a workspace can spend, millionths of its currency.
	Balance(ctx context.Context, workspace smsir.UUID) (int64, error)
	// Used tells what meters of a workspace count now, one for each: 0 before the first use.
	Used(ctx context.Context, workspace smsir.UUID, meters []Meter) ([]int64, error)
	// Replay finds a stored idempotency record, nil if there is none.
	Replay(ctx context.Context, workspace smsir.UUID, scope, key string, now time.Time) (*Replay, error)
}

// Acceptance is what one request has accepted.
type Acceptance struct {
	Workspace smsir.UUID
	Messages  []*smsir.Message // in their first state, with ids
	Events    []smsir.Event    // theirs, in order; ids are given in the commit
	Owned     bool             // the dispatcher of this node takes the queued ones over from memory
	// Intents start attempts of some of them in the same step, in the order of Messages; only where Owned. The rules of
	// [Queue.Intend] hold: Message of an intent is moved if its attempt has started, and otherwise stored as it is.
	Intents      []Intent
	Idempotency  *Idempotency  // nil without a key
	Conversation smsir.UUID    // they are replies in it; zero for none
	Confirmation bool          // they tell their recipients of an opt-out, which does not block them
	ClientRefs   time.Duration // how long a client reference stays unique
	Meters       []Meter       // what it uses up; none in a workspace without limits
	Spend        Spend         // what its messages with a charge cost together
	// Replaces is a message of the workspace that is canceled in the same step, with the reason replaced, by an actor; 0
	// for none. If it cannot be any more, nothing is stored: CodeTooLate.
	Replaces   smsir.ID
	ReplacedBy smsir.Actor
}

// Reservation is room for messages that are about to be stored as owned by this node, and slots of providers for those that
// start at once. One of its methods but Intents is called, once.
type Reservation interface {
	Intents() []Intent // to be stored with the messages
	Offer()            // the messages were stored, and the intents where they are moved
	Release()          // they were not
	Doubt()            // nobody knows: CodeCommitUnknown
}

// Idempotency is the record that makes a retry safe.
type Idempotency struct {
	Scope       string // endpoint
	Key         string
	Fingerprint [32]byte // SHA-256 of method, path and canonical body
	ExpiresAt   time.Time
	Status      int
	Body        []byte
}

// Replay is a stored [Idempotency] record.
type Replay struct {
	Fingerprint [32]byte
	Status      int
	Body        []byte
}

// Queue is what stage 2, the dispatcher, and the clock need.
type Queue interface {
	NewID(now time.Time) smsir.ID
	// Recover takes over, at start, what earlier runs of this node left: queued messages become
	// claimable, messages with an open intent become unknown, jobs that they ran are due again. It is idempotent.
	Recover(ctx context.Context, now time.Time, nextLook time.Time) (requeued, unknown int, err error)
	// Waiting lists the queues that have unowned messages, in no particular order. Its cost grows with
	// their number, not with that of the messages.
	Waiting(ctx context.Context) ([]Waiting, error)
	// Claim marks due, unowned, queued messages as this node's: of each share the longest due ones, up to
	// its N. Those that it returns beside CodeCommitUnknown may be ours; Intend tells.
	Claim(ctx context.Context, now time.Time, shares []Share) ([]*smsir.Message, error)
	// NextDeadline is the earliest moment at which Tick has work; zero when there is none.
	NextDeadline(ctx context.Context) (time.Time, error)
	// Tick applies the clock to up to limit messages whose deadline has passed.
	Tick(ctx context.Context, now time.Time, late smsir.Lateness, limit int) (TickResult, error)
	// Intend commits the start of attempts. The result has one entry for each intent, in order:
	// false for a message that may not be sent now (no longer queued and ours, canceled, expired,
	// opted out); such a message was ended or released in the same step where that is due.
	Intend(ctx context.Context, intents []Intent) ([]bool, error)
	// Finish stores the outcome of an attempt, moves the message and applies parked receipts. It
	// returns the message as it is then. An attempt whose outcome is proven is left alone.
	Finish(ctx context.Context, f Finish) (*smsir.Message, error)
	// Release gives up ownership of queued messages that this node will not send now.
	Release(ctx context.Context, ids []smsir.ID, reason smsir.Reason, next time.Time) error
	// Hurry makes unowned messages of a workspace that wait for a reason due at now.
	Hurry(ctx context.Context, workspace smsir.UUID, reason smsir.Reason, now time.Time) error
	// Fail ends a queued message that no provider will take.
	Fail(ctx context.Context, id smsir.ID, now time.Time, reason smsir.Reason, why *smsir.Failure) error
	// Look sets when an unknown message is next looked at.
	Look(ctx context.Context, id smsir.ID, next time.Time) error
	// Follow sets when the provider of a sent message is next asked about it, zero for never, if the time is still was.
	Follow(ctx context.Context, id smsir.ID, was, next time.Time) error
	// Tell stores an event that is not about a message.
	Tell(ctx context.Context, e smsir.Event) error
	// Sweep deletes a bounded number of expired idempotency records, client references and sessions.
	Sweep(ctx context.Context, now time.Time) (more bool, err error)
	// TriedProviders lists the providers of a message's attempts, once for each, oldest first.
	TriedProviders(ctx context.Context, id smsir.ID) ([]smsir.UUID, error)
	// UnknownAttempts lists the unresolved attempts of a message.
	UnknownAttempts(ctx context.Context, id smsir.ID) ([]smsir.Attempt, error)
	// AcceptedAttempts lists the attempts of a message that their providers accepted, with the references of all parts.
	AcceptedAttempts(ctx context.Context, id smsir.ID) ([]smsir.Attempt, error)
	// OwnedReferences returns those of some references of a provider that belong to an attempt, in no particular order.
	OwnedReferences(ctx context.Context, provider smsir.UUID, references []string) ([]string, error)
}

// TickResult says what the clock did.
type TickResult struct {
	Moved int              // messages that moved
	Look  []*smsir.Message // unknown and sent messages whose providers are to be asked about them
	More  bool             // limit was reached: call again
}

// Line is a queue: the messages of one class of one workspace.
type Line struct {
	Workspace smsir.UUID
	Class     smsir.Class
}

// Waiting is a queue that has unowned messages.
type Waiting struct {
	Line
	DueAt time.Time // of the first one; may be zero when it was never put off
}

// Share is how many messages of a queue are wanted.
type Share struct {
	Line
	N int
}

// Intent is the start of one attempt.
type Intent struct {
	Attempt  smsir.ID
	Message  *smsir.Message // as claimed; moved by Intend when it succeeds
	Provider smsir.UUID
	Now      time.Time
}

// Finish is the outcome of one attempt.
type Finish struct {
	Attempt   smsir.ID
	Message   smsir.ID
	Workspace smsir.UUID // of the message; may be zero when the outcome is not of ClassBlocked
	Now       time.Time
	Outcome   smsir.Outcome
}

// Evidence is what stage 4 and package inbound need.
type Evidence interface {
	// StoreReceipt stores a receipt, deduplicates it, matches it to an attempt of the same provider
	// and moves the message. A receipt that matches nothing yet is parked.
	StoreReceipt(ctx context.Context, r smsir.Receipt) (ReceiptResult, error)
	// StoreInbound stores a message from a handset with its event and what it says about consent;
	// a repeated provider reference is stored once. It joins its conversation, and a job of kind JobInbound is added.
	StoreInbound(ctx context.Context, in smsir.Inbound, consent Consent) (duplicate bool, err error)
}

// Consent is what an inbound message says about further messages to its sender.
type Consent uint8

// Kinds of consent. OptOut and OptIn concern the number that the inbound message was sent to.
const (
	ConsentUnchanged Consent = 0
	OptOut           Consent = 1
	OptIn            Consent = 2
)

// ReceiptResult says what became of a receipt.
type ReceiptResult uint8

// Results of StoreReceipt.
const (
	ReceiptApplied   ReceiptResult = 1 // matched, and the message moved
	ReceiptNoted     ReceiptResult = 2 // matched; the message did not move
	ReceiptDuplicate ReceiptResult = 3 // known already
	ReceiptParked    ReceiptResult = 4 // no attempt matches yet
)

// Canceler cancels.
type Canceler interface {
	// Recall is Cancel for a message whose provider can be asked to delete it: one that is sent is marked, and due to be
	// looked at, instead of being too late. Error: CodeNotFound.
	Recall(ctx context.Context, workspace smsir.UUID, id smsir.ID, actor smsir.Actor, now time.Time) (smsir.CancelResult, *smsir.Message, error)
	// Cancel tries to cancel one message of a workspace. Error: CodeNotFound.
	Cancel(ctx context.Context, workspace smsir.UUID, id smsir.ID, actor smsir.Actor, now time.Time) (smsir.CancelResult, *smsir.Message, error)
}

// Messages reads messages. Everything is bound to a workspace.
type Messages interface {
	Message(ctx context.Context, workspace smsir.UUID, id smsir.ID) (*smsir.Message, error)
	// MessagesByID loads messages that exist, in no particular order; for readers of the event stream.
	MessagesByID(ctx context.Context, ids []smsir.ID) ([]*smsir.Message, error)
	// ListMessages returns newest first.
	ListMessages(ctx context.Context, workspace smsir.UUID, f MessageFilter) (MessagePage, error)
	MessageEvents(ctx context.Context, workspace smsir.UUID, id smsir.ID) ([]smsir.Event, error)
	Attempts(ctx context.Context, workspace smsir.UUID, id smsir.ID) ([]smsir.Attempt, error)
	ListInbound(ctx context.Context, workspace smsir.UUID, before smsir.ID, limit int) ([]smsir.Inbound, error)
	// Counts returns messages by status for each hour of acceptance in [from, to).
	Counts(ctx context.Context, workspace smsir.UUID, from, to time.Time) ([]HourCount, error)
}

// MessageFilter selects messages. Zero fields select everything.
type MessageFilter struct {
	Statuses  []smsir.Status
	To        string // E.164, or a part of it
	From      string // sender, exact
	Text      string // part of the text, letter case folded for ASCII
	CreatedBy smsir.UUID
	Batch     smsir.ID
	ClientRef string
	Tag       string
	Provider  smsir.UUID
	Since     time.Time // accepted at or after
	Until     time.Time // accepted before
	Before    smsir.ID  // cursor: only ids below it
	Limit     int       // 1..200
}

// MessagePage is one page. Next is the cursor of the following page, 0 at the end. Partial says
// that the walk stopped at its bound before the page was full.
type MessagePage struct {
	Items   []*smsir.Message
	Next    smsir.ID
	Partial bool
}

// WalkLimit bounds the rows that one call of ListMessages looks at.
const WalkLimit = 100_000

// HourCount is the number of messages accepted in an hour that stand in a state now.
type HourCount struct {
	Hour  time.Time
	State smsir.State
	N     int64
}

// Events is the stream that package notify reads.
type Events interface {
	// EventsAfter returns events with ids above after, oldest first; of one workspace, or of all for
	// the zero UUID. Whatever it returns, no event with a smaller id can appear later.
	EventsAfter(ctx context.Context, workspace smsir.UUID, after smsir.ID, limit int) ([]smsir.Event, error)
	// LastEvent is the id of the newest event, 0 if there is none; no smaller id can appear later.
	LastEvent(ctx context.Context) (smsir.ID, error)
}
