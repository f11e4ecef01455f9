package sqldb

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const inviteColumns = `i.id, i.workspace_id, i.email, i.role, i.code_hash, i.created_by,
	i.created_at, i.expires_at, i.accepted_at`

func scanInvite(in *store.Invite) scan {
	return scan{
		&in.ID, &in.Workspace, &in.Email, &in.Role,
		digest{&in.CodeHash},
		&in.CreatedBy,
		moment{&in.CreatedAt},
		moment{&in.ExpiresAt},
		moment{&in.AcceptedAt},
	}
}

// CreateInvite implements store.Accounts. It forgets the invitations of the workspace that are over.
func (s *Store) CreateInvite(ctx context.Context, in store.Invite, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		if _, err := tx.Exec("DELETE FROM invites WHERE workspace_id = $1 AND accepted_at = 0 AND expires_at <= $2",
			in.Workspace, Millis(in.CreatedAt)); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO invites (id, workspace_id, email, role, code_hash, created_by, created_at, expires_at, accepted_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			in.ID, in.Workspace, in.Email, int64(in.Role), in.CodeHash[:], in.CreatedBy,
			Millis(in.CreatedAt), Millis(in.ExpiresAt), Millis(in.AcceptedAt))
		return err
	})
}

// InviteByCode implements store.Accounts. The code names the workspace, so this one query is not bound to it.
func (s *Store) InviteByCode(ctx context.Context, hash [32]byte, now time.Time) (*store.Invite, error) {
	rows, err := s.db.Query(ctx, "SELECT "+inviteColumns+` FROM invites i
		WHERE i.code_hash = $1 AND i.accepted_at = 0 AND i.expires_at > $2`, hash[:], Millis(now))
	return first(rows, err, scanInvite, "invitation")
}

// Invites implements store.Accounts: newest first.
func (s *Store) Invites(ctx context.Context, workspace smsir.UUID, now time.Time) ([]store.Invite, error) {
	rows, err := s.db.Query(ctx, "SELECT "+inviteColumns+` FROM invites i
		WHERE i.workspace_id = $1 AND i.accepted_at = 0 AND i.expires_at > $2 ORDER BY i.created_at DESC, i.id DESC`, workspace, Millis(now))
	return all(rows, err, scanInvite)
}

// DeleteInvite implements store.Accounts: an invitation that was accepted stays.
func (s *Store) DeleteInvite(ctx context.Context, workspace, id smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM invites WHERE workspace_id = $1 AND id = $2 AND accepted_at = 0", workspace, id)
		return touched(n, err, "invitation")
	})
}

// AcceptInvite implements store.Accounts.
func (s *Store) AcceptInvite(ctx context.Context, in store.Invite, user smsir.UUID, now time.Time, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		if err := consumeInvite(tx, in.Workspace, in.ID, now); err != nil {
			return err
		}
		err := insertMember(tx, in.Workspace, user, in.Role, now)
		if s.db.IsUnique(err) {
			return conflict("user", "You are a member of this workspace already.")
		}
		return err
	})
}

// consumeInvite marks an invitation as accepted, once.
func consumeInvite(tx Tx, workspace, id smsir.UUID, now time.Time) error {
	n, err := tx.Exec(`UPDATE invites SET accepted_at = $1
		WHERE workspace_id = $2 AND id = $3 AND accepted_at = 0 AND expires_at > $1`, Millis(now), workspace, id)
	if err == nil && n == 0 {
		return conflict("invite", "This invitation was used already, or is over.")
	}
	return err
}
