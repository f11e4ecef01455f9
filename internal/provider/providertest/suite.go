// Package providertest is in charge of the contract of a provider adapter as tests: the one suite that every adapter
// must pass. [Run] puts an adapter in front of a far side that a [Harness] scripts, and checks what docs/providers says:
// what Send may return, that nothing is sent twice, that silence is never taken for proof, that a report is handed in
// until it is acknowledged.
//
// It is not in charge of what only one adapter does (its requests, its words, its signatures): that is tested beside the
// adapter.
//
// On failure a check says what the adapter did, what it should have done, and with which submission.
package providertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
)

// Harness describes an adapter and its scripted far side to [Run]. What the far side does with a submission is chosen
// by the recipient's number.
type Harness struct {
	// Start makes a fresh far side, and the kind of provider that speaks to it. It is called once per check, and cleans
	// up with t.Cleanup. Required.
	Start func(t testing.TB) *World

	// Bubble says that far side and adapter live without a network (in memory, or on files): each check then runs
	// inside testing/synctest, where waiting costs nothing and times are exact. Otherwise the suite waits in real time;
	// give such an adapter a short response timer.
	Bubble bool

	// ResponseTimer is the adapter's own limit for an answer. Required.
	ResponseTimer time.Duration

	Accepts  string            // a number whose messages the far side takes, and says so. Required
	Hangs    string            // a number whose messages it takes without ever answering. Required
	Lost     map[string]string // other ways to lose an answer (reset, garbage …), by name: numbers. The outcome is unknown
	Refusals []Refusal         // ways to refuse; at least one of smsir.ClassPermanent
	From     string            // the sender; "" leaves it to the provider

	// Runner says that the adapter is a smsir.Runner. Reports says that, while it runs, it hands in a final receipt for
	// a message to the number Accepts; Replies is a number whose owner replies to a message, "" if none does.
	Runner  bool
	Reports bool
	Replies string

	// Connects says that the adapter can send only while it runs.
	Connects bool

	// Queries says that the adapter is a smsir.StatusQuerier; the verdicts are those it must give about a message to
	// Hangs, and about an attempt that never left.
	Queries       bool
	HangVerdict   smsir.Verdict
	AbsentVerdict smsir.Verdict
}

// World is one far side and the adapter in front of it.
type World struct {
	Kind     smsir.ProviderKind
	Settings map[string]string // complete settings, with which Kind.Open succeeds

	// Seen counts the submissions that reached the far side for s, refused ones included. Required.
	Seen func(s smsir.Submission) int
	// Contacts counts what reached the far side in any way: connections, requests. Required.
	Contacts func() int
	// Down makes the far side unreachable. Required.
	Down func()
}

// Refusal is one way in which the far side refuses, and how the adapter must class it.
type Refusal struct {
	Name         string
	To           string
	State        smsir.AttemptState // AttemptRefused; AttemptNotSent only for a throttled one
	Class        smsir.FailureClass
	RetryAfter   time.Duration // as the far side says it; 0 when it does not
	ProviderCode string        // what the far side says, which must arrive word for word
	ProviderText string
}

// Run checks an adapter. It calls t.Run once per check, in parallel.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if fault := h.fault(); fault != "" {
		t.Fatalf("harness: %s", fault)
	}
	for _, c := range checks() {
		if !c.applies(&h) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h.enter(t, func(t *testing.T) { runCheck(t, &h, c) })
		})
	}
}

// fault says what is missing in h, "" if nothing is.
func (h *Harness) fault() string {
	permanent := false
	for _, r := range h.Refusals {
		permanent = permanent || r.Class == smsir.ClassPermanent
		if r.Name == "" || r.To == "" || r.ProviderCode == "" && r.ProviderText == "" {
			return fmt.Sprintf("the refusal %+v has no name, no number or no words", r)
		}
	}
	switch {
	case h.Start == nil:
		return "Start is missing"
	case h.ResponseTimer <= 0:
		return "ResponseTimer is missing"
	case h.Accepts == "" || h.Hangs == "":
		return "the numbers Accepts and Hangs are required"
	case !permanent:
		return "no refusal is of class permanent"
	case !h.Runner && (h.Reports || h.Replies != "" || h.Connects):
		return "only a Runner hands in reports by itself, or has to run before it sends"
	}
	return ""
}

func (h *Harness) enter(t *testing.T, f func(t *testing.T)) {
	if h.Bubble {
		synctest.Test(t, f)
		return
	}
	f(t)
}

// check is one test of the suite.
type check struct {
	name    string
	applies func(h *Harness) bool
	do      func(c *trial)
	alone   bool // it runs the adapter itself, or not at all
}

func checks() []check {
	every := func(*Harness) bool { return true }
	return []check{
		{"kind", every, checkKind, true},
		{"open", every, checkOpen, true},
		{"accepts", every, checkAccepts, false},
		{"refusals", every, checkRefusals, false},
		{"lost answers", func(h *Harness) bool { return len(h.Lost) > 0 }, checkLost, false},
		{"response timer", every, checkResponseTimer, false},
		{"cancelled before", every, checkCancelledBefore, false},
		{"cancelled while waiting", every, checkCancelledWhileWaiting, false},
		{"unreachable", every, checkUnreachable, false},
		{"concurrent", every, checkConcurrent, false},
		{"run stops", func(h *Harness) bool { return h.Runner }, checkRunStops, true},
		{"run waits for the sink", func(h *Harness) bool { return h.Reports }, checkRunWaits, true},
		{"receipts", func(h *Harness) bool { return h.Reports }, checkReceipts, true},
		{"receipts not acknowledged", func(h *Harness) bool { return h.Reports }, checkReceiptsAgain, true},
		{"receipts after another run", func(h *Harness) bool { return h.Reports }, checkReceiptsNextRun, true},
		{"replies", func(h *Harness) bool { return h.Replies != "" }, checkReplies, true},
		{"status query", func(h *Harness) bool { return h.Queries }, checkQuery, false},
	}
}

// trial is one check under way.
type trial struct {
	testing.TB
	h   *Harness
	w   *World
	cfg smsir.ProviderConfig
	p   smsir.Provider
	ids *smsir.Generator

	mu   sync.Mutex
	sent []sending
}

// sending is one call of Send that has returned.
type sending struct {
	s   smsir.Submission
	got smsir.Accepted
	err *smsir.SendError
}

// runCheck makes a world, opens the provider, runs the check, and then looks at what the far side saw of it all.
func runCheck(t testing.TB, h *Harness, c check) {
	ids, err := smsir.NewGenerator(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := h.Start(t)
	trial := &trial{TB: t, h: h, w: w, ids: ids, cfg: smsir.ProviderConfig{
		ID: smsir.NewUUID(time.Now()), Workspace: smsir.NewUUID(time.Now()), Name: "under test", Settings: w.Settings,
	}}
	trial.p, err = w.Kind.Open(trial.cfg)
	if err != nil {
		t.Fatalf("Open with the settings of the harness: got error %v, want none", err)
	}
	if h.Connects && !c.alone {
		defer trial.running(newSink(0, 0))()
	}
	c.do(trial)
	trial.countSubmissions()
}

// submission makes a submission that no other is like.
func (c *trial) submission(to string) smsir.Submission {
	now := time.Now()
	attempt := c.ids.Next(now)
	return smsir.Submission{
		Attempt: attempt, Message: c.ids.Next(now), Workspace: c.cfg.Workspace, To: to, From: c.h.From,
		Text: "conformance " + attempt.Format(smsir.PrefixAttempt), Encoding: smsir.EncodingGSM7, Segments: 1,
		Class: smsir.Transactional, Validity: time.Hour,
	}
}

// send calls Send, checks what every outcome must keep to, and remembers it for countSubmissions. The error is nil
// when the submission was accepted.
func (c *trial) send(ctx context.Context, s smsir.Submission) (smsir.Accepted, *smsir.SendError) {
	c.Helper()
	got, err := c.p.Send(ctx, s)
	failure, faults := outcomeFaults(got, err)
	for _, f := range faults {
		c.Errorf("Send(%s): %s", describe(s), f)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, sending{s, got, failure})
	return got, failure
}

// countSubmissions compares every submission with what the far side saw: an adapter never sends one twice, and never
// says "not sent" of what arrived. Inside a bubble a minute passes first, in which a retry would show.
func (c *trial) countSubmissions() {
	if c.h.Bubble {
		time.Sleep(time.Minute)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sent {
		want := 1
		if s.err != nil && s.err.State == smsir.AttemptNotSent && s.err.Class != smsir.ClassThrottle {
			want = 0
		}
		if got := c.w.Seen(s.s); got != want {
			c.Errorf("%s, outcome %s: the far side saw it %d times, want %d", describe(s.s), describeOutcome(s.err), got, want)
		}
	}
}

func describe(s smsir.Submission) string {
	return fmt.Sprintf("attempt %s to %s", s.Attempt.Format(smsir.PrefixAttempt), s.To)
}

func describeOutcome(err *smsir.SendError) string {
	if err == nil {
		return "accepted"
	}
	return err.Error()
}

// patience is how long the suite waits for what must happen; never for what must not.
const patience = 30 * time.Second

// await waits until cond holds, and fails the check with what when it does not in time.
func (c *trial) await(what string, cond func() bool) {
	c.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(c.h.ResponseTimer + patience)
	defer deadline.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline.C:
			c.Fatalf("waited in vain: %s", what)
		}
	}
}
