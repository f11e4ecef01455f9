package dispatch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// lane is the way to one provider: what waits for it, and how much is under way. A slot of its
// window is taken before the intent is committed and held until the provider has answered.
type lane struct {
	d  *Dispatcher
	up Upstream

	mu       sync.Mutex
	waiting  [3][]*smsir.Message // by urgency of the class, oldest first
	busy     int                 // slots taken
	until    time.Time           // paused before
	throttle time.Duration       // last pause the provider caused by itself
	failures int                 // transport failures in a row
	unstored int                 // outcomes the store has not taken yet
	closed   bool

	bell       chan struct{} // capacity 1
	pumpDone   chan struct{}
	stopRun    context.CancelFunc
	runnerDone chan struct{}
}

// intentBatch bounds the intents of one commit; never more than the free slots.
const intentBatch = 64

func newLane(d *Dispatcher, up Upstream) *lane {
	l := &lane{d: d, up: up, bell: make(chan struct{}, 1), pumpDone: make(chan struct{}), runnerDone: make(chan struct{})}
	if l.up.Window < 1 {
		l.up.Window = 32
	}
	ctx, cancel := context.WithCancel(d.ctx)
	l.stopRun = cancel
	go l.pump()
	go l.hold(ctx)
	return l
}

// push appends a message; false if the lane is closed.
func (l *lane) push(m *smsir.Message) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	u := m.Class.Urgency()
	l.waiting[u] = append(l.waiting[u], m)
	l.ring()
	return true
}

func (l *lane) ring() {
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

// take reserves slots and returns as many messages, most urgent class first. A positive wait says
// when to look again.
func (l *lane) take() (batch []*smsir.Message, wait time.Duration, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, 0, true
	}
	if pause := l.until.Sub(l.d.opt.Now()); pause > 0 {
		return nil, pause, false
	}
	window := l.up.Window
	if l.failures >= breakAfter {
		window = 1 // one probe at a time until the provider answers again
	}
	free := min(window-l.busy, intentBatch)
	if l.unstored > 0 {
		free = 0 // no new intents while outcomes cannot be stored
	}
	for c := range l.waiting {
		n := max(0, min(free-len(batch), len(l.waiting[c])))
		batch = append(batch, l.waiting[c][:n]...)
		l.waiting[c] = shift(l.waiting[c], n)
	}
	l.busy += len(batch)
	return batch, 0, false
}

// shift drops the first n of a queue and gives its memory back when it is empty.
func shift(q []*smsir.Message, n int) []*smsir.Message {
	clear(q[:n])
	if n == len(q) {
		return nil
	}
	return q[n:]
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

// start commits the intents of a batch and hands over what may go.
func (l *lane) start(batch []*smsir.Message) {
	d := l.d
	now := d.opt.Now()
	intents := make([]store.Intent, len(batch))
	for i, m := range batch {
		intents[i] = store.Intent{Attempt: d.opt.Store.NewID(now), Message: m, Provider: l.up.ID, Now: now}
	}
	ok, err := d.opt.Store.Intend(d.ctx, intents)
	if err != nil {
		d.log.Error("intents could not be stored; nothing was sent", "provider", l.up.Name, "count", len(batch), "err", err)
		l.pause(time.Second)
		l.free(len(batch))
		d.giveBack(batch, smsir.ReasonDue, time.Second)
		return
	}
	for i := range intents {
		if !ok[i] {
			l.free(1)
			d.Unreserve(1)
			d.Poke()
			continue
		}
		in := intents[i]
		d.sending.Go(func() { l.send(in.Message, in.Attempt) })
	}
}

func (l *lane) free(n int) {
	l.mu.Lock()
	l.busy -= n
	l.ring()
	l.mu.Unlock()
}

func (l *lane) pause(d time.Duration) {
	l.mu.Lock()
	if until := l.d.opt.Now().Add(d); until.After(l.until) {
		l.until = until
	}
	l.mu.Unlock()
}

// send hands one message over and records the outcome.
func (l *lane) send(m *smsir.Message, attempt smsir.ID) {
	d := l.d
	ctx, cancel := context.WithTimeout(d.ctx, d.opt.ResponseTimer)
	accepted, err := l.call(ctx, submission(m, attempt, d.opt.Now()))
	cancel()
	outcome := l.judge(m, accepted, err)
	d.outcome.WithLabelValues(l.up.Kind, outcome.State.String()).Inc()
	l.free(1)
	l.finish(store.Finish{Attempt: attempt, Message: m.ID, Now: d.opt.Now(), Outcome: outcome})
	d.Unreserve(1)
}

// submission is an attempt of a message as a provider sees it.
func submission(m *smsir.Message, attempt smsir.ID, now time.Time) smsir.Submission {
	return smsir.Submission{
		Attempt: attempt, Message: m.ID, Workspace: m.Workspace, To: m.To, From: m.From, Text: m.Text,
		Encoding: m.Encoding, Segments: m.Segments, Class: m.Class, Validity: m.ExpiresAt.Sub(now),
	}
}

// call calls the provider; whatever it does but answer is told as unknown.
func (l *lane) call(ctx context.Context, s smsir.Submission) (a smsir.Accepted, err error) {
	defer func() {
		if p := recover(); p != nil {
			l.d.log.Error("a provider panicked", "provider", l.up.Name, "message_id", s.Message.Format(smsir.PrefixMessage), "panic", p)
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return l.up.Provider.Send(ctx, s)
}

// judge turns the provider's answer into an outcome and adapts the pace to it.
func (l *lane) judge(m *smsir.Message, accepted smsir.Accepted, err error) smsir.Outcome {
	now := l.d.opt.Now()
	if err == nil {
		l.answered()
		return smsir.Outcome{State: smsir.AttemptAccepted, References: accepted.References, NoReceipt: accepted.NoReceipt}
	}
	var se *smsir.SendError
	if !errors.As(err, &se) {
		se = &smsir.SendError{State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, Code: "no_answer", Text: "The provider gave no usable answer.", Err: err}
	}
	o := smsir.Outcome{State: se.State, Class: se.Class, Error: se.Failure()}
	switch {
	case se.State == smsir.AttemptUnknown:
		o.RetryAt = now.Add(firstLook)
	case se.Class == smsir.ClassThrottle:
		o.RetryAt = now.Add(l.throttled(se.RetryAfter))
	case se.Class == smsir.ClassConfig:
		l.pause(routePause)
		o.RetryAt = now.Add(routePause)
		l.d.log.Warn("a provider refuses because of its settings", "provider", l.up.Name, "code", se.ProviderCode, "text", se.ProviderText)
	default:
		o.RetryAt = now.Add(max(smsir.Backoff(m.Attempts, l.d.opt.Jitter()), se.RetryAfter))
	}
	if se.State == smsir.AttemptNotSent && se.Class == smsir.ClassRetry {
		l.failed()
	} else if se.State == smsir.AttemptRefused && se.Class != smsir.ClassThrottle {
		l.answered()
	}
	return o
}

// firstLook is how soon an unknown outcome is first looked up.
const firstLook = 2 * time.Second

// Breaker: after this many transport failures in a row only probes go out, each after a pause.
const (
	breakAfter   = 5
	breakerPause = 10 * time.Second
)

func (l *lane) failed() {
	l.mu.Lock()
	l.failures++
	down := l.failures >= breakAfter
	l.mu.Unlock()
	if down {
		l.pause(breakerPause)
	}
}

func (l *lane) answered() {
	l.mu.Lock()
	l.failures, l.throttle = 0, 0
	l.mu.Unlock()
}

// throttled pauses the lane as the provider asked, or 1 s doubling to 60 s if it did not say.
func (l *lane) throttled(asked time.Duration) time.Duration {
	l.mu.Lock()
	l.throttle = min(max(2*l.throttle, time.Second), time.Minute)
	d := l.throttle
	l.mu.Unlock()
	if asked > 0 {
		d = asked
	}
	l.pause(d)
	return d
}

// finish stores an outcome, however long that takes: it is the only proof of what happened. While
// the store refuses it, the lane starts nothing new.
func (l *lane) finish(f store.Finish) {
	d := l.d
	pause := 100 * time.Millisecond
	for try := 0; ; try++ {
		m, err := d.opt.Store.Finish(d.ctx, f)
		if err == nil {
			if try > 0 {
				l.stored(-1)
			}
			if m.Status == smsir.Queued || m.Status == smsir.Unknown {
				d.Poke()
			}
			return
		}
		d.log.Error("an outcome could not be stored", "message_id", f.Message.Format(smsir.PrefixMessage), "outcome", f.Outcome.State.String(), "err", err)
		if try == 0 {
			l.stored(1)
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, 5*time.Second)
		case <-d.ctx.Done():
			return // the intent on disk is found at the next start and told as unknown
		}
	}
}

func (l *lane) stored(n int) {
	l.mu.Lock()
	l.unstored += n
	l.ring()
	l.mu.Unlock()
}

// hold runs a provider that holds connections or reports by itself, again after a pause if it fails.
func (l *lane) hold(ctx context.Context) {
	defer close(l.runnerDone)
	r, ok := l.up.Provider.(smsir.Runner)
	if !ok {
		return
	}
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := l.run(ctx, r)
		if ctx.Err() != nil {
			return
		}
		l.d.log.Error("a provider stopped by itself", "provider", l.up.Name, "err", err, "again_in", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (l *lane) run(ctx context.Context, r smsir.Runner) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return r.Run(ctx, l.d.opt.Sink)
}

// stopPump ends the starting of new hand-overs.
func (l *lane) stopPump() {
	l.mu.Lock()
	l.closed = true
	l.ring()
	l.mu.Unlock()
	<-l.pumpDone
}

func (l *lane) stopRunner() {
	l.stopRun()
	<-l.runnerDone
}

// takeAll empties the lane.
func (l *lane) takeAll() (all []*smsir.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.waiting {
		all = append(all, l.waiting[c]...)
		l.waiting[c] = nil
	}
	return all
}
