package simulator

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/smsir/smsir"
)

// report is one receipt or reply that the carrier owes to a provider.
type report struct {
	entry *Entry // the submission it is about
	kind  EntryKind
	copy  int // of a receipt, from 1
	due   time.Time
	next  time.Time // when to hand it in; later than due after a try that failed
	tries int
	taken chan struct{} // closed when the gateway has taken it
}

// reportsOf lists what the carrier owes for a submission.
func reportsOf(e *Entry) []*report {
	var all []*report
	add := func(kind EntryKind, n int, due time.Time) {
		all = append(all, &report{entry: e, kind: kind, copy: n, due: due, next: due, taken: make(chan struct{})})
	}
	for n := range e.Copies {
		add(ReceiptEntry, n+1, e.ReportAt.Add(time.Duration(n)*repeatAfter))
	}
	if !e.ReplyAt.IsZero() {
		add(InboundEntry, 0, e.ReplyAt)
	}
	return all
}

// reportKey tells the reports of one submission apart.
func reportKey(kind EntryKind, n int) string {
	if kind == InboundEntry {
		return ""
	}
	return fmt.Sprint(n)
}

// account is what is owed to one provider, by the time at which to hand it in.
type account struct {
	mu   sync.Mutex
	owed reportHeap
	wake chan struct{} // told when something comes to stand first
}

func (a *account) push(r *report) {
	a.mu.Lock()
	heap.Push(&a.owed, r)
	first := a.owed[0] == r
	a.mu.Unlock()
	if first {
		a.signal()
	}
}

func (a *account) signal() {
	select {
	case a.wake <- struct{}{}:
	default: // it is awake already
	}
}

// pop takes the report that is due; when none is, it tells how long to wait for the next, or that there is none.
func (a *account) pop(now time.Time) (r *report, wait time.Duration, more bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.owed) == 0 {
		return nil, 0, false
	}
	if wait := a.owed[0].next.Sub(now); wait > 0 {
		return nil, wait, true
	}
	return heap.Pop(&a.owed).(*report), 0, true
}

// reportHeap implements [heap.Interface]: the earliest first, and a fixed order among equals.
type reportHeap []*report

func (h reportHeap) Len() int { return len(h) }
func (h reportHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	return cmp.Or(a.next.Compare(b.next), cmp.Compare(a.entry.Attempt, b.entry.Attempt), cmp.Compare(a.copy, b.copy)) < 0
}
func (h reportHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *reportHeap) Push(x any)   { *h = append(*h, x.(*report)) }
func (h *reportHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}

// handInLimit is how many reports of a provider are handed in at once.
const handInLimit = 64

// Run implements [smsir.Runner]: it hands in what is owed to this provider, each report when its time has come, until
// ctx ends; then it returns nil. A report that the sink refuses is handed in again, after 250 ms at first and at the
// latest every 30 s.
func (u *upstream) Run(ctx context.Context, sink smsir.Sink) error {
	var under sync.WaitGroup
	slots := make(chan struct{}, handInLimit)
	defer u.account.signal() // a wake-up taken here may have been for a Run that goes on
	defer under.Wait()
	for {
		select { // a slot first: what is taken off the queue is handed in
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		r := u.due(ctx)
		if r == nil {
			return nil
		}
		under.Go(func() {
			defer func() { <-slots }()
			u.handIn(ctx, sink, r)
		})
	}
}

// due waits for the next report whose time has come; nil when ctx ends first.
func (u *upstream) due(ctx context.Context) *report {
	for ctx.Err() == nil {
		r, wait, more := u.account.pop(u.carrier.opt.Now())
		if r != nil {
			return r
		}
		var timer <-chan time.Time
		if more {
			timer = time.After(wait)
		}
		select {
		case <-timer:
		case <-u.account.wake:
		case <-ctx.Done():
		}
	}
	return nil
}

// handIn gives one report to the sink, and notes in the ledger that it was taken.
func (u *upstream) handIn(ctx context.Context, sink smsir.Sink, r *report) {
	now := u.carrier.opt.Now().UTC().Truncate(time.Millisecond)
	log := u.carrier.opt.Log.With("provider", u.id.Format(smsir.PrefixProvider), "attempt", r.entry.Attempt.Format(smsir.PrefixAttempt))
	if now.Sub(r.due) > reportLife {
		log.Info("a report of the simulator is too old to hand in")
		return
	}
	var err error
	if r.kind == ReceiptEntry {
		err = sink.Receipt(ctx, receiptOf(r, u.carrier.table, now))
	} else {
		err = sink.Inbound(ctx, inboundOf(r, now))
	}
	if err != nil {
		if ctx.Err() == nil {
			r.next = now.Add(u.backoff(r))
			r.tries++
			log.Warn("a report of the simulator was not taken", "tries", r.tries, "error", err)
		}
		u.account.push(r)
		return
	}
	close(r.taken)
	line, err := (&Entry{
		Kind: r.kind, At: now, Provider: u.id, Attempt: r.entry.Attempt, Reference: r.entry.Reference, Copy: r.copy,
		InboundReference: inboundReference(r),
	}).encode()
	if err == nil {
		err = u.carrier.journal.append(line, 0, false)
	}
	if err != nil {
		log.Warn("a report of the simulator was taken but could not be noted; it comes again after the next start", "error", err)
	}
}

func inboundReference(r *report) string {
	if r.kind == InboundEntry {
		return r.entry.InboundReference
	}
	return ""
}

// backoff is how long to wait before handing in a report again: 250 ms, doubled up to 30 s, spread over ±20 %.
func (u *upstream) backoff(r *report) time.Duration {
	d := min(250*time.Millisecond<<min(r.tries, 10), 30*time.Second)
	return drawsOf(u.seed, r.entry.Attempt, r.copy).within(drawBackoff+r.tries, Range{d * 4 / 5, d * 6 / 5})
}

// receiptOf is a report as the gateway gets it. Every time it is handed in it is the same but for ArrivedAt.
func receiptOf(r *report, table []script, now time.Time) smsir.Receipt {
	e := r.entry
	stat, code := reportWords(e.Report)
	delivered := 0
	if e.Report == smsir.Delivered {
		delivered = e.Segments
	}
	const stamp = "0601021504" // YYMMDDhhmm
	return smsir.Receipt{
		Provider: e.Provider, Reference: e.Reference, Attempt: e.Attempt, To: e.To, Status: e.Report, DoneAt: e.ReportAt, ArrivedAt: now,
		Code: code, Error: reportFailure(e.Report), Network: networkOf(table, e.To),
		Raw: fmt.Sprintf("id:%s sub:%03d dlvrd:%03d submit date:%s done date:%s stat:%s err:%s text:", // SMPP 3.4, Appendix B
			e.Reference, e.Segments, delivered, e.At.Format(stamp), e.ReportAt.Format(stamp), stat, code),
	}
}

// inboundOf is a reply as the gateway gets it.
func inboundOf(r *report, now time.Time) smsir.Inbound {
	e := r.entry
	to := e.From
	if to == "" {
		to = DefaultSender
	}
	return smsir.Inbound{
		Provider: e.Provider, Reference: e.InboundReference, From: e.To, To: to, Text: e.ReplyText, ReceivedAt: now,
		Raw: fmt.Sprintf("id:%s from:%s to:%s text:%s", e.InboundReference, e.To, to, e.ReplyText),
	}
}
