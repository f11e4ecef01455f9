package carrier_test

import (
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/smsir/smsir/bench/carrier"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// TestSMSC: what reached the carrier over SMPP stands in its ledger before it is answered, and every receipt that it owes comes
// until it is taken, over whichever connection there is.
func TestSMSC(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "carrier.log")
	far, err := carrier.OpenSMSC(path, 4, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	address, err := far.Listen()
	if err != nil {
		t.Fatal(err)
	}
	bind := func() *smpptest.ESME {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		e := smpptest.NewESME(nc)
		e.Patience = 15 * time.Second
		if err := e.Bind(smpp.CommandBindTransceiver, "esme", "any"); err != nil {
			t.Fatal(err)
		}
		return e
	}
	e, taken, refused := bind(), map[string]bool{}, 0
	other := func(h smpp.Header, p smpp.PDU) {
		if _, ok := p.(*smpp.DeliverSM); ok {
			_ = e.SendAs(&smpp.DeliverSMResp{}, h.SequenceNumber) // it comes again
		}
	}
	for i := range 400 {
		p := &smpp.SubmitSM{DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: "12025550100", RegisteredDelivery: smpp.ReceiptAlways, ShortMessage: fmt.Append(nil, i)}
		e.Patience = 2 * time.Second // some get no answer
		resp, err := e.Call(p, other)
		switch sm, ok := resp.(*smpp.SubmitSMResp); {
		case err != nil:
			e.Close()
			e = bind()
		case ok && sm.CommandStatus == smpp.ROK:
			taken[sm.MessageID] = true
		default:
			refused++
		}
	}
	e.Patience = 100 * time.Millisecond
	for deadline := time.After(time.Minute); far.Owed() > 0; {
		select {
		case <-deadline:
			t.Fatalf("%d receipts never came", far.Owed())
		default:
		}
		if h, p, err := e.Read(); err == nil {
			other(h, p)
		} else {
			e.Close()
			e = bind()
			e.Patience = 100 * time.Millisecond
		}
	}
	e.Close()
	far.Close()
	if err := far.CloseLedger(); err != nil {
		t.Fatal(err)
	}
	kinds, acked := map[carrier.Verdict]int{}, map[string]bool{}
	for entry, err := range carrier.ReadLedger(path) {
		switch {
		case err != nil:
			t.Fatal(err)
		case entry.Kind == carrier.Submission:
			kinds[entry.Verdict]++
			delete(taken, entry.Reference)
		case entry.Kind == carrier.ReportAck:
			acked[entry.Reference] = true
		}
	}
	if kinds[carrier.Accepted] != far.Taken() || kinds[carrier.Accepted]+kinds[carrier.Refused] != 400 || kinds[carrier.Refused] < refused || len(taken) != 0 || len(acked) != far.Taken() {
		t.Errorf("the ledger has %v, %d receipts taken; the carrier has %d, %d were refused; not in it: %v", kinds, len(acked), far.Taken(), refused, taken)
	}
}
