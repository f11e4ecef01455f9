package sim

import (
	"bytes"
	"cmp"
	"database/sql"
	"errors"
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
	"github.com/smsir/smsir/internal/store/sqlite"
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

// TestSim plays SIM_SEEDS seeds (60) from SIM_FIRST on (drawn). It ends with a line that says how many, and names each that
// fails with the command that plays it again.
func TestSim(t *testing.T) {
	t.Parallel()
	seeds := setting(t, "SIM_SEEDS", 60)
	first := setting(t, "SIM_FIRST", rand.Uint64N(1<<40))
	t.Logf("SIM_FIRST=%d", first)
	fresh := emptyDatabase(t)
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
					clear := prepare(t, dir, fresh)
					faults, r, deaths := play(t, seed, dir)
					if len(faults) > 0 || !r.OK() {
						failed.Add(1)
						t.Errorf("seed %d fails; play it again, at commit %s, with: SIM_SEEDS=1 SIM_FIRST=%d go test -count=1 -run '^TestSim$' ./bench/sim\n%s\n%s", seed, commit(), seed, strings.Join(faults, "\n"), text(t, r))
					}
					sum.add(r, deaths)
					clear()
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

// lived are the tables that the stages of this world and the oracle know. Opening a connection reads the whole schema, and
// a seed opens many: without the others it takes a third less time. A stage that asks for another one fails with "no such
// table"; add it here.
var lived = []string{
	"attempts", "audit", "auto_replies", "client_refs", "confirmations", "consents", "contacts", "conversation_messages", "conversations", "counts", "events",
	"goose_db_version", "idempotency", "inbound", "inbox_settings", "jobs", "members", "messages", "nodes", "opt_out_reviews", "part_sets", "parts", "providers",
	"receipts", "schema_version", "sessions", "set_parts", "settings", "suppressions", "users", "workspaces",
}

// emptyDatabase makes a database once, so that no seed has to.
func emptyDatabase(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "smsir.db")
	st, err := sqlite.Open(bg, path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := shrink(path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// shrink drops the tables that nothing here uses.
func shrink(path string) (err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var drop string
	if err := db.QueryRowContext(bg, "SELECT group_concat('DROP TABLE ' || name, ';') FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('"+
		strings.Join(lived, "', '")+"')").Scan(&drop); err != nil {
		return err
	}
	_, err = db.ExecContext(bg, drop+"; VACUUM")
	return err
}

// scratch is a folder in memory, where there is such a thing: nobody pulls the plug here.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "smsir-sim-") //nolint:usetesting // in memory
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// prepare puts a fresh database into a folder; the returned function empties it.
func prepare(t *testing.T, dir string, fresh []byte) (empty func()) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "smsir.db"), fresh, 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		all, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range all {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
		}
	}
}
