package routing_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/routing"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

var (
	start = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday
	by    = routing.By{Actor: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{7}}, IP: "192.0.2.1"}
)

// fixture is a service on a database of its own, with two workspaces that have two providers each.
type fixture struct {
	*routing.Service
	t         *testing.T
	db        *sqlite.Store
	workspace *store.Workspace
	other     *store.Workspace
	health    map[smsir.UUID]route.Health
	changes   int
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, health: map[smsir.UUID]route.Health{}}
	var err error
	if f.db, err = sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(t.TempDir(), "smsir.db")), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.db.Close() })
	f.Service, err = routing.New(routing.Config{Store: f.db, Candidates: f.candidates, Changed: func() { f.changes++ }, Clock: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	f.workspace, f.other = f.newWorkspace("ada@example.com", "Africa/Nairobi"), f.newWorkspace("eve@example.com", "UTC")
	return f
}

func (f *fixture) newWorkspace(email, zone string) *store.Workspace {
	f.t.Helper()
	w := &store.Workspace{ID: smsir.NewUUID(start), Name: email, Country: "KE", TimeZone: zone, CreatedAt: start}
	u := store.User{ID: smsir.NewUUID(start), Email: email, Name: email, CreatedAt: start}
	if err := f.db.Register(f.t.Context(), store.Registration{
		User: u, Workspace: w, Role: store.Owner,
		Session: store.Session{ID: smsir.NewUUID(start), TokenHash: [32]byte(slices.Repeat([]byte(email)[:8], 4)), User: u.ID, Workspace: w.ID},
	}); err != nil {
		f.t.Fatal(err)
	}
	for i, name := range []string{"First", "Second"} {
		if err := f.db.CreateProvider(f.t.Context(), store.Provider{
			ID: smsir.NewUUID(start), Workspace: w.ID, Kind: "carrier", Name: name, Enabled: true, Priority: i, CreatedAt: start, UpdatedAt: start,
		}, store.AuditEntry{At: start}); err != nil {
			f.t.Fatal(err)
		}
	}
	return w
}

func (f *fixture) candidates(workspace smsir.UUID) (all []route.Candidate) {
	for _, p := range f.providers(workspace) {
		if p.Enabled {
			all = append(all, route.Candidate{ID: p.ID, Name: p.Name, Priority: p.Priority, Health: f.health[p.ID]})
		}
	}
	return all
}

func (f *fixture) providers(workspace smsir.UUID) []store.Provider {
	f.t.Helper()
	all, err := f.db.ListProviders(f.t.Context(), workspace)
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

// provider is the identifier of the workspace's provider number i.
func (f *fixture) provider(i int) string {
	return f.providers(f.workspace.ID)[i].ID.Format(smsir.PrefixProvider)
}

// draft is a rule that passes, to the first provider; change makes others of it.
func (f *fixture) draft(change ...func(*api.RouteCreate)) *api.RouteCreate {
	d := &api.RouteCreate{Name: "Rule", RouteRule: api.RouteRule{Then: api.RouteThen{Groups: []api.RouteGroup{{Targets: []api.RouteTarget{{Provider: f.provider(0)}}}}}}}
	for _, c := range change {
		c(d)
	}
	return d
}

func (f *fixture) create(change ...func(*api.RouteCreate)) *routing.Rule {
	f.t.Helper()
	r, err := f.Create(f.t.Context(), f.workspace.ID, f.draft(change...), by)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func wantError(t *testing.T, what string, err error, code smsir.Code, field string) {
	t.Helper()
	var e *smsir.Error
	if !errors.As(err, &e) || e.Code != code || e.Field != field || e.Text == "" {
		t.Errorf("%s: got %v (%+v), want code %q and field %q", what, err, e, code, field)
	}
}

func TestCreateUpdateDelete(t *testing.T) {
	t.Parallel()
	f, ctx := newFixture(t), context.Background()
	r := f.create(func(d *api.RouteCreate) {
		d.Name = " East Africa "
		d.When = api.RouteWhen{
			Prefixes: []string{"+255 71", "+25571"}, Countries: []string{" ke", "UG"}, Senders: []string{"0712 345678", "ACME"},
			Classes: []string{"otp", "otp"}, Tags: []string{" web "}, Days: []string{"fri", "sat"}, From: "22:00", To: "00:00",
		}
	})
	want := api.RouteWhen{
		Prefixes: []string{"+25571"}, Countries: []string{"KE", "UG"}, Senders: []string{"+254712345678", "ACME"},
		Classes: []string{"otp"}, Tags: []string{"web"}, Days: []string{"fri", "sat"}, From: "22:00", To: "00:00",
	}
	if got, wanted := encode(t, r.Says.When), encode(t, want); got != wanted || r.Name != "East Africa" || !r.Enabled || r.Version != 1 || r.Says.Then.Otherwise != "wait" || *r.Says.Then.Groups[0].Targets[0].Weight != 1 {
		t.Errorf("created %+v\ngot  %s\nwant %s", r, got, wanted)
	}
	read, err := f.Rule(ctx, f.workspace.ID, r.ID)
	if err != nil || encode(t, read.Says) != encode(t, r.Says) {
		t.Errorf("read %+v, %v, want %+v", read, err, r)
	}
	name, off := "Renamed", false
	changed, err := f.Update(ctx, f.workspace.ID, r.ID, 1, &api.RouteUpdate{Name: &name, Enabled: &off, When: &api.RouteWhen{}}, by)
	if err != nil || changed.Name != name || changed.Enabled || encode(t, changed.Says.When) != "{}" || changed.Version != 2 || len(changed.Says.Then.Groups) != 1 {
		t.Errorf("changed %+v, %v", changed, err)
	}
	_, err = f.Update(ctx, f.workspace.ID, r.ID, 1, &api.RouteUpdate{Name: &name}, by)
	wantError(t, "an old version", err, smsir.CodeStale, "")
	same, err := f.Update(ctx, f.workspace.ID, r.ID, 0, &api.RouteUpdate{}, by)
	if err != nil || same.Version != 2 {
		t.Errorf("nothing to change: %+v, %v", same, err)
	}
	_, err = f.Update(ctx, f.other.ID, r.ID, 0, &api.RouteUpdate{Name: &name}, by)
	wantError(t, "of another workspace", err, smsir.CodeNotFound, "")
	second := f.create()
	if err := f.Order(ctx, f.workspace.ID, []smsir.UUID{second.ID, r.ID}, by); err != nil {
		t.Fatal(err)
	}
	list, err := f.List(ctx, f.workspace.ID)
	if err != nil || len(list) != 2 || list[0].ID != second.ID || list[1].ID != r.ID {
		t.Errorf("ordered: %+v, %v", list, err)
	}
	wantError(t, "deleted in an old version", f.Delete(ctx, f.workspace.ID, r.ID, 1, by), smsir.CodeStale, "")
	if err := f.Delete(ctx, f.workspace.ID, r.ID, 2, by); err != nil {
		t.Error(err)
	}
	if f.changes != 5 {
		t.Errorf("Changed was called %d times, want 5", f.changes)
	}
	audit, err := f.db.Audit(ctx, f.workspace.ID, store.AuditFilter{Limit: 5})
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, e := range audit {
		actions = append(actions, e.Action+" "+e.Detail)
		if e.Actor != by.Actor || e.IP != by.IP || e.Target == "" {
			t.Errorf("audit: %+v", e)
		}
	}
	order := second.ID.Format(smsir.PrefixRoute) + " " + r.ID.Format(smsir.PrefixRoute)
	if want := []string{"route.deleted Renamed", "route.ordered " + order, "route.created Rule", "route.updated name enabled when", "route.created East Africa"}; !slices.Equal(actions, want) {
		t.Errorf("audit: got %q, want %q", actions, want)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	theirs := f.providers(f.other.ID)[0].ID.Format(smsir.PrefixProvider)
	no, weight := false, -1
	target := func(d *api.RouteCreate) *api.RouteTarget { return &d.Then.Groups[0].Targets[0] }
	for field, change := range map[string]func(*api.RouteCreate){
		"name":                               func(d *api.RouteCreate) { d.Name = strings.Repeat("n", 61) },
		"when.prefixes[1]":                   func(d *api.RouteCreate) { d.When.Prefixes = []string{"+254", "+0254"} },
		"when.prefixes[0]":                   func(d *api.RouteCreate) { d.When.Prefixes = []string{"+1234567890123456"} },
		"when.countries[0]":                  func(d *api.RouteCreate) { d.When.Countries = []string{"001"} },
		"when.senders[0]":                    func(d *api.RouteCreate) { d.When.Senders = []string{"a sender name that is too long"} },
		"when.classes[0]":                    func(d *api.RouteCreate) { d.When.Classes = []string{""} },
		"when.tags[0]":                       func(d *api.RouteCreate) { d.When.Tags = []string{"a\nb"} },
		"when.days[0]":                       func(d *api.RouteCreate) { d.When.Days = []string{"Monday"} },
		"when.from":                          func(d *api.RouteCreate) { d.When.From, d.When.To = "24:00", "06:00" },
		"when.to":                            func(d *api.RouteCreate) { d.When.From, d.When.To = "06:00", "24:01" },
		"then":                               func(d *api.RouteCreate) { d.Then.Refuse, d.Then.Reason = true, "No." },
		"then.reason":                        func(d *api.RouteCreate) { d.Then.Reason = "No." },
		"then.groups":                        func(d *api.RouteCreate) { d.Then.Groups = nil },
		"then.groups[0].targets":             func(d *api.RouteCreate) { d.Then.Groups[0].Targets = nil },
		"then.groups[0].targets[0].provider": func(d *api.RouteCreate) { target(d).Provider = theirs },
		"then.groups[1].targets[0].provider": func(d *api.RouteCreate) { d.Then.Groups = append(d.Then.Groups, d.Then.Groups[0]) },
		"then.groups[0].targets[0].weight":   func(d *api.RouteCreate) { target(d).Weight = &weight },
		"then.otherwise":                     func(d *api.RouteCreate) { d.Then.Otherwise = "give up" },
		"failover.on_missing_receipt_seconds": func(d *api.RouteCreate) {
			d.Failover = api.RouteFailover{OnError: &no, OnMissingReceiptSeconds: 60}
		},
	} {
		_, err := f.Create(t.Context(), f.workspace.ID, f.draft(change), by)
		wantError(t, field, err, smsir.CodeInvalid, field)
	}
	for what, change := range map[string]func(*api.RouteCreate){
		"the whole day":        func(d *api.RouteCreate) { d.When.From, d.When.To = "00:00", "24:00" },
		"no time at all":       func(d *api.RouteCreate) { d.When.From, d.When.To = "09:00", "09:00" },
		"only the end":         func(d *api.RouteCreate) { d.When.To = "9" },
		"too short a wait":     func(d *api.RouteCreate) { d.Failover.OnMissingReceiptSeconds = 29 },
		"refusal without why":  func(d *api.RouteCreate) { d.Then = api.RouteThen{Refuse: true} },
		"refusal that waits":   func(d *api.RouteCreate) { d.Then = api.RouteThen{Refuse: true, Reason: "x", Otherwise: "next"} },
		"not a provider":       func(d *api.RouteCreate) { target(d).Provider = "First" },
		"a name of space only": func(d *api.RouteCreate) { d.Name = " \t" },
	} {
		if _, err := f.Create(t.Context(), f.workspace.ID, f.draft(change), by); smsir.CodeOf(err) != smsir.CodeInvalid {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if list, err := f.List(t.Context(), f.workspace.ID); err != nil || len(list) != 0 || f.changes != 0 {
		t.Errorf("after refusals: %+v, %v, %d changes", list, err, f.changes)
	}
}

// TestTables: what was stored decides as it was written, each workspace by its own rules and its own clock.
func TestTables(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(func(d *api.RouteCreate) {
		d.Name, d.When = "Night", api.RouteWhen{Countries: []string{"KE"}, Senders: []string{"acme"}, Classes: []string{"otp"}, Days: []string{"mon"}, From: "15:00", To: "15:30"}
		d.Then.Groups[0].Targets = []api.RouteTarget{{Provider: f.provider(1)}}
		d.Then.Groups = append(d.Then.Groups, api.RouteGroup{Targets: []api.RouteTarget{{Provider: f.provider(0)}}})
		d.Failover.OnMissingReceiptSeconds = 90
	})
	f.create(func(d *api.RouteCreate) { d.Then = api.RouteThen{Refuse: true, Reason: "Not by day."} })
	tables, err := f.Tables(t.Context())
	if err != nil || len(tables) != 1 {
		t.Fatalf("tables: %v, %v", tables, err)
	}
	m := route.Message{ID: 1, To: "+254712345678", Country: "KE", From: "ACME", Class: smsir.OTP, At: start} // 15:00 in Nairobi
	plan := route.For(m, tables[f.workspace.ID], f.candidates(f.workspace.ID))
	providers := f.providers(f.workspace.ID)
	if !slices.Equal(plan.Order, []smsir.UUID{providers[1].ID, providers[0].ID}) || plan.Failover != (route.Failover{OnError: true, OnDown: true, OnMissingReceipt: 90 * time.Second}) {
		t.Errorf("at night: %+v", plan)
	}
	m.At = start.Add(30 * time.Minute)
	if plan := route.For(m, tables[f.workspace.ID], f.candidates(f.workspace.ID)); plan.Reason != route.Refused || plan.Rule.Then.Why != "Not by day." {
		t.Errorf("half an hour later: %+v", plan)
	}
}

// TestTablesOfWhatCannotBeRead: a rule of a newer version keeps the messages of its workspace waiting,
// and of no other.
func TestTablesOfWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := f.create()
	if _, err := f.db.CreateRoute(t.Context(), store.RouteRule{
		ID: smsir.NewUUID(start), Workspace: f.other.ID, Name: "Newer", Enabled: true, Rule: `{"when":{"networks":["x"]},"then":{"groups":[]}}`, CreatedAt: start, UpdatedAt: start,
	}, 10, store.AuditEntry{At: start}); err != nil {
		t.Fatal(err)
	}
	tables, err := f.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := route.Message{ID: 1, To: "+254712345678", At: start}
	if plan := route.For(m, tables[f.other.ID], f.candidates(f.other.ID)); plan.Reason != route.RuleWaits {
		t.Errorf("with a rule that cannot be read: %+v", plan)
	}
	if plan := route.For(m, tables[f.workspace.ID], f.candidates(f.workspace.ID)); plan.Rule == nil || plan.Rule.ID != r.ID {
		t.Errorf("the other workspace: %+v", plan)
	}
}

func TestNaming(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(func(d *api.RouteCreate) { d.Name = "A" })
	f.create(func(d *api.RouteCreate) { d.Name, d.Then = "B", api.RouteThen{Refuse: true, Reason: "No."} })
	f.create(func(d *api.RouteCreate) { d.Name = "C" })
	providers := f.providers(f.workspace.ID)
	if names, err := f.Naming(t.Context(), f.workspace.ID, providers[0].ID); err != nil || !slices.Equal(names, []string{"A", "C"}) {
		t.Errorf("naming the first: %q, %v", names, err)
	}
	if names, err := f.Naming(t.Context(), f.workspace.ID, providers[1].ID); err != nil || len(names) != 0 {
		t.Errorf("naming the second: %q, %v", names, err)
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	providers := f.providers(f.workspace.ID)
	ask := func() string {
		t.Helper()
		e, err := f.Explain(t.Context(), f.workspace, &api.RouteQuestion{To: "0712 345 678"})
		if err != nil {
			t.Fatal(err)
		}
		return e.Text
	}
	want := func(text string) {
		t.Helper()
		if got := ask(); got != text {
			t.Errorf("got  %s\nwant %s", got, text)
		}
	}
	want("First takes a message to +254712345678: no rule is for it, and this provider has the first priority. If First refuses the message, provably never got it or is down, the next is Second. If the outcome is unknown, nobody sends it again.")
	no := false
	r := f.create(func(d *api.RouteCreate) {
		d.Failover = api.RouteFailover{OnError: &no, OnDown: &no}
	})
	want("First takes a message to +254712345678: the rule “Rule” is for it. If it fails, the message waits for it.")
	f.health[providers[0].ID] = route.Health{State: route.Down}
	want("First takes a message to +254712345678: the rule “Rule” is for it. It cannot take messages now (down), so they wait for it. If it fails, the message waits for it.")
	ten, thirty := 10, 30
	if _, err := f.Update(t.Context(), f.workspace.ID, r.ID, 0, &api.RouteUpdate{
		Then:     &api.RouteThen{Groups: []api.RouteGroup{{Targets: []api.RouteTarget{{Provider: f.provider(0), Weight: &thirty}, {Provider: f.provider(1), Weight: &ten}}}}},
		Failover: &api.RouteFailover{OnMissingReceiptSeconds: 120},
	}, by); err != nil {
		t.Fatal(err)
	}
	want("Second takes a message to +254712345678: the rule “Rule” is for it. Such messages are split: 25 % Second, 75 % First. If Second refuses the message, provably never got it or is down, the next is First. " +
		"If no delivery report comes within 2 min, it is sent again by the next one, and may arrive twice. If the outcome is unknown, nobody sends it again.")
	for _, p := range providers {
		p.Enabled = false
		if err := f.db.UpdateProvider(t.Context(), p, store.AuditEntry{At: start}); err != nil {
			t.Fatal(err)
		}
	}
	want("The message waits: the rule “Rule” is for it, and none of the rule's providers is enabled.")
}

// TestExplainAMessage: of a message that there is, the explanation is what dispatch is told.
func TestExplainAMessage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	half := 50
	f.create(func(d *api.RouteCreate) {
		d.Then.Groups[0].Targets = []api.RouteTarget{{Provider: f.provider(0), Weight: &half}, {Provider: f.provider(1), Weight: &half}}
	})
	tables, err := f.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	firsts := map[string]int{}
	for range 20 {
		now := start.Truncate(time.Millisecond)
		m := &smsir.Message{ID: f.db.NewID(now), Workspace: f.workspace.ID, To: "+254712345678", Country: "KE", Text: "hi", Segments: 1, AcceptedAt: now, ExpiresAt: now.Add(time.Hour)}
		a := &store.Acceptance{Workspace: f.workspace.ID, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(now, false)}, Owned: true}
		if _, err := f.db.Accept(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		ask := func() *api.RouteExplanation {
			t.Helper()
			e, err := f.Explain(t.Context(), f.workspace, &api.RouteQuestion{Message: m.ID.Format(smsir.PrefixMessage)})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		first := ask()
		plan := route.For(route.Message{ID: m.ID, To: m.To, Country: m.Country, At: now}, tables[f.workspace.ID], f.candidates(f.workspace.ID))
		if first.Providers[0].ID != plan.Order[0].Format(smsir.PrefixProvider) {
			t.Errorf("explained %s, dispatch is told %v", first.Providers[0].ID, plan.Order)
		}
		firsts[first.Providers[0].Name]++
		ok, err := f.db.Intend(t.Context(), []store.Intent{{Attempt: f.db.NewID(now), Message: m, Provider: plan.Order[0], Now: now}})
		if err != nil || !ok[0] {
			t.Fatalf("intend: %v, %v", ok, err)
		}
		if next := ask(); next.Providers[0].ID == first.Providers[0].ID || next.Providers[1].Why != "tried" {
			t.Errorf("after a try: %+v", next.Providers)
		}
	}
	if len(firsts) != 2 {
		t.Errorf("of an even split of 20 messages all went to one: %v", firsts)
	}
	_, err = f.Explain(t.Context(), f.other, &api.RouteQuestion{Message: f.db.NewID(start).Format(smsir.PrefixMessage)})
	wantError(t, "a message that is not there", err, smsir.CodeNotFound, "")
}
