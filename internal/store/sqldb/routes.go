package sqldb

import (
	"context"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const routeColumns = "r.id, r.workspace_id, r.position, r.name, r.enabled, r.rule, r.version, r.created_at, r.updated_at"

func scanRoute(r *store.RouteRule) scan {
	return scan{&r.ID, &r.Workspace, &r.Position, &r.Name, boolean{&r.Enabled}, &r.Rule, &r.Version, moment{&r.CreatedAt}, moment{&r.UpdatedAt}}
}

// ListRoutes implements store.Routes.
func (s *Store) ListRoutes(ctx context.Context, workspace smsir.UUID) ([]store.RouteRule, error) {
	if workspace.IsZero() {
		rows, err := s.db.Query(ctx, "SELECT "+routeColumns+" FROM route_rules r ORDER BY r.workspace_id, r.position, r.id")
		return all(rows, err, scanRoute)
	}
	rows, err := s.db.Query(ctx, "SELECT "+routeColumns+" FROM route_rules r WHERE r.workspace_id = $1 ORDER BY r.position, r.id", workspace)
	return all(rows, err, scanRoute)
}

// Route implements store.Routes.
func (s *Store) Route(ctx context.Context, workspace, id smsir.UUID) (*store.RouteRule, error) {
	rows, err := s.db.Query(ctx, "SELECT "+routeColumns+" FROM route_rules r WHERE r.workspace_id = $1 AND r.id = $2", workspace, id)
	return first(rows, err, scanRoute, "routing rule")
}

// lockRoutes lets one change of a workspace's list of rules go on at a time, where transactions run
// side by side: the row of the workspace is locked.
func lockRoutes(tx Tx, workspace smsir.UUID) error {
	n, err := tx.Exec("UPDATE workspaces SET name = name WHERE id = $1", workspace)
	return touched(n, err, "workspace")
}

// CreateRoute implements store.Routes.
func (s *Store) CreateRoute(ctx context.Context, r store.RouteRule, limit int, audit store.AuditEntry) (*store.RouteRule, error) {
	r.Version = 1
	err := s.change(ctx, audit, func(tx Tx) error {
		if err := lockRoutes(tx, r.Workspace); err != nil {
			return err
		}
		var n, last int
		rows, err := tx.Query("SELECT COUNT(*), COALESCE(MAX(position), -1) FROM route_rules WHERE workspace_id = $1", r.Workspace)
		if err := one(rows, err, &n, &last); err != nil {
			return err
		}
		if n >= limit {
			return conflict("", "This workspace has as many routing rules as it may have. Delete one that is not needed any more.")
		}
		r.Position = last + 1
		_, err = tx.Exec(`INSERT INTO route_rules (id, workspace_id, position, name, enabled, rule, version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8)`,
			r.ID, r.Workspace, int64(r.Position), r.Name, Flag(r.Enabled), r.Rule, Millis(r.CreatedAt), Millis(r.UpdatedAt))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// UpdateRoute implements store.Routes.
func (s *Store) UpdateRoute(ctx context.Context, r store.RouteRule, audit store.AuditEntry) (*store.RouteRule, error) {
	var after *store.RouteRule
	err := s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE route_rules SET name = $1, enabled = $2, rule = $3, updated_at = $4, version = version + 1
			WHERE workspace_id = $5 AND id = $6 AND version = $7`,
			r.Name, Flag(r.Enabled), r.Rule, Millis(r.UpdatedAt), r.Workspace, r.ID, r.Version)
		if err := staleRoute(tx, r.Workspace, r.ID, n, err); err != nil {
			return err
		}
		rows, err := tx.Query("SELECT "+routeColumns+" FROM route_rules r WHERE r.workspace_id = $1 AND r.id = $2", r.Workspace, r.ID)
		after, err = first(rows, err, scanRoute, "routing rule")
		return err
	})
	return after, err
}

// DeleteRoute implements store.Routes.
func (s *Store) DeleteRoute(ctx context.Context, workspace, id smsir.UUID, version int64, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM route_rules WHERE workspace_id = $1 AND id = $2 AND version = $3", workspace, id, version)
		return staleRoute(tx, workspace, id, n, err)
	})
}

// staleRoute says why a statement about one version of a rule met no row.
func staleRoute(tx Tx, workspace, id smsir.UUID, n int64, err error) error {
	if err != nil || n > 0 {
		return err
	}
	is, err := found(tx.Query("SELECT 1 FROM route_rules WHERE workspace_id = $1 AND id = $2", workspace, id))
	if err != nil {
		return err
	}
	if !is {
		return touched(0, nil, "routing rule")
	}
	return smsir.Errorf(smsir.CodeStale, "Somebody else has changed this routing rule. Load it again, then decide.")
}

// OrderRoutes implements store.Routes.
func (s *Store) OrderRoutes(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		if err := lockRoutes(tx, workspace); err != nil {
			return err
		}
		left := map[smsir.UUID]bool{}
		rows, err := tx.Query("SELECT id FROM route_rules WHERE workspace_id = $1", workspace)
		if err := each(rows, err, func(r Rows) error {
			var id smsir.UUID
			if err := r.Scan(&id); err != nil {
				return err
			}
			left[id] = true
			return nil
		}); err != nil {
			return err
		}
		for i, id := range ids {
			if !left[id] {
				return conflict("ids", "One of these is no rule of this workspace, or stands there twice. Load the rules again, then order them.")
			}
			delete(left, id)
			if _, err := tx.Exec("UPDATE route_rules SET position = $1 WHERE workspace_id = $2 AND id = $3", int64(i), workspace, id); err != nil {
				return err
			}
		}
		if len(left) > 0 {
			return conflict("ids", "Rules are missing: somebody has added one since. Load the rules again, then order them all.")
		}
		return nil
	})
}
