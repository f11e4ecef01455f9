package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/audience"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/inbox"
	"github.com/smsir/smsir/internal/job"
	"github.com/smsir/smsir/internal/report"
	"github.com/smsir/smsir/internal/retention"
	"github.com/smsir/smsir/internal/store"
)

// importAttempts is how often a step of an import may fail before it is given up: some twenty minutes.
const importAttempts = 9

// answerAttempts is how often an automatic answer may fail before it is given up: some ten hours.
const answerAttempts = 20

// jobKinds says who does which background work.
func jobKinds(imports *audience.Importer, campaigns *campaign.Service, talks *inbox.Service, reports *report.Service, forget *retention.Service) map[string]job.Kind {
	kinds := map[string]job.Kind{campaign.JobKind: campaignKind(campaigns), campaign.ProgressKind: progressKind(campaigns)}
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
	kinds[store.JobInbound] = job.Kind{
		Run: func(ctx context.Context, j store.Job) (job.Result, error) {
			return job.Result{}, talks.Answer(ctx, j.Workspace, j.Payload)
		},
		Limit: answerAttempts,
	}
	// Neither has a limit: what is given up would be missing for good, or counted when something else happens.
	kinds[report.JobCount] = job.Kind{Run: func(ctx context.Context, _ store.Job) (job.Result, error) {
		again, err := reports.Count(ctx)
		return job.Result{Again: again}, err
	}}
	kinds[report.JobWeekly] = job.Kind{Run: func(ctx context.Context, j store.Job) (job.Result, error) {
		again, err := reports.Weekly(ctx, j)
		return job.Result{Again: again}, err
	}}
	// Likewise: what is given up would be kept for good.
	kinds[retention.JobSweep] = job.Kind{Run: func(ctx context.Context, _ store.Job) (job.Result, error) {
		again, err := forget.Sweep(ctx)
		return job.Result{Again: again}, err
	}}
	kinds[retention.JobCodes] = job.Kind{Run: func(ctx context.Context, _ store.Job) (job.Result, error) {
		again, err := forget.Codes(ctx)
		return job.Result{Again: again}, err
	}}
	return kinds
}

// sendAnswer takes automatic answers through stage 1. The key makes one message of all attempts at the same answer.
func (g *gateway) sendAnswer(ctx context.Context, o inbox.Outgoing) error {
	_, err := g.accepter.Send(ctx, accept.Order{
		Workspace: o.Workspace, Conversation: o.Conversation, Confirmation: o.Confirmation,
		Requests:    []accept.Request{{To: o.To, From: o.From, Text: o.Text}},
		Idempotency: &accept.Key{Scope: "automatic answer", Key: o.Key, Fingerprint: sha256.Sum256([]byte(o.Key))},
		Render:      func(*accept.Result) (int, []byte, error) { return 202, []byte("{}"), nil },
	})
	var invalid *accept.InvalidError
	if code := smsir.CodeOf(err); errors.As(err, &invalid) || code == smsir.CodeOptedOut || code == smsir.CodeLimitReached || code == smsir.CodeNoCredit {
		return fmt.Errorf("%w: %w", inbox.ErrRefused, err)
	}
	return err
}
