package dispatch

import (
	"time"

	"github.com/smsir/smsir"
)

// breaker keeps messages from a provider that does not answer, or that refuses its settings. It opens
// after five failures in a row or ten of the last twenty; then one message tries, once every 10 to
// 30 seconds, whether it works again. When it does, the window grows from one again (slow start).
type breaker struct {
	row    int // failures in a row
	recent [20]bool
	seen   int // attempts in recent

	open   bool
	config bool      // it refuses its settings, rather than not answering
	since  time.Time // of being open
	until  time.Time // of the next probe
	times  int       // pauses in a row
	ramp   int       // window while it recovers; 0 for the whole
	why    *smsir.Failure
}

const (
	breakRow    = 5
	breakRecent = 10 // of the last 20
	probePause  = 10 * time.Second
	maxProbe    = 30 * time.Second
	configPause = 30 * time.Second
	maxConfig   = 15 * time.Minute
	probeSpread = 0.2
)

// slots is how many sends may be under way.
func (b *breaker) slots(now time.Time, window int) int {
	switch {
	case b.open && now.Before(b.until):
		return 0
	case b.open:
		return 1
	case b.ramp > 0:
		return min(b.ramp, window)
	}
	return window
}

// failed is told of an attempt that the provider did not answer. It reports whether that opened the
// breaker.
func (b *breaker) failed(now time.Time, why *smsir.Failure, jitter float64) (opened bool) {
	if b.open {
		if !now.Before(b.until) { // the probe failed
			b.why = why
			b.rest(now, jitter)
		}
		return false
	}
	b.row++
	b.note(true)
	if b.ramp > 1 {
		b.ramp = 1
	}
	if b.row < breakRow && b.failures() < breakRecent {
		return false
	}
	b.open, b.config, b.since, b.why, b.times = true, false, now, why, 0
	b.rest(now, jitter)
	return true
}

// misconfigured is told of a refusal because of the provider's settings; it opens at once.
func (b *breaker) misconfigured(now time.Time, why *smsir.Failure, jitter float64) (opened bool) {
	if b.open && now.Before(b.until) {
		return false // one of those that were under way
	}
	opened = !b.open || !b.config
	if opened {
		b.since, b.times = now, 0
	}
	b.open, b.config, b.why = true, true, why
	b.rest(now, jitter)
	return opened
}

// rest sets the time of the next probe.
func (b *breaker) rest(now time.Time, jitter float64) {
	b.times++
	pause := min(time.Duration(b.times)*probePause, maxProbe)
	if b.config {
		pause = min(configPause<<min(b.times-1, 10), maxConfig)
	}
	b.until = now.Add(pause + time.Duration(probeSpread*jitter*float64(pause)))
}

// answered is told of an attempt that the provider answered. It reports whether that closed the breaker.
func (b *breaker) answered(now time.Time, window int) (closed bool) {
	b.row = 0
	b.note(false)
	switch {
	case b.open && now.Before(b.until):
		return false // of one that was under way; the probe decides
	case b.open:
		*b = breaker{ramp: 1}
		return true
	case b.ramp > 0:
		if b.ramp++; b.ramp >= window {
			b.ramp = 0
		}
	}
	return false
}

func (b *breaker) note(failed bool) {
	b.recent[b.seen%len(b.recent)] = failed
	b.seen++
}

func (b *breaker) failures() (n int) {
	for _, failed := range b.recent {
		if failed {
			n++
		}
	}
	return n
}
