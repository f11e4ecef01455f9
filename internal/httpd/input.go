package httpd

import (
	"bytes"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// inputPlan says how the input struct of a route is read: fields tagged path, query or header, also those of structs that
// are embedded in it, and a field Body, a pointer where the body may be left out.
type inputPlan struct {
	params []paramPlan
	known  map[string]bool // query parameters
	body   *bodyPlan
}

type paramPlan struct {
	in, name string // "path", "query" or "header"
	index    []int
	field    reflect.StructField
	plan     *valuePlan
	fallback string
}

type bodyPlan struct {
	index    int
	typ      reflect.Type // without the pointer
	optional bool
	plan     *valuePlan
}

func planInput(t reflect.Type) *inputPlan {
	p := &inputPlan{known: map[string]bool{}}
	for _, f := range reflect.VisibleFields(t) {
		if f.Name == "Body" {
			p.body = &bodyPlan{index: f.Index[0], typ: f.Type, plan: planValue(f.Type, "")}
			if f.Type.Kind() == reflect.Pointer {
				p.body.typ, p.body.optional = f.Type.Elem(), true
			}
			continue
		}
		for _, in := range []string{"path", "query", "header"} {
			if name := f.Tag.Get(in); name != "" {
				p.params = append(p.params, paramPlan{in, name, f.Index, f, planValue(f.Type, f.Tag), f.Tag.Get("default")})
				if in == "query" {
					p.known[name] = true
				}
			}
		}
	}
	return p
}

// read fills v, the input struct, from the call. Its error says everything that is wrong at once.
func (p *inputPlan) read(c *call, v reflect.Value) error {
	faults, err := p.readParams(c, v)
	if err != nil {
		return err
	}
	if p.body != nil {
		more, err := p.readBody(c, v)
		if err != nil {
			return err
		}
		faults = append(faults, more...)
	}
	if len(faults) > 0 {
		return &invalidError{faults}
	}
	return nil
}

func (p *inputPlan) readParams(c *call, v reflect.Value) ([]api.FieldError, error) {
	var faults []api.FieldError
	var query url.Values
	if c.r.URL.RawQuery != "" {
		var err error
		if query, err = url.ParseQuery(c.r.URL.RawQuery); err != nil {
			return nil, smsir.Errorf(api.CodeMalformed, "The query is not well formed.")
		}
		for name := range query {
			if !p.known[name] {
				faults = append(faults, api.FieldError{
					Field: "query." + clip(strings.ToValidUTF8(name, "�"), 64),
					Code:  faultUnknown, Detail: "There is no such parameter.",
				})
			}
		}
	}
	for i := range p.params {
		f := &p.params[i]
		var value string
		switch f.in {
		case "path":
			value = c.r.PathValue(f.name)
		case "query":
			value = query.Get(f.name) // of a repeated parameter the first counts
		case "header":
			value = c.r.Header.Get(f.name)
		}
		if value == "" {
			if value = f.fallback; value == "" {
				continue
			}
		}
		if f.in != "path" && (!utf8.ValidString(value) || strings.IndexByte(value, 0) >= 0) { // such a path names nothing
			return nil, smsir.Errorf(api.CodeMalformed, "%s %s is not text in UTF-8.", f.in, f.name)
		}
		f.set(v.FieldByIndex(f.index), value, func(code, format string, args ...any) {
			faults = append(faults, api.FieldError{Field: f.in + "." + f.name, Code: code, Detail: fmt.Sprintf(format, args...)})
		})
	}
	return faults, nil
}

// set reads one parameter from its text. A list is separated by commas.
func (f *paramPlan) set(v reflect.Value, value string, fault func(code, format string, args ...any)) {
	switch f.plan.shape {
	case textShape, timeShape:
		f.plan.setText(fault, v, value)
	case integerShape:
		f.plan.setInteger(fault, v, value)
	case booleanShape:
		switch value {
		case "true", "false":
			v.SetBool(value == "true")
		default:
			f.plan.wrongType(fault)
		}
	case listShape:
		for one := range strings.SplitSeq(value, ",") {
			item := reflect.New(v.Type().Elem()).Elem()
			f.plan.elem.setText(fault, item, one)
			v.Set(reflect.Append(v, item))
		}
	default:
		panic("httpd: a parameter cannot have the type " + v.Type().String())
	}
}

func (p *inputPlan) readBody(c *call, v reflect.Value) ([]api.FieldError, error) {
	buf, _ := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	if err := c.readBody(buf); err != nil {
		return nil, err
	}
	return p.body.decode(buf.Bytes(), v.Field(p.body.index))
}

// decode reads a body into v.
func (b *bodyPlan) decode(data []byte, v reflect.Value) ([]api.FieldError, error) {
	if len(data) == 0 {
		if b.optional {
			return nil, nil
		}
		return nil, smsir.Errorf(api.CodeMalformed, "A body is needed: a JSON object.")
	}
	d := jsonReader{data: data, path: make([]byte, 0, 64)}
	if err := b.plan.read(&d, v); err != nil {
		return nil, err
	}
	return d.faults, d.end()
}

// invalidError is a request that is well formed but not valid.
type invalidError struct{ faults []api.FieldError }

func (e *invalidError) Error() string {
	if len(e.faults) == 1 {
		return e.faults[0].Field + ": " + e.faults[0].Detail
	}
	return fmt.Sprintf("%d fields are not valid", len(e.faults))
}

// invalid makes an [invalidError] of one fault.
func invalid(field, code, format string, args ...any) error {
	return &invalidError{[]api.FieldError{{Field: field, Code: code, Detail: fmt.Sprintf(format, args...)}}}
}

// timeOf is the zero time for nil.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
