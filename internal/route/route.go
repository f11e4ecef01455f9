// Package route decides which providers may take a message, and in which order.
//
// It is pure: it knows no store, no clock and no network, and the same question always gets the
// same answer. It does not know whether a provider is up; package dispatch does.
package route

import (
	"cmp"
	"slices"

	"github.com/smsir/smsir"
)

// Candidate is an enabled provider of the message's workspace.
type Candidate struct {
	ID       smsir.UUID
	Name     string
	Priority int                 // lower is tried first
	TestOnly bool                // nothing sent through it reaches a phone
	Own      map[string]struct{} // numbers that belong to a test provider, E.164
}

// Message is what routing looks at.
type Message struct {
	To       string     // E.164
	Provider smsir.UUID // asked for by the sender; zero for no wish
}

// Reason says why a [Plan] is what it is.
type Reason string

// Reasons of a plan.
const (
	ByWish     Reason = "the sender asked for this provider"
	ByTest     Reason = "the number belongs to the test provider"
	ByPriority Reason = "order of priority"
	TestMode   Reason = "only the test provider is enabled: nothing reaches a phone"
	NoWish     Reason = "the provider asked for is not enabled"
	NoProvider Reason = "no provider is enabled"
)

// Plan is the answer: providers in the order they are tried. It is empty when nobody may take the
// message now.
type Plan struct {
	Order  []smsir.UUID
	Reason Reason
}

// For plans a message. Rules, first match first: a provider the sender asked for, and no other; a
// test provider for the numbers that it owns; real providers by priority; test providers, if no
// real one is enabled.
func For(m Message, candidates []Candidate) Plan {
	if !m.Provider.IsZero() {
		for _, c := range candidates {
			if c.ID == m.Provider {
				return Plan{[]smsir.UUID{c.ID}, ByWish}
			}
		}
		return Plan{Reason: NoWish}
	}
	var ordered, test []smsir.UUID
	for _, c := range slices.SortedStableFunc(slices.Values(candidates), func(a, b Candidate) int { return cmp.Compare(a.Priority, b.Priority) }) {
		if !c.TestOnly {
			ordered = append(ordered, c.ID)
			continue
		}
		if _, own := c.Own[m.To]; own {
			return Plan{[]smsir.UUID{c.ID}, ByTest}
		}
		test = append(test, c.ID)
	}
	switch {
	case len(ordered) > 0:
		return Plan{ordered, ByPriority}
	case len(test) > 0:
		return Plan{test, TestMode}
	}
	return Plan{Reason: NoProvider}
}
