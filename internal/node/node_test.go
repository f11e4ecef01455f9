package node_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/node"
	"github.com/smsir/smsir/internal/store"
)

const lease = 30 * time.Second

// TestNowIsTheTimeOfTheDatabase, whatever the clock of the machine says; but a difference that a slow network makes is none.
func TestNowIsTheTimeOfTheDatabase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ skew, want time.Duration }{{2 * time.Hour, -2 * time.Hour}, {-time.Minute, time.Minute}, {400 * time.Millisecond, 0}} {
		synctest.Test(t, func(t *testing.T) {
			db := newDatabase()
			db.skew = c.skew
			a := db.start(t, "a")
			if got := time.Until(a.Now()); got != c.want {
				t.Errorf("a clock that is %v ahead is corrected by %v, want %v", c.skew, got, c.want)
			}
		})
	}
}

// database plays the one that nodes share, by the clock of the bubble.
type database struct {
	mu     sync.Mutex
	down   bool
	until  map[string]time.Time
	life   map[string]int64
	lives  int64
	owner  map[smsir.UUID]string
	skew   time.Duration
	synced bool
	change int64
	heard  map[string]func(string)
	buried []string
}

func newDatabase() *database {
	return &database{until: map[string]time.Time{}, life: map[string]int64{}, owner: map[smsir.UUID]string{}, heard: map[string]func(string){}}
}

// view is the database as a node sees it.
type view struct {
	*database
	name string
	cut  atomic.Bool
}

var errDown = errors.New("the database is away")

func (v *view) lock() error {
	v.mu.Lock()
	if v.down || v.cut.Load() {
		v.mu.Unlock()
		return errDown
	}
	return nil
}

func (v *view) Renew(context.Context) (store.Lease, error) {
	if err := v.lock(); err != nil {
		return store.Lease{}, err
	}
	defer v.mu.Unlock()
	l := store.Lease{Skew: v.skew, Synced: v.synced, Changes: v.change}
	if v.life[v.name] == 0 {
		v.lives++
		v.life[v.name], l.Rejoined = v.lives, v.lives > 2
	}
	v.until[v.name], l.Life = time.Now().Add(lease), v.life[v.name]
	for name := range v.life {
		if v.life[name] > 0 && v.until[name].After(time.Now()) {
			l.Nodes++
		}
	}
	return l, nil
}

func (v *view) Bury(context.Context) (names []string, err error) {
	if err := v.lock(); err != nil {
		return nil, err
	}
	defer v.mu.Unlock()
	for name := range v.life {
		if name != v.name && v.life[name] > 0 && v.until[name].Before(time.Now()) {
			v.life[name] = 0
			names = append(names, name)
		}
	}
	v.buried = append(v.buried, names...)
	return names, nil
}

func (v *view) HoldWorkspaces(_ context.Context, workspaces []smsir.UUID) (mine []smsir.UUID, err error) {
	if err := v.lock(); err != nil {
		return nil, err
	}
	defer v.mu.Unlock()
	for _, w := range workspaces {
		if o := v.owner[w]; o == "" || o == v.name || v.life[o] == 0 {
			v.owner[w] = v.name
			mine = append(mine, w)
		}
	}
	return mine, nil
}

func (v *view) DropWorkspace(_ context.Context, w smsir.UUID) error {
	if err := v.lock(); err != nil {
		return err
	}
	defer v.mu.Unlock()
	if v.owner[w] == v.name {
		delete(v.owner, w)
	}
	return nil
}

func (v *view) Wake(_ context.Context, topic string) error {
	if err := v.lock(); err != nil {
		return err
	}
	defer v.mu.Unlock()
	for name, heard := range v.heard {
		if name != v.name {
			go heard(topic)
		}
	}
	return nil
}

func (v *view) Listen(ctx context.Context, heard func(string)) error {
	v.mu.Lock()
	v.heard[v.name] = heard
	v.mu.Unlock()
	heard("")
	<-ctx.Done()
	return nil
}

// dead are the nodes that were buried.
func (db *database) dead() []string {
	db.mu.Lock()
	defer db.mu.Unlock()
	return slices.Clone(db.buried)
}

// member is a keeper that runs.
type member struct {
	*node.Keeper
	view  *view
	mu    sync.Mutex
	taken int // times that TakeOver was called after a burial
	heard []string
}

func (db *database) start(t *testing.T, name string) *member {
	t.Helper()
	m := &member{view: &view{database: db, name: name}}
	hear := func(topic string) func() {
		return func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.heard = append(m.heard, topic)
		}
	}
	m.Keeper = node.New(node.Options{
		Store: m.view, Lease: lease, TakeOver: func(context.Context) (int, int, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.taken++
			return 0, 0, nil
		},
		Heard: map[string]func(){node.Events: hear(node.Events), node.Queue: hear(node.Queue), node.Providers: hear(node.Providers)},
	})
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
	return m
}

func (m *member) alive(t *testing.T, want bool) (life int64) {
	t.Helper()
	synctest.Wait()
	life, ok := m.Alive()
	if ok != want {
		t.Errorf("%s: alive %v, want %v", m.view.name, ok, want)
	}
	return life
}

// TestACutOffNodeStopsLongBeforeItIsBuried: half a lease after its last renewal it may not write; the other one takes over
// when the whole lease has passed; when it is back, it has another life.
func TestACutOffNodeStopsLongBeforeItIsBuried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := newDatabase()
		a, b := db.start(t, "a"), db.start(t, "b")
		time.Sleep(time.Minute)
		first := a.alive(t, true)
		a.view.cut.Store(true)
		time.Sleep(lease/2 - lease/6)
		a.alive(t, true)
		time.Sleep(lease / 6)
		a.alive(t, false)
		b.alive(t, true)
		if len(db.dead()) > 0 {
			t.Fatalf("buried %v while its lease lasted", db.dead())
		}
		time.Sleep(lease/2 + lease/3)
		if !slices.Equal(db.dead(), []string{"a"}) {
			t.Fatalf("buried %v, want a", db.dead())
		}
		a.view.cut.Store(false)
		time.Sleep(lease / 3)
		if second := a.alive(t, true); second == first {
			t.Errorf("it is back with its life %d, which was ended", first)
		}
	})
}

// TestNobodyIsBuriedAfterAnOutageOfTheDatabase: all were cut off; who is back first gives the others their time.
func TestNobodyIsBuriedAfterAnOutageOfTheDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := newDatabase()
		a, b := db.start(t, "a"), db.start(t, "b")
		time.Sleep(time.Minute)
		db.mu.Lock()
		db.down = true
		db.mu.Unlock()
		time.Sleep(10 * lease)
		a.alive(t, false)
		b.alive(t, false)
		b.view.cut.Store(true) // it comes back a little later
		db.mu.Lock()
		db.down = false
		db.mu.Unlock()
		time.Sleep(lease / 2)
		b.view.cut.Store(false)
		time.Sleep(3 * lease)
		a.alive(t, true)
		b.alive(t, true)
		if len(db.dead()) > 0 {
			t.Errorf("buried %v", db.dead())
		}
	})
}

// TestOneNodeServesAWorkspace: the other one gets it when the first lets go, is cut off, or is gone; never both.
func TestOneNodeServesAWorkspace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, ws := newDatabase(), smsir.UUID{1}
		var mu sync.Mutex
		running := map[string]bool{}
		hold := func(m *member) (stop context.CancelFunc) {
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = m.Hold(ctx, ws, func(ctx context.Context) error {
					mu.Lock()
					running[m.view.name] = true
					if len(running) > 1 {
						t.Errorf("two nodes hold the connection: %v", running)
					}
					mu.Unlock()
					<-ctx.Done()
					mu.Lock()
					delete(running, m.view.name)
					mu.Unlock()
					return nil
				})
			}()
			return func() { cancel(); <-done }
		}
		serves := func(want string) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if got := fmt.Sprint(running); got != "map["+want+":true]" {
				t.Errorf("%s run the connection, want %s", got, want)
			}
		}
		a, b := db.start(t, "a"), db.start(t, "b")
		time.Sleep(time.Minute)
		stopA := hold(a)
		synctest.Wait()
		stopB := hold(b)
		defer func() { stopB() }()
		serves("a")
		if !a.Holds(ws) || b.Holds(ws) {
			t.Error("Holds says otherwise")
		}
		stopA() // in order: the other need not wait for the end of the lease
		time.Sleep(lease / 5)
		serves("b")
		stopA = hold(a)
		defer func() { stopA() }()
		synctest.Wait()
		b.view.cut.Store(true)
		time.Sleep(2 * lease)
		serves("a")
		b.view.cut.Store(false)
		time.Sleep(lease)
		serves("a")
	})
}

// TestTellingWakesTheOthers: once for a burst, never the one that tells; everything when something may have been missed.
func TestTellingWakesTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := newDatabase()
		a := db.start(t, "a")
		a.Tell(node.Events) // nobody is there
		b := db.start(t, "b")
		heard := func(m *member) []string {
			time.Sleep(time.Second)
			synctest.Wait()
			m.mu.Lock()
			defer m.mu.Unlock()
			got := m.heard
			m.heard = nil
			slices.Sort(got)
			return got
		}
		for _, m := range []*member{a, b} {
			if got := heard(m); !slices.Equal(got, []string{node.Events, node.Providers, node.Queue}) {
				t.Errorf("%s heard %v when it began to listen, want everything once", m.view.name, got)
			}
		}
		time.Sleep(lease) // a knows of b
		for range 1000 {
			a.Tell(node.Events)
		}
		if got := heard(b); len(got) < 1 || len(got) > 3 || got[0] != node.Events {
			t.Errorf("b heard %v of a burst", got)
		}
		if got := heard(a); len(got) > 0 {
			t.Errorf("a heard itself: %v", got)
		}
		db.mu.Lock()
		db.change++ // and nobody told
		db.mu.Unlock()
		time.Sleep(2 * lease)
		for _, m := range []*member{a, b} {
			if got := heard(m); len(got) != 3 || got[0] != node.Providers {
				t.Errorf("%s heard %v of a change that nobody told", m.view.name, got)
			}
		}
	})
}

// TestClockAndDurabilityAreTold: a clock that is far off takes a node out; several nodes want a synchronous standby.
func TestClockAndDurabilityAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := newDatabase()
		a := db.start(t, "a")
		if err := a.Ready(); err != nil || a.Degraded() != "" {
			t.Errorf("alone: %v, %q", err, a.Degraded())
		}
		b := db.start(t, "b")
		time.Sleep(lease)
		if a.Degraded() == "" || b.Degraded() == "" {
			t.Error("two nodes without a standby are not told")
		}
		db.mu.Lock()
		db.skew, db.synced = -61*time.Second, true
		db.mu.Unlock()
		time.Sleep(lease)
		if err := a.Ready(); smsir.CodeOf(err) != smsir.CodeStorageDown {
			t.Errorf("a minute off: %v", err)
		}
		if a.Degraded() != "" {
			t.Errorf("with a standby: %q", a.Degraded())
		}
	})
}
