package sim

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// member is a node: the machine on which one run of the gateway follows the other. It outlives them.
type member struct {
	w       *world
	name    string
	number  int
	offset  atomic.Int64 // of its clock
	crashes []*crash

	strikes []*strike

	mu      sync.Mutex
	calls   map[string]int // of the store, by all runs
	freezes int            // reasons why it does not go on
	thawed  chan struct{}  // closed when it goes on; nil while it runs
	severs  int            // reasons why it does not reach its database
	uneasy  time.Time      // until when it was last in trouble; zero for never
	fell    bool           // its last run did not end in order
}

// now is the node's clock.
func (m *member) now() time.Time {
	return time.Now().Add(time.Duration(m.offset.Load())).Truncate(time.Millisecond)
}

// freeze stops the node where it touches its database, as a machine does that hangs.
func (m *member) freeze() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.freezes++; m.freezes == 1 {
		m.thawed = make(chan struct{})
	}
}

func (m *member) thaw() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.uneasy = time.Now()
	if m.freezes--; m.freezes == 0 {
		close(m.thawed)
		m.thawed = nil
	}
}

// awake waits while the node is frozen.
func (m *member) awake() {
	for {
		m.mu.Lock()
		thawed := m.thawed
		m.mu.Unlock()
		if thawed == nil {
			return
		}
		<-thawed
	}
}

// sever cuts the way to the database.
func (m *member) sever() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.severs++; m.severs == 1 {
		m.w.base.sever(m.name)
	}
}

func (m *member) mend() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.uneasy = time.Now()
	if m.severs--; m.severs == 0 {
		m.w.base.mend(m.name)
	}
}

// wellFor is how long the node has been in no trouble.
func (m *member) wellFor() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.thawed != nil || m.severs > 0 {
		return 0
	}
	return time.Since(m.uneasy)
}

// upFor is how long the run of the node that serves has been there; 0 if there is none.
func (m *member) upFor() time.Duration {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	e := m.w.up[m.number]
	if e == nil {
		return 0
	}
	return time.Since(e.gate.boot)
}

// Kinds of trouble.
const (
	freezes = iota // and wakes up, at times after its lease
	severed        // from its database
	stops          // in order, for another version perhaps
)

// strike is trouble that comes with the n-th call of a method of the store: before it, or while it is under way.
type strike struct {
	method string
	n      int
	kind   int
	during bool
	length time.Duration
}

// befall draws what the node will meet.
func (m *member) befall() {
	d := m.w.draw("strikes", m.name)
	methods := []string{"Intend", "Intend", "Intend", "Intend", "Finish", "Finish", "Accept", "StoreReceipt", "Claim", "Tick", "Cancel", "Recover", "Bury"}
	for range d.IntN(5) {
		m.strikes = append(m.strikes, &strike{methods[d.IntN(len(methods))], 1 + d.IntN(12), d.weighted(60, 40), d.chance(65), m.w.lasting(d)})
	}
}

// lasting draws how long a trouble is: at times less than half of a lease, at times more than all of it.
func (w *world) lasting(d draws) time.Duration { return d.within(w.lease/10, 5*w.lease/2) }

// meet is called at each call of the store, and says whether trouble comes while it is under way.
func (m *member) meet(method string) (during func()) {
	if len(m.strikes) == 0 {
		return nil
	}
	m.mu.Lock()
	m.calls[method]++
	n := m.calls[method]
	m.mu.Unlock()
	for _, s := range m.strikes {
		switch {
		case s.method != method || s.n != n || m.w.calm:
		case s.during:
			return func() { m.hit(s.kind, s.length) }
		default:
			m.hit(s.kind, s.length)
		}
	}
	return nil
}

// hit begins a trouble, which ends by itself.
func (m *member) hit(kind int, length time.Duration) {
	begin, end := m.freeze, m.thaw
	if kind == severed {
		begin, end = m.sever, m.mend
	}
	begin()
	m.w.troubles.Go(func() {
		rest(bg, length)
		end()
	})
}

// suffer has the node meet what is drawn for some time, one after the other.
func (m *member) suffer(ctx context.Context, restart chan<- struct{}) {
	w := m.w
	d := w.draw("trouble", m.name)
	for range d.IntN(3) {
		kind, gap, length := d.weighted(30, 30, 40), d.sooner(w.span/2), w.lasting(d)
		if !rest(ctx, gap) {
			return
		}
		if kind != stops {
			m.hit(kind, length)
			rest(ctx, length)
			continue
		}
		select {
		case restart <- struct{}{}:
		default: // it is down
		}
	}
}

// supervise keeps the gateway of a node running: it boots, waits for its death, rests, and boots again.
func (m *member) supervise(ctx context.Context, restart <-chan struct{}) {
	w := m.w
	for life := 0; ; life++ {
		var plan *crash
		if life < len(m.crashes) {
			plan = m.crashes[life]
		}
		e := m.rise(ctx, plan)
		if e == nil {
			return
		}
		e.start()
		from := time.Now()
		w.setUp(m, e)
		orderly, ended := false, false
		select {
		case <-e.gate.died:
		case err := <-e.done: // as a process that cannot start
			ended = true
			if !e.excused(err) {
				w.fault("the dispatcher of %s ended with %v", m.name, err)
			}
			e.gate.kill()
		case <-restart:
			orderly = true
		case <-ctx.Done():
			orderly = true
		}
		if m.wellFor() < time.Since(from) {
			from = time.Now() // it need not have served
		}
		w.note(uptime{from, time.Now()}, !orderly)
		w.setUp(m, nil)
		halted := e.halt(ended)
		died := e.gate.dead.Load() // at times while it stopped in order
		m.fell = !halted || died
		if died {
			m.mend() // the next run of the process has connections of its own
		}
		if ctx.Err() != nil {
			return
		}
		down := w.draw("downtime", plan)
		if w.lease == 0 || down.chance(50) {
			rest(ctx, down.sooner(w.scaled(6*time.Hour)))
		} else { // the others take over meanwhile
			rest(ctx, down.within(w.lease, 4*w.lease))
		}
	}
}

// rise boots until it succeeds; nil if ctx ended first.
func (m *member) rise(ctx context.Context, plan *crash) *engine {
	for ctx.Err() == nil {
		m.awake()
		e, err := m.boot(plan)
		if err == nil {
			return e
		}
		if m.wellFor() > 0 {
			m.w.must(err)
		}
		rest(ctx, time.Minute)
	}
	return nil
}
