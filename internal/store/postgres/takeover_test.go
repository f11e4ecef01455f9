package postgres_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/postgres"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

func (s *site) status(st *postgres.Store, id smsir.ID, want smsir.Status) *smsir.Message {
	s.Helper()
	m, err := st.Message(bg, s.ws, id)
	if err != nil {
		s.Fatal(err)
	}
	if m.Status != want {
		s.Errorf("message is %v (%s, %+v), want %v", m.State(), m.Reason, m.Error, want)
	}
	return m
}

func (s *site) recover(st *postgres.Store) (requeued, unknown int) {
	s.Helper()
	requeued, unknown, err := st.Recover(bg, time.Now(), time.Now())
	if err != nil {
		s.Fatal(err)
	}
	return requeued, unknown
}

func (s *site) claim(st *postgres.Store, n int) (ids []smsir.ID) {
	s.Helper()
	var shares []store.Share
	for _, class := range smsir.ByUrgency() {
		shares = append(shares, store.Share{Line: store.Line{Workspace: s.ws, Class: class}, N: n})
	}
	claimed, err := st.Claim(bg, time.Now(), shares)
	if err != nil {
		s.Fatal(err)
	}
	for _, m := range claimed {
		ids = append(ids, m.ID)
	}
	return ids
}

// over makes the lease of a node be over, by the clock of the database.
func (s *site) over(name string) {
	s.Helper()
	pgtest.Exec(s.T, s.url, "UPDATE nodes SET lease_until = smsir_now() - 1 WHERE name = '"+name+"'")
}

// TestTheOthersTakeOver: what a dead node had is claimed again or becomes unknown, but only when its lease is over and
// somebody has buried it; what it does afterwards changes nothing that is not its own; an outcome that it learns late still
// counts.
func TestTheOthersTakeOver(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, b := s.node("a", time.Minute), s.node("b", time.Minute)
	first, err := a.Renew(bg)
	if err != nil || first.Nodes != 2 || first.Rejoined || first.Skew.Abs() > 5*time.Second {
		t.Fatalf("renew: %+v, %v", first, err)
	}
	queued, flying := s.accept(a, true), s.accept(a, true)
	kept := *queued
	attempt, ok := s.intend(a, flying)
	if !ok {
		t.Fatal("intend refused")
	}
	if names, err := b.Bury(bg); err != nil || len(names) > 0 {
		t.Fatalf("buried %v, %v while it lives", names, err)
	}
	s.over("a")
	if q, u := s.recover(b); q+u != 0 {
		t.Fatalf("took over %d and %d before it was buried", q, u)
	}
	if names, err := b.Bury(bg); err != nil || !slices.Equal(names, []string{"a"}) {
		t.Fatalf("buried %v, %v; want a", names, err)
	}
	if q, u := s.recover(b); q != 1 || u != 1 {
		t.Fatalf("took over %d and %d, want one each", q, u)
	}
	if m := s.status(b, flying.ID, smsir.Unknown); m.Error == nil || m.Error.Code != "node_stopped" {
		t.Errorf("unknown because of %+v", m.Error)
	}

	// The node that was thought dead goes on. It owns nothing any more.
	if _, ok := s.intend(a, &kept); ok {
		t.Error("a buried node started an attempt of a message that was taken over")
	}
	if got := s.claim(b, 10); !slices.Equal(got, []smsir.ID{queued.ID}) {
		t.Errorf("claimed %v, want the queued message", got)
	}
	if _, ok := s.intend(a, &kept); ok {
		t.Error("a buried node started an attempt of another's message")
	}
	if err := a.Release(bg, []smsir.ID{queued.ID}, smsir.ReasonDue, time.Now()); err != nil {
		t.Error(err)
	}
	if got := s.claim(b, 10); got != nil {
		t.Errorf("a buried node gave another's message back: %v", got)
	}
	late := s.accept(a, true) // stored, but owned by a life that is over
	if _, ok := s.intend(a, late); ok {
		t.Error("a buried node started an attempt")
	}
	if got := s.claim(b, 10); !slices.Equal(got, []smsir.ID{late.ID}) {
		t.Errorf("claimed %v, want the message that a buried node had accepted", got)
	}
	lost := s.accept(a, true)
	if q, _ := s.recover(b); q != 1 {
		t.Errorf("%d messages of a buried node were found, want the one that nobody asked for", q)
	}
	s.status(b, lost.ID, smsir.Queued)
	// The answer to its attempt comes late and is the truth.
	m, err := a.Finish(bg, store.Finish{Attempt: attempt, Message: flying.ID, Now: time.Now(), Outcome: smsir.Outcome{State: smsir.AttemptAccepted, References: []string{"r"}}})
	if err != nil || m.Status != smsir.Sent {
		t.Errorf("the late outcome: %v, %v; want sent", m, err)
	}
	again, err := a.Renew(bg)
	if err != nil || !again.Rejoined || again.Life <= first.Life {
		t.Errorf("renew of a buried node: %+v, %v; want a new life above %d", again, err, first.Life)
	}
	if _, ok := s.intend(a, s.accept(a, true)); !ok {
		t.Error("in its new life the node cannot send")
	}
}

// TestAWrongClockWritesNoWrongTimes: what a node stores by itself has the time of the database.
func TestAWrongClockWritesNoWrongTimes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	st := open(t, s.url, postgres.Options{Node: "a", Lease: time.Minute, Now: func() time.Time { return time.Now().Add(2 * time.Hour) }})
	t.Cleanup(func() { _ = st.Close() })
	s.register(st)
	if l, err := st.Renew(bg); err != nil || l.Skew < time.Hour {
		t.Fatalf("renew: %+v, %v", l, err)
	}
	m := s.accept(st, true)
	attempt, ok := s.intend(st, m)
	if !ok {
		t.Fatal("intend refused")
	}
	if _, err := st.Finish(bg, store.Finish{Attempt: attempt, Message: m.ID, Now: time.Now(), Outcome: smsir.Outcome{State: smsir.AttemptAccepted, References: []string{"r"}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.StoreReceipt(bg, smsir.Receipt{Provider: s.provider, Reference: "r", Status: smsir.Delivered}); err != nil {
		t.Fatal(err)
	}
	if m := s.status(st, m.ID, smsir.Delivered); time.Until(m.FinishedAt).Abs() > time.Minute {
		t.Errorf("delivered at %v, which is %v off", m.FinishedAt, time.Until(m.FinishedAt))
	}
}

// TestARestartTakesOverAtOnce: the next run of a node need not wait for the lease of the last one.
func TestARestartTakesOverAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.node("a", time.Hour)
	s.accept(a, true)
	s.intend(a, s.accept(a, true))
	if _, err := postgres.Open(bg, s.url, postgres.Options{Node: "a"}); err == nil {
		t.Fatal("a second node of the same name was let in")
	}
	pgtest.Exec(t, s.url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") // as a crash does
	a2 := s.node("a", time.Hour)
	if q, u := s.recover(a2); q != 1 || u != 1 {
		t.Errorf("took over %d and %d, want one each", q, u)
	}
}

// TestARestartFindsItsNameFree, however soon it comes.
func TestARestartFindsItsNameFree(t *testing.T) {
	t.Parallel()
	url := pgtest.Copy(t, migrated)
	watch := pgtest.Connect(t, url)
	for range 10 {
		st, err := postgres.Open(bg, url, postgres.Options{Node: "a"})
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		var held bool
		if watch.Row("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 7533 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))", &held); held {
			t.Fatal("the name of a node that has stopped is taken")
		}
	}
}

// TestWorkspacesAreHeldByOneNode: first come, first served; a lease ends with its time, its node, or when it is given back.
func TestWorkspacesAreHeldByOneNode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, b := s.node("a", time.Minute), s.node("b", time.Minute)
	one, two := smsir.UUID{1}, smsir.UUID{2}
	hold := func(st *postgres.Store, ask []smsir.UUID, want ...smsir.UUID) {
		t.Helper()
		got, err := st.HoldWorkspaces(bg, ask)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("holds %v, %v; want %v", got, err, want)
		}
	}
	hold(a, []smsir.UUID{one}, one)
	hold(b, []smsir.UUID{two, one}, two)
	hold(a, []smsir.UUID{one, two}, one)
	if err := b.DropWorkspace(bg, one); err != nil { // not its own
		t.Error(err)
	}
	hold(b, []smsir.UUID{one})
	if err := a.DropWorkspace(bg, one); err != nil {
		t.Error(err)
	}
	hold(b, []smsir.UUID{one}, one)
	s.over("b")
	if _, err := a.Bury(bg); err != nil {
		t.Error(err)
	}
	hold(a, []smsir.UUID{one, two}, one, two)
}

// TestChangesAreCounted: a node that missed a wake-up finds out at its next renewal.
func TestChangesAreCounted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, b := s.node("a", 0), s.node("b", 0)
	count := func() int64 {
		t.Helper()
		l, err := b.Renew(bg)
		if err != nil {
			t.Fatal(err)
		}
		return l.Changes
	}
	before := count()
	for what, change := range map[string]func() error{
		"a provider": func() error {
			p, err := a.Provider(bg, s.ws, s.provider)
			if err != nil {
				return err
			}
			p.Priority++
			return a.UpdateProvider(bg, *p, store.AuditEntry{})
		},
		"a pause": func() error {
			w, err := a.Workspace(bg, s.ws)
			if err != nil {
				return err
			}
			w.PausedAt = time.Now()
			return a.UpdateWorkspace(bg, w, store.AuditEntry{})
		},
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if after := count(); after <= before {
			t.Errorf("%s: the count is %d, was %d", what, after, before)
		} else {
			before = after
		}
	}
}

// TestWakeUps reach the other nodes and not the one that wakes.
func TestWakeUps(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, b := s.node("a", 0), s.node("b", 0)
	heard := make(chan string, 10)
	ctx := t.Context()
	for name, st := range map[string]*postgres.Store{"a": a, "b": b} {
		go func() { _ = st.Listen(ctx, func(topic string) { heard <- name + ":" + topic }) }()
	}
	for range 2 {
		if got := <-heard; got != "a:" && got != "b:" {
			t.Errorf("heard %q at the start, want everything", got)
		}
	}
	for _, topic := range []string{"events", "queue"} {
		if err := a.Wake(bg, topic); err != nil {
			t.Fatal(err)
		}
		if got := <-heard; got != "b:"+topic {
			t.Errorf("heard %q, want b:%s", got, topic)
		}
	}
}

// TestSeveralNodesClaimEachMessageOnce: they take from one queue at the same time.
func TestSeveralNodesClaimEachMessageOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	nodes := []*postgres.Store{s.node("a", 0), s.node("b", 0), s.node("c", 0)}
	const n = 300
	for range n {
		s.accept(nodes[0], false)
	}
	var mu sync.Mutex
	claimed := map[smsir.ID]int{}
	var wg sync.WaitGroup
	for _, st := range nodes {
		wg.Go(func() {
			for {
				ids := s.claim(st, 7)
				if len(ids) == 0 {
					return
				}
				mu.Lock()
				for _, id := range ids {
					claimed[id]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, times := range claimed {
		if times != 1 {
			t.Errorf("%s was claimed %d times", id.Format(smsir.PrefixMessage), times)
		}
	}
	if got := len(claimed) + len(s.claim(nodes[0], n)); got != n { // one that two looked at at once may have been passed over
		t.Errorf("%d messages claimed, want %d", got, n)
	}
}

// TestAnOptOutStopsEveryLaterIntent: an intent on one node that meets an opt-out or a pause under way on another waits for
// its commit and obeys it, whatever statement made it.
func TestAnOptOutStopsEveryLaterIntent(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]struct {
		query string
		want  smsir.Status
	}{
		"opt-out": {"INSERT INTO suppressions (workspace_id, recipient, sender, reason, created_at) VALUES ($1, '+12025550100', '', 'opt_out', 1)", smsir.Blocked},
		"pause":   {"UPDATE workspaces SET paused_at = 1 WHERE id = $1", smsir.Queued},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			a := s.node("a", 0)
			m := s.accept(a, true)
			other := pgtest.Connect(t, s.url)
			other.Exec("BEGIN")
			other.Exec(change.query, s.ws[:])
			started := make(chan bool)
			go func() { _, ok := s.intend(a, m); started <- ok }()
			watch := pgtest.Connect(t, s.url)
			for waits := false; !waits; {
				watch.Row("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))", &waits)
				select {
				case ok := <-started:
					t.Fatalf("the intent did not wait (started: %v)", ok)
				default:
				}
			}
			other.Exec("COMMIT")
			if <-started {
				t.Error("the attempt was started")
			}
			s.status(a, m.ID, change.want)
		})
	}
}
