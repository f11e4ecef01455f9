package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// Contact is a person whom a workspace writes to: one number, one contact.
type Contact struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	Phone     string // E.164, unique in the workspace
	Country   string // of the number, ISO 3166-1 alpha-2, "" where it has none
	Name      string
	Language  string // BCP 47, "" when nobody knows
	Notes     string
	Fields    map[string]string // by ContactField.Key
	CreatedAt time.Time
	UpdatedAt time.Time

	Groups     []smsir.UUID // static ones; read only
	Suppressed bool         // by any sender; read only
}

// Types of a [ContactField].
const (
	FieldText   = "text"
	FieldNumber = "number" // decimal, compared as a number
	FieldDate   = "date"   // 2006-01-02
)

// ContactField is a field that a workspace keeps about its contacts, beside name and number.
type ContactField struct {
	Key      string // lower-case word, never changed
	Label    string
	Type     string
	Position int
}

// Group is a set of contacts: those that were put into it, or (with a filter) those that match now.
type Group struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	Name      string
	Filter    *ContactFilter // nil: people are put into it
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ContactFilter selects contacts by what is known about them.
type ContactFilter struct {
	Any        bool               `json:"any,omitempty"` // one condition is enough; otherwise all must hold
	Conditions []ContactCondition `json:"conditions"`
}

// ContactCondition is one line of a filter. On is "name", "phone", "country", "language", "group", "suppressed",
// "created", or "field." and the key of a field.
type ContactCondition struct {
	On    string `json:"on"`
	Is    string `json:"is"` // "equal", "not_equal", "contains", "set", "not_set", "above", "below"
	Value string `json:"value,omitempty"`
}

// ContactQuery selects contacts. Zero fields select everything.
type ContactQuery struct {
	Search     string // a part of the name or the number
	Group      smsir.UUID
	Filter     *ContactFilter
	Without    *ContactFilter // not those that match this
	Suppressed *bool
	IDs        []smsir.UUID // at most 1,000
}

// ContactMark is a place in the list of contacts, which is ordered by name and then id.
type ContactMark struct {
	NameKey string
	ID      smsir.UUID
}

// ContactPage is one page. Next is nil at the end.
type ContactPage struct {
	Items []Contact
	Next  *ContactMark
}

// ContactChange says what became of one contact of [Audience.PutContacts].
type ContactChange struct {
	ID      smsir.UUID
	Created bool
	Before  *Contact // as it was, when it was changed
}

// Suppression forbids messages to a recipient, from one sender or ("") from every sender.
type Suppression struct {
	Workspace smsir.UUID
	Recipient string
	Sender    string
	Reason    string // "opt_out", "manual", "import", "provider"
	CreatedAt time.Time
}

// ConsentEntry is one line of the ledger of consent: who allowed or forbade what, how, and in which words.
type ConsentEntry struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	At        time.Time
	Recipient string
	Sender    string
	Allowed   bool
	Source    string // "handset", "person", "import", "provider"
	Actor     smsir.Actor
	Inbound   smsir.ID // the message that said so, of source "handset"
	Text      string   // its words, or a note
}

// AudienceReader reads contacts, groups, suppressions and consent. Error: CodeNotFound, and CodeInvalid (Field "filter")
// for a filter that compares what cannot be compared.
type AudienceReader interface {
	// Contacts lists contacts by name.
	Contacts(ctx context.Context, workspace smsir.UUID, q ContactQuery, after *ContactMark, limit int) (ContactPage, error)
	// CountContacts counts what Contacts lists.
	CountContacts(ctx context.Context, workspace smsir.UUID, q ContactQuery) (int64, error)
	// WalkContacts lists contacts by id, for work on all of them: those above after.
	WalkContacts(ctx context.Context, workspace smsir.UUID, q ContactQuery, after smsir.UUID, limit int) ([]Contact, error)
	Contact(ctx context.Context, workspace, id smsir.UUID) (*Contact, error)
	// ContactsByPhone returns those that exist, by number. At most 1,000 numbers.
	ContactsByPhone(ctx context.Context, workspace smsir.UUID, phones []string) (map[string]Contact, error)
	// SameNames lists sets of contacts that have one name, the likely duplicates, at most limit sets.
	SameNames(ctx context.Context, workspace smsir.UUID, limit int) ([][]Contact, error)
	ContactFields(ctx context.Context, workspace smsir.UUID) ([]ContactField, error)
	// Groups lists the groups of a workspace by name.
	Groups(ctx context.Context, workspace smsir.UUID) ([]Group, error)
	Group(ctx context.Context, workspace, id smsir.UUID) (*Group, error)
	// Suppressions lists by recipient, those above after.
	Suppressions(ctx context.Context, workspace smsir.UUID, search string, after Suppression, limit int) ([]Suppression, error)
	SuppressionsOf(ctx context.Context, workspace smsir.UUID, recipients []string) ([]Suppression, error)
	// Consents is the ledger of a recipient, or of the workspace for "", newest first; those below before.
	Consents(ctx context.Context, workspace smsir.UUID, recipient string, before smsir.UUID, limit int) ([]ConsentEntry, error)
}

// Audience stores contacts, groups, suppressions and consent. Errors: CodeNotFound, CodeConflict.
type Audience interface {
	AudienceReader

	// CreateContact stores a contact in static groups. CodeConflict (Field "phone"): the number has a contact.
	CreateContact(ctx context.Context, c Contact, audit AuditEntry) error
	// UpdateContact replaces everything but the time of creation; Groups replaces those it is in.
	UpdateContact(ctx context.Context, c Contact, audit AuditEntry) error
	// PutContacts stores contacts by number: a new one is created, one that exists gets the name, language, notes and
	// fields that are not empty, and is added to the groups. The result is in the order of the contacts.
	PutContacts(ctx context.Context, contacts []Contact) ([]ContactChange, error)
	// DeleteContacts forgets contacts and returns how many there were. Suppressions and history stay.
	DeleteContacts(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID, audit AuditEntry) (int, error)
	// MergeContacts stores keep and forgets the others in one step; keep joins their groups.
	MergeContacts(ctx context.Context, keep Contact, others []smsir.UUID, audit AuditEntry) error

	// PutContactFields replaces the list of fields. Values of a field that is gone are forgotten.
	PutContactFields(ctx context.Context, workspace smsir.UUID, fields []ContactField, audit AuditEntry) error

	// CreateGroup and UpdateGroup: CodeConflict (Field "name") when the name is taken.
	CreateGroup(ctx context.Context, g Group, audit AuditEntry) error
	UpdateGroup(ctx context.Context, g Group, audit AuditEntry) error
	DeleteGroup(ctx context.Context, workspace, id smsir.UUID, audit AuditEntry) error
	// ChangeGroup puts contacts into a static group and takes others out. Contacts that do not exist are passed over.
	ChangeGroup(ctx context.Context, workspace, id smsir.UUID, add, remove []smsir.UUID, now time.Time) error

	// Suppress forbids, and writes each into the ledger; what is forbidden already stays as it is, without a line.
	Suppress(ctx context.Context, list []Suppression, entry ConsentEntry) (added int, err error)
	// Allow lifts the suppression of a recipient for a sender, and for every sender of "".
	Allow(ctx context.Context, workspace smsir.UUID, recipient, sender string, entry ConsentEntry) error
}
