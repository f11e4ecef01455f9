package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Imports runs the part of the suite about tables of contacts on their way in.
func Imports(t *testing.T, open func(t *testing.T) store.Store) {
	for name, f := range map[string]func(t *testing.T, a *audience){
		"steps": testImportSteps, "once": testImportOnce, "undo": testImportUndo, "forget": testImportForget,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := open(t)
			f(t, &audience{t, st, newTenant(t, st, "ada@example.com"), newTenant(t, st, "eve@example.com")})
		})
	}
}

// table stores an import with rows 2 to n+1 below a header, and returns it.
func (a *audience) table(n int) store.Import {
	a.t.Helper()
	ctx := a.t.Context()
	im := store.Import{
		ID: smsir.NewUUID(audienceNow), Workspace: a.workspace, Name: "people.csv", State: store.ImportUploading, CreatedAt: audienceNow, UpdatedAt: audienceNow,
		By: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.NewUUID(audienceNow)},
	}
	forget := store.Job{ID: smsir.NewUUID(audienceNow), Workspace: a.workspace, Kind: "import.forget", Key: im.ID.Format("imp"), Payload: []byte("{}"), RunAt: audienceNow.Add(time.Hour), CreatedAt: audienceNow}
	a.must(a.st.CreateImport(ctx, im, forget))
	rows := []store.ImportRow{{N: 1, Cells: []string{"Name", "Phone"}}}
	for i := range n {
		rows = append(rows, store.ImportRow{N: i + 2, Cells: []string{fmt.Sprint("Row ", i+2), fmt.Sprintf("+120255501%02d", i)}})
	}
	a.must(a.st.AddImportRows(ctx, im, rows))
	im.State, im.Header, im.First, im.Last, im.Rows, im.Columns, im.Mapping = store.ImportUploaded, true, 1, n+1, n+1, []string{"Name", "Phone"}, []string{"name", "phone"}
	a.must(a.st.MoveImport(ctx, im, []string{store.ImportUploading}, nil, nil))
	return im
}

func (a *audience) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *audience) look(im store.Import) store.Import {
	a.t.Helper()
	got, err := a.st.Import(a.t.Context(), im.Workspace, im.ID)
	a.must(err)
	return *got
}

func testImportSteps(t *testing.T, a *audience) {
	ctx := t.Context()
	im := a.table(4)
	got := a.look(im)
	if got.Name != "people.csv" || got.State != store.ImportUploaded || !got.Header || got.Last != 5 || got.Rows != 5 || len(got.Columns) != 2 || got.Mapping[1] != "phone" || got.By != im.By || !got.CreatedAt.Equal(im.CreatedAt) {
		t.Errorf("stored: %+v", got)
	}
	_, err := a.st.Import(ctx, a.other, im.ID)
	a.refused("the import of another workspace", err, smsir.CodeNotFound)
	a.refused("rows of one that was uploaded", a.st.AddImportRows(ctx, im, []store.ImportRow{{N: 9}}), smsir.CodeNotFound)

	im.State, im.Review = store.ImportReviewing, 1
	j := store.Job{ID: smsir.NewUUID(audienceNow), Workspace: a.workspace, Kind: "import.review", Key: "k", Payload: []byte("{}"), RunAt: audienceNow, CreatedAt: audienceNow}
	a.must(a.st.MoveImport(ctx, im, []string{store.ImportUploaded}, &j, nil))
	a.refused("a step that was done", a.st.MoveImport(ctx, im, []string{store.ImportUploaded}, nil, nil), smsir.CodeConflict)
	if next, err := a.st.NextJob(ctx, []string{"import.review"}); err != nil || !next.Equal(audienceNow) {
		t.Errorf("the job of the step: %v, %v", next, err)
	}
	judged := []store.ImportRow{
		{N: 2, State: store.RowNew, Phone: "+12025550100", OptedOut: true},
		{N: 3, State: store.RowBad, Code: "phone_letters", Params: map[string]string{"char": "x"}, Column: "Phone", Reason: "A phone number has no letters."},
	}
	im.Counts.Bad = 1
	a.must(a.st.ReviewImport(ctx, im, judged, 3))
	a.refused("a review that another run went on with", a.st.ReviewImport(ctx, im, judged, 3), smsir.CodeConflict)
	im = a.look(im)
	if im.Cursor != 3 || im.Counts.Bad != 1 {
		t.Errorf("after the first batch: %+v", im)
	}
	if above, err := a.st.ImportPhones(ctx, im, []string{"+12025550100", "+12025550101"}); err != nil || len(above) != 1 || above["+12025550100"] != 2 {
		t.Errorf("numbers above: %v, %v", above, err)
	}
	for state, want := range map[string]int{"": 5, store.RowBad: 1, store.RowNew: 1, "opted_out": 1, store.RowDuplicate: 0} {
		if rows, err := a.st.ImportRows(ctx, im, store.ImportRowQuery{State: state, Limit: 10}); err != nil || len(rows) != want {
			t.Errorf("rows %q: %v, %v", state, rows, err)
		}
	}
	bad, err := a.st.ImportRows(ctx, im, store.ImportRowQuery{State: store.RowBad, After: 2, Limit: 10})
	if err != nil || len(bad) != 1 || bad[0].Reason != judged[1].Reason || bad[0].Column != "Phone" || bad[0].Code != "phone_letters" || bad[0].Params["char"] != "x" || bad[0].Cells[0] != "Row 3" {
		t.Errorf("the bad row: %+v, %v", bad, err)
	}
	// Another review judges anew.
	im.Review, im.Cursor, im.Counts = 2, 0, store.ImportCounts{}
	a.must(a.st.MoveImport(ctx, im, []string{store.ImportReviewing}, nil, nil))
	if rows, err := a.st.ImportRows(ctx, im, store.ImportRowQuery{Limit: 10}); err != nil || len(rows) != 5 || rows[2].State != "" || rows[2].Reason != "" {
		t.Errorf("rows of a new review: %+v, %v", rows, err)
	}
	if above, err := a.st.ImportPhones(ctx, im, []string{"+12025550100"}); err != nil || len(above) != 0 {
		t.Errorf("numbers of an old review: %v, %v", above, err)
	}
	if list, err := a.st.Imports(ctx, a.workspace, 10); err != nil || len(list) != 1 {
		t.Errorf("list: %v, %v", list, err)
	}
}

// committing brings an import to its commit, with the last contact of the table there already.
func (a *audience) committing(n int, groups ...smsir.UUID) (store.Import, []store.ImportWrite) {
	im := a.table(n)
	im.State, im.Groups = store.ImportCommitting, groups
	a.must(a.st.MoveImport(a.t.Context(), im, []string{store.ImportUploaded}, nil, nil))
	var writes []store.ImportWrite
	for i := range n {
		c := a.contact(i, fmt.Sprint("Row ", i+2), map[string]string{"town": "Paris"})
		c.ID, c.Groups, c.UpdatedAt = smsir.NewUUID(audienceNow), groups, audienceNow.Add(time.Minute)
		writes = append(writes, store.ImportWrite{N: i + 2, Contact: c, OptOut: i == 0})
	}
	return im, writes
}

func testImportOnce(t *testing.T, a *audience) {
	ctx := t.Context()
	g := a.group("Parents", nil)
	im, writes := a.committing(4, g.ID)
	a.add(3, "Old name", nil)
	first := im
	a.must(a.st.CommitImport(ctx, &first, writes[:2], 3, audienceNow))
	if first.Cursor != 3 || first.Counts.Created != 2 {
		t.Errorf("after a batch: %+v", first)
	}
	again := im // a run that was cut off before it knew
	a.refused("a batch that was written", a.st.CommitImport(ctx, &again, writes[:2], 3, audienceNow), smsir.CodeConflict)
	first = a.look(im)
	first.State = store.ImportCommitted
	writes[2] = store.ImportWrite{N: 4, Bad: &store.ImportRow{N: 4, State: store.RowBad, Code: "value_invalid", Reason: "The field was deleted."}}
	a.must(a.st.CommitImport(ctx, &first, writes[2:], 5, audienceNow))
	im = a.look(im)
	if im.State != store.ImportCommitted || im.Counts.Created != 2 || im.Counts.Updated != 1 || im.Counts.Bad != 1 {
		t.Errorf("committed: %+v", im)
	}
	a.expect(store.ContactQuery{Group: g.ID}, "Row 2 Row 3 Row 5")
	if list, err := a.st.SuppressionsOf(ctx, a.workspace, []string{"+12025550100", "+12025550101"}); err != nil || len(list) != 1 || list[0].Reason != "import" {
		t.Errorf("suppressions: %v, %v", list, err)
	}
	if list, err := a.st.Consents(ctx, a.workspace, "+12025550100", smsir.UUID{}, 10); err != nil || len(list) != 1 || list[0].Source != "import" || list[0].Text != "people.csv" || list[0].Actor != im.By {
		t.Errorf("ledger: %v, %v", list, err)
	}
}

func testImportUndo(t *testing.T, a *audience) {
	ctx := t.Context()
	g, other := a.group("Parents", nil), a.group("Others", nil)
	old := a.add(3, "Old name", map[string]string{"class": "4B"})
	im, writes := a.committing(4, g.ID)
	im.State = store.ImportCommitted
	a.must(a.st.CommitImport(ctx, &im, writes, 5, audienceNow))
	changed, err := a.st.Contact(ctx, a.workspace, writes[1].Contact.ID)
	a.must(err)
	changed.Notes, changed.UpdatedAt = "called", audienceNow.Add(time.Hour)
	a.must(a.st.UpdateContact(ctx, *changed, a.audit()))
	a.must(a.st.ChangeGroup(ctx, a.workspace, other.ID, []smsir.UUID{old.ID}, nil, audienceNow))
	_, err = a.st.DeleteContacts(ctx, a.workspace, []smsir.UUID{writes[2].Contact.ID}, a.audit())
	a.must(err)

	im.State, im.Cursor = store.ImportUndoing, 0
	a.must(a.st.MoveImport(ctx, im, []string{store.ImportCommitted}, nil, nil))
	stale := im
	for more := true; more; {
		more, err = a.st.UndoImport(ctx, &im, 2)
		a.must(err)
	}
	if im.Counts.Undone != 2 || im.Counts.Kept != 2 {
		t.Errorf("undone: %+v", im.Counts)
	}
	_, err = a.st.UndoImport(ctx, &stale, 2)
	a.refused("a batch that was undone", err, smsir.CodeConflict)
	a.expect(store.ContactQuery{}, "Old name Row 3")
	back, err := a.st.Contact(ctx, a.workspace, old.ID)
	a.must(err)
	if back.Name != "Old name" || len(back.Fields) != 1 || back.Fields["class"] != "4B" || len(back.Groups) != 1 || back.Groups[0] != other.ID || !back.UpdatedAt.Equal(old.UpdatedAt) {
		t.Errorf("restored: %+v", back)
	}
}

func testImportForget(t *testing.T, a *audience) {
	ctx := t.Context()
	im := a.table(4)
	more, err := a.st.ForgetImport(ctx, a.other, im.ID, 10)
	if err != nil || more || len(a.look(im).Columns) != 2 {
		t.Errorf("by another workspace: %v, %v", more, err)
	}
	for _, want := range []bool{true, true, false, false} {
		if more, err := a.st.ForgetImport(ctx, a.workspace, im.ID, 2); err != nil || more != want {
			t.Errorf("forget two rows: %v, %v, want %v", more, err, want)
		}
	}
	_, err = a.st.Import(ctx, a.workspace, im.ID)
	a.refused("a forgotten import", err, smsir.CodeNotFound)
	if rows, err := a.st.ImportRows(ctx, im, store.ImportRowQuery{Limit: 10}); err != nil || len(rows) != 0 {
		t.Errorf("rows of a forgotten import: %v, %v", rows, err)
	}
}
