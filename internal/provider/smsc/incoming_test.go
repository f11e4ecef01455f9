package smsc

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// TestReceiptIDs: however the ids of receipts are written, a receipt leads to the id of the answer, and the form is learned.
func TestReceiptIDs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer  func(n int) string
		receipt func(id string) string
		learned string
		before  bool
		change  []string
	}{
		"same":               {receipt: func(id string) string { return id }, learned: idAsIs},
		"hexadecimal":        {receipt: smpptest.Hex, learned: idHexOfAnswer},
		"padded":             {receipt: smpptest.Padded, learned: idAsIs},
		"other letters":      {answer: func(n int) string { return "abcdef0" + string(rune('a'+n)) }, receipt: strings.ToUpper, learned: idAsIs},
		"before the answer":  {receipt: smpptest.Hex, learned: idHexOfAnswer, before: true},
		"set":                {receipt: smpptest.Hex, change: []string{settingIDForm, idHexOfAnswer}, learned: idHexOfAnswer},
		"answer in hex":      {answer: func(n int) string { return smpptest.Hex(id(n)) }, receipt: func(hex string) string { return toDecimal(strings.ToLower(hex)) }, learned: idDecimalOfAnswer},
		"padded hexadecimal": {receipt: func(id string) string { return smpptest.Padded(smpptest.Hex(id)) }, learned: idHexOfAnswer},
	} {
		answer := c.answer
		if answer == nil {
			answer = id
		}
		script := smpptest.Script{Submit: func(n int, _ *smpp.SubmitSM) smpptest.Answer {
			r := smpptest.Receipt{State: smpp.StateDelivered, ID: c.receipt, Before: c.before, After: 100 * time.Millisecond}
			if c.before {
				r.After = 0
			}
			return smpptest.Answer{MessageID: answer(n), After: 50 * time.Millisecond, Receipts: []smpptest.Receipt{r}}
		}}
		run(t, script, func(r *rig) {
			for range 4 {
				got, failure := r.send(r.submission("x"))
				if failure != nil {
					t.Fatalf("%s: %v", name, failure)
				}
				r.pass(time.Second)
				receipt := r.sink.receipts[len(r.sink.receipts)-1]
				if receipt.Reference != got.References[0] || receipt.To != "+12025550100" || receipt.Status != smsir.Delivered {
					t.Errorf("%s: receipt %+v, want reference %q", name, receipt, got.References[0])
				}
			}
			if form := r.c.ids.form(); form != c.learned {
				t.Errorf("%s: learned %q, want %q", name, form, c.learned)
			}
		}, c.change...)
	}
}

// TestReceiptOnTheHeelsOfItsAnswer: a receipt that comes in one write with the answer finds its message, whatever its form,
// for many messages at once.
func TestReceiptOnTheHeelsOfItsAnswer(t *testing.T) {
	t.Parallel()
	far := newCarrierSide(t, smpptest.Script{Submit: func(n int, _ *smpp.SubmitSM) smpptest.Answer {
		return smpptest.Answer{MessageID: strconv.Itoa(1715968 + n), Receipts: []smpptest.Receipt{{State: smpp.StateDelivered, ID: smpptest.Hex}}}
	}})
	for range 20 { // a new carrier each time, because the form is learned soon
		p, err := newKind(far.options()).Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: settings()})
		if err != nil {
			t.Fatal(err)
		}
		ids, err := smsir.NewGenerator(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, c: p.(*carrier), far: far, sink: &reports{}, ids: ids}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _ = r.c.Run(ctx, r.sink) })
		var sends sync.WaitGroup
		for range 5 {
			sends.Go(func() {
				if _, failure := r.send(r.submission("x")); failure != nil {
					t.Error(failure)
				}
			})
		}
		sends.Wait()
		for end := time.Now().Add(10 * time.Second); r.sink.count() < 5 && time.Now().Before(end); {
			<-time.After(time.Millisecond) // the receipts of the last answers may wait for them
		}
		cancel()
		all.Wait()
		if n := r.sink.count(); n != 5 {
			t.Fatalf("%d receipts, want 5", n)
		}
		for _, receipt := range r.sink.receipts {
			if len(receipt.Reference) != 7 || !strings.HasPrefix(receipt.Reference, "17") {
				t.Errorf("receipt %q, or %q: want the id of the answer first", receipt.Reference, receipt.Aliases)
			}
		}
	}
}

// The forms as the test sees them: how the receipt writes the id of the answer.
const (
	idHexOfAnswer     = idDecimal
	idDecimalOfAnswer = idHex
)

func id(n int) string { return []string{"", "1234567", "7654321", "9999999", "8123456"}[n] }

// TestReceiptOfEarlierRun: a receipt about a message that this run of the program has not sent offers all it may mean.
func TestReceiptOfEarlierRun(t *testing.T) {
	t.Parallel()
	run(t, smpptest.Script{}, func(r *rig) {
		r.pass(time.Second)
		if err := r.far.smsc.Deliver(deliver("id:00BC614E stat:DELIVRD err:000", asReceipt)); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Second)
		got := r.sink.receipts[0]
		if got.Reference != "bc614e" || len(got.Aliases) != 1 || got.Aliases[0] != "12345678" {
			t.Errorf("reference %q, aliases %q; want bc614e and 12345678", got.Reference, got.Aliases)
		}
	})
}

func asReceipt(p *smpp.DeliverSM) { p.ESMClass = smpp.TypeDeliveryReceipt }

// TestReceipts: what a receipt says, by its text and TLVs.
func TestReceipts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text          string
		change        func(p *smpp.DeliverSM)
		status        smsir.Status
		code          string
		class         smsir.FailureClass
		none          bool
		tags, network string
	}{
		"delivered":             {text: "id:1 sub:001 dlvrd:001 submit date:2611231457 done date:2611231458 stat:DELIVRD err:002 text:hello", status: smsir.Delivered, code: "002"},
		"undelivered":           {text: "id:1 stat:UNDELIV err:045", status: smsir.Undelivered, code: "045", class: smsir.ClassPermanent},
		"expired":               {text: "id:1 stat:EXPIRED err:000", status: smsir.Expired, code: "000", class: smsir.ClassRecipientTemp},
		"rejected":              {text: "id:1 stat:REJECTD", status: smsir.Undelivered, class: smsir.ClassPermanent},
		"on its way":            {text: "id:1 stat:ENROUTE", status: smsir.Sent},
		"accepted":              {text: "id:1 stat:ACCEPTD", status: smsir.Sent},
		"unknown":               {text: "id:1 stat:UNKNOWN", status: smsir.Sent},
		"a word of the profile": {text: "id:1 stat:FAILED err:9", status: smsir.Undelivered, code: "9", class: smsir.ClassPermanent},
		"nobody's word":         {text: "id:1 stat:GONE", status: smsir.Sent},
		"TLVs win": {text: "id:2 stat:UNDELIV err:1", change: func(p *smpp.DeliverSM) {
			p.TLVs.SetReceiptedMessageID("1")
			p.TLVs.SetMessageState(smpp.StateDelivered)
		}, status: smsir.Delivered, code: "1"},
		"TLVs without esm_class": {text: "", change: func(p *smpp.DeliverSM) {
			p.ESMClass = 0
			p.TLVs.SetReceiptedMessageID("1")
			p.TLVs.SetMessageState(smpp.StateDelivered)
		}, status: smsir.Delivered},
		"the network in one TLV": {text: "id:1 stat:DELIVRD", change: func(p *smpp.DeliverSM) {
			p.TLVs.Add(0x1403, []byte("63902\x00"))
		}, status: smsir.Delivered, network: "63902", tags: "0x1403"},
		"the network in two": {text: "id:1 stat:UNDELIV", change: func(p *smpp.DeliverSM) {
			p.TLVs.Add(0x1503, []byte("310"))
			p.TLVs.Add(0x1504, []byte("026"))
		}, status: smsir.Undelivered, class: smsir.ClassPermanent, network: "310026", tags: "0x1503, 0x1504"},
		"no network in the TLV": {text: "id:1 stat:DELIVRD", change: func(p *smpp.DeliverSM) {
			p.TLVs.Add(0x1403, []byte("unknown"))
		}, status: smsir.Delivered, tags: "0x1403"},
		"half of a network": {text: "id:1 stat:DELIVRD", change: func(p *smpp.DeliverSM) {
			p.TLVs.Add(0x1503, []byte("310"))
		}, status: smsir.Delivered, tags: "0x1503,0x1504"},
		"a TLV that nobody set": {text: "id:1 stat:DELIVRD", change: func(p *smpp.DeliverSM) {
			p.TLVs.Add(0x1403, []byte("63902"))
		}, status: smsir.Delivered},
		"unreadable": {text: "your message has been sent", none: true},
	} {
		run(t, smpptest.Script{}, func(r *rig) {
			r.pass(time.Second)
			p := deliver(c.text, asReceipt)
			if c.change != nil {
				c.change(p)
			}
			if err := r.far.smsc.Deliver(p); err != nil {
				t.Fatal(err)
			}
			r.pass(time.Second)
			if len(r.sink.inbound) != 0 {
				t.Errorf("%s: became a message for people", name)
			}
			if got := r.far.smsc.Answers(); len(got) != 1 || got[0].CommandStatus != smpp.ROK {
				t.Errorf("%s: answered %v, want ROK", name, got)
			}
			if c.none {
				if len(r.sink.receipts) != 0 || r.c.unreadable.Load() != 1 {
					t.Errorf("%s: got %+v, want it counted", name, r.sink.receipts)
				}
				return
			}
			got := r.sink.receipts[0]
			if got.Reference != "1" || got.Status != c.status || got.Code != c.code || got.To != "+12025550101" {
				t.Errorf("%s: got %+v, want reference 1, status %v, code %q", name, got, c.status, c.code)
			}
			if got.Network != c.network {
				t.Errorf("%s: network %q, want %q", name, got.Network, c.network)
			}
			if (got.Error == nil) != (c.class == "") || got.Error != nil && got.Error.Class != c.class {
				t.Errorf("%s: error %+v, want class %q", name, got.Error, c.class)
			}
			if name == "delivered" && !got.DoneAt.Equal(time.Date(2026, 11, 23, 11, 58, 0, 0, time.UTC)) {
				t.Errorf("%s: done at %v, want 14:58 in Nairobi", name, got.DoneAt)
			}
		}, settingWords, "FAILED=undelivered", settingZone, "Africa/Nairobi", settingNetwork, c.tags)
	}
}

// TestReferenceComesBack: user_message_reference settles a message whose answer never came.
func TestReferenceComesBack(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Submit: func(int, *smpp.SubmitSM) smpptest.Answer {
		return smpptest.Answer{Silent: true, Receipts: []smpptest.Receipt{{State: smpp.StateDelivered, Reference: true, After: 90 * time.Second}}}
	}}
	run(t, script, func(r *rig) {
		s := r.submission("x")
		if _, failure := r.send(s); failure == nil || failure.State != smsir.AttemptUnknown {
			t.Errorf("got %s, want unknown", describe(failure))
		}
		r.pass(time.Minute)
		if got := r.sink.receipts[0]; got.Attempt != s.Attempt {
			t.Errorf("receipt %+v, want attempt %d", got, s.Attempt)
		}
	}, settingReference, "true")
}

// TestReferenceOfAnother: a receipt with the user_message_reference of another message, as one of an earlier run has, is about the
// message that its id names, whether the other one went to the same recipient or not.
func TestReferenceOfAnother(t *testing.T) {
	t.Parallel()
	for name, recipient := range map[string]string{"to the same": "+12025550100", "to another": "+12025550101"} {
		run(t, smpptest.Script{}, func(r *rig) {
			s := r.submission("x")
			s.To = recipient
			if _, failure := r.send(s); failure != nil {
				t.Fatal(failure)
			}
			p := deliver("id:777 stat:DELIVRD", asReceipt)
			p.SourceAddr = "12025550100"
			p.TLVs.SetUserMessageReference(1<<15 + 1)
			if err := r.far.smsc.Deliver(p); err != nil {
				t.Fatal(err)
			}
			r.pass(time.Minute)
			if got := r.sink.receipts[0]; got.Attempt != 0 || got.Reference != "777" {
				t.Errorf("%s: receipt %+v is taken to be about attempt %d", name, got, s.Attempt)
			}
		}, settingReference, "true", settingIDForm, idAsIs)
	}
}

// TestInbound: messages from handsets, by alphabet and form.
func TestInbound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p    func(p *smpp.DeliverSM)
		want smsir.Inbound
	}{
		"GSM 7-bit":            {func(p *smpp.DeliverSM) { p.ShortMessage = []byte("a\x00b") }, smsir.Inbound{Text: "a@b"}},
		"UCS-2":                {func(p *smpp.DeliverSM) { p.DataCoding, p.ShortMessage = 8, []byte{0x04, 0x16} }, smsir.Inbound{Text: "Ж"}},
		"Latin 1":              {func(p *smpp.DeliverSM) { p.DataCoding, p.ShortMessage = 3, []byte("\xe9") }, smsir.Inbound{Text: "é"}},
		"Cyrillic":             {func(p *smpp.DeliverSM) { p.DataCoding, p.ShortMessage = 6, []byte("\xb6") }, smsir.Inbound{Text: "Ж"}},
		"payload":              {func(p *smpp.DeliverSM) { p.ShortMessage = nil; p.TLVs.SetMessagePayload([]byte("long")) }, smsir.Inbound{Text: "long"}},
		"binary":               {func(p *smpp.DeliverSM) { p.DataCoding, p.ShortMessage = 4, []byte{1, 0xFF} }, smsir.Inbound{Raw: "01ff"}},
		"looks like a receipt": {func(p *smpp.DeliverSM) { p.ShortMessage = []byte("id:1 stat:DELIVRD") }, smsir.Inbound{Text: "id:1 stat:DELIVRD"}},
		"part with 8-bit reference": {
			func(p *smpp.DeliverSM) {
				p.ESMClass, p.ShortMessage = smpp.FeatureUDHI, []byte("\x05\x00\x03\x07\x02\x01abc")
			},
			smsir.Inbound{Part: &smsir.InboundPart{Reference: 7, Total: 2, Number: 1, Data: []byte("abc")}},
		},
		"part with 16-bit reference": {
			func(p *smpp.DeliverSM) {
				p.ESMClass, p.ShortMessage = smpp.FeatureUDHI, []byte("\x06\x08\x04\x01\x00\x03\x02abc")
			},
			smsir.Inbound{Part: &smsir.InboundPart{Reference: 256, Total: 3, Number: 2, Data: []byte("abc")}},
		},
		"part with SAR": {
			func(p *smpp.DeliverSM) { p.TLVs.SetSAR(smpp.SAR{MsgRefNum: 0, TotalSegments: 2, SegmentSeqnum: 2}) },
			smsir.Inbound{Part: &smsir.InboundPart{Total: 2, Number: 2, Data: []byte("hello")}},
		},
		"part 3 of 2": {func(p *smpp.DeliverSM) {
			p.ESMClass, p.ShortMessage = smpp.FeatureUDHI, []byte("\x05\x00\x03\x07\x02\x03abc")
		}, smsir.Inbound{Text: "abc"}},
		"torn header":  {func(p *smpp.DeliverSM) { p.ESMClass, p.ShortMessage = smpp.FeatureUDHI, []byte("\x40\x00\x03") }, smsir.Inbound{}},
		"short sender": {func(p *smpp.DeliverSM) { p.SourceAddrTON, p.SourceAddr = smpp.TONAlphanumeric, "BANK" }, smsir.Inbound{From: "BANK", Text: "hello"}},
	} {
		run(t, smpptest.Script{}, func(r *rig) {
			r.pass(time.Second)
			if err := r.far.smsc.Deliver(deliver("hello", c.p)); err != nil {
				t.Fatal(err)
			}
			r.pass(time.Second)
			if len(r.sink.inbound) != 1 {
				t.Fatalf("%s: got %d messages and %d receipts, want one message", name, len(r.sink.inbound), len(r.sink.receipts))
			}
			got := r.sink.inbound[0]
			want := c.want
			if want.From == "" {
				want.From = "+12025550101"
			}
			if got.From != want.From || got.To != "+12025550199" || got.Text != want.Text || got.Raw != want.Raw && want.Raw != "" || got.Provider != (smsir.UUID{1}) {
				t.Errorf("%s: got %+v, want %+v", name, got, want)
			}
			if (got.Part == nil) != (want.Part == nil) || got.Part != nil && (got.Part.Reference != want.Part.Reference || got.Part.Total != want.Part.Total ||
				got.Part.Number != want.Part.Number || string(got.Part.Data) != string(want.Part.Data)) {
				t.Errorf("%s: got part %+v, want %+v", name, got.Part, want.Part)
			}
		})
	}
}

// TestNationalLanguage: the tables that the header names travel with a part.
func TestNationalLanguage(t *testing.T) {
	t.Parallel()
	run(t, smpptest.Script{}, func(r *rig) {
		r.pass(time.Second)
		h, err := gsm.UDH{gsm.SingleShiftIE(gsm.Turkish)}.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.far.smsc.Deliver(deliver("", func(p *smpp.DeliverSM) { p.ESMClass, p.ShortMessage = smpp.FeatureUDHI, append(h, "\x1bs"...) })); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Second)
		if got := r.sink.inbound[0].Text; got != "ş" {
			t.Errorf("got %q, want ş", got)
		}
	})
}

// TestSinkRefuses: what was not stored is not acknowledged, and comes again.
func TestSinkRefuses(t *testing.T) {
	t.Parallel()
	run(t, smpptest.Script{Redeliver: time.Second}, func(r *rig) {
		r.pass(time.Second)
		r.sink.refuse = 2
		if err := r.far.smsc.Deliver(deliver("hello")); err != nil {
			t.Fatal(err)
		}
		r.pass(5 * time.Second)
		var got []smpp.CommandStatus
		for _, a := range r.far.smsc.Answers() {
			got = append(got, a.CommandStatus)
		}
		if len(got) != 3 || got[0] != smpp.RXTAPPN || got[1] != smpp.RXTAPPN || got[2] != smpp.ROK || len(r.sink.inbound) != 1 {
			t.Errorf("answers %v, %d stored; want RX_T_APPN twice, then ROK and one stored", got, len(r.sink.inbound))
		}
	})
}
