package postgres

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// Recover implements store.Queue: it takes over what nodes have left that are over, whoever finds it first.
func (s *Store) Recover(ctx context.Context, now, nextLook time.Time) (requeued, unknown int, err error) {
	for more := true; more; {
		failpoint.Hit(failpoint.RecoverBefore)
		q, u, err := s.recoverChunk(ctx, now, nextLook)
		failpoint.Hit(failpoint.RecoverAfter)
		if err != nil {
			return requeued, unknown, err
		}
		requeued, unknown, more = requeued+q, unknown+u, q+u > 0
	}
	return requeued, unknown, s.Update(ctx, func(tx sqldb.Tx) error {
		return sqldb.FreeJobs(tx, "NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = j.owner AND n.stopped_at = 0)")
	})
}

// orphans finds messages whose owner is no living node: it walks from owner to owner, not over the messages.
const orphans = `WITH RECURSIVE owners AS (
		SELECT (SELECT min(owner) FROM messages WHERE owner IS NOT NULL) AS owner
		UNION ALL SELECT (SELECT min(m.owner) FROM messages m WHERE m.owner > o.owner) FROM owners o WHERE o.owner IS NOT NULL
	), gone AS MATERIALIZED (
		SELECT o.owner FROM owners o WHERE o.owner IS NOT NULL AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = o.owner AND n.stopped_at = 0)
	)
	SELECT m.id FROM messages m WHERE m.owner IN (SELECT owner FROM gone) ORDER BY m.id LIMIT $1 FOR UPDATE OF m SKIP LOCKED`

func (s *Store) recoverChunk(ctx context.Context, now, nextLook time.Time) (requeued, unknown int, err error) {
	find := func(t *tx) ([]smsir.ID, error) {
		requeued, unknown = 0, 0
		return t.ids(orphans, int64(chunk))
	}
	err = s.change(ctx, true, find, func(w *work, ids []smsir.ID) error {
		for _, id := range ids {
			e := w.messages[id]
			if e == nil {
				continue
			}
			if e.m.Status != smsir.Sending {
				requeued++
				w.touch(e)
				e.owner = 0
				w.keep(e, nil)
				continue
			}
			a := w.attemptNumber(id, e.m.Tries)
			if a == nil {
				return stepError("message %s: no attempt %d", id.Format(smsir.PrefixMessage), e.m.Tries)
			}
			m, err := w.step(id, func(m *smsir.Message) ([]smsir.Event, error) { return m.Recover(now, a.StartedAt, nextLook), nil })
			if err != nil {
				return err
			}
			unknown++
			w.endAttempt(a, now, &smsir.Outcome{State: smsir.AttemptUnknown, Error: m.Error})
			failpoint.Hit(failpoint.RecoverMid)
		}
		return nil
	})
	return requeued, unknown, err
}
