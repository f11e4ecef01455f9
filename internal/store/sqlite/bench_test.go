package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
)

// rig is a store with one workspace for benchmarks.
type rig struct {
	st       store.Store
	ws, prov smsir.UUID
}

func newRig(b testing.TB) *rig {
	b.Helper()
	st, err := sqlite.Open(context.Background(), filepath.Join(b.TempDir(), "smsir.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	now := time.Now()
	r := &rig{st: st, ws: smsir.NewUUID(now), prov: smsir.NewUUID(now)}
	user := store.User{ID: smsir.NewUUID(now), Email: "a@example.com", CreatedAt: now}
	if err := st.Register(context.Background(), store.Registration{
		User: user, Workspace: &store.Workspace{ID: r.ws, CreatedAt: now}, Role: store.Owner, Setup: true,
		Session: store.Session{ID: smsir.NewUUID(now), User: user.ID, Workspace: r.ws, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}, Audit: store.AuditEntry{At: now},
	}); err != nil {
		b.Fatal(err)
	}
	return r
}

func (r *rig) accept(b testing.TB, n int) []*smsir.Message {
	now := time.Now().UTC().Truncate(time.Millisecond)
	a := &store.Acceptance{Workspace: r.ws, Owned: true}
	for range n {
		m := &smsir.Message{
			ID: r.st.NewID(now), Workspace: r.ws, CreatedBy: smsir.Actor{Kind: smsir.ActorKey, ID: r.ws}, To: "+12025550100", ToRaw: "+12025550100", Country: "US",
			Text: "Hello, your appointment is tomorrow at 9:00. Reply STOP to get no more of these.", Segments: 1, AcceptedAt: now, ExpiresAt: now.Add(24 * time.Hour),
		}
		a.Messages = append(a.Messages, m)
		a.Events = append(a.Events, m.Accept(now, false))
	}
	if _, err := r.st.Accept(context.Background(), a); err != nil {
		b.Error(err)
	}
	return a.Messages
}

// BenchmarkAccept stores one message a call from 64 callers.
func BenchmarkAccept(b *testing.B) {
	r := newRig(b)
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.accept(b, 1)
		}
	})
}

// BenchmarkAcceptBatch stores 100 messages a call; the figure is for one message.
func BenchmarkAcceptBatch(b *testing.B) {
	r := newRig(b)
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		n := 0
		for pb.Next() {
			if n++; n%100 == 0 {
				r.accept(b, 100)
			}
		}
	})
}

// BenchmarkLifecycle runs messages from accepted to delivered from 64 callers.
func BenchmarkLifecycle(b *testing.B) {
	r := newRig(b)
	ctx := context.Background()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m := r.accept(b, 1)[0]
			attempt := r.st.NewID(time.Now())
			if ok, err := r.st.Intend(ctx, []store.Intent{{Attempt: attempt, Message: m, Provider: r.prov, Now: time.Now()}}); err != nil || !ok[0] {
				b.Error(ok, err)
			}
			ref := attempt.Format("ref")
			if _, err := r.st.Finish(ctx, store.Finish{Attempt: attempt, Message: m.ID, Now: time.Now(), Outcome: smsir.Outcome{State: smsir.AttemptAccepted, References: []string{ref}}}); err != nil {
				b.Error(err)
			}
			if res, err := r.st.StoreReceipt(ctx, smsir.Receipt{Provider: r.prov, Reference: ref, Status: smsir.Delivered, ArrivedAt: time.Now()}); err != nil || res != store.ReceiptApplied {
				b.Error(res, err)
			}
		}
	})
}
