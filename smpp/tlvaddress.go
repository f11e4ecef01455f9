package smpp

import "fmt"

// Optional parameters about the two ends of a message: what devices, networks and nodes they are.

// AddrSubunit is the part of a device that a message comes from or goes to.
//
// SMPP 3.4 §5.3.2.1 and §5.3.2.2
type AddrSubunit uint8

// Values of [AddrSubunit].
//
// SMPP 3.4 §5.3.2.1 and §5.3.2.2
const (
	SubunitUnknown         AddrSubunit = 0 // unknown
	SubunitMSDisplay       AddrSubunit = 1 // MS display
	SubunitMobileEquipment AddrSubunit = 2 // mobile equipment
	SubunitSmartCard       AddrSubunit = 3 // smart card 1
	SubunitExternalUnit    AddrSubunit = 4 // external unit 1
)

// String names the value.
func (v AddrSubunit) String() string {
	switch v {
	case SubunitUnknown:
		return "unknown"
	case SubunitMSDisplay:
		return "MS display"
	case SubunitMobileEquipment:
		return "mobile equipment"
	case SubunitSmartCard:
		return "smart card 1"
	case SubunitExternalUnit:
		return "external unit 1"
	}
	return fmt.Sprintf("AddrSubunit %d", uint8(v))
}

// NetworkType is the kind of a network.
//
// SMPP 3.4 §5.3.2.3 and §5.3.2.4
type NetworkType uint8

// Values of [NetworkType].
//
// SMPP 3.4 §5.3.2.3 and §5.3.2.4
const (
	NetworkUnknown NetworkType = 0 // unknown
	NetworkGSM     NetworkType = 1 // GSM
	NetworkTDMA    NetworkType = 2 // ANSI-136/TDMA
	NetworkCDMA    NetworkType = 3 // IS-95/CDMA
	NetworkPDC     NetworkType = 4 // PDC
	NetworkPHS     NetworkType = 5 // PHS
	NetworkIDEN    NetworkType = 6 // iDEN
	NetworkAMPS    NetworkType = 7 // AMPS
	NetworkPaging  NetworkType = 8 // paging network
)

// String names the value.
func (v NetworkType) String() string {
	switch v {
	case NetworkUnknown:
		return "unknown"
	case NetworkGSM:
		return "GSM"
	case NetworkTDMA:
		return "ANSI-136/TDMA"
	case NetworkCDMA:
		return "IS-95/CDMA"
	case NetworkPDC:
		return "PDC"
	case NetworkPHS:
		return "PHS"
	case NetworkIDEN:
		return "iDEN"
	case NetworkAMPS:
		return "AMPS"
	case NetworkPaging:
		return "paging network"
	}
	return fmt.Sprintf("NetworkType %d", uint8(v))
}

// BearerType is what carries a message.
//
// SMPP 3.4 §5.3.2.5 and §5.3.2.6
type BearerType uint8

// Values of [BearerType].
//
// SMPP 3.4 §5.3.2.5 and §5.3.2.6
const (
	BearerUnknown       BearerType = 0 // unknown
	BearerSMS           BearerType = 1 // SMS
	BearerCSD           BearerType = 2 // circuit switched data
	BearerPacketData    BearerType = 3 // packet data
	BearerUSSD          BearerType = 4 // USSD
	BearerCDPD          BearerType = 5 // CDPD
	BearerDataTAC       BearerType = 6 // DataTAC
	BearerFLEX          BearerType = 7 // FLEX/ReFLEX
	BearerCellBroadcast BearerType = 8 // cell broadcast
)

// String names the value.
func (v BearerType) String() string {
	switch v {
	case BearerUnknown:
		return "unknown"
	case BearerSMS:
		return "SMS"
	case BearerCSD:
		return "circuit switched data"
	case BearerPacketData:
		return "packet data"
	case BearerUSSD:
		return "USSD"
	case BearerCDPD:
		return "CDPD"
	case BearerDataTAC:
		return "DataTAC"
	case BearerFLEX:
		return "FLEX/ReFLEX"
	case BearerCellBroadcast:
		return "cell broadcast"
	}
	return fmt.Sprintf("BearerType %d", uint8(v))
}

// NPResolution says whether a number portability query was made for the destination, and how it ended.
//
// SMPP 5.0 §4.8.4.22
type NPResolution uint8

// Values of [NPResolution].
//
// SMPP 5.0 §4.8.4.22
const (
	NPNotQueried NPResolution = 0 // query not performed
	NPNotPorted  NPResolution = 1 // number not ported
	NPPorted     NPResolution = 2 // number ported
)

// String names the value.
func (v NPResolution) String() string {
	switch v {
	case NPNotQueried:
		return "query not performed"
	case NPNotPorted:
		return "number not ported"
	case NPPorted:
		return "number ported"
	}
	return fmt.Sprintf("NPResolution %d", uint8(v))
}

// DestAddrSubunit is the part of the destination device that the message is for.
//
// SMPP 3.4 §5.3.2.1, SMPP 5.0 §4.8.4.23
func (l TLVs) DestAddrSubunit() (AddrSubunit, bool) {
	v, ok := l.uint8(TagDestAddrSubunit)
	return AddrSubunit(v), ok
}

// SetDestAddrSubunit sets it.
//
// SMPP 3.4 §5.3.2.1, SMPP 5.0 §4.8.4.23
func (l *TLVs) SetDestAddrSubunit(v AddrSubunit) { l.setUint8(TagDestAddrSubunit, uint8(v)) }

// SourceAddrSubunit is the part of the device that the message comes from.
//
// SMPP 3.4 §5.3.2.2, SMPP 5.0 §4.8.4.54
func (l TLVs) SourceAddrSubunit() (AddrSubunit, bool) {
	v, ok := l.uint8(TagSourceAddrSubunit)
	return AddrSubunit(v), ok
}

// SetSourceAddrSubunit sets it.
//
// SMPP 3.4 §5.3.2.2, SMPP 5.0 §4.8.4.54
func (l *TLVs) SetSourceAddrSubunit(v AddrSubunit) { l.setUint8(TagSourceAddrSubunit, uint8(v)) }

// DestNetworkType is the network of the destination.
//
// SMPP 3.4 §5.3.2.3, SMPP 5.0 §4.8.4.26
func (l TLVs) DestNetworkType() (NetworkType, bool) {
	v, ok := l.uint8(TagDestNetworkType)
	return NetworkType(v), ok
}

// SetDestNetworkType sets it.
//
// SMPP 3.4 §5.3.2.3, SMPP 5.0 §4.8.4.26
func (l *TLVs) SetDestNetworkType(v NetworkType) { l.setUint8(TagDestNetworkType, uint8(v)) }

// SourceNetworkType is the network of the source.
//
// SMPP 3.4 §5.3.2.4, SMPP 5.0 §4.8.4.57
func (l TLVs) SourceNetworkType() (NetworkType, bool) {
	v, ok := l.uint8(TagSourceNetworkType)
	return NetworkType(v), ok
}

// SetSourceNetworkType sets it.
//
// SMPP 3.4 §5.3.2.4, SMPP 5.0 §4.8.4.57
func (l *TLVs) SetSourceNetworkType(v NetworkType) { l.setUint8(TagSourceNetworkType, uint8(v)) }

// DestBearerType is the bearer to the destination.
//
// SMPP 3.4 §5.3.2.5, SMPP 5.0 §4.8.4.24
func (l TLVs) DestBearerType() (BearerType, bool) {
	v, ok := l.uint8(TagDestBearerType)
	return BearerType(v), ok
}

// SetDestBearerType sets it.
//
// SMPP 3.4 §5.3.2.5, SMPP 5.0 §4.8.4.24
func (l *TLVs) SetDestBearerType(v BearerType) { l.setUint8(TagDestBearerType, uint8(v)) }

// SourceBearerType is the bearer from the source.
//
// SMPP 3.4 §5.3.2.6, SMPP 5.0 §4.8.4.55
func (l TLVs) SourceBearerType() (BearerType, bool) {
	v, ok := l.uint8(TagSourceBearerType)
	return BearerType(v), ok
}

// SetSourceBearerType sets it.
//
// SMPP 3.4 §5.3.2.6, SMPP 5.0 §4.8.4.55
func (l *TLVs) SetSourceBearerType(v BearerType) { l.setUint8(TagSourceBearerType, uint8(v)) }

// DestTelematicsID is the telematic interworking device of the destination (3GPP TS 23.040 TP-PID).
//
// SMPP 3.4 §5.3.2.7, SMPP 5.0 §4.8.4.29
func (l TLVs) DestTelematicsID() (uint16, bool) { return l.uint16(TagDestTelematicsID) }

// SetDestTelematicsID sets it.
//
// SMPP 3.4 §5.3.2.7, SMPP 5.0 §4.8.4.29
func (l *TLVs) SetDestTelematicsID(v uint16) { l.setUint16(TagDestTelematicsID, v) }

// SourceTelematicsID is the telematic interworking device of the source (3GPP TS 23.040 TP-PID).
//
// SMPP 3.4 §5.3.2.8, SMPP 5.0 §4.8.4.61
func (l TLVs) SourceTelematicsID() (uint8, bool) { return l.uint8(TagSourceTelematicsID) }

// SetSourceTelematicsID sets it.
//
// SMPP 3.4 §5.3.2.8, SMPP 5.0 §4.8.4.61
func (l *TLVs) SetSourceTelematicsID(v uint8) { l.setUint8(TagSourceTelematicsID, v) }

// SourceNetworkID names the network of the source.
//
// SMPP 5.0 §4.8.4.56
func (l TLVs) SourceNetworkID() (string, bool) { return l.cstring(TagSourceNetworkID) }

// SetSourceNetworkID sets it. A NUL is added.
//
// SMPP 5.0 §4.8.4.56
func (l *TLVs) SetSourceNetworkID(id string) { l.setCString(TagSourceNetworkID, id) }

// DestNetworkID names the network of the destination.
//
// SMPP 5.0 §4.8.4.25
func (l TLVs) DestNetworkID() (string, bool) { return l.cstring(TagDestNetworkID) }

// SetDestNetworkID sets it. A NUL is added.
//
// SMPP 5.0 §4.8.4.25
func (l *TLVs) SetDestNetworkID(id string) { l.setCString(TagDestNetworkID, id) }

// SourceNodeID names the node of the source with six decimal digits.
//
// SMPP 5.0 §4.8.4.58
func (l TLVs) SourceNodeID() (string, bool) { v, ok := l.Value(TagSourceNodeID); return string(v), ok }

// SetSourceNodeID sets it.
//
// SMPP 5.0 §4.8.4.58
func (l *TLVs) SetSourceNodeID(id string) { l.Set(TagSourceNodeID, []byte(id)) }

// DestNodeID names the node of the destination with six decimal digits.
//
// SMPP 5.0 §4.8.4.27
func (l TLVs) DestNodeID() (string, bool) { v, ok := l.Value(TagDestNodeID); return string(v), ok }

// SetDestNodeID sets it.
//
// SMPP 5.0 §4.8.4.27
func (l *TLVs) SetDestNodeID(id string) { l.Set(TagDestNodeID, []byte(id)) }

// DestAddrNPResolution says whether the destination's number was found ported.
//
// SMPP 5.0 §4.8.4.22
func (l TLVs) DestAddrNPResolution() (NPResolution, bool) {
	v, ok := l.uint8(TagDestAddrNPResolution)
	return NPResolution(v), ok
}

// SetDestAddrNPResolution sets it.
//
// SMPP 5.0 §4.8.4.22
func (l *TLVs) SetDestAddrNPResolution(v NPResolution) { l.setUint8(TagDestAddrNPResolution, uint8(v)) }

// DestAddrNPInformation is ten octets of number portability information about the destination. The slice is the TLV's own.
//
// SMPP 5.0 §4.8.4.21
func (l TLVs) DestAddrNPInformation() ([]byte, bool) { return l.Value(TagDestAddrNPInformation) }

// SetDestAddrNPInformation sets it. The slice is kept, not copied.
//
// SMPP 5.0 §4.8.4.21
func (l *TLVs) SetDestAddrNPInformation(v []byte) { l.Set(TagDestAddrNPInformation, v) }

// DestAddrNPCountry is the E.164 country code of the destination's operator. The slice is the TLV's own.
//
// SMPP 5.0 §4.8.4.20
func (l TLVs) DestAddrNPCountry() ([]byte, bool) { return l.Value(TagDestAddrNPCountry) }

// SetDestAddrNPCountry sets it. The slice is kept, not copied.
//
// SMPP 5.0 §4.8.4.20
func (l *TLVs) SetDestAddrNPCountry(v []byte) { l.Set(TagDestAddrNPCountry, v) }
