package smppd

import (
	"context"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

const (
	mailPage  = 200
	handTime  = 2 * time.Minute  // a node that has deliveries in hand for so long is gone
	tryAgain  = 30 * time.Second // after the ESME could not take one
	answerIn  = time.Minute
	lookEvery = 2 * pollEvery
	handFull  = 2000 // deliveries in hand: what comes beyond waits in the outbox
)

// mail brings the deliveries of an account as long as it has a session that receives: those in hand, and every now and then
// what else the outbox has, from other nodes or given back.
func (s *Server) mail(c *customer) {
	poll := time.NewTimer(0)
	defer poll.Stop()
	var looked time.Time
	for {
		list, look, on := s.next(c, s.now().Sub(looked) >= lookEvery)
		if !on {
			return
		}
		var err error
		if look {
			looked = s.now()
			list, err = s.o.Store.TakeSMPP(s.ctx, c.id, looked, looked.Add(handTime), mailPage)
			s.looked(c, err == nil && len(list) < mailPage)
		}
		if err = errors.Join(err, s.mailAll(c, list)); err != nil && s.ctx.Err() == nil {
			s.log.Error("deliveries could not be brought", "err", err)
		}
		if len(list) > 0 && err == nil {
			continue
		}
		poll.Reset(lookEvery)
		select {
		case <-c.news:
		case <-poll.C:
		case <-s.ctx.Done():
		}
	}
}

// next is what is to be brought now: deliveries in hand, or what a look into the outbox finds, which is due or where older
// ones wait. on is false, and nothing is in hand any more, when nobody receives.
func (s *Server) next(c *customer, due bool) (list []store.SMPPDelivery, look, on bool) {
	s.mu.Lock()
	if c.receivers > 0 && s.ctx.Err() == nil {
		defer s.mu.Unlock()
		if due || c.look && len(c.hand) == 0 {
			return nil, true, true
		}
		list = c.hand[:min(mailPage, len(c.hand))]
		c.hand = c.hand[len(list):]
		return list, false, true
	}
	left := c.hand
	c.mailing, c.hand = false, nil
	s.mu.Unlock()
	s.giveBack(left)
	return nil, false, false
}

// giveBack lets others have deliveries that are in hand.
func (s *Server) giveBack(list []store.SMPPDelivery) {
	var ids []smsir.ID
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	if err := s.o.Store.ReturnSMPP(context.WithoutCancel(s.ctx), ids, s.now()); err != nil {
		s.log.Warn("deliveries could not be given back; they wait until they count as lost", "err", err)
	}
}

// looked notes whether a look into the outbox found its end.
func (s *Server) looked(c *customer, end bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.look = !end
}

// inHand marks those of some new deliveries that can be brought at once, because nothing older waits for their account.
func (s *Server) inHand(list []store.SMPPDelivery) {
	until := s.now().Add(handTime)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, d := range list {
		if c := s.customers[d.Account]; c != nil && c.mailing && c.receivers > 0 && !c.look && len(c.hand) < handFull {
			list[i].BusyUntil = until
		}
	}
}

// tell hands over the new deliveries that are marked, and has the others looked for.
func (s *Server) tell(list []store.SMPPDelivery) {
	var left []store.SMPPDelivery
	s.mu.Lock()
	for _, d := range list {
		c := s.customers[d.Account]
		switch marked := !d.BusyUntil.IsZero(); {
		case marked && (c == nil || !c.mailing):
			left = append(left, d)
			continue
		case c == nil:
			continue
		case marked:
			c.hand = append(c.hand, d)
		default:
			c.look = true
		}
		ring(c.news)
	}
	s.mu.Unlock()
	s.giveBack(left)
}

// mailAll brings deliveries, and keeps in the outbox what became of them.
func (s *Server) mailAll(c *customer, list []store.SMPPDelivery) error {
	if len(list) == 0 {
		return nil
	}
	var mu sync.Mutex
	var done, later, back []smsir.ID
	var all sync.WaitGroup
	for i, d := range list {
		conn := s.receiver(c, i)
		var slot *smppconn.Slot
		if conn != nil {
			ctx, cancel := context.WithTimeout(s.ctx, answerIn)
			slot, _ = conn.Reserve(ctx) // without one it waits
			cancel()
		}
		if slot == nil {
			mu.Lock()
			back = append(back, d.ID)
			mu.Unlock()
			continue
		}
		hear := s.bring(conn, slot, d)
		all.Go(func() {
			where := hear()
			mu.Lock()
			defer mu.Unlock()
			switch where {
			case brought:
				done = append(done, d.ID)
			case putOff:
				later = append(later, d.ID)
			default:
				back = append(back, d.ID)
			}
		})
	}
	all.Wait()
	return errors.Join(
		s.o.Store.DoneSMPP(context.WithoutCancel(s.ctx), done),
		s.o.Store.ReturnSMPP(context.WithoutCancel(s.ctx), later, s.now().Add(tryAgain)),
		s.o.Store.ReturnSMPP(context.WithoutCancel(s.ctx), back, s.now().Add(pollEvery)),
	)
}

// receiver is one of the connections of an account that receive, another one each time.
func (s *Server) receiver(c *customer, turn int) *smppconn.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*session
	for n := range c.sessions {
		if n.mode != store.SMPPTransmitter && n.conn.State().Bound() {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[turn%len(all)].conn
}

// fate is what became of a delivery.
type fate int

const (
	undone  fate = iota // it was not answered, and goes again
	brought             // the ESME has it, or will never take it
	putOff              // the ESME could not take it now
)

// bring hands one delivery over, so that they leave in order, and returns what waits for its answer.
func (s *Server) bring(conn *smppconn.Conn, slot *smppconn.Slot, d store.SMPPDelivery) (hear func() fate) {
	octets, err := hex.DecodeString(d.Body)
	p := new(smpp.DeliverSM)
	if err == nil {
		err = p.DecodePDU(octets)
	}
	if err != nil {
		slot.Release()
		s.log.Error("a delivery cannot be read; it is dropped", "err", err)
		return func() fate { return brought }
	}
	if !conn.Version().HasTLVs() { // SMPP 3.4 §3.4
		if data, ok := p.TLVs.MessagePayload(); ok {
			p.ShortMessage = data[:min(len(data), 254)]
		}
		p.TLVs = nil
	}
	call, err := slot.Send(p)
	if err != nil {
		return func() fate { return undone }
	}
	return func() fate { return s.heard(call) }
}

// heard waits for the answer to a delivery.
func (s *Server) heard(call *smppconn.Call) fate {
	resp, err := call.Wait(s.ctx)
	if err != nil {
		s.sent.WithLabelValues("no_answer").Inc()
		return undone
	}
	s.sent.WithLabelValues(resp.Status().String()).Inc()
	switch resp.Status() {
	case smpp.ROK:
		return brought
	case smpp.RXPAPPN, smpp.RXRAPPN, smpp.RINVMSGLEN, smpp.RINVDSTADR, smpp.RINVSRCADR, smpp.RINVESMCLASS, smpp.RINVCMDID, smpp.RINVCMDLEN:
		s.log.Warn("an ESME refused a delivery for good", "status", resp.Status().String())
		return brought
	}
	return putOff
}
