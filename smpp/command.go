package smpp

import "fmt"

// CommandID says which PDU this is: command_id of the header.
//
// SMPP 3.4 §5.1.2.1, SMPP 5.0 §4.7.5
type CommandID uint32

// The command set. Bit 31 marks a response. The broadcast commands of SMPP 5.0 have names here, and are decoded as [Raw].
const (
	CommandBindReceiver          CommandID = 0x00000001 // SMPP 3.4 §4.1.3
	CommandBindTransmitter       CommandID = 0x00000002 // SMPP 3.4 §4.1.1
	CommandQuerySM               CommandID = 0x00000003 // SMPP 3.4 §4.8.1
	CommandSubmitSM              CommandID = 0x00000004 // SMPP 3.4 §4.4.1
	CommandDeliverSM             CommandID = 0x00000005 // SMPP 3.4 §4.6.1
	CommandUnbind                CommandID = 0x00000006 // SMPP 3.4 §4.2.1
	CommandReplaceSM             CommandID = 0x00000007 // SMPP 3.4 §4.10.1
	CommandCancelSM              CommandID = 0x00000008 // SMPP 3.4 §4.9.1
	CommandBindTransceiver       CommandID = 0x00000009 // SMPP 3.4 §4.1.5
	CommandOutbind               CommandID = 0x0000000B // SMPP 3.4 §4.1.7
	CommandEnquireLink           CommandID = 0x00000015 // SMPP 3.4 §4.11.1
	CommandSubmitMulti           CommandID = 0x00000021 // SMPP 3.4 §4.5.1
	CommandAlertNotification     CommandID = 0x00000102 // SMPP 3.4 §4.12.1
	CommandDataSM                CommandID = 0x00000103 // SMPP 3.4 §4.7.1
	CommandBroadcastSM           CommandID = 0x00000111 // SMPP 5.0 §4.4.1.1
	CommandQueryBroadcastSM      CommandID = 0x00000112 // SMPP 5.0 §4.6.1.1
	CommandCancelBroadcastSM     CommandID = 0x00000113 // SMPP 5.0 §4.6.2.1
	CommandGenericNack           CommandID = 0x80000000 // SMPP 3.4 §4.3.1
	CommandBindReceiverResp      CommandID = 0x80000001 // SMPP 3.4 §4.1.4
	CommandBindTransmitterResp   CommandID = 0x80000002 // SMPP 3.4 §4.1.2
	CommandQuerySMResp           CommandID = 0x80000003 // SMPP 3.4 §4.8.2
	CommandSubmitSMResp          CommandID = 0x80000004 // SMPP 3.4 §4.4.2
	CommandDeliverSMResp         CommandID = 0x80000005 // SMPP 3.4 §4.6.2
	CommandUnbindResp            CommandID = 0x80000006 // SMPP 3.4 §4.2.2
	CommandReplaceSMResp         CommandID = 0x80000007 // SMPP 3.4 §4.10.2
	CommandCancelSMResp          CommandID = 0x80000008 // SMPP 3.4 §4.9.2
	CommandBindTransceiverResp   CommandID = 0x80000009 // SMPP 3.4 §4.1.6
	CommandEnquireLinkResp       CommandID = 0x80000015 // SMPP 3.4 §4.11.2
	CommandSubmitMultiResp       CommandID = 0x80000021 // SMPP 3.4 §4.5.2
	CommandDataSMResp            CommandID = 0x80000103 // SMPP 3.4 §4.7.2
	CommandBroadcastSMResp       CommandID = 0x80000111 // SMPP 5.0 §4.4.1.2
	CommandQueryBroadcastSMResp  CommandID = 0x80000112 // SMPP 5.0 §4.6.1.3
	CommandCancelBroadcastSMResp CommandID = 0x80000113 // SMPP 5.0 §4.6.2.3
)

// responseBit is set in the command_id of every response.
const responseBit CommandID = 0x80000000

// IsResponse reports whether the PDU answers another. generic_nack does.
func (c CommandID) IsResponse() bool { return c&responseBit != 0 }

// IsBind reports whether the PDU is a bind_receiver, bind_transmitter or bind_transceiver.
func (c CommandID) IsBind() bool {
	return c == CommandBindReceiver || c == CommandBindTransmitter || c == CommandBindTransceiver
}

// Response is the command that answers a request, and ok = false for what is never answered: outbind,
// alert_notification, and responses themselves. An unknown request is answered with generic_nack, which is returned.
//
// SMPP 3.4 §3.3 and §5.1.2
func (c CommandID) Response() (response CommandID, ok bool) {
	switch c {
	case CommandOutbind, CommandAlertNotification:
		return 0, false
	case CommandBindReceiver, CommandBindTransmitter, CommandQuerySM, CommandSubmitSM, CommandDeliverSM, CommandUnbind,
		CommandReplaceSM, CommandCancelSM, CommandBindTransceiver, CommandEnquireLink, CommandSubmitMulti, CommandDataSM,
		CommandBroadcastSM, CommandQueryBroadcastSM, CommandCancelBroadcastSM:
		return c | responseBit, true
	}
	if c.IsResponse() {
		return 0, false
	}
	return CommandGenericNack, true
}

// String is the name that the standard uses, such as "submit_sm", or the number in hexadecimal.
func (c CommandID) String() string {
	if name := c.name(); name != "" {
		return name
	}
	return fmt.Sprintf("command_id 0x%08X", uint32(c))
}

func (c CommandID) name() string {
	switch c {
	case CommandBindReceiver:
		return "bind_receiver"
	case CommandBindTransmitter:
		return "bind_transmitter"
	case CommandQuerySM:
		return "query_sm"
	case CommandSubmitSM:
		return "submit_sm"
	case CommandDeliverSM:
		return "deliver_sm"
	case CommandUnbind:
		return "unbind"
	case CommandReplaceSM:
		return "replace_sm"
	case CommandCancelSM:
		return "cancel_sm"
	case CommandBindTransceiver:
		return "bind_transceiver"
	case CommandOutbind:
		return "outbind"
	case CommandEnquireLink:
		return "enquire_link"
	case CommandSubmitMulti:
		return "submit_multi"
	case CommandAlertNotification:
		return "alert_notification"
	case CommandDataSM:
		return "data_sm"
	case CommandBroadcastSM:
		return "broadcast_sm"
	case CommandQueryBroadcastSM:
		return "query_broadcast_sm"
	case CommandCancelBroadcastSM:
		return "cancel_broadcast_sm"
	case CommandGenericNack:
		return "generic_nack"
	}
	if request := c &^ responseBit; c.IsResponse() {
		if response, ok := request.Response(); ok && response == c {
			return request.name() + "_resp"
		}
	}
	return ""
}
