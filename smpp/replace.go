package smpp

// ReplaceSM replaces a message that is still waiting.
//
// SMPP 3.4 §4.10.1, SMPP 5.0 §4.5.3.1
type ReplaceSM struct {
	// MessageID is of the message to replace, at most 64 characters. SMPP 3.4 §5.2.23
	MessageID string
	// SourceAddrTON, SourceAddrNPI and SourceAddr are as in the message: at most 20 characters. SMPP 3.4 §5.2.8
	SourceAddrTON TON
	SourceAddrNPI NPI
	SourceAddr    string
	// ScheduleDeliveryTime is the new time, empty to leave it: see [ParseTime]. SMPP 3.4 §5.2.15
	ScheduleDeliveryTime string
	// ValidityPeriod is the new period, empty to leave it: see [ParseTime]. SMPP 3.4 §5.2.16
	ValidityPeriod string
	// RegisteredDelivery is which reports to send back. SMPP 3.4 §5.2.17
	RegisteredDelivery RegisteredDelivery
	// SMDefaultMsgID is a text stored at the SMSC to send instead, or 0. SMPP 3.4 §5.2.20
	SMDefaultMsgID uint8
	// ShortMessage is the new user data, at most [MaxShortMessage] octets. It keeps the data_coding and esm_class of the
	// message that it replaces. SMPP 3.4 §5.2.22
	ShortMessage []byte
	// TLVs may have message_payload in SMPP 5.0.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *ReplaceSM) CommandID() CommandID { return CommandReplaceSM }

// AppendPDU implements [PDU].
func (p *ReplaceSM) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandReplaceSM, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *ReplaceSM) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *ReplaceSM) encode(w *writer) {
	w.str("message_id", p.MessageID, maxMessageID)
	w.u8x2(uint8(p.SourceAddrTON), uint8(p.SourceAddrNPI))
	w.str("source_addr", p.SourceAddr, maxAddr)
	w.time("schedule_delivery_time", p.ScheduleDeliveryTime)
	w.time("validity_period", p.ValidityPeriod)
	w.u8x2(uint8(p.RegisteredDelivery), p.SMDefaultMsgID)
	w.message(p.ShortMessage)
	w.tlvs(p.TLVs)
}

func (p *ReplaceSM) decode(r *reader) {
	r.expect(CommandReplaceSM, maxMessageID+2+maxAddr+maxTime+maxTime)
	p.MessageID = r.str("message_id", maxMessageID)
	p.SourceAddrTON = TON(r.u8("source_addr_ton"))
	p.SourceAddrNPI = NPI(r.u8("source_addr_npi"))
	p.SourceAddr = r.str("source_addr", maxAddr)
	p.ScheduleDeliveryTime = r.str("schedule_delivery_time", maxTime)
	p.ValidityPeriod = r.str("validity_period", maxTime)
	p.RegisteredDelivery = RegisteredDelivery(r.u8("registered_delivery"))
	p.SMDefaultMsgID = r.u8("sm_default_msg_id")
	p.ShortMessage, p.TLVs = r.tail(r.message(), p.ShortMessage, p.TLVs)
}

// UserData is the message wherever it is: short_message, or the TLV message_payload if short_message is empty. The slice
// is the PDU's own.
//
// SMPP 5.0 §4.5.3.3
func (p *ReplaceSM) UserData() []byte { return userData(p.ShortMessage, p.TLVs) }

// ReplaceSMResp answers a [ReplaceSM].
//
// SMPP 3.4 §4.10.2
type ReplaceSMResp struct {
	CommandStatus CommandStatus
	// TLVs may have congestion_state in SMPP 5.0.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *ReplaceSMResp) CommandID() CommandID { return CommandReplaceSMResp }

// AppendPDU implements [PDU].
func (p *ReplaceSMResp) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandReplaceSMResp, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *ReplaceSMResp) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

// Status implements [Response].
func (p *ReplaceSMResp) Status() CommandStatus { return p.CommandStatus }

func (p *ReplaceSMResp) encode(w *writer) {
	w.status(p.CommandStatus)
	w.tlvs(p.TLVs)
}

func (p *ReplaceSMResp) decode(r *reader) {
	r.expect(CommandReplaceSMResp, 0)
	p.CommandStatus = r.h.CommandStatus
	p.TLVs = r.tlvs(p.TLVs)
}
