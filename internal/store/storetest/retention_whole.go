package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func testRetentionWhole(b *bench) {
	b.rule(1, store.MinMetadataDays, false)
	hour := b.at
	var old []*smsir.Message
	for i := range 3 {
		old = append(old, b.ended(func(m *smsir.Message) { m.ClientRef = fmt.Sprint("ref", i) }))
	}
	later := b.message(func(m *smsir.Message) { m.SendAt = b.now().Add(60 * store.Day); m.ExpiresAt = m.SendAt.Add(time.Hour) })
	b.accept(false, later)
	b.wait(store.MinMetadataDays*store.Day + time.Hour)
	if did := b.sweep(); did.Texts != 3 || did.Messages != 0 {
		b.Fatalf("%+v: nothing is deleted that the reports have not counted", did)
	}
	counts := map[smsir.State]int64{{Status: smsir.Delivered, Final: true}: 3, {Status: smsir.Scheduled}: 1}
	check := func() {
		b.Helper()
		rows, err := b.st.Counts(ctx, b.ws, hour, hour.Add(time.Hour))
		must(b.T, "Counts", err)
		for _, r := range rows {
			if counts[r.State] != r.N {
				b.Errorf("%v: %d, want %d", r.State, r.N, counts[r.State])
			}
		}
	}
	check()
	b.markReports(1, 1000)
	numbers := &store.Numbers{}
	numbers.Count(&store.ReportRow{Segments: 7, State: smsir.State{Status: smsir.Delivered, Final: true}})
	for _, m := range b.marks() {
		b.put(m, true, store.ReportCell{Dimension: store.ByNothing, Numbers: numbers})
	}
	fresh := b.ended()
	if did := b.sweep(); did.Messages != 3 {
		b.Fatalf("%+v, want three messages deleted", did)
	}
	for _, m := range old {
		if _, err := b.st.Message(ctx, b.ws, m.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
			b.Errorf("message: %v", err)
		}
		if list, err := b.st.MessageEvents(ctx, b.ws, m.ID); err != nil || len(list) != 0 {
			b.Errorf("events: %v, %v", list, err)
		}
		if list, err := b.st.Attempts(ctx, b.ws, m.ID); err != nil || len(list) != 0 {
			b.Errorf("attempts: %v, %v", list, err)
		}
	}
	b.receipt(store.ReceiptParked, smsir.Receipt{Reference: old[0].ID.Format("r"), Status: smsir.Delivered})
	page, err := b.st.ListMessages(ctx, b.ws, store.MessageFilter{Limit: 1})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != fresh.ID || page.Next == 0 {
		b.Fatalf("first page %+v, %v", page, err)
	}
	page, err = b.st.ListMessages(ctx, b.ws, store.MessageFilter{Limit: 1, Before: page.Next})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != later.ID {
		b.Fatalf("second page %+v, %v: want what waits", page, err)
	}
	events, err := b.st.EventsAfter(ctx, b.ws, 0, 100)
	must(b.T, "EventsAfter", err)
	seen := map[smsir.ID]int{}
	for _, e := range events {
		if seen[e.Message]++; e.Message != later.ID && e.Message != fresh.ID {
			b.Errorf("the stream tells of %v, which is gone", e.Message)
		}
	}
	if seen[later.ID] != 1 || seen[fresh.ID] != 4 {
		b.Errorf("the stream misses events: %v", seen)
	}
	check()
	// What is counted anew of an hour without its messages would be wrong, and is not kept.
	if _, _, err := b.st.Cancel(ctx, b.ws, later.ID, smsir.Actor{}, b.now()); err != nil {
		b.Fatal(err)
	}
	b.markReports(1, 1000)
	for _, m := range b.marks() {
		b.put(m, true)
	}
	var cells int
	must(b.T, "ReportCells", b.st.ReportCells(ctx, b.ws, store.ByNothing, hour, hour.Add(time.Hour), func(time.Time, string, *store.Numbers) error { cells++; return nil }))
	if cells != 1 {
		b.Errorf("%d cells of the hour, want the one that was counted while its messages were there", cells)
	}
	if did := b.sweep(); did.Messages != 0 {
		b.Errorf("%+v: what ended today was deleted", did)
	}
	b.wait(store.MinMetadataDays*store.Day + lookedAgain)
	b.markReports(1, 1000)
	for _, m := range b.marks() {
		b.put(m, true)
	}
	if did := b.sweep(); did.Messages != 2 {
		b.Errorf("%+v, want the last two", did)
	}
	if page, err := b.st.ListMessages(ctx, b.ws, store.MessageFilter{}); err != nil || len(page.Items) != 0 {
		b.Errorf("left: %+v, %v", page, err)
	}
}

// Scrubbed runs many messages with a marker in their texts through their lives, removes the texts, clears what the
// database keeps beside itself, and calls look while the store is open: the marker must be nowhere.
func Scrubbed(t *testing.T, open Opener, look func(marker string)) {
	const marker = "ZANZIBAR-7531"
	b := newBench(t, open)
	b.rule(1, 0, true)
	open1 := b.accept(true, b.message(func(m *smsir.Message) { m.Text = "is needed still" }))[0]
	for i := range 300 {
		text := fmt.Sprint(marker, " ", i, strings.Repeat(" and more", i%40))
		if i%3 == 0 { // several in one commit, of which some are canceled
			list := b.accept(true, b.message(func(m *smsir.Message) { m.Text = text }), b.message(func(m *smsir.Message) { m.Text = text; m.Class = smsir.OTP }))
			for _, m := range list {
				if _, _, err := b.st.Cancel(ctx, b.ws, m.ID, smsir.Actor{}, b.now()); err != nil {
					t.Fatal(err)
				}
			}
		}
		b.ended(func(m *smsir.Message) { m.Text = text })
		if _, err := b.st.StoreInbound(ctx, smsir.Inbound{Provider: b.provider, Reference: fmt.Sprint("in", i), From: fmt.Sprintf("+1202555%04d", 100+i%5), To: "+12025550199", Text: text, Raw: text, ReceivedAt: b.now()}, store.ConsentUnchanged); err != nil {
			t.Fatal(err)
		}
		b.wait(time.Second)
	}
	if n := b.search(marker); n == 0 {
		t.Fatal("the marker is nowhere before it is removed")
	}
	b.wait(store.Day)
	b.removeCodes()
	b.sweep()
	for deadline := time.Now().Add(30 * time.Second); ; {
		done, err := b.st.Scrub(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if done {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the database could not be scrubbed for 30 s")
		}
		<-time.After(50 * time.Millisecond)
	}
	look(marker)
	if m := b.state(open1.ID, smsir.Queued, false); m.Text != "is needed still" {
		t.Errorf("a message that has not ended has the text %q", m.Text)
	}
	if b.search(marker) != 0 {
		t.Error("the search finds the marker")
	}
}
