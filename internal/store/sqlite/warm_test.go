package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
	"github.com/smsir/smsir/internal/store/sqlite"
)

// TestWhatTheWriterRemembers: whatever happens to a message between its intent, the answer and the report, the writer ends
// where it would have if it had read every row.
func TestWhatTheWriterRemembers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRig(t)
	st := r.st.(*sqlite.Store) //nolint:errcheck,forcetypeassert // newRig makes no other
	forget := func(*smsir.Message, string) {
		err := st.Update(ctx, func(sqldb.Tx) error { return errors.New("no") })
		if err == nil {
			t.Error("a failing step did not fail")
		}
	}
	none := func(*smsir.Message, string) {}
	report := func(status smsir.Status) func(m *smsir.Message, ref string) {
		return func(m *smsir.Message, ref string) {
			if _, err := st.StoreReceipt(ctx, smsir.Receipt{Provider: r.prov, Reference: ref, To: m.To, Status: status, Part: true, ArrivedAt: time.Now()}); err != nil {
				t.Error(err)
			}
		}
	}
	cancel := func(m *smsir.Message, _ string) {
		if _, _, err := st.Cancel(ctx, r.ws, m.ID, smsir.Actor{Kind: smsir.ActorKey, ID: r.ws}, time.Now()); err != nil {
			t.Error(err)
		}
	}
	elsewhere := func(m *smsir.Message, ref string) { // somebody else's report under the same reference
		if _, err := st.StoreReceipt(ctx, smsir.Receipt{Provider: r.prov, Reference: ref, To: "+12025550199", Status: smsir.Delivered, ArrivedAt: time.Now()}); err != nil {
			t.Error(err)
		}
	}
	for name, c := range map[string]struct {
		afterIntent, afterAnswer func(m *smsir.Message, ref string)
		want                     smsir.State
		events                   int // accepted, sending, sent and what else
		canceled                 bool
	}{
		"nothing":                       {none, none, smsir.State{Status: smsir.Delivered, Final: true}, 4, false},
		"a neighbour failed":            {forget, forget, smsir.State{Status: smsir.Delivered, Final: true}, 4, false},
		"a cancel before the answer":    {cancel, none, smsir.State{Status: smsir.Delivered, Final: true}, 5, true},
		"a cancel after the answer":     {none, cancel, smsir.State{Status: smsir.Delivered, Final: true}, 4, false},
		"the report before the answer":  {report(smsir.Delivered), none, smsir.State{Status: smsir.Delivered, Final: true}, 4, false},
		"on its way before the answer":  {report(smsir.Sent), none, smsir.State{Status: smsir.Delivered, Final: true}, 4, false},
		"on its way after the answer":   {none, report(smsir.Sent), smsir.State{Status: smsir.Delivered, Final: true}, 4, false},
		"undelivered before the answer": {report(smsir.Undelivered), none, smsir.State{Status: smsir.Undelivered, Final: true}, 5, false}, // and a late report
		"another recipient":             {elsewhere, elsewhere, smsir.State{Status: smsir.Delivered, Final: true}, 4, false},
	} {
		m := r.accept(t, 1)[0]
		now := time.Now().UTC()
		attempt := st.NewID(now)
		ref := fmt.Sprintf("ref-%d", attempt)
		if ok, err := st.Intend(ctx, []store.Intent{{Attempt: attempt, Message: m, Provider: r.prov, Now: now}}); err != nil || !ok[0] {
			t.Fatalf("%s: intend: %v, %v", name, ok, err)
		}
		c.afterIntent(m, ref)
		if _, err := st.Finish(ctx, store.Finish{Attempt: attempt, Message: m.ID, Now: now, Outcome: smsir.Outcome{State: smsir.AttemptAccepted, References: []string{ref}}}); err != nil {
			t.Fatalf("%s: finish: %v", name, err)
		}
		c.afterAnswer(m, ref)
		report(smsir.Delivered)(m, ref)
		report(smsir.Delivered)(m, ref) // and again
		got, err := st.Message(ctx, r.ws, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		attempts, err := st.Attempts(ctx, r.ws, m.ID)
		if err != nil || len(attempts) != 1 || attempts[0].State != smsir.AttemptAccepted || len(attempts[0].References) != 1 || attempts[0].References[0] != ref || attempts[0].EndedAt.IsZero() {
			t.Errorf("%s: attempts %+v, %v", name, attempts, err)
		}
		if got.State() != c.want || got.CancelRequested != c.canceled || got.Attempts != 1 || got.Text != m.Text || got.SentAt.IsZero() || got.FinishedAt.IsZero() || got.UsedProvider != r.prov {
			t.Errorf("%s: %+v, want %v", name, got, c.want)
		}
		events, err := st.MessageEvents(ctx, r.ws, m.ID)
		if err != nil || len(events) != c.events {
			t.Errorf("%s: %d events, want %d: %+v, %v", name, len(events), c.events, events, err)
		}
		for i, e := range events {
			if e.Seq != i+1 {
				t.Errorf("%s: event %d has the number %d", name, i+1, e.Seq)
			}
		}
	}
}
