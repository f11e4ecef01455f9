package smppd

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/shortmessage"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

const (
	// scopeOfReplace is that of the records that lead from a message to the one in its place. They are stored together
	// with both, under the id of the former.
	scopeOfReplace = "smpp replace"
	replaceKept    = 30 * 24 * time.Hour // after its time: longer than the message can have news
	replaceTries   = 3                   // another session may replace the same message
	mostReplaced   = 1000                // times that one message is followed
)

// latest is the message that is in the place of m now: m itself, if it was not replaced.
func (n *session) latest(b *bound, m *smsir.Message) (*smsir.Message, error) {
	for range mostReplaced {
		if m.Status != smsir.Canceled || m.Reason != smsir.ReasonReplaced {
			return m, nil
		}
		record, err := n.s.o.Store.Replay(n.ctx, b.account.Workspace, scopeOfReplace, idText(m.ID), n.s.now())
		if err != nil || record == nil {
			return m, err
		}
		id, ok := idOf(string(record.Body))
		if !ok {
			return m, nil
		}
		if m, err = n.s.o.Store.Message(n.ctx, b.account.Workspace, id); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// replace answers replace_sm. A message that is on disk is never changed: it is canceled, and another takes its place in the
// same step, or neither happens. To the customer the message keeps its id.
//
// SMPP 3.4 §4.10
func (n *session) replace(r *smppconn.Request, b *bound) {
	p := r.PDU.(*smpp.ReplaceSM) //nolint:errcheck,forcetypeassert // handle has looked
	n.meter.add(n.s.now())
	no, again, lost := (*refused)(nil), true, false
	for i := 0; i < replaceTries && again && !lost; i++ {
		no, again, lost = n.replaced(b, p)
	}
	if lost {
		n.giveUp()
		return
	}
	resp := &smpp.ReplaceSMResp{}
	if no != nil {
		resp.CommandStatus = no.status
		n.refused(no.status, no.text)
		if no.text != "" && n.conn.Version().HasTLVs() {
			resp.TLVs.SetAdditionalStatusInfoText(clip(no.text, 255))
		}
	}
	n.respond(r, resp)
}

// replaced tries once. again says that another message has taken the place meanwhile; lost, that nobody knows what was
// stored.
func (n *session) replaced(b *bound, p *smpp.ReplaceSM) (no *refused, again, lost bool) {
	fail := func(text string) (*refused, bool, bool) { return &refused{smpp.RREPLACEFAIL, text}, false, false }
	var check *smpp.CheckError
	if err := p.Check(); errors.As(err, &check) {
		return &refused{check.CommandStatus(), err.Error()}, false, false
	}
	m, _, ok := n.find(b, p.MessageID)
	var note memo
	switch {
	case !ok:
		return fail("The account has no such message.")
	case m == nil || json.Unmarshal([]byte(m.Metadata[memoKey]), &note) != nil || note.Set != "":
		return fail("A message that came in parts cannot be replaced. Cancel it and submit another.")
	case note.Coding == nil:
		return fail("The message is too old to be replaced. Cancel it and submit another.")
	case note.Source.Addr != p.SourceAddr:
		return fail("source_addr is not that of the message.")
	case p.SMDefaultMsgID != 0:
		return &refused{smpp.RINVDFTMSGID, "There are no stored messages."}, false, false
	case m.Final || m.Status != smsir.Queued && m.Status != smsir.Scheduled:
		return fail("The message is being sent, was sent, or has ended.")
	}
	now := n.s.now()
	sub, text, no := n.replacement(m, note, p, now)
	if no != nil {
		return no, false, false
	}
	key := &accept.Key{Scope: scopeOfReplace, Key: idText(m.ID), TTL: replaceKept + max(0, sub.SendAt.Sub(now))}
	fresh := smsir.NewUUID(now) // nobody else's record is taken for this one
	copy(key.Fingerprint[:], fresh[:])
	_, no, lost = n.accept(b, sub, text, key, func(o *accept.Order) {
		o.Replaces = m.ID
		o.Requests[0].ResendOf, o.Requests[0].Class, o.Requests[0].OnUnknown = m.ID, m.Class, &m.OnUnknown
	})
	if no != nil && no.status == smpp.RSUBMITFAIL {
		no.status = smpp.RREPLACEFAIL
	}
	return no, no != nil && no.status == smpp.RREPLACEFAIL, lost
}

// replacement is the message that takes the place of m, and its text. What replace_sm leaves open stays as it was.
func (n *session) replacement(m *smsir.Message, note memo, p *smpp.ReplaceSM, now time.Time) (*submission, string, *refused) {
	if note.ID == "" {
		note.ID, note.At = idText(m.ID), m.AcceptedAt.UnixMilli()
	}
	note.Registered = uint8(p.RegisteredDelivery)
	sub := &submission{To: m.To, From: m.From, Memo: note}
	if no := sub.newTimes(m, p, now); no != nil {
		return nil, "", no
	}
	read := shortmessage.Decode(smpp.ESMClass(note.ESMClass), smpp.DataCoding(*note.Coding), p.UserData(), p.TLVs, shortmessage.Guessed)
	switch {
	case read.Binary || read.Part.Total > 1:
		return nil, "", &refused{smpp.RREPLACEFAIL, "Only a whole text can take the place of a message."}
	case len(read.Part.Data) == 0:
		return nil, "", &refused{smpp.RINVMSGLEN, "The message has no text."}
	}
	return sub, read.Text(), nil
}

// newTimes are those of replace_sm, and of the message that it replaces where it says nothing. The validity keeps its end, or
// its length if the message is to go at another time.
func (sub *submission) newTimes(m *smsir.Message, p *smpp.ReplaceSM, now time.Time) *refused {
	asked := smpp.SubmitSM{ScheduleDeliveryTime: p.ScheduleDeliveryTime, ValidityPeriod: p.ValidityPeriod}
	keeps := p.ScheduleDeliveryTime == "" && m.SendAt.After(now)
	if keeps {
		asked.ScheduleDeliveryTime, _ = smpp.AbsoluteTime(m.SendAt.UTC()).Format() // in this century
	}
	if no := sub.times(&asked, now); no != nil {
		return no
	}
	if keeps {
		sub.SendAt = m.SendAt // to the millisecond
	}
	if p.ValidityPeriod != "" {
		return nil
	}
	began, begins := m.AcceptedAt, now
	if m.SendAt.After(began) {
		began = m.SendAt
	}
	if sub.SendAt.After(begins) {
		begins = sub.SendAt
	}
	if p.ScheduleDeliveryTime != "" {
		begins = began
	}
	sub.Validity = min(m.ExpiresAt.Sub(begins), accept.MaxValidity)
	if sub.Validity < accept.MinValidity {
		return &refused{smpp.RREPLACEFAIL, "Less than " + strconv.Itoa(int(accept.MinValidity/time.Second)) + " seconds of the validity are left. Give another validity_period."}
	}
	return nil
}
