package storetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func newRoute(name string, workspace smsir.UUID) store.RouteRule {
	return store.RouteRule{
		ID: smsir.NewUUID(base), Workspace: workspace, Name: name, Enabled: true, Rule: `{"of":"` + name + `"}`, CreatedAt: base, UpdatedAt: base,
	}
}

func createRoute(t *testing.T, s AccountStore, r store.RouteRule) *store.RouteRule {
	t.Helper()
	got, err := s.CreateRoute(t.Context(), r, 100, audit("route.created", r.Workspace))
	must(t, "CreateRoute("+r.Name+")", err)
	return got
}

// routeNames are those of a workspace's rules, in order.
func routeNames(t *testing.T, s AccountStore, workspace smsir.UUID) (names []string) {
	t.Helper()
	list, err := s.ListRoutes(t.Context(), workspace)
	must(t, "ListRoutes", err)
	for _, r := range list {
		names = append(names, r.Name)
	}
	return names
}

func routes(t *testing.T, s AccountStore) {
	ctx := t.Context()
	w := register(t, s, newRegistration("ada@example.com")).Workspace.ID
	other := register(t, s, newRegistration("eve@example.com")).Workspace.ID
	given := newRoute("First", w)
	given.Position, given.Version = 7, 9
	first := createRoute(t, s, given)
	given.Position, given.Version = 0, 1
	same(t, "a new rule", first, &given)
	second := createRoute(t, s, newRoute("Second", w))
	createRoute(t, s, newRoute("Theirs", other))
	got, err := s.Route(ctx, w, second.ID)
	must(t, "Route", err)
	same(t, "Route", got, second)
	same(t, "rules, in order", routeNames(t, s, w), []string{"First", "Second"})
	list, err := s.ListRoutes(ctx, smsir.UUID{})
	must(t, "ListRoutes", err)
	if len(list) != 3 {
		t.Errorf("ListRoutes of all workspaces: got %d, want 3", len(list))
	}
	_, err = s.CreateRoute(ctx, newRoute("Third", w), 2, audit("x", w))
	wantCode(t, "one rule too many", err, smsir.CodeConflict, "")
	must(t, "DeleteRoute", s.DeleteRoute(ctx, w, first.ID, 1, audit("route.deleted", w)))
	_, err = s.Route(ctx, w, first.ID)
	wantCode(t, "a deleted rule", err, smsir.CodeNotFound, "")
	wantCode(t, "deleted twice", s.DeleteRoute(ctx, w, first.ID, 1, audit("x", w)), smsir.CodeNotFound, "")
	_, err = s.UpdateRoute(ctx, *first, audit("x", w))
	wantCode(t, "changed after deletion", err, smsir.CodeNotFound, "")
	createRoute(t, s, newRoute("Third", w))
	same(t, "rules after a deletion", routeNames(t, s, w), []string{"Second", "Third"})
	_, err = s.CreateRoute(ctx, newRoute("Nowhere", smsir.UUID{9}), 2, audit("x", w))
	wantCode(t, "a rule of no workspace", err, smsir.CodeNotFound, "")
	same(t, "audit", auditActions(t, ctx, s, w)[:3], []string{"route.created", "route.deleted", "route.created"})
}

func routeVersions(t *testing.T, s AccountStore) {
	ctx := t.Context()
	w := register(t, s, newRegistration("ada@example.com")).Workspace.ID
	createRoute(t, s, newRoute("First", w))
	r := createRoute(t, s, newRoute("Second", w))
	change := *r
	change.Name, change.Rule, change.Enabled, change.UpdatedAt = "Renamed", `{"of":"something else"}`, false, at(time.Minute)
	change.Position, change.CreatedAt = 5, at(time.Hour)
	got, err := s.UpdateRoute(ctx, change, audit("route.updated", w))
	must(t, "UpdateRoute", err)
	want := change
	want.Version, want.Position, want.CreatedAt = 2, 1, base
	same(t, "the changed rule", got, &want)
	_, err = s.UpdateRoute(ctx, change, audit("x", w))
	wantCode(t, "changed in a version that has passed", err, smsir.CodeStale, "")
	wantCode(t, "deleted in a version that has passed", s.DeleteRoute(ctx, w, r.ID, 1, audit("x", w)), smsir.CodeStale, "")
	got, err = s.Route(ctx, w, r.ID)
	must(t, "Route", err)
	same(t, "the rule after it all", got, &want)
	must(t, "DeleteRoute", s.DeleteRoute(ctx, w, r.ID, 2, audit("route.deleted", w)))
}

func routeOrder(t *testing.T, s AccountStore) {
	ctx := t.Context()
	w := register(t, s, newRegistration("ada@example.com")).Workspace.ID
	a, b, c := createRoute(t, s, newRoute("A", w)), createRoute(t, s, newRoute("B", w)), createRoute(t, s, newRoute("C", w))
	must(t, "OrderRoutes", s.OrderRoutes(ctx, w, []smsir.UUID{c.ID, a.ID, b.ID}, audit("route.ordered", w)))
	same(t, "rules in the new order", routeNames(t, s, w), []string{"C", "A", "B"})
	for what, ids := range map[string][]smsir.UUID{
		"one is missing": {a.ID, b.ID}, "one is twice": {a.ID, b.ID, b.ID}, "one is strange": {a.ID, b.ID, c.ID, {9}}, "none": nil,
	} {
		wantCode(t, "OrderRoutes, "+what, s.OrderRoutes(ctx, w, ids, audit("x", w)), smsir.CodeConflict, "ids")
	}
	same(t, "rules after refused orders", routeNames(t, s, w), []string{"C", "A", "B"})
	got, err := s.Route(ctx, w, a.ID)
	if err != nil || got.Version != 1 || got.Position != 1 {
		t.Errorf("a rule in a new order: got %+v, %v, want version 1 at position 1", got, err)
	}
	createRoute(t, s, newRoute("D", w))
	same(t, "a new rule goes behind", routeNames(t, s, w), []string{"C", "A", "B", "D"})
	same(t, "audit", auditActions(t, ctx, s, w)[1], "route.ordered")
}

func routeRace(t *testing.T, s AccountStore) {
	w := register(t, s, newRegistration("ada@example.com")).Workspace.ID
	const n = 8
	var wait sync.WaitGroup
	for range n {
		wait.Go(func() {
			if _, err := s.CreateRoute(t.Context(), newRoute("Rule", w), n, audit("route.created", w)); err != nil {
				t.Errorf("CreateRoute: %v", err)
			}
		})
	}
	wait.Wait()
	list, err := s.ListRoutes(t.Context(), w)
	must(t, "ListRoutes", err)
	var got, want []int
	for i, r := range list {
		got, want = append(got, r.Position), append(want, i)
	}
	if len(list) != n || !slices.Equal(got, want) {
		t.Errorf("positions: got %v, want 0 to %d", got, n-1)
	}
}
