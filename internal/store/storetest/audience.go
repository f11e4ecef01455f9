package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Audience runs the part of the suite about contacts, groups and consent. open opens a fresh store.
func Audience(t *testing.T, open func(t *testing.T) store.Store) {
	for name, f := range map[string]func(t *testing.T, a *audience){
		"contacts": testContacts, "lists": testContactLists, "filters": testContactFilters, "groups": testGroups,
		"put": testPutContacts, "merge": testMergeContacts, "fields": testContactFields, "suppressions": testSuppressions,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := open(t)
			f(t, &audience{t, st, newTenant(t, st, "ada@example.com"), newTenant(t, st, "eve@example.com")})
		})
	}
}

// audience is a store with two workspaces.
type audience struct {
	t                *testing.T
	st               store.Store
	workspace, other smsir.UUID
}

var audienceNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newTenant(t *testing.T, st store.Store, email string) smsir.UUID {
	t.Helper()
	u := store.User{ID: smsir.NewUUID(audienceNow), Email: email, Name: email, PasswordHash: "x", CreatedAt: audienceNow}
	w := store.Workspace{ID: smsir.NewUUID(audienceNow), Name: email, Country: "US", TimeZone: "UTC", CreatedAt: audienceNow}
	r := store.Registration{User: u, Workspace: &w, Role: store.Owner, Session: store.Session{
		ID: smsir.NewUUID(audienceNow), User: u.ID, Workspace: w.ID, Client: "web",
		CreatedAt: audienceNow, LastSeenAt: audienceNow, ExpiresAt: audienceNow.Add(time.Hour), ReauthAt: audienceNow,
	}}
	copy(r.Session.TokenHash[:], w.ID[:])
	if err := st.Register(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return w.ID
}

func (a *audience) audit() store.AuditEntry {
	return store.AuditEntry{At: audienceNow, Workspace: a.workspace, Action: "test"}
}

// contact makes one that is not stored; n is the end of its number.
func (a *audience) contact(n int, name string, fields map[string]string) store.Contact {
	return store.Contact{
		ID: smsir.NewUUID(audienceNow.Add(time.Duration(n) * time.Hour)), Workspace: a.workspace, Phone: fmt.Sprintf("+120255501%02d", n), Country: "US", Name: name,
		Fields: fields, CreatedAt: audienceNow.Add(time.Duration(n) * time.Hour), UpdatedAt: audienceNow,
	}
}

func (a *audience) add(n int, name string, fields map[string]string, groups ...smsir.UUID) store.Contact {
	a.t.Helper()
	c := a.contact(n, name, fields)
	c.Groups = groups
	if err := a.st.CreateContact(a.t.Context(), c, a.audit()); err != nil {
		a.t.Fatal(err)
	}
	return c
}

func (a *audience) group(name string, f *store.ContactFilter) store.Group {
	a.t.Helper()
	g := store.Group{ID: smsir.NewUUID(audienceNow), Workspace: a.workspace, Name: name, Filter: f, CreatedAt: audienceNow, UpdatedAt: audienceNow}
	if err := a.st.CreateGroup(a.t.Context(), g, a.audit()); err != nil {
		a.t.Fatal(err)
	}
	return g
}

// names lists the names that a query finds, by list, count and walk, which must agree.
func (a *audience) names(q store.ContactQuery) string {
	a.t.Helper()
	ctx := a.t.Context()
	var listed []string
	for after := (*store.ContactMark)(nil); ; {
		page, err := a.st.Contacts(ctx, a.workspace, q, after, 2)
		if err != nil {
			a.t.Fatalf("list %+v: %v", q, err)
		}
		for _, c := range page.Items {
			listed = append(listed, c.Name)
		}
		if after = page.Next; after == nil {
			break
		}
	}
	if n, err := a.st.CountContacts(ctx, a.workspace, q); err != nil || n != int64(len(listed)) {
		a.t.Errorf("count of %+v: %d, %v; listed %d", q, n, err, len(listed))
	}
	var walked []string
	for after := (smsir.UUID{}); ; {
		some, err := a.st.WalkContacts(ctx, a.workspace, q, after, 2)
		if err != nil {
			a.t.Fatal(err)
		}
		if len(some) == 0 {
			break
		}
		for _, c := range some {
			walked = append(walked, c.Name)
		}
		after = some[len(some)-1].ID
	}
	slices.Sort(walked)
	sorted := slices.Clone(listed)
	slices.Sort(sorted)
	if !slices.Equal(walked, sorted) {
		a.t.Errorf("walk of %+v: %v; listed %v", q, walked, listed)
	}
	return strings.Join(listed, " ")
}

func (a *audience) expect(q store.ContactQuery, want string) {
	a.t.Helper()
	if got := a.names(q); got != want {
		a.t.Errorf("%+v (filter %+v): got %q, want %q", q, q.Filter, got, want)
	}
}

func (a *audience) refused(what string, err error, code smsir.Code) {
	a.t.Helper()
	if smsir.CodeOf(err) != code {
		a.t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func testContacts(t *testing.T, a *audience) {
	ctx := t.Context()
	g := a.group("Parents", nil)
	c := a.add(1, "Ada Lovelace", map[string]string{"class": "4b", "empty": ""}, g.ID, smsir.NewUUID(audienceNow))
	got, err := a.st.Contact(ctx, a.workspace, c.ID)
	if err != nil || got.Name != c.Name || got.Phone != c.Phone || got.Country != "US" || len(got.Fields) != 1 || got.Fields["class"] != "4b" ||
		!slices.Equal(got.Groups, []smsir.UUID{g.ID}) || got.Suppressed || !got.CreatedAt.Equal(c.CreatedAt) {
		t.Fatalf("got %+v, %v", got, err)
	}
	_, err = a.st.Contact(ctx, a.other, c.ID)
	a.refused("another workspace's contact", err, smsir.CodeNotFound)
	a.refused("a second contact of a number", a.st.CreateContact(ctx, a.contact(1, "Other", nil), a.audit()), smsir.CodeConflict)
	foreign := a.contact(1, "Same number elsewhere", nil)
	foreign.Workspace = a.other
	if err := a.st.CreateContact(ctx, foreign, a.audit()); err != nil {
		t.Error(err)
	}
	c.Name, c.Language, c.Notes, c.Fields, c.Groups = "Augusta", "sw", "n", map[string]string{"town": "Kisumu"}, nil
	if err := a.st.UpdateContact(ctx, c, a.audit()); err != nil {
		t.Fatal(err)
	}
	byPhone, err := a.st.ContactsByPhone(ctx, a.workspace, []string{c.Phone, "+12025550199"})
	if got := byPhone[c.Phone]; err != nil || len(byPhone) != 1 || got.Name != "Augusta" || got.Language != "sw" || got.Notes != "n" || len(got.Fields) != 1 || got.Fields["town"] != "Kisumu" || got.Groups != nil {
		t.Errorf("by number: %+v, %v", byPhone, err)
	}
	c.Workspace = a.other
	a.refused("update from another workspace", a.st.UpdateContact(ctx, c, a.audit()), smsir.CodeNotFound)
	if n, err := a.st.DeleteContacts(ctx, a.other, []smsir.UUID{c.ID}, a.audit()); n != 0 || err != nil {
		t.Errorf("deleted %d of another workspace, %v", n, err)
	}
	if n, err := a.st.DeleteContacts(ctx, a.workspace, []smsir.UUID{c.ID, smsir.NewUUID(audienceNow)}, a.audit()); n != 1 || err != nil {
		t.Errorf("deleted %d, %v", n, err)
	}
	a.expect(store.ContactQuery{}, "")
}

func testContactLists(t *testing.T, a *audience) {
	for i, name := range []string{"Éva", "adam", "Zoe", "Bob", "bob"} {
		a.add(i+1, name, nil)
	}
	a.expect(store.ContactQuery{}, "adam Bob bob Éva Zoe")
	a.expect(store.ContactQuery{Search: "EVA"}, "Éva")
	a.expect(store.ContactQuery{Search: "o"}, "Bob bob Zoe")
	a.expect(store.ContactQuery{Search: "0102"}, "adam")
	a.expect(store.ContactQuery{Search: "202-555-0103"}, "Zoe")
	a.expect(store.ContactQuery{Search: "%"}, "")
	a.expect(store.ContactQuery{Search: "_"}, "")
}

func testContactFilters(t *testing.T, a *audience) {
	ctx := t.Context()
	if err := a.st.PutContactFields(ctx, a.workspace, []store.ContactField{
		{Key: "class", Label: "Class", Type: store.FieldText},
		{Key: "fee", Label: "Fee", Type: store.FieldNumber},
		{Key: "born", Label: "Born", Type: store.FieldDate},
	}, a.audit()); err != nil {
		t.Fatal(err)
	}
	g := a.group("G", nil)
	a.add(1, "ada", map[string]string{"class": "4B", "fee": "900", "born": "2015-02-01"}, g.ID)
	a.add(2, "bob", map[string]string{"class": "5", "fee": "1000"})
	cy := a.add(3, "cyd", nil, g.ID)
	if _, err := a.st.Suppress(ctx, []store.Suppression{{Workspace: a.workspace, Recipient: cy.Phone, Reason: "manual", CreatedAt: audienceNow}}, store.ConsentEntry{At: audienceNow, Source: "person"}); err != nil {
		t.Fatal(err)
	}
	one := func(on, is, value string) *store.ContactFilter {
		return &store.ContactFilter{Conditions: []store.ContactCondition{{On: on, Is: is, Value: value}}}
	}
	for _, c := range []struct {
		f    *store.ContactFilter
		want string
	}{
		{one("name", "equal", "ADA"), "ada"},
		{one("name", "contains", "B"), "bob"},
		{one("country", "equal", "us"), "ada bob cyd"},
		{one("phone", "contains", "0102"), "bob"},
		{one("language", "not_set", ""), "ada bob cyd"},
		{one("field.class", "contains", "4b"), "ada"},
		{one("field.class", "set", ""), "ada bob"},
		{one("field.class", "not_set", ""), "cyd"},
		{one("field.class", "not_equal", "5"), "ada cyd"},
		{one("field.fee", "above", "900"), "bob"},
		{one("field.fee", "below", "1000.5"), "ada bob"},
		{one("field.born", "below", "2016-01-01"), "ada"},
		{one("group", "equal", g.ID.Format(smsir.PrefixGroup)), "ada cyd"},
		{one("group", "not_equal", g.ID.Format(smsir.PrefixGroup)), "bob"},
		{one("suppressed", "set", ""), "cyd"},
		{one("suppressed", "not_set", ""), "ada bob"},
		{one("created", "above", audienceNow.Add(2*time.Hour).Format(time.RFC3339)), "bob cyd"},
		{one("created", "below", "2026-03-02"), "ada bob cyd"},
		{&store.ContactFilter{Any: true, Conditions: []store.ContactCondition{{On: "name", Is: "equal", Value: "ada"}, {On: "name", Is: "equal", Value: "bob"}}}, "ada bob"},
		{&store.ContactFilter{Conditions: []store.ContactCondition{{On: "name", Is: "equal", Value: "ada"}, {On: "name", Is: "equal", Value: "bob"}}}, ""},
	} {
		a.expect(store.ContactQuery{Filter: c.f}, c.want)
	}
	for _, f := range []*store.ContactFilter{
		{},
		one("shoe", "equal", "44"), one("name", "like", "x"), one("field.gone", "equal", "x"), one("field.fee", "above", "much"),
		one("created", "above", "soon"), one("created", "equal", "2026-01-01"), one("group", "equal", "nonsense"), one("suppressed", "equal", "1"),
	} {
		_, err := a.st.Contacts(ctx, a.workspace, store.ContactQuery{Filter: f}, nil, 10)
		a.refused(fmt.Sprintf("filter %+v", f), err, smsir.CodeInvalid)
	}
	yes, no := true, false
	a.expect(store.ContactQuery{Suppressed: &yes}, "cyd")
	a.expect(store.ContactQuery{Suppressed: &no, Group: g.ID}, "ada")
	a.expect(store.ContactQuery{Filter: one("field.class", "set", ""), Without: one("group", "equal", g.ID.Format(smsir.PrefixGroup))}, "bob")
	a.expect(store.ContactQuery{Without: one("field.fee", "above", "900")}, "ada cyd")
	dynamic := a.group("D", one("field.fee", "above", "900"))
	a.expect(store.ContactQuery{Group: dynamic.ID}, "bob")
	nested := a.group("N", one("group", "equal", dynamic.ID.Format(smsir.PrefixGroup)))
	a.expect(store.ContactQuery{Group: nested.ID}, "bob")
	loop := nested
	loop.Filter = one("group", "equal", nested.ID.Format(smsir.PrefixGroup))
	if err := a.st.UpdateGroup(ctx, loop, a.audit()); err != nil {
		t.Fatal(err)
	}
	_, err := a.st.Contacts(ctx, a.workspace, store.ContactQuery{Group: nested.ID}, nil, 10)
	a.refused("a group defined by itself", err, smsir.CodeInvalid)
}

func testGroups(t *testing.T, a *audience) {
	ctx := t.Context()
	g := a.group("Parents", nil)
	a.refused("a name that is taken", a.st.CreateGroup(ctx, store.Group{ID: smsir.NewUUID(audienceNow), Workspace: a.workspace, Name: "PARENTS"}, a.audit()), smsir.CodeConflict)
	x, y := a.add(1, "x", nil), a.add(2, "y", nil)
	change := func(add, remove []smsir.UUID) error {
		return a.st.ChangeGroup(ctx, a.workspace, g.ID, add, remove, audienceNow)
	}
	if err := change([]smsir.UUID{x.ID, y.ID, x.ID, smsir.NewUUID(audienceNow)}, nil); err != nil {
		t.Fatal(err)
	}
	a.expect(store.ContactQuery{Group: g.ID}, "x y")
	if err := change(nil, []smsir.UUID{x.ID}); err != nil {
		t.Fatal(err)
	}
	a.expect(store.ContactQuery{Group: g.ID}, "y")
	a.refused("another workspace's group", a.st.ChangeGroup(ctx, a.other, g.ID, []smsir.UUID{x.ID}, nil, audienceNow), smsir.CodeNotFound)
	g.Name = "Families"
	if err := a.st.UpdateGroup(ctx, g, a.audit()); err != nil {
		t.Fatal(err)
	}
	filtered := g
	filtered.Filter = &store.ContactFilter{Conditions: []store.ContactCondition{{On: "name", Is: "equal", Value: "x"}}}
	a.refused("a filter for a group of people", a.st.UpdateGroup(ctx, filtered, a.audit()), smsir.CodeNotFound)
	if list, err := a.st.Groups(ctx, a.workspace); err != nil || len(list) != 1 || list[0].Name != "Families" || list[0].Filter != nil {
		t.Errorf("groups: %+v, %v", list, err)
	}
	if err := a.st.DeleteGroup(ctx, a.workspace, g.ID, a.audit()); err != nil {
		t.Fatal(err)
	}
	a.expect(store.ContactQuery{}, "x y")
	_, err := a.st.Contacts(ctx, a.workspace, store.ContactQuery{Group: g.ID}, nil, 10)
	a.refused("a group that is gone", err, smsir.CodeNotFound)
}

func testPutContacts(t *testing.T, a *audience) {
	ctx := t.Context()
	g := a.group("G", nil)
	old := a.add(1, "Old", map[string]string{"a": "1", "b": "2"})
	first := a.contact(1, "", map[string]string{"b": "3", "c": "4"})
	first.Groups = []smsir.UUID{g.ID}
	second := a.contact(2, "New", nil)
	changes, err := a.st.PutContacts(ctx, []store.Contact{first, second})
	if err != nil || len(changes) != 2 || changes[0].Created || changes[0].ID != old.ID || changes[0].Before == nil || changes[0].Before.Fields["b"] != "2" ||
		!changes[1].Created || changes[1].ID != second.ID {
		t.Fatalf("changes: %+v, %v", changes, err)
	}
	got, err := a.st.Contact(ctx, a.workspace, old.ID)
	if err != nil || got.Name != "Old" || got.Fields["a"] != "1" || got.Fields["b"] != "3" || got.Fields["c"] != "4" || !slices.Equal(got.Groups, []smsir.UUID{g.ID}) {
		t.Errorf("got %+v, %v", got, err)
	}
	a.expect(store.ContactQuery{}, "New Old")
}

func testMergeContacts(t *testing.T, a *audience) {
	ctx := t.Context()
	g, h := a.group("G", nil), a.group("H", nil)
	keep, gone := a.add(1, "Same", map[string]string{"a": "1"}, g.ID), a.add(2, "same", nil, h.ID)
	a.add(3, "Different", nil)
	sets, err := a.st.SameNames(ctx, a.workspace, 10)
	if err != nil || len(sets) != 1 || len(sets[0]) != 2 || sets[0][0].ID != keep.ID {
		t.Fatalf("same names: %+v, %v", sets, err)
	}
	keep.Notes = "also +12025550102"
	a.refused("merge with one that is not there", a.st.MergeContacts(ctx, keep, []smsir.UUID{smsir.NewUUID(audienceNow)}, a.audit()), smsir.CodeNotFound)
	if err := a.st.MergeContacts(ctx, keep, []smsir.UUID{gone.ID, keep.ID}, a.audit()); err != nil {
		t.Fatal(err)
	}
	got, err := a.st.Contact(ctx, a.workspace, keep.ID)
	if err != nil || got.Notes != keep.Notes || len(got.Groups) != 2 || got.Fields["a"] != "1" {
		t.Errorf("got %+v, %v", got, err)
	}
	a.expect(store.ContactQuery{}, "Different Same")
}

func testContactFields(t *testing.T, a *audience) {
	ctx := t.Context()
	put := func(fields ...store.ContactField) error {
		return a.st.PutContactFields(ctx, a.workspace, fields, a.audit())
	}
	class, fee := store.ContactField{Key: "class", Label: "Class", Type: store.FieldText}, store.ContactField{Key: "fee", Label: "Fee", Type: store.FieldNumber}
	if err := put(class, fee); err != nil {
		t.Fatal(err)
	}
	c := a.add(1, "x", map[string]string{"class": "4", "fee": "7"})
	if err := put(fee); err != nil {
		t.Fatal(err)
	}
	if got, err := a.st.Contact(ctx, a.workspace, c.ID); err != nil || len(got.Fields) != 1 || got.Fields["fee"] != "7" {
		t.Errorf("after a field was taken away: %+v, %v", got, err)
	}
	fee.Type = store.FieldText
	a.refused("another type", put(fee), smsir.CodeConflict)
	if list, err := a.st.ContactFields(ctx, a.workspace); err != nil || len(list) != 1 || list[0].Label != "Fee" || list[0].Type != store.FieldNumber {
		t.Errorf("fields: %+v, %v", list, err)
	}
	if list, err := a.st.ContactFields(ctx, a.other); err != nil || len(list) != 0 {
		t.Errorf("another workspace's fields: %+v, %v", list, err)
	}
}

func testSuppressions(t *testing.T, a *audience) {
	ctx := t.Context()
	sup := func(n int, sender string) store.Suppression {
		return store.Suppression{Workspace: a.workspace, Recipient: fmt.Sprintf("+120255501%02d", n), Sender: sender, Reason: "manual", CreatedAt: audienceNow}
	}
	entry := func(text string) store.ConsentEntry {
		return store.ConsentEntry{At: audienceNow, Source: "person", Actor: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.NewUUID(audienceNow)}, Text: text}
	}
	if n, err := a.st.Suppress(ctx, []store.Suppression{sup(1, ""), sup(2, "SHOP"), sup(1, "")}, entry("asked on the phone")); n != 2 || err != nil {
		t.Fatalf("added %d, %v", n, err)
	}
	check := func(ctx context.Context, n int, sender string) bool {
		to := fmt.Sprintf("+120255501%02d", n)
		hit, err := a.st.Suppressed(ctx, a.workspace, []string{to}, sender)
		if err != nil {
			t.Fatal(err)
		}
		return hit[to]
	}
	if !check(ctx, 1, "SHOP") || !check(ctx, 2, "SHOP") || check(ctx, 2, "BANK") || check(ctx, 3, "SHOP") {
		t.Error("what accept sees differs from what was suppressed")
	}
	list, err := a.st.Suppressions(ctx, a.workspace, "", store.Suppression{}, 1)
	if err != nil || len(list) != 1 || list[0].Recipient != "+12025550101" {
		t.Fatalf("list: %+v, %v", list, err)
	}
	if list, err = a.st.Suppressions(ctx, a.workspace, "", list[0], 10); err != nil || len(list) != 1 || list[0].Sender != "SHOP" {
		t.Errorf("next page: %+v, %v", list, err)
	}
	if list, err = a.st.Suppressions(ctx, a.workspace, "0102", store.Suppression{}, 10); err != nil || len(list) != 1 {
		t.Errorf("search: %+v, %v", list, err)
	}
	if list, err = a.st.SuppressionsOf(ctx, a.workspace, []string{"+12025550102", "+12025550103"}); err != nil || len(list) != 1 {
		t.Errorf("of some: %+v, %v", list, err)
	}
	a.refused("allow from another workspace", a.st.Allow(ctx, a.other, "+12025550101", "", entry("")), smsir.CodeNotFound)
	later := entry("changed her mind")
	later.At = audienceNow.Add(time.Second)
	if err := a.st.Allow(ctx, a.workspace, "+12025550101", "", later); err != nil {
		t.Fatal(err)
	}
	if check(ctx, 1, "SHOP") {
		t.Error("still suppressed")
	}
	ledger, err := a.st.Consents(ctx, a.workspace, "+12025550101", smsir.UUID{}, 10)
	if err != nil || len(ledger) != 2 || !ledger[0].Allowed || ledger[0].Text != "changed her mind" || ledger[1].Allowed || ledger[1].Actor.Kind != smsir.ActorUser {
		t.Errorf("ledger: %+v, %v", ledger, err)
	}
	if rest, err := a.st.Consents(ctx, a.workspace, "", ledger[0].ID, 10); err != nil || len(rest) != 2 {
		t.Errorf("ledger below the newest: %+v, %v", rest, err)
	}
}
