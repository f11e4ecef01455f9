package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
)

// start commits the intents of a batch and hands over what may go.
func (l *lane) start(batch []job) {
	d := l.d
	now := d.opt.Now()
	life, _ := d.life()
	intents := make([]store.Intent, len(batch))
	for i, m := range batch {
		intents[i] = store.Intent{Attempt: d.opt.Store.NewID(now), Message: m.Message, Provider: l.up.ID, Now: now}
	}
	failpoint.Hit(failpoint.IntentBefore)
	ok, err := d.opt.Store.Intend(d.ctx, intents)
	failpoint.Hit(failpoint.IntentAfter)
	if err != nil {
		d.log.Error("intents could not be stored; nothing was sent", "provider", l.up.Name, "count", len(batch), "err", err)
		l.rest(time.Second)
		l.free(len(batch))
		if smsir.CodeOf(err) == smsir.CodeCommitUnknown {
			for _, in := range intents {
				d.withdraw(in)
			}
		}
		back := make([]*smsir.Message, len(batch))
		for i, m := range batch {
			back[i] = m.Message
		}
		d.giveBack(back, smsir.ReasonDue, d.opt.Now().Add(time.Second))
		return
	}
	for i, m := range batch {
		if !ok[i] {
			l.free(1)
			d.unreserve(lineOf(m.Message), 1)
			d.Poke()
			continue
		}
		h := &handOver{lane: l, job: m, attempt: intents[i].Attempt, life: life, started: now}
		d.crew.Go(&d.sending, h.run)
	}
}

// withdraw takes back an intent of which nobody knows whether it was committed: nothing was handed over. If it was not,
// there is no such attempt, and nothing to take back.
func (d *Dispatcher) withdraw(in store.Intent) {
	f := store.Finish{Attempt: in.Attempt, Message: in.Message.ID, Now: d.opt.Now(), Outcome: smsir.Outcome{
		State: smsir.AttemptNotSent, Class: smsir.ClassRetry, RetryAt: d.opt.Now().Add(time.Second),
		Error: &smsir.Failure{Class: smsir.ClassRetry, Code: "not_started", Text: "The database did not say whether the start was stored, so nothing was handed over."},
	}}
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		if _, err := d.opt.Store.Finish(d.ctx, f); !smsir.Unavailable(err) {
			return
		}
		select {
		case <-time.After(pause):
		case <-d.ctx.Done():
			return // the next start finds the open intent and tells it as unknown
		}
	}
}

func (l *lane) free(n int) {
	l.mu.Lock()
	l.busy -= n
	l.ring()
	l.mu.Unlock()
}

// rest pauses the lane.
func (l *lane) rest(pause time.Duration) {
	l.mu.Lock()
	if until := l.d.opt.Now().Add(pause); until.After(l.pace.until) {
		l.pace.until = until
	}
	l.mu.Unlock()
}

// handOver is one attempt under way.
type handOver struct {
	*lane
	job

	attempt smsir.ID
	life    int64         // of this node, in which the intent was committed
	started time.Time     // when the intent was made; on the wire, when it got there
	overdue chan struct{} // closed when the missing answer is stored
}

// queueUp waits for the turn of the hand-over.
func (h *handOver) queueUp() {
	h.lane.mu.Lock()
	wait := h.lane.pace.gate.wait(h.d.opt.Now(), h.lane.pace.rate, h.Segments)
	h.lane.mu.Unlock()
	if wait <= 0 {
		return
	}
	select {
	case <-time.After(wait):
	case <-h.d.ctx.Done():
	}
}

// maxCrowded is how long a hand-over waits for a place in the window, before the message goes back to the queue.
const maxCrowded = time.Second

// enter takes a place in the window, or tells why nothing is to be handed over. It is the last look before the wire.
func (h *handOver) enter() *smsir.Failure {
	if why := h.squeeze(); why != nil {
		return why
	}
	var why *smsir.Failure
	now := h.d.opt.Now()
	switch {
	case !h.d.mayWrite(h.life):
		why = cutOff()
	case !now.Before(h.ExpiresAt):
		why = tooLate()
	case h.lane.turned(now, h.started):
		why = crowded()
	default:
		h.started = now
		return nil
	}
	<-h.places
	return why
}

// squeeze waits for a place.
func (h *handOver) squeeze() *smsir.Failure {
	if h.d.ctx.Err() != nil {
		return stopped()
	}
	select {
	case h.places <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(maxCrowded)
	defer timer.Stop()
	select {
	case h.places <- struct{}{}:
		return nil
	case <-timer.C:
		return crowded()
	case <-h.d.ctx.Done():
		return stopped()
	}
}

// turned reports whether the provider went down or asked for a pause after an attempt had started.
func (l *lane) turned(now, started time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.breaker.open && started.Before(l.breaker.since) || l.pace.until.After(now) && started.Before(l.pace.cut)
}

// run hands the message over and records the outcome. When the response timer ends, the outcome is
// recorded as unknown and the slot is free; the call goes on for as long again, and an answer that comes
// by then still counts.
func (h *handOver) run() {
	d := h.d
	h.queueUp()
	if why := h.enter(); why != nil {
		h.abandon(why)
		return
	}
	h.overdue = make(chan struct{})
	ctx, cancel := context.WithTimeout(d.ctx, 2*d.opt.ResponseTimer)
	defer cancel()
	timer := time.AfterFunc(d.opt.ResponseTimer, func() {
		defer close(h.overdue)
		h.settle(smsir.Accepted{}, &smsir.SendError{
			State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, Code: "no_answer", Text: "The provider did not answer in time.",
		})
	})
	accepted, err := h.call(smsir.StartBy(ctx, h.ExpiresAt), submission(h.Message, h.attempt, d.opt.Now()))
	if timer.Stop() {
		h.settle(accepted, err)
		return
	}
	<-h.overdue
	if !noAnswer(err) {
		outcome := h.judge(h.job, h.started, accepted, err)
		d.metrics.outcome.WithLabelValues(h.up.Kind, "late_"+outcome.State.String()).Inc()
		h.finish(store.Finish{Attempt: h.attempt, Message: h.ID, Workspace: h.Workspace, Now: d.opt.Now(), Outcome: outcome})
	}
}

// noAnswer reports whether an error leaves the outcome unknown.
func noAnswer(err error) bool {
	var se *smsir.SendError
	return err != nil && (!errors.As(err, &se) || se.State == smsir.AttemptUnknown)
}

// settle records the first outcome and gives slot and room back.
func (h *handOver) settle(accepted smsir.Accepted, err error) {
	d := h.d
	outcome := h.judge(h.job, h.started, accepted, err)
	d.metrics.outcome.WithLabelValues(h.up.Kind, outcome.State.String()).Inc()
	<-h.places
	h.free(1)
	h.finish(store.Finish{Attempt: h.attempt, Message: h.ID, Workspace: h.Workspace, Now: d.opt.Now(), Outcome: outcome})
	d.unreserve(lineOf(h.Message), 1)
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
	failpoint.Hit(failpoint.SendBefore)
	a, err = l.up.Provider.Send(ctx, s)
	failpoint.Hit(failpoint.SendAfter)
	return a, err
}

// judge turns the provider's answer into an outcome, and pace and breaker after it.
func (l *lane) judge(m job, started time.Time, accepted smsir.Accepted, err error) smsir.Outcome {
	now := l.d.opt.Now()
	if err == nil {
		l.learn(now, started, smsir.AttemptAccepted, nil)
		o := smsir.Outcome{
			State: smsir.AttemptAccepted, References: accepted.References, NoReceipt: accepted.NoReceipt, Price: accepted.Price,
			Missing: accepted.Missing, Failover: m.failover.OnError,
		}
		if accepted.Missing > 0 && accepted.MissingError != nil {
			o.Error = accepted.MissingError.Failure()
		}
		if wait := m.failover.OnMissingReceipt; wait > 0 && o.Failover && !o.NoReceipt {
			o.AgainAt = now.Add(wait)
		}
		l.questions(&o, now)
		return o
	}
	var se *smsir.SendError
	if !errors.As(err, &se) {
		se = &smsir.SendError{State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, Code: "no_answer", Text: "The provider gave no usable answer.", Err: err}
	}
	if canary.On(canary.RetryTimeout) && se.State == smsir.AttemptUnknown {
		se.State, se.Class = smsir.AttemptNotSent, smsir.ClassRetry
	}
	if se.Unmapped {
		l.d.opt.Unmapped(l.up.Kind, se.ProviderCode, se.ProviderText)
	}
	o := smsir.Outcome{State: se.State, Class: se.Class, Fraud: se.Fraud, Error: se.Failure()}
	until := l.learn(now, started, se.State, se)
	switch {
	case se.State == smsir.AttemptUnknown:
		o.RetryAt = now.Add(firstLook)
		return o
	case se.Class == smsir.ClassThrottle, se.Class == smsir.ClassConfig:
		o.RetryAt = until
	default:
		o.RetryAt = now.Add(max(smsir.Backoff(m.Attempts, l.d.opt.Jitter()), se.RetryAfter))
	}
	if l.d.another(m.Message, l.up.ID) {
		o.RetryAt = now
	}
	return o
}

// firstLook is how soon an unknown outcome is first looked up.
const firstLook = 2 * time.Second

// learn tells pace and breaker of an outcome. For a throttle and for refused settings it says until
// when the provider rests.
func (l *lane) learn(now, started time.Time, state smsir.AttemptState, se *smsir.SendError) (until time.Time) {
	l.mu.Lock()
	changed, long, first := false, false, false
	if state != smsir.AttemptUnknown {
		l.heard = now
	}
	l.latency += (min(now.Sub(started), maxLatency) - l.latency) / latencyWeight
	switch {
	case se == nil:
		l.pace.answered(started)
		changed = l.breaker.answered(now, l.up.Window)
	case state == smsir.AttemptUnknown, state == smsir.AttemptNotSent && se.Class == smsir.ClassRetry:
		changed = l.breaker.failed(now, se.Failure(), l.d.opt.Jitter())
	case se.Class == smsir.ClassThrottle:
		first = !l.pace.long()
		until = l.pace.throttled(now, started, se.RetryAfter)
		long = l.pace.long()
	case se.Class == smsir.ClassConfig:
		changed = l.breaker.misconfigured(now, se.Failure(), l.d.opt.Jitter())
		until = l.breaker.until
	case state == smsir.AttemptRefused:
		l.pace.answered(started)
		changed = l.breaker.answered(now, l.up.Window)
	}
	l.ring()
	l.mu.Unlock()
	switch {
	case changed:
		l.d.turned(l)
	case long:
		l.d.leave(l, first)
	}
	return until
}

const (
	latencyWeight = 16
	maxLatency    = time.Minute
)

// finish stores an outcome, however long that takes: it is the only proof of what happened. While
// the store refuses it, the lane starts nothing new.
func (l *lane) finish(f store.Finish) {
	d := l.d
	pause := 100 * time.Millisecond
	for try := 0; ; try++ {
		failpoint.Hit(failpoint.OutcomeBefore)
		m, err := d.opt.Store.Finish(d.ctx, f)
		failpoint.Hit(failpoint.OutcomeAfter)
		if err == nil {
			if try > 0 {
				l.stored(-1)
			}
			if m.Status == smsir.Unknown && f.Outcome.State == smsir.AttemptUnknown {
				d.metrics.unknown.WithLabelValues(m.OnUnknown.String()).Inc()
			}
			if m.OrderingKey != "" || m.Status == smsir.Queued || m.Status == smsir.Unknown || m.Status == smsir.Sent && !m.NextAt.IsZero() {
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
