package sqldb

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const auditColumns = "a.id, a.at, a.workspace_id, a.actor_kind, a.actor_id, a.action, a.target, a.ip, a.detail, a.changes"

func scanAudit(e *store.AuditEntry) scan {
	return scan{&e.ID, moment{&e.At}, &e.Workspace, &e.Actor.Kind, &e.Actor.ID, &e.Action, &e.Target, &e.IP, &e.Detail, optional{&e.Changes}}
}

// optional is [document] for a column that is ” when there is nothing.
type optional struct{ to any }

// Scan implements sql.Scanner.
func (o optional) Scan(src any) error {
	if src == "" {
		return nil
	}
	return document(o).Scan(src)
}

// change runs f and writes the audit entry that tells of it in one transaction.
func (s *Store) change(ctx context.Context, e store.AuditEntry, f func(Tx) error) error {
	return s.db.Update(ctx, func(tx Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return addAudit(tx, e)
	})
}

// AddAudit implements store.Auditor.
func (s *Store) AddAudit(ctx context.Context, e store.AuditEntry) error {
	return s.db.Update(ctx, func(tx Tx) error { return addAudit(tx, e) })
}

func addAudit(tx Tx, e store.AuditEntry) error {
	changes := ""
	if len(e.Changes) > 0 {
		b, err := json.Marshal(e.Changes)
		if err != nil {
			return err
		}
		changes = string(b)
	}
	_, err := tx.Exec(`INSERT INTO audit (at, workspace_id, actor_kind, actor_id, action, target, ip, detail, changes)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		Millis(e.At), e.Workspace, int64(e.Actor.Kind), e.Actor.ID, e.Action, e.Target, e.IP, e.Detail, changes)
	return err
}

// Audit implements store.Auditor.
func (s *Store) Audit(ctx context.Context, workspace smsir.UUID, f store.AuditFilter) ([]store.AuditEntry, error) {
	if f.Limit < 1 || f.Limit > 1000 {
		f.Limit = 50
	}
	w := &where{}
	if workspace.IsZero() {
		w.and("a.workspace_id IS NULL")
	} else {
		w.and("a.workspace_id = ?", workspace)
	}
	if !f.Actor.IsZero() {
		w.and("a.actor_id = ?", f.Actor)
	}
	switch {
	case strings.Contains(f.Action, "."):
		w.and("a.action = ?", f.Action)
	case f.Action != "":
		w.and("a.action >= ? AND a.action < ?", f.Action+".", f.Action+"/") // the sign after the point
	}
	if f.Target != "" {
		w.and("a.target = ?", f.Target)
	}
	if !f.Since.IsZero() {
		w.and("a.at >= ?", Millis(f.Since))
	}
	if !f.Until.IsZero() {
		w.and("a.at < ?", Millis(f.Until))
	}
	if f.Before > 0 {
		w.and("a.id < ?", int64(f.Before))
	}
	rows, err := s.db.QueryOnce(ctx, "SELECT "+auditColumns+" FROM audit a WHERE "+w.text()+" ORDER BY a.id DESC LIMIT "+w.bind(int64(f.Limit)), w.args...)
	return all(rows, err, scanAudit)
}

// targetNames says where the name of an object stands, by the prefix of its identifier.
var targetNames = map[string]string{
	smsir.PrefixUser:        "SELECT u.name FROM users u JOIN members m ON m.user_id = u.id WHERE m.workspace_id = $1 AND u.id = $2",
	smsir.PrefixKey:         "SELECT name FROM api_keys WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixSMPP:        "SELECT name FROM smpp_accounts WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixProvider:    "SELECT name FROM providers WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixRoute:       "SELECT name FROM route_rules WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixGroup:       "SELECT name FROM groups WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixContact:     "SELECT name FROM contacts WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixImport:      "SELECT name FROM imports WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixWebhook:     "SELECT name FROM webhooks WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixTemplate:    "SELECT name FROM templates WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixCampaign:    "SELECT name FROM campaigns WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixView:        "SELECT name FROM saved_views WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixCannedReply: "SELECT name FROM canned_replies WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixAutoReply:   "SELECT name FROM auto_replies WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixInvite:      "SELECT email FROM invites WHERE workspace_id = $1 AND id = $2",
	smsir.PrefixSender:      "SELECT value FROM senders WHERE workspace_id = $1 AND id = $2",
}

// TargetNames implements store.Auditor. A page has few distinct objects, so each is asked for by its key.
func (s *Store) TargetNames(ctx context.Context, workspace smsir.UUID, targets []string) (map[string]string, error) {
	names := make(map[string]string, len(targets))
	for _, target := range targets {
		prefix, _, _ := strings.Cut(target, "_")
		query, known := targetNames[prefix]
		if _, again := names[target]; again || !known {
			continue
		}
		id, err := smsir.ParseUUID(prefix, target)
		if err != nil {
			continue
		}
		var name string
		rows, err := s.db.Query(ctx, query, workspace, id)
		if err := one(rows, err, &name); err != nil && !errors.Is(err, errNoRow) {
			return nil, err
		}
		names[target] = name
	}
	return names, nil
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
