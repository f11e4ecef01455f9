package sim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
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
	t       *testing.T
	seed    uint64
	dir     string
	memory  bool            // the database is in memory
	ctx     context.Context // of clients and carriers
	play    sync.WaitGroup  // of clients and carriers
	ledger  *carrier.Ledger
	client  *oracle.Ledger
	jumps   bool // clocks jump
	doubts  bool // the store loses answers
	runs    int
	offset  atomic.Int64
	crashes []*crash
	deaths  int      // read when the supervisor has ended
	ups     []uptime // likewise

	homes     []*home
	providers []*provider

	mu       sync.Mutex
	up       *engine
	back     chan struct{} // closed while up
	stops    map[silence]time.Time
	requests int
	faults   []string
}

type home struct{ workspace store.Workspace }

type silence struct {
	workspace smsir.UUID
	recipient string
}

// now is the gateway's clock.
func (w *world) now() time.Time {
	return time.Now().Add(time.Duration(w.offset.Load())).Truncate(time.Millisecond)
}

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

// play lives through one seed in an empty folder, and returns what was wrong and what the oracle says.
func play(t *testing.T, seed uint64, dir string, fresh *template, memory bool) (faults []string, r *oracle.Report, deaths int) {
	end, err := fresh.copy(filepath.Join(dir, "smsir.db"), memory)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 2, 27, 9, 20, 0, 0, time.UTC)))
		w := &world{t: t, seed: seed, dir: dir, memory: memory, back: make(chan struct{}), stops: map[silence]time.Time{}}
		file, err := os.Create(filepath.Join(dir, "client.log"))
		w.must(err)
		w.client = oracle.NewLedger(file)
		w.ledger, err = carrier.OpenLedger(filepath.Join(dir, "carrier.log"))
		w.must(err)
		w.furnish()
		ctx, stop := context.WithCancel(bg)
		w.ctx = ctx
		w.live()
		stop()
		w.play.Wait()
		w.must(file.Close())
		w.must(w.ledger.Close())
		r, err = oracle.Judge(bg, oracle.Evidence{
			Database: filepath.Join(dir, "smsir.db"), Memory: memory, Simulator: filepath.Join(dir, "simulator.log"), Client: filepath.Join(dir, "client.log"),
			Carriers: []string{filepath.Join(dir, "carrier.log")}, Now: w.now(),
		})
		w.must(err)
		w.must(w.otherTries())
		faults, deaths = w.faults, w.deaths
	})
	if err := end(); err != nil {
		t.Fatal(err)
	}
	return faults, r, deaths
}

// furnish draws the world: workspaces, providers, and where the gateway dies.
func (w *world) furnish() {
	d := w.draw("world")
	w.jumps, w.doubts = d.chance(15), d.chance(25)
	now := time.Now()
	for i := range 1 + d.IntN(2) {
		h := &home{store.Workspace{ID: smsir.NewUUID(now), Name: fmt.Sprint("home ", i), Country: "GB", TimeZone: "UTC", CreatedAt: now}}
		w.homes = append(w.homes, h)
		for j := range 1 + d.IntN(3) {
			p := &provider{
				w: w, id: smsir.NewUUID(now), workspace: h.workspace.ID, name: fmt.Sprintf("p%d%d", i, j), window: 1 + d.IntN(8),
				carries: d.chance(40), terse: d.chance(50), asked: d.chance(70), tries: map[smsir.ID]int{}, taken: map[smsir.ID][]string{},
			}
			for range d.IntN(3) {
				from := now.Add(d.within(0, 2*24*time.Hour))
				p.outages = append(p.outages, [2]time.Time{from, from.Add(d.sooner(12 * time.Hour))})
			}
			w.providers = append(w.providers, p)
		}
	}
	methods := []string{"Accept", "Intend", "Intend", "Finish", "Finish", "StoreReceipt", "Claim", "Tick", "Cancel", "Recover", "StoreInbound", "Release", "Look"}
	for range d.weighted(30, 30, 25, 15) {
		w.crashes = append(w.crashes, &crash{method: methods[d.IntN(len(methods))], n: 1 + d.IntN(12), after: d.chance(50)})
	}
	w.must(os.WriteFile(filepath.Join(w.dir, "simulator.log"), nil, 0o600))
}

// settle stores the workspaces and their providers.
func (w *world) settle(e *engine) {
	now := time.Now()
	for i, h := range w.homes {
		user := store.User{ID: smsir.NewUUID(now), Email: h.workspace.Name + "@example.com", CreatedAt: now}
		w.must(e.store.Register(bg, store.Registration{
			User: user, Workspace: &h.workspace, Role: store.Owner, Setup: h == w.homes[0], Audit: store.AuditEntry{At: now},
			Session: store.Session{ID: smsir.NewUUID(now), TokenHash: [32]byte{byte(i)}, User: user.ID, Workspace: h.workspace.ID, CreatedAt: now, ExpiresAt: now.Add(time.Hour)},
		}))
	}
	for _, p := range w.providers {
		w.must(e.store.CreateProvider(bg, store.Provider{ID: p.id, Workspace: p.workspace, Kind: "sim", Name: p.name, Enabled: true, Priority: 1, CreatedAt: now, UpdatedAt: now}, store.AuditEntry{At: now}))
	}
}

// live plays until everything has ended.
func (w *world) live() {
	d := w.draw("life")
	running, stop := context.WithCancel(bg)
	ended := make(chan struct{})
	go func() { defer close(ended); w.supervise(running) }()
	var clients sync.WaitGroup
	n := 5 + d.IntN(15)
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
	w.end()
	stop()
	<-ended
}

// jump moves the gateway's clock now and then.
func (w *world) jump() {
	d := w.draw("jump")
	for range 1 + d.IntN(3) {
		if !rest(w.ctx, d.sooner(24*time.Hour)) {
			return
		}
		by := d.sooner(3 * time.Hour)
		if d.chance(50) {
			by = -by
		}
		w.offset.Add(int64(by))
	}
}

// longest is later than any deadline of the contract: seven days of validity, three for the receipt, three of schedule.
const longest = 15 * 24 * time.Hour

// end waits until every message has ended, and takes note if one does not (I2).
func (w *world) end() {
	for start := time.Now(); ; {
		open := int64(0)
		e := w.engine(w.ctx)
		for _, h := range w.homes {
			counts, err := e.store.Counts(bg, h.workspace.ID, time.Time{}, w.now().Add(24*time.Hour))
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
