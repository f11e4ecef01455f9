// Package account is in charge of who may use the gateway: people, the workspaces they belong to, their roles and
// sessions, invitations, API keys, and the one-time code with which the first person registers.
//
// It knows no HTTP: a door takes the cookie or the Authorization header, asks [Service.Cookie] or [Service.Bearer] for
// the [Principal], and asks the principal what it may do. What a principal may do is data ([Rules]); what the table does
// not allow is denied. It stores nothing by itself: store.Accounts does, and writes the audit log in the same step.
//
// What it guarantees: no secret is kept in the clear (passwords as Argon2id, tokens, keys and codes as SHA-256); an
// answer never tells whether an email address is known; a failure leaves things as they were; a change made through this
// process is effective on the next request, one made elsewhere within [CacheTime].
package account

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/store"
)

// Config is what a [Service] is made of.
type Config struct {
	Store        store.Accounts
	Session      config.Session      // how long sessions last; both above 0
	Registration config.Registration // who may register, until an operator sets it; "" is by invitation
	// Announce is called with every new setup code while nobody has registered, from [Service.Run]. The code is to be
	// shown to the operator only. May be nil.
	Announce func(code string, until time.Time)
	// Starter returns the provider that a new workspace starts with; nil: none. See upstream.Service.Starter.
	Starter func(workspace smsir.UUID, now time.Time) *store.Provider
	Clock   func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: discard
}

// Peer is where a request comes from, as the door knows it.
type Peer struct {
	IP        netip.Addr // of the client, behind trusted proxies; the zero value is one common unknown address
	UserAgent string     // at most 256 bytes of it are kept
}

// RegisterRequest is a person who wants an account.
type RegisterRequest struct {
	SetupCode string // of the first person; spaces, hyphens and letter case do not matter
	Invite    string // code of an invitation
	Email     string
	Password  string
	Name      string
	// Of the new workspace; not used when Invite is given.
	WorkspaceName string
	Country       string // ISO 3166-1 alpha-2
	TimeZone      string // IANA name
	Client        string // "web" (or "") or "app"
	OldToken      string // a session token that the browser still holds, ended on success
}

// LoginRequest is a person who wants a session.
type LoginRequest struct {
	Email    string
	Password string
	Client   string // "web" (or "") or "app"
	OldToken string // a session token that the browser still holds, ended on success
}

// SignIn is a new session. The token is shown this once: the value of the cookie for a "web" session, the bearer token
// for an "app" session. It is 43 characters of base64url.
type SignIn struct {
	Token     string
	Principal *Principal
	ExpiresAt time.Time // absolute end; the session ends earlier when it is not used for config.Session.Idle
}

// KeyRequest describes an API key to create.
type KeyRequest struct {
	Name      string       // 1 to 100 characters
	Scopes    []Permission // at least one; see [Rules]
	ExpiresAt time.Time    // zero: never
}

// NewKey is a created API key. Secret is shown this once.
type NewKey struct {
	store.APIKey
	Secret string // "smsir", 32 random Base62 characters and 6 of checksum
}

// NewInvite is a created invitation. Code is shown this once.
type NewInvite struct {
	store.Invite
	Code string // 26 letters and digits; goes into a link
}

// InvitePreview is what the holder of a code may see before registering.
type InvitePreview struct {
	Workspace string // its name
	Email     string // the address that must register
	Role      store.Role
	ExpiresAt time.Time
}

// WorkspaceChange changes the settings of a workspace; nil leaves one as it is.
type WorkspaceChange struct {
	Name      *string
	Country   *string
	TimeZone  *string
	OnUnknown *smsir.OnUnknown
	Smart     *bool
	Paused    *bool
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	cfg Config
}

var errNotYet = errors.New("not yet")

// New returns a [Service]. It fails on a configuration that cannot work.
func New(cfg Config) (*Service, error) { return &Service{cfg: cfg}, nil }

// Run makes setup codes and announces them, a new one whenever the last one expires, until somebody has registered; it
// returns nil when ctx ends. Without Run nobody can be the first to register.
func (s *Service) Run(ctx context.Context) error { return errNotYet }

// Claimed reports whether somebody has registered. Until then doors answer setup_required to all but registration.
func (s *Service) Claimed(ctx context.Context) (bool, error) { return false, errNotYet }

// Register gives a person an account and a session: the first person of the instance by setup code, becoming its
// operator and the owner of the first workspace; later ones by invitation into a workspace, or, when registration is
// open, as owner of a workspace of their own. Errors: setup_code_invalid, registration_closed, invitation_required,
// invite_invalid, email_taken, password_weak, invalid (Field), slow_down.
func (s *Service) Register(ctx context.Context, r RegisterRequest, peer Peer) (*SignIn, error) {
	return nil, errNotYet
}

// Registration is who may register now: what an operator set, else what the configuration says.
func (s *Service) Registration(ctx context.Context) (config.Registration, error) {
	return "", errNotYet
}

// SetRegistration sets who may register. Permission: instance:write.
func (s *Service) SetRegistration(ctx context.Context, p *Principal, r config.Registration, peer Peer) error {
	return errNotYet
}

// Login checks email and password and makes a session with a new token, in the workspace where the person was last
// (else the one joined first). Errors: credentials_wrong, slow_down, no_workspace.
func (s *Service) Login(ctx context.Context, r LoginRequest, peer Peer) (*SignIn, error) {
	return nil, errNotYet
}

// Logout ends the session of p. An API key cannot log out: forbidden.
func (s *Service) Logout(ctx context.Context, p *Principal, peer Peer) error { return errNotYet }

// ChangePassword replaces the password of p and ends all other sessions of that person. Errors: credentials_wrong
// (Field "old_password"), password_weak (Field "new_password"), slow_down.
func (s *Service) ChangePassword(ctx context.Context, p *Principal, oldPassword, newPassword string, peer Peer) error {
	return errNotYet
}

// Reauthenticate checks the password of p again, for [Principal.RequireReauth]. Errors: credentials_wrong
// (Field "password"), slow_down.
func (s *Service) Reauthenticate(ctx context.Context, p *Principal, password string, peer Peer) error {
	return errNotYet
}

// Rename changes the display name of the person.
func (s *Service) Rename(ctx context.Context, p *Principal, name string, peer Peer) error {
	return errNotYet
}

// Sessions lists the live sessions of the person, newest first. Only people have sessions: forbidden for an API key.
func (s *Service) Sessions(ctx context.Context, p *Principal) ([]store.Session, error) {
	return nil, errNotYet
}

// RevokeSession ends one session of the person p. Error: not_found.
func (s *Service) RevokeSession(ctx context.Context, p *Principal, id smsir.UUID, peer Peer) error {
	return errNotYet
}

// Cookie resolves the token of a "web" session. Error: unauthenticated.
func (s *Service) Cookie(ctx context.Context, token string) (*Principal, error) {
	return nil, errNotYet
}

// Bearer resolves what follows "Bearer " in the Authorization header: the token of an "app" session or the secret of
// an API key. Error: unauthenticated.
func (s *Service) Bearer(ctx context.Context, token string) (*Principal, error) {
	return nil, errNotYet
}

// Recheck resolves the credential of p again, without counting as use of the session. Long-lived connections call it
// at least once a minute and close on an error of code unauthenticated; the result has the role and workspace of now.
func (s *Service) Recheck(ctx context.Context, p *Principal) (*Principal, error) {
	return nil, errNotYet
}

// Workspaces lists the places of the person p, the current workspace among them.
func (s *Service) Workspaces(ctx context.Context, p *Principal) ([]Place, error) {
	return nil, errNotYet
}

// Place is a workspace with the role of a person in it.
type Place struct {
	Workspace store.Workspace
	Role      store.Role
}

// SwitchWorkspace makes the session of p look at another workspace of that person and returns the new principal. The
// token stays the same. Error: not_found.
func (s *Service) SwitchWorkspace(ctx context.Context, p *Principal, workspace smsir.UUID, peer Peer) (*Principal, error) {
	return nil, errNotYet
}

// UpdateWorkspace changes the workspace of p and returns it. Permission: workspace:write. Errors: invalid (Field).
func (s *Service) UpdateWorkspace(ctx context.Context, p *Principal, c WorkspaceChange, peer Peer) (*store.Workspace, error) {
	return nil, errNotYet
}

// Members lists the people of the workspace of p. Permission: members:read.
func (s *Service) Members(ctx context.Context, p *Principal) ([]store.Membership, error) {
	return nil, errNotYet
}

// SetRole changes the role of a member and ends their sessions in the workspace. Permission: members:write; only an
// owner makes or changes an owner. Errors: not_found, forbidden, conflict (Field "role"): the last owner stays one.
func (s *Service) SetRole(ctx context.Context, p *Principal, user smsir.UUID, role store.Role, peer Peer) error {
	return errNotYet
}

// RemoveMember removes a member and ends their sessions in the workspace; anybody may leave by themselves. Errors as of
// SetRole.
func (s *Service) RemoveMember(ctx context.Context, p *Principal, user smsir.UUID, peer Peer) error {
	return errNotYet
}

// Invite makes an invitation, valid for [InviteAge]. Permission: members:write; only an owner invites owners.
func (s *Service) Invite(ctx context.Context, p *Principal, email string, role store.Role, peer Peer) (*NewInvite, error) {
	return nil, errNotYet
}

// Invites lists the open invitations of the workspace. Permission: members:write.
func (s *Service) Invites(ctx context.Context, p *Principal) ([]store.Invite, error) {
	return nil, errNotYet
}

// RevokeInvite withdraws an invitation. Permission: members:write. Error: not_found.
func (s *Service) RevokeInvite(ctx context.Context, p *Principal, id smsir.UUID, peer Peer) error {
	return errNotYet
}

// PreviewInvite tells the holder of a code what it invites to. Error: invite_invalid.
func (s *Service) PreviewInvite(ctx context.Context, code string) (*InvitePreview, error) {
	return nil, errNotYet
}

// AcceptInvite lets a person who has an account already join a workspace. Errors: invite_invalid, conflict (already a
// member).
func (s *Service) AcceptInvite(ctx context.Context, p *Principal, code string, peer Peer) error {
	return errNotYet
}

// CreateKey makes an API key of the workspace. Permission: api_keys:write, with [Principal.RequireReauth]. Errors:
// invalid (Field "name", "scopes", "expires_at"), forbidden, reauth_required.
func (s *Service) CreateKey(ctx context.Context, p *Principal, r KeyRequest, peer Peer) (*NewKey, error) {
	return nil, errNotYet
}

// Keys lists the API keys of the workspace, revoked ones included, newest first. Permission: api_keys:read.
func (s *Service) Keys(ctx context.Context, p *Principal) ([]store.APIKey, error) {
	return nil, errNotYet
}

// RevokeKey ends an API key at once. Permission: api_keys:write. Error: not_found.
func (s *Service) RevokeKey(ctx context.Context, p *Principal, id smsir.UUID, peer Peer) error {
	return errNotYet
}

// CacheTime is how long a resolved credential is trusted without asking the store again.
const CacheTime = 2 * time.Second

// InviteAge is how long an invitation is valid.
const InviteAge = 7 * 24 * time.Hour
