// Package routing is in charge of the routing rules of workspaces: it checks what people write, stores
// it, reads it back as the tables that package route decides by, and explains what they decide.
//
// It decides nothing by itself (package route does), keeps no row (package store does) and sends
// nothing.
//
// What it guarantees: only rules that can be asked are stored, naming providers that exist in their
// workspace; a change is made to the version of a rule that its author has seen, or not at all; a
// refused change leaves everything as it was. An explanation is given by the very code that routes.
package routing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/store"
)

// Limit is how many rules a workspace may have.
const Limit = 200

// Store is what the package needs of a store.
type Store interface {
	store.Routes
	ListProviders(ctx context.Context, workspace smsir.UUID) ([]store.Provider, error)
	Workspace(ctx context.Context, id smsir.UUID) (*store.Workspace, error)
	Message(ctx context.Context, workspace smsir.UUID, id smsir.ID) (*smsir.Message, error)
	TriedProviders(ctx context.Context, id smsir.ID) ([]smsir.UUID, error)
}

// Config is what a [Service] is made of.
type Config struct {
	Store Store
	// Candidates returns the enabled providers of a workspace with their health, as dispatch sees them.
	// Nil: there are none.
	Candidates func(workspace smsir.UUID) []route.Candidate
	// Changed is called after every change that was stored; dispatch reloads. It must not block. May be nil.
	Changed func()
	Clock   func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: discard
}

// By is who makes a change, for the audit log.
type By struct {
	Actor smsir.Actor
	IP    string
}

// Rule is a stored rule.
type Rule struct {
	store.RouteRule
	Says api.RouteRule
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	store      Store
	candidates func(smsir.UUID) []route.Candidate
	changed    func()
	now        func() time.Time
	log        *slog.Logger
}

// New returns a [Service].
func New(cfg Config) (*Service, error) {
	if cfg.Store == nil {
		return nil, errors.New("routing: no store")
	}
	s := &Service{store: cfg.Store, candidates: cfg.Candidates, changed: cfg.Changed, now: cfg.Clock, log: cfg.Log}
	if s.candidates == nil {
		s.candidates = func(smsir.UUID) []route.Candidate { return nil }
	}
	if s.changed == nil {
		s.changed = func() {}
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// List returns the rules of a workspace in the order in which they are asked.
func (s *Service) List(ctx context.Context, workspace smsir.UUID) ([]Rule, error) {
	rows, err := s.store.ListRoutes(ctx, workspace)
	if err != nil {
		return nil, err
	}
	all := make([]Rule, len(rows))
	for i, row := range rows {
		r, err := read(&row)
		if err != nil {
			return nil, err
		}
		all[i] = *r
	}
	return all, nil
}

// Rule returns one. Error: not_found.
func (s *Service) Rule(ctx context.Context, workspace, id smsir.UUID) (*Rule, error) {
	row, err := s.store.Route(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	return read(row)
}

// read reads a row. A field that this version does not know is an error: without that condition the rule
// would be for messages that it is not for.
func read(row *store.RouteRule) (*Rule, error) {
	r := &Rule{RouteRule: *row}
	d := json.NewDecoder(strings.NewReader(row.Rule))
	d.DisallowUnknownFields()
	if err := d.Decode(&r.Says); err != nil {
		return nil, fmt.Errorf("routing rule %s cannot be read: %w", row.ID.Format(smsir.PrefixRoute), err)
	}
	return r, nil
}

// Create stores a new rule behind the others. Errors: invalid, conflict (there are [Limit] already).
func (s *Service) Create(ctx context.Context, workspace smsir.UUID, in *api.RouteCreate, by By) (*Rule, error) {
	now := millis(s.now())
	row := store.RouteRule{ID: smsir.NewUUID(now), Workspace: workspace, Enabled: in.Enabled == nil || *in.Enabled, CreatedAt: now, UpdatedAt: now}
	says, err := s.check(ctx, &row, in.Name, in.RouteRule)
	if err != nil {
		return nil, err
	}
	stored, err := s.store.CreateRoute(ctx, row, Limit, s.audit(workspace, by, "route.created", row.ID, row.Name))
	if err != nil {
		return nil, err
	}
	s.changed()
	return &Rule{*stored, *says}, nil
}

// Update changes a rule and returns it. version is the one that its author has seen; 0: whichever it is.
// Errors: invalid, not_found, stale.
func (s *Service) Update(ctx context.Context, workspace, id smsir.UUID, version int64, in *api.RouteUpdate, by By) (*Rule, error) {
	r, err := s.seen(ctx, workspace, id, version)
	if err != nil {
		return nil, err
	}
	row, says, name := r.RouteRule, r.Says, r.Name
	var touched []string
	if in.Name != nil {
		name, touched = *in.Name, append(touched, "name")
	}
	if in.Enabled != nil {
		row.Enabled, touched = *in.Enabled, append(touched, "enabled")
	}
	if in.When != nil {
		says.When, touched = *in.When, append(touched, "when")
	}
	if in.Then != nil {
		says.Then, touched = *in.Then, append(touched, "then")
	}
	if in.Failover != nil {
		says.Failover, touched = *in.Failover, append(touched, "failover")
	}
	if len(touched) == 0 {
		return r, nil
	}
	checked, err := s.check(ctx, &row, name, says)
	if err != nil {
		return nil, err
	}
	row.UpdatedAt = millis(s.now())
	e := s.audit(workspace, by, "route.updated", id, strings.Join(touched, " "))
	e.Changed("name", r.Name, row.Name)
	e.Changed("enabled", strconv.FormatBool(r.Enabled), strconv.FormatBool(row.Enabled))
	e.Changed("rule", r.RouteRule.Rule, row.Rule)
	stored, err := s.store.UpdateRoute(ctx, row, e)
	if err != nil {
		return nil, err
	}
	s.changed()
	return &Rule{*stored, *checked}, nil
}

// Delete removes a rule. Errors: not_found, stale.
func (s *Service) Delete(ctx context.Context, workspace, id smsir.UUID, version int64, by By) error {
	r, err := s.seen(ctx, workspace, id, version)
	if err != nil {
		return err
	}
	if err := s.store.DeleteRoute(ctx, workspace, id, r.Version, s.audit(workspace, by, "route.deleted", id, r.Name)); err != nil {
		return err
	}
	s.changed()
	return nil
}

// seen reads a rule that still has the version that somebody has seen.
func (s *Service) seen(ctx context.Context, workspace, id smsir.UUID, version int64) (*Rule, error) {
	r, err := s.Rule(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	if version != 0 && r.Version != version {
		return nil, smsir.Errorf(smsir.CodeStale, "Somebody else has changed this routing rule: it has version %d now. Load it again, then decide.", r.Version)
	}
	return r, nil
}

// Order puts the rules of a workspace into the order of ids, which must be all of them. Error: conflict.
func (s *Service) Order(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID, by By) error {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.Format(smsir.PrefixRoute)
	}
	e := s.audit(workspace, by, "route.ordered", smsir.UUID{}, strings.Join(names, " "))
	e.Target = workspace.Format(smsir.PrefixWorkspace)
	if err := s.store.OrderRoutes(ctx, workspace, ids, e); err != nil {
		return err
	}
	s.changed()
	return nil
}

// Naming returns the names of the rules that name a provider, in order.
func (s *Service) Naming(ctx context.Context, workspace, provider smsir.UUID) (names []string, err error) {
	all, err := s.List(ctx, workspace)
	if err != nil {
		return nil, err
	}
	id := provider.Format(smsir.PrefixProvider)
	for _, r := range all {
		if slices.ContainsFunc(r.Says.Then.Groups, func(g api.RouteGroup) bool {
			return slices.ContainsFunc(g.Targets, func(t api.RouteTarget) bool { return t.Provider == id })
		}) {
			names = append(names, r.Name)
		}
	}
	return names, nil
}

// Tables reads the rules of every workspace that has some. A workspace of which one cannot be read, as
// after a step back to an older version, keeps its messages waiting: routing them without the rule
// would send them where nobody wants them.
func (s *Service) Tables(ctx context.Context) (map[smsir.UUID]*route.Table, error) {
	rows, err := s.store.ListRoutes(ctx, smsir.UUID{})
	if err != nil {
		return nil, err
	}
	tables := map[smsir.UUID]*route.Table{}
	for len(rows) > 0 {
		workspace, n := rows[0].Workspace, 1
		for n < len(rows) && rows[n].Workspace == workspace {
			n++
		}
		w, err := s.store.Workspace(ctx, workspace)
		if err != nil {
			return nil, err
		}
		t, err := table(w, rows[:n])
		if err != nil {
			s.log.Error("the routing rules of a workspace cannot be read; its messages wait", "workspace_id", workspace.Format(smsir.PrefixWorkspace), "err", err)
			t = route.NewTable(nil, []route.Rule{{Name: "rules that cannot be read", Enabled: true}})
		}
		tables[workspace], rows = t, rows[n:]
	}
	return tables, nil
}

// table makes the table of a workspace.
func table(w *store.Workspace, rows []store.RouteRule) (*route.Table, error) {
	zone, err := time.LoadLocation(w.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w", w.TimeZone, err)
	}
	rules := make([]route.Rule, len(rows))
	for i := range rows {
		r, err := read(&rows[i])
		if err != nil {
			return nil, err
		}
		if _, err := (compiler{}).compile(&r.Says, &rules[i]); err != nil {
			return nil, fmt.Errorf("routing rule %s: %w", r.ID.Format(smsir.PrefixRoute), err)
		}
		rules[i].ID, rules[i].Name, rules[i].Enabled, rules[i].Position = r.ID, r.Name, r.Enabled, r.Position
	}
	return route.NewTable(zone, rules), nil
}

func (s *Service) audit(workspace smsir.UUID, by By, action string, id smsir.UUID, detail string) store.AuditEntry {
	return store.AuditEntry{At: s.now(), Workspace: workspace, Actor: by.Actor, Action: action, Target: id.Format(smsir.PrefixRoute), IP: by.IP, Detail: detail}
}

// millis is a time as the store keeps it.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
