package sqlite

import (
	"encoding/json"
	"fmt"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// fixedColumns are set when a message is accepted; movingColumns are written by every move.
const (
	fixedColumns = `id, workspace_id, batch_id, creator_kind, creator_id, class, recipient, recipient_raw, country, sender, text,
		encoding, segments, provider_id, on_unknown, client_ref, tags, metadata, resend_of, accepted_at, send_at, expires_at`
	movingColumns = `status, final, reason, attempts, tries, seq, next_at, updated_at, sent_at, finished_at, receipt_deadline,
		resolve_deadline, used_provider_id, parts_total, parts_delivered, parts_failed, possible_duplicate, cancel_requested,
		late_receipt, error`
	messageColumns = fixedColumns + ", " + movingColumns
	// stepColumns are what the state machine needs of a message, and no text.
	stepColumns = "id, workspace_id, class, segments, on_unknown, recipient, sender, accepted_at, send_at, expires_at, " + movingColumns
)

type scanner interface{ Scan(dst ...any) error }

// moving is the stored form of what the methods of a message change.
type moving struct {
	status, final, attempts, tries, seq                          int64
	nextAt, updatedAt, sentAt, finishedAt                        int64
	receiptDeadline, resolveDeadline                             int64
	partsTotal, partsDelivered, partsFailed, duplicate, canceled int64
	reason, late, failure                                        string
	used                                                         smsir.UUID
}

func (v *moving) dst() []any {
	return []any{
		&v.status, &v.final, &v.reason, &v.attempts, &v.tries, &v.seq, &v.nextAt, &v.updatedAt, &v.sentAt, &v.finishedAt,
		&v.receiptDeadline, &v.resolveDeadline, &v.used, &v.partsTotal, &v.partsDelivered, &v.partsFailed, &v.duplicate, &v.canceled,
		&v.late, &v.failure,
	}
}

func (v *moving) into(m *smsir.Message) error {
	m.Status, m.Final, m.Reason = smsir.Status(v.status), v.final == 1, smsir.Reason(v.reason)
	m.Attempts, m.Tries, m.Seq = int(v.attempts), int(v.tries), int(v.seq)
	m.NextAt, m.UpdatedAt, m.SentAt, m.FinishedAt = sqldb.Time(v.nextAt), sqldb.Time(v.updatedAt), sqldb.Time(v.sentAt), sqldb.Time(v.finishedAt)
	m.ReceiptDeadline, m.ResolveDeadline, m.UsedProvider = sqldb.Time(v.receiptDeadline), sqldb.Time(v.resolveDeadline), v.used
	m.Parts = smsir.Parts{Total: int(v.partsTotal), Delivered: int(v.partsDelivered), Failed: int(v.partsFailed)}
	m.PossibleDuplicate, m.CancelRequested = v.duplicate == 1, v.canceled == 1
	if err := unmarshal(v.late, &m.LateReceipt); err != nil {
		return err
	}
	return unmarshal(v.failure, &m.Error)
}

// movingArgs are the values of movingColumns.
func movingArgs(m *smsir.Message) []any {
	return []any{
		int64(m.Status), flag(m.Final), string(m.Reason), int64(m.Attempts), int64(m.Tries), int64(m.Seq), sqldb.Millis(m.NextAt),
		sqldb.Millis(m.UpdatedAt), sqldb.Millis(m.SentAt), sqldb.Millis(m.FinishedAt), sqldb.Millis(m.ReceiptDeadline),
		sqldb.Millis(m.ResolveDeadline), m.UsedProvider, int64(m.Parts.Total), int64(m.Parts.Delivered), int64(m.Parts.Failed),
		flag(m.PossibleDuplicate), flag(m.CancelRequested), marshal(m.LateReceipt), marshal(m.Error),
	}
}

// scanMessage reads messageColumns.
func scanMessage(row scanner) (*smsir.Message, error) {
	var m smsir.Message
	var id, batch, kind, class, encoding, segments, policy, resend, accepted, send, expires int64
	var tags, metadata string
	var v moving
	dst := append([]any{
		&id, &m.Workspace, &batch, &kind, &m.CreatedBy.ID, &class, &m.To, &m.ToRaw, &m.Country, &m.From, &m.Text,
		&encoding, &segments, &m.Provider, &policy, &m.ClientRef, &tags, &metadata, &resend, &accepted, &send, &expires,
	}, v.dst()...)
	if err := row.Scan(dst...); err != nil {
		return nil, err
	}
	m.ID, m.Batch, m.ResendOf, m.CreatedBy.Kind = smsir.ID(id), smsir.ID(batch), smsir.ID(resend), smsir.ActorKind(kind)
	m.Class, m.Encoding, m.Segments, m.OnUnknown = smsir.Class(class), smsir.Encoding(encoding), int(segments), smsir.OnUnknown(policy)
	m.AcceptedAt, m.SendAt, m.ExpiresAt = sqldb.Time(accepted), sqldb.Time(send), sqldb.Time(expires)
	if err := unmarshal(tags, &m.Tags); err != nil {
		return nil, err
	}
	if err := unmarshal(metadata, &m.Metadata); err != nil {
		return nil, err
	}
	return &m, v.into(&m)
}

// scanStep reads stepColumns: a message without its text and labels.
func scanStep(row scanner) (*smsir.Message, error) {
	var m smsir.Message
	var id, class, segments, policy, accepted, send, expires int64
	var v moving
	dst := append([]any{&id, &m.Workspace, &class, &segments, &policy, &m.To, &m.From, &accepted, &send, &expires}, v.dst()...)
	if err := row.Scan(dst...); err != nil {
		return nil, err
	}
	m.ID, m.Class, m.Segments, m.OnUnknown = smsir.ID(id), smsir.Class(class), int(segments), smsir.OnUnknown(policy)
	m.AcceptedAt, m.SendAt, m.ExpiresAt = sqldb.Time(accepted), sqldb.Time(send), sqldb.Time(expires)
	return &m, v.into(&m)
}

// birthColumns are those of movingColumns that a message can have at its birth; the others begin with
// their defaults. Each value that is not bound spares a microsecond's tenth, ten thousand times a second.
const birthColumns = "status, final, reason, seq, next_at, updated_at, finished_at, error"

func (t *wtx) insertMessage(m *smsir.Message, owned bool) error {
	var owner any
	if owned && m.Status == smsir.Queued {
		owner = t.s.node
	}
	// Plain marks: the driver looks every numbered one up by name.
	_, err := t.Exec("INSERT INTO messages ("+fixedColumns+", "+birthColumns+`, deadline_at, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
		?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		int64(m.ID), m.Workspace, int64(m.Batch), int64(m.CreatedBy.Kind), m.CreatedBy.ID, int64(m.Class), m.To, m.ToRaw, m.Country,
		m.From, m.Text, int64(m.Encoding), int64(m.Segments), m.Provider, int64(m.OnUnknown), m.ClientRef, marshalMap(m.Tags), marshalMap(m.Metadata),
		int64(m.ResendOf), sqldb.Millis(m.AcceptedAt), sqldb.Millis(m.SendAt), sqldb.Millis(m.ExpiresAt),
		int64(m.Status), flag(m.Final), string(m.Reason), int64(m.Seq), sqldb.Millis(m.NextAt), sqldb.Millis(m.UpdatedAt), sqldb.Millis(m.FinishedAt),
		marshal(m.Error), sqldb.Millis(m.DeadlineAt()), owner)
	return err
}

// loadStep reads a message for the state machine; false if there is none.
func (t *wtx) loadStep(id smsir.ID) (*smsir.Message, bool, error) {
	st, err := t.stmt("SELECT " + stepColumns + " FROM messages WHERE id = $1")
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
	m, err := scanStep(rows)
	return m, err == nil, err
}

// saveStep writes what the state machine changed, conditional on what was read, and its events.
// Who holds the message follows from its new status: nobody, unless it is being sent.
func (t *wtx) saveStep(m *smsir.Message, before smsir.Message, events []smsir.Event) error {
	args := append([]any{int64(m.ID), int64(before.Status), flag(before.Final), int64(before.Seq)}, movingArgs(m)...)
	args = append(args, sqldb.Millis(m.DeadlineAt()), flag(m.Status == smsir.Sending), flag(m.Status == before.Status))
	n, err := t.Exec(`UPDATE messages SET (`+movingColumns+`, deadline_at, owner) = ($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
		$17, $18, $19, $20, $21, $22, $23, $24, $25, CASE WHEN $26 = 1 OR $27 = 1 THEN owner END)
		WHERE id = $1 AND status = $2 AND final = $3 AND seq = $4`, args...)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("message %s changed under the writer", m.ID.Format(smsir.PrefixMessage))
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

func marshal[T any](v *T) string {
	if v == nil {
		return ""
	}
	return mustJSON(v)
}

func marshalMap[T []string | map[string]string](v T) string {
	if len(v) == 0 {
		return ""
	}
	return mustJSON(v)
}

// mustJSON encodes types of ours that always encode.
func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func unmarshal(s string, dst any) error {
	if s == "" {
		return nil
	}
	return json.Unmarshal([]byte(s), dst)
}
