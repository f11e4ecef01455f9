package smsc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// carrierSide is a scripted carrier at the end of a dialer in memory.
type carrierSide struct {
	smsc     *smpptest.SMSC
	contacts atomic.Int64
	down     atomic.Bool
	all      sync.WaitGroup
}

func newCarrierSide(t testing.TB, script smpptest.Script) *carrierSide {
	far := &carrierSide{smsc: smpptest.NewSMSC(script)}
	t.Cleanup(func() {
		far.smsc.Close()
		far.all.Wait()
	})
	return far
}

func (far *carrierSide) dial(context.Context, string) (net.Conn, error) {
	if far.down.Load() {
		return nil, errors.New("connection refused")
	}
	far.contacts.Add(1)
	here, there := net.Pipe()
	far.all.Go(func() {
		pprof.SetGoroutineLabels(context.Background()) // the carrier is no part of the adapter
		far.smsc.Serve(there)
	})
	return here, nil
}

func (far *carrierSide) options() options {
	return options{dial: far.dial, jitter: func() float64 { return 0.5 }, patient: 5 * time.Second}
}

func settings(change ...string) map[string]string {
	s := map[string]string{settingAddress: "smpp.example.net:2775", settingSystemID: "smsir", settingPassword: strings.Repeat("p", 8)}
	for i := 0; i+1 < len(change); i += 2 {
		s[change[i]] = change[i+1]
	}
	return s
}

// reports keeps what the adapter hands in, and refuses as often as it is told to.
type reports struct {
	mu       sync.Mutex
	refuse   int
	receipts []smsir.Receipt
	inbound  []smsir.Inbound
}

var errStore = errors.New("the store is down")

func (s *reports) Receipt(_ context.Context, r smsir.Receipt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse > 0 {
		s.refuse--
		return errStore
	}
	s.receipts = append(s.receipts, r)
	return nil
}

// count is how many receipts came.
func (s *reports) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.receipts)
}

func (s *reports) Inbound(_ context.Context, in smsir.Inbound) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse > 0 {
		s.refuse--
		return errStore
	}
	s.inbound = append(s.inbound, in)
	return nil
}

// rig is the adapter in front of a scripted carrier, running, in a bubble.
type rig struct {
	t    *testing.T
	c    *carrier
	far  *carrierSide
	sink *reports
	ids  *smsir.Generator
}

func run(t *testing.T, script smpptest.Script, f func(r *rig), change ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		far := newCarrierSide(t, script)
		p, err := newKind(far.options()).Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: settings(change...)})
		if err != nil {
			t.Fatal(err)
		}
		ids, err := smsir.NewGenerator(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, c: p.(*carrier), far: far, sink: &reports{}, ids: ids}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = r.c.Run(ctx, r.sink)
		}()
		defer func() {
			cancel()
			<-done
		}()
		f(r)
	})
}

func (r *rig) submission(text string) smsir.Submission {
	s := smsir.Submission{Attempt: r.ids.Next(time.Now()), To: "+12025550100", From: "SMSir", Text: text, Validity: time.Hour}
	for _, c := range text {
		if c > 0x7F {
			s.Encoding = smsir.EncodingUCS2
		}
	}
	return s
}

// send sends and waits 60 s for the answer, as the dispatcher does.
func (r *rig) send(s smsir.Submission) (smsir.Accepted, *smsir.SendError) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	got, err := r.c.Send(ctx, s)
	var failure *smsir.SendError
	if err != nil && !errors.As(err, &failure) {
		r.t.Fatalf("Send: got %v, want a *smsir.SendError", err)
	}
	return got, failure
}

// pass lets time pass in the bubble.
func (r *rig) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func deliver(text string, change ...func(p *smpp.DeliverSM)) *smpp.DeliverSM {
	p := &smpp.DeliverSM{
		SourceAddrTON: smpp.TONInternational, SourceAddrNPI: smpp.NPIISDN, SourceAddr: "12025550101",
		DestAddrTON: smpp.TONInternational, DestAddrNPI: smpp.NPIISDN, DestinationAddr: "12025550199", ShortMessage: []byte(text),
	}
	for _, c := range change {
		c(p)
	}
	return p
}

func describe(e *smsir.SendError) string {
	if e == nil {
		return "accepted"
	}
	return fmt.Sprintf("%s %s %s", e.State, e.Class, e.Code)
}
