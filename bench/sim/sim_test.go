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
					faults, r, deaths := play(t, seed, dir, fresh, seed%onDisk != 0 && !lingers())
					if len(faults) > 0 || !r.OK() {
						failed.Add(1)
						t.Errorf("seed %d fails; play it again, at commit %s, with: SIM_SEEDS=1 SIM_FIRST=%d go test -count=1 -run '^TestSim$' ./bench/sim\n%s\n%s", seed, commit(), seed, strings.Join(faults, "\n"), text(t, r))
					}
					sum.add(r, deaths)
					if err := clean(dir); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	})
	t.Logf("%d seeds, %d messages, %d deaths of the gateway: lost %d doubled %d lying %d unknown %d resolved %d kills %d (%.0f seeds/s)",
		sum.seeds, sum.Messages, sum.deaths, sum.Lost, sum.Doubled, sum.Lying, sum.Unknown, sum.Resolved, sum.deaths, float64(sum.seeds)/time.Since(start).Seconds())
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
}

func (s *tally) add(r *oracle.Report, deaths int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeds++
	s.deaths += deaths
	s.Messages += r.Messages
	s.Lost += r.Lost
	s.Doubled += r.Doubled
	s.Lying += r.Lying
	s.Unknown += r.Unknown
	s.Resolved += r.Resolved
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
