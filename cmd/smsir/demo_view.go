package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/smsir/smsir/api"
)

// demoRun is a demo on its way, and the table that shows it.
type demoRun struct {
	out    io.Writer
	screen bool
	colour bool
	began  time.Time
	rows   []*demoRow
	drawn  int // lines on the screen
}

func newDemoRun(o demoOptions) *demoRun {
	run := &demoRun{out: o.Out, screen: o.Screen, colour: o.Colour && o.Screen, began: time.Now()}
	for _, c := range o.Cases {
		run.rows = append(run.rows, &demoRow{demoCase: c})
	}
	return run
}

// apply gives an event to its row, and tells it where there is no screen to draw on.
func (run *demoRun) apply(e api.Event) {
	for _, r := range run.rows {
		switch {
		case e.MessageID != "" && e.MessageID == r.id:
			r.apply(e)
			run.tell(r, e.At, strings.TrimSpace(r.status+" "+e.Data.Reason))
		case e.Data.Inbound != nil && e.Data.Inbound.From == r.to:
			r.replied = e.Data.Inbound.Text
			run.tell(r, e.At, "replied")
		}
	}
}

func (run *demoRun) tell(r *demoRow, at time.Time, words string) {
	if !run.screen {
		fmt.Fprintf(run.out, "%7.1f s  %s  %s\n", max(0, at.Sub(r.began).Seconds()), r.to, words)
	}
}

func (run *demoRun) settled(now time.Time) bool {
	for _, r := range run.rows {
		if !r.settled(now) {
			return false
		}
	}
	// Without a screen the table comes once, at the end.
	if !run.screen {
		fmt.Fprintln(run.out)
		run.table(now)
	}
	return true
}

// wrong counts the rows that are not as documented.
func (run *demoRun) wrong() (n int) {
	for _, r := range run.rows {
		if len(r.faults) > 0 {
			n++
		}
	}
	return n
}

// draw draws the table over the one that is there.
func (run *demoRun) draw(now time.Time) {
	if !run.screen {
		return
	}
	if run.drawn > 0 {
		fmt.Fprintf(run.out, "\x1b[%dA", run.drawn)
	}
	run.drawn = run.table(now)
}

// table writes the table, at most 80 columns wide, and returns how many lines it has.
func (run *demoRun) table(now time.Time) int {
	clear := ""
	if run.screen {
		clear = "\x1b[K"
	}
	fmt.Fprintf(run.out, "  %-13s %-26s %-13s %-13s %8s%s\n", "number", "what it does", "documented", "now", "after", clear)
	for _, r := range run.rows {
		mark, colour := "·", ""
		switch right := r.status == r.end && r.final != r.open; {
		case len(r.faults) > 0 || r.final && !right:
			mark, colour = "✗", "\x1b[31m"
		case r.settled(now):
			mark, colour = "✓", "\x1b[32m"
		}
		if !run.colour {
			colour = ""
		}
		reset := ""
		if colour != "" {
			reset = "\x1b[0m"
		}
		after := "" // of the last change
		if r.seq > 0 {
			after = fmt.Sprintf("%.1f s", max(0, r.changed.Sub(r.began).Seconds()))
		}
		fmt.Fprintf(run.out, "%s%s%s %-13s %-26s %-13s %-13s %8s%s\n", colour, mark, reset, r.to, r.what, r.end, r.status, after, clear)
	}
	fmt.Fprintf(run.out, "%s\n", clear)
	return len(run.rows) + 2
}
