package smppconn

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir/smpp"
)

// Conn is one SMPP connection. Its methods may be called concurrently.
type Conn struct {
	nc    net.Conn
	o     Options
	slots chan struct{} // one for each request of ours without response
	over  chan struct{} // closed when the session has ended
	leave chan struct{} // closed when unbinding begins

	mu       sync.Mutex
	state    State
	was      State      // bound as, before unbinding
	peerLeft bool       // the peer has said unbind
	parted   bool       // and was answered
	bind     *smpp.Bind // that bound the session, without its password
	version  smpp.InterfaceVersion
	cause    error // why the session ended; nil after an unbind
	sequence uint32
	calls    map[uint32]*Call
	late     []uint32 // of calls whose response timer has ended, oldest first
	due      int      // requests of the peer without response
	drained  chan struct{}
	out      queue
	spare    queue
	flushing bool
	room     *sync.Cond // on mu: out has been taken
	enquired bool       // an enquire_link has no answer yet

	clock    *time.Timer // the next look at the timers of the session
	opened   time.Time
	lastRead atomic.Int64 // UnixNano
	own      sync.WaitGroup
	stats    counters
}

// New makes a connection of nc, which it owns from now on. Nothing happens before [Conn.Run].
func New(nc net.Conn, o Options) *Conn {
	o = o.withDefaults()
	c := &Conn{
		nc: nc, o: o,
		slots: make(chan struct{}, o.Window),
		over:  make(chan struct{}),
		leave: make(chan struct{}),

		sequence: o.FirstSequenceNumber,
		calls:    map[uint32]*Call{},
		opened:   time.Now(),
	}
	c.room = sync.NewCond(&c.mu)
	c.lastRead.Store(c.opened.UnixNano())
	return c
}

// Run reads the connection until it ends and serves it meanwhile. It returns when everything that belongs to it has
// ended: nil after an unbind, otherwise why. When ctx ends, the connection is closed without an unbind.
func (c *Conn) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { c.close(fmt.Errorf("%w: %w", ErrClosed, context.Cause(ctx))) })
	defer stop()
	c.mu.Lock()
	if c.state != Closed {
		c.clock = time.AfterFunc(0, c.tick)
	}
	c.mu.Unlock()
	err := c.read(ctx)
	if lastWord(err) {
		c.linger()
	}
	c.close(err)
	c.own.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.flushing {
		c.room.Wait()
	}
	return c.cause
}

// Close ends the connection without an unbind. Requests without response fail.
func (c *Conn) Close() error {
	c.close(ErrClosed)
	return nil
}

// close ends the session once; later calls change nothing.
func (c *Conn) close(cause error) {
	c.mu.Lock()
	if c.state == Closed {
		c.mu.Unlock()
		return
	}
	unbound := c.parted || c.state == Unbinding && c.drainedLocked()
	if c.state.Bound() {
		c.was = c.state
	}
	c.state = Closed
	why := cause
	if why == nil || unbound {
		why = ErrUnbound
	} else {
		c.cause = cause
	}
	if c.clock != nil {
		c.clock.Stop()
	}
	for _, call := range c.calls {
		if !call.writing { // the write will tell
			c.finishLocked(call, nil, &CallError{Command: call.command, Written: call.left, Err: why})
		}
	}
	c.out = queue{}
	close(c.over)
	c.room.Broadcast()
	c.mu.Unlock()
	_ = c.nc.Close() // nothing can be done about it, and all that matters was written before
}

// Done is closed when the session has ended.
func (c *Conn) Done() <-chan struct{} { return c.over }

// State is the state of the session at this moment.
func (c *Conn) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Binding is the bind that bound the session, without its password; nil before.
func (c *Conn) Binding() *smpp.Bind {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bind
}

// Version is what the peer said it speaks when the session was bound: interface_version of its bind, or
// sc_interface_version of its response; 0 if it said nothing.
func (c *Conn) Version() smpp.InterfaceVersion {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}

// RemoteAddr is the address of the peer.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// counters of a connection.
type counters struct {
	read, written, unknown, malformed, throttled, enquired atomic.Int64
}

// Stats are counts of a connection since it was opened.
type Stats struct {
	Read             int64 // PDUs
	Written          int64 // PDUs, among them those that failed half-way
	UnknownResponses int64 // to nothing, repeated, or of the wrong command
	Malformed        int64 // PDUs that could not be read
	Throttled        int64 // requests of the peer beyond its window
	EnquireLinks     int64 // sent
	Outstanding      int   // requests without response whose timer has not ended
	Late             int   // those whose timer has
	Due              int   // requests of the peer without response
	LastRead         time.Time
}

// Stats counts.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := 0
	for _, call := range c.calls {
		if call.timedOut {
			late++
		}
	}
	return Stats{
		Read: c.stats.read.Load(), Written: c.stats.written.Load(), UnknownResponses: c.stats.unknown.Load(),
		Malformed: c.stats.malformed.Load(), Throttled: c.stats.throttled.Load(), EnquireLinks: c.stats.enquired.Load(),
		Outstanding: len(c.calls) - late, Late: late, Due: c.due, LastRead: time.Unix(0, c.lastRead.Load()),
	}
}
