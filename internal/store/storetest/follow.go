package storetest

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// testFollow: a sent message whose provider can be asked is looked at when its time comes, with what its attempts were
// answered; what asks for its deletion is noted once, and only evidence moves it.
func testFollow(b *bench) {
	asked := func(references ...string) smsir.Outcome {
		o := accepted(references...)
		o.LookAt, o.Recall = b.now().Add(time.Minute), true
		return o
	}
	m := b.accept(true, b.message())[0]
	b.finish(b.mustIntend(m), m.ID, asked("one", "two"))
	again := b.accept(true, b.message(func(m *smsir.Message) { m.OnUnknown = smsir.RetryOnce }))[0]
	b.finish(b.mustIntend(again), again.ID, asked("again"))
	if next, err := b.st.NextDeadline(ctx); err != nil || !next.Equal(b.now().Add(time.Minute)) {
		b.Errorf("next deadline %v, %v; want in a minute", next, err)
	}
	b.wait(time.Minute)
	r := b.tick()
	if len(r.Look) != 1 || r.Look[0].ID != m.ID || r.Look[0].Status != smsir.Sent || r.Moved != 0 {
		b.Fatalf("looks at %+v, want at the sent message alone: the other might be sent again by a look", r.Look)
	}
	if r := b.tick(); len(r.Look) != 0 {
		b.Errorf("looked at again at once")
	}
	attempts, err := b.st.AcceptedAttempts(ctx, m.ID)
	if err != nil || len(attempts) != 1 || !slices.Equal(attempts[0].References, []string{"one", "two"}) {
		b.Fatalf("attempts %+v, %v; want one with both references", attempts, err)
	}
	was := r.Look[0].NextAt
	if err := b.st.Follow(ctx, m.ID, was.Add(time.Second), b.now().Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
	if got := b.state(m.ID, smsir.Sent, false); !got.NextAt.Equal(was) {
		b.Errorf("a time that was another by then: next at %v, want %v", got.NextAt, was)
	}
	if err := b.st.Follow(ctx, m.ID, was, time.Time{}); err != nil {
		b.Fatal(err)
	}
	if got := b.state(m.ID, smsir.Sent, false); !got.NextAt.IsZero() {
		b.Errorf("no further look: next at %v", got.NextAt)
	}

	by := smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{7}}
	for range 2 {
		result, got, err := b.st.Recall(ctx, b.ws, m.ID, by, b.now())
		if err != nil || result != smsir.CancelRequested || got.Status != smsir.Sent || !got.CancelRequested {
			b.Fatalf("recall: %v, %+v, %v", result, got, err)
		}
	}
	b.story(m.ID, "message.accepted", "message.sending", "message.sent", "message.cancel_requested")
	if r := b.tick(); len(r.Look) != 1 || !r.Look[0].CancelRequested {
		b.Errorf("after a recall: looks at %+v", r.Look)
	}
	other, _ := b.workspace("elsewhere@example.com", false)
	if _, _, err := b.st.Recall(ctx, other, m.ID, by, b.now()); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("recall from another workspace: %v", err)
	}
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "one", Status: smsir.Undelivered, Part: true, Error: &smsir.Failure{Class: smsir.ClassPermanent, Code: "canceled_at_provider"}})
	b.state(m.ID, smsir.Undelivered, true)
	if result, _, err := b.st.Recall(ctx, b.ws, m.ID, by, b.now()); err != nil || result != smsir.CancelTooLate {
		b.Errorf("recall of what has ended: %v, %v", result, err)
	}

	// A cancel while the attempt was open: the answer makes it due at once.
	open := b.accept(true, b.message())[0]
	attempt := b.mustIntend(open)
	if result, _, err := b.st.Recall(ctx, b.ws, open.ID, by, b.now()); err != nil || result != smsir.CancelRequested {
		b.Errorf("recall of what is being sent: %v, %v", result, err)
	}
	b.finish(attempt, open.ID, asked("open"))
	if r := b.tick(); len(r.Look) != 1 || r.Look[0].ID != open.ID {
		b.Errorf("accepted after its cancel: looks at %+v", r.Look)
	}
	// A final receipt overtakes the look.
	waiting := b.accept(true, b.message())[0]
	b.finish(b.mustIntend(waiting), waiting.ID, asked("w"))
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "w", Status: smsir.Delivered})
	b.wait(2 * time.Minute)
	for _, l := range b.tick().Look {
		if l.ID == waiting.ID {
			b.Error("a delivered message is looked at")
		}
	}
}

// testFollowers: whoever asks for the last event and then reads to the end has it, while others write; nothing comes twice, late
// or out of order.
func testFollowers(b *bench) {
	const writers, each = 4, 60
	var busy sync.WaitGroup
	for range writers {
		busy.Go(func() {
			for range each {
				b.accept(true, b.message())
			}
		})
	}
	var idle atomic.Bool
	go func() {
		busy.Wait()
		idle.Store(true)
	}()
	var cursor smsir.ID
	told := 0
	for over := false; !over; {
		over = idle.Load() // one more look behind the end
		last, err := b.st.LastEvent(ctx)
		if err != nil {
			b.Fatal(err)
		}
		for more := true; more; {
			page, err := b.st.EventsAfter(ctx, smsir.UUID{}, cursor, 7)
			if err != nil {
				b.Fatal(err)
			}
			for _, e := range page {
				if e.ID <= cursor {
					b.Fatalf("event %d behind %d", e.ID, cursor)
				}
				cursor = e.ID
			}
			told += len(page)
			more = len(page) == 7
		}
		if cursor < last {
			b.Fatalf("read to the end at %d: the last event was %d before", cursor, last)
		}
	}
	if told != writers*each {
		b.Errorf("%d events of %d", told, writers*each)
	}
}
