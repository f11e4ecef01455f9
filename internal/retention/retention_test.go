package retention_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/retention"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

// world is a store with a workspace.
type world struct {
	*testing.T
	st store.Store
	ws smsir.UUID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(t.TempDir(), "smsir.db")), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	now := time.Now()
	w := &world{T: t, st: st, ws: smsir.NewUUID(now)}
	user := store.User{ID: smsir.NewUUID(now), Email: "a@example.com", CreatedAt: now}
	w.must(st.Register(t.Context(), store.Registration{
		User: user, Workspace: &store.Workspace{ID: w.ws, CreatedAt: now}, Role: store.Owner, Setup: true,
		Session: store.Session{ID: smsir.NewUUID(now), User: user.ID, Workspace: w.ws, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}, Audit: store.AuditEntry{At: now},
	}))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// message is one that was accepted at a time and canceled at once, so that it has ended.
func (w *world) message(at time.Time, class smsir.Class, text string) smsir.ID {
	w.Helper()
	at = at.UTC().Truncate(time.Millisecond)
	m := &smsir.Message{ID: w.st.NewID(at), Workspace: w.ws, To: "+12025550100", Text: text, Class: class, Segments: 1, AcceptedAt: at, ExpiresAt: at.Add(time.Hour)}
	_, err := w.st.Accept(w.Context(), &store.Acceptance{Workspace: w.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(at, false)}})
	w.must(err)
	_, _, err = w.st.Cancel(w.Context(), w.ws, m.ID, smsir.Actor{}, at)
	w.must(err)
	return m.ID
}

func (w *world) text(id smsir.ID) string {
	w.Helper()
	m, err := w.st.Message(w.Context(), w.ws, id)
	w.must(err)
	return m.Text
}

// lines is a log that may be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestSweepAndCodes(t *testing.T) {
	t.Parallel()
	w, log := newWorld(t), &lines{}
	old := w.message(time.Now().Add(-31*store.Day), smsir.Transactional, "old")
	fresh, code := w.message(time.Now(), smsir.Transactional, "fresh"), w.message(time.Now(), smsir.OTP, "code")
	s := retention.New(retention.Options{Store: w.st, Answers: time.Hour, Log: slog.New(slog.NewTextHandler(log, nil))})
	again, err := s.Sweep(t.Context())
	w.must(err)
	if !again.IsZero() || w.text(old) != "" || w.text(fresh) != "fresh" || w.text(code) != "code" {
		t.Errorf("after a sweep: again %v; %q, %q, %q", again, w.text(old), w.text(fresh), w.text(code))
	}
	if got := log.String(); strings.Count(got, "a workspace was swept") != 1 || !strings.Contains(got, "texts=1") {
		t.Errorf("log: %s", got)
	}
	again, err = s.Codes(t.Context())
	w.must(err)
	if !again.IsZero() || w.text(fresh) != "fresh" || w.text(code) != "" {
		t.Errorf("after looking for codes: again %v; %q, %q", again, w.text(fresh), w.text(code))
	}
	_, err = s.RemoveText(t.Context(), w.ws, fresh, store.AuditEntry{At: time.Now(), Workspace: w.ws, Action: "message.text_removed"})
	w.must(err)
	if w.text(fresh) != "" {
		t.Errorf("by hand: %q", w.text(fresh))
	}
}

// TestCodesWaitForWebhooks: a delivery that is yet to be made of an event would bring the text back.
func TestCodesWaitForWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.st.Deliver(t.Context(), nil, 0, 1))
	code := w.message(time.Now(), smsir.OTP, "code")
	s := retention.New(retention.Options{Store: w.st, Answers: time.Hour})
	again, err := s.Codes(t.Context())
	w.must(err)
	if again.IsZero() || w.text(code) != "code" {
		t.Fatalf("again %v, text %q: want to wait", again, w.text(code))
	}
	last, err := w.st.LastEvent(t.Context())
	w.must(err)
	w.must(w.st.Deliver(t.Context(), nil, 1, last))
	if again, err = s.Codes(t.Context()); err != nil || !again.IsZero() || w.text(code) != "" {
		t.Fatalf("again %v, %v, text %q: want it gone", again, err, w.text(code))
	}
}

// TestRunAsksForJobs: at the start, when a rule was changed, and when something has happened.
func TestRunAsksForJobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := retention.New(retention.Options{Store: w.st, Answers: time.Hour, Poll: time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		stop()
		w.must(<-done)
	}()
	take := func(kind string) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; {
			jobs, err := w.st.LeaseJobs(t.Context(), []string{kind}, time.Now(), time.Now().Add(time.Minute), 1)
			w.must(err)
			if len(jobs) == 1 {
				w.must(w.st.FinishJob(t.Context(), jobs[0].ID, jobs[0].Lease))
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("no job %s", kind)
			}
			<-time.After(5 * time.Millisecond)
		}
	}
	take(retention.JobSweep)
	s.Wake()
	take(retention.JobSweep)
	w.message(time.Now(), smsir.OTP, "code")
	take(retention.JobCodes)
}
