package main

import (
	"context"
	"math/rand/v2"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/guard"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/webhook"
)

// openWebhooks makes the sender of events to addresses of workspaces; the hub, which reads the stream, must be there.
func (g *gateway) openWebhooks(keys *seal.Keys) (*webhook.Service, error) {
	box, err := keys.Box(webhook.Purpose)
	if err != nil {
		return nil, err
	}
	return webhook.New(webhook.Options{
		Store: g.store, Box: box, Guard: guard.New(g.s.Webhooks.AllowNetworks), NewID: g.store.NewID,
		Events: g.webhookEvents, Log: g.o.Log, Jitter: rand.Float64, Metrics: g.metrics,
	}), nil
}

// webhookEvents reads the stream as it is sent. Without a cursor it only says where to begin: above everything there is.
func (g *gateway) webhookEvents(ctx context.Context, after smsir.ID, limit int) ([]webhook.Event, smsir.ID, error) {
	if after == 0 {
		last, err := g.store.LastEvent(ctx)
		return nil, max(last, 1), err
	}
	items, upTo, err := g.hub.Read(ctx, after, limit)
	events := make([]webhook.Event, len(items))
	for i, it := range items {
		events[i] = webhook.Event{ID: it.ID, Workspace: it.Workspace(), Type: string(it.Type), JSON: it.JSON}
	}
	return events, upTo, err
}
