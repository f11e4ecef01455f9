package smsc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/crew"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

const (
	firstPause   = time.Second
	longestPause = time.Minute
	boundPause   = 30 * time.Second // after RALYBND: the carrier must first notice that we are gone
	refusals     = 3                // then hold
	refusalHold  = 15 * time.Minute
	farewell     = 8 * time.Second // for the unbind at the end
	handlers     = 256             // requests of the carrier in hand at once
)

// link is one connection to the carrier, again and again.
type link struct {
	c       *carrier
	number  int
	mode    smpp.CommandID
	address string

	mu    sync.Mutex
	conn  *smppconn.Conn // while it is bound
	since time.Time      // bound or lost
	err   string         // why it is not bound
	// unknown are the questions that the carrier does not know on this connection.
	unknown []smpp.CommandID
}

// run keeps the link until ctx ends.
func (l *link) run(ctx context.Context, sink smsir.Sink) {
	pause := firstPause
	for ctx.Err() == nil {
		bound, err := l.session(ctx, sink)
		if bound {
			pause = firstPause
		}
		wait := pause
		switch held := l.c.holds(); {
		case held > 0:
			wait = held
		case alreadyBound(err):
			wait = boundPause
		}
		pause = min(2*pause, longestPause)
		l.set(nil, err)
		timer := time.NewTimer(time.Duration(float64(wait) * (0.8 + 0.4*l.c.o.jitter())))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	l.set(nil, nil)
}

func alreadyBound(err error) bool {
	var refused *smppconn.BindError
	return errors.As(err, &refused) && refused.Status == smpp.RALYBND
}

// holds is how long nobody may bind, 0 if anybody may.
func (c *carrier) holds() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(0, time.Until(c.hold))
}

// session connects, binds and serves until the connection ends, and returns why it did.
func (l *link) session(ctx context.Context, sink smsir.Sink) (bound bool, err error) {
	nc, err := l.c.dial(ctx, l.address)
	if err != nil {
		return false, err
	}
	in := &incoming{c: l.c, sink: sink, ctx: ctx, crew: crew.New()}
	defer in.crew.Dismiss()
	conn := smppconn.New(nc, l.c.connOptions(in))
	ended := make(chan error, 1)
	go func() { ended <- conn.Run(context.WithoutCancel(ctx)) }()
	err = l.bind(ctx, conn)
	if err != nil {
		_ = conn.Close() // nothing is under way
		why := <-ended
		in.all.Wait()
		return false, cmp.Or(err, why)
	}
	l.set(conn, nil)
	select {
	case err = <-ended:
		ended <- err
	case <-ctx.Done():
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		_ = conn.Unbind(bye) // it is closed whatever the carrier says
		cancel()
	}
	l.set(nil, err)
	if e := <-ended; e != nil {
		err = e
	} else if err == nil {
		err = smppconn.ErrUnbound
	}
	in.all.Wait()
	return true, err
}

// bind binds, one link after the other, so that a wrong password is not tried by all at once.
func (l *link) bind(ctx context.Context, conn *smppconn.Conn) error {
	c := l.c
	c.binding.Lock()
	defer c.binding.Unlock()
	if held := c.holds(); held > 0 {
		return errors.New("the carrier refused to bind; SMSir waits")
	}
	p := c.profile.bind
	p.Command = l.mode
	_, err := conn.Bind(ctx, &p)
	var refused *smppconn.BindError
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.refused = 0
	case errors.As(err, &refused) && (refused.Status == smpp.RINVPASWD || refused.Status == smpp.RINVSYSID || refused.Status == smpp.RBINDFAIL || refused.Status == smpp.RINVSYSTYP):
		if c.refused++; c.refused >= refusals {
			c.refused, c.hold, c.why = 0, time.Now().Add(refusalHold), fmt.Sprintf("%s (%s).", refused.Status, refused.Status.Text())
		}
	}
	return err
}

func (c *carrier) connOptions(in *incoming) smppconn.Options {
	p := c.profile
	return smppconn.Options{
		Role: smppconn.ESME, Window: p.windowOfLink(), PeerWindow: handlers, PDU: smpp.Options{LongStrings: true},
		EnquireLinkTimer: p.enquireLink, ResponseTimer: p.response, Handle: in.handle,
	}
}

func (c *carrier) dial(ctx context.Context, address string) (net.Conn, error) {
	if c.o.dial != nil {
		return c.o.dial(ctx, address)
	}
	return smppconn.Dialer{TLS: c.profile.tls}.Dial(ctx, address)
}

// set notes that the link is bound, or why it is not.
func (l *link) set(conn *smppconn.Conn, err error) {
	l.mu.Lock()
	if (l.conn == nil) != (conn == nil) || l.since.IsZero() {
		l.since = time.Now()
	}
	l.conn = conn
	if conn != nil {
		l.unknown = nil
		l.err = ""
	} else if err != nil {
		l.err = err.Error()
	}
	l.mu.Unlock()
	l.c.tell()
}

// transmitter is the connection if it may submit.
func (l *link) transmitter() *smppconn.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil || l.mode == smpp.CommandBindReceiver || !l.conn.State().Bound() {
		return nil
	}
	return l.conn
}

func (l *link) lastError() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// CheckCredentials implements [smsir.CredentialChecker]: it binds once and unbinds.
func (c *carrier) CheckCredentials(ctx context.Context) error {
	unreachable := func(err error) error {
		return &smsir.Error{Code: smsir.CodeProviderUnreachable, Text: "The carrier cannot be reached, or does not answer. Check the address, and whether the carrier must allow this server's address first.", Err: err}
	}
	nc, err := c.dial(ctx, c.profile.addresses[0])
	if err != nil {
		return unreachable(err)
	}
	conn := smppconn.New(nc, smppconn.Options{PDU: smpp.Options{LongStrings: true}})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = conn.Run(ctx) // the bind tells
	}()
	p := c.profile.bind
	p.Command = c.links[0].mode
	_, err = conn.Bind(ctx, &p)
	_ = conn.Unbind(ctx) // closes it in any case
	<-ended
	var refused *smppconn.BindError
	switch {
	case err == nil || alreadyBound(err):
		return nil // who is told that he is bound already is known
	case errors.As(err, &refused):
		return &smsir.Error{Code: smsir.CodeCredentialsRefused, Text: "The carrier refuses to bind: " + refused.Status.Text() + ". Check the system id, the password and the kind of bind.", Err: err}
	}
	return unreachable(err)
}
