package smppd

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

// find is the message that a customer means by an id: nil if it is none of the account's, and the state alone for a part
// of which no message has become.
func (n *session) find(b *bound, text string) (m *smsir.Message, state smpp.MessageState, ok bool) {
	id, ok := idOf(text)
	if !ok {
		return nil, 0, false
	}
	m, err := n.s.o.Store.Message(n.ctx, b.account.Workspace, id)
	if err != nil {
		set, err := n.s.o.Store.PartByID(n.ctx, kindOfSets, b.account.ID, id)
		switch {
		case err != nil:
			return nil, 0, false
		case set.DoneAt.IsZero():
			return nil, smpp.StateEnroute, true
		case set.Message == 0:
			return nil, smpp.StateRejected, true
		}
		if m, err = n.s.o.Store.Message(n.ctx, b.account.Workspace, set.Message); err != nil {
			return nil, 0, false
		}
	}
	if m, err = n.latest(b, m); err != nil {
		return nil, 0, false
	}
	if m.CreatedBy != (smsir.Actor{Kind: smsir.ActorSMPP, ID: b.account.ID}) {
		return nil, 0, false // of somebody else: as if it were not there
	}
	return m, stateOf(m), true
}

// stateOf is the state of a message in the words of SMPP.
func stateOf(m *smsir.Message) smpp.MessageState {
	switch m.Status {
	case smsir.Delivered:
		return smpp.StateDelivered
	case smsir.Expired:
		return smpp.StateExpired
	case smsir.Undelivered, smsir.Failed:
		return smpp.StateUndeliverable
	case smsir.Canceled:
		return smpp.StateDeleted
	case smsir.Blocked:
		return smpp.StateRejected
	case smsir.Sent, smsir.Unknown:
		if m.Final {
			return smpp.StateUnknown
		}
	}
	return smpp.StateEnroute
}

// query answers query_sm.
func (n *session) query(r *smppconn.Request, b *bound) {
	q := r.PDU.(*smpp.QuerySM) //nolint:errcheck,forcetypeassert // handle has looked
	m, state, ok := n.find(b, q.MessageID)
	resp := &smpp.QuerySMResp{CommandStatus: smpp.RQUERYFAIL, MessageID: q.MessageID}
	if ok {
		resp.CommandStatus, resp.MessageState = smpp.ROK, state
		if m != nil && m.Final {
			if at, err := smpp.AbsoluteTime(m.FinishedAt).Format(); err == nil {
				resp.FinalDate = at
			}
		}
	} else {
		resp.MessageID = ""
	}
	n.respond(r, resp)
}

// cancel answers cancel_sm: with ESME_ROK only if no provider has the message and none ever will.
func (n *session) cancel(r *smppconn.Request, b *bound) {
	q := r.PDU.(*smpp.CancelSM) //nolint:errcheck,forcetypeassert // handle has looked
	status := smpp.RCANCELFAIL
	if m, _, ok := n.find(b, q.MessageID); ok && m != nil {
		result, _, err := n.s.o.Store.Cancel(n.ctx, b.account.Workspace, m.ID, smsir.Actor{Kind: smsir.ActorSMPP, ID: b.account.ID}, n.s.now())
		if err == nil && result == smsir.CancelDone {
			status = smpp.ROK
		}
	}
	n.respond(r, &smpp.CancelSMResp{CommandStatus: status})
}
