package sqlite

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// thread puts messages into the conversations of their recipients. As long as nobody has written to us it costs nothing.
func (t *wtx) thread(a *store.Acceptance) error {
	if a.Confirmation {
		for _, m := range a.Messages {
			if _, err := t.Exec("INSERT INTO confirmations (message_id) VALUES ($1)", int64(m.ID)); err != nil {
				return err
			}
		}
	}
	if t.s.noTalks.Load() {
		return nil
	}
	for _, m := range a.Messages {
		if _, err := t.Exec(`INSERT INTO conversation_messages (conversation_id, id, inbound) SELECT c.id, $1, 0 FROM conversations c
			WHERE c.workspace_id = $2 AND c.contact = $3 AND (c.ours = $4 OR $4 = '')`, int64(m.ID), m.Workspace, m.To, m.From); err != nil {
			return err
		}
	}
	return sqldb.ReplyInConversation(t, a, t.s.now())
}

// DecideReview implements store.Inbox. From then on, accepts and intents look again.
func (s *Store) DecideReview(ctx context.Context, workspace, id smsir.UUID, state string, by smsir.Actor, now time.Time) (*store.Review, error) {
	s.noStops.Store(false)
	return s.Store.DecideReview(ctx, workspace, id, state, by, now)
}
