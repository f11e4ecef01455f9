package httpapi

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/smsir/smsir/gsm"
)

// source says where in an answer or a callback a value stands.
type source struct {
	path     []string
	absolute bool
	hasPath  bool
	header   string
	query    string
	literal  string
	match    *regexp.Regexp // the whole, or its first group if it has one
	decode   string
	others   []*source // where else it may stand; the first place that has a value counts
}

// maxFound is how much of a value is taken over, in bytes.
const maxFound = 64 << 10

// all lists the values, in their order. Of a nil source there are none.
func (s *source) all(d *document) []string {
	if s == nil {
		return nil
	}
	all := s.here(d)
	for _, other := range s.others {
		if len(all) == 0 {
			all = other.all(d)
		}
	}
	return all
}

// here lists the values at the source's own place.
func (s *source) here(d *document) []string {
	var found []string
	switch {
	case s.literal != "":
		found = []string{s.literal}
	case s.header != "":
		found = d.header.Values(s.header)
	case s.query != "":
		found = d.query[s.query]
	case s.hasPath:
		for _, v := range s.nodes(d) {
			if text, ok := scalar(v); ok {
				found = append(found, text)
			}
		}
	default:
		found = []string{string(d.body)}
	}
	var all []string
	for _, value := range found {
		if value, ok := s.take(value); ok {
			all = append(all, value)
		}
	}
	return all
}

// nodes are what the path leads to.
func (s *source) nodes(d *document) []any {
	if s.absolute {
		return walk(d.root, s.path)
	}
	return walk(d.at, s.path)
}

// take cuts a value out by the expression and decodes it. What does not decode is no value.
func (s *source) take(value string) (string, bool) {
	if s.match != nil {
		m := s.match.FindStringSubmatch(value)
		if m == nil {
			return "", false
		}
		value = m[min(1, len(m)-1)]
	}
	switch s.decode {
	case "hex":
		b, err := hex.DecodeString(value)
		value = string(b)
		if err != nil {
			return "", false
		}
	case "base64":
		b, err := base64.StdEncoding.DecodeString(value)
		value = string(b)
		if err != nil {
			return "", false
		}
	case "ucs2hex":
		b, err := hex.DecodeString(value)
		if err != nil {
			return "", false
		}
		if value, err = gsm.DecodeUCS2(b); err != nil {
			return "", false
		}
	}
	return strings.ToValidUTF8(value[:min(len(value), maxFound)], "\uFFFD"), true
}

// first is the first value; "" if there is none.
func (s *source) first(d *document) string {
	if all := s.all(d); len(all) > 0 {
		return all[0]
	}
	return ""
}

// condition is a source and what is asked of its value.
type condition struct {
	source
	is, not []string
	exists  *bool
	length  *int
}

// holds reports whether the condition is met. A value that is not there meets only exists: false.
func (c *condition) holds(d *document) bool {
	if c.length != nil {
		nodes := c.nodes(d)
		list, ok := []any(nil), false
		if len(nodes) == 1 {
			list, ok = nodes[0].([]any)
		}
		return ok && len(list) == *c.length
	}
	all := c.all(d)
	switch {
	case c.exists != nil:
		return (len(all) > 0) == *c.exists
	case len(all) == 0:
		return false
	case len(c.is) > 0:
		return !slices.ContainsFunc(all, func(v string) bool { return !slices.Contains(c.is, v) })
	case len(c.not) > 0:
		return !slices.ContainsFunc(all, func(v string) bool { return slices.Contains(c.not, v) })
	}
	return true
}

// hold reports whether all conditions are met.
func hold(conditions []condition, d *document) bool {
	return !slices.ContainsFunc(conditions, func(c condition) bool { return !c.holds(d) })
}

// source reads where a value stands: a path by itself, a mapping, or a list of both.
func (t *tree) source(n *yaml.Node, path, format string) *source {
	if n == nil || t.err != nil {
		return nil
	}
	if n.Kind == yaml.SequenceNode {
		if len(n.Content) == 0 {
			t.fail(n, path, "The list is empty. Write at least one place.")
			return nil
		}
		first := t.source(n.Content[0], path, format)
		for _, c := range n.Content[1:] {
			if other := t.source(c, path, format); first != nil && other != nil {
				first.others = append(first.others, other)
			}
		}
		return first
	}
	s := &source{}
	if n.Kind == yaml.ScalarNode {
		t.sourcePath(s, n, path, format)
		return s
	}
	o := t.object(n, path)
	t.sourceKeys(s, o, format)
	o.done()
	return s
}

func (t *tree) sourcePath(s *source, n *yaml.Node, path, format string) {
	if format == formatText {
		t.fail(n, path, "A text has no paths. Write an expression instead, such as {match: \"^ID: (.+)$\"}.")
		return
	}
	var err error
	if s.path, s.absolute, err = parsePath(t.text(n, path)); err != nil {
		t.fail(n, path, "%s.", upperFirst(err.Error()))
		return
	}
	if (format == formatForm || format == formatQuery) && len(s.path) > 0 && !s.absolute {
		s.path = []string{n.Value} // names of parameters may have dots in them
	}
	s.hasPath = true
}

// sourceKeys reads the keys of a mapping that say where a value stands.
func (t *tree) sourceKeys(s *source, o *object, format string) {
	at, header, query, value := o.child("at"), o.child("header"), o.child("query"), o.child("value")
	match := o.child("match")
	places := 0
	for _, n := range []*yaml.Node{at, header, query, value} {
		if n != nil {
			places++
		}
	}
	if places > 1 || places == 0 && match == nil {
		t.fail(o.node, o.path, "Say in one way where the value stands: at (a path), header, query, value (a fixed one), or match alone (an expression over the whole body).")
		return
	}
	if at != nil {
		t.sourcePath(s, at, join(o.path, "at"), format)
	}
	s.header, s.query, s.literal = t.text(header, o.path), t.text(query, o.path), t.text(value, o.path)
	for _, n := range []*yaml.Node{header, query, value} {
		if n != nil && n.Value == "" {
			t.fail(n, o.path, "It is empty. Write the name, or take it out.")
		}
	}
	if match != nil {
		var err error
		if s.match, err = regexp.Compile(t.text(match, join(o.path, "match"))); err != nil {
			t.fail(match, join(o.path, "match"), "The expression cannot be read: %s. The syntax is that of RE2.", err)
		} else if s.match.NumSubexp() > 1 {
			t.fail(match, join(o.path, "match"), "The expression has %d groups. Keep one, around what is wanted, and write the others as (?:…).", s.match.NumSubexp())
		}
	}
	s.decode = o.word("decode", "none", "hex", "base64", "ucs2hex")
}

// conditions reads a list of conditions; one by itself is a list of one.
func (t *tree) conditions(n *yaml.Node, path, format string) []condition {
	if n == nil {
		return nil
	}
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	all := make([]condition, 0, len(nodes))
	for _, n := range nodes {
		all = append(all, t.condition(n, path, format))
	}
	return all
}

func (t *tree) condition(n *yaml.Node, path, format string) condition {
	var c condition
	o := t.object(n, path)
	t.sourceKeys(&c.source, o, format)
	c.is, c.not = t.texts(o.child("is"), join(path, "is")), t.texts(o.child("not"), join(path, "not"))
	asked := 0
	if len(c.is) > 0 {
		asked++
	}
	if len(c.not) > 0 {
		asked++
	}
	if n := o.child("exists"); n != nil {
		yes := o.word("exists", "true", "false") == "true"
		c.exists = &yes
		asked++
	}
	if n := o.child("length"); n != nil {
		length := t.integer(n, join(path, "length"), 0, 1000)
		c.length = &length
		asked++
		if !c.hasPath || format == formatText {
			t.fail(n, path, "length needs a path (at) that leads to a list.")
		}
	}
	o.done()
	if asked > 1 || asked == 0 && c.match == nil {
		t.fail(o.node, path, "A condition has a place and one of: is, not, exists, length; or match.")
	}
	return c
}
