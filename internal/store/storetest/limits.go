package storetest

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// day is a meter of a day of the bench.
func (b *bench) day(name string, add, limit int64) store.Meter {
	from := b.now().Truncate(24 * time.Hour)
	return store.Meter{Name: name, From: from, Until: from.Add(24 * time.Hour), Add: add, Limit: limit, Warn: limit * 4 / 5}
}

// acceptWith accepts one message that uses up meters.
func (b *bench) acceptWith(meters ...store.Meter) error {
	m := b.message()
	_, err := b.st.Accept(ctx, &store.Acceptance{Workspace: b.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(b.now(), false)}, Meters: meters})
	return err
}

// testMeters: 64 senders at once, and room for 100.
func testMeters(b *bench) {
	const room, senders, each = 100, 64, 4
	var accepted, refused atomic.Int64
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for range each {
				err := b.acceptWith(b.day("messages_per_day", 1, room), b.day("other", 3, 1000))
				var full *store.FullError
				switch {
				case err == nil:
					accepted.Add(1)
				case errors.As(err, &full) && smsir.CodeOf(err) == smsir.CodeLimitReached && full.Meter.Name == "messages_per_day" && full.Used == room:
					refused.Add(1)
				default:
					b.Errorf("accept: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if accepted.Load() != room || refused.Load() != senders*each-room {
		b.Errorf("%d accepted and %d refused, want %d and %d", accepted.Load(), refused.Load(), room, senders*each-room)
	}
	b.counts(map[smsir.State]int64{{Status: smsir.Queued}: room})
	used, err := b.st.Used(ctx, b.ws, []store.Meter{b.day("messages_per_day", 0, 0), b.day("other", 0, 0), b.day("never", 0, 0)})
	if want := []int64{room, 3 * room, 0}; err != nil || !reflect.DeepEqual(used, want) {
		b.Errorf("used %v, %v; want %v", used, err, want)
	}
	events, err := b.st.EventsAfter(ctx, b.ws, 0, 1000)
	if err != nil {
		b.Fatal(err)
	}
	var told []*smsir.LimitUse
	for _, e := range events {
		if e.Type == smsir.EventLimitNear {
			told = append(told, e.Data.Limit)
		}
	}
	if len(told) != 1 || told[0] == nil || told[0].Name != "messages_per_day" || told[0].Used != 80 || told[0].Limit != room || told[0].Until == nil {
		b.Errorf("told %+v, want once that 80 of 100 are used up", told)
	}
	// Another workspace has its own, the next day begins anew, and what is over is swept.
	first := b.ws
	b.ws, _ = b.workspace("other@example.com", false)
	if err := b.acceptWith(b.day("messages_per_day", 1, room)); err != nil {
		b.Errorf("another workspace: %v", err)
	}
	b.ws = first
	yesterday := b.day("messages_per_day", 0, 0)
	b.wait(26 * time.Hour)
	if err := b.acceptWith(b.day("messages_per_day", room, room)); err != nil {
		b.Errorf("the next day: %v", err)
	}
	if _, err := b.st.Sweep(ctx, b.now()); err != nil {
		b.Fatal(err)
	}
	used, err = b.st.Used(ctx, b.ws, []store.Meter{yesterday, b.day("messages_per_day", 0, 0)})
	if want := []int64{0, room}; err != nil || !reflect.DeepEqual(used, want) {
		b.Errorf("after the sweep %v, %v; want %v", used, err, want)
	}
}

// testMeterLeavesNothing: what does not fit one meter counts on none and stores nothing, its key included.
func testMeterLeavesNothing(b *bench) {
	accept := func(limit int64) error {
		m := b.message(func(m *smsir.Message) { m.ClientRef = "order-9" })
		r, err := b.st.Accept(ctx, &store.Acceptance{
			Workspace: b.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(b.now(), false)}, ClientRefs: time.Hour,
			Idempotency: &store.Idempotency{Scope: "s", Key: "k", Fingerprint: [32]byte{1}, ExpiresAt: b.now().Add(time.Hour), Status: 202, Body: []byte("x")},
			Meters:      []store.Meter{b.day("first", 2, 10), b.day("second", 2, limit)},
		})
		if r != nil {
			b.Errorf("replayed what was refused: %+v", r)
		}
		return err
	}
	if err := accept(1); smsir.CodeOf(err) != smsir.CodeLimitReached {
		b.Fatalf("got %v, want %s", err, smsir.CodeLimitReached)
	}
	b.counts(map[smsir.State]int64{})
	if used, err := b.st.Used(ctx, b.ws, []store.Meter{b.day("first", 0, 0), b.day("second", 0, 0)}); err != nil || used[0] != 0 || used[1] != 0 {
		b.Errorf("used %v, %v; want nothing", used, err)
	}
	if err := accept(2); err != nil {
		b.Errorf("the same again, with room: %v", err)
	}
}

func testLimits(b *bench) {
	want := store.Limits{MessagesPerDay: 5, KeyMessagesPerDay: 4, OTPPerRecipient: 3, SpendPerDay: 2_000_000, SpendPerMonth: 9_000_000, Countries: []string{"KE", "US"}}
	audit := store.AuditEntry{At: b.now(), Workspace: b.ws, Action: "limits.updated"}
	if err := b.st.SetLimits(ctx, b.ws, want, audit); err != nil {
		b.Fatal(err)
	}
	w, err := b.st.Workspace(ctx, b.ws)
	if err != nil || !reflect.DeepEqual(w.Limits, want) {
		b.Errorf("limits %+v, %v; want %+v", w.Limits, err, want)
	}
	w.Name = "Renamed"
	if err := b.st.UpdateWorkspace(ctx, w, audit); err != nil {
		b.Fatal(err)
	}
	if w, err = b.st.Workspace(ctx, b.ws); err != nil || !reflect.DeepEqual(w.Limits, want) {
		b.Errorf("after another change: %+v, %v; want %+v", w.Limits, err, want)
	}
	if err := b.st.SetLimits(ctx, smsir.UUID{7}, want, audit); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("limits of no workspace: %v, want %s", err, smsir.CodeNotFound)
	}
}

func testPrices(b *bench) {
	audit := store.AuditEntry{At: b.now(), Workspace: b.ws, Action: "prices.changed"}
	add := func(currency string, prices ...smsir.Price) error {
		return b.st.AddPrices(ctx, b.ws, currency, prices, audit)
	}
	ke := smsir.Price{Destination: "KE", From: b.now(), Micros: 800_000}
	if err := add("KES", ke, smsir.Price{Destination: "*", From: b.now().Add(time.Hour), Micros: smsir.NoPrice}); err != nil {
		b.Fatal(err)
	}
	ke.Micros = 900_000 // the same moment: replaced
	if err := add("KES", ke); err != nil {
		b.Fatal(err)
	}
	var fault *smsir.Error
	if err := add("USD", ke); !errors.As(err, &fault) || fault.Code != smsir.CodeConflict || fault.Field != "currency" {
		b.Errorf("another currency: %v, want %s of currency", err, smsir.CodeConflict)
	}
	if err := b.st.AddPrices(ctx, smsir.UUID{7}, "KES", []smsir.Price{ke}, audit); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("no workspace: %v, want %s", err, smsir.CodeNotFound)
	}
	prices, err := b.st.Prices(ctx, b.ws)
	if err != nil || len(prices) != 2 {
		b.Fatalf("prices %+v, %v; want two", prices, err)
	}
	if p, ok := smsir.NewPriceList(prices).Of("+254722000001", "KE", b.now()); !ok || p != ke {
		b.Errorf("read back %+v, %t; want %+v", p, ok, ke)
	}
	if w, err := b.st.Workspace(ctx, b.ws); err != nil || w.Currency != "KES" || w.PricesVersion != 2 {
		b.Errorf("workspace %+v, %v; want KES, version 2", w, err)
	}
	first := b.ws
	b.ws, _ = b.workspace("other@example.com", false)
	if prices, err := b.st.Prices(ctx, b.ws); err != nil || len(prices) != 0 {
		b.Errorf("prices of another workspace: %v, %v", prices, err)
	}
	b.ws = first
}
