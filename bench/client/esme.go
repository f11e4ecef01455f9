package client

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/bench/oracle"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// Bind is how a program logs in to the gateway's SMPP server.
type Bind struct {
	Address, SystemID, Password, Sender string
}

// ESME starts a program that speaks SMPP and submits one message after the other until ctx ends, resting between. It binds again
// after each loss, and takes every receipt. A submit_sm has no key: one without an answer is not repeated, and whether it is
// stored nobody knows. ROK means that it is.
func (c *Crew) ESME(ctx context.Context, b Bind, rest time.Duration) {
	s := c.Sender()
	c.work.Go(func() {
		for c.site.Conn(ctx) != nil {
			s.bound(ctx, b, rest)
			if !Rest(ctx, 50*time.Millisecond) {
				return
			}
		}
	})
}

// bound is one connection.
func (s *Sender) bound(ctx context.Context, b Bind, rest time.Duration) {
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", b.Address)
	if err != nil {
		return
	}
	e := smpptest.NewESME(nc)
	defer e.Close()
	e.Patience = Patience
	if e.Bind(smpp.CommandBindTransceiver, b.SystemID, b.Password) != nil {
		return
	}
	for Rest(ctx, rest/2+time.Duration(s.rng.Int64N(int64(rest)))) {
		if !s.submit(e, b) {
			return
		}
	}
}

// submit sends one message and waits for its answer; false when the connection is of no use any more.
func (s *Sender) submit(e *smpptest.ESME, b Bind) bool {
	n := s.Number()
	row := s.Row(n, 0, s.opt.Recipient(s.rng))
	row.Mark = row.Text // there is no place for another one
	if err := s.ledger.Ask(oracle.Ask{Request: n, Try: 1, Op: oracle.Send, Rows: []oracle.Row{row}}); err != nil {
		s.fault("%v", err)
		return false
	}
	p := &smpp.SubmitSM{
		SourceAddrTON: smpp.TONInternational, SourceAddrNPI: 1, SourceAddr: b.Sender[1:], DestAddrTON: smpp.TONInternational, DestAddrNPI: 1, DestinationAddr: row.To[1:],
		RegisteredDelivery: smpp.ReceiptAlways, ShortMessage: []byte(row.Text),
	}
	resp, err := e.Call(p, func(h smpp.Header, p smpp.PDU) {
		switch p.(type) {
		case *smpp.DeliverSM:
			_ = e.SendAs(&smpp.DeliverSMResp{}, h.SequenceNumber) // the next call notices
		case *smpp.EnquireLink:
			_ = e.SendAs(&smpp.EnquireLinkResp{}, h.SequenceNumber)
		case *smpp.Unbind:
			_ = e.SendAs(&smpp.UnbindResp{}, h.SequenceNumber)
		}
	})
	a := oracle.Answer{Request: n, Try: 1}
	if err == nil {
		a.Code = resp.Status().String()
		a.Status = s.statusOf(resp, &a)
	} else {
		s.resets.Add(1)
	}
	if err := s.ledger.Answer(a); err != nil {
		s.fault("%v", err)
	}
	return err == nil
}

// statusOf says in the words of HTTP what an answer means.
func (s *Sender) statusOf(resp smpp.Response, a *oracle.Answer) int {
	sm, isSubmit := resp.(*smpp.SubmitSMResp)
	switch {
	case isSubmit && sm.CommandStatus == smpp.ROK:
		id, err := strconv.ParseInt(sm.MessageID, 10, 64)
		if err != nil {
			s.fault("submit_sm_resp names %q", sm.MessageID)
		}
		a.Messages = []string{smsir.ID(id).Format(smsir.PrefixMessage)}
		s.sent.Add(1)
		return 202
	case resp.Status() == smpp.RTHROTTLED, resp.Status() == smpp.RMSGQFUL:
		return 429
	case resp.Status() == smpp.RSYSERR:
		return 503
	}
	s.fault("submit_sm is answered with %s", resp.Status())
	return 422
}
