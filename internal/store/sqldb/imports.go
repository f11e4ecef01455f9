package sqldb

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var _ store.Imports = (*Store)(nil)

const importColumns = `i.id, i.workspace_id, i.name, i.state, i.header, i.first_row, i.last_row, i.row_count, i.columns, i.mapping, i.groups,
	i.review, i.cursor, i.counts, i.problem, i.actor_kind, i.actor_id, i.created_at, i.updated_at`

func scanImport(im *store.Import) scan {
	return scan{
		&im.ID, &im.Workspace, &im.Name, &im.State,
		boolean{&im.Header},
		&im.First, &im.Last, &im.Rows,
		document{&im.Columns},
		document{&im.Mapping},
		document{&im.Groups},
		&im.Review, &im.Cursor,
		document{&im.Counts},
		&im.Problem, &im.By.Kind, &im.By.ID,
		moment{&im.CreatedAt},
		moment{&im.UpdatedAt},
	}
}

// asJSON is a value as a column of text.
func asJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// importValues are the columns of an import that change.
func importValues(im *store.Import) (args []any, err error) {
	var lists [4]string
	for i, v := range []any{im.Columns, im.Mapping, im.Groups, im.Counts} {
		if lists[i], err = asJSON(v); err != nil {
			return nil, err
		}
	}
	return []any{
		im.State, Flag(im.Header), int64(im.First), int64(im.Last), int64(im.Rows), lists[0], lists[1], lists[2],
		im.Review, int64(im.Cursor), lists[3], im.Problem, Millis(im.UpdatedAt),
	}, nil
}

// CreateImport implements store.Imports.
func (s *Store) CreateImport(ctx context.Context, im store.Import, forget store.Job) error {
	args, err := importValues(&im)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx Tx) error {
		if _, err := tx.Exec(`INSERT INTO imports (state, header, first_row, last_row, row_count, columns, mapping, groups, review, cursor, counts, problem, updated_at,
			id, workspace_id, name, actor_kind, actor_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
			append(args[:len(args):len(args)], im.ID, im.Workspace, im.Name, int64(im.By.Kind), im.By.ID, Millis(im.CreatedAt))...); err != nil {
			return err
		}
		_, err := insertJob(tx, forget)
		return err
	})
}

// AddImportRows implements store.Imports.
func (s *Store) AddImportRows(ctx context.Context, im store.Import, rows []store.ImportRow) error {
	return s.db.Update(ctx, func(tx Tx) error {
		for i := range rows {
			cells, err := asJSON(rows[i].Cells)
			if err != nil {
				return err
			}
			n, err := tx.Exec(`INSERT INTO import_rows (import_id, n, cells) SELECT i.id, $2, $3 FROM imports i WHERE i.id = $1 AND i.state = 'uploading'`,
				im.ID, int64(rows[i].N), cells)
			if err := touched(n, err, "import"); err != nil {
				return err
			}
		}
		return nil
	})
}

var errOtherImportState = conflict("", "The import is at another step by now. Look at it again.")

// MoveImport implements store.Imports.
func (s *Store) MoveImport(ctx context.Context, im store.Import, from []string, j *store.Job, audit *store.AuditEntry) error {
	step := func(tx Tx) error {
		states, names := words(16, from)
		if err := putImport(tx, &im, " AND state IN "+states, names...); err != nil || j == nil {
			return err
		}
		_, err := insertJob(tx, *j)
		return err
	}
	if audit == nil {
		return s.db.Update(ctx, step)
	}
	return s.change(ctx, *audit, step)
}

// putImport replaces what is known of an import under a condition, whose placeholders begin at 16.
func putImport(tx Tx, im *store.Import, condition string, more ...any) error {
	args, err := importValues(im)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`UPDATE imports SET state = $1, header = $2, first_row = $3, last_row = $4, row_count = $5, columns = $6, mapping = $7, groups = $8,
		review = $9, cursor = $10, counts = $11, problem = $12, updated_at = $13 WHERE workspace_id = $14 AND id = $15`+condition,
		append(append(args, im.Workspace, im.ID), more...)...)
	if err == nil && n == 0 {
		return errOtherImportState
	}
	return err
}

// Import implements store.Imports.
func (s *Store) Import(ctx context.Context, workspace, id smsir.UUID) (*store.Import, error) {
	rows, err := s.db.Query(ctx, "SELECT "+importColumns+" FROM imports i WHERE i.workspace_id = $1 AND i.id = $2", workspace, id)
	return first(rows, err, scanImport, "import")
}

// Imports implements store.Imports.
func (s *Store) Imports(ctx context.Context, workspace smsir.UUID, limit int) ([]store.Import, error) {
	rows, err := s.db.Query(ctx, "SELECT "+importColumns+" FROM imports i WHERE i.workspace_id = $1 AND i.state <> 'uploading' ORDER BY i.id DESC LIMIT $2", workspace, int64(limit))
	return all(rows, err, scanImport)
}

// ImportRows implements store.Imports. A row that an older review judged is shown as one that waits.
func (s *Store) ImportRows(ctx context.Context, im store.Import, q store.ImportRowQuery) ([]store.ImportRow, error) {
	w := new(where)
	w.and("r.import_id = ?", im.ID)
	switch q.State {
	case "":
	case "opted_out":
		w.and("r.review = ? AND r.opted_out = 1 AND r.state IN ('new', 'changed')", im.Review)
	default:
		w.and("r.review = ? AND r.state = ? AND r.state <> ''", im.Review, q.State)
	}
	if q.After > 0 {
		w.and("r.n > ?", int64(q.After))
	}
	most := w.bind(int64(q.Limit))
	rows, err := s.db.QueryOnce(ctx, `SELECT r.n, r.cells, r.review, r.state, r.opted_out, r.phone, r.code, r.column_name, r.reason
		FROM import_rows r WHERE `+w.text()+" ORDER BY r.n LIMIT "+most, w.args...)
	var list []store.ImportRow
	err = each(rows, err, func(r Rows) error {
		var v store.ImportRow
		var review int64
		if err := r.Scan(&v.N, document{&v.Cells}, &review, &v.State, boolean{&v.OptedOut}, &v.Phone, &v.Code, &v.Column, reason{&v}); err != nil {
			return err
		}
		if review != im.Review {
			v = store.ImportRow{N: v.N, Cells: v.Cells}
		}
		list = append(list, v)
		return nil
	})
	return list, err
}

// ImportPhones implements store.Imports.
func (s *Store) ImportPhones(ctx context.Context, im store.Import, phones []string) (map[string]int, error) {
	in, args := words(4, phones)
	rows, err := s.db.QueryOnce(ctx, `SELECT r.phone, MIN(r.n) FROM import_rows r WHERE r.import_id = $1 AND r.review = $2 AND r.n <= $3 AND r.phone <> ''
		AND r.state IN ('new', 'changed') AND r.phone IN `+in+" GROUP BY r.phone", append([]any{im.ID, im.Review, int64(im.Cursor)}, args...)...)
	found := map[string]int{}
	return found, each(rows, err, func(r Rows) error {
		var phone string
		var n int
		err := r.Scan(&phone, &n)
		found[phone] = n
		return err
	})
}

// ReviewImport implements store.Imports.
func (s *Store) ReviewImport(ctx context.Context, im store.Import, rows []store.ImportRow, upTo int) error {
	return s.db.Update(ctx, func(tx Tx) error {
		was := int64(im.Cursor)
		next := im
		next.Cursor = upTo
		if err := putImport(tx, &next, " AND state = 'reviewing' AND review = $16 AND cursor = $17", im.Review, was); err != nil {
			return err
		}
		for i := range rows {
			if err := judge(tx, &im, &rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// reasonText is what the column reason holds where the words have parameters; otherwise it holds the words.
type reasonText struct {
	Text   string            `json:"text"`
	Params map[string]string `json:"params"`
}

func reasonOf(r *store.ImportRow) string {
	if len(r.Params) == 0 {
		return r.Reason
	}
	return MustJSON(reasonText{r.Reason, r.Params})
}

// reason reads what reasonOf wrote.
type reason struct{ to *store.ImportRow }

// Scan implements sql.Scanner.
func (r reason) Scan(src any) error {
	var b []byte
	if err := (text{&b}).Scan(src); err != nil {
		return err
	}
	r.to.Reason, r.to.Params = string(b), nil
	if !strings.HasPrefix(r.to.Reason, `{"text":`) {
		return nil
	}
	var v reasonText
	if err := Unmarshal(r.to.Reason, &v); err != nil {
		return err
	}
	r.to.Reason, r.to.Params = v.Text, v.Params
	return nil
}

func judge(tx Tx, im *store.Import, r *store.ImportRow) error {
	_, err := tx.Exec(`UPDATE import_rows SET review = $3, state = $4, opted_out = $5, phone = $6, code = $7, column_name = $8, reason = $9
		WHERE import_id = $1 AND n = $2`, im.ID, int64(r.N), im.Review, r.State, Flag(r.OptedOut), r.Phone, r.Code, r.Column, reasonOf(r))
	return err
}

// ForgetImport implements store.Imports.
func (s *Store) ForgetImport(ctx context.Context, workspace, id smsir.UUID, limit int) (more bool, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		rows, err := tx.Query("SELECT 1 FROM imports i WHERE i.workspace_id = $1 AND i.id = $2", workspace, id)
		there, err := found(rows, err)
		if err != nil || !there {
			more = false
			return err
		}
		n, err := tx.Exec(`DELETE FROM import_rows WHERE import_id = $1 AND n IN (SELECT r.n FROM import_rows r WHERE r.import_id = $1 ORDER BY r.n LIMIT $2)`, id, int64(limit))
		if more = n == int64(limit); more || err != nil {
			return err
		}
		_, err = tx.Exec("DELETE FROM imports WHERE workspace_id = $1 AND id = $2", workspace, id)
		return err
	})
	return more, err
}
