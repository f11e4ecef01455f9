package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
)

// writer is the group commit. Callers hand in steps; a few goroutines each take as many as wait and run them as one
// transaction with one sync. Steps that keep promises already made go first: outcomes and receipts, then intents, then
// accepts.
//
// A step says what it needs, then decides on what was loaded, in memory; it must be repeatable. When the database
// refuses a batch, it is split until the refused step stands alone, so that only that one is lost.
type writer struct {
	s *Store

	mu     sync.Mutex
	queues [3][]*step
	closed bool
	bell   *sync.Cond
	ended  sync.WaitGroup

	batch    prometheus.Histogram
	duration prometheus.Histogram
}

// Priorities of steps.
const (
	prioEvidence = 0
	prioIntent   = 1
	prioAccept   = 2
)

const (
	// writers is how many transactions of a node are under way at once: while one waits for its sync, the other works.
	writers = 2
	// maxBatch bounds the steps of one commit, and with it the time a caller waits for neighbours.
	maxBatch = 512
	// gatherTime is how long a writer waits for the callers of its last commit to come back, when few have yet.
	gatherTime = 300 * time.Microsecond
)

// op is what a step does.
type op interface {
	// need names what is to be locked and loaded.
	need(*work)
	// run decides on what was loaded.
	run(*work) error
}

type step struct {
	op     op
	err    error
	again  bool // it could not be decided in this transaction: run it again in the next
	alone  bool // a receipt that matches nothing: see work.park
	landed chan struct{}
}

func newWriter(s *Store, reg prometheus.Registerer) *writer {
	w := &writer{s: s}
	w.bell = sync.NewCond(&w.mu)
	w.batch = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "smsir_store_commit_steps", Help: "Steps in one commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 10)})
	w.duration = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "smsir_store_commit_seconds", Help: "Duration of one commit with its steps.", Buckets: prometheus.ExponentialBuckets(0.0002, 2, 14)})
	if reg != nil {
		reg.MustRegister(w.batch, w.duration)
	}
	for i := range writers {
		w.ended.Go(func() { w.loop(i) })
	}
	return w
}

// do runs a step and waits for its commit. There is no way to abandon it: what is asked for happens or fails, and the
// caller learns which.
func (w *writer) do(prio int, o op) error {
	st := &step{op: o, landed: make(chan struct{})}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return smsir.Errorf(smsir.CodeStorageDown, "The gateway is stopping.")
	}
	w.queues[prio] = append(w.queues[prio], st)
	w.bell.Signal()
	w.mu.Unlock()
	<-st.landed
	return st.err
}

func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	w.bell.Broadcast()
	w.mu.Unlock()
	w.ended.Wait()
}

func (w *writer) loop(number int) {
	var batch []*step
	for {
		w.gather(len(batch))
		if batch = w.take(batch[:0]); len(batch) == 0 {
			return
		}
		start := time.Now()
		wrote := w.commit(number, batch)
		w.batch.Observe(float64(len(batch)))
		w.duration.Observe(time.Since(start).Seconds())
		for _, st := range batch {
			close(st.landed)
		}
		if wrote {
			w.s.wake()
		}
	}
}

// gather waits for a fuller batch if the last one had several callers: a sync costs as much for one of them as for all.
func (w *writer) gather(last int) {
	if last < 8 {
		return
	}
	w.mu.Lock()
	waiting := len(w.queues[prioEvidence]) + len(w.queues[prioIntent]) + len(w.queues[prioAccept])
	w.mu.Unlock()
	if waiting > 0 && waiting < last/2 {
		time.Sleep(gatherTime)
	}
}

// take waits for steps and moves up to maxBatch into batch, most urgent first; none when the writer is closed.
func (w *writer) take(batch []*step) []*step {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for p := range w.queues {
			q := w.queues[p]
			n := min(len(q), maxBatch-len(batch))
			batch = append(batch, q[:n]...)
			rest := copy(q, q[n:])
			clear(q[rest:])
			w.queues[p] = q[:rest]
		}
		if len(batch) > 0 || w.closed {
			return batch
		}
		w.bell.Wait()
	}
}

// commit runs a batch to its end: in one transaction where nothing comes between. It reports whether events were written.
func (w *writer) commit(number int, batch []*step) (wrote bool) {
	for len(batch) > 0 {
		events, err := w.attempt(number, batch)
		wrote = wrote || events
		if err != nil {
			return w.split(number, batch, err) || wrote
		}
		var rest []*step
		for _, st := range batch {
			if st.again {
				rest = append(rest, st)
			}
		}
		batch = rest
	}
	return wrote
}

// split tries the halves of a batch that the database refused. A failure that says nothing about the steps fails them all.
func (w *writer) split(number int, batch []*step, err error) (wrote bool) {
	if len(batch) > 1 && refused(err) {
		half := len(batch) / 2
		first := w.commit(number, batch[:half])
		return w.commit(number, batch[half:]) || first
	}
	for _, st := range batch {
		st.err = w.s.coded(err)
	}
	return false
}

// attempt runs the steps of a batch in one transaction. Steps that could not be decided have again set.
func (w *writer) attempt(number int, batch []*step) (wrote bool, err error) {
	err = w.s.update(context.Background(), func(t *tx) error {
		wk := newWork(t, number)
		for _, st := range batch {
			st.err, st.again = nil, false
			wk.parking = wk.parking || st.alone
			st.op.need(wk)
		}
		if err := wk.load(); err != nil {
			return err
		}
		for _, st := range batch {
			w.run(wk, st)
		}
		wrote = len(wk.events) > 0
		return wk.flush()
	})
	return wrote && err == nil, err
}

// run turns a panic of a step into its error: one caller's bug must not end the writer. What a failing step has changed in
// memory is taken back.
func (w *writer) run(wk *work, st *step) {
	defer func() {
		if p := recover(); p != nil {
			st.err = stepError("store step: %v", p)
			w.s.log.Error("a store step panicked", "panic", p)
		}
		if st.err != nil {
			wk.undo()
		}
		wk.undos = wk.undos[:0]
	}()
	wk.current = st
	st.err = st.op.run(wk)
	if st.err == nil {
		return
	}
	if smsir.CodeOf(st.err) == "" {
		st.err = fmt.Errorf("store step: %w", st.err)
	}
}
