package simulator

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

func benchSubmission(n int64) smsir.Submission {
	return smsir.Submission{
		Attempt: smsir.ID(n<<12 + 1), Message: smsir.ID(n<<12 + 2), To: "+447700900102", From: "+12025550142",
		Text: "A text of ordinary length, as people send it all day.", Segments: 1,
	}
}

// BenchmarkSend measures submissions per second with a window of 512, each synced to disk before its answer; answers
// take their ordinary 20 to 80 ms.
func BenchmarkSend(b *testing.B) {
	c, err := OpenCarrier(filepath.Join(b.TempDir(), LedgerName), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	p, err := Kind(c).Open(smsir.ProviderConfig{ID: rigProvider()})
	if err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	b.SetParallelism(256)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := p.Send(b.Context(), benchSubmission(n.Add(1))); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submissions/s")
}

// BenchmarkOpen measures opening a ledger of 100,000 lines, of which 1,000 are owed.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), LedgerName)
	c, err := OpenCarrier(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	u := &upstream{carrier: c, id: rigProvider(), answer: c.opt.Answer, report: c.opt.Report}
	const messages, owed = 50_500, 1_000
	var lines []byte
	for n := range int64(messages) {
		s := benchSubmission(n + 1)
		e, _ := c.judge(u, &s)
		text, err := e.encode()
		if err != nil {
			b.Fatal(err)
		}
		lines = append(lines, text...)
		if n < messages-owed {
			ack := Entry{Kind: ReceiptEntry, At: time.Now(), Provider: e.Provider, Attempt: e.Attempt, Reference: e.Reference, Copy: 1}
			if text, err = ack.encode(); err != nil {
				b.Fatal(err)
			}
			lines = append(lines, text...)
		}
	}
	if err := c.journal.append(lines, 1, true); err != nil {
		b.Fatal(err)
	}
	if err := c.Close(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(lines)))
	for b.Loop() {
		c, err := OpenCarrier(path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if got := len(c.account(rigProvider()).owed); got != owed {
			b.Fatalf("got %d reports owed, want %d", got, owed)
		}
		_ = c.Close()
	}
}
