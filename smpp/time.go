package smpp

import "time"

// Time is schedule_delivery_time, validity_period or final_date: a moment, a period from now, or nothing.
//
// The zero value is nothing: at once, as long as the SMSC likes, or not yet, depending on the field.
//
// SMPP 3.4 §7.1.1, SMPP 5.0 §4.7.23.4 and §4.7.23.5
type Time struct {
	// Moment is an absolute time, to a tenth of a second, in a zone with the offset that was written. Zero if the time is
	// relative or nothing.
	Moment time.Time
	// Period is a relative time.
	Period Period
	// Relative says that Period counts, even if it is 0.
	Relative bool
}

// Period is a relative time as it is written. Each part is 0 to 99: the standard sets no other range, and does not say
// how long a year or a month is, so that [Period.After] counts by the calendar.
//
// SMPP 3.4 §7.1.1.2
type Period struct {
	Years, Months, Days, Hours, Minutes, Seconds int
}

// After is the moment one period after now.
func (p Period) After(now time.Time) time.Time {
	clock := time.Duration(p.Hours)*time.Hour + time.Duration(p.Minutes)*time.Minute + time.Duration(p.Seconds)*time.Second
	return now.AddDate(p.Years, p.Months, p.Days).Add(clock)
}

// AbsoluteTime is a moment, cut to a tenth of a second.
func AbsoluteTime(moment time.Time) Time {
	return Time{Moment: moment.Truncate(time.Second / 10)}
}

// RelativeTime is a period from when the SMSC gets the message, in days of 24 hours, hours, minutes and seconds, rounded
// up to whole seconds. It takes 0 to just under 100 days; [Time.Format] refuses others. Some SMSCs take no more than 31
// days: use [AbsoluteTime] beyond.
func RelativeTime(d time.Duration) Time {
	s := int(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return Time{Relative: true, Period: Period{
		Days: s / 86400, Hours: s / 3600 % 24, Minutes: s / 60 % 60, Seconds: s % 60,
	}}
}

// IsZero reports whether t is nothing.
func (t Time) IsZero() bool { return !t.Relative && t.Moment.IsZero() }

// At is the moment that t means to an SMSC whose clock shows now: the zero time if t is nothing.
func (t Time) At(now time.Time) time.Time {
	if t.Relative {
		return t.Period.After(now)
	}
	return t.Moment
}

// ParseTime reads a time. The empty string is nothing, which is no error. The error is [ErrTime] for anything but 16
// characters that make sense together.
//
// Tolerated: tenths and offset of a relative time that are not 0 (SMPP 3.4 §7.1.1.2 says to ignore them), and offsets of
// up to 14 hours, where the standard ends at 12 but zones do not. The year is in 2000 to 2099.
//
// SMPP 3.4 §7.1.1
func ParseTime(s string) (Time, error) {
	if s == "" {
		return Time{}, nil
	}
	if len(s) != maxTime-1 {
		return Time{}, ErrTime
	}
	var part [6]int // year to second
	for i := range part {
		v, ok := twoDigits(s[2*i:])
		if !ok {
			return Time{}, ErrTime
		}
		part[i] = v
	}
	tenths := int(s[12]) - '0'
	quarters, ok := twoDigits(s[13:])
	if !ok || tenths < 0 || tenths > 9 {
		return Time{}, ErrTime
	}
	switch s[15] {
	case 'R':
		return Time{Relative: true, Period: Period{part[0], part[1], part[2], part[3], part[4], part[5]}}, nil
	case '-':
		quarters = -quarters
	case '+':
	default:
		return Time{}, ErrTime
	}
	moment, ok := date(2000+part[0], part[1], part[2], part[3], part[4], part[5], zone(quarters))
	if !ok || quarters < -maxQuarters || quarters > maxQuarters {
		return Time{}, ErrTime
	}
	return Time{Moment: moment.Add(time.Duration(tenths) * time.Second / 10)}, nil
}

const (
	quarterHour    = 15 * 60 // seconds
	maxQuarters    = 14 * 4  // that are read
	maxQuartersOut = 48      // that are written: SMPP 3.4 §7.1.1
)

func zone(quarters int) *time.Location {
	if quarters == 0 {
		return time.UTC
	}
	return time.FixedZone("", quarters*quarterHour)
}

// date refuses what time.Date would carry over, such as 31 April.
func date(year, month, day, hour, minute, second int, loc *time.Location) (time.Time, bool) {
	if month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	if first := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC); day > first.Day() {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, loc), true
}

func twoDigits(s string) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// Format writes t as the fields want it: 16 characters, or "" if t is nothing. A moment is written in its own zone if
// the offset can be (whole quarters of an hour, at most 12 hours), else in UTC. The error is [ErrTime] if the year is not
// in 2000 to 2099 or a part of the period not in 0 to 99.
//
// SMPP 3.4 §7.1.1
func (t Time) Format() (string, error) {
	switch {
	case t.Relative:
		p := t.Period
		parts := [6]int{p.Years, p.Months, p.Days, p.Hours, p.Minutes, p.Seconds}
		return formatTime(parts, 0, 0, 'R')
	case t.Moment.IsZero():
		return "", nil
	}
	m := t.Moment
	_, offset := m.Zone()
	if offset%quarterHour != 0 || offset < -maxQuartersOut*quarterHour || offset > maxQuartersOut*quarterHour {
		m, offset = m.UTC(), 0
	}
	quarters, direction := offset/quarterHour, byte('+')
	if quarters < 0 {
		quarters, direction = -quarters, '-'
	}
	parts := [6]int{m.Year() - 2000, int(m.Month()), m.Day(), m.Hour(), m.Minute(), m.Second()}
	return formatTime(parts, m.Nanosecond()/1e8, quarters, direction)
}

func formatTime(parts [6]int, tenths, quarters int, p byte) (string, error) {
	b := make([]byte, 0, maxTime-1)
	for _, v := range parts {
		if v < 0 || v > 99 {
			return "", ErrTime
		}
		b = append(b, '0'+byte(v/10), '0'+byte(v%10))
	}
	b = append(b, '0'+byte(tenths), '0'+byte(quarters/10), '0'+byte(quarters%10), p)
	return string(b), nil
}
