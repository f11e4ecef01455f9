package main

import (
	"context"

	"github.com/smsir/smsir/internal/audience"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/job"
	"github.com/smsir/smsir/internal/store"
)

// importAttempts is how often a step of an import may fail before it is given up: some twenty minutes.
const importAttempts = 9

// jobKinds says who does which background work.
func jobKinds(imports *audience.Importer, campaigns *campaign.Service) map[string]job.Kind {
	kinds := map[string]job.Kind{campaign.JobKind: campaignKind(campaigns)}
	for _, kind := range []string{audience.JobReview, audience.JobCommit, audience.JobUndo, audience.JobForget} {
		kinds[kind] = job.Kind{
			Run: func(ctx context.Context, j store.Job) (job.Result, error) {
				return job.Result{}, imports.Run(ctx, kind, j.Payload)
			},
			Limit: importAttempts,
			GivenUp: func(ctx context.Context, j store.Job, cause error) error {
				if kind == audience.JobForget {
					return nil
				}
				return imports.Fail(ctx, j.Payload, cause)
			},
		}
	}
	return kinds
}
