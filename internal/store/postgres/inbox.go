package postgres

import (
	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// reply notes what an accepted order is beside its messages: a reply in a conversation, or a confirmation of opt-outs.
func (w *work) reply(a *store.Acceptance) {
	if a.Confirmation {
		for _, m := range a.Messages {
			w.after = append(w.after, statement{query: "INSERT INTO confirmations (message_id) VALUES ($1)", args: []any{int64(m.ID)}})
		}
	}
	if !a.Conversation.IsZero() {
		w.after = append(w.after, statement{run: func(t *tx) error { return sqldb.ReplyInConversation(t, a, w.now) }})
	}
}

// thread puts new messages into the conversations of their recipients.
func (w *work) thread(b *pgx.Batch) {
	if len(w.born) == 0 {
		return
	}
	in := newBulk("ibtt")
	for _, n := range w.born {
		in.add(int64(n.m.ID), n.m.Workspace, n.m.To, n.m.From)
	}
	b.Queue(`INSERT INTO conversation_messages (conversation_id, id, inbound) SELECT c.id, u.id, 0 FROM `+in.from(0)+` AS u(id, workspace_id, recipient, sender)
		JOIN conversations c ON c.workspace_id = u.workspace_id AND c.contact = u.recipient AND (c.ours = u.sender OR u.sender = '')`, in.cols...)
}
