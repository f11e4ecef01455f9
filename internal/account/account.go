// Package account is in charge of who may use the gateway: people, the workspaces they belong to, their roles and
// sessions, invitations, API keys, and the one-time code with which the first person registers.
//
// It knows no HTTP: a door takes the cookie or the Authorization header, asks [Service.Cookie] or [Service.Bearer] for
// the [Principal], and asks the principal what it may do. What a principal may do is data ([Rules]); what the table does
// not allow is denied. It stores nothing by itself: store.Accounts does, and writes the audit log in the same step.
//
// What it guarantees: no secret is kept in the clear (passwords as Argon2id, tokens, keys and codes as SHA-256); the
// answer to a login never tells whether an email address is known; a failure leaves things as they were; a change made
// through this process is effective on the next request, one made elsewhere within [CacheTime].
package account

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/store"
)

// Config is what a [Service] is made of.
type Config struct {
	Store        store.Accounts
	Session      config.Session      // how long sessions last; both above 0, Absolute at least Idle
	Registration config.Registration // who may register, until an operator sets it; "" is by invitation
	// Announce is called with every new setup code while nobody has registered, from [Service.Run]. The code is to be
	// shown to the operator only. May be nil.
	Announce func(code string, until time.Time)
	// Starter returns the provider that a new workspace starts with; nil: none. See upstream.Service.Starter.
	Starter func(workspace smsir.UUID, now time.Time) *store.Provider
	// Started is called after a workspace was stored with its first provider; dispatch reloads. May be nil.
	Started func()
	// Paused is called after a workspace was paused or resumed, or got another time zone, by which its routing rules
	// tell days and times; dispatch reloads. May be nil.
	Paused func()
	// Changed is called after a change of sessions, keys, roles or people; other nodes call Forget. May be nil.
	Changed func()
	Clock   func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: discard
}

// Peer is where a request comes from, as the door knows it.
type Peer struct {
	IP        netip.Addr // of the client, behind trusted proxies; the zero value is one common unknown address
	UserAgent string     // at most 256 bytes of it are kept
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	store        store.Accounts
	session      config.Session
	registration config.Registration
	announce     func(code string, until time.Time)
	starter      func(workspace smsir.UUID, now time.Time) *store.Provider
	started      func()
	paused       func()
	now          func() time.Time
	log          *slog.Logger

	hasher  *hasher
	pace    *slowdown
	cache   *cache
	setup   setupCode
	watch   *watch
	claimed atomic.Bool
}

// New returns a [Service]. It fails on a configuration that cannot work.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Store == nil:
		return nil, errors.New("account: no store")
	case cfg.Session.Idle <= 0 || cfg.Session.Absolute < cfg.Session.Idle:
		return nil, errors.New("account: sessions must last longer than 0, and absolutely at least as long as idle")
	}
	s := &Service{
		store: cfg.Store, session: cfg.Session, registration: cfg.Registration,
		announce: cfg.Announce, starter: cfg.Starter, started: cfg.Started, paused: cfg.Paused, now: cfg.Clock, log: cfg.Log,
		pace: newSlowdown(), cache: newCache(), watch: newWatch(),
	}
	if s.registration == "" {
		s.registration = config.RegistrationInvitation
	}
	if _, ok := parseRegistration(string(s.registration)); !ok {
		return nil, errors.New("account: unknown registration " + string(s.registration))
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.cache.changed = cfg.Changed
	s.hasher = newHasher()
	s.setup.claimed = make(chan struct{})
	return s, nil
}

// Changed makes this process, and through the function that [New] was given every other, ask the store again: for whoever
// changes what a credential leads to without this package.
func (s *Service) Changed() { s.cache.forget() }

// Forget makes the next use of every credential ask the store: another node has changed something.
func (s *Service) Forget() { s.cache.empty() }

// audit begins an entry of the audit log.
func (s *Service) audit(p *Principal, peer Peer, action, target, detail string) store.AuditEntry {
	e := store.AuditEntry{At: s.now(), Action: action, Target: target, IP: ipString(peer.IP), Detail: detail}
	if p != nil {
		e.Actor, e.Workspace = p.Actor, p.Workspace.ID
	}
	return e
}

func ipString(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.Unmap().String()
}

// person fails unless p is a person with a session.
func person(p *Principal) error {
	if p == nil {
		return unauthenticated()
	}
	if p.User == nil {
		return smsir.Errorf(CodeForbidden, "This is for people: sign in with email and password instead of an API key.")
	}
	return nil
}

// isNotFound reports whether err says that something is not there.
func isNotFound(err error) bool { return smsir.CodeOf(err) == smsir.CodeNotFound }

// conflictOf is the field of a conflict, and whether err is one.
func conflictOf(err error) (field string, ok bool) {
	var e *smsir.Error
	if errors.As(err, &e) && e.Code == smsir.CodeConflict {
		return e.Field, true
	}
	return "", false
}

// Registration is who may register now: what an operator set, else what the configuration says.
func (s *Service) Registration(ctx context.Context) (config.Registration, error) {
	word, err := s.store.Setting(ctx, settingRegistration)
	if err != nil {
		return "", err
	}
	if r, ok := parseRegistration(word); ok {
		return r, nil
	}
	return s.registration, nil
}

// settingRegistration is the name of the instance setting.
const settingRegistration = "registration"

// SetRegistration sets who may register. Permission: instance:write. Error: invalid (Field "registration").
func (s *Service) SetRegistration(ctx context.Context, p *Principal, r config.Registration, peer Peer) error {
	if err := p.Require(InstanceWrite); err != nil {
		return err
	}
	if _, ok := parseRegistration(string(r)); !ok {
		return fault(smsir.CodeInvalid, "registration", "Registration is invitation, open or closed. Choose one of them.")
	}
	e := s.audit(p, peer, "setting.changed", settingRegistration, string(r))
	e.Workspace = smsir.UUID{} // it concerns the instance
	old, err := s.Registration(ctx)
	if err != nil {
		return err
	}
	e.Changed(settingRegistration, string(old), string(r))
	return s.store.SetSetting(ctx, settingRegistration, string(r), e)
}

func parseRegistration(word string) (config.Registration, bool) {
	switch r := config.Registration(strings.TrimSpace(word)); r {
	case config.RegistrationInvitation, config.RegistrationOpen, config.RegistrationClosed:
		return r, true
	}
	return "", false
}
