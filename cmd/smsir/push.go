package main

import (
	"context"
	"strings"

	"github.com/smsir/smsir/internal/guard"
	"github.com/smsir/smsir/internal/job"
	"github.com/smsir/smsir/internal/push"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store"
)

// pushContact is where push services reach the people behind a server that has no public address: push services refuse
// what has none.
const pushContact = "https://github.com/smsir/smsir"

// openPush makes the sender of notifications, and the runner of its jobs, which has workers of its own so that a slow push
// service delays nothing else.
func (g *gateway) openPush(ctx context.Context, keys *seal.Keys) error {
	box, err := keys.Box(push.Purpose)
	if err != nil {
		return err
	}
	contact := g.s.PublicURL
	if !strings.HasPrefix(contact, "https://") {
		contact = pushContact
	}
	if g.push, err = push.New(ctx, push.Options{
		Store: g.store, Box: box, Guard: guard.New(g.s.Webhooks.AllowNetworks), Contact: contact, Added: func() { g.pushJobs.Poke() },
		Log: g.o.Log, Metrics: g.metrics,
	}); err != nil {
		return err
	}
	g.pushJobs = job.New(job.Options{Store: g.store, Log: g.o.Log, Kinds: map[string]job.Kind{
		push.JobKind: {Run: func(ctx context.Context, j store.Job) (job.Result, error) {
			again, payload, err := g.push.Send(ctx, j)
			return job.Result{Again: again, Payload: payload}, err
		}, Limit: pushAttempts},
		store.JobCampaignDone: {Run: func(ctx context.Context, j store.Job) (job.Result, error) {
			return job.Result{}, g.push.CampaignDone(ctx, j)
		}, Limit: pushAttempts},
	}})
	return nil
}

// pushAttempts is how often a notice may fail for a reason of our own before it is given up: some ten minutes.
const pushAttempts = 8
