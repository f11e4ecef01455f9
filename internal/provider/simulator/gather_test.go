package simulator

import (
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
)

// countingFile counts syncs.
type countingFile struct {
	file
	syncs int
}

func (f *countingFile) Sync() error { f.syncs++; return f.file.Sync() }

func TestGatherSharesOneSync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, err := openFile(filepath.Join(t.TempDir(), LedgerName))
		if err != nil {
			t.Fatal(err)
		}
		counted := &countingFile{file: f}
		j := &journal{file: counted, gather: 5 * time.Millisecond}
		var wg sync.WaitGroup
		for i := range 10 {
			time.Sleep(400 * time.Microsecond) // all within the time that the first one waits
			wg.Go(func() {
				if err := j.append([]byte("{}\n"), smsir.ID(i+1), true); err != nil {
					t.Errorf("append: %v", err)
				}
			})
		}
		wg.Wait()
		if counted.syncs != 1 {
			t.Errorf("%d syncs for 10 lines within 5 ms, want 1", counted.syncs)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
}
