package httpd

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// shape is the kind of JSON value that a Go type is read from.
type shape uint8

const (
	textShape shape = iota
	integerShape
	booleanShape
	timeShape
	listShape
	mapShape
	objectShape
)

// valuePlan says how a Go type is read and what its tags demand. It is made once, when the route is
// registered, from the very tags that describe the type in the OpenAPI document.
type valuePlan struct {
	shape   shape
	pointer bool // of a value that may be left out
	rules   rules
	elem    *valuePlan // of a list or map
	fields  []fieldPlan
	byName  map[string]int
}

// fieldPlan is one field of an object.
type fieldPlan struct {
	name     string
	index    []int
	required bool
	plan     *valuePlan
}

// rules are the bounds that a field's tags set; a negative length means none.
type rules struct {
	minLength, maxLength, minItems, maxItems, maxProperties int
	minimum, maximum                                        *int64
	enum                                                    []string
}

func rulesOf(tag reflect.StructTag) rules {
	length := func(name string) int {
		if v, ok := tag.Lookup(name); ok {
			return must(strconv.Atoi(v))
		}
		return -1
	}
	bound := func(name string) *int64 {
		if v, ok := tag.Lookup(name); ok {
			n := must(strconv.ParseInt(v, 10, 64))
			return &n
		}
		return nil
	}
	r := rules{
		length("minLength"), length("maxLength"), length("minItems"), length("maxItems"), length("maxProperties"),
		bound("minimum"), bound("maximum"), nil,
	}
	if v, ok := tag.Lookup("enum"); ok {
		r.enum = strings.Split(v, ",")
	}
	return r
}

// must is for tags, which a test of the registration reads all at once.
func must[T any](v T, err error) T {
	if err != nil {
		panic("httpd: struct tag: " + err.Error())
	}
	return v
}

// planValue makes the plan of a type whose field has the tag.
func planValue(t reflect.Type, tag reflect.StructTag) *valuePlan {
	p := &valuePlan{rules: rulesOf(tag)}
	if t.Kind() == reflect.Pointer {
		p.pointer, t = true, t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		p.shape = timeShape
	case t.Kind() == reflect.String:
		p.shape = textShape
	case t.Kind() == reflect.Int:
		p.shape = integerShape
	case t.Kind() == reflect.Bool:
		p.shape = booleanShape
	case t.Kind() == reflect.Slice:
		p.shape, p.elem = listShape, planValue(t.Elem(), tag)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.String:
		p.shape, p.elem = mapShape, planValue(t.Elem(), "")
	case t.Kind() == reflect.Struct:
		p.shape = objectShape
		p.plan(t, nil)
	default:
		panic(fmt.Sprintf("httpd: no plan to read %s from JSON", t))
	}
	return p
}

// plan adds the fields of t, and those of the structs embedded in it.
func (p *valuePlan) plan(t reflect.Type, index []int) {
	if p.byName == nil {
		p.byName = map[string]int{}
	}
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(slices.Clone(index), i)
		if f.Anonymous {
			p.plan(f.Type, at)
			continue
		}
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		p.byName[name] = len(p.fields)
		p.fields = append(p.fields, fieldPlan{name, at, !strings.Contains(rest, "omitempty"), planValue(f.Type, f.Tag)})
	}
}

// Codes of faults in a field.
const (
	faultRequired = "required"
	faultUnknown  = "unknown_field"
	faultType     = "wrong_type"
	faultShort    = "too_short"
	faultLong     = "too_long"
	faultFew      = "too_few"
	faultMany     = "too_many"
	faultRange    = "out_of_range"
	faultChoice   = "not_a_choice"
	faultFormat   = "wrong_format"
)

// read reads the value at hand into v.
func (p *valuePlan) read(d *jsonReader, v reflect.Value) error {
	if p.pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch c := d.next(); {
	case p.shape == objectShape && c == '{':
		return p.readObject(d, v)
	case p.shape == mapShape && c == '{':
		return p.readMap(d, v)
	case p.shape == listShape && c == '[':
		return p.readList(d, v)
	case (p.shape == textShape || p.shape == timeShape) && c == '"':
		s, err := d.text()
		if err == nil {
			p.setText(d.fault, v, s)
		}
		return err
	case p.shape == booleanShape && (c == 't' || c == 'f'):
		v.SetBool(c == 't')
		return d.skip()
	case p.shape == integerShape && (c == '-' || c >= '0' && c <= '9'):
		s, err := d.number()
		if err == nil {
			p.setInteger(d.fault, v, s)
		}
		return err
	}
	p.wrongType(d.fault)
	return d.skip()
}

func (p *valuePlan) wrongType(fault func(code, format string, args ...any)) {
	want := [...]string{
		"text in quotes", "a whole number", "true or false", "a time such as 2026-11-23T09:00:00Z",
		"a list", "an object", "an object",
	}
	fault(faultType, "This must be %s.", want[p.shape])
}

func (p *valuePlan) setText(fault func(code, format string, args ...any), v reflect.Value, s string) {
	if p.shape == timeShape {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil || t.Year() < 1 {
			fault(faultFormat, "This must be a time in RFC 3339, such as 2026-11-23T09:00:00Z.")
			return
		}
		v.Set(reflect.ValueOf(t.UTC()))
		return
	}
	r := &p.rules
	if r.minLength >= 0 || r.maxLength >= 0 {
		n := utf8.RuneCountInString(s)
		if n < r.minLength {
			if n == 0 {
				fault(faultRequired, "This must not be empty.")
			} else {
				fault(faultShort, "This must have at least %d characters.", r.minLength)
			}
			return
		}
		if r.maxLength >= 0 && n > r.maxLength {
			fault(faultLong, "This must have at most %d characters.", r.maxLength)
			return
		}
	}
	if r.enum != nil && !slices.Contains(r.enum, s) {
		fault(faultChoice, "This must be one of: %s.", strings.Join(r.enum, ", "))
		return
	}
	v.SetString(s)
}

func (p *valuePlan) setInteger(fault func(code, format string, args ...any), v reflect.Value, s string) {
	n, err := strconv.ParseInt(s, 10, 64)
	r := &p.rules
	switch {
	case err != nil && !strings.ContainsAny(s, ".eE") && strings.Trim(s, "-0123456789") == "" && s != "" && s != "-":
		fault(faultRange, "This number is too large.")
	case err != nil:
		p.wrongType(fault)
	case r.minimum != nil && n < *r.minimum:
		fault(faultRange, "This must be at least %d.", *r.minimum)
	case r.maximum != nil && n > *r.maximum:
		fault(faultRange, "This must be at most %d.", *r.maximum)
	default:
		v.SetInt(n)
	}
}

func (p *valuePlan) readObject(d *jsonReader, v reflect.Value) error {
	var seen uint64 // bit i: fields[i] was there
	var strange []string
	err := d.object(func(name string) error {
		i, ok := p.byName[name]
		if !ok {
			if slices.Contains(strange, name) {
				return d.repeated(name)
			}
			if strange = append(strange, name); len(strange) > maxFaults {
				return d.malformed("too many unknown names")
			}
			mark := d.push(clip(name, 64))
			defer d.pop(mark)
			d.fault(faultUnknown, "There is no such field.")
			return d.skip()
		}
		if seen&(1<<i) != 0 {
			return d.repeated(name)
		}
		seen |= 1 << i
		f := &p.fields[i]
		mark := d.push(f.name)
		defer d.pop(mark)
		if d.next() == 'n' { // null says the same as leaving it out
			if f.required {
				d.fault(faultRequired, "This field is required.")
			}
			return d.literal("null")
		}
		return f.plan.read(d, v.FieldByIndex(f.index))
	})
	if err != nil {
		return err
	}
	for i := range p.fields {
		if f := &p.fields[i]; f.required && seen&(1<<i) == 0 {
			mark := d.push(f.name)
			d.fault(faultRequired, "This field is required.")
			d.pop(mark)
		}
	}
	return nil
}

func (p *valuePlan) readMap(d *jsonReader, v reflect.Value) error {
	m := map[string]string{}
	err := d.object(func(name string) error {
		if _, ok := m[name]; ok {
			return d.repeated(name)
		}
		if p.rules.maxProperties >= 0 && len(m) == p.rules.maxProperties {
			d.fault(faultMany, "At most %d values are accepted.", p.rules.maxProperties)
			m[name] = ""
			return d.skip()
		}
		if p.rules.maxProperties >= 0 && len(m) > p.rules.maxProperties {
			return d.skip() // said once
		}
		m[name] = ""
		mark := d.push(clip(name, 64))
		defer d.pop(mark)
		one := reflect.New(reflect.TypeFor[string]()).Elem()
		err := p.elem.read(d, one)
		m[name] = one.String()
		return err
	})
	v.Set(reflect.ValueOf(m))
	return err
}

func (p *valuePlan) readList(d *jsonReader, v reflect.Value) error {
	list := reflect.MakeSlice(v.Type(), 0, 4)
	n := 0
	err := d.array(func(i int) error {
		if n++; p.rules.maxItems >= 0 && n > p.rules.maxItems {
			if n == p.rules.maxItems+1 {
				d.fault(faultMany, "At most %d are accepted.", p.rules.maxItems)
			}
			return d.skip()
		}
		list = reflect.Append(list, reflect.Zero(v.Type().Elem()))
		mark := d.pushIndex(i)
		defer d.pop(mark)
		return p.elem.read(d, list.Index(i))
	})
	if err == nil && n < p.rules.minItems {
		d.fault(faultFew, "At least %d needed.", p.rules.minItems)
	}
	v.Set(list)
	return err
}
