package sqldb

import (
	"context"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// CommitImport implements store.Imports.
func (s *Store) CommitImport(ctx context.Context, im *store.Import, rows []store.ImportWrite, upTo int, now time.Time) error {
	was, counts := *im, im.Counts
	next := was
	err := s.db.Update(ctx, func(tx Tx) error {
		next = was
		next.Counts, next.Cursor, next.UpdatedAt = counts, upTo, now
		for i := range rows {
			if err := s.writeRow(tx, &next, &rows[i], now); err != nil {
				return err
			}
		}
		return putImport(tx, &next, " AND state = 'committing' AND cursor = $16", int64(was.Cursor))
	})
	if err == nil {
		*im = next
	}
	return err
}

func (s *Store) writeRow(tx Tx, im *store.Import, row *store.ImportWrite, now time.Time) error {
	if row.Bad != nil {
		im.Counts.Bad++
		return judge(tx, im, row.Bad)
	}
	change, err := s.putContact(tx, row.Contact)
	if err != nil {
		return err
	}
	before := ""
	if change.Created {
		im.Counts.Created++
	} else {
		im.Counts.Updated++
		if before, err = asJSON(change.Before); err != nil {
			return err
		}
	}
	if _, err := tx.Exec("UPDATE import_rows SET contact_id = $3, before = $4, written_at = $5 WHERE import_id = $1 AND n = $2",
		im.ID, int64(row.N), change.ID, before, Millis(row.Contact.UpdatedAt)); err != nil || !row.OptOut {
		return err
	}
	_, err = suppress(tx, store.Suppression{Workspace: im.Workspace, Recipient: row.Contact.Phone, Reason: "import", CreatedAt: now},
		store.ConsentEntry{At: now, Source: "import", Actor: im.By, Text: im.Name})
	return err
}

// written is a row that wrote a contact.
type written struct {
	n       int
	contact smsir.UUID
	before  []byte // JSON of store.Contact, empty for none
	at      time.Time
}

// UndoImport implements store.Imports.
func (s *Store) UndoImport(ctx context.Context, im *store.Import, limit int) (more bool, err error) {
	rows, err := s.db.Query(ctx, `SELECT r.n, r.contact_id, r.before, r.written_at FROM import_rows r
		WHERE r.import_id = $1 AND r.contact_id IS NOT NULL AND r.n > $2 ORDER BY r.n LIMIT $3`, im.ID, int64(im.Cursor), int64(limit))
	list, err := all(rows, err, func(w *written) scan { return scan{&w.n, &w.contact, text{&w.before}, moment{&w.at}} })
	if err != nil || len(list) == 0 {
		return false, err
	}
	was, next := *im, *im
	err = s.db.Update(ctx, func(tx Tx) error {
		next = was
		for i := range list {
			undone, err := s.undoRow(tx, &was, &list[i])
			if err != nil {
				return err
			}
			if undone {
				next.Counts.Undone++
			} else {
				next.Counts.Kept++
			}
		}
		next.Cursor = list[len(list)-1].n
		return putImport(tx, &next, " AND state = 'undoing' AND cursor = $16", int64(was.Cursor))
	})
	if err == nil {
		*im = next
	}
	return len(list) == limit, err
}

// undoRow takes back what a row wrote; false if the contact was changed or deleted since.
func (s *Store) undoRow(tx Tx, im *store.Import, w *written) (bool, error) {
	rows, err := tx.Query("SELECT "+contactColumns+" FROM contacts c WHERE c.workspace_id = $1 AND c.id = $2", im.Workspace, w.contact)
	now, err := all(rows, err, scanContact)
	if err != nil || len(now) == 0 || !now[0].UpdatedAt.Equal(w.at) {
		return false, err
	}
	if len(w.before) == 0 {
		n, err := deleteContacts(tx, im.Workspace, []smsir.UUID{w.contact})
		return n > 0, err
	}
	var before store.Contact
	if err := (document{&before}).Scan(w.before); err != nil {
		return false, err
	}
	// Groups that others put the contact into meanwhile stay.
	groups, err := groupsOf(tx, w.contact)
	if err != nil {
		return false, err
	}
	before.Groups = slices.DeleteFunc(groups, func(g smsir.UUID) bool {
		return slices.Contains(im.Groups, g) && !slices.Contains(before.Groups, g)
	})
	return true, s.replaceContact(tx, before)
}
