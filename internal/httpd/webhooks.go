package httpd

import (
	"context"
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/webhook"
)

// Webhooks is what the door needs of package webhook.
type Webhooks interface {
	Create(ctx context.Context, workspace smsir.UUID, d webhook.Draft, by webhook.By) (*store.Webhook, string, error)
	Update(ctx context.Context, workspace, id smsir.UUID, d webhook.Draft, by webhook.By) (*store.Webhook, error)
	Rotate(ctx context.Context, workspace, id smsir.UUID, by webhook.By) (*store.Webhook, string, error)
	Delete(ctx context.Context, workspace, id smsir.UUID, by webhook.By) error
	Test(ctx context.Context, workspace, id smsir.UUID) (*store.Delivery, error)
	Replay(ctx context.Context, workspace, id smsir.UUID, f store.DeliveryFilter, by webhook.By) (int, error)
}

// registerWebhooks registers the addresses that events are sent to.
func (s *Server) registerWebhooks(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/webhooks", ID: "listWebhooks", Tag: "Webhooks", Summary: "List the webhooks, and what can be sent"},
		func(c *call, _ *struct{}) (*api.WebhookList, error) {
			all, err := s.deps.Store.Webhooks(c.ctx(), c.p.Workspace.ID)
			if err != nil {
				return nil, err
			}
			out := &api.WebhookList{Items: make([]api.Webhook, len(all)), Types: webhook.Types()}
			for i := range all {
				out.Items[i] = webhookOf(&all[i])
			}
			return out, nil
		})
	handle(b, route{
		Method: "POST", Path: "/v1/webhooks", ID: "createWebhook", Tag: "Webhooks", Status: 201,
		Summary: "Add a webhook", Text: "The answer holds the secret, this once. Needs a recent password (problem `reauth_required`).",
	},
		func(c *call, in *struct{ Body api.WebhookCreate }) (*api.WebhookSecret, error) {
			if err := c.p.RequireReauth(); err != nil {
				return nil, err
			}
			h, secret, err := s.deps.Webhooks.Create(c.ctx(), c.p.Workspace.ID, webhook.Draft{URL: &in.Body.URL, Name: &in.Body.Name, Types: &in.Body.Types}, c.byWebhook())
			return secretOf(h, secret, err)
		})
	handle(b, route{Method: "GET", Path: "/v1/webhooks/{id}", ID: "getWebhook", Tag: "Webhooks", Summary: "One webhook"},
		func(c *call, in *webhookID) (*api.Webhook, error) {
			id, err := parseUUID(smsir.PrefixWebhook, in.ID)
			if err != nil {
				return nil, err
			}
			h, err := s.deps.Store.Webhook(c.ctx(), c.p.Workspace.ID, id)
			if err != nil {
				return nil, err
			}
			out := webhookOf(h)
			return &out, nil
		})
	handle(b, route{Method: "PATCH", Path: "/v1/webhooks/{id}", ID: "updateWebhook", Tag: "Webhooks", Summary: "Change a webhook"},
		func(c *call, in *struct {
			ID   string `path:"id" doc:"Identifier of the webhook." example:"whk_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			Body api.WebhookUpdate
		},
		) (*api.Webhook, error) {
			id, err := parseUUID(smsir.PrefixWebhook, in.ID)
			if err != nil {
				return nil, err
			}
			h, err := s.deps.Webhooks.Update(c.ctx(), c.p.Workspace.ID, id, webhook.Draft{URL: in.Body.URL, Name: in.Body.Name, Types: in.Body.Types, Enabled: in.Body.Enabled}, c.byWebhook())
			if err != nil {
				return nil, err
			}
			out := webhookOf(h)
			return &out, nil
		})
	handle(b, route{Method: "DELETE", Path: "/v1/webhooks/{id}", ID: "deleteWebhook", Tag: "Webhooks", Summary: "Remove a webhook with its log"},
		func(c *call, in *webhookID) (*none, error) {
			id, err := parseUUID(smsir.PrefixWebhook, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Webhooks.Delete(c.ctx(), c.p.Workspace.ID, id, c.byWebhook())
		})
	handle(b, route{
		Method: "POST", Path: "/v1/webhooks/{id}/rotate", ID: "rotateWebhookSecret", Tag: "Webhooks",
		Summary: "Make a new secret", Text: "The answer holds it, this once. For a day both sign. Needs a recent password (problem `reauth_required`).",
	},
		func(c *call, in *webhookID) (*api.WebhookSecret, error) {
			id, err := parseUUID(smsir.PrefixWebhook, in.ID)
			if err != nil {
				return nil, err
			}
			if err := c.p.RequireReauth(); err != nil {
				return nil, err
			}
			return secretOf(s.deps.Webhooks.Rotate(c.ctx(), c.p.Workspace.ID, id, c.byWebhook()))
		})
	s.registerDeliveries(b)
}

// registerDeliveries registers what became of events on their way.
func (s *Server) registerDeliveries(b *builder) {
	handle(b, route{Method: "POST", Path: "/v1/webhooks/{id}/test", ID: "testWebhook", Tag: "Webhooks", Status: 202, Audit: "webhook.tested", Summary: "Send a test", Text: "Follow it in the log by its id."},
		func(c *call, in *webhookID) (*api.Delivery, error) {
			id, err := parseUUID(smsir.PrefixWebhook, in.ID)
			if err != nil {
				return nil, err
			}
			d, err := s.deps.Webhooks.Test(c.ctx(), c.p.Workspace.ID, id)
			if err != nil {
				return nil, err
			}
			out := deliveryOf(d)
			return &out, nil
		})
	handle(b, route{Method: "GET", Path: "/v1/webhooks/{id}/deliveries", ID: "listDeliveries", Tag: "Webhooks", Summary: "Read the log of a webhook", Text: "Of the last 30 days."}, s.listDeliveries)
	handle(b, route{Method: "POST", Path: "/v1/webhooks/{id}/replay", ID: "replayDeliveries", Tag: "Webhooks", Status: 202, Audit: "webhook.replayed", Summary: "Send deliveries again", Text: "The newest 10,000 that match, with the same webhook-id and body."},
		func(c *call, in *struct {
			ID   string `path:"id" doc:"Identifier of the webhook." example:"whk_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			Body api.WebhookReplay
		},
		) (*api.Replayed, error) {
			id, err := parseUUID(smsir.PrefixWebhook, in.ID)
			if err != nil {
				return nil, err
			}
			n, err := s.deps.Webhooks.Replay(c.ctx(), c.p.Workspace.ID, id, store.DeliveryFilter{
				States: statesOf(in.Body.States), Since: timeOf(in.Body.Since), Until: timeOf(in.Body.Until),
			}, c.byWebhook())
			c.tell("", fmt.Sprintf("%d deliveries", n))
			return &api.Replayed{Count: n}, err
		})
}

type webhookID struct {
	ID string `path:"id" doc:"Identifier of the webhook." example:"whk_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

func (c *call) byWebhook() webhook.By {
	return webhook.By{Actor: c.p.Actor, IP: c.peer().IP.String()}
}

func (s *Server) listDeliveries(c *call, in *struct {
	ID     string   `path:"id" doc:"Identifier of the webhook." example:"whk_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	State  []string `query:"state" enum:"waiting,delivered,given_up" doc:"Only deliveries in these states."`
	Cursor string   `query:"cursor" maxLength:"200" doc:"Of the page before."`
	Limit  int      `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Deliveries on a page."`
},
) (*api.DeliveryList, error) {
	id, err := parseUUID(smsir.PrefixWebhook, in.ID)
	if err != nil {
		return nil, err
	}
	if _, err := s.deps.Store.Webhook(c.ctx(), c.p.Workspace.ID, id); err != nil {
		return nil, err
	}
	query := c.query("cursor", "limit")
	f := store.DeliveryFilter{States: statesOf(in.State), Limit: in.Limit + 1}
	if f.Before, err = s.cursors.read(c.p.Workspace.ID, query, in.Cursor); err != nil {
		return nil, err
	}
	list, err := s.deps.Store.Deliveries(c.ctx(), c.p.Workspace.ID, id, f)
	if err != nil {
		return nil, err
	}
	out := &api.DeliveryList{Items: []api.Delivery{}}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Next = s.cursors.make(c.p.Workspace.ID, query, list[in.Limit-1].ID)
	}
	for i := range list {
		out.Items = append(out.Items, deliveryOf(&list[i]))
	}
	return out, nil
}

// deliveryStates are the words of the API in the order of their values.
var deliveryStates = [...]string{store.DeliveryWaiting: "waiting", store.DeliveryDone: "delivered", store.DeliveryGivenUp: "given_up"}

func statesOf(words []string) (states []store.DeliveryState) {
	for _, w := range words {
		for state, name := range deliveryStates {
			if name == w {
				states = append(states, store.DeliveryState(state))
			}
		}
	}
	return states
}

func webhookOf(h *store.Webhook) api.Webhook {
	out := api.Webhook{
		ID: h.ID.Format(smsir.PrefixWebhook), URL: h.URL, Name: h.Name, Types: h.Types, Enabled: h.Enabled, Disabled: h.Why,
		FailingAt: api.Time(h.FailingAt), CreatedAt: h.CreatedAt.UTC(), UpdatedAt: h.UpdatedAt.UTC(),
	}
	if out.Types == nil {
		out.Types = []string{}
	}
	return out
}

func secretOf(h *store.Webhook, secret string, err error) (*api.WebhookSecret, error) {
	if err != nil {
		return nil, err
	}
	return &api.WebhookSecret{Webhook: webhookOf(h), Secret: secret}, nil
}

func deliveryOf(d *store.Delivery) api.Delivery {
	out := api.Delivery{
		ID: d.ID.Format(smsir.PrefixDelivery), Type: d.Type, State: deliveryStates[d.State], Attempts: d.Attempts, Status: d.Status, Answer: d.Answer,
		TriedAt: api.Time(d.TriedAt), TookMS: int(d.Took / time.Millisecond), Body: string(d.Body), CreatedAt: d.CreatedAt.UTC(),
	}
	if d.Event != 0 {
		out.Event = d.Event.Format(smsir.PrefixEvent)
	}
	if d.State == store.DeliveryWaiting {
		out.NextAt = api.Time(d.NextAt)
	}
	return out
}
