package simulator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/smsir/smsir"
)

// faultyFile is a ledger's file that can be made to fail, or to stand still.
type faultyFile struct {
	*os.File
	mu       sync.Mutex
	write    error // after half of the bytes
	sync     error
	truncate error
	syncs    int
	syncing  chan struct{} // told when a sync begins; nil: syncs pass
	pass     chan struct{} // lets one sync end
}

func (f *faultyFile) fail(write, sync, truncate error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.write, f.sync, f.truncate = write, sync, truncate
}

func (f *faultyFile) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.write != nil {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, f.write
	}
	return f.File.Write(b)
}

func (f *faultyFile) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.syncs++
	if f.syncing != nil {
		f.syncing <- struct{}{}
		<-f.pass
	}
	if f.sync != nil {
		return f.sync
	}
	return f.File.Sync()
}

func (f *faultyFile) Truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.truncate != nil {
		return f.truncate
	}
	return f.File.Truncate(size)
}

// faulty puts a faulty file under a rig's carrier.
func (r *rig) faulty() *faultyFile {
	f := &faultyFile{File: r.c.journal.file.(*os.File)}
	r.c.journal.file = f
	return f
}

var errDisk = errors.New("no space left on device")

// TestLedgerCannotBeWritten: what cannot be written was not taken, is not counted, and leaves no trace.
func TestLedgerCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		write, sync error
	}{{"write", errDisk, nil}, {"sync", nil, errDisk}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Options{})
				f := r.faulty()
				s, retried := r.submission(number(0)), r.submission(number(5))
				f.fail(c.write, c.sync, nil)
				for _, s := range []smsir.Submission{s, retried} {
					if got := r.send(s); got.err.State != smsir.AttemptNotSent || got.err.Class != smsir.ClassRetry || !errors.Is(&got.err, errDisk) {
						t.Errorf("Send(%s) with a full disk: got %+v, want not_sent of class retry because of %v", s.To, got, errDisk)
					}
				}
				f.fail(nil, nil, nil)
				if got := r.query(s); got.Verdict != smsir.VerdictNotAccepted {
					t.Errorf("status query: got verdict %d, want %d", got.Verdict, smsir.VerdictNotAccepted)
				}
				if got := r.send(r.again(retried)); got.err.State != smsir.AttemptRefused {
					t.Errorf("next attempt to %s: got %+v, want it refused, as the first that was taken notice of", retried.To, got)
				}
				if got := r.send(s); !got.accepted {
					t.Errorf("Send with room on the disk again: got %+v, want it accepted", got)
				}
				if got := len(r.entries()); got != 2 {
					t.Errorf("got %d entries, want 2", got)
				}
				k := &sink{}
				r.restart()
				stop := r.run(k)
				time.Sleep(time.Minute)
				stop()
				if len(k.receipts) != 1 {
					t.Errorf("got %d receipts, want 1", len(k.receipts))
				}
			})
		})
	}
}

// TestLedgerOutOfOrder: where a failed write cannot be taken back, nobody knows whether the message was taken; and
// nothing more is taken.
func TestLedgerOutOfOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		f := r.faulty()
		f.fail(nil, errDisk, errDisk)
		if got := r.send(r.submission(number(0))); got.err.State != smsir.AttemptUnknown || got.err.Class != smsir.ClassUnknown {
			t.Errorf("Send with a ledger that cannot be mended: got %+v, want unknown", got)
		}
		f.fail(nil, nil, nil)
		s := r.submission(number(0))
		if got := r.send(s); got.err.State != smsir.AttemptNotSent {
			t.Errorf("Send after that: got %+v, want not_sent", got)
		}
		if got, err := r.p.QueryStatus(t.Context(), smsir.StatusQuery{Attempt: s.Attempt, To: s.To}); err == nil {
			t.Errorf("QueryStatus after that: got %+v, want an error", got)
		}
	})
}

// TestGroupCommit: submissions that come while one is being synced share the next sync.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.p = r.provider(rigProvider(), map[string]string{settingAnswer: "0"})
	f := r.faulty()
	f.syncing, f.pass = make(chan struct{}), make(chan struct{})
	const others = 99
	var all sync.WaitGroup
	send := func() {
		all.Go(func() {
			if got := r.send(r.submission("+447700900100")); !got.accepted {
				t.Errorf("got %+v, want it accepted", got)
			}
		})
	}
	send()
	<-f.syncing
	for range others {
		send()
	}
	waitFor(t, "all others stand in one batch", func() bool {
		r.c.journal.mu.Lock()
		defer r.c.journal.mu.Unlock()
		return r.c.journal.open != nil && strings.Count(string(r.c.journal.open.lines), "\n") == others
	})
	f.pass <- struct{}{}
	<-f.syncing
	f.pass <- struct{}{}
	all.Wait()
	if f.syncs != 2 {
		t.Errorf("got %d syncs for %d submissions, want 2", f.syncs, others+1)
	}
	if got := len(r.entries()); got != others+1 {
		t.Errorf("got %d entries, want %d", got, others+1)
	}
}

// TestQueryWaitsForTheLedger: a status query never says "not accepted" of what is just being written.
func TestQueryWaitsForTheLedger(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.p = r.provider(rigProvider(), map[string]string{settingAnswer: "0"})
	f := r.faulty()
	f.syncing, f.pass = make(chan struct{}), make(chan struct{})
	s := r.submission(number(0))
	var both sync.WaitGroup
	both.Go(func() { r.send(s) })
	<-f.syncing
	both.Go(func() {
		if got := r.query(s); got.Verdict != smsir.VerdictAccepted {
			t.Errorf("status query while the submission is being written: got verdict %d, want %d", got.Verdict, smsir.VerdictAccepted)
		}
	})
	waitFor(t, "the query waits", func() bool {
		r.c.journal.mu.Lock()
		defer r.c.journal.mu.Unlock()
		return r.c.journal.open != nil
	})
	f.pass <- struct{}{}
	both.Wait()
}

// waitFor polls until cond holds.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// TestQueriesFarBack: a status query finds an attempt anywhere in a long ledger, before and after a restart, through
// an index that stays small.
func TestQueriesFarBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		const batches, each = 40, 100
		sent := make([]smsir.Submission, 0, batches*each)
		references := make([]string, batches*each)
		for range batches {
			var all sync.WaitGroup
			for range each {
				i, s := len(sent), r.submission("+447700900101")
				sent = append(sent, s)
				all.Go(func() { references[i] = r.send(s).reference })
			}
			all.Wait()
		}
		absent := r.submission("+447700900101")
		for _, when := range []string{"before a restart", "after a restart"} {
			if got, most := len(r.c.journal.blocks), int(r.c.journal.size/blockSize)+1; got < 4 || got > most {
				t.Errorf("%s: got %d spans for %d bytes, want 4 to %d", when, got, r.c.journal.size, most)
			}
			for i := 0; i < len(sent); i += 97 {
				if got := r.query(sent[i]); got.Verdict != smsir.VerdictAccepted || got.References[0] != references[i] {
					t.Errorf("%s: status query about submission %d of %d: got %+v, want it accepted as %q", when, i, len(sent), got, references[i])
				}
			}
			if got := r.query(absent); got.Verdict != smsir.VerdictNotAccepted {
				t.Errorf("%s: status query about an attempt that never came: got verdict %d, want %d", when, got.Verdict, smsir.VerdictNotAccepted)
			}
			r.restart()
		}
	})
}

// TestCounterIsBounded: the memory keeps the most recent ids and no more.
func TestCounterIsBounded(t *testing.T) {
	t.Parallel()
	c := newCounter(10)
	for id := smsir.ID(1); id <= 100; id++ {
		c.add(id)
		c.add(id)
		c.drop(id)
	}
	if len(c.counts) != 10 {
		t.Errorf("got %d ids in memory, want 10", len(c.counts))
	}
	for _, q := range []struct {
		id   smsir.ID
		want int
	}{{90, 0}, {91, 1}, {100, 1}} {
		if got := c.count(q.id); got != q.want {
			t.Errorf("count of id %d: got %d, want %d", q.id, got, q.want)
		}
	}
}

// TestLineRoundTrip: decode reads what encode wrote, and scanning for a key agrees with it, whatever the texts say.
func TestLineRoundTrip(t *testing.T) {
	t.Parallel()
	nasty := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		`"reference":"x"`, `","reference":"x`, `\","reference":"x`, `"owes":7`, `}`, "\n", `"attempt":"att_0000000000009"`, `\`,
	}))
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "at")).UTC()
		e := Entry{
			Kind: SubmissionEntry, At: at, Provider: rigProvider(), Attempt: smsir.ID(rapid.Int64Range(1, 1<<62).Draw(t, "attempt")),
			Message: 5, Reference: "sim-0123456789abcdef", To: clip(nasty.Draw(t, "to")), From: clip(nasty.Draw(t, "from")),
			TextSHA256: strings.Repeat("0a", 32), TextLength: 4, Encoding: "ucs2", Segments: 2, Verdict: Accepted, Owes: rapid.IntRange(1, 9).Draw(t, "owes"),
			Report: smsir.Undelivered, ReportAt: at.Add(time.Second), Copies: 3, ReplyAt: at.Add(2 * time.Second), ReplyText: nasty.Draw(t, "reply"),
			AnswerAfter: 30 * time.Millisecond, Silent: rapid.Bool().Draw(t, "silent"), InboundReference: "sim-in-1",
		}
		line, err := e.encode()
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(line), "\n"); n != 1 || len(line) > maxLine {
			t.Fatalf("got %d newlines in %d bytes %q, want one, at most %d bytes", n, len(line), line, maxLine)
		}
		got, err := decode(line)
		if err != nil || got != e {
			t.Fatalf("decode(encode(e)): got %+v, error %v, want %+v", got, err, e)
		}
		text := line[:len(line)-1]
		scanned := fmt.Sprint(kindOf(text), valueOf(text, "attempt"), valueOf(text, "reference"), valueOf(text, "verdict"), countOf(text, "owes"))
		want := fmt.Sprint(e.Kind, e.Attempt.Format(smsir.PrefixAttempt), e.Reference, e.Verdict, e.Owes)
		if scanned != want {
			t.Fatalf("scanning %q: got %s, want %s", text, scanned, want)
		}
	})
}
