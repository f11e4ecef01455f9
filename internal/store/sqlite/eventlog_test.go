package sqlite

import (
	"encoding/json"
	"reflect"
	"testing"

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
	}
	for i := range 2 * dataKinds {
		check(&smsir.EventData{Attempt: i})
	}
	if len(tx.eventData) > dataKinds {
		t.Errorf("%d are remembered, want at most %d", len(tx.eventData), dataKinds)
	}
}
