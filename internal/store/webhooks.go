package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// Webhook is an address of a workspace that events are sent to.
type Webhook struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	URL       string
	Name      string
	Types     []string // of events; empty for all
	Secrets   []byte   // sealed
	Enabled   bool
	Why       string    // why it was disabled by itself, "" otherwise
	FailingAt time.Time // since when every delivery has failed; zero while it works
	CreatedAt time.Time
	UpdatedAt time.Time
}

// DeliveryState says where a delivery stands. The values are stored; never renumber them.
type DeliveryState uint8

// States of a delivery.
const (
	DeliveryWaiting DeliveryState = 0
	DeliveryDone    DeliveryState = 1
	DeliveryGivenUp DeliveryState = 2
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID         smsir.ID // time-ordered
	Workspace  smsir.UUID
	Webhook    smsir.UUID
	Event      smsir.ID // 0 for a test
	Type       string
	Body       []byte // as it is sent, the same at every try
	State      DeliveryState
	Attempts   int
	NextAt     time.Time // of the next try, while it waits; of a try under way, when another may take it over
	LeaseUntil time.Time // of a try under way
	Status     int       // HTTP status of the last answer, 0 for none
	Answer     string    // its beginning, or why there was none
	TriedAt    time.Time
	Took       time.Duration // of the last try
	CreatedAt  time.Time
}

// DeliveryFilter selects deliveries of a webhook. Zero fields select everything.
type DeliveryFilter struct {
	States []DeliveryState
	Since  time.Time
	Until  time.Time
	Before smsir.ID // cursor: only ids below it
	Limit  int
}

// Webhooks stores addresses for events and what became of each. Errors: CodeNotFound, CodeConflict.
type Webhooks interface {
	// Webhooks lists those of a workspace, or of all for the zero UUID, oldest first.
	Webhooks(ctx context.Context, workspace smsir.UUID) ([]Webhook, error)
	Webhook(ctx context.Context, workspace, id smsir.UUID) (*Webhook, error)
	CreateWebhook(ctx context.Context, h Webhook, audit AuditEntry) error
	UpdateWebhook(ctx context.Context, h Webhook, audit AuditEntry) error
	DeleteWebhook(ctx context.Context, workspace, id smsir.UUID, audit AuditEntry) error

	// WebhookCursor is the event up to which deliveries were made; it begins at now's last event.
	WebhookCursor(ctx context.Context) (smsir.ID, error)
	// Deliver stores deliveries and moves the cursor from one event to another in one step. CodeConflict: another node
	// has moved it.
	Deliver(ctx context.Context, list []Delivery, from, to smsir.ID) error
	// AddDelivery stores one by itself: a test.
	AddDelivery(ctx context.Context, d Delivery) error
	// LeaseDeliveries takes up to limit due deliveries of a webhook for a try, oldest first.
	LeaseDeliveries(ctx context.Context, webhook smsir.UUID, now, until time.Time, limit int) ([]Delivery, error)
	// NextDelivery is when the next delivery of an enabled webhook is due; zero when there is none.
	NextDelivery(ctx context.Context) (time.Time, error)
	// Delivered stores the outcome of a try and what follows for the webhook: FailingAt is set by the first failure and
	// cleared by a success, and a Why disables it.
	Delivered(ctx context.Context, d Delivery, why string) error
	// Deliveries lists newest first.
	Deliveries(ctx context.Context, workspace, webhook smsir.UUID, f DeliveryFilter) ([]Delivery, error)
	// ReplayDeliveries makes deliveries due again, whatever their state, and returns how many there were, at most limit.
	ReplayDeliveries(ctx context.Context, workspace, webhook smsir.UUID, f DeliveryFilter, now time.Time) (int, error)
	// SweepDeliveries forgets up to limit that ended before a time.
	SweepDeliveries(ctx context.Context, before time.Time, limit int) (int, error)
}
