package client

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/bench/oracle"
)

// Options of [New].
type Options struct {
	Seed uint64
	// Recipient draws a number; nil: [Recipients].
	Recipient func(*rand.Rand) string
	// Fault is told, in words, of the first ten answers that no client should get; nil: nobody is.
	Fault func(text string)
}

// Crew is several clients that keep one ledger.
type Crew struct {
	site   *Site
	ledger *oracle.Ledger
	opt    Options

	next    atomic.Int64 // number of the last request
	sent    atomic.Int64 // messages accepted
	resets  atomic.Int64 // tries that got no answer
	faults  atomic.Int64
	refused atomic.Int64 // tries that were refused for want of space
	workers atomic.Int64
	work    sync.WaitGroup
	mu      sync.Mutex
	recent  []string // ids that may be worth a cancel
}

// New returns a crew that does nothing yet.
func New(site *Site, ledger *oracle.Ledger, opt Options) *Crew {
	if opt.Recipient == nil {
		opt.Recipient = Recipients
	}
	if opt.Fault == nil {
		opt.Fault = func(string) {}
	}
	return &Crew{site: site, ledger: ledger, opt: opt}
}

// Sent is how many messages were accepted, Resets how many tries got no answer, Faults how many answers no client should
// get.
func (c *Crew) Sent() int64   { return c.sent.Load() }
func (c *Crew) Resets() int64 { return c.resets.Load() } //nolint:revive // see Sent
func (c *Crew) Faults() int64 { return c.faults.Load() } //nolint:revive // see Sent

// Refused is how many tries were refused because the gateway's disk is full.
func (c *Crew) Refused() int64 { return c.refused.Load() }

// Wait returns when everybody has finished; end the contexts first.
func (c *Crew) Wait() { c.work.Wait() }

// Sender is one client, with random choices of its own. It is not safe for concurrent use.
type Sender struct {
	*Crew
	rng *rand.Rand
}

// Sender makes one.
func (c *Crew) Sender() *Sender {
	return &Sender{Crew: c, rng: rand.New(rand.NewPCG(c.opt.Seed, uint64(c.workers.Add(1))))} //nolint:gosec // load, not secrets
}

// Hire starts a client that does something again and again until ctx ends, resting between.
func (c *Crew) Hire(ctx context.Context, rest time.Duration, do func(ctx context.Context, s *Sender)) {
	s := c.Sender()
	c.work.Go(func() {
		for ctx.Err() == nil {
			do(ctx, s)
			if !Rest(ctx, rest/2+time.Duration(s.rng.Int64N(int64(rest)))) {
				return
			}
		}
	})
}

// Number takes the number of the next request.
func (c *Crew) Number() int { return int(c.next.Add(1)) }

// Row is one message that nobody else has asked for.
func (c *Crew) Row(request, i int, to string) oracle.Row {
	mark := fmt.Sprintf("%d/%d", request, i)
	return oracle.Row{Mark: mark, To: to, Text: "Your parcel " + mark + " has arrived."}
}

func (c *Crew) fault(format string, args ...any) {
	if c.faults.Add(1) <= 10 {
		c.opt.Fault(fmt.Sprintf(format, args...))
	}
}

// Remember notes messages that may be canceled.
func (c *Crew) Remember(ids ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recent = append(c.recent, ids...)
	if len(c.recent) > 200 {
		c.recent = c.recent[len(c.recent)-200:]
	}
}

// Request sends a send or a batch, again and again where that is safe, and returns the ids that were accepted.
func (c *Crew) Request(ctx context.Context, ask oracle.Ask, o api.Options) []string {
	a := c.ask(ctx, &pursuit{Ask: ask}, pathOf(&ask), bodyOf(&ask, o))
	if a != nil && a.Status == 422 && o.SendAt != nil && time.Since(*o.SendAt) > time.Minute {
		return nil // the gateway was away for so long that the time had passed when it was asked again
	}
	return c.accepted(&ask, a)
}

// accepted judges the last answer to a send or a batch.
func (c *Crew) accepted(ask *oracle.Ask, a *oracle.Answer) []string {
	switch {
	case a == nil:
	case a.Status == 202:
		if !a.Replayed {
			c.sent.Add(int64(len(a.Messages)))
		}
		return a.Messages
	case a.Code == "recipient_opted_out": // a carrier said so of an earlier message
	case a.Status == 0 || a.Status == 503 || a.Status == 507 || a.Status == 429 || a.Status == 422 && a.Code == "idempotency_key_reused":
	default:
		c.fault("%s: status %d %s", ask.Op, a.Status, a.Code)
	}
	return nil
}

func pathOf(ask *oracle.Ask) string {
	if ask.Op == oracle.Batch {
		return "/v1/batches"
	}
	return "/v1/messages"
}

func bodyOf(ask *oracle.Ask, o api.Options) any {
	if ask.Op == oracle.Batch {
		b := api.BatchRequest{Options: o}
		for _, r := range ask.Rows {
			b.Messages = append(b.Messages, api.BatchMessage{To: r.To, Text: r.Text, Metadata: map[string]string{oracle.MarkName: r.Mark}})
		}
		return b
	}
	r := ask.Rows[0]
	o.Metadata = maps.Clone(o.Metadata)
	if o.Metadata == nil {
		o.Metadata = map[string]string{}
	}
	o.Metadata[oracle.MarkName] = r.Mark
	return api.SendRequest{To: r.To, Text: r.Text, Options: o}
}

// Cancel cancels a message and returns what the gateway said: a result, or the code of a refusal.
func (c *Crew) Cancel(ctx context.Context, id string) string {
	ask := oracle.Ask{Request: c.Number(), Op: oracle.Cancel, Target: id}
	a := c.ask(ctx, &pursuit{Ask: ask}, "/v1/messages/"+id+"/cancel", nil)
	if a == nil {
		return ""
	}
	if a.Status != 0 && a.Status != 200 && a.Status != 202 && a.Status != 409 && a.Status != 503 {
		c.fault("cancel %s: status %d %s", id, a.Status, a.Code)
	}
	return a.Result + a.Code
}

// pursuit is a request whose tries are counted, by however many clients.
type pursuit struct {
	oracle.Ask
	tries atomic.Int64
}

// ask is one request with all its tries. What has a key is tried until it is answered, even when ctx has ended: the answer
// to the last one counts as much as that to the first. It returns nil if nothing was asked.
func (c *Crew) ask(ctx context.Context, p *pursuit, path string, body any) *oracle.Answer {
	if ctx.Err() != nil {
		return nil
	}
	lasting, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*Patience)
	defer cancel()
	for {
		conn := c.site.Conn(lasting)
		if conn == nil {
			c.fault("request %d: the gateway never came back", p.Request)
			return nil
		}
		ask := p.Ask
		ask.Try = int(p.tries.Add(1))
		if err := c.ledger.Ask(ask); err != nil {
			c.fault("%v", err)
			return nil
		}
		a := c.try(lasting, conn, &ask, path, body)
		if err := c.ledger.Answer(a); err != nil {
			c.fault("%v", err)
		}
		switch a.Status {
		case 0:
			c.resets.Add(1)
		case 507:
			c.refused.Add(1)
		}
		again := a.Status == 0 || a.Status == 503 || a.Status == 429 || a.Status == 507 || a.Status == 409 && a.Code == "in_flight"
		if !again || ask.Key == "" {
			return &a
		}
		if !Rest(lasting, 50*time.Millisecond) {
			c.fault("request %d: no answer in %v", p.Request, 2*Patience)
			return &a
		}
	}
}

func (c *Crew) try(ctx context.Context, conn *Conn, ask *oracle.Ask, path string, body any) oracle.Answer {
	a := oracle.Answer{Request: ask.Request, Try: ask.Try}
	var headers []string
	if ask.Key != "" {
		headers = []string{"Idempotency-Key", ask.Key}
	}
	got, err := conn.Do(ctx, "POST", path, body, headers...)
	if err != nil {
		return a // the connection broke, before the answer or in it
	}
	a.Status, a.Replayed = got.Status, got.Header.Get("Idempotent-Replayed") == "true"
	if got.Status >= 400 {
		var p api.Problem
		if err := json.Unmarshal(got.Body, &p); err != nil || p.Code == "" {
			c.fault("%s: status %d without a problem: %.200s", path, got.Status, got.Body)
		}
		a.Code = p.Code
		return a
	}
	if ask.Op == oracle.Cancel {
		var r api.CancelResult
		if err := json.Unmarshal(got.Body, &r); err != nil {
			c.fault("%s: %v in %.200s", path, err, got.Body)
		}
		a.Result = r.Result
		return a
	}
	if a.Messages, err = oracle.IDs(got.Body); err != nil {
		c.fault("%s: %v", path, err)
	}
	return a
}
