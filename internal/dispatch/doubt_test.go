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

// Nothing is handed over, and the message goes out soon after, whether the intent was stored or not, and although it
// cannot be given back at once.
func TestUnknownIntentThatWasStored(t *testing.T)    { unknownIntent(t, true) }
func TestUnknownIntentThatWasNotStored(t *testing.T) { unknownIntent(t, false) }

func unknownIntent(t *testing.T, happens bool) {
	c := &carrier{}
	run(t, one(c), func(w *world) {
		w.stop()
		s := &doubtful{Store: w.st, happens: happens}
		s.intends.Store(1)
		s.releases.Store(3)
		w.st = s
		w.start()
		synctest.Wait()
		id := w.send(to)
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
