package ledger_test

import (
	"testing"

	"github.com/smsir/smsir/internal/ledger"
)

// TestListFollowsItsVersion: what is kept in memory never outlives a change of the list.
func TestListFollowsItsVersion(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	price := func() int64 {
		t.Helper()
		c, err := e.Costs(ctx, e.ws())
		if err != nil {
			t.Fatal(err)
		}
		m, ok := c.Of("+254722000001", "KE", 3)
		if !ok {
			return -1
		}
		if m.Currency != "KES" {
			t.Errorf("currency %q", m.Currency)
		}
		return m.Micros
	}
	if got := price(); got != -1 {
		t.Errorf("without a list: %d", got)
	}
	for _, tc := range []struct {
		text string
		want int64
	}{{"0.80", 2_400_000}, {"1", 3_000_000}, {"", -1}} {
		if err := e.SetPrices(ctx, e.ws(), "KES", []ledger.Draft{{Destination: "KE", Price: tc.text}}, ledger.By{}); err != nil {
			t.Fatal(err)
		}
		if got := price(); got != tc.want {
			t.Errorf("after %q: %d, want %d", tc.text, got, tc.want)
		}
	}
}
