package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// sniffed is how much of a text is looked at to tell its encoding and separator.
const sniffed = 32 << 10

// decode returns the text of a file in UTF-8. head are its first bytes.
func decode(in *bufio.Reader, head []byte) (io.Reader, error) {
	utf16 := func(order unicode.Endianness) io.Reader {
		return transform.NewReader(in, unicode.UTF16(order, unicode.UseBOM).NewDecoder())
	}
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch few := len(head) / 50; {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return utf16(unicode.LittleEndian), nil
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16(unicode.BigEndian), nil
	case zeros[1] > len(head)/4 && zeros[0] <= few:
		return utf16(unicode.LittleEndian), nil
	case zeros[0] > len(head)/4 && zeros[1] <= few:
		return utf16(unicode.BigEndian), nil
	case zeros[0]+zeros[1] > 0 || bytes.HasPrefix(head, []byte("%PDF-")):
		return nil, invalid("This is no table of text. Save the table as CSV or .xlsx, and choose that file.")
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, err := in.Discard(3)
		return &western{in: in}, err
	}
	return &western{in: in}, nil
}

// western reads UTF-8, and each byte that is none as Windows-1252, which is what spreadsheets of the West write when
// they do not write UTF-8. The whole file need not be known to tell which of the two it is.
type western struct {
	in   *bufio.Reader
	rest []byte // of a character that did not fit
}

// Read implements io.Reader.
func (w *western) Read(p []byte) (n int, err error) {
	for {
		if len(w.rest) > 0 {
			k := copy(p[n:], w.rest)
			n, w.rest = n+k, w.rest[k:]
		}
		if n == len(p) {
			return n, nil
		}
		r, size, err := w.in.ReadRune()
		if err != nil {
			if n > 0 && errors.Is(err, io.EOF) {
				return n, nil
			}
			return n, err
		}
		if r == utf8.RuneError && size == 1 {
			if err := w.in.UnreadRune(); err != nil {
				return n, err
			}
			b, err := w.in.ReadByte()
			if err != nil {
				return n, err
			}
			r = charmap.Windows1252.DecodeByte(b)
		}
		w.rest = utf8.AppendRune(w.rest[:0], r)
	}
}

// openText begins to read rows of text.
func openText(text io.Reader, kind string) (*Reader, error) {
	in := bufio.NewReaderSize(text, sniffed)
	sample, err := in.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	whole := len(sample) < sniffed
	p := parser{in: in}
	if rest, ok := bytes.CutPrefix(sample, []byte("sep=")); ok && len(rest) > 1 && (rest[1] == '\r' || rest[1] == '\n') {
		p.comma = rune(rest[0]) // a line that Excel reads too
		if _, err := p.record(); err != nil {
			return nil, err
		}
	} else {
		p.comma = separator(string(sample), kind, whole)
	}
	return &Reader{next: func() (int, []string, error) {
		cells, err := p.record()
		return p.row, cells, err
	}}, nil
}

// separator finds out what stands between cells: what gives the first rows the same number of cells, and the most.
func separator(sample, kind string, whole bool) rune {
	if first, _, _ := strings.Cut(sample, "\n"); kind == TSV && strings.Contains(first, "\t") {
		return '\t'
	}
	best, bestSame, bestColumns := ',', 0, 1
	for _, comma := range []rune{',', ';', '\t', '|'} {
		p := parser{in: bufio.NewReader(strings.NewReader(sample)), comma: comma}
		var widths []int
		for len(widths) < 20 {
			cells, err := p.record()
			if err != nil {
				break
			}
			widths = append(widths, len(cells))
		}
		if !whole && len(widths) > 1 && len(widths) < 20 {
			widths = widths[:len(widths)-1] // cut off
		}
		if len(widths) == 0 || widths[0] == 1 {
			continue
		}
		same := 0
		for _, n := range widths {
			if n == widths[0] {
				same += 1000 / len(widths)
			}
		}
		if same > bestSame || same == bestSame && widths[0] > bestColumns {
			best, bestSame, bestColumns = comma, same, widths[0]
		}
	}
	return best
}

// parser reads records of CSV as RFC 4180 has them, and as people write them: quotes inside a cell that did not begin
// with one stand for themselves, and a lone CR ends a line too.
type parser struct {
	in    *bufio.Reader
	comma rune
	row   int
	cell  strings.Builder
}

// record reads the next record, also an empty one; io.EOF after the last.
func (p *parser) record() (cells []string, err error) {
	p.row++
	p.cell.Reset()
	begun, quoted, wasQuoted := false, false, false
	for {
		r, _, err := p.in.ReadRune()
		switch {
		case errors.Is(err, io.EOF) && quoted:
			return nil, invalid("Row %d: a quotation mark (\") opens a cell and none closes it. Put one at the end of the cell, or take it out.", p.row)
		case errors.Is(err, io.EOF) && !begun:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return append(cells, p.cell.String()), nil
		case err != nil:
			return nil, err
		}
		begun = true
		switch {
		case quoted && r == '"':
			if p.skip('"') {
				p.cell.WriteByte('"')
			} else {
				quoted = false
			}
		case quoted:
			p.cell.WriteRune(r)
		case r == '"' && !wasQuoted && strings.TrimSpace(p.cell.String()) == "":
			p.cell.Reset()
			quoted, wasQuoted = true, true
		case r == p.comma:
			cells = append(cells, p.cell.String())
			p.cell.Reset()
			wasQuoted = false
			if len(cells) > 10*MaxColumns {
				return nil, invalid("Row %d has more than %d columns. Keep the ones that you need.", p.row, MaxColumns)
			}
		case r == '\r':
			p.skip('\n')
			return append(cells, p.cell.String()), nil
		case r == '\n':
			return append(cells, p.cell.String()), nil
		default:
			p.cell.WriteRune(r)
		}
		if p.cell.Len() > maxCell {
			return nil, invalid("Row %d has a cell of more than %d kB. Shorten it, or look for a quotation mark (\") that is never closed.", p.row, maxCell>>10)
		}
	}
}

// skip passes over the next character if it is b.
func (p *parser) skip(b byte) bool {
	next, err := p.in.Peek(1)
	if err != nil || next[0] != b {
		return false
	}
	_, err = p.in.Discard(1)
	return err == nil
}
