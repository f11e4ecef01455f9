// Package dispatch is stage 2: it claims queued messages, picks a provider, commits the intent,
// hands the message over, and records what became of it.
//
// It is the only package that retries, and the only one that decides when. It does not know the
// rules of a message (package smsir), of routes (package route) or of any provider.
//
// What it guarantees: no byte of an attempt leaves before its intent is on disk; an attempt is
// handed over once; an outcome that could not be stored is kept and stored later, or else found as
// an open intent after a crash and told as unknown. A panic of a provider counts as unknown.
package dispatch

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/store"
)

// Upstream is an enabled provider, open and ready.
type Upstream struct {
	route.Candidate
	Workspace smsir.UUID
	Kind      string
	Window    int // submissions under way at once
	Provider  smsir.Provider
	Version   string // changes when the settings do
}

// Options of [New]. Store and Open are required.
type Options struct {
	Store store.Queue
	// Open returns every enabled upstream of the instance, in the form it has now.
	Open func(ctx context.Context) ([]Upstream, error)
	// Routes returns the routing rules of every workspace that has some; they are loaded together with
	// the providers. Nil: there are none.
	Routes func(ctx context.Context) (map[smsir.UUID]*route.Table, error)
	// Sink takes what providers report by themselves.
	Sink    smsir.Sink
	Log     *slog.Logger
	Now     func() time.Time
	Jitter  func() float64 // in [0, 1)
	Metrics prometheus.Registerer

	Late          smsir.Lateness
	QueueLimit    int           // messages held in memory, all providers together; 20,000 if 0
	ResponseTimer time.Duration // when an answer is given up; 60 s if 0
	Grace         time.Duration // for hand-overs under way at the end; 10 s if 0
	PollCap       time.Duration // longest sleep of the clock; 1 s if 0
}

// Dispatcher hands messages over. Make one with [New], connect Offer and Reserve to stage 1, and
// call Run once.
type Dispatcher struct {
	opt Options
	log *slog.Logger

	mu       sync.Mutex
	lanes    map[smsir.UUID]*lane
	byOwner  map[smsir.UUID][]route.Candidate // enabled providers of a workspace
	rules    map[smsir.UUID]*route.Table      // of a workspace; nil for none
	held     int                              // messages in memory or promised room
	full     bool                             // somebody was refused room
	stopping bool

	poked   chan struct{} // capacity 1: the clock has work
	reload  chan struct{} // capacity 1: the providers changed
	sending sync.WaitGroup
	ctx     context.Context // of hand-overs; ends after the grace period
	outcome *prometheus.CounterVec
}

// New returns a dispatcher that does nothing until Run.
func New(opt Options) *Dispatcher {
	d := &Dispatcher{
		opt: opt, log: opt.Log, lanes: map[smsir.UUID]*lane{}, byOwner: map[smsir.UUID][]route.Candidate{},
		poked: make(chan struct{}, 1), reload: make(chan struct{}, 1),
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	o := &d.opt
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	for _, v := range []struct {
		d *time.Duration
		v time.Duration
	}{{&o.ResponseTimer, time.Minute}, {&o.Grace, 10 * time.Second}, {&o.PollCap, time.Second}} {
		if *v.d == 0 {
			*v.d = v.v
		}
	}
	if o.QueueLimit == 0 {
		o.QueueLimit = 20_000
	}
	d.outcome = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_attempts_total", Help: "Attempts by kind of provider and outcome."}, []string{"kind", "outcome"})
	if o.Metrics != nil {
		o.Metrics.MustRegister(d.outcome, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "smsir_dispatch_held_messages", Help: "Messages held in memory for sending."}, func() float64 {
			d.mu.Lock()
			defer d.mu.Unlock()
			return float64(d.held)
		}))
	}
	return d
}

// Run works until ctx ends, then drains: nothing new is started, hand-overs under way get the grace
// period, and what was not started goes back to the queue. It returns an error only if it could not
// start.
func (d *Dispatcher) Run(ctx context.Context) error {
	sendCtx, cancelSends := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelSends()
	d.mu.Lock()
	d.ctx = sendCtx
	d.mu.Unlock()
	requeued, unknown, err := d.opt.Store.Recover(ctx, d.opt.Now(), d.opt.Now().Add(time.Second))
	if err != nil {
		return err
	}
	if requeued+unknown > 0 {
		d.log.Info("took over from an earlier run", "requeued", requeued, "unknown", unknown)
	}
	if err := d.load(ctx); err != nil {
		return err
	}
	d.clock(ctx)
	d.drain(cancelSends)
	return nil
}

// drain ends everything in order: pumps, hand-overs, held connections, messages in memory.
func (d *Dispatcher) drain(cancelSends func()) {
	d.mu.Lock()
	d.stopping = true
	lanes := make([]*lane, 0, len(d.lanes))
	for _, l := range d.lanes {
		lanes = append(lanes, l)
	}
	d.mu.Unlock()
	for _, l := range lanes {
		l.stopPump()
	}
	done := make(chan struct{})
	go func() { d.sending.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(d.opt.Grace):
		cancelSends()
		<-done
	}
	for _, l := range lanes {
		l.stopRunner()
		d.giveBack(l.takeAll(), smsir.ReasonDue, 0)
	}
}

// Reserve promises room in memory for n messages of a workspace; the caller stores them as owned by
// this node and then calls Offer, or Unreserve if that failed. Without room, or without a provider
// that could take them, they wait in the database.
func (d *Dispatcher) Reserve(workspace smsir.UUID, n int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping || d.ctx == nil || len(d.byOwner[workspace]) == 0 {
		return false
	}
	if d.held+n > d.opt.QueueLimit {
		d.full = true
		return false
	}
	d.held += n
	return true
}

// Unreserve gives back room that was promised. The clock hears of it when a full memory has a tenth
// of its room again.
func (d *Dispatcher) Unreserve(n int) {
	d.mu.Lock()
	d.held -= n
	roomy := d.full && d.held <= d.opt.QueueLimit*9/10
	if roomy {
		d.full = false
	}
	d.mu.Unlock()
	if roomy {
		d.Poke()
	}
}

// Offer takes over messages that were stored as owned, in reserved room. Those that are scheduled
// for later need none: the clock finds them.
func (d *Dispatcher) Offer(messages []*smsir.Message) {
	var nowhere, again []*smsir.Message
	for _, m := range messages {
		switch l, plan := d.laneFor(m); {
		case plan.Reason == route.Refused:
			d.refuse(m, plan.Rule)
		case l == nil:
			nowhere = append(nowhere, m)
		case !l.push(m):
			again = append(again, m)
		}
	}
	d.giveBack(nowhere, smsir.ReasonRouteConfig, noRoutePause)
	d.giveBack(again, smsir.ReasonDue, 0)
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
		d.giveBack([]*smsir.Message{m}, smsir.ReasonRouteConfig, noRoutePause)
		return
	}
	d.Unreserve(1)
}

// Poke wakes the clock: a message was stored that nobody owns, or became due.
func (d *Dispatcher) Poke() {
	select {
	case d.poked <- struct{}{}:
	default:
	}
}

// Changed tells that providers were added, changed or removed.
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
	if len(d.byOwner[workspace]) > 0 {
		return "", time.Time{}
	}
	return smsir.ReasonRouteConfig, d.opt.Now().Add(noRoutePause)
}

// Knows reports whether a provider is enabled in a workspace.
func (d *Dispatcher) Knows(workspace, provider smsir.UUID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lanes[provider]
	return l != nil && l.up.Workspace == workspace
}

// TestMode reports whether a message of the workspace may end at a test provider only.
func (d *Dispatcher) TestMode(workspace smsir.UUID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	test := false
	for _, c := range d.byOwner[workspace] {
		if !c.TestOnly {
			return false
		}
		test = true
	}
	return test
}

// laneFor asks the routes for the lane that is to take a message; nil if there is none now.
func (d *Dispatcher) laneFor(m *smsir.Message) (*lane, route.Plan) {
	ask := route.Message{ID: m.ID, To: m.To, Country: m.Country, From: m.From, Class: m.Class, Tags: m.Tags, Provider: m.Provider, At: d.opt.Now()}
	if m.Tries > 0 {
		tried, err := d.opt.Store.TriedProviders(d.ctx, m.ID)
		if err != nil {
			d.log.Warn("the providers that a message had could not be read; only the latest counts", "message_id", m.ID.Format(smsir.PrefixMessage), "err", err)
			tried = []smsir.UUID{m.UsedProvider}
		}
		ask.Tried = tried
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	plan := route.For(ask, d.rules[m.Workspace], d.byOwner[m.Workspace])
	if len(plan.Order) == 0 || d.stopping {
		return nil, plan
	}
	return d.lanes[plan.Order[0]], plan
}

// noRoutePause is how long a message without a provider rests if the providers do not change;
// routePause how long a provider whose settings are refused does.
const (
	noRoutePause = time.Minute
	routePause   = 30 * time.Second
)

// giveBack releases messages that were held in memory to the queue in the database.
func (d *Dispatcher) giveBack(messages []*smsir.Message, reason smsir.Reason, pause time.Duration) {
	if len(messages) == 0 {
		return
	}
	d.Unreserve(len(messages))
	for len(messages) > 0 {
		n := min(len(messages), 500)
		ids := make([]smsir.ID, n)
		for i, m := range messages[:n] {
			ids[i] = m.ID
		}
		messages = messages[n:]
		if err := d.opt.Store.Release(context.Background(), ids, reason, d.opt.Now().Add(pause)); err != nil {
			d.log.Error("could not release messages; they are taken over at the next start", "count", n, "err", err)
		}
	}
	d.Poke()
}
