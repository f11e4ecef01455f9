package smppconn

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/smsir/smsir/smpp"
)

// maxBatch is how many octets one write takes.
const maxBatch = 64 << 10

// queue is what waits to be written: whole PDUs, one behind the other.
type queue struct {
	octets []byte
	items  []item
}

// item is one PDU of a queue.
type item struct {
	end    int   // in octets, behind it
	call   *Call // a request of ours
	answer bool  // the response to a request of the peer
	last   bool  // the connection is closed behind it
}

// queueLocked appends a PDU to what waits, and sees that somebody writes it.
func (c *Conn) queueLocked(p smpp.PDU, sequence uint32, it item) error {
	octets, err := c.o.PDU.AppendPDU(c.out.octets, p, sequence)
	if err != nil {
		return err
	}
	c.out.octets = octets
	it.end = len(octets)
	c.out.items = append(c.out.items, it)
	if !c.flushing {
		c.flushing = true
		go c.flush()
	}
	return nil
}

// flush writes until nothing waits. There is one at a time.
func (c *Conn) flush() {
	for {
		runtime.Gosched() // who is about to queue something may still come along
		c.mu.Lock()
		if len(c.out.items) == 0 || c.state == Closed {
			c.flushing = false
			c.room.Broadcast()
			c.checkDrainedLocked()
			c.mu.Unlock()
			return
		}
		batch := c.takeLocked()
		c.mu.Unlock()
		c.traceBatch(batch)
		n, err := c.write(batch.octets)
		c.stats.written.Add(int64(len(batch.items)))
		last := c.wrote(batch, n, err)
		switch {
		case err != nil:
			c.close(fmt.Errorf("write: %w", err))
		case last:
			c.close(nil)
		}
	}
}

func (c *Conn) write(octets []byte) (int, error) {
	if len(octets) == 0 {
		return 0, nil
	}
	if c.o.WriteTimer > 0 {
		if err := c.nc.SetWriteDeadline(time.Now().Add(c.o.WriteTimer)); err != nil {
			return 0, err
		}
	}
	return c.nc.Write(octets)
}

// takeLocked takes whole PDUs of at most maxBatch octets, or one longer, off the queue. Requests that were withdrawn are
// left out.
func (c *Conn) takeLocked() queue {
	n := 0
	for n < len(c.out.items) && (n == 0 || c.out.items[n].end <= maxBatch) {
		n++
	}
	batch := queue{octets: c.out.octets, items: c.out.items[:n]}
	rest := queue{octets: c.spare.octets[:0], items: c.spare.items[:0]}
	cut := c.out.items[n-1].end
	for _, it := range c.out.items[n:] {
		it.end -= cut
		rest.items = append(rest.items, it)
	}
	rest.octets = append(rest.octets, c.out.octets[cut:]...)
	batch.octets = batch.octets[:cut]
	c.out = rest
	batch = withoutWithdrawn(batch)
	for _, it := range batch.items {
		if it.call != nil {
			c.leftLocked(it.call)
		}
	}
	c.room.Broadcast()
	return batch
}

func withoutWithdrawn(b queue) queue {
	withdrawn := func(it item) bool { return it.call != nil && it.call.finished }
	if !slices.ContainsFunc(b.items, withdrawn) {
		return b
	}
	kept, start := queue{octets: b.octets[:0], items: b.items[:0]}, 0
	for _, it := range b.items {
		end := it.end
		if !withdrawn(it) {
			kept.octets = append(kept.octets, b.octets[start:end]...) // never beyond what was read already
			it.end = len(kept.octets)
			kept.items = append(kept.items, it)
		}
		start = end
	}
	return kept
}

// wrote records that the system took n octets of a batch. Requests of which it took none are proved not sent.
func (c *Conn) wrote(batch queue, n int, err error) (last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	start := 0
	for _, it := range batch.items {
		if k := it.call; k != nil {
			k.writing = false
			if err != nil && start >= n {
				k.left = false
				c.finishLocked(k, nil, &CallError{Command: k.command, Err: fmt.Errorf("write: %w", err)})
			} else if c.state == Closed { // while it was written
				c.finishLocked(k, nil, &CallError{Command: k.command, Written: true, Err: c.whyLocked()})
			}
		}
		if it.answer {
			c.due--
		}
		last = last || it.last
		start = it.end
	}
	clear(batch.items)
	const keep = 2 * maxBatch // a burst does not hold memory for ever
	if cap(batch.octets) <= keep {
		c.spare = queue{octets: batch.octets[:0], items: batch.items[:0]}
	} else {
		c.spare = queue{}
	}
	c.checkDrainedLocked()
	return last
}

// waitForRoom waits until little enough waits to be written that more may be read.
func (c *Conn) waitForRoom() {
	c.mu.Lock()
	for len(c.out.octets) > c.o.MaxUnsent && c.state != Closed {
		c.room.Wait()
	}
	c.mu.Unlock()
}
