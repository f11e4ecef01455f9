package dispatch_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/route"
)

// rules makes a table of one rule for everything: the providers one after the other.
func rules(change func(*route.Rule), order ...byte) *route.Table {
	r := route.Rule{ID: smsir.UUID{0xff}, Enabled: true, Failover: route.Failover{OnError: true, OnDown: true}}
	for _, id := range order {
		r.Then.Groups = append(r.Then.Groups, []route.Target{{Provider: smsir.UUID{id}, Weight: 1}})
	}
	if change != nil {
		change(&r)
	}
	return route.NewTable(nil, []route.Rule{r})
}

// route makes t the rules of the workspace.
func (w *world) route(t *route.Table) {
	w.rule = t
	w.d.Changed()
	time.Sleep(time.Second)
	synctest.Wait()
}

func three(a, b, c *carrier) func(smsir.UUID) []dispatch.Upstream {
	return func(ws smsir.UUID) []dispatch.Upstream {
		return []dispatch.Upstream{up(1, ws, a), up(2, ws, b), up(3, ws, c)}
	}
}

func TestRulesDecide(t *testing.T) {
	first, second, third := &carrier{}, &carrier{}, &carrier{}
	run(t, three(first, second, third), func(w *world) {
		w.route(rules(func(r *route.Rule) { r.When.Countries = []string{"GB"} }, 3))
		gb := w.send("+447700900123", func(m *smsir.Message) { m.Country = "GB" })
		us := w.send(to, func(m *smsir.Message) { m.Country = "US" })
		time.Sleep(time.Second)
		if m := w.expect(gb, smsir.Sent, false); m.UsedProvider != (smsir.UUID{3}) {
			t.Errorf("the rule's message went to %v", m.UsedProvider)
		}
		if m := w.expect(us, smsir.Sent, false); m.UsedProvider != (smsir.UUID{1}) {
			t.Errorf("the other message went to %v", m.UsedProvider)
		}
	})
}

// Each provider of the rule has its turn before one has a second.
func TestRuleFailsOverThroughAll(t *testing.T) {
	refuse := fail(smsir.AttemptRefused, smsir.ClassRetry, 0)
	first, second, third := scripted(refuse), scripted(refuse, refuse), scripted(refuse)
	run(t, three(first, second, third), func(w *world) {
		w.route(rules(nil, 2, 3, 1))
		id := w.send(to)
		time.Sleep(time.Hour)
		w.expect(id, smsir.Sent, false)
		attempts, err := w.st.Attempts(bg, w.ws, id)
		if err != nil {
			t.Fatal(err)
		}
		var order []byte
		for _, a := range attempts {
			order = append(order, a.Provider[0])
		}
		if want := string([]byte{2, 3, 1, 2, 3}); string(order) != want {
			t.Errorf("tried %v, want %v", order, []byte(want))
		}
	})
}

func TestRuleWithoutFailoverStays(t *testing.T) {
	refuse := fail(smsir.AttemptRefused, smsir.ClassRetry, 0)
	first, second := scripted(refuse, refuse, refuse), &carrier{}
	run(t, three(first, second, &carrier{}), func(w *world) {
		w.route(rules(func(r *route.Rule) { r.Failover = route.Failover{} }, 1, 2))
		id := w.send(to)
		time.Sleep(time.Hour)
		if m := w.expect(id, smsir.Sent, false); m.UsedProvider != (smsir.UUID{1}) || second.sent(to) != 0 {
			t.Errorf("used %v; the other provider had it %d times", m.UsedProvider, second.sent(to))
		}
	})
}

// An attempt without a proven outcome is never made again elsewhere, whatever a rule says.
func TestRuleNeverFailsOverAnUnknownOutcome(t *testing.T) {
	first, second := scripted(fail(smsir.AttemptUnknown, smsir.ClassUnknown, 0)), &carrier{}
	run(t, three(first, second, &carrier{}), func(w *world) {
		w.route(rules(nil, 1, 2))
		id := w.send(to)
		time.Sleep(time.Hour)
		w.expect(id, smsir.Unknown, false)
		if n := second.sent(to); n != 0 {
			t.Errorf("the next provider had it %d times", n)
		}
	})
}

func TestRuleRefuses(t *testing.T) {
	c := &carrier{}
	run(t, three(c, c, c), func(w *world) {
		w.route(rules(func(r *route.Rule) { r.Then.Refuse, r.Then.Why = true, "Premium numbers are not served." }))
		id := w.send(to)
		asks := w.send(to, func(m *smsir.Message) { m.Provider = smsir.UUID{1} })
		time.Sleep(time.Minute)
		for _, id := range []smsir.ID{id, asks} {
			m := w.expect(id, smsir.Failed, true)
			if m.Reason != smsir.ReasonNoRoute || m.Error == nil || m.Error.Code != "refused_by_rule" || !strings.Contains(m.Error.Text, "Premium numbers are not served.") {
				t.Errorf("reason %q, error %+v", m.Reason, m.Error)
			}
		}
		if n := c.sent(to); n != 0 {
			t.Errorf("sent %d times", n)
		}
		w.route(nil)
		time.Sleep(time.Minute)
		w.expect(w.send(to), smsir.Sending, false) // the room of refused messages was given back
	})
}

func TestRuleWithoutAnEnabledProviderWaits(t *testing.T) {
	c := &carrier{}
	run(t, one(c), func(w *world) {
		w.route(rules(nil, 9))
		id := w.send(to)
		time.Sleep(10 * time.Minute)
		if m := w.expect(id, smsir.Queued, false); m.Reason != smsir.ReasonRouteConfig {
			t.Errorf("waits because of %q", m.Reason)
		}
		w.route(rules(func(r *route.Rule) { r.Then.PassOn = true }, 9))
		time.Sleep(time.Second)
		w.expect(id, smsir.Sent, false)
	})
}

func TestCandidatesTellTheirHealth(t *testing.T) {
	refuse := fail(smsir.AttemptRefused, smsir.ClassConfig, 0)
	run(t, three(scripted(refuse), &carrier{}, &carrier{}), func(w *world) {
		for _, c := range w.d.Candidates(w.ws) {
			if c.Health != (route.Health{}) {
				t.Errorf("before anything: %+v", c)
			}
		}
		w.send(to)
		time.Sleep(time.Second)
		got := w.d.Candidates(w.ws)
		if len(got) != 3 || got[0].Health.State != route.Misconfigured || got[1].Health.State != route.Up {
			t.Errorf("after a refusal of the settings: %+v", got)
		}
		if got := w.d.Candidates(smsir.UUID{9}); got != nil {
			t.Errorf("of a workspace without providers: %+v", got)
		}
	})
}

// A message whose receipt is missing goes to the next provider where the rule says so, once; where it
// does not, it stays.
func TestMissingReceiptFailsOverWhereTheRuleSaysSo(t *testing.T) {
	first, second, third := &carrier{}, &carrier{}, &carrier{}
	run(t, three(first, second, third), func(w *world) {
		w.route(rules(func(r *route.Rule) { r.Failover.OnMissingReceipt = time.Minute }, 2, 3, 1))
		agrees := func(m *smsir.Message) { m.OnUnknown = smsir.RetryOnce }
		id := w.send(to, agrees)
		time.Sleep(55 * time.Second)
		w.expect(id, smsir.Sent, false)
		time.Sleep(10 * time.Second)
		if m := w.expect(id, smsir.Sent, false); m.UsedProvider != (smsir.UUID{3}) || !m.PossibleDuplicate || second.sent(to) != 1 || third.sent(to) != 1 {
			t.Errorf("a minute later: %+v, sent %d and %d times", m, second.sent(to), third.sent(to))
		}
		time.Sleep(time.Hour)
		w.expect(id, smsir.Sent, false)
		if n := first.sent(to) + second.sent(to) + third.sent(to); n != 2 {
			t.Errorf("sent %d times in all", n)
		}
		holds := w.send("+12025550177")
		alone := w.send(to, agrees, func(m *smsir.Message) { m.Provider = smsir.UUID{1} })
		time.Sleep(time.Hour)
		if m := w.expect(alone, smsir.Sent, false); m.PossibleDuplicate || first.sent(to) != 1 {
			t.Errorf("for a provider that was asked for: %+v", m)
		}
		if m := w.expect(holds, smsir.Sent, false); m.PossibleDuplicate || m.Tries != 1 {
			t.Errorf("of a message that is to be sent at most once: %+v", m)
		}
	})
}

// A sender that may go through one provider only goes through no other, whatever the rules say, and waits when it is not there.
func TestSenderIsBoundToItsProviders(t *testing.T) {
	first, second := &carrier{}, &carrier{}
	run(t, three(first, second, &carrier{}), func(w *world) {
		w.senders = map[string][]smsir.UUID{"SHOP": {{2}}, "LOST": {{9}}}
		w.route(rules(nil, 1, 2))
		from := func(sender string) func(*smsir.Message) { return func(m *smsir.Message) { m.From = sender } }
		bound, free, lost := w.send(to, from("SHOP")), w.send(to, from("ANY")), w.send(to, from("LOST"))
		time.Sleep(time.Minute)
		if m := w.expect(bound, smsir.Sent, false); m.UsedProvider != (smsir.UUID{2}) {
			t.Errorf("a bound sender went through %v", m.UsedProvider)
		}
		if m := w.expect(free, smsir.Sent, false); m.UsedProvider != (smsir.UUID{1}) {
			t.Errorf("another sender went through %v", m.UsedProvider)
		}
		m := w.expect(lost, smsir.Queued, false)
		if why := w.d.Why(bg, w.ws, []*smsir.Message{m})[lost]; !strings.Contains(why.Text, "LOST may go through some providers only") {
			t.Errorf("it waits because of %+v", why)
		}
		w.senders = nil
		w.d.Changed()
		time.Sleep(2 * time.Minute)
		w.expect(lost, smsir.Sent, false)
	})
}
