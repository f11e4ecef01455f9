package sqlite

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// chunk bounds the messages that one step of recovery or sweeping touches.
const chunk = 500

// Recover implements store.Queue.
func (s *Store) Recover(ctx context.Context, now, nextLook time.Time) (requeued, unknown int, err error) {
	for more := true; more; {
		q, u := 0, 0
		failpoint.Hit(failpoint.RecoverBefore)
		err := s.writer.do(prioEvidence, false, func(t *wtx) (err error) {
			q, u, err = t.recoverChunk(now, nextLook)
			return err
		})
		failpoint.Hit(failpoint.RecoverAfter)
		if err != nil {
			return requeued, unknown, err
		}
		requeued, unknown, more = requeued+q, unknown+u, q+u > 0
	}
	return requeued, unknown, s.Update(ctx, func(tx sqldb.Tx) error { return sqldb.FreeJobs(tx, "j.owner < $1", s.node) })
}

// recoverChunk takes over from runs before this one: the lock on the file proves that they ended.
func (t *wtx) recoverChunk(now, nextLook time.Time) (requeued, unknown int, err error) {
	ids, err := t.ids("SELECT id FROM messages WHERE owner < $1 AND owner IS NOT NULL ORDER BY owner, id LIMIT $2", t.s.node, chunk)
	if err != nil {
		return 0, 0, err
	}
	for _, id := range ids {
		m, err := t.step(id, func(m *smsir.Message) ([]smsir.Event, error) {
			if m.Status != smsir.Sending {
				return nil, nil
			}
			a, err := t.openAttempt(id, m.Tries)
			if err != nil {
				return nil, err
			}
			events := m.Recover(now, a.StartedAt, nextLook)
			failpoint.Hit(failpoint.RecoverMid)
			return events, t.endAttempt(a.ID, now, &smsir.Outcome{State: smsir.AttemptUnknown, Error: m.Error})
		})
		if err != nil {
			return 0, 0, err
		}
		if m.Status != smsir.Queued {
			unknown++
			continue
		}
		requeued++
		if _, err := t.Exec("UPDATE messages SET owner = NULL WHERE id = $1", int64(id)); err != nil {
			return 0, 0, err
		}
	}
	return requeued, unknown, nil
}

// ids reads the first column of a query.
func (t *wtx) ids(query string, args ...any) (ids []smsir.ID, err error) {
	rows, err := t.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, smsir.ID(id))
	}
	return ids, rows.Err()
}

// Claim implements store.Queue.
func (s *Store) Claim(_ context.Context, now time.Time, shares []store.Share) (claimed []*smsir.Message, err error) {
	if len(shares) == 0 {
		return nil, nil
	}
	err = s.writer.do(prioIntent, false, func(t *wtx) error {
		claimed = claimed[:0]
		for _, share := range shares {
			ids, err := t.ids(`SELECT id FROM messages WHERE status = 1 AND owner IS NULL AND workspace_id = $1 AND class = $2 AND next_at <= $3
				ORDER BY next_at, id LIMIT $4`, share.Workspace, int64(share.Class), now.UnixMilli(), int64(share.N))
			if err != nil {
				return err
			}
			for _, id := range ids {
				m, err := t.claim(id)
				if err != nil {
					return err
				}
				if until, behind, err := sqldb.Behind(t, m, now); err != nil {
					return err
				} else if behind {
					if err := sqldb.PutBehind(t, m, until); err != nil {
						return err
					}
					continue
				}
				claimed = append(claimed, m)
			}
		}
		return nil
	})
	return claimed, err
}

func (t *wtx) claim(id smsir.ID) (*smsir.Message, error) {
	st, err := t.stmt("UPDATE messages SET owner = $2 WHERE id = $1 RETURNING " + sqldb.MessageColumns)
	if err != nil {
		return nil, err
	}
	return sqldb.ScanMessage(st.QueryRow(int64(id), t.s.node))
}

// Tick implements store.Queue.
func (s *Store) Tick(_ context.Context, now time.Time, late smsir.Lateness, limit int) (r store.TickResult, err error) {
	err = s.writer.do(prioIntent, false, func(t *wtx) error {
		r = store.TickResult{}
		ids, err := t.ids("SELECT id FROM messages WHERE final = 0 AND deadline_at > 0 AND deadline_at <= $1 ORDER BY deadline_at LIMIT $2",
			now.UnixMilli(), int64(limit))
		if err != nil {
			return err
		}
		r.More = len(ids) == limit
		for _, id := range ids {
			if err := t.tick(id, now, late, &r); err != nil {
				return err
			}
		}
		return nil
	})
	return r, err
}

// lookPause is how long a message that is due for a status query rests if the dispatcher sets no other time.
const lookPause = 30 * time.Second

func (t *wtx) tick(id smsir.ID, now time.Time, late smsir.Lateness, r *store.TickResult) error {
	look := false
	_, err := t.step(id, func(m *smsir.Message) ([]smsir.Event, error) {
		events := m.Tick(now, late)
		look = len(events) == 0 && m.TakeLook(now, now.Add(lookPause))
		r.Moved += min(len(events), 1)
		return events, nil
	})
	if err != nil || !look {
		return err
	}
	st, err := t.stmt("SELECT " + sqldb.MessageColumns + " FROM messages WHERE id = $1")
	if err != nil {
		return err
	}
	m, err := sqldb.ScanMessage(st.QueryRow(int64(id)))
	r.Look = append(r.Look, m)
	return err
}

// Release implements store.Queue.
func (s *Store) Release(_ context.Context, ids []smsir.ID, reason smsir.Reason, next time.Time) error {
	return s.writer.do(prioIntent, false, func(t *wtx) error {
		for _, id := range ids {
			if err := t.release(id, reason, next); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *wtx) release(id smsir.ID, reason smsir.Reason, next time.Time) error {
	t.moves(id)
	_, err := t.exec("UPDATE messages SET owner = NULL, reason = $2, next_at = $3 WHERE id = $1 AND status = 1 AND owner = $4",
		int64(id), string(reason), sqldb.Millis(next), t.s.node)
	return err
}

// Hurry implements store.Queue.
func (s *Store) Hurry(_ context.Context, workspace smsir.UUID, reason smsir.Reason, now time.Time) error {
	for n := int64(hurryChunk); n == hurryChunk; {
		err := s.writer.do(prioIntent, false, func(t *wtx) (err error) {
			n, err = t.Exec(`UPDATE messages SET next_at = $2 WHERE id IN (SELECT id FROM messages WHERE status = 1 AND owner IS NULL
				AND workspace_id = $4 AND class IN (0, 1, 2) AND next_at > $2 AND reason = $1 LIMIT $3)`,
				string(reason), now.UnixMilli(), int64(hurryChunk), workspace)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// hurryChunk bounds the rows that one step of Hurry touches.
const hurryChunk = 5000

// Fail implements store.Queue.
func (s *Store) Fail(_ context.Context, id smsir.ID, now time.Time, reason smsir.Reason, why *smsir.Failure) error {
	return s.writer.do(prioIntent, false, func(t *wtx) error {
		_, err := t.step(id, func(m *smsir.Message) ([]smsir.Event, error) { return m.Fail(now, reason, why), nil })
		return err
	})
}

// Look implements store.Queue.
func (s *Store) Look(_ context.Context, id smsir.ID, next time.Time) error {
	return s.writer.do(prioIntent, false, func(t *wtx) error {
		_, err := t.step(id, func(m *smsir.Message) ([]smsir.Event, error) { m.Look(next); return nil, nil })
		return err
	})
}

// Follow implements store.Queue.
func (s *Store) Follow(_ context.Context, id smsir.ID, was, next time.Time) error {
	return s.writer.do(prioIntent, false, func(t *wtx) error {
		_, err := t.step(id, func(m *smsir.Message) ([]smsir.Event, error) { m.Follow(was, next); return nil, nil })
		return err
	})
}

// Tell implements store.Queue.
func (s *Store) Tell(_ context.Context, e smsir.Event) error {
	return s.writer.do(prioAccept, false, func(t *wtx) error {
		e.ID = s.ids.Next(s.now())
		return t.insertEvent(&e)
	})
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
	err = s.writer.do(prioAccept, false, func(t *wtx) error {
		result = 0
		_, err := t.step(id, func(m *smsir.Message) ([]smsir.Event, error) {
			if m.Workspace != workspace {
				return nil, nil
			}
			var events []smsir.Event
			if canary.On(canary.CancelUnguarded) && m.Status == smsir.Sending {
				m.Status = smsir.Queued
			}
			result, events = move(m, now)
			failpoint.Hit(failpoint.CancelTx)
			for i := range events {
				events[i].Data.Actor = by
			}
			return events, nil
		})
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	failpoint.Hit(failpoint.CancelAfter)
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

// Scrub implements store.Retainer: pages as they were stand in the write-ahead log.
func (s *Store) Scrub(context.Context) (bool, error) { return s.writer.scrub() }

// Sweep implements store.Queue.
func (s *Store) Sweep(_ context.Context, now time.Time) (more bool, err error) {
	err = s.writer.do(prioAccept, false, func(t *wtx) error {
		more = false
		for _, query := range []string{
			"DELETE FROM idempotency WHERE (workspace_id, scope, key) IN (SELECT workspace_id, scope, key FROM idempotency WHERE expires_at <= $1 LIMIT $2)",
			"DELETE FROM client_refs WHERE (workspace_id, ref) IN (SELECT workspace_id, ref FROM client_refs WHERE expires_at <= $1 LIMIT $2)",
			"DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= $1 LIMIT $2)",
			"DELETE FROM meters WHERE (workspace_id, name, starts_at) IN (SELECT workspace_id, name, starts_at FROM meters WHERE ends_at > 0 AND ends_at <= $1 - 3600000 LIMIT $2)",
		} {
			n, err := t.Exec(query, now.UnixMilli(), int64(chunk))
			if err != nil {
				return err
			}
			more = more || n == chunk
			failpoint.Hit(failpoint.SweepTx)
		}
		return nil
	})
	return more, err
}
