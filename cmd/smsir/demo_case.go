package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir/api"
)

// demoCase is one message of the demo and what is documented to become of it (docs/simulator.md).
type demoCase struct {
	to       string
	text     string
	what     string   // the number's behaviour, short
	end      string   // its last status
	open     bool     // that status is not final: nobody will ever know
	reason   string   // beside the last status; "" for none
	through  []string // statuses on its way, in this order, others between them
	attempts int      // that count
	segments int
	encoding string
	delay    time.Duration // scheduled so far ahead
	reply    bool          // the recipient answers
}

// demoCases is the simulator's table, and a long, a Unicode and a scheduled message.
func demoCases() []demoCase {
	const hello = "Hello from SMSir."
	row := func(nn int, what, end string, through ...string) demoCase {
		return demoCase{to: fmt.Sprintf("+120255501%02d", nn), text: hello, what: what, end: end, through: through, attempts: 1, segments: 1, encoding: "gsm7"}
	}
	with := func(c demoCase, change func(*demoCase)) demoCase {
		change(&c)
		return c
	}
	return []demoCase{
		row(0, "delivered", "delivered", "sending", "sent"),
		row(1, "slow", "delivered", "sending", "sent"),
		row(2, "not delivered", "undelivered", "sending", "sent"),
		with(row(3, "expired at the network", "expired", "sending", "sent"), func(c *demoCase) { c.reason = "network" }),
		with(row(4, "refused", "failed", "sending"), func(c *demoCase) { c.reason = "refused" }),
		with(row(5, "refused, then accepted", "delivered", "sending", "queued", "sending", "sent"), func(c *demoCase) { c.attempts = 2 }),
		row(6, "throttled twice", "delivered", "sending", "queued", "sending", "queued", "sending", "sent"),
		row(7, "no answer, then a receipt", "delivered", "sending", "unknown"),
		with(row(8, "no answer, ever", "unknown", "sending"), func(c *demoCase) { c.open = true }),
		row(9, "receipt before the answer", "delivered", "sending"),
		row(10, "receipt three times", "delivered", "sending", "sent"),
		with(row(11, "recipient replies", "delivered", "sending", "sent"), func(c *demoCase) { c.reply = true }),
		with(row(20, "long text, 3 segments", "delivered", "sending", "sent"), func(c *demoCase) {
			c.text, c.segments = strings.Repeat("This text is longer than one message. ", 10), 3
		}),
		with(row(21, "Unicode text, UCS-2", "delivered", "sending", "sent"), func(c *demoCase) {
			c.text, c.encoding = "Здравствуйте! Ваша посылка прибыла 📦", "ucs2"
		}),
		with(row(22, "scheduled in 5 s", "delivered", "scheduled", "queued", "sending", "sent"), func(c *demoCase) { c.delay = demoDelay }),
	}
}

// request is the send of a case.
func (c *demoCase) request(now time.Time) api.SendRequest {
	r := api.SendRequest{To: c.to, Text: c.text}
	if c.delay > 0 {
		at := now.Add(c.delay)
		r.SendAt = &at
	}
	return r
}

// demoRow is one message of the demo as the events tell it.
type demoRow struct {
	demoCase
	id       string
	sendAt   *time.Time
	status   string
	final    bool
	deadline *time.Time
	path     []string
	seq      int
	began    time.Time // when it was accepted
	changed  time.Time
	replied  string
	faults   []string // what is not as documented
}

func (r *demoRow) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// sent notes the answer to the send.
func (r *demoRow) sent(m *api.Message) {
	r.id, r.sendAt, r.began = m.ID, m.SendAt, m.AcceptedAt
	r.status, r.changed = m.Status, m.AcceptedAt
	if m.Segments != r.segments || m.Encoding != r.encoding {
		r.fault("%d segments in %s, want %d in %s", m.Segments, m.Encoding, r.segments, r.encoding)
	}
}

// apply notes one event. The stream must tell each once and in order.
func (r *demoRow) apply(e api.Event) {
	if e.Seq != r.seq+1 {
		r.fault("event %d came after event %d", e.Seq, r.seq)
	}
	r.seq = e.Seq
	if r.final {
		r.fault("%s came after its end, %s", e.Type, r.status)
	}
	r.status, r.final, r.deadline, r.changed = e.Data.Status, e.Data.Final, e.Data.Deadline, e.At
	r.path = append(r.path, e.Data.Status)
	if r.sendAt != nil && e.Data.Status == "sending" && e.At.Before(*r.sendAt) {
		r.fault("it left %v before its time", r.sendAt.Sub(e.At))
	}
}

// settled reports whether nothing more is expected of the message.
func (r *demoRow) settled(now time.Time) bool {
	if r.reply && r.final && r.status == r.end {
		return r.replied != ""
	}
	return r.final || r.open && r.status == r.end && now.Sub(r.changed) >= demoSettle
}

// compare holds the message, as it is fetched at the end, against the case and against what the events told.
func (r *demoRow) compare(m *api.Message) {
	if m.Status != r.end || m.Final == r.open {
		r.fault("it is %s, want %s", state(m.Status, m.Final), state(r.end, !r.open))
	}
	if m.Status != r.status || m.Final != r.final {
		r.fault("the events end with %s, fetched it is %s", state(r.status, r.final), state(m.Status, m.Final))
	}
	if m.Reason != r.reason {
		r.fault("its reason is %q, want %q", m.Reason, r.reason)
	}
	if m.Attempts != r.attempts {
		r.fault("it took %d attempts, want %d", m.Attempts, r.attempts)
	}
	if r.open && m.ResolveDeadline == nil {
		r.fault("it has no deadline")
	}
	if m.PossibleDuplicate || m.LateReceipt != nil {
		r.fault("possible duplicate: %v, late receipt: %v", m.PossibleDuplicate, m.LateReceipt)
	}
	if !inOrder(r.through, r.path) {
		r.fault("it went through %s, want %s on its way", strings.Join(r.path, ", "), strings.Join(r.through, ", "))
	}
	if r.reply && !strings.Contains(r.replied, "Reply to:") {
		r.fault("the reply is %q", r.replied)
	}
}

func state(status string, final bool) string {
	if final {
		return status
	}
	return status + " (not final)"
}

// inOrder reports whether all of want occur in got, in their order.
func inOrder(want, got []string) bool {
	for _, w := range want {
		i := slices.Index(got, w)
		if i < 0 {
			return false
		}
		got = got[i+1:]
	}
	return true
}
