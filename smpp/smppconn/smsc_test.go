package smppconn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
	"github.com/smsir/smsir/smpp/smpptest"
)

// TestNasty: what a peer may send, before and after the bind, and how it is answered. An empty want is silence.
func TestNasty(t *testing.T) {
	t.Parallel()
	header := func(length, command, sequence uint32) []byte {
		return smpp.Header{CommandLength: length, CommandID: smpp.CommandID(command), SequenceNumber: sequence}.Append(nil)
	}
	encode := func(p smpp.PDU, sequence uint32) []byte {
		b, err := p.AppendPDU(nil, sequence)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	torn := append(header(60, uint32(smpp.CommandSubmitSM), 9), make([]byte, 44)...)
	torn[16+2+13] = 0x41                                                                            // rubbish on the way
	noNUL := append(header(40, uint32(smpp.CommandQuerySM), 9), []byte(strings.Repeat("A", 24))...) // a C-octet string without end
	for name, c := range map[string]struct {
		before bool // the bind
		send   []byte
		want   string // command, status, sequence
		closes error  // nil if the session goes on
	}{
		"length 0":              {before: true, send: header(0, 4, 9), want: "generic_nack ESME_RINVCMDLEN 9", closes: smpp.ErrLength},
		"length 7":              {send: header(7, 4, 9), want: "generic_nack ESME_RINVCMDLEN 9", closes: smpp.ErrLength},
		"length 15":             {send: header(15, 4, 9), want: "generic_nack ESME_RINVCMDLEN 9", closes: smpp.ErrLength},
		"length 2^32-1":         {send: header(0xFFFFFFFF, 4, 9), want: "generic_nack ESME_RINVCMDLEN 9", closes: smpp.ErrLength},
		"length 64 KiB + 1":     {send: header(64<<10+1, 4, 9), want: "generic_nack ESME_RINVCMDLEN 9", closes: smpp.ErrLength},
		"257 before the bind":   {before: true, send: header(257, 9, 9), want: "generic_nack ESME_RINVCMDLEN 9", closes: smpp.ErrLength},
		"HTTP":                  {before: true, send: []byte("GET / HTTP/1.1\r\n\r\n"), want: "generic_nack ESME_RINVCMDLEN 774966538", closes: smpp.ErrLength},
		"a TLS hello":           {before: true, send: append([]byte{0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3}, make([]byte, 40)...), want: "generic_nack ESME_RINVCMDLEN 0", closes: smpp.ErrLength},
		"unknown command":       {send: header(16, 0x99, 9), want: "generic_nack ESME_RINVCMDID 9"},
		"unknown response":      {send: header(16, 0x80000099, 9)},
		"response to nothing":   {send: encode(&smpp.SubmitSMResp{MessageID: "1"}, 9)},
		"nack to nothing":       {send: encode(&smpp.GenericNack{CommandStatus: smpp.RSYSERR}, 0)},
		"submit before bind":    {before: true, send: encode(submit("x"), 9), want: "submit_sm_resp ESME_RINVBNDSTS 9"},
		"enquire before bind":   {before: true, send: encode(&smpp.EnquireLink{}, 9), want: "enquire_link_resp ESME_ROK 9"},
		"unbind before bind":    {before: true, send: encode(&smpp.Unbind{}, 9), want: "unbind_resp ESME_RINVBNDSTS 9"},
		"bind twice":            {send: encode(bind(smpp.CommandBindTransmitter), 9), want: "bind_transmitter_resp ESME_RALYBND 9"},
		"deliver_sm by an ESME": {send: encode(&smpp.DeliverSM{}, 9), want: "generic_nack ESME_RINVCMDID 9"},
		"sequence 0":            {send: encode(submit("x"), 0), want: "submit_sm_resp ESME_ROK 0"},
		"sequence 0x80000000":   {send: encode(submit("x"), 0x80000000), want: "submit_sm_resp ESME_ROK 2147483648"},
		"rubbish in submit_sm":  {send: torn, want: "submit_sm_resp ESME_RINVOPTPARSTREAM 9"},
		"no NUL":                {send: noNUL, want: "query_sm_resp ESME_RINVMSGID 9"},
		"outbind by an ESME":    {send: encode(&smpp.Outbind{}, 9)},
		"broadcast_sm":          {send: header(16, uint32(smpp.CommandBroadcastSM), 9), want: "generic_nack ESME_RINVCMDID 9"},
	} {
		withESME(t, smppconn.Options{}, func(r *rig, e *smpptest.ESME) {
			if !c.before {
				if err := e.Bind(smpp.CommandBindTransceiver, "a", "b"); err != nil {
					t.Fatal(err)
				}
			}
			got := make(chan string, 1)
			go func() {
				h, p, err := e.Read()
				resp, ok := p.(smpp.Response)
				switch {
				case err != nil:
					got <- "closed"
				case ok:
					got <- fmt.Sprintf("%s %s %d", h.CommandID, resp.Status(), h.SequenceNumber)
				default:
					got <- fmt.Sprintf("%s %d", h.CommandID, h.SequenceNumber)
				}
			}()
			if err := e.Write(c.send); err != nil && c.closes == nil {
				t.Errorf("%s: write: %v", name, err)
			}
			synctest.Wait()
			select {
			case answer := <-got:
				if answer != c.want {
					t.Errorf("%s: answered %q, want %q", name, answer, c.want)
				}
			default:
				if c.want != "" {
					t.Errorf("%s: no answer, want %q", name, c.want)
				}
			}
			if c.closes == nil {
				if state := r.conn.State(); state == smppconn.Closed {
					t.Errorf("%s: the session ended with %v, want it to go on", name, r.end())
				}
			} else if err := r.end(); !errors.Is(err, c.closes) {
				t.Errorf("%s: ended with %v, want %v", name, err, c.closes)
			}
		})
	}
}

// TestFaults: a peer that sends nothing but rubbish is given up.
func TestFaults(t *testing.T) {
	t.Parallel()
	withESME(t, smppconn.Options{}, func(r *rig, e *smpptest.ESME) {
		if err := e.Bind(smpp.CommandBindTransceiver, "a", "b"); err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				if _, _, err := e.Read(); err != nil {
					return
				}
			}
		}()
		bad := smpp.Header{CommandLength: 16, CommandID: 0x99, SequenceNumber: 1}.Append(nil)
		for e.Write(bad) == nil {
		}
		if err := r.end(); !errors.Is(err, smppconn.ErrFaults) {
			t.Errorf("ended with %v, want %v", err, smppconn.ErrFaults)
		}
	})
}

// TestModes: a receiver submits nothing, and a transmitter gets nothing.
func TestModes(t *testing.T) {
	t.Parallel()
	withESME(t, smppconn.Options{}, func(r *rig, e *smpptest.ESME) {
		if err := e.Bind(smpp.CommandBindReceiver, "a", "b"); err != nil {
			t.Fatal(err)
		}
		if resp, err := e.Call(submit("x"), nil); err != nil || resp.Status() != smpp.RINVBNDSTS {
			t.Errorf("submit_sm by a receiver: %v, %v; want RINVBNDSTS", resp, err)
		}
	})
	withESME(t, smppconn.Options{}, func(r *rig, e *smpptest.ESME) {
		if err := e.Bind(smpp.CommandBindTransmitter, "a", "b"); err != nil {
			t.Fatal(err)
		}
		_, err := r.conn.Request(r.t.Context(), &smpp.DeliverSM{})
		wantUnwritten(t, "deliver_sm to a transmitter", err, smppconn.ErrState)
	})
}

func TestBindRefusedByUs(t *testing.T) {
	t.Parallel()
	o := smppconn.Options{OnBind: func(context.Context, *smppconn.Conn, *smpp.Bind) *smpp.BindResp {
		return &smpp.BindResp{CommandStatus: smpp.RBINDFAIL}
	}}
	withESME(t, o, func(r *rig, e *smpptest.ESME) {
		resp, err := e.Call(bind(smpp.CommandBindTransceiver), nil)
		if err != nil || resp.Status() != smpp.RBINDFAIL {
			t.Errorf("got %v, %v; want RBINDFAIL", resp, err)
		}
		if err := r.end(); !errors.Is(err, smppconn.ErrBindRefused) {
			t.Errorf("ended with %v, want %v", err, smppconn.ErrBindRefused)
		}
	})
}

// TestPeerWindow: what comes beyond the window of the peer is throttled, and what is answered makes room.
func TestPeerWindow(t *testing.T) {
	t.Parallel()
	var held []*smppconn.Request
	o := smppconn.Options{PeerWindow: 2, Handle: func(_ context.Context, r *smppconn.Request) { held = append(held, r) }}
	withESME(t, o, func(r *rig, e *smpptest.ESME) {
		if err := e.Bind(smpp.CommandBindTransceiver, "a", "b"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := e.Send(submit("x")); err != nil {
				t.Fatal(err)
			}
		}
		if resp, err := e.Call(submit("x"), nil); err != nil || resp.Status() != smpp.RTHROTTLED {
			t.Errorf("the third: %v, %v; want RTHROTTLED", resp, err)
		}
		for i, h := range held {
			if err := h.Respond(&smpp.SubmitSMResp{MessageID: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
			if err := h.Respond(&smpp.SubmitSMResp{}); !errors.Is(err, smppconn.ErrAnswered) {
				t.Errorf("second response: %v, want %v", err, smppconn.ErrAnswered)
			}
			if _, _, err := e.Read(); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if got := r.conn.Stats(); got.Due != 0 || got.Throttled != 1 {
			t.Errorf("%d due, %d throttled; want 0 and 1", got.Due, got.Throttled)
		}
	})
}

// TestChunks: PDUs arrive however the network cuts them.
func TestChunks(t *testing.T) {
	t.Parallel()
	for _, chunk := range []int{1, 3, 17, 1000} {
		withESME(t, smppconn.Options{}, func(r *rig, e *smpptest.ESME) {
			e.Chunk = chunk
			if err := e.Bind(smpp.CommandBindTransceiver, "a", "b"); err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				if resp, err := e.Call(submit(fmt.Sprint(i)), nil); err != nil || resp.Status() != smpp.ROK {
					t.Errorf("chunks of %d: %v, %v", chunk, resp, err)
				}
			}
		})
	}
}

// TestTrace: every PDU is told, and no secret is.
func TestTrace(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var all []smppconn.Trace
	o := smppconn.Options{Trace: func(tr smppconn.Trace) {
		mu.Lock()
		all = append(all, tr)
		mu.Unlock()
	}}
	withSMSC(t, o, smpptest.Script{}, func(r *rig, s *smpptest.SMSC) {
		m := submit("the secret")
		m.TLVs.Add(0x1400, []byte("kept"))
		long := submit("")
		long.TLVs.SetMessagePayload([]byte("the secret"))
		for _, p := range []smpp.PDU{m, long} {
			if _, err := r.conn.Request(r.t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range []smpp.PDU{
			&smpp.DeliverSM{ShortMessage: []byte("the secret")},
			&smpp.DeliverSM{ESMClass: smpp.TypeDeliveryReceipt, ShortMessage: []byte("id:1 stat:DELIVRD text:the secret")},
		} {
			if err := s.Deliver(p); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		var wire []string
		for _, tr := range all {
			if tr.Err != nil || int(tr.Header.CommandLength) != len(tr.Octets) {
				t.Errorf("%s: error %v, %d octets, want %d", tr.Header.CommandID, tr.Err, len(tr.Octets), tr.Header.CommandLength)
			}
			wire = append(wire, fmt.Sprintf("%s %v %s", tr.Header.CommandID, tr.Sent, tr.Octets))
		}
		joined := strings.Join(wire, "\n")
		for _, hidden := range []string{"password", "secret"} {
			if strings.Contains(joined, hidden) {
				t.Errorf("the trace shows %q:\n%q", hidden, joined)
			}
		}
		for _, shown := range []string{"bind_transceiver true", "submit_sm true", "submit_sm_resp false", "12025550100", "kept", "id:1 stat:DELIVRD text:**"} {
			if !strings.Contains(joined, shown) {
				t.Errorf("the trace lacks %q:\n%q", shown, joined)
			}
		}
	})
}

// TestUnreadResponses: a peer that reads nothing stops being read, and is given up when the write timer ends.
func TestUnreadResponses(t *testing.T) {
	t.Parallel()
	withESME(t, smppconn.Options{MaxUnsent: 1000}, func(r *rig, e *smpptest.ESME) {
		if err := e.Bind(smpp.CommandBindTransceiver, "a", "b"); err != nil {
			t.Fatal(err)
		}
		sent := make(chan int)
		go func() {
			n := 0
			for ; e.SendAs(submit("x"), 1) == nil; n++ {
			}
			sent <- n
		}()
		err := r.end()
		if n := <-sent; err == nil || n > 200 {
			t.Errorf("ended with %v after %d PDUs, want an error and at most 200", err, n)
		}
	})
}

func TestRunEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		c := smppconn.New(near, smppconn.Options{Role: smppconn.SMSC})
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		time.Sleep(time.Second) //nolint:forbidigo // in a bubble
		cancel()
		if err := <-ended; !errors.Is(err, smppconn.ErrClosed) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v because of %v", err, smppconn.ErrClosed, context.Canceled)
		}
		_ = far.Close()
	})
}
