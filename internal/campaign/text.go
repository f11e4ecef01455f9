package campaign

import (
	"regexp"
	"slices"
	"strings"
)

// Text is a text with variables, read once and rendered for many people. A variable is {{name}} or {{name|what to write
// where there is none}}; whatever else stands in braces is text. Values are never read as text with variables, so
// nothing that a contact is called can become one.
type Text struct {
	parts []part
}

type part struct {
	literal  string
	key      string // "" for a literal
	fallback string
	covered  bool // it has a fallback
}

var keyForm = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_]{0,39}$`)

// KeyOf is the name of a variable as it is compared: lower case, spaces and hyphens as underscores. False if it is no
// name.
func KeyOf(name string) (string, bool) {
	key := strings.Join(strings.FieldsFunc(strings.ToLower(strings.TrimSpace(name)), func(r rune) bool {
		return r == ' ' || r == '-' || r == '\t' || r == '\u00a0'
	}), "_")
	return key, keyForm.MatchString(key)
}

// ParseText reads a text. It cannot fail.
func ParseText(text string) Text {
	var t Text
	literal := func(s string) {
		if s == "" {
			return
		}
		if n := len(t.parts); n > 0 && t.parts[n-1].key == "" {
			t.parts[n-1].literal += s
			return
		}
		t.parts = append(t.parts, part{literal: s})
	}
	for {
		open := strings.Index(text, "{{")
		if open < 0 {
			literal(text)
			return t
		}
		length := strings.Index(text[open+2:], "}}")
		if length < 0 {
			literal(text)
			return t
		}
		end := open + 2 + length
		open = strings.LastIndex(text[:end], "{{") // the last opening before the end is the variable's
		before, inside, after := text[:open], text[open+2:end], text[end+2:]
		name, fallback, covered := strings.Cut(inside, "|")
		if key, ok := KeyOf(name); ok {
			literal(before)
			t.parts = append(t.parts, part{key: key, fallback: strings.TrimSpace(fallback), covered: covered})
		} else {
			literal(before + "{{" + inside + "}}")
		}
		text = after
	}
}

// Variables are the names that the text asks for, each once, in their order.
func (t Text) Variables() []string {
	var keys []string
	for _, p := range t.parts {
		if p.key != "" && !slices.Contains(keys, p.key) {
			keys = append(keys, p.key)
		}
	}
	return keys
}

// Render puts values into the text. gap says that one without a fallback was missing.
func (t Text) Render(values map[string]string) (text string, gap bool) {
	var b strings.Builder
	for _, p := range t.parts {
		switch value := values[p.key]; {
		case p.key == "":
			b.WriteString(p.literal)
		case value != "":
			b.WriteString(value)
		default:
			b.WriteString(p.fallback)
			gap = gap || !p.covered
		}
	}
	return b.String(), gap
}

// Texts are the texts of a message by language.
type Texts map[string]Text

// ParseTexts reads them all.
func ParseTexts(texts map[string]string) Texts {
	out := make(Texts, len(texts))
	for language, text := range texts {
		out[language] = ParseText(text)
	}
	return out
}

// For is the text for somebody who reads a language: that of its tag, otherwise of its first part, otherwise the one for
// everybody else.
func (t Texts) For(language string) Text {
	if text, ok := t[language]; ok {
		return text
	}
	base, _, _ := strings.Cut(language, "-")
	if text, ok := t[base]; ok {
		return text
	}
	return t[""]
}

// Variables are the names that any of the texts asks for, in alphabetical order.
func (t Texts) Variables() []string {
	var keys []string
	for _, text := range t {
		keys = append(keys, text.Variables()...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
