package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
)

func (r Range) holds(d time.Duration) bool { return r.Min <= d && d <= r.Max }

// wantAnswer is what one attempt must get.
type wantAnswer struct {
	state      smsir.AttemptState
	class      smsir.FailureClass
	code       string
	retryAfter time.Duration
	took       Range
}

func ok(took Range) wantAnswer { return wantAnswer{state: smsir.AttemptAccepted, took: took} }

func ms(from, to int) Range {
	return Range{time.Duration(from) * time.Millisecond, time.Duration(to) * time.Millisecond}
}

// TestNumbers sends to every row of the table, attempt after attempt, and compares answers, receipts and replies.
// Times of receipts count from the last attempt.
func TestNumbers(t *testing.T) {
	t.Parallel()
	ordinaryAnswer, ordinaryReport := ms(20, 80), ms(520, 3080)
	refused := wantAnswer{smsir.AttemptRefused, smsir.ClassPermanent, "refused", 0, ordinaryAnswer}
	silent := wantAnswer{smsir.AttemptUnknown, smsir.ClassUnknown, "no_answer", 0, ms(2000, 2000)}
	throttled := wantAnswer{smsir.AttemptNotSent, smsir.ClassThrottle, "throttled", time.Second, ordinaryAnswer}
	for _, c := range []struct {
		name    string
		to      string
		answers []wantAnswer
		status  smsir.Status
		stat    string // in the text of the receipt
		reports []Range
		replies []Range
		verdict smsir.Verdict
	}{
		{"00 delivered", number(0), []wantAnswer{ok(ordinaryAnswer)}, smsir.Delivered, "DELIVRD err:000", []Range{ordinaryReport}, nil, smsir.VerdictAccepted},
		{"01 slow", number(1), []wantAnswer{ok(ms(1350, 1650))}, smsir.Delivered, "DELIVRD err:000", []Range{ms(5850, 7150)}, nil, smsir.VerdictAccepted},
		{"02 undelivered", number(2), []wantAnswer{ok(ordinaryAnswer)}, smsir.Undelivered, "UNDELIV err:011", []Range{ordinaryReport}, nil, smsir.VerdictAccepted},
		{"03 expired", number(3), []wantAnswer{ok(ordinaryAnswer)}, smsir.Expired, "EXPIRED err:034", []Range{ordinaryReport}, nil, smsir.VerdictAccepted},
		{"04 refused", number(4), []wantAnswer{refused, refused, refused}, 0, "", nil, nil, smsir.VerdictNotAccepted},
		{"05 refused once", number(5), []wantAnswer{{smsir.AttemptRefused, smsir.ClassRetry, "refused", 0, ordinaryAnswer}, ok(ordinaryAnswer)}, smsir.Delivered, "DELIVRD err:000", []Range{ordinaryReport}, nil, smsir.VerdictAccepted},
		{"06 throttled twice", number(6), []wantAnswer{throttled, throttled, ok(ordinaryAnswer)}, smsir.Delivered, "DELIVRD err:000", []Range{ordinaryReport}, nil, smsir.VerdictAccepted},
		{"07 unknown, then receipt", number(7), []wantAnswer{silent}, smsir.Delivered, "DELIVRD err:000", []Range{ms(4700, 5300)}, nil, smsir.VerdictAccepted},
		{"08 unknown for ever", number(8), []wantAnswer{silent}, 0, "", nil, nil, smsir.VerdictUnknown},
		{"09 receipt before the answer", number(9), []wantAnswer{ok(ms(500, 500))}, smsir.Delivered, "DELIVRD err:000", []Range{ms(200, 200)}, nil, smsir.VerdictAccepted},
		{"10 three receipts", number(10), []wantAnswer{ok(ordinaryAnswer)}, smsir.Delivered, "DELIVRD err:000", []Range{ordinaryReport, ms(820, 3380), ms(1120, 3680)}, nil, smsir.VerdictAccepted},
		{"11 reply", number(11), []wantAnswer{ok(ordinaryAnswer)}, smsir.Delivered, "DELIVRD err:000", []Range{ordinaryReport}, []Range{ms(1420, 4180)}, smsir.VerdictAccepted},
		{"12 like any other", number(12), []wantAnswer{ok(ordinaryAnswer)}, smsir.Delivered, "DELIVRD err:000", []Range{ordinaryReport}, nil, smsir.VerdictAccepted},
		{"99 like any other", number(99), []wantAnswer{ok(ordinaryAnswer)}, smsir.Delivered, "DELIVRD err:000", []Range{ordinaryReport}, nil, smsir.VerdictAccepted},
		{"another country", "+447700900123", []wantAnswer{ok(ordinaryAnswer)}, smsir.Delivered, "DELIVRD err:000", []Range{ordinaryReport}, nil, smsir.VerdictAccepted},
		{"a longer number that starts alike", "+1202555010444", []wantAnswer{ok(ordinaryAnswer)}, smsir.Delivered, "DELIVRD err:000", []Range{ordinaryReport}, nil, smsir.VerdictAccepted},
		{"no number", "2025550100", []wantAnswer{refused}, 0, "", nil, nil, smsir.VerdictNotAccepted},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Options{Seed: 3})
				k := &sink{}
				stop := r.run(k)
				s := r.submission(c.to)
				var started time.Time
				var last outcome
				for i, want := range c.answers {
					if i > 0 {
						s = r.again(s)
					}
					started = time.Now()
					last = r.send(s)
					checkAnswer(t, s, i+1, last, want)
				}
				time.Sleep(time.Hour)
				stop()
				receipts := k.of(s.Attempt)
				if len(receipts) != len(c.reports) || len(k.receipts) != len(c.reports) {
					t.Fatalf("got %d receipts, %d of them about the last attempt, want %d", len(k.receipts), len(receipts), len(c.reports))
				}
				for i, got := range receipts {
					checkReceipt(t, s, got, last, c.status, c.stat)
					if at := got.ArrivedAt.Sub(started); !c.reports[i].holds(at) {
						t.Errorf("receipt %d came after %v, want %v", i+1, at, c.reports[i])
					}
				}
				if len(k.inbounds) != len(c.replies) {
					t.Fatalf("got %d replies, want %d", len(k.inbounds), len(c.replies))
				}
				for i, got := range k.inbounds {
					if got.From != s.To || got.To != s.From || got.Text != "Reply to: Hello, world" || got.Provider != rigProvider() || got.Reference == "" {
						t.Errorf("got reply %+v, want one from %s to %s that quotes the text", got, s.To, s.From)
					}
					if at := got.ReceivedAt.Sub(started); !c.replies[i].holds(at) {
						t.Errorf("reply came after %v, want %v", at, c.replies[i])
					}
				}
				if got := r.query(s); got.Verdict != c.verdict {
					t.Errorf("status query: got verdict %d, want %d", got.Verdict, c.verdict)
				}
			})
		})
	}
}

func checkAnswer(t *testing.T, s smsir.Submission, attempt int, got outcome, want wantAnswer) {
	t.Helper()
	if !want.took.holds(got.took) {
		t.Errorf("attempt %d to %s was answered after %v, want %v", attempt, s.To, got.took, want.took)
	}
	state := got.err.State
	if got.accepted {
		state = smsir.AttemptAccepted
		if got.reference == "" {
			t.Errorf("attempt %d to %s was accepted without a reference", attempt, s.To)
		}
	}
	if state != want.state || got.err.Class != want.class || got.err.Code != want.code || got.err.RetryAfter != want.retryAfter {
		t.Errorf("attempt %d to %s: got %v %q %q retry after %v, want %v %q %q retry after %v", attempt, s.To,
			state, got.err.Class, got.err.Code, got.err.RetryAfter, want.state, want.class, want.code, want.retryAfter)
	}
}

func checkReceipt(t *testing.T, s smsir.Submission, got smsir.Receipt, answer outcome, status smsir.Status, stat string) {
	t.Helper()
	if got.Provider != rigProvider() || got.To != s.To || got.Status != status || got.DoneAt.IsZero() || got.DoneAt.After(got.ArrivedAt) {
		t.Errorf("got receipt %+v, want one of provider %x about %s, %v, done before it arrived", got, rigProvider(), s.To, status)
	}
	if answer.reference != "" && got.Reference != answer.reference {
		t.Errorf("got a receipt with reference %q, want that of the answer, %q", got.Reference, answer.reference)
	}
	if want := "id:" + got.Reference + " sub:001 "; !strings.HasPrefix(got.Raw, want) || !strings.HasSuffix(got.Raw, " stat:"+stat+" text:") {
		t.Errorf("got raw receipt %q, want it to start with %q and to say %q", got.Raw, want, stat)
	}
	if want := networks()[s.To]; got.Network != want {
		t.Errorf("the receipt about %s names the network %q, want %q", s.To, got.Network, want)
	}
	if (got.Error == nil) != (status == smsir.Delivered) || !strings.HasSuffix(stat, got.Code) {
		t.Errorf("got error %+v and code %q with status %v, want those of %q", got.Error, got.Code, status, stat)
	}
}

// networks are those of the numbers that docs/simulator.md lists; of others none is told.
func networks() map[string]string {
	all := map[string]string{}
	for nn := range 12 {
		all[number(nn)] = []string{"00101", "00102"}[nn%2]
	}
	return all
}

// TestReceiptBeforeTheAnswer: whatever the sink does, number 09 is answered within the response timer; and behind the
// receipt, if that is taken in time.
func TestReceiptBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		late := &sink{refuse: func(call int) bool { return call < 3 }}
		stop := r.run(late)
		s := r.submission(number(9))
		started := time.Now()
		got := r.send(s)
		if receipts := late.of(s.Attempt); !got.accepted || len(receipts) != 1 || receipts[0].ArrivedAt.Sub(started) >= got.took {
			t.Errorf("sink that refuses twice: got %+v with receipts %+v, want it accepted after its receipt", got, receipts)
		}
		stop()
		if got := r.send(r.submission(number(9))); !got.accepted || got.took != earlyAnswer {
			t.Errorf("nobody to take the receipt: got %+v, want it accepted after %v", got, earlyAnswer)
		}
	})
}

// TestSlowAnswerIsNoAnswer: an answer that is set to come after the response timer does not come.
func TestSlowAnswerIsNoAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.p = r.provider(rigProvider(), map[string]string{settingAnswer: "2000", settingReport: "1000"})
		k := &sink{}
		stop := r.run(k)
		taken, refused := r.submission(number(50)), r.submission(number(4))
		for _, s := range []smsir.Submission{taken, refused} {
			if got := r.send(s); got.err.State != smsir.AttemptUnknown || got.took != 2*time.Second {
				t.Errorf("Send(%s): got %+v, want unknown after 2 s", s.To, got)
			}
		}
		time.Sleep(time.Minute)
		stop()
		if got := len(k.receipts); got != 1 || len(k.of(taken.Attempt)) != 1 {
			t.Errorf("got %d receipts, want one, about the message that was taken", got)
		}
		if got := r.query(refused).Verdict; got != smsir.VerdictNotAccepted {
			t.Errorf("status query about the refused one: got verdict %d, want %d", got, smsir.VerdictNotAccepted)
		}
	})
}

// TestReplyWithoutSender: a reply to a message whose sender was left open goes to the carrier's own number, and quotes
// no more than the start of a long text.
func TestReplyWithoutSender(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		k := &sink{}
		stop := r.run(k)
		s := r.submission(number(11))
		s.From, s.Text = "", strings.Repeat("é", 400)
		r.send(s)
		time.Sleep(time.Minute)
		stop()
		want := "Reply to: " + strings.Repeat("é", 100) + "…"
		if len(k.inbounds) != 1 || k.inbounds[0].To != DefaultSender || k.inbounds[0].Text != want {
			t.Errorf("got replies %+v, want one to %s with text %q", k.inbounds, DefaultSender, want)
		}
	})
}

// TestTakesWhatComesTwice: the carrier takes, records and reports the same attempt twice, with a reference for each.
func TestTakesWhatComesTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		k := &sink{}
		stop := r.run(k)
		s := r.submission(number(0))
		first, second := r.send(s), r.send(s)
		r.restart() // what it took before a restart counts too
		third := r.send(s)
		if first.reference == second.reference || first.reference == third.reference || second.reference == third.reference {
			t.Errorf("got references %q, %q, %q for one attempt taken three times, want three", first.reference, second.reference, third.reference)
		}
		stop()
		n := 0
		for _, e := range r.entries() {
			if e.Kind == SubmissionEntry && e.Attempt == s.Attempt && e.Verdict == Accepted {
				n++
			}
		}
		if n != 3 {
			t.Errorf("the ledger tells of %d submissions, want 3", n)
		}
	})
}
