package sqldb

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// waitingQuery walks the index messages_claim from one workspace that has waiting messages to the next.
const waitingQuery = `WITH RECURSIVE w(id) AS (
		SELECT (SELECT workspace_id FROM messages WHERE status = 1 AND owner IS NULL ORDER BY workspace_id LIMIT 1)
		UNION ALL
		SELECT (SELECT workspace_id FROM messages WHERE status = 1 AND owner IS NULL AND workspace_id > w.id ORDER BY workspace_id LIMIT 1)
			FROM w WHERE w.id IS NOT NULL
	), c(class) AS (VALUES (0), (1), (2))
	SELECT id, class, at FROM (SELECT w.id, c.class, (SELECT next_at FROM messages WHERE status = 1 AND owner IS NULL
		AND workspace_id = w.id AND class = c.class ORDER BY next_at LIMIT 1) AS at FROM w, c WHERE w.id IS NOT NULL) AS q WHERE at IS NOT NULL`

// Waiting implements store.Queue.
func (s *Store) Waiting(ctx context.Context) ([]store.Waiting, error) {
	rows, err := s.db.Query(ctx, waitingQuery)
	return all(rows, err, func(w *store.Waiting) scan { return scan{&w.Workspace, &w.Class, moment{&w.DueAt}} })
}

// Oldest implements store.Accepter.
func (s *Store) Oldest(ctx context.Context, workspace smsir.UUID) (smsir.ID, error) {
	rows, err := s.db.Query(ctx, "SELECT coalesce(min(id), 0) FROM messages WHERE status = 1 AND owner IS NULL AND workspace_id = $1", workspace)
	var id int64
	err = one(rows, err, &id)
	return smsir.ID(id), err
}

// NextDeadline implements store.Queue.
func (s *Store) NextDeadline(ctx context.Context) (time.Time, error) {
	rows, err := s.db.Query(ctx, "SELECT deadline_at FROM messages WHERE final = 0 AND deadline_at > 0 ORDER BY deadline_at LIMIT 1")
	found, err := all(rows, err, func(t *time.Time) scan { return scan{moment{t}} })
	if err != nil || len(found) == 0 {
		return time.Time{}, err
	}
	return found[0], nil
}
