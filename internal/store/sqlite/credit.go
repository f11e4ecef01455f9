package sqlite

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// reach looks whether the credit of a workspace reaches for an acceptance, and tells its balance. Like a full meter, a refusal
// is no error of the step.
func (t *wtx) reach(a *store.Acceptance) (balance int64, refused error, err error) { //nolint:revive // the refusal is a result, the error is one
	if a.Spend.Micros == 0 {
		return 0, nil, nil
	}
	_, err = t.row("SELECT balance FROM credits WHERE workspace_id = $1", []any{a.Workspace}, &balance)
	if err == nil && balance < a.Spend.Micros {
		return 0, &store.CreditError{Balance: balance, Needed: a.Spend.Micros}, nil
	}
	return balance, nil, err
}

// spend takes what an acceptance costs from a balance that reaches for it.
func (t *wtx) spend(a *store.Acceptance, balance int64) error {
	if a.Spend.Micros == 0 {
		return nil
	}
	if _, err := t.Exec("UPDATE credits SET balance = balance - $2 WHERE workspace_id = $1", a.Workspace, a.Spend.Micros); err != nil {
		return err
	}
	if a.Spend.Low == 0 || !a.Spend.Falls(balance) {
		return nil
	}
	now := t.s.now()
	return t.insertEvent(&smsir.Event{
		ID: t.s.ids.Next(now), Workspace: a.Workspace, Type: smsir.EventCreditLow, At: now, Data: smsir.EventData{Credit: a.Spend.Left(balance)},
	})
}

// charge writes the entries of the ledger that a move of a message leads to. What is reserved has been taken from the balance
// with all else that was accepted with it; what comes back is added here.
func (t *wtx) charge(m *smsir.Message, from smsir.Charge) error {
	var back int64
	now := t.s.now()
	for _, kind := range from.Until(m.Charge) {
		balance, held := kind.Change(m.Cost)
		if kind != smsir.Reserved {
			back += balance
		}
		if held != 0 {
			t.holds = append(t.holds, hold{m.Workspace, held})
		}
		if _, err := t.Exec("INSERT INTO credit_entries (id, workspace_id, message_id, kind, amount, held, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			int64(t.s.ids.Next(now)), m.Workspace, int64(m.ID), int64(kind), balance, held, sqldb.Millis(now)); err != nil {
			return err
		}
	}
	if back == 0 {
		return nil
	}
	_, err := t.Exec("UPDATE credits SET balance = balance + $2 WHERE workspace_id = $1", m.Workspace, back)
	return err
}

// flushHolds writes what messages under way hold back of the credit of their workspaces, one row for each.
func (t *wtx) flushHolds() error {
	if len(t.holds) == 0 {
		return nil
	}
	sums := map[smsir.UUID]int64{}
	for _, h := range t.holds {
		sums[h.workspace] += h.n
	}
	for workspace, n := range sums {
		if n == 0 {
			continue
		}
		if _, err := t.Exec(`INSERT INTO credit_held (workspace_id, held) VALUES ($1, $2)
			ON CONFLICT (workspace_id) DO UPDATE SET held = held + excluded.held`, workspace, n); err != nil {
			return err
		}
	}
	return nil
}
