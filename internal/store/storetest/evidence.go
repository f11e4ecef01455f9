package storetest

import (
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func testLifecycle(b *bench) {
	m := b.accept(true, b.message())[0]
	b.wait(time.Second)
	attempt := b.mustIntend(m)
	b.state(m.ID, smsir.Sending, false)
	b.wait(time.Second)
	after := b.finish(attempt, m.ID, accepted("ref-1"))
	if after.Status != smsir.Sent {
		b.Fatalf("finish returned %v, want sent", after.State())
	}
	sent := b.state(m.ID, smsir.Sent, false)
	if !sent.SentAt.Equal(b.now()) || sent.UsedProvider != b.provider || sent.ReceiptDeadline.IsZero() {
		b.Errorf("sent at %v by %v, receipt until %v", sent.SentAt, sent.UsedProvider, sent.ReceiptDeadline)
	}
	b.wait(time.Second)
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "ref-1", To: m.To, Status: smsir.Delivered, Code: "000"})
	b.state(m.ID, smsir.Delivered, true)
	b.story(m.ID, "message.accepted", "message.sending", "message.sent", "message.delivered")
	b.counts(map[smsir.State]int64{{Status: smsir.Delivered, Final: true}: 1})
	attempts, err := b.st.Attempts(ctx, b.ws, m.ID)
	if err != nil || len(attempts) != 1 || attempts[0].State != smsir.AttemptAccepted || attempts[0].References[0] != "ref-1" || attempts[0].ID != attempt {
		b.Errorf("attempts: %+v, %v", attempts, err)
	}
}

func testIntendRefuses(b *bench) {
	unowned := b.accept(false, b.message())[0]
	if _, ok := b.intend(unowned); ok {
		b.Error("intended a message that nobody claimed")
	}
	canceled := b.accept(true, b.message())[0]
	if r, _, err := b.st.Cancel(ctx, b.ws, canceled.ID, smsir.Actor{}, b.now()); r != smsir.CancelDone || err != nil {
		b.Fatalf("cancel: %v, %v", r, err)
	}
	if _, ok := b.intend(canceled); ok {
		b.Error("intended a canceled message")
	}
	b.state(canceled.ID, smsir.Canceled, true)

	twice := b.accept(true, b.message())[0]
	stale := *twice
	b.mustIntend(twice)
	if _, ok := b.intend(&stale); ok {
		b.Error("intended a message that is being sent")
	}

	expired := b.accept(true, b.message())[0]
	b.wait(25 * time.Hour)
	if _, ok := b.intend(expired); ok {
		b.Error("intended an expired message")
	}
	b.state(expired.ID, smsir.Expired, true)

	blocked := b.accept(true, b.message())[0]
	if _, err := b.st.StoreInbound(ctx, smsir.Inbound{Provider: b.provider, From: blocked.To, To: blocked.From, Text: "STOP", ReceivedAt: b.now()}, store.OptOut); err != nil {
		b.Fatal(err)
	}
	if _, ok := b.intend(blocked); ok {
		b.Error("intended a message to a recipient who has opted out")
	}
	if m := b.state(blocked.ID, smsir.Blocked, true); m.Reason != smsir.ReasonOptedOut || m.Error == nil {
		b.Errorf("blocked because of %q, %+v", m.Reason, m.Error)
	}

	paused := b.accept(true, b.message(func(m *smsir.Message) { m.To = "+12025550101" }))[0]
	w, err := b.st.Workspace(ctx, b.ws)
	if err != nil {
		b.Fatal(err)
	}
	w.PausedAt = b.now()
	if err := b.st.UpdateWorkspace(ctx, w, store.AuditEntry{At: b.now(), Workspace: b.ws, Action: "workspace.paused"}); err != nil {
		b.Fatal(err)
	}
	if _, ok := b.intend(paused); ok {
		b.Error("intended a message of a paused workspace")
	}
	if m := b.state(paused.ID, smsir.Queued, false); m.Reason != smsir.ReasonWorkspacePaused {
		b.Errorf("waits because of %q", m.Reason)
	}
}

func testFinishOnce(b *bench) {
	m := b.accept(true, b.message())[0]
	attempt := b.mustIntend(m)
	refused := smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassRetry, RetryAt: b.now().Add(time.Minute), Error: &smsir.Failure{Class: smsir.ClassRetry, Code: "busy", Text: "busy", ProviderCode: "8"}}
	b.finish(attempt, m.ID, refused)
	got := b.state(m.ID, smsir.Queued, false)
	if got.Reason != smsir.ReasonRetryWait || !got.NextAt.Equal(refused.RetryAt) || got.Error == nil || *got.Error != *refused.Error {
		b.Errorf("retry: %q at %v, %+v", got.Reason, got.NextAt, got.Error)
	}
	b.finish(attempt, m.ID, accepted("late lie"))
	b.state(m.ID, smsir.Queued, false)
	b.wait(2 * time.Minute)
	claimed, err := b.claim(b.now(), 10)
	if err != nil || len(claimed) != 1 {
		b.Fatalf("claim: %v, %v", claimed, err)
	}
	second := b.mustIntend(claimed[0])
	b.finish(second, m.ID, smsir.Outcome{State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, RetryAt: b.now().Add(time.Second)})
	b.state(m.ID, smsir.Unknown, false)
	unknown, err := b.st.UnknownAttempts(ctx, m.ID)
	if err != nil || len(unknown) != 1 || unknown[0].ID != second || unknown[0].Number != 2 {
		b.Fatalf("unknown attempts: %+v, %v", unknown, err)
	}
	b.finish(second, m.ID, accepted("found"))
	b.state(m.ID, smsir.Sent, false)
	for provider, want := range map[smsir.UUID][]string{unknown[0].Provider: {"found"}, {9}: nil} {
		if got, err := b.st.OwnedReferences(ctx, provider, []string{"late lie", "found", "", "other"}); err != nil || !slices.Equal(got, want) {
			b.Errorf("owned references of provider %x: %q, %v; want %q", provider, got, err, want)
		}
	}
	b.story(m.ID, "message.accepted", "message.sending", "message.queued", "message.sending", "message.unknown", "message.sent")
}

func testEarlyReceipt(b *bench) {
	m := b.accept(true, b.message())[0]
	attempt := b.mustIntend(m)
	b.receipt(store.ReceiptApplied, smsir.Receipt{Attempt: attempt, Reference: "ref-9", To: m.To, Status: smsir.Delivered})
	b.state(m.ID, smsir.Delivered, true)
	proved := func(when string, references ...string) {
		b.Helper()
		attempts, err := b.st.Attempts(ctx, b.ws, m.ID)
		if err != nil || attempts[0].State != smsir.AttemptAccepted || !slices.Equal(attempts[0].References, references) || attempts[0].EndedAt.IsZero() {
			b.Errorf("attempt %s: %+v, %v; want accepted with %v", when, attempts, err, references)
		}
	}
	// The answer may never come, if the node dies now: the receipt has proved the attempt.
	proved("after the receipt", "ref-9")
	b.finish(attempt, m.ID, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassPermanent})
	proved("after an answer that contradicts it", "ref-9")
	b.finish(attempt, m.ID, accepted("ref-9", "ref-10"))
	b.state(m.ID, smsir.Delivered, true)
	proved("after the answer", "ref-9", "ref-10")
	b.receipt(store.ReceiptDuplicate, smsir.Receipt{Reference: "ref-9", To: m.To, Status: smsir.Delivered})
	b.story(m.ID, "message.accepted", "message.sending", "message.delivered")
}

// testAliases: a receipt finds its message by the first of several ways to write its reference that belongs to one.
func testAliases(b *bench) {
	m := b.accept(true, b.message())[0]
	b.finish(b.mustIntend(m), m.ID, accepted("49374", "49375"))
	b.receipt(store.ReceiptNoted, smsir.Receipt{Reference: "c0de", Aliases: []string{"49374"}, To: m.To, Status: smsir.Delivered, Code: "0"})
	b.receipt(store.ReceiptDuplicate, smsir.Receipt{Reference: "c0de", Aliases: []string{"49374"}, To: m.To, Status: smsir.Delivered, Code: "0"})
	b.receipt(store.ReceiptParked, smsir.Receipt{Reference: "c0df", Aliases: []string{"49375"}, To: "+12025550199", Status: smsir.Delivered, Code: "0"})
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "c0df", Aliases: []string{"49376", "49375"}, To: m.To, Status: smsir.Delivered, Code: "0"})
	b.state(m.ID, smsir.Delivered, true)
}

// testMissingParts: a message of which the provider took some parts and not the others has ended, and nothing is lost.
func testMissingParts(b *bench) {
	m := b.accept(true, b.message())[0]
	attempt := b.mustIntend(m)
	why := &smsir.Failure{Class: smsir.ClassPermanent, Code: "refused", Text: "no", ProviderCode: "11"}
	b.finish(attempt, m.ID, smsir.Outcome{State: smsir.AttemptAccepted, References: []string{"p1", "p2"}, Missing: 1, Error: why})
	got := b.state(m.ID, smsir.Undelivered, true)
	if got.Reason != smsir.ReasonPartial || got.Parts != (smsir.Parts{Total: 3, Failed: 1}) || got.Error == nil || *got.Error != *why {
		b.Errorf("got reason %q, parts %+v, error %+v; want partial, 1 of 3 failed, and why", got.Reason, got.Parts, got.Error)
	}
	b.story(m.ID, "message.accepted", "message.sending", "message.sent", "message.undelivered")
	attempts, err := b.st.Attempts(ctx, b.ws, m.ID)
	if err != nil || attempts[0].State != smsir.AttemptAccepted || !slices.Equal(attempts[0].References, []string{"p1", "p2"}) {
		b.Errorf("attempts: %+v, %v", attempts, err)
	}
}

func testParkedReceipt(b *bench) {
	m := b.accept(true, b.message())[0]
	attempt := b.mustIntend(m)
	b.receipt(store.ReceiptParked, smsir.Receipt{Reference: "r", To: m.To, Status: smsir.Undelivered, Code: "21", Error: &smsir.Failure{Code: "absent", Text: "absent"}})
	b.receipt(store.ReceiptDuplicate, smsir.Receipt{Reference: "r", To: m.To, Status: smsir.Undelivered, Code: "21"})
	b.receipt(store.ReceiptParked, smsir.Receipt{Reference: "r", To: "+12025550199", Status: smsir.Delivered})
	after := b.finish(attempt, m.ID, accepted("r"))
	if after.Status != smsir.Undelivered {
		b.Errorf("finish returned %v, want undelivered", after.State())
	}
	if got := b.state(m.ID, smsir.Undelivered, true); got.Error == nil || got.Error.Code != "absent" {
		b.Errorf("error: %+v", got.Error)
	}
	b.story(m.ID, "message.accepted", "message.sending", "message.sent", "message.undelivered")
}

func testReceiptScope(b *bench) {
	m := b.accept(true, b.message())[0]
	attempt := b.mustIntend(m)
	b.finish(attempt, m.ID, accepted("same"))
	_, foreign := b.workspace("second@example.com", false)
	b.receipt(store.ReceiptParked, smsir.Receipt{Provider: foreign, Reference: "same", Status: smsir.Delivered})
	b.receipt(store.ReceiptParked, smsir.Receipt{Provider: foreign, Attempt: attempt, Reference: "same", Status: smsir.Undelivered})
	b.receipt(store.ReceiptParked, smsir.Receipt{Reference: "same", To: "+447700900123", Status: smsir.Delivered})
	b.receipt(store.ReceiptParked, smsir.Receipt{Reference: "other", Status: smsir.Delivered})
	b.state(m.ID, smsir.Sent, false)
	b.receipt(store.ReceiptNoted, smsir.Receipt{Reference: "same", Status: smsir.Sent})
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "same", Status: smsir.Delivered})
	b.receipt(store.ReceiptDuplicate, smsir.Receipt{Reference: "same", Status: smsir.Delivered})
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "same", Status: smsir.Undelivered, Code: "5"})
	got := b.state(m.ID, smsir.Delivered, true)
	if got.LateReceipt == nil || got.LateReceipt.Status != smsir.Undelivered || got.LateReceipt.Code != "5" {
		b.Errorf("late receipt: %+v", got.LateReceipt)
	}
	b.story(m.ID, "message.accepted", "message.sending", "message.sent", "message.delivered", "message.late_receipt")
}

func testParts(b *bench) {
	m := b.accept(true, b.message(func(m *smsir.Message) { m.Segments = 3 }))[0]
	attempt := b.mustIntend(m)
	b.finish(attempt, m.ID, accepted("p1", "p2", "p3"))
	for _, ref := range []string{"p3", "p1"} {
		b.receipt(store.ReceiptNoted, smsir.Receipt{Reference: ref, Status: smsir.Delivered})
	}
	b.receipt(store.ReceiptNoted, smsir.Receipt{Reference: "p1", Status: smsir.Delivered, Code: "again"})
	if got := b.state(m.ID, smsir.Sent, false); got.Parts != (smsir.Parts{Total: 3, Delivered: 2}) {
		b.Errorf("parts: %+v", got.Parts)
	}
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "p2", Status: smsir.Delivered})
	b.state(m.ID, smsir.Delivered, true)
	attempts, err := b.st.Attempts(ctx, b.ws, m.ID)
	if err != nil || len(attempts[0].References) != 3 {
		b.Errorf("references: %+v, %v", attempts, err)
	}
}

func testRecover(b *bench) {
	waiting := b.accept(true, b.message())[0]
	flying := b.accept(true, b.message())[0]
	done := b.accept(true, b.message())[0]
	attempt := b.mustIntend(flying)
	b.finish(b.mustIntend(done), done.ID, accepted("ref-done"))
	last, err := b.st.LastEvent(ctx)
	if err != nil {
		b.Fatal(err)
	}
	leased := func() int {
		jobs, err := b.st.LeaseJobs(ctx, []string{"import"}, b.now(), b.now().Add(time.Minute), 10)
		if err != nil {
			b.Fatal(err)
		}
		return len(jobs)
	}
	if _, err := b.st.AddJob(ctx, store.Job{ID: smsir.NewUUID(b.now()), Kind: "import", RunAt: b.now().Add(-2 * time.Hour), CreatedAt: b.now()}); err != nil {
		b.Fatal(err)
	}
	if n := leased(); n != 1 {
		b.Fatalf("%d jobs leased, want 1", n)
	}
	if err := b.st.Close(); err != nil {
		b.Fatal(err)
	}
	b.wait(-time.Hour) // a clock that stepped back while the node was down
	b.st = b.open(b.T, b.Name(), b.now)
	requeued, unknown, err := b.st.Recover(ctx, b.now(), b.now().Add(time.Second))
	if err != nil || requeued != 1 || unknown != 1 {
		b.Fatalf("recover: %d requeued, %d unknown, %v; want 1 and 1", requeued, unknown, err)
	}
	if n := leased(); n != 1 {
		b.Errorf("%d jobs due after the recovery, want the one that the run before had", n)
	}
	requeued, unknown, err = b.st.Recover(ctx, b.now(), b.now())
	if err != nil || requeued+unknown != 0 {
		b.Fatalf("second recover: %d, %d, %v; want nothing", requeued, unknown, err)
	}
	if n := leased(); n != 0 {
		b.Errorf("%d jobs of this run were taken from it", n)
	}
	m := b.state(flying.ID, smsir.Unknown, false)
	if m.Error == nil || m.ResolveDeadline.IsZero() {
		b.Errorf("unknown without a reason or deadline: %+v", m)
	}
	b.state(waiting.ID, smsir.Queued, false)
	b.state(done.ID, smsir.Sent, false)
	events, err := b.st.EventsAfter(ctx, smsir.UUID{}, last, 10)
	if err != nil || len(events) != 1 || events[0].Message != flying.ID {
		b.Errorf("events after the restart: %+v, %v; want one, of the unknown message", events, err)
	}
	if claimed, err := b.claim(b.now().Add(2*time.Hour), 10); err != nil || len(claimed) != 1 || claimed[0].ID != waiting.ID {
		b.Errorf("claim after the restart: %v, %v; want the waiting message only", claimed, err)
	}
	b.receipt(store.ReceiptApplied, smsir.Receipt{Attempt: attempt, Reference: "r", Status: smsir.Delivered})
	b.state(flying.ID, smsir.Delivered, true)
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "ref-done", Status: smsir.Delivered})
	b.counts(map[smsir.State]int64{{Status: smsir.Delivered, Final: true}: 2, {Status: smsir.Queued}: 1})
}
