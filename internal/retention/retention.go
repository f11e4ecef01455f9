// Package retention is in charge of forgetting: it removes the texts of messages, and later whole messages, when the rule
// of their workspace says so.
//
// It does not know where texts stand; the store does. It never touches a message that has not ended.
//
// What it guarantees: what a rule says is done in small steps, at a low pace beside the sending, by one node at a time
// (it works in jobs); a step that is interrupted or done twice does no harm; what it could not do is done at the next
// sweep.
package retention

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Kinds of jobs.
const (
	JobSweep = "retention.sweep" // does what the rules say
	JobCodes = "retention.codes" // removes the texts of one-time codes that have ended
)

// Store is what the package needs of storage.
type Store interface {
	store.Retainer
	LastEvent(ctx context.Context) (smsir.ID, error)
	WebhookCursor(ctx context.Context) (smsir.ID, error)
	AddJob(ctx context.Context, j store.Job) (bool, error)
}

// Options of [New]. Store and Answers are required.
type Options struct {
	Store   Store
	Answers time.Duration // how long stored answers to requests are kept: they hold texts
	Poke    func()        // a job was added
	Log     *slog.Logger
	Now     func() time.Time
	Metrics prometheus.Registerer
	Poll    time.Duration // between looks for codes that have ended; 2 s if 0
	Every   time.Duration // between sweeps; an hour if 0
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	opt     Options
	log     *slog.Logger
	now     func() time.Time
	asked   chan struct{} // capacity 1: sweep soon
	looked  smsir.ID      // the last event when Run looked
	stained atomic.Bool   // something was removed since the database was scrubbed

	texts   *prometheus.CounterVec
	rows    *prometheus.CounterVec
	seconds prometheus.Histogram
	swept   prometheus.Gauge
}

// New returns a service; nothing is removed until Run and the jobs do.
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
		o.Poll = 2 * time.Second
	}
	if o.Every == 0 {
		o.Every = time.Hour
	}
	s := &Service{opt: o, log: o.Log, now: o.Now, asked: make(chan struct{}, 1)}
	s.stained.Store(true) // whoever was here before may have been interrupted
	s.texts = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_retention_texts_removed_total", Help: "Texts removed, of messages (by rule, as one-time codes, by request) and of messages from handsets."}, []string{"why"})
	s.rows = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_retention_rows_deleted_total", Help: "Rows deleted since they were old enough: messages, and others such as messages from handsets, events, campaigns and conversations."}, []string{"kind"})
	s.seconds = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "smsir_retention_step_seconds", Help: "Duration of one step of a sweep.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8)})
	s.swept = prometheus.NewGauge(prometheus.GaugeOpts{Name: "smsir_retention_last_sweep_timestamp_seconds", Help: "When this node last ended a sweep, Unix time; 0 before the first."})
	if o.Metrics != nil {
		o.Metrics.MustRegister(s.texts, s.rows, s.seconds, s.swept)
	}
	return s
}

// Wake asks for a sweep soon: a rule was changed. It does not block.
func (s *Service) Wake() {
	select {
	case s.asked <- struct{}{}:
	default:
	}
}

// Run asks for jobs when there may be something to remove, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(s.opt.Poll)
	defer tick.Stop()
	var next time.Time // sweep
	for {
		if now := s.now(); !now.Before(next) {
			if _, err := s.add(ctx, JobSweep); err == nil {
				next = now.Add(s.opt.Every)
			} else if ctx.Err() == nil {
				s.log.Warn("a sweep could not be asked for", "err", err)
			}
		}
		if err := s.look(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("ended one-time codes could not be looked for", "err", err)
		}
		s.scrub(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-s.asked:
			next, s.looked = time.Time{}, 0
		case <-tick.C:
		}
	}
}

func (s *Service) add(ctx context.Context, kind string) (added bool, err error) {
	now := s.now()
	added, err = s.opt.Store.AddJob(ctx, store.Job{ID: smsir.NewUUID(now), Kind: kind, Key: kind, RunAt: now, CreatedAt: now})
	if added {
		s.opt.Poke()
	}
	return added, err
}

// look adds the job that looks for codes if there are events that it may not have seen.
func (s *Service) look(ctx context.Context) error {
	last, err := s.opt.Store.LastEvent(ctx)
	if err != nil || last == s.looked {
		return err
	}
	added, err := s.add(ctx, JobCodes)
	if added { // otherwise there is one, and it may be about to end
		s.looked = last
	}
	return err
}

// scrub clears what the database keeps beside itself after something was removed. Where that must wait, it is tried again.
func (s *Service) scrub(ctx context.Context) {
	if !s.stained.Swap(false) {
		return
	}
	done, err := s.opt.Store.Scrub(ctx)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("the database could not be cleared of what was removed; it is tried again", "err", err)
	}
	if err != nil || !done {
		s.stained.Store(true)
	}
}

const (
	// idleShare is how long the work rests after a step, for each unit of time that it took: four keep it below a fifth.
	idleShare = 4
	maxIdle   = 10 * time.Second
	// atOnce bounds one run of a job, so that others come to their turn.
	atOnce = 20 * time.Second
	// pause is how long a sweep that was not done rests.
	pause = time.Second
)

// Codes removes the texts of one-time codes that have ended. again is when to run it again; zero when nothing is left.
func (s *Service) Codes(ctx context.Context) (again time.Time, err error) {
	last, err := s.opt.Store.LastEvent(ctx)
	if err != nil {
		return again, err
	}
	// What webhooks have not made deliveries of yet would bring the text back.
	if cursor, err := s.opt.Store.WebhookCursor(ctx); err != nil {
		return again, err
	} else if cursor > 0 && cursor < last {
		last, again = cursor, s.now().Add(pause)
	}
	began := s.now()
	for {
		did, err := s.step(ctx, func() (store.Swept, error) {
			return s.opt.Store.RemoveCodes(ctx, last, s.now(), s.opt.Answers)
		})
		if err != nil {
			return again, err
		}
		s.note(smsir.RemovedAsCode, did)
		switch {
		case !did.More:
			return again, nil
		case s.now().Sub(began) > atOnce:
			return s.now().Add(pause), nil
		}
	}
}

// step does one step, and rests.
func (s *Service) step(ctx context.Context, do func() (store.Swept, error)) (store.Swept, error) {
	start := time.Now()
	did, err := do()
	if err != nil {
		return did, err
	}
	took := time.Since(start)
	s.seconds.Observe(took.Seconds())
	if did == (store.Swept{}) {
		return did, ctx.Err()
	}
	rest := time.NewTimer(min(took*idleShare, maxIdle))
	defer rest.Stop()
	select {
	case <-ctx.Done():
		return did, ctx.Err()
	case <-rest.C:
		return did, nil
	}
}

// note counts what a step has done.
func (s *Service) note(why smsir.TextRemoval, did store.Swept) {
	if did.Texts+did.Inbound+did.Messages+did.Others > 0 {
		s.stained.Store(true)
	}
	s.texts.WithLabelValues(why.String()).Add(float64(did.Texts))
	s.texts.WithLabelValues("inbound").Add(float64(did.Inbound))
	s.rows.WithLabelValues("message").Add(float64(did.Messages))
	s.rows.WithLabelValues("other").Add(float64(did.Others))
}

// Sweep does what the rules of all workspaces say, or a part of it. again is when to go on; zero when it is done.
func (s *Service) Sweep(ctx context.Context) (again time.Time, err error) {
	rules, err := s.opt.Store.Retentions(ctx)
	if err != nil {
		return again, err
	}
	began := s.now()
	for _, r := range rules {
		done, err := s.workspace(ctx, r, began)
		if err != nil {
			return again, err
		}
		if !done {
			again = s.now().Add(pause)
		}
	}
	if again.IsZero() {
		s.swept.Set(float64(s.now().Unix()))
	}
	return again, nil
}

// workspace sweeps one workspace, for a while; false if that was not long enough.
func (s *Service) workspace(ctx context.Context, r store.Retention, began time.Time) (done bool, err error) {
	var sum store.Swept
	start := s.now()
	defer func() {
		level := slog.LevelInfo
		if sum == (store.Swept{}) {
			level = slog.LevelDebug
		}
		s.log.Log(ctx, level, "a workspace was swept", "workspace", r.Workspace.Format(smsir.PrefixWorkspace), "texts", sum.Texts, "inbound_texts", sum.Inbound,
			"messages_deleted", sum.Messages, "others_deleted", sum.Others, "done", done, "took", s.now().Sub(start).Round(time.Millisecond).String())
	}()
	for stage := range store.SweepEnd {
		for more := true; more; {
			if s.now().Sub(began) > atOnce {
				return false, nil
			}
			did, err := s.step(ctx, func() (store.Swept, error) {
				return s.opt.Store.SweepRetention(ctx, r, stage, s.now(), s.opt.Answers)
			})
			if err != nil {
				return false, err
			}
			s.note(smsir.RemovedByRule, did)
			sum.Texts, sum.Inbound, sum.Messages, sum.Others = sum.Texts+did.Texts, sum.Inbound+did.Inbound, sum.Messages+did.Messages, sum.Others+did.Others
			more = did.More
		}
	}
	return true, nil
}

// RemoveText removes the text of one message that has ended, with the entry that tells of it. Errors: CodeNotFound,
// CodeConflict for a message that has not.
func (s *Service) RemoveText(ctx context.Context, workspace smsir.UUID, id smsir.ID, audit store.AuditEntry) (*smsir.Message, error) {
	m, err := s.opt.Store.RemoveText(ctx, workspace, id, s.now().UTC().Truncate(time.Millisecond), s.opt.Answers, audit)
	if err == nil {
		s.note(smsir.RemovedByHand, store.Swept{Texts: 1})
	}
	return m, err
}

// Set changes the rule of a workspace, and sweeps soon. Errors: CodeInvalid (Field "text_days" or "metadata_days").
func (s *Service) Set(ctx context.Context, r store.Retention, audit store.AuditEntry) (store.Retention, error) {
	if err := check(r); err != nil {
		return r, err
	}
	was, err := s.opt.Store.Retention(ctx, r.Workspace)
	if err != nil {
		return r, err
	}
	audit.Changed("text_days", strconv.Itoa(was.TextDays), strconv.Itoa(r.TextDays))
	audit.Changed("metadata_days", strconv.Itoa(was.MetadataDays), strconv.Itoa(r.MetadataDays))
	audit.Changed("one_time_codes", strconv.FormatBool(was.OTP), strconv.FormatBool(r.OTP))
	if err := s.opt.Store.SetRetention(ctx, r, audit); err != nil {
		return r, err
	}
	s.Wake()
	return r, nil
}

// check refuses a rule that cannot be.
func check(r store.Retention) error {
	fault := func(field, text string) error {
		return &smsir.Error{Code: smsir.CodeInvalid, Field: field, Text: text}
	}
	switch {
	case r.TextDays < 0 || r.TextDays > store.MaxRetentionDays:
		return fault("text_days", "Texts are kept for 1 to 3650 days, or for ever (0).")
	case r.MetadataDays < 0 || r.MetadataDays > store.MaxRetentionDays || r.MetadataDays > 0 && r.MetadataDays < store.MinMetadataDays:
		return fault("metadata_days", "Messages are kept for 31 to 3650 days, or for ever (0): receipts and client references need the first month.")
	case r.MetadataDays > 0 && (r.TextDays == 0 || r.TextDays > r.MetadataDays):
		return fault("text_days", "A text cannot be kept longer than its message. Keep texts for a shorter time, or messages for a longer one.")
	}
	return nil
}

// Effect counts what a rule would remove now. Errors: as those of Set.
func (s *Service) Effect(ctx context.Context, r store.Retention) (store.RetentionEffect, error) {
	if err := check(r); err != nil {
		return store.RetentionEffect{}, err
	}
	return s.opt.Store.RetentionEffect(ctx, r, s.now())
}
