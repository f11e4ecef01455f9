package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func fieldOf(err error) string {
	var e *smsir.Error
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}

// same fails the test when got is not want.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func hasUsers(t *testing.T, s AccountStore) bool {
	t.Helper()
	some, err := s.HasUsers(t.Context())
	must(t, "HasUsers", err)
	return some
}

func firstRegistration(t *testing.T, s AccountStore) {
	ctx := t.Context()
	if hasUsers(t, s) {
		t.Error("HasUsers on an empty store: got true")
	}
	r := newRegistration("Ada@Example.com")
	r.Setup, r.User.Operator = true, true
	r.Provider = newProvider("Simulator", r.Workspace.ID)
	register(t, s, r)
	if !hasUsers(t, s) {
		t.Error("HasUsers after a registration: got false")
	}
	u, err := s.User(ctx, r.User.ID)
	must(t, "User", err)
	same(t, "User", u, &r.User)
	w, err := s.Workspace(ctx, r.Workspace.ID)
	must(t, "Workspace", err)
	same(t, "Workspace", w, r.Workspace)
	se, u, role, err := s.SessionByToken(ctx, r.Session.TokenHash, at(time.Minute))
	must(t, "SessionByToken", err)
	same(t, "session", se, &r.Session)
	same(t, "user of the session", u, &r.User)
	same(t, "role of the session", role, store.Owner)
	p, err := s.Provider(ctx, r.Workspace.ID, r.Provider.ID)
	must(t, "Provider", err)
	same(t, "provider of the new workspace", p, r.Provider)
	same(t, "audit", auditActions(t, ctx, s, r.Workspace.ID), []string{"user.registered"})

	late := newRegistration("late@example.com")
	late.Setup = true
	wantCode(t, "a second first person", s.Register(ctx, late), smsir.CodeConflict, "setup_code")
}

func firstRegistrationRace(t *testing.T, s AccountStore) {
	names := []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"}
	errs := race(len(names), func(i int) error {
		r := newRegistration(names[i])
		r.Setup = true
		return s.Register(t.Context(), r)
	})
	oneWins(t, errs, "setup_code")
	n := 0
	for _, name := range names {
		if _, err := s.UserByEmail(t.Context(), name); err == nil {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d of %v are stored, want the winner only", n, names)
	}
}

func failedRegistration(t *testing.T, s AccountStore) {
	ctx := t.Context()
	first := register(t, s, newRegistration("ada@example.com"))
	r := newRegistration("ADA@example.com")
	r.Provider = newProvider("Simulator", r.Workspace.ID)
	wantCode(t, "a taken address", s.Register(ctx, r), smsir.CodeConflict, "email")
	if _, err := s.Workspace(ctx, r.Workspace.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Errorf("workspace of the failed registration: got %v, want not_found", err)
	}
	if list, err := s.ListProviders(ctx, r.Workspace.ID); err != nil || len(list) != 0 {
		t.Errorf("providers of the failed registration: got %v, %v, want none", list, err)
	}
	same(t, "audit of the failed registration", auditActions(t, ctx, s, r.Workspace.ID), []string(nil))

	// The invitation of a failed registration can still be used.
	in := newInvite("code", first.Workspace.ID, store.Member)
	must(t, "CreateInvite", s.CreateInvite(ctx, in, audit("invite.created", in.Workspace)))
	again := join(newRegistration("ada@example.com"), in.Workspace, in.Role, in.ID)
	wantCode(t, "a taken address with an invitation", s.Register(ctx, again), smsir.CodeConflict, "email")
	if _, err := s.InviteByCode(ctx, digest("code"), at(time.Minute)); err != nil {
		t.Errorf("the invitation of a failed registration: %v", err)
	}
}

func uniqueEmail(t *testing.T, s AccountStore) {
	ctx := t.Context()
	r := register(t, s, newRegistration("Ada@Example.com"))
	for _, email := range []string{"Ada@Example.com", "ada@example.com", "ADA@EXAMPLE.COM"} {
		u, err := s.UserByEmail(ctx, email)
		must(t, "UserByEmail("+email+")", err)
		same(t, "UserByEmail("+email+")", u, &r.User)
		wantCode(t, "Register("+email+")", s.Register(ctx, newRegistration(email)), smsir.CodeConflict, "email")
	}
	u, err := s.UserByEmail(ctx, "none@example.com")
	wantCode(t, "UserByEmail of nobody", err, smsir.CodeNotFound, "")
	if u != nil {
		t.Errorf("UserByEmail of nobody: got %v with the error", u)
	}
}

func emailRace(t *testing.T, s AccountStore) {
	oneWins(t, race(4, func(int) error {
		return s.Register(t.Context(), newRegistration("ada@example.com"))
	}), "email")
}

func updateUser(t *testing.T, s AccountStore) {
	ctx := t.Context()
	r := register(t, s, newRegistration("ada@example.com"))
	register(t, s, newRegistration("bob@example.com"))
	want := r.User
	want.Email, want.Name, want.Operator, want.DisabledAt = "Countess@example.com", "Ada L.", true, at(time.Minute)
	want.Phone = "+12025550100"
	changed := want
	changed.PasswordHash = "another hash"
	must(t, "UpdateUser", s.UpdateUser(ctx, &changed, audit("user.updated", smsir.UUID{})))
	got, err := s.UserByEmail(ctx, "countess@EXAMPLE.com")
	must(t, "UserByEmail", err)
	same(t, "the changed user, with the old password", got, &want)
	same(t, "audit", auditActions(t, ctx, s, smsir.UUID{}), []string{"user.updated"})

	changed.Email = "BOB@example.com"
	wantCode(t, "a taken address", s.UpdateUser(ctx, &changed, audit("x", smsir.UUID{})), smsir.CodeConflict, "email")
	changed.ID = smsir.NewUUID(base)
	changed.Email = "free@example.com"
	wantCode(t, "an unknown user", s.UpdateUser(ctx, &changed, audit("x", smsir.UUID{})), smsir.CodeNotFound, "")
	same(t, "audit after failed changes", auditActions(t, ctx, s, smsir.UUID{}), []string{"user.updated"})
}

func setPassword(t *testing.T, s AccountStore) {
	ctx := t.Context()
	r := register(t, s, newRegistration("ada@example.com"))
	register(t, s, newRegistration("bob@example.com"))
	kept := newSession("kept", r.User.ID, r.Workspace.ID)
	must(t, "CreateSession", s.CreateSession(ctx, kept, audit("session.created", r.Workspace.ID)))

	must(t, "SetPassword", s.SetPassword(ctx, r.User.ID, "new hash", kept.ID, audit("password.changed", r.Workspace.ID)))
	u, err := s.User(ctx, r.User.ID)
	must(t, "User", err)
	same(t, "hash", u.PasswordHash, "new hash")
	wantAlive(t, s, "kept", true)
	wantAlive(t, s, "ada@example.com", false)
	wantAlive(t, s, "bob@example.com", true)

	must(t, "SetPassword", s.SetPassword(ctx, r.User.ID, "newer hash", smsir.UUID{}, audit("password.changed", r.Workspace.ID)))
	wantAlive(t, s, "kept", false)
	wantAlive(t, s, "bob@example.com", true)
	wantCode(t, "an unknown user", s.SetPassword(ctx, smsir.NewUUID(base), "x", kept.ID, audit("x", smsir.UUID{})), smsir.CodeNotFound, "")
	same(t, "audit", auditActions(t, ctx, s, r.Workspace.ID),
		[]string{"password.changed", "password.changed", "session.created", "user.registered"})
}

func updateWorkspace(t *testing.T, s AccountStore) {
	ctx := t.Context()
	r := register(t, s, newRegistration("ada@example.com"))
	other := register(t, s, newRegistration("bob@example.com"))
	want := *r.Workspace
	want.Name, want.Country, want.TimeZone = "Renamed", "GB", "Europe/London"
	want.OnUnknown, want.Smart, want.PausedAt = smsir.RetryOnce, false, at(time.Minute)
	want.QueueCount, want.QueueAge, want.Registered = 500, time.Hour, true
	want.Quiet = store.QuietHours{From: "21:00", To: "08:00"}
	must(t, "UpdateWorkspace", s.UpdateWorkspace(ctx, &want, audit("workspace.updated", want.ID)))
	got, err := s.Workspace(ctx, want.ID)
	must(t, "Workspace", err)
	same(t, "the changed workspace", got, &want)
	got, err = s.Workspace(ctx, other.Workspace.ID)
	must(t, "Workspace", err)
	same(t, "the other workspace", got, other.Workspace)
	paused, err := s.PausedWorkspaces(ctx)
	must(t, "PausedWorkspaces", err)
	same(t, "the paused workspaces", paused, []smsir.UUID{want.ID})

	none := want
	none.ID = smsir.NewUUID(base)
	wantCode(t, "an unknown workspace", s.UpdateWorkspace(ctx, &none, audit("x", none.ID)), smsir.CodeNotFound, "")
	_, err = s.Workspace(ctx, none.ID)
	wantCode(t, "an unknown workspace", err, smsir.CodeNotFound, "")
}

func members(t *testing.T, s AccountStore) {
	ctx := t.Context()
	owner := register(t, s, newRegistration("zoe@example.com"))
	w := owner.Workspace.ID
	viewer := addMember(t, s, "vic@example.com", w, store.Viewer)
	member := addMember(t, s, "bob@example.com", w, store.Member)
	elsewhere := register(t, s, newRegistration("eve@example.com"))

	place := func(r store.Registration, w smsir.UUID, role store.Role) store.Membership {
		return store.Membership{Workspace: w, User: r.User.ID, Role: role, Name: r.User.Name, Email: r.User.Email, JoinedAt: base}
	}
	got, err := s.Members(ctx, w)
	must(t, "Members", err)
	same(t, "Members, by role", got, []store.Membership{place(owner, w, store.Owner), place(member, w, store.Member), place(viewer, w, store.Viewer)})

	in := newInvite("code", elsewhere.Workspace.ID, store.Admin)
	must(t, "CreateInvite", s.CreateInvite(ctx, in, audit("invite.created", in.Workspace)))
	must(t, "AcceptInvite", s.AcceptInvite(ctx, in, member.User.ID, at(time.Minute), audit("invite.accepted", in.Workspace)))
	got, err = s.Memberships(ctx, member.User.ID)
	must(t, "Memberships", err)
	second := place(member, elsewhere.Workspace.ID, store.Admin)
	second.JoinedAt = at(time.Minute)
	same(t, "Memberships, the first joined first", got, []store.Membership{place(member, w, store.Member), second})
	got, err = s.Memberships(ctx, smsir.NewUUID(base))
	if err != nil || len(got) != 0 {
		t.Errorf("Memberships of nobody: got %v, %v, want none", got, err)
	}
}

func setRole(t *testing.T, s AccountStore) {
	ctx := t.Context()
	owner := register(t, s, newRegistration("ada@example.com"))
	w := owner.Workspace.ID
	bob := register(t, s, newRegistration("bob@example.com"))
	in := newInvite("code", w, store.Member)
	must(t, "CreateInvite", s.CreateInvite(ctx, in, audit("invite.created", w)))
	must(t, "AcceptInvite", s.AcceptInvite(ctx, in, bob.User.ID, base, audit("invite.accepted", w)))
	here := newSession("bob here", bob.User.ID, w)
	must(t, "CreateSession", s.CreateSession(ctx, here, audit("session.created", w)))

	must(t, "SetRole", s.SetRole(ctx, w, bob.User.ID, store.Viewer, audit("member.role_changed", w)))
	wantAlive(t, s, "bob here", false)
	wantAlive(t, s, "bob@example.com", true) // his session in his own workspace
	wantAlive(t, s, "ada@example.com", true)
	list, err := s.Members(ctx, w)
	must(t, "Members", err)
	if i := slices.IndexFunc(list, func(m store.Membership) bool { return m.User == bob.User.ID }); i < 0 || list[i].Role != store.Viewer {
		t.Errorf("Members after SetRole: got %v, want bob as viewer", list)
	}

	must(t, "SetRole", s.SetRole(ctx, w, bob.User.ID, 0, audit("member.removed", w)))
	list, err = s.Members(ctx, w)
	must(t, "Members", err)
	if len(list) != 1 || list[0].User != owner.User.ID {
		t.Errorf("Members after removal: got %v, want ada only", list)
	}
	wantCode(t, "SetRole of a former member", s.SetRole(ctx, w, bob.User.ID, store.Admin, audit("x", w)), smsir.CodeNotFound, "")
	wantCode(t, "removal of a former member", s.SetRole(ctx, w, bob.User.ID, 0, audit("x", w)), smsir.CodeNotFound, "")
	wantCode(t, "SetRole in an unknown workspace", s.SetRole(ctx, smsir.NewUUID(base), bob.User.ID, store.Admin, audit("x", w)), smsir.CodeNotFound, "")
	same(t, "audit", auditActions(t, ctx, s, w)[:2], []string{"member.removed", "member.role_changed"})
}

func lastOwner(t *testing.T, s AccountStore) {
	ctx := t.Context()
	owner := register(t, s, newRegistration("ada@example.com"))
	w := owner.Workspace.ID
	bob := addMember(t, s, "bob@example.com", w, store.Admin)
	for _, role := range []store.Role{0, store.Admin, store.Viewer} {
		wantCode(t, "the last owner becomes "+role.String(), s.SetRole(ctx, w, owner.User.ID, role, audit("x", w)), smsir.CodeConflict, "role")
	}
	wantAlive(t, s, "ada@example.com", true)
	must(t, "the last owner stays owner", s.SetRole(ctx, w, owner.User.ID, store.Owner, audit("same", w)))
	must(t, "a second owner", s.SetRole(ctx, w, bob.User.ID, store.Owner, audit("promoted", w)))
	must(t, "the first owner leaves", s.SetRole(ctx, w, owner.User.ID, 0, audit("left", w)))
	wantCode(t, "the second owner leaves", s.SetRole(ctx, w, bob.User.ID, 0, audit("x", w)), smsir.CodeConflict, "role")
}

func lastOwnerRace(t *testing.T, s AccountStore) {
	ada := register(t, s, newRegistration("ada@example.com"))
	w := ada.Workspace.ID
	people := []smsir.UUID{ada.User.ID}
	for _, email := range []string{"bob@example.com", "eve@example.com", "zoe@example.com"} {
		people = append(people, addMember(t, s, email, w, store.Owner).User.ID)
	}
	errs := race(len(people), func(i int) error {
		return s.SetRole(t.Context(), w, people[i], store.Role(0), audit("left", w))
	})
	stayed := 0
	for _, err := range errs {
		if err != nil {
			stayed++
			wantCode(t, "the last of the owners", err, smsir.CodeConflict, "role")
		}
	}
	list, err := s.Members(t.Context(), w)
	must(t, "Members", err)
	if stayed != 1 || len(list) != 1 || list[0].Role != store.Owner {
		t.Errorf("four owners leave at once: %d were refused, left are %v; want one owner", stayed, list)
	}
}
