package main

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

// TestRun: a sound data folder passes, a wrong count fails, and what cannot be read is told.
func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	st, err := sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(data, "smsir.db")), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "simulator.log"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect := func(code int, says string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		if got := run(t.Context(), args, &out, &out); got != code || !strings.Contains(out.String(), says) {
			t.Errorf("%v: exit code %d, want %d, and %q in:\n%s", args, got, code, says, &out)
		}
	}
	expect(0, "lost 0 doubled 0 lying 0", data)
	expect(0, "lost 0 doubled 0 lying 0", dir)
	expect(2, "usage")
	expect(2, "simulator's ledger", filepath.Join(dir, "nowhere"))

	db, err := sql.Open("sqlite", filepath.Join(data, "smsir.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO counts (workspace_id, hour, status, final, n) VALUES (zeroblob(16), 0, 5, 1, 3)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	expect(1, "FAIL  the hourly counts agree", data)
}
