package dispatch_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/store"
)

// counted is a store that counts how messages start, and does with the intents of an acceptance what a test wants.
type counted struct {
	store.Store
	with, after atomic.Int64                      // intents with an acceptance, and by themselves
	accept      func(*store.Acceptance) (ok bool) // nil: as it is; false: it is not stored
	doubt       bool                              // the answer to an acceptance gets lost
}

func (s *counted) Accept(ctx context.Context, a *store.Acceptance) (*store.Replay, error) {
	s.with.Add(int64(len(a.Intents)))
	if s.accept == nil || s.accept(a) {
		if replay, err := s.Store.Accept(ctx, a); err != nil || replay != nil {
			return replay, err
		}
	}
	if s.doubt {
		return nil, smsir.Errorf(smsir.CodeCommitUnknown, "the answer is lost")
	}
	return nil, nil
}

func (s *counted) Intend(ctx context.Context, intents []store.Intent) ([]bool, error) {
	s.after.Add(int64(len(intents)))
	return s.Store.Intend(ctx, intents)
}

// countStarts runs a test whose store counts.
func countStarts(t *testing.T, ups func(smsir.UUID) []dispatch.Upstream, test func(w *world, s *counted)) {
	t.Helper()
	run(t, ups, func(w *world) {
		w.stop()
		s := &counted{Store: w.st}
		w.st = s
		w.start()
		synctest.Wait()
		test(w, s)
	})
}

// starts checks how many messages have started with their accept and after it.
func (s *counted) starts(t *testing.T, what string, with, after int64) {
	t.Helper()
	synctest.Wait()
	if w, a := s.with.Load(), s.after.Load(); w != with || a != after {
		t.Errorf("%s: %d have started with their accept and %d after it, want %d and %d", what, w, a, with, after)
	}
}

// idle checks that all slots are free.
func (w *world) idle() {
	w.Helper()
	synctest.Wait()
	if h, ok := w.d.Health(w.ups[0].ID); !ok || h.Sending != 0 || h.Waiting != 0 {
		w.Errorf("%d slots are taken and %d messages wait, %v; want none", h.Sending, h.Waiting, ok)
	}
}

// reserve asks for room for messages to some numbers, and makes their acceptance.
func (w *world) reserve(to ...string) (*store.Acceptance, store.Reservation) {
	return w.reserveFor(func(int, *smsir.Message) {}, to...)
}

func (w *world) reserveFor(change func(i int, m *smsir.Message), to ...string) (*store.Acceptance, store.Reservation) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	a := &store.Acceptance{Workspace: w.ws}
	var due []*smsir.Message
	for i, n := range to {
		m := &smsir.Message{ID: w.st.NewID(now), Workspace: w.ws, To: n, Text: "hi", Segments: 1, AcceptedAt: now, ExpiresAt: now.Add(24 * time.Hour)}
		change(i, m)
		a.Messages, a.Events = append(a.Messages, m), append(a.Events, m.Accept(now, false))
		given := *m
		due = append(due, &given)
	}
	room := w.d.Reserve(due)
	if a.Owned = room != nil; a.Owned {
		a.Intents = room.Intents()
	}
	return a, room
}

func windowOf(n int, c *carrier) func(smsir.UUID) []dispatch.Upstream {
	return func(ws smsir.UUID) []dispatch.Upstream {
		return []dispatch.Upstream{up(1, ws, c, func(u *dispatch.Upstream) { u.Window = n })}
	}
}

func otp(m *smsir.Message) { m.Class = smsir.OTP }

func TestStartsWithItsAccept(t *testing.T) {
	c := &carrier{}
	countStarts(t, one(c), func(w *world, s *counted) {
		for i := range 5 {
			id := w.send(number(i))
			time.Sleep(time.Second)
			w.expect(id, smsir.Sent, false)
			s.starts(t, "alone", int64(i+1), 0)
		}
		w.idle()
	})
}

// TestStartsAfterItsAccept: where a message has to wait, or others do, it starts by itself.
func TestStartsAfterItsAccept(t *testing.T) {
	c := &carrier{always: slowly(10 * time.Second)}
	countStarts(t, one(c), func(w *world, s *counted) {
		for i := range 3 {
			w.send(number(i))
		}
		s.starts(t, "a free window", 3, 0)
		waits := w.send(number(3))
		s.starts(t, "the last slot is for OTPs", 3, 0)
		urgent := w.send(number(4), otp)
		s.starts(t, "an OTP behind one that waits", 3, 1)
		next := w.send(number(5), otp)
		s.starts(t, "no slot", 3, 1)
		time.Sleep(11 * time.Second)
		w.expect(urgent, smsir.Sent, false)
		time.Sleep(11 * time.Second)
		w.expect(waits, smsir.Sent, false)
		w.expect(next, smsir.Sent, false)
		s.starts(t, "after all", 3, 3)
		w.idle()
	})
	t.Run("an OTP has the last slot", func(t *testing.T) {
		c := &carrier{always: slowly(10 * time.Second)}
		countStarts(t, one(c), func(w *world, s *counted) {
			for i := range 3 {
				w.send(number(i))
			}
			w.send(number(4), otp)
			s.starts(t, "four", 4, 0)
			w.send(number(5), otp)
			s.starts(t, "no slot", 4, 0)
			time.Sleep(11 * time.Second)
			s.starts(t, "then", 4, 1)
			time.Sleep(11 * time.Second)
		})
	})
	t.Run("a provider that asked for a pause", func(t *testing.T) {
		c := scripted(fail(smsir.AttemptRefused, smsir.ClassThrottle, time.Minute))
		countStarts(t, one(c), func(w *world, s *counted) {
			w.send(to)
			time.Sleep(time.Second)
			id := w.send(number(1))
			s.starts(t, "in the pause", 1, 0)
			time.Sleep(2 * time.Minute)
			w.expect(id, smsir.Sent, false)
		})
	})
	t.Run("a provider that is down", func(t *testing.T) {
		c := &carrier{always: fail(smsir.AttemptUnknown, smsir.ClassUnknown, 0)}
		countStarts(t, one(c), func(w *world, s *counted) {
			for i := range 5 {
				w.send(number(i))
				synctest.Wait()
			}
			s.starts(t, "until it is down", 5, 0)
			time.Sleep(20 * time.Second) // nothing waits for it, and it may be probed
			c.answer(nil)
			id := w.send(number(9))
			s.starts(t, "the probe", 5, 1)
			time.Sleep(time.Second)
			w.expect(id, smsir.Sent, false)
		})
	})
	t.Run("the pace of the provider", func(t *testing.T) {
		c := &carrier{}
		countStarts(t, func(ws smsir.UUID) []dispatch.Upstream {
			return []dispatch.Upstream{up(1, ws, c, func(u *dispatch.Upstream) { u.Rate = 1 })}
		}, func(w *world, s *counted) {
			for i := range 3 {
				w.send(number(i))
			}
			if synctest.Wait(); s.with.Load() > 1 {
				t.Errorf("%d have started at once, at one a second", s.with.Load())
			}
			time.Sleep(10 * time.Second)
			s.starts(t, "in the end", 1, 2)
		})
	})
}

// TestBatchStartsWithItsAccept: the first ones start, the others follow, in their order.
func TestBatchStartsWithItsAccept(t *testing.T) {
	c := &carrier{}
	countStarts(t, windowOf(1, c), func(w *world, s *counted) {
		var all []string
		for i := range 6 {
			all = append(all, number(i))
		}
		a, room := w.reserve(all...)
		if _, err := w.st.Accept(bg, a); err != nil {
			t.Fatal(err)
		}
		room.Offer()
		time.Sleep(10 * time.Second)
		s.starts(t, "one slot", 1, 5)
		calls, _ := c.log()
		var got []string
		for _, call := range calls {
			got = append(got, call.To)
		}
		if !slices.Equal(got, all) {
			t.Errorf("sent to %v, want %v", got, all)
		}
		for _, m := range a.Messages {
			w.expect(m.ID, smsir.Sent, false)
		}
		w.idle()
	})
}

// TestBatchStartsInOneGo: behind one that waits none of a batch starts with its accept.
func TestBatchStartsInOneGo(t *testing.T) {
	c := &carrier{always: slowly(time.Second)}
	countStarts(t, one(c), func(w *world, s *counted) {
		w.send(number(0))
		w.send(number(1))
		a, room := w.reserveFor(func(i int, m *smsir.Message) { m.Class = []smsir.Class{smsir.Bulk, smsir.Bulk, smsir.OTP}[i] }, number(2), number(3), number(4))
		if _, err := w.st.Accept(bg, a); err != nil {
			t.Fatal(err)
		}
		room.Offer()
		s.starts(t, "the OTP is behind another", 3, 1)
		time.Sleep(10 * time.Second)
		for _, m := range a.Messages {
			w.expect(m.ID, smsir.Sent, false)
		}
		w.idle()
	})
}

// TestLargeBatchKeepsNoSlots: nothing of a batch that takes long to store starts with it; other messages have the slots meanwhile.
func TestLargeBatchKeepsNoSlots(t *testing.T) {
	c := &carrier{}
	countStarts(t, windowOf(200, c), func(w *world, s *counted) {
		for _, n := range []int{64, 65} {
			var all []string
			for i := range n {
				all = append(all, number(i))
			}
			a, room := w.reserve(all...)
			if got, want := len(a.Intents), map[int]int{64: 64, 65: 0}[n]; got != want {
				t.Errorf("%d of %d messages start with their accept, want %d", got, n, want)
			}
			w.send(number(1))
			if _, err := w.st.Accept(bg, a); err != nil {
				t.Fatal(err)
			}
			room.Offer()
			time.Sleep(10 * time.Second)
			for _, m := range a.Messages {
				w.expect(m.ID, smsir.Sent, false)
			}
		}
		s.starts(t, "two batches and two others", 64+2, 65)
		w.idle()
	})
}

// TestReleaseGivesBack: an acceptance that is refused leaves slots and room as they were.
func TestReleaseGivesBack(t *testing.T) {
	c := &carrier{}
	countStarts(t, one(c), func(w *world, s *counted) {
		w.stop()
		w.limit = 16 // of which one queue may hold 4
		w.start()
		synctest.Wait()
		for i := range 10 {
			_, room := w.reserve(number(1), number(2), number(3), number(4))
			if room == nil || len(room.Intents()) != 3 {
				t.Fatalf("time %d: %v", i, room)
			}
			if h, _ := w.d.Health(w.ups[0].ID); h.Sending != 3 {
				t.Errorf("%d slots are taken, want those that are promised", h.Sending)
			}
			if _, more := w.reserve(number(5)); more != nil {
				t.Error("there is more room than there is")
			}
			room.Release()
			w.idle()
		}
		if w.send(to); c.sends() != 0 {
			t.Error("a message that was not stored was sent")
		}
		s.starts(t, "then", 1, 0)
		time.Sleep(time.Second)
	})
}

// TestReleaseCostsNoPace: what is refused takes nothing from the segments that the provider and the sender may start.
func TestReleaseCostsNoPace(t *testing.T) {
	c := &carrier{}
	countStarts(t, func(ws smsir.UUID) []dispatch.Upstream {
		return []dispatch.Upstream{up(1, ws, c, func(u *dispatch.Upstream) { u.Rate, u.SenderRate = 1, 0.5 })}
	}, func(w *world, s *counted) {
		from := func(_ int, m *smsir.Message) { m.From = "Clinic" }
		for i := range 20 {
			_, room := w.reserveFor(from, to, number(1))
			if n := len(room.Intents()); n != 1 {
				t.Fatalf("time %d: %d intents, want the one that the pace allows", i, n)
			}
			room.Release()
		}
		w.send(to, func(m *smsir.Message) { m.From = "Clinic" })
		s.starts(t, "then", 1, 0)
		time.Sleep(time.Second)
	})
}

// TestDoubtLosesNothing: nobody knows whether the messages were stored, or whether their intents applied. What was stored goes
// out, once.
func TestDoubtLosesNothing(t *testing.T) {
	all := []string{number(0), number(1), number(2), number(3), number(4)}
	for name, tc := range map[string]struct {
		accept   func(*store.Acceptance) bool
		stored   bool
		attempts int // of the first
	}{
		"stored":                 {nil, true, 2},
		"stored without intents": {func(a *store.Acceptance) bool { a.Intents = nil; return true }, true, 1},
		"not stored":             {func(*store.Acceptance) bool { return false }, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := &carrier{}
			countStarts(t, one(c), func(w *world, s *counted) {
				s.accept, s.doubt = tc.accept, true
				a, room := w.reserve(all...)
				if len(room.Intents()) != 3 {
					t.Fatalf("%d intents, want 3", len(room.Intents()))
				}
				if _, err := w.st.Accept(bg, a); smsir.CodeOf(err) != smsir.CodeCommitUnknown {
					t.Fatal(err)
				}
				room.Doubt()
				if synctest.Wait(); c.sent(all[0]) != 0 {
					t.Error("what may not be stored was handed over")
				}
				time.Sleep(time.Minute)
				w.idle()
				for i, m := range a.Messages {
					want := 0
					if tc.stored {
						w.expect(m.ID, smsir.Sent, false)
						want = 1
					}
					if n := c.sent(all[i]); n != want {
						t.Errorf("message %d was sent %d times, want %d", i, n, want)
					}
				}
				attempts, err := w.st.Attempts(bg, w.ws, a.Messages[0].ID)
				if err != nil || len(attempts) != tc.attempts || tc.attempts == 2 && attempts[0].State != smsir.AttemptNotSent {
					t.Errorf("attempts %+v, %v; want %d", attempts, err, tc.attempts)
				}
				s.accept, s.doubt = nil, false
				with := s.with.Load()
				id := w.send(to)
				if time.Sleep(time.Second); s.with.Load() != with+1 {
					t.Error("the next one had to wait")
				}
				w.expect(id, smsir.Sent, false)
			})
		})
	}
}

// TestOfferOfWhatDidNotStart: a message whose intent did not apply is queued, and the queue finds out why.
func TestOfferOfWhatDidNotStart(t *testing.T) {
	c := &carrier{}
	countStarts(t, one(c), func(w *world, s *counted) {
		s.accept = func(a *store.Acceptance) bool { a.Intents = nil; return true }
		id := w.send(to)
		time.Sleep(time.Second)
		w.expect(id, smsir.Sent, false)
		s.starts(t, "without its intent", 1, 1)
		w.idle()
		s.accept = nil
		in := smsir.Inbound{Provider: w.ups[0].ID, From: number(7), To: "SMSir", Text: "STOP", ReceivedAt: time.Now()}
		now := time.Now()
		p := store.Provider{ID: w.ups[0].ID, Workspace: w.ws, Kind: "simulator", Name: "s", Enabled: true, CreatedAt: now, UpdatedAt: now}
		if err := w.st.CreateProvider(bg, p, store.AuditEntry{At: now}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.st.StoreInbound(bg, in, store.OptOut); err != nil {
			t.Fatal(err)
		}
		id = w.send(in.From, func(m *smsir.Message) { m.From = "SMSir" })
		time.Sleep(time.Second)
		if m := w.expect(id, smsir.Blocked, true); m.Reason != smsir.ReasonOptedOut || c.sent(in.From) != 0 {
			t.Errorf("%q, sent %d times", m.Reason, c.sent(in.From))
		}
		w.idle()
	})
}

// TestDrainWaitsForAReservation: who stops while messages are being stored waits for them. Within the grace period those that
// have started go out; after it nothing does, and they go when the gateway is back.
func TestDrainWaitsForAReservation(t *testing.T) {
	for name, tc := range map[string]struct {
		after  time.Duration // the messages are stored
		status smsir.Status
		sends  int
	}{
		"in time":  {time.Second, smsir.Sent, 1},
		"too late": {time.Minute, smsir.Queued, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := &carrier{}
			countStarts(t, windowOf(1, c), func(w *world, _ *counted) {
				a, room := w.reserve(number(0), number(1))
				var stopped atomic.Bool
				go func() { w.stop(); stopped.Store(true) }()
				if time.Sleep(tc.after); stopped.Load() {
					t.Fatal("it has stopped before the messages were stored")
				}
				if _, more := w.reserve(number(2)); more != nil {
					t.Error("there is room in a gateway that stops")
				}
				if _, err := w.st.Accept(bg, a); err != nil {
					t.Fatal(err)
				}
				room.Offer()
				if time.Sleep(time.Second); !stopped.Load() {
					t.Error("it goes on")
				}
				w.expect(a.Messages[0].ID, tc.status, false)
				w.expect(a.Messages[1].ID, smsir.Queued, false)
				if n := c.sends(); n != tc.sends {
					t.Errorf("%d sends, want %d", n, tc.sends)
				}
				w.start()
				time.Sleep(10 * time.Second)
				for i, m := range a.Messages {
					if w.expect(m.ID, smsir.Sent, false); c.sent(number(i)) != 1 {
						t.Errorf("message %d was sent %d times", i, c.sent(number(i)))
					}
				}
			})
		})
	}
}
