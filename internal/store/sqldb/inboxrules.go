package sqldb

import (
	"context"
	"errors"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Notes implements store.Inbox.
func (s *Store) Notes(ctx context.Context, workspace, conversation smsir.UUID) ([]store.Note, error) {
	rows, err := s.db.Query(ctx, `SELECT n.id, n.workspace_id, n.conversation_id, n.text, n.actor_kind, n.actor_id, n.created_at FROM conversation_notes n
		WHERE n.workspace_id = $1 AND n.conversation_id = $2 ORDER BY n.id LIMIT 500`, workspace, conversation)
	return all(rows, err, func(n *store.Note) scan {
		return scan{&n.ID, &n.Workspace, &n.Conversation, &n.Text, &n.By.Kind, &n.By.ID, moment{&n.CreatedAt}}
	})
}

// AddNote implements store.Inbox.
func (s *Store) AddNote(ctx context.Context, n store.Note) error {
	return s.db.Update(ctx, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO conversation_notes (id, workspace_id, conversation_id, text, actor_kind, actor_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			n.ID, n.Workspace, n.Conversation, n.Text, int64(n.By.Kind), n.By.ID, Millis(n.CreatedAt))
		return err
	})
}

// DeleteNote implements store.Inbox.
func (s *Store) DeleteNote(ctx context.Context, workspace, conversation, id smsir.UUID) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM conversation_notes WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3", workspace, conversation, id)
		return touched(n, err, "note")
	})
}

// CannedReplies implements store.Inbox.
func (s *Store) CannedReplies(ctx context.Context, workspace smsir.UUID) ([]store.CannedReply, error) {
	rows, err := s.db.Query(ctx, "SELECT r.id, r.workspace_id, r.name, r.text, r.created_at, r.updated_at FROM canned_replies r WHERE r.workspace_id = $1 ORDER BY r.name_key", workspace)
	return all(rows, err, func(r *store.CannedReply) scan {
		return scan{&r.ID, &r.Workspace, &r.Name, &r.Text, moment{&r.CreatedAt}, moment{&r.UpdatedAt}}
	})
}

// PutCannedReply implements store.Inbox.
func (s *Store) PutCannedReply(ctx context.Context, r store.CannedReply, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO canned_replies (id, workspace_id, name, name_key, text, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, text = excluded.text, updated_at = excluded.updated_at
			WHERE canned_replies.workspace_id = excluded.workspace_id`,
			r.ID, r.Workspace, r.Name, fold(r.Name), r.Text, Millis(r.CreatedAt), Millis(r.UpdatedAt))
		if s.db.IsUnique(err) {
			return conflict("name", "Another canned reply has this name. Choose a different one.")
		}
		return err
	})
}

// DeleteCannedReply implements store.Inbox.
func (s *Store) DeleteCannedReply(ctx context.Context, workspace, id smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM canned_replies WHERE workspace_id = $1 AND id = $2", workspace, id)
		return touched(n, err, "canned reply")
	})
}

// AutoReplies implements store.Inbox.
func (s *Store) AutoReplies(ctx context.Context, workspace smsir.UUID) ([]store.AutoReply, error) {
	rows, err := s.db.Query(ctx, `SELECT r.id, r.workspace_id, r.name, r.kind, r.rule, r.position, r.active, r.created_at, r.updated_at FROM auto_replies r
		WHERE r.workspace_id = $1 ORDER BY r.position, r.id`, workspace)
	return all(rows, err, func(r *store.AutoReply) scan {
		return scan{&r.ID, &r.Workspace, &r.Name, &r.Kind, document{&r.AutoRule}, &r.Position, boolean{&r.Active}, moment{&r.CreatedAt}, moment{&r.UpdatedAt}}
	})
}

// PutAutoReply implements store.Inbox.
func (s *Store) PutAutoReply(ctx context.Context, r store.AutoReply, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO auto_replies (id, workspace_id, name, name_key, kind, rule, position, active, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, kind = excluded.kind, rule = excluded.rule,
			position = excluded.position, active = excluded.active, updated_at = excluded.updated_at WHERE auto_replies.workspace_id = excluded.workspace_id`,
			r.ID, r.Workspace, r.Name, fold(r.Name), r.Kind, MustJSON(r.AutoRule), int64(r.Position), Flag(r.Active), Millis(r.CreatedAt), Millis(r.UpdatedAt))
		if s.db.IsUnique(err) {
			return conflict("name", "Another automatic answer has this name. Choose a different one.")
		}
		return err
	})
}

// DeleteAutoReply implements store.Inbox.
func (s *Store) DeleteAutoReply(ctx context.Context, workspace, id smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM auto_replies WHERE workspace_id = $1 AND id = $2", workspace, id)
		return touched(n, err, "automatic answer")
	})
}

// InboxSettings implements store.Inbox.
func (s *Store) InboxSettings(ctx context.Context, workspace smsir.UUID) (*store.InboxSettings, error) {
	v := new(store.InboxSettings)
	rows, err := s.db.Query(ctx, "SELECT i.value FROM inbox_settings i WHERE i.workspace_id = $1", workspace)
	err = one(rows, err, document{v})
	if errors.Is(err, errNoRow) {
		return nil, nil //nolint:nilnil // nobody has set them
	}
	return v, err
}

// PutInboxSettings implements store.Inbox.
func (s *Store) PutInboxSettings(ctx context.Context, workspace smsir.UUID, v store.InboxSettings, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec("INSERT INTO inbox_settings (workspace_id, value) VALUES ($1, $2) ON CONFLICT (workspace_id) DO UPDATE SET value = excluded.value",
			workspace, MustJSON(v))
		return err
	})
}

const reviewColumns = `r.id, r.workspace_id, r.conversation_id, r.inbound_id, r.contact, r.ours, r.text, r.phrase, r.state, r.actor_kind, r.actor_id, r.created_at, r.decided_at`

func scanReview(r *store.Review) scan {
	return scan{
		&r.ID, &r.Workspace, &r.Conversation, &r.Inbound, &r.Contact, &r.Ours, &r.Text, &r.Phrase, &r.State, &r.By.Kind, &r.By.ID,
		moment{&r.CreatedAt},
		moment{&r.DecidedAt},
	}
}

// Reviews implements store.Inbox.
func (s *Store) Reviews(ctx context.Context, workspace smsir.UUID, state string, before smsir.UUID, limit int) ([]store.Review, error) {
	w := new(where)
	w.and("r.workspace_id = ? AND r.state = ?", workspace, state)
	if !before.IsZero() {
		w.and("r.id < ?", before)
	}
	most := w.bind(int64(limit))
	rows, err := s.db.QueryOnce(ctx, "SELECT "+reviewColumns+" FROM opt_out_reviews r WHERE "+w.text()+" ORDER BY r.id DESC LIMIT "+most, w.args...)
	return all(rows, err, scanReview)
}

// AddReview implements store.Inbox.
func (s *Store) AddReview(ctx context.Context, r store.Review) (added bool, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec(`INSERT INTO opt_out_reviews (id, workspace_id, conversation_id, inbound_id, contact, ours, text, phrase, state, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9) ON CONFLICT DO NOTHING`,
			r.ID, r.Workspace, r.Conversation, int64(r.Inbound), r.Contact, r.Ours, r.Text, r.Phrase, Millis(r.CreatedAt))
		added = n > 0
		return err
	})
	return added, err
}

// DecideReview implements store.Inbox.
func (s *Store) DecideReview(ctx context.Context, workspace, id smsir.UUID, state string, by smsir.Actor, now time.Time) (decided *store.Review, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE opt_out_reviews SET state = $1, actor_kind = $2, actor_id = $3, decided_at = $4
			WHERE workspace_id = $5 AND id = $6 AND state = 'open'`, state, int64(by.Kind), by.ID, Millis(now), workspace, id)
		if err != nil {
			return err
		}
		rows, err := tx.Query("SELECT "+reviewColumns+" FROM opt_out_reviews r WHERE r.workspace_id = $1 AND r.id = $2", workspace, id)
		r, err := first(rows, err, scanReview, "review")
		if err != nil {
			return err
		}
		if n == 0 {
			return conflict("", "Somebody has decided this before. Reload the list.")
		}
		decided = r
		if state != store.ReviewOptedOut {
			return nil
		}
		_, err = suppress(tx, store.Suppression{Workspace: workspace, Recipient: r.Contact, Sender: r.Ours, Reason: "opt_out", CreatedAt: now}, store.ConsentEntry{
			At: now, Source: "handset", Actor: by, Inbound: r.Inbound, Text: r.Text,
		})
		return err
	})
	return decided, err
}
