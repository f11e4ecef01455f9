package gsm

// Encoding is the alphabet in which a short message's user data travels.
// The zero value is [GSM7].
type Encoding uint8

// The three alphabets of 3GPP TS 23.038 §4.
const (
	GSM7   Encoding = iota // GSM 7-bit default alphabet, §6.2.1: 160 septets in a message
	UCS2                   // 16-bit code units, §6.2.3: 70 in a message
	Binary                 // 8-bit data, §6.2.2: 140 octets in a message; no text
)

// String is "gsm7", "ucs2" or "binary": the words of the API. Any other value is "unknown".
func (e Encoding) String() string {
	switch e {
	case GSM7:
		return "gsm7"
	case UCS2:
		return "ucs2"
	case Binary:
		return "binary"
	}
	return "unknown"
}

// MaxUserData is the room for header and text in one short message, in octets
// (3GPP TS 23.040 §9.2.3.24).
const MaxUserData = 140

// MaxSegments is the number of segments that one concatenated message may have: its count is one
// octet (3GPP TS 23.040 §9.2.3.24.1).
const MaxSegments = 255

// Capacity is the number of units (septets, 16-bit code units or octets) that fit into one short
// message beside a user data header of headerOctets octets, the length octet included; 0 means no
// header. A header that fills the message leaves 0. GSM7: 160, 153 behind the 8-bit concatenation
// header of 6 octets; UCS2: 70 and 67; Binary: 140 and 134.
func (e Encoding) Capacity(headerOctets int) int {
	room := MaxUserData - max(headerOctets, 0)
	if room <= 0 {
		return 0
	}
	switch e {
	case GSM7:
		return room * 8 / 7 // the header and its fill bits take whole septets
	case UCS2:
		return room / 2
	default:
		return room
	}
}

// Language is a national language of 3GPP TS 23.038 Annex A, by its identifier of §6.2.1.2.4.
// The zero value is the default alphabet.
type Language uint8

// The languages whose tables this package has. Spanish has a single shift table only.
const (
	DefaultLanguage Language = 0 // default alphabet, or default extension table
	Turkish         Language = 1 // A.2.1 and A.3.1
	Spanish         Language = 2 // A.2.2
	Portuguese      Language = 3 // A.2.3 and A.3.3
)

// String is the language's BCP 47 tag, "default" or "unknown".
func (l Language) String() string {
	switch l {
	case DefaultLanguage:
		return "default"
	case Turkish:
		return "tr"
	case Spanish:
		return "es"
	case Portuguese:
		return "pt"
	}
	return "unknown"
}
