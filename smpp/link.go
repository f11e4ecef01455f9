package smpp

// Unbind asks to close the session.
//
// SMPP 3.4 §4.2.1
type Unbind struct {
	// TLVs has no place in the standard here; what peers send is kept.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *Unbind) CommandID() CommandID { return CommandUnbind }

// AppendPDU implements [PDU].
func (p *Unbind) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandUnbind, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *Unbind) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *Unbind) encode(w *writer) { w.tlvs(p.TLVs) }

func (p *Unbind) decode(r *reader) {
	r.expect(CommandUnbind, 0)
	p.TLVs = r.tlvs(p.TLVs)
}

// UnbindResp answers an [Unbind].
//
// SMPP 3.4 §4.2.2
type UnbindResp struct {
	CommandStatus CommandStatus
	// TLVs may have congestion_state in SMPP 5.0.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *UnbindResp) CommandID() CommandID { return CommandUnbindResp }

// AppendPDU implements [PDU].
func (p *UnbindResp) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandUnbindResp, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *UnbindResp) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

// Status implements [Response].
func (p *UnbindResp) Status() CommandStatus { return p.CommandStatus }

func (p *UnbindResp) encode(w *writer) {
	w.status(p.CommandStatus)
	w.tlvs(p.TLVs)
}

func (p *UnbindResp) decode(r *reader) {
	r.expect(CommandUnbindResp, 0)
	p.CommandStatus = r.h.CommandStatus
	p.TLVs = r.tlvs(p.TLVs)
}

// EnquireLink asks whether the peer is still there.
//
// SMPP 3.4 §4.11.1
type EnquireLink struct {
	// TLVs has no place in the standard here; what peers send is kept.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *EnquireLink) CommandID() CommandID { return CommandEnquireLink }

// AppendPDU implements [PDU].
func (p *EnquireLink) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandEnquireLink, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *EnquireLink) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *EnquireLink) encode(w *writer) { w.tlvs(p.TLVs) }

func (p *EnquireLink) decode(r *reader) {
	r.expect(CommandEnquireLink, 0)
	p.TLVs = r.tlvs(p.TLVs)
}

// EnquireLinkResp answers an [EnquireLink].
//
// SMPP 3.4 §4.11.2
type EnquireLinkResp struct {
	CommandStatus CommandStatus
	// TLVs may have congestion_state in SMPP 5.0.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *EnquireLinkResp) CommandID() CommandID { return CommandEnquireLinkResp }

// AppendPDU implements [PDU].
func (p *EnquireLinkResp) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandEnquireLinkResp, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *EnquireLinkResp) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

// Status implements [Response].
func (p *EnquireLinkResp) Status() CommandStatus { return p.CommandStatus }

func (p *EnquireLinkResp) encode(w *writer) {
	w.status(p.CommandStatus)
	w.tlvs(p.TLVs)
}

func (p *EnquireLinkResp) decode(r *reader) {
	r.expect(CommandEnquireLinkResp, 0)
	p.CommandStatus = r.h.CommandStatus
	p.TLVs = r.tlvs(p.TLVs)
}

// GenericNack answers a PDU that could not be understood: its length or its command_id is invalid. The sequence_number is
// that of the bad PDU, or 0 if not even that could be read.
//
// SMPP 3.4 §4.3.1
type GenericNack struct {
	CommandStatus CommandStatus
	// TLVs may have congestion_state in SMPP 5.0.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *GenericNack) CommandID() CommandID { return CommandGenericNack }

// AppendPDU implements [PDU].
func (p *GenericNack) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandGenericNack, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *GenericNack) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

// Status implements [Response].
func (p *GenericNack) Status() CommandStatus { return p.CommandStatus }

func (p *GenericNack) encode(w *writer) {
	w.status(p.CommandStatus)
	w.tlvs(p.TLVs)
}

func (p *GenericNack) decode(r *reader) {
	r.expect(CommandGenericNack, 0)
	p.CommandStatus = r.h.CommandStatus
	p.TLVs = r.tlvs(p.TLVs)
}
