package client

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smsir/smsir/api"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	var matches []string
	answer := func(v any) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			matches = append(matches, r.Header.Get("If-Match"))
			says(200, v)(w, r)
		}
	}
	rule := api.Route{ID: "rte_1", Name: "Rule", Version: 3}
	c, gateway := clientOf(t, answer(api.RouteList{Items: []api.Route{rule}}), answer(rule), answer(rule), answer(rule), answer(rule), answer(nil),
		refuses(503, "storage_unavailable", true), answer(api.RouteList{}), answer(api.RouteExplanation{Reason: "rule"}))
	ctx := t.Context()
	list, err := c.Routes(ctx)
	if err != nil || len(list.Items) != 1 || list.Items[0].ID != "rte_1" {
		t.Errorf("Routes: %+v, %v", list, err)
	}
	if r, err := c.Route(ctx, "rte_1"); err != nil || r.Name != "Rule" {
		t.Errorf("Route: %+v, %v", r, err)
	}
	if _, err := c.CreateRoute(ctx, api.RouteCreate{Name: "Rule", RouteRule: api.RouteRule{Then: api.RouteThen{Refuse: true, Reason: "No."}}}); err != nil {
		t.Error(err)
	}
	on := true
	for _, version := range []int{3, 0} {
		if r, err := c.UpdateRoute(ctx, "rte_1", version, api.RouteUpdate{Enabled: &on}); err != nil || r.Version != 3 {
			t.Errorf("UpdateRoute: %+v, %v", r, err)
		}
	}
	if err := c.DeleteRoute(ctx, "rte_1", 3); err != nil {
		t.Error(err)
	}
	if _, err := c.OrderRoutes(ctx, []string{"rte_1"}); err != nil {
		t.Errorf("OrderRoutes was not repeated: %v", err)
	}
	if e, err := c.ExplainRoute(ctx, api.RouteQuestion{To: "+12025550100"}); err != nil || e.Reason != "rule" {
		t.Errorf("ExplainRoute: %+v, %v", e, err)
	}
	var got []string
	for _, r := range gateway.requests() {
		got = append(got, r.Method+" "+r.URI+" "+r.Body)
	}
	if diff := cmp.Diff([]string{
		"GET /v1/routes ", "GET /v1/routes/rte_1 ",
		`POST /v1/routes {"name":"Rule","when":{},"then":{"refuse":true,"reason":"No."},"failover":{}}`,
		`PATCH /v1/routes/rte_1 {"enabled":true}`, `PATCH /v1/routes/rte_1 {"enabled":true}`, "DELETE /v1/routes/rte_1 ",
		`PUT /v1/routes/order {"ids":["rte_1"]}`, `PUT /v1/routes/order {"ids":["rte_1"]}`, `POST /v1/routes/explain {"to":"+12025550100"}`,
	}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"", "", "", `"3"`, "", `"3"`, "", ""}, matches); diff != "" {
		t.Errorf("If-Match (-want +got):\n%s", diff)
	}
}
