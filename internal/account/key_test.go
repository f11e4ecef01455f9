package account

import (
	"crypto/sha256"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func TestKeySecrets(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^smsir[0-9A-Za-z]{38}$`)
	used := map[rune]int{}
	for range 2000 {
		secret := newKeySecret()
		if !form.MatchString(secret) || !isKeySecret(secret) {
			t.Fatalf("newKeySecret: got %q", secret)
		}
		for _, r := range secret[5:37] {
			used[r]++
		}
		i := len(secret) / 2
		changed := secret[:i] + string(base62[(strings.IndexByte(base62, secret[i])+1)%62]) + secret[i+1:]
		if isKeySecret(changed) || isKeySecret(secret[1:]) || isKeySecret(secret[:42]) || isKeySecret(secret+"0") {
			t.Fatalf("a changed or cut %q passes for a key", secret)
		}
	}
	// 64,000 characters of 62 kinds: about 1,032 of each, with a standard deviation of 32.
	for _, r := range base62 {
		if n := used[r]; n < 800 || n > 1270 {
			t.Errorf("character %c: %d times of 64,000, want about 1,032", r, n)
		}
	}
}

// TestKeyChecksumIsFixed: keys that are in use must stay valid.
func TestKeyChecksumIsFixed(t *testing.T) {
	t.Parallel()
	const body = "smsir0123456789ABCDEFGHIJKLMNOPQRSTUV"
	if got, want := checksum(body), "2b0SJ6"; got != want {
		t.Errorf("checksum(%q): got %q, want %q", body, got, want)
	}
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	ctx := t.Context()
	k, err := f.CreateKey(ctx, ada.Principal, KeyRequest{
		Name: " Web shop ", Scopes: []Permission{EventsRead, MessagesSend, EventsRead}, ExpiresAt: start.Add(time.Hour),
	}, home)
	wantNil(t, "CreateKey", err)
	if k.Name != "Web shop" || !slices.Equal(k.Scopes, []string{"messages:send", "events:read"}) || k.Hint != k.Secret[39:] ||
		k.SecretHash != sha256.Sum256([]byte(k.Secret)) || k.CreatedBy != ada.Principal.User.ID {
		t.Errorf("CreateKey: got %+v", k)
	}

	p, err := f.Bearer(ctx, k.Secret)
	wantNil(t, "Bearer", err)
	if p.User != nil || !p.IsKey() || p.Actor.ID != k.ID || p.Workspace.ID != ada.Principal.Workspace.ID || p.Role != 0 || p.Client != "" || p.Key.Name != "Web shop" {
		t.Errorf("principal of a key: got %+v", p)
	}
	if got := p.Permissions(); !slices.Equal(got, []Permission{MessagesSend, EventsRead}) {
		t.Errorf("permissions of a key: got %v", got)
	}
	wantNil(t, "RequireReauth of a key", p.RequireReauth())
	for what, err := range map[string]error{
		"Logout":         f.Logout(ctx, p, home),
		"ChangePassword": f.ChangePassword(ctx, p, "x", "y", home),
		"Reauthenticate": f.Reauthenticate(ctx, p, "x", home),
		"UpdateSelf":     f.UpdateSelf(ctx, p, SelfChange{}, home),
		"RevokeSession":  f.RevokeSession(ctx, p, smsir.UUID{}, home),
		"AcceptInvite":   f.AcceptInvite(ctx, p, "x", home),
		"RevokeKey":      f.RevokeKey(ctx, p, k.ID, home),
		"RemoveMember":   f.RemoveMember(ctx, p, ada.Principal.User.ID, home),
		"SetRole":        f.SetRole(ctx, p, ada.Principal.User.ID, store.Viewer, home),
	} {
		wantError(t, what+" by an API key", err, CodeForbidden, "")
	}
	_, err = f.CreateKey(ctx, p, KeyRequest{Name: "x", Scopes: []Permission{MessagesSend}}, home)
	wantError(t, "a key that makes keys", err, CodeForbidden, "")

	f.clock.advance(time.Hour - time.Second)
	_, err = f.Bearer(ctx, k.Secret)
	wantNil(t, "a second before its end", err)
	f.clock.advance(time.Second)
	_, err = f.Bearer(ctx, k.Secret)
	wantError(t, "at its end", err, CodeUnauthenticated, "")

	list, err := f.Keys(ctx, ada.Principal)
	if err != nil || len(list) != 1 || !list[0].LastUsedAt.Equal(start.Add(time.Hour-time.Second)) {
		t.Errorf("Keys: got %+v, %v, want one with its last use", list, err)
	}
}

func TestRevokedKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	eve := f.stranger(ada, "eve@example.com")
	k := f.key(ada, MessagesSend)
	ctx := t.Context()
	p, err := f.Bearer(ctx, k.Secret)
	wantNil(t, "Bearer", err)
	wantError(t, "RevokeKey by another tenant", f.RevokeKey(ctx, eve.Principal, k.ID, home), smsir.CodeNotFound, "")
	_, err = f.Bearer(ctx, k.Secret)
	wantNil(t, "Bearer", err)
	wantNil(t, "RevokeKey", f.RevokeKey(ctx, ada.Principal, k.ID, home))
	_, err = f.Bearer(ctx, k.Secret)
	wantError(t, "the next request", err, CodeUnauthenticated, "")
	_, err = f.Recheck(ctx, p)
	wantError(t, "Recheck", err, CodeUnauthenticated, "")
	if got := f.actions(ada.Principal.Workspace.ID); !slices.Equal(got[:2], []string{"api_key.revoked", "api_key.created"}) {
		t.Errorf("audit: got %v", got)
	}
}

func TestMistypedKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	secret := f.key(ada, MessagesSend).Secret
	for _, c := range []struct{ token, says string }{
		{secret[:20], "mistyped"}, {secret + "x", "mistyped"}, {strings.ToLower(secret), "mistyped"}, {newKeySecret(), "not known"},
	} {
		_, err := f.Bearer(t.Context(), c.token)
		wantError(t, c.token, err, CodeUnauthenticated, "")
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %q, want a sentence with %q", c.token, err, c.says)
		}
	}
}

func TestCreateKeyChecks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	bob := f.join(ada, "bob@example.com", store.Member)
	send := []Permission{MessagesSend}
	for name, c := range map[string]struct {
		by    *Principal
		r     KeyRequest
		code  smsir.Code
		field string
	}{
		"nobody":             {nil, KeyRequest{Name: "x", Scopes: send}, CodeUnauthenticated, ""},
		"a member":           {bob.Principal, KeyRequest{Name: "x", Scopes: send}, CodeForbidden, ""},
		"no name":            {ada.Principal, KeyRequest{Scopes: send}, smsir.CodeInvalid, "name"},
		"no scope":           {ada.Principal, KeyRequest{Name: "x"}, smsir.CodeInvalid, "scopes"},
		"an unknown scope":   {ada.Principal, KeyRequest{Name: "x", Scopes: []Permission{"messages:*"}}, smsir.CodeInvalid, "scopes"},
		"not for keys":       {ada.Principal, KeyRequest{Name: "x", Scopes: []Permission{APIKeysWrite}}, smsir.CodeInvalid, "scopes"},
		"for the operator":   {ada.Principal, KeyRequest{Name: "x", Scopes: []Permission{InstanceWrite}}, smsir.CodeInvalid, "scopes"},
		"an end in the past": {ada.Principal, KeyRequest{Name: "x", Scopes: send, ExpiresAt: start}, smsir.CodeInvalid, "expires_at"},
	} {
		_, err := f.CreateKey(t.Context(), c.by, c.r, home)
		wantError(t, name, err, c.code, c.field)
	}
	f.clock.advance(ReauthAge)
	_, err := f.CreateKey(t.Context(), ada.Principal, KeyRequest{Name: "x", Scopes: send}, home)
	wantError(t, "long after the password", err, CodeReauthRequired, "")
	if list, err := f.Keys(t.Context(), ada.Principal); err != nil || len(list) != 0 {
		t.Errorf("Keys: got %v, %v, want none", list, err)
	}
	_, err = f.Keys(t.Context(), bob.Principal)
	wantError(t, "Keys by a member", err, CodeForbidden, "")
}

// TestNoSecretIsStored looks through the whole database file for what was shown once.
func TestNoSecretIsStored(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	k := f.key(ada, MessagesSend)
	invite, err := f.Invite(t.Context(), ada.Principal, "bob@example.com", store.Member, home)
	wantNil(t, "Invite", err)
	dump := dumpFiles(t, f)
	for name, secret := range map[string]string{"password": goodPassword, "token": ada.Token, "API key": k.Secret, "invitation": invite.Code} {
		if strings.Contains(dump, secret) {
			t.Errorf("the %s stands in the database in the clear", name)
		}
	}
	if !strings.Contains(dump, "bob@example.com") {
		t.Error("the test looks in the wrong place: the address is not found either")
	}
}
