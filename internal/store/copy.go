package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Sum is how many rows there are and a checksum of all of them, whatever their order. The zero value is that of no rows.
type Sum struct {
	Rows int64
	Hash uint64
}

// Add counts a row: values that are nil, int64, string or []byte.
func (s *Sum) Add(row []any) error {
	var b []byte
	for _, v := range row {
		switch v := v.(type) {
		case nil:
			b = append(b, 'n')
		case int64:
			b = binary.AppendVarint(append(b, 'i'), v)
		case string:
			b = append(binary.AppendUvarint(append(b, 't'), uint64(len(v))), v...)
		case []byte:
			b = append(binary.AppendUvarint(append(b, 'b'), uint64(len(v))), v...)
		default:
			return fmt.Errorf("a column has a value of type %T, which cannot be copied", v)
		}
	}
	sum := sha256.Sum256(b)
	s.Rows++
	s.Hash += binary.BigEndian.Uint64(sum[:])
	return nil
}

// String is the sum as people compare it.
func (s Sum) String() string { return fmt.Sprintf("%016x", s.Hash) }
