package main

import (
	"context"
	"crypto/sha256"
	"net/http"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/job"
	"github.com/smsir/smsir/internal/store"
)

// newCampaigns makes the service of campaigns over stage 1, the routes and the providers.
func (g *gateway) newCampaigns() *campaign.Service {
	return campaign.New(campaign.Options{
		Store: g.store, Send: g.sendPiece, Poke: func() { g.jobs.Poke() }, Route: g.wouldTake, Sender: g.senders.Known, Rate: g.segmentsPerSecond,
		Costs: func(ctx context.Context, w *store.Workspace) (campaign.Cost, error) {
			costs, err := g.ledger.Costs(ctx, w)
			if err != nil {
				return nil, err
			}
			return costs.Of, nil
		},
		Lateness: g.s.Message.MaxLateness, Log: g.o.Log,
	})
}

// sendPiece takes a piece of a campaign through stage 1.
func (g *gateway) sendPiece(ctx context.Context, o campaign.Order) (campaign.Answer, error) {
	requests := make([]accept.Request, len(o.Messages))
	for i, m := range o.Messages {
		requests[i] = accept.Request{To: m.To, Text: m.Text, From: m.From, Class: smsir.Bulk}
	}
	res, err := g.accepter.Send(ctx, accept.Order{
		Workspace: o.Workspace, Actor: o.Actor, Requests: requests, Batch: true, In: o.Batch, SkipInvalid: true,
		Idempotency: &accept.Key{Scope: o.Scope, Key: o.Key, Fingerprint: sha256.Sum256([]byte(o.Key)), TTL: o.TTL},
		Render: func(res *accept.Result) (int, []byte, error) {
			blocked := int64(0)
			for _, m := range res.Messages {
				if m.Status == smsir.Blocked {
					blocked++
				}
			}
			body, err := o.Render(int64(len(res.Messages)), blocked, int64(len(res.Skipped)+len(res.Duplicates)))
			return http.StatusAccepted, body, err
		},
	})
	if err != nil {
		return campaign.Answer{}, err
	}
	return campaign.Answer{Body: res.Body, Replayed: res.Replayed}, nil
}

// campaignKind runs the jobs that move campaigns on. It has no limit: a campaign that is given up would never end.
func campaignKind(campaigns *campaign.Service) job.Kind {
	return job.Kind{Run: func(ctx context.Context, j store.Job) (job.Result, error) {
		again, err := campaigns.Step(ctx, j)
		return job.Result{Again: again}, err
	}}
}

// progressKind runs the jobs that tell how far campaigns are.
func progressKind(campaigns *campaign.Service) job.Kind {
	return job.Kind{Run: func(ctx context.Context, j store.Job) (job.Result, error) {
		again, payload, err := campaigns.Tell(ctx, j)
		return job.Result{Again: again, Payload: payload}, err
	}}
}

// wouldTake is the provider that would take a bulk message, and why.
func (g *gateway) wouldTake(ctx context.Context, w *store.Workspace, to, from string) (provider, why string, err error) {
	e, err := g.routes.Explain(ctx, w, &api.RouteQuestion{To: to, From: from, Class: smsir.Bulk.String()})
	if err != nil {
		return "", "", err
	}
	for _, p := range e.Providers {
		if p.Place == 1 {
			provider = p.Name
		}
	}
	return provider, e.Text, nil
}

// segmentsPerSecond is what the enabled providers of a workspace take together by their settings; 0 when one of them has no
// limit, since nobody knows then.
func (g *gateway) segmentsPerSecond(ctx context.Context, workspace smsir.UUID) (sum float64, err error) {
	rows, err := g.store.ListProviders(ctx, workspace)
	if err != nil {
		return 0, err
	}
	for _, p := range rows {
		if !p.Enabled {
			continue
		}
		limit := g.upstreams.Limits(p).Rate
		if limit == 0 {
			return 0, nil
		}
		sum += limit
	}
	return sum, nil
}
