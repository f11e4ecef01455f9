package sqlite_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
	"github.com/smsir/smsir/internal/store/storetest"
)

// TestRemovedTextIsNowhere: after a text was removed, its bytes are in no file of the database.
func TestRemovedTextIsNowhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func(t *testing.T, _ string, now func() time.Time) store.Store {
		t.Helper()
		st, err := sqlite.Open(context.Background(), sqlitetest.File(t, filepath.Join(dir, "smsir.db")), sqlite.Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	storetest.Scrubbed(t, open, func(marker string) {
		files, err := os.ReadDir(dir)
		if err != nil || len(files) < 3 { // the database, its log, its index of the log
			t.Fatalf("files: %v, %v", files, err)
		}
		for _, f := range files {
			content, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(content, []byte(marker)); n > 0 {
				t.Errorf("%s (%d bytes) has the removed text %d times", f.Name(), len(content), n)
			}
		}
	})
}
