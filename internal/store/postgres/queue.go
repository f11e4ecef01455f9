package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// chunk bounds the messages that one transaction of recovery or sweeping touches.
const chunk = 500

// change runs a transaction of its own on messages whose ids a query finds; it is for what is not hot.
func (s *Store) change(ctx context.Context, deep bool, find func(*tx) ([]smsir.ID, error), decide func(*work, []smsir.ID) error) error {
	wrote := false
	err := s.update(ctx, func(t *tx) error {
		ids, err := find(t)
		if err != nil || len(ids) == 0 {
			return err
		}
		w := newWork(t, 0)
		w.needs.messages = ids
		if deep {
			w.needs.deep = ids
		}
		if err := w.load(); err != nil {
			return err
		}
		if err := decide(w, ids); err != nil {
			return err
		}
		wrote = len(w.events) > 0
		return w.flush()
	})
	if err == nil && wrote {
		s.wake()
	}
	return s.coded(err)
}

// only is the find of a single message.
func only(id smsir.ID) func(*tx) ([]smsir.ID, error) {
	return func(*tx) ([]smsir.ID, error) { return []smsir.ID{id}, nil }
}

// ids reads the first column of a query.
func (t *tx) ids(query string, args ...any) ([]smsir.ID, error) {
	rows, err := t.conn.Query(t.ctx, query, plain(args)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (smsir.ID, error) {
		var id int64
		err := row.Scan(&id)
		return smsir.ID(id), err
	})
}

// Claim implements store.Queue. Rows that another node is claiming are passed over.
func (s *Store) Claim(ctx context.Context, now time.Time, shares []store.Share) (claimed []*smsir.Message, err error) {
	if len(shares) == 0 {
		return nil, nil
	}
	err = s.update(ctx, func(t *tx) error {
		claimed = nil
		b := &pgx.Batch{}
		for _, share := range shares {
			b.Queue(`WITH due AS MATERIALIZED (SELECT id FROM messages WHERE status = 1 AND owner IS NULL AND workspace_id = $1 AND class = $2 AND next_at <= $3
				ORDER BY next_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
				UPDATE messages m SET owner = $5 FROM due WHERE m.id = due.id RETURNING `+columnsOf("m"),
				uuid(share.Workspace), int64(share.Class), now.UnixMilli(), int64(share.N), s.node.Load()).Query(func(r pgx.Rows) error {
				some, err := sqldb.ScanMessages(rows{r}, nil)
				slices.SortFunc(some, func(x, y *smsir.Message) int { return cmp.Or(x.NextAt.Compare(y.NextAt), cmp.Compare(x.ID, y.ID)) })
				claimed = append(claimed, some...)
				return err
			})
		}
		if err := t.batch(b); err != nil {
			return err
		}
		var inTurn []*smsir.Message
		for _, m := range claimed {
			until, behind, err := sqldb.Behind(t, m, now)
			if err == nil && behind {
				err = sqldb.PutBehind(t, m, until)
			}
			if err != nil {
				return err
			}
			if !behind {
				inTurn = append(inTurn, m)
			}
		}
		claimed = inTurn
		return nil
	})
	if err = s.coded(err); err != nil && smsir.CodeOf(err) != smsir.CodeCommitUnknown {
		return nil, err
	}
	return claimed, err
}

// Tick implements store.Queue. Messages that another node's clock is looking at are passed over.
func (s *Store) Tick(ctx context.Context, now time.Time, late smsir.Lateness, limit int) (r store.TickResult, err error) {
	find := func(t *tx) ([]smsir.ID, error) {
		r = store.TickResult{}
		ids, err := t.ids(`SELECT id FROM messages WHERE final = 0 AND deadline_at > 0 AND deadline_at <= $1 ORDER BY deadline_at LIMIT $2
			FOR UPDATE SKIP LOCKED`, now.UnixMilli(), int64(limit))
		r.More = len(ids) == limit
		return ids, err
	}
	err = s.change(ctx, false, find, func(w *work, ids []smsir.ID) error {
		var look []int64
		for _, id := range ids {
			m, err := w.step(id, func(m *smsir.Message) ([]smsir.Event, error) {
				events := m.Tick(now, late)
				r.Moved += min(len(events), 1)
				if len(events) == 0 && m.TakeLook(now, now.Add(lookPause)) {
					look = append(look, int64(m.ID))
				}
				return events, nil
			})
			if err != nil || m == nil {
				return err
			}
		}
		if len(look) == 0 {
			return nil
		}
		rows, err := w.t.Query("SELECT "+sqldb.MessageColumns+" FROM messages WHERE id = ANY($1)", look)
		r.Look, err = sqldb.ScanMessages(rows, err)
		for _, m := range r.Look {
			m.NextAt = now.Add(lookPause) // as it is about to be written
		}
		return err
	})
	return r, err
}

// lookPause is how long a message that is due for a status query rests if the dispatcher sets no other time.
const lookPause = 30 * time.Second

// Release implements store.Queue.
func (s *Store) Release(ctx context.Context, ids []smsir.ID, reason smsir.Reason, next time.Time) error {
	return s.change(ctx, false, func(*tx) ([]smsir.ID, error) { return ids, nil }, func(w *work, ids []smsir.ID) error {
		for _, id := range ids {
			w.release(id, reason, next)
		}
		return nil
	})
}

// Hurry implements store.Queue.
func (s *Store) Hurry(ctx context.Context, workspace smsir.UUID, reason smsir.Reason, now time.Time) error {
	for n := int64(hurryChunk); n == hurryChunk; {
		err := s.update(ctx, func(t *tx) (err error) {
			n, err = t.Exec(`UPDATE messages SET next_at = $2 WHERE id IN (SELECT id FROM messages WHERE status = 1 AND owner IS NULL
				AND workspace_id = $4 AND class IN (0, 1, 2) AND next_at > $2 AND reason = $1 LIMIT $3 FOR UPDATE SKIP LOCKED)`,
				string(reason), now.UnixMilli(), int64(hurryChunk), workspace)
			return err
		})
		if err != nil {
			return s.coded(err)
		}
	}
	return nil
}

// hurryChunk bounds the rows that one transaction of Hurry touches.
const hurryChunk = 5000

// Fail implements store.Queue.
func (s *Store) Fail(ctx context.Context, id smsir.ID, now time.Time, reason smsir.Reason, why *smsir.Failure) error {
	return s.change(ctx, false, only(id), func(w *work, _ []smsir.ID) error {
		_, err := w.step(id, func(m *smsir.Message) ([]smsir.Event, error) { return m.Fail(now, reason, why), nil })
		return err
	})
}

// Look implements store.Queue.
func (s *Store) Look(ctx context.Context, id smsir.ID, next time.Time) error {
	return s.change(ctx, false, only(id), func(w *work, _ []smsir.ID) error {
		_, err := w.step(id, func(m *smsir.Message) ([]smsir.Event, error) { m.Look(next); return nil, nil })
		return err
	})
}

// Follow implements store.Queue.
func (s *Store) Follow(ctx context.Context, id smsir.ID, was, next time.Time) error {
	return s.change(ctx, false, only(id), func(w *work, _ []smsir.ID) error {
		_, err := w.step(id, func(m *smsir.Message) ([]smsir.Event, error) { m.Follow(was, next); return nil, nil })
		return err
	})
}

// tellOp stores an event that is not about a message.
type tellOp struct{ smsir.Event }

func (*tellOp) need(*work) {}

func (o *tellOp) run(w *work) error {
	w.events = append(w.events, o.Event)
	return nil
}

// Tell implements store.Queue.
func (s *Store) Tell(_ context.Context, e smsir.Event) error {
	return s.writer.do(prioAccept, &tellOp{e})
}

// Cancel implements store.Canceler.
func (s *Store) Cancel(ctx context.Context, workspace smsir.UUID, id smsir.ID, actor smsir.Actor, now time.Time) (smsir.CancelResult, *smsir.Message, error) {
	return s.cancel(ctx, workspace, id, actor, now, (*smsir.Message).Cancel)
}

// Recall implements store.Canceler.
func (s *Store) Recall(ctx context.Context, workspace smsir.UUID, id smsir.ID, actor smsir.Actor, now time.Time) (smsir.CancelResult, *smsir.Message, error) {
	return s.cancel(ctx, workspace, id, actor, now, (*smsir.Message).Recall)
}

func (s *Store) cancel(ctx context.Context, workspace smsir.UUID, id smsir.ID, actor smsir.Actor, now time.Time, move func(*smsir.Message, time.Time) (smsir.CancelResult, []smsir.Event)) (result smsir.CancelResult, m *smsir.Message, err error) {
	by := actorID(actor)
	failpoint.Hit(failpoint.CancelBefore)
	err = s.change(ctx, false, only(id), func(w *work, _ []smsir.ID) error {
		result = 0
		_, err := w.step(id, func(m *smsir.Message) ([]smsir.Event, error) {
			if m.Workspace != workspace {
				return nil, nil
			}
			var events []smsir.Event
			result, events = move(m, now)
			for i := range events {
				events[i].Data.Actor = by
			}
			return events, nil
		})
		return err
	})
	failpoint.Hit(failpoint.CancelAfter)
	if err != nil {
		return 0, nil, err
	}
	if result == 0 {
		return 0, nil, smsir.Errorf(smsir.CodeNotFound, "There is no such message.")
	}
	m, err = s.Message(ctx, workspace, id)
	return result, m, err
}

func actorID(a smsir.Actor) string {
	switch a.Kind {
	case smsir.ActorUser:
		return a.ID.Format(smsir.PrefixUser)
	case smsir.ActorKey:
		return a.ID.Format(smsir.PrefixKey)
	case smsir.ActorSMPP:
		return a.ID.Format(smsir.PrefixSMPP)
	}
	return ""
}

// Scrub implements store.Retainer. Old versions of rows go when the server's autovacuum comes by.
func (s *Store) Scrub(context.Context) (bool, error) { return true, nil }

// Sweep implements store.Queue. It folds the counts of writers into one row for hours that are over, too.
func (s *Store) Sweep(ctx context.Context, now time.Time) (more bool, err error) {
	err = s.update(ctx, func(t *tx) error {
		more = false
		for _, query := range []string{
			"DELETE FROM idempotency WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))",
			"DELETE FROM client_refs WHERE ctid = ANY(ARRAY(SELECT ctid FROM client_refs WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))",
			"DELETE FROM sessions WHERE ctid = ANY(ARRAY(SELECT ctid FROM sessions WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))",
			"DELETE FROM meters WHERE ctid = ANY(ARRAY(SELECT ctid FROM meters WHERE ends_at > 0 AND ends_at <= $1::bigint - 3600000 LIMIT $2 FOR UPDATE SKIP LOCKED))",
		} {
			n, err := t.Exec(query, now.UnixMilli(), int64(chunk))
			if err != nil {
				return err
			}
			more = more || n == chunk
			failpoint.Hit(failpoint.SweepTx)
		}
		folded, err := t.Exec(foldCounts, now.Add(-foldAfter).UnixMilli(), int64(chunk))
		more = more || folded > 0 && err == nil
		return err
	})
	return more, s.coded(err)
}

// foldAfter is how long after its beginning an hour's counts are folded into one row of each state (shard -1), so that
// nodes that have come and gone leave no rows behind. Hours that are written to by many are left alone.
const foldAfter = 3 * time.Hour

const foldCounts = `WITH taken AS (
		DELETE FROM counts WHERE ctid = ANY(ARRAY(SELECT ctid FROM counts WHERE hour < $1 AND shard >= 0 LIMIT $2 FOR UPDATE SKIP LOCKED))
		RETURNING workspace_id, hour, status, final, n
	), sums AS (
		SELECT workspace_id, hour, status, final, CAST(sum(n) AS BIGINT) AS n FROM taken GROUP BY workspace_id, hour, status, final
	)
	INSERT INTO counts (workspace_id, hour, status, final, shard, n) SELECT workspace_id, hour, status, final, -1, n FROM sums
	ORDER BY workspace_id, hour, status, final
	ON CONFLICT (workspace_id, hour, status, final, shard) DO UPDATE SET n = counts.n + excluded.n`
