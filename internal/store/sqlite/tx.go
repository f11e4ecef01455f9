package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/store/sqldb"
	"github.com/smsir/smsir/internal/store/sqlite/single"
	sqlite3 "modernc.org/sqlite"
)

// wtx is the transaction that the writer is in. It prepares every statement once and gathers the
// changes of the hourly counts, which are written once a commit.
type wtx struct {
	s           *Store
	conn        *sql.Conn
	stmts       map[string]*sql.Stmt // that return rows
	writes      map[string]write     // that do not
	values      []driver.Value       // of the write under way
	uuids       []smsir.UUID         // among them
	saves       map[saveKey]string   // of saveQuery
	eventData   map[eventData]string // as JSON
	warm        warm
	working     map[smsir.UUID]bool // workspaces that are not paused, as far as this transaction looked
	deltas      []delta
	holds       []hold
	events      []smsir.Event               // of the steps so far
	eventRows   later                       // of those, what is not inserted yet
	attemptRows later                       // likewise; they are inserted before anything may read attempts
	deleted     bool                        // events were
	fresh       map[smsir.ID]*smsir.Message // for recent, when this is committed; nil: one that is not known
}

// delta is one message entering or leaving a state.
type delta struct {
	workspace smsir.UUID
	hour      int64
	state     smsir.State
	n         int64
}

// hold is credit that a message holds back, or does no more.
type hold struct {
	workspace smsir.UUID
	n         int64
}

type txMark struct{ deltas, holds, events, eventRows, attemptRows int }

func (t *wtx) reset() {
	t.rewindTo(txMark{})
	t.deleted = false
	clear(t.fresh)
}

func (t *wtx) mark() txMark {
	return txMark{len(t.deltas), len(t.holds), len(t.events), len(t.eventRows.values), len(t.attemptRows.values)}
}

func (t *wtx) rewind(m txMark) {
	t.rewindTo(m)
	t.warm.forget()
	t.doubtMessages()
}

func (t *wtx) rewindTo(m txMark) {
	t.deltas, t.holds, t.events = t.deltas[:m.deltas], t.holds[:m.holds], t.events[:m.events]
	t.eventRows.values, t.attemptRows.values = t.eventRows.values[:m.eventRows], t.attemptRows.values[:m.attemptRows]
	clear(t.working)
}

func (t *wtx) stmt(query string) (*sql.Stmt, error) {
	if err := t.attemptRows.insert(t); err != nil {
		return nil, err
	}
	if st, ok := t.stmts[query]; ok {
		return st, nil
	}
	st, err := t.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	t.stmts[query] = st
	return st, nil
}

// Exec implements sqldb.Tx.
func (t *wtx) Exec(query string, args ...any) (n int64, err error) {
	if err := t.attemptRows.insert(t); err != nil {
		return 0, err
	}
	t.unknown(query)
	t.deleted = t.deleted || strings.HasPrefix(query, "DELETE FROM events")
	return t.exec(query, args...)
}

// exec is Exec for a statement of which the caller tells what it changes. It speaks to the driver itself: database/sql would
// copy every argument anew for each row, and there are forty of them.
func (t *wtx) exec(query string, args ...any) (n int64, err error) {
	err = t.conn.Raw(func(conn any) error {
		st, ok := t.writes[query]
		if !ok {
			if st, err = prepareWrite(conn, query); err != nil {
				return err
			}
			t.writes[query] = st
		}
		if err := t.convert(args); err != nil {
			return err
		}
		n, err = st.Run(t.values)
		return err
	})
	return n, err
}

// convert makes values of arguments, as [driver.DefaultParameterConverter] does, without asking a UUID through reflection for
// what it is.
func (t *wtx) convert(args []any) error {
	t.values, t.uuids = t.values[:0], t.uuids[:0]
	for i, a := range args {
		switch v := a.(type) {
		case nil, int64, string:
			t.values = append(t.values, v)
			continue
		case smsir.UUID:
			if v.IsZero() {
				t.values = append(t.values, nil)
			} else {
				t.uuids = append(t.uuids, v)
				t.values = append(t.values, (*[16]byte)(&t.uuids[len(t.uuids)-1]))
			}
			continue
		}
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
		t.values = append(t.values, v)
	}
	return nil
}

// write is a prepared statement that returns no rows.
type write interface {
	Run(args []driver.Value) (changed int64, err error)
	Close() error
}

// slowWrite is one of the driver of modernc.org/sqlite, which databases in memory have.
type slowWrite struct{ driver.Stmt }

func (w slowWrite) Run(args []driver.Value) (int64, error) {
	for i, a := range args {
		if id, ok := a.(*[16]byte); ok {
			args[i] = id[:]
		}
	}
	res, err := w.Exec(args) //nolint:staticcheck // there is no context to give it
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func prepareWrite(conn any, query string) (write, error) {
	c, ok := conn.(driver.Conn)
	if !ok {
		return nil, fmt.Errorf("driver connection %T cannot prepare", conn)
	}
	st, err := c.Prepare(query)
	if err != nil {
		return nil, err
	}
	if w, ok := st.(write); ok {
		return w, nil
	}
	return slowWrite{st}, nil
}

// close gives back what was prepared: of what Exec has, database/sql knows nothing, and the rest would keep the connection.
func (t *wtx) close() error {
	var open []error
	for _, st := range t.stmts {
		open = append(open, st.Close())
	}
	return errors.Join(errors.Join(open...), t.conn.Raw(func(any) error {
		var errs []error
		for _, st := range t.writes {
			errs = append(errs, st.Close())
		}
		return errors.Join(errs...)
	}))
}

// Query implements sqldb.Tx.
func (t *wtx) Query(query string, args ...any) (sqldb.Rows, error) {
	st, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.Query(args...)
}

// row reads the single row of a query; false if there is none.
func (t *wtx) row(query string, args []any, dst ...any) (bool, error) {
	st, err := t.stmt(query)
	if err != nil {
		return false, err
	}
	err = st.QueryRow(args...).Scan(dst...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Query implements sqldb.DB: it reads beside the writer. Queries are constants, so each is prepared
// once for every connection.
func (s *Store) Query(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	return s.rows(ctx, query, args...)
}

// QueryOnce implements sqldb.DB.
func (s *Store) QueryOnce(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	return s.read.QueryContext(ctx, query, args...)
}

// ArrayHas implements sqldb.DB.
func (s *Store) ArrayHas(column string) string {
	return column + " <> '' AND EXISTS (SELECT 1 FROM json_each(" + column + ") WHERE value = ?)"
}

func (s *Store) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (s *Store) rowOf(ctx context.Context, query string, args []any, dst ...any) error {
	st, err := s.prepared(ctx, query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(dst...)
}

func (s *Store) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := s.stmts.Load(query); ok {
		return st.(*sql.Stmt), nil //nolint:forcetypeassert // nothing else is stored
	}
	st, err := s.read.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, err
	}
	if old, raced := s.stmts.LoadOrStore(query, st); raced {
		_ = st.Close()
		return old.(*sql.Stmt), nil //nolint:forcetypeassert // as above
	}
	return st, nil
}

// Update implements sqldb.DB.
func (s *Store) Update(_ context.Context, f func(sqldb.Tx) error) error {
	return s.writer.do(prioAccept, true, func(t *wtx) error { return f(t) })
}

// Run implements sqldb.DB.
func (s *Store) Run() int64 { return s.node }

// IsUnique implements sqldb.DB: SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE.
func (s *Store) IsUnique(err error) bool {
	code := resultCode(err)
	return code == 1555 || code == 2067
}

// resultCode is what SQLite called a failure, with its extension; 0 if it was not SQLite's.
func resultCode(err error) int {
	var fast *single.Error
	if errors.As(err, &fast) {
		return fast.Code
	}
	var slow *sqlite3.Error
	if errors.As(err, &slow) {
		return slow.Code()
	}
	return 0
}

const hourMillis = int64(time.Hour / time.Millisecond)

func (t *wtx) count(m *smsir.Message, state smsir.State, n int64) {
	at := m.AcceptedAt.UnixMilli()
	t.deltas = append(t.deltas, delta{m.Workspace, at - at%hourMillis, state, n})
}

// flush writes what the steps have left to the end of the transaction.
func (t *wtx) flush() error {
	return errors.Join(t.flushRows(), t.flushCounts(), t.flushHolds())
}

// flushRows inserts the rows that wait.
func (t *wtx) flushRows() error { return errors.Join(t.attemptRows.insert(t), t.eventRows.insert(t)) }

// flushCounts writes the changes of the counts, one row for each workspace, hour and state touched.
func (t *wtx) flushCounts() error {
	sums := make(map[delta]int64, len(t.deltas)) // by delta without n
	for _, d := range t.deltas {
		n := d.n
		d.n = 0
		sums[d] += n
	}
	for d, n := range sums {
		if n == 0 {
			continue
		}
		if _, err := t.Exec(`INSERT INTO counts (workspace_id, hour, status, final, n) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (workspace_id, hour, status, final) DO UPDATE SET n = n + excluded.n`,
			d.workspace, d.hour, int64(d.state.Status), sqldb.Flag(d.state.Final), n); err != nil {
			return err
		}
	}
	return nil
}

// record stores the events of a message, given ids inside the commit so that their order is the
// order of commits, and counts the moves they tell of. from is the state before the first event;
// birth says that there was none.
func (t *wtx) record(m *smsir.Message, from smsir.State, birth bool, events []smsir.Event) error {
	if len(events) == 0 {
		return nil
	}
	now := t.s.now()
	for i := range events {
		e := &events[i]
		if canary.On(canary.SequenceGap) && e.Seq == 3 {
			continue
		}
		e.ID = t.s.ids.Next(now)
		if err := t.insertEvent(e); err != nil {
			return err
		}
	}
	if to := m.State(); birth || to != from {
		if !birth {
			t.count(m, from, -1)
		}
		t.count(m, to, 1)
	}
	return nil
}
