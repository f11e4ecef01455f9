package smpp

import "encoding/binary"

// Lengths of a PDU, in octets, its header included.
const (
	// HeaderLength is the least a PDU can have: command_length, command_id, command_status and sequence_number.
	// SMPP 3.4 §3.2
	HeaderLength = 16

	// DefaultMaxLength is the largest PDU that is read or written unless [Options.MaxLength] or [Reader.SetMaxLength]
	// says otherwise. The standard sets no limit.
	DefaultMaxLength = 64 << 10

	// MaxMaxLength is the largest limit that can be set.
	MaxMaxLength = 1 << 20

	// MaxLengthBeforeBind is the limit of a [Reader] to begin with: enough for any bind, bind response or outbind, and
	// too little to be worth an attack by a peer that has not shown its password yet.
	MaxLengthBeforeBind = 256
)

// Header is what every PDU begins with.
//
// SMPP 3.4 §3.2 and §5.1
type Header struct {
	// CommandLength is the length of the whole PDU in octets, these four included. SMPP 3.4 §5.1.1
	CommandLength uint32
	// CommandID says which PDU follows. SMPP 3.4 §5.1.2
	CommandID CommandID
	// CommandStatus is the outcome that a response reports, and 0 in a request. SMPP 3.4 §5.1.3
	CommandStatus CommandStatus
	// SequenceNumber joins a response to its request. A requester counts from 1 to [MaxSequenceNumber]; a responder
	// returns what it got, whatever that was. SMPP 3.4 §5.1.4
	SequenceNumber uint32
}

// MaxSequenceNumber is the last sequence_number before a requester begins again with 1. SMPP 3.4 §5.1.4
const MaxSequenceNumber = 0x7FFFFFFF

// ParseHeader reads the header at the beginning of b, which may go on or not. It fails only if b has fewer than
// [HeaderLength] octets: it does not judge what the fields say, so that a bad PDU can be answered.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderLength {
		return Header{}, &DecodeError{Field: "header", Offset: len(b), Err: ErrTruncated}
	}
	return parseHeader(b), nil
}

// parseHeader needs HeaderLength octets.
func parseHeader(b []byte) Header {
	_ = b[HeaderLength-1]
	return Header{
		CommandLength:  binary.BigEndian.Uint32(b),
		CommandID:      CommandID(binary.BigEndian.Uint32(b[4:])),
		CommandStatus:  CommandStatus(binary.BigEndian.Uint32(b[8:])),
		SequenceNumber: binary.BigEndian.Uint32(b[12:]),
	}
}

// Append appends the 16 octets of h to dst.
func (h Header) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, h.CommandLength)
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.CommandID))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.CommandStatus))
	return binary.BigEndian.AppendUint32(dst, h.SequenceNumber)
}
