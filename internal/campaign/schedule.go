package campaign

import (
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// At is the moment at which the clocks of a zone show a time of a day. Where the clocks are put forward over it, it is as
// much later as they were put forward; where they show it twice, it is the first time. time.Date promises neither.
func At(year int, month time.Month, day, hour, minute int, zone *time.Location) time.Time {
	wall := time.Date(year, month, day, hour, minute, 0, 0, time.UTC)
	_, before := wall.Add(-26 * time.Hour).In(zone).Zone()
	_, after := wall.Add(26 * time.Hour).In(zone).Zone()
	shows := func(offset int) (time.Time, bool) {
		t := wall.Add(-time.Duration(offset) * time.Second)
		_, real := t.In(zone).Zone()
		return t, real == offset
	}
	// The larger offset gives the earlier moment.
	first, inFirst := shows(max(before, after))
	if inFirst {
		return first
	}
	if second, ok := shows(min(before, after)); ok {
		return second
	}
	// A gap: on the clock as it was before, which is then ahead by the gap.
	skipped, _ := shows(before)
	return skipped
}

// clockOf reads "15:04".
func clockOf(text string) (hour, minute int, err error) {
	t, err := time.Parse("15:04", text)
	return t.Hour(), t.Minute(), err
}

// maxDays bounds the search for the next day of a series: the longest wait is from a 31 December to the next.
const maxDays = 800

// NextFiring is the first day of a series after a day ("2006-01-02"; "" for the first of all) and the moment at which it
// fires. Every local day that the series names fires exactly once, whatever the clocks do on it; a day that a zone never
// had is none. False: the series is over.
func NextFiring(r *store.CampaignRepeat, zone *time.Location, after string) (day string, at time.Time, more bool) {
	hour, minute, err := clockOf(r.Clock)
	if err != nil {
		return "", time.Time{}, false
	}
	d, err := time.Parse(time.DateOnly, r.From)
	if err != nil {
		return "", time.Time{}, false
	}
	if last, err := time.Parse(time.DateOnly, after); err == nil && !last.Before(d) {
		d = last.AddDate(0, 0, 1)
	}
	for range maxDays {
		day = d.Format(time.DateOnly)
		if r.Until != "" && day > r.Until {
			return "", time.Time{}, false
		}
		if named(r, d) && exists(d, zone) {
			return day, At(d.Year(), d.Month(), d.Day(), hour, minute, zone), true
		}
		d = d.AddDate(0, 0, 1)
	}
	return "", time.Time{}, false
}

// named reports whether a series has a day.
func named(r *store.CampaignRepeat, d time.Time) bool {
	switch r.Every {
	case "day":
		return true
	case "week":
		return slices.Contains(r.Days, int(d.Weekday()))
	case "month":
		last := d.AddDate(0, 1, -d.Day()).Day()
		return slices.ContainsFunc(r.Days, func(n int) bool { return min(n, last) == d.Day() })
	}
	return false
}

// exists reports whether a zone had a day: some have jumped over one to the other side of the date line.
func exists(d time.Time, zone *time.Location) bool {
	return At(d.Year(), d.Month(), d.Day(), 12, 0, zone).In(zone).Day() == d.Day()
}

// quietUntil is when a recipient may be written to: zero for now. The zones are all that the recipient's country has;
// none of them may be within the quiet hours. If that leaves no time at all, the first decides alone.
func quietUntil(q *store.QuietHours, zones []*time.Location, now time.Time) time.Time {
	for _, some := range [][]*time.Location{zones, zones[:min(1, len(zones))]} {
		if t, ok := loudAfter(q, some, now); ok {
			if t.Equal(now) {
				return time.Time{}
			}
			return t
		}
	}
	return time.Time{}
}

// quietStep is how finely the end of quiet hours is searched; zones differ by quarters of an hour.
const quietStep = 15 * time.Minute

func loudAfter(q *store.QuietHours, zones []*time.Location, now time.Time) (time.Time, bool) {
	for t := now; t.Before(now.Add(49 * time.Hour)); t = t.Truncate(quietStep).Add(quietStep) {
		if !slices.ContainsFunc(zones, func(z *time.Location) bool { return isQuiet(q, t.In(z)) }) {
			return t, true
		}
	}
	return time.Time{}, false
}

// loudEnd is when so much time outside of quiet hours is over from a moment on.
func loudEnd(q *store.QuietHours, zones []*time.Location, from time.Time, takes time.Duration) time.Time {
	const day = 24 * time.Hour
	t := from
	for step := 0; ; step++ {
		until := quietUntil(q, zones, t)
		if !until.IsZero() {
			t = until
		}
		next := t.Truncate(quietStep).Add(quietStep)
		if d := next.Sub(t); d < takes {
			takes -= d
			t = next
		} else {
			return t.Add(takes)
		}
		if step == 0 && takes > 2*day { // whole days at once; what clocks do meanwhile is within an hour
			loud := loudTime(q, zones, t, t.Add(day))
			if n := int(takes/max(loud, quietStep)) - 1; n > 0 {
				t, takes = t.Add(time.Duration(n)*day), takes-time.Duration(n)*loud
			}
		}
	}
}

// loudTime is how much of a time is outside of quiet hours.
func loudTime(q *store.QuietHours, zones []*time.Location, from, to time.Time) (sum time.Duration) {
	for t := from; t.Before(to); t = t.Add(quietStep) {
		if quietUntil(q, zones, t).IsZero() {
			sum += quietStep
		}
	}
	return sum
}

func isQuiet(q *store.QuietHours, local time.Time) bool {
	clock := local.Format("15:04")
	if q.From <= q.To {
		return clock >= q.From && clock < q.To
	}
	return clock >= q.From || clock < q.To
}

// invalid makes an error about one field of the request.
func invalid(field, format string, args ...any) error {
	e := smsir.Errorf(smsir.CodeInvalid, format, args...)
	e.Field = field
	return e
}
