package sqldb

import (
	"context"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const viewColumns = "v.id, v.workspace_id, v.owner_id, v.team, v.name, v.query, v.created_at, v.updated_at"

func scanView(v *store.View) scan {
	return scan{&v.ID, &v.Workspace, &v.Owner, boolean{&v.Team}, &v.Name, &v.Query, moment{&v.CreatedAt}, moment{&v.UpdatedAt}}
}

// Views implements store.History.
func (s *Store) Views(ctx context.Context, workspace, person smsir.UUID) ([]store.View, error) {
	rows, err := s.db.Query(ctx, "SELECT "+viewColumns+` FROM saved_views v
		WHERE v.workspace_id = $1 AND (v.team = 1 OR v.owner_id = $2) ORDER BY v.name_key, v.id`, workspace, person)
	return all(rows, err, scanView)
}

// View implements store.History.
func (s *Store) View(ctx context.Context, workspace, person, id smsir.UUID) (*store.View, error) {
	rows, err := s.db.Query(ctx, "SELECT "+viewColumns+` FROM saved_views v
		WHERE v.workspace_id = $1 AND v.id = $2 AND (v.team = 1 OR v.owner_id = $3)`, workspace, id, person)
	return first(rows, err, scanView, "view")
}

// CreateView implements store.History.
func (s *Store) CreateView(ctx context.Context, v store.View, limit int) error {
	return s.db.Update(ctx, func(tx Tx) error {
		var n int64
		rows, err := tx.Query("SELECT COUNT(*) FROM saved_views WHERE workspace_id = $1 AND owner_id = $2", v.Workspace, v.Owner)
		if err := one(rows, err, &n); err != nil {
			return err
		}
		if n >= int64(limit) {
			return conflict("", "You have saved as many views as there may be. Remove one that you no longer need.")
		}
		_, err = tx.Exec(`INSERT INTO saved_views (id, workspace_id, owner_id, team, name, name_key, query, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			v.ID, v.Workspace, v.Owner, Flag(v.Team), v.Name, fold(v.Name), v.Query, Millis(v.CreatedAt), Millis(v.UpdatedAt))
		return s.viewConflict(err)
	})
}

func (s *Store) viewConflict(err error) error {
	if s.db.IsUnique(err) {
		return conflict("name", "Another view has this name. Choose a different one.")
	}
	return err
}

// UpdateView implements store.History.
func (s *Store) UpdateView(ctx context.Context, v store.View) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE saved_views SET team = $1, name = $2, name_key = $3, query = $4, updated_at = $5
			WHERE workspace_id = $6 AND id = $7`, Flag(v.Team), v.Name, fold(v.Name), v.Query, Millis(v.UpdatedAt), v.Workspace, v.ID)
		return touched(n, s.viewConflict(err), "view")
	})
}

// DeleteView implements store.History.
func (s *Store) DeleteView(ctx context.Context, workspace, id smsir.UUID) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM saved_views WHERE workspace_id = $1 AND id = $2", workspace, id)
		return touched(n, err, "view")
	})
}

// Paid implements store.History.
func (s *Store) Paid(ctx context.Context, workspace smsir.UUID) ([]store.Paid, error) {
	rows, err := s.db.Query(ctx, `SELECT m.country, a.provider_id, m.segments, a.price_micros, a.price_currency
		FROM (SELECT id, country, segments FROM messages WHERE workspace_id = $1 ORDER BY id DESC LIMIT $2) m
		JOIN attempts a ON a.message_id = m.id
		WHERE a.price_currency <> '' AND a.price_micros > 0 ORDER BY a.id DESC`, workspace, int64(store.PaidLimit))
	return all(rows, err, func(p *store.Paid) scan {
		return scan{&p.Country, &p.Provider, &p.Segments, &p.Price.Micros, &p.Price.Currency}
	})
}
