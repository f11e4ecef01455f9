package smpp

import "fmt"

// Bind asks to open a session as a transmitter, a receiver or both: bind_transmitter, bind_receiver, bind_transceiver.
//
// SMPP 3.4 §4.1.1, §4.1.3 and §4.1.5
type Bind struct {
	// Command says which of the three it is: [CommandBindTransmitter], [CommandBindReceiver] or [CommandBindTransceiver].
	Command CommandID
	// SystemID names the ESME, at most 15 characters. SMPP 3.4 §5.2.1
	SystemID string
	// Password is at most 8 characters ([Options.LongStrings] allows more). SMPP 3.4 §5.2.2
	Password string
	// SystemType is the kind of ESME, at most 12 characters, usually empty. SMPP 3.4 §5.2.3
	SystemType string
	// InterfaceVersion is the version that the ESME speaks. SMPP 3.4 §5.2.4
	InterfaceVersion InterfaceVersion
	// AddrTON and AddrNPI are of AddressRange, or 0. SMPP 3.4 §5.2.5 and §5.2.6
	AddrTON TON
	AddrNPI NPI
	// AddressRange is a UNIX regular expression of the addresses that the ESME serves, at most 40 characters, usually
	// empty. SMPP 3.4 §5.2.7
	AddressRange string
	// TLVs has no place in the standard for a bind; what peers send is kept.
	TLVs TLVs
}

// CommandID is p.Command.
func (p *Bind) CommandID() CommandID { return p.Command }

// AppendPDU implements [PDU].
func (p *Bind) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, p.Command, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU]. It takes any of the three binds and says in Command which it was.
func (p *Bind) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *Bind) encode(w *writer) {
	if !p.Command.IsBind() {
		w.fail("command_id", ErrCommand)
	}
	w.str("system_id", p.SystemID, maxSystemID)
	w.str("password", p.Password, maxPassword)
	w.str("system_type", p.SystemType, maxSystemType)
	w.u8x3(uint8(p.InterfaceVersion), uint8(p.AddrTON), uint8(p.AddrNPI))
	w.str("address_range", p.AddressRange, maxAddressRange)
	w.tlvs(p.TLVs)
}

func (p *Bind) decode(r *reader) {
	p.Command = r.h.CommandID
	if !p.Command.IsBind() {
		r.expect(CommandBindTransceiver, 0)
	}
	p.SystemID = r.str("system_id", maxSystemID)
	p.Password = r.str("password", maxPassword)
	p.SystemType = r.str("system_type", maxSystemType)
	p.InterfaceVersion = InterfaceVersion(r.u8("interface_version"))
	p.AddrTON = TON(r.u8("addr_ton"))
	p.AddrNPI = NPI(r.u8("addr_npi"))
	p.AddressRange = r.str("address_range", maxAddressRange)
	p.TLVs = r.tlvs(p.TLVs)
}

// String shows everything but the password.
func (p Bind) String() string {
	return fmt.Sprintf("%s{system_id:%q password:%s system_type:%q interface_version:%s addr_ton:%d addr_npi:%d address_range:%q TLVs:%d}",
		p.Command, p.SystemID, hidden(p.Password), p.SystemType, p.InterfaceVersion, p.AddrTON, p.AddrNPI, p.AddressRange, len(p.TLVs))
}

// GoString is String, so that %#v does not show the password either.
func (p Bind) GoString() string { return p.String() }

// hidden stands for a secret in what people may read.
func hidden(secret string) string {
	if secret == "" {
		return "none"
	}
	return "hidden"
}

// BindResp answers a [Bind].
//
// SMPP 3.4 §4.1.2, §4.1.4 and §4.1.6
type BindResp struct {
	// Command says which bind was answered: [CommandBindTransmitterResp], [CommandBindReceiverResp] or
	// [CommandBindTransceiverResp].
	Command       CommandID
	CommandStatus CommandStatus
	// SystemID names the SMSC, at most 15 characters. SMPP 3.4 §5.2.1
	SystemID string
	// TLVs may have sc_interface_version, and congestion_state in SMPP 5.0.
	TLVs TLVs
}

// CommandID is p.Command.
func (p *BindResp) CommandID() CommandID { return p.Command }

// Status implements [Response].
func (p *BindResp) Status() CommandStatus { return p.CommandStatus }

// AppendPDU implements [PDU]. A response that reports an error and has nothing else to say is sent without body.
func (p *BindResp) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, p.Command, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU]. It takes any of the three responses, with or without body.
func (p *BindResp) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *BindResp) encode(w *writer) {
	if !p.Command.IsResponse() || !(p.Command &^ responseBit).IsBind() {
		w.fail("command_id", ErrCommand)
	}
	w.status(p.CommandStatus)
	if p.CommandStatus != ROK && p.SystemID == "" && len(p.TLVs) == 0 {
		return
	}
	w.str("system_id", p.SystemID, maxSystemID)
	w.tlvs(p.TLVs)
}

func (p *BindResp) decode(r *reader) {
	p.Command = r.h.CommandID
	if !p.Command.IsResponse() || !(p.Command &^ responseBit).IsBind() {
		r.expect(CommandBindTransceiverResp, 0)
	}
	p.CommandStatus, p.SystemID = r.h.CommandStatus, ""
	if r.more() {
		p.SystemID = r.lastStr("system_id", maxSystemID)
	}
	p.TLVs = r.tlvs(p.TLVs)
}

// Outbind asks an ESME to bind as a receiver. It is sent by the SMSC and not answered.
//
// SMPP 3.4 §4.1.7
type Outbind struct {
	// SystemID names the SMSC, at most 15 characters. SMPP 3.4 §5.2.1
	SystemID string
	// Password is at most 8 characters ([Options.LongStrings] allows more). SMPP 3.4 §5.2.2
	Password string
	// TLVs has no place in the standard for an outbind; what peers send is kept.
	TLVs TLVs
}

// CommandID implements [PDU].
func (p *Outbind) CommandID() CommandID { return CommandOutbind }

// AppendPDU implements [PDU].
func (p *Outbind) AppendPDU(dst []byte, sequenceNumber uint32) ([]byte, error) {
	w := newWriter(dst, Options{}, CommandOutbind, sequenceNumber)
	p.encode(&w)
	return w.finish()
}

// DecodePDU implements [PDU].
func (p *Outbind) DecodePDU(b []byte) error {
	r := newReader(b, Options{})
	p.decode(&r)
	return r.finish()
}

func (p *Outbind) encode(w *writer) {
	w.str("system_id", p.SystemID, maxSystemID)
	w.str("password", p.Password, maxPassword)
	w.tlvs(p.TLVs)
}

func (p *Outbind) decode(r *reader) {
	r.expect(CommandOutbind, 0)
	p.SystemID = r.str("system_id", maxSystemID)
	p.Password = r.str("password", maxPassword)
	p.TLVs = r.tlvs(p.TLVs)
}

// String shows everything but the password.
func (p Outbind) String() string {
	return fmt.Sprintf("outbind{system_id:%q password:%s TLVs:%d}", p.SystemID, hidden(p.Password), len(p.TLVs))
}

// GoString is String, so that %#v does not show the password either.
func (p Outbind) GoString() string { return p.String() }
