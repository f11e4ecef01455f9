package sqlite

import (
	"path/filepath"
	"testing"
	"time"
)

// TestWriterSyncs: the very connection that commits is in WAL mode and syncs every commit, whatever Open has checked.
func TestWriterSyncs(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "smsir.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing was written
	var mode string
	var sync, checkpoint int
	if err := s.writer.do(prioAccept, false, func(tx *wtx) error {
		for query, dst := range map[string]any{"PRAGMA journal_mode": &mode, "PRAGMA synchronous": &sync, "PRAGMA wal_autocheckpoint": &checkpoint} {
			if _, err := tx.row(query, nil, dst); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if mode != "wal" || sync != 2 || checkpoint < 1 {
		t.Errorf("the writer commits with journal_mode=%s synchronous=%d wal_autocheckpoint=%d, want wal, 2 (FULL), and some", mode, sync, checkpoint)
	}
}

// TestCloseLeavesNothingOpen: the last connection takes the journal with it, which it can only if all the others are closed.
func TestCloseLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "smsir.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Recover(t.Context(), time.Now(), time.Now()); err != nil { // it reads and writes through the writer
		t.Fatal(err)
	}
	if _, err := s.LastEvent(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(path + "-*")
	if err != nil || len(left) > 0 {
		t.Errorf("after an orderly end there is %v, %v: a connection is still open", left, err)
	}
}
