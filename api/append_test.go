package api_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/smsir/smsir/api"
)

// What is written by hand has every field that there is, and the very bytes of encoding/json.
func TestAppendedJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var e api.Event
		fill(t, reflect.ValueOf(&e).Elem())
		want, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := api.AppendEvent([]byte("before "), &e); err != nil || string(got) != "before "+string(want) {
			t.Fatalf("got  %s, %v\nwant %s", got, err, want)
		}
		var m api.Message
		fill(t, reflect.ValueOf(&m).Elem())
		var line bytes.Buffer
		enc := json.NewEncoder(&line)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(m); err != nil {
			t.Fatal(err)
		}
		if got, err := api.AppendMessage(nil, &m); err != nil || string(got)+"\n" != line.String() {
			t.Fatalf("got  %s, %v\nwant %s", got, err, &line)
		}
	})
}

func TestTimeThatJSONCannotTell(t *testing.T) {
	t.Parallel()
	at := time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)
	if b, err := api.AppendEvent(nil, &api.Event{At: at}); err == nil {
		t.Errorf("got %s, want an error", b)
	}
	if b, err := api.AppendMessage(nil, &api.Message{LateReceipt: &api.LateReceipt{At: at}}); err == nil {
		t.Errorf("got %s, want an error", b)
	}
}

// fill leaves each field of v as it is or sets it.
func fill(t *rapid.T, v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Unix(rapid.Int64Range(0, 1<<32).Draw(t, "s"), rapid.SampledFrom([]int64{0, 123e6, 1}).Draw(t, "ns")).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range v.Fields() {
			if rapid.Bool().Draw(t, "set") {
				fill(t, f)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rapid.IntRange(0, 3).Draw(t, "length"), 3))
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(t, "map")))
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]*`),
			rapid.SampledFrom([]string{"plain", `"`, `\`, "<&>", "\x7f", "\xff", "\u2028", "سلام", "\t", "{"})).Draw(t, "text"))
	case reflect.Int:
		v.SetInt(int64(rapid.Int().Draw(t, "number")))
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(-1e9, 1e9).Draw(t, "number"))
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("nothing to set %v with", v.Type())
	}
}
