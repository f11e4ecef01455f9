package httpd

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
)

// registerMe registers who one is, and where.
func (s *Server) registerMe(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/me", ID: "getMe", Tag: "Session", Summary: "Who asks, and what they may do"},
		func(c *call, _ *struct{}) (*api.Me, error) { return s.me(c) })
	handle(b, route{Method: "PATCH", Path: "/v1/me", ID: "updateMe", Tag: "Session", Summary: "Change one's own name and number"},
		func(c *call, in *struct{ Body api.UserUpdate }) (*api.Me, error) {
			if in.Body.Name != nil || in.Body.Phone != nil {
				change := account.SelfChange{Name: in.Body.Name, Phone: in.Body.Phone}
				if err := s.deps.Accounts.UpdateSelf(c.ctx(), c.p, change, c.peer()); err != nil {
					return nil, err
				}
				s.names.forget(c.p.Workspace.ID)
				if err := c.recheck(); err != nil {
					return nil, err
				}
			}
			return s.me(c)
		})
	handle(b, route{Method: "GET", Path: "/v1/workspaces", ID: "listWorkspaces", Tag: "Session", Summary: "List one's own workspaces"},
		func(c *call, _ *struct{}) (*api.PlaceList, error) {
			places, err := s.deps.Accounts.Workspaces(c.ctx(), c.p)
			if err != nil {
				return nil, err
			}
			out := &api.PlaceList{Items: make([]api.Place, len(places))}
			for i, p := range places {
				out.Items[i] = api.Place{Workspace: workspaceOf(&p.Workspace), Role: p.Role.String(), Current: p.Workspace.ID == c.p.Workspace.ID}
			}
			return out, nil
		})
	handle(b, route{
		Method: "POST", Path: "/v1/workspaces/{id}/switch", ID: "switchWorkspace", Tag: "Session",
		Summary: "Look at another workspace of one's own", Text: "The session stays the same.",
	},
		func(c *call, in *struct {
			ID string `path:"id" doc:"Identifier of the workspace." example:"wks_01k0c2v6sf7m8x0v3w6n9d5qhe"`
		},
		) (*api.Me, error) {
			id, err := parseUUID(smsir.PrefixWorkspace, in.ID)
			if err != nil {
				return nil, err
			}
			if c.p, err = s.deps.Accounts.SwitchWorkspace(c.ctx(), c.p, id, c.peer()); err != nil {
				return nil, err
			}
			return s.me(c)
		})
}

// recheck loads the caller again after a change to it.
func (c *call) recheck() error {
	p, err := c.s.deps.Accounts.Recheck(c.ctx(), c.p)
	if err == nil {
		c.p = p
	}
	return err
}

// me describes the caller.
func (s *Server) me(c *call) (*api.Me, error) {
	p := c.p
	out := &api.Me{Kind: p.Actor.Kind.String(), Workspace: workspaceOf(p.Workspace), Permissions: wordsOf(p.Permissions())}
	if p.IsKey() {
		key, err := s.ownKey(c)
		if err != nil {
			return nil, err
		}
		out.APIKey = key
		return out, nil
	}
	user := userOf(p.User)
	out.User, out.Role = &user, p.Role.String()
	return out, nil
}

// ownKey describes the key that asks.
func (s *Server) ownKey(c *call) (*api.APIKey, error) {
	keys, err := s.deps.Store.APIKeys(c.ctx(), c.p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	for i := range keys {
		if keys[i].ID == c.p.Actor.ID {
			key := keyOf(&keys[i], nil)
			return &key, nil
		}
	}
	return nil, smsir.Errorf(api.CodeUnauthenticated, "This API key does not exist any more.")
}

func wordsOf(perms []account.Permission) []string {
	words := make([]string, len(perms))
	for i, p := range perms {
		words[i] = string(p)
	}
	return words
}
