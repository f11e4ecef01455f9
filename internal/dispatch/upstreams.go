package dispatch

import (
	"context"
	"fmt"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
)

// load opens the providers as they are configured now, and reads the rules. Lanes whose provider did
// not change go on; what waits is routed anew.
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
	var senders map[smsir.UUID]map[string][]smsir.UUID
	if d.opt.Senders != nil {
		if senders, err = d.opt.Senders(ctx); err != nil {
			return fmt.Errorf("load the senders: %w", err)
		}
	}
	var paused []smsir.UUID
	if d.opt.Paused != nil {
		if paused, err = d.opt.Paused(ctx); err != nil {
			return fmt.Errorf("load the paused workspaces: %w", err)
		}
	}
	d.mu.Lock()
	old, lanes, owners := d.lanes, make(map[smsir.UUID]*lane, len(ups)), make(map[smsir.UUID]*owner, len(ups))
	at := func(workspace smsir.UUID) *owner {
		o := owners[workspace]
		if o == nil {
			o = &owner{rules: rules[workspace], senders: senders[workspace]}
			owners[workspace] = o
		}
		return o
	}
	for _, up := range ups {
		l := old[up.ID]
		if l == nil || l.up.Version != up.Version {
			l = newLane(d, up)
		} else {
			delete(old, up.ID)
		}
		lanes[up.ID] = l
		o := at(up.Workspace)
		o.oneNode = o.oneNode || up.OneNode
		o.candidates, o.lanes = append(o.candidates, up.Candidate), append(o.lanes, l)
	}
	for _, workspace := range paused {
		at(workspace).paused = true
	}
	d.lanes, d.owners = lanes, owners
	d.mu.Unlock()
	for _, l := range old {
		l.stopPump()
		d.offer(l.takeAll())
		d.sending.Go(l.stopRunner)
	}
	for _, l := range lanes {
		d.offer(l.takeAll())
	}
	for workspace, o := range owners {
		if !o.paused && len(o.candidates) > 0 {
			d.hurry(workspace, smsir.ReasonRouteConfig, smsir.ReasonWorkspacePaused)
		}
	}
	d.Poke()
	return nil
}

// Kind is the kind of an enabled provider, "" if there is none.
func (d *Dispatcher) Kind(id smsir.UUID) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.lanes[id]; l != nil {
		return l.up.Kind
	}
	return ""
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
