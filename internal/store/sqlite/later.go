package sqlite

import "strings"

// later are rows that are inserted many at a time, some time before the transaction ends: most of what a row costs is the
// statement around it.
type later struct {
	into    string // table and columns
	columns int
	values  []any
	queries map[int]string // by number of rows
}

func newLater(into string, columns int) later {
	return later{into: into, columns: columns, queries: map[int]string{}}
}

func (l *later) add(row ...any) { l.values = append(l.values, row...) }

// insert writes the rows that wait.
func (l *later) insert(t *wtx) error {
	rest := l.values
	l.values = l.values[:0]
	for _, rows := range []int{32, 8, 1} { // few statements, so that each is prepared once
		for n := rows * l.columns; len(rest) >= n; rest = rest[n:] {
			if _, err := t.exec(l.query(rows), rest[:n]...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *later) query(rows int) string {
	q, ok := l.queries[rows]
	if !ok {
		row := "(?" + strings.Repeat(", ?", l.columns-1) + ")"
		q = "INSERT INTO " + l.into + " VALUES " + row + strings.Repeat(", "+row, rows-1)
		l.queries[rows] = q
	}
	return q
}
