package smppd

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/smpp"
)

func part(ref, total, number byte, text string) *smpp.SubmitSM {
	return submit(func(p *smpp.SubmitSM) {
		p.ESMClass = smpp.FeatureUDHI
		p.ShortMessage = append([]byte{5, 0, 3, ref, total, number}, text...)
	})
}

// TestParts: parts make one message, each with an id and a receipt of its own.
func TestParts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, password := d.account("acme")
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	ids := []string{d.taken(e, part(7, 3, 2, "two ")), d.taken(e, part(7, 3, 1, "one "))}
	if again := d.taken(e, part(7, 3, 1, "one ")); again != ids[1] {
		t.Errorf("the same part twice has the ids %s and %s", ids[1], again)
	}
	if resp, err := e.Call(&smpp.QuerySM{MessageID: ids[0]}, nil); err != nil || resp.(*smpp.QuerySMResp).MessageState != smpp.StateEnroute {
		t.Errorf("query_sm of a part that waits: %+v, %v", resp, err)
	}
	ids = append(ids, d.taken(e, part(7, 3, 3, "three")))
	set, err := d.st.PartByID(t.Context(), kindOfSets, a.ID, must(t, ids[0]))
	if err != nil || set.Message == 0 {
		t.Fatalf("set %+v, %v", set, err)
	}
	m := d.message(idText(set.Message))
	if m.Text != "one two three" || m.Segments != 1 {
		t.Errorf("message %+v", m)
	}
	d.deliver(m, smsir.Undelivered, "27")
	got := map[string]bool{}
	for range 3 {
		r, err := d.receipt(e, smpp.ROK).Receipt()
		if err != nil || r.State != smpp.StateUndeliverable || r.Err != "027" {
			t.Errorf("receipt %+v, %v", r, err)
		}
		got[r.MessageID] = true
	}
	for _, id := range ids {
		if !got[id] {
			t.Errorf("no receipt for part %s of %v", id, ids)
		}
		if resp, err := e.Call(&smpp.QuerySM{MessageID: id}, nil); err != nil || resp.(*smpp.QuerySMResp).MessageState != smpp.StateUndeliverable {
			t.Errorf("query_sm of a part: %+v, %v", resp, err)
		}
	}
}

func must(t *testing.T, text string) smsir.ID {
	t.Helper()
	id, ok := idOf(text)
	if !ok {
		t.Fatalf("%q is no id", text)
	}
	return id
}

// TestPartsSameSequence: gosmpp sends all parts of a message with one sequence number.
func TestPartsSameSequence(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, password := d.account("acme")
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	for i := range 3 {
		if err := e.SendAs(part(9, 3, byte(i+1), "part "), 4711); err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string]bool{}
	for range 3 {
		h, p, err := e.Read()
		resp, ok := p.(*smpp.SubmitSMResp)
		if err != nil || !ok || resp.CommandStatus != smpp.ROK || h.SequenceNumber != 4711 {
			t.Fatalf("%+v, %v", p, err)
		}
		ids[resp.MessageID] = true
	}
	if len(ids) != 3 {
		t.Errorf("ids %v, want three", ids)
	}
}

// TestPartsNeverWhole: what was answered with ESME_ROK hears that nothing became of it.
func TestPartsNeverWhole(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, password := d.account("acme")
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	id := d.taken(e, part(7, 2, 1, "one "))
	if err := d.s.sweepOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := d.outbox(a); n != 0 {
		t.Errorf("%d deliveries wait too early", n)
	}
	d.pass(partWait + time.Minute)
	if err := d.s.sweepOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := d.receipt(e, smpp.ROK).Receipt(); err != nil || r.State != smpp.StateExpired || r.MessageID != id {
		t.Errorf("receipt %+v, %v; want EXPIRED of %s", r, err, id)
	}
	if resp, err := e.Call(&smpp.QuerySM{MessageID: id}, nil); err != nil || resp.(*smpp.QuerySMResp).MessageState != smpp.StateRejected {
		t.Errorf("query_sm: %+v, %v", resp, err)
	}
}

// TestPartsRefused: a whole that is refused for good is told to all parts; one that is refused for now is taken when its
// last part comes again.
func TestPartsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, password := d.account("acme")
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	refuse := func(err error) {
		d.mu.Lock()
		d.refuse = err
		d.mu.Unlock()
	}
	first := d.taken(e, part(7, 2, 1, "one "))
	refuse(smsir.Errorf(smsir.CodeOptedOut, "no"))
	if resp, err := e.Call(part(7, 2, 2, "two"), nil); err != nil || resp.Status() != smpp.RINVDSTADR {
		t.Errorf("last part: %v, %v", resp, err)
	}
	if r, err := d.receipt(e, smpp.ROK).Receipt(); err != nil || r.State != smpp.StateRejected || r.MessageID != first {
		t.Errorf("receipt %+v, %v; want REJECTED of %s", r, err, first)
	}
	refuse(nil)
	d.taken(e, part(8, 2, 1, "one "))
	refuse(smsir.Errorf(smsir.CodeQueueFull, "full"))
	if resp, err := e.Call(part(8, 2, 2, "two"), nil); err != nil || resp.Status() != smpp.RMSGQFUL {
		t.Errorf("last part, with a full queue: %v, %v", resp, err)
	}
	refuse(nil)
	d.pass(sweepEvery + time.Second)
	if err := d.s.sweepOnce(t.Context()); err != nil { // a part that was refused must not be sent behind the customer's back
		t.Fatal(err)
	}
	id := d.taken(e, part(8, 2, 2, "two"))
	set, err := d.st.SetsByID(t.Context(), nil)
	_ = set
	if err != nil {
		t.Error(err)
	}
	found, err := d.st.PartByID(t.Context(), kindOfSets, d.s.accounts[d.owner.Workspace.ID][0].ID, must(t, id))
	if err != nil || found.Message == 0 {
		t.Fatalf("set %+v, %v", found, err)
	}
	if m := d.message(idText(found.Message)); m.Text != "one two" {
		t.Errorf("message %q", m.Text)
	}
}
