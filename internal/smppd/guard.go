package smppd

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	socketsOfAddress = 50
	socketsInAll     = 10_000
	freeFailures     = 5 // wrong binds of an address in a minute
	tarpit           = time.Minute
	maxSuspects      = 10_000
)

// guard bounds what strangers can do: sockets by address and in all, and guesses of passwords by address.
type guard struct {
	mu       sync.Mutex
	sockets  map[net.Conn]struct{}
	byFrom   map[netip.Addr]int
	suspects map[netip.Addr]*suspect
}

// suspect is an address from which a bind was refused.
type suspect struct {
	n     int // within the minute that began at since
	since time.Time
	until time.Time // nothing is checked before
}

func newGuard() *guard {
	return &guard{sockets: map[net.Conn]struct{}{}, byFrom: map[netip.Addr]int{}, suspects: map[netip.Addr]*suspect{}}
}

// unit is the address as it is counted: that of IPv4, or the network that one IPv6 customer has.
func unit(from netip.Addr) netip.Addr {
	if from.Is6() {
		if p, err := from.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return from
}

func (g *guard) enter(from netip.Addr, nc net.Conn) bool {
	from = unit(from)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.byFrom[from] >= socketsOfAddress || len(g.sockets) >= socketsInAll {
		return false
	}
	g.byFrom[from]++
	g.sockets[nc] = struct{}{}
	return true
}

func (g *guard) leave(from netip.Addr, nc net.Conn) {
	from = unit(from)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sockets, nc)
	if g.byFrom[from]--; g.byFrom[from] <= 0 {
		delete(g.byFrom, from)
	}
}

// hangUp closes all sockets.
func (g *guard) hangUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for nc := range g.sockets {
		_ = nc.Close() // whoever reads it notices
	}
}

// wait is how long an address has to wait before its next password is checked.
func (g *guard) wait(from netip.Addr, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.suspects[unit(from)]; s != nil {
		return max(0, s.until.Sub(now))
	}
	return 0
}

// failed notes a refused bind.
func (g *guard) failed(from netip.Addr, now time.Time) {
	from = unit(from)
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.suspects[from]
	if s == nil {
		g.makeRoom(now)
		s = &suspect{since: now}
		g.suspects[from] = s
	}
	if now.Sub(s.since) > time.Minute {
		s.n, s.since = 0, now
	}
	if s.n++; s.n >= freeFailures {
		s.n, s.since, s.until = 0, now.Add(tarpit), now.Add(tarpit)
	}
}

// succeeded forgets the failures of an address.
func (g *guard) succeeded(from netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.suspects, unit(from))
}

// makeRoom forgets those who have been quiet, or else anybody.
func (g *guard) makeRoom(now time.Time) {
	if len(g.suspects) < maxSuspects {
		return
	}
	for from, s := range g.suspects {
		if now.Sub(s.since) > time.Minute {
			delete(g.suspects, from)
		}
	}
	for from := range g.suspects {
		if len(g.suspects) < maxSuspects {
			return
		}
		delete(g.suspects, from)
	}
}
