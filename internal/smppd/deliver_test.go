package smppd

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/smpp"
)

// TestReceiptsWait: receipts wait until the customer binds as a receiver, and come again until they are answered.
func TestReceiptsWait(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, password := d.account("acme")
	tx := d.bound(smpp.CommandBindTransmitter, "acme", password)
	id := d.taken(tx, submit())
	unwanted := d.taken(tx, submit(func(p *smpp.SubmitSM) { p.RegisteredDelivery = smpp.ReceiptFailure }))
	d.deliver(d.message(id), smsir.Delivered, "")
	d.deliver(d.message(unwanted), smsir.Delivered, "")
	d.await("the receipt waits", func() bool { return d.outbox(a) == 1 })
	rx := d.bound(smpp.CommandBindReceiver, "acme", password)
	for _, status := range []smpp.CommandStatus{smpp.RXTAPPN, smpp.RMSGQFUL, smpp.ROK} {
		rx.Patience = 300 * time.Millisecond
		h, p, err := rx.Read()
		for err != nil && errors.Is(err, os.ErrDeadlineExceeded) { // it rests for a while after it was refused
			d.pass(tryAgain)
			h, p, err = rx.Read()
		}
		got, ok := p.(*smpp.DeliverSM)
		if err != nil || !ok {
			t.Fatalf("got %v, %v; want deliver_sm", p, err)
		}
		if r, err := got.Receipt(); err != nil || r.MessageID != id {
			t.Errorf("receipt %+v, %v", r, err)
		}
		if err := rx.SendAs(&smpp.DeliverSMResp{CommandStatus: status}, h.SequenceNumber); err != nil {
			t.Fatal(err)
		}
	}
	d.await("the outbox is empty", func() bool { return d.outbox(a) == 0 })
}

// TestReceiptUnanswered: a receipt that a lost session did not answer comes again with the next.
func TestReceiptUnanswered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, password := d.account("acme")
	first := d.bound(smpp.CommandBindTransceiver, "acme", password)
	id := d.taken(first, submit())
	d.deliver(d.message(id), smsir.Delivered, "")
	first.Patience = 30 * time.Second
	if _, p, err := first.Read(); err != nil || p.CommandID() != smpp.CommandDeliverSM {
		t.Fatalf("got %v, %v", p, err)
	}
	first.Close()
	second := d.bound(smpp.CommandBindTransceiver, "acme", password)
	if r, err := d.receipt(second, smpp.ROK).Receipt(); err != nil || r.MessageID != id {
		t.Errorf("receipt %+v, %v", r, err)
	}
	d.await("the outbox is empty", func() bool { return d.outbox(a) == 0 })
}

// TestReceiptExpires: what nobody fetches is gone after 72 hours.
func TestReceiptExpires(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, password := d.account("acme")
	tx := d.bound(smpp.CommandBindTransmitter, "acme", password)
	d.deliver(d.message(d.taken(tx, submit())), smsir.Delivered, "")
	d.await("the receipt waits", func() bool { return d.outbox(a) == 1 })
	d.pass(keepFor + time.Minute)
	if err := d.s.sweepOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := d.outbox(a); n != 0 {
		t.Errorf("%d deliveries wait after 72 hours", n)
	}
}

// TestInbound: a message from a handset goes to the accounts that want those to its number, whole.
func TestInbound(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	wants := func(senders ...string) func(r *account.SMPPRequest) {
		return func(r *account.SMPPRequest) { r.Inbound, r.Senders = ptr(true), &senders }
	}
	mine, password := d.account("mine", wants("+12025550142"))
	other, _ := d.account("other", wants("+12025550143"))
	all, _ := d.account("all", wants())
	never, _ := d.account("never")
	e := d.bound(smpp.CommandBindReceiver, "mine", password)
	d.await("the accounts are known", func() bool {
		d.s.mu.Lock()
		defer d.s.mu.Unlock()
		return len(d.s.accounts[d.owner.Workspace.ID]) == 4
	})
	long := strings.Repeat("Жизнь ", 60)
	for i, text := range []string{"thank you @ all", long} {
		d.await("the stream is read", func() bool { _, ok, err := d.st.SMPPCursor(t.Context()); return ok && err == nil })
		if _, err := d.st.StoreInbound(t.Context(), smsir.Inbound{
			Provider: d.provider, Reference: string(rune('a' + i)), From: "+12025550101", To: "+12025550142", Text: text, ReceivedAt: d.now(),
		}, store.ConsentUnchanged); err != nil {
			t.Fatal(err)
		}
	}
	got := d.receipt(e, smpp.ROK)
	if got.ESMClass != 0 || got.SourceAddr != "12025550101" || got.SourceAddrTON != 1 || got.DestinationAddr != "12025550142" || string(got.ShortMessage) != "thank you \x00 all" || got.DataCoding != 0 {
		t.Errorf("got %+v", got)
	}
	got = d.receipt(e, smpp.ROK)
	if payload, ok := got.TLVs.MessagePayload(); !ok || len(payload) != 2*len([]rune(long)) || got.DataCoding != smpp.DataCodingUCS2 || len(got.ShortMessage) != 0 {
		t.Errorf("long message: %+v", got)
	}
	d.await("mine is empty", func() bool { return d.outbox(mine) == 0 })
	if d.outbox(other) != 0 || d.outbox(all) != 2 || d.outbox(never) != 0 {
		t.Errorf("waiting: other %d, all %d, never %d; want 0, 2 and 0", d.outbox(other), d.outbox(all), d.outbox(never))
	}
}
