package oracle

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/smsir/smsir"
)

// judgeRequests holds every answer against what is stored: I1, and of cancels I8.
func (c *trial) judgeRequests() {
	for _, r := range c.requests {
		c.looked(I1, len(r.answers))
		if r.Op == Cancel {
			c.judgeCancel(r)
			continue
		}
		for i := range r.answers {
			if r.answers[i].success() {
				c.judgeAccepted(r, &r.answers[i])
			}
		}
		c.judgeStored(r)
	}
}

// judgeAccepted checks that what a success promised is there, as it was asked for.
func (c *trial) judgeAccepted(r *request, a *Answer) {
	if len(a.Messages) != len(r.Rows) {
		c.fault(I1, "request %d asked for %d messages and was told of %d", r.Request, len(r.Rows), len(a.Messages))
		return
	}
	for i, text := range a.Messages {
		id, err := smsir.ParseID(smsir.PrefixMessage, text)
		m := c.messages[id]
		if err != nil || m == nil {
			c.report.Lost++
			c.fault(I1, "request %d was told that %s is accepted; it is lost", r.Request, text)
			continue
		}
		sum := sha256.Sum256([]byte(r.Rows[i].Text))
		if m.mark != r.Rows[i].Mark || m.recipient != r.Rows[i].To || m.textSHA256 != hex.EncodeToString(sum[:]) {
			c.fault(I1, "request %d, row %d: %s is stored with another mark, recipient or text", r.Request, i, text)
		}
		if r.Op == Batch && m.batch == 0 {
			c.fault(I1, "request %d, row %d: %s belongs to no batch", r.Request, i, text)
		}
	}
}

// judgeStored counts what is stored of a request: all of it or nothing, nothing of a refused one, and never more than it
// was asked for. With a key that is once; without one, once for each try.
func (c *trial) judgeStored(r *request) {
	most, least := 0, len(c.order)
	for _, row := range r.Rows {
		n := len(c.byMark[row.Mark])
		most, least = max(most, n), min(least, n)
	}
	name, limit := I1, r.tries
	if r.Key != "" {
		name, limit = I9, 1
	}
	switch {
	case most != least:
		c.fault(I1, "request %d is stored in part: one row %d times, another %d times", r.Request, most, least)
	case most > 0 && r.refused():
		c.fault(I1, "request %d was refused (%d %s), and its messages are stored", r.Request, r.answers[0].Status, r.answers[0].Code)
	}
	if most > limit {
		c.report.Doubled += most - limit
		c.fault(name, "request %d (key %q, %d tries) is stored %d times", r.Request, r.Key, r.tries, most)
	}
}

// judgeCancel checks that an answer to a cancel was true. Whether the message was handed over is judged with its state.
func (c *trial) judgeCancel(r *request) {
	id, err := smsir.ParseID(smsir.PrefixMessage, r.Target)
	m := c.messages[id]
	for _, a := range r.answers {
		switch {
		case a.Status == 0 || a.Status >= 500 || a.Status == 429:
		case a.Status == 404:
			if err == nil && m != nil {
				c.fault(I1, "a cancel was told that %s is not there; it is", r.Target)
			}
		case m == nil:
			c.report.Lost++
			c.fault(I1, "a cancel of %s was answered with %d %s; the message is lost", r.Target, a.Status, a.Result+a.Code)
		case a.Result == "canceled" && m.state.Status != smsir.Canceled:
			c.lie(m, "a cancel was told that %s is canceled; it is %s", r.Target, m.state.Status)
		case a.Result == "cancel_requested" && !m.told(smsir.EventCancelRequested):
			c.fault(I12, "a cancel of %s was noted; no event tells of it", r.Target)
		}
	}
}

// told reports whether m has an event of a type.
func (m *message) told(kind smsir.EventType) bool {
	return slices.ContainsFunc(m.events, func(e event) bool { return e.kind == kind })
}

// judgeKeys checks that a key stands for one answer, and that the answer is kept: I9.
func (c *trial) judgeKeys() {
	ids := map[string]string{}  // of the messages, by key
	accepts := map[string]int{} // answers that were no replay, by key
	for _, r := range c.requests {
		if r.Key == "" || r.Op == Cancel {
			continue
		}
		for i := range r.answers {
			a := &r.answers[i]
			if !a.success() {
				continue
			}
			got := strings.Join(a.Messages, " ")
			if before, known := ids[r.Key]; known && before != got {
				c.fault(I9, "key %q was answered with %.60s and with %.60s", r.Key, before, got)
			}
			if !a.Replayed {
				accepts[r.Key]++
			}
			if accepts[r.Key] == 2 {
				c.fault(I9, "key %q was accepted twice: a second answer is no replay", r.Key)
			}
			ids[r.Key] = got
		}
	}
	c.looked(I9, len(ids))
	for key, want := range ids {
		stored := c.idempotency[key]
		if len(stored) != 1 {
			c.fault(I9, "key %q was answered and has %d records", key, len(stored))
			continue
		}
		if got := strings.Join(stored[0].messages, " "); got != want {
			c.fault(I9, "key %q was answered with %.60s; its record says %.60s", key, want, got)
		}
	}
}
