package job_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/job"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

// world is a runner on a database of its own, inside a bubble.
type world struct {
	*testing.T
	db   *sqlite.Store
	r    *job.Runner
	stop func()

	mu   sync.Mutex
	runs []store.Job
}

// bubble runs f in a bubble with kind "work" done by do, after it is noted in runs.
func bubble(t *testing.T, kind job.Kind, f func(w *world)) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t}
		var err error
		if w.db, err = sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(dir, "smsir.db")), sqlite.Options{}); err != nil {
			t.Fatal(err)
		}
		defer w.db.Close() //nolint:errcheck // the test is over
		do := kind.Run
		kind.Run = func(ctx context.Context, j store.Job) (job.Result, error) {
			w.mu.Lock()
			w.runs = append(w.runs, j)
			w.mu.Unlock()
			return do(ctx, j)
		}
		w.r = job.New(job.Options{Store: w.db, Kinds: map[string]job.Kind{"work": kind}, Workers: 2})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.r.Run(ctx) }()
		w.stop = sync.OnceFunc(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		defer w.stop()
		f(w)
	})
}

func (w *world) add(payload string) {
	w.Helper()
	if _, err := w.db.AddJob(w.Context(), store.Job{ID: smsir.NewUUID(time.Now()), Kind: "work", Payload: []byte(payload), RunAt: time.Now(), CreatedAt: time.Now()}); err != nil {
		w.Fatal(err)
	}
	w.r.Poke()
}

func (w *world) ran() []store.Job {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]store.Job(nil), w.runs...)
}

func (w *world) left(want bool) {
	w.Helper()
	next, err := w.db.NextJob(w.Context(), []string{"work"})
	if err != nil || next.IsZero() == want {
		w.Errorf("next job at %v, %v; want one: %v", next, err, want)
	}
}

func TestAJobThatIsDoneIsForgotten(t *testing.T) {
	bubble(t, job.Kind{Run: func(context.Context, store.Job) (job.Result, error) { return job.Result{}, nil }}, func(w *world) {
		w.add(`{}`)
		time.Sleep(5 * time.Second)
		if n := len(w.ran()); n != 1 {
			w.Errorf("ran %d times", n)
		}
		w.left(false)
	})
}

func TestAJobGoesOnWithItsPayload(t *testing.T) {
	bubble(t, job.Kind{Run: func(_ context.Context, j store.Job) (job.Result, error) {
		if string(j.Payload) == `"second"` {
			return job.Result{}, nil
		}
		return job.Result{Again: time.Now().Add(time.Hour), Payload: []byte(`"second"`)}, nil
	}}, func(w *world) {
		w.add(`"first"`)
		time.Sleep(time.Minute)
		if n := len(w.ran()); n != 1 {
			w.Fatalf("ran %d times, want once before its time", n)
		}
		time.Sleep(time.Hour)
		if runs := w.ran(); len(runs) != 2 || string(runs[1].Payload) != `"second"` || runs[1].Attempts != 1 {
			w.Errorf("runs: %+v", runs)
		}
		w.left(false)
	})
}

func TestAJobThatFailsIsTriedAgainAndGivenUp(t *testing.T) {
	var gaveUp []string
	bubble(t, job.Kind{
		Limit: 3,
		Run: func(_ context.Context, j store.Job) (job.Result, error) {
			if j.Attempts == 1 {
				panic("at the first")
			}
			return job.Result{}, errors.New("broken")
		},
		GivenUp: func(_ context.Context, _ store.Job, cause error) error {
			gaveUp = append(gaveUp, cause.Error())
			return nil
		},
	}, func(w *world) {
		w.add(`{}`)
		time.Sleep(4 * time.Second)
		if n := len(w.ran()); n != 1 {
			w.Fatalf("ran %d times within the first wait", n)
		}
		time.Sleep(time.Hour)
		runs := w.ran()
		if len(runs) != 3 || runs[1].Error != "panic: at the first" || runs[2].Error != "broken" {
			w.Errorf("runs: %+v", runs)
		}
		if len(gaveUp) != 1 || gaveUp[0] != "broken" {
			w.Errorf("given up: %v", gaveUp)
		}
		w.left(false)
	})
}

func TestALongRunKeepsItsLease(t *testing.T) {
	bubble(t, job.Kind{Run: func(ctx context.Context, _ store.Job) (job.Result, error) {
		select {
		case <-time.After(10 * time.Minute):
			return job.Result{}, nil
		case <-ctx.Done():
			return job.Result{}, ctx.Err()
		}
	}}, func(w *world) {
		w.add(`{}`)
		time.Sleep(11 * time.Minute)
		if n := len(w.ran()); n != 1 {
			w.Errorf("ran %d times", n)
		}
		w.left(false)
	})
}

func TestStoppingGivesTheJobBack(t *testing.T) {
	bubble(t, job.Kind{Run: func(ctx context.Context, _ store.Job) (job.Result, error) {
		<-ctx.Done()
		return job.Result{}, ctx.Err()
	}}, func(w *world) {
		w.add(`{}`)
		time.Sleep(5 * time.Minute)
		w.stop()
		if runs := w.ran(); len(runs) != 1 {
			w.Errorf("ran %d times", len(runs))
		}
		jobs, err := w.db.LeaseJobs(w.Context(), []string{"work"}, time.Now(), time.Now().Add(time.Minute), 1)
		if err != nil || len(jobs) != 1 || jobs[0].Attempts != 1 || jobs[0].Error != "" {
			w.Errorf("left %+v, %v; want the job, due, and no attempt counted", jobs, err)
		}
	})
}
