package api

import "time"

// Event tells of one change. The same value goes out over WebSocket and server-sent events and is
// listed under a message.
type Event struct {
	ID        string    `json:"id" doc:"Identifier, and the cursor to resume after. Events come in the order of their ids." example:"evt_0g5t3v2k9qw1a"`
	Type      string    `json:"type" doc:"message.accepted, message.<status>, message.cancel_requested, message.alert, message.late_receipt, inbound.received, conversation.updated, limit.near, credit.low, provider.down, provider.misconfigured, provider.up, campaign.progress, or report.weekly." example:"message.delivered"`
	At        time.Time `json:"at" doc:"When it happened."`
	MessageID string    `json:"message_id,omitempty" doc:"The message it is about." example:"msg_0g5t3v2k9qw1a"`
	Seq       int       `json:"seq,omitempty" doc:"Counts the events of its message from 1 without a gap."`
	Data      EventData `json:"data" doc:"What it says."`
}

// EventData is what an event says beside its type.
type EventData struct {
	Status            string       `json:"status,omitempty" doc:"Status after the change."`
	Final             bool         `json:"final,omitempty" doc:"True when the message has ended."`
	Reason            string       `json:"reason,omitempty" doc:"Why."`
	Attempt           int          `json:"attempt,omitempty" doc:"Number of the attempt concerned."`
	Provider          string       `json:"provider,omitempty" doc:"Identifier of the provider concerned."`
	ProviderName      string       `json:"provider_name,omitempty" doc:"Its name for people."`
	References        []string     `json:"provider_message_ids,omitempty" nullable:"false" doc:"The provider's ids."`
	NextAt            *time.Time   `json:"next_attempt_at,omitempty" doc:"When the next attempt may start."`
	Deadline          *time.Time   `json:"deadline,omitempty" doc:"When an unknown or sent message is closed."`
	PossibleDuplicate bool         `json:"possible_duplicate,omitempty" doc:"It may have gone out before."`
	LateReceipt       *LateReceipt `json:"late_receipt,omitempty" doc:"Evidence after the end."`
	Error             *Failure     `json:"error,omitempty" doc:"What went wrong."`
	Actor             string       `json:"actor,omitempty" doc:"Identifier of the user or key that caused it."`
	Conversation      string       `json:"conversation_id,omitempty" doc:"The conversation that an inbound message or a change belongs to."`
	Report            string       `json:"report_id,omitempty" doc:"With report.weekly: the summary of the week, see GET /v1/reports/weekly/{id}."`
	Limit             *LimitUse    `json:"limit,omitempty" doc:"With limit.near: the limit, and what is used up of it."`
	Credit            *CreditLeft  `json:"credit,omitempty" doc:"With credit.low: what was left."`
	Campaign          *CampaignNow `json:"campaign,omitempty" doc:"With campaign.progress: the campaign, and how far it is."`
	Message           *Message     `json:"message,omitempty" doc:"In the stream, with message.accepted: the whole message as it was accepted."`
	Inbound           *Inbound     `json:"inbound,omitempty" doc:"In the stream, with inbound.received: the whole inbound message."`
}

// CampaignNow is how far a campaign is, as the event campaign.progress tells it: at most once a second, and only when something has
// changed.
type CampaignNow struct {
	ID         string           `json:"id" doc:"The campaign." example:"cmp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	State      string           `json:"state" enum:"draft,waiting,scheduled,running,paused,done,canceled" doc:"Where it stands."`
	Reason     string           `json:"reason,omitempty" doc:"Why, as in Campaign.reason."`
	Recipients int              `json:"recipients" doc:"Numbers that it has by now."`
	Progress   CampaignProgress `json:"progress" doc:"How far it is."`
}

// EventList is every event of a message, oldest first.
type EventList struct {
	Items []Event `json:"items" nullable:"false" doc:"Oldest first."`
}
