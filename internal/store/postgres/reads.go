package postgres

import (
	"context"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// columnsOf is sqldb.MessageColumns of a table that a statement knows by another name.
func columnsOf(table string) string {
	var all []string
	for name := range strings.SplitSeq(sqldb.MessageColumns, ",") {
		all = append(all, table+"."+strings.TrimSpace(name))
	}
	return strings.Join(all, ", ")
}

// horizon is the id up to which every event is in the database: nothing at or below it can appear any more. It must be
// read before the events are, in a statement of its own.
func (s *Store) horizon(ctx context.Context) (id int64, err error) {
	rows, err := s.Query(ctx, "SELECT smsir_event_horizon()")
	if err != nil {
		return 0, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	if rows.Next() {
		err = rows.Scan(&id)
	}
	if err == nil {
		err = rows.Err()
	}
	return id, err
}

// EventsAfter implements store.Events. It stops below the ids of transactions that are still open.
func (s *Store) EventsAfter(ctx context.Context, workspace smsir.UUID, after smsir.ID, limit int) ([]smsir.Event, error) {
	end, err := s.horizon(ctx)
	if err != nil || end <= int64(after) {
		return nil, s.coded(err)
	}
	var rows sqldb.Rows
	if workspace.IsZero() {
		rows, err = s.Query(ctx, "SELECT "+sqldb.EventColumns+" FROM events WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3", int64(after), end, int64(limit))
	} else {
		rows, err = s.Query(ctx, "SELECT "+sqldb.EventColumns+" FROM events WHERE workspace_id = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4",
			workspace, int64(after), end, int64(limit))
	}
	return sqldb.ScanEvents(rows, err)
}

// LastEvent implements store.Events.
func (s *Store) LastEvent(ctx context.Context) (smsir.ID, error) {
	end, err := s.horizon(ctx)
	if err != nil {
		return 0, s.coded(err)
	}
	var id int64
	rows, err := s.Query(ctx, "SELECT coalesce(max(id), 0) FROM events WHERE id <= $1", end)
	if err != nil {
		return 0, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	if rows.Next() {
		err = rows.Scan(&id)
	}
	if err == nil {
		err = rows.Err()
	}
	return smsir.ID(id), err
}
