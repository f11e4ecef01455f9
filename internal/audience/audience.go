// Package audience is in charge of the people whom a workspace writes to: contacts, groups, and who must not be written
// to.
//
// It checks and normalises what people enter and says who did what; package store keeps it. It sends nothing, and does
// not decide about single messages: packages accept and dispatch ask the store for suppressions themselves.
//
// What it guarantees: a contact has one valid number in E.164, unique in its workspace; a field holds only what its type
// allows; every suppression and every lifting of one stands in the ledger of consent.
package audience

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

// Bounds of what people enter.
const (
	MaxName   = 120  // characters, of a contact or group
	MaxNotes  = 2000 // characters
	MaxValue  = 500  // characters, of a field
	MaxFields = 30   // fields of a workspace
	MaxBatch  = 1000 // contacts or numbers in one call
)

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	store store.Audience
	now   func() time.Time
}

// New returns a service; now may be nil.
func New(st store.Audience, now func() time.Time) *Service {
	if now == nil {
		now = time.Now
	}
	return &Service{store: st, now: now}
}

// By is who makes a change, for the audit log and the ledger of consent.
type By struct {
	Actor smsir.Actor
	IP    string
}

func (s *Service) audit(workspace smsir.UUID, by By, action, target, detail string) store.AuditEntry {
	return store.AuditEntry{At: s.now(), Workspace: workspace, Actor: by.Actor, Action: action, Target: target, IP: by.IP, Detail: detail}
}

// ContactDraft is a contact as people enter it. In a change, nil leaves something as it is; in a new contact, it is empty.
type ContactDraft struct {
	Phone    *string
	Name     *string
	Language *string
	Notes    *string
	Fields   map[string]string // those it names; an empty value takes one away
	Groups   *[]smsir.UUID     // static groups, all of them
}

// Create stores a new contact. Region is the country of numbers typed without a country code. Errors: invalid and
// conflict, with the Field.
func (s *Service) Create(ctx context.Context, w *store.Workspace, d ContactDraft, by By) (*store.Contact, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	c := store.Contact{ID: smsir.NewUUID(now), Workspace: w.ID, CreatedAt: now}
	if d.Phone == nil {
		return nil, invalid("phone", "A contact needs a number.")
	}
	if err := s.apply(ctx, w, &c, d, now); err != nil {
		return nil, err
	}
	if err := s.store.CreateContact(ctx, c, s.audit(w.ID, by, "contact.created", c.ID.Format(smsir.PrefixContact), "")); err != nil {
		return nil, err
	}
	return s.store.Contact(ctx, w.ID, c.ID)
}

// Update changes a contact and returns it.
func (s *Service) Update(ctx context.Context, w *store.Workspace, id smsir.UUID, d ContactDraft, by By) (*store.Contact, error) {
	c, err := s.store.Contact(ctx, w.ID, id)
	if err != nil {
		return nil, err
	}
	if err := s.apply(ctx, w, c, d, s.now()); err != nil {
		return nil, err
	}
	if err := s.store.UpdateContact(ctx, *c, s.audit(w.ID, by, "contact.updated", id.Format(smsir.PrefixContact), "")); err != nil {
		return nil, err
	}
	return s.store.Contact(ctx, w.ID, id)
}

// apply checks a draft and puts it into c.
func (s *Service) apply(ctx context.Context, w *store.Workspace, c *store.Contact, d ContactDraft, now time.Time) error {
	if d.Phone != nil {
		n, err := number.Parse(*d.Phone, w.Country)
		if err != nil {
			return invalid("phone", "%s", textOf(err))
		}
		c.Phone, c.Country = n.E164, n.Country
	}
	for _, f := range []struct {
		field string
		to    *string
		from  *string
		limit int
		lines bool
	}{{"name", &c.Name, d.Name, MaxName, false}, {"notes", &c.Notes, d.Notes, MaxNotes, true}} {
		if f.from != nil {
			text, err := cleanText(f.field, *f.from, f.limit, f.lines)
			if err != nil {
				return err
			}
			*f.to = text
		}
	}
	if d.Language != nil {
		if *d.Language != "" && !languageForm.MatchString(*d.Language) {
			return invalid("language", "%q is no language. Give a tag such as en, sw or pt-BR.", clip(*d.Language))
		}
		c.Language = *d.Language
	}
	if d.Fields != nil {
		known, err := s.store.ContactFields(ctx, w.ID)
		if err != nil {
			return err
		}
		if c.Fields, err = mergeFields(known, c.Fields, d.Fields); err != nil {
			return err
		}
	}
	if d.Groups != nil {
		for _, id := range *d.Groups {
			if g, err := s.store.Group(ctx, w.ID, id); smsir.CodeOf(err) == smsir.CodeNotFound || err == nil && g.Filter != nil {
				return invalid("groups", "There is no group %s that people can be put into.", id.Format(smsir.PrefixGroup))
			} else if err != nil {
				return err
			}
		}
		c.Groups = *d.Groups
	}
	c.UpdatedAt = now.UTC().Truncate(time.Millisecond)
	return nil
}

// languageForm is the part of BCP 47 that people use: a language, and perhaps a script and a region.
var languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`)

// mergeFields checks new values against the fields of a workspace and puts them over the old ones.
func mergeFields(known []store.ContactField, old, changed map[string]string) (map[string]string, error) {
	merged := make(map[string]string, len(old)+len(changed))
	for key, value := range old {
		merged[key] = value
	}
	for key, value := range changed {
		i := slices.IndexFunc(known, func(f store.ContactField) bool { return f.Key == key })
		if i < 0 {
			return nil, invalid("fields."+clip(key), "There is no field %q. Add it to the fields of the workspace first.", clip(key))
		}
		value, err := CheckValue(known[i], value)
		if err != nil {
			return nil, err
		}
		if merged[key] = value; value == "" {
			delete(merged, key)
		}
	}
	return merged, nil
}

// CheckValue returns a value of a field in the form in which it is kept: numbers with a point, days as 2006-01-02. ""
// is no value. The error names what to write.
func CheckValue(f store.ContactField, value string) (string, error) {
	field := "fields." + f.Key
	value, err := cleanText(field, value, MaxValue, false)
	if err != nil || value == "" {
		return "", err
	}
	switch f.Type {
	case store.FieldNumber:
		n, err := strconv.ParseFloat(strings.ReplaceAll(value, ",", "."), 64)
		if err != nil || n-n != 0 {
			return "", invalid(field, "%s: %q is not a number. Write it like 1250 or 12.50.", f.Label, clip(value)).Because("no_number", "field", f.Label, "value", clip(value))
		}
		return strconv.FormatFloat(n, 'f', -1, 64), nil
	case store.FieldDate:
		for _, layout := range []string{time.DateOnly, "2006/01/02", "02.01.2006", "02/01/2006", "2 Jan 2006", "2 January 2006"} {
			if day, err := time.Parse(layout, value); err == nil {
				return day.Format(time.DateOnly), nil
			}
		}
		return "", invalid(field, "%s: %q is not a day. Write it like 2026-11-23 or 23.11.2026.", f.Label, clip(value)).Because("no_day", "field", f.Label, "value", clip(value))
	}
	return value, nil
}

// Delete forgets contacts and returns how many there were. Their history and suppressions stay.
func (s *Service) Delete(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID, by By) (int, error) {
	if len(ids) > MaxBatch {
		return 0, invalid("ids", "These are %d contacts. Delete at most %d at once.", len(ids), MaxBatch)
	}
	target := ""
	if len(ids) == 1 {
		target = ids[0].Format(smsir.PrefixContact)
	}
	return s.store.DeleteContacts(ctx, workspace, ids, s.audit(workspace, by, "contact.deleted", target, fmt.Sprintf("%d contacts", len(ids))))
}

// Merge makes one contact of several: keep stays, gets whatever it lacks from the others in their order, joins their
// groups, and notes their numbers.
func (s *Service) Merge(ctx context.Context, workspace, keep smsir.UUID, others []smsir.UUID, by By) (*store.Contact, error) {
	if len(others) == 0 || len(others) > 20 {
		return nil, invalid("others", "Name 1 to 20 contacts to merge.")
	}
	c, err := s.store.Contact(ctx, workspace, keep)
	if err != nil {
		return nil, err
	}
	if c.Fields == nil {
		c.Fields = map[string]string{}
	}
	for _, id := range others {
		if id == keep {
			return nil, invalid("others", "A contact cannot be merged with itself.")
		}
		o, err := s.store.Contact(ctx, workspace, id)
		if err != nil {
			return nil, err
		}
		c.Name, c.Language = orElse(c.Name, o.Name), orElse(c.Language, o.Language)
		for key, value := range o.Fields {
			c.Fields[key] = orElse(c.Fields[key], value)
		}
		c.Notes = strings.TrimSpace(c.Notes + "\n" + o.Notes + "\n" + o.Phone)
	}
	if utf8.RuneCountInString(c.Notes) > MaxNotes {
		return nil, invalid("others", "The notes of these contacts together are longer than %d characters. Shorten them first.", MaxNotes)
	}
	c.UpdatedAt = s.now().UTC().Truncate(time.Millisecond)
	if err := s.store.MergeContacts(ctx, *c, others, s.audit(workspace, by, "contact.merged", keep.Format(smsir.PrefixContact), fmt.Sprintf("%d contacts", len(others)))); err != nil {
		return nil, err
	}
	return s.store.Contact(ctx, workspace, keep)
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// cleanText returns a text without the spaces around it, at most limit characters.
func cleanText(field, text string, limit int, lines bool) (string, error) {
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case n > limit:
		return "", invalid(field, "This has %d characters. Give at most %d.", n, limit).Because("too_long", "n", strconv.Itoa(n), "max", strconv.Itoa(limit))
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !(lines && (r == '\n' || r == '\t')) }):
		return "", invalid(field, "This has characters that cannot be shown. Remove line breaks and control characters.").Because("control")
	}
	return text, nil
}

// invalid makes an error about one field of the request.
func invalid(field, format string, args ...any) *smsir.Error {
	e := smsir.Errorf(smsir.CodeInvalid, format, args...)
	e.Field = field
	return e
}

// textOf is what an error of the domain says to people.
func textOf(err error) string { return strings.TrimSpace(err.Error()) }

// clip shortens what a request said, to be told in an error.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
