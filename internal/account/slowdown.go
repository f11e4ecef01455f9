package account

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// slowdown paces the checking of passwords so that guessing takes too long, without ever locking anybody out: after some
// failures the next check has to wait, twice as long each time, up to a limit.
//
// Three counts run at once. That of an account and an address together is the strict one. That of the account alone
// slows an attack from many addresses; an address from which the person has signed in before is spared it, so that an
// attacker cannot keep the person out. That of the address alone slows the trying of one password on many accounts.
// Addresses that are not known count exactly as those that are: the answers do not differ.
//
// All is kept in memory, bounded, and forgotten after a while.
type slowdown struct {
	pairs     *pace
	accounts  *pace
	addresses *pace
	newcomers *pace // registrations without setup code and invitation, by address
	known     *pace // addresses from which a person has signed in, by account and address
}

// Limits. With five free checks and waits of 1, 2, 4, 8, 16, 32 and then 60 seconds, an account is tried at most ten
// times in the first minute from one address, and once a minute from then on.
func newSlowdown() *slowdown {
	const remember = 15 * time.Minute
	return &slowdown{
		pairs:     &pace{free: 5, most: time.Minute, forget: remember},
		accounts:  &pace{free: 20, most: 30 * time.Second, forget: remember},
		addresses: &pace{free: 60, most: 4 * time.Second, forget: remember},
		newcomers: &pace{free: 30, most: time.Minute, forget: time.Hour},
		known:     &pace{forget: 30 * 24 * time.Hour},
	}
}

// check is one password check that was let through; it counts as a failure until it succeeds.
type check struct {
	s                      *slowdown
	pair, account, address string
}

// begin lets a check of a password through, or says how long to wait. isKnown tells whether the person has signed in
// from this address before; it is only asked when that decides.
func (s *slowdown) begin(email string, ip netip.Addr, now time.Time, isKnown func() bool) (*check, time.Duration) {
	c := &check{s: s, account: strings.ToLower(email), address: network(ip)}
	c.pair = c.account + "\x00" + c.address
	if wait := s.pairs.take(c.pair, now); wait > 0 {
		return nil, wait
	}
	inAccount := s.accounts.take(c.account, now)
	inAddress := s.addresses.take(c.address, now)
	if wait := max(inAccount, inAddress); wait > 0 && !s.known.has(c.pair, now) && !isKnown() {
		s.pairs.undo(c.pair)
		if inAccount == 0 {
			s.accounts.undo(c.account)
		}
		if inAddress == 0 {
			s.addresses.undo(c.address)
		}
		return nil, wait
	}
	return c, 0
}

// succeed says that the password was right.
func (c *check) succeed(now time.Time) {
	c.s.pairs.reset(c.pair)
	c.s.accounts.undo(c.account)
	c.s.addresses.undo(c.address)
	c.s.known.mark(c.pair, now)
}

// drop says that the check did not take place.
func (c *check) drop() {
	c.s.pairs.undo(c.pair)
	c.s.accounts.undo(c.account)
	c.s.addresses.undo(c.address)
}

// network is the unit in which addresses are counted: an IPv4 address, or the /64 that one IPv6 customer has.
func network(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}

const (
	maxTracked = 20_000      // bounds the entries of a pace
	sweepEvery = time.Minute // so that a full pace costs little
)

// pace counts failures by key.
type pace struct {
	free   int           // failures without a wait
	most   time.Duration // longest wait
	forget time.Duration // a key not touched for so long is forgotten

	mu      sync.Mutex
	entries map[string]*entry
	swept   time.Time // when forgotten entries were last looked for
}

type entry struct {
	n    int
	last time.Time // of the latest failure
}

// wait is the pause between the n-th failure and the next check.
func (p *pace) wait(n int) time.Duration {
	if n < p.free {
		return 0
	}
	return min(time.Second<<min(n-p.free, 30), p.most)
}

// take counts one failure in advance and returns 0, or counts nothing and returns how long to wait.
func (p *pace) take(key string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entry(key, now)
	pause := p.wait(e.n)
	if left := e.last.Add(pause).Sub(now); left > 0 && pause > 0 {
		return min(left, pause) // not longer when the clock was set back
	}
	e.n++
	e.last = now
	return 0
}

// undo takes one failure back.
func (p *pace) undo(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.entries[key]; e != nil {
		if e.n--; e.n <= 0 {
			delete(p.entries, key)
		}
	}
}

// reset forgets a key.
func (p *pace) reset(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.entries, key)
}

// mark remembers a key.
func (p *pace) mark(key string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entry(key, now)
	e.n, e.last = 1, now
}

// has reports whether a key is remembered.
func (p *pace) has(key string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[key]
	return e != nil && now.Sub(e.last) < p.forget
}

// entry finds or makes the entry of a key; the caller holds the lock.
func (p *pace) entry(key string, now time.Time) *entry {
	e := p.entries[key]
	if e != nil && now.Sub(e.last) < p.forget {
		return e
	}
	if p.entries == nil {
		p.entries = map[string]*entry{}
	}
	if e == nil && len(p.entries) >= maxTracked {
		p.makeRoom(now)
	}
	e = &entry{}
	p.entries[key] = e
	return e
}

// makeRoom removes what is forgotten; when nothing is, the least of a few entries: the fewest failures, the longest ago.
func (p *pace) makeRoom(now time.Time) {
	if now.Sub(p.swept).Abs() >= sweepEvery {
		p.swept = now
		for key, e := range p.entries {
			if now.Sub(e.last) >= p.forget {
				delete(p.entries, key)
			}
		}
	}
	if len(p.entries) < maxTracked {
		return
	}
	var least string
	looked := 0
	for key, e := range p.entries { // in random order
		if l := p.entries[least]; l == nil || e.n < l.n || e.n == l.n && e.last.Before(l.last) {
			least = key
		}
		if looked++; looked == 16 {
			break
		}
	}
	delete(p.entries, least)
}
