package smpp

// DeliverSM brings a message or a delivery receipt to an ESME. Its layout is that of [SubmitSM].
//
// SMPP 3.4 §4.6.1, SMPP 5.0 §4.3.1.1
type DeliverSM struct {
	// ServiceType is the SMS application, at most 5 characters, usually empty. SMPP 3.4 §5.2.11
	ServiceType string
	// SourceAddrTON, SourceAddrNPI and SourceAddr are the sender: at most 20 characters. In a receipt, that is the
	// recipient of the message it is about. SMPP 3.4 §5.2.5, §5.2.6 and §5.2.8
	SourceAddrTON TON
	SourceAddrNPI NPI
	SourceAddr    string
	// DestAddrTON, DestAddrNPI and DestinationAddr are the recipient: at most 20 characters. SMPP 3.4 §5.2.9
	DestAddrTON     TON
	DestAddrNPI     NPI
	DestinationAddr string
	// ESMClass is message type and GSM features: see [ESMClass.IsReceipt]. SMPP 3.4 §5.2.12
	ESMClass ESMClass
	// ProtocolID is the GSM protocol identifier (TP-PID). SMPP 3.4 §5.2.13
	ProtocolID uint8
	// PriorityFlag is 0 to 3, 3 the most urgent. SMPP 3.4 §5.2.14
	PriorityFlag uint8
	// ScheduleDeliveryTime and ValidityPeriod are unused and empty, says the standard; what peers send is kept.
	ScheduleDeliveryTime string
	ValidityPeriod       string
	// RegisteredDelivery is which SME acknowledgements to send back. SMPP 3.4 §5.2.17
	RegisteredDelivery RegisteredDelivery
	// ReplaceIfPresentFlag is unused and 0.
	ReplaceIfPresentFlag uint8
	// DataCoding is the alphabet of the user data. SMPP 3.4 §5.2.19
	DataCoding DataCoding
	// SMDefaultMsgID is unused and 0.
	SMDefaultMsgID uint8
	// ShortMessage is the user data, header included, at most [MaxShortMessage] octets; its length is sm_length. Empty if
	// the TLV message_payload has it. SMPP 3.4 §5.2.21 and §5.2.22
	ShortMessage []byte
	// TLVs are the optional parameters in the order of the wire.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *DeliverSM) CommandID() CommandID { return CommandDeliverSM }

// AppendPDU implements [PDU].
func (p *DeliverSM) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandDeliverSM, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *DeliverSM) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *DeliverSM) encode(w *writer) { (*SubmitSM)(p).encodeAs(w) }

func (p *DeliverSM) decode(r *reader) { (*SubmitSM)(p).decodeAs(r, CommandDeliverSM) }

// UserData is the message wherever it is: short_message, or the TLV message_payload if short_message is empty. The slice
// is the PDU's own.
//
// SMPP 3.4 §5.3.2.32
func (p *DeliverSM) UserData() []byte { return userData(p.ShortMessage, p.TLVs) }

// DeliverSMResp answers a [DeliverSM].
//
// SMPP 3.4 §4.6.2, SMPP 5.0 §4.3.1.2
type DeliverSMResp struct {
	CommandStatus CommandStatus
	// MessageID is unused and empty, says the standard; what peers send is kept.
	MessageID string
	// TLVs are of SMPP 5.0 §4.3.4: additional_status_info_text, delivery_failure_reason, network_error_code ...
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *DeliverSMResp) CommandID() CommandID { return CommandDeliverSMResp }

// AppendPDU implements [PDU].
func (p *DeliverSMResp) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandDeliverSMResp, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU]. It takes a response without body.
func (p *DeliverSMResp) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

// Status implements [Response].
func (p *DeliverSMResp) Status() CommandStatus { return p.CommandStatus }

func (p *DeliverSMResp) encode(w *writer) {
	w.status(p.CommandStatus)
	w.str("message_id", p.MessageID, maxMessageID)
	w.tlvs(p.TLVs)
}

func (p *DeliverSMResp) decode(r *reader) {
	r.expect(CommandDeliverSMResp, maxMessageID)
	p.CommandStatus = r.h.CommandStatus
	p.MessageID = r.messageID()
	p.TLVs = r.tlvs(p.TLVs)
}
