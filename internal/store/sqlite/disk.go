package sqlite

import (
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
)

// diskWatch knows whether the disk has room for new messages. It looks once a second, so that the
// hot path only reads a flag. Outcomes and receipts are never refused by it.
type diskWatch struct {
	low  atomic.Bool
	quit chan struct{}
	done chan struct{}
}

func (d *diskWatch) start(dir string, minFree uint64) {
	if minFree == 0 {
		return
	}
	d.quit, d.done = make(chan struct{}), make(chan struct{})
	look := func() {
		free, ok := freeBytes(dir)
		d.low.Store(ok && free < minFree)
	}
	look()
	go func() {
		defer close(d.done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				look()
			case <-d.quit:
				return
			}
		}
	}()
}

func (d *diskWatch) stop() {
	if d.quit != nil {
		close(d.quit)
		<-d.done
	}
}

func (d *diskWatch) check() error {
	if d.low.Load() {
		return smsir.Errorf(smsir.CodeStorageFull, "The disk of the data folder is nearly full: free some space, or lower store.min_free_bytes. New messages are refused until then.")
	}
	return nil
}
