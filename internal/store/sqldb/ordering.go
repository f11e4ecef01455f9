package sqldb

import (
	"time"

	"github.com/smsir/smsir"
)

// Ordering keys (docs/delivery.md, A9): a message starts when the one before it with the same key is
// sent, final, or has been unknown for a while. A claim puts off what is not its turn; whoever moves a
// message on wakes the next one, and a time is set in case that fails.

// orderingRest is how long a message rests that nobody wakes.
const orderingRest = 2 * time.Minute

// Behind reports whether a message that is being claimed has to wait for an earlier one, and until when
// at most.
func Behind(t Tx, m *smsir.Message, now time.Time) (until time.Time, behind bool, err error) {
	if m.OrderingKey == "" {
		return time.Time{}, false, nil
	}
	rows, err := t.Query(`SELECT status, updated_at FROM messages WHERE workspace_id = $1 AND ordering_key = $2 AND ordering_key <> ''
		AND final = 0 AND status < 4 AND id < $3 AND (status < 3 OR updated_at > $4) ORDER BY id LIMIT 1`,
		m.Workspace, m.OrderingKey, int64(m.ID), Millis(now.Add(-smsir.UnknownWait)))
	type first struct {
		status  int64
		updated time.Time
	}
	found, err := all(rows, err, func(f *first) scan { return scan{&f.status, moment{&f.updated}} })
	if err != nil || len(found) == 0 {
		return time.Time{}, false, err
	}
	if smsir.Status(found[0].status) == smsir.Unknown { //nolint:gosec // a status
		return found[0].updated.Add(smsir.UnknownWait), true, nil
	}
	return now.Add(orderingRest), true, nil
}

// PutBehind gives up the claim of a message that has to wait.
func PutBehind(t Tx, m *smsir.Message, until time.Time) error {
	_, err := t.Exec("UPDATE messages SET owner = NULL, reason = $2, next_at = $3 WHERE id = $1 AND status = 1", int64(m.ID), string(smsir.ReasonOrdering), Millis(until))
	return err
}

// Frees reports whether a move of a message lets the next one with its key start, and after how long.
func Frees(before, after *smsir.Message) (wait time.Duration, frees bool) {
	if after.OrderingKey == "" {
		return 0, false
	}
	holds := func(m *smsir.Message) bool { return !m.Final && m.Status <= smsir.Sending }
	open := func(m *smsir.Message) bool { return !m.Final && m.Status == smsir.Unknown }
	switch {
	case holds(after):
		return 0, false
	case holds(before) && open(after):
		return smsir.UnknownWait, true
	}
	return 0, holds(before) || open(before) && !open(after)
}

// WakeNext is the statement that lets the next message with a key start: of a workspace, a key, and the
// id of the one before it, at a time. lock is what the database needs not to wait for a row of another
// transaction, "" if nothing.
func WakeNext(lock string) string {
	return `UPDATE messages SET next_at = $4 WHERE reason = 'ordering' AND id = (SELECT id FROM messages WHERE workspace_id = $1
		AND ordering_key = $2 AND ordering_key <> '' AND final = 0 AND status < 4 AND status = 1 AND owner IS NULL AND id > $3 ORDER BY id LIMIT 1 ` + lock + ")"
}
