package httpd

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/ledger"
	"github.com/smsir/smsir/internal/store"
)

func TestViews(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	viewer := g.join(owner, "viewer", "viewer@example.com")
	save := func(as, body string) (v api.View) {
		t.Helper()
		g.ok(request{method: "POST", path: "/v1/views", as: as, body: body}, 201, &v)
		return v
	}
	names := func(as string) (list []string) {
		t.Helper()
		var l api.ViewList
		g.ok(request{method: "GET", path: "/v1/views", as: as}, 200, &l)
		for _, v := range l.Items {
			list = append(list, fmt.Sprint(v.Name, v.Team, v.Mine))
		}
		return list
	}
	team := save(owner.token, `{"name":" Failed ","query":"status=failed,undelivered&to=5550100","team":true}`)
	mine := save(viewer.token, `{"name":"Mine","query":"text=parcel"}`)
	if got, want := names(viewer.token), []string{"Failedtrue false", "Minefalse true"}; !slices.Equal(got, want) {
		t.Errorf("the viewer sees %q, want %q", got, want)
	}
	if got, want := names(owner.token), []string{"Failedtrue true"}; !slices.Equal(got, want) {
		t.Errorf("the owner sees %q, want %q", got, want)
	}
	path := "/v1/views/" + team.ID
	g.refused(request{method: "PATCH", path: path, as: viewer.token, body: `{"name":"x"}`}, 403, account.CodeForbidden)
	g.refused(request{method: "DELETE", path: path, as: viewer.token}, 403, account.CodeForbidden)
	g.refused(request{method: "DELETE", path: "/v1/views/" + mine.ID, as: owner.token}, 404, smsir.CodeNotFound)
	g.refused(request{method: "POST", path: "/v1/views", as: viewer.token, body: `{"name":"FAILED","query":"to=1","team":true}`}, 409, smsir.CodeConflict)
	var changed api.View
	g.ok(request{method: "PATCH", path: "/v1/views/" + mine.ID, as: viewer.token, body: `{"name":"Ours","team":true}`}, 200, &changed)
	if changed.Name != "Ours" || !changed.Team || changed.Query != "text=parcel" {
		t.Errorf("changed: %+v", changed)
	}
	g.ok(request{method: "DELETE", path: "/v1/views/" + mine.ID, as: owner.token}, 204, nil) // the owner may, now that it is the team's
	for _, query := range []string{"cursor=x", "limit=5", "nonsense=1", "status=lost", "%zz", "id=msg_0000000000001"} {
		g.refused(request{method: "POST", path: "/v1/views", as: owner.token, body: fmt.Sprintf(`{"name":"Bad","query":%q}`, query)}, 422, smsir.CodeInvalid)
	}
	for range maxViews {
		save(viewer.token, fmt.Sprintf(`{"name":%q,"query":"to=1"}`, smsir.NewUUID(time.Now()).Format("n")))
	}
	g.refused(request{method: "POST", path: "/v1/views", as: viewer.token, body: `{"name":"One too many","query":"to=1"}`}, 409, smsir.CodeConflict)
}

func TestBulkCancel(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	member := g.join(owner, "member", "member@example.com")
	other := g.stranger(owner)
	theirs, hers, done, foreign := g.send(owner.token), g.send(member.token), g.send(member.token), g.send(other.token)
	g.ok(request{method: "POST", path: "/v1/messages/" + done + "/cancel", as: member.token}, 200, nil)
	missing := "msg_0000000000001"
	var got api.BulkCanceled
	g.ok(request{method: "POST", path: "/v1/messages/bulk-cancel", as: member.token, body: fmt.Sprintf(`{"ids":[%q,%q,%q,%q,%q,"x"]}`, theirs, hers, done, foreign, missing)}, 200, &got)
	want := []api.BulkResult{
		{ID: theirs, Result: "forbidden"},
		{ID: hers, Result: "canceled"},
		{ID: done, Result: "too_late"},
		{ID: foreign, Result: "not_found"},
		{ID: missing, Result: "not_found"},
		{ID: "x", Result: "not_found"},
	}
	if !slices.Equal(got.Results, want) || got.Canceled != 1 || got.TooLate != 1 || got.Forbidden != 1 || got.NotFound != 3 || got.CancelRequested != 0 {
		t.Errorf("bulk cancel: %+v", got)
	}
	status := func(as, id string) string {
		var m api.Message
		g.ok(request{method: "GET", path: "/v1/messages/" + id, as: as}, 200, &m)
		return m.Status
	}
	if a, b, c := status(owner.token, theirs), status(owner.token, hers), status(other.token, foreign); a != "queued" || b != "canceled" || c != "queued" {
		t.Errorf("afterwards: %s %s %s", a, b, c)
	}
	// One that stands there twice is canceled once.
	g.ok(request{method: "POST", path: "/v1/messages/bulk-cancel", as: owner.token, body: fmt.Sprintf(`{"ids":[%q,%q]}`, theirs, theirs)}, 200, &got)
	if got.Canceled != 1 || got.TooLate != 1 {
		t.Errorf("twice: %+v", got)
	}
	g.refused(request{method: "POST", path: "/v1/messages/bulk-cancel", as: owner.token, body: `{"ids":[]}`}, 422, smsir.CodeInvalid)
}

func TestExportMessages(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	other := g.stranger(owner)
	g.send(other.token)
	for i := range 205 { // more than a page
		g.ok(request{method: "POST", path: "/v1/messages", as: owner.token, body: fmt.Sprintf(`{"to":"+1202555%04d","text":"=HYPERLINK(%d)"}`, i%100+100, i)}, 202, nil)
	}
	g.ok(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+447700900123","text":"Parcel, \"two\"\nlines","tags":["a","b"]}`}, 202, nil)
	table := func(query string) [][]string {
		t.Helper()
		a := g.do(request{method: "GET", path: "/v1/messages/export?" + query, as: owner.token})
		if a.status != 200 || !strings.Contains(a.header.Get("Content-Disposition"), "messages.csv") {
			t.Fatalf("export: %d %v %s", a.status, a.header, a.body)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(a.body), "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	all := table("")
	if len(all) != 207 {
		t.Fatalf("%d rows, want 206 and a head", len(all))
	}
	if all[1][3] != "'+447700900123" || all[1][5] != "Parcel, \"two\"\nlines" || all[1][14] != "a; b" {
		t.Errorf("the newest: %q", all[1])
	}
	if all[2][5] != "'=HYPERLINK(204)" {
		t.Errorf("a formula: %q", all[2])
	}
	if rows := table("to=4477009&text=parcel"); len(rows) != 2 {
		t.Errorf("filtered: %q", rows)
	}
	if rows := table("until=" + url.QueryEscape("2020-01-01T00:00:00Z")); len(rows) != 1 {
		t.Errorf("nothing: %q", rows)
	}
	g.refused(request{method: "GET", path: "/v1/messages/export?limit=5", as: owner.token}, 422, smsir.CodeInvalid)
	g.refused(request{method: "GET", path: "/v1/messages/export?batch=x", as: owner.token}, 422, smsir.CodeInvalid)
}

func TestPreviewKnowsPeopleAndOptOuts(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	g.ok(request{method: "POST", path: "/v1/contacts", as: owner.token, body: `{"phone":"+12025550100","name":"Ada"}`}, 201, nil)
	g.ok(request{method: "POST", path: "/v1/suppressions", as: owner.token, body: `{"recipients":["+12025550101"],"note":"asked by phone"}`}, 200, nil)
	body := `{"to":["+12025550100","202 555 0101","x"],"text":"Hello"}`
	_, key := g.key(owner, "messages:send")
	for as, name := range map[string]string{owner.token: "Ada", key: ""} { // a key that may not see contacts is told no names
		var p api.Preview
		g.ok(request{method: "POST", path: "/v1/messages/preview", as: as, body: body}, 200, &p)
		if r := p.Recipients; len(r) != 3 || r[0].Name != name || r[0].OptedOut || !r[1].OptedOut || r[2].OptedOut || r[2].Problem == nil {
			t.Errorf("recipients: %+v", r)
		}
		if p.Estimate != nil {
			t.Errorf("an estimate from nothing: %+v", p.Estimate)
		}
	}
}

func TestEstimate(t *testing.T) {
	t.Parallel()
	us, gb := store.Paid{Country: "US", Segments: 2, Price: smsir.Money{Micros: 15_000, Currency: "USD"}}, store.Paid{Country: "GB", Segments: 1, Price: smsir.Money{Micros: 40_000, Currency: "EUR"}}
	old := store.Paid{Country: "US", Segments: 1, Price: smsir.Money{Micros: 900_000, Currency: "USD"}}
	to := func(number, country string) api.PreviewRecipient {
		return api.PreviewRecipient{E164: number, Country: country}
	}
	gone := to("+12025550109", "US")
	gone.OptedOut = true
	p := &api.Preview{Segments: 3, Recipients: []api.PreviewRecipient{
		to("+12025550100", "US"), to("+12025550100", "US"), to("+12025550101", "US"), to("+447700900100", "GB"), to("+33123456789", "FR"), {Raw: "x"}, gone,
	}}
	now := time.Now()
	got := estimate(p, ledger.NewCosts(nil, "", []store.Paid{us, gb, old}, now))
	if want := (api.Estimate{Amount: "0.045", Currency: "USD", Recipients: 2, Unknown: 2}); got == nil || *got != want {
		t.Errorf("estimate %+v, want %+v", got, want)
	}
	if got := estimate(p, ledger.NewCosts(nil, "", nil, now)); got != nil {
		t.Errorf("from nothing: %+v", got)
	}
	// What stands in the price list is what a message costs the workspace, whatever a provider charges.
	list := smsir.NewPriceList([]smsir.Price{{Destination: "US", From: now.Add(-time.Hour), Micros: 10_000}, {Destination: "+12025550101", From: now.Add(-time.Hour), Micros: 500_000}})
	got = estimate(p, ledger.NewCosts(list, "USD", []store.Paid{us, gb, old}, now))
	if want := (api.Estimate{Amount: "1.53", Currency: "USD", Recipients: 2, Unknown: 2}); got == nil || *got != want {
		t.Errorf("estimate by the list %+v, want %+v", got, want)
	}
}
