package dispatch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
)

// WaitCode says in a word why a queued message has not gone out yet.
type WaitCode string

// Codes of waiting.
const (
	WaitTurn        WaitCode = "turn"             // nothing holds it; others are before it
	WaitWindow      WaitCode = "window"           // the provider has not answered as many sends as it may have under way
	WaitRate        WaitCode = "rate"             // the provider's segments a second
	WaitSenderRate  WaitCode = "sender_rate"      // those of its sender
	WaitThrottled   WaitCode = "throttled"        // the provider asked for a pause
	WaitDown        WaitCode = "provider_down"    // the provider does not answer
	WaitConfig      WaitCode = "provider_config"  // the provider refuses its settings
	WaitRetry       WaitCode = "retry"            // it was refused or not sent, and will be tried again
	WaitNoProvider  WaitCode = "no_provider"      // no provider is enabled
	WaitNotEnabled  WaitCode = "not_enabled"      // the provider that it asks for is not enabled
	WaitRule        WaitCode = "rule"             // a rule lets only providers have it that are not enabled
	WaitPaused      WaitCode = "workspace_paused" //
	WaitOrdering    WaitCode = "ordering"         // a message with the same ordering key is before it
	WaitStorageSlow WaitCode = "storage"          // outcomes cannot be stored; nothing new is started
)

// Wait is why a queued message waits, and for how long at most.
type Wait struct {
	Code     WaitCode
	Text     string     // a sentence for people
	Provider smsir.UUID // that limits; zero if none does
	Rule     smsir.UUID // likewise
	Until    time.Time  // when something changes by itself; zero when nobody knows
}

// Why tells for those of some messages of a workspace that are queued why they wait. For a message in
// memory its lane knows; for another one, what the routes would do with it now.
func (d *Dispatcher) Why(ctx context.Context, workspace smsir.UUID, messages []*smsir.Message) map[smsir.ID]Wait {
	queued := make(map[smsir.ID]*smsir.Message, len(messages))
	for _, m := range messages {
		if m.Status == smsir.Queued && m.Workspace == workspace {
			queued[m.ID] = m
		}
	}
	if len(queued) == 0 {
		return nil
	}
	d.mu.Lock()
	o := d.owners[workspace]
	d.mu.Unlock()
	why := make(map[smsir.ID]Wait, len(queued))
	if o != nil {
		for _, l := range o.lanes {
			l.why(queued, why)
		}
	}
	for id, m := range queued {
		if _, known := why[id]; !known {
			why[id] = d.whyStored(ctx, o, m)
		}
	}
	return why
}

// why tells of those messages that wait in the lane.
func (l *lane) why(queued map[smsir.ID]*smsir.Message, why map[smsir.ID]Wait) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queued() == 0 {
		return
	}
	now := l.d.opt.Now()
	for u := range l.waiting {
		l.waiting[u].each(func(m job) bool {
			if queued[m.ID] != nil {
				why[m.ID] = l.limit(now, m)
			}
			return true
		})
	}
}

// limit is what keeps a message in the lane from going now.
func (l *lane) limit(now time.Time, m job) Wait {
	w := Wait{Provider: l.up.ID}
	set := func(code WaitCode, until time.Time, format string, args ...any) Wait {
		w.Code, w.Until, w.Text = code, until, fmt.Sprintf(format, args...)
		return w
	}
	if w, limited := l.unwell(now); limited {
		return w
	}
	if l.unstored > 0 {
		return set(WaitStorageSlow, time.Time{}, "The database does not take the outcomes of earlier messages at the moment; nothing new is started until it does.")
	}
	if pause := l.senderWait(now, l.sender(m)); pause > 0 {
		return set(WaitSenderRate, now.Add(pause), "%s may send %g segments a second through %s.", m.From, l.up.SenderRate, l.up.Name)
	}
	if pause := l.pace.wait(now); pause > 0 {
		return set(WaitRate, now.Add(pause), "%s is given %.3g segments a second, and others are before it.", l.up.Name, l.pace.rate)
	}
	if l.busy >= l.breaker.slots(now, l.up.Window)-l.reserve(l.up.Window) {
		return set(WaitWindow, time.Time{}, "%s has not answered %d earlier messages yet, and gets no more at once.", l.up.Name, l.busy)
	}
	return set(WaitTurn, time.Time{}, "It goes to %s next.", l.up.Name)
}

// unwell says what is wrong with the provider, if something is.
func (l *lane) unwell(now time.Time) (Wait, bool) {
	h := l.healthLocked(now)
	w := Wait{Provider: l.up.ID, Until: h.Until}
	said := ""
	if why := l.breaker.why; why != nil {
		said = " " + why.Text
	}
	switch h.State {
	case route.Down, route.Probing:
		w.Code, w.Text = WaitDown, fmt.Sprintf("%s does not answer. One message tries it now and then.%s", l.up.Name, said)
	case route.Misconfigured:
		w.Code, w.Text = WaitConfig, fmt.Sprintf("%s refuses its settings; somebody has to put them right.%s", l.up.Name, said)
	case route.Throttled:
		w.Code, w.Text = WaitThrottled, fmt.Sprintf("%s asked to slow down.", l.up.Name)
	default:
		return Wait{}, false
	}
	return w, true
}

// whyStored is why a message rests in the database.
func (d *Dispatcher) whyStored(ctx context.Context, o *owner, m *smsir.Message) Wait {
	now := d.opt.Now()
	switch {
	case o != nil && o.paused:
		return Wait{Code: WaitPaused, Text: "Sending is paused in this workspace."}
	case o == nil || len(o.candidates) == 0:
		return Wait{Code: WaitNoProvider, Text: "No provider is enabled in this workspace."}
	case m.Reason == smsir.ReasonOrdering:
		return Wait{Code: WaitOrdering, Text: "An earlier message with the same ordering key has not gone out yet.", Until: m.NextAt}
	}
	ask := d.ask(ctx, m)
	plan, _ := d.plan(ask, m.Workspace)
	if len(plan.Order) == 0 {
		w := Wait{Code: WaitNoProvider, Text: "No provider can take it.", Until: m.NextAt}
		switch {
		case plan.Reason == route.NoWish:
			w.Code, w.Provider, w.Text = WaitNotEnabled, m.Provider, "The provider that it was to go through is not enabled."
		case len(o.senders[m.From]) > 0:
			w.Text = fmt.Sprintf("%s may go through some providers only, and none of them is enabled and has a place in the routes.", m.From)
		case plan.Rule != nil:
			w.Code, w.Rule, w.Text = WaitRule, plan.Rule.ID, fmt.Sprintf("The routing rule %q has no enabled provider for it, and lets no other rule have it.", plan.Rule.Name)
		}
		return w
	}
	return d.whyRouted(o, m, plan, now)
}

// whyRouted is why a message rests for which there is a provider.
func (d *Dispatcher) whyRouted(o *owner, m *smsir.Message, plan route.Plan, now time.Time) Wait {
	i := slices.IndexFunc(o.lanes, func(l *lane) bool { return l.up.ID == plan.Order[0] })
	if i < 0 {
		return Wait{Code: WaitTurn, Text: "It is about to be routed.", Until: m.NextAt}
	}
	l := o.lanes[i]
	rests := m.NextAt.After(now)
	w := Wait{Code: WaitTurn, Provider: l.up.ID, Text: fmt.Sprintf("Others that go to %s are before it.", l.up.Name)}
	if plan.Rule != nil {
		w.Rule = plan.Rule.ID
	}
	switch {
	case rests && m.Reason == smsir.ReasonRetryWait:
		w.Code, w.Text = WaitRetry, "It will be tried again after a pause."
		if m.Error != nil {
			w.Text += " " + m.Error.Text
		}
	default:
		l.mu.Lock()
		unwell, limited := l.unwell(now)
		rate := l.pace.rate
		l.mu.Unlock()
		switch {
		case limited:
			unwell.Rule = w.Rule
			w = unwell
		case rests && rate > 0:
			w.Code, w.Text = WaitRate, fmt.Sprintf("%s is given %.3g segments a second; it will be its turn.", l.up.Name, rate)
		case rests:
			w.Text = fmt.Sprintf("%s is busy; it will be its turn.", l.up.Name)
		}
	}
	if rests && m.NextAt.After(w.Until) {
		w.Until = m.NextAt
	}
	return w
}
