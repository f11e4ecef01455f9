package sqlite

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
)

// diskWatch knows whether the disk has room for new messages. It looks now and then ([Options.DiskEvery]), so that the
// hot path only reads a flag. Outcomes and receipts are never refused by it: for them it keeps a
// ballast, a file that is deleted when the room that is left is smaller than it, and laid again when
// there is plenty. It also keeps the write-ahead log from growing without bound.
type diskWatch struct {
	low  atomic.Bool
	quit chan struct{}
	done chan struct{}

	log      *slog.Logger
	dir      string
	minFree  uint64
	free     func(dir string) (uint64, bool)
	size     uint64 // of the ballast
	wal      string
	walLimit int64
	truncate func() // the write-ahead log
	warned   time.Time

	mu   sync.Mutex
	held bool // the ballast is there
}

const (
	ballastName = "smsir.ballast"
	maxBallast  = 64 << 20
	walLimit    = 256 << 20
	walPause    = time.Minute // between two attempts to shorten it
)

func (d *diskWatch) start(path string, minFree uint64, every time.Duration) {
	d.dir, d.minFree, d.wal, d.walLimit = filepath.Dir(path), minFree, path+"-wal", walLimit
	if d.free == nil {
		d.free = freeBytes
	}
	if size, ok := DiskSize(d.dir); ok && minFree > 0 {
		d.size = min(maxBallast, size/100)
	}
	_, err := os.Stat(d.ballast())
	d.held = err == nil
	d.quit, d.done = make(chan struct{}), make(chan struct{})
	d.look(time.Now())
	go func() {
		defer close(d.done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				d.look(now)
			case <-d.quit:
				return
			}
		}
	}()
}

func (d *diskWatch) look(now time.Time) {
	if info, err := os.Stat(d.wal); err == nil && info.Size() > d.walLimit && now.Sub(d.warned) >= walPause {
		d.warned = now
		d.log.Warn("the write-ahead log of the database is large: a long read keeps it from being written back", "bytes", info.Size())
		d.truncate()
	}
	free, ok := d.free(d.dir)
	if !ok || d.minFree == 0 {
		return
	}
	d.low.Store(free < d.minFree)
	d.mu.Lock()
	held := d.held
	d.mu.Unlock()
	switch {
	case held && free < d.size:
		d.drop()
	case !held && d.size > 0 && free >= d.minFree+2*d.size:
		d.lay()
	}
}

func (d *diskWatch) ballast() string { return filepath.Join(d.dir, ballastName) }

// drop makes room for the outcomes of messages that are under way.
func (d *diskWatch) drop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.held {
		return
	}
	if err := os.Remove(d.ballast()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.log.Error("the ballast could not be deleted to make room", "err", err)
		return
	}
	d.held = false
	d.log.Warn("the disk is full: the ballast was deleted to make room for the outcomes of messages under way", "bytes", d.size)
}

// lay takes room in advance.
func (d *diskWatch) lay() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := reserve(d.ballast(), int64(d.size)); err != nil { //nolint:gosec // at most 64 MiB
		_ = os.Remove(d.ballast())
		d.log.Warn("no ballast could be laid; a full disk is then met without reserve", "err", err)
		d.size = 0
		return
	}
	d.held = true
}

// fill writes a file of size bytes.
func fill(f *os.File, size int64) error {
	block := make([]byte, 1<<20)
	for left := size; left > 0; left -= int64(len(block)) {
		if _, err := f.Write(block[:min(left, int64(len(block)))]); err != nil {
			return err
		}
	}
	return nil
}

func (d *diskWatch) stop() {
	if d.quit != nil {
		close(d.quit)
		<-d.done
		d.quit = nil // closed twice is closed
	}
}

func (d *diskWatch) check() error {
	if d.low.Load() {
		return smsir.Errorf(smsir.CodeStorageFull, "The disk of the data folder is nearly full: free some space, or lower store.min_free_bytes. New messages are refused until then.")
	}
	return nil
}
