package sqldb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var (
	_ store.Accounts  = (*Store)(nil)
	_ store.Providers = (*Store)(nil)
	_ store.Routes    = (*Store)(nil)
	_ store.History   = (*Store)(nil)
)

// scan is where the columns of one row go, in the order of the column list beside it.
type scan []any

// The types below read a column of a database into a field of package store.
type (
	moment   struct{ to *time.Time }     // what Millis stored
	boolean  struct{ to *bool }          // 0 or 1
	lasting  struct{ to *time.Duration } // milliseconds
	digest   struct{ to *[32]byte }
	document struct{ to any } // JSON
	text     struct{ to *[]byte }
	millis   struct{ to *time.Duration } // milliseconds
)

// Scan implements sql.Scanner.
func (m moment) Scan(src any) error {
	ms, ok := src.(int64)
	if !ok {
		return fmt.Errorf("time column: got %T, want an integer", src)
	}
	*m.to = Time(ms)
	return nil
}

// Scan implements sql.Scanner.
func (b boolean) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("boolean column: got %T, want an integer", src)
	}
	*b.to = n != 0
	return nil
}

// Scan implements sql.Scanner.
func (l lasting) Scan(src any) error {
	ms, ok := src.(int64)
	if !ok {
		return fmt.Errorf("duration column: got %T, want an integer", src)
	}
	*l.to = time.Duration(ms) * time.Millisecond
	return nil
}

// Scan implements sql.Scanner.
func (d digest) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok || len(b) != len(d.to) {
		return errors.New("digest column: want 32 bytes")
	}
	copy(d.to[:], b)
	return nil
}

// Scan implements sql.Scanner.
func (d document) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), d.to)
	case []byte:
		return json.Unmarshal(v, d.to)
	}
	return fmt.Errorf("JSON column: got %T, want text", src)
}

// Scan implements sql.Scanner.
func (m millis) Scan(src any) error {
	ms, ok := src.(int64)
	if !ok {
		return fmt.Errorf("duration column: got %T, want an integer", src)
	}
	*m.to = time.Duration(ms) * time.Millisecond
	return nil
}

// Scan implements sql.Scanner.
func (t text) Scan(src any) error {
	switch v := src.(type) {
	case string:
		*t.to = []byte(v)
	case []byte:
		*t.to = bytes.Clone(v)
	default:
		return fmt.Errorf("text column: got %T", src)
	}
	return nil
}

// encode writes what [document] reads; an empty collection for nil.
func encode[T []string | map[string]string](v T) (string, error) {
	if v == nil {
		switch any(v).(type) {
		case []string:
			return "[]", nil
		default:
			return "{}", nil
		}
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// Flag stores a boolean.
func Flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// blob is b as a column that may be NULL: nil and empty are both "none".
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// first reads the first row; not_found when there is none.
func first[T any](rows Rows, err error, into func(*T) scan, what string) (*T, error) {
	v := new(T)
	if err := notFound(one(rows, err, into(v)...), what); err != nil {
		return nil, err
	}
	return v, nil
}

// all reads every row into a value of its own.
func all[T any](rows Rows, err error, into func(*T) scan) ([]T, error) {
	var list []T
	err = each(rows, err, func(r Rows) error {
		list = append(list, *new(T))
		return r.Scan(into(&list[len(list)-1])...)
	})
	return list, err
}

// found reports whether there is a row.
func found(rows Rows, err error) (bool, error) {
	var n int
	err = one(rows, err, &n)
	if errors.Is(err, errNoRow) {
		return false, nil
	}
	return err == nil, err
}

// touched turns a statement that met no row into the domain's error.
func touched(rows int64, err error, what string) error {
	if err == nil && rows == 0 {
		return notFound(errNoRow, what)
	}
	return err
}

func conflict(field, text string) error {
	return &smsir.Error{Code: smsir.CodeConflict, Text: text, Field: field}
}

// either is err, or otherwise instead.
func either(err, instead error) error {
	if err != nil {
		return err
	}
	return instead
}
