package simulator

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
)

// TestRestart: a carrier that is closed in the middle and opened again hands in what it still owes, exactly, and has
// forgotten neither what it took nor what it refused.
func TestRestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{Seed: 11})
		first := &sink{}
		stop := r.run(first)
		var sent []smsir.Submission
		for _, nn := range []int{0, 2, 3, 7, 8, 10, 11, 50, 5, 6} {
			sent = append(sent, r.submission(number(nn)))
		}
		owed := map[int]int{0: 1, 1: 1, 2: 1, 3: 1, 4: 0, 5: 3, 6: 1, 7: 1, 8: 0, 9: 0}
		answers := make([]outcome, len(sent))
		for i, s := range sent {
			answers[i] = r.send(s)
		}
		thrice := sent[5]
		for len(first.of(thrice.Attempt)) == 0 { // into the middle of the three receipts
			time.Sleep(50 * time.Millisecond)
		}
		stop()
		before := len(first.receipts)

		r.restart()
		second := &sink{}
		stop = r.run(second)
		time.Sleep(time.Hour)
		stop()
		if before == 0 || len(second.receipts) == 0 {
			t.Fatalf("got %d receipts before the restart and %d after it: the test looks at the wrong moment", before, len(second.receipts))
		}
		for i, s := range sent {
			got := append(first.of(s.Attempt), second.of(s.Attempt)...)
			if len(got) != owed[i] {
				t.Errorf("message to %s: got %d receipts before and after the restart, want %d", s.To, len(got), owed[i])
			}
			for _, g := range got {
				if g.DoneAt != got[0].DoneAt || g.Raw != got[0].Raw || answers[i].reference != "" && g.Reference != answers[i].reference {
					t.Errorf("message to %s: got receipts %+v and %+v, want them alike, with reference %q", s.To, got[0], g, answers[i].reference)
				}
			}
		}
		if got := len(first.inbounds) + len(second.inbounds); got != 1 {
			t.Errorf("got %d replies, want 1", got)
		}
		for i, want := range []smsir.Verdict{1, 1, 1, 1, smsir.VerdictUnknown, 1, 1, 1, smsir.VerdictNotAccepted, smsir.VerdictNotAccepted} {
			got := r.query(sent[i])
			if got.Verdict != want || want == smsir.VerdictAccepted && answers[i].reference != "" && got.References[0] != answers[i].reference {
				t.Errorf("message to %s: got %+v from a status query, want verdict %d and reference %q", sent[i].To, got, want, answers[i].reference)
			}
		}
		if got := r.send(r.again(sent[8])); !got.accepted {
			t.Errorf("second attempt to %s after a restart: got %+v, want it accepted", sent[8].To, got)
		}
		throttled := r.again(sent[9])
		if got := r.send(throttled); got.err.Class != smsir.ClassThrottle {
			t.Errorf("second attempt to %s after a restart: got %+v, want it throttled", throttled.To, got)
		}
		if got := r.send(r.again(sent[9])); !got.accepted {
			t.Errorf("third attempt to %s: got %+v, want it accepted", throttled.To, got)
		}
	})
}

// TestAcknowledgedIsNotHandedInAgain: whatever the moment of the restart, each report is acknowledged exactly once.
func TestAcknowledgedIsNotHandedInAgain(t *testing.T) {
	t.Parallel()
	for after := 0; after <= 4000; after += 250 {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Options{Seed: uint64(after)})
			s := r.submission(number(10))
			k := &sink{}
			stop := r.run(k)
			r.send(s)
			time.Sleep(time.Duration(after) * time.Millisecond)
			stop()
			r.restart()
			stop = r.run(k)
			time.Sleep(time.Minute)
			stop()
			if got := len(k.of(s.Attempt)); got != 3 {
				t.Errorf("restart after %d ms: got %d receipts, want 3", after, got)
			}
		})
	}
}

// TestUnnotedAcknowledgement: an acknowledgement that did not reach the ledger counts as none.
func TestUnnotedAcknowledgement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		s := r.submission(number(0))
		r.send(s)
		k := &sink{}
		stop := r.run(k)
		if err := r.c.Close(); err != nil { // as if the program died before it could write
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		stop()
		r.open()
		stop = r.run(k)
		time.Sleep(time.Minute)
		stop()
		if got := k.of(s.Attempt); len(got) != 2 || got[0].Reference != got[1].Reference || got[0].DoneAt != got[1].DoneAt {
			t.Errorf("got receipts %+v, want the same one twice", got)
		}
	})
}

// TestBackoff: a sink that refuses is asked again, less and less often, until it takes the report.
func TestBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		k := &sink{refuse: func(call int) bool { return call <= 12 }}
		stop := r.run(k)
		s := r.submission(number(0))
		r.send(s)
		time.Sleep(time.Hour)
		stop()
		if len(k.calls) != 13 || len(k.of(s.Attempt)) != 1 {
			t.Fatalf("got %d calls and %d receipts, want 13 and 1", len(k.calls), len(k.of(s.Attempt)))
		}
		want := 250 * time.Millisecond
		for i := 1; i < len(k.calls); i++ {
			if got := k.calls[i].Sub(k.calls[i-1]); !(Range{want * 4 / 5, want * 6 / 5}).holds(got) {
				t.Errorf("call %d came %v after the one before, want %v ±20 %%", i+1, got, want)
			}
			want = min(want*2, 30*time.Second)
		}
	})
}

// TestTooOldToReport: after seven days a report is not handed in any more, whether the carrier ran or not.
func TestTooOldToReport(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Options{})
			r.send(r.submission(number(0)))
			time.Sleep(reportLife)
			young := r.submission(number(0))
			r.send(young)
			time.Sleep(time.Minute)
			if restart {
				r.restart()
				if got := len(r.p.account.owed); got != 1 {
					t.Errorf("got %d reports in memory after a restart, want 1", got)
				}
			}
			k := &sink{}
			stop := r.run(k)
			time.Sleep(time.Minute)
			stop()
			if len(k.receipts) != 1 || len(k.of(young.Attempt)) != 1 {
				t.Errorf("restart %v: got receipts %+v, want only the one about the younger message", restart, k.receipts)
			}
		})
	}
}

// TestTwoRuns: two Runs of one provider, as when its settings change, lose and double nothing.
func TestTwoRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		k := &sink{}
		stop := r.run(k)
		var sent []smsir.Submission
		for range 20 {
			s := r.submission(number(0))
			sent = append(sent, s)
			r.send(s)
			if len(sent) == 10 {
				old := stop
				r.p = r.provider(rigProvider(), map[string]string{settingSeed: "4"})
				stop = r.run(k)
				old()
			}
		}
		time.Sleep(time.Minute)
		stop()
		for _, s := range sent {
			if got := len(k.of(s.Attempt)); got != 1 {
				t.Errorf("attempt %d: got %d receipts, want 1", s.Attempt, got)
			}
		}
	})
}

// TestWakeUpIsHandedOn: of two Runs the one that was woken ends; the other hands in what that one was woken for.
func TestWakeUpIsHandedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		k := &sink{}
		stopFirst := r.run(k)
		synctest.Wait()
		stopSecond := r.run(k)
		synctest.Wait()
		s := r.submission(number(0))
		r.send(s) // wakes the one that has waited longer
		synctest.Wait()
		stopFirst()
		time.Sleep(time.Minute)
		stopSecond()
		if got := len(k.of(s.Attempt)); got != 1 {
			t.Errorf("got %d receipts, want 1", got)
		}
	})
}

// TestProvidersAreApart: a provider neither gets the reports of another nor learns what became of its attempts.
func TestProvidersAreApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		s := r.submission(number(0))
		r.send(s)
		r.p = r.provider(smsir.UUID{15: 9}, nil)
		k := &sink{}
		stop := r.run(k)
		time.Sleep(time.Minute)
		stop()
		if len(k.receipts) != 0 {
			t.Errorf("another provider got receipts %+v, want none", k.receipts)
		}
		if got := r.query(s); got.Verdict != smsir.VerdictNotAccepted {
			t.Errorf("another provider asked: got verdict %d, want %d", got.Verdict, smsir.VerdictNotAccepted)
		}
	})
}

// TestTornLine: what was being written when the program was killed is cut off, and said; nothing else changes.
func TestTornLine(t *testing.T) {
	t.Parallel()
	for _, torn := range []string{
		`{"kind":"submission","at":"2026-01-02T03:04:05.000Z","prov`,
		"{", strings.Repeat("\x00", 4096), strings.Repeat("x", 3*maxLine),
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Options{})
			s := r.submission(number(0))
			r.send(s)
			whole, err := os.ReadFile(r.path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(r.path, append(bytes.Clone(whole), torn...), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := len(r.entries()); got != 1 {
				t.Errorf("tail of %d bytes: got %d entries from ReadLedger, want 1", len(torn), got)
			}
			var log bytes.Buffer
			r.opt.Log = slog.New(slog.NewTextHandler(&log, nil))
			r.restart()
			if got, err := os.ReadFile(r.path); err != nil || !bytes.Equal(got, whole) {
				t.Errorf("tail of %d bytes: got a ledger of %d bytes, error %v, want the %d bytes before it", len(torn), len(got), err, len(whole))
			}
			if !strings.Contains(log.String(), "cut off a torn last line") {
				t.Errorf("got log %q, want it to tell of the torn line", log.String())
			}
			if got := r.send(r.submission(number(0))); !got.accepted {
				t.Errorf("after a torn line: got %+v, want it accepted", got)
			}
			k := &sink{}
			stop := r.run(k)
			time.Sleep(time.Minute)
			stop()
			if len(k.receipts) != 2 || len(k.of(s.Attempt)) != 1 {
				t.Errorf("after a torn line: got %d receipts, want 2", len(k.receipts))
			}
		})
	}
}

// TestDamagedLine: a whole line that is none of the ledger's is not passed over.
func TestDamagedLine(t *testing.T) {
	t.Parallel()
	const good = `{"kind":"receipt","at":"2026-01-02T03:04:05.000Z","provider":"","attempt":"att_0000000000001","reference":"sim-1","copy":1}` + "\n"
	for _, damage := range []string{
		"\n", "{}\n", "\x00\x00\n", `{"kind":"refund","attempt":""}` + "\n", `{"kind":"submission","attempt":"att_1"}` + "\n",
		`{"kind":"submission","at":"x` + "\n",
		`{"kind":"submission","at":"yesterday","attempt":"att_0000000000001","reference":"sim-1","verdict":"accepted","owes":1}` + "\n",
	} {
		path := t.TempDir() + "/" + LedgerName
		if err := os.WriteFile(path, []byte(good+damage), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := OpenCarrier(path, Options{})
		var found *DamageError
		if !errors.As(err, &found) || found.Line != 2 || found.Path != path {
			t.Errorf("OpenCarrier with line 2 %q: got carrier %v, error %v, want a *DamageError for line 2", damage, c != nil, err)
		}
		var errs []error
		n := 0
		for _, err := range ReadLedger(path) {
			n++
			if err != nil {
				errs = append(errs, err)
			}
		}
		if n != 2 || len(errs) != 1 || !errors.As(errs[0], &found) || found.Line != 2 {
			t.Errorf("ReadLedger with line 2 %q: got %d steps with errors %v, want one entry and a *DamageError for line 2", damage, n, errs)
		}
	}
}

// TestDeterminism: the same seed and submissions give the same ledger, byte for byte; another seed another.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	play := func(seed uint64) (ledger []byte) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Options{Seed: seed})
			stop := r.run(&sink{refuse: func(call int) bool { return call%5 == 0 }})
			for nn := range 30 {
				s := r.submission(number(nn))
				for range 3 {
					if r.send(s).accepted {
						break
					}
					s = r.again(s)
				}
			}
			time.Sleep(time.Hour)
			stop()
			var err error
			if ledger, err = os.ReadFile(r.path); err != nil {
				t.Fatal(err)
			}
		})
		return ledger
	}
	first, second, other := play(1), play(1), play(2)
	if !bytes.Equal(first, second) {
		t.Errorf("two carriers with the same seed wrote different ledgers:\n%s\n%s", first, second)
	}
	if bytes.Equal(first, other) || len(first) == 0 {
		t.Errorf("two carriers with different seeds wrote the same ledger of %d bytes", len(first))
	}
}

// TestOrderDoesNotMatter: what becomes of an attempt does not depend on what else was submitted before.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	plans := func(backwards bool) map[smsir.ID]string {
		got := map[smsir.ID]string{}
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Options{Seed: 6})
			var all []smsir.Submission
			for range 20 {
				all = append(all, r.submission(number(11)))
			}
			if backwards {
				slices.Reverse(all)
			}
			for _, s := range all {
				r.send(s)
			}
			for _, e := range r.entries() {
				got[e.Attempt] = e.Reference + " " + e.AnswerAfter.String() + " " + e.ReportAt.Sub(e.At).String() + " " + e.ReplyAt.Sub(e.At).String()
			}
		})
		return got
	}
	forwards, backwards := plans(false), plans(true)
	for attempt, want := range forwards {
		if got := backwards[attempt]; got != want {
			t.Errorf("attempt %d: submitted in another order got %q, want %q", attempt, got, want)
		}
	}
	if len(forwards) != 20 {
		t.Errorf("got %d attempts, want 20", len(forwards))
	}
}
