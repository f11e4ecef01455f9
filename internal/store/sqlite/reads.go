package sqlite

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// Backlog implements store.Accepter.
func (s *Store) Backlog(ctx context.Context, workspace smsir.UUID) (n int64, err error) {
	err = s.rowOf(ctx, "SELECT coalesce(sum(n), 0) FROM counts WHERE workspace_id = $1 AND status <= 1 AND n > 0", []any{workspace}, &n)
	return n, err
}

// NextDue implements store.Queue.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	var ms int64
	err := s.rowOf(ctx, `SELECT coalesce(min(max(at, 1)), 0) FROM (
		SELECT (SELECT next_at FROM messages WHERE status = 1 AND owner IS NULL AND class = 0 ORDER BY next_at LIMIT 1) AS at
		UNION ALL SELECT (SELECT next_at FROM messages WHERE status = 1 AND owner IS NULL AND class = 1 ORDER BY next_at LIMIT 1)
		UNION ALL SELECT (SELECT next_at FROM messages WHERE status = 1 AND owner IS NULL AND class = 2 ORDER BY next_at LIMIT 1)
		UNION ALL SELECT (SELECT deadline_at FROM messages WHERE final = 0 AND deadline_at > 0 ORDER BY deadline_at LIMIT 1)
		) WHERE at IS NOT NULL`, nil, &ms)
	return sqldb.Time(ms), err
}
