package smppconn_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

// BenchmarkSubmit is one connection over the loopback, both ends in this process: each iteration is a submit_sm with
// 140 octets and its response.
func BenchmarkSubmit(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		_ = smppconn.New(nc, smppconn.Options{
			Role:   smppconn.SMSC,
			OnBind: func(context.Context, *smppconn.Conn, *smpp.Bind) *smpp.BindResp { return &smpp.BindResp{} },
			Handle: func(_ context.Context, r *smppconn.Request) {
				_ = r.Respond(&smpp.SubmitSMResp{MessageID: "0123456789"})
			},
		}).Run(context.Background())
	})
	nc, err := smppconn.Dialer{}.Dial(b.Context(), l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	const window = 100
	c := smppconn.New(nc, smppconn.Options{Window: window})
	running.Go(func() { _ = c.Run(context.Background()) })
	if _, err := c.Bind(b.Context(), bind(smpp.CommandBindTransceiver)); err != nil {
		b.Fatal(err)
	}
	p := submit(string(make([]byte, 140)))
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for range window {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if resp, err := c.Request(context.Background(), p); err != nil || resp.Status() != smpp.ROK {
					b.Errorf("got %v, %v", resp, err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(2*b.N)/b.Elapsed().Seconds(), "PDU/s")
	_ = c.Unbind(context.Background())
	_ = l.Close()
	running.Wait()
}
