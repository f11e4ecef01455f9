package sqldb

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var _ store.Audience = (*Store)(nil)

const contactColumns = `c.id, c.workspace_id, c.phone, c.country, c.name, c.language, c.notes, c.created_at, c.updated_at,
	CASE WHEN EXISTS (SELECT 1 FROM suppressions s WHERE s.workspace_id = c.workspace_id AND s.recipient = c.phone) THEN 1 ELSE 0 END`

func scanContact(c *store.Contact) scan {
	return scan{
		&c.ID, &c.Workspace, &c.Phone, &c.Country, &c.Name, &c.Language, &c.Notes,
		moment{&c.CreatedAt},
		moment{&c.UpdatedAt},
		boolean{&c.Suppressed},
	}
}

// Contacts implements store.Audience.
func (s *Store) Contacts(ctx context.Context, workspace smsir.UUID, q store.ContactQuery, after *store.ContactMark, limit int) (page store.ContactPage, err error) {
	w, err := s.contactsWhere(ctx, workspace, q)
	if err != nil {
		return page, err
	}
	if after != nil {
		w.and("(c.name_key > ? OR c.name_key = ? AND c.id > ?)", after.NameKey, after.NameKey, after.ID)
	}
	most := w.bind(int64(limit + 1))
	rows, err := s.db.QueryOnce(ctx, "SELECT "+contactColumns+" FROM contacts c WHERE "+w.text()+" ORDER BY c.name_key, c.id LIMIT "+most, w.args...)
	if page.Items, err = all(rows, err, scanContact); err != nil {
		return page, err
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		last := page.Items[limit-1]
		page.Next = &store.ContactMark{NameKey: fold(last.Name), ID: last.ID}
	}
	return page, s.complete(ctx, page.Items)
}

// CountContacts implements store.Audience.
func (s *Store) CountContacts(ctx context.Context, workspace smsir.UUID, q store.ContactQuery) (n int64, err error) {
	w, err := s.contactsWhere(ctx, workspace, q)
	if err != nil {
		return 0, err
	}
	rows, err := s.db.QueryOnce(ctx, "SELECT COUNT(*) FROM contacts c WHERE "+w.text(), w.args...)
	return n, one(rows, err, &n)
}

// WalkContacts implements store.Audience.
func (s *Store) WalkContacts(ctx context.Context, workspace smsir.UUID, q store.ContactQuery, after smsir.UUID, limit int) ([]store.Contact, error) {
	w, err := s.contactsWhere(ctx, workspace, q)
	if err != nil {
		return nil, err
	}
	if !after.IsZero() {
		w.and("c.id > ?", after)
	}
	most := w.bind(int64(limit))
	rows, err := s.db.QueryOnce(ctx, "SELECT "+contactColumns+" FROM contacts c WHERE "+w.text()+" ORDER BY c.id LIMIT "+most, w.args...)
	list, err := all(rows, err, scanContact)
	if err != nil {
		return nil, err
	}
	return list, s.complete(ctx, list)
}

// Contact implements store.Audience.
func (s *Store) Contact(ctx context.Context, workspace, id smsir.UUID) (*store.Contact, error) {
	rows, err := s.db.Query(ctx, "SELECT "+contactColumns+" FROM contacts c WHERE c.workspace_id = $1 AND c.id = $2", workspace, id)
	c, err := first(rows, err, scanContact, "contact")
	if err != nil {
		return nil, err
	}
	list := []store.Contact{*c}
	err = s.complete(ctx, list)
	return &list[0], err
}

// ContactsByPhone implements store.Audience.
func (s *Store) ContactsByPhone(ctx context.Context, workspace smsir.UUID, phones []string) (map[string]store.Contact, error) {
	in, args := words(2, phones)
	rows, err := s.db.QueryOnce(ctx, "SELECT "+contactColumns+" FROM contacts c WHERE c.workspace_id = $1 AND c.phone IN "+in, append([]any{workspace}, args...)...)
	list, err := all(rows, err, scanContact)
	if err == nil {
		err = s.complete(ctx, list)
	}
	byPhone := make(map[string]store.Contact, len(list))
	for _, c := range list {
		byPhone[c.Phone] = c
	}
	return byPhone, err
}

// complete adds fields and groups to contacts.
func (s *Store) complete(ctx context.Context, list []store.Contact) error {
	if len(list) == 0 {
		return nil
	}
	at := make(map[smsir.UUID]*store.Contact, len(list))
	ids := make([]smsir.UUID, len(list))
	for i := range list {
		ids[i], at[list[i].ID] = list[i].ID, &list[i]
	}
	in, args := uuids(1, ids)
	rows, err := s.db.QueryOnce(ctx, "SELECT contact_id, key, value FROM contact_values WHERE contact_id IN "+in, args...)
	if err := each(rows, err, func(r Rows) error {
		var id smsir.UUID
		var key, value string
		if err := r.Scan(&id, &key, &value); err != nil {
			return err
		}
		if c := at[id]; c.Fields == nil {
			c.Fields = map[string]string{key: value}
		} else {
			c.Fields[key] = value
		}
		return nil
	}); err != nil {
		return err
	}
	rows, err = s.db.QueryOnce(ctx, "SELECT contact_id, group_id FROM group_members WHERE contact_id IN "+in+" ORDER BY group_id", args...)
	return each(rows, err, func(r Rows) error {
		var id, group smsir.UUID
		if err := r.Scan(&id, &group); err != nil {
			return err
		}
		at[id].Groups = append(at[id].Groups, group)
		return nil
	})
}

// CreateContact implements store.Audience.
func (s *Store) CreateContact(ctx context.Context, c store.Contact, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error { return s.insertContact(tx, c) })
}

func (s *Store) insertContact(tx Tx, c store.Contact) error {
	_, err := tx.Exec(`INSERT INTO contacts (id, workspace_id, phone, country, name, name_key, language, notes, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		c.ID, c.Workspace, c.Phone, c.Country, c.Name, fold(c.Name), c.Language, c.Notes, Millis(c.CreatedAt), Millis(c.UpdatedAt))
	if err != nil {
		return s.phoneConflict(err)
	}
	if err := putValues(tx, c.ID, c.Fields); err != nil {
		return err
	}
	return joinGroups(tx, c.Workspace, c.ID, c.Groups)
}

func (s *Store) phoneConflict(err error) error {
	if s.db.IsUnique(err) {
		return conflict("phone", "Another contact has this number. Open that one, or merge the two.")
	}
	return err
}

// UpdateContact implements store.Audience.
func (s *Store) UpdateContact(ctx context.Context, c store.Contact, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error { return s.replaceContact(tx, c) })
}

func (s *Store) replaceContact(tx Tx, c store.Contact) error {
	n, err := tx.Exec(`UPDATE contacts SET phone = $1, country = $2, name = $3, name_key = $4, language = $5, notes = $6, updated_at = $7
		WHERE workspace_id = $8 AND id = $9`, c.Phone, c.Country, c.Name, fold(c.Name), c.Language, c.Notes, Millis(c.UpdatedAt), c.Workspace, c.ID)
	if err := touched(n, s.phoneConflict(err), "contact"); err != nil {
		return err
	}
	if _, err := tx.Exec("DELETE FROM contact_values WHERE contact_id = $1", c.ID); err != nil {
		return err
	}
	if err := putValues(tx, c.ID, c.Fields); err != nil {
		return err
	}
	if _, err := tx.Exec("DELETE FROM group_members WHERE contact_id = $1", c.ID); err != nil {
		return err
	}
	return joinGroups(tx, c.Workspace, c.ID, c.Groups)
}

// putValues sets fields of a contact; an empty value is none.
func putValues(tx Tx, id smsir.UUID, fields map[string]string) error {
	for key, value := range fields {
		if value == "" {
			continue
		}
		if _, err := tx.Exec(`INSERT INTO contact_values (contact_id, key, value) VALUES ($1, $2, $3)
			ON CONFLICT (contact_id, key) DO UPDATE SET value = excluded.value`, id, key, value); err != nil {
			return err
		}
	}
	return nil
}

// joinGroups puts a contact into static groups of its workspace; others are passed over.
func joinGroups(tx Tx, workspace, contact smsir.UUID, groups []smsir.UUID) error {
	for _, g := range groups {
		if _, err := tx.Exec(`INSERT INTO group_members (group_id, contact_id)
			SELECT g.id, $1 FROM groups g WHERE g.workspace_id = $2 AND g.id = $3 AND g.filter = '' ON CONFLICT DO NOTHING`, contact, workspace, g); err != nil {
			return err
		}
	}
	return nil
}

// PutContacts implements store.Audience.
func (s *Store) PutContacts(ctx context.Context, contacts []store.Contact) (changes []store.ContactChange, err error) {
	if len(contacts) == 0 {
		return nil, nil
	}
	err = s.db.Update(ctx, func(tx Tx) error {
		changes = make([]store.ContactChange, 0, len(contacts))
		for _, c := range contacts {
			change, err := s.putContact(tx, c)
			if err != nil {
				return err
			}
			changes = append(changes, change)
		}
		return nil
	})
	return changes, err
}

func (s *Store) putContact(tx Tx, c store.Contact) (store.ContactChange, error) {
	rows, err := tx.Query("SELECT "+contactColumns+" FROM contacts c WHERE c.workspace_id = $1 AND c.phone = $2", c.Workspace, c.Phone)
	found, err := all(rows, err, scanContact)
	if err != nil {
		return store.ContactChange{}, err
	}
	if len(found) == 0 {
		return store.ContactChange{ID: c.ID, Created: true}, s.insertContact(tx, c)
	}
	old := found[0]
	if old.Fields, err = valuesOf(tx, old.ID); err != nil {
		return store.ContactChange{}, err
	}
	if old.Groups, err = groupsOf(tx, old.ID); err != nil {
		return store.ContactChange{}, err
	}
	name, language, notes := otherwise(c.Name, old.Name), otherwise(c.Language, old.Language), otherwise(c.Notes, old.Notes)
	if _, err := tx.Exec("UPDATE contacts SET name = $1, name_key = $2, language = $3, notes = $4, updated_at = $5 WHERE id = $6",
		name, fold(name), language, notes, Millis(c.UpdatedAt), old.ID); err != nil {
		return store.ContactChange{}, err
	}
	if err := putValues(tx, old.ID, c.Fields); err != nil {
		return store.ContactChange{}, err
	}
	return store.ContactChange{ID: old.ID, Before: &old}, joinGroups(tx, c.Workspace, old.ID, c.Groups)
}

func valuesOf(tx Tx, id smsir.UUID) (map[string]string, error) {
	fields := map[string]string{}
	rows, err := tx.Query("SELECT key, value FROM contact_values WHERE contact_id = $1", id)
	return fields, each(rows, err, func(r Rows) error {
		var key, value string
		err := r.Scan(&key, &value)
		fields[key] = value
		return err
	})
}

func groupsOf(tx Tx, id smsir.UUID) (groups []smsir.UUID, err error) {
	rows, err := tx.Query("SELECT group_id FROM group_members WHERE contact_id = $1 ORDER BY group_id", id)
	return groups, each(rows, err, func(r Rows) error {
		var g smsir.UUID
		err := r.Scan(&g)
		groups = append(groups, g)
		return err
	})
}

func otherwise(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// DeleteContacts implements store.Audience.
func (s *Store) DeleteContacts(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID, audit store.AuditEntry) (n int, err error) {
	err = s.change(ctx, audit, func(tx Tx) error {
		n, err = deleteContacts(tx, workspace, ids)
		return err
	})
	return n, err
}

func deleteContacts(tx Tx, workspace smsir.UUID, ids []smsir.UUID) (n int, err error) {
	for _, id := range ids {
		gone, err := tx.Exec("DELETE FROM contacts WHERE workspace_id = $1 AND id = $2", workspace, id)
		if err != nil {
			return 0, err
		}
		n += int(gone)
	}
	return n, nil
}

// MergeContacts implements store.Audience.
func (s *Store) MergeContacts(ctx context.Context, keep store.Contact, others []smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		for _, id := range others {
			if id == keep.ID {
				continue
			}
			groups, err := groupsOf(tx, id)
			if err != nil {
				return err
			}
			keep.Groups = append(keep.Groups, groups...)
			n, err := deleteContacts(tx, keep.Workspace, []smsir.UUID{id})
			if err := touched(int64(n), err, "contact"); err != nil {
				return err
			}
		}
		return s.replaceContact(tx, keep)
	})
}

// SameNames implements store.Audience.
func (s *Store) SameNames(ctx context.Context, workspace smsir.UUID, limit int) (sets [][]store.Contact, err error) {
	rows, err := s.db.Query(ctx, "SELECT "+contactColumns+` FROM contacts c JOIN (
			SELECT name_key FROM contacts WHERE workspace_id = $1 AND name_key <> '' GROUP BY name_key HAVING COUNT(*) > 1 ORDER BY name_key LIMIT $2
		) d ON d.name_key = c.name_key WHERE c.workspace_id = $1 ORDER BY c.name_key, c.created_at, c.id LIMIT 1000`, workspace, int64(limit))
	list, err := all(rows, err, scanContact)
	if err == nil {
		err = s.complete(ctx, list)
	}
	for start := 0; start < len(list); {
		end := start + 1
		for end < len(list) && fold(list[end].Name) == fold(list[start].Name) {
			end++
		}
		if end-start > 1 {
			sets = append(sets, list[start:end])
		}
		start = end
	}
	return sets, err
}

// ChangeGroup implements store.Audience.
func (s *Store) ChangeGroup(ctx context.Context, workspace, id smsir.UUID, add, remove []smsir.UUID, now time.Time) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("UPDATE groups SET updated_at = $1 WHERE workspace_id = $2 AND id = $3 AND filter = ''", Millis(now), workspace, id)
		if err := touched(n, err, "group to put people into"); err != nil {
			return err
		}
		for _, contact := range add {
			if _, err := tx.Exec(`INSERT INTO group_members (group_id, contact_id)
				SELECT $1, c.id FROM contacts c WHERE c.workspace_id = $2 AND c.id = $3 ON CONFLICT DO NOTHING`, id, workspace, contact); err != nil {
				return err
			}
		}
		for _, contact := range remove {
			if _, err := tx.Exec("DELETE FROM group_members WHERE group_id = $1 AND contact_id = $2", id, contact); err != nil {
				return err
			}
		}
		return nil
	})
}
