package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// Message implements store.Messages.
func (s *Store) Message(ctx context.Context, workspace smsir.UUID, id smsir.ID) (*smsir.Message, error) {
	st, err := s.prepared(ctx, "SELECT "+messageColumns+" FROM messages WHERE id = $1 AND workspace_id = $2")
	if err != nil {
		return nil, err
	}
	m, err := scanMessage(st.QueryRowContext(ctx, int64(id), workspace))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, smsir.Errorf(smsir.CodeNotFound, "There is no such message.")
	}
	return m, err
}

func (s *Store) messages(ctx context.Context, query string, args ...any) (all []*smsir.Message, err error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		m, err := scanMessage(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

// MessagesByID implements store.Messages.
func (s *Store) MessagesByID(ctx context.Context, ids []smsir.ID) ([]*smsir.Message, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	return s.messages(ctx, "SELECT "+messageColumns+" FROM messages WHERE id IN (SELECT value FROM json_each($1))", string(list))
}

// where gathers conditions with their arguments. Conditions are constants of this file; only
// arguments carry data.
type where struct {
	cond []string
	args []any
}

func (w *where) and(cond string, args ...any) {
	for _, a := range args {
		w.args = append(w.args, a)
		cond = strings.Replace(cond, "?", "$"+strconv.Itoa(len(w.args)), 1)
	}
	w.cond = append(w.cond, cond)
}

// ListMessages implements store.Messages.
func (s *Store) ListMessages(ctx context.Context, workspace smsir.UUID, f store.MessageFilter) (page store.MessagePage, err error) {
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	w := &where{}
	w.and("workspace_id = ?", workspace)
	if f.Before > 0 {
		w.and("id < ?", int64(f.Before))
	}
	if !f.Since.IsZero() {
		w.and("id >= ?", int64(smsir.IDAt(f.Since)))
	}
	if !f.Until.IsZero() {
		w.and("id < ?", int64(smsir.IDAt(f.Until)))
	}
	if f.Batch != 0 {
		w.and("batch_id = ? AND batch_id > 0", int64(f.Batch))
	}
	floor, err := s.walkFloor(ctx, w, &f)
	if err != nil {
		return page, err
	}
	if floor > 0 {
		w.and("id >= ?", int64(floor))
	}
	conditions(&f, w)
	w.args = append(w.args, int64(f.Limit+1))
	page.Items, err = s.messages(ctx, "SELECT "+messageColumns+" FROM messages WHERE "+strings.Join(w.cond, " AND ")+
		" ORDER BY id DESC LIMIT $"+strconv.Itoa(len(w.args)), w.args...)
	if err != nil {
		return page, err
	}
	switch {
	case len(page.Items) > f.Limit:
		page.Items = page.Items[:f.Limit]
		page.Next = page.Items[f.Limit-1].ID
	case floor > 0:
		page.Next, page.Partial = floor, true
	}
	return page, nil
}

// walkFloor is the id at which a walk with conditions that no index serves must stop; 0 if the end
// of the range comes first.
func (s *Store) walkFloor(ctx context.Context, w *where, f *store.MessageFilter) (smsir.ID, error) {
	probe := &where{}
	if conditions(f, probe); len(probe.cond) == 0 || f.Batch != 0 {
		return 0, nil
	}
	var id int64
	err := s.read.QueryRowContext(ctx, "SELECT id FROM messages WHERE "+strings.Join(w.cond, " AND ")+" ORDER BY id DESC LIMIT 1 OFFSET $"+
		strconv.Itoa(len(w.args)+1), append(append([]any{}, w.args...), int64(store.WalkLimit-1))...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return smsir.ID(id), err
}

// conditions adds those that no index serves.
func conditions(f *store.MessageFilter, w *where) {
	if len(f.Statuses) > 0 {
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(f.Statuses)), ", ")
		args := make([]any, len(f.Statuses))
		for i, st := range f.Statuses {
			args[i] = int64(st)
		}
		w.and("status IN ("+marks+")", args...)
	}
	if f.To != "" {
		w.and(`recipient LIKE ? ESCAPE '\'`, "%"+escapeLike(f.To)+"%")
	}
	if f.From != "" {
		w.and("sender = ?", f.From)
	}
	if f.Text != "" {
		w.and(`text LIKE ? ESCAPE '\'`, "%"+escapeLike(f.Text)+"%")
	}
	if !f.CreatedBy.IsZero() {
		w.and("creator_id = ?", f.CreatedBy)
	}
	if f.ClientRef != "" {
		w.and("client_ref = ?", f.ClientRef)
	}
	if f.Tag != "" {
		w.and("tags <> '' AND EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)", f.Tag)
	}
	if !f.Provider.IsZero() {
		w.and("used_provider_id = ?", f.Provider)
	}
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}

// MessageEvents implements store.Messages.
func (s *Store) MessageEvents(ctx context.Context, workspace smsir.UUID, id smsir.ID) ([]smsir.Event, error) {
	return s.events(ctx, "WHERE message_id = $1 AND message_id > 0 AND workspace_id = $2 ORDER BY seq", int64(id), workspace)
}

// EventsAfter implements store.Events. Ids are given by the one writer inside its commits, so no
// smaller one can appear later.
func (s *Store) EventsAfter(ctx context.Context, workspace smsir.UUID, after smsir.ID, limit int) ([]smsir.Event, error) {
	if workspace.IsZero() {
		return s.events(ctx, "WHERE id > $1 ORDER BY id LIMIT $2", int64(after), int64(limit))
	}
	return s.events(ctx, "WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3", workspace, int64(after), int64(limit))
}

func (s *Store) events(ctx context.Context, tail string, args ...any) (all []smsir.Event, err error) {
	rows, err := s.rows(ctx, "SELECT id, workspace_id, message_id, seq, type, at, data FROM events "+tail, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		var e smsir.Event
		var id, message, seq, at int64
		var kind, data string
		if err := rows.Scan(&id, &e.Workspace, &message, &seq, &kind, &at, &data); err != nil {
			return nil, err
		}
		e.ID, e.Message, e.Seq, e.Type, e.At = smsir.ID(id), smsir.ID(message), int(seq), smsir.EventType(kind), sqldb.Time(at)
		if err := unmarshal(data, &e.Data); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// LastEvent implements store.Events.
func (s *Store) LastEvent(ctx context.Context) (smsir.ID, error) {
	var id sql.NullInt64
	err := s.rowOf(ctx, "SELECT max(id) FROM events", nil, &id)
	return smsir.ID(id.Int64), err
}

// Counts implements store.Messages.
func (s *Store) Counts(ctx context.Context, workspace smsir.UUID, from, to time.Time) (all []store.HourCount, err error) {
	rows, err := s.rows(ctx, "SELECT hour, status, final, n FROM counts WHERE workspace_id = $1 AND hour >= $2 AND hour < $3 AND n > 0 ORDER BY hour, status, final",
		workspace, sqldb.Millis(from), sqldb.Millis(to))
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		var hour, status, final int64
		var c store.HourCount
		if err := rows.Scan(&hour, &status, &final, &c.N); err != nil {
			return nil, err
		}
		c.Hour, c.State = sqldb.Time(hour), smsir.State{Status: smsir.Status(status), Final: final == 1}
		all = append(all, c)
	}
	return all, rows.Err()
}

// Backlog implements store.Accepter.
func (s *Store) Backlog(ctx context.Context, workspace smsir.UUID) (n int64, err error) {
	err = s.rowOf(ctx, "SELECT coalesce(sum(n), 0) FROM counts WHERE workspace_id = $1 AND status <= 1 AND n > 0", []any{workspace}, &n)
	return n, err
}

// ListInbound implements store.Messages.
func (s *Store) ListInbound(ctx context.Context, workspace smsir.UUID, before smsir.ID, limit int) (all []smsir.Inbound, err error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	rows, err := s.rows(ctx, `SELECT id, provider_id, reference, sender, recipient, text, received_at FROM inbound
		WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, workspace, int64(before), int64(limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		in := smsir.Inbound{Workspace: workspace}
		var id, received int64
		if err := rows.Scan(&id, &in.Provider, &in.Reference, &in.From, &in.To, &in.Text, &received); err != nil {
			return nil, err
		}
		in.ID, in.ReceivedAt = smsir.ID(id), sqldb.Time(received)
		all = append(all, in)
	}
	return all, rows.Err()
}
