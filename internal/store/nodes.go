package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// Lease is what a node is granted when it renews its lease.
type Lease struct {
	Life     int64         // number of this run; another one after the lease was lost, when everything it owned is gone
	Rejoined bool          // the lease had been lost: this is a new life
	Nodes    int           // living nodes, this one included
	Skew     time.Duration // of this node's clock against the database's; above zero when it is ahead
	Synced   bool          // the database has a synchronous standby
	Changes  int64         // rises with every change of providers, routing rules and pauses, perhaps before it is committed
}

// skewLeft is a difference of clocks that is left alone: a slow network lets nobody know it better.
const skewLeft = time.Second

// Time is now, as this node's clock has it, by the clock of the database. What is due follows that, so that a node whose clock
// is wrong sends nothing of the others' too early, and ends nothing of theirs.
func (l Lease) Time(now time.Time) time.Time {
	if l.Skew.Abs() < skewLeft {
		return now
	}
	return now.Add(-l.Skew)
}

// Nodes is how several nodes share a database. A database for one node does not implement it.
type Nodes interface {
	// Renew prolongs the lease of this node by its full time, by the clock of the database.
	Renew(ctx context.Context) (Lease, error)
	// Bury ends the lives of other nodes whose lease is over, and returns their names. What they own is then for
	// Queue.Recover.
	Bury(ctx context.Context) ([]string, error)
	// HoldWorkspaces takes or prolongs the lease of workspaces of which one node at a time runs the connections, and
	// returns those that this node has.
	HoldWorkspaces(ctx context.Context, workspaces []smsir.UUID) ([]smsir.UUID, error)
	// DropWorkspace gives such a lease back.
	DropWorkspace(ctx context.Context, workspace smsir.UUID) error
	// Wake tells the other nodes that something happened, which topic names. It may be lost.
	Wake(ctx context.Context, topic string) error
	// Listen calls heard for every topic that another node tells, and for "" when some may have been missed. It blocks
	// until ctx ends, or with an error when it cannot listen any more.
	Listen(ctx context.Context, heard func(topic string)) error
}
