package report

import "time"

// UpToHour is the next full hour in UTC, by which counts are kept.
func UpToHour(t time.Time) time.Time {
	if cut := t.Truncate(time.Hour); cut.Before(t) {
		return cut.Add(time.Hour)
	}
	return t
}

// DayStart is the first moment of a day: midnight, its first pass where the clock shows it twice, the
// moment of the change where the clock skips it. [time.Date] promises neither.
func DayStart(year int, month time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	noon := time.Date(year, month, day, 12, 0, 0, 0, zone)
	if t.Day() != noon.Day() { // it fell back into the day before: the clock skips midnight
		_, t = t.ZoneBounds()
		return t
	}
	if before, _ := t.ZoneBounds(); !before.IsZero() {
		_, offset := t.Zone()
		_, earlier := before.Add(-time.Second).Zone()
		first := t.Add(time.Duration(offset-earlier) * time.Second)
		if earlier > offset && first.Before(before) && first.Day() == t.Day() {
			return first
		}
	}
	return t
}
