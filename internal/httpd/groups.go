package httpd

import (
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/audience"
	"github.com/smsir/smsir/internal/store"
)

// registerGroups registers sets of contacts.
func (s *Server) registerGroups(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/groups", ID: "listGroups", Tag: "Contacts", Summary: "List the groups"},
		func(c *call, _ *struct{}) (*api.GroupList, error) {
			all, err := s.deps.Store.Groups(c.ctx(), c.p.Workspace.ID)
			if err != nil {
				return nil, err
			}
			out := &api.GroupList{Items: make([]api.Group, len(all))}
			for i := range all {
				g, err := s.groupOf(c, &all[i])
				if err != nil {
					return nil, err
				}
				out.Items[i] = *g
			}
			return out, nil
		})
	handle(b, route{Method: "POST", Path: "/v1/groups", ID: "createGroup", Tag: "Contacts", Status: 201, Errors: []int{409}, Summary: "Add a group"},
		func(c *call, in *struct{ Body api.GroupCreate }) (*api.Group, error) {
			g, err := s.deps.Audience.CreateGroup(c.ctx(), c.p.Workspace.ID, audience.GroupDraft{Name: &in.Body.Name, Filter: filterFrom(in.Body.Filter)}, c.byAudience())
			if err != nil {
				return nil, err
			}
			return s.groupOf(c, g)
		})
	handle(b, route{Method: "GET", Path: "/v1/groups/{id}", ID: "getGroup", Tag: "Contacts", Summary: "One group"},
		func(c *call, in *groupID) (*api.Group, error) {
			id, err := parseUUID(smsir.PrefixGroup, in.ID)
			if err != nil {
				return nil, err
			}
			g, err := s.deps.Store.Group(c.ctx(), c.p.Workspace.ID, id)
			if err != nil {
				return nil, err
			}
			return s.groupOf(c, g)
		})
	handle(b, route{Method: "PATCH", Path: "/v1/groups/{id}", ID: "updateGroup", Tag: "Contacts", Errors: []int{409}, Summary: "Change a group"},
		func(c *call, in *struct {
			ID   string `path:"id" doc:"Identifier of the group." example:"grp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			Body api.GroupUpdate
		},
		) (*api.Group, error) {
			id, err := parseUUID(smsir.PrefixGroup, in.ID)
			if err != nil {
				return nil, err
			}
			g, err := s.deps.Audience.UpdateGroup(c.ctx(), c.p.Workspace.ID, id, audience.GroupDraft{Name: in.Body.Name, Filter: filterFrom(in.Body.Filter)}, c.byAudience())
			if err != nil {
				return nil, err
			}
			return s.groupOf(c, g)
		})
	handle(b, route{Method: "DELETE", Path: "/v1/groups/{id}", ID: "deleteGroup", Tag: "Contacts", Summary: "Remove a group", Text: "Its contacts stay."},
		func(c *call, in *groupID) (*none, error) {
			id, err := parseUUID(smsir.PrefixGroup, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Audience.DeleteGroup(c.ctx(), c.p.Workspace.ID, id, c.byAudience())
		})
	handle(b, route{Method: "POST", Path: "/v1/groups/{id}/members", ID: "changeGroupMembers", Tag: "Contacts", Audit: "group.members_changed", Summary: "Put contacts into a group, or take them out"},
		func(c *call, in *struct {
			ID   string `path:"id" doc:"Identifier of the group." example:"grp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			Body api.GroupMembers
		},
		) (*none, error) {
			id, err := parseUUID(smsir.PrefixGroup, in.ID)
			if err != nil {
				return nil, err
			}
			add, err := parseUUIDs(smsir.PrefixContact, "add", in.Body.Add)
			if err != nil {
				return nil, err
			}
			remove, err := parseUUIDs(smsir.PrefixContact, "remove", in.Body.Remove)
			if err != nil {
				return nil, err
			}
			c.tell("", fmt.Sprintf("%d in, %d out", len(add), len(remove)))
			return &none{}, s.deps.Audience.ChangeGroup(c.ctx(), c.p.Workspace.ID, id, add, remove)
		})
}

type groupID struct {
	ID string `path:"id" doc:"Identifier of the group." example:"grp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

// groupOf shows a group with its size.
func (s *Server) groupOf(c *call, g *store.Group) (*api.Group, error) {
	size, err := s.deps.Store.CountContacts(c.ctx(), g.Workspace, store.ContactQuery{Group: g.ID})
	if err != nil && smsir.CodeOf(err) != smsir.CodeInvalid { // a filter can point at what is gone by now
		return nil, err
	}
	return &api.Group{
		ID: g.ID.Format(smsir.PrefixGroup), Name: g.Name, Filter: filterOut(g.Filter), Size: int(size),
		CreatedAt: g.CreatedAt.UTC(), UpdatedAt: g.UpdatedAt.UTC(),
	}, nil
}

func filterFrom(f *api.ContactFilter) *store.ContactFilter {
	if f == nil {
		return nil
	}
	out := &store.ContactFilter{Any: f.Match == "any", Conditions: make([]store.ContactCondition, len(f.Conditions))}
	for i, c := range f.Conditions {
		out.Conditions[i] = store.ContactCondition(c)
	}
	return out
}

func filterOut(f *store.ContactFilter) *api.ContactFilter {
	if f == nil {
		return nil
	}
	out := &api.ContactFilter{Match: "all", Conditions: make([]api.ContactCondition, len(f.Conditions))}
	if f.Any {
		out.Match = "any"
	}
	for i, c := range f.Conditions {
		out.Conditions[i] = api.ContactCondition(c)
	}
	return out
}

// registerConsent registers who must not be written to, and why.
func (s *Server) registerConsent(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/suppressions", ID: "listSuppressions", Tag: "Consent", Summary: "List the numbers that must not be written to"}, s.listSuppressions)
	handle(b, route{Method: "POST", Path: "/v1/suppressions", ID: "suppress", Tag: "Consent", Audit: "suppression.added", Summary: "Forbid messages to numbers", Text: "It takes effect at once: what is queued to them is blocked."},
		func(c *call, in *struct{ Body api.SuppressionCreate }) (*api.Suppressed, error) {
			n, err := s.deps.Audience.Suppress(c.ctx(), c.p.Workspace, in.Body.Recipients, in.Body.Sender, in.Body.Note, c.byAudience())
			c.tell("", fmt.Sprintf("%d numbers", n))
			return &api.Suppressed{Added: n}, err
		})
	handle(b, route{Method: "POST", Path: "/v1/suppressions/lift", ID: "liftSuppression", Tag: "Consent", Audit: "suppression.lifted", Summary: "Allow messages to a number again"},
		func(c *call, in *struct{ Body api.SuppressionLift }) (*none, error) {
			return &none{}, s.deps.Audience.Allow(c.ctx(), c.p.Workspace.ID, in.Body.Recipient, in.Body.Sender, in.Body.Note, c.byAudience())
		})
	handle(b, route{Method: "GET", Path: "/v1/consents", ID: "listConsents", Tag: "Consent", Summary: "Read the ledger of consent", Text: "Who allowed or forbade what, how, and in which words. Lines are never changed."}, s.listConsents)
}

func (s *Server) listSuppressions(c *call, in *struct {
	Search string `query:"search" maxLength:"20" doc:"A part of the number."`
	Cursor string `query:"cursor" maxLength:"200" doc:"Of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Numbers on a page."`
},
) (*api.SuppressionList, error) {
	query := c.query("cursor", "limit")
	mark, err := s.cursors.readMark(c.p.Workspace.ID, query, in.Cursor)
	if err != nil {
		return nil, err
	}
	var after store.Suppression
	for i, b := range mark {
		if b == 0 {
			after.Recipient, after.Sender = string(mark[:i]), string(mark[i+1:])
			break
		}
	}
	list, err := s.deps.Store.Suppressions(c.ctx(), c.p.Workspace.ID, in.Search, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &api.SuppressionList{Items: []api.Suppression{}}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := list[in.Limit-1]
		out.Next = s.cursors.makeMark(c.p.Workspace.ID, query, []byte(last.Recipient+"\x00"+last.Sender))
	}
	for _, v := range list {
		out.Items = append(out.Items, api.Suppression{Recipient: v.Recipient, Sender: v.Sender, Reason: v.Reason, CreatedAt: v.CreatedAt.UTC()})
	}
	return out, nil
}

func (s *Server) listConsents(c *call, in *struct {
	Recipient string `query:"recipient" maxLength:"20" doc:"Only of this number, E.164." example:"+12025550100"`
	Cursor    string `query:"cursor" maxLength:"200" doc:"Of the page before."`
	Limit     int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Lines on a page."`
},
) (*api.ConsentList, error) {
	query := c.query("cursor", "limit")
	mark, err := s.cursors.readMark(c.p.Workspace.ID, query, in.Cursor)
	if err != nil {
		return nil, err
	}
	var before smsir.UUID
	copy(before[:], mark)
	list, err := s.deps.Store.Consents(c.ctx(), c.p.Workspace.ID, in.Recipient, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &api.ConsentList{Items: []api.Consent{}}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Next = s.cursors.makeMark(c.p.Workspace.ID, query, list[in.Limit-1].ID[:])
	}
	var actors []smsir.Actor
	for _, e := range list {
		actors = append(actors, e.Actor)
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil, actors...)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		line := api.Consent{ID: e.ID.Format("cns"), At: e.At.UTC().Truncate(time.Millisecond), Recipient: e.Recipient, Sender: e.Sender, Allowed: e.Allowed, Source: e.Source, Text: e.Text}
		if e.Inbound != 0 {
			line.Inbound = e.Inbound.Format(smsir.PrefixInbound)
		}
		if !e.Actor.ID.IsZero() {
			by := api.ActorOf(e.Actor, names)
			line.By = &by
		}
		out.Items = append(out.Items, line)
	}
	return out, nil
}
