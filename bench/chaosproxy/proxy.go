// Package chaosproxy is a TCP proxy that stands between two programs and makes the network between them bad: it refuses, cuts,
// swallows and delays, one way or both, as it is told while it runs.
//
// It is in charge of connections and bytes only, and knows no protocol. It cannot lose single packets: what it swallows is
// held back, as TCP would send it again, and arrives when the network heals, if anybody is still there.
//
// What it guarantees on failure: it never invents, reorders or repeats bytes.
package chaosproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Mode is a state of the network.
type Mode int

// States of the network.
const (
	Open     Mode = iota // everything passes
	Refuse               // new connections are refused, old ones are cut
	Hole                 // nothing passes, either way; connections stay
	HoleOut              // what the client sends is held back
	HoleBack             // what the server answers is held back
	Slow                 // every piece arrives a while later
	Cut                  // every connection is cut after the next piece
)

var modeNames = [...]string{"open", "refuse", "hole", "hole-out", "hole-back", "slow", "cut"}

func (m Mode) String() string { return modeNames[m] }

// Modes lists the bad ones.
func Modes() []Mode { return []Mode{Refuse, Hole, HoleOut, HoleBack, Slow, Cut} }

// Proxy passes connections on. Safe for concurrent use.
type Proxy struct {
	target string
	listen net.Listener
	delay  time.Duration
	ctx    context.Context
	end    context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	mode    Mode
	changed chan struct{} // closed and replaced when the mode changes
	conns   map[net.Conn]struct{}
	passed  int64 // connections
}

// Start listens on a free port of this machine and passes on to target: host:port, or the path of a Unix socket. Slow delays
// by delay.
func Start(target string, delay time.Duration) (*Proxy, error) {
	return StartAt("127.0.0.1:0", target, delay)
}

// StartAt is [Start] at an address of the caller's, such as one at which a proxy was closed: while it was, nobody listened.
func StartAt(address, target string, delay time.Duration) (*Proxy, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("chaosproxy: %w", err)
	}
	p := &Proxy{target: target, listen: l, delay: delay, changed: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	p.ctx, p.end = context.WithCancel(context.Background())
	p.work.Go(p.accept)
	return p, nil
}

// Addr is where it listens.
func (p *Proxy) Addr() string { return p.listen.Addr().String() }

// Connections is how many it has passed on.
func (p *Proxy) Connections() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.passed
}

// Set changes the network.
func (p *Proxy) Set(m Mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
	close(p.changed)
	p.changed = make(chan struct{})
	if m == Refuse {
		for c := range p.conns {
			reset(c)
		}
	}
}

// Close ends it with all its connections.
func (p *Proxy) Close() error {
	p.end()
	err := p.listen.Close()
	p.mu.Lock()
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.work.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (p *Proxy) state() (Mode, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode, p.changed
}

func (p *Proxy) accept() {
	for {
		in, err := p.listen.Accept()
		if err != nil {
			return
		}
		if m, _ := p.state(); m == Refuse {
			reset(in)
			continue
		}
		p.work.Go(func() { p.pass(in) })
	}
}

func (p *Proxy) pass(in net.Conn) {
	var dialer net.Dialer
	network := "tcp"
	if strings.HasPrefix(p.target, "/") {
		network = "unix"
	}
	out, err := dialer.DialContext(p.ctx, network, p.target)
	if err != nil {
		reset(in)
		return
	}
	p.mu.Lock()
	p.passed++
	p.conns[in], p.conns[out] = struct{}{}, struct{}{}
	p.mu.Unlock()
	var both sync.WaitGroup
	var cut atomic.Bool
	both.Go(func() { p.copy(out, in, HoleOut, &cut) })
	both.Go(func() { p.copy(in, out, HoleBack, &cut) })
	both.Wait()
	p.mu.Lock()
	delete(p.conns, in)
	delete(p.conns, out)
	p.mu.Unlock()
	_, _ = in.Close(), out.Close()
}

// copy passes one direction on; hole is the mode that holds it back alone. Cut is shared with the other direction: the last
// piece of a connection has passed.
func (p *Proxy) copy(to, from net.Conn, hole Mode, cut *atomic.Bool) {
	piece := make([]byte, 4096)
	for {
		n, err := from.Read(piece)
		if n > 0 && !p.let(to, piece[:n], hole, cut) {
			reset(from)
			return
		}
		if err != nil {
			if half, ok := to.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			return
		}
	}
}

// let passes a piece on when the network lets it; false when the connection is over.
func (p *Proxy) let(to net.Conn, piece []byte, hole Mode, cut *atomic.Bool) bool {
	for {
		m, changed := p.state()
		switch m {
		case Refuse:
			reset(to)
			return false
		case Hole, hole:
			select {
			case <-changed:
				continue
			case <-p.ctx.Done():
				return false
			}
		case Slow:
			select {
			case <-time.After(p.delay):
			case <-p.ctx.Done():
				return false
			}
		case Cut: // the answer to this piece may come before the reset: it must not pass either
			if !cut.Swap(true) {
				_, _ = to.Write(piece)
			}
			reset(to)
			return false
		}
		if cut.Load() {
			return false
		}
		_, err := to.Write(piece)
		return err == nil
	}
}

// reset closes a connection so that the other side sees a reset.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
