// Package sqldb holds the storage code whose text both databases share: accounts, providers,
// settings, and the lists people look at. Queries use $n placeholders and types that SQLite and
// PostgreSQL read alike. The columns of a message, an attempt and an event are listed here, once.
//
// It does not open a database, knows no driver, and holds none of the hot paths: packages sqlite and
// postgres do, and embed [Store]. On failure a transaction is rolled back whole.
package sqldb

import (
	"context"
	"errors"
	"time"

	"github.com/smsir/smsir"
)

// DB is what a database offers to this package.
type DB interface {
	// Query reads outside a transaction.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	// QueryOnce is Query for a text that was put together for this call: nothing of it is kept.
	QueryOnce(ctx context.Context, query string, args ...any) (Rows, error)
	// ArrayHas is the condition that a JSON array of strings, or '' for none, in a column has the value "?".
	ArrayHas(column string) string
	// Update runs f in one durable transaction: committed when f returns nil, rolled back otherwise.
	// f may run more than once and must not keep anything of an earlier run.
	Update(ctx context.Context, f func(Tx) error) error
	// Run is the number of this run of the program (nodes.id), which owns what it leases.
	Run() int64
	// IsUnique reports whether err is the violation of a unique constraint.
	IsUnique(err error) bool
}

// Tx is a transaction.
type Tx interface {
	Exec(query string, args ...any) (rows int64, err error)
	Query(query string, args ...any) (Rows, error)
}

// Rows is a result set; Close is idempotent and must be called.
type Rows interface {
	Next() bool
	Scan(dst ...any) error
	Err() error
	Close() error
}

// Store implements store.Accounts, store.Providers, store.Routes and the reads of store.Messages over a [DB].
type Store struct {
	db DB
}

// New returns a [Store] over db.
func New(db DB) *Store { return &Store{db: db} }

// errNoRow is the inner sign of an empty result.
var errNoRow = errors.New("no row")

// one reads exactly the first row.
func one(rows Rows, err error, dst ...any) error {
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err below tells
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return errNoRow
	}
	return rows.Scan(dst...)
}

// each calls f for every row.
func each(rows Rows, err error, f func(Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err below tells
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// notFound turns the empty result into the domain's error.
func notFound(err error, what string) error {
	if errors.Is(err, errNoRow) {
		return smsir.Errorf(smsir.CodeNotFound, "There is no such %s.", what)
	}
	return err
}

// Millis stores a time: Unix milliseconds, 0 for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time reads what [Millis] stored.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
