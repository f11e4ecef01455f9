package account

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// dumpFiles reads all that the database has written.
func dumpFiles(t *testing.T, f *fixture) string {
	t.Helper()
	var all strings.Builder
	files, err := filepath.Glob(filepath.Join(f.dir, "*"))
	wantNil(t, "Glob", err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		wantNil(t, "ReadFile", err)
		all.Write(content)
	}
	return all.String()
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	ctx := t.Context()
	invite, err := f.Invite(ctx, ada.Principal, "Bob@example.com", store.Admin, home)
	wantNil(t, "Invite", err)
	if len(invite.Code) != 26 || !invite.ExpiresAt.Equal(start.Add(7*24*time.Hour)) || invite.CreatedBy != ada.Principal.User.ID {
		t.Errorf("Invite: got %+v", invite)
	}
	preview, err := f.PreviewInvite(ctx, invite.Code)
	wantNil(t, "PreviewInvite", err)
	if *preview != (InvitePreview{"Workspace of ada@example.com", "Bob@example.com", store.Admin, invite.ExpiresAt}) {
		t.Errorf("PreviewInvite: got %+v", preview)
	}
	_, err = f.PreviewInvite(ctx, "none")
	wantError(t, "PreviewInvite of nothing", err, CodeInviteInvalid, "invite")

	r := request("eve@example.com")
	r.Invite = invite.Code
	_, err = f.Register(ctx, r, home)
	wantError(t, "another address", err, CodeInviteInvalid, "email")
	r.Email, r.Invite = "bob@example.com", invite.Code[1:]
	_, err = f.Register(ctx, r, home)
	wantError(t, "a wrong code", err, CodeInviteInvalid, "invite")
	r.Invite = strings.ToUpper(invite.Code)
	bob := f.register(r)
	if p := bob.Principal; p.Role != store.Admin || p.Workspace.ID != ada.Principal.Workspace.ID || p.User.Operator {
		t.Errorf("who joined: got %+v as %s", p.User, p.Role)
	}
	r.Email = "Bob@Example.com"
	_, err = f.Register(ctx, r, home)
	wantError(t, "a used code", err, CodeInviteInvalid, "invite")
	_, err = f.Invite(ctx, ada.Principal, "BOB@example.com", store.Viewer, home)
	wantError(t, "inviting a member", err, smsir.CodeConflict, "email")
}

func TestInvitationsEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	ctx := t.Context()
	first, err := f.Invite(ctx, ada.Principal, "bob@example.com", store.Member, home)
	wantNil(t, "Invite", err)
	second, err := f.Invite(ctx, ada.Principal, "eve@example.com", store.Member, home)
	wantNil(t, "Invite", err)
	list, err := f.Invites(ctx, ada.Principal)
	if err != nil || len(list) != 2 {
		t.Errorf("Invites: got %v, %v, want two", list, err)
	}
	wantNil(t, "RevokeInvite", f.RevokeInvite(ctx, ada.Principal, second.ID, home))
	wantError(t, "RevokeInvite again", f.RevokeInvite(ctx, ada.Principal, second.ID, home), smsir.CodeNotFound, "")
	f.clock.advance(InviteAge)
	for email, code := range map[string]string{"bob@example.com": first.Code, "eve@example.com": second.Code} {
		r := request(email)
		r.Invite = code
		_, err := f.Register(ctx, r, home)
		wantError(t, "an expired or withdrawn invitation", err, CodeInviteInvalid, "invite")
	}
	if list, err := f.Invites(ctx, ada.Principal); err != nil || len(list) != 0 {
		t.Errorf("Invites: got %v, %v, want none", list, err)
	}
}

func TestWhoMayInvite(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	admin := f.join(ada, "admin@example.com", store.Admin)
	member := f.join(ada, "member@example.com", store.Member)
	for name, c := range map[string]struct {
		by    *Principal
		email string
		role  store.Role
		code  smsir.Code
		field string
	}{
		"nobody":               {nil, "x@example.com", store.Viewer, CodeUnauthenticated, ""},
		"a member":             {member.Principal, "x@example.com", store.Viewer, CodeForbidden, ""},
		"an admin, an owner":   {admin.Principal, "x@example.com", store.Owner, CodeForbidden, "role"},
		"an admin, an admin":   {admin.Principal, "y@example.com", store.Admin, "", ""},
		"an owner, an owner":   {ada.Principal, "z@example.com", store.Owner, "", ""},
		"role 0":               {ada.Principal, "x@example.com", 0, smsir.CodeInvalid, "role"},
		"role 5":               {ada.Principal, "x@example.com", 5, smsir.CodeInvalid, "role"},
		"a malformed address":  {ada.Principal, "x", store.Viewer, smsir.CodeInvalid, "email"},
		"an address with name": {ada.Principal, "X <x@example.com>", store.Viewer, smsir.CodeInvalid, "email"},
	} {
		_, err := f.Invite(t.Context(), c.by, c.email, c.role, home)
		if c.code == "" {
			wantNil(t, name, err)
		} else {
			wantError(t, name, err, c.code, c.field)
		}
	}
	_, err := f.Invites(t.Context(), member.Principal)
	wantError(t, "Invites by a member", err, CodeForbidden, "")
	wantError(t, "RevokeInvite by a member", f.RevokeInvite(t.Context(), member.Principal, smsir.UUID{}, home), CodeForbidden, "")
}

func TestAcceptInvite(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	eve := f.stranger(ada, "eve@example.com")
	ctx := t.Context()
	invite, err := f.Invite(ctx, ada.Principal, "eve@example.com", store.Viewer, home)
	wantNil(t, "Invite", err)
	bob := f.join(ada, "bob@example.com", store.Member)
	wantError(t, "the invitation of somebody else", f.AcceptInvite(ctx, bob.Principal, invite.Code, home), CodeInviteInvalid, "invite")
	wantError(t, "a wrong code", f.AcceptInvite(ctx, eve.Principal, "x", home), CodeInviteInvalid, "invite")
	wantError(t, "nobody", f.AcceptInvite(ctx, nil, invite.Code, home), CodeUnauthenticated, "")
	f.clock.advance(time.Minute) // workspaces are listed in the order of joining
	wantNil(t, "AcceptInvite", f.AcceptInvite(ctx, eve.Principal, invite.Code, home))
	wantError(t, "AcceptInvite again", f.AcceptInvite(ctx, eve.Principal, invite.Code, home), CodeInviteInvalid, "invite")

	places, err := f.Workspaces(ctx, eve.Principal)
	wantNil(t, "Workspaces", err)
	if len(places) != 2 || places[0].Role != store.Owner || places[1].Role != store.Viewer || places[1].Workspace.ID != ada.Principal.Workspace.ID {
		t.Errorf("Workspaces: got %+v", places)
	}
	p, err := f.SwitchWorkspace(ctx, eve.Principal, ada.Principal.Workspace.ID, home)
	wantNil(t, "SwitchWorkspace", err)
	if p.Can(MessagesSend) {
		t.Error("the owner of one workspace may send as a viewer of another")
	}
	p, err = f.Cookie(ctx, eve.Token)
	if err != nil || p.Workspace.ID != ada.Principal.Workspace.ID {
		t.Errorf("the next request: got %v, %v, want the workspace switched to", p, err)
	}
}

func TestRolesChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	admin := f.join(ada, "admin@example.com", store.Admin)
	bob := f.join(ada, "bob@example.com", store.Member)
	eve := f.stranger(ada, "eve@example.com")
	ctx := t.Context()
	id := func(in *SignIn) smsir.UUID { return in.Principal.User.ID }

	wantError(t, "SetRole by a member", f.SetRole(ctx, bob.Principal, id(bob), store.Owner, home), CodeForbidden, "")
	wantError(t, "SetRole by nobody", f.SetRole(ctx, nil, id(bob), store.Owner, home), CodeUnauthenticated, "")
	wantError(t, "an admin makes an owner", f.SetRole(ctx, admin.Principal, id(bob), store.Owner, home), CodeForbidden, "role")
	wantError(t, "an admin becomes an owner", f.SetRole(ctx, admin.Principal, id(admin), store.Owner, home), CodeForbidden, "role")
	wantError(t, "an admin demotes an owner", f.SetRole(ctx, admin.Principal, id(ada), store.Viewer, home), CodeForbidden, "role")
	wantError(t, "an admin removes an owner", f.RemoveMember(ctx, admin.Principal, id(ada), home), CodeForbidden, "role")
	wantError(t, "role 0", f.SetRole(ctx, ada.Principal, id(bob), 0, home), smsir.CodeInvalid, "role")
	wantError(t, "somebody of another workspace", f.SetRole(ctx, ada.Principal, id(eve), store.Viewer, home), smsir.CodeNotFound, "")
	wantError(t, "removing somebody of another workspace", f.RemoveMember(ctx, ada.Principal, id(eve), home), smsir.CodeNotFound, "")
	wantError(t, "the last owner steps down", f.SetRole(ctx, ada.Principal, id(ada), store.Admin, home), smsir.CodeConflict, "role")
	wantError(t, "the last owner leaves", f.RemoveMember(ctx, ada.Principal, id(ada), home), smsir.CodeConflict, "role")
	wantError(t, "a member removes another", f.RemoveMember(ctx, bob.Principal, id(admin), home), CodeForbidden, "")
	f.alive("of ada after all that", ada.Token, true)
	f.alive("of bob after all that", bob.Token, true)

	wantNil(t, "the role that one has", f.SetRole(ctx, ada.Principal, id(bob), store.Member, home))
	f.alive("of bob after no change", bob.Token, true)
	wantNil(t, "a member leaves", f.RemoveMember(ctx, bob.Principal, id(bob), home))
	f.alive("of bob after leaving", bob.Token, false)
	wantNil(t, "a second owner", f.SetRole(ctx, ada.Principal, id(admin), store.Owner, home))
	wantNil(t, "the first owner steps down", f.SetRole(ctx, ada.Principal, id(ada), store.Viewer, home))
	again := f.mustLogin("ada@example.com")
	if again.Principal.Can(MembersWrite) || !again.Principal.Can(InstanceWrite) {
		t.Errorf("ada as viewer and operator: permissions %v", again.Principal.Permissions())
	}
	members, err := f.Members(ctx, again.Principal)
	if err != nil || len(members) != 2 {
		t.Errorf("Members: got %v, %v, want two", members, err)
	}
	got := f.actions(ada.Principal.Workspace.ID)
	if !slices.Equal(got[:4], []string{"session.created", "member.role_changed", "member.role_changed", "member.removed"}) {
		t.Errorf("audit: got %v", got)
	}
}

func TestWorkspaceSettings(t *testing.T) {
	t.Parallel()
	reloads := 0
	f := newFixture(t, func(c *Config) { c.Paused = func() { reloads++ } })
	ada := f.owner()
	bob := f.join(ada, "bob@example.com", store.Member)
	ctx := t.Context()
	name, country, zone, retry, smart, paused := "Renamed", "gb", "Europe/London", smsir.RetryOnce, false, true
	count, age := int64(500), time.Hour
	registered := true
	w, err := f.UpdateWorkspace(ctx, ada.Principal, WorkspaceChange{&name, &country, &zone, &retry, &smart, &paused, &count, &age, &registered, nil}, home)
	wantNil(t, "UpdateWorkspace", err)
	if w.Name != "Renamed" || w.Country != "GB" || w.TimeZone != "Europe/London" || w.OnUnknown != retry || w.Smart || !w.PausedAt.Equal(start) || w.QueueCount != count || w.QueueAge != age || !w.Registered {
		t.Errorf("UpdateWorkspace: got %+v", w)
	}
	p, err := f.Cookie(ctx, bob.Token)
	if err != nil || p.Workspace.Name != "Renamed" {
		t.Errorf("the next request of another person: got %+v, %v", p, err)
	}
	f.clock.advance(time.Minute)
	w, err = f.UpdateWorkspace(ctx, ada.Principal, WorkspaceChange{Paused: &paused}, home)
	if err != nil || !w.PausedAt.Equal(start) {
		t.Errorf("paused again: got %+v, %v, want the first time", w, err)
	}
	paused = false
	w, err = f.UpdateWorkspace(ctx, ada.Principal, WorkspaceChange{Paused: &paused}, home)
	if err != nil || !w.PausedAt.IsZero() || w.Name != "Renamed" {
		t.Errorf("resumed: got %+v, %v", w, err)
	}

	if _, err := f.UpdateWorkspace(ctx, ada.Principal, WorkspaceChange{TimeZone: &zone}, home); err != nil || reloads != 3 {
		t.Errorf("dispatch was told to reload %d times (%v), want 3: paused, resumed, another time zone", reloads, err)
	}

	empty, unknown := "", smsir.OnUnknown(9)
	for field, c := range map[string]WorkspaceChange{
		"quiet_hours": {Quiet: &store.QuietHours{From: "21:00", To: "21:00"}}, "name": {Name: &empty}, "country": {Country: &empty}, "time_zone": {TimeZone: &empty}, "on_unknown": {OnUnknown: &unknown},
	} {
		_, err := f.UpdateWorkspace(ctx, ada.Principal, c, home)
		wantError(t, field, err, smsir.CodeInvalid, field)
	}
	_, err = f.UpdateWorkspace(ctx, bob.Principal, WorkspaceChange{Name: &name}, home)
	wantError(t, "a member", err, CodeForbidden, "")
}

func TestUpdateSelf(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	f.alive("in the cache", ada.Token, true)
	name, phone, empty, bad := " Countess ", " +1 (202) 555-0100 ", "", "555"
	wantNil(t, "UpdateSelf", f.UpdateSelf(t.Context(), ada.Principal, SelfChange{Name: &name, Phone: &phone}, home))
	p, err := f.Cookie(t.Context(), ada.Token)
	if err != nil || p.User.Name != "Countess" || p.User.Phone != "+12025550100" {
		t.Errorf("the next request: got %+v, %v", p, err)
	}
	wantError(t, "no name", f.UpdateSelf(t.Context(), ada.Principal, SelfChange{Name: &empty}, home), smsir.CodeInvalid, "name")
	wantError(t, "no number", f.UpdateSelf(t.Context(), ada.Principal, SelfChange{Phone: &bad}, home), smsir.CodeInvalid, "phone")
	wantNil(t, "the number is taken away", f.UpdateSelf(t.Context(), ada.Principal, SelfChange{Phone: &empty}, home))
	if p, err = f.Cookie(t.Context(), ada.Token); err != nil || p.User.Phone != "" || p.User.Name != "Countess" {
		t.Errorf("without a number: got %+v, %v", p, err)
	}
	_, err = f.login("ada@example.com", home)
	wantNil(t, "the password is as before", err)
}
