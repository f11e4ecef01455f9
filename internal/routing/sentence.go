package routing

import (
	"fmt"
	"strings"
	"time"

	"github.com/smsir/smsir/internal/route"
)

// missText says in words what became of a rule.
var missText = map[route.Miss]string{
	route.Matches:        "It matches, and decides.",
	route.Disabled:       "It is not enabled.",
	route.OtherRecipient: "It is for other recipients.",
	route.OtherSender:    "It is for other senders.",
	route.OtherClass:     "It is for other classes of traffic.",
	route.OtherTag:       "The message has none of its tags.",
	route.OtherDay:       "It is for other days.",
	route.OtherTime:      "It is for another time of day.",
	route.NoneEnabled:    "It matches, but none of its providers can have the message.",
	route.AskedFor:       "It matches, but the sender asks for a provider.",
}

// whyText says in words where a provider stands.
var whyText = map[route.Why]string{
	route.Eligible:   "It may take the message.",
	route.WasTried:   "It had the message already, so others come first.",
	route.IsAway:     "It cannot take messages now, so others come first.",
	route.StaysHere:  "It cannot take messages now, but the rule does not move them for that: they wait.",
	route.NoFailover: "The rule does not move messages to another provider.",
	route.NotInRule:  "The rule does not name it.",
	route.NotAsked:   "The sender asks for another provider.",
	route.NotForTest: "The number belongs to a test provider.",
	route.TestOnly:   "It is for tests, and a real provider is enabled.",
	route.Nobody:     "Nobody gets this message now.",
}

// sentences tells an explanation to people.
func sentences(m *route.Message, e *route.Explanation) string {
	var b strings.Builder
	switch e.Reason {
	case route.Refused:
		fmt.Fprintf(&b, "The message is not sent: the rule “%s” refuses it. %s", e.Rule.Name, e.Rule.Then.Why)
		return b.String()
	case route.RuleWaits:
		return fmt.Sprintf("The message waits: the rule “%s” is for it, and none of the rule's providers is enabled.", e.Rule.Name)
	case route.NoWish:
		return "The message waits: the provider that the sender asks for is not enabled."
	case route.NoProvider:
		return "The message waits: no provider is enabled."
	}
	fmt.Fprintf(&b, "%s takes a message to %s: %s.", e.Providers[0].Name, m.To, because(e))
	if e.Rule != nil {
		b.WriteString(split(e))
	}
	if why := e.Providers[0].Why; why == route.IsAway || why == route.StaysHere {
		fmt.Fprintf(&b, " It cannot take messages now (%s), so they wait for it.", e.Providers[0].Health.State)
	}
	b.WriteString(next(e))
	return b.String()
}

// because says why the first provider is the first.
func because(e *route.Explanation) string {
	switch e.Reason {
	case route.ByRule:
		return fmt.Sprintf("the rule “%s” is for it", e.Rule.Name)
	case route.ByWish:
		return "the sender asks for this provider"
	case route.ByTest:
		return "the number belongs to this test provider"
	case route.TestMode:
		return "only test providers are enabled, so nothing reaches a phone"
	}
	return "no rule is for it, and this provider has the first priority"
}

// split tells the shares of the first group.
func split(e *route.Explanation) string {
	var shares []string
	for _, v := range e.Providers {
		if v.Group == e.Providers[0].Group && v.Share > 0 && v.Share < 1 {
			shares = append(shares, fmt.Sprintf("%.0f %% %s", v.Share*100, v.Name))
		}
	}
	if len(shares) < 2 {
		return ""
	}
	return " Such messages are split: " + strings.Join(shares, ", ") + "."
}

// next tells what happens when the first provider fails.
func next(e *route.Explanation) string {
	var names []string
	for _, v := range e.Providers[1:] {
		if v.Place > 0 {
			names = append(names, v.Name)
		}
	}
	first := e.Providers[0]
	if len(names) == 0 {
		return " If it fails, the message waits for it."
	}
	var when []string
	if e.Failover.OnError {
		when = append(when, "refuses the message", "provably never got it")
	}
	if e.Failover.OnDown {
		when = append(when, "is down")
	}
	text := fmt.Sprintf(" If %s %s, the next is %s.", first.Name, either(when), strings.Join(names, ", then "))
	if w := e.Failover.OnMissingReceipt; w > 0 {
		text += fmt.Sprintf(" If no delivery report comes within %s, it is sent again by the next one, and may arrive twice.", duration(w))
	}
	return text + " If the outcome is unknown, nobody sends it again."
}

func duration(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

// either joins what may happen: "a, b or c".
func either(all []string) string {
	last := len(all) - 1
	if last == 0 {
		return all[0]
	}
	return strings.Join(all[:last], ", ") + " or " + all[last]
}
