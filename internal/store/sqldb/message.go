package sqldb

import (
	"encoding/json"

	"github.com/smsir/smsir"
)

// FixedColumns are set when a message is accepted; MovingColumns are written by every move.
const (
	FixedColumns = `id, workspace_id, batch_id, creator_kind, creator_id, class, recipient, recipient_raw, country, sender, text,
		encoding, segments, provider_id, on_unknown, client_ref, tags, metadata, resend_of, accepted_at, send_at, expires_at, ordering_key`
	MovingColumns = `status, final, reason, attempts, tries, seq, next_at, updated_at, sent_at, finished_at, receipt_deadline,
		resolve_deadline, used_provider_id, parts_total, parts_delivered, parts_failed, possible_duplicate, cancel_requested,
		late_receipt, error, charge, network`
	MessageColumns = FixedColumns + ", cost, text_removed_at, text_removed_by, " + MovingColumns
	// StepColumns are what the state machine needs of a message, and no text.
	StepColumns = "id, workspace_id, class, segments, on_unknown, recipient, sender, accepted_at, send_at, expires_at, ordering_key, cost, " + MovingColumns
)

// Scanner is a row, or a result set that stands on one.
type Scanner interface{ Scan(dst ...any) error }

// moving is the stored form of what the methods of a message change.
type moving struct {
	status, final, attempts, tries, seq                          int64
	nextAt, updatedAt, sentAt, finishedAt                        int64
	receiptDeadline, resolveDeadline                             int64
	partsTotal, partsDelivered, partsFailed, duplicate, canceled int64
	charge                                                       int64
	reason, late, failure, network                               string
	used                                                         smsir.UUID
}

func (v *moving) dst() []any {
	return []any{
		&v.status, &v.final, &v.reason, &v.attempts, &v.tries, &v.seq, &v.nextAt, &v.updatedAt, &v.sentAt, &v.finishedAt,
		&v.receiptDeadline, &v.resolveDeadline, &v.used, &v.partsTotal, &v.partsDelivered, &v.partsFailed, &v.duplicate, &v.canceled,
		&v.late, &v.failure, &v.charge, &v.network,
	}
}

func (v *moving) into(m *smsir.Message) error {
	m.Status, m.Final, m.Reason = smsir.Status(v.status), v.final == 1, smsir.Reason(v.reason)
	m.Attempts, m.Tries, m.Seq = int(v.attempts), int(v.tries), int(v.seq)
	m.NextAt, m.UpdatedAt, m.SentAt, m.FinishedAt = Time(v.nextAt), Time(v.updatedAt), Time(v.sentAt), Time(v.finishedAt)
	m.ReceiptDeadline, m.ResolveDeadline, m.UsedProvider = Time(v.receiptDeadline), Time(v.resolveDeadline), v.used
	m.Parts = smsir.Parts{Total: int(v.partsTotal), Delivered: int(v.partsDelivered), Failed: int(v.partsFailed)}
	m.PossibleDuplicate, m.CancelRequested = v.duplicate == 1, v.canceled == 1
	m.Charge, m.Network = smsir.Charge(v.charge), v.network //nolint:gosec // what was stored
	if err := Unmarshal(v.late, &m.LateReceipt); err != nil {
		return err
	}
	return Unmarshal(v.failure, &m.Error)
}

// MovingArgs are the values of MovingColumns.
func MovingArgs(m *smsir.Message) []any {
	return []any{
		int64(m.Status), Flag(m.Final), string(m.Reason), int64(m.Attempts), int64(m.Tries), int64(m.Seq), Millis(m.NextAt),
		Millis(m.UpdatedAt), Millis(m.SentAt), Millis(m.FinishedAt), Millis(m.ReceiptDeadline),
		Millis(m.ResolveDeadline), m.UsedProvider, int64(m.Parts.Total), int64(m.Parts.Delivered), int64(m.Parts.Failed),
		Flag(m.PossibleDuplicate), Flag(m.CancelRequested), Marshal(m.LateReceipt), Marshal(m.Error),
		int64(m.Charge), m.Network,
	}
}

// Changes are those of [MovingArgs] in which m differs from was, in the order of MovingColumns, with a bit for each of these
// columns. It makes no value that did not change, which is why it is here: the writer of SQLite asks for every move.
func Changes(was, m *smsir.Message) (columns uint32, values []any) {
	c := changes{values: make([]any, 0, 16)}
	c.number(int64(was.Status), int64(m.Status))
	c.number(Flag(was.Final), Flag(m.Final))
	c.text(string(was.Reason), string(m.Reason))
	c.number(int64(was.Attempts), int64(m.Attempts))
	c.number(int64(was.Tries), int64(m.Tries))
	c.number(int64(was.Seq), int64(m.Seq))
	c.number(Millis(was.NextAt), Millis(m.NextAt))
	c.number(Millis(was.UpdatedAt), Millis(m.UpdatedAt))
	c.number(Millis(was.SentAt), Millis(m.SentAt))
	c.number(Millis(was.FinishedAt), Millis(m.FinishedAt))
	c.number(Millis(was.ReceiptDeadline), Millis(m.ReceiptDeadline))
	c.number(Millis(was.ResolveDeadline), Millis(m.ResolveDeadline))
	if c.next(was.UsedProvider != m.UsedProvider) {
		c.values = append(c.values, m.UsedProvider)
	}
	c.number(int64(was.Parts.Total), int64(m.Parts.Total))
	c.number(int64(was.Parts.Delivered), int64(m.Parts.Delivered))
	c.number(int64(was.Parts.Failed), int64(m.Parts.Failed))
	c.number(Flag(was.PossibleDuplicate), Flag(m.PossibleDuplicate))
	c.number(Flag(was.CancelRequested), Flag(m.CancelRequested))
	c.text(Marshal(was.LateReceipt), Marshal(m.LateReceipt))
	c.text(Marshal(was.Error), Marshal(m.Error))
	c.number(int64(was.Charge), int64(m.Charge))
	c.text(was.Network, m.Network)
	return c.columns, c.values
}

type changes struct {
	columns uint32
	column  int
	values  []any
}

// next notes whether the next column differs.
func (c *changes) next(differs bool) bool {
	if differs {
		c.columns |= 1 << c.column
	}
	c.column++
	return differs
}

func (c *changes) number(was, is int64) {
	if c.next(was != is) {
		c.values = append(c.values, is)
	}
}

func (c *changes) text(was, is string) {
	if c.next(was != is) {
		c.values = append(c.values, is)
	}
}

// ScanMessage reads MessageColumns.
func ScanMessage(row Scanner) (*smsir.Message, error) {
	var m smsir.Message
	var id, batch, kind, class, encoding, segments, policy, resend, accepted, send, expires, removed, by int64
	var tags, metadata string
	var v moving
	dst := append([]any{
		&id, &m.Workspace, &batch, &kind, &m.CreatedBy.ID, &class, &m.To, &m.ToRaw, &m.Country, &m.From, &m.Text,
		&encoding, &segments, &m.Provider, &policy, &m.ClientRef, &tags, &metadata, &resend, &accepted, &send, &expires, &m.OrderingKey, &m.Cost,
		&removed, &by,
	}, v.dst()...)
	if err := row.Scan(dst...); err != nil {
		return nil, err
	}
	m.TextRemovedAt, m.TextRemovedBy = Time(removed), smsir.TextRemoval(by)
	m.ID, m.Batch, m.ResendOf, m.CreatedBy.Kind = smsir.ID(id), smsir.ID(batch), smsir.ID(resend), smsir.ActorKind(kind)
	m.Class, m.Encoding, m.Segments, m.OnUnknown = smsir.Class(class), smsir.Encoding(encoding), int(segments), smsir.OnUnknown(policy)
	m.AcceptedAt, m.SendAt, m.ExpiresAt = Time(accepted), Time(send), Time(expires)
	if err := Unmarshal(tags, &m.Tags); err != nil {
		return nil, err
	}
	if err := Unmarshal(metadata, &m.Metadata); err != nil {
		return nil, err
	}
	return &m, v.into(&m)
}

// ScanStep reads StepColumns: a message without its text and labels.
func ScanStep(row Scanner) (*smsir.Message, error) {
	var m smsir.Message
	var id, class, segments, policy, accepted, send, expires int64
	var v moving
	dst := append([]any{&id, &m.Workspace, &class, &segments, &policy, &m.To, &m.From, &accepted, &send, &expires, &m.OrderingKey, &m.Cost}, v.dst()...)
	if err := row.Scan(dst...); err != nil {
		return nil, err
	}
	m.ID, m.Class, m.Segments, m.OnUnknown = smsir.ID(id), smsir.Class(class), int(segments), smsir.OnUnknown(policy)
	m.AcceptedAt, m.SendAt, m.ExpiresAt = Time(accepted), Time(send), Time(expires)
	return &m, v.into(&m)
}

// BirthColumns are those that are written when a message is accepted. The others begin with their defaults: each value that
// is not bound spares a microsecond's tenth, ten thousand times a second.
const BirthColumns = FixedColumns + ", status, final, reason, seq, next_at, updated_at, finished_at, error, deadline_at, owner"

// ChargedColumns are those of a message that is charged to the credit of its workspace.
const ChargedColumns = BirthColumns + ", cost, charge"

// ChargedArgs are the values of ChargedColumns.
func ChargedArgs(m *smsir.Message, owner any) []any {
	return append(BirthArgs(m, owner), m.Cost, int64(m.Charge))
}

// StartedColumns are those of a message whose first attempt starts with the step that stores it.
const StartedColumns = ChargedColumns + ", attempts, tries, used_provider_id"

// StartedArgs are the values of StartedColumns.
func StartedArgs(m *smsir.Message, owner any) []any {
	return append(ChargedArgs(m, owner), int64(m.Attempts), int64(m.Tries), m.UsedProvider)
}

// BirthArgs are the values of BirthColumns. owner is the number of the run that holds the message, or nil.
func BirthArgs(m *smsir.Message, owner any) []any {
	return []any{
		int64(m.ID), m.Workspace, int64(m.Batch), int64(m.CreatedBy.Kind), m.CreatedBy.ID, int64(m.Class), m.To, m.ToRaw, m.Country,
		m.From, m.Text, int64(m.Encoding), int64(m.Segments), m.Provider, int64(m.OnUnknown), m.ClientRef, MarshalMap(m.Tags), MarshalMap(m.Metadata),
		int64(m.ResendOf), Millis(m.AcceptedAt), Millis(m.SendAt), Millis(m.ExpiresAt), m.OrderingKey,
		int64(m.Status), Flag(m.Final), string(m.Reason), int64(m.Seq), Millis(m.NextAt), Millis(m.UpdatedAt), Millis(m.FinishedAt),
		Marshal(m.Error), Millis(m.DeadlineAt()), owner,
	}
}

// Marshal is a JSON column for a value that may be missing: "" for nil.
func Marshal[T any](v *T) string {
	if v == nil {
		return ""
	}
	return MustJSON(v)
}

// MarshalMap is a JSON column for a collection: "" for an empty one.
func MarshalMap[T []string | map[string]string](v T) string {
	if len(v) == 0 {
		return ""
	}
	return MustJSON(v)
}

// MustJSON encodes types of ours that always encode.
func MustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Unmarshal reads what [Marshal] and [MarshalMap] wrote.
func Unmarshal(s string, dst any) error {
	if s == "" {
		return nil
	}
	return json.Unmarshal([]byte(s), dst)
}
