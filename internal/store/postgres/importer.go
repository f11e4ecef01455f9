package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Importer fills an empty database with the rows of another one, in one transaction: it is filled whole, or stays empty.
// Nodes cannot start on it meanwhile.
type Importer struct {
	conn *pgx.Conn
	tx   pgx.Tx
}

// OpenImporter opens the database of an address to be filled and makes its tables. It fails while a node runs on it.
func OpenImporter(ctx context.Context, url string) (*Importer, error) {
	config, err := poolConfig(url, 0)
	if err != nil {
		return nil, err
	}
	if _, err := Migrate(ctx, url); err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	m := &Importer{conn: conn}
	if err := m.begin(ctx); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *Importer) begin(ctx context.Context) (err error) {
	var fsync, pages, commit, standbys string
	if err := m.conn.QueryRow(ctx, `SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
		current_setting('synchronous_standby_names')`).Scan(&fsync, &pages, &commit, &standbys); err != nil {
		return err
	}
	if why := risk(fsync, pages, commit, standbys); why != "" {
		return fmt.Errorf("the PostgreSQL server could lose what is moved to it: %s", why)
	}
	if m.tx, err = m.conn.Begin(ctx); err != nil {
		return err
	}
	if _, err := m.tx.Exec(ctx, "LOCK TABLE nodes IN EXCLUSIVE MODE"); err != nil {
		return err
	}
	var name string
	err = m.tx.QueryRow(ctx, "SELECT name FROM nodes WHERE stopped_at = 0 AND lease_until > smsir_now() LIMIT 1").Scan(&name)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err == nil:
		err = fmt.Errorf("node %q runs on this database: stop it first", name)
	}
	return err
}

// Order sorts tables so that what a row refers to is there before it.
func (m *Importer) Order(ctx context.Context, tables []string) ([]string, error) {
	rows, err := m.tx.Query(ctx, `SELECT a.relname::text, b.relname::text FROM pg_constraint c
		JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b ON b.oid = c.confrelid WHERE c.contype = 'f' AND a.oid <> b.oid`)
	if err != nil {
		return nil, err
	}
	needs := map[string][]string{}
	var from, to string
	if _, err := pgx.ForEachRow(rows, []any{&from, &to}, func() error { needs[from] = append(needs[from], to); return nil }); err != nil {
		return nil, err
	}
	var order []string
	for len(order) < len(tables) {
		before := len(order)
		for _, t := range tables {
			ready := !slices.ContainsFunc(needs[t], func(n string) bool { return slices.Contains(tables, n) && !slices.Contains(order, n) })
			if ready && !slices.Contains(order, t) {
				order = append(order, t)
			}
		}
		if len(order) == before {
			return nil, errors.New("tables refer to each other in a ring: they cannot be copied")
		}
	}
	return order, nil
}

// Empty reports whether a table has no row.
func (m *Importer) Empty(ctx context.Context, table string) (empty bool, err error) {
	err = m.tx.QueryRow(ctx, "SELECT NOT EXISTS (SELECT 1 FROM "+pgx.Identifier{table}.Sanitize()+")").Scan(&empty)
	return empty, err
}

// Adapt returns what makes a row of another database one of this: owners of messages are runs of that database, so what
// was waiting is free and what was being sent belongs to a node that never was (Recover makes it unknown, once); and text
// is stored without what this database cannot hold.
func (m *Importer) Adapt(table string, columns []string) func(row []any) {
	status, owner := slices.Index(columns, "status"), slices.Index(columns, "owner")
	return func(row []any) {
		for i, v := range row {
			if text, ok := v.(string); ok {
				row[i] = clean(text)
			}
		}
		if table != "messages" {
			return
		}
		row[owner] = nil
		if row[status] == int64(smsir.Sending) {
			row[owner] = int64(0)
		}
	}
}

// extra are columns that only this database has, with the value for rows from elsewhere.
func extra(table string) (columns []string, values []any) {
	if table == "counts" {
		return []string{"shard"}, []any{int64(-1)}
	}
	return nil, nil
}

// Copy writes rows into a table until next returns nil.
func (m *Importer) Copy(ctx context.Context, table string, columns []string, next func() ([]any, error)) (int64, error) {
	more, values := extra(table)
	return m.tx.CopyFrom(ctx, pgx.Identifier{table}, append(slices.Clone(columns), more...), pgx.CopyFromFunc(func() ([]any, error) {
		row, err := next()
		if row == nil || err != nil {
			return nil, err
		}
		return append(row, values...), nil
	}))
}

// Sum reads a table back and sums up its rows.
func (m *Importer) Sum(ctx context.Context, table string, columns []string) (s store.Sum, err error) {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	rows, err := m.tx.Query(ctx, "SELECT "+strings.Join(quoted, ", ")+" FROM "+pgx.Identifier{table}.Sanitize())
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		row, err := rows.Values()
		if err != nil {
			return s, err
		}
		for i, v := range row {
			switch v := v.(type) {
			case int16:
				row[i] = int64(v)
			case int32:
				row[i] = int64(v)
			}
		}
		if err := s.Add(row); err != nil {
			return s, err
		}
	}
	return s, rows.Err()
}

// Commit makes sequences go on where the rows end, and keeps everything.
func (m *Importer) Commit(ctx context.Context) error {
	rows, err := m.tx.Query(ctx, `SELECT table_name::text, column_name::text FROM information_schema.columns
		WHERE table_schema = current_schema() AND is_identity = 'YES' AND table_name <> 'goose_db_version'`)
	if err != nil {
		return err
	}
	type identity struct{ Table, Column string }
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[identity])
	if err != nil {
		return err
	}
	for _, i := range all {
		if _, err := m.tx.Exec(ctx, fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%s', '%s'), (SELECT max(%s) FROM %s)) WHERE EXISTS (SELECT 1 FROM %s)",
			i.Table, i.Column, pgx.Identifier{i.Column}.Sanitize(), pgx.Identifier{i.Table}.Sanitize(), pgx.Identifier{i.Table}.Sanitize())); err != nil {
			return fmt.Errorf("set the sequence of %s: %w", i.Table, err)
		}
	}
	if _, err := m.tx.Exec(ctx, "SELECT setval('event_ids', greatest((SELECT max(id) FROM events), (SELECT last_value FROM event_ids)))"); err != nil {
		return fmt.Errorf("set the sequence of events: %w", err)
	}
	if err := m.tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w. Run the move again: it finds out whether this one was kept", err)
	}
	_, err = m.conn.Exec(ctx, "ANALYZE")
	return err
}

// Close ends the connection; what was not committed is gone.
func (m *Importer) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), readyTime)
	defer cancel()
	_ = m.conn.Close(ctx) // it is given up either way
}
