package httpapi

import (
	"time"

	"go.yaml.in/yaml/v3"
)

// statusMap says how to ask what became of an attempt whose answer was lost.
type statusMap struct {
	request     request
	format      string
	accepted    outcomeRule
	id          *source
	absent      *outcomeRule
	absentAfter time.Duration
}

// balanceMap says how to ask for the credit, and checkMap whether the credentials are right.
type balanceMap struct {
	request          request
	format           string
	accepted         outcomeRule
	amount, currency *source
}

type checkMap struct {
	request  request
	format   string
	accepted outcomeRule
	refused  outcomeRule
}

func (t *tree) status(s *spec, n *yaml.Node, inherited *auth) {
	if n == nil || t.err != nil {
		return
	}
	o := t.object(n, "status")
	q := &statusMap{format: o.word("format", formatJSON, formatXML, formatForm, formatText)}
	t.request(s, &q.request, o.need("request", "Write the request that asks."), "status.request", statusPlaceholder, inherited)
	q.accepted = t.outcome(o.need("accepted", "Say with where by what it is seen that the provider has the message."), "status.accepted", q.format, statusRange{200, 200})
	q.id = t.source(o.child("id"), "status.id", q.format)
	if a := o.child("absent"); a != nil {
		r := t.outcome(a, "status.absent", q.format, statusRange{200, 200})
		q.absent = &r
		if t.err == nil && len(r.where) == 0 {
			t.fail(a, "status.absent", "Say with where by what it is seen that the provider does not have the message. A status alone can come from anybody in between.")
		}
	}
	q.absentAfter = t.duration(o.child("absent_after"), "status.absent_after", time.Minute, 24*time.Hour, 5*time.Minute)
	o.done()
	if t.err == nil && len(q.accepted.where) == 0 && q.id == nil {
		t.fail(n, "status", "Say by what it is seen that the provider has the message: an id, or accepted with where.")
	}
	if t.err == nil && !q.request.uses("attempt", "attempt.number") {
		t.fail(n, "status", "The question must name the attempt, or the answer could be about another message. Put {{attempt}} into it, and into send where the provider keeps it.")
	}
	if t.err == nil && !s.send.uses("attempt", "attempt.number") {
		t.fail(n, "status", "The provider cannot know the attempt: send does not tell it. Put {{attempt}} there into the field that status asks for.")
	}
	s.status = q
}

func (t *tree) balance(s *spec, n *yaml.Node, inherited *auth) {
	if n == nil || t.err != nil {
		return
	}
	o := t.object(n, "balance")
	q := &balanceMap{format: o.word("format", formatJSON, formatXML, formatForm, formatText)}
	t.request(s, &q.request, o.need("request", "Write the request that asks."), "balance.request", accountPlaceholder, inherited)
	q.accepted = t.outcome(o.child("accepted"), "balance.accepted", q.format, statusRange{200, 200})
	q.amount = t.source(o.need("amount", "Say where the amount stands."), "balance.amount", q.format)
	q.currency = t.source(o.need("currency", "Say where the currency stands, or write {value: credits}."), "balance.currency", q.format)
	o.done()
	s.balance = q
}

func (t *tree) check(s *spec, n *yaml.Node, inherited *auth) {
	if n == nil || t.err != nil {
		return
	}
	o := t.object(n, "check")
	q := &checkMap{format: o.word("format", formatJSON, formatXML, formatForm, formatText)}
	t.request(s, &q.request, o.need("request", "Write a request that changes nothing and needs the credentials."), "check.request", accountPlaceholder, inherited)
	q.accepted = t.outcome(o.child("accepted"), "check.accepted", q.format, statusRange{200, 299})
	q.refused = t.outcome(o.child("refused"), "check.refused", q.format, statusRange{401, 401}, statusRange{403, 403})
	o.done()
	s.check = q
}
