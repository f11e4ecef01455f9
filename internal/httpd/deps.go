package httpd

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/report"
	"github.com/smsir/smsir/internal/routing"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/upstream"
)

// Accounts is what the door needs of package account.
type Accounts interface {
	Claimed(ctx context.Context) (bool, error)
	Register(ctx context.Context, r account.RegisterRequest, peer account.Peer) (*account.SignIn, error)
	Registration(ctx context.Context) (config.Registration, error)
	SetRegistration(ctx context.Context, p *account.Principal, r config.Registration, peer account.Peer) error
	Login(ctx context.Context, r account.LoginRequest, peer account.Peer) (*account.SignIn, error)
	Logout(ctx context.Context, p *account.Principal, peer account.Peer) error
	ChangePassword(ctx context.Context, p *account.Principal, oldPassword, newPassword string, peer account.Peer) error
	Reauthenticate(ctx context.Context, p *account.Principal, password string, peer account.Peer) error
	UpdateSelf(ctx context.Context, p *account.Principal, c account.SelfChange, peer account.Peer) error
	Sessions(ctx context.Context, p *account.Principal) ([]store.Session, error)
	RevokeSession(ctx context.Context, p *account.Principal, id smsir.UUID, peer account.Peer) error
	Cookie(ctx context.Context, token string) (*account.Principal, error)
	Bearer(ctx context.Context, token string) (*account.Principal, error)
	Used(p *account.Principal, peer account.Peer)
	Recheck(ctx context.Context, p *account.Principal) (*account.Principal, error)
	Workspaces(ctx context.Context, p *account.Principal) ([]account.Place, error)
	SwitchWorkspace(ctx context.Context, p *account.Principal, workspace smsir.UUID, peer account.Peer) (*account.Principal, error)
	UpdateWorkspace(ctx context.Context, p *account.Principal, c account.WorkspaceChange, peer account.Peer) (*store.Workspace, error)
	SetLimits(ctx context.Context, p *account.Principal, l store.Limits, peer account.Peer) (*store.Workspace, error)
	Members(ctx context.Context, p *account.Principal) ([]store.Membership, error)
	SetRole(ctx context.Context, p *account.Principal, user smsir.UUID, role store.Role, peer account.Peer) error
	RemoveMember(ctx context.Context, p *account.Principal, user smsir.UUID, peer account.Peer) error
	Invite(ctx context.Context, p *account.Principal, email string, role store.Role, peer account.Peer) (*account.NewInvite, error)
	Invites(ctx context.Context, p *account.Principal) ([]store.Invite, error)
	RevokeInvite(ctx context.Context, p *account.Principal, id smsir.UUID, peer account.Peer) error
	PreviewInvite(ctx context.Context, code string) (*account.InvitePreview, error)
	AcceptInvite(ctx context.Context, p *account.Principal, code string, peer account.Peer) error
	CreateKey(ctx context.Context, p *account.Principal, r account.KeyRequest, peer account.Peer) (*account.NewKey, error)
	Keys(ctx context.Context, p *account.Principal) ([]store.APIKey, error)
	RevokeKey(ctx context.Context, p *account.Principal, id smsir.UUID, peer account.Peer) error
}

// Providers is what the door needs of package upstream.
type Providers interface {
	Kinds() []smsir.ProviderKind
	Kind(name string) (smsir.ProviderKind, bool)
	Create(ctx context.Context, workspace smsir.UUID, d upstream.Draft, by upstream.By) (*store.Provider, error)
	Update(ctx context.Context, workspace, id smsir.UUID, c upstream.Change, by upstream.By) (*store.Provider, error)
	Delete(ctx context.Context, workspace, id smsir.UUID, by upstream.By) error
	SecretsSet(p store.Provider) ([]string, error)
	Check(ctx context.Context, p store.Provider) (upstream.CheckResult, error)
}

// Routes is what the door needs of package routing.
type Routes interface {
	List(ctx context.Context, workspace smsir.UUID) ([]routing.Rule, error)
	Rule(ctx context.Context, workspace, id smsir.UUID) (*routing.Rule, error)
	Create(ctx context.Context, workspace smsir.UUID, in *api.RouteCreate, by routing.By) (*routing.Rule, error)
	Update(ctx context.Context, workspace, id smsir.UUID, version int64, in *api.RouteUpdate, by routing.By) (*routing.Rule, error)
	Delete(ctx context.Context, workspace, id smsir.UUID, version int64, by routing.By) error
	Order(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID, by routing.By) error
	Explain(ctx context.Context, w *store.Workspace, q *api.RouteQuestion) (*api.RouteExplanation, error)
}

// Reports is what the door needs of package report.
type Reports interface {
	Report(ctx context.Context, q report.Query) (*report.Report, error)
	Names(ctx context.Context, workspace smsir.UUID, d store.Dimension, values []string) (map[string]string, error)
	SetWeekly(ctx context.Context, workspace smsir.UUID, wanted bool, by report.By) error
}

// Accepter is stage 1.
type Accepter interface {
	Send(ctx context.Context, o accept.Order) (*accept.Result, error)
	Preview(w *store.Workspace, r accept.PreviewRequest) accept.Preview
}

// Store is what the door reads by itself, and the few steps that have no stage of their own.
type Store interface {
	store.Messages
	store.Canceler
	LastEvent(ctx context.Context) (smsir.ID, error)
	ListProviders(ctx context.Context, workspace smsir.UUID) ([]store.Provider, error)
	Provider(ctx context.Context, workspace, id smsir.UUID) (*store.Provider, error)
	ProviderNames(ctx context.Context, workspace smsir.UUID) (map[smsir.UUID]store.Provider, error)
	ActorNames(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID) (map[smsir.UUID]string, error)
	store.AudienceReader
	store.History
	store.Auditor
	Senders(ctx context.Context, workspace smsir.UUID) ([]store.Sender, error)
	SendersUsed(ctx context.Context, workspace smsir.UUID, since time.Time) (map[string]store.SenderUse, error)
	Suppressed(ctx context.Context, workspace smsir.UUID, recipients []string, sender string) (map[string]bool, error)
	store.CampaignReader
	store.InboxReader
	WeeklyReports(ctx context.Context, workspace smsir.UUID, limit int) ([]store.WeeklyReport, error)
	WeeklyReport(ctx context.Context, workspace, id smsir.UUID) (*store.WeeklyReport, error)
	WeeklyWanted(ctx context.Context, workspace smsir.UUID) (bool, error)
	Import(ctx context.Context, workspace, id smsir.UUID) (*store.Import, error)
	Imports(ctx context.Context, workspace smsir.UUID, limit int) ([]store.Import, error)
	ImportRows(ctx context.Context, im store.Import, q store.ImportRowQuery) ([]store.ImportRow, error)
	Webhooks(ctx context.Context, workspace smsir.UUID) ([]store.Webhook, error)
	Webhook(ctx context.Context, workspace, id smsir.UUID) (*store.Webhook, error)
	Deliveries(ctx context.Context, workspace, webhook smsir.UUID, f store.DeliveryFilter) ([]store.Delivery, error)
	Members(ctx context.Context, workspace smsir.UUID) ([]store.Membership, error)
	APIKeys(ctx context.Context, workspace smsir.UUID) ([]store.APIKey, error)
	Retention(ctx context.Context, workspace smsir.UUID) (store.Retention, error)
	Used(ctx context.Context, workspace smsir.UUID, meters []store.Meter) ([]int64, error)
	Workspace(ctx context.Context, id smsir.UUID) (*store.Workspace, error)
	Ready(ctx context.Context) error
}

// Rate bounds how fast one caller may send: so many messages a second, and so many at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// DefaultSendRate is far above what one caller needs; it stops a program that has gone wild.
var DefaultSendRate = Rate{PerSecond: 100_000, Burst: 100_000}

// maxValidity and its siblings are shown to clients; package accept enforces them.
const (
	maxValidity = accept.MaxValidity
	maxHold     = accept.MaxHold
	maxText     = accept.MaxText
	msPrecision = time.Millisecond
)
