package smppd

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/smpp"
)

// open is a book of accounts that lets everybody in as one account: checking passwords is slow on purpose.
type open struct {
	account   store.SMPPAccount
	workspace store.Workspace
}

func (o *open) Bind(context.Context, string, string) (*store.SMPPAccount, *store.Workspace, error) {
	return &o.account, &o.workspace, nil
}

func (o *open) Recheck(context.Context, *store.SMPPAccount) (*store.SMPPAccount, *store.Workspace, error) {
	return &o.account, &o.workspace, nil
}

func (o *open) Bound(context.Context, *store.SMPPAccount) error { return nil }

// FuzzSession feeds any octets to a session of the server, before and after its bind, over the real store. Nothing may panic
// or hang, whatever the server says must be SMPP, and a session that goes on must answer an enquire_link.
func FuzzSession(f *testing.F) {
	var everybody open
	d := newDesk(f, func(o *Options) { o.Accounts = &everybody })
	for running := false; !running; runtime.Gosched() { // sessions begin when the server does
		d.s.mu.Lock()
		running = d.s.ctx != nil
		d.s.mu.Unlock()
	}
	everybody.workspace = *d.owner.Workspace
	everybody.account = store.SMPPAccount{
		ID: [16]byte{1}, Workspace: d.owner.Workspace.ID, SystemID: "acme", Enabled: true, Sessions: 1 << 20, Window: 1000,
		Modes: []string{store.SMPPTransmitter, store.SMPPReceiver, store.SMPPTransceiver},
	}
	octets := func(list ...smpp.PDU) (all []byte) {
		for i, p := range list {
			b, err := smpp.Options{LongStrings: true}.AppendPDU(nil, p, uint32(i+1)) //nolint:gosec // few
			if err != nil {
				f.Fatal(err)
			}
			all = append(all, b...)
		}
		return all
	}
	first, second := submit(), submit()
	first.ESMClass, first.ShortMessage = smpp.FeatureUDHI, []byte("\x05\x00\x03\x07\x02\x01hello ")
	second.ESMClass, second.ShortMessage = smpp.FeatureUDHI, []byte("\x05\x00\x03\x07\x02\x02world")
	for _, seed := range [][]byte{
		nil, octets(submit()), octets(first, second), octets(second, second, first),
		octets(&smpp.QuerySM{MessageID: "1"}, &smpp.CancelSM{MessageID: "1"}, &smpp.ReplaceSM{MessageID: "1"}, &smpp.EnquireLink{}, &smpp.DeliverSMResp{}, &smpp.GenericNack{}),
		octets(&smpp.DataSM{DestAddrTON: 1, DestinationAddr: "12025550100", TLVs: smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte("x")}}}),
		octets(&smpp.Unbind{}, submit()), octets(&smpp.Bind{Command: smpp.CommandBindReceiver, SystemID: "a"}), octets(submit())[:20],
		[]byte("GET / HTTP/1.1\r\n\r\n"), []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), bytes.Repeat([]byte{0xFF}, 40),
	} {
		f.Add(uint8(0), seed)
		f.Add(uint8(1), seed)
		f.Add(uint8(2), seed)
	}
	f.Fuzz(func(t *testing.T, bound uint8, stream []byte) {
		if len(stream) > 16<<10 {
			return
		}
		switch bound % 3 {
		case 1:
			stream = append(octets(&smpp.Bind{Command: smpp.CommandBindTransceiver, SystemID: "acme", Password: "x", InterfaceVersion: smpp.Version34}), stream...)
		case 2:
			stream = append(octets(&smpp.Bind{Command: smpp.CommandBindTransmitter, SystemID: "acme", Password: "x", InterfaceVersion: smpp.Version33}), stream...)
		}
		here, there := net.Pipe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			d.s.serve(there, netip.MustParseAddr("127.0.0.1"), false)
		}()
		if err := here.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		read := make(chan error, 1)
		go func() { read <- hear(here) }()
		_, err := here.Write(stream)
		if err == nil {
			_, err = here.Write(octets(&smpp.EnquireLink{}))
		}
		_ = err // the server may hang up at any time
		// What follows a torn PDU belongs to it: the server waits for its rest. Hanging up ends that.
		select {
		case err := <-read:
			if err != nil {
				t.Fatalf("%v after %X", err, stream)
			}
		case <-time.After(20 * time.Millisecond):
		}
		_ = here.Close()
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			t.Fatalf("the session does not end after %X", stream)
		}
	})
}

// hear reads what the server says until it hangs up: it must be SMPP.
func hear(nc net.Conn) error {
	r := smpp.NewReader(nc)
	r.SetMaxLength(smpp.MaxMaxLength)
	for {
		b, err := r.ReadPDU()
		if err != nil {
			if _, odd := err.(*smpp.LengthError); odd || err == io.ErrUnexpectedEOF { //nolint:errorlint // it is returned as it is
				return err
			}
			return nil
		}
		if _, _, err := smpp.Decode(b); err != nil {
			return err
		}
	}
}
