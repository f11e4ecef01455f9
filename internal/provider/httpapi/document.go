package httpapi

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Formats of answers and callbacks.
const (
	formatJSON  = "json"
	formatXML   = "xml"
	formatForm  = "form"
	formatText  = "text"
	formatQuery = "query" // of a callback: the parameters of its address
)

// document is an answer or a callback as it can be searched.
type document struct {
	header http.Header
	query  url.Values
	body   []byte
	root   any // of JSON and form: what encoding/json makes; of XML: *element
	at     any // where relative paths start: an element of a list, or the root
}

// read makes a document searchable. An error says that the body does not have the format.
func (d *document) read(format string) error {
	var err error
	switch format {
	case formatJSON:
		d.root, err = readJSON(d.body)
	case formatXML:
		d.root, err = readXML(d.body)
	case formatForm:
		var form url.Values
		form, err = url.ParseQuery(string(d.body))
		d.root = formTree(form)
	case formatQuery:
		d.root = formTree(d.query)
	default:
		d.root = nil
	}
	d.at = d.root
	return err
}

func readJSON(body []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber() // ids are longer than a float is exact
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON")
	}
	return v, nil
}

func formTree(form url.Values) any {
	all := make(map[string]any, len(form))
	for name, values := range form {
		if len(values) == 1 {
			all[name] = values[0]
			continue
		}
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		all[name] = list
	}
	return all
}

// element is one of an XML document.
type element struct {
	name  string
	attrs map[string]string
	text  string
	kids  []*element
}

// readXML reads a document into its elements, by their local names. Entities beyond XML's own five are an error, so
// nothing can be made to grow.
func readXML(body []byte) (any, error) {
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		if strings.EqualFold(label, "us-ascii") || strings.EqualFold(label, "ascii") {
			return input, nil
		}
		return nil, fmt.Errorf("the charset %q is not known", clip(label))
	}
	top := &element{}
	stack := []*element{top}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		here := stack[len(stack)-1]
		switch x := token.(type) {
		case xml.StartElement:
			if len(stack) > maxDepth*4 {
				return nil, errors.New("it nests too deep")
			}
			e := &element{name: x.Name.Local, attrs: map[string]string{}}
			for _, a := range x.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			here.kids = append(here.kids, e)
			stack = append(stack, e)
		case xml.EndElement:
			here.text = strings.TrimSpace(here.text)
			stack = stack[:len(stack)-1]
		case xml.CharData:
			here.text += string(x)
		}
	}
	if len(top.kids) != 1 {
		return nil, errors.New("it is not XML")
	}
	return top, nil
}

// walk follows a path. A segment is a key, an index, "*" for all of a list, "@name" for an attribute.
func walk(v any, path []string) []any {
	if len(path) == 0 {
		return []any{v}
	}
	segment, rest := path[0], path[1:]
	switch x := v.(type) {
	case map[string]any:
		if below, ok := x[segment]; ok {
			return walk(below, rest)
		}
	case []any:
		if segment == "*" {
			var all []any
			for _, below := range x {
				all = append(all, walk(below, rest)...)
			}
			return all
		}
		if i, err := strconv.Atoi(segment); err == nil && i >= 0 && i < len(x) {
			return walk(x[i], rest)
		}
	case *element:
		return x.walk(segment, rest)
	}
	return nil
}

// walk of an element: a name stands for the first child of that name, unless an index or "*" follows.
func (e *element) walk(segment string, rest []string) []any {
	if name, ok := strings.CutPrefix(segment, "@"); ok {
		if value, ok := e.attrs[name]; ok {
			return walk(value, rest)
		}
		return nil
	}
	var kids []any
	for _, k := range e.kids {
		if k.name == segment {
			kids = append(kids, k)
		}
	}
	if len(kids) == 0 {
		return nil
	}
	if len(rest) > 0 {
		if _, err := strconv.Atoi(rest[0]); err == nil || rest[0] == "*" {
			return walk(kids, rest)
		}
	}
	return walk(kids[0], rest)
}

// scalar is a value as text; false for what has none (null, lists, objects).
func scalar(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case json.Number:
		return x.String(), true
	case bool:
		return strconv.FormatBool(x), true
	case *element:
		return x.text, true
	}
	return "", false
}

// parsePath reads a path: JSON pointer if it begins with a slash (RFC 6901), else segments with dots between. A "$" at
// the front starts at the root also inside of a list; "." is where one stands.
func parsePath(s string) (segments []string, absolute bool, err error) {
	if strings.HasPrefix(s, "/") {
		for segment := range strings.SplitSeq(s[1:], "/") {
			segments = append(segments, strings.NewReplacer("~1", "/", "~0", "~").Replace(segment))
		}
		return segments, true, nil
	}
	switch {
	case s == "":
		return nil, false, errors.New("the path is empty. Write such as data.id, or . for the whole")
	case s == ".":
		return nil, false, nil
	case s == "$":
		return nil, true, nil
	}
	if rest, ok := strings.CutPrefix(s, "$."); ok {
		s, absolute = rest, true
	}
	segments = strings.Split(s, ".")
	for _, segment := range segments {
		if segment == "" {
			return nil, false, fmt.Errorf("the path %q has two dots in a row, or one at an end", clip(s))
		}
	}
	return segments, absolute, nil
}
