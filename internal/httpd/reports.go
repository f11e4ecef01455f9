package httpd

import (
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/report"
	"github.com/smsir/smsir/internal/store"
)

// Bounds of what one answer lists. The export lists everything.
const (
	maxGroups  = 200
	maxReasons = 50
	maxWeeks   = 26
)

// registerReports registers what became of many messages.
func (s *Server) registerReports(b *builder) {
	handle(b, route{
		Method: "GET", Path: "/v1/reports", ID: "getReport", Tag: "Statistics", ETag: true,
		Summary: "What became of the messages accepted in a range, by one of many things",
		Text: "Counts, delivery rate, how long messages took, cost, causes of failures, and the same of the range before. Today in the workspace's time zone when nothing is asked. " +
			"A message counts for the hour in which it was accepted, whatever becomes of it later. As in the summary, counts are kept by the hour in UTC.",
	}, s.getReport)
	handleDownload(b, route{
		Method: "GET", Path: "/v1/reports/export", ID: "exportReport", Tag: "Statistics", Gives: csvType,
		Summary: "Download a report as CSV", Text: "One row for each group, all of them, and one with their sum. Cells that a spreadsheet would take for formulas begin with an apostrophe.",
	}, "report.csv", s.exportReport)
	handle(b, route{
		Method: "GET", Path: "/v1/reports/weekly", ID: "listWeeklyReports", Tag: "Statistics", Summary: "List the summaries of weeks",
		Text: "Each is made on Monday from 06:00 in the workspace's time zone, and told with the event report.weekly.",
	}, func(c *call, _ *struct{}) (*api.WeeklyReportList, error) {
		list, err := s.deps.Store.WeeklyReports(c.ctx(), c.p.Workspace.ID, maxWeeks)
		if err != nil {
			return nil, err
		}
		out := &api.WeeklyReportList{Items: make([]api.WeeklyReport, len(list))}
		for i := range list {
			w, err := s.weekOf(c, &list[i])
			if err != nil {
				return nil, err
			}
			out.Items[i] = *w
		}
		return out, nil
	})
	handle(b, route{Method: "GET", Path: "/v1/reports/weekly/{id}", ID: "getWeeklyReport", Tag: "Statistics", Summary: "The summary of a week"},
		func(c *call, in *struct {
			ID string `path:"id" doc:"Identifier of the summary." example:"rep_01k0c2v6sf7m8x0v3w6n9d5qhe"`
		},
		) (*api.WeeklyReport, error) {
			id, err := parseUUID(smsir.PrefixReport, in.ID)
			if err != nil {
				return nil, err
			}
			r, err := s.deps.Store.WeeklyReport(c.ctx(), c.p.Workspace.ID, id)
			if err != nil {
				return nil, err
			}
			return s.weekOf(c, r)
		})
	handle(b, route{Method: "GET", Path: "/v1/report-settings", ID: "getReportSettings", Tag: "Statistics", Summary: "Whether there are summaries of weeks"},
		func(c *call, _ *struct{}) (*api.ReportSettings, error) {
			wanted, err := s.deps.Store.WeeklyWanted(c.ctx(), c.p.Workspace.ID)
			return &api.ReportSettings{Weekly: wanted}, err
		})
	handle(b, route{Method: "PUT", Path: "/v1/report-settings", ID: "putReportSettings", Tag: "Statistics", Summary: "Turn the summaries of weeks on or off"},
		func(c *call, in *struct{ Body api.ReportSettings }) (*api.ReportSettings, error) {
			return &in.Body, s.deps.Reports.SetWeekly(c.ctx(), c.p.Workspace.ID, in.Body.Weekly, report.By{Actor: c.p.Actor, IP: c.peer().IP.String()})
		})
}

type reportInput struct {
	summaryInput
	GroupBy string `query:"group_by" enum:"provider,country,network,sender,template,campaign,person,class,reason,day,hour" doc:"What to tell messages apart by; provider when left out. day and hour decide the interval. reason counts messages that failed alone; network is what providers reported, and empty where they did not."`
}

// asked is a report that was asked for.
type asked struct {
	span
	report.Query
	groupBy string
}

// dimensions are the words of the API; day and hour are those of the series.
func dimensions() map[string]store.Dimension {
	return map[string]store.Dimension{
		"provider": store.ByProvider, "country": store.ByCountry, "network": store.ByNetwork, "sender": store.BySender, "template": store.ByTemplate, "campaign": store.ByCampaign,
		"person": store.ByPerson, "class": store.ByClass, "reason": store.ByReason, "day": store.ByNothing, "hour": store.ByNothing,
	}
}

func askedOf(c *call, in *reportInput) (a asked, err error) {
	a.groupBy = in.GroupBy
	switch a.groupBy {
	case "":
		a.groupBy = "provider"
	case "day", "hour":
		if in.Interval != "" && in.Interval != a.groupBy {
			return a, invalid("query.interval", "not_together", "Grouped by %s, the interval is %s. Leave interval out.", a.groupBy, a.groupBy)
		}
		in.Interval = a.groupBy
	}
	if a.span, err = spanOf(&in.summaryInput, c.now, zoneOf(c.p.Workspace)); err != nil {
		return a, err
	}
	a.Query = report.Query{Workspace: c.p.Workspace.ID, Previous: a.from.Add(a.from.Sub(a.to)), By: dimensions()[a.groupBy]}
	for _, bucket := range buckets(a.span) {
		a.Bounds = append(a.Bounds, bucket.Start)
	}
	a.Bounds = append(a.Bounds, a.to.UTC())
	return a, nil
}

func (s *Server) getReport(c *call, in *reportInput) (*api.Report, error) {
	a, err := askedOf(c, in)
	if err != nil {
		return nil, err
	}
	return s.reportOf(c, &a, maxGroups)
}

// reportOf answers with at most so many groups; 0 for all.
func (s *Server) reportOf(c *call, a *asked, limit int) (*api.Report, error) {
	r, err := s.deps.Reports.Report(c.ctx(), a.Query)
	if err != nil {
		return nil, err
	}
	out := &api.Report{
		From: a.from.UTC(), To: a.to.UTC(), PreviousFrom: a.Previous.UTC(), TimeZone: a.zone.String(), Interval: "hour", Current: !r.Behind,
		Totals: numbersOf(&r.Totals), Previous: numbersOf(&r.Previous), GroupBy: a.groupBy, Series: make([]api.ReportBucket, len(r.Series)), Groups: []api.ReportGroup{},
		Reasons: reasonsOf(r.Reasons[:min(len(r.Reasons), maxReasons)]),
	}
	if a.daily {
		out.Interval = "day"
	}
	for i := range r.Series {
		out.Series[i] = api.ReportBucket{Start: a.Bounds[i], Numbers: numbersOf(&r.Series[i]), PreviousMessages: r.Before[i].Messages()}
	}
	if a.By == store.ByNothing {
		for _, bucket := range out.Series {
			g := api.ReportGroup{ID: bucket.Start.Format(time.RFC3339), Name: a.label(bucket.Start), Numbers: bucket.Numbers, Previous: numbersOf(&store.Numbers{})}
			g.Previous.Messages = bucket.PreviousMessages
			out.Groups = append(out.Groups, g)
		}
		return out, nil
	}
	groups := r.Groups
	if limit > 0 && len(groups) > limit {
		out.Omitted = len(groups) - limit
		groups = groups[:limit]
	}
	out.Groups, err = s.groupsOf(c, a.By, groups)
	return out, err
}

// label is a day or an hour as people of the workspace's time zone read it.
func (a *asked) label(start time.Time) string {
	if a.daily {
		return start.In(a.zone).Format(time.DateOnly)
	}
	return start.In(a.zone).Format("2006-01-02 15:04")
}

func (s *Server) groupsOf(c *call, d store.Dimension, groups []report.Group) ([]api.ReportGroup, error) {
	values := make([]string, len(groups))
	for i := range groups {
		values[i] = groups[i].Value
	}
	names, err := s.deps.Reports.Names(c.ctx(), c.p.Workspace.ID, d, values)
	if err != nil {
		return nil, err
	}
	out := make([]api.ReportGroup, len(groups))
	for i := range groups {
		g := &groups[i]
		out[i] = api.ReportGroup{ID: g.Value, Name: names[g.Value], Numbers: numbersOf(&g.Numbers), Previous: numbersOf(&g.Previous)}
		switch {
		case g.Value == store.OtherValue:
			out[i].ID, out[i].Others = "", true
		case d == store.ByReason:
			out[i].ID, out[i].Name = report.SplitReason(g.Value)
		}
	}
	return out, nil
}

func reasonsOf(list []report.Reason) []api.ReportReason {
	out := make([]api.ReportReason, len(list))
	for i, r := range list {
		out[i] = api.ReportReason{Code: r.Code, Text: r.Sentence, Messages: r.Messages, Previous: r.Previous}
		if r.Code == store.OtherValue {
			out[i].Code = "other"
		}
	}
	return out
}

// weekOf shows a summary with the names that things have now.
func (s *Server) weekOf(c *call, r *store.WeeklyReport) (*api.WeeklyReport, error) {
	w, err := report.ReadWeek(r.Body)
	if err != nil {
		return nil, err
	}
	out := &api.WeeklyReport{
		ID: r.ID.Format(smsir.PrefixReport), Week: r.Week, From: r.From.UTC(), To: r.To.UTC(), TimeZone: r.TimeZone, CreatedAt: r.CreatedAt.UTC(),
		Totals: numbersOf(w.Totals), Previous: numbersOf(w.Previous), Days: make([]api.ReportNumbers, len(w.Days)), Reasons: reasonsOf(w.Reasons),
	}
	for i, d := range w.Days {
		out.Days[i] = numbersOf(d)
	}
	if out.Providers, err = s.groupsOf(c, store.ByProvider, w.Providers); err != nil {
		return nil, err
	}
	if out.Countries, err = s.groupsOf(c, store.ByCountry, w.Countries); err != nil {
		return nil, err
	}
	out.Networks, err = s.groupsOf(c, store.ByNetwork, w.Networks)
	return out, err
}
