//go:build canaries

package canary

import (
	"os"
	"time"
)

var chosen = Bug(os.Getenv("CANARY"))

// On says whether this process has a bug.
func On(b Bug) bool { return b == chosen }

// Linger keeps a window open in which a crash would do harm.
func Linger() { time.Sleep(30 * time.Millisecond) }
