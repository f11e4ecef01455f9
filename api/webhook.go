package api

import "time"

// Webhook is an address that events of the workspace are sent to.
type Webhook struct {
	ID        string     `json:"id" doc:"Identifier." example:"whk_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	URL       string     `json:"url" doc:"Where events are posted to." example:"https://example.com/hooks/sms"`
	Name      string     `json:"name,omitempty" doc:"For people."`
	Types     []string   `json:"types" nullable:"false" doc:"Events that are sent; all of them when empty."`
	Enabled   bool       `json:"enabled" doc:"Events are sent."`
	Disabled  string     `json:"disabled_because,omitempty" doc:"Why it was disabled by itself."`
	FailingAt *time.Time `json:"failing_since,omitempty" doc:"Since when every delivery has failed."`
	CreatedAt time.Time  `json:"created_at" doc:"When it was created."`
	UpdatedAt time.Time  `json:"updated_at" doc:"When it was changed last."`
}

// WebhookList is every webhook of a workspace, and what can be sent.
type WebhookList struct {
	Items []Webhook `json:"items" nullable:"false" doc:"Oldest first."`
	Types []string  `json:"types" nullable:"false" doc:"The events that can be chosen."`
}

// WebhookCreate is the body of POST /v1/webhooks.
type WebhookCreate struct {
	URL   string   `json:"url" minLength:"1" maxLength:"2048" doc:"https, on the public internet unless the operator allows a network of their own."`
	Name  string   `json:"name,omitempty" maxLength:"60" doc:"For people."`
	Types []string `json:"types,omitempty" nullable:"false" maxItems:"50" maxLength:"50" doc:"Events to send; all of them when left out."`
}

// WebhookUpdate is the body of PATCH /v1/webhooks/{id}. What is left out stays.
type WebhookUpdate struct {
	URL     *string   `json:"url,omitempty" minLength:"1" maxLength:"2048" doc:"Another address."`
	Name    *string   `json:"name,omitempty" maxLength:"60" doc:"Another name."`
	Types   *[]string `json:"types,omitempty" nullable:"false" maxItems:"50" maxLength:"50" doc:"Other events; all of them when empty."`
	Enabled *bool     `json:"enabled,omitempty" doc:"Whether events are sent. Those that happen while it is disabled are not sent later."`
}

// WebhookSecret is a webhook with its secret, which is shown this once.
type WebhookSecret struct {
	Webhook Webhook `json:"webhook" doc:"The webhook."`
	Secret  string  `json:"secret" doc:"Signs every delivery (Standard Webhooks: header webhook-signature, v1). It is shown this once."`
}

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID        string     `json:"id" doc:"Identifier." example:"dlv_06m0c2v6sf7m8"`
	Event     string     `json:"event,omitempty" doc:"The event, and the webhook-id of the request; a test has none." example:"evt_06m0c2v6sf7m8"`
	Type      string     `json:"type" doc:"Of the event." example:"message.delivered"`
	State     string     `json:"state" enum:"waiting,delivered,given_up" doc:"Where it stands."`
	Attempts  int        `json:"attempts" doc:"Tries so far."`
	NextAt    *time.Time `json:"next_attempt_at,omitempty" doc:"When it is tried next."`
	Status    int        `json:"status,omitempty" doc:"HTTP status of the last answer; left out when there was none." example:"500"`
	Answer    string     `json:"answer,omitempty" doc:"The beginning of the last answer, or why there was none."`
	TriedAt   *time.Time `json:"tried_at,omitempty" doc:"When it was tried last."`
	TookMS    int        `json:"took_ms" doc:"Duration of the last try, in milliseconds."`
	Body      string     `json:"body" doc:"What is sent, the same at every try."`
	CreatedAt time.Time  `json:"created_at" doc:"When it was made."`
}

// DeliveryList is one page of deliveries.
type DeliveryList struct {
	Items []Delivery `json:"items" nullable:"false" doc:"Newest first."`
	Next  string     `json:"next,omitempty" doc:"Cursor of the next page."`
}

// WebhookReplay is the body of POST /v1/webhooks/{id}/replay.
type WebhookReplay struct {
	States []string   `json:"states,omitempty" nullable:"false" maxItems:"3" enum:"waiting,delivered,given_up" doc:"Only deliveries in these states; all when left out."`
	Since  *time.Time `json:"since,omitempty" doc:"Only those made at or after this time."`
	Until  *time.Time `json:"until,omitempty" doc:"Only those made before this time."`
}

// Replayed tells how many deliveries are sent again.
type Replayed struct {
	Count int `json:"count" doc:"How many; at most 10,000 in one call, the newest."`
}
