package account

import (
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
	if p.IsKey() || p.now().Sub(p.ReauthAt) < ReauthAge {
		return nil
	}
	return smsir.Errorf(CodeReauthRequired, "This needs your password again. Confirm it and repeat the request within %d minutes.", int(ReauthAge/time.Minute))
}
