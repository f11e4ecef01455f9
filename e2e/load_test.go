package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/bench/oracle"
)

// site is a gateway that comes and goes: the address it has now, and the credential that outlives its runs.
type site struct {
	token string

	mu   sync.Mutex
	c    *client
	isUp bool
	back chan struct{} // closed when it comes up
}

func newSite(c *client) *site {
	s := &site{token: c.token, back: make(chan struct{})}
	s.up(c.url)
	return s
}

// up says that the gateway answers at an address.
func (s *site) up(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.c = newClient(url)
	s.c.token = s.token
	s.isUp = true
	close(s.back)
}

// down says that it is about to go.
func (s *site) down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isUp { // else those who wait go on waiting
		s.isUp, s.back = false, make(chan struct{})
	}
}

// client waits until the gateway is up; nil when ctx ends first.
func (s *site) client(ctx context.Context) *client {
	for {
		s.mu.Lock()
		c, back, isUp := s.c, s.back, s.isUp
		s.mu.Unlock()
		if isUp {
			return c
		}
		select {
		case <-back:
		case <-ctx.Done():
			return nil
		}
	}
}

// crew is the clients of a gateway: several senders that keep one ledger. A good client sends a request again, with its
// key, until it is answered; without a key it does not.
type crew struct {
	t      *testing.T
	site   *site
	ledger *oracle.Ledger
	seed   uint64

	next    atomic.Int64 // number of the last request
	sent    atomic.Int64 // messages accepted
	resets  atomic.Int64 // tries that got no answer
	work    sync.WaitGroup
	faults  atomic.Int64 // answers that no client should get
	mu      sync.Mutex
	recent  []string // ids that may be worth a cancel
	workers int
}

func newCrew(t *testing.T, s *site, dir string, seed uint64) *crew {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "client.log"))
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return &crew{t: t, site: s, ledger: oracle.NewLedger(f), seed: seed}
}

// sender is one goroutine of a crew, with random choices of its own.
type sender struct {
	*crew
	rng *rand.Rand
}

// hire starts a sender that does something again and again until ctx ends, resting between.
func (c *crew) hire(ctx context.Context, rest time.Duration, do func(ctx context.Context, s *sender)) {
	c.workers++
	s := &sender{crew: c, rng: rand.New(rand.NewPCG(c.seed, uint64(c.workers)))}
	c.work.Go(func() {
		for ctx.Err() == nil {
			do(ctx, s)
			if !pause(ctx, rest/2+time.Duration(s.rng.Int64N(int64(rest)))) {
				return
			}
		}
	})
}

// mix starts the load of the crash test: about 200 messages a second of every kind.
func (c *crew) mix(ctx context.Context) {
	for i := range 6 {
		c.hire(ctx, 45*time.Millisecond, func(ctx context.Context, s *sender) { s.single(ctx, i%2 == 0) })
	}
	c.hire(ctx, 600*time.Millisecond, func(ctx context.Context, s *sender) { s.batch(ctx, true) })
	c.hire(ctx, 1500*time.Millisecond, func(ctx context.Context, s *sender) { s.batch(ctx, false) })
	c.hire(ctx, 150*time.Millisecond, func(ctx context.Context, s *sender) { s.scheduled(ctx) })
	c.hire(ctx, 150*time.Millisecond, func(ctx context.Context, s *sender) { s.undo(ctx) })
	c.hire(ctx, 150*time.Millisecond, func(ctx context.Context, s *sender) { s.cancelRecent(ctx) })
	c.hire(ctx, 500*time.Millisecond, func(ctx context.Context, s *sender) { s.reuse(ctx) })
}

// burst sends n messages at once, every second one with a key, and does not wait for the answers.
func (c *crew) burst(ctx context.Context, n int) {
	for i := range n {
		c.workers++
		s := &sender{crew: c, rng: rand.New(rand.NewPCG(c.seed, uint64(c.workers)))}
		c.work.Go(func() { s.single(ctx, i%2 == 0) })
	}
}

// flood sends one batch of n messages that are delivered without ado, and waits until it is accepted.
func (c *crew) flood(ctx context.Context, n int) {
	ask := oracle.Ask{Request: int(c.next.Add(1)), Op: oracle.Batch}
	ask.Key = fmt.Sprint("key-", ask.Request)
	s := &sender{crew: c}
	for i := range n {
		ask.Rows = append(ask.Rows, s.row(ask.Request, i, fmt.Sprintf("+447700900%03d", i)))
	}
	c.remember(c.request(ctx, ask, api.Options{Class: "bulk"})...)
}

// recipient draws one of the numbers: nine of ten are delivered without ado, the rest is the simulator's table. Those that
// hold a place in the window, or pause the provider, are rare, so that the backlog does not grow.
func (s *sender) recipient() string {
	switch n := s.rng.IntN(1000); {
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
	case n == 90 && s.rng.IntN(3) == 0:
		return "+12025550106"
	case n == 91:
		return "+12025550108"
	case n < 500:
		return fmt.Sprintf("+120255501%02d", 12+s.rng.IntN(88))
	}
	return fmt.Sprintf("+447700900%03d", s.rng.IntN(1000))
}

// row is one message that nobody else has asked for.
func (s *sender) row(request, i int, to string) oracle.Row {
	mark := fmt.Sprintf("%d/%d", request, i)
	return oracle.Row{Mark: mark, To: to, Text: "Your parcel " + mark + " has arrived."}
}

func (s *sender) single(ctx context.Context, keyed bool) {
	n := int(s.next.Add(1))
	ask := oracle.Ask{Request: n, Op: oracle.Send, Rows: []oracle.Row{s.row(n, 0, s.recipient())}}
	if keyed {
		ask.Key = fmt.Sprint("key-", n)
	}
	o := api.Options{}
	if s.rng.IntN(20) == 0 && ask.Rows[0].To != "+12025550108" { // that one would be sent again, after 20 s
		o.OnUnknown = "retry_once"
	}
	if s.rng.IntN(10) == 0 {
		o.Class = "otp"
	}
	s.remember(s.request(ctx, ask, o)...)
}

func (s *sender) batch(ctx context.Context, keyed bool) {
	n := int(s.next.Add(1))
	ask := oracle.Ask{Request: n, Op: oracle.Batch}
	if keyed {
		ask.Key = fmt.Sprint("key-", n)
	}
	for i := range 10 + s.rng.IntN(40) {
		ask.Rows = append(ask.Rows, s.row(n, i, s.recipient()))
	}
	s.remember(s.request(ctx, ask, api.Options{Class: "bulk"})...)
}

func (s *sender) scheduled(ctx context.Context) {
	n := int(s.next.Add(1))
	ask := oracle.Ask{Request: n, Op: oracle.Send, Key: fmt.Sprint("key-", n), Rows: []oracle.Row{s.row(n, 0, s.recipient())}}
	s.request(ctx, ask, api.Options{SendAt: in(time.Duration(200+s.rng.IntN(4000)) * time.Millisecond)})
}

// undo sends with an undo window and uses it, or comes too late.
func (s *sender) undo(ctx context.Context) {
	n := int(s.next.Add(1))
	ask := oracle.Ask{Request: n, Op: oracle.Send, Key: fmt.Sprint("key-", n), Rows: []oracle.Row{s.row(n, 0, s.recipient())}}
	for _, id := range s.request(ctx, ask, api.Options{HoldSeconds: 1}) {
		if pause(ctx, time.Duration(s.rng.IntN(1300))*time.Millisecond) {
			s.cancel(ctx, id)
		}
	}
}

func (c *crew) remember(ids ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recent = append(c.recent, ids...)
	if len(c.recent) > 200 {
		c.recent = c.recent[len(c.recent)-200:]
	}
}

// cancelRecent cancels something that may be anywhere on its way.
func (s *sender) cancelRecent(ctx context.Context) {
	s.mu.Lock()
	id := ""
	if n := len(s.recent); n > 0 {
		id = s.recent[n-1-s.rng.IntN(min(n, 50))]
	}
	s.mu.Unlock()
	if id != "" {
		s.cancel(ctx, id)
	}
}

// reuse sends another body with a key that an earlier request has used.
func (s *sender) reuse(ctx context.Context) {
	n := int(s.next.Add(1))
	ask := oracle.Ask{Request: n, Op: oracle.Send, Key: fmt.Sprint("key-", n), Rows: []oracle.Row{s.row(n, 0, s.recipient())}}
	if len(s.request(ctx, ask, api.Options{})) == 0 {
		return
	}
	again := oracle.Ask{Request: int(s.next.Add(1)), Op: oracle.Send, Key: ask.Key}
	again.Rows = []oracle.Row{s.row(again.Request, 0, ask.Rows[0].To)}
	if ids := s.request(ctx, again, api.Options{}); len(ids) > 0 {
		s.fault("key %s with another body was accepted as %v", ask.Key, ids)
	}
}

func (c *crew) fault(format string, args ...any) {
	if c.faults.Add(1) <= 10 {
		c.t.Errorf(format, args...)
	}
}

// request sends a send or a batch, again and again where that is safe, and returns the ids that were accepted.
func (c *crew) request(ctx context.Context, ask oracle.Ask, o api.Options) []string {
	path := "/v1/messages"
	var body any
	if ask.Op == oracle.Batch {
		b := api.BatchRequest{Options: o}
		for _, r := range ask.Rows {
			b.Messages = append(b.Messages, api.BatchMessage{To: r.To, Text: r.Text, Metadata: map[string]string{oracle.MarkName: r.Mark}})
		}
		path, body = "/v1/batches", b
	} else {
		r := ask.Rows[0]
		o.Metadata = maps.Clone(o.Metadata)
		if o.Metadata == nil {
			o.Metadata = map[string]string{}
		}
		o.Metadata[oracle.MarkName] = r.Mark
		body = api.SendRequest{To: r.To, Text: r.Text, Options: o}
	}
	a := c.ask(ctx, ask, path, body)
	switch {
	case a == nil:
	case a.Status == 202:
		if !a.Replayed {
			c.sent.Add(int64(len(a.Messages)))
		}
		return a.Messages
	case a.Status == 0 || a.Status == 503 || a.Status == 422 && a.Code == "idempotency_key_reused":
	default:
		c.fault("%s %s: status %d %s", ask.Op, path, a.Status, a.Code)
	}
	return nil
}

func (c *crew) cancel(ctx context.Context, id string) {
	ask := oracle.Ask{Request: int(c.next.Add(1)), Op: oracle.Cancel, Target: id}
	a := c.ask(ctx, ask, "/v1/messages/"+id+"/cancel", nil)
	if a != nil && a.Status != 0 && a.Status != 200 && a.Status != 202 && a.Status != 409 && a.Status != 503 {
		c.fault("cancel %s: status %d %s", id, a.Status, a.Code)
	}
}

// ask is one request with all its tries. What has a key is tried until it is answered, even when ctx has ended: the answer
// to the last one counts as much as that to the first. It returns nil if nothing was asked.
func (c *crew) ask(ctx context.Context, ask oracle.Ask, path string, body any) *oracle.Answer {
	if ctx.Err() != nil {
		return nil
	}
	lasting, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*patience)
	defer cancel()
	for ask.Try = 1; ; ask.Try++ {
		client := c.site.client(lasting)
		if client == nil {
			c.fault("request %d: the gateway never came back", ask.Request)
			return nil
		}
		must(c.t, c.ledger.Ask(ask))
		a := c.try(lasting, client, &ask, path, body)
		must(c.t, c.ledger.Answer(a))
		if a.Status == 0 {
			c.resets.Add(1)
		}
		again := a.Status == 0 || a.Status == 503 || a.Status == 429 || a.Status == 409 && a.Code == "in_flight"
		if !again || ask.Key == "" {
			return &a
		}
		pause(lasting, 50*time.Millisecond)
	}
}

func (c *crew) try(ctx context.Context, client *client, ask *oracle.Ask, path string, body any) oracle.Answer {
	a := oracle.Answer{Request: ask.Request, Try: ask.Try}
	var headers []string
	if ask.Key != "" {
		headers = []string{"Idempotency-Key", ask.Key}
	}
	got, err := client.do(ctx, "POST", path, body, headers...)
	if err != nil {
		return a // the connection broke, before the answer or in it
	}
	a.Status, a.Replayed = got.status, got.header.Get("Idempotent-Replayed") == "true"
	if got.status >= 400 {
		var p api.Problem
		if err := json.Unmarshal(got.body, &p); err != nil || p.Code == "" {
			c.fault("%s: status %d without a problem: %s", path, got.status, got.body)
		}
		a.Code = p.Code
		return a
	}
	if ask.Op == oracle.Cancel {
		var r api.CancelResult
		if err := json.Unmarshal(got.body, &r); err != nil {
			c.fault("%s: %v in %s", path, err, got.body)
		}
		a.Result = r.Result
		return a
	}
	if a.Messages, err = oracle.IDs(got.body); err != nil {
		c.fault("%s: %v", path, err)
	}
	return a
}
