package sim

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/inbound"
	"github.com/smsir/smsir/internal/receipt"
	"github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/store/sqlite"
)

// engine is one run of the gateway: the stages as cmd/smsir wires them.
type engine struct {
	w          *world
	run        int
	store      *sqlite.Store
	gate       *gate
	accept     *accept.Service
	dispatcher *dispatch.Dispatcher
	receipts   *receipt.Service
	inbound    *inbound.Service
	stop       context.CancelFunc
	done       chan error
}

// pollCap is the longest sleep of the gateway's clock, and so how late it may notice that its clock jumped. It is long, so
// that a wake-up that nobody gives is missed for long.
const pollCap = 6 * time.Hour

// grace is how long an orderly stop waits for hand-overs.
const grace = 5 * time.Second

// boot starts a run that dies as planned.
func (w *world) boot(plan *crash) *engine {
	st, err := sqlite.Open(bg, filepath.Join(w.dir, "smsir.db"), sqlite.Options{Now: w.now, DiskEvery: 24 * time.Hour, Memory: w.memory})
	w.must(err)
	w.runs++
	e := &engine{w: w, run: w.runs, store: st, gate: newGate(st, plan, w.must), done: make(chan error, 1)}
	if w.doubts {
		e.gate.doubts = func(method string, call int) bool {
			switch method {
			case "Accept", "Intend", "Finish", "Release", "StoreReceipt", "StoreInbound", "Cancel", "Look":
				return w.draw("doubt", e.run, method, call).chance(3)
			}
			return false
		}
	}
	e.receipts = receipt.New(receipt.Options{Store: e.gate, Now: w.now})
	e.inbound = inbound.New(e.gate, nil, w.now)
	jitter := rand.New(rand.NewPCG(w.seed, 1))
	e.dispatcher = dispatch.New(dispatch.Options{
		Store: e.gate, Open: func(context.Context) ([]dispatch.Upstream, error) { return w.upstreams(e), nil }, Log: slog.New(slog.DiscardHandler),
		Now: w.now, Jitter: func() float64 { w.mu.Lock(); defer w.mu.Unlock(); return jitter.Float64() },
		Late: lateness(), Grace: grace, PollCap: pollCap,
	})
	d := e.dispatcher
	e.accept = accept.New(accept.Options{
		Store: e.gate, Now: w.now, IdempotencyTTL: 2 * longest, Reserve: d.Reserve, Unreserve: d.Unreserve, Offer: d.Offer, Poke: d.Poke, Waits: d.Waits, Hurry: d.Changed, Knows: d.Knows,
	})
	return e
}

// start begins the run.
func (e *engine) start() {
	ctx, cancel := context.WithCancel(bg)
	e.stop = cancel
	go func() { e.done <- e.dispatcher.Run(ctx) }()
}

func lateness() smsir.Lateness { return smsir.Lateness{OTP: 5 * time.Minute, Other: time.Hour} }

// halt ends the run; a dead one only has to notice.
func (e *engine) halt() {
	e.stop()
	if err := <-e.done; err != nil && !e.gate.dead.Load() {
		e.w.fault("the dispatcher ended with %v", err)
	}
	e.w.must(e.store.Close())
}

// gone is true for an error of a run that died: what is read beside the gate fails in ways of its own then.
func (e *engine) gone(err error) bool {
	return errors.Is(err, errDead) || err != nil && e.gate.dead.Load()
}

// upstreams are the providers as they stand for one run.
func (w *world) upstreams(e *engine) []dispatch.Upstream {
	var all []dispatch.Upstream
	for i, p := range w.providers {
		var open smsir.Provider = &account{p, e}
		if p.asked {
			open = &askedAccount{account{p, e}}
		}
		all = append(all, dispatch.Upstream{
			Candidate: route.Candidate{ID: p.id, Name: p.name, Priority: i}, Workspace: p.workspace, Kind: "sim", Window: p.window, Provider: open, Version: "1",
		})
	}
	return all
}

// supervise keeps a gateway running: it boots, waits for its death, rests, and boots again.
func (w *world) supervise(ctx context.Context) {
	for i, plan := range append(w.crashes, nil) {
		e := w.boot(plan)
		if i == 0 {
			w.settle(e)
		}
		e.start()
		from := time.Now()
		w.setUp(e)
		select {
		case <-e.gate.died:
			w.deaths++
		case <-ctx.Done():
		}
		w.ups = append(w.ups, uptime{from, time.Now()})
		w.setUp(nil)
		e.halt()
		if ctx.Err() != nil {
			return
		}
		rest(ctx, w.draw("downtime", plan).sooner(6*time.Hour))
	}
}

func (w *world) setUp(e *engine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up = e
	if e != nil {
		close(w.back)
		return
	}
	w.back = make(chan struct{})
}

// engine waits until the gateway is up; nil when ctx ends first.
func (w *world) engine(ctx context.Context) *engine {
	for {
		w.mu.Lock()
		e, back := w.up, w.back
		w.mu.Unlock()
		if e != nil {
			return e
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
