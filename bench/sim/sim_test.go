package sim

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smsir/smsir/bench/oracle"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// setting reads a number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(cmp.Or(os.Getenv(name), fmt.Sprint(otherwise)), 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// onDisk: each so-many-th seed has its database on the disk and not in memory, which takes three times as long. There, reads
// go on beside a commit, and a run that dies leaves a journal behind.
const onDisk = 10

// shareOfShared: each so-many-th seed has two or three nodes on PostgreSQL, where there is one.
const shareOfShared = 40 // one costs as much as a hundred others

// lingers is true in a build with a bug that sleeps within a commit. A read of a database in memory waits for the commit,
// and in virtual time nothing sleeps to its end while somebody waits for more than time.
func lingers() bool { return canary.On(canary.AckEarly) || canary.On(canary.IntentLate) }

// TestSim plays SIM_SEEDS seeds (60) from SIM_FIRST on (drawn). It ends with a line that says how many, and names each that
// fails with the command that plays it again.
func TestSim(t *testing.T) {
	t.Parallel()
	seeds := setting(t, "SIM_SEEDS", 60)
	first := setting(t, "SIM_FIRST", rand.Uint64N(1<<40))
	t.Logf("SIM_FIRST=%d", first)
	fresh := newTemplate(t)
	places := func(seed uint64) place {
		return file{fresh, seed%onDisk != 0 && !lingers()}
	}
	if each := setting(t, "SIM_SHARED", shareOfShared); each > 0 && pgtest.Wanted() {
		srv, alone := newServer(t), places
		places = func(seed uint64) place {
			if seed%each == 1%each {
				return srv
			}
			return alone(seed)
		}
	} else if each > 0 {
		t.Log("no seed has several nodes: there is no PostgreSQL here; scripts/need-postgres.sh says how to get it")
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // worlds are small and short
	}
	var next, failed atomic.Uint64
	var sum tally
	start := time.Now()
	t.Run("seeds", func(t *testing.T) {
		for worker := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				dir := scratch(t)
				for i := next.Add(1) - 1; i < seeds && failed.Load() < 5; i = next.Add(1) - 1 {
					seed := first + i
					began := time.Now()
					v := play(t, seed, dir, places(seed))
					if !v.ok() {
						failed.Add(1)
						t.Errorf("seed %d fails; play it again, at commit %s, with: SIM_SEEDS=1 SIM_FIRST=%d go test -count=1 -run '^TestSim$' ./bench/sim\n%s\n%s", seed, commit(), seed, strings.Join(v.faults, "\n"), text(t, v.Report))
					}
					sum.add(&v, time.Since(began))
					if err := clean(dir); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	})
	t.Logf("%d seeds, %d messages, %d deaths of the gateway: lost %d doubled %d lying %d unknown %d resolved %d kills %d (%.0f seeds/s)",
		sum.seeds, sum.Messages, sum.deaths, sum.Lost, sum.Doubled, sum.Lying, sum.Unknown, sum.Resolved, sum.deaths, float64(sum.seeds)/time.Since(start).Seconds())
	if sum.shared > 0 {
		t.Logf("%d seeds with several nodes, %d messages taken over by another node (%d ms a seed)", sum.shared, sum.takeovers, sum.took.Milliseconds()/int64(sum.shared))
	}
	if sum.seeds >= 50 && (sum.Messages < sum.seeds*10 || sum.Resolved == 0 || sum.deaths == 0) {
		t.Errorf("a world in which nothing happens: %+v", &sum.Report)
	}
}

// commit is what is checked out here.
func commit() string {
	out, err := exec.CommandContext(bg, "git", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// tally adds the verdicts up.
type tally struct {
	mu sync.Mutex
	oracle.Report
	seeds, deaths int
	shared        int           // seeds with several nodes
	took          time.Duration // by these
	takeovers     int
}

func (s *tally) add(v *verdict, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeds++
	s.deaths += v.deaths
	if v.nodes > 1 {
		s.shared++
		s.took += took
		s.takeovers += v.takeovers
	}
	s.Messages += v.Messages
	s.Lost += v.Lost
	s.Doubled += v.Doubled
	s.Lying += v.Lying
	s.Unknown += v.Unknown
	s.Resolved += v.Resolved
}

func text(t *testing.T, r *oracle.Report) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := r.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// clean empties a folder.
func clean(dir string) error {
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	for _, path := range all {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}
