package carrier

import (
	"context"
	"io"
	"net/http"
	"time"
)

// report is one delivery report, handed in until it is acknowledged.
type report struct {
	status  string // sent, delivered, undelivered or expired
	nonSend bool
	after   time.Duration
	copies  int
	part    int           // from 0
	taken   chan struct{} // closed when its first copy is acknowledged
}

// planOf makes the reports of a message that was taken with a fault, or with none.
func planOf(f Fault, d draws, usual [2]time.Duration) []*report {
	first := d.within(drawReport, usual)
	made := func(status string, after time.Duration) *report {
		return &report{status: status, after: after, copies: 1, taken: make(chan struct{})}
	}
	end := "delivered"
	switch f.Name {
	case FaultMute:
		return nil
	case FaultFails:
		end = "undelivered"
	case FaultExpires:
		end = "expired"
	case FaultEarly:
		return []*report{made(end, 0)}
	case FaultNonSend:
		r := made("undelivered", first)
		r.nonSend = true
		return []*report{r}
	case FaultContradict:
		return []*report{made("undelivered", first), made("delivered", first+first/2+time.Millisecond)}
	case FaultLate:
		first += f.duration(time.Minute)
	}
	all := []*report{made("sent", first/2), made(end, first)}
	switch f.Name {
	case FaultReceipts:
		for _, r := range all {
			r.copies = max(1, f.number(2))
		}
	case FaultShuffled:
		for i, r := range all {
			r.after, r.copies = d.within(drawCopies+i, usual), 2
		}
	}
	return all
}

// plan starts what is to be reported about a message. It returns the report that is to come before the answer, if one is.
func (c *Carrier) plan(t *taken, f Fault, d draws) (early *report) {
	for _, r := range planOf(f, d, c.opt.Report) {
		if f.Name == FaultEarly {
			early = r
		}
		if req := t.face.report(c, t, r); req == nil {
			close(r.taken)
			continue
		}
		c.owe(r.copies, func() { c.handIn(t, r) })
	}
	if f.Name == FaultReply {
		reference := t.face.reference(len(t.reference), d.number(drawOrder))
		c.owe(1, func() { c.handInReply(t, reference, c.opt.Report[1]) })
	}
	return early
}

// owe runs a hand-in beside everything else, unless the carrier is closing.
func (c *Carrier) owe(n int, do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.stats.owed.Add(int64(n))
	c.work.Go(do)
}

// handIn reports at its time, each copy until it is acknowledged.
func (c *Carrier) handIn(t *taken, r *report) {
	if !rest(c.ctx, r.after) {
		return
	}
	e := Entry{Kind: Report, At: now(), Face: t.face.name(), Reference: t.reference, Status: r.status, NonSend: r.nonSend}
	if err := c.ledger.Append(&e, false); err != nil {
		c.log.Error("a report could not be written down", "err", err)
		return
	}
	for i := range r.copies {
		for r.part = range t.face.parts(t) {
			if !c.until(func() *http.Request { return t.face.report(c, t, r) }) {
				return
			}
		}
		e.Kind, e.At = ReportAck, now()
		if err := c.ledger.Append(&e, false); err != nil {
			c.log.Error("an acknowledgement could not be written down", "err", err)
		}
		c.stats.acks.Add(1)
		c.stats.owed.Add(-1)
		if i == 0 {
			close(r.taken)
		}
	}
}

func (c *Carrier) handInReply(t *taken, reference string, after time.Duration) {
	const text = "Thank you, I will be there."
	if t.face.reply(c, t, reference, text) == nil {
		c.stats.owed.Add(-1)
		return
	}
	if !rest(c.ctx, after) {
		return
	}
	e := Entry{Kind: Reply, At: now(), Face: t.face.name(), Reference: t.reference, ReplyReference: reference}
	if err := c.ledger.Append(&e, false); err != nil {
		c.log.Error("a reply could not be written down", "err", err)
		return
	}
	if !c.until(func() *http.Request { return t.face.reply(c, t, reference, text) }) {
		return
	}
	e.Kind, e.At = ReplyAck, now()
	if err := c.ledger.Append(&e, false); err != nil {
		c.log.Error("an acknowledgement could not be written down", "err", err)
	}
	c.stats.owed.Add(-1)
}

// until calls the gateway until it answers with success; false when the carrier closes first.
func (c *Carrier) until(make func() *http.Request) bool {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		c.stats.reports.Add(1)
		if resp, err := c.client.Do(make().WithContext(c.ctx)); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
			_ = resp.Body.Close()
			if resp.StatusCode/100 == 2 {
				return true
			}
		}
		if !rest(c.ctx, pause) {
			return false
		}
	}
}

// rest waits, or returns false when ctx ends first.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
