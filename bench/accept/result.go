package main

import (
	"fmt"
	"slices"
	"time"
)

// result is what one measurement gave.
type result struct {
	messages  int
	took      time.Duration
	latencies []time.Duration // of every request, sorted
	cpu       time.Duration   // of the process that stores
	clientCPU time.Duration   // of the load generator, where that is another process
	allocated float64         // bytes that the server allocated; 0: not known
	dispatch  int             // messages handed over meanwhile
	commits   int
	steps     float64       // that callers handed to the writer, in all commits
	busy      time.Duration // of the writer
}

// rate is messages a second.
func (r *result) rate() float64 { return float64(r.messages) / r.took.Seconds() }

// ms is a percentile of the latency of a request, in milliseconds.
func (r *result) ms(percent int) float64 {
	if len(r.latencies) == 0 {
		return 0
	}
	return r.latencies[min(len(r.latencies)*percent/100, len(r.latencies)-1)].Seconds() * 1000
}

// cpuPerMessage is in microseconds.
func (r *result) cpuPerMessage() float64 {
	if r.messages == 0 {
		return 0
	}
	return float64(r.cpu.Microseconds()) / float64(r.messages)
}

// note tells what else was measured.
func (r *result) note() (text string) {
	if r.clientCPU > 0 && r.messages > 0 {
		text += fmt.Sprintf("  client %.1f µs", float64(r.clientCPU.Microseconds())/float64(r.messages))
	}
	if r.allocated > 0 && r.messages > 0 {
		text += fmt.Sprintf("  %.1f kB allocated", r.allocated/1000/float64(r.messages))
	}
	if r.commits > 0 {
		text += fmt.Sprintf("  %.0f commits/s of %.1f steps and %.2f ms", float64(r.commits)/r.took.Seconds(), r.steps/float64(r.commits), r.busy.Seconds()*1000/float64(r.commits))
	}
	if r.dispatch > 0 {
		text += fmt.Sprintf("  %.0f handed over/s", float64(r.dispatch)/r.took.Seconds())
	}
	return text
}

// add takes over what one of several callers measured.
func (r *result) add(messages int, latencies []time.Duration) {
	r.messages += messages
	r.latencies = append(r.latencies, latencies...)
}

func (r *result) sort() { slices.Sort(r.latencies) }
