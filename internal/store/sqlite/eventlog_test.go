package sqlite

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

// TestEventDataIsAsMarshaled: what is remembered as JSON is told apart from what says more, whatever fields there are.
func TestEventDataIsAsMarshaled(t *testing.T) {
	t.Parallel()
	tx := &wtx{eventData: map[eventData]string{}}
	check := func(d *smsir.EventData) {
		t.Helper()
		want, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second one is remembered
			if got, err := tx.dataOf(d); err != nil || got != string(want) {
				t.Errorf("%q, %v; want %q", got, err, want)
			}
		}
	}
	check(&smsir.EventData{})
	fields := reflect.TypeFor[smsir.EventData]()
	for i := range fields.NumField() {
		var d smsir.EventData
		f := reflect.ValueOf(&d).Elem().Field(i)
		switch f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Int:
			f.SetInt(3)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		default:
			t.Fatalf("%s: this test does not know how to set a %s", fields.Field(i).Name, f.Kind())
		}
		check(&d)
		d.Status = "sent"
		check(&d)
		d.References = []string{"a", "b"}
		check(&d)
	}
	at := time.Date(2026, 3, 1, 9, 0, 0, 120e6, time.UTC)
	for _, references := range [][]string{nil, {}, {""}, {"1000001"}, {"a b~", "c"}, {`a"b`}, {`a\b`}, {"a<b"}, {"a>b"}, {"a&b"}, {"ü"}, {"a\x00"}, {"a\xff"}, {"\u2028"}} {
		for _, deadline := range []*time.Time{nil, &at} {
			check(&smsir.EventData{Status: "sent", Final: true, Reason: "due", Attempt: 2, Provider: "prv_1", References: references, Deadline: deadline})
		}
	}
	for i := range 2 * dataKinds {
		check(&smsir.EventData{Status: "sent", Attempt: i})
	}
	if len(tx.eventData) > dataKinds {
		t.Errorf("%d are remembered, want at most %d", len(tx.eventData), dataKinds)
	}
}

// TestTail: what the end of the log answers is what a list of all events has, or nothing; and it has the newest 8,000 always.
func TestTail(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 6)) //nolint:gosec // a test
	var l tail
	var all []smsir.Event
	forgot := 0
	for range 300 {
		var some []smsir.Event
		for range r.IntN(200) {
			id := smsir.ID(1 + r.IntN(3))
			if n := len(all); n > 0 {
				id += all[n-1].ID
			}
			e := smsir.Event{ID: id, Workspace: smsir.UUID{byte(r.IntN(3))}, At: time.UnixMilli(int64(id)).UTC()}
			all, some = append(all, e), append(some, e)
		}
		l.add(some)
		if r.IntN(100) == 0 {
			l.restart()
			all = all[:0:0]
			all = append(all, smsir.Event{ID: l.last()})
		}
		for range 5 {
			after, limit := smsir.ID(0), 1+r.IntN(3000)
			if n := len(all); n > 0 {
				after = all[r.IntN(n)].ID - smsir.ID(r.IntN(2))
			}
			ws := smsir.UUID{byte(r.IntN(3))}
			got, ok := l.after(ws, after, limit)
			if !ok {
				if n := len(all); n > 8000 && after >= all[n-8000].ID {
					t.Fatal("one of the newest events was forgotten")
				}
				forgot++
				continue
			}
			var want []smsir.Event
			for _, e := range all {
				if e.ID > after && len(want) < limit && (ws.IsZero() || e.Workspace == ws) {
					want = append(want, e)
				}
			}
			if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
				t.Fatalf("after %d, at most %d: %d events, want %d", after, limit, len(got), len(want))
			}
		}
		if n := len(all); n > 0 && l.last() != all[n-1].ID {
			t.Fatalf("the last is %d, want %d", l.last(), all[n-1].ID)
		}
	}
	if forgot == 0 {
		t.Error("nothing was ever forgotten")
	}
}
