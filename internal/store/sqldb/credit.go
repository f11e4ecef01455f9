package sqldb

import (
	"context"
	"errors"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const creditColumns = "id, workspace_id, message_id, kind, amount, held, at, actor_kind, actor_id, note, key"

func scanCredit(e *store.CreditEntry) scan {
	return scan{&e.ID, &e.Workspace, &e.Message, &e.Kind, &e.Amount, &e.Held, moment{&e.At}, &e.Actor.Kind, &e.Actor.ID, &e.Note, &e.Key}
}

// SetCredit implements store.Credits.
func (s *Store) SetCredit(ctx context.Context, workspace smsir.UUID, on bool, low int64, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("UPDATE workspaces SET credit_on = $2, credit_low = $3 WHERE id = $1", workspace, Flag(on), low)
		return touched(n, err, "workspace")
	})
}

// Balance implements store.Credits and store.Accepter.
func (s *Store) Balance(ctx context.Context, workspace smsir.UUID) (balance int64, err error) {
	rows, err := s.db.Query(ctx, "SELECT balance FROM credits WHERE workspace_id = $1", workspace)
	if err = one(rows, err, &balance); errors.Is(err, errNoRow) {
		err = nil
	}
	return balance, err
}

// Credit implements store.Credits.
func (s *Store) Credit(ctx context.Context, workspace smsir.UUID) (c store.Credit, err error) {
	rows, err := s.db.Query(ctx, `SELECT (SELECT CAST(coalesce(sum(balance), 0) AS BIGINT) FROM credits WHERE workspace_id = $1),
		(SELECT CAST(coalesce(sum(held), 0) AS BIGINT) FROM credit_held WHERE workspace_id = $1)`, workspace)
	return c, one(rows, err, &c.Balance, &c.Held)
}

// AddCredit implements store.Credits. The row of the balance is locked before anything is looked at, so that two at once add up
// and a key is used once.
func (s *Store) AddCredit(ctx context.Context, e store.CreditEntry, audit store.AuditEntry) (added *store.CreditEntry, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		added = nil
		if _, err := tx.Exec("INSERT INTO credits (workspace_id, balance) VALUES ($1, 0) ON CONFLICT DO NOTHING", e.Workspace); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE credits SET balance = balance WHERE workspace_id = $1", e.Workspace); err != nil {
			return err
		}
		if e.Key != "" {
			rows, err := tx.Query("SELECT "+creditColumns+" FROM credit_entries WHERE workspace_id = $1 AND key = $2 AND key <> ''", e.Workspace, e.Key)
			known, err := all(rows, err, scanCredit)
			if err != nil {
				return err
			}
			if len(known) > 0 {
				added = &known[0]
				return nil
			}
		}
		n, err := tx.Exec("UPDATE credits SET balance = balance + $2 WHERE workspace_id = $1 AND balance + $2 BETWEEN 0 AND $3", e.Workspace, e.Amount, int64(store.MaxCredit))
		switch {
		case err != nil:
			return err
		case n == 0 && e.Amount < 0:
			return conflict("amount", "There is less credit than that, and a balance is never below zero. Take away at most what is left.")
		case n == 0:
			return conflict("amount", "The balance would rise above a billion. Check the amount.")
		}
		if _, err := tx.Exec("INSERT INTO credit_entries ("+creditColumns+") VALUES ($1, $2, 0, $3, $4, 0, $5, $6, $7, $8, $9)",
			int64(e.ID), e.Workspace, int64(e.Kind), e.Amount, Millis(e.At), int64(e.Actor.Kind), e.Actor.ID, e.Note, e.Key); err != nil {
			return err
		}
		added = &e
		return addAudit(tx, audit)
	})
	return added, err
}

// CreditEntries implements store.Credits.
func (s *Store) CreditEntries(ctx context.Context, workspace smsir.UUID, f store.CreditFilter) ([]store.CreditEntry, error) {
	w := &where{}
	w.and("workspace_id = ?", workspace)
	if f.Message != 0 {
		w.and("message_id = ?", int64(f.Message))
		w.and("message_id <> 0")
	}
	if len(f.Kinds) > 0 {
		hand := true
		marks := make([]string, len(f.Kinds))
		for i, k := range f.Kinds {
			marks[i] = w.bind(int64(k))
			hand = hand && k >= smsir.Grant
		}
		w.and("kind IN (" + strings.Join(marks, ", ") + ")")
		if hand { // few of very many, with an index of their own
			w.and("message_id = 0")
		}
	}
	if !f.From.IsZero() {
		w.and("id >= ?", int64(smsir.IDAt(f.From)))
	}
	if !f.Until.IsZero() {
		w.and("id < ?", int64(smsir.IDAt(f.Until)))
	}
	if f.Before != 0 {
		w.and("id < ?", int64(f.Before))
	}
	rows, err := s.db.QueryOnce(ctx, "SELECT "+creditColumns+" FROM credit_entries WHERE "+w.text()+" ORDER BY id DESC LIMIT "+w.bind(int64(f.Limit)), w.args...)
	return all(rows, err, scanCredit)
}
