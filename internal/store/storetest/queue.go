package storetest

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var late = smsir.Lateness{OTP: 5 * time.Minute, Other: time.Hour}

func (b *bench) tick() store.TickResult {
	b.Helper()
	r, err := b.st.Tick(ctx, b.now(), late, 100)
	if err != nil {
		b.Fatalf("tick: %v", err)
	}
	return r
}

func testTick(b *bench) {
	at := func(d time.Duration) func(*smsir.Message) {
		return func(m *smsir.Message) { m.SendAt = b.now().Add(d); m.ExpiresAt = m.SendAt.Add(3 * time.Hour) }
	}
	soon, missed, waits := b.message(at(time.Minute)), b.message(at(time.Minute)), b.message()
	b.accept(false, soon)
	b.accept(false, waits)
	if r := b.tick(); r.Moved != 0 {
		b.Fatalf("moved %d before anything was due", r.Moved)
	}
	if next, err := b.st.NextDeadline(ctx); err != nil || !next.Equal(b.now().Add(time.Minute)) {
		b.Errorf("next deadline %v, %v; want in a minute, at %v", next, err, b.now().Add(time.Minute))
	}
	b.wait(time.Minute)
	if r := b.tick(); r.Moved != 1 {
		b.Fatalf("moved %d, want the scheduled one", r.Moved)
	}
	b.state(soon.ID, smsir.Queued, false)
	missed.SendAt, missed.ExpiresAt, missed.AcceptedAt = b.now().Add(time.Minute), b.now().Add(5*time.Hour), b.now()
	b.accept(false, missed)
	b.wait(2 * time.Hour)
	b.tick()
	if m := b.state(missed.ID, smsir.Expired, true); m.Reason != smsir.ReasonMissedSchedule {
		b.Errorf("missed schedule: %q", m.Reason)
	}

	sent := b.accept(true, b.message())[0]
	b.finish(b.mustIntend(sent), sent.ID, accepted("r"))
	unknown := b.accept(true, b.message())[0]
	b.finish(b.mustIntend(unknown), unknown.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Second)})
	again := b.accept(true, b.message(func(m *smsir.Message) { m.OnUnknown = smsir.RetryOnce }))[0]
	b.finish(b.mustIntend(again), again.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Second)})
	b.wait(2 * time.Second)
	if r := b.tick(); len(r.Look) != 2 || r.Look[0].Text == "" {
		b.Fatalf("look at %d unknown messages, want 2, whole", len(r.Look))
	}
	if r := b.tick(); len(r.Look) != 0 {
		b.Fatalf("looked again at once at %d", len(r.Look))
	}
	if err := b.st.Look(ctx, unknown.ID, b.now().Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
	b.wait(40 * time.Second)
	b.tick()
	if m := b.state(again.ID, smsir.Queued, false); !m.PossibleDuplicate {
		b.Error("sent again without the label possible_duplicate")
	}
	b.wait(200 * time.Hour)
	for range 3 {
		b.tick()
	}
	b.state(waits.ID, smsir.Expired, true)
	b.state(sent.ID, smsir.Sent, true)
	b.state(unknown.ID, smsir.Unknown, true)
	b.state(again.ID, smsir.Unknown, true) // T24: it may have gone out, so it must not end as expired
	if next, err := b.st.NextDeadline(ctx); err != nil || !next.IsZero() {
		b.Errorf("next deadline %v, %v; want none", next, err)
	}
	if waiting, err := b.st.Waiting(ctx); err != nil || len(waiting) != 0 {
		b.Errorf("waiting %v, %v; want nothing", waiting, err)
	}
}

func testCancel(b *bench) {
	cancel := func(m *smsir.Message, want smsir.CancelResult) *smsir.Message {
		b.Helper()
		got, after, err := b.st.Cancel(ctx, b.ws, m.ID, smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{7}}, b.now())
		if err != nil || got != want {
			b.Fatalf("cancel in %v: %v, %v; want %v", m.State(), got, err, want)
		}
		return after
	}
	queued := b.accept(false, b.message())[0]
	if after := cancel(queued, smsir.CancelDone); after.Status != smsir.Canceled {
		b.Errorf("after cancel: %v", after.State())
	}
	cancel(queued, smsir.CancelTooLate)
	events, err := b.st.MessageEvents(ctx, b.ws, queued.ID)
	if err != nil || events[1].Data.Actor != (smsir.UUID{7}).Format(smsir.PrefixUser) {
		b.Errorf("who canceled: %+v, %v", events, err)
	}
	sending := b.accept(true, b.message())[0]
	attempt := b.mustIntend(sending)
	cancel(sending, smsir.CancelRequested)
	cancel(sending, smsir.CancelRequested)
	b.story(sending.ID, "message.accepted", "message.sending", "message.cancel_requested")
	b.finish(attempt, sending.ID, smsir.Outcome{State: smsir.AttemptNotSent, Class: smsir.ClassRetry, RetryAt: b.now()})
	b.state(sending.ID, smsir.Canceled, true)
	sent := b.accept(true, b.message())[0]
	b.finish(b.mustIntend(sent), sent.ID, accepted("x"))
	cancel(sent, smsir.CancelTooLate)
	other, _ := b.workspace("other@example.com", false)
	if _, _, err := b.st.Cancel(ctx, other, sent.ID, smsir.Actor{}, b.now()); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("cancel from another workspace: %v, want %s", err, smsir.CodeNotFound)
	}
}

func testClaim(b *bench) {
	class := func(c smsir.Class) func(*smsir.Message) { return func(m *smsir.Message) { m.Class = c } }
	bulk, normal, otp := b.message(class(smsir.Bulk)), b.message(), b.message(class(smsir.OTP))
	b.accept(false, bulk, normal, otp)
	owned := b.accept(true, b.message(class(smsir.OTP)))[0]
	claim := func(limit int) (ids []smsir.ID) {
		b.Helper()
		all, err := b.claim(b.now(), limit)
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range all {
			ids = append(ids, m.ID)
		}
		return ids
	}
	if got := claim(10); !slices.Equal(got, []smsir.ID{otp.ID, normal.ID, bulk.ID}) {
		b.Errorf("claim %v, want each class %v", got, []smsir.ID{otp.ID, normal.ID, bulk.ID})
	}
	if got := claim(10); got != nil {
		b.Errorf("claimed %v twice", got)
	}
	if err := b.st.Release(ctx, []smsir.ID{owned.ID, normal.ID}, smsir.ReasonProviderDown, b.now().Add(time.Minute)); err != nil {
		b.Fatal(err)
	}
	if got := claim(10); got != nil {
		b.Errorf("claimed %v before its time", got)
	}
	if m := b.state(normal.ID, smsir.Queued, false); m.Reason != smsir.ReasonProviderDown {
		b.Errorf("reason %q", m.Reason)
	}
	b.wait(time.Minute)
	if got := claim(10); !slices.Equal(got, []smsir.ID{owned.ID, normal.ID}) {
		b.Errorf("claim after release %v, want %v", got, []smsir.ID{owned.ID, normal.ID})
	}
	if err := b.st.Release(ctx, []smsir.ID{owned.ID}, smsir.ReasonRouteConfig, b.now().Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
	if err := b.st.Hurry(ctx, b.ws, smsir.ReasonProviderDown, b.now()); err != nil || claim(10) != nil {
		b.Errorf("hurried a message that waits for another reason (%v)", err)
	}
	if err := b.st.Hurry(ctx, smsir.UUID{77}, smsir.ReasonRouteConfig, b.now()); err != nil || claim(10) != nil {
		b.Errorf("hurried a message of another workspace (%v)", err)
	}
	if err := b.st.Hurry(ctx, b.ws, smsir.ReasonRouteConfig, b.now()); err != nil {
		b.Fatal(err)
	}
	if got := claim(10); !slices.Equal(got, []smsir.ID{owned.ID}) {
		b.Errorf("claim after hurry %v, want %v", got, owned.ID)
	}
	if err := b.st.Fail(ctx, normal.ID, b.now(), smsir.ReasonNoRoute, &smsir.Failure{Code: "no_route", Text: "no provider"}); err != nil {
		b.Fatal(err)
	}
	b.state(normal.ID, smsir.Failed, true)
}

// testShares: queues are claimed one by one, so that nobody's backlog stands before another's message.
func testShares(b *bench) {
	other, _ := b.workspace("other@example.com", false)
	var mine []smsir.ID
	for range 5 {
		m := b.message(func(m *smsir.Message) { m.Class = smsir.Bulk })
		b.accept(false, m)
		mine = append(mine, m.ID)
		b.wait(time.Second)
	}
	later := b.message(func(m *smsir.Message) { m.Workspace = other })
	b.accept(false, later)
	bulk, theirs := store.Line{Workspace: b.ws, Class: smsir.Bulk}, store.Line{Workspace: other}
	waiting, err := b.st.Waiting(ctx)
	due := func(l store.Line) bool {
		return slices.ContainsFunc(waiting, func(w store.Waiting) bool { return w.Line == l && !w.DueAt.After(b.now()) })
	}
	if err != nil || len(waiting) != 2 || !due(bulk) || !due(theirs) {
		b.Fatalf("waiting %v, %v; want the two queues, due", waiting, err)
	}
	claimed, err := b.st.Claim(ctx, b.now(), []store.Share{{Line: bulk, N: 2}, {Line: theirs, N: 2}, {Line: store.Line{Workspace: other, Class: smsir.OTP}, N: 2}})
	var got []smsir.ID
	for _, m := range claimed {
		got = append(got, m.ID)
	}
	if err != nil || !slices.Equal(got, []smsir.ID{mine[0], mine[1], later.ID}) {
		b.Errorf("claimed %v, %v; want the two oldest of one queue and the only one of the other, %v", got, err, []smsir.ID{mine[0], mine[1], later.ID})
	}
	if err := b.st.Release(ctx, []smsir.ID{later.ID}, smsir.ReasonThrottled, b.now().Add(time.Minute)); err != nil {
		b.Fatal(err)
	}
	waiting, err = b.st.Waiting(ctx)
	if i := slices.IndexFunc(waiting, func(w store.Waiting) bool { return w.Line == theirs }); err != nil || i < 0 || !waiting[i].DueAt.Equal(b.now().Add(time.Minute)) {
		b.Errorf("after the release: %v, %v; want it due in a minute", waiting, err)
	}
}

// claim claims up to n messages of each class of the bench's workspace, most urgent class first.
func (b *bench) claim(now time.Time, n int) ([]*smsir.Message, error) {
	return b.st.Claim(ctx, now, Shares(b.ws, n))
}

// Shares asks for n messages of each class of a workspace, most urgent class first.
func Shares(workspace smsir.UUID, n int) []store.Share {
	var shares []store.Share
	for _, class := range smsir.ByUrgency() {
		shares = append(shares, store.Share{Line: store.Line{Workspace: workspace, Class: class}, N: n})
	}
	return shares
}

// testListBesideInserts: pages walked while messages come in have every message that was there at the start, once, in order.
func testListBesideInserts(b *bench) {
	var before []smsir.ID
	add := func(n int) {
		for range n {
			m := b.message()
			b.accept(false, m)
			before = append(before, m.ID)
		}
	}
	add(12)
	there := slices.Clone(before)
	seen := map[smsir.ID]bool{}
	last := smsir.ID(math.MaxInt64)
	for f := (store.MessageFilter{Limit: 3}); ; {
		page, err := b.st.ListMessages(ctx, b.ws, f)
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range page.Items {
			if seen[m.ID] || m.ID >= last {
				b.Errorf("%s comes again, or after an older one", m.ID.Format(smsir.PrefixMessage))
			}
			seen[m.ID], last = true, m.ID
		}
		if f.Before = page.Next; f.Before == 0 {
			break
		}
		add(1)
	}
	for _, id := range there {
		if !seen[id] {
			b.Errorf("%s was there before the first page and is on none", id.Format(smsir.PrefixMessage))
		}
	}
}

func testList(b *bench) {
	batch := b.st.NewID(b.now())
	var all []smsir.ID
	for i := range 25 {
		m := b.message(func(m *smsir.Message) {
			m.To = fmt.Sprintf("+1202555%04d", 100+i)
			m.Text = fmt.Sprintf("Text_%d 100%%", i)
			if i%5 == 0 {
				m.Batch, m.Tags, m.ClientRef = batch, []string{"five"}, fmt.Sprint("ref-", i)
			}
		})
		b.accept(true, m)
		all = append(all, m.ID)
		b.wait(time.Minute)
	}
	slices.Reverse(all)
	var paged []smsir.ID
	f := store.MessageFilter{Limit: 7}
	for {
		page, err := b.st.ListMessages(ctx, b.ws, f)
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range page.Items {
			paged = append(paged, m.ID)
		}
		if page.Next == 0 {
			break
		}
		f.Before = page.Next
	}
	if !slices.Equal(paged, all) {
		b.Errorf("pages give %v, want %v", paged, all)
	}
	if _, _, err := b.st.Cancel(ctx, b.ws, all[0], smsir.Actor{}, b.now()); err != nil {
		b.Error(err)
	}
	for _, tc := range []struct {
		name string
		f    store.MessageFilter
		want int
	}{
		{"status", store.MessageFilter{Statuses: []smsir.Status{smsir.Canceled, smsir.Failed}}, 1},
		{"part of a number", store.MessageFilter{To: "5550110"}, 1},
		{"part of a text", store.MessageFilter{Text: "text_1 "}, 1},
		{"wildcards are letters", store.MessageFilter{Text: "100%"}, 25},
		{"wildcards match nothing else", store.MessageFilter{Text: "T%1"}, 0},
		{"batch", store.MessageFilter{Batch: batch}, 5},
		{"batch and status", store.MessageFilter{Batch: batch, Statuses: []smsir.Status{smsir.Canceled}}, 0},
		{"tag", store.MessageFilter{Tag: "five"}, 5},
		{"client reference", store.MessageFilter{ClientRef: "ref-10"}, 1},
		{"creator", store.MessageFilter{CreatedBy: smsir.UUID{9}}, 25},
		{"another creator", store.MessageFilter{CreatedBy: smsir.UUID{8}}, 0},
		{"sender", store.MessageFilter{From: "SMSir"}, 25},
		{"since", store.MessageFilter{Since: b.now().Add(-5 * time.Minute)}, 5},
		{"until", store.MessageFilter{Until: b.now().Add(-5 * time.Minute)}, 20},
		{"provider", store.MessageFilter{Provider: b.provider}, 0},
	} {
		tc.f.Limit = 200
		page, err := b.st.ListMessages(ctx, b.ws, tc.f)
		if err != nil || len(page.Items) != tc.want || page.Partial {
			b.Errorf("%s: %d messages, partial=%v, %v; want %d", tc.name, len(page.Items), page.Partial, err, tc.want)
		}
	}
	other, _ := b.workspace("other@example.com", false)
	if page, err := b.st.ListMessages(ctx, other, store.MessageFilter{}); err != nil || len(page.Items) != 0 {
		b.Errorf("another workspace sees %d messages, %v", len(page.Items), err)
	}
	if _, err := b.st.Message(ctx, other, all[0]); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("another workspace reads a message: %v", err)
	}
	if events, err := b.st.MessageEvents(ctx, other, all[0]); err != nil || len(events) != 0 {
		b.Errorf("another workspace reads events: %v, %v", events, err)
	}
	if got, err := b.st.MessagesByID(ctx, []smsir.ID{all[0], all[3], 12345}); err != nil || len(got) != 2 {
		b.Errorf("by id: %d, %v; want 2", len(got), err)
	}
}

func testEvents(b *bench) {
	woken := make(chan struct{}, 100)
	b.st.OnCommit(func() { woken <- struct{}{} })
	for range 10 {
		m := b.accept(true, b.message())[0]
		b.finish(b.mustIntend(m), m.ID, accepted(m.ID.Format("r")))
	}
	for i := range 30 { // the last call may come a moment after the commit was answered
		select {
		case <-woken:
		case <-time.After(10 * time.Second):
			b.Fatalf("woken %d times by 30 commits", i)
		}
	}
	b.st.OnCommit(func() {})
	var got []smsir.Event
	after := smsir.ID(0)
	for {
		page, err := b.st.EventsAfter(ctx, b.ws, after, 7)
		if err != nil {
			b.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		after = page[len(page)-1].ID
	}
	if len(got) != 30 || !slices.IsSortedFunc(got, func(a, c smsir.Event) int { return int(a.ID - c.ID) }) {
		b.Errorf("%d events, want 30 in order", len(got))
	}
	if last, err := b.st.LastEvent(ctx); err != nil || last != after {
		b.Errorf("last event %d, %v; want %d", last, err, after)
	}
	down := smsir.Event{Workspace: b.ws, Type: smsir.EventProviderDown, At: b.now(), Data: smsir.EventData{
		Provider: b.provider.Format(smsir.PrefixProvider), Error: &smsir.Failure{Class: smsir.ClassRetry, Code: "dial_failed", Text: "no connection"},
	}}
	if err := b.st.Tell(ctx, down); err != nil {
		b.Fatal(err)
	}
	told, err := b.st.EventsAfter(ctx, b.ws, after, 7)
	if err != nil || len(told) != 1 || told[0].Type != down.Type || told[0].Message != 0 || told[0].Data.Error == nil || *told[0].Data.Error != *down.Data.Error {
		b.Errorf("an event that is not about a message: %+v, %v", told, err)
	}
	other, _ := b.workspace("other@example.com", false)
	if page, err := b.st.EventsAfter(ctx, other, 0, 100); err != nil || len(page) != 0 {
		b.Errorf("another workspace sees %d events, %v", len(page), err)
	}
}

func testInbound(b *bench) {
	in := smsir.Inbound{Provider: b.provider, Reference: "mo-1", From: "+12025550111", To: "SMSir", Text: "STOP", ReceivedAt: b.now()}
	for i, want := range []bool{false, true} {
		if duplicate, err := b.st.StoreInbound(ctx, in, store.OptOut); err != nil || duplicate != want {
			b.Fatalf("time %d: duplicate %v, %v; want %v", i+1, duplicate, err, want)
		}
	}
	all, err := b.st.ListInbound(ctx, b.ws, 0, 10)
	if err != nil || len(all) != 1 || all[0].Text != "STOP" || all[0].From != in.From {
		b.Fatalf("inbound: %+v, %v", all, err)
	}
	events, err := b.st.EventsAfter(ctx, b.ws, 0, 10)
	if err != nil || len(events) != 1 || events[0].Type != smsir.EventInbound || events[0].Data.Inbound != all[0].ID.Format(smsir.PrefixInbound) {
		b.Errorf("events: %+v, %v", events, err)
	}
	suppressed := func(sender string, want bool) {
		b.Helper()
		got, err := b.st.Suppressed(ctx, b.ws, []string{"+12025550100", in.From}, sender)
		if err != nil || got[in.From] != want || got["+12025550100"] {
			b.Errorf("suppressed for %q: %v, %v; want %v", sender, got, err, want)
		}
	}
	suppressed("SMSir", true)
	suppressed("", true)
	suppressed("Clinic", false)
	if _, err := b.st.StoreInbound(ctx, smsir.Inbound{Provider: b.provider, From: in.From, To: "SMSir", Text: "START", ReceivedAt: b.now()}, store.OptIn); err != nil {
		b.Fatal(err)
	}
	suppressed("SMSir", false)
	if _, err := b.st.StoreInbound(ctx, smsir.Inbound{Provider: smsir.UUID{77}, From: in.From, Text: "x", ReceivedAt: b.now()}, 0); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("inbound of an unknown provider: %v", err)
	}
}
