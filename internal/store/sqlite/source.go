package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/smsir/smsir/internal/store/sqlite/single"
)

// movedSetting is the setting of a database whose data has moved elsewhere: where to, and when.
const movedSetting = "moved_to"

// Source is a database that is read to be moved elsewhere. No other process has it open meanwhile.
type Source struct {
	path string
	lock *sql.DB
	db   *sql.DB
}

// OpenSource opens the database at path to be moved, and brings its schema up to date. It fails while a process uses it.
func OpenSource(ctx context.Context, path string) (*Source, error) {
	single.UsePages()
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("there is no database to move: %w", err)
	}
	s := &Source{path: path}
	err := s.open(ctx)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Source) open(ctx context.Context) (err error) {
	if s.lock, err = takeLock(ctx, s.path+".lock"); err != nil {
		return err
	}
	if s.db, err = sql.Open("sqlite", dsn(s.path, "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-65536)")); err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	_, err = migrate(ctx, s.db)
	return err
}

// Tables lists the tables whose rows are data. Runs of this database (nodes) mean nothing elsewhere.
func (s *Source) Tables(ctx context.Context) ([]string, error) {
	return s.texts(ctx, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
		AND name NOT IN ('goose_db_version', 'schema_version', 'nodes') ORDER BY name`)
}

// Columns lists the columns of a table.
func (s *Source) Columns(ctx context.Context, table string) ([]string, error) {
	return s.texts(ctx, "SELECT name FROM pragma_table_info($1) ORDER BY cid", table)
}

func (s *Source) texts(ctx context.Context, query string, args ...any) (all []string, err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

// Rows reads every row of a table; each is the callee's to keep.
func (s *Source) Rows(ctx context.Context, table string, columns []string, each func(row []any) error) error {
	query := `SELECT "` + strings.Join(columns, `", "`) + `" FROM "` + table + `"` //nolint:gosec // names that the database itself has told
	if table == "settings" {
		query += " WHERE name <> '" + movedSetting + "'"
	}
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		row, dst := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			dst[i] = &row[i]
		}
		if err := rows.Scan(dst...); err != nil {
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Mark notes that the data has moved. From then on [Open] refuses this database.
func (s *Source) Mark(ctx context.Context, to string) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", movedSetting, to)
	return err
}

// Close lets the database go.
func (s *Source) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.db, s.lock} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// checkMoved refuses a database whose data is elsewhere now.
func (s *Store) checkMoved(ctx context.Context) error {
	var to string
	err := s.write.QueryRowContext(ctx, "SELECT value FROM settings WHERE name = $1", movedSetting).Scan(&to)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("the data of %s was moved to %s. Start with --store-url and that address; only to go back to this old copy, knowing that what happened since is missing here, start with --store-ignore-move", s.path, to)
}
