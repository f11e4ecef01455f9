package smppd

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
	"github.com/smsir/smsir/smpp/smpptest"
)

// TestHolders: two thousand connections that never bind, from as many addresses as it takes, keep nobody out; they are hung up
// on when the session init timer ends. A client that comes meanwhile is served at once; how soon stands in the log.
func TestHolders(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("NOT RUN: only Linux has all of 127.0.0.0/8 without being told, and so enough addresses to come from")
	}
	d := newDesk(t)
	_, password := d.account("acme")
	d.await("the server listens", func() bool { return len(d.s.Addresses()) > 0 })
	const holders = 2000
	var open []net.Conn
	begin := time.Now()
	for i := range holders {
		if i >= 200 && time.Since(begin) > 4*time.Second {
			break // the first ones would be gone before the last ones came
		}
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i/socketsOfAddress))}}
		nc, err := dialer.DialContext(t.Context(), "tcp", d.s.Addresses()[0].Address)
		if err != nil {
			t.Fatalf("connection %d: %v", i+1, err)
		}
		defer nc.Close() //nolint:errcheck // the server hangs up
		if i%3 == 0 {
			_, err = nc.Write([]byte{0, 0, 0, 41, 0}) // the beginning of a bind
		}
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, nc)
	}
	d.await("all are in", func() bool {
		d.s.guard.mu.Lock()
		defer d.s.guard.mu.Unlock()
		return len(d.s.guard.sockets) == len(open)
	})
	came := time.Now()
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	bound := time.Since(came)
	d.taken(e, submit())
	t.Logf("%d holders after %v; a client was bound after %v (an Argon2id within) and had its message taken after %v", len(open), came.Sub(begin), bound, time.Since(came))
	for _, nc := range open {
		if err := nc.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 64)
		for {
			if _, err := nc.Read(b); err != nil {
				if ne, ok := err.(net.Error); ok && ne.Timeout() { //nolint:errorlint // as it comes from the socket
					t.Fatal("a holder is still there after half a minute")
				}
				break
			}
		}
	}
	t.Logf("the last holder was gone after %v", time.Since(begin))
	d.taken(e, submit())
}

// counted is a book of accounts that counts how often a password was checked.
type counted struct {
	Accounts
	checks atomic.Int64
}

func (c *counted) Bind(ctx context.Context, systemID, password string) (*store.SMPPAccount, *store.Workspace, error) {
	c.checks.Add(1)
	return c.Accounts.Bind(ctx, systemID, password)
}

// TestBindGuesses: ten thousand guesses from one address within a minute are five checks of a password; others are not
// delayed, a session that is bound goes on, and after a minute its owner may come again from the same address.
func TestBindGuesses(t *testing.T) {
	t.Parallel()
	var book *counted
	d := newDesk(t, func(o *Options) {
		book = &counted{Accounts: o.Accounts}
		o.Accounts = book
	})
	_, password := d.account("acme", func(r *account.SMPPRequest) { r.Sessions = ptr(10) })
	from := func(address string) *smpptest.ESME {
		here, there := net.Pipe()
		go d.s.serve(there, netip.MustParseAddr(address), true)
		t.Cleanup(func() { _ = here.Close() })
		return smpptest.NewESME(here)
	}
	const villain, owner = "192.0.2.66", "192.0.2.1"
	before := from(villain) // from the very address that guesses
	if err := before.Bind(smpp.CommandBindTransmitter, "acme", password); err != nil {
		t.Fatal(err)
	}
	book.checks.Store(0)
	for i := range freeFailures {
		if err := from(villain).Bind(smpp.CommandBindTransceiver, "acme", fmt.Sprint("guess", i)); err == nil {
			t.Errorf("guess %d was right", i)
		}
	}
	const guesses = 10_000
	nobody, _ := net.Pipe()
	n := &session{s: d.s, from: netip.MustParseAddr(villain), conn: smppconn.New(nobody, smppconn.Options{Role: smppconn.SMSC})}
	gone, hangUp := context.WithCancel(t.Context())
	hangUp() // who is made to wait hangs up, and tries again
	for i := freeFailures; i < guesses; i++ {
		p := &smpp.Bind{Command: smpp.CommandBindTransceiver, SystemID: "acme", Password: fmt.Sprint(i), InterfaceVersion: smpp.Version34}
		if resp := n.onBind(gone, n.conn, p); resp != nil {
			t.Fatalf("guess %d was answered %s", i+1, resp.CommandStatus)
		}
	}
	if n := book.checks.Load(); n != freeFailures {
		t.Errorf("%d passwords were checked for %d guesses, want %d", n, guesses, freeFailures)
	}
	if err := from(owner).Bind(smpp.CommandBindTransmitter, "acme", password); err != nil {
		t.Errorf("another address: %v", err)
	}
	if _, err := before.Call(submit(), nil); err != nil {
		t.Errorf("the session that was bound before: %v", err)
	}
	d.pass(tarpit + time.Second)
	if err := from(villain).Bind(smpp.CommandBindTransmitter, "acme", password); err != nil {
		t.Errorf("the same address after a minute: %v", err)
	}
}
