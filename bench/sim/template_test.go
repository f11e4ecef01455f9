package sim

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smsir/smsir/internal/store/sqlite"
	sqlite3 "modernc.org/sqlite"
)

// lived are the tables that the stages of this world and the oracle know. Opening a connection reads the whole schema, and
// a seed opens many: without the others it takes a third less time. A stage that asks for another one fails with "no such
// table"; add it here.
var lived = []string{
	"attempts", "audit", "auto_replies", "client_refs", "confirmations", "consents", "contacts", "conversation_messages", "conversations", "counts", "events",
	"goose_db_version", "idempotency", "inbound", "inbox_settings", "jobs", "members", "messages", "nodes", "opt_out_reviews", "part_sets", "parts", "providers",
	"receipts", "schema_version", "sessions", "set_parts", "settings", "suppressions", "users", "workspaces",
}

// template is a database with all tables and nothing in them, made once and copied for every seed.
type template struct {
	file []byte
	db   *sql.DB // the same, in memory
}

func newTemplate(t *testing.T) *template {
	t.Helper()
	path := filepath.Join(t.TempDir(), "smsir.db")
	st, err := sqlite.Open(bg, path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	m := &template{}
	if m.db, err = sql.Open("sqlite", path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.db.Close() })
	m.db.SetMaxOpenConns(1)
	var drop string
	if err := m.db.QueryRowContext(bg, "SELECT group_concat('DROP TABLE ' || name, ';') FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('"+
		strings.Join(lived, "', '")+"')").Scan(&drop); err != nil {
		t.Fatal(err)
	}
	if _, err := m.db.ExecContext(bg, drop+"; VACUUM; PRAGMA journal_mode = DELETE"); err != nil {
		t.Fatal(err)
	}
	if m.file, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return m
}

// copy puts a fresh database at path, in memory or on the disk, where it stays until the test ends it.
func (m *template) copy(path string, memory bool) (end func() error, err error) {
	if !memory {
		return func() error { return nil }, os.WriteFile(path, m.file, 0o600)
	}
	conn, err := m.db.Conn(bg)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // back to the pool
	var keep driver.Conn
	err = conn.Raw(func(c any) error {
		from, ok := c.(interface {
			NewBackup(uri string) (*sqlite3.Backup, error)
		})
		if !ok {
			return fmt.Errorf("the driver's %T copies no databases", c)
		}
		b, err := from.NewBackup("file:" + (&url.URL{Path: path}).EscapedPath() + "?mode=memory&cache=shared")
		if err != nil {
			return err
		}
		if _, err := b.Step(-1); err != nil {
			_ = b.Finish()
			return err
		}
		keep, err = b.Commit()
		return err
	})
	if err != nil {
		return nil, err
	}
	return keep.Close, nil
}

// scratch is a folder in memory, where there is such a thing: nobody pulls the plug here.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "smsir-sim-") //nolint:usetesting // in memory
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
