package httpd

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/report"
	"github.com/smsir/smsir/internal/store"
)

// count counts everything for the reports.
func (g *gate) count() {
	g.t.Helper()
	s := report.New(report.Options{Store: g.store})
	for again := time.Now(); !again.IsZero(); {
		var err error
		if again, err = s.Count(g.t.Context()); err != nil {
			g.t.Fatal(err)
		}
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	for range 3 {
		g.send(owner.token)
	}
	canceled := g.send(owner.token)
	g.ok(request{method: "POST", path: "/v1/messages/" + canceled + "/cancel", as: owner.token}, 200, nil)
	var r api.Report
	g.ok(request{method: "GET", path: "/v1/reports", as: owner.token}, 200, &r)
	if r.Current || r.Totals.Messages != 0 {
		t.Errorf("before anything is counted: current %v, %d messages; want 0 and not current", r.Current, r.Totals.Messages)
	}
	g.count()
	for _, by := range []string{"", "provider", "country", "network", "sender", "template", "campaign", "person", "class"} {
		g.ok(request{method: "GET", path: "/v1/reports?group_by=" + by, as: owner.token}, 200, &r)
		if !r.Current || r.Totals.Messages != 4 || r.Totals.Canceled != 1 || r.Totals.Pending != 3 || r.Totals.DeliveryRate != nil || r.Interval != "hour" || len(r.Series) < 23 {
			t.Fatalf("by %q: %+v", by, r)
		}
		if len(r.Groups) != 1 || r.Groups[0].Numbers.Messages != 4 || r.Omitted != 0 {
			t.Errorf("groups by %q: %+v", by, r.Groups)
		}
		switch {
		case by == "person" && (r.Groups[0].ID != owner.id || r.Groups[0].Name == ""):
			t.Errorf("the person is %q, %q; want %q and a name", r.Groups[0].ID, r.Groups[0].Name, owner.id)
		case by == "country" && r.Groups[0].ID != "US":
			t.Errorf("the country is %q", r.Groups[0].ID)
		case by == "" && r.GroupBy != "provider":
			t.Errorf("grouped by %q", r.GroupBy)
		}
	}
	g.ok(request{method: "GET", path: "/v1/reports?range=7d&group_by=day", as: owner.token}, 200, &r)
	if len(r.Groups) != 7 || r.Groups[6].Numbers.Messages != 4 || len(r.Groups[6].Name) != 10 || r.Interval != "day" {
		t.Errorf("by day: %+v", r.Groups)
	}
	g.ok(request{method: "GET", path: "/v1/reports?range=7d&group_by=reason", as: owner.token}, 200, &r)
	if len(r.Groups) != 0 || len(r.Reasons) != 0 || r.Totals.Messages != 4 {
		t.Errorf("by reason: %+v", r.Groups)
	}
	for _, query := range []string{"group_by=planet", "group_by=day&interval=hour", "range=7d&from=2026-01-01T00:00:00Z", "range=1y", "from=2020-01-01T00:00:00Z", "group_by=hour&from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z"} {
		g.refused(request{method: "GET", path: "/v1/reports?" + query, as: owner.token}, 422, smsir.CodeInvalid)
		g.refused(request{method: "GET", path: "/v1/reports/export?" + query, as: owner.token}, 422, smsir.CodeInvalid)
	}
	a := g.do(request{method: "GET", path: "/v1/reports/export?group_by=sender", as: owner.token})
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(a.body), "\ufeff"))).ReadAll()
	if err != nil || a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
		t.Fatalf("export: %d, %v: %s", a.status, err, a.body)
	}
	if len(rows) != 3 || rows[0][0] != "sender" || rows[1][2] != "4" || rows[2][0] != "(sum)" || rows[2][2] != "4" || rows[1][7+2] != "1" {
		t.Errorf("table %q", rows)
	}
}

// TestNetworks: what a provider reported is shown with the message, by its name where it has one, and told apart in reports
// and in both files.
func TestNetworks(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var ids []string
	for _, code := range []string{"63902", "63998", ""} {
		id := g.send(owner.token)
		ids = append(ids, id)
		message, err := smsir.ParseID(smsir.PrefixMessage, id)
		if err != nil {
			t.Fatal(err)
		}
		g.intend(message)
		ws, _ := smsir.ParseUUID(smsir.PrefixWorkspace, owner.space)
		attempts, err := g.store.Attempts(t.Context(), ws, message)
		if err != nil || len(attempts) != 1 {
			t.Fatalf("attempts: %v, %v", attempts, err)
		}
		r := smsir.Receipt{Provider: attempts[0].Provider, Attempt: attempts[0].ID, Status: smsir.Delivered, ArrivedAt: time.Now(), Network: code}
		if _, err := g.store.StoreReceipt(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []*api.Network{{Code: "63902", Name: "Safaricom"}, {Code: "63998"}, nil} {
		var m api.Message
		g.ok(request{method: "GET", path: "/v1/messages/" + ids[i], as: owner.token}, 200, &m)
		if diff := cmp.Diff(want, m.Network); diff != "" {
			t.Errorf("message %d (-want +got):\n%s", i, diff)
		}
	}
	g.count()
	var r api.Report
	g.ok(request{method: "GET", path: "/v1/reports?group_by=network", as: owner.token}, 200, &r)
	got := map[string]string{}
	for _, group := range r.Groups {
		if group.Numbers.Delivered == 1 {
			got[group.ID] = group.Name
		}
	}
	if diff := cmp.Diff(map[string]string{"63902": "Safaricom", "63998": "", "": ""}, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	for path, line := range map[string]string{"/v1/reports/export?group_by=network": "\r\n63902,Safaricom,1,", "/v1/messages/export": ",63902,Safaricom\r\n"} {
		if a := g.do(request{method: "GET", path: path, as: owner.token}); a.status != 200 || !strings.Contains(string(a.body), line) {
			t.Errorf("%s: %d, want %q in\n%s", path, a.status, line, a.body)
		}
	}
}

// TestReportNumbers: every state is in exactly one count, and rates and costs are as they are defined.
func TestReportNumbers(t *testing.T) {
	t.Parallel()
	n := &store.Numbers{States: map[smsir.State]int64{}, Segments: 99, Priced: 7, Cost: map[string]int64{"USD": 1_500_000, "KES": 800_000}}
	for i, status := range smsir.Statuses() {
		n.States[smsir.State{Status: status, Final: status.AlwaysFinal()}] = int64(1) << i
	}
	n.States[smsir.State{Status: smsir.Sent, Final: true}], n.States[smsir.State{Status: smsir.Unknown, Final: true}] = 1<<12, 1<<13
	for range 100 {
		n.Waits[store.WaitTotal].Count(2 * time.Second)
	}
	got := numbersOf(n)
	share := float64(1<<5) / float64(1<<5+1<<6+1<<7+1<<8+1<<10)
	want := api.ReportNumbers{
		Messages: 1<<11 - 1 + 1<<12 + 1<<13, Segments: 99, Pending: 1 + 2 + 4, Unknown: 8, Sent: 16, Delivered: 32, Undelivered: 64, Expired: 128, Failed: 256, Canceled: 512, Blocked: 1024,
		Unconfirmed: 1<<12 + 1<<13, DeliveryRate: &share, Costs: []api.Money{{Amount: "0.8", Currency: "KES"}, {Amount: "1.5", Currency: "USD"}}, Priced: 7,
		Total: &api.ReportLatency{Messages: 100, P50: got.Total.P50, P90: got.Total.P50, P99: got.Total.P50},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	if p := got.Total.P50; p < 1910 || p > 2090 {
		t.Errorf("two seconds are shown as %d ms", p)
	}
}

func TestWeeklyReports(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	viewer := g.join(owner, "viewer", "viewer@example.com")
	var set api.ReportSettings
	g.ok(request{method: "GET", path: "/v1/report-settings", as: viewer.token}, 200, &set)
	if !set.Weekly {
		t.Error("no summaries at first")
	}
	g.ok(request{method: "PUT", path: "/v1/report-settings", as: owner.token, body: `{"weekly":false}`}, 200, &set)
	g.ok(request{method: "GET", path: "/v1/report-settings", as: viewer.token}, 200, &set)
	if set.Weekly {
		t.Error("still wanted")
	}
	ws, err := smsir.ParseUUID(smsir.PrefixWorkspace, owner.space)
	if err != nil {
		t.Fatal(err)
	}
	for _, week := range []string{"2026-03-02", "2026-03-09"} {
		r := store.WeeklyReport{ID: smsir.NewUUID(time.Now()), Workspace: ws, Week: week, From: time.Now(), To: time.Now(), TimeZone: "UTC", Body: []byte(`{"totals":"AQoGAA==","previous":"AAA=","days":["AAA="],"reasons":[{"code":"refused","messages":2}]}`), CreatedAt: time.Now()}
		if _, err := g.store.AddWeeklyReport(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	var list api.WeeklyReportList
	g.ok(request{method: "GET", path: "/v1/reports/weekly", as: viewer.token}, 200, &list)
	var weeks []string
	for _, r := range list.Items {
		weeks = append(weeks, r.Week)
	}
	if !slices.Equal(weeks, []string{"2026-03-09", "2026-03-02"}) || list.Items[0].Totals.Messages != 3 || len(list.Items[0].Days) != 1 || len(list.Items[0].Reasons) != 1 {
		t.Errorf("summaries %+v", list.Items)
	}
	var one api.WeeklyReport
	g.ok(request{method: "GET", path: "/v1/reports/weekly/" + list.Items[1].ID, as: viewer.token}, 200, &one)
	if one.Week != "2026-03-02" {
		t.Errorf("got %+v", one)
	}
}
