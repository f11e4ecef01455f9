package sim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/bench/carrier"
	"github.com/smsir/smsir/bench/oracle"
	"github.com/smsir/smsir/internal/store"
)

var bg = context.Background()

// world is everything around and within one simulated gateway.
type world struct {
	t      *testing.T
	seed   uint64
	dir    string
	base   base
	ctx    context.Context // of clients and carriers
	play   sync.WaitGroup  // of clients and carriers
	ledger *carrier.Ledger
	client *oracle.Ledger
	jumps  bool          // clocks jump
	skewed bool          // the clocks of the nodes are wrong, each in another way
	doubts bool          // the store loses answers
	span   time.Duration // in which clients ask
	lease  time.Duration // of nodes
	calm   bool          // all clients have asked, and one node is left

	members   []*member
	homes     []*home
	providers []*provider
	air       air
	troubles  sync.WaitGroup // of nodes

	mu        sync.Mutex
	runs      int
	deaths    int
	takeovers int
	ups       []uptime
	up        []*engine     // by member
	back      chan struct{} // closed when one comes up
	stops     map[silence]time.Time
	requests  int
	faults    []string
}

type home struct{ workspace store.Workspace }

type silence struct {
	workspace smsir.UUID
	recipient string
}

// now is the clock of the world; where there is one gateway, that of the gateway.
func (w *world) now() time.Time {
	if len(w.members) == 1 {
		return w.members[0].now()
	}
	return time.Now().Truncate(time.Millisecond)
}

// scaled is a duration of a world of two days in this one.
func (w *world) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) * float64(w.span) / float64(longSpan))
}

// longSpan is in which the clients of a gateway that is alone ask. Several nodes renew their leases all the time, and have
// less.
const longSpan = 2 * 24 * time.Hour

func (w *world) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

func (w *world) must(err error) {
	if err != nil {
		w.t.Helper()
		w.t.Error(err)
		panic(err)
	}
}

func (w *world) write(e *carrier.Entry) { w.must(w.ledger.Append(e, false)) }

func (w *world) number() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	return w.requests
}

// verdict is what a seed came to.
type verdict struct {
	*oracle.Report
	faults    []string
	deaths    int
	nodes     int
	takeovers int // messages that one node took over from another
}

func (v *verdict) ok() bool { return len(v.faults) == 0 && v.OK() }

// play lives through one seed in an empty folder, and returns what was wrong and what the oracle says.
func play(t *testing.T, seed uint64, dir string, place place) (v verdict) {
	where, end, err := place.lay(dir)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 2, 27, 9, 20, 0, 0, time.UTC)))
		w := &world{t: t, seed: seed, dir: dir, base: where, back: make(chan struct{}), stops: map[silence]time.Time{}}
		file, err := os.Create(filepath.Join(dir, "client.log"))
		w.must(err)
		w.client = oracle.NewLedger(file)
		w.ledger, err = carrier.OpenLedger(filepath.Join(dir, "carrier.log"))
		w.must(err)
		w.must(w.base.begin())
		w.furnish(place.nodes(w.draw("nodes")))
		ctx, stop := context.WithCancel(bg)
		w.ctx = ctx
		w.live()
		stop()
		w.play.Wait()
		w.must(file.Close())
		w.must(w.ledger.Close())
		evidence := oracle.Evidence{
			Simulator: filepath.Join(dir, "simulator.log"), Client: filepath.Join(dir, "client.log"),
			Carriers: []string{filepath.Join(dir, "carrier.log")}, Now: w.now(),
		}
		w.base.testify(&evidence)
		v.Report, err = oracle.Judge(bg, evidence)
		w.must(err)
		w.must(w.otherTries())
		w.must(w.base.end())
		v.faults, v.deaths, v.nodes, v.takeovers = w.faults, w.deaths, len(w.members), w.takeovers
	})
	if err := end(); err != nil {
		t.Fatal(err)
	}
	return v
}

// furnish draws the world: workspaces, providers, nodes, and where they die.
func (w *world) furnish(nodes int) {
	d := w.draw("world")
	w.jumps, w.doubts = d.chance(15), d.chance(25)
	w.span = longSpan
	if nodes > 1 {
		n := w.draw("lease")
		w.lease = []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute}[n.IntN(3)]
		w.span = 8 * w.lease
		w.skewed, w.jumps = n.chance(50), false
		w.air.w = w
	}
	now := time.Now()
	for i := range 1 + d.IntN(2) {
		h := &home{store.Workspace{ID: smsir.NewUUID(now), Name: fmt.Sprint("home ", i), Country: "GB", TimeZone: "UTC", CreatedAt: now}}
		w.homes = append(w.homes, h)
		for j := range 1 + d.IntN(3) {
			p := &provider{
				w: w, id: smsir.NewUUID(now), workspace: h.workspace.ID, name: fmt.Sprintf("p%d%d", i, j), window: 1 + d.IntN(8),
				carries: d.chance(40), terse: d.chance(50), asked: d.chance(70), tries: map[smsir.ID]int{}, taken: map[smsir.ID][]string{}, holds: map[*engine]time.Time{},
			}
			p.once = nodes > 1 && w.draw("once", p.name).chance(25)
			for range d.IntN(3) {
				from := now.Add(d.within(0, w.span))
				p.outages = append(p.outages, [2]time.Time{from, from.Add(d.sooner(w.scaled(12 * time.Hour)))})
			}
			w.providers = append(w.providers, p)
		}
	}
	methods := []string{"Accept", "Intend", "Intend", "Finish", "Finish", "StoreReceipt", "Claim", "Tick", "Cancel", "Recover", "StoreInbound", "Release", "Look"}
	for i := range nodes {
		m := &member{w: w, name: fmt.Sprint("n", i), number: i, calls: map[string]int{}}
		if nodes > 1 {
			d = w.draw("member", i)
			m.befall()
		}
		for range d.weighted(30, 30, 25, 15) {
			m.crashes = append(m.crashes, &crash{method: methods[d.IntN(len(methods))], n: 1 + d.IntN(12), after: d.chance(50)})
		}
		w.base.mend(m.name)
		w.members = append(w.members, m)
	}
	w.up = make([]*engine, nodes)
	w.must(os.WriteFile(filepath.Join(w.dir, "simulator.log"), nil, 0o600))
}

// settle stores the workspaces and their providers.
func (w *world) settle() {
	now := time.Now()
	w.base.sync()
	st, err := w.base.open(w.members[0])
	w.must(err)
	defer func() { w.must(st.Close()) }()
	for i, h := range w.homes {
		user := store.User{ID: smsir.NewUUID(now), Email: h.workspace.Name + "@example.com", CreatedAt: now}
		w.must(st.Register(bg, store.Registration{
			User: user, Workspace: &h.workspace, Role: store.Owner, Setup: h == w.homes[0], Audit: store.AuditEntry{At: now},
			Session: store.Session{ID: smsir.NewUUID(now), TokenHash: [32]byte{byte(i)}, User: user.ID, Workspace: h.workspace.ID, CreatedAt: now, ExpiresAt: now.Add(time.Hour)},
		}))
	}
	for _, p := range w.providers {
		w.must(st.CreateProvider(bg, store.Provider{ID: p.id, Workspace: p.workspace, Kind: "sim", Name: p.name, Enabled: true, Priority: 1, CreatedAt: now, UpdatedAt: now}, store.AuditEntry{At: now}))
	}
}

// live plays until everything has ended.
func (w *world) live() {
	w.settle()
	d := w.draw("life")
	halt := w.run(w.members...)
	var clients sync.WaitGroup
	n := 5 + d.IntN(15)
	if len(w.members) > 1 {
		n += 15 // which cost little beside the leases
	}
	w.requests = n
	for i := range n {
		clients.Go(func() { w.request(i + 1) })
	}
	for i := range d.IntN(6) {
		clients.Go(func() { w.optOut(i) })
	}
	if w.jumps {
		clients.Go(w.jump)
	}
	clients.Wait()
	if len(w.members) > 1 {
		halt()
		w.calm = true // what a run left behind that died may still call the store, and would meet trouble
		w.troubles.Wait()
		halt = w.run(w.quiet())
	}
	w.end()
	halt()
}

// run starts nodes; what it returns stops them.
func (w *world) run(members ...*member) (halt func()) {
	ctx, stop := context.WithCancel(bg)
	var all sync.WaitGroup
	for _, m := range members {
		restart := make(chan struct{})
		all.Go(func() { m.supervise(ctx, restart) })
		if len(w.members) > 1 && !w.calm {
			all.Go(func() { m.suffer(ctx, restart) })
		}
	}
	return func() { stop(); all.Wait() }
}

// quiet leaves one node, in the state of one that is restarted with a long lease: what has not ended yet takes days, in which
// several nodes would do nothing but renew their leases. Those that had died are started once more, so that what they had is taken
// over.
func (w *world) quiet() *member {
	w.lease = 48 * time.Hour
	w.base.sync()
	for _, m := range w.members {
		m.crashes = nil
		if m.number == 0 || !m.fell {
			continue
		}
		st, err := w.base.open(m)
		for tries := 0; err != nil && tries < 100; tries++ { // a last trouble may have been on its way
			rest(w.ctx, time.Minute)
			st, err = w.base.open(m)
		}
		w.must(err)
		w.must(st.Close())
	}
	return w.members[0]
}

// jump moves the clock of a node now and then.
func (w *world) jump() {
	d := w.draw("jump")
	for range 1 + d.IntN(3) {
		if !rest(w.ctx, d.sooner(w.span/2)) {
			return
		}
		by := d.sooner(3 * time.Hour)
		if d.chance(50) {
			by = -by
		}
		w.members[d.IntN(len(w.members))].offset.Add(int64(by))
	}
}

// longest is later than any deadline of the contract: seven days of validity, three for the receipt, three of schedule.
const longest = 15 * 24 * time.Hour

// end waits until every message has ended, and takes note if one does not (I2).
func (w *world) end() {
	for start := time.Now(); ; {
		open := int64(0)
		e := w.engine(w.ctx, "end")
		w.base.sync()
		for _, h := range w.homes {
			counts, err := e.store.Counts(bg, h.workspace.ID, time.Time{}, w.now().Add(24*time.Hour))
			if err != nil && w.engine(w.ctx, "end") != e { // it died meanwhile
				open++
				break
			}
			w.must(err)
			for _, c := range counts {
				if !c.State.Final {
					open += c.N
				}
			}
		}
		if open == 0 {
			return
		}
		if time.Since(start) > longest {
			w.fault("I2: %d messages have not ended after %v", open, longest)
			return
		}
		rest(w.ctx, 6*time.Hour)
	}
}
