package storetest

import (
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// testNonSend: move T21.
func testNonSend(b *bench) {
	never := func(reference string) smsir.Receipt {
		return smsir.Receipt{
			Reference: reference, Status: smsir.Undelivered, NonSend: true, Code: "30001",
			Error: &smsir.Failure{Class: smsir.ClassRetry, Code: "failed", Text: "never left"},
		}
	}
	for _, parked := range []bool{false, true} {
		alone, other := b.accept(true, b.message())[0], b.accept(true, b.message())[0]
		first, second := b.mustIntend(alone), b.mustIntend(other)
		reference := func(id smsir.ID) string { return id.Format("ref") }
		if parked {
			b.receipt(store.ReceiptParked, never(reference(first)))
			b.receipt(store.ReceiptParked, never(reference(second)))
		}
		b.finish(first, alone.ID, accepted(reference(first)))
		with := accepted(reference(second))
		with.Failover = true
		b.finish(second, other.ID, with)
		if !parked {
			b.receipt(store.ReceiptApplied, never(reference(first)))
			b.receipt(store.ReceiptApplied, never(reference(second)))
		}
		b.state(alone.ID, smsir.Undelivered, true)
		b.state(other.ID, smsir.Queued, false)
		attempts, err := b.st.Attempts(ctx, b.ws, other.ID)
		if err != nil || len(attempts) != 1 || attempts[0].State != smsir.AttemptRefused || attempts[0].Error == nil {
			b.Errorf("parked %v: the attempt is %+v, %v; want refused", parked, attempts, err)
		}
	}
}

func testPrice(b *bench) {
	price := func(m *smsir.Message, want smsir.Money) {
		b.Helper()
		attempts, err := b.st.Attempts(ctx, b.ws, m.ID)
		if err != nil || len(attempts) != 1 || attempts[0].Price != want {
			b.Errorf("price %+v, %v; want %+v", attempts, err, want)
		}
	}
	m := b.accept(true, b.message())[0]
	attempt := b.mustIntend(m)
	price(m, smsir.Money{})
	o := accepted("r")
	o.Price = smsir.Money{Micros: 7_500, Currency: "USD"}
	b.finish(attempt, m.ID, o)
	price(m, o.Price)
	b.receipt(store.ReceiptNoted, smsir.Receipt{Reference: "r", Status: smsir.Sent})
	price(m, o.Price)
	final := smsir.Money{Micros: 8_000, Currency: "USD"}
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "r", Status: smsir.Delivered, Price: final})
	price(m, final)
	early := b.accept(true, b.message())[0]
	attempt = b.mustIntend(early)
	b.receipt(store.ReceiptParked, smsir.Receipt{Reference: "early", Status: smsir.Delivered, Price: final})
	b.finish(attempt, early.ID, accepted("early"))
	price(early, final)
}

func testProviderOptOut(b *bench) {
	refused := func(to string, fraud bool) *smsir.Message {
		m := b.accept(true, b.message(func(m *smsir.Message) { m.To = to }))[0]
		b.finish(b.mustIntend(m), m.ID, smsir.Outcome{
			State: smsir.AttemptRefused, Class: smsir.ClassBlocked, Fraud: fraud,
			Error: &smsir.Failure{Class: smsir.ClassBlocked, Code: "refused", Text: "as the provider says"},
		})
		b.state(m.ID, smsir.Failed, true)
		return m
	}
	suppressed := func(to, sender string, want bool) {
		b.Helper()
		if got, err := b.st.Suppressed(ctx, b.ws, []string{to}, sender); err != nil || got[to] != want {
			b.Errorf("%s from %q: suppressed %v, %v; want %v", to, sender, got[to], err, want)
		}
	}
	stop := refused("+12025550111", false)
	suppressed(stop.To, "SMSir", true)
	suppressed(stop.To, "Clinic", false)
	fraud := refused("+12025550112", true)
	suppressed(fraud.To, "SMSir", false)
	b.story(fraud.ID, "message.accepted", "message.sending", "message.failed", "message.alert")

	reported := b.accept(true, b.message(func(m *smsir.Message) { m.To = "+12025550113" }))[0]
	b.finish(b.mustIntend(reported), reported.ID, accepted("r"))
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "r", Status: smsir.Undelivered, Error: &smsir.Failure{Class: smsir.ClassBlocked, Code: "failed", Text: "opted out"}})
	suppressed(reported.To, "SMSir", true)

	unknown := b.accept(true, b.message(func(m *smsir.Message) { m.OnUnknown = smsir.Alert }))[0]
	b.finish(b.mustIntend(unknown), unknown.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Second)})
	b.story(unknown.ID, "message.accepted", "message.sending", "message.unknown", "message.alert")
}

// testProofInTime: move T26.
func testProofInTime(b *bench) {
	again := func() (*smsir.Message, smsir.ID) {
		m := b.accept(true, b.message(func(m *smsir.Message) { m.OnUnknown = smsir.RetryOnce }))[0]
		attempt := b.mustIntend(m)
		b.finish(attempt, m.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Second)})
		b.wait(time.Minute)
		b.tick()
		b.state(m.ID, smsir.Queued, false)
		return m, attempt
	}
	answered, attempt := again()
	b.finish(attempt, answered.ID, accepted("late"))
	b.state(answered.ID, smsir.Sent, false)
	reported, attempt := again()
	claimed, err := b.claim(b.now(), 10)
	if err != nil || len(claimed) != 1 {
		b.Fatalf("claimed %v, %v", claimed, err)
	}
	b.receipt(store.ReceiptApplied, smsir.Receipt{Attempt: attempt, Reference: "r", Status: smsir.Delivered})
	b.state(reported.ID, smsir.Delivered, true)
	if _, ok := b.intend(claimed[0]); ok {
		b.Error("sent again although it was delivered")
	}
}

// testSettled: move T18, of a message that had two attempts. Whichever is disproved last, nobody has it then.
func testSettled(b *bench) {
	notSent := smsir.Outcome{State: smsir.AttemptNotSent, Class: smsir.ClassRetry, RetryAt: b.now(), Error: &smsir.Failure{Class: smsir.ClassRetry, Code: "not_accepted", Text: "never came"}}
	refused := smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassPermanent, Error: &smsir.Failure{Class: smsir.ClassPermanent, Code: "refused", Text: "no such number"}}
	twice := func() (m *smsir.Message, first, second smsir.ID) {
		m = b.accept(true, b.message(func(m *smsir.Message) { m.OnUnknown = smsir.RetryOnce }))[0]
		first = b.mustIntend(m)
		b.finish(first, m.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Second)})
		b.wait(time.Minute)
		b.tick()
		claimed, err := b.claim(b.now(), 10)
		if err != nil || len(claimed) != 1 || !claimed[0].PossibleDuplicate {
			b.Fatalf("claimed %v, %v", claimed, err)
		}
		return claimed[0], first, b.mustIntend(claimed[0])
	}
	m, first, second := twice()
	b.finish(second, m.ID, refused)
	if got := b.state(m.ID, smsir.Unknown, false); got.NextAt.After(b.now().Add(time.Minute)) {
		b.Errorf("the first attempt is looked up at %v, now is %v", got.NextAt, b.now())
	}
	b.finish(first, m.ID, notSent)
	if got := b.state(m.ID, smsir.Failed, true); got.PossibleDuplicate || got.Reason != smsir.ReasonRefused || got.Error == nil || got.Error.Code != "refused" {
		b.Errorf("failed for %q, %+v, possible duplicate %v; want what the provider said of the second attempt", got.Reason, got.Error, got.PossibleDuplicate)
	}
	b.story(m.ID, "message.accepted", "message.sending", "message.unknown", "message.queued", "message.sending", "message.unknown", "message.failed")

	m, first, second = twice()
	b.finish(second, m.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Second)})
	b.finish(second, m.ID, refused)
	b.state(m.ID, smsir.Unknown, false)
	b.finish(first, m.ID, notSent)
	b.state(m.ID, smsir.Failed, true)

	m, first, second = twice()
	b.finish(first, m.ID, notSent)
	b.finish(second, m.ID, refused)
	b.state(m.ID, smsir.Failed, true)

	m, first, second = twice()
	b.finish(second, m.ID, refused)
	b.finish(first, m.ID, accepted("late"))
	b.state(m.ID, smsir.Sent, false)
}

// testOvertaken: the report of an earlier attempt ends the message while another try is in flight. What becomes of that one is
// unknown, and known again when its answer comes; a gateway that dies before leaves nothing in flight.
func testOvertaken(b *bench) {
	m := b.accept(true, b.message(func(m *smsir.Message) { m.OnUnknown = smsir.RetryOnce }))[0]
	first := b.mustIntend(m)
	b.finish(first, m.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Second)})
	b.wait(time.Minute)
	b.tick()
	claimed, err := b.claim(b.now(), 10)
	if err != nil || len(claimed) != 1 {
		b.Fatalf("claimed %v, %v", claimed, err)
	}
	second := b.mustIntend(claimed[0])
	states := func(want ...smsir.AttemptState) {
		b.Helper()
		attempts, err := b.st.Attempts(ctx, b.ws, m.ID)
		var got []smsir.AttemptState
		for _, a := range attempts {
			got = append(got, a.State)
		}
		if err != nil || !slices.Equal(got, want) {
			b.Fatalf("attempts are %v, %v; want %v", got, err, want)
		}
	}
	states(smsir.AttemptUnknown, smsir.AttemptInflight)
	b.receipt(store.ReceiptApplied, smsir.Receipt{Attempt: first, Reference: "r", Status: smsir.Delivered})
	b.state(m.ID, smsir.Delivered, true)
	states(smsir.AttemptAccepted, smsir.AttemptUnknown)
	b.finish(second, m.ID, accepted("late"))
	b.state(m.ID, smsir.Delivered, true)
	states(smsir.AttemptAccepted, smsir.AttemptAccepted)
}

// testOrdering: A9.
func testOrdering(b *bench) {
	keyed := func(key string) func(*smsir.Message) { return func(m *smsir.Message) { m.OrderingKey = key } }
	var all []*smsir.Message
	for range 6 {
		all = append(all, b.message(keyed("talk")))
	}
	other := b.message(keyed("another"))
	b.accept(true, append(all, other)...) // that they are handed over in memory does not count
	if got := b.state(all[0].ID, smsir.Queued, false); got.OrderingKey != "talk" {
		b.Errorf("read back with the key %q", got.OrderingKey)
	}
	next := func(want *smsir.Message) *smsir.Message {
		b.Helper()
		claimed, err := b.claim(b.now(), 10)
		if err != nil {
			b.Fatal(err)
		}
		if want == nil && len(claimed) == 0 {
			return nil
		}
		if want == nil || len(claimed) != 1 || claimed[0].ID != want.ID {
			b.Fatalf("claimed %v, want %v", claimed, want)
		}
		return claimed[0]
	}
	claimed, err := b.claim(b.now(), 10)
	if err != nil || len(claimed) != 2 || claimed[0].ID != all[0].ID || claimed[1].ID != other.ID {
		b.Fatalf("claimed %v, %v; want the first of each key", claimed, err)
	}
	if m := b.state(all[1].ID, smsir.Queued, false); m.Reason != smsir.ReasonOrdering || !m.NextAt.After(b.now()) {
		b.Errorf("behind: %q until %v", m.Reason, m.NextAt)
	}
	attempt := b.mustIntend(claimed[0])
	next(nil)
	b.finish(attempt, all[0].ID, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassRetry, RetryAt: b.now().Add(10 * time.Second)})
	next(nil) // a retry is not overtaken
	b.wait(10 * time.Second)
	b.finish(b.mustIntend(next(all[0])), all[0].ID, accepted("first"))
	second := next(all[1])
	b.finish(b.mustIntend(second), second.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Hour)})
	next(nil)
	b.wait(smsir.UnknownWait)
	third := next(all[2]) // unknown must not block for ever
	b.finish(b.mustIntend(third), third.ID, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassPermanent})
	fourth := next(all[3])
	if err := b.st.Release(ctx, []smsir.ID{fourth.ID}, smsir.ReasonProviderDown, b.now().Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
	next(nil)
	if _, _, err := b.st.Cancel(ctx, b.ws, fourth.ID, smsir.Actor{}, b.now()); err != nil {
		b.Fatal(err)
	}
	fifth := next(all[4])
	b.finish(b.mustIntend(fifth), fifth.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Hour)})
	next(nil)
	b.finish(b.attempt(fifth.ID), fifth.ID, accepted("late")) // it is known before the wait is over
	next(all[5])
}

// attempt is the id of the latest attempt of a message.
func (b *bench) attempt(id smsir.ID) smsir.ID {
	b.Helper()
	attempts, err := b.st.Attempts(ctx, b.ws, id)
	if err != nil || len(attempts) == 0 {
		b.Fatalf("attempts: %v, %v", attempts, err)
	}
	return attempts[len(attempts)-1].ID
}
