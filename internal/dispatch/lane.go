package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/smsir/smsir"
)

// lane is the way to one provider: what waits for it, how much is under way, and what is known of its
// health. A slot is taken before the intent is committed and held until the provider has answered. There are as many as its
// window has places, and some more for a carrier that answers fast and says to what (Upstream.Ahead): their intents are committed meanwhile, so that a place is
// filled again as soon as it is free.
type lane struct {
	d  *Dispatcher
	up Upstream

	mu       sync.Mutex
	waiting  [3]fair // by urgency of the class
	turn     int     // of the classes that share what OTPs leave
	busy     int     // slots taken
	unstored int     // outcomes the store has not taken yet
	pace     pace
	senders  map[string]*bucket
	breaker  breaker
	latency  time.Duration      // of an answer, smoothed
	heard    time.Time          // of the latest answer
	tails    map[tail]time.Time // when what was put off last comes back
	closed   bool

	places     chan struct{} // of the window, taken by those that are on the wire
	bell       chan struct{} // capacity 1
	pumpDone   chan struct{}
	stopRun    context.CancelFunc
	runnerDone chan struct{}
}

// tail names a queue whose end lies in the database: a class, and a sender where senders have a pace.
type tail struct {
	urgency int
	sender  string
}

const (
	// intentBatch bounds the intents of one commit; never more than the free slots.
	intentBatch = 64
	// laneAhead is how long what waits in memory may take. What is beyond is put off to when it will be
	// its turn, so that it does not keep memory from messages for other providers.
	laneAhead = 10 * time.Second
	maxPutOff = 10 * time.Minute
	// shareOfBulk: after so many transactional messages one bulk message has its turn.
	shareOfBulk = 4
	firstGuess  = 100 * time.Millisecond // of the latency
)

func newLane(d *Dispatcher, up Upstream) *lane {
	l := &lane{
		d: d, up: up, pace: newPace(up.Rate), senders: map[string]*bucket{}, latency: firstGuess, tails: map[tail]time.Time{},
		bell: make(chan struct{}, 1), pumpDone: make(chan struct{}), runnerDone: make(chan struct{}),
	}
	if l.up.Window < 1 {
		l.up.Window = 32
	}
	l.places = make(chan struct{}, l.up.Window)
	ctx, cancel := context.WithCancel(d.ctx)
	l.stopRun = cancel
	go l.pump()
	go l.hold(ctx)
	return l
}

// pushed is what became of a message that was given to a lane.
type pushed struct {
	ok     bool
	closed bool         // the lane takes nothing any more
	reason smsir.Reason // why it is put off
	until  time.Time
}

// push appends a message, or says until when it is put off because too many wait already.
func (l *lane) push(m job) pushed {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return pushed{closed: true}
	}
	now := l.d.opt.Now()
	u, sender := m.Class.Urgency(), l.sender(m)
	q := &l.waiting[u]
	if sender != "" {
		if most := int(max(l.up.SenderRate*laneAhead.Seconds(), 16)); q.ofSender(m.Workspace, sender) >= most {
			return l.putOff(now, tail{u, sender}, most, l.up.SenderRate, m.Segments)
		}
	}
	rate := l.expected(now)
	if most := max(int(rate*laneAhead.Seconds()), 4*l.up.Window); q.n >= most {
		return l.putOff(now, tail{urgency: u}, most, rate, m.Segments)
	}
	q.push(m, sender)
	l.ring()
	return pushed{ok: true}
}

// sender is the line of a message: its sender where senders have a pace of their own.
func (l *lane) sender(m job) string {
	if l.up.SenderRate > 0 {
		return m.From
	}
	return ""
}

// expected is how many segments a second the lane will start, by its limit, its window and how fast
// the provider answers; while the provider is down, as many as it is probed with.
func (l *lane) expected(now time.Time) float64 {
	if l.breaker.open {
		return 1
	}
	rate := float64(l.up.Window) / max(l.latency, minPause).Seconds()
	if l.pace.rate > 0 {
		rate = min(rate, l.pace.rate)
	}
	if pause := l.pace.until.Sub(now); pause > laneAhead {
		rate = min(rate, float64(l.up.Window)/pause.Seconds())
	}
	return max(rate, minRate)
}

// putOff gives a message its place behind those that wait in memory and those put off before it.
func (l *lane) putOff(now time.Time, t tail, ahead int, rate float64, segments int) pushed {
	at := now.Add(time.Duration(float64(ahead) / rate * float64(time.Second)))
	if last := l.tails[t]; last.After(at) {
		at = last
	}
	at = at.Add(time.Duration(float64(segments) / rate * float64(time.Second)))
	if latest := now.Add(maxPutOff); at.After(latest) {
		at = latest
	}
	l.tails[t] = at
	reason := smsir.ReasonThrottled
	switch {
	case l.breaker.open && l.breaker.config:
		reason = smsir.ReasonRouteConfig
	case l.breaker.open:
		reason = smsir.ReasonProviderDown
	}
	return pushed{reason: reason, until: at}
}

func (l *lane) ring() {
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

// fastAnswer is how fast a provider answers that keeps nothing up: a slot is free again before anybody notices.
const fastAnswer = 50 * time.Millisecond

// reserve is how many slots of a window are kept for OTPs, so that slow answers to others never hold
// them up.
func (l *lane) reserve(window int) int {
	if window < 4 || l.latency < fastAnswer {
		return 0
	}
	return max(1, window/8)
}

// slots is how many hand-overs may be under way, those included whose intents are being committed.
func (l *lane) slots(now time.Time) int {
	n := l.breaker.slots(now, l.up.Window)
	if l.up.Ahead && n == l.up.Window && n >= 4 && l.latency < fastAnswer && now.Sub(l.heard) < 2*fastAnswer {
		n += min(n, intentBatch)
	}
	return n
}

// take reserves slots and returns as many messages. A positive wait says when to look again.
func (l *lane) take() (batch []job, wait time.Duration, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, 0, true
	}
	if l.unstored > 0 { // no new intents while outcomes cannot be stored
		return nil, 0, false
	}
	now := l.d.opt.Now()
	slots := l.slots(now)
	if slots == 0 {
		return nil, max(l.breaker.until.Sub(now), minPause), false
	}
	for len(batch) < intentBatch {
		free := slots - l.busy - len(batch)
		if free <= 0 {
			break
		}
		if pause := l.pace.wait(now); pause > 0 {
			wait = pause
			break
		}
		m, pause := l.pop(now, free <= l.reserve(slots))
		if m.Message == nil {
			wait = pause
			break
		}
		l.spend(now, m)
		batch = append(batch, m)
	}
	l.busy += len(batch)
	if len(batch) > 0 {
		wait = 0
		l.hurryIfIdle(now)
	}
	return batch, wait, false
}

// begin takes a slot for a message that waits nowhere, if one is free and nothing waits for it.
func (l *lane) begin(m job) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.d.opt.Now()
	if l.closed || l.unstored > 0 || l.breaker.open || len(l.tails) > 0 || l.waiting[0].n+l.waiting[1].n+l.waiting[2].n > 0 {
		return false
	}
	slots := l.slots(now)
	free := slots - l.busy
	if free <= 0 || free <= l.reserve(slots) && m.Class.Urgency() > 0 || l.pace.wait(now) > 0 || l.senderWait(now, l.sender(m)) > 0 {
		return false
	}
	l.spend(now, m)
	l.busy++
	return true
}

// unbegin gives back what begin took for a message that did not start.
func (l *lane) unbegin(m job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.d.opt.Now()
	l.pace.refund(now, m.Segments)
	if b := l.senders[l.sender(m)]; b != nil {
		b.refund(now, m.Segments)
	}
	l.busy--
	l.ring()
}

// spend notes that a message starts.
func (l *lane) spend(now time.Time, m job) {
	l.pace.spend(now, m.Segments)
	if b := l.senders[l.sender(m)]; b != nil {
		b.spend(now, m.Segments)
	}
}

// pop takes the next message: an OTP first; of the others four transactional ones, then one of bulk.
func (l *lane) pop(now time.Time, onlyOTP bool) (job, time.Duration) {
	order := [3]int{0, 1, 2}
	if l.turn == shareOfBulk {
		order = [3]int{0, 2, 1}
	}
	soonest := time.Duration(0)
	for _, u := range order {
		if onlyOTP && u > 0 {
			break
		}
		m, pause := l.waiting[u].pop(func(sender string) time.Duration { return l.senderWait(now, sender) })
		if m.Message == nil {
			if soonest == 0 || pause > 0 && pause < soonest {
				soonest = pause
			}
			continue
		}
		switch {
		case u == 2:
			l.turn = 0
		case u == 1:
			l.turn = min(l.turn+1, shareOfBulk)
		}
		return m, 0
	}
	return job{}, soonest
}

// senderWait is how long a sender has to wait for its next segment.
func (l *lane) senderWait(now time.Time, sender string) time.Duration {
	if l.up.SenderRate <= 0 || sender == "" {
		return 0
	}
	b := l.senders[sender]
	if b == nil {
		if len(l.senders) >= maxSenders {
			l.forgetSenders(now)
		}
		b = &bucket{rate: l.up.SenderRate}
		l.senders[sender] = b
	}
	return b.wait(now)
}

// maxSenders bounds the senders whose pace is remembered, as long as most of them rest.
const maxSenders = 10_000

func (l *lane) forgetSenders(now time.Time) {
	for s, b := range l.senders {
		if now.Sub(b.at) > time.Minute {
			delete(l.senders, s)
		}
	}
}

// hurryIfIdle brings back what was put off when the queue went faster than expected.
func (l *lane) hurryIfIdle(now time.Time) {
	for t, at := range l.tails {
		switch {
		case !at.After(now):
			delete(l.tails, t)
		case l.waiting[t.urgency].n == 0 && t.sender == "" && at.Sub(now) > time.Second:
			delete(l.tails, t)
			l.d.hurry(l.up.Workspace, smsir.ReasonThrottled)
		}
	}
}

// hurryIfOver brings back what was put off for a reason that went while it was being stored: whoever hurried the others did not
// find it yet.
func (l *lane) hurryIfOver(reason smsir.Reason) {
	l.mu.Lock()
	over := !l.breaker.open
	if reason == smsir.ReasonThrottled {
		over = over && l.waiting[0].n+l.waiting[1].n+l.waiting[2].n == 0
	}
	l.mu.Unlock()
	if over {
		l.d.hurry(l.up.Workspace, reason)
	}
}

func (l *lane) pump() {
	defer close(l.pumpDone)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		batch, wait, closed := l.take()
		if closed {
			return
		}
		if len(batch) > 0 {
			l.d.sending.Go(func() { l.start(batch) })
			continue
		}
		if wait <= 0 {
			<-l.bell
			continue
		}
		timer.Reset(wait)
		select {
		case <-l.bell:
		case <-timer.C:
		}
	}
}

// stopPump ends the starting of new hand-overs.
func (l *lane) stopPump() {
	l.mu.Lock()
	l.closed = true
	l.ring()
	l.mu.Unlock()
	<-l.pumpDone
}

// takeAll empties the lane.
func (l *lane) takeAll() (all []*smsir.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for u := range l.waiting {
		all = append(all, l.waiting[u].takeAll()...)
	}
	return all
}
