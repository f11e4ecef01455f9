package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/inbound"
	"github.com/smsir/smsir/internal/node"
	"github.com/smsir/smsir/internal/receipt"
	"github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/store"
)

// engine is one run of the gateway: the stages as cmd/smsir wires them.
type engine struct {
	*member
	run        int
	store      store.Store
	gate       *gate
	clock      func() time.Time // of the stages
	keeper     *node.Keeper     // nil for a node that is alone
	accept     *accept.Service
	dispatcher *dispatch.Dispatcher
	receipts   *receipt.Service
	inbound    *inbound.Service
	stop       context.CancelFunc
	leave      context.CancelFunc // ends the keeper
	done       chan error
	left       chan struct{} // closed when the keeper has ended
	halting    atomic.Bool   // it ends in order
}

// pollCap is the longest sleep of the gateway's clock, and so how late it may notice that its clock jumped. It is long, so
// that a wake-up that nobody gives is missed for long. Wake-ups between nodes may be lost, so there it is half of a lease.
const pollCap = 6 * time.Hour

// grace is how long an orderly stop waits for hand-overs.
const grace = 5 * time.Second

// boot prepares a run that dies as planned. It fails only where the database cannot be reached.
func (m *member) boot(plan *crash) (*engine, error) {
	w := m.w
	run := w.nextRun()
	if w.skewed {
		m.offset.Store(int64(w.skew(run)))
	}
	w.base.sync()
	st, err := w.base.open(m)
	if err != nil {
		return nil, err
	}
	e := &engine{member: m, run: run, store: st, done: make(chan error, 1), left: make(chan struct{})}
	e.gate = newGate(m, st, plan)
	if w.doubts {
		e.gate.doubts = func(method string, call int) bool {
			switch method {
			case "Accept", "Intend", "Finish", "Release", "StoreReceipt", "StoreInbound", "Cancel", "Look":
				return w.draw("doubt", e.run, method, call).chance(3)
			}
			return false
		}
	}
	e.clock = m.now
	if e.gate.nodes != nil {
		e.keeper = node.New(node.Options{
			Store: e.gate, Lease: w.lease, Now: m.now,
			TakeOver: func(ctx context.Context) (requeued, unknown int, err error) {
				requeued, unknown, err = e.gate.Recover(ctx, e.clock(), e.clock().Add(time.Second))
				w.mu.Lock()
				defer w.mu.Unlock()
				w.takeovers += requeued + unknown
				return requeued, unknown, err
			},
			Heard: map[string]func(){node.Queue: func() { e.dispatcher.Poke() }},
		})
		e.clock = e.keeper.Now
		if err := e.keeper.Start(bg); err != nil {
			_ = st.Close() // it cannot tell that it stops
			return nil, err
		}
	}
	e.receipts = receipt.New(receipt.Options{Store: e.gate, Now: e.clock})
	e.inbound = inbound.New(e.gate, nil, e.clock)
	jitter := rand.New(rand.NewPCG(w.seed, 1))
	opt := dispatch.Options{
		Store: e.gate, Open: func(context.Context) ([]dispatch.Upstream, error) { return w.upstreams(e), nil }, Log: slog.New(slog.DiscardHandler),
		Now: e.clock, Jitter: func() float64 { w.mu.Lock(); defer w.mu.Unlock(); return jitter.Float64() },
		Late: lateness(), Grace: grace, PollCap: pollCap,
	}
	if e.keeper != nil {
		if !w.calm {
			opt.PollCap = w.lease / 2
		}
		opt.Node = dispatch.Node{Alive: e.keeper.Alive, Hold: e.keeper.Hold, Holds: e.keeper.Holds}
	}
	e.dispatcher = dispatch.New(opt)
	d := e.dispatcher
	e.accept = accept.New(accept.Options{
		Store: e.gate, Now: e.clock, IdempotencyTTL: 2 * longest, Reserve: d.Reserve, Poke: func() { d.Poke(); e.tell() }, Waits: d.Waits, Hurry: d.Changed, Knows: d.Knows,
	})
	return e, nil
}

// tell has the other nodes look at the queue.
func (e *engine) tell() {
	if e.keeper != nil {
		e.keeper.Tell(node.Queue)
	}
}

// start begins the run.
func (e *engine) start() {
	ctx, cancel := context.WithCancel(bg)
	e.stop = cancel
	go func() { e.done <- e.dispatcher.Run(ctx) }()
	watch, leave := context.WithCancel(bg)
	e.leave = leave
	go func() {
		defer close(e.left)
		if e.keeper != nil {
			_ = e.keeper.Run(watch) // it always ends with nil
		}
	}()
}

// halt ends the run; a dead one only has to notice. ended says that the dispatcher has ended by itself. It returns false for
// a run that could not tell that it ends.
func (e *engine) halt(ended bool) bool {
	e.halting.Store(true)
	e.stop()
	if !ended {
		if err := <-e.done; err != nil && !e.excused(err) && !errors.Is(err, context.Canceled) {
			e.w.fault("the dispatcher ended with %v", err)
		}
	}
	e.tell() // what was given back is for the others
	e.leave()
	<-e.left
	err := e.store.Close()
	if err != nil && (e.keeper == nil || e.wellFor() > 0) {
		e.w.must(err)
	}
	return err == nil
}

// excused is true for an error that somebody is told whose run has died or is just ending, or whose database is out of reach.
func (e *engine) excused(err error) bool {
	if e.halting.Load() && smsir.CodeOf(err) == smsir.CodeStorageDown { // who asked before it began to end comes again
		return true
	}
	return e.gone(err) || e.keeper != nil && smsir.CodeOf(err) == smsir.CodeStorageDown && e.wellFor() < settleTime
}

// settleTime is how long a store may go on with what it began while it did not reach its database.
const settleTime = 10 * time.Second

func lateness() smsir.Lateness { return smsir.Lateness{OTP: 5 * time.Minute, Other: time.Hour} }

// gone is true for an error of a run that died: what is read beside the gate fails in ways of its own then.
func (e *engine) gone(err error) bool {
	return errors.Is(err, errDead) || err != nil && e.gate.dead.Load()
}

// upstreams are the providers as they stand for one run.
func (w *world) upstreams(e *engine) []dispatch.Upstream {
	var all []dispatch.Upstream
	for i, p := range w.providers {
		var open smsir.Provider = &account{p, e}
		switch {
		case p.once:
			open = &onceAccount{account{p, e}}
		case p.asked:
			open = &askedAccount{account{p, e}}
		}
		all = append(all, dispatch.Upstream{
			Candidate: route.Candidate{ID: p.id, Name: p.name, Priority: i}, Workspace: p.workspace, Kind: "sim", Window: p.window, Provider: open, OneNode: p.once, Ahead: i%2 == 0, Version: "1",
		})
	}
	return all
}

// skew is how far the clock of a machine is off during a run: not, by less than what keeps requests away, or by hours.
func (w *world) skew(run int) time.Duration {
	d := w.draw("skew", run)
	by := []time.Duration{0, d.within(time.Second, 50*time.Second), d.within(time.Hour, 5*time.Hour)}[d.weighted(30, 50, 20)]
	if d.chance(50) {
		by = -by
	}
	return by
}

func (w *world) nextRun() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs++
	return w.runs
}

// note keeps how long a run lasted, and that it died.
func (w *world) note(up uptime, died bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ups = append(w.ups, up)
	if died {
		w.deaths++
	}
}

// setUp says which run of a node serves; nil for none.
func (w *world) setUp(m *member, e *engine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up[m.number] = e
	if e != nil {
		close(w.back)
		w.back = make(chan struct{})
	}
}

// engine waits until a node is up, and picks one by what it is for; nil when ctx ends first.
func (w *world) engine(ctx context.Context, purpose ...any) *engine {
	for {
		w.mu.Lock()
		var ups []*engine
		for _, e := range w.up {
			if e != nil {
				ups = append(ups, e)
			}
		}
		back := w.back
		w.mu.Unlock()
		if len(ups) > 0 {
			return ups[w.draw("door", fmt.Sprint(purpose...)).IntN(len(ups))]
		}
		select {
		case <-back:
		case <-ctx.Done():
			return nil
		}
	}
}

// rest waits; false if ctx ended first.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
