package postgres_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
	"github.com/smsir/smsir/internal/store/sqlite"
)

// onlyHere are the columns that PostgreSQL has and SQLite has not, for several nodes.
var onlyHere = []string{
	"counts.shard", "credit_held.shard", "nodes.name", "nodes.slot", "nodes.version", "nodes.lease_until",
	"workspace_leases.workspace_id", "workspace_leases.node", "workspace_leases.lease_until",
}

// TestBothDatabasesHaveTheSameTables: the same migrations by name, and after them the same tables and columns, so that
// queries of package sqldb run on both and a database can move from one to the other.
func TestBothDatabasesHaveTheSameTables(t *testing.T) {
	t.Parallel()
	files := func(dir string) []string {
		names, err := filepath.Glob(filepath.Join("..", dir, "migrations", "*.sql"))
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range names {
			names[i] = filepath.Base(n)
		}
		return names
	}
	if here, there := files("postgres"), files("sqlite"); !slices.Equal(here, there) || len(here) == 0 {
		t.Errorf("migrations %v here, %v for SQLite: each needs one of its name in both", here, there)
	}
	here, there := columns(t), sqliteColumns(t)
	for _, c := range onlyHere {
		if !slices.Contains(here, c) || slices.Contains(there, c) {
			t.Errorf("%s is listed as a column of PostgreSQL alone, and is not", c)
		}
	}
	here = slices.DeleteFunc(here, func(c string) bool { return slices.Contains(onlyHere, c) })
	for _, c := range here {
		if !slices.Contains(there, c) {
			t.Errorf("SQLite has no %s", c)
		}
	}
	for _, c := range there {
		if !slices.Contains(here, c) {
			t.Errorf("PostgreSQL has no %s", c)
		}
	}
}

func columns(t *testing.T) (all []string) {
	t.Helper()
	conn, err := pgx.Connect(bg, pgtest.Copy(t, migrated))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(bg) //nolint:errcheck // only read
	rows, err := conn.Query(bg, "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'goose_db_version'")
	if err != nil {
		t.Fatal(err)
	}
	if all, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		t.Fatal(err)
	}
	sort.Strings(all)
	return all
}

func sqliteColumns(t *testing.T) (all []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "smsir.db")
	if _, err := sqlite.Migrate(bg, path); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // only read
	rows, err := db.QueryContext(context.Background(), `SELECT m.name || '.' || p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		var c string
		if err := rows.Scan(&c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	sort.Strings(all)
	return all
}

// TestStatementsAreOldEnough: nothing that PostgreSQL 14 does not know. The server of the tests may be younger.
func TestStatementsAreOldEnough(t *testing.T) {
	t.Parallel()
	younger := []string{ // since 15, 16, 17
		"MERGE INTO", "NULLS NOT DISTINCT", "security_invoker", "JSON_TABLE", "JSON_ARRAYAGG", "JSON_OBJECTAGG", "any_value(", "IS JSON", "range_agg(",
		"regexp_like(", "regexp_count(", "array_shuffle(", "uuidv7(", "random_normal(", "pg_wal_replay_wait",
	}
	var texts []string
	for _, pattern := range []string{"*.go", "migrations/*.sql", "../sqldb/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, names...)
	}
	if len(texts) < 20 {
		t.Fatalf("only %d files: the test looks in the wrong place", len(texts))
	}
	for _, name := range texts {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range younger {
			if strings.Contains(strings.ToLower(string(text)), strings.ToLower(word)) {
				t.Errorf("%s uses %s, which PostgreSQL 14 does not have", name, word)
			}
		}
	}
}
