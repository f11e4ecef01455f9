package vonage

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// partly is what becomes of a message of which Vonage took some parts and refused others. It was taken: handing it over
// again would bring the first parts twice. The parts that were refused get references of our own, and Run reports them
// as not delivered, so that the message ends as undelivered in part.
func (a *account) partly(answer outcall.Response, s smsir.Submission, out smsir.Accepted, refused []part) smsir.Accepted {
	took, all := len(out.References), len(out.References)+len(refused)
	out.NoReceipt = false // at least these come
	for _, p := range refused {
		note, mapped := a.codes.sms.Refusal(title, answer.Status, string(p.Status))
		out.References = append(out.References, p.ID)
		a.refused.add(smsir.Receipt{
			Provider: a.id, Reference: p.ID, To: s.To, Status: smsir.Undelivered, DoneAt: a.now(), ArrivedAt: a.now(), Code: string(p.Status),
			Raw: cut(string(answer.Body)), Unmapped: !mapped,
			Error: &smsir.Failure{
				Class: note.Class, Code: "partial", Text: fmt.Sprintf("Vonage took %d of %d parts. %s", took, all, note.Text),
				ProviderCode: string(p.Status), ProviderText: p.Error,
			},
		})
	}
	return out
}

// backlog holds receipts until they are taken. It lives in memory: what is in it when the process is killed is lost, and
// the message then ends as sent without a receipt.
type backlog struct {
	mu      sync.Mutex
	waiting []smsir.Receipt
	ring    chan struct{}
}

func (b *backlog) add(r smsir.Receipt) {
	b.mu.Lock()
	b.waiting = append(b.waiting, r)
	b.mu.Unlock()
	select {
	case b.ring <- struct{}{}:
	default:
	}
}

func (b *backlog) first() (smsir.Receipt, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		return smsir.Receipt{}, false
	}
	return b.waiting[0], true
}

func (b *backlog) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = b.waiting[1:]
}

// again is how long Run waits before it reports what could not be stored again.
const again = time.Second

// Run implements [smsir.Runner]: it reports the parts that Vonage refused.
func (a *account) Run(ctx context.Context, sink smsir.Sink) error {
	for {
		var retry <-chan time.Time
		if r, ok := a.refused.first(); ok && ctx.Err() == nil {
			if sink.Receipt(ctx, r) == nil {
				a.refused.drop()
				continue
			}
			retry = time.After(again)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-retry:
		case <-a.refused.ring:
		}
	}
}
