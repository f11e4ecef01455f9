package oracle

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/smsir/smsir"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// message is a row of messages with what hangs on it.
type message struct {
	id, batch         smsir.ID
	workspace         smsir.UUID
	recipient         string
	textSHA256        string
	mark              string
	onUnknown         smsir.OnUnknown
	accepted          time.Time
	sendAt, expiresAt time.Time
	state             smsir.State
	reason            smsir.Reason
	tries, seq        int
	finished          time.Time
	deadline          time.Time
	receiptDeadline   time.Time
	resolveDeadline   time.Time
	possibleDuplicate bool
	owner             int64
	cost              int64
	charge            smsir.Charge

	attempts []*attempt // by number
	events   []event    // by seq
}

type attempt struct {
	id        smsir.ID
	message   smsir.ID
	workspace smsir.UUID
	number    int
	provider  smsir.UUID
	state     smsir.AttemptState
	started   time.Time
	reference string
}

type event struct {
	id        smsir.ID
	workspace smsir.UUID
	message   smsir.ID
	seq       int
	kind      smsir.EventType
	at        time.Time
	data      smsir.EventData
}

type reference struct {
	provider smsir.UUID
	text     string
}

type receiptKey struct {
	reference
	status smsir.Status
}

// record is a row of idempotency.
type record struct {
	scope    string
	status   int
	messages []string // ids in the stored answer
}

type bucket struct {
	workspace smsir.UUID
	hour      int64
	state     smsir.State
}

// readDatabase loads everything in one read transaction, so that a gateway that is still running cannot tear it apart.
func (c *trial) readDatabase(ctx context.Context, e *Evidence) error {
	driver, address, where := "pgx", e.Postgres, "database in PostgreSQL"
	opt := &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
	if e.Postgres == "" {
		query := url.Values{"mode": {"ro"}, "_pragma": {"query_only(1)", "busy_timeout(5000)"}}
		if e.Memory {
			query.Set("mode", "memory")
			query.Set("cache", "shared")
		}
		file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: e.Database}).EscapedPath(), RawQuery: query.Encode()}
		driver, address, where, opt = "sqlite", file.String(), "database "+e.Database, &sql.TxOptions{ReadOnly: true}
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	defer db.Close() //nolint:errcheck // only read
	tx, err := db.BeginTx(ctx, opt)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	defer tx.Rollback() //nolint:errcheck // only read
	reads := []func(*sql.Tx) error{
		c.readMessages, c.readAttempts, c.readEvents, c.readReceipts, c.readInbound, c.readIdempotency, c.readCounts, c.readNodes, c.readCredit,
	}
	if e.Postgres == "" {
		reads = append(reads, c.readIntegrity)
	}
	for _, read := range reads {
		if err := read(tx); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	return nil
}

// each runs a query and calls scan for every row.
func each(tx *sql.Tx, query string, scan func(*sql.Rows) error) error {
	rows, err := tx.Query(query) //nolint:noctx // the transaction has the context
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func millis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func (c *trial) readMessages(tx *sql.Tx) error {
	c.messages, c.byMark = map[smsir.ID]*message{}, map[string][]*message{}
	return each(tx, `SELECT id, batch_id, workspace_id, recipient, text, metadata, on_unknown, accepted_at, send_at, expires_at, status, final, reason,
		tries, seq, finished_at, deadline_at, receipt_deadline, resolve_deadline, possible_duplicate, coalesce(owner, 0), cost, charge FROM messages ORDER BY id`, func(rows *sql.Rows) error {
		var m message
		var id, batch, accepted, sendAt, expires, finished, deadline, receipt, resolve int64
		var text, metadata string
		if err := rows.Scan(&id, &batch, &m.workspace, &m.recipient, &text, &metadata, &m.onUnknown, &accepted, &sendAt, &expires, &m.state.Status, &m.state.Final,
			&m.reason, &m.tries, &m.seq, &finished, &deadline, &receipt, &resolve, &m.possibleDuplicate, &m.owner, &m.cost, &m.charge); err != nil {
			return err
		}
		m.id, m.batch = smsir.ID(id), smsir.ID(batch)
		m.accepted, m.sendAt, m.expiresAt, m.finished = millis(accepted), millis(sendAt), millis(expires), millis(finished)
		m.deadline, m.receiptDeadline, m.resolveDeadline = millis(deadline), millis(receipt), millis(resolve)
		sum := sha256.Sum256([]byte(text))
		m.textSHA256 = hex.EncodeToString(sum[:])
		if strings.Contains(metadata, `"`+MarkName+`"`) {
			var values map[string]string
			if err := json.Unmarshal([]byte(metadata), &values); err != nil {
				return fmt.Errorf("metadata of %s: %w", msg(m.id), err)
			}
			m.mark = values[MarkName]
		}
		if m.mark == "" { // what came over SMPP
			m.mark = text
		}
		c.byMark[m.mark] = append(c.byMark[m.mark], &m)
		c.messages[m.id] = &m
		c.order = append(c.order, &m)
		return nil
	})
}

func (c *trial) readAttempts(tx *sql.Tx) error {
	c.attempts = map[smsir.ID]*attempt{}
	return each(tx, "SELECT id, message_id, workspace_id, number, provider_id, state, started_at, reference FROM attempts ORDER BY message_id, number", func(rows *sql.Rows) error {
		var a attempt
		var id, message, started int64
		if err := rows.Scan(&id, &message, &a.workspace, &a.number, &a.provider, &a.state, &started, &a.reference); err != nil {
			return err
		}
		a.id, a.message, a.started = smsir.ID(id), smsir.ID(message), millis(started)
		c.attempts[a.id] = &a
		if m := c.messages[a.message]; m != nil {
			m.attempts = append(m.attempts, &a)
		}
		return nil
	})
}

func (c *trial) readEvents(tx *sql.Tx) error {
	if err := each(tx, "SELECT id, workspace_id, message_id, seq, type, at, data FROM events ORDER BY message_id, seq, id", func(rows *sql.Rows) error {
		var e event
		var id, message, at int64
		var data string
		if err := rows.Scan(&id, &e.workspace, &message, &e.seq, &e.kind, &at, &data); err != nil {
			return err
		}
		e.id, e.message, e.at = smsir.ID(id), smsir.ID(message), millis(at)
		if err := json.Unmarshal([]byte(data), &e.data); err != nil {
			return fmt.Errorf("data of event %s: %w", e.id.Format(smsir.PrefixEvent), err)
		}
		c.events++
		if m := c.messages[e.message]; m != nil {
			m.events = append(m.events, e)
		} else if e.message != 0 {
			c.fault(I12, "event %s is about %s, which is not there", e.id.Format(smsir.PrefixEvent), msg(e.message))
		}
		return nil
	}); err != nil {
		return err
	}
	return each(tx, "SELECT id, workspace_id FROM events ORDER BY id", func(rows *sql.Rows) error {
		var e event
		var id int64
		err := rows.Scan(&id, &e.workspace)
		e.id = smsir.ID(id)
		c.ids = append(c.ids, e)
		return err
	})
}

func (c *trial) readReceipts(tx *sql.Tx) error {
	c.receipts = map[receiptKey]bool{}
	return each(tx, "SELECT provider_id, reference, status FROM receipts", func(rows *sql.Rows) error {
		var k receiptKey
		err := rows.Scan(&k.provider, &k.text, &k.status)
		c.receipts[k] = true
		return err
	})
}

func (c *trial) readInbound(tx *sql.Tx) error {
	c.inbound = map[reference]bool{}
	return each(tx, "SELECT provider_id, reference FROM inbound", func(rows *sql.Rows) error {
		var r reference
		err := rows.Scan(&r.provider, &r.text)
		if c.inbound[r] {
			c.fault(I7, "the reply %s is stored twice", r.text)
		}
		c.inbound[r] = true
		return err
	})
}

func (c *trial) readIdempotency(tx *sql.Tx) error {
	c.idempotency = map[string][]record{}
	return each(tx, "SELECT scope, key, status, body FROM idempotency", func(rows *sql.Rows) error {
		var r record
		var key string
		var body []byte
		if err := rows.Scan(&r.scope, &key, &r.status, &body); err != nil {
			return err
		}
		var err error
		r.messages, err = IDs(body)
		c.idempotency[key] = append(c.idempotency[key], r)
		return err
	})
}

// IDs finds the identifiers of the messages in an answer to a send or a batch, in its order.
func IDs(body []byte) ([]string, error) {
	var answer struct {
		ID       string `json:"id"`
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("answer %.80q: %w", body, err)
	}
	if answer.ID != "" {
		return []string{answer.ID}, nil
	}
	ids := make([]string, len(answer.Messages))
	for i, m := range answer.Messages {
		ids[i] = m.ID
	}
	return ids, nil
}

func (c *trial) readCounts(tx *sql.Tx) error {
	c.counts = map[bucket]int64{}
	return each(tx, "SELECT workspace_id, hour, status, final, CAST(sum(n) AS BIGINT) FROM counts GROUP BY workspace_id, hour, status, final", func(rows *sql.Rows) error {
		var b bucket
		var n int64
		err := rows.Scan(&b.workspace, &b.hour, &b.state.Status, &b.state.Final, &n)
		c.counts[b] = n
		return err
	})
}

// readNodes finds the runs that have not ended. The newest one of a name proves that the earlier ones are over.
func (c *trial) readNodes(tx *sql.Tx) error {
	c.running = map[int64]bool{}
	return each(tx, "SELECT id, stopped_at FROM nodes ORDER BY id", func(rows *sql.Rows) error {
		var id, stopped int64
		err := rows.Scan(&id, &stopped)
		if !c.shared {
			clear(c.running)
		}
		if stopped == 0 {
			c.running[id] = true
		}
		return err
	})
}

func (c *trial) readIntegrity(tx *sql.Tx) error {
	return each(tx, "PRAGMA integrity_check", func(rows *sql.Rows) error {
		var line string
		err := rows.Scan(&line)
		if line != "ok" {
			c.integrity = append(c.integrity, line)
		}
		return err
	})
}
