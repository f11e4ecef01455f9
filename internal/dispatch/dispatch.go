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
	"github.com/smsir/smsir/internal/crew"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/store"
)

// Upstream is an enabled provider, open and ready.
type Upstream struct {
	route.Candidate
	Workspace smsir.UUID
	Kind      string
	Window    int     // submissions under way at once
	Rate      float64 // segments a second at most; 0 for no limit
	// SenderRate is how many segments a second one sender may start at most; 0 for no limit.
	SenderRate float64
	Provider   smsir.Provider
	OneNode    bool   // its connection exists once: one node at a time runs it and sends for its workspace
	Ahead      bool   // its answers name their requests: smsir.ProviderKind.Ahead
	Version    string // changes when the settings do
}

// Options of [New]. Store and Open are required.
type Options struct {
	Store store.Queue
	// Open returns every enabled upstream of the instance, in the form it has now.
	Open func(ctx context.Context) ([]Upstream, error)
	// Senders returns, for every workspace, the providers of the senders that may not go through all of them; they are
	// loaded together with the providers. Nil: every sender may go through every provider.
	Senders func(ctx context.Context) (map[smsir.UUID]map[string][]smsir.UUID, error)
	// Routes returns the routing rules of every workspace that has some; they are loaded together with
	// the providers. Nil: there are none.
	Routes func(ctx context.Context) (map[smsir.UUID]*route.Table, error)
	// Paused lists the workspaces whose owners have stopped all sending; loaded likewise. Nil: there are none.
	Paused func(ctx context.Context) ([]smsir.UUID, error)
	// Sink takes what providers report by themselves.
	Sink smsir.Sink
	Node Node
	// Unmapped is told of a provider's code that no table has; may be nil.
	Unmapped func(kind, code, text string)
	Log      *slog.Logger
	Now      func() time.Time
	Jitter   func() float64 // in [0, 1)
	Metrics  prometheus.Registerer

	Late          smsir.Lateness
	QueueLimit    int           // messages held in memory, all providers together; 20,000 if 0
	ResponseTimer time.Duration // when an answer is given up; 60 s if 0
	Grace         time.Duration // for hand-overs under way at the end; 10 s if 0
	PollCap       time.Duration // longest sleep of the clock; 1 s if 0
}

// Dispatcher hands messages over. Make one with [New], connect Reserve and Poke to stage 1, and
// call Run once.
type Dispatcher struct {
	opt Options
	log *slog.Logger

	mu       sync.Mutex
	lanes    map[smsir.UUID]*lane
	owners   map[smsir.UUID]*owner
	room     room
	rotation int // of the workspaces in a claim
	stopping bool

	poked   chan struct{} // capacity 1: the clock has work
	reload  chan struct{} // capacity 1: the providers changed
	sending sync.WaitGroup
	crew    *crew.Crew      // of the hand-overs
	ctx     context.Context // of hand-overs; ends after the grace period
	metrics *metrics
}

// New returns a dispatcher that does nothing until Run.
func New(opt Options) *Dispatcher {
	d := &Dispatcher{
		opt: opt, log: opt.Log, lanes: map[smsir.UUID]*lane{}, owners: map[smsir.UUID]*owner{}, crew: crew.New(),
		poked: make(chan struct{}, 1), reload: make(chan struct{}, 1),
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	o := &d.opt
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Unmapped == nil {
		o.Unmapped = func(string, string, string) {}
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
	d.room = newRoom(o.QueueLimit)
	d.metrics = newMetrics(d)
	if o.Metrics != nil {
		o.Metrics.MustRegister(d.metrics)
	}
	return d
}

// Run works until ctx ends, then drains: nothing new is started, hand-overs under way get the grace
// period, and what was not started goes back to the queue. A database that is away when it starts is waited for; it returns an
// error only if it cannot start at all.
func (d *Dispatcher) Run(ctx context.Context) error {
	sendCtx, cancelSends := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelSends()
	d.mu.Lock()
	d.ctx = sendCtx
	d.mu.Unlock()
	if err := d.begin(ctx); err != nil {
		return err
	}
	d.clock(ctx)
	failpoint.Hit(failpoint.DrainBefore)
	d.drain(cancelSends)
	d.crew.Dismiss()
	failpoint.Hit(failpoint.DrainAfter)
	return nil
}

// beginEvery is how long a database that is away when the dispatcher starts is left alone between two tries.
const beginEvery = time.Second

// begin takes over what earlier runs left and reads what is configured, as soon as the database lets it.
func (d *Dispatcher) begin(ctx context.Context) error {
	for {
		err := d.beginOnce(ctx)
		if err == nil || !smsir.Unavailable(err) {
			return err
		}
		d.log.Error("the dispatcher waits for the database", "err", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(beginEvery):
		}
	}
}

func (d *Dispatcher) beginOnce(ctx context.Context) error {
	requeued, unknown, err := d.opt.Store.Recover(ctx, d.opt.Now(), d.opt.Now().Add(time.Second))
	if err != nil {
		return err
	}
	if requeued+unknown > 0 {
		d.log.Info("took over from an earlier run", "requeued", requeued, "unknown", unknown)
	}
	return d.load(ctx)
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
		d.giveBack(l.takeAll(), smsir.ReasonDue, d.opt.Now())
	}
}
