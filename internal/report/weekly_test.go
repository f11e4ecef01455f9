package report_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/report"
	"github.com/smsir/smsir/internal/store"
)

// TestWeekly: a week that is over gets one summary, told once it is stored, also after a death in between; none where
// nobody wants it.
func TestWeekly(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *life) {
		l.born()
		s := report.New(report.Options{Store: l.st, Now: l.now})
		once := func() []store.Job {
			l.check(s.LookForWeeks(t.Context()))
			jobs, err := l.st.LeaseJobs(t.Context(), []string{report.JobWeekly}, l.now(), l.now().Add(time.Minute), 10)
			l.check(err)
			return jobs
		}
		if jobs := once(); len(jobs) != 0 {
			t.Fatalf("before the first week is over: %+v", jobs)
		}
		l.wait(time.Date(2026, 3, 9, 2, 59, 0, 0, time.UTC).Sub(l.now())) // Monday, 05:59 in Nairobi
		if jobs := once(); len(jobs) != 0 {
			t.Fatalf("a minute too early: %+v", jobs)
		}
		l.wait(time.Minute)
		jobs := once()
		if len(jobs) != 1 || jobs[0].Workspace != l.ws {
			t.Fatalf("on Monday morning: %+v", jobs)
		}
		if again, err := s.Weekly(t.Context(), jobs[0]); err != nil || !again.After(l.now()) {
			t.Fatalf("before the week is counted: %v, %v; want to wait", again, err)
		}
		for again := l.now(); !again.IsZero(); {
			var err error
			again, err = s.Count(t.Context())
			l.check(err)
		}
		untold := report.New(report.Options{Now: l.now, Store: mute{l.st}})
		if _, err := untold.Weekly(t.Context(), jobs[0]); !errors.Is(err, errDied) {
			t.Fatalf("died: %v", err)
		}
		for range 2 {
			again, err := s.Weekly(t.Context(), jobs[0])
			if err != nil || !again.IsZero() {
				t.Fatalf("summary: %v, %v", again, err)
			}
		}
		all, err := l.st.WeeklyReports(t.Context(), l.ws, 10)
		l.check(err)
		if len(all) != 1 || all[0].Week != "2026-03-02" || !all[0].Told || !all[0].From.Equal(time.Date(2026, 3, 1, 21, 0, 0, 0, time.UTC)) || all[0].To.Sub(all[0].From) != 7*24*time.Hour {
			t.Fatalf("summaries %+v", all)
		}
		w, err := report.ReadWeek(all[0].Body)
		l.check(err)
		if w.Totals.Messages() != 1 || len(w.Days) != 7 || w.Days[4].Messages() != 1 || len(w.Countries) != 1 || len(w.Networks) != 1 || w.Networks[0].Value != "" {
			t.Errorf("the week says %+v", w)
		}
		events, err := l.st.EventsAfter(t.Context(), l.ws, 0, 100)
		l.check(err)
		told := 0
		for _, e := range events {
			if e.Type == smsir.EventWeeklyReport && e.Data.Report == all[0].ID.Format(smsir.PrefixReport) {
				told++
			}
		}
		if told != 1 {
			t.Errorf("told %d times", told)
		}
		l.check(l.st.FinishJob(t.Context(), jobs[0].ID, jobs[0].Lease))
		if jobs := once(); len(jobs) != 0 {
			t.Errorf("it has its summary: %+v", jobs)
		}
		l.wait(7 * 24 * time.Hour)
		l.check(l.st.WantWeekly(t.Context(), l.ws, false, store.AuditEntry{At: l.now(), Workspace: l.ws, Action: "report.settings"}))
		if jobs := once(); len(jobs) != 0 {
			t.Errorf("nobody wants it: %+v", jobs)
		}
	})
}

// mute is a store in which the process dies before it tells.
type mute struct{ store.Store }

func (mute) Tell(context.Context, smsir.Event) error { return errDied }
