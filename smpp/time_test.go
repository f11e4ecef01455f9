package smpp

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 14, 57, 0, 0, time.UTC)
	for _, c := range []struct {
		text string
		want time.Time // at now; zero: nothing
		ok   bool
	}{
		{"", time.Time{}, true},
		// The example of SMPP 3.4 §7.1.1.2: two years, six months, ten days, 23 hours, 34 minutes and 29 seconds.
		{"020610233429000R", time.Date(2029, 6, 3, 14, 31, 29, 0, time.UTC), true},
		{"000000000000000R", now, true},
		{"000003000000000R", now.Add(72 * time.Hour), true},
		{"000000000001900R", now.Add(time.Second), true}, // tenths are to be ignored
		{"000000000001048R", now.Add(time.Second), true}, // and the offset too
		{"000000000060000R", now.Add(time.Minute), true},
		{"990000000000000R", now.AddDate(99, 0, 0), true},
		{"261123145700000+", now, true},
		{"261123145700500+", now.Add(time.Second / 2), true},
		{"261123165700008+", now, true}, // two hours ahead of UTC
		{"261123115700012-", now, true}, // three hours behind
		{"261124045700056+", now, true}, // UTC+14, beyond the standard's 12 hours
		{"261123145700000-", now, true},
		{"000229000000000+", time.Date(2000, 2, 29, 0, 0, 0, 0, time.UTC), true},
		{"991231235959900+", time.Date(2099, 12, 31, 23, 59, 59, 9e8, time.UTC), true},
		{"261123145700057+", now, false},
		{"260229000000000+", now, false}, // no leap year
		{"261323145700000+", now, false},
		{"260023145700000+", now, false},
		{"261100145700000+", now, false},
		{"261131145700000+", now, false},
		{"261123245700000+", now, false},
		{"261123146000000+", now, false},
		{"261123145760000+", now, false},
		{"261123145700000", now, false},
		{"2611231457000000+", now, false},
		{"261123145700000Z", now, false},
		{"261123145700000r", now, false},
		{"26112314570000 +", now, false},
		{"-61123145700000+", now, false},
		{"2611231457000/0+", now, false},
		{"٢٦١١٢٣١٤", now, false}, // 16 octets of other digits
		{"now", now, false},
		{"261123145700", now, false}, // see ParseReceiptDate
	} {
		got, err := ParseTime(c.text)
		if !c.ok {
			if !errors.Is(err, ErrTime) {
				t.Errorf("%q: %+v, %v; want %v", c.text, got, err, ErrTime)
			}
			continue
		}
		if err != nil || !got.At(now).Equal(c.want) || got.IsZero() != c.want.IsZero() {
			t.Errorf("%q: %+v = %v, %v; want %v", c.text, got, got.At(now), err, c.want)
		}
	}
}

func TestFormatTime(t *testing.T) {
	t.Parallel()
	at := func(offset time.Duration) time.Time {
		return time.Date(2026, 11, 23, 14, 57, 8, 987654321, time.FixedZone("", int(offset.Seconds())))
	}
	for _, c := range []struct {
		t    Time
		want string // "-": an error
	}{
		{Time{}, ""},
		{AbsoluteTime(time.Time{}), ""},
		{AbsoluteTime(at(0)), "261123145708900+"},
		{AbsoluteTime(at(2 * time.Hour)), "261123145708908+"},
		{AbsoluteTime(at(-3*time.Hour - 30*time.Minute)), "261123145708914-"},
		{AbsoluteTime(at(5*time.Hour + 45*time.Minute)), "261123145708923+"},
		{AbsoluteTime(at(13 * time.Hour)), "261123015708900+"}, // beyond 12 hours: in UTC
		{AbsoluteTime(at(20 * time.Minute)), "261123143708900+"},
		{AbsoluteTime(time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC)), "-"},
		{AbsoluteTime(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)), "-"},
		{RelativeTime(0), "000000000000000R"},
		{RelativeTime(1), "000000000001000R"},
		{RelativeTime(time.Second), "000000000001000R"},
		{RelativeTime(72 * time.Hour), "000003000000000R"},
		{RelativeTime(100*24*time.Hour - time.Second), "000099235959000R"},
		{RelativeTime(100 * 24 * time.Hour), "-"},
		{RelativeTime(1<<63 - 1), "-"},
		{RelativeTime(-time.Nanosecond), "000000000000000R"},
		{RelativeTime(-time.Second), "-"},
		{RelativeTime(-1 << 63), "-"},
		{Time{Relative: true, Period: Period{2, 6, 10, 23, 34, 29}}, "020610233429000R"},
		{Time{Relative: true, Period: Period{Months: 100}}, "-"},
	} {
		got, err := c.t.Format()
		if c.want == "-" {
			if !errors.Is(err, ErrTime) || got != "" {
				t.Errorf("%+v: %q, %v; want %v", c.t, got, err, ErrTime)
			}
			continue
		}
		if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v; want %q", c.t, got, err, c.want)
		}
	}
}

// TestTimeRoundTrip: a moment of this century comes back to the tenth of a second whatever its zone, a period to the
// second.
func TestTimeRoundTrip(t *testing.T) {
	t.Parallel()
	first, last := time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2099, 12, 30, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		moment := time.UnixMilli(rapid.Int64Range(first.UnixMilli(), last.UnixMilli()).Draw(t, "moment")).
			In(time.FixedZone("", rapid.OneOf(rapid.IntRange(-14*3600, 14*3600), rapid.Map(rapid.IntRange(-56, 56), func(q int) int { return q * 900 })).Draw(t, "offset")))
		for _, want := range []Time{
			AbsoluteTime(moment),
			RelativeTime(time.Duration(rapid.Int64Range(0, 99*86400e9).Draw(t, "period"))),
		} {
			s, err := want.Format()
			got, err2 := ParseTime(s)
			if err != nil || err2 != nil || !got.Moment.Equal(want.Moment) || got.Period != want.Period || got.Relative != want.Relative {
				t.Fatalf("%+v writes %q, reads %+v, %v, %v", want, s, got, err, err2)
			}
		}
	})
}
