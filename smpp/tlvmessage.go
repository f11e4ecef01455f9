package smpp

import (
	"fmt"
	"math"
	"time"
)

// Optional parameters about the message itself: its data, its parts, its ports, its references.

// PayloadType is what message_payload contains.
//
// SMPP 3.4 §5.3.2.10
type PayloadType uint8

// Values of [PayloadType].
//
// SMPP 3.4 §5.3.2.10
const (
	PayloadDefault PayloadType = 0 // default (WDP for a WAP application)
	PayloadWCMP    PayloadType = 1 // WCMP
)

// String names the value.
func (v PayloadType) String() string {
	switch v {
	case PayloadDefault:
		return "default (WDP for a WAP application)"
	case PayloadWCMP:
		return "WCMP"
	}
	return fmt.Sprintf("PayloadType %d", uint8(v))
}

// PrivacyIndicator is how private a message is.
//
// SMPP 3.4 §5.3.2.14
type PrivacyIndicator uint8

// Values of [PrivacyIndicator].
//
// SMPP 3.4 §5.3.2.14
const (
	PrivacyNotRestricted PrivacyIndicator = 0 // not restricted
	PrivacyRestricted    PrivacyIndicator = 1 // restricted
	PrivacyConfidential  PrivacyIndicator = 2 // confidential
	PrivacySecret        PrivacyIndicator = 3 // secret
)

// String names the value.
func (v PrivacyIndicator) String() string {
	switch v {
	case PrivacyNotRestricted:
		return "not restricted"
	case PrivacyRestricted:
		return "restricted"
	case PrivacyConfidential:
		return "confidential"
	case PrivacySecret:
		return "secret"
	}
	return fmt.Sprintf("PrivacyIndicator %d", uint8(v))
}

// LanguageIndicator is the language of a text.
//
// SMPP 3.4 §5.3.2.19
type LanguageIndicator uint8

// Values of [LanguageIndicator].
//
// SMPP 3.4 §5.3.2.19
const (
	LanguageUnspecified LanguageIndicator = 0 // unspecified
	LanguageEnglish     LanguageIndicator = 1 // English
	LanguageFrench      LanguageIndicator = 2 // French
	LanguageSpanish     LanguageIndicator = 3 // Spanish
	LanguageGerman      LanguageIndicator = 4 // German
	LanguagePortuguese  LanguageIndicator = 5 // Portuguese
)

// String names the value.
func (v LanguageIndicator) String() string {
	switch v {
	case LanguageUnspecified:
		return "unspecified"
	case LanguageEnglish:
		return "English"
	case LanguageFrench:
		return "French"
	case LanguageSpanish:
		return "Spanish"
	case LanguageGerman:
		return "German"
	case LanguagePortuguese:
		return "Portuguese"
	}
	return fmt.Sprintf("LanguageIndicator %d", uint8(v))
}

// MessagePayload is the user data of a message whose short_message is empty. The slice is the TLV's own.
//
// SMPP 3.4 §5.3.2.32, SMPP 5.0 §4.8.4.36
func (l TLVs) MessagePayload() ([]byte, bool) { return l.Value(TagMessagePayload) }

// SetMessagePayload sets it. The slice is kept, not copied.
//
// SMPP 3.4 §5.3.2.32, SMPP 5.0 §4.8.4.36
func (l *TLVs) SetMessagePayload(data []byte) { l.Set(TagMessagePayload, data) }

// PayloadType is what message_payload contains.
//
// SMPP 3.4 §5.3.2.10, SMPP 5.0 §4.8.4.44
func (l TLVs) PayloadType() (PayloadType, bool) {
	v, ok := l.uint8(TagPayloadType)
	return PayloadType(v), ok
}

// SetPayloadType sets it.
//
// SMPP 3.4 §5.3.2.10, SMPP 5.0 §4.8.4.44
func (l *TLVs) SetPayloadType(v PayloadType) { l.setUint8(TagPayloadType, uint8(v)) }

// QOSTimeToLive is how long the message may wait from its submission, in whole seconds.
//
// SMPP 3.4 §5.3.2.9, SMPP 5.0 §4.8.4.46
func (l TLVs) QOSTimeToLive() (time.Duration, bool) {
	v, ok := l.uint32(TagQOSTimeToLive)
	return time.Duration(v) * time.Second, ok
}

// SetQOSTimeToLive sets it, rounded up to whole seconds and at most 2^32-1 of them; a negative duration is 0.
//
// SMPP 3.4 §5.3.2.9, SMPP 5.0 §4.8.4.46
func (l *TLVs) SetQOSTimeToLive(d time.Duration) { l.setUint32(TagQOSTimeToLive, seconds(d)) }

// seconds rounds up to whole seconds.
func seconds(d time.Duration) uint32 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return uint32(min(max(s, 0), math.MaxUint32)) //nolint:gosec // just bounded
}

// UserMessageReference is a reference of the sender's own. Some SMSCs return it in the receipt.
//
// SMPP 3.4 §5.3.2.17, SMPP 5.0 §4.8.4.62
func (l TLVs) UserMessageReference() (uint16, bool) { return l.uint16(TagUserMessageReference) }

// SetUserMessageReference sets it.
//
// SMPP 3.4 §5.3.2.17, SMPP 5.0 §4.8.4.62
func (l *TLVs) SetUserMessageReference(ref uint16) { l.setUint16(TagUserMessageReference, ref) }

// UserResponseCode is a code that the user put into a user acknowledgement.
//
// SMPP 3.4 §5.3.2.18, SMPP 5.0 §4.8.4.63
func (l TLVs) UserResponseCode() (uint8, bool) { return l.uint8(TagUserResponseCode) }

// SetUserResponseCode sets it.
//
// SMPP 3.4 §5.3.2.18, SMPP 5.0 §4.8.4.63
func (l *TLVs) SetUserResponseCode(code uint8) { l.setUint8(TagUserResponseCode, code) }

// SourcePort is the application port of the source.
//
// SMPP 3.4 §5.3.2.20, SMPP 5.0 §4.8.4.59
func (l TLVs) SourcePort() (uint16, bool) { return l.uint16(TagSourcePort) }

// SetSourcePort sets it.
//
// SMPP 3.4 §5.3.2.20, SMPP 5.0 §4.8.4.59
func (l *TLVs) SetSourcePort(port uint16) { l.setUint16(TagSourcePort, port) }

// DestinationPort is the application port of the destination. SMPP 5.0 calls it dest_port.
//
// SMPP 3.4 §5.3.2.21, SMPP 5.0 §4.8.4.30
func (l TLVs) DestinationPort() (uint16, bool) { return l.uint16(TagDestinationPort) }

// SetDestinationPort sets it.
//
// SMPP 3.4 §5.3.2.21, SMPP 5.0 §4.8.4.30
func (l *TLVs) SetDestinationPort(port uint16) { l.setUint16(TagDestinationPort, port) }

// SARMsgRefNum is the reference that the segments of a message have in common: see [TLVs.SAR].
//
// SMPP 3.4 §5.3.2.22, SMPP 5.0 §4.8.4.48
func (l TLVs) SARMsgRefNum() (uint16, bool) { return l.uint16(TagSARMsgRefNum) }

// SetSARMsgRefNum sets it.
//
// SMPP 3.4 §5.3.2.22, SMPP 5.0 §4.8.4.48
func (l *TLVs) SetSARMsgRefNum(ref uint16) { l.setUint16(TagSARMsgRefNum, ref) }

// SARTotalSegments is how many segments a message has: see [TLVs.SAR].
//
// SMPP 3.4 §5.3.2.23, SMPP 5.0 §4.8.4.50
func (l TLVs) SARTotalSegments() (uint8, bool) { return l.uint8(TagSARTotalSegments) }

// SetSARTotalSegments sets it.
//
// SMPP 3.4 §5.3.2.23, SMPP 5.0 §4.8.4.50
func (l *TLVs) SetSARTotalSegments(total uint8) { l.setUint8(TagSARTotalSegments, total) }

// SARSegmentSeqnum is which segment this is, from 1: see [TLVs.SAR].
//
// SMPP 3.4 §5.3.2.24, SMPP 5.0 §4.8.4.49
func (l TLVs) SARSegmentSeqnum() (uint8, bool) { return l.uint8(TagSARSegmentSeqnum) }

// SetSARSegmentSeqnum sets it.
//
// SMPP 3.4 §5.3.2.24, SMPP 5.0 §4.8.4.49
func (l *TLVs) SetSARSegmentSeqnum(number uint8) { l.setUint8(TagSARSegmentSeqnum, number) }

// SAR is where a segment belongs in a message that was cut with the sar_ parameters instead of a user data header.
//
// SMPP 3.4 §5.3.2.22 to §5.3.2.24
type SAR struct {
	MsgRefNum     uint16 // any value, 0 too
	TotalSegments uint8  // 1 to 255
	SegmentSeqnum uint8  // 1 to TotalSegments
}

// SAR reads the three sar_ parameters together. ok is false if all of them are missing, which is no error. If only some
// are there, or a number is 0 or beyond the total, it fails: such a segment can only be treated as a message of its own.
//
// SMPP 3.4 §5.3.2.22 to §5.3.2.24
func (l TLVs) SAR() (s SAR, ok bool, err error) {
	_, haveRef := l.Value(TagSARMsgRefNum)
	_, haveTotal := l.Value(TagSARTotalSegments)
	_, haveSeqnum := l.Value(TagSARSegmentSeqnum)
	if !haveRef && !haveTotal && !haveSeqnum {
		return SAR{}, false, nil
	}
	if s.MsgRefNum, ok = l.SARMsgRefNum(); !ok {
		return s, false, &CheckError{Field: "TLV " + TagSARMsgRefNum.String(), Err: ErrValue}
	}
	if s.TotalSegments, ok = l.SARTotalSegments(); !ok || s.TotalSegments == 0 {
		return s, false, &CheckError{Field: "TLV " + TagSARTotalSegments.String(), Err: ErrValue}
	}
	if s.SegmentSeqnum, ok = l.SARSegmentSeqnum(); !ok || s.SegmentSeqnum == 0 || s.SegmentSeqnum > s.TotalSegments {
		return s, false, &CheckError{Field: "TLV " + TagSARSegmentSeqnum.String(), Err: ErrValue}
	}
	return s, true, nil
}

// SetSAR sets the three sar_ parameters.
//
// SMPP 3.4 §5.3.2.22 to §5.3.2.24
func (l *TLVs) SetSAR(s SAR) {
	l.SetSARMsgRefNum(s.MsgRefNum)
	l.SetSARTotalSegments(s.TotalSegments)
	l.SetSARSegmentSeqnum(s.SegmentSeqnum)
}

// MoreMessagesToSend reports whether more messages for the destination follow at once.
//
// SMPP 3.4 §5.3.2.34, SMPP 5.0 §4.8.4.38
func (l TLVs) MoreMessagesToSend() (bool, bool) {
	v, ok := l.uint8(TagMoreMessagesToSend)
	return v != 0, ok
}

// SetMoreMessagesToSend sets it.
//
// SMPP 3.4 §5.3.2.34, SMPP 5.0 §4.8.4.38
func (l *TLVs) SetMoreMessagesToSend(more bool) { l.setBool(TagMoreMessagesToSend, more) }

// NumberOfMessages is how many messages wait in a mailbox, 0 to 99.
//
// SMPP 3.4 §5.3.2.39, SMPP 5.0 §4.8.4.43
func (l TLVs) NumberOfMessages() (uint8, bool) { return l.uint8(TagNumberOfMessages) }

// SetNumberOfMessages sets it.
//
// SMPP 3.4 §5.3.2.39, SMPP 5.0 §4.8.4.43
func (l *TLVs) SetNumberOfMessages(n uint8) { l.setUint8(TagNumberOfMessages, n) }

// PrivacyIndicator is how private the message is.
//
// SMPP 3.4 §5.3.2.14, SMPP 5.0 §4.8.4.45
func (l TLVs) PrivacyIndicator() (PrivacyIndicator, bool) {
	v, ok := l.uint8(TagPrivacyIndicator)
	return PrivacyIndicator(v), ok
}

// SetPrivacyIndicator sets it.
//
// SMPP 3.4 §5.3.2.14, SMPP 5.0 §4.8.4.45
func (l *TLVs) SetPrivacyIndicator(v PrivacyIndicator) { l.setUint8(TagPrivacyIndicator, uint8(v)) }

// LanguageIndicator is the language of the text.
//
// SMPP 3.4 §5.3.2.19, SMPP 5.0 §4.8.4.35
func (l TLVs) LanguageIndicator() (LanguageIndicator, bool) {
	v, ok := l.uint8(TagLanguageIndicator)
	return LanguageIndicator(v), ok
}

// SetLanguageIndicator sets it.
//
// SMPP 3.4 §5.3.2.19, SMPP 5.0 §4.8.4.35
func (l *TLVs) SetLanguageIndicator(v LanguageIndicator) { l.setUint8(TagLanguageIndicator, uint8(v)) }

// BillingIdentification is information for the SMSC's billing, at most 1024 octets; the first names the format. The slice is the TLV's own.
//
// SMPP 5.0 §4.8.4.3
func (l TLVs) BillingIdentification() ([]byte, bool) { return l.Value(TagBillingIdentification) }

// SetBillingIdentification sets it. The slice is kept, not copied.
//
// SMPP 5.0 §4.8.4.3
func (l *TLVs) SetBillingIdentification(v []byte) { l.Set(TagBillingIdentification, v) }
