package sqlite

import (
	"fmt"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store/sqldb"
)

var (
	insertMessage = insertInto(sqldb.ChargedColumns)
	insertStarted = insertInto(sqldb.StartedColumns)
)

func insertInto(columns string) string {
	return "INSERT INTO messages (" + columns + ") VALUES (?" + strings.Repeat(", ?", strings.Count(columns, ",")) + ")"
}

func (t *wtx) insertMessage(m *smsir.Message, owned bool) (err error) {
	switch {
	case m.Status == smsir.Sending: // its first attempt starts with it
		_, err = t.exec(insertStarted, sqldb.StartedArgs(m, t.s.node)...)
	case owned && m.Status == smsir.Queued && m.OrderingKey == "": // what has an order is claimed when it is its turn
		_, err = t.exec(insertMessage, sqldb.ChargedArgs(m, t.s.node)...)
	default:
		_, err = t.exec(insertMessage, sqldb.ChargedArgs(m, nil)...)
	}
	t.born(m)
	return err
}

// loadStep reads a message for the state machine; false if there is none.
func (t *wtx) loadStep(id smsir.ID) (*smsir.Message, bool, error) {
	st, err := t.stmt("SELECT " + sqldb.StepColumns + " FROM messages WHERE id = $1")
	if err != nil {
		return nil, false, err
	}
	rows, err := st.Query(int64(id))
	if err != nil {
		return nil, false, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	if !rows.Next() {
		return nil, false, rows.Err()
	}
	m, err := sqldb.ScanStep(rows)
	return m, err == nil, err
}

// saveStep writes what the state machine changed, conditional on what was read, and its events.
func (t *wtx) saveStep(m *smsir.Message, before smsir.Message, events []smsir.Event) error {
	ok, err := t.trySave(m, &before, events)
	if err == nil && !ok {
		err = fmt.Errorf("message %s changed under the writer", m.ID.Format(smsir.PrefixMessage))
	}
	return err
}

// trySave writes the columns that differ between before and m, and the events, if the row is still as before says in
// everything that a move, a request to cancel or a report of a part changes; false if it is not.
// Who holds the message follows from its new status: nobody, unless it is being sent.
func (t *wtx) trySave(m, before *smsir.Message, events []smsir.Event) (bool, error) {
	changed, args := sqldb.Changes(before, m)
	if m.Status != smsir.Sending && m.Status != before.Status {
		changed |= disown
	}
	guard, values := guardOf(before)
	args = append(append(args, sqldb.Millis(m.DeadlineAt()), int64(m.ID), int64(before.Seq)), values...)
	known := t.moves(m.ID)
	n, err := t.exec(t.saveQuery(saveKey{changed, guard}), args...)
	if err != nil || n != 1 {
		return false, err
	}
	t.moved(known, m)
	if wait, frees := sqldb.Frees(before, m); frees {
		if _, err := t.Exec(sqldb.WakeNext(""), m.Workspace, m.OrderingKey, int64(m.ID), sqldb.Millis(m.UpdatedAt.Add(wait))); err != nil {
			return false, err
		}
	}
	if m.Charge != before.Charge {
		if err := t.charge(m, before.Charge); err != nil {
			return false, err
		}
	}
	return true, t.record(m, before.State(), false, events)
}

// disown is the bit of changed for an owner that holds the message no more; the others are those of MovingColumns.
const disown = 1 << 31

// guard is what a row must still have, apart from seq, as far as it is written into the statement: a value that is bound costs
// more, and there are few combinations.
type guard struct {
	status          smsir.Status
	final, canceled bool
	next, parts     bool // bound, because they are not zero
}

// guardOf is the guard of a message as it was, with the values to bind.
func guardOf(m *smsir.Message) (g guard, values []any) {
	g = guard{status: m.Status, final: m.Final, canceled: m.CancelRequested, next: !m.NextAt.IsZero(), parts: m.Parts.Delivered+m.Parts.Failed > 0}
	if g.next {
		values = append(values, sqldb.Millis(m.NextAt))
	}
	if g.parts {
		values = append(values, int64(m.Parts.Delivered), int64(m.Parts.Failed))
	}
	return g, values
}

func (g guard) where() string {
	w := fmt.Sprintf("status = %d AND final = %d AND cancel_requested = %d", g.status, sqldb.Flag(g.final), sqldb.Flag(g.canceled))
	if g.next {
		w += " AND next_at = ?"
	} else {
		w += " AND next_at = 0"
	}
	if g.parts {
		return w + " AND parts_delivered = ? AND parts_failed = ?"
	}
	return w + " AND parts_delivered = 0 AND parts_failed = 0"
}

// saveKey names a statement of saveQuery.
type saveKey struct {
	changed uint32
	guard   guard
}

// saveQuery is the statement that sets some of MovingColumns.
func (t *wtx) saveQuery(k saveKey) string {
	if q, ok := t.saves[k]; ok {
		return q
	}
	set := ""
	for i, column := range strings.Split(sqldb.MovingColumns, ",") {
		if k.changed&(1<<i) != 0 {
			set += strings.TrimSpace(column) + " = ?, "
		}
	}
	set += "deadline_at = ?"
	if k.changed&disown != 0 {
		set += ", owner = NULL"
	}
	q := "UPDATE messages SET " + set + " WHERE id = ? AND seq = ? AND " + k.guard.where()
	t.saves[k] = q
	return q
}

// step loads a message, lets change move it, and saves what it did. It returns nil if there is no
// such message.
func (t *wtx) step(id smsir.ID, change func(m *smsir.Message) ([]smsir.Event, error)) (*smsir.Message, error) {
	m, ok, err := t.loadStep(id)
	if err != nil || !ok {
		return nil, err
	}
	before := *m
	events, err := change(m)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 && m.NextAt.Equal(before.NextAt) && m.Parts == before.Parts && m.Network == before.Network {
		return m, nil
	}
	return m, t.saveStep(m, before, events)
}
