package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/smsir/smsir"
)

const (
	// recallFor is how long after a cancel the provider of a sent message is asked to delete it, if it does not answer.
	recallFor = 10 * time.Minute
	// askTime bounds the questions of one look.
	askTime = 30 * time.Second
)

// questions sets what the provider of an accepted message may be asked about it later.
func (l *lane) questions(o *smsir.Outcome, now time.Time) {
	if o.NoReceipt && len(o.References) == 0 {
		return
	}
	if q, ok := l.up.Provider.(smsir.ReceiptQuerier); ok && q.QueryAfter() > 0 {
		o.LookAt = now.Add(q.QueryAfter())
	}
	if r, ok := l.up.Provider.(smsir.Recaller); ok {
		o.Recall = r.Recalls()
	}
}

// Recalls reports whether an enabled provider can be asked to delete a message that it accepted.
func (d *Dispatcher) Recalls(provider smsir.UUID) bool {
	p, ok := d.Provider(provider)
	if !ok {
		return false
	}
	r, ok := p.(smsir.Recaller)
	return ok && r.Recalls()
}

// follow asks the provider of a sent message what became of it, and before that to delete it if somebody has canceled it
// lately. What it says is stored as any receipt.
func (d *Dispatcher) follow(m *smsir.Message) {
	d.sending.Go(func() {
		next, err := d.question(m)
		if err != nil {
			d.log.Debug("a provider could not be asked about a sent message", "message_id", m.ID.Format(smsir.PrefixMessage), "err", err)
		}
		if err := d.opt.Store.Follow(d.ctx, m.ID, m.NextAt, next); err != nil {
			d.log.Warn("the next question about a sent message could not be set", "message_id", m.ID.Format(smsir.PrefixMessage), "err", err)
		}
		d.Poke()
	})
}

// question puts the questions about a sent message, and says when the next ones are due, zero for never.
func (d *Dispatcher) question(m *smsir.Message) (next time.Time, err error) {
	now := d.opt.Now()
	again := now.Add(lookPause(now.Sub(m.UpdatedAt)))
	attempts, err := d.opt.Store.AcceptedAttempts(d.ctx, m.ID)
	if err != nil {
		return again, err
	}
	var faults []error
	for _, a := range attempts {
		d.mu.Lock()
		l := d.lanes[a.Provider]
		d.mu.Unlock()
		switch {
		case l == nil: // it may be enabled again
			next = again
			continue
		case d.away(l.up.Workspace, l.up.OneNode): // for the clock of the node that holds its connection
			next = now.Add(awayPause)
			continue
		}
		more, err := d.questionOne(m, &a, l.up.Provider, now)
		if err != nil {
			faults = append(faults, err)
		}
		switch at := now.Add(max(more, lookPause(now.Sub(m.UpdatedAt)))); {
		case more == 0:
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	return next, errors.Join(faults...)
}

// questionOne asks about one attempt. more is how soon it may be asked again, 0 for never.
func (d *Dispatcher) questionOne(m *smsir.Message, a *smsir.Attempt, p smsir.Provider, now time.Time) (more time.Duration, err error) {
	ctx, cancel := context.WithTimeout(d.ctx, askTime)
	defer cancel()
	query := smsir.AcceptedQuery{Attempt: a.ID, To: m.To, From: m.From, References: a.References}
	var told []smsir.Receipt
	recaller, ok := p.(smsir.Recaller)
	if ok && recaller.Recalls() && m.CancelRequested && now.Sub(m.UpdatedAt) < recallFor {
		deleted, again, err := recaller.Recall(ctx, query)
		if err != nil || again {
			more = time.Second // lookPause is longer
		}
		if err != nil {
			return more, err
		}
		told = deleted
	}
	if querier, ok := p.(smsir.ReceiptQuerier); ok && querier.QueryAfter() > 0 {
		if more == 0 {
			more = max(querier.QueryAfter(), minQueryPause)
		}
		if len(told) == 0 {
			found, err := querier.QueryReceipts(ctx, query)
			if err != nil {
				return more, err
			}
			told = found
		}
	}
	for _, r := range told {
		if d.opt.Sink == nil {
			continue
		}
		r.Provider, r.To = a.Provider, m.To
		if err := d.opt.Sink.Receipt(d.ctx, r); err != nil {
			return max(more, time.Second), err
		}
	}
	return more, nil
}

// awayPause is after how long a message is looked at again that another node has to ask about.
const awayPause = 15 * time.Second

// minQueryPause is the least time between two questions about a message without receipt.
const minQueryPause = 5 * time.Minute
