package smppd

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/smpp"
)

func ptr[T any](v T) *T { return &v }

// TestSubmit: a message runs from submit_sm to its receipt.
func TestSubmit(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, password := d.account("acme", func(r *account.SMPPRequest) { r.Class = ptr("otp") })
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	// As Kannel does it: store and forward in esm_class, and more in registered_delivery than two bits.
	id := d.taken(e, submit(func(p *smpp.SubmitSM) {
		p.ESMClass, p.RegisteredDelivery = smpp.ModeStoreAndForward, 0x11
		p.ShortMessage = []byte("\x00 is at")
		p.ValidityPeriod = "000000020000000R"
		p.TLVs.SetUserMessageReference(77)
	}))
	m := d.message(id)
	if m.To != "+12025550100" || m.From != "ACME" || m.Text != "@ is at" || m.Class != smsir.OTP || m.CreatedBy != (smsir.Actor{Kind: smsir.ActorSMPP, ID: a.ID}) ||
		m.ExpiresAt.Sub(m.AcceptedAt) != 2*time.Hour {
		t.Errorf("message %+v", m)
	}
	state := func(want smpp.MessageState, final bool) {
		t.Helper()
		resp, err := e.Call(&smpp.QuerySM{MessageID: id}, nil)
		q, ok := resp.(*smpp.QuerySMResp)
		if err != nil || !ok || q.CommandStatus != smpp.ROK || q.MessageID != id || q.MessageState != want || (q.FinalDate != "") != final {
			t.Errorf("query_sm: %+v, %v; want %s", resp, err, want)
		}
	}
	state(smpp.StateEnroute, false)
	d.deliver(m, smsir.Delivered, "")
	got := d.receipt(e, smpp.ROK)
	receipt, err := got.Receipt()
	if err != nil || receipt.MessageID != id || receipt.State != smpp.StateDelivered || receipt.Stat != "DELIVRD" || receipt.Err != "000" || !got.ESMClass.IsReceipt() {
		t.Errorf("receipt %+v, %v", receipt, err)
	}
	if got.SourceAddr != "12025550100" || got.SourceAddrTON != 1 || got.DestinationAddr != "ACME" || got.DestAddrTON != 5 {
		t.Errorf("receipt from %s to %s, want from the recipient to the sender, as they were written", got.SourceAddr, got.DestinationAddr)
	}
	if ref, ok := got.TLVs.UserMessageReference(); !ok || ref != 77 {
		t.Errorf("user_message_reference %d, %v; want 77", ref, ok)
	}
	if !strings.HasPrefix(string(got.ShortMessage), "id:"+id+" sub:001 dlvrd:001 submit date:") {
		t.Errorf("receipt text %q", got.ShortMessage)
	}
	d.await("the outbox is empty", func() bool { return d.outbox(a) == 0 })
	state(smpp.StateDelivered, true)
	if resp, err := e.Call(&smpp.CancelSM{MessageID: id}, nil); err != nil || resp.Status() != smpp.RCANCELFAIL {
		t.Errorf("cancel_sm of a delivered message: %v, %v", resp, err)
	}
	if v := d.s.Sessions(d.owner.Workspace.ID); len(v) != 1 || v[0].SystemID != "acme" || v[0].Submitted != 1 || v[0].Mode != "transceiver" || v[0].From != "127.0.0.1" {
		t.Errorf("sessions %+v", v)
	}
}

// TestRefusals: what is wrong with a submission is told by its code, and nothing of it is kept.
func TestRefusals(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, password := d.account("acme", func(r *account.SMPPRequest) { r.Senders = &[]string{"ACME", "+12025550142"} })
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	for name, c := range map[string]struct {
		change func(p *smpp.SubmitSM)
		want   smpp.CommandStatus
	}{
		"no recipient":       {func(p *smpp.SubmitSM) { p.DestinationAddr = "" }, smpp.RINVDSTADR},
		"no number":          {func(p *smpp.SubmitSM) { p.DestinationAddr = "people" }, smpp.RINVDSTADR},
		"number too short":   {func(p *smpp.SubmitSM) { p.DestinationAddr = "1202" }, smpp.RINVDSTADR},
		"sender not allowed": {func(p *smpp.SubmitSM) { p.SourceAddr = "OTHER" }, smpp.RINVSRCADR},
		"sender too long":    {func(p *smpp.SubmitSM) { p.SourceAddr = "A LONG SENDER" }, smpp.RINVSRCADR},
		"no text":            {func(p *smpp.SubmitSM) { p.ShortMessage = nil }, smpp.RINVMSGLEN},
		"text too long": {func(p *smpp.SubmitSM) {
			p.ShortMessage = nil
			p.TLVs.SetMessagePayload([]byte(strings.Repeat("x", 1601)))
		}, smpp.RINVMSGLEN},
		"binary":                {func(p *smpp.SubmitSM) { p.DataCoding = smpp.DataCodingBinary }, smpp.RSUBMITFAIL},
		"binary by TS 23.038":   {func(p *smpp.SubmitSM) { p.DataCoding = 0xF5 }, smpp.RSUBMITFAIL},
		"a reserved coding":     {func(p *smpp.SubmitSM) { p.DataCoding = 0x0C }, smpp.RSUBMITFAIL},
		"a header of nothing":   {func(p *smpp.SubmitSM) { p.ESMClass, p.ShortMessage = smpp.FeatureUDHI, nil }, smpp.RINVESMCLASS},
		"a header too long":     {func(p *smpp.SubmitSM) { p.ESMClass, p.ShortMessage = smpp.FeatureUDHI, []byte("\x40\x00\x03\x01") }, smpp.RINVESMCLASS},
		"part 0":                {func(p *smpp.SubmitSM) { p.TLVs.SetSAR(smpp.SAR{MsgRefNum: 1, TotalSegments: 2}) }, smpp.RINVOPTPARAMVAL},
		"part 3 of 2":           {func(p *smpp.SubmitSM) { p.TLVs.SetSAR(smpp.SAR{MsgRefNum: 1, TotalSegments: 2, SegmentSeqnum: 3}) }, smpp.RINVOPTPARAMVAL},
		"part of none":          {func(p *smpp.SubmitSM) { p.TLVs.SetSAR(smpp.SAR{MsgRefNum: 1, SegmentSeqnum: 1}) }, smpp.RINVOPTPARAMVAL},
		"no schedule":           {func(p *smpp.SubmitSM) { p.ScheduleDeliveryTime = "tomorrow" }, smpp.RINVSCHED},
		"validity of nothing":   {func(p *smpp.SubmitSM) { p.ValidityPeriod = "000000000000000R" }, smpp.RINVEXPIRY},
		"control characters":    {func(p *smpp.SubmitSM) { p.DataCoding, p.ShortMessage = smpp.DataCodingLatin1, []byte("\x07") }, smpp.RSUBMITFAIL},
		"validity over":         {func(p *smpp.SubmitSM) { p.ValidityPeriod = "200101000000000+" }, smpp.RINVEXPIRY},
		"validity of a second":  {func(p *smpp.SubmitSM) { p.ValidityPeriod = "000000000001000R" }, smpp.RINVEXPIRY},
		"schedule in the past":  {func(p *smpp.SubmitSM) { p.ScheduleDeliveryTime = "200101000000000+" }, smpp.RINVSCHED},
		"schedule too far":      {func(p *smpp.SubmitSM) { p.ScheduleDeliveryTime = "020000000000000R" }, smpp.RINVSCHED},
		"replace":               {func(p *smpp.SubmitSM) { p.ReplaceIfPresentFlag = 1 }, smpp.RINVREPFLAG},
		"stored message":        {func(p *smpp.SubmitSM) { p.SMDefaultMsgID = 1 }, smpp.RINVDFTMSGID},
		"receipt by a customer": {func(p *smpp.SubmitSM) { p.ESMClass = smpp.TypeDeliveryReceipt }, smpp.RINVESMCLASS},
		"two messages":          {func(p *smpp.SubmitSM) { p.TLVs.SetMessagePayload([]byte("x")) }, smpp.RINVOPTPARAMVAL},
	} {
		resp, err := e.Call(submit(c.change), nil)
		got, ok := resp.(*smpp.SubmitSMResp)
		if err != nil || !ok || got.CommandStatus != c.want && !(name == "two messages" && got.CommandStatus != smpp.ROK) || got.MessageID != "" {
			t.Errorf("%s: %+v, %v; want %s", name, resp, err, c.want)
		}
	}
	if page, err := d.st.ListMessages(t.Context(), d.owner.Workspace.ID, store.MessageFilter{Limit: 10}); err != nil || len(page.Items) != 0 {
		t.Errorf("%d messages were kept, %v", len(page.Items), err)
	}
	for err, want := range map[error]smpp.CommandStatus{
		smsir.Errorf(smsir.CodeQueueFull, "full"): smpp.RMSGQFUL, smsir.Errorf(smsir.CodeStorageFull, "full"): smpp.RMSGQFUL,
		smsir.Errorf(smsir.CodeStorageDown, "down"): smpp.RSYSERR, smsir.Errorf(smsir.CodeOptedOut, "no"): smpp.RINVDSTADR, errors.New("bug"): smpp.RSYSERR,
	} {
		d.mu.Lock()
		d.refuse = err
		d.mu.Unlock()
		if resp, e := e.Call(submit(), nil); e != nil || resp.Status() != want {
			t.Errorf("stage 1 says %v: %v, %v; want %s", err, resp, e, want)
		}
	}
	// Nobody knows whether it was stored: no answer is the only true one.
	d.mu.Lock()
	d.refuse = smsir.Errorf(smsir.CodeCommitUnknown, "who knows")
	d.mu.Unlock()
	if resp, err := e.Call(submit(), nil); err == nil {
		t.Errorf("an unknown commit was answered with %v", resp)
	}
}

// TestForms: what is accepted in other forms than usual.
func TestForms(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, password := d.account("acme")
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	for name, c := range map[string]struct {
		p    smpp.PDU
		want func(m *smsir.Message) bool
	}{
		"TON unknown":  {submit(func(p *smpp.SubmitSM) { p.DestAddrTON, p.DestAddrNPI = 0, 0 }), func(m *smsir.Message) bool { return m.To == "+12025550100" }},
		"national":     {submit(func(p *smpp.SubmitSM) { p.DestAddrTON, p.DestinationAddr = 2, "2025550100" }), func(m *smsir.Message) bool { return m.To == "+12025550100" }},
		"plus":         {submit(func(p *smpp.SubmitSM) { p.DestinationAddr = "+447700900123" }), func(m *smsir.Message) bool { return m.To == "+447700900123" }},
		"long number":  {submit(func(p *smpp.SubmitSM) { p.SourceAddrTON, p.SourceAddr = 1, "12025550142" }), func(m *smsir.Message) bool { return m.From == "+12025550142" }},
		"short code":   {submit(func(p *smpp.SubmitSM) { p.SourceAddrTON, p.SourceAddr = 3, "12345" }), func(m *smsir.Message) bool { return m.From == "12345" }},
		"no sender":    {submit(func(p *smpp.SubmitSM) { p.SourceAddrTON, p.SourceAddr = 0, "" }), func(m *smsir.Message) bool { return m.From == "" }},
		"UCS-2":        {submit(func(p *smpp.SubmitSM) { p.DataCoding, p.ShortMessage = 8, []byte{0x04, 0x16} }), func(m *smsir.Message) bool { return m.Text == "Ж" }},
		"Latin 1 as 0": {submit(func(p *smpp.SubmitSM) { p.ShortMessage = []byte("caf\xe9") }), func(m *smsir.Message) bool { return m.Text == "café" }},
		"payload": {submit(func(p *smpp.SubmitSM) {
			p.ShortMessage = nil
			p.TLVs.SetMessagePayload([]byte(strings.Repeat("x", 400)))
		}), func(m *smsir.Message) bool { return m.Segments == 3 }},
		"data_sm":           {&smpp.DataSM{DestAddrTON: 1, DestinationAddr: "12025550100", TLVs: smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte("hi")}}}, func(m *smsir.Message) bool { return m.Text == "hi" }},
		"long validity":     {submit(func(p *smpp.SubmitSM) { p.ValidityPeriod = "000030000000000R" }), func(m *smsir.Message) bool { return m.ExpiresAt.Sub(m.AcceptedAt) == 7*24*time.Hour }},
		"scheduled for now": {submit(func(p *smpp.SubmitSM) { p.ScheduleDeliveryTime = "000000000000000R" }), func(m *smsir.Message) bool { return m.Status == smsir.Queued }},
		"part 1 of 1":       {submit(func(p *smpp.SubmitSM) { p.TLVs.SetSAR(smpp.SAR{TotalSegments: 1, SegmentSeqnum: 1}) }), func(m *smsir.Message) bool { return m.Text == "hello" }},
		"one part, reference 0": {submit(func(p *smpp.SubmitSM) {
			p.ESMClass, p.ShortMessage = smpp.FeatureUDHI, []byte("\x05\x00\x03\x00\x01\x01hello")
		}), func(m *smsir.Message) bool { return m.Text == "hello" }},
		"scheduled": {submit(func(p *smpp.SubmitSM) {
			p.ScheduleDeliveryTime, p.ValidityPeriod = "000000020000000R", "000000030000000R"
		}), func(m *smsir.Message) bool {
			return m.Status == smsir.Scheduled && m.SendAt.Sub(m.AcceptedAt).Round(time.Minute) == 2*time.Hour && m.ExpiresAt.Sub(m.SendAt).Round(time.Minute) == time.Hour
		}},
	} {
		if m := d.message(d.taken(e, c.p)); !c.want(m) {
			t.Errorf("%s: message %+v", name, m)
		}
	}
}

// TestCancel: only what no provider has is canceled, and only by the account that submitted it.
func TestCancel(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, password := d.account("acme")
	_, others := d.account("other")
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	o := d.bound(smpp.CommandBindTransceiver, "other", others)
	id := d.taken(e, submit(func(p *smpp.SubmitSM) { p.RegisteredDelivery = smpp.ReceiptFailure }))
	for what, c := range map[string]struct {
		p    smpp.PDU
		want smpp.CommandStatus
	}{
		"query by another account":   {&smpp.QuerySM{MessageID: id}, smpp.RQUERYFAIL},
		"cancel by another account":  {&smpp.CancelSM{MessageID: id}, smpp.RCANCELFAIL},
		"replace by another account": {&smpp.ReplaceSM{MessageID: id, ShortMessage: []byte("x")}, smpp.RREPLACEFAIL},
		"query of nothing":           {&smpp.QuerySM{MessageID: "4711"}, smpp.RQUERYFAIL},
		"query of no id":             {&smpp.QuerySM{MessageID: "x"}, smpp.RQUERYFAIL},
		"cancel without id":          {&smpp.CancelSM{SourceAddr: "ACME", DestinationAddr: "12025550100"}, smpp.RCANCELFAIL},
		"submit_multi":               {&smpp.SubmitMulti{ShortMessage: []byte("x"), DestAddresses: []smpp.DestAddress{{DestFlag: smpp.DestFlagSME, DestinationAddr: "12025550100"}}}, smpp.RINVCMDID},
	} {
		if resp, err := o.Call(c.p, nil); err != nil || resp.Status() != c.want {
			t.Errorf("%s: %v, %v; want %s", what, resp, err, c.want)
		}
	}
	if resp, err := e.Call(&smpp.CancelSM{MessageID: id}, nil); err != nil || resp.Status() != smpp.ROK {
		t.Errorf("cancel_sm: %v, %v", resp, err)
	}
	if m := d.message(id); m.Status != smsir.Canceled {
		t.Errorf("message is %v", m.State())
	}
	got := d.receipt(e, smpp.ROK)
	if r, err := got.Receipt(); err != nil || r.State != smpp.StateDeleted || r.MessageID != id {
		t.Errorf("receipt %+v, %v; want DELETED", r, err)
	}
}

// TestThrottle: the window of a session and the rate of the account.
func TestThrottle(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, password := d.account("acme", func(r *account.SMPPRequest) { r.Rate = ptr(3) })
	e := d.bound(smpp.CommandBindTransmitter, "acme", password)
	statuses := map[smpp.CommandStatus]int{}
	for range 5 {
		resp, err := e.Call(submit(), nil)
		if err != nil {
			t.Fatal(err)
		}
		statuses[resp.Status()]++
	}
	if statuses[smpp.ROK] < 3 || statuses[smpp.RTHROTTLED] == 0 {
		t.Errorf("five at once at three a second: %v", statuses)
	}
	d.pass(10 * time.Second)
	if resp, err := e.Call(submit(), nil); err != nil || resp.Status() != smpp.ROK {
		t.Errorf("later: %v, %v", resp, err)
	}
	if v := d.s.Sessions(d.owner.Workspace.ID); len(v) != 1 || !strings.Contains(v[0].LastError, "ESME_RTHROTTLED") {
		t.Errorf("sessions %+v", v)
	}
	b := bucket{}
	now := time.Now()
	n := 0
	for range 1000 {
		if b.take(now, 50) {
			n++
		}
		now = now.Add(time.Millisecond * 10)
	}
	if n < 540 || n > 560 { // 50 at once and 50 a second for ten seconds
		t.Errorf("%d of 1,000 in ten seconds at 50 a second", n)
	}
}
