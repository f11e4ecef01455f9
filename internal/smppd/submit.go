package smppd

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/shortmessage"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

// refused is why a submission is not taken: the code for the program and the sentence for the people behind it.
type refused struct {
	status smpp.CommandStatus
	text   string
}

// submission is a submit_sm or data_sm as it was read.
type submission struct {
	To, From string // E.164; as package number writes it, "" leaves it to the provider
	Validity time.Duration
	SendAt   time.Time
	Memo     memo
	Part     smsir.InboundPart
}

// memo is what the receipts of a message need to know. It travels as metadata of the message, under the name memoKey.
type memo struct {
	Registered uint8      `json:"rd,omitempty"`  // registered_delivery
	Source     addressing `json:"s"`             // as the customer wrote it
	Dest       addressing `json:"d"`             //
	Reference  *uint16    `json:"umr,omitempty"` // user_message_reference
	Set        string     `json:"set,omitempty"` // of the parts that the message came in
	Coding     *uint8     `json:"dc,omitempty"`  // data_coding, which a replace_sm does not say
	ESMClass   uint8      `json:"esm,omitempty"` // likewise
	// ID and At are those of the message that this one replaces: the customer knows no other.
	ID string `json:"id,omitempty"`
	At int64  `json:"at,omitempty"` // when it was submitted, Unix milliseconds
}

const memoKey = "smpp"

// addressing is an address of a PDU.
type addressing struct {
	TON  smpp.TON `json:"t,omitempty"`
	NPI  smpp.NPI `json:"n,omitempty"`
	Addr string   `json:"a"`
}

// submit takes a submit_sm or data_sm.
func (n *session) submit(r *smppconn.Request, b *bound) {
	now := n.s.now()
	n.meter.add(now)
	sub, no := n.read(r.PDU, b, now)
	if no != nil {
		n.answer(r, 0, no)
		return
	}
	if sub.Part.Total > 1 {
		n.part(r, b, sub)
		return
	}
	id, no, lost := n.accept(b, sub, shortmessage.Join([]smsir.InboundPart{sub.Part}, ""), nil)
	if lost {
		n.giveUp()
		return
	}
	n.answer(r, id, no)
}

// giveUp ends the session without an answer: nobody knows whether the message was stored, and any answer might be a lie.
func (n *session) giveUp() {
	n.refused(smpp.RSYSERR, "It is not known whether the last message was stored; the session was closed.")
	_ = n.conn.Close()
}

// read makes a submission of a PDU, or says what is wrong with it.
func (n *session) read(p smpp.PDU, b *bound, now time.Time) (*submission, *refused) {
	var m smpp.SubmitSM
	switch p := p.(type) {
	case *smpp.SubmitSM:
		m = *p
	case *smpp.DataSM:
		m = smpp.SubmitSM{
			SourceAddrTON: p.SourceAddrTON, SourceAddrNPI: p.SourceAddrNPI, SourceAddr: p.SourceAddr,
			DestAddrTON: p.DestAddrTON, DestAddrNPI: p.DestAddrNPI, DestinationAddr: p.DestinationAddr,
			ESMClass: p.ESMClass, RegisteredDelivery: p.RegisteredDelivery, DataCoding: p.DataCoding, TLVs: p.TLVs,
		}
	}
	var check *smpp.CheckError
	if err := m.Check(); errors.As(err, &check) {
		return nil, &refused{check.CommandStatus(), err.Error()}
	}
	switch {
	case m.ReplaceIfPresentFlag != 0:
		return nil, &refused{smpp.RINVREPFLAG, "A message that was accepted cannot be replaced."}
	case m.SMDefaultMsgID != 0:
		return nil, &refused{smpp.RINVDFTMSGID, "There are no stored messages."}
	case m.ESMClass.Type() != smpp.TypeDefault:
		return nil, &refused{smpp.RINVESMCLASS, "Only plain messages can be submitted."}
	}
	sub := &submission{Memo: memo{
		Registered: uint8(m.RegisteredDelivery),
		Source:     addressing{m.SourceAddrTON, m.SourceAddrNPI, m.SourceAddr}, Dest: addressing{m.DestAddrTON, m.DestAddrNPI, m.DestinationAddr},
	}}
	coding := uint8(m.DataCoding)
	sub.Memo.Coding, sub.Memo.ESMClass = &coding, uint8(m.ESMClass)
	if ref, ok := m.TLVs.UserMessageReference(); ok {
		sub.Memo.Reference = &ref
	}
	for _, step := range []func() *refused{
		func() *refused { return sub.recipient(b.workspace.Country) },
		func() *refused { return sub.sender(b) },
		func() *refused { return sub.times(&m, now) },
		func() *refused { return sub.text(&m) },
	} {
		if no := step(); no != nil {
			return nil, no
		}
	}
	return sub, nil
}

// recipient reads destination_addr. Digits without a sign are taken for an international number first, as is the custom of
// SMPP whatever dest_addr_ton says, and then for one of the workspace's country.
func (sub *submission) recipient(country string) *refused {
	raw := sub.Memo.Dest.Addr
	tries := []string{"+" + raw, raw}
	switch {
	case strings.HasPrefix(raw, "+"), strings.HasPrefix(raw, "0"), sub.Memo.Dest.TON == smpp.TONNational:
		tries = []string{raw}
	case sub.Memo.Dest.TON == smpp.TONInternational:
		tries = []string{"+" + raw}
	}
	var err error
	for _, t := range tries {
		var to number.Number
		if to, err = number.Parse(t, country); err == nil {
			sub.To = to.E164
			return nil
		}
	}
	return &refused{smpp.RINVDSTADR, err.Error()}
}

// sender reads source_addr, which must be one that the account may use.
func (sub *submission) sender(b *bound) *refused {
	raw, allowed := sub.Memo.Source.Addr, b.account.Senders
	if raw == "" {
		if len(allowed) > 0 {
			sub.From = allowed[0]
		}
		return nil
	}
	tries := []string{raw}
	if digits := strings.Trim(raw, "0123456789") == ""; digits && len(raw) > 8 && sub.Memo.Source.TON != smpp.TONNational {
		tries = []string{"+" + raw, raw}
	}
	var err error
	for _, t := range tries {
		var from number.Sender
		if from, err = number.ParseSender(t, b.workspace.Country); err == nil {
			sub.From = from.Value
			break
		}
	}
	switch {
	case err != nil:
		return &refused{smpp.RINVSRCADR, err.Error()}
	case len(allowed) > 0 && !slices.Contains(allowed, sub.From):
		return &refused{smpp.RINVSRCADR, "The account may not use this sender."}
	}
	return nil
}

// times reads schedule_delivery_time and validity_period. A validity longer than we keep messages is shortened; one that is
// over, or too short to be met, is refused.
func (sub *submission) times(m *smpp.SubmitSM, now time.Time) *refused {
	start := now
	at, err := smpp.ParseTime(m.ScheduleDeliveryTime)
	if err != nil {
		return &refused{smpp.RINVSCHED, "schedule_delivery_time is no time of SMPP."}
	}
	if !at.IsZero() {
		sub.SendAt = at.At(now)
		if sub.SendAt.After(start) {
			start = sub.SendAt
		}
	}
	until, err := smpp.ParseTime(m.ValidityPeriod)
	switch {
	case err != nil:
		return &refused{smpp.RINVEXPIRY, "validity_period is no time of SMPP."}
	case until.IsZero():
		return nil
	}
	sub.Validity = min(until.At(now).Sub(start), accept.MaxValidity)
	if sub.Validity < accept.MinValidity {
		return &refused{smpp.RINVEXPIRY, "The validity is over, or less than a minute."}
	}
	return nil
}

// text reads the user data.
func (sub *submission) text(m *smpp.SubmitSM) *refused {
	read := shortmessage.Decode(m.ESMClass, m.DataCoding, m.UserData(), m.TLVs, shortmessage.Guessed)
	switch {
	case read.Binary:
		return &refused{smpp.RSUBMITFAIL, "Only texts can be submitted: data_coding 0, 1, 3, 6, 7 and 8."}
	case len(read.Part.Data) == 0:
		return &refused{smpp.RINVMSGLEN, "The message has no text."}
	}
	sub.Part = read.Part
	return nil
}

// accept hands a text to stage 1. lost says that nobody knows whether it was stored. key makes a repetition safe;
// change adds to the order.
func (n *session) accept(b *bound, sub *submission, text string, key *accept.Key, change ...func(*accept.Order)) (id smsir.ID, no *refused, lost bool) {
	note, err := json.Marshal(sub.Memo)
	if err != nil {
		return 0, &refused{smpp.RSYSERR, ""}, false
	}
	class := b.account.Class
	order := accept.Order{
		Workspace: b.workspace, Actor: smsir.Actor{Kind: smsir.ActorSMPP, ID: b.account.ID}, Idempotency: key,
		Requests: []accept.Request{{
			To: sub.To, Text: text, From: sub.From, Class: class, SendAt: sub.SendAt, Validity: sub.Validity,
			Metadata: map[string]string{memoKey: string(note)},
		}},
		Render: func(r *accept.Result) (int, []byte, error) {
			return 200, []byte(strconv.FormatInt(int64(r.Messages[0].ID), 10)), nil
		},
	}
	for _, c := range change {
		c(&order)
	}
	result, err := n.s.o.Accept.Send(n.ctx, order)
	if err != nil {
		if smsir.CodeOf(err) == smsir.CodeCommitUnknown {
			return 0, nil, true
		}
		return 0, n.s.refusalOf(err), false
	}
	stored, err := strconv.ParseInt(string(result.Body), 10, 64)
	if err != nil {
		n.s.log.Error("stage 1 gave no id", "err", err)
		return 0, nil, true
	}
	return smsir.ID(stored), nil, false
}

// refusalOf is what an error of stage 1 means to an ESME.
func (s *Server) refusalOf(err error) *refused {
	var invalid *accept.InvalidError
	if errors.As(err, &invalid) && len(invalid.Problems) > 0 {
		p := invalid.Problems[0]
		status := map[string]smpp.CommandStatus{
			"to": smpp.RINVDSTADR, "from": smpp.RINVSRCADR, "validity_seconds": smpp.RINVEXPIRY, "send_at": smpp.RINVSCHED,
		}[p.Field]
		switch {
		case p.Code == "text_too_long", p.Code == "text_missing":
			status = smpp.RINVMSGLEN
		case status == 0:
			status = smpp.RSUBMITFAIL
		}
		return &refused{status, p.Text}
	}
	switch smsir.CodeOf(err) {
	case smsir.CodeTooLate, smsir.CodeIdempotencyReuse:
		return &refused{smpp.RREPLACEFAIL, "The message is being sent, was sent, or has ended."}
	case smsir.CodeOptedOut:
		return &refused{smpp.RINVDSTADR, "The recipient has opted out of messages from this sender."}
	case smsir.CodeQueueFull:
		return &refused{smpp.RMSGQFUL, "Too many messages of this workspace wait to be sent."}
	case smsir.CodeLimitReached:
		return &refused{smpp.RTHROTTLED, limitText(err)}
	case smsir.CodeNoCredit:
		return &refused{smpp.RSUBMITFAIL, creditText(err)}
	case smsir.CodeStorageFull:
		return &refused{smpp.RMSGQFUL, "There is no room to store messages."}
	}
	if !errors.Is(err, context.Canceled) {
		s.log.Error("a submission could not be stored", "err", err)
	}
	return &refused{smpp.RSYSERR, ""}
}

// limitText is what a limit of the workspace says of itself.
func limitText(err error) string {
	var limit *accept.LimitError
	if errors.As(err, &limit) {
		return limit.Text
	}
	return ""
}

// creditText is what the credit of the workspace says of itself.
func creditText(err error) string {
	var short *accept.CreditError
	if errors.As(err, &short) {
		return short.Text
	}
	return ""
}

// answer responds to a submit_sm or data_sm.
func (n *session) answer(r *smppconn.Request, id smsir.ID, no *refused) {
	status, messageID := smpp.ROK, idText(id)
	var tlvs smpp.TLVs
	if no != nil {
		status, messageID = no.status, ""
		n.refused(status, no.text)
		if no.text != "" && n.conn.Version().HasTLVs() {
			tlvs.SetAdditionalStatusInfoText(clip(no.text, 255))
		}
	}
	n.s.submits.WithLabelValues(status.String()).Inc()
	var p smpp.Response = &smpp.SubmitSMResp{CommandStatus: status, MessageID: messageID, TLVs: tlvs}
	if r.Header.CommandID == smpp.CommandDataSM {
		p = &smpp.DataSMResp{CommandStatus: status, MessageID: messageID, TLVs: tlvs}
	}
	n.respond(r, p)
}

// idText is the id of a message as customers see it: digits only, because many keep it as a number.
func idText(id smsir.ID) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(int64(id), 10)
}

// idOf reads what idText wrote.
func idOf(text string) (smsir.ID, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return smsir.ID(n), err == nil && n > 0
}

func clip(text string, most int) string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	return ascii[:min(len(ascii), most)]
}
