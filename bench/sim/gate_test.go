package sim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	sqlite3 "modernc.org/sqlite"
)

// errDead is what a process that was killed gets from its store, and nobody from it.
var errDead = errors.New("the process is dead")

// crash says where a run of the gateway dies: at the n-th call of a method of the store, before it or behind its commit.
type crash struct {
	method string
	n      int
	after  bool
}

func (c *crash) String() string {
	if c == nil {
		return "none"
	}
	return fmt.Sprintf("%s:%d after=%v", c.method, c.n, c.after)
}

// gate is the store as one run of the gateway sees it. When the run dies, whatever is asked fails, and what was committed
// meanwhile stays committed: the calls under way learn nothing of it.
type gate struct {
	store.Store
	nodes store.Nodes // nil for a database of one node
	m     *member
	plan  *crash
	died  chan struct{}
	dead  atomic.Bool
	boot  time.Time

	mu    sync.Mutex
	calls map[string]int

	// doubts draws whether nobody can tell what became of a call, which happens every second time. Nil: never.
	doubts func(method string, call int) bool
}

func newGate(m *member, st store.Store, plan *crash) *gate {
	nodes, _ := st.(store.Nodes)
	return &gate{Store: st, nodes: nodes, m: m, plan: plan, died: make(chan struct{}), boot: time.Now(), calls: map[string]int{}}
}

func (g *gate) kill() {
	if g.dead.CompareAndSwap(false, true) {
		g.m.sever()
		close(g.died)
	}
}

// pass makes a call of the store, unless the run is dead or dies of it.
func pass[T any](g *gate, method string, f func() (T, error)) (T, error) {
	var none T
	g.m.awake()
	if g.dead.Load() {
		return none, errDead
	}
	g.mu.Lock()
	g.calls[method]++
	calls := g.calls[method]
	last := g.plan != nil && g.plan.method == method && g.plan.n == calls
	g.mu.Unlock()
	if last && !g.plan.after {
		g.kill()
		return none, errDead
	}
	doubt := g.doubts != nil && g.doubts(method, calls)
	if doubt && calls%2 == 0 {
		return none, smsir.Errorf(smsir.CodeCommitUnknown, "The seed wants it so.")
	}
	during := g.m.meet(method)
	g.m.awake()
	g.m.w.base.sync()
	if during != nil {
		g.m.w.troubles.Go(during)
	}
	v, err := f()
	if raw := (*sqlite3.Error)(nil); errors.As(err, &raw) {
		g.m.w.must(fmt.Errorf("%s: %w", method, err))
	}
	if last {
		g.kill()
	}
	if doubt && err == nil {
		v, err = none, smsir.Errorf(smsir.CodeCommitUnknown, "The seed wants it so.")
	}
	g.m.awake()
	if g.dead.Load() {
		return none, errDead
	}
	return v, err
}

func check(g *gate, method string, f func() error) error {
	_, err := pass(g, method, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

func (g *gate) Accept(ctx context.Context, a *store.Acceptance) (*store.Replay, error) {
	return pass(g, "Accept", func() (*store.Replay, error) { return g.Store.Accept(ctx, a) })
}

func (g *gate) Replay(ctx context.Context, ws smsir.UUID, scope, key string, now time.Time) (*store.Replay, error) {
	return pass(g, "Replay", func() (*store.Replay, error) { return g.Store.Replay(ctx, ws, scope, key, now) })
}

func (g *gate) Recover(ctx context.Context, now, next time.Time) (requeued, unknown int, err error) {
	err = check(g, "Recover", func() (err error) { requeued, unknown, err = g.Store.Recover(ctx, now, next); return err })
	return requeued, unknown, err
}

func (g *gate) Waiting(ctx context.Context) ([]store.Waiting, error) {
	return pass(g, "Waiting", func() ([]store.Waiting, error) { return g.Store.Waiting(ctx) })
}

func (g *gate) Claim(ctx context.Context, now time.Time, shares []store.Share) ([]*smsir.Message, error) {
	return pass(g, "Claim", func() ([]*smsir.Message, error) { return g.Store.Claim(ctx, now, shares) })
}

func (g *gate) NextDeadline(ctx context.Context) (time.Time, error) {
	return pass(g, "NextDeadline", func() (time.Time, error) { return g.Store.NextDeadline(ctx) })
}

func (g *gate) Tell(ctx context.Context, e smsir.Event) error {
	return check(g, "Tell", func() error { return g.Store.Tell(ctx, e) })
}

func (g *gate) TriedProviders(ctx context.Context, id smsir.ID) ([]smsir.UUID, error) {
	return pass(g, "TriedProviders", func() ([]smsir.UUID, error) { return g.Store.TriedProviders(ctx, id) })
}

func (g *gate) Tick(ctx context.Context, now time.Time, late smsir.Lateness, limit int) (store.TickResult, error) {
	return pass(g, "Tick", func() (store.TickResult, error) { return g.Store.Tick(ctx, now, late, limit) })
}

func (g *gate) Intend(ctx context.Context, intents []store.Intent) ([]bool, error) {
	return pass(g, "Intend", func() ([]bool, error) { return g.Store.Intend(ctx, intents) })
}

func (g *gate) Finish(ctx context.Context, f store.Finish) (*smsir.Message, error) {
	return pass(g, "Finish", func() (*smsir.Message, error) { return g.Store.Finish(ctx, f) })
}

func (g *gate) Release(ctx context.Context, ids []smsir.ID, reason smsir.Reason, next time.Time) error {
	return check(g, "Release", func() error { return g.Store.Release(ctx, ids, reason, next) })
}

func (g *gate) Hurry(ctx context.Context, ws smsir.UUID, reason smsir.Reason, now time.Time) error {
	return check(g, "Hurry", func() error { return g.Store.Hurry(ctx, ws, reason, now) })
}

func (g *gate) Fail(ctx context.Context, id smsir.ID, now time.Time, reason smsir.Reason, why *smsir.Failure) error {
	return check(g, "Fail", func() error { return g.Store.Fail(ctx, id, now, reason, why) })
}

func (g *gate) Look(ctx context.Context, id smsir.ID, next time.Time) error {
	return check(g, "Look", func() error { return g.Store.Look(ctx, id, next) })
}

func (g *gate) Follow(ctx context.Context, id smsir.ID, was, next time.Time) error {
	return check(g, "Follow", func() error { return g.Store.Follow(ctx, id, was, next) })
}

func (g *gate) AcceptedAttempts(ctx context.Context, id smsir.ID) ([]smsir.Attempt, error) {
	return pass(g, "AcceptedAttempts", func() ([]smsir.Attempt, error) { return g.Store.AcceptedAttempts(ctx, id) })
}

func (g *gate) Sweep(ctx context.Context, now time.Time) (bool, error) {
	return pass(g, "Sweep", func() (bool, error) { return g.Store.Sweep(ctx, now) })
}

func (g *gate) UnknownAttempts(ctx context.Context, id smsir.ID) ([]smsir.Attempt, error) {
	return pass(g, "UnknownAttempts", func() ([]smsir.Attempt, error) { return g.Store.UnknownAttempts(ctx, id) })
}

func (g *gate) StoreReceipt(ctx context.Context, r smsir.Receipt) (store.ReceiptResult, error) {
	return pass(g, "StoreReceipt", func() (store.ReceiptResult, error) { return g.Store.StoreReceipt(ctx, r) })
}

func (g *gate) StoreInbound(ctx context.Context, in smsir.Inbound, c store.Consent) (bool, error) {
	return pass(g, "StoreInbound", func() (bool, error) { return g.Store.StoreInbound(ctx, in, c) })
}

func (g *gate) Cancel(ctx context.Context, ws smsir.UUID, id smsir.ID, by smsir.Actor, now time.Time) (r smsir.CancelResult, m *smsir.Message, err error) {
	err = check(g, "Cancel", func() (err error) { r, m, err = g.Store.Cancel(ctx, ws, id, by, now); return err })
	return r, m, err
}
