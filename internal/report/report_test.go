package report_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/report"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/postgres"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
	"github.com/smsir/smsir/internal/store/sqlite"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// both runs a test on both databases, each with a clock that the test moves.
func both(t *testing.T, run func(t *testing.T, l *life)) {
	start := time.Date(2026, 3, 6, 20, 30, 0, 0, time.UTC) // a Friday
	for name, open := range map[string]func(t *testing.T, now func() time.Time) (store.Store, error){
		"sqlite": func(t *testing.T, now func() time.Time) (store.Store, error) {
			return sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "smsir.db"), sqlite.Options{Now: now})
		},
		"postgres": func(t *testing.T, now func() time.Time) (store.Store, error) {
			return postgres.Open(t.Context(), pgtest.Database(t), postgres.Options{Now: now, PoolSize: 4})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &life{T: t, r: rand.New(rand.NewPCG(7, 11)), at: start, attempts: map[smsir.ID]smsir.ID{}} //nolint:gosec // a test's
			st, err := open(t, l.now)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = st.Close() })
			l.st = st
			l.register()
			run(t, l)
		})
	}
}

// life makes messages and lets them end in every way.
type life struct {
	*testing.T
	st        store.Store
	r         *rand.Rand
	mu        sync.Mutex
	at        time.Time
	ws        smsir.UUID
	providers [2]smsir.UUID
	messages  []*smsir.Message
	attempts  map[smsir.ID]smsir.ID
}

func (l *life) now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at
}

func (l *life) wait(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = l.at.Add(d).Truncate(time.Millisecond)
}

func (l *life) check(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

func (l *life) register() {
	now := l.now()
	l.ws, l.providers[0], l.providers[1] = smsir.NewUUID(now), smsir.NewUUID(now), smsir.NewUUID(now)
	user := store.User{ID: smsir.UUID{9}, Email: "ada@example.com", Name: "Ada", PasswordHash: "x", CreatedAt: now}
	provider := func(i int) *store.Provider {
		return &store.Provider{ID: l.providers[i], Workspace: l.ws, Kind: "simulator", Name: "P" + strconv.Itoa(i), Enabled: true, CreatedAt: now, UpdatedAt: now}
	}
	l.check(l.st.Register(l.Context(), store.Registration{
		User: user, Workspace: &store.Workspace{ID: l.ws, Name: "Test", Country: "US", TimeZone: "Africa/Nairobi", CreatedAt: now}, Role: store.Owner, Setup: true,
		Provider: provider(0),
		Session:  store.Session{ID: smsir.NewUUID(now), User: user.ID, Workspace: l.ws, CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour)},
		Audit:    store.AuditEntry{At: now, Workspace: l.ws, Action: "user.registered"},
	}))
	l.check(l.st.CreateProvider(l.Context(), *provider(1), store.AuditEntry{At: now, Workspace: l.ws, Action: "provider.created"}))
}

func (l *life) pick(n int) int { return l.r.IntN(n) }

// born accepts a message.
func (l *life) born() {
	now := l.now()
	m := &smsir.Message{
		ID: l.st.NewID(now), Workspace: l.ws, CreatedBy: smsir.Actor{Kind: smsir.ActorKind(1 + l.pick(3)), ID: smsir.UUID{byte(1 + l.pick(3))}}, Class: smsir.Class(l.pick(3)), //nolint:gosec // small
		To: "+12025550100", ToRaw: "x", Country: []string{"US", "KE", ""}[l.pick(3)], From: []string{"SMSir", "Shop", ""}[l.pick(3)],
		Text: "hello", Segments: 1 + l.pick(3), AcceptedAt: now, ExpiresAt: now.Add(24 * time.Hour),
	}
	if l.pick(5) == 0 {
		m.SendAt = now.Add(time.Duration(1+l.pick(90)) * time.Minute)
	}
	a := &store.Acceptance{Workspace: l.ws, Messages: []*smsir.Message{m}, Owned: true}
	if l.pick(12) == 0 {
		a.Events = m.AcceptBlocked(now, smsir.ReasonOptedOut, nil)
	} else {
		a.Events = []smsir.Event{m.Accept(now, false)}
	}
	_, err := l.st.Accept(l.Context(), a)
	l.check(err)
	l.messages = append(l.messages, m)
}

// move does something to an older message: an attempt and its outcome, a receipt once or again, with or without a price, or
// a cancel.
func (l *life) move() {
	m := l.messages[l.pick(len(l.messages))]
	now := l.now()
	price := []smsir.Money{{}, {Micros: int64(1 + l.pick(9000)), Currency: "USD"}, {Micros: int64(1 + l.pick(9000)), Currency: "KES"}}[l.pick(3)]
	attempt, sent := l.attempts[m.ID]
	provider := l.providers[int(m.ID>>1)%2] //nolint:gosec // of a pair
	switch what := l.pick(10); {
	case !sent && what < 7:
		attempt = l.st.NewID(now)
		claimed := *m
		ok, err := l.st.Intend(l.Context(), []store.Intent{{Attempt: attempt, Message: &claimed, Provider: provider, Now: now}})
		l.check(err)
		if !ok[0] {
			return
		}
		l.attempts[m.ID] = attempt
		if l.pick(6) > 0 {
			l.finish(m, attempt, price)
		}
	case what == 7:
		_, _, err := l.st.Cancel(l.Context(), l.ws, m.ID, smsir.Actor{}, now)
		l.check(err)
	case what == 8 && sent:
		l.finish(m, attempt, price) // late, or again
	case sent:
		status := []smsir.Status{smsir.Delivered, smsir.Delivered, smsir.Undelivered, smsir.Expired, smsir.Sent}[l.pick(5)]
		r := smsir.Receipt{Provider: provider, Reference: m.ID.Format("ref"), Status: status, ArrivedAt: now, DoneAt: now, Price: price, Network: []string{"", "63902", "63903"}[l.pick(3)]}
		if status == smsir.Undelivered {
			r.Error = &smsir.Failure{Class: smsir.ClassPermanent, Code: "undelivered", Text: []string{"The handset is off.", "There is no such number."}[l.pick(2)]}
		}
		_, err := l.st.StoreReceipt(l.Context(), r)
		l.check(err)
	}
}

func (l *life) finish(m *smsir.Message, attempt smsir.ID, price smsir.Money) {
	o := smsir.Outcome{State: smsir.AttemptAccepted, References: []string{m.ID.Format("ref")}, Price: price}
	switch l.pick(8) {
	case 0:
		o = smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassPermanent, Error: &smsir.Failure{Class: smsir.ClassPermanent, Code: "bad_number", Text: "No such number."}}
	case 1:
		o = smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: l.now().Add(time.Hour)}
	case 2:
		o.NoReceipt = true
	}
	_, err := l.st.Finish(l.Context(), store.Finish{Attempt: attempt, Message: m.ID, Workspace: l.ws, Now: l.now(), Outcome: o})
	l.check(err)
}

// mortal is a store in which a process dies: before a step, or after it, so that nobody learns that it was done.
type mortal struct {
	store.Store
	die func() bool
}

var errDied = errors.New("died")

func (m mortal) MarkReports(ctx context.Context, version int, upTo smsir.ID, limit int) (bool, error) {
	if m.die() {
		return false, errDied
	}
	more, err := m.Store.MarkReports(ctx, version, upTo, 1+limit%7) // in small steps
	if m.die() {
		return false, errDied
	}
	return more, err
}

func (m mortal) PutReport(ctx context.Context, mark store.ReportMark, cells []store.ReportCell) (bool, error) {
	if m.die() {
		return false, errDied
	}
	done, err := m.Store.PutReport(ctx, mark, cells)
	if m.die() {
		return false, errDied
	}
	return done, err
}

// TestCountsAreThoseOfTheMessages: whatever becomes of messages, and however often counting dies, is repeated, or is done
// by two at once, the reports say what a count of all messages says.
func TestCountsAreThoseOfTheMessages(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *life) {
		var mu sync.Mutex
		dice := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // a test's
		dying := report.New(report.Options{Now: l.now, Store: mortal{l.st, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return dice.IntN(3) == 0
		}}})
		from := l.now().Truncate(time.Hour)
		for round := range 12 {
			for range 25 {
				if l.pick(2) == 0 || len(l.messages) == 0 {
					l.born()
				} else {
					l.move()
				}
				l.wait(time.Duration(l.r.ExpFloat64() * float64(3*time.Minute)))
			}
			for range 4 { // late receipts change old hours
				l.move()
			}
			if round%3 == 2 {
				_, err := l.st.Tick(t.Context(), l.now(), smsir.Lateness{OTP: time.Minute, Other: time.Hour}, 1000)
				l.check(err)
			}
			var two sync.WaitGroup
			for range 2 {
				two.Go(func() {
					for tries := 0; ; tries++ {
						again, err := dying.Count(t.Context())
						if err == nil && again.IsZero() {
							return
						}
						if err != nil && !errors.Is(err, errDied) || tries > 5000 {
							t.Errorf("try %d: %v", tries, err)
							return
						}
					}
				})
			}
			two.Wait()
			l.compare(dying, from)
		}
		if n := len(l.messages); n < 100 {
			t.Errorf("only %d messages", n)
		}
	})
}

// compare judges a report against a count of all messages and attempts, made here from what people can read.
func (l *life) compare(s *report.Service, from time.Time) {
	l.Helper()
	ctx := l.Context()
	to := report.UpToHour(l.now().Add(time.Millisecond))
	middle := from.Add(to.Sub(from) / 2).Truncate(time.Hour)
	type count struct{ Messages, Previous, Segments, Delivered int64 }
	want := map[store.Dimension]map[string]count{}
	cost := map[string]int64{}
	states := map[smsir.State]int64{}
	var waits, sent int64
	for before := smsir.ID(0); ; {
		page, err := l.st.ListMessages(ctx, l.ws, store.MessageFilter{Limit: 200, Before: before})
		l.check(err)
		for _, m := range page.Items {
			add := func(d store.Dimension, value string) {
				if want[d] == nil {
					want[d] = map[string]count{}
				}
				c := want[d][value]
				if m.ID.Time().Before(middle) {
					c.Previous++
				} else {
					c.Messages++
					c.Segments += int64(m.Segments)
					if m.Status == smsir.Delivered {
						c.Delivered++
					}
				}
				want[d][value] = c
			}
			add(store.ByProvider, m.UsedProvider.Format("prv"))
			add(store.ByCountry, m.Country)
			add(store.BySender, m.From)
			add(store.ByNetwork, m.Network)
			add(store.ByClass, m.Class.String())
			add(store.ByTemplate, "")
			add(store.ByCampaign, "")
			add(store.ByPerson, m.CreatedBy.ID.Format(map[smsir.ActorKind]string{smsir.ActorUser: "usr", smsir.ActorKey: "key", smsir.ActorSMPP: "smp"}[m.CreatedBy.Kind]))
			switch m.Status {
			case smsir.Undelivered, smsir.Expired, smsir.Failed, smsir.Blocked:
				if m.Error != nil {
					add(store.ByReason, m.Error.Code+"\n"+m.Error.Text)
				} else {
					add(store.ByReason, string(m.Reason)+"\n")
				}
			}
			if m.ID.Time().Before(middle) {
				continue
			}
			states[m.State()]++
			if m.Status == smsir.Delivered {
				waits++
			}
			if !m.SentAt.IsZero() {
				sent++
			}
			attempts, err := l.st.Attempts(ctx, l.ws, m.ID)
			l.check(err)
			for _, a := range attempts {
				if a.Price.Currency != "" {
					cost[a.Price.Currency] += a.Price.Micros
				}
			}
		}
		if before = page.Next; before == 0 {
			break
		}
	}
	for d := store.ByProvider; d <= store.LastDimension; d++ {
		q := report.Query{Workspace: l.ws, Previous: from, Bounds: []time.Time{middle, to}, By: d}
		r, err := s.Report(ctx, q)
		l.check(err)
		got := map[string]count{}
		for _, g := range r.Groups {
			got[g.Value] = count{
				Messages: g.Numbers.Messages(), Previous: g.Previous.Messages(), Segments: g.Numbers.Segments,
				Delivered: g.Numbers.States[smsir.State{Status: smsir.Delivered, Final: true}],
			}
		}
		expected := want[d]
		if expected == nil {
			expected = map[string]count{}
		}
		if diff := cmp.Diff(expected, got); diff != "" {
			l.Fatalf("dimension %d (-messages +report):\n%s", d, diff)
		}
		got2 := r.Totals
		if len(got2.Cost) == 0 {
			got2.Cost = map[string]int64{}
		}
		if diff := cmp.Diff(cost, got2.Cost); diff != "" {
			l.Fatalf("cost (-attempts +report):\n%s", diff)
		}
		if got2.States == nil {
			got2.States = map[smsir.State]int64{}
		}
		if diff := cmp.Diff(states, got2.States); diff != "" {
			l.Fatalf("states (-messages +report):\n%s", diff)
		}
		if got2.Waits[store.WaitTotal].N() != waits || got2.Waits[store.WaitQueue].N() != sent {
			l.Fatalf("waits %d and %d, want %d and %d", got2.Waits[store.WaitTotal].N(), got2.Waits[store.WaitQueue].N(), waits, sent)
		}
		if r.Behind {
			l.Fatal("the report says that changes are missing")
		}
	}
}

// TestSeries: each hour is in its bucket, and the range before in buckets of the same place.
func TestSeries(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *life) {
		s := report.New(report.Options{Store: l.st, Now: l.now})
		start := l.now().Truncate(time.Hour)
		for i := range 6 {
			for range i + 1 {
				l.born()
			}
			l.wait(time.Hour)
		}
		for {
			if again, err := s.Count(t.Context()); err != nil {
				t.Fatal(err)
			} else if again.IsZero() {
				break
			}
		}
		at := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
		r, err := s.Report(t.Context(), report.Query{Workspace: l.ws, Previous: at(0), Bounds: []time.Time{at(3), at(5), at(6)}})
		l.check(err)
		got := [][2]int64{}
		for i := range r.Series {
			got = append(got, [2]int64{r.Series[i].Messages(), r.Before[i].Messages()})
		}
		if diff := cmp.Diff([][2]int64{{4 + 5, 1 + 2}, {6, 3}}, got); diff != "" {
			t.Errorf("buckets now and before (-want +got):\n%s", diff)
		}
	})
}

// TestLook: the job that counts is asked for when there is something to count, and again when it had not ended.
func TestLook(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *life) {
		s := report.New(report.Options{Store: l.st, Now: l.now})
		jobs := func(want int) []store.Job {
			t.Helper()
			l.check(s.Look(t.Context()))
			list, err := l.st.LeaseJobs(t.Context(), []string{report.JobCount}, l.now(), l.now().Add(time.Minute), 10)
			l.check(err)
			if len(list) != want {
				t.Fatalf("%d jobs, want %d", len(list), want)
			}
			return list
		}
		finish := func(list []store.Job) { l.check(l.st.FinishJob(t.Context(), list[0].ID, list[0].Lease)) }
		jobs(0)
		l.born()
		first := jobs(1)
		l.born() // while it runs
		jobs(0)
		finish(first)
		finish(jobs(1))
		jobs(0) // there is no event that it has not seen
		_, err := l.st.MarkReports(t.Context(), report.Version, smsir.ID(1)<<62, 100)
		l.check(err)
		finish(jobs(1)) // but an hour is marked
	})
}
