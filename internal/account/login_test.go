package account

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	f.clock.advance(time.Hour)
	peer := peerAt("2001:db8::7")
	peer.UserAgent = "agent\n" + strings.Repeat("é", 300)
	in, err := f.Login(t.Context(), LoginRequest{Email: " ADA@Example.com ", Password: goodPassword, Client: "app"}, peer)
	wantNil(t, "Login", err)
	if in.Token == ada.Token || len(in.Token) != 43 {
		t.Errorf("token: got %q, want a new one of 43 characters", in.Token)
	}
	se := in.Principal.Session
	if se.Client != "app" || se.IP != "2001:db8::7" || len(se.UserAgent) > 256 || !strings.HasPrefix(se.UserAgent, "agent é") ||
		!se.CreatedAt.Equal(start.Add(time.Hour)) || !in.ExpiresAt.Equal(start.Add(169*time.Hour)) {
		t.Errorf("session: got %+v", se)
	}
	if _, err := f.Bearer(t.Context(), in.Token); err != nil {
		t.Errorf("Bearer: %v", err)
	}
	f.alive("of the other session", ada.Token, true)
	if got := f.actions(ada.Principal.Workspace.ID); !slices.Equal(got, []string{"session.created", "user.registered"}) {
		t.Errorf("audit: got %v", got)
	}
	_, err = f.Login(t.Context(), LoginRequest{Email: "ada@example.com", Password: goodPassword, Client: "tv"}, home)
	wantError(t, "an unknown client", err, smsir.CodeInvalid, "client")
}

// TestLoginDoesNotTellWhoIsKnown compares the whole error for a known and an unknown address, also when slowed down.
func TestLoginDoesNotTellWhoIsKnown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	bob := f.join(ada, "bob@example.com", store.Member)
	disabled := *bob.Principal.User
	disabled.DisabledAt = start
	wantNil(t, "UpdateUser", f.db.UpdateUser(t.Context(), &disabled, store.AuditEntry{}))

	try := func(email, password string) []error {
		var all []error
		for range 7 {
			_, err := f.Login(t.Context(), LoginRequest{Email: email, Password: password}, peerAt("203.0.113.5"))
			all = append(all, err)
		}
		return all
	}
	known := try("ada@example.com", "wrong password")
	for name, got := range map[string][]error{
		"an unknown address":                  try("nobody@example.com", "wrong password"),
		"a disabled person, right password":   try("bob@example.com", goodPassword),
		"no address":                          try("", "wrong password"),
		"not an address":                      try("' OR 1=1 --", "wrong password"),
		"an endless address":                  try(strings.Repeat("a", 5000)+"@example.com", "wrong password"),
		"no password, unknown address":        try("other@example.com", ""),
		"an endless password, unknown person": try("third@example.com", strings.Repeat("x", 100_000)),
	} {
		if !reflect.DeepEqual(got, known) {
			t.Errorf("%s: got %v, want as for a known address: %v", name, got, known)
		}
	}
	for i, err := range known {
		if i < 5 {
			wantError(t, "a wrong password", err, CodeCredentialsWrong, "")
		} else {
			wantError(t, "after five wrong passwords", err, CodeSlowDown, "")
		}
	}
	if _, err := f.Login(t.Context(), LoginRequest{Email: "ada@example.com", Password: strings.Repeat(goodPassword, 10_000)}, home); smsir.CodeOf(err) != CodeCredentialsWrong {
		t.Errorf("an endless password that begins right: got %v", err)
	}
}

// TestUnknownAddressCostsAHash lets nobody make a hash, which is what takes the time: whoever needs one is sent away.
func TestUnknownAddressCostsAHash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.owner()
	f.hasher.waiting.Store(hashWaiters)
	for _, email := range []string{"ada@example.com", "nobody@example.com", "", "' OR 1=1 --"} {
		_, err := f.Login(t.Context(), LoginRequest{Email: email, Password: "wrong password"}, home)
		wantError(t, "login of "+email+" without a hash", err, CodeSlowDown, "")
		if got := RetryAfter(err); got != hashBackoff {
			t.Errorf("login of %q: RetryAfter %s, want %s", email, got, hashBackoff)
		}
	}
	f.hasher.waiting.Store(0)
	for range 5 { // checks that did not take place do not count
		_, err := f.Login(t.Context(), LoginRequest{Email: "ada@example.com", Password: "wrong password"}, home)
		wantError(t, "a wrong password", err, CodeCredentialsWrong, "")
	}
}

func TestLoginIsSlowedNotLocked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.owner()
	bad := func() error {
		_, err := f.Login(t.Context(), LoginRequest{Email: "ada@example.com", Password: "wrong password"}, home)
		return err
	}
	for range 5 {
		wantError(t, "a wrong password", bad(), CodeCredentialsWrong, "")
	}
	_, err := f.login("ada@example.com", home)
	wantError(t, "the right password too soon", err, CodeSlowDown, "")
	if got := RetryAfter(err); got != time.Second {
		t.Errorf("RetryAfter: got %s, want 1s", got)
	}
	f.clock.advance(time.Second)
	_, err = f.login("ada@example.com", home)
	wantNil(t, "the right password after the wait", err)
	for range 5 {
		wantError(t, "a wrong password after a right one", bad(), CodeCredentialsWrong, "")
	}
}

// TestDeviceWithASessionIsSpared: after a restart nothing is in memory, the stored sessions tell who is known.
func TestDeviceWithASessionIsSpared(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.owner()
	again, err := New(Config{Store: f.db, Session: f.session, Clock: f.clock.now})
	wantNil(t, "New", err)
	for i := range 30 {
		again.pace.accounts.take("ada@example.com", start.Add(time.Duration(i)*time.Minute))
	}
	f.clock.advance(29*time.Minute + time.Second)
	_, err = again.Login(t.Context(), LoginRequest{Email: "ada@example.com", Password: goodPassword}, peerAt("203.0.113.1"))
	wantError(t, "a stranger while the account is attacked", err, CodeSlowDown, "")
	_, err = again.Login(t.Context(), LoginRequest{Email: "ada@example.com", Password: goodPassword}, home)
	wantNil(t, "an address with a live session", err)
}

// TestReplayOfOldCookies tries a cookie after everything that ends it (C-6).
func TestReplayOfOldCookies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	bob := f.join(ada, "bob@example.com", store.Member)
	eve := f.join(ada, "eve@example.com", store.Member)
	ctx := t.Context()

	t.Run("login", func(t *testing.T) {
		in, err := f.Login(ctx, LoginRequest{Email: "bob@example.com", Password: goodPassword, OldToken: bob.Token}, home)
		wantNil(t, "Login", err)
		f.alive("of before the login", bob.Token, false)
		f.alive("of after the login", in.Token, true)
		bob = in
	})
	t.Run("logout", func(t *testing.T) {
		in := f.mustLogin("bob@example.com")
		f.alive("before logout", in.Token, true)
		wantNil(t, "Logout", f.Logout(ctx, in.Principal, home))
		f.alive("after logout", in.Token, false)
		f.alive("of another session after logout", bob.Token, true)
		wantNil(t, "Logout again", f.Logout(ctx, in.Principal, home))
	})
	t.Run("revocation", func(t *testing.T) {
		in := f.mustLogin("bob@example.com")
		f.alive("before revocation", in.Token, true)
		wantNil(t, "RevokeSession", f.RevokeSession(ctx, bob.Principal, in.Principal.SessionID, home))
		f.alive("after revocation", in.Token, false)
		wantError(t, "revoked twice", f.RevokeSession(ctx, bob.Principal, in.Principal.SessionID, home), smsir.CodeNotFound, "")
		wantError(t, "a session of somebody else", f.RevokeSession(ctx, bob.Principal, ada.Principal.SessionID, home), smsir.CodeNotFound, "")
		f.alive("of somebody else", ada.Token, true)
	})
	t.Run("password change", func(t *testing.T) {
		other := f.mustLogin("bob@example.com")
		f.alive("before the change", other.Token, true)
		wantNil(t, "ChangePassword", f.ChangePassword(ctx, bob.Principal, goodPassword, "another good password", home))
		f.alive("of the other session", other.Token, false)
		f.alive("of the session that changed it", bob.Token, true)
		_, err := f.login("bob@example.com", home)
		wantError(t, "the old password", err, CodeCredentialsWrong, "")
		_, err = f.Login(ctx, LoginRequest{Email: "bob@example.com", Password: "another good password"}, home)
		wantNil(t, "the new password", err)
	})
	t.Run("role change", func(t *testing.T) {
		f.alive("before the change", eve.Token, true)
		wantNil(t, "SetRole", f.SetRole(ctx, ada.Principal, eve.Principal.User.ID, store.Viewer, home))
		f.alive("after the change", eve.Token, false)
		again := f.mustLogin("eve@example.com")
		if again.Principal.Role != store.Viewer {
			t.Errorf("role after the change: got %s", again.Principal.Role)
		}
	})
	t.Run("disabled", func(t *testing.T) {
		f.alive("before", bob.Token, true)
		u := *bob.Principal.User
		u.DisabledAt = start
		wantNil(t, "UpdateUser", f.db.UpdateUser(ctx, &u, store.AuditEntry{}))
		f.clock.advance(CacheTime) // the change was not made through this service
		f.alive("after", bob.Token, false)
	})
	t.Run("removal", func(t *testing.T) {
		in := f.mustLogin("eve@example.com")
		f.alive("before removal", in.Token, true)
		wantNil(t, "RemoveMember", f.RemoveMember(ctx, ada.Principal, in.Principal.User.ID, home))
		f.alive("after removal", in.Token, false)
		_, err := f.login("eve@example.com", home)
		wantError(t, "login without a workspace", err, CodeNoWorkspace, "")
	})
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	ctx := t.Context()
	wantError(t, "a wrong old password", f.ChangePassword(ctx, ada.Principal, "wrong password", "another good password", home), CodeCredentialsWrong, "old_password")
	wantError(t, "a weak new password", f.ChangePassword(ctx, ada.Principal, goodPassword, "password123", home), CodePasswordWeak, "new_password")
	wantError(t, "the old password again", f.ChangePassword(ctx, ada.Principal, goodPassword, goodPassword, home), CodePasswordWeak, "new_password")
	wantError(t, "nobody", f.ChangePassword(ctx, nil, goodPassword, "another good password", home), CodeUnauthenticated, "")
	f.alive("after failed changes", ada.Token, true)
	for range 5 {
		_ = f.ChangePassword(ctx, ada.Principal, "wrong password", "another good password", home)
	}
	wantError(t, "guessing", f.ChangePassword(ctx, ada.Principal, "wrong password", "x", home), CodeSlowDown, "")
}

// changingStore changes the password of a person just before a session is stored.
type changingStore struct {
	store.Accounts
	change func()
}

func (s *changingStore) CreateSession(ctx context.Context, se store.Session, e store.AuditEntry) error {
	s.change()
	return s.Accounts.CreateSession(ctx, se, e)
}

// TestPasswordChangedDuringLogin: a login with the old password that overlaps the change gives no session.
func TestPasswordChangedDuringLogin(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	hash, err := f.hasher.hash(t.Context(), "another good password")
	wantNil(t, "hash", err)
	slow, err := New(Config{Session: f.session, Clock: f.clock.now, Store: &changingStore{Accounts: f.db, change: func() {
		if err := f.db.SetPassword(t.Context(), ada.Principal.User.ID, hash, smsir.UUID{}, store.AuditEntry{}); err != nil {
			t.Error(err)
		}
	}}})
	wantNil(t, "New", err)
	_, err = slow.Login(t.Context(), LoginRequest{Email: "ada@example.com", Password: goodPassword}, home)
	wantError(t, "a login overtaken by a change", err, CodeCredentialsWrong, "")
	if live, err := f.db.Sessions(t.Context(), ada.Principal.User.ID, start); err != nil || len(live) != 0 {
		t.Errorf("live sessions: got %v, %v, want none", live, err)
	}
}

func TestReauthenticate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	ctx := t.Context()
	resolve := func() *Principal {
		p, err := f.Cookie(ctx, ada.Token)
		wantNil(t, "Cookie", err)
		return p
	}
	wantNil(t, "RequireReauth right after login", resolve().RequireReauth())
	f.clock.advance(ReauthAge - time.Second)
	wantNil(t, "RequireReauth after 9:59", resolve().RequireReauth())
	f.clock.advance(time.Second)
	wantError(t, "RequireReauth after 10:00", resolve().RequireReauth(), CodeReauthRequired, "")
	wantError(t, "a wrong password", f.Reauthenticate(ctx, resolve(), "wrong password", home), CodeCredentialsWrong, "password")
	wantError(t, "RequireReauth after a wrong password", resolve().RequireReauth(), CodeReauthRequired, "")
	wantNil(t, "Reauthenticate", f.Reauthenticate(ctx, resolve(), goodPassword, home))
	wantNil(t, "RequireReauth at once after the password", resolve().RequireReauth())

	f.clock.advance(time.Hour)
	wantNil(t, "ChangePassword", f.ChangePassword(ctx, resolve(), goodPassword, "another good password", home))
	wantNil(t, "RequireReauth after a change of password", resolve().RequireReauth())

	var nobody *Principal
	wantError(t, "RequireReauth of nobody", nobody.RequireReauth(), CodeUnauthenticated, "")
}

func TestLoginGoesWhereThePersonWasLast(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	bob := f.join(ada, "bob@example.com", store.Member)
	eve := f.stranger(ada, "eve@example.com")
	invite, err := f.Invite(t.Context(), eve.Principal, "bob@example.com", store.Viewer, home)
	wantNil(t, "Invite", err)
	wantNil(t, "AcceptInvite", f.AcceptInvite(t.Context(), bob.Principal, invite.Code, home))
	if got := f.mustLogin("bob@example.com").Principal.Workspace.ID; got != ada.Principal.Workspace.ID {
		t.Error("login: got the workspace joined last, want the one where bob was last")
	}
	f.clock.advance(time.Hour)
	moved, err := f.SwitchWorkspace(t.Context(), bob.Principal, eve.Principal.Workspace.ID, home)
	wantNil(t, "SwitchWorkspace", err)
	if moved.Workspace.ID != eve.Principal.Workspace.ID || moved.Role != store.Viewer {
		t.Errorf("SwitchWorkspace: got %s as %s", moved.Workspace.Name, moved.Role)
	}
	if _, err := f.Cookie(t.Context(), bob.Token); err != nil {
		t.Fatalf("Cookie: %v", err)
	}
	if got := f.mustLogin("bob@example.com").Principal.Workspace.ID; got != eve.Principal.Workspace.ID {
		t.Error("login after a switch: want the workspace where bob was last")
	}
	_, err = f.SwitchWorkspace(t.Context(), ada.Principal, eve.Principal.Workspace.ID, home)
	wantError(t, "a workspace of others", err, smsir.CodeNotFound, "")
}
