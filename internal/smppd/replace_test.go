package smppd

import (
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// place is the message that is in the place of the one with an id as the customer knows it.
func (d *desk) place(id string) *smsir.Message {
	d.Helper()
	for {
		m := d.message(id)
		record, err := d.st.Replay(d.Context(), d.owner.Workspace.ID, scopeOfReplace, idText(m.ID), d.now())
		if err != nil {
			d.Fatal(err)
		}
		if record == nil {
			return m
		}
		id = string(record.Body)
	}
}

func (d *desk) replace(e *smpptest.ESME, p *smpp.ReplaceSM, want smpp.CommandStatus, text string) {
	d.Helper()
	resp, err := e.Call(p, nil)
	if err != nil {
		d.Fatal(err)
	}
	got, ok := resp.(*smpp.ReplaceSMResp)
	if !ok || got.CommandStatus != want {
		d.Fatalf("replace_sm: got %+v, want %s", resp, want)
	}
	if told, _ := got.TLVs.AdditionalStatusInfoText(); !strings.Contains(told, text) {
		d.Errorf("replace_sm: told %q, want %q in it", told, text)
	}
}

func replaces(id string, change ...func(p *smpp.ReplaceSM)) *smpp.ReplaceSM {
	p := &smpp.ReplaceSM{MessageID: id, SourceAddrTON: smpp.TONAlphanumeric, SourceAddr: "ACME", RegisteredDelivery: smpp.ReceiptAlways, ShortMessage: []byte("another")}
	for _, c := range change {
		c(p)
	}
	return p
}

// TestReplace: another message takes the place of one that waits, again and again; the customer sees one message with one id.
func TestReplace(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, password := d.account("acme")
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	at := d.now().Add(2 * time.Hour).UTC().Truncate(time.Second)
	id := d.taken(e, submit(func(p *smpp.SubmitSM) {
		p.ScheduleDeliveryTime, _ = smpp.AbsoluteTime(at).Format()
		p.RegisteredDelivery = smpp.ReceiptNone
		p.DataCoding = smpp.DataCodingLatin1
		p.TLVs.SetUserMessageReference(77)
	}))
	first := d.message(id)
	d.replace(e, replaces(id, func(p *smpp.ReplaceSM) { p.ShortMessage = []byte("caf\xe9") }), smpp.ROK, "")
	second := d.place(id)
	if second.ID == first.ID || second.Text != "café" || second.Status != smsir.Scheduled || !second.SendAt.Equal(first.SendAt) || !second.ExpiresAt.Equal(first.ExpiresAt) ||
		second.ResendOf != first.ID || second.Class != first.Class || second.To != first.To || second.From != "ACME" {
		t.Errorf("in its place: %+v, want what replace_sm leaves open as it was: %+v", second, first)
	}
	if m := d.message(id); m.Status != smsir.Canceled || m.Reason != smsir.ReasonReplaced || m.Text != first.Text {
		t.Errorf("the first message: %v %q %q", m.State(), m.Reason, m.Text)
	}
	later := at.Add(time.Hour)
	d.replace(e, replaces(id, func(p *smpp.ReplaceSM) {
		p.ScheduleDeliveryTime, _ = smpp.AbsoluteTime(later).Format()
		p.ShortMessage = nil
		p.TLVs.SetMessagePayload([]byte(strings.Repeat("long ", 60)))
	}), smpp.ROK, "")
	third := d.place(id)
	if third.ResendOf != second.ID || !third.SendAt.Equal(later) || third.ExpiresAt.Sub(third.SendAt) != first.ExpiresAt.Sub(first.SendAt) || third.Segments != 2 {
		t.Errorf("at another time: %+v", third)
	}
	d.replace(e, replaces(id, func(p *smpp.ReplaceSM) { p.ValidityPeriod = "000000040000000R" }), smpp.ROK, "") // four hours from now
	last := d.place(id)
	if got := last.ExpiresAt.Sub(d.now()); !last.SendAt.Equal(later) || got > 4*time.Hour || got < 3*time.Hour+50*time.Minute {
		t.Errorf("with another validity: at %v, for %v", last.SendAt, got)
	}
	if resp, err := e.Call(&smpp.QuerySM{MessageID: id}, nil); err != nil || resp.Status() != smpp.ROK || resp.(*smpp.QuerySMResp).MessageState != smpp.StateEnroute {
		t.Errorf("query_sm: %+v, %v", resp, err)
	}
	if resp, err := e.Call(&smpp.CancelSM{MessageID: id}, nil); err != nil || resp.Status() != smpp.ROK {
		t.Errorf("cancel_sm: %+v, %v", resp, err)
	}
	if m := d.message(idText(last.ID)); m.Status != smsir.Canceled || m.Reason == smsir.ReasonReplaced {
		t.Errorf("canceled: %v %q", m.State(), m.Reason)
	}
	got := d.receipt(e, smpp.ROK) // the first that comes: none was told of what was replaced
	r, err := got.Receipt()
	if ref, _ := got.TLVs.UserMessageReference(); err != nil || r.State != smpp.StateDeleted || r.MessageID != id || ref != 77 || r.SubmitDate != smpp.ReceiptDate(first.AcceptedAt) {
		t.Errorf("receipt %+v, reference %d, %v; want DELETED for the id of the first", r, ref, err)
	}
	d.replace(e, replaces(id), smpp.RREPLACEFAIL, "has ended")
}

// TestReplaceQueued: what waits in the queue, and what waits in the memory of a dispatcher, can be replaced until its
// attempt begins; the loser of that race sends nothing of the old text.
func TestReplaceQueued(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, password := d.account("acme")
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	id := d.taken(e, submit())
	claimed, err := d.st.Claim(t.Context(), d.now(), shares(d.owner.Workspace.ID))
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %d, %v", len(claimed), err)
	}
	d.replace(e, replaces(id), smpp.ROK, "")
	ok, err := d.st.Intend(t.Context(), []store.Intent{{Attempt: d.st.NewID(d.now()), Message: claimed[0], Provider: d.provider, Now: d.now()}})
	if err != nil || ok[0] {
		t.Fatalf("the old text may be sent: %v, %v", ok, err)
	}
	m := d.place(id)
	if m.Text != "another" || m.Status != smsir.Queued {
		t.Fatalf("in its place: %+v", m)
	}
	d.deliver(m, smsir.Delivered, "")
	r, err := d.receipt(e, smpp.ROK).Receipt()
	if err != nil || r.MessageID != id || r.State != smpp.StateDelivered {
		t.Errorf("receipt %+v, %v", r, err)
	}
	d.replace(e, replaces(id), smpp.RREPLACEFAIL, "has ended")
}

// TestReplaceRefused: each refusal has its reason, and changes nothing.
func TestReplaceRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, password := d.account("acme")
	_, others := d.account("other", func(r *account.SMPPRequest) {})
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	o := d.bound(smpp.CommandBindTransceiver, "other", others)
	id := d.taken(e, submit())
	d.replace(o, replaces(id), smpp.RREPLACEFAIL, "no such message")
	d.replace(e, replaces("4711"), smpp.RREPLACEFAIL, "no such message")
	for _, c := range []struct {
		change func(p *smpp.ReplaceSM)
		want   smpp.CommandStatus
		text   string
	}{
		{func(p *smpp.ReplaceSM) { p.SourceAddr = "EMCA" }, smpp.RREPLACEFAIL, "source_addr"},
		{func(p *smpp.ReplaceSM) { p.ShortMessage = nil }, smpp.RINVMSGLEN, "no text"},
		{func(p *smpp.ReplaceSM) { p.SMDefaultMsgID = 3 }, smpp.RINVDFTMSGID, ""},
		{func(p *smpp.ReplaceSM) { p.ScheduleDeliveryTime = "991301000000000+" }, smpp.RINVSCHED, ""},
		{func(p *smpp.ReplaceSM) { p.ValidityPeriod = "000000000001000R" }, smpp.RINVEXPIRY, ""},
		{func(p *smpp.ReplaceSM) {
			p.ShortMessage = nil
			p.TLVs.SetMessagePayload([]byte(strings.Repeat("x", 2000)))
		}, smpp.RINVMSGLEN, ""},
	} {
		d.replace(e, replaces(id, c.change), c.want, c.text)
	}
	d.mu.Lock()
	d.refuse = smsir.Errorf(smsir.CodeQueueFull, "full")
	d.mu.Unlock()
	d.replace(e, replaces(id), smpp.RMSGQFUL, "")
	d.mu.Lock()
	d.refuse = nil
	d.mu.Unlock()
	if m := d.place(id); m.Status != smsir.Queued || m.Text != "hello" {
		t.Errorf("after the refusals: %v %q", m.State(), m.Text)
	}
	old := d.message(id)
	d.pass(24*time.Hour - 30*time.Second)
	d.replace(e, replaces(id), smpp.RREPLACEFAIL, "validity")
	d.replace(e, replaces(id, func(p *smpp.ReplaceSM) { p.ValidityPeriod = "000000010000000R" }), smpp.ROK, "")
	if m := d.place(id); !m.ExpiresAt.After(old.ExpiresAt) {
		t.Errorf("valid until %v, before until %v", m.ExpiresAt, old.ExpiresAt)
	}
	part := submit(func(p *smpp.SubmitSM) {
		p.ESMClass, p.ShortMessage = smpp.FeatureUDHI, append([]byte{5, 0, 3, 9, 2, 1}, "part"...)
	})
	d.replace(e, replaces(d.taken(e, part)), smpp.RREPLACEFAIL, "in parts")
}
