package httpapi

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/smsir/smsir"
)

// maxDepth is how deep a description may nest.
const maxDepth = 32

// tree reads the nodes of a description. The first fault stays: after it every method returns zero values, so that
// callers need to look only once, at the end.
type tree struct{ err *smsir.Error }

// fail notes a fault at a node, with the line where it is and the words that say how to put it right.
func (t *tree) fail(n *yaml.Node, path, format string, args ...any) {
	if t.err != nil {
		return
	}
	text := fmt.Sprintf(format, args...)
	if path != "" {
		text = path + ": " + text
	}
	where := "The description cannot be used: "
	if n != nil && n.Line > 0 {
		where = fmt.Sprintf("Line %d of the description: ", n.Line)
	}
	t.err = &smsir.Error{Code: smsir.CodeInvalid, Field: settingDescription, Text: where + text}
}

// parseYAML reads the one document of a text. What could make it larger than it looks, or mean something else than it
// says (aliases, tags, keys that come twice), is refused.
func (t *tree) parseYAML(text string) *yaml.Node {
	dec := yaml.NewDecoder(strings.NewReader(text))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			t.fail(nil, "", "It is empty. Start from one of the examples in docs/providers/examples.")
			return nil
		}
		hint := ""
		if strings.Contains(err.Error(), "expected ',' or '}'") && strings.Contains(text, "?:") {
			hint = ` Inside of { } a name that ends in ? stands between quotes: {"from?": …}.`
		}
		t.fail(nil, "", "It is not YAML: %s.%s", strings.TrimPrefix(err.Error(), "yaml: "), hint)
		return nil
	}
	if err := dec.Decode(&more); err == nil {
		t.fail(&more, "", "A second document begins here. Keep one.")
		return nil
	} else if !errors.Is(err, io.EOF) {
		t.fail(nil, "", "It is not YAML: %s.", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil
	}
	if len(doc.Content) != 1 {
		t.fail(nil, "", "It is empty. Start from one of the examples in docs/providers/examples.")
		return nil
	}
	t.vet(doc.Content[0], "", 0)
	return doc.Content[0]
}

// vet refuses what no description needs.
func (t *tree) vet(n *yaml.Node, path string, depth int) {
	switch {
	case depth > maxDepth:
		t.fail(n, path, "It nests deeper than %d levels. Write it flatter.", maxDepth)
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		t.fail(n, path, "Anchors and aliases (& and *) are not known here. Write the value out, or put it between quotes if the sign is part of it.")
	case n.Style&yaml.TaggedStyle != 0:
		t.fail(n, path, "Tags (%s) are not known here. Take it out, or put the value between quotes.", n.Tag)
	}
	if t.err != nil {
		return
	}
	if n.Kind == yaml.MappingNode {
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
				t.fail(key, path, "A key is a plain word.")
				return
			}
			if line := seen[key.Value]; line > 0 {
				t.fail(key, join(path, key.Value), "It is written already in line %d. Keep one of the two.", line)
				return
			}
			seen[key.Value] = key.Line
		}
	}
	for i, c := range n.Content {
		below := path
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			below = join(path, n.Content[i-1].Value)
		}
		t.vet(c, below, depth+1)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// object is a mapping whose keys are known beforehand.
type object struct {
	t     *tree
	node  *yaml.Node
	path  string
	known []string
}

// object takes a node as a mapping. Of nil, or of anything else, it is one without keys.
func (t *tree) object(n *yaml.Node, path string) *object {
	o := &object{t: t, node: n, path: path}
	if n != nil && n.Kind != yaml.MappingNode {
		t.fail(n, path, "Here stand keys and values (key: value), each in a line of its own.")
		o.node = nil
	}
	return o
}

// child is the value of a key, nil when it is not there or has no value.
func (o *object) child(key string) *yaml.Node {
	o.known = append(o.known, key)
	if o.node == nil || o.t.err != nil {
		return nil
	}
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		if v := o.node.Content[i+1]; o.node.Content[i].Value == key {
			if v.Kind == yaml.ScalarNode && v.Tag == "!!null" {
				o.t.fail(v, join(o.path, key), "It has no value. Give it one, or take the key out.")
				return nil
			}
			return v
		}
	}
	return nil
}

// need is a child that must be there. Where it is missing and another key looks like it, that one is the fault.
func (o *object) need(key, why string) *yaml.Node {
	n := o.child(key)
	if n == nil {
		o.each(func(written string, at, _ *yaml.Node) {
			if alike(written, key) {
				o.t.fail(at, join(o.path, written), "This key is not known. Did you mean %s?", key)
			}
		})
		o.t.fail(o.node, join(o.path, key), "It is missing. %s", why)
	}
	return n
}

// done refuses the keys that nobody asked for.
func (o *object) done() {
	if o.node == nil || o.t.err != nil {
		return
	}
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		if key := o.node.Content[i]; !slices.Contains(o.known, key.Value) {
			o.t.fail(key, join(o.path, key.Value), "This key is not known. Known here: %s.", strings.Join(o.known, ", "))
			return
		}
	}
}

// alike reports whether two different words are at most two typing mistakes apart, and not of a few letters only.
func alike(a, b string) bool {
	if a == b || min(len(a), len(b)) < 3 {
		return false
	}
	row := make([]int, len(b)+1) // how many mistakes make the first letters of b out of those of a
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			mistakes := diagonal
			if a[i] != b[j] {
				mistakes++
			}
			diagonal, row[j+1] = row[j+1], min(mistakes, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)] <= min(2, len(b)/2)
}

// each calls f for every key and value of a mapping.
func (o *object) each(f func(key string, keyNode, value *yaml.Node)) {
	if o.node == nil {
		return
	}
	for i := 0; i+1 < len(o.node.Content) && o.t.err == nil; i += 2 {
		f(o.node.Content[i].Value, o.node.Content[i], o.node.Content[i+1])
	}
}

// text is a node as a plain value, "" of nil.
func (t *tree) text(n *yaml.Node, path string) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		t.fail(n, path, "Here stands one plain value.")
		return ""
	}
	return n.Value
}

// texts is a node as a list of plain values; one value by itself is a list of one.
func (t *tree) texts(n *yaml.Node, path string) []string {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	if n.Kind != yaml.SequenceNode {
		t.fail(n, path, "Here stands a value or a list of values, such as [a, b].")
		return nil
	}
	all := make([]string, 0, len(n.Content))
	for _, c := range n.Content {
		all = append(all, t.text(c, path))
	}
	return all
}

// word is a text that is one of some words, the first when it is missing.
func (o *object) word(key string, words ...string) string {
	n := o.child(key)
	if n == nil {
		return words[0]
	}
	w := o.t.text(n, join(o.path, key))
	if o.t.err == nil && !slices.Contains(words, w) {
		o.t.fail(n, join(o.path, key), "%q is none of: %s.", clip(w), strings.Join(words, ", "))
	}
	return w
}

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
