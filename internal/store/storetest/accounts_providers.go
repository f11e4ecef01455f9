package storetest

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func newProvider(name string, workspace smsir.UUID) *store.Provider {
	return &store.Provider{
		ID: smsir.NewUUID(base), Workspace: workspace, Kind: "simulator", Name: name, Settings: map[string]string{"seed": "7"},
		Secrets: []byte{0, 1, 2}, Enabled: true, Priority: 100, CreatedAt: base, UpdatedAt: base,
	}
}

func createProvider(t *testing.T, s AccountStore, p *store.Provider) {
	t.Helper()
	must(t, "CreateProvider("+p.Name+")", s.CreateProvider(t.Context(), *p, audit("provider.created", p.Workspace)))
}

func providers(t *testing.T, s AccountStore) {
	ctx := t.Context()
	w := register(t, s, newRegistration("ada@example.com")).Workspace.ID
	other := register(t, s, newRegistration("eve@example.com")).Workspace.ID
	first, second, theirs := newProvider("First", w), newProvider("Second", w), newProvider("Theirs", other)
	second.Priority, second.Secrets, second.Settings = 1, nil, map[string]string{}
	createProvider(t, s, first)
	createProvider(t, s, second)
	createProvider(t, s, theirs)

	got, err := s.Provider(ctx, w, first.ID)
	must(t, "Provider", err)
	same(t, "Provider", got, first)
	list, err := s.ListProviders(ctx, w)
	must(t, "ListProviders", err)
	same(t, "ListProviders, by priority", list, []store.Provider{*second, *first})
	list, err = s.ListProviders(ctx, smsir.UUID{})
	must(t, "ListProviders", err)
	if len(list) != 3 {
		t.Errorf("ListProviders of all workspaces: got %d, want 3", len(list))
	}

	changed := *first
	changed.Name, changed.Settings, changed.Secrets = "Renamed", map[string]string{"seed": "8", "rate": "1"}, nil
	changed.Enabled, changed.Priority, changed.UpdatedAt = false, 5, at(time.Minute)
	must(t, "UpdateProvider", s.UpdateProvider(ctx, changed, audit("provider.updated", w)))
	got, err = s.Provider(ctx, w, first.ID)
	must(t, "Provider", err)
	same(t, "the changed provider", got, &changed)

	must(t, "DeleteProvider", s.DeleteProvider(ctx, w, first.ID, at(time.Hour), audit("provider.deleted", w)))
	_, err = s.Provider(ctx, w, first.ID)
	wantCode(t, "a deleted provider", err, smsir.CodeNotFound, "")
	wantCode(t, "deleted twice", s.DeleteProvider(ctx, w, first.ID, base, audit("x", w)), smsir.CodeNotFound, "")
	wantCode(t, "changed after deletion", s.UpdateProvider(ctx, changed, audit("x", w)), smsir.CodeNotFound, "")
	names, err := s.ProviderNames(ctx, w)
	must(t, "ProviderNames", err)
	if p := names[first.ID]; len(names) != 2 || p.Name != "Renamed" || p.Kind != "simulator" || p.Secrets != nil {
		t.Errorf("ProviderNames: got %v, want both, the deleted one by its name and without secrets", names)
	}
	same(t, "audit", auditActions(t, ctx, s, w)[:2], []string{"provider.deleted", "provider.updated"})
}

func providerNames(t *testing.T, s AccountStore) {
	ctx := t.Context()
	w := register(t, s, newRegistration("ada@example.com")).Workspace.ID
	other := register(t, s, newRegistration("eve@example.com")).Workspace.ID
	first, second := newProvider("First", w), newProvider("Second", w)
	createProvider(t, s, first)
	createProvider(t, s, second)
	createProvider(t, s, newProvider("First", other))
	wantCode(t, "a taken name", s.CreateProvider(ctx, *newProvider("First", w), audit("x", w)), smsir.CodeConflict, "name")
	taken := *second
	taken.Name = "First"
	wantCode(t, "renamed to a taken name", s.UpdateProvider(ctx, taken, audit("x", w)), smsir.CodeConflict, "name")
	must(t, "DeleteProvider", s.DeleteProvider(ctx, w, first.ID, at(time.Hour), audit("provider.deleted", w)))
	createProvider(t, s, newProvider("First", w))
}

func providerWithMessages(t *testing.T, s AccountStore) {
	accepter, ok := s.(store.Accepter)
	if !ok {
		t.Skip("this store does not accept messages")
	}
	ctx := t.Context()
	w := register(t, s, newRegistration("ada@example.com")).Workspace.ID
	asked, idle := newProvider("Asked for", w), newProvider("Idle", w)
	createProvider(t, s, asked)
	createProvider(t, s, idle)
	m := &smsir.Message{
		ID: accepter.NewID(base), Workspace: w, Class: smsir.Transactional, To: "+12025550100", ToRaw: "+12025550100", Country: "US",
		Text: "hello", Segments: 1, Provider: asked.ID, AcceptedAt: base, ExpiresAt: at(time.Hour), UpdatedAt: base,
		Status: smsir.Queued, Reason: smsir.ReasonDue, Seq: 1,
	}
	e := smsir.Event{Workspace: w, Message: m.ID, Seq: 1, Type: smsir.EventAccepted, At: base}
	_, err := accepter.Accept(ctx, &store.Acceptance{Workspace: w, Messages: []*smsir.Message{m}, Events: []smsir.Event{e}})
	must(t, "Accept", err)
	wantCode(t, "a provider that an open message asks for", s.DeleteProvider(ctx, w, asked.ID, base, audit("x", w)), smsir.CodeConflict, "")
	if _, err := s.Provider(ctx, w, asked.ID); err != nil {
		t.Errorf("the provider that was not deleted: %v", err)
	}
	must(t, "DeleteProvider of an idle one", s.DeleteProvider(ctx, w, idle.ID, base, audit("provider.deleted", w)))
}

// tenants tries everything that takes a workspace with rows of another.
func tenants(t *testing.T, s AccountStore) {
	ctx := t.Context()
	ada := register(t, s, newRegistration("ada@example.com"))
	eve := register(t, s, newRegistration("eve@example.com"))
	mine, other := ada.Workspace.ID, eve.Workspace.ID
	p := newProvider("First", mine)
	createProvider(t, s, p)
	k := store.APIKey{ID: smsir.NewUUID(base), Workspace: mine, Name: "Key", SecretHash: digest("secret"), CreatedAt: base}
	must(t, "CreateAPIKey", s.CreateAPIKey(ctx, k, audit("api_key.created", mine)))
	r := createRoute(t, s, newRoute("Rule", mine))
	in := newInvite("code", mine, store.Member)
	must(t, "CreateInvite", s.CreateInvite(ctx, in, audit("invite.created", mine)))

	stolen := *p
	stolen.Workspace, stolen.Name = other, "Stolen"
	theirs := *r
	theirs.Workspace = other
	_, err := s.Provider(ctx, other, p.ID)
	_, routeErr := s.Route(ctx, other, r.ID)
	_, updateErr := s.UpdateRoute(ctx, theirs, audit("x", other))
	for what, err := range map[string]error{
		"Provider":       err,
		"UpdateProvider": s.UpdateProvider(ctx, stolen, audit("x", other)),
		"DeleteProvider": s.DeleteProvider(ctx, other, p.ID, base, audit("x", other)),
		"Route":          routeErr,
		"UpdateRoute":    updateErr,
		"DeleteRoute":    s.DeleteRoute(ctx, other, r.ID, 1, audit("x", other)),
		"RevokeAPIKey":   s.RevokeAPIKey(ctx, other, k.ID, base, audit("x", other)),
		"DeleteInvite":   s.DeleteInvite(ctx, other, in.ID, audit("x", other)),
		"SetRole":        s.SetRole(ctx, other, ada.User.ID, store.Viewer, audit("x", other)),
		"DeleteSession":  s.DeleteSession(ctx, eve.User.ID, ada.Session.ID, audit("x", other)),
	} {
		wantCode(t, what+" across tenants", err, smsir.CodeNotFound, "")
	}
	got, err := s.Provider(ctx, mine, p.ID)
	must(t, "Provider", err)
	same(t, "the provider after it all", got, p)
	wantCode(t, "OrderRoutes across tenants", s.OrderRoutes(ctx, other, []smsir.UUID{r.ID}, audit("x", other)), smsir.CodeConflict, "ids")
	rule, err := s.Route(ctx, mine, r.ID)
	must(t, "Route", err)
	same(t, "the routing rule after it all", rule, r)
	if rules, err := s.ListRoutes(ctx, other); err != nil || len(rules) != 0 {
		t.Errorf("ListRoutes of the other: got %v, %v, want none", rules, err)
	}
	key, err := s.APIKeyByHash(ctx, k.SecretHash)
	if err != nil || !key.RevokedAt.IsZero() {
		t.Errorf("the API key after it all: got %v, %v, want it not revoked", key, err)
	}
	wantAlive(t, s, "ada@example.com", true)
	list, err := s.ListProviders(ctx, other)
	if err != nil || len(list) != 0 {
		t.Errorf("ListProviders of the other: got %v, %v, want none", list, err)
	}
	if keys, err := s.APIKeys(ctx, other); err != nil || len(keys) != 0 {
		t.Errorf("APIKeys of the other: got %v, %v, want none", keys, err)
	}
	if invites, err := s.Invites(ctx, other, base); err != nil || len(invites) != 0 {
		t.Errorf("Invites of the other: got %v, %v, want none", invites, err)
	}
	if names, err := s.ProviderNames(ctx, other); err != nil || len(names) != 0 {
		t.Errorf("ProviderNames of the other: got %v, %v, want none", names, err)
	}
	same(t, "audit of the other", auditActions(t, ctx, s, other), []string{"user.registered"})
}
