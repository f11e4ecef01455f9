package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// States of an [Import].
const (
	ImportUploading  = "uploading"  // its rows are being read
	ImportUploaded   = "uploaded"   // waits to be told what the columns mean
	ImportReviewing  = "reviewing"  // every row is being checked
	ImportReviewed   = "reviewed"   // waits for a decision
	ImportCommitting = "committing" // contacts are being written
	ImportCommitted  = "committed"
	ImportUndoing    = "undoing"
	ImportUndone     = "undone"
	ImportFailed     = "failed"
)

// Import is a table of contacts on its way in.
type Import struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	Name      string // of the file, as it was given: shown, never used
	State     string
	Header    bool     // the first row names the columns
	First     int      // number of the first row
	Last      int      // number of the last row
	Rows      int      // rows that are not empty
	Columns   []string // the cells of the first row, one for every column
	Mapping   []string // what each column is; "" for nothing
	Groups    []smsir.UUID
	Review    int64 // counts the reviews: a row that another one judged is not judged
	Cursor    int   // the last row that the work under way has done
	Counts    ImportCounts
	Problem   string // why it failed
	By        smsir.Actor
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ImportCounts says what becomes of the rows.
type ImportCounts struct {
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Duplicate int `json:"duplicate"`
	Bad       int `json:"bad"`
	OptedOut  int `json:"opted_out"` // of the new and changed ones
	Created   int `json:"created"`   // contacts that were written
	Updated   int `json:"updated"`
	Undone    int `json:"undone"`
	Kept      int `json:"kept"` // changed since, and therefore not undone
}

// States of an [ImportRow].
const (
	RowNew       = "new"       // the number has no contact yet
	RowChanged   = "changed"   // the number has a contact, which gets what the row says
	RowDuplicate = "duplicate" // a row above has the number
	RowBad       = "bad"
)

// ImportRow is one row of an import.
type ImportRow struct {
	N        int // in the spreadsheet, from 1
	Cells    []string
	State    string // "" until it was judged
	OptedOut bool
	Phone    string // E.164
	Code     string // of what is wrong, stable
	Params   map[string]string
	Column   string // where
	Reason   string // in plain words
}

// ImportWrite is a row whose contact is written.
type ImportWrite struct {
	N       int
	Contact Contact
	OptOut  bool // the number gets a suppression
	Bad     *ImportRow
}

// ImportRowQuery selects rows. Zero fields select everything.
type ImportRowQuery struct {
	State string // one of those of a row, or "opted_out"
	After int
	Limit int
}

// Imports stores tables of contacts until they are forgotten. Errors: CodeNotFound, and CodeConflict where the import is
// in another state than the step needs.
type Imports interface {
	CreateImport(ctx context.Context, im Import, forget Job) error
	// AddImportRows adds rows to one that is uploading.
	AddImportRows(ctx context.Context, im Import, rows []ImportRow) error
	// MoveImport replaces what is known of an import if it is in one of the states still, and adds a job for it.
	MoveImport(ctx context.Context, im Import, from []string, j *Job, audit *AuditEntry) error
	Import(ctx context.Context, workspace, id smsir.UUID) (*Import, error)
	// Imports lists the newest first, without those that are uploading.
	Imports(ctx context.Context, workspace smsir.UUID, limit int) ([]Import, error)
	// ImportRows lists rows by number.
	ImportRows(ctx context.Context, im Import, q ImportRowQuery) ([]ImportRow, error)
	// ImportPhones tells which of the numbers rows above have, and the first row of each. At most 1,000 numbers.
	ImportPhones(ctx context.Context, im Import, phones []string) (map[string]int, error)
	// ReviewImport stores the judgement of rows up to number upTo, and what is known of the import. CodeConflict: im is
	// not what the store has; another run went on or the review began anew.
	ReviewImport(ctx context.Context, im Import, rows []ImportRow, upTo int) error
	// CommitImport writes the contacts of rows up to number upTo like [Audience.PutContacts], forbids messages to those
	// that opted out, and keeps how each contact was: all of it once, or nothing. It counts into im.
	CommitImport(ctx context.Context, im *Import, rows []ImportWrite, upTo int, now time.Time) error
	// UndoImport takes back what up to limit rows wrote, unless the contact was changed since. It counts into im, and
	// reports whether there are more.
	UndoImport(ctx context.Context, im *Import, limit int) (more bool, err error)
	// ForgetImport deletes up to limit rows of an import, and the import with the last; its contacts stay.
	ForgetImport(ctx context.Context, workspace, id smsir.UUID, limit int) (more bool, err error)
}
