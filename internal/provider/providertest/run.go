package providertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/smsir/smsir"
)

// sink takes reports, and refuses as many as it is told to.
type sink struct {
	mu             sync.Mutex
	refuseReceipts int // how many calls to refuse; -1: all
	refuseInbounds int
	refused        map[string]smsir.Receipt
	receipts       map[string]smsir.Receipt // acknowledged
	refusedReplies []smsir.Inbound
	replies        []smsir.Inbound // acknowledged
}

func newSink(refuseReceipts, refuseInbounds int) *sink {
	return &sink{
		refuseReceipts: refuseReceipts, refuseInbounds: refuseInbounds,
		refused: map[string]smsir.Receipt{}, receipts: map[string]smsir.Receipt{},
	}
}

var errSink = errors.New("the store is down")

// countDown reports whether a call is to be refused.
func countDown(left *int) bool {
	if *left > 0 {
		*left--
		return true
	}
	return *left < 0
}

// Receipt implements smsir.Sink.
func (s *sink) Receipt(_ context.Context, r smsir.Receipt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := fmt.Sprint(r.Reference, " ", r.Status)
	if countDown(&s.refuseReceipts) {
		s.refused[key] = r
		return errSink
	}
	s.receipts[key] = r
	return nil
}

// Inbound implements smsir.Sink.
func (s *sink) Inbound(_ context.Context, in smsir.Inbound) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if countDown(&s.refuseInbounds) {
		s.refusedReplies = append(s.refusedReplies, in)
		return errSink
	}
	s.replies = append(s.replies, in)
	return nil
}

// final finds the acknowledged final receipt, if there is one.
func (s *sink) final() (smsir.Receipt, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.receipts {
		if r.Status.AlwaysFinal() {
			return r, true
		}
	}
	return smsir.Receipt{}, false
}

func (s *sink) refusedAny() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.refused) > 0
}

// missing lists the receipts that were refused, by this sink or an earlier one, and were not acknowledged since.
func (s *sink) missing(refused map[string]smsir.Receipt) (keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range refused {
		if _, ok := s.receipts[key]; !ok {
			keys = append(keys, key)
		}
	}
	return keys
}

func (s *sink) replied() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.replies) > 0
}

// running starts Run, and gives a function that ends it and checks how it ended: it returns nil, and nothing that it
// started is left.
func (c *trial) running(sink smsir.Sink) (stop func()) {
	ctx, cancel := context.WithCancel(c.Context())
	mark := fmt.Sprintf("%s %p", c.Name(), sink)
	returned := make(chan error, 1)
	go func() {
		var err error
		pprof.Do(ctx, pprof.Labels("providertest", mark), func(ctx context.Context) { err = c.p.(smsir.Runner).Run(ctx, sink) })
		returned <- err
	}()
	c.Cleanup(cancel)
	return func() {
		c.Helper()
		select {
		case err := <-returned:
			c.Fatalf("Run returned before its context ended: %v", err)
		default:
		}
		cancel()
		deadline := time.NewTimer(patience)
		defer deadline.Stop()
		select {
		case err := <-returned:
			if err != nil {
				c.Errorf("Run returned %v when its context ended, want nil", err)
			}
		case <-deadline.C:
			c.Fatalf("Run did not return when its context ended")
		}
		if left := c.leftBehind(mark); left != "" {
			c.Errorf("Run returned and left goroutines behind, want none:\n%s", left)
		}
	}
}

// leftBehind lists the goroutines of a Run that has returned. In real time one that is just ending gets a moment.
func (c *trial) leftBehind(mark string) string {
	if c.h.Bubble {
		synctest.Wait()
		return goroutinesOf(mark)
	}
	for deadline := time.Now().Add(c.h.ResponseTimer); ; {
		left := goroutinesOf(mark)
		if left == "" || time.Now().After(deadline) {
			return left
		}
		runtime.Gosched()
	}
}

// goroutinesOf lists the goroutines that carry a mark, which a goroutine hands down to those that it starts.
func goroutinesOf(mark string) string {
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		return err.Error()
	}
	var found []string
	for _, g := range strings.Split(all.String(), "\n\n") {
		if strings.Contains(g, fmt.Sprintf("%q", mark)) {
			found = append(found, g)
		}
	}
	return strings.Join(found, "\n\n")
}

func checkRunStops(c *trial) {
	stop := c.running(newSink(0, 0))
	for _, to := range []string{c.h.Accepts, c.h.Hangs} { // something to be in the middle of
		_, _ = c.send(c.Context(), c.submission(to))
	}
	stop()
	c.running(newSink(0, 0))() // at once, and a second time
}

// slowSink holds every report until it is let go, whatever its context says.
type slowSink struct {
	called chan struct{}
	let    chan struct{}
}

func (s *slowSink) Receipt(context.Context, smsir.Receipt) error {
	select {
	case s.called <- struct{}{}:
	default:
	}
	<-s.let
	return errSink
}

func (s *slowSink) Inbound(context.Context, smsir.Inbound) error { return errSink }

// checkRunWaits: Run does not return while the sink still has a report of it in hand.
func checkRunWaits(c *trial) {
	k := &slowSink{called: make(chan struct{}, 1), let: make(chan struct{})}
	let := sync.OnceFunc(func() { close(k.let) })
	defer let()
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		_ = c.p.(smsir.Runner).Run(ctx, k) // what it returns is checked elsewhere
	}()
	s, _ := c.accepted()
	c.await("the sink is called about "+describe(s), func() bool { return len(k.called) > 0 })
	cancel()
	if c.h.Bubble {
		synctest.Wait()
	} else {
		select {
		case <-returned:
		case <-time.After(c.h.ResponseTimer):
		}
	}
	select {
	case <-returned:
		c.Errorf("Run returned while the sink still had a receipt about %s in hand, want it to wait", describe(s))
	default:
	}
	let()
	c.await("Run returns when the sink has", func() bool {
		select {
		case <-returned:
			return true
		default:
			return false
		}
	})
}

// accepted sends a message to the number that is delivered.
func (c *trial) accepted() (smsir.Submission, smsir.Accepted) {
	c.Helper()
	s := c.submission(c.h.Accepts)
	got, failure := c.send(c.Context(), s)
	if failure != nil {
		c.Fatalf("Send(%s): got %v, want it accepted", describe(s), failure)
	}
	return s, got
}

// checkFinal checks the final receipt about a message.
func (c *trial) checkFinal(k *sink, s smsir.Submission, got smsir.Accepted) {
	c.Helper()
	c.await("a final receipt for "+describe(s), func() bool { _, ok := k.final(); return ok })
	r, _ := k.final()
	for _, f := range receiptFaults(r, c.cfg.ID, s, got.References) {
		c.Errorf("receipt about %s: %s", describe(s), f)
	}
}

func checkReceipts(c *trial) {
	k := newSink(0, 0)
	stop := c.running(k)
	s, got := c.accepted()
	c.checkFinal(k, s, got)
	stop()
}

// checkReceiptsAgain: a report that was not acknowledged comes again, and is the same.
func checkReceiptsAgain(c *trial) {
	k := newSink(3, 0)
	stop := c.running(k)
	s, got := c.accepted()
	c.await("the receipt that was refused comes again", func() bool { return k.refusedAny() && len(k.missing(k.refused)) == 0 })
	c.checkFinal(k, s, got)
	stop()
	c.sameAgain(k.refused, k.receipts)
}

// checkReceiptsNextRun: a report that was never acknowledged outlives the Run that handed it in.
func checkReceiptsNextRun(c *trial) {
	deaf := newSink(-1, 0)
	stop := c.running(deaf)
	s, got := c.accepted()
	c.await("a receipt for "+describe(s), deaf.refusedAny)
	stop()
	k := newSink(0, 0)
	stop = c.running(k)
	c.await("the receipt that was refused comes again", func() bool { return len(k.missing(deaf.refused)) == 0 })
	c.checkFinal(k, s, got)
	stop()
	c.sameAgain(deaf.refused, k.receipts)
}

func (c *trial) sameAgain(refused, taken map[string]smsir.Receipt) {
	c.Helper()
	for key, first := range refused {
		if diff := cmp.Diff(first, taken[key], cmpopts.IgnoreFields(smsir.Receipt{}, "ArrivedAt")); diff != "" {
			c.Errorf("a refused receipt came again changed (-first +again):\n%s", diff)
		}
	}
}

func checkReplies(c *trial) {
	k := newSink(0, 2)
	stop := c.running(k)
	s := c.submission(c.h.Replies)
	if _, failure := c.send(c.Context(), s); failure != nil {
		c.Fatalf("Send(%s): got %v, want it accepted", describe(s), failure)
	}
	c.await("a reply from "+s.To+", after it was refused twice", k.replied)
	stop()
	for _, in := range k.refusedReplies {
		if diff := cmp.Diff(in, k.replies[0], cmpopts.IgnoreFields(smsir.Inbound{}, "ReceivedAt")); diff != "" {
			c.Errorf("a refused reply came again changed (-first +again):\n%s", diff)
		}
	}
	for _, in := range k.replies {
		if in.Provider != c.cfg.ID || in.From != s.To || in.To == "" || in.Text == "" || in.ReceivedAt.IsZero() || len(in.Raw) > 4096 || in.ID != 0 {
			c.Errorf("reply to %s: got %+v, want provider %x, from %s, with sender, text and time, at most 4096 bytes raw, no id",
				describe(s), in, c.cfg.ID, s.To)
		}
		if s.From != "" && in.To != s.From {
			c.Errorf("reply to %s: got recipient %q, want the sender %q", describe(s), in.To, s.From)
		}
	}
}
