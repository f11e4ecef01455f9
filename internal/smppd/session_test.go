package smppd

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// TestBinds: who may bind how, and that wrong passwords and unknown names look the same.
func TestBinds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, password := d.account("acme", func(r *account.SMPPRequest) {
		r.Modes, r.Sessions = &[]string{store.SMPPTransmitter, store.SMPPReceiver}, ptr(2)
	})
	_, far := d.account("far", func(r *account.SMPPRequest) { r.Networks = &[]string{"192.0.2.0/24"} })
	bind := func(command smpp.CommandID, systemID, password string) string {
		t.Helper()
		e := d.dial()
		resp, err := e.Call(&smpp.Bind{Command: command, SystemID: systemID, Password: password, InterfaceVersion: 0x50}, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := resp.(*smpp.BindResp)
		text, _ := b.TLVs.AdditionalStatusInfoText()
		return strings.TrimSpace(b.CommandStatus.String() + " " + text)
	}
	var accounts map[string]smsir.UUID
	reason := func(systemID string) string {
		t.Helper()
		if accounts == nil {
			all, err := d.st.SMPPAccounts(t.Context(), d.owner.Workspace.ID)
			if err != nil {
				t.Fatal(err)
			}
			accounts = map[string]smsir.UUID{}
			for _, a := range all {
				accounts[a.SystemID] = a.ID
			}
		}
		r := d.s.LastRefused(accounts[systemID])
		if r == nil {
			return ""
		}
		if r.From != "127.0.0.1" || r.At.IsZero() {
			t.Errorf("refused: %+v", r)
		}
		return r.Reason
	}
	d.await("the accounts are known", func() bool {
		d.s.mu.Lock()
		defer d.s.mu.Unlock()
		return len(d.s.accounts[d.owner.Workspace.ID]) == 2
	})
	for _, c := range []struct{ what, got, want string }{
		{"nothing was refused yet", reason("acme"), ""},
		{"as a transceiver", bind(smpp.CommandBindTransceiver, "acme", password), "ESME_RBINDFAIL This account may not bind as transceiver."},
		{"why", reason("acme"), "mode"},
		{"wrong password", bind(smpp.CommandBindTransmitter, "acme", "wrong"), "ESME_RBINDFAIL"},
		{"why", reason("acme"), "password"},
		{"unknown system id", bind(smpp.CommandBindTransmitter, "nobody", "wrong"), "ESME_RBINDFAIL"},
		{"from elsewhere", bind(smpp.CommandBindTransmitter, "far", far), "ESME_RBINDFAIL"},
		{"why", reason("far"), "network"},
		{"as a transmitter", bind(smpp.CommandBindTransmitter, "acme", password), "ESME_ROK"},
		{"bound meanwhile", reason("acme"), ""},
		{"as a receiver", bind(smpp.CommandBindReceiver, "acme", password), "ESME_ROK"},
		{"a third time", bind(smpp.CommandBindReceiver, "acme", password), "ESME_RALYBND This account has as many sessions as it may have."},
		{"why", reason("acme"), "sessions"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.what, c.got, c.want)
		}
	}
}

// TestTarpit: after five wrong passwords in a minute, an address waits for a minute.
func TestTarpit(t *testing.T) {
	t.Parallel()
	g := newGuard()
	now := time.Now()
	from, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for i := range 5 {
		if w := g.wait(from, now); w != 0 {
			t.Errorf("after %d failures: wait %v", i, w)
		}
		g.failed(from, now)
	}
	if w := g.wait(from, now); w != time.Minute {
		t.Errorf("after five: wait %v, want a minute", w)
	}
	if w := g.wait(other, now); w != 0 {
		t.Errorf("another address waits %v", w)
	}
	now = now.Add(61 * time.Second)
	if w := g.wait(from, now); w != 0 {
		t.Errorf("a minute later: wait %v", w)
	}
	for range 4 {
		g.failed(from, now)
		now = now.Add(30 * time.Second)
	}
	if w := g.wait(from, now); w != 0 {
		t.Errorf("four in two minutes: wait %v", w)
	}
	six, same := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	for range 5 {
		g.failed(six, now)
	}
	if g.wait(same, now) == 0 {
		t.Error("the neighbour in the same network of IPv6 does not wait")
	}
	g.succeeded(six)
	if g.wait(same, now) != 0 {
		t.Error("it waits after a success")
	}
	for i := range maxSuspects + 10 {
		g.failed(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now)
	}
	if len(g.suspects) > maxSuspects {
		t.Errorf("%d suspects are kept", len(g.suspects))
	}
}

// TestSockets: one address gets so many sockets and no more, and they are given back.
func TestSockets(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, password := d.account("acme")
	d.bound(smpp.CommandBindTransmitter, "acme", password)
	var conns []net.Conn
	for range socketsOfAddress + 5 {
		nc, err := net.Dial("tcp", d.s.Addresses()[0].Address)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, nc)
	}
	d.await("the last ones are hung up on", func() bool {
		for _, nc := range conns[socketsOfAddress:] {
			_ = nc.SetReadDeadline(time.Now().Add(time.Millisecond))
			if _, err := nc.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
				return false
			}
		}
		return true
	})
	for _, nc := range conns {
		_ = nc.Close()
	}
	d.await("there is room again", func() bool {
		d.s.guard.mu.Lock()
		defer d.s.guard.mu.Unlock()
		return len(d.s.guard.sockets) == 1
	})
}

// TestListeners: nothing listens before the first account; then TLS, with a certificate that stays.
func TestListeners(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(o *Options) { o.Listen, o.PlainListen = "127.0.0.1:0", "" })
	if a := d.s.Addresses(); len(a) != 0 {
		t.Errorf("without an account the server listens at %v", a)
	}
	_, password := d.account("acme")
	d.await("the server listens", func() bool { return len(d.s.Addresses()) == 1 })
	at := d.s.Addresses()[0]
	if !at.TLS {
		t.Errorf("listens at %+v, want TLS", at)
	}
	conn, err := tls.Dial("tcp", at.Address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if sum := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].Raw); hex.EncodeToString(sum[:]) != at.Fingerprint {
		t.Errorf("fingerprint %x, told %s", sum, at.Fingerprint)
	}
	e := smpptest.NewESME(conn)
	if err := e.Bind(smpp.CommandBindTransceiver, "acme", password); err != nil {
		t.Error(err)
	}
	if v := d.s.Sessions(d.owner.Workspace.ID); len(v) != 1 || !v[0].TLS {
		t.Errorf("sessions %+v", v)
	}
	if _, pin, err := d.s.certificate(); err != nil || pin != at.Fingerprint {
		t.Errorf("the certificate changed: %v", err)
	}
	d.s.o.CertFile, d.s.o.KeyFile = "/nowhere", "/nowhere"
	if _, _, err := d.s.certificate(); err == nil {
		t.Error("a certificate that is not there was read")
	}
	d.s.o.PlainNetworks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	for from, want := range map[string]bool{"127.0.0.1": true, "::1": true, "192.0.2.9": true, "198.51.100.1": false, "10.0.0.1": false} {
		if got := d.s.mayComePlain(netip.MustParseAddr(from)); got != want {
			t.Errorf("%s without TLS: %v, want %v", from, got, want)
		}
	}
}

// TestAccountChanges: a session takes over what changes, and ends when it may not go on.
func TestAccountChanges(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, password := d.account("acme")
	e := d.bound(smpp.CommandBindTransceiver, "acme", password)
	change := func(r account.SMPPRequest) {
		t.Helper()
		if _, _, err := d.smpp.Update(t.Context(), d.owner, a.ID, r, account.Peer{}); err != nil {
			t.Fatal(err)
		}
	}
	change(account.SMPPRequest{Window: ptr(3)})
	d.await("the window is taken over", func() bool { v := d.s.Sessions(d.owner.Workspace.ID); return len(v) == 1 && v[0].Window == 3 })
	change(account.SMPPRequest{Enabled: ptr(false)})
	unbound(t, e)
	change(account.SMPPRequest{Enabled: ptr(true)})
	e = d.bound(smpp.CommandBindTransceiver, "acme", password)
	v := d.s.Sessions(d.owner.Workspace.ID)
	id, err := smsir.ParseUUID(smsir.PrefixSession, v[len(v)-1].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.s.Kick(smsir.UUID{9}, id); smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Errorf("kicked by another workspace: %v", err)
	}
	if err := d.s.Kick(d.owner.Workspace.ID, id); err != nil {
		t.Error(err)
	}
	unbound(t, e)
	e = d.bound(smpp.CommandBindTransceiver, "acme", password)
	go d.cancel()
	unbound(t, e) // so does the end of the server
}

// unbound waits for unbind, answers it, and sees the connection end.
func unbound(t *testing.T, e *smpptest.ESME) {
	t.Helper()
	e.Patience = 30 * time.Second
	h, p, err := e.Read()
	if _, ok := p.(*smpp.Unbind); err != nil || !ok {
		t.Fatalf("got %v, %v; want unbind", p, err)
	}
	if err := e.SendAs(&smpp.UnbindResp{}, h.SequenceNumber); err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Read(); err == nil {
		t.Error("the connection goes on after unbind")
	}
}
