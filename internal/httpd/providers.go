package httpd

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/upstream"
)

// registerProviders registers the upstreams of a workspace.
func (s *Server) registerProviders(b *builder) {
	handle(b, route{
		Method: "GET", Path: "/v1/provider-kinds", ID: "listProviderKinds", Tag: "Providers",
		Summary: "List the kinds of provider, with the fields of their settings",
	},
		func(*call, *struct{}) (*api.ProviderKindList, error) {
			kinds := s.deps.Providers.Kinds()
			out := &api.ProviderKindList{Items: make([]api.ProviderKind, len(kinds))}
			for i := range kinds {
				out.Items[i] = api.ProviderKindOf(&kinds[i])
			}
			return out, nil
		})
	handle(b, route{Method: "GET", Path: "/v1/providers", ID: "listProviders", Tag: "Providers", ETag: true, Summary: "List the providers"},
		func(c *call, _ *struct{}) (*api.ProviderList, error) {
			items, err := s.listProviders(c)
			return &api.ProviderList{Items: items}, err
		})
	handle(b, route{Method: "GET", Path: "/v1/providers/{id}", ID: "getProvider", Tag: "Providers", Summary: "One provider"},
		func(c *call, in *providerID) (*api.Provider, error) {
			p, err := s.provider(c, in.ID)
			if err != nil {
				return nil, err
			}
			return s.providerOf(c, p)
		})
	handle(b, route{
		Method: "POST", Path: "/v1/providers", ID: "createProvider", Tag: "Providers", Status: 201, Errors: []int{409},
		Summary: "Add a provider", Text: "Needs a recent password when it has secrets (problem `reauth_required`).",
	}, s.createProvider)
	handle(b, route{
		Method: "PATCH", Path: "/v1/providers/{id}", ID: "updateProvider", Tag: "Providers", Errors: []int{409},
		Summary: "Change a provider", Text: "Needs a recent password when it changes a secret (problem `reauth_required`).",
	}, s.updateProvider)
	handle(b, route{
		Method: "DELETE", Path: "/v1/providers/{id}", ID: "deleteProvider", Tag: "Providers", Errors: []int{409},
		Summary: "Remove a provider", Text: "Refused while messages that went to it are open. Past messages keep its name.",
	},
		func(c *call, in *providerID) (*none, error) {
			id, err := parseUUID(smsir.PrefixProvider, in.ID)
			if err != nil {
				return nil, err
			}
			defer s.names.forget(c.p.Workspace.ID)
			return &none{}, s.deps.Providers.Delete(c.ctx(), c.p.Workspace.ID, id, c.by())
		})
	handleRaw[providerTest, api.Message](b, route{
		Method: "POST", Path: "/v1/providers/{id}/test", ID: "testProvider", Tag: "Providers", Status: 202, Limited: true,
		Audit:   "provider.tested",
		Summary: "Send a real message through a provider", Text: "It is a message like any other: follow it by its id. Also for a provider that is not enabled yet.",
	}, s.testProvider)
	handle(b, route{
		Method: "POST", Path: "/v1/providers/{id}/check", ID: "checkProvider", Tag: "Providers", Limited: true,
		Summary: "Ask a provider whether it knows the credentials", Text: "Tells what is left of the credit too, where the provider says it. Nothing is sent and nothing is charged.",
	}, s.checkProvider)
}

// checkProvider asks the provider itself; what it answers is no problem of this server's.
func (s *Server) checkProvider(c *call, in *providerID) (*api.ProviderCheck, error) {
	p, err := s.provider(c, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := s.deps.Providers.Check(c.ctx(), *p)
	if err != nil {
		return nil, err
	}
	out := &api.ProviderCheck{Credentials: string(r.Verdict), Detail: r.Text, CheckedAt: r.At.UTC()}
	if r.Balance != nil {
		out.Balance = &api.Balance{Amount: r.Balance.Amount, Currency: r.Balance.Currency}
	}
	return out, nil
}

type providerID struct {
	ID string `path:"id" doc:"Identifier of the provider." example:"prv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

func (c *call) by() upstream.By { return upstream.By{Actor: c.p.Actor, IP: c.peer().IP.String()} }

func (s *Server) listProviders(c *call) ([]api.Provider, error) {
	all, err := s.deps.Store.ListProviders(c.ctx(), c.p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	out := make([]api.Provider, len(all))
	for i := range all {
		p, err := s.providerOf(c, &all[i])
		if err != nil {
			return nil, err
		}
		out[i] = *p
	}
	return out, nil
}

func (s *Server) provider(c *call, id string) (*store.Provider, error) {
	u, err := parseUUID(smsir.PrefixProvider, id)
	if err != nil {
		return nil, err
	}
	return s.deps.Store.Provider(c.ctx(), c.p.Workspace.ID, u)
}

// providerOf shows a provider without its secrets. The address for its callbacks holds one; whoever may change the
// provider has to paste it where the upstream asks for it.
func (s *Server) providerOf(c *call, p *store.Provider) (*api.Provider, error) {
	secrets, err := s.deps.Providers.SecretsSet(*p)
	if err != nil {
		return nil, err
	}
	kind, _ := s.deps.Providers.Kind(p.Kind)
	out := &api.Provider{
		ID: p.ID.Format(smsir.PrefixProvider), Kind: p.Kind, Name: p.Name, Enabled: p.Enabled, TestOnly: kind.TestOnly,
		Priority: p.Priority, Settings: p.Settings, SecretsSet: secrets, CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
	if s.deps.Health != nil {
		if h, ok := s.deps.Health(p.ID); ok {
			out.Health = healthOf(&h)
		}
	}
	s.connections(p.ID, out)
	if kind.CallsBack && c.p.Can(account.ProvidersWrite) {
		out.CallbackURL = s.deps.Callbacks.URL(p.ID)
	}
	if out.Settings == nil {
		out.Settings = map[string]string{}
	}
	if out.SecretsSet == nil {
		out.SecretsSet = []string{}
	}
	return out, nil
}

// connections tells what a provider holds open.
func (s *Server) connections(id smsir.UUID, out *api.Provider) {
	if s.deps.Connected == nil {
		return
	}
	held := s.deps.Connected(id)
	if held == nil {
		return
	}
	out.Notes = held.Notes()
	for _, c := range held.Connections() {
		out.Connections = append(out.Connections, api.Connection{
			Name: c.Name, Up: c.Up, Since: api.Time(c.Since), LastSeenAt: api.Time(c.LastSeen), Waiting: c.Waiting, Window: c.Window, Error: c.Error,
		})
	}
}

func healthOf(h *dispatch.Health) *api.ProviderHealth {
	return &api.ProviderHealth{
		State: h.State.String(), Since: api.Time(h.Since), Until: api.Time(h.Until), Error: api.FailureOf(h.Why),
		Waiting: h.Waiting, Sending: h.Sending, Rate: h.Rate,
	}
}

func (s *Server) createProvider(c *call, in *struct{ Body api.ProviderCreate }) (*api.Provider, error) {
	b := &in.Body
	d := upstream.Draft{Kind: b.Kind, Name: b.Name, Settings: b.Settings, Enabled: b.Enabled == nil || *b.Enabled, Priority: 100}
	if b.Priority != nil {
		d.Priority = *b.Priority
	}
	if err := s.guardSecrets(c, b.Kind, b.Settings, nil); err != nil {
		return nil, err
	}
	p, err := s.deps.Providers.Create(c.ctx(), c.p.Workspace.ID, d, c.by())
	if err != nil {
		return nil, err
	}
	s.names.forget(c.p.Workspace.ID)
	return s.providerOf(c, p)
}

func (s *Server) updateProvider(c *call, in *struct {
	ID   string `path:"id" doc:"Identifier of the provider." example:"prv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Body api.ProviderUpdate
},
) (*api.Provider, error) {
	old, err := s.provider(c, in.ID)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	if err := s.guardSecrets(c, old.Kind, b.Settings, b.ClearSecrets); err != nil {
		return nil, err
	}
	p, err := s.deps.Providers.Update(c.ctx(), c.p.Workspace.ID, old.ID, upstream.Change{
		Name: b.Name, Settings: b.Settings,
		ClearSecrets: b.ClearSecrets, Enabled: b.Enabled, Priority: b.Priority,
	}, c.by())
	if err != nil {
		return nil, err
	}
	s.names.forget(c.p.Workspace.ID)
	return s.providerOf(c, p)
}

// guardSecrets asks for the password before a secret of a provider changes.
func (s *Server) guardSecrets(c *call, kind string, settings map[string]string, cleared []string) error {
	k, ok := s.deps.Providers.Kind(kind)
	if !ok || !upstream.ChangesSecrets(k, settings, cleared) {
		return nil
	}
	return c.p.RequireReauth()
}

type providerTest struct {
	ID   string `path:"id" doc:"Identifier of the provider." example:"prv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Key  string `header:"Idempotency-Key" doc:"1 to 255 printable ASCII characters: makes a retry safe." example:"5f0c8e0a-7c1e"`
	Body api.ProviderTest
}

// testText is sent when a test does not say what.
const testText = "This is a test message from SMSir."

func (s *Server) testProvider(c *call, in *providerTest) (raw, error) {
	p, err := s.provider(c, in.ID)
	if err != nil {
		return raw{}, err
	}
	text := in.Body.Text
	if text == "" {
		text = testText
	}
	return s.send(c, in.Key, &in.Body, accept.Request{To: in.Body.To, Text: text, From: in.Body.From, Provider: p.ID})
}
