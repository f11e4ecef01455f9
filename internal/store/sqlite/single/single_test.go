package single_test

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/smsir/smsir/internal/store/sqlite/single"
)

func open(t *testing.T, pragmas ...string) *sql.DB {
	t.Helper()
	db := sql.OpenDB(single.Connector{Name: filepath.Join(t.TempDir(), "a file?.db"), Pragmas: pragmas})
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func must(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// What goes in comes out, however long it is, several times with the same statement.
func TestValuesComeBack(t *testing.T) {
	t.Parallel()
	db := open(t)
	must(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, r REAL, s TEXT, b BLOB) STRICT")
	insert, err := db.PrepareContext(t.Context(), "INSERT INTO t (id, n, r, s, b) VALUES ($1, $3, $2, $5, $4)")
	if err != nil {
		t.Fatal(err)
	}
	defer insert.Close() //nolint:errcheck // the test is over
	id := int64(0)
	rapid.Check(t, func(t *rapid.T) {
		id++
		many := rapid.SampledFrom([]int{1, 1, 1, 3000, 70_000}).Draw(t, "repeated")
		n, r := rapid.Int64().Draw(t, "n"), rapid.Float64Range(-1e300, 1e300).Draw(t, "r")
		s := strings.Repeat(rapid.String().Draw(t, "s"), many)
		b := bytes.Repeat(rapid.SliceOf(rapid.Byte()).Draw(t, "b"), many)
		res, err := insert.Exec(id, r, n, b, s)
		if err != nil {
			t.Fatal(err)
		}
		if changed, err := res.RowsAffected(); err != nil || changed != 1 {
			t.Fatalf("%d rows, %v", changed, err)
		}
		var gotN int64
		var gotR float64
		var gotS string
		var gotB []byte
		if err := db.QueryRow("SELECT n, r, s, b FROM t WHERE id = ?", id).Scan(&gotN, &gotR, &gotS, &gotB); err != nil {
			t.Fatal(err)
		}
		if gotN != n || gotR != r || gotS != s || !bytes.Equal(gotB, b) {
			t.Fatalf("got %d, %v, %d bytes, %d bytes; want %d, %v, %d, %d", gotN, gotR, len(gotS), len(gotB), n, r, len(s), len(b))
		}
	})
}

func TestNothingAndEmptyAreTwo(t *testing.T) {
	t.Parallel()
	db := open(t)
	var kinds []string
	for _, v := range []any{nil, "", []byte{}, []byte(nil), true, int64(0)} {
		var kind string
		if err := db.QueryRowContext(t.Context(), "SELECT typeof(?)", v).Scan(&kind); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, kind)
	}
	if diff := cmp.Diff([]string{"null", "text", "blob", "null", "integer", "integer"}, kinds); diff != "" {
		t.Error(diff)
	}
}

// What stands for sixteen bytes is stored as they are.
func TestSixteenBytes(t *testing.T) {
	t.Parallel()
	db := open(t)
	must(t, db, "CREATE TABLE t (b BLOB) STRICT")
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := [16]byte{1, 0, 255, 15: 9}
	if err := conn.Raw(func(c any) error {
		st, err := c.(driver.Conn).Prepare("INSERT INTO t VALUES (?)") //nolint:forcetypeassert // it panics otherwise
		if err != nil {
			return err
		}
		_, err = st.(*single.Stmt).Run([]driver.Value{&want}) //nolint:forcetypeassert // likewise
		return errors.Join(err, st.Close())
	}); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	var got []byte
	if err := db.QueryRowContext(t.Context(), "SELECT b FROM t").Scan(&got); err != nil || !bytes.Equal(got, want[:]) {
		t.Errorf("%x, %v; want %x", got, err, want)
	}
}

// A statement may run while the rows of another one are read, and nothing of it is lost.
func TestStatementsInsideOneAnother(t *testing.T) {
	t.Parallel()
	db := open(t)
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the test is over
	run := func(query string, args ...any) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	run("CREATE TABLE t (s TEXT) STRICT")
	for range 10 {
		run("INSERT INTO t VALUES (?), (?)", "kept", "other")
	}
	rows, err := conn.QueryContext(t.Context(), "SELECT s FROM t WHERE s = ? OR s = ?", "kept", strings.Repeat("x", 100_000))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		n++
		run("UPDATE t SET s = ? WHERE s = ? AND rowid = -1", strings.Repeat("overwritten", 10), "more")
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || n != 10 {
		t.Errorf("%d rows, %v; want 10", n, err)
	}
}

func TestFailuresSayWhatSQLiteSaid(t *testing.T) {
	t.Parallel()
	db := open(t, "foreign_keys(1)")
	must(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT UNIQUE CHECK (s <> 'bad')) STRICT")
	must(t, db, "INSERT INTO t VALUES (1, 'one')")
	for _, c := range []struct {
		query string
		args  []any
		code  int
	}{
		{"INSERT INTO t VALUES (1, 'two')", nil, 1555},
		{"INSERT INTO t VALUES (2, ?)", []any{"one"}, 2067},
		{"INSERT INTO t VALUES (2, 'bad')", nil, 275},
		{"INSERT INTO t VALUES ('x', 'y')", nil, 20},
		{"SELECT * FROM nothing", nil, 1},
		{"SELECT", nil, 1},
	} {
		_, err := db.ExecContext(t.Context(), c.query, c.args...)
		var failure *single.Error
		if !errors.As(err, &failure) || failure.Code != c.code || failure.Text == "" {
			t.Errorf("%s: %v, want code %d", c.query, err, c.code)
		}
	}
	for _, query := range []string{"", " -- nothing", "SELECT :name"} {
		if _, err := db.ExecContext(t.Context(), query); err == nil {
			t.Errorf("%q is taken", query)
		}
	}
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM t").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v; want the first one", n, err)
	}
	if _, err := db.BeginTx(t.Context(), nil); err == nil {
		t.Error("a transaction began without a statement")
	}
}

func TestConnectFails(t *testing.T) {
	t.Parallel()
	for _, c := range []single.Connector{
		{Name: filepath.Join(t.TempDir(), "no", "such", "folder.db")},
		{Name: filepath.Join(t.TempDir(), "a.db"), Pragmas: []string{"no such thing("}},
	} {
		if conn, err := c.Connect(context.Background()); err == nil {
			t.Errorf("%+v: %v", c, errors.Join(errors.New("it connects"), conn.Close()))
		}
	}
}

// A statement is one use at a time, and none after it was closed.
func TestStatementInUse(t *testing.T) {
	t.Parallel()
	conn, err := single.Connector{Name: filepath.Join(t.TempDir(), "a.db"), Pragmas: []string{"journal_mode(WAL)"}}.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := conn.Prepare("SELECT $2 || $1 UNION ALL SELECT 'second'")
	if err != nil {
		t.Fatal(err)
	}
	st, ok := prepared.(*single.Stmt)
	if !ok {
		t.Fatalf("prepared is a %T", prepared)
	}
	if n := st.NumInput(); n != 2 {
		t.Errorf("%d inputs", n)
	}
	args := []driver.Value{"b", "a"}
	rows, err := st.Query(args)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(got); err != nil || got[0] != "ab" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := st.Query(args); err == nil {
		t.Error("it runs twice at once")
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
	if _, err := st.Exec(args); err != nil {
		t.Errorf("it does not run again: %v", err)
	}
	if _, err := st.Exec(args[:1]); err == nil {
		t.Error("it runs with an argument too few")
	}
	if _, err := st.Exec([]driver.Value{"a", struct{}{}}); err == nil {
		t.Error("it binds what SQLite does not know")
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
	if _, err := st.Exec(args); err == nil {
		t.Error("it runs after it was closed")
	}
	if err := errors.Join(st.Close(), conn.Close(), conn.Close()); err != nil {
		t.Error(err)
	}
}
