package oracle

import (
	"slices"
	"time"

	"github.com/smsir/smsir"
)

// judgeFile tells what the database says about itself.
func (c *trial) judgeFile() {
	if c.shared {
		return // the server keeps its own checksums
	}
	c.looked(File, 1)
	for _, line := range c.integrity {
		c.fault(File, "integrity_check: %s", line)
	}
}

// overdue is how long after its deadline a message may still wait to be ended: the clock of a busy gateway.
const overdue = time.Minute

// receiptWindow is how long after its validity a sent message waits for its receipt (docs/delivery.md, T22); no deadline
// lies further ahead.
const receiptWindow = 72 * time.Hour

// judgeEnd checks that a message has ended or will: I2.
func (c *trial) judgeEnd(m *message) {
	c.looked(I2, 1)
	if m.state.Final {
		if m.finished.IsZero() || m.owner != 0 {
			c.fault(I2, "%s is final, finished at %v, owned by %d", msg(m.id), m.finished, m.owner)
		}
		return
	}
	if m.state.Status == smsir.Sending {
		if !c.running[m.owner] {
			c.fault(I2, "%s is being sent by run %d, which is not running", msg(m.id), m.owner)
		}
		return
	}
	latest := m.expiresAt
	switch m.state.Status {
	case smsir.Unknown:
		latest = m.resolveDeadline
	case smsir.Sent:
		latest = m.receiptDeadline
	}
	switch {
	case m.deadline.IsZero() || latest.IsZero():
		c.fault(I2, "%s is %s and has no deadline", msg(m.id), m.state.Status)
	case m.deadline.After(latest) || latest.After(m.expiresAt.Add(receiptWindow)):
		c.fault(I2, "%s is %s until %v, later than it may", msg(m.id), m.state.Status, m.deadline)
	case c.now.Sub(m.deadline) > overdue:
		c.fault(I2, "%s is %s; its deadline passed at %s and nobody ended it", msg(m.id), m.state.Status, clock(m.deadline))
	}
}

// prompt is how soon after the restart, or after the report if that is later, an unknown message must be told otherwise.
const prompt = time.Minute

// judgePromptness counts what the end of a run left unknown, and how soon a report resolved it.
func (c *trial) judgePromptness(m *message) {
	i := slices.IndexFunc(m.events, func(e event) bool {
		return e.kind == smsir.EventOf(smsir.Unknown) && e.data.Error != nil && e.data.Error.Code == "node_stopped"
	})
	if i < 0 {
		return
	}
	c.report.Stopped++
	since := time.Time{}
	for _, s := range c.wire.byMessage[m.id] {
		for _, r := range s.reports {
			if s.taken && r.at.Before(c.now) && (since.IsZero() || r.at.Before(since)) {
				since = r.at
			}
		}
	}
	if since.IsZero() {
		return
	}
	if at := m.events[i].at; at.After(since) {
		since = at
	}
	c.report.Reported++
	if i+1 < len(m.events) && m.events[i+1].at.Sub(since) <= prompt {
		c.report.Prompt++
	}
}

// judgeStory walks through the events of a message: I5, I6, I12.
func (c *trial) judgeStory(m *message) {
	c.looked(I12, len(m.events))
	if m.state.Final {
		c.looked(I5, 1)
	}
	if len(m.events) == 0 {
		c.fault(I12, "%s has no events", msg(m.id))
		return
	}
	at := c.judgeBirth(m)
	for i, e := range m.events {
		if e.seq != i+1 {
			c.fault(I12, "%s: event number %d has seq %d", msg(m.id), i+1, e.seq)
		}
		if i > 0 && e.id <= m.events[i-1].id {
			c.fault(I12, "%s: the id of event %d is not above that of the one before", msg(m.id), e.seq)
		}
		if e.workspace != m.workspace {
			c.fault(I12, "%s: event %d belongs to another workspace", msg(m.id), e.seq)
		}
		if i > 0 {
			at = c.judgeMove(m, at, &e)
		}
	}
	if last := m.events[len(m.events)-1].seq; last != m.seq {
		c.fault(I12, "%s counts %d events and has %d", msg(m.id), m.seq, last)
	}
	if at != m.state {
		c.fault(I12, "%s is %s final=%v; its events end at %s final=%v", msg(m.id), m.state.Status, m.state.Final, at.Status, at.Final)
	}
}

// judgeBirth checks the first event and returns the state that it tells.
func (c *trial) judgeBirth(m *message) smsir.State {
	first := m.events[0]
	status, ok := smsir.ParseStatus(first.data.Status)
	if first.kind != smsir.EventAccepted || !ok || first.data.Final || status > smsir.Queued {
		c.fault(I12, "%s begins with %s %q final=%v", msg(m.id), first.kind, first.data.Status, first.data.Final)
	}
	return smsir.State{Status: status}
}

// judgeMove checks one further event and returns the state after it.
func (c *trial) judgeMove(m *message, from smsir.State, e *event) smsir.State {
	status, ok := smsir.ParseStatus(e.data.Status)
	to := smsir.State{Status: status, Final: e.data.Final}
	switch {
	case !ok:
		c.fault(I12, "%s: event %d tells the status %q", msg(m.id), e.seq, e.data.Status)
		return from
	case e.kind == smsir.EventAlert:
		if to != from {
			c.fault(I12, "%s: %s as event %d in %s final=%v, telling %s final=%v", msg(m.id), e.kind, e.seq, from.Status, from.Final, to.Status, to.Final)
		}
		return from
	case e.kind == smsir.EventLateReceipt || e.kind == smsir.EventCancelRequested:
		if to != from || from.Final != (e.kind == smsir.EventLateReceipt) {
			c.fault(I12, "%s: %s as event %d in %s final=%v, telling %s final=%v", msg(m.id), e.kind, e.seq, from.Status, from.Final, to.Status, to.Final)
		}
		return from
	case e.kind != smsir.EventOf(status):
		c.fault(I12, "%s: event %d is %s and tells %s", msg(m.id), e.seq, e.kind, status)
	}
	c.looked(I6, 1)
	switch {
	case from.Final:
		c.fault(I5, "%s was final as %s and then became %s", msg(m.id), from.Status, to.Status)
	case !smsir.CanMove(from, to):
		c.fault(I6, "%s moved from %s to %s final=%v", msg(m.id), from.Status, to.Status, to.Final)
	case from.Status == smsir.Queued && (to.Status == smsir.Sent || to.Status == smsir.Delivered) && !e.data.PossibleDuplicate: // T26
		c.fault(I6, "%s moved from %s to %s without an earlier attempt that may have gone through", msg(m.id), from.Status, to.Status)
	case to.Status.Rank() < from.Status.Rank() && to.Status != smsir.Queued:
		c.fault(I6, "%s fell from %s to %s", msg(m.id), from.Status, to.Status)
	}
	return to
}

// judgeOrphans looks for rows that hang on no message.
func (c *trial) judgeOrphans() {
	for _, a := range c.attempts {
		if c.messages[a.message] == nil {
			c.fault(I4, "%s is an attempt of %s, which is not there", att(a.id), msg(a.message))
		}
	}
}

const hour = int64(time.Hour / time.Millisecond)

// judgeCounts adds the messages up and compares.
func (c *trial) judgeCounts() {
	want := map[bucket]int64{}
	for _, m := range c.order {
		at := m.accepted.UnixMilli()
		want[bucket{m.workspace, at - at%hour, m.state}]++
	}
	c.looked(Counts, len(c.counts))
	for b, n := range c.counts {
		if n != want[b] {
			c.fault(Counts, "%s counts %d messages as %s final=%v; there are %d", millis(b.hour).Format(time.RFC3339), n, b.state.Status, b.state.Final, want[b])
		}
		delete(want, b)
	}
	for b, n := range want {
		c.fault(Counts, "%s counts no message as %s final=%v; there are %d", millis(b.hour).Format(time.RFC3339), b.state.Status, b.state.Final, n)
	}
}

// judgeStream compares what a follower got with the events of its workspace, from the first that it got to the newest.
func (c *trial) judgeStream() {
	if !c.followed {
		return
	}
	c.looked(Stream, len(c.stream))
	for i := 1; i < len(c.stream); i++ {
		switch prev := c.stream[i-1]; {
		case c.stream[i] == prev:
			c.fault(Stream, "%s came twice in a row", prev.Format(smsir.PrefixEvent))
		case c.stream[i] < prev:
			c.fault(Stream, "%s came after %s", c.stream[i].Format(smsir.PrefixEvent), prev.Format(smsir.PrefixEvent))
		}
	}
	got := map[smsir.ID]bool{}
	for _, id := range c.stream {
		got[id] = true
	}
	var workspace smsir.UUID
	started := false
	for _, e := range c.ids {
		if got[e.id] && !started {
			started, workspace = true, e.workspace
		}
		if started && e.workspace == workspace && !got[e.id] {
			c.fault(Stream, "%s never came", e.id.Format(smsir.PrefixEvent))
		}
	}
	for _, id := range c.stream {
		if _, found := slices.BinarySearchFunc(c.ids, id, func(e event, id smsir.ID) int { return int(min(1, max(-1, e.id-id))) }); !found {
			c.fault(Stream, "%s came and is not in the database", id.Format(smsir.PrefixEvent))
		}
	}
	if !started && len(c.ids) > 0 {
		c.fault(Stream, "the follower got none of %d events", len(c.ids))
	}
}
