package smpp

import "bytes"

// Raw is a PDU that this package does not take apart: an unknown command, or a broadcast command of SMPP 5.0. Requests
// of that kind are answered with [GenericNack] and [RINVCMDID].
//
// SMPP 3.4 §4.3
type Raw struct {
	Command       CommandID
	CommandStatus CommandStatus
	// Body is what follows the header.
	Body []byte
}

// CommandID is p.Command.
func (p *Raw) CommandID() CommandID { return p.Command }

// AppendPDU implements [PDU].
func (p *Raw) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, p.Command, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU]. It takes any command.
func (p *Raw) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *Raw) encode(w *writer) {
	w.status(p.CommandStatus)
	w.b = append(w.b, p.Body...)
}

func (p *Raw) decode(r *reader) {
	p.Command, p.CommandStatus = r.h.CommandID, r.h.CommandStatus
	body := r.octets("body", len(r.b)-r.off)
	switch {
	case len(body) == 0:
		p.Body = nil
	case cap(p.Body) >= len(body):
		p.Body = append(p.Body[:0], body...)
	default:
		p.Body = bytes.Clone(body)
	}
}
