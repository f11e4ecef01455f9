package httpd

import (
	"strconv"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/routing"
)

// registerRoutes registers the routing rules of a workspace.
func (s *Server) registerRoutes(b *builder) {
	const changes = "With If-Match, the rule must still have this ETag (problem `stale`)."
	handle(b, route{Method: "GET", Path: "/v1/routes", ID: "listRoutes", Tag: "Routes", ETag: true, Summary: "List the routing rules, in the order in which they are asked"},
		func(c *call, _ *struct{}) (*api.RouteList, error) { return s.routeList(c) })
	handle(b, route{Method: "GET", Path: "/v1/routes/{id}", ID: "getRoute", Tag: "Routes", Summary: "One routing rule", Text: "The ETag names its version."},
		func(c *call, in *routeID) (*api.Route, error) {
			id, err := parseUUID(smsir.PrefixRoute, in.ID)
			if err != nil {
				return nil, err
			}
			r, err := s.deps.Routes.Rule(c.ctx(), c.p.Workspace.ID, id)
			return c.route(r, err)
		})
	handle(b, route{
		Method: "POST", Path: "/v1/routes", ID: "createRoute", Tag: "Routes", Status: 201, Errors: []int{409},
		Summary: "Add a routing rule", Text: "It goes behind the others.",
	},
		func(c *call, in *struct{ Body api.RouteCreate }) (*api.Route, error) {
			r, err := s.deps.Routes.Create(c.ctx(), c.p.Workspace.ID, &in.Body, c.author())
			return c.route(r, err)
		})
	handle(b, route{Method: "PATCH", Path: "/v1/routes/{id}", ID: "updateRoute", Tag: "Routes", Errors: []int{412}, Summary: "Change a routing rule", Text: changes},
		func(c *call, in *struct {
			ID      string `path:"id" doc:"Identifier of the rule." example:"rte_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			IfMatch string `header:"If-Match" doc:"The ETag of the rule as it was read." example:"\"3\""`
			Body    api.RouteUpdate
		},
		) (*api.Route, error) {
			id, version, err := ruleVersion(in.ID, in.IfMatch)
			if err != nil {
				return nil, err
			}
			r, err := s.deps.Routes.Update(c.ctx(), c.p.Workspace.ID, id, version, &in.Body, c.author())
			return c.route(r, err)
		})
	handle(b, route{Method: "DELETE", Path: "/v1/routes/{id}", ID: "deleteRoute", Tag: "Routes", Errors: []int{412}, Summary: "Remove a routing rule", Text: changes},
		func(c *call, in *struct {
			ID      string `path:"id" doc:"Identifier of the rule." example:"rte_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			IfMatch string `header:"If-Match" doc:"The ETag of the rule as it was read." example:"\"3\""`
		},
		) (*none, error) {
			id, version, err := ruleVersion(in.ID, in.IfMatch)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Routes.Delete(c.ctx(), c.p.Workspace.ID, id, version, c.author())
		})
	handle(b, route{
		Method: "PUT", Path: "/v1/routes/order", ID: "orderRoutes", Tag: "Routes", Errors: []int{409},
		Summary: "Put the routing rules in order", Text: "The list must name every rule of the workspace; so nobody orders rules that somebody else has just added.",
	}, s.orderRoutes)
	handle(b, route{
		Method: "POST", Path: "/v1/routes/explain", ID: "explainRoute", Tag: "Routes", Errors: []int{404},
		Summary: "Ask who would take a message, and why", Text: "Nothing is sent. The answer comes from the rules that decide for real messages, with the providers as they are now. Of a weighted group the one with the largest share comes first.",
	},
		func(c *call, in *struct{ Body api.RouteQuestion }) (*api.RouteExplanation, error) {
			if in.Body.Message != "" {
				if err := c.p.Require(account.MessagesRead); err != nil {
					return nil, err
				}
			}
			return s.deps.Routes.Explain(c.ctx(), c.p.Workspace, &in.Body)
		})
}

type routeID struct {
	ID string `path:"id" doc:"Identifier of the rule." example:"rte_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

// author is who makes a change of the rules.
func (c *call) author() routing.By { return routing.By{Actor: c.p.Actor, IP: c.peer().IP.String()} }

// ruleVersion reads a rule's identifier and the version that If-Match asks for, 0 for any.
func ruleVersion(id, ifMatch string) (smsir.UUID, int64, error) {
	u, err := parseUUID(smsir.PrefixRoute, id)
	if err != nil || ifMatch == "" || ifMatch == "*" {
		return u, 0, err
	}
	version, err := strconv.ParseInt(strings.Trim(ifMatch, `"`), 10, 64)
	if err != nil || version < 1 {
		return u, 0, smsir.Errorf(smsir.CodeStale, "If-Match does not hold the ETag of a routing rule. Send the one that reading the rule gave, with its quotes, such as \"3\".")
	}
	return u, version, nil
}

func (s *Server) routeList(c *call) (*api.RouteList, error) {
	all, err := s.deps.Routes.List(c.ctx(), c.p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	out := &api.RouteList{Items: make([]api.Route, len(all)), TimeZone: c.p.Workspace.TimeZone, Limit: routing.Limit}
	for i := range all {
		out.Items[i] = ruleOf(&all[i])
	}
	return out, nil
}

func (s *Server) orderRoutes(c *call, in *struct{ Body api.RouteOrder }) (*api.RouteList, error) {
	ids := make([]smsir.UUID, len(in.Body.IDs))
	for i, id := range in.Body.IDs {
		var err error
		if ids[i], err = smsir.ParseUUID(smsir.PrefixRoute, id); err != nil {
			return nil, invalid("ids["+strconv.Itoa(i)+"]", faultFormat, "This is not the identifier of a routing rule.")
		}
	}
	if err := s.deps.Routes.Order(c.ctx(), c.p.Workspace.ID, ids, c.author()); err != nil {
		return nil, err
	}
	return s.routeList(c)
}

// route answers with a rule, and with its version as the ETag.
func (c *call) route(r *routing.Rule, err error) (*api.Route, error) {
	if err != nil {
		return nil, err
	}
	c.w.Header().Set("ETag", `"`+strconv.FormatInt(r.Version, 10)+`"`)
	out := ruleOf(r)
	return &out, nil
}

func ruleOf(r *routing.Rule) api.Route {
	return api.Route{
		ID: r.ID.Format(smsir.PrefixRoute), Name: r.Name, Enabled: r.Enabled, Position: r.Position, RouteRule: r.Says,
		Version: int(r.Version), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}
