package sqldb

import (
	"context"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const userColumns = "u.id, u.email, u.name, u.password_hash, u.operator, u.created_at, u.disabled_at, u.phone"

func scanUser(u *store.User) scan {
	return scan{&u.ID, &u.Email, &u.Name, &u.PasswordHash, boolean{&u.Operator}, moment{&u.CreatedAt}, moment{&u.DisabledAt}, &u.Phone}
}

// emailKey is the form of an address that is unique.
func emailKey(email string) string { return strings.ToLower(email) }

// HasUsers implements store.Accounts.
func (s *Store) HasUsers(ctx context.Context) (bool, error) {
	rows, err := s.db.Query(ctx, "SELECT 1 FROM users LIMIT 1")
	return found(rows, err)
}

// setupSetting is the row that the first registration inserts: its key is unique, so only one can be the first, even
// where transactions run side by side.
const setupSetting = "setup_done_at"

// Register implements store.Accounts.
func (s *Store) Register(ctx context.Context, r store.Registration) error {
	return s.change(ctx, r.Audit, func(tx Tx) error {
		if r.Setup {
			if err := s.beFirst(tx, r.User.CreatedAt); err != nil {
				return err
			}
		}
		if !r.Invite.IsZero() {
			if err := consumeInvite(tx, r.Join, r.Invite, r.User.CreatedAt); err != nil {
				return err
			}
		}
		if err := s.insertUser(tx, &r.User); err != nil {
			return err
		}
		workspace := r.Join
		if r.Workspace != nil {
			workspace = r.Workspace.ID
			if err := insertWorkspace(tx, r.Workspace); err != nil {
				return err
			}
		}
		if err := insertMember(tx, workspace, r.User.ID, r.Role, r.User.CreatedAt); err != nil {
			return err
		}
		if r.Provider != nil {
			if err := s.insertProvider(tx, *r.Provider); err != nil {
				return err
			}
		}
		return insertSession(tx, r.Session)
	})
}

// beFirst fails when somebody has registered.
func (s *Store) beFirst(tx Tx, now time.Time) error {
	late := conflict("setup_code", "Somebody has registered already.")
	if some, err := found(tx.Query("SELECT 1 FROM users LIMIT 1")); err != nil || some {
		return either(err, late)
	}
	_, err := tx.Exec("INSERT INTO settings (name, value) VALUES ($1, $2)", setupSetting, now.UTC().Format(time.RFC3339))
	if s.db.IsUnique(err) {
		return late
	}
	return err
}

func (s *Store) insertUser(tx Tx, u *store.User) error {
	_, err := tx.Exec(`INSERT INTO users (id, email, email_key, name, password_hash, operator, created_at, disabled_at, phone)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		u.ID, u.Email, emailKey(u.Email), u.Name, u.PasswordHash, Flag(u.Operator), Millis(u.CreatedAt), Millis(u.DisabledAt), u.Phone)
	return s.emailConflict(err)
}

func (s *Store) emailConflict(err error) error {
	if s.db.IsUnique(err) {
		return conflict("email", "Somebody uses this email address already.")
	}
	return err
}

// UserByEmail implements store.Accounts.
func (s *Store) UserByEmail(ctx context.Context, email string) (*store.User, error) {
	rows, err := s.db.Query(ctx, "SELECT "+userColumns+" FROM users u WHERE u.email_key = $1", emailKey(email))
	return first(rows, err, scanUser, "person")
}

// User implements store.Accounts.
func (s *Store) User(ctx context.Context, id smsir.UUID) (*store.User, error) {
	rows, err := s.db.Query(ctx, "SELECT "+userColumns+" FROM users u WHERE u.id = $1", id)
	return first(rows, err, scanUser, "person")
}

// UpdateUser implements store.Accounts.
func (s *Store) UpdateUser(ctx context.Context, u *store.User, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("UPDATE users SET email = $1, email_key = $2, name = $3, operator = $4, disabled_at = $5, phone = $7 WHERE id = $6",
			u.Email, emailKey(u.Email), u.Name, Flag(u.Operator), Millis(u.DisabledAt), u.ID, u.Phone)
		return touched(n, s.emailConflict(err), "person")
	})
}

// SetPassword implements store.Accounts.
func (s *Store) SetPassword(ctx context.Context, user smsir.UUID, hash string, keep smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("UPDATE users SET password_hash = $1 WHERE id = $2", hash, user)
		if err := touched(n, err, "person"); err != nil {
			return err
		}
		if keep.IsZero() {
			_, err = tx.Exec("DELETE FROM sessions WHERE user_id = $1", user)
		} else {
			_, err = tx.Exec("DELETE FROM sessions WHERE user_id = $1 AND id <> $2", user, keep)
		}
		return err
	})
}
