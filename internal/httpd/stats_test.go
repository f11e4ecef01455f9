package httpd

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/store"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestSpans: where days begin, and how many buckets a range has, across changes of the clock.
func TestSpans(t *testing.T) {
	t.Parallel()
	const hours, days = "hour", "day"
	for _, tt := range []struct {
		zone, now string
		in        summaryInput
		from, to  string
		buckets   int
		daily     bool
	}{
		{"UTC", "2026-11-23T09:30:00Z", summaryInput{}, "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z", 24, false},
		{"Africa/Nairobi", "2026-11-23T22:30:00Z", summaryInput{}, "2026-11-23T21:00:00Z", "2026-11-24T21:00:00Z", 24, false},
		{"America/New_York", "2026-11-01T15:00:00Z", summaryInput{}, "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", 25, false}, // the clock goes back
		{"America/New_York", "2026-03-08T15:00:00Z", summaryInput{}, "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", 23, false}, // the clock goes forward
		{"America/New_York", "2026-11-03T15:00:00Z", summaryInput{Range: "7d"}, "2026-10-28T04:00:00Z", "2026-11-04T05:00:00Z", 7, true},
		{"Asia/Kolkata", "2026-11-23T09:30:00Z", summaryInput{}, "2026-11-22T19:00:00Z", "2026-11-23T19:00:00Z", 24, false}, // half an hour off
		{"Asia/Kathmandu", "2026-11-23T09:30:00Z", summaryInput{Range: "7d"}, "2026-11-16T19:00:00Z", "2026-11-23T19:00:00Z", 7, true},
		{"Asia/Kolkata", "2026-11-23T09:30:00Z", summaryInput{Range: "24h"}, "2026-11-22T10:00:00Z", "2026-11-23T10:00:00Z", 24, false},
		{"America/Asuncion", "2024-10-06T12:00:00Z", summaryInput{Range: "7d"}, "2024-09-30T04:00:00Z", "2024-10-07T03:00:00Z", 7, true}, // midnight is skipped
		{"America/Havana", "2025-11-02T12:00:00Z", summaryInput{}, "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z", 25, false},            // midnight comes twice
		{"UTC", "2026-11-23T09:30:00Z", summaryInput{Range: "yesterday"}, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", 24, false},
		{"UTC", "2026-11-23T09:30:00Z", summaryInput{Range: "24h"}, "2026-11-22T10:00:00Z", "2026-11-23T10:00:00Z", 24, false},
		{"UTC", "2026-11-23T09:30:00Z", summaryInput{Range: "30d"}, "2026-10-25T00:00:00Z", "2026-11-24T00:00:00Z", 30, true},
		{"UTC", "2026-11-23T09:30:00Z", summaryInput{Range: "7d", Interval: hours}, "2026-11-17T00:00:00Z", "2026-11-24T00:00:00Z", 168, false},
		{"UTC", "2026-11-23T09:30:00Z", summaryInput{From: at("2026-11-01T10:20:00Z")}, "2026-11-01T10:00:00Z", "2026-11-23T10:00:00Z", 23, true},
		{"UTC", "2026-11-23T09:30:00Z", summaryInput{From: at("2026-11-01T10:20:00Z"), To: at("2026-11-01T10:40:00Z"), Interval: days}, "2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z", 1, true},
	} {
		sp, err := spanOf(&tt.in, at(tt.now), zone(t, tt.zone))
		if err != nil {
			t.Errorf("%+v: %v", tt, err)
			continue
		}
		series := buckets(sp)
		if !sp.from.Equal(at(tt.from)) || !sp.to.Equal(at(tt.to)) || len(series) != tt.buckets || sp.daily != tt.daily {
			t.Errorf("%s at %s, %+v: %s to %s in %d (daily %v), want %s to %s in %d (daily %v)", tt.zone, tt.now, tt.in,
				sp.from.UTC(), sp.to.UTC(), len(series), sp.daily, tt.from, tt.to, tt.buckets, tt.daily)
		}
		for i := 1; i < len(series); i++ {
			if !series[i].Start.After(series[i-1].Start) {
				t.Errorf("%s: bucket %d starts at %s, the one before at %s", tt.zone, i, series[i].Start, series[i-1].Start)
			}
		}
	}
	for _, in := range []summaryInput{
		{Range: "today", From: at("2026-11-01T00:00:00Z")},
		{To: at("2026-11-01T00:00:00Z")},
		{From: at("2026-11-24T00:00:00Z")},
		{From: at("2020-01-01T00:00:00Z")},
		{From: at("2026-10-01T00:00:00Z"), Interval: hours},
		{From: at("2026-11-02T00:00:00Z"), To: at("2026-11-01T00:00:00Z")},
	} {
		if sp, err := spanOf(&in, at("2026-11-23T09:30:00Z"), time.UTC); problemCode(err) != smsir.CodeInvalid {
			t.Errorf("%+v: %+v, %v; want invalid", in, sp, err)
		}
	}
}

func problemCode(err error) smsir.Code {
	if err == nil {
		return ""
	}
	return smsir.Code(problemOf(err).Code)
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// fixedCounts is a store that knows counts.
type fixedCounts struct {
	Store
	counts []store.HourCount
}

func (f fixedCounts) Counts(_ context.Context, _ smsir.UUID, from, to time.Time) ([]store.HourCount, error) {
	var in []store.HourCount
	for _, c := range f.counts {
		if !c.Hour.Before(from) && c.Hour.Before(to) {
			in = append(in, c)
		}
	}
	return in, nil
}

func TestSummaryCounts(t *testing.T) {
	t.Parallel()
	done := func(s smsir.Status) smsir.State { return smsir.State{Status: s, Final: true} }
	open := func(s smsir.Status) smsir.State { return smsir.State{Status: s} }
	s := &Server{deps: Deps{Store: fixedCounts{counts: []store.HourCount{
		{Hour: at("2026-11-23T10:00:00Z"), State: done(smsir.Delivered), N: 97}, // out of order, as a store may give them
		{Hour: at("2026-11-23T09:00:00Z"), State: open(smsir.Queued), N: 1},
		{Hour: at("2026-11-22T09:00:00Z"), State: done(smsir.Delivered), N: 5},
		{Hour: at("2026-11-23T09:00:00Z"), State: done(smsir.Failed), N: 2},
		{Hour: at("2026-11-23T10:00:00Z"), State: done(smsir.Blocked), N: 1},
		{Hour: at("2026-11-23T10:00:00Z"), State: done(smsir.Canceled), N: 4},
		{Hour: at("2026-11-23T23:00:00Z"), State: done(smsir.Sent), N: 8},
		{Hour: at("2026-11-23T23:00:00Z"), State: open(smsir.Sent), N: 16},
		{Hour: at("2026-11-23T23:00:00Z"), State: open(smsir.Unknown), N: 32},
		{Hour: at("2026-11-21T09:00:00Z"), State: done(smsir.Delivered), N: 1000},
	}}}}
	got, err := s.summary(t.Context(), &store.Workspace{}, span{from: at("2026-11-23T00:00:00Z"), to: at("2026-11-24T00:00:00Z"), zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	rate, one := 0.97, 1.0
	if d := cmp.Diff(api.Totals{Accepted: 161, Delivered: 97, Failed: 3, Canceled: 4, Unconfirmed: 8, Waiting: 1, Sent: 16, Unknown: 32, DeliveryRate: &rate}, got.Totals); d != "" {
		t.Errorf("totals: -want +got\n%s", d)
	}
	if d := cmp.Diff(api.Totals{Accepted: 5, Delivered: 5, DeliveryRate: &one}, got.Previous); d != "" {
		t.Errorf("the range before: -want +got\n%s", d)
	}
	want := []api.Bucket{{Start: at("2026-11-23T09:00:00Z"), Accepted: 3, Failed: 2, Other: 1}, {Start: at("2026-11-23T10:00:00Z"), Accepted: 102, Delivered: 97, Failed: 1, Other: 4}}
	if d := cmp.Diff(want, got.Series[9:11]); d != "" {
		t.Errorf("buckets: -want +got\n%s", d)
	}
	if len(got.Series) != 24 || got.Series[23].Other != 56 {
		t.Errorf("%d buckets, the last is %+v", len(got.Series), got.Series[23])
	}
	if d := cmp.Diff([]api.StatusCount{
		{Status: "queued", Count: 1},
		{Status: "unknown", Count: 32},
		{Status: "sent", Count: 16},
		{Status: "sent", Final: true, Count: 8},
		{Status: "delivered", Final: true, Count: 97},
		{Status: "failed", Final: true, Count: 2},
		{Status: "canceled", Final: true, Count: 4},
		{Status: "blocked", Final: true, Count: 1},
	}, got.Statuses); d != "" {
		t.Errorf("statuses: -want +got\n%s", d)
	}
}

// TestSummaryAndBootstrap: the numbers of the first view are those of what was sent.
func TestSummaryAndBootstrap(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var b api.Bootstrap
	g.ok(request{method: "GET", path: "/v1/bootstrap", as: owner.token}, 200, &b)
	if b.Me.User == nil || b.Me.Workspace.ID != owner.space || len(b.Messages) != 0 || b.Cursor != "evt_0000000000001" || b.Server.InsecureHTTP || b.Limits.Batch != 1000 || b.Today.Totals.DeliveryRate != nil {
		t.Errorf("bootstrap of a new workspace: %+v", b)
	}
	id := g.send(owner.token)
	g.send(owner.token)
	g.ok(request{method: "POST", path: "/v1/messages/" + id + "/cancel", as: owner.token}, 200, nil)
	var s api.Summary
	g.ok(request{method: "GET", path: "/v1/stats/summary?range=24h", as: owner.token}, 200, &s)
	if s.Totals.Accepted != 2 || s.Totals.Canceled != 1 || s.Totals.Waiting != 1 || s.TimeZone != "America/New_York" || s.Interval != "hour" {
		t.Errorf("summary: %+v", s)
	}
	g.ok(request{method: "GET", path: "/v1/bootstrap", as: owner.token}, 200, &b)
	if len(b.Messages) != 2 || b.Messages[1].ID != id || b.Messages[1].Status != "canceled" || !b.Checklist[0].Done || b.Checklist[3].Done {
		t.Errorf("bootstrap: %+v", b)
	}
	last, err := g.store.LastEvent(t.Context())
	if err != nil || b.Cursor != last.Format(smsir.PrefixEvent) {
		t.Errorf("cursor %s, want %s (%v)", b.Cursor, last.Format(smsir.PrefixEvent), err)
	}
	for _, query := range []string{"range=century", "from=yesterday", "interval=minute", "from=2020-01-01T00:00:00Z", "to=2026-01-01T00:00:00Z"} {
		g.refused(request{method: "GET", path: "/v1/stats/summary?" + query, as: owner.token}, 422, smsir.CodeInvalid)
	}
}
