package sqldb

import (
	"context"
	"errors"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const auditColumns = "a.at, a.workspace_id, a.actor_kind, a.actor_id, a.action, a.target, a.ip, a.detail"

func scanAudit(e *store.AuditEntry) scan {
	return scan{moment{&e.At}, &e.Workspace, &e.Actor.Kind, &e.Actor.ID, &e.Action, &e.Target, &e.IP, &e.Detail}
}

// change runs f and writes the audit entry that tells of it in one transaction.
func (s *Store) change(ctx context.Context, e store.AuditEntry, f func(Tx) error) error {
	return s.db.Update(ctx, func(tx Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO audit (at, workspace_id, actor_kind, actor_id, action, target, ip, detail)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			Millis(e.At), e.Workspace, int64(e.Actor.Kind), e.Actor.ID, e.Action, e.Target, e.IP, e.Detail)
		return err
	})
}

// Audit implements store.Accounts: newest first; the entries of the instance for the zero UUID.
func (s *Store) Audit(ctx context.Context, workspace smsir.UUID, limit int) ([]store.AuditEntry, error) {
	if workspace.IsZero() {
		rows, err := s.db.Query(ctx, "SELECT "+auditColumns+` FROM audit a
			WHERE a.workspace_id IS NULL ORDER BY a.id DESC LIMIT $1`, limit)
		return all(rows, err, scanAudit)
	}
	rows, err := s.db.Query(ctx, "SELECT "+auditColumns+` FROM audit a
		WHERE a.workspace_id = $1 ORDER BY a.id DESC LIMIT $2`, workspace, limit)
	return all(rows, err, scanAudit)
}

// ActorNames implements store.Accounts. A page of messages has few distinct actors, so each is asked for by its key.
func (s *Store) ActorNames(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID) (map[smsir.UUID]string, error) {
	names := make(map[smsir.UUID]string, len(ids))
	for _, id := range ids {
		if _, ok := names[id]; ok || id.IsZero() {
			continue
		}
		var name string
		rows, err := s.db.Query(ctx, `SELECT k.name FROM api_keys k WHERE k.workspace_id = $1 AND k.id = $2
			UNION ALL SELECT a.name FROM smpp_accounts a WHERE a.workspace_id = $1 AND a.id = $2
			UNION ALL SELECT u.name FROM users u WHERE u.id = $2`, workspace, id)
		switch err := one(rows, err, &name); {
		case err == nil:
			names[id] = name
		case !errors.Is(err, errNoRow):
			return nil, err
		}
	}
	return names, nil
}
