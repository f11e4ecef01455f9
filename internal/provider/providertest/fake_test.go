package providertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

// Numbers of the fake far side.
const (
	fakeAccepts   = "+12025550120"
	fakeRefuses   = "+12025550121"
	fakeThrottles = "+12025550122"
	fakeHangs     = "+12025550123"
	fakeLost      = "+12025550124"
	fakeReplies   = "+12025550125"
)

// fake is an adapter and its far side in one, with mistakes that can be switched on, one at a time.
type fake struct {
	mistake string
	cfg     smsir.ProviderConfig
	timer   time.Duration
	stop    chan struct{} // closed when the test ends: for what a mistake leaves behind

	mu       sync.Mutex
	seen     map[smsir.ID]int
	contacts int
	down     bool
	owed     []any // smsir.Receipt and smsir.Inbound
	wake     chan struct{}
}

func newFake(t testing.TB, mistake string, timer time.Duration) *fake {
	f := &fake{mistake: mistake, timer: timer, stop: make(chan struct{}), seen: map[smsir.ID]int{}, wake: make(chan struct{}, 1)}
	t.Cleanup(func() { close(f.stop) })
	return f
}

func fakeHarness(mistake string, bubble bool) Harness {
	timer := 50 * time.Millisecond
	if bubble {
		timer = 5 * time.Second
	}
	return Harness{
		Start: func(t testing.TB) *World {
			f := newFake(t, mistake, timer)
			return &World{
				Kind: f.kind(), Settings: map[string]string{"account": "a1", "token": "t1"},
				Seen:     func(s smsir.Submission) int { f.mu.Lock(); defer f.mu.Unlock(); return f.seen[s.Attempt] },
				Contacts: func() int { f.mu.Lock(); defer f.mu.Unlock(); return f.contacts },
				Down:     func() { f.mu.Lock(); defer f.mu.Unlock(); f.down = true },
			}
		},
		Bubble: bubble, ResponseTimer: timer, Accepts: fakeAccepts, Hangs: fakeHangs, Lost: map[string]string{"reset": fakeLost},
		Refusals: []Refusal{
			{Name: "number", To: fakeRefuses, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "21211", ProviderText: "Invalid 'To'"},
			{Name: "throttled", To: fakeThrottles, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: time.Second, ProviderCode: "429", ProviderText: "slow down"},
		},
		From: "+12025550130", Runner: true, Reports: true, Replies: fakeReplies,
		Queries: true, HangVerdict: smsir.VerdictAccepted, AbsentVerdict: smsir.VerdictNotAccepted,
	}
}

func (f *fake) kind() smsir.ProviderKind {
	k := smsir.ProviderKind{
		Name: "fake", Title: "Fake", Help: "For the suite's own tests.", Window: 4, TestOnly: true,
		Fields: []smsir.Field{
			{Name: "account", Label: "Account", Help: "Its id.", Type: "text", Required: true, Pattern: "[a-z0-9]+"},
			{Name: "token", Label: "Token", Help: "Its secret.", Type: "password", Required: true, Secret: true},
			{Name: "region", Label: "Region", Help: "Where.", Type: "select", Options: []string{"eu", "us"}, Default: "eu"},
		},
		Addresses: []smsir.AddressNote{{Address: fakeAccepts, Does: "delivered"}},
		Open:      f.open,
	}
	if f.mistake == "field twice" {
		k.Fields = append(k.Fields, k.Fields[0])
	}
	return k
}

func (f *fake) open(cfg smsir.ProviderConfig) (smsir.Provider, error) {
	for _, name := range []string{"account", "token"} {
		if cfg.Settings[name] == "" && f.mistake != "opens without a required setting" {
			err := smsir.Errorf(smsir.CodeInvalid, "%s is required.", name)
			if f.mistake != "refuses without the field" {
				err.Field = name
			}
			return nil, err
		}
	}
	if f.mistake == "opens over the network" {
		f.contacts++
	}
	f.cfg = cfg
	if f.mistake == "is no Runner" {
		return struct{ smsir.Provider }{f}, nil
	}
	return f, nil
}

var errReset = errors.New("connection reset")

// arrive is the far side: it counts a submission, and says whether it could be reached.
func (f *fake) arrive(s smsir.Submission) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return false
	}
	f.contacts++
	f.seen[s.Attempt]++
	if f.mistake == "sends twice" {
		f.seen[s.Attempt]++
	}
	return true
}

// Send implements smsir.Provider.
func (f *fake) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	late := f.mistake == "sends after the end"
	if ctx.Err() != nil && !late {
		if f.mistake == "unknown before it began" {
			return smsir.Accepted{}, unknown(ctx.Err())
		}
		return smsir.Accepted{}, &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassRetry, Code: "not_started", Text: "Stopped.", Err: ctx.Err()}
	}
	if !f.arrive(s) {
		if f.mistake == "unknown when unreachable" {
			return smsir.Accepted{}, unknown(errReset)
		}
		return smsir.Accepted{}, &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassRetry, Code: "dial_failed", Text: "Cannot reach it."}
	}
	if late && ctx.Err() != nil {
		return smsir.Accepted{}, &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassRetry, Code: "not_started", Text: "Stopped."}
	}
	if f.mistake == "retries later" {
		go func() {
			select {
			case <-time.After(20 * time.Second):
				f.arrive(s)
			case <-f.stop:
			}
		}()
	}
	return f.answer(ctx, s)
}

func unknown(err error) *smsir.SendError {
	return &smsir.SendError{State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, Code: "no_answer", Text: "No answer.", Err: err}
}

func (f *fake) answer(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	switch s.To {
	case fakeRefuses:
		e := &smsir.SendError{State: smsir.AttemptRefused, Class: smsir.ClassPermanent, Code: "refused", Text: "Refused.", ProviderCode: "21211", ProviderText: "Invalid 'To'"}
		switch f.mistake {
		case "own words for the provider's":
			e.ProviderText = "invalid to"
		case "refused is retry":
			e.Class = smsir.ClassRetry
		case "plain error":
			return smsir.Accepted{}, errReset
		case "references with an error":
			return smsir.Accepted{References: []string{"r"}}, e
		case "no code":
			e.Code = ""
		}
		return smsir.Accepted{}, e
	case fakeThrottles:
		e := &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: time.Second, Code: "throttled", Text: "Slow down.", ProviderCode: "429", ProviderText: "slow down"}
		if f.mistake == "forgets the delay" {
			e.RetryAfter = 0
		}
		return smsir.Accepted{}, e
	case fakeLost:
		if f.mistake == "reset is not sent" {
			return smsir.Accepted{}, &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassRetry, Code: "reset", Text: "Reset."}
		}
		return smsir.Accepted{}, unknown(errReset)
	case fakeHangs:
		return smsir.Accepted{}, f.hang(ctx)
	}
	references := []string{fmt.Sprintf("ref%d", s.Attempt)}
	if f.mistake == "one reference for all" {
		references[0] = "ref"
	}
	f.owe(s, references[0])
	return smsir.Accepted{References: references}, nil
}

// hang is a submission whose answer never comes.
func (f *fake) hang(ctx context.Context) error {
	timer := f.timer
	switch f.mistake {
	case "silence is refused":
		return &smsir.SendError{State: smsir.AttemptRefused, Class: smsir.ClassRetry, Code: "timeout", Text: "No answer.", ProviderText: "timeout"}
	case "gives up late":
		timer *= 3
	case "ignores the end":
		ctx = context.WithoutCancel(ctx)
	}
	select {
	case <-time.After(timer):
		return unknown(nil)
	case <-ctx.Done():
		if f.mistake == "cancelled is not sent" {
			return &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassRetry, Code: "stopped", Text: "Stopped."}
		}
		return unknown(ctx.Err())
	}
}

func (f *fake) owe(s smsir.Submission, reference string) {
	now := time.Now()
	r := smsir.Receipt{Provider: f.cfg.ID, Reference: reference, Attempt: s.Attempt, To: s.To, Status: smsir.Delivered, DoneAt: now, ArrivedAt: now, Code: "0", Raw: "stat:DELIVRD"}
	if f.mistake == "receipts of another provider" {
		r.Provider[0]++
	}
	f.mu.Lock()
	f.owed = append(f.owed, r)
	if s.To == fakeReplies {
		f.owed = append(f.owed, smsir.Inbound{Provider: f.cfg.ID, Reference: "in" + reference, From: s.To, To: s.From, Text: "hello", ReceivedAt: now})
	}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Run implements smsir.Runner.
func (f *fake) Run(ctx context.Context, sink smsir.Sink) error {
	if f.mistake == "leaves a goroutine" {
		go func() { <-f.stop }()
	}
	for ctx.Err() == nil {
		f.mu.Lock()
		owed := f.owed
		f.owed = nil
		f.mu.Unlock()
		var again []any
		for _, report := range owed {
			if back := f.handIn(ctx, sink, report); back != nil {
				again = append(again, back)
			}
		}
		f.mu.Lock()
		f.owed = append(again, f.owed...)
		f.mu.Unlock()
		select {
		case <-f.wake:
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	if f.mistake == "Run returns an error" {
		return ctx.Err()
	}
	return nil
}

// handIn returns what is to be handed in again.
func (f *fake) handIn(ctx context.Context, sink smsir.Sink, report any) any {
	switch r := report.(type) {
	case smsir.Receipt:
		if f.mistake == "returns while the sink is at it" {
			done := make(chan error, 1)
			go func() { done <- sink.Receipt(ctx, r) }()
			select {
			case err := <-done:
				if err == nil {
					return nil
				}
			case <-ctx.Done():
			}
			return r
		}
		if f.mistake != "no receipts" && sink.Receipt(ctx, r) != nil && f.mistake != "drops a refused receipt" {
			if f.mistake == "changes a refused receipt" {
				r.DoneAt = r.DoneAt.Add(time.Second)
			}
			return r
		}
	case smsir.Inbound:
		if sink.Inbound(ctx, r) != nil && f.mistake != "drops a refused reply" {
			return r
		}
	}
	return nil
}

// QueryStatus implements smsir.StatusQuerier.
func (f *fake) QueryStatus(ctx context.Context, q smsir.StatusQuery) (smsir.StatusAnswer, error) {
	if ctx.Err() != nil && f.mistake != "a query ignores the end" {
		return smsir.StatusAnswer{}, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.seen[q.Attempt] > 0:
		return smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: []string{fmt.Sprintf("ref%d", q.Attempt)}}, nil
	case f.mistake == "a query takes silence for proof":
		return smsir.StatusAnswer{Verdict: smsir.VerdictAccepted}, nil
	}
	return smsir.StatusAnswer{Verdict: smsir.VerdictNotAccepted}, nil
}
