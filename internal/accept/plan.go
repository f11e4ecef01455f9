package accept

import (
	"context"
	"fmt"
	"time"

	"github.com/smsir/smsir"
)

// plan turns an order into messages, row by row, and gathers what is wrong with it.
type plan struct {
	s        *Service
	order    *Order
	now      time.Time
	list     *smsir.PriceList // nil where no message needs a price
	reach    int64            // what the rows may cost together where credit is on; the others are blocked
	spend    int64            // what they cost
	messages []*smsir.Message
	costs    []int64 // of each message, millionths; all 0 without a list
	rows     []int   // index of the request behind each message
	events   []smsir.Event
	problems []Problem
	waits    bool // nothing can be sent now
	result   Result
}

func (s *Service) plan(ctx context.Context, o *Order, list *smsir.PriceList, reach int64) (*plan, error) {
	p := &plan{s: s, order: o, list: list, reach: reach, now: s.opt.Now().UTC().Truncate(time.Millisecond)}
	switch {
	case len(o.Requests) == 0:
		p.problems = []Problem{{Field: "to", Code: "recipients_missing", Text: "There is no recipient. Give at least one number."}}
		return p, nil
	case len(o.Requests) > MaxRecipients:
		p.problems = []Problem{{Field: "to", Code: "too_many_recipients", Text: fmt.Sprintf(
			"%d recipients are too many for one request. Send at most %d at a time.", len(o.Requests), MaxRecipients)}}
		return p, nil
	}
	if p.result.Batch = o.In; o.Batch && o.In == 0 {
		p.result.Batch = s.opt.Store.NewID(p.now)
	}
	type row struct{ to, from, text string }
	seen := map[row]int{} // without a size, that of a single message needs no room on the heap
	for i := range o.Requests {
		m, cost, problems, err := p.message(ctx, i)
		if err != nil {
			return nil, err
		}
		if len(problems) > 0 {
			p.refuse(i, problems)
			continue
		}
		key := row{m.To, m.From, m.Text}
		if first, again := seen[key]; again {
			p.result.Duplicates = append(p.result.Duplicates, Duplicate{Index: i, Of: first, To: m.To})
			continue
		}
		seen[key] = i
		p.messages, p.costs, p.rows = append(p.messages, m), append(p.costs, cost), append(p.rows, i)
	}
	return p, nil
}

func (p *plan) refuse(i int, problems []Problem) {
	if p.order.Batch && p.order.SkipInvalid {
		p.result.Skipped = append(p.result.Skipped, Skipped{Index: i, To: p.order.Requests[i].To, Problem: problems[0]})
		return
	}
	p.problems = append(p.problems, problems...)
}

// check refuses an order with problems, applies policy, and puts each message into its first state.
func (p *plan) check(ctx context.Context) error {
	if len(p.problems) > 0 {
		return &InvalidError{Problems: p.problems}
	}
	blocked, err := p.suppressed(ctx)
	if err != nil {
		return err
	}
	wait, until := p.s.opt.Waits(p.order.Workspace.ID)
	p.waits = wait != ""
	refs := map[string]int{}
	for i, m := range p.messages {
		if first, again := refs[m.ClientRef]; again && m.ClientRef != "" {
			return &InvalidError{Problems: []Problem{{
				Index: p.rows[i], Field: "client_ref", Code: "client_ref_repeated",
				Text: fmt.Sprintf("The client_ref %q stands in row %d too. Give each message its own.", m.ClientRef, first),
			}}}
		}
		refs[m.ClientRef] = p.rows[i]
		switch {
		case (!blocked[m.To] || p.order.Confirmation) && !p.charge(m, p.costs[i]):
			p.events = append(p.events, m.AcceptBlocked(p.now, smsir.ReasonNoCredit, &smsir.Failure{
				Class: smsir.ClassBlocked, Code: string(smsir.CodeNoCredit), Text: "The credit of the workspace did not reach for this message.",
			})...)
		case !blocked[m.To] || p.order.Confirmation:
			m.Reason, m.NextAt = wait, until
			p.events = append(p.events, m.Accept(p.now, p.order.Requests[p.rows[i]].Hold > 0))
		case !p.order.Batch:
			return &smsir.Error{
				Code: smsir.CodeOptedOut, Field: "to",
				Text: "The recipient has opted out of messages from this sender. Only the recipient can change that, by writing START.",
			}
		default:
			p.events = append(p.events, m.AcceptBlocked(p.now, smsir.ReasonOptedOut, &smsir.Failure{
				Class: smsir.ClassBlocked,
				Code:  string(smsir.CodeOptedOut), Text: "The recipient has opted out of messages from this sender.",
			})...)
		}
	}
	p.result.Messages = p.messages
	return nil
}

// charge reserves what a message costs, where credit is on; false if that is more than is left.
func (p *plan) charge(m *smsir.Message, cost int64) bool {
	if !p.order.Workspace.CreditOn {
		return true
	}
	if cost > p.reach-p.spend {
		return false
	}
	p.spend += cost
	m.Reserve(cost)
	return true
}

// suppressed asks once for each sender of the order, which is nearly always one.
func (p *plan) suppressed(ctx context.Context) (map[string]bool, error) {
	if len(p.messages) == 1 {
		m := p.messages[0]
		return p.s.opt.Store.Suppressed(ctx, p.order.Workspace.ID, []string{m.To}, m.From)
	}
	bySender := map[string][]string{}
	for _, m := range p.messages {
		bySender[m.From] = append(bySender[m.From], m.To)
	}
	blocked := map[string]bool{}
	for from, to := range bySender {
		found, err := p.s.opt.Store.Suppressed(ctx, p.order.Workspace.ID, to, from)
		if err != nil {
			return nil, err
		}
		for r := range found {
			blocked[r] = true
		}
	}
	return blocked, nil
}

// due are copies, for the dispatcher, of the messages that may go at once.
func (p *plan) due() []*smsir.Message {
	var due []*smsir.Message
	for _, m := range p.messages {
		if m.Status == smsir.Queued && m.OrderingKey == "" { // what has an order is claimed when it is its turn
			c := *m
			due = append(due, &c)
		}
	}
	return due
}
