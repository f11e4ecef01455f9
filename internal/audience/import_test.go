package audience_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/audience"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

// world is an importer on a database of its own, with one workspace in the United States.
type world struct {
	*testing.T
	db    *sqlite.Store
	im    *audience.Importer
	space *store.Workspace
	by    audience.By
	cut   func(call string) error // fails a call of the store; nil: none
}

// flaky is a store that is cut off before or after a call.
type flaky struct {
	*sqlite.Store
	w *world
}

func (f flaky) around(call string, do func() error) error {
	if f.w.cut != nil {
		if err := f.w.cut("before " + call); err != nil {
			return err
		}
	}
	if err := do(); err != nil {
		return err
	}
	if f.w.cut != nil {
		return f.w.cut("after " + call)
	}
	return nil
}

func (f flaky) ReviewImport(ctx context.Context, im store.Import, rows []store.ImportRow, upTo int) error {
	return f.around("review", func() error { return f.Store.ReviewImport(ctx, im, rows, upTo) })
}

func (f flaky) CommitImport(ctx context.Context, im *store.Import, rows []store.ImportWrite, upTo int, now time.Time) error {
	return f.around("commit", func() error { return f.Store.CommitImport(ctx, im, rows, upTo, now) })
}

func (f flaky) UndoImport(ctx context.Context, im *store.Import, limit int) (more bool, err error) {
	err = f.around("undo", func() error {
		more, err = f.Store.UndoImport(ctx, im, limit)
		return err
	})
	return more, err
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(t.TempDir(), "smsir.db")), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	now := time.Now()
	w := &world{T: t, db: db}
	w.space = &store.Workspace{ID: smsir.NewUUID(now), Name: "School", Country: "US", TimeZone: "UTC", CreatedAt: now}
	u := store.User{ID: smsir.NewUUID(now), Email: "ada@example.com", Name: "Ada", PasswordHash: "x", CreatedAt: now}
	if err := db.Register(t.Context(), store.Registration{User: u, Workspace: w.space, Role: store.Owner, Session: store.Session{
		ID: smsir.NewUUID(now), User: u.ID, Workspace: w.space.ID, Client: "web", CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour), ReauthAt: now,
	}}); err != nil {
		t.Fatal(err)
	}
	w.by = audience.By{Actor: smsir.Actor{Kind: smsir.ActorUser, ID: u.ID}}
	w.im = audience.NewImporter(flaky{db, w}, nil, nil)
	return w
}

func (w *world) upload(file string) *store.Import {
	w.Helper()
	im, err := w.im.Upload(w.Context(), w.space, "people.csv", sheet.CSV, strings.NewReader(file), w.by)
	if err != nil {
		w.Fatal(err)
	}
	return im
}

func (w *world) review(im *store.Import, header bool, columns ...string) {
	w.Helper()
	if _, err := w.im.Map(w.Context(), w.space.ID, im.ID, audience.ImportMapping{Header: header, Columns: columns}); err != nil {
		w.Fatal(err)
	}
	w.work()
	*im = w.look(im)
}

// work does the jobs that are due, again when they were cut off.
func (w *world) work() {
	w.Helper()
	kinds := []string{audience.JobReview, audience.JobCommit, audience.JobUndo}
	for range 1000 {
		now := time.Now().Add(time.Minute)
		jobs, err := w.db.LeaseJobs(w.Context(), kinds, now, now.Add(time.Minute), 1)
		if err != nil {
			w.Fatal(err)
		}
		if len(jobs) == 0 {
			return
		}
		j := jobs[0]
		if err := w.im.Run(w.Context(), j.Kind, j.Payload); errors.Is(err, errCut) {
			err = w.db.AgainJob(w.Context(), j.ID, j.Lease, now, j.Payload, err.Error())
			if err != nil {
				w.Fatal(err)
			}
		} else if err != nil {
			w.Fatal(err)
		} else if err := w.db.FinishJob(w.Context(), j.ID, j.Lease); err != nil {
			w.Fatal(err)
		}
	}
	w.Fatal("the work never ends")
}

func (w *world) look(im *store.Import) store.Import {
	w.Helper()
	got, err := w.db.Import(w.Context(), w.space.ID, im.ID)
	if err != nil {
		w.Fatal(err)
	}
	return *got
}

func (w *world) contacts() int64 {
	w.Helper()
	n, err := w.db.CountContacts(w.Context(), w.space.ID, store.ContactQuery{})
	if err != nil {
		w.Fatal(err)
	}
	return n
}

var errCut = errors.New("cut off")

// TestLargeImport brings 10,000 rows in, 300 of them bad, with every step cut off before and after each batch.
func TestLargeImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var file strings.Builder
	file.WriteString("Name;Phone\n")
	bad := map[int]string{}
	for i := range 10_000 {
		row := i + 2
		phone := fmt.Sprintf("+1 212 55%d-%04d", i/10000, i%10000)
		if i%33 == 5 && len(bad) < 300 {
			switch len(bad) % 4 {
			case 0:
				phone, bad[row] = "2.54712E+11", "rounded"
			case 1:
				phone, bad[row] = "", "no phone number"
			case 2:
				phone, bad[row] = "call me", "no letters"
			case 3:
				phone, bad[row] = "+1 212 5", "digits"
			}
		}
		fmt.Fprintf(&file, "Person %d;%s\n", row, phone)
	}
	im := w.upload(file.String())
	if im.Rows != 10_001 || !im.Header || im.Mapping[0] != "name" || im.Mapping[1] != "phone" {
		t.Fatalf("uploaded: %+v", im)
	}
	cuts := 0
	w.cut = func(string) error {
		if cuts++; cuts%5 < 2 {
			return errCut
		}
		return nil
	}
	w.review(im, true, "name", "phone")
	if im.State != store.ImportReviewed || im.Counts.New != 9700 || im.Counts.Bad != 300 || im.Counts.Duplicate != 0 {
		t.Fatalf("reviewed: %s %+v", im.State, im.Counts)
	}
	rows, err := w.db.ImportRows(t.Context(), *im, store.ImportRowQuery{State: store.RowBad, Limit: 1000})
	if err != nil || len(rows) != 300 {
		t.Fatalf("%d bad rows, %v", len(rows), err)
	}
	for _, r := range rows {
		if !strings.Contains(r.Reason, bad[r.N]) || bad[r.N] == "" || r.Column != "Phone" {
			t.Errorf("row %d: %s: %q, want %q", r.N, r.Column, r.Reason, bad[r.N])
		}
	}
	if w.contacts() != 0 {
		t.Error("contacts were written before the commit")
	}
	if _, err := w.im.Commit(t.Context(), w.space.ID, im.ID, nil, w.by); err != nil {
		t.Fatal(err)
	}
	w.work()
	if *im = w.look(im); im.State != store.ImportCommitted || im.Counts.Created != 9700 || im.Counts.Updated != 0 || w.contacts() != 9700 {
		t.Errorf("committed: %s %+v, %d contacts", im.State, im.Counts, w.contacts())
	}
	if _, err := w.im.Undo(t.Context(), w.space.ID, im.ID, w.by); err != nil {
		t.Fatal(err)
	}
	w.work()
	if *im = w.look(im); im.State != store.ImportUndone || im.Counts.Undone != 9700 || im.Counts.Kept != 0 || w.contacts() != 0 {
		t.Errorf("undone: %s %+v, %d contacts", im.State, im.Counts, w.contacts())
	}
	if cuts < 40 {
		t.Errorf("cut off only %d times", cuts)
	}
}

func TestColumnsAreGuessed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.db.PutContactFields(t.Context(), w.space.ID, []store.ContactField{{Key: "class", Label: "Class of child", Type: store.FieldText}}, store.AuditEntry{Workspace: w.space.ID}); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"Hotel,Total,Tel,Name\nRitz,3,+12025550100,Ada\n":                                                 "true,,,phone,name",
		"First Name,Surname,Mobile No.\nAda,Lovelace,2025550100\n":                                        "true,first_name,last_name,phone",
		"Nom,Prénom,Téléphone\nLovelace,Ada,+12025550100\n":                                               "true,last_name,first_name,phone",
		"Nom;Numéro\nAda;+12025550100\n":                                                                  "true,name,phone",
		"Jina,Namba ya simu,Amejiondoa\nAda,+12025550100,\n":                                              "true,name,phone,opt_out",
		"الاسم,رقم الهاتف\nAda,+12025550100\n":                                                            "true,name,phone",
		"Ada,+12025550100\nEve,+12025550101\n":                                                            "false,,phone",
		"CLASS OF CHILD,phone,phone\n4B,+12025550100,+12025550101\n":                                      "true,field.class,phone,",
		"Name,Name,Guardian,When\nAda,x,(202) 555-0100,12\nEve,y,(202) 555-0101,13\n":                     "true,name,,phone,",
		",Phone,Do not contact,Notes,Language\nAda,+12025550100,yes,x,en\n":                               "true,,phone,opt_out,notes,en"[:len("true,,phone,opt_out,notes,")] + "language",
		"Name\tPhone\r\n\"Ada\"\t'+12025550100\r\n":                                                       "true,name,phone",
		strings.ReplaceAll("\xef\xbb\xbfName;Phone\nAda;254712345678.0\n", "254712345678", "12025550100"): "true,name,phone",
	} {
		im := w.upload(file)
		if got := fmt.Sprint(im.Header, ",", strings.Join(im.Mapping, ",")); got != want {
			t.Errorf("%q: %s, want %s", file, got, want)
		}
	}
	for file, says := range map[string]string{"name,phone\n": "no row below", "": "empty", "a,\"b\nc": "quotation mark"} {
		if _, err := w.im.Upload(t.Context(), w.space, "x", sheet.CSV, strings.NewReader(file), w.by); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", file, err, says)
		}
	}
	if list, err := w.db.Imports(t.Context(), w.space.ID, 50); err != nil || len(list) != 12 {
		t.Errorf("%d imports, %v: refused files must leave nothing", len(list), err)
	}
}

// TestNamesOfFiles checks that the name of a file is a text and no more.
func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{`<?php system("id");?>.csv`, "../../x.csv", "/etc/passwd", `C:\x\y.csv`, "a\x00b\r\nc.csv"} {
		im, err := w.im.Upload(t.Context(), w.space, name, sheet.CSV, strings.NewReader("phone\n+12025550100\n"), w.by)
		if err != nil || strings.ContainsAny(im.Name, "\x00\r\n") || len(name) > 12 && name != "a\x00b\r\nc.csv" && im.Name != name {
			t.Errorf("%q: %q, %v", name, im.Name, err)
		}
	}
}

func TestReviewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	if err := w.db.PutContactFields(ctx, w.space.ID, []store.ContactField{{Key: "fee", Label: "Fee", Type: store.FieldNumber}}, store.AuditEntry{Workspace: w.space.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.PutContacts(ctx, []store.Contact{{ID: smsir.NewUUID(time.Now()), Workspace: w.space.ID, Phone: "+12025550103", Name: "Old", CreatedAt: time.Now(), UpdatedAt: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	im := w.upload("Name,Phone,Fee,Stop\nAda,(202) 555-0100,12.5,\nEve,+1 202 555 0100,,\nBob,2025550101,much,\nKim,2025550102,,perhaps\n\nOld new,+12025550103,7,yes\n" + strings.Repeat("x", 200) + ",+12025550104,,\n")
	w.review(im, true, "name", "phone", "field.fee", "opt_out")
	want := im.Counts
	if want.New != 1 || want.Changed != 1 || want.Duplicate != 1 || want.Bad != 3 || want.OptedOut != 1 {
		t.Errorf("counts: %+v", want)
	}
	rows, err := w.db.ImportRows(ctx, *im, store.ImportRowQuery{After: 1, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%d %s %s %s: %.40s", r.N, r.State, r.Code, r.Column, r.Reason))
	}
	if text := strings.Join(got, "\n"); text != `2 new  : 
3 duplicate duplicate : Row 2 has the number +12025550100 alread
4 bad value_no_number Fee: Fee: "much" is not a number. Write it li
5 bad opt_out_unclear Stop: "perhaps" says neither that the person h
7 changed  : 
8 bad value_too_long Name: This has 200 characters. Give at most 12` {
		t.Errorf("rows:\n%s", text)
	}
	for i, want := range map[int]map[string]string{1: {"row": "2", "phone": "+12025550100"}, 2: {"field": "Fee", "value": "much"}, 3: {"value": "perhaps"}, 5: {"n": "200", "max": "120"}} {
		if !maps.Equal(rows[i].Params, want) {
			t.Errorf("row %d speaks of %v, want %v", rows[i].N, rows[i].Params, want)
		}
	}
	// Told anew, without the columns that went wrong.
	w.review(im, true, "", "phone", "", "")
	if im.Counts.New != 4 || im.Counts.Changed != 1 || im.Counts.Bad != 0 || im.Counts.Duplicate != 1 {
		t.Errorf("counts of the second review: %+v", im.Counts)
	}
	for _, columns := range [][]string{{"phone"}, {"name", "", "", ""}, {"name", "phone", "field.none", ""}, {"phone", "phone", "", ""}, {"name", "phone", "first_name", ""}, {"name", "phone", "hotel", ""}} {
		if _, err := w.im.Map(ctx, w.space.ID, im.ID, audience.ImportMapping{Header: true, Columns: columns}); smsir.CodeOf(err) != smsir.CodeInvalid {
			t.Errorf("mapping %q: %v", columns, err)
		}
	}
}

func TestImportsGoStepByStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	im := w.upload("phone\ncall me\n")
	if _, err := w.im.Commit(ctx, w.space.ID, im.ID, nil, w.by); smsir.CodeOf(err) != smsir.CodeConflict {
		t.Errorf("commit before the review: %v", err)
	}
	if _, err := w.im.Undo(ctx, w.space.ID, im.ID, w.by); smsir.CodeOf(err) != smsir.CodeConflict {
		t.Errorf("undo before the commit: %v", err)
	}
	w.review(im, true, "phone")
	if _, err := w.im.Commit(ctx, w.space.ID, im.ID, nil, w.by); smsir.CodeOf(err) != smsir.CodeInvalid {
		t.Errorf("commit of nothing: %v", err)
	}
	w.review(im, false, "phone")
	if im.Counts.Bad != 2 {
		t.Errorf("without a header: %+v", im.Counts)
	}
	if _, err := w.im.Commit(ctx, w.space.ID, im.ID, []smsir.UUID{smsir.NewUUID(time.Now())}, w.by); smsir.CodeOf(err) != smsir.CodeInvalid {
		t.Errorf("commit into a group that is not there: %v", err)
	}
	if err := w.im.Forget(ctx, w.space.ID, im.ID, w.by); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Import(ctx, w.space.ID, im.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Errorf("a forgotten import: %v", err)
	}
	w.work() // a job of what is gone is no fault

	im = w.upload("phone\n+12025550100\n")
	w.review(im, true, "phone")
	payload := []byte(`{"workspace":"` + w.space.ID.Format("wks") + `","import":"` + im.ID.Format("imp") + `"}`)
	if err := w.im.Fail(ctx, payload, errors.New("The disk is full.")); err != nil { //nolint:staticcheck,revive // a sentence
		t.Fatal(err)
	}
	if *im = w.look(im); im.State != store.ImportFailed || im.Problem != "The disk is full." {
		t.Errorf("given up: %+v", im)
	}
}
