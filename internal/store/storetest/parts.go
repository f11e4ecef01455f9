package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Parts runs the part of the suite about messages in parts. open opens a fresh store.
func Parts(t *testing.T, open func(t *testing.T) store.Store) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	limits := store.PartLimits{Wait: time.Hour, Recent: time.Minute, Most: 10}
	key := store.PartKey{Kind: "inbound", Owner: smsir.UUID{7}, Sender: "+12025550101", Recipient: "12345", Reference: 65535, Total: 2}
	keep := func(t *testing.T, st store.Store, k store.PartKey, number uint8, body string, at time.Time) (*store.PartSet, bool) {
		t.Helper()
		set, known, err := st.KeepPart(t.Context(), st.NewID(at), k, store.SetPart{ID: st.NewID(at), Number: number, Body: []byte(body), ReceivedAt: at}, limits, at)
		if err != nil {
			t.Fatal(err)
		}
		return set, known
	}
	due := func(t *testing.T, st store.Store, at time.Time) []store.PartSet {
		t.Helper()
		sets, err := st.DueSets(t.Context(), "inbound", at, 20)
		if err != nil {
			t.Fatal(err)
		}
		return sets
	}

	t.Run("parts of messages", func(t *testing.T) {
		t.Parallel()
		st := open(t)
		first, known := keep(t, st, key, 2, "second", now)
		if known || first.Whole() || len(first.Parts) != 1 || !first.DueAt.Equal(now.Add(time.Hour)) || first.PartKey != key {
			t.Fatalf("first part: %+v, %v", first, known)
		}
		if again, known := keep(t, st, key, 2, "second", now); !known || again.ID != first.ID || len(again.Parts) != 1 {
			t.Errorf("the same again: %+v, %v", again, known)
		}
		for _, other := range []func(k *store.PartKey){
			func(k *store.PartKey) { k.Kind = "smpp" }, func(k *store.PartKey) { k.Owner = smsir.UUID{8} }, func(k *store.PartKey) { k.Sender = "x" },
			func(k *store.PartKey) { k.Recipient = "x" }, func(k *store.PartKey) { k.Reference = 0 }, func(k *store.PartKey) { k.Total = 3 },
		} {
			k := key
			other(&k)
			if set, known := keep(t, st, k, 1, "first", now); known || set.ID == first.ID {
				t.Errorf("key %+v: got the set of %+v", k, key)
			}
		}
		if got := due(t, st, now); len(got) != 0 {
			t.Errorf("due at once: %+v", got)
		}
		whole, known := keep(t, st, key, 1, "first", now.Add(time.Second))
		if known || !whole.Whole() || whole.ID != first.ID || string(whole.Parts[0].Body) != "first" || string(whole.Parts[1].Body) != "second" {
			t.Fatalf("whole: %+v, %v", whole, known)
		}
		if got := due(t, st, now.Add(time.Second)); len(got) != 1 || got[0].ID != first.ID || len(got[0].Parts) != 2 || !got[0].Parts[0].ReceivedAt.Equal(now.Add(time.Second)) {
			t.Errorf("due when whole: %+v", got)
		}
		found, err := st.PartByID(t.Context(), "inbound", key.Owner, whole.Parts[1].ID)
		if err != nil || found.ID != first.ID || !found.DoneAt.IsZero() {
			t.Errorf("by id: %+v, %v", found, err)
		}
		if _, err := st.PartByID(t.Context(), "inbound", smsir.UUID{9}, whole.Parts[1].ID); smsir.CodeOf(err) != smsir.CodeNotFound {
			t.Errorf("by id, of another owner: %v", err)
		}
		for range 2 {
			if err := st.FinishSet(t.Context(), first.ID, 4711, now.Add(2*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		if got := due(t, st, now.Add(2*time.Second)); len(got) != 0 {
			t.Errorf("due when finished: %+v", got)
		}
		if got, err := st.SetsByID(t.Context(), []smsir.ID{1, first.ID}); err != nil || len(got) != 1 || got[0].ID != first.ID || got[0].Message != 4711 || len(got[0].Parts) != 2 {
			t.Errorf("by ids: %+v, %v", got, err)
		}
		// A part that comes once more is known for a while; then it begins a message of its own.
		if again, known := keep(t, st, key, 1, "first", now.Add(30*time.Second)); !known || again.ID != first.ID || again.DoneAt.IsZero() {
			t.Errorf("again after the end: %+v, %v", again, known)
		}
		if next, known := keep(t, st, key, 1, "other", now.Add(31*time.Second)); known || next.ID == first.ID {
			t.Errorf("another with the same key: %+v, %v", next, known)
		}
		if more, err := st.PurgeSets(t.Context(), "inbound", now.Add(2*time.Second), 10); err != nil || more {
			t.Errorf("purge: %v, %v", more, err)
		}
		if _, err := st.PartByID(t.Context(), "inbound", key.Owner, whole.Parts[1].ID); err != nil {
			t.Errorf("purged too early: %v", err)
		}
		if _, err := st.PurgeSets(t.Context(), "inbound", now.Add(3*time.Second), 10); err != nil {
			t.Error(err)
		}
		if _, err := st.PartByID(t.Context(), "inbound", key.Owner, whole.Parts[1].ID); smsir.CodeOf(err) != smsir.CodeNotFound {
			t.Errorf("not purged: %v", err)
		}
	})

	t.Run("a part that is taken back", func(t *testing.T) {
		t.Parallel()
		st := open(t)
		keep(t, st, key, 1, "first", now)
		whole, _ := keep(t, st, key, 2, "second", now)
		if err := st.DropPart(t.Context(), whole.ID, 2, now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if got := due(t, st, now.Add(time.Second)); len(got) != 0 {
			t.Errorf("due: %+v", got)
		}
		if again, known := keep(t, st, key, 2, "second", now.Add(time.Second)); known || again.ID != whole.ID || !again.Whole() {
			t.Errorf("the part again: %+v, %v", again, known)
		}
		if err := st.FinishSet(t.Context(), whole.ID, 1, now.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := st.DropPart(t.Context(), whole.ID, 2, now); err != nil {
			t.Fatal(err)
		}
		if got, err := st.SetsByID(t.Context(), []smsir.ID{whole.ID}); err != nil || len(got[0].Parts) != 2 {
			t.Errorf("a part of a finished set: %+v, %v", got, err)
		}
	})

	t.Run("sets that end early", func(t *testing.T) {
		t.Parallel()
		st := open(t)
		old, _ := keep(t, st, key, 1, "old", now)
		fresh, known := keep(t, st, key, 1, "new", now.Add(time.Second))
		if known || fresh.ID == old.ID {
			t.Fatalf("a contradicting part: %+v, %v", fresh, known)
		}
		if got := due(t, st, now.Add(time.Second)); len(got) != 1 || got[0].ID != old.ID || string(got[0].Parts[0].Body) != "old" {
			t.Errorf("due: %+v", got)
		}
		if whole, _ := keep(t, st, key, 2, "end", now.Add(2*time.Second)); whole.ID != fresh.ID || !whole.Whole() {
			t.Errorf("the next part: %+v", whole)
		}
		for i := range 12 {
			k := key
			k.Sender, k.Reference = "+12025550102", uint16(i) //nolint:gosec // small
			keep(t, st, k, 1, fmt.Sprint(i), now.Add(time.Duration(3+i)*time.Second))
		}
		if got := due(t, st, now.Add(20*time.Second)); len(got) != 4 { // old, whole, and two beyond the most of ten
			t.Errorf("due: %+v, want four", got)
		}
	})
}
