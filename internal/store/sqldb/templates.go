package sqldb

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const templateColumns = `t.id, t.workspace_id, t.name, t.texts, t.author_kind, t.author_id, t.created_at, t.updated_at, t.archived_at,
	(SELECT COUNT(*) FROM campaigns c WHERE c.template_id = t.id)`

func scanTemplate(t *store.Template) scan {
	return scan{
		&t.ID, &t.Workspace, &t.Name,
		document{&t.Texts},
		&t.Author.Kind, &t.Author.ID,
		moment{&t.CreatedAt},
		moment{&t.UpdatedAt},
		moment{&t.ArchivedAt},
		&t.Uses,
	}
}

// Templates implements store.CampaignReader.
func (s *Store) Templates(ctx context.Context, workspace smsir.UUID, archived bool) ([]store.Template, error) {
	where := "t.archived_at = 0"
	if archived {
		where = "t.archived_at > 0"
	}
	rows, err := s.db.Query(ctx, "SELECT "+templateColumns+" FROM templates t WHERE t.workspace_id = $1 AND "+where+" ORDER BY t.name_key, t.id", workspace)
	return all(rows, err, scanTemplate)
}

// Template implements store.CampaignReader.
func (s *Store) Template(ctx context.Context, workspace, id smsir.UUID) (*store.Template, error) {
	rows, err := s.db.Query(ctx, "SELECT "+templateColumns+" FROM templates t WHERE t.workspace_id = $1 AND t.id = $2", workspace, id)
	return first(rows, err, scanTemplate, "template")
}

// CreateTemplate implements store.Campaigns.
func (s *Store) CreateTemplate(ctx context.Context, t store.Template, audit store.AuditEntry) error {
	texts, err := encode(t.Texts)
	if err != nil {
		return err
	}
	return s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO templates (id, workspace_id, name, name_key, texts, author_kind, author_id, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, t.ID, t.Workspace, t.Name, fold(t.Name), texts,
			int64(t.Author.Kind), t.Author.ID, Millis(t.CreatedAt), Millis(t.UpdatedAt))
		return s.templateConflict(err)
	})
}

func (s *Store) templateConflict(err error) error {
	if s.db.IsUnique(err) {
		return conflict("name", "Another template has this name. Choose a different one.")
	}
	return err
}

// UpdateTemplate implements store.Campaigns.
func (s *Store) UpdateTemplate(ctx context.Context, t store.Template, audit store.AuditEntry) error {
	texts, err := encode(t.Texts)
	if err != nil {
		return err
	}
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE templates SET name = $1, name_key = $2, texts = $3, author_kind = $4, author_id = $5, updated_at = $6, archived_at = $7
			WHERE workspace_id = $8 AND id = $9`, t.Name, fold(t.Name), texts, int64(t.Author.Kind), t.Author.ID, Millis(t.UpdatedAt),
			Millis(t.ArchivedAt), t.Workspace, t.ID)
		return touched(n, s.templateConflict(err), "template")
	})
}

// DeleteTemplate implements store.Campaigns.
func (s *Store) DeleteTemplate(ctx context.Context, workspace, id smsir.UUID, now time.Time, audit store.AuditEntry) (archived bool, err error) {
	err = s.change(ctx, audit, func(tx Tx) error {
		used, err := found(tx.Query("SELECT 1 FROM campaigns WHERE template_id = $1 LIMIT 1", id))
		if err != nil {
			return err
		}
		if archived = used; used {
			n, err := tx.Exec("UPDATE templates SET archived_at = $1 WHERE workspace_id = $2 AND id = $3", Millis(now), workspace, id)
			return touched(n, err, "template")
		}
		n, err := tx.Exec("DELETE FROM templates WHERE workspace_id = $1 AND id = $2", workspace, id)
		return touched(n, err, "template")
	})
	return archived, err
}
