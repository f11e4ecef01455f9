package sqlite

import (
	"fmt"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store/sqldb"
)

func (t *wtx) insertMessage(m *smsir.Message, owned bool) error {
	var owner any
	if owned && m.Status == smsir.Queued && m.OrderingKey == "" { // what has an order is claimed when it is its turn
		owner = t.s.node
	}
	// Plain marks: the driver looks every numbered one up by name.
	_, err := t.Exec("INSERT INTO messages ("+sqldb.BirthColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
		?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, sqldb.BirthArgs(m, owner)...)
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
// Who holds the message follows from its new status: nobody, unless it is being sent.
func (t *wtx) saveStep(m *smsir.Message, before smsir.Message, events []smsir.Event) error {
	args := append([]any{int64(m.ID), int64(before.Status), sqldb.Flag(before.Final), int64(before.Seq)}, sqldb.MovingArgs(m)...)
	args = append(args, sqldb.Millis(m.DeadlineAt()), sqldb.Flag(m.Status == smsir.Sending), sqldb.Flag(m.Status == before.Status))
	n, err := t.Exec(`UPDATE messages SET (`+sqldb.MovingColumns+`, deadline_at, owner) = ($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
		$17, $18, $19, $20, $21, $22, $23, $24, $25, CASE WHEN $26 = 1 OR $27 = 1 THEN owner END)
		WHERE id = $1 AND status = $2 AND final = $3 AND seq = $4`, args...)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("message %s changed under the writer", m.ID.Format(smsir.PrefixMessage))
	}
	if wait, frees := sqldb.Frees(&before, m); frees {
		if _, err := t.Exec(sqldb.WakeNext(""), m.Workspace, m.OrderingKey, int64(m.ID), sqldb.Millis(m.UpdatedAt.Add(wait))); err != nil {
			return err
		}
	}
	return t.record(m, before.State(), false, events)
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
	if len(events) == 0 && m.NextAt.Equal(before.NextAt) && m.Parts == before.Parts {
		return m, nil
	}
	return m, t.saveStep(m, before, events)
}
