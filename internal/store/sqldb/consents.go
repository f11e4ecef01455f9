package sqldb

import (
	"context"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const suppressionColumns = "s.workspace_id, s.recipient, s.sender, s.reason, s.created_at"

func scanSuppression(v *store.Suppression) scan {
	return scan{&v.Workspace, &v.Recipient, &v.Sender, &v.Reason, moment{&v.CreatedAt}}
}

// Suppressions implements store.Audience.
func (s *Store) Suppressions(ctx context.Context, workspace smsir.UUID, search string, after store.Suppression, limit int) ([]store.Suppression, error) {
	w := new(where)
	w.and("s.workspace_id = ?", workspace)
	if search != "" {
		w.and(`s.recipient LIKE ? ESCAPE '\'`, like(search))
	}
	if after.Recipient != "" {
		w.and("(s.recipient > ? OR s.recipient = ? AND s.sender > ?)", after.Recipient, after.Recipient, after.Sender)
	}
	most := w.bind(int64(limit))
	rows, err := s.db.QueryOnce(ctx, "SELECT "+suppressionColumns+" FROM suppressions s WHERE "+w.text()+" ORDER BY s.recipient, s.sender LIMIT "+most, w.args...)
	return all(rows, err, scanSuppression)
}

// SuppressionsOf implements store.Audience.
func (s *Store) SuppressionsOf(ctx context.Context, workspace smsir.UUID, recipients []string) ([]store.Suppression, error) {
	in, args := words(2, recipients)
	rows, err := s.db.QueryOnce(ctx, "SELECT "+suppressionColumns+" FROM suppressions s WHERE s.workspace_id = $1 AND s.recipient IN "+in+" ORDER BY s.recipient, s.sender",
		append([]any{workspace}, args...)...)
	return all(rows, err, scanSuppression)
}

// Suppress implements store.Audience.
func (s *Store) Suppress(ctx context.Context, list []store.Suppression, entry store.ConsentEntry) (added int, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		added = 0
		for _, v := range list {
			fresh, err := suppress(tx, v, entry)
			if err != nil {
				return err
			}
			if fresh {
				added++
			}
		}
		return nil
	})
	return added, err
}

// suppress forbids messages to a number, in a step that does more; false if they were forbidden already.
func suppress(tx Tx, v store.Suppression, e store.ConsentEntry) (bool, error) {
	n, err := tx.Exec(`INSERT INTO suppressions (workspace_id, recipient, sender, reason, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, v.Workspace, v.Recipient, v.Sender, v.Reason, Millis(v.CreatedAt))
	if err != nil || n == 0 {
		return false, err
	}
	e.ID, e.Workspace, e.Recipient, e.Sender, e.Allowed = smsir.NewUUID(e.At), v.Workspace, v.Recipient, v.Sender, false
	return true, InsertConsent(tx, e)
}

// InsertConsent adds a line to the ledger of consent, in a step that does more.
func InsertConsent(tx Tx, e store.ConsentEntry) error {
	_, err := tx.Exec(`INSERT INTO consents (id, workspace_id, at, recipient, sender, allowed, source, actor_kind, actor_id, inbound_id, text)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.ID, e.Workspace, Millis(e.At), e.Recipient, e.Sender, Flag(e.Allowed), e.Source, int64(e.Actor.Kind), e.Actor.ID, int64(e.Inbound), e.Text)
	return err
}

// Allow implements store.Audience.
func (s *Store) Allow(ctx context.Context, workspace smsir.UUID, recipient, sender string, entry store.ConsentEntry) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM suppressions WHERE workspace_id = $1 AND recipient = $2 AND sender = $3", workspace, recipient, sender)
		if err := touched(n, err, "suppression"); err != nil {
			return err
		}
		entry.ID, entry.Workspace, entry.Recipient, entry.Sender, entry.Allowed = smsir.NewUUID(entry.At), workspace, recipient, sender, true
		return InsertConsent(tx, entry)
	})
}

const consentColumns = "e.id, e.workspace_id, e.at, e.recipient, e.sender, e.allowed, e.source, e.actor_kind, e.actor_id, e.inbound_id, e.text"

func scanConsent(e *store.ConsentEntry) scan {
	return scan{
		&e.ID, &e.Workspace,
		moment{&e.At},
		&e.Recipient, &e.Sender,
		boolean{&e.Allowed},
		&e.Source, &e.Actor.Kind, &e.Actor.ID, &e.Inbound, &e.Text,
	}
}

// Consents implements store.Audience.
func (s *Store) Consents(ctx context.Context, workspace smsir.UUID, recipient string, before smsir.UUID, limit int) ([]store.ConsentEntry, error) {
	w := new(where)
	w.and("e.workspace_id = ?", workspace)
	if recipient != "" {
		w.and("e.recipient = ?", recipient)
	}
	if !before.IsZero() {
		w.and("e.id < ?", before)
	}
	most := w.bind(int64(limit))
	rows, err := s.db.QueryOnce(ctx, "SELECT "+consentColumns+" FROM consents e WHERE "+w.text()+" ORDER BY e.id DESC LIMIT "+most, w.args...)
	return all(rows, err, scanConsent)
}
