package sim

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// The gate as package node sees it. No node that is well may lose its lease, or be buried by another.

// Renew implements store.Nodes.
func (g *gate) Renew(ctx context.Context) (store.Lease, error) {
	well := g.m.wellFor()
	l, err := pass(g, "Renew", func() (store.Lease, error) { return g.nodes.Renew(ctx) })
	if err == nil && l.Rejoined && well > g.m.w.lease && time.Since(g.boot) > g.m.w.lease {
		g.m.w.fault("%s lost its lease, and was in no trouble for %v", g.m.name, well)
	}
	return l, err
}

// Bury implements store.Nodes.
func (g *gate) Bury(ctx context.Context) ([]string, error) {
	began := time.Now()
	names, err := pass(g, "Bury", func() ([]string, error) { return g.nodes.Bury(ctx) })
	long := g.m.w.lease + time.Since(began) // the one that buries may have frozen before it heard of what it did
	for _, name := range names {
		for _, m := range g.m.w.members {
			if m.name == name && m.upFor() > long && m.wellFor() > long {
				g.m.w.fault("%s buried %s, which was in no trouble for %v", g.m.name, name, m.wellFor())
			}
		}
	}
	return names, err
}

// HoldWorkspaces implements store.Nodes.
func (g *gate) HoldWorkspaces(ctx context.Context, all []smsir.UUID) ([]smsir.UUID, error) {
	return pass(g, "HoldWorkspaces", func() ([]smsir.UUID, error) { return g.nodes.HoldWorkspaces(ctx, all) })
}

// DropWorkspace implements store.Nodes.
func (g *gate) DropWorkspace(ctx context.Context, ws smsir.UUID) error {
	return check(g, "DropWorkspace", func() error { return g.nodes.DropWorkspace(ctx, ws) })
}

// Wake implements store.Nodes.
func (g *gate) Wake(_ context.Context, topic string) error {
	return check(g, "Wake", func() error { g.m.w.air.speak(g.m, topic); return nil })
}

// Listen implements store.Nodes.
func (g *gate) Listen(ctx context.Context, heard func(string)) error {
	g.m.w.air.listen(ctx, g.m, heard)
	return ctx.Err()
}
