package httpd

import (
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/store"
)

func TestRetentionRule(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var r api.Retention
	g.ok(request{method: "GET", path: "/v1/retention", as: owner.token}, 200, &r)
	if want := (api.RetentionRule{TextDays: store.DefaultTextDays, MetadataDays: store.DefaultMetadataDays, OneTimeCodes: true}); r.Rule != want || r.DecidedAt == nil {
		t.Errorf("a new workspace has %+v", r)
	}
	for body, field := range map[string]string{
		`{"text_days":30,"metadata_days":7,"one_time_codes":true}`:    "metadata_days",
		`{"text_days":90,"metadata_days":60,"one_time_codes":true}`:   "text_days",
		`{"text_days":0,"metadata_days":365,"one_time_codes":true}`:   "text_days",
		`{"text_days":-1,"metadata_days":365,"one_time_codes":true}`:  "text_days",
		`{"text_days":30,"metadata_days":9999,"one_time_codes":true}`: "metadata_days",
	} {
		if a := g.do(request{method: "PUT", path: "/v1/retention", as: owner.token, body: body}); a.status != 422 && a.status != 400 || !strings.Contains(string(a.body), `"`+field+`"`) {
			t.Errorf("%s: %d %s, want it refused for %s", body, a.status, a.body, field)
		}
	}
	g.ok(request{method: "PUT", path: "/v1/retention", as: owner.token, body: `{"text_days":0,"metadata_days":0,"one_time_codes":false}`}, 200, &r)
	if r.Rule != (api.RetentionRule{}) {
		t.Errorf("for ever: %+v", r)
	}
	var log api.AuditList
	g.ok(request{method: "GET", path: "/v1/audit?action=retention.updated", as: owner.token}, 200, &log)
	if len(log.Items) != 1 || len(log.Items[0].Changes) != 3 {
		t.Errorf("audit: %+v", log.Items)
	}
}

// TestRedact removes the text of a message that has ended, and it is gone from what a repeated request is answered, from
// the search and from the export.
func TestRedact(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	const secret = `Your \"code\" is 997531`
	send := request{
		method: "POST", path: "/v1/batches", as: owner.token, body: `{"to":["+12025550100","+12025550101"],"text":"` + secret + `"}`,
		header: map[string]string{"Idempotency-Key": "k1"},
	}
	var sent api.BatchResult
	g.ok(send, 202, &sent)
	id := sent.Messages[0].ID
	g.refused(request{method: "POST", path: "/v1/messages/" + id + "/redact", as: owner.token}, 409, smsir.CodeConflict)
	g.ok(request{method: "POST", path: "/v1/messages/" + id + "/cancel", as: owner.token}, 200, nil)
	var m api.Message
	for range 2 {
		m = api.Message{}
		g.ok(request{method: "POST", path: "/v1/messages/" + id + "/redact", as: owner.token}, 200, &m)
		if m.ID != id || m.Text != "" || m.TextRemovedAt == nil || time.Since(*m.TextRemovedAt) > time.Hour || m.TextRemovedBy != "request" || m.Status != "canceled" {
			t.Errorf("answer: %+v", m)
		}
	}
	g.refused(request{method: "POST", path: "/v1/messages/" + id + "/resend", as: owner.token}, 409, smsir.CodeConflict)
	var again api.BatchResult
	a := g.ok(send, 202, &again)
	if a.header.Get("Idempotent-Replayed") != "true" || again.Messages[0].ID != id || again.Messages[0].Text != "" || again.Messages[1].Text != sent.Messages[1].Text {
		t.Errorf("a repeated request is answered %s", a.body)
	}
	var list api.MessageList
	g.ok(request{method: "GET", path: "/v1/messages?text=997531", as: owner.token}, 200, &list)
	if len(list.Items) != 1 || list.Items[0].ID != sent.Messages[1].ID {
		t.Errorf("the search finds %+v", list.Items)
	}
	file := g.ok(request{method: "GET", path: "/v1/messages/export", as: owner.token}, 200, nil)
	if strings.Count(string(file.body), "997531") != 1 || !strings.Contains(string(file.body), "[text removed on request on "+m.TextRemovedAt.Format(time.DateOnly)+"]") {
		t.Errorf("export: %s", file.body)
	}
}

func TestRetentionPreview(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var m api.Message
	g.ok(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550100","text":"1","class":"otp"}`}, 202, &m)
	g.ok(request{method: "POST", path: "/v1/messages/" + m.ID + "/cancel", as: owner.token}, 200, nil)
	g.ok(request{method: "PUT", path: "/v1/retention", as: owner.token, body: `{"text_days":0,"metadata_days":0,"one_time_codes":false}`}, 200, nil)
	var e api.RetentionEffect
	g.ok(request{method: "GET", path: "/v1/retention/preview?text_days=1&metadata_days=31&one_time_codes=true", as: owner.token}, 200, &e)
	if want := (api.RetentionEffect{OneTimeCodes: 1, CountedTo: store.RetentionCount}); e != want {
		t.Errorf("effect %+v, want %+v", e, want)
	}
	g.ok(request{method: "GET", path: "/v1/messages/" + m.ID, as: owner.token}, 200, &m)
	if m.Text != "1" {
		t.Error("a preview changed something")
	}
	g.refused(request{method: "GET", path: "/v1/retention/preview?text_days=1&metadata_days=3", as: owner.token}, 422, smsir.CodeInvalid)
}
