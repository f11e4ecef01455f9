package sqldb

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const setColumns = "s.id, s.kind, s.owner_id, s.sender, s.recipient, s.reference, s.total, s.created_at, s.due_at, s.done_at, s.message_id"

func scanSet(v *store.PartSet) scan {
	return scan{&v.ID, &v.Kind, &v.Owner, &v.Sender, &v.Recipient, &v.Reference, &v.Total, moment{&v.CreatedAt}, moment{&v.DueAt}, moment{&v.DoneAt}, &v.Message}
}

func scanPart(v *store.SetPart) scan {
	return scan{&v.Number, &v.ID, text{&v.Body}, moment{&v.ReceivedAt}}
}

const ofKey = "s.kind = $1 AND s.owner_id = $2 AND s.sender = $3 AND s.recipient = $4 AND s.reference = $5 AND s.total = $6"

func keyArgs(k store.PartKey) []any {
	return []any{k.Kind, k.Owner, k.Sender, k.Recipient, int64(k.Reference), int64(k.Total)}
}

// KeepPart implements store.PartSets.
func (s *Store) KeepPart(ctx context.Context, id smsir.ID, key store.PartKey, p store.SetPart, limits store.PartLimits, now time.Time) (set *store.PartSet, known bool, err error) {
	err = s.db.Update(ctx, func(tx Tx) (err error) {
		set, known, err = keepPart(tx, id, key, p, limits, now)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return set, known, nil
}

func keepPart(tx Tx, id smsir.ID, key store.PartKey, p store.SetPart, limits store.PartLimits, now time.Time) (*store.PartSet, bool, error) {
	if done, err := finishedWith(tx, key, p, now.Add(-limits.Recent)); err != nil || done != nil {
		return done, done != nil, err
	}
	set, err := openSet(tx, key)
	if err != nil {
		return nil, false, err
	}
	if set != nil {
		i := slices.IndexFunc(set.Parts, func(old store.SetPart) bool { return old.Number == p.Number })
		switch {
		case i >= 0 && bytes.Equal(set.Parts[i].Body, p.Body):
			return set, true, nil
		case i >= 0: // another message with the same reference: what there is of the first is all there will be
			if err := supersede(tx, set.ID, now); err != nil {
				return nil, false, err
			}
			set = nil
		}
	}
	if set == nil {
		if set, err = newSet(tx, id, key, limits, now); err != nil {
			return nil, false, err
		}
	}
	if _, err := tx.Exec("INSERT INTO set_parts (set_id, number, id, body, received_at) VALUES ($1, $2, $3, $4, $5)",
		int64(set.ID), int64(p.Number), int64(p.ID), p.Body, Millis(p.ReceivedAt)); err != nil {
		return nil, false, err
	}
	set.Parts = append(set.Parts, p)
	slices.SortFunc(set.Parts, func(a, b store.SetPart) int { return int(a.Number) - int(b.Number) })
	if set.Whole() {
		set.DueAt = now
		_, err = tx.Exec("UPDATE part_sets SET due_at = $2 WHERE id = $1", int64(set.ID), Millis(now))
	}
	return set, false, err
}

// finishedWith finds a set that was finished not long ago and has just this part.
func finishedWith(tx Tx, key store.PartKey, p store.SetPart, since time.Time) (*store.PartSet, error) {
	rows, err := tx.Query("SELECT "+setColumns+" FROM part_sets s JOIN set_parts p ON p.set_id = s.id WHERE "+ofKey+
		" AND s.done_at > $7 AND p.number = $8 AND p.body = $9 ORDER BY s.id DESC LIMIT 1",
		append(keyArgs(key), Millis(since), int64(p.Number), p.Body)...)
	sets, err := all(rows, err, scanSet)
	if err != nil || len(sets) == 0 {
		return nil, err
	}
	return &sets[0], partsOf(tx, &sets[0])
}

// openSet finds the open set of a key, and keeps others from adding to it until this step has ended.
func openSet(tx Tx, key store.PartKey) (*store.PartSet, error) {
	if _, err := tx.Exec("UPDATE part_sets AS s SET due_at = due_at WHERE "+ofKey+" AND s.done_at = 0 AND s.superseded = 0", keyArgs(key)...); err != nil {
		return nil, err
	}
	rows, err := tx.Query("SELECT "+setColumns+" FROM part_sets s WHERE "+ofKey+" AND s.done_at = 0 AND s.superseded = 0", keyArgs(key)...)
	sets, err := all(rows, err, scanSet)
	if err != nil || len(sets) == 0 {
		return nil, err
	}
	return &sets[0], partsOf(tx, &sets[0])
}

func partsOf(tx Tx, set *store.PartSet) (err error) {
	rows, err := tx.Query("SELECT p.number, p.id, p.body, p.received_at FROM set_parts p WHERE p.set_id = $1 ORDER BY p.number", int64(set.ID))
	set.Parts, err = all(rows, err, scanPart)
	return err
}

// supersede ends the collecting of a set in favour of another with the same key.
func supersede(tx Tx, id smsir.ID, now time.Time) error {
	_, err := tx.Exec("UPDATE part_sets SET due_at = $2, superseded = 1 WHERE id = $1", int64(id), Millis(now))
	return err
}

// newSet makes a set, or returns the one that somebody else has just made.
func newSet(tx Tx, id smsir.ID, key store.PartKey, limits store.PartLimits, now time.Time) (*store.PartSet, error) {
	set := &store.PartSet{PartKey: key, ID: id, CreatedAt: now, DueAt: now.Add(limits.Wait)}
	n, err := tx.Exec(`INSERT INTO part_sets (id, kind, owner_id, sender, recipient, reference, total, created_at, due_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`, append(append([]any{int64(id)}, keyArgs(key)...), Millis(now), Millis(set.DueAt))...)
	if err == nil && n == 0 {
		set, err = openSet(tx, key)
		if err == nil && set == nil {
			err = errNoRow
		}
	}
	if err != nil {
		return nil, err
	}
	// The oldest beyond the most that one sender may have open.
	_, err = tx.Exec(`UPDATE part_sets SET due_at = $5 WHERE due_at > $5 AND id IN (SELECT s.id FROM part_sets s
		WHERE s.kind = $1 AND s.owner_id = $2 AND s.sender = $3 AND s.done_at = 0 ORDER BY s.id DESC LIMIT 1000 OFFSET $4)`,
		key.Kind, key.Owner, key.Sender, int64(limits.Most), Millis(now))
	return set, err
}

// DueSets implements store.PartSets.
func (s *Store) DueSets(ctx context.Context, kind string, now time.Time, limit int) ([]store.PartSet, error) {
	rows, err := s.db.Query(ctx, "SELECT "+setColumns+` FROM part_sets s WHERE s.kind = $1 AND s.done_at = 0 AND s.due_at <= $2
		ORDER BY s.due_at, s.id LIMIT $3`, kind, Millis(now), int64(limit))
	return s.withParts(ctx, rows, err)
}

// withParts adds the parts to sets.
func (s *Store) withParts(ctx context.Context, rows Rows, err error) ([]store.PartSet, error) {
	sets, err := all(rows, err, scanSet)
	for i := range sets {
		if err != nil {
			return nil, err
		}
		var rows Rows
		rows, err = s.db.Query(ctx, "SELECT p.number, p.id, p.body, p.received_at FROM set_parts p WHERE p.set_id = $1 ORDER BY p.number", int64(sets[i].ID))
		sets[i].Parts, err = all(rows, err, scanPart)
	}
	return sets, err
}

// FinishSet implements store.PartSets.
func (s *Store) FinishSet(ctx context.Context, id, message smsir.ID, now time.Time) error {
	return s.db.Update(ctx, func(tx Tx) error {
		_, err := tx.Exec("UPDATE part_sets SET done_at = $2, message_id = $3 WHERE id = $1 AND done_at = 0", int64(id), Millis(now), int64(message))
		return err
	})
}

// PartByID implements store.PartSets.
func (s *Store) PartByID(ctx context.Context, kind string, owner smsir.UUID, part smsir.ID) (*store.PartSet, error) {
	rows, err := s.db.Query(ctx, "SELECT "+setColumns+` FROM part_sets s JOIN set_parts p ON p.set_id = s.id
		WHERE p.id = $1 AND p.id > 0 AND s.owner_id = $2 AND s.kind = $3`, int64(part), owner, kind)
	sets, err := s.withParts(ctx, rows, err)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return nil, smsir.Errorf(smsir.CodeNotFound, "There is no such part.")
	}
	return &sets[0], nil
}

// DropPart implements store.PartSets.
func (s *Store) DropPart(ctx context.Context, set smsir.ID, number uint8, due time.Time) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("UPDATE part_sets SET due_at = $2 WHERE id = $1 AND done_at = 0", int64(set), Millis(due))
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec("DELETE FROM set_parts WHERE set_id = $1 AND number = $2", int64(set), int64(number))
		return err
	})
}

// SetsByID implements store.PartSets.
func (s *Store) SetsByID(ctx context.Context, ids []smsir.ID) ([]store.PartSet, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	w := new(where)
	w.and("s.id IN ("+marks(len(ids))+")", integers(ids)...)
	rows, err := s.db.QueryOnce(ctx, "SELECT "+setColumns+" FROM part_sets s WHERE "+w.text(), w.args...)
	return s.withParts(ctx, rows, err)
}

// PurgeSets implements store.PartSets.
func (s *Store) PurgeSets(ctx context.Context, kind string, before time.Time, limit int) (more bool, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		const some = `(SELECT s.id FROM part_sets s WHERE s.kind = $1 AND s.done_at > 0 AND s.done_at < $2 ORDER BY s.done_at, s.id LIMIT $3)`
		args := []any{kind, Millis(before), int64(limit)}
		if _, err := tx.Exec("DELETE FROM set_parts WHERE set_id IN "+some, args...); err != nil {
			return err
		}
		n, err := tx.Exec("DELETE FROM part_sets WHERE id IN "+some, args...)
		more = n == int64(limit)
		return err
	})
	return more, err
}
