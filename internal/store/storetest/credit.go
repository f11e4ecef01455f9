package storetest

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// grant adds to, or with an amount below zero takes from, the credit of the bench's workspace.
func (b *bench) grant(micros int64) error {
	kind := smsir.Grant
	if micros < 0 {
		kind = smsir.Correction
	}
	actor := smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{9}}
	_, err := b.st.AddCredit(ctx, store.CreditEntry{
		ID: b.st.NewID(b.now()), Workspace: b.ws, Kind: kind, Amount: micros, At: b.now(), Actor: actor, Note: "invoice 17",
	}, store.AuditEntry{At: b.now(), Workspace: b.ws, Actor: actor, Action: "credit." + kind.String()})
	return err
}

func (b *bench) mustGrant(micros int64) {
	b.Helper()
	if err := b.grant(micros); err != nil {
		b.Fatalf("grant of %d: %v", micros, err)
	}
}

// acceptFor accepts messages that cost so much each.
func (b *bench) acceptFor(cost, low int64, messages ...*smsir.Message) ([]*smsir.Message, error) {
	a := &store.Acceptance{Workspace: b.ws, Messages: messages, Owned: true, Spend: store.Spend{Low: low, Currency: "KES"}}
	for _, m := range messages {
		m.Reserve(cost)
		a.Spend.Micros += cost
		a.Events = append(a.Events, m.Accept(b.now(), false))
	}
	if _, err := b.st.Accept(ctx, a); err != nil {
		return nil, err
	}
	copies := make([]*smsir.Message, len(messages))
	for i, m := range messages {
		c := *m
		copies[i] = &c
	}
	return copies, nil
}

func (b *bench) charged(cost int64, change ...func(*smsir.Message)) *smsir.Message {
	b.Helper()
	m, err := b.acceptFor(cost, 0, b.message(change...))
	if err != nil {
		b.Fatalf("accept for %d: %v", cost, err)
	}
	return m[0]
}

// ledger checks how the credit stands, and that the entries say the same: they add up, no balance on the way was below zero,
// and no message has two of a kind or holds something when it is final.
func (b *bench) ledger(balance, held int64) {
	b.Helper()
	c, err := b.st.Credit(ctx, b.ws)
	if err != nil || c != (store.Credit{Balance: balance, Held: held}) {
		b.Errorf("credit %+v, %v; want balance %d and %d held", c, err, balance, held)
	}
	if got, err := b.st.Balance(ctx, b.ws); err != nil || got != balance {
		b.Errorf("balance %d, %v; want %d", got, err, balance)
	}
	entries, err := b.st.CreditEntries(ctx, b.ws, store.CreditFilter{Limit: 100_000})
	if err != nil {
		b.Fatal(err)
	}
	var sum, hold int64
	byMessage := map[smsir.ID]map[smsir.Charge]int{}
	holds := map[smsir.ID]int64{}
	for _, e := range slices.Backward(entries) {
		sum, hold = sum+e.Amount, hold+e.Held
		if e.Message == 0 {
			continue
		}
		if byMessage[e.Message] == nil {
			byMessage[e.Message] = map[smsir.Charge]int{}
		}
		byMessage[e.Message][e.Kind]++
		holds[e.Message] += e.Held
	}
	if sum != balance || hold != held {
		b.Errorf("the entries add up to %d with %d held, want %d and %d", sum, hold, balance, held)
	}
	for id, kinds := range byMessage {
		m, err := b.st.Message(ctx, b.ws, id)
		if err != nil {
			b.Fatalf("message %v of the ledger: %v", id, err)
		}
		want := map[smsir.Charge]int{}
		for _, kind := range smsir.NotCharged.Until(m.Charge) {
			want[kind] = 1
		}
		if m.Charge == smsir.Refunded {
			want = map[smsir.Charge]int{smsir.Reserved: 1, smsir.Settled: 1, smsir.Refunded: 1}
		}
		if !maps.Equal(kinds, want) || m.Final && holds[id] != 0 {
			b.Errorf("message in %v has the entries %v and holds %d; want %v", m.State(), kinds, holds[id], want)
		}
	}
}

// testCreditSenders: 64 senders at once, and a balance for 100 (F16).
func testCreditSenders(b *bench) {
	const room, senders, each, cost = 100, 64, 4, 800_000
	b.mustGrant(room*cost + cost/2)
	var accepted, refused atomic.Int64
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for range each {
				_, err := b.acceptFor(cost, 20*cost, b.message())
				var short *store.CreditError
				switch {
				case err == nil:
					accepted.Add(1)
				case errors.As(err, &short) && smsir.CodeOf(err) == smsir.CodeNoCredit && short.Balance == cost/2 && short.Needed == cost:
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
	b.ledger(cost/2, room*cost)
	events, err := b.st.EventsAfter(ctx, b.ws, 0, 1000)
	if err != nil {
		b.Fatal(err)
	}
	var told []*smsir.CreditLeft
	for _, e := range events {
		if e.Type == smsir.EventCreditLow {
			told = append(told, e.Data.Credit)
		}
	}
	want := []*smsir.CreditLeft{{Balance: 19*cost + cost/2, Low: 20 * cost, Currency: "KES"}}
	if !reflect.DeepEqual(told, want) {
		b.Errorf("told %+v, want once %+v", told, want[0])
	}
	first := b.ws
	b.ws, _ = b.workspace("other@example.com", false)
	if _, err := b.acceptFor(cost, 0, b.message()); smsir.CodeOf(err) != smsir.CodeNoCredit {
		b.Errorf("another workspace spends what this one has: %v", err)
	}
	b.ws = first
	// What comes to nothing can be spent again, by as many.
	page, err := b.st.ListMessages(ctx, b.ws, store.MessageFilter{Limit: 50})
	if err != nil {
		b.Fatal(err)
	}
	var canceled atomic.Int64
	for _, m := range page.Items[:10] {
		wg.Go(func() {
			if r, _, err := b.st.Cancel(ctx, b.ws, m.ID, smsir.Actor{}, b.now()); err != nil || r != smsir.CancelDone {
				b.Errorf("cancel: %v, %v", r, err)
			}
			canceled.Add(1)
		})
		wg.Go(func() { _, _ = b.acceptFor(cost, 0, b.message()) })
	}
	wg.Wait()
	c, err := b.st.Credit(ctx, b.ws)
	if err != nil || c.Balance+c.Held != room*cost+cost/2 {
		b.Errorf("after 10 were canceled: %+v, %v; want %d together", c, err, room*cost+cost/2)
	}
	b.ledger(c.Balance, c.Held)
}

// testCreditLeavesNothing: what there is no credit for counts on no meter and stores nothing, its key included, and the other
// way round.
func testCreditLeavesNothing(b *bench) {
	b.mustGrant(5)
	accept := func(cost, limit int64) error {
		m := b.message(func(m *smsir.Message) { m.ClientRef = "order-9"; m.Reserve(cost) })
		r, err := b.st.Accept(ctx, &store.Acceptance{
			Workspace: b.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(b.now(), false)}, ClientRefs: time.Hour,
			Idempotency: &store.Idempotency{Scope: "s", Key: "k", Fingerprint: [32]byte{1}, ExpiresAt: b.now().Add(time.Hour), Status: 202, Body: []byte("x")},
			Meters:      []store.Meter{b.day("first", 2, limit)}, Spend: store.Spend{Micros: cost},
		})
		if r != nil && err == nil {
			return errors.New("replayed")
		}
		return err
	}
	if err := accept(6, 10); smsir.CodeOf(err) != smsir.CodeNoCredit {
		b.Fatalf("got %v, want %s", err, smsir.CodeNoCredit)
	}
	if err := accept(5, 1); smsir.CodeOf(err) != smsir.CodeLimitReached {
		b.Fatalf("got %v, want %s", err, smsir.CodeLimitReached)
	}
	b.counts(map[smsir.State]int64{})
	b.ledger(5, 0)
	if used, err := b.st.Used(ctx, b.ws, []store.Meter{b.day("first", 0, 0)}); err != nil || used[0] != 0 {
		b.Errorf("used %v, %v; want nothing", used, err)
	}
	if err := accept(5, 2); err != nil {
		b.Errorf("the same again, with credit and room: %v", err)
	}
	if err := accept(5, 2); err == nil || err.Error() != "replayed" {
		b.Errorf("the same key again: %v, want the answer of before", err)
	}
	b.ledger(0, 5)
}

// testCreditLives: one message for each way that a life can end, and what it cost.
func testCreditLives(b *bench) {
	const cost = 1000
	b.mustGrant(100 * cost)
	spent := int64(0)
	check := func(name string, id smsir.ID, want ...smsir.Charge) {
		b.Helper()
		entries, err := b.st.CreditEntries(ctx, b.ws, store.CreditFilter{Message: id, Limit: 10})
		if err != nil {
			b.Fatal(err)
		}
		var got []smsir.Charge
		for _, e := range slices.Backward(entries) {
			got = append(got, e.Kind)
		}
		if want = append([]smsir.Charge{smsir.Reserved}, want...); !slices.Equal(got, want) {
			b.Errorf("%s: entries %v, want %v", name, got, want)
		}
		held := int64(cost)
		if len(want) > 1 {
			held = 0
		}
		if want[len(want)-1] == smsir.Settled {
			spent += cost
		}
		b.ledger(100*cost-spent-held, held)
		if held > 0 {
			if _, _, err := b.st.Cancel(ctx, b.ws, id, smsir.Actor{}, b.now()); err != nil {
				b.Fatal(err)
			}
		}
	}
	m := b.charged(cost)
	check("queued", m.ID)

	m = b.charged(cost)
	attempt := b.mustIntend(m)
	b.finish(attempt, m.ID, accepted("a"))
	check("sent", m.ID, smsir.Settled)
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "a", Status: smsir.Delivered})
	spent -= cost
	check("delivered", m.ID, smsir.Settled)

	m = b.charged(cost)
	b.finish(b.mustIntend(m), m.ID, accepted("b"))
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "b", Status: smsir.Undelivered})
	check("undelivered", m.ID, smsir.Settled)

	m = b.charged(cost)
	b.receipt(store.ReceiptParked, smsir.Receipt{Reference: "c", Status: smsir.Delivered})
	b.finish(b.mustIntend(m), m.ID, accepted("c"))
	check("the report came first", m.ID, smsir.Settled)

	m = b.charged(cost)
	b.receipt(store.ReceiptApplied, smsir.Receipt{Attempt: b.mustIntend(m), Reference: "d", Status: smsir.Expired})
	check("expired at the network", m.ID, smsir.Settled)

	failure := &smsir.Failure{Class: smsir.ClassPermanent, Code: "no", Text: "no"}
	m = b.charged(cost)
	b.finish(b.mustIntend(m), m.ID, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassPermanent, Error: failure})
	check("refused", m.ID, smsir.Released)

	m = b.charged(cost)
	if err := b.st.Fail(ctx, m.ID, b.now(), smsir.ReasonNoRoute, failure); err != nil {
		b.Fatal(err)
	}
	check("no route", m.ID, smsir.Released)

	m = b.charged(cost)
	if _, _, err := b.st.Cancel(ctx, b.ws, m.ID, smsir.Actor{}, b.now()); err != nil {
		b.Fatal(err)
	}
	check("canceled", m.ID, smsir.Released)

	m = b.charged(cost, func(m *smsir.Message) { m.To = "+12025550142" })
	if _, err := b.st.Suppress(ctx, []store.Suppression{{Workspace: b.ws, Recipient: m.To, Reason: "opt_out", CreatedAt: b.now()}}, store.ConsentEntry{At: b.now(), Source: "person"}); err != nil {
		b.Fatal(err)
	}
	if _, ok := b.intend(m); ok {
		b.Fatal("sent to somebody who opted out")
	}
	check("blocked", m.ID, smsir.Released)

	m = b.charged(cost, func(m *smsir.Message) { m.ExpiresAt = b.now().Add(time.Minute) })
	b.wait(2 * time.Minute)
	b.tick()
	check("expired here", m.ID, smsir.Released)

	// Three attempts, of which one was accepted and then reported as never sent: one charge. If all come to nothing: a refund.
	for _, last := range []smsir.Charge{smsir.Settled, smsir.Refunded} {
		m = b.charged(cost)
		attempt = b.mustIntend(m)
		b.finish(attempt, m.ID, smsir.Outcome{State: smsir.AttemptNotSent, Class: smsir.ClassRetry, RetryAt: b.now(), Error: failure})
		m = b.claimed(m.ID)
		reference := "once" + last.String()
		with := accepted(reference)
		with.Failover = true
		b.finish(b.mustIntend(m), m.ID, with)
		b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: reference, Status: smsir.Undelivered, NonSend: true, Error: failure})
		b.wait(time.Hour)
		m = b.claimed(m.ID)
		attempt = b.mustIntend(m)
		if last == smsir.Settled {
			b.finish(attempt, m.ID, accepted(reference+"2"))
			check("sent twice, taken once", m.ID, smsir.Settled)
			continue
		}
		b.finish(attempt, m.ID, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassPermanent, Error: failure})
		check("sent, reported as not sent, refused", m.ID, smsir.Settled, smsir.Refunded)
	}

	m = b.charged(cost)
	b.mustIntend(m)
	b.crash()
	if _, unknown, err := b.st.Recover(ctx, b.now(), b.now().Add(time.Hour)); err != nil || unknown != 1 {
		b.Fatalf("recovered %d, %v; want 1", unknown, err)
	}
	b.ledger(100*cost-spent-cost, cost) // it may have gone out: still held
	b.wait(8 * 24 * time.Hour)
	for b.tick().More {
	}
	b.state(m.ID, smsir.Unknown, true)
	check("never confirmed", m.ID, smsir.Settled)
}

// crash opens the store anew without a word to what it had.
func (b *bench) crash() {
	b.Helper()
	if err := b.st.Close(); err != nil {
		b.Fatal(err)
	}
	b.st = b.open(b.T, b.Name(), b.now)
}

// claimed waits for a message to be due, and claims it.
func (b *bench) claimed(id smsir.ID) *smsir.Message {
	b.Helper()
	list, err := b.claim(b.now(), 100)
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range list {
		if m.ID == id {
			return m
		}
	}
	b.Fatalf("message %v was not claimed", id)
	return nil
}

func testCreditByHand(b *bench) {
	if err := b.grant(-1); smsir.CodeOf(err) != smsir.CodeConflict {
		b.Errorf("a balance below zero: %v, want %s", err, smsir.CodeConflict)
	}
	b.mustGrant(10)
	b.wait(time.Hour)
	b.mustGrant(-4)
	var fault *smsir.Error
	if err := b.grant(-7); !errors.As(err, &fault) || fault.Code != smsir.CodeConflict || fault.Field != "amount" {
		b.Errorf("more than there is: %v, want %s of amount", err, smsir.CodeConflict)
	}
	if err := b.grant(store.MaxCredit); smsir.CodeOf(err) != smsir.CodeConflict {
		b.Errorf("more than can be: %v, want %s", err, smsir.CodeConflict)
	}
	b.charged(1)
	b.ledger(5, 1)
	list := func(f store.CreditFilter) (amounts []int64) {
		b.Helper()
		f.Limit = 10
		entries, err := b.st.CreditEntries(ctx, b.ws, f)
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range entries {
			amounts = append(amounts, e.Amount)
			if byHand := e.Kind >= smsir.Grant; byHand != (e.Note == "invoice 17" && e.Actor.ID == smsir.UUID{9} && e.Message == 0) {
				b.Errorf("entry %+v", e)
			}
		}
		return amounts
	}
	for name, tc := range map[string]struct {
		f    store.CreditFilter
		want []int64
	}{
		"all":       {store.CreditFilter{}, []int64{-1, -4, 10}},
		"by hand":   {store.CreditFilter{Kinds: []smsir.Charge{smsir.Grant, smsir.Correction}}, []int64{-4, 10}},
		"reserves":  {store.CreditFilter{Kinds: []smsir.Charge{smsir.Reserved}}, []int64{-1}},
		"since":     {store.CreditFilter{From: b.now().Add(-time.Minute)}, []int64{-1, -4}},
		"until":     {store.CreditFilter{Until: b.now().Add(-time.Minute)}, []int64{10}},
		"a message": {store.CreditFilter{Message: b.st.NewID(b.now())}, nil},
	} {
		if got := list(tc.f); !slices.Equal(got, tc.want) {
			b.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	newest, err := b.st.CreditEntries(ctx, b.ws, store.CreditFilter{Limit: 1})
	if err != nil || len(newest) != 1 {
		b.Fatalf("newest %v, %v", newest, err)
	}
	if got := list(store.CreditFilter{Before: newest[0].ID}); !slices.Equal(got, []int64{-4, 10}) {
		b.Errorf("the next page: %v", got)
	}
	audit := store.AuditEntry{At: b.now(), Workspace: b.ws, Action: "credit.changed"}
	if err := b.st.SetCredit(ctx, b.ws, true, 7, audit); err != nil {
		b.Fatal(err)
	}
	if w, err := b.st.Workspace(ctx, b.ws); err != nil || !w.CreditOn || w.CreditLow != 7 {
		b.Errorf("workspace %+v, %v; want credit on, told below 7", w, err)
	}
	if err := b.st.SetCredit(ctx, smsir.UUID{7}, true, 7, audit); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("credit of no workspace: %v, want %s", err, smsir.CodeNotFound)
	}
	first := b.ws
	b.ws, _ = b.workspace("other@example.com", false)
	b.ledger(0, 0)
	// One entry for a key, however many ask for it at once.
	var wg sync.WaitGroup
	ids := make([]smsir.ID, 8)
	for i := range ids {
		wg.Go(func() {
			e, err := b.st.AddCredit(ctx, store.CreditEntry{ID: b.st.NewID(b.now()), Workspace: b.ws, Kind: smsir.Grant, Amount: 3, At: b.now(), Key: "k"}, audit)
			if err != nil {
				b.Errorf("grant with a key: %v", err)
				return
			}
			ids[i] = e.ID
		})
	}
	wg.Wait()
	if ids = slices.Compact(ids); len(ids) != 1 {
		b.Errorf("one key made the entries %v", ids)
	}
	b.ledger(3, 0)
	b.ws = first
}
