package httpd

import (
	"context"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/report"
	"github.com/smsir/smsir/internal/store"
)

// registerStats registers counts, and the first view of the web app which shows them.
func (s *Server) registerStats(b *builder) {
	handle(b, route{
		Method: "GET", Path: "/v1/stats/summary", ID: "getSummary", Tag: "Statistics", ETag: true,
		Summary: "Messages accepted in a range, by the status they have now",
		Text: "Today in the workspace's time zone when nothing is asked. Counts are kept by the hour in UTC: in a time zone that is half an hour off, " +
			"the hour that straddles midnight counts for the day in which it begins.",
	}, s.getSummary)
	handle(b, route{
		Method: "GET", Path: "/v1/bootstrap", ID: "getBootstrap", Tag: "Session",
		Summary: "Everything the web app needs for its first view",
	}, s.bootstrap)
}

type summaryInput struct {
	Range    string    `query:"range" enum:"today,yesterday,24h,7d,30d" doc:"A range by name: today (when left out), yesterday, the last 24 hours, 7 days or 30 days. Days begin at midnight in the workspace's time zone."`
	From     time.Time `query:"from" doc:"Start of the range, rounded down to the hour; with to, in place of range."`
	To       time.Time `query:"to" doc:"End of the range, rounded up to the hour; now when left out."`
	Interval string    `query:"interval" enum:"hour,day" doc:"Width of a bucket; hour for up to two days, else day."`
}

// span is a range of time and how it is cut.
type span struct {
	from, to time.Time
	zone     *time.Location
	daily    bool
}

// maxSpan bounds a summary; maxHourly one that is cut by the hour.
const (
	maxSpan   = 366 * 24 * time.Hour
	maxHourly = 32 * 24 * time.Hour
)

func (s *Server) getSummary(c *call, in *summaryInput) (*api.Summary, error) {
	sp, err := spanOf(in, c.now, zoneOf(c.p.Workspace))
	if err != nil {
		return nil, err
	}
	return s.summary(c.ctx(), c.p.Workspace, sp)
}

// zoneOf is the time zone of a workspace; one that this program does not know counts as UTC.
func zoneOf(w *store.Workspace) *time.Location {
	zone, err := time.LoadLocation(w.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

func spanOf(in *summaryInput, now time.Time, zone *time.Location) (span, error) {
	sp := span{zone: zone}
	midnight := func(daysAgo int) time.Time {
		y, m, d := now.In(zone).Date()
		return report.UpToHour(report.DayStart(y, m, d-daysAgo, zone))
	}
	switch {
	case !in.From.IsZero() && in.Range != "":
		return sp, invalid("query.range", "not_together", "Give range, or from and to, not both.")
	case in.From.IsZero() && !in.To.IsZero():
		return sp, invalid("query.from", faultRequired, "A range that ends needs a start.")
	case !in.From.IsZero():
		sp.from, sp.to = in.From, in.To
		if sp.to.IsZero() {
			sp.to = now
		}
	case in.Range == "yesterday":
		sp.from, sp.to = midnight(1), midnight(0)
	case in.Range == "24h":
		sp.from, sp.to = now.Add(-23*time.Hour), now
	case in.Range == "7d":
		sp.from, sp.to = midnight(6), midnight(-1)
	case in.Range == "30d":
		sp.from, sp.to = midnight(29), midnight(-1)
	default:
		sp.from, sp.to = midnight(0), midnight(-1)
	}
	sp.from, sp.to = sp.from.Truncate(time.Hour), report.UpToHour(sp.to)
	length := sp.to.Sub(sp.from)
	switch {
	case length <= 0:
		return sp, invalid("query.to", faultRange, "This must be after from.")
	case length > maxSpan:
		return sp, invalid("query.from", faultRange, "A range spans at most 366 days.")
	case in.Interval == "hour" && length > maxHourly:
		return sp, invalid("query.interval", faultRange, "A range by the hour spans at most 32 days.")
	}
	sp.daily = in.Interval == "day" || in.Interval == "" && length > 50*time.Hour
	return sp, nil
}

// summary counts a span and the one of the same length before it.
func (s *Server) summary(ctx context.Context, w *store.Workspace, sp span) (*api.Summary, error) {
	length := sp.to.Sub(sp.from)
	counts, err := s.deps.Store.Counts(ctx, w.ID, sp.from.Add(-length), sp.to)
	if err != nil {
		return nil, err
	}
	out := &api.Summary{
		From: sp.from.UTC(), To: sp.to.UTC(), TimeZone: sp.zone.String(), Interval: "hour",
		Statuses: []api.StatusCount{}, Series: buckets(sp),
	}
	if sp.daily {
		out.Interval = "day"
	}
	states := map[smsir.State]int64{}
	at := 0
	slices.SortFunc(counts, func(a, b store.HourCount) int { return a.Hour.Compare(b.Hour) })
	for _, n := range counts {
		if n.Hour.Before(sp.from) {
			addTotal(&out.Previous, n)
			continue
		}
		addTotal(&out.Totals, n)
		states[n.State] += n.N
		for at+1 < len(out.Series) && !n.Hour.Before(out.Series[at+1].Start) {
			at++
		}
		addBucket(&out.Series[at], n)
	}
	setRate(&out.Totals)
	setRate(&out.Previous)
	for _, status := range smsir.Statuses() {
		for _, final := range []bool{false, true} {
			if n := states[smsir.State{Status: status, Final: final}]; n > 0 {
				out.Statuses = append(out.Statuses, api.StatusCount{Status: status.String(), Final: final, Count: n})
			}
		}
	}
	return out, nil
}

// buckets cuts a span, oldest first.
func buckets(sp span) []api.Bucket {
	var all []api.Bucket
	for t := sp.from; t.Before(sp.to); {
		all = append(all, api.Bucket{Start: t.UTC()})
		if !sp.daily {
			t = t.Add(time.Hour)
			continue
		}
		y, m, d := t.In(sp.zone).Date()
		t = report.UpToHour(report.DayStart(y, m, d+1, sp.zone))
	}
	return all
}

func addTotal(t *api.Totals, n store.HourCount) {
	t.Accepted += n.N
	switch {
	case n.State.Status == smsir.Delivered:
		t.Delivered += n.N
	case store.CountsAsFailed(n.State):
		t.Failed += n.N
	case n.State.Status == smsir.Canceled:
		t.Canceled += n.N
	case n.State.Final:
		t.Unconfirmed += n.N
	case n.State.Status == smsir.Sent:
		t.Sent += n.N
	case n.State.Status == smsir.Unknown:
		t.Unknown += n.N
	default:
		t.Waiting += n.N
	}
}

func addBucket(b *api.Bucket, n store.HourCount) {
	b.Accepted += n.N
	switch {
	case n.State.Status == smsir.Delivered:
		b.Delivered += n.N
	case store.CountsAsFailed(n.State):
		b.Failed += n.N
	default:
		b.Other += n.N
	}
}

func setRate(t *api.Totals) {
	if n := t.Delivered + t.Failed; n > 0 {
		share := float64(t.Delivered) / float64(n)
		t.DeliveryRate = &share
	}
}
