package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pressly/goose/v3"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

const tableExists = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)"

func migrator(db *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithAllowOutofOrder(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

func migrate(ctx context.Context, db *sql.DB) (int, error) {
	p, err := migrator(db)
	if err != nil {
		return 0, err
	}
	return sqldb.MigrateUp(ctx, db, p, tableExists)
}

// Migrate brings the schema of the database at path up to date and reports how many migrations ran. It refuses a
// database that a process has open.
func Migrate(ctx context.Context, path string) (n int, err error) {
	lock, err := takeLock(ctx, path+".lock")
	if err != nil {
		return 0, err
	}
	defer lock.Close() //nolint:errcheck // nothing is written through it
	db, err := sql.Open("sqlite", dsn(path, "journal_mode(WAL)", "synchronous(FULL)"))
	if err != nil {
		return 0, err
	}
	n, err = migrate(ctx, db)
	return n, errors.Join(err, db.Close())
}

// Schema says how the database at path stands to this program, and changes nothing.
func Schema(ctx context.Context, path string) (store.Schema, error) {
	if _, err := os.Stat(path); err != nil {
		return store.Schema{}, fmt.Errorf("there is no database yet: %w", err)
	}
	db, err := sql.Open("sqlite", dsn(path, "query_only(1)"))
	if err != nil {
		return store.Schema{}, err
	}
	p, err := migrator(db)
	if err != nil {
		return store.Schema{}, errors.Join(err, db.Close())
	}
	s, err := sqldb.SchemaOf(ctx, db, p, tableExists)
	return s, errors.Join(err, db.Close())
}
