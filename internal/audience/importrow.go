package audience

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

// Codes of what is wrong with a row. Where an error has a cause, it stands for "invalid".
const (
	rowPhoneMissing = "phone_missing"
	rowPhone        = "phone_"
	rowValue        = "value_"
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
	params       map[string]string
	column       int
}

// problemOf tells an error about a column.
func problemOf(kind string, err error, column int) *rowProblem {
	wrong := &rowProblem{code: kind + "invalid", reason: textOf(err), column: column}
	var e *smsir.Error
	if errors.As(err, &e) && e.Cause != "" {
		wrong.code, wrong.params = kind+e.Cause, e.Params
	}
	return wrong
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
		var err error
		switch target {
		case "":
			continue
		case targetPhone:
			if value == "" {
				return c, false, &rowProblem{code: rowPhoneMissing, reason: "There is no phone number.", column: col}
			}
			n, err := number.Parse(tidyPhone(value), p.country)
			if err != nil {
				return c, false, problemOf(rowPhone, err, col)
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
				err = invalid("language", "%q is no language. Write a tag such as en, sw or pt-BR.", clip(value)).Because("no_language", "value", clip(value))
			}
		case targetNotes:
			c.Notes, err = cleanText("notes", strings.ReplaceAll(value, "\r\n", "\n"), MaxNotes, true)
		case targetOptOut:
			yes, ok := isYes(value)
			if optOut = yes; !ok {
				return c, false, &rowProblem{
					code: rowOptOut, reason: fmt.Sprintf("%q says neither that the person has opted out nor that not. Write yes or no.", clip(value)),
					params: map[string]string{"value": clip(value)}, column: col,
				}
			}
		default:
			f, ok := p.fields[target]
			if !ok {
				return c, false, &rowProblem{code: rowValue + "field_gone", reason: "The field of this column was deleted meanwhile.", column: col}
			}
			var kept string
			if kept, err = CheckValue(f, oneLine(value)); kept != "" {
				c.Fields[f.Key] = kept
			}
		}
		if err != nil {
			return c, false, problemOf(rowValue, err, col)
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
		out.Code, out.Reason, out.Params, out.Column = wrong.code, wrong.reason, wrong.params, columnName(p.im, wrong.column)
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
