package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/route"
)

// owner is a workspace as far as sending goes.
type owner struct {
	candidates []route.Candidate       // its enabled providers
	lanes      []*lane                 // theirs
	rules      *route.Table            // nil for none
	senders    map[string][]smsir.UUID // the providers of those that may not go through all
	paused     bool
	oneNode    bool // one of the providers is for one node at a time
}

// now are the candidates with their health.
func (o *owner) now(at time.Time) []route.Candidate {
	candidates := slices.Clone(o.candidates)
	for i, l := range o.lanes {
		candidates[i].Health = l.health(at)
	}
	return candidates
}

// carrying are the candidates that a sender may go through; test providers take any.
func (o *owner) carrying(from string, candidates []route.Candidate) []route.Candidate {
	allowed := o.senders[from]
	if len(allowed) == 0 {
		return candidates
	}
	return slices.DeleteFunc(candidates, func(c route.Candidate) bool { return !c.TestOnly && !slices.Contains(allowed, c.ID) })
}

// noRoutePause is how long a message rests that nobody can take, if neither providers nor rules change.
const noRoutePause = time.Minute

// offer takes over messages that were stored as owned, in reserved room. Those that are scheduled
// for later need none: the clock finds them.
func (d *Dispatcher) offer(messages []*smsir.Message) {
	var back putOffs
	for _, m := range messages {
		l, plan := d.laneFor(m)
		now := d.opt.Now()
		if plan.Reason == route.Refused {
			d.refuse(m, plan.Rule)
			continue
		}
		if l == nil {
			back.add(nil, m, smsir.ReasonRouteConfig, now.Add(noRoutePause))
			continue
		}
		switch p := l.push(job{m, plan.Failover}); {
		case p.closed:
			back.add(nil, m, smsir.ReasonDue, now)
		case !p.ok:
			back.add(l, m, p.reason, p.until)
		}
	}
	type cause struct {
		lane   *lane
		reason smsir.Reason
	}
	causes := map[cause]bool{}
	for key, put := range back {
		over := func() {}
		if key.lane != nil {
			causes[cause{key.lane, key.reason}] = true
			over = func() { key.lane.hurryIfOver(key.reason) }
		}
		d.giveBackOr(put, key.reason, time.Unix(key.second, 0).UTC(), over)
	}
	for c := range causes {
		c.lane.hurryIfOver(c.reason)
	}
}

// putOffs gathers messages by the lane that put them off, and why and until when they rest; to the second, so that a thousand
// of them are few calls.
type putOffs map[putOff][]*smsir.Message

type putOff struct {
	lane   *lane // nil: none did
	reason smsir.Reason
	second int64
}

func (p *putOffs) add(l *lane, m *smsir.Message, reason smsir.Reason, until time.Time) {
	if *p == nil {
		*p = putOffs{}
	}
	key := putOff{l, reason, until.Unix()}
	(*p)[key] = append((*p)[key], m)
}

// refuse ends a message that a routing rule refuses.
func (d *Dispatcher) refuse(m *smsir.Message, r *route.Rule) {
	text := "A routing rule refuses this message."
	if r.Then.Why != "" {
		text = "A routing rule refuses this message: " + r.Then.Why
	}
	why := &smsir.Failure{Class: smsir.ClassBlocked, Code: "refused_by_rule", Text: text}
	if err := d.opt.Store.Fail(context.Background(), m.ID, d.opt.Now(), smsir.ReasonNoRoute, why); err != nil {
		d.log.Error("a message that a rule refuses could not be ended; it waits", "message_id", m.ID.Format(smsir.PrefixMessage), "err", err)
		d.giveBack([]*smsir.Message{m}, smsir.ReasonRouteConfig, d.opt.Now().Add(noRoutePause))
		return
	}
	d.unreserve(lineOf(m), 1)
}

// ask is a message as the routes look at it.
func (d *Dispatcher) ask(ctx context.Context, m *smsir.Message) route.Message {
	ask := route.Message{ID: m.ID, To: m.To, Country: m.Country, From: m.From, Class: m.Class, Tags: m.Tags, Provider: m.Provider, At: d.opt.Now()}
	if m.Tries > 0 {
		tried, err := d.opt.Store.TriedProviders(ctx, m.ID)
		if err != nil {
			d.log.Warn("the providers that a message had could not be read; only the latest counts", "message_id", m.ID.Format(smsir.PrefixMessage), "err", err)
			tried = []smsir.UUID{m.UsedProvider}
		}
		ask.Tried = tried
	}
	return ask
}

// plan asks the routes, with the health of the providers.
func (d *Dispatcher) plan(ask route.Message, workspace smsir.UUID) (route.Plan, []route.Candidate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.owners[workspace]
	if o == nil {
		return route.Plan{Reason: route.NoProvider}, nil
	}
	candidates := o.carrying(ask.From, o.now(ask.At))
	return route.For(ask, o.rules, candidates), candidates
}

// laneFor is the lane that is to take a message; nil if there is none now.
func (d *Dispatcher) laneFor(m *smsir.Message) (*lane, route.Plan) {
	plan, _ := d.plan(d.ask(d.ctx, m), m.Workspace)
	switch len(plan.Order) {
	case 0:
		return nil, plan
	case 1:
		plan.Failover = route.Failover{} // there is nobody else
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lanes[plan.Order[0]], plan
}

// another reports whether a message that its provider provably does not have can go to another one at
// once: to one that had it less often, or to any that is well if its provider is not.
func (d *Dispatcher) another(m *smsir.Message, provider smsir.UUID) bool {
	d.mu.Lock()
	o := d.owners[m.Workspace]
	alone := o == nil || len(o.candidates) < 2
	d.mu.Unlock()
	if alone || !m.Provider.IsZero() {
		return false
	}
	ask := d.ask(d.ctx, m)
	plan, candidates := d.plan(ask, m.Workspace)
	if len(plan.Order) == 0 || plan.Order[0] == provider {
		return false
	}
	health := func(id smsir.UUID) route.Health {
		if i := slices.IndexFunc(candidates, func(c route.Candidate) bool { return c.ID == id }); i >= 0 {
			return candidates[i].Health
		}
		return route.Health{State: route.Down}
	}
	next := health(plan.Order[0])
	return !next.Away() && next.State != route.Throttled &&
		(times(ask.Tried, plan.Order[0]) < times(ask.Tried, provider) || health(provider).Away())
}

func times(ids []smsir.UUID, id smsir.UUID) (n int) {
	for _, other := range ids {
		if other == id {
			n++
		}
	}
	return n
}

// giveBack releases messages that were held in memory to the queue in the database, to rest until then.
func (d *Dispatcher) giveBack(messages []*smsir.Message, reason smsir.Reason, until time.Time) {
	d.giveBackOr(messages, reason, until, func() {})
}

// giveBackOr does so; late is called when what the store does not take now has been stored.
func (d *Dispatcher) giveBackOr(messages []*smsir.Message, reason smsir.Reason, until time.Time, late func()) {
	if len(messages) == 0 {
		return
	}
	for chunk := range slices.Chunk(messages, 500) {
		ids := make([]smsir.ID, len(chunk))
		for i, m := range chunk {
			ids[i] = m.ID
		}
		if err := d.release(ids, reason, until); err != nil {
			d.log.Error("could not release messages; it is tried again", "count", len(ids), "err", err)
			d.sending.Go(func() { d.releaseLater(ids, reason, until, late) })
		}
	}
	d.giveRoom(messages)
	d.Poke()
}

func (d *Dispatcher) release(ids []smsir.ID, reason smsir.Reason, until time.Time) error {
	failpoint.Hit(failpoint.ReleaseBefore)
	err := d.opt.Store.Release(context.Background(), ids, reason, until)
	failpoint.Hit(failpoint.ReleaseAfter)
	return err
}

// releaseLater tries until the store takes it: what this run owns and does not hold nobody sends. When the run ends, the
// next one takes them over.
func (d *Dispatcher) releaseLater(ids []smsir.ID, reason smsir.Reason, until time.Time, late func()) {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		select {
		case <-time.After(pause):
		case <-d.ctx.Done():
			return
		}
		if d.release(ids, reason, until) == nil {
			late()
			d.Poke()
			return
		}
	}
}

// hurry brings messages back that rest for a reason which is no more.
func (d *Dispatcher) hurry(workspace smsir.UUID, reasons ...smsir.Reason) {
	d.sending.Go(func() {
		for _, reason := range reasons {
			if err := d.opt.Store.Hurry(d.ctx, workspace, reason, d.opt.Now()); err != nil && d.ctx.Err() == nil {
				d.log.Error("waiting messages could not be woken; they go when their time comes", "reason", string(reason), "err", err)
			}
		}
		d.Poke()
	})
}

// Poke wakes the clock: a message was stored that nobody owns, or became due.
func (d *Dispatcher) Poke() {
	select {
	case d.poked <- struct{}{}:
	default:
	}
}

// Changed tells that providers or rules were added, changed or removed, or a workspace paused.
func (d *Dispatcher) Changed() {
	select {
	case d.reload <- struct{}{}:
	default:
	}
}

// Waits says why the messages of a workspace cannot be sent now, and when to look again at the
// latest; "" if they can.
func (d *Dispatcher) Waits(workspace smsir.UUID) (smsir.Reason, time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch o := d.owners[workspace]; {
	case o != nil && o.paused:
		return smsir.ReasonWorkspacePaused, d.opt.Now().Add(noRoutePause)
	case o == nil || len(o.candidates) == 0:
		return smsir.ReasonRouteConfig, d.opt.Now().Add(noRoutePause)
	}
	return "", time.Time{}
}

// Knows reports whether a provider is enabled in a workspace.
func (d *Dispatcher) Knows(workspace, provider smsir.UUID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lanes[provider]
	return l != nil && l.up.Workspace == workspace
}
