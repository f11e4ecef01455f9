package account

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/store"
)

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

// Register gives a person an account and a session: the first person of the instance by setup code, becoming its
// operator and the owner of the first workspace; later ones by invitation into a workspace, or, when registration is
// open, as owner of a workspace of their own. Errors: setup_code_invalid, registration_closed, invitation_required,
// invite_invalid, email_taken, password_weak, invalid (Field), slow_down.
func (s *Service) Register(ctx context.Context, r RegisterRequest, peer Peer) (*SignIn, error) {
	now := s.now()
	way, err := s.admit(ctx, r, peer, now)
	if err != nil {
		return nil, err
	}
	reg, err := s.newcomer(&r, way, now)
	if err != nil {
		return nil, err
	}
	if reg.User.PasswordHash, err = s.hasher.hash(ctx, r.Password); err != nil {
		return nil, err
	}
	workspace := reg.Join
	if reg.Workspace != nil {
		workspace = reg.Workspace.ID
	}
	var token string
	reg.Session, token = s.newSession(reg.User.ID, workspace, r.Client, peer, now)
	reg.Audit = store.AuditEntry{
		At: now, Workspace: workspace, Actor: smsir.Actor{Kind: smsir.ActorUser, ID: reg.User.ID}, Action: "user.registered",
		Target: reg.User.ID.Format(smsir.PrefixUser), IP: ipString(peer.IP), Detail: way.word,
	}
	if err := s.store.Register(ctx, *reg); err != nil {
		return nil, registerFault(err)
	}
	s.claim()
	if reg.Provider != nil && s.started != nil {
		s.started()
	}
	s.pace.known.mark(strings.ToLower(reg.User.Email)+"\x00"+network(peer.IP), now)
	return s.signIn(ctx, token, r.OldToken, peer)
}

// way is how somebody may register.
type way struct {
	word   string // for the audit log
	setup  bool
	invite *store.Invite
}

// admit decides whether somebody may register, before any work is done for them.
func (s *Service) admit(ctx context.Context, r RegisterRequest, peer Peer, now time.Time) (way, error) {
	claimed, err := s.Claimed(ctx)
	if err != nil {
		return way{}, err
	}
	if !claimed || r.SetupCode != "" {
		return s.admitFirst(claimed, r.SetupCode, peer, now)
	}
	mode, err := s.Registration(ctx)
	switch {
	case err != nil:
		return way{}, err
	case mode == config.RegistrationClosed:
		return way{}, smsir.Errorf(CodeRegistrationClosed, "Nobody can register here at the moment. Ask an operator of this instance.")
	case r.Invite != "":
		in, err := s.findInvite(ctx, r.Invite, now)
		return way{word: "by invitation", invite: in}, err
	case mode != config.RegistrationOpen:
		return way{}, fault(CodeInvitationRequired, "invite", "You need an invitation to register. Ask an owner or admin of a workspace for one.")
	}
	if wait := s.pace.newcomers.take(network(peer.IP), now); wait > 0 {
		return way{}, slowDown(wait)
	}
	return way{word: "openly"}, nil
}

func (s *Service) admitFirst(claimed bool, code string, peer Peer, now time.Time) (way, error) {
	if claimed {
		return way{}, fault(CodeSetupCodeInvalid, "setup_code", "This instance has been set up already. Sign in, or ask for an invitation.")
	}
	address := network(peer.IP)
	if wait := s.pace.addresses.take(address, now); wait > 0 {
		return way{}, slowDown(wait)
	}
	if !s.setup.matches(code, now) {
		return way{}, fault(CodeSetupCodeInvalid, "setup_code", "The setup code is wrong or has expired. Use the link that the server printed last; it prints a new one every %d minutes.", int(SetupAge/time.Minute))
	}
	s.pace.addresses.undo(address)
	return way{word: "by setup code", setup: true}, nil
}

// newcomer checks what a person says and makes the registration, all but password hash, session and audit entry.
func (s *Service) newcomer(r *RegisterRequest, way way, now time.Time) (*store.Registration, error) {
	email, err := checkEmail("email", r.Email)
	if err != nil {
		return nil, err
	}
	name, err := checkName("name", r.Name)
	if err != nil {
		return nil, err
	}
	if r.Client, err = checkClient(r.Client); err != nil {
		return nil, err
	}
	if err := checkPassword("password", r.Password, email, name, r.WorkspaceName); err != nil {
		return nil, err
	}
	reg := &store.Registration{
		User:  store.User{ID: smsir.NewUUID(now), Email: email, Name: name, Operator: way.setup, CreatedAt: millis(now)},
		Setup: way.setup,
	}
	if in := way.invite; in != nil {
		if !strings.EqualFold(in.Email, email) {
			return nil, fault(CodeInviteInvalid, "email", "This invitation is for another email address. Register with the address that was invited.")
		}
		reg.Join, reg.Role, reg.Invite = in.Workspace, in.Role, in.ID
		return reg, nil
	}
	reg.Workspace = &store.Workspace{ID: smsir.NewUUID(now), OnUnknown: smsir.Hold, Smart: true, CreatedAt: millis(now)}
	reg.Role = store.Owner
	change := WorkspaceChange{Name: &r.WorkspaceName, Country: &r.Country, TimeZone: &r.TimeZone}
	if _, err := change.apply(reg.Workspace, "workspace_name", now); err != nil {
		return nil, err
	}
	if s.starter != nil {
		reg.Provider = s.starter(reg.Workspace.ID, now)
	}
	return reg, nil
}

// registerFault turns the conflicts of store.Register into this package's errors.
func registerFault(err error) error {
	switch field, _ := conflictOf(err); field {
	case "email":
		return fault(CodeEmailTaken, "email", "Somebody has registered with this email address already. Sign in, or use another address.")
	case "invite":
		return inviteInvalid()
	case "setup_code":
		return fault(CodeSetupCodeInvalid, "setup_code", "Somebody else has just set this instance up. Ask them for an invitation.")
	}
	return err
}

func checkClient(client string) (string, error) {
	switch client {
	case "", clientWeb:
		return clientWeb, nil
	case clientApp:
		return clientApp, nil
	}
	return "", fault(smsir.CodeInvalid, "client", "The client is web or app.")
}

// findInvite finds the open invitation of a code.
func (s *Service) findInvite(ctx context.Context, code string, now time.Time) (*store.Invite, error) {
	in, err := s.store.InviteByCode(ctx, codeHash(code), now)
	if isNotFound(err) {
		return nil, inviteInvalid()
	}
	return in, err
}

func inviteInvalid() error {
	return fault(CodeInviteInvalid, "invite", "This invitation is unknown, used or expired. Ask an owner or admin of the workspace for a new one.")
}

// tokenHash is what is kept of a session token.
func tokenHash(token string) [32]byte { return sha256.Sum256([]byte(token)) }
