package dispatch_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/store"
)

// slowStore lets a test act between the commit of an intent and the wire.
type slowStore struct {
	store.Store
	intended func()
}

func (s *slowStore) Intend(ctx context.Context, intents []store.Intent) ([]bool, error) {
	ok, err := s.Store.Intend(ctx, intents)
	if s.intended != nil {
		s.intended()
	}
	return ok, err
}

func (s *slowStore) Accept(ctx context.Context, a *store.Acceptance) (*store.Replay, error) {
	replay, err := s.Store.Accept(ctx, a)
	if s.intended != nil && len(a.Intents) > 0 {
		s.intended()
	}
	return replay, err
}

// TestACutOffNodeDoesNotWrite: between the intent and the wire the node loses its lease, or gets another life. Nothing is
// written, the attempt ends as not sent, and the message goes out when the node is well again.
func TestACutOffNodeDoesNotWrite(t *testing.T) {
	for name, after := range map[string]func(life *atomic.Int64, alive *atomic.Bool){
		"its lease is over":   func(_ *atomic.Int64, alive *atomic.Bool) { alive.Store(false) },
		"it has another life": func(life *atomic.Int64, _ *atomic.Bool) { life.Add(1) },
	} {
		t.Run(name, func(t *testing.T) {
			c := &carrier{}
			run(t, one(c), func(w *world) {
				w.stop()
				var life atomic.Int64
				var alive atomic.Bool
				alive.Store(true)
				var once sync.Once
				w.st = &slowStore{Store: w.st, intended: func() { once.Do(func() { after(&life, &alive) }) }}
				w.node = dispatch.Node{Alive: func() (int64, bool) { return life.Load(), alive.Load() }}
				w.start()
				synctest.Wait()
				id := w.send(to)
				time.Sleep(500 * time.Millisecond)
				if n := c.sent(to); n != 0 {
					t.Fatalf("%d sends by a node that may not", n)
				}
				if m := w.expect(id, smsir.Queued, false); m.Error == nil || m.Error.Code != "node_cut_off" {
					t.Errorf("waits because of %+v", m.Error)
				}
				if !alive.Load() {
					next := w.send("+12025550101")
					time.Sleep(time.Minute)
					if w.expect(next, smsir.Queued, false); c.sends() != 0 {
						t.Error("a node that is cut off claims and sends")
					}
				}
				alive.Store(true)
				w.d.Poke()
				time.Sleep(10 * time.Second)
				w.expect(id, smsir.Sent, false)
				if n := c.sent(to); n != 1 {
					t.Errorf("%d sends, want 1", n)
				}
			})
		})
	}
}

// binder is a carrier with a connection that exists once.
type binder struct {
	carrier
	bound atomic.Int32
}

func (b *binder) Run(ctx context.Context, _ smsir.Sink) error {
	b.bound.Add(1)
	defer b.bound.Add(-1)
	<-ctx.Done()
	return nil
}

// TestAConnectionThatExistsOnce: the node that does not serve the workspace neither connects nor claims; when it does, it
// takes up what waits; when it loses the workspace, it lets go.
func TestAConnectionThatExistsOnce(t *testing.T) {
	b := &binder{}
	ups := func(ws smsir.UUID) []dispatch.Upstream {
		return []dispatch.Upstream{up(1, ws, b, func(u *dispatch.Upstream) { u.OneNode = true })}
	}
	run(t, ups, func(w *world) {
		w.stop()
		got, lost := make(chan struct{}), make(chan struct{})
		var holds atomic.Bool
		w.node = dispatch.Node{
			Holds: func(smsir.UUID) bool { return holds.Load() },
			Hold: func(ctx context.Context, ws smsir.UUID, run func(context.Context) error) error {
				select {
				case <-got:
				case <-ctx.Done():
					return nil
				}
				holds.Store(true)
				mine, cancel := context.WithCancel(ctx)
				go func() {
					select {
					case <-lost:
						holds.Store(false)
					case <-ctx.Done():
					}
					cancel()
				}()
				err := run(mine)
				<-ctx.Done()
				return err
			},
		}
		w.start()
		synctest.Wait()
		id := w.send(to)
		time.Sleep(time.Minute)
		if w.expect(id, smsir.Queued, false); b.bound.Load() != 0 {
			t.Error("two nodes hold the connection")
		}
		close(got)
		time.Sleep(2 * time.Second)
		if w.expect(id, smsir.Sent, false); b.bound.Load() != 1 {
			t.Error("the node that serves the workspace does not connect")
		}
		close(lost)
		synctest.Wait()
		next := w.send("+12025550101")
		time.Sleep(time.Minute)
		if w.expect(next, smsir.Queued, false); b.bound.Load() != 0 || b.sends() != 1 {
			t.Errorf("after it lost the workspace: %d connections, %d sends", b.bound.Load(), b.sends())
		}
	})
}
