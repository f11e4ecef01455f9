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

// TestLateAnswerCounts: the response timer ends, the outcome is unknown, and the answer to the same call
// comes after all.
func TestLateAnswerCounts(t *testing.T) {
	for name, tc := range map[string]struct {
		answer func(context.Context) (smsir.Accepted, error)
		status smsir.Status
		final  bool
		sends  int
	}{
		"accepted": {slowly(45 * time.Second), smsir.Sent, false, 1},
		"refused":  {after(45*time.Second, fail(smsir.AttemptRefused, smsir.ClassPermanent, 0)), smsir.Failed, true, 1},
		"not sent": {after(45*time.Second, fail(smsir.AttemptNotSent, smsir.ClassRetry, 0)), smsir.Sent, false, 2},
		"too late": {slowly(2 * time.Minute), smsir.Unknown, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := scripted(tc.answer)
			run(t, one(c), func(w *world) {
				id := w.send(to)
				time.Sleep(40 * time.Second)
				w.expect(id, smsir.Unknown, false)
				time.Sleep(time.Minute)
				w.expect(id, tc.status, tc.final)
				if n := c.sent(to); n != tc.sends {
					t.Errorf("sent %d times, want %d", n, tc.sends)
				}
			})
		})
	}
}

// after waits before a step.
func after(d time.Duration, step func(context.Context) (smsir.Accepted, error)) func(context.Context) (smsir.Accepted, error) {
	return func(ctx context.Context) (smsir.Accepted, error) { time.Sleep(d); return step(ctx) }
}

// TestHangingFreesTheWindow: calls that are given up do not keep others from going out.
func TestHangingFreesTheWindow(t *testing.T) {
	hang := func(ctx context.Context) (smsir.Accepted, error) { <-ctx.Done(); return smsir.Accepted{}, ctx.Err() }
	c := scripted(hang, hang, hang, hang)
	run(t, one(c), func(w *world) {
		for range 4 {
			w.send(to)
		}
		time.Sleep(31 * time.Second)
		next := w.send("+12025550101")
		time.Sleep(time.Second)
		w.expect(next, smsir.Sent, false)
	})
}

// TestThreeProviders: one refuses, one hangs, one works. Every message ends, none is sent twice without
// the label, an unknown one is never sent again, and the attempts tell the story.
func TestThreeProviders(t *testing.T) {
	hang := func(ctx context.Context) (smsir.Accepted, error) { <-ctx.Done(); return smsir.Accepted{}, ctx.Err() }
	refuses, hangs, works := &carrier{always: fail(smsir.AttemptRefused, smsir.ClassRetry, 0)}, &carrier{always: hang}, &carrier{}
	run(t, func(ws smsir.UUID) []dispatch.Upstream {
		return []dispatch.Upstream{up(1, ws, refuses), up(2, ws, hangs), up(3, ws, works)}
	}, func(w *world) {
		var all []smsir.ID
		for i := range 40 {
			policy := smsir.OnUnknown(i % 3)
			all = append(all, w.send(number(i), func(m *smsir.Message) { m.OnUnknown = policy }))
			time.Sleep(2 * time.Second)
		}
		time.Sleep(10 * 24 * time.Hour)
		doubled, unknown := 0, 0
		for i, id := range all {
			synctest.Wait()
			m, err := w.st.Message(bg, w.ws, id)
			if err != nil {
				t.Fatal(err)
			}
			attempts, err := w.st.Attempts(bg, w.ws, id)
			if err != nil {
				t.Fatal(err)
			}
			if !m.Final {
				t.Errorf("message %d has not ended: %v", i, m.State())
			}
			handed := hangs.sent(m.To) + works.sent(m.To)
			if handed > 1 && !m.PossibleDuplicate || handed > 2 || m.PossibleDuplicate && m.OnUnknown != smsir.RetryOnce {
				t.Errorf("message %d may have gone out %d times, labelled %v, policy %v", i, handed, m.PossibleDuplicate, m.OnUnknown)
			}
			if m.PossibleDuplicate {
				doubled++
			}
			var story []smsir.AttemptState
			for _, a := range attempts {
				story = append(story, a.State)
			}
			if m.Status == smsir.Unknown {
				unknown++
				if last := story[len(story)-1]; last != smsir.AttemptUnknown || slices.Contains(story[:len(story)-1], smsir.AttemptUnknown) {
					t.Errorf("message %d is unknown; its attempts are %v", i, story)
				}
			} else if m.Status != smsir.Sent || !slices.Contains(story, smsir.AttemptAccepted) {
				t.Errorf("message %d is %v; its attempts are %v", i, m.State(), story)
			}
		}
		if unknown == 0 || doubled == 0 || unknown+doubled > 20 {
			t.Errorf("%d unknown and %d sent again of 40: the hanging provider was not tried, or not left alone", unknown, doubled)
		}
	})
}

func TestCodesWithoutATableAreTold(t *testing.T) {
	c := scripted(func(context.Context) (smsir.Accepted, error) {
		return smsir.Accepted{}, &smsir.SendError{State: smsir.AttemptRefused, Class: smsir.ClassPermanent, Code: "refused", Text: "no", ProviderCode: "4711", Unmapped: true}
	})
	run(t, one(c), func(w *world) {
		id := w.send(to)
		time.Sleep(time.Second)
		w.expect(id, smsir.Failed, true)
		if !slices.Equal(w.codes, []string{"test 4711"}) {
			t.Errorf("told %q", w.codes)
		}
	})
}

// dumb is a provider that cannot be asked what became of an attempt.
type dumb struct{ c *carrier }

func (d dumb) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	return d.c.Send(ctx, s)
}

// counting counts the commits that only say when an unknown message is looked at again.
type counting struct {
	store.Store
	looks atomic.Int64
}

func (s *counting) Look(ctx context.Context, id smsir.ID, next time.Time) error {
	s.looks.Add(1)
	return s.Store.Look(ctx, id, next)
}

// TestLooksAtUnknownMessages: often at first, seldom later, and hardly ever where nobody can be asked. The message ends, or
// gets the other try that its policy allows, in its time either way.
func TestLooksAtUnknownMessages(t *testing.T) {
	lost := func(context.Context) (smsir.Accepted, error) {
		return smsir.Accepted{}, &smsir.SendError{State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, Code: "drawn"}
	}
	for name, tc := range map[string]struct {
		asked    bool
		policy   smsir.OnUnknown
		from, to int64
		sends    int
	}{
		"asked":                           {true, smsir.Hold, 80, 110, 1},
		"cannot be asked":                 {false, smsir.Hold, 2, 6, 1},
		"cannot be asked, with other try": {false, smsir.RetryOnce, 6, 14, 2},
	} {
		t.Run(name, func(t *testing.T) {
			c := &carrier{always: lost}
			run(t, func(ws smsir.UUID) []dispatch.Upstream {
				u := up(1, ws, c)
				if !tc.asked {
					u.Provider = dumb{c}
				}
				return []dispatch.Upstream{u}
			}, func(w *world) {
				w.stop()
				s := &counting{Store: w.st}
				w.st = s
				w.start()
				synctest.Wait()
				id := w.send(to, func(m *smsir.Message) { m.OnUnknown = tc.policy })
				time.Sleep(time.Minute)
				if n := c.sent(to); n != tc.sends {
					t.Errorf("sent %d times within a minute, want %d", n, tc.sends)
				}
				time.Sleep(40 * time.Hour)
				w.expect(id, smsir.Unknown, false)
				time.Sleep(24 * time.Hour)
				w.expect(id, smsir.Unknown, true)
				if n := s.looks.Load(); n < tc.from || n > tc.to {
					t.Errorf("looked at %d times, want %d to %d", n, tc.from, tc.to)
				}
				if n := c.sent(to); n != tc.sends {
					t.Errorf("sent %d times, want %d", n, tc.sends)
				}
				if c.mu.Lock(); tc.asked != (len(c.asked) > 0) {
					t.Errorf("asked %d times", len(c.asked))
				}
				c.mu.Unlock()
			})
		})
	}
}
