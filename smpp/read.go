package smpp

import (
	"bytes"
	"encoding/binary"
)

// Maxima of C-octet strings, in octets, the NUL included. SMPP 3.4 §4 and §5.2
const (
	maxServiceType  = 6
	maxAddr         = 21
	maxLongAddr     = 65
	maxTime         = 17
	maxMessageID    = 65
	maxSystemID     = 16
	maxPassword     = 9
	maxSystemType   = 13
	maxAddressRange = 41
	maxDLName       = 21
	maxLongString   = 256 // of all, with Options.LongStrings
)

// reader takes a PDU apart. Its error is sticky: after the first fault it stands at the end of the PDU and gives zeros.
type reader struct {
	b    []byte // the whole PDU
	off  int
	h    Header
	opt  Options
	span int    // octets after the header within which C-octet strings are expected; 0: anywhere
	text string // those octets as a string, which all C-octet strings of the PDU share
	err  *DecodeError
}

// newReader checks the header.
func newReader(b []byte, opt Options) reader {
	r := reader{b: b, off: HeaderLength, opt: opt}
	if len(b) < HeaderLength {
		r.off = len(b)
		r.fail("header", ErrTruncated)
		return r
	}
	r.h = parseHeader(b)
	switch {
	case uint64(r.h.CommandLength) != uint64(len(b)):
		r.failAt(0, "command_length", ErrLength)
	case len(b) > opt.maxLength():
		r.failAt(0, "command_length", ErrTooLong)
	}
	return r
}

// expect fails if the PDU is not of the command. span is how many octets its fields up to the last C-octet string have at
// most, so that no more becomes a string; 0 stands for all.
func (r *reader) expect(c CommandID, span int) {
	r.span = span
	if r.h.CommandID != c {
		r.failAt(4, "command_id", ErrCommand)
	}
}

// finish gives the first fault, if any.
func (r *reader) finish() error {
	if r.err != nil {
		return r.err
	}
	return nil
}

// fail notes a fault of the field that begins where the reader stands.
func (r *reader) fail(field string, err error) { r.failAt(r.off, field, err) }

func (r *reader) failAt(offset int, field string, err error) {
	if r.err == nil {
		r.err = &DecodeError{CommandID: r.h.CommandID, Field: field, Offset: offset, Err: err}
	}
	r.off = len(r.b)
}

// more reports whether octets are left.
func (r *reader) more() bool { return r.off < len(r.b) }

// u8 reads one octet.
func (r *reader) u8(field string) uint8 {
	if r.off >= len(r.b) {
		r.fail(field, ErrTruncated)
		return 0
	}
	v := r.b[r.off]
	r.off++
	return v
}

// u32 reads an integer of four octets.
func (r *reader) u32(field string) uint32 {
	if len(r.b)-r.off < 4 {
		r.fail(field, ErrTruncated)
		return 0
	}
	v := binary.BigEndian.Uint32(r.b[r.off:])
	r.off += 4
	return v
}

// octets gives the next n octets, still in the input.
func (r *reader) octets(field string, n int) []byte {
	if len(r.b)-r.off < n {
		r.fail(field, ErrTruncated)
		return nil
	}
	v := r.b[r.off : r.off+n]
	r.off += n
	return v
}

// str reads a C-octet string of at most limit octets, its NUL included.
func (r *reader) str(field string, limit int) string {
	rest := r.b[r.off:]
	if len(rest) > 0 && rest[0] == 0 {
		r.off++
		return ""
	}
	limit = r.opt.stringLimit(limit)
	n := bytes.IndexByte(rest[:min(limit, len(rest))], 0)
	if n < 0 {
		r.fail(field, stringFault(len(rest), limit))
		return ""
	}
	from := r.off
	r.off += n + 1
	return r.string(from, n)
}

// lastStr is str for the message_id of a response. Some SMSCs forget its NUL: it then ends with the PDU, because to lose
// it would be worse.
func (r *reader) lastStr(field string, limit int) string {
	rest := r.b[r.off:]
	if len(rest) < r.opt.stringLimit(limit) && bytes.IndexByte(rest, 0) < 0 {
		from := r.off
		r.off = len(r.b)
		return r.string(from, len(rest))
	}
	return r.str(field, limit)
}

// messageID reads the message_id of a response, "" if the response has no body.
//
// SMPP 3.4 §5.2.23
func (r *reader) messageID() string {
	if !r.more() {
		return ""
	}
	return r.lastStr("message_id", maxMessageID)
}

func stringFault(have, limit int) error {
	switch {
	case have == 0:
		return ErrTruncated
	case have < limit:
		return ErrNotTerminated
	}
	return ErrTooLong
}

// string gives n octets as a string. All strings of a PDU are cut from one, so that they cost one allocation.
func (r *reader) string(from, n int) string {
	if n == 0 {
		return ""
	}
	if r.text == "" {
		end := len(r.b)
		if r.span > 0 {
			end = min(end, HeaderLength+r.span)
		}
		r.text = string(r.b[HeaderLength:end])
	}
	if from+n > HeaderLength+len(r.text) {
		return string(r.b[from : from+n])
	}
	return r.text[from-HeaderLength : from-HeaderLength+n]
}

// message reads sm_length and short_message, which stays in the input until copied by tail.
//
// SMPP 3.4 §5.2.21 and §5.2.22
func (r *reader) message() []byte {
	n := int(r.u8("sm_length"))
	return r.octets("short_message", n)
}

// tail reads the TLVs to the end of the PDU and copies them and message out of the input. It takes the memory of old and
// oldTLVs where that suffices, and one allocation for what is left.
func (r *reader) tail(message, old []byte, oldTLVs TLVs) ([]byte, TLVs) {
	count, size := r.countTLVs()
	need := 0
	if cap(old) < len(message) {
		need = len(message)
	}
	tlvs := oldTLVs[:0]
	if cap(tlvs) < count {
		tlvs = make(TLVs, 0, count)
		need += size
	}
	var block []byte
	if need > 0 {
		block = make([]byte, 0, need)
	}
	switch {
	case len(message) == 0:
		old = nil
	case cap(old) < len(message):
		old, block = carve(block, message)
	default:
		old = append(old[:0], message...)
	}
	if count == 0 {
		r.skipTLVs()
		return old, nil
	}
	for at := r.off; len(tlvs) < count; {
		tag := Tag(binary.BigEndian.Uint16(r.b[at:]))
		value := r.b[at+4:][:binary.BigEndian.Uint16(r.b[at+2:])]
		at += 4 + len(value)
		tlvs = tlvs[:len(tlvs)+1]
		t := &tlvs[len(tlvs)-1]
		t.Tag = tag
		switch {
		case len(value) == 0:
			t.Value = nil
		case cap(t.Value) >= len(value):
			t.Value = append(t.Value[:0], value...)
		case cap(block)-len(block) >= len(value):
			t.Value, block = carve(block, value)
		default:
			t.Value = bytes.Clone(value)
		}
	}
	r.skipTLVs()
	return old, tlvs
}

// carve copies v to the end of block, which has room for it, and gives the copy without room to grow.
func carve(block, v []byte) (copied, rest []byte) {
	from := len(block)
	block = append(block, v...)
	return block[from:len(block):len(block)], block
}

// tlvs is tail for PDUs without short_message.
func (r *reader) tlvs(old TLVs) TLVs {
	if !r.more() {
		return nil
	}
	_, tlvs := r.tail(nil, nil, old)
	return tlvs
}

// countTLVs counts the TLVs that are whole and the octets of their values, from where the reader stands.
func (r *reader) countTLVs() (count, size int) {
	at := r.off
	for count < MaxTLVs && len(r.b)-at >= 4 {
		n := int(binary.BigEndian.Uint16(r.b[at+2:]))
		if len(r.b)-at-4 < n {
			break
		}
		at += 4 + n
		size += n
		count++
	}
	return count, size
}

// skipTLVs moves to the end of the PDU and notes what is wrong with the TLVs, if anything.
func (r *reader) skipTLVs() {
	for count := 0; r.more(); count++ {
		switch rest := r.b[r.off:]; {
		case count == MaxTLVs:
			r.fail("TLV", ErrTooMany)
		case len(rest) < 4:
			r.fail("TLV", ErrTruncated)
		case len(rest)-4 < int(binary.BigEndian.Uint16(rest[2:])):
			r.fail("TLV "+Tag(binary.BigEndian.Uint16(rest)).String(), ErrTruncated)
		default:
			r.off += 4 + int(binary.BigEndian.Uint16(rest[2:]))
		}
	}
}
