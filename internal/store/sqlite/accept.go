package sqlite

import (
	"context"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// Accept implements store.Accepter.
func (s *Store) Accept(_ context.Context, a *store.Acceptance) (*store.Replay, error) {
	if err := s.disk.check(); err != nil {
		return nil, err
	}
	var replay *store.Replay
	var refused error
	moved := make([]*smsir.Message, len(a.Intents))
	err := s.writer.do(prioAccept, false, func(t *wtx) (err error) {
		refused = nil
		clear(moved)
		if a.Idempotency != nil && !canary.On(canary.NoReplay) {
			if replay, err = t.replay(a.Workspace, a.Idempotency.Scope, a.Idempotency.Key, s.now()); err != nil || replay != nil {
				return err
			}
		}
		var balance int64
		if balance, refused, err = t.reach(a); err == nil && refused == nil {
			refused, err = t.use(a)
		}
		if err != nil || refused != nil {
			return err
		}
		if err := t.spend(a, balance); err != nil {
			return err
		}
		return t.accept(a, moved)
	})
	if err == nil && refused != nil {
		return nil, refused
	}
	if err == nil && canary.On(canary.KeyOutside) && a.Idempotency != nil && replay == nil {
		canary.Linger()
		err = s.writer.do(prioAccept, false, func(t *wtx) error { return t.keepKey(a) })
	}
	if err != nil {
		return nil, err
	}
	for i, m := range moved {
		if m != nil {
			*a.Intents[i].Message = *m
		}
	}
	return replay, nil
}

// accept stores messages, and those that start at once as they are then: moved has a place for each intent.
func (t *wtx) accept(a *store.Acceptance, moved []*smsir.Message) error {
	if err := t.replace(a); err != nil {
		return err
	}
	events, intents := a.Events, a.Intents
	for _, m := range a.Messages {
		if m.ClientRef != "" && a.ClientRefs > 0 {
			if err := t.claimRef(m, a.ClientRefs); err != nil {
				return err
			}
		}
		n := 0
		for n < len(events) && events[n].Message == m.ID {
			n++
		}
		told := events[:n]
		events = events[n:]
		var in *store.Intent
		if len(intents) > 0 && intents[0].Message.ID == m.ID {
			started, event, err := t.start(a, &intents[0])
			if err != nil {
				return err
			}
			if started != nil {
				in, m, told = &intents[0], started, append(slices.Clip(told), event)
				moved[len(moved)-len(intents)] = m
			}
			intents = intents[1:]
		}
		if err := t.insertMessage(m, a.Owned); err != nil {
			return err
		}
		if in != nil {
			t.startAttempt(in, m)
		}
		if m.Charge != smsir.NotCharged {
			if err := t.charge(m, smsir.NotCharged); err != nil {
				return err
			}
		}
		if err := t.record(m, smsir.State{}, true, told); err != nil {
			return err
		}
	}
	if err := t.thread(a); err != nil {
		return err
	}
	failpoint.Hit(failpoint.AcceptTx)
	if canary.On(canary.KeyOutside) {
		return nil
	}
	return t.keepKey(a)
}

// start is what intend is for a message that is not stored yet: the message as it is when its attempt has started; nil if the
// attempt may not start.
func (t *wtx) start(a *store.Acceptance, in *store.Intent) (*smsir.Message, smsir.Event, error) {
	m := *in.Message
	if !a.Owned || m.OrderingKey != "" {
		return nil, smsir.Event{}, nil
	}
	if atWork, err := t.atWork(m.Workspace); err != nil || !atWork {
		return nil, smsir.Event{}, err
	}
	if !a.Confirmation && !t.s.noStops.Load() && !canary.On(canary.StopUnchecked) {
		stopped := false
		if _, err := t.row(`SELECT EXISTS (SELECT 1 FROM suppressions WHERE workspace_id = $1 AND recipient = $2 AND (sender IN ('', $3) OR $3 = ''))`,
			[]any{m.Workspace, m.To, m.From}, &stopped); err != nil || stopped {
			return nil, smsir.Event{}, err
		}
	}
	event, ok := m.Intend(in.Now, in.Provider)
	if !ok {
		return nil, smsir.Event{}, nil
	}
	return &m, event, nil
}

// atWork reports whether a workspace exists and is not paused.
func (t *wtx) atWork(workspace smsir.UUID) (bool, error) {
	if t.working[workspace] {
		return true, nil
	}
	found := false
	_, err := t.row("SELECT EXISTS (SELECT 1 FROM workspaces WHERE id = $1 AND paused_at = 0)", []any{workspace}, &found)
	if err == nil && found {
		t.working[workspace] = true
	}
	return found, err
}

// replace cancels the message whose place the new one takes.
func (t *wtx) replace(a *store.Acceptance) error {
	if a.Replaces == 0 {
		return nil
	}
	done := false
	_, err := t.step(a.Replaces, func(m *smsir.Message) (events []smsir.Event, _ error) {
		if m.Workspace != a.Workspace {
			return nil, nil
		}
		if events, done = m.Replace(t.s.now()); done {
			events[0].Data.Actor = actorID(a.ReplacedBy)
		}
		return events, nil
	})
	if err == nil && !done {
		err = smsir.Errorf(smsir.CodeTooLate, "The message cannot be replaced any more.")
	}
	return err
}

// keepKey stores the answer that a retry will get.
func (t *wtx) keepKey(a *store.Acceptance) error {
	if r := a.Idempotency; r != nil {
		_, err := t.Exec(`INSERT INTO idempotency (workspace_id, scope, key, fingerprint, status, body, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (workspace_id, scope, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
			body = excluded.body, expires_at = excluded.expires_at`,
			a.Workspace, r.Scope, r.Key, r.Fingerprint[:], int64(r.Status), r.Body, r.ExpiresAt.UnixMilli())
		return err
	}
	return nil
}

// claimRef makes a client reference this message's, unless a younger message of the workspace has it.
func (t *wtx) claimRef(m *smsir.Message, ttl time.Duration) error {
	now := t.s.now()
	n, err := t.Exec(`INSERT INTO client_refs (workspace_id, ref, message_id, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (workspace_id, ref) DO UPDATE SET message_id = excluded.message_id, expires_at = excluded.expires_at
		WHERE client_refs.expires_at <= $5`, m.Workspace, m.ClientRef, int64(m.ID), now.Add(ttl).UnixMilli(), now.UnixMilli())
	if err != nil || n == 1 {
		return err
	}
	var id int64
	if _, err := t.row("SELECT message_id FROM client_refs WHERE workspace_id = $1 AND ref = $2", []any{m.Workspace, m.ClientRef}, &id); err != nil {
		return err
	}
	return &smsir.Error{
		Code: smsir.CodeClientRefUsed, Field: "client_ref",
		Text: "The client_ref " + m.ClientRef + " belongs to message " + smsir.ID(id).Format(smsir.PrefixMessage) + ". Read that message, or send with another client_ref.",
	}
}

const replayQuery = "SELECT fingerprint, status, body FROM idempotency WHERE workspace_id = $1 AND scope = $2 AND key = $3 AND expires_at > $4"

func (t *wtx) replay(workspace smsir.UUID, scope, key string, now time.Time) (*store.Replay, error) {
	st, err := t.stmt(replayQuery)
	if err != nil {
		return nil, err
	}
	rows, err := st.Query(workspace, scope, key, now.UnixMilli())
	if err != nil {
		return nil, err
	}
	return scanReplay(rows)
}

// Replay implements store.Accepter.
func (s *Store) Replay(ctx context.Context, workspace smsir.UUID, scope, key string, now time.Time) (*store.Replay, error) {
	if canary.On(canary.NoReplay) {
		return nil, nil
	}
	rows, err := s.rows(ctx, replayQuery, workspace, scope, key, now.UnixMilli())
	if err != nil {
		return nil, err
	}
	return scanReplay(rows)
}

type resultSet interface {
	Next() bool
	Scan(dst ...any) error
	Err() error
	Close() error
}

func scanReplay(rows resultSet) (*store.Replay, error) {
	defer rows.Close() //nolint:errcheck // Err is looked at
	if !rows.Next() {
		return nil, rows.Err()
	}
	var r store.Replay
	var sum []byte
	if err := rows.Scan(&sum, &r.Status, &r.Body); err != nil {
		return nil, err
	}
	copy(r.Fingerprint[:], sum)
	return &r, rows.Err()
}

// Suppressed implements store.Accepter.
func (s *Store) Suppressed(ctx context.Context, workspace smsir.UUID, recipients []string, sender string) (map[string]bool, error) {
	if s.noStops.Load() {
		return nil, nil
	}
	rows, err := s.rows(ctx, `SELECT DISTINCT recipient FROM suppressions WHERE workspace_id = $1
		AND recipient IN (SELECT value FROM json_each($2)) AND (sender IN ('', $3) OR $3 = '')`, workspace, sqldb.MustJSON(recipients), sender)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	var found map[string]bool
	for rows.Next() {
		var r string
		if err := rows.Scan(&r); err != nil {
			return nil, err
		}
		if found == nil {
			found = map[string]bool{}
		}
		found[r] = true
	}
	return found, rows.Err()
}
