package smpp

// QuerySM asks what became of a message.
//
// SMPP 3.4 §4.8.1
type QuerySM struct {
	// MessageID is of the message, at most 64 characters. SMPP 3.4 §5.2.23
	MessageID string
	// SourceAddrTON, SourceAddrNPI and SourceAddr are as in the message: at most 20 characters. SMPP 3.4 §5.2.8
	SourceAddrTON TON
	SourceAddrNPI NPI
	SourceAddr    string
	// TLVs has no place in the standard here; what peers send is kept.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *QuerySM) CommandID() CommandID { return CommandQuerySM }

// AppendPDU implements [PDU].
func (p *QuerySM) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandQuerySM, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *QuerySM) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *QuerySM) encode(w *writer) {
	w.str("message_id", p.MessageID, maxMessageID)
	w.u8x2(uint8(p.SourceAddrTON), uint8(p.SourceAddrNPI))
	w.str("source_addr", p.SourceAddr, maxAddr)
	w.tlvs(p.TLVs)
}

func (p *QuerySM) decode(r *reader) {
	r.expect(CommandQuerySM, 0)
	p.MessageID = r.str("message_id", maxMessageID)
	p.SourceAddrTON = TON(r.u8("source_addr_ton"))
	p.SourceAddrNPI = NPI(r.u8("source_addr_npi"))
	p.SourceAddr = r.str("source_addr", maxAddr)
	p.TLVs = r.tlvs(p.TLVs)
}

// QuerySMResp answers a [QuerySM].
//
// SMPP 3.4 §4.8.2
type QuerySMResp struct {
	CommandStatus CommandStatus
	// MessageID is that of the query, at most 64 characters.
	MessageID string
	// FinalDate is when the message reached its final state, empty if it has not: see [ParseTime].
	FinalDate string
	// MessageState is what became of the message. SMPP 3.4 §5.2.28
	MessageState MessageState
	// ErrorCode is why delivery failed, in the network's own numbers, or 0.
	ErrorCode uint8
	// TLVs may have congestion_state in SMPP 5.0.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *QuerySMResp) CommandID() CommandID { return CommandQuerySMResp }

// AppendPDU implements [PDU]. A response that reports an error and has nothing else to say is sent without body.
func (p *QuerySMResp) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandQuerySMResp, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU]. It takes a response without body.
func (p *QuerySMResp) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

// Status implements [Response].
func (p *QuerySMResp) Status() CommandStatus { return p.CommandStatus }

func (p *QuerySMResp) encode(w *writer) {
	w.status(p.CommandStatus)
	if p.CommandStatus != ROK && p.MessageID == "" && p.FinalDate == "" && p.MessageState == 0 && p.ErrorCode == 0 && len(p.TLVs) == 0 {
		return
	}
	w.str("message_id", p.MessageID, maxMessageID)
	w.time("final_date", p.FinalDate)
	w.u8x2(uint8(p.MessageState), p.ErrorCode)
	w.tlvs(p.TLVs)
}

func (p *QuerySMResp) decode(r *reader) {
	r.expect(CommandQuerySMResp, 0)
	*p = QuerySMResp{CommandStatus: r.h.CommandStatus, TLVs: p.TLVs}
	if r.more() {
		p.MessageID = r.str("message_id", maxMessageID)
		p.FinalDate = r.str("final_date", maxTime)
		p.MessageState = MessageState(r.u8("message_state"))
		p.ErrorCode = r.u8("error_code")
	}
	p.TLVs = r.tlvs(p.TLVs)
}
