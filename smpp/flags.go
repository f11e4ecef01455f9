package smpp

import "fmt"

// ESMClass is esm_class: how a message is to be handled, what kind it is, and which GSM features it uses. It is made of
// three parts that are joined with |: a messaging mode, a message type, and features.
//
// SMPP 3.4 §5.2.12, SMPP 5.0 §4.7.12
type ESMClass uint8

// Messaging mode, bits 1 and 0: of submit_sm, submit_multi and data_sm towards the SMSC.
//
// SMPP 3.4 §5.2.12
const (
	ModeDefault         ESMClass = 0x00 // as the SMSC is set up, usually store and forward
	ModeDatagram        ESMClass = 0x01
	ModeForward         ESMClass = 0x02 // "transaction" mode: the outcome is in data_sm_resp
	ModeStoreAndForward ESMClass = 0x03

	modeMask ESMClass = 0x03
)

// Message type, bits 5 to 2.
//
// SMPP 3.4 §5.2.12
const (
	TypeDefault                  ESMClass = 0x00
	TypeDeliveryReceipt          ESMClass = 0x04 // deliver_sm, data_sm: SMSC delivery receipt
	TypeDeliveryAcknowledgement  ESMClass = 0x08 // from an SME
	TypeUserAcknowledgement      ESMClass = 0x10 // from an SME: manual or user acknowledgement
	TypeConversationAbort        ESMClass = 0x18 // Korean CDMA
	TypeIntermediateNotification ESMClass = 0x20 // deliver_sm, data_sm: intermediate delivery notification

	typeMask ESMClass = 0x3C
)

// GSM features, bits 7 and 6.
//
// SMPP 3.4 §5.2.12
const (
	FeatureUDHI      ESMClass = 0x40 // the user data begins with a user data header
	FeatureReplyPath ESMClass = 0x80 // GSM reply path
)

// Mode is the messaging mode, one of the Mode constants.
func (c ESMClass) Mode() ESMClass { return c & modeMask }

// Type is the message type, one of the Type constants or a reserved value.
func (c ESMClass) Type() ESMClass { return c & typeMask }

// UDHI reports whether the user data begins with a user data header (3GPP TS 23.040 §9.2.3.24).
func (c ESMClass) UDHI() bool { return c&FeatureUDHI != 0 }

// ReplyPath reports whether the sender asks for the GSM reply path.
func (c ESMClass) ReplyPath() bool { return c&FeatureReplyPath != 0 }

// IsReceipt reports whether a deliver_sm or data_sm tells about the delivery of an earlier message: it is an SMSC
// delivery receipt, an intermediate notification, or, as some SMSCs set it, both. Such a message never goes to people.
func (c ESMClass) IsReceipt() bool {
	t := c.Type()
	return t == TypeDeliveryReceipt || t == TypeIntermediateNotification || t == TypeDeliveryReceipt|TypeIntermediateNotification
}

// RegisteredDelivery is registered_delivery: which reports the sender of a message wants. Its parts are joined with |.
// Test the parts with the methods, never the whole octet: peers combine them, and Kannel sends 0x11.
//
// SMPP 3.4 §5.2.17, SMPP 5.0 §4.7.21
type RegisteredDelivery uint8

// SMSC delivery receipt, bits 1 and 0.
//
// SMPP 3.4 §5.2.17; ReceiptSuccess is of SMPP 5.0 §4.7.21.
const (
	ReceiptNone    RegisteredDelivery = 0x00
	ReceiptAlways  RegisteredDelivery = 0x01 // whether the outcome is success or failure
	ReceiptFailure RegisteredDelivery = 0x02
	ReceiptSuccess RegisteredDelivery = 0x03 // reserved in SMPP 3.4

	receiptMask RegisteredDelivery = 0x03
)

// Acknowledgements by the receiving SME, bits 3 and 2, and intermediate notification, bit 4.
//
// SMPP 3.4 §5.2.17
const (
	AcknowledgeDelivery  RegisteredDelivery = 0x04 // SME delivery acknowledgement
	AcknowledgeUser      RegisteredDelivery = 0x08 // SME manual or user acknowledgement
	NotifyIntermediate   RegisteredDelivery = 0x10
	acknowledgementsMask                    = AcknowledgeDelivery | AcknowledgeUser
)

// Receipt is which receipt is asked for: one of the Receipt constants.
func (d RegisteredDelivery) Receipt() RegisteredDelivery { return d & receiptMask }

// WantsReceipt reports whether a receipt is asked for when the message was delivered, or when it was not.
func (d RegisteredDelivery) WantsReceipt(delivered bool) bool {
	switch d.Receipt() {
	case ReceiptAlways:
		return true
	case ReceiptFailure:
		return !delivered
	case ReceiptSuccess:
		return delivered
	}
	return false
}

// Acknowledgements is which SME acknowledgements are asked for: none, either or both of the Acknowledge constants.
func (d RegisteredDelivery) Acknowledgements() RegisteredDelivery { return d & acknowledgementsMask }

// WantsIntermediate reports whether intermediate notifications are asked for.
func (d RegisteredDelivery) WantsIntermediate() bool { return d&NotifyIntermediate != 0 }

// DestFlag is dest_flag: what an element of a submit_multi names.
//
// SMPP 3.4 §5.2.25
type DestFlag uint8

// Kinds of destination.
//
// SMPP 3.4 §5.2.25
const (
	DestFlagSME              DestFlag = 1 // an address
	DestFlagDistributionList DestFlag = 2 // the name of a list
)

// String names the kind of destination.
func (f DestFlag) String() string {
	switch f {
	case DestFlagSME:
		return "SME address"
	case DestFlagDistributionList:
		return "distribution list"
	}
	return fmt.Sprintf("dest_flag %d", uint8(f))
}
