package smpp

// DataSM hands a message over in either direction, with all but the essentials in TLVs: the message itself is in
// message_payload.
//
// SMPP 3.4 §4.7.1, SMPP 5.0 §4.2.2.1
type DataSM struct {
	// ServiceType is the SMS application, at most 5 characters. SMPP 3.4 §5.2.11
	ServiceType string
	// SourceAddrTON, SourceAddrNPI and SourceAddr are the sender: at most 64 characters. SMPP 3.4 §5.2.8
	SourceAddrTON TON
	SourceAddrNPI NPI
	SourceAddr    string
	// DestAddrTON, DestAddrNPI and DestinationAddr are the recipient: at most 64 characters. SMPP 3.4 §5.2.9
	DestAddrTON     TON
	DestAddrNPI     NPI
	DestinationAddr string
	// ESMClass is messaging mode, message type and GSM features. SMPP 3.4 §5.2.12
	ESMClass ESMClass
	// RegisteredDelivery is which reports to send back. SMPP 3.4 §5.2.17
	RegisteredDelivery RegisteredDelivery
	// DataCoding is the alphabet of the user data. SMPP 3.4 §5.2.19
	DataCoding DataCoding
	// TLVs are the optional parameters in the order of the wire.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *DataSM) CommandID() CommandID { return CommandDataSM }

// AppendPDU implements [PDU].
func (p *DataSM) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandDataSM, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *DataSM) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *DataSM) encode(w *writer) {
	w.str("service_type", p.ServiceType, maxServiceType)
	w.u8x2(uint8(p.SourceAddrTON), uint8(p.SourceAddrNPI))
	w.str("source_addr", p.SourceAddr, maxLongAddr)
	w.u8x2(uint8(p.DestAddrTON), uint8(p.DestAddrNPI))
	w.str("destination_addr", p.DestinationAddr, maxLongAddr)
	w.u8x3(uint8(p.ESMClass), uint8(p.RegisteredDelivery), uint8(p.DataCoding))
	w.tlvs(p.TLVs)
}

func (p *DataSM) decode(r *reader) {
	r.expect(CommandDataSM, maxServiceType+2+maxLongAddr+2+maxLongAddr)
	p.ServiceType = r.str("service_type", maxServiceType)
	p.SourceAddrTON = TON(r.u8("source_addr_ton"))
	p.SourceAddrNPI = NPI(r.u8("source_addr_npi"))
	p.SourceAddr = r.str("source_addr", maxLongAddr)
	p.DestAddrTON = TON(r.u8("dest_addr_ton"))
	p.DestAddrNPI = NPI(r.u8("dest_addr_npi"))
	p.DestinationAddr = r.str("destination_addr", maxLongAddr)
	p.ESMClass = ESMClass(r.u8("esm_class"))
	p.RegisteredDelivery = RegisteredDelivery(r.u8("registered_delivery"))
	p.DataCoding = DataCoding(r.u8("data_coding"))
	p.TLVs = r.tlvs(p.TLVs)
}

// UserData is the TLV message_payload. The slice is the PDU's own.
//
// SMPP 3.4 §5.3.2.32
func (p *DataSM) UserData() []byte { return userData(nil, p.TLVs) }

// DataSMResp answers a [DataSM].
//
// SMPP 3.4 §4.7.2, SMPP 5.0 §4.2.2.2
type DataSMResp struct {
	CommandStatus CommandStatus
	// MessageID is the name that the SMSC gave to the message, at most 64 characters. SMPP 3.4 §5.2.23
	MessageID string
	// TLVs may have delivery_failure_reason, network_error_code, additional_status_info_text and dpf_result.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *DataSMResp) CommandID() CommandID { return CommandDataSMResp }

// AppendPDU implements [PDU].
func (p *DataSMResp) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandDataSMResp, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU]. It takes a response without body, and a message_id that ends with the PDU instead of a NUL.
func (p *DataSMResp) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

// Status implements [Response].
func (p *DataSMResp) Status() CommandStatus { return p.CommandStatus }

func (p *DataSMResp) encode(w *writer) {
	w.status(p.CommandStatus)
	w.str("message_id", p.MessageID, maxMessageID)
	w.tlvs(p.TLVs)
}

func (p *DataSMResp) decode(r *reader) {
	r.expect(CommandDataSMResp, maxMessageID)
	p.CommandStatus = r.h.CommandStatus
	p.MessageID = r.messageID()
	p.TLVs = r.tlvs(p.TLVs)
}
