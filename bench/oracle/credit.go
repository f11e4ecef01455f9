package oracle

import (
	"database/sql"

	"github.com/smsir/smsir"
)

// creditLine is a line of the credit ledger.
type creditLine struct {
	id, message  smsir.ID
	workspace    smsir.UUID
	kind         smsir.Charge
	amount, held int64
}

// standing is what a database says of the credit of a workspace beside the ledger.
type standing struct{ balance, held int64 }

func (c *trial) readCredit(tx *sql.Tx) error {
	c.credits = map[smsir.UUID]standing{}
	if err := each(tx, "SELECT id, message_id, workspace_id, kind, amount, held FROM credit_entries ORDER BY id", func(rows *sql.Rows) error {
		var e creditLine
		var id, message int64
		err := rows.Scan(&id, &message, &e.workspace, &e.kind, &e.amount, &e.held)
		e.id, e.message = smsir.ID(id), smsir.ID(message)
		c.entries = append(c.entries, e)
		return err
	}); err != nil {
		return err
	}
	return each(tx, `SELECT c.workspace_id, c.balance, CAST((SELECT coalesce(sum(h.held), 0) FROM credit_held h WHERE h.workspace_id = c.workspace_id) AS BIGINT)
		FROM credits c`, func(rows *sql.Rows) error {
		var id smsir.UUID
		var s standing
		err := rows.Scan(&id, &s.balance, &s.held)
		c.credits[id] = s
		return err
	})
}

// judgeCredit checks that what messages cost was taken once, and that all of it adds up: I10.
func (c *trial) judgeCredit() {
	sums, held := map[smsir.UUID]standing{}, map[smsir.UUID]int64{}
	of := map[smsir.ID]map[smsir.Charge]int{}
	for _, e := range c.entries {
		sum := sums[e.workspace]
		sums[e.workspace] = standing{sum.balance + e.amount, sum.held + e.held}
		if e.message == 0 {
			if e.kind != smsir.Grant && e.kind != smsir.Correction || e.held != 0 {
				c.fault(I10, "entry %d of kind %v is about no message", e.id, e.kind)
			}
			continue
		}
		m := c.messages[e.message]
		if m == nil {
			c.fault(I10, "%s has an entry in the credit ledger and is not there", msg(e.message))
			continue
		}
		if of[m.id] == nil {
			of[m.id] = map[smsir.Charge]int{}
		}
		of[m.id][e.kind]++
		want := map[smsir.Charge]standing{
			smsir.Reserved: {-m.cost, m.cost}, smsir.Settled: {0, -m.cost}, smsir.Released: {m.cost, -m.cost}, smsir.Refunded: {m.cost, 0},
		}
		if w, ok := want[e.kind]; !ok || w != (standing{e.amount, e.held}) || e.workspace != m.workspace {
			c.fault(I10, "%s costs %d, and its entry of kind %v changes the balance by %d and what is held by %d", msg(m.id), m.cost, e.kind, e.amount, e.held)
		}
	}
	for _, m := range c.order {
		if m.cost == 0 && m.charge == smsir.NotCharged && of[m.id] == nil {
			continue
		}
		c.looked(I10, 1)
		c.judgeCharge(m, of[m.id])
		if m.charge == smsir.Reserved {
			held[m.workspace] += m.cost
		}
	}
	for id := range sums {
		if _, ok := c.credits[id]; !ok {
			c.fault(I10, "workspace %s has entries and no balance", id.Format(smsir.PrefixWorkspace))
		}
	}
	for id, is := range c.credits {
		name := id.Format(smsir.PrefixWorkspace)
		if is.balance < 0 || is.balance != sums[id].balance {
			c.fault(I10, "the balance of %s is %d, and its entries add up to %d", name, is.balance, sums[id].balance)
		}
		if is.held != sums[id].held || is.held != held[id] {
			c.fault(I10, "%s holds %d; its entries add up to %d, and its open messages to %d", name, is.held, sums[id].held, held[id])
		}
	}
	c.checks[I10].Absent = c.checks[I10].Looked == 0
}

// judgeCharge checks the entries of a message against each other and against its state.
func (c *trial) judgeCharge(m *message, n map[smsir.Charge]int) {
	for kind, times := range n {
		if times > 1 {
			c.fault(I10, "%s has %d entries of kind %v", msg(m.id), times, kind)
		}
	}
	settled, released, refunded := n[smsir.Settled] > 0, n[smsir.Released] > 0, n[smsir.Refunded] > 0
	if n[smsir.Reserved] == 0 || settled && released || refunded && !settled {
		c.fault(I10, "%s was charged without a reserve, both ways, or got back what it never paid: %v", msg(m.id), n)
	}
	is := smsir.Reserved
	switch {
	case refunded:
		is = smsir.Refunded
	case released:
		is = smsir.Released
	case settled:
		is = smsir.Settled
	}
	if m.charge != is {
		c.fault(I10, "%s says that it is at %v, its entries that it is at %v", msg(m.id), m.charge, is)
	}
	unsent := m.state.Status == smsir.Failed || m.state.Status == smsir.Canceled || m.state.Status == smsir.Blocked ||
		m.state.Status == smsir.Expired && m.reason != smsir.ReasonNetwork
	back := released || refunded
	switch {
	case m.state.Final && unsent && !back:
		c.fault(I10, "%s is %s, and %d was not given back", msg(m.id), m.state.Status, m.cost)
	case back && !(m.state.Final && unsent):
		c.fault(I10, "%s is %s, and %d was given back", msg(m.id), m.state.Status, m.cost)
	case !settled && !back && (m.state.Final || m.state.Status == smsir.Sent):
		c.fault(I10, "%s is %s, and %d is still held", msg(m.id), m.state.Status, m.cost)
	}
}
