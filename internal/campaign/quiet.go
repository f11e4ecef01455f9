package campaign

import (
	"time"

	"github.com/smsir/smsir/internal/store"
)

// ZoneOf is the time zone of a country: of several the one with the most people, and the fallback for one that has none.
func ZoneOf(country string, fallback *time.Location) *time.Location {
	return zonesOf(country, fallback)[0]
}

// QuietUntil is when somebody in a country may be written to who should be at a time: zero if then. None of the country's
// clocks may be within the quiet hours.
func QuietUntil(q store.QuietHours, country string, fallback *time.Location, at time.Time) time.Time {
	if q == (store.QuietHours{}) {
		return time.Time{}
	}
	return quietUntil(&q, zonesOf(country, fallback), at)
}
