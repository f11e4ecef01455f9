// Package route decides which providers may take a message, and in which order.
//
// It is pure: it knows no store, no clock and no network, and the same question always gets the same
// answer. What it is told about time and about the health of providers is part of the question. A
// weighted split is drawn from the message's id, so that a retry, a restart and an explanation all
// see the order that the first try saw.
//
// It never decides whether a message may be sent again: an attempt without a proven outcome is not
// asked about (docs/delivery.md, I4). It only says who is next when it may.
package route

import (
	"cmp"
	"slices"
	"time"

	"github.com/smsir/smsir"
)

// Candidate is an enabled provider of the message's workspace.
type Candidate struct {
	ID       smsir.UUID
	Name     string
	Priority int                 // lower is tried first where no rule says otherwise
	TestOnly bool                // nothing sent through it reaches a phone
	Own      map[string]struct{} // numbers that belong to a test provider, E.164
	Health   Health
}

// Message is what routing looks at.
type Message struct {
	ID       smsir.ID // the split is drawn from it; 0 puts the heaviest of a group first
	To       string   // E.164
	Country  string   // ISO 3166-1 alpha-2 of To, "" where it has none
	From     string   // sender ID, "" for the provider's choice
	Class    smsir.Class
	Tags     []string
	Provider smsir.UUID   // asked for by the sender; zero for no wish
	Tried    []smsir.UUID // the providers of its attempts, once each time, oldest first
	At       time.Time    // now
}

// Reason says why a [Plan] is what it is.
type Reason string

// Reasons of a plan.
const (
	ByRule     Reason = "rule"        // a rule names these providers
	Refused    Reason = "refused"     // a rule refuses the message: it is not to be sent at all
	RuleWaits  Reason = "rule_waits"  // none of the rule's providers is enabled, and the rule does not let others have it
	ByWish     Reason = "asked_for"   // the sender asked for this provider
	NoWish     Reason = "not_enabled" // the provider asked for is not enabled
	ByTest     Reason = "test_number" // the number belongs to a test provider
	ByPriority Reason = "priority"    // no rule matches: order of priority
	TestMode   Reason = "test_mode"   // only test providers are enabled: nothing reaches a phone
	NoProvider Reason = "no_provider" // no provider is enabled
)

// Plan is the answer: each provider once, in the order in which they are tried. It is empty when
// nobody may take the message now: for good if Reason is [Refused], until rules or providers change
// otherwise.
type Plan struct {
	Order    []smsir.UUID
	Reason   Reason
	Rule     *Rule    // that decided; nil if none did
	Failover Failover // what moves the message from one of Order to the next
}

// For plans a message. The first rule that is enabled, matches and has an enabled provider decides.
// Beside the rules stands what no rule can take away: a provider that the sender asked for is the
// only one, unless a rule refuses the message; and a number that belongs to a test provider goes to
// test providers only. Without a rule real providers are tried by priority, and test providers if no
// real one is enabled. A nil table has no rules.
func For(m Message, t *Table, candidates []Candidate) Plan { return decide(m, t, candidates, nil) }

// decide is For; it tells tr, if there is one, what it looks at.
func decide(m Message, t *Table, candidates []Candidate, tr *Explanation) Plan {
	own := slices.ContainsFunc(candidates, func(c Candidate) bool { return c.owns(m.To) })
	if plan, decided := t.decide(&m, candidates, own, tr); decided {
		return plan
	}
	if !m.Provider.IsZero() {
		return asked(&m, candidates, tr)
	}
	return byDefault(&m, candidates, own, tr)
}

// decide asks the rules in order; false if none of them decides.
func (t *Table) decide(m *Message, candidates []Candidate, own bool, tr *Explanation) (Plan, bool) {
	if t == nil {
		return Plan{}, false
	}
	for i := range t.rules {
		r := &t.rules[i]
		if miss := r.miss(m, t.zone); miss != Matches {
			tr.pass(r, miss)
			continue
		}
		if r.Then.Refuse {
			tr.pass(r, Matches)
			return Plan{Reason: Refused, Rule: r}, true
		}
		if !m.Provider.IsZero() { // the sender's wish stands: later rules are not asked
			tr.pass(r, AskedFor)
			return Plan{}, false
		}
		if order := r.choose(m, candidates, own); len(order) > 0 {
			tr.pass(r, Matches)
			return arrange(m, order, Plan{Reason: ByRule, Rule: r, Failover: r.Failover}, tr), true
		}
		tr.pass(r, NoneEnabled)
		if !own && !r.Then.PassOn {
			return Plan{Reason: RuleWaits, Rule: r}, true
		}
	}
	return Plan{}, false
}

func (c *Candidate) owns(number string) bool {
	if !c.TestOnly {
		return false
	}
	_, own := c.Own[number]
	return own
}

func asked(m *Message, candidates []Candidate, tr *Explanation) Plan {
	for i := range candidates {
		if candidates[i].ID == m.Provider {
			return arrange(m, []choice{{c: &candidates[i]}}, Plan{Reason: ByWish}, tr)
		}
	}
	return Plan{Reason: NoWish}
}

// byDefault is what happens without rules.
func byDefault(m *Message, candidates []Candidate, own bool, tr *Explanation) Plan {
	plan := Plan{Reason: ByPriority, Failover: Failover{OnError: true, OnDown: true}}
	var real, test []choice
	for i := range candidates {
		c := &candidates[i]
		switch {
		case own && c.owns(m.To), !own && c.TestOnly:
			test = append(test, choice{c: c})
		case !own:
			real = append(real, choice{c: c})
		}
	}
	switch {
	case own:
		plan.Reason = ByTest
	case len(real) > 0:
		test = real
	case len(test) > 0:
		plan.Reason = TestMode
	default:
		return Plan{Reason: NoProvider}
	}
	slices.SortStableFunc(test, func(a, b choice) int { return cmp.Compare(a.c.Priority, b.c.Priority) })
	return arrange(m, test, plan, tr)
}

// choice is a provider that may take the message, at its place before failover.
type choice struct {
	c     *Candidate
	group int     // of the rule, from 0
	draw  float64 // lower comes first within the group
	away  bool    // cannot take it now, and the plan may go elsewhere
	tried int     // times
}

// arrange puts the choices, given in their order at rest, into the order of this try: whoever cannot
// take messages now goes last, and before them who had this message already, the more often the later.
func arrange(m *Message, order []choice, plan Plan, tr *Explanation) Plan {
	for i := range order {
		ch := &order[i]
		ch.away = plan.Failover.OnDown && ch.c.Health.awayFor(m.ID, ch.c.ID)
		for _, id := range m.Tried {
			if id == ch.c.ID {
				ch.tried++
			}
		}
	}
	slices.SortStableFunc(order, func(a, b choice) int {
		switch {
		case a.away && !b.away:
			return 1
		case b.away && !a.away:
			return -1
		case plan.Failover.OnError:
			return cmp.Compare(a.tried, b.tried)
		}
		return 0
	})
	tr.order(order, plan)
	if !plan.Failover.OnError && !plan.Failover.OnDown {
		order = order[:1]
	}
	plan.Order = make([]smsir.UUID, len(order))
	for i := range order {
		plan.Order[i] = order[i].c.ID
	}
	return plan
}
