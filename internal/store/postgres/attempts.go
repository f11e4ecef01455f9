package postgres

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// intendOp commits the start of attempts.
type intendOp struct {
	intents []store.Intent
	moved   []*smsir.Message
}

// Intend implements store.Queue.
func (s *Store) Intend(_ context.Context, intents []store.Intent) ([]bool, error) {
	o := &intendOp{intents: intents}
	if err := s.writer.do(prioIntent, o); err != nil {
		return nil, err
	}
	ok := make([]bool, len(intents))
	for i, m := range o.moved {
		if m != nil {
			*intents[i].Message, ok[i] = *m, true
		}
	}
	return ok, nil
}

func (o *intendOp) need(w *work) {
	o.moved = make([]*smsir.Message, len(o.intents))
	for i := range o.intents {
		m := o.intents[i].Message
		w.needs.messages = append(w.needs.messages, m.ID)
		w.wantToStart(m)
	}
}

// wantToStart has what forbids an attempt of a message locked and read.
func (w *work) wantToStart(m *smsir.Message) {
	w.needs.workspaces = append(w.needs.workspaces, m.Workspace)
	w.needs.recipients = append(w.needs.recipients, stop{m.Workspace, m.To})
}

func (o *intendOp) run(w *work) error {
	w.mark()
	for i := range o.intents {
		o.moved[i] = w.intend(&o.intents[i])
	}
	return nil
}

// intend starts one attempt if this node has not been buried and the message is still queued, ours, unchanged, valid, wanted by its recipient, and its
// workspace at work; nil if not.
func (w *work) intend(in *store.Intent) *smsir.Message {
	e := w.messages[in.Message.ID]
	if e == nil {
		return nil
	}
	m := *in.Message
	suppressed, paused := w.suppressed(&m), w.resting(m.Workspace)
	fits := w.alive && e.m.Status == smsir.Queued && !e.m.Final && e.owner == w.s.node.Load() && e.m.Seq == m.Seq && !e.m.CancelRequested && in.Now.Before(e.m.ExpiresAt)
	if !fits || suppressed || paused {
		w.unintended(in, suppressed, paused)
		return nil
	}
	event, ok := m.Intend(in.Now, in.Provider)
	if !ok {
		w.unintended(in, suppressed, paused)
		return nil
	}
	w.touch(e)
	e.m.Intend(in.Now, in.Provider)
	w.keep(e, []smsir.Event{event})
	w.startAttempt(in, &m)
	return &m
}

// startAttempt stores the attempt of a message that an intent has moved.
func (w *work) startAttempt(in *store.Intent, m *smsir.Message) {
	w.addAttempt(&attempt{Attempt: smsir.Attempt{
		ID: in.Attempt, Message: m.ID, Workspace: m.Workspace, Number: m.Tries, Provider: in.Provider, State: smsir.AttemptInflight, StartedAt: in.Now,
	}})
}

func (w *work) addAttempt(a *attempt) {
	w.attempts[a.ID] = a
	w.newAttempts = append(w.newAttempts, a)
}

// resting reports whether nothing of a workspace may start: it is paused, or does not exist.
func (w *work) resting(workspace smsir.UUID) bool { return w.paused[workspace] || w.absent[workspace] }

func (w *work) suppressed(m *smsir.Message) bool {
	if w.exempt[m.ID] {
		return false
	}
	for _, sender := range w.stops[stop{m.Workspace, m.To}] {
		if sender == "" || m.From == "" || sender == m.From {
			return true
		}
	}
	return false
}

// unintended does what follows from an intent that does not apply: the validity is over, the recipient has opted out, or
// the workspace is paused. Anything else was a change under the dispatcher, whose copy is then void.
func (w *work) unintended(in *store.Intent, suppressed, paused bool) {
	m, _ := w.step(in.Message.ID, func(m *smsir.Message) ([]smsir.Event, error) { // the change has no error
		switch {
		case m.Status != smsir.Queued:
			return nil, nil
		case suppressed:
			return m.Block(in.Now, smsir.ReasonOptedOut, optedOut()), nil
		}
		return m.Tick(in.Now, smsir.Lateness{}), nil
	})
	switch {
	case m == nil || m.Status != smsir.Queued:
	case paused:
		w.release(m.ID, smsir.ReasonWorkspacePaused, in.Now.Add(pausedPause))
	default:
		w.release(m.ID, smsir.ReasonDue, in.Now)
	}
}

// pausedPause is how long the messages of a paused workspace rest between two looks.
const pausedPause = 15 * time.Second

// optedOut is the failure of a message whose recipient has opted out.
func optedOut() *smsir.Failure {
	return &smsir.Failure{Class: smsir.ClassBlocked, Code: string(smsir.CodeOptedOut), Text: "The recipient has opted out of messages from this sender."}
}

// finishOp stores the outcome of an attempt.
type finishOp struct {
	store.Finish
	m *smsir.Message
}

// Finish implements store.Queue.
func (s *Store) Finish(_ context.Context, f store.Finish) (*smsir.Message, error) {
	o := &finishOp{Finish: f}
	if err := s.writer.do(prioEvidence, o); err != nil {
		return nil, err
	}
	if o.m == nil {
		return nil, smsir.Errorf(smsir.CodeNotFound, "There is no such message.")
	}
	m := *o.m
	return &m, nil
}

func (o *finishOp) need(w *work) {
	o.m = nil
	w.needs.deep = append(w.needs.deep, o.Message)
	if o.Outcome.Class == smsir.ClassBlocked && !o.Workspace.IsZero() {
		w.needs.held = append(w.needs.held, o.Workspace) // an opt-out that is committed comes before every later intent
	}
	if o.Outcome.State == smsir.AttemptAccepted {
		for _, r := range o.Outcome.References {
			w.needs.answered = append(w.needs.answered, answer{o.Attempt, r})
		}
	}
}

func (o *finishOp) run(w *work) error {
	w.mark()
	a := w.attempts[o.Attempt]
	if a == nil || a.Message != o.Message {
		return stepError("no attempt %s of message %s", o.Attempt.Format(smsir.PrefixAttempt), o.Message.Format(smsir.PrefixMessage))
	}
	outcome, moved := o.Outcome, false
	takes := a.State == smsir.AttemptInflight || (a.State == smsir.AttemptUnknown && outcome.State != smsir.AttemptUnknown)
	m, err := w.step(o.Message, func(m *smsir.Message) ([]smsir.Event, error) {
		// A receipt that overtook the answer has proved the attempt; the answer still tells the parts.
		takes = takes || a.State == smsir.AttemptAccepted && outcome.State == smsir.AttemptAccepted && m.Parts.Total == 0
		if !takes {
			return nil, nil
		}
		events := m.Finish(o.Now, a.Number, a.StartedAt, outcome)
		moved = len(events) > 0
		return events, nil
	})
	o.m = m
	if err != nil || m == nil || !takes {
		return err
	}
	w.markHour(m, !moved && outcome.Price != (smsir.Money{}))
	w.endAttempt(a, o.Now, &outcome)
	if outcome.State == smsir.AttemptRefused && outcome.Class == smsir.ClassBlocked && !outcome.Fraud && outcome.Error != nil {
		w.optedOut(m, outcome.Error)
	}
	if outcome.State != smsir.AttemptAccepted {
		return o.settle(w)
	}
	w.addParts(a, outcome.References)
	w.applyParked(a, outcome.References)
	return nil
}

// settle ends an unknown message if all of its attempts are known by now not to have gone through.
func (o *finishOp) settle(w *work) error {
	if o.m.Status != smsir.Unknown || o.m.Final {
		return nil
	}
	for _, a := range w.attempts {
		if a.Message == o.Message && a.State != smsir.AttemptRefused && a.State != smsir.AttemptNotSent {
			return nil
		}
	}
	m, err := w.step(o.Message, func(m *smsir.Message) ([]smsir.Event, error) { return m.Settle(o.Now), nil })
	o.m = m
	return err
}

// addParts keeps the ids of the parts of an attempt of several.
func (w *work) addParts(a *attempt, references []string) {
	if len(references) < 2 {
		return
	}
	before := w.parts[a.ID]
	w.undos = append(w.undos, func() { w.parts[a.ID] = before })
	for i, r := range references {
		if i >= len(before) || before[i].number != int64(i+1) {
			w.parts[a.ID] = append(w.parts[a.ID], &part{number: int64(i + 1), reference: r, status: smsir.Sent, fresh: true})
		}
	}
}
