// Package single is a connection to SQLite that one goroutine at a time uses, and that nothing locks: a driver for database/sql
// which the writer of the store uses, because it executes a hundred thousand statements a second.
//
// The engine is that of modernc.org/sqlite. Its own driver guards every call with a mutex of the connection, two locked maps
// deep, and asks for the name of every parameter at every execution; together that was a fifth of the writer's time. Here a
// statement is looked at once, when it is prepared, and the memory of the connection's own small pieces is large enough to be
// of use.
//
// It is in charge of statements and values, and of nothing else: no pools, no contexts, no times, no functions in Go.
package single

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Connector opens connections to a file. It implements [driver.Connector].
type Connector struct {
	Name    string   // a path or, if it begins with "file:", a URI
	Pragmas []string // executed on each new connection, such as "foreign_keys(1)"
}

// Driver implements [driver.Connector].
func (c Connector) Driver() driver.Driver { return opener{} }

type opener struct{}

func (opener) Open(name string) (driver.Conn, error) {
	return Connector{Name: name}.Connect(context.Background())
}

// A connection keeps so many small pieces of memory of its own. They serve what a statement needs while it runs; what a prepared
// statement keeps does not take from them.
const (
	pieceSize = 1200
	pieces    = 200
)

// Connect implements [driver.Connector].
func (c Connector) Connect(context.Context) (driver.Conn, error) {
	conn := &Conn{tls: libc.NewTLS()}
	arena, err := libc.CString(strings.Repeat(" ", arenaSize))
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	conn.arena, conn.room = arena, libc.GoBytes(arena, arenaSize)
	name, err := libc.CString(c.Name)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	defer libc.Xfree(conn.tls, name)
	out := conn.tls.Alloc(8)
	rc := sqlite3.Xsqlite3_open_v2(conn.tls, name, out,
		sqlite3.SQLITE_OPEN_READWRITE|sqlite3.SQLITE_OPEN_CREATE|sqlite3.SQLITE_OPEN_URI|sqlite3.SQLITE_OPEN_NOMUTEX, 0)
	conn.db = libc.AtomicLoadNUintptr(out, 0)
	conn.tls.Free(8)
	if rc != sqlite3.SQLITE_OK {
		return nil, errors.Join(conn.failure(rc), conn.Close())
	}
	sqlite3.Xsqlite3_extended_result_codes(conn.tls, conn.db, 1)
	va := libc.NewVaList(uintptr(0), int32(pieceSize), int32(pieces))
	defer libc.Xfree(conn.tls, va)
	if rc := sqlite3.Xsqlite3_db_config(conn.tls, conn.db, sqlite3.SQLITE_DBCONFIG_LOOKASIDE, va); rc != sqlite3.SQLITE_OK {
		return nil, errors.Join(conn.failure(rc), conn.Close())
	}
	for _, p := range c.Pragmas {
		if err := conn.pragma(p); err != nil {
			return nil, errors.Join(fmt.Errorf("PRAGMA %s: %w", p, err), conn.Close())
		}
	}
	return conn, nil
}

// Error is a failure that SQLite reported.
type Error struct {
	Code int // extended result code; the low byte is the primary one
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.Text, e.Code) }

// Conn is an open connection. It implements [driver.Conn]. Transactions are begun and ended by statements.
type Conn struct {
	tls *libc.TLS
	db  uintptr

	arena  uintptr // where SQLite reads texts that are bound
	room   []byte  // of it
	used   int
	active int // statements with something in it
}

// arenaSize is enough for the texts of most statements; longer ones are copied to where there is room.
const arenaSize = 64 << 10

// Close implements [driver.Conn].
func (c *Conn) Close() error {
	if c.tls == nil {
		return nil
	}
	var err error
	if c.db != 0 {
		if rc := sqlite3.Xsqlite3_close_v2(c.tls, c.db); rc != sqlite3.SQLITE_OK {
			err = &Error{int(rc), "the connection does not close"}
		}
	}
	if c.arena != 0 {
		libc.Xfree(c.tls, c.arena)
	}
	c.tls.Close()
	*c = Conn{}
	return err
}

// Begin implements [driver.Conn]. It always fails.
func (*Conn) Begin() (driver.Tx, error) {
	return nil, errors.New("single: begin a transaction with a statement")
}

func (c *Conn) failure(rc int32) error {
	if c.db == 0 {
		return &Error{int(rc), libc.GoString(sqlite3.Xsqlite3_errstr(c.tls, rc))}
	}
	if extended := sqlite3.Xsqlite3_extended_errcode(c.tls, c.db); extended != sqlite3.SQLITE_OK {
		rc = extended
	}
	return &Error{int(rc), libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db))}
}

func (c *Conn) pragma(p string) error {
	s, err := c.prepare("PRAGMA " + p)
	if err != nil {
		return err
	}
	_, err = s.Exec(nil)
	return errors.Join(err, s.Close())
}

// Prepare implements [driver.Conn]. The query is one statement.
func (c *Conn) Prepare(query string) (driver.Stmt, error) { return c.prepare(query) }

func (c *Conn) prepare(query string) (*Stmt, error) {
	text, err := libc.CString(query)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, text)
	out := c.tls.Alloc(8)
	rc := sqlite3.Xsqlite3_prepare_v3(c.tls, c.db, text, -1, sqlite3.SQLITE_PREPARE_PERSISTENT, out, 0)
	s := &Stmt{c: c, p: libc.AtomicLoadNUintptr(out, 0)}
	c.tls.Free(8)
	if rc != sqlite3.SQLITE_OK {
		return nil, c.failure(rc)
	}
	if s.p == 0 {
		return nil, fmt.Errorf("single: there is no statement in %q", query)
	}
	return s, s.look()
}

// look notes what never changes of a statement.
func (s *Stmt) look() error {
	n := sqlite3.Xsqlite3_bind_parameter_count(s.c.tls, s.p)
	for i := int32(1); i <= n; i++ {
		at := len(s.order)
		if name := libc.GoString(sqlite3.Xsqlite3_bind_parameter_name(s.c.tls, s.p, i)); name != "" {
			if _, err := fmt.Sscanf(strings.TrimLeft(name, "$?"), "%d", &at); err != nil {
				return fmt.Errorf("single: parameter %q has no number", name)
			}
			at--
		}
		s.order = append(s.order, at)
		s.inputs = max(s.inputs, at+1)
	}
	for i := range sqlite3.Xsqlite3_column_count(s.c.tls, s.p) {
		s.columns = append(s.columns, libc.GoString(sqlite3.Xsqlite3_column_name(s.c.tls, s.p, i)))
	}
	return nil
}
