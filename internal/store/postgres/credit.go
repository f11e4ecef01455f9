package postgres

import (
	"bytes"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// creditState is the balance of a workspace that a transaction changes.
type creditState struct {
	workspace smsir.UUID
	locked    bool
	balance   int64 // as long as it is locked
	change    int64 // beside what steps have spent from balance
	dirty     bool
}

// credit is the balance of a workspace, to be locked.
func (w *work) credit(workspace smsir.UUID) *creditState {
	c := w.credits[workspace]
	if c == nil {
		c = &creditState{workspace: workspace}
		w.credits[workspace] = c
	}
	return c
}

// lockCredits locks and reads the balances that acceptances are about to spend from, in one order and behind the meters. A
// transaction that does so also locks those to which its other steps may give something back: then it takes all it ever
// takes at once. One without acceptances takes them in chargeMoves, likewise all at once.
func (w *work) lockCredits() error {
	if len(w.credits) == 0 {
		return nil
	}
	for _, e := range w.messages {
		if e.m.Charge == smsir.Reserved || e.m.Charge == smsir.Settled {
			w.credit(e.m.Workspace)
		}
	}
	return w.readCredits()
}

func (w *work) sortedCredits() []*creditState {
	list := make([]*creditState, 0, len(w.credits))
	for _, c := range w.credits {
		list = append(list, c)
	}
	slices.SortFunc(list, func(x, y *creditState) int { return bytes.Compare(x.workspace[:], y.workspace[:]) })
	return list
}

func (w *work) readCredits() error {
	ids := make([]smsir.UUID, 0, len(w.credits))
	for _, c := range w.credits {
		c.locked = true // a workspace that never had any has no row, and a balance of 0
		ids = append(ids, c.workspace)
	}
	rows, err := w.t.Query("SELECT workspace_id, balance FROM credits WHERE workspace_id = ANY($1) ORDER BY workspace_id FOR UPDATE", distinctUUIDs(ids))
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		var id smsir.UUID
		var balance int64
		if err := rows.Scan(&id, &balance); err != nil {
			return err
		}
		w.credits[id].balance = balance
	}
	return rows.Err()
}

// reach looks whether the credit of a workspace reaches for an acceptance.
func (w *work) reach(a *store.Acceptance) error {
	if a.Spend.Micros == 0 {
		return nil
	}
	if balance := w.credits[a.Workspace].balance; balance < a.Spend.Micros {
		return &store.CreditError{Balance: balance, Needed: a.Spend.Micros}
	}
	return nil
}

// spend takes what an acceptance costs from a balance that reaches for it.
func (w *work) spend(a *store.Acceptance) {
	if a.Spend.Micros == 0 {
		return
	}
	c := w.credits[a.Workspace]
	saved := *c
	w.undos = append(w.undos, func() { *c = saved })
	if a.Spend.Low > 0 && a.Spend.Falls(c.balance) {
		w.events = append(w.events, smsir.Event{
			Workspace: a.Workspace, Type: smsir.EventCreditLow, At: w.now, Data: smsir.EventData{Credit: a.Spend.Left(c.balance)},
		})
	}
	c.balance -= a.Spend.Micros
	c.change, c.dirty = c.change-a.Spend.Micros, true
}

// chargeMoves adds up what the moves of messages give back to the balances of their workspaces, and locks those, before
// anything is written that others may wait for.
func (w *work) chargeMoves() error {
	lock := false
	for _, e := range w.order {
		for _, kind := range e.before.Charge.Until(e.m.Charge) {
			if back, _ := kind.Change(e.m.Cost); back > 0 {
				c := w.credit(e.m.Workspace)
				c.change, c.dirty = c.change+back, true
				lock = lock || !c.locked
			}
		}
	}
	if !lock {
		return nil
	}
	return w.readCredits()
}

// writeCredits writes the entries of the ledger that go with messages that were accepted and moved, and what follows from
// them: the balances, which are locked, and what is held, in rows of this writer's own.
func (w *work) writeCredits(b *pgx.Batch) {
	in, held := newBulk("ibiiiii"), map[smsir.UUID]int64{}
	add := func(m *smsir.Message, from smsir.Charge) {
		for _, kind := range from.Until(m.Charge) {
			balance, hold := kind.Change(m.Cost)
			held[m.Workspace] += hold
			in.add(int64(w.s.ids.Next(w.now)), m.Workspace, int64(m.ID), int64(kind), balance, hold, sqldb.Millis(w.now))
		}
	}
	for _, n := range w.born {
		add(n.m, smsir.NotCharged)
	}
	for _, e := range w.order {
		add(e.m, e.before.Charge)
	}
	if in.n == 0 {
		return
	}
	b.Queue("INSERT INTO credit_entries (id, workspace_id, message_id, kind, amount, held, at) SELECT * FROM "+in.from(0), in.cols...)
	set := newBulk("bi")
	for _, c := range w.sortedCredits() {
		if c.dirty && c.change != 0 {
			set.add(c.workspace, c.change)
		}
	}
	if set.n > 0 {
		b.Queue("UPDATE credits c SET balance = c.balance + u.n FROM "+set.from(0)+` AS u(workspace_id, n)
			WHERE c.workspace_id = u.workspace_id`, set.cols...).Exec(exactly(int64(set.n), "a balance is gone"))
	}
	sums := newBulk("bii")
	for _, id := range distinctUUIDs(keysOf(held)) {
		if n := held[smsir.UUID(id)]; n != 0 {
			sums.add(id, int64(w.s.slot*writers+w.number), n)
		}
	}
	if sums.n > 0 {
		b.Queue("INSERT INTO credit_held (workspace_id, shard, held) SELECT * FROM "+sums.from(0)+`
			ON CONFLICT (workspace_id, shard) DO UPDATE SET held = credit_held.held + excluded.held`, sums.cols...)
	}
}

func keysOf(m map[smsir.UUID]int64) []smsir.UUID {
	keys := make([]smsir.UUID, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}
