package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

// Upload says what came of a list of numbers.
type Upload struct {
	Rows     int // with something in them
	Added    int
	Repeated int // numbers that were there already
	Rejected int
	Problems []RowProblem // of the first that were rejected
	Columns  []string     // the variables that the list has
}

// RowProblem is a row that was rejected.
type RowProblem struct {
	Row    int // as a spreadsheet counts
	Text   string
	Code   string // phone_missing, phone_invalid, or phone_ and the cause of an error of package number
	Params map[string]string
	Why    string
}

const (
	pageSize    = 500 // recipients in memory at once
	maxProblems = 100
)

// AddRows adds the rows of a table (see [sheet.Open]) to a draft's recipients, a page at a time. A
// first row without a number names the columns, which become variables; the numbers stand in the column called phone,
// number, mobile or the like, otherwise in the first that holds one.
func (s *Service) AddRows(ctx context.Context, w *store.Workspace, id smsir.UUID, file io.Reader, kind string, by By) (*Upload, error) {
	c, err := s.opt.Store.Campaign(ctx, w.ID, id)
	if err != nil {
		return nil, err
	}
	if c.State != store.CampaignDraft {
		return nil, conflict("The campaign is no draft any more, so its recipients cannot change.")
	}
	u := &Upload{}
	r := rows{region: w.Country, upload: u, limit: MaxRecipients - int(c.Last), problems: maxProblems}
	err = r.read(file, kind, func(list []store.Recipient) error {
		n, err := s.opt.Store.AddRecipients(ctx, w.ID, id, list, "")
		u.Added, u.Repeated = u.Added+n, u.Repeated+len(list)-n
		return err
	})
	if errors.Is(err, errTooMany) {
		err = invalid("file", "A campaign has at most %d numbers. Take those above into another one.", MaxRecipients)
	}
	if err != nil {
		return nil, err
	}
	_, err = s.opt.Store.ChangeCampaign(ctx, w.ID, id, s.auditOf(c, by, "recipients_added", fmt.Sprintf("%d numbers", u.Added)), func(c *store.Campaign) error {
		c.Author, c.UpdatedAt = by.Actor, s.now()
		return nil
	})
	return u, err
}

// ClearRows forgets the recipients of a draft.
func (s *Service) ClearRows(ctx context.Context, workspace, id smsir.UUID) error {
	return s.opt.Store.ClearRecipients(ctx, workspace, id)
}

// errTooMany stops the reading of a table that is too long.
var errTooMany = errors.New("too many rows")

// rows reads recipients from a table.
type rows struct {
	region   string
	upload   *Upload
	limit    int // rows
	problems int // that are kept
	phone    int
	language int
	keys     []string // of the columns; "" for one that is no variable
	page     []store.Recipient
}

func (r *rows) read(file io.Reader, kind string, add func([]store.Recipient) error) error {
	table, err := sheet.Open(file, kind)
	if err != nil {
		return err
	}
	r.phone, r.language = -1, -1
	for first := true; ; first = false {
		row, cells, err := table.Next()
		if errors.Is(err, io.EOF) {
			return r.flush(add)
		}
		if err != nil {
			return err
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(sheet.Plain(cells[i]))
		}
		if first && r.names(cells) {
			continue
		}
		if r.upload.Rows++; r.upload.Rows > r.limit {
			return errTooMany
		}
		r.take(row, cells)
		if len(r.page) == pageSize {
			if err := r.flush(add); err != nil {
				return err
			}
		}
	}
}

func (r *rows) flush(add func([]store.Recipient) error) error {
	if len(r.page) == 0 {
		return nil
	}
	err := add(r.page)
	r.page = r.page[:0]
	return err
}

// phoneNames are what people call the column with the number.
var phoneNames = map[string]bool{
	"phone": true, "phone_number": true, "number": true, "mobile": true, "mobile_number": true, "msisdn": true, "tel": true, "telephone": true,
	"cell": true, "cellphone": true, "to": true, "recipient": true, "simu": true, "nambari": true, "téléphone": true, "telephone_number": true, "numéro": true, "هاتف": true,
}

// names reads the first row; false if it is no head but a number already.
func (r *rows) names(cells []string) bool {
	for _, cell := range cells {
		if _, err := number.Parse(cell, r.region); err == nil {
			r.keys = make([]string, len(cells))
			return false
		}
	}
	r.keys = make([]string, len(cells))
	for i, cell := range cells {
		key, ok := KeyOf(cell)
		switch {
		case phoneNames[key] && r.phone < 0:
			r.phone = i
			key = ""
		case key == "language" || key == "lang":
			r.language = i
		case !ok:
			key = ""
		}
		if r.keys[i] = key; key != "" {
			r.upload.Columns = append(r.upload.Columns, key)
		}
	}
	return true
}

func (r *rows) take(row int, cells []string) {
	if r.phone < 0 { // nobody named it: the first that holds a number
		for i, cell := range cells {
			if _, err := number.Parse(cell, r.region); err == nil {
				r.phone = i
				break
			}
		}
	}
	at := max(r.phone, 0)
	if at >= len(cells) || cells[at] == "" {
		r.reject(row, strings.Join(cells, ", "), smsir.Errorf(smsir.CodeInvalid, "There is no number.").Because("missing"))
		return
	}
	n, err := number.Parse(cells[at], r.region)
	if err != nil {
		r.reject(row, cells[at], err)
		return
	}
	to := store.Recipient{Phone: n.E164, Country: n.Country}
	for i, key := range r.keys {
		if i >= len(cells) || cells[i] == "" || key == "" {
			continue
		}
		if i == r.language && languageForm(cells[i]) {
			to.Language = cells[i]
		}
		if to.Values == nil {
			to.Values = make(map[string]string, len(r.keys))
		}
		to.Values[key] = limit(cells[i])
	}
	r.page = append(r.page, to)
}

func (r *rows) reject(row int, text string, why error) {
	r.upload.Rejected++
	if len(r.upload.Problems) == r.problems {
		return
	}
	p := RowProblem{Row: row, Text: clip(text), Code: "phone_invalid", Why: strings.TrimSpace(why.Error())}
	var e *smsir.Error
	if errors.As(why, &e) && e.Cause != "" {
		p.Code, p.Params = "phone_"+e.Cause, e.Params
	}
	r.upload.Problems = append(r.upload.Problems, p)
}

// limit shortens a value.
func limit(value string) string {
	if utf8.RuneCountInString(value) > maxValue {
		return string([]rune(value)[:maxValue])
	}
	return value
}
