package report

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// JobWeekly is the kind of the job that makes a weekly summary.
const JobWeekly = "report.weekly"

const (
	// weekPoll is how often weeks that are over are looked for.
	weekPoll = 5 * time.Minute
	// weekHour is the hour of Monday, in the workspace's time zone, from which the week before is summed up: people find it
	// when they come to work, and most late receipts of Sunday are in.
	weekHour = 6
	// topGroups bounds the providers, countries and reasons of a summary.
	topGroups = 10
)

// week is the body of a weekly summary. It is stored as JSON, in the encoding of its parts.
type week struct {
	Totals    []byte      `json:"totals"` // store.Numbers, encoded
	Previous  []byte      `json:"previous"`
	Days      [][]byte    `json:"days"` // seven, Monday first
	Providers []weekGroup `json:"providers"`
	Countries []weekGroup `json:"countries"`
	Networks  []weekGroup `json:"networks"`
	Reasons   []Reason    `json:"reasons"`
}

// weekGroup is one value of a dimension in a weekly summary.
type weekGroup struct {
	Value   string `json:"value"`
	Numbers []byte `json:"numbers"`
}

// weekBefore is the last full week, Monday to Sunday, that ended at or before now in a zone: its Monday and the starts of
// its days with the end of the last, each rounded up to the full hour in UTC by which messages are counted.
func weekBefore(now time.Time, zone *time.Location) (monday string, bounds []time.Time) {
	y, m, d := now.In(zone).Date()
	today := time.Date(y, m, d, 12, 0, 0, 0, zone)
	back := (int(today.Weekday()) + 6) % 7 // days since Monday
	for i := range 8 {
		bounds = append(bounds, UpToHour(DayStart(y, m, d-back-7+i, zone)))
	}
	return time.Date(y, m, d-back-7, 12, 0, 0, 0, zone).Format(time.DateOnly), bounds
}

// weekSpec is the payload of a [JobWeekly].
type weekSpec struct {
	Week   string      `json:"week"`
	Zone   string      `json:"zone"`
	Bounds []time.Time `json:"bounds"`
}

// lookForWeeks adds the jobs of summaries that are due.
func (s *Service) lookForWeeks(ctx context.Context) error {
	spaces, err := s.opt.Store.ReportSpaces(ctx)
	if err != nil {
		return err
	}
	now, added := s.now(), false
	for i := range spaces {
		w := &spaces[i]
		spec, due, err := s.weekDue(ctx, w, now)
		if err != nil {
			return err
		}
		if !due {
			continue
		}
		payload, err := json.Marshal(spec)
		if err != nil {
			return fmt.Errorf("describe the summary of a week: %w", err)
		}
		fresh, err := s.opt.Store.AddJob(ctx, store.Job{
			ID: smsir.NewUUID(now), Workspace: w.ID, Kind: JobWeekly, Key: w.ID.Format(smsir.PrefixWorkspace) + " " + spec.Week,
			Payload: payload, RunAt: now, CreatedAt: now,
		})
		if err != nil {
			return err
		}
		added = added || fresh
	}
	if added {
		s.opt.Poke()
	}
	return nil
}

// weekDue reports whether the last week of a workspace still wants its summary.
func (s *Service) weekDue(ctx context.Context, w *store.Workspace, now time.Time) (weekSpec, bool, error) {
	zone, err := time.LoadLocation(w.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	monday, bounds := weekBefore(now.Add(-weekHour*time.Hour), zone)
	spec := weekSpec{Week: monday, Zone: zone.String(), Bounds: bounds}
	if !w.CreatedAt.Before(bounds[7]) {
		return spec, false, nil
	}
	wanted, err := s.opt.Store.WeeklyWanted(ctx, w.ID)
	if err != nil || !wanted {
		return spec, false, err
	}
	known, err := s.opt.Store.WeeklyReportOf(ctx, w.ID, monday)
	return spec, err == nil && (known == nil || !known.Told), err
}

// notCounted is how long a summary waits for changes to be counted before it looks again, and staleAfter from when on it
// no longer waits: something changes all the time where much is sent.
const (
	notCounted = 30 * time.Second
	staleAfter = 10 * time.Minute
)

// Weekly makes a summary and tells of it. again is when to try again, zero when it is done. It may run twice for the same
// week: the summary is stored once, and its event told again at most.
func (s *Service) Weekly(ctx context.Context, j store.Job) (again time.Time, err error) {
	var spec weekSpec
	if err := json.Unmarshal(j.Payload, &spec); err != nil || len(spec.Bounds) != 8 {
		return again, fmt.Errorf("read the payload of a weekly summary: %w", err)
	}
	r, err := s.opt.Store.WeeklyReportOf(ctx, j.Workspace, spec.Week)
	if err != nil {
		return again, err
	}
	now := s.now()
	if r == nil {
		from, to := spec.Bounds[0], spec.Bounds[7]
		q := Query{Workspace: j.Workspace, Previous: from.Add(from.Sub(to)), Bounds: spec.Bounds, By: store.ByProvider}
		body, behind, err := s.sumUp(ctx, q)
		if err != nil {
			return again, err
		}
		if behind && now.Before(j.CreatedAt.Add(staleAfter)) {
			return now.Add(notCounted), nil
		}
		r = &store.WeeklyReport{ID: smsir.NewUUID(now), Workspace: j.Workspace, Week: spec.Week, From: from, To: to, TimeZone: spec.Zone, Body: body, CreatedAt: now}
		added, err := s.opt.Store.AddWeeklyReport(ctx, *r)
		if err != nil {
			return again, err
		}
		if !added {
			return now, nil // somebody else was faster: look again
		}
	}
	if r.Told {
		return again, nil
	}
	if err := s.opt.Store.Tell(ctx, smsir.Event{Workspace: r.Workspace, Type: smsir.EventWeeklyReport, At: now, Data: smsir.EventData{Report: r.ID.Format(smsir.PrefixReport)}}); err != nil {
		return again, err
	}
	return again, s.opt.Store.ToldWeeklyReport(ctx, r.ID)
}

// sumUp puts the body of a summary together. behind says that changes are not counted yet.
func (s *Service) sumUp(ctx context.Context, q Query) (body []byte, behind bool, err error) {
	r, err := s.Report(ctx, q)
	if err != nil {
		return nil, false, err
	}
	countries, err := s.groups(ctx, q, store.ByCountry)
	if err != nil {
		return nil, false, err
	}
	networks, err := s.groups(ctx, q, store.ByNetwork)
	if err != nil {
		return nil, false, err
	}
	w := week{Totals: r.Totals.Encode(), Previous: r.Previous.Encode(), Providers: topOf(r.Groups), Countries: topOf(countries), Networks: topOf(networks), Reasons: r.Reasons[:min(len(r.Reasons), topGroups)]}
	for i := range r.Series {
		w.Days = append(w.Days, r.Series[i].Encode())
	}
	body, err = json.Marshal(w)
	return body, r.Behind, err
}

func topOf(groups []Group) []weekGroup {
	top := make([]weekGroup, 0, topGroups)
	for i := range groups {
		if len(top) < topGroups && groups[i].Numbers.Messages() > 0 {
			top = append(top, weekGroup{Value: groups[i].Value, Numbers: groups[i].Numbers.Encode()})
		}
	}
	return top
}

// Summary is a weekly summary as it is read.
type Summary struct {
	Totals, Previous               *store.Numbers
	Days                           []*store.Numbers // Monday first
	Providers, Countries, Networks []Group          // the largest, without the range before
	Reasons                        []Reason
}

// ReadWeek reads the body of a stored summary.
func ReadWeek(body []byte) (*Summary, error) {
	var w week
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, fmt.Errorf("read a weekly summary: %w", err)
	}
	out := &Summary{Reasons: w.Reasons}
	var err error
	read := func(b []byte) *store.Numbers {
		n, e := store.DecodeNumbers(b)
		if e != nil {
			err = e
			return &store.Numbers{}
		}
		return n
	}
	groups := func(list []weekGroup) []Group {
		all := make([]Group, len(list))
		for i, g := range list {
			all[i] = Group{Value: g.Value, Numbers: *read(g.Numbers)}
		}
		return all
	}
	out.Totals, out.Previous = read(w.Totals), read(w.Previous)
	out.Providers, out.Countries, out.Networks = groups(w.Providers), groups(w.Countries), groups(w.Networks)
	for _, d := range w.Days {
		out.Days = append(out.Days, read(d))
	}
	return out, err
}
