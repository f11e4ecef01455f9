package smppconn_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
	"github.com/smsir/smsir/smpp/smpptest"
)

func TestSessionInitTimer(t *testing.T) {
	t.Parallel()
	withESME(t, smppconn.Options{}, func(r *rig, e *smpptest.ESME) {
		start := time.Now()
		go func() { // a trickle prolongs nothing
			for e.Write([]byte{0}) == nil {
				select {
				case <-time.After(4 * time.Second):
				case <-r.conn.Done():
				}
			}
		}()
		err := r.end()
		if took := time.Since(start); !errors.Is(err, smppconn.ErrSessionInitTimer) && !errors.Is(err, smppconn.ErrPDUTimer) || took > 10*time.Second {
			t.Errorf("got %v after %v, want the session init timer or the PDU timer within 10 s", err, took)
		}
	})
	withESME(t, smppconn.Options{}, func(r *rig, _ *smpptest.ESME) {
		start := time.Now()
		if err := r.end(); !errors.Is(err, smppconn.ErrSessionInitTimer) || time.Since(start) != 10*time.Second {
			t.Errorf("got %v after %v, want %v after 10 s", err, time.Since(start), smppconn.ErrSessionInitTimer)
		}
	})
}

// TestEnquireLink: asked when nothing comes, and given up when nothing comes back (fault 57).
func TestEnquireLink(t *testing.T) {
	t.Parallel()
	withSMSC(t, smppconn.Options{}, smpptest.Script{}, func(r *rig, _ *smpptest.SMSC) {
		time.Sleep(10*time.Minute + time.Second) //nolint:forbidigo // in a bubble
		if got := r.conn.Stats().EnquireLinks; r.conn.State() != smppconn.BoundTRX || got != 20 {
			t.Errorf("after ten idle minutes: %s, %d enquire_link; want BOUND_TRX and 20", r.conn.State(), got)
		}
	})
	withSMSC(t, smppconn.Options{}, smpptest.Script{Mute: true}, func(r *rig, _ *smpptest.SMSC) {
		start := time.Now()
		if err := r.end(); !errors.Is(err, smppconn.ErrInactivityTimer) || time.Since(start).Round(time.Second) != 90*time.Second {
			t.Errorf("got %v after %v, want %v after 90 s", err, time.Since(start), smppconn.ErrInactivityTimer)
		}
	})
}

func TestPDUTimer(t *testing.T) {
	t.Parallel()
	withESME(t, smppconn.Options{}, func(r *rig, e *smpptest.ESME) {
		if err := e.Bind(smpp.CommandBindTransceiver, "a", "b"); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := e.Write([]byte{0, 0, 0, 100, 0}); err != nil {
			t.Fatal(err)
		}
		if err := r.end(); !errors.Is(err, smppconn.ErrPDUTimer) || time.Since(start) != 5*time.Second {
			t.Errorf("got %v after %v, want %v after 5 s", err, time.Since(start), smppconn.ErrPDUTimer)
		}
	})
}

// TestUnbindDrains: our unbind waits for the responses that are due on both sides.
func TestUnbindDrains(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Submit: func(int, *smpp.SubmitSM) smpptest.Answer { return smpptest.Answer{After: 2 * time.Second} }}
	answered := make(chan error, 1)
	o := smppconn.Options{Handle: func(_ context.Context, r *smppconn.Request) {
		go func() {
			time.Sleep(3 * time.Second) //nolint:forbidigo // in a bubble
			answered <- r.Respond(&smpp.DeliverSMResp{})
		}()
	}}
	withSMSC(t, o, script, func(r *rig, s *smpptest.SMSC) {
		start := time.Now()
		got := make(chan error, 1)
		go func() {
			_, err := r.conn.Request(r.t.Context(), submit("x"))
			got <- err
		}()
		if err := s.Deliver(&smpp.DeliverSM{ShortMessage: []byte("hello")}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		unbound := make(chan error, 1)
		go func() { unbound <- r.conn.Unbind(r.t.Context()) }()
		synctest.Wait()
		_, err := r.conn.Request(r.t.Context(), submit("too late"))
		wantUnwritten(t, "while unbinding", err, smppconn.ErrUnbound)
		if err := <-unbound; err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("Unbind: %v after %v, want it after 3 s", err, time.Since(start))
		}
		if err := <-got; err != nil {
			t.Errorf("the request before the unbind: %v", err)
		}
		if err := <-answered; err != nil {
			t.Errorf("the response before the unbind: %v", err)
		}
		if err := r.end(); err != nil {
			t.Errorf("Run: %v, want nil after an unbind", err)
		}
		if got := len(s.Answers()); got != 1 {
			t.Errorf("the carrier saw %d deliver_sm_resp, want 1", got)
		}
	})
}

// TestPeerUnbinds: the carrier's unbind in the middle of the window ends the session in order, and what was never
// answered may have gone (fault 56).
func TestPeerUnbinds(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Submit: func(int, *smpp.SubmitSM) smpptest.Answer { return smpptest.Answer{Unbind: true} }}
	withSMSC(t, smppconn.Options{}, script, func(r *rig, _ *smpptest.SMSC) {
		_, err := r.conn.Request(r.t.Context(), submit("x"))
		var ce *smppconn.CallError
		if !errors.As(err, &ce) || !ce.Written || !errors.Is(err, smppconn.ErrUnbound) {
			t.Errorf("got %v, want %v, perhaps written", err, smppconn.ErrUnbound)
		}
		_ = r.end()
		_, err = r.conn.Request(r.t.Context(), submit("y"))
		wantUnwritten(t, "after the unbind", err, smppconn.ErrUnbound)
	})
}

// TestServerDrains: an ESME that unbinds gets the responses that it is owed first.
func TestServerDrains(t *testing.T) {
	t.Parallel()
	o := smppconn.Options{Handle: func(_ context.Context, r *smppconn.Request) {
		time.AfterFunc(2*time.Second, func() { _ = r.Respond(&smpp.SubmitSMResp{MessageID: "1"}) })
	}}
	withESME(t, o, func(r *rig, e *smpptest.ESME) {
		if err := e.Bind(smpp.CommandBindTransceiver, "a", "b"); err != nil {
			t.Fatal(err)
		}
		for _, p := range []smpp.PDU{submit("x"), &smpp.Unbind{}, submit("after")} {
			if _, err := e.Send(p); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for range 3 {
			_, p, err := e.Read()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, p.CommandID().String()+" "+p.(smpp.Response).Status().String())
		}
		want := []string{"submit_sm_resp ESME_RINVBNDSTS", "submit_sm_resp ESME_ROK", "unbind_resp ESME_ROK"}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("got %q, want %q", got, want)
				break
			}
		}
		if _, _, err := e.Read(); !errors.Is(err, io.EOF) {
			t.Errorf("after unbind_resp: %v, want the connection closed", err)
		}
		if err := r.end(); err != nil {
			t.Errorf("Run: %v, want nil after an unbind", err)
		}
	})
}

func TestOutbind(t *testing.T) {
	t.Parallel()
	bound := make(chan error, 1)
	o := smppconn.Options{OnOutbind: func(ctx context.Context, c *smppconn.Conn, p *smpp.Outbind) {
		go func() {
			_, err := c.Bind(ctx, bind(smpp.CommandBindReceiver))
			bound <- err
		}()
	}}
	newRig(t, o, func(r *rig) {
		e := smpptest.NewESME(r.nc) // in the place of the SMSC
		if err := e.SendAs(&smpp.Outbind{SystemID: "carrier"}, 1); err != nil {
			t.Fatal(err)
		}
		h, p, err := e.Read()
		if _, ok := p.(*smpp.Bind); err != nil || !ok || h.CommandID != smpp.CommandBindReceiver {
			t.Fatalf("got %v, %v; want bind_receiver", p, err)
		}
		if err := e.SendAs(&smpp.BindResp{Command: smpp.CommandBindReceiverResp}, h.SequenceNumber); err != nil {
			t.Fatal(err)
		}
		if err := <-bound; err != nil || r.conn.State() != smppconn.BoundRX {
			t.Errorf("got %v, %s; want BOUND_RX", err, r.conn.State())
		}
	})
	// The other side: an SMSC that connects and asks.
	withESME(t, smppconn.Options{}, func(r *rig, e *smpptest.ESME) {
		if err := r.conn.Outbind(&smpp.Outbind{SystemID: "us"}); err != nil {
			t.Fatal(err)
		}
		if _, p, err := e.Read(); err != nil || p.CommandID() != smpp.CommandOutbind {
			t.Fatalf("got %v, %v; want outbind", p, err)
		}
		if err := e.Bind(smpp.CommandBindReceiver, "a", "b"); err != nil || r.conn.State() != smppconn.BoundRX {
			t.Errorf("got %v, %s; want BOUND_RX", err, r.conn.State())
		}
		if err := r.conn.Outbind(&smpp.Outbind{}); !errors.Is(err, smppconn.ErrState) {
			t.Errorf("outbind when bound: %v, want %v", err, smppconn.ErrState)
		}
	})
}
