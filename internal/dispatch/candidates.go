package dispatch

import (
	"slices"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
)

// Candidates are the enabled providers of a workspace as the routes see them now.
func (d *Dispatcher) Candidates(workspace smsir.UUID) []route.Candidate {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.byOwner[workspace])
}
