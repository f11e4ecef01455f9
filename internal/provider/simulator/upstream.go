package simulator

import (
	"context"
	"errors"
	"time"

	"github.com/smsir/smsir"
)

// upstream is one configured provider on a carrier.
type upstream struct {
	carrier *Carrier
	account *account
	id      smsir.UUID
	seed    uint64
	answer  Range
	report  Range
}

var (
	_ smsir.Provider      = (*upstream)(nil)
	_ smsir.Runner        = (*upstream)(nil)
	_ smsir.StatusQuerier = (*upstream)(nil)
)

// Send implements [smsir.Provider]. Once a submission is on its way to the ledger, only that write delays the end of a
// cancelled call.
func (u *upstream) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	if err := ctx.Err(); err != nil {
		return smsir.Accepted{}, &smsir.SendError{
			State: smsir.AttemptNotSent, Class: smsir.ClassRetry, Code: "not_started",
			Text: "The hand-over was stopped before it began.", Err: err,
		}
	}
	e, k := u.carrier.judge(u, &s)
	if err := u.record(e); err != nil {
		return smsir.Accepted{}, err
	}
	var early *report
	for i, r := range reportsOf(e) {
		if k.early && i == 0 {
			early = r
		}
		u.account.push(r)
	}
	if e.Silent {
		return smsir.Accepted{}, u.noAnswer(ctx, wait(ctx, u.carrier.opt.ResponseTimer))
	}
	if err := u.awaitAnswer(ctx, e, early); err != nil {
		return smsir.Accepted{}, u.noAnswer(ctx, err)
	}
	if e.Verdict != Accepted {
		r := k.refusal
		return smsir.Accepted{}, &smsir.SendError{
			State: r.state, Class: r.class, RetryAfter: r.retryAfter, Code: r.code, Text: r.text,
			ProviderCode: r.wireCode, ProviderText: r.wireText,
		}
	}
	return smsir.Accepted{References: []string{e.Reference}}, nil
}

// record writes a submission to the ledger. Its errors are of the kind that Send returns.
func (u *upstream) record(e *Entry) error {
	line, err := e.encode()
	if err == nil {
		err = u.carrier.journal.append(line, e.Attempt, true)
	}
	if err == nil {
		return nil
	}
	var failed *writeError
	if errors.As(err, &failed) && failed.unsure {
		return &smsir.SendError{
			State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, Code: "ledger_failed",
			Text: "The simulator could not write its ledger, and cannot tell whether it took the message.", Err: err,
		}
	}
	u.carrier.unjudge(e)
	return &smsir.SendError{
		State: smsir.AttemptNotSent, Class: smsir.ClassRetry, Code: "ledger_failed",
		Text: "The simulator could not write its ledger, so it did not take the message.", Err: err,
	}
}

// awaitAnswer waits until the answer is there. One that is to come behind its receipt comes when the gateway has taken
// the receipt, and at AnswerAfter if it does not.
func (u *upstream) awaitAnswer(ctx context.Context, e *Entry, early *report) error {
	if early == nil {
		return wait(ctx, e.AnswerAfter)
	}
	latest := time.NewTimer(e.AnswerAfter)
	defer latest.Stop()
	select {
	case <-early.taken:
		return wait(ctx, afterReport)
	case <-latest.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// noAnswer is the error of a submission that was taken but not answered: the response timer ended, or ctx (cause).
func (u *upstream) noAnswer(ctx context.Context, cause error) error {
	text := "The simulator took the message but did not answer in time."
	if cause != nil {
		text = "The hand-over was stopped before the simulator's answer came."
		cause = context.Cause(ctx)
	}
	return &smsir.SendError{State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, Code: "no_answer", Text: text, Err: cause}
}

// QueryStatus implements [smsir.StatusQuerier] from the ledger: the carrier knows every attempt that it took, and tells
// of all but those to the number that is unknown for ever. Errors: ctx ended, or the ledger cannot be read.
func (u *upstream) QueryStatus(ctx context.Context, q smsir.StatusQuery) (smsir.StatusAnswer, error) {
	answer := drawsOf(u.seed, q.Attempt, 0).within(drawQuery, u.answer)
	if err := wait(ctx, answer); err != nil {
		return smsir.StatusAnswer{}, err
	}
	if scriptOf(u.carrier.table, q.To).mute {
		return smsir.StatusAnswer{Verdict: smsir.VerdictUnknown}, nil
	}
	found, err := u.carrier.journal.submissions(ctx, q.Attempt)
	if err != nil {
		return smsir.StatusAnswer{}, err
	}
	for _, e := range found {
		switch {
		case e.Provider != u.id || e.Verdict != Accepted:
		case e.Mute:
			return smsir.StatusAnswer{Verdict: smsir.VerdictUnknown}, nil
		default:
			return smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: []string{e.Reference}}, nil
		}
	}
	return smsir.StatusAnswer{Verdict: smsir.VerdictNotAccepted}, nil
}

// wait returns nil after d, or the error of ctx if that ends first.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
