package sqldb

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const smppColumns = `a.id, a.workspace_id, a.system_id, a.name, a.password_hash, a.networks, a.modes, a.senders, a.class, a.sessions,
	a.window_size, a.rate, a.inbound, a.enabled, a.created_at, a.updated_at, a.last_bound_at`

func scanSMPP(a *store.SMPPAccount) scan {
	return scan{
		&a.ID, &a.Workspace, &a.SystemID, &a.Name, &a.PasswordHash,
		document{&a.Networks},
		document{&a.Modes},
		document{&a.Senders},
		&a.Class, &a.Sessions,
		&a.Window, &a.Rate,
		boolean{&a.Inbound},
		boolean{&a.Enabled},
		moment{&a.CreatedAt},
		moment{&a.UpdatedAt},
		moment{&a.LastBoundAt},
	}
}

// smppLists are the lists of an account as they are stored.
func smppLists(a *store.SMPPAccount) (networks, modes, senders string, err error) {
	networks, err1 := encode(a.Networks)
	modes, err2 := encode(a.Modes)
	senders, err3 := encode(a.Senders)
	return networks, modes, senders, errors.Join(err1, err2, err3)
}

// CreateSMPPAccount implements store.SMPPAccounts.
func (s *Store) CreateSMPPAccount(ctx context.Context, a store.SMPPAccount, audit store.AuditEntry) error {
	networks, modes, senders, err := smppLists(&a)
	if err != nil {
		return err
	}
	err = s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO smpp_accounts (id, workspace_id, system_id, name, password_hash, networks, modes, senders, class, sessions,
			window_size, rate, inbound, enabled, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
			a.ID, a.Workspace, a.SystemID, a.Name, a.PasswordHash, networks, modes, senders, int64(a.Class), int64(a.Sessions),
			int64(a.Window), int64(a.Rate), Flag(a.Inbound), Flag(a.Enabled), Millis(a.CreatedAt), Millis(a.UpdatedAt))
		return err
	})
	if err != nil && s.db.IsUnique(err) {
		return &smsir.Error{Code: smsir.CodeConflict, Field: "system_id", Text: "This system id is taken. Choose another one.", Err: err}
	}
	return err
}

// UpdateSMPPAccount implements store.SMPPAccounts.
func (s *Store) UpdateSMPPAccount(ctx context.Context, a store.SMPPAccount, audit store.AuditEntry) error {
	networks, modes, senders, err := smppLists(&a)
	if err != nil {
		return err
	}
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE smpp_accounts SET name = $3, password_hash = $4, networks = $5, modes = $6, senders = $7, class = $8, sessions = $9,
			window_size = $10, rate = $11, inbound = $12, enabled = $13, updated_at = $14 WHERE workspace_id = $1 AND id = $2`,
			a.Workspace, a.ID, a.Name, a.PasswordHash, networks, modes, senders, int64(a.Class), int64(a.Sessions),
			int64(a.Window), int64(a.Rate), Flag(a.Inbound), Flag(a.Enabled), Millis(a.UpdatedAt))
		return touched(n, err, "SMPP account")
	})
}

// DeleteSMPPAccount implements store.SMPPAccounts.
func (s *Store) DeleteSMPPAccount(ctx context.Context, workspace, id smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM smpp_accounts WHERE workspace_id = $1 AND id = $2", workspace, id)
		return touched(n, err, "SMPP account")
	})
}

// SMPPAccount implements store.SMPPAccounts.
func (s *Store) SMPPAccount(ctx context.Context, workspace, id smsir.UUID) (*store.SMPPAccount, error) {
	rows, err := s.db.Query(ctx, "SELECT "+smppColumns+" FROM smpp_accounts a WHERE a.workspace_id = $1 AND a.id = $2", workspace, id)
	return first(rows, err, scanSMPP, "SMPP account")
}

// SMPPAccounts implements store.SMPPAccounts.
func (s *Store) SMPPAccounts(ctx context.Context, workspace smsir.UUID) ([]store.SMPPAccount, error) {
	w := new(where)
	w.and("1 = 1")
	if !workspace.IsZero() {
		w.and("a.workspace_id = ?", workspace)
	}
	rows, err := s.db.QueryOnce(ctx, "SELECT "+smppColumns+" FROM smpp_accounts a WHERE "+w.text()+" ORDER BY a.system_id", w.args...)
	return all(rows, err, scanSMPP)
}

// SMPPAccountBySystemID implements store.SMPPAccounts.
func (s *Store) SMPPAccountBySystemID(ctx context.Context, systemID string) (*store.SMPPAccount, error) {
	rows, err := s.db.Query(ctx, "SELECT "+smppColumns+" FROM smpp_accounts a WHERE a.system_id = $1", systemID)
	return first(rows, err, scanSMPP, "SMPP account")
}

// TouchSMPPAccount implements store.SMPPAccounts.
func (s *Store) TouchSMPPAccount(ctx context.Context, id smsir.UUID, now time.Time) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("UPDATE smpp_accounts SET last_bound_at = $1 WHERE id = $2", Millis(now), id)
		return touched(n, err, "SMPP account")
	})
}

// smppCursor is the setting that holds the cursor.
const smppCursor = "smpp.cursor"

// SMPPCursor implements store.SMPPAccounts.
func (s *Store) SMPPCursor(ctx context.Context) (smsir.ID, bool, error) {
	value, err := s.Setting(ctx, smppCursor)
	if err != nil || value == "" {
		return 0, false, err
	}
	n, err := strconv.ParseInt(value, 10, 64)
	return smsir.ID(n), err == nil, err
}

// FeedSMPP implements store.SMPPAccounts.
func (s *Store) FeedSMPP(ctx context.Context, from, to smsir.ID, list []store.SMPPDelivery) (fed bool, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		fed = false
		n, err := tx.Exec("UPDATE settings SET value = $3 WHERE name = $1 AND value = $2", smppCursor, decimal(from), decimal(to))
		if err == nil && n == 0 && from == 0 {
			n, err = tx.Exec("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", smppCursor, decimal(to))
		}
		if err != nil || n == 0 {
			return err
		}
		fed = true
		return addSMPP(tx, list)
	})
	return fed && err == nil, err
}

func decimal(id smsir.ID) string { return strconv.FormatInt(int64(id), 10) }

// AddSMPP implements store.SMPPAccounts.
func (s *Store) AddSMPP(ctx context.Context, list []store.SMPPDelivery) error {
	if len(list) == 0 {
		return nil
	}
	return s.db.Update(ctx, func(tx Tx) error { return addSMPP(tx, list) })
}

// addSMPP stores deliveries of accounts that exist.
func addSMPP(tx Tx, list []store.SMPPDelivery) error {
	known := map[smsir.UUID]bool{}
	var wanted []store.SMPPDelivery
	for _, d := range list {
		exists, asked := known[d.Account]
		if !asked {
			var err error
			if exists, err = found(tx.Query("SELECT 1 FROM smpp_accounts a WHERE a.id = $1", d.Account)); err != nil {
				return err
			}
			known[d.Account] = exists
		}
		if exists {
			wanted = append(wanted, d)
		}
	}
	return few(wanted, func(some []store.SMPPDelivery) error {
		var w where
		rows := make([]string, len(some))
		for i, d := range some {
			rows[i] = w.bound("(?, ?, ?, ?, ?)", int64(d.ID), d.Account, d.Body, Millis(d.ExpiresAt), Millis(d.BusyUntil))
		}
		_, err := tx.Exec("INSERT INTO smpp_outbox (id, account_id, body, expires_at, busy_until) VALUES "+strings.Join(rows, ", ")+" ON CONFLICT DO NOTHING", w.args...)
		return err
	})
}

func scanSMPPDelivery(d *store.SMPPDelivery) scan {
	return scan{&d.ID, &d.Account, &d.Body, moment{&d.ExpiresAt}}
}

// TakeSMPP implements store.SMPPAccounts. Two nodes that see the same delivery both try; the condition of the update lets
// one win.
func (s *Store) TakeSMPP(ctx context.Context, account smsir.UUID, now, until time.Time, limit int) (taken []store.SMPPDelivery, err error) {
	rows, err := s.db.Query(ctx, `SELECT o.id, o.account_id, o.body, o.expires_at FROM smpp_outbox o
		WHERE o.account_id = $1 AND o.busy_until <= $2 AND o.expires_at > $2 ORDER BY o.id LIMIT $3`, account, Millis(now), int64(limit))
	free, err := all(rows, err, scanSMPPDelivery)
	if err != nil || len(free) == 0 {
		return nil, err
	}
	err = s.db.Update(ctx, func(tx Tx) error {
		taken = taken[:0]
		for _, d := range free {
			n, err := tx.Exec("UPDATE smpp_outbox SET busy_until = $2 WHERE id = $1 AND busy_until <= $3", int64(d.ID), Millis(until), Millis(now))
			if err != nil {
				return err
			}
			if n > 0 {
				taken = append(taken, d)
			}
		}
		return nil
	})
	return taken, err
}

// DoneSMPP implements store.SMPPAccounts.
func (s *Store) DoneSMPP(ctx context.Context, ids []smsir.ID) error {
	return s.ofDeliveries(ctx, ids, "DELETE FROM smpp_outbox")
}

// ReturnSMPP implements store.SMPPAccounts.
func (s *Store) ReturnSMPP(ctx context.Context, ids []smsir.ID, at time.Time) error {
	return s.ofDeliveries(ctx, ids, "UPDATE smpp_outbox SET busy_until = $1", Millis(at))
}

// ofDeliveries does something to deliveries, several with one statement.
func (s *Store) ofDeliveries(ctx context.Context, ids []smsir.ID, do string, args ...any) error {
	if len(ids) == 0 {
		return nil
	}
	return s.db.Update(ctx, func(tx Tx) error {
		return few(ids, func(some []smsir.ID) error {
			w := where{args: slices.Clone(args)}
			w.and("id IN ("+marks(len(some))+")", integers(some)...)
			_, err := tx.Exec(do+" WHERE "+w.text(), w.args...)
			return err
		})
	})
}

// ExpireSMPP implements store.SMPPAccounts.
func (s *Store) ExpireSMPP(ctx context.Context, now time.Time, limit int) (n int, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		deleted, err := tx.Exec("DELETE FROM smpp_outbox WHERE id IN (SELECT o.id FROM smpp_outbox o WHERE o.expires_at <= $1 ORDER BY o.expires_at LIMIT $2)",
			Millis(now), int64(limit))
		n = int(deleted)
		return err
	})
	return n, err
}

// SMPPWaiting implements store.SMPPAccounts.
func (s *Store) SMPPWaiting(ctx context.Context, workspace smsir.UUID) (map[smsir.UUID]int64, error) {
	rows, err := s.db.Query(ctx, `SELECT o.account_id, CAST(count(*) AS BIGINT) FROM smpp_outbox o JOIN smpp_accounts a ON a.id = o.account_id
		WHERE a.workspace_id = $1 GROUP BY o.account_id`, workspace)
	waiting := map[smsir.UUID]int64{}
	err = each(rows, err, func(r Rows) error {
		var id smsir.UUID
		var n int64
		err := r.Scan(&id, &n)
		waiting[id] = n
		return err
	})
	return waiting, err
}
