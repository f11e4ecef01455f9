package store

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/smsir/smsir"
)

// Conversation is what one number and one of ours write to each other. It begins with the first message that comes in.
type Conversation struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	Contact   string
	Ours      string     // the number that was written to, "" when the provider does not tell
	Provider  smsir.UUID // that the last message came in by
	LastAt    time.Time
	LastText  string // the beginning of the last message
	LastOut   bool   // it was ours
	Unread    int
	Assignee  smsir.UUID // user; zero for nobody
	Archived  bool
	Seeded    bool // what was sent before it began was looked up
	Menu      smsir.UUID
	MenuUntil time.Time
	CreatedAt time.Time

	TextRemovedAt time.Time // when LastText was removed; zero while it is there
}

// ConversationID is the id of the conversation of a contact with one of our numbers.
func ConversationID(workspace smsir.UUID, contact, ours string) (id smsir.UUID) {
	h := sha256.New()
	h.Write(workspace[:])
	h.Write([]byte(contact + "\x00" + ours))
	copy(id[:], h.Sum(nil))
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: of our own making
	return id
}

// ConversationQuery selects conversations. Zero fields select everything that is not archived.
type ConversationQuery struct {
	Archived bool // only archived ones
	Unread   bool
	Assignee smsir.UUID
	Contact  string // exact
	Search   string // a part of the number, of the contact's name or of the last text
}

// ConversationMark is a place in the list, which is ordered by the time of the last message, newest first.
type ConversationMark struct {
	LastAt time.Time
	ID     smsir.UUID
}

// ConversationChange is what people change; nil leaves something as it is.
type ConversationChange struct {
	Unread   *bool
	Archived *bool
	Assignee *smsir.UUID // zero for nobody
}

// InboxCounts are for badges.
type InboxCounts struct {
	Unread  int // conversations that are not archived
	Mine    int // unread ones of a person
	Reviews int // open ones
}

// ThreadEntry is a message of a conversation.
type ThreadEntry struct {
	ID      smsir.ID
	Inbound bool
}

// Note is what people tell each other about a conversation. Nobody sends it.
type Note struct {
	ID           smsir.UUID
	Workspace    smsir.UUID
	Conversation smsir.UUID
	Text         string
	By           smsir.Actor
	CreatedAt    time.Time
}

// CannedReply is a text that people insert into a reply.
type CannedReply struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	Name      string
	Text      string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// AutoReply is a rule that answers what comes in.
type AutoReply struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	Name      string
	Kind      string // "keyword", "menu" (which keywords open) or "any", for what no other rule answers
	AutoRule
	Position  int
	Active    bool
	CreatedAt time.Time
	UpdatedAt time.Time
}

// AutoRule is what a rule looks for and says.
type AutoRule struct {
	Words   []string     `json:"words,omitempty"`
	Match   string       `json:"match,omitempty"` // "whole", "first" or "contains"
	Answer  string       `json:"answer"`
	Choices []MenuChoice `json:"choices,omitempty"`
	When    string       `json:"when"` // "always", "open" or "closed"
}

// MenuChoice is one line of a menu.
type MenuChoice struct {
	Key    string `json:"key"`
	Label  string `json:"label"`
	Answer string `json:"answer"`
}

// InboxSettings are those of a workspace's inbox.
type InboxSettings struct {
	Zone           string    `json:"zone"` // IANA; "" for that of the workspace
	Hours          []Opening `json:"hours,omitempty"`
	ConsentAnswers bool      `json:"consent_answers"` // STOP, START and HELP are answered
	Stop           string    `json:"stop,omitempty"`  // "" for the text of the program
	Start          string    `json:"start,omitempty"`
	Help           string    `json:"help,omitempty"`
}

// Opening is a time of the week at which people are there.
type Opening struct {
	Day  int    `json:"day"` // 0 is Sunday
	From string `json:"from"`
	To   string `json:"to"` // "24:00" for the end of the day
}

// States of a [Review].
const (
	ReviewOpen      = "open"
	ReviewOptedOut  = "opted_out"
	ReviewDismissed = "dismissed"
)

// Review is a text that may be an opt-out in somebody's own words. A person decides.
type Review struct {
	ID           smsir.UUID
	Workspace    smsir.UUID
	Conversation smsir.UUID
	Inbound      smsir.ID
	Contact      string
	Ours         string
	Text         string
	Phrase       string // why it is here
	State        string
	By           smsir.Actor // who decided
	CreatedAt    time.Time
	DecidedAt    time.Time
}

// JobInbound is the kind of the job that StoreInbound adds, in the same step, for whoever answers; its payload is an
// [InboundJob].
const JobInbound = "inbound"

// InboundJob is the payload of a job of kind [JobInbound].
type InboundJob struct {
	Inbound string `json:"inbound"` // inb_…
}

// InboxReader reads conversations and what belongs to them. Error: CodeNotFound.
type InboxReader interface {
	Conversations(ctx context.Context, workspace smsir.UUID, q ConversationQuery, after *ConversationMark, limit int) ([]Conversation, error)
	Conversation(ctx context.Context, workspace, id smsir.UUID) (*Conversation, error)
	InboxCounts(ctx context.Context, workspace, user smsir.UUID) (InboxCounts, error)
	// Thread lists the messages of a conversation, newest first; those below before, or all for 0.
	Thread(ctx context.Context, conversation smsir.UUID, before smsir.ID, limit int) ([]ThreadEntry, error)
	// InboundByID loads messages from handsets that exist, in no particular order.
	InboundByID(ctx context.Context, workspace smsir.UUID, ids []smsir.ID) ([]smsir.Inbound, error)
	// Notes lists notes, oldest first.
	Notes(ctx context.Context, workspace, conversation smsir.UUID) ([]Note, error)
	CannedReplies(ctx context.Context, workspace smsir.UUID) ([]CannedReply, error)
	// AutoReplies lists the rules in their order.
	AutoReplies(ctx context.Context, workspace smsir.UUID) ([]AutoReply, error)
	// InboxSettings returns nil if nobody has set them.
	InboxSettings(ctx context.Context, workspace smsir.UUID) (*InboxSettings, error)
	// Reviews lists those in a state, newest first; those below before.
	Reviews(ctx context.Context, workspace smsir.UUID, state string, before smsir.UUID, limit int) ([]Review, error)
}

// Inbox stores what people and rules do with messages that come in. Errors: CodeNotFound, CodeConflict.
type Inbox interface {
	InboxReader

	ChangeConversation(ctx context.Context, workspace, id smsir.UUID, c ConversationChange) error
	// SeedConversation adds messages that were sent before the conversation began.
	SeedConversation(ctx context.Context, id smsir.UUID, messages []smsir.ID) error
	AddNote(ctx context.Context, n Note) error
	DeleteNote(ctx context.Context, workspace, conversation, id smsir.UUID) error
	// PutCannedReply stores a reply under its id, new or not. CodeConflict (Field "name"): the name is taken.
	PutCannedReply(ctx context.Context, r CannedReply, audit AuditEntry) error
	DeleteCannedReply(ctx context.Context, workspace, id smsir.UUID, audit AuditEntry) error
	// PutAutoReply is PutCannedReply for rules.
	PutAutoReply(ctx context.Context, r AutoReply, audit AuditEntry) error
	DeleteAutoReply(ctx context.Context, workspace, id smsir.UUID, audit AuditEntry) error
	PutInboxSettings(ctx context.Context, workspace smsir.UUID, s InboxSettings, audit AuditEntry) error

	// AddReview stores one review for each inbound message; false if there is one.
	AddReview(ctx context.Context, r Review) (added bool, err error)
	// DecideReview ends an open review; one that ends as ReviewOptedOut forbids messages in the same step. CodeConflict:
	// it was decided before.
	DecideReview(ctx context.Context, workspace, id smsir.UUID, state string, by smsir.Actor, now time.Time) (*Review, error)

	// ClaimAnswer lets one inbound message of a conversation be answered by the program: false if another one was
	// less than gap ago. The same message may claim again. Confirmations of opt-outs are counted apart.
	ClaimAnswer(ctx context.Context, conversation smsir.UUID, inbound smsir.ID, confirmation bool, now time.Time, gap time.Duration) (bool, error)
	// OwnNumber reports whether a number is one that this program receives on.
	OwnNumber(ctx context.Context, number string) (bool, error)
	// OpenMenu notes that the choices of a menu are answers until a time, at most so many of them.
	OpenMenu(ctx context.Context, conversation, menu smsir.UUID, most int, until time.Time) error
	// ClaimChoice is ClaimAnswer for a choice of an open menu, which takes one of those that are left.
	ClaimChoice(ctx context.Context, conversation, menu smsir.UUID, inbound smsir.ID, now time.Time) (bool, error)
}
