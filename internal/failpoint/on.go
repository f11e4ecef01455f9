//go:build failpoints

package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

// Enabled says whether this build has failpoints.
const Enabled = true

var (
	armed  Point
	passes atomic.Int64 // that are left, the fatal one included
)

func init() { //nolint:gochecknoinits // a test build; nothing can arm it later
	name, count, found := strings.Cut(os.Getenv("FAILPOINT"), ":")
	n := int64(1)
	if found {
		var err error
		if n, err = strconv.ParseInt(count, 10, 64); err != nil || n < 1 {
			panic("FAILPOINT: want NAME or NAME:COUNT")
		}
	}
	armed = Point(name)
	passes.Store(n)
}

// Hit kills the process if the point is armed and passed for the last time that it may be.
func Hit(p Point) {
	if p != armed || passes.Add(-1) != 0 {
		return
	}
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // nothing more happens in this goroutine, however long the signal takes
}
