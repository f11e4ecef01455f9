package oracle

import (
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/simulator"
)

// wire is the simulator's ledger: what really left.
type wire struct {
	submissions []simulator.Entry
	byMessage   map[smsir.ID][]*simulator.Entry
	byAttempt   map[smsir.ID][]*simulator.Entry
	byReference map[reference]*simulator.Entry // accepted ones
	acks        []simulator.Entry              // receipts and replies that the gateway acknowledged
}

func readWire(path string) (*wire, error) {
	w := &wire{byMessage: map[smsir.ID][]*simulator.Entry{}, byAttempt: map[smsir.ID][]*simulator.Entry{}, byReference: map[reference]*simulator.Entry{}}
	for e, err := range simulator.ReadLedger(path) {
		if err != nil {
			return nil, fmt.Errorf("simulator's ledger: %w", err)
		}
		if e.Kind != simulator.SubmissionEntry {
			w.acks = append(w.acks, e)
			continue
		}
		s := &e
		w.submissions = append(w.submissions, e)
		w.byMessage[e.Message] = append(w.byMessage[e.Message], s)
		w.byAttempt[e.Attempt] = append(w.byAttempt[e.Attempt], s)
		if e.Verdict == simulator.Accepted {
			w.byReference[reference{e.Provider, e.Reference}] = s
		}
	}
	return w, nil
}

// taken counts the submissions that the carrier accepted.
func taken(all []*simulator.Entry) (n int) {
	for _, e := range all {
		if e.Verdict == simulator.Accepted {
			n++
		}
	}
	return n
}

// judgeWire holds every hand-over against the intent on disk: I3, P10, P11.
func (c *trial) judgeWire() {
	c.looked(I3, len(c.wire.submissions))
	c.looked(P10, len(c.wire.submissions))
	c.looked(P11, len(c.wire.submissions))
	for i := range c.wire.submissions {
		e := &c.wire.submissions[i]
		m, a := c.messages[e.Message], c.attempts[e.Attempt]
		if m == nil {
			c.fault(I3, "%s was handed over and is not in the database", msg(e.Message))
			continue
		}
		switch {
		case a == nil:
			c.fault(I3, "%s was handed over as %s, an attempt that has no intent", msg(e.Message), att(e.Attempt))
		case a.message != e.Message:
			c.fault(I3, "%s was handed over as %s, which is an attempt of %s", msg(e.Message), att(e.Attempt), msg(a.message))
		case a.provider != e.Provider:
			c.fault(I3, "%s went to %s; its intent names %s", att(e.Attempt), e.Provider.Format(smsir.PrefixProvider), a.provider.Format(smsir.PrefixProvider))
		case e.At.Before(a.started):
			c.fault(I3, "%s was handed over at %s, before its intent of %s", att(e.Attempt), clock(e.At), clock(a.started))
		}
		if e.To != m.recipient || e.TextSHA256 != m.textSHA256 {
			c.fault(I3, "%s was handed over with another recipient or text than it has", msg(e.Message))
		}
		if e.At.After(m.expiresAt) {
			c.fault(P10, "%s left at %s, after its validity of %s", msg(e.Message), clock(e.At), clock(m.expiresAt))
		}
		if e.At.Before(m.sendAt) {
			c.fault(P11, "%s left at %s, before its time %s", msg(e.Message), clock(e.At), clock(m.sendAt))
		}
	}
	for id, all := range c.wire.byAttempt {
		if len(all) > 1 {
			c.fault(I3, "%s was handed over %d times", att(id), len(all))
		}
	}
}

func clock(t time.Time) string { return t.Format("15:04:05.000") }

// judgeAttempts checks when further attempts were made, and how often the carrier took the message: I4.
func (c *trial) judgeAttempts(m *message) {
	c.looked(I4, len(m.attempts))
	if len(m.attempts) != m.tries {
		c.fault(I4, "%s has %d attempts and counts %d", msg(m.id), len(m.attempts), m.tries)
	}
	for i, a := range m.attempts {
		last := i == len(m.attempts)-1
		if a.number != i+1 {
			c.fault(I4, "%s: attempt %d of %s has the number %d", att(a.id), i+1, msg(m.id), a.number)
		}
		if a.workspace != m.workspace {
			c.fault(I4, "%s belongs to another workspace than %s", att(a.id), msg(m.id))
		}
		if a.state == smsir.AttemptInflight && (m.state.Status != smsir.Sending || !last) {
			c.fault(I4, "%s is still in flight, and %s is %s", att(a.id), msg(m.id), m.state.Status)
		}
		proof := a.state == smsir.AttemptRefused || a.state == smsir.AttemptNotSent
		if !last && !proof && !m.possibleDuplicate {
			c.fault(I4, "%s was tried again after %s, which is %s", msg(m.id), att(a.id), a.state)
		}
		c.judgeAttempt(m, a)
	}
	if m.possibleDuplicate && m.onUnknown != smsir.RetryOnce {
		c.fault(I4, "%s is labelled a possible duplicate and its policy is %s", msg(m.id), m.onUnknown)
	}
	allowed := 1
	if m.possibleDuplicate {
		allowed = 2
	}
	if n := taken(c.wire.byMessage[m.id]); n > allowed {
		c.report.Doubled++
		c.fault(I4, "%s was taken by the carrier %d times, possible_duplicate=%v", msg(m.id), n, m.possibleDuplicate)
	}
}

// judgeAttempt holds the outcome of an attempt against what the carrier did with it: I8.
func (c *trial) judgeAttempt(m *message, a *attempt) {
	var took, refused *simulator.Entry
	for _, e := range c.wire.byAttempt[a.id] {
		if e.Verdict == simulator.Accepted {
			took = e
		} else {
			refused = e
		}
	}
	switch a.state {
	case smsir.AttemptAccepted:
		if took == nil {
			c.lie(m, "%s of %s is accepted, and the carrier never took it", att(a.id), msg(m.id))
		} else if a.reference != took.Reference {
			c.lie(m, "%s has the reference %q; the carrier gave %q", att(a.id), a.reference, took.Reference)
		}
	case smsir.AttemptRefused:
		if took != nil || refused == nil {
			c.lie(m, "%s of %s is refused, and the carrier took=%v refused=%v it", att(a.id), msg(m.id), took != nil, refused != nil)
		}
	case smsir.AttemptNotSent:
		if took != nil {
			c.lie(m, "%s of %s is not_sent, and the carrier took it", att(a.id), msg(m.id))
		}
	}
}

func (c *trial) lie(m *message, format string, args ...any) {
	c.lied[m.id] = true
	c.fault(I8, format, args...)
}

// judgeTruth holds the state of a message against what the carrier did: I8.
func (c *trial) judgeTruth(m *message) {
	c.looked(I8, 1)
	all := c.wire.byMessage[m.id]
	local := m.state.Status == smsir.Expired && m.reason != smsir.ReasonNetwork
	switch m.state.Status {
	case smsir.Scheduled, smsir.Queued, smsir.Failed, smsir.Canceled, smsir.Blocked:
		local = true
	case smsir.Unknown:
		c.report.Unknown++
	}
	if m.state.Status != smsir.Unknown {
		for _, e := range m.events {
			if e.kind == smsir.EventOf(smsir.Unknown) {
				c.report.Resolved++
				break
			}
		}
	}
	if local {
		if taken(all) > 0 && !m.possibleDuplicate {
			c.lie(m, "%s is %s (%s), and the carrier took it", msg(m.id), m.state.Status, m.reason)
		}
		if m.state.Final && m.possibleDuplicate {
			c.lie(m, "%s is %s, although an earlier attempt may have gone through", msg(m.id), m.state.Status)
		}
		return
	}
	if m.state.Status < smsir.Sent {
		return
	}
	if taken(all) == 0 {
		c.lie(m, "%s is %s, and the carrier never took it", msg(m.id), m.state.Status)
		return
	}
	if m.state.Status != smsir.Sent && !c.reported(m, all) {
		c.lie(m, "%s is %s, and the carrier reported nothing of the kind", msg(m.id), m.state.Status)
	}
}

// reported finds the report that a final status rests on.
func (c *trial) reported(m *message, all []*simulator.Entry) bool {
	for _, e := range all {
		if e.Verdict == simulator.Accepted && !e.ReportAt.IsZero() && e.Report == m.state.Status && !m.finished.Before(e.ReportAt) {
			return true
		}
	}
	return false
}

// judgeReports holds what the carrier saw acknowledged against what is stored: I7.
func (c *trial) judgeReports() {
	c.looked(I7, len(c.wire.acks))
	for i := range c.wire.acks {
		e := &c.wire.acks[i]
		s := c.wire.byReference[reference{e.Provider, e.Reference}]
		switch {
		case s == nil:
			c.fault(I7, "the carrier noted a report on %s, which it never took", e.Reference)
		case e.Kind == simulator.ReceiptEntry && !c.receipts[receiptKey{reference{e.Provider, e.Reference}, s.Report}]:
			c.fault(I7, "the receipt of %s (%s) was acknowledged and is not stored", msg(s.Message), e.Reference)
		case e.Kind == simulator.InboundEntry && !c.inbound[reference{e.Provider, e.InboundReference}]:
			c.fault(I7, "the reply %s was acknowledged and is not stored", e.InboundReference)
		case e.Kind == simulator.ReceiptEntry:
			if m := c.messages[s.Message]; m != nil && !m.state.Final && !m.possibleDuplicate {
				c.fault(I7, "the receipt of %s (%s) is stored, and the message is still %s", msg(s.Message), s.Report, m.state.Status)
			}
		}
	}
	for k := range c.receipts {
		if s := c.wire.byReference[k.reference]; s == nil || s.Report != k.status {
			c.fault(I7, "a receipt of %s says %s, which the carrier never reported", k.text, k.status)
		}
	}
}
