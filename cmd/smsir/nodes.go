package main

import (
	"context"
	"time"

	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/node"
	"github.com/smsir/smsir/internal/store"
)

// join makes this process one of the nodes of its database, if that is for several.
func (g *gateway) join(ctx context.Context) error {
	shared, ok := g.store.(store.Nodes)
	if !ok {
		return nil
	}
	g.keeper = node.New(node.Options{
		Store: shared, Lease: g.s.Node.Lease, Log: g.o.Log, Metrics: g.metrics,
		TakeOver: func(ctx context.Context) (requeued, unknown int, err error) {
			now := g.now()
			return g.store.Recover(ctx, now, now.Add(time.Second))
		},
		Heard: map[string]func(){
			node.Events: func() { g.hub.Wake() }, node.Queue: func() { g.dispatcher.Poke() },
			node.Providers: func() { g.dispatcher.Changed() }, node.Accounts: func() { g.accounts.Forget() },
		},
	})
	return g.keeper.Start(ctx)
}

// now is what the stages go by: one time for all nodes.
func (g *gateway) now() time.Time {
	if g.keeper == nil {
		return time.Now()
	}
	return g.keeper.Now()
}

// dispatchNode is what the dispatcher asks about this node.
func (g *gateway) dispatchNode() dispatch.Node {
	if g.keeper == nil {
		return dispatch.Node{}
	}
	return dispatch.Node{Alive: g.keeper.Alive, Hold: g.keeper.Hold, Holds: g.keeper.Holds}
}

// tell wakes the other nodes.
func (g *gateway) tell(topic string) {
	if g.keeper != nil {
		g.keeper.Tell(topic)
	}
}

// providersChanged: providers, routing rules or pauses have changed, here and for all nodes.
func (g *gateway) providersChanged() {
	g.dispatcher.Changed()
	g.tell(node.Providers)
}

func (g *gateway) ready() error {
	if g.keeper == nil {
		return nil
	}
	return g.keeper.Ready()
}

func (g *gateway) degraded() string {
	if g.keeper == nil {
		return ""
	}
	return g.keeper.Degraded()
}
