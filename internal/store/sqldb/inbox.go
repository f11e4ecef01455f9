package sqldb

import (
	"context"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var _ store.Inbox = (*Store)(nil)

// excerptLength bounds what a list shows of the last message, in characters.
const excerptLength = 160

func excerpt(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	n := 0
	for i := range text {
		if n == excerptLength {
			return text[:i] + "…"
		}
		n++
	}
	return text
}

// ReceiveMessage puts a message from a handset, which is stored already, into its conversation and adds the job that answers
// it, in a step that does more. It returns the conversation.
func ReceiveMessage(tx Tx, in *smsir.Inbound, now time.Time) (smsir.UUID, error) {
	id := store.ConversationID(in.Workspace, in.From, in.To)
	if _, err := tx.Exec(`INSERT INTO conversations (id, workspace_id, contact, ours, provider_id, last_at, last_text, unread, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $6) ON CONFLICT (id) DO UPDATE SET provider_id = excluded.provider_id, last_at = excluded.last_at,
		last_text = excluded.last_text, text_removed_at = 0, last_out = 0, unread = conversations.unread + 1, archived = 0`,
		id, in.Workspace, in.From, in.To, in.Provider, Millis(now), excerpt(in.Text)); err != nil {
		return id, err
	}
	if _, err := tx.Exec("INSERT INTO conversation_messages (conversation_id, id, inbound) VALUES ($1, $2, 1)", id, int64(in.ID)); err != nil {
		return id, err
	}
	inbound := in.ID.Format(smsir.PrefixInbound)
	_, err := insertJob(tx, store.Job{
		ID: smsir.NewUUID(now), Workspace: in.Workspace, Kind: store.JobInbound, Key: inbound,
		Payload: []byte(MustJSON(store.InboundJob{Inbound: inbound})), RunAt: now, CreatedAt: now,
	})
	return id, err
}

// ReplyInConversation shows an accepted reply as the last message of its conversation, in a step that does more.
func ReplyInConversation(tx Tx, a *store.Acceptance, now time.Time) error {
	if a.Conversation.IsZero() || len(a.Messages) == 0 {
		return nil
	}
	m := a.Messages[len(a.Messages)-1]
	_, err := tx.Exec("UPDATE conversations SET last_at = $1, last_text = $2, text_removed_at = 0, last_out = 1, archived = 0 WHERE id = $3 AND workspace_id = $4",
		Millis(now), excerpt(m.Text), a.Conversation, a.Workspace)
	return err
}

const conversationColumns = `c.id, c.workspace_id, c.contact, c.ours, c.provider_id, c.last_at, c.last_text, c.last_out, c.unread, c.assignee_id, c.archived,
	c.seeded, c.menu_id, c.menu_until, c.created_at, c.text_removed_at`

func scanConversation(c *store.Conversation) scan {
	return scan{
		&c.ID, &c.Workspace, &c.Contact, &c.Ours, &c.Provider,
		moment{&c.LastAt},
		&c.LastText,
		boolean{&c.LastOut},
		&c.Unread, &c.Assignee,
		boolean{&c.Archived},
		boolean{&c.Seeded},
		&c.Menu,
		moment{&c.MenuUntil},
		moment{&c.CreatedAt},
		moment{&c.TextRemovedAt},
	}
}

// Conversations implements store.Inbox.
func (s *Store) Conversations(ctx context.Context, workspace smsir.UUID, q store.ConversationQuery, after *store.ConversationMark, limit int) ([]store.Conversation, error) {
	w := new(where)
	w.and("c.workspace_id = ? AND c.archived = ?", workspace, Flag(q.Archived))
	if q.Unread {
		w.and("c.unread > 0")
	}
	if !q.Assignee.IsZero() {
		w.and("c.assignee_id = ?", q.Assignee)
	}
	if q.Contact != "" {
		w.and("c.contact = ?", q.Contact)
	}
	if q.Search != "" {
		w.and(`(c.contact LIKE ? ESCAPE '\' OR lower(c.last_text) LIKE ? ESCAPE '\' OR c.contact IN (SELECT k.phone FROM contacts k
			WHERE k.workspace_id = ? AND k.name_key LIKE ? ESCAPE '\'))`, like(q.Search), like(lowerASCII(q.Search)), workspace, like(fold(q.Search)))
	}
	if after != nil {
		w.and("(c.last_at < ? OR c.last_at = ? AND c.id < ?)", Millis(after.LastAt), Millis(after.LastAt), after.ID)
	}
	most := w.bind(int64(limit))
	rows, err := s.db.QueryOnce(ctx, "SELECT "+conversationColumns+" FROM conversations c WHERE "+w.text()+" ORDER BY c.last_at DESC, c.id DESC LIMIT "+most, w.args...)
	return all(rows, err, scanConversation)
}

// Conversation implements store.Inbox.
func (s *Store) Conversation(ctx context.Context, workspace, id smsir.UUID) (*store.Conversation, error) {
	rows, err := s.db.Query(ctx, "SELECT "+conversationColumns+" FROM conversations c WHERE c.workspace_id = $1 AND c.id = $2", workspace, id)
	return first(rows, err, scanConversation, "conversation")
}

// InboxCounts implements store.Inbox.
func (s *Store) InboxCounts(ctx context.Context, workspace, user smsir.UUID) (n store.InboxCounts, err error) {
	rows, err := s.db.Query(ctx, `SELECT count(*), CAST(coalesce(sum(CASE WHEN c.assignee_id = $2 THEN 1 ELSE 0 END), 0) AS BIGINT)
		FROM conversations c WHERE c.workspace_id = $1 AND c.archived = 0 AND c.unread > 0`, workspace, user)
	if err := one(rows, err, &n.Unread, &n.Mine); err != nil {
		return n, err
	}
	rows, err = s.db.Query(ctx, "SELECT count(*) FROM opt_out_reviews r WHERE r.workspace_id = $1 AND r.state = 'open'", workspace)
	return n, one(rows, err, &n.Reviews)
}

// ChangeConversation implements store.Inbox.
func (s *Store) ChangeConversation(ctx context.Context, workspace, id smsir.UUID, c store.ConversationChange) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("UPDATE conversations SET seeded = seeded WHERE workspace_id = $1 AND id = $2", workspace, id)
		if err := touched(n, err, "conversation"); err != nil {
			return err
		}
		if c.Unread != nil {
			if _, err := tx.Exec("UPDATE conversations SET unread = $1 WHERE id = $2", Flag(*c.Unread), id); err != nil {
				return err
			}
		}
		if c.Archived != nil {
			if _, err := tx.Exec("UPDATE conversations SET archived = $1 WHERE id = $2", Flag(*c.Archived), id); err != nil {
				return err
			}
		}
		if c.Assignee != nil {
			if _, err := tx.Exec("UPDATE conversations SET assignee_id = $1 WHERE id = $2", *c.Assignee, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// SeedConversation implements store.Inbox.
func (s *Store) SeedConversation(ctx context.Context, id smsir.UUID, messages []smsir.ID) error {
	return s.db.Update(ctx, func(tx Tx) error {
		for _, m := range messages {
			if _, err := tx.Exec("INSERT INTO conversation_messages (conversation_id, id, inbound) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING", id, int64(m)); err != nil {
				return err
			}
		}
		_, err := tx.Exec("UPDATE conversations SET seeded = 1 WHERE id = $1", id)
		return err
	})
}

// Thread implements store.Inbox.
func (s *Store) Thread(ctx context.Context, conversation smsir.UUID, before smsir.ID, limit int) ([]store.ThreadEntry, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	rows, err := s.db.Query(ctx, "SELECT m.id, m.inbound FROM conversation_messages m WHERE m.conversation_id = $1 AND m.id < $2 ORDER BY m.id DESC LIMIT $3",
		conversation, int64(before), int64(limit))
	return all(rows, err, func(e *store.ThreadEntry) scan { return scan{&e.ID, boolean{&e.Inbound}} })
}

// InboundByID implements store.Inbox.
func (s *Store) InboundByID(ctx context.Context, workspace smsir.UUID, ids []smsir.ID) ([]smsir.Inbound, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	w := &where{}
	w.and("workspace_id = ? AND id IN ("+marks(len(ids))+")", append([]any{workspace}, integers(ids)...)...)
	rows, err := s.db.QueryOnce(ctx, "SELECT workspace_id, id, provider_id, reference, sender, recipient, text, received_at, incomplete, text_removed_at FROM inbound WHERE "+w.text(), w.args...)
	return all(rows, err, func(in *smsir.Inbound) scan {
		return scan{&in.Workspace, &in.ID, &in.Provider, &in.Reference, &in.From, &in.To, &in.Text, moment{&in.ReceivedAt}, boolean{&in.Incomplete}, moment{&in.TextRemovedAt}}
	})
}

// ClaimAnswer implements store.Inbox.
func (s *Store) ClaimAnswer(ctx context.Context, conversation smsir.UUID, inbound smsir.ID, confirmation bool, now time.Time, gap time.Duration) (bool, error) {
	query := "UPDATE conversations SET auto_at = $1, auto_inbound = $2 WHERE id = $3 AND (auto_at <= $4 OR auto_inbound = $2)"
	if confirmation {
		query = "UPDATE conversations SET stop_at = $1, stop_inbound = $2 WHERE id = $3 AND (stop_at <= $4 OR stop_inbound = $2)"
	}
	var n int64
	err := s.db.Update(ctx, func(tx Tx) (err error) {
		n, err = tx.Exec(query, Millis(now), int64(inbound), conversation, Millis(now.Add(-gap)))
		return err
	})
	return n > 0, err
}

// OwnNumber implements store.Inbox.
func (s *Store) OwnNumber(ctx context.Context, number string) (bool, error) {
	rows, err := s.db.Query(ctx, "SELECT 1 FROM conversations c WHERE c.ours = $1 LIMIT 1", number)
	return found(rows, err)
}

// OpenMenu implements store.Inbox.
func (s *Store) OpenMenu(ctx context.Context, conversation, menu smsir.UUID, most int, until time.Time) error {
	return s.db.Update(ctx, func(tx Tx) error {
		_, err := tx.Exec("UPDATE conversations SET menu_id = $1, menu_until = $2, menu_left = $3 WHERE id = $4", menu, Millis(until), int64(most), conversation)
		return err
	})
}

// ClaimChoice implements store.Inbox.
func (s *Store) ClaimChoice(ctx context.Context, conversation, menu smsir.UUID, inbound smsir.ID, now time.Time) (claimed bool, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE conversations SET menu_left = menu_left - 1, menu_inbound = $1
			WHERE id = $2 AND menu_id = $3 AND menu_inbound <> $1 AND menu_left > 0 AND menu_until > $4`, int64(inbound), conversation, menu, Millis(now))
		if claimed = n > 0; claimed || err != nil {
			return err
		}
		rows, err := tx.Query("SELECT 1 FROM conversations c WHERE c.id = $1 AND c.menu_inbound = $2", conversation, int64(inbound))
		claimed, err = found(rows, err)
		return err
	})
	return claimed, err
}
