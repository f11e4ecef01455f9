package crew_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir/internal/crew"
)

// TestJobs: every job runs once, those of one moment at once, and the wait group knows when they have ended.
func TestJobs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := crew.New()
		defer c.Dismiss()
		var all sync.WaitGroup
		var ran, now, most atomic.Int32
		for range 100 {
			for range 10 {
				c.Go(&all, func() {
					for n := now.Add(1); ; {
						if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
							break
						}
					}
					time.Sleep(10 * time.Millisecond)
					now.Add(-1)
					ran.Add(1)
				})
			}
			all.Wait()
			if now.Load() != 0 {
				t.Fatal("a job was still running")
			}
		}
		if ran.Load() != 1000 || most.Load() != 10 {
			t.Errorf("%d jobs ran, %d at once, want 1000 and 10", ran.Load(), most.Load())
		}
	})
}

// TestGoroutines: jobs that follow each other share a goroutine, and none is left a moment later.
func TestGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := crew.New()
		var all sync.WaitGroup
		stacks := map[string]int{}
		for range 50 {
			c.Go(&all, func() {
				b := make([]byte, 64)
				b = b[:runtime.Stack(b, false)]
				stacks[string(b[:20])]++ // "goroutine N [running"
			})
			synctest.Wait()
		}
		if len(stacks) != 1 {
			t.Errorf("one after the other: %d goroutines, want 1", len(stacks))
		}
		time.Sleep(2 * time.Second) // the bubble ends only when its goroutines have
	})
}
