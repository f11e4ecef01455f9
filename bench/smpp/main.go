// Command smpp measures a whole gateway between programs and an SMPP carrier: go run ./bench/smpp.
//
// In one run it measures messages a second, each from its submission to the receipt in the hands of its sender, through
//
//   - SMSir, durable on SQLite as users get it: HTTP in, SMPP out, receipts over the event stream;
//   - SMSir: SMPP in, SMPP out, receipts as deliver_sm;
//   - Kannel (bearerbox and smsbox, queues and receipts in memory): HTTP in, SMPP out, receipts by its dlr-url,
//
// each with the same carrier (a process of its own that takes everything and confirms every delivery), the same load
// generator and the same windows, one after the other, several rounds. Gateway, carrier and generator share the machine.
// It prints the figures of every round and the ratio to Kannel, and fails if a message was lost, came twice, or if the ratio is
// less than the project requires (-min). Without Kannel it prints SMSir's figures and says that nothing was compared.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "carrier" { // a process of its own, started by the other one
		os.Exit(carrierMain()) //nolint:forbidigo // the one place that exits
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code) //nolint:forbidigo // as above
}

// bench is one run.
type bench struct {
	messages int // of each measurement
	rounds   int
	windows  []int
	senders  int // HTTP connections
	ahead    int // messages without receipt at once
	min      float64
	profiles string // folder; "": none
	dir      string
	out      io.Writer
	binary   string
	figures  map[string][]float64 // messages a second, by what and window
	cost     map[string][]float64 // of the gateway's processor, in microseconds a message, likewise
}

// What is measured.
const (
	httpIn = "SMSir, HTTP in"
	smppIn = "SMSir, SMPP in"
	kannel = "Kannel, HTTP in"
)

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	b := &bench{out: out, figures: map[string][]float64{}, cost: map[string][]float64{}}
	f := flag.NewFlagSet("smpp", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.IntVar(&b.messages, "messages", 20_000, "messages of each measurement")
	f.IntVar(&b.rounds, "rounds", 3, "how often everything is measured")
	windows := f.String("windows", "10,100", "comma-separated: submit_sm without answer at once, towards the carrier and from SMPP clients")
	f.IntVar(&b.senders, "connections", 64, "HTTP connections that send")
	f.IntVar(&b.ahead, "ahead", 5000, "messages without receipt at once")
	f.Float64Var(&b.min, "min", 1.5, "least ratio to Kannel of the median, for each way in and window")
	f.StringVar(&b.binary, "binary", "", "measure this SMSir instead of building one")
	f.StringVar(&b.profiles, "cpuprofile", "", "write CPU profiles of SMSir to this folder")
	if err := f.Parse(args); err != nil {
		return 2
	}
	for _, w := range strings.Split(*windows, ",") {
		n, err := strconv.Atoi(w)
		if err != nil || n < 1 || n > 1000 {
			fmt.Fprintf(errOut, "smpp: -windows %s: each must be a number from 1 to 1000\n", *windows)
			return 2
		}
		b.windows = append(b.windows, n)
	}
	dir, err := os.MkdirTemp("", "smsir-bench-smpp-")
	if err != nil {
		fmt.Fprintln(errOut, "smpp:", err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears its temporary folder too
	b.dir = dir
	compared, err := b.measure(ctx)
	if err != nil {
		fmt.Fprintln(errOut, "smpp:", err)
		return 1
	}
	if !b.table(compared) {
		return 1
	}
	return 0
}

func (b *bench) measure(ctx context.Context) (compared bool, err error) {
	if b.binary == "" {
		fmt.Fprintln(b.out, "building SMSir …")
		if b.binary, err = b.build(ctx); err != nil {
			return false, err
		}
	}
	boxes, missing := findKannel()
	if missing != nil {
		fmt.Fprintf(b.out, "NOT COMPARED: %v\n", missing)
	}
	for round := range b.rounds {
		for _, window := range b.windows {
			for _, what := range []string{httpIn, smppIn, kannel} {
				if what == kannel && missing != nil {
					continue
				}
				rate, cost, note, err := b.one(ctx, what, window, round, boxes)
				if err != nil {
					return false, fmt.Errorf("%s, window %d: %w", what, window, err)
				}
				key := what + " " + strconv.Itoa(window)
				b.figures[key], b.cost[key] = append(b.figures[key], rate), append(b.cost[key], cost)
				fmt.Fprintf(b.out, "round %d  window %-3d  %-16s %6.0f messages/s  %s\n", round+1, window, what, rate, note)
			}
		}
	}
	return missing == nil, nil
}

// target is a gateway under load.
type target interface {
	// load sends messages and returns when every receipt is there; it returns how long that took.
	load(ctx context.Context, messages int) (time.Duration, error)
	// pids are its processes.
	pids() []int
	stop() error
}

// one measures one gateway with a carrier of its own.
func (b *bench) one(ctx context.Context, what string, window, round int, boxes map[string]string) (rate, cost float64, note string, err error) {
	far, err := startCarrier(ctx)
	if err != nil {
		return 0, 0, "", err
	}
	dir := filepath.Join(b.dir, fmt.Sprintf("%s-%d-%d", strings.ReplaceAll(what, " ", ""), window, round))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, 0, "", err
	}
	var t target
	if what == kannel {
		t, err = b.startKannel(ctx, boxes, dir, far.port, window)
	} else {
		t, err = b.startSMSir(ctx, dir, far.port, window, what == smppIn)
	}
	if err != nil {
		_, _ = far.stop() // the other error says more
		return 0, 0, "", err
	}
	warm := max(b.messages/10, 100)
	if _, err = t.load(ctx, warm); err == nil {
		var took time.Duration
		before, around := cpuOf(t.pids()), cpuOf([]int{os.Getpid(), far.cmd.Process.Pid})
		g, ours := t.(*gateway)
		var m meters
		if ours {
			m = g.meters(ctx)
		}
		if ours && b.profiles != "" {
			g.toggle()
		}
		took, err = t.load(ctx, b.messages)
		if ours && b.profiles != "" {
			err = errors.Join(err, g.save(filepath.Join(b.profiles, fmt.Sprintf("%s-%d.pprof", strings.ReplaceAll(what, " ", ""), window))))
		}
		rate = float64(b.messages) / max(took.Seconds(), 1e-9)
		cost = (cpuOf(t.pids()) - before).Seconds() * 1e6 / float64(b.messages)
		around = cpuOf([]int{os.Getpid(), far.cmd.Process.Pid}) - around
		note = fmt.Sprintf("%3.0f µs of processor a message (load and carrier %.0f)", cost, around.Seconds()*1e6/float64(b.messages))
		if ours {
			n := g.meters(ctx)
			commits := max(n.commits-m.commits, 1)
			note += fmt.Sprintf(", %.0f commits/s of %.0f steps and %.1f ms", commits/took.Seconds(), (n.steps-m.steps)/commits, 1000*(n.committing-m.committing)/commits)
		}
	}
	stopped := t.stop()
	taken, ended := far.stop()
	if err = errors.Join(err, stopped, ended); err == nil && taken != warm+b.messages {
		err = fmt.Errorf("the carrier got %d messages, want %d", taken, warm+b.messages)
	}
	return rate, cost, note, err
}

// table prints the medians, and whether they are good enough.
func (b *bench) table(compared bool) bool {
	good := true
	w := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nmedians\twindow\tmessages/s\tprocessor\tratio to Kannel")
	for _, window := range b.windows {
		base := median(b.figures[kannel+" "+strconv.Itoa(window)])
		for _, what := range []string{httpIn, smppIn, kannel} {
			key := what + " " + strconv.Itoa(window)
			got, cost := median(b.figures[key]), median(b.cost[key])
			switch {
			case got == 0:
			case !compared || what == kannel:
				fmt.Fprintf(w, "%s\t%d\t%.0f\t%.0f µs\t\n", what, window, got, cost)
			default:
				ratio := got / base
				verdict := ""
				if ratio < b.min {
					verdict, good = fmt.Sprintf("less than %.2f", b.min), false
				}
				fmt.Fprintf(w, "%s\t%d\t%.0f\t%.0f µs\t%.2f\t%s\n", what, window, got, cost, ratio, verdict)
			}
		}
	}
	_ = w.Flush() // to standard output
	return good
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// cpuOf is the processor time of some processes so far, 0 where /proc does not tell.
func cpuOf(pids []int) (total time.Duration) {
	for _, pid := range pids {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		if f := strings.Fields(rest); len(f) > 13 {
			user, _ := strconv.Atoi(f[11])
			system, _ := strconv.Atoi(f[12])
			total += time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
		}
	}
	return total
}

// end asks a process to end and waits for it.
func end(cmd *exec.Cmd, ended <-chan error) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(30 * time.Second):
		_ = cmd.Process.Kill() // it had its time
		return fmt.Errorf("%s does not end", filepath.Base(cmd.Path))
	}
}
