package audience

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// of finds the import of a job; nil if it was forgotten.
func (i *Importer) of(ctx context.Context, payload []byte) (*store.Import, error) {
	var p importJob
	if err := json.Unmarshal(payload, &p); err != nil {
		return nil, fmt.Errorf("payload of an import: %w", err)
	}
	workspace, err := smsir.ParseUUID(smsir.PrefixWorkspace, p.Workspace)
	if err != nil {
		return nil, err
	}
	id, err := smsir.ParseUUID(smsir.PrefixImport, p.Import)
	if err != nil {
		return nil, err
	}
	im, err := i.store.Import(ctx, workspace, id)
	if smsir.CodeOf(err) == smsir.CodeNotFound {
		return nil, nil
	}
	return im, err
}

// Run does one job of a kind; it can be cut off anywhere and run again.
func (i *Importer) Run(ctx context.Context, kind string, payload []byte) error {
	im, err := i.of(ctx, payload)
	if err != nil || im == nil {
		return err
	}
	switch kind {
	case JobReview:
		err = i.review(ctx, im)
	case JobCommit:
		err = i.commit(ctx, im)
	case JobUndo:
		err = i.undo(ctx, im)
	case JobForget:
		return i.drop(ctx, im.Workspace, im.ID)
	}
	if smsir.CodeOf(err) == smsir.CodeConflict {
		return nil // it was begun anew, deleted, or another run has done it
	}
	return err
}

// Fail gives up an import whose job failed too often.
func (i *Importer) Fail(ctx context.Context, payload []byte, cause error) error {
	im, err := i.of(ctx, payload)
	if err != nil || im == nil {
		return err
	}
	was := im.State
	im.State, im.Problem, im.UpdatedAt = store.ImportFailed, textOf(cause), i.now()
	err = i.store.MoveImport(ctx, *im, []string{was}, nil, nil)
	if smsir.CodeOf(err) == smsir.CodeConflict {
		return nil
	}
	return err
}

// plan reads what is needed to understand the rows of an import.
func (i *Importer) plan(ctx context.Context, im *store.Import) (*rowPlan, error) {
	w, err := i.store.Workspace(ctx, im.Workspace)
	if err != nil {
		return nil, err
	}
	fields, err := i.store.ContactFields(ctx, im.Workspace)
	if err != nil {
		return nil, err
	}
	return newRowPlan(im, w.Country, fields), nil
}

// from is the number of the row above those that the work of an import goes on with.
func from(im *store.Import) int {
	if im.Header {
		return max(im.Cursor, im.First)
	}
	return im.Cursor
}

// review checks every row, a batch at a time.
func (i *Importer) review(ctx context.Context, im *store.Import) error {
	if im.State != store.ImportReviewing {
		return nil
	}
	p, err := i.plan(ctx, im)
	if err != nil {
		return err
	}
	for im.State == store.ImportReviewing {
		rows, err := i.store.ImportRows(ctx, *im, store.ImportRowQuery{After: from(im), Limit: batch})
		if err != nil {
			return err
		}
		before := *im
		upTo := im.Last
		if len(rows) > 0 {
			upTo = rows[len(rows)-1].N
			if rows, err = i.judgeAll(ctx, p, im, rows); err != nil {
				return err
			}
		}
		if upTo >= im.Last {
			im.State = store.ImportReviewed
		}
		im.Cursor, im.UpdatedAt = before.Cursor, i.now()
		if err := i.store.ReviewImport(ctx, *im, rows, upTo); err != nil {
			return err
		}
		im.Cursor = upTo
	}
	return nil
}

// judgeAll checks the rows of a batch, and counts into im.
func (i *Importer) judgeAll(ctx context.Context, p *rowPlan, im *store.Import, rows []store.ImportRow) ([]store.ImportRow, error) {
	judged := make([]store.ImportRow, len(rows))
	var phones []string
	for k, row := range rows {
		if judged[k], _ = p.judge(row); judged[k].State != store.RowBad {
			phones = append(phones, judged[k].Phone)
		}
	}
	above, err := i.store.ImportPhones(ctx, *im, phones)
	if err != nil {
		return nil, err
	}
	have, err := i.store.ContactsByPhone(ctx, im.Workspace, phones)
	if err != nil {
		return nil, err
	}
	forbidden, err := i.store.SuppressionsOf(ctx, im.Workspace, phones)
	if err != nil {
		return nil, err
	}
	optedOut := map[string]bool{}
	for _, s := range forbidden {
		optedOut[s.Recipient] = true
	}
	for k := range judged {
		r := &judged[k]
		if r.State == store.RowBad {
			im.Counts.Bad++
			continue
		}
		if n, ok := above[r.Phone]; ok {
			r.State, r.Code, r.OptedOut = store.RowDuplicate, rowDuplicate, false
			r.Reason = fmt.Sprintf("Row %d has the number %s already. Only that row is brought in.", n, r.Phone)
			r.Params = map[string]string{"row": strconv.Itoa(n), "phone": r.Phone}
			im.Counts.Duplicate++
			continue
		}
		above[r.Phone] = r.N
		if _, ok := have[r.Phone]; ok {
			r.State = store.RowChanged
			im.Counts.Changed++
		} else {
			im.Counts.New++
		}
		if r.OptedOut = r.OptedOut || optedOut[r.Phone]; r.OptedOut {
			im.Counts.OptedOut++
		}
	}
	return judged, nil
}

// commit writes the good rows, a batch at a time.
func (i *Importer) commit(ctx context.Context, im *store.Import) error {
	if im.State != store.ImportCommitting {
		return nil
	}
	p, err := i.plan(ctx, im)
	if err != nil {
		return err
	}
	for im.State == store.ImportCommitting {
		rows, err := i.store.ImportRows(ctx, *im, store.ImportRowQuery{After: from(im), Limit: batch})
		if err != nil {
			return err
		}
		now := i.now().UTC().Truncate(time.Millisecond)
		var writes []store.ImportWrite
		upTo := im.Last
		for _, row := range rows {
			if upTo = row.N; row.State == store.RowNew || row.State == store.RowChanged {
				writes = append(writes, p.write(row, now))
			}
		}
		next := *im
		if upTo >= im.Last {
			next.State = store.ImportCommitted
		}
		if err := i.store.CommitImport(ctx, &next, writes, upTo, now); err != nil {
			return err
		}
		*im = next
	}
	return nil
}

// undo takes back what the rows wrote, a batch at a time.
func (i *Importer) undo(ctx context.Context, im *store.Import) error {
	if im.State != store.ImportUndoing {
		return nil
	}
	for more := true; more; {
		var err error
		if more, err = i.store.UndoImport(ctx, im, batch); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	im.State, im.UpdatedAt = store.ImportUndone, i.now()
	return i.store.MoveImport(ctx, *im, []string{store.ImportUndoing}, nil, nil)
}
