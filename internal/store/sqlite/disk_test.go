package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

// TestBallast: new messages are refused early; the room of the ballast is given to outcomes late, and
// taken again when there is plenty.
func TestBallast(t *testing.T) {
	t.Parallel()
	free := uint64(100 << 20)
	d := &diskWatch{log: slog.New(slog.DiscardHandler), dir: t.TempDir(), minFree: 10 << 20, size: 3<<20 + 1, free: func(string) (uint64, bool) { return free, true }}
	laid := func() bool {
		info, err := os.Stat(filepath.Join(d.dir, ballastName))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return err == nil && info.Size() == 3<<20+1
	}
	for _, step := range []struct {
		free    uint64
		low     bool
		ballast bool
	}{
		{100 << 20, false, true},
		{9 << 20, true, true},
		{4 << 20, true, true},
		{2 << 20, true, false},
		{5 << 20, true, false},
		{12 << 20, false, false},
		{17 << 20, false, true},
	} {
		free = step.free
		d.look(time.Now())
		if low := smsir.CodeOf(d.check()) == smsir.CodeStorageFull; low != step.low || laid() != step.ballast {
			t.Errorf("%d MiB free: low %v, ballast %v; want %v, %v", step.free>>20, low, laid(), step.low, step.ballast)
		}
	}
	d.drop() // as a commit does that met a full disk
	if laid() {
		t.Error("the ballast is still there")
	}
	if f, err := os.Create(filepath.Join(d.dir, "written")); err != nil || fill(f, 2<<20+5) != nil {
		t.Error(err)
	} else if info, _ := f.Stat(); info.Size() != 2<<20+5 {
		t.Errorf("filled %d bytes", info.Size())
	}
}

// TestLargeWALIsShortened: where nobody reads, the log is written back and cut.
func TestLargeWALIsShortened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "smsir.db")
	s, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // of a test
	s.disk.stop()
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		t.Fatalf("no log to shorten: %v", err)
	}
	s.disk.walLimit = 1
	s.disk.look(time.Now())
	if err := s.Tell(context.Background(), smsir.Event{Workspace: smsir.UUID{1}, Type: smsir.EventProviderUp, At: time.Now()}); err != nil {
		t.Fatal(err) // the writer does the one before the other
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() > 64<<10 {
		t.Errorf("the log has %d bytes, %v; want those of one commit", info.Size(), err)
	}
}

// TestFullDiskCutsTheLog: what fills the disk may be the write-ahead log, so it is written back and cut before the next commit.
func TestFullDiskCutsTheLog(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "smsir.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the test is over
	event := smsir.Event{Workspace: smsir.UUID{1}, Type: smsir.EventAccepted, At: time.Now()}
	if err := s.Tell(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	if err := s.writer.do(prioAccept, false, func(tx *wtx) error {
		var most int64
		_, err := tx.row("PRAGMA max_page_count = 1", nil, &most) // as many as there are
		return err
	}); err != nil {
		t.Fatal(err)
	}
	event.Data.Actor = strings.Repeat("long ", 10_000)
	if err := s.Tell(t.Context(), event); smsir.CodeOf(err) != smsir.CodeStorageFull {
		t.Fatalf("a full database says %v", err)
	}
	for start := time.Now(); ; runtime.Gosched() {
		info, err := os.Stat(s.path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() == 0 {
			return
		}
		if time.Since(start) > 20*time.Second {
			t.Fatalf("the write-ahead log has %d bytes still", info.Size())
		}
	}
}
