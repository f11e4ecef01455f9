package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/smsir/smsir/api"
)

const routesPath = "/v1/routes"

func routePath(id string) string { return routesPath + "/" + url.PathEscape(id) }

// Routes lists the routing rules of the workspace in the order in which they are asked.
func (c *Client) Routes(ctx context.Context) (*api.RouteList, error) {
	return get[api.RouteList](ctx, c, routesPath, nil)
}

// Route returns one routing rule.
func (c *Client) Route(ctx context.Context, id string) (*api.Route, error) {
	return get[api.Route](ctx, c, routePath(id), nil)
}

// CreateRoute adds a routing rule behind the others.
func (c *Client) CreateRoute(ctx context.Context, r api.RouteCreate) (*api.Route, error) {
	var out api.Route
	err := c.do(ctx, &request{method: http.MethodPost, path: routesPath, body: r}, &out)
	return value(&out, err)
}

// UpdateRoute changes a routing rule that still has the version (code "stale" otherwise); 0 changes
// whichever it is.
func (c *Client) UpdateRoute(ctx context.Context, id string, version int, r api.RouteUpdate) (*api.Route, error) {
	var out api.Route
	err := c.do(ctx, &request{method: http.MethodPatch, path: routePath(id), match: etag(version), body: r}, &out)
	return value(&out, err)
}

// DeleteRoute removes a routing rule that still has the version (code "stale" otherwise); 0 removes
// whichever it is.
func (c *Client) DeleteRoute(ctx context.Context, id string, version int) error {
	return c.do(ctx, &request{method: http.MethodDelete, path: routePath(id), match: etag(version)}, nil)
}

// OrderRoutes puts the routing rules in order: ids must be those of all rules (code "conflict" otherwise).
func (c *Client) OrderRoutes(ctx context.Context, ids []string) (*api.RouteList, error) {
	var out api.RouteList
	err := c.do(ctx, &request{method: http.MethodPut, path: routesPath + "/order", body: api.RouteOrder{IDs: ids}}, &out)
	return value(&out, err)
}

// ExplainRoute tells who would take a message, and why. Nothing is sent.
func (c *Client) ExplainRoute(ctx context.Context, q api.RouteQuestion) (*api.RouteExplanation, error) {
	var out api.RouteExplanation
	err := c.do(ctx, &request{method: http.MethodPost, path: routesPath + "/explain", body: q}, &out)
	return value(&out, err)
}

// etag is what If-Match asks for, "" for any version.
func etag(version int) string {
	if version == 0 {
		return ""
	}
	return strconv.Quote(strconv.Itoa(version))
}
