package audience

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

// Kinds of background work of an [Importer].
const (
	JobReview = "import.review"
	JobCommit = "import.commit"
	JobUndo   = "import.undo"
	JobForget = "import.forget"
)

// keepImports is how long the rows of an import are kept, and how long it can be undone.
const keepImports = 30 * 24 * time.Hour

// ImportStore is what an [Importer] needs of package store.
type ImportStore interface {
	store.Imports
	store.AudienceReader
	Workspace(ctx context.Context, id smsir.UUID) (*store.Workspace, error)
}

// Importer brings tables of contacts in: it reads a file into the database, checks every row in the background, writes
// contacts when a person says so, and takes them back. Safe for concurrent use.
//
// What it guarantees: each good row is written once, also when the work is cut off and begun again; nothing is written
// before the commit; undoing touches no contact that was changed since.
type Importer struct {
	store ImportStore
	poke  func()
	now   func() time.Time
	audit func(workspace smsir.UUID, by By, action, target, detail string) store.AuditEntry
}

// NewImporter returns an importer; poke is called when background work was added, and may be nil like now.
func NewImporter(st ImportStore, poke func(), now func() time.Time) *Importer {
	if now == nil {
		now = time.Now
	}
	if poke == nil {
		poke = func() {}
	}
	return &Importer{store: st, poke: poke, now: now, audit: (&Service{now: now}).audit}
}

// batch is how many rows are read, checked or written in one step.
const batch = 500

// Upload reads a table; its name is only shown, and kind is the media type. The import waits for [Importer.Map].
func (i *Importer) Upload(ctx context.Context, w *store.Workspace, name, kind string, file io.Reader, by By) (*store.Import, error) {
	name, err := fileName(name)
	if err != nil {
		return nil, err
	}
	table, err := sheet.Open(file, kind)
	if err != nil {
		return nil, err
	}
	now := i.now().UTC().Truncate(time.Millisecond)
	im := &store.Import{ID: smsir.NewUUID(now), Workspace: w.ID, Name: name, State: store.ImportUploading, By: by.Actor, CreatedAt: now, UpdatedAt: now}
	if err := i.store.CreateImport(ctx, *im, i.job(im, JobForget, now.Add(keepImports))); err != nil {
		return nil, err
	}
	if err := i.take(ctx, w, im, table); err != nil {
		return nil, errors.Join(err, i.drop(context.WithoutCancel(ctx), w.ID, im.ID))
	}
	return im, nil
}

// take reads the rows of a table into an import, and guesses what its columns are.
func (i *Importer) take(ctx context.Context, w *store.Workspace, im *store.Import, table *sheet.Reader) error {
	rows := make([]store.ImportRow, 0, batch)
	var sample [][]string
	width := 0
	for {
		n, cells, err := table.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(rows) == batch || err != nil && len(rows) > 0 {
			if err := i.store.AddImportRows(ctx, *im, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
		if err != nil {
			break
		}
		for c := range cells {
			cells[c] = strings.ReplaceAll(sheet.Plain(cells[c]), "\x00", "")
		}
		if im.Rows == 0 {
			im.First, im.Columns = n, slices.Clone(cells)
		}
		if len(sample) < 50 {
			sample = append(sample, cells)
		}
		im.Last, im.Rows, width = n, im.Rows+1, max(width, len(cells))
		rows = append(rows, store.ImportRow{N: n, Cells: cells})
	}
	if im.Rows == 0 {
		return invalid("file", "The file has no rows.")
	}
	for len(im.Columns) < width {
		im.Columns = append(im.Columns, "")
	}
	fields, err := i.store.ContactFields(ctx, w.ID)
	if err != nil {
		return err
	}
	im.Header = isHeader(sample[0], w.Country)
	if im.Header && im.Rows == 1 {
		return invalid("file", "The file has the names of columns, and no row below them.")
	}
	im.Mapping = guess(im.Columns, sample, im.Header, fields, w.Country)
	im.State = store.ImportUploaded
	return i.store.MoveImport(ctx, *im, []string{store.ImportUploading}, nil, nil)
}

// fileName is a name as it can be shown.
func fileName(name string) (string, error) {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, name)
	return cleanText("name", name, 200, false)
}

func (i *Importer) job(im *store.Import, kind string, at time.Time) store.Job {
	payload, _ := json.Marshal(importJob{im.Workspace.Format(smsir.PrefixWorkspace), im.ID.Format(smsir.PrefixImport)}) //nolint:errchkjson // two strings
	key := im.ID.Format(smsir.PrefixImport)
	if kind == JobReview { // one that began anew does not wait for the one before to be forgotten
		key += "." + strconv.FormatInt(im.Review, 10)
	}
	return store.Job{ID: smsir.NewUUID(i.now()), Workspace: im.Workspace, Kind: kind, Key: key, Payload: payload, RunAt: at, CreatedAt: i.now()}
}

// importJob is the payload of background work.
type importJob struct {
	Workspace string `json:"workspace"`
	Import    string `json:"import"`
}

// ImportMapping says what the columns of a table are.
type ImportMapping struct {
	Header  bool
	Columns []string
}

// Targets of a column, beside "field." and the key of a field. "" is for columns that are left out.
const (
	targetPhone, targetName, targetFirst, targetLast        = "phone", "name", "first_name", "last_name"
	targetLanguage, targetNotes, targetOptOut, targetFields = "language", "notes", "opt_out", "field."
)

// Map says what the columns are, and lets every row be checked. It can be called again until the commit.
func (i *Importer) Map(ctx context.Context, workspace, id smsir.UUID, m ImportMapping) (*store.Import, error) {
	im, err := i.store.Import(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	fields, err := i.store.ContactFields(ctx, workspace)
	if err != nil {
		return nil, err
	}
	if err := checkMapping(m.Columns, len(im.Columns), fields); err != nil {
		return nil, err
	}
	if m.Header && im.Rows == 1 {
		return nil, invalid("header", "The file has one row. If it names the columns, there is nothing to bring in.")
	}
	im.Header, im.Mapping, im.State = m.Header, m.Columns, store.ImportReviewing
	im.Review, im.Cursor, im.Counts, im.UpdatedAt = im.Review+1, 0, store.ImportCounts{}, i.now()
	j := i.job(im, JobReview, i.now())
	return i.moved(ctx, im, []string{store.ImportUploaded, store.ImportReviewing, store.ImportReviewed}, &j, nil)
}

func checkMapping(columns []string, want int, fields []store.ContactField) error {
	if len(columns) != want {
		return invalid("columns", "The file has %d columns. Say for each of them what it is, and \"\" for those that are left out.", want)
	}
	seen := map[string]bool{}
	for _, c := range columns {
		switch key, own := strings.CutPrefix(c, targetFields); {
		case c == "":
			continue
		case seen[c]:
			return invalid("columns", "Two columns are %q. Choose one of them.", clip(c))
		case own && !slices.ContainsFunc(fields, func(f store.ContactField) bool { return f.Key == key }):
			return invalid("columns", "There is no field %q. Add it to the fields of the workspace first.", clip(key))
		case !own && !slices.Contains([]string{targetPhone, targetName, targetFirst, targetLast, targetLanguage, targetNotes, targetOptOut}, c):
			return invalid("columns", "%q is nothing that a column can be.", clip(c))
		}
		seen[c] = true
	}
	switch {
	case !seen[targetPhone]:
		return invalid("columns", "Say which column has the phone numbers.")
	case seen[targetName] && (seen[targetFirst] || seen[targetLast]):
		return invalid("columns", "Choose either a column with the whole name, or those with first and last name.")
	}
	return nil
}

// moved stores a step and pokes the runner of jobs.
func (i *Importer) moved(ctx context.Context, im *store.Import, from []string, j *store.Job, audit *store.AuditEntry) (*store.Import, error) {
	if err := i.store.MoveImport(ctx, *im, from, j, audit); err != nil {
		return nil, err
	}
	i.poke()
	return im, nil
}

// Commit writes the contacts of the good rows, and puts them into static groups.
func (i *Importer) Commit(ctx context.Context, workspace, id smsir.UUID, groups []smsir.UUID, by By) (*store.Import, error) {
	im, err := i.store.Import(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if have, err := i.store.Group(ctx, workspace, g); smsir.CodeOf(err) == smsir.CodeNotFound || err == nil && have.Filter != nil {
			return nil, invalid("groups", "There is no group %s that people can be put into.", g.Format(smsir.PrefixGroup))
		} else if err != nil {
			return nil, err
		}
	}
	if im.State == store.ImportReviewed && im.Counts.New+im.Counts.Changed == 0 {
		return nil, invalid("", "No row of this file can be brought in. Look at what is wrong with them, or choose other columns.")
	}
	im.State, im.Groups, im.Cursor, im.By, im.UpdatedAt = store.ImportCommitting, groups, 0, by.Actor, i.now()
	j := i.job(im, JobCommit, i.now())
	audit := i.audit(workspace, by, "import.committed", id.Format(smsir.PrefixImport), im.Name)
	return i.moved(ctx, im, []string{store.ImportReviewed}, &j, &audit)
}

// Undo takes back what an import has written: contacts that it made go, those that it changed are as before. Contacts
// that were changed since stay, and so do opt-outs.
func (i *Importer) Undo(ctx context.Context, workspace, id smsir.UUID, by By) (*store.Import, error) {
	im, err := i.store.Import(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	im.State, im.Cursor, im.UpdatedAt = store.ImportUndoing, 0, i.now()
	j := i.job(im, JobUndo, i.now())
	audit := i.audit(workspace, by, "import.undone", id.Format(smsir.PrefixImport), im.Name)
	return i.moved(ctx, im, []string{store.ImportCommitted}, &j, &audit)
}

// Forget deletes an import with its rows. What it wrote stays, and cannot be undone any more.
func (i *Importer) Forget(ctx context.Context, workspace, id smsir.UUID, by By) error {
	im, err := i.store.Import(ctx, workspace, id)
	if err != nil {
		return err
	}
	if im.State == store.ImportCommitting || im.State == store.ImportUndoing {
		return smsir.Errorf(smsir.CodeConflict, "The import is at work. Wait until it is done.")
	}
	im.State, im.Problem, im.UpdatedAt = store.ImportFailed, "It was deleted.", i.now()
	audit := i.audit(workspace, by, "import.deleted", id.Format(smsir.PrefixImport), im.Name)
	if _, err := i.moved(ctx, im, []string{store.ImportUploaded, store.ImportReviewing, store.ImportReviewed, store.ImportCommitted, store.ImportUndone, store.ImportFailed}, nil, &audit); err != nil {
		return err
	}
	return i.drop(ctx, workspace, id)
}

func (i *Importer) drop(ctx context.Context, workspace, id smsir.UUID) error {
	for more := true; more; {
		var err error
		if more, err = i.store.ForgetImport(ctx, workspace, id, 10*batch); err != nil {
			return err
		}
	}
	return nil
}
