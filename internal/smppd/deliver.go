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
	mailPage = 200
	handTime = 2 * time.Minute  // a node that has deliveries in hand for so long is gone
	tryAgain = 30 * time.Second // after the ESME could not take one
	answerIn = time.Minute
)

// mail brings the deliveries of an account as long as it has a session that receives.
func (s *Server) mail(c *customer) {
	poll := time.NewTimer(0)
	defer poll.Stop()
	for {
		s.mu.Lock()
		if c.receivers == 0 || s.ctx.Err() != nil {
			c.mailing = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		n, err := s.mailOnce(c)
		if err != nil && s.ctx.Err() == nil {
			s.log.Error("deliveries could not be brought", "err", err)
		}
		if n == mailPage && err == nil {
			continue
		}
		poll.Reset(2 * pollEvery)
		select {
		case <-c.news:
		case <-poll.C:
		case <-s.ctx.Done():
		}
	}
}

// mailOnce brings a page, and says how many there were.
func (s *Server) mailOnce(c *customer) (int, error) {
	now := s.now()
	list, err := s.o.Store.TakeSMPP(s.ctx, c.id, now, now.Add(handTime), mailPage)
	if err != nil || len(list) == 0 {
		return 0, err
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
	return len(list), errors.Join(
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
