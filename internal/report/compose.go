package report

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Query says what a report is about. The hours of its bounds are full hours in UTC.
type Query struct {
	Workspace smsir.UUID
	Previous  time.Time   // the start of what is compared with, at or before Bounds[0]; it ends there
	Bounds    []time.Time // of the buckets, rising: one more than there are buckets
	By        store.Dimension
}

// Report is what became of the messages accepted in a range of time.
type Report struct {
	Totals   store.Numbers
	Previous store.Numbers
	Series   []store.Numbers // by bucket
	Before   []store.Numbers // by bucket of the range before, which has at most as many; the first ones are its oldest
	Groups   []Group         // by messages, most first
	Reasons  []Reason        // by messages, most first
	Behind   bool            // some changes are not counted yet
}

// Group is what a report has of one value of its dimension.
type Group struct {
	Value    string // [store.OtherValue] for what was counted together
	Numbers  store.Numbers
	Previous store.Numbers
}

// Reason is a cause for which messages failed.
type Reason struct {
	Code     string `json:"code"`
	Sentence string `json:"sentence"` // for people; may be ""
	Messages int64  `json:"messages"`
	Previous int64  `json:"previous"` // in the range before
}

// Report puts a report together.
func (s *Service) Report(ctx context.Context, q Query) (*Report, error) {
	from, to := q.Bounds[0], q.Bounds[len(q.Bounds)-1]
	out := &Report{Series: make([]store.Numbers, len(q.Bounds)-1), Before: make([]store.Numbers, len(q.Bounds)-1)}
	err := s.opt.Store.ReportCells(ctx, q.Workspace, store.ByNothing, q.Previous, to, func(hour time.Time, _ string, n *store.Numbers) error {
		if hour.Before(from) {
			out.Previous.Add(n)
			out.Before[bucketAt(q.Bounds, hour.Add(from.Sub(q.Previous)))].Add(n)
			return nil
		}
		out.Totals.Add(n)
		out.Series[bucketAt(q.Bounds, hour)].Add(n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	reasons, err := s.groups(ctx, q, store.ByReason)
	if err != nil {
		return nil, err
	}
	for _, g := range reasons {
		code, sentence := SplitReason(g.Value)
		out.Reasons = append(out.Reasons, Reason{Code: code, Sentence: sentence, Messages: g.Numbers.Messages(), Previous: g.Previous.Messages()})
	}
	if q.By == store.ByReason {
		out.Groups = reasons
	} else if out.Groups, err = s.groups(ctx, q, q.By); err != nil {
		return nil, err
	}
	out.Behind, err = s.opt.Store.ReportsBehind(ctx, q.Workspace, q.Previous, to)
	return out, err
}

// bucketAt is the bucket that a moment lies in; the nearest for one outside.
func bucketAt(bounds []time.Time, at time.Time) int {
	i, found := slices.BinarySearchFunc(bounds, at, time.Time.Compare)
	if !found {
		i--
	}
	return min(max(i, 0), len(bounds)-2)
}

// groups adds up what there is of each value of a dimension.
func (s *Service) groups(ctx context.Context, q Query, d store.Dimension) ([]Group, error) {
	if d == store.ByNothing {
		return nil, nil
	}
	by := map[string]*Group{}
	err := s.opt.Store.ReportCells(ctx, q.Workspace, d, q.Previous, q.Bounds[len(q.Bounds)-1], func(hour time.Time, value string, n *store.Numbers) error {
		g := by[value]
		if g == nil {
			g = &Group{Value: value}
			by[value] = g
		}
		if hour.Before(q.Bounds[0]) {
			g.Previous.Add(n)
		} else {
			g.Numbers.Add(n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := make([]Group, 0, len(by))
	for _, g := range by {
		all = append(all, *g)
	}
	slices.SortFunc(all, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Numbers.Messages(), a.Numbers.Messages()), cmp.Compare(b.Previous.Messages(), a.Previous.Messages()), strings.Compare(a.Value, b.Value))
	})
	return all, nil
}
