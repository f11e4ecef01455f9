package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
	"github.com/smsir/smsir/internal/store/storetest"
	sqlite3 "modernc.org/sqlite"
)

// plainDB is the smallest database that package sqldb can stand on: one transaction at a time. Every transaction runs
// twice, the first time rolled back, because the contract of [sqldb.DB] allows that.
type plainDB struct {
	db *sql.DB
	mu sync.Mutex
}

type plainTx struct {
	ctx context.Context
	tx  *sql.Tx
}

func (t plainTx) Exec(query string, args ...any) (int64, error) {
	res, err := t.tx.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t plainTx) Query(query string, args ...any) (sqldb.Rows, error) {
	return t.tx.QueryContext(t.ctx, query, args...)
}

func (d *plainDB) Query(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	return d.db.QueryContext(ctx, query, args...)
}

func (d *plainDB) QueryOnce(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	return d.db.QueryContext(ctx, query, args...)
}

func (d *plainDB) ArrayHas(column string) string { return column + " = ?" }

func (d *plainDB) Update(ctx context.Context, f func(sqldb.Tx) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.once(ctx, f, false); err != nil {
		return err
	}
	return d.once(ctx, f, true)
}

func (d *plainDB) once(ctx context.Context, f func(sqldb.Tx) error, commit bool) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(plainTx{ctx, tx}); err != nil || !commit {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (d *plainDB) Run() int64 { return 1 }

func (d *plainDB) IsUnique(err error) bool {
	var se *sqlite3.Error
	return errors.As(err, &se) && (se.Code() == 1555 || se.Code() == 2067)
}

func open(t *testing.T) (*sqldb.Store, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("../sqlite/migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return sqldb.New(&plainDB{db: db}), db
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	storetest.Accounts(t, func(t *testing.T) *sqldb.Store {
		s, _ := open(t)
		return s
	})
}

// TestPlans: what is asked often, or inside a transaction, must not walk the history.
func TestPlans(t *testing.T) {
	t.Parallel()
	_, db := open(t)
	for query, indexes := range map[string][]string{
		sqldb.OpenMessages: {"messages_deadline", "messages_owner"}, // when a provider is deleted
		sqldb.EndedCodes:   {"messages_codes"},
	} {
		plan := explain(t, db, query)
		for _, index := range indexes {
			if !strings.Contains(plan, index) {
				t.Errorf("the plan does not use %s:\n%s", index, plan)
			}
		}
		if strings.Contains(plan, "messages_workspace") || strings.Contains(plan, "SCAN m") {
			t.Errorf("the plan walks the history:\n%s", plan)
		}
	}
}

func explain(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, []byte("w"), []byte("p"))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "\n")
}

// TestOpenMessagesKeepAProvider judges each way in which a message can be open.
func TestOpenMessagesKeepAProvider(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		status, final, finished, deadline int
		owner                             any
		asked, used                       bool
		keeps                             bool
	}{
		"queued, asks for it":    {1, 0, 0, 9, nil, true, false, true},
		"sending through it":     {2, 0, 0, 0, 1, false, true, true},
		"sent, waits for a DLR":  {4, 0, 0, 9, nil, false, true, true},
		"delivered through it":   {9, 1, 5, 0, nil, true, true, false},
		"sent for good":          {4, 1, 5, 0, nil, false, true, false},
		"queued, any provider":   {1, 0, 0, 9, nil, false, false, false},
		"queued and held by one": {1, 0, 0, 9, 1, true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db := open(t)
			w, p := smsir.NewUUID(now), smsir.NewUUID(now)
			pick := func(yes bool) any {
				if yes {
					return p
				}
				return nil
			}
			_, err := db.ExecContext(t.Context(), `INSERT INTO workspaces (id, name, country, time_zone, created_at) VALUES ($1, 'w', 'US', 'UTC', 1)`, w)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.CreateProvider(t.Context(), store.Provider{ID: p, Workspace: w, Kind: "fake", Name: "p"}, store.AuditEntry{}); err != nil {
				t.Fatal(err)
			}
			_, err = db.ExecContext(t.Context(), `INSERT INTO messages (id, workspace_id, creator_kind, class, recipient, recipient_raw, country, sender,
				text, encoding, segments, provider_id, on_unknown, accepted_at, expires_at, status, final, reason, seq, updated_at, finished_at,
				used_provider_id, deadline_at, owner)
				VALUES (1, $1, 0, 1, '', '', '', '', '', 0, 1, $2, 0, 1, 9, $3, $4, '', 1, 1, $5, $6, $7, $8)`,
				w, pick(c.asked), c.status, c.final, c.finished, pick(c.used), c.deadline, c.owner)
			if err != nil {
				t.Fatal(err)
			}
			err = s.DeleteProvider(t.Context(), w, p, now, store.AuditEntry{})
			if kept := smsir.CodeOf(err) == smsir.CodeConflict; kept != c.keeps || (err != nil) != kept {
				t.Errorf("DeleteProvider: got %v, want kept = %v", err, c.keeps)
			}
		})
	}
}

// TestFailuresOfTheDatabaseComeThrough: a fault of the database is never taken for "no such row".
func TestFailuresOfTheDatabaseComeThrough(t *testing.T) {
	t.Parallel()
	s, db := open(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, id := t.Context(), smsir.NewUUID(time.Now())
	_, err1 := s.HasUsers(ctx)
	_, err2 := s.UserByEmail(ctx, "ada@example.com")
	_, _, _, err3 := s.SessionByToken(ctx, [32]byte{}, time.Now())
	_, err4 := s.Setting(ctx, "x")
	_, err5 := s.ActorNames(ctx, id, []smsir.UUID{id})
	_, err6 := s.ListProviders(ctx, id)
	err7 := s.SetRole(ctx, id, id, store.Admin, store.AuditEntry{})
	_, err8 := s.ProviderNames(ctx, id)
	for i, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8} {
		if err == nil || smsir.CodeOf(err) != "" {
			t.Errorf("call %d on a closed database: got %v (code %q), want its own error", i+1, err, smsir.CodeOf(err))
		}
	}
}
