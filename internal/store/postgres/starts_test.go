package postgres_test

import (
	"slices"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/postgres"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// start stores a message as owned by a node, with an intent, and returns what the node holds of it.
func (s *site) start(st *postgres.Store) *smsir.Message {
	s.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	m := &smsir.Message{
		ID: st.NewID(now), Workspace: s.ws, To: "+12025550100", ToRaw: "+12025550100", Country: "US", Text: "hello", Segments: 1,
		AcceptedAt: now, ExpiresAt: now.Add(24 * time.Hour),
	}
	a := &store.Acceptance{Workspace: s.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(now, false)}, Owned: true}
	held := *m
	a.Intents = []store.Intent{{Attempt: st.NewID(now), Message: &held, Provider: s.provider, Now: now}}
	if _, err := st.Accept(bg, a); err != nil {
		s.Errorf("accept: %v", err)
	}
	return &held
}

// TestABuriedNodeStartsNothing: what had started with its accept is unknown when its node is buried; after that the node still
// stores messages and starts none, and the others find them.
func TestABuriedNodeStartsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, b := s.node("a", time.Minute), s.node("b", time.Minute)
	flying := s.start(a)
	s.status(a, flying.ID, smsir.Sending)
	s.over("a")
	if names, err := b.Bury(bg); err != nil || !slices.Equal(names, []string{"a"}) {
		t.Fatalf("buried %v, %v; want a", names, err)
	}
	if q, u := s.recover(b); q != 0 || u != 1 {
		t.Fatalf("took over %d and %d, want the one under way", q, u)
	}
	s.status(b, flying.ID, smsir.Unknown)
	late := s.start(a)
	if s.status(b, late.ID, smsir.Queued); late.Status != smsir.Queued {
		t.Errorf("a buried node holds it as %v", late.State())
	}
	if q, u := s.recover(b); q != 1 || u != 0 {
		t.Errorf("took over %d and %d, want the one that waits", q, u)
	}
	if _, err := a.Renew(bg); err != nil {
		t.Fatal(err)
	}
	s.status(b, s.start(a).ID, smsir.Sending)
}

// TestAnOptOutStopsEveryLaterStart: an acceptance with intents that meets an opt-out or a pause under way waits for its commit
// and obeys it.
func TestAnOptOutStopsEveryLaterStart(t *testing.T) {
	t.Parallel()
	for what, query := range map[string]string{
		"opt-out": "INSERT INTO suppressions (workspace_id, recipient, sender, reason, created_at) VALUES ($1, '+12025550100', '', 'opt_out', 1)",
		"pause":   "UPDATE workspaces SET paused_at = 1 WHERE id = $1",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			a := s.node("a", 0)
			other, watch := pgtest.Connect(t, s.url), pgtest.Connect(t, s.url)
			other.Exec("BEGIN")
			other.Exec(query, s.ws[:])
			done := make(chan *smsir.Message, 1)
			go func() { done <- s.start(a) }()
			for waits := false; !waits; {
				watch.Row("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))", &waits)
				select {
				case m := <-done:
					t.Fatalf("the acceptance did not wait, and the message is %v", m.State())
				default:
				}
			}
			other.Exec("COMMIT")
			m := <-done
			if s.status(a, m.ID, smsir.Queued); m.Status != smsir.Queued {
				t.Errorf("it is held as %v", m.State())
			}
		})
	}
}
