package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds the configuration file; the sample is a few kilobytes.
const maxFile = 1 << 20

// loadFile takes the settings of a YAML file. Unknown keys, repeated keys and values of the wrong shape are problems.
func (l *Loaded) loadFile(path string, options []Option, problems *Error) {
	if path == "" {
		return
	}
	f := fileReader{name: path, loaded: l, options: options, problems: problems}
	root, line, err := parseFile(path)
	if err != nil {
		f.problem(line, "", err.Error())
		return
	}
	if root != nil {
		f.section("", root)
	}
}

// parseFile reads the one YAML document in the file; nil for a file without one. The line is that of the error, 0 if
// it has none.
func parseFile(path string) (root *yaml.Node, line int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot be read: %w", err)
	}
	defer func() { _ = file.Close() }() // opened for reading: nothing can be lost
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, 0, fmt.Errorf("cannot be read: %w", err)
	}
	if len(content) > maxFile {
		return nil, 0, errors.New("is larger than 1 MiB; is it the right file?")
	}
	dec := yaml.NewDecoder(bytes.NewReader(content))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, 0, nil
	} else if err != nil {
		return nil, 0, notYAML(err)
	}
	if err := dec.Decode(&more); err == nil {
		return nil, more.Line, errors.New("begins a second document; keep one")
	} else if !errors.Is(err, io.EOF) {
		return nil, 0, notYAML(err)
	}
	return doc.Content[0], 0, nil
}

func notYAML(err error) error {
	return fmt.Errorf("is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
}

// fileReader walks the tree of a file and takes every value it meets.
type fileReader struct {
	name     string
	loaded   *Loaded
	options  []Option
	problems *Error
	seen     []string
}

func (f *fileReader) problem(line int, key, reason string) {
	source := f.name
	if line > 0 {
		source = fmt.Sprintf("%s:%d", f.name, line)
	}
	f.problems.Problems = append(f.problems.Problems, Problem{Source: source, Key: key, Reason: reason})
}

// section takes the pairs of one mapping. prefix is "" or the name of the section with a dot.
func (f *fileReader) section(prefix string, node *yaml.Node) {
	if isNull(node) {
		return // every key of the section is commented out
	}
	if node.Kind != yaml.MappingNode {
		f.problem(node.Line, strings.TrimSuffix(prefix, "."), "is not a list of keys and values; see 'smsir config sample'")
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		f.pair(prefix+node.Content[i].Value, node.Content[i].Line, node.Content[i+1])
	}
}

func (f *fileReader) pair(key string, line int, value *yaml.Node) {
	if slices.Contains(f.seen, key) {
		f.problem(line, key, "is written twice; keep one")
		return
	}
	f.seen = append(f.seen, key)
	if i := slices.IndexFunc(f.options, func(o Option) bool { return o.Key == key }); i >= 0 {
		f.value(f.options[i], value)
		return
	}
	if !strings.Contains(key, ".") && slices.ContainsFunc(f.options, func(o Option) bool { return strings.HasPrefix(o.Key, key+".") }) {
		f.section(key+".", value)
		return
	}
	f.problem(line, key, unknownKey(key, f.options))
}

func (f *fileReader) value(o Option, node *yaml.Node) {
	source := fmt.Sprintf("%s:%d", f.name, node.Line)
	switch {
	case isNull(node):
		f.problem(node.Line, o.Key, "has no value; write one or remove the line")
	case node.Kind == yaml.ScalarNode:
		f.loaded.take(o, source, node.Value, f.problems)
	case node.Kind == yaml.SequenceNode && o.Key == "trusted_proxies":
		texts := make([]string, len(node.Content))
		for i, item := range node.Content {
			if item.Kind != yaml.ScalarNode {
				f.problem(item.Line, o.Key, "holds something that is not a plain value")
				return
			}
			texts[i] = item.Value
		}
		f.loaded.take(o, source, strings.Join(texts, ","), f.problems)
	default:
		f.problem(node.Line, o.Key, "must be a plain value; see 'smsir config sample'")
	}
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// unknownKey says that no setting is called key, and which one may have been meant.
func unknownKey(key string, options []Option) string {
	names := make([]string, len(options))
	for i, o := range options {
		names[i] = o.Key
	}
	return "is not a setting" + suggest(key, names) + "; 'smsir config sample' lists them all"
}

// suggest names the candidate that resembles name, or one that ends in it, if there is one.
func suggest(name string, candidates []string) string {
	best, bestDistance := "", len(name)/3+1
	for _, c := range candidates {
		if d := distance(name, c); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	tail := regexp.MustCompile(`(^|[._])` + regexp.QuoteMeta(name) + `$`)
	if i := slices.IndexFunc(candidates, tail.MatchString); best == "" && i >= 0 {
		best = candidates[i]
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance is the number of letters to insert, remove or replace to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
