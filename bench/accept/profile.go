package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// toggleProfile starts or ends the server's CPU profile.
func (s *server) toggleProfile() error { return s.cmd.Process.Signal(syscall.SIGUSR1) }

// saveProfile ends the profile, waits until it is written, and moves it to a file.
func (s *server) saveProfile(to string) error {
	if err := s.toggleProfile(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	for range 200 {
		if b, err := os.ReadFile(s.profile + ".done"); err == nil {
			return errors.Join(os.WriteFile(to, b, 0o600), os.Remove(s.profile+".done"))
		}
		<-time.After(50 * time.Millisecond)
	}
	return errors.New("the server wrote no profile")
}

// place is a stage of a request, known by a function that all its time passes through. Its own time is what is not spent
// in the stages within.
type place struct {
	name     string
	function string   // its name ends so
	within   []string // functions whose time is not its own
}

func places() []place {
	const module = "github.com/smsir/smsir/internal/"
	return []place{
		{"HTTP: read, parse, write", "net/http.(*conn).serve", []string{module + "httpd.(*Server).serve"}},
		{"door: credential, JSON, answer", module + "httpd.(*Server).serve", []string{module + "accept.(*Service).Send"}},
		{"accept: number, text, rules", module + "accept.(*Service).Send", []string{module + "store/sqlite.(*Store).Accept"}},
		{"accept: waiting for the commit", module + "store/sqlite.(*Store).Accept", nil},
		{"writer: one goroutine", module + "store/sqlite.(*writer).loop", nil},
		{"  of it: insert messages", module + "store/sqlite.(*wtx).insertMessage", nil},
		{"  of it: insert events", module + "store/sqlite.(*wtx).insertEvent", nil},
		{"  of it: intents", module + "store/sqlite.(*wtx).intend", nil},
		{"  of it: outcomes", module + "store/sqlite.(*wtx).finish", nil},
		{"  of it: receipts", module + "store/sqlite.(*wtx).storeReceipt", nil},
		{"  of it: begin, commit, sync", module + "store/sqlite.(*writer).exec", nil},
		{"dispatch: clock", module + "dispatch.(*Dispatcher).clock", nil},
		{"dispatch: lanes", module + "dispatch.(*lane).start", nil},
		{"dispatch: hand-overs", module + "dispatch.(*lane).send", nil},
		{"events to followers", module + "notify.(*Hub).Run", nil},
		{"garbage collection", "runtime.gcBgMarkWorker", nil},
		{"scheduler", "runtime.mcall", nil},
	}
}

// explain says where the processor time of a profile went.
func explain(ctx context.Context, out io.Writer, file string, messages int) error {
	top, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-cum", "-nodecount=100000", "-nodefraction=0", "-unit=us", file).Output() //nolint:gosec // our own file
	if err != nil {
		return fmt.Errorf("pprof: %w", err)
	}
	total, cum, err := readTop(top)
	if err != nil {
		return err
	}
	perMessage := func(us float64) float64 { return us / float64(max(messages, 1)) }
	fmt.Fprintf(out, "  %s: %.1f s of processor time, %.1f µs a message\n", file, total/1e6, perMessage(total))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, p := range places() {
		us := cum[p.function]
		for _, f := range p.within {
			us -= cum[f]
		}
		if us > 0 {
			fmt.Fprintf(w, "  \t%s\t%.1f µs\t%.0f %%\n", p.name, perMessage(us), 100*us/total)
		}
	}
	return w.Flush()
}

// readTop reads what pprof -top writes: the total, and the cumulative time by function, in microseconds.
func readTop(text []byte) (total float64, cum map[string]float64, err error) {
	cum = map[string]float64{}
	in := bufio.NewScanner(bytes.NewReader(text))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		line := in.Text()
		if _, rest, ok := strings.Cut(line, "Total samples = "); ok {
			if _, err := fmt.Sscanf(rest, "%fus", &total); err != nil {
				return 0, nil, fmt.Errorf("pprof: %q: %w", line, err)
			}
		}
		f := strings.Fields(line)
		if len(f) < 6 || !strings.HasSuffix(f[3], "us") && f[3] != "0" {
			continue
		}
		var us float64
		if _, err := fmt.Sscanf(f[3], "%fus", &us); err == nil {
			cum[strings.TrimSuffix(strings.Join(f[5:], " "), " (inline)")] = us
		}
	}
	if total == 0 {
		return 0, nil, errors.New("pprof: no total")
	}
	return total, cum, in.Err()
}
