package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/netip"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

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

// Login checks email and password and makes a session with a new token, in the workspace where the person was last
// (else the one joined first). Errors: credentials_wrong, slow_down, no_workspace, invalid (Field "client").
func (s *Service) Login(ctx context.Context, r LoginRequest, peer Peer) (*SignIn, error) {
	client, err := checkClient(r.Client)
	if err != nil {
		return nil, err
	}
	u, err := s.checkCredentials(ctx, r.Email, r.Password, nil, "", peer)
	if err != nil {
		return nil, err
	}
	workspace, err := s.workspaceOf(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	se, token := s.newSession(u.ID, workspace, client, peer, s.now())
	err = s.store.CreateSession(ctx, se, store.AuditEntry{
		At: se.CreatedAt, Workspace: workspace, Actor: smsir.Actor{Kind: smsir.ActorUser, ID: u.ID}, Action: "session.created",
		Target: se.ID.Format(smsir.PrefixSession), IP: se.IP, Detail: client,
	})
	if err != nil {
		return nil, err
	}
	in, err := s.signIn(ctx, token, r.OldToken, peer)
	if err == nil && in.Principal.User.PasswordHash != u.PasswordHash {
		// The password was changed while it was being checked: that ended all sessions, this one too.
		s.endSession(ctx, token, "session.ended", peer)
		return nil, credentialsWrong("")
	}
	return in, err
}

// signIn resolves a session just stored, and ends the one that the browser held before.
func (s *Service) signIn(ctx context.Context, token, oldToken string, peer Peer) (*SignIn, error) {
	e, err := s.loadSession(ctx, tokenHash(token), s.now())
	if err != nil {
		return nil, err
	}
	if oldToken != "" && oldToken != token {
		s.endSession(ctx, oldToken, "session.replaced", peer)
	}
	return &SignIn{Token: token, Principal: e.principal, ExpiresAt: e.principal.ExpiresAt}, nil
}

// endSession ends the session of a token, if there is one. A failure is logged: the caller has done its part.
func (s *Service) endSession(ctx context.Context, token, action string, peer Peer) {
	defer s.cache.forget()
	e, err := s.loadSession(ctx, tokenHash(token), s.now())
	if err == nil {
		p := e.principal
		err = s.store.DeleteSession(ctx, p.User.ID, p.SessionID, s.audit(p, peer, action, p.SessionID.Format(smsir.PrefixSession), ""))
	}
	if err != nil && smsir.CodeOf(err) != CodeUnauthenticated && !isNotFound(err) {
		s.log.WarnContext(ctx, "cannot end a session", "err", err)
	}
}

// newSession makes a session and its token: 32 random bytes.
func (s *Service) newSession(user, workspace smsir.UUID, client string, peer Peer, now time.Time) (store.Session, string) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails since Go 1.24: the program ends instead
	token := base64.RawURLEncoding.EncodeToString(random[:])
	now = millis(now)
	return store.Session{
		ID: smsir.NewUUID(now), TokenHash: tokenHash(token), User: user, Workspace: workspace, Client: client,
		UserAgent: cleanAgent(peer.UserAgent), IP: ipString(peer.IP),
		CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(s.session.Absolute), ReauthAt: now,
	}, token
}

// workspaceOf is the workspace in which a person starts.
func (s *Service) workspaceOf(ctx context.Context, user smsir.UUID) (smsir.UUID, error) {
	places, err := s.store.Memberships(ctx, user)
	if err != nil {
		return smsir.UUID{}, err
	}
	if len(places) == 0 {
		return smsir.UUID{}, smsir.Errorf(CodeNoWorkspace, "You do not belong to any workspace any more. Ask an owner or admin to invite you again.")
	}
	live, err := s.store.Sessions(ctx, user, s.now())
	if err != nil {
		return smsir.UUID{}, err
	}
	start, seen := places[0].Workspace, time.Time{}
	for _, place := range places {
		for _, se := range live {
			if se.Workspace == place.Workspace && se.LastSeenAt.After(seen) {
				start, seen = se.Workspace, se.LastSeenAt
			}
		}
	}
	return start, nil
}

// checkCredentials returns the person whose email address and password these are. It does the same work whether the
// address is known or not, and gives the same error. p is the person who confirms a password, nil at a login; field names
// the password in that error.
func (s *Service) checkCredentials(ctx context.Context, email, password string, p *Principal, field string, peer Peer) (*store.User, error) {
	email = strings.TrimSpace(email)
	email = email[:min(len(email), maxEmail+1)] // nobody has a longer one
	check, wait := s.pace.begin(email, peer.IP, s.now(), func() bool { return s.knowsDevice(ctx, email, peer.IP) })
	if wait > 0 {
		return nil, slowDown(wait)
	}
	u, err := s.store.UserByEmail(ctx, email)
	if err != nil && !isNotFound(err) {
		check.drop()
		return nil, err
	}
	encoded, possible := s.hasher.dummy, false
	if err == nil && u.DisabledAt.IsZero() && len(password) <= maxPasswordBytes {
		encoded, possible = u.PasswordHash, true
	}
	fits, err := s.hasher.verify(ctx, encoded, password[:min(len(password), maxPasswordBytes)])
	if err != nil {
		check.drop()
		return nil, err
	}
	if !fits || !possible {
		s.log.InfoContext(ctx, "password check failed", "ip", ipString(peer.IP))
		if u != nil {
			s.refused(u, p, peer)
		}
		return nil, credentialsWrong(field)
	}
	check.succeed(s.now())
	return u, nil
}

// knowsDevice reports whether a person has a live session from this address.
func (s *Service) knowsDevice(ctx context.Context, email string, ip netip.Addr) bool {
	u, err := s.store.UserByEmail(ctx, email)
	if err != nil {
		return false
	}
	live, err := s.store.Sessions(ctx, u.ID, s.now())
	if err != nil {
		return false
	}
	for _, se := range live {
		if from, err := netip.ParseAddr(se.IP); err == nil && network(from) == network(ip) {
			return true
		}
	}
	return false
}

func credentialsWrong(field string) error {
	if field != "" {
		return fault(CodeCredentialsWrong, field, "The password is wrong. Type it again.")
	}
	return smsir.Errorf(CodeCredentialsWrong, "Email address and password do not fit. Check both and try again.")
}

// Logout ends the session of p. An API key cannot log out: forbidden.
func (s *Service) Logout(ctx context.Context, p *Principal, peer Peer) error {
	if err := person(p); err != nil {
		return err
	}
	defer s.cache.forget()
	err := s.store.DeleteSession(ctx, p.User.ID, p.SessionID, s.audit(p, peer, "session.ended", p.SessionID.Format(smsir.PrefixSession), ""))
	if isNotFound(err) {
		return nil // somebody was faster
	}
	return err
}

// Reauthenticate checks the password of p again, for [Principal.RequireReauth]. Errors: credentials_wrong
// (Field "password"), slow_down.
func (s *Service) Reauthenticate(ctx context.Context, p *Principal, password string, peer Peer) error {
	if err := person(p); err != nil {
		return err
	}
	if _, err := s.checkCredentials(ctx, p.User.Email, password, p, "password", peer); err != nil {
		return err
	}
	defer s.cache.forget()
	return orExpired(s.store.Reauthenticated(ctx, p.SessionID, s.now()))
}

// ChangePassword replaces the password of p and ends all other sessions of that person. It counts as giving the password
// again. Errors: credentials_wrong (Field "old_password"), password_weak (Field "new_password"), slow_down.
func (s *Service) ChangePassword(ctx context.Context, p *Principal, oldPassword, newPassword string, peer Peer) error {
	if err := person(p); err != nil {
		return err
	}
	u, err := s.checkCredentials(ctx, p.User.Email, oldPassword, p, "old_password", peer)
	if err != nil {
		return err
	}
	if string(canonical(oldPassword)) == string(canonical(newPassword)) {
		return fault(CodePasswordWeak, "new_password", "The new password is the old one. Choose another.")
	}
	if err := checkPassword("new_password", newPassword, u.Email, u.Name, p.Workspace.Name); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, newPassword)
	if err != nil {
		return err
	}
	defer s.cache.forget()
	err = s.store.SetPassword(ctx, u.ID, hash, p.SessionID, s.audit(p, peer, "password.changed", u.ID.Format(smsir.PrefixUser), ""))
	if err != nil {
		return err
	}
	return orExpired(s.store.Reauthenticated(ctx, p.SessionID, s.now()))
}
