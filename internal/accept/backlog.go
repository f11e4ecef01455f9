package accept

import (
	"context"
	"sync"
	"time"

	"github.com/smsir/smsir"
)

// backlog refuses more from a workspace whose queue is full, before anything is accepted. It asks
// the store once a second for each workspace and counts on in between.
type backlog struct {
	mu    sync.Mutex
	known map[smsir.UUID]waiting
}

type waiting struct {
	n  int64
	at time.Time
}

const backlogAge = time.Second

func (b *backlog) check(ctx context.Context, opt *Options, workspace smsir.UUID, more int) error {
	if opt.QueueLimit <= 0 {
		return nil
	}
	now := opt.Now()
	b.mu.Lock()
	w, fresh := b.known[workspace]
	b.mu.Unlock()
	if !fresh || now.Sub(w.at) >= backlogAge {
		n, err := opt.Store.Backlog(ctx, workspace)
		if err != nil {
			return err
		}
		w = waiting{n, now}
	}
	w.n += int64(more)
	if w.n > opt.QueueLimit {
		return smsir.Errorf(smsir.CodeQueueFull, "%d messages of this workspace wait already; the limit is %d. Send again when some have gone out.", w.n-int64(more), opt.QueueLimit)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil || len(b.known) > 10_000 {
		b.known = map[smsir.UUID]waiting{}
	}
	b.known[workspace] = w
	return nil
}
