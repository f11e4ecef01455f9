package canary_test

import (
	"slices"
	"testing"

	"github.com/smsir/smsir/internal/canary"
)

// TestNobodyHasThem: in a build like any other every bug is off.
func TestNobodyHasThem(t *testing.T) {
	t.Parallel()
	all := canary.Bugs()
	for i, b := range all {
		if canary.On(b) || slices.Contains(all[:i], b) {
			t.Errorf("%s: on %v, or listed twice", b, canary.On(b))
		}
	}
	if len(all) != 14 {
		t.Errorf("%d bugs, want 14", len(all))
	}
}
