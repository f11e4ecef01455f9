package gsm

// DCS is what a data coding scheme octet says (3GPP TS 23.038 §4).
type DCS struct {
	Encoding   Encoding
	Class      int8 // message class 0 to 3, or -1: none. Class 0 is shown at once ("flash")
	Compressed bool // by 3GPP TS 23.042, which this package cannot undo
	AutoDelete bool // the handset deletes the message once read
	Waiting    bool // a message waiting indication: bits 0 to 3 say which and whether
	Discard    bool // of a message waiting indication: the text may be thrown away
}

// ParseDCS reads a data coding scheme octet (TP-DCS). Reserved groups and the reserved alphabet
// count as [GSM7], as §4 asks of a receiver.
//
// The data_coding of SMPP agrees with it for 0x00, 0x04, 0x08 and from 0xC0 on; its values 0x01 to
// 0x0E otherwise name other alphabets (SMPP 3.4 §5.2.19), which are not TS 23.038's.
func ParseDCS(octet byte) DCS {
	d := DCS{Class: -1}
	switch group := octet >> 4; {
	case group <= 0x7: // general data coding, and the same marked for automatic deletion
		d.AutoDelete = octet&0x40 != 0
		d.Compressed = octet&0x20 != 0
		if octet&0x10 != 0 {
			d.Class = int8(octet & 0x03)
		}
		switch octet >> 2 & 0x03 {
		case 1:
			d.Encoding = Binary
		case 2:
			d.Encoding = UCS2
		}
	case group >= 0xC && group <= 0xE: // message waiting indication
		d.Waiting = true
		d.Discard = group == 0xC
		if group == 0xE {
			d.Encoding = UCS2
		}
	case group == 0xF: // data coding and message class
		d.Class = int8(octet & 0x03)
		if octet&0x04 != 0 {
			d.Encoding = Binary
		}
	}
	return d
}

// DataCoding is the plain octet of an alphabet: 0x00, 0x08 or 0x04. It is a TP-DCS without message
// class and an SMPP data_coding at once.
func (e Encoding) DataCoding() byte {
	switch e {
	case UCS2:
		return 0x08
	case Binary:
		return 0x04
	default:
		return 0x00
	}
}
