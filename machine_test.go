package smsir_test

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func newMessage(sendIn time.Duration, policy smsir.OnUnknown) *smsir.Message {
	m := &smsir.Message{
		ID: smsir.IDAt(t0) + 1, Workspace: smsir.NewUUID(t0), Class: smsir.Transactional,
		To: "+12025550100", Text: "hello", Segments: 1, OnUnknown: policy, AcceptedAt: t0, ExpiresAt: t0.Add(24 * time.Hour),
	}
	if sendIn > 0 {
		m.SendAt = t0.Add(sendIn)
	}
	return m
}

// world draws what may happen to a message and watches every invariant that concerns one message.
type world struct {
	t       *rapid.T
	m       *smsir.Message
	now     time.Time
	events  []smsir.Event
	proofs  map[int]smsir.AttemptState // by attempt number
	started map[int]time.Time
	ledger  map[smsir.Charge]int // entries by kind
}

func (w *world) apply(what string, change func() []smsir.Event) {
	before := *w.m
	events := change()
	after := w.m
	path := before.State()
	for i, e := range events {
		if e.Seq != before.Seq+i+1 {
			w.t.Fatalf("%s: event seq = %d, want %d", what, e.Seq, before.Seq+i+1)
		}
		status, ok := smsir.ParseStatus(e.Data.Status)
		if !ok {
			w.t.Fatalf("%s: event without a status: %+v", what, e)
		}
		next := smsir.State{Status: status, Final: e.Data.Final}
		if next != path && !smsir.CanMove(path, next) {
			w.t.Fatalf("%s: moved %v to %v, which no transition allows", what, path, next)
		}
		path = next
	}
	for i, e := range events {
		if e.Type == smsir.EventAlert && (i == 0 || e.Data.Status != events[i-1].Data.Status) {
			w.t.Fatalf("%s: an alert that follows nothing: %+v", what, events)
		}
		if e.Type == smsir.EventOf(smsir.Unknown) && !e.Data.Final && after.OnUnknown == smsir.Alert && (i+1 == len(events) || events[i+1].Type != smsir.EventAlert) {
			w.t.Fatalf("%s: unknown without the alert that its policy asks for: %+v", what, events)
		}
	}
	if path != after.State() {
		w.t.Fatalf("%s: events end in %v, message in %v", what, path, after.State())
	}
	if before.Final && (after.Status != before.Status || !after.Final) {
		w.t.Fatalf("%s: final %v became %v", what, before.State(), after.State())
	}
	if after.Status.Rank() < before.Status.Rank() && after.Status != smsir.Queued {
		w.t.Fatalf("%s: rank fell from %v to %v", what, before.State(), after.State())
	}
	if len(events) == 0 && (before.State() != after.State() || before.Seq != after.Seq) {
		w.t.Fatalf("%s: %v to %v without an event", what, before.State(), after.State())
	}
	w.events = append(w.events, events...)
	w.checkTruth(what)
	w.checkCharge(what, before.Charge)
}

// checkCharge: one reserve, then one settle or release, at most one refund, and nothing held when it is over (I10). Whoever
// was sent nothing for certain pays nothing.
func (w *world) checkCharge(what string, from smsir.Charge) {
	m := w.m
	for _, kind := range from.Until(m.Charge) {
		w.ledger[kind]++
	}
	var balance, held int64
	for kind, n := range w.ledger {
		if n != 1 {
			w.t.Fatalf("%s: %d entries of kind %v", what, n, kind)
		}
		b, h := kind.Change(m.Cost)
		balance, held = balance+b, held+h
	}
	if w.ledger[smsir.Settled] > 0 && w.ledger[smsir.Released] > 0 || w.ledger[smsir.Refunded] > w.ledger[smsir.Settled] {
		w.t.Fatalf("%s: entries %v", what, w.ledger)
	}
	if !m.Final {
		return
	}
	nobody := m.Status == smsir.Failed || m.Status == smsir.Canceled || m.Status == smsir.Blocked || m.Status == smsir.Expired && m.Reason != smsir.ReasonNetwork
	if want := map[bool]int64{false: -m.Cost}[nobody]; held != 0 || balance != want {
		w.t.Fatalf("%s: final %v holds %d and has taken %d, want 0 and %d; entries %v", what, m.State(), held, balance, want, w.ledger)
	}
}

// checkTruth: a status that says "nobody has it" needs proof for every attempt (I4, I8).
func (w *world) checkTruth(what string) {
	m := w.m
	if m.Final && (m.Status == smsir.Failed || m.Status == smsir.Canceled || m.Status == smsir.Blocked ||
		(m.Status == smsir.Expired && m.Reason == smsir.ReasonValidity)) {
		for n, s := range w.proofs {
			if s != smsir.AttemptRefused && s != smsir.AttemptNotSent {
				w.t.Fatalf("%s: %v although attempt %d is %v", what, m.State(), n, s)
			}
		}
	}
	open := 0
	for _, s := range w.proofs {
		if s == smsir.AttemptInflight || s == smsir.AttemptUnknown || s == smsir.AttemptAccepted {
			open++
		}
	}
	if open > 1 && !m.PossibleDuplicate {
		w.t.Fatalf("%s: %d attempts may have gone through and nothing says so", what, open)
	}
}

func (w *world) finish(n int) {
	state := rapid.SampledFrom([]smsir.AttemptState{smsir.AttemptAccepted, smsir.AttemptRefused, smsir.AttemptNotSent, smsir.AttemptUnknown}).Draw(w.t, "outcome")
	class := rapid.SampledFrom([]smsir.FailureClass{smsir.ClassRetry, smsir.ClassThrottle, smsir.ClassPermanent, smsir.ClassConfig, smsir.ClassBlocked, smsir.ClassRecipientTemp}).Draw(w.t, "class")
	was := w.proofs[n]
	if was == smsir.AttemptAccepted || was == smsir.AttemptRefused || was == smsir.AttemptNotSent || (was == smsir.AttemptUnknown && state == smsir.AttemptUnknown) {
		return // an outcome is set once; only unknown is ever resolved
	}
	o := smsir.Outcome{State: state, Class: class, NoReceipt: rapid.Bool().Draw(w.t, "no receipt"), RetryAt: w.now.Add(time.Minute), Fraud: rapid.Bool().Draw(w.t, "fraud")}
	if rapid.Bool().Draw(w.t, "missing receipt") {
		o.AgainAt = w.now.Add(time.Hour)
	}
	if rapid.Bool().Draw(w.t, "can be asked") {
		o.LookAt, o.Recall = w.now.Add(time.Minute), rapid.Bool().Draw(w.t, "recall")
	}
	if state == smsir.AttemptAccepted {
		o.Class, o.References = "", []string{"ref"}
	}
	w.proofs[n] = state
	w.apply("finish "+state.String(), func() []smsir.Event { return w.m.Finish(w.now, n, w.started[n], o) })
}

// refuted: every attempt is known not to have gone through.
func (w *world) refuted() bool {
	for _, s := range w.proofs {
		if s != smsir.AttemptRefused && s != smsir.AttemptNotSent {
			return false
		}
	}
	return true
}

// A provider that reports on an attempt has taken it: the oracle in this test learns so too.
func (w *world) receipt(n int) {
	if s := w.proofs[n]; s == smsir.AttemptRefused || s == smsir.AttemptNotSent {
		return
	}
	status := rapid.SampledFrom([]smsir.Status{smsir.Sent, smsir.Delivered, smsir.Undelivered, smsir.Expired}).Draw(w.t, "receipt")
	nonSend := status == smsir.Undelivered && n == w.m.Tries && rapid.Bool().Draw(w.t, "non-send")
	before := w.m.Status
	w.apply("receipt "+status.String(), func() []smsir.Event {
		events := w.m.Receipt(w.now, n, &smsir.Receipt{Status: status, NonSend: nonSend})
		if nonSend && len(events) == 1 && w.m.Status == smsir.Queued && before == smsir.Sent {
			w.proofs[n] = smsir.AttemptNotSent
		}
		return events
	})
}

func TestNoSequenceOfEvidenceBreaksTheContract(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		policy := rapid.SampledFrom([]smsir.OnUnknown{smsir.Hold, smsir.RetryOnce, smsir.Alert}).Draw(rt, "policy")
		m := newMessage(time.Duration(rapid.IntRange(0, 2).Draw(rt, "send in"))*time.Hour, policy)
		w := &world{t: rt, m: m, now: t0, proofs: map[int]smsir.AttemptState{}, started: map[int]time.Time{}, ledger: map[smsir.Charge]int{}}
		m.Reserve(rapid.Int64Range(0, 2).Draw(rt, "cost"))
		w.checkCharge("accept", smsir.NotCharged)
		w.events = append(w.events, m.Accept(t0, rapid.Bool().Draw(rt, "undo")))
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			w.now = w.now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 60, 3600, 90000}).Draw(rt, "wait")) * time.Second)
			n := 0
			if m.Tries > 0 {
				n = rapid.IntRange(1, m.Tries).Draw(rt, "attempt")
			}
			switch rapid.IntRange(0, 7).Draw(rt, "what") {
			case 0, 1:
				w.apply("intend", func() []smsir.Event {
					e, ok := m.Intend(w.now, smsir.UUID{1})
					if !ok {
						return nil
					}
					w.proofs[m.Tries], w.started[m.Tries] = smsir.AttemptInflight, w.now
					return []smsir.Event{e}
				})
			case 2:
				if n > 0 {
					w.finish(n)
				}
			case 3:
				if n > 0 {
					w.receipt(n)
				}
			case 4:
				w.apply("cancel", func() []smsir.Event { _, e := m.Cancel(w.now); return e })
			case 5:
				w.apply("tick", func() []smsir.Event { return m.Tick(w.now, smsir.Lateness{OTP: time.Minute, Other: time.Hour}) })
			case 6:
				w.apply("recover", func() []smsir.Event {
					if m.Status == smsir.Sending {
						w.proofs[m.Tries] = smsir.AttemptUnknown
					}
					return m.Recover(w.now, w.started[m.Tries], w.now.Add(time.Minute))
				})
			case 7:
				if w.refuted() {
					w.apply("settle", func() []smsir.Event { return m.Settle(w.now) })
				}
			}
		}
		w.mustEnd()
	})
}

// mustEnd: with no further evidence the clock alone ends every message that is not on the wire (I2).
func (w *world) mustEnd() {
	if w.m.Status == smsir.Sending {
		w.proofs[w.m.Tries] = smsir.AttemptUnknown
		w.apply("recover", func() []smsir.Event { return w.m.Recover(w.now, w.started[w.m.Tries], time.Time{}) })
	}
	for range 8 {
		if w.m.Final {
			return
		}
		at := w.m.DeadlineAt()
		if at.IsZero() {
			w.t.Fatalf("message in %v has no deadline", w.m.State())
		}
		if at.After(w.now) {
			w.now = at
		}
		w.apply("last tick", func() []smsir.Event { return w.m.Tick(w.now, smsir.Lateness{OTP: time.Minute, Other: time.Hour}) })
		w.m.Look(time.Time{}) // nobody can tell, of what is unknown
		w.m.Follow(w.m.NextAt, time.Time{})
	}
	w.t.Fatalf("message still in %v at %v", w.m.State(), w.now)
}

// TestMissingReceiptTriesOnceMore: only where rule and policy both ask for it, once, with the label, and
// never without waiting for the receipt of the first attempt.
func TestMissingReceiptTriesOnceMore(t *testing.T) {
	t.Parallel()
	for _, policy := range []smsir.OnUnknown{smsir.Hold, smsir.RetryOnce, smsir.Alert} {
		m := newMessage(0, policy)
		m.Accept(t0, false)
		m.Intend(t0, smsir.UUID{1})
		m.Finish(t0, 1, t0, smsir.Outcome{State: smsir.AttemptAccepted, References: []string{"a"}, AgainAt: t0.Add(time.Hour)})
		m.Tick(t0.Add(time.Minute), smsir.Lateness{})
		if m.Status != smsir.Sent {
			t.Fatalf("%v: moved before its time to %v", policy, m.State())
		}
		late := t0.Add(time.Hour)
		m.Tick(late, smsir.Lateness{})
		if policy != smsir.RetryOnce {
			if m.Status != smsir.Sent || m.PossibleDuplicate || !m.DeadlineAt().Equal(m.ReceiptDeadline) {
				t.Errorf("%v: %v, deadline %v; want it to wait on", policy, m.State(), m.DeadlineAt())
			}
			continue
		}
		if m.Status != smsir.Queued || !m.PossibleDuplicate {
			t.Fatalf("%v: %v, labelled %v; want queued and labelled", policy, m.State(), m.PossibleDuplicate)
		}
		in := *m
		in.Receipt(late, 1, &smsir.Receipt{Status: smsir.Sent})
		if in.Status != smsir.Queued {
			t.Errorf("a report that it is on its way says nothing new: %v", in.State())
		}
		if in.Receipt(late, 1, &smsir.Receipt{Status: smsir.Delivered}); in.Status != smsir.Delivered {
			t.Errorf("the receipt came just in time: %v", in.State())
		}
		m.Intend(late, smsir.UUID{2})
		m.Finish(late, 2, late, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassPermanent})
		if m.Status != smsir.Sent || m.Final {
			t.Errorf("the second try was refused: %v, want sent, as the first one was", m.State())
		}
		if m.Receipt(late, 1, &smsir.Receipt{Status: smsir.Delivered}); m.Status != smsir.Delivered {
			t.Errorf("then the first one arrived: %v", m.State())
		}
	}
}

func TestReceiptsInAnyOrderEndTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		set := []smsir.Status{smsir.Sent, smsir.Sent, smsir.Delivered, smsir.Delivered}
		order := rapid.Permutation(set).Draw(rt, "order")
		m := newMessage(0, smsir.Hold)
		m.Accept(t0, false)
		m.Intend(t0, smsir.UUID{1})
		at := rapid.IntRange(0, len(order)).Draw(rt, "answer after")
		for i, s := range order {
			if i == at {
				m.Finish(t0, 1, t0, smsir.Outcome{State: smsir.AttemptAccepted, References: []string{"r"}})
			}
			m.Receipt(t0, 1, &smsir.Receipt{Status: s})
		}
		if m.Status != smsir.Delivered || !m.Final || m.LateReceipt != nil {
			rt.Fatalf("order %v, answer after %d: got %v, late %v; want delivered, none", order, at, m.State(), m.LateReceipt)
		}
	})
}

func TestTableMatchesItsLookup(t *testing.T) {
	t.Parallel()
	edges := map[[2]smsir.State]bool{}
	for _, e := range smsir.Transitions() {
		if !e.Birth {
			edges[[2]smsir.State{e.From, e.To}] = true
		}
		if e.To.Status.AlwaysFinal() && !e.To.Final {
			t.Errorf("T%d ends in %v, which must be final", e.T, e.To)
		}
		if !e.Birth && e.To.Status.Rank() < e.From.Status.Rank() && e.To.Status != smsir.Queued {
			t.Errorf("T%d lowers the rank: %v to %v", e.T, e.From, e.To)
		}
	}
	for _, from := range smsir.Statuses() {
		for _, to := range smsir.Statuses() {
			for _, ff := range []bool{false, true} {
				for _, tf := range []bool{false, true} {
					a, b := smsir.State{Status: from, Final: ff}, smsir.State{Status: to, Final: tf}
					if got, want := smsir.CanMove(a, b), edges[[2]smsir.State{a, b}]; got != want {
						t.Errorf("CanMove(%v, %v) = %v, want %v", a, b, got, want)
					}
				}
			}
		}
	}
}

func TestMultipartNeedsEveryPart(t *testing.T) {
	t.Parallel()
	m := newMessage(0, smsir.Hold)
	m.Accept(t0, false)
	m.Intend(t0, smsir.UUID{1})
	m.Finish(t0, 1, t0, smsir.Outcome{State: smsir.AttemptAccepted, References: []string{"a", "b"}})
	if e := m.Receipt(t0, 1, &smsir.Receipt{Status: smsir.Delivered}); e != nil || m.Final {
		t.Fatalf("one of two parts: got %v, want still sent", m.State())
	}
	half := *m
	m.Receipt(t0, 1, &smsir.Receipt{Status: smsir.Delivered})
	if m.Status != smsir.Delivered {
		t.Errorf("both parts: got %v, want delivered", m.State())
	}
	half.Receipt(t0, 1, &smsir.Receipt{Status: smsir.Undelivered})
	if half.Status != smsir.Undelivered || half.Reason != smsir.ReasonPartial {
		t.Errorf("one part failed: got %v %q, want undelivered partial", half.State(), half.Reason)
	}
}

// Reports about parts may overtake the answer that tells how many there are.
func TestPartsThatOvertakeTheAnswer(t *testing.T) {
	t.Parallel()
	start := func() *smsir.Message {
		m := newMessage(0, smsir.Hold)
		m.Segments = 2
		m.Accept(t0, false)
		m.Intend(t0, smsir.UUID{1})
		return m
	}
	answer := func(m *smsir.Message, references ...string) {
		m.Finish(t0, 1, t0, smsir.Outcome{State: smsir.AttemptAccepted, References: references})
	}
	part, whole := &smsir.Receipt{Status: smsir.Delivered, Part: true}, &smsir.Receipt{Status: smsir.Delivered}
	m := start()
	if m.Receipt(t0, 1, part); m.Status != smsir.Sent || m.Final {
		t.Fatalf("the first part: %v, want sent", m.State())
	}
	late := *m
	if m.Receipt(t0, 1, part); m.Status != smsir.Delivered {
		t.Errorf("both parts: %v, want delivered", m.State())
	}
	if answer(&late, "a", "b"); late.Status != smsir.Sent {
		t.Errorf("the answer behind the first part: %v, want sent", late.State())
	}
	if late.Receipt(t0, 1, part); late.Status != smsir.Delivered {
		t.Errorf("the second part behind the answer: %v, want delivered", late.State())
	}
	fewer := start()
	fewer.Receipt(t0, 1, part)
	if answer(fewer, "a"); fewer.Status != smsir.Delivered {
		t.Errorf("the answer tells one part, whose report is here: %v, want delivered", fewer.State())
	}
	m = start()
	if m.Receipt(t0, 1, whole); m.Status != smsir.Delivered {
		t.Errorf("a report about the whole: %v, want delivered", m.State())
	}
	m = start()
	if m.Receipt(t0, 1, &smsir.Receipt{Status: smsir.Undelivered, Part: true}); m.Status != smsir.Undelivered || m.Reason != smsir.ReasonPartial {
		t.Errorf("one part failed: %v %q, want undelivered partial", m.State(), m.Reason)
	}
}

// A missing receipt sends a message again where the route says so: once, in time, and told as a possible
// duplicate.
// TestCancelBeforeAnotherTry: the other try does not start, which is told, and nobody says that nothing went out.
func TestCancelBeforeAnotherTry(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		first smsir.Outcome
		to    smsir.Status
	}{
		"of an unknown one":          {smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: t0}, smsir.Unknown},
		"of one without its receipt": {smsir.Outcome{State: smsir.AttemptAccepted, AgainAt: t0.Add(time.Minute)}, smsir.Sent},
	} {
		m := newMessage(0, smsir.RetryOnce)
		m.Accept(t0, false)
		m.Intend(t0, smsir.UUID{1})
		m.Finish(t0, 1, t0, tc.first)
		m.Tick(t0.Add(time.Minute), smsir.Lateness{})
		if m.Status != smsir.Queued || !m.PossibleDuplicate {
			t.Fatalf("%s: %v", what, m.State())
		}
		result, events := m.Cancel(t0.Add(2 * time.Minute))
		if result != smsir.CancelRequested || len(events) != 2 || events[0].Type != smsir.EventCancelRequested || events[0].Data.Status != "queued" ||
			events[1].Type != smsir.EventOf(tc.to) || m.Status != tc.to || m.Final || !m.CancelRequested {
			t.Errorf("%s: %v, %v, %+v", what, result, m.State(), events)
		}
		if result, events := m.Cancel(t0.Add(3 * time.Minute)); tc.to == smsir.Unknown && (result != smsir.CancelRequested || events != nil) {
			t.Errorf("%s, once more: %v, %+v", what, result, events)
		}
	}
}

func TestMissingReceiptSendsAgainOnce(t *testing.T) {
	t.Parallel()
	late := smsir.Lateness{OTP: time.Minute, Other: time.Hour}
	sent := func(change ...func(*smsir.Message)) *smsir.Message {
		m := newMessage(0, smsir.RetryOnce)
		m.Accept(t0, false)
		m.Intend(t0, smsir.UUID{1})
		m.Finish(t0, 1, t0, smsir.Outcome{State: smsir.AttemptAccepted, AgainAt: t0.Add(time.Minute)})
		for _, f := range change {
			f(m)
		}
		return m
	}
	m := sent()
	if at := m.DeadlineAt(); !at.Equal(t0.Add(time.Minute)) {
		t.Errorf("deadline %v, want a minute after the answer", at)
	}
	if e := m.Tick(t0.Add(59*time.Second), late); e != nil {
		t.Errorf("too early: %+v", e)
	}
	early := *m
	if e := m.Tick(t0.Add(time.Minute), late); len(e) != 1 || m.Status != smsir.Queued || !m.PossibleDuplicate || m.Reason != smsir.ReasonRetryWait || !e[0].Data.PossibleDuplicate {
		t.Fatalf("a minute later: %v, %+v", m.State(), e)
	}
	queued := *m
	m.Intend(t0.Add(2*time.Minute), smsir.UUID{2})
	m.Finish(t0.Add(2*time.Minute), 2, t0, smsir.Outcome{State: smsir.AttemptAccepted, AgainAt: t0.Add(3 * time.Minute)})
	if e := m.Tick(t0.Add(time.Hour), late); e != nil || m.Status != smsir.Sent {
		t.Errorf("a second time: %v, %+v", m.State(), e)
	}
	m.Receipt(t0.Add(time.Hour), 1, &smsir.Receipt{Status: smsir.Delivered})
	if m.Status != smsir.Delivered {
		t.Errorf("a late receipt of the first attempt: %v", m.State())
	}
	if e := queued.Receipt(t0, 1, &smsir.Receipt{Status: smsir.Delivered}); len(e) != 1 || queued.Status != smsir.Delivered {
		t.Errorf("a receipt of the first attempt before the second: %v", queued.State())
	}
	early.Receipt(t0, 1, &smsir.Receipt{Status: smsir.Undelivered})
	if early.Status != smsir.Undelivered || !early.NextAt.IsZero() {
		t.Errorf("a receipt in time: %v, next at %v", early.State(), early.NextAt)
	}
	for what, m := range map[string]*smsir.Message{
		"validity over":    sent(func(m *smsir.Message) { m.ExpiresAt = t0.Add(time.Minute) }),
		"attempts used up": sent(func(m *smsir.Message) { m.Attempts = smsir.MaxAttempts }),
	} {
		if e := m.Tick(t0.Add(time.Minute), late); e != nil || m.Status != smsir.Sent || !m.NextAt.IsZero() || !m.DeadlineAt().Equal(m.ReceiptDeadline) {
			t.Errorf("%s: %v, %+v, next at %v", what, m.State(), e, m.NextAt)
		}
	}
	unwanted := sent(func(m *smsir.Message) { m.CancelRequested = true })
	if e := unwanted.Tick(t0.Add(time.Minute), late); e != nil || unwanted.Status != smsir.Sent {
		t.Errorf("not wanted any more: %v, %+v", unwanted.State(), e)
	}
	none := newMessage(0, smsir.RetryOnce)
	none.Accept(t0, false)
	none.Intend(t0, smsir.UUID{1})
	none.Finish(t0, 1, t0, smsir.Outcome{State: smsir.AttemptAccepted, NoReceipt: true, AgainAt: t0.Add(time.Minute)})
	if !none.Final || !none.NextAt.IsZero() {
		t.Errorf("a provider without receipts: %v, next at %v", none.State(), none.NextAt)
	}
}
