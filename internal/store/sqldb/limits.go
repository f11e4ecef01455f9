package sqldb

import (
	"context"
	"errors"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// SetLimits implements store.Accounts.
func (s *Store) SetLimits(ctx context.Context, workspace smsir.UUID, l store.Limits, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("UPDATE workspaces SET limits = $2 WHERE id = $1", workspace, MustJSON(l))
		return touched(n, err, "workspace")
	})
}

// Used implements store.Accepter.
func (s *Store) Used(ctx context.Context, workspace smsir.UUID, meters []store.Meter) ([]int64, error) {
	used := make([]int64, len(meters))
	for i := range meters {
		rows, err := s.db.Query(ctx, "SELECT n FROM meters WHERE workspace_id = $1 AND name = $2 AND starts_at = $3",
			workspace, meters[i].Name, Millis(meters[i].From))
		if err := one(rows, err, &used[i]); err != nil && !errors.Is(err, errNoRow) {
			return nil, err
		}
	}
	return used, nil
}

// Prices implements store.Accounts.
func (s *Store) Prices(ctx context.Context, workspace smsir.UUID) ([]smsir.Price, error) {
	rows, err := s.db.Query(ctx, "SELECT destination, valid_from, micros FROM prices WHERE workspace_id = $1", workspace)
	return all(rows, err, func(p *smsir.Price) scan { return scan{&p.Destination, moment{&p.From}, &p.Micros} })
}

// AddPrices implements store.Accounts.
func (s *Store) AddPrices(ctx context.Context, workspace smsir.UUID, currency string, prices []smsir.Price, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE workspaces SET currency = $2, prices_version = prices_version + 1 WHERE id = $1
			AND (currency = $2 OR NOT EXISTS (SELECT 1 FROM prices p WHERE p.workspace_id = $1))`, workspace, currency)
		if err != nil {
			return err
		}
		if n == 0 {
			if is, err := found(tx.Query("SELECT 1 FROM workspaces WHERE id = $1", workspace)); err != nil || !is {
				return either(err, notFound(errNoRow, "workspace"))
			}
			return conflict("currency", "The price list is in another currency, and so is what has been spent. Give all prices in that one.")
		}
		for _, p := range prices {
			if _, err := tx.Exec(`INSERT INTO prices (workspace_id, destination, valid_from, micros) VALUES ($1, $2, $3, $4)
				ON CONFLICT (workspace_id, destination, valid_from) DO UPDATE SET micros = excluded.micros`, workspace, p.Destination, Millis(p.From), p.Micros); err != nil {
				return err
			}
		}
		return nil
	})
}
