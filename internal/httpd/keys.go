package httpd

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/store"
)

// registerKeys registers the credentials of programs.
func (s *Server) registerKeys(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/api-keys", ID: "listAPIKeys", Tag: "API keys", Summary: "List the API keys, and what a key can be given"}, s.listKeys)
	handle(b, route{
		Method: "POST", Path: "/v1/api-keys", ID: "createAPIKey", Tag: "API keys", Status: 201, Errors: []int{403},
		Summary: "Create an API key", Text: "The answer holds the secret, this once. Needs a recent password (problem `reauth_required`).",
	}, s.createKey)
	handle(b, route{Method: "DELETE", Path: "/v1/api-keys/{id}", ID: "revokeAPIKey", Tag: "API keys", Summary: "Revoke an API key", Text: "It stops working at once."},
		func(c *call, in *struct {
			ID string `path:"id" doc:"Identifier of the key." example:"key_01k0c2v6sf7m8x0v3w6n9d5qhe"`
		},
		) (*none, error) {
			id, err := parseUUID(smsir.PrefixKey, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Accounts.RevokeKey(c.ctx(), c.p, id, c.peer())
		})
}

func (s *Server) listKeys(c *call, _ *struct{}) (*api.APIKeyList, error) {
	all, err := s.deps.Accounts.Keys(c.ctx(), c.p)
	if err != nil {
		return nil, err
	}
	actors := make([]smsir.Actor, len(all))
	for i := range all {
		actors[i] = smsir.Actor{Kind: smsir.ActorUser, ID: all[i].CreatedBy}
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil, actors...)
	if err != nil {
		return nil, err
	}
	out := &api.APIKeyList{Items: make([]api.APIKey, len(all)), Scopes: []api.Scope{}}
	for i := range all {
		out.Items[i] = keyOf(&all[i], names)
	}
	for _, r := range account.Rules() {
		if r.Key {
			out.Scopes = append(out.Scopes, api.Scope{Scope: string(r.Permission), Help: r.Help})
		}
	}
	return out, nil
}

func (s *Server) createKey(c *call, in *struct{ Body api.APIKeyCreate }) (*api.APIKeyCreated, error) {
	scopes := make([]account.Permission, len(in.Body.Scopes))
	for i, scope := range in.Body.Scopes {
		scopes[i] = account.Permission(scope)
	}
	got, err := s.deps.Accounts.CreateKey(c.ctx(), c.p, account.KeyRequest{
		Name: in.Body.Name, Scopes: scopes,
		ExpiresAt: timeOf(in.Body.ExpiresAt),
	}, c.peer())
	if err != nil {
		return nil, err
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil, c.p.Actor)
	if err != nil {
		return nil, err
	}
	return &api.APIKeyCreated{APIKey: keyOf(&got.APIKey, names), Secret: got.Secret}, nil
}

func keyOf(k *store.APIKey, names api.Names) api.APIKey {
	out := api.APIKey{
		ID: k.ID.Format(smsir.PrefixKey), Name: k.Name, Hint: k.Hint, Scopes: k.Scopes, CreatedAt: k.CreatedAt.UTC(),
		ExpiresAt: api.Time(k.ExpiresAt), LastUsedAt: api.Time(k.LastUsedAt), RevokedAt: api.Time(k.RevokedAt),
	}
	if out.Scopes == nil {
		out.Scopes = []string{}
	}
	if !k.CreatedBy.IsZero() {
		by := api.ActorOf(smsir.Actor{Kind: smsir.ActorUser, ID: k.CreatedBy}, names)
		out.CreatedBy = &by
	}
	return out
}
