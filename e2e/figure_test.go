package e2e

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// figures says that what a scenario measures is judged too: SMSIR_FIGURES=1, which "go run ./bench/chaos -figures" sets. In any
// other run it is only told, because a busy machine is no fault of the gateway's.
func figures() bool { return os.Getenv("SMSIR_FIGURES") == "1" }

// atMost tells a figure and its bound.
func atMost(t *testing.T, what string, got, most time.Duration) {
	t.Helper()
	figure(t, got <= most, fmt.Sprintf("%s: %v, at most %v", what, got.Round(time.Millisecond), most))
}

// figure tells a figure in words that package chaos prints.
func figure(t *testing.T, good bool, text string) {
	t.Helper()
	t.Logf("figure: %s", text)
	if !good && figures() {
		t.Errorf("the figure is missed: %s", text)
	}
}

// percentile is the duration that p of 100 are not longer than.
func percentile(all []time.Duration, p int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return all[min(len(all)*p/100, len(all)-1)]
}
