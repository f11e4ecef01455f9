package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// Template is a text that is written once and sent many times, with variables such as {{name|friend}}.
type Template struct {
	ID         smsir.UUID
	Workspace  smsir.UUID
	Name       string
	Texts      map[string]string // by language, BCP 47; "" is for everybody else
	Author     smsir.Actor
	CreatedAt  time.Time
	UpdatedAt  time.Time
	ArchivedAt time.Time // set: it stays for the campaigns that used it, and is offered to nobody

	Uses int // campaigns that name it; read only
}

// CampaignState is where a campaign stands.
type CampaignState string

// States of a campaign.
const (
	CampaignDraft     CampaignState = "draft"
	CampaignWaiting   CampaignState = "waiting"   // for a second person's approval
	CampaignScheduled CampaignState = "scheduled" // for its time, or for the next day of a series
	CampaignRunning   CampaignState = "running"
	CampaignPaused    CampaignState = "paused"
	CampaignDone      CampaignState = "done"
	CampaignCanceled  CampaignState = "canceled"
)

// CampaignPlan is what people enter: who gets what, and when. It changes only in a draft.
type CampaignPlan struct {
	Groups   []smsir.UUID      `json:"groups,omitempty"` // members of any of them
	Filter   *ContactFilter    `json:"filter,omitempty"` // contacts that match, beside those of the groups
	Template smsir.UUID        `json:"template,omitzero"`
	Texts    map[string]string `json:"texts,omitempty"` // by language, "" for everybody else
	Sender   string            `json:"sender,omitempty"`
	At       time.Time         `json:"at,omitzero"`          // once, at this time
	Local    string            `json:"local_time,omitempty"` // once, "2006-01-02T15:04" on the clocks of Zone
	Zone     string            `json:"zone,omitempty"`       // IANA; of Local, Repeat
	Repeat   *CampaignRepeat   `json:"repeat,omitempty"`
	Rate     int               `json:"rate,omitempty"`  // messages a minute; 0: as fast as the providers take them
	Hours    int               `json:"hours,omitempty"` // spread over so many hours; excludes Rate
	Quiet    *QuietHours       `json:"quiet,omitempty"`
}

// CampaignRepeat is a series: one firing on each of its local days.
type CampaignRepeat struct {
	Every string `json:"every"`          // "day", "week", "month"
	Days  []int  `json:"days,omitempty"` // of week: 0 Sunday to 6 Saturday; of month: 1 to 31, the last day where there is none
	Clock string `json:"clock"`          // "15:04"
	From  string `json:"from"`           // first day, "2006-01-02"
	Until string `json:"until,omitempty"`
}

// QuietHours are those in which nobody's phone shall ring, on the clocks of the recipient. Over midnight when From is
// behind To.
type QuietHours struct {
	From string `json:"from"` // "21:00"
	To   string `json:"to"`
}

// Campaign is one text for many people, once or in a series. Those below Batch are kept by who runs it.
type Campaign struct {
	ID         smsir.UUID
	Workspace  smsir.UUID
	Name       string
	State      CampaignState
	Reason     string // why it is paused or went back to a draft: a word, or the words of who sent it back
	Plan       CampaignPlan
	Author     smsir.Actor // who changed it last
	Launcher   smsir.Actor // who started it, and sends its messages
	Approver   smsir.Actor // zero: nobody
	ApprovedAt time.Time
	Parent     smsir.UUID // the series of which this is one day
	Day        string     // that day, or of a series the next one; "2006-01-02"
	Failed     smsir.UUID // the campaign whose failed messages are its recipients
	Batch      smsir.ID   // of all its messages
	StartAt    time.Time  // when it starts, or fires next
	StartedAt  time.Time
	FinishedAt time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time

	Walk       string // where the gathering of recipients stands; "done" at the end
	Last       int64  // the highest position of a recipient
	Recipients int64
	Repeated   int64 // numbers that were there already
	Fed        int64 // position up to which messages are accepted
	Accepted   int64
	Blocked    int64 // of those accepted, by opt-outs
	Skipped    int64 // rows that could not become a message

	TextRemovedAt time.Time // when the workspace's rule removed the texts and the values of variables; zero while they are there
}

// WalkDone is the [Campaign.Walk] of a campaign that has all its recipients.
const WalkDone = "done"

// Recipient is one number of a campaign.
type Recipient struct {
	Position int64
	Phone    string // E.164, once in a campaign
	Country  string
	Language string
	Values   map[string]string // of variables
	DueAt    time.Time         // not before; zero: at once
}

// PutOff moves a recipient to the end of the line.
type PutOff struct {
	Position int64
	DueAt    time.Time
}

// Fed is what came of a piece of a campaign: everything up to a position.
type Fed struct {
	To                         int64
	Accepted, Blocked, Skipped int64
	Off                        []PutOff
}

// BatchCount is how many messages of a batch stand in a state, and their parts.
type BatchCount struct {
	State    smsir.State
	N        int64
	Segments int64
}

// BatchFailure is how many messages of a batch failed for one cause.
type BatchFailure struct {
	Reason smsir.Reason
	Error  *smsir.Failure // nil when nothing more is known
	N      int64
}

// CampaignReader reads templates, campaigns and what became of their messages. Error: CodeNotFound.
type CampaignReader interface {
	// Templates lists by name; with archived those that are put away instead.
	Templates(ctx context.Context, workspace smsir.UUID, archived bool) ([]Template, error)
	Template(ctx context.Context, workspace, id smsir.UUID) (*Template, error)
	// Campaigns lists newest first, those below before; days of a series only with its parent.
	Campaigns(ctx context.Context, workspace, parent, before smsir.UUID, limit int) ([]Campaign, error)
	Campaign(ctx context.Context, workspace, id smsir.UUID) (*Campaign, error)
	// ActiveCampaigns are those that have something to do, of all workspaces; only the ids are set.
	ActiveCampaigns(ctx context.Context) ([]Campaign, error)
	// CampaignRecipients lists by position, those above after.
	CampaignRecipients(ctx context.Context, id smsir.UUID, after int64, limit int) ([]Recipient, error)
	// KnownRecipients returns those of some numbers that a campaign has. At most 1,000.
	KnownRecipients(ctx context.Context, id smsir.UUID, phones []string) (map[string]bool, error)
	// FailedRecipients lists recipients of a campaign whose messages failed for good and were provably not received, by
	// message: those above after. next is 0 at the end.
	FailedRecipients(ctx context.Context, id smsir.UUID, batch, after smsir.ID, limit int) (list []Recipient, next smsir.ID, err error)

	// BatchCounts counts the messages of a batch by state. Its cost grows with the batch.
	BatchCounts(ctx context.Context, batch smsir.ID) ([]BatchCount, error)
	// BatchFailures counts those that failed by cause, the most frequent first.
	BatchFailures(ctx context.Context, batch smsir.ID, limit int) ([]BatchFailure, error)
	// BatchStates are the states of the oldest messages of a batch.
	BatchStates(ctx context.Context, batch smsir.ID, limit int) ([]smsir.State, error)
	// BatchQueue is how many messages of a batch from an id on are queued, and the oldest of them.
	BatchQueue(ctx context.Context, batch, from smsir.ID) (n int64, oldest smsir.ID, err error)
	// BatchOpen lists messages of a batch above after that are scheduled, queued or sending.
	BatchOpen(ctx context.Context, batch, after smsir.ID, limit int) ([]smsir.ID, error)
	// ApprovalLimit is the number of recipients above which a campaign needs a second person; 0 for none.
	ApprovalLimit(ctx context.Context, workspace smsir.UUID) (int64, error)
}

// Campaigns stores templates and campaigns. Errors: CodeNotFound, CodeConflict.
type Campaigns interface {
	CampaignReader

	// CreateTemplate and UpdateTemplate: CodeConflict (Field "name") when the name is taken.
	CreateTemplate(ctx context.Context, t Template, audit AuditEntry) error
	UpdateTemplate(ctx context.Context, t Template, audit AuditEntry) error
	// DeleteTemplate forgets a template, or puts it away when a campaign names it.
	DeleteTemplate(ctx context.Context, workspace, id smsir.UUID, now time.Time, audit AuditEntry) (archived bool, err error)

	// CreateCampaign: CodeConflict when the series has that day already.
	CreateCampaign(ctx context.Context, c Campaign, audit AuditEntry) error
	// ChangeCampaign lets f change a campaign: everything above Walk but ids. Nobody changes it meanwhile. f may run more
	// than once. The result is the campaign as stored; an error of f changes nothing.
	ChangeCampaign(ctx context.Context, workspace, id smsir.UUID, audit AuditEntry, f func(*Campaign) error) (*Campaign, error)
	DeleteCampaign(ctx context.Context, workspace, id smsir.UUID, audit AuditEntry) error
	// AddRecipients adds those that are new to the campaign behind the others, gives them positions, and sets Walk,
	// if it is not "".
	AddRecipients(ctx context.Context, workspace, id smsir.UUID, list []Recipient, walk string) (added int, err error)
	// ClearRecipients forgets all recipients of a campaign that has not started.
	ClearRecipients(ctx context.Context, workspace, id smsir.UUID) error
	// SaveFed notes that everything up to a position is done, and moves to the end of the line what is put off. It does
	// nothing if that was noted already.
	SaveFed(ctx context.Context, workspace, id smsir.UUID, f Fed) error
	SetApprovalLimit(ctx context.Context, workspace smsir.UUID, n int64, audit AuditEntry) error
}
