package sqlite

import (
	"fmt"
	"math/bits"
	"strings"
)

// sparse inserts rows of many columns of which most have their default: what a value costs that is bound is a good part of what
// a row costs. A column may be left out if its default is the zero value of its type, or NULL.
type sparse struct {
	into, after string // table; what follows the values
	columns     []string
	optional    uint64            // by column
	queries     map[uint64]string // by columns left out; there are few combinations
	args        []any
}

// newSparse lists columns as SQL does; optional are some of them.
func newSparse(into, columns, optional, after string) sparse {
	s := sparse{into: into, after: after, queries: map[uint64]string{}}
	may := map[string]bool{}
	for _, c := range strings.Split(optional, ",") {
		may[strings.TrimSpace(c)] = true
	}
	for i, c := range strings.Split(columns, ",") {
		c = strings.TrimSpace(c)
		s.columns = append(s.columns, c)
		if may[c] {
			s.optional |= 1 << i
		}
	}
	if len(s.columns) > 64 || len(may) != bits.OnesCount64(s.optional) {
		panic(fmt.Sprintf("columns of %s: %d, of which %d of %d are optional", into, len(s.columns), bits.OnesCount64(s.optional), len(may)))
	}
	return s
}

// insert inserts a row.
func (s *sparse) insert(t *wtx, row []any) (int64, error) {
	left := uint64(0)
	s.args = s.args[:0]
	for i, v := range row {
		if s.optional&(1<<i) != 0 && (v == nil || v == int64(0) || v == "") {
			left |= 1 << i
			continue
		}
		s.args = append(s.args, v)
	}
	return t.exec(s.query(left), s.args...)
}

func (s *sparse) query(left uint64) string {
	if q, ok := s.queries[left]; ok {
		return q
	}
	var columns []string
	for i, c := range s.columns {
		if left&(1<<i) == 0 {
			columns = append(columns, c)
		}
	}
	q := "INSERT INTO " + s.into + " (" + strings.Join(columns, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")" + s.after
	s.queries[left] = q
	return q
}
