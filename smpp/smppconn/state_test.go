package smppconn

import (
	"strings"
	"testing"

	"github.com/smsir/smsir/smpp"
)

// TestMatrix compares the table with SMPP 3.4 table 2-1, written down again: for each command, the states in which the
// ESME and the SMSC may send it. o OPEN, b OUTBOUND, t BOUND_TX, r BOUND_RX, x BOUND_TRX, u unbinding.
func TestMatrix(t *testing.T) {
	t.Parallel()
	allowed := map[smpp.CommandID][2]string{
		smpp.CommandBindTransmitter:   {"o", ""},
		smpp.CommandBindReceiver:      {"ob", ""},
		smpp.CommandBindTransceiver:   {"ob", ""},
		smpp.CommandOutbind:           {"", "o"},
		smpp.CommandUnbind:            {"trxu", "trxu"},
		smpp.CommandEnquireLink:       {"obtrxu", "obtrxu"},
		smpp.CommandSubmitSM:          {"tx", ""},
		smpp.CommandSubmitMulti:       {"tx", ""},
		smpp.CommandDataSM:            {"tx", "rx"},
		smpp.CommandDeliverSM:         {"", "rx"},
		smpp.CommandQuerySM:           {"tx", ""},
		smpp.CommandCancelSM:          {"tx", ""},
		smpp.CommandReplaceSM:         {"tx", ""},
		smpp.CommandAlertNotification: {"", "rx"},
		smpp.CommandBroadcastSM:       {"tx", ""},
		smpp.CommandQueryBroadcastSM:  {"tx", ""},
		smpp.CommandCancelBroadcastSM: {"tx", ""},
		0x00000099:                    {"", ""},
	}
	if len(allowed) != len(operations)+1 {
		t.Errorf("the table has %d commands, want %d", len(operations), len(allowed)-1)
	}
	letters := map[State]string{Open: "o", Outbound: "b", BoundTX: "t", BoundRX: "r", BoundTRX: "x", Unbinding: "u", Closed: "c"}
	for command, by := range allowed {
		for sender, letter := range by {
			for s, l := range letters {
				want := smpp.RINVBNDSTS
				switch {
				case letter == "":
					want = smpp.RINVCMDID
				case strings.Contains(letter, l):
					want = smpp.ROK
				case command.IsBind() && s != Closed:
					want = smpp.RALYBND
				}
				if got := Allowed(s, Role(sender), command); got != want {
					t.Errorf("Allowed(%s, %s, %s) = %s, want %s", s, Role(sender), command, got, want)
				}
			}
		}
	}
}
