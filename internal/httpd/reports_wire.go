package httpd

import (
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

// numbersOf shows what was counted.
func numbersOf(n *store.Numbers) api.ReportNumbers {
	out := api.ReportNumbers{Messages: n.Messages(), Segments: n.Segments, Priced: n.Priced, Costs: []api.Money{}}
	for state, k := range n.States {
		*countOf(&out, state) += k
	}
	if proved := out.Delivered + out.Undelivered + out.Failed + out.Expired + out.Blocked; proved > 0 {
		share := float64(out.Delivered) / float64(proved)
		out.DeliveryRate = &share
	}
	out.Queue, out.Network, out.Total = latencyOf(n.Waits[store.WaitQueue]), latencyOf(n.Waits[store.WaitNetwork]), latencyOf(n.Waits[store.WaitTotal])
	for _, currency := range slices.Sorted(maps.Keys(n.Cost)) {
		if m := api.MoneyOf(smsir.Money{Micros: n.Cost[currency], Currency: currency}); m != nil {
			out.Costs = append(out.Costs, *m)
		}
	}
	return out
}

// countOf is the count that a state belongs to.
func countOf(out *api.ReportNumbers, s smsir.State) *int64 {
	switch s.Status {
	case smsir.Delivered:
		return &out.Delivered
	case smsir.Undelivered:
		return &out.Undelivered
	case smsir.Failed:
		return &out.Failed
	case smsir.Expired:
		return &out.Expired
	case smsir.Blocked:
		return &out.Blocked
	case smsir.Canceled:
		return &out.Canceled
	}
	switch {
	case s.Final:
		return &out.Unconfirmed
	case s.Status == smsir.Unknown:
		return &out.Unknown
	case s.Status == smsir.Sent:
		return &out.Sent
	}
	return &out.Pending
}

func latencyOf(w store.Waits) *api.ReportLatency {
	if len(w) == 0 {
		return nil
	}
	ms := func(p float64) int64 { return w.Percentile(p).Milliseconds() }
	return &api.ReportLatency{Messages: w.N(), P50: ms(0.5), P90: ms(0.9), P99: ms(0.99)}
}

// exportReport writes a row for each group, and one with their sum. Each currency has a column of its own.
func (s *Server) exportReport(c *call, in *reportInput, file io.Writer) error {
	a, err := askedOf(c, in)
	if err != nil {
		return err
	}
	r, err := s.reportOf(c, &a, 0)
	if err != nil {
		return err
	}
	currencies := map[string]bool{}
	for _, g := range r.Groups {
		for _, m := range g.Numbers.Costs {
			currencies[m.Currency] = true
		}
	}
	columns := slices.Sorted(maps.Keys(currencies))
	w, err := sheet.NewWriter(file)
	if err != nil {
		return err
	}
	head := []string{
		a.groupBy, "name", "messages", "segments", "delivered", "undelivered", "failed", "expired", "blocked", "canceled", "unconfirmed", "unknown", "sent", "pending", "delivery_rate",
		"total_p50_ms", "total_p90_ms", "total_p99_ms", "network_p50_ms", "network_p90_ms", "network_p99_ms", "queue_p50_ms", "queue_p90_ms", "queue_p99_ms", "priced", "previous_messages",
	}
	for _, currency := range columns {
		head = append(head, "cost_"+currency)
	}
	if err := w.Row(head...); err != nil {
		return err
	}
	for i := range r.Groups {
		g := &r.Groups[i]
		id := g.ID
		if g.Others {
			id = "(others)"
		}
		if err := w.Row(numbersRow(id, g.Name, &g.Numbers, g.Previous.Messages, columns)...); err != nil {
			return err
		}
	}
	if a.By != store.ByReason { // whose messages are not all
		if err := w.Row(numbersRow("(sum)", "", &r.Totals, r.Previous.Messages, columns)...); err != nil {
			return err
		}
	}
	return w.Flush()
}

func numbersRow(id, name string, n *api.ReportNumbers, previous int64, currencies []string) []string {
	row := []string{id, name}
	whole := func(v int64) { row = append(row, strconv.FormatInt(v, 10)) }
	for _, v := range []int64{n.Messages, n.Segments, n.Delivered, n.Undelivered, n.Failed, n.Expired, n.Blocked, n.Canceled, n.Unconfirmed, n.Unknown, n.Sent, n.Pending} {
		whole(v)
	}
	rate := ""
	if n.DeliveryRate != nil {
		rate = strconv.FormatFloat(*n.DeliveryRate, 'f', 4, 64)
	}
	row = append(row, rate)
	for _, l := range []*api.ReportLatency{n.Total, n.Network, n.Queue} {
		if l == nil {
			row = append(row, "", "", "")
			continue
		}
		whole(l.P50)
		whole(l.P90)
		whole(l.P99)
	}
	whole(n.Priced)
	whole(previous)
	for _, currency := range currencies {
		amount := ""
		for _, m := range n.Costs {
			if m.Currency == currency {
				amount = m.Amount
			}
		}
		row = append(row, amount)
	}
	return row
}
