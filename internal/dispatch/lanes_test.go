package dispatch_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/store"
)

// workspace adds a second workspace.
func (w *world) workspace() smsir.UUID {
	w.Helper()
	now := time.Now()
	ws := smsir.NewUUID(now)
	user := store.User{ID: smsir.NewUUID(now), Email: ws.Format("u") + "@example.com", CreatedAt: now}
	if err := w.st.Register(bg, store.Registration{
		User: user, Workspace: &store.Workspace{ID: ws, CreatedAt: now}, Role: store.Owner,
		Session: store.Session{ID: smsir.NewUUID(now), TokenHash: [32]byte{2}, User: user.ID, Workspace: ws, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}, Audit: store.AuditEntry{At: now},
	}); err != nil {
		w.Fatal(err)
	}
	return ws
}

// sends is how often a carrier was called.
func (c *carrier) sends() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

// most is the largest number of calls at one time.
func (c *carrier) most() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peak
}

// log lists the calls so far and when each came.
func (c *carrier) log() ([]smsir.Submission, []time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls), slices.Clone(c.at)
}

// when is the moment of the first call for a number, and whether there was one.
func (c *carrier) when(to string) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.calls {
		if s.To == to {
			return c.at[i], true
		}
	}
	return time.Time{}, false
}

// slowly answers a message after a while.
func slowly(d time.Duration) func(context.Context) (smsir.Accepted, error) {
	return func(ctx context.Context) (smsir.Accepted, error) {
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return smsir.Accepted{}, ctx.Err()
		}
		return smsir.Accepted{References: []string{smsir.NewUUID(time.Now()).Format("r")}}, nil
	}
}

func number(i int) string { return fmt.Sprintf("+1202555%04d", i) }

// TestBacklogDelaysNobodyElse: bulk that its provider takes slowly fills the memory, and more of it
// waits in the store. An OTP of the same workspace, and any message of another one, goes out at once.
func TestBacklogDelaysNobodyElse(t *testing.T) {
	slow, other := &carrier{always: slowly(20 * time.Second)}, &carrier{}
	run(t, one(slow), func(w *world) {
		w.stop()
		ws := w.workspace()
		w.ups = append(w.ups, up(2, ws, other))
		w.limit = 100
		w.start()
		synctest.Wait()
		for i := range 300 {
			w.send(number(i), func(m *smsir.Message) { m.Class = smsir.Bulk })
		}
		time.Sleep(time.Minute)
		started := time.Now()
		w.send("+12025559001", func(m *smsir.Message) { m.Class = smsir.OTP })
		w.send("+12025559002", func(m *smsir.Message) { m.Workspace, m.Class = ws, smsir.Bulk })
		time.Sleep(3 * time.Second)
		for to, c := range map[string]*carrier{"+12025559001": slow, "+12025559002": other} {
			if at, ok := c.when(to); !ok || at.Sub(started) > 2*time.Second {
				t.Errorf("%s: sent %v after %v, want within 2 s", to, ok, at.Sub(started))
			}
		}
		if n := slow.sends(); n > 40 {
			t.Errorf("the slow provider had %d sends already: the test proves nothing", n)
		}
	})
}

// TestWholeWindowWhereAnswersAreFast: a slot is kept for OTPs only before a provider that takes its time.
func TestWholeWindowWhereAnswersAreFast(t *testing.T) {
	for delay, want := range map[time.Duration]int{20 * time.Millisecond: 4, 200 * time.Millisecond: 3} {
		t.Run(delay.String(), func(t *testing.T) {
			c := &carrier{always: func(context.Context) (smsir.Accepted, error) {
				time.Sleep(delay)
				return smsir.Accepted{References: []string{rand.Text()}}, nil
			}}
			run(t, one(c), func(w *world) {
				for i := range 80 {
					w.send(fmt.Sprintf("+120255502%02d", i), func(m *smsir.Message) { m.Class = smsir.Bulk })
				}
				time.Sleep(10 * time.Second)
				if peak := c.most(); peak != want {
					t.Errorf("%d sends at once of a window of 4, want %d", peak, want)
				}
			})
		})
	}
}

// TestBulkMovesWhileOthersAreBusy: transactional traffic goes before bulk, but not for ever.
func TestBulkMovesWhileOthersAreBusy(t *testing.T) {
	c := &carrier{always: slowly(time.Second)}
	run(t, one(c), func(w *world) {
		bulk := number(9000)
		for i := range 40 {
			w.send(number(i))
		}
		w.send(bulk, func(m *smsir.Message) { m.Class = smsir.Bulk })
		time.Sleep(30 * time.Second)
		calls, _ := c.log()
		for i, s := range calls {
			if s.To == bulk && (i < 3 || i > 12) { // the fourth goes at the same instant
				t.Errorf("bulk went out as number %d", i)
			}
		}
		if c.sent(bulk) != 1 {
			t.Error("bulk did not move")
		}
	})
}

func TestRateOfProviderAndSender(t *testing.T) {
	c := &carrier{}
	run(t, func(ws smsir.UUID) []dispatch.Upstream {
		return []dispatch.Upstream{up(1, ws, c, func(u *dispatch.Upstream) { u.Rate, u.SenderRate, u.Window = 5, 1, 32 })}
	}, func(w *world) {
		begin := time.Now()
		var all []smsir.ID
		for i := range 20 {
			all = append(all, w.send(number(i), func(m *smsir.Message) { m.From = "+12025550190" }))
		}
		for i := range 100 {
			all = append(all, w.send(number(100+i), func(m *smsir.Message) { m.From = fmt.Sprint("Sender", i) }))
		}
		time.Sleep(2 * time.Minute)
		for _, id := range all {
			w.expect(id, smsir.Sent, false)
		}
		perSecond, ofSender := map[int]int{}, map[int]int{}
		calls, at := c.log()
		for i, s := range calls {
			second := int(at[i].Sub(begin) / time.Second)
			perSecond[second]++
			if s.From == "+12025550190" {
				ofSender[second]++
			}
		}
		for second, n := range perSecond {
			if n > 6 {
				t.Errorf("second %d: %d starts, want at most 5 and one of the second before", second, n)
			}
			if ofSender[second] > 2 {
				t.Errorf("second %d: %d starts of one sender, want 1 and one of the second before", second, ofSender[second])
			}
		}
		if end := at[len(at)-1].Sub(begin); end > time.Minute {
			t.Errorf("120 messages at 5 a second, 20 of them of one sender, took %v, want less than a minute", end)
		}
	})
}

// TestDownIsProbedGently: a provider that cannot be reached is tried once in a while whatever waits for
// it; everything goes out when it works again.
func TestDownIsProbedGently(t *testing.T) {
	dead := fail(smsir.AttemptNotSent, smsir.ClassRetry, 0)
	c := &carrier{always: dead}
	run(t, one(c), func(w *world) {
		var all []smsir.ID
		for i := range 200 {
			all = append(all, w.send(number(i)))
		}
		time.Sleep(10 * time.Minute)
		if n := c.sends(); n < 20 || n > 8+60 {
			t.Errorf("%d tries in ten minutes, want one every 10 to 30 s", n)
		}
		c.mu.Lock()
		c.always = nil
		c.mu.Unlock()
		time.Sleep(30 * time.Minute) // the longest back-off
		for _, id := range all {
			w.expect(id, smsir.Sent, false)
		}
		var down, works int
		events, err := w.st.EventsAfter(bg, w.ws, 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			switch e.Type {
			case smsir.EventProviderDown:
				down++
			case smsir.EventProviderUp:
				works++
			}
		}
		if down != 1 || works != 1 {
			t.Errorf("told %d times that it is down and %d times that it works, want once each", down, works)
		}
	})
}

// TestDownMovesOnAtOnce: what waits for a provider that goes down takes the next one, without waiting.
func TestDownMovesOnAtOnce(t *testing.T) {
	dead, good := &carrier{always: fail(smsir.AttemptNotSent, smsir.ClassRetry, 0)}, &carrier{}
	run(t, func(ws smsir.UUID) []dispatch.Upstream { return []dispatch.Upstream{up(1, ws, dead), up(2, ws, good)} }, func(w *world) {
		var all []smsir.ID
		for i := range 100 {
			all = append(all, w.send(number(i)))
		}
		time.Sleep(3 * time.Second)
		for _, id := range all {
			w.expect(id, smsir.Sent, false)
		}
		if n := dead.sends(); n > 12 {
			t.Errorf("the dead provider was tried %d times", n)
		}
	})
}

// TestConfigPausesAndTellsOnce: a provider that refuses its settings is left alone, its messages go to the next.
func TestConfigPausesAndTellsOnce(t *testing.T) {
	wrong, good := &carrier{always: fail(smsir.AttemptRefused, smsir.ClassConfig, 0)}, &carrier{}
	run(t, func(ws smsir.UUID) []dispatch.Upstream { return []dispatch.Upstream{up(1, ws, wrong), up(2, ws, good)} }, func(w *world) {
		for i := range 60 {
			id := w.send(number(i))
			time.Sleep(10 * time.Second)
			if m := w.expect(id, smsir.Sent, false); m.Attempts != 1 {
				t.Errorf("attempts %d, want 1: a refused setting does not count", m.Attempts)
			}
		}
		if n := wrong.sends(); n < 2 || n > 8 {
			t.Errorf("the wrongly set provider was tried %d times in ten minutes", n)
		}
		events, err := w.st.EventsAfter(bg, w.ws, 0, 10_000)
		told := 0
		for _, e := range events {
			if e.Type == smsir.EventProviderConfig {
				told++
				if e.Data.Error == nil || e.Data.Error.Code != "scripted" || e.Data.Provider != w.ups[0].ID.Format(smsir.PrefixProvider) {
					t.Errorf("told %+v", e.Data)
				}
			}
		}
		if err != nil || told != 1 {
			t.Errorf("told %d times, %v; want once", told, err)
		}
	})
}

// TestPausedWorkspaceWaitsWithoutTurning: its messages stay where they are, and go when it resumes.
func TestPausedWorkspaceWaitsWithoutTurning(t *testing.T) {
	c := &carrier{}
	run(t, one(c), func(w *world) {
		w.paused = []smsir.UUID{w.ws}
		w.d.Changed()
		synctest.Wait()
		id := w.send(to)
		time.Sleep(time.Hour)
		if m := w.expect(id, smsir.Queued, false); m.Seq != 1 || m.Reason != smsir.ReasonDue {
			t.Errorf("it was touched: event %d, reason %q", m.Seq, m.Reason)
		}
		if reason, _ := w.d.Waits(w.ws); reason != smsir.ReasonWorkspacePaused {
			t.Errorf("waits because of %q", reason)
		}
		w.paused = nil
		w.d.Changed()
		time.Sleep(time.Second)
		w.expect(id, smsir.Sent, false)
	})
}

// TestOrderingKey: whatever happens to one message, the next with its key starts after it, and only then.
func TestOrderingKey(t *testing.T) {
	refused := fail(smsir.AttemptRefused, smsir.ClassRetry, 0)
	c := &carrier{script: map[string][]func(context.Context) (smsir.Accepted, error){
		number(1): {refused, refused}, number(2): {slowly(5 * time.Second)}, number(3): {fail(smsir.AttemptUnknown, smsir.ClassUnknown, 0)},
	}}
	run(t, one(c), func(w *world) {
		for i := range 6 {
			w.send(number(i), func(m *smsir.Message) { m.OrderingKey = "talk" })
		}
		w.send(number(100))
		time.Sleep(2 * time.Minute)
		var order []string
		calls, times := c.log()
		for _, s := range calls {
			order = append(order, s.To)
		}
		want := []string{number(0), number(100), number(1), number(1), number(1), number(2), number(3), number(4), number(5)}
		slices.Sort(order[:2]) // number 100 waits for nobody
		if !slices.Equal(order, want) {
			t.Errorf("sent in the order %q, want %q", order, want)
		}
		if at, _ := c.when(number(3)); at.Sub(times[5]) < 5*time.Second {
			t.Errorf("number 3 went %v after number 2 started, which took 5 s", at.Sub(times[5]))
		}
		third, _ := c.when(number(3))
		if fourth, _ := c.when(number(4)); fourth.Sub(third) < smsir.UnknownWait || fourth.Sub(third) > smsir.UnknownWait+time.Second {
			t.Errorf("number 4 went %v after number 3 became unknown", fourth.Sub(third))
		}
	})
}

// TestLongPauseGivesWayToOthers: a provider that asks again and again to slow down, or once for long, keeps nothing from one that
// works. What it refused for that goes out once, by the other one; when the pause is over it is tried again.
func TestLongPauseGivesWayToOthers(t *testing.T) {
	for name, asked := range map[string]time.Duration{"said nothing": 0, "a second, always": time.Second, "an hour": time.Hour} {
		t.Run(name, func(t *testing.T) {
			c, other := &carrier{always: fail(smsir.AttemptRefused, smsir.ClassThrottle, asked)}, &carrier{}
			run(t, func(ws smsir.UUID) []dispatch.Upstream { return []dispatch.Upstream{up(1, ws, c), up(2, ws, other)} }, func(w *world) {
				all := make([]smsir.ID, 100)
				for i := range all {
					all[i] = w.send(number(i))
				}
				time.Sleep(time.Minute)
				for i, id := range all {
					if w.expect(id, smsir.Sent, false); other.sent(number(i)) != 1 {
						t.Errorf("number %d was sent %d times by the one that works", i, other.sent(number(i)))
					}
				}
				if n := c.sends(); n == 0 || n > 100 {
					t.Errorf("%d attempts with the one that refuses", n)
				}
				c.mu.Lock()
				c.always = nil
				c.mu.Unlock()
				time.Sleep(max(asked, time.Minute))
				w.send(number(200))
				time.Sleep(time.Second)
				if c.sent(number(200)) != 1 {
					t.Error("after its pause it does not get its messages back")
				}
			})
		})
	}
}

// TestShortPauseIsWaitedFor: a provider that asks for a moment keeps its messages.
func TestShortPauseIsWaitedFor(t *testing.T) {
	c, other := scripted(fail(smsir.AttemptRefused, smsir.ClassThrottle, 5*time.Second)), &carrier{}
	run(t, func(ws smsir.UUID) []dispatch.Upstream { return []dispatch.Upstream{up(1, ws, c), up(2, ws, other)} }, func(w *world) {
		w.send(to)
		time.Sleep(time.Second)
		w.send(number(1))
		time.Sleep(time.Minute)
		if a, b := c.sent(number(1)), other.sent(number(1)); a != 1 || b != 0 {
			t.Errorf("sent %d times by the one that paused, %d by the other", a, b)
		}
	})
}
