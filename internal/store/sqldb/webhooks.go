package sqldb

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var _ store.Webhooks = (*Store)(nil)

const webhookColumns = `h.id, h.workspace_id, h.url, h.name, h.types, h.secrets, h.enabled, h.why, h.failing_at, h.created_at, h.updated_at`

func scanWebhook(h *store.Webhook) scan {
	return scan{
		&h.ID, &h.Workspace, &h.URL, &h.Name,
		document{&h.Types},
		&h.Secrets,
		boolean{&h.Enabled},
		&h.Why,
		moment{&h.FailingAt},
		moment{&h.CreatedAt},
		moment{&h.UpdatedAt},
	}
}

// Webhooks implements store.Webhooks.
func (s *Store) Webhooks(ctx context.Context, workspace smsir.UUID) ([]store.Webhook, error) {
	if workspace.IsZero() {
		rows, err := s.db.Query(ctx, "SELECT "+webhookColumns+" FROM webhooks h ORDER BY h.created_at, h.id")
		return all(rows, err, scanWebhook)
	}
	rows, err := s.db.Query(ctx, "SELECT "+webhookColumns+" FROM webhooks h WHERE h.workspace_id = $1 ORDER BY h.created_at, h.id", workspace)
	return all(rows, err, scanWebhook)
}

// Webhook implements store.Webhooks.
func (s *Store) Webhook(ctx context.Context, workspace, id smsir.UUID) (*store.Webhook, error) {
	rows, err := s.db.Query(ctx, "SELECT "+webhookColumns+" FROM webhooks h WHERE h.workspace_id = $1 AND h.id = $2", workspace, id)
	return first(rows, err, scanWebhook, "webhook")
}

// CreateWebhook implements store.Webhooks.
func (s *Store) CreateWebhook(ctx context.Context, h store.Webhook, audit store.AuditEntry) error {
	types, err := encode(h.Types)
	if err != nil {
		return err
	}
	return s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO webhooks (id, workspace_id, url, name, types, secrets, enabled, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			h.ID, h.Workspace, h.URL, h.Name, types, h.Secrets, Flag(h.Enabled), Millis(h.CreatedAt), Millis(h.UpdatedAt))
		return err
	})
}

// UpdateWebhook implements store.Webhooks.
func (s *Store) UpdateWebhook(ctx context.Context, h store.Webhook, audit store.AuditEntry) error {
	types, err := encode(h.Types)
	if err != nil {
		return err
	}
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE webhooks SET url = $1, name = $2, types = $3, secrets = $4, enabled = $5, why = $6, failing_at = $7, updated_at = $8
			WHERE workspace_id = $9 AND id = $10`,
			h.URL, h.Name, types, h.Secrets, Flag(h.Enabled), h.Why, Millis(h.FailingAt), Millis(h.UpdatedAt), h.Workspace, h.ID)
		return touched(n, err, "webhook")
	})
}

// DeleteWebhook implements store.Webhooks.
func (s *Store) DeleteWebhook(ctx context.Context, workspace, id smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM webhooks WHERE workspace_id = $1 AND id = $2", workspace, id)
		return touched(n, err, "webhook")
	})
}

// webhookCursor is the setting that holds the event up to which deliveries were made.
const webhookCursor = "webhook_cursor"

// WebhookCursor implements store.Webhooks.
func (s *Store) WebhookCursor(ctx context.Context) (smsir.ID, error) {
	return s.cursor(ctx, webhookCursor)
}

// Deliver implements store.Webhooks.
func (s *Store) Deliver(ctx context.Context, list []store.Delivery, from, to smsir.ID) error {
	return s.db.Update(ctx, func(tx Tx) error {
		if err := moveCursor(tx, webhookCursor, from, to, "Another node has made these deliveries."); err != nil {
			return err
		}
		for i := range list {
			if err := insertDelivery(tx, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// moveCursor moves a setting that holds a place in the stream of events, if it still stands where the caller read it.
func moveCursor(tx Tx, name string, from, to smsir.ID, otherwise string) error {
	old, next := strconv.FormatInt(int64(from), 10), strconv.FormatInt(int64(to), 10)
	n, err := tx.Exec("UPDATE settings SET value = $1 WHERE name = $2 AND value = $3", next, name, old)
	if err == nil && n == 0 && from == 0 {
		n, err = tx.Exec("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, next)
	}
	if err == nil && n == 0 {
		return conflict("", otherwise)
	}
	return err
}

// insertDelivery stores a delivery to a webhook that exists.
func insertDelivery(tx Tx, d *store.Delivery) error {
	_, err := tx.Exec(`INSERT INTO deliveries (id, workspace_id, webhook_id, event_id, type, body, next_at, created_at)
		SELECT $1, h.workspace_id, h.id, $2, $3, $4, $5, $6 FROM webhooks h WHERE h.id = $7`,
		int64(d.ID), int64(d.Event), d.Type, d.Body, Millis(d.NextAt), Millis(d.CreatedAt), d.Webhook)
	return err
}

// AddDelivery implements store.Webhooks.
func (s *Store) AddDelivery(ctx context.Context, d store.Delivery) error {
	return s.db.Update(ctx, func(tx Tx) error { return insertDelivery(tx, &d) })
}

const deliveryColumns = `d.id, d.workspace_id, d.webhook_id, d.event_id, d.type, d.body, d.state, d.attempts, d.next_at, d.lease_until,
	d.status, d.answer, d.tried_at, d.took, d.created_at`

func scanDelivery(d *store.Delivery) scan {
	return scan{
		&d.ID, &d.Workspace, &d.Webhook, &d.Event, &d.Type, &d.Body, &d.State, &d.Attempts,
		moment{&d.NextAt},
		moment{&d.LeaseUntil},
		&d.Status, &d.Answer,
		moment{&d.TriedAt},
		millis{&d.Took},
		moment{&d.CreatedAt},
	}
}

// LeaseDeliveries implements store.Webhooks.
func (s *Store) LeaseDeliveries(ctx context.Context, webhook smsir.UUID, now, until time.Time, limit int) (leased []store.Delivery, err error) {
	rows, err := s.db.Query(ctx, "SELECT "+deliveryColumns+` FROM deliveries d
		WHERE d.webhook_id = $1 AND d.state = 0 AND d.next_at <= $2 ORDER BY d.next_at, d.id LIMIT $3`, webhook, Millis(now), int64(limit))
	due, err := all(rows, err, scanDelivery)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	err = s.db.Update(ctx, func(tx Tx) error {
		leased = leased[:0]
		for _, d := range due {
			n, err := tx.Exec("UPDATE deliveries SET next_at = $1, lease_until = $1 WHERE id = $2 AND state = 0 AND next_at = $3", Millis(until), int64(d.ID), Millis(d.NextAt))
			if err != nil {
				return err
			}
			if n > 0 {
				d.NextAt, d.LeaseUntil = until, until
				leased = append(leased, d)
			}
		}
		return nil
	})
	return leased, err
}

// NextDelivery implements store.Webhooks.
func (s *Store) NextDelivery(ctx context.Context) (time.Time, error) {
	rows, err := s.db.Query(ctx, `SELECT d.next_at FROM deliveries d JOIN webhooks h ON h.id = d.webhook_id
		WHERE d.state = 0 AND h.enabled = 1 ORDER BY d.next_at LIMIT 1`)
	var ms int64
	err = one(rows, err, &ms)
	if errors.Is(err, errNoRow) {
		return time.Time{}, nil
	}
	return Time(ms), err
}

// Delivered implements store.Webhooks. A try whose lease was taken by another is not counted twice.
func (s *Store) Delivered(ctx context.Context, d store.Delivery, why string) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE deliveries SET state = $1, attempts = $2, next_at = $3, lease_until = 0, status = $4, answer = $5, tried_at = $6, took = $7
			WHERE id = $8 AND state = 0 AND lease_until = $9`,
			int64(d.State), int64(d.Attempts), Millis(d.NextAt), int64(d.Status), d.Answer, Millis(d.TriedAt), d.Took.Milliseconds(), int64(d.ID), Millis(d.LeaseUntil))
		if err != nil || n == 0 {
			return err
		}
		switch {
		case d.State == store.DeliveryDone:
			_, err = tx.Exec("UPDATE webhooks SET failing_at = 0 WHERE id = $1 AND failing_at > 0", d.Webhook)
		case why != "":
			_, err = tx.Exec("UPDATE webhooks SET enabled = 0, why = $1, updated_at = $2 WHERE id = $3 AND enabled = 1", why, Millis(d.TriedAt), d.Webhook)
		default:
			_, err = tx.Exec("UPDATE webhooks SET failing_at = $1 WHERE id = $2 AND failing_at = 0", Millis(d.TriedAt), d.Webhook)
		}
		return err
	})
}

func deliveriesWhere(workspace, webhook smsir.UUID, f store.DeliveryFilter) *where {
	w := new(where)
	w.and("d.workspace_id = ?", workspace)
	w.and("d.webhook_id = ?", webhook)
	if len(f.States) > 0 {
		w.and("d.state IN ("+marks(len(f.States))+")", integers(f.States)...)
	}
	if !f.Since.IsZero() {
		w.and("d.created_at >= ?", Millis(f.Since))
	}
	if !f.Until.IsZero() {
		w.and("d.created_at < ?", Millis(f.Until))
	}
	if f.Before != 0 {
		w.and("d.id < ?", int64(f.Before))
	}
	return w
}

// Deliveries implements store.Webhooks.
func (s *Store) Deliveries(ctx context.Context, workspace, webhook smsir.UUID, f store.DeliveryFilter) ([]store.Delivery, error) {
	w := deliveriesWhere(workspace, webhook, f)
	most := w.bind(int64(f.Limit))
	rows, err := s.db.QueryOnce(ctx, "SELECT "+deliveryColumns+" FROM deliveries d WHERE "+w.text()+" ORDER BY d.id DESC LIMIT "+most, w.args...)
	return all(rows, err, scanDelivery)
}

// ReplayDeliveries implements store.Webhooks.
func (s *Store) ReplayDeliveries(ctx context.Context, workspace, webhook smsir.UUID, f store.DeliveryFilter, now time.Time) (n int, err error) {
	list, err := s.Deliveries(ctx, workspace, webhook, f)
	if err != nil {
		return 0, err
	}
	err = s.db.Update(ctx, func(tx Tx) error {
		n = 0
		for _, d := range list {
			done, err := tx.Exec("UPDATE deliveries SET state = 0, attempts = 0, next_at = $1, lease_until = 0 WHERE id = $2 AND lease_until <= $1", Millis(now), int64(d.ID))
			if err != nil {
				return err
			}
			n += int(done)
		}
		return nil
	})
	return n, err
}

// SweepDeliveries implements store.Webhooks.
func (s *Store) SweepDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	var gone int64
	err := s.db.Update(ctx, func(tx Tx) (err error) {
		gone, err = tx.Exec("DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE state > 0 AND created_at < $1 LIMIT $2)", Millis(before), int64(limit))
		return err
	})
	return int(gone), err
}
