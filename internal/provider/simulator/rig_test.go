package simulator

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a carrier with one provider on it, in a test.
type rig struct {
	*testing.T
	path string
	opt  Options
	c    *Carrier
	p    *upstream
	ids  *smsir.Generator
}

// rigProvider is the provider of a rig.
func rigProvider() smsir.UUID { return smsir.UUID{0: 1, 15: 7} }

// newRig opens a carrier on a ledger of its own. Inside a bubble its clock is that of the bubble.
func newRig(t *testing.T, opt Options) *rig {
	t.Helper()
	ids, err := smsir.NewGenerator(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, path: filepath.Join(t.TempDir(), LedgerName), opt: opt, ids: ids}
	r.open()
	return r
}

func (r *rig) open() {
	r.Helper()
	c, err := OpenCarrier(r.path, r.opt)
	if err != nil {
		r.Fatal(err)
	}
	r.c = c
	r.Cleanup(func() { _ = c.Close() })
	r.p = r.provider(rigProvider(), nil)
}

func (r *rig) provider(id smsir.UUID, settings map[string]string) *upstream {
	r.Helper()
	p, err := Kind(r.c).Open(smsir.ProviderConfig{ID: id, Name: "simulator", Settings: settings})
	if err != nil {
		r.Fatal(err)
	}
	return p.(*upstream)
}

// restart closes the carrier and opens it again on the same ledger.
func (r *rig) restart() {
	r.Helper()
	if err := r.c.Close(); err != nil {
		r.Fatal(err)
	}
	r.open()
}

// number is +1 202 555 01NN.
func number(nn int) string { return fmt.Sprintf("+120255501%02d", nn) }

func (r *rig) submission(to string) smsir.Submission {
	now := time.Now()
	return smsir.Submission{
		Attempt: r.ids.Next(now), Message: r.ids.Next(now), To: to, From: "+12025550142", Text: "Hello, world", Segments: 1,
		Validity: time.Hour,
	}
}

// again is the next attempt of the message of s.
func (r *rig) again(s smsir.Submission) smsir.Submission {
	s.Attempt = r.ids.Next(time.Now())
	return s
}

// outcome is what Send returned, and after how long.
type outcome struct {
	took      time.Duration
	accepted  bool
	reference string
	err       smsir.SendError
}

func (r *rig) send(s smsir.Submission) outcome {
	r.Helper()
	started := time.Now()
	got, err := r.p.Send(r.Context(), s)
	o := outcome{took: time.Since(started), accepted: err == nil}
	if len(got.References) > 0 {
		o.reference = got.References[0]
	}
	if failure := (*smsir.SendError)(nil); errors.As(err, &failure) {
		o.err = *failure
	} else if err != nil {
		r.Errorf("Send(%s): got error %T, want a *smsir.SendError", s.To, err)
	}
	return o
}

func (r *rig) query(s smsir.Submission) smsir.StatusAnswer {
	r.Helper()
	got, err := r.p.QueryStatus(r.Context(), smsir.StatusQuery{Attempt: s.Attempt, To: s.To})
	if err != nil {
		r.Errorf("QueryStatus(%s): %v", s.To, err)
	}
	return got
}

// entries reads the ledger.
func (r *rig) entries() []Entry {
	r.Helper()
	var all []Entry
	for e, err := range ReadLedger(r.path) {
		if err != nil {
			r.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// run starts Run with a sink, and gives a function that ends it.
func (r *rig) run(k smsir.Sink) (stop func()) {
	ctx, cancel := context.WithCancel(r.Context())
	done := make(chan error, 1)
	p := r.p
	go func() { done <- p.Run(ctx, k) }()
	return func() {
		r.Helper()
		cancel()
		if err := <-done; err != nil {
			r.Errorf("Run: got error %v when its context ended, want nil", err)
		}
	}
}

// sink takes what is handed in, and refuses what refuse says (by the count of calls, from 1).
type sink struct {
	refuse func(call int) bool

	mu       sync.Mutex
	calls    []time.Time
	receipts []smsir.Receipt
	inbounds []smsir.Inbound
}

var errRefused = errors.New("the store is down")

func (k *sink) call() error {
	k.calls = append(k.calls, time.Now())
	if k.refuse != nil && k.refuse(len(k.calls)) {
		return errRefused
	}
	return nil
}

// Receipt implements smsir.Sink.
func (k *sink) Receipt(_ context.Context, r smsir.Receipt) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.call(); err != nil {
		return err
	}
	k.receipts = append(k.receipts, r)
	return nil
}

// Inbound implements smsir.Sink.
func (k *sink) Inbound(_ context.Context, in smsir.Inbound) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.call(); err != nil {
		return err
	}
	k.inbounds = append(k.inbounds, in)
	return nil
}

// of lists the receipts about an attempt.
func (k *sink) of(attempt smsir.ID) []smsir.Receipt {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(k.receipts), func(r smsir.Receipt) bool { return r.Attempt != attempt })
}
