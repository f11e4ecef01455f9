// Package storetest judges implementations of the storage contract: one suite that every database must pass.
//
// It is in charge of what package store promises, rule by rule; it knows no database. It is imported by tests only.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// AccountStore is what [Accounts] judges.
type AccountStore interface {
	store.Accounts
	store.Providers
	store.Routes
	store.Senders
}

// Accounts judges an implementation of store.Accounts, store.Providers and store.Routes. open returns an empty store, closed by the
// cleanup of t. When the store is a store.Accepter too, providers with open messages are judged as well.
func Accounts[S AccountStore](t *testing.T, open func(t *testing.T) S) {
	t.Helper()
	for _, rule := range []struct {
		name  string
		check func(*testing.T, AccountStore)
	}{
		{"the first person registers", firstRegistration},
		{"only one can be the first", firstRegistrationRace},
		{"a failed registration leaves nothing", failedRegistration},
		{"an email address is unique whatever its case", uniqueEmail},
		{"two registrations of one address", emailRace},
		{"an invitation joins once", inviteJoins},
		{"two registrations with one invitation", inviteRace},
		{"an invitation ends", inviteEnds},
		{"an invitation of another workspace", inviteOfAnotherWorkspace},
		{"a person with an account accepts an invitation", acceptInvite},
		{"users change", updateUser},
		{"a new password ends other sessions", setPassword},
		{"workspaces change", updateWorkspace},
		{"members and memberships", members},
		{"a changed role ends sessions there", setRole},
		{"the last owner stays", lastOwner},
		{"two owners cannot both leave", lastOwnerRace},
		{"sessions live and end", sessions},
		{"a session dies with its user or membership", deadSessions},
		{"a session moves between workspaces", moveSession},
		{"API keys", apiKeys},
		{"settings", settings},
		{"audit log", auditLog},
		{"names of actors", actorNames},
		{"providers", providers},
		{"provider names are unique among the living", providerNames},
		{"a provider with open messages stays", providerWithMessages},
		{"routing rules", routes},
		{"a routing rule changes in the version that was read", routeVersions},
		{"routing rules are put in order all at once", routeOrder},
		{"new routing rules from all sides have places of their own", routeRace},
		{"senders", senders},
		{"tenants do not meet", tenants},
	} {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			rule.check(t, open(t))
		})
	}
}

// base is the moment at which the tests of this suite begin.
var base = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// at is a moment after base.
func at(d time.Duration) time.Time { return base.Add(d) }

// digest is a stand-in for the SHA-256 of a secret.
func digest(name string) (h [32]byte) {
	copy(h[:], name)
	return h
}

func audit(action string, workspace smsir.UUID) store.AuditEntry {
	return store.AuditEntry{At: base, Workspace: workspace, Action: action, Target: "target of " + action, IP: "192.0.2.1", Detail: "detail of " + action}
}

// newSession returns a session named by its token.
func newSession(token string, user, workspace smsir.UUID) store.Session {
	return store.Session{
		ID: smsir.NewUUID(base), TokenHash: digest(token), User: user, Workspace: workspace, Client: "web", UserAgent: "agent",
		IP: "192.0.2.1", CreatedAt: base, LastSeenAt: base, ExpiresAt: at(time.Hour), ReauthAt: base,
	}
}

// newRegistration returns that of a person, with a workspace of their own and a session whose token is the email.
func newRegistration(email string) store.Registration {
	w := store.Workspace{
		ID: smsir.NewUUID(base), Name: "Workspace of " + email, Country: "US", TimeZone: "America/New_York",
		OnUnknown: smsir.Alert, Smart: true, CreatedAt: base,
	}
	u := store.User{ID: smsir.NewUUID(base), Email: email, Name: "Name of " + email, PasswordHash: "hash of " + email, CreatedAt: base}
	return store.Registration{
		User: u, Workspace: &w, Role: store.Owner, Session: newSession(email, u.ID, w.ID), Audit: audit("user.registered", w.ID),
	}
}

// join makes r join the workspace of another registration instead of having one, by invitation.
func join(r store.Registration, workspace smsir.UUID, role store.Role, invite smsir.UUID) store.Registration {
	r.Workspace, r.Join, r.Role, r.Invite = nil, workspace, role, invite
	r.Session.Workspace, r.Audit.Workspace = workspace, workspace
	return r
}

func newInvite(code string, workspace smsir.UUID, role store.Role) store.Invite {
	return store.Invite{
		ID: smsir.NewUUID(base), Workspace: workspace, Email: "Guest@example.com", Role: role, CodeHash: digest(code),
		CreatedAt: base, ExpiresAt: at(time.Hour),
	}
}

func register(t *testing.T, s AccountStore, r store.Registration) store.Registration {
	t.Helper()
	if err := s.Register(t.Context(), r); err != nil {
		t.Fatalf("Register(%s): %v", r.User.Email, err)
	}
	return r
}

// addMember registers a person into a workspace, without invitation.
func addMember(t *testing.T, s AccountStore, email string, workspace smsir.UUID, role store.Role) store.Registration {
	t.Helper()
	return register(t, s, join(newRegistration(email), workspace, role, smsir.UUID{}))
}

// must fails the test on an error.
func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// wantCode fails the test unless err has the code and, when field is not "*", the field.
func wantCode(t *testing.T, what string, err error, code smsir.Code, field string) {
	t.Helper()
	if got := smsir.CodeOf(err); got != code {
		t.Errorf("%s: got error %v (code %q), want code %q", what, err, got, code)
	} else if field != "*" && fieldOf(err) != field {
		t.Errorf("%s: got error %v about field %q, want field %q", what, err, fieldOf(err), field)
	}
}

// alive reports whether the session of a token is live, a minute after base.
func alive(t *testing.T, s AccountStore, token string) bool {
	t.Helper()
	_, _, _, err := s.SessionByToken(t.Context(), digest(token), at(time.Minute))
	if err != nil && smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Fatalf("SessionByToken(%s): %v", token, err)
	}
	return err == nil
}

func wantAlive(t *testing.T, s AccountStore, token string, want bool) {
	t.Helper()
	if got := alive(t, s, token); got != want {
		t.Errorf("session %s: got live = %v, want %v", token, got, want)
	}
}

// race runs f n times at once and returns the results.
func race(n int, f func(i int) error) []error {
	start, results := make(chan struct{}), make(chan error, n)
	for i := range n {
		go func() {
			<-start
			results <- f(i)
		}()
	}
	close(start)
	errs := make([]error, n)
	for i := range errs {
		errs[i] = <-results
	}
	return errs
}

// oneWins fails the test unless exactly one result is nil and the others are conflicts about field.
func oneWins(t *testing.T, errs []error, field string) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		wantCode(t, "a loser", err, smsir.CodeConflict, field)
	}
	if won != 1 {
		t.Errorf("%d of %d succeeded, want exactly one: %v", won, len(errs), errs)
	}
}

// auditActions lists the actions in the audit log of a workspace, newest first.
func auditActions(t *testing.T, ctx context.Context, s AccountStore, workspace smsir.UUID) []string {
	t.Helper()
	entries, err := s.Audit(ctx, workspace, store.AuditFilter{Limit: 100})
	must(t, "Audit", err)
	var actions []string
	for _, e := range entries {
		actions = append(actions, e.Action)
	}
	return actions
}
