package smppconn

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/smsir/smsir/smpp"
)

const (
	// maxLengthBeforeBindResp is the largest PDU that an ESME takes before it is bound: the response may explain itself.
	maxLengthBeforeBindResp = 1024
	// maxFaults is how many PDUs in a row may be malformed.
	maxFaults = 20
)

// Request is a request of the peer.
type Request struct {
	Header   smpp.Header
	PDU      smpp.PDU
	c        *Conn
	answered bool // guarded by c.mu
}

// Conn is where the request came from.
func (r *Request) Conn() *Conn { return r.c }

// Respond queues the response. An error says that it will not leave: the session is over (its cause is in the chain),
// the response cannot be encoded, or there was one before ([ErrAnswered]).
func (r *Request) Respond(p smpp.Response) error {
	c := r.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.answered {
		return ErrAnswered
	}
	if c.state == Closed {
		if c.cause == nil {
			return ErrUnbound
		}
		return c.cause
	}
	if err := c.queueLocked(p, r.Header.SequenceNumber, item{answer: true}); err != nil {
		return err
	}
	r.answered = true
	return nil
}

// Refuse responds with nothing but a status.
func (r *Request) Refuse(s smpp.CommandStatus) error {
	p := smpp.ResponseTo(r.Header.CommandID, s)
	if p == nil {
		return ErrAnswered
	}
	return r.Respond(p)
}

// timed reads from the network, and sees that a PDU that has begun ends in time.
type timed struct {
	c     *Conn
	r     *smpp.Reader
	begun time.Time // when the PDU began that is not whole yet; zero if none
	armed bool      // a deadline is set
}

func (t *timed) Read(b []byte) (int, error) {
	switch partial := t.r.Buffered() > 0; {
	case partial && t.c.o.PDUTimer > 0:
		if t.begun.IsZero() {
			t.begun = time.Now()
		}
		if err := t.c.nc.SetReadDeadline(t.begun.Add(t.c.o.PDUTimer)); err != nil {
			return 0, err
		}
		t.armed = true
	case t.armed:
		if err := t.c.nc.SetReadDeadline(time.Time{}); err != nil {
			return 0, err
		}
		t.armed = false
	}
	n, err := t.c.nc.Read(b)
	if n > 0 {
		t.c.lastRead.Store(time.Now().UnixNano())
	}
	return n, err
}

// read reads PDUs until the session is over, and returns why it ended.
func (c *Conn) read(ctx context.Context) error {
	t := &timed{c: c}
	t.r = smpp.NewReader(t)
	if c.o.Role == ESME {
		t.r.SetMaxLength(maxLengthBeforeBindResp)
	}
	faults := 0
	for bound := false; ; {
		c.waitForRoom()
		b, err := t.r.ReadPDU()
		if err != nil {
			return c.readError(err)
		}
		t.begun = time.Time{}
		c.stats.read.Add(1)
		fault, err := c.take(ctx, b)
		if err != nil {
			return err
		}
		if !fault {
			faults = 0
		} else if faults++; faults == maxFaults {
			return ErrFaults
		}
		if !bound && c.State().Bound() {
			bound = true
			t.r.SetMaxLength(c.o.PDU.MaxLength)
		}
	}
}

// readError says what a failure to read means, and answers a stream that is lost.
func (c *Conn) readError(err error) error {
	var lost *smpp.LengthError
	switch {
	case errors.As(err, &lost):
		c.stats.malformed.Add(1)
		c.mu.Lock()
		if c.state != Closed {
			_ = c.queueLocked(&smpp.GenericNack{CommandStatus: smpp.RINVCMDLEN}, lost.SequenceNumber, item{}) // it always fits
		}
		c.mu.Unlock()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrPDUTimer
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed):
		return ErrPeerClosed
	}
	return err
}

// take does with one PDU what its command asks for. fault tells that it could not be read, an error that the session
// cannot go on.
func (c *Conn) take(ctx context.Context, b []byte) (fault bool, err error) {
	h, p, broken := c.o.PDU.Decode(b)
	c.traceRead(b, p, broken)
	if broken != nil {
		c.stats.malformed.Add(1)
	}
	if h.CommandID.IsResponse() {
		r, _ := p.(smpp.Response)
		c.respond(h, r)
		return broken != nil, nil // what could be read of it has counted
	}
	if status := c.admit(h.CommandID); status != smpp.ROK {
		return c.refuse(h, status, status == smpp.RINVCMDID), nil
	}
	var malformed *smpp.DecodeError
	if errors.As(broken, &malformed) {
		return c.refuse(h, malformed.CommandStatus(), false), nil
	}
	switch p := p.(type) {
	case *smpp.Bind:
		return false, c.takeBind(ctx, h, p)
	case *smpp.Outbind:
		c.takeOutbind(ctx, p)
	case *smpp.EnquireLink:
		c.answer(h, &smpp.EnquireLinkResp{})
	case *smpp.Unbind:
		c.takeUnbind(h)
	case *smpp.Raw: // a broadcast command of SMPP 5.0
		return c.refuse(h, smpp.RINVCMDID, true), nil
	default:
		c.hand(ctx, h, p)
	}
	return false, nil
}

// admit is Allowed for what comes from the peer. What was under way when this side began to unbind is still welcome.
func (c *Conn) admit(command smpp.CommandID) smpp.CommandStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.state
	if s == Unbinding && !c.peerLeft {
		s = c.was
	}
	return Allowed(s, c.o.Role.peer(), command)
}

// refuse answers a request that will not be looked at; it is a fault of the peer.
func (c *Conn) refuse(h smpp.Header, s smpp.CommandStatus, nack bool) (fault bool) {
	p := smpp.ResponseTo(h.CommandID, s)
	if nack && p != nil {
		p = &smpp.GenericNack{CommandStatus: s}
	}
	if p != nil {
		c.answer(h, p)
	}
	return true
}

// answer queues a response of the connection itself.
func (c *Conn) answer(h smpp.Header, p smpp.PDU) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != Closed {
		_ = c.queueLocked(p, h.SequenceNumber, item{}) // what this package answers can be encoded
	}
}

// hand gives a request to the application.
func (c *Conn) hand(ctx context.Context, h smpp.Header, p smpp.PDU) {
	r := &Request{Header: h, PDU: p, c: c}
	if _, answered := h.CommandID.Response(); !answered {
		r.answered = true
		if c.o.Handle != nil {
			c.o.Handle(ctx, r)
		}
		return
	}
	c.mu.Lock()
	full := c.due >= c.o.PeerWindow
	if !full {
		c.due++
	}
	c.mu.Unlock()
	switch {
	case full:
		c.stats.throttled.Add(1)
		c.answer(h, smpp.ResponseTo(h.CommandID, smpp.RTHROTTLED))
	case c.o.Handle == nil:
		_ = r.Respond(&smpp.GenericNack{CommandStatus: smpp.RINVCMDID}) // fails only if the session is over
	default:
		c.o.Handle(ctx, r)
	}
}

// respond joins a response to its request.
func (c *Conn) respond(h smpp.Header, p smpp.Response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.calls[h.SequenceNumber]
	if k == nil || p == nil || !k.left || h.CommandID != smpp.CommandGenericNack && !answers(h.CommandID, k.command) {
		c.stats.unknown.Add(1)
		return
	}
	switch {
	case k.command == smpp.CommandEnquireLink:
		c.enquired = false
	case k.command.IsBind():
		c.boundLocked(k.command, p)
	}
	c.finishLocked(k, p, nil)
}

func answers(response, request smpp.CommandID) bool {
	want, _ := request.Response()
	return response == want
}
