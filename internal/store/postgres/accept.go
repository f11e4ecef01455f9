package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

type idemKey struct {
	workspace  smsir.UUID
	scope, key string
}

// keyState is an idempotency key that a step brings.
type keyState struct {
	idemKey
	record *store.Idempotency
	by     *acceptOp
	mine   bool          // stored by this transaction
	replay *store.Replay // what somebody else has stored
}

type clientRef struct {
	workspace smsir.UUID
	ref       string
}

// refState is a client reference that a step brings.
type refState struct {
	clientRef
	message smsir.ID
	expires time.Time
	by      *acceptOp
	mine    bool
	other   smsir.ID // the message that has it
}

// acceptOp stores what one request has accepted.
type acceptOp struct {
	*store.Acceptance
	replay *store.Replay
	moved  []*smsir.Message // for each intent the message whose attempt has started
	waits  bool             // a neighbour of this transaction has the same key or client reference
}

// Accept implements store.Accepter.
func (s *Store) Accept(_ context.Context, a *store.Acceptance) (*store.Replay, error) {
	o := &acceptOp{Acceptance: a}
	if err := s.writer.do(prioAccept, o); err != nil {
		return nil, err
	}
	for i, m := range o.moved {
		if m != nil {
			*a.Intents[i].Message = *m
		}
	}
	return o.replay, nil
}

func (o *acceptOp) need(w *work) {
	o.replay, o.waits = nil, false
	o.moved = make([]*smsir.Message, len(o.Intents))
	if r := o.Idempotency; r != nil {
		k := idemKey{o.Workspace, r.Scope, r.Key}
		if o.waits = w.keys[k] != nil; o.waits {
			return
		}
		w.keys[k] = &keyState{idemKey: k, record: r, by: o}
	}
	w.wantMeters(o.Acceptance)
	for i := range o.Intents {
		w.wantToStart(o.Intents[i].Message)
	}
	if o.Spend.Micros > 0 {
		w.credit(o.Workspace)
	}
	if o.Replaces != 0 {
		w.needs.messages = append(w.needs.messages, o.Replaces)
	}
	if o.ClientRefs <= 0 {
		return
	}
	for _, m := range o.Messages {
		if k := (clientRef{m.Workspace, m.ClientRef}); m.ClientRef != "" && w.refs[k] == nil {
			w.refs[k] = &refState{clientRef: k, message: m.ID, expires: w.now.Add(o.ClientRefs), by: o}
		} else if m.ClientRef != "" && w.refs[k].by != o {
			o.waits = true
		}
	}
}

func (o *acceptOp) run(w *work) error {
	if o.waits {
		w.dropKeys(o)
		w.later(false)
		return nil
	}
	if r := o.Idempotency; r != nil {
		if k := w.keys[idemKey{o.Workspace, r.Scope, r.Key}]; !k.mine {
			o.replay = k.replay
			if k.replay == nil { // it ended between two statements
				w.later(false)
			}
			w.dropKeys(o)
			return nil
		}
	}
	for _, m := range o.Messages {
		if m.ClientRef == "" || o.ClientRefs <= 0 {
			continue
		}
		k := w.refs[clientRef{m.Workspace, m.ClientRef}]
		switch {
		case !k.mine:
			w.dropKeys(o)
			return clientRefUsed(m.ClientRef, k.other)
		case k.message != m.ID:
			w.dropKeys(o)
			return clientRefUsed(m.ClientRef, k.message)
		}
	}
	if !w.replaceable(o) {
		w.dropKeys(o)
		return smsir.Errorf(smsir.CodeTooLate, "The message cannot be replaced any more.")
	}
	err := w.reach(o.Acceptance)
	if err == nil {
		err = w.use(o.Acceptance)
	}
	if err != nil {
		w.dropKeys(o)
		return err
	}
	w.mark()
	w.spend(o.Acceptance)
	if err := w.replace(o); err != nil {
		return err
	}
	w.events = append(w.events, o.Events...)
	intents := o.Intents
	for _, m := range o.Messages {
		var owner any
		if o.Owned && m.Status == smsir.Queued && m.OrderingKey == "" { // what has an order is claimed when it is its turn
			owner = w.s.node.Load()
		}
		if len(intents) > 0 && intents[0].Message.ID == m.ID {
			if started := w.start(o.Acceptance, &intents[0]); started != nil {
				m, o.moved[len(o.moved)-len(intents)] = started, started
			}
			intents = intents[1:]
		}
		w.born = append(w.born, birth{m, owner})
	}
	w.reply(o.Acceptance)
	return nil
}

// start is what intend is for a message that is not stored yet: the message as it is when its attempt has started; nil if the
// attempt may not start.
func (w *work) start(a *store.Acceptance, in *store.Intent) *smsir.Message {
	m := *in.Message
	if !a.Owned || m.OrderingKey != "" || !w.alive || w.resting(m.Workspace) || !a.Confirmation && w.suppressed(&m) {
		return nil
	}
	event, ok := m.Intend(in.Now, in.Provider)
	if !ok {
		return nil
	}
	w.events = append(w.events, event)
	w.startAttempt(in, &m)
	return &m
}

// replaceable reports whether the message whose place the new one takes may still be replaced.
func (w *work) replaceable(o *acceptOp) bool {
	if o.Replaces == 0 {
		return true
	}
	e := w.messages[o.Replaces]
	if e == nil || e.m.Workspace != o.Workspace {
		return false
	}
	try := *e.m
	_, ok := try.Replace(w.now)
	return ok
}

// replace cancels it.
func (w *work) replace(o *acceptOp) error {
	if o.Replaces == 0 {
		return nil
	}
	_, err := w.step(o.Replaces, func(m *smsir.Message) ([]smsir.Event, error) {
		events, _ := m.Replace(w.now)
		for i := range events {
			events[i].Data.Actor = actorID(o.ReplacedBy)
		}
		return events, nil
	})
	return err
}

func clientRefUsed(ref string, by smsir.ID) error {
	return &smsir.Error{
		Code: smsir.CodeClientRefUsed, Field: "client_ref",
		Text: "The client_ref " + ref + " belongs to message " + by.Format(smsir.PrefixMessage) + ". Read that message, or send with another client_ref.",
	}
}

// dropKeys takes back what a step that stores nothing has claimed.
func (w *work) dropKeys(o *acceptOp) {
	for _, k := range w.keys {
		if k.by == o && k.mine {
			w.after = append(w.after, statement{query: "DELETE FROM idempotency WHERE workspace_id = $1 AND scope = $2 AND key = $3", args: []any{uuid(k.workspace), clean(k.scope), clean(k.key)}})
		}
	}
	for _, k := range w.refs {
		if k.by == o && k.mine {
			w.after = append(w.after, statement{query: "DELETE FROM client_refs WHERE workspace_id = $1 AND ref = $2", args: []any{uuid(k.workspace), clean(k.ref)}})
		}
	}
}

// claimKeys stores idempotency records under keys that nobody has, or whose time is over. Another transaction that is
// storing one of them is waited for.
func (w *work) claimKeys(b *pgx.Batch) {
	if len(w.keys) == 0 {
		return
	}
	list := make([]*keyState, 0, len(w.keys))
	for _, k := range w.keys {
		list = append(list, k)
	}
	slices.SortFunc(list, func(x, y *keyState) int {
		return cmp.Or(slices.Compare(x.workspace[:], y.workspace[:]), cmp.Compare(x.scope, y.scope), cmp.Compare(x.key, y.key))
	})
	in := newBulk("bttbibi")
	for _, k := range list {
		in.add(k.workspace, k.scope, k.key, k.record.Fingerprint[:], int64(k.record.Status), k.record.Body, k.record.ExpiresAt.UnixMilli())
	}
	b.Queue(`INSERT INTO idempotency (workspace_id, scope, key, fingerprint, status, body, expires_at) SELECT * FROM `+in.from(1)+`
		ON CONFLICT (workspace_id, scope, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
		body = excluded.body, expires_at = excluded.expires_at WHERE idempotency.expires_at <= $1 RETURNING workspace_id, scope, key`,
		append([]any{w.now.UnixMilli()}, in.cols...)...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var k idemKey
			if err := rows.Scan(&k.workspace, &k.scope, &k.key); err != nil {
				return err
			}
			if s := w.keys[k]; s != nil {
				s.mine = true
			}
		}
		return rows.Err()
	})
}

func (w *work) claimRefs(b *pgx.Batch) {
	if len(w.refs) == 0 {
		return
	}
	list := make([]*refState, 0, len(w.refs))
	for _, k := range w.refs {
		list = append(list, k)
	}
	slices.SortFunc(list, func(x, y *refState) int {
		return cmp.Or(slices.Compare(x.workspace[:], y.workspace[:]), cmp.Compare(x.ref, y.ref))
	})
	in := newBulk("btii")
	for _, k := range list {
		in.add(k.workspace, k.ref, int64(k.message), k.expires.UnixMilli())
	}
	b.Queue(`INSERT INTO client_refs (workspace_id, ref, message_id, expires_at) SELECT * FROM `+in.from(1)+`
		ON CONFLICT (workspace_id, ref) DO UPDATE SET message_id = excluded.message_id, expires_at = excluded.expires_at
		WHERE client_refs.expires_at <= $1`, append([]any{w.now.UnixMilli()}, in.cols...)...)
	b.Queue(`SELECT c.workspace_id, c.ref, c.message_id FROM `+in.from(0)+` AS u(workspace_id, ref, message_id, expires_at)
		JOIN client_refs c ON c.workspace_id = u.workspace_id AND c.ref = u.ref`, in.cols...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var k clientRef
			var id int64
			if err := rows.Scan(&k.workspace, &k.ref, &id); err != nil {
				return err
			}
			if s := w.refs[k]; s != nil {
				s.other = smsir.ID(id)
				s.mine = s.other == s.message
			}
		}
		return rows.Err()
	})
}

// readKeys reads the records under keys that were taken.
func (w *work) readKeys(b *pgx.Batch) {
	in := newBulk("btt")
	for _, k := range w.keys {
		if !k.mine {
			in.add(k.workspace, k.scope, k.key)
		}
	}
	if in.n == 0 {
		return
	}
	b.Queue(`SELECT i.workspace_id, i.scope, i.key, i.fingerprint, i.status, i.body FROM `+in.from(0)+` AS u(workspace_id, scope, key)
		JOIN idempotency i ON i.workspace_id = u.workspace_id AND i.scope = u.scope AND i.key = u.key`, in.cols...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var k idemKey
			var r store.Replay
			var sum []byte
			if err := rows.Scan(&k.workspace, &k.scope, &k.key, &sum, &r.Status, &r.Body); err != nil {
				return err
			}
			copy(r.Fingerprint[:], sum)
			if s := w.keys[k]; s != nil {
				s.replay = &r
			}
		}
		return rows.Err()
	})
}

// Replay implements store.Accepter.
func (s *Store) Replay(ctx context.Context, workspace smsir.UUID, scope, key string, now time.Time) (*store.Replay, error) {
	rows, err := s.Query(ctx, "SELECT fingerprint, status, body FROM idempotency WHERE workspace_id = $1 AND scope = $2 AND key = $3 AND expires_at > $4",
		workspace, scope, key, now.UnixMilli())
	if err != nil {
		return nil, err
	}
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
	rows, err := s.Query(ctx, `SELECT DISTINCT recipient FROM suppressions WHERE workspace_id = $1 AND recipient = ANY($2::text[])
		AND (sender IN ('', $3) OR $3 = '')`, workspace, recipients, sender)
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

// Backlog implements store.Accepter.
func (s *Store) Backlog(ctx context.Context, workspace smsir.UUID) (n int64, err error) {
	rows, err := s.Query(ctx, "SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM counts WHERE workspace_id = $1 AND status <= 1 AND n <> 0", workspace)
	if err != nil {
		return 0, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	if rows.Next() {
		err = rows.Scan(&n)
	}
	return n, cmp.Or(err, rows.Err())
}
