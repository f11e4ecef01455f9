// Command chaos runs everything that tries to make the gateway lose, double or lie about a message: go run ./bench/chaos.
//
// A pass is: simulated days from seeds (bench/sim); random kills, and a kill at each failpoint; kills of the gateway and of
// the database server on PostgreSQL, and a server that hangs; reports in any order, cancel races, storms of one key, herds, a
// backlog of another workspace, bad networks, a full disk, power cuts (all in e2e). With -minutes it makes passes, each of them larger,
// until the time is over. With -beyond-tests it plays only that of which a pass does much more than "make test": .ci/run has
// called that before. With -figures nightly (or release) it does so much of each as these figures of docs/reliability.md
// ask for, one after the other, and judges times too. It adds up what the oracle says and ends with one line:
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
	amount    string // the variable, or the flag, that says how much
	usual     int    // what it does when nobody says: in "make test"
	first     int
	more      int // in each further pass
}

// beyondTests reports whether the first pass does much more than "make test": three times as much, or with [rounds], of which
// none is a sample, any.
func (s scenario) beyondTests() bool { return s.first > s.usual && s.first >= 3*s.usual }

// Variables that say how much.
const (
	seeds  = "SIM_SEEDS"
	size   = "SMSIR_CHAOS"
	kills  = "SMSIR_CRASH_KILLS"
	rounds = "SMSIR_CRASH_ROUNDS"
	cases  = "-rapid.checks"
)

// packages are where the scenarios are; "." is the root.
func packages() []string { return []string{".", "bench/sim", "e2e"} }

// scenarios are in the order of a pass. What takes longest comes first, so that two at a time end together.
func scenarios() []scenario {
	return []scenario{
		{"bench/sim", "TestSim", seeds, 60, 2000, 10_000},
		{"e2e", "TestCrash", kills, 5, 30, 60},
		{"e2e", "TestCrashOnPostgres", kills, 4, 12, 30},
		{"e2e", "TestFailpoints", rounds, 0, 1, 1},
		{"e2e", "TestFailpointsOnPostgres", rounds, 0, 0, 1},
		{"e2e", "TestNodePartitions", size, 1, 2, 6},
		{"e2e", "TestDatabaseDown", size, 1, 1, 3},
		{"e2e", "TestWebhooksUnderKills", kills, 3, 5, 15},
		{"e2e", "TestSMPPUnderKills", kills, 3, 3, 15},
		{"e2e", "TestCampaignUnderKills", kills, 4, 4, 4},
		{"e2e", "TestAnswersUnderKills", kills, 5, 5, 15},
		{"e2e", "TestRestartWithBacklog", size, 1, 5, 50},
		{"e2e", "TestBacklogReleased", size, 1, 4, 20},
		{"e2e", "TestBacklogOfAnother", size, 1, 2, 10},
		{"e2e", "TestReceiptsInAnyOrder", size, 1, 2, 8},
		{"e2e", "TestCancelRaces", size, 1, 2, 8},
		{"e2e", "TestStorms", size, 1, 2, 8},
		{"e2e", "TestHerd", size, 1, 2, 4},
		{"e2e", "TestPartitions", size, 1, 2, 6},
		{"e2e", "TestDiskFull", size, 1, 1, 4},
		{"e2e", "TestPowerCuts", size, 1, 1, 5},
		{"e2e", "TestCarrierFaults", size, 1, 1, 1},
		{"e2e", "TestKillDuringMigrations", size, 1, 1, 1},
		{".", "TestNoSequenceOfEvidenceBreaksTheContract", cases, 100, 10_000, 200_000},
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
	played int // scenarios that failed, to name their logs
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.SetOutput(errOut)
	minutes := f.Float64("minutes", 0, "begin passes for so many minutes; 0: one pass")
	only := f.String("only", "", "only scenarios whose test has one of these in its name, separated by commas")
	skip := f.String("skip", "", "no scenarios whose test has one of these in its name")
	beyond := f.Bool("beyond-tests", false, "only scenarios of which a pass does at least three times as much as make test")
	tier := f.String("figures", "", "nightly or release: what these figures ask for, once")
	if err := f.Parse(args); err != nil {
		return 2
	}
	wanted := func(test string) bool { return (*only == "" || has(test, *only)) && (*skip == "" || !has(test, *skip)) }
	if *tier != "" && !slices.Contains(tiers(), *tier) {
		fmt.Fprintf(errOut, "chaos: there are no figures %q; there are %s\n", *tier, strings.Join(tiers(), " and "))
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
	if *tier != "" {
		c.figures(ctx, *tier, wanted)
	} else {
		all := scenarios()
		if *beyond {
			all = slices.DeleteFunc(all, func(s scenario) bool { return !s.beyondTests() })
		}
		c.passes(ctx, *minutes, all, wanted)
	}
	if ctx.Err() != nil {
		c.totals.failed = append(c.totals.failed, "the run was broken off")
	}
	return c.close()
}

// has reports whether a name has one of several words in it, separated by commas.
func has(name, words string) bool {
	return slices.ContainsFunc(strings.Split(words, ","), func(w string) bool { return strings.Contains(name, w) })
}

// passes makes one, and further ones until the time is over.
func (c *chaos) passes(ctx context.Context, minutes float64, all []scenario, wanted func(test string) bool) {
	end := time.Now().Add(time.Duration(minutes * float64(time.Minute)))
	for pass := 1; ctx.Err() == nil && (pass == 1 || time.Now().Before(end)); pass++ {
		next := make(chan scenario)
		var work sync.WaitGroup
		for range atOnce {
			work.Go(func() {
				for s := range next {
					n := s.first
					if pass > 1 {
						n = s.more
					}
					c.play(ctx, s, n, s.test)
				}
			})
		}
		for _, s := range all {
			if ctx.Err() != nil || pass > 1 && time.Now().After(end) {
				break
			}
			if wanted(s.test) {
				next <- s
			}
		}
		close(next)
		work.Wait()
	}
}

// build makes the test programs and the gateway with and without failpoints, once.
func (c *chaos) build(ctx context.Context) error {
	all := [][]string{
		{"build", "-trimpath", "-o", filepath.Join(c.dir, "smsir"), "./cmd/smsir"},
		{"build", "-trimpath", "-tags", "failpoints", "-o", filepath.Join(c.dir, "smsir-failpoints"), "./cmd/smsir"},
	}
	for _, pkg := range packages() {
		all = append(all, []string{"test", "-c", "-o", c.program(pkg), "./" + pkg})
	}
	for _, args := range all {
		cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // our own packages
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s (run it in the root of the repository): %w\n%s", args[len(args)-1], err, out)
		}
	}
	return nil
}

func (c *chaos) program(pkg string) string {
	return filepath.Join(c.dir, strings.TrimPrefix(filepath.Base(pkg)+".test", "."))
}

// play runs a scenario n times as large as its smallest in its package's folder, and reads what it says.
func (c *chaos) play(ctx context.Context, s scenario, n int, title string, env ...string) {
	args := []string{"-test.v", "-test.count=1", "-test.timeout=8h", "-test.run=^" + s.test + "$"}
	if strings.HasPrefix(s.amount, "-") {
		args = append(args, fmt.Sprintf("%s=%d", s.amount, n))
	} else {
		env = append(env, fmt.Sprintf("%s=%d", s.amount, n))
	}
	cmd := exec.CommandContext(ctx, c.program(s.pkg), args...) //nolint:gosec // what build made
	cmd.Dir = s.pkg
	cmd.Env = append(append(os.Environ(), "SMSIR_BUILT="+c.dir), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	start := time.Now()
	err := cmd.Run()
	c.mu.Lock()
	defer c.mu.Unlock()
	verdict, line := c.totals.read(s, log.String(), err)
	fmt.Fprintf(c.out, "%-26s %-7s %6d  %6.1f s  %s\n", title, verdict, n, time.Since(start).Seconds(), line)
	for _, l := range measured(log.String()) {
		fmt.Fprintln(c.out, "    "+l)
	}
	if verdict == failed {
		c.played++
		path := filepath.Join(c.dir, fmt.Sprintf("%s-%d.log", s.test, c.played))
		if err := os.WriteFile(path, log.Bytes(), 0o600); err == nil {
			fmt.Fprintln(c.out, "    log:", path)
		}
		for _, l := range faults(log.String()) {
			fmt.Fprintln(c.out, "    "+l)
		}
	}
}

// measured are the figures that a scenario tells.
func measured(log string) (all []string) {
	for l := range strings.Lines(log) {
		if _, text, found := strings.Cut(l, ": figure: "); found {
			all = append(all, strings.TrimSpace(text))
		}
	}
	return all
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
