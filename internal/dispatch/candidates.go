package dispatch

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
)

// Candidates are the enabled providers of a workspace as the routes see them now, with their health.
func (d *Dispatcher) Candidates(workspace smsir.UUID) []route.Candidate {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.owners[workspace]
	if o == nil {
		return nil
	}
	return o.now(d.opt.Now())
}
