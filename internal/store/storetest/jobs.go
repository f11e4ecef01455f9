package storetest

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Jobs runs the part of the suite about background work. open opens a fresh store.
func Jobs(t *testing.T, open func(t *testing.T) store.Store) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	job := func(kind, key string, at time.Time) store.Job {
		return store.Job{ID: smsir.NewUUID(now), Kind: kind, Key: key, Payload: []byte(`{"n":1}`), RunAt: at, CreatedAt: now}
	}
	add := func(t *testing.T, st store.Store, j store.Job, want bool) {
		t.Helper()
		if added, err := st.AddJob(t.Context(), j); err != nil || added != want {
			t.Fatalf("add %s %q: %v, %v; want %v", j.Kind, j.Key, added, err, want)
		}
	}
	lease := func(t *testing.T, st store.Store, at time.Time, limit int, kinds ...string) []store.Job {
		t.Helper()
		jobs, err := st.LeaseJobs(t.Context(), kinds, at, at.Add(time.Minute), limit)
		if err != nil {
			t.Fatal(err)
		}
		return jobs
	}
	next := func(t *testing.T, st store.Store, want time.Time, kinds ...string) {
		t.Helper()
		if at, err := st.NextJob(t.Context(), kinds); err != nil || !at.Equal(want) {
			t.Errorf("next of %v: %v, %v; want %v", kinds, at, err, want)
		}
	}

	t.Run("life", func(t *testing.T) {
		t.Parallel()
		st := open(t)
		next(t, st, time.Time{}, "import")
		add(t, st, job("import", "", now.Add(time.Hour)), true)
		first := job("import", "", now)
		add(t, st, first, true)
		add(t, st, job("webhook", "", now.Add(-time.Hour)), true)
		next(t, st, now, "import")
		if got := lease(t, st, now.Add(-time.Second), 10, "import"); len(got) != 0 {
			t.Errorf("leased too early: %+v", got)
		}
		if got := lease(t, st, now, 10); len(got) != 0 {
			t.Errorf("leased for no kind: %+v", got)
		}
		got := lease(t, st, now, 10, "import", "campaign")
		if len(got) != 1 || got[0].ID != first.ID || got[0].Attempts != 1 || string(got[0].Payload) != `{"n":1}` || got[0].Lease.IsZero() || !got[0].LeaseUntil.Equal(now.Add(time.Minute)) {
			t.Fatalf("leased %+v", got)
		}
		j := got[0]
		next(t, st, now.Add(time.Minute), "import")
		if again := lease(t, st, now.Add(time.Second), 10, "import"); len(again) != 0 {
			t.Errorf("leased twice: %+v", again)
		}
		if err := st.KeepJob(t.Context(), j.ID, j.Lease, now.Add(2*time.Minute)); err != nil {
			t.Error(err)
		}
		if err := st.AgainJob(t.Context(), j.ID, j.Lease, now.Add(time.Minute), []byte(`{"n":2}`), ""); err != nil {
			t.Error(err)
		}
		got = lease(t, st, now.Add(time.Minute), 10, "import")
		if len(got) != 1 || got[0].Attempts != 1 || string(got[0].Payload) != `{"n":2}` || got[0].Error != "" {
			t.Fatalf("went on with %+v, want attempt 1 still", got)
		}
		if err := st.AgainJob(t.Context(), j.ID, got[0].Lease, now.Add(time.Minute), got[0].Payload, "it broke"); err != nil {
			t.Error(err)
		}
		got = lease(t, st, now.Add(time.Minute), 10, "import")
		if len(got) != 1 || got[0].Attempts != 2 || got[0].Error != "it broke" {
			t.Fatalf("after a failure: %+v, want attempt 2 and the cause", got)
		}
		if err := st.FinishJob(t.Context(), j.ID, got[0].Lease); err != nil {
			t.Error(err)
		}
		next(t, st, now.Add(time.Hour), "import")
	})
	t.Run("a lost lease changes nothing", func(t *testing.T) {
		t.Parallel()
		st := open(t)
		add(t, st, job("import", "", now), true)
		old := lease(t, st, now, 1, "import")[0]
		young := lease(t, st, now.Add(time.Minute), 1, "import")
		if len(young) != 1 || young[0].Attempts != 2 {
			t.Fatalf("a job whose lease ran out: %+v", young)
		}
		for name, err := range map[string]error{
			"keep":   st.KeepJob(t.Context(), old.ID, old.Lease, now.Add(time.Hour)),
			"again":  st.AgainJob(t.Context(), old.ID, old.Lease, now, []byte("{}"), ""),
			"finish": st.FinishJob(t.Context(), old.ID, old.Lease),
		} {
			if smsir.CodeOf(err) != smsir.CodeConflict {
				t.Errorf("%s with a lost lease: %v, want a conflict", name, err)
			}
		}
		if err := st.FinishJob(t.Context(), old.ID, young[0].Lease); err != nil {
			t.Error(err)
		}
	})
	t.Run("keys", func(t *testing.T) {
		t.Parallel()
		st := open(t)
		add(t, st, job("import", "a", now), true)
		add(t, st, job("import", "a", now), false)
		add(t, st, job("webhook", "a", now), true)
		if err := st.DropJob(t.Context(), "import", "a"); err != nil {
			t.Error(err)
		}
		add(t, st, job("import", "a", now), true)
		j := lease(t, st, now, 1, "import")[0]
		if err := st.DropJob(t.Context(), "import", "a"); err != nil {
			t.Error(err)
		}
		if err := st.FinishJob(t.Context(), j.ID, j.Lease); err != nil {
			t.Errorf("a job under way was dropped: %v", err)
		}
	})
	t.Run("order and limit", func(t *testing.T) {
		t.Parallel()
		st := open(t)
		for i := range 5 {
			add(t, st, job("import", "", now.Add(-time.Duration(i)*time.Second)), true)
		}
		got := lease(t, st, now, 3, "import")
		if len(got) != 3 || !got[0].RunAt.Equal(now.Add(-4*time.Second)) || !got[2].RunAt.Equal(now.Add(-2*time.Second)) {
			t.Errorf("got %+v, want the three oldest", got)
		}
	})
}
