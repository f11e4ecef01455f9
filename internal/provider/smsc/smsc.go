package smsc

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/smpp/smppconn"
)

// options replace the world in tests.
type options struct {
	dial    func(ctx context.Context, address string) (net.Conn, error) // nil: TCP, with TLS if the settings say so
	jitter  func() float64                                              // in [0, 1)
	patient time.Duration                                               // how long Send waits for a bind that is on its way
}

// Kind describes carriers that speak SMPP.
func Kind() smsir.ProviderKind {
	return newKind(options{jitter: rand.Float64, patient: 5 * time.Second})
}

func newKind(o options) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name: "smsc", Title: "SMPP carrier",
		Help:   "Any carrier or aggregator that gives out SMPP access. You need the address, the system id and the password from them, and what they say about alphabets and addresses.",
		Window: defaultWindow, Fields: fields(), OneNode: true, Ahead: true,
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) {
			p, err := readProfile(cfg.Settings)
			if err != nil {
				return nil, err
			}
			codes, err := errmap.Load(codesFile)
			if err != nil {
				return nil, fmt.Errorf("smsc: %w", err)
			}
			return newCarrier(cfg.ID, p, codes, o), nil
		},
	}
}

// carrier is one configured SMSC. It is a [smsir.Runner], a [smsir.StatusQuerier], a [smsir.ReceiptQuerier], a
// [smsir.Recaller] and a [smsir.CredentialChecker].
type carrier struct {
	id      smsir.UUID
	profile *profile
	o       options
	links   []*link
	codes   *errmap.Table
	answers *answers
	ids     *idForms
	asks    asks

	reference atomic.Uint32 // of the latest long message
	turn      atomic.Uint32 // which link is asked first
	asking    atomic.Int64  // parts whose answer has not been noted

	mu      sync.Mutex
	changed chan struct{} // closed and made anew when a link is bound or lost
	running bool
	refused int       // times in a row that the carrier did not know us
	hold    time.Time // until when nobody binds
	why     string    // it holds
	binding sync.Mutex
	late    sync.WaitGroup // calls whose answer is still waited for

	unreadable atomic.Int64 // receipts that name nothing
}

func newCarrier(id smsir.UUID, p *profile, codes *errmap.Table, o options) *carrier {
	c := &carrier{id: id, profile: p, o: o, codes: codes, answers: newAnswers(uint16(o.jitter() * (1 << 16))), ids: newIDForms(p.idForm), changed: make(chan struct{}), asks: asks{slots: make(chan struct{}, askAtOnce)}}
	c.reference.Store(rand.Uint32()) //nolint:gosec // two runs should not begin alike; nobody is kept from guessing
	for i, mode := range p.modes() {
		c.links = append(c.links, &link{c: c, number: i + 1, mode: mode, address: p.addresses[i%len(p.addresses)]})
	}
	return c
}

// Run implements [smsir.Runner]: it keeps the binds.
func (c *carrier) Run(ctx context.Context, sink smsir.Sink) error {
	c.mu.Lock()
	c.running = true
	c.mu.Unlock()
	var all sync.WaitGroup
	for _, l := range c.links {
		all.Go(func() { l.run(ctx, sink) })
	}
	all.Wait()
	c.mu.Lock()
	c.running = false
	c.mu.Unlock()
	c.late.Wait() // their sessions are over, so that nobody waits long
	return nil
}

// tell wakes everybody who waits for a link.
func (c *carrier) tell() {
	c.mu.Lock()
	close(c.changed)
	c.changed = make(chan struct{})
	c.mu.Unlock()
}

// reserve finds a place in the window of a bound link, and waits for one if need be.
func (c *carrier) reserve(ctx context.Context) (*smppconn.Conn, *smppconn.Slot, *smsir.SendError) {
	var patience <-chan time.Time
	for {
		if ctx.Err() != nil {
			return nil, nil, notSent("canceled", "The sending was given up before it began.", context.Cause(ctx))
		}
		c.mu.Lock()
		changed, hold, why := c.changed, c.hold, c.why
		c.mu.Unlock()
		bound := c.bound()
		for _, conn := range bound {
			if slot := conn.TryReserve(); slot != nil {
				return conn, slot, nil
			}
		}
		if len(bound) > 0 {
			slot, err := bound[0].Reserve(ctx)
			if err == nil {
				return bound[0], slot, nil
			}
			continue
		}
		if time.Now().Before(hold) {
			e := notSent("bind_refused", "The carrier refuses to bind: "+why+" Check the system id and the password. SMSir does not try before "+hold.UTC().Format("15:04")+" UTC.", nil)
			e.Class = smsir.ClassConfig
			return nil, nil, e
		}
		if patience == nil {
			timer := time.NewTimer(c.o.patient)
			defer timer.Stop()
			patience = timer.C
		}
		select {
		case <-changed:
		case <-ctx.Done():
		case <-patience:
			return nil, nil, notSent("not_bound", "There is no connection to the carrier now. "+c.lastError(), nil)
		}
	}
}

// bound are the connections that may submit, beginning with another one each time.
func (c *carrier) bound() []*smppconn.Conn {
	all := make([]*smppconn.Conn, 0, len(c.links))
	first := int(c.turn.Add(1)) % len(c.links)
	for i := range c.links {
		if conn := c.links[(first+i)%len(c.links)].transmitter(); conn != nil {
			all = append(all, conn)
		}
	}
	return all
}

func (c *carrier) lastError() string {
	for _, l := range c.links {
		if e := l.lastError(); e != "" {
			return "The last attempt ended with: " + e
		}
	}
	return ""
}

func notSent(code, text string, err error) *smsir.SendError {
	return &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassRetry, Code: code, Text: text, Err: err}
}
