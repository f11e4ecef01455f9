package sqldb

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const providerColumns = `p.id, p.workspace_id, p.kind, p.name, p.settings, p.secrets, p.enabled, p.priority,
	p.created_at, p.updated_at`

func scanProvider(p *store.Provider) scan {
	return scan{
		&p.ID, &p.Workspace, &p.Kind, &p.Name,
		document{&p.Settings},
		&p.Secrets,
		boolean{&p.Enabled},
		&p.Priority,
		moment{&p.CreatedAt},
		moment{&p.UpdatedAt},
	}
}

// ListProviders implements store.Providers.
func (s *Store) ListProviders(ctx context.Context, workspace smsir.UUID) ([]store.Provider, error) {
	if workspace.IsZero() {
		rows, err := s.db.Query(ctx, "SELECT "+providerColumns+` FROM providers p
			WHERE p.deleted_at = 0 ORDER BY p.workspace_id, p.priority, p.created_at, p.id`)
		return all(rows, err, scanProvider)
	}
	rows, err := s.db.Query(ctx, "SELECT "+providerColumns+` FROM providers p
		WHERE p.workspace_id = $1 AND p.deleted_at = 0 ORDER BY p.priority, p.created_at, p.id`, workspace)
	return all(rows, err, scanProvider)
}

// Provider implements store.Providers.
func (s *Store) Provider(ctx context.Context, workspace, id smsir.UUID) (*store.Provider, error) {
	rows, err := s.db.Query(ctx, "SELECT "+providerColumns+` FROM providers p
		WHERE p.workspace_id = $1 AND p.id = $2 AND p.deleted_at = 0`, workspace, id)
	return first(rows, err, scanProvider, "provider")
}

// CreateProvider implements store.Providers.
func (s *Store) CreateProvider(ctx context.Context, p store.Provider, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error { return s.insertProvider(tx, p) })
}

func (s *Store) insertProvider(tx Tx, p store.Provider) error {
	settings, err := encode(p.Settings)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO providers (id, workspace_id, kind, name, settings, secrets, enabled, priority, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.ID, p.Workspace, p.Kind, p.Name, settings, blob(p.Secrets), Flag(p.Enabled), int64(p.Priority), Millis(p.CreatedAt), Millis(p.UpdatedAt))
	return s.nameConflict(err)
}

func (s *Store) nameConflict(err error) error {
	if s.db.IsUnique(err) {
		return conflict("name", "Another provider of this workspace has this name. Choose a different one.")
	}
	return err
}

// UpdateProvider implements store.Providers. The kind of a provider and the time of its creation stay.
func (s *Store) UpdateProvider(ctx context.Context, p store.Provider, audit store.AuditEntry) error {
	settings, err := encode(p.Settings)
	if err != nil {
		return err
	}
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE providers SET name = $1, settings = $2, secrets = $3, enabled = $4, priority = $5, updated_at = $6
			WHERE workspace_id = $7 AND id = $8 AND deleted_at = 0`,
			p.Name, settings, blob(p.Secrets), Flag(p.Enabled), int64(p.Priority), Millis(p.UpdatedAt), p.Workspace, p.ID)
		return touched(n, s.nameConflict(err), "provider")
	})
}

// openMessages finds a message that is not final and asks for, or went through, a provider. Its first parts walk the
// indexes of live messages, whatever the size of the history; hence the materialized step.
const openMessages = `WITH live AS MATERIALIZED (
		SELECT workspace_id, provider_id, used_provider_id FROM messages WHERE final = 0 AND deadline_at > 0
		UNION ALL
		SELECT workspace_id, provider_id, used_provider_id FROM messages WHERE owner IS NOT NULL
	)
	SELECT 1 FROM live WHERE workspace_id = $1 AND (provider_id = $2 OR used_provider_id = $2) LIMIT 1`

// DeleteProvider implements store.Providers. The row stays for its name, without settings and secrets.
func (s *Store) DeleteProvider(ctx context.Context, workspace, id smsir.UUID, now time.Time, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE providers SET deleted_at = $1, updated_at = $1, enabled = 0, settings = '{}', secrets = NULL
			WHERE workspace_id = $2 AND id = $3 AND deleted_at = 0`, Millis(now), workspace, id)
		if err := touched(n, err, "provider"); err != nil {
			return err
		}
		open, err := found(tx.Query(openMessages, workspace, id))
		if err == nil && open {
			return conflict("", "Messages that go through this provider are still open. Disable it, and delete it when they have ended.")
		}
		return err
	})
}

// ProviderNames implements store.Providers.
func (s *Store) ProviderNames(ctx context.Context, workspace smsir.UUID) (map[smsir.UUID]store.Provider, error) {
	rows, err := s.db.Query(ctx, "SELECT "+providerColumns+" FROM providers p WHERE p.workspace_id = $1", workspace)
	list, err := all(rows, err, scanProvider)
	if err != nil {
		return nil, err
	}
	names := make(map[smsir.UUID]store.Provider, len(list))
	for _, p := range list {
		names[p.ID] = p
	}
	return names, nil
}
