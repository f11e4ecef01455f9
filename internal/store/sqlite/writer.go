package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// writer is the group commit. Callers hand in steps; one goroutine runs as many as wait, in one
// transaction with one sync, and tells each caller its own result. Steps that keep promises already
// made go first: outcomes and receipts, then intents, then accepts and everything else.
//
// A step must be repeatable: when a neighbour fails, the transaction is rolled back and every step
// runs again, each behind a savepoint, so that only the failing one is lost.
type writer struct {
	s    *Store
	conn *sql.Conn
	tx   *wtx

	mu     sync.Mutex
	queues [3][]*step
	closed bool
	broken error         // set by an error after which the file cannot be trusted
	long   bool          // the write-ahead log is to be shortened
	cut    time.Time     // when a full disk last wanted that
	scrubs []chan scrub  // who wants it empty, without waiting for readers
	bell   chan struct{} // capacity 1: work or close
	done   chan struct{}

	batch    prometheus.Histogram
	duration prometheus.Histogram
}

// Priorities of steps.
const (
	prioEvidence = 0
	prioIntent   = 1
	prioAccept   = 2
)

// maxBatch bounds the steps of one commit, and with it the time a caller waits for neighbours.
const maxBatch = 512

type step struct {
	prio      int
	run       func(*wtx) error
	savepoint bool // fails often enough to deserve one from the start
	err       error
	done      chan struct{}
	told      bool // only where a test wants a bug: see boast
}

func newWriter(ctx context.Context, s *Store, reg prometheus.Registerer) (*writer, error) {
	warm := newWarm()
	if err := warm.load(ctx, s); err != nil {
		return nil, err
	}
	conn, err := s.writerConn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{s: s, conn: conn, bell: make(chan struct{}, 1), done: make(chan struct{})}
	w.tx = &wtx{
		s: s, conn: conn, stmts: map[string]*sql.Stmt{}, writes: map[string]write{}, saves: map[saveKey]string{}, warm: warm, working: map[smsir.UUID]bool{},
		eventData:   map[eventData]string{},
		eventRows:   newLater("events ("+sqldb.EventColumns+")", 7),
		attemptRows: newLater("attempts (id, message_id, workspace_id, number, provider_id, state, started_at)", 7),
		fresh:       map[smsir.ID]*smsir.Message{},
	}
	w.batch = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "smsir_store_commit_steps", Help: "Steps in one commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 10)})
	w.duration = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "smsir_store_commit_seconds", Help: "Duration of one commit with its steps.", Buckets: prometheus.ExponentialBuckets(0.0002, 2, 14)})
	if reg != nil {
		reg.MustRegister(w.batch, w.duration)
	}
	go w.loop()
	return w, nil
}

// do runs a step and waits for its commit. There is no way to abandon it: what is asked for happens
// or fails, and the caller learns which.
func (w *writer) do(prio int, savepoint bool, run func(*wtx) error) error {
	st := &step{prio: prio, run: run, savepoint: savepoint, done: make(chan struct{})}
	w.mu.Lock()
	if w.closed || w.broken != nil {
		err := w.broken
		w.mu.Unlock()
		if err == nil {
			err = smsir.Errorf(smsir.CodeStorageDown, "The gateway is stopping.")
		}
		return err
	}
	w.queues[prio] = append(w.queues[prio], st)
	w.mu.Unlock()
	w.ring()
	<-st.done
	return st.err
}

func (w *writer) ring() {
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.ring()
	<-w.done
}

func (w *writer) fault() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken
}

func (w *writer) loop() {
	defer close(w.done)
	defer w.conn.Close()   //nolint:errcheck // returns the connection to the pool
	defer w.tx.close()     //nolint:errcheck // statements of a connection that is about to close
	runtime.LockOSThread() // everybody waits for it, so it should not wait for a thread after each sync
	defer runtime.UnlockOSThread()
	var batch []*step
	for {
		w.shortenNow()
		w.gather(len(batch))
		var closed bool
		batch, closed = w.take(batch[:0])
		if len(batch) == 0 {
			if closed {
				return
			}
			<-w.bell
			continue
		}
		start := time.Now()
		told := w.commit(batch)
		w.batch.Observe(float64(len(batch)))
		w.duration.Observe(time.Since(start).Seconds())
		for _, st := range batch {
			if !st.told {
				close(st.done)
			}
		}
		if told {
			w.s.wake()
		}
	}
}

// shorten has the write-ahead log written back and cut before the next commit.
func (w *writer) shorten() {
	w.mu.Lock()
	w.long = true
	w.mu.Unlock()
	w.ring()
}

// cutSoon has the log shortened because the disk is full, once a second: it may be what fills it.
func (w *writer) cutSoon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); now.Sub(w.cut) >= time.Second {
		w.cut, w.long = now, true
	}
}

func (w *writer) shortenNow() {
	w.mu.Lock()
	long, scrubs := w.long, w.scrubs
	w.long, w.scrubs = false, nil
	w.mu.Unlock()
	if len(scrubs) > 0 {
		done := w.scrubNow()
		for _, c := range scrubs {
			c <- done
		}
	}
	if !long {
		return
	}
	if err := w.exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		w.s.log.Warn("the write-ahead log could not be shortened", "err", err)
	}
}

// scrub is what came of an attempt to empty the write-ahead log.
type scrub struct {
	done bool
	err  error
}

// scrub empties the write-ahead log, which holds pages as they were before they were changed; false if a reader is in the
// way. Nobody waits for that reader.
func (w *writer) scrub() (bool, error) {
	c := make(chan scrub, 1)
	w.mu.Lock()
	if err := w.broken; w.closed || err != nil {
		w.mu.Unlock()
		return false, err
	}
	w.scrubs = append(w.scrubs, c)
	w.mu.Unlock()
	w.ring()
	select {
	case r := <-c:
		return r.done, r.err
	case <-w.done:
		return false, nil
	}
}

func (w *writer) scrubNow() scrub {
	if err := w.exec("PRAGMA busy_timeout = 0"); err != nil {
		return scrub{err: err}
	}
	var busy, frames, written int64
	err := w.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &written)
	if back := w.exec("PRAGMA busy_timeout = 5000"); err == nil {
		err = back
	}
	return scrub{busy == 0, err}
}

// gatherTime is how long the writer waits for the callers of the last commit to come back, when few
// have yet: a sync costs as much for one of them as for all.
const gatherTime = 300 * time.Microsecond

// gather waits for a fuller batch if the last one had several callers.
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

// take moves up to maxBatch waiting steps into batch, most urgent first.
func (w *writer) take(batch []*step) ([]*step, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p := range w.queues {
		q := w.queues[p]
		n := min(len(q), maxBatch-len(batch))
		batch = append(batch, q[:n]...)
		rest := copy(q, q[n:])
		clear(q[rest:])
		w.queues[p] = q[:rest]
	}
	return batch, w.closed
}

// commit runs a batch, and reports whether there are events.
func (w *writer) commit(batch []*step) (told bool) {
	retry, err := w.attempt(batch, false)
	if retry {
		_, err = w.attempt(batch, true)
	}
	if err != nil {
		err = w.classify(err)
	} else {
		told = w.tx.publish()
	}
	for _, st := range batch {
		if err != nil && st.err == nil {
			st.err = err
		}
		if st.err != nil && smsir.CodeOf(st.err) == "" && resultCode(st.err) != 0 {
			st.err = w.classify(st.err)
		}
	}
	return told
}

// attempt runs batch in one transaction. It asks for a second attempt with savepoints when a step
// without one failed.
func (w *writer) attempt(batch []*step, isolate bool) (retry bool, err error) {
	w.tx.reset()
	defer func() {
		if retry || err != nil {
			w.tx.warm.forget()
		}
	}()
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return false, err
	}
	for _, st := range batch {
		if !isolate && !st.savepoint {
			if st.err = w.run(st); st.err != nil {
				return true, w.exec("ROLLBACK")
			}
			continue
		}
		if err := w.isolated(st, isolate); err != nil {
			_ = w.exec("ROLLBACK")
			return false, err
		}
	}
	if err := w.tx.flush(); err != nil {
		_ = w.exec("ROLLBACK")
		return !isolate, err
	}
	w.boast(batch)
	failpoint.Hit(failpoint.CommitBefore)
	if err := w.exec("COMMIT"); err != nil {
		_ = w.exec("ROLLBACK")
		return false, err
	}
	failpoint.Hit(failpoint.CommitAfter)
	return false, nil
}

// boast tells callers of a commit that is not there yet, where a test wants that bug.
func (w *writer) boast(batch []*step) {
	for _, st := range batch {
		if canary.On(canary.AckEarly) && st.prio == prioAccept || canary.On(canary.IntentLate) && st.prio == prioIntent {
			st.told = true
			close(st.done)
		}
	}
	if canary.On(canary.AckEarly) || canary.On(canary.IntentLate) {
		canary.Linger()
	}
}

// run turns a panic of a step into its error: one caller's bug must not end the writer.
func (w *writer) run(st *step) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("store step: %v", p)
			w.s.log.Error("a store step panicked", "panic", p)
		}
	}()
	return st.run(w.tx)
}

// isolated runs a step behind a savepoint; with the rows that could wait, where a batch is looked through for the one that
// fails.
func (w *writer) isolated(st *step, rows bool) error {
	if err := errors.Join(w.tx.attemptRows.insert(w.tx), w.exec("SAVEPOINT step")); err != nil {
		return err
	}
	mark := w.tx.mark()
	if st.err = w.run(st); st.err == nil && rows {
		st.err = w.tx.flushRows()
	}
	if st.err != nil {
		w.tx.rewind(mark)
		if err := w.exec("ROLLBACK TO step"); err != nil {
			return err
		}
	}
	return w.exec("RELEASE step")
}

func (w *writer) exec(query string) error {
	_, err := w.tx.exec(query)
	return err
}

// classify gives a failed commit its code, and closes the store for writing when the file or the
// disk can no longer be trusted.
func (w *writer) classify(err error) error {
	code := resultCode(err)
	if code == 0 {
		return &smsir.Error{Code: smsir.CodeStorageDown, Text: "The storage did not take the change.", Err: err}
	}
	switch code & 0xff {
	case 13: // SQLITE_FULL
		w.s.disk.drop()
		w.cutSoon()
		return &smsir.Error{Code: smsir.CodeStorageFull, Text: "The disk is full. Free some space; nothing that was accepted is lost.", Err: err}
	case 10, 11, 26: // SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB
		broken := &smsir.Error{Code: smsir.CodeStorageDown, Text: "The database file failed. The gateway accepts nothing more; look at the disk before starting it again.", Err: err}
		w.mu.Lock()
		first := w.broken == nil
		w.broken = broken
		w.mu.Unlock()
		if first {
			w.s.log.Error("the database failed", "err", err)
			w.s.fatal(broken)
		}
		return broken
	}
	return &smsir.Error{Code: smsir.CodeStorageDown, Text: "The storage did not take the change.", Err: err}
}
