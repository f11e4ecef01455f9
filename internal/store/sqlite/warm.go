package sqlite

import (
	"context"

	"github.com/smsir/smsir"
)

// warm is what the writer remembers of messages under way, so that the usual course of a message (intent, outcome, report)
// reads no row: the messages whose latest move it wrote itself, and the references of reports that wait for their message.
// Nothing is believed: each move is an update that asks for every value that a move can change, and if it hits no row the
// remembered message is forgotten and the step reads. All of it belongs to the writer's goroutine and is forgotten whenever a
// transaction or a part of one is rolled back.
type warm struct {
	messages map[smsir.ID]*warmMessage
	byRef    map[reference]*warmMessage
	order    []smsir.ID         // in which they came; those that have ended are skipped
	parked   map[reference]bool // reports without a message; more may be here than there are
	manyWait bool               // there are too many to remember
}

// warmMessage is a message without its text, and its latest attempt.
type warmMessage struct {
	m   smsir.Message
	a   smsir.Attempt
	ref reference // of the answer, if there is one
}

// reference is the id that a provider gave a message.
type reference struct {
	provider smsir.UUID
	id       string
}

const (
	warmMessages = 16 << 10 // about 10 MB
	warmParked   = 64 << 10
)

func newWarm() warm {
	return warm{messages: map[smsir.ID]*warmMessage{}, byRef: map[reference]*warmMessage{}, parked: map[reference]bool{}}
}

// load reads which reports wait.
func (w *warm) load(ctx context.Context, s *Store) error {
	rows, err := s.write.QueryContext(ctx, "SELECT provider_id, reference FROM receipts WHERE attempt_id IS NULL LIMIT $1", warmParked+1)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		var r reference
		if err := rows.Scan(&r.provider, &r.id); err != nil {
			return err
		}
		w.park(r)
	}
	return rows.Err()
}

// park notes a report without a message.
func (w *warm) park(r reference) {
	if w.parked[r] = true; len(w.parked) > warmParked {
		w.manyWait = true
		clear(w.parked)
	}
}

// waits reports whether reports may wait for a reference.
func (w *warm) waits(r reference) bool { return w.manyWait || w.parked[r] }

// begin remembers a message whose attempt was intended.
func (w *warm) begin(m *smsir.Message, a smsir.Attempt) {
	e := &warmMessage{m: *m, a: a}
	e.m.Text, e.m.ToRaw, e.m.Tags, e.m.Metadata = "", "", nil, nil // no move looks at them
	w.messages[m.ID] = e
	w.order = append(w.order, m.ID)
	for len(w.messages) > warmMessages || len(w.order) > 4*warmMessages {
		w.drop(w.order[0])
		w.order = w.order[1:]
	}
}

// answered remembers what the provider called a message.
func (w *warm) answered(e *warmMessage, m *smsir.Message, id string) {
	e.m, e.a.State, e.ref = *m, smsir.AttemptAccepted, reference{e.a.Provider, id}
	if id != "" {
		w.byRef[e.ref] = e
	}
}

// drop forgets a message.
func (w *warm) drop(id smsir.ID) {
	e := w.messages[id]
	if e == nil {
		return
	}
	delete(w.messages, id)
	if w.byRef[e.ref] == e {
		delete(w.byRef, e.ref)
	}
}

// forget forgets all messages. What waits is only ever noted too often.
func (w *warm) forget() {
	clear(w.messages)
	clear(w.byRef)
	w.order = w.order[:0]
}

// finishWarm stores the acceptance of a message in one part whose intent this writer wrote, if it has not moved since.
func (t *wtx) finishWarm(message, attempt smsir.ID, f func(m *smsir.Message, a *smsir.Attempt) []smsir.Event, o *smsir.Outcome) (*smsir.Message, bool, error) {
	e := t.warm.messages[message]
	if e == nil || e.a.ID != attempt || e.a.State != smsir.AttemptInflight || o.State != smsir.AttemptAccepted || len(o.References) != 1 || o.Missing > 0 {
		return nil, false, nil
	}
	if t.warm.waits(reference{e.a.Provider, o.References[0]}) {
		t.warm.drop(message)
		return nil, false, nil
	}
	m := e.m
	events := f(&m, &e.a)
	if len(events) == 0 {
		t.warm.drop(message)
		return nil, false, nil
	}
	ok, err := t.trySave(&m, &e.m, events)
	if err != nil || !ok {
		t.warm.drop(message)
		return nil, false, err
	}
	e.a.Failover = o.Failover
	if t.warm.answered(e, &m, o.References[0]); m.Final {
		t.warm.drop(message)
	}
	return &m, true, nil
}

// receiptWarm applies a report of delivery to a message in one part that was sent and has not moved since.
func (t *wtx) receiptWarm(a *smsir.Attempt, r *smsir.Receipt) (moved, ok bool, err error) {
	e := t.warm.messages[a.Message]
	if e == nil {
		return false, false, nil
	}
	m := e.m
	defer t.warm.drop(a.Message) // this was its last move, or somebody else moved it
	if e.a.ID != a.ID || m.Status != smsir.Sent || m.Final || m.Parts != (smsir.Parts{Total: 1}) || r.Status != smsir.Delivered || r.Fraud {
		return false, false, nil
	}
	events := m.Receipt(t.s.now(), a.Number, r)
	if len(events) == 0 {
		return false, false, nil
	}
	ok, err = t.trySave(&m, &e.m, events)
	return ok, ok, err
}

// matchWarm finds the attempt that a report speaks of among those that are remembered.
func (t *wtx) matchWarm(r *smsir.Receipt) *smsir.Attempt {
	e := t.warm.byRef[reference{r.Provider, r.Reference}]
	if e == nil || r.Attempt != 0 || r.Reference == "" || r.To != "" && r.To != e.m.To {
		return nil
	}
	a := e.a
	return &a
}
