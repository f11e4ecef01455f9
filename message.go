package smsir

import (
	"fmt"
	"time"
)

// Message is one text to one recipient: the only thing users see. Times are UTC with millisecond
// precision; the zero time means "none". A Message is a plain value: copy it to keep its state.
type Message struct {
	// Set when the message is accepted, never changed afterwards.
	ID         ID
	Workspace  UUID
	Batch      ID // of the request or batch it came with; 0 for a single send
	CreatedBy  Actor
	Class      Class
	To         string // E.164, with the plus sign
	ToRaw      string // as it was typed
	Country    string // ISO 3166-1 alpha-2 of the recipient, "" where the number has none
	From       string // sender ID as the handset shows it; "" leaves it to the provider
	Text       string
	Encoding   Encoding
	Segments   int
	Provider   UUID // asked for by the sender; zero lets the routes decide
	OnUnknown  OnUnknown
	ClientRef  string
	Tags       []string
	Metadata   map[string]string
	ResendOf   ID
	AcceptedAt time.Time
	SendAt     time.Time // not before; zero for at once
	ExpiresAt  time.Time // no first byte leaves after it
	// OrderingKey makes it start after the one before it with the same key (A9); "" for no order.
	OrderingKey string
	// Cost is what it takes of the credit of its workspace, millionths of its currency; 0 unless credit was on.
	Cost int64

	// Set when the text was removed, by nothing that a message does itself; it has ended by then.
	TextRemovedAt time.Time // zero while Text is the text
	TextRemovedBy TextRemoval

	// Moved by the methods of this type only.
	Status            Status
	Final             bool
	Reason            Reason
	Attempts          int // attempts that count against [MaxAttempts]
	Tries             int // hand-overs of any outcome; the number of attempt rows
	Seq               int // of the last event, from 1
	NextAt            time.Time
	UpdatedAt         time.Time
	SentAt            time.Time
	FinishedAt        time.Time
	ReceiptDeadline   time.Time
	ResolveDeadline   time.Time
	UsedProvider      UUID   // of the latest attempt
	Network           string // of the recipient, MCC and MNC as its provider reported it last; "" while none has
	Parts             Parts
	PossibleDuplicate bool
	CancelRequested   bool
	LateReceipt       *LateReceipt
	Error             *Failure
	Charge            Charge
}

// State is the pair of status and finality.
func (m *Message) State() State { return State{m.Status, m.Final} }

// DeadlineAt is the next moment at which the clock alone moves the message ([Message.Tick]);
// zero when only evidence can.
func (m *Message) DeadlineAt() time.Time {
	switch {
	case m.Final:
		return time.Time{}
	case m.Status == Scheduled:
		return earliest(m.SendAt, m.ExpiresAt)
	case m.Status == Queued:
		return m.ExpiresAt
	case m.Status == Unknown:
		return earliest(m.NextAt, m.ResolveDeadline)
	case m.Status == Sent:
		return earliest(m.NextAt, m.ReceiptDeadline)
	}
	return time.Time{}
}

// TextRemoval is why a message has no text any more.
type TextRemoval uint8

// Reasons for a text to be removed. The values are stored; never renumber them.
const (
	TextKept      TextRemoval = 0
	RemovedByRule TextRemoval = 1 // the workspace keeps texts for so many days
	RemovedAsCode TextRemoval = 2 // the text of a one-time code is removed as soon as the message has ended
	RemovedByHand TextRemoval = 3 // somebody asked for it
)

// String is the word of the API; "" for a message that has its text.
func (r TextRemoval) String() string {
	switch r {
	case RemovedByRule:
		return "rule"
	case RemovedAsCode:
		return "one_time_code"
	case RemovedByHand:
		return "request"
	}
	return ""
}

// Encoding is how the text travels.
type Encoding uint8

// Encodings of a message's text.
const (
	EncodingGSM7 Encoding = 0 // GSM 7-bit default alphabet, 3GPP TS 23.038 §6.2.1
	EncodingUCS2 Encoding = 1 // 16-bit, 3GPP TS 23.038 §6.2.3
)

// String is the word of the API.
func (e Encoding) String() string {
	if e == EncodingUCS2 {
		return "ucs2"
	}
	return "gsm7"
}

// Class of traffic: separate lanes, so that a bulk backlog never delays an OTP.
type Class uint8

// Classes of traffic. The values are stored; never renumber them.
const (
	Transactional Class = 0
	OTP           Class = 1
	Bulk          Class = 2
)

var classNames = [...]string{"transactional", "otp", "bulk"}

// ByUrgency lists the classes, most urgent first.
func ByUrgency() [3]Class { return [...]Class{OTP, Transactional, Bulk} }

// Urgency is the place of c in [ByUrgency].
func (c Class) Urgency() int {
	switch c {
	case OTP:
		return 0
	case Bulk:
		return 2
	}
	return 1
}

// String is the word of the API.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// ParseClass reads a class word; "" is Transactional.
func ParseClass(word string) (Class, bool) {
	if word == "" {
		return Transactional, true
	}
	for i, name := range classNames {
		if name == word {
			return Class(i), true
		}
	}
	return 0, false
}

// OnUnknown says what happens when an attempt ends without proof either way.
type OnUnknown uint8

// Policies for unknown outcomes.
const (
	Hold      OnUnknown = 0 // at most once: wait for evidence, never send again
	RetryOnce OnUnknown = 1 // at least once: send again one time, marked possible_duplicate
	Alert     OnUnknown = 2 // hold, and tell people
)

var onUnknownNames = [...]string{"hold", "retry_once", "alert"}

// String is the word of the API.
func (p OnUnknown) String() string {
	if int(p) < len(onUnknownNames) {
		return onUnknownNames[p]
	}
	return fmt.Sprintf("on_unknown(%d)", uint8(p))
}

// ParseOnUnknown reads a policy word.
func ParseOnUnknown(word string) (OnUnknown, bool) {
	for i, name := range onUnknownNames {
		if name == word {
			return OnUnknown(i), true
		}
	}
	return 0, false
}

// Reason says why a message stands where it stands. Stored and shown as the word itself.
type Reason string

// Reasons of a waiting message.
const (
	ReasonDue             Reason = "due"
	ReasonRetryWait       Reason = "retry_wait"
	ReasonThrottled       Reason = "throttled"
	ReasonProviderDown    Reason = "provider_down"
	ReasonRouteConfig     Reason = "route_config"
	ReasonQuietHours      Reason = "quiet_hours"
	ReasonWorkspacePaused Reason = "workspace_paused"
	ReasonOrdering        Reason = "ordering"
	ReasonRestoreHold     Reason = "restore_hold"
	ReasonUndoWindow      Reason = "undo_window"
)

// Reasons of a message that has ended.
const (
	ReasonValidity       Reason = "validity"        // expired here before it was sent
	ReasonMissedSchedule Reason = "missed_schedule" // expired here: too late for its send_at
	ReasonNetwork        Reason = "network"         // expired at the network
	ReasonPartial        Reason = "partial"         // some parts arrived, some did not
	ReasonOptedOut       Reason = "opted_out"
	ReasonNoCredit       Reason = "no_credit"    // the credit of the workspace did not reach for it
	ReasonRefused        Reason = "refused"      // a provider refused it for good
	ReasonNoRoute        Reason = "no_route"     // no provider would take it
	ReasonMaxAttempts    Reason = "max_attempts" // every try was refused or not sent
	ReasonNoReceipt      Reason = "no_receipt"   // accepted; no delivery report came
	ReasonNeverConfirmed Reason = "never_confirmed"
	ReasonReplaced       Reason = "replaced" // canceled: its sender's program put another in its place
	ReasonDeleted        Reason = "deleted"
	ReasonRejected       Reason = "rejected"
)

// Actor is who caused something: a user, an API key, or the system itself.
type Actor struct {
	Kind ActorKind
	ID   UUID
}

// ActorKind tells users from programs.
type ActorKind uint8

// Kinds of actor.
const (
	ActorSystem ActorKind = 0
	ActorUser   ActorKind = 1
	ActorKey    ActorKind = 2
	ActorSMPP   ActorKind = 3 // an account of our SMPP server
)

// String is the word of the API.
func (k ActorKind) String() string {
	switch k {
	case ActorUser:
		return "user"
	case ActorKey:
		return "api_key"
	case ActorSMPP:
		return "smpp_account"
	}
	return "system"
}

// Parts counts the parts that the provider confirmed with an id of their own.
type Parts struct {
	Total     int `json:"total"`
	Delivered int `json:"delivered"`
	Failed    int `json:"failed"`
}

// LateReceipt is evidence that came after the message was final. It never changes the status.
type LateReceipt struct {
	Status Status    `json:"status"`
	At     time.Time `json:"at"`
	Code   string    `json:"code,omitempty"`
}

// Failure is what went wrong, with the provider's own words kept as they came.
type Failure struct {
	Class        FailureClass `json:"class"`
	Code         string       `json:"code"` // ours, stable: "refused", "no_answer", …
	Text         string       `json:"text"` // for people
	ProviderCode string       `json:"provider_code,omitempty"`
	ProviderText string       `json:"provider_text,omitempty"`
}

func earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
