package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// receiptOp stores a receipt.
type receiptOp struct {
	smsir.Receipt
	result store.ReceiptResult
}

// StoreReceipt implements store.Evidence.
func (s *Store) StoreReceipt(_ context.Context, r smsir.Receipt) (store.ReceiptResult, error) {
	r.ID = s.ids.Next(s.now())
	r.Reference, r.Code = clean(r.Reference), clean(r.Code)
	o := &receiptOp{Receipt: r}
	if err := s.writer.do(prioEvidence, o); err != nil {
		return 0, err
	}
	return o.result, nil
}

func (o *receiptOp) need(w *work) {
	o.result = 0
	if o.Attempt != 0 {
		w.needs.attempts = append(w.needs.attempts, o.Attempt)
		return
	}
	for _, text := range append([]string{o.Reference}, o.Aliases...) {
		w.needs.references = append(w.needs.references, reference{o.Provider, clean(text)})
	}
}

func (o *receiptOp) run(w *work) error {
	w.mark()
	a := w.match(&o.Receipt)
	if a == nil && o.Attempt == 0 && !w.parking {
		w.later(true) // an answer that tells the reference may be on its way: look again below its lock
		return nil
	}
	n := &newReceipt{Receipt: o.Receipt}
	if a != nil {
		n.attempt = a.ID
	}
	k := receiptKey{attempt: n.attempt, reference: o.Reference, status: o.Status, done: sqldb.Millis(o.DoneAt), code: o.Code}
	if a == nil { // a parked one is known by its provider
		k.provider = o.Provider
	}
	if w.seen[k] {
		o.result = store.ReceiptDuplicate
		return nil
	}
	w.seen[k] = true
	w.undos = append(w.undos, func() { delete(w.seen, k) })
	w.receipts = append(w.receipts, n)
	if a == nil {
		o.result = store.ReceiptParked
		n.op = o
		return nil
	}
	o.result = store.ReceiptNoted
	if w.applyReceipt(a, &o.Receipt) {
		o.result = store.ReceiptApplied
	}
	return nil
}

// match finds the attempt that a receipt speaks of, among those of the provider that reported it and only if the
// recipient agrees; of several the youngest. Of several ways to write its reference, the first that leads to one is the
// one that counts from then on.
func (w *work) match(r *smsir.Receipt) *attempt {
	if r.Attempt != 0 {
		if a := w.attempts[r.Attempt]; a != nil && a.Provider == r.Provider && w.agrees(a, r) {
			return a
		}
		return nil
	}
	for _, text := range append([]string{r.Reference}, r.Aliases...) {
		for _, a := range w.referred(reference{r.Provider, clean(text)}) {
			if w.agrees(a, r) {
				r.Reference = clean(text)
				return a
			}
		}
	}
	return nil
}

// agrees reports whether the recipient of an attempt is that of a receipt, or the receipt does not say.
func (w *work) agrees(a *attempt, r *smsir.Receipt) bool {
	e := w.messages[a.Message]
	return e != nil && (r.To == "" || e.m.To == r.To)
}

// referred lists the attempts that have a reference, youngest first: as their first one, or else as that of a part.
func (w *work) referred(r reference) []*attempt {
	if r.text == "" {
		return nil
	}
	if w.byReference == nil {
		w.byReference = map[reference][]*attempt{}
		for _, a := range w.attempts {
			w.refer(a)
		}
	}
	var first, others []*attempt
	for _, a := range w.byReference[r] {
		if a.reference == r.text {
			first = append(first, a)
		} else {
			others = append(others, a)
		}
	}
	if len(first) == 0 {
		first = others
	}
	slices.SortFunc(first, func(x, y *attempt) int { return cmp.Compare(y.ID, x.ID) })
	return first
}

func (w *work) refer(a *attempt) {
	if a.reference != "" {
		k := reference{a.Provider, a.reference}
		w.byReference[k] = append(w.byReference[k], a)
	}
	for _, p := range w.parts[a.ID] {
		if p.reference != a.reference {
			k := reference{a.Provider, p.reference}
			w.byReference[k] = append(w.byReference[k], a)
		}
	}
}

// applyReceipt moves the message and, where the attempt was open or unknown, settles it: a provider that reports on an
// attempt has taken it, whether or not its answer ever comes.
func (w *work) applyReceipt(a *attempt, r *smsir.Receipt) (moved bool) {
	if w.partKnown(a, r) {
		return false
	}
	told := *r
	told.NonSend = r.NonSend && a.Failover                                    // or else it is the end, as any other refusal of the network
	named := false                                                            // an event that is still to come makes the reports look
	m, _ := w.step(a.Message, func(m *smsir.Message) ([]smsir.Event, error) { // the change has no error
		was := m.Network
		events := m.Receipt(w.now, a.Number, &told)
		moved, named = len(events) > 0, m.Final && m.Network != was
		return events, nil
	})
	switch {
	case m == nil:
		return false
	case told.NonSend && m.Status == smsir.Queued:
		w.touchAttempt(a)
		a.State, a.Error, a.dirty = smsir.AttemptRefused, r.Error, true
	case a.State == smsir.AttemptInflight || a.State == smsir.AttemptUnknown:
		w.endAttempt(a, w.now, &smsir.Outcome{State: smsir.AttemptAccepted, References: []string{r.Reference}})
	}
	if moved && a.Number != m.Tries {
		w.overtaken(m)
	}
	if r.Error != nil && r.Error.Class == smsir.ClassBlocked && !r.Fraud {
		w.optedOut(m, r.Error)
	}
	w.price(a, r.Price)
	w.markHour(m, !moved && (named || r.Price != (smsir.Money{})))
	return moved
}

// overtaken ends the latest attempt of a message that the report of an earlier one moved on while it was in flight: nobody
// would end it if its node died before the answer. An answer that comes still counts.
func (w *work) overtaken(m *smsir.Message) {
	for _, a := range w.attempts {
		if a.Message == m.ID && a.Number == m.Tries && a.State == smsir.AttemptInflight {
			w.endAttempt(a, w.now, &smsir.Outcome{State: smsir.AttemptUnknown, Error: sqldb.Overtaken()})
		}
	}
}

// partKnown notes the final report of one part of several; true if the part had its report before.
func (w *work) partKnown(a *attempt, r *smsir.Receipt) bool {
	for _, p := range w.parts[a.ID] {
		if p.reference != r.Reference || !r.Status.AlwaysFinal() {
			continue
		}
		if p.status != smsir.Sent {
			return true
		}
		saved := *p
		w.undos = append(w.undos, func() { *p = saved })
		p.status, p.dirty = r.Status, true
		return false
	}
	return false
}

// applyParked applies the receipts that came before the provider's answer told their reference.
func (w *work) applyParked(a *attempt, references []string) {
	to := ""
	if e := w.messages[a.Message]; e != nil {
		to = e.m.To
	}
	for _, text := range references {
		k := reference{a.Provider, clean(text)}
		var left []smsir.Receipt
		for _, r := range w.parked[k] {
			if r.To != "" && r.To != to {
				left = append(left, r)
				continue
			}
			key := receiptKey{attempt: a.ID, reference: r.Reference, status: r.Status, done: sqldb.Millis(r.DoneAt), code: r.Code}
			if w.seen[key] {
				continue // it came again, with the attempt's id
			}
			w.seen[key] = true
			w.adopted = append(w.adopted, adoption{r.ID, a.ID})
			w.applyReceipt(a, &r)
		}
		w.parked[k] = left
	}
}

// inboundOp stores a message from a handset.
type inboundOp struct {
	smsir.Inbound
	consent   store.Consent
	duplicate bool
	stored    bool
}

// StoreInbound implements store.Evidence.
func (s *Store) StoreInbound(ctx context.Context, in smsir.Inbound, consent store.Consent) (duplicate bool, err error) {
	// A provider never changes its workspace, so that this may be read before.
	rows, err := s.Query(ctx, "SELECT workspace_id FROM providers WHERE id = $1", in.Provider)
	if err != nil {
		return false, err
	}
	known := rows.Next()
	if known {
		err = rows.Scan(&in.Workspace)
	}
	_ = rows.Close()
	if err = cmp.Or(err, rows.Err()); err != nil {
		return false, s.coded(err)
	}
	if !known {
		return false, smsir.Errorf(smsir.CodeNotFound, "There is no such provider.")
	}
	in.ID, in.Reference = s.ids.Next(s.now()), clean(in.Reference)
	o := &inboundOp{Inbound: in, consent: consent}
	err = s.writer.do(prioEvidence, o)
	return o.duplicate, err
}

func (o *inboundOp) need(w *work) {
	o.duplicate, o.stored = false, false
	w.needs.inbound = append(w.needs.inbound, o)
	if o.consent == store.OptOut {
		w.needs.held = append(w.needs.held, o.Workspace)
	}
}

func (o *inboundOp) run(w *work) error {
	w.mark()
	if o.duplicate = !o.stored; o.duplicate {
		return nil
	}
	w.consent(o)
	in := o.Inbound
	in.From, in.To = clean(in.From), clean(in.To)
	w.after = append(w.after, statement{run: func(t *tx) error {
		_, err := sqldb.ReceiveMessage(t, &in, w.now)
		return err
	}})
	talk := store.ConversationID(in.Workspace, in.From, in.To)
	w.events = append(w.events, smsir.Event{
		Workspace: o.Workspace, Type: smsir.EventInbound, At: w.now,
		Data: smsir.EventData{Inbound: o.ID.Format(smsir.PrefixInbound), Provider: o.Provider.Format(smsir.PrefixProvider), Conversation: talk.Format(smsir.PrefixConversation)},
	})
	return nil
}

// consent keeps or lifts the suppression that an inbound message asks for, and notes in whose words.
func (w *work) consent(o *inboundOp) {
	from, to := clean(o.From), clean(o.To)
	switch o.consent {
	case store.OptOut:
		w.after = append(w.after, statement{query: `INSERT INTO suppressions (workspace_id, recipient, sender, reason, created_at) VALUES ($1, $2, $3, 'opt_out', $4)
			ON CONFLICT DO NOTHING`, args: []any{uuid(o.Workspace), from, to, w.now.UnixMilli()}})
	case store.OptIn:
		w.after = append(w.after, statement{query: "DELETE FROM suppressions WHERE workspace_id = $1 AND recipient = $2 AND sender IN ('', $3)", args: []any{uuid(o.Workspace), from, to}})
	default:
		return
	}
	w.after = append(w.after, statement{run: func(t *tx) error {
		return sqldb.InsertConsent(t, store.ConsentEntry{
			ID: smsir.NewUUID(w.now), Workspace: o.Workspace, At: w.now, Recipient: from, Sender: to,
			Allowed: o.consent == store.OptIn, Source: "handset", Inbound: o.ID, Text: o.Text,
		})
	}})
}

// insertInbound stores messages from handsets whose reference is new.
func (w *work) insertInbound(b *pgx.Batch) {
	if len(w.needs.inbound) == 0 {
		return
	}
	list := slices.Clone(w.needs.inbound)
	slices.SortStableFunc(list, func(x, y *inboundOp) int {
		return cmp.Or(slices.Compare(x.Provider[:], y.Provider[:]), cmp.Compare(x.Reference, y.Reference))
	})
	in, byID := newBulk("ibbttttiti"), map[smsir.ID]*inboundOp{}
	for _, o := range list {
		in.add(int64(o.ID), o.Workspace, o.Provider, o.Reference, o.From, o.To, o.Text, sqldb.Millis(o.ReceivedAt), o.Raw, sqldb.Flag(o.Incomplete))
		byID[o.ID] = o
	}
	b.Queue(`INSERT INTO inbound (id, workspace_id, provider_id, reference, sender, recipient, text, received_at, raw, incomplete) SELECT * FROM `+in.from(0)+`
		ON CONFLICT DO NOTHING RETURNING id`, in.cols...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return err
			}
			if o := byID[smsir.ID(id)]; o != nil {
				o.stored = true
			}
		}
		return rows.Err()
	})
}
