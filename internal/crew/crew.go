// Package crew runs many short jobs at once, each on a goroutine of its own, without a new goroutine for each: one that has
// ended its job waits for the next one for a moment. A new goroutine would grow its stack again for every message, and that
// costs more than the rest of starting it.
package crew

import (
	"sync"
	"time"
)

// idle is how long a goroutine waits for its next job before it ends.
const idle = time.Second

// Crew runs jobs. Make one with [New]. It is safe for concurrent use and bounds nothing: there are as many goroutines as there
// were jobs at once lately.
type Crew struct {
	jobs chan func()
	over chan struct{}
}

// New returns a crew without goroutines.
func New() *Crew { return &Crew{make(chan func()), make(chan struct{})} }

// Dismiss ends the goroutines that wait for a job, and each of the others with its job. It is called once; jobs that come
// later still run.
func (c *Crew) Dismiss() { close(c.over) }

// Go runs a job at once, as [sync.WaitGroup.Go] of all does. The job must not panic.
func (c *Crew) Go(all *sync.WaitGroup, job func()) {
	all.Add(1)
	counted := func() {
		defer all.Done()
		job()
	}
	select {
	case c.jobs <- counted:
	default:
		go c.work(counted)
	}
}

func (c *Crew) work(job func()) {
	timer := time.NewTimer(idle)
	defer timer.Stop()
	for {
		job()
		timer.Reset(idle)
		select {
		case job = <-c.jobs:
		case <-timer.C:
			return
		case <-c.over:
			return
		}
	}
}
