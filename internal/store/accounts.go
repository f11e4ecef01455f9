package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// User is a person. Email is stored as typed and unique by its lower-case form.
type User struct {
	ID           smsir.UUID
	Email        string
	Name         string
	PasswordHash string // PHC string, "$argon2id$…"
	Phone        string // the person's own number, E.164, for test messages; "" for none
	Operator     bool   // runs the instance
	CreatedAt    time.Time
	DisabledAt   time.Time
}

// Workspace is the tenant.
type Workspace struct {
	ID        smsir.UUID
	Name      string
	Country   string // ISO 3166-1 alpha-2: the default region of numbers
	TimeZone  string // IANA name
	OnUnknown smsir.OnUnknown
	Smart     bool // smart encoding on by default
	CreatedAt time.Time
	PausedAt  time.Time // nothing is dispatched while set
	// QueueCount and QueueAge refuse new messages while so many wait, or while one has waited for so long;
	// 0 for the server's limit, and for none.
	QueueCount int64
	QueueAge   time.Duration
	Limits     Limits
	// Currency is that of its prices, ISO 4217; "" before it has any. PricesVersion grows with every change of them.
	Currency      string
	PricesVersion int64
	// CreditOn reserves the price of every message from the credit of the workspace, and refuses what that does not reach for.
	// CreditLow is the balance below which people are told, millionths; 0 for never.
	CreditOn  bool
	CreditLow int64
	// Registered refuses messages from senders that are not registered and approved.
	Registered bool
	// Quiet are the hours in which the web app asks before it lets a phone ring; zero for none.
	Quiet QuietHours
}

// Role of a member in a workspace, most powerful first.
type Role uint8

// Roles.
const (
	Owner  Role = 1
	Admin  Role = 2
	Member Role = 3
	Viewer Role = 4
)

var roleNames = [...]string{"", "owner", "admin", "member", "viewer"}

// String is the word of the API.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return ""
}

// ParseRole reads a role word.
func ParseRole(word string) (Role, bool) {
	for i, name := range roleNames {
		if i > 0 && name == word {
			return Role(i), true
		}
	}
	return 0, false
}

// Membership is a user's place in a workspace.
type Membership struct {
	Workspace smsir.UUID
	User      smsir.UUID
	Role      Role
	Name      string // of the user
	Email     string // of the user
	JoinedAt  time.Time
}

// Session is one log-in, by cookie (web) or bearer token (app). Only the SHA-256 of the token is kept.
type Session struct {
	ID         smsir.UUID
	TokenHash  [32]byte
	User       smsir.UUID
	Workspace  smsir.UUID // the one it looks at
	Client     string     // "web" or "app"
	UserAgent  string
	IP         string
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time // absolute
	ReauthAt   time.Time // last time the password was given
}

// APIKey belongs to a workspace. Only the SHA-256 of the secret is kept.
type APIKey struct {
	ID         smsir.UUID
	Workspace  smsir.UUID
	Name       string
	SecretHash [32]byte
	Hint       string // last four characters of the secret
	Scopes     []string
	CreatedBy  smsir.UUID
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time
	RevokedAt  time.Time
}

// Invite lets one person join a workspace. Only the SHA-256 of the code is kept.
type Invite struct {
	ID         smsir.UUID
	Workspace  smsir.UUID
	Email      string
	Role       Role
	CodeHash   [32]byte
	CreatedBy  smsir.UUID
	CreatedAt  time.Time
	ExpiresAt  time.Time
	AcceptedAt time.Time
}

// Registration is the result of a person joining, stored in one step.
type Registration struct {
	User      User
	Workspace *Workspace // nil when joining an existing one
	Role      Role
	Join      smsir.UUID // the workspace joined when Workspace is nil
	Invite    smsir.UUID // consumed; zero if none
	Setup     bool       // the first person of the instance: fails with CodeConflict if a user exists
	Provider  *Provider  // the simulator that a new workspace starts with
	Session   Session
	Audit     AuditEntry
}

// Accounts stores people, workspaces and credentials. Errors: CodeNotFound, CodeConflict.
type Accounts interface {
	// HasUsers reports whether anybody has registered.
	HasUsers(ctx context.Context) (bool, error)
	// Register stores a [Registration]. CodeConflict: the email is taken, the invite is used, or
	// Setup and somebody was first; the error's Field names which ("email", "invite", "setup_code").
	Register(ctx context.Context, r Registration) error

	UserByEmail(ctx context.Context, email string) (*User, error)
	User(ctx context.Context, id smsir.UUID) (*User, error)
	// UpdateUser stores everything of a user but the password. A disabled user has no live session.
	UpdateUser(ctx context.Context, u *User, audit AuditEntry) error
	// SetPassword replaces the hash and ends every session of the user but keep.
	SetPassword(ctx context.Context, user smsir.UUID, hash string, keep smsir.UUID, audit AuditEntry) error

	Workspace(ctx context.Context, id smsir.UUID) (*Workspace, error)
	UpdateWorkspace(ctx context.Context, w *Workspace, audit AuditEntry) error
	SetLimits(ctx context.Context, workspace smsir.UUID, l Limits, audit AuditEntry) error
	// Prices lists the prices of a workspace, those that are over included, in no particular order.
	Prices(ctx context.Context, workspace smsir.UUID) ([]smsir.Price, error)
	// AddPrices adds prices in a currency to the list of a workspace, and gives it its next version. A price of the same
	// destination and moment is replaced. CodeConflict: the list has prices in another currency (Field "currency").
	AddPrices(ctx context.Context, workspace smsir.UUID, currency string, prices []smsir.Price, audit AuditEntry) error
	// PausedWorkspaces lists those with PausedAt set.
	PausedWorkspaces(ctx context.Context) ([]smsir.UUID, error)
	Memberships(ctx context.Context, user smsir.UUID) ([]Membership, error)
	Members(ctx context.Context, workspace smsir.UUID) ([]Membership, error)
	// SetRole changes or (role 0) removes a member, and ends the member's sessions in that workspace.
	// The last owner stays one (CodeConflict).
	SetRole(ctx context.Context, workspace, user smsir.UUID, role Role, audit AuditEntry) error

	// CreateSession stores a session and forgets those of the same user that have expired.
	CreateSession(ctx context.Context, s Session, audit AuditEntry) error
	// SessionByToken returns the live session, its user, and its role in the workspace. A session of a
	// disabled user, or in a workspace that the user has left, is not live.
	SessionByToken(ctx context.Context, hash [32]byte, now time.Time) (*Session, *User, Role, error)
	TouchSession(ctx context.Context, id smsir.UUID, now time.Time) error
	Reauthenticated(ctx context.Context, id smsir.UUID, now time.Time) error
	// MoveSession makes a session look at another workspace of its user.
	MoveSession(ctx context.Context, user, id, workspace smsir.UUID, audit AuditEntry) error
	Sessions(ctx context.Context, user smsir.UUID, now time.Time) ([]Session, error)
	DeleteSession(ctx context.Context, user, id smsir.UUID, audit AuditEntry) error

	CreateAPIKey(ctx context.Context, k APIKey, audit AuditEntry) error
	APIKeyByHash(ctx context.Context, hash [32]byte) (*APIKey, error)
	APIKeys(ctx context.Context, workspace smsir.UUID) ([]APIKey, error)
	RevokeAPIKey(ctx context.Context, workspace, id smsir.UUID, now time.Time, audit AuditEntry) error
	TouchAPIKey(ctx context.Context, id smsir.UUID, now time.Time) error

	CreateInvite(ctx context.Context, in Invite, audit AuditEntry) error
	InviteByCode(ctx context.Context, hash [32]byte, now time.Time) (*Invite, error)
	Invites(ctx context.Context, workspace smsir.UUID, now time.Time) ([]Invite, error)
	DeleteInvite(ctx context.Context, workspace, id smsir.UUID, audit AuditEntry) error
	// AcceptInvite consumes an invitation and makes an existing user a member. CodeConflict: the invite
	// is used or over, or the user is a member already; the error's Field is "invite" or "user".
	AcceptInvite(ctx context.Context, in Invite, user smsir.UUID, now time.Time, audit AuditEntry) error

	// Setting reads an instance setting, "" if it was never set.
	Setting(ctx context.Context, name string) (string, error)
	SetSetting(ctx context.Context, name, value string, audit AuditEntry) error

	Auditor
	// ActorNames returns the names of users and keys for display, for ids that exist.
	ActorNames(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID) (map[smsir.UUID]string, error)
}

// Provider is a configured upstream of a workspace.
type Provider struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	Kind      string
	Name      string
	Settings  map[string]string // plain settings
	Secrets   []byte            // sealed JSON of the secret settings; nil if none
	Enabled   bool
	Priority  int // lower is tried first
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Providers stores configured upstreams. Errors: CodeNotFound, CodeConflict (the name is taken, or the
// provider still has open messages).
type Providers interface {
	// ListProviders returns those of a workspace, or of all for the zero UUID, by priority.
	ListProviders(ctx context.Context, workspace smsir.UUID) ([]Provider, error)
	Provider(ctx context.Context, workspace, id smsir.UUID) (*Provider, error)
	CreateProvider(ctx context.Context, p Provider, audit AuditEntry) error
	UpdateProvider(ctx context.Context, p Provider, audit AuditEntry) error
	// DeleteProvider removes it; its past messages keep its id. The name stays readable in them.
	DeleteProvider(ctx context.Context, workspace, id smsir.UUID, now time.Time, audit AuditEntry) error
	// ProviderNames returns the names of providers, deleted ones included.
	ProviderNames(ctx context.Context, workspace smsir.UUID) (map[smsir.UUID]Provider, error)
}

// Store is everything; only serve.go and tests hold it whole.
type Store interface {
	Accepter
	Queue
	Evidence
	Canceler
	Messages
	Events
	Accounts
	Providers
	Jobs
	Routes
	Audience
	Webhooks
	Senders
	Push
	PartSets
	Imports
	History
	SMPPAccounts
	Credits
	Campaigns
	Inbox
	Reports
	Retainer
	// OnCommit sets the function called after every commit that wrote events. It must not block.
	OnCommit(wake func())
	// Ready reports why the store cannot accept writes now, nil if it can.
	Ready(ctx context.Context) error
	// Close waits for writes under way and closes the database.
	Close() error
}
