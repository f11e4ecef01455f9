package gsm

import (
	"unicode/utf16"
	"unicode/utf8"
)

// EncodeUCS2 appends text to dst as 16-bit code units, high octet first (3GPP TS 23.038 §6.2.3).
// Characters beyond U+FFFF become surrogate pairs, as all handsets of today expect. An octet that is
// not UTF-8 becomes U+FFFD. There is no byte order mark.
func EncodeUCS2(dst []byte, text string) []byte {
	for _, char := range text {
		if char > 0xFFFF {
			high, low := utf16.EncodeRune(char)
			dst = append(dst, byte(high>>8), byte(high))
			char = low
		}
		dst = append(dst, byte(char>>8), byte(char))
	}
	return dst
}

// DecodeUCS2 reads 16-bit code units, high octet first. A surrogate without its partner and an odd
// octet at the end become U+FFFD; the first of them is reported as a [*DecodeError] beside the whole
// text. A byte order mark stays in the text. Join the octets of a concatenated message before
// decoding: careless senders tear surrogate pairs.
func DecodeUCS2(octets []byte) (string, error) {
	var err error
	fail := func(offset int, reason string) {
		if err == nil {
			err = &DecodeError{Encoding: UCS2, Offset: offset, Reason: reason}
		}
	}
	out := make([]byte, 0, len(octets)+len(octets)/2)
	for i := 0; i < len(octets); i += 2 {
		if i+1 == len(octets) {
			fail(i, "odd number of octets")
			out = utf8.AppendRune(out, utf8.RuneError)
			break
		}
		char := rune(octets[i])<<8 | rune(octets[i+1])
		if utf16.IsSurrogate(char) {
			pair := utf8.RuneError
			if i+3 < len(octets) {
				pair = utf16.DecodeRune(char, rune(octets[i+2])<<8|rune(octets[i+3]))
			}
			if pair == utf8.RuneError {
				fail(i, "surrogate without its partner")
			} else {
				i += 2
			}
			char = pair
		}
		out = utf8.AppendRune(out, char)
	}
	return string(out), err
}
