package sqldb

import (
	"context"

	"github.com/smsir/smsir"
)

// TriedProviders implements store.Queue.
func (s *Store) TriedProviders(ctx context.Context, id smsir.ID) ([]smsir.UUID, error) {
	rows, err := s.db.Query(ctx, "SELECT provider_id FROM attempts WHERE message_id = $1 ORDER BY number", int64(id))
	return all(rows, err, func(p *smsir.UUID) scan { return scan{p} })
}
