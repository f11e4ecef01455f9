package sqldb

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// parseDay reads a day or an instant as the database keeps it.
func parseDay(text string) (int64, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return Millis(at), nil
		}
	}
	return 0, invalidFilter("%q is no day. Write it as 2026-11-23.", text)
}

// ContactFields implements store.Audience.
func (s *Store) ContactFields(ctx context.Context, workspace smsir.UUID) ([]store.ContactField, error) {
	rows, err := s.db.Query(ctx, "SELECT f.key, f.label, f.type, f.position FROM contact_fields f WHERE f.workspace_id = $1 ORDER BY f.position, f.key", workspace)
	return all(rows, err, func(f *store.ContactField) scan { return scan{&f.Key, &f.Label, &f.Type, &f.Position} })
}

// PutContactFields implements store.Audience.
func (s *Store) PutContactFields(ctx context.Context, workspace smsir.UUID, fields []store.ContactField, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		rows, err := tx.Query("SELECT f.key, f.label, f.type, f.position FROM contact_fields f WHERE f.workspace_id = $1", workspace)
		old, err := all(rows, err, func(f *store.ContactField) scan { return scan{&f.Key, &f.Label, &f.Type, &f.Position} })
		if err != nil {
			return err
		}
		stays := map[string]string{}
		for _, f := range fields {
			stays[f.Key] = f.Type
		}
		for _, f := range old {
			switch kind, ok := stays[f.Key]; {
			case !ok:
				if _, err := tx.Exec(`DELETE FROM contact_values WHERE key = $1 AND contact_id IN
					(SELECT c.id FROM contacts c WHERE c.workspace_id = $2)`, f.Key, workspace); err != nil {
					return err
				}
			case kind != f.Type:
				return conflict("fields", "The type of a field cannot change, because its values would not fit. Add a new field instead.")
			}
		}
		if _, err := tx.Exec("DELETE FROM contact_fields WHERE workspace_id = $1", workspace); err != nil {
			return err
		}
		for i, f := range fields {
			if _, err := tx.Exec("INSERT INTO contact_fields (workspace_id, key, label, type, position) VALUES ($1, $2, $3, $4, $5)",
				workspace, f.Key, f.Label, f.Type, int64(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

const groupColumns = "g.id, g.workspace_id, g.name, g.filter, g.created_at, g.updated_at"

func scanGroup(g *store.Group) scan {
	return scan{&g.ID, &g.Workspace, &g.Name, filterScan{&g.Filter}, moment{&g.CreatedAt}, moment{&g.UpdatedAt}}
}

// Groups implements store.Audience.
func (s *Store) Groups(ctx context.Context, workspace smsir.UUID) ([]store.Group, error) {
	rows, err := s.db.Query(ctx, "SELECT "+groupColumns+" FROM groups g WHERE g.workspace_id = $1 ORDER BY g.name_key, g.id", workspace)
	return all(rows, err, scanGroup)
}

// Group implements store.Audience.
func (s *Store) Group(ctx context.Context, workspace, id smsir.UUID) (*store.Group, error) {
	rows, err := s.db.Query(ctx, "SELECT "+groupColumns+" FROM groups g WHERE g.workspace_id = $1 AND g.id = $2", workspace, id)
	return first(rows, err, scanGroup, "group")
}

// CreateGroup implements store.Audience.
func (s *Store) CreateGroup(ctx context.Context, g store.Group, audit store.AuditEntry) error {
	filter, err := filterColumn(g.Filter)
	if err != nil {
		return err
	}
	return s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec("INSERT INTO groups (id, workspace_id, name, name_key, filter, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			g.ID, g.Workspace, g.Name, fold(g.Name), filter, Millis(g.CreatedAt), Millis(g.UpdatedAt))
		return s.groupConflict(err)
	})
}

func (s *Store) groupConflict(err error) error {
	if s.db.IsUnique(err) {
		return conflict("name", "Another group has this name. Choose a different one.")
	}
	return err
}

// UpdateGroup implements store.Audience. A group that people are put into stays one, and so does one with a filter.
func (s *Store) UpdateGroup(ctx context.Context, g store.Group, audit store.AuditEntry) error {
	filter, err := filterColumn(g.Filter)
	if err != nil {
		return err
	}
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE groups SET name = $1, name_key = $2, filter = $3, updated_at = $4
			WHERE workspace_id = $5 AND id = $6 AND (filter = '') = ($3 = '')`, g.Name, fold(g.Name), filter, Millis(g.UpdatedAt), g.Workspace, g.ID)
		return touched(n, s.groupConflict(err), "group of this kind")
	})
}

// DeleteGroup implements store.Audience.
func (s *Store) DeleteGroup(ctx context.Context, workspace, id smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM groups WHERE workspace_id = $1 AND id = $2", workspace, id)
		return touched(n, err, "group")
	})
}
