package httpapi

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"
)

// jsonNode is a JSON body with placeholders in its strings. What stands in the description as a string stays one,
// whatever a message has in it; nothing but a value can come out of a placeholder.
type jsonNode struct {
	members []jsonMember // of an object
	items   []*jsonNode  // of a list
	list    bool
	literal string    // number, true, false or null
	text    *template // string, or a number by the filter
}

type jsonMember struct {
	name     string
	value    *jsonNode
	optional bool
}

// json reads a node as JSON.
func (t *tree) json(s *spec, n *yaml.Node, path string, allowed func(string) bool) *jsonNode {
	if t.err != nil {
		return nil
	}
	j := &jsonNode{}
	switch n.Kind {
	case yaml.MappingNode:
		j.members = []jsonMember{}
		t.object(n, path).each(func(name string, _, value *yaml.Node) {
			bare, optional := strings.CutSuffix(name, "?")
			j.members = append(j.members, jsonMember{bare, t.json(s, value, join(path, name), allowed), optional})
		})
	case yaml.SequenceNode:
		j.list = true
		for _, c := range n.Content {
			j.items = append(j.items, t.json(s, c, path, allowed))
		}
	case yaml.ScalarNode:
		t.jsonScalar(s, j, n, path, allowed)
	default:
		t.fail(n, path, "This cannot stand in JSON.")
	}
	return j
}

func (t *tree) jsonScalar(s *spec, j *jsonNode, n *yaml.Node, path string, allowed func(string) bool) {
	switch n.Tag {
	case "!!null":
		j.literal = "null"
	case "!!bool":
		j.literal = strings.ToLower(n.Value)
	case "!!int", "!!float":
		j.literal = n.Value
	default:
		j.text = t.template(s, n, path, allowed)
		if j.text != nil && j.text.number() && !j.text.numeric() {
			t.fail(n, path, "The filter number is for a value that is one placeholder and nothing else.")
		}
		return
	}
	if !json.Valid([]byte(j.literal)) {
		t.fail(n, path, "%q cannot be written in JSON as it stands. Put it between quotes if it is text.", clip(n.Value))
	}
}

// templates lists the templates of the node and of all below it.
func (j *jsonNode) templates() (all []field) {
	if j == nil {
		return nil
	}
	if j.text != nil {
		all = append(all, field{value: j.text})
	}
	for _, item := range j.items {
		all = append(all, item.templates()...)
	}
	for _, m := range j.members {
		for _, f := range m.value.templates() {
			f.optional = f.optional || m.optional
			all = append(all, f)
		}
	}
	return all
}

// write appends the node. empty says that one of its placeholders has no value.
func (j *jsonNode) write(b *strings.Builder, v values) (empty bool, err error) {
	switch {
	case j.members != nil:
		b.WriteByte('{')
		first := true
		for _, m := range j.members {
			var value strings.Builder
			without, err := m.value.write(&value, v)
			if m.optional && without {
				continue
			}
			if err != nil {
				return false, err
			}
			empty = empty || without
			if !first {
				b.WriteByte(',')
			}
			first = false
			b.WriteString(jsonString(m.name) + ":" + value.String())
		}
		b.WriteByte('}')
	case j.list:
		b.WriteByte('[')
		for i, item := range j.items {
			if i > 0 {
				b.WriteByte(',')
			}
			without, err := item.write(b, v)
			if err != nil {
				return false, err
			}
			empty = empty || without
		}
		b.WriteByte(']')
	case j.text == nil:
		b.WriteString(j.literal)
	default:
		var value string
		value, empty = j.text.render(v, same)
		if !j.text.numeric() {
			b.WriteString(jsonString(value))
			return empty, nil
		}
		if !json.Valid([]byte(value)) || strings.Trim(value, "-+.eE0123456789") != "" {
			return empty, fmt.Errorf("a value that the description wants as a number is none")
		}
		b.WriteString(value)
	}
	return empty, nil
}

// wellFormed refuses a body that is no XML. What it puts in place of the placeholders fits in texts and in attributes
// between quotes only: a name of an element cannot come from a message.
func (t *tree) wellFormed(n *yaml.Node, x *template, path string) {
	if x == nil || t.err != nil {
		return
	}
	literal, _ := x.render(nil, func(string) string { return "x y" })
	dec := xml.NewDecoder(strings.NewReader(literal))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	elements := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.fail(n, path, "It is not XML: %s.", err)
			return
		}
		switch token.(type) {
		case xml.StartElement:
			elements++
		case xml.Comment:
			t.fail(n, path, "Comments have no use in a body. Take them out.")
			return
		}
	}
	if elements == 0 || strings.Contains(x.raw, "<![CDATA[") {
		t.fail(n, path, "It is not XML that values can be put into: write elements, and no CDATA.")
	}
}

// encode makes parameters of fields.
func encode(fields []field, v values, out url.Values) url.Values {
	for _, f := range fields {
		value, empty := f.value.render(v, same)
		if f.optional && empty {
			continue
		}
		out.Add(f.name, value)
	}
	return out
}

// build makes the request with its values in place. An error says, without any value, that it cannot be made.
func (r *request) build(ctx context.Context, v values) (*http.Request, error) {
	path, _ := r.path.render(v, pathText)
	query := url.Values{}
	for name, fixed := range r.fixedQuery {
		query[name] = append([]string(nil), fixed...)
	}
	encode(r.query, v, query)
	if r.auth != nil && r.auth.query != nil {
		encode([]field{*r.auth.query}, v, query)
	}
	address := r.origin + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	body, err := r.body(v)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, strings.NewReader(body))
	if err != nil {
		return nil, errors.New("the address cannot be used")
	}
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	req.Header.Set("Accept", "*/*")
	headers := r.headers
	if r.auth != nil && r.auth.header != nil {
		headers = append(headers[:len(headers):len(headers)], *r.auth.header)
	}
	set := map[string]bool{}
	for _, f := range headers {
		value, empty := f.value.render(v, same)
		if f.optional && empty {
			continue
		}
		if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			return nil, fmt.Errorf("a value has characters that cannot stand in the header %s", f.name)
		}
		if set[http.CanonicalHeaderKey(f.name)] {
			req.Header.Add(f.name, value)
		} else {
			req.Header.Set(f.name, value)
		}
		set[http.CanonicalHeaderKey(f.name)] = true
	}
	if r.auth != nil && r.auth.user != nil {
		req.SetBasicAuth(r.auth.user.plain(v), r.auth.password.plain(v))
	}
	return req, nil
}

// body is the body with its values in place, "" when there is none.
func (r *request) body(v values) (string, error) {
	switch {
	case r.hasForm:
		return encode(r.form, v, url.Values{}).Encode(), nil
	case r.json != nil:
		var b strings.Builder
		_, err := r.json.write(&b, v)
		return b.String(), err
	case r.xml != nil:
		text, _ := r.xml.render(v, xmlText)
		return text, nil
	case r.text != nil:
		return r.text.plain(v), nil
	}
	return "", nil
}

// pathText is a text as one segment of a path, and never one that leads upwards.
func pathText(s string) string {
	if s == "." || s == ".." {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}
