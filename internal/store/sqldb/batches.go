package sqldb

import (
	"context"
	"errors"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// BatchCounts implements store.CampaignReader.
func (s *Store) BatchCounts(ctx context.Context, batch smsir.ID) ([]store.BatchCount, error) {
	rows, err := s.db.Query(ctx, `SELECT status, final, COUNT(*), CAST(SUM(segments) AS BIGINT) FROM messages
		WHERE batch_id = $1 AND batch_id > 0 GROUP BY status, final`, int64(batch))
	return all(rows, err, func(c *store.BatchCount) scan {
		return scan{&c.State.Status, boolean{&c.State.Final}, &c.N, &c.Segments}
	})
}

// BatchFailures implements store.CampaignReader.
func (s *Store) BatchFailures(ctx context.Context, batch smsir.ID, limit int) ([]store.BatchFailure, error) {
	rows, err := s.db.Query(ctx, `SELECT reason, error, COUNT(*) AS n FROM messages WHERE batch_id = $1 AND batch_id > 0 AND final = 1
		AND status IN `+notReceived+` GROUP BY reason, error ORDER BY n DESC, reason, error LIMIT $2`, int64(batch), int64(limit))
	var list []store.BatchFailure
	err = each(rows, err, func(r Rows) error {
		var f store.BatchFailure
		var failure string
		if err := r.Scan(&f.Reason, &failure, &f.N); err != nil {
			return err
		}
		list = append(list, f)
		return Unmarshal(failure, &list[len(list)-1].Error)
	})
	return list, err
}

// BatchStates implements store.CampaignReader.
func (s *Store) BatchStates(ctx context.Context, batch smsir.ID, limit int) ([]smsir.State, error) {
	rows, err := s.db.Query(ctx, "SELECT status, final FROM messages WHERE batch_id = $1 AND batch_id > 0 ORDER BY id LIMIT $2", int64(batch), int64(limit))
	return all(rows, err, func(v *smsir.State) scan { return scan{&v.Status, boolean{&v.Final}} })
}

// BatchQueue implements store.CampaignReader.
func (s *Store) BatchQueue(ctx context.Context, batch, from smsir.ID) (n int64, oldest smsir.ID, err error) {
	var least int64
	rows, err := s.db.Query(ctx, `SELECT COUNT(*), COALESCE(MIN(id), 0) FROM messages
		WHERE batch_id = $1 AND batch_id > 0 AND id >= $2 AND status = 1`, int64(batch), int64(from))
	err = one(rows, err, &n, &least)
	if errors.Is(err, errNoRow) {
		err = nil
	}
	return n, smsir.ID(least), err
}

// BatchOpen implements store.CampaignReader.
func (s *Store) BatchOpen(ctx context.Context, batch, after smsir.ID, limit int) ([]smsir.ID, error) {
	rows, err := s.db.Query(ctx, `SELECT id FROM messages WHERE batch_id = $1 AND batch_id > 0 AND id > $2 AND status <= 2
		ORDER BY id LIMIT $3`, int64(batch), int64(after), int64(limit))
	return all(rows, err, func(id *smsir.ID) scan { return scan{id} })
}
