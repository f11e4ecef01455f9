package httpd

import (
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/store"
)

// registerWorkspace registers the tenant and its people.
func (s *Server) registerWorkspace(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/workspace", ID: "getWorkspace", Tag: "Workspace", Summary: "The workspace of the caller"},
		func(c *call, _ *struct{}) (*api.Workspace, error) {
			w := workspaceOf(c.p.Workspace)
			return &w, nil
		})
	handle(b, route{Method: "PATCH", Path: "/v1/workspace", ID: "updateWorkspace", Tag: "Workspace", Summary: "Change the workspace"}, s.updateWorkspace)
	handle(b, route{Method: "GET", Path: "/v1/workspace/members", ID: "listMembers", Tag: "Workspace", Summary: "List the people of the workspace"},
		func(c *call, _ *struct{}) (*api.MemberList, error) {
			all, err := s.deps.Accounts.Members(c.ctx(), c.p)
			if err != nil {
				return nil, err
			}
			out := &api.MemberList{Items: make([]api.Member, len(all))}
			for i := range all {
				out.Items[i] = memberOf(&all[i])
			}
			return out, nil
		})
	handle(b, route{
		Method: "PATCH", Path: "/v1/workspace/members/{id}", ID: "updateMember", Tag: "Workspace", Errors: []int{409},
		Summary: "Change a person's role", Text: "Only an owner makes or changes an owner; the last owner stays one.",
	}, s.updateMember)
	handle(b, route{
		Method: "DELETE", Path: "/v1/workspace/members/{id}", ID: "removeMember", Tag: "Workspace", Errors: []int{409},
		Summary: "Remove a person from the workspace", Text: "Needs the permission `members:write`; anybody may leave by themselves.",
	},
		func(c *call, in *memberID) (*none, error) {
			id, err := parseUUID(smsir.PrefixUser, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Accounts.RemoveMember(c.ctx(), c.p, id, c.peer())
		})
}

type memberID struct {
	ID string `path:"id" doc:"Identifier of the user." example:"usr_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

func (s *Server) updateWorkspace(c *call, in *struct{ Body api.WorkspaceUpdate }) (*api.Workspace, error) {
	change := account.WorkspaceChange{
		Name: in.Body.Name, Country: in.Body.Country, TimeZone: in.Body.TimeZone,
		Smart: in.Body.SmartEncoding, Paused: in.Body.Paused, Registered: in.Body.RegisteredSendersOnly,
	}
	if in.Body.OnUnknown != nil {
		policy, _ := smsir.ParseOnUnknown(*in.Body.OnUnknown) // one of its words, as the tags demand
		change.OnUnknown = &policy
	}
	if n := in.Body.QueueMaxCount; n != nil {
		count := int64(*n)
		change.QueueCount = &count
	}
	if age := in.Body.QueueMaxAgeSeconds; age != nil {
		d := time.Duration(*age) * time.Second
		change.QueueAge = &d
	}
	if q := in.Body.Quiet; q != nil {
		change.Quiet = &store.QuietHours{From: q.From, To: q.To}
	}
	w, err := s.deps.Accounts.UpdateWorkspace(c.ctx(), c.p, change, c.peer())
	if err != nil {
		return nil, err
	}
	out := workspaceOf(w)
	return &out, nil
}

func (s *Server) updateMember(c *call, in *struct {
	ID   string `path:"id" doc:"Identifier of the user." example:"usr_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Body api.MemberUpdate
},
) (*api.Member, error) {
	id, err := parseUUID(smsir.PrefixUser, in.ID)
	if err != nil {
		return nil, err
	}
	role, _ := store.ParseRole(in.Body.Role) // one of its words, as the tags demand
	if err := s.deps.Accounts.SetRole(c.ctx(), c.p, id, role, c.peer()); err != nil {
		return nil, err
	}
	all, err := s.deps.Store.Members(c.ctx(), c.p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].User == id {
			m := memberOf(&all[i])
			return &m, nil
		}
	}
	return nil, smsir.Errorf(smsir.CodeNotFound, "no such member")
}

func memberOf(m *store.Membership) api.Member {
	return api.Member{ID: m.User.Format(smsir.PrefixUser), Name: m.Name, Email: m.Email, Role: m.Role.String(), JoinedAt: m.JoinedAt.UTC()}
}

// registerInvites registers invitations.
func (s *Server) registerInvites(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/invites", ID: "listInvites", Tag: "Workspace", Summary: "List the open invitations"},
		func(c *call, _ *struct{}) (*api.InviteList, error) {
			all, err := s.deps.Accounts.Invites(c.ctx(), c.p)
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
			out := &api.InviteList{Items: make([]api.Invite, len(all))}
			for i := range all {
				out.Items[i] = inviteOf(&all[i], names)
			}
			return out, nil
		})
	handle(b, route{
		Method: "POST", Path: "/v1/invites", ID: "createInvite", Tag: "Workspace", Status: 201, Errors: []int{409},
		Summary: "Invite a person", Text: "The answer holds the code, this once: hand the link to the person. Only an owner invites owners.",
	},
		func(c *call, in *struct{ Body api.InviteCreate }) (*api.InviteCreated, error) {
			role, _ := store.ParseRole(in.Body.Role) // one of its words, as the tags demand
			got, err := s.deps.Accounts.Invite(c.ctx(), c.p, in.Body.Email, role, c.peer())
			if err != nil {
				return nil, err
			}
			names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil, c.p.Actor)
			if err != nil {
				return nil, err
			}
			return &api.InviteCreated{
				Invite: inviteOf(&got.Invite, names), Code: got.Code,
				URL: s.baseURL(c) + "/register#invite=" + got.Code,
			}, nil
		})
	handle(b, route{Method: "DELETE", Path: "/v1/invites/{id}", ID: "revokeInvite", Tag: "Workspace", Summary: "Withdraw an invitation"},
		func(c *call, in *struct {
			ID string `path:"id" doc:"Identifier of the invitation." example:"inv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
		},
		) (*none, error) {
			id, err := parseUUID(smsir.PrefixInvite, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Accounts.RevokeInvite(c.ctx(), c.p, id, c.peer())
		})
	handle(b, route{
		Method: "POST", Path: "/v1/invites/lookup", ID: "lookupInvite", Tag: "Session", Errors: []int{429},
		Summary: "What an invitation's code is for", Text: "For a person who is about to register.",
	},
		func(c *call, in *struct{ Body api.InviteLookup }) (*api.InviteInfo, error) {
			got, err := s.deps.Accounts.PreviewInvite(c.ctx(), in.Body.Code)
			if err != nil {
				return nil, err
			}
			return &api.InviteInfo{WorkspaceName: got.Workspace, Email: got.Email, Role: got.Role.String(), ExpiresAt: got.ExpiresAt.UTC()}, nil
		})
	handle(b, route{
		Method: "POST", Path: "/v1/invites/accept", ID: "acceptInvite", Tag: "Session", Errors: []int{409, 429},
		Summary: "Join a workspace with an account one has already",
	},
		func(c *call, in *struct{ Body api.InviteLookup }) (*none, error) {
			return &none{}, s.deps.Accounts.AcceptInvite(c.ctx(), c.p, in.Body.Code, c.peer())
		})
}

func inviteOf(in *store.Invite, names api.Names) api.Invite {
	out := api.Invite{
		ID: in.ID.Format(smsir.PrefixInvite), Email: in.Email, Role: in.Role.String(),
		CreatedAt: in.CreatedAt.UTC(), ExpiresAt: in.ExpiresAt.UTC(), AcceptedAt: api.Time(in.AcceptedAt),
	}
	if !in.CreatedBy.IsZero() {
		by := api.ActorOf(smsir.Actor{Kind: smsir.ActorUser, ID: in.CreatedBy}, names)
		out.CreatedBy = &by
	}
	return out
}

// baseURL is the address under which people reach the server.
func (s *Server) baseURL(c *call) string {
	if s.deps.PublicURL != "" {
		return s.deps.PublicURL
	}
	scheme := "http"
	if s.isHTTPS(c.r) {
		scheme = "https"
	}
	return scheme + "://" + c.r.Host
}

// registerInstance registers the whole server's settings.
func (s *Server) registerInstance(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/instance", ID: "getInstance", Tag: "Instance", Summary: "The settings of the server"},
		func(c *call, _ *struct{}) (*api.Instance, error) { return s.instance(c) })
	handle(b, route{Method: "PATCH", Path: "/v1/instance", ID: "updateInstance", Tag: "Instance", Summary: "Change the settings of the server"},
		func(c *call, in *struct{ Body api.InstanceUpdate }) (*api.Instance, error) {
			if in.Body.Registration != nil {
				if err := s.deps.Accounts.SetRegistration(c.ctx(), c.p, config.Registration(*in.Body.Registration), c.peer()); err != nil {
					return nil, err
				}
			}
			return s.instance(c)
		})
}

func (s *Server) instance(c *call) (*api.Instance, error) {
	registration, err := s.deps.Accounts.Registration(c.ctx())
	if err != nil {
		return nil, err
	}
	return &api.Instance{Version: s.deps.Version, Registration: string(registration)}, nil
}
