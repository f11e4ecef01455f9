package smpp

import "fmt"

// Optional parameters about what became of a message, and about the peer.

// DeliveryFailureReason is why a message could not be delivered.
//
// SMPP 3.4 §5.3.2.33
type DeliveryFailureReason uint8

// Values of [DeliveryFailureReason].
//
// SMPP 3.4 §5.3.2.33
const (
	FailureDestinationUnavailable DeliveryFailureReason = 0 // destination unavailable
	FailureDestinationInvalid     DeliveryFailureReason = 1 // destination address invalid
	FailurePermanentNetwork       DeliveryFailureReason = 2 // permanent network error
	FailureTemporaryNetwork       DeliveryFailureReason = 3 // temporary network error
)

// String names the value.
func (v DeliveryFailureReason) String() string {
	switch v {
	case FailureDestinationUnavailable:
		return "destination unavailable"
	case FailureDestinationInvalid:
		return "destination address invalid"
	case FailurePermanentNetwork:
		return "permanent network error"
	case FailureTemporaryNetwork:
		return "temporary network error"
	}
	return fmt.Sprintf("DeliveryFailureReason %d", uint8(v))
}

// MSAvailabilityStatus is whether a handset can be reached.
//
// SMPP 3.4 §5.3.2.30
type MSAvailabilityStatus uint8

// Values of [MSAvailabilityStatus].
//
// SMPP 3.4 §5.3.2.30
const (
	MSAvailable   MSAvailabilityStatus = 0 // available
	MSDenied      MSAvailabilityStatus = 1 // denied
	MSUnavailable MSAvailabilityStatus = 2 // unavailable
)

// String names the value.
func (v MSAvailabilityStatus) String() string {
	switch v {
	case MSAvailable:
		return "available"
	case MSDenied:
		return "denied"
	case MSUnavailable:
		return "unavailable"
	}
	return fmt.Sprintf("MSAvailabilityStatus %d", uint8(v))
}

// NetworkErrorType is whose error codes a [NetworkErrorCode] uses.
//
// SMPP 3.4 §5.3.2.31; values from 4 are of SMPP 5.0 §4.8.4.42
type NetworkErrorType uint8

// Values of [NetworkErrorType].
//
// SMPP 3.4 §5.3.2.31; values from 4 are of SMPP 5.0 §4.8.4.42
const (
	ErrorTDMAAccess    NetworkErrorType = 1 // ANSI-136 access denied reason
	ErrorCDMAAccess    NetworkErrorType = 2 // IS-95 access denied reason
	ErrorGSM           NetworkErrorType = 3 // GSM
	ErrorTDMACause     NetworkErrorType = 4 // ANSI-136 cause code
	ErrorCDMACause     NetworkErrorType = 5 // IS-95 cause code
	ErrorANSI41        NetworkErrorType = 6 // ANSI-41
	ErrorSMPP          NetworkErrorType = 7 // SMPP
	ErrorMessageCenter NetworkErrorType = 8 // message center specific
)

// String names the value.
func (v NetworkErrorType) String() string {
	switch v {
	case ErrorTDMAAccess:
		return "ANSI-136 access denied reason"
	case ErrorCDMAAccess:
		return "IS-95 access denied reason"
	case ErrorGSM:
		return "GSM"
	case ErrorTDMACause:
		return "ANSI-136 cause code"
	case ErrorCDMACause:
		return "IS-95 cause code"
	case ErrorANSI41:
		return "ANSI-41"
	case ErrorSMPP:
		return "SMPP"
	case ErrorMessageCenter:
		return "message center specific"
	}
	return fmt.Sprintf("NetworkErrorType %d", uint8(v))
}

// NetworkErrorCode is the error that the mobile network reported.
//
// SMPP 3.4 §5.3.2.31
type NetworkErrorCode struct {
	Type NetworkErrorType
	Code uint16
}

// String is the network and the number, such as "GSM 27".
func (v NetworkErrorCode) String() string { return fmt.Sprintf("%s %d", v.Type, v.Code) }

func parseNetworkErrorCode(v []byte) (NetworkErrorCode, bool) {
	if len(v) != 3 {
		return NetworkErrorCode{}, false
	}
	return NetworkErrorCode{Type: NetworkErrorType(v[0]), Code: uint16(v[1])<<8 | uint16(v[2])}, true
}

func (v NetworkErrorCode) append(b []byte) []byte {
	return append(b, uint8(v.Type), uint8(v.Code>>8), uint8(v.Code))
}

// CongestionState is how busy a peer is, 0 to 100: 80 to 89 is the optimum; who sees 90 or more should send less.
//
// SMPP 5.0 §4.8.4.18
type CongestionState uint8

// String is the number with the standard's word for it.
func (v CongestionState) String() string {
	word := "reserved"
	switch {
	case v == 0:
		word = "idle"
	case v < 30:
		word = "low load"
	case v < 50:
		word = "medium load"
	case v < 80:
		word = "high load"
	case v < 90:
		word = "optimum load"
	case v < 100:
		word = "nearing congestion"
	case v == 100:
		word = "congested"
	}
	return fmt.Sprintf("%d (%s)", uint8(v), word)
}

// ReceiptedMessageID is the message_id of the message that a receipt is about, at most 64 characters.
//
// SMPP 3.4 §5.3.2.12, SMPP 5.0 §4.8.4.47
func (l TLVs) ReceiptedMessageID() (string, bool) { return l.cstring(TagReceiptedMessageID) }

// SetReceiptedMessageID sets it. A NUL is added.
//
// SMPP 3.4 §5.3.2.12, SMPP 5.0 §4.8.4.47
func (l *TLVs) SetReceiptedMessageID(id string) { l.setCString(TagReceiptedMessageID, id) }

// MessageState is what became of the message that a receipt is about.
//
// SMPP 3.4 §5.3.2.35, SMPP 5.0 §4.8.4.37
func (l TLVs) MessageState() (MessageState, bool) {
	v, ok := l.uint8(TagMessageState)
	return MessageState(v), ok
}

// SetMessageState sets it.
//
// SMPP 3.4 §5.3.2.35, SMPP 5.0 §4.8.4.37
func (l *TLVs) SetMessageState(v MessageState) { l.setUint8(TagMessageState, uint8(v)) }

// NetworkErrorCode is the error that the network reported.
//
// SMPP 3.4 §5.3.2.31, SMPP 5.0 §4.8.4.42
func (l TLVs) NetworkErrorCode() (NetworkErrorCode, bool) {
	v, _ := l.Value(TagNetworkErrorCode)
	return parseNetworkErrorCode(v)
}

// SetNetworkErrorCode sets it.
//
// SMPP 3.4 §5.3.2.31, SMPP 5.0 §4.8.4.42
func (l *TLVs) SetNetworkErrorCode(v NetworkErrorCode) { l.Set(TagNetworkErrorCode, v.append(nil)) }

// DeliveryFailureReason is why the message could not be delivered.
//
// SMPP 3.4 §5.3.2.33, SMPP 5.0 §4.8.4.19
func (l TLVs) DeliveryFailureReason() (DeliveryFailureReason, bool) {
	v, ok := l.uint8(TagDeliveryFailureReason)
	return DeliveryFailureReason(v), ok
}

// SetDeliveryFailureReason sets it.
//
// SMPP 3.4 §5.3.2.33, SMPP 5.0 §4.8.4.19
func (l *TLVs) SetDeliveryFailureReason(v DeliveryFailureReason) {
	l.setUint8(TagDeliveryFailureReason, uint8(v))
}

// AdditionalStatusInfoText explains the command_status of a response in words, at most 255 characters.
//
// SMPP 3.4 §5.3.2.11, SMPP 5.0 §4.8.4.1
func (l TLVs) AdditionalStatusInfoText() (string, bool) {
	return l.cstring(TagAdditionalStatusInfoText)
}

// SetAdditionalStatusInfoText sets it. A NUL is added.
//
// SMPP 3.4 §5.3.2.11, SMPP 5.0 §4.8.4.1
func (l *TLVs) SetAdditionalStatusInfoText(text string) {
	l.setCString(TagAdditionalStatusInfoText, text)
}

// DPFResult reports whether the delivery pending flag was set, so that an alert_notification will follow.
//
// SMPP 3.4 §5.3.2.28, SMPP 5.0 §4.8.4.32
func (l TLVs) DPFResult() (bool, bool) { v, ok := l.uint8(TagDPFResult); return v != 0, ok }

// SetDPFResult sets it.
//
// SMPP 3.4 §5.3.2.28, SMPP 5.0 §4.8.4.32
func (l *TLVs) SetDPFResult(set bool) { l.setBool(TagDPFResult, set) }

// SetDPF reports whether the delivery pending flag is to be set if delivery fails.
//
// SMPP 3.4 §5.3.2.29, SMPP 5.0 §4.8.4.52
func (l TLVs) SetDPF() (bool, bool) { v, ok := l.uint8(TagSetDPF); return v != 0, ok }

// SetSetDPF sets it.
//
// SMPP 3.4 §5.3.2.29, SMPP 5.0 §4.8.4.52
func (l *TLVs) SetSetDPF(request bool) { l.setBool(TagSetDPF, request) }

// MSAvailabilityStatus is whether the handset can be reached.
//
// SMPP 3.4 §5.3.2.30, SMPP 5.0 §4.8.4.39
func (l TLVs) MSAvailabilityStatus() (MSAvailabilityStatus, bool) {
	v, ok := l.uint8(TagMSAvailabilityStatus)
	return MSAvailabilityStatus(v), ok
}

// SetMSAvailabilityStatus sets it.
//
// SMPP 3.4 §5.3.2.30, SMPP 5.0 §4.8.4.39
func (l *TLVs) SetMSAvailabilityStatus(v MSAvailabilityStatus) {
	l.setUint8(TagMSAvailabilityStatus, uint8(v))
}

// SCInterfaceVersion is the version that the SMSC speaks; without it, 3.3 by the letter of the standard.
//
// SMPP 3.4 §5.3.2.25, SMPP 5.0 §4.8.4.51
func (l TLVs) SCInterfaceVersion() (InterfaceVersion, bool) {
	v, ok := l.uint8(TagSCInterfaceVersion)
	return InterfaceVersion(v), ok
}

// SetSCInterfaceVersion sets it.
//
// SMPP 3.4 §5.3.2.25, SMPP 5.0 §4.8.4.51
func (l *TLVs) SetSCInterfaceVersion(v InterfaceVersion) { l.setUint8(TagSCInterfaceVersion, uint8(v)) }

// CongestionState is how busy the peer is.
//
// SMPP 5.0 §4.8.4.18
func (l TLVs) CongestionState() (CongestionState, bool) {
	v, ok := l.uint8(TagCongestionState)
	return CongestionState(v), ok
}

// SetCongestionState sets it.
//
// SMPP 5.0 §4.8.4.18
func (l *TLVs) SetCongestionState(v CongestionState) { l.setUint8(TagCongestionState, uint8(v)) }
