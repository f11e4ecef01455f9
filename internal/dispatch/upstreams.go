package dispatch

import (
	"context"
	"fmt"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
)

// load opens the providers as they are configured now, and reads the rules. Lanes whose provider did not change go on;
// what waited for one that did is routed anew.
func (d *Dispatcher) load(ctx context.Context) error {
	ups, err := d.opt.Open(ctx)
	if err != nil {
		return fmt.Errorf("load the providers: %w", err)
	}
	var rules map[smsir.UUID]*route.Table
	if d.opt.Routes != nil {
		if rules, err = d.opt.Routes(ctx); err != nil {
			return fmt.Errorf("load the routing rules: %w", err)
		}
	}
	d.mu.Lock()
	old, lanes := d.lanes, make(map[smsir.UUID]*lane, len(ups))
	byOwner := map[smsir.UUID][]route.Candidate{}
	for _, up := range ups {
		if l := old[up.ID]; l != nil && l.up.Version == up.Version {
			lanes[up.ID] = l
			delete(old, up.ID)
		} else {
			lanes[up.ID] = newLane(d, up)
		}
		byOwner[up.Workspace] = append(byOwner[up.Workspace], up.Candidate)
	}
	d.lanes, d.byOwner, d.rules = lanes, byOwner, rules
	d.mu.Unlock()
	for _, l := range old {
		l.stopPump()
		d.giveBack(l.takeAll(), smsir.ReasonDue, 0)
		d.sending.Go(l.stopRunner)
	}
	d.Poke()
	if err := d.opt.Store.Hurry(ctx, smsir.ReasonRouteConfig, d.opt.Now()); err != nil {
		return fmt.Errorf("wake messages that wait for a provider: %w", err)
	}
	return nil
}

// Provider returns an enabled provider as it is open now.
func (d *Dispatcher) Provider(id smsir.UUID) (smsir.Provider, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lanes[id]
	if l == nil {
		return nil, false
	}
	return l.up.Provider, true
}
