package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var ctx = context.Background()

func testAccept(b *bench) {
	m := b.message(func(m *smsir.Message) {
		m.Tags, m.Metadata, m.ClientRef = []string{"reminder"}, map[string]string{"a": "b"}, "order-1"
		m.Batch, m.Encoding, m.Segments, m.OnUnknown = b.st.NewID(b.now()), smsir.EncodingUCS2, 2, smsir.RetryOnce
	})
	later := b.message(func(m *smsir.Message) { m.SendAt = b.now().Add(time.Hour); m.ExpiresAt = m.SendAt.Add(time.Hour) })
	b.accept(true, m, later)
	got := b.state(m.ID, smsir.Queued, false)
	if !reflect.DeepEqual(got, m) {
		b.Errorf("read back\n got %+v\nwant %+v", got, m)
	}
	b.state(later.ID, smsir.Scheduled, false)
	b.story(m.ID, "message.accepted")
	b.counts(map[smsir.State]int64{{Status: smsir.Queued}: 1, {Status: smsir.Scheduled}: 1})
	b.accept(true, b.message())
	if n, err := b.st.Backlog(ctx, b.ws); err != nil || n != 3 {
		b.Errorf("backlog %d, %v; want 3", n, err)
	}
	if id, err := b.st.Oldest(ctx, b.ws); err != nil || id != 0 {
		b.Errorf("oldest %v, %v; want none while all are owned or scheduled", id, err)
	}
	waits := b.message()
	b.accept(false, waits)
	b.accept(false, b.message())
	if id, err := b.st.Oldest(ctx, b.ws); err != nil || id != waits.ID {
		b.Errorf("oldest %v, %v; want %v", id, err, waits.ID)
	}
	if n, err := b.st.Backlog(ctx, smsir.UUID{4}); err != nil || n != 0 {
		b.Errorf("backlog of another workspace %d, %v; want 0", n, err)
	}
}

func testIdempotency(b *bench) {
	a := func(body string) (*store.Acceptance, *smsir.Message) {
		m := b.message()
		return &store.Acceptance{
			Workspace: b.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(b.now(), false)},
			Idempotency: &store.Idempotency{Scope: "POST /v1/messages", Key: "k", Fingerprint: [32]byte{1}, ExpiresAt: b.now().Add(time.Hour), Status: 202, Body: []byte(body)},
		}, m
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	stored, replays := []smsir.ID{}, map[string]int{}
	for i := range 16 {
		acc, m := a(fmt.Sprint("body ", i))
		wg.Go(func() {
			r, err := b.st.Accept(ctx, acc)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				b.Errorf("accept: %v", err)
			case r == nil:
				stored = append(stored, m.ID)
			default:
				replays[string(r.Body)]++
			}
		})
	}
	wg.Wait()
	if len(stored) != 1 || len(replays) != 1 {
		b.Fatalf("16 requests with one key stored %d messages and gave answers %v; want 1 and one answer 15 times", len(stored), replays)
	}
	page, err := b.st.ListMessages(ctx, b.ws, store.MessageFilter{})
	if err != nil || len(page.Items) != 1 {
		b.Fatalf("list: %d messages, %v; want 1", len(page.Items), err)
	}
	if r, err := b.st.Replay(ctx, smsir.UUID{5}, "POST /v1/messages", "k", b.now()); r != nil || err != nil {
		b.Errorf("replay in another workspace: %v, %v; want none", r, err)
	}
	b.wait(2 * time.Hour)
	if r, err := b.st.Replay(ctx, b.ws, "POST /v1/messages", "k", b.now()); r != nil || err != nil {
		b.Errorf("replay of an expired key: %v, %v; want none", r, err)
	}
	acc, _ := a("again")
	if r, err := b.st.Accept(ctx, acc); r != nil || err != nil {
		b.Errorf("accept with an expired key: %v, %v; want a new message", r, err)
	}
}

func testClientRef(b *bench) {
	ref := func(m *smsir.Message) { m.ClientRef = "invoice-7" }
	first := b.message(ref)
	b.accept(false, first)
	second := b.message(ref)
	a := &store.Acceptance{Workspace: b.ws, Messages: []*smsir.Message{second}, Events: []smsir.Event{second.Accept(b.now(), false)}, ClientRefs: time.Hour}
	_, err := b.st.Accept(ctx, a)
	if smsir.CodeOf(err) != smsir.CodeClientRefUsed {
		b.Fatalf("second use: got %v, want %s", err, smsir.CodeClientRefUsed)
	}
	if _, err := b.st.Message(ctx, b.ws, second.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("a refused message was stored: %v", err)
	}
	b.counts(map[smsir.State]int64{{Status: smsir.Queued}: 1})
	b.wait(2 * time.Hour)
	b.accept(false, b.message(ref))
}

// testBadRow: a step that the database refuses must not take its neighbours in the same commit along.
func testBadRow(b *bench) {
	var wg sync.WaitGroup
	good := make([]*smsir.Message, 40)
	for i := range good {
		good[i] = b.message()
	}
	bad := b.message(func(m *smsir.Message) { m.Segments = 999 })
	for i, m := range good {
		wg.Go(func() {
			a := &store.Acceptance{Workspace: b.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(b.now(), false)}}
			if _, err := b.st.Accept(ctx, a); err != nil {
				b.Errorf("good row %d: %v", i, err)
			}
		})
		if i%4 == 0 {
			wg.Go(func() {
				m := *bad
				m.ID = b.st.NewID(b.now())
				a := &store.Acceptance{Workspace: b.ws, Messages: []*smsir.Message{&m}, Events: []smsir.Event{m.Accept(b.now(), false)}}
				if _, err := b.st.Accept(ctx, a); err == nil {
					b.Errorf("999 segments were accepted")
				}
			})
		}
	}
	wg.Wait()
	for _, m := range good {
		b.state(m.ID, smsir.Queued, false)
	}
	b.counts(map[smsir.State]int64{{Status: smsir.Queued}: int64(len(good))})
	events, err := b.st.EventsAfter(ctx, b.ws, 0, 1000)
	if err != nil || len(events) != len(good) {
		b.Errorf("%d events, %v; want %d", len(events), err, len(good))
	}
}

func testConcurrent(b *bench) {
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 10 {
				m := b.accept(true, b.message())[0]
				attempt := b.st.NewID(b.now())
				ok, err := b.st.Intend(ctx, []store.Intent{{Attempt: attempt, Message: m, Provider: b.provider, Now: b.now()}})
				if err != nil || !ok[0] {
					b.Errorf("intend: %v %v", ok, err)
					return
				}
				ref := m.ID.Format("ref")
				_, err = b.st.Finish(ctx, store.Finish{Attempt: attempt, Message: m.ID, Now: b.now(), Outcome: accepted(ref)})
				_, err2 := b.st.StoreReceipt(ctx, smsir.Receipt{Provider: b.provider, Reference: ref, Status: smsir.Delivered, ArrivedAt: b.now()})
				if err := errors.Join(err, err2); err != nil {
					b.Errorf("finish and receipt: %v", err)
				}
			}
		})
	}
	wg.Wait()
	b.counts(map[smsir.State]int64{{Status: smsir.Delivered, Final: true}: 160})
}

func testSweep(b *bench) {
	m := b.message(func(m *smsir.Message) { m.ClientRef = "x" })
	a := &store.Acceptance{
		Workspace: b.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(b.now(), false)}, ClientRefs: time.Hour,
		Idempotency: &store.Idempotency{Scope: "s", Key: "k", ExpiresAt: b.now().Add(time.Hour), Status: 202, Body: []byte("b")},
	}
	if _, err := b.st.Accept(ctx, a); err != nil {
		b.Fatal(err)
	}
	if more, err := b.st.Sweep(ctx, b.now()); more || err != nil {
		b.Fatalf("sweep: %v, %v", more, err)
	}
	if r, err := b.st.Replay(ctx, b.ws, "s", "k", b.now()); r == nil || err != nil {
		b.Fatalf("sweep took a live key: %v, %v", r, err)
	}
	b.wait(2 * time.Hour)
	if _, err := b.st.Sweep(ctx, b.now()); err != nil {
		b.Fatal(err)
	}
	if r, err := b.st.Replay(ctx, b.ws, "s", "k", b.at.Add(-2*time.Hour)); r != nil || err != nil {
		b.Errorf("an expired key is still stored: %v, %v", r, err)
	}
	b.state(m.ID, smsir.Queued, false)
}
