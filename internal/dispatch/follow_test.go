package dispatch_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/dispatch"
)

// asked is a carrier that can be asked about messages that it took, and to delete them.
type asked struct {
	*carrier
	after   time.Duration
	recalls bool

	mu      sync.Mutex
	queries []time.Time
	cancels []time.Time
	ended   smsir.Status // what it says when asked; 0: nothing
	deletes bool
	busy    int // cancels that it does not decide
	refs    []string
}

func only(p smsir.Provider) func(smsir.UUID) []dispatch.Upstream {
	return func(ws smsir.UUID) []dispatch.Upstream { return []dispatch.Upstream{up(1, ws, p)} }
}

func (a *asked) QueryAfter() time.Duration { return a.after }
func (a *asked) Recalls() bool             { return a.recalls }

func (a *asked) receipts(q smsir.AcceptedQuery, status smsir.Status) (all []smsir.Receipt) {
	for _, r := range q.References {
		all = append(all, smsir.Receipt{Reference: r, Status: status, Part: true})
	}
	return all
}

func (a *asked) QueryReceipts(_ context.Context, q smsir.AcceptedQuery) ([]smsir.Receipt, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queries, a.refs = append(a.queries, time.Now()), q.References
	if a.ended == 0 {
		return nil, nil
	}
	return a.receipts(q, a.ended), nil
}

func (a *asked) Recall(_ context.Context, q smsir.AcceptedQuery) ([]smsir.Receipt, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cancels = append(a.cancels, time.Now())
	if a.busy > 0 {
		a.busy--
		return nil, true, nil
	}
	if !a.deletes {
		return nil, false, nil
	}
	return a.receipts(q, smsir.Undelivered), false, nil
}

func (a *asked) counts() (queries, cancels int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.queries), len(a.cancels)
}

func (a *asked) says(s smsir.Status) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = s
}

// TestMissingReceiptIsAskedFor: less and less often, until the provider says how the message ended; never before its time,
// and never of one whose receipt came.
func TestMissingReceiptIsAskedFor(t *testing.T) {
	c := &asked{carrier: scripted(), after: 15 * time.Minute}
	run(t, only(c), func(w *world) {
		id := w.send(to)
		time.Sleep(14 * time.Minute)
		w.expect(id, smsir.Sent, false)
		if n, _ := c.counts(); n != 0 {
			t.Errorf("asked %d times before its time", n)
		}
		time.Sleep(2 * time.Hour)
		n, cancels := c.counts()
		if n < 3 || n > 9 || cancels != 0 || len(c.refs) != 1 {
			t.Errorf("asked %d times about %q in two hours, asked to cancel %d times", n, c.refs, cancels)
		}
		w.expect(id, smsir.Sent, false)
		c.says(smsir.Delivered)
		time.Sleep(time.Hour)
		w.expect(id, smsir.Delivered, true)
		n, _ = c.counts()
		time.Sleep(12 * time.Hour)
		if more, _ := c.counts(); more != n {
			t.Errorf("asked about a delivered message")
		}
	})
}

// TestNobodyIsAskedUnlessItIsOn: neither about receipts nor to delete anything.
func TestNobodyIsAskedUnlessItIsOn(t *testing.T) {
	c := &asked{carrier: scripted()}
	run(t, only(c), func(w *world) {
		id := w.send(to)
		time.Sleep(time.Hour)
		w.expect(id, smsir.Sent, false)
		if q, n := c.counts(); q+n != 0 || w.d.Recalls(w.ups[0].ID) || w.d.Recalls(smsir.UUID{99}) {
			t.Errorf("asked %d and %d times", q, n)
		}
	})
}

// TestRecall: the provider is asked at once, again while it decides nothing, and not after it said no.
func TestRecall(t *testing.T) {
	for _, tc := range []struct {
		deletes bool
		busy    int
		want    smsir.Status
		cancels int
	}{{true, 0, smsir.Undelivered, 1}, {false, 0, smsir.Sent, 1}, {true, 2, smsir.Undelivered, 3}, {false, 1000, smsir.Sent, 0}} {
		t.Run("", func(t *testing.T) {
			c := &asked{carrier: scripted(), recalls: true, deletes: tc.deletes, busy: tc.busy}
			run(t, only(c), func(w *world) {
				id := w.send(to)
				time.Sleep(time.Minute)
				w.expect(id, smsir.Sent, false)
				if !w.d.Recalls(w.ups[0].ID) {
					t.Error("cannot be asked")
				}
				if r, _, err := w.st.Recall(bg, w.ws, id, smsir.Actor{}, time.Now()); err != nil || r != smsir.CancelRequested {
					t.Fatalf("recall: %v, %v", r, err)
				}
				w.d.Poke()
				time.Sleep(3 * time.Hour)
				m := w.expect(id, tc.want, tc.want != smsir.Sent)
				if m.Status == smsir.Canceled || !m.CancelRequested {
					t.Errorf("message %+v: what a provider took is never canceled", m)
				}
				_, n := c.counts()
				if tc.cancels > 0 && n != tc.cancels || tc.cancels == 0 && (n < 5 || n > 60) {
					t.Errorf("asked to delete it %d times, want %d", n, tc.cancels)
				}
				if last := c.cancels[n-1]; tc.cancels == 0 && time.Since(last) < 2*time.Hour {
					t.Errorf("still asked after %v", 3*time.Hour-time.Since(last))
				}
			})
		})
	}
}

// TestCancelBeforeTheAnswer: what was canceled while its provider had not answered is deleted there when it has.
func TestCancelBeforeTheAnswer(t *testing.T) {
	c := &asked{carrier: scripted(func(context.Context) (smsir.Accepted, error) {
		time.Sleep(5 * time.Second)
		return smsir.Accepted{References: []string{"a", "b"}}, nil
	}), recalls: true, deletes: true}
	run(t, only(c), func(w *world) {
		id := w.send(to)
		time.Sleep(time.Second)
		if r, _, err := w.st.Cancel(bg, w.ws, id, smsir.Actor{}, time.Now()); err != nil || r != smsir.CancelRequested {
			t.Fatalf("cancel: %v, %v", r, err)
		}
		time.Sleep(time.Minute)
		w.expect(id, smsir.Undelivered, true)
		events, err := w.st.MessageEvents(bg, w.ws, id)
		var story []string
		for _, e := range events {
			story = append(story, string(e.Type))
		}
		want := []string{"message.accepted", "message.sending", "message.cancel_requested", "message.sent", "message.undelivered"}
		if err != nil || !slices.Equal(story, want) {
			t.Errorf("story %q, %v; want %q", story, err, want)
		}
		synctest.Wait()
	})
}
