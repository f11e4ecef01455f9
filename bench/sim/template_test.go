package sim

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
	sqlite3 "modernc.org/sqlite"
)

// template is a database with all tables and nothing in them, made once and copied for every seed.
type template struct {
	file []byte
	db   *sql.DB // the same, open
}

func newTemplate(t *testing.T) *template {
	t.Helper()
	path := sqlitetest.File(t, filepath.Join(t.TempDir(), "smsir.db"))
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	return &template{file, db}
}

// address is where a database is found.
func address(path string, memory bool) string {
	file := "file:" + (&url.URL{Path: path}).EscapedPath()
	if memory {
		return file + "?mode=memory&cache=shared"
	}
	return file + "?mode=ro"
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
		b, err := from.NewBackup(address(path, true))
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
