package config

import (
	"fmt"
	"strings"
)

// Error lists everything that is wrong with the settings. There is at least one problem.
type Error struct {
	Problems []Problem
}

// Problem is one thing that is wrong.
type Problem struct {
	// Source is where the setting stands: "smsir.yaml:12", "SMSIR_LISTEN", "--listen", or "default".
	Source string
	// Key is the setting, empty when the whole source is at fault.
	Key string
	// Value is the text that was found there; empty for a secret.
	Value string
	// Reason says what is wrong and how to mend it.
	Reason string
}

// String is the problem as one line for people.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Source + ": ")
	if p.Key != "" {
		b.WriteString(p.Key + " ")
	}
	if p.Value != "" {
		fmt.Fprintf(&b, "%q ", p.Value)
	}
	b.WriteString(p.Reason)
	return b.String()
}

// Error implements error: one line per problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	if len(lines) == 1 {
		return "config: " + lines[0]
	}
	return fmt.Sprintf("config: %d problems\n  %s", len(lines), strings.Join(lines, "\n  "))
}

// add appends a problem of the option o.
func (e *Error) add(source string, o Option, value, reason string) {
	if o.Secret {
		value = ""
	}
	e.Problems = append(e.Problems, Problem{Source: source, Key: o.Key, Value: value, Reason: reason})
}

// orNil keeps a typed nil pointer from becoming a non-nil error.
func (e *Error) orNil() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}
