package smsir

import (
	"slices"
	"time"
)

// Price is what a workspace pays for one segment to a destination, from a moment on.
type Price struct {
	Destination string    // the beginning of numbers ("+25470"), a country ("KE"), or "*" for every other
	From        time.Time // until the next price of the same destination
	Micros      int64     // millionths of the workspace's currency; NoPrice takes the destination from the list
}

// NoPrice ends the price of a destination.
const NoPrice int64 = -1

// PriceList finds prices. It is safe for concurrent use; the nil list has none.
type PriceList struct {
	of map[string][]Price // newest first
}

// NewPriceList makes a list of prices in any order.
func NewPriceList(prices []Price) *PriceList {
	l := &PriceList{of: make(map[string][]Price, len(prices))}
	for _, p := range prices {
		l.of[p.Destination] = append(l.of[p.Destination], p)
	}
	for _, versions := range l.of {
		slices.SortFunc(versions, func(a, b Price) int { return b.From.Compare(a.From) })
	}
	return l
}

// Of is the price of one segment to a number (E.164) in a country at a moment. The longest beginning of the number that
// has a price counts, or else the country, or else "*". It is false when none of them has one.
func (l *PriceList) Of(to, country string, at time.Time) (Price, bool) {
	if l == nil {
		return Price{}, false
	}
	for n := len(to); n > 1; n-- {
		if p, ok := l.Exactly(to[:n], at); ok {
			return p, true
		}
	}
	if p, ok := l.Exactly(country, at); ok {
		return p, true
	}
	return l.Exactly("*", at)
}

// Exactly is the price of a destination as it stands in the list, at a moment.
func (l *PriceList) Exactly(destination string, at time.Time) (Price, bool) {
	if l == nil {
		return Price{}, false
	}
	for _, p := range l.of[destination] {
		if !p.From.After(at) {
			return p, p.Micros >= 0
		}
	}
	return Price{}, false
}
