package smpp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Next cuts the first PDU off buf. If buf has only a part of it, pdu is nil and rest is buf: read more and try again. An
// error, which is a [*LengthError], comes as soon as the first four octets are there, and means that the stream is lost.
//
// maxLength is the largest command_length to accept; 0 stands for [DefaultMaxLength], and no more than [MaxMaxLength] is
// ever accepted. Both slices are parts of buf. Nothing is allocated.
//
// SMPP 3.4 §3.2
func Next(buf []byte, maxLength int) (pdu, rest []byte, err error) {
	if len(buf) < 4 {
		return nil, buf, nil
	}
	n := binary.BigEndian.Uint32(buf)
	limit := Options{MaxLength: maxLength}.maxLength()
	if n < HeaderLength || uint64(n) > uint64(limit) {
		return nil, buf, lengthError(buf, n, limit)
	}
	if uint64(len(buf)) < uint64(n) {
		return nil, buf, nil
	}
	return buf[:n:n], buf[n:], nil
}

func lengthError(buf []byte, n uint32, limit int) error {
	e := &LengthError{CommandLength: n, MaxLength: limit}
	if len(buf) >= HeaderLength {
		e.SequenceNumber = parseHeader(buf).SequenceNumber
	}
	isLetter := func(b byte) bool { return 'A' <= b && b <= 'Z' || b == ' ' || b == '/' }
	switch {
	case buf[0] == 0x16 && buf[1] == 0x03: // a handshake record of TLS 1.x
		e.Peer = "TLS"
	case isLetter(buf[0]) && isLetter(buf[1]) && isLetter(buf[2]) && isLetter(buf[3]):
		e.Peer = "HTTP" // "GET ", "POST", "HTTP", "PRI " ...
	}
	return e
}

// The buffer of a Reader, in octets.
const (
	bufferBeforeBind = 512
	bufferBound      = 8 << 10
	maxEmptyReads    = 100
)

// Reader cuts a stream into PDUs, however its octets arrive. It must not be used concurrently.
//
// It begins with the limit [MaxLengthBeforeBind] and a buffer of 512 octets; [Reader.SetMaxLength] raises both once the
// peer has bound. The buffer follows what was received, never what a length announces: to fill memory, a peer has to send
// the octets.
type Reader struct {
	r          io.Reader
	buf        []byte
	start, end int // what was received and not handed out yet
	max        int
	lost       error
}

// NewReader returns a Reader of r that accepts PDUs of up to [MaxLengthBeforeBind] octets.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: r, buf: make([]byte, bufferBeforeBind), max: MaxLengthBeforeBind}
}

// SetMaxLength sets the largest command_length to accept from now on, as [Options.MaxLength] has it. Call it when the
// session is bound.
func (r *Reader) SetMaxLength(n int) { r.max = Options{MaxLength: n}.maxLength() }

// Buffered is the number of octets that were received and not handed out yet. If it is 0, [Reader.ReadPDU] will have to
// wait for the peer: a good moment to flush what is to be sent.
func (r *Reader) Buffered() int { return r.end - r.start }

// ReadPDU returns the next PDU, whole. The slice is valid until the next call; [Decode] and DecodePDU keep nothing of it.
//
// The error is [io.EOF] if the stream ends between two PDUs, [io.ErrUnexpectedEOF] if it ends within one, a
// [*LengthError] if no PDU begins where one should, and otherwise what the underlying reader said. After a *LengthError
// all calls fail; after another error, such as a timeout, the next call goes on where this one stopped.
func (r *Reader) ReadPDU() ([]byte, error) {
	if r.lost != nil {
		return nil, r.lost
	}
	for empty := 0; ; {
		pdu, _, err := Next(r.buf[r.start:r.end], r.max)
		if err != nil {
			r.lost = err
			return nil, err
		}
		if pdu != nil {
			r.start += len(pdu)
			return pdu, nil
		}
		r.makeRoom()
		n, err := r.r.Read(r.buf[r.end:])
		if n < 0 || n > len(r.buf)-r.end {
			return nil, errors.New("smpp: the reader returned an impossible count")
		}
		r.end += n
		switch {
		case n > 0:
			empty = 0 // an error will come again
		case errors.Is(err, io.EOF) && r.Buffered() > 0:
			return nil, fmt.Errorf("smpp: the stream ends within a PDU: %w", io.ErrUnexpectedEOF)
		case err != nil:
			return nil, err
		default:
			if empty++; empty == maxEmptyReads {
				return nil, io.ErrNoProgress
			}
		}
	}
}

// makeRoom moves what is left to the front and sees that at least one octet more can be read.
func (r *Reader) makeRoom() {
	if r.start == r.end {
		r.start, r.end = 0, 0
		r.resize()
		return
	}
	if r.start > 0 {
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	if r.end == len(r.buf) {
		buf := make([]byte, min(2*len(r.buf), MaxMaxLength))
		copy(buf, r.buf)
		r.buf = buf
	}
}

// resize gives the empty buffer the size that the state of the session deserves: larger once bound, and no larger than
// that after a long PDU.
func (r *Reader) resize() {
	size := bufferBeforeBind
	if r.max > MaxLengthBeforeBind {
		size = bufferBound
	}
	if len(r.buf) != size {
		r.buf = make([]byte, size)
	}
}
