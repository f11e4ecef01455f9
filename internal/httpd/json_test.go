package httpd

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// sample has a field of every shape that a wire type has.
type sample struct {
	To   string `json:"to" minLength:"1" maxLength:"8"`
	Text string `json:"text,omitempty"`
	api.ReauthRequest
	N    int                 `json:"n,omitempty" minimum:"2" maximum:"9"`
	Any  int                 `json:"any,omitempty"`
	Ok   bool                `json:"ok,omitempty"`
	OkP  *bool               `json:"ok_p,omitempty"`
	Word string              `json:"word,omitempty" enum:"one,two"`
	At   *time.Time          `json:"at,omitempty"`
	Tags []string            `json:"tags,omitempty" maxItems:"3" minItems:"1" maxLength:"4"`
	Meta map[string]string   `json:"meta,omitempty" maxProperties:"2"`
	Rows []api.ReauthRequest `json:"rows,omitempty"`
}

func decodeSample(data string) (sample, []api.FieldError, error) {
	var v sample
	b := bodyPlan{plan: planValue(reflect.TypeFor[sample](), "")}
	faults, err := b.decode([]byte(data), reflect.ValueOf(&v).Elem())
	return v, faults, err
}

func TestJSONReads(t *testing.T) {
	t.Parallel()
	yes := true
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	tests := map[string]sample{
		`{"to":"a","password":"p"}`:                                                    {To: "a"},
		" {\n\t\"to\" : \"a\" , \"password\":\"p\" }\r\n":                              {To: "a"},
		`{"to":"\u00e9\ud83d\ude00\n\"\\\/","password":"p"}`:                           {To: "é😀\n\"\\/"},
		`{"password":"p","to":"a","n":9,"any":-12,"ok":true,"ok_p":true,"word":"two"}`: {To: "a", N: 9, Any: -12, Ok: true, OkP: &yes, Word: "two"},
		`{"to":"a","password":"p","at":"2026-11-23T12:00:00+03:00"}`:                   {To: "a", At: &at},
		`{"to":"a","password":"p","tags":["x","y"],"meta":{"k":"v","l":""},"rows":[{"password":"q"},{"password":"r"}]}`: {
			To: "a", Tags: []string{"x", "y"},
			Meta: map[string]string{"k": "v", "l": ""}, Rows: []api.ReauthRequest{{Password: "q"}, {Password: "r"}},
		},
		`{"to":"a","password":"p","n":null,"at":null,"tags":null,"meta":{}}`: {To: "a", Meta: map[string]string{}},
	}
	for in, want := range tests {
		want.Password = "p"
		got, faults, err := decodeSample(in)
		if err != nil || len(faults) > 0 {
			t.Errorf("%s: faults %v, error %v", in, faults, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", in, d)
		}
	}
}

func TestJSONFaults(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{ // field and code of each fault
		`{}`:                                {"to required", "password required"},
		`null`:                              {" wrong_type"},
		`[]`:                                {" wrong_type"},
		`"text"`:                            {" wrong_type"},
		`{"to":"","password":"p"}`:          {"to required"},
		`{"to":null,"password":"p"}`:        {"to required"},
		`{"to":"123456789","password":"p"}`: {"to too_long"},
		`{"to":"éééééééé","password":"p"}`:                                 nil, // eight characters, sixteen octets
		`{"to":5,"password":"p"}`:                                          {"to wrong_type"},
		`{"to":1e400,"password":"p"}`:                                      {"to wrong_type"},
		`{"to":{"a":[1,{}]},"password":"p"}`:                               {"to wrong_type"},
		`{"To":"a","to":"a","password":"p"}`:                               {"To unknown_field"},
		`{"to":"a","password":"p","__proto__":{},"final":true}`:            {"__proto__ unknown_field", "final unknown_field"},
		`{"to":"a","password":"p","n":1}`:                                  {"n out_of_range"},
		`{"to":"a","password":"p","n":10}`:                                 {"n out_of_range"},
		`{"to":"a","password":"p","n":2.5}`:                                {"n wrong_type"},
		`{"to":"a","password":"p","n":1e400}`:                              {"n wrong_type"},
		`{"to":"a","password":"p","any":99999999999999999999}`:             {"any out_of_range"},
		`{"to":"a","password":"p","n":"5"}`:                                {"n wrong_type"},
		`{"to":"a","password":"p","ok":1}`:                                 {"ok wrong_type"},
		`{"to":"a","password":"p","word":"three"}`:                         {"word not_a_choice"},
		`{"to":"a","password":"p","at":"tomorrow"}`:                        {"at wrong_format"},
		`{"to":"a","password":"p","at":1700000000}`:                        {"at wrong_type"},
		`{"to":"a","password":"p","tags":[]}`:                              {"tags too_few"},
		`{"to":"a","password":"p","tags":["a","b","c","d","e"]}`:           {"tags too_many"},
		`{"to":"a","password":"p","tags":["12345",6]}`:                     {"tags[0] too_long", "tags[1] wrong_type"},
		`{"to":"a","password":"p","meta":{"a":"1","b":"2","c":"3","d":4}}`: {"meta too_many"},
		`{"to":"a","password":"p","meta":{"a":1}}`:                         {"meta.a wrong_type"},
		`{"to":"a","password":"p","rows":[{},{"password":"q","x":1},5]}`:   {"rows[0].password required", "rows[1].x unknown_field", "rows[2] wrong_type"},
	}
	for in, want := range tests {
		_, faults, err := decodeSample(in)
		if err != nil {
			t.Errorf("%s: error %v", in, err)
			continue
		}
		var got []string
		for _, f := range faults {
			got = append(got, f.Field+" "+f.Code)
			if f.Detail == "" {
				t.Errorf("%s: fault %s %s says nothing", in, f.Field, f.Code)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: faults %q, want %q", in, got, want)
		}
	}
}

func TestJSONMalformed(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"x":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	for _, in := range []string{
		"", " ", "{", "}", `{"to"`, `{"to":`, `{"to":"a"`, `{"to":"a",}`, `{"to":"a"}}`, `{"to":"a"} x`, `{"to":"a"}{"to":"a"}`, "{\"to\":\"a\"}\x00",
		`{to:"a"}`, `{'to':'a'}`, `{"to":'a'}`, `{"to":NaN}`, `{"to":Infinity}`, `{"to":-}`, `{"to":01}`, `{"to":1.}`, `{"to":.5}`, `{"to":1e}`, `{"to":+1}`, `{"to":0x10}`,
		`{"to":tru}`, `{"to":nul}`, `nulll`, `{"to":"a" "text":"b"}`, `[1 2]`, `[1,]`, `{"tags":["a",]}`,
		`{"to":"a","to":"b"}`, `{"x":1,"x":2}`, `{"x":{"y":1,"y":2}}`, `{"meta":{"a":"1","a":"2"}}`, `{"to":"a","t\u006f":"b"}`,
		`{"to":"\ud800"}`, `{"to":"\udc00"}`, `{"to":"\ud800\u0041"}`, `{"to":"\ud800x"}`, `{"to":"\u00"}`, `{"to":"\uZZZZ"}`, `{"to":"\x41"}`, `{"to":"\u0000"}`,
		"{\"to\":\"a\nb\"}", "{\"to\":\"a\x00b\"}", "{\"to\":\"\xff\"}", "{\"to\":\"\xed\xa0\x80\"}", "{\"to\":\"\xc0\xaf\"}", "{\"\xff\":1}",
		"\ufeff{}", "\xff\xfe{\x00}\x00", "/* a */ {}", "{} // b", deep,
	} {
		_, _, err := decodeSample(in)
		var e *smsir.Error
		if !errors.As(err, &e) || e.Code != api.CodeMalformed {
			t.Errorf("%.60q: error %v, want one of code malformed", in, err)
		}
	}
}

// FuzzJSON: whatever the reader takes, encoding/json takes too and reads alike; what it takes without
// a fault is UTF-8 without NUL. It never panics.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"to":"a","password":"p","tags":["x"],"meta":{"a":"b"},"n":3,"at":"2026-11-23T12:00:00Z"}`,
		`{"to":"\u00e9\ud83d\ude00","password":"\n"}`, `{"rows":[{"password":"q"}],"x":[1,2.5e3,null,true]}`, `[]`, `{"to":01}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, faults, err := decodeSample(in)
		if err != nil {
			return
		}
		var tree any
		if err := json.Unmarshal([]byte(in), &tree); err != nil {
			if strings.Contains(err.Error(), "cannot unmarshal number") {
				return // JSON, but no float64
			}
			t.Fatalf("%q was read; encoding/json says %v", in, err)
		}
		if len(faults) > 0 {
			return
		}
		var want sample
		if err := json.Unmarshal([]byte(in), &want); err != nil {
			t.Fatalf("%q was read without a fault; encoding/json says %v", in, err)
		}
		if want.At != nil {
			u := want.At.UTC()
			want.At = &u
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%q: -encoding/json +ours\n%s", in, d)
		}
		if !utf8.ValidString(got.To) || strings.IndexByte(got.To, 0) >= 0 {
			t.Fatalf("%q gave %q", in, got.To)
		}
	})
}
