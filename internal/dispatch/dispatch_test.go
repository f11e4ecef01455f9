package dispatch_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

var bg = context.Background()

// carrier is a provider that does what its script says for each number, one entry a call.
type carrier struct {
	mu      sync.Mutex
	script  map[string][]func(context.Context) (smsir.Accepted, error)
	always  func(context.Context) (smsir.Accepted, error) // for numbers without a script; nil accepts
	calls   []smsir.Submission
	at      []time.Time
	verdict smsir.Verdict
	busy    int
	peak    int
	owned   []string // of the references "other", "first" and "found", as the last question told
	asked   []smsir.StatusQuery
}

func (c *carrier) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	c.mu.Lock()
	c.calls, c.at = append(c.calls, s), append(c.at, time.Now())
	c.busy++
	c.peak = max(c.peak, c.busy)
	var step func(context.Context) (smsir.Accepted, error)
	if q := c.script[s.To]; len(q) > 0 {
		step, c.script[s.To] = q[0], q[1:]
	}
	if step == nil {
		step = c.always
	}
	c.mu.Unlock()
	defer func() { c.mu.Lock(); c.busy--; c.mu.Unlock() }()
	if step == nil {
		time.Sleep(20 * time.Millisecond)
		return smsir.Accepted{References: []string{s.Attempt.Format("ref")}}, nil
	}
	return step(ctx)
}

func (c *carrier) QueryStatus(ctx context.Context, q smsir.StatusQuery) (smsir.StatusAnswer, error) {
	owned, err := q.Owned(ctx, []string{"other", "first", "found"})
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		return smsir.StatusAnswer{}, err
	}
	c.owned, c.asked = owned, append(c.asked, q)
	return smsir.StatusAnswer{Verdict: c.verdict, References: []string{"found"}}, nil
}

func (c *carrier) sent(to string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.calls {
		if s.To == to {
			n++
		}
	}
	return n
}

func fail(state smsir.AttemptState, class smsir.FailureClass, after time.Duration) func(context.Context) (smsir.Accepted, error) {
	return func(context.Context) (smsir.Accepted, error) {
		return smsir.Accepted{}, &smsir.SendError{State: state, Class: class, RetryAfter: after, Code: "scripted", Text: "as scripted"}
	}
}

// world is a dispatcher over a real store in a bubble of fake time.
type world struct {
	paused []smsir.UUID
	node   dispatch.Node
	limit  int
	codes  []string // that no table has
	*testing.T
	st      store.Store
	d       *dispatch.Dispatcher
	ups     []dispatch.Upstream
	ws      smsir.UUID
	rule    *route.Table            // of the workspace
	senders map[string][]smsir.UUID // the providers of those that may not go through all
	stop    func()
}

func run(t *testing.T, ups func(ws smsir.UUID) []dispatch.Upstream, test func(w *world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)))
		st, err := sqlite.Open(bg, sqlitetest.File(t, filepath.Join(t.TempDir(), "smsir.db")), sqlite.Options{DiskEvery: 24 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		w := &world{T: t, st: st, ws: smsir.NewUUID(now)}
		user := store.User{ID: smsir.NewUUID(now), Email: "a@example.com", CreatedAt: now}
		if err := st.Register(bg, store.Registration{
			User: user, Workspace: &store.Workspace{ID: w.ws, CreatedAt: now}, Role: store.Owner, Setup: true,
			Session: store.Session{ID: smsir.NewUUID(now), User: user.ID, Workspace: w.ws, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}, Audit: store.AuditEntry{At: now},
		}); err != nil {
			t.Fatal(err)
		}
		w.ups = ups(w.ws)
		w.start()
		synctest.Wait()
		test(w)
		w.stop()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
}

// evidence stores receipts without further ado.
type evidence struct{ st store.Store }

func (e evidence) Receipt(ctx context.Context, r smsir.Receipt) error {
	r.ArrivedAt = time.Now()
	_, err := e.st.StoreReceipt(ctx, r)
	return err
}

func (evidence) Inbound(context.Context, smsir.Inbound) error { return nil }

func (w *world) start() {
	ctx, cancel := context.WithCancel(bg)
	w.d = dispatch.New(dispatch.Options{
		Store: w.st, Open: func(context.Context) ([]dispatch.Upstream, error) { return w.ups, nil },
		Senders: func(context.Context) (map[smsir.UUID]map[string][]smsir.UUID, error) {
			return map[smsir.UUID]map[string][]smsir.UUID{w.ws: w.senders}, nil
		},
		Routes: func(context.Context) (map[smsir.UUID]*route.Table, error) {
			return map[smsir.UUID]*route.Table{w.ws: w.rule}, nil
		},
		Paused: func(context.Context) ([]smsir.UUID, error) { return w.paused, nil }, QueueLimit: w.limit, Node: w.node,
		Sink:     evidence{w.st},
		Unmapped: func(kind, code, _ string) { w.codes = append(w.codes, kind+" "+code) },
		Jitter:   func() float64 { return 0.5 }, Late: smsir.Lateness{OTP: time.Minute, Other: time.Hour}, Grace: 5 * time.Second, ResponseTimer: 30 * time.Second, PollCap: time.Hour,
	})
	done := make(chan error, 1)
	go func() { done <- w.d.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-done; err != nil {
			w.Errorf("run: %v", err)
		}
		w.stop = func() {}
	}
}

func up(id byte, ws smsir.UUID, p smsir.Provider, change ...func(*dispatch.Upstream)) dispatch.Upstream {
	u := dispatch.Upstream{Candidate: route.Candidate{ID: smsir.UUID{id}, Name: fmt.Sprint("provider ", id), Priority: int(id)}, Workspace: ws, Kind: "test", Window: 4, Ahead: true, Provider: p, Version: "1"}
	for _, f := range change {
		f(&u)
	}
	return u
}

// send accepts a message as stage 1 does and offers it.
func (w *world) send(to string, change ...func(*smsir.Message)) smsir.ID {
	w.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	m := &smsir.Message{ID: w.st.NewID(now), Workspace: w.ws, To: to, Text: "hi", Segments: 1, AcceptedAt: now, ExpiresAt: now.Add(24 * time.Hour)}
	for _, f := range change {
		f(m)
	}
	a := &store.Acceptance{Workspace: m.Workspace, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(now, false)}}
	var room store.Reservation
	if m.OrderingKey == "" && m.Status == smsir.Queued {
		given := *m // the dispatcher owns what it is given
		room = w.d.Reserve([]*smsir.Message{&given})
	}
	if a.Owned = room != nil; a.Owned {
		a.Intents = room.Intents()
	}
	if _, err := w.st.Accept(bg, a); err != nil {
		w.Fatal(err)
	}
	if a.Owned {
		room.Offer()
	} else {
		w.d.Poke()
	}
	return m.ID
}

func (w *world) expect(id smsir.ID, status smsir.Status, final bool) *smsir.Message {
	w.Helper()
	synctest.Wait()
	m, err := w.st.Message(bg, w.ws, id)
	if err != nil {
		w.Fatal(err)
	}
	if m.Status != status || m.Final != final {
		w.Errorf("message is %v (%s, attempts %d, %+v), want %v final=%v", m.State(), m.Reason, m.Attempts, m.Error, status, final)
	}
	return m
}

const to = "+12025550100"

func one(c *carrier) func(smsir.UUID) []dispatch.Upstream {
	return func(ws smsir.UUID) []dispatch.Upstream { return []dispatch.Upstream{up(1, ws, c)} }
}

func scripted(steps ...func(context.Context) (smsir.Accepted, error)) *carrier {
	return &carrier{script: map[string][]func(context.Context) (smsir.Accepted, error){to: steps}}
}

func TestSendsAtOnce(t *testing.T) {
	c := &carrier{}
	run(t, one(c), func(w *world) {
		id := w.send(to)
		time.Sleep(50 * time.Millisecond)
		w.expect(id, smsir.Sent, false)
		if n := c.sent(to); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}

func TestRetriesOnlyOnProof(t *testing.T) {
	c := scripted(fail(smsir.AttemptRefused, smsir.ClassRetry, 0), fail(smsir.AttemptNotSent, smsir.ClassRetry, 0))
	run(t, one(c), func(w *world) {
		id := w.send(to)
		time.Sleep(30 * time.Second)
		w.expect(id, smsir.Sent, false)
		_, at := c.log()
		if got := []time.Duration{at[1].Sub(at[0]), at[2].Sub(at[1])}; got[0] < 5*time.Second || got[0] > 6*time.Second || got[1] < 15*time.Second || got[1] > 16*time.Second {
			t.Errorf("waited %v between attempts, want 5 s and 15 s and at most a second more", got)
		}
	})
}

func TestRefusedForGood(t *testing.T) {
	c := scripted(fail(smsir.AttemptRefused, smsir.ClassPermanent, 0))
	run(t, one(c), func(w *world) {
		id := w.send(to)
		time.Sleep(time.Hour)
		if m := w.expect(id, smsir.Failed, true); m.Error == nil || m.Error.Code != "scripted" {
			t.Errorf("error %+v", m.Error)
		}
		if n := c.sent(to); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}

func TestThrottleCostsNoAttemptAndPausesTheProvider(t *testing.T) {
	steps := make([]func(context.Context) (smsir.Accepted, error), 12)
	for i := range steps {
		steps[i] = fail(smsir.AttemptRefused, smsir.ClassThrottle, 2*time.Second)
	}
	c := scripted(steps...)
	run(t, one(c), func(w *world) {
		id := w.send(to)
		time.Sleep(time.Second)
		other := w.send("+12025550199")
		time.Sleep(500 * time.Millisecond)
		w.expect(other, smsir.Queued, false)
		time.Sleep(time.Minute)
		w.expect(other, smsir.Sent, false)
		if m := w.expect(id, smsir.Sent, false); m.Attempts != 1 || m.Tries != 13 {
			t.Errorf("attempts %d tries %d, want 1 and 13", m.Attempts, m.Tries)
		}
	})
}

func TestUnknownIsNeverSentAgainByItself(t *testing.T) {
	hang := func(ctx context.Context) (smsir.Accepted, error) { <-ctx.Done(); return smsir.Accepted{}, ctx.Err() }
	c := scripted(hang)
	run(t, one(c), func(w *world) {
		id := w.send(to)
		time.Sleep(31 * time.Second)
		w.expect(id, smsir.Unknown, false)
		time.Sleep(47 * time.Hour)
		w.expect(id, smsir.Unknown, false)
		time.Sleep(2 * time.Hour)
		w.expect(id, smsir.Unknown, true)
		if n := c.sent(to); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}

func TestUnknownIsResolvedByAsking(t *testing.T) {
	for verdict, sends := range map[smsir.Verdict]int{smsir.VerdictAccepted: 1, smsir.VerdictNotAccepted: 2} {
		t.Run(fmt.Sprint(verdict), func(t *testing.T) {
			c := scripted(fail(smsir.AttemptUnknown, smsir.ClassUnknown, 0))
			c.verdict = verdict
			run(t, one(c), func(w *world) {
				id := w.send(to)
				time.Sleep(10 * time.Second)
				if m := w.expect(id, smsir.Sent, false); m.PossibleDuplicate {
					t.Error("labelled a possible duplicate although the provider gave proof")
				}
				if n := c.sent(to); n != sends {
					t.Errorf("sent %d times, want %d", n, sends)
				}
			})
		})
	}
}

// TestAskingTellsWhatIsOwned: who is asked about an attempt can tell the references of other attempts from its own.
func TestAskingTellsWhatIsOwned(t *testing.T) {
	c := scripted(func(context.Context) (smsir.Accepted, error) {
		return smsir.Accepted{References: []string{"first"}}, nil
	},
		fail(smsir.AttemptUnknown, smsir.ClassUnknown, 0))
	c.verdict = smsir.VerdictAccepted
	run(t, one(c), func(w *world) {
		w.expect(w.send(to), smsir.Sent, false)
		id := w.send(to)
		time.Sleep(10 * time.Second)
		w.expect(id, smsir.Sent, false)
		if !slices.Equal(c.owned, []string{"first"}) {
			t.Errorf("owned: %q, want the reference of the first message", c.owned)
		}
	})
}

// TestProvider: a provider is found as it is open, as long as it is enabled.
func TestProvider(t *testing.T) {
	c := scripted()
	run(t, one(c), func(w *world) {
		if got, ok := w.d.Provider(w.ups[0].ID); !ok || got != smsir.Provider(c) {
			t.Errorf("got %v, %v, want the provider", got, ok)
		}
		if got, ok := w.d.Provider(smsir.UUID{99}); ok || got != nil {
			t.Errorf("a provider that is not there: got %v, %v", got, ok)
		}
		w.ups = nil
		w.d.Changed()
		synctest.Wait()
		if got, ok := w.d.Provider(smsir.UUID{1}); ok || got != nil {
			t.Errorf("a provider that was switched off: got %v, %v", got, ok)
		}
	})
}

func TestRetryOnceIsLabelled(t *testing.T) {
	c := scripted(fail(smsir.AttemptUnknown, smsir.ClassUnknown, 0), fail(smsir.AttemptUnknown, smsir.ClassUnknown, 0))
	run(t, one(c), func(w *world) {
		id := w.send(to, func(m *smsir.Message) { m.OnUnknown = smsir.RetryOnce })
		time.Sleep(15 * time.Second)
		w.expect(id, smsir.Unknown, false)
		time.Sleep(24 * time.Hour)
		if m := w.expect(id, smsir.Unknown, false); !m.PossibleDuplicate {
			t.Error("sent twice without the label")
		}
		if n := c.sent(to); n != 2 {
			t.Errorf("sent %d times, want 2", n)
		}
	})
}

func TestPanicOfAProviderIsUnknown(t *testing.T) {
	c := scripted(func(context.Context) (smsir.Accepted, error) { panic("a bug") })
	run(t, one(c), func(w *world) {
		id := w.send(to)
		time.Sleep(time.Second)
		w.expect(id, smsir.Unknown, false)
		next := w.send("+12025550101")
		time.Sleep(time.Second)
		w.expect(next, smsir.Sent, false)
	})
}

func TestWindowAndUrgency(t *testing.T) {
	c := &carrier{}
	run(t, one(c), func(w *world) {
		for i := range 20 {
			w.send(fmt.Sprintf("+120255502%02d", i), func(m *smsir.Message) { m.Class = smsir.Bulk })
		}
		otp := w.send(to, func(m *smsir.Message) { m.Class = smsir.OTP })
		time.Sleep(2 * time.Second)
		w.expect(otp, smsir.Sent, false)
		calls, _ := c.log()
		if peak := c.most(); peak < 3 || peak > 4 { // one slot is the OTP's, which may come when others have gone
			t.Errorf("%d sends at once, window 4", peak)
		}
		place := slices.IndexFunc(calls, func(s smsir.Submission) bool { return s.To == to })
		if len(calls) != 21 || place > 8 {
			t.Errorf("the OTP went out as number %d of %d, want one of the first after the window", place, len(calls))
		}
	})
}

func TestScheduledGoesOutOnTime(t *testing.T) {
	c := &carrier{}
	run(t, one(c), func(w *world) {
		due := time.Now().UTC().Add(time.Hour)
		id := w.send(to, func(m *smsir.Message) { m.SendAt = due; m.ExpiresAt = due.Add(time.Hour) })
		time.Sleep(time.Hour - time.Second)
		w.expect(id, smsir.Scheduled, false)
		time.Sleep(3 * time.Second)
		w.expect(id, smsir.Sent, false)
		_, at := c.log()
		if late := at[0].Sub(due); late < 0 || late > 2*time.Second {
			t.Errorf("went out %v after its time", late)
		}
	})
}

func TestFailoverTakesTheNextProvider(t *testing.T) {
	bad, good := scripted(fail(smsir.AttemptNotSent, smsir.ClassRetry, 0)), &carrier{}
	run(t, func(ws smsir.UUID) []dispatch.Upstream { return []dispatch.Upstream{up(1, ws, bad), up(2, ws, good)} }, func(w *world) {
		id := w.send(to)
		time.Sleep(10 * time.Second)
		if m := w.expect(id, smsir.Sent, false); m.UsedProvider != (smsir.UUID{2}) || bad.sent(to) != 1 || good.sent(to) != 1 {
			t.Errorf("used %v, sent %d and %d times", m.UsedProvider, bad.sent(to), good.sent(to))
		}
	})
}

func TestWithoutAProviderItWaitsForOne(t *testing.T) {
	c := &carrier{}
	run(t, func(smsir.UUID) []dispatch.Upstream { return nil }, func(w *world) {
		id := w.send(to)
		time.Sleep(time.Minute)
		w.expect(id, smsir.Queued, false)
		if reason, until := w.d.Waits(w.ws); reason != smsir.ReasonRouteConfig || !until.After(time.Now()) {
			t.Errorf("waits because of %q until %v", reason, until)
		}
		w.ups = one(c)(w.ws)
		w.d.Changed()
		time.Sleep(10 * time.Second)
		w.expect(id, smsir.Sent, false)
	})
}

func TestStoppingDrainsAndTheNextRunGoesOn(t *testing.T) {
	hang := func(ctx context.Context) (smsir.Accepted, error) { <-ctx.Done(); return smsir.Accepted{}, ctx.Err() }
	c := scripted(hang)
	run(t, one(c), func(w *world) {
		hung := w.send(to)
		slow := w.send("+12025550102")
		var waiting []smsir.ID
		for i := range 10 {
			waiting = append(waiting, w.send(fmt.Sprintf("+120255503%02d", i)))
		}
		synctest.Wait()
		w.stop()
		w.expect(slow, smsir.Sent, false)
		w.expect(hung, smsir.Unknown, false)
		w.start()
		time.Sleep(5 * time.Second)
		for _, id := range waiting {
			w.expect(id, smsir.Sent, false)
		}
		if n := c.sent(to); n != 1 {
			t.Errorf("the hung one was sent %d times", n)
		}
	})
}

func TestBacklogBeyondMemoryIsSentFromTheStore(t *testing.T) {
	c := &carrier{}
	run(t, one(c), func(w *world) {
		w.stop()
		ctx, cancel := context.WithCancel(bg)
		w.d = dispatch.New(dispatch.Options{Store: w.st, Open: func(context.Context) ([]dispatch.Upstream, error) { return w.ups, nil }, QueueLimit: 3})
		done := make(chan error, 1)
		go func() { done <- w.d.Run(ctx) }()
		synctest.Wait()
		var all []smsir.ID
		for i := range 30 {
			all = append(all, w.send(fmt.Sprintf("+120255504%02d", i)))
		}
		time.Sleep(20 * time.Second)
		for _, id := range all {
			w.expect(id, smsir.Sent, false)
		}
		if n := c.sends(); n != 30 {
			t.Errorf("%d sends, want 30", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
