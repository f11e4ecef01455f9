package smsir

import (
	"math"
	"strconv"
	"strings"
)

// ParseMoney reads an amount as providers write it, such as "0.0051" or "-0.00750": a decimal number without exponent.
// A sign is dropped, because providers write charges with either. What is finer than a millionth is rounded up. Without a
// currency, or when the number cannot be read, it is no amount.
func ParseMoney(amount, currency string) Money {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(amount, "-"), "+"), ".")
	if currency == "" || whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return Money{}
	}
	digits := fraction
	if len(digits) > 6 {
		digits = digits[:6]
	}
	micros, err := strconv.ParseInt(whole+digits+strings.Repeat("0", 6-len(digits)), 10, 64)
	if err != nil {
		return Money{}
	}
	if len(fraction) > 6 && strings.Trim(fraction[6:], "0") != "" && micros < math.MaxInt64 {
		micros++
	}
	return Money{Micros: micros, Currency: currency}
}

// FormatMicros is an amount of millionths as a decimal number without needless zeros, such as "0.0051".
func FormatMicros(micros int64) string {
	sign := ""
	whole := uint64(micros) //nolint:gosec // the sign is dealt with
	if micros < 0 {
		sign, whole = "-", -whole
	}
	text := sign + strconv.FormatUint(whole/1_000_000, 10)
	if rest := whole % 1_000_000; rest > 0 {
		digits := strconv.FormatUint(rest, 10)
		text += "." + strings.TrimRight(strings.Repeat("0", 6-len(digits))+digits, "0")
	}
	return text
}
