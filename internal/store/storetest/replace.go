package storetest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// replacing is an acceptance whose message takes the place of another.
func (b *bench) replacing(old smsir.ID, change ...func(*store.Acceptance)) (*smsir.Message, *store.Acceptance) {
	m := b.message(func(m *smsir.Message) { m.Text = "another" })
	a := &store.Acceptance{
		Workspace: b.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(b.now(), false)},
		Replaces: old, ReplacedBy: smsir.Actor{Kind: smsir.ActorSMPP, ID: smsir.UUID{9}},
		Idempotency: &store.Idempotency{Scope: "replace", Key: old.Format("x"), ExpiresAt: b.now().Add(time.Hour), Fingerprint: [32]byte{byte(m.ID)}, Body: []byte("next")},
	}
	for _, f := range change {
		f(a)
	}
	return m, a
}

// testReplace: the one message is canceled and the other accepted in one step, or neither: when an attempt has begun, when it
// may have gone out before, when it has ended, when it is somebody else's.
func testReplace(b *bench) {
	refused := func(what string, a *store.Acceptance, m *smsir.Message, code smsir.Code) {
		b.Helper()
		if _, err := b.st.Accept(ctx, a); smsir.CodeOf(err) != code {
			b.Errorf("%s: got %v, want %s", what, err, code)
		}
		if _, err := b.st.Message(ctx, b.ws, m.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
			b.Errorf("%s: the new message is stored: %v", what, err)
		}
		if a.Idempotency == nil {
			return
		}
		if r, err := b.st.Replay(ctx, a.Workspace, a.Idempotency.Scope, a.Idempotency.Key, b.now()); err != nil || r != nil {
			b.Errorf("%s: a record is stored: %+v, %v", what, r, err)
		}
	}
	old := b.accept(true, b.message())[0]
	m, a := b.replacing(old.ID)
	if replay, err := b.st.Accept(ctx, a); err != nil || replay != nil {
		b.Fatalf("replace: %+v, %v", replay, err)
	}
	if got := b.state(old.ID, smsir.Canceled, true); got.Reason != smsir.ReasonReplaced {
		b.Errorf("replaced: %q", got.Reason)
	}
	b.state(m.ID, smsir.Queued, false)
	b.story(old.ID, "message.accepted", "message.canceled")
	if events, err := b.st.MessageEvents(ctx, b.ws, old.ID); err != nil || events[1].Data.Actor != (smsir.UUID{9}).Format(smsir.PrefixSMPP) || events[1].Data.Reason != smsir.ReasonReplaced {
		b.Errorf("who replaced it: %+v, %v", events, err)
	}
	if _, ok := b.intend(old); ok {
		b.Error("the message that was replaced may be sent")
	}
	again, a := b.replacing(old.ID)
	if replay, err := b.st.Accept(ctx, a); err != nil || replay == nil || string(replay.Body) != "next" {
		b.Errorf("a second time under its key: %+v, %v", replay, err)
	}
	if _, err := b.st.Message(ctx, b.ws, again.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("a second time: %v", err)
	}
	again, a = b.replacing(old.ID, func(a *store.Acceptance) { a.Idempotency = nil })
	refused("what was replaced", a, again, smsir.CodeTooLate)

	scheduled := b.accept(false, b.message(func(m *smsir.Message) { m.SendAt = b.now().Add(time.Hour); m.ExpiresAt = m.SendAt.Add(time.Hour) }))[0]
	m, a = b.replacing(scheduled.ID)
	if _, err := b.st.Accept(ctx, a); err != nil {
		b.Fatalf("a scheduled one: %v", err)
	}
	b.state(scheduled.ID, smsir.Canceled, true)
	b.state(m.ID, smsir.Queued, false)

	sending := b.accept(true, b.message())[0]
	attempt := b.mustIntend(sending)
	m, a = b.replacing(sending.ID)
	refused("while it is sent", a, m, smsir.CodeTooLate)
	b.finish(attempt, sending.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Hour)})
	m, a = b.replacing(sending.ID)
	refused("of unknown outcome", a, m, smsir.CodeTooLate)
	doubtful := b.accept(true, b.message(func(m *smsir.Message) { m.OnUnknown = smsir.RetryOnce }))[0]
	b.finish(b.mustIntend(doubtful), doubtful.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Second)})
	b.wait(40 * time.Second)
	b.tick()
	b.state(doubtful.ID, smsir.Queued, false)
	m, a = b.replacing(doubtful.ID)
	refused("what may have gone out before", a, m, smsir.CodeTooLate)
	retried := b.accept(true, b.message())[0]
	b.finish(b.mustIntend(retried), retried.ID, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassRetry, RetryAt: b.now().Add(time.Minute), Error: &smsir.Failure{Class: smsir.ClassRetry, Code: "refused"}})
	m, a = b.replacing(retried.ID)
	if _, err := b.st.Accept(ctx, a); err != nil {
		b.Errorf("what was refused for now: %v", err)
	}
	b.state(m.ID, smsir.Queued, false)

	mine := b.accept(false, b.message())[0]
	other, _ := b.workspace("replaces@example.com", false)
	m, a = b.replacing(mine.ID)
	a.Workspace, m.Workspace, a.Events[0].Workspace = other, other, other
	refused("from another workspace", a, m, smsir.CodeTooLate)
	m, a = b.replacing(b.st.NewID(b.now()))
	refused("of nothing", a, m, smsir.CodeTooLate)
	full := store.Meter{Name: "x", From: b.now().Add(-time.Hour), Until: b.now().Add(time.Hour), Add: 1, Limit: 0}
	m, a = b.replacing(mine.ID, func(a *store.Acceptance) { a.Meters = []store.Meter{full} })
	if _, err := b.st.Accept(ctx, a); err == nil {
		b.Error("beyond a limit: accepted")
	}
	b.state(mine.ID, smsir.Queued, false)
	if _, err := b.st.Message(ctx, b.ws, m.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("beyond a limit: %v", err)
	}
	b.replaceRace()
}

// replaceRace: of a replacement and the start of an attempt exactly one happens.
func (b *bench) replaceRace() {
	for range 20 {
		old := b.accept(true, b.message())[0]
		m, a := b.replacing(old.ID)
		var all sync.WaitGroup
		var started, replaced atomic.Bool
		all.Go(func() {
			ok, err := b.st.Intend(ctx, []store.Intent{{Attempt: b.st.NewID(b.now()), Message: old, Provider: b.provider, Now: b.now()}})
			if err != nil {
				b.Errorf("intend: %v", err)
				return
			}
			started.Store(ok[0])
		})
		all.Go(func() {
			_, err := b.st.Accept(ctx, a)
			if err != nil && smsir.CodeOf(err) != smsir.CodeTooLate {
				b.Errorf("replace: %v", err)
			}
			replaced.Store(err == nil)
		})
		all.Wait()
		_, err := b.st.Message(ctx, b.ws, m.ID)
		if started.Load() == replaced.Load() || (err == nil) != replaced.Load() {
			b.Fatalf("started %v, replaced %v, the new message: %v; want exactly one of them", started.Load(), replaced.Load(), err)
		}
	}
}

// testReplaceCharged: what takes the place of a message reserves its own cost and gives back the other's; where the credit does
// not reach for both at once, or the other can no longer be replaced, nothing changes.
func testReplaceCharged(b *bench) {
	replacing := func(old smsir.ID, cost int64) error {
		m, a := b.replacing(old)
		m.Reserve(cost)
		a.Spend, a.Idempotency = store.Spend{Micros: cost, Currency: "KES"}, nil
		_, err := b.st.Accept(ctx, a)
		return err
	}
	b.mustGrant(10)
	old := b.charged(3)
	b.ledger(7, 3)
	if err := replacing(old.ID, 8); smsir.CodeOf(err) != smsir.CodeNoCredit {
		b.Errorf("one that costs too much: %v", err)
	}
	b.ledger(7, 3)
	if err := replacing(old.ID, 4); err != nil {
		b.Fatalf("replace: %v", err)
	}
	b.ledger(6, 4)
	if err := replacing(old.ID, 1); smsir.CodeOf(err) != smsir.CodeTooLate {
		b.Errorf("what was replaced: %v", err)
	}
	b.ledger(6, 4)
}
