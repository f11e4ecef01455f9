package sqldb

import (
	"context"
	"encoding/json"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var _ store.Senders = (*Store)(nil)

const senderColumns = "s.id, s.workspace_id, s.value, s.kind, s.name, s.countries, s.providers, s.defaults, s.created_at, s.updated_at"

func scanSender(s *store.Sender) scan {
	return scan{
		&s.ID, &s.Workspace, &s.Value, &s.Kind, &s.Name,
		document{&s.Countries},
		providerIDs{&s.Providers},
		document{&s.Defaults},
		moment{&s.CreatedAt},
		moment{&s.UpdatedAt},
	}
}

// Senders implements store.Senders.
func (s *Store) Senders(ctx context.Context, workspace smsir.UUID) ([]store.Sender, error) {
	if workspace.IsZero() {
		rows, err := s.db.Query(ctx, "SELECT "+senderColumns+" FROM senders s ORDER BY s.workspace_id, s.value")
		return all(rows, err, scanSender)
	}
	rows, err := s.db.Query(ctx, "SELECT "+senderColumns+" FROM senders s WHERE s.workspace_id = $1 ORDER BY s.value", workspace)
	return all(rows, err, scanSender)
}

// providerIDs reads a JSON array of identifiers as they are shown outside.
type providerIDs struct{ to *[]smsir.UUID }

// Scan implements sql.Scanner.
func (p providerIDs) Scan(src any) error {
	var words []string
	if err := (document{&words}).Scan(src); err != nil {
		return err
	}
	*p.to = make([]smsir.UUID, len(words))
	for i, w := range words {
		var err error
		if (*p.to)[i], err = smsir.ParseUUID(smsir.PrefixProvider, w); err != nil {
			return err
		}
	}
	return nil
}

// senderDocuments are the columns of a sender that are JSON; [] for none.
func senderDocuments(v *store.Sender) (countries, providers, defaults string, err error) {
	ids := make([]string, len(v.Providers))
	for i, id := range v.Providers {
		ids[i] = id.Format(smsir.PrefixProvider)
	}
	for _, d := range []struct {
		to   *string
		from any
	}{{&countries, append([]store.SenderCountry{}, v.Countries...)}, {&providers, ids}, {&defaults, append([]store.SenderDefault{}, v.Defaults...)}} {
		b, err := json.Marshal(d.from)
		if err != nil {
			return "", "", "", err
		}
		*d.to = string(b)
	}
	return countries, providers, defaults, nil
}

// CreateSender implements store.Senders.
func (s *Store) CreateSender(ctx context.Context, v store.Sender, audit store.AuditEntry) error {
	countries, providers, defaults, err := senderDocuments(&v)
	if err != nil {
		return err
	}
	err = s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO senders (id, workspace_id, value, kind, name, countries, providers, defaults, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			v.ID, v.Workspace, v.Value, int64(v.Kind), v.Name, countries, providers, defaults, Millis(v.CreatedAt), Millis(v.UpdatedAt))
		return err
	})
	if s.db.IsUnique(err) {
		return conflict("value", "The workspace has this sender already. Change that one.")
	}
	return err
}

// UpdateSender implements store.Senders.
func (s *Store) UpdateSender(ctx context.Context, v store.Sender, audit store.AuditEntry) error {
	countries, providers, defaults, err := senderDocuments(&v)
	if err != nil {
		return err
	}
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("UPDATE senders SET name = $1, countries = $2, providers = $3, defaults = $4, updated_at = $5 WHERE workspace_id = $6 AND id = $7",
			v.Name, countries, providers, defaults, Millis(v.UpdatedAt), v.Workspace, v.ID)
		return touched(n, err, "sender")
	})
}

// DeleteSender implements store.Senders.
func (s *Store) DeleteSender(ctx context.Context, workspace, id smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM senders WHERE workspace_id = $1 AND id = $2", workspace, id)
		return touched(n, err, "sender")
	})
}

// SendersUsed implements store.Senders.
func (s *Store) SendersUsed(ctx context.Context, workspace smsir.UUID, since time.Time) (map[string]store.SenderUse, error) {
	rows, err := s.db.Query(ctx, `SELECT t.sender, COUNT(*), MAX(t.id) FROM (SELECT m.sender, m.id FROM messages m
		WHERE m.workspace_id = $1 AND m.id >= $2 ORDER BY m.id DESC LIMIT $3) t WHERE t.sender <> '' GROUP BY t.sender`,
		workspace, int64(smsir.IDAt(since)), int64(store.WalkLimit))
	used := map[string]store.SenderUse{}
	err = each(rows, err, func(r Rows) error {
		var sender string
		var n, last int64
		if err := r.Scan(&sender, &n, &last); err != nil {
			return err
		}
		used[sender] = store.SenderUse{Messages: n, LastAt: smsir.ID(last).Time()}
		return nil
	})
	return used, err
}
