package report_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/report"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
)

// BenchmarkReports counts delivered messages of 30 days on SQLite and reads reports of them. SMSIR_BENCH_MESSAGES is how
// many; 100,000 when it is not set. A tenth of them is in one hour.
func BenchmarkReports(b *testing.B) {
	messages := 100_000
	if text := os.Getenv("SMSIR_BENCH_MESSAGES"); text != "" {
		var err error
		if messages, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	path := filepath.Join(b.TempDir(), "smsir.db")
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	ws := fill(b, path, start, messages)
	st, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close() //nolint:errcheck // read only by now
	s := report.New(report.Options{Store: st})

	for b.Loop() {
		began := time.Now()
		last, err := st.LastEvent(b.Context())
		for more := true; more && err == nil; {
			more, err = st.MarkReports(b.Context(), report.Version, last, 20_000)
		}
		b.ReportMetric(time.Since(began).Seconds(), "s/mark")
		var largest, all time.Duration
		for err == nil {
			var marks []store.ReportMark
			if marks, err = st.ReportMarks(b.Context(), 1000); len(marks) == 0 {
				break
			}
			for _, m := range marks {
				took, e := s.CountOne(b.Context(), m)
				err, all, largest = e, all+took, max(largest, took)
			}
		}
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(all.Seconds(), "s/count")
		b.ReportMetric(largest.Seconds(), "s/largest-hour")
		bounds := []time.Time{}
		for d := range 31 {
			bounds = append(bounds, start.AddDate(0, 0, d))
		}
		began = time.Now()
		r, err := s.Report(b.Context(), report.Query{Workspace: ws, Previous: start.AddDate(0, 0, -30), Bounds: bounds, By: store.BySender})
		if err != nil || r.Totals.Messages() != int64(messages) {
			b.Fatalf("%d messages, %v; want %d", r.Totals.Messages(), err, messages)
		}
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms/report")
	}
}

// fill makes a database with delivered messages, the most part of it by SQL.
func fill(b *testing.B, path string, start time.Time, messages int) smsir.UUID {
	b.Helper()
	now := start
	st, err := sqlite.Open(b.Context(), path, sqlite.Options{Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	ws, provider := smsir.NewUUID(now), smsir.NewUUID(now)
	user := store.User{ID: smsir.UUID{9}, Email: "ada@example.com", Name: "Ada", PasswordHash: "x", CreatedAt: now}
	if err := st.Register(b.Context(), store.Registration{
		User: user, Workspace: &store.Workspace{ID: ws, Name: "Test", Country: "US", TimeZone: "UTC", CreatedAt: now}, Role: store.Owner, Setup: true,
		Provider: &store.Provider{ID: provider, Workspace: ws, Kind: "simulator", Name: "P", Enabled: true, CreatedAt: now, UpdatedAt: now},
		Session:  store.Session{ID: smsir.NewUUID(now), User: user.ID, Workspace: ws, CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour)},
		Audit:    store.AuditEntry{At: now, Workspace: ws, Action: "user.registered"},
	}); err != nil {
		b.Fatal(err)
	}
	step := 30 * 24 * time.Hour / time.Duration(messages)
	for i := 0; i < messages; i += 1000 {
		a := &store.Acceptance{Workspace: ws}
		if i >= messages*9/10 {
			step = time.Hour / time.Duration(messages)
		}
		for range min(1000, messages-i) {
			now = now.Add(step)
			m := &smsir.Message{
				ID: st.NewID(now), Workspace: ws, CreatedBy: smsir.Actor{Kind: smsir.ActorUser, ID: user.ID}, To: "+12025550100", ToRaw: "x", Country: []string{"US", "KE", "GB", "TZ"}[i/1000%4],
				From: "S" + strconv.Itoa(i/1000%20), Text: "Your parcel is ready at the counter until Friday.", Segments: 1, AcceptedAt: now, ExpiresAt: now.Add(time.Hour),
			}
			a.Messages = append(a.Messages, m)
			a.Events = append(a.Events, m.Accept(now, false))
		}
		if _, err := st.Accept(b.Context(), a); err != nil {
			b.Fatal(err)
		}
	}
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test's
	for _, query := range []string{
		`UPDATE messages SET status = 5, final = 1, owner = NULL, deadline_at = 0, seq = 4, attempts = 1, tries = 1, used_provider_id = (SELECT id FROM providers),
			sent_at = accepted_at + abs(random() % 3000), finished_at = accepted_at + 3000 + abs(random() % 30000)`,
		`INSERT INTO attempts (id, message_id, workspace_id, number, provider_id, state, started_at, ended_at, reference, price_micros, price_currency)
			SELECT id, id, workspace_id, 1, used_provider_id, 2, accepted_at, sent_at, 'ref' || id, 8000, 'USD' FROM messages`,
		`INSERT INTO events (id, workspace_id, message_id, seq, type, at, data)
			SELECT (SELECT max(id) FROM events) + row_number() OVER (), workspace_id, message_id, n, 'message.delivered', at, data FROM events, (SELECT 2 AS n UNION SELECT 3 UNION SELECT 4) WHERE seq = 1 ORDER BY n, id`,
	} {
		if _, err := db.ExecContext(b.Context(), query); err != nil {
			b.Fatal(err)
		}
	}
	return ws
}
