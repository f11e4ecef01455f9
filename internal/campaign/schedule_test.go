package campaign_test

import (
	"archive/zip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the program has it too

	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/store"
)

func load(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestAt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ zone, wall, want string }{
		{"Europe/Berlin", "2026-03-29T02:30", "2026-03-29T03:30:00+02:00"},    // gap: later by the gap
		{"America/New_York", "2026-03-08T02:30", "2026-03-08T03:30:00-04:00"}, // time.Date says 01:30 here
		{"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:30:00+02:00"},    // fold: the first pass; time.Date takes the second here
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T01:30:00-04:00"},
		{"Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T02:45:00+11:00"}, // a gap of half an hour
		{"Africa/Nairobi", "2026-06-01T09:00", "2026-06-01T09:00:00+03:00"},
		{"America/Nuuk", "2025-03-29T23:30", "2025-03-30T00:30:00-01:00"}, // a gap before midnight
	} {
		wall, err := time.Parse("2006-01-02T15:04", tc.wall)
		if err != nil {
			t.Fatal(err)
		}
		got := campaign.At(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), load(t, tc.zone)).In(load(t, tc.zone)).Format(time.RFC3339)
		if got != tc.want {
			t.Errorf("%s in %s: %s, want %s", tc.wall, tc.zone, got, tc.want)
		}
	}
}

// testZones are zones with every kind of change between 2000 and 2040: to and from summer time in both hemispheres, by
// half an hour, at midnight, before midnight, with Ramadan, over the date line, and of countries that changed their mind.
var testZones = []string{
	"Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Juba", "Africa/Nairobi", "Africa/Tripoli", "Africa/Windhoek",
	"America/Asuncion", "America/Bogota", "America/Caracas", "America/Havana", "America/Nuuk", "America/Los_Angeles", "America/Mexico_City",
	"America/New_York", "America/Santiago", "America/Sao_Paulo", "America/Scoresbysund", "America/St_Johns", "Antarctica/Troll", "Antarctica/Casey",
	"Asia/Amman", "Asia/Beirut", "Asia/Colombo", "Asia/Damascus", "Asia/Dhaka", "Asia/Gaza", "Asia/Kathmandu", "Asia/Pyongyang", "Asia/Tehran",
	"Asia/Ulaanbaatar", "Atlantic/Azores", "Australia/Adelaide", "Australia/Lord_Howe", "Australia/Sydney", "Europe/Berlin", "Europe/Istanbul",
	"Europe/Lisbon", "Europe/London", "Europe/Moscow", "Europe/Volgograd", "Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham",
	"Pacific/Easter", "Pacific/Fakaofo", "Pacific/Fiji", "Pacific/Kiritimati", "Pacific/Norfolk", "Pacific/Tongatapu", "UTC",
}

// TestEveryLocalDayFiresOnce walks series through 2000 to 2040, at midnight and half past two, which clocks skip or show twice.
func TestEveryLocalDayFiresOnce(t *testing.T) {
	t.Parallel()
	for _, name := range testZones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone := load(t, name)
			for _, clock := range []string{"00:00", "02:30"} {
				everyDay(t, zone, &store.CampaignRepeat{Every: "day", Clock: clock, From: "2000-01-01", Until: "2040-12-31"})
			}
		})
	}
}

// TestEveryZoneFiresOnce looks at every zone of the time zone database, from 2000 to 2040, at the days around each change of its
// clocks: on others there is nothing to get wrong.
func TestEveryZoneFiresOnce(t *testing.T) {
	t.Parallel()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("no list of zones: %v", err)
	}
	list, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Skipf("no list of zones: %v", err)
	}
	defer list.Close() //nolint:errcheck // only read
	seen, zones, firings := map[uint32]bool{}, 0, 0
	for _, f := range list.File {
		if strings.HasSuffix(f.Name, "/") || seen[f.CRC32] {
			continue // one of several names
		}
		seen[f.CRC32] = true
		zones++
		zone := load(t, f.Name)
		for _, change := range changes(zone) {
			for _, clock := range []string{"00:00", "00:30", "01:30", "02:30", "23:30"} {
				firings += around(t, zone, clock, change)
			}
		}
	}
	if t.Logf("%d zones, %d firings", zones, firings); zones < 300 || firings < 100_000 {
		t.Errorf("%d zones and %d firings are not all there are", zones, firings)
	}
}

// changes are the moments from 2000 to 2040 at which the clocks of a zone are put.
func changes(zone *time.Location) (all []time.Time) {
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for {
		_, end := at.In(zone).ZoneBounds()
		if end.IsZero() || end.Year() > 2040 {
			return all
		}
		if !end.After(at) { // the standard library's, at the edge of what the file lists
			at = at.AddDate(0, 0, 1)
			continue
		}
		all, at = append(all, end), end
	}
}

// around walks a daily series over a change: every local day between fires once, in order, when the clock shows it.
func around(t *testing.T, zone *time.Location, clock string, change time.Time) (n int) {
	t.Helper()
	d := time.Date(change.Year(), change.Month(), change.Day()-2, 0, 0, 0, 0, time.UTC)
	r := &store.CampaignRepeat{Every: "day", Clock: clock, From: d.Format(time.DateOnly), Until: d.AddDate(0, 0, 5).Format(time.DateOnly)}
	last, expect := time.Time{}, d
	for day, at, more := campaign.NextFiring(r, zone, ""); more; day, at, more = campaign.NextFiring(r, zone, day) {
		for ; expect.Format(time.DateOnly) < day; expect = expect.AddDate(0, 0, 1) {
			if hasDay(expect, zone) {
				t.Fatalf("%s %s: %s fires after the %s was due", zone, clock, day, expect.Format(time.DateOnly))
			}
		}
		if !at.After(last) {
			t.Fatalf("%s %s: %s fires at %v, not after %v", zone, clock, day, at, last)
		}
		judge(t, zone, day, clock, at)
		last, expect = at, expect.AddDate(0, 0, 1)
		n++
	}
	if expect.Format(time.DateOnly) <= r.Until {
		t.Fatalf("%s %s: ended before %s", zone, clock, r.Until)
	}
	return n
}

func everyDay(t *testing.T, zone *time.Location, r *store.CampaignRepeat) {
	t.Helper()
	expect, end := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC)
	day, at, more := campaign.NextFiring(r, zone, "")
	for last := (time.Time{}); more; day, at, more = campaign.NextFiring(r, zone, day) {
		for ; expect.Format(time.DateOnly) != day; expect = expect.AddDate(0, 0, 1) {
			if hasDay(expect, zone) || !expect.Before(end) {
				t.Fatalf("%s %s: %s fires after the %s was due", zone, r.Clock, day, expect.Format(time.DateOnly))
			}
		}
		if !at.After(last) {
			t.Fatalf("%s %s: %s fires at %v, not after %v", zone, r.Clock, day, at, last)
		}
		judge(t, zone, day, r.Clock, at)
		last, expect = at, expect.AddDate(0, 0, 1)
	}
	if !expect.Equal(end) {
		t.Fatalf("%s %s: ended before %v", zone, r.Clock, expect)
	}
}

// hasDay looks for a quarter of an hour that a zone shows as a day, from far before it to far behind.
func hasDay(d time.Time, zone *time.Location) bool {
	for t := d.Add(-15 * time.Hour); t.Before(d.Add(40 * time.Hour)); t = t.Add(15 * time.Minute) {
		if t.In(zone).Format(time.DateOnly) == d.Format(time.DateOnly) {
			return true
		}
	}
	return false
}

// judge checks the moment of a firing against the clock that the zone shows then.
func judge(t *testing.T, zone *time.Location, day, clock string, at time.Time) {
	t.Helper()
	want := day + " " + clock
	shown := at.In(zone).Format("2006-01-02 15:04")
	begin, _ := at.In(zone).ZoneBounds()
	if shown == want {
		// The first pass: the clock before the last change did not show it within that change.
		if !begin.IsZero() {
			_, now := at.In(zone).Zone()
			_, before := begin.Add(-time.Second).In(zone).Zone()
			earlier := at.Add(time.Duration(now-before) * time.Second)
			if earlier.Before(begin) && earlier.In(zone).Format("2006-01-02 15:04") == want {
				t.Fatalf("%s in %s: %v is the second pass", want, zone, at)
			}
		}
		return
	}
	if begin.IsZero() {
		t.Fatalf("%s in %s: clock shows %s", want, zone, shown)
	}
	_, now := at.In(zone).Zone()
	_, before := begin.Add(-time.Second).In(zone).Zone()
	gap := time.Duration(now-before) * time.Second
	if gap <= 0 || at.Add(-gap).After(begin) || at.Add(-gap).UTC().Add(time.Duration(now)*time.Second).Format("2006-01-02 15:04") != want {
		t.Fatalf("%s in %s: clock shows %s, and the gap before it is %v", want, zone, shown, gap)
	}
}

func TestSeries(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		repeat store.CampaignRepeat
		want   []string
	}{
		"week":  {store.CampaignRepeat{Every: "week", Days: []int{1, 4}, From: "2026-03-03"}, []string{"2026-03-05", "2026-03-09", "2026-03-12"}},
		"month": {store.CampaignRepeat{Every: "month", Days: []int{15, 31}, From: "2026-02-01"}, []string{"2026-02-15", "2026-02-28", "2026-03-15", "2026-03-31"}},
		"until": {store.CampaignRepeat{Every: "day", From: "2026-02-27", Until: "2026-03-01"}, []string{"2026-02-27", "2026-02-28", "2026-03-01", "end"}},
	} {
		tc.repeat.Clock = "09:00"
		day := ""
		for _, want := range tc.want {
			next, at, more := campaign.NextFiring(&tc.repeat, load(t, "Africa/Nairobi"), day)
			if !more {
				next = "end"
			}
			if next != want || more && at.Format("15:04") != "06:00" {
				t.Errorf("%s: after %q comes %s at %v, want %s", name, day, next, at, want)
			}
			day = next
		}
	}
}
