package dispatch_test

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/dispatch"
)

// answer changes what a carrier answers from now on.
func (c *carrier) answer(always func(context.Context) (smsir.Accepted, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.always = always
}

// ahead is a window of four before a provider that answers after a while, and the most slots that were taken when it was called.
type ahead struct {
	*world
	c     *carrier
	mu    sync.Mutex
	slots []int // at each call
}

// aheadOf runs a test with a provider that is known to answer that fast.
func aheadOf(t *testing.T, window int, answers time.Duration, test func(*ahead)) {
	t.Helper()
	aheadAt(t, func(u *dispatch.Upstream) { u.Window = window }, answers, test)
}

// aheadAt does so with any provider.
func aheadAt(t *testing.T, change func(*dispatch.Upstream), answers time.Duration, test func(*ahead)) {
	t.Helper()
	a := &ahead{c: &carrier{}}
	countStarts(t, func(ws smsir.UUID) []dispatch.Upstream { return []dispatch.Upstream{up(1, ws, a.c, change)} }, func(w *world, _ *counted) {
		a.world = w
		a.c.answer(a.accepts(answers))
		for i := range 60 {
			w.send(number(i))
			time.Sleep(answers + time.Millisecond)
		}
		w.idle()
		a.slots = nil
		test(a)
	})
}

// accepts takes a message after a while.
func (a *ahead) accepts(after time.Duration) func(context.Context) (smsir.Accepted, error) {
	return func(context.Context) (smsir.Accepted, error) {
		time.Sleep(after)
		h, _ := a.d.Health(a.ups[0].ID)
		a.mu.Lock()
		a.slots = append(a.slots, h.Sending)
		a.mu.Unlock()
		return smsir.Accepted{References: []string{rand.Text()}}, nil
	}
}

// load sends messages at once.
func (a *ahead) load(n int) (ids []smsir.ID) {
	for i := range n {
		ids = append(ids, a.send(number(1000+i)))
	}
	return ids
}

func (a *ahead) most() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.slots {
		n = max(n, s)
	}
	return n
}

// count is how many messages stand in a status, and for how many of them that is because the window was full.
func (a *ahead) count(ids []smsir.ID, status smsir.Status) (n, full int) {
	a.Helper()
	synctest.Wait()
	for _, id := range ids {
		m, err := a.st.Message(bg, a.ws, id)
		if err != nil {
			a.Fatal(err)
		}
		if m.Status != status {
			continue
		}
		n++
		if m.Error != nil && m.Error.Code == "window_full" {
			if full++; m.Attempts != 0 {
				a.Errorf("a window that was full cost an attempt: %d", m.Attempts)
			}
		}
	}
	return n, full
}

// TestAheadWithinTheWindow: of a fast provider's messages as many again are ahead as its window has places, and never more on the wire.
func TestAheadWithinTheWindow(t *testing.T) {
	for _, answers := range []time.Duration{2 * time.Millisecond, 30 * time.Millisecond} {
		t.Run(answers.String(), func(t *testing.T) {
			aheadOf(t, 4, answers, func(a *ahead) {
				ids := a.load(400)
				time.Sleep(10 * time.Second)
				if n, _ := a.count(ids, smsir.Sent); n != len(ids) || a.c.sends() != 60+len(ids) {
					t.Errorf("%d of %d are sent, in %d calls", n, len(ids), a.c.sends()-60)
				}
				if n := a.c.most(); n != 4 {
					t.Errorf("%d calls at once, the window is 4", n)
				}
				if n := a.most(); n != 8 {
					t.Errorf("at most %d slots were taken, want the window twice", n)
				}
				few := 0
				for _, n := range a.slots[:len(a.slots)-8] {
					if n <= 4 {
						few++
					}
				}
				if few > 20 {
					t.Errorf("in %d of %d calls nothing was ahead", few, len(a.slots))
				}
				a.idle()
			})
		})
	}
}

// TestNothingAhead: of a provider that takes its time, in a small window, and where an answer may be taken for that of another request.
func TestNothingAhead(t *testing.T) {
	for name, tc := range map[string]struct {
		window  int
		answers time.Duration
		ahead   bool
	}{
		"slow": {4, 100 * time.Millisecond, true}, "small": {3, 20 * time.Millisecond, true}, "by HTTP": {4, 20 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			aheadAt(t, func(u *dispatch.Upstream) { u.Window, u.Ahead = tc.window, tc.ahead }, tc.answers, func(a *ahead) {
				ids := a.load(60)
				time.Sleep(10 * time.Second)
				if n, _ := a.count(ids, smsir.Sent); n != len(ids) || a.most() > tc.window {
					t.Errorf("%d of %d are sent, at most %d slots of a window of %d were taken", n, len(ids), a.most(), tc.window)
				}
			})
		})
	}
}

// TestAheadGoBackWhenTheProviderStops: it stops answering. What is on the wire is unknown in the end; what was ahead goes back as
// not sent, soon, and out when the provider answers again.
func TestAheadGoBackWhenTheProviderStops(t *testing.T) {
	aheadOf(t, 4, 20*time.Millisecond, func(a *ahead) {
		a.c.answer(func(ctx context.Context) (smsir.Accepted, error) { <-ctx.Done(); return smsir.Accepted{}, ctx.Err() })
		ids := a.load(40)
		if synctest.Wait(); a.c.sends() != 64 {
			t.Fatalf("%d on the wire, want the window", a.c.sends()-60)
		}
		if n, _ := a.count(ids, smsir.Sending); n != 8 {
			t.Fatalf("%d have started, want the window twice", n)
		}
		time.Sleep(1500 * time.Millisecond)
		if n, full := a.count(ids, smsir.Queued); n != 36 || full != 4 {
			t.Errorf("%d wait again, %d of them because the window was full; want 36 and 4", n, full)
		}
		a.c.answer(nil)
		time.Sleep(time.Minute)
		unknown, _ := a.count(ids, smsir.Unknown)
		sent, _ := a.count(ids, smsir.Sent)
		if unknown != 4 || sent != 36 || a.c.sends() != 60+40 {
			t.Errorf("%d unknown and %d sent in %d calls, want 4 and 36 in 40", unknown, sent, a.c.sends()-60)
		}
		a.idle()
	})
}

// TestAheadKeepsThePause: the provider asks for a pause, and what is ahead keeps it too.
func TestAheadKeepsThePause(t *testing.T) {
	aheadOf(t, 4, 20*time.Millisecond, func(a *ahead) {
		throttle := fail(smsir.AttemptRefused, smsir.ClassThrottle, 5*time.Second)
		a.c.answer(after(20*time.Millisecond, throttle))
		ids := a.load(12)
		time.Sleep(3 * time.Second)
		if n := a.c.sends() - 60; n != 4 {
			t.Errorf("%d calls until the end of the pause, want those that were under way", n)
		}
		a.c.answer(nil)
		time.Sleep(time.Minute)
		if n, _ := a.count(ids, smsir.Sent); n != len(ids) {
			t.Errorf("%d of %d are sent", n, len(ids))
		}
		a.idle()
	})
}

// TestAheadOfAProviderThatGoesDown: what is ahead when it goes down does not go to it.
func TestAheadOfAProviderThatGoesDown(t *testing.T) {
	aheadOf(t, 4, 20*time.Millisecond, func(a *ahead) {
		a.c.answer(after(20*time.Millisecond, fail(smsir.AttemptUnknown, smsir.ClassUnknown, 0)))
		ids := a.load(20)
		time.Sleep(time.Second)
		unknown, _ := a.count(ids, smsir.Unknown)
		if unknown != 8 || a.c.sends() != 68 { // the fifth without an answer, and those beside it
			t.Errorf("%d are unknown in %d calls, want 8", unknown, a.c.sends()-60)
		}
		a.c.answer(nil)
		time.Sleep(5 * time.Minute)
		if n, _ := a.count(ids, smsir.Sent); n != len(ids)-8 {
			t.Errorf("%d are sent, want the others", n)
		}
		a.idle()
	})
}
