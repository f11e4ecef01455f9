package sheet

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"time"
)

// sheetReader reads the rows of a sheet.
type sheetReader struct {
	w   *workbook
	d   *xml.Decoder
	row int
}

// next implements Reader.next.
func (s *sheetReader) next() (int, []string, error) {
	for {
		t, err := s.d.Token()
		if errors.Is(err, io.EOF) {
			return 0, nil, io.EOF
		} else if err != nil {
			return 0, nil, unread(err)
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "row" {
			continue
		}
		s.row++
		if n, err := strconv.Atoi(attr(start, "r")); err == nil {
			s.row = n
		}
		cells, err := s.cells()
		return s.row, cells, err
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// cells reads the cells of a row, up to its end.
func (s *sheetReader) cells() (cells []string, err error) {
	at := -1
	for {
		t, err := s.d.Token()
		if err != nil {
			return nil, unread(err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			if t.Name.Local == "row" {
				return cells, nil
			}
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			at++
			if n := column(attr(t, "r")); n >= 0 {
				at = n
			}
			value, err := s.cell(attr(t, "t"), attr(t, "s"))
			switch {
			case err != nil:
				return nil, err
			case value == "": // cells that are only coloured reach far to the right
				continue
			case at >= MaxColumns:
				return nil, invalid("Row %d has something in column %d. Keep at most %d columns, the ones that you need.", s.row, at+1, MaxColumns)
			}
			for len(cells) <= at {
				cells = append(cells, "")
			}
			cells[at] = value
		}
	}
}

// cell reads the value of a cell, up to its end.
func (s *sheetReader) cell(kind, style string) (value string, err error) {
	var raw []byte
	inValue := false
	for {
		t, err := s.d.Token()
		if err != nil {
			return "", unread(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			inValue = t.Name.Local == "v"
			if t.Name.Local == "is" {
				if value, err = readText(s.d, "is"); err != nil {
					return "", err
				}
			}
		case xml.CharData:
			if inValue {
				raw = append(raw, t...)
			}
			if len(raw) > maxCell {
				return "", invalid("Row %d has a cell of more than %d kB. Shorten it.", s.row, maxCell>>10)
			}
		case xml.EndElement:
			inValue = false
			if t.Name.Local == "c" {
				return s.value(kind, style, string(raw), value)
			}
		}
	}
}

// value is what a cell shows: raw by its kind, or the text that stands in it.
func (s *sheetReader) value(kind, style, raw, text string) (string, error) {
	switch kind {
	case "inlineStr":
		return text, nil
	case "s":
		n, err := strconv.Atoi(raw)
		if err != nil || n < 0 || n >= len(s.w.shared) {
			return "", errBroken
		}
		return s.w.shared[n], nil
	case "b":
		if raw == "1" {
			return "true", nil
		}
		return "false", nil
	case "", "n":
		if raw == "" {
			return "", nil
		}
		n, err := strconv.Atoi(style)
		if err != nil {
			n = -1
		}
		return s.w.number(raw, n), nil
	}
	return raw, nil
}

// day is the day with a number of a spreadsheet: 1 is 1 January 1900, and 60 a 29 February that there never was.
func day(n int) string {
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if n < 60 {
		n++
	}
	return start.AddDate(0, 0, n).Format(time.DateOnly)
}
