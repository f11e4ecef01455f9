package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/guard"
	"github.com/smsir/smsir/internal/store"
)

const (
	timeout     = 10 * time.Second    // of one try
	lease       = 60 * time.Second    // how long a try may be silent before another node takes it over
	perWebhook  = 4                   // tries at once
	keepAnswer  = 1 << 10             // bytes of an answer that are kept
	readAnswer  = 64 << 10            // bytes of an answer that are read
	disableWhen = 3 * 24 * time.Hour  // of failures only
	keepLog     = 30 * 24 * time.Hour // of deliveries that have ended
	maxWait     = 24 * time.Hour      // that a receiver may ask for
)

// schedule is the wait after each failed try; after the last one a delivery is given up.
var schedule = []time.Duration{
	5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour,
}

// Run makes deliveries of events and sends them until ctx ends; tries under way are finished.
func (s *Service) Run(ctx context.Context) error {
	r := &run{Service: s, busy: map[smsir.UUID]int{}}
	defer r.tries.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var swept time.Time
	for {
		committed := s.committed
		if r.idle {
			committed = nil // the timer is soon enough
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.poked:
		case <-timer.C:
		case <-committed:
		}
		wait, err := r.turn(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Error("webhooks could not be served", "err", err)
		}
		if now := s.now(); now.Sub(swept) > time.Minute {
			swept = now
			if _, err := s.opt.Store.SweepDeliveries(ctx, now.Add(-keepLog), 1000); err != nil && ctx.Err() == nil {
				s.log.Error("old deliveries could not be forgotten", "err", err)
			}
		}
		timer.Reset(wait)
	}
}

// run is what one Run has under way.
type run struct {
	*Service
	tries sync.WaitGroup
	mu    sync.Mutex
	busy  map[smsir.UUID]int // tries by webhook
	idle  bool               // there were no webhooks at the last turn
}

// turn makes deliveries of new events, starts what is due, and says how long nothing else is.
func (r *run) turn(ctx context.Context) (wait time.Duration, err error) {
	wait = r.opt.PollCap
	var end smsir.ID // of the stream, before the webhooks are read: what comes later may be wanted by one that is made meanwhile
	if r.idle {
		if _, end, err = r.opt.Events(ctx, 0, 0); err != nil {
			return wait, err
		}
	}
	hooks, err := r.opt.Store.Webhooks(ctx, smsir.UUID{})
	if err != nil {
		return wait, err
	}
	if r.idle = len(hooks) == 0; r.idle && end > 0 { // nobody wants what there is
		return wait, r.pass(ctx, end)
	}
	for more := true; more; {
		if more, err = r.spread(ctx, hooks); err != nil {
			return wait, err
		}
	}
	next, err := r.opt.Store.NextDelivery(ctx)
	switch now := r.now(); {
	case err != nil || next.IsZero():
		return wait, err
	case next.After(now):
		return min(wait, next.Sub(now)), nil
	}
	for i := range hooks {
		if err := r.start(ctx, &hooks[i]); err != nil {
			return wait, err
		}
	}
	// What is due and has no room waits for a try to end, which pokes.
	if next, err = r.opt.Store.NextDelivery(ctx); err == nil && next.After(r.now()) {
		wait = min(wait, next.Sub(r.now()))
	}
	return wait, err
}

// pass moves the cursor behind events that no webhook wants, without reading them.
func (r *run) pass(ctx context.Context, end smsir.ID) error {
	cursor, err := r.opt.Store.WebhookCursor(ctx)
	if err != nil || cursor >= end {
		return err
	}
	err = r.opt.Store.Deliver(ctx, nil, cursor, end)
	if smsir.CodeOf(err) == smsir.CodeConflict {
		return nil // another node was first
	}
	return err
}

// page is how many events are read at once.
const page = 500

// spread makes deliveries of a page of events; true if there may be more.
func (r *run) spread(ctx context.Context, hooks []store.Webhook) (more bool, err error) {
	cursor, err := r.opt.Store.WebhookCursor(ctx)
	if err != nil {
		return false, err
	}
	events, upTo, err := r.opt.Events(ctx, cursor, page)
	if err != nil || upTo == cursor {
		return false, err
	}
	var list []store.Delivery
	if cursor != 0 { // the very first turn only notes where to begin
		now := r.now().UTC().Truncate(time.Millisecond)
		for _, e := range events {
			for i := range hooks {
				if wants(&hooks[i], &e) {
					list = append(list, store.Delivery{ID: r.opt.NewID(now), Workspace: e.Workspace, Webhook: hooks[i].ID, Event: e.ID, Type: e.Type, Body: e.JSON, NextAt: now, CreatedAt: now})
				}
			}
		}
	}
	failpoint.Hit(failpoint.HookSpread)
	err = r.opt.Store.Deliver(ctx, list, cursor, upTo)
	if smsir.CodeOf(err) == smsir.CodeConflict {
		return true, nil // another node was first: go on from where it is
	}
	return err == nil && len(events) == page, err
}

// wants reports whether a webhook gets an event. What happened before it was there is not for it: while there are no webhooks
// the cursor rests.
func wants(h *store.Webhook, e *Event) bool {
	if !h.Enabled || h.Workspace != e.Workspace || e.ID.Time().Before(h.CreatedAt) {
		return false
	}
	for _, t := range h.Types {
		if t == e.Type {
			return true
		}
	}
	return len(h.Types) == 0 && e.Type != string(smsir.EventCampaignProgress)
}

// start begins as many tries of a webhook as it has room for.
func (r *run) start(ctx context.Context, h *store.Webhook) error {
	if !h.Enabled {
		return nil
	}
	r.mu.Lock()
	room := perWebhook - r.busy[h.ID]
	r.mu.Unlock()
	if room <= 0 {
		return nil
	}
	now := r.now()
	due, err := r.opt.Store.LeaseDeliveries(ctx, h.ID, now, now.Add(lease).Truncate(time.Millisecond), room)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.busy[h.ID] += len(due)
	r.mu.Unlock()
	for _, d := range due {
		hook := *h
		r.tries.Go(func() {
			defer func() {
				r.mu.Lock()
				if r.busy[hook.ID]--; r.busy[hook.ID] == 0 {
					delete(r.busy, hook.ID)
				}
				r.mu.Unlock()
				r.Poke()
			}()
			r.try(context.WithoutCancel(ctx), &hook, d)
		})
	}
	return nil
}

// try sends a delivery once and stores what came of it.
func (r *run) try(ctx context.Context, h *store.Webhook, d store.Delivery) {
	begin := r.now()
	failpoint.Hit(failpoint.HookBefore)
	wait, gone := r.send(ctx, h, &d)
	failpoint.Hit(failpoint.HookAfter)
	d.TriedAt, d.Took = r.now().UTC().Truncate(time.Millisecond), r.now().Sub(begin)
	d.Attempts++
	why := ""
	switch {
	case d.Status/100 == 2:
		d.State = store.DeliveryDone
		r.counted("delivered")
	default:
		if why = r.after(h, &d, wait, gone); d.State == store.DeliveryGivenUp {
			r.counted("given_up")
		} else {
			r.counted("failed")
		}
	}
	if err := r.opt.Store.Delivered(ctx, d, why); err != nil {
		r.log.Error("the outcome of a delivery could not be stored; it is sent again", "webhook", h.ID.Format(smsir.PrefixWebhook), "err", err)
	}
	if why != "" {
		r.log.Warn("a webhook was disabled", "webhook", h.ID.Format(smsir.PrefixWebhook), "why", why)
	}
}

func (s *Service) counted(result string) { s.tries.WithLabelValues(result).Inc() }

// after says when a delivery that failed is tried again, and why its webhook is to be disabled, if it is.
func (r *run) after(h *store.Webhook, d *store.Delivery, wait time.Duration, gone bool) (why string) {
	if gone {
		d.State = store.DeliveryGivenUp
		return "The receiver says that it is gone for good (HTTP 410)."
	}
	if d.Attempts > len(schedule) {
		d.State = store.DeliveryGivenUp
	} else {
		spread := 0.8 + 0.4*r.opt.Jitter()
		d.NextAt = d.TriedAt.Add(max(time.Duration(float64(schedule[d.Attempts-1])*spread), wait)).Truncate(time.Millisecond)
	}
	if !h.FailingAt.IsZero() && d.TriedAt.Sub(h.FailingAt) > disableWhen {
		return "Every delivery has failed for three days."
	}
	return ""
}

// send makes the request. It fills in what the receiver answered, and says how long it asks to wait, or that it is gone.
func (r *run) send(ctx context.Context, h *store.Webhook, d *store.Delivery) (wait time.Duration, gone bool) {
	d.Status, d.Answer = 0, ""
	sec, err := r.opened(h)
	if err != nil {
		d.Answer = "The secret cannot be opened: the key file of the server is another one. Rotate the secret."
		return 0, false
	}
	if _, err := r.opt.Guard.CheckURL(h.URL); err != nil {
		d.Answer = err.Error()
		return 0, false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(d.Body))
	if err != nil {
		d.Answer = "The address cannot be used."
		return 0, false
	}
	now := r.now()
	id := d.Event.Format(smsir.PrefixEvent)
	if d.Event == 0 {
		id = d.ID.Format(smsir.PrefixDelivery)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "SMSir-Webhook")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	signatures := Sign(sec.Current, id, now, d.Body)
	if sec.Previous != "" && now.Before(sec.Until) {
		signatures += " " + Sign(sec.Previous, id, now, d.Body)
	}
	req.Header.Set("webhook-signature", signatures)
	res, err := r.client.Do(req)
	if err != nil {
		d.Answer = inWords(err)
		return 0, false
	}
	defer res.Body.Close() //nolint:errcheck // what came is kept, not how it ended
	body, _ := io.ReadAll(io.LimitReader(res.Body, readAnswer))
	d.Status, d.Answer = res.StatusCode, smsir.Storable(string(body), keepAnswer)
	switch {
	case res.StatusCode == http.StatusGone:
		return 0, true
	case res.StatusCode == http.StatusRequestTimeout, res.StatusCode == http.StatusTooEarly, res.StatusCode == http.StatusTooManyRequests, res.StatusCode >= 500:
		return retryAfter(res.Header, now), false
	}
	return 0, false
}

// retryAfter reads the header of that name (RFC 9110 §10.2.3), at most a day.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil {
		return min(max(time.Duration(min(n, 1<<20))*time.Second, 0), maxWait)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxWait)
}

// inWords is why there was no answer, without the address and its query.
func inWords(err error) string {
	var timeouts interface{ Timeout() bool }
	switch {
	case errors.Is(err, guard.ErrForbidden):
		return "The address does not lead to the public internet, so nothing was sent."
	case errors.As(err, &timeouts) && timeouts.Timeout():
		return fmt.Sprintf("There was no answer within %d seconds.", int(timeout.Seconds()))
	}
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		err = cause
	}
	return smsir.Storable("No connection: "+err.Error(), keepAnswer)
}

// Sign is the signature of a delivery in the form of Standard Webhooks: "v1," and the HMAC-SHA256 of id, time in seconds
// and body, joined by dots. The secret begins with "whsec_".
func Sign(secret, id string, at time.Time, body []byte) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil {
		return ""
	}
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%d.", id, at.Unix())
	m.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}
