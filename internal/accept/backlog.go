package accept

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// backlog refuses more from a workspace whose queue is full, before anything is accepted. It asks
// the store once a second for each workspace and counts on in between.
type backlog struct {
	mu    sync.Mutex
	known map[smsir.UUID]waiting
}

type waiting struct {
	n      int64
	oldest smsir.ID // that waits in the database; known only where the workspace bounds its age
	at     time.Time
}

const backlogAge = time.Second

// otpRoom is how much longer than the limit the queue may get for OTPs: bulk must not keep them out.
const otpRoom = 10 // one part in so many

// check refuses orders of a workspace whose queue is too long or too old. OTPs get a tenth more.
func (b *backlog) check(ctx context.Context, opt *Options, w *store.Workspace, messages []*smsir.Message) error {
	limit := opt.QueueLimit
	if w.QueueCount > 0 {
		limit = w.QueueCount
	}
	if limit <= 0 && w.QueueAge <= 0 {
		return nil
	}
	otp := len(messages) > 0 && !slices.ContainsFunc(messages, func(m *smsir.Message) bool { return m.Class != smsir.OTP })
	if otp {
		limit += limit / otpRoom
	}
	now := opt.Now()
	b.mu.Lock()
	known, fresh := b.known[w.ID]
	b.mu.Unlock()
	if !fresh || now.Sub(known.at) >= backlogAge {
		n, err := opt.Store.Backlog(ctx, w.ID)
		if err != nil {
			return err
		}
		known = waiting{n: n, at: now}
		if w.QueueAge > 0 {
			if known.oldest, err = opt.Store.Oldest(ctx, w.ID); err != nil {
				return err
			}
		}
	}
	known.n += int64(len(messages))
	if limit > 0 && known.n > limit {
		return smsir.Errorf(smsir.CodeQueueFull, "%d messages of this workspace wait already; the limit is %d. Send again when some have gone out.", known.n-int64(len(messages)), limit)
	}
	if age := now.Sub(known.oldest.Time()); w.QueueAge > 0 && known.oldest != 0 && age > w.QueueAge && !otp {
		return smsir.Errorf(smsir.CodeQueueFull, "A message of this workspace has waited for %v; the limit is %v. Send again when it has gone out, or find out why it waits.", age.Round(time.Second), w.QueueAge)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil || len(b.known) > 10_000 {
		b.known = map[smsir.UUID]waiting{}
	}
	b.known[w.ID] = known
	return nil
}
