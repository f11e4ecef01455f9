package sqlite

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// recent are messages as they are stored, of those that were accepted lately: whoever is told of their moves need not read
// them again. A message is here as it is committed: with a commit the writer puts in what it knows of the new rows, and takes
// out those that it does not. A statement that changes rows without telling which takes all of them out.
type recent struct {
	mu       sync.RWMutex
	messages map[smsir.ID]*smsir.Message
	order    []smsir.ID // in which they came, also those that are gone
}

// recentMessages is how many are kept: some 10 MB.
const recentMessages = 8 << 10

// put puts messages in, and takes those out that are nil.
func (r *recent) put(messages map[smsir.ID]*smsir.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.messages == nil {
		r.messages = map[smsir.ID]*smsir.Message{}
	}
	for id, m := range messages {
		if m == nil {
			delete(r.messages, id)
			continue
		}
		r.messages[id] = m
		r.order = append(r.order, id)
	}
	for len(r.messages) > recentMessages || len(r.order) > 4*recentMessages {
		delete(r.messages, r.order[0])
		r.order = r.order[1:]
	}
}

// get is a message that is not to be changed; nil if it is not here.
func (r *recent) get(id smsir.ID) *smsir.Message {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.messages[id]
}

func (r *recent) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.messages)
	r.order = r.order[:0]
}

// of are those of ids that are here, as copies, and the ids of the others.
func (r *recent) of(ids []smsir.ID) (found []*smsir.Message, missing []smsir.ID) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, id := range ids {
		if m := r.messages[id]; m != nil {
			c := *m
			found = append(found, &c)
		} else {
			missing = append(missing, id)
		}
	}
	return found, missing
}

// MessagesByID implements store.Messages.
func (s *Store) MessagesByID(ctx context.Context, ids []smsir.ID) ([]*smsir.Message, error) {
	found, missing := s.recent.of(ids)
	read, err := s.Store.MessagesByID(ctx, missing)
	return append(found, read...), err
}

// born notes a message whose row was inserted.
func (t *wtx) born(m *smsir.Message) {
	c := *m
	if len(c.Tags) == 0 {
		c.Tags = nil
	}
	if len(c.Metadata) == 0 {
		c.Metadata = nil
	}
	for _, at := range []*time.Time{&c.AcceptedAt, &c.SendAt, &c.ExpiresAt, &c.NextAt, &c.UpdatedAt, &c.FinishedAt} {
		*at = sqldb.Time(sqldb.Millis(*at))
	}
	t.fresh[c.ID] = &c
}

// moves is a message as its row is, which is about to change; nil if it is not known.
func (t *wtx) moves(id smsir.ID) *smsir.Message {
	old, touched := t.fresh[id]
	if !touched {
		old = t.s.recent.get(id)
	}
	t.fresh[id] = nil
	return old
}

// doubtMessages makes the messages unknown that this transaction has touched so far.
func (t *wtx) doubtMessages() {
	for id := range t.fresh {
		t.fresh[id] = nil
	}
}

// moved notes a known message whose row now has what moves of m change.
func (t *wtx) moved(old, m *smsir.Message) {
	if old == nil {
		return
	}
	c := *m
	c.ID, c.Workspace, c.Batch, c.CreatedBy, c.Class, c.To, c.ToRaw = old.ID, old.Workspace, old.Batch, old.CreatedBy, old.Class, old.To, old.ToRaw
	c.Country, c.From, c.Text, c.Encoding, c.Segments, c.Provider = old.Country, old.From, old.Text, old.Encoding, old.Segments, old.Provider
	c.OnUnknown, c.ClientRef, c.Tags, c.Metadata, c.ResendOf = old.OnUnknown, old.ClientRef, old.Tags, old.Metadata, old.ResendOf
	c.AcceptedAt, c.SendAt, c.ExpiresAt, c.OrderingKey, c.Cost = old.AcceptedAt, old.SendAt, old.ExpiresAt, old.OrderingKey, old.Cost
	c.TextRemovedAt, c.TextRemovedBy = old.TextRemovedAt, old.TextRemovedBy
	for _, at := range []*time.Time{&c.NextAt, &c.UpdatedAt, &c.SentAt, &c.FinishedAt, &c.ReceiptDeadline, &c.ResolveDeadline} {
		*at = sqldb.Time(sqldb.Millis(*at))
	}
	t.fresh[c.ID] = &c
}

// unknown takes all messages out if a statement may change their rows, and forgets which workspaces are at work if it may
// change theirs.
func (t *wtx) unknown(query string) {
	if strings.HasPrefix(query, "UPDATE messages") || strings.HasPrefix(query, "DELETE FROM messages") {
		t.s.recent.clear()
		t.doubtMessages()
	}
	if strings.Contains(query, " workspaces ") {
		clear(t.working)
	}
}
