package smpp

import (
	"strings"
	"time"
)

// ReceiptDate writes a time as receipts have it: YYMMDDhhmm, in the zone that t is in, which the receipt does not tell.
//
// SMPP 3.4 Appendix B
func ReceiptDate(t time.Time) string { return t.Format("0601021504") }

// ParseReceiptDate reads the submit date or done date of a receipt, which tells no zone: ask the carrier and pass it as
// loc (nil stands for UTC). An empty date and one of nothing but zeros give the zero time, which is no error. The error
// is [ErrTime].
//
// The standard has YYMMDDhhmm. Taken as well: YYMMDDhhmmss, YYYYMMDDhhmm where the digits make no sense as the former,
// YYYYMMDDhhmmss, each also with punctuation, and the sixteen characters of [ParseTime], whose zone then counts. It also
// reads the final_date of query_sm_resp of SMSCs that write it as YYMMDDhhmmss (SMPP 3.4 §7.1.1).
//
// SMPP 3.4 Appendix B
func ParseReceiptDate(s string, loc *time.Location) (time.Time, error) {
	if len(s) == maxTime-1 {
		if t, err := ParseTime(s); err == nil && !t.Relative {
			return t.Moment, nil
		}
	}
	digits, ok := onlyDigits(s)
	if !ok {
		return time.Time{}, ErrTime
	}
	if strings.Trim(digits, "0") == "" {
		return time.Time{}, nil
	}
	if loc == nil {
		loc = time.UTC
	}
	switch len(digits) {
	case 10:
		return receiptDate("20"+digits+"00", loc)
	case 12:
		if t, err := receiptDate("20"+digits, loc); err == nil {
			return t, nil
		}
		return receiptDate(digits+"00", loc)
	case 14:
		return receiptDate(digits, loc)
	}
	return time.Time{}, ErrTime
}

// onlyDigits takes out the punctuation of dates. It gives up on what is too long to be one.
func onlyDigits(s string) (string, bool) {
	if len(s) > 32 {
		return "", false
	}
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			b = append(b, c)
		case strings.IndexByte("-:/. T", c) < 0:
			return "", false
		}
	}
	return string(b), true
}

// receiptDate reads YYYYMMDDhhmmss.
func receiptDate(s string, loc *time.Location) (time.Time, error) {
	var part [7]int // century to second
	for i := range part {
		part[i], _ = twoDigits(s[2*i:])
	}
	t, ok := date(part[0]*100+part[1], part[2], part[3], part[4], part[5], part[6], loc)
	if !ok {
		return time.Time{}, ErrTime
	}
	return t, nil
}
