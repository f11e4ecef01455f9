package smppconn_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
	"github.com/smsir/smsir/smpp/smpptest"
)

// rig is a connection under test with what stands at its other end.
type rig struct {
	t     *testing.T
	conn  *smppconn.Conn
	ended chan error
	nc    net.Conn // the other end
}

// newRig runs a connection in a bubble. f ends with everything closed.
func newRig(t *testing.T, o smppconn.Options, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		r := &rig{t: t, conn: smppconn.New(near, o), ended: make(chan error, 1), nc: far}
		go func() { r.ended <- r.conn.Run(context.Background()) }()
		defer func() {
			_ = r.conn.Close()
			_ = far.Close()
			synctest.Wait() // the bubble fails if a goroutine is left
		}()
		f(r)
	})
}

// withSMSC runs an ESME against a scripted carrier, bound as transceiver.
func withSMSC(t *testing.T, o smppconn.Options, script smpptest.Script, f func(r *rig, s *smpptest.SMSC)) {
	t.Helper()
	newRig(t, o, func(r *rig) {
		s := smpptest.NewSMSC(script)
		go s.Serve(r.nc)
		defer s.Close()
		if _, err := r.conn.Bind(r.t.Context(), bind(smpp.CommandBindTransceiver)); err != nil {
			t.Fatalf("Bind: %v", err)
		}
		f(r, s)
	})
}

// withESME runs an SMSC against a client that does what the test says.
func withESME(t *testing.T, o smppconn.Options, f func(r *rig, e *smpptest.ESME)) {
	t.Helper()
	o.Role = smppconn.SMSC
	if o.OnBind == nil {
		o.OnBind = func(context.Context, *smppconn.Conn, *smpp.Bind) *smpp.BindResp {
			return &smpp.BindResp{SystemID: "us"}
		}
	}
	if o.Handle == nil {
		o.Handle = func(_ context.Context, r *smppconn.Request) { _ = r.Refuse(smpp.ROK) }
	}
	newRig(t, o, func(r *rig) {
		e := smpptest.NewESME(r.nc)
		e.Patience = time.Hour
		f(r, e)
	})
}

func bind(c smpp.CommandID) *smpp.Bind {
	return &smpp.Bind{Command: c, SystemID: "esme", Password: "pass" + "word", InterfaceVersion: smpp.Version34}
}

func submit(text string) *smpp.SubmitSM {
	return &smpp.SubmitSM{SourceAddr: "SMSir", DestinationAddr: "12025550100", ShortMessage: []byte(text)}
}

// end waits for Run to return.
func (r *rig) end() error {
	r.t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(time.Hour):
		r.t.Fatal("the session did not end")
		return nil
	}
}
