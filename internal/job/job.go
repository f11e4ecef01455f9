// Package job runs work that outlives a request and a restart: it leases what is due, calls whoever knows the kind, and
// stores what came of it.
//
// It does not know what the work is. The queue is package store's, shared by all nodes; a kind is a function of the
// service that it belongs to.
//
// What it guarantees: a job runs at least once, and on one node at a time as long as its lease can be kept; a run that
// fails or panics is tried again later, and so is one whose node died; a run that has lost its lease is told by its
// context and can store nothing of the job any more.
package job

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Kind says how jobs of one kind are run.
type Kind struct {
	// Run does the work, or a bounded piece of it. It may run twice for the same job. ctx ends when the node stops or
	// the lease is lost.
	Run func(ctx context.Context, j store.Job) (Result, error)
	// Backoff is the wait before the run after failed attempt n, from 1. Nil: [Backoff].
	Backoff func(n int) time.Duration
	// Limit is how many attempts may fail before the job is given up; 0 for no limit.
	Limit int
	// GivenUp is told of a job that is given up, before it is forgotten. May be nil.
	GivenUp func(ctx context.Context, j store.Job, cause error) error
}

// Result of a run that went well. The zero value: the job is done.
type Result struct {
	Again   time.Time // run it again at this time
	Payload []byte    // with this payload; nil for the one it had
}

// Backoff is the usual wait after failed attempt n: 5 s doubling to an hour.
func Backoff(n int) time.Duration {
	return min(5*time.Second<<min(max(n-1, 0), 16), time.Hour)
}

// Options of [New]. Store and Kinds are required.
type Options struct {
	Store   store.Jobs
	Kinds   map[string]Kind
	Log     *slog.Logger
	Now     func() time.Time
	Metrics prometheus.Registerer
	Workers int           // runs at once; 4 if 0
	Lease   time.Duration // how long a run may be silent; a minute if 0
	PollCap time.Duration // longest sleep; 1 s if 0
}

// Runner runs jobs. Make one with [New] and call Run once.
type Runner struct {
	opt    Options
	log    *slog.Logger
	kinds  []string
	poked  chan struct{} // capacity 1
	slots  chan struct{}
	failed *prometheus.CounterVec
}

// New returns a runner that does nothing until Run.
func New(o Options) *Runner {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Workers == 0 {
		o.Workers = 4
	}
	if o.Lease == 0 {
		o.Lease = time.Minute
	}
	if o.PollCap == 0 {
		o.PollCap = time.Second
	}
	r := &Runner{opt: o, log: o.Log, kinds: slices.Sorted(maps.Keys(o.Kinds)), poked: make(chan struct{}, 1), slots: make(chan struct{}, o.Workers)}
	r.failed = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_jobs_failed_total", Help: "Runs of background jobs that failed, by kind."}, []string{"kind"})
	if o.Metrics != nil {
		o.Metrics.MustRegister(r.failed)
	}
	return r
}

// Poke wakes the runner: a job was added. It does not block.
func (r *Runner) Poke() {
	select {
	case r.poked <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, and returns nil when every run under way has returned.
func (r *Runner) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.poked:
		case <-timer.C:
		}
		wait, err := r.turn(ctx, &running)
		if err != nil && ctx.Err() == nil {
			r.log.Error("background jobs could not be read", "err", err)
		}
		timer.Reset(wait)
	}
}

// turn starts what is due and fits, and says when to look again.
func (r *Runner) turn(ctx context.Context, running *sync.WaitGroup) (time.Duration, error) {
	free := cap(r.slots) - len(r.slots)
	if free == 0 {
		return r.opt.PollCap, nil // a run that ends pokes
	}
	now := r.opt.Now()
	next, err := r.opt.Store.NextJob(ctx, r.kinds)
	if err != nil || next.IsZero() {
		return r.opt.PollCap, err
	}
	if next.After(now) {
		return min(next.Sub(now), r.opt.PollCap), nil
	}
	jobs, err := r.opt.Store.LeaseJobs(ctx, r.kinds, now, now.Add(r.opt.Lease), free)
	if err != nil {
		return r.opt.PollCap, err
	}
	for _, j := range jobs {
		r.slots <- struct{}{}
		running.Go(func() {
			defer func() { <-r.slots; r.Poke() }()
			r.run(ctx, j)
		})
	}
	if len(jobs) == free {
		return r.opt.PollCap, nil
	}
	return minWait, nil
}

// minWait keeps the runner from turning in a tight loop.
const minWait = 10 * time.Millisecond

// run does one run of a job and stores what came of it.
func (r *Runner) run(ctx context.Context, j store.Job) {
	kept, cancel := context.WithCancel(ctx)
	var keeper sync.WaitGroup
	keeper.Go(func() { r.keep(kept, cancel, j) })
	result, err := r.call(kept, j)
	cancel()
	keeper.Wait()
	after, done := context.WithTimeout(context.WithoutCancel(ctx), r.opt.Lease)
	defer done()
	if stored := r.store(after, j, result, err, ctx.Err() != nil); stored != nil {
		r.log.Warn("what came of a background job could not be stored; it will run again", "kind", j.Kind, "job_id", j.ID.Format("job"), "err", stored)
	}
}

// store tells the queue how a run ended.
func (r *Runner) store(ctx context.Context, j store.Job, result Result, err error, stopping bool) error {
	kind := r.opt.Kinds[j.Kind]
	payload := result.Payload
	if payload == nil {
		payload = j.Payload
	}
	switch {
	case err == nil && result.Again.IsZero():
		return r.opt.Store.FinishJob(ctx, j.ID, j.Lease)
	case err == nil:
		return r.opt.Store.AgainJob(ctx, j.ID, j.Lease, result.Again, payload, "")
	case stopping: // it was told to stop: no failure of its own
		return r.opt.Store.AgainJob(ctx, j.ID, j.Lease, r.opt.Now(), payload, "")
	}
	r.failed.WithLabelValues(j.Kind).Inc()
	if kind.Limit > 0 && j.Attempts >= kind.Limit {
		r.log.Error("a background job is given up", "kind", j.Kind, "job_id", j.ID.Format("job"), "attempts", j.Attempts, "err", err)
		if kind.GivenUp != nil {
			if told := kind.GivenUp(ctx, j, err); told != nil {
				return told
			}
		}
		return r.opt.Store.FinishJob(ctx, j.ID, j.Lease)
	}
	backoff := kind.Backoff
	if backoff == nil {
		backoff = Backoff
	}
	r.log.Warn("a background job failed and is tried again", "kind", j.Kind, "job_id", j.ID.Format("job"), "attempts", j.Attempts, "err", err)
	return r.opt.Store.AgainJob(ctx, j.ID, j.Lease, r.opt.Now().Add(backoff(j.Attempts)), payload, err.Error())
}

// keep prolongs the lease until ctx ends, and ends the run when the lease is lost.
func (r *Runner) keep(ctx context.Context, lose func(), j store.Job) {
	tick := time.NewTicker(r.opt.Lease / 3)
	defer tick.Stop()
	for until := j.LeaseUntil; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := r.opt.Now()
		err := r.opt.Store.KeepJob(ctx, j.ID, j.Lease, now.Add(r.opt.Lease))
		switch {
		case err == nil:
			until = now.Add(r.opt.Lease)
		case smsir.CodeOf(err) == smsir.CodeConflict || !r.opt.Now().Before(until):
			lose()
			return
		}
	}
}

// call runs a job; a panic is an error of it.
func (r *Runner) call(ctx context.Context, j store.Job) (result Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return r.opt.Kinds[j.Kind].Run(ctx, j)
}
