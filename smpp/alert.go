package smpp

// AlertNotification tells an ESME that a subscriber can be reached again. It is not answered.
//
// SMPP 3.4 §4.12.1
type AlertNotification struct {
	// SourceAddrTON, SourceAddrNPI and SourceAddr are the subscriber: at most 64 characters. SMPP 3.4 §5.2.8
	SourceAddrTON TON
	SourceAddrNPI NPI
	SourceAddr    string
	// ESMEAddrTON, ESMEAddrNPI and ESMEAddr are the ESME that asked: at most 64 characters. SMPP 3.4 §5.2.10
	ESMEAddrTON TON
	ESMEAddrNPI NPI
	ESMEAddr    string
	// TLVs may have ms_availability_status.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *AlertNotification) CommandID() CommandID { return CommandAlertNotification }

// AppendPDU implements [PDU].
func (p *AlertNotification) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandAlertNotification, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *AlertNotification) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *AlertNotification) encode(w *writer) {
	w.u8x2(uint8(p.SourceAddrTON), uint8(p.SourceAddrNPI))
	w.str("source_addr", p.SourceAddr, maxLongAddr)
	w.u8x2(uint8(p.ESMEAddrTON), uint8(p.ESMEAddrNPI))
	w.str("esme_addr", p.ESMEAddr, maxLongAddr)
	w.tlvs(p.TLVs)
}

func (p *AlertNotification) decode(r *reader) {
	r.expect(CommandAlertNotification, 0)
	p.SourceAddrTON = TON(r.u8("source_addr_ton"))
	p.SourceAddrNPI = NPI(r.u8("source_addr_npi"))
	p.SourceAddr = r.str("source_addr", maxLongAddr)
	p.ESMEAddrTON = TON(r.u8("esme_addr_ton"))
	p.ESMEAddrNPI = NPI(r.u8("esme_addr_npi"))
	p.ESMEAddr = r.str("esme_addr", maxLongAddr)
	p.TLVs = r.tlvs(p.TLVs)
}
