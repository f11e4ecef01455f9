package route_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
	"pgregory.net/rapid"
)

// question draws a message, a table and candidates.
func question(t *rapid.T) (route.Message, []route.Rule, []route.Candidate) {
	n := rapid.IntRange(0, 6).Draw(t, "providers")
	candidates := make([]route.Candidate, n)
	for i := range candidates {
		candidates[i] = route.Candidate{
			ID: smsir.UUID{byte(i + 1)}, Name: fmt.Sprint("provider ", i+1), Priority: rapid.IntRange(0, 3).Draw(t, "priority"),
			TestOnly: rapid.IntRange(0, 3).Draw(t, "test") == 0,
			Health:   route.Health{State: route.State(rapid.IntRange(0, 5).Draw(t, "state")), Share: rapid.Float64Range(0, 1).Draw(t, "share")}, //nolint:gosec // 0 to 5
		}
		if candidates[i].TestOnly && rapid.Bool().Draw(t, "owns") {
			candidates[i].Own = map[string]struct{}{"+12025550100": {}}
		}
	}
	provider := rapid.Custom(func(t *rapid.T) smsir.UUID { return smsir.UUID{byte(rapid.IntRange(1, 8).Draw(t, "provider"))} })
	rules := make([]route.Rule, rapid.IntRange(0, 4).Draw(t, "rules"))
	for i := range rules {
		rules[i] = route.Rule{
			ID: smsir.UUID{0xff, byte(i)}, Enabled: rapid.IntRange(0, 4).Draw(t, "enabled") > 0, Position: rapid.IntRange(0, 3).Draw(t, "position"),
			When: route.When{Countries: rapid.SliceOfN(rapid.SampledFrom([]string{"GB", "US", "KE"}), 0, 2).Draw(t, "countries")},
			Then: route.Then{
				Refuse: rapid.IntRange(0, 6).Draw(t, "refuse") == 0, PassOn: rapid.Bool().Draw(t, "pass on"),
				Groups: rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) route.Target {
					return route.Target{Provider: provider.Draw(t, "target"), Weight: rapid.IntRange(0, 5).Draw(t, "weight")}
				}), 1, 3), 1, 3).Draw(t, "groups"),
			},
			Failover: route.Failover{OnError: rapid.Bool().Draw(t, "on error"), OnDown: rapid.Bool().Draw(t, "on down")},
		}
	}
	m := route.Message{
		ID: smsir.ID(rapid.Int64Range(1, math.MaxInt64).Draw(t, "id")),
		To: rapid.SampledFrom([]string{"+447700900123", "+12025550100"}).Draw(t, "to"), Country: rapid.SampledFrom([]string{"", "GB", "US"}).Draw(t, "country"),
		Tried: rapid.SliceOfN(provider, 0, 5).Draw(t, "tried"),
	}
	if rapid.IntRange(0, 3).Draw(t, "wish") == 0 {
		m.Provider = provider.Draw(t, "asked for")
	}
	return m, rules, candidates
}

// Whatever is asked: an order names enabled providers only, each once; explaining and planning agree;
// asking again gives the same; and what is explained covers every candidate once.
func TestPlanHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, rules, candidates := question(t)
		table := route.NewTable(nil, rules)
		plan := route.For(m, table, candidates)
		for i, id := range plan.Order {
			if !slices.ContainsFunc(candidates, func(c route.Candidate) bool { return c.ID == id }) {
				t.Errorf("order %v names %v, which is no candidate", plan.Order, id)
			}
			if slices.Contains(plan.Order[:i], id) {
				t.Errorf("order %v names %v twice", plan.Order, id)
			}
		}
		if again := route.For(m, table, candidates); !slices.Equal(again.Order, plan.Order) || again.Reason != plan.Reason {
			t.Errorf("asked again: got %v (%s), before %v (%s)", again.Order, again.Reason, plan.Order, plan.Reason)
		}
		e := route.Explain(m, table, candidates)
		if !slices.Equal(e.Order, plan.Order) || e.Reason != plan.Reason || e.Rule != plan.Rule {
			t.Errorf("explained: got %v (%s), planned %v (%s)", e.Order, e.Reason, plan.Order, plan.Reason)
		}
		if len(e.Providers) != len(candidates) {
			t.Errorf("%d of %d candidates are explained", len(e.Providers), len(candidates))
		}
		var placed []smsir.UUID
		for _, v := range e.Providers {
			if v.Place > 0 {
				placed = append(placed, v.ID)
			}
			if (v.Place > 0) != slices.Contains(plan.Order, v.ID) {
				t.Errorf("%s has place %d, the order is %v", v.Name, v.Place, plan.Order)
			}
		}
		if !slices.Equal(placed, plan.Order) {
			t.Errorf("places %v, order %v", placed, plan.Order)
		}
	})
}

// While nobody fails, a retry without failover, and any other question about the same message, sees
// the same order, whatever other providers come and go.
func TestOrderIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		targets := make([]route.Target, rapid.IntRange(2, 6).Draw(t, "targets"))
		candidates := make([]route.Candidate, len(targets))
		for i := range targets {
			candidates[i].ID = smsir.UUID{byte(i + 1)}
			targets[i] = route.Target{Provider: candidates[i].ID, Weight: rapid.IntRange(1, 100).Draw(t, "weight")}
		}
		rule := with(to(1), func(r *route.Rule) { r.Then.Groups = [][]route.Target{targets} })
		m := route.Message{ID: smsir.ID(rapid.Int64Range(1, math.MaxInt64).Draw(t, "id")), To: "+447700900123"}
		all := route.For(m, route.NewTable(nil, []route.Rule{rule}), candidates).Order
		gone := rapid.IntRange(0, len(candidates)-1).Draw(t, "gone")
		id := candidates[gone].ID
		left := route.For(m, route.NewTable(nil, []route.Rule{rule}), slices.Delete(slices.Clone(candidates), gone, gone+1)).Order
		if want := slices.DeleteFunc(slices.Clone(all), func(o smsir.UUID) bool { return o == id }); !slices.Equal(left, want) {
			t.Errorf("without %v: got %v, want %v", id, left, want)
		}
		slices.Reverse(candidates)
		if turned := route.For(m, route.NewTable(nil, []route.Rule{rule}), candidates).Order; !slices.Equal(turned, all) {
			t.Errorf("candidates in another order: got %v, want %v", turned, all)
		}
	})
}

// The first and the second tries of many messages fall as the weights say. The bound is six standard
// deviations, and the ids are fixed, as a generator makes them.
func TestWeightsConverge(t *testing.T) {
	t.Parallel()
	const n = 100_000
	weights := []int{70, 20, 10, 0}
	var targets []route.Target
	var candidates []route.Candidate
	for i, w := range weights {
		candidates = append(candidates, route.Candidate{ID: smsir.UUID{byte(i + 1), 0x80}})
		targets = append(targets, route.Target{Provider: candidates[i].ID, Weight: w})
	}
	rules := route.NewTable(nil, []route.Rule{with(to(1), func(r *route.Rule) { r.Then.Groups = [][]route.Target{targets} })})
	var firsts [4]int
	var second [4][4]int
	for i := range n {
		id := smsir.ID(int64(i/3)<<22 | int64(i%3)) // some a millisecond
		order := route.For(route.Message{ID: id + 1<<50, To: "+447700900123"}, rules, candidates).Order
		firsts[order[0][0]-1]++
		second[order[0][0]-1][order[1][0]-1]++
	}
	near := func(what string, got, of int, p float64) {
		t.Helper()
		if of := float64(of); math.Abs(float64(got)-of*p) > 6*math.Sqrt(of*p*(1-p)) {
			t.Errorf("%s: %d of %.0f, want %.0f", what, got, of, of*p)
		}
	}
	for i, w := range weights {
		near(fmt.Sprint("first tries of weight ", w), firsts[i], n, float64(w)/100)
	}
	near("second tries of weight 20 after 70", second[0][1], firsts[0], 20./30)
	near("second tries of weight 70 after 10", second[2][0], firsts[2], 70./90)
}

// A recovering provider gets the share of its messages that it is given, always the same ones, and
// more of them as the share grows.
func TestRecovering(t *testing.T) {
	t.Parallel()
	had := map[smsir.ID]bool{}
	for _, share := range []float64{0, 0.1, 0.5, 1} {
		c := in(first, route.Recovering)
		c.Health.Share = share
		got := 0
		for i := range smsir.ID(10_000) {
			id := i<<12 + 1
			order := route.For(route.Message{ID: id, To: "+447700900123"}, nil, []route.Candidate{c, second}).Order
			switch {
			case order[0] == c.ID:
				got++
				had[id] = true
			case had[id]:
				t.Fatalf("share %v: message %v lost the provider that it had with a smaller share", share, id)
			}
		}
		if want := 10_000 * share; math.Abs(float64(got)-want) > 6*math.Sqrt(want*(1-share)) {
			t.Errorf("share %v: got %d of 10000 messages", share, got)
		}
	}
}
