// Package sender is in charge of the sender IDs that a workspace may use: what they are, in which countries they are approved,
// through which providers they may go, and which one a message gets that asks for none.
//
// It does not judge the form of a sender, package number does; it sends nothing. Stage 1 asks it for every message, and
// dispatch loads what providers a sender may go through.
//
// What it guarantees: with the workspace's rule "registered only", no message is accepted from a sender that is not approved for
// the recipient's country. A change made through this process holds for the next message; one made by another node within
// [bookTime].
package sender

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

// Bounds of what people enter.
const (
	Max          = 500 // senders of a workspace
	maxName      = 60  // characters
	maxNote      = 300 // characters
	maxCountries = 60
)

// Codes of the errors of [Service.Choose].
const (
	CodeNotRegistered smsir.Code = "sender_not_registered"
	CodeNotApproved   smsir.Code = "sender_not_approved"
	CodeMissing       smsir.Code = "sender_missing"
)

// Store is what a [Service] needs of package store.
type Store interface {
	store.Senders
	ListProviders(ctx context.Context, workspace smsir.UUID) ([]store.Provider, error)
}

// Options of [New]; only Store is required.
type Options struct {
	Store   Store
	Changed func() // after every change: dispatch reloads, other nodes hear of it
	Now     func() time.Time
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	store   Store
	changed func()
	now     func() time.Time
	mu      sync.Mutex
	books   map[smsir.UUID]book
}

// book is what a workspace has registered, for a moment.
type book struct {
	list  []store.Sender
	until time.Time
}

// bookTime is how long a book is trusted.
const bookTime = 2 * time.Second

// New returns a service.
func New(o Options) *Service {
	s := &Service{store: o.Store, changed: o.Changed, now: o.Now, books: map[smsir.UUID]book{}}
	if s.now == nil {
		s.now = time.Now
	}
	if s.changed == nil {
		s.changed = func() {}
	}
	return s
}

// By is who makes a change, for the audit log.
type By struct {
	Actor smsir.Actor
	IP    string
}

// Draft is a sender as people enter it. In a change, nil leaves something as it is.
type Draft struct {
	Value     string // of a new one only
	Name      *string
	Countries *[]store.SenderCountry
	Providers *[]smsir.UUID
	Defaults  *[]store.SenderDefault
}

// Create registers a sender. A number is approved everywhere unless the draft says otherwise, a short code in its country, and
// a name is a draft. Errors: invalid and conflict, with the Field; those of number.ParseSender with Field "value".
func (s *Service) Create(ctx context.Context, w *store.Workspace, d Draft, by By) (*store.Sender, error) {
	parsed, err := number.ParseSender(d.Value, w.Country)
	if err != nil {
		return nil, invalid("value", "%s", strings.TrimSpace(err.Error()))
	}
	list, err := s.store.Senders(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	if len(list) >= Max {
		return nil, invalid("value", "The workspace has %d senders already. Remove one that is not used any more.", Max)
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	v := store.Sender{ID: smsir.NewUUID(now), Workspace: w.ID, Value: parsed.Value, Kind: store.SenderKind(parsed.Type), Name: parsed.Value, CreatedAt: now}
	switch v.Kind {
	case store.SenderNumber:
		v.Countries = []store.SenderCountry{{Status: store.SenderApproved}}
	case store.SenderShortCode:
		v.Countries = []store.SenderCountry{{Country: w.Country, Status: store.SenderApproved}}
	default:
		v.Countries = []store.SenderCountry{{Status: store.SenderDraft}}
	}
	if err := s.apply(ctx, list, &v, d, now); err != nil {
		return nil, err
	}
	if err := s.store.CreateSender(ctx, v, s.audit(&v, by, "sender.created", v.Value)); err != nil {
		return nil, err
	}
	s.forget(w.ID)
	return &v, nil
}

// Update changes a sender. Errors as of Create, and not_found.
func (s *Service) Update(ctx context.Context, workspace, id smsir.UUID, d Draft, by By) (*store.Sender, error) {
	list, v, err := s.find(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	before := *v
	after := *v
	if err := s.apply(ctx, list, &after, d, s.now().UTC().Truncate(time.Millisecond)); err != nil {
		return nil, err
	}
	e := s.audit(&after, by, "sender.updated", after.Value)
	e.Changed("name", before.Name, after.Name)
	e.Changed("countries", standing(before.Countries), standing(after.Countries))
	e.Changed("providers", fmt.Sprintf("%d chosen", len(before.Providers)), fmt.Sprintf("%d chosen", len(after.Providers)))
	e.Changed("defaults", slots(before.Defaults), slots(after.Defaults))
	if err := s.store.UpdateSender(ctx, after, e); err != nil {
		return nil, err
	}
	s.forget(workspace)
	return &after, nil
}

// Delete forgets a sender. Messages that were accepted with it go on. Error: not_found.
func (s *Service) Delete(ctx context.Context, workspace, id smsir.UUID, by By) error {
	_, v, err := s.find(ctx, workspace, id)
	if err != nil {
		return err
	}
	if err := s.store.DeleteSender(ctx, workspace, id, s.audit(v, by, "sender.deleted", v.Value)); err != nil {
		return err
	}
	s.forget(workspace)
	return nil
}

func (s *Service) find(ctx context.Context, workspace, id smsir.UUID) ([]store.Sender, *store.Sender, error) {
	list, err := s.store.Senders(ctx, workspace)
	if err != nil {
		return nil, nil, err
	}
	for i := range list {
		if list[i].ID == id {
			return list, &list[i], nil
		}
	}
	return nil, nil, smsir.Errorf(smsir.CodeNotFound, "There is no such sender.")
}

func (s *Service) audit(v *store.Sender, by By, action, detail string) store.AuditEntry {
	return store.AuditEntry{At: s.now(), Workspace: v.Workspace, Actor: by.Actor, Action: action, Target: v.ID.Format(smsir.PrefixSender), IP: by.IP, Detail: detail}
}

// forget makes the next message ask the store.
func (s *Service) forget(workspace smsir.UUID) {
	s.mu.Lock()
	delete(s.books, workspace)
	s.mu.Unlock()
	s.changed()
}

// apply checks a draft and puts it into v.
func (s *Service) apply(ctx context.Context, list []store.Sender, v *store.Sender, d Draft, now time.Time) error {
	if d.Name != nil {
		name := strings.TrimSpace(*d.Name)
		if n := utf8.RuneCountInString(name); n == 0 || n > maxName || strings.ContainsFunc(name, unicode.IsControl) {
			return invalid("name", "The name has %d characters. Give 1 to %d, on one line.", n, maxName)
		}
		v.Name = name
	}
	if d.Countries != nil {
		if err := checkCountries(v.Kind, *d.Countries); err != nil {
			return err
		}
		v.Countries = *d.Countries
	}
	if d.Providers != nil {
		known, err := s.store.ListProviders(ctx, v.Workspace)
		if err != nil {
			return err
		}
		for _, id := range *d.Providers {
			if !slices.ContainsFunc(known, func(p store.Provider) bool { return p.ID == id }) {
				return invalid("providers", "There is no provider %s in the workspace. Take it out, or leave the list empty for all.", id.Format(smsir.PrefixProvider))
			}
		}
		v.Providers = *d.Providers
	}
	if d.Defaults != nil {
		for i, slot := range *d.Defaults {
			if slot.Country != "" && !number.HasNumbers(slot.Country) {
				return invalid("defaults", "%q is no country. Give a code such as KE, or leave it empty for all.", clip(slot.Country))
			}
			if slices.Contains((*d.Defaults)[:i], slot) {
				return invalid("defaults", "The default for %s is there twice.", slots([]store.SenderDefault{slot}))
			}
			for _, other := range list {
				if other.ID != v.ID && slices.Contains(other.Defaults, slot) {
					return conflict("defaults", "%s is the default for %s already. Take it away there first.", other.Value, slots([]store.SenderDefault{slot}))
				}
			}
		}
		v.Defaults = *d.Defaults
	}
	v.UpdatedAt = now
	return nil
}

func checkCountries(kind store.SenderKind, list []store.SenderCountry) error {
	if len(list) > maxCountries {
		return invalid("countries", "These are %d countries. Give at most %d; an entry without a country stands for all others.", len(list), maxCountries)
	}
	for i, c := range list {
		switch {
		case c.Country != "" && !number.HasNumbers(c.Country):
			return invalid("countries", "%q is no country. Give a code such as KE, or leave it empty for all others.", clip(c.Country))
		case slices.ContainsFunc(list[:i], func(o store.SenderCountry) bool { return o.Country == c.Country }):
			return invalid("countries", "%s is there twice.", place(c.Country))
		case !slices.Contains([]string{store.SenderDraft, store.SenderRequested, store.SenderApproved, store.SenderRefused}, c.Status):
			return invalid("countries", "%q is none of draft, requested, approved, refused.", clip(c.Status))
		case c.Status == store.SenderRefused && strings.TrimSpace(c.Note) == "":
			return invalid("countries", "Say why the sender was refused for %s, for whoever looks at it later.", place(c.Country))
		case utf8.RuneCountInString(c.Note) > maxNote:
			return invalid("countries", "The note for %s is longer than %d characters.", place(c.Country), maxNote)
		case c.Status == store.SenderApproved && Advice(kind, c.Country) == NotSupported:
			return invalid("countries", "Networks in %s do not carry names as senders. Register a number for it.", c.Country)
		}
	}
	return nil
}

func place(country string) string {
	if country == "" {
		return "all other countries"
	}
	return country
}

// standing tells countries in one line.
func standing(list []store.SenderCountry) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = place(c.Country) + ": " + c.Status
	}
	return strings.Join(words, ", ")
}

func slots(list []store.SenderDefault) string {
	words := make([]string, len(list))
	for i, d := range list {
		class, country := d.Class, d.Country
		if class == "" {
			class = "any"
		}
		if country == "" {
			country = "all countries"
		}
		words[i] = class + " messages to " + country
	}
	return strings.Join(words, ", ")
}

func invalid(field, format string, args ...any) error {
	e := smsir.Errorf(smsir.CodeInvalid, format, args...)
	e.Field = field
	return e
}

func conflict(field, format string, args ...any) error {
	e := smsir.Errorf(smsir.CodeConflict, format, args...)
	e.Field = field
	return e
}

// clip shortens what a request said, to be told in an error.
func clip(s string) string {
	if r := []rune(s); len(r) > 20 {
		return string(r[:20]) + "…"
	}
	return s
}
