package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Opener opens the store of a test by name: the same name again, after Close, is the same database.
type Opener func(t *testing.T, name string, now func() time.Time) store.Store

// Messages judges everything that concerns messages, their attempts, evidence and events.
func Messages(t *testing.T, open Opener) {
	for _, tc := range []struct {
		name string
		run  func(*bench)
	}{
		{"accept stores message, event, count and answer in one step", testAccept},
		{"a message starts with its accept as it would after it", testStarts},
		{"a message that may not start with its accept is stored without", testStartRefuses},
		{"some of a batch start with their accept", testStartsBatch},
		{"an acceptance that stores nothing starts nothing", testStartsNothing},
		{"a start after a crash tells what started with its accept", testStartsRecover},
		{"an idempotency key is stored once", testIdempotency},
		{"a client reference is unique until it expires", testClientRef},
		{"a bad row fails alone", testBadRow},
		{"64 senders at once never use up more than a limit allows", testMeters},
		{"what does not fit a limit leaves nothing behind", testMeterLeavesNothing},
		{"the limits of a workspace", testLimits},
		{"prices of a workspace have versions and one currency", testPrices},
		{"64 senders at once never spend more credit than there is", testCreditSenders},
		{"what the credit does not reach for leaves nothing behind", testCreditLeavesNothing},
		{"every end of a message settles or releases its cost, once", testCreditLives},
		{"the credit ledger adds up over lives drawn by chance", testCreditByChance},
		{"grants and corrections", testCreditByHand},
		{"a message runs from accepted to delivered", testLifecycle},
		{"an intent needs a queued, owned, valid, wanted message", testIntendRefuses},
		{"an outcome is set once", testFinishOnce},
		{"a receipt before the answer", testEarlyReceipt},
		{"a receipt before the reference is known is parked", testParkedReceipt},
		{"a reference written in another way", testAliases},
		{"parts that were not taken", testMissingParts},
		{"receipts are stored once and never cross providers", testReceiptScope},
		{"several parts need several receipts", testParts},
		{"a start after a crash tells the truth", testRecover},
		{"a proven non-send is tried again only where the routes allow it", testNonSend},
		{"what a provider charges is kept with the attempt", testPrice},
		{"what the latest messages have cost", testPaid},
		{"a provider's opt-outs are kept, suspected fraud is told", testProviderOptOut},
		{"proof that comes in time spares a second try", testProofInTime},
		{"proof of every attempt ends an unknown message", testSettled},
		{"the report of an earlier attempt overtakes an answer", testOvertaken},
		{"messages with an ordering key start one after the other", testOrdering},
		{"the clock releases, expires and closes", testTick},
		{"cancel", testCancel},
		{"a sent message is asked about", testFollow},
		{"followers miss nothing", testFollowers},
		{"one takes the place of another", testReplace},
		{"one takes the place of another that was charged", testReplaceCharged},
		{"the providers of a message's attempts are told in order", testTriedProviders},
		{"claim takes what is due, once", testClaim},
		{"claim is shared between workspaces and classes", testShares},
		{"a message whose receipt is missing is sent again at its time", testMissingReceipt},
		{"lists filter, page and stay inside the workspace", testList},
		{"pages beside inserts miss and repeat nothing", testListBesideInserts},
		{"events of all messages come in one order without gaps", testEvents},
		{"inbound messages and consent", testInbound},
		{"expired records are swept", testSweep},
		{"many writers at once", testConcurrent},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.run(newBench(t, open))
		})
	}
}

// bench is a store with one workspace, and a clock that tests move by hand.
type bench struct {
	*testing.T
	open     Opener
	st       store.Store
	ws       smsir.UUID
	provider smsir.UUID
	mu       sync.Mutex
	at       time.Time
}

func newBench(t *testing.T, open Opener) *bench {
	b := &bench{T: t, open: open, at: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	b.st = open(t, t.Name(), b.now)
	t.Cleanup(func() {
		if err := b.st.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	b.ws, b.provider = b.workspace("first@example.com", true)
	return b
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at
}

func (b *bench) wait(d time.Duration) {
	b.mu.Lock()
	b.at = b.at.Add(d)
	b.mu.Unlock()
}

// workspace registers a person with a workspace and a provider.
func (b *bench) workspace(email string, setup bool) (ws, provider smsir.UUID) {
	b.Helper()
	now := b.now()
	ws, provider = smsir.NewUUID(now), smsir.NewUUID(now)
	user := store.User{ID: smsir.NewUUID(now), Email: email, Name: "Test", PasswordHash: "x", CreatedAt: now}
	w := store.Workspace{ID: ws, Name: "Test", Country: "US", TimeZone: "UTC", CreatedAt: now}
	reg := store.Registration{
		User: user, Workspace: &w, Role: store.Owner, Setup: setup,
		Provider: &store.Provider{ID: provider, Workspace: ws, Kind: "simulator", Name: "Simulator", Enabled: true, CreatedAt: now, UpdatedAt: now},
		Session:  store.Session{ID: smsir.NewUUID(now), User: user.ID, Workspace: ws, Client: "web", CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour)},
		Audit:    store.AuditEntry{At: now, Workspace: ws, Actor: smsir.Actor{Kind: smsir.ActorUser, ID: user.ID}, Action: "user.registered"},
	}
	copy(reg.Session.TokenHash[:], user.ID[:])
	if err := b.st.Register(context.Background(), reg); err != nil {
		b.Fatalf("register: %v", err)
	}
	return ws, provider
}

func (b *bench) message(change ...func(*smsir.Message)) *smsir.Message {
	now := b.now()
	m := &smsir.Message{
		ID: b.st.NewID(now), Workspace: b.ws, CreatedBy: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{9}}, Class: smsir.Transactional,
		To: "+12025550100", ToRaw: "(202) 555-0100", Country: "US", From: "SMSir", Text: "hello", Segments: 1, AcceptedAt: now, ExpiresAt: now.Add(24 * time.Hour),
	}
	for _, f := range change {
		f(m)
	}
	return m
}

// accept stores messages as owned by this node and returns them as a dispatcher would hold them.
func (b *bench) accept(owned bool, messages ...*smsir.Message) []*smsir.Message {
	b.Helper()
	a := &store.Acceptance{Workspace: b.ws, Messages: messages, Owned: owned, ClientRefs: time.Hour}
	for _, m := range messages {
		a.Events = append(a.Events, m.Accept(b.now(), false))
	}
	if _, err := b.st.Accept(context.Background(), a); err != nil {
		b.Fatalf("accept: %v", err)
	}
	copies := make([]*smsir.Message, len(messages))
	for i, m := range messages {
		c := *m
		copies[i] = &c
	}
	return copies
}

func (b *bench) intend(m *smsir.Message) (attempt smsir.ID, ok bool) {
	b.Helper()
	attempt = b.st.NewID(b.now())
	done, err := b.st.Intend(context.Background(), []store.Intent{{Attempt: attempt, Message: m, Provider: b.provider, Now: b.now()}})
	if err != nil {
		b.Fatalf("intend: %v", err)
	}
	return attempt, done[0]
}

func (b *bench) mustIntend(m *smsir.Message) smsir.ID {
	b.Helper()
	attempt, ok := b.intend(m)
	if !ok {
		b.Fatalf("intend of %v refused", m.State())
	}
	return attempt
}

func (b *bench) finish(attempt, message smsir.ID, o smsir.Outcome) *smsir.Message {
	b.Helper()
	m, err := b.st.Finish(context.Background(), store.Finish{Attempt: attempt, Message: message, Now: b.now(), Outcome: o})
	if err != nil {
		b.Fatalf("finish: %v", err)
	}
	return m
}

func accepted(references ...string) smsir.Outcome {
	return smsir.Outcome{State: smsir.AttemptAccepted, References: references}
}

func (b *bench) receipt(want store.ReceiptResult, r smsir.Receipt) {
	b.Helper()
	if r.Provider.IsZero() {
		r.Provider = b.provider
	}
	r.ArrivedAt = b.now()
	got, err := b.st.StoreReceipt(context.Background(), r)
	if err != nil || got != want {
		b.Fatalf("receipt %v of %q: got %d, %v; want %d", r.Status, r.Reference, got, err, want)
	}
}

// state reads a message back and checks its status, and that its events tell the same story.
func (b *bench) state(id smsir.ID, want smsir.Status, final bool) *smsir.Message {
	b.Helper()
	m, err := b.st.Message(context.Background(), b.ws, id)
	if err != nil {
		b.Fatalf("read: %v", err)
	}
	if m.Status != want || m.Final != final {
		b.Fatalf("message is %v (%s), want %v final=%v", m.State(), m.Reason, want, final)
	}
	events, err := b.st.MessageEvents(context.Background(), b.ws, id)
	if err != nil {
		b.Fatalf("events: %v", err)
	}
	for i, e := range events {
		if e.Seq != i+1 {
			b.Fatalf("event %d has seq %d", i+1, e.Seq)
		}
	}
	last := events[len(events)-1]
	if last.Data.Status != want.String() || last.Data.Final != final || len(events) != m.Seq {
		b.Fatalf("last event of %d tells %s final=%v, message (seq %d) %v", len(events), last.Data.Status, last.Data.Final, m.Seq, m.State())
	}
	return m
}

// counts checks the hourly counts against what is expected, states with none left out.
func (b *bench) counts(want map[smsir.State]int64) {
	b.Helper()
	rows, err := b.st.Counts(context.Background(), b.ws, b.at.Add(-48*time.Hour), b.at.Add(48*time.Hour))
	if err != nil {
		b.Fatalf("counts: %v", err)
	}
	got := map[smsir.State]int64{}
	for _, r := range rows {
		got[r.State] += r.N
	}
	for s, n := range got {
		if want[s] != n {
			b.Fatalf("counts: %v = %d, want %d (all: %v)", s, n, want[s], got)
		}
	}
	for s, n := range want {
		if got[s] != n {
			b.Fatalf("counts: %v = %d, want %d (all: %v)", s, got[s], n, got)
		}
	}
}

func kinds(events []smsir.Event) (all []string) {
	for _, e := range events {
		all = append(all, string(e.Type))
	}
	return all
}

func (b *bench) story(id smsir.ID, want ...string) {
	b.Helper()
	events, err := b.st.MessageEvents(context.Background(), b.ws, id)
	if err != nil || !slices.Equal(kinds(events), want) {
		b.Fatalf("events: got %v, %v; want %v", kinds(events), err, want)
	}
}
