package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// ReauthAge is how long after giving a password a person may do what needs it ([Principal.RequireReauth]).
const ReauthAge = 10 * time.Minute

// Principal is who a request acts for: a person with a session, or an API key. The workspace comes from the
// credential, never from the request. It is shared between requests: read only.
type Principal struct {
	Actor     smsir.Actor      // usr_… or key_…
	User      *store.User      // nil for an API key
	Workspace *store.Workspace // never nil
	Role      store.Role       // 0 for an API key
	Scopes    []Permission     // of an API key; nil for a person
	Session   *store.Session   // nil for an API key
	Key       *store.APIKey    // nil for a person
	SessionID smsir.UUID       // zero for an API key
	Client    string           // "web" or "app" for a session, "" for an API key
	ExpiresAt time.Time        // when the credential ends at the latest; zero for a key that does not expire
	ReauthAt  time.Time        // when the password was last given; zero for an API key

	hash [32]byte // SHA-256 of the credential
	now  func() time.Time
}

// IsKey reports whether p is an API key.
func (p *Principal) IsKey() bool { return p != nil && p.Actor.Kind == smsir.ActorKey }

// RequireReauth returns nil when the password was given within the last [ReauthAge], at login or by
// [Service.Reauthenticate]; otherwise an error of code reauth_required. An API key always passes: it was made by
// somebody who had just given a password, and it can do no more than its scopes say.
func (p *Principal) RequireReauth() error {
	if p == nil {
		return unauthenticated()
	}
	if p.IsKey() {
		return nil
	}
	now := time.Now
	if p.now != nil {
		now = p.now
	}
	if now().Sub(p.ReauthAt) < ReauthAge {
		return nil
	}
	return smsir.Errorf(CodeReauthRequired, "This needs your password again. Confirm it and repeat the request within %d minutes.", int(ReauthAge/time.Minute))
}

// The clients that a session can be for.
const (
	clientWeb = "web"
	clientApp = "app"
)

// Cookie resolves the token of a "web" session. Error: unauthenticated.
func (s *Service) Cookie(ctx context.Context, token string) (*Principal, error) {
	if token == "" {
		return nil, unauthenticated()
	}
	p, err := s.resolve(ctx, sha256.Sum256([]byte(token)), s.loadSession, true)
	if err == nil && p.Client != clientWeb {
		return nil, unauthenticated()
	}
	return p, err
}

// Bearer resolves what follows "Bearer " in the Authorization header: the token of an "app" session or the secret of
// an API key. Error: unauthenticated.
func (s *Service) Bearer(ctx context.Context, token string) (*Principal, error) {
	switch {
	case token == "":
		return nil, unauthenticated()
	case isKeySecret(token):
		return s.resolve(ctx, sha256.Sum256([]byte(token)), s.loadKey, true)
	case looksLikeKey(token):
		return nil, smsir.Errorf(CodeUnauthenticated, "This API key is mistyped or cut off: its checksum does not fit. Copy the whole key, %d characters.", keyLength)
	}
	p, err := s.resolve(ctx, sha256.Sum256([]byte(token)), s.loadSession, true)
	if err == nil && p.Client != clientApp {
		return nil, unauthenticated()
	}
	return p, err
}

// Recheck resolves the credential of p again, without counting as use of the session. Long-lived connections call it
// at least once a minute and close on an error of code unauthenticated; the result has the role and workspace of now.
func (s *Service) Recheck(ctx context.Context, p *Principal) (*Principal, error) {
	switch {
	case p == nil:
		return nil, unauthenticated()
	case p.IsKey():
		return s.resolve(ctx, p.hash, s.loadKey, false)
	}
	return s.resolve(ctx, p.hash, s.loadSession, false)
}

// resolve finds the principal of a credential, from the cache or the store.
func (s *Service) resolve(ctx context.Context, hash [32]byte, load func(context.Context, [32]byte, time.Time) (cached, error), use bool) (*Principal, error) {
	now := s.now()
	e, ok, generation := s.cache.get(hash, now)
	if !ok {
		var err error
		if e, err = load(ctx, hash, now); err != nil {
			return nil, err
		}
		e.until = now.Add(CacheTime)
		s.cache.put(hash, e, generation)
	}
	p := e.principal
	if !p.ExpiresAt.IsZero() && !now.Before(p.ExpiresAt) || p.Session != nil && now.Sub(e.seen) >= s.session.Idle {
		return nil, expired()
	}
	if use && s.cache.used(hash, e, now, min(time.Minute, s.session.Idle/10)) {
		s.touch(ctx, p, now)
	}
	return p, nil
}

// touch tells the store of a use; a failure is no reason to refuse the request.
func (s *Service) touch(ctx context.Context, p *Principal, now time.Time) {
	var err error
	if p.IsKey() {
		err = s.store.TouchAPIKey(ctx, p.Actor.ID, now)
	} else {
		err = s.store.TouchSession(ctx, p.SessionID, now)
	}
	if err != nil && !isNotFound(err) {
		s.log.WarnContext(ctx, "cannot note the use of a credential", "actor", p.Actor.Kind.String(), "err", err)
	}
}

// loadSession reads the principal of a session token.
func (s *Service) loadSession(ctx context.Context, hash [32]byte, now time.Time) (cached, error) {
	se, u, role, err := s.store.SessionByToken(ctx, hash, now)
	if err != nil {
		return cached{}, orExpired(err)
	}
	w, err := s.store.Workspace(ctx, se.Workspace)
	if err != nil {
		return cached{}, orExpired(err)
	}
	if subtle.ConstantTimeCompare(se.TokenHash[:], hash[:]) != 1 {
		return cached{}, expired()
	}
	return cached{seen: se.LastSeenAt, principal: &Principal{
		Actor: smsir.Actor{Kind: smsir.ActorUser, ID: u.ID}, User: u, Workspace: w, Role: role, Session: se,
		SessionID: se.ID, Client: se.Client, ExpiresAt: se.ExpiresAt, ReauthAt: se.ReauthAt, hash: hash, now: s.now,
	}}, nil
}

// loadKey reads the principal of an API key.
func (s *Service) loadKey(ctx context.Context, hash [32]byte, now time.Time) (cached, error) {
	k, err := s.store.APIKeyByHash(ctx, hash)
	if isNotFound(err) {
		return cached{}, smsir.Errorf(CodeUnauthenticated, "This API key is not known here. Create one under API keys and send it as \"Authorization: Bearer smsir…\".")
	} else if err != nil {
		return cached{}, err
	}
	switch {
	case subtle.ConstantTimeCompare(k.SecretHash[:], hash[:]) != 1:
		return cached{}, unauthenticated()
	case !k.RevokedAt.IsZero():
		return cached{}, smsir.Errorf(CodeUnauthenticated, "This API key was revoked. Create a new one under API keys.")
	case !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt):
		return cached{}, smsir.Errorf(CodeUnauthenticated, "This API key has expired. Create a new one under API keys.")
	}
	w, err := s.store.Workspace(ctx, k.Workspace)
	if err != nil {
		return cached{}, orExpired(err)
	}
	p := &Principal{
		Actor: smsir.Actor{Kind: smsir.ActorKey, ID: k.ID}, Workspace: w, Key: k, ExpiresAt: k.ExpiresAt,
		Scopes: make([]Permission, len(k.Scopes)), hash: hash, now: s.now,
	}
	for i, word := range k.Scopes {
		p.Scopes[i] = Permission(word)
	}
	return cached{seen: k.LastUsedAt, principal: p}, nil
}

// orExpired turns "not there" into unauthenticated.
func orExpired(err error) error {
	if isNotFound(err) {
		return expired()
	}
	return err
}

func expired() error {
	return smsir.Errorf(CodeUnauthenticated, "The session has ended or is not known. Sign in again.")
}
