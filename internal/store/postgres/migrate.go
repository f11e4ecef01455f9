package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Generation is the schema that this program was written for: it works on this one and the next. A release that changes
// the schema in a way that the release before it cannot work with raises it, in its migration too.
const Generation = 1

// migrate brings the schema up to date. Nodes that start together do it one after the other.
func migrate(ctx context.Context, config *pgx.ConnConfig, log *slog.Logger) error {
	p, done, err := migrator(config)
	if err != nil {
		return err
	}
	defer done()
	results, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("bring the database up to date: %w", err)
	}
	if len(results) > 0 {
		log.Info("the schema of the database was brought up to date", "migrations", len(results))
	}
	return nil
}

func migrator(config *pgx.ConnConfig) (*goose.Provider, func(), error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, nil, err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, nil, err
	}
	db := stdlib.OpenDB(*config)
	p, err := goose.NewProvider(goose.DialectPostgres, db, dir, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read migrations: %w", err), db.Close())
	}
	return p, func() { _ = db.Close() }, nil
}
