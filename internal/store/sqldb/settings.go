package sqldb

import (
	"context"
	"errors"

	"github.com/smsir/smsir/internal/store"
)

// Setting implements store.Accounts.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	var value string
	rows, err := s.db.Query(ctx, "SELECT value FROM settings WHERE name = $1", name)
	if err := one(rows, err, &value); err != nil && !errors.Is(err, errNoRow) {
		return "", err
	}
	return value, nil
}

// SetSetting implements store.Accounts.
func (s *Store) SetSetting(ctx context.Context, name, value string, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			name, value)
		return err
	})
}
