package smpptest

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir/smpp"
)

// Session is one connection of an [SMSC].
type Session struct {
	s        *SMSC
	nc       net.Conn
	bound    atomic.Uint32 // the command of the bind, 0 before
	writing  sync.Mutex
	sequence atomic.Uint32
	pending  map[uint32]smpp.PDU // deliveries without answer, if they are to come again; guarded by s.mu
}

// Send sends a request with the next sequence number.
func (n *Session) Send(p smpp.PDU) error {
	sequence := n.sequence.Add(1)
	if _, ok := p.(*smpp.DeliverSM); ok && n.s.script.Redeliver > 0 {
		n.s.mu.Lock()
		n.pending[sequence] = p
		n.s.mu.Unlock()
	}
	return n.write(p, sequence, 0)
}

// Write sends octets as they are.
func (n *Session) Write(b []byte) error {
	n.writing.Lock()
	defer n.writing.Unlock()
	_, err := n.nc.Write(b)
	return err
}

func (n *Session) hangUp() { _ = n.nc.Close() }

// write sends a PDU; cut > 0 breaks the connection after so many octets.
func (n *Session) write(p smpp.PDU, sequence uint32, cut int) error {
	b, err := smpp.Options{LongStrings: true}.AppendPDU(nil, p, sequence)
	if err != nil {
		return err
	}
	if cut > 0 {
		b = b[:min(cut, len(b))]
		defer n.hangUp()
	}
	return n.Write(b)
}

// take does with a PDU what the script says; false ends the connection.
func (n *Session) take(h smpp.Header, p smpp.PDU) bool {
	s := n.s
	switch p := p.(type) {
	case *smpp.Bind:
		a := s.bindAnswer(p)
		resp := &smpp.BindResp{CommandStatus: a.Status, SystemID: s.script.SystemID}
		resp.Command, _ = p.Command.Response()
		if s.script.Version != 0 {
			resp.TLVs.SetSCInterfaceVersion(s.script.Version)
		}
		if a.Text != "" {
			resp.TLVs.SetAdditionalStatusInfoText(a.Text)
		}
		if a.Status == smpp.ROK && !a.Silent {
			n.bound.Store(uint32(p.Command))
		}
		n.respond(h, resp, a)
		if n.bound.Load() != 0 && p.Command != smpp.CommandBindTransmitter {
			s.later(time.Millisecond, s.settle)
		}
	case *smpp.SubmitSM:
		n.submit(h, p)
	case *smpp.EnquireLink:
		if !s.script.Mute {
			return n.write(&smpp.EnquireLinkResp{}, h.SequenceNumber, 0) == nil
		}
	case *smpp.Unbind:
		_ = n.write(&smpp.UnbindResp{}, h.SequenceNumber, 0) // it hangs up anyway
		return false
	case *smpp.UnbindResp:
		return false
	case *smpp.QuerySM:
		s.mu.Lock()
		s.queries = append(s.queries, p)
		s.mu.Unlock()
		resp := &smpp.QuerySMResp{CommandStatus: smpp.RQUERYFAIL}
		if s.script.Query != nil {
			resp = s.script.Query(p)
		}
		return n.write(known(resp), h.SequenceNumber, 0) == nil
	case *smpp.CancelSM:
		s.mu.Lock()
		s.cancels = append(s.cancels, p)
		s.mu.Unlock()
		resp := &smpp.CancelSMResp{CommandStatus: smpp.RCANCELFAIL}
		if s.script.Cancel != nil {
			resp = s.script.Cancel(p)
		}
		return n.write(known(resp), h.SequenceNumber, 0) == nil
	case *smpp.DeliverSMResp:
		s.mu.Lock()
		s.answers = append(s.answers, p)
		again := n.pending[h.SequenceNumber]
		delete(n.pending, h.SequenceNumber)
		s.mu.Unlock()
		d, isDelivery := again.(*smpp.DeliverSM)
		switch {
		case again != nil && p.CommandStatus != smpp.ROK:
			s.later(s.script.Redeliver, func() { s.again(again) })
		case isDelivery && s.script.Acked != nil:
			s.script.Acked(d)
		}
	case smpp.Response:
	default:
		return n.write(&smpp.GenericNack{CommandStatus: smpp.RINVCMDID}, h.SequenceNumber, 0) == nil
	}
	return true
}

// known is an answer, or generic_nack where the carrier is to seem not to know the command.
func known(resp smpp.Response) smpp.PDU {
	if resp.Status() == smpp.RINVCMDID {
		return &smpp.GenericNack{CommandStatus: smpp.RINVCMDID}
	}
	return resp
}

func (n *Session) submit(h smpp.Header, p *smpp.SubmitSM) {
	a := n.s.submitAnswer(p)
	for _, r := range a.Receipts {
		if r.Before {
			n.receipt(r, p, a.MessageID)
		}
	}
	resp := &smpp.SubmitSMResp{CommandStatus: a.Status}
	if a.Status == smpp.ROK {
		resp.MessageID = a.MessageID
	}
	if a.Text != "" {
		resp.TLVs.SetAdditionalStatusInfoText(a.Text)
	}
	n.respond(h, resp, a)
	for _, r := range a.Receipts {
		if !r.Before {
			r.After += a.After
			n.receipt(r, p, a.MessageID)
		}
	}
}

// respond sends a response as the answer has it.
func (n *Session) respond(h smpp.Header, resp smpp.Response, a Answer) {
	sequence := h.SequenceNumber
	if a.Sequence != nil {
		sequence = a.Sequence(sequence)
	}
	n.s.later(a.After, func() {
		switch {
		case a.Cut < 0:
			n.hangUp()
		case a.Unbind:
			_ = n.Send(&smpp.Unbind{}) // who has gone needs no unbind
		case !a.Silent:
			var p smpp.PDU = resp
			if a.Nack {
				p = &smpp.GenericNack{CommandStatus: resp.Status()}
			}
			for range max(a.Times, 1) {
				if n.write(p, sequence, a.Cut) != nil {
					return // the peer has gone
				}
			}
		}
	})
}

func (n *Session) receipt(r Receipt, p *smpp.SubmitSM, id string) {
	n.s.later(r.After, func() {
		d := r.deliver(p, id, now())
		for range max(r.Times, 1) {
			if n.s.script.Redeliver > 0 {
				n.s.again(d) // through whichever session there is, now or later
			} else if n.Send(d) != nil {
				return // the peer has gone
			}
		}
	})
}
