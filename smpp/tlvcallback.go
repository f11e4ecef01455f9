package smpp

import "fmt"

// Optional parameters that bring further numbers along: call-back numbers and subaddresses.

// CallbackNum is a number to call back. A message may have several: see [TLVs.All] and [ParseCallbackNum].
//
// SMPP 3.4 §5.3.2.36
type CallbackNum struct {
	ASCII  bool // digit mode indicator: the digits are ASCII, else DTMF in BCD
	TON    TON
	NPI    NPI
	Digits string // at most 16 octets as they are on the wire
}

// ParseCallbackNum reads one callback_num.
//
// SMPP 3.4 §5.3.2.36
func ParseCallbackNum(v []byte) (CallbackNum, bool) { return parseCallbackNum(v) }

func parseCallbackNum(v []byte) (CallbackNum, bool) {
	if len(v) < 3 {
		return CallbackNum{}, false
	}
	return CallbackNum{ASCII: v[0]&1 != 0, TON: TON(v[1]), NPI: NPI(v[2]), Digits: string(v[3:])}, true
}

func (v CallbackNum) append(b []byte) []byte {
	mode := uint8(0)
	if v.ASCII {
		mode = 1
	}
	return append(append(b, mode, uint8(v.TON), uint8(v.NPI)), v.Digits...)
}

// Presentation is whether a number may be shown.
//
// SMPP 3.4 §5.3.2.37
type Presentation uint8

// Values of [Presentation].
//
// SMPP 3.4 §5.3.2.37
const (
	PresentationAllowed    Presentation = 0 // presentation allowed
	PresentationRestricted Presentation = 1 // presentation restricted
	NumberNotAvailable     Presentation = 2 // number not available
)

// String names the value.
func (v Presentation) String() string {
	switch v {
	case PresentationAllowed:
		return "presentation allowed"
	case PresentationRestricted:
		return "presentation restricted"
	case NumberNotAvailable:
		return "number not available"
	}
	return fmt.Sprintf("Presentation %d", uint8(v))
}

// Screening is who vouches for a number.
//
// SMPP 3.4 §5.3.2.37
type Screening uint8

// Values of [Screening].
//
// SMPP 3.4 §5.3.2.37
const (
	ScreeningUser    Screening = 0 // user provided, not screened
	ScreeningPassed  Screening = 1 // user provided, verified and passed
	ScreeningFailed  Screening = 2 // user provided, verified and failed
	ScreeningNetwork Screening = 3 // network provided
)

// String names the value.
func (v Screening) String() string {
	switch v {
	case ScreeningUser:
		return "user provided, not screened"
	case ScreeningPassed:
		return "user provided, verified and passed"
	case ScreeningFailed:
		return "user provided, verified and failed"
	case ScreeningNetwork:
		return "network provided"
	}
	return fmt.Sprintf("Screening %d", uint8(v))
}

// CallbackNumPresInd is whether a call-back number may be shown, and who vouches for it.
//
// SMPP 3.4 §5.3.2.37
type CallbackNumPresInd struct {
	Presentation Presentation
	Screening    Screening
}

func parseCallbackNumPresInd(v []byte) (CallbackNumPresInd, bool) {
	if len(v) != 1 {
		return CallbackNumPresInd{}, false
	}
	return CallbackNumPresInd{Presentation: Presentation(v[0] >> 2 & 0x03), Screening: Screening(v[0] & 0x03)}, true
}

func (v CallbackNumPresInd) append(b []byte) []byte {
	return append(b, uint8(v.Presentation)&0x03<<2|uint8(v.Screening)&0x03)
}

// CallbackNumAtag is the name to show with a call-back number.
//
// SMPP 3.4 §5.3.2.38
type CallbackNumAtag struct {
	DataCoding DataCoding
	Text       string // at most 64 octets as they are on the wire
}

func parseCallbackNumAtag(v []byte) (CallbackNumAtag, bool) {
	if len(v) < 1 {
		return CallbackNumAtag{}, false
	}
	return CallbackNumAtag{DataCoding: DataCoding(v[0]), Text: string(v[1:])}, true
}

func (v CallbackNumAtag) append(b []byte) []byte {
	return append(append(b, uint8(v.DataCoding)), v.Text...)
}

// Subaddress is a number behind a number.
//
// SMPP 3.4 §5.3.2.15 and §5.3.2.16
type Subaddress struct {
	// Type is 0x80 for NSAP (even number of address signals), 0x88 for NSAP (odd number), 0xA0 for a format that the
	// user specifies.
	Type   uint8
	Octets string // at most 22 octets as they are on the wire
}

func parseSubaddress(v []byte) (Subaddress, bool) {
	if len(v) < 1 {
		return Subaddress{}, false
	}
	return Subaddress{Type: v[0], Octets: string(v[1:])}, true
}

func (v Subaddress) append(b []byte) []byte { return append(append(b, v.Type), v.Octets...) }

// CallbackNum is the first number to call back.
//
// SMPP 3.4 §5.3.2.36, SMPP 5.0 §4.8.4.15
func (l TLVs) CallbackNum() (CallbackNum, bool) {
	v, _ := l.Value(TagCallbackNum)
	return parseCallbackNum(v)
}

// SetCallbackNum makes it the only number to call back; more can be added with [TLVs.Add].
//
// SMPP 3.4 §5.3.2.36, SMPP 5.0 §4.8.4.15
func (l *TLVs) SetCallbackNum(v CallbackNum) { l.Set(TagCallbackNum, v.append(nil)) }

// CallbackNumPresInd belongs to the first number to call back.
//
// SMPP 3.4 §5.3.2.37, SMPP 5.0 §4.8.4.17
func (l TLVs) CallbackNumPresInd() (CallbackNumPresInd, bool) {
	v, _ := l.Value(TagCallbackNumPresInd)
	return parseCallbackNumPresInd(v)
}

// SetCallbackNumPresInd sets it.
//
// SMPP 3.4 §5.3.2.37, SMPP 5.0 §4.8.4.17
func (l *TLVs) SetCallbackNumPresInd(v CallbackNumPresInd) {
	l.Set(TagCallbackNumPresInd, v.append(nil))
}

// CallbackNumAtag is the name of the first number to call back.
//
// SMPP 3.4 §5.3.2.38, SMPP 5.0 §4.8.4.16
func (l TLVs) CallbackNumAtag() (CallbackNumAtag, bool) {
	v, _ := l.Value(TagCallbackNumAtag)
	return parseCallbackNumAtag(v)
}

// SetCallbackNumAtag sets it.
//
// SMPP 3.4 §5.3.2.38, SMPP 5.0 §4.8.4.16
func (l *TLVs) SetCallbackNumAtag(v CallbackNumAtag) { l.Set(TagCallbackNumAtag, v.append(nil)) }

// SourceSubaddress is the subaddress of the source.
//
// SMPP 3.4 §5.3.2.15, SMPP 5.0 §4.8.4.60
func (l TLVs) SourceSubaddress() (Subaddress, bool) {
	v, _ := l.Value(TagSourceSubaddress)
	return parseSubaddress(v)
}

// SetSourceSubaddress sets it.
//
// SMPP 3.4 §5.3.2.15, SMPP 5.0 §4.8.4.60
func (l *TLVs) SetSourceSubaddress(v Subaddress) { l.Set(TagSourceSubaddress, v.append(nil)) }

// DestSubaddress is the subaddress of the destination.
//
// SMPP 3.4 §5.3.2.16, SMPP 5.0 §4.8.4.28
func (l TLVs) DestSubaddress() (Subaddress, bool) {
	v, _ := l.Value(TagDestSubaddress)
	return parseSubaddress(v)
}

// SetDestSubaddress sets it.
//
// SMPP 3.4 §5.3.2.16, SMPP 5.0 §4.8.4.28
func (l *TLVs) SetDestSubaddress(v Subaddress) { l.Set(TagDestSubaddress, v.append(nil)) }
