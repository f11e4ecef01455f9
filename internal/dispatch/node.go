package dispatch

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/store"
)

// Node is what the dispatcher asks about the node that it runs on, where several share a database. The zero value is a
// node that is alone.
type Node struct {
	// Alive reports whether this node may claim messages and hand them over, and since which of its lives: a node that was
	// cut off and is back has another one. Nil: always.
	Alive func() (life int64, ok bool)
	// Hold calls run when this node has become the one that serves a workspace, and ends run's context when it is no more.
	// It returns when ctx ends, or with what run returns by itself. Nil: run is called at once.
	Hold func(ctx context.Context, workspace smsir.UUID, run func(context.Context) error) error
	// Holds reports whether this node serves a workspace now. Nil: it does.
	Holds func(workspace smsir.UUID) bool
}

// life is that of this node, and whether it may claim and send.
func (d *Dispatcher) life() (int64, bool) {
	if d.opt.Node.Alive == nil {
		return 0, true
	}
	return d.opt.Node.Alive()
}

// mayWrite is the last look before the wire: whether this node still has the life in which it committed the intent.
func (d *Dispatcher) mayWrite(life int64) bool {
	now, ok := d.life()
	return ok && now == life || canary.On(canary.LeaseIgnored)
}

// away reports whether another node serves a workspace: it has a provider whose connection exists once.
func (d *Dispatcher) away(workspace smsir.UUID, oneNode bool) bool {
	return oneNode && d.opt.Node.Holds != nil && !d.opt.Node.Holds(workspace)
}

// serves reports whether messages of a workspace are for this node to claim and to hold. d.mu is held.
func (d *Dispatcher) serves(workspace smsir.UUID) bool {
	o := d.owners[workspace]
	return o != nil && !o.paused && len(o.candidates) > 0 && !d.away(workspace, o.oneNode)
}

// holdOnce runs a provider whose connection exists once while this node serves its workspace, and gives back what waits
// for it afterwards.
func (l *lane) holdOnce(ctx context.Context, r smsir.Runner) error {
	d := l.d
	if !l.up.OneNode || d.opt.Node.Hold == nil {
		return l.run(ctx, r)
	}
	return d.opt.Node.Hold(ctx, l.up.Workspace, func(ctx context.Context) error {
		d.Poke() // now its messages are ours to claim
		err := l.run(ctx, r)
		if d.away(l.up.Workspace, true) {
			d.giveBack(l.takeAll(), smsir.ReasonDue, d.opt.Now())
		}
		return err
	})
}

// Why a hand-over is abandoned between the intent and the wire.
func cutOff() *smsir.Failure {
	return &smsir.Failure{Class: smsir.ClassRetry, Code: "node_cut_off", Text: "The gateway was cut off from its database before it handed the message over, so nothing was sent."}
}

func crowded() *smsir.Failure {
	return &smsir.Failure{Class: smsir.ClassThrottle, Code: "window_full", Text: "The provider stopped answering or asked for a pause before there was a place for the message in its window, so nothing was sent."}
}

func stopped() *smsir.Failure {
	return &smsir.Failure{Class: smsir.ClassRetry, Code: "not_handed_over", Text: "The gateway stopped before it handed the message over, so nothing was sent."}
}

func tooLate() *smsir.Failure {
	return smsir.ErrTooLate().Failure()
}

// abandon records the outcome of an attempt of which nothing was written. It is no fault of the provider: neither pace nor
// breaker hear of it.
func (h *handOver) abandon(why *smsir.Failure) {
	d := h.d
	outcome := smsir.Outcome{State: smsir.AttemptNotSent, Class: why.Class, Error: why, RetryAt: d.opt.Now().Add(time.Second)}
	d.metrics.outcome.WithLabelValues(h.up.Kind, outcome.State.String()).Inc()
	h.free(1)
	h.finish(store.Finish{Attempt: h.attempt, Message: h.ID, Workspace: h.Workspace, Now: d.opt.Now(), Outcome: outcome})
	d.unreserve(lineOf(h.Message), 1)
}
