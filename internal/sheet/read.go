package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/smsir/smsir"
)

// Bounds of a table that is read.
const (
	MaxColumns = 200       // columns
	MaxRows    = 1_048_576 // rows: what spreadsheets hold
	MaxFile    = 20 << 20  // bytes of a file
)

// maxCell bounds a cell, in bytes: spreadsheets hold 32,767 characters.
const maxCell = 128 << 10

// Kinds of files that [Open] reads.
const (
	CSV  = "text/csv"
	TSV  = "text/tab-separated-values"
	XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// Reader gives the rows of a table. It is not safe for concurrent use.
type Reader struct {
	next func() (row int, cells []string, err error)
	row  int
}

// Open begins to read a table, whose kind is a hint: a workbook is known by its first bytes, whatever it is called. Text
// is read as it comes; separator (comma, semicolon, tab) and encoding (UTF-8 with or without a byte order mark, UTF-16,
// Windows-1252) are found out. A workbook is kept in memory, packed, and its first sheet that can be seen is read.
func Open(r io.Reader, kind string) (*Reader, error) {
	in := bufio.NewReaderSize(r, sniffed)
	head, err := in.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case len(bytes.TrimSpace(head)) == 0:
		return nil, invalid("The file is empty.")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return openWorkbook(in)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, invalid("This is a workbook of an old kind (.xls) or one with a password. Save it as .xlsx or as CSV, without a password.")
	case kind == XLSX:
		return nil, invalid("This is not a workbook. Save the table as .xlsx or as CSV.")
	}
	text, err := decode(in, head)
	if err != nil {
		return nil, err
	}
	return openText(text, kind)
}

// Next returns the next row that is not empty, with its number in the spreadsheet from 1, and io.EOF after the last.
// Cells that are empty at the end of a row are left out. Errors other than those of the reader are CodeInvalid.
func (r *Reader) Next() (row int, cells []string, err error) {
	for {
		row, cells, err = r.next()
		if err != nil {
			return 0, nil, err
		}
		for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
			cells = cells[:len(cells)-1]
		}
		switch {
		case row <= r.row || row > MaxRows:
			return 0, nil, invalid("The file has more than %d rows, or its rows are out of order. Split it into smaller ones.", MaxRows)
		case len(cells) > MaxColumns:
			return 0, nil, invalid("Row %d has %d columns. Keep at most %d, the ones that you need.", row, len(cells), MaxColumns)
		}
		if r.row = row; len(cells) > 0 {
			return row, cells, nil
		}
	}
}

// invalid is an error about the file.
func invalid(format string, args ...any) error {
	e := smsir.Errorf(smsir.CodeInvalid, format, args...)
	e.Field = "file"
	return e
}
