package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// SenderKind is what a sender is to the network. The values are stored; never renumber them.
type SenderKind uint8

// Kinds of senders.
const (
	SenderNumber    SenderKind = 0 // E.164; recipients can reply
	SenderShortCode SenderKind = 1 // digits, of one country
	SenderName      SenderKind = 2 // at most 11 characters; recipients cannot reply
)

// Where a sender stands in a country.
const (
	SenderDraft     = "draft"
	SenderRequested = "requested" // somebody has asked the network, or a provider, for it
	SenderApproved  = "approved"
	SenderRefused   = "refused"
)

// Sender is a sender ID that a workspace has registered.
type Sender struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	Value     string // as the handset shows it, unique in the workspace
	Kind      SenderKind
	Name      string // for people
	Countries []SenderCountry
	Providers []smsir.UUID // that it may go through; empty for all
	Defaults  []SenderDefault
	CreatedAt time.Time
	UpdatedAt time.Time
}

// SenderCountry says where a sender stands in one country, or ("") in every country that is not listed.
type SenderCountry struct {
	Country string `json:"country"` // ISO 3166-1 alpha-2
	Status  string `json:"status"`
	Note    string `json:"note,omitempty"` // why, such as the reason of a refusal
}

// SenderDefault names the messages that get a sender when they ask for none: those to a country, of a class of traffic; "" for
// any.
type SenderDefault struct {
	Country string `json:"country"`
	Class   string `json:"class"`
}

// SenderUse is how much a sender was used lately.
type SenderUse struct {
	Messages int64
	LastAt   time.Time
}

// Senders stores the senders of workspaces. Errors: CodeNotFound; CodeConflict (Field "value": the workspace has it already).
type Senders interface {
	// Senders lists those of a workspace, or of all for the zero UUID, by value.
	Senders(ctx context.Context, workspace smsir.UUID) ([]Sender, error)
	CreateSender(ctx context.Context, s Sender, audit AuditEntry) error
	// UpdateSender stores everything of a sender but its value and kind.
	UpdateSender(ctx context.Context, s Sender, audit AuditEntry) error
	DeleteSender(ctx context.Context, workspace, id smsir.UUID, audit AuditEntry) error
	// SendersUsed counts messages by sender among those accepted since a time, the newest [WalkLimit] at most.
	SendersUsed(ctx context.Context, workspace smsir.UUID, since time.Time) (map[string]SenderUse, error)
}
