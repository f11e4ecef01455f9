package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// Job is work that outlives a request and a restart: an import, a step of a campaign, a webhook call. It runs at least
// once; who runs it makes a repetition harmless.
type Job struct {
	ID         smsir.UUID
	Workspace  smsir.UUID // zero for work of the instance
	Kind       string
	Key        string // unique among the jobs of its kind that are not done; "" for none
	Payload    []byte // JSON; what the kind says
	RunAt      time.Time
	Attempts   int        // runs that were started and not continued by their own wish
	Lease      smsir.UUID // of the run under way; zero for none
	LeaseUntil time.Time
	Error      string // of the last run that failed
	CreatedAt  time.Time
}

// Jobs is the queue of background work, shared by all nodes.
type Jobs interface {
	// AddJob stores a job; false if one with its kind and key waits or runs already.
	AddJob(ctx context.Context, j Job) (added bool, err error)
	// LeaseJobs takes up to limit due jobs of some kinds, oldest first, for a run until a time. A job whose lease has
	// run out is due again.
	LeaseJobs(ctx context.Context, kinds []string, now, until time.Time, limit int) ([]Job, error)
	// KeepJob prolongs a lease. CodeConflict: the lease was lost.
	KeepJob(ctx context.Context, id, lease smsir.UUID, until time.Time) error
	// FinishJob forgets a job that is done. CodeConflict: the lease was lost.
	FinishJob(ctx context.Context, id, lease smsir.UUID) error
	// AgainJob gives a job back to be run at a time, with a new payload. With a cause it failed, and the attempt counts.
	// CodeConflict: the lease was lost.
	AgainJob(ctx context.Context, id, lease smsir.UUID, at time.Time, payload []byte, cause string) error
	// NextJob is when the next job of some kinds is due; zero when there is none.
	NextJob(ctx context.Context, kinds []string) (time.Time, error)
	// DropJob forgets a job that nobody runs, by kind and key; it does nothing if there is none.
	DropJob(ctx context.Context, kind, key string) error
}
