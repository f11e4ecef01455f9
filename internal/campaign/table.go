package campaign

import (
	"errors"
	"io"

	"github.com/smsir/smsir/internal/store"
)

// Bounds of a table that is read for one send.
const (
	MaxTable     = 1000 // numbers; as many as one batch takes
	maxTableRows = 5 * MaxTable
)

// Table is a list of recipients that was read for one send; nothing of it is stored.
type Table struct {
	Upload     // Added are the numbers of Recipients
	Recipients []store.Recipient
	Over       bool // it is too long for one send; Recipients is empty then
}

// ReadTable reads a table as [Service.AddRows] does, for one send of at most 1,000 numbers. It names every row without a
// number. Of a longer table it says only that it is one: at most 5,000 rows are looked at. Error: CodeInvalid.
func ReadTable(file io.Reader, kind, country string) (*Table, error) {
	t := &Table{}
	seen := map[string]bool{}
	r := rows{region: country, upload: &t.Upload, limit: maxTableRows, problems: maxTableRows}
	err := r.read(file, kind, func(page []store.Recipient) error {
		for _, one := range page {
			if seen[one.Phone] {
				t.Repeated++
				continue
			}
			if len(t.Recipients) == MaxTable {
				return errTooMany
			}
			seen[one.Phone] = true
			t.Recipients = append(t.Recipients, one)
		}
		return nil
	})
	if errors.Is(err, errTooMany) {
		return &Table{Over: true}, nil
	}
	t.Added = len(t.Recipients)
	return t, err
}
