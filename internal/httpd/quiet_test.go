package httpd

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// TestQuietHoursOfAWorkspace: they are set, told with each recipient of a preview, and taken away.
func TestQuietHoursOfAWorkspace(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	preview := func(at string) []api.PreviewRecipient {
		var p api.Preview
		g.ok(request{method: "POST", path: "/v1/messages/preview", as: owner.token, body: `{"to":["+254712345678","+12025550100","x"],"send_at":"` + at + `"}`}, 200, &p)
		return p.Recipients
	}
	const night = "2026-03-02T20:00:00Z" // in Nairobi, and the afternoon in New York
	if r := preview(night); r[0].QuietUntil != nil || r[0].TimeZone != "Africa/Nairobi" || r[1].TimeZone != "America/New_York" || r[2].TimeZone != "" {
		t.Errorf("without quiet hours: %+v", r)
	}
	g.refused(request{method: "PATCH", path: "/v1/workspace", as: owner.token, body: `{"quiet_hours":{"from":"9 pm","to":"08:00"}}`}, 422, smsir.CodeInvalid)
	var w api.Workspace
	g.ok(request{method: "PATCH", path: "/v1/workspace", as: owner.token, body: `{"quiet_hours":{"from":"21:00","to":"08:00"}}`}, 200, &w)
	if w.Quiet == nil || *w.Quiet != (api.QuietHours{From: "21:00", To: "08:00"}) {
		t.Errorf("set: %+v", w.Quiet)
	}
	want := time.Date(2026, 3, 3, 5, 0, 0, 0, time.UTC)
	if r := preview(night); r[0].QuietUntil == nil || !r[0].QuietUntil.Equal(want) || r[1].QuietUntil != nil {
		t.Errorf("at night: %+v", r)
	}
	var after api.Workspace
	g.ok(request{method: "PATCH", path: "/v1/workspace", as: owner.token, body: `{"quiet_hours":{"from":"","to":""}}`}, 200, &after)
	if after.Quiet != nil {
		t.Errorf("taken away: %+v", after.Quiet)
	}
}

// TestOwnNumber: a person keeps their own number, as it is dialled.
func TestOwnNumber(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var me api.Me
	g.ok(request{method: "PATCH", path: "/v1/me", as: owner.token, body: `{"phone":"(202) 555-0100"}`}, 200, &me)
	if me.User.Phone != "+12025550100" || me.User.Name == "" {
		t.Errorf("me: %+v", me.User)
	}
	g.refused(request{method: "PATCH", path: "/v1/me", as: owner.token, body: `{"phone":"12"}`}, 422, smsir.CodeInvalid)
}

// TestBatchAtSeveralTimes: a row may have a time of its own, which needs no undo window.
func TestBatchAtSeveralTimes(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	at := time.Now().Add(3 * time.Hour).UTC().Truncate(time.Second)
	var got api.BatchResult
	g.ok(request{
		method: "POST", path: "/v1/batches", as: owner.token,
		body: `{"text":"Hello","hold_seconds":5,"messages":[{"to":"+12025550100"},{"to":"+12025550101","send_at":"` + at.Format(time.RFC3339) + `"}]}`,
	}, 202, &got)
	now, later := got.Messages[0], got.Messages[1]
	if later.Status != "scheduled" || later.SendAt == nil || !later.SendAt.Equal(at) || now.SendAt != nil && now.SendAt.After(time.Now().Add(time.Minute)) {
		t.Errorf("now %+v, later %+v", now, later)
	}
	g.refused(request{method: "POST", path: "/v1/batches", as: owner.token, body: `{"text":"Hello","messages":[{"to":"+12025550100","send_at":"2020-01-01T00:00:00Z"}]}`}, 422, smsir.CodeInvalid)
}

// TestRecipientsOfATable: a table is read and nothing is stored.
func TestRecipientsOfATable(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	csv := map[string]string{"Content-Type": "text/csv"}
	var got api.RecipientTable
	g.ok(request{
		method: "POST", path: "/v1/messages/recipients", as: owner.token, header: csv,
		body: "phone,name\n+12025550100,Ada\n2025550100,Ada\n=HYPERLINK,Eve\n",
	}, 200, &got)
	if len(got.Recipients) != 1 || got.Recipients[0].To != "+12025550100" || got.Recipients[0].Values["name"] != "Ada" || got.Repeated != 1 || got.Over {
		t.Errorf("table %+v", got)
	}
	if len(got.Problems) != 1 || got.Problems[0].Row != 4 || got.Problems[0].Text != "'=HYPERLINK" {
		t.Errorf("problems %+v", got.Problems)
	}
	g.refused(request{method: "POST", path: "/v1/messages/recipients", as: owner.token, header: map[string]string{"Content-Type": "image/png"}, body: "x"}, 415, api.CodeMediaType)
}
