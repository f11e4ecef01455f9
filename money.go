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
