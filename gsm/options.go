package gsm

import "fmt"

// Force overrules the choice of the alphabet.
type Force uint8

// The zero value leaves the choice to the text.
const (
	Auto      Force = iota // GSM 7-bit when the text allows it, otherwise UCS-2
	ForceGSM7              // GSM 7-bit or an error
	ForceUCS2              // UCS-2 for any text
)

// Options steer [Analyze] and [Split]. The zero value is what every network and handset takes: the
// default alphabet, otherwise UCS-2; 8-bit concatenation references; cuts anywhere but inside an
// escape pair or a surrogate pair.
type Options struct {
	// Smart exchanges typographic quotes, dashes, odd spaces and the like for characters of the
	// alphabet, and puts letters together with their combining marks, when the message thereby
	// becomes GSM 7-bit and does not become longer in segments. Otherwise the text stays as it is.
	Smart bool

	// Languages are the national single shift tables that the route and the handsets are known to
	// understand. They are used when the text needs them, at the price of a header in each segment.
	// A handset without the table shows other letters: leave it empty unless you know.
	Languages []Language

	// Locking allows the locking shift tables of Languages as well. A handset without the table then
	// shows nonsense rather than plain letters.
	Locking bool

	// Graphemes keeps whole grapheme clusters (an emoji family, a letter with its accents, CR LF) in
	// one segment, so that a receiver who sees the segments apart sees no torn character. It may cost
	// a segment more. A cluster that is longer than a segment is cut all the same.
	Graphemes bool

	// Reference goes into the concatenation header of each segment; use another one for each message
	// to the same receiver. Unless Reference16 is set, its low 8 bits go. Reference16 costs one septet
	// or code unit a segment.
	Reference   uint16
	Reference16 bool

	// Force overrules the choice of the alphabet.
	Force Force

	// Header holds further elements for each segment, such as [Ports.IE]. Concatenation and language
	// elements are not allowed here: they are written as needed.
	Header UDH
}

// concatOctets is the size of the concatenation element.
func (opt *Options) concatOctets() int {
	if opt.Reference16 {
		return 6
	}
	return 5
}

// headerOctets are the sizes of the header in a message of one segment and of many, when the
// elements for national tables take shiftOctets octets.
func (opt *Options) headerOctets(shiftOctets int) (single, multi int) {
	single = max(opt.Header.Len()-1, 0) + shiftOctets
	multi = 1 + single + opt.concatOctets()
	if single > 0 {
		single++
	}
	return single, multi
}

// check reports what makes the options impossible for any text.
func (opt *Options) check() error {
	for _, l := range opt.Languages {
		if l == DefaultLanguage || int(l) >= len(singleTables) {
			return fmt.Errorf("%w: no tables for language %d", ErrOptions, l)
		}
	}
	if opt.Force > ForceUCS2 {
		return fmt.Errorf("%w: Force %d is unknown", ErrOptions, opt.Force)
	}
	for _, ie := range opt.Header {
		switch ie.ID {
		case IEConcat8, IEConcat16, IESingleShift, IELockingShift:
			return fmt.Errorf("%w: element 0x%02X is written as needed, not given", ErrOptions, ie.ID)
		}
	}
	// Two units must fit behind the longest header: an escape pair, a surrogate pair. That also keeps
	// every length octet of the header small enough.
	shift := 0
	if len(opt.Languages) > 0 {
		shift = shiftOctets(Turkish, Turkish)
	}
	if _, multi := opt.headerOctets(shift); UCS2.Capacity(multi) < 2 {
		return fmt.Errorf("%w: the header leaves no room for text", ErrOptions)
	}
	return nil
}

// shiftOctets is the size of the elements that name the national tables.
func shiftOctets(locking, single Language) int {
	n := 0
	if locking != DefaultLanguage {
		n += 3
	}
	if single != DefaultLanguage {
		n += 3
	}
	return n
}
