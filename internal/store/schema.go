package store

import (
	"errors"
	"fmt"
)

// SchemaGeneration is the schema that this program was written for. A release that changes the schema in a way that the
// release before the last could not work with raises it, here and in table schema_version by its migration. A program
// works on its own generation and on the next, so that two adjacent releases may share a database while nodes are
// replaced one by one; docs/operations.md has the rules.
const SchemaGeneration = 1

// Schema says how a database stands to this program.
type Schema struct {
	Version    int64    // number of the newest migration that ran; 0 for an empty database
	Pending    []string // files of the migrations that did not run yet, in order
	Generation int      // of the database; 0 for an empty one
}

// ErrTooNew says that a database was made for a later program.
var ErrTooNew = errors.New("the database is too new for this program")

// Fits is nil if this program works on the schema.
func (s Schema) Fits() error {
	if s.Generation > SchemaGeneration+1 {
		return fmt.Errorf("%w: its schema is generation %d, and this program works on %d and %d. Start the newer program again, or go back to a backup from before the upgrade",
			ErrTooNew, s.Generation, SchemaGeneration, SchemaGeneration+1)
	}
	return nil
}
