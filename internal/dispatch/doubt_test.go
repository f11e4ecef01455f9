package dispatch_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// doubtful is a store whose answers get lost: what was asked for has happened, or has not, and nobody can tell.
type doubtful struct {
	store.Store
	intends  atomic.Int64 // answers to Intend that get lost
	happens  bool
	releases atomic.Int64 // calls of Release that fail
	claims   atomic.Int64 // answers to Claim with messages in them that get lost
}

func (s *doubtful) Claim(ctx context.Context, now time.Time, shares []store.Share) ([]*smsir.Message, error) {
	claimed, err := s.Store.Claim(ctx, now, shares)
	if err != nil || len(claimed) == 0 || s.claims.Add(-1) < 0 {
		return claimed, err
	}
	if !s.happens {
		ids := make([]smsir.ID, len(claimed))
		for i, m := range claimed {
			ids[i] = m.ID
		}
		if err := s.Store.Release(ctx, ids, smsir.ReasonDue, now); err != nil {
			return nil, err
		}
	}
	return claimed, smsir.Errorf(smsir.CodeCommitUnknown, "the answer is lost")
}

func (s *doubtful) Intend(ctx context.Context, intents []store.Intent) ([]bool, error) {
	if s.intends.Add(-1) < 0 {
		return s.Store.Intend(ctx, intents)
	}
	if s.happens {
		if _, err := s.Store.Intend(ctx, intents); err != nil {
			return nil, err
		}
	}
	return nil, smsir.Errorf(smsir.CodeCommitUnknown, "the answer is lost")
}

func (s *doubtful) Release(ctx context.Context, ids []smsir.ID, reason smsir.Reason, next time.Time) error {
	if s.releases.Add(-1) < 0 {
		return s.Store.Release(ctx, ids, reason, next)
	}
	return smsir.Errorf(smsir.CodeStorageDown, "the database is away")
}

// away is a store that cannot take over when the dispatcher starts.
type away struct {
	store.Store
	tries atomic.Int64
}

func (s *away) Recover(ctx context.Context, now, nextLook time.Time) (requeued, unknown int, err error) {
	if s.tries.Add(-1) < 0 {
		return s.Store.Recover(ctx, now, nextLook)
	}
	return 0, 0, smsir.Errorf(smsir.CodeStorageDown, "the database is away")
}

// A database that goes away while the dispatcher starts is waited for, and what waits in it goes out then.
func TestDatabaseAwayAtTheStart(t *testing.T) {
	c := &carrier{}
	run(t, one(c), func(w *world) {
		w.stop()
		id := w.send(to)
		s := &away{Store: w.st}
		s.tries.Store(20)
		w.st = s
		w.start()
		time.Sleep(10 * time.Second)
		if n := c.sent(to); n != 0 {
			t.Errorf("handed over %d times while nothing could be taken over", n)
		}
		time.Sleep(time.Minute)
		w.expect(id, smsir.Sent, false)
		if n := c.sent(to); n != 1 || s.tries.Load() >= 0 {
			t.Errorf("handed over %d times, %d tries left", n, s.tries.Load())
		}
	})
}

// Nothing is handed over, and the message goes out soon after, whether the intent was stored or not, and although it
// cannot be given back at once.
func TestUnknownIntentThatWasStored(t *testing.T)    { unknownIntent(t, true) }
func TestUnknownIntentThatWasNotStored(t *testing.T) { unknownIntent(t, false) }

func unknownIntent(t *testing.T, happens bool) {
	c := &carrier{}
	run(t, one(c), func(w *world) {
		w.stop()
		id := w.send(to) // with nobody at work it waits in the store
		s := &doubtful{Store: w.st, happens: happens}
		s.intends.Store(1)
		s.releases.Store(3)
		w.st = s
		w.start()
		time.Sleep(time.Minute)
		w.expect(id, smsir.Sent, false)
		attempts, err := w.st.Attempts(bg, w.ws, id)
		if err != nil {
			t.Fatal(err)
		}
		if n := c.sent(to); n != 1 || happens && (len(attempts) != 2 || attempts[0].State != smsir.AttemptNotSent) {
			t.Errorf("handed over %d times, attempts %+v", n, attempts)
		}
	})
}

// What a claim may have taken goes out once, whether the claim was stored or not, without a restart.
func TestUnknownClaimThatWasStored(t *testing.T)    { unknownClaim(t, true) }
func TestUnknownClaimThatWasNotStored(t *testing.T) { unknownClaim(t, false) }

func unknownClaim(t *testing.T, happens bool) {
	c := &carrier{}
	run(t, one(c), func(w *world) {
		w.stop()
		id := w.send(to) // with nobody at work it waits in the store
		s := &doubtful{Store: w.st, happens: happens}
		s.claims.Store(1)
		w.st = s
		w.start()
		time.Sleep(time.Minute)
		w.expect(id, smsir.Sent, false)
		if n := c.sent(to); n != 1 || s.claims.Load() > 0 {
			t.Errorf("handed over %d times, %d doubts left", n, s.claims.Load())
		}
	})
}

// slowRelease stores what is put off because a provider is down from a moment on, and not before.
type slowRelease struct {
	store.Store
	from time.Time
}

func (s slowRelease) Release(ctx context.Context, ids []smsir.ID, reason smsir.Reason, next time.Time) error {
	if reason == smsir.ReasonProviderDown {
		time.Sleep(time.Until(s.from))
	}
	return s.Store.Release(ctx, ids, reason, next)
}

// What was put off because the provider was down, and is stored only when it works again, comes back with the others.
func TestPutOffWhileItCameBack(t *testing.T) {
	c := &carrier{always: fail(smsir.AttemptNotSent, smsir.ClassRetry, 0)}
	run(t, one(c), func(w *world) {
		w.stop()
		w.st = slowRelease{w.st, time.Now().Add(40 * time.Second)}
		w.start()
		synctest.Wait()
		ids := make([]smsir.ID, 300)
		for i := range ids {
			go func() { ids[i] = w.send(number(i)) }()
		}
		time.Sleep(time.Second)
		c.mu.Lock()
		c.always = nil
		c.mu.Unlock()
		time.Sleep(75 * time.Second) // one probe, the slow store, and the second back-off of those that were tried
		for _, id := range ids {
			w.expect(id, smsir.Sent, false)
		}
	})
}
