package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func inviteJoins(t *testing.T, s AccountStore) {
	ctx := t.Context()
	ada := register(t, s, newRegistration("ada@example.com"))
	w := ada.Workspace.ID
	in := newInvite("code", w, store.Admin)
	in.CreatedBy = ada.User.ID
	must(t, "CreateInvite", s.CreateInvite(ctx, in, audit("invite.created", w)))
	got, err := s.InviteByCode(ctx, digest("code"), at(time.Minute))
	must(t, "InviteByCode", err)
	same(t, "InviteByCode", got, &in)
	list, err := s.Invites(ctx, w, at(time.Minute))
	must(t, "Invites", err)
	same(t, "Invites", list, []store.Invite{in})

	bob := register(t, s, join(newRegistration("bob@example.com"), w, store.Admin, in.ID))
	_, _, role, err := s.SessionByToken(ctx, bob.Session.TokenHash, at(time.Minute))
	must(t, "SessionByToken", err)
	same(t, "role of who joined", role, store.Admin)
	_, err = s.InviteByCode(ctx, digest("code"), at(time.Minute))
	wantCode(t, "a used invitation", err, smsir.CodeNotFound, "")
	list, err = s.Invites(ctx, w, at(time.Minute))
	if err != nil || len(list) != 0 {
		t.Errorf("Invites after use: got %v, %v, want none", list, err)
	}
	again := join(newRegistration("eve@example.com"), w, store.Admin, in.ID)
	wantCode(t, "a second use", s.Register(ctx, again), smsir.CodeConflict, "invite")
	wantCode(t, "withdrawal after use", s.DeleteInvite(ctx, w, in.ID, audit("x", w)), smsir.CodeNotFound, "")
	same(t, "audit", auditActions(t, ctx, s, w), []string{"user.registered", "invite.created", "user.registered"})
}

func inviteRace(t *testing.T, s AccountStore) {
	ada := register(t, s, newRegistration("ada@example.com"))
	w := ada.Workspace.ID
	in := newInvite("code", w, store.Member)
	must(t, "CreateInvite", s.CreateInvite(t.Context(), in, audit("invite.created", w)))
	names := []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"}
	oneWins(t, race(len(names), func(i int) error {
		return s.Register(t.Context(), join(newRegistration(names[i]), w, store.Member, in.ID))
	}), "invite")
	if list, err := s.Members(t.Context(), w); err != nil || len(list) != 2 {
		t.Errorf("Members: got %v, %v, want ada and one of %v", list, err, names)
	}
}

func inviteEnds(t *testing.T, s AccountStore) {
	ctx := t.Context()
	ada := register(t, s, newRegistration("ada@example.com"))
	w := ada.Workspace.ID
	in := newInvite("short", w, store.Member)
	must(t, "CreateInvite", s.CreateInvite(ctx, in, audit("invite.created", w)))
	_, err := s.InviteByCode(ctx, digest("short"), in.ExpiresAt.Add(-time.Millisecond))
	must(t, "InviteByCode just before the end", err)
	_, err = s.InviteByCode(ctx, digest("short"), in.ExpiresAt)
	wantCode(t, "InviteByCode at the end", err, smsir.CodeNotFound, "")
	if list, err := s.Invites(ctx, w, in.ExpiresAt); err != nil || len(list) != 0 {
		t.Errorf("Invites at the end: got %v, %v, want none", list, err)
	}
	late := join(newRegistration("bob@example.com"), w, store.Member, in.ID)
	late.User.CreatedAt = in.ExpiresAt
	wantCode(t, "registration at the end", s.Register(ctx, late), smsir.CodeConflict, "invite")

	// Making another one forgets those that are over and no others.
	second := newInvite("second", w, store.Member)
	second.CreatedAt, second.ExpiresAt = in.ExpiresAt, in.ExpiresAt.Add(time.Hour)
	must(t, "CreateInvite", s.CreateInvite(ctx, second, audit("invite.created", w)))
	if list, err := s.Invites(ctx, w, base); err != nil || len(list) != 1 || list[0].ID != second.ID {
		t.Errorf("Invites: got %v, %v, want the second only", list, err)
	}
	must(t, "DeleteInvite", s.DeleteInvite(ctx, w, second.ID, audit("invite.revoked", w)))
	_, err = s.InviteByCode(ctx, digest("second"), second.CreatedAt)
	wantCode(t, "a withdrawn invitation", err, smsir.CodeNotFound, "")
	wantCode(t, "withdrawn twice", s.DeleteInvite(ctx, w, second.ID, audit("x", w)), smsir.CodeNotFound, "")
}

func inviteOfAnotherWorkspace(t *testing.T, s AccountStore) {
	ada := register(t, s, newRegistration("ada@example.com"))
	eve := register(t, s, newRegistration("eve@example.com"))
	in := newInvite("code", eve.Workspace.ID, store.Owner)
	must(t, "CreateInvite", s.CreateInvite(t.Context(), in, audit("invite.created", in.Workspace)))
	r := join(newRegistration("bob@example.com"), ada.Workspace.ID, store.Owner, in.ID)
	wantCode(t, "an invitation to another workspace", s.Register(t.Context(), r), smsir.CodeConflict, "invite")
}

func acceptInvite(t *testing.T, s AccountStore) {
	ctx := t.Context()
	ada := register(t, s, newRegistration("ada@example.com"))
	bob := register(t, s, newRegistration("bob@example.com"))
	w := ada.Workspace.ID
	in := newInvite("code", w, store.Viewer)
	must(t, "CreateInvite", s.CreateInvite(ctx, in, audit("invite.created", w)))
	must(t, "AcceptInvite", s.AcceptInvite(ctx, in, bob.User.ID, at(time.Minute), audit("invite.accepted", w)))
	wantCode(t, "a second use", s.AcceptInvite(ctx, in, bob.User.ID, at(time.Minute), audit("x", w)), smsir.CodeConflict, "invite")

	second := newInvite("second", w, store.Owner)
	must(t, "CreateInvite", s.CreateInvite(ctx, second, audit("invite.created", w)))
	wantCode(t, "a member already", s.AcceptInvite(ctx, second, bob.User.ID, at(time.Minute), audit("x", w)), smsir.CodeConflict, "user")
	if _, err := s.InviteByCode(ctx, digest("second"), at(time.Minute)); err != nil {
		t.Errorf("the invitation that was not accepted: %v", err)
	}
	wantCode(t, "after its end", s.AcceptInvite(ctx, second, bob.User.ID, second.ExpiresAt, audit("x", w)), smsir.CodeConflict, "invite")
	same(t, "audit", auditActions(t, ctx, s, w)[:3], []string{"invite.created", "invite.accepted", "invite.created"})
}

func sessions(t *testing.T, s AccountStore) {
	ctx := t.Context()
	ada := register(t, s, newRegistration("ada@example.com"))
	w := ada.Workspace.ID
	second := newSession("second", ada.User.ID, w)
	second.Client, second.CreatedAt = "app", at(time.Second)
	must(t, "CreateSession", s.CreateSession(ctx, second, audit("session.created", w)))

	list, err := s.Sessions(ctx, ada.User.ID, at(time.Minute))
	must(t, "Sessions", err)
	same(t, "Sessions, newest first", list, []store.Session{second, ada.Session})

	must(t, "TouchSession", s.TouchSession(ctx, second.ID, at(2*time.Minute)))
	must(t, "Reauthenticated", s.Reauthenticated(ctx, second.ID, at(3*time.Minute)))
	second.LastSeenAt, second.ReauthAt = at(2*time.Minute), at(3*time.Minute)
	got, _, _, err := s.SessionByToken(ctx, second.TokenHash, at(time.Minute))
	must(t, "SessionByToken", err)
	same(t, "the touched session", got, &second)

	for _, c := range []struct {
		at   time.Time
		live bool
	}{{second.ExpiresAt.Add(-time.Millisecond), true}, {second.ExpiresAt, false}} {
		_, _, _, err := s.SessionByToken(ctx, second.TokenHash, c.at)
		if (err == nil) != c.live {
			t.Errorf("SessionByToken at %s of a session that ends %s: got %v, want live = %v", c.at, second.ExpiresAt, err, c.live)
		}
		list, err := s.Sessions(ctx, ada.User.ID, c.at)
		if err != nil || (len(list) > 0) != c.live {
			t.Errorf("Sessions at %s: got %d, %v, want live = %v", c.at, len(list), err, c.live)
		}
	}

	must(t, "DeleteSession", s.DeleteSession(ctx, ada.User.ID, second.ID, audit("session.ended", w)))
	wantAlive(t, s, "second", false)
	wantAlive(t, s, "ada@example.com", true)
	for what, err := range map[string]error{
		"DeleteSession":   s.DeleteSession(ctx, ada.User.ID, second.ID, audit("x", w)),
		"TouchSession":    s.TouchSession(ctx, second.ID, base),
		"Reauthenticated": s.Reauthenticated(ctx, second.ID, base),
	} {
		wantCode(t, what+" of a session that is gone", err, smsir.CodeNotFound, "")
	}
	_, _, _, err = s.SessionByToken(ctx, digest("never"), base)
	wantCode(t, "SessionByToken of nothing", err, smsir.CodeNotFound, "")

	// A new session forgets the expired ones of the same person.
	third := newSession("third", ada.User.ID, w)
	third.CreatedAt, third.ExpiresAt = at(2*time.Hour), at(3*time.Hour)
	must(t, "CreateSession", s.CreateSession(ctx, third, audit("session.created", w)))
	list, err = s.Sessions(ctx, ada.User.ID, base)
	must(t, "Sessions", err)
	same(t, "Sessions after the first has expired", list, []store.Session{third})
}

func deadSessions(t *testing.T, s AccountStore) {
	ctx := t.Context()
	ada := register(t, s, newRegistration("ada@example.com"))
	w := ada.Workspace.ID
	bob := addMember(t, s, "bob@example.com", w, store.Member)
	eve := addMember(t, s, "eve@example.com", w, store.Member)

	disabled := bob.User
	disabled.DisabledAt = at(time.Second)
	must(t, "UpdateUser", s.UpdateUser(ctx, &disabled, audit("user.disabled", w)))
	wantAlive(t, s, "bob@example.com", false)
	disabled.DisabledAt = time.Time{}
	must(t, "UpdateUser", s.UpdateUser(ctx, &disabled, audit("user.enabled", w)))
	wantAlive(t, s, "bob@example.com", true)

	must(t, "SetRole", s.SetRole(ctx, w, eve.User.ID, 0, audit("member.removed", w)))
	wantAlive(t, s, "eve@example.com", false)
	stray := newSession("stray", eve.User.ID, w)
	must(t, "CreateSession", s.CreateSession(ctx, stray, audit("session.created", w)))
	wantAlive(t, s, "stray", false)
}

func moveSession(t *testing.T, s AccountStore) {
	ctx := t.Context()
	ada := register(t, s, newRegistration("ada@example.com"))
	bob := register(t, s, newRegistration("bob@example.com"))
	to := bob.Workspace.ID
	wantCode(t, "a workspace of others", s.MoveSession(ctx, ada.User.ID, ada.Session.ID, to, audit("x", to)), smsir.CodeNotFound, "")
	in := newInvite("code", to, store.Viewer)
	must(t, "CreateInvite", s.CreateInvite(ctx, in, audit("invite.created", to)))
	must(t, "AcceptInvite", s.AcceptInvite(ctx, in, ada.User.ID, base, audit("invite.accepted", to)))
	wantCode(t, "the session of another person", s.MoveSession(ctx, ada.User.ID, bob.Session.ID, to, audit("x", to)), smsir.CodeNotFound, "")
	must(t, "MoveSession", s.MoveSession(ctx, ada.User.ID, ada.Session.ID, to, audit("session.moved", to)))
	se, _, role, err := s.SessionByToken(ctx, ada.Session.TokenHash, at(time.Minute))
	must(t, "SessionByToken", err)
	if se.Workspace != to || role != store.Viewer {
		t.Errorf("after MoveSession: got workspace %s as %s, want %s as viewer", se.Workspace.Format(smsir.PrefixWorkspace), role, to.Format(smsir.PrefixWorkspace))
	}
}

func apiKeys(t *testing.T, s AccountStore) {
	ctx := t.Context()
	ada := register(t, s, newRegistration("ada@example.com"))
	w := ada.Workspace.ID
	first := store.APIKey{
		ID: smsir.NewUUID(base), Workspace: w, Name: "Web shop", SecretHash: digest("secret"), Hint: "x7Qa",
		Scopes: []string{"messages:send", "messages:read"}, CreatedBy: ada.User.ID, CreatedAt: base, ExpiresAt: at(time.Hour),
	}
	second := store.APIKey{ID: smsir.NewUUID(base), Workspace: w, Name: "Bare", SecretHash: digest("other"), Scopes: []string{}, CreatedAt: at(time.Second)}
	must(t, "CreateAPIKey", s.CreateAPIKey(ctx, first, audit("api_key.created", w)))
	must(t, "CreateAPIKey", s.CreateAPIKey(ctx, second, audit("api_key.created", w)))
	got, err := s.APIKeyByHash(ctx, digest("secret"))
	must(t, "APIKeyByHash", err)
	same(t, "APIKeyByHash", got, &first)
	list, err := s.APIKeys(ctx, w)
	must(t, "APIKeys", err)
	same(t, "APIKeys, newest first", list, []store.APIKey{second, first})

	must(t, "TouchAPIKey", s.TouchAPIKey(ctx, first.ID, at(time.Minute)))
	must(t, "RevokeAPIKey", s.RevokeAPIKey(ctx, w, first.ID, at(2*time.Minute), audit("api_key.revoked", w)))
	must(t, "RevokeAPIKey again", s.RevokeAPIKey(ctx, w, first.ID, at(3*time.Minute), audit("api_key.revoked", w)))
	first.LastUsedAt, first.RevokedAt = at(time.Minute), at(2*time.Minute)
	got, err = s.APIKeyByHash(ctx, digest("secret"))
	must(t, "APIKeyByHash", err)
	same(t, "the revoked key", got, &first)

	none := smsir.NewUUID(base)
	_, err = s.APIKeyByHash(ctx, digest("none"))
	wantCode(t, "APIKeyByHash of nothing", err, smsir.CodeNotFound, "")
	wantCode(t, "RevokeAPIKey of nothing", s.RevokeAPIKey(ctx, w, none, base, audit("x", w)), smsir.CodeNotFound, "")
	wantCode(t, "TouchAPIKey of nothing", s.TouchAPIKey(ctx, none, base), smsir.CodeNotFound, "")
}

func settings(t *testing.T, s AccountStore) {
	ctx := t.Context()
	read := func(name, want string) {
		t.Helper()
		got, err := s.Setting(ctx, name)
		must(t, "Setting", err)
		same(t, "Setting("+name+")", got, want)
	}
	read("registration", "")
	must(t, "SetSetting", s.SetSetting(ctx, "registration", "open", audit("setting.changed", smsir.UUID{})))
	must(t, "SetSetting", s.SetSetting(ctx, "other", "x", audit("setting.changed", smsir.UUID{})))
	must(t, "SetSetting", s.SetSetting(ctx, "registration", "closed", audit("setting.changed", smsir.UUID{})))
	read("registration", "closed")
	read("other", "x")
	if got := len(auditActions(t, ctx, s, smsir.UUID{})); got != 3 {
		t.Errorf("audit entries of the instance: got %d, want 3", got)
	}
}

func auditLog(t *testing.T, s AccountStore) {
	ctx := t.Context()
	ada := register(t, s, newRegistration("ada@example.com"))
	w := ada.Workspace.ID
	want := store.AuditEntry{
		At: at(time.Minute), Workspace: w, Actor: smsir.Actor{Kind: smsir.ActorUser, ID: ada.User.ID},
		Action: "workspace.updated", Target: "target", IP: "2001:db8::1", Detail: `{"name":"x"}`,
		Changes: []store.Change{{Field: "name", Before: "Ada's “shop”", After: ""}, {Field: "country", Before: "KE", After: "UG"}},
	}
	must(t, "UpdateWorkspace", s.UpdateWorkspace(ctx, ada.Workspace, want))
	list := func(workspace smsir.UUID, f store.AuditFilter) []store.AuditEntry {
		t.Helper()
		got, err := s.Audit(ctx, workspace, f)
		must(t, "Audit", err)
		return got
	}
	got := list(w, store.AuditFilter{Limit: 1})
	if len(got) == 1 {
		want.ID = got[0].ID
	}
	same(t, "the newest entry", got, []store.AuditEntry{want})
	if got := list(w, store.AuditFilter{}); len(got) != 2 || got[1].Action != "user.registered" || got[0].ID <= got[1].ID {
		t.Errorf("Audit: got %v, want the change and the registration", got)
	}
	if got := list(smsir.UUID{}, store.AuditFilter{}); len(got) != 0 {
		t.Errorf("Audit of the instance: got %v, want none of a workspace", got)
	}

	later := want
	later.ID, later.At, later.Action, later.Target, later.Changes = 0, at(time.Hour), "workspaces.x", "another", nil
	later.Actor = smsir.Actor{Kind: smsir.ActorKey, ID: smsir.NewUUID(base)}
	must(t, "AddAudit", s.AddAudit(ctx, later))
	must(t, "AddAudit", s.AddAudit(ctx, store.AuditEntry{At: base, Action: "setting.changed"}))
	for name, f := range map[string]store.AuditFilter{
		"workspaces.x":                      {Since: at(2 * time.Minute)},
		"workspace.updated":                 {Action: "workspace"},
		"user.registered":                   {Until: at(time.Second)},
		"workspaces.x workspace.updated":    {Since: at(time.Minute)},
		"workspace.updated user.registered": {Before: list(w, store.AuditFilter{Limit: 1})[0].ID},
		"":                                  {Action: "workspace.update"},
	} {
		var actions []string
		for _, e := range list(w, f) {
			actions = append(actions, e.Action)
		}
		same(t, fmt.Sprintf("Audit %+v", f), strings.Join(actions, " "), name)
	}
	for what, f := range map[string]store.AuditFilter{"action": {Action: "workspaces.x"}, "actor": {Actor: later.Actor.ID}, "target": {Target: "another"}} {
		if got := list(w, f); len(got) != 1 || got[0].Action != later.Action {
			t.Errorf("Audit by %s: got %v, want %v", what, got, later)
		}
	}
	if got := list(smsir.UUID{}, store.AuditFilter{}); len(got) != 1 || got[0].Action != "setting.changed" {
		t.Errorf("Audit of the instance: got %v, want the setting", got)
	}

	user := ada.User.ID.Format(smsir.PrefixUser)
	eve := register(t, s, newRegistration("eve@example.com"))
	names, err := s.TargetNames(ctx, w, []string{user, "", "nonsense", "usr_x", user, eve.User.ID.Format(smsir.PrefixUser), "ses_x"})
	must(t, "TargetNames", err)
	same(t, "the name behind a target", names[user], ada.User.Name)
	same(t, "the name of somebody elsewhere", names[eve.User.ID.Format(smsir.PrefixUser)], "")
	for prefix := range map[string]bool{
		smsir.PrefixKey: true, smsir.PrefixSMPP: true, smsir.PrefixProvider: true, smsir.PrefixRoute: true, smsir.PrefixGroup: true, smsir.PrefixContact: true,
		smsir.PrefixImport: true, smsir.PrefixWebhook: true, smsir.PrefixTemplate: true, smsir.PrefixCampaign: true, smsir.PrefixView: true,
		smsir.PrefixCannedReply: true, smsir.PrefixAutoReply: true, smsir.PrefixInvite: true, smsir.PrefixSender: true,
	} {
		if names, err := s.TargetNames(ctx, w, []string{smsir.NewUUID(base).Format(prefix)}); err != nil || len(names) != 1 {
			t.Errorf("TargetNames of a %s that is gone: %v, %v, want no name", prefix, names, err)
		}
	}
}

func actorNames(t *testing.T, s AccountStore) {
	ctx := t.Context()
	ada := register(t, s, newRegistration("ada@example.com"))
	eve := register(t, s, newRegistration("eve@example.com"))
	mine := store.APIKey{ID: smsir.NewUUID(base), Workspace: ada.Workspace.ID, Name: "Mine", SecretHash: digest("a"), CreatedAt: base}
	theirs := store.APIKey{ID: smsir.NewUUID(base), Workspace: eve.Workspace.ID, Name: "Theirs", SecretHash: digest("b"), CreatedAt: base}
	must(t, "CreateAPIKey", s.CreateAPIKey(ctx, mine, audit("x", mine.Workspace)))
	must(t, "CreateAPIKey", s.CreateAPIKey(ctx, theirs, audit("x", theirs.Workspace)))
	got, err := s.ActorNames(ctx, ada.Workspace.ID, []smsir.UUID{ada.User.ID, mine.ID, theirs.ID, {}, smsir.NewUUID(base), ada.User.ID})
	must(t, "ActorNames", err)
	same(t, "ActorNames", got, map[smsir.UUID]string{ada.User.ID: ada.User.Name, mine.ID: "Mine"})
}
