package httpd

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/dispatch"
	routes "github.com/smsir/smsir/internal/route"
)

// TestProviderHealth: who may read providers sees how the enabled ones are; messages that wait say why.
func TestProviderHealth(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	g := newGate(t, func(d *Deps) {
		d.Health = func(smsir.UUID) (dispatch.Health, bool) {
			return dispatch.Health{
				Health: routes.Health{State: routes.Misconfigured, Since: since, Until: since.Add(time.Minute)}, Waiting: 3, Rate: 2.5,
				Why: &smsir.Failure{Class: smsir.ClassConfig, Code: "refused", Text: "The account is closed.", ProviderCode: "20003"},
			}, true
		}
		d.Why = func(_ context.Context, _ smsir.UUID, all []*smsir.Message) map[smsir.ID]dispatch.Wait {
			why := map[smsir.ID]dispatch.Wait{}
			for _, m := range all {
				why[m.ID] = dispatch.Wait{Code: dispatch.WaitConfig, Text: "It refuses its settings.", Rule: smsir.UUID{9}, Until: since}
			}
			return why
		}
	})
	owner := g.setup()
	var l api.ProviderList
	g.ok(request{method: "GET", path: "/v1/providers", as: owner.token}, 200, &l)
	h := l.Items[0].Health
	if h == nil || h.State != "misconfigured" || !h.Since.Equal(since) || h.Error == nil || h.Error.ProviderCode != "20003" || h.Waiting != 3 || h.Rate != 2.5 {
		t.Errorf("health %+v", h)
	}
	id := g.send(owner.token)
	var m api.Message
	g.ok(request{method: "GET", path: "/v1/messages/" + id, as: owner.token}, 200, &m)
	var page api.MessageList
	g.ok(request{method: "GET", path: "/v1/messages", as: owner.token}, 200, &page)
	for where, w := range map[string]*api.Waiting{"message": m.Waiting, "list": page.Items[0].Waiting} {
		if w == nil || w.Code != "provider_config" || w.Text == "" || w.Rule != (smsir.UUID{9}).Format(smsir.PrefixRoute) || !w.Until.Equal(since) || w.Provider != nil {
			t.Errorf("%s: waiting %+v", where, w)
		}
	}
}

// wired is a provider that holds connections.
type wired struct{}

func (wired) Connections() []smsir.Connection {
	return []smsir.Connection{{Name: "Transceiver 1", Up: true, Waiting: 2, Window: 10, Since: time.Unix(1, 0)}, {Name: "Transceiver 2", Error: "refused"}}
}

func (wired) Notes() []string { return []string{"Something was learned."} }

// TestProviderConnections: kinds that hold connections tell how they are.
func TestProviderConnections(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(d *Deps) { d.Connected = func(smsir.UUID) smsir.Connected { return wired{} } })
	owner := g.setup()
	var l api.ProviderList
	g.ok(request{method: "GET", path: "/v1/providers", as: owner.token}, 200, &l)
	p := l.Items[0]
	if len(p.Connections) != 2 || !p.Connections[0].Up || p.Connections[0].Waiting != 2 || p.Connections[0].Since == nil || p.Connections[1].Error != "refused" || len(p.Notes) != 1 {
		t.Errorf("connections %+v, notes %q", p.Connections, p.Notes)
	}
}

func TestProviders(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var kinds api.ProviderKindList
	g.ok(request{method: "GET", path: "/v1/provider-kinds", as: owner.token}, 200, &kinds)
	if len(kinds.Items) != 2 || kinds.Items[0].Kind != "simulator" || !kinds.Items[0].TestOnly || len(kinds.Items[0].Addresses) != 1 ||
		len(kinds.Items[1].Fields) != 5 || !kinds.Items[1].Fields[1].Secret {
		t.Errorf("kinds: %+v", kinds)
	}
	list := func() (l api.ProviderList) {
		g.ok(request{method: "GET", path: "/v1/providers", as: owner.token}, 200, &l)
		return l
	}
	first := list().Items
	if len(first) != 1 || first[0].Kind != "simulator" || !first[0].Enabled || !first[0].TestOnly {
		t.Fatalf("a new workspace has the providers %+v", first)
	}
	var b api.Bootstrap
	g.ok(request{method: "GET", path: "/v1/bootstrap", as: owner.token}, 200, &b)
	if !b.TestMode || len(b.Providers) != 1 {
		t.Errorf("bootstrap: test mode %v, providers %+v", b.TestMode, b.Providers)
	}

	var p api.Provider
	a := g.ok(request{method: "POST", path: "/v1/providers", as: owner.token, body: `{"kind":"carrier","name":"Carrier","priority":10,"settings":{"user":"u","password":"hush-hush"}}`}, 201, &p)
	if p.Settings["user"] != "u" || !slices.Equal(p.SecretsSet, []string{"password"}) || !p.Enabled || p.Priority != 10 || p.TestOnly || strings.Contains(string(a.body), "hush") {
		t.Errorf("created: %s", a.body)
	}
	a = g.ok(request{method: "GET", path: "/v1/providers/" + p.ID, as: owner.token}, 200, nil)
	if strings.Contains(string(a.body), "hush") {
		t.Errorf("a provider shows its secret: %s", a.body)
	}
	if l := list().Items; len(l) != 2 || l[0].ID != p.ID {
		t.Errorf("by priority: %+v", l)
	}
	g.ok(request{method: "GET", path: "/v1/bootstrap", as: owner.token}, 200, &b)
	if b.TestMode || !b.Checklist[1].Done {
		t.Errorf("with a real provider: test mode %v, checklist %+v", b.TestMode, b.Checklist)
	}
	for body, field := range map[string]string{
		`{"kind":"carrier","name":"Other","settings":{"user":"u"}}`:                                    "settings.password",
		`{"kind":"carrier","name":"Other","settings":{"user":"u","password":"p","host":"h"}}`:          "settings.host",
		`{"kind":"pigeon","name":"Other"}`:                                                             "kind",
		`{"kind":"carrier","name":"","settings":{}}`:                                                   "name",
		`{"kind":"carrier","name":"Other","priority":1001,"settings":{"user":"u","password":"p"}}`:     "priority",
		`{"kind":"carrier","name":"Other","settings":{"user":5,"password":"p"}}`:                       "settings.user",
		`{"kind":"carrier","name":"Other","secrets_set":["x"],"settings":{"user":"u","password":"p"}}`: "secrets_set",
	} {
		var pr api.Problem
		g.refused(request{method: "POST", path: "/v1/providers", as: owner.token, body: body}, 422, smsir.CodeInvalid).read(t, &pr)
		if len(pr.Errors) == 0 || pr.Errors[0].Field != field {
			t.Errorf("%s: %+v, want field %s", body, pr.Errors, field)
		}
	}
	g.refused(request{method: "POST", path: "/v1/providers", as: owner.token, body: `{"kind":"carrier","name":"Carrier","settings":{"user":"u","password":"p"}}`}, 409, smsir.CodeConflict)

	check := func(id string) (c api.ProviderCheck) {
		g.ok(request{method: "POST", path: "/v1/providers/" + id + "/check", as: owner.token}, 200, &c)
		return c
	}
	if c := check(p.ID); c.Credentials != "accepted" || c.Balance == nil || *c.Balance != (api.Balance{Amount: "12.50", Currency: "USD"}) {
		t.Errorf("check of good credentials: %+v", c)
	}
	g.ok(request{method: "PATCH", path: "/v1/providers/" + p.ID, as: owner.token, body: `{"name":"Renamed","enabled":false,"settings":{"user":"v"}}`}, 200, &p)
	if c := check(p.ID); c.Credentials != "refused" || c.Detail != "The carrier does not know this user." || c.Balance != nil {
		t.Errorf("check of bad credentials: %+v", c)
	}
	if p.Name != "Renamed" || p.Enabled || p.Settings["user"] != "v" || !slices.Equal(p.SecretsSet, []string{"password"}) {
		t.Errorf("changed: %+v", p)
	}

	var m api.Message
	g.ok(request{
		method: "POST", path: "/v1/providers/" + first[0].ID + "/test", as: owner.token, body: `{"to":"+12025550100"}`,
		header: map[string]string{"Idempotency-Key": "t1"},
	}, 202, &m)
	if m.Provider == nil || m.Provider.ID != first[0].ID || m.Provider.Name != first[0].Name || m.Text != testText {
		t.Errorf("test message: %+v", m)
	}
	var again api.Message
	g.ok(request{
		method: "POST", path: "/v1/providers/" + first[0].ID + "/test", as: owner.token, body: `{"to":"+12025550100"}`,
		header: map[string]string{"Idempotency-Key": "t1"},
	}, 202, &again)
	if again.ID != m.ID {
		t.Error("a repeated test sent another message")
	}

	g.ok(request{method: "DELETE", path: "/v1/providers/" + p.ID, as: owner.token}, 204, nil)
	g.refused(request{method: "GET", path: "/v1/providers/" + p.ID, as: owner.token}, 404, smsir.CodeNotFound)
}

// TestSecretsNeedThePassword: an old log-in must give the password again before it touches a secret or makes
// a key; anything else it may do.
func TestSecretsNeedThePassword(t *testing.T) {
	t.Parallel()
	var old bool
	g := newGate(t, func(d *Deps) { d.Accounts = agingAccounts{d.Accounts, &old} })
	owner := g.setup()
	var p api.Provider
	create := `{"kind":"carrier","name":"Carrier","settings":{"user":"u","password":"p"}}`
	g.ok(request{method: "POST", path: "/v1/providers", as: owner.token, body: create}, 201, &p)
	old = true
	g.refused(request{method: "POST", path: "/v1/providers", as: owner.token, body: create}, 403, api.CodeReauthRequired)
	g.refused(request{method: "PATCH", path: "/v1/providers/" + p.ID, as: owner.token, body: `{"settings":{"password":"q"}}`}, 403, api.CodeReauthRequired)
	g.refused(request{method: "PATCH", path: "/v1/providers/" + p.ID, as: owner.token, body: `{"clear_secrets":["password"]}`}, 403, api.CodeReauthRequired)
	g.refused(request{method: "POST", path: "/v1/api-keys", as: owner.token, body: `{"name":"k","scopes":["messages:read"]}`}, 403, api.CodeReauthRequired)
	g.ok(request{method: "PATCH", path: "/v1/providers/" + p.ID, as: owner.token, body: `{"enabled":false,"settings":{"user":"v"}}`}, 200, nil)
	g.ok(request{method: "POST", path: "/v1/auth/reauth", as: owner.token, body: `{"password":"` + password + `"}`}, 204, nil)
	old = false
	g.ok(request{method: "PATCH", path: "/v1/providers/" + p.ID, as: owner.token, body: `{"settings":{"password":"q"}}`}, 200, nil)
}

// agingAccounts lets log-ins look old.
type agingAccounts struct {
	Accounts
	old *bool
}

func (a agingAccounts) Bearer(ctx context.Context, token string) (*account.Principal, error) {
	p, err := a.Accounts.Bearer(ctx, token)
	if err == nil && *a.old {
		aged := *p
		aged.ReauthAt = time.Now().Add(-account.ReauthAge - time.Second)
		p = &aged
	}
	return p, err
}
