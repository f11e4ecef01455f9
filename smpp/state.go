package smpp

import (
	"fmt"
	"strings"
)

// MessageState is what became of a message: message_state of query_sm_resp and the TLV of receipts.
//
// SMPP 3.4 §5.2.28, SMPP 5.0 §4.7.15
type MessageState uint8

// The states of a message.
//
// SMPP 3.4 §5.2.28; SMPP 5.0 §4.7.15 added the first and the last.
const (
	StateScheduled     MessageState = 0 // accepted, delivery has not begun
	StateEnroute       MessageState = 1 // on its way
	StateDelivered     MessageState = 2 // final: at its destination
	StateExpired       MessageState = 3 // final: the validity period is over
	StateDeleted       MessageState = 4 // final: deleted
	StateUndeliverable MessageState = 5 // final: cannot be delivered
	StateAccepted      MessageState = 6 // final: read by somebody on behalf of the subscriber
	StateUnknown       MessageState = 7 // in an invalid state
	StateRejected      MessageState = 8 // final: rejected
	StateSkipped       MessageState = 9 // final: accepted, but never sent on the network
)

// IsFinal reports whether the standard calls the state final. ACCEPTED is; mind that some carriers report it first and
// DELIVERED afterwards.
func (s MessageState) IsFinal() bool {
	switch s {
	case StateDelivered, StateExpired, StateDeleted, StateUndeliverable, StateAccepted, StateRejected, StateSkipped:
		return true
	}
	return false
}

// String is the name that the standard uses, such as "UNDELIVERABLE".
func (s MessageState) String() string {
	if name, _ := s.names(); name != "" {
		return name
	}
	return fmt.Sprintf("message_state %d", uint8(s))
}

// Stat is the word of a receipt's text, such as "UNDELIV", and "UNKNOWN" for values that the standard does not know.
//
// SMPP 3.4 Appendix B
func (s MessageState) Stat() string {
	if _, word := s.names(); word != "" {
		return word
	}
	return "UNKNOWN"
}

func (s MessageState) names() (name, stat string) {
	switch s {
	case StateScheduled:
		return "SCHEDULED", "SCHEDULED"
	case StateEnroute:
		return "ENROUTE", "ENROUTE"
	case StateDelivered:
		return "DELIVERED", "DELIVRD"
	case StateExpired:
		return "EXPIRED", "EXPIRED"
	case StateDeleted:
		return "DELETED", "DELETED"
	case StateUndeliverable:
		return "UNDELIVERABLE", "UNDELIV"
	case StateAccepted:
		return "ACCEPTED", "ACCEPTD"
	case StateUnknown:
		return "UNKNOWN", "UNKNOWN"
	case StateRejected:
		return "REJECTED", "REJECTD"
	case StateSkipped:
		return "SKIPPED", "SKIPPED"
	}
	return "", ""
}

// ParseStat reads the word of a receipt's text in any case, cut to seven letters or written out. ok is false for words
// that the standard does not know, such as FAILED or BUFFRED: what they mean depends on the carrier.
//
// SMPP 3.4 Appendix B
func ParseStat(word string) (state MessageState, ok bool) {
	for s := StateScheduled; s <= StateSkipped; s++ {
		if name, stat := s.names(); strings.EqualFold(word, name) || strings.EqualFold(word, stat) {
			return s, true
		}
	}
	return StateUnknown, false
}
