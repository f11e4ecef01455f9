package upstream

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// The types of a field.
const (
	typeText     = "text"
	typeTextarea = "textarea" // several lines
	typePassword = "password"
	typeNumber   = "number"
	typeURL      = "url"
	typeSelect   = "select"
	typeCheckbox = "checkbox"
)

// maxValue is the length of a setting in bytes; a private key with its certificates fits.
const maxValue = 16 << 10

// kind is a kind of provider with what its description says, ready to use.
type kind struct {
	smsir.ProviderKind
	patterns map[string]*regexp.Regexp // by field
	limits   []string                  // fields that every kind has, and the adapter does not see
}

// newKind checks the description of a kind.
func newKind(described smsir.ProviderKind) (kind, error) {
	k := kind{ProviderKind: described, patterns: map[string]*regexp.Regexp{}}
	k.withLimits()
	if k.Name == "" || k.Title == "" || k.Open == nil {
		return k, errors.New("has no name, no title or no Open")
	}
	seen := map[string]bool{}
	for _, f := range k.Fields {
		if f.Name == "" || seen[f.Name] {
			return k, fmt.Errorf("field %q has no name, or one that is there twice", f.Name)
		}
		seen[f.Name] = true
		types := []string{typeText, typeTextarea, typePassword, typeNumber, typeURL, typeSelect, typeCheckbox}
		if !slices.Contains(types, f.Type) {
			return k, fmt.Errorf("field %q: type %q is none of %v", f.Name, f.Type, types)
		}
		if f.Secret && f.Default != "" {
			return k, fmt.Errorf("field %q: a secret cannot have a default", f.Name)
		}
		if (f.Type == typeSelect) != (len(f.Options) > 0) {
			return k, fmt.Errorf("field %q: a select needs options, and only a select has them", f.Name)
		}
		if f.Pattern != "" {
			re, err := regexp.Compile("^(?:" + f.Pattern + ")$")
			if err != nil {
				return k, fmt.Errorf("field %q: %w", f.Name, err)
			}
			k.patterns[f.Name] = re
		}
		if f.Default != "" {
			if err := k.check(f, f.Default); err != nil {
				return k, fmt.Errorf("field %q: the default does not pass its own check: %w", f.Name, err)
			}
		}
	}
	return k, nil
}

func (k *kind) field(name string) (smsir.Field, bool) {
	i := slices.IndexFunc(k.Fields, func(f smsir.Field) bool { return f.Name == name })
	if i < 0 {
		return smsir.Field{}, false
	}
	return k.Fields[i], true
}

// check refuses a value that the field does not allow. An error never repeats the value of a secret.
func (k *kind) check(f smsir.Field, value string) error {
	field := "settings." + f.Name
	lines := f.Type == typeTextarea || f.Secret && f.Type == typeText // a private key has lines
	switch {
	case len(value) > maxValue:
		return invalid(field, "%s is longer than %d bytes. Shorten it.", f.Label, maxValue)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && !(lines && strings.ContainsRune("\r\n\t", r)) }):
		remove := "line breaks and control characters"
		if lines {
			remove = "control characters; line breaks and tabs may stay"
		}
		return invalid(field, "%s has characters that do not belong there. Remove %s.", f.Label, remove)
	}
	shown := strconv.Quote(clip(value))
	if f.Secret {
		shown = "the value"
	}
	switch f.Type {
	case typeNumber:
		if n, err := strconv.ParseFloat(value, 64); err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
			return invalid(field, "%s: %s is not a number. Write digits only.", f.Label, shown)
		}
	case typeURL:
		u, err := url.Parse(value)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" {
			return invalid(field, "%s: %s is not a web address. Write it with https:// at the front.", f.Label, shown)
		}
	case typeSelect:
		if !slices.Contains(f.Options, value) {
			return invalid(field, "%s: %s is none of the choices. Choose one of: %s.", f.Label, shown, strings.Join(f.Options, ", "))
		}
	case typeCheckbox:
		if value != "true" && value != "false" {
			return invalid(field, "%s is true or false.", f.Label)
		}
	}
	if re := k.patterns[f.Name]; re != nil && !re.MatchString(value) {
		return invalid(field, "%s: %s does not have the right form. %s", f.Label, shown, f.Help)
	}
	return nil
}

// values are the settings of one provider. No value is empty.
type values struct {
	plain  map[string]string
	secret map[string]string
}

// merge returns the values after a change, checked against the kind.
func (v values) merge(k *kind, settings map[string]string, cleared []string) (values, error) {
	next := values{plain: map[string]string{}, secret: map[string]string{}}
	for _, f := range k.Fields { // what the kind does not know any more is dropped
		if value, ok := v.plain[f.Name]; ok && !f.Secret {
			next.plain[f.Name] = value
		}
		if value, ok := v.secret[f.Name]; ok && f.Secret {
			next.secret[f.Name] = value
		}
	}
	for _, name := range cleared {
		f, ok := k.field(name)
		switch {
		case !ok || !f.Secret:
			return values{}, invalid("settings."+clip(name), "%s has no secret setting %q to clear.", k.Title, clip(name))
		case f.Required && settings[name] == "":
			return values{}, invalid("settings."+name, "%s is required. Enter a new value instead of clearing it.", f.Label)
		}
		delete(next.secret, name)
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		f, ok := k.field(name)
		if !ok {
			return values{}, invalid("settings."+clip(name), "%s has no setting %q. Remove it.", k.Title, clip(name))
		}
		if err := next.set(k, f, settings[name]); err != nil {
			return values{}, err
		}
	}
	for _, f := range k.Fields {
		if f.Required && f.Default == "" && next.plain[f.Name] == "" && next.secret[f.Name] == "" {
			return values{}, invalid("settings."+f.Name, "%s is required. %s", f.Label, f.Help)
		}
	}
	return next, nil
}

// set takes one value over.
func (v values) set(k *kind, f smsir.Field, value string) error {
	switch {
	case f.Type == typeTextarea: // its first line may be indented, and lines are counted in errors
		if value = strings.TrimRightFunc(value, unicode.IsSpace); strings.TrimSpace(value) == "" {
			value = ""
		}
	case !f.Secret || f.Type != typePassword:
		value = strings.TrimSpace(value)
	}
	switch {
	case value == "" && f.Secret:
		return nil
	case value == "":
		delete(v.plain, f.Name)
		return nil
	}
	if err := k.check(f, value); err != nil {
		return err
	}
	if f.Secret {
		v.secret[f.Name] = value
	} else {
		v.plain[f.Name] = value
	}
	return nil
}

// open makes a provider of the values, which may be called back at an address. The kind's own complaint about a setting names it as the request does.
func (v values) open(k *kind, p *store.Provider, callback string) (smsir.Provider, error) {
	all := make(map[string]string, len(k.Fields))
	for _, f := range k.Fields {
		all[f.Name] = f.Default
		if value := v.plain[f.Name]; value != "" && !f.Secret {
			all[f.Name] = value
		}
		if value := v.secret[f.Name]; value != "" && f.Secret {
			all[f.Name] = value
		}
		if all[f.Name] == "" || slices.Contains(k.limits, f.Name) {
			delete(all, f.Name)
		}
	}
	opened, err := k.Open(smsir.ProviderConfig{ID: p.ID, Workspace: p.Workspace, Name: p.Name, Settings: all, CallbackURL: callback})
	var e *smsir.Error
	switch {
	case err == nil:
		return opened, nil
	case errors.As(err, &e) && e.Field != "":
		return nil, &smsir.Error{Code: smsir.CodeInvalid, Text: e.Text, Field: "settings." + strings.TrimPrefix(e.Field, "settings."), Err: e.Err}
	case errors.As(err, &e):
		return nil, &smsir.Error{Code: smsir.CodeInvalid, Text: e.Text, Field: "settings", Err: e.Err}
	}
	return nil, &smsir.Error{Code: smsir.CodeInvalid, Text: k.Title + " does not accept these settings.", Field: "settings", Err: err}
}

// ChangesSecrets reports whether the settings of a draft or change set or clear a secret of the kind: doors ask for the
// password again then.
func ChangesSecrets(k smsir.ProviderKind, settings map[string]string, cleared []string) bool {
	return len(cleared) > 0 || slices.ContainsFunc(k.Fields, func(f smsir.Field) bool { return f.Secret && settings[f.Name] != "" })
}
