package smsir

// Charge is how far a message is charged to the credit of its workspace: its cost is reserved when it is accepted, and then
// either settled or released, once. What was settled may be refunded. The values are stored; never renumber them.
type Charge uint8

// Charges of a message, and the kinds of the entries in the ledger that lead to them.
const (
	NotCharged Charge = 0 // credit was off when it was accepted, or it costs nothing
	Reserved   Charge = 1 // it may still come to nothing
	Settled    Charge = 2 // a provider has taken it, or nobody will ever know
	Released   Charge = 3 // it ended here and was sent by nobody
	Refunded   Charge = 4 // settled, then reported as not sent, and it ended without another attempt that went through
)

// Kinds of entries that are about no message.
const (
	Grant      Charge = 5 // somebody added to the credit
	Correction Charge = 6 // somebody put it right, up or down
)

var chargeNames = [...]string{"", "reserve", "settle", "release", "refund", "grant", "correction"}

// String is the word of the API for an entry of this kind; "" for NotCharged.
func (c Charge) String() string {
	if int(c) < len(chargeNames) {
		return chargeNames[c]
	}
	return ""
}

// ParseCharge reads a kind of entry.
func ParseCharge(word string) (Charge, bool) {
	for i, name := range chargeNames {
		if i > 0 && name == word {
			return Charge(i), true //nolint:gosec // there are seven
		}
	}
	return 0, false
}

// Until lists the kinds of the entries between c and a later charge of the same message, in order.
func (c Charge) Until(to Charge) []Charge {
	switch {
	case c == to || to == NotCharged:
		return nil
	case c == NotCharged && to != Reserved:
		return append([]Charge{Reserved}, Reserved.Until(to)...)
	case c == Reserved && to == Refunded:
		return []Charge{Settled, Refunded}
	}
	return []Charge{to}
}

// Change is what an entry of kind c about a message of this cost does: to the balance that can be spent, and to what is
// held back for messages under way. What is held for one message adds up to 0 when it is final.
func (c Charge) Change(cost int64) (balance, held int64) {
	switch c {
	case Reserved:
		return -cost, cost
	case Settled:
		return 0, -cost
	case Released:
		return cost, -cost
	case Refunded:
		return cost, 0
	}
	return 0, 0
}

// Reserve charges a message that is about to be accepted: micros of its workspace's currency, nothing for 0.
func (m *Message) Reserve(micros int64) {
	if micros > 0 {
		m.Cost, m.Charge = micros, Reserved
	}
}

// charge follows a move, which is done: docs/delivery.md, "Credit".
func (m *Message) charge() {
	gone := m.Status == Failed || m.Status == Canceled || m.Status == Blocked ||
		m.Status == Expired && m.Reason != ReasonNetwork
	switch {
	case m.Charge == Reserved && gone:
		m.Charge = Released
	case m.Charge == Reserved && (m.Final || m.Status == Sent):
		m.Charge = Settled
	case m.Charge == Settled && gone:
		m.Charge = Refunded
	}
}
