package oracle

import (
	"fmt"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/simulator"
)

// wire is the ledgers of the far side: what really left.
type wire struct {
	submissions []*submission
	byMessage   map[smsir.ID][]*submission
	byAttempt   map[smsir.ID][]*submission
	byReference map[reference]*submission // taken ones
	acks        []ack                     // receipts and replies that the gateway acknowledged
	carried     []carried                 // to carriers outside the gateway, not yet identified
}

func readWire(path string, carriers []string) (*wire, error) {
	w := &wire{
		byMessage: map[smsir.ID][]*submission{}, byAttempt: map[smsir.ID][]*submission{}, byReference: map[reference]*submission{},
	}
	for e, err := range simulator.ReadLedger(path) {
		if err != nil {
			return nil, fmt.Errorf("simulator's ledger: %w", err)
		}
		if e.Kind != simulator.SubmissionEntry {
			s := w.byReference[reference{e.Provider, e.Reference}]
			a := ack{kind: e.Kind, reference: e.Reference, reply: e.InboundReference, from: s}
			if s != nil && len(s.reports) > 0 {
				a.status = s.reports[0].status
			}
			w.acks = append(w.acks, a)
			continue
		}
		s := fromSimulator(&e)
		w.add(s)
		if s.taken {
			w.byReference[reference{e.Provider, e.Reference}] = s
		}
	}
	for _, path := range carriers {
		if err := w.readCarrier(path); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *wire) add(s *submission) {
	w.submissions = append(w.submissions, s)
	w.byMessage[s.message] = append(w.byMessage[s.message], s)
	w.byAttempt[s.attempt] = append(w.byAttempt[s.attempt], s)
}

// taken counts the submissions that the carrier accepted.
func taken(all []*submission) (n int) {
	for _, s := range all {
		if s.taken {
			n++
		}
	}
	return n
}

// had counts those of them of which the carrier did not say itself that they never left it.
func had(all []*submission) (n int) {
	for _, s := range all {
		if s.taken && !s.neverLeft() {
			n++
		}
	}
	return n
}

// transit is how much later than it left a request may be noted: carriers write down when they have read it, and share the
// machine with everything else.
const transit = 2 * time.Second

// judgeWire holds every hand-over against the intent on disk: I3, P10, P11.
func (c *trial) judgeWire() {
	c.looked(I3, len(c.wire.submissions))
	c.looked(P10, len(c.wire.submissions))
	c.looked(P11, len(c.wire.submissions))
	for _, e := range c.wire.submissions {
		m, a := c.messages[e.message], c.attempts[e.attempt]
		if m == nil {
			c.fault(I3, "%s to %s was handed over at %s and is not in the database", msg(e.message), e.to, clock(e.at))
			continue
		}
		switch {
		case a == nil:
			c.fault(I3, "%s was handed over as %s, an attempt that has no intent", msg(e.message), att(e.attempt))
		case a.message != e.message:
			c.fault(I3, "%s was handed over as %s, which is an attempt of %s", msg(e.message), att(e.attempt), msg(a.message))
		case a.provider != e.provider:
			c.fault(I3, "%s went to %s; its intent names %s", att(e.attempt), e.provider.Format(smsir.PrefixProvider), a.provider.Format(smsir.PrefixProvider))
		case e.at.Before(a.started):
			c.fault(I3, "%s was handed over at %s, before its intent of %s", att(e.attempt), clock(e.at), clock(a.started))
		}
		if e.to != m.recipient || e.textSHA256 != m.textSHA256 {
			c.fault(I3, "%s was handed over with another recipient or text than it has", msg(e.message))
		}
		if e.at.After(m.expiresAt.Add(transit)) {
			c.fault(P10, "%s left at %s, after its validity of %s", msg(e.message), clock(e.at), clock(m.expiresAt))
		}
		if e.at.Before(m.sendAt) && !m.dueBefore(a) {
			c.fault(P11, "%s left at %s, before its time %s", msg(e.message), clock(e.at), clock(m.sendAt))
		}
	}
	for id, all := range c.wire.byAttempt {
		n := 0
		for _, s := range all {
			if !s.repeated {
				n++
			}
		}
		if n > 1 && id != 0 {
			c.fault(I3, "%s was handed over %d times", att(id), n)
		}
	}
}

// dueBefore reports whether an earlier attempt shows that the time of a message had come: the clock may have gone back since.
func (m *message) dueBefore(a *attempt) bool {
	return a != nil && a.number > 1 && len(m.attempts) > 0 && !m.attempts[0].started.Before(m.sendAt)
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
	if n := had(c.wire.byMessage[m.id]); n > allowed {
		c.report.Doubled++
		c.fault(I4, "%s was taken by the carrier %d times, possible_duplicate=%v", msg(m.id), n, m.possibleDuplicate)
	}
}

// judgeAttempt holds the outcome of an attempt against what the carrier did with it: I8.
func (c *trial) judgeAttempt(m *message, a *attempt) {
	var took, refused *submission
	for _, s := range c.wire.byAttempt[a.id] {
		switch {
		case s.taken:
			took = s
		case !s.repeated:
			refused = s
		}
	}
	switch a.state {
	case smsir.AttemptAccepted:
		if took == nil {
			c.lie(m, "%s of %s is accepted, and the carrier never took it", att(a.id), msg(m.id))
		} else if a.reference != took.reference && c.wire.byReference[reference{took.provider, a.reference}] != took {
			c.lie(m, "%s has the reference %q; the carrier gave %q", att(a.id), a.reference, took.reference)
		}
	case smsir.AttemptRefused:
		if took != nil && !took.neverLeft() || took == nil && refused == nil {
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
		if had(all) > 0 && !m.possibleDuplicate {
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
func (c *trial) reported(m *message, all []*submission) bool {
	for _, s := range all {
		if s.taken && (s.said(m.state.Status, m.finished) || m.reason == smsir.ReasonPartial && s.said(smsir.Expired, m.finished)) {
			return true
		}
	}
	return false
}

// judgeReports holds what the carrier saw acknowledged against what is stored: I7.
func (c *trial) judgeReports() {
	c.looked(I7, len(c.wire.acks))
	for _, a := range c.wire.acks {
		s := a.from
		switch {
		case s == nil:
			c.fault(I7, "the carrier noted a report on %s, which it never took", a.reference)
		case a.kind == simulator.ReceiptEntry && !c.receipts[receiptKey{reference{s.provider, a.reference}, a.status}]:
			c.fault(I7, "the receipt of %s (%s, %s) was acknowledged and is not stored", msg(s.message), a.reference, a.status)
		case a.kind == simulator.InboundEntry && !c.inbound[reference{s.provider, a.reply}]:
			c.fault(I7, "the reply %s was acknowledged and is not stored", a.reply)
		case a.kind == simulator.ReceiptEntry && a.status.AlwaysFinal() && !s.neverLeft():
			answered := c.attempts[s.attempt] != nil && c.attempts[s.attempt].reference != ""
			if m := c.messages[s.message]; m != nil && !m.state.Final && !m.possibleDuplicate && (answered || !s.byReference) {
				c.fault(I7, "the receipt of %s (%s) is stored, and the message is still %s", msg(s.message), a.status, m.state.Status)
			}
		}
	}
	for k := range c.receipts {
		s := c.wire.byReference[k.reference]
		if s == nil || !slices.ContainsFunc(s.reports, func(t told) bool { return t.status == k.status }) {
			c.fault(I7, "a receipt of %s says %s, which the carrier never reported", k.text, k.status)
		}
	}
}

// neverLeft reports whether the carrier itself said, and was heard, that a message which it took never left it.
func (s *submission) neverLeft() bool {
	return slices.ContainsFunc(s.reports, func(t told) bool { return t.nonSend && t.acked })
}
