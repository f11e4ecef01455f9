package smpp

// CancelSM takes back one message that is still waiting, or, with an empty MessageID, all of a sender to a recipient.
//
// SMPP 3.4 §4.9.1
type CancelSM struct {
	// ServiceType is that of the messages, at most 5 characters. SMPP 3.4 §5.2.11
	ServiceType string
	// MessageID is of the message, at most 64 characters; empty for all that match the rest. SMPP 3.4 §5.2.23
	MessageID string
	// SourceAddrTON, SourceAddrNPI and SourceAddr are as in the message: at most 20 characters. SMPP 3.4 §5.2.8
	SourceAddrTON TON
	SourceAddrNPI NPI
	SourceAddr    string
	// DestAddrTON, DestAddrNPI and DestinationAddr are as in the message, or empty with MessageID: at most 20
	// characters. SMPP 3.4 §5.2.9
	DestAddrTON     TON
	DestAddrNPI     NPI
	DestinationAddr string
	// TLVs has no place in the standard here; what peers send is kept.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *CancelSM) CommandID() CommandID { return CommandCancelSM }

// AppendPDU implements [PDU].
func (p *CancelSM) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandCancelSM, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *CancelSM) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *CancelSM) encode(w *writer) {
	w.str("service_type", p.ServiceType, maxServiceType)
	w.str("message_id", p.MessageID, maxMessageID)
	w.u8x2(uint8(p.SourceAddrTON), uint8(p.SourceAddrNPI))
	w.str("source_addr", p.SourceAddr, maxAddr)
	w.u8x2(uint8(p.DestAddrTON), uint8(p.DestAddrNPI))
	w.str("destination_addr", p.DestinationAddr, maxAddr)
	w.tlvs(p.TLVs)
}

func (p *CancelSM) decode(r *reader) {
	r.expect(CommandCancelSM, 0)
	p.ServiceType = r.str("service_type", maxServiceType)
	p.MessageID = r.str("message_id", maxMessageID)
	p.SourceAddrTON = TON(r.u8("source_addr_ton"))
	p.SourceAddrNPI = NPI(r.u8("source_addr_npi"))
	p.SourceAddr = r.str("source_addr", maxAddr)
	p.DestAddrTON = TON(r.u8("dest_addr_ton"))
	p.DestAddrNPI = NPI(r.u8("dest_addr_npi"))
	p.DestinationAddr = r.str("destination_addr", maxAddr)
	p.TLVs = r.tlvs(p.TLVs)
}

// CancelSMResp answers a [CancelSM].
//
// SMPP 3.4 §4.9.2
type CancelSMResp struct {
	CommandStatus CommandStatus
	// TLVs may have congestion_state in SMPP 5.0.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *CancelSMResp) CommandID() CommandID { return CommandCancelSMResp }

// AppendPDU implements [PDU].
func (p *CancelSMResp) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandCancelSMResp, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *CancelSMResp) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

// Status implements [Response].
func (p *CancelSMResp) Status() CommandStatus { return p.CommandStatus }

func (p *CancelSMResp) encode(w *writer) {
	w.status(p.CommandStatus)
	w.tlvs(p.TLVs)
}

func (p *CancelSMResp) decode(r *reader) {
	r.expect(CommandCancelSMResp, 0)
	p.CommandStatus = r.h.CommandStatus
	p.TLVs = r.tlvs(p.TLVs)
}
