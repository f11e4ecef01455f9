package sqldb

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const sessionColumns = `s.id, s.token_hash, s.user_id, s.workspace_id, s.client, s.user_agent, s.ip,
	s.created_at, s.last_seen_at, s.expires_at, s.reauth_at`

func scanSession(s *store.Session) scan {
	return scan{
		&s.ID,
		digest{&s.TokenHash},
		&s.User, &s.Workspace, &s.Client, &s.UserAgent, &s.IP,
		moment{&s.CreatedAt},
		moment{&s.LastSeenAt},
		moment{&s.ExpiresAt},
		moment{&s.ReauthAt},
	}
}

func insertSession(tx Tx, s store.Session) error {
	_, err := tx.Exec(`INSERT INTO sessions (id, token_hash, user_id, workspace_id, client, user_agent, ip,
		created_at, last_seen_at, expires_at, reauth_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		s.ID, s.TokenHash[:], s.User, s.Workspace, s.Client, s.UserAgent, s.IP,
		Millis(s.CreatedAt), Millis(s.LastSeenAt), Millis(s.ExpiresAt), Millis(s.ReauthAt))
	return err
}

// CreateSession implements store.Accounts.
func (s *Store) CreateSession(ctx context.Context, se store.Session, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		if _, err := tx.Exec("DELETE FROM sessions WHERE user_id = $1 AND expires_at <= $2", se.User, Millis(se.CreatedAt)); err != nil {
			return err
		}
		return insertSession(tx, se)
	})
}

// SessionByToken implements store.Accounts.
func (s *Store) SessionByToken(ctx context.Context, hash [32]byte, now time.Time) (*store.Session, *store.User, store.Role, error) {
	se, u, role := &store.Session{}, &store.User{}, store.Role(0)
	rows, err := s.db.Query(ctx, "SELECT "+sessionColumns+", "+userColumns+`, m.role FROM sessions s
		JOIN users u ON u.id = s.user_id
		JOIN members m ON m.workspace_id = s.workspace_id AND m.user_id = s.user_id
		WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.disabled_at = 0`, hash[:], Millis(now))
	dst := append(append(scanSession(se), scanUser(u)...), &role)
	if err := notFound(one(rows, err, dst...), "session"); err != nil {
		return nil, nil, 0, err
	}
	return se, u, role, nil
}

// TouchSession implements store.Accounts.
func (s *Store) TouchSession(ctx context.Context, id smsir.UUID, now time.Time) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("UPDATE sessions SET last_seen_at = $1 WHERE id = $2", Millis(now), id)
		return touched(n, err, "session")
	})
}

// Reauthenticated implements store.Accounts.
func (s *Store) Reauthenticated(ctx context.Context, id smsir.UUID, now time.Time) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("UPDATE sessions SET reauth_at = $1 WHERE id = $2", Millis(now), id)
		return touched(n, err, "session")
	})
}

// MoveSession implements store.Accounts.
func (s *Store) MoveSession(ctx context.Context, user, id, workspace smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE sessions SET workspace_id = $1 WHERE id = $2 AND user_id = $3
			AND EXISTS (SELECT 1 FROM members m WHERE m.workspace_id = $1 AND m.user_id = $3)`, workspace, id, user)
		return touched(n, err, "workspace")
	})
}

// Sessions implements store.Accounts: newest first.
func (s *Store) Sessions(ctx context.Context, user smsir.UUID, now time.Time) ([]store.Session, error) {
	rows, err := s.db.Query(ctx, "SELECT "+sessionColumns+` FROM sessions s
		WHERE s.user_id = $1 AND s.expires_at > $2 ORDER BY s.created_at DESC, s.id DESC`, user, Millis(now))
	return all(rows, err, scanSession)
}

// DeleteSession implements store.Accounts.
func (s *Store) DeleteSession(ctx context.Context, user, id smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM sessions WHERE user_id = $1 AND id = $2", user, id)
		return touched(n, err, "session")
	})
}
