package smsir_test

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
)

func TestPriceList(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	l := smsir.NewPriceList([]smsir.Price{
		{Destination: "KE", From: day(1), Micros: 800_000},
		{Destination: "+25470", From: day(1), Micros: 700_000},
		{Destination: "+25470", From: day(5), Micros: 650_000},
		{Destination: "+254701", From: day(1), Micros: 900_000},
		{Destination: "+254701", From: day(7), Micros: smsir.NoPrice},
		{Destination: "US", From: day(3), Micros: 0},
	})
	all := smsir.NewPriceList([]smsir.Price{{Destination: "*", From: day(1), Micros: 5}})
	for _, tc := range []struct {
		list        *smsir.PriceList
		to, country string
		at          time.Time
		want        int64 // NoPrice: none
	}{
		{l, "+254712345678", "KE", day(2), 800_000},
		{l, "+254702345678", "KE", day(2), 700_000}, // the longer beginning
		{l, "+254702345678", "KE", day(5), 650_000}, // from its moment on
		{l, "+254702345678", "KE", day(5).Add(-1), 700_000},
		{l, "+254701345678", "KE", day(6), 900_000},
		{l, "+254701345678", "KE", day(7), 650_000}, // taken out: the shorter one again
		{l, "+12025550100", "US", day(2), smsir.NoPrice},
		{l, "+12025550100", "US", day(3), 0}, // free is a price
		{l, "+447700900123", "GB", day(9), smsir.NoPrice},
		{all, "+447700900123", "GB", day(9), 5},
		{nil, "+447700900123", "GB", day(9), smsir.NoPrice},
	} {
		p, ok := tc.list.Of(tc.to, tc.country, tc.at)
		if got := p.Micros; ok != (tc.want != smsir.NoPrice) || ok && got != tc.want {
			t.Errorf("%s (%s) at %s: %d, %t; want %d", tc.to, tc.country, tc.at.Format(time.DateOnly), got, ok, tc.want)
		}
	}
}
