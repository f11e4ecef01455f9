package gsm

// Information element identifiers that this package reads and writes (3GPP TS 23.040 §9.2.3.24).
const (
	IEConcat8      byte = 0x00 // concatenated short messages, 8-bit reference
	IEPorts8       byte = 0x04 // application port addressing, 8-bit
	IEPorts16      byte = 0x05 // application port addressing, 16-bit
	IEConcat16     byte = 0x08 // concatenated short messages, 16-bit reference
	IESingleShift  byte = 0x24 // national language single shift
	IELockingShift byte = 0x25 // national language locking shift
)

// IE is one information element: an identifier and at most 255 octets.
type IE struct {
	ID   byte
	Data []byte
}

// UDH is a user data header: its elements in order, unknown ones included. The zero value is a
// message without header.
type UDH []IE

// Concat is the place of a segment in its message (3GPP TS 23.040 §9.2.3.24.1 and .8).
type Concat struct {
	Reference   uint16 // the same for all segments of a message, within one sender and receiver
	Reference16 bool   // sent as 16 bits; otherwise the low 8 bits of Reference
	Total       uint8  // segments in the message, 1 to 255
	Number      uint8  // of this segment, 1 to Total
}

// IE makes the element.
func (c Concat) IE() IE {
	if c.Reference16 {
		return IE{IEConcat16, []byte{byte(c.Reference >> 8), byte(c.Reference), c.Total, c.Number}}
	}
	return IE{IEConcat8, []byte{byte(c.Reference), c.Total, c.Number}}
}

// Ports are the application ports of a message (3GPP TS 23.040 §9.2.3.24.3 and .4).
type Ports struct {
	Destination uint16
	Source      uint16
	Wide        bool // sent as 16 bits each; otherwise the low 8 bits
}

// IE makes the element.
func (p Ports) IE() IE {
	if p.Wide {
		return IE{IEPorts16, []byte{byte(p.Destination >> 8), byte(p.Destination), byte(p.Source >> 8), byte(p.Source)}}
	}
	return IE{IEPorts8, []byte{byte(p.Destination), byte(p.Source)}}
}

// SingleShiftIE names the single shift table in force in this segment (§9.2.3.24.15).
func SingleShiftIE(l Language) IE { return IE{IESingleShift, []byte{byte(l)}} }

// LockingShiftIE names the locking shift table in force in this segment (§9.2.3.24.16).
func LockingShiftIE(l Language) IE { return IE{IELockingShift, []byte{byte(l)}} }

// Len is the number of octets that the header takes, its length octet included; 0 for no header.
func (h UDH) Len() int {
	if len(h) == 0 {
		return 0
	}
	n := 1
	for _, ie := range h {
		n += 2 + len(ie.Data)
	}
	return n
}

// Append writes the header to dst, length octet first; nothing for no header. A [*HeaderError], with
// dst as it was, says that an element or the header has more octets than its length octet can say.
// Whether it leaves room for text is another question: see [Encoding.Capacity].
func (h UDH) Append(dst []byte) ([]byte, error) {
	if len(h) == 0 {
		return dst, nil
	}
	offset := 1
	for _, ie := range h {
		if len(ie.Data) > 255 || offset+2+len(ie.Data) > 256 {
			return dst, &HeaderError{Offset: offset, Reason: "more octets than a length octet can say"}
		}
		offset += 2 + len(ie.Data)
	}
	dst = append(dst, byte(offset-1))
	for _, ie := range h {
		dst = append(dst, ie.ID, byte(len(ie.Data)))
		dst = append(dst, ie.Data...)
	}
	return dst, nil
}

// ParseUDH reads the header at the start of user data that is marked to have one (TP-UDHI; in SMPP
// esm_class bit 6) and says how many octets it took, its length octet included. The elements point
// into userData. A [*HeaderError] says that lengths do not add up: the whole header is then to be
// ignored (3GPP TS 23.040 §9.2.3.24); octets is still the header's stated length, as far as there
// are octets, so that a caller can skip it.
func ParseUDH(userData []byte) (h UDH, octets int, err error) {
	if len(userData) == 0 {
		return nil, 0, &HeaderError{Offset: 0, Reason: "length octet is missing"}
	}
	end := 1 + int(userData[0])
	if end > len(userData) {
		return nil, len(userData), &HeaderError{Offset: 0, Reason: "header is longer than the user data"}
	}
	for i := 1; i < end; {
		if i+2 > end {
			return nil, end, &HeaderError{Offset: i, Reason: "element without length octet"}
		}
		next := i + 2 + int(userData[i+1])
		if next > end {
			return nil, end, &HeaderError{Offset: i, Reason: "element is longer than the header"}
		}
		h = append(h, IE{ID: userData[i], Data: userData[i+2 : next : next]})
		i = next
	}
	return h, end, nil
}

// last finds the last element of the given identifiers: when elements repeat or exclude each other,
// the last one counts (3GPP TS 23.040 §9.2.3.24).
func (h UDH) last(a, b byte) (IE, bool) {
	for i := len(h) - 1; i >= 0; i-- {
		if h[i].ID == a || h[i].ID == b {
			return h[i], true
		}
	}
	return IE{}, false
}

// Concat is the segment's place in its message. It is false without such an element, and when the
// element is to be ignored: a wrong length, a total of 0, a number of 0 or above the total.
func (h UDH) Concat() (Concat, bool) {
	ie, ok := h.last(IEConcat8, IEConcat16)
	if !ok {
		return Concat{}, false
	}
	var c Concat
	switch {
	case ie.ID == IEConcat8 && len(ie.Data) == 3:
		c = Concat{Reference: uint16(ie.Data[0]), Total: ie.Data[1], Number: ie.Data[2]}
	case ie.ID == IEConcat16 && len(ie.Data) == 4:
		c = Concat{Reference: uint16(ie.Data[0])<<8 | uint16(ie.Data[1]), Reference16: true, Total: ie.Data[2], Number: ie.Data[3]}
	}
	if c.Number == 0 || c.Number > c.Total {
		return Concat{}, false
	}
	return c, true
}

// Ports are the message's application ports; false without such an element or with a wrong length.
func (h UDH) Ports() (Ports, bool) {
	ie, _ := h.last(IEPorts8, IEPorts16)
	switch {
	case ie.ID == IEPorts8 && len(ie.Data) == 2:
		return Ports{Destination: uint16(ie.Data[0]), Source: uint16(ie.Data[1])}, true
	case ie.ID == IEPorts16 && len(ie.Data) == 4:
		return Ports{
			Destination: uint16(ie.Data[0])<<8 | uint16(ie.Data[1]),
			Source:      uint16(ie.Data[2])<<8 | uint16(ie.Data[3]),
			Wide:        true,
		}, true
	}
	return Ports{}, false
}

// Languages are the languages whose locking and single shift tables are in force; [DefaultLanguage]
// where no element says otherwise.
func (h UDH) Languages() (locking, single Language) {
	if ie, ok := h.last(IELockingShift, IELockingShift); ok && len(ie.Data) == 1 {
		locking = Language(ie.Data[0])
	}
	if ie, ok := h.last(IESingleShift, IESingleShift); ok && len(ie.Data) == 1 {
		single = Language(ie.Data[0])
	}
	return locking, single
}

// ParseUserData takes apart the user data of a TPDU (TP-UD): its header, when udhi (TP-UDHI) says
// that there is one, and the rest, which for [GSM7] comes back unpacked, one septet in each octet.
// Length is TP-UDL: septets for GSM7, octets otherwise, header included. A broken header comes back
// empty with its [*HeaderError], beside the data behind its stated length; missing octets give a
// [*DecodeError], beside those that were there.
func ParseUserData(userData []byte, length int, udhi bool, e Encoding) (h UDH, data []byte, err error) {
	skip := 0
	if udhi {
		h, skip, err = ParseUDH(userData)
	}
	if e == GSM7 {
		headerSeptets := (skip*8 + 6) / 7
		septets, short := Unpack(nil, userData[skip:], FillBits(skip), length-headerSeptets)
		if err == nil {
			err = short
		}
		return h, septets, err
	}
	end := min(max(length, skip), len(userData))
	if end < length && err == nil {
		err = &DecodeError{Encoding: e, Offset: len(userData), Reason: "user data is shorter than its length says"}
	}
	return h, userData[skip:end], err
}

// Decode reads the text of user data without its header: septets one in each octet for [GSM7], read
// with the national tables that the header names; octets otherwise. [Binary] is no text: it comes
// back as "" with a [*DecodeError]. For the rest see [DecodeGSM7] and [DecodeUCS2].
func Decode(data []byte, h UDH, e Encoding) (string, error) {
	switch e {
	case GSM7:
		locking, single := h.Languages()
		return DecodeGSM7(data, locking, single)
	case UCS2:
		return DecodeUCS2(data)
	}
	return "", &DecodeError{Encoding: e, Reason: "8-bit data is no text"}
}
