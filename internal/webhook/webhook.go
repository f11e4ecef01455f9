// Package webhook is in charge of sending events to addresses that workspaces choose: it keeps the addresses, makes a
// delivery of every event for each of them, sends it with a signature, and tries again until it is taken.
//
// It does not make events (stages do, in the store) and does not decide which addresses may be dialled (package guard
// does).
//
// What it guarantees: every event that happens while a webhook exists and is enabled becomes a delivery, once; a
// delivery is sent until it was answered with a 2xx or its schedule has ended, at least once; its id and body are the
// same at every try, so that a receiver can drop repetitions. A receiver that is slow or dead delays no other. Secrets
// are sealed in the database and shown once.
package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/guard"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store"
)

// Purpose is that of the [seal.Box] for the secrets.
const Purpose = "webhooks"

// MaxPerWorkspace bounds the webhooks of a workspace.
const MaxPerWorkspace = 20

// Event is one event as it is sent.
type Event struct {
	ID        smsir.ID
	Workspace smsir.UUID
	Type      string
	JSON      []byte
}

// Options of [New]. Store, Box, Guard and Events are required.
type Options struct {
	Store store.Webhooks
	Box   *seal.Box // of purpose Purpose
	Guard *guard.Guard
	// Events returns the events above after of all workspaces, oldest first, and the id up to which there are no more.
	Events func(ctx context.Context, after smsir.ID, limit int) (events []Event, upTo smsir.ID, err error)
	NewID  func(now time.Time) smsir.ID
	Log    *slog.Logger
	Now    func() time.Time
	// Jitter in [0, 1) spreads tries over ±20 %.
	Jitter  func() float64
	Metrics prometheus.Registerer
	PollCap time.Duration // longest sleep; 1 s if 0

	client *http.Client // for tests
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	opt       Options
	log       *slog.Logger
	now       func() time.Time
	client    *http.Client
	poked     chan struct{} // capacity 1: something is due, or changed
	committed chan struct{} // capacity 1: events were committed
	tries     *prometheus.CounterVec
}

// New returns a service; nothing is sent until Run.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = func() float64 { return 0.5 }
	}
	if o.PollCap == 0 {
		o.PollCap = time.Second
	}
	if o.client == nil {
		o.client = o.Guard.Client(timeout)
	}
	s := &Service{opt: o, log: o.Log, now: o.Now, client: o.client, poked: make(chan struct{}, 1), committed: make(chan struct{}, 1)}
	s.tries = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_webhook_tries_total", Help: "Tries to deliver events to webhooks, by result."}, []string{"result"})
	if o.Metrics != nil {
		o.Metrics.MustRegister(s.tries)
	}
	return s
}

// By is who makes a change, for the audit log.
type By struct {
	Actor smsir.Actor
	IP    string
}

// Draft is a webhook as people enter it; in a change, nil leaves something as it is.
type Draft struct {
	URL     *string
	Name    *string
	Types   *[]string
	Enabled *bool
}

// Types are the events that can be chosen. campaign.progress is told only to webhooks that choose it: it comes every second.
func Types() []string {
	var all []string
	for _, st := range smsir.Statuses() {
		if st != smsir.Scheduled {
			all = append(all, string(smsir.EventOf(st)))
		}
	}
	return append([]string{string(smsir.EventAccepted)}, append(all, string(smsir.EventLateReceipt), string(smsir.EventCancelRequested),
		string(smsir.EventInbound), string(smsir.EventLimitNear), string(smsir.EventCreditLow), string(smsir.EventProviderDown), string(smsir.EventProviderUp), string(smsir.EventProviderConfig),
		string(smsir.EventCampaignProgress), string(smsir.EventWeeklyReport))...)
}

// secrets of a webhook: the newest signs, and so does the one before while its time lasts.
type secrets struct {
	Current  string    `json:"current"`
	Previous string    `json:"previous,omitempty"`
	Until    time.Time `json:"until,omitzero"`
}

// secretPrefix is that of Standard Webhooks.
const secretPrefix = "whsec_"

func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(b[:])
}

func place(id smsir.UUID) seal.Place {
	return seal.Place{Table: "webhooks", Column: "secrets", Row: id.Format(smsir.PrefixWebhook)}
}

func (s *Service) sealed(h *store.Webhook, v secrets) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h.Secrets = s.opt.Box.Seal(b, place(h.ID))
	return nil
}

func (s *Service) opened(h *store.Webhook) (v secrets, err error) {
	b, err := s.opt.Box.Open(h.Secrets, place(h.ID))
	if err != nil {
		return v, fmt.Errorf("the secrets of webhook %s: %w", h.ID.Format(smsir.PrefixWebhook), err)
	}
	return v, json.Unmarshal(b, &v)
}

// Create stores a webhook and returns it with its secret, which is shown this once. Errors: invalid, with the Field.
func (s *Service) Create(ctx context.Context, workspace smsir.UUID, d Draft, by By) (*store.Webhook, string, error) {
	if d.URL == nil {
		return nil, "", invalid("url", "A webhook needs an address.")
	}
	all, err := s.opt.Store.Webhooks(ctx, workspace)
	if err != nil {
		return nil, "", err
	}
	if len(all) >= MaxPerWorkspace {
		return nil, "", invalid("url", "There are %d webhooks already, which is the most. Remove one first.", len(all))
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	h := store.Webhook{ID: smsir.NewUUID(now), Workspace: workspace, Enabled: true, CreatedAt: now, UpdatedAt: now}
	if err := s.apply(&h, d); err != nil {
		return nil, "", err
	}
	secret := newSecret()
	if err := s.sealed(&h, secrets{Current: secret}); err != nil {
		return nil, "", err
	}
	return &h, secret, s.opt.Store.CreateWebhook(ctx, h, s.audit(&h, by, "webhook.created"))
}

// Update changes a webhook. One that is enabled again starts afresh.
func (s *Service) Update(ctx context.Context, workspace, id smsir.UUID, d Draft, by By) (*store.Webhook, error) {
	h, err := s.opt.Store.Webhook(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	if err := s.apply(h, d); err != nil {
		return nil, err
	}
	h.UpdatedAt = s.now().UTC().Truncate(time.Millisecond)
	if err := s.opt.Store.UpdateWebhook(ctx, *h, s.audit(h, by, "webhook.updated")); err != nil {
		return nil, err
	}
	s.Poke()
	return h, nil
}

func (s *Service) apply(h *store.Webhook, d Draft) error {
	if d.URL != nil {
		if _, err := s.opt.Guard.CheckURL(*d.URL); err != nil {
			text := err.Error()
			return invalid("url", "%s.", strings.ToUpper(text[:1])+text[1:])
		}
		h.URL = *d.URL
	}
	if d.Name != nil {
		name := strings.TrimSpace(*d.Name)
		if utf8.RuneCountInString(name) > 60 || strings.ContainsFunc(name, unicode.IsControl) {
			return invalid("name", "Give the webhook a name of at most 60 characters on one line.")
		}
		h.Name = name
	}
	if d.Types != nil {
		for _, t := range *d.Types {
			if !slices.Contains(Types(), t) {
				return invalid("types", "There are no events of type %q. Choose from: %s.", t, strings.Join(Types(), ", "))
			}
		}
		h.Types = slices.Compact(slices.Sorted(slices.Values(*d.Types)))
	}
	if d.Enabled != nil {
		if *d.Enabled && !h.Enabled {
			h.Why, h.FailingAt = "", time.Time{}
		}
		h.Enabled = *d.Enabled
	}
	return nil
}

// rotation is how long the old secret goes on signing.
const rotation = 24 * time.Hour

// Rotate makes a new secret and returns it, this once. For a day both sign, so that no delivery is refused meanwhile.
func (s *Service) Rotate(ctx context.Context, workspace, id smsir.UUID, by By) (*store.Webhook, string, error) {
	h, err := s.opt.Store.Webhook(ctx, workspace, id)
	if err != nil {
		return nil, "", err
	}
	old, err := s.opened(h)
	if err != nil {
		old = secrets{} // the key is lost: nobody can sign with it any more
	}
	secret := newSecret()
	h.UpdatedAt = s.now().UTC().Truncate(time.Millisecond)
	if err := s.sealed(h, secrets{Current: secret, Previous: old.Current, Until: h.UpdatedAt.Add(rotation)}); err != nil {
		return nil, "", err
	}
	return h, secret, s.opt.Store.UpdateWebhook(ctx, *h, s.audit(h, by, "webhook.secret_rotated"))
}

// Delete removes a webhook with its log.
func (s *Service) Delete(ctx context.Context, workspace, id smsir.UUID, by By) error {
	h, err := s.opt.Store.Webhook(ctx, workspace, id)
	if err != nil {
		return err
	}
	return s.opt.Store.DeleteWebhook(ctx, workspace, id, s.audit(h, by, "webhook.deleted"))
}

// TypeTest is the type of what Test sends.
const TypeTest = "webhook.test"

// Test queues a delivery that tells of nothing, and returns it.
func (s *Service) Test(ctx context.Context, workspace, id smsir.UUID) (*store.Delivery, error) {
	h, err := s.opt.Store.Webhook(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	if !h.Enabled {
		return nil, invalid("", "The webhook is disabled. Enable it first.")
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	d := store.Delivery{ID: s.opt.NewID(now), Workspace: workspace, Webhook: id, Type: TypeTest, NextAt: now, CreatedAt: now}
	d.Body, err = json.Marshal(map[string]any{"id": d.ID.Format(smsir.PrefixDelivery), "type": TypeTest, "at": now, "data": map[string]any{}})
	if err != nil {
		return nil, err
	}
	if err := s.opt.Store.AddDelivery(ctx, d); err != nil {
		return nil, err
	}
	s.Poke()
	return &d, nil
}

// maxReplay bounds the deliveries of one replay.
const maxReplay = 10_000

// Replay sends deliveries again, whatever became of them, and returns how many.
func (s *Service) Replay(ctx context.Context, workspace, id smsir.UUID, f store.DeliveryFilter, by By) (int, error) {
	h, err := s.opt.Store.Webhook(ctx, workspace, id)
	if err != nil {
		return 0, err
	}
	if !h.Enabled {
		return 0, invalid("", "The webhook is disabled. Enable it first.")
	}
	f.Limit = maxReplay
	n, err := s.opt.Store.ReplayDeliveries(ctx, workspace, id, f, s.now())
	if err == nil {
		s.log.Info("deliveries are sent again", "webhook", id.Format(smsir.PrefixWebhook), "count", n, "by", by.Actor.ID.Format(smsir.PrefixUser))
		s.Poke()
	}
	return n, err
}

func (s *Service) audit(h *store.Webhook, by By, action string) store.AuditEntry {
	return store.AuditEntry{At: s.now(), Workspace: h.Workspace, Actor: by.Actor, Action: action, Target: h.ID.Format(smsir.PrefixWebhook), IP: by.IP, Detail: hostOf(h.URL)}
}

// hostOf is what may be told of an address: what follows may be a secret.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// Poke wakes the sender: something is due, or webhooks changed. It does not block.
func (s *Service) Poke() { ring(s.poked) }

// Wake tells that events were committed; while there are no webhooks nobody hurries. It does not block.
func (s *Service) Wake() { ring(s.committed) }

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// invalid makes an error about one field of the request.
func invalid(field, format string, args ...any) error {
	e := smsir.Errorf(smsir.CodeInvalid, format, args...)
	e.Field = field
	return e
}
