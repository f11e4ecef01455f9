package sqldb

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Message implements store.Messages.
func (s *Store) Message(ctx context.Context, workspace smsir.UUID, id smsir.ID) (*smsir.Message, error) {
	rows, err := s.db.Query(ctx, "SELECT "+MessageColumns+" FROM messages WHERE id = $1 AND workspace_id = $2", int64(id), workspace)
	all, err := ScanMessages(rows, err)
	if err == nil && len(all) == 0 {
		err = errNoRow
	}
	if err != nil {
		return nil, notFound(err, "message")
	}
	return all[0], nil
}

// ScanMessages reads MessageColumns.
func ScanMessages(rows Rows, err error) (list []*smsir.Message, _ error) {
	err = each(rows, err, func(r Rows) error {
		m, err := ScanMessage(r)
		list = append(list, m)
		return err
	})
	return list, err
}

// MessagesByID implements store.Messages.
func (s *Store) MessagesByID(ctx context.Context, ids []smsir.ID) (list []*smsir.Message, err error) {
	err = few(ids, func(some []smsir.ID) error {
		w := &where{}
		w.and("id IN ("+marks(len(some))+")", integers(some)...)
		rows, err := s.db.Query(ctx, "SELECT "+MessageColumns+" FROM messages WHERE "+w.text(), w.args...)
		found, err := ScanMessages(rows, err)
		list = append(list, found...)
		return err
	})
	return list, err
}

// few does something with all of a list, so much at once that there are few different statements, each prepared once.
func few[T any](all []T, do func([]T) error) error {
	for _, n := range []int{50, 10, 1} {
		for ; len(all) >= n; all = all[n:] {
			if err := do(all[:n]); err != nil {
				return err
			}
		}
	}
	return nil
}

// marks is "?, ?, ?" for n values.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func integers[T ~int64 | ~uint8](values []T) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = int64(v)
	}
	return args
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
	s.conditions(&f, w)
	rows, err := s.db.QueryOnce(ctx, "SELECT "+MessageColumns+" FROM messages WHERE "+w.text()+
		" ORDER BY id DESC LIMIT $"+strconv.Itoa(len(w.args)+1), append(w.args, int64(f.Limit+1))...)
	if page.Items, err = ScanMessages(rows, err); err != nil {
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
	if s.conditions(f, probe); len(probe.cond) == 0 || f.Batch != 0 {
		return 0, nil
	}
	rows, err := s.db.QueryOnce(ctx, "SELECT id FROM messages WHERE "+w.text()+" ORDER BY id DESC LIMIT 1 OFFSET $"+
		strconv.Itoa(len(w.args)+1), append(slices.Clone(w.args), int64(store.WalkLimit-1))...)
	var id int64
	if err := one(rows, err, &id); err != nil && !errors.Is(err, errNoRow) {
		return 0, err
	}
	return smsir.ID(id), nil
}

// conditions adds those that no index serves.
func (s *Store) conditions(f *store.MessageFilter, w *where) {
	if len(f.Statuses) > 0 {
		w.and("status IN ("+marks(len(f.Statuses))+")", integers(f.Statuses)...)
	}
	if f.To != "" {
		w.and(`recipient LIKE ? ESCAPE '\'`, like(f.To))
	}
	if f.From != "" {
		w.and("sender = ?", f.From)
	}
	if f.Text != "" {
		w.and(`lower(text) LIKE ? ESCAPE '\'`, like(lowerASCII(f.Text)))
	}
	if !f.CreatedBy.IsZero() {
		w.and("creator_id = ?", f.CreatedBy)
	}
	if f.ClientRef != "" {
		w.and("client_ref = ?", f.ClientRef)
	}
	if f.Tag != "" {
		w.and(s.db.ArrayHas("tags"), f.Tag)
	}
	if !f.Provider.IsZero() {
		w.and("used_provider_id = ?", f.Provider)
	}
}

// lowerASCII folds what lower() of both databases folds: ASCII, nothing else.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
