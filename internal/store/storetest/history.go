package storetest

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// History runs the part of the suite about saved views. open opens a fresh store.
func History(t *testing.T, open func(t *testing.T) store.Store) {
	s, ctx := open(t), t.Context()
	ada := register(t, s, newRegistration("ada@example.com"))
	eve := register(t, s, newRegistration("eve@example.com"))
	w, someone := ada.Workspace.ID, eve.User.ID
	view := func(owner smsir.UUID, team bool, name string) store.View {
		return store.View{ID: smsir.NewUUID(base), Workspace: w, Owner: owner, Team: team, Name: name, Query: "status=failed", CreatedAt: base, UpdatedAt: base}
	}
	add := func(v store.View) store.View {
		t.Helper()
		must(t, "CreateView("+v.Name+")", s.CreateView(ctx, v, 10))
		return v
	}
	team := add(view(ada.User.ID, true, "Failed today"))
	mine := add(view(ada.User.ID, false, "Argentina"))
	theirs := add(view(someone, false, "argentina")) // a private name is nobody else's business
	names := func(person smsir.UUID) (list []string) {
		t.Helper()
		all, err := s.Views(ctx, w, person)
		must(t, "Views", err)
		for _, v := range all {
			list = append(list, v.Name)
		}
		return list
	}
	same(t, "Ada's views", names(ada.User.ID), []string{"Argentina", "Failed today"})
	same(t, "the other's views", names(someone), []string{"argentina", "Failed today"})
	got, err := s.View(ctx, w, someone, team.ID)
	must(t, "View of the team", err)
	same(t, "a view", got, &team)
	for what, err := range map[string]error{
		"somebody's private view": second(s.View(ctx, w, someone, mine.ID)),
		"another workspace":       second(s.View(ctx, eve.Workspace.ID, ada.User.ID, team.ID)),
		"change elsewhere":        s.UpdateView(ctx, store.View{ID: team.ID, Workspace: eve.Workspace.ID, Owner: someone, Name: "x"}),
		"removal elsewhere":       s.DeleteView(ctx, eve.Workspace.ID, team.ID),
	} {
		wantCode(t, what, err, smsir.CodeNotFound, "")
	}
	wantCode(t, "a name of the team's", s.CreateView(ctx, view(someone, true, "FAILED today"), 10), smsir.CodeConflict, "name")
	wantCode(t, "a name of one's own", s.CreateView(ctx, view(someone, false, "Argentina"), 10), smsir.CodeConflict, "name")
	wantCode(t, "one view too many", s.CreateView(ctx, view(someone, false, "Brazil"), 1), smsir.CodeConflict, "")

	theirs.Name, theirs.Query, theirs.Team, theirs.UpdatedAt = "Brazil", "to=55", true, base.Add(time.Second)
	must(t, "UpdateView", s.UpdateView(ctx, theirs))
	got, err = s.View(ctx, w, ada.User.ID, theirs.ID)
	must(t, "View", err)
	same(t, "a changed view", got, &theirs)
	theirs.Name = "Failed Today"
	wantCode(t, "a change to a name that is taken", s.UpdateView(ctx, theirs), smsir.CodeConflict, "name")
	must(t, "DeleteView", s.DeleteView(ctx, w, team.ID))
	wantCode(t, "removal again", s.DeleteView(ctx, w, team.ID), smsir.CodeNotFound, "")
	same(t, "Ada's views at the end", names(ada.User.ID), []string{"Argentina", "Brazil"})
}

func second[T any](_ T, err error) error { return err }

func testPaid(b *bench) {
	priced := func(reference string, micros int64) smsir.Outcome {
		o := accepted(reference)
		o.Price = smsir.Money{Micros: micros, Currency: "USD"}
		return o
	}
	first, free, last := b.message(), b.message(), b.message(func(m *smsir.Message) { m.Country, m.Segments = "GB", 3 })
	b.accept(true, first, free, last)
	b.finish(b.mustIntend(first), first.ID, priced("one", 5000))
	b.finish(b.mustIntend(free), free.ID, accepted("two"))
	b.finish(b.mustIntend(last), last.ID, priced("three", 21000))
	got, err := b.st.Paid(ctx, b.ws)
	must(b.T, "Paid", err)
	same(b.T, "what was paid", got, []store.Paid{
		{Country: "GB", Provider: b.provider, Segments: 3, Price: smsir.Money{Micros: 21000, Currency: "USD"}},
		{Country: first.Country, Provider: b.provider, Segments: first.Segments, Price: smsir.Money{Micros: 5000, Currency: "USD"}},
	})
	if got, err := b.st.Paid(ctx, smsir.NewUUID(base)); err != nil || len(got) != 0 {
		b.Errorf("another workspace: %v, %v", got, err)
	}
}
