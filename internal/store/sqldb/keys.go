package sqldb

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const keyColumns = `k.id, k.workspace_id, k.name, k.secret_hash, k.hint, k.scopes, k.created_by,
	k.created_at, k.expires_at, k.last_used_at, k.revoked_at`

func scanKey(k *store.APIKey) scan {
	return scan{
		&k.ID, &k.Workspace, &k.Name,
		digest{&k.SecretHash},
		&k.Hint,
		document{&k.Scopes},
		&k.CreatedBy,
		moment{&k.CreatedAt},
		moment{&k.ExpiresAt},
		moment{&k.LastUsedAt},
		moment{&k.RevokedAt},
	}
}

// CreateAPIKey implements store.Accounts.
func (s *Store) CreateAPIKey(ctx context.Context, k store.APIKey, audit store.AuditEntry) error {
	scopes, err := encode(k.Scopes)
	if err != nil {
		return err
	}
	return s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO api_keys (id, workspace_id, name, secret_hash, hint, scopes, created_by,
			created_at, expires_at, last_used_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			k.ID, k.Workspace, k.Name, k.SecretHash[:], k.Hint, scopes, k.CreatedBy,
			Millis(k.CreatedAt), Millis(k.ExpiresAt), Millis(k.LastUsedAt), Millis(k.RevokedAt))
		return err
	})
}

// APIKeyByHash implements store.Accounts. The secret names the workspace, so this one query is not bound to it.
func (s *Store) APIKeyByHash(ctx context.Context, hash [32]byte) (*store.APIKey, error) {
	rows, err := s.db.Query(ctx, "SELECT "+keyColumns+" FROM api_keys k WHERE k.secret_hash = $1", hash[:])
	return first(rows, err, scanKey, "API key")
}

// APIKeys implements store.Accounts: newest first.
func (s *Store) APIKeys(ctx context.Context, workspace smsir.UUID) ([]store.APIKey, error) {
	rows, err := s.db.Query(ctx, "SELECT "+keyColumns+` FROM api_keys k
		WHERE k.workspace_id = $1 ORDER BY k.created_at DESC, k.id DESC`, workspace)
	return all(rows, err, scanKey)
}

// RevokeAPIKey implements store.Accounts. Revoking again keeps the first time.
func (s *Store) RevokeAPIKey(ctx context.Context, workspace, id smsir.UUID, now time.Time, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE api_keys SET revoked_at = CASE WHEN revoked_at = 0 THEN $1 ELSE revoked_at END
			WHERE workspace_id = $2 AND id = $3`, Millis(now), workspace, id)
		return touched(n, err, "API key")
	})
}

// TouchAPIKey implements store.Accounts.
func (s *Store) TouchAPIKey(ctx context.Context, id smsir.UUID, now time.Time) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("UPDATE api_keys SET last_used_at = $1 WHERE id = $2", Millis(now), id)
		return touched(n, err, "API key")
	})
}
