package route_test

import (
	"slices"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
)

var (
	sim    = route.Candidate{ID: smsir.UUID{1}, Name: "simulator", TestOnly: true, Own: map[string]struct{}{"+12025550100": {}}}
	first  = route.Candidate{ID: smsir.UUID{2}, Name: "first", Priority: 10}
	second = route.Candidate{ID: smsir.UUID{3}, Name: "second", Priority: 20}
	third  = route.Candidate{ID: smsir.UUID{4}, Name: "third", Priority: 30}
)

// well is a candidate in a state of health.
func in(c route.Candidate, s route.State) route.Candidate {
	c.Health.State = s
	return c
}

// ids are those of candidates.
func ids(cs ...route.Candidate) (all []smsir.UUID) {
	for _, c := range cs {
		all = append(all, c.ID)
	}
	return all
}

func TestForWithoutRules(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name       string
		m          route.Message
		candidates []route.Candidate
		want       []smsir.UUID
		reason     route.Reason
	}{
		{"nobody", route.Message{To: "+447700900123"}, nil, nil, route.NoProvider},
		{"only the simulator takes every number", route.Message{To: "+447700900123"}, []route.Candidate{sim}, ids(sim), route.TestMode},
		{"real ones by priority", route.Message{To: "+447700900123"}, []route.Candidate{second, sim, first}, ids(first, second), route.ByPriority},
		{"the simulator keeps its own numbers", route.Message{To: "+12025550100"}, []route.Candidate{first, sim}, ids(sim), route.ByTest},
		{"a wish", route.Message{To: "+447700900123", Provider: second.ID}, []route.Candidate{first, second, sim}, ids(second), route.ByWish},
		{"a wish beats the simulator's numbers", route.Message{To: "+12025550100", Provider: first.ID}, []route.Candidate{first, sim}, ids(first), route.ByWish},
		{"a wish that is not enabled", route.Message{To: "+447700900123", Provider: second.ID}, []route.Candidate{first}, nil, route.NoWish},
		{"one that is down goes last", route.Message{To: "+447700900123"}, []route.Candidate{in(first, route.Down), second}, ids(second, first), route.ByPriority},
		{"one that was tried goes behind", route.Message{To: "+447700900123", Tried: ids(first)}, []route.Candidate{first, second}, ids(second, first), route.ByPriority},
		{"who was tried twice goes behind who was tried once", route.Message{To: "+447700900123", Tried: ids(first, second, first)}, []route.Candidate{first, second, third}, ids(third, second, first), route.ByPriority},
		{"tried is better than down", route.Message{To: "+447700900123", Tried: ids(first)}, []route.Candidate{first, in(second, route.Down)}, ids(first, second), route.ByPriority},
	} {
		for _, table := range []*route.Table{nil, route.NewTable(nil, nil)} {
			got := route.For(tc.m, table, tc.candidates)
			if !slices.Equal(got.Order, tc.want) || got.Reason != tc.reason {
				t.Errorf("%s: got %v (%s), want %v (%s)", tc.name, got.Order, got.Reason, tc.want, tc.reason)
			}
		}
	}
}

// to makes a rule of one group in the order given.
func to(position int, cs ...route.Candidate) route.Rule {
	r := route.Rule{ID: smsir.UUID{0xff, byte(position)}, Enabled: true, Position: position, Failover: route.Failover{OnError: true, OnDown: true}}
	for _, c := range cs {
		r.Then.Groups = append(r.Then.Groups, []route.Target{{Provider: c.ID, Weight: 1}})
	}
	return r
}

func with(r route.Rule, change func(*route.Rule)) route.Rule {
	change(&r)
	return r
}

func TestForWithRules(t *testing.T) {
	t.Parallel()
	all := []route.Candidate{sim, first, second}
	m := route.Message{ID: 7, To: "+447700900123", Country: "GB"}
	asks := route.Message{ID: 7, To: "+447700900123", Provider: first.ID}
	refuse := with(to(1), func(r *route.Rule) { r.Then.Refuse = true })
	passOn := with(to(1, third), func(r *route.Rule) { r.Then.PassOn = true })
	for _, tc := range []struct {
		name       string
		m          route.Message
		rules      []route.Rule
		candidates []route.Candidate
		want       []smsir.UUID
		reason     route.Reason
	}{
		{"a rule beats priority", m, []route.Rule{to(1, second, first)}, all, ids(second, first), route.ByRule},
		{"the first position wins", m, []route.Rule{to(2, first), to(1, second)}, all, ids(second), route.ByRule},
		{"a disabled rule is passed over", m, []route.Rule{with(to(1, first), func(r *route.Rule) { r.Enabled = false }), to(2, second)}, all, ids(second), route.ByRule},
		{"a rule that names a test provider", m, []route.Rule{to(1, sim)}, all, ids(sim), route.ByRule},
		{"no rule matches", m, []route.Rule{with(to(1, second), func(r *route.Rule) { r.When.Countries = []string{"KE"} })}, all, ids(first, second), route.ByPriority},
		{"refused", m, []route.Rule{refuse}, all, nil, route.Refused},
		{"refused against a wish", asks, []route.Rule{refuse}, all, nil, route.Refused},
		{"a wish beats a rule", asks, []route.Rule{to(1, second)}, all, ids(first), route.ByWish},
		{"a wish that a rule allowed is not refused by a later one", asks, []route.Rule{to(0, second), refuse}, all, ids(first), route.ByWish},
		{"a test number stays with its provider", route.Message{To: "+12025550100"}, []route.Rule{to(1, first)}, all, ids(sim), route.ByTest},
		{"a rule sends a test number to its provider, and to no other", route.Message{To: "+12025550100"}, []route.Rule{to(1, first, sim)}, all, ids(sim), route.ByRule},
		{"a test number can be refused", route.Message{To: "+12025550100"}, []route.Rule{refuse}, all, nil, route.Refused},
		{"without an enabled provider it waits", m, []route.Rule{to(1, third), to(2, first)}, all, nil, route.RuleWaits},
		{"or a later rule has it", m, []route.Rule{passOn, to(2, second)}, all, ids(second), route.ByRule},
		{"or the order of priority", m, []route.Rule{passOn}, all, ids(first, second), route.ByPriority},
		{"disabled providers are left out", m, []route.Rule{to(1, third, second)}, all, ids(second), route.ByRule},
		{"a provider named twice stands once", m, []route.Rule{to(1, second, first, second)}, all, ids(second, first), route.ByRule},
	} {
		got := route.For(tc.m, route.NewTable(nil, tc.rules), tc.candidates)
		if !slices.Equal(got.Order, tc.want) || got.Reason != tc.reason {
			t.Errorf("%s: got %v (%s), want %v (%s)", tc.name, got.Order, got.Reason, tc.want, tc.reason)
		}
		if (got.Rule != nil) != (tc.reason == route.ByRule || tc.reason == route.Refused || tc.reason == route.RuleWaits) {
			t.Errorf("%s: rule %v for reason %s", tc.name, got.Rule, got.Reason)
		}
	}
}

// long is a provider whose pause is a long one.
func long(c route.Candidate) route.Candidate {
	c.Health = route.Health{State: route.Throttled, Long: true}
	return c
}

func TestFailover(t *testing.T) {
	t.Parallel()
	down := []route.Candidate{in(first, route.Down), second, third}
	for _, tc := range []struct {
		name       string
		failover   route.Failover
		tried      []smsir.UUID
		candidates []route.Candidate
		want       []smsir.UUID
	}{
		{"none: the first alone, whatever happens", route.Failover{}, ids(first), down, ids(first)},
		{"on error: a down one keeps its place", route.Failover{OnError: true}, nil, down, ids(first, second, third)},
		{"on error: the next one after a refusal", route.Failover{OnError: true}, ids(first), down, ids(second, third, first)},
		{"on error: all were tried, round again", route.Failover{OnError: true}, ids(first, second, third), down, ids(first, second, third)},
		{"on down: others first", route.Failover{OnDown: true}, nil, down, ids(second, third, first)},
		{"on down: a refusal does not move it", route.Failover{OnDown: true}, ids(second), down, ids(second, third, first)},
		{"on down: refused settings are like down", route.Failover{OnDown: true}, nil, []route.Candidate{in(first, route.Misconfigured), second}, ids(second, first)},
		{"on down: a pause is waited for", route.Failover{OnDown: true}, nil, []route.Candidate{in(first, route.Throttled), second}, ids(first, second)},
		{"on down: a long pause is not", route.Failover{OnDown: true}, nil, []route.Candidate{long(first), second}, ids(second, first)},
		{"on error: a long pause is waited for", route.Failover{OnError: true}, nil, []route.Candidate{long(first), second}, ids(first, second)},
		{"on down: the probe goes to who is probed", route.Failover{OnDown: true}, nil, []route.Candidate{in(first, route.Probing), second}, ids(first, second)},
		{"all down: the order at rest", route.Failover{OnDown: true}, nil, []route.Candidate{in(first, route.Down), in(second, route.Down)}, ids(first, second)},
	} {
		rule := with(to(1, first, second, third), func(r *route.Rule) { r.Failover = tc.failover })
		got := route.For(route.Message{ID: 1, To: "+447700900123", Tried: tc.tried}, route.NewTable(nil, []route.Rule{rule}), tc.candidates)
		if !slices.Equal(got.Order, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, got.Order, tc.want)
		}
		if got.Failover != tc.failover {
			t.Errorf("%s: got failover %+v, want %+v", tc.name, got.Failover, tc.failover)
		}
	}
}

func TestWhen(t *testing.T) {
	t.Parallel()
	nairobi, err := time.LoadLocation("Africa/Nairobi")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, nairobi) } // the 2nd is a Monday
	m := route.Message{
		To: "+447700900123", Country: "GB", From: "ACME", Class: smsir.OTP, Tags: []string{"login", "web"},
		At: at(2, 23, 0).UTC(),
	}
	for _, tc := range []struct {
		name string
		when route.When
		want route.Miss
	}{
		{"everything", route.When{}, route.Matches},
		{"prefix", route.When{Prefixes: []string{"+1", "+4477"}}, route.Matches},
		{"other prefix", route.When{Prefixes: []string{"+1", "+477"}}, route.OtherRecipient},
		{"country", route.When{Countries: []string{"KE", "GB"}}, route.Matches},
		{"country or prefix", route.When{Countries: []string{"KE"}, Prefixes: []string{"+44"}}, route.Matches},
		{"neither country nor prefix", route.When{Countries: []string{"KE"}, Prefixes: []string{"+1"}}, route.OtherRecipient},
		{"sender in other letters", route.When{Senders: []string{"Acme"}}, route.Matches},
		{"other sender", route.When{Senders: []string{"AC"}}, route.OtherSender},
		{"class", route.When{Classes: []smsir.Class{smsir.Bulk, smsir.OTP}}, route.Matches},
		{"other class", route.When{Classes: []smsir.Class{smsir.Bulk}}, route.OtherClass},
		{"tag", route.When{Tags: []string{"sms", "web"}}, route.Matches},
		{"tags count letters", route.When{Tags: []string{"Web"}}, route.OtherTag},
		{"day in the workspace's zone", route.When{Days: []time.Weekday{time.Monday}}, route.Matches},
		{"other day", route.When{Days: []time.Weekday{time.Tuesday, time.Sunday}}, route.OtherDay},
		{"time", route.When{From: 22 * 60, To: 24 * 60}, route.Matches},
		{"the end is outside", route.When{From: 8 * 60, To: 23 * 60}, route.OtherTime},
		{"the begin is inside", route.When{From: 23 * 60, To: 23*60 + 1}, route.Matches},
		{"over midnight, before it", route.When{From: 22 * 60, To: 6 * 60, Days: []time.Weekday{time.Monday}}, route.Matches},
		{"over midnight, other day", route.When{From: 22 * 60, To: 6 * 60, Days: []time.Weekday{time.Tuesday}}, route.OtherDay},
		{"over midnight, outside", route.When{From: 23*60 + 30, To: 22 * 60}, route.OtherTime},
		{"all conditions, the last one fails", route.When{Countries: []string{"GB"}, Senders: []string{"ACME"}, Tags: []string{"sms"}}, route.OtherTag},
	} {
		rule := with(to(1, first), func(r *route.Rule) { r.When = tc.when })
		got := route.Explain(m, route.NewTable(nairobi, []route.Rule{rule}), []route.Candidate{first})
		if len(got.Rules) != 1 || got.Rules[0].Miss != tc.want {
			t.Errorf("%s: got %+v, want %s", tc.name, got.Rules, tc.want)
		}
	}
	// After midnight the window is still that of the day on which it began.
	night := with(to(1, first), func(r *route.Rule) {
		r.When = route.When{From: 22 * 60, To: 6 * 60, Days: []time.Weekday{time.Monday}}
	})
	for _, tc := range []struct {
		at   time.Time
		want route.Miss
	}{{at(3, 5, 59), route.Matches}, {at(3, 6, 0), route.OtherTime}, {at(2, 5, 0), route.OtherDay}} {
		m.At = tc.at
		if got := route.Explain(m, route.NewTable(nairobi, []route.Rule{night}), []route.Candidate{first}); got.Rules[0].Miss != tc.want {
			t.Errorf("at %v: got %s, want %s", tc.at, got.Rules[0].Miss, tc.want)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	split := with(to(2), func(r *route.Rule) {
		r.Then.Groups = [][]route.Target{{{first.ID, 70}, {second.ID, 30}}, {{third.ID, 0}}}
	})
	rules := route.NewTable(nil, []route.Rule{with(to(1, third), func(r *route.Rule) { r.When.Tags = []string{"x"} }), split})
	m := route.Message{ID: 1, To: "+447700900123", Tried: ids(third)}
	e := route.Explain(m, rules, []route.Candidate{sim, first, in(second, route.Down), third})
	if len(e.Rules) != 2 || e.Rules[0].Miss != route.OtherTag || e.Rules[1].Miss != route.Matches {
		t.Errorf("rules: got %+v", e.Rules)
	}
	type line struct {
		id    smsir.UUID
		place int
		group int
		share float64
		why   route.Why
	}
	want := []line{{first.ID, 1, 1, 0.7, route.Eligible}, {third.ID, 2, 2, 0, route.WasTried}, {second.ID, 3, 1, 0.3, route.IsAway}, {sim.ID, 0, 0, 0, route.NotInRule}}
	var got []line
	for _, v := range e.Providers {
		got = append(got, line{v.ID, v.Place, v.Group, v.Share, v.Why})
	}
	if !slices.Equal(got, want) {
		t.Errorf("providers: got %v, want %v", got, want)
	}
	for _, tc := range []struct {
		name  string
		m     route.Message
		rules []route.Rule
		want  map[smsir.UUID]route.Why
	}{
		{"priority", route.Message{To: "+447700900123"}, nil, map[smsir.UUID]route.Why{sim.ID: route.TestOnly, first.ID: route.Eligible}},
		{"test number", route.Message{To: "+12025550100"}, nil, map[smsir.UUID]route.Why{sim.ID: route.Eligible, first.ID: route.NotForTest}},
		{"test number by rule", route.Message{To: "+12025550100"}, []route.Rule{to(1, sim)}, map[smsir.UUID]route.Why{sim.ID: route.Eligible, first.ID: route.NotForTest}},
		{"wish", route.Message{To: "+447700900123", Provider: first.ID}, nil, map[smsir.UUID]route.Why{sim.ID: route.NotAsked, first.ID: route.Eligible}},
		{"refused", route.Message{To: "+447700900123"}, []route.Rule{with(to(1), func(r *route.Rule) { r.Then.Refuse = true })}, map[smsir.UUID]route.Why{sim.ID: route.Nobody, first.ID: route.Nobody}},
		{"no failover", route.Message{To: "+447700900123"}, []route.Rule{with(to(1, sim, first), func(r *route.Rule) { r.Failover = route.Failover{} })}, map[smsir.UUID]route.Why{sim.ID: route.Eligible, first.ID: route.NoFailover}},
		{"not moved", route.Message{To: "+447700900123"}, []route.Rule{with(to(1, third), func(r *route.Rule) { r.Failover = route.Failover{} })}, map[smsir.UUID]route.Why{third.ID: route.StaysHere, sim.ID: route.NotInRule}},
	} {
		why := map[smsir.UUID]route.Why{}
		for _, v := range route.Explain(tc.m, route.NewTable(nil, tc.rules), []route.Candidate{sim, first, in(third, route.Down)}).Providers {
			why[v.ID] = v.Why
		}
		for id, want := range tc.want {
			if why[id] != want {
				t.Errorf("%s: provider %v: got %q, want %q", tc.name, id, why[id], want)
			}
		}
	}
}
