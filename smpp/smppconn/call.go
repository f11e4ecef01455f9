package smppconn

import (
	"context"
	"fmt"
	"time"

	"github.com/smsir/smsir/smpp"
)

// Slot is a reserved place in the window: a request that has one is written without waiting for others. Use it once,
// with [Slot.Send] or [Slot.Release].
type Slot struct {
	c    *Conn
	used bool
}

// Reserve waits for a place in the window. The error is a [*CallError], and nothing was written.
func (c *Conn) Reserve(ctx context.Context) (*Slot, error) {
	err := ctx.Err()
	if err == nil {
		select {
		case c.slots <- struct{}{}:
			return &Slot{c: c}, nil
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-c.leave:
			err = ErrUnbound
		case <-c.over:
			err = c.why()
		}
	}
	return nil, &CallError{Err: err}
}

// TryReserve is Reserve without waiting; nil if the window is full or the session over.
func (c *Conn) TryReserve() *Slot {
	select {
	case <-c.leave:
		return nil
	case <-c.over:
		return nil
	default:
	}
	select {
	case c.slots <- struct{}{}:
		return &Slot{c: c}
	default:
		return nil
	}
}

// why is what ended the session.
func (c *Conn) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.whyLocked()
}

func (c *Conn) whyLocked() error {
	if c.cause == nil {
		return ErrUnbound
	}
	return c.cause
}

// Release gives an unused slot back.
func (s *Slot) Release() {
	if !s.used {
		s.used = true
		<-s.c.slots
	}
}

// Send queues a request to be written. The slot is used up whatever happens. The error is a [*CallError], and nothing
// was written.
func (s *Slot) Send(p smpp.PDU) (*Call, error) {
	if s.used {
		return nil, &CallError{Command: p.CommandID(), Err: fmt.Errorf("the slot was used before: %w", ErrState)}
	}
	call, err := s.c.start(p, true)
	if err != nil {
		s.Release()
		return nil, err
	}
	s.used = true
	return call, nil
}

// Request sends a request and waits for its response: Reserve, Send and Wait in one. The error is a [*CallError]. A
// response with a status other than ROK is no error; generic_nack comes as a [*smpp.GenericNack].
func (c *Conn) Request(ctx context.Context, p smpp.PDU) (smpp.Response, error) {
	slot, err := c.Reserve(ctx)
	if err != nil {
		err.(*CallError).Command = p.CommandID() //nolint:errorlint,errcheck // Reserve has no other
		return nil, err
	}
	call, err := slot.Send(p)
	if err != nil {
		return nil, err
	}
	return call.Wait(ctx)
}

// Call is a request under way.
type Call struct {
	c        *Conn
	command  smpp.CommandID
	sequence uint32
	slot     bool // it has a place in the window
	done     chan struct{}
	expired  chan struct{}

	// Guarded by c.mu.
	left     bool // its octets were handed to the system
	writing  bool // just now, so that nobody knows yet whether it took them
	timedOut bool
	finished bool
	timer    *time.Timer
	response smpp.Response
	err      *CallError
}

// SequenceNumber is that of the request.
func (k *Call) SequenceNumber() uint32 { return k.sequence }

// Done is closed when the response is there or never will be.
func (k *Call) Done() <-chan struct{} { return k.done }

// Wait waits for the response, but not beyond the response timer. It may be called again, and by several at once. The
// error is a [*CallError]. If ctx ends while nothing of the request was written, the request is withdrawn; otherwise
// its response is still waited for by [Call.Late].
func (k *Call) Wait(ctx context.Context) (smpp.Response, error) {
	select {
	case <-k.done:
		return k.result()
	default:
	}
	select {
	case <-k.done:
		return k.result()
	case <-k.expired:
		return k.giveUp(ErrResponseTimer)
	case <-ctx.Done():
		return k.giveUp(context.Cause(ctx))
	}
}

// Late waits for the response as long as the session lives and ctx does not end. It never withdraws the request.
func (k *Call) Late(ctx context.Context) (smpp.Response, error) {
	select {
	case <-k.done:
		return k.result()
	case <-ctx.Done():
		return nil, &CallError{Command: k.command, Written: true, Err: context.Cause(ctx)}
	}
}

// result is for a call that is done.
func (k *Call) result() (smpp.Response, error) {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	if k.err != nil {
		return nil, k.err
	}
	return k.response, nil
}

func (k *Call) giveUp(why error) (smpp.Response, error) {
	k.c.mu.Lock()
	if !k.finished && !k.left { // the queue leaves it out
		k.c.finishLocked(k, nil, &CallError{Command: k.command, Err: why})
	}
	finished := k.finished
	k.c.mu.Unlock()
	if finished {
		return k.result()
	}
	return nil, &CallError{Command: k.command, Written: true, Err: why}
}

// start gives a request its sequence number and queues it.
func (c *Conn) start(p smpp.PDU, slot bool) (*Call, error) {
	k := &Call{c: c, command: p.CommandID(), slot: slot, done: make(chan struct{}), expired: make(chan struct{})}
	fail := func(err error) (*Call, error) { return nil, &CallError{Command: k.command, Err: err} }
	if response, ok := k.command.Response(); !ok || response == smpp.CommandGenericNack {
		return fail(ErrState)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.mayLocked(k.command); err != nil {
		return fail(err)
	}
	k.sequence = c.nextLocked()
	if err := c.queueLocked(p, k.sequence, item{call: k}); err != nil {
		return fail(err)
	}
	c.calls[k.sequence] = k
	return k, nil
}

// mayLocked reports why a request of ours may not be sent now.
func (c *Conn) mayLocked(command smpp.CommandID) error {
	switch {
	case c.state == Closed && c.cause != nil:
		return c.cause
	case c.state == Closed || c.state == Unbinding && command != smpp.CommandUnbind && command != smpp.CommandEnquireLink:
		return ErrUnbound
	case Allowed(c.state, c.o.Role, command) != smpp.ROK:
		return fmt.Errorf("%w: %s", ErrState, c.state)
	}
	return nil
}

// nextLocked is the next sequence number that no request without response has.
//
// SMPP 3.4 §5.1.4
func (c *Conn) nextLocked() uint32 {
	for {
		n := c.sequence
		if c.sequence++; c.sequence > smpp.MaxSequenceNumber {
			c.sequence = 1
		}
		if c.calls[n] == nil {
			return n
		}
	}
}

// leftLocked starts the response timer of a call whose octets go to the system now.
func (c *Conn) leftLocked(k *Call) {
	k.left, k.writing = true, true
	if c.o.ResponseTimer > 0 {
		k.timer = time.AfterFunc(c.o.ResponseTimer, func() { c.expire(k) })
	}
}

// expire frees the slot of a call without response, and remembers it.
func (c *Conn) expire(k *Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.finished || k.timedOut {
		return
	}
	k.timedOut = true
	close(k.expired)
	c.freeLocked(k)
	c.late = append(c.late, k.sequence)
	for len(c.late) > c.o.MaxLate {
		if old := c.calls[c.late[0]]; old != nil && old.timedOut {
			c.finishLocked(old, nil, &CallError{Command: old.command, Written: true, Err: ErrForgotten})
		}
		c.late = c.late[1:]
	}
}

func (c *Conn) freeLocked(k *Call) {
	if k.slot {
		k.slot = false
		<-c.slots
	}
}

// finishLocked ends a call with its response or without.
func (c *Conn) finishLocked(k *Call, response smpp.Response, err *CallError) {
	if k.finished {
		return
	}
	k.finished, k.response, k.err = true, response, err
	delete(c.calls, k.sequence)
	if k.timer != nil {
		k.timer.Stop()
	}
	c.freeLocked(k)
	close(k.done)
	c.checkDrainedLocked()
}
