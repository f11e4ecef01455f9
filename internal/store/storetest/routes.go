package storetest

import (
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func testTriedProviders(b *bench) {
	m := b.message()
	b.accept(true, m)
	if tried, err := b.st.TriedProviders(ctx, m.ID); err != nil || len(tried) != 0 {
		b.Errorf("before any attempt: %v, %v", tried, err)
	}
	first, second := b.provider, smsir.UUID{2}
	var want []smsir.UUID
	for _, p := range []smsir.UUID{first, second, first} {
		b.provider = p
		id := b.mustIntend(m)
		*m = *b.finish(id, m.ID, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassRetry, RetryAt: b.now()})
		if got, err := b.claim(b.now(), 10); err != nil || len(got) != 1 {
			b.Fatalf("claimed %v, %v", got, err)
		}
		want = append(want, p)
	}
	if tried, err := b.st.TriedProviders(ctx, m.ID); err != nil || !slices.Equal(tried, want) {
		b.Errorf("tried %v, %v, want %v", tried, err, want)
	}
}

func testMissingReceipt(b *bench) {
	again := func() smsir.Outcome {
		o := accepted("again")
		o.AgainAt = b.now().Add(time.Minute)
		return o
	}
	agrees := func(m *smsir.Message) { m.OnUnknown = smsir.RetryOnce }
	missing, arrived := b.message(agrees), b.message(agrees)
	b.accept(true, missing, arrived)
	b.finish(b.mustIntend(missing), missing.ID, again())
	o := again()
	o.References = []string{"arrived"}
	b.finish(b.mustIntend(arrived), arrived.ID, o)
	if next, err := b.st.NextDeadline(ctx); err != nil || !next.Equal(b.now().Add(time.Minute)) {
		b.Errorf("next deadline %v, %v; want in a minute", next, err)
	}
	b.receipt(store.ReceiptApplied, smsir.Receipt{Provider: b.provider, Reference: "arrived", Status: smsir.Delivered})
	b.state(arrived.ID, smsir.Delivered, true)
	b.wait(time.Minute)
	if r := b.tick(); r.Moved != 1 {
		b.Errorf("moved %d, want the one whose receipt is missing", r.Moved)
	}
	m := b.state(missing.ID, smsir.Queued, false)
	if !m.PossibleDuplicate || !m.NextAt.Equal(b.now()) {
		b.Errorf("queued again: %+v", m)
	}
	// A receipt that comes before it is sent again ends it, in the memory of whoever it is.
	b.receipt(store.ReceiptApplied, smsir.Receipt{Provider: b.provider, Reference: "again", Status: smsir.Delivered})
	b.state(missing.ID, smsir.Delivered, true)
	if _, ok := b.intend(m); ok {
		b.Error("a delivered message may be sent")
	}
	late := b.message(agrees)
	b.accept(true, late)
	o = again()
	o.References = []string{"late"}
	b.finish(b.mustIntend(late), late.ID, o)
	b.wait(24 * time.Hour) // its validity is over: it stays with the provider that has it
	b.tick()
	if m := b.state(late.ID, smsir.Sent, false); m.PossibleDuplicate || !m.NextAt.IsZero() {
		b.Errorf("after its validity: %+v", m)
	}
	if next, err := b.st.NextDeadline(ctx); err != nil || !next.After(b.now()) {
		b.Errorf("next deadline %v, %v; want one ahead", next, err)
	}
}
