package ledger

import (
	"context"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// lists keeps the price list of each workspace until it changes.
type lists struct {
	mu    sync.Mutex
	known map[smsir.UUID]listOf
}

type listOf struct {
	version int64
	list    *smsir.PriceList
}

// List is the price list of a workspace as its version says; reading it again costs nothing while that stays.
func (s *Service) List(ctx context.Context, w *store.Workspace) (*smsir.PriceList, error) {
	s.lists.mu.Lock()
	known, ok := s.lists.known[w.ID]
	s.lists.mu.Unlock()
	if ok && known.version == w.PricesVersion {
		return known.list, nil
	}
	if w.PricesVersion == 0 {
		return smsir.NewPriceList(nil), nil
	}
	prices, err := s.opt.Store.Prices(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	known = listOf{w.PricesVersion, smsir.NewPriceList(prices)}
	s.lists.mu.Lock()
	defer s.lists.mu.Unlock()
	if s.lists.known == nil || len(s.lists.known) > 10_000 {
		s.lists.known = map[smsir.UUID]listOf{}
	}
	s.lists.known[w.ID] = known
	return known.list, nil
}

// Costs are what is known of what messages cost a workspace: its price list and, where that has no price, what the latest
// message to the same country did.
type Costs struct {
	list     *smsir.PriceList
	currency string // of the list
	paid     map[string]store.Paid
	now      time.Time
}

// NewCosts makes costs of a list in a currency, and of what was paid, newest first.
func NewCosts(list *smsir.PriceList, currency string, paid []store.Paid, now time.Time) *Costs {
	c := &Costs{list: list, currency: currency, paid: make(map[string]store.Paid, len(paid)), now: now}
	for _, one := range paid {
		if _, ok := c.paid[one.Country]; !ok {
			c.paid[one.Country] = one
		}
	}
	return c
}

// Costs is what is known now.
func (s *Service) Costs(ctx context.Context, w *store.Workspace) (*Costs, error) {
	list, err := s.List(ctx, w)
	if err != nil {
		return nil, err
	}
	paid, err := s.opt.Store.Paid(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	return NewCosts(list, w.Currency, paid, s.now()), nil
}

// Of is what a message of so many segments to a number in a country costs; false if nobody knows.
func (c *Costs) Of(to, country string, segments int) (smsir.Money, bool) {
	if p, ok := c.list.Of(to, country, c.now); ok {
		return smsir.Money{Micros: p.Micros * int64(segments), Currency: c.currency}, true
	}
	if one, ok := c.paid[country]; ok {
		return smsir.Money{Micros: one.Price.Micros * int64(segments) / int64(max(one.Segments, 1)), Currency: one.Price.Currency}, true
	}
	return smsir.Money{}, false
}
