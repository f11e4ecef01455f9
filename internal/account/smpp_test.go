package account

import (
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func ptr[T any](v T) *T { return &v }

// TestSMPPAccounts: an account's life, and who may bind when.
func TestSMPPAccounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.owner().Principal
	changes := 0
	m := f.SMPP(f.db, func() { changes++ })
	a, password, err := m.Create(t.Context(), p, SMPPRequest{
		SystemID: "acme", Name: ptr("ACME Ltd"), Networks: &[]string{"192.0.2.7", "2001:db8::1/32"}, Senders: &[]string{"ACME", "+254700000001", "ACME"},
		Class: ptr("bulk"), Rate: ptr(100),
	}, home)
	if err != nil {
		t.Fatal(err)
	}
	if len(password) != 8 || strings.Contains(a.PasswordHash, password) || !strings.HasPrefix(a.PasswordHash, "$argon2id$") {
		t.Errorf("password %q, hash %q", password, a.PasswordHash)
	}
	if strings.Join(a.Networks, " ") != "192.0.2.7/32 2001:db8::/32" || len(a.Senders) != 2 || a.Sessions != 2 || a.Window != 10 || len(a.Modes) != 3 || a.Class != smsir.Bulk {
		t.Errorf("account %+v", a)
	}
	bind := func(what, systemID, password string, want bool) *store.SMPPAccount {
		t.Helper()
		got, w, err := m.Bind(t.Context(), systemID, password)
		if want {
			if err != nil || w == nil || got.ID != a.ID {
				t.Errorf("%s: %v, want it to bind", what, err)
			}
			return got
		}
		if smsir.CodeOf(err) != CodeUnauthenticated || err.Error() != unauthenticated().Error() {
			t.Errorf("%s: got %v, want %v", what, err, unauthenticated())
		}
		return nil
	}
	bind("right", "acme", password, true)
	bound := bind("right again, from memory", "acme", password, true)
	bind("wrong password", "acme", "wrong", false)
	bind("no password", "acme", "", false)
	bind("other letters", "ACME", password, false)
	bind("unknown system id", "nobody", password, false)
	if err := m.Bound(t.Context(), bound); err != nil {
		t.Error(err)
	}
	if got, err := m.Account(t.Context(), p, a.ID); err != nil || !got.LastBoundAt.Equal(start) {
		t.Errorf("last bound: %+v, %v", got, err)
	}
	if _, _, err := m.Recheck(t.Context(), bound); err != nil {
		t.Errorf("recheck: %v", err)
	}
	if _, second, err := m.Update(t.Context(), p, a.ID, SMPPRequest{Password: ptr("")}, home); err != nil || second == "" || second == password {
		t.Errorf("new password: %q, %v", second, err)
	} else {
		bind("old password", "acme", password, false)
		password = second
		bind("new password", "acme", password, true)
	}
	if _, _, err := m.Recheck(t.Context(), bound); smsir.CodeOf(err) != CodeUnauthenticated {
		t.Errorf("recheck after a new password: %v", err)
	}
	if _, again, err := m.Update(t.Context(), p, a.ID, SMPPRequest{Enabled: ptr(false)}, home); err != nil || again != "" {
		t.Errorf("disable: %q, %v", again, err)
	}
	bind("disabled", "acme", password, false)
	if err := m.Delete(t.Context(), p, a.ID, home); err != nil {
		t.Error(err)
	}
	bind("deleted", "acme", password, false)
	if changes != 4 {
		t.Errorf("told of %d changes, want 4", changes)
	}
}

// TestSMPPRequests: what is wrong with a request is named.
func TestSMPPRequests(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.owner().Principal
	m := f.SMPP(f.db, func() {})
	for field, r := range map[string]SMPPRequest{
		"system_id": {SystemID: "a name"}, "password": {Password: ptr("short")}, "name": {Name: ptr("")}, "networks": {Networks: &[]string{"here"}},
		"modes": {Modes: &[]string{}}, "senders": {Senders: &[]string{"a name that is too long"}}, "class": {Class: ptr("fast")},
		"sessions": {Sessions: ptr(0)}, "window": {Window: ptr(1001)}, "rate": {Rate: ptr(-1)},
	} {
		if r.SystemID == "" {
			r.SystemID = "acme"
		}
		_, _, err := m.Create(t.Context(), p, r, home)
		wantError(t, field, err, smsir.CodeInvalid, field)
	}
	if _, _, err := m.Create(t.Context(), p, SMPPRequest{SystemID: "acme", Password: ptr("spaces in it")}, home); smsir.CodeOf(err) != smsir.CodeInvalid {
		t.Errorf("password with spaces: %v", err)
	}
	if _, _, err := m.Create(t.Context(), p, SMPPRequest{SystemID: "acme", Password: ptr(strings.Repeat("p", 8))}, home); err != nil {
		t.Errorf("password of one's own: %v", err)
	}
	_, _, err := m.Create(t.Context(), p, SMPPRequest{SystemID: "acme"}, home)
	wantError(t, "taken", err, smsir.CodeConflict, "system_id")
	f.clock.advance(ReauthAge + time.Second)
	_, _, err = m.Create(t.Context(), p, SMPPRequest{SystemID: "later"}, home)
	wantError(t, "without a recent password", err, CodeReauthRequired, "")
	viewer := *p
	viewer.Role = store.Member
	_, err = m.Accounts(t.Context(), &viewer)
	wantError(t, "list as a member", err, CodeForbidden, "")
	wantError(t, "delete as a member", m.Delete(t.Context(), &viewer, smsir.UUID{1}, home), CodeForbidden, "")
}
