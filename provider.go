package smsir

import (
	"context"
	"fmt"
	"time"
)

// Provider is a configured upstream. Send hands over one submission and returns what the provider
// answered. An error is always a [*SendError]; anything else is treated as unknown. A Provider never
// retries, and is safe for concurrent use. Send must return when ctx ends, and must not begin to write what [TooLate] says
// is over: dialing, a handshake and a place in a window can take longer than a message has left.
type Provider interface {
	Send(ctx context.Context, s Submission) (Accepted, error)
}

type startBy struct{}

// StartBy returns a context for [Provider].Send in which the first byte of the submission must leave before t. The answer may
// come later.
func StartBy(ctx context.Context, t time.Time) context.Context {
	return context.WithValue(ctx, startBy{}, t)
}

// TooLate reports whether the time of [StartBy] has come; without one it is never too late.
func TooLate(ctx context.Context, now time.Time) bool {
	t, ok := ctx.Value(startBy{}).(time.Time)
	return ok && !now.Before(t)
}

// ErrTooLate is the answer of a provider to which it was: nothing was written.
func ErrTooLate() *SendError {
	return &SendError{
		State: AttemptNotSent, Class: ClassRetry, Code: "too_late",
		Text: "The message's validity ended while it waited for its turn at the provider, so nothing was sent.",
	}
}

// Submission is one attempt as a provider sees it.
type Submission struct {
	Attempt   ID // unique, time-ordered: travels to the provider wherever there is a slot for it
	Message   ID
	Workspace UUID
	To        string // E.164 with the plus sign
	From      string
	Text      string
	Encoding  Encoding
	Segments  int
	Class     Class
	Validity  time.Duration // what remains of it
}

// Accepted is the positive answer to a submission.
type Accepted struct {
	References []string // the provider's ids, one per part; may be empty
	NoReceipt  bool     // this route never reports
	Price      Money    // what the provider says it charges; zero when it does not say

	// Missing is how many parts it did not take while it took the others, and MissingError why: the
	// message cannot arrive whole, and trying again would show its beginning twice.
	Missing      int
	MissingError *SendError
}

// Money is an amount in millionths of a currency's unit; the zero value is no amount.
type Money struct {
	Micros   int64  // never negative
	Currency string // ISO 4217, "" only in the zero value
}

// SendError is the negative or missing answer to a submission.
type SendError struct {
	State        AttemptState // AttemptNotSent, AttemptRefused or AttemptUnknown
	Class        FailureClass
	RetryAfter   time.Duration // asked for by the provider; 0 when it did not say
	Code         string        // ours: "refused", "dial_failed", "no_answer", …
	Text         string        // for people
	ProviderCode string        // word for word
	ProviderText string        // word for word
	Fraud        bool          // of ClassBlocked: held as suspected fraud, not because the recipient opted out
	Unmapped     bool          // the adapter's table does not have the code: it is counted and told
	Err          error
}

// Error implements error.
func (e *SendError) Error() string {
	s := fmt.Sprintf("%s (%s): %s", e.State, e.Class, e.Text)
	if e.ProviderCode != "" || e.ProviderText != "" {
		s += fmt.Sprintf(" [%s %s]", e.ProviderCode, e.ProviderText)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }

// Failure is e as it is stored with the attempt and the message.
func (e *SendError) Failure() *Failure {
	return &Failure{Class: e.Class, Code: e.Code, Text: e.Text, ProviderCode: e.ProviderCode, ProviderText: e.ProviderText}
}

// Sink takes what a provider reports by itself. A method returns nil only after the report is
// committed; on an error the provider must not acknowledge it upstream, and reports it again.
type Sink interface {
	Receipt(ctx context.Context, r Receipt) error
	Inbound(ctx context.Context, in Inbound) error
}

// Runner is a [Provider] that holds connections or works by itself. Run blocks until ctx ends and
// everything it started has stopped, and then returns nil.
type Runner interface {
	Run(ctx context.Context, sink Sink) error
}

// CalledBack is a [Provider] that reports over HTTP requests to the gateway. Callback proves where a
// request comes from before it believes anything in it, reads it, and changes nothing: the door hands
// what it returns to the [Sink], and gives the answer only after all of it is stored. A request that
// proves nothing gives an [*Error] of CodeCallbackRefused; one that cannot be read, CodeInvalid. With a
// refusal, the Status of the answer may be 503 to make the provider come again with a proof.
type CalledBack interface {
	Callback(ctx context.Context, r CallbackRequest) (CallbackAnswer, error)
}

// CallbackRequest is an HTTP request as it came.
type CallbackRequest struct {
	Method string
	URL    string // as the provider calls it: the configured public address, path and query, never the Host header
	Header map[string][]string
	Body   []byte // whole, at most 1 MiB
}

// CallbackAnswer is what a callback told, and what its sender is answered.
type CallbackAnswer struct {
	Receipts    []Receipt // Provider is set by the door
	Inbound     []Inbound // likewise
	Status      int       // 204 if 0
	ContentType string
	Body        []byte
}

// StatusQuerier is a [Provider] that can be asked what became of an attempt whose answer never came.
type StatusQuerier interface {
	QueryStatus(ctx context.Context, q StatusQuery) (StatusAnswer, error)
}

// StatusQuery names the attempt asked about.
type StatusQuery struct {
	Attempt   ID
	To        string
	From      string
	Text      string
	StartedAt time.Time
	// Owned returns those of some references of the provider that belong to an attempt already. Nil: nobody knows.
	Owned func(ctx context.Context, references []string) ([]string, error)
	// Again is the attempt as it may be handed over once more to an upstream that takes an attempt only once, however
	// often it comes. Nil: its bytes must not leave again (canceled, no longer valid, or too long ago).
	Again *Submission
}

// StatusAnswer is what the provider knows about an attempt.
type StatusAnswer struct {
	Verdict    Verdict
	References []string // when Accepted
}

// ReceiptQuerier is a [Provider] that can be asked what became of a message that it accepted, where no receipt tells.
type ReceiptQuerier interface {
	// QueryAfter is how long after its acceptance a message without receipt is asked about first; 0: it is not.
	QueryAfter() time.Duration
	// QueryReceipts asks about each part once, and returns a receipt for each that has ended. What is under way, not known
	// or not answered gives none. An error says that nothing could be asked.
	QueryReceipts(ctx context.Context, q AcceptedQuery) ([]Receipt, error)
}

// Recaller is a [Provider] that can be asked to delete a message that it accepted and has not delivered.
type Recaller interface {
	// Recalls reports whether it is asked at all.
	Recalls() bool
	// Recall asks about each part once, and returns a receipt for each that the provider says it has deleted. again says
	// that nobody knows about at least one of the others, so that asking once more may be of use. An error says that
	// nothing could be asked.
	Recall(ctx context.Context, q AcceptedQuery) (deleted []Receipt, again bool, err error)
}

// AcceptedQuery names a message that a provider accepted.
type AcceptedQuery struct {
	Attempt    ID
	To, From   string
	References []string // the provider's ids, one per part
}

// CredentialChecker is a [Provider] whose credentials can be tried without sending anything.
type CredentialChecker interface {
	// CheckCredentials asks the provider once. A nil error says that it knows the account; any other is an [*Error] of
	// CodeCredentialsRefused, with what to do about it, or of CodeProviderUnreachable, when nobody can tell.
	CheckCredentials(ctx context.Context) error
}

// Connected is a [Provider] that holds connections and can tell how they are.
type Connected interface {
	Connections() []Connection
	Notes() []string // what else people should know, in sentences
}

// Connection is one connection of a provider.
type Connection struct {
	Name     string
	Up       bool
	Since    time.Time // up or down
	LastSeen time.Time // when something last came from the other side
	Waiting  int       // submissions without answer
	Window   int       // the most of them
	Error    string    // why it is down, "" while it is up
}

// BalanceReporter is a [Provider] that tells what is left of its prepaid credit. Errors are as in [CredentialChecker].
type BalanceReporter interface {
	Balance(ctx context.Context) (Balance, error)
}

// Balance is what is left at a provider, as it says itself. It may be negative.
type Balance struct {
	Amount   string // a decimal number
	Currency string // ISO 4217, or the provider's own unit such as "credits"
}

// Verdict of a status query.
type Verdict uint8

// Verdicts. The zero value decides nothing.
const (
	VerdictUnknown     Verdict = 0
	VerdictAccepted    Verdict = 1
	VerdictNotAccepted Verdict = 2 // proof: the provider never took it and never will
)

// ProviderKind describes a kind of provider to people and makes providers of it. Adapters export
// one; serve.go lists them.
type ProviderKind struct {
	Name      string // "simulator", "twilio", …
	Title     string
	Help      string
	Fields    []Field // its settings, in the order of the form
	TestOnly  bool    // nothing reaches a phone
	CallsBack bool    // its providers are [CalledBack]; people are shown the address to call
	Window    int     // submissions under way at once, when the settings do not say
	// Rate and SenderRate are how many segments a second the provider, and one sender of it, is given at
	// most, when the settings do not say; 0 for no limit. Settings for these and for the window are added
	// to Fields by package upstream.
	Rate, SenderRate float64
	// OneNode: its providers hold a connection that exists once, such as a bind. Of several nodes one at a time runs it,
	// and sends for its workspace.
	OneNode bool
	// Ahead: its answers name the request that they answer, as in SMPP, so that the next message may be made ready while the
	// window is full and take a place the moment it is free. On a connection of HTTP that is used again at that moment, a second
	// answer to the request before it would be taken for its own.
	Ahead     bool
	Addresses []AddressNote
	// Open makes a provider from checked settings. It must not touch the network.
	Open func(cfg ProviderConfig) (Provider, error)
}

// ProviderConfig is one configured upstream as an adapter sees it.
type ProviderConfig struct {
	ID        UUID
	Workspace UUID
	Name      string
	Settings  map[string]string // by Field.Name, secrets in the clear
	// CallbackURL is the public address at which this provider may call back, with its secret path;
	// "" while the gateway has no public address.
	CallbackURL string
}

// Field describes one setting, so that a form needs no knowledge of the kind.
type Field struct {
	Name     string
	Label    string
	Help     string
	Type     string // "text", "textarea", "password", "number", "url", "select", "checkbox"
	Required bool
	Secret   bool // stored sealed, never shown again
	Default  string
	Pattern  string // a regular expression for the whole value, "" for any
	Options  []string
}

// AddressNote tells what a test kind does with a number.
type AddressNote struct {
	Address string
	Does    string
}
