package smsc

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/crew"
	"github.com/smsir/smsir/internal/network"
	"github.com/smsir/smsir/internal/shortmessage"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

// early is how long a receipt whose message is not known waits for answers that are under way, while it is not known how
// the ids of the two relate.
const early = 2 * time.Second

// incoming takes what one session of the carrier brings.
type incoming struct {
	c    *carrier
	sink smsir.Sink
	ctx  context.Context //nolint:containedctx // that of Run, for the sink: the session has another
	all  sync.WaitGroup
	crew *crew.Crew
}

// handle implements [smppconn.Options.Handle].
func (in *incoming) handle(_ context.Context, r *smppconn.Request) {
	d, ok := read(r.PDU)
	if !ok {
		if r.Header.CommandID != smpp.CommandAlertNotification {
			_ = r.Refuse(smpp.RINVCMDID) // fails only when the session is over
		}
		return
	}
	in.crew.Go(&in.all, func() {
		status := smpp.ROK
		if err := in.take(d); err != nil {
			status = smpp.RXTAPPN
		}
		_ = r.Refuse(status) // fails only when the session is over; then the carrier brings it again
	})
}

// delivery is a deliver_sm or data_sm.
type delivery struct {
	from, to     string
	fromTON      smpp.TON
	toTON        smpp.TON
	class        smpp.ESMClass
	coding       smpp.DataCoding
	data         []byte
	tlvs         smpp.TLVs
	receipt      smpp.Receipt
	receiptError error
}

// read makes a delivery of a PDU, if it is one.
func read(p smpp.PDU) (*delivery, bool) {
	switch p := p.(type) {
	case *smpp.DeliverSM:
		d := &delivery{from: p.SourceAddr, to: p.DestinationAddr, fromTON: p.SourceAddrTON, toTON: p.DestAddrTON, class: p.ESMClass, coding: p.DataCoding, data: p.UserData(), tlvs: p.TLVs}
		d.receipt, d.receiptError = p.Receipt()
		return d, true
	case *smpp.DataSM:
		d := &delivery{from: p.SourceAddr, to: p.DestinationAddr, fromTON: p.SourceAddrTON, toTON: p.DestAddrTON, class: p.ESMClass, coding: p.DataCoding, data: p.UserData(), tlvs: p.TLVs}
		d.receipt, d.receiptError = p.Receipt()
		return d, true
	}
	return nil, false
}

// isReceipt: what esm_class says, or a TLV that no handset can set. The text alone proves nothing: people can write it.
func (d *delivery) isReceipt() bool {
	_, told := d.tlvs.ReceiptedMessageID()
	return told || d.class.IsReceipt()
}

// take hands a delivery to the sink. An error means that it must come again.
func (in *incoming) take(d *delivery) error {
	if !d.isReceipt() {
		return in.sink.Inbound(in.ctx, in.inbound(d))
	}
	r, ok := in.report(d)
	if !ok { // it names no message, so nothing can ever be done with it
		in.c.unreadable.Add(1)
		return nil
	}
	return in.sink.Receipt(in.ctx, r)
}

// report makes a receipt of a delivery; false if it says neither which message it is about nor what became of it.
func (in *incoming) report(d *delivery) (smsir.Receipt, bool) {
	c := in.c
	r := smsir.Receipt{Provider: c.id, Part: true, To: international(d.fromTON, d.from), ArrivedAt: time.Now().UTC(), Code: d.receipt.Err, Raw: d.raw()}
	if ref, ok := d.tlvs.UserMessageReference(); ok && c.profile.reference {
		var ids []string
		if d.receipt.MessageID != "" {
			ids = c.ids.ofReceipt(d.receipt.MessageID)
		}
		r.Attempt, _ = c.answers.marked(ref, r.To, ids) // 0: its id must lead to it
	}
	if d.receiptError != nil || d.receipt.MessageID == "" && r.Attempt == 0 {
		return r, false
	}
	if d.receipt.MessageID != "" {
		in.match(&r, d)
	}
	r.Network = c.profile.networkOf(d.tlvs)
	r.DoneAt, _ = smpp.ParseReceiptDate(d.receipt.DoneDate, c.profile.zone) // a date that is none is the zero time
	if r.Code == "" && d.receipt.NetworkErrorCode != (smpp.NetworkErrorCode{}) {
		r.Code = d.receipt.NetworkErrorCode.String()
	}
	c.status(&r, d.receipt)
	return r, true
}

// match finds the reference of the message that a receipt is about, in the form that the answer had.
func (in *incoming) match(r *smsir.Receipt, d *delivery) {
	c := in.c
	deadline := time.Now().Add(early)
	for {
		asking := c.asking.Load() > 0 // before the look: who has his answer by then has noted its id
		known := c.ids.form() != ""   // before the ids: they are in the form of the answers then
		ids := c.ids.ofReceipt(d.receipt.MessageID)
		r.Reference, r.Aliases = ids[0], ids[1:]
		for _, id := range ids {
			to := c.answers.recipient(id)
			if to == "" || r.To != "" && r.To != to && !sameNumber(to, d.from) && !sameNumber(to, d.to) {
				continue
			}
			c.ids.learn(d.receipt.MessageID, id)
			r.Reference, r.Aliases, r.To = id, nil, to
			return
		}
		if known || !asking || !time.Now().Before(deadline) {
			return
		}
		timer := time.NewTimer(early / 20)
		select {
		case <-timer.C:
		case <-in.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// sameNumber reports whether an address may be another way to write a number: its end.
func sameNumber(e164, address string) bool {
	digits := strings.TrimLeft(strings.TrimPrefix(address, "+"), "0")
	return len(digits) >= 7 && strings.HasSuffix(e164, digits)
}

// status sets what a receipt says became of the message.
func (c *carrier) status(r *smsir.Receipt, p smpp.Receipt) {
	word := strings.ToUpper(p.Stat)
	_, standard := smpp.ParseStat(p.Stat)
	switch status, own := c.profile.words[word]; {
	case own:
		r.Status = status
	default:
		r.Status = statusOf(p.State)
		r.Unmapped = !standard && p.State == smpp.StateUnknown
	}
	if r.Status != smsir.Undelivered && r.Status != smsir.Expired {
		return
	}
	f := &smsir.Failure{Class: smsir.ClassPermanent, Code: "undelivered", Text: "The carrier could not deliver the message.", ProviderCode: r.Code, ProviderText: p.Stat}
	if f.ProviderText == "" {
		f.ProviderText = p.State.String()
	}
	switch {
	case r.Status == smsir.Expired:
		f.Class, f.Code, f.Text = smsir.ClassRecipientTemp, "expired", "The handset could not be reached before the validity ended."
	case p.State == smpp.StateDeleted:
		f.Code, f.Text = "deleted", "The carrier deleted the message."
	case p.State == smpp.StateRejected:
		f.Code, f.Text = "rejected", "The network rejected the message."
	}
	r.Error = f
}

// statusOf is A17 of the contract of delivery. What says nothing still says that the carrier has the message.
func statusOf(s smpp.MessageState) smsir.Status {
	switch s {
	case smpp.StateDelivered:
		return smsir.Delivered
	case smpp.StateExpired:
		return smsir.Expired
	case smpp.StateDeleted, smpp.StateUndeliverable, smpp.StateRejected, smpp.StateSkipped:
		return smsir.Undelivered
	}
	return smsir.Sent
}

// networkOf is the network that a receipt tells, "" where it does not. The values are texts, with or without a NUL.
func (p *profile) networkOf(tlvs smpp.TLVs) string {
	var told [2]string
	for i, tag := range p.network {
		value, _ := tlvs.Value(tag)
		told[i] = strings.TrimRight(string(value), "\x00")
	}
	if len(p.network) == 2 {
		return network.Join(told[0], told[1])
	}
	return network.Parse(told[0])
}

// raw is a delivery as it came, for the record.
func (d *delivery) raw() string {
	const most = 4096
	text := strings.ToValidUTF8(string(d.data), "\uFFFD")
	if id, ok := d.tlvs.ReceiptedMessageID(); ok {
		text += " receipted_message_id:" + id
	}
	if state, ok := d.tlvs.MessageState(); ok {
		text += " message_state:" + state.String()
	}
	if text == "" {
		text = fmt.Sprintf("esm_class 0x%02X", uint8(d.class))
	}
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}

// international is a number in E.164 if the address is one, "" if that is not certain.
func international(ton smpp.TON, address string) string {
	digits := strings.TrimPrefix(address, "+")
	if digits == "" || strings.Trim(digits, "0123456789") != "" || digits[0] == '0' || len(digits) < 7 || len(digits) > 15 {
		return ""
	}
	if ton == smpp.TONInternational || digits != address {
		return "+" + digits
	}
	return ""
}

// address is an address of a message from a handset: E.164 where that is certain, else as it came.
func address(ton smpp.TON, a string) string {
	if n := international(ton, a); n != "" {
		return n
	}
	return a
}

// inbound makes a message from a handset of a delivery, or a part of one.
func (in *incoming) inbound(d *delivery) smsir.Inbound {
	m := smsir.Inbound{Provider: in.c.id, From: address(d.fromTON, d.from), To: address(d.toTON, d.to), ReceivedAt: time.Now().UTC()}
	if m.From == "" {
		m.From = "unknown"
	}
	standard := shortmessage.GSM7
	if in.c.profile.alphabet == alphabetLatin1 {
		standard = shortmessage.Latin1
	}
	switch read := shortmessage.Decode(d.class, d.coding, d.data, d.tlvs, standard); {
	case read.Binary:
		m.Raw = hex.EncodeToString(d.data[:min(len(d.data), 2048)]) // nobody can read it
	case read.Part.Total > 1:
		m.Part = &read.Part
	default:
		m.Text = read.Text()
	}
	return m
}
