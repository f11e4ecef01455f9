package sheet_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/sheet"
	"pgregory.net/rapid"
)

// readAll reads a table as "row: cell|cell", a line each.
func readAll(file []byte, kind string) (string, error) {
	r, err := sheet.Open(bytes.NewReader(file), kind)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for {
		n, cells, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		} else if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "%d: %s\n", n, strings.Join(cells, "|"))
	}
}

func utf16le(s string, mark bool) []byte {
	var b []byte
	if mark {
		b = append(b, 0xff, 0xfe)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func TestTextIsUnderstood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"comma":                     {"name,phone\nAda,+12025550100\n", "1: name|phone\n2: Ada|+12025550100\n"},
		"semicolon":                 {"name;phone\nLovelace, Ada;+12025550100\n", "1: name|phone\n2: Lovelace, Ada|+12025550100\n"},
		"tab":                       {"name\tphone\nLovelace, Ada\t+1\n", "1: name|phone\n2: Lovelace, Ada|+1\n"},
		"one column":                {"phone\n+12025550100\n\n+12025550101", "1: phone\n2: +12025550100\n4: +12025550101\n"},
		"sep line":                  {"sep=;\r\na,b;c\r\n", "2: a,b|c\n"},
		"quotes":                    {"a,\"b \"\"x\"\", y\nz\",c\n5' 3\" tall,\"q\" r,\n", "1: a|b \"x\", y\nz|c\n2: 5' 3\" tall|q r\n"},
		"old Mac lines":             {"a,b\rc,d\r", "1: a|b\n2: c|d\n"},
		"byte order mark":           {"\xef\xbb\xbfname,x\nJosé,1\n", "1: name|x\n2: José|1\n"},
		"Windows-1252":              {"name,x\nJos\xe9 \x80,1\n", "1: name|x\n2: José €|1\n"},
		"Windows-1252 far below":    {"name,x\n" + strings.Repeat("Ada,1\n", 20000) + "Jos\xe9,1\n", "20002: José|1\n"},
		"UTF-16":                    {string(utf16le("name;x\nJosé;1\n", true)), "1: name|x\n2: José|1\n"},
		"UTF-16 without mark":       {string(utf16le("name;x\nJose;1\n", false)), "1: name|x\n2: Jose|1\n"},
		"empty rows count":          {"a,b\n,,\n\n  , \nc,d\n", "1: a|b\n5: c|d\n"},
		"no line end":               {"a,b\nc,d", "1: a|b\n2: c|d\n"},
		"commas within, one header": {"name\n\"a, b\"\nc\n", "1: name\n2: a, b\n3: c\n"},
	} {
		got, err := readAll([]byte(c.in), sheet.CSV)
		if err != nil || !strings.HasSuffix(got, c.want) || len(c.in) < 1000 && got != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got[max(0, len(got)-200):], c.want)
		}
	}
}

func TestWhatIsNoTableIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		kind string
		says string
	}{
		"empty":         {"", sheet.CSV, "is empty"},
		"blank":         {" \n\n ", sheet.CSV, "is empty"},
		"open quote":    {"a,b\nc,\"d\ne,f\n", sheet.CSV, "Row 2: a quotation mark"},
		"5 MB cell":     {"a,b\nc," + strings.Repeat("x", 5<<20) + "\n", sheet.CSV, "Row 2 has a cell of more than"},
		"open, endless": {"a,b\nc,\"" + strings.Repeat("x,y\n", 1<<20), sheet.CSV, "Row 2 has a cell of more than"},
		"wide":          {"a" + strings.Repeat(",b", 300) + "\n", sheet.CSV, "Keep at most 200"},
		"very wide":     {"a" + strings.Repeat(",b", 3000) + "\n", sheet.CSV, "more than 200 columns"},
		"old Excel":     {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on", sheet.XLSX, "(.xls)"},
		"PDF":           {"%PDF-1.7 and so on", sheet.CSV, "no table"},
		"picture":       {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", sheet.CSV, "no table"},
		"not a book":    {"name,phone", sheet.XLSX, "not a workbook"},
		"half a book":   {"PK\x03\x04 and no more", sheet.XLSX, "cannot be read"},
		"many rows":     {strings.Repeat("a\n", sheet.MaxRows+1), sheet.CSV, "more than 1048576 rows"},
	} {
		_, err := readAll([]byte(c.in), c.kind)
		if smsir.CodeOf(err) != smsir.CodeInvalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// workbook packs parts of a workbook.
func workbook(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	all := map[string]string{
		"xl/workbook.xml": `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
			<sheets><sheet name="Hidden" sheetId="1" state="hidden" r:id="rId9"/><sheet name="People" sheetId="2" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId9" Target="worksheets/none.xml"/><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/sharedStrings.xml":       `<sst><si><t>name</t></si><si><t>phone</t></si><si><r><t>Jo</t></r><r><t>sé</t></r><rPh><t>aside</t></rPh></si></sst>`,
		"xl/styles.xml": `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[Red]0.00 &quot;days&quot;"/><numFmt numFmtId="165" formatCode="dd/mm/yyyy"/></numFmts>
			<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>`,
	}
	for name, text := range parts {
		all[name] = text
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range all {
		f, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(f, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWorkbook(t *testing.T) {
	t.Parallel()
	file := workbook(t, map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><sheetData>
		<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="XFD1" s="1"/></row>
		<row r="3"><c r="A3" t="s"><v>2</v></c><c r="B3"><v>2.54712345678E11</v></c><c r="D3" t="b"><v>1</v></c></row>
		<row r="4"><c r="A4" t="inlineStr"><is><t>A &amp; B</t></is></c><c r="B4" s="1"><v>45000</v></c><c r="C4" s="2"><v>1.5</v></c><c r="D4" s="3"><v>59</v></c><c r="E4" t="str"><f>1+1</f><v>two</v></c></row>
		<row><c><v>7</v></c><c><v>8</v></c></row>
	</sheetData></worksheet>`})
	want := "1: name|phone\n3: José|254712345678||true\n4: A & B|2023-03-15|1.5|1900-02-28|two\n5: 7|8\n"
	for _, kind := range []string{sheet.XLSX, sheet.CSV} { // whatever it is called
		if got, err := readAll(file, kind); err != nil || got != want {
			t.Errorf("%v\n%s\nwant\n%s", err, got, want)
		}
	}
	for name, c := range map[string]struct {
		parts map[string]string
		says  string
	}{
		"text that is not there": {map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><row><c t="s"><v>99</v></c></row></worksheet>`}, "cannot be read"},
		"cut off":                {map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><row><c><v>1`}, "cannot be read"},
		"no sheet":               {map[string]string{}, "cannot be read"},
		"all hidden":             {map[string]string{"xl/workbook.xml": `<workbook><sheets/></workbook>`}, "no sheet"},
		"bomb":                   {map[string]string{"xl/worksheets/sheet1.xml": `<worksheet>` + strings.Repeat(`<x a="`+strings.Repeat(" ", 900<<10)+`"/>`, 120)}, "unpacks to more than"},
		"large cell":             {map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><row><c t="inlineStr"><is><t>` + strings.Repeat("x", 5<<20) + `</t></is></c></row></worksheet>`}, "cell of more than"},
		"wide":                   {map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><row><c r="XFD1"><v>1</v></c></row></worksheet>`}, "Keep at most 200 columns"},
		"rows out of order":      {map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><row r="5"><c><v>1</v></c></row><row r="5"><c><v>1</v></c></row></worksheet>`}, "out of order"},
		"text without end":       {map[string]string{"xl/worksheets/sheet1.xml": `<worksheet>` + strings.Repeat(" ", 2<<20)}, "cell of more than"},
		"entities":               {map[string]string{"xl/worksheets/sheet1.xml": `<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><row><c t="inlineStr"><is><t>&a;</t></is></c></row></worksheet>`}, "cannot be read"},
	} {
		if got, err := readAll(workbook(t, c.parts), sheet.XLSX); smsir.CodeOf(err) != smsir.CodeInvalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.says)
		}
	}
}

// TestWhatIsWrittenIsRead compares with another writer, and the writer of this package with its reader.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringMatching(`[a-zé"' ,;=+@\n0-9]{0,8}[a-z]`)
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 4), 1, 5).Draw(t, "rows")
		comma := rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "comma")
		rows[0] = []string{"name", "phone", "town"} // as people name columns: the separator is found by them
		for i := range rows[1:] {
			rows[i+1] = append(rows[i+1], "x", "x", "x")[:3]
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = comma
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		var want strings.Builder
		for i, row := range rows {
			fmt.Fprintf(&want, "%d: %s\n", i+1, strings.Join(row, "|"))
		}
		if got, err := readAll(b.Bytes(), sheet.CSV); err != nil || got != want.String() {
			t.Fatalf("%v\n%q\ngot  %q\nwant %q", err, b.String(), got, want.String())
		}
	})
}

// FuzzImport reads anything as a table: no panic, bounded rows, errors that people can read.
func FuzzImport(f *testing.F) {
	f.Add([]byte("name,phone\nAda,+12025550100\n"))
	f.Add([]byte("a;\"b\"\"c\"\n\"open"))
	f.Add(utf16le("name;x\nJosé;1\n", true))
	f.Add([]byte("sep=|\r\na|b\rc|d"))
	f.Add(workbook(f, map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><row r="2"><c r="B2" t="s"><v>1</v></c><c s="3"><v>45000</v></c></row></worksheet>`}))
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 64<<10 {
			t.Skip()
		}
		for _, kind := range []string{sheet.CSV, sheet.TSV, sheet.XLSX} {
			r, err := sheet.Open(bytes.NewReader(file), kind)
			last := 0
			for err == nil {
				var n int
				var cells []string
				if n, cells, err = r.Next(); err == nil && (n <= last || len(cells) == 0 || len(cells) > sheet.MaxColumns) {
					t.Fatalf("row %d behind row %d with %d cells", n, last, len(cells))
				}
				last = n
			}
			var syntax *xml.SyntaxError
			if !errors.Is(err, io.EOF) && (smsir.CodeOf(err) != smsir.CodeInvalid || errors.As(err, &syntax)) {
				t.Fatalf("%T %v", err, err)
			}
		}
	})
}
