package sqldb

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const workspaceColumns = "w.id, w.name, w.country, w.time_zone, w.on_unknown, w.smart, w.created_at, w.paused_at, w.queue_max_count, w.queue_max_age, w.limits, w.currency, w.prices_version, w.registered_senders, w.quiet_from, w.quiet_to, w.credit_on, w.credit_low"

func scanWorkspace(w *store.Workspace) scan {
	return scan{
		&w.ID, &w.Name, &w.Country, &w.TimeZone, &w.OnUnknown,
		boolean{&w.Smart},
		moment{&w.CreatedAt},
		moment{&w.PausedAt},
		&w.QueueCount,
		lasting{&w.QueueAge},
		document{&w.Limits},
		&w.Currency,
		&w.PricesVersion,
		boolean{&w.Registered},
		&w.Quiet.From,
		&w.Quiet.To,
		boolean{&w.CreditOn},
		&w.CreditLow,
	}
}

const memberColumns = "m.workspace_id, m.user_id, m.role, u.name, u.email, m.joined_at"

func scanMember(m *store.Membership) scan {
	return scan{&m.Workspace, &m.User, &m.Role, &m.Name, &m.Email, moment{&m.JoinedAt}}
}

func insertWorkspace(tx Tx, w *store.Workspace) error {
	_, err := tx.Exec(`INSERT INTO workspaces (id, name, country, time_zone, on_unknown, smart, created_at, paused_at, queue_max_count, queue_max_age, registered_senders, quiet_from, quiet_to)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		w.ID, w.Name, w.Country, w.TimeZone, int64(w.OnUnknown), Flag(w.Smart), Millis(w.CreatedAt), Millis(w.PausedAt), w.QueueCount, w.QueueAge.Milliseconds(), Flag(w.Registered),
		w.Quiet.From, w.Quiet.To)
	if err != nil {
		return err
	}
	return insertRetention(tx, store.DefaultRetention(w.ID, w.CreatedAt))
}

func insertMember(tx Tx, workspace, user smsir.UUID, role store.Role, now time.Time) error {
	_, err := tx.Exec("INSERT INTO members (workspace_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4)",
		workspace, user, int64(role), Millis(now))
	return err
}

// Workspace implements store.Accounts.
func (s *Store) Workspace(ctx context.Context, id smsir.UUID) (*store.Workspace, error) {
	rows, err := s.db.Query(ctx, "SELECT "+workspaceColumns+" FROM workspaces w WHERE w.id = $1", id)
	return first(rows, err, scanWorkspace, "workspace")
}

// UpdateWorkspace implements store.Accounts.
func (s *Store) UpdateWorkspace(ctx context.Context, w *store.Workspace, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE workspaces SET name = $1, country = $2, time_zone = $3, on_unknown = $4, smart = $5, paused_at = $6,
			queue_max_count = $8, queue_max_age = $9, registered_senders = $10, quiet_from = $11, quiet_to = $12 WHERE id = $7`,
			w.Name, w.Country, w.TimeZone, int64(w.OnUnknown), Flag(w.Smart), Millis(w.PausedAt), w.ID, w.QueueCount, w.QueueAge.Milliseconds(), Flag(w.Registered),
			w.Quiet.From, w.Quiet.To)
		return touched(n, err, "workspace")
	})
}

// PausedWorkspaces implements store.Accounts.
func (s *Store) PausedWorkspaces(ctx context.Context) ([]smsir.UUID, error) {
	rows, err := s.db.Query(ctx, "SELECT id FROM workspaces WHERE paused_at > 0 ORDER BY id")
	return all(rows, err, func(id *smsir.UUID) scan { return scan{id} })
}

// Memberships implements store.Accounts: the place joined first comes first.
func (s *Store) Memberships(ctx context.Context, user smsir.UUID) ([]store.Membership, error) {
	rows, err := s.db.Query(ctx, "SELECT "+memberColumns+` FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.user_id = $1 ORDER BY m.joined_at, m.workspace_id`, user)
	return all(rows, err, scanMember)
}

// Members implements store.Accounts: by role, then by name.
func (s *Store) Members(ctx context.Context, workspace smsir.UUID) ([]store.Membership, error) {
	rows, err := s.db.Query(ctx, "SELECT "+memberColumns+` FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.workspace_id = $1 ORDER BY m.role, u.name, m.user_id`, workspace)
	return all(rows, err, scanMember)
}

// SetRole implements store.Accounts.
func (s *Store) SetRole(ctx context.Context, workspace, user smsir.UUID, role store.Role, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		// One change of roles at a time in a workspace, where transactions run side by side: the row is locked.
		n, err := tx.Exec("UPDATE workspaces SET name = name WHERE id = $1", workspace)
		if err := touched(n, err, "member"); err != nil {
			return err
		}
		if role != store.Owner {
			if err := keepOwner(tx, workspace, user); err != nil {
				return err
			}
		}
		if role == 0 {
			n, err = tx.Exec("DELETE FROM members WHERE workspace_id = $1 AND user_id = $2", workspace, user)
		} else {
			n, err = tx.Exec("UPDATE members SET role = $1 WHERE workspace_id = $2 AND user_id = $3", int64(role), workspace, user)
		}
		if err := touched(n, err, "member"); err != nil {
			return err
		}
		_, err = tx.Exec("DELETE FROM sessions WHERE user_id = $1 AND workspace_id = $2", user, workspace)
		return err
	})
}

// keepOwner fails when user is the only owner of the workspace.
func keepOwner(tx Tx, workspace, user smsir.UUID) error {
	is, err := found(tx.Query("SELECT 1 FROM members WHERE workspace_id = $1 AND user_id = $2 AND role = $3",
		workspace, user, int64(store.Owner)))
	if err != nil || !is {
		return err
	}
	other, err := found(tx.Query("SELECT 1 FROM members WHERE workspace_id = $1 AND user_id <> $2 AND role = $3 LIMIT 1",
		workspace, user, int64(store.Owner)))
	if err != nil || other {
		return err
	}
	return conflict("role", "This is the last owner of the workspace. Make somebody else an owner first.")
}
