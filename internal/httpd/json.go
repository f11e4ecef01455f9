package httpd

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// maxDepth bounds how deep values may be nested; no request needs more than four levels.
const maxDepth = 32

// maxFaults bounds how many faults one answer lists.
const maxFaults = 1000

// jsonReader reads one JSON value (RFC 8259) strictly. Encoding/json is more lenient than a door
// should be: it takes repeated names, names in another letter case, invalid UTF-8 and lone surrogates.
//
// What is not JSON in UTF-8 ends the reading with an error of code malformed; what is JSON but not
// what the type wants is noted as a fault, and reading goes on, so that one answer names all of them.
type jsonReader struct {
	data   []byte
	pos    int
	depth  int
	path   []byte // of the value being read: messages[3].to
	faults []api.FieldError
}

func (d *jsonReader) malformed(format string, args ...any) error {
	return smsir.Errorf(api.CodeMalformed, "The body is not valid JSON at byte %d: %s.", d.pos, fmt.Sprintf(format, args...))
}

func (d *jsonReader) fault(code, format string, args ...any) {
	if len(d.faults) < maxFaults {
		d.faults = append(d.faults, api.FieldError{Field: string(d.path), Code: code, Detail: fmt.Sprintf(format, args...)})
	}
}

func (d *jsonReader) push(name string) (mark int) {
	mark = len(d.path)
	if mark > 0 {
		d.path = append(d.path, '.')
	}
	d.path = append(d.path, name...)
	return mark
}

func (d *jsonReader) pushIndex(i int) (mark int) {
	mark = len(d.path)
	d.path = append(d.path, '[')
	d.path = strconv.AppendInt(d.path, int64(i), 10)
	d.path = append(d.path, ']')
	return mark
}

func (d *jsonReader) pop(mark int) { d.path = d.path[:mark] }

// next skips white space and returns the byte at hand, 0 at the end.
func (d *jsonReader) next() byte {
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return c
		}
	}
	return 0
}

// take consumes c, which must come next.
func (d *jsonReader) take(c byte) error {
	if d.next() != c {
		return d.malformed("%q expected", c)
	}
	d.pos++
	return nil
}

// literal consumes a word such as null.
func (d *jsonReader) literal(word string) error {
	if len(d.data)-d.pos < len(word) || string(d.data[d.pos:d.pos+len(word)]) != word {
		return d.malformed("a value expected")
	}
	d.pos += len(word)
	return nil
}

// text reads a string.
func (d *jsonReader) text() (string, error) {
	if err := d.take('"'); err != nil {
		return "", err
	}
	start := d.pos
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			s := string(d.data[start:d.pos])
			d.pos++
			return s, nil
		case c == '\\':
			return d.escapedText(start)
		case c < 0x20:
			return "", d.malformed("a control character within a string; write it as an escape")
		case c < utf8.RuneSelf:
			d.pos++
		default:
			r, size := utf8.DecodeRune(d.data[d.pos:])
			if r == utf8.RuneError && size == 1 {
				return "", d.malformed("invalid UTF-8")
			}
			d.pos += size
		}
	}
	return "", d.malformed("a string that never ends")
}

// escapedText goes on with a string at its first escape.
func (d *jsonReader) escapedText(start int) (string, error) {
	out := append(make([]byte, 0, 2*(d.pos-start)+32), d.data[start:d.pos]...)
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			return string(out), nil
		case c == '\\':
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		case c < 0x20:
			return "", d.malformed("a control character within a string; write it as an escape")
		default:
			r, size := utf8.DecodeRune(d.data[d.pos:])
			if r == utf8.RuneError && size == 1 {
				return "", d.malformed("invalid UTF-8")
			}
			out = append(out, d.data[d.pos:d.pos+size]...)
			d.pos += size
		}
	}
	return "", d.malformed("a string that never ends")
}

// escape reads one escape sequence.
func (d *jsonReader) escape() (rune, error) {
	d.pos++ // the backslash
	if d.pos >= len(d.data) {
		return 0, d.malformed("a string that never ends")
	}
	c := d.data[d.pos]
	d.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return d.unicodeEscape()
	}
	d.pos--
	return 0, d.malformed("an escape that JSON does not have")
}

func (d *jsonReader) unicodeEscape() (rune, error) {
	r, err := d.hex4()
	if err != nil {
		return 0, err
	}
	if r == 0 {
		return 0, d.malformed("NUL is not accepted in a string")
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if d.pos+1 < len(d.data) && d.data[d.pos] == '\\' && d.data[d.pos+1] == 'u' {
		d.pos += 2
		low, err := d.hex4()
		if err != nil {
			return 0, err
		}
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, nil
		}
	}
	return 0, d.malformed("a lone surrogate")
}

func (d *jsonReader) hex4() (rune, error) {
	if len(d.data)-d.pos < 4 {
		return 0, d.malformed("four hexadecimal digits expected")
	}
	var r rune
	for _, c := range d.data[d.pos : d.pos+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, d.malformed("four hexadecimal digits expected")
		}
		r = r<<4 | rune(c)
	}
	d.pos += 4
	return r, nil
}

// number reads a number and returns its characters.
func (d *jsonReader) number() (string, error) {
	start := d.pos
	digits := func() bool {
		first := d.pos
		for d.pos < len(d.data) && d.data[d.pos] >= '0' && d.data[d.pos] <= '9' {
			d.pos++
		}
		return d.pos > first
	}
	at := func(set string) bool {
		if d.pos >= len(d.data) {
			return false
		}
		for i := range len(set) {
			if d.data[d.pos] == set[i] {
				d.pos++
				return true
			}
		}
		return false
	}
	at("-")
	if !at("0") && !digits() {
		return "", d.malformed("a value expected")
	}
	if at(".") && !digits() {
		return "", d.malformed("a digit expected")
	}
	if at("eE") {
		at("+-")
		if !digits() {
			return "", d.malformed("a digit expected")
		}
	}
	return string(d.data[start:d.pos]), nil
}

// object reads an object and calls member for each name, with the value at hand.
func (d *jsonReader) object(member func(name string) error) error {
	if err := d.enter('{'); err != nil {
		return err
	}
	defer func() { d.depth-- }()
	if d.next() == '}' {
		d.pos++
		return nil
	}
	for {
		if d.next() != '"' {
			return d.malformed("a name in quotes expected")
		}
		name, err := d.text()
		if err != nil {
			return err
		}
		if err := d.take(':'); err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
		if d.next() != ',' {
			return d.take('}')
		}
		d.pos++
	}
}

// array reads an array and calls item for each value, with the value at hand.
func (d *jsonReader) array(item func(i int) error) error {
	if err := d.enter('['); err != nil {
		return err
	}
	defer func() { d.depth-- }()
	if d.next() == ']' {
		d.pos++
		return nil
	}
	for i := 0; ; i++ {
		if err := item(i); err != nil {
			return err
		}
		if d.next() != ',' {
			return d.take(']')
		}
		d.pos++
	}
}

func (d *jsonReader) enter(open byte) error {
	if err := d.take(open); err != nil {
		return err
	}
	if d.depth++; d.depth > maxDepth {
		return d.malformed("values are nested deeper than %d levels", maxDepth)
	}
	return nil
}

// skip reads a value that nobody wants; it must still be JSON.
func (d *jsonReader) skip() error {
	switch c := d.next(); c {
	case '{':
		seen := map[string]bool{}
		return d.object(func(name string) error {
			if seen[name] {
				return d.repeated(name)
			}
			seen[name] = true
			return d.skip()
		})
	case '[':
		return d.array(func(int) error { return d.skip() })
	case '"':
		_, err := d.text()
		return err
	case 't':
		return d.literal("true")
	case 'f':
		return d.literal("false")
	case 'n':
		return d.literal("null")
	default:
		_, err := d.number()
		return err
	}
}

func (d *jsonReader) repeated(name string) error {
	return d.malformed("the name %q is there twice", clip(name, 40))
}

// end makes sure that nothing follows the value.
func (d *jsonReader) end() error {
	if d.next() != 0 || d.pos < len(d.data) {
		return d.malformed("something follows the value")
	}
	return nil
}

// clip shortens s to n bytes for an error message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
