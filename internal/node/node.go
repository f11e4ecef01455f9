// Package node keeps this process a member of the nodes that share a database.
//
// It is in charge of renewing the node's lease, of saying whether the node may still claim messages and write to the wire,
// of burying nodes whose lease is over and having their messages taken over, of the leases of workspaces whose connections
// exist once, and of wake-ups between nodes. It knows neither the queue nor any provider: what to do is handed in as plain
// functions.
//
// What it guarantees: a node that cannot renew stops after half of its lease, by its own monotonic clock, which is long
// before anybody may take over; a node that was cut off itself buries nobody until it has been back for a whole lease.
// On failure it goes on trying: a wake-up that is lost costs a poll, a lease that is lost costs a new life.
package node

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Topics of wake-ups.
const (
	Events    = "events"    // there are new events
	Queue     = "queue"     // there are messages to claim
	Providers = "providers" // providers, rules or pauses have changed
	Accounts  = "accounts"  // sessions, keys, roles or people have changed
)

// Options of [New]. Store, Lease and TakeOver are required.
type Options struct {
	Store store.Nodes
	Lease time.Duration
	// TakeOver makes what buried nodes owned claimable or unknown.
	TakeOver func(ctx context.Context) (requeued, unknown int, err error)
	// Now is the clock of this machine, time.Now if nil. Leases go by the monotonic one.
	Now func() time.Time
	// Heard are called when another node has told a topic, and all of them when some may have been missed.
	Heard   map[string]func()
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Keeper keeps the lease of this node. Make one with [New] and call Run once; Alive and the rest may be called from
// anywhere at any time.
type Keeper struct {
	opt Options
	log *slog.Logger

	mu      sync.Mutex
	granted time.Time // when the last renewal was asked for; zero before the first
	since   time.Time // since when renewals have come without a gap
	lease   store.Lease
	skewed  bool // the skew was told
	stale   int  // renewals at which what is held in memory is read again
	holds   map[smsir.UUID]*held

	beat chan struct{} // capacity 1: renew now
	tell chan struct{} // capacity 1: topics wait
	told map[string]struct{}
}

// Bounds of a node's clock against the database's.
const (
	skewWarn  = 5 * time.Second
	skewLimit = time.Minute
)

// staleTurns: a change may be told before it is committed, so that it is looked for again.
const staleTurns = 3

// New returns a keeper that holds nothing until Run.
func New(opt Options) *Keeper {
	k := &Keeper{opt: opt, log: opt.Log, holds: map[smsir.UUID]*held{}, beat: make(chan struct{}, 1), tell: make(chan struct{}, 1), told: map[string]struct{}{}}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	if k.opt.Now == nil {
		k.opt.Now = time.Now
	}
	if opt.Metrics != nil {
		opt.Metrics.MustRegister(
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "smsir_nodes", Help: "Living nodes of this database, as this one saw them last."}, func() float64 {
				return float64(k.state().Nodes)
			}),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "smsir_node_clock_skew_seconds", Help: "This node's clock against the database's."}, func() float64 {
				return k.state().Skew.Seconds()
			}),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "smsir_node_alive", Help: "1 while this node has a fresh lease and sends."}, func() float64 {
				if _, ok := k.Alive(); ok {
					return 1
				}
				return 0
			}))
	}
	return k
}

func (k *Keeper) state() store.Lease {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lease
}

// Alive reports whether this node may claim messages and write to the wire, and the number of its present life.
func (k *Keeper) Alive() (life int64, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lease.Life, k.fresh(time.Now())
}

// Now is the time of the database, as this node knows it since its last renewal.
func (k *Keeper) Now() time.Time { return k.state().Time(k.opt.Now()) }

// fresh: less than half of the lease has passed. k.mu is held.
func (k *Keeper) fresh(now time.Time) bool {
	return !k.granted.IsZero() && now.Sub(k.granted) < k.opt.Lease/2
}

// Degraded says why a failover of the database could lose what was accepted; "" if it could not, or if this node is alone.
func (k *Keeper) Degraded() string {
	if l := k.state(); l.Nodes > 1 && !l.Synced {
		return "Several nodes share a database without a synchronous standby: a failover of it could lose what was just accepted."
	}
	return ""
}

// Ready reports why this node should get no requests now.
func (k *Keeper) Ready() error {
	if l := k.state(); l.Skew.Abs() > skewLimit {
		return smsir.Errorf(smsir.CodeStorageDown, "The clock of this machine is %s off that of the database. Set it right (with NTP); requests are refused until then.", l.Skew.Abs().Round(time.Second))
	}
	return nil
}

// Start renews the lease once, so that Alive is true before anything else starts.
func (k *Keeper) Start(ctx context.Context) error { return k.renew(ctx) }

// Run renews the lease until ctx ends; then it gives back what this node holds.
func (k *Keeper) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { k.listen(ctx) })
	parts.Go(func() { k.speak(ctx) })
	timer := time.NewTimer(k.opt.Lease / 6)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			parts.Wait()
			return nil
		case <-k.beat:
		case <-timer.C:
		}
		k.turn(ctx)
		timer.Reset(k.opt.Lease / 6)
	}
}

// turn renews everything once and looks after the others.
func (k *Keeper) turn(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, k.opt.Lease/3)
	defer cancel()
	if err := k.renew(ctx); err != nil {
		if ctx.Err() == nil {
			k.log.Error("the lease of this node could not be renewed; it stops sending when half of it has passed", "err", err)
		}
		k.expire()
		return
	}
	k.renewHolds(ctx)
	k.bury(ctx)
}

func (k *Keeper) renew(ctx context.Context) error {
	asked := time.Now()
	lease, err := k.opt.Store.Renew(ctx)
	if err != nil {
		return err
	}
	k.mu.Lock()
	first := k.granted.IsZero() // nothing is loaded yet
	if first || asked.Sub(k.granted) > k.opt.Lease/2 {
		k.since = asked
	}
	if k.lease.Changes != lease.Changes {
		k.stale = staleTurns
	}
	reload := k.stale > 0 && !first
	k.stale = max(0, k.stale-1)
	k.granted, k.lease = asked, lease
	warn := lease.Skew.Abs() > skewWarn && !k.skewed
	k.skewed = lease.Skew.Abs() > skewWarn
	k.mu.Unlock()
	if lease.Rejoined && !first {
		k.log.Warn("this node was cut off for longer than its lease and starts a new life; others took over what it had", "node", lease.Life)
		k.hearAll()
	} else if reload {
		k.hear(Providers)
	}
	if warn {
		k.log.Warn("the clock of this machine is off that of the database; set it right with NTP", "skew", lease.Skew.String())
	}
	return nil
}

// bury ends nodes whose lease is over. One that was cut off itself waits a lease: then the others, which were perhaps cut
// off with it, have had their time to come back.
func (k *Keeper) bury(ctx context.Context) {
	k.mu.Lock()
	young := k.granted.Sub(k.since) < k.opt.Lease
	k.mu.Unlock()
	if !young {
		names, err := k.opt.Store.Bury(ctx)
		if err != nil {
			k.log.Error("could not look for nodes that are gone", "err", err)
			return
		}
		for _, name := range names {
			k.log.Warn("a node is gone; its messages are taken over", "name", name)
		}
	}
	requeued, unknown, err := k.opt.TakeOver(ctx)
	if err != nil {
		k.log.Error("messages of nodes that are gone could not be taken over", "err", err)
		return
	}
	if requeued+unknown > 0 {
		k.log.Info("took over from nodes that are gone", "requeued", requeued, "unknown", unknown)
		k.hear(Queue)
	}
}
