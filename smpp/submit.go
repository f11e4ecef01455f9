package smpp

// MaxShortMessage is the most octets that short_message can have. It is of SMPP 5.0; SMPP 3.4 allows 254, and a message
// of one segment has at most 140 (160 in the unpacked GSM 7-bit alphabet). What is longer goes into message_payload.
//
// SMPP 5.0 §4.7.28, SMPP 3.4 §5.2.22
const MaxShortMessage = 255

// smSpan is how many octets submit_sm and deliver_sm have at most from the header to the last C-octet string.
const smSpan = maxServiceType + 2 + maxAddr + 2 + maxAddr + 3 + maxTime + maxTime

// SubmitSM hands a message to the SMSC.
//
// SMPP 3.4 §4.4.1, SMPP 5.0 §4.2.1.1
type SubmitSM struct {
	// ServiceType is the SMS application, at most 5 characters, usually empty. SMPP 3.4 §5.2.11
	ServiceType string
	// SourceAddrTON, SourceAddrNPI and SourceAddr are the sender: at most 20 characters, empty if the SMSC is to put its
	// own. SMPP 3.4 §5.2.5, §5.2.6 and §5.2.8
	SourceAddrTON TON
	SourceAddrNPI NPI
	SourceAddr    string
	// DestAddrTON, DestAddrNPI and DestinationAddr are the recipient: at most 20 characters. SMPP 3.4 §5.2.9
	DestAddrTON     TON
	DestAddrNPI     NPI
	DestinationAddr string
	// ESMClass is messaging mode, message type and GSM features. SMPP 3.4 §5.2.12
	ESMClass ESMClass
	// ProtocolID is the GSM protocol identifier (TP-PID). SMPP 3.4 §5.2.13
	ProtocolID uint8
	// PriorityFlag is 0 to 3, 3 the most urgent. SMPP 3.4 §5.2.14
	PriorityFlag uint8
	// ScheduleDeliveryTime is when to send, empty for at once: see [ParseTime]. SMPP 3.4 §5.2.15
	ScheduleDeliveryTime string
	// ValidityPeriod is until when to try, empty for the default of the SMSC: see [ParseTime]. SMPP 3.4 §5.2.16
	ValidityPeriod string
	// RegisteredDelivery is which reports to send back. SMPP 3.4 §5.2.17
	RegisteredDelivery RegisteredDelivery
	// ReplaceIfPresentFlag is 1 to replace a message of the same sender, recipient and service_type that is still
	// waiting, else 0. SMPP 3.4 §5.2.18
	ReplaceIfPresentFlag uint8
	// DataCoding is the alphabet of the user data. SMPP 3.4 §5.2.19
	DataCoding DataCoding
	// SMDefaultMsgID is a text stored at the SMSC to send instead, or 0. SMPP 3.4 §5.2.20
	SMDefaultMsgID uint8
	// ShortMessage is the user data, header included, at most [MaxShortMessage] octets; its length is sm_length. Empty if
	// the TLV message_payload has it. SMPP 3.4 §5.2.21 and §5.2.22
	ShortMessage []byte
	// TLVs are the optional parameters in the order of the wire.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *SubmitSM) CommandID() CommandID { return CommandSubmitSM }

// AppendPDU implements [PDU].
func (p *SubmitSM) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandSubmitSM, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *SubmitSM) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *SubmitSM) encode(w *writer) { p.encodeAs(w) }

func (p *SubmitSM) decode(r *reader) { p.decodeAs(r, CommandSubmitSM) }

// encodeAs writes what submit_sm and deliver_sm have in common, which is all.
func (p *SubmitSM) encodeAs(w *writer) {
	w.str("service_type", p.ServiceType, maxServiceType)
	w.u8x2(uint8(p.SourceAddrTON), uint8(p.SourceAddrNPI))
	w.str("source_addr", p.SourceAddr, maxAddr)
	w.u8x2(uint8(p.DestAddrTON), uint8(p.DestAddrNPI))
	w.str("destination_addr", p.DestinationAddr, maxAddr)
	w.u8x3(uint8(p.ESMClass), p.ProtocolID, p.PriorityFlag)
	w.time("schedule_delivery_time", p.ScheduleDeliveryTime)
	w.time("validity_period", p.ValidityPeriod)
	w.u8x4(uint8(p.RegisteredDelivery), p.ReplaceIfPresentFlag, uint8(p.DataCoding), p.SMDefaultMsgID)
	w.message(p.ShortMessage)
	w.tlvs(p.TLVs)
}

func (p *SubmitSM) decodeAs(r *reader, c CommandID) {
	r.expect(c, smSpan)
	p.ServiceType = r.str("service_type", maxServiceType)
	p.SourceAddrTON = TON(r.u8("source_addr_ton"))
	p.SourceAddrNPI = NPI(r.u8("source_addr_npi"))
	p.SourceAddr = r.str("source_addr", maxAddr)
	p.DestAddrTON = TON(r.u8("dest_addr_ton"))
	p.DestAddrNPI = NPI(r.u8("dest_addr_npi"))
	p.DestinationAddr = r.str("destination_addr", maxAddr)
	p.ESMClass = ESMClass(r.u8("esm_class"))
	p.ProtocolID = r.u8("protocol_id")
	p.PriorityFlag = r.u8("priority_flag")
	p.ScheduleDeliveryTime = r.str("schedule_delivery_time", maxTime)
	p.ValidityPeriod = r.str("validity_period", maxTime)
	p.RegisteredDelivery = RegisteredDelivery(r.u8("registered_delivery"))
	p.ReplaceIfPresentFlag = r.u8("replace_if_present_flag")
	p.DataCoding = DataCoding(r.u8("data_coding"))
	p.SMDefaultMsgID = r.u8("sm_default_msg_id")
	p.ShortMessage, p.TLVs = r.tail(r.message(), p.ShortMessage, p.TLVs)
}

// UserData is the message wherever it is: short_message, or the TLV message_payload if short_message is empty. The slice
// is the PDU's own.
//
// SMPP 3.4 §5.3.2.32
func (p *SubmitSM) UserData() []byte { return userData(p.ShortMessage, p.TLVs) }

func userData(shortMessage []byte, l TLVs) []byte {
	if len(shortMessage) > 0 {
		return shortMessage
	}
	payload, _ := l.MessagePayload()
	return payload
}

// SubmitSMResp answers a [SubmitSM].
//
// SMPP 3.4 §4.4.2, SMPP 5.0 §4.2.1.2
type SubmitSMResp struct {
	CommandStatus CommandStatus
	// MessageID is the name that the SMSC gave to the message, at most 64 characters. Receipts and queries refer to it.
	// SMPP 3.4 §5.2.23
	MessageID string
	// TLVs are of SMPP 5.0 §4.2.5: additional_status_info_text, delivery_failure_reason, network_error_code ...
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *SubmitSMResp) CommandID() CommandID { return CommandSubmitSMResp }

// AppendPDU implements [PDU]. A response that reports an error and has nothing else to say is sent without body, as SMPP 3.4
// §4.4.2 wants it.
func (p *SubmitSMResp) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandSubmitSMResp, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU]. It takes a response without body, and a message_id that ends with the PDU instead of a NUL,
// because both are met and to lose the message_id would be worse.
func (p *SubmitSMResp) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

// Status implements [Response].
func (p *SubmitSMResp) Status() CommandStatus { return p.CommandStatus }

func (p *SubmitSMResp) encode(w *writer) {
	w.status(p.CommandStatus)
	if p.CommandStatus != ROK && p.MessageID == "" && len(p.TLVs) == 0 {
		return
	}
	w.str("message_id", p.MessageID, maxMessageID)
	w.tlvs(p.TLVs)
}

func (p *SubmitSMResp) decode(r *reader) {
	r.expect(CommandSubmitSMResp, maxMessageID)
	p.CommandStatus = r.h.CommandStatus
	p.MessageID = r.messageID()
	p.TLVs = r.tlvs(p.TLVs)
}
