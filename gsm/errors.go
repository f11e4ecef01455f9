package gsm

import (
	"errors"
	"fmt"
)

// ErrOptions is in the chain of every error about [Options] that contradict themselves or leave no
// room for text.
var ErrOptions = errors.New("gsm: options cannot be met")

// EncodeError says that a text has a character which the wanted alphabet lacks.
type EncodeError struct {
	Rune   rune // U+FFFD also stands for an octet that is not UTF-8
	Offset int  // in octets of the text
}

// Error names the character and its place.
func (e *EncodeError) Error() string {
	return fmt.Sprintf("gsm: %#U at offset %d is not in the GSM 7-bit alphabet", e.Rune, e.Offset)
}

// DecodeError says where received octets break the rules of their alphabet.
type DecodeError struct {
	Encoding Encoding
	Offset   int // in octets, or in septets for [GSM7]
	Reason   string
}

// Error names the alphabet, the place and the reason.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("gsm: %s at offset %d: %s", e.Encoding, e.Offset, e.Reason)
}

// HeaderError says where a user data header breaks the rules of 3GPP TS 23.040 §9.2.3.24. A
// receiver then ignores the whole header.
type HeaderError struct {
	Offset int // in octets, from the length octet
	Reason string
}

// Error names the place and the reason.
func (e *HeaderError) Error() string {
	return fmt.Sprintf("gsm: user data header at offset %d: %s", e.Offset, e.Reason)
}

// TooLongError says that a text needs more segments than one message may have.
type TooLongError struct {
	Segments int // that the text needs; the most is [MaxSegments]
}

// Error states both numbers.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("gsm: the text needs %d segments, a message has at most %d", e.Segments, MaxSegments)
}
