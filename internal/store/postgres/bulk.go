package postgres

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/smsir/smsir"
)

// bulk gathers rows as columns, so that one statement writes them all: INSERT … SELECT FROM unnest($1::bigint[], …).
type bulk struct {
	kinds []byte // of each column: i integer, n integer or NULL, t text, b bytes or NULL
	cols  []any  // []int64, []*int64, []string or [][]byte
	n     int    // rows
}

// newBulk makes one for columns of kinds such as "ibtn": integer, bytes, text, integer or NULL.
func newBulk(kinds string) *bulk {
	b := &bulk{kinds: []byte(kinds), cols: make([]any, len(kinds))}
	for i := range b.kinds {
		switch b.kinds[i] {
		case 'i':
			b.cols[i] = []int64(nil)
		case 'n':
			b.cols[i] = []*int64(nil)
		case 't':
			b.cols[i] = []string(nil)
		default:
			b.cols[i] = [][]byte(nil)
		}
	}
	return b
}

// add appends a row. Values are int64, string, []byte, smsir.UUID or nil, as the kind of the column wants.
func (b *bulk) add(values ...any) {
	if len(values) != len(b.cols) {
		panic(fmt.Sprintf("postgres: %d values for %d columns", len(values), len(b.cols)))
	}
	b.n++
	for i, v := range values {
		switch col := b.cols[i].(type) {
		case []int64:
			b.cols[i] = append(col, v.(int64)) //nolint:forcetypeassert // a mistake of ours, found by the first test
		case []*int64:
			if n, ok := v.(int64); ok {
				b.cols[i] = append(col, &n)
			} else {
				b.cols[i] = append(col, nil)
			}
		case []string:
			b.cols[i] = append(col, clean(v.(string))) //nolint:forcetypeassert // as above
		case [][]byte:
			switch x := v.(type) {
			case smsir.UUID:
				b.cols[i] = append(col, uuid(x))
			case []byte:
				b.cols[i] = append(col, x)
			default:
				b.cols[i] = append(col, nil)
			}
		}
	}
}

// from is "unnest($1::bigint[], …)", its first parameter being $(skip+1).
func (b *bulk) from(skip int) string {
	var s strings.Builder
	s.WriteString("unnest(")
	for i, k := range b.kinds {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString("$" + strconv.Itoa(skip+i+1))
		switch k {
		case 'i', 'n':
			s.WriteString("::bigint[]")
		case 't':
			s.WriteString("::text[]")
		default:
			s.WriteString("::bytea[]")
		}
	}
	s.WriteString(")")
	return s.String()
}
