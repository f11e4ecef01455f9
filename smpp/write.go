package smpp

import (
	"encoding/binary"
	"strings"
)

// writer puts a PDU together at the end of b. Its error is sticky, and what was there before is never touched.
type writer struct {
	b       []byte
	start   int // where the PDU begins in b
	command CommandID
	opt     Options
	err     *EncodeError
}

// newWriter begins a PDU.
func newWriter(dst []byte, opt Options, c CommandID, sequenceNumber uint32) writer {
	w := writer{start: len(dst), command: c, opt: opt}
	w.b = append(dst, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	h := w.b[len(dst):]
	binary.BigEndian.PutUint32(h[4:], uint32(c))
	binary.BigEndian.PutUint32(h[12:], sequenceNumber)
	return w
}

// finish writes command_length and gives dst with the PDU, or dst as it was with the first fault.
func (w *writer) finish() ([]byte, error) {
	n := len(w.b) - w.start
	if n > w.opt.maxLength() {
		w.fail("command_length", ErrTooLong)
	}
	if w.err != nil {
		return w.b[:w.start], w.err
	}
	binary.BigEndian.PutUint32(w.b[w.start:], uint32(n)) //nolint:gosec // at most MaxMaxLength
	return w.b, nil
}

func (w *writer) fail(field string, err error) {
	if w.err == nil {
		w.err = &EncodeError{CommandID: w.command, Field: field, Err: err}
	}
}

// status writes command_status.
func (w *writer) status(s CommandStatus) {
	binary.BigEndian.PutUint32(w.b[w.start+8:], uint32(s))
}

// u8 writes one octet; u8x2 to u8x4 write several, each a field of its own.
func (w *writer) u8(a uint8)            { w.b = append(w.b, a) }
func (w *writer) u8x2(a, b uint8)       { w.b = append(w.b, a, b) }
func (w *writer) u8x3(a, b, c uint8)    { w.b = append(w.b, a, b, c) }
func (w *writer) u8x4(a, b, c, d uint8) { w.b = append(w.b, a, b, c, d) }

// u32 writes an integer of four octets.
func (w *writer) u32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }

// str writes a C-octet string of at most limit octets, its NUL included.
func (w *writer) str(field, s string, limit int) {
	if s == "" {
		w.b = append(w.b, 0)
		return
	}
	w.text(field, s, limit)
}

func (w *writer) text(field, s string, limit int) {
	if len(s) >= limit && len(s) >= w.opt.stringLimit(limit) {
		w.fail(field, ErrTooLong)
		return
	}
	if strings.IndexByte(s, 0) >= 0 {
		w.fail(field, ErrNUL)
		return
	}
	w.b = append(append(w.b, s...), 0)
}

// time writes a time, which has 16 characters or none. SMPP 3.4 §3.1, "fixed" C-octet strings
func (w *writer) time(field, s string) {
	if s != "" && len(s) != maxTime-1 && !w.opt.LongStrings {
		w.fail(field, ErrTime)
		return
	}
	w.str(field, s, maxTime)
}

// message writes sm_length and short_message.
func (w *writer) message(m []byte) {
	if len(m) > MaxShortMessage {
		w.fail("short_message", ErrTooLong)
		return
	}
	w.b = append(append(w.b, uint8(len(m))), m...) //nolint:gosec // at most 255
}

// tlvs writes the optional part.
func (w *writer) tlvs(l TLVs) {
	if len(l) > MaxTLVs {
		w.fail("TLV", ErrTooMany)
		return
	}
	for _, t := range l {
		if len(t.Value) > 0xFFFF {
			w.fail("TLV "+t.Tag.String(), ErrTooLong)
			return
		}
		w.b = binary.BigEndian.AppendUint16(w.b, uint16(t.Tag))
		w.b = binary.BigEndian.AppendUint16(w.b, uint16(len(t.Value))) //nolint:gosec // checked above
		w.b = append(w.b, t.Value...)
	}
}
