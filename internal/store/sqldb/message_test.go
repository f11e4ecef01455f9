package sqldb_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// TestChangesAreThoseOfTheColumns: what two states of a message differ in is what their columns differ in, whichever fields are
// changed, one or many.
func TestChangesAreThoseOfTheColumns(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 8)) //nolint:gosec // a test
	fields := reflect.TypeFor[smsir.Message]()
	seen := uint32(0)
	var was smsir.Message
	for range 20_000 {
		m := was
		for range r.IntN(4) {
			f := reflect.ValueOf(&m).Elem().Field(r.IntN(fields.NumField()))
			change(r, f)
		}
		var want []any
		mask := uint32(0)
		from, to := sqldb.MovingArgs(&was), sqldb.MovingArgs(&m)
		for i := range to {
			if from[i] != to[i] {
				mask |= 1 << i
				want = append(want, to[i])
			}
		}
		got, values := sqldb.Changes(&was, &m)
		if got != mask || len(values) != len(want) || len(want) > 0 && !reflect.DeepEqual(values, want) {
			t.Fatalf("columns %b, want %b; values %v, want %v", got, mask, values, want)
		}
		seen |= mask
		was = m
	}
	if all := uint32(1)<<len(sqldb.MovingArgs(&was)) - 1; seen != all {
		t.Errorf("only the columns %b were ever changed, of %b", seen, all)
	}
}

// change sets a field to something small, often what it was.
func change(r *rand.Rand, f reflect.Value) {
	switch v := f.Addr().Interface().(type) {
	case *time.Time:
		*v = []time.Time{{}, time.UnixMilli(1000), time.UnixMilli(1000).Add(time.Microsecond), time.UnixMilli(1001)}[r.IntN(4)]
	case *smsir.UUID:
		*v = smsir.UUID{byte(r.IntN(2))}
	case *smsir.Parts:
		*v = smsir.Parts{Total: r.IntN(2), Delivered: r.IntN(2), Failed: r.IntN(2)}
	case **smsir.LateReceipt:
		*v = []*smsir.LateReceipt{nil, {}, {Status: smsir.Delivered}}[r.IntN(3)]
	case **smsir.Failure:
		*v = []*smsir.Failure{nil, {}, {Code: "a"}, {Code: "a"}}[r.IntN(4)]
	default:
		switch {
		case f.CanInt():
			f.SetInt(r.Int64N(3))
		case f.CanUint():
			f.SetUint(r.Uint64N(3))
		case f.Kind() == reflect.Bool:
			f.SetBool(r.IntN(2) == 0)
		case f.Kind() == reflect.String:
			f.SetString([]string{"", "a", "b"}[r.IntN(3)])
		}
	}
}
