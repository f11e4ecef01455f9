package smpp

import "fmt"

// Optional parameters about what the handset does with a message.

// DisplayTime is how long a message is shown.
//
// SMPP 3.4 §5.3.2.26
type DisplayTime uint8

// Values of [DisplayTime].
//
// SMPP 3.4 §5.3.2.26
const (
	DisplayTemporary DisplayTime = 0 // temporary
	DisplayDefault   DisplayTime = 1 // default
	DisplayInvoke    DisplayTime = 2 // invoke
)

// String names the value.
func (v DisplayTime) String() string {
	switch v {
	case DisplayTemporary:
		return "temporary"
	case DisplayDefault:
		return "default"
	case DisplayInvoke:
		return "invoke"
	}
	return fmt.Sprintf("DisplayTime %d", uint8(v))
}

// MSValidityBehaviour is how long a handset keeps a message.
//
// SMPP 3.4 §5.3.2.27, SMPP 5.0 §4.8.4.41
type MSValidityBehaviour uint8

// Values of [MSValidityBehaviour].
//
// SMPP 3.4 §5.3.2.27, SMPP 5.0 §4.8.4.41
const (
	ValidityIndefinite       MSValidityBehaviour = 0 // store indefinitely
	ValidityPowerDown        MSValidityBehaviour = 1 // until power down
	ValidityRegistrationArea MSValidityBehaviour = 2 // while in the registration area
	ValidityDisplayOnly      MSValidityBehaviour = 3 // display only
	ValidityRelative         MSValidityBehaviour = 4 // for a period
)

// String names the value.
func (v MSValidityBehaviour) String() string {
	switch v {
	case ValidityIndefinite:
		return "store indefinitely"
	case ValidityPowerDown:
		return "until power down"
	case ValidityRegistrationArea:
		return "while in the registration area"
	case ValidityDisplayOnly:
		return "display only"
	case ValidityRelative:
		return "for a period"
	}
	return fmt.Sprintf("MSValidityBehaviour %d", uint8(v))
}

// MSValidity is how long a handset keeps a message. SMPP 5.0 added the period.
//
// SMPP 3.4 §5.3.2.27, SMPP 5.0 §4.8.4.41
type MSValidity struct {
	Behaviour MSValidityBehaviour
	// Units (0 seconds, 1 minutes, 2 hours, 3 days, 4 weeks, 5 months, 6 years) and Number are the period of
	// [ValidityRelative].
	Units  uint8
	Number uint16
}

func parseMSValidity(v []byte) (MSValidity, bool) {
	switch len(v) {
	case 1:
		return MSValidity{Behaviour: MSValidityBehaviour(v[0])}, true
	case 4:
		return MSValidity{Behaviour: MSValidityBehaviour(v[0]), Units: v[1], Number: uint16(v[2])<<8 | uint16(v[3])}, true
	}
	return MSValidity{}, false
}

func (v MSValidity) append(b []byte) []byte {
	b = append(b, uint8(v.Behaviour))
	if v.Behaviour == ValidityRelative || v.Units != 0 || v.Number != 0 {
		b = append(b, v.Units, uint8(v.Number>>8), uint8(v.Number))
	}
	return b
}

// AlertPriority is how a handset draws attention to a message.
//
// SMPP 5.0 §4.8.4.2
type AlertPriority uint8

// Values of [AlertPriority].
//
// SMPP 5.0 §4.8.4.2
const (
	AlertDefault AlertPriority = 0 // mobile default
	AlertLow     AlertPriority = 1 // low priority
	AlertMedium  AlertPriority = 2 // medium priority
	AlertHigh    AlertPriority = 3 // high priority
)

// String names the value.
func (v AlertPriority) String() string {
	switch v {
	case AlertDefault:
		return "mobile default"
	case AlertLow:
		return "low priority"
	case AlertMedium:
		return "medium priority"
	case AlertHigh:
		return "high priority"
	}
	return fmt.Sprintf("AlertPriority %d", uint8(v))
}

// WaitingType is the kind of message that waits in a mailbox.
//
// SMPP 3.4 §5.3.2.13
type WaitingType uint8

// Values of [WaitingType].
//
// SMPP 3.4 §5.3.2.13
const (
	WaitingVoicemail WaitingType = 0 // voicemail
	WaitingFax       WaitingType = 1 // fax
	WaitingEmail     WaitingType = 2 // e-mail
	WaitingOther     WaitingType = 3 // other
)

// String names the value.
func (v WaitingType) String() string {
	switch v {
	case WaitingVoicemail:
		return "voicemail"
	case WaitingFax:
		return "fax"
	case WaitingEmail:
		return "e-mail"
	case WaitingOther:
		return "other"
	}
	return fmt.Sprintf("WaitingType %d", uint8(v))
}

// MSMsgWaitFacilities switches the waiting indication of a handset on or off.
//
// SMPP 3.4 §5.3.2.13
type MSMsgWaitFacilities struct {
	Active bool
	Type   WaitingType
}

func parseMSMsgWaitFacilities(v []byte) (MSMsgWaitFacilities, bool) {
	if len(v) != 1 {
		return MSMsgWaitFacilities{}, false
	}
	return MSMsgWaitFacilities{Active: v[0]&0x80 != 0, Type: WaitingType(v[0] & 0x03)}, true
}

func (v MSMsgWaitFacilities) append(b []byte) []byte {
	octet := uint8(v.Type) & 0x03
	if v.Active {
		octet |= 0x80
	}
	return append(b, octet)
}

// ITSReplyType is how the user is to answer an interactive teleservice.
//
// SMPP 3.4 §5.3.2.42
type ITSReplyType uint8

// Values of [ITSReplyType].
//
// SMPP 3.4 §5.3.2.42
const (
	ReplyDigit     ITSReplyType = 0 // digit
	ReplyNumber    ITSReplyType = 1 // number
	ReplyTelephone ITSReplyType = 2 // telephone number
	ReplyPassword  ITSReplyType = 3 // password
	ReplyLine      ITSReplyType = 4 // character line
	ReplyMenu      ITSReplyType = 5 // menu
	ReplyDate      ITSReplyType = 6 // date
	ReplyTime      ITSReplyType = 7 // time
	ReplyContinue  ITSReplyType = 8 // continue
)

// String names the value.
func (v ITSReplyType) String() string {
	switch v {
	case ReplyDigit:
		return "digit"
	case ReplyNumber:
		return "number"
	case ReplyTelephone:
		return "telephone number"
	case ReplyPassword:
		return "password"
	case ReplyLine:
		return "character line"
	case ReplyMenu:
		return "menu"
	case ReplyDate:
		return "date"
	case ReplyTime:
		return "time"
	case ReplyContinue:
		return "continue"
	}
	return fmt.Sprintf("ITSReplyType %d", uint8(v))
}

// ITSSessionInfo is the place of a message in an interactive teleservice session.
//
// SMPP 3.4 §5.3.2.43
type ITSSessionInfo struct {
	SessionNumber  uint8
	SequenceNumber uint8 // 0 to 127: what is more is cut off
	End            bool  // the last message of the session
}

func parseITSSessionInfo(v []byte) (ITSSessionInfo, bool) {
	if len(v) != 2 {
		return ITSSessionInfo{}, false
	}
	return ITSSessionInfo{SessionNumber: v[0], SequenceNumber: v[1] >> 1, End: v[1]&1 != 0}, true
}

func (v ITSSessionInfo) append(b []byte) []byte {
	second := v.SequenceNumber << 1
	if v.End {
		second |= 1
	}
	return append(b, v.SessionNumber, second)
}

// USSDServiceOp is the operation of a USSD dialogue. Values from 32 belong to vendors.
//
// SMPP 3.4 §5.3.2.44
type USSDServiceOp uint8

// Values of [USSDServiceOp].
//
// SMPP 3.4 §5.3.2.44
const (
	USSDPSSDIndication USSDServiceOp = 0  // PSSD indication
	USSDPSSRIndication USSDServiceOp = 1  // PSSR indication
	USSDUSSRRequest    USSDServiceOp = 2  // USSR request
	USSDUSSNRequest    USSDServiceOp = 3  // USSN request
	USSDPSSDResponse   USSDServiceOp = 16 // PSSD response
	USSDPSSRResponse   USSDServiceOp = 17 // PSSR response
	USSDUSSRConfirm    USSDServiceOp = 18 // USSR confirm
	USSDUSSNConfirm    USSDServiceOp = 19 // USSN confirm
)

// String names the value.
func (v USSDServiceOp) String() string {
	switch v {
	case USSDPSSDIndication:
		return "PSSD indication"
	case USSDPSSRIndication:
		return "PSSR indication"
	case USSDUSSRRequest:
		return "USSR request"
	case USSDUSSNRequest:
		return "USSN request"
	case USSDPSSDResponse:
		return "PSSD response"
	case USSDPSSRResponse:
		return "PSSR response"
	case USSDUSSRConfirm:
		return "USSR confirm"
	case USSDUSSNConfirm:
		return "USSN confirm"
	}
	return fmt.Sprintf("USSDServiceOp %d", uint8(v))
}

// DisplayTime is how long the message is shown.
//
// SMPP 3.4 §5.3.2.26, SMPP 5.0 §4.8.4.31
func (l TLVs) DisplayTime() (DisplayTime, bool) {
	v, ok := l.uint8(TagDisplayTime)
	return DisplayTime(v), ok
}

// SetDisplayTime sets it.
//
// SMPP 3.4 §5.3.2.26, SMPP 5.0 §4.8.4.31
func (l *TLVs) SetDisplayTime(v DisplayTime) { l.setUint8(TagDisplayTime, uint8(v)) }

// MSValidity is how long the handset keeps the message.
//
// SMPP 3.4 §5.3.2.27, SMPP 5.0 §4.8.4.41
func (l TLVs) MSValidity() (MSValidity, bool) {
	v, _ := l.Value(TagMSValidity)
	return parseMSValidity(v)
}

// SetMSValidity sets it.
//
// SMPP 3.4 §5.3.2.27, SMPP 5.0 §4.8.4.41
func (l *TLVs) SetMSValidity(v MSValidity) { l.Set(TagMSValidity, v.append(nil)) }

// MSMsgWaitFacilities switches the waiting indication on or off.
//
// SMPP 3.4 §5.3.2.13, SMPP 5.0 §4.8.4.40
func (l TLVs) MSMsgWaitFacilities() (MSMsgWaitFacilities, bool) {
	v, _ := l.Value(TagMSMsgWaitFacilities)
	return parseMSMsgWaitFacilities(v)
}

// SetMSMsgWaitFacilities sets it.
//
// SMPP 3.4 §5.3.2.13, SMPP 5.0 §4.8.4.40
func (l *TLVs) SetMSMsgWaitFacilities(v MSMsgWaitFacilities) {
	l.Set(TagMSMsgWaitFacilities, v.append(nil))
}

// SMSSignal is the alert of a TDMA handset (TIA/EIA-136-710-A).
//
// SMPP 3.4 §5.3.2.40, SMPP 5.0 §4.8.4.53
func (l TLVs) SMSSignal() (uint16, bool) { return l.uint16(TagSMSSignal) }

// SetSMSSignal sets it.
//
// SMPP 3.4 §5.3.2.40, SMPP 5.0 §4.8.4.53
func (l *TLVs) SetSMSSignal(v uint16) { l.setUint16(TagSMSSignal, v) }

// AlertOnMessageDelivery says that the handset is to alert its user. In SMPP 3.4 it has no value, which is [AlertDefault].
//
// SMPP 3.4 §5.3.2.41, SMPP 5.0 §4.8.4.2
func (l TLVs) AlertOnMessageDelivery() (AlertPriority, bool) {
	v, ok := l.Value(TagAlertOnMessageDelivery)
	if !ok || len(v) > 1 {
		return 0, false
	}
	if len(v) == 0 {
		return AlertDefault, true
	}
	return AlertPriority(v[0]), true
}

// SetAlertOnMessageDelivery sets it, without value for [AlertDefault] as SMPP 3.4 has it.
//
// SMPP 3.4 §5.3.2.41, SMPP 5.0 §4.8.4.2
func (l *TLVs) SetAlertOnMessageDelivery(v AlertPriority) {
	if v == AlertDefault {
		l.Set(TagAlertOnMessageDelivery, nil)
		return
	}
	l.setUint8(TagAlertOnMessageDelivery, uint8(v))
}

// ITSReplyType is how the user is to answer.
//
// SMPP 3.4 §5.3.2.42, SMPP 5.0 §4.8.4.33
func (l TLVs) ITSReplyType() (ITSReplyType, bool) {
	v, ok := l.uint8(TagITSReplyType)
	return ITSReplyType(v), ok
}

// SetITSReplyType sets it.
//
// SMPP 3.4 §5.3.2.42, SMPP 5.0 §4.8.4.33
func (l *TLVs) SetITSReplyType(v ITSReplyType) { l.setUint8(TagITSReplyType, uint8(v)) }

// ITSSessionInfo is the place in an interactive teleservice session.
//
// SMPP 3.4 §5.3.2.43, SMPP 5.0 §4.8.4.34
func (l TLVs) ITSSessionInfo() (ITSSessionInfo, bool) {
	v, _ := l.Value(TagITSSessionInfo)
	return parseITSSessionInfo(v)
}

// SetITSSessionInfo sets it.
//
// SMPP 3.4 §5.3.2.43, SMPP 5.0 §4.8.4.34
func (l *TLVs) SetITSSessionInfo(v ITSSessionInfo) { l.Set(TagITSSessionInfo, v.append(nil)) }

// USSDServiceOp is the operation of a USSD dialogue.
//
// SMPP 3.4 §5.3.2.44, SMPP 5.0 §4.8.4.64
func (l TLVs) USSDServiceOp() (USSDServiceOp, bool) {
	v, ok := l.uint8(TagUSSDServiceOp)
	return USSDServiceOp(v), ok
}

// SetUSSDServiceOp sets it.
//
// SMPP 3.4 §5.3.2.44, SMPP 5.0 §4.8.4.64
func (l *TLVs) SetUSSDServiceOp(v USSDServiceOp) { l.setUint8(TagUSSDServiceOp, uint8(v)) }
