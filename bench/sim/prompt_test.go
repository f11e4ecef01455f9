package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/smsir/smsir"
)

// prompt is how long a gateway that is up may take with another try that a policy allows: the wait for evidence, a look, and
// some patience.
const prompt = 5 * time.Minute

// uptime is one run of the gateway, by the clock of the world.
type uptime struct{ from, to time.Time }

// unanswered asks a database for messages that became unknown although their policy allows another try: since when, and until
// when they could have had one.
func unanswered(least, data, no string) string {
	return fmt.Sprintf(`SELECT m.id, e.at, %[1]s(m.expires_at, coalesce((SELECT min(n.at) FROM events n WHERE n.message_id = m.id AND n.seq > e.seq), m.expires_at))
		FROM messages m JOIN events e ON e.message_id = m.id
		WHERE m.on_unknown = $1 AND m.cancel_requested = 0 AND m.attempts < $2
		AND %[2]s->>'status' = 'unknown' AND coalesce(%[2]s->>'final', %[3]s) = %[3]s AND coalesce(%[2]s->>'possible_duplicate', %[3]s) = %[3]s`, least, data, no)
}

// otherTries notes each message that stayed unknown although its policy allows another try and a gateway was there to make it.
// Where clocks jump, the times of its events say nothing.
func (w *world) otherTries() (err error) {
	if w.jumps {
		return nil
	}
	db, query, err := w.base.read()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(bg, query, smsir.RetryOnce, smsir.MaxAttempts)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		var id, from, to int64
		if err := rows.Scan(&id, &from, &to); err != nil {
			return err
		}
		for _, up := range w.ups {
			if waited := min(to, up.to.UnixMilli()) - max(from, up.from.UnixMilli()); waited > prompt.Milliseconds() {
				w.fault("P5: %s had no other try for %v", smsir.ID(id).Format(smsir.PrefixMessage), time.Duration(waited)*time.Millisecond)
			}
		}
	}
	return rows.Err()
}
