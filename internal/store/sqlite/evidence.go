package sqlite

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// StoreReceipt implements store.Evidence.
func (s *Store) StoreReceipt(_ context.Context, r smsir.Receipt) (result store.ReceiptResult, err error) {
	err = s.writer.do(prioEvidence, false, func(t *wtx) (err error) {
		result, err = t.storeReceipt(r)
		return err
	})
	return result, err
}

func (t *wtx) storeReceipt(r smsir.Receipt) (store.ReceiptResult, error) {
	r.ID = t.s.ids.Next(t.s.now())
	a := t.matchWarm(&r)
	remembered := a != nil
	if !remembered {
		var err error
		if a, err = t.match(&r); err != nil {
			return 0, err
		}
	}
	fresh, err := t.insertReceipt(&r, a)
	switch {
	case err != nil:
		return 0, err
	case !fresh:
		return store.ReceiptDuplicate, nil
	case a == nil:
		t.warm.park(reference{r.Provider, r.Reference})
		return store.ReceiptParked, nil
	}
	failpoint.Hit(failpoint.ReceiptTx)
	moved, ok, err := t.receiptWarm(a, &r)
	switch {
	case err != nil:
		return 0, err
	case ok:
		err = t.price(a.ID, r.Price)
	default:
		if remembered { // wrongly
			if *a, err = t.attempt(a.ID); err != nil {
				return 0, err
			}
		}
		moved, err = t.applyReceipt(a, &r)
	}
	if err != nil || !moved {
		return store.ReceiptNoted, err
	}
	return store.ReceiptApplied, nil
}

// match finds the attempt that a receipt speaks of. Of several ways to write its reference, the first that
// leads to one is the one that counts from then on.
func (t *wtx) match(r *smsir.Receipt) (*smsir.Attempt, error) {
	if canary.On(canary.GlobalReceipts) {
		return t.agreeing(r, "SELECT "+sqldb.AttemptColumns+" FROM attempts WHERE reference = $1 AND reference <> '' ORDER BY id DESC LIMIT 8", r.Reference)
	}
	if r.Attempt != 0 {
		return t.agreeing(r, "SELECT "+sqldb.AttemptColumns+" FROM attempts WHERE id = $1 AND provider_id = $2", int64(r.Attempt), r.Provider)
	}
	for _, reference := range append([]string{r.Reference}, r.Aliases...) {
		for _, query := range []string{
			"SELECT " + sqldb.AttemptColumns + " FROM attempts WHERE provider_id = $1 AND reference = $2 AND reference <> '' ORDER BY id DESC LIMIT 8",
			"SELECT " + sqldb.AttemptColumns + ` FROM attempts WHERE id IN (SELECT attempt_id FROM parts
				WHERE provider_id = $1 AND reference = $2) ORDER BY id DESC LIMIT 8`,
		} {
			a, err := t.agreeing(r, query, r.Provider, reference)
			if err != nil || a != nil {
				r.Reference = reference
				return a, err
			}
		}
	}
	return nil, nil
}

// agreeing is the first of some attempts whose recipient is that of the receipt, or the first if the receipt
// does not say.
func (t *wtx) agreeing(r *smsir.Receipt, query string, args ...any) (*smsir.Attempt, error) {
	all, err := t.attempts(query, args...)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if r.To == "" {
			return &all[i], nil
		}
		var to string
		if _, err := t.row("SELECT recipient FROM messages WHERE id = $1", []any{int64(all[i].Message)}, &to); err != nil {
			return nil, err
		}
		if to == r.To {
			return &all[i], nil
		}
	}
	return nil, nil
}

func (t *wtx) insertReceipt(r *smsir.Receipt, a *smsir.Attempt) (fresh bool, err error) {
	var attempt any
	if a != nil {
		attempt = int64(a.ID)
	}
	n, err := t.exec(`INSERT INTO receipts (id, provider_id, reference, attempt_id, recipient, status, non_send, done_at, arrived_at, code, error, raw,
		price_micros, price_currency, fraud, network) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		int64(r.ID), r.Provider, r.Reference, attempt, r.To, int64(r.Status), sqldb.Flag(r.NonSend), sqldb.Millis(r.DoneAt),
		sqldb.Millis(r.ArrivedAt), r.Code, sqldb.Marshal(r.Error), r.Raw,
		r.Price.Micros, r.Price.Currency, sqldb.Flag(r.Fraud), r.Network)
	return n == 1, err
}

// applyReceipt moves the message and, where the attempt was open or unknown, settles it: a provider
// that reports on an attempt has taken it, whether or not its answer ever comes.
func (t *wtx) applyReceipt(a *smsir.Attempt, r *smsir.Receipt) (moved bool, err error) {
	if known, err := t.partKnown(a, r); err != nil || known {
		return false, err
	}
	told := *r
	told.NonSend = r.NonSend && a.Failover // or else it is the end, as any other refusal of the network
	named := false                         // an event that is still to come makes the reports look
	m, err := t.step(a.Message, func(m *smsir.Message) ([]smsir.Event, error) {
		was := m.Network
		if canary.On(canary.OverFinal) && m.Final && m.Status != smsir.Sent && m.Status != r.Status {
			m.Status, m.Final = smsir.Sent, false
		}
		events := m.Receipt(t.s.now(), a.Number, &told)
		moved, named = len(events) > 0, m.Final && m.Network != was
		return events, nil
	})
	if err != nil || m == nil {
		return false, err
	}
	switch {
	case told.NonSend && m.Status == smsir.Queued:
		_, err = t.Exec("UPDATE attempts SET state = 3, error = $2 WHERE id = $1", int64(a.ID), sqldb.Marshal(r.Error))
	case a.State == smsir.AttemptInflight || a.State == smsir.AttemptUnknown:
		err = t.endAttempt(a.ID, t.s.now(), &smsir.Outcome{State: smsir.AttemptAccepted, References: []string{r.Reference}})
	}
	if err == nil && moved && a.Number != m.Tries {
		err = t.overtaken(m)
	}
	if err == nil && r.Error != nil && r.Error.Class == smsir.ClassBlocked && !r.Fraud {
		err = t.optedOut(m, t.s.now(), r.Error)
	}
	if err == nil {
		err = t.price(a.ID, r.Price)
	}
	if err == nil {
		err = t.markHour(m, !moved && (named || r.Price != (smsir.Money{})))
	}
	return moved, err
}

// overtaken ends the latest attempt of a message that the report of an earlier one moved on while it was in flight: nobody
// would end it if this run died before the answer. An answer that comes still counts.
func (t *wtx) overtaken(m *smsir.Message) error {
	_, err := t.Exec("UPDATE attempts SET state = 5, ended_at = $3, error = $4 WHERE message_id = $1 AND number = $2 AND state = 1",
		int64(m.ID), int64(m.Tries), t.s.now().UnixMilli(), sqldb.Marshal(sqldb.Overtaken()))
	return err
}

// partKnown notes the final report of one part of several; true if the part had its report before.
func (t *wtx) partKnown(a *smsir.Attempt, r *smsir.Receipt) (bool, error) {
	var number, status int64
	found, err := t.row("SELECT number, status FROM parts WHERE attempt_id = $1 AND reference = $2", []any{int64(a.ID), r.Reference}, &number, &status)
	if err != nil || !found || !r.Status.AlwaysFinal() {
		return false, err
	}
	if status != int64(smsir.Sent) {
		return true, nil
	}
	_, err = t.Exec("UPDATE parts SET status = $3 WHERE attempt_id = $1 AND number = $2", int64(a.ID), number, int64(r.Status))
	return false, err
}

// applyParked applies the receipts that came before the provider's answer told their reference.
func (t *wtx) applyParked(m *smsir.Message, a *smsir.Attempt, references []string, now time.Time) (*smsir.Message, error) {
	for _, reference := range references {
		parked, err := t.parked(a.Provider, reference)
		if err != nil {
			return nil, err
		}
		for _, r := range parked {
			if r.To != "" && r.To != m.To {
				continue
			}
			if _, err := t.Exec("UPDATE OR IGNORE receipts SET attempt_id = $2 WHERE id = $1", int64(r.ID), int64(a.ID)); err != nil {
				return nil, err
			}
			if _, err := t.applyReceipt(a, &r); err != nil {
				return nil, err
			}
		}
		if len(parked) > 0 {
			if m, _, err = t.loadStep(m.ID); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

func (t *wtx) parked(provider smsir.UUID, reference string) (all []smsir.Receipt, err error) {
	rows, err := t.Query(`SELECT id, recipient, status, non_send, done_at, arrived_at, code, error, price_micros, price_currency, fraud, network FROM receipts
		WHERE attempt_id IS NULL AND provider_id = $1 AND reference = $2 ORDER BY id`, provider, reference)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		r := smsir.Receipt{Provider: provider, Reference: reference}
		var id, status, nonSend, done, arrived, fraud int64
		var failure string
		if err := rows.Scan(&id, &r.To, &status, &nonSend, &done, &arrived, &r.Code, &failure, &r.Price.Micros, &r.Price.Currency, &fraud, &r.Network); err != nil {
			return nil, err
		}
		r.Fraud = fraud == 1
		r.ID, r.Status, r.NonSend, r.DoneAt, r.ArrivedAt = smsir.ID(id), smsir.Status(status), nonSend == 1, sqldb.Time(done), sqldb.Time(arrived)
		if err := sqldb.Unmarshal(failure, &r.Error); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// StoreInbound implements store.Evidence.
func (s *Store) StoreInbound(_ context.Context, in smsir.Inbound, consent store.Consent) (duplicate bool, err error) {
	err = s.writer.do(prioEvidence, false, func(t *wtx) error {
		if found, err := t.row("SELECT workspace_id FROM providers WHERE id = $1", []any{in.Provider}, &in.Workspace); err != nil || !found {
			if err == nil {
				err = smsir.Errorf(smsir.CodeNotFound, "There is no such provider.")
			}
			return err
		}
		in.ID = s.ids.Next(s.now())
		n, err := t.Exec(`INSERT INTO inbound (id, workspace_id, provider_id, reference, sender, recipient, text, received_at, raw, incomplete)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`, int64(in.ID), in.Workspace, in.Provider, in.Reference,
			in.From, in.To, in.Text, sqldb.Millis(in.ReceivedAt), in.Raw, sqldb.Flag(in.Incomplete))
		duplicate = n == 0
		if err != nil || duplicate {
			return err
		}
		if err := t.consent(&in, consent); err != nil {
			return err
		}
		t.s.noTalks.Store(false)
		talk, err := sqldb.ReceiveMessage(t, &in, s.now())
		if err != nil {
			return err
		}
		failpoint.Hit(failpoint.InboundTx)
		return t.insertEvent(&smsir.Event{
			ID: s.ids.Next(s.now()), Workspace: in.Workspace, Type: smsir.EventInbound, At: s.now(),
			Data: smsir.EventData{Inbound: in.ID.Format(smsir.PrefixInbound), Provider: in.Provider.Format(smsir.PrefixProvider), Conversation: talk.Format(smsir.PrefixConversation)},
		})
	})
	return duplicate, err
}

// consent keeps or lifts the suppression that an inbound message asks for, and notes in whose words.
func (t *wtx) consent(in *smsir.Inbound, c store.Consent) (err error) {
	switch c {
	case store.OptOut:
		t.s.noStops.Store(false)
		_, err = t.Exec(`INSERT INTO suppressions (workspace_id, recipient, sender, reason, created_at) VALUES ($1, $2, $3, 'opt_out', $4)
			ON CONFLICT DO NOTHING`, in.Workspace, in.From, in.To, t.s.now().UnixMilli())
	case store.OptIn:
		_, err = t.Exec("DELETE FROM suppressions WHERE workspace_id = $1 AND recipient = $2 AND sender IN ('', $3)", in.Workspace, in.From, in.To)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	return sqldb.InsertConsent(t, store.ConsentEntry{
		ID: smsir.NewUUID(t.s.now()), Workspace: in.Workspace, At: t.s.now(), Recipient: in.From, Sender: in.To,
		Allowed: c == store.OptIn, Source: "handset", Inbound: in.ID, Text: in.Text,
	})
}

// Suppress implements store.Audience. From then on, accepts and intents look again.
func (s *Store) Suppress(ctx context.Context, list []store.Suppression, entry store.ConsentEntry) (int, error) {
	s.noStops.Store(false)
	return s.Store.Suppress(ctx, list, entry)
}
