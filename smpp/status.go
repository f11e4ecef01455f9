package smpp

import "fmt"

// CommandStatus is the outcome that a response reports: command_status of the header, error_status_code in a
// submit_multi_resp. The constants are the names of the standard without ESME_ and underscores.
//
// SMPP 3.4 §5.1.3, SMPP 5.0 §4.7.6
type CommandStatus uint32

// Error codes of SMPP 3.4.
//
// SMPP 3.4 §5.1.3
const (
	ROK              CommandStatus = 0x00000000 // No error
	RINVMSGLEN       CommandStatus = 0x00000001 // Message length is invalid
	RINVCMDLEN       CommandStatus = 0x00000002 // Command length is invalid
	RINVCMDID        CommandStatus = 0x00000003 // Invalid command ID
	RINVBNDSTS       CommandStatus = 0x00000004 // Incorrect bind status for the given command
	RALYBND          CommandStatus = 0x00000005 // ESME already in bound state
	RINVPRTFLG       CommandStatus = 0x00000006 // Invalid priority flag
	RINVREGDLVFLG    CommandStatus = 0x00000007 // Invalid registered delivery flag
	RSYSERR          CommandStatus = 0x00000008 // System error
	RINVSRCADR       CommandStatus = 0x0000000A // Invalid source address
	RINVDSTADR       CommandStatus = 0x0000000B // Invalid destination address
	RINVMSGID        CommandStatus = 0x0000000C // Message ID is invalid
	RBINDFAIL        CommandStatus = 0x0000000D // Bind failed
	RINVPASWD        CommandStatus = 0x0000000E // Invalid password
	RINVSYSID        CommandStatus = 0x0000000F // Invalid system ID
	RCANCELFAIL      CommandStatus = 0x00000011 // cancel_sm failed
	RREPLACEFAIL     CommandStatus = 0x00000013 // replace_sm failed
	RMSGQFUL         CommandStatus = 0x00000014 // Message queue full
	RINVSERTYP       CommandStatus = 0x00000015 // Invalid service type
	RINVNUMDESTS     CommandStatus = 0x00000033 // Invalid number of destinations
	RINVDLNAME       CommandStatus = 0x00000034 // Invalid distribution list name
	RINVDESTFLAG     CommandStatus = 0x00000040 // Destination flag is invalid (submit_multi)
	RINVSUBREP       CommandStatus = 0x00000042 // Invalid submit with replace (replace_if_present_flag)
	RINVESMCLASS     CommandStatus = 0x00000043 // Invalid esm_class field data
	RCNTSUBDL        CommandStatus = 0x00000044 // Cannot submit to distribution list
	RSUBMITFAIL      CommandStatus = 0x00000045 // submit_sm or submit_multi failed
	RINVSRCTON       CommandStatus = 0x00000048 // Invalid source address TON
	RINVSRCNPI       CommandStatus = 0x00000049 // Invalid source address NPI
	RINVDSTTON       CommandStatus = 0x00000050 // Invalid destination address TON
	RINVDSTNPI       CommandStatus = 0x00000051 // Invalid destination address NPI
	RINVSYSTYP       CommandStatus = 0x00000053 // Invalid system_type field
	RINVREPFLAG      CommandStatus = 0x00000054 // Invalid replace_if_present flag
	RINVNUMMSGS      CommandStatus = 0x00000055 // Invalid number of messages
	RTHROTTLED       CommandStatus = 0x00000058 // Throttled: the ESME has exceeded its allowed message limits
	RINVSCHED        CommandStatus = 0x00000061 // Invalid scheduled delivery time
	RINVEXPIRY       CommandStatus = 0x00000062 // Invalid message validity period (expiry time)
	RINVDFTMSGID     CommandStatus = 0x00000063 // Predefined message is invalid or not found
	RXTAPPN          CommandStatus = 0x00000064 // ESME receiver: temporary application error
	RXPAPPN          CommandStatus = 0x00000065 // ESME receiver: permanent application error
	RXRAPPN          CommandStatus = 0x00000066 // ESME receiver: message rejected
	RQUERYFAIL       CommandStatus = 0x00000067 // query_sm failed
	RINVOPTPARSTREAM CommandStatus = 0x000000C0 // Error in the optional part of the PDU body
	ROPTPARNOTALLWD  CommandStatus = 0x000000C1 // Optional parameter not allowed
	RINVPARLEN       CommandStatus = 0x000000C2 // Invalid parameter length
	RMISSINGOPTPARAM CommandStatus = 0x000000C3 // Expected optional parameter missing
	RINVOPTPARAMVAL  CommandStatus = 0x000000C4 // Invalid optional parameter value
	RDELIVERYFAILURE CommandStatus = 0x000000FE // Delivery failure (data_sm_resp)
	RUNKNOWNERR      CommandStatus = 0x000000FF // Unknown error
)

// Error codes that SMPP 5.0 added.
//
// SMPP 5.0 §4.7.6
const (
	RSERTYPUNAUTH      CommandStatus = 0x00000100 // ESME not authorised to use the service_type
	RPROHIBITED        CommandStatus = 0x00000101 // ESME prohibited from using the operation
	RSERTYPUNAVAIL     CommandStatus = 0x00000102 // The service_type is unavailable
	RSERTYPDENIED      CommandStatus = 0x00000103 // The service_type is denied
	RINVDCS            CommandStatus = 0x00000104 // Invalid data coding scheme
	RINVSRCADDRSUBUNIT CommandStatus = 0x00000105 // Source address subunit is invalid
	RINVDSTADDRSUBUNIT CommandStatus = 0x00000106 // Destination address subunit is invalid
	RINVBCASTFREQINT   CommandStatus = 0x00000107 // Broadcast frequency interval is invalid
	RINVBCASTALIASNAME CommandStatus = 0x00000108 // Broadcast alias name is invalid
	RINVBCASTAREAFMT   CommandStatus = 0x00000109 // Broadcast area format is invalid
	RINVNUMBCASTAREAS  CommandStatus = 0x0000010A // Number of broadcast areas is invalid
	RINVBCASTCNTTYPE   CommandStatus = 0x0000010B // Broadcast content type is invalid
	RINVBCASTMSGCLASS  CommandStatus = 0x0000010C // Broadcast message class is invalid
	RBCASTFAIL         CommandStatus = 0x0000010D // broadcast_sm failed
	RBCASTQUERYFAIL    CommandStatus = 0x0000010E // query_broadcast_sm failed
	RBCASTCANCELFAIL   CommandStatus = 0x0000010F // cancel_broadcast_sm failed
	RINVBCASTREP       CommandStatus = 0x00000110 // Number of repeated broadcasts is invalid
	RINVBCASTSRVGRP    CommandStatus = 0x00000111 // Broadcast service group is invalid
	RINVBCASTCHANIND   CommandStatus = 0x00000112 // Broadcast channel indicator is invalid
)

// The names that SMPP 5.0 gave to five codes of SMPP 3.4.
//
// SMPP 5.0 §4.7.6
const (
	RINVTLVSTREAM = RINVOPTPARSTREAM
	RTLVNOTALLWD  = ROPTPARNOTALLWD
	RINVTLVLEN    = RINVPARLEN
	RMISSINGTLV   = RMISSINGOPTPARAM
	RINVTLVVAL    = RINVOPTPARAMVAL
)

// The codes that each SMSC may define for itself. SMPP 3.4 §5.1.3
const (
	firstVendorStatus CommandStatus = 0x400
	lastVendorStatus  CommandStatus = 0x4FF
)

// IsVendor reports whether the code is one that the vendor of the SMSC has defined: 0x400 to 0x4FF.
//
// SMPP 3.4 §5.1.3
func (s CommandStatus) IsVendor() bool { return firstVendorStatus <= s && s <= lastVendorStatus }

// String is the name as the standard writes it, such as "ESME_RTHROTTLED", or the number in hexadecimal.
func (s CommandStatus) String() string {
	if name, _ := s.entry(); name != "" {
		return name
	}
	return fmt.Sprintf("command_status 0x%08X", uint32(s))
}

// Text says in words what the code means.
func (s CommandStatus) Text() string {
	_, text := s.entry()
	switch {
	case text != "":
		return text
	case s.IsVendor():
		return "Defined by the vendor of the SMSC"
	}
	return "Reserved by the standard"
}

// entry is the row of the table, "" for both if there is none.
func (s CommandStatus) entry() (name, text string) {
	switch s {
	case ROK:
		return "ESME_ROK", "No error"
	case RINVMSGLEN:
		return "ESME_RINVMSGLEN", "Message length is invalid"
	case RINVCMDLEN:
		return "ESME_RINVCMDLEN", "Command length is invalid"
	case RINVCMDID:
		return "ESME_RINVCMDID", "Invalid command ID"
	case RINVBNDSTS:
		return "ESME_RINVBNDSTS", "Incorrect bind status for the given command"
	case RALYBND:
		return "ESME_RALYBND", "ESME already in bound state"
	case RINVPRTFLG:
		return "ESME_RINVPRTFLG", "Invalid priority flag"
	case RINVREGDLVFLG:
		return "ESME_RINVREGDLVFLG", "Invalid registered delivery flag"
	case RSYSERR:
		return "ESME_RSYSERR", "System error"
	case RINVSRCADR:
		return "ESME_RINVSRCADR", "Invalid source address"
	case RINVDSTADR:
		return "ESME_RINVDSTADR", "Invalid destination address"
	case RINVMSGID:
		return "ESME_RINVMSGID", "Message ID is invalid"
	case RBINDFAIL:
		return "ESME_RBINDFAIL", "Bind failed"
	case RINVPASWD:
		return "ESME_RINVPASWD", "Invalid password"
	case RINVSYSID:
		return "ESME_RINVSYSID", "Invalid system ID"
	case RCANCELFAIL:
		return "ESME_RCANCELFAIL", "cancel_sm failed"
	case RREPLACEFAIL:
		return "ESME_RREPLACEFAIL", "replace_sm failed"
	case RMSGQFUL:
		return "ESME_RMSGQFUL", "Message queue full"
	case RINVSERTYP:
		return "ESME_RINVSERTYP", "Invalid service type"
	case RINVNUMDESTS:
		return "ESME_RINVNUMDESTS", "Invalid number of destinations"
	case RINVDLNAME:
		return "ESME_RINVDLNAME", "Invalid distribution list name"
	case RINVDESTFLAG:
		return "ESME_RINVDESTFLAG", "Destination flag is invalid (submit_multi)"
	case RINVSUBREP:
		return "ESME_RINVSUBREP", "Invalid submit with replace (replace_if_present_flag)"
	case RINVESMCLASS:
		return "ESME_RINVESMCLASS", "Invalid esm_class field data"
	case RCNTSUBDL:
		return "ESME_RCNTSUBDL", "Cannot submit to distribution list"
	case RSUBMITFAIL:
		return "ESME_RSUBMITFAIL", "submit_sm or submit_multi failed"
	case RINVSRCTON:
		return "ESME_RINVSRCTON", "Invalid source address TON"
	case RINVSRCNPI:
		return "ESME_RINVSRCNPI", "Invalid source address NPI"
	case RINVDSTTON:
		return "ESME_RINVDSTTON", "Invalid destination address TON"
	case RINVDSTNPI:
		return "ESME_RINVDSTNPI", "Invalid destination address NPI"
	case RINVSYSTYP:
		return "ESME_RINVSYSTYP", "Invalid system_type field"
	case RINVREPFLAG:
		return "ESME_RINVREPFLAG", "Invalid replace_if_present flag"
	case RINVNUMMSGS:
		return "ESME_RINVNUMMSGS", "Invalid number of messages"
	case RTHROTTLED:
		return "ESME_RTHROTTLED", "Throttled: the ESME has exceeded its allowed message limits"
	case RINVSCHED:
		return "ESME_RINVSCHED", "Invalid scheduled delivery time"
	case RINVEXPIRY:
		return "ESME_RINVEXPIRY", "Invalid message validity period (expiry time)"
	case RINVDFTMSGID:
		return "ESME_RINVDFTMSGID", "Predefined message is invalid or not found"
	case RXTAPPN:
		return "ESME_RX_T_APPN", "ESME receiver: temporary application error"
	case RXPAPPN:
		return "ESME_RX_P_APPN", "ESME receiver: permanent application error"
	case RXRAPPN:
		return "ESME_RX_R_APPN", "ESME receiver: message rejected"
	case RQUERYFAIL:
		return "ESME_RQUERYFAIL", "query_sm failed"
	case RINVOPTPARSTREAM:
		return "ESME_RINVOPTPARSTREAM", "Error in the optional part of the PDU body"
	case ROPTPARNOTALLWD:
		return "ESME_ROPTPARNOTALLWD", "Optional parameter not allowed"
	case RINVPARLEN:
		return "ESME_RINVPARLEN", "Invalid parameter length"
	case RMISSINGOPTPARAM:
		return "ESME_RMISSINGOPTPARAM", "Expected optional parameter missing"
	case RINVOPTPARAMVAL:
		return "ESME_RINVOPTPARAMVAL", "Invalid optional parameter value"
	case RDELIVERYFAILURE:
		return "ESME_RDELIVERYFAILURE", "Delivery failure (data_sm_resp)"
	case RUNKNOWNERR:
		return "ESME_RUNKNOWNERR", "Unknown error"
	case RSERTYPUNAUTH:
		return "ESME_RSERTYPUNAUTH", "ESME not authorised to use the service_type"
	case RPROHIBITED:
		return "ESME_RPROHIBITED", "ESME prohibited from using the operation"
	case RSERTYPUNAVAIL:
		return "ESME_RSERTYPUNAVAIL", "The service_type is unavailable"
	case RSERTYPDENIED:
		return "ESME_RSERTYPDENIED", "The service_type is denied"
	case RINVDCS:
		return "ESME_RINVDCS", "Invalid data coding scheme"
	case RINVSRCADDRSUBUNIT:
		return "ESME_RINVSRCADDRSUBUNIT", "Source address subunit is invalid"
	case RINVDSTADDRSUBUNIT:
		return "ESME_RINVDSTADDRSUBUNIT", "Destination address subunit is invalid"
	case RINVBCASTFREQINT:
		return "ESME_RINVBCASTFREQINT", "Broadcast frequency interval is invalid"
	case RINVBCASTALIASNAME:
		return "ESME_RINVBCASTALIAS_NAME", "Broadcast alias name is invalid"
	case RINVBCASTAREAFMT:
		return "ESME_RINVBCASTAREAFMT", "Broadcast area format is invalid"
	case RINVNUMBCASTAREAS:
		return "ESME_RINVNUMBCAST_AREAS", "Number of broadcast areas is invalid"
	case RINVBCASTCNTTYPE:
		return "ESME_RINVBCASTCNTTYPE", "Broadcast content type is invalid"
	case RINVBCASTMSGCLASS:
		return "ESME_RINVBCASTMSGCLASS", "Broadcast message class is invalid"
	case RBCASTFAIL:
		return "ESME_RBCASTFAIL", "broadcast_sm failed"
	case RBCASTQUERYFAIL:
		return "ESME_RBCASTQUERYFAIL", "query_broadcast_sm failed"
	case RBCASTCANCELFAIL:
		return "ESME_RBCASTCANCELFAIL", "cancel_broadcast_sm failed"
	case RINVBCASTREP:
		return "ESME_RINVBCAST_REP", "Number of repeated broadcasts is invalid"
	case RINVBCASTSRVGRP:
		return "ESME_RINVBCASTSRVGRP", "Broadcast service group is invalid"
	case RINVBCASTCHANIND:
		return "ESME_RINVBCASTCHANIND", "Broadcast channel indicator is invalid"
	}
	return "", ""
}
