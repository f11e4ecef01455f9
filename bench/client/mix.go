package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/bench/oracle"
)

// Mix starts load of every kind, about 200 messages a second.
func (c *Crew) Mix(ctx context.Context) {
	for i := range 6 {
		c.Hire(ctx, 45*time.Millisecond, func(ctx context.Context, s *Sender) { s.Single(ctx, i%2 == 0) })
	}
	c.Hire(ctx, 600*time.Millisecond, func(ctx context.Context, s *Sender) { s.Batch(ctx, true) })
	c.Hire(ctx, 1500*time.Millisecond, func(ctx context.Context, s *Sender) { s.Batch(ctx, false) })
	c.Hire(ctx, 150*time.Millisecond, func(ctx context.Context, s *Sender) { s.Scheduled(ctx) })
	c.Hire(ctx, 150*time.Millisecond, func(ctx context.Context, s *Sender) { s.Undo(ctx) })
	c.Hire(ctx, 150*time.Millisecond, func(ctx context.Context, s *Sender) { s.CancelRecent(ctx) })
	c.Hire(ctx, 500*time.Millisecond, func(ctx context.Context, s *Sender) { s.Reuse(ctx) })
	c.Hire(ctx, 300*time.Millisecond, func(ctx context.Context, s *Sender) { s.Bad(ctx) })
	c.Hire(ctx, time.Second, func(ctx context.Context, s *Sender) { s.Storm(ctx, 16) })
}

// Burst sends n messages at once, every second one with a key, and does not wait for the answers.
func (c *Crew) Burst(ctx context.Context, n int) {
	for i := range n {
		s := c.Sender()
		c.work.Go(func() { s.Single(ctx, i%2 == 0) })
	}
}

// Flood sends one batch of n messages, and waits until it is accepted. Their class is bulk.
func (c *Crew) Flood(ctx context.Context, n int, to func(i int) string) []string {
	ask := oracle.Ask{Request: c.Number(), Op: oracle.Batch}
	ask.Key = key(ask.Request)
	for i := range n {
		ask.Rows = append(ask.Rows, c.Row(ask.Request, i, to(i)))
	}
	ids := c.Request(ctx, ask, api.Options{Class: "bulk"})
	c.Remember(ids...)
	return ids
}

// Recipients draws a number of the simulator's: nine of ten are delivered without ado, the rest is its table. Those that
// hold a place in the window, or pause the provider, are rare, so that the backlog does not grow.
func Recipients(rng *rand.Rand) string {
	switch n := rng.IntN(1000); {
	case n < 60:
		return fmt.Sprintf("+120255501%02d", []int{0, 2, 3, 4, 10, 11}[n%6])
	case n < 68:
		return "+12025550109"
	case n < 78:
		return "+12025550105"
	case n < 83:
		return "+12025550101"
	case n < 88:
		return "+12025550107"
	case n == 90 && rng.IntN(3) == 0:
		return "+12025550106"
	case n == 91:
		return "+12025550108"
	case n < 500:
		return fmt.Sprintf("+120255501%02d", 12+rng.IntN(88))
	}
	return fmt.Sprintf("+447700900%03d", rng.IntN(1000))
}

func key(request int) string { return fmt.Sprint("key-", request) }

func (s *Sender) send(keyed bool) oracle.Ask {
	n := s.Number()
	ask := oracle.Ask{Request: n, Op: oracle.Send, Rows: []oracle.Row{s.Row(n, 0, s.opt.Recipient(s.rng))}}
	if keyed {
		ask.Key = key(n)
	}
	return ask
}

// Single sends one message.
func (s *Sender) Single(ctx context.Context, keyed bool) {
	ask := s.send(keyed)
	o := api.Options{}
	if s.rng.IntN(20) == 0 && ask.Rows[0].To != "+12025550108" { // that one would be sent again, after 20 s
		o.OnUnknown = "retry_once"
	}
	if s.rng.IntN(10) == 0 {
		o.Class = "otp"
	}
	s.Remember(s.Request(ctx, ask, o)...)
}

// Batch sends 10 to 50 messages in one request.
func (s *Sender) Batch(ctx context.Context, keyed bool) {
	n := s.Number()
	ask := oracle.Ask{Request: n, Op: oracle.Batch}
	if keyed {
		ask.Key = key(n)
	}
	for i := range 10 + s.rng.IntN(40) {
		ask.Rows = append(ask.Rows, s.Row(n, i, s.opt.Recipient(s.rng)))
	}
	s.Remember(s.Request(ctx, ask, api.Options{Class: "bulk"})...)
}

// Scheduled sends a message for a moment within the next seconds.
func (s *Sender) Scheduled(ctx context.Context) {
	at := time.Now().Add(time.Duration(200+s.rng.IntN(4000)) * time.Millisecond)
	s.Request(ctx, s.send(true), api.Options{SendAt: &at})
}

// Undo sends with an undo window and uses it, or comes too late.
func (s *Sender) Undo(ctx context.Context) {
	for _, id := range s.Request(ctx, s.send(true), api.Options{HoldSeconds: 1}) {
		if Rest(ctx, time.Duration(s.rng.IntN(1300))*time.Millisecond) {
			s.Cancel(ctx, id)
		}
	}
}

// CancelRecent cancels something that may be anywhere on its way.
func (s *Sender) CancelRecent(ctx context.Context) {
	s.mu.Lock()
	id := ""
	if n := len(s.recent); n > 0 {
		id = s.recent[n-1-s.rng.IntN(min(n, 50))]
	}
	s.mu.Unlock()
	if id != "" {
		s.Cancel(ctx, id)
	}
}

// Reuse sends another body with a key that an earlier request has used.
func (s *Sender) Reuse(ctx context.Context) {
	ask := s.send(true)
	if len(s.Request(ctx, ask, api.Options{})) == 0 {
		return
	}
	again := oracle.Ask{Request: s.Number(), Op: oracle.Send, Key: ask.Key}
	again.Rows = []oracle.Row{s.Row(again.Request, 0, ask.Rows[0].To)}
	if ids := s.Request(ctx, again, api.Options{}); len(ids) > 0 {
		s.fault("key %s with another body was accepted as %v", ask.Key, ids)
	}
}

// Bad sends as a bad client does: when no answer comes it does not repeat the request but makes another one, with another
// key. Both may be sent; that is the client's fault and not the gateway's.
func (s *Sender) Bad(ctx context.Context) {
	for range 3 { // an opted-out recipient is refused; another one is drawn
		ask := s.send(false)
		if len(s.Request(ctx, ask, api.Options{})) > 0 || ctx.Err() != nil {
			return
		}
	}
}

// Storm sends one request with one key from many clients at the same moment. There must be one message.
func (s *Sender) Storm(ctx context.Context, clients int) {
	p := &pursuit{Ask: s.send(true)}
	body := bodyOf(&p.Ask, api.Options{})
	var mu sync.Mutex
	var first []string
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			a := s.ask(ctx, p, pathOf(&p.Ask), body)
			ids := s.accepted(&p.Ask, a)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case a == nil || a.Code == "recipient_opted_out":
			case len(ids) == 0:
				s.fault("key %s: a client was answered with %d %s", p.Key, a.Status, a.Code)
			case first == nil:
				first = ids
			case !slices.Equal(first, ids):
				s.fault("key %s: one client was told %v, another %v", p.Key, first, ids)
			}
		})
	}
	all.Wait()
}
