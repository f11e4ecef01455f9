package notify

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
)

func TestEventReachesSubscriberAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		h := running(t, m)
		s := subscribe(t, h, workspace(1), 0)
		join(t, s)
		start := time.Now()
		m.commit(workspace(1), 1)
		h.Wake()
		ids, err := collect(t.Context(), s, 1)
		if want := m.ids(workspace(1), 0); err != nil || !slices.Equal(ids, want) {
			t.Fatalf("got %v, %v, want %v", ids, err, want)
		}
		if waited := time.Since(start); waited > restBetween { // of virtual time
			t.Errorf("waited %v after Wake, want at most %v", waited, restBetween)
		}
		if s.Cursor() != ids[0] {
			t.Errorf("cursor %d, want %d", s.Cursor(), ids[0])
		}
	})
}

func TestEventIsFoundWithoutWake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		h := running(t, m)
		s := subscribe(t, h, workspace(1), 0)
		join(t, s)
		start := time.Now()
		m.commit(workspace(1), 1)
		if ids, err := collect(t.Context(), s, 1); err != nil || len(ids) != 1 {
			t.Fatalf("got %v, %v, want one event", ids, err)
		}
		if waited := time.Since(start); waited > pollEvery+restBetween {
			t.Errorf("waited %v without Wake, want at most %v", waited, pollEvery+restBetween)
		}
	})
}

func TestHubWithoutSubscribersReadsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		h := running(t, m)
		for range 100 {
			m.commit(workspace(1), 50)
			h.Wake()
			time.Sleep(time.Minute)
		}
		if n := m.readCount(); n != 0 {
			t.Errorf("%d reads of the store, want 0", n)
		}
		// Whoever comes then starts at the end, not at the first of the 5,000 events.
		s := subscribe(t, h, workspace(1), 0)
		join(t, s)
		reads := m.readCount()
		m.commit(workspace(2), 1)
		m.commit(workspace(1), 1)
		h.Wake()
		ids, err := collect(t.Context(), s, 1)
		if err != nil || ids[0] != m.last() {
			t.Fatalf("got %v, %v, want the newest event %d", ids, err, m.last())
		}
		if n := m.readCount() - reads; n > 4 {
			t.Errorf("%d reads of the store for two events, want at most 4", n)
		}
		s.Close()
		if n := h.Subscribers(); n != 0 {
			t.Errorf("%d subscribers after Close, want 0", n)
		}
	})
}

func TestWakeNeverBlocks(t *testing.T) {
	t.Parallel()
	h := New(&memory{}, &memory{}, quiet()) // nobody runs it
	for range 1000 {
		h.Wake()
	}
}

func TestSlowSubscriberIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		h := running(t, m)
		slow, quick := subscribe(t, h, workspace(1), 0), subscribe(t, h, workspace(1), 0)
		join(t, slow)
		join(t, quick)
		const n = 20 * bufferSize
		got := make(chan []smsir.ID, 1)
		go func() {
			ids, _ := collect(context.WithoutCancel(t.Context()), quick, n)
			got <- ids
		}()
		for range n / 64 {
			m.commit(workspace(1), 64)
			h.Wake()
			time.Sleep(200 * time.Millisecond)
		}
		want := m.ids(workspace(1), 0)
		if ids := <-got; !slices.Equal(ids, want) {
			t.Errorf("beside a slow subscriber: got %d events, want %d in order", len(ids), len(want))
		}
		if h.Subscribers() != 1 {
			t.Errorf("%d live subscriptions, want 1: the slow one is out", h.Subscribers())
		}
		ids, err := collect(t.Context(), slow, n)
		if !errors.Is(err, ErrSlow) {
			t.Fatalf("slow subscriber: got %d events and %v, want %v", len(ids), err, ErrSlow)
		}
		again := subscribe(t, h, workspace(1), slow.Cursor())
		rest, err := collect(t.Context(), again, n-len(ids))
		if all := slices.Concat(ids, rest); err != nil || !slices.Equal(all, want) {
			t.Errorf("with what the cursor resumes: got %d events, %v, want %d in order", len(all), err, len(want))
		}
	})
}

// A burst that is larger than the buffer, such as one batch of 1,000, is no reason to drop anybody.
func TestBurstDropsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		h := running(t, m)
		s := subscribe(t, h, workspace(1), 0)
		join(t, s)
		for range 5 {
			m.commit(workspace(1), 10*bufferSize)
			h.Wake()
			time.Sleep(2 * patience) // it is busy elsewhere, and then
		}
		_, err := s.one(t.Context())
		if !errors.Is(err, ErrSlow) {
			t.Fatalf("after %v away: %v, want %v", 10*patience, err, ErrSlow)
		}
		s = subscribe(t, h, workspace(1), s.Cursor())
		for range 5 {
			if _, err := collect(t.Context(), s, len(m.ids(workspace(1), s.Cursor()))); err != nil {
				t.Fatal(err)
			}
			join(t, s)
			m.commit(workspace(1), 10*bufferSize)
			h.Wake()
			time.Sleep(patience / 2)
		}
		ids, err := collect(t.Context(), s, 10*bufferSize)
		if want := m.ids(workspace(1), 0); err != nil || ids[len(ids)-1] != want[len(want)-1] {
			t.Errorf("got %d events, %v, want %d", len(ids), err, 10*bufferSize)
		}
	})
}

func TestStoreThatFailsIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*memory, bool){
		"error": func(m *memory, on bool) {
			m.fail = nil
			if on {
				m.fail = errors.New("the database is locked")
			}
		},
		"panic": func(m *memory, on bool) { m.panics = on },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := &memory{}
				h := running(t, m)
				s := subscribe(t, h, workspace(1), 0)
				join(t, s)
				m.set(func() { fault(m, true) })
				m.commit(workspace(1), 3)
				h.Wake()
				time.Sleep(5 * pollEvery)
				m.set(func() { fault(m, false) })
				ids, err := collect(t.Context(), s, 3)
				if want := m.ids(workspace(1), 0); err != nil || !slices.Equal(ids, want) {
					t.Errorf("got %v, %v, want %v", ids, err, want)
				}
			})
		})
	}
}

// Names that cannot be read leave the hub with a page it cannot tell: its subscribers read it themselves.
func TestPageThatCannotBeToldIsNotLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{messages: map[smsir.ID]*smsir.Message{}}
		names := &memory{fail: errors.New("no names today")}
		h := New(m, names, quiet())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.Run(ctx) }()
		s := subscribe(t, h, workspace(1), 0)
		join(t, s)
		m.commit(workspace(1), 1)
		m.set(func() { m.events[0].Data.Provider = (smsir.UUID{1}).Format(smsir.PrefixProvider) })
		h.Wake()
		if item, err := s.one(t.Context()); err == nil {
			t.Errorf("got %s, want the error of the names", item.JSON)
		}
		names.set(func() { names.fail = nil })
		ids, err := collect(t.Context(), s, 1)
		if want := m.ids(workspace(1), 0); err != nil || !slices.Equal(ids, want) {
			t.Errorf("got %v, %v, want %v", ids, err, want)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestStopFlushesThenEndsSubscriptions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		h, stop := stoppable(t, m)
		s := subscribe(t, h, workspace(1), 0)
		join(t, s)
		m.commit(workspace(1), 7) // and nobody wakes the hub
		stop()
		ids, err := collect(t.Context(), s, 8)
		if want := m.ids(workspace(1), 0); !slices.Equal(ids, want) {
			t.Errorf("got %v, want %v", ids, want)
		}
		if !errors.Is(err, ErrStopped) {
			t.Errorf("got %v, want %v", err, ErrStopped)
		}
		if _, err := h.Subscribe(t.Context(), workspace(1), 0); !errors.Is(err, ErrStopped) {
			t.Errorf("Subscribe to a stopped hub: %v, want %v", err, ErrStopped)
		}
	})
}

func TestClosedSubscriptionEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := running(t, &memory{})
		s := subscribe(t, h, workspace(1), 0)
		join(t, s)
		ended := make(chan error)
		go func() {
			_, err := s.one(context.WithoutCancel(t.Context()))
			ended <- err
		}()
		synctest.Wait()
		s.Close()
		s.Close()
		if err := <-ended; !errors.Is(err, errClosed) {
			t.Errorf("got %v, want %v", err, errClosed)
		}
	})
}

func TestResync(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		after  func(first, last smsir.ID) smsir.ID
		resync bool
	}{
		{"older than the oldest event kept", func(first, _ smsir.ID) smsir.ID { return first - 1 }, true},
		{"before every event", func(smsir.ID, smsir.ID) smsir.ID { return Beginning }, false},
		{"newer than the newest event", func(_, last smsir.ID) smsir.ID { return last + 1 }, true},
		{"the oldest event kept", func(first, _ smsir.ID) smsir.ID { return first }, false},
		{"the newest event", func(_, last smsir.ID) smsir.ID { return last }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := &memory{}
				m.commit(workspace(1), 3)
				h := running(t, m)
				first, last := m.events[0].ID, m.last()
				after := c.after(first, last)
				s := subscribe(t, h, workspace(1), after)
				want := m.ids(workspace(1), after)
				if c.resync {
					item, err := s.one(t.Context())
					if err != nil || item.Type != Resync || item.ID != last {
						t.Fatalf("first item: %s, %v, want a resync to %d", item.JSON, err, last)
					}
					want = nil
				}
				m.commit(workspace(1), 2)
				want = append(want, m.ids(workspace(1), last)...)
				h.Wake()
				ids, err := collect(t.Context(), s, len(want))
				if err != nil || !slices.Equal(ids, want) {
					t.Errorf("got %v, %v, want %v", ids, err, want)
				}
			})
		})
	}
}

// A server without any event gives a cursor all the same, and takes no other.
func TestCursorBeforeTheFirstEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		h := running(t, m)
		s := subscribe(t, h, workspace(1), 0)
		m.commit(workspace(1), 2)
		s = subscribe(t, h, workspace(1), s.Cursor())
		ids, err := collect(t.Context(), s, 2)
		if want := m.ids(workspace(1), 0); err != nil || !slices.Equal(ids, want) {
			t.Errorf("got %v, %v, want %v", ids, err, want)
		}
		s = subscribe(t, running(t, &memory{}), workspace(1), s.Cursor())
		if item, err := s.one(t.Context()); err != nil || item.Type != Resync || item.ID != Beginning {
			t.Errorf("cursor of another database: got %s, %v, want a resync", item.JSON, err)
		}
	})
}
