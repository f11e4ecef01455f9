package httpapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// querier is the add-on of descriptions that have status or dedupe.
type querier struct{ a *adapter }

// QueryStatus implements [smsir.StatusQuerier] in the two ways that a description can offer: a question that names the
// attempt, and handing the same attempt over once more to a provider that takes it only once.
func (u querier) QueryStatus(ctx context.Context, q smsir.StatusQuery) (smsir.StatusAnswer, error) {
	a := u.a
	if err := ctx.Err(); err != nil {
		return smsir.StatusAnswer{}, err
	}
	if a.spec.status != nil {
		answer, err := a.ask(ctx, q)
		if err != nil || answer.Verdict != smsir.VerdictUnknown {
			return answer, err
		}
	}
	if d := a.spec.dedupe; d != nil && q.Again != nil && q.Again.Attempt == q.Attempt && a.now().Sub(q.StartedAt) < d.window {
		return a.again(ctx, *q.Again)
	}
	return smsir.StatusAnswer{}, nil
}

// ask asks about the attempt by its id.
func (a *adapter) ask(ctx context.Context, q smsir.StatusQuery) (smsir.StatusAnswer, error) {
	s := a.spec.status
	v, err := a.addressed(q.Attempt, q.To, q.From, a.now())
	if err != nil {
		return smsir.StatusAnswer{}, fmt.Errorf("%s: ask about a message: %w", a.spec.name, err)
	}
	answer, d, err := a.exchange(ctx, &s.request, v, s.format)
	if err != nil {
		return smsir.StatusAnswer{}, fmt.Errorf("%s: ask about a message: %w", a.spec.name, err)
	}
	if s.accepted.met(answer.Status, d) {
		ids := references(s.id, d)
		if s.id != nil && len(ids) == 0 {
			return smsir.StatusAnswer{}, nil
		}
		return smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: ids}, nil
	}
	if s.absent != nil && s.absent.met(answer.Status, d) && a.now().Sub(q.StartedAt) >= s.absentAfter {
		return smsir.StatusAnswer{Verdict: smsir.VerdictNotAccepted}, nil
	}
	return smsir.StatusAnswer{}, nil
}

// again hands an attempt over once more. Only a yes proves anything: a no may come from something in front of what
// remembers the attempt, such as a limit of the rate or a credit that is used up by now.
func (a *adapter) again(ctx context.Context, s smsir.Submission) (smsir.StatusAnswer, error) {
	answer, err := a.submit(ctx, s)
	if err != nil {
		return smsir.StatusAnswer{}, fmt.Errorf("%s: hand an attempt over once more: %w", a.spec.name, err)
	}
	accepted, err := a.judge(answer)
	if err == nil {
		return smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: accepted.References}, nil
	}
	var refused *smsir.SendError
	if errors.As(err, &refused) && slices.Contains(a.spec.dedupe.duplicate, refused.ProviderCode) {
		t := a.hear(answer)
		return smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: references(a.spec.answer.id, &t.doc)}, nil
	}
	return smsir.StatusAnswer{}, nil
}

// exchange sends a request that changes nothing and makes its answer searchable.
func (a *adapter) exchange(ctx context.Context, r *request, v values, format string) (outcall.Response, *document, error) {
	req, err := r.build(ctx, v)
	if err != nil {
		return outcall.Response{}, nil, err
	}
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return outcall.Response{}, nil, err
	}
	d := &document{header: answer.Header, body: answer.Body}
	if err := d.read(format); err != nil || answer.Truncated {
		return answer, d, fmt.Errorf("status %d, and the answer is no %s", answer.Status, format)
	}
	return answer, d, nil
}

// checker is the add-on of descriptions that have check or balance.
type checker struct{ a *adapter }

// CheckCredentials implements [smsir.CredentialChecker].
func (c checker) CheckCredentials(ctx context.Context) error {
	s := c.a.spec
	m := s.check
	if m == nil {
		b := s.balance
		m = &checkMap{request: b.request, format: b.format, accepted: b.accepted, refused: outcomeRule{status: []statusRange{{401, 401}, {403, 403}}}}
	}
	req, err := m.request.build(ctx, c.a.account(c.a.now()))
	if err != nil {
		return smsir.Errorf(smsir.CodeProviderUnreachable, "The request cannot be made: %s. Check the description.", err)
	}
	answer, err := c.a.http.Do(ctx, req)
	if err != nil {
		return &smsir.Error{Code: smsir.CodeProviderUnreachable, Text: s.name + " gave no answer. Try again, or check the address in the description.", Err: err}
	}
	d := &document{header: answer.Header, body: answer.Body}
	broken := d.read(m.format) != nil || answer.Truncated
	switch {
	case !broken && m.accepted.met(answer.Status, d):
		return nil
	case m.refused.status1(answer.Status) && (len(m.refused.where) == 0 || !broken && hold(m.refused.where, d)):
		return smsir.Errorf(smsir.CodeCredentialsRefused, "%s does not accept the credentials (HTTP %d). Check the secrets, and auth in the description.", s.name, answer.Status)
	}
	return smsir.Errorf(smsir.CodeProviderUnreachable, "%s gave an answer that tells nothing (HTTP %d). Try again, or check the description.", s.name, answer.Status)
}

// reporter is the add-on of descriptions that have balance.
type reporter struct{ a *adapter }

// Balance implements [smsir.BalanceReporter].
func (r reporter) Balance(ctx context.Context) (smsir.Balance, error) {
	s := r.a.spec
	answer, d, err := r.a.exchange(ctx, &s.balance.request, r.a.account(r.a.now()), s.balance.format)
	if answer.Status == 401 || answer.Status == 403 {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeCredentialsRefused, "%s does not accept the credentials (HTTP %d). Check the secrets, and auth in the description.", s.name, answer.Status)
	}
	if err != nil {
		return smsir.Balance{}, &smsir.Error{Code: smsir.CodeProviderUnreachable, Text: s.name + " gave no usable answer.", Err: err}
	}
	b := smsir.Balance{Amount: strings.TrimSpace(s.balance.amount.first(d)), Currency: shorten(strings.TrimSpace(s.balance.currency.first(d)), 20)}
	if !s.balance.accepted.met(answer.Status, d) || !decimalForm.MatchString(b.Amount) || b.Currency == "" {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeProviderUnreachable, "%s gave an answer without a balance (HTTP %d). Check balance in the description.", s.name, answer.Status)
	}
	return b, nil
}
