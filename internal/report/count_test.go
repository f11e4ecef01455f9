package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// TestPercentiles: what is read from the buckets lies within 4.5 % of the exact value, or a millisecond.
func TestPercentiles(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's
	for range 300 {
		n := 1 + r.IntN(400)
		var w store.Waits
		exact := make([]time.Duration, n)
		for i := range exact {
			exact[i] = time.Duration(math.Exp(r.Float64()*21)) * time.Millisecond // to 15 days
			w.Count(exact[i])
		}
		slices.Sort(exact)
		for _, p := range []float64{0.01, 0.5, 0.9, 0.99, 1} {
			want := exact[int(math.Ceil(p*float64(n)))-1]
			got := w.Percentile(p)
			if off := math.Abs(float64(got - want)); off > 0.045*float64(want)+float64(time.Millisecond) {
				t.Fatalf("p%v of %d: %v, want %v", p*100, n, got, want)
			}
		}
	}
	var none store.Waits
	if got := none.Percentile(0.5); got != 0 {
		t.Errorf("of none: %v", got)
	}
	none.Count(-time.Second)
	if got := none.Percentile(0.5); got != 0 || none.N() != 1 {
		t.Errorf("of a negative wait: %v, %d counted", got, none.N())
	}
}

// TestNumbersComeBack: what is stored is what was counted, and adding up does not depend on the order.
func TestNumbersComeBack(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // a test's
	for range 200 {
		var there, back store.Numbers
		rows := make([]*store.Numbers, 1+r.IntN(30))
		for i := range rows {
			rows[i] = &store.Numbers{}
			rows[i].Count(randomRow(r))
			there.Add(rows[i])
		}
		for _, n := range slices.Backward(rows) {
			back.Add(n)
		}
		got, err := store.DecodeNumbers(there.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&there, got); diff != "" {
			t.Fatalf("decoded (-want +got):\n%s", diff)
		}
		if !slices.Equal(there.Encode(), back.Encode()) || there.Messages() != int64(len(rows)) {
			t.Fatalf("in another order: %v, want %v", back, there)
		}
		b := there.Encode()
		for cut := range b {
			if _, err := store.DecodeNumbers(b[:cut]); err == nil {
				t.Fatalf("%d of %d bytes were read without an error", cut, len(b))
			}
		}
	}
}

func randomRow(r *rand.Rand) *store.ReportRow {
	base := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	row := &store.ReportRow{
		Class: smsir.Class(r.IntN(3)), Country: []string{"KE", "US", ""}[r.IntN(3)], From: []string{"SMSir", ""}[r.IntN(2)], Segments: 1 + r.IntN(4), //nolint:gosec // small
		State: smsir.State{Status: smsir.Status(r.IntN(11)), Final: r.IntN(2) == 0}, DueAt: base, Reason: smsir.ReasonRefused, //nolint:gosec // small
	}
	if r.IntN(2) == 0 {
		row.SentAt = base.Add(time.Duration(r.IntN(1e9)))
		row.FinishedAt = row.SentAt.Add(time.Duration(r.IntN(1e12)))
	}
	for range r.IntN(3) {
		row.Prices = append(row.Prices, smsir.Money{Micros: int64(r.IntN(1e6)), Currency: []string{"USD", "KES"}[r.IntN(2)]})
	}
	return row
}

// TestCounter: a message is in one cell of each dimension; a failed one also under its cause, in one line.
func TestCounter(t *testing.T) {
	t.Parallel()
	c := newCounter()
	c.add(&store.ReportRow{Segments: 2, State: smsir.State{Status: smsir.Sent}})
	c.add(&store.ReportRow{Segments: 1, State: smsir.State{Status: smsir.Undelivered, Final: true}, Reason: smsir.ReasonRefused, Error: &smsir.Failure{Code: "absent", Text: "The handset\nis off.\x00"}})
	c.add(&store.ReportRow{Segments: 1, State: smsir.State{Status: smsir.Expired, Final: true}, Reason: smsir.ReasonValidity})
	got := map[store.Dimension]map[string]int64{}
	for _, cell := range c.list() {
		if got[cell.Dimension] == nil {
			got[cell.Dimension] = map[string]int64{}
		}
		got[cell.Dimension][cell.Value] = cell.Numbers.Messages()
	}
	if diff := cmp.Diff(map[string]int64{"absent\nThe handset is off. ": 1, "validity\n": 1}, got[store.ByReason]); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	for _, d := range []store.Dimension{store.ByNothing, store.ByProvider, store.ByCountry, store.BySender, store.ByTemplate, store.ByCampaign, store.ByPerson, store.ByNetwork} {
		if got[d][""] != 3 {
			t.Errorf("dimension %d: %v, want 3 of no value", d, got[d])
		}
	}
	if n := got[store.ByClass]["transactional"]; n != 3 {
		t.Errorf("classes: %v", got[store.ByClass])
	}
}

// TestManyValues: an hour has a bounded number of cells, and loses no message.
func TestManyValues(t *testing.T) {
	t.Parallel()
	c := newCounter()
	for i := range 3 * MaxValues {
		c.add(&store.ReportRow{From: "S" + strconv.Itoa(i), State: smsir.State{Status: smsir.Sent}})
	}
	if n := len(c.cells[store.BySender]); n != MaxValues+1 {
		t.Errorf("%d cells, want %d", n, MaxValues+1)
	}
	if n := c.cells[store.BySender][store.OtherValue].Messages(); n != 2*MaxValues {
		t.Errorf("%d messages under others, want %d", n, 2*MaxValues)
	}
}
