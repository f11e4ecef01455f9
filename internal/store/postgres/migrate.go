package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// tableExists asks for a table in the schema that we work in.
const tableExists = "SELECT to_regclass($1) IS NOT NULL"

// Migrate brings the schema of a database up to date and reports how many migrations ran. Nodes that do it at the same
// time do it one after the other.
func Migrate(ctx context.Context, url string) (n int, err error) {
	err = withMigrator(url, func(db *sql.DB, p *goose.Provider) error {
		n, err = sqldb.MigrateUp(ctx, db, p, tableExists)
		return err
	})
	return n, err
}

// Schema says how a database stands to this program, and changes nothing.
func Schema(ctx context.Context, url string) (s store.Schema, err error) {
	err = withMigrator(url, func(db *sql.DB, p *goose.Provider) error {
		s, err = sqldb.SchemaOf(ctx, db, p, tableExists)
		return err
	})
	return s, err
}

func withMigrator(url string, use func(*sql.DB, *goose.Provider) error) error {
	config, err := poolConfig(url, 0)
	if err != nil {
		return err
	}
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	p, err := goose.NewProvider(goose.DialectPostgres, db, dir, goose.WithSessionLocker(locker), goose.WithAllowOutofOrder(true))
	if err != nil {
		return errors.Join(fmt.Errorf("read migrations: %w", err), db.Close())
	}
	return errors.Join(use(db, p), db.Close())
}
