package api

import (
	"time"

	"github.com/smsir/smsir"
)

// Message is one text to one recipient, as it stands now.
type Message struct {
	ID                string            `json:"id" doc:"Identifier. Sorting by it is sorting by time of acceptance." example:"msg_0g5t3v2k9qw1a"`
	To                string            `json:"to" doc:"Recipient in E.164." example:"+12025550100"`
	ToRaw             string            `json:"to_raw" doc:"Recipient as it was typed." example:"(202) 555-0100"`
	Country           string            `json:"country,omitempty" doc:"ISO 3166-1 alpha-2 country of the recipient; left out where the number has none." example:"US"`
	Network           *Network          `json:"network,omitempty" doc:"The recipient's mobile network as the provider reported it with the message; left out while none has. It is never guessed from the number, which may have been ported."`
	From              string            `json:"from,omitempty" doc:"Sender ID as the handset shows it; left out when the provider chooses." example:"SMSir"`
	Text              string            `json:"text" doc:"The text; empty when it was removed." example:"Your parcel has arrived."`
	Class             string            `json:"class" enum:"otp,transactional,bulk" doc:"Lane of traffic. A bulk backlog never delays an OTP."`
	Encoding          string            `json:"encoding" enum:"gsm7,ucs2" doc:"How the text travels: GSM 7-bit or UCS-2."`
	Segments          int               `json:"segments" minimum:"1" doc:"Number of segments the text takes." example:"1"`
	Status            string            `json:"status" enum:"scheduled,queued,sending,unknown,sent,delivered,undelivered,expired,failed,canceled,blocked" doc:"Where the message stands. Read it together with final."`
	Final             bool              `json:"final" doc:"True when the status will never change again."`
	Reason            string            `json:"reason,omitempty" doc:"Why it stands there, as a word." example:"retry_wait"`
	NextAttemptAt     *time.Time        `json:"next_attempt_at,omitempty" doc:"When the next attempt may start; only of a waiting message."`
	Waiting           *Waiting          `json:"waiting,omitempty" doc:"Why a queued message has not gone out yet."`
	CreatedBy         Actor             `json:"created_by" doc:"Who sent it."`
	Provider          *ProviderRef      `json:"provider,omitempty" doc:"The provider that was used last, else the one that was asked for; left out when neither is known yet."`
	Attempts          int               `json:"attempts" doc:"Attempts that count against the limit of 8. Throttled hand-overs do not count." example:"1"`
	Parts             *Parts            `json:"parts,omitempty" doc:"Parts that the provider confirms one by one; left out until it has accepted the message."`
	AcceptedAt        time.Time         `json:"accepted_at" doc:"When it was accepted and on disk." example:"2026-11-23T09:00:00.123Z"`
	SendAt            *time.Time        `json:"send_at,omitempty" doc:"Not before this moment; left out for at once."`
	ExpiresAt         time.Time         `json:"expires_at" doc:"No first byte leaves after it." example:"2026-11-24T09:00:00.123Z"`
	SentAt            *time.Time        `json:"sent_at,omitempty" doc:"When a provider accepted it."`
	FinishedAt        *time.Time        `json:"finished_at,omitempty" doc:"When it became final."`
	ReceiptDeadline   *time.Time        `json:"receipt_deadline,omitempty" doc:"Until when a delivery report is awaited."`
	ResolveDeadline   *time.Time        `json:"resolve_deadline,omitempty" doc:"Until when an unknown outcome is looked into."`
	OnUnknown         string            `json:"on_unknown" enum:"hold,retry_once,alert" doc:"What happens when nobody can tell whether it went out: hold sends at most once, retry_once at least once, alert holds and tells people."`
	BatchID           string            `json:"batch_id,omitempty" doc:"The batch it came with." example:"bat_0g5t3v2k9qw1a"`
	OrderingKey       string            `json:"ordering_key,omitempty" doc:"Messages with the same key start one after the other." example:"conversation-17"`
	ClientRef         string            `json:"client_ref,omitempty" doc:"The sender's own reference, unique per workspace for 30 days." example:"order-1001"`
	Tags              []string          `json:"tags,omitempty" nullable:"false" doc:"Words to find it by."`
	Metadata          map[string]string `json:"metadata,omitempty" doc:"Values of the sender's own, returned as they came."`
	PossibleDuplicate bool              `json:"possible_duplicate" doc:"True when it was sent again after an outcome that nobody knows (on_unknown: retry_once)."`
	CancelRequested   bool              `json:"cancel_requested" doc:"True when a cancel came while an attempt was open, so that no further one will start, or when its provider, which has it, is asked to delete it."`
	Recallable        bool              `json:"recallable,omitempty" doc:"True while a cancel would ask its provider, which has it, to delete it."`
	LateReceipt       *LateReceipt      `json:"late_receipt,omitempty" doc:"Evidence that came after the message was final. It never changes the status."`
	Error             *Failure          `json:"error,omitempty" doc:"What went wrong last."`
	TextRemovedAt     *time.Time        `json:"text_removed_at,omitempty" doc:"When the text was removed; left out while it is there."`
	TextRemovedBy     string            `json:"text_removed_by,omitempty" enum:"rule,one_time_code,request" doc:"What removed the text: the retention rule of the workspace, its part about one-time codes, or somebody who asked for it."`
	ResendOf          string            `json:"resend_of,omitempty" doc:"The message that this one sends again, or whose place it has taken (SMPP replace_sm)." example:"msg_0g5t3v2k9qw1a"`
	Cost              string            `json:"cost,omitempty" doc:"What it takes of the workspace's credit, a decimal number in its currency; left out where credit was off." example:"0.8"`
	Charge            string            `json:"charge,omitempty" enum:"reserved,settled,released,refunded" doc:"How far that is: held back, charged, given back unsent, or given back after a provider reported that it never sent it."`
	UpdatedAt         time.Time         `json:"updated_at" doc:"When it changed last." example:"2026-11-23T09:00:01.456Z"`
}

// Waiting is why a queued message has not gone out yet.
type Waiting struct {
	Code     string       `json:"code" enum:"turn,window,rate,sender_rate,throttled,provider_down,provider_config,retry,no_provider,not_enabled,rule,workspace_paused,ordering,storage" doc:"turn: others are before it. window: the provider has not answered earlier ones. rate, sender_rate: segments a second of the provider, of the sender. throttled: the provider asked to slow down. provider_down: it does not answer. provider_config: it refuses its settings. retry: it is tried again after a pause. no_provider, not_enabled, rule: no enabled provider may have it. ordering: one with the same ordering_key is before it. storage: the database does not take outcomes."`
	Text     string       `json:"text" doc:"The same as a sentence." example:"Simulator is given 10 segments a second, and others are before it."`
	Provider *ProviderRef `json:"provider,omitempty" doc:"The provider that it waits for."`
	Rule     string       `json:"rule,omitempty" doc:"The routing rule that decides." example:"rte_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Until    *time.Time   `json:"until,omitempty" doc:"When something changes by itself, as far as that is known."`
}

// Actor is who caused something.
type Actor struct {
	Kind string `json:"kind" enum:"user,api_key,smpp_account,system" doc:"A person, a program, a customer over SMPP, or the gateway itself."`
	ID   string `json:"id,omitempty" doc:"Identifier of the user or key." example:"usr_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Name string `json:"name,omitempty" doc:"Name for people, as it is now." example:"Front desk"`
}

// ProviderRef names a provider.
type ProviderRef struct {
	ID   string `json:"id" doc:"Identifier." example:"prv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Name string `json:"name,omitempty" doc:"Name, also of a deleted provider." example:"Simulator"`
	Kind string `json:"kind,omitempty" doc:"Kind." example:"simulator"`
}

// Network is a mobile network, which people also call an operator.
type Network struct {
	Code string `json:"code" doc:"Mobile country code and mobile network code (ITU-T E.212), one after the other: five or six digits." example:"63902"`
	Name string `json:"name,omitempty" doc:"What people call it; left out where that is not known." example:"Safaricom"`
}

// Parts counts the parts that the provider confirms with an id of their own.
type Parts struct {
	Total     int `json:"total" doc:"Parts accepted."`
	Delivered int `json:"delivered" doc:"Parts reported delivered."`
	Failed    int `json:"failed" doc:"Parts reported not delivered."`
}

// LateReceipt is evidence that came after the end.
type LateReceipt struct {
	Status string    `json:"status" enum:"delivered,undelivered,expired" doc:"What the late report says."`
	At     time.Time `json:"at" doc:"When it arrived."`
	Code   string    `json:"code,omitempty" doc:"The provider's code, word for word."`
}

// Failure is what went wrong with a hand-over or at the network.
type Failure struct {
	Class        string `json:"class" enum:"retry,throttle,permanent,config,blocked,recipient_temp,unknown" doc:"What may be done about it."`
	Code         string `json:"code" doc:"Our stable code." example:"refused"`
	Text         string `json:"text" doc:"A sentence for people." example:"The network does not know this number."`
	ProviderCode string `json:"provider_code,omitempty" doc:"The provider's code, word for word." example:"30005"`
	ProviderText string `json:"provider_text,omitempty" doc:"The provider's text, word for word."`
}

// MessageList is one page of messages, newest first.
type MessageList struct {
	Items   []Message `json:"items" nullable:"false" doc:"The messages of this page, newest first."`
	Next    string    `json:"next,omitempty" doc:"Cursor of the following page; left out at the end. Send it with the same filters."`
	Partial bool      `json:"partial" doc:"True when the search stopped at its bound of 100,000 rows before the page was full: go on with next."`
}

// Options are the choices that a single send and a batch share.
type Options struct {
	From            string            `json:"from,omitempty" maxLength:"32" doc:"Sender ID: a number, a short code, or up to 11 letters and digits. Left out: the provider chooses." example:"SMSir"`
	Class           string            `json:"class,omitempty" enum:"otp,transactional,bulk" doc:"Lane of traffic; transactional when left out."`
	SendAt          *time.Time        `json:"send_at,omitempty" doc:"Not before this moment, with its UTC offset; at most 366 days ahead." example:"2026-11-23T12:00:00+03:00"`
	HoldSeconds     int               `json:"hold_seconds,omitempty" minimum:"0" maximum:"600" doc:"Undo window: the gateway waits so long before it sends, and a cancel within it always wins. Not together with send_at." example:"5"`
	ValiditySeconds int               `json:"validity_seconds,omitempty" minimum:"0" maximum:"604800" doc:"How long the message may still leave, from acceptance or from send_at: 60 to 604800. Left out: 10 minutes for class otp, else the server's default, 24 hours." example:"3600"`
	OnUnknown       string            `json:"on_unknown,omitempty" enum:"hold,retry_once,alert" doc:"What happens when nobody can tell whether it went out. Left out: as the workspace says."`
	Tags            []string          `json:"tags,omitempty" nullable:"false" maxItems:"10" maxLength:"64" doc:"Words to find the message by: at most 10 of at most 64 characters."`
	Metadata        map[string]string `json:"metadata,omitempty" maxProperties:"20" doc:"Values of your own, returned as they came: at most 20, names of at most 64 and values of at most 500 characters."`
	OrderingKey     string            `json:"ordering_key,omitempty" maxLength:"64" doc:"Messages with the same key start one after the other, in the order in which they were accepted: the next one when the one before is sent, has ended, or has been unknown for 20 seconds. What the handset shows first is not promised." example:"conversation-17"`
	Provider        string            `json:"provider,omitempty" maxLength:"64" doc:"Identifier of the provider to use. Left out: the first enabled one, by priority." example:"prv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Smart           *bool             `json:"smart,omitempty" doc:"Replace typographic characters by GSM equivalents where that saves segments. Left out: as the workspace says."`
}

// SendRequest is the body of POST /v1/messages: one text to one recipient.
type SendRequest struct {
	To   string `json:"to" minLength:"1" maxLength:"64" doc:"Recipient: E.164, or a national number of the workspace's country." example:"+12025550100"`
	Text string `json:"text" minLength:"1" maxLength:"1600" doc:"The text, 1 to 1,600 characters." example:"Your parcel has arrived."`
	Options
	ClientRef string `json:"client_ref,omitempty" maxLength:"128" doc:"Your own reference. A second message with the same one within 30 days is refused." example:"order-1001"`
}

// CancelResult is the answer to a cancel that was not too late.
type CancelResult struct {
	Result  string  `json:"result" enum:"canceled,cancel_requested" doc:"canceled: no provider has it and none ever will. cancel_requested: an attempt is open; no further one will start."`
	Message Message `json:"message" doc:"The message as it stands now."`
}

// ResendRequest is the optional body of POST /v1/messages/{id}/resend.
type ResendRequest struct {
	Provider    string `json:"provider,omitempty" maxLength:"64" doc:"Identifier of the provider to use. Left out: as for any new message."`
	HoldSeconds int    `json:"hold_seconds,omitempty" minimum:"0" maximum:"600" doc:"Undo window."`
}

// Attempt is one hand-over of a message to one provider.
type Attempt struct {
	ID         string      `json:"id" doc:"Identifier." example:"att_0g5t3v2k9qw1a"`
	Number     int         `json:"number" minimum:"1" doc:"1 for the first."`
	Provider   ProviderRef `json:"provider" doc:"The provider it went to."`
	State      string      `json:"state" enum:"inflight,accepted,refused,not_sent,unknown" doc:"inflight: no answer yet. not_sent: proof that nothing left. unknown: no proof either way."`
	StartedAt  time.Time   `json:"started_at" doc:"When the intent was on disk; bytes leave only after it."`
	EndedAt    *time.Time  `json:"ended_at,omitempty" doc:"When its outcome was stored."`
	DurationMS *int64      `json:"duration_ms,omitempty" doc:"Milliseconds between the two."`
	References []string    `json:"provider_message_ids" nullable:"false" doc:"The provider's ids, one per part."`
	Price      *Money      `json:"price,omitempty" doc:"What the provider says it charges for it; left out when it does not say."`
	Error      *Failure    `json:"error,omitempty" doc:"What went wrong."`
}

// Money is an amount.
type Money struct {
	Amount   string `json:"amount" doc:"A decimal number." example:"0.0075"`
	Currency string `json:"currency" doc:"ISO 4217." example:"USD"`
}

// AttemptList is every attempt of a message, oldest first.
type AttemptList struct {
	Items []Attempt `json:"items" nullable:"false" doc:"Oldest first."`
}

// Inbound is one message from a handset.
type Inbound struct {
	ID            string       `json:"id" doc:"Identifier." example:"inb_0g5t3v2k9qw1a"`
	From          string       `json:"from" doc:"Who sent it: E.164 where it is a number." example:"+12025550111"`
	To            string       `json:"to" doc:"The number or sender ID it was sent to." example:"SMSir"`
	Text          string       `json:"text" doc:"The text; empty when it was removed."`
	ReceivedAt    time.Time    `json:"received_at" doc:"When it was received."`
	TextRemovedAt *time.Time   `json:"text_removed_at,omitempty" doc:"When the retention rule of the workspace removed the text; left out while it is there."`
	Incomplete    bool         `json:"incomplete,omitempty" doc:"Some parts of it never came; […] stands in their place."`
	Provider      *ProviderRef `json:"provider,omitempty" doc:"The provider that handed it in."`
}

// InboundList is one page of inbound messages, newest first.
type InboundList struct {
	Items []Inbound `json:"items" nullable:"false" doc:"Newest first."`
	Next  string    `json:"next,omitempty" doc:"Cursor of the following page; left out at the end."`
}

// PreviewRequest asks what a send would be.
type PreviewRequest struct {
	To     []string   `json:"to,omitempty" nullable:"false" maxItems:"1000" maxLength:"64" doc:"Recipients as they were typed; may be empty."`
	Text   string     `json:"text,omitempty" maxLength:"5000" doc:"The text; may be empty."`
	From   string     `json:"from,omitempty" maxLength:"64" doc:"Sender ID."`
	Smart  *bool      `json:"smart,omitempty" doc:"Smart encoding; left out: as the workspace says."`
	SendAt *time.Time `json:"send_at,omitempty" doc:"When it would be sent, for quiet_until; left out: now."`
}

// Preview is what a send would be. Nothing is stored.
type Preview struct {
	Text       string             `json:"text" doc:"The text as it would leave, after smart encoding."`
	Encoding   string             `json:"encoding" enum:"gsm7,ucs2" doc:"How it would travel."`
	Language   string             `json:"language,omitempty" doc:"National language table in use, if any." example:"tr"`
	Segments   int                `json:"segments" doc:"Segments it takes; 0 for an empty text."`
	Units      int                `json:"units" doc:"Septets (gsm7) or 16-bit units (ucs2) it takes."`
	PerSegment int                `json:"per_segment" doc:"Units that fit into one segment at this length."`
	UnitsLeft  int                `json:"units_left" doc:"Units left in the last segment."`
	Replaced   []Replacement      `json:"replaced" nullable:"false" doc:"What smart encoding replaces."`
	Costly     []CostlyCharacter  `json:"costly" nullable:"false" doc:"Characters that force UCS-2, or take two units in GSM 7-bit."`
	Recipients []PreviewRecipient `json:"recipients" nullable:"false" doc:"One for each entry of to, in order."`
	Duplicates int                `json:"duplicates" doc:"Recipients that stand there more than once."`
	Estimate   *Estimate          `json:"estimate,omitempty" doc:"What it would cost; left out when no price is known."`
	Problems   []FieldError       `json:"problems" nullable:"false" doc:"What a send would be refused for, beside the recipients' own problems."`
}

// Replacement is one character that smart encoding replaces.
type Replacement struct {
	From  string `json:"from" doc:"The character as typed." example:"’"`
	To    string `json:"to" doc:"What it becomes." example:"'"`
	Count int    `json:"count" doc:"How often."`
}

// CostlyCharacter is a character that makes the text more expensive.
type CostlyCharacter struct {
	Character string `json:"character" doc:"The character." example:"ł"`
	Index     int    `json:"index" doc:"Where it stands first, in Unicode code points from 0."`
	Count     int    `json:"count" doc:"How often."`
	Reason    string `json:"reason" enum:"forces_ucs2,forces_shift,two_septets" doc:"forces_ucs2: it turns the whole text to UCS-2. forces_shift: it needs a national table, which takes room in every segment. two_septets: it takes two units."`
}

// PreviewRecipient is one recipient as a send would see it.
type PreviewRecipient struct {
	Raw        string            `json:"raw" doc:"As it was typed."`
	E164       string            `json:"e164,omitempty" doc:"Normalised." example:"+12025550100"`
	National   string            `json:"national,omitempty" doc:"As its country writes it." example:"(202) 555-0100"`
	Country    string            `json:"country,omitempty" doc:"ISO 3166-1 alpha-2." example:"US"`
	Name       string            `json:"name,omitempty" doc:"Of the contact, for callers who may see contacts."`
	Fields     map[string]string `json:"fields,omitempty" doc:"Of the contact, likewise: values of variables."`
	TimeZone   string            `json:"time_zone,omitempty" doc:"IANA time zone of its country, of several the one with the most people." example:"Africa/Nairobi"`
	QuietUntil *time.Time        `json:"quiet_until,omitempty" doc:"The workspace's quiet hours have begun on the clocks of its country and end then; left out: they have not."`
	OptedOut   bool              `json:"opted_out,omitempty" doc:"Must not be written to: a send would block it."`
	Problem    *FieldError       `json:"problem,omitempty" doc:"Why a send would refuse it."`
}

// Names finds the names of people, keys and providers for display. It may return zero values.
type Names interface {
	// Actor is the name of a user or a key.
	Actor(id smsir.UUID) string
	// Provider is the name and the kind of a provider, deleted ones included.
	Provider(id smsir.UUID) (name, kind string)
	// Network is the name of a mobile network, "" for one that is not known.
	Network(code string) string
}

// RecipientTable is a table that was read for one send. Nothing of it is stored.
type RecipientTable struct {
	Rows       int                  `json:"rows" doc:"Rows with something in them."`
	Recipients []TableRecipient     `json:"recipients" nullable:"false" doc:"Each number once, in the order of the table."`
	Repeated   int                  `json:"repeated" doc:"Rows whose number stands there already."`
	Problems   []CampaignRowProblem `json:"problems" nullable:"false" doc:"Every row without a number that can be dialled."`
	Columns    []string             `json:"columns" nullable:"false" doc:"The variables that the table brings."`
	Over       bool                 `json:"over" doc:"It has more than 1,000 numbers, or more than 5,000 rows: nothing of it is told. Make it a campaign."`
}

// TableRecipient is one row of a table.
type TableRecipient struct {
	To     string            `json:"to" doc:"Number, E.164." example:"+12025550100"`
	Values map[string]string `json:"values,omitempty" doc:"Of its columns."`
}
