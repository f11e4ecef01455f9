package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/bench/carrier"
)

// provider is the far side of one configured upstream: it outlives the runs of the gateway.
type provider struct {
	w         *world
	id        smsir.UUID
	workspace smsir.UUID
	name      string
	window    int
	carries   bool // its reports carry our attempt
	terse     bool // they do not say to whom the message was
	asked     bool // it can be asked what became of an attempt
	once      bool // its connection exists once: one node has it
	outages   [][2]time.Time

	mu    sync.Mutex
	tries map[smsir.ID]int // submissions by message
	taken map[smsir.ID][]string
	n     int
	holds map[*engine]time.Time // who has the connection
}

// account is a provider as one run has opened it.
type account struct {
	*provider
	e *engine
}

// askedAccount can be asked.
type askedAccount struct{ account }

// onceAccount is one whose connection exists once.
type onceAccount struct{ account }

// Run implements smsir.Runner: it holds the connection, and finds out if another node does that it could not have taken it over
// from.
func (a *onceAccount) Run(ctx context.Context, _ smsir.Sink) error {
	a.mu.Lock()
	for other := range a.holds {
		if !other.gate.dead.Load() && other.wellFor() > a.w.lease {
			a.w.fault("%s and %s have the connection of %s at the same time", other.member.name, a.e.member.name, a.provider.name)
		}
	}
	a.holds[a.e] = time.Now()
	a.mu.Unlock()
	<-ctx.Done()
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.holds, a.e)
	return nil
}

// What a carrier does with a submission.
const (
	takes = iota
	takesSlowly
	takesEarly // the report comes before the answer
	takesSilently
	takesAndBreaks
	takesAndPanics
	takesOddly // answers with an error that nobody knows
	losesIt    // does not take it and does not say so
	notSent
	refusesForNow
	throttles
	refusesConfig
	refuses
	refusesBlocked
)

// Send implements smsir.Provider.
func (a *account) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	p, w := a.provider, a.w
	if a.e.gate.dead.Load() {
		return smsir.Accepted{}, errDead // nothing leaves a dead process
	}
	if s.Workspace != p.workspace {
		w.fault("I11: a message of one workspace was handed to a provider of another")
	}
	p.mu.Lock()
	d := w.draw("send", p.name, s.To, s.Text, p.tries[s.Message])
	p.tries[s.Message]++
	p.mu.Unlock()
	does := d.weighted(60, 4, 3, 3, 3, 1, 1, 2, 5, 4, 2, 1, 3, 1)
	for _, o := range p.outages {
		if now := time.Now(); now.After(o[0]) && now.Before(o[1]) {
			does = notSent
		}
	}
	w.left(a.e, s)
	switch does {
	case notSent:
		rest(ctx, d.within(0, time.Second))
		return smsir.Accepted{}, sendError(smsir.AttemptNotSent, smsir.ClassRetry, 0)
	case losesIt:
		w.write(p.entry(&s, carrier.Refused, "", 0))
		rest(ctx, d.within(0, 3*time.Second))
		return smsir.Accepted{}, sendError(smsir.AttemptUnknown, smsir.ClassUnknown, 0)
	case refusesForNow, throttles, refusesConfig, refuses, refusesBlocked:
		w.write(p.entry(&s, carrier.Refused, "", 0))
		rest(ctx, d.within(time.Millisecond, 2*time.Second))
		if ctx.Err() != nil { // the refusal was not heard
			return smsir.Accepted{}, sendError(smsir.AttemptUnknown, smsir.ClassUnknown, 0)
		}
		class := []smsir.FailureClass{smsir.ClassRetry, smsir.ClassThrottle, smsir.ClassConfig, smsir.ClassPermanent, smsir.ClassBlocked}[does-refusesForNow]
		return smsir.Accepted{}, sendError(smsir.AttemptRefused, class, time.Duration(d.IntN(2))*5*time.Second)
	}
	references := p.take(&s, d)
	mute := d.chance(3)
	first := w.report(p, &s, references, d, does == takesEarly, mute)
	answer := d.within(time.Millisecond, 500*time.Millisecond)
	switch does {
	case takesSlowly:
		answer = d.within(5*time.Second, 50*time.Second)
	case takesEarly:
		select {
		case <-first:
		case <-ctx.Done():
		}
	case takesSilently:
		answer = 24 * time.Hour
	case takesAndBreaks:
		return smsir.Accepted{}, sendError(smsir.AttemptUnknown, smsir.ClassUnknown, 0)
	case takesAndPanics:
		panic("the adapter has a bug")
	case takesOddly:
		return smsir.Accepted{}, errors.New("something else")
	}
	if !rest(ctx, answer) {
		return smsir.Accepted{}, sendError(smsir.AttemptUnknown, smsir.ClassUnknown, 0)
	}
	return smsir.Accepted{References: references, NoReceipt: mute}, nil
}

func sendError(state smsir.AttemptState, class smsir.FailureClass, after time.Duration) error {
	return &smsir.SendError{State: state, Class: class, RetryAfter: after, Code: "drawn", Text: "The seed wants it so."}
}

// take makes the carrier have a message.
func (p *provider) take(s *smsir.Submission, d draws) (references []string) {
	parts := 1
	if d.chance(10) {
		parts += 1 + d.IntN(2)
	}
	p.mu.Lock()
	p.n++
	reference := fmt.Sprint("r-", p.n) // other providers give the same ones
	for i := range parts {
		references = append(references, carrier.PartReference(reference, i))
	}
	p.taken[s.Attempt] = references
	p.mu.Unlock()
	p.w.write(p.entry(s, carrier.Accepted, reference, parts))
	return references
}

func (p *provider) entry(s *smsir.Submission, v carrier.Verdict, reference string, parts int) *carrier.Entry {
	sum := sha256.Sum256([]byte(s.Text))
	return &carrier.Entry{
		Kind: carrier.Submission, At: p.w.now(), Face: p.name, Key: s.Attempt.Format(smsir.PrefixAttempt), To: s.To, From: s.From,
		TextSHA256: hex.EncodeToString(sum[:]), Verdict: v, Reference: reference, Parts: parts,
	}
}

// QueryStatus implements smsir.StatusQuerier.
func (a *askedAccount) QueryStatus(ctx context.Context, q smsir.StatusQuery) (smsir.StatusAnswer, error) {
	if a.e.gate.dead.Load() {
		return smsir.StatusAnswer{}, errDead
	}
	d := a.w.draw("query", a.name, q.Text, q.Attempt)
	if !rest(ctx, d.within(0, time.Second)) {
		return smsir.StatusAnswer{}, ctx.Err()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch references := a.taken[q.Attempt]; {
	case d.chance(20):
		return smsir.StatusAnswer{}, nil
	case len(references) > 0:
		return smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: references}, nil
	}
	return smsir.StatusAnswer{Verdict: smsir.VerdictNotAccepted}, nil
}

// report plans what the carrier tells of a message. The channel is closed when the first report is acknowledged, or when
// there is none.
func (w *world) report(p *provider, s *smsir.Submission, references []string, d draws, early, mute bool) <-chan struct{} {
	first := make(chan struct{})
	if mute || d.chance(4) && !early {
		close(first)
		return first
	}
	end := []smsir.Status{smsir.Delivered, smsir.Undelivered, smsir.Expired}[d.weighted(85, 10, 5)]
	nonSend := end == smsir.Undelivered && len(references) == 1 && d.chance(40)
	after := d.sooner(2 * time.Minute)
	if d.chance(8) {
		after = d.within(time.Minute, 70*time.Hour)
	}
	if early {
		after = 0
	}
	type step struct {
		status smsir.Status
		after  time.Duration
		copies int
	}
	steps := []step{{smsir.Sent, after / 2, 1}, {end, after, 1}}
	if nonSend || early || d.chance(50) {
		steps = steps[1:]
	}
	switch d.weighted(75, 10, 10, 5) {
	case 1:
		for i := range steps {
			steps[i].copies = 2 + 3*d.IntN(2)
		}
	case 2: // any order
		for i := range steps {
			steps[i].after = d.sooner(after + time.Second)
		}
	case 3: // a contradiction
		if !nonSend {
			steps = append(steps, step{[]smsir.Status{smsir.Delivered, smsir.Undelivered}[d.IntN(2)], after + d.sooner(time.Hour), 1})
		}
	}
	var once sync.Once
	for i, st := range steps {
		for part, reference := range references {
			w.play.Go(func() {
				w.handIn(p, s, reference, references[0], st.status, nonSend && st.status == end, st.after+time.Duration(part*d.IntN(2))*time.Second, st.copies)
				if i == 0 {
					once.Do(func() { close(first) })
				}
			})
		}
	}
	return first
}

// handIn reports until the gateway acknowledges it, copies times.
func (w *world) handIn(p *provider, s *smsir.Submission, reference, message string, status smsir.Status, nonSend bool, after time.Duration, copies int) {
	if !rest(w.ctx, after) {
		return
	}
	e := carrier.Entry{Kind: carrier.Report, Face: p.name, Reference: message, Status: status.String(), NonSend: nonSend}
	if !w.jumps {
		e.At = w.now() // with clocks that jump, "before" means nothing
	}
	w.write(&e)
	r := smsir.Receipt{Provider: p.id, Reference: reference, To: s.To, Status: status, NonSend: nonSend, DoneAt: w.now(), Code: "0"}
	if p.carries {
		r.Attempt = s.Attempt
	}
	if p.terse {
		r.To = ""
	}
	if status != smsir.Delivered && status != smsir.Sent {
		r.Error = &smsir.Failure{Class: smsir.ClassRecipientTemp, Code: status.String(), Text: "The network says so."}
	}
	for copied := range copies {
		for try := 0; ; try++ {
			e := w.engine(w.ctx, "report", p.name, reference, status, copied, try)
			if e == nil {
				return
			}
			if err := e.receipts.Receipt(w.ctx, r); err == nil {
				break
			} else if !e.excused(err) && smsir.CodeOf(err) != smsir.CodeCommitUnknown {
				w.fault("a receipt was not taken: %v", err)
				return
			}
			if !rest(w.ctx, 30*time.Second) {
				return
			}
		}
		if reference == message {
			w.write(&carrier.Entry{Kind: carrier.ReportAck, At: w.now(), Face: p.name, Reference: message, Status: status.String()})
		}
	}
}
