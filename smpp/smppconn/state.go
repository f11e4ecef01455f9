package smppconn

import (
	"fmt"

	"github.com/smsir/smsir/smpp"
)

// Role is which side of the connection this is.
type Role uint8

// Roles.
const (
	ESME Role = 0 // binds, submits messages, receives receipts
	SMSC Role = 1 // is bound to
)

// String is the word of the standard.
func (r Role) String() string {
	if r == SMSC {
		return "SMSC"
	}
	return "ESME"
}

func (r Role) peer() Role { return 1 - r }

// State is the state of a session.
//
// SMPP 3.4 §2.2, SMPP 5.0 §2.3
type State uint8

// States of a session.
const (
	Open      State = 0 // connected, nobody has bound
	Outbound  State = 1 // the SMSC has asked the ESME to bind as receiver
	BoundTX   State = 2 // the ESME submits
	BoundRX   State = 3 // the ESME receives
	BoundTRX  State = 4 // the ESME does both
	Unbinding State = 5 // one side has said unbind, or is about to: no new requests but unbind itself
	Closed    State = 6
)

// String is the name that the standard uses.
func (s State) String() string {
	switch s {
	case Open:
		return "OPEN"
	case Outbound:
		return "OUTBOUND"
	case BoundTX:
		return "BOUND_TX"
	case BoundRX:
		return "BOUND_RX"
	case BoundTRX:
		return "BOUND_TRX"
	case Unbinding:
		return "UNBINDING"
	case Closed:
		return "CLOSED"
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// Bound reports whether messages may be exchanged.
func (s State) Bound() bool { return s == BoundTX || s == BoundRX || s == BoundTRX }

// boundAs is the state that a bind leads to.
func boundAs(c smpp.CommandID) State {
	switch c {
	case smpp.CommandBindTransmitter:
		return BoundTX
	case smpp.CommandBindReceiver:
		return BoundRX
	}
	return BoundTRX
}

// states is a set of them.
type states uint8

func in(all ...State) (set states) {
	for _, s := range all {
		set |= 1 << s
	}
	return set
}

func (set states) has(s State) bool { return set&(1<<s) != 0 }

// operations is the table of SMPP 3.4 §2.3: in which states a side may send which request. Responses follow from
// requests and stand in no table. It is more liberal than the standard where peers are: replace_sm by a transceiver,
// enquire_link before the bind, and requests that were under way when the other side said unbind.
var operations = map[smpp.CommandID]struct{ esme, smsc states }{
	smpp.CommandBindTransmitter: {esme: in(Open)},
	smpp.CommandBindReceiver:    {esme: in(Open, Outbound)},
	smpp.CommandBindTransceiver: {esme: in(Open, Outbound)},
	smpp.CommandOutbind:         {smsc: in(Open)},
	smpp.CommandUnbind:          {esme: in(BoundTX, BoundRX, BoundTRX, Unbinding), smsc: in(BoundTX, BoundRX, BoundTRX, Unbinding)},
	smpp.CommandEnquireLink: {
		esme: in(Open, Outbound, BoundTX, BoundRX, BoundTRX, Unbinding),
		smsc: in(Open, Outbound, BoundTX, BoundRX, BoundTRX, Unbinding),
	},
	smpp.CommandSubmitSM:          {esme: in(BoundTX, BoundTRX)},
	smpp.CommandSubmitMulti:       {esme: in(BoundTX, BoundTRX)},
	smpp.CommandDataSM:            {esme: in(BoundTX, BoundTRX), smsc: in(BoundRX, BoundTRX)},
	smpp.CommandDeliverSM:         {smsc: in(BoundRX, BoundTRX)},
	smpp.CommandQuerySM:           {esme: in(BoundTX, BoundTRX)},
	smpp.CommandCancelSM:          {esme: in(BoundTX, BoundTRX)},
	smpp.CommandReplaceSM:         {esme: in(BoundTX, BoundTRX)},
	smpp.CommandAlertNotification: {smsc: in(BoundRX, BoundTRX)},
	smpp.CommandBroadcastSM:       {esme: in(BoundTX, BoundTRX)},
	smpp.CommandQueryBroadcastSM:  {esme: in(BoundTX, BoundTRX)},
	smpp.CommandCancelBroadcastSM: {esme: in(BoundTX, BoundTRX)},
}

// Allowed reports whether a side may send a request in a state, and if not, what to answer: RINVBNDSTS, RALYBND for a
// second bind, or RINVCMDID for what this side never sends and for commands that nobody knows.
//
// SMPP 3.4 §2.3
func Allowed(s State, sender Role, c smpp.CommandID) smpp.CommandStatus {
	op, known := operations[c]
	set := op.esme
	if sender == SMSC {
		set = op.smsc
	}
	switch {
	case !known || set == 0:
		return smpp.RINVCMDID
	case set.has(s):
		return smpp.ROK
	case c.IsBind() && s != Closed:
		return smpp.RALYBND
	}
	return smpp.RINVBNDSTS
}
