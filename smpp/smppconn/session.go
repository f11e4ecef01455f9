package smppconn

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/smsir/smsir/smpp"
)

// Bind binds as an ESME. The error is a [*BindError] if the SMSC refuses, else a [*CallError].
//
// SMPP 3.4 §4.1
func (c *Conn) Bind(ctx context.Context, p *smpp.Bind) (*smpp.BindResp, error) {
	c.mu.Lock()
	if c.state == Open || c.state == Outbound {
		c.bind = withoutPassword(p)
	}
	c.mu.Unlock()
	call, err := c.start(p, false)
	if err != nil {
		return nil, err
	}
	r, err := call.Wait(ctx)
	if err != nil {
		return nil, err
	}
	resp, ok := r.(*smpp.BindResp)
	if ok && resp.CommandStatus == smpp.ROK {
		return resp, nil
	}
	e := &BindError{Status: r.Status()}
	if ok {
		e.Text, _ = resp.TLVs.AdditionalStatusInfoText()
	}
	return nil, e
}

// boundLocked notes that a bind of ours was answered.
func (c *Conn) boundLocked(command smpp.CommandID, p smpp.Response) {
	resp, ok := p.(*smpp.BindResp)
	if !ok || resp.CommandStatus != smpp.ROK || c.state != Open && c.state != Outbound {
		return
	}
	c.state = boundAs(command)
	c.version, _ = resp.TLVs.SCInterfaceVersion()
}

func withoutPassword(p *smpp.Bind) *smpp.Bind {
	q := *p
	q.Password = ""
	return &q
}

// Outbind asks an ESME to bind, as an SMSC that has connected to it. It is not answered but by the bind.
//
// SMPP 3.4 §4.1.7
func (c *Conn) Outbind(p *smpp.Outbind) error {
	return c.Notify(p)
}

// Notify sends what is never answered: alert_notification or outbind. The error is a [*CallError], and nothing was
// written.
func (c *Conn) Notify(p smpp.PDU) error {
	command := p.CommandID()
	fail := func(err error) error { return &CallError{Command: command, Err: err} }
	if command != smpp.CommandOutbind && command != smpp.CommandAlertNotification {
		return fail(ErrState)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.mayLocked(command); err != nil {
		return fail(err)
	}
	if err := c.queueLocked(p, c.nextLocked(), item{}); err != nil {
		return fail(err)
	}
	if command == smpp.CommandOutbind {
		c.state = Outbound
	}
	return nil
}

// takeBind lets the application decide about a bind.
func (c *Conn) takeBind(ctx context.Context, h smpp.Header, p *smpp.Bind) error {
	resp := &smpp.BindResp{CommandStatus: smpp.RBINDFAIL}
	if c.o.OnBind != nil {
		if r := c.o.OnBind(ctx, c, p); r != nil {
			resp = r
		}
	}
	resp.Command, _ = h.CommandID.Response()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == Closed {
		return c.cause
	}
	if resp.CommandStatus == smpp.ROK {
		c.state, c.bind, c.version = boundAs(p.Command), withoutPassword(p), p.InterfaceVersion
	}
	if err := c.queueLocked(resp, h.SequenceNumber, item{}); err != nil {
		return err
	}
	if resp.CommandStatus != smpp.ROK {
		return ErrBindRefused
	}
	return nil
}

func (c *Conn) takeOutbind(ctx context.Context, p *smpp.Outbind) {
	c.mu.Lock()
	if c.state == Open {
		c.state = Outbound
	}
	c.mu.Unlock()
	if c.o.OnOutbind != nil {
		c.o.OnOutbind(ctx, c, p)
	}
}

// Unbind ends the session in order: no new request starts; responses that are due on either side are waited for, at most
// as long as the drain timer; then unbind is sent, and the connection closed when it is answered or ctx or the response
// timer ends. An error says that the peer did not answer the unbind; the connection is closed all the same.
//
// SMPP 3.4 §4.2
func (c *Conn) Unbind(ctx context.Context) error {
	defer c.close(nil)
	if !c.State().Bound() {
		return nil
	}
	c.drain(ctx)
	call, err := c.start(&smpp.Unbind{}, false)
	if err != nil {
		return err
	}
	_, err = call.Wait(ctx)
	return err
}

// takeUnbind answers the unbind of the peer when nothing is due any more, and closes.
func (c *Conn) takeUnbind(h smpp.Header) {
	c.mu.Lock()
	c.peerLeft = true
	c.leaveLocked() // before the next PDU is read: what comes after an unbind is refused
	c.mu.Unlock()
	c.own.Go(func() {
		c.drain(context.Background())
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.state != Closed {
			_ = c.queueLocked(&smpp.UnbindResp{}, h.SequenceNumber, item{last: true}) // it always fits
			c.parted = true
		}
	})
}

// drain stops new requests and waits until no response is due on either side and all is written, ctx ends, or the drain
// timer does.
func (c *Conn) drain(ctx context.Context) {
	c.mu.Lock()
	c.leaveLocked()
	if c.drained == nil {
		c.drained = make(chan struct{})
		c.checkDrainedLocked()
	}
	drained := c.drained
	c.mu.Unlock()
	timer := time.NewTimer(max(c.o.DrainTimer, 0))
	defer timer.Stop()
	select {
	case <-drained:
	case <-timer.C:
	case <-ctx.Done():
	case <-c.over:
	}
}

// leaveLocked ends what a bound session may begin.
func (c *Conn) leaveLocked() {
	if c.state.Bound() {
		c.was, c.state = c.state, Unbinding
		close(c.leave)
	}
}

func (c *Conn) drainedLocked() bool {
	if c.due > 0 || len(c.out.items) > 0 {
		return false
	}
	for _, k := range c.calls {
		if !k.timedOut && k.command != smpp.CommandUnbind && k.command != smpp.CommandEnquireLink {
			return false
		}
	}
	return true
}

func (c *Conn) checkDrainedLocked() {
	if c.drained == nil || !c.drainedLocked() {
		return
	}
	select {
	case <-c.drained:
	default:
		close(c.drained)
	}
}

// tick looks at the timers of the session, and when to look again.
func (c *Conn) tick() {
	now := time.Now()
	c.mu.Lock()
	next, enquire, over := c.timersLocked(now)
	if c.state != Closed && over == nil && next > 0 {
		c.clock.Reset(next)
	}
	c.mu.Unlock()
	switch {
	case over != nil:
		c.close(over)
	case enquire:
		c.stats.enquired.Add(1)
		if _, err := c.start(&smpp.EnquireLink{}, false); err != nil {
			return // the session has just ended
		}
	}
}

// timersLocked says when to look again (0: never), whether to ask the peer for a sign of life, and which timer has ended
// the session, if one has.
func (c *Conn) timersLocked(now time.Time) (next time.Duration, enquire bool, over error) {
	left := func(timer time.Duration, since time.Time) time.Duration { return timer - now.Sub(since) }
	if c.state == Open || c.state == Outbound {
		// Until the bind there is one timer. It looks every now and then, because the bind does not wake it. An ESME that
		// has asked to bind has the response timer instead.
		if c.o.SessionInitTimer < 0 || c.o.Role == ESME && c.bind != nil {
			return time.Second, false, nil
		}
		rest := left(c.o.SessionInitTimer, c.opened)
		if rest <= 0 {
			return 0, false, ErrSessionInitTimer
		}
		return min(rest, time.Second), false, nil
	}
	last := time.Unix(0, c.lastRead.Load())
	if c.o.InactivityTimer > 0 {
		rest := left(c.o.InactivityTimer, last)
		if rest <= 0 {
			return 0, false, ErrInactivityTimer
		}
		next = rest
	}
	if c.o.EnquireLinkTimer > 0 {
		rest := left(c.o.EnquireLinkTimer, last)
		if rest <= 0 {
			enquire = !c.enquired
			c.enquired = true
			rest = c.o.EnquireLinkTimer
		} else {
			c.enquired = false
		}
		if next == 0 || rest < next {
			next = rest
		}
	}
	return next, enquire, nil
}

// lastWord reports whether the peer was told why the connection is closed, and should have the time to read it.
func lastWord(err error) bool {
	var lost *smpp.LengthError
	return errors.As(err, &lost) || errors.Is(err, ErrFaults) || errors.Is(err, ErrBindRefused)
}

// linger lets the last response reach the peer: what is read until it hangs up, at most for a second, is thrown away,
// because closing a connection with octets unread destroys what is on its way.
func (c *Conn) linger() {
	const patience, limit = time.Second, 64 << 10
	if c.nc.SetReadDeadline(time.Now().Add(patience)) != nil {
		return
	}
	c.mu.Lock()
	for c.flushing && c.state != Closed {
		c.room.Wait()
	}
	c.mu.Unlock()
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, c.nc, limit) // whatever comes
	}
}
