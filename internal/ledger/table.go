package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

// Columns are those of a table of prices.
var columns = []string{"destination", "price", "currency", "valid_from"}

// BadRow is a row that cannot be taken, and how to put it right.
type BadRow struct {
	Row    int    // in the file, from 1
	Column string // of the problem
	Text   string
}

// Imported is what came of a table of prices. It was stored if Bad is empty.
type Imported struct {
	Added     int // prices that were added, the ends of others included
	Unchanged int // rows that say what the list says already
	Ended     int // of Added, destinations that are not in the table
	Bad       []BadRow
}

// Import reads a table of prices and adds what is new in it; with whole, destinations that are not in it go out of the
// list. Either all of it is taken, or nothing and every bad row is named. Errors: invalid (the file is no table); conflict.
func (s *Service) Import(ctx context.Context, w *store.Workspace, file io.Reader, kind string, whole bool, by By) (*Imported, error) {
	known, err := s.opt.Store.Prices(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	in := &importer{w: w, now: s.now(), known: map[priceKey]int64{}, seen: map[priceKey]int{}, named: map[string]bool{}, currency: w.Currency}
	for _, p := range known {
		in.known[keyOf(p)] = p.Micros
	}
	in.list = smsir.NewPriceList(known)
	if err := in.read(file, kind); err != nil {
		return nil, err
	}
	if len(in.out.Bad) > 0 {
		return &in.out, nil
	}
	if whole {
		in.end(known)
	}
	in.out.Added = len(in.prices)
	return &in.out, s.store(ctx, w.ID, in.currency, known, in.prices, by)
}

// priceKey tells prices of a list apart.
type priceKey struct {
	destination string
	from        int64
}

func keyOf(p smsir.Price) priceKey { return priceKey{p.Destination, p.From.UnixMilli()} }

type importer struct {
	w        *store.Workspace
	now      time.Time
	list     *smsir.PriceList
	known    map[priceKey]int64
	seen     map[priceKey]int // row by price
	named    map[string]bool  // destinations of the table
	currency string
	at       map[string]int // column by name
	prices   []smsir.Price
	out      Imported
}

func (in *importer) read(file io.Reader, kind string) error {
	table, err := sheet.Open(file, kind)
	if err != nil {
		return err
	}
	for {
		row, cells, err := table.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if in.at == nil {
			if in.at, err = header(cells); err != nil {
				return err
			}
			continue
		}
		in.row(row, cells)
	}
	if in.at == nil || len(in.seen)+len(in.out.Bad) == 0 {
		return &smsir.Error{Code: smsir.CodeInvalid, Text: "The table has no prices. Give it a first row with the names destination and price, and a row for each price."}
	}
	return nil
}

// header finds the columns by the names in the first row.
func header(cells []string) (map[string]int, error) {
	at := map[string]int{}
	for i, cell := range cells {
		name := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(sheet.Plain(cell))), " ", "_")
		if slices.Contains(columns, name) {
			at[name] = i
		}
	}
	for _, name := range columns[:2] {
		if _, ok := at[name]; !ok {
			return nil, &smsir.Error{Code: smsir.CodeInvalid, Text: fmt.Sprintf("The first row names no column %q. Name the columns destination, price and, if you like, currency and valid_from.", name)}
		}
	}
	return at, nil
}

func (in *importer) row(row int, cells []string) {
	cell := func(name string) string {
		if i, ok := in.at[name]; ok && i < len(cells) {
			return strings.TrimSpace(sheet.Plain(cells[i]))
		}
		return ""
	}
	bad := func(column, format string, args ...any) {
		in.out.Bad = append(in.out.Bad, BadRow{row, column, fmt.Sprintf(format, args...)})
	}
	d := Draft{Destination: cell("destination"), Price: cell("price"), From: cell("valid_from")}
	p, column, problem := read(d, in.w, in.now)
	if problem != "" {
		bad(column, "%s", problem)
		return
	}
	if currency := strings.ToUpper(cell("currency")); currency != "" {
		switch {
		case !currencyForm.MatchString(currency):
			bad("currency", "%q is not a currency. Give its three letters (ISO 4217), such as KES.", currency)
			return
		case in.currency == "":
			in.currency = currency
		case in.currency != currency:
			bad("currency", "The prices are in %s. All prices of a workspace are in one currency.", in.currency)
			return
		}
	} else if in.currency == "" {
		bad("currency", "Give the currency in the first row of prices, such as KES.")
		return
	}
	k := keyOf(p)
	if first, again := in.seen[k]; again {
		bad("destination", "Row %d has a price for %s from the same moment on. Keep one of them.", first, p.Destination)
		return
	}
	in.seen[k], in.named[p.Destination] = row, true
	micros, had := in.known[k]
	now, is := in.list.Exactly(p.Destination, in.now)
	switch {
	case had && micros == p.Micros, d.From == "" && is && now.Micros == p.Micros, d.From == "" && !is && p.Micros == smsir.NoPrice:
		in.out.Unchanged++
	case p.From.Before(in.now):
		bad("valid_from", "This moment has passed, and the list had another price then. Leave it empty for a price that is valid from now on.")
	default:
		in.prices = append(in.prices, p)
	}
}

// end takes destinations that have a price now or later and are not in the table out of the list.
func (in *importer) end(known []smsir.Price) {
	done := map[string]bool{}
	for _, p := range known {
		if in.named[p.Destination] || done[p.Destination] {
			continue
		}
		if _, is := in.list.Exactly(p.Destination, in.now); is {
			in.prices, done[p.Destination] = append(in.prices, smsir.Price{Destination: p.Destination, From: in.now, Micros: smsir.NoPrice}), true
		}
		if p.From.After(in.now) && p.Micros >= 0 {
			in.prices = append(in.prices, smsir.Price{Destination: p.Destination, From: p.From, Micros: smsir.NoPrice})
		}
	}
	in.out.Ended = len(done)
}

// Export writes the prices of a workspace as a table that [Service.Import] reads: those valid now, and those to come.
func (s *Service) Export(ctx context.Context, w *store.Workspace, file io.Writer) error {
	all, err := s.Prices(ctx, w.ID)
	if err != nil {
		return err
	}
	list, now := smsir.NewPriceList(all), s.now()
	table, err := sheet.NewWriter(file)
	if err != nil {
		return err
	}
	if err := table.Row(columns...); err != nil {
		return err
	}
	for _, p := range all {
		valid, is := list.Exactly(p.Destination, now)
		if !p.From.After(now) && (!is || !valid.From.Equal(p.From)) {
			continue
		}
		price := ""
		if p.Micros >= 0 {
			price = smsir.FormatMicros(p.Micros)
		}
		if err := table.Row(p.Destination, price, w.Currency, p.From.UTC().Format(time.RFC3339Nano)); err != nil {
			return err
		}
	}
	return table.Flush()
}
