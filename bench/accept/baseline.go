package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// bare names the figures of the baseline.
const bare = "bare"

// sample is what the gateway stores for one accepted message, taken from the database of a real one: the tables and
// indexes, the row of messages and the row of events.
type sample struct {
	schema         []string
	message, event []any // by column; the id stands first in both
	eventMessage   int   // the column of events that holds the id of the message
}

// sample has a server accept one message and reads what it stored.
func (b *bench) sample(ctx context.Context) (*sample, error) {
	s, err := b.start(ctx, "sample", paused)
	if err != nil {
		return nil, err
	}
	defer s.kill()
	l := load{server: s, connections: 1, duration: time.Millisecond}
	if _, err := l.run(ctx); err != nil {
		return nil, err
	}
	if err := s.stop(); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.data, "smsir.db")+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // only read
	out := &sample{eventMessage: -1}
	rows, err := db.QueryContext(ctx, "SELECT sql FROM sqlite_schema WHERE tbl_name IN ('messages', 'events') AND sql IS NOT NULL ORDER BY type DESC, name")
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out.schema = append(out.schema, text)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var columns []string
	if out.message, _, err = readRow(ctx, db, "SELECT * FROM messages ORDER BY id LIMIT 1"); err != nil {
		return nil, err
	}
	if out.event, columns, err = readRow(ctx, db, "SELECT * FROM events WHERE seq = 1 ORDER BY id LIMIT 1"); err != nil {
		return nil, err
	}
	for i, name := range columns {
		if name == "message_id" {
			out.eventMessage = i
		}
	}
	if out.eventMessage < 0 || columns[0] != "id" {
		return nil, fmt.Errorf("table events has the columns %v: want id first, and message_id", columns)
	}
	return out, nil
}

// readRow reads the one row of a query, with the names of its columns.
func readRow(ctx context.Context, db *sql.DB, query string) (values []any, columns []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	if columns, err = rows.Columns(); err != nil {
		return nil, nil, err
	}
	if !rows.Next() {
		return nil, nil, errors.Join(fmt.Errorf("%s: no row", query), rows.Err())
	}
	values = make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	return values, columns, rows.Scan(into...)
}

// inserter is the bare group commit: one goroutine, prepared statements, all that waits in one transaction with one sync.
type inserter struct {
	conn           *sql.Conn
	message, event *sql.Stmt
	values, told   []any
	ref            int
	next           int64
	commits, steps atomic.Int64

	mu    sync.Mutex
	queue []*insertion
	bell  chan struct{}
	stop  atomic.Bool
	done  chan struct{}
}

// insertion is what one caller waits for.
type insertion struct {
	n    int
	err  error
	done chan struct{}
}

func openInserter(ctx context.Context, path string, s *sample) (*inserter, *sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"+
		"&_pragma=wal_autocheckpoint(4000)&_pragma=journal_size_limit(67108864)&_pragma=cache_size(-65536)")
	if err != nil {
		return nil, nil, err
	}
	w := &inserter{
		values: append([]any(nil), s.message...), told: append([]any(nil), s.event...), ref: s.eventMessage,
		bell: make(chan struct{}, 1), done: make(chan struct{}),
	}
	w.next, _ = s.message[0].(int64)
	if w.conn, err = db.Conn(ctx); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	for _, text := range s.schema {
		if _, err := w.conn.ExecContext(ctx, text); err != nil {
			return nil, nil, errors.Join(err, db.Close())
		}
	}
	if w.message, err = w.conn.PrepareContext(ctx, "INSERT INTO messages VALUES ("+marks(len(w.values))+")"); err == nil { //nolint:gosec // marks are all that is joined
		w.event, err = w.conn.PrepareContext(ctx, "INSERT INTO events VALUES ("+marks(len(w.told))+")") //nolint:gosec // likewise
	}
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	go w.loop()
	return w, db, nil
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// insert stores n messages with an event each, and returns when they are on disk.
func (w *inserter) insert(n int) error {
	in := &insertion{n: n, done: make(chan struct{})}
	w.mu.Lock()
	w.queue = append(w.queue, in)
	w.mu.Unlock()
	w.ring()
	<-in.done
	return in.err
}

func (w *inserter) ring() {
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

func (w *inserter) loop() {
	defer close(w.done)
	var batch []*insertion
	for !w.stop.Load() {
		w.mu.Lock()
		batch = append(batch[:0], w.queue...)
		w.queue = w.queue[:0]
		w.mu.Unlock()
		if len(batch) == 0 {
			<-w.bell
			continue
		}
		err := w.commit(batch)
		w.commits.Add(1)
		w.steps.Add(int64(len(batch)))
		for _, in := range batch {
			in.err = err
			close(in.done)
		}
	}
}

func (w *inserter) commit(batch []*insertion) error {
	ctx := context.Background()
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, in := range batch {
		for range in.n {
			w.next += 2
			w.values[0], w.told[0], w.told[w.ref] = w.next, w.next+1, w.next
			if _, err := w.message.ExecContext(ctx, w.values...); err != nil {
				return err
			}
			if _, err := w.event.ExecContext(ctx, w.told...); err != nil {
				return err
			}
		}
	}
	_, err := w.conn.ExecContext(ctx, "COMMIT")
	return err
}

// bare measures the baseline of a round.
func (b *bench) bare(ctx context.Context, round int, s *sample) error {
	w, db, err := openInserter(ctx, filepath.Join(b.dir, fmt.Sprintf("bare-%d.db", round)), s)
	if err != nil {
		return fmt.Errorf("bare insert: %w", err)
	}
	defer db.Close() //nolint:errcheck // it is thrown away
	defer func() {
		w.stop.Store(true)
		w.ring()
		<-w.done
	}()
	for _, batch := range []bool{false, true} {
		callers, n := b.connections, 1
		if batch {
			callers, n = b.batchers, b.batch
		}
		if _, err := w.load(ctx, callers, n, b.warmup); err != nil {
			return fmt.Errorf("bare insert: %w", err)
		}
		r, err := w.load(ctx, callers, n, b.duration)
		if err != nil {
			return fmt.Errorf("bare insert: %w", err)
		}
		b.note(figure{bare, batch, round, r})
	}
	return nil
}

// load has callers insert n messages again and again.
func (w *inserter) load(ctx context.Context, callers, n int, d time.Duration) (r result, err error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var mu sync.Mutex
	var work sync.WaitGroup
	cpu, begin, commits, steps := processCPU(), time.Now(), w.commits.Load(), w.steps.Load()
	for range callers {
		work.Go(func() {
			var latencies []time.Duration
			var failed error
			for ctx.Err() == nil && failed == nil {
				start := time.Now()
				if failed = w.insert(n); failed == nil {
					latencies = append(latencies, time.Since(start))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			r.add(len(latencies)*n, latencies)
			err = errors.Join(err, failed)
		})
	}
	work.Wait()
	r.took, r.cpu = time.Since(begin), processCPU()-cpu
	r.commits, r.steps, r.busy = int(w.commits.Load()-commits), float64(w.steps.Load()-steps), r.took
	r.sort()
	return r, err
}

// processCPU is the processor time that this process has used.
func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
