package sqlite

import (
	"encoding/json"
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
	for _, references := range [][]string{nil, {}, {""}, {"1000001"}, {"a b~", "c"}, {`a"b`}, {`a\b`}, {"a<b>&"}, {"ü"}, {"a\x00"}, {"a\xff"}, {"\u2028"}} {
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
