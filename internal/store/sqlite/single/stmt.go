package single

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Stmt is a prepared statement. It implements [driver.Stmt]. Values are int64, float64, bool, string, []byte, *[16]byte and nil.
type Stmt struct {
	c       *Conn
	p       uintptr
	order   []int     // by parameter of SQLite, which counts them as they come: its place among the arguments
	inputs  int       // arguments
	columns []string  // of a result
	bound   bool      // it is under way
	copies  []uintptr // of texts that are bound and did not fit into the arena
}

// Close implements [driver.Stmt].
func (s *Stmt) Close() error {
	if s.p != 0 {
		sqlite3.Xsqlite3_finalize(s.c.tls, s.p) // what it returns is what its last execution failed with
		s.p = 0
	}
	s.end()
	return nil
}

// NumInput implements [driver.Stmt].
func (s *Stmt) NumInput() int { return s.inputs }

// Exec implements [driver.Stmt].
func (s *Stmt) Exec(args []driver.Value) (driver.Result, error) {
	n, err := s.Run(args)
	return driver.RowsAffected(n), err
}

// Run executes a statement to its end, whatever rows it has, and returns how many it changed. What it returns for one that
// changes nothing means nothing.
func (s *Stmt) Run(args []driver.Value) (changed int64, err error) {
	if err = s.bind(args); err == nil {
		for more := true; more && err == nil; {
			more, err = s.step()
		}
	}
	if err == nil {
		changed = sqlite3.Xsqlite3_changes64(s.c.tls, s.c.db)
	}
	s.end()
	return changed, err
}

// Query implements [driver.Stmt].
func (s *Stmt) Query(args []driver.Value) (driver.Rows, error) {
	if err := s.bind(args); err != nil {
		s.end()
		return nil, err
	}
	return &rows{s}, nil
}

// step goes to the next row.
func (s *Stmt) step() (row bool, err error) {
	switch rc := sqlite3.Xsqlite3_step(s.c.tls, s.p); rc {
	case sqlite3.SQLITE_ROW:
		return true, nil
	case sqlite3.SQLITE_DONE:
		return false, nil
	default:
		return false, s.c.failure(rc)
	}
}

// end makes the statement ready for the next execution, which binds all of its parameters anew.
func (s *Stmt) end() {
	if !s.bound {
		return
	}
	s.bound = false
	if s.p != 0 {
		sqlite3.Xsqlite3_reset(s.c.tls, s.p) // returns what the step returned
	}
	for _, p := range s.copies {
		libc.Xfree(s.c.tls, p)
	}
	s.copies = s.copies[:0]
	if s.c.active--; s.c.active == 0 {
		s.c.used = 0
	}
}

func (s *Stmt) bind(args []driver.Value) error {
	if s.p == 0 {
		return errors.New("single: the statement is closed")
	}
	if s.bound {
		return errors.New("single: the statement is under way already")
	}
	if len(args) != s.inputs {
		return fmt.Errorf("single: %d arguments for %d parameters", len(args), s.inputs)
	}
	s.bound = true
	s.c.active++
	for i, at := range s.order {
		if err := s.bindOne(int32(i+1), args[at]); err != nil { //nolint:gosec // SQLite has at most 32,766 parameters
			return fmt.Errorf("argument %d: %w", at+1, err)
		}
	}
	return nil
}

func (s *Stmt) bindOne(i int32, v driver.Value) error {
	var rc int32
	switch v := v.(type) {
	case nil:
		rc = sqlite3.Xsqlite3_bind_null(s.c.tls, s.p, i)
	case int64:
		rc = sqlite3.Xsqlite3_bind_int64(s.c.tls, s.p, i, v)
	case float64:
		rc = sqlite3.Xsqlite3_bind_double(s.c.tls, s.p, i, v)
	case bool:
		n := int64(0)
		if v {
			n = 1
		}
		rc = sqlite3.Xsqlite3_bind_int64(s.c.tls, s.p, i, n)
	case string:
		p, err := copyOf(s, v)
		if err != nil {
			return err
		}
		rc = sqlite3.Xsqlite3_bind_text(s.c.tls, s.p, i, p, int32(len(v)), sqlite3.SQLITE_STATIC) //nolint:gosec // copyOf has looked
	case []byte:
		if v == nil {
			rc = sqlite3.Xsqlite3_bind_null(s.c.tls, s.p, i)
			break
		}
		p, err := copyOf(s, v)
		if err != nil {
			return err
		}
		rc = sqlite3.Xsqlite3_bind_blob(s.c.tls, s.p, i, p, int32(len(v)), sqlite3.SQLITE_STATIC) //nolint:gosec // as above
	case *[16]byte: // as a slice of it, which would have to be made
		p, err := copyOf(s, v[:])
		if err != nil {
			return err
		}
		rc = sqlite3.Xsqlite3_bind_blob(s.c.tls, s.p, i, p, int32(len(v)), sqlite3.SQLITE_STATIC)
	default:
		return fmt.Errorf("single: a %T cannot be bound", v)
	}
	if rc != sqlite3.SQLITE_OK {
		return s.c.failure(rc)
	}
	return nil
}

// copyOf copies bytes to where SQLite can read them until the end of the execution.
func copyOf[B string | []byte](s *Stmt, v B) (uintptr, error) {
	if c := s.c; len(v) <= arenaSize-c.used {
		at := c.used
		c.used += copy(c.room[at:], v)
		return c.arena + uintptr(at), nil
	}
	if len(v) > maxBytes {
		return 0, fmt.Errorf("single: %d bytes are too many", len(v))
	}
	p, err := libc.CString(string(v))
	if err == nil {
		s.copies = append(s.copies, p)
	}
	return p, err
}

// maxBytes is SQLite's own limit of a value.
const maxBytes = 1_000_000_000

// rows is a result set. The statement is its own until it is closed.
type rows struct{ s *Stmt }

func (r *rows) Columns() []string { return r.s.columns }

func (r *rows) Close() error {
	r.s.end()
	return nil
}

func (r *rows) Next(dest []driver.Value) error {
	row, err := r.s.step()
	if err != nil {
		return err
	}
	if !row {
		return io.EOF
	}
	tls, p := r.s.c.tls, r.s.p
	for i := range dest {
		at := int32(i) //nolint:gosec // SQLite has at most 32,767 columns
		switch sqlite3.Xsqlite3_column_type(tls, p, at) {
		case sqlite3.SQLITE_INTEGER:
			dest[i] = sqlite3.Xsqlite3_column_int64(tls, p, at)
		case sqlite3.SQLITE_FLOAT:
			dest[i] = sqlite3.Xsqlite3_column_double(tls, p, at)
		case sqlite3.SQLITE_TEXT:
			text := sqlite3.Xsqlite3_column_text(tls, p, at)
			dest[i] = string(libc.GoBytes(text, int(sqlite3.Xsqlite3_column_bytes(tls, p, at))))
		case sqlite3.SQLITE_BLOB:
			blob := sqlite3.Xsqlite3_column_blob(tls, p, at)
			dest[i] = append([]byte{}, libc.GoBytes(blob, int(sqlite3.Xsqlite3_column_bytes(tls, p, at)))...)
		default:
			dest[i] = nil
		}
	}
	return nil
}
