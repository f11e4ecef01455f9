package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// TestWriterSyncs: the very connection that commits is in WAL mode and syncs every commit, whatever Open has checked.
func TestWriterSyncs(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "smsir.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing was written
	var mode string
	var sync, checkpoint int
	if err := s.writer.do(prioAccept, false, func(tx *wtx) error {
		for query, dst := range map[string]any{"PRAGMA journal_mode": &mode, "PRAGMA synchronous": &sync, "PRAGMA wal_autocheckpoint": &checkpoint} {
			if _, err := tx.row(query, nil, dst); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if mode != "wal" || sync != 2 || checkpoint < 1 {
		t.Errorf("the writer commits with journal_mode=%s synchronous=%d wal_autocheckpoint=%d, want wal, 2 (FULL), and some", mode, sync, checkpoint)
	}
}

// TestCloseLeavesNothingOpen: the last connection takes the journal with it, which it can only if all the others are closed.
func TestCloseLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "smsir.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Recover(t.Context(), time.Now(), time.Now()); err != nil { // it reads and writes through the writer
		t.Fatal(err)
	}
	if _, err := s.LastEvent(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(path + "-*")
	if err != nil || len(left) > 0 {
		t.Errorf("after an orderly end there is %v, %v: a connection is still open", left, err)
	}
}

// TestStartFreesDeliveries: a webhook delivery that a run had under way when it died is due again at the next start, not only
// when its lease is over.
func TestStartFreesDeliveries(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "smsir.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	place := store.Workspace{ID: smsir.NewUUID(now), Name: "Clinic", Country: "US", TimeZone: "UTC", CreatedAt: now}
	person := store.User{ID: smsir.NewUUID(now), Email: "ada@example.com", Name: "Ada", PasswordHash: "hash", CreatedAt: now}
	session := store.Session{ID: smsir.NewUUID(now), User: person.ID, Workspace: place.ID, CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour)}
	if err := s.Register(t.Context(), store.Registration{User: person, Workspace: &place, Role: store.Owner, Session: session, Audit: store.AuditEntry{At: now}}); err != nil {
		t.Fatal(err)
	}
	hook := store.Webhook{ID: smsir.NewUUID(now), Workspace: place.ID, URL: "https://example.com/hook", Secrets: []byte("sealed"), Enabled: true, CreatedAt: now, UpdatedAt: now}
	if err := s.CreateWebhook(t.Context(), hook, store.AuditEntry{At: now, Workspace: hook.Workspace}); err != nil {
		t.Fatal(err)
	}
	d := store.Delivery{ID: s.NewID(now), Workspace: hook.Workspace, Webhook: hook.ID, Type: "message.sent", Body: []byte("{}"), NextAt: now, CreatedAt: now}
	if err := s.Deliver(t.Context(), []store.Delivery{d}, 0, 1); err != nil {
		t.Fatal(err)
	}
	lease := func() []store.Delivery {
		leased, err := s.LeaseDeliveries(t.Context(), hook.ID, time.Now(), time.Now().Add(time.Hour), 10)
		if err != nil {
			t.Fatal(err)
		}
		return leased
	}
	if leased := lease(); len(leased) != 1 || len(lease()) != 0 {
		t.Fatalf("%d deliveries leased, want one, once", len(leased))
	}
	if err := s.Close(); err != nil { // the lease stays, as after a crash
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), path, Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing is lost
	if leased := lease(); len(leased) != 1 {
		t.Errorf("%d deliveries are due after a start, want the one that was under way", len(leased))
	}
}
