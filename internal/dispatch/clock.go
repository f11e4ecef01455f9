package dispatch

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
)

// page is how many messages one call of the clock asks the store for.
const page = 500

// pokeGap is the shortest time between two turns of the clock that somebody asked for.
const pokeGap = 10 * time.Millisecond

// clock applies due times until ctx ends: schedules, validity, retries, lost answers, and changes of
// the providers. Due times are compared by the store; the clock never sleeps longer than PollCap.
func (d *Dispatcher) clock(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var swept, turned time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.reload:
			if err := d.load(ctx); err != nil {
				d.log.Error("could not load the providers", "err", err)
			}
		case <-d.poked:
			if d.opt.Now().Sub(turned) < pokeGap { // many pokes make one turn
				timer.Reset(pokeGap)
				continue
			}
		case <-timer.C:
		}
		turned = d.opt.Now()
		wait, err := d.turn(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.Error("the queue could not be read", "err", err)
		}
		if now := d.opt.Now(); now.Sub(swept) > time.Minute {
			swept = now
			d.sweep(ctx)
		}
		timer.Reset(wait)
	}
}

// turn does what is due now and says how long nothing else is. Looking first is a read beside the
// writer; only what is due costs a commit.
func (d *Dispatcher) turn(ctx context.Context) (wait time.Duration, err error) {
	if _, alive := d.life(); !alive {
		return d.opt.PollCap, nil
	}
	more, wait, err := d.tick(ctx)
	if err != nil {
		return d.opt.PollCap, err
	}
	waiting, err := d.opt.Store.Waiting(ctx)
	if err != nil {
		return d.opt.PollCap, err
	}
	now := d.opt.Now()
	shares, next := d.shares(waiting, now)
	if !next.IsZero() {
		wait = min(wait, max(next.Sub(now), minWait))
	}
	full, err := d.claim(ctx, now, shares)
	switch {
	case err != nil:
		return d.opt.PollCap, err
	case more || full:
		return 0, nil
	case len(shares) > 0:
		return minWait, nil // to see what is next in the queues that were claimed from
	}
	return wait, nil
}

// minWait keeps the clock from turning in a tight loop.
const minWait = 5 * time.Millisecond

// tick applies deadlines and says when the next one is.
func (d *Dispatcher) tick(ctx context.Context) (more bool, wait time.Duration, err error) {
	now := d.opt.Now()
	next, err := d.opt.Store.NextDeadline(ctx)
	switch {
	case err != nil || next.IsZero():
		return false, d.opt.PollCap, err
	case next.After(now):
		return false, min(max(next.Sub(now), minWait), d.opt.PollCap), nil
	}
	failpoint.Hit(failpoint.TickBefore)
	ticked, err := d.opt.Store.Tick(ctx, now, d.opt.Late, page)
	failpoint.Hit(failpoint.TickAfter)
	if err != nil {
		return false, 0, err
	}
	for _, m := range ticked.Look {
		if m.Status == smsir.Sent {
			d.follow(m)
			continue
		}
		d.look(m)
	}
	return ticked.More, minWait, nil
}

// claim takes up shares, for which room is reserved, and reports whether one of them was used up.
func (d *Dispatcher) claim(ctx context.Context, now time.Time, shares []store.Share) (full bool, err error) {
	if len(shares) == 0 {
		return false, nil
	}
	failpoint.Hit(failpoint.ClaimBefore)
	claimed, err := d.opt.Store.Claim(ctx, now, shares)
	failpoint.Hit(failpoint.ClaimAfter)
	got := count(claimed)
	for _, s := range shares {
		d.unreserve(s.Line, s.N-got[s.Line])
		full = full || got[s.Line] == s.N
	}
	d.offer(claimed) // those of a claim in doubt too: if it was stored they are ours, and only the intent can tell
	return full && err == nil, err
}

// shares divides a page between the queues that are due: every queue of OTPs first; then one part in
// five for bulk, the rest for what is transactional; inside a class every workspace as much as the
// next, those that came last the time before first. It reserves the room, and says when the next queue
// is due that is not yet.
func (d *Dispatcher) shares(waiting []store.Waiting, now time.Time) (shares []store.Share, next time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var due [3][]store.Line
	for _, w := range waiting {
		switch {
		case !d.serves(w.Workspace): // load brings them back, or another node serves them
		case w.DueAt.After(now):
			if next.IsZero() || w.DueAt.Before(next) {
				next = w.DueAt
			}
		default:
			due[w.Class.Urgency()] = append(due[w.Class.Urgency()], w.Line)
		}
	}
	d.rotation++
	left := page
	for u, lines := range due {
		part := left
		if u == 1 && len(due[2]) > 0 {
			part = left - left/(shareOfBulk+1)
		}
		for i := range lines {
			l := lines[(i+d.rotation)%len(lines)]
			n := min(max(part/len(lines), 1), left)
			free := d.room.free(l)
			if free < n {
				d.room.refused(l)
				n = free
			}
			if n > 0 {
				d.room.take(l, n)
				left -= n
				shares = append(shares, store.Share{Line: l, N: n})
			}
		}
	}
	return shares, next
}

func (d *Dispatcher) sweep(ctx context.Context) {
	for range 20 {
		failpoint.Hit(failpoint.SweepBefore)
		more, err := d.opt.Store.Sweep(ctx, d.opt.Now())
		failpoint.Hit(failpoint.SweepAfter)
		if err != nil && ctx.Err() == nil {
			d.log.Error("expired records could not be deleted", "err", err)
		}
		if !more || err != nil {
			return
		}
	}
}

// look asks the provider what became of an unknown message, if it can be asked.
func (d *Dispatcher) look(m *smsir.Message) {
	d.sending.Go(func() {
		pause := lookPause(d.opt.Now().Sub(m.UpdatedAt))
		asked, err := d.resolve(m)
		switch {
		case err != nil:
			d.log.Warn("an unknown message could not be looked up", "message_id", m.ID.Format(smsir.PrefixMessage), "err", err)
		case !asked && (m.OnUnknown != smsir.RetryOnce || m.PossibleDuplicate): // another try comes with a look
			pause = unaskedPause
		}
		if err := d.opt.Store.Look(d.ctx, m.ID, d.opt.Now().Add(pause)); err != nil {
			d.log.Warn("the next look at an unknown message could not be set", "message_id", m.ID.Format(smsir.PrefixMessage), "err", err)
		}
		d.Poke()
	})
}

// lookPause grows with the age of the question.
func lookPause(age time.Duration) time.Duration {
	switch {
	case age < time.Minute:
		return 5 * time.Second
	case age < 10*time.Minute:
		return 30 * time.Second
	case age < 2*time.Hour:
		return 5 * time.Minute
	case age < 24*time.Hour:
		return 30 * time.Minute
	}
	return 3 * time.Hour
}

// unaskedPause is between two looks at a message whose providers cannot be asked: every look is a commit.
const unaskedPause = 24 * time.Hour

// againFor bounds how long after its start an attempt may be handed over once more, whatever its provider promises.
const againFor = time.Hour

// again is an unknown attempt as it may be handed over once more to a provider that takes an attempt only once; nil when
// nothing of the message may leave any more. It is the latest attempt only: of an earlier one the message has gone on.
func again(m *smsir.Message, a smsir.Attempt, now time.Time) *smsir.Submission {
	if m.Status != smsir.Unknown || m.Final || m.CancelRequested || a.Number != m.Tries || !now.Before(m.ExpiresAt) || now.Sub(a.StartedAt) >= againFor {
		return nil
	}
	s := submission(m, a.ID, now)
	return &s
}

// resolve asks about each attempt of which nobody knows what became; false if there is nobody to ask now or later.
func (d *Dispatcher) resolve(m *smsir.Message) (asked bool, err error) {
	attempts, err := d.opt.Store.UnknownAttempts(d.ctx, m.ID)
	if err != nil {
		return false, err
	}
	for _, a := range attempts {
		d.mu.Lock()
		l := d.lanes[a.Provider]
		d.mu.Unlock()
		if l == nil { // it may be enabled again
			asked = true
			continue
		}
		q, can := l.up.Provider.(smsir.StatusQuerier)
		if !can {
			continue
		}
		asked = true
		ctx, cancel := context.WithTimeout(d.ctx, 10*time.Second)
		failpoint.Hit(failpoint.LookBefore)
		answer, err := q.QueryStatus(ctx, smsir.StatusQuery{
			Attempt: a.ID, To: m.To, From: m.From, Text: m.Text, StartedAt: a.StartedAt,
			Owned: func(ctx context.Context, references []string) ([]string, error) {
				return d.opt.Store.OwnedReferences(ctx, a.Provider, references)
			},
			Again: again(m, a, d.opt.Now()),
		})
		cancel()
		if err != nil {
			return true, err
		}
		failpoint.Hit(failpoint.LookAfter)
		outcome := smsir.Outcome{State: smsir.AttemptAccepted, References: answer.References}
		switch answer.Verdict {
		case smsir.VerdictAccepted:
			l.questions(&outcome, d.opt.Now())
		case smsir.VerdictNotAccepted:
			outcome = smsir.Outcome{State: smsir.AttemptNotSent, Class: smsir.ClassRetry, RetryAt: d.opt.Now(), Error: &smsir.Failure{
				Class: smsir.ClassRetry, Code: "not_accepted", Text: "The provider says that it never got this message.",
			}}
		default:
			continue
		}
		if _, err := d.opt.Store.Finish(d.ctx, store.Finish{Attempt: a.ID, Message: m.ID, Now: d.opt.Now(), Outcome: outcome}); err != nil {
			return true, err
		}
	}
	return asked, nil
}
