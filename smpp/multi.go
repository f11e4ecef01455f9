package smpp

// MaxDests is the most destinations that a submit_multi can have, and unsuccessful ones that its response can list.
// SMPP 3.4 §5.2.24 says 254, SMPP 5.0 255.
const MaxDests = 255

// SubmitMulti hands one message for several recipients to the SMSC.
//
// SMPP 3.4 §4.5.1, SMPP 5.0 §4.2.3.1
type SubmitMulti struct {
	// ServiceType is the SMS application, at most 5 characters, usually empty. SMPP 3.4 §5.2.11
	ServiceType string
	// SourceAddrTON, SourceAddrNPI and SourceAddr are the sender: at most 20 characters. SMPP 3.4 §5.2.8
	SourceAddrTON TON
	SourceAddrNPI NPI
	SourceAddr    string
	// DestAddresses are the recipients, 1 to [MaxDests]; their number is number_of_dests. SMPP 3.4 §4.5.1.1
	DestAddresses []DestAddress
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
	// ReplaceIfPresentFlag is 1 to replace a waiting message, else 0. SMPP 3.4 §5.2.18
	ReplaceIfPresentFlag uint8
	// DataCoding is the alphabet of the user data. SMPP 3.4 §5.2.19
	DataCoding DataCoding
	// SMDefaultMsgID is a text stored at the SMSC to send instead, or 0. SMPP 3.4 §5.2.20
	SMDefaultMsgID uint8
	// ShortMessage is the user data, header included, at most [MaxShortMessage] octets. SMPP 3.4 §5.2.22
	ShortMessage []byte
	// TLVs are the optional parameters in the order of the wire.
	TLVs TLVs
}

// DestAddress is one recipient of a [SubmitMulti]: an address, or the name of a distribution list at the SMSC.
//
// SMPP 3.4 §4.5.1.1 and §4.5.1.2
type DestAddress struct {
	// DestFlag says which of the two it is. SMPP 3.4 §5.2.25
	DestFlag DestFlag
	// DestAddrTON, DestAddrNPI and DestinationAddr are for [DestFlagSME]: at most 20 characters. SMPP 3.4 §5.2.9
	DestAddrTON     TON
	DestAddrNPI     NPI
	DestinationAddr string
	// DLName is for [DestFlagDistributionList]: at most 20 characters. SMPP 3.4 §5.2.27
	DLName string
}

// CommandID implements [PDU].
func (p *SubmitMulti) CommandID() CommandID { return CommandSubmitMulti }

// AppendPDU implements [PDU].
func (p *SubmitMulti) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandSubmitMulti, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *SubmitMulti) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *SubmitMulti) encode(w *writer) {
	w.str("service_type", p.ServiceType, maxServiceType)
	w.u8x2(uint8(p.SourceAddrTON), uint8(p.SourceAddrNPI))
	w.str("source_addr", p.SourceAddr, maxAddr)
	if n := len(p.DestAddresses); n == 0 || n > MaxDests {
		w.fail("number_of_dests", ErrTooMany)
		return
	}
	w.u8(uint8(len(p.DestAddresses))) //nolint:gosec // checked above
	for i := range p.DestAddresses {
		p.DestAddresses[i].encode(w)
	}
	w.u8x3(uint8(p.ESMClass), p.ProtocolID, p.PriorityFlag)
	w.time("schedule_delivery_time", p.ScheduleDeliveryTime)
	w.time("validity_period", p.ValidityPeriod)
	w.u8x4(uint8(p.RegisteredDelivery), p.ReplaceIfPresentFlag, uint8(p.DataCoding), p.SMDefaultMsgID)
	w.message(p.ShortMessage)
	w.tlvs(p.TLVs)
}

func (d *DestAddress) encode(w *writer) {
	w.u8(uint8(d.DestFlag))
	switch d.DestFlag {
	case DestFlagSME:
		w.u8x2(uint8(d.DestAddrTON), uint8(d.DestAddrNPI))
		w.str("destination_addr", d.DestinationAddr, maxAddr)
	case DestFlagDistributionList:
		w.str("dl_name", d.DLName, maxDLName)
	default:
		w.fail("dest_flag", ErrValue)
	}
}

func (p *SubmitMulti) decode(r *reader) {
	r.expect(CommandSubmitMulti, 0)
	p.ServiceType = r.str("service_type", maxServiceType)
	p.SourceAddrTON = TON(r.u8("source_addr_ton"))
	p.SourceAddrNPI = NPI(r.u8("source_addr_npi"))
	p.SourceAddr = r.str("source_addr", maxAddr)
	at := r.off
	n := int(r.u8("number_of_dests"))
	if n == 0 {
		r.failAt(at, "number_of_dests", ErrValue)
	}
	p.DestAddresses = p.DestAddresses[:0]
	for range n {
		if d, ok := decodeDestAddress(r); ok {
			p.DestAddresses = append(p.DestAddresses, d)
		}
	}
	if len(p.DestAddresses) == 0 {
		p.DestAddresses = nil // as in a PDU that was not used before
	}
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

func decodeDestAddress(r *reader) (d DestAddress, ok bool) {
	at := r.off
	switch d.DestFlag = DestFlag(r.u8("dest_flag")); d.DestFlag {
	case DestFlagSME:
		d.DestAddrTON = TON(r.u8("dest_addr_ton"))
		d.DestAddrNPI = NPI(r.u8("dest_addr_npi"))
		d.DestinationAddr = r.str("destination_addr", maxAddr)
	case DestFlagDistributionList:
		d.DLName = r.str("dl_name", maxDLName)
	default:
		r.failAt(at, "dest_flag", ErrValue)
	}
	return d, r.err == nil
}

// UserData is the message wherever it is: short_message, or the TLV message_payload if short_message is empty. The slice
// is the PDU's own.
//
// SMPP 3.4 §5.3.2.32
func (p *SubmitMulti) UserData() []byte { return userData(p.ShortMessage, p.TLVs) }

// SubmitMultiResp answers a [SubmitMulti].
//
// SMPP 3.4 §4.5.2
type SubmitMultiResp struct {
	CommandStatus CommandStatus
	// MessageID is the name that the SMSC gave to the message, at most 64 characters. SMPP 3.4 §5.2.23
	MessageID string
	// UnsuccessSMEs are the recipients that were refused, at most [MaxDests]; their number is no_unsuccess.
	// SMPP 3.4 §5.2.26
	UnsuccessSMEs []UnsuccessSME
	// TLVs are of SMPP 5.0 §4.2.5.
	TLVs TLVs
}

// UnsuccessSME is a recipient of a submit_multi that was refused.
//
// SMPP 3.4 §4.5.2.1
type UnsuccessSME struct {
	DestAddrTON     TON
	DestAddrNPI     NPI
	DestinationAddr string // at most 20 characters
	ErrorStatusCode CommandStatus
}

// CommandID implements [PDU].
func (p *SubmitMultiResp) CommandID() CommandID { return CommandSubmitMultiResp }

// AppendPDU implements [PDU]. A response that reports an error and has nothing else to say is sent without body.
func (p *SubmitMultiResp) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandSubmitMultiResp, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU]. It takes a response without body.
func (p *SubmitMultiResp) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

// Status implements [Response].
func (p *SubmitMultiResp) Status() CommandStatus { return p.CommandStatus }

func (p *SubmitMultiResp) encode(w *writer) {
	w.status(p.CommandStatus)
	if p.CommandStatus != ROK && p.MessageID == "" && len(p.UnsuccessSMEs) == 0 && len(p.TLVs) == 0 {
		return
	}
	w.str("message_id", p.MessageID, maxMessageID)
	if len(p.UnsuccessSMEs) > MaxDests {
		w.fail("no_unsuccess", ErrTooMany)
		return
	}
	w.u8(uint8(len(p.UnsuccessSMEs))) //nolint:gosec // checked above
	for _, u := range p.UnsuccessSMEs {
		w.u8x2(uint8(u.DestAddrTON), uint8(u.DestAddrNPI))
		w.str("destination_addr", u.DestinationAddr, maxAddr)
		w.u32(uint32(u.ErrorStatusCode))
	}
	w.tlvs(p.TLVs)
}

func (p *SubmitMultiResp) decode(r *reader) {
	r.expect(CommandSubmitMultiResp, 0)
	p.CommandStatus = r.h.CommandStatus
	p.MessageID = r.messageID()
	p.UnsuccessSMEs = p.UnsuccessSMEs[:0]
	if r.more() {
		for range r.u8("no_unsuccess") {
			u := UnsuccessSME{
				DestAddrTON:     TON(r.u8("dest_addr_ton")),
				DestAddrNPI:     NPI(r.u8("dest_addr_npi")),
				DestinationAddr: r.str("destination_addr", maxAddr),
				ErrorStatusCode: CommandStatus(r.u32("error_status_code")),
			}
			if r.err != nil {
				break
			}
			p.UnsuccessSMEs = append(p.UnsuccessSMEs, u)
		}
	}
	if len(p.UnsuccessSMEs) == 0 {
		p.UnsuccessSMEs = nil // as in a PDU that was not used before
	}
	p.TLVs = r.tlvs(p.TLVs)
}
