// Package sheet is in charge of tables that people open in spreadsheets: it writes CSV (RFC 4180) in which no cell is
// taken for a formula.
//
// It knows nothing of what the rows mean. What it guarantees: a spreadsheet shows every cell as the text that it is, and
// [Plain] gives the text back that was written.
package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// Writer writes rows of CSV. It is not safe for concurrent use.
type Writer struct {
	csv *csv.Writer
	n   int
}

// NewWriter returns a writer of CSV in UTF-8 with a byte order mark, without which spreadsheets take it for something
// else.
func NewWriter(w io.Writer) (*Writer, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, fmt.Errorf("write a table: %w", err)
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	return &Writer{csv: c}, nil
}

// flushEvery bounds the rows that wait in memory.
const flushEvery = 200

// Row writes one row; cells that a spreadsheet would take for a formula get an apostrophe in front.
func (w *Writer) Row(cells ...string) error {
	safe := make([]string, len(cells))
	for i, c := range cells {
		safe[i] = Safe(c)
	}
	if err := w.csv.Write(safe); err != nil {
		return fmt.Errorf("write a row: %w", err)
	}
	if w.n++; w.n%flushEvery == 0 {
		return w.Flush()
	}
	return nil
}

// Flush writes what waits in memory.
func (w *Writer) Flush() error {
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return fmt.Errorf("write a table: %w", err)
	}
	return nil
}

// Safe is a cell as it may stand in a spreadsheet: one that begins like a formula, also behind quotes and spaces, or
// with an apostrophe, gets an apostrophe in front, which spreadsheets take for "this is text".
func Safe(cell string) string {
	rest := strings.TrimLeft(cell, " \u00a0\"")
	if strings.HasPrefix(cell, "'") || rest != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(rest)[0]) {
		return "'" + cell
	}
	return cell
}

// Plain takes back what [Safe] did, once.
func Plain(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && Safe(rest) == cell {
		return rest
	}
	return cell
}
