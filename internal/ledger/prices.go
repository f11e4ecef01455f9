// Package ledger is in charge of what messages cost their workspace: its price list, what is known beside it, and its credit
// as people grant and correct it. What messages take from the credit follows from their moves, in package smsir and the stores.
//
// It checks what people enter and says who did what; package store keeps it, and package accept asks for prices when it
// accepts. What it guarantees: a price never changes for what was sent before; a table of prices is taken whole, or not at
// all with every bad row named.
package ledger

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

// Bounds of a price list.
const (
	MaxPrices = 20_000                // rows of a workspace, those that are over included
	maxPrice  = 1_000_000 * 1_000_000 // millionths for one segment
	maxAhead  = 5 * 366 * 24 * time.Hour
)

// Store is what the package needs of the storage contract.
type Store interface {
	Prices(ctx context.Context, workspace smsir.UUID) ([]smsir.Price, error)
	AddPrices(ctx context.Context, workspace smsir.UUID, currency string, prices []smsir.Price, audit store.AuditEntry) error
	Paid(ctx context.Context, workspace smsir.UUID) ([]store.Paid, error)
	Workspace(ctx context.Context, id smsir.UUID) (*store.Workspace, error)
	NewID(now time.Time) smsir.ID
	store.Credits
}

// Options of [New]; only Store is required.
type Options struct {
	Store   Store
	Now     func() time.Time
	Changed func() // called after every change of what a workspace knows of its prices
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	opt   Options
	lists lists
}

// New returns a service.
func New(opt Options) *Service {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Changed == nil {
		opt.Changed = func() {}
	}
	return &Service{opt: opt}
}

// By is who makes a change, for the audit log.
type By struct {
	Actor smsir.Actor
	IP    string
}

// Draft is a price as people enter it.
type Draft struct {
	Destination string // "+25470", "KE" or "*"
	Price       string // of a segment, a decimal number; "" takes the destination from the list
	From        string // a date, a moment (RFC 3339), or "" for now
}

// now is the present in the precision of the store.
func (s *Service) now() time.Time { return s.opt.Now().UTC().Truncate(time.Millisecond) }

// Prices lists the prices of a workspace by destination, of each the newest first.
func (s *Service) Prices(ctx context.Context, workspace smsir.UUID) ([]smsir.Price, error) {
	all, err := s.opt.Store.Prices(ctx, workspace)
	slices.SortFunc(all, func(a, b smsir.Price) int {
		if c := strings.Compare(a.Destination, b.Destination); c != 0 {
			return c
		}
		return b.From.Compare(a.From)
	})
	return all, err
}

// SetPrices adds prices in a currency; an empty currency means that of the list. Errors: invalid with Field "currency" or
// "prices.<i>.<field>"; conflict (Field "currency").
func (s *Service) SetPrices(ctx context.Context, w *store.Workspace, currency string, drafts []Draft, by By) error {
	currency, err := checkCurrency(w, currency)
	if err != nil {
		return err
	}
	known, err := s.opt.Store.Prices(ctx, w.ID)
	if err != nil {
		return err
	}
	now := s.now()
	prices := make([]smsir.Price, 0, len(drafts))
	for i, d := range drafts {
		p, field, problem := read(d, w, now)
		if problem == "" && p.From.Before(now) {
			field, problem = "valid_from", "This moment has passed. Leave it out for a price that is valid from now on."
		}
		if problem != "" {
			return &smsir.Error{Code: smsir.CodeInvalid, Field: "prices." + strconv.Itoa(i) + "." + field, Text: problem}
		}
		prices = append(prices, p)
	}
	return s.store(ctx, w.ID, currency, known, prices, by)
}

func (s *Service) store(ctx context.Context, workspace smsir.UUID, currency string, known, prices []smsir.Price, by By) error {
	if len(known)+len(prices) > MaxPrices {
		return &smsir.Error{Code: smsir.CodeInvalid, Field: "prices", Text: "A price list has at most 20,000 rows, those that are over included. Give prices by country where you can."}
	}
	if len(prices) == 0 {
		return nil
	}
	defer s.opt.Changed()
	return s.opt.Store.AddPrices(ctx, workspace, currency, prices, store.AuditEntry{
		At: s.now(), Workspace: workspace, Actor: by.Actor, IP: by.IP, Action: "prices.changed", Target: workspace.Format(smsir.PrefixWorkspace),
		Detail: strconv.Itoa(len(prices)) + " " + currency,
	})
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

func checkCurrency(w *store.Workspace, currency string) (string, error) {
	currency = strings.ToUpper(strings.TrimSpace(currency))
	if currency == "" {
		currency = w.Currency
	}
	if !currencyForm.MatchString(currency) {
		return "", &smsir.Error{Code: smsir.CodeInvalid, Field: "currency", Text: "Give the currency by its three letters (ISO 4217), such as KES or USD."}
	}
	return currency, nil
}

var (
	prefixForm = regexp.MustCompile(`^\+[1-9][0-9]{0,14}$`)
	amountForm = regexp.MustCompile(`^[0-9]{1,9}([.,][0-9]{1,6})?$`)
)

// read makes a price of a draft, or says which field of it is wrong and how to put it right.
func read(d Draft, w *store.Workspace, now time.Time) (p smsir.Price, field, problem string) {
	p = smsir.Price{Destination: strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(d.Destination)), From: now, Micros: smsir.NoPrice}
	if strings.Trim(p.Destination, "0123456789") == "" && p.Destination != "" { // a spreadsheet has eaten the plus
		p.Destination = "+" + p.Destination
	}
	switch {
	case p.Destination == "*" || prefixForm.MatchString(p.Destination):
	case !number.HasNumbers(p.Destination):
		return p, "destination", "A destination is the beginning of numbers such as +25470, a country by its two letters such as KE, or * for every other."
	}
	if price := strings.TrimSpace(d.Price); price != "" {
		if !amountForm.MatchString(price) {
			return p, "price", "A price is a decimal number with at most six places, such as 0.80; leave it empty to take the destination from the list."
		}
		m := smsir.ParseMoney(strings.Replace(price, ",", ".", 1), "any")
		if p.Micros = m.Micros; p.Micros > maxPrice {
			return p, "price", "A segment costs at most a million. Check the price."
		}
	}
	if from := strings.TrimSpace(d.From); from != "" {
		at, ok := readMoment(from, w)
		if !ok || at.After(now.Add(maxAhead)) {
			return p, "valid_from", "Give a date such as 2026-12-01, or a moment such as 2026-12-01T08:00:00Z, at most five years ahead."
		}
		p.From = at.UTC().Truncate(time.Millisecond)
	}
	return p, "", ""
}

func readMoment(text string, w *store.Workspace) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	zone, err := time.LoadLocation(w.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	return at, err == nil
}
