package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/smsir/smsir"
)

// maxUnpacked bounds what all parts of a workbook that are read may unpack to, maxShared the texts kept in memory.
const (
	maxUnpacked = 100 << 20
	maxShared   = 40 << 20
)

// workbook reads one sheet of an Office Open XML workbook (ISO/IEC 29500) as a stream.
type workbook struct {
	zip    *zip.Reader
	left   int64 // bytes that may still be unpacked
	shared []string
	dates  []bool // by style: its numbers are days
	epoch  int    // 0, or 1462 where days count from 1904
}

var errBroken = invalid("The workbook cannot be read. Open it in the spreadsheet program and save it again, or save it as CSV.")

func openWorkbook(r io.Reader) (*Reader, error) {
	packed, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(packed) > MaxFile {
		return nil, invalid("The file is larger than %d MB. Split it into smaller ones.", MaxFile>>20)
	}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, errBroken
	}
	w := &workbook{zip: z, left: maxUnpacked}
	sheet, err := w.firstSheet()
	if err != nil {
		return nil, err
	}
	if err := w.readShared(); err != nil {
		return nil, err
	}
	if err := w.readStyles(); err != nil {
		return nil, err
	}
	part, err := w.part(sheet)
	if err != nil || part == nil {
		return nil, errBroken
	}
	s := &sheetReader{w: w, d: xml.NewDecoder(part)}
	return &Reader{next: s.next}, nil
}

// part opens a part for reading, nil where there is none.
func (w *workbook) part(name string) (io.Reader, error) {
	for _, f := range w.zip.File {
		if strings.EqualFold(strings.TrimPrefix(f.Name, "/"), name) {
			r, err := f.Open()
			if err != nil {
				return nil, errBroken
			}
			return &bounded{r: r, w: w}, nil
		}
	}
	return nil, nil
}

// bounded reads a part while the workbook may unpack more. What would let the decoder gather much in memory is refused: long
// runs without a tag, and declarations, comments and raw texts, which spreadsheet programs do not write.
type bounded struct {
	r     io.Reader
	w     *workbook
	since int // the last tag began
	open  bool
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.w.left <= 0 {
		return 0, errLarge
	}
	n, err := b.r.Read(p)
	part := p[:n]
	if b.open && n > 0 && part[0] == '!' || bytes.Contains(part, []byte("<!")) {
		return 0, errBroken
	}
	b.since += n
	if at := bytes.LastIndexByte(part, '<'); at >= 0 {
		b.since = n - at
	}
	if b.since > 1<<20 {
		return 0, errCell
	}
	b.open = n > 0 && part[n-1] == '<'
	b.w.left -= int64(n)
	return n, err
}

var (
	errLarge = invalid("The workbook unpacks to more than %d MB. Delete sheets and columns that you do not need, or save it as CSV.", maxUnpacked>>20)
	errCell  = invalid("The workbook has a cell of more than %d kB. Shorten it.", maxCell>>10)
)

// unread is what a failure to read a part means.
func unread(err error) error {
	if smsir.CodeOf(err) == smsir.CodeInvalid {
		return err
	}
	return errBroken
}

// firstSheet finds the part of the first sheet that can be seen.
func (w *workbook) firstSheet() (string, error) {
	var book struct {
		Pr struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			State string `xml:"state,attr"`
			Rel   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var rels struct {
		List []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := w.load("xl/workbook.xml", &book); err != nil {
		return "", err
	}
	if err := w.load("xl/_rels/workbook.xml.rels", &rels); err != nil {
		return "", err
	}
	if v := book.Pr.Date1904; v == "1" || v == "true" {
		w.epoch = 1462
	}
	for _, s := range book.Sheets {
		for _, r := range rels.List {
			if r.ID == s.Rel && s.State != "hidden" && s.State != "veryHidden" {
				if target, ok := strings.CutPrefix(r.Target, "/"); ok {
					return target, nil
				}
				return path.Join("xl", r.Target), nil
			}
		}
	}
	return "", invalid("The workbook has no sheet that can be seen.")
}

// load reads a small part whole.
func (w *workbook) load(name string, into any) error {
	part, err := w.part(name)
	if err != nil {
		return err
	}
	if part == nil {
		return errBroken
	}
	if err := xml.NewDecoder(io.LimitReader(part, 4<<20)).Decode(into); err != nil {
		return unread(err)
	}
	return nil
}

// readShared reads the texts that cells point at.
func (w *workbook) readShared() error {
	part, err := w.part("xl/sharedStrings.xml")
	if err != nil || part == nil {
		return err
	}
	d := xml.NewDecoder(part)
	size := 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return unread(err)
		}
		if start, ok := t.(xml.StartElement); ok && start.Name.Local == "si" {
			text, err := readText(d, "si")
			if err != nil {
				return err
			}
			if size += len(text) + 16; size > maxShared {
				return errLarge
			}
			w.shared = append(w.shared, text)
		}
	}
}

// readText joins the texts up to the end of an element, without those of how a word is pronounced.
func readText(d *xml.Decoder, end string) (string, error) {
	var b strings.Builder
	inText, aside := false, 0
	for {
		t, err := d.Token()
		if err != nil {
			return "", unread(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			inText = t.Name.Local == "t"
			if t.Name.Local == "rPh" {
				aside++
			}
		case xml.EndElement:
			inText = false
			switch t.Name.Local {
			case "rPh":
				aside--
			case end:
				return b.String(), nil
			}
		case xml.CharData:
			if inText && aside == 0 {
				b.Write(t)
			}
			if b.Len() > maxCell {
				return "", errCell
			}
		}
	}
}

// readStyles finds the styles whose numbers are days.
func (w *workbook) readStyles() error {
	if part, err := w.part("xl/styles.xml"); err != nil || part == nil {
		return err
	}
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := w.load("xl/styles.xml", &styles); err != nil {
		return err
	}
	own := map[int]bool{}
	for _, f := range styles.Formats {
		own[f.ID] = isDateFormat(f.Code)
	}
	for _, c := range styles.Cells {
		n := c.Format
		w.dates = append(w.dates, own[n] || n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 50 && n <= 58)
	}
	return nil
}

// isDateFormat says whether a format shows years, months or days, outside quotes and brackets.
func isDateFormat(code string) bool {
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == '[' || c == ']':
			bracket = c == '['
		case !bracket && strings.IndexByte("yYdD", c) >= 0:
			return true
		}
	}
	return false
}

// column is the number from 0 of a cell such as "AB12", -1 for none.
func column(ref string) int {
	n := 0
	for i := 0; i < len(ref) && i < 4; i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		n = n*26 + int(c-'A') + 1
	}
	return n - 1
}

// number shows a number as people would type it: whole ones with all their digits, days as 2026-11-23.
func (w *workbook) number(raw string, style int) string {
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil || f-f != 0 {
		return raw
	}
	if style >= 0 && style < len(w.dates) && w.dates[style] && f >= 1 && f < 2_958_466 {
		return day(int(f) + w.epoch)
	}
	if f > -1e15 && f < 1e15 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return raw
}
