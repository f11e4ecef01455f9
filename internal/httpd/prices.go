package httpd

import (
	"context"
	"io"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/ledger"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

// Ledger is what the door needs of package ledger.
type Ledger interface {
	Prices(ctx context.Context, workspace smsir.UUID) ([]smsir.Price, error)
	SetPrices(ctx context.Context, w *store.Workspace, currency string, drafts []ledger.Draft, by ledger.By) error
	Import(ctx context.Context, w *store.Workspace, file io.Reader, kind string, whole bool, by ledger.By) (*ledger.Imported, error)
	Export(ctx context.Context, w *store.Workspace, file io.Writer) error
	Costs(ctx context.Context, w *store.Workspace) (*ledger.Costs, error)
	Credits
}

// maxPriceFile bounds a table of prices.
const maxPriceFile = 4 << 20

// registerPrices registers what segments cost a workspace.
func (s *Server) registerPrices(b *builder) {
	const versions = "A change adds a price that is valid from a moment on; what was sent before keeps the price it had."
	handle(b, route{Method: "GET", Path: "/v1/prices", ID: "listPrices", Tag: "Limits", Summary: "The price list of the workspace"},
		func(c *call, in *struct {
			All bool `query:"all" doc:"Prices that are over, too."`
		},
		) (*api.PriceList, error) {
			return s.priceList(c, c.p.Workspace, in.All)
		})
	handle(b, route{Method: "POST", Path: "/v1/prices", ID: "addPrices", Tag: "Limits", MaxBody: 256 << 10, Errors: []int{409}, Summary: "Change prices", Text: versions},
		func(c *call, in *struct{ Body api.PriceChange }) (*api.PriceList, error) {
			drafts := make([]ledger.Draft, len(in.Body.Prices))
			for i, p := range in.Body.Prices {
				drafts[i] = ledger.Draft{Destination: p.Destination, Price: p.Price, From: p.ValidFrom}
			}
			if err := s.deps.Ledger.SetPrices(c.ctx(), c.p.Workspace, in.Body.Currency, drafts, c.byLedger()); err != nil {
				return nil, err
			}
			w, err := s.deps.Store.Workspace(c.ctx(), c.p.Workspace.ID)
			if err != nil {
				return nil, err
			}
			return s.priceList(c, w, false)
		})
	handleUpload(b, route{
		Method: "POST", Path: "/v1/prices/import", ID: "importPrices", Tag: "Limits", Takes: []string{sheet.CSV, sheet.TSV, sheet.XLSX}, MaxBody: maxPriceFile, Errors: []int{409},
		Summary: "Change prices by a table",
		Text: "The first row names the columns: destination, price and, if you like, currency and valid_from. All of it is taken, or nothing: `bad` names every row that " +
			"cannot be. " + versions,
	}, func(c *call, in *struct {
		Whole bool `query:"whole" doc:"The table is the whole list: destinations that it lacks are taken out."`
	}, file io.Reader,
	) (*api.PriceImport, error) {
		got, err := s.deps.Ledger.Import(c.ctx(), c.p.Workspace, file, c.r.Header.Get("Content-Type"), in.Whole, c.byLedger())
		if err != nil {
			return nil, err
		}
		out := &api.PriceImport{Stored: len(got.Bad) == 0, Added: got.Added, Unchanged: got.Unchanged, Ended: got.Ended, Bad: make([]api.PriceRow, len(got.Bad))}
		for i, row := range got.Bad {
			out.Bad[i] = api.PriceRow(row)
		}
		return out, nil
	})
	handleDownload(b, route{Method: "GET", Path: "/v1/prices/export", ID: "exportPrices", Tag: "Limits", Gives: csvType, Summary: "The price list as a table", Text: "As it can be imported: prices valid now, and those to come."},
		"prices.csv", func(c *call, _ *struct{}, file io.Writer) error {
			return s.deps.Ledger.Export(c.ctx(), c.p.Workspace, file)
		})
}

func (c *call) byLedger() ledger.By { return ledger.By{Actor: c.p.Actor, IP: c.peer().IP.String()} }

func (s *Server) priceList(c *call, w *store.Workspace, over bool) (*api.PriceList, error) {
	prices, err := s.deps.Ledger.Prices(c.ctx(), w.ID)
	if err != nil {
		return nil, err
	}
	list := smsir.NewPriceList(prices)
	out := &api.PriceList{Currency: w.Currency, Items: []api.Price{}}
	for _, p := range prices {
		item := api.Price{Destination: p.Destination, ValidFrom: p.From.UTC(), State: "over"}
		if p.Micros >= 0 {
			item.Price = smsir.FormatMicros(p.Micros)
		}
		if p.From.After(c.now) {
			item.State = "coming"
		} else if now, ok := list.Exactly(p.Destination, c.now); ok && now.From.Equal(p.From) {
			item.State = "current"
		}
		if over || item.State != "over" {
			out.Items = append(out.Items, item)
		}
	}
	return out, nil
}
