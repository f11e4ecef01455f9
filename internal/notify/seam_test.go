package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/smsir/smsir"
)

// scenario is a random story of commits and watchers. Times are virtual.
type scenario struct {
	before   int // events there are at the start
	delays   []time.Duration
	steps    []step
	watchers []watcher
}

type step struct {
	wait      time.Duration
	workspace byte
	events    int
	wake      bool
	broken    bool // the store fails from here until the next step
}

// watcher is a client: it subscribes, reads at its pace, and resumes from its cursor when its
// subscription ends or it goes away by itself.
type watcher struct {
	workspace byte
	start     time.Duration
	fromStart bool // resumes from the first event; else starts at now
	pace      []time.Duration
	most      int // items it takes at once
	leaves    int // goes away after so many events or a few more, 0 for never
	stays     time.Duration
}

func drawScenario(t *rapid.T) scenario {
	ms := func(most int, label string) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, label)) * time.Millisecond
	}
	s := scenario{before: rapid.SampledFrom([]int{0, 1, 3, pageSize - 1, pageSize, 2*pageSize + 7}).Draw(t, "before")}
	for range rapid.IntRange(0, 5).Draw(t, "delays") {
		s.delays = append(s.delays, rapid.SampledFrom([]time.Duration{0, 0, time.Millisecond, 7 * time.Millisecond, 40 * time.Millisecond}).Draw(t, "delay"))
	}
	for range rapid.IntRange(1, 30).Draw(t, "steps") {
		s.steps = append(s.steps, step{
			wait:      ms(30, "wait"),
			workspace: byte(rapid.IntRange(1, 2).Draw(t, "workspace")),
			events:    rapid.SampledFrom([]int{1, 1, 1, 1, 2, 2, 5, 60, bufferSize, bufferSize + 1, 600, pageSize}).Draw(t, "events"),
			wake:      rapid.Bool().Draw(t, "wake"),
			broken:    rapid.IntRange(0, 9).Draw(t, "broken") == 0,
		})
	}
	for range rapid.IntRange(1, 6).Draw(t, "watchers") {
		w := watcher{
			workspace: byte(rapid.IntRange(1, 2).Draw(t, "watches")),
			start:     ms(800, "start"),
			fromStart: rapid.Bool().Draw(t, "from start"),
			most:      rapid.SampledFrom([]int{1, 1, 2, 64, pageSize + 1}).Draw(t, "most"),
			leaves:    rapid.SampledFrom([]int{0, 1, 1, 3, 100, 700}).Draw(t, "leaves"),
			stays:     ms(20, "stays away"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "paces") {
			w.pace = append(w.pace, ms(8, "pace"))
		}
		s.watchers = append(s.watchers, w)
	}
	return s
}

// TestSeam puts commits into every gap between reading the store and joining the hub.
func TestSeam(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		m.commit(workspace(1), 3)
		h := running(t, m)
		other := subscribe(t, h, workspace(2), 0) // keeps the hub reading
		join(t, other)
		gaps := 0
		m.set(func() {
			m.hook = func(of smsir.UUID) {
				if gaps == 2 || of != workspace(1) {
					return
				}
				gaps++
				m.commit(workspace(1), 2)
				h.Wake()
				time.Sleep(pollEvery) // the hub has handed them out
			}
		})
		s := subscribe(t, h, workspace(1), Beginning)
		ids, err := collect(t.Context(), s, 7)
		if want := m.ids(workspace(1), 0); err != nil || !slices.Equal(ids, want) || len(want) != 7 {
			t.Errorf("got %v, %v, want %v", ids, err, want)
		}
		join(t, s)
		if h.Subscribers() != 2 {
			t.Errorf("%d live subscriptions, want 2", h.Subscribers())
		}
	})
}

// TestEveryEventExactlyOnce plays random interleavings of commits, subscriptions, slow readers, breaks and
// resumptions over a store that is slow and fails: every client gets each event of its workspace that was committed
// after it first subscribed, once, in order, and no other.
func TestEveryEventExactlyOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScenario(rt)
		var faults []error
		synctest.Test(t, func(t *testing.T) { faults = s.play(t) })
		if err := errors.Join(faults...); err != nil {
			rt.Fatalf("%v\nscenario: %+v", err, s)
		}
	})
}

func (s scenario) play(t *testing.T) (faults []error) {
	m := &memory{}
	m.commit(workspace(1), s.before)
	m.commit(workspace(2), s.before)
	m.set(func() { m.delays = s.delays })
	h, stop := stoppable(t, m)

	done := make(chan struct{})
	results := make([]error, len(s.watchers))
	var clients sync.WaitGroup
	for i, w := range s.watchers {
		clients.Go(func() {
			if err := w.watch(h, m, done); err != nil {
				results[i] = fmt.Errorf("watcher %d: %w", i, err)
			}
		})
	}
	for _, step := range s.steps {
		pass(step.wait)
		m.set(func() {
			m.fail = nil
			if step.broken {
				m.fail = errors.New("the database is locked")
			}
		})
		m.commit(workspace(step.workspace), step.events)
		if step.wake {
			h.Wake()
		}
	}
	m.set(func() { m.fail = nil })
	pass(3 * time.Minute) // the slowest has caught up by then
	close(done)
	clients.Wait()
	stop()
	if n := h.Subscribers(); n != 0 {
		faults = append(faults, fmt.Errorf("%d subscriptions left, want 0", n))
	}
	return append(faults, results...)
}

// watch reads until done and compares what came with what was committed.
func (w watcher) watch(h *Hub, m *memory, done <-chan struct{}) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { <-done; cancel() }()

	pass(w.start)
	var cursor, from smsir.ID
	if w.fromStart {
		cursor, from = Beginning, Beginning
	}
	got := []smsir.ID{}
	for visits := 1; ctx.Err() == nil; visits++ {
		if visits > 50 {
			w.leaves = 0 // or it would take for ever
		}
		lowest := m.last()
		s, err := h.Subscribe(ctx, workspace(w.workspace), cursor)
		if err != nil {
			pass(time.Millisecond)
			continue
		}
		if cursor == 0 {
			from = s.Cursor()
			if highest := max(m.last(), Beginning); from < lowest || from > highest {
				return fmt.Errorf("started at %d, want from %d to %d: now", from, lowest, highest)
			}
		}
		if err := w.read(ctx, s, &got); errors.Is(err, errForeign) {
			return err
		}
		cursor = s.Cursor()
		s.Close()
		pass(w.stays + time.Millisecond)
	}
	if want := m.ids(workspace(w.workspace), from); !slices.Equal(got, want) {
		return fmt.Errorf("after %d got %d events, want %d; they part at index %d", from, len(got), len(want), parting(got, want))
	}
	return nil
}

// read takes items at the watcher's pace until it leaves or the subscription ends.
func (w watcher) read(ctx context.Context, s *Subscription, got *[]smsir.ID) error {
	for n := 1; ; n++ {
		items, err := s.Next(ctx, w.most)
		if err != nil {
			return err
		}
		for _, item := range items {
			if item.Type == Resync || item.workspace != workspace(w.workspace) {
				return fmt.Errorf("%w: %s of workspace %v", errForeign, item.JSON, item.workspace)
			}
			*got = append(*got, item.ID)
		}
		if len(w.pace) > 0 {
			pass(w.pace[n%len(w.pace)])
		}
		if w.leaves > 0 && n*w.most >= w.leaves {
			return nil
		}
	}
}

// errForeign: the watcher got what is not for it.
var errForeign = errors.New("not for this watcher")

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

// parting is the first index at which two sequences differ.
func parting(a, b []smsir.ID) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
