package dispatch

import (
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
)

// health is what routing, people and metrics are told about a provider.
func (l *lane) health(now time.Time) route.Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.healthLocked(now)
}

func (l *lane) healthLocked(now time.Time) route.Health {
	b := &l.breaker
	switch {
	case b.open && now.Before(b.until), b.open && l.busy+l.queued() > 0: // resting, or somebody tries already
		state := route.Down
		if b.config {
			state = route.Misconfigured
		}
		return route.Health{State: state, Since: b.since, Until: b.until}
	case b.open:
		return route.Health{State: route.Probing, Since: b.since, Until: b.until}
	case l.pace.until.After(now):
		return route.Health{State: route.Throttled, Since: l.pace.cut, Until: l.pace.until, Long: l.pace.long()}
	case b.ramp > 0:
		return route.Health{State: route.Recovering, Share: float64(b.ramp) / float64(l.up.Window)}
	}
	return route.Health{}
}

// Health is what is known of a provider now.
type Health struct {
	route.Health
	Why     *smsir.Failure // what it said last, or was seen of it; of one that is down or misconfigured
	Waiting int            // messages in memory that are to go to it
	Sending int            // sends under way
	Rate    float64        // segments a second that it is given at most now; 0 for no limit
}

// Health tells how an enabled provider is; false if there is none.
func (d *Dispatcher) Health(provider smsir.UUID) (Health, bool) {
	d.mu.Lock()
	l := d.lanes[provider]
	d.mu.Unlock()
	if l == nil {
		return Health{}, false
	}
	now := d.opt.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	h := Health{Health: l.healthLocked(now), Waiting: l.queued(), Sending: l.busy, Rate: l.pace.rate}
	if l.breaker.open {
		h.Why = l.breaker.why
	}
	return h, true
}

// queued is how many messages wait in the lane.
func (l *lane) queued() (n int) {
	for u := range l.waiting {
		n += l.waiting[u].n
	}
	return n
}

// leave is called when a provider asks for a long pause. What waits for it is routed anew, where there is another one; the
// first time so is what rested because of its pace.
func (d *Dispatcher) leave(l *lane, first bool) {
	d.mu.Lock()
	o := d.owners[l.up.Workspace]
	alone := o == nil || len(o.candidates) < 2
	d.mu.Unlock()
	if alone {
		return
	}
	d.sending.Go(func() { d.offer(l.takeAll()) })
	if first {
		d.hurry(l.up.Workspace, smsir.ReasonThrottled)
	}
}

// turned is called when a breaker has opened or closed. What waits for a provider that went down is
// routed anew, at once; what rested because it was down comes back.
func (d *Dispatcher) turned(l *lane) {
	l.mu.Lock()
	open, config, why, until := l.breaker.open, l.breaker.config, l.breaker.why, l.breaker.until
	l.mu.Unlock()
	e := smsir.Event{Workspace: l.up.Workspace, Type: smsir.EventProviderUp, At: d.opt.Now(), Data: smsir.EventData{Provider: l.up.ID.Format(smsir.PrefixProvider)}}
	if !open {
		d.log.Info("a provider works again", "provider", l.up.Name)
		d.hurry(l.up.Workspace, smsir.ReasonProviderDown, smsir.ReasonRouteConfig)
	} else {
		e.Type, e.Data.Error = smsir.EventProviderDown, why
		if config {
			e.Type = smsir.EventProviderConfig
		}
		d.log.Warn("a provider takes no messages now", "provider", l.up.Name, "refuses_its_settings", config, "code", why.Code, "provider_code", why.ProviderCode, "provider_text", why.ProviderText, "next_try", until)
		d.sending.Go(func() { d.offer(l.takeAll()) })
	}
	d.sending.Go(func() {
		if err := d.opt.Store.Tell(d.ctx, e); err != nil && d.ctx.Err() == nil {
			d.log.Error("the event about a provider's health could not be stored", "provider", l.up.Name, "err", err)
		}
	})
}
