package audience

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

// Codes of what is wrong with a row.
const (
	rowPhoneMissing = "phone_missing"
	rowPhoneInvalid = "phone_invalid"
	rowValueInvalid = "value_invalid"
	rowOptOut       = "opt_out_unclear"
	rowDuplicate    = "duplicate"
)

// rowPlan reads rows by the mapping of an import.
type rowPlan struct {
	im      *store.Import
	country string
	fields  map[string]store.ContactField // by target
}

func newRowPlan(im *store.Import, country string, fields []store.ContactField) *rowPlan {
	p := &rowPlan{im: im, country: country, fields: map[string]store.ContactField{}}
	for _, f := range fields {
		p.fields[targetFields+f.Key] = f
	}
	return p
}

// rowProblem is what is wrong with a row.
type rowProblem struct {
	code, reason string
	column       int
}

// read makes a contact of the cells of a row, without times and identifiers.
func (p *rowPlan) read(cells []string) (c store.Contact, optOut bool, wrong *rowProblem) {
	c = store.Contact{Workspace: p.im.Workspace, Fields: map[string]string{}}
	var names [2]string
	for col, target := range p.im.Mapping {
		value := ""
		if col < len(cells) {
			value = strings.TrimSpace(cells[col])
		}
		bad := func(code string, err error) *rowProblem { return &rowProblem{code, textOf(err), col} }
		var err error
		switch target {
		case "":
			continue
		case targetPhone:
			if value == "" {
				return c, false, &rowProblem{rowPhoneMissing, "There is no phone number.", col}
			}
			n, err := number.Parse(tidyPhone(value), p.country)
			if err != nil {
				return c, false, bad(rowPhoneInvalid, err)
			}
			c.Phone, c.Country = n.E164, n.Country
		case targetName:
			c.Name, err = cleanText("name", oneLine(value), MaxName, false)
		case targetFirst:
			names[0], err = cleanText("name", oneLine(value), MaxName/2, false)
		case targetLast:
			names[1], err = cleanText("name", oneLine(value), MaxName/2-1, false)
		case targetLanguage:
			if c.Language = value; value != "" && !languageForm.MatchString(value) {
				err = fmt.Errorf("%q is no language. Write a tag such as en, sw or pt-BR.", clip(value)) //nolint:staticcheck,revive // a sentence for people
			}
		case targetNotes:
			c.Notes, err = cleanText("notes", strings.ReplaceAll(value, "\r\n", "\n"), MaxNotes, true)
		case targetOptOut:
			yes, ok := isYes(value)
			if optOut = yes; !ok {
				return c, false, &rowProblem{rowOptOut, fmt.Sprintf("%q says neither that the person has opted out nor that not. Write yes or no.", clip(value)), col}
			}
		default:
			f, ok := p.fields[target]
			if !ok {
				return c, false, &rowProblem{rowValueInvalid, "The field of this column was deleted meanwhile.", col}
			}
			var kept string
			if kept, err = CheckValue(f, oneLine(value)); kept != "" {
				c.Fields[f.Key] = kept
			}
		}
		if err != nil {
			return c, false, bad(rowValueInvalid, err)
		}
	}
	if c.Name == "" {
		c.Name = strings.TrimSpace(names[0] + " " + names[1])
	}
	return c, optOut, nil
}

// oneLine joins the lines of a cell.
func oneLine(s string) string {
	if strings.ContainsAny(s, "\r\n\t") {
		return strings.Join(strings.Fields(s), " ")
	}
	return s
}

// isYes reads a yes or no as tables have them; an empty cell is a no.
func isYes(cell string) (yes, ok bool) {
	switch foldName(cell) {
	case "yes", "y", "true", "t", "1", "x", "opt out", "opted out", "stop", "unsubscribed", "ndiyo", "ndio", "oui", "o", "vrai", "نعم":
		return true, true
	case "", "no", "n", "false", "f", "0", "subscribed", "hapana", "non", "faux", "لا":
		return false, true
	}
	return false, false
}

// columnName is the name of a column of an import as people know it.
func columnName(im *store.Import, column int) string {
	if im.Header && column < len(im.Columns) && strings.TrimSpace(im.Columns[column]) != "" {
		return clip(strings.TrimSpace(im.Columns[column]))
	}
	return ColumnLetters(column)
}

// ColumnLetters is the name that spreadsheets give to a column, from 0: A, B, …, AA.
func ColumnLetters(column int) string {
	var name []byte
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = append(name, byte('A'+(n-1)%26))
	}
	slices.Reverse(name)
	return string(name)
}

// judge is what a review finds of a row, before its number is looked up.
func (p *rowPlan) judge(row store.ImportRow) (store.ImportRow, store.Contact) {
	c, optOut, wrong := p.read(row.Cells)
	out := store.ImportRow{N: row.N, State: store.RowNew, Phone: c.Phone, OptedOut: optOut}
	if wrong != nil {
		out.State, out.Phone, out.OptedOut = store.RowBad, "", false
		out.Code, out.Reason, out.Column = wrong.code, wrong.reason, columnName(p.im, wrong.column)
	}
	return out, c
}

// write is a good row as it is written.
func (p *rowPlan) write(row store.ImportRow, now time.Time) store.ImportWrite {
	judged, c := p.judge(row)
	if judged.State == store.RowBad {
		return store.ImportWrite{N: row.N, Bad: &judged}
	}
	c.ID, c.CreatedAt, c.UpdatedAt, c.Groups = smsir.NewUUID(now), now, now, p.im.Groups
	return store.ImportWrite{N: row.N, Contact: c, OptOut: judged.OptedOut}
}
