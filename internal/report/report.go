// Package report is in charge of what became of many messages: it keeps counts of them by the hour and by provider,
// country, network, sender, template, campaign, person, class and cause, puts reports together from them, and makes the summary of
// every week.
//
// It does not move messages, and nothing is counted while they move: the hours in which something has changed are found in
// the events, and counted anew from the messages, beside the writer.
//
// What it guarantees: counts are a function of the messages alone. Whatever is interrupted, repeated or done by two nodes
// at once, an hour is counted whole or not at all, and what changed after it was counted makes it be counted again. A week
// has one summary; its event is told at least once.
package report

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// JobCount is the kind of the job that counts what has changed.
const JobCount = "report.count"

// Store is what the package needs of storage.
type Store interface {
	store.Reports
	LastEvent(ctx context.Context) (smsir.ID, error)
	AddJob(ctx context.Context, j store.Job) (bool, error)
	Tell(ctx context.Context, e smsir.Event) error
}

// Options of [New]. Store is required.
type Options struct {
	Store   Store
	Poke    func() // a job was added
	Log     *slog.Logger
	Now     func() time.Time
	Metrics prometheus.Registerer
	Poll    time.Duration // between looks for what has changed; 5 s if 0
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	opt     Options
	log     *slog.Logger
	now     func() time.Time
	seconds prometheus.Histogram
	looked  smsir.ID // the last event when Run looked
}

// New returns a service; nothing is counted until Run and the jobs do.
func New(o Options) *Service {
	if o.Poke == nil {
		o.Poke = func() {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Poll == 0 {
		o.Poll = 5 * time.Second
	}
	s := &Service{opt: o, log: o.Log, now: o.Now}
	s.seconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "smsir_report_count_seconds", Help: "How long it took to count the messages of an hour of a workspace for the reports.",
		Buckets: prometheus.ExponentialBuckets(0.001, 4, 10),
	})
	if o.Metrics != nil {
		o.Metrics.MustRegister(s.seconds)
	}
	return s
}

// Run asks for jobs when there is something to count, and for summaries when a week is over, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(s.opt.Poll)
	defer tick.Stop()
	var weeks time.Time // when to look for summaries again
	for {
		if err := s.look(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("reports could not look for changes", "err", err)
		}
		if now := s.now(); !now.Before(weeks) {
			if err := s.lookForWeeks(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("weekly summaries could not be looked for", "err", err)
			}
			weeks = now.Add(weekPoll)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look adds the job that counts if there is an event that it may not have seen, or an hour that is marked. While there
// is such a job, it may be about to end: it is looked for again.
func (s *Service) look(ctx context.Context) error {
	last, err := s.opt.Store.LastEvent(ctx)
	if err != nil {
		return err
	}
	if last == s.looked {
		marks, err := s.opt.Store.ReportMarks(ctx, 1)
		if err != nil || len(marks) == 0 {
			return err
		}
	}
	now := s.now()
	added, err := s.opt.Store.AddJob(ctx, store.Job{ID: smsir.NewUUID(now), Kind: JobCount, Key: JobCount, RunAt: now, CreatedAt: now})
	if added {
		s.looked = last
		s.opt.Poke()
	}
	return err
}

const (
	eventsAtOnce = 20_000
	marksAtOnce  = 100
	// idleShare is how long the counting rests after an hour, for each unit of time that it took: it keeps to a fiftieth
	// of one core.
	idleShare = 49
	maxIdle   = 2 * time.Minute
	// settle is how long after counting changes are gathered before they are counted.
	settle = 5 * time.Second
)

// Count counts everything that has changed. again is when to run it again; zero when nothing is left.
func (s *Service) Count(ctx context.Context) (again time.Time, err error) {
	worked := false
	for {
		last, err := s.opt.Store.LastEvent(ctx)
		if err != nil {
			return again, err
		}
		for more := true; more; {
			if more, err = s.opt.Store.MarkReports(ctx, Version, last, eventsAtOnce); err != nil {
				return again, err
			}
			if err := ctx.Err(); err != nil {
				return again, err
			}
		}
		if worked { // what has changed meanwhile waits, so that a busy hour is not counted over and over
			return s.now().Add(settle), nil
		}
		marks, err := s.opt.Store.ReportMarks(ctx, marksAtOnce)
		if err != nil || len(marks) == 0 {
			return again, err
		}
		for _, m := range marks {
			if err := s.countHour(ctx, m); err != nil {
				return again, err
			}
		}
		worked = true
	}
}

// countHour counts one hour, and rests.
func (s *Service) countHour(ctx context.Context, m store.ReportMark) error {
	took, err := s.count(ctx, m)
	if err != nil {
		return err
	}
	rest := time.NewTimer(min(took*idleShare, maxIdle))
	defer rest.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-rest.C:
		return nil
	}
}

// count counts one hour, and tells how long it took.
func (s *Service) count(ctx context.Context, m store.ReportMark) (time.Duration, error) {
	start := time.Now()
	c := newCounter()
	err := s.opt.Store.ReportMessages(ctx, m.Workspace, m.Hour, func(r *store.ReportRow) error {
		c.add(r)
		return nil
	})
	if err != nil {
		return 0, err
	}
	_, err = s.opt.Store.PutReport(ctx, m, c.list())
	took := time.Since(start)
	s.seconds.Observe(took.Seconds())
	return took, err
}
