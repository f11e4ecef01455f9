package sqldb

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// MessageEvents implements store.Messages.
func (s *Store) MessageEvents(ctx context.Context, workspace smsir.UUID, id smsir.ID) ([]smsir.Event, error) {
	rows, err := s.db.Query(ctx, "SELECT "+EventColumns+" FROM events WHERE message_id = $1 AND message_id > 0 AND workspace_id = $2 ORDER BY seq",
		int64(id), workspace)
	return ScanEvents(rows, err)
}

// EventColumns are those that [ScanEvents] reads.
const EventColumns = "id, workspace_id, message_id, seq, type, at, data"

// ScanEvents reads EventColumns.
func ScanEvents(rows Rows, err error) (list []smsir.Event, _ error) {
	err = each(rows, err, func(r Rows) error {
		var e smsir.Event
		var id, message, seq, at int64
		var kind, data string
		if err := r.Scan(&id, &e.Workspace, &message, &seq, &kind, &at, &data); err != nil {
			return err
		}
		e.ID, e.Message, e.Seq, e.Type, e.At = smsir.ID(id), smsir.ID(message), int(seq), smsir.EventType(kind), Time(at)
		list = append(list, e)
		return Unmarshal(data, &list[len(list)-1].Data)
	})
	return list, err
}

// Counts implements store.Messages. An hour may have several rows of a state (package postgres: one for each writer),
// some of them below zero; their sum is what counts.
func (s *Store) Counts(ctx context.Context, workspace smsir.UUID, from, to time.Time) (list []store.HourCount, err error) {
	rows, err := s.db.Query(ctx, `SELECT hour, status, final, CAST(sum(n) AS BIGINT) FROM counts
		WHERE workspace_id = $1 AND hour >= $2 AND hour < $3 GROUP BY hour, status, final HAVING sum(n) > 0 ORDER BY hour, status, final`,
		workspace, Millis(from), Millis(to))
	err = each(rows, err, func(r Rows) error {
		var hour, status, final int64
		var c store.HourCount
		err := r.Scan(&hour, &status, &final, &c.N)
		c.Hour, c.State = Time(hour), smsir.State{Status: smsir.Status(status), Final: final == 1} //nolint:gosec // a status
		list = append(list, c)
		return err
	})
	return list, err
}

// ListInbound implements store.Messages.
func (s *Store) ListInbound(ctx context.Context, workspace smsir.UUID, before smsir.ID, limit int) (list []smsir.Inbound, err error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	rows, err := s.db.Query(ctx, `SELECT id, provider_id, reference, sender, recipient, text, received_at, incomplete, text_removed_at FROM inbound
		WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, workspace, int64(before), int64(limit))
	err = each(rows, err, func(r Rows) error {
		in := smsir.Inbound{Workspace: workspace}
		var id, received int64
		err := r.Scan(&id, &in.Provider, &in.Reference, &in.From, &in.To, &in.Text, &received, boolean{&in.Incomplete}, moment{&in.TextRemovedAt})
		in.ID, in.ReceivedAt = smsir.ID(id), Time(received)
		list = append(list, in)
		return err
	})
	return list, err
}
