package smppd

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/smpp"
)

const (
	feedPage  = 500
	keepFor   = 72 * time.Hour // deliveries that nobody fetches
	restOf    = 10 * time.Millisecond
	errRest   = time.Second
	addressTo = 20 // characters of an address in a deliver_sm
)

// errBehind: another node has fed the outbox in the meantime.
var errBehind = errors.New("another node was first")

// feed turns events into deliveries until ctx ends. The cursor moves with the outbox in one step, so that every event is
// looked at once, whatever stops and whoever else looks.
func (s *Server) feed(ctx context.Context) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	rest := time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.news:
		case <-poll.C:
		}
		for more := true; more && ctx.Err() == nil; {
			var err error
			more, err = s.feedOnce(ctx)
			rest = restOf
			if err != nil && !errors.Is(err, errBehind) {
				more, rest = false, errRest
				if ctx.Err() == nil {
					s.log.Error("events could not be turned into deliveries", "err", err)
				}
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
	}
}

// feedOnce looks at a page of events. While there are no accounts it only remembers where the stream stands.
func (s *Server) feedOnce(ctx context.Context) (more bool, err error) {
	s.mu.Lock()
	accounts := s.accounts
	s.mu.Unlock()
	if len(accounts) == 0 {
		return false, nil
	}
	from, ok, err := s.o.Store.SMPPCursor(ctx)
	if err != nil {
		return false, err
	}
	if !ok {
		last, err := s.o.Store.LastEvent(ctx)
		if err == nil {
			_, err = s.o.Store.FeedSMPP(ctx, 0, max(last, 1), nil)
		}
		return false, err
	}
	events, err := s.o.Store.EventsAfter(ctx, smsir.UUID{}, from, feedPage)
	if err != nil || len(events) == 0 {
		return false, err
	}
	list, err := s.deliveries(ctx, events, accounts)
	if err != nil {
		return false, err
	}
	s.inHand(list)
	fed, err := s.o.Store.FeedSMPP(ctx, from, events[len(events)-1].ID, list)
	if err != nil {
		return false, err
	}
	if !fed {
		return true, errBehind
	}
	s.tell(list)
	return len(events) == feedPage, nil
}

// deliveries are what the events mean to customers.
func (s *Server) deliveries(ctx context.Context, events []smsir.Event, accounts map[smsir.UUID][]store.SMPPAccount) (list []store.SMPPDelivery, err error) {
	var ended []smsir.ID
	at := map[smsir.ID]time.Time{}
	for i := range events {
		e := &events[i]
		if len(accounts[e.Workspace]) == 0 {
			continue
		}
		switch {
		case e.Type == smsir.EventInbound:
			more, err := s.inbound(ctx, e, accounts[e.Workspace])
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		case e.Data.Final && e.Message != 0 && e.Type != smsir.EventLateReceipt && at[e.Message].IsZero():
			ended = append(ended, e.Message)
			at[e.Message] = e.At
		}
	}
	messages, err := s.o.Store.MessagesByID(ctx, ended)
	if err != nil {
		return nil, err
	}
	var sets []smsir.ID
	memos := map[smsir.ID]*memo{}
	for _, m := range messages {
		if m.CreatedBy.Kind != smsir.ActorSMPP || m.Reason == smsir.ReasonReplaced { // what is in its place will have a receipt
			continue
		}
		note := new(memo)
		if json.Unmarshal([]byte(m.Metadata[memoKey]), note) != nil {
			continue
		}
		memos[m.ID] = note
		if id, ok := idOf(note.Set); ok {
			sets = append(sets, id)
		}
	}
	parts, err := s.o.Store.SetsByID(ctx, sets)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(messages, func(a, b *smsir.Message) int { return at[a.ID].Compare(at[b.ID]) })
	for _, m := range messages {
		if note := memos[m.ID]; note != nil {
			list = append(list, s.receipts(m, note, parts, at[m.ID])...)
		}
	}
	return list, nil
}

// receipts are those about a message that has ended: one, or one for each part that it came in.
func (s *Server) receipts(m *smsir.Message, note *memo, sets []store.PartSet, at time.Time) (list []store.SMPPDelivery) {
	r := report{id: m.ID, state: stateOf(m), submitted: m.AcceptedAt, done: at, code: errorCode(m)}
	add := func(note *memo) {
		if !smpp.RegisteredDelivery(note.Registered).WantsReceipt(r.state == smpp.StateDelivered) {
			return
		}
		if d, ok := s.delivery(m.CreatedBy.ID, r.pdu(note), s.now()); ok {
			list = append(list, d)
		}
	}
	if id, ok := idOf(note.ID); ok {
		r.id, r.submitted = id, time.UnixMilli(note.At)
	}
	if note.Set == "" {
		add(note)
		return list
	}
	for i := range sets {
		if idText(sets[i].ID) != note.Set {
			continue
		}
		for _, kept := range sets[i].Parts {
			var sub submission
			if json.Unmarshal(kept.Body, &sub) == nil {
				r.id, r.submitted = kept.ID, kept.ReceivedAt
				add(&sub.Memo)
			}
		}
	}
	return list
}

// report is what a receipt says.
type report struct {
	id              smsir.ID
	state           smpp.MessageState
	submitted, done time.Time
	code            string // three digits
}

// pdu is the receipt about a message: it goes from the recipient to the sender, as the customer wrote them.
//
// SMPP 3.4 Appendix B
func (r *report) pdu(note *memo) *smpp.DeliverSM {
	dlvrd := "000"
	if r.state == smpp.StateDelivered {
		dlvrd = "001"
	}
	text := smpp.Receipt{
		MessageID: idText(r.id), Sub: "001", Dlvrd: dlvrd, SubmitDate: smpp.ReceiptDate(r.submitted.UTC()), DoneDate: smpp.ReceiptDate(r.done.UTC()),
		State: r.state, Err: r.code,
	}
	p := &smpp.DeliverSM{
		SourceAddrTON: note.Dest.TON, SourceAddrNPI: note.Dest.NPI, SourceAddr: note.Dest.Addr,
		DestAddrTON: note.Source.TON, DestAddrNPI: note.Source.NPI, DestinationAddr: note.Source.Addr,
		ESMClass: smpp.TypeDeliveryReceipt, ShortMessage: append(text.AppendText(nil), " text:"...),
	}
	p.TLVs.SetReceiptedMessageID(idText(r.id))
	p.TLVs.SetMessageState(r.state)
	if note.Reference != nil {
		p.TLVs.SetUserMessageReference(*note.Reference)
	}
	return p
}

// errorCode is the code of the provider, if it is one that fits a receipt.
func errorCode(m *smsir.Message) string {
	if m.Status == smsir.Delivered || m.Error == nil {
		return "000"
	}
	if code := m.Error.ProviderCode; code != "" && len(code) <= 3 && strings.Trim(code, "0123456789") == "" {
		return strings.Repeat("0", 3-len(code)) + code
	}
	return "999"
}

// inbound is a message from a handset for each account that gets those to its number.
func (s *Server) inbound(ctx context.Context, e *smsir.Event, accounts []store.SMPPAccount) (list []store.SMPPDelivery, err error) {
	id, err := smsir.ParseID(smsir.PrefixInbound, e.Data.Inbound)
	if err != nil {
		return nil, nil //nolint:nilerr // an event that names nothing concerns nobody
	}
	var in *smsir.Inbound
	for i := range accounts {
		a := &accounts[i]
		if !a.Inbound {
			continue
		}
		if in == nil {
			found, err := s.o.Store.ListInbound(ctx, e.Workspace, id+1, 1)
			if err != nil {
				return nil, err
			}
			if len(found) == 0 || found[0].ID != id {
				return nil, nil // it was deleted
			}
			in = &found[0]
		}
		if len(a.Senders) > 0 && !slices.Contains(a.Senders, in.To) {
			continue
		}
		if d, ok := s.delivery(a.ID, inboundPDU(in), s.now()); ok {
			list = append(list, d)
		}
	}
	return list, nil
}

// inboundPDU is a message from a handset, in GSM 7-bit if its text allows it and else in UCS-2. What is longer than one PDU
// takes travels in message_payload.
func inboundPDU(in *smsir.Inbound) *smpp.DeliverSM {
	p := &smpp.DeliverSM{}
	p.SourceAddrTON, p.SourceAddrNPI, p.SourceAddr = address(in.From)
	p.DestAddrTON, p.DestAddrNPI, p.DestinationAddr = address(in.To)
	data, err := gsm.EncodeGSM7(nil, in.Text, gsm.DefaultLanguage, gsm.DefaultLanguage)
	if err != nil {
		p.DataCoding, data = smpp.DataCodingUCS2, gsm.EncodeUCS2(nil, in.Text)
	}
	if len(data) <= 254 { // SMPP 3.4 §5.2.22
		p.ShortMessage = data
	} else {
		p.TLVs.SetMessagePayload(data)
	}
	return p
}

func address(a string) (smpp.TON, smpp.NPI, string) {
	digits, international := strings.CutPrefix(a, "+")
	switch {
	case international:
		return smpp.TONInternational, smpp.NPIISDN, clip(digits, addressTo)
	case a != "" && strings.Trim(a, "0123456789") == "":
		return smpp.TONNetworkSpecific, smpp.NPIUnknown, clip(a, addressTo)
	}
	return smpp.TONAlphanumeric, smpp.NPIUnknown, clip(a, addressTo)
}

// delivery is a PDU as it waits in the outbox.
func (s *Server) delivery(account smsir.UUID, p *smpp.DeliverSM, now time.Time) (store.SMPPDelivery, bool) {
	octets, err := p.AppendPDU(nil, 1)
	if err != nil {
		s.log.Error("a delivery cannot be written as SMPP", "err", err)
		return store.SMPPDelivery{}, false
	}
	return store.SMPPDelivery{ID: s.o.Store.NewID(now), Account: account, Body: hex.EncodeToString(octets), ExpiresAt: now.Add(keepFor)}, true
}
