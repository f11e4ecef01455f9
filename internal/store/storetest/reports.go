package storetest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Reports judges the counts of reports: what is marked, what is read of an hour, and what is kept.
func Reports(t *testing.T, open Opener) {
	for _, tc := range []struct {
		name string
		run  func(*bench)
	}{
		{"what has changed is marked", testReportMarks},
		{"a price that comes alone is marked too", testReportPrices},
		{"networks as providers report them", testReportNetworks},
		{"an hour is read and kept whole", testReportHour},
		{"weekly summaries", testWeekly},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.run(newBench(t, open))
		})
	}
}

func (b *bench) markReports(version, limit int) (more bool) {
	b.Helper()
	last, err := b.st.LastEvent(ctx)
	must(b.T, "LastEvent", err)
	more, err = b.st.MarkReports(ctx, version, last, limit)
	must(b.T, "MarkReports", err)
	return more
}

func (b *bench) marks() []store.ReportMark {
	b.Helper()
	all, err := b.st.ReportMarks(ctx, 100)
	must(b.T, "ReportMarks", err)
	return all
}

func (b *bench) put(m store.ReportMark, want bool, cells ...store.ReportCell) {
	b.Helper()
	if done, err := b.st.PutReport(ctx, m, cells); err != nil || done != want {
		b.Fatalf("PutReport: %v, %v; want %v", done, err, want)
	}
}

func (b *bench) behind(want bool) {
	b.Helper()
	if got, err := b.st.ReportsBehind(ctx, b.ws, b.at.Add(-9*time.Hour), b.at.Add(time.Hour)); err != nil || got != want {
		b.Fatalf("behind: %v, %v; want %v", got, err, want)
	}
}

func testReportMarks(b *bench) {
	b.behind(false)
	if b.markReports(1, 100) || len(b.marks()) != 0 {
		b.Fatalf("marks of nothing: %v", b.marks())
	}
	hour := b.at
	first := b.message()
	b.accept(true, first)
	b.accept(false, b.message())
	b.wait(2 * time.Hour)
	b.accept(false, b.message())
	b.behind(true)
	if !b.markReports(1, 2) || b.markReports(1, 2) {
		b.Fatal("three events in steps of two: want one more step after the first, none after the second")
	}
	marks := b.marks()
	if len(marks) != 2 || marks[0].Workspace != b.ws || !marks[0].Hour.Equal(hour) || !marks[1].Hour.Equal(hour.Add(2*time.Hour)) || marks[0].Stamp == marks[1].Stamp {
		b.Fatalf("marks %+v", marks)
	}
	b.behind(true)
	b.put(marks[1], true)
	b.put(marks[1], false) // it is not there any more
	b.finish(b.mustIntend(first), first.ID, accepted("r"))
	if b.markReports(1, 100) {
		b.Fatal("two events are more than a hundred")
	}
	b.put(marks[0], false) // it has changed since
	again := b.marks()
	if len(again) != 1 || !again[0].Hour.Equal(hour) || again[0].Stamp == marks[0].Stamp {
		b.Fatalf("marked again: %+v", again)
	}
	b.put(again[0], true)
	b.behind(false)
	if b.markReports(1, 100) || len(b.marks()) != 0 {
		b.Fatalf("marked without a change: %+v", b.marks())
	}
	if b.markReports(2, 100) || len(b.marks()) != 2 {
		b.Fatalf("with another version: %+v, want both hours", b.marks())
	}
}

func testReportPrices(b *bench) {
	m := b.message()
	b.accept(true, m)
	b.finish(b.mustIntend(m), m.ID, accepted("r"))
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "r", Status: smsir.Delivered})
	b.markReports(1, 100)
	b.put(b.marks()[0], true)
	b.receipt(store.ReceiptNoted, smsir.Receipt{Reference: "r", Status: smsir.Delivered, Code: "again", Price: smsir.Money{Micros: 4000, Currency: "KES"}})
	marks := b.marks()
	if len(marks) != 1 || !marks[0].Hour.Equal(m.ID.Time().Truncate(time.Hour)) {
		b.Fatalf("after a price: %+v, want the message's hour", marks)
	}
	var got []smsir.Money
	must(b.T, "ReportMessages", b.st.ReportMessages(ctx, b.ws, marks[0].Hour, func(r *store.ReportRow) error {
		got = append(got, r.Prices...)
		return nil
	}))
	same(b.T, "prices", got, []smsir.Money{{Micros: 4000, Currency: "KES"}})
}

func testReportHour(b *bench) {
	b.wait(59 * time.Minute)
	hour := b.at.Truncate(time.Hour)
	plain := b.message()
	later := b.message(func(m *smsir.Message) {
		m.SendAt, m.Class, m.From, m.Country, m.Segments = b.at.Add(30*time.Minute), smsir.Bulk, "", "GB", 3
	})
	b.accept(true, plain, later)
	priced := accepted("r")
	priced.Price = smsir.Money{Micros: 7000, Currency: "USD"}
	b.wait(5 * time.Second)
	b.finish(b.mustIntend(plain), plain.ID, priced)
	b.wait(2 * time.Minute) // the next hour
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "r", Status: smsir.Undelivered, Error: &smsir.Failure{Class: smsir.ClassPermanent, Code: "undelivered", Text: "The number is not in use."}})
	b.accept(false, b.message())
	var rows []store.ReportRow
	must(b.T, "ReportMessages", b.st.ReportMessages(ctx, b.ws, hour, func(r *store.ReportRow) error {
		rows = append(rows, *r)
		return nil
	}))
	failed := b.state(plain.ID, smsir.Undelivered, true)
	same(b.T, "rows", rows, []store.ReportRow{
		{
			Class: plain.Class, Country: plain.Country, From: plain.From, Provider: b.provider, CreatedBy: plain.CreatedBy, Segments: 1, State: failed.State(),
			Reason: failed.Reason, Error: failed.Error, DueAt: plain.AcceptedAt, SentAt: failed.SentAt, FinishedAt: failed.FinishedAt, Prices: []smsir.Money{priced.Price},
		},
		{Class: smsir.Bulk, Country: "GB", CreatedBy: later.CreatedBy, Segments: 3, State: smsir.State{Status: smsir.Scheduled}, DueAt: later.SendAt},
	})
	b.markReports(1, 100)
	cell := func(d store.Dimension, value string, n int64) store.ReportCell {
		return store.ReportCell{Dimension: d, Value: value, Numbers: &store.Numbers{States: map[smsir.State]int64{{Status: smsir.Queued}: n}, Segments: n}}
	}
	read := func(d store.Dimension, from, to time.Time) map[string]int64 {
		got := map[string]int64{}
		must(b.T, "ReportCells", b.st.ReportCells(ctx, b.ws, d, from, to, func(at time.Time, value string, n *store.Numbers) error {
			got[at.Format("15")+" "+value] = n.Messages()
			return nil
		}))
		return got
	}
	marks := b.marks()
	b.put(marks[0], true, cell(store.ByNothing, "", 2), cell(store.BySender, "SMSir", 1), cell(store.BySender, "", 1))
	b.put(marks[1], true, cell(store.ByNothing, "", 5))
	same(b.T, "all", read(store.ByNothing, hour, hour.Add(2*time.Hour)), map[string]int64{"09 ": 2, "10 ": 5})
	same(b.T, "the first hour", read(store.ByNothing, hour, hour.Add(time.Hour)), map[string]int64{"09 ": 2})
	same(b.T, "senders", read(store.BySender, hour, hour.Add(2*time.Hour)), map[string]int64{"09 ": 1, "09 SMSir": 1})
	if got := slices.Collect(maps.Keys(read(store.ByNothing, hour.Add(-time.Hour), hour))); len(got) != 0 {
		b.Errorf("the hour before has %v", got)
	}
}

func testWeekly(b *bench) {
	if wanted, err := b.st.WeeklyWanted(ctx, b.ws); err != nil || !wanted {
		b.Fatalf("wanted at first: %v, %v", wanted, err)
	}
	for _, want := range []bool{false, true, false} {
		must(b.T, "WantWeekly", b.st.WantWeekly(ctx, b.ws, want, store.AuditEntry{At: b.at, Workspace: b.ws, Action: "report.settings"}))
		if wanted, err := b.st.WeeklyWanted(ctx, b.ws); err != nil || wanted != want {
			b.Fatalf("wanted: %v, %v; want %v", wanted, err, want)
		}
	}
	spaces, err := b.st.ReportSpaces(ctx)
	must(b.T, "ReportSpaces", err)
	if len(spaces) != 1 || spaces[0].ID != b.ws || spaces[0].TimeZone != "UTC" {
		b.Fatalf("workspaces %+v", spaces)
	}
	if names, err := b.st.ReportNames(ctx, b.ws, store.ByProvider, []smsir.UUID{b.provider, {1}}); err != nil || len(names) != 1 || names[b.provider] != "Simulator" {
		b.Errorf("names of providers: %v, %v", names, err)
	}
	for _, d := range []store.Dimension{store.ByTemplate, store.ByCampaign, store.ByPerson, store.BySender} {
		if names, err := b.st.ReportNames(ctx, b.ws, d, []smsir.UUID{{1}, {2}}); err != nil || len(names) != 0 {
			b.Errorf("names of dimension %d: %v, %v", d, names, err)
		}
	}
	report := func(week string) store.WeeklyReport {
		return store.WeeklyReport{
			ID: smsir.NewUUID(b.at), Workspace: b.ws, Week: week, From: b.at.Add(-7 * 24 * time.Hour), To: b.at, TimeZone: "UTC",
			Body: []byte(`{"totals":""}`), CreatedAt: b.at,
		}
	}
	first, next, twice := report("2026-02-16"), report("2026-02-23"), report("2026-02-16")
	for _, c := range []struct {
		r    store.WeeklyReport
		want bool
	}{{first, true}, {next, true}, {twice, false}} {
		if added, err := b.st.AddWeeklyReport(ctx, c.r); err != nil || added != c.want {
			b.Fatalf("add %s: %v, %v; want %v", c.r.Week, added, err, c.want)
		}
	}
	must(b.T, "ToldWeeklyReport", b.st.ToldWeeklyReport(ctx, first.ID))
	first.Told = true
	all, err := b.st.WeeklyReports(ctx, b.ws, 10)
	must(b.T, "WeeklyReports", err)
	same(b.T, "summaries", all, []store.WeeklyReport{next, first})
	one, err := b.st.WeeklyReportOf(ctx, b.ws, first.Week)
	must(b.T, "WeeklyReportOf", err)
	same(b.T, "of a week", one, &first)
	if none, err := b.st.WeeklyReportOf(ctx, b.ws, "2026-01-05"); err != nil || none != nil {
		b.Errorf("of a week without one: %v, %v", none, err)
	}
	other, _ := b.workspace("second@example.com", false)
	wantCode(b.T, "of another workspace", second(b.st.WeeklyReport(ctx, other, first.ID)), smsir.CodeNotFound, "")
	one, err = b.st.WeeklyReport(ctx, b.ws, next.ID)
	must(b.T, "WeeklyReport", err)
	same(b.T, "one", one, &next)
}
