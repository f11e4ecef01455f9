package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/ledger"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
)

var ctx = context.Background()

type env struct {
	*ledger.Service
	*testing.T
	st  store.Store
	id  smsir.UUID
	now time.Time
}

func newEnv(t *testing.T) *env {
	t.Helper()
	st, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "smsir.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	e := &env{T: t, st: st, now: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)}
	e.id = smsir.NewUUID(e.now)
	user := store.User{ID: smsir.NewUUID(e.now), Email: "ada@example.com", Name: "Ada", PasswordHash: "x", CreatedAt: e.now}
	if err := st.Register(ctx, store.Registration{
		User: user, Workspace: &store.Workspace{ID: e.id, Name: "Test", Country: "KE", TimeZone: "Africa/Nairobi", CreatedAt: e.now}, Role: store.Owner, Setup: true,
		Session: store.Session{ID: smsir.NewUUID(e.now), User: user.ID, Workspace: e.id, Client: "web", CreatedAt: e.now, ExpiresAt: e.now.Add(time.Hour)},
		Audit:   store.AuditEntry{At: e.now, Workspace: e.id, Action: "user.registered"},
	}); err != nil {
		t.Fatal(err)
	}
	e.Service = ledger.New(ledger.Options{Store: st, Now: func() time.Time { return e.now }})
	return e
}

func (e *env) ws() *store.Workspace {
	e.Helper()
	w, err := e.st.Workspace(ctx, e.id)
	if err != nil {
		e.Fatal(err)
	}
	return w
}

// list is the price list, one line for each price.
func (e *env) list() string {
	e.Helper()
	all, err := e.Prices(ctx, e.id)
	if err != nil {
		e.Fatal(err)
	}
	var b strings.Builder
	for _, p := range all {
		fmt.Fprintf(&b, "%s %s %d\n", p.Destination, p.From.UTC().Format("01-02T15"), p.Micros)
	}
	return b.String()
}

func (e *env) imports(whole bool, table string) *ledger.Imported {
	e.Helper()
	got, err := e.Import(ctx, e.ws(), strings.NewReader(table), "text/csv", whole, ledger.By{})
	if err != nil {
		e.Fatalf("import: %v", err)
	}
	return got
}

func TestEveryBadRowIsNamed(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	got := e.imports(false, `Destination,Price,Currency,Valid from
KE,0.80,KES,
+25470,"0,70",KES,2026-12-01
Kenya,0.80,KES,
+0123,1,KES,
US,-1,KES,
US,1.1234567,KES,
US,1,USD,
US,1,shilling,
US,1,KES,tomorrow
US,1,KES,2026-11-01
KE,0.90,KES,
US,1,KES,2040-01-01
`)
	want := []string{"4 destination", "5 destination", "6 price", "7 price", "8 currency", "9 currency", "10 valid_from", "11 valid_from", "12 destination", "13 valid_from"}
	var bad []string
	for _, r := range got.Bad {
		bad = append(bad, fmt.Sprint(r.Row, " ", r.Column))
		if len(r.Text) < 20 {
			t.Errorf("row %d: %q does not say what to do", r.Row, r.Text)
		}
	}
	if strings.Join(bad, "\n") != strings.Join(want, "\n") {
		t.Errorf("bad rows\n%s\nwant\n%s", strings.Join(bad, "\n"), strings.Join(want, "\n"))
	}
	if e.list() != "" || e.ws().Currency != "" {
		t.Errorf("stored something of a table with bad rows:\n%s", e.list())
	}
	for _, table := range []string{"", "destination;price\n", "to,cost\nKE,1\n"} {
		if _, err := e.Import(ctx, e.ws(), strings.NewReader(table), "text/csv", false, ledger.By{}); smsir.CodeOf(err) != smsir.CodeInvalid {
			t.Errorf("%q: %v, want %s", table, err, smsir.CodeInvalid)
		}
	}
}

func TestPricesHaveVersions(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	if got := e.imports(false, "destination,price,currency,valid_from\nKE,0.80,kes,\n25470,0.70,,2026-12-01\n*,2,,\n"); got.Added != 3 || len(got.Bad) != 0 {
		t.Fatalf("first import: %+v", got)
	}
	// The first of December begins at nine in the evening, UTC, in Nairobi.
	if want := "* 11-30T09 2000000\n+25470 11-30T21 700000\nKE 11-30T09 800000\n"; e.list() != want {
		t.Errorf("list\n%swant\n%s", e.list(), want)
	}
	var file bytes.Buffer
	if err := e.Export(ctx, e.ws(), &file); err != nil {
		t.Fatal(err)
	}
	e.now = e.now.Add(time.Minute)
	if got := e.imports(true, file.String()); got.Added != 0 || got.Unchanged != 3 || got.Ended != 0 || len(got.Bad) != 0 {
		t.Errorf("what was exported is news: %+v\n%s", got, file.String())
	}
	e.now = e.now.Add(24 * time.Hour)
	if got := e.imports(true, "destination,price\nKE,0.95\n+25470,0.70\n"); got.Added != 2 || got.Unchanged != 1 || got.Ended != 1 {
		t.Errorf("a whole table: %+v", got)
	}
	if want := "* 12-01T09 -1\n* 11-30T09 2000000\n+25470 11-30T21 700000\nKE 12-01T09 950000\nKE 11-30T09 800000\n"; e.list() != want {
		t.Errorf("list\n%swant\n%s", e.list(), want)
	}
	var fault *smsir.Error
	err := e.SetPrices(ctx, e.ws(), "USD", []ledger.Draft{{Destination: "US", Price: "1"}}, ledger.By{})
	if !errors.As(err, &fault) || fault.Code != smsir.CodeConflict || fault.Field != "currency" {
		t.Errorf("another currency: %v", err)
	}
	err = e.SetPrices(ctx, e.ws(), "", []ledger.Draft{{Destination: "US", Price: "1"}, {Destination: "US", Price: "1", From: "2026-11-30"}}, ledger.By{})
	if !errors.As(err, &fault) || fault.Code != smsir.CodeInvalid || fault.Field != "prices.1.valid_from" {
		t.Errorf("a price in the past: %v", err)
	}
	if err := e.SetPrices(ctx, e.ws(), "", []ledger.Draft{{Destination: "ke", Price: ""}}, ledger.By{}); err != nil {
		t.Fatal(err)
	}
	all, err := e.Prices(ctx, e.id)
	if err != nil {
		t.Fatal(err)
	}
	list := smsir.NewPriceList(all)
	if _, ok := list.Of("+254722000001", "KE", e.now); ok {
		t.Error("a destination that was taken out still has a price")
	}
	if p, ok := list.Of("+254722000001", "KE", e.now.Add(-time.Hour)); !ok || p.Micros != 800_000 {
		t.Errorf("the price of an hour ago is %d, %t; want what it was then", p.Micros, ok)
	}
}
