package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

func (t *wtx) attempts(query string, args ...any) ([]smsir.Attempt, error) {
	return sqldb.ScanAttempts(t.Query(query, args...))
}

// openAttempt reads attempt number n of a message.
func (t *wtx) openAttempt(message smsir.ID, n int) (smsir.Attempt, error) {
	all, err := t.attempts("SELECT "+sqldb.AttemptColumns+" FROM attempts WHERE message_id = $1 AND number = $2", int64(message), int64(n))
	if err != nil {
		return smsir.Attempt{}, err
	}
	if len(all) != 1 {
		return smsir.Attempt{}, fmt.Errorf("message %s: no attempt %d", message.Format(smsir.PrefixMessage), n)
	}
	return all[0], nil
}

// attempt reads one attempt.
func (t *wtx) attempt(id smsir.ID) (smsir.Attempt, error) {
	all, err := t.attempts("SELECT "+sqldb.AttemptColumns+" FROM attempts WHERE id = $1", int64(id))
	if err != nil {
		return smsir.Attempt{}, err
	}
	if len(all) != 1 {
		return smsir.Attempt{}, fmt.Errorf("no attempt %s", id.Format(smsir.PrefixAttempt))
	}
	return all[0], nil
}

// endAttempt sets the outcome of an attempt, once: only an open or an unknown one takes another, and
// one that a receipt has proved takes the reference of the answer.
func (t *wtx) endAttempt(id smsir.ID, now time.Time, o *smsir.Outcome) error {
	// What can stand in the statement is not bound, here and in intend: each value costs.
	set, args := "", make([]any, 0, 6)
	if len(o.References) > 0 && o.References[0] != "" {
		set, args = ", reference = ?", append(args, o.References[0])
	}
	open := "state IN (1, 5)"
	if o.State == smsir.AttemptAccepted {
		open = "(state IN (1, 5) OR state = 2)" // SQLite makes a table for a list of three, each time
	}
	_, err := t.Exec("UPDATE attempts SET state = ?, ended_at = ?, error = ?, failover = ?"+set+" WHERE id = ? AND "+open,
		append(append([]any{int64(o.State), now.UnixMilli(), sqldb.Marshal(o.Error), sqldb.Flag(o.Failover)}, args...), int64(id))...)
	if err != nil {
		return err
	}
	return t.price(id, o.Price)
}

// price notes what the provider says an attempt costs; what it says last counts.
func (t *wtx) price(attempt smsir.ID, p smsir.Money) error {
	if p == (smsir.Money{}) {
		return nil
	}
	_, err := t.Exec("UPDATE attempts SET price_micros = $2, price_currency = $3 WHERE id = $1", int64(attempt), p.Micros, p.Currency)
	return err
}

// markHour has the hour of a message counted anew for the reports, if something was told that no event tells: a price that came
// later, or a network.
func (t *wtx) markHour(m *smsir.Message, told bool) error {
	if !told {
		return nil
	}
	_, err := t.Exec(sqldb.MarkReportHour, m.Workspace, sqldb.ReportHour(m.ID), int64(t.s.ids.Next(t.s.now())))
	return err
}

// optedOut keeps what a provider knows of a recipient: no further message to it from this sender.
func (t *wtx) optedOut(m *smsir.Message, now time.Time, why *smsir.Failure) error {
	t.s.noStops.Store(false)
	n, err := t.Exec(`INSERT INTO suppressions (workspace_id, recipient, sender, reason, created_at) VALUES ($1, $2, $3, 'provider', $4)
		ON CONFLICT DO NOTHING`, m.Workspace, m.To, m.From, now.UnixMilli())
	if err != nil || n == 0 {
		return err
	}
	return sqldb.InsertConsent(t, store.ConsentEntry{
		ID: smsir.NewUUID(now), Workspace: m.Workspace, At: now, Recipient: m.To, Sender: m.From, Source: "provider", Text: why.Text,
	})
}

// Intend implements store.Queue.
func (s *Store) Intend(_ context.Context, intents []store.Intent) ([]bool, error) {
	moved := make([]*smsir.Message, len(intents))
	err := s.writer.do(prioIntent, false, func(t *wtx) error {
		for i := range intents {
			m, err := t.intend(&intents[i])
			if err != nil {
				return err
			}
			moved[i] = m
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	ok := make([]bool, len(intents))
	for i, m := range moved {
		if m != nil {
			*intents[i].Message, ok[i] = *m, true
		}
	}
	return ok, nil
}

// intendFreely starts an attempt of a message that nobody can have opted out of; intendQuery asks.
const (
	intendFreely = `UPDATE messages SET status = 2, reason = '', attempts = attempts + 1, tries = tries + 1, seq = seq + 1, next_at = 0, updated_at = ?,
		used_provider_id = ?, parts_total = 0, parts_delivered = 0, parts_failed = 0, deadline_at = 0
		WHERE id = ? AND status = 1 AND final = 0 AND owner = ? AND seq = ? AND cancel_requested = 0 AND expires_at > ?
		AND EXISTS (SELECT 1 FROM workspaces w WHERE w.id = messages.workspace_id AND w.paused_at = 0)`
	intendQuery = intendFreely + `
		AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.workspace_id = messages.workspace_id AND s.recipient = messages.recipient
			AND (s.sender IN ('', messages.sender) OR messages.sender = '')
			AND NOT EXISTS (SELECT 1 FROM confirmations c WHERE c.message_id = messages.id))`
)

// intend commits the start of one attempt in one conditional update: the message must still be
// queued, ours, unchanged, valid, wanted by its recipient, and its workspace at work.
func (t *wtx) intend(in *store.Intent) (*smsir.Message, error) {
	m := *in.Message
	before := m.State()
	seq := m.Seq
	event, ok := m.Intend(in.Now, in.Provider)
	if !ok {
		return nil, t.unintended(in)
	}
	query := intendQuery
	if t.s.noStops.Load() || canary.On(canary.StopUnchecked) {
		query = intendFreely
	}
	known := t.moves(m.ID)
	now := in.Now.UnixMilli()
	n, err := t.exec(query, now, in.Provider, int64(m.ID), t.s.node, int64(seq), now)
	if err != nil {
		return nil, err
	}
	if n != 1 {
		return nil, t.unintended(in)
	}
	t.moved(known, &m)
	t.startAttempt(in, &m)
	return &m, t.record(&m, before, false, []smsir.Event{event})
}

// startAttempt stores the attempt of a message that an intent has moved.
func (t *wtx) startAttempt(in *store.Intent, m *smsir.Message) {
	failpoint.Hit(failpoint.IntentTx)
	t.attemptRows.add(int64(in.Attempt), int64(m.ID), m.Workspace, int64(m.Tries), in.Provider, int64(smsir.AttemptInflight), in.Now.UnixMilli())
	t.warm.begin(m, smsir.Attempt{ID: in.Attempt, Message: m.ID, Workspace: m.Workspace, Number: m.Tries, Provider: in.Provider, State: smsir.AttemptInflight, StartedAt: in.Now})
}

// unintended finds out why an intent did not apply and does what follows from it: the validity is
// over, the recipient has opted out, or the workspace is paused. Anything else was a change under
// the dispatcher, whose copy is then void.
func (t *wtx) unintended(in *store.Intent) error {
	var suppressed, paused int64
	if _, err := t.row(`SELECT EXISTS (SELECT 1 FROM suppressions WHERE workspace_id = $1 AND recipient = $2 AND (sender IN ('', $3) OR $3 = '')
			AND NOT EXISTS (SELECT 1 FROM confirmations c WHERE c.message_id = $4)),
		EXISTS (SELECT 1 FROM workspaces WHERE id = $1 AND paused_at > 0)`,
		[]any{in.Message.Workspace, in.Message.To, in.Message.From, int64(in.Message.ID)}, &suppressed, &paused); err != nil {
		return err
	}
	m, err := t.step(in.Message.ID, func(m *smsir.Message) ([]smsir.Event, error) {
		switch {
		case m.Status != smsir.Queued:
			return nil, nil
		case suppressed == 1:
			return m.Block(in.Now, smsir.ReasonOptedOut, OptedOut()), nil
		}
		return m.Tick(in.Now, smsir.Lateness{}), nil
	})
	if err != nil || m == nil || m.Status != smsir.Queued {
		return err
	}
	if paused == 1 {
		return t.release(m.ID, smsir.ReasonWorkspacePaused, in.Now.Add(pausedPause))
	}
	return t.release(m.ID, smsir.ReasonDue, in.Now)
}

// pausedPause is how long the messages of a paused workspace rest between two looks.
const pausedPause = 15 * time.Second

// OptedOut is the failure of a message whose recipient has opted out.
func OptedOut() *smsir.Failure {
	return &smsir.Failure{Class: smsir.ClassBlocked, Code: string(smsir.CodeOptedOut), Text: "The recipient has opted out of messages from this sender."}
}

// Finish implements store.Queue.
func (s *Store) Finish(_ context.Context, f store.Finish) (m *smsir.Message, err error) {
	err = s.writer.do(prioEvidence, false, func(t *wtx) (err error) {
		m, err = t.finish(&f)
		return err
	})
	if err == nil && m == nil {
		err = smsir.Errorf(smsir.CodeNotFound, "There is no such message.")
	}
	return m, err
}

func (t *wtx) finish(f *store.Finish) (*smsir.Message, error) {
	m, ok, err := t.finishWarm(f.Message, f.Attempt, func(m *smsir.Message, a *smsir.Attempt) []smsir.Event {
		return m.Finish(f.Now, a.Number, a.StartedAt, f.Outcome)
	}, &f.Outcome)
	if err != nil {
		return nil, err
	}
	if ok {
		failpoint.Hit(failpoint.OutcomeTx)
		return m, t.endAttempt(f.Attempt, f.Now, &f.Outcome)
	}
	return t.finishCold(f)
}

// finishCold is finish for a message that is not remembered.
func (t *wtx) finishCold(f *store.Finish) (*smsir.Message, error) {
	all, err := t.attempts("SELECT "+sqldb.AttemptColumns+" FROM attempts WHERE id = $1", int64(f.Attempt))
	if err != nil {
		return nil, err
	}
	if len(all) != 1 || all[0].Message != f.Message {
		return nil, fmt.Errorf("no attempt %s of message %s", f.Attempt.Format(smsir.PrefixAttempt), f.Message.Format(smsir.PrefixMessage))
	}
	a, o, moved := all[0], f.Outcome, false
	takes := a.State == smsir.AttemptInflight || (a.State == smsir.AttemptUnknown && o.State != smsir.AttemptUnknown)
	m, err := t.step(f.Message, func(m *smsir.Message) ([]smsir.Event, error) {
		// A receipt that overtook the answer has proved the attempt; the answer still tells the parts.
		takes = takes || a.State == smsir.AttemptAccepted && o.State == smsir.AttemptAccepted && m.Parts.Total == 0
		if !takes {
			return nil, nil
		}
		events := m.Finish(f.Now, a.Number, a.StartedAt, o)
		moved = len(events) > 0
		return events, nil
	})
	if err != nil || m == nil || !takes {
		return m, err
	}
	if err := t.markHour(m, !moved && o.Price != (smsir.Money{})); err != nil {
		return nil, err
	}
	failpoint.Hit(failpoint.OutcomeTx)
	if err := t.endAttempt(a.ID, f.Now, &o); err != nil {
		return nil, err
	}
	if o.State == smsir.AttemptRefused && o.Class == smsir.ClassBlocked && !o.Fraud && o.Error != nil {
		if err := t.optedOut(m, f.Now, o.Error); err != nil {
			return nil, err
		}
	}
	if o.State != smsir.AttemptAccepted {
		return t.settle(m, f.Now)
	}
	if err := t.insertParts(&a, o.References); err != nil {
		return nil, err
	}
	a.State, a.Failover = smsir.AttemptAccepted, o.Failover
	return t.applyParked(m, &a, o.References, f.Now)
}

// settle ends an unknown message if all of its attempts are known by now not to have gone through.
func (t *wtx) settle(m *smsir.Message, now time.Time) (*smsir.Message, error) {
	if m.Status != smsir.Unknown || m.Final {
		return m, nil
	}
	var open int64
	if _, err := t.row("SELECT count(*) FROM attempts WHERE message_id = $1 AND state NOT IN ($2, $3)",
		[]any{int64(m.ID), int64(smsir.AttemptRefused), int64(smsir.AttemptNotSent)}, &open); err != nil || open > 0 {
		return m, err
	}
	return t.step(m.ID, func(m *smsir.Message) ([]smsir.Event, error) { return m.Settle(now), nil })
}

func (t *wtx) insertParts(a *smsir.Attempt, references []string) error {
	if len(references) < 2 {
		return nil
	}
	for i, r := range references {
		if _, err := t.Exec(`INSERT INTO parts (attempt_id, number, provider_id, reference, status) VALUES ($1, $2, $3, $4, 4)
			ON CONFLICT DO NOTHING`, int64(a.ID), int64(i+1), a.Provider, r); err != nil {
			return err
		}
	}
	return nil
}
