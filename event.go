package smsir

import "time"

// Event tells of one change. Events of a message have a gap-free rising Seq from 1; every status
// change has exactly one. IDs rise in the order of commits, so an ID is a cursor.
type Event struct {
	ID        ID
	Workspace UUID
	Message   ID // 0 for an event that is not about a message
	Seq       int
	Type      EventType
	At        time.Time
	Data      EventData
}

// EventType is the word users subscribe to.
type EventType string

// Types of event that are not simply "message." and a status word.
const (
	EventAccepted        EventType = "message.accepted"
	EventLateReceipt     EventType = "message.late_receipt"
	EventCancelRequested EventType = "message.cancel_requested"
	EventAlert           EventType = "message.alert" // people should look: an unknown outcome whose policy says so, or suspected fraud
	EventInbound         EventType = "inbound.received"

	EventConversation EventType = "conversation.updated" // people read, assigned or archived it, or wrote in it

	EventLimitNear EventType = "limit.near" // four fifths of a limit are used up; Limit says which
	EventCreditLow EventType = "credit.low" // the credit has fallen below the point that the workspace set; Credit says how far

	EventProviderDown   EventType = "provider.down"          // it does not answer; Error says what was seen last
	EventProviderConfig EventType = "provider.misconfigured" // it refuses its settings; Error has its words
	EventProviderUp     EventType = "provider.up"            // it works again

	EventCampaignProgress EventType = "campaign.progress" // how far a campaign is, at most once a second; Campaign says

	EventWeeklyReport EventType = "report.weekly" // the summary of the week before is ready
)

// EventOf is the type that tells of a move to a status.
func EventOf(s Status) EventType { return EventType("message." + s.String()) }

// EventData is what an event says beside its type. It is stored as JSON and never rewritten.
type EventData struct {
	Status            string       `json:"status,omitempty"`
	Final             bool         `json:"final,omitempty"`
	Reason            Reason       `json:"reason,omitempty"`
	Attempt           int          `json:"attempt,omitempty"`  // number of the attempt concerned
	Provider          string       `json:"provider,omitempty"` // prv_…
	References        []string     `json:"provider_message_ids,omitempty"`
	NextAt            *time.Time   `json:"next_attempt_at,omitempty"`
	Deadline          *time.Time   `json:"deadline,omitempty"` // when an unknown or sent message is closed
	PossibleDuplicate bool         `json:"possible_duplicate,omitempty"`
	LateReceipt       *LateReceipt `json:"late_receipt,omitempty"`
	Error             *Failure     `json:"error,omitempty"`
	Actor             string       `json:"actor,omitempty"`        // usr_… or key_… that caused it
	Inbound           string       `json:"inbound,omitempty"`      // inb_…
	Conversation      string       `json:"conversation,omitempty"` // cnv_…
	Report            string       `json:"report,omitempty"`       // rep_…
	Limit             *LimitUse    `json:"limit,omitempty"`
	Credit            *CreditLeft  `json:"credit,omitempty"`

	Campaign *CampaignProgress `json:"campaign,omitempty"`
}

// CampaignProgress is how far a campaign is: how many of its recipients stand where.
type CampaignProgress struct {
	Campaign   string `json:"id"` // cmp_…
	State      string `json:"state"`
	Reason     string `json:"reason,omitempty"`
	Recipients int64  `json:"recipients"`
	Waiting    int64  `json:"waiting"` // no provider has them yet
	Sent       int64  `json:"sent"`    // without a receipt so far
	Delivered  int64  `json:"delivered"`
	Failed     int64  `json:"failed"`
	Blocked    int64  `json:"blocked"`
	Canceled   int64  `json:"canceled"`
	Skipped    int64  `json:"skipped"`
	Segments   int64  `json:"segments"`

	PerMinute float64    `json:"per_minute,omitempty"` // handed over a minute, lately
	EndsAt    *time.Time `json:"ends_at,omitempty"`    // when nothing waits any more, at that pace
}
