// Package upstream is in charge of the configured providers of workspaces: it checks their settings against what their
// kind describes, seals their secrets, stores them and opens them.
//
// It knows no kind by itself, sends nothing and routes nothing. Package store keeps the rows, package seal the secrets.
//
// What it guarantees: only settings that the kind describes and accepts are stored; a secret is stored sealed, bound to
// its row, and is never handed out except to the kind that opens the provider; a refused change leaves the provider as it
// was.
package upstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store"
)

// Purpose is that of the [seal.Box] for the secrets of providers.
const Purpose = "providers"

// Config is what a [Service] is made of.
type Config struct {
	Store store.Providers
	Kinds []smsir.ProviderKind // in the order of the form
	Box   *seal.Box            // of purpose Purpose
	// CallbackURL is the address at which a provider may call back, "" while there is none. Nil: none ever.
	CallbackURL func(provider smsir.UUID) string
	// Changed is called after every change that was stored; dispatch reloads. It must not block. May be nil.
	Changed func()
	// Naming returns the names of the routing rules that name a provider: while there are any, it cannot be deleted.
	// Nil: there are none ever.
	Naming func(ctx context.Context, workspace, provider smsir.UUID) ([]string, error)
	Clock  func() time.Time // nil: time.Now
}

// By is who makes a change, for the audit log.
type By struct {
	Actor smsir.Actor
	IP    string
}

// Draft describes a provider to create.
type Draft struct {
	Kind     string
	Name     string            // 1 to 60 characters, unique in the workspace
	Settings map[string]string // plain and secret ones, by Field.Name; a missing or empty one takes the field's default
	Enabled  bool
	Priority int // 0 to 1000; lower is tried first
}

// Change changes a provider; nil leaves something as it is.
type Change struct {
	Name *string
	// Settings replaces those it names and leaves the others. An empty value takes a plain setting back to its default;
	// a secret named with an empty value keeps its old value.
	Settings map[string]string
	// ClearSecrets names optional secrets to remove.
	ClearSecrets []string
	Enabled      *bool
	Priority     *int
}

// MaxPriority is the largest priority of a provider.
const MaxPriority = 1000

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	store   store.Providers
	kinds   []kind
	box     *seal.Box
	address func(provider smsir.UUID) string
	changed func()
	naming  func(ctx context.Context, workspace, provider smsir.UUID) ([]string, error)
	now     func() time.Time
	mu      sync.Mutex // one change at a time: an update is read, merged and written
}

// New returns a [Service]. It fails when two kinds have one name, or a field of a kind is described wrongly.
func New(cfg Config) (*Service, error) {
	if cfg.Store == nil || cfg.Box == nil {
		return nil, errors.New("upstream: no store or no box")
	}
	s := &Service{store: cfg.Store, box: cfg.Box, address: cfg.CallbackURL, changed: cfg.Changed, naming: cfg.Naming, now: cfg.Clock}
	if s.address == nil {
		s.address = func(smsir.UUID) string { return "" }
	}
	if s.naming == nil {
		s.naming = func(context.Context, smsir.UUID, smsir.UUID) ([]string, error) { return nil, nil }
	}
	if s.changed == nil {
		s.changed = func() {}
	}
	if s.now == nil {
		s.now = time.Now
	}
	for _, described := range cfg.Kinds {
		k, err := newKind(described)
		if err != nil {
			return nil, fmt.Errorf("provider kind %q: %w", described.Name, err)
		}
		if _, twice := s.Kind(k.Name); twice {
			return nil, fmt.Errorf("provider kind %q is there twice", k.Name)
		}
		s.kinds = append(s.kinds, k)
	}
	return s, nil
}

// Kinds lists the kinds that there are, with their fields.
func (s *Service) Kinds() []smsir.ProviderKind {
	all := make([]smsir.ProviderKind, len(s.kinds))
	for i, k := range s.kinds {
		all[i] = k.ProviderKind
	}
	return all
}

// Kind finds a kind by name.
func (s *Service) Kind(name string) (smsir.ProviderKind, bool) {
	k := s.kind(name)
	if k == nil {
		return smsir.ProviderKind{}, false
	}
	return k.ProviderKind, true
}

func (s *Service) kind(name string) *kind {
	for i := range s.kinds {
		if s.kinds[i].Name == name {
			return &s.kinds[i]
		}
	}
	return nil
}

// Create stores a new provider. Errors: invalid (Field "kind", "name", "priority" or "settings.<name>"), conflict
// (Field "name").
func (s *Service) Create(ctx context.Context, workspace smsir.UUID, d Draft, by By) (*store.Provider, error) {
	k := s.kind(d.Kind)
	if k == nil {
		return nil, invalid("kind", "There is no kind of provider %q. Choose from the list.", clip(d.Kind))
	}
	name, err := checkName(d.Name)
	if err != nil {
		return nil, err
	}
	if err := checkPriority(d.Priority); err != nil {
		return nil, err
	}
	v, err := values{}.merge(k, d.Settings, nil)
	if err != nil {
		return nil, err
	}
	now := millis(s.now())
	p := store.Provider{
		ID: smsir.NewUUID(now), Workspace: workspace, Kind: k.Name, Name: name, Enabled: d.Enabled, Priority: d.Priority,
		CreatedAt: now, UpdatedAt: now,
	}
	if err := s.put(&p, k, v); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.store.CreateProvider(ctx, p, s.audit(&p, by, "provider.created", k.Name)); err != nil {
		return nil, err
	}
	s.changed()
	return &p, nil
}

// Update changes a provider and returns it. Errors as of Create, and not_found.
func (s *Service) Update(ctx context.Context, workspace, id smsir.UUID, c Change, by By) (*store.Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.store.Provider(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	before := *p
	touched, err := s.apply(p, c)
	if err != nil || len(touched) == 0 {
		return p, err
	}
	// UpdatedAt always rises, so that it tells one version of the settings from another.
	if now := millis(s.now()); now.After(p.UpdatedAt) {
		p.UpdatedAt = now
	} else {
		p.UpdatedAt = p.UpdatedAt.Add(time.Millisecond)
	}
	e := s.audit(p, by, "provider.updated", strings.Join(touched, " "))
	e.Changed("name", before.Name, p.Name)
	e.Changed("priority", strconv.Itoa(before.Priority), strconv.Itoa(p.Priority))
	e.Changed("enabled", strconv.FormatBool(before.Enabled), strconv.FormatBool(p.Enabled))
	for _, name := range touched { // secrets are in neither
		if setting, ok := strings.CutPrefix(name, "settings."); ok {
			e.Changed(name, before.Settings[setting], p.Settings[setting])
		}
	}
	if err := s.store.UpdateProvider(ctx, *p, e); err != nil {
		return nil, err
	}
	s.changed()
	return p, nil
}

// apply makes the change on p and lists what it touches, names only.
func (s *Service) apply(p *store.Provider, c Change) (touched []string, err error) {
	if c.Name != nil {
		if p.Name, err = checkName(*c.Name); err != nil {
			return nil, err
		}
		touched = append(touched, "name")
	}
	if c.Priority != nil {
		if err := checkPriority(*c.Priority); err != nil {
			return nil, err
		}
		p.Priority, touched = *c.Priority, append(touched, "priority")
	}
	if c.Enabled != nil {
		p.Enabled, touched = *c.Enabled, append(touched, "enabled")
	}
	if len(c.Settings)+len(c.ClearSecrets) == 0 {
		return touched, nil
	}
	k := s.kind(p.Kind)
	if k == nil {
		return nil, invalid("kind", "This server does not know the kind %q any more. Delete the provider, or install a version that does.", clip(p.Kind))
	}
	secrets, err := s.secrets(p)
	if err != nil {
		secrets = nil // the key is lost: whatever the kind requires has to be entered again
	}
	v, err := values{plain: p.Settings, secret: secrets}.merge(k, c.Settings, c.ClearSecrets)
	if err != nil {
		return nil, err
	}
	for name := range c.Settings {
		touched = append(touched, "settings."+name)
	}
	for _, name := range c.ClearSecrets {
		touched = append(touched, "settings."+name)
	}
	slices.Sort(touched)
	return slices.Compact(touched), s.put(p, k, v)
}

// Delete removes a provider. Errors: not_found, conflict while messages that go through it are open or routing rules
// name it.
func (s *Service) Delete(ctx context.Context, workspace, id smsir.UUID, by By) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.store.Provider(ctx, workspace, id)
	if err != nil {
		return err
	}
	switch rules, err := s.naming(ctx, workspace, id); {
	case err != nil:
		return err
	case len(rules) > 0:
		return smsir.Errorf(smsir.CodeConflict, "The routing rule “%s” names this provider. Take the provider out of it, or delete the rule, then delete the provider.", rules[0])
	}
	if err := s.store.DeleteProvider(ctx, workspace, id, s.now(), s.audit(p, by, "provider.deleted", p.Name)); err != nil {
		return err
	}
	s.changed()
	return nil
}

// Open makes the provider of a row, with its secrets in the clear, and returns its kind. It does not touch the network.
// Errors: the kind is unknown to this program, the secrets cannot be opened, or the kind refuses the settings.
func (s *Service) Open(_ context.Context, p store.Provider) (smsir.Provider, smsir.ProviderKind, error) {
	k := s.kind(p.Kind)
	if k == nil {
		return nil, smsir.ProviderKind{}, fmt.Errorf("provider %s: this server does not know the kind %q", p.ID.Format(smsir.PrefixProvider), p.Kind)
	}
	secrets, err := s.secrets(&p)
	if err != nil {
		return nil, smsir.ProviderKind{}, fmt.Errorf("provider %s: %w", p.ID.Format(smsir.PrefixProvider), err)
	}
	opened, err := values{plain: p.Settings, secret: secrets}.open(k, &p, s.address(p.ID))
	if err != nil {
		return nil, smsir.ProviderKind{}, fmt.Errorf("provider %s: %w", p.ID.Format(smsir.PrefixProvider), err)
	}
	return opened, k.ProviderKind, nil
}

// Starter returns the provider that a new workspace starts with: the first kind that is for tests only, enabled, with
// its default settings. Nil when there is no such kind.
func (s *Service) Starter(workspace smsir.UUID, now time.Time) *store.Provider {
	for _, k := range s.kinds {
		if k.TestOnly {
			now = millis(now)
			return &store.Provider{
				ID: smsir.NewUUID(now), Workspace: workspace, Kind: k.Name, Name: k.Title, Settings: map[string]string{},
				Enabled: true, Priority: starterPriority, CreatedAt: now, UpdatedAt: now,
			}
		}
	}
	return nil
}

// starterPriority leaves room before and after.
const starterPriority = 100

func (s *Service) audit(p *store.Provider, by By, action, detail string) store.AuditEntry {
	return store.AuditEntry{
		At: s.now(), Workspace: p.Workspace, Actor: by.Actor, Action: action, Target: p.ID.Format(smsir.PrefixProvider), IP: by.IP, Detail: detail,
	}
}

// maxName is the length of a provider's name in characters.
const maxName = 60

func checkName(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch n := utf8.RuneCountInString(name); {
	case n == 0 || n > maxName:
		return "", invalid("name", "The name has %d characters. Give 1 to %d.", n, maxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", invalid("name", "The name has characters that cannot be shown. Remove line breaks and control characters.")
	}
	return name, nil
}

func checkPriority(n int) error {
	if n < 0 || n > MaxPriority {
		return invalid("priority", "The priority is %d. Give 0 to %d; lower is tried first.", n, MaxPriority)
	}
	return nil
}

// invalid makes an error about one field of the request.
func invalid(field, format string, args ...any) error {
	e := smsir.Errorf(smsir.CodeInvalid, format, args...)
	e.Field = field
	return e
}

// clip shortens what a request said, to be told in an error.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// millis is a time as the store keeps it.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
