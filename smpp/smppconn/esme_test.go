package smppconn_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
	"github.com/smsir/smsir/smpp/smpptest"
)

func TestBind(t *testing.T) {
	t.Parallel()
	for command, want := range map[smpp.CommandID]smppconn.State{
		smpp.CommandBindTransmitter: smppconn.BoundTX, smpp.CommandBindReceiver: smppconn.BoundRX, smpp.CommandBindTransceiver: smppconn.BoundTRX,
	} {
		newRig(t, smppconn.Options{}, func(r *rig) {
			s := smpptest.NewSMSC(smpptest.Script{SystemID: "carrier", Version: smpp.Version50})
			go s.Serve(r.nc)
			defer s.Close()
			if _, err := r.conn.Request(r.t.Context(), submit("early")); !errors.Is(err, smppconn.ErrState) {
				t.Errorf("submit_sm before the bind: got %v, want %v", err, smppconn.ErrState)
			}
			resp, err := r.conn.Bind(r.t.Context(), bind(command))
			if err != nil || resp.SystemID != "carrier" {
				t.Fatalf("%s: got %+v, %v", command, resp, err)
			}
			if got := r.conn.State(); got != want {
				t.Errorf("%s: state %s, want %s", command, got, want)
			}
			if got := r.conn.Version(); got != smpp.Version50 {
				t.Errorf("%s: version %s, want 5.0", command, got)
			}
			if b := r.conn.Binding(); b.SystemID != "esme" || b.Password != "" {
				t.Errorf("Binding() = %v, want it without its password", b)
			}
			if _, err := r.conn.Bind(r.t.Context(), bind(command)); !errors.Is(err, smppconn.ErrState) {
				t.Errorf("second bind: got %v, want %v", err, smppconn.ErrState)
			}
		})
	}
}

func TestBindRefused(t *testing.T) {
	t.Parallel()
	newRig(t, smppconn.Options{}, func(r *rig) {
		s := smpptest.NewSMSC(smpptest.Script{Bind: func(n int, _ *smpp.Bind) smpptest.Answer {
			if n == 1 {
				return smpptest.Answer{Status: smpp.RINVPASWD, Text: "ask your carrier"}
			}
			return smpptest.Answer{}
		}})
		go s.Serve(r.nc)
		defer s.Close()
		_, err := r.conn.Bind(r.t.Context(), bind(smpp.CommandBindTransceiver))
		var refused *smppconn.BindError
		if !errors.As(err, &refused) || refused.Status != smpp.RINVPASWD || refused.Text != "ask your carrier" {
			t.Errorf("got %v, want the refusal with its text", err)
		}
		if _, err := r.conn.Bind(r.t.Context(), bind(smpp.CommandBindTransceiver)); err != nil {
			t.Errorf("second bind: %v", err)
		}
	})
}

// TestResponses: whatever the order, the number and the sequence of the responses, each request gets its own.
func TestResponses(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Submit: func(n int, p *smpp.SubmitSM) smpptest.Answer {
		a := smpptest.Answer{MessageID: string(p.ShortMessage), After: time.Duration(20-n) * time.Second} // the last first
		switch string(p.ShortMessage) {
		case "3":
			a.Times = 3
		case "4":
			a.Status = smpp.RTHROTTLED
		case "5":
			a.Nack, a.Status = true, smpp.RSYSERR
		case "6":
			a.Sequence = func(n uint32) uint32 { return n + 1000 }
		}
		return a
	}}
	withSMSC(t, smppconn.Options{Window: 8}, script, func(r *rig, _ *smpptest.SMSC) {
		type result struct {
			i    int
			resp smpp.Response
			err  error
		}
		results := make(chan result)
		for i := range 8 {
			go func() {
				resp, err := r.conn.Request(r.t.Context(), submit(fmt.Sprint(i)))
				results <- result{i, resp, err}
			}()
		}
		for range 8 {
			got := <-results
			resp, ok := got.resp.(*smpp.SubmitSMResp)
			switch {
			case got.i == 6:
				if !errors.Is(got.err, smppconn.ErrResponseTimer) {
					t.Errorf("6, answered to another sequence number: got %v, %v; want %v", got.resp, got.err, smppconn.ErrResponseTimer)
				}
			case got.err != nil:
				t.Errorf("%d: %v", got.i, got.err)
			case got.i == 5:
				if nack, ok := got.resp.(*smpp.GenericNack); !ok || nack.CommandStatus != smpp.RSYSERR {
					t.Errorf("5: got %T %v, want generic_nack with RSYSERR", got.resp, got.resp)
				}
			case got.i == 4:
				if got.resp.Status() != smpp.RTHROTTLED {
					t.Errorf("4: got %s, want RTHROTTLED", got.resp.Status())
				}
			case !ok || resp.MessageID != fmt.Sprint(got.i):
				t.Errorf("%d: got %T %+v, want its own id", got.i, got.resp, got.resp)
			}
		}
		if got := r.conn.Stats().UnknownResponses; got != 3 { // two repeated, one to nothing
			t.Errorf("%d unknown responses, want 3", got)
		}
	})
}

// TestWindow: a slot is taken before the request is written, freed by the response or its timer, and a late response is
// still delivered.
func TestWindow(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Submit: func(n int, _ *smpp.SubmitSM) smpptest.Answer {
		switch n {
		case 1:
			return smpptest.Answer{After: 100 * time.Second}
		case 2:
			return smpptest.Answer{Silent: true}
		}
		return smpptest.Answer{}
	}}
	withSMSC(t, smppconn.Options{Window: 2, EnquireLinkTimer: -1, InactivityTimer: -1}, script, func(r *rig, s *smpptest.SMSC) {
		start := time.Now()
		var calls []*smppconn.Call
		for range 2 {
			slot, err := r.conn.Reserve(r.t.Context())
			if err != nil {
				t.Fatal(err)
			}
			call, err := slot.Send(submit("x"))
			if err != nil {
				t.Fatal(err)
			}
			calls = append(calls, call)
		}
		if r.conn.TryReserve() != nil {
			t.Error("TryReserve found a third slot in a window of 2")
		}
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
		_, err := r.conn.Request(ctx, submit("third"))
		cancel()
		wantUnwritten(t, "a request beyond the window", err, context.DeadlineExceeded)
		if got := len(s.Submits()); got != 2 {
			t.Errorf("%d requests have left, want 2", got)
		}
		// The timers end after 60 s; then there is room.
		if _, err := r.conn.Request(r.t.Context(), submit("fourth")); err != nil || time.Since(start) != time.Minute {
			t.Errorf("after the response timer: got %v after %v, want it answered after 1m", err, time.Since(start))
		}
		var unanswered *smppconn.CallError
		if _, err := calls[0].Wait(r.t.Context()); !errors.As(err, &unanswered) || !unanswered.Written || !errors.Is(err, smppconn.ErrResponseTimer) {
			t.Errorf("first: got %v, want %v, perhaps written", err, smppconn.ErrResponseTimer)
		}
		synctest.Wait()
		if st := r.conn.Stats(); st.Late != 2 || st.Outstanding != 0 {
			t.Errorf("%d late and %d outstanding, want 2 and 0", st.Late, st.Outstanding)
		}
		resp, err := calls[0].Late(r.t.Context())
		if err != nil || resp.(*smpp.SubmitSMResp).MessageID != "1" || time.Since(start) != 100*time.Second {
			t.Errorf("late response: got %v, %v after %v; want id 1 after 100 s", resp, err, time.Since(start))
		}
		_ = r.conn.Close()
		if _, err := calls[1].Late(r.t.Context()); !errors.As(err, &unanswered) || !unanswered.Written || !errors.Is(err, smppconn.ErrClosed) {
			t.Errorf("second, after the end of the session: got %v, want %v, perhaps written", err, smppconn.ErrClosed)
		}
	})
}

func wantUnwritten(t *testing.T, what string, err, cause error) {
	t.Helper()
	var ce *smppconn.CallError
	if !errors.As(err, &ce) || ce.Written || !errors.Is(err, cause) {
		t.Errorf("%s: got %v, want %v with nothing written", what, err, cause)
	}
}

// TestForgotten: late requests are remembered up to a limit.
func TestForgotten(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Submit: func(int, *smpp.SubmitSM) smpptest.Answer { return smpptest.Answer{Silent: true} }}
	withSMSC(t, smppconn.Options{Window: 3, MaxLate: 2}, script, func(r *rig, _ *smpptest.SMSC) {
		var calls []*smppconn.Call
		for range 3 {
			slot, _ := r.conn.Reserve(r.t.Context())
			call, err := slot.Send(submit("x"))
			if err != nil {
				t.Fatal(err)
			}
			calls = append(calls, call)
			time.Sleep(time.Second) //nolint:forbidigo // in a bubble
		}
		if _, err := calls[0].Late(r.t.Context()); !errors.Is(err, smppconn.ErrForgotten) {
			t.Errorf("got %v, want %v", err, smppconn.ErrForgotten)
		}
		if got := r.conn.Stats().Late; got != 2 {
			t.Errorf("%d are remembered, want 2", got)
		}
	})
}

// TestWritten: what the system did not take is proved not sent, and only that.
func TestWritten(t *testing.T) {
	t.Parallel()
	newRig(t, smppconn.Options{Window: 10, WriteTimer: time.Minute}, func(r *rig) {
		e := smpptest.NewESME(r.nc) // reads and writes by hand
		bound := make(chan error)
		go func() {
			_, err := r.conn.Bind(r.t.Context(), bind(smpp.CommandBindTransceiver))
			bound <- err
		}()
		h, _, err := e.Read()
		if err != nil {
			t.Fatal(err)
		}
		if err := e.SendAs(&smpp.BindResp{Command: smpp.CommandBindTransceiverResp}, h.SequenceNumber); err != nil {
			t.Fatal(err)
		}
		if err := <-bound; err != nil {
			t.Fatal(err)
		}
		// The first is stuck in the system; the others wait in the queue and go out in one batch behind it.
		request := func(name string) *smppconn.Call {
			slot, err := r.conn.Reserve(r.t.Context())
			if err != nil {
				t.Fatal(err)
			}
			call, err := slot.Send(submit(name))
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return call
		}
		first, withdrawn, third, fourth := request("first"), request("withdrawn"), request("third"), request("fourth")
		gone, cancel := context.WithCancel(r.t.Context())
		cancel()
		_, err = withdrawn.Wait(gone)
		wantUnwritten(t, "withdrawn from the queue", err, context.Canceled)
		var ce *smppconn.CallError
		if _, err := first.Wait(gone); !errors.As(err, &ce) || !ce.Written {
			t.Errorf("first, given up while it was written: got %v, want perhaps written", err)
		}
		b := make([]byte, 1000)
		n, err := r.nc.Read(b) // the whole first
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, p, err := smpp.Decode(b[:n]); err != nil || string(p.(*smpp.SubmitSM).ShortMessage) != "first" {
			t.Fatalf("read %v, %v; want the first", p, err)
		}
		if _, err := r.nc.Read(b[:n/2]); err != nil { // the beginning of the third, because the second was withdrawn
			t.Fatal(err)
		}
		_ = r.nc.Close()
		if _, err := first.Late(r.t.Context()); !errors.As(err, &ce) || !ce.Written {
			t.Errorf("first: got %v, want perhaps written", err)
		}
		if _, err := third.Wait(r.t.Context()); !errors.As(err, &ce) || !ce.Written {
			t.Errorf("third, half written: got %v, want perhaps written", err)
		}
		_, err = fourth.Wait(r.t.Context())
		if !errors.As(err, &ce) || ce.Written {
			t.Errorf("fourth, not written: got %v, want proof of it", err)
		}
		if _, err := r.conn.Request(r.t.Context(), submit("after")); !errors.As(err, &ce) || ce.Written {
			t.Errorf("after the end: got %v, want proof that nothing was written", err)
		}
		if got := len(r.conn.Binding().SystemID); got == 0 {
			t.Error("the binding is forgotten")
		}
	})
}

// TestSequenceWrap: behind 0x7FFFFFFF comes 1, and no number that waits for its response is used again (fault 60).
func TestSequenceWrap(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Submit: func(n int, _ *smpp.SubmitSM) smpptest.Answer { return smpptest.Answer{Silent: n == 1} }}
	withSMSC(t, smppconn.Options{FirstSequenceNumber: smpp.MaxSequenceNumber - 1}, script, func(r *rig, _ *smpptest.SMSC) {
		var got []uint32
		for range 3 {
			slot, _ := r.conn.Reserve(r.t.Context())
			call, err := slot.Send(submit("x"))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, call.SequenceNumber())
			synctest.Wait()
		}
		if want := []uint32{smpp.MaxSequenceNumber, 1, 2}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("sequence numbers %d, want %d", got, want)
		}
	})
}

func TestEncodeError(t *testing.T) {
	t.Parallel()
	withSMSC(t, smppconn.Options{Window: 1}, smpptest.Script{}, func(r *rig, _ *smpptest.SMSC) {
		bad := submit("x")
		bad.DestinationAddr = "a number that is far too long for its field"
		_, err := r.conn.Request(r.t.Context(), bad)
		wantUnwritten(t, "a field that is too long", err, smpp.ErrTooLong)
		if _, err := r.conn.Request(r.t.Context(), submit("good")); err != nil {
			t.Errorf("the next one: %v; want the slot free again", err)
		}
	})
}
