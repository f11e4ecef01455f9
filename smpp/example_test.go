package smpp_test

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/smsir/smsir/smpp"
)

// A message is handed to the SMSC, and the response read.
func Example() {
	esme, smsc := net.Pipe()
	go func() {
		defer func() { _ = smsc.Close() }()
		pdu, err := smpp.NewReader(smsc).ReadPDU()
		if err != nil {
			return
		}
		h, p, err := smpp.Decode(pdu)
		if err != nil {
			return
		}
		if submit, ok := p.(*smpp.SubmitSM); ok {
			fmt.Printf("SMSC: %q to %s\n", submit.ShortMessage, submit.DestinationAddr)
			resp := &smpp.SubmitSMResp{MessageID: "3f2a91"}
			b, _ := resp.AppendPDU(nil, h.SequenceNumber)
			_, _ = smsc.Write(b)
		}
	}()

	submit := &smpp.SubmitSM{
		SourceAddrTON: smpp.TONAlphanumeric, SourceAddr: "SMSir",
		DestAddrTON: smpp.TONInternational, DestAddrNPI: smpp.NPIISDN, DestinationAddr: "447700900123",
		RegisteredDelivery: smpp.ReceiptAlways,
		ShortMessage:       []byte("Hello"),
	}
	b, err := submit.AppendPDU(nil, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := esme.Write(b); err != nil {
		fmt.Println(err)
		return
	}
	pdu, err := smpp.NewReader(esme).ReadPDU()
	if err != nil {
		fmt.Println(err)
		return
	}
	var resp smpp.SubmitSMResp
	if err := resp.DecodePDU(pdu); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("ESME:", resp.CommandStatus, resp.MessageID)
	// Output:
	// SMSC: "Hello" to 447700900123
	// ESME: ESME_ROK 3f2a91
}

// A server answers what it does not know or cannot read.
func ExampleResponseTo() {
	answer := func(pdu []byte) {
		h, _, err := smpp.Decode(pdu)
		status := smpp.RINVCMDID
		if e := (*smpp.DecodeError)(nil); errors.As(err, &e) {
			fmt.Println(err)
			status = e.CommandStatus()
		}
		if resp := smpp.ResponseTo(h.CommandID, status); resp != nil {
			fmt.Println(resp.CommandID(), resp.Status(), h.SequenceNumber)
		}
	}
	unknown := smpp.Header{CommandLength: 16, CommandID: 0x42, SequenceNumber: 5}
	answer(unknown.Append(nil))
	truncated := smpp.Header{CommandLength: 20, CommandID: smpp.CommandSubmitSM, SequenceNumber: 6}
	answer(append(truncated.Append(nil), 0, 1, 1, '4'))
	// Output:
	// generic_nack ESME_RINVCMDID 5
	// smpp: submit_sm: source_addr at offset 19: no NUL before the PDU ends
	// submit_sm_resp ESME_RINVSRCADR 6
}

// A delivery receipt says which message it is about and what became of it.
func ExampleDeliverSM_Receipt() {
	p := &smpp.DeliverSM{
		ESMClass:     smpp.TypeDeliveryReceipt,
		SourceAddr:   "447700900123",
		ShortMessage: []byte("id:3f2a91 sub:001 dlvrd:000 submit date:2611231457 done date:2611231502 stat:UNDELIV err:027 text:Hello"),
	}
	if !p.ESMClass.IsReceipt() {
		return
	}
	r, err := p.Receipt()
	if err != nil {
		fmt.Println(err) // to be kept, though nobody knows for which message
		return
	}
	done, err := smpp.ParseReceiptDate(r.DoneDate, time.UTC)
	fmt.Println(r.MessageID, r.State, r.State.IsFinal(), r.Err, done.Format(time.RFC3339), err)
	// Output:
	// 3f2a91 UNDELIVERABLE true 027 2026-11-23T15:02:00Z <nil>
}

// A server tells its client what became of a message.
func ExampleReceipt_AppendText() {
	at := time.Date(2026, 11, 23, 14, 57, 0, 0, time.UTC)
	r := smpp.Receipt{
		MessageID: "3f2a91", Sub: "001", Dlvrd: "001",
		SubmitDate: smpp.ReceiptDate(at), DoneDate: smpp.ReceiptDate(at.Add(time.Minute)),
		State: smpp.StateDelivered, Err: "000", Text: "Hello",
	}
	p := &smpp.DeliverSM{ESMClass: smpp.TypeDeliveryReceipt, ShortMessage: r.AppendText(nil)}
	p.TLVs.SetReceiptedMessageID(r.MessageID)
	p.TLVs.SetMessageState(r.State)
	fmt.Printf("%v %s\n%v\n", p.ESMClass.IsReceipt(), p.ShortMessage, p.TLVs)
	// Output:
	// true id:3f2a91 sub:001 dlvrd:001 submit date:2611231457 done date:2611231458 stat:DELIVRD err:000 text:Hello
	// [{receipted_message_id [51 102 50 97 57 49 0]} {message_state [2]}]
}

// Optional parameters are read and set by name, and those of a carrier by number.
func ExampleTLVs() {
	var p smpp.SubmitSM
	p.TLVs.SetSAR(smpp.SAR{MsgRefNum: 204, TotalSegments: 2, SegmentSeqnum: 1})
	p.TLVs.Add(0x1400, []byte("1201159123456789012"))

	b, _ := p.AppendPDU(nil, 1)
	var q smpp.SubmitSM
	if err := q.DecodePDU(b); err != nil {
		fmt.Println(err)
		return
	}
	sar, ok, err := q.TLVs.SAR()
	fmt.Println(sar, ok, err)
	entity, ok := q.TLVs.Value(0x1400)
	fmt.Printf("%s %v\n", entity, ok)
	_, ok = q.TLVs.UserMessageReference()
	fmt.Println(ok)
	// Output:
	// {204 2 1} true <nil>
	// 1201159123456789012 true
	// false
}

// Times are absolute or relative.
func ExampleParseTime() {
	now := time.Date(2026, 11, 23, 14, 57, 0, 0, time.UTC)
	for _, s := range []string{"261124080000000+", "000003000000000R", ""} {
		t, err := smpp.ParseTime(s)
		fmt.Printf("%q %v %v\n", s, t.At(now).Format(time.DateTime), err)
	}
	validity, _ := smpp.RelativeTime(90 * time.Minute).Format()
	fmt.Println(validity)
	// Output:
	// "261124080000000+" 2026-11-24 08:00:00 <nil>
	// "000003000000000R" 2026-11-26 14:57:00 <nil>
	// "" 0001-01-01 00:00:00 <nil>
	// 000000013000000R
}

// A carrier's password may be longer than the standard allows.
func ExampleOptions() {
	bind := &smpp.Bind{Command: smpp.CommandBindTransceiver, SystemID: "esme01", Password: "longer than 8", InterfaceVersion: smpp.Version34}
	_, err := bind.AppendPDU(nil, 1)
	fmt.Println(err)
	b, err := smpp.Options{LongStrings: true}.AppendPDU(nil, bind, 1)
	fmt.Println(len(b), err)
	fmt.Println(bind)
	// Output:
	// smpp: bind_transceiver: password: too long
	// 42 <nil>
	// bind_transceiver{system_id:"esme01" password:hidden system_type:"" interface_version:3.4 addr_ton:0 addr_npi:0 address_range:"" TLVs:0}
}

// The hot path: no allocation to encode, at most one to decode into a PDU that is used again, and at most three into a
// new one, which does not count here itself.
func Example_allocations() {
	receipt := &smpp.DeliverSM{SourceAddr: "447700900123", ShortMessage: []byte("id:3f2a91 stat:DELIVRD")}
	receipt.TLVs.SetReceiptedMessageID("3f2a91")
	receipt.TLVs.SetMessageState(smpp.StateDelivered)
	var (
		submit     smpp.SubmitSM
		submitResp smpp.SubmitSMResp
		deliver    smpp.DeliverSM
		resp       smpp.DeliverSMResp
		link       smpp.EnquireLink
	)
	for _, c := range []struct {
		from, to smpp.PDU
		renew    func()
	}{
		{&smpp.SubmitSM{SourceAddr: "SMSir", DestinationAddr: "447700900123", ShortMessage: []byte("Hello")}, &submit, func() { submit = smpp.SubmitSM{} }},
		{&smpp.SubmitSMResp{MessageID: "3f2a91"}, &submitResp, func() { submitResp = smpp.SubmitSMResp{} }},
		{receipt, &deliver, func() { deliver = smpp.DeliverSM{} }},
		{&smpp.DeliverSMResp{}, &resp, func() { resp = smpp.DeliverSMResp{} }},
		{&smpp.EnquireLink{}, &link, func() { link = smpp.EnquireLink{} }},
	} {
		buf := make([]byte, 0, 512)
		encode := testing.AllocsPerRun(100, func() { buf, _ = c.from.AppendPDU(buf[:0], 1) })
		used := testing.AllocsPerRun(100, func() { _ = c.to.DecodePDU(buf) })
		renewed := testing.AllocsPerRun(100, func() { c.renew(); _ = c.to.DecodePDU(buf) })
		fmt.Println(c.from.CommandID(), encode, used, renewed)
	}
	// Output:
	// submit_sm 0 1 2
	// submit_sm_resp 0 1 1
	// deliver_sm 0 1 3
	// deliver_sm_resp 0 0 0
	// enquire_link 0 0 0
}
