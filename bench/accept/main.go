// Command accept measures durable accepts: go run ./bench/accept.
//
// In one run it measures (a) a bare group commit: the very rows that the gateway stores for a message and its first event,
// into the same tables with the same indexes and the same settings of SQLite, one goroutine that writes, and nothing
// else; and (b) the real server in a process of its own, asked over HTTP, with dispatch paused and with dispatch running.
// Each is measured with one message a request and with batches. It prints messages a second, latencies, the processor
// time of the server for a message, and how much of (a) is left in (b), and fails if that is less than the project
// requires (-min-single, -min-batch).
//
// With -cpuprofile it builds the server with a profiler in it and says where its time goes. Load generator and server
// share the machine; figures of a machine that has other work to do mean little.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code) //nolint:forbidigo // the one place that exits
}

// options are the choices of a run.
type options struct {
	duration    time.Duration // of each measurement
	warmup      time.Duration // before it
	rounds      int
	connections int // single sends
	batchers    int // connections that send batches
	batch       int // messages of a batch
	modes       []string
	profiles    string // folder; "": no profiles
	minSingle   float64
	minBatch    float64
	args        []string // of the server
}

// Modes of the server while it is measured.
const (
	paused  = "paused"   // the workspace is paused: messages are accepted and wait
	running = "running"  // the simulator takes messages as fast as it does
	unused  = "unrouted" // no provider is enabled
)

func parse(args []string, errOut io.Writer) (o options, err error) {
	f := flag.NewFlagSet("accept", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.DurationVar(&o.duration, "duration", 3*time.Second, "length of each measurement")
	f.DurationVar(&o.warmup, "warmup", time.Second, "load before each measurement")
	f.IntVar(&o.rounds, "rounds", 5, "how often everything is measured")
	f.IntVar(&o.connections, "connections", 64, "connections that send one message a request")
	f.IntVar(&o.batchers, "batchers", 8, "connections that send batches")
	f.IntVar(&o.batch, "batch", 100, "messages of a batch, at most 1000")
	modes := f.String("modes", paused+","+running, "comma-separated: paused, running, unrouted (no provider is enabled)")
	f.StringVar(&o.profiles, "cpuprofile", "", "write CPU profiles of the server to this folder and say where its time goes")
	f.Float64Var(&o.minSingle, "min-single", 40, "least share of the bare insert for single sends, in percent")
	f.Float64Var(&o.minBatch, "min-batch", 25, "least share of the bare insert for batches, in percent")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.args = f.Args()
	o.modes = strings.Split(*modes, ",")
	for _, m := range o.modes {
		if !slices.Contains([]string{paused, running, unused}, m) {
			return o, fmt.Errorf("mode %q: want paused, running or unrouted", m)
		}
	}
	if o.batch < 2 || o.batch > 1000 || o.rounds < 1 || o.connections < 1 || o.batchers < 1 {
		return o, fmt.Errorf("-batch must be 2 to 1000, -rounds, -connections and -batchers at least 1")
	}
	return o, nil
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	o, err := parse(args, errOut)
	if err != nil {
		fmt.Fprintln(errOut, "accept:", err)
		return 2
	}
	dir, err := os.MkdirTemp("", "smsir-accept-")
	if err != nil {
		fmt.Fprintln(errOut, "accept:", err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears its temporary folder too
	b := &bench{options: o, dir: dir, out: out}
	if err := b.measure(ctx); err != nil {
		fmt.Fprintln(errOut, "accept:", err)
		return 1
	}
	b.table()
	if !b.verdict() {
		return 1
	}
	return 0
}

// bench is one run.
type bench struct {
	options
	dir     string
	out     io.Writer
	binary  string
	figures []figure
}

// figure is one measurement.
type figure struct {
	what  string // bare, paused, running, unrouted
	batch bool
	round int
	result
}

func (b *bench) measure(ctx context.Context) (err error) {
	fmt.Fprintln(b.out, "building the server …")
	if b.binary, err = build(ctx, b.dir, b.profiles != ""); err != nil {
		return err
	}
	sample, err := b.sample(ctx)
	if err != nil {
		return err
	}
	for round := range b.rounds {
		if err := b.bare(ctx, round, sample); err != nil {
			return err
		}
		for _, mode := range b.modes {
			if err := b.served(ctx, round, mode); err != nil {
				return fmt.Errorf("%s: %w", mode, err)
			}
		}
	}
	return nil
}

// note keeps a figure and tells it.
func (b *bench) note(f figure) {
	b.figures = append(b.figures, f)
	fmt.Fprintf(b.out, "round %d  %-9s %-7s %8.0f msg/s  p50 %6.2f ms  p99 %6.2f ms  %5.1f µs CPU/msg%s\n", f.round+1, f.what, shape(f.batch), f.rate(), f.ms(50), f.ms(99),
		f.cpuPerMessage(), f.note())
}

func shape(batch bool) string {
	if batch {
		return "batches"
	}
	return "single"
}

// served measures the server in one mode, on an empty folder.
func (b *bench) served(ctx context.Context, round int, mode string) error {
	s, err := b.start(ctx, fmt.Sprintf("%s-%d", mode, round), mode)
	if err != nil {
		return err
	}
	defer s.kill()
	for _, batch := range []bool{false, true} {
		l := load{server: s, connections: b.connections, duration: b.duration, warmup: b.warmup}
		if batch {
			l.connections, l.batch = b.batchers, b.batch
		}
		if b.profiles != "" && round == b.rounds-1 {
			l.profile = fmt.Sprintf("%s/%s-%s.pprof", b.profiles, mode, shape(batch))
		}
		r, err := l.run(ctx)
		if err != nil {
			return err
		}
		b.note(figure{mode, batch, round, r})
		if l.profile != "" {
			if err := explain(ctx, b.out, l.profile, r.messages); err != nil {
				return err
			}
		}
	}
	return s.stop()
}

// median is the middle of the rounds' values for one thing measured.
func (b *bench) median(what string, batch bool, value func(*figure) float64) float64 {
	var all []float64
	for i := range b.figures {
		if f := &b.figures[i]; f.what == what && f.batch == batch {
			all = append(all, value(f))
		}
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// share is the part of the bare insert that is left, in percent: the median of the rounds, each against its own baseline.
func (b *bench) share(what string, batch bool) float64 {
	return b.median(what, batch, func(f *figure) float64 {
		for i := range b.figures {
			if g := &b.figures[i]; g.what == bare && g.batch == batch && g.round == f.round {
				return 100 * f.rate() / g.rate()
			}
		}
		return 0
	})
}

func (b *bench) table() {
	fmt.Fprintf(b.out, "\nMedians of %d rounds:\n", b.rounds)
	w := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\t\tmsg/s\tof bare\tp50 ms\tp99 ms\tCPU µs/msg\tof it beyond bare\t")
	for _, batch := range []bool{false, true} {
		bareCPU := b.median(bare, batch, func(f *figure) float64 { return f.cpuPerMessage() })
		for _, what := range append([]string{bare}, b.modes...) {
			cpu := b.median(what, batch, func(f *figure) float64 { return f.cpuPerMessage() })
			fmt.Fprintf(w, "%s\t%s\t%.0f\t%.0f %%\t%.2f\t%.2f\t%.1f\t%.1f\t\n", what, shape(batch), b.median(what, batch, func(f *figure) float64 { return f.rate() }),
				b.share(what, batch), b.median(what, batch, func(f *figure) float64 { return f.ms(50) }), b.median(what, batch, func(f *figure) float64 { return f.ms(99) }),
				cpu, cpu-bareCPU)
		}
	}
	_ = w.Flush()
}

// verdict compares with what is required.
func (b *bench) verdict() bool {
	ok := true
	for _, mode := range b.modes {
		for _, batch := range []bool{false, true} {
			need := b.minSingle
			if batch {
				need = b.minBatch
			}
			word := "pass"
			if got := b.share(mode, batch); got < need {
				word, ok = "FAIL", false
			}
			fmt.Fprintf(b.out, "%s  dispatch %s, %s: %.0f %% of the bare insert, required %.0f %%\n", word, mode, shape(batch), b.share(mode, batch), need)
		}
	}
	return ok
}
