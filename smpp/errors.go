package smpp

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with a field. They are in the chain of [DecodeError], [EncodeError] and [CheckError].
var (
	// ErrTruncated: the PDU ends before the field does.
	ErrTruncated = errors.New("the PDU ends within it")
	// ErrNotTerminated: a C-octet string has no NUL before the PDU ends.
	ErrNotTerminated = errors.New("no NUL before the PDU ends")
	// ErrTooLong: more octets than the standard or the limit in force allows.
	ErrTooLong = errors.New("too long")
	// ErrTooMany: more elements than the standard or this package allows.
	ErrTooMany = errors.New("too many")
	// ErrLength: command_length is not the length of the PDU or is out of range, or the value of a TLV has a length
	// that its tag does not allow.
	ErrLength = errors.New("wrong length")
	// ErrCommand: command_id belongs to another PDU.
	ErrCommand = errors.New("wrong command_id")
	// ErrNUL: a C-octet string with a NUL in it cannot be written.
	ErrNUL = errors.New("contains NUL")
	// ErrValue: a value that the standard does not allow.
	ErrValue = errors.New("invalid value")
	// ErrTime: not a time as SMPP 3.4 §7.1.1 writes it.
	ErrTime = errors.New("not an SMPP time")
	// ErrTwoMessages: both short_message and message_payload have data. SMPP 3.4 §4.4.1
	ErrTwoMessages = errors.New("both short_message and message_payload have data")
	// ErrReceipt: a text that says neither which message it is about nor what became of it.
	ErrReceipt = errors.New("smpp: not the text of a delivery receipt")
)

// DecodeError says which field of which PDU is wrong, where, and how.
type DecodeError struct {
	CommandID CommandID // 0 if even the header is not there
	Field     string    // as the standard calls it: "source_addr", "sm_length", "TLV sar_msg_ref_num", "TLV 0x1403"
	Offset    int       // of the field, in octets from the first of the PDU
	Err       error     // ErrTruncated, ErrTooLong ...
}

// Error names the PDU, the field, the offset and the reason.
func (e *DecodeError) Error() string {
	if e.CommandID == 0 {
		return fmt.Sprintf("smpp: %s at offset %d: %v", e.Field, e.Offset, e.Err)
	}
	return fmt.Sprintf("smpp: %s: %s at offset %d: %v", e.CommandID, e.Field, e.Offset, e.Err)
}

// Unwrap gives the reason to [errors.Is].
func (e *DecodeError) Unwrap() error { return e.Err }

// CommandStatus is what to answer the sender of the PDU.
func (e *DecodeError) CommandStatus() CommandStatus { return statusOf(e.Field, e.Err) }

// EncodeError says which field of which PDU cannot be written as it is.
type EncodeError struct {
	CommandID CommandID
	Field     string // as the standard calls it
	Err       error  // ErrTooLong, ErrNUL ...
}

// Error names the PDU, the field and the reason, never the value.
func (e *EncodeError) Error() string {
	return fmt.Sprintf("smpp: %s: %s: %v", e.CommandID, e.Field, e.Err)
}

// Unwrap gives the reason to [errors.Is].
func (e *EncodeError) Unwrap() error { return e.Err }

// CheckError says which rule of the standard a PDU breaks that could be read nevertheless.
type CheckError struct {
	CommandID CommandID // 0 for a TLV that was checked by itself
	Field     string    // as the standard calls it
	Err       error     // ErrTwoMessages, ErrTime ...
}

// Error names the PDU, the field and the reason, never the value.
func (e *CheckError) Error() string {
	if e.CommandID == 0 {
		return fmt.Sprintf("smpp: %s: %v", e.Field, e.Err)
	}
	return fmt.Sprintf("smpp: %s: %s: %v", e.CommandID, e.Field, e.Err)
}

// Unwrap gives the reason to [errors.Is].
func (e *CheckError) Unwrap() error { return e.Err }

// CommandStatus is what to answer the sender of the PDU.
func (e *CheckError) CommandStatus() CommandStatus { return statusOf(e.Field, e.Err) }

// LengthError says that a stream does not continue with a PDU: command_length is too small or too large. Where the next
// PDU would begin is not known, so the connection cannot be saved: answer generic_nack with [RINVCMDLEN] and close it.
type LengthError struct {
	CommandLength  uint32
	MaxLength      int    // in force
	SequenceNumber uint32 // of the offending header if it was there already, else 0
	Peer           string // "TLS" or "HTTP" if that is what the octets look like, else ""
}

// Error states the length, the limit, and what the peer seems to speak.
func (e *LengthError) Error() string {
	if e.Peer != "" {
		return fmt.Sprintf("smpp: the peer does not speak SMPP but, as it seems, %s", e.Peer)
	}
	return fmt.Sprintf("smpp: command_length %d is not in %d..%d", e.CommandLength, HeaderLength, e.MaxLength)
}

// Unwrap gives [ErrLength] to [errors.Is].
func (e *LengthError) Unwrap() error { return ErrLength }

// statusOf finds the error code that fits a fault of a field best. SMPP 3.4 §5.1.3
func statusOf(field string, err error) CommandStatus {
	if strings.HasPrefix(field, "TLV") {
		switch {
		case errors.Is(err, ErrTruncated), errors.Is(err, ErrTooMany):
			return RINVOPTPARSTREAM
		case errors.Is(err, ErrTwoMessages):
			return ROPTPARNOTALLWD
		case errors.Is(err, ErrLength), errors.Is(err, ErrTooLong):
			return RINVPARLEN
		}
		return RINVOPTPARAMVAL
	}
	switch field {
	case "command_id":
		return RINVCMDID
	case "short_message", "sm_length":
		return RINVMSGLEN
	case "number_of_dests":
		return RINVNUMDESTS
	case "dest_flag":
		return RINVDESTFLAG
	case "replace_if_present_flag":
		return RINVREPFLAG
	case "esm_class":
		return RINVESMCLASS
	}
	if errors.Is(err, ErrTruncated) {
		return RINVCMDLEN
	}
	switch field {
	case "system_id":
		return RINVSYSID
	case "password":
		return RINVPASWD
	case "system_type":
		return RINVSYSTYP
	case "service_type":
		return RINVSERTYP
	case "source_addr":
		return RINVSRCADR
	case "destination_addr":
		return RINVDSTADR
	case "dl_name":
		return RINVDLNAME
	case "message_id":
		return RINVMSGID
	case "schedule_delivery_time":
		return RINVSCHED
	case "validity_period":
		return RINVEXPIRY
	}
	return RINVCMDLEN
}
