package storetest

import (
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// starting is an acceptance of messages with an intent for each, and what a dispatcher would hold of them.
func (b *bench) starting(messages ...*smsir.Message) (a *store.Acceptance, held []*smsir.Message) {
	a = &store.Acceptance{Workspace: b.ws, Messages: messages, Owned: true, ClientRefs: time.Hour}
	for _, m := range messages {
		a.Events = append(a.Events, m.Accept(b.now(), false))
		c := *m
		held = append(held, &c)
		a.Intents = append(a.Intents, store.Intent{Attempt: b.st.NewID(b.now()), Message: &c, Provider: b.provider, Now: b.now()})
	}
	return a, held
}

func (b *bench) mustAccept(a *store.Acceptance) {
	b.Helper()
	if replay, err := b.st.Accept(ctx, a); err != nil || replay != nil {
		b.Fatalf("accept: %v, %v", replay, err)
	}
}

// started accepts a message that starts at once.
func (b *bench) started(change ...func(*smsir.Message)) (m *smsir.Message, attempt smsir.ID) {
	b.Helper()
	a, held := b.starting(b.message(change...))
	b.mustAccept(a)
	if held[0].Status != smsir.Sending {
		b.Fatalf("it is %v after its start", held[0].State())
	}
	return held[0], a.Intents[0].Attempt
}

// all is all that is stored of a message, but for what no two have in common.
type all struct {
	message  smsir.Message
	attempts []smsir.Attempt
	events   []smsir.Event
}

func (b *bench) all(id smsir.ID) (v all) {
	b.Helper()
	m, err := b.st.Message(ctx, b.ws, id)
	if err != nil {
		b.Fatal(err)
	}
	if v.attempts, err = b.st.Attempts(ctx, b.ws, id); err != nil {
		b.Fatal(err)
	}
	if v.events, err = b.st.MessageEvents(ctx, b.ws, id); err != nil {
		b.Fatal(err)
	}
	if !slices.IsSortedFunc(v.events, func(x, y smsir.Event) int { return int(x.ID - y.ID) }) {
		b.Errorf("the ids of the events are not in the order of their numbers: %+v", v.events)
	}
	v.message, v.message.ID = *m, 0
	v.message.OrderingKey, v.message.ClientRef = "", ""
	for i := range v.attempts {
		a := &v.attempts[i]
		a.ID, a.Message, a.References = 0, 0, make([]string, len(a.References))
	}
	for i := range v.events {
		e := &v.events[i]
		e.ID, e.Message, e.Data.References = 0, 0, make([]string, len(e.Data.References))
	}
	return v
}

// alike checks that of two messages the same is stored.
func (b *bench) alike(what string, got, want smsir.ID) {
	b.Helper()
	if g, w := b.all(got), b.all(want); !reflect.DeepEqual(g, w) {
		b.Errorf("%s:\n got %+v\nwant %+v", what, g, w)
	}
}

// testStarts: whatever becomes of a message, it is stored alike whether it started with its accept or after it.
func testStarts(b *bench) {
	b.mustGrant(1000)
	refused := func(class smsir.FailureClass) smsir.Outcome {
		return smsir.Outcome{State: smsir.AttemptRefused, Class: class, RetryAt: b.now().Add(time.Minute), Error: &smsir.Failure{Class: class, Code: "no", Text: "no"}}
	}
	ref := func(m *smsir.Message) string { return m.ID.Format("r") }
	type life func(m *smsir.Message, attempt smsir.ID)
	lives := map[string]life{
		"sending": func(*smsir.Message, smsir.ID) {},
		"delivered": func(m *smsir.Message, attempt smsir.ID) {
			b.finish(attempt, m.ID, accepted(ref(m)))
			b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: ref(m), Status: smsir.Delivered})
		},
		"delivered before the answer": func(m *smsir.Message, attempt smsir.ID) {
			b.receipt(store.ReceiptApplied, smsir.Receipt{Attempt: attempt, Reference: ref(m), Status: smsir.Delivered})
			b.finish(attempt, m.ID, accepted(ref(m)))
		},
		"a parked report": func(m *smsir.Message, attempt smsir.ID) {
			b.receipt(store.ReceiptParked, smsir.Receipt{Reference: ref(m), Status: smsir.Delivered})
			b.finish(attempt, m.ID, accepted(ref(m)))
		},
		"two parts": func(m *smsir.Message, attempt smsir.ID) {
			b.finish(attempt, m.ID, accepted(ref(m), ref(m)+"b"))
			b.receipt(store.ReceiptNoted, smsir.Receipt{Reference: ref(m) + "b", Status: smsir.Delivered})
		},
		"refused":   func(m *smsir.Message, attempt smsir.ID) { b.finish(attempt, m.ID, refused(smsir.ClassPermanent)) },
		"throttled": func(m *smsir.Message, attempt smsir.ID) { b.finish(attempt, m.ID, refused(smsir.ClassThrottle)) },
		"a second try": func(m *smsir.Message, attempt smsir.ID) {
			b.finish(attempt, m.ID, refused(smsir.ClassRetry))
			b.wait(time.Minute)
			b.finish(b.mustIntend(b.claimed(m.ID)), m.ID, accepted(ref(m)))
			b.wait(-time.Minute)
		},
		"unknown": func(m *smsir.Message, attempt smsir.ID) {
			b.finish(attempt, m.ID, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Second)})
			if open, err := b.st.UnknownAttempts(ctx, m.ID); err != nil || len(open) != 1 || open[0].ID != attempt {
				b.Errorf("unknown attempts %+v, %v; want its own", open, err)
			}
		},
		"canceled too late": func(m *smsir.Message, attempt smsir.ID) {
			if r, _, err := b.st.Cancel(ctx, b.ws, m.ID, smsir.Actor{}, b.now()); r != smsir.CancelRequested || err != nil {
				b.Errorf("cancel: %v, %v", r, err)
			}
			b.finish(attempt, m.ID, refused(smsir.ClassRetry))
		},
	}
	whole := func(m *smsir.Message) {
		m.Tags, m.Metadata, m.ToRaw, m.OnUnknown, m.Encoding, m.Segments = []string{"a"}, map[string]string{"b": "c"}, "0", smsir.Alert, smsir.EncodingUCS2, 2
	}
	for name, live := range lives {
		after := b.accept(true, b.message(whole))[0]
		intended := b.mustIntend(after)
		with, attempt := b.started(whole)
		if now := b.state(with.ID, smsir.Sending, false); !reflect.DeepEqual(now, with) {
			b.Errorf("%s: the dispatcher holds\n%+v, stored is\n%+v", name, with, now)
		}
		b.story(with.ID, "message.accepted", "message.sending")
		if claimed, err := b.claim(b.now().Add(time.Hour), 10); err != nil || len(claimed) != 0 {
			b.Errorf("%s: claimed %v, %v beside the one that is sent", name, claimed, err)
		}
		live(after, intended)
		live(with, attempt)
		b.alike(name, with.ID, after.ID)

		paid := b.charged(7)
		live(paid, b.mustIntend(paid))
		m := b.message()
		m.Reserve(7)
		a, held := b.starting(m)
		a.Spend = store.Spend{Micros: 7, Currency: "KES"}
		b.mustAccept(a)
		live(held[0], a.Intents[0].Attempt)
		b.alike(name+", charged", held[0].ID, paid.ID)
		for _, id := range []smsir.ID{after.ID, with.ID, paid.ID, held[0].ID} { // none is in the way of the next ones
			if m := b.all(id).message; m.Status == smsir.Queued {
				if _, _, err := b.st.Cancel(ctx, b.ws, id, smsir.Actor{}, b.now()); err != nil {
					b.Error(err)
				}
			}
		}
	}
	counts, err := b.st.Counts(ctx, b.ws, b.now().Add(-time.Hour), b.now().Add(time.Hour))
	var n int64
	for _, c := range counts {
		if n += c.N; c.N%2 != 0 {
			b.Errorf("%d messages are %v, of which half started with their accept", c.N, c.State)
		}
	}
	if err != nil || n != int64(4*len(lives)) {
		b.Errorf("%d messages counted, %v; want %d", n, err, 4*len(lives))
	}
}

// testStartRefuses: a message that may not start is stored as it would have been without an intent.
func testStartRefuses(b *bench) {
	stopped := func(m *smsir.Message) { m.To = "+12025550111" }
	if _, err := b.st.StoreInbound(ctx, smsir.Inbound{Provider: b.provider, From: "+12025550111", To: "SMSir", Text: "STOP", ReceivedAt: b.now()}, store.OptOut); err != nil {
		b.Fatal(err)
	}
	refuses := func(what string, change func(*smsir.Message), also func(*store.Acceptance)) *smsir.Message {
		b.Helper()
		var twins [2]*smsir.Message
		for i := range twins {
			a, held := b.starting(b.message(change))
			before := *held[0]
			also(a)
			if i == 1 {
				a.Intents = nil
			}
			b.mustAccept(a)
			if twins[i] = held[0]; !reflect.DeepEqual(*held[0], before) {
				b.Errorf("%s: what the dispatcher holds was moved to %v", what, held[0].State())
			}
			if open := b.all(before.ID).attempts; len(open) != 0 {
				b.Errorf("%s: it has attempts %+v", what, open)
			}
		}
		b.alike(what, twins[0].ID, twins[1].ID)
		for _, m := range twins { // who owns it, which nothing else tells, is alike too
			_, ok := b.intend(m)
			if starts := what == "an intent that came too late"; ok != starts {
				b.Errorf("%s: a later intent applies: %v", what, ok)
			}
		}
		b.alike(what+", intended later", twins[0].ID, twins[1].ID)
		return twins[0]
	}
	none := func(*smsir.Message) {}
	owned := func(*store.Acceptance) {}
	m := refuses("a recipient who has opted out", stopped, owned)
	b.state(m.ID, smsir.Blocked, true)
	refuses("a recipient who has opted out, of a provider's sender", func(m *smsir.Message) { stopped(m); m.From = "" }, owned)
	refuses("an ordering key", func(m *smsir.Message) { m.OrderingKey = m.ID.Format("k") }, owned)
	refuses("not owned", none, func(a *store.Acceptance) { a.Owned = false })
	refuses("scheduled", func(m *smsir.Message) { m.SendAt = b.now().Add(time.Hour); m.ExpiresAt = m.SendAt.Add(time.Hour) }, owned)
	refuses("an intent that came too late", none, func(a *store.Acceptance) {
		for i := range a.Intents {
			a.Intents[i].Now = a.Messages[i].ExpiresAt
		}
	})
	confirmation, held := b.starting(b.message(stopped))
	confirmation.Confirmation = true
	b.mustAccept(confirmation)
	b.state(held[0].ID, smsir.Sending, false)
	elsewhere, _ := b.started(func(m *smsir.Message) { stopped(m); m.From = "Clinic" })
	b.state(elsewhere.ID, smsir.Sending, false)

	pause := func(at time.Time) {
		b.Helper()
		w, err := b.st.Workspace(ctx, b.ws)
		if err != nil {
			b.Fatal(err)
		}
		w.PausedAt = at
		if err := b.st.UpdateWorkspace(ctx, w, store.AuditEntry{At: b.now(), Workspace: b.ws, Action: "workspace.paused"}); err != nil {
			b.Fatal(err)
		}
	}
	pause(b.now())
	m = refuses("a paused workspace", none, owned)
	if m := b.state(m.ID, smsir.Queued, false); m.Reason != smsir.ReasonWorkspacePaused {
		b.Errorf("waits because of %q", m.Reason)
	}
	pause(time.Time{})
	b.started()
}

// testStartsBatch: those of a batch that start do, the others wait, and the events of each are in order.
func testStartsBatch(b *bench) {
	a, held := b.starting(b.message(), b.message(), b.message(func(m *smsir.Message) { m.SendAt = b.now().Add(time.Hour); m.ExpiresAt = m.SendAt.Add(time.Hour) }), b.message(), b.message())
	a.Intents = slices.Delete(a.Intents, 1, 3) // the first and, behind one that is scheduled, another
	a.Intents = a.Intents[:2]
	b.mustAccept(a)
	for i, want := range []smsir.Status{smsir.Sending, smsir.Queued, smsir.Scheduled, smsir.Sending, smsir.Queued} {
		b.state(held[i].ID, want, false)
		if held[i].Status != want {
			b.Errorf("message %d is held as %v, want %v", i, held[i].State(), want)
		}
	}
	b.counts(map[smsir.State]int64{{Status: smsir.Sending}: 2, {Status: smsir.Queued}: 2, {Status: smsir.Scheduled}: 1})
	if n, err := b.st.Backlog(ctx, b.ws); err != nil || n != 3 {
		b.Errorf("backlog %d, %v; want those that wait", n, err)
	}
	for i := range a.Intents {
		b.finish(a.Intents[i].Attempt, a.Intents[i].Message.ID, accepted(a.Intents[i].Message.ID.Format("r")))
	}
	b.finish(b.mustIntend(held[1]), held[1].ID, accepted("1"))
	b.finish(b.mustIntend(held[4]), held[4].ID, accepted("4"))
	b.counts(map[smsir.State]int64{{Status: smsir.Sent}: 4, {Status: smsir.Scheduled}: 1})
	events, err := b.st.EventsAfter(ctx, b.ws, 0, 100)
	seq := map[smsir.ID]int{}
	for _, e := range events {
		if seq[e.Message]++; e.Seq != seq[e.Message] {
			b.Errorf("event %d of %v comes as number %d", e.Seq, e.Message, seq[e.Message])
		}
	}
	if err != nil || len(events) != 13 {
		b.Errorf("%d events, %v; want 5 of acceptance and two of each that was sent", len(events), err)
	}
}

// testStartsNothing: an acceptance that stores nothing starts nothing, and leaves what the dispatcher holds alone.
func testStartsNothing(b *bench) {
	leaves := func(what string, m *smsir.Message) {
		b.Helper()
		if m.Status != smsir.Queued || m.Tries != 0 {
			b.Errorf("%s: it is held as %v", what, m.State())
		}
		if _, err := b.st.Message(ctx, b.ws, m.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
			b.Errorf("%s: it was stored, %v", what, err)
		}
		if attempts, err := b.st.Attempts(ctx, b.ws, m.ID); err != nil || len(attempts) != 0 {
			b.Errorf("%s: attempts %+v, %v", what, attempts, err)
		}
	}
	key := &store.Idempotency{Scope: "s", Key: "k", Fingerprint: [32]byte{1}, ExpiresAt: b.now().Add(time.Hour), Status: 202, Body: []byte("first")}
	first, held := b.starting(b.message(func(m *smsir.Message) { m.ClientRef = "mine" }))
	first.Idempotency = key
	b.mustAccept(first)
	b.state(held[0].ID, smsir.Sending, false)
	again, held := b.starting(b.message())
	again.Idempotency = key
	if replay, err := b.st.Accept(ctx, again); err != nil || replay == nil || string(replay.Body) != "first" {
		b.Fatalf("replay %v, %v", replay, err)
	}
	leaves("a replay", held[0])
	taken, held := b.starting(b.message(func(m *smsir.Message) { m.ClientRef = "mine" }))
	if _, err := b.st.Accept(ctx, taken); smsir.CodeOf(err) != smsir.CodeClientRefUsed {
		b.Errorf("a used reference: %v", err)
	}
	leaves("a used reference", held[0])
	poor := b.message()
	poor.Reserve(7)
	dear, held := b.starting(poor)
	dear.Spend = store.Spend{Micros: 7, Currency: "KES"}
	if _, err := b.st.Accept(ctx, dear); err == nil {
		b.Error("accepted without credit")
	}
	leaves("no credit", held[0])
	b.counts(map[smsir.State]int64{{Status: smsir.Sending}: 1})

	var wg sync.WaitGroup
	acceptances := make([]*store.Acceptance, 40)
	for i := range acceptances {
		acceptances[i], _ = b.starting(b.message(func(m *smsir.Message) {
			if i%10 == 3 {
				m.Segments = 999 // which the database refuses
			}
		}))
	}
	keyed := make([]*store.Acceptance, 10) // of which one is stored
	for i := range keyed {
		keyed[i], _ = b.starting(b.message())
		keyed[i].Idempotency = &store.Idempotency{Scope: "s", Key: "many", Fingerprint: [32]byte{1}, ExpiresAt: b.now().Add(time.Hour), Status: 202, Body: []byte("b")}
	}
	for i, a := range slices.Concat(acceptances, keyed) {
		wg.Go(func() {
			if _, err := b.st.Accept(ctx, a); (err != nil) != (i < len(acceptances) && i%10 == 3) {
				b.Errorf("number %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	for i, a := range acceptances {
		if m := a.Intents[0].Message; i%10 == 3 {
			leaves("a bad row", m)
		} else {
			b.alike("beside bad rows", m.ID, first.Messages[0].ID)
		}
	}
	one := 0
	for _, a := range keyed {
		if m := a.Intents[0].Message; m.Status == smsir.Sending {
			one++
			b.state(m.ID, smsir.Sending, false)
		} else {
			leaves("a key that another has", m)
		}
	}
	if one != 1 {
		b.Errorf("%d of 10 messages with one key have started", one)
	}
	b.counts(map[smsir.State]int64{{Status: smsir.Sending}: 38})
}

// testStartsRecover: a gateway that dies tells what had started with its accept as unknown, as it does any other.
func testStartsRecover(b *bench) {
	after := b.accept(true, b.message())[0]
	b.mustIntend(after)
	with, attempt := b.started()
	waiting, held := b.starting(b.message(), b.message())
	waiting.Intents = waiting.Intents[:1]
	b.mustAccept(waiting)
	b.crash()
	if requeued, unknown, err := b.st.Recover(ctx, b.now(), b.now().Add(time.Second)); err != nil || requeued != 1 || unknown != 3 {
		b.Fatalf("recover: %d requeued, %d unknown, %v; want 1 and 3", requeued, unknown, err)
	}
	b.alike("after the restart", with.ID, after.ID)
	b.state(with.ID, smsir.Unknown, false)
	b.state(held[0].ID, smsir.Unknown, false)
	b.state(held[1].ID, smsir.Queued, false)
	b.receipt(store.ReceiptApplied, smsir.Receipt{Attempt: attempt, Reference: "r", Status: smsir.Delivered})
	b.state(with.ID, smsir.Delivered, true)
	b.counts(map[smsir.State]int64{{Status: smsir.Delivered, Final: true}: 1, {Status: smsir.Unknown}: 2, {Status: smsir.Queued}: 1})
}
