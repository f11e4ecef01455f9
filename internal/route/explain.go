package route

import "github.com/smsir/smsir"

// Explanation is a [Plan] with all that led to it.
type Explanation struct {
	Plan
	Rules     []Passed  // those that were asked, in order; the last one may have decided
	Providers []Verdict // each candidate once: Plan.Order first, in order, then the others
}

// Passed is a rule that was asked.
type Passed struct {
	Rule *Rule
	Miss Miss
}

// Verdict is what the plan thinks of a provider.
type Verdict struct {
	Candidate
	Place int     // in Plan.Order, from 1; 0 if the provider cannot have the message
	Group int     // of the rule, from 1; 0 without one
	Share float64 // chance of being the first of its group while all are well; 0 without a rule
	Why   Why
	Tried int // attempts that this provider had
}

// Why is a verdict in a word.
type Why string

// Why a provider stands where it stands. The first four may take the message.
const (
	Eligible   Why = "eligible"
	WasTried   Why = "tried"       // behind others, because it had the message already
	IsAway     Why = "away"        // behind others, because of its health
	StaysHere  Why = "stays"       // its health is bad, but the rule does not move messages for that
	NoFailover Why = "no_failover" // the rule does not move to another provider
	NotInRule  Why = "not_in_rule"
	NotAsked   Why = "not_asked_for"
	NotForTest Why = "test_number" // the number belongs to a test provider, this is none of its
	TestOnly   Why = "test_only"   // a test provider is not used while a real one is enabled
	Nobody     Why = "nobody"      // the message is refused or waits: nobody gets it
)

// Explain is [For] with everything it looked at. Its Plan is the one that For returns.
func Explain(m Message, t *Table, candidates []Candidate) Explanation {
	var e Explanation
	e.Plan = decide(m, t, candidates, &e)
	for i := range candidates {
		c := &candidates[i]
		if !e.has(c.ID) {
			e.Providers = append(e.Providers, Verdict{Candidate: *c, Why: e.outside(&m, c, candidates), Tried: count(m.Tried, c.ID)})
		}
	}
	return e
}

func (e *Explanation) has(id smsir.UUID) bool {
	for i := range e.Providers {
		if e.Providers[i].ID == id {
			return true
		}
	}
	return false
}

// outside says why a candidate is not among the choices.
func (e *Explanation) outside(m *Message, c *Candidate, candidates []Candidate) Why {
	switch e.Reason {
	case Refused, RuleWaits:
		return Nobody
	case ByWish, NoWish:
		return NotAsked
	case ByPriority:
		return TestOnly
	case ByTest:
		return NotForTest
	}
	for i := range candidates {
		if candidates[i].owns(m.To) && !c.owns(m.To) {
			return NotForTest
		}
	}
	return NotInRule
}

// pass notes what became of a rule.
func (e *Explanation) pass(r *Rule, miss Miss) {
	if e != nil {
		e.Rules = append(e.Rules, Passed{r, miss})
	}
}

// order notes the choices, arranged.
func (e *Explanation) order(order []choice, plan Plan) {
	if e == nil {
		return
	}
	for i, ch := range order {
		v := Verdict{Candidate: *ch.c, Place: i + 1, Why: Eligible, Tried: ch.tried}
		if plan.Rule != nil {
			v.Group, v.Share = ch.group+1, share(order, ch, plan.Rule)
		}
		switch {
		case i > 0 && !plan.Failover.OnError && !plan.Failover.OnDown:
			v.Place, v.Why = 0, NoFailover
		case ch.away:
			v.Why = IsAway
		case ch.c.Health.Away():
			v.Why = StaysHere
		case ch.tried > 0 && plan.Failover.OnError:
			v.Why = WasTried
		}
		e.Providers = append(e.Providers, v)
	}
}

// share is the weight of a choice by those of its group that are enabled.
func share(order []choice, ch choice, r *Rule) float64 {
	weight, sum := 0, 0
	for _, t := range r.Then.Groups[ch.group] {
		for _, other := range order {
			if other.c.ID == t.Provider && other.group == ch.group {
				sum += max(t.Weight, 0)
				if other.c.ID == ch.c.ID {
					weight = max(t.Weight, 0)
				}
			}
		}
	}
	if sum == 0 {
		return 0
	}
	return float64(weight) / float64(sum)
}

func count(ids []smsir.UUID, id smsir.UUID) (n int) {
	for _, other := range ids {
		if other == id {
			n++
		}
	}
	return n
}
