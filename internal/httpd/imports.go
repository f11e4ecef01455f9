package httpd

import (
	"context"
	"encoding/binary"
	"io"
	"strconv"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/audience"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

// Imports is what the door needs of package audience to bring tables of contacts in.
type Imports interface {
	Upload(ctx context.Context, w *store.Workspace, name, kind string, file io.Reader, by audience.By) (*store.Import, error)
	Map(ctx context.Context, workspace, id smsir.UUID, m audience.ImportMapping) (*store.Import, error)
	Commit(ctx context.Context, workspace, id smsir.UUID, groups []smsir.UUID, by audience.By) (*store.Import, error)
	Undo(ctx context.Context, workspace, id smsir.UUID, by audience.By) (*store.Import, error)
	Forget(ctx context.Context, workspace, id smsir.UUID, by audience.By) error
}

// registerImports registers tables of contacts on their way in.
func (s *Server) registerImports(b *builder) {
	handleUpload(b, route{
		Method: "POST", Path: "/v1/imports", ID: "createImport", Tag: "Contacts", Status: 201, Takes: []string{sheet.CSV, sheet.TSV, sheet.XLSX}, MaxBody: sheet.MaxFile, Audit: "import.uploaded",
		Summary: "Upload a table of contacts", Text: "Nothing is written yet: say what the columns are, look at the review, then commit.",
	}, s.createImport)
	handle(b, route{Method: "GET", Path: "/v1/imports", ID: "listImports", Tag: "Contacts", Summary: "List the imports"},
		func(c *call, _ *struct{}) (*api.ImportList, error) {
			list, err := s.deps.Store.Imports(c.ctx(), c.p.Workspace.ID, 50)
			if err != nil {
				return nil, err
			}
			out := &api.ImportList{Items: make([]api.Import, len(list))}
			for i := range list {
				out.Items[i] = importOf(&list[i])
			}
			return out, nil
		})
	handle(b, route{Method: "GET", Path: "/v1/imports/{id}", ID: "getImport", Tag: "Contacts", Summary: "One import"},
		func(c *call, in *importID) (*api.Import, error) { return s.importOf(c.importNamed(in.ID)) })
	handle(b, route{
		Method: "PUT", Path: "/v1/imports/{id}/mapping", ID: "mapImport", Tag: "Contacts", Errors: []int{409}, Audit: "import.mapped", Summary: "Say what the columns are",
		Text: "Every row is checked in the background. It can be called again until the commit.",
	}, func(c *call, in *struct {
		ID   string `path:"id" doc:"Identifier of the import." example:"imp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
		Body api.ImportMapping
	},
	) (*api.Import, error) {
		return s.stepImport(c, in.ID, func(id smsir.UUID) (*store.Import, error) {
			return s.deps.Imports.Map(c.ctx(), c.p.Workspace.ID, id, audience.ImportMapping{Header: in.Body.Header, Columns: in.Body.Columns})
		})
	})
	handle(b, route{Method: "GET", Path: "/v1/imports/{id}/rows", ID: "listImportRows", Tag: "Contacts", Summary: "List the rows of an import"}, s.listImportRows)
	handleDownload(b, route{
		Method: "GET", Path: "/v1/imports/{id}/rejects", ID: "exportImportRejects", Tag: "Contacts", Gives: csvType, Errors: []int{404},
		Summary: "Download the rows that were rejected", Text: "As they stand in the file, with row number and reason in front: correct them and upload the file again.",
	}, "rejected.csv", s.exportRejects)
	handle(b, route{
		Method: "POST", Path: "/v1/imports/{id}/commit", ID: "commitImport", Tag: "Contacts", Errors: []int{409}, Summary: "Write the contacts",
		Text: "In the background; bad rows and duplicates are passed over.",
	}, func(c *call, in *struct {
		ID   string `path:"id" doc:"Identifier of the import." example:"imp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
		Body api.ImportCommit
	},
	) (*api.Import, error) {
		return s.stepImport(c, in.ID, func(id smsir.UUID) (*store.Import, error) {
			groups, err := parseUUIDs(smsir.PrefixGroup, "groups", in.Body.Groups)
			if err != nil {
				return nil, err
			}
			return s.deps.Imports.Commit(c.ctx(), c.p.Workspace.ID, id, groups, c.byAudience())
		})
	})
	handle(b, route{
		Method: "POST", Path: "/v1/imports/{id}/undo", ID: "undoImport", Tag: "Contacts", Errors: []int{409}, Summary: "Take back what an import has written",
		Text: "In the background. Contacts that were changed since stay as they are, and so do opt-outs.",
	}, func(c *call, in *importID) (*api.Import, error) {
		return s.stepImport(c, in.ID, func(id smsir.UUID) (*store.Import, error) {
			return s.deps.Imports.Undo(c.ctx(), c.p.Workspace.ID, id, c.byAudience())
		})
	})
	handle(b, route{Method: "DELETE", Path: "/v1/imports/{id}", ID: "deleteImport", Tag: "Contacts", Errors: []int{409}, Summary: "Forget an import", Text: "Its contacts stay, and it cannot be undone any more."},
		func(c *call, in *importID) (*none, error) {
			id, err := parseUUID(smsir.PrefixImport, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Imports.Forget(c.ctx(), c.p.Workspace.ID, id, c.byAudience())
		})
}

type importID struct {
	ID string `path:"id" doc:"Identifier of the import." example:"imp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

func (s *Server) createImport(c *call, in *struct {
	Name string `query:"name" maxLength:"200" doc:"Name of the file, to be shown." example:"parents.csv"`
}, file io.Reader,
) (*api.Import, error) {
	kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	im, err := s.deps.Imports.Upload(c.ctx(), c.p.Workspace, in.Name, strings.ToLower(strings.TrimSpace(kind)), file, c.byAudience())
	if err == nil {
		c.tell(im.ID.Format(smsir.PrefixImport), im.Name)
	}
	return s.importOf(c, im, err)
}

func (c *call) importNamed(text string) (*call, *store.Import, error) {
	id, err := parseUUID(smsir.PrefixImport, text)
	if err != nil {
		return c, nil, err
	}
	im, err := c.s.deps.Store.Import(c.ctx(), c.p.Workspace.ID, id)
	return c, im, err
}

func (s *Server) stepImport(c *call, text string, step func(id smsir.UUID) (*store.Import, error)) (*api.Import, error) {
	id, err := parseUUID(smsir.PrefixImport, text)
	if err != nil {
		return nil, err
	}
	im, err := step(id)
	return s.importOf(c, im, err)
}

// importOf shows an import with samples of its columns.
func (s *Server) importOf(c *call, im *store.Import, err error) (*api.Import, error) {
	if err != nil {
		return nil, err
	}
	out := importOf(im)
	after := 0
	if im.Header {
		after = im.First
	}
	rows, err := s.deps.Store.ImportRows(c.ctx(), *im, store.ImportRowQuery{After: after, Limit: 5})
	for _, r := range rows {
		for i := range out.Columns {
			if i < len(r.Cells) {
				out.Columns[i].Samples = append(out.Columns[i].Samples, clip(r.Cells[i], 100))
			}
		}
	}
	return &out, err
}

func importOf(im *store.Import) api.Import {
	out := api.Import{
		ID: im.ID.Format(smsir.PrefixImport), Name: im.Name, State: im.State, Rows: im.Rows, Header: im.Header, Counts: api.ImportCounts(im.Counts),
		Columns: make([]api.ImportColumn, len(im.Columns)), Groups: make([]string, len(im.Groups)), Problem: im.Problem,
		CreatedAt: im.CreatedAt.UTC(), UpdatedAt: im.UpdatedAt.UTC().Truncate(msPrecision),
	}
	if im.Header {
		out.Rows--
	}
	for i, g := range im.Groups {
		out.Groups[i] = g.Format(smsir.PrefixGroup)
	}
	for i, name := range im.Columns {
		out.Columns[i] = api.ImportColumn{Letter: audience.ColumnLetters(i), Samples: []string{}}
		if im.Header {
			out.Columns[i].Name = clip(name, 100)
		}
		if i < len(im.Mapping) {
			out.Columns[i].Is = im.Mapping[i]
		}
	}
	switch im.State {
	case store.ImportReviewing, store.ImportCommitting, store.ImportUndoing:
		if im.Cursor > im.First {
			out.Done = min(99, 100*(im.Cursor-im.First)/(im.Last-im.First+1))
		}
	case store.ImportUploaded, store.ImportFailed:
	default:
		out.Done = 100
	}
	return out
}

func (s *Server) listImportRows(c *call, in *struct {
	ID     string `path:"id" doc:"Identifier of the import." example:"imp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	State  string `query:"state" enum:"new,changed,duplicate,bad,opted_out" doc:"Only those of which the review found this."`
	Cursor string `query:"cursor" maxLength:"200" doc:"Of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Rows on a page."`
},
) (*api.ImportRows, error) {
	_, im, err := c.importNamed(in.ID)
	if err != nil {
		return nil, err
	}
	query := c.query("cursor", "limit") + im.ID.Format("") + strconv.FormatInt(im.Review, 10)
	mark, err := s.cursors.readMark(c.p.Workspace.ID, query, in.Cursor)
	if err != nil {
		return nil, err
	}
	q := store.ImportRowQuery{State: in.State, Limit: in.Limit + 1}
	if im.Header {
		q.After = im.First
	}
	if len(mark) == 8 {
		q.After = int(binary.BigEndian.Uint64(mark)) //nolint:gosec // we wrote it
	}
	rows, err := s.deps.Store.ImportRows(c.ctx(), *im, q)
	if err != nil {
		return nil, err
	}
	out := &api.ImportRows{Items: []api.ImportRow{}}
	if len(rows) > in.Limit {
		rows = rows[:in.Limit]
		out.Next = s.cursors.makeMark(c.p.Workspace.ID, query, binary.BigEndian.AppendUint64(nil, uint64(rows[in.Limit-1].N))) //nolint:gosec // positive
	}
	for _, r := range rows {
		row := api.ImportRow{Row: r.N, State: r.State, OptedOut: r.OptedOut, Phone: r.Phone, Code: r.Code, Params: r.Params, Column: r.Column, Detail: r.Reason, Cells: make([]string, len(r.Cells))}
		for i, cell := range r.Cells {
			row.Cells[i] = clip(cell, 200)
		}
		if row.State == "" {
			row.State = "waiting"
		}
		out.Items = append(out.Items, row)
	}
	return out, nil
}

// exportRejects writes the rows that are not brought in, in the order of the file.
func (s *Server) exportRejects(c *call, in *importID, file io.Writer) error {
	_, im, err := c.importNamed(in.ID)
	if err != nil {
		return err
	}
	w, err := sheet.NewWriter(file)
	if err != nil {
		return err
	}
	head := []string{"row", "reason"}
	for i, name := range im.Columns {
		if !im.Header || name == "" {
			name = audience.ColumnLetters(i)
		}
		head = append(head, name)
	}
	if err := w.Row(head...); err != nil {
		return err
	}
	for _, state := range []string{store.RowBad, store.RowDuplicate} {
		for after, more := 0, true; more; {
			rows, err := s.deps.Store.ImportRows(c.ctx(), *im, store.ImportRowQuery{State: state, After: after, Limit: 500})
			if err != nil {
				return err
			}
			for _, r := range rows {
				reason := r.Reason
				if r.Column != "" {
					reason = r.Column + ": " + reason
				}
				if err := w.Row(append([]string{strconv.Itoa(r.N), reason}, r.Cells...)...); err != nil {
					return err
				}
				after = r.N
			}
			more = len(rows) == 500
		}
	}
	return w.Flush()
}
