package providertest

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/smsir/smsir"
)

func checkKind(c *trial) {
	for _, f := range kindFaults(c.w.Kind) {
		c.Errorf("kind %q: %s", c.w.Kind.Name, f)
	}
}

// checkOpen: settings that lack what is required are refused, nothing is contacted, and the add-ons are those that the
// harness tells of.
func checkOpen(c *trial) {
	for _, f := range c.w.Kind.Fields {
		if !f.Required {
			continue
		}
		for _, how := range []string{"missing", "empty"} {
			cfg := c.cfg
			cfg.Settings = maps.Clone(c.w.Settings)
			delete(cfg.Settings, f.Name)
			if how == "empty" {
				cfg.Settings[f.Name] = ""
			}
			_, err := c.w.Kind.Open(cfg)
			var named *smsir.Error
			if err == nil {
				c.Errorf("Open with %s setting %q: got no error, want one", how, f.Name)
			} else if !errors.As(err, &named) || named.Code != smsir.CodeInvalid || named.Field != f.Name {
				c.Errorf("Open with %s setting %q: got error %v, want a *smsir.Error with code %q and that field", how, f.Name, err, smsir.CodeInvalid)
			}
		}
	}
	if got := c.w.Contacts(); got != 0 {
		c.Errorf("Open reached the far side %d times, want 0: it must not touch the network", got)
	}
	if _, got := c.p.(smsir.Runner); got != c.h.Runner {
		c.Errorf("is a smsir.Runner: got %v, want %v", got, c.h.Runner)
	}
	if _, got := c.p.(smsir.CalledBack); got != c.w.Kind.CallsBack {
		c.Errorf("is a smsir.CalledBack: got %v, want %v as the kind says", got, c.w.Kind.CallsBack)
	}
	if _, got := c.p.(smsir.StatusQuerier); got != c.h.Queries {
		c.Errorf("is a smsir.StatusQuerier: got %v, want %v", got, c.h.Queries)
	}
}

func checkAccepts(c *trial) {
	s := c.submission(c.h.Accepts)
	if _, failure := c.send(c.Context(), s); failure != nil {
		c.Errorf("Send(%s): got %v, want it accepted", describe(s), failure)
	}
}

func checkRefusals(c *trial) {
	for _, r := range c.h.Refusals {
		s := c.submission(r.To)
		_, failure := c.send(c.Context(), s)
		if failure == nil {
			c.Errorf("%s: Send(%s): got it accepted, want it refused", r.Name, describe(s))
			continue
		}
		if failure.State != r.State || failure.Class != r.Class || failure.RetryAfter != r.RetryAfter {
			c.Errorf("%s: Send(%s): got %v %q retry after %v, want %v %q retry after %v", r.Name, describe(s),
				failure.State, failure.Class, failure.RetryAfter, r.State, r.Class, r.RetryAfter)
		}
		if failure.ProviderCode != r.ProviderCode || failure.ProviderText != r.ProviderText {
			c.Errorf("%s: Send(%s): got the provider's words %q %q, want them word for word: %q %q", r.Name, describe(s),
				failure.ProviderCode, failure.ProviderText, r.ProviderCode, r.ProviderText)
		}
	}
}

func checkLost(c *trial) {
	for name, to := range c.h.Lost {
		s := c.submission(to)
		if _, failure := c.send(c.Context(), s); failure == nil || failure.State != smsir.AttemptUnknown {
			c.Errorf("%s: Send(%s): got %s, want unknown", name, describe(s), describeOutcome(failure))
		}
	}
}

// checkResponseTimer: no answer is unknown, when the adapter's own timer has ended.
func checkResponseTimer(c *trial) {
	s := c.submission(c.h.Hangs)
	started := time.Now()
	_, failure := c.send(c.Context(), s)
	if failure == nil || failure.State != smsir.AttemptUnknown {
		c.Errorf("Send(%s) without an answer: got %s, want unknown", describe(s), describeOutcome(failure))
	}
	if took := time.Since(started); c.h.Bubble && (took < c.h.ResponseTimer || took > c.h.ResponseTimer+time.Second) {
		c.Errorf("Send(%s) without an answer returned after %v, want %v", describe(s), took, c.h.ResponseTimer)
	}
}

// checkCancelledBefore: what has not begun when ctx ends is provably not sent.
func checkCancelledBefore(c *trial) {
	ctx, cancel := context.WithCancel(c.Context())
	cancel()
	for _, to := range []string{c.h.Accepts, c.h.Hangs} {
		s := c.submission(to)
		started := time.Now()
		_, failure := c.send(ctx, s)
		if failure == nil || failure.State != smsir.AttemptNotSent {
			c.Errorf("Send(%s) with a context that has ended: got %s, want not_sent", describe(s), describeOutcome(failure))
		}
		if took := time.Since(started); c.h.Bubble && took > 0 {
			c.Errorf("Send(%s) with a context that has ended returned after %v, want at once", describe(s), took)
		}
	}
}

// checkCancelledWhileWaiting: what has left when ctx ends is unknown, and Send returns.
func checkCancelledWhileWaiting(c *trial) {
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	s := c.submission(c.h.Hangs)
	returned := make(chan *smsir.SendError, 1)
	go func() {
		_, failure := c.send(ctx, s)
		returned <- failure
	}()
	c.await("the submission reaches the far side", func() bool { return c.w.Seen(s) > 0 })
	cancel()
	cancelled := time.Now()
	failure := <-returned
	if failure == nil || failure.State != smsir.AttemptUnknown {
		c.Errorf("Send(%s), cancelled while the answer was due: got %s, want unknown", describe(s), describeOutcome(failure))
	}
	if took := time.Since(cancelled); c.h.Bubble && took > 0 {
		c.Errorf("Send(%s) returned %v after its context ended, want at once", describe(s), took)
	}
}

// checkUnreachable: what cannot leave is provably not sent, and may be tried later.
func checkUnreachable(c *trial) {
	c.w.Down()
	s := c.submission(c.h.Accepts)
	_, failure := c.send(c.Context(), s)
	if failure == nil || failure.State != smsir.AttemptNotSent || failure.Class != smsir.ClassRetry {
		c.Errorf("Send(%s) with the far side down: got %s, want not_sent of class retry", describe(s), describeOutcome(failure))
	}
}

// checkConcurrent: many calls at once keep apart.
func checkConcurrent(c *trial) {
	const calls = 48
	references := map[string]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range calls {
		refusal := c.h.Refusals[i/2%len(c.h.Refusals)]
		all.Go(func() {
			if i%2 == 0 {
				s := c.submission(refusal.To)
				if _, failure := c.send(c.Context(), s); failure == nil || failure.ProviderCode != refusal.ProviderCode {
					c.Errorf("Send(%s) among %d at once: got %s, want the provider's code %q", describe(s), calls, describeOutcome(failure), refusal.ProviderCode)
				}
				return
			}
			s := c.submission(c.h.Accepts)
			got, failure := c.send(c.Context(), s)
			if failure != nil {
				c.Errorf("Send(%s) among %d at once: got %v, want it accepted", describe(s), calls, failure)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, r := range got.References {
				if other := references[r]; other != "" {
					c.Errorf("reference %q was given to %s and to %s", r, other, describe(s))
				}
				references[r] = describe(s)
			}
		})
	}
	all.Wait()
}

// checkQuery: a status query tells taken from never left, and returns when ctx ends.
func checkQuery(c *trial) {
	querier := c.p.(smsir.StatusQuerier)
	query := func(s smsir.Submission) smsir.StatusQuery {
		return smsir.StatusQuery{Attempt: s.Attempt, To: s.To, From: s.From, Text: s.Text, StartedAt: time.Now()}
	}
	ask := func(s smsir.Submission, want smsir.Verdict, references []string) {
		c.Helper()
		got, err := querier.QueryStatus(c.Context(), query(s))
		if err != nil || got.Verdict != want {
			c.Errorf("QueryStatus(%s): got verdict %d, error %v; want verdict %d", describe(s), got.Verdict, err, want)
		}
		if len(references) > 0 && (len(got.References) != len(references) || got.References[0] != references[0]) {
			c.Errorf("QueryStatus(%s): got references %q, want those of the answer, %q", describe(s), got.References, references)
		}
		if got.Verdict != smsir.VerdictAccepted && len(got.References) > 0 {
			c.Errorf("QueryStatus(%s): got references %q with verdict %d, want none", describe(s), got.References, got.Verdict)
		}
	}
	taken, absent, hung := c.submission(c.h.Accepts), c.submission(c.h.Accepts), c.submission(c.h.Hangs)
	accepted, failure := c.send(c.Context(), taken)
	if failure != nil {
		c.Fatalf("Send(%s): got %v, want it accepted", describe(taken), failure)
	}
	_, _ = c.send(c.Context(), hung)
	ask(taken, smsir.VerdictAccepted, accepted.References)
	ask(absent, c.h.AbsentVerdict, nil)
	ask(hung, c.h.HangVerdict, nil)

	ctx, cancel := context.WithCancel(c.Context())
	cancel()
	if got, err := querier.QueryStatus(ctx, query(taken)); err == nil {
		c.Errorf("QueryStatus(%s) with a context that has ended: got %+v, want an error", describe(taken), got)
	}
	if got := c.w.Seen(absent); got != 0 {
		c.Errorf("QueryStatus(%s) made the far side see %d submissions, want 0", describe(absent), got)
	}
}
