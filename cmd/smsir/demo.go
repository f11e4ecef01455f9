package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/api/client"
	"github.com/smsir/smsir/internal/config"
)

const (
	// demoLimit ends a demo that hangs.
	demoLimit = 55 * time.Second
	// demoDelay is how far ahead its scheduled message lies.
	demoDelay = 5 * time.Second
	// demoSettle is how long a message that never ends must stay as it is before the demo believes it: the other
	// number without an answer has got its receipt by then.
	demoSettle = 5 * time.Second
	// demoBeginning is the cursor before the first event.
	demoBeginning = "evt_0000000000001"
)

type demoCommand struct{}

// Run plays the demo with a gateway of its own.
func (demoCommand) Run(ctx context.Context, p process) error {
	return demo(ctx, demoOptions{Out: p.out, Screen: isScreen(p), Colour: p.getenv("NO_COLOR") == "", Cases: demoCases(), Start: startDemo})
}

// demoOptions are what tests change.
type demoOptions struct {
	Out    io.Writer
	Screen bool // the table is drawn again in place; else every change is a line
	Colour bool
	Cases  []demoCase
	// Start runs a gateway with its data in dir until ctx ends, and tells once where it answers and with which code
	// its first person registers.
	Start func(ctx context.Context, dir string, ready func(url, setupCode string)) error
}

// startDemo runs the server that "smsir serve" runs, on a free port of this machine.
func startDemo(ctx context.Context, dir string, ready func(url, setupCode string)) error {
	s := config.Defaults()
	s.DataDir, s.Listen = dir, "127.0.0.1:0"
	var log demoLog
	err := serve(ctx, s, serveOptions{
		Out: io.Discard, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Setup: func(code, url string) { ready(url, code) },
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, log.text())
	}
	return nil
}

// demoLog keeps what the gateway of a demo logs, for the case that it fails.
type demoLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements [io.Writer].
func (l *demoLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(line)
}

func (l *demoLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// demo starts a gateway in a temporary folder, registers, sends one message per case over the public API, follows
// them over a WebSocket, and returns an error unless each reached its documented end.
func demo(ctx context.Context, o demoOptions) (err error) {
	dir, err := os.MkdirTemp("", "smsir-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()

	type place struct{ url, code string }
	places, stopped := make(chan place, 1), make(chan error, 1)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		stopped <- o.Start(running, dir, func(url, code string) {
			select {
			case places <- place{url, code}:
			default: // a newer code: the first one is enough
			}
		})
	}()
	var at place
	select {
	case at = <-places:
	case err := <-stopped:
		stop()
		return fmt.Errorf("start the gateway: %w", err)
	case <-ctx.Done():
		stop()
		return fmt.Errorf("start the gateway: %w", errors.Join(ctx.Err(), <-stopped))
	}
	err = playDemo(ctx, o, at.url, at.code)
	stop()
	if end := <-stopped; end != nil {
		err = errors.Join(err, fmt.Errorf("stop the gateway: %w", end))
	}
	return err
}

// playDemo is the demo at a gateway that runs.
func playDemo(ctx context.Context, o demoOptions, url, code string) error {
	c, err := client.New(url, "")
	if err != nil {
		return err
	}
	if _, err := c.Register(ctx, api.RegisterRequest{
		SetupCode: code, Email: "demo@example.com", Password: "only for this one minute",
		Name: "Demo", WorkspaceName: "Demo", Country: "US", TimeZone: "America/New_York",
	}); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "A gateway of its own runs at %s with its data in a temporary folder.\nTest mode: nothing reaches a phone.\n\n", url)
	run := newDemoRun(o)
	for _, r := range run.rows {
		m, err := c.Send(ctx, r.request(time.Now()))
		if err != nil {
			return fmt.Errorf("send to %s: %w", r.to, err)
		}
		r.sent(m)
	}
	if err := run.follow(ctx, c); err != nil {
		return err
	}
	for _, r := range run.rows {
		m, err := c.Message(ctx, r.id)
		if err != nil {
			return err
		}
		r.compare(m)
	}
	return run.conclude()
}

// follow takes events until every row is where it belongs, or none can get there any more.
func (run *demoRun) follow(ctx context.Context, c *client.Client) error {
	type step struct {
		e   api.Event
		err error
	}
	steps := make(chan step)
	following, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	defer func() { stop(); <-done }()
	go func() {
		defer close(done)
		for e, err := range c.Events(following, demoBeginning) {
			select {
			case steps <- step{e, err}:
			case <-following.Done():
				return
			}
		}
	}()
	redraw := time.NewTicker(200 * time.Millisecond)
	defer redraw.Stop()
	for {
		select {
		case <-ctx.Done():
			run.draw(time.Now())
			return run.late(ctx.Err())
		case s := <-steps:
			if s.err != nil && ctx.Err() == nil {
				return s.err
			}
			run.apply(s.e)
		case <-redraw.C:
			run.draw(time.Now())
		}
		if run.settled(time.Now()) {
			run.draw(time.Now())
			return nil
		}
	}
}

// late explains a demo that was cut off.
func (run *demoRun) late(cause error) error {
	if !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	var open []string
	for _, r := range run.rows {
		if !r.settled(time.Now()) {
			open = append(open, fmt.Sprintf("%s is %s, want %s", r.to, r.status, r.end))
		}
	}
	return fmt.Errorf("not at its end within %v: %s", demoLimit, strings.Join(open, "; "))
}

// conclude says how it went, and what the numbers mean that need a word.
func (run *demoRun) conclude() error {
	var wrong []string
	for _, r := range run.rows {
		for _, f := range r.faults {
			wrong = append(wrong, fmt.Sprintf("  %s (%s): %s", r.to, r.what, f))
		}
		switch {
		case r.reply && r.replied != "":
			fmt.Fprintf(run.out, "%s replied: %q\n", r.to, r.replied)
		case !r.final && r.deadline != nil:
			fmt.Fprintf(run.out, "%s is %s and not final: nobody can tell whether it went out. It is closed as such on %s at the latest.\n",
				r.to, r.status, r.deadline.Local().Format("2 January 15:04"))
		}
	}
	took := time.Since(run.began).Seconds()
	if len(wrong) > 0 {
		return fmt.Errorf("%d of %d messages did not do what docs/simulator.md says:\n%s", run.wrong(), len(run.rows), strings.Join(wrong, "\n"))
	}
	_, err := fmt.Fprintf(run.out, "\nAll %d messages reached their documented end in %.1f s. Start your own gateway with \"smsir serve\".\n", len(run.rows), took)
	return err
}

// isScreen reports whether the program writes to a terminal that can draw.
func isScreen(p process) bool {
	f, ok := p.out.(*os.File)
	if !ok || p.getenv("TERM") == "dumb" || p.getenv("TERM") == "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
