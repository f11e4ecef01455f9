// Command chaos runs everything that tries to make the gateway lose, double or lie about a message: go run ./bench/chaos.
//
// A pass is: simulated days from seeds (bench/sim); random kills, and a kill at each failpoint; kills of the gateway and of
// the database server on PostgreSQL; reports in any order, cancel races, storms of one key, a herd, a backlog of another
// workspace, a bad network, a full disk (all in e2e). With -minutes it makes passes, each of them larger, until the time is
// over. It adds up what the oracle says and ends with one line:
//
//	lost 0 doubled 0 lying 0 unknown n resolved m kills k
//
// It exits 0 if everything passed, 1 if anything did not, and names what this machine could not run. A scenario that fails
// keeps its log and its evidence.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code) //nolint:forbidigo // the one place that exits
}

// scenario is one test of a package, with how much it does in the first pass.
type scenario struct {
	pkg, test string
	amount    string // the variable that says how much
	first     int
	more      int // in each further pass
}

// scenarios are in the order of a pass. What is quick and finds most comes first.
func scenarios() []scenario {
	return []scenario{
		{"bench/sim", "TestSim", "SIM_SEEDS", 2000, 4000},
		{"e2e", "TestReceiptsInAnyOrder", "SMSIR_CHAOS", 2, 8},
		{"e2e", "TestCancelRaces", "SMSIR_CHAOS", 2, 8},
		{"e2e", "TestStorms", "SMSIR_CHAOS", 2, 8},
		{"e2e", "TestHerd", "SMSIR_CHAOS", 2, 4},
		{"e2e", "TestBacklogOfAnother", "SMSIR_CHAOS", 2, 10},
		{"e2e", "TestPartitions", "SMSIR_CHAOS", 2, 6},
		{"e2e", "TestDiskFull", "SMSIR_CHAOS", 1, 4},
		{"e2e", "TestCarrierFaults", "SMSIR_CHAOS", 1, 1},
		{"e2e", "TestCrash", "SMSIR_CRASH_KILLS", 30, 60},
		{"e2e", "TestFailpoints", "SMSIR_CRASH_ROUNDS", 1, 1},
		{"e2e", "TestKillDuringMigrations", "SMSIR_CHAOS", 1, 1},
		{"e2e", "TestWebhooksUnderKills", "SMSIR_CRASH_KILLS", 5, 15},
		{"e2e", "TestCrashOnPostgres", "SMSIR_CRASH_KILLS", 12, 30},
	}
}

// totals is what all oracles said together.
type totals struct {
	lost, doubled, lying, unknown, resolved, kills int
	ran                                            int
	failed, missing                                []string
}

func (t *totals) String() string {
	return fmt.Sprintf("lost %d doubled %d lying %d unknown %d resolved %d kills %d", t.lost, t.doubled, t.lying, t.unknown, t.resolved, t.kills)
}

// atOnce is how many scenarios run at the same time: most of them wait more than they work.
const atOnce = 2

// chaos is one run of the command.
type chaos struct {
	dir string

	mu     sync.Mutex // of what follows
	out    io.Writer
	totals totals
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.SetOutput(errOut)
	minutes := f.Float64("minutes", 0, "begin passes for so many minutes; 0: one pass")
	only := f.String("only", "", "only scenarios whose test has this in its name")
	if err := f.Parse(args); err != nil {
		return 2
	}
	dir, err := os.MkdirTemp("", "smsir-chaos-")
	if err != nil {
		fmt.Fprintln(errOut, "chaos:", err)
		return 2
	}
	c := &chaos{dir: dir, out: out}
	if err := c.build(ctx); err != nil {
		fmt.Fprintln(errOut, "chaos:", err)
		return 2
	}
	end := time.Now().Add(time.Duration(*minutes * float64(time.Minute)))
	for pass := 1; pass == 1 || time.Now().Before(end); pass++ {
		next := make(chan scenario)
		var work sync.WaitGroup
		for range atOnce {
			work.Go(func() {
				for s := range next {
					c.play(ctx, s, pass)
				}
			})
		}
		for _, s := range scenarios() {
			if ctx.Err() != nil || pass > 1 && time.Now().After(end) {
				break
			}
			if strings.Contains(s.test, *only) {
				next <- s
			}
		}
		close(next)
		work.Wait()
		if ctx.Err() != nil {
			c.totals.failed = append(c.totals.failed, "the run was broken off")
			break
		}
	}
	return c.close()
}

// build makes the test programs, once.
func (c *chaos) build(ctx context.Context) error {
	for _, pkg := range []string{"bench/sim", "e2e"} {
		cmd := exec.CommandContext(ctx, "go", "test", "-c", "-o", c.program(pkg), "./"+pkg) //nolint:gosec // our own packages
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build the tests of %s (run it in the root of the repository): %w\n%s", pkg, err, out)
		}
	}
	return nil
}

func (c *chaos) program(pkg string) string { return filepath.Join(c.dir, filepath.Base(pkg)+".test") }

// play runs a scenario in its package's folder and reads what it says.
func (c *chaos) play(ctx context.Context, s scenario, pass int) {
	n := s.first
	if pass > 1 {
		n = s.more
	}
	cmd := exec.CommandContext(ctx, c.program(s.pkg), "-test.v", "-test.count=1", "-test.timeout=4h", "-test.run=^"+s.test+"$") //nolint:gosec // what build made
	cmd.Dir = s.pkg
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", s.amount, n))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	start := time.Now()
	err := cmd.Run()
	c.mu.Lock()
	defer c.mu.Unlock()
	verdict, line := c.totals.read(s, log.String(), err)
	fmt.Fprintf(c.out, "%-26s %-7s %6d  %6.1f s  %s\n", s.test, verdict, n, time.Since(start).Seconds(), line)
	if verdict == failed {
		path := filepath.Join(c.dir, fmt.Sprintf("%s-%d.log", s.test, pass))
		if err := os.WriteFile(path, log.Bytes(), 0o600); err == nil {
			fmt.Fprintln(c.out, "    log:", path)
		}
		for _, l := range faults(log.String()) {
			fmt.Fprintln(c.out, "    "+l)
		}
	}
}

// Verdicts on a scenario.
const (
	passed  = "pass"
	failed  = "FAIL"
	missing = "NOT RUN"
)

var closing = regexp.MustCompile(`lost (\d+) doubled (\d+) lying (\d+) unknown (\d+) resolved (\d+) kills (\d+)`)

// read judges the output of a scenario and adds it up.
func (t *totals) read(s scenario, log string, err error) (verdict, line string) {
	all := closing.FindAllStringSubmatch(log, -1)
	if len(all) > 0 {
		last := all[len(all)-1]
		line = last[0]
		for i, to := range []*int{&t.lost, &t.doubled, &t.lying, &t.unknown, &t.resolved, &t.kills} {
			n := 0
			_, _ = fmt.Sscan(last[i+1], &n) // digits
			*to += n
		}
	}
	switch {
	case err == nil && strings.Contains(log, "--- SKIP: "+s.test):
		t.missing = append(t.missing, s.test)
		return missing, why(log)
	case err == nil && strings.Contains(log, "--- PASS: "+s.test):
		t.ran++
		return passed, line
	}
	t.failed = append(t.failed, s.test)
	return failed, line
}

// why is what a skipped test says.
func why(log string) string {
	for l := range strings.Lines(log) {
		if strings.Contains(l, "_test.go:") {
			_, text, _ := strings.Cut(l, ": ")
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// faults are the lines that tell what went wrong, the first twenty.
func faults(log string) (all []string) {
	for l := range strings.Lines(log) {
		if l = strings.TrimRight(l, "\n"); len(all) < 20 && (strings.Contains(l, "_test.go:") || strings.Contains(l, "FAIL  ") || strings.Contains(l, "panic:") || strings.Contains(l, "evidence")) {
			all = append(all, l)
		}
	}
	return all
}

// close says how it went, and removes what nobody needs.
func (c *chaos) close() int {
	t := &c.totals
	slices.Sort(t.missing)
	if names := slices.Compact(t.missing); len(names) > 0 {
		fmt.Fprintln(c.out, "not run on this machine:", strings.Join(names, ", "))
	}
	slices.Sort(t.failed)
	if names := slices.Compact(t.failed); len(names) > 0 {
		fmt.Fprintln(c.out, "failed:", strings.Join(names, ", "))
	}
	fmt.Fprintln(c.out, t)
	if len(t.failed) > 0 || t.lost+t.doubled+t.lying > 0 || t.ran == 0 {
		return 1
	}
	_ = os.RemoveAll(c.dir)
	return 0
}
