package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// tx is a transaction under way. It implements sqldb.Tx.
type tx struct {
	s    *Store
	ctx  context.Context
	conn *pgx.Conn
	xid  string // by which the server is asked what became of it
	run  string // of the server: since when it is up
}

// Exec implements sqldb.Tx.
func (t *tx) Exec(query string, args ...any) (int64, error) {
	tag, err := t.conn.Exec(t.ctx, query, plain(args)...)
	return tag.RowsAffected(), err
}

// Query implements sqldb.Tx.
func (t *tx) Query(query string, args ...any) (sqldb.Rows, error) {
	return wrap(t.conn.Query(t.ctx, query, plain(args)...))
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.Exec(query, args...)
	return err
}

// row reads the single row of a query.
func (t *tx) row(query string, args []any, dst ...any) error {
	return t.conn.QueryRow(t.ctx, query, plain(args)...).Scan(dst...)
}

// batch sends queries in one round trip; each is handled as it was queued.
func (t *tx) batch(b *pgx.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	return t.conn.SendBatch(t.ctx, b).Close()
}

// maxTries bounds how often a transaction is run again after the server has broken it off.
const maxTries = 4

// update runs f in one durable transaction. f may run more than once.
func (s *Store) update(ctx context.Context, f func(*tx) error) error {
	var err error
	for range maxTries {
		var again bool
		if again, err = s.once(ctx, f); !again {
			return err
		}
	}
	return err
}

// once runs a transaction. again says that the server broke it off, or the connection had died before, for a reason that
// the next try may not meet, and that nothing of it was kept.
func (s *Store) once(ctx context.Context, f func(*tx) error) (again bool, err error) {
	// A caller that goes away must not break a transaction off in the middle: its end bounds the wait for a connection only.
	acquire, cancel := context.WithTimeout(ctx, connectTime)
	conn, err := s.pool.Acquire(acquire)
	cancel()
	if err != nil {
		return false, err
	}
	defer conn.Release() // the pool drops a connection that is broken or still in a transaction
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), txTime)
	defer cancel()
	t := &tx{s: s, ctx: work, conn: conn.Conn()}
	if err = t.begin(); err == nil {
		err = f(t)
	}
	if err != nil {
		s.abandon(t, err)
		return retryable(err), err
	}
	failpoint.Hit(failpoint.CommitBefore)
	if _, err = t.conn.Exec(work, "COMMIT"); err == nil {
		failpoint.Hit(failpoint.CommitAfter)
		return false, nil
	}
	if refused(err) {
		s.abandon(t, err)
		return retryable(err), err
	}
	return false, s.settle(t, err)
}

// begin starts the transaction and learns by what the server can be asked about it.
func (t *tx) begin() error {
	b := &pgx.Batch{}
	b.Queue("BEGIN")
	b.Queue("SELECT pg_current_xact_id()::text, pg_postmaster_start_time()::text").QueryRow(func(row pgx.Row) error { return row.Scan(&t.xid, &t.run) })
	return t.batch(b)
}

// abandon rolls back. After anything but an answer of the server, or a refusal of ours, the connection is given up: it
// may hold a session's lock or half an answer.
func (s *Store) abandon(t *tx, err error) {
	var pe *pgconn.PgError
	if errors.As(err, &pe) && pe.Severity == "ERROR" && pe.Code != "57014" || smsir.CodeOf(err) != "" || errors.Is(err, errStep) {
		if _, err := t.conn.Exec(t.ctx, "ROLLBACK"); err == nil {
			return
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTime)
	defer cancel()
	_ = t.conn.Close(ctx) // it is given up either way
	if connectionLost(err) {
		s.pool.Reset() // the idle ones have died with it
	}
}

// errStep marks a failure that has nothing to do with the connection.
var errStep = errors.New("step failed")

// refused reports whether err is the server's word that the transaction is not committed.
func refused(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) && pe.Severity == "ERROR"
}

// retryable reports whether a transaction that is known to be gone may simply run again.
func retryable(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch pe.Code {
		case "40001", "40P01": // serialization_failure, deadlock_detected
			return true
		}
		return strings.HasPrefix(pe.Code, "57P") // the server is being stopped, or has ended this connection
	}
	return connectionLost(err) && !errors.Is(err, context.DeadlineExceeded)
}

// connectionLost reports whether err comes from the way to the server and not from the server.
func connectionLost(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return strings.HasPrefix(pe.Code, "57P") || strings.HasPrefix(pe.Code, "08")
	}
	return smsir.CodeOf(err) == "" && !errors.Is(err, errStep) && !errors.Is(err, pgx.ErrNoRows)
}

// coded gives an error of the database the code by which callers know it.
func (s *Store) coded(err error) error {
	if err == nil || smsir.CodeOf(err) != "" {
		return err
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) && (pe.Code == "53100" || pe.Code == "54000") { // disk_full
		return &smsir.Error{Code: smsir.CodeStorageFull, Text: "The disk of the database server is full. Free some space; nothing that was accepted is lost.", Err: err}
	}
	return &smsir.Error{Code: smsir.CodeStorageDown, Text: "The storage did not take the change.", Err: err}
}

// Update implements sqldb.DB.
func (s *Store) Update(ctx context.Context, f func(sqldb.Tx) error) error {
	err := s.update(ctx, func(t *tx) error { return f(t) })
	if connectionLost(err) && err != nil {
		return s.coded(err)
	}
	return err
}

// Query implements sqldb.DB.
func (s *Store) Query(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	rows, err := wrap(s.pool.Query(ctx, query, plain(args)...))
	if err != nil && connectionLost(err) && ctx.Err() == nil {
		s.pool.Reset()
		rows, err = wrap(s.pool.Query(ctx, query, plain(args)...))
		if err != nil && connectionLost(err) {
			err = s.coded(err)
		}
	}
	return rows, err
}

// QueryOnce implements sqldb.DB.
func (s *Store) QueryOnce(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	return s.Query(ctx, query, args...)
}

// ArrayHas implements sqldb.DB.
func (*Store) ArrayHas(column string) string {
	return "CASE WHEN " + column + " <> '' THEN EXISTS (SELECT 1 FROM json_array_elements_text(" + column + "::json) v WHERE v = ?) ELSE false END"
}

// Run implements sqldb.DB.
func (s *Store) Run() int64 { return s.node.Load() }

// IsUnique implements sqldb.DB.
func (*Store) IsUnique(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) && pe.Code == "23505"
}

// rows makes pgx's result set that of package sqldb.
type rows struct{ pgx.Rows }

// Close implements sqldb.Rows; Err tells what went wrong.
func (r rows) Close() error {
	r.Rows.Close()
	return nil
}

// Err implements sqldb.Rows. What pgx meets while it sends a query shows here and not before.
func (r rows) Err() error {
	err := r.Rows.Err()
	if err != nil && connectionLost(err) {
		return &smsir.Error{Code: smsir.CodeStorageDown, Text: "The storage does not answer.", Err: err}
	}
	return err
}

func wrap(r pgx.Rows, err error) (sqldb.Rows, error) {
	if err != nil {
		return nil, err
	}
	return rows{r}, nil
}

// plain makes arguments of what callers of package sqldb hand over.
func plain(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case smsir.UUID:
			args[i] = uuid(v)
		case string:
			args[i] = clean(v)
		}
	}
	return args
}

// uuid is the column of an identifier; nil is NULL.
func uuid(u smsir.UUID) []byte {
	if u.IsZero() {
		return nil
	}
	return u[:]
}

// clean is s as PostgreSQL can store it: UTF-8 without NUL. What providers and browsers send is evidence, and must not
// be refused for a byte.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// stepError is a fault of one step that leaves its neighbours alone.
func stepError(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errStep, fmt.Errorf(format, args...))
}
