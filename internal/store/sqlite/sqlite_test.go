package sqlite_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
	"github.com/smsir/smsir/internal/store/storetest"
)

// opener gives each test database a folder of its own, the same one for the same name.
func opener(t *testing.T) storetest.Opener {
	var mu sync.Mutex
	dirs := map[string]string{}
	root := t.TempDir()
	return func(t *testing.T, name string, now func() time.Time) store.Store {
		t.Helper()
		mu.Lock()
		dir, ok := dirs[name]
		if !ok {
			dir = filepath.Join(root, strings.Map(func(r rune) rune {
				if r == '/' || r == ' ' {
					return '_'
				}
				return r
			}, name))
			dirs[name] = dir
		}
		mu.Unlock()
		st, err := sqlite.Open(context.Background(), sqlitetest.File(t, filepath.Join(dir, "smsir.db")), sqlite.Options{Now: now})
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		return st
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	storetest.Messages(t, opener(t))
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "it's a #folder?", "smsir.db")
	first, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if second, err := sqlite.Open(context.Background(), path, sqlite.Options{}); err == nil {
		_ = second.Close()
		t.Fatal("a second process opened the same database")
	} else if !strings.Contains(err.Error(), "in use by another smsir process") {
		t.Errorf("error %q does not say what is wrong", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		t.Fatalf("after the first ended: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestCreditEntriesStay: the database itself refuses to change or remove a line of the credit ledger.
func TestCreditEntriesStay(t *testing.T) {
	t.Parallel()
	st, ok := opener(t)(t, "stay", time.Now).(*sqlite.Store)
	if !ok {
		t.Fatal("another store")
	}
	t.Cleanup(func() { _ = st.Close() })
	exec := func(query string) error {
		return st.Update(t.Context(), func(tx sqldb.Tx) error { _, err := tx.Exec(query); return err })
	}
	if err := exec("INSERT INTO credit_entries (id, workspace_id, message_id, kind, amount, held, at) SELECT 1, id, 0, 5, 1, 0, 1 FROM (SELECT x'01' AS id) w"); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"UPDATE credit_entries SET amount = 2", "DELETE FROM credit_entries"} {
		if err := exec(query); err == nil {
			t.Errorf("%s: done", query)
		}
	}
}
