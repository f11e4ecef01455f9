package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/postgres"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

var bg = context.Background()

// site is a workspace on a database that several nodes share.
type site struct {
	*testing.T
	url          string
	ws, provider smsir.UUID
}

func newSite(t *testing.T) *site {
	t.Helper()
	return &site{T: t, url: pgtest.Copy(t, migrated)}
}

// node opens the database as a node of a name.
func (s *site) node(name string, lease time.Duration) *postgres.Store {
	s.Helper()
	st := open(s.T, s.url, postgres.Options{Node: name, Lease: lease, PoolSize: 8})
	s.Cleanup(func() { _ = st.Close() })
	if s.ws.IsZero() {
		s.register(st)
	}
	return st
}

func (s *site) register(st *postgres.Store) {
	s.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	s.ws, s.provider = smsir.NewUUID(now), smsir.NewUUID(now)
	user := store.User{ID: smsir.NewUUID(now), Email: "a@example.com", CreatedAt: now}
	if err := st.Register(bg, store.Registration{
		User: user, Workspace: &store.Workspace{ID: s.ws, Name: "w", Country: "US", TimeZone: "UTC", CreatedAt: now}, Role: store.Owner, Setup: true,
		Provider: &store.Provider{ID: s.provider, Workspace: s.ws, Kind: "fake", Name: "p", Enabled: true, CreatedAt: now, UpdatedAt: now},
		Session:  store.Session{ID: smsir.NewUUID(now), User: user.ID, Workspace: s.ws, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}, Audit: store.AuditEntry{At: now},
	}); err != nil {
		s.Fatal(err)
	}
}

// accept stores a message as owned by a node.
func (s *site) accept(st *postgres.Store, owned bool) *smsir.Message {
	s.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	m := &smsir.Message{
		ID: st.NewID(now), Workspace: s.ws, To: "+12025550100", ToRaw: "+12025550100", Country: "US", Text: "hello", Segments: 1,
		AcceptedAt: now, ExpiresAt: now.Add(24 * time.Hour),
	}
	a := &store.Acceptance{Workspace: s.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(now, false)}, Owned: owned}
	if _, err := st.Accept(bg, a); err != nil {
		s.Errorf("accept: %v", err)
	}
	return m
}

func (s *site) intend(st *postgres.Store, m *smsir.Message) (smsir.ID, bool) {
	s.Helper()
	now := time.Now().UTC()
	attempt := st.NewID(now)
	ok, err := st.Intend(bg, []store.Intent{{Attempt: attempt, Message: m, Provider: s.provider, Now: now}})
	if err != nil {
		s.Errorf("intend: %v", err)
		return 0, false
	}
	return attempt, ok[0]
}

// life runs a message from accepted to delivered, each step at a node that pick chooses.
func (s *site) life(pick func() *postgres.Store) {
	s.Helper()
	first := pick()
	m := s.accept(first, true)
	attempt, ok := s.intend(first, m)
	if !ok {
		s.Errorf("intend of %s refused", m.ID.Format(smsir.PrefixMessage))
		return
	}
	ref := attempt.Format("ref")
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := pick().Finish(bg, store.Finish{Attempt: attempt, Message: m.ID, Now: time.Now(), Outcome: smsir.Outcome{State: smsir.AttemptAccepted, References: []string{ref}}}); err != nil {
			s.Errorf("finish: %v", err)
		}
	})
	wg.Go(func() { // at the same time, at whatever node
		if _, err := pick().StoreReceipt(bg, smsir.Receipt{Provider: s.provider, Reference: ref, To: m.To, Status: smsir.Delivered, ArrivedAt: time.Now()}); err != nil {
			s.Errorf("receipt: %v", err)
		}
	})
	wg.Wait()
}

// TestEventsOfSeveralNodesAreNeverSkipped: three nodes write at once, and readers at each of them follow the stream. What
// a reader was given must be everything there is up to its cursor, whenever it looked; the events of a message must come
// in the order of its moves; and receipts that race with answers must all meet their attempts.
func TestEventsOfSeveralNodesAreNeverSkipped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	nodes := []*postgres.Store{s.node("a", 0), s.node("b", 0), s.node("c", 0)}
	const lives, callers = 40, 24
	var turn atomic.Int64
	pick := func() *postgres.Store { return nodes[int(turn.Add(1))%len(nodes)] }

	done := make(chan struct{})
	var following sync.WaitGroup
	streams := make([][]smsir.Event, len(nodes))
	for i, st := range nodes {
		following.Go(func() {
			after, last := smsir.ID(0), false
			for {
				page, err := st.EventsAfter(bg, smsir.UUID{}, after, 50)
				if err != nil {
					t.Errorf("events: %v", err)
					return
				}
				if len(page) > 0 {
					streams[i] = append(streams[i], page...)
					after = page[len(page)-1].ID
					continue
				}
				if last {
					return
				}
				select {
				case <-done:
					last = true
				default:
				}
			}
		})
	}
	var writing sync.WaitGroup
	for range callers {
		writing.Go(func() {
			for range lives {
				s.life(pick)
			}
		})
	}
	writing.Wait()
	close(done)
	following.Wait()

	const want = lives * callers * 4 // accepted, sending, sent (or not, when the receipt came first), delivered
	for i, got := range streams {
		if len(got) != len(streams[0]) || len(got) > want || len(got) < want-lives*callers {
			t.Errorf("the follower at node %d got %d events, at node 0 %d, want up to %d", i, len(got), len(streams[0]), want)
		}
		seqs, lastID := map[smsir.ID]int{}, smsir.ID(0)
		for _, e := range got {
			if e.ID <= lastID {
				t.Fatalf("event %d after %d", e.ID, lastID)
			}
			lastID = e.ID
			if seqs[e.Message]++; seqs[e.Message] != e.Seq {
				t.Fatalf("node %d: event %d of message %s comes as number %d", i, e.Seq, e.Message.Format(smsir.PrefixMessage), seqs[e.Message])
			}
		}
	}
	counts, err := nodes[0].Counts(bg, s.ws, time.Now().Add(-2*time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, c := range counts {
		if c.State != (smsir.State{Status: smsir.Delivered, Final: true}) {
			t.Errorf("%d messages stand in %v: a receipt and its attempt have missed each other", c.N, c.State)
		}
		total += c.N
	}
	if total != lives*callers {
		t.Errorf("%d messages counted, want %d", total, lives*callers)
	}
}

// TestTheStreamWaitsForOpenTransactions: a transaction that has drawn ids and is not committed holds back what was drawn
// after it, and nothing else.
func TestTheStreamWaitsForOpenTransactions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	st := s.node("a", 0)
	first := s.accept(st, false)
	slow := pgtest.Connect(t, s.url)
	slow.Exec("BEGIN")
	slow.Exec("SELECT smsir_event_ids(3)")
	second := s.accept(st, false) // does not wait
	read := func(want ...smsir.ID) {
		t.Helper()
		events, err := st.EventsAfter(bg, s.ws, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []smsir.ID
		for _, e := range events {
			got = append(got, e.Message)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the stream has %v, want %v", got, want)
		}
		last, err := st.LastEvent(bg)
		if err != nil || last != events[len(events)-1].ID {
			t.Errorf("the last event is %v, %v; want %v", last, err, events[len(events)-1].ID)
		}
	}
	read(first.ID)
	slow.Exec("ROLLBACK")
	read(first.ID, second.ID)
}

// TestCountsAreFolded: what many writers have counted becomes one row of each state, and says the same.
func TestCountsAreFolded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	nodes := []*postgres.Store{s.node("a", 0), s.node("b", 0)}
	var turn atomic.Int64 // life picks from two goroutines
	for range 12 {
		s.life(func() *postgres.Store { return nodes[turn.Add(1)%2] })
	}
	s.accept(nodes[0], false)
	counts := func() map[smsir.State]int64 {
		t.Helper()
		rows, err := nodes[1].Counts(bg, s.ws, time.Now().Add(-3*time.Hour), time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		sums := map[smsir.State]int64{}
		for _, r := range rows {
			sums[r.State] += r.N
		}
		return sums
	}
	before := fmt.Sprint(counts())
	conn := pgtest.Connect(t, s.url)
	var rows, folded int
	conn.Row("SELECT count(*), count(*) FILTER (WHERE shard < 0) FROM counts", &rows, &folded)
	if folded != 0 {
		t.Fatalf("%d rows are folded already", folded)
	}
	for _, st := range nodes { // the second one finds nothing
		if _, err := st.Sweep(bg, time.Now().Add(5*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	var after int
	conn.Row("SELECT count(*), count(*) FILTER (WHERE shard < 0) FROM counts", &after, &folded)
	if after != folded || after >= rows {
		t.Errorf("%d rows of %d are folded, %d before", folded, after, rows)
	}
	if got := fmt.Sprint(counts()); got != before {
		t.Errorf("counts %s, want %s", got, before)
	}
	if n, err := nodes[0].Backlog(bg, s.ws); err != nil || n != 1 {
		t.Errorf("backlog %d, %v; want 1", n, err)
	}
	s.life(func() *postgres.Store { return nodes[0] })
	if got := counts()[smsir.State{Status: smsir.Delivered, Final: true}]; got != 13 {
		t.Errorf("%d delivered after the fold, want 13", got)
	}
}
