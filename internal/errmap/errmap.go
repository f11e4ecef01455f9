// Package errmap is in charge of the tables that say what a provider's error codes mean to us. A table is a data file
// beside its adapter, with the day on which it was compared with the provider's own list and where that list stands.
//
// It does not know any provider, and not what to do with a code that a table does not have: the adapter says that, and
// marks the failure as unmapped, so that it is counted and told.
package errmap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
)

// Table is a data file as it was read. It is never changed, and safe for concurrent use.
type Table struct {
	Version string          `json:"version"` // the day of the comparison, 2006-01-02
	Source  string          `json:"source"`  // the provider's list
	Codes   map[string]Note `json:"codes"`   // by the provider's code, word for word
}

// Note is what one code means.
type Note struct {
	Class smsir.FailureClass `json:"class"`
	Text  string             `json:"text"` // a sentence for people
	// Fraud: of class blocked, the message was held as suspected fraud; the recipient has not opted out.
	Fraud bool `json:"fraud,omitempty"`
}

// Load reads a table. The error names what is wrong with the file.
func Load(file []byte) (*Table, error) {
	t := new(Table)
	dec := json.NewDecoder(bytes.NewReader(file))
	dec.DisallowUnknownFields()
	if err := dec.Decode(t); err != nil {
		return nil, fmt.Errorf("read the table of codes: %w", err)
	}
	if _, err := time.Parse(time.DateOnly, t.Version); err != nil {
		return nil, fmt.Errorf("read the table of codes: version: %w", err)
	}
	if !strings.HasPrefix(t.Source, "https://") || len(t.Codes) == 0 {
		return nil, fmt.Errorf("read the table of codes: it has no source (%q) or no codes (%d)", t.Source, len(t.Codes))
	}
	for code, note := range t.Codes {
		if note.Fraud && note.Class != smsir.ClassBlocked {
			return nil, fmt.Errorf("read the table of codes: code %q is fraud and of the class %q, want blocked", code, note.Class)
		}
		if code == "" || note.Text == "" || !slices.Contains(classes(), note.Class) {
			return nil, fmt.Errorf("read the table of codes: code %q has no text or the strange class %q", code, note.Class)
		}
	}
	return t, nil
}

func classes() []smsir.FailureClass {
	return []smsir.FailureClass{
		smsir.ClassRetry, smsir.ClassThrottle, smsir.ClassPermanent, smsir.ClassConfig, smsir.ClassBlocked,
		smsir.ClassRecipientTemp, smsir.ClassUnknown,
	}
}

// Find returns the note on a code, false if the table does not have it.
func (t *Table) Find(code string) (Note, bool) {
	note, ok := t.Codes[code]
	return note, ok
}

// Refusal is the note on the code of a refused request, and whether the table has it. A code that it does not have is
// for good, unless the HTTP status says that something is wrong with the account, or that it went too fast. provider is
// the name for the sentence.
func (t *Table) Refusal(provider string, status int, code string) (note Note, mapped bool) {
	if note, ok := t.Find(code); ok {
		return note, true
	}
	switch status {
	case 401, 402, 403, 404:
		return Note{Class: smsir.ClassConfig, Text: provider + " does not let this account do that."}, false
	case 429:
		return Note{Class: smsir.ClassThrottle, Text: provider + " asks to slow down."}, false
	}
	return Note{Class: smsir.ClassPermanent, Text: provider + " refused the message."}, false
}

// Report is the note on the code of a receipt that says "not delivered", and whether the table has it.
func (t *Table) Report(code string) (note Note, mapped bool) {
	if note, ok := t.Find(code); ok {
		return note, true
	}
	return Note{Class: smsir.ClassPermanent, Text: "The message was not delivered."}, false
}
