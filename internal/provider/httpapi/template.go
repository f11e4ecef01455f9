package httpapi

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

// template is a text with placeholders: {{name}} or {{name|filter|filter}}. It is a list of pieces and nothing more:
// there are no conditions, no loops and no calls, so a template cannot do anything but put values into a text.
type template struct {
	pieces []piece
	raw    string
}

// piece is a literal, or a placeholder if it has a name.
type piece struct {
	literal string
	name    string
	filters []string
}

// parseTemplate reads a template whose placeholders are all allowed.
func parseTemplate(s string, allowed func(name string) bool) (*template, error) {
	t := &template{raw: s}
	for rest := s; rest != ""; {
		before, after, found := strings.Cut(rest, "{{")
		if before != "" {
			t.pieces = append(t.pieces, piece{literal: before})
		}
		if !found {
			break
		}
		inside, behind, closed := strings.Cut(after, "}}")
		if !closed {
			return nil, fmt.Errorf("the placeholder %q has no end. Close it with }}", clip("{{"+after))
		}
		parts := strings.Split(inside, "|")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		p := piece{name: parts[0], filters: parts[1:]}
		if p.name == "" || !allowed(p.name) {
			return nil, fmt.Errorf("there is no placeholder {{%s}} at this place. See the list in docs/providers/httpapi.md", clip(p.name))
		}
		for i, f := range p.filters {
			if f == "number" && i == len(p.filters)-1 {
				continue // what it means is decided by where the template stands
			}
			if filters()[f] == nil {
				return nil, fmt.Errorf("there is no filter %q. Known are: %s, number", clip(f), strings.Join(filterNames(), ", "))
			}
		}
		t.pieces = append(t.pieces, p)
		rest = behind
	}
	return t, nil
}

// numeric reports whether the template is one placeholder that is to be written as a number.
func (t *template) numeric() bool {
	return len(t.pieces) == 1 && t.pieces[0].name != "" && slices.Contains(t.pieces[0].filters, "number")
}

// number reports whether the filter number stands anywhere.
func (t *template) number() bool {
	return slices.ContainsFunc(t.pieces, func(p piece) bool { return slices.Contains(p.filters, "number") })
}

// names lists the placeholders.
func (t *template) names() (all []string) {
	for _, p := range t.pieces {
		if p.name != "" {
			all = append(all, p.name)
		}
	}
	return all
}

// values are what placeholders stand for.
type values map[string]string

// render puts the values in, each through its filters and then through escape. empty says that a placeholder had no
// value.
func (t *template) render(v values, escape func(string) string) (out string, empty bool) {
	if t == nil {
		return "", true
	}
	var b strings.Builder
	for _, p := range t.pieces {
		if p.name == "" {
			b.WriteString(p.literal)
			continue
		}
		value := v[p.name]
		if value == "" {
			empty = true
		}
		for _, f := range p.filters {
			if apply := filters()[f]; apply != nil {
				value = apply(value)
			}
		}
		b.WriteString(escape(value))
	}
	return b.String(), empty
}

// plain renders without escaping.
func (t *template) plain(v values) string {
	out, _ := t.render(v, same)
	return out
}

func same(s string) string { return s }

// filters are what a value may be put through.
func filters() map[string]func(string) string {
	return map[string]func(string) string{
		"digits":  digits,
		"plus":    func(s string) string { return withPrefix("+", s) },
		"zeros":   func(s string) string { return withPrefix("00", s) },
		"lower":   strings.ToLower,
		"upper":   strings.ToUpper,
		"base64":  func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"hex":     func(s string) string { return hex.EncodeToString([]byte(s)) },
		"ucs2hex": ucs2hex,
		"json":    jsonString,
		"url":     url.QueryEscape,
		"xml":     xmlText,
	}
}

func filterNames() []string {
	all := make([]string, 0, 12)
	for name := range filters() {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// digits are the digits of a text.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// withPrefix writes an international number in another way. What is no such number stays as it is.
func withPrefix(prefix, s string) string {
	if strings.HasPrefix(s, "+") {
		return prefix + s[1:]
	}
	return s
}

// ucs2hex is a text in UCS-2, big-endian, four digits a unit.
func ucs2hex(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	return b.String()
}

// jsonString is a text as a JSON string, quotes included.
func jsonString(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// xmlText is a text for the content of an element or for an attribute.
func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
