package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
)

// SchemaOf looks at a database, of a driver that speaks SQL through database/sql, without changing it.
func SchemaOf(ctx context.Context, db *sql.DB, p *goose.Provider, exists string) (store.Schema, error) {
	var s store.Schema
	there, err := has(ctx, db, exists, "goose_db_version")
	if err != nil {
		return s, err
	}
	if !there {
		for _, source := range p.ListSources() {
			s.Pending = append(s.Pending, source.Path)
		}
		return s, nil
	}
	list, err := p.Status(ctx)
	if err != nil {
		return s, fmt.Errorf("read which migrations ran: %w", err)
	}
	for _, m := range list {
		if m.State == goose.StatePending {
			s.Pending = append(s.Pending, m.Source.Path)
		}
	}
	if s.Version, err = p.GetDBVersion(ctx); err != nil {
		return s, fmt.Errorf("read the version of the schema: %w", err)
	}
	s.Generation = 1 // of databases that are older than the table
	if there, err = has(ctx, db, exists, "schema_version"); err == nil && there {
		err = db.QueryRowContext(ctx, "SELECT generation FROM schema_version").Scan(&s.Generation)
	}
	return s, err
}

func has(ctx context.Context, db *sql.DB, query, table string) (there bool, err error) {
	if err := db.QueryRowContext(ctx, query, table).Scan(&there); err != nil {
		return false, fmt.Errorf("look for table %s: %w", table, err)
	}
	return there, nil
}

// MigrateUp runs the migrations that are due and reports how many, unless the database is too new.
func MigrateUp(ctx context.Context, db *sql.DB, p *goose.Provider, exists string) (int, error) {
	s, err := SchemaOf(ctx, db, p, exists)
	if err == nil {
		err = s.Fits()
	}
	if err != nil {
		return 0, err
	}
	failpoint.Hit(failpoint.StartMigrate)
	n := 0
	for ; n < len(s.Pending); n++ {
		_, err := p.UpByOne(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) { // another process has run the rest
			break
		}
		if err != nil {
			return n, fmt.Errorf("bring the database up to date: %w", err)
		}
		failpoint.Hit(failpoint.StartMigration)
	}
	failpoint.Hit(failpoint.StartMigrated)
	return n, nil
}
