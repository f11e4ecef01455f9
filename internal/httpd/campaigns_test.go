package httpd

import (
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

func TestTemplatesOverTheAPI(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var made api.Template
	g.ok(request{method: "POST", path: "/v1/templates", as: owner.token, body: `{"name":"Reminder","texts":[{"text":"Hello {{name|friend}}, {{class}}"},{"language":"sw","text":"Habari {{name}}"}]}`}, 201, &made)
	if made.Texts[0].Language != "" || made.Texts[1].Language != "sw" || strings.Join(made.Variables, ",") != "class,name" || made.Author.Kind != "user" {
		t.Errorf("made %+v", made)
	}
	g.refused(request{method: "POST", path: "/v1/templates", as: owner.token, body: `{"name":"reminder","texts":[{"text":"x"}]}`}, 409, smsir.CodeConflict)
	g.refused(request{method: "POST", path: "/v1/templates", as: owner.token, body: `{"name":"Other","texts":[{"language":"sw","text":"x"}]}`}, 422, smsir.CodeInvalid)
	g.ok(request{method: "POST", path: "/v1/contacts", as: owner.token, body: `{"phone":"+12025550100","name":"Ada Lovelace","language":"sw"}`}, 201, nil)
	g.ok(request{method: "POST", path: "/v1/contacts", as: owner.token, body: `{"phone":"+12025550101"}`}, 201, nil)
	var preview api.TemplatePreview
	g.ok(request{method: "POST", path: "/v1/templates/preview", as: owner.token, body: `{"texts":[{"text":"Hello {{name|friend}}, {{class}}"},{"language":"sw","text":"Habari {{name}}"}]}`}, 200, &preview)
	if preview.Looked != 2 || preview.Gaps != 1 || len(preview.Unknown) != 1 || preview.Unknown[0] != "class" || len(preview.Samples) != 2 || preview.Segments[0] != (api.SegmentShare{Segments: 1, Messages: 2}) {
		t.Errorf("preview %+v", preview)
	}
	var changed api.Template
	g.ok(request{method: "PATCH", path: "/v1/templates/" + made.ID, as: owner.token, body: `{"archived":true}`}, 200, &changed)
	if changed.ArchivedAt == nil || changed.Name != "Reminder" {
		t.Errorf("changed %+v", changed)
	}
	var list api.TemplateList
	g.ok(request{method: "GET", path: "/v1/templates", as: owner.token}, 200, &list)
	if len(list.Items) != 0 {
		t.Errorf("in use: %+v", list.Items)
	}
	var gone api.TemplateDeleted
	g.ok(request{method: "DELETE", path: "/v1/templates/" + made.ID, as: owner.token}, 200, &gone)
	if gone.Archived {
		t.Error("nothing names it, and it was put away")
	}
}

func TestCampaignsOverTheAPI(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	second := g.join(owner, "admin", "second@example.com")
	g.ok(request{method: "PUT", path: "/v1/campaign-settings", as: owner.token, body: `{"approval_above":2}`}, 200, nil)
	var made api.Campaign
	plan := `"plan":{"texts":[{"text":"Hello {{name|friend}}"}],"time_zone":"Africa/Nairobi","quiet_hours":{"from":"21:00","to":"08:00"},"per_minute":60}`
	g.ok(request{method: "POST", path: "/v1/campaigns", as: owner.token, body: `{"name":"Spring",` + plan + `}`}, 201, &made)
	path := "/v1/campaigns/" + made.ID
	if made.State != "draft" || made.Plan.PerMinute != 60 || made.Plan.Quiet == nil || made.Variables[0] != "name" || made.Progress != nil {
		t.Errorf("made %+v", made)
	}
	g.refused(request{method: "POST", path: path + "/launch", as: owner.token}, 422, smsir.CodeInvalid)
	var up api.CampaignUpload
	g.ok(request{
		method: "POST", path: path + "/recipients", as: owner.token, header: map[string]string{"Content-Type": "text/csv"},
		body: "phone,name\n+12025550100,Ada\n+12025550101,\n2025550100,Ada\nnobody,Eve\n+12025550102,=HYPERLINK\n",
	}, 200, &up)
	if up.Rows != 5 || up.Added != 3 || up.Repeated != 1 || up.Rejected != 1 || up.Problems[0].Row != 5 || up.Columns[0] != "name" {
		t.Errorf("upload %+v", up)
	}
	var check api.CampaignCheck
	g.ok(request{method: "POST", path: path + "/check", as: owner.token}, 200, &check)
	if check.Recipients != 3 || check.Parts != 3 || !check.Approval || len(check.Problems) != 0 || check.EndsAt == nil || len(check.Samples) == 0 {
		t.Errorf("dry run %+v", check)
	}
	var got api.Campaign
	g.ok(request{method: "POST", path: path + "/launch", as: owner.token}, 200, &got)
	if got.State != "waiting" || got.Launcher == nil {
		t.Errorf("launched %+v", got)
	}
	g.refused(request{method: "PATCH", path: path, as: owner.token, body: `{"name":"x"}`}, 409, smsir.CodeConflict)
	g.refused(request{method: "POST", path: path + "/approve", as: owner.token}, 409, smsir.CodeConflict)
	g.ok(request{method: "POST", path: path + "/withdraw", as: second.token, body: `{"note":"Which class?"}`}, 200, &got)
	if got.State != "draft" || got.Reason != "Which class?" {
		t.Errorf("sent back %+v", got)
	}
	g.ok(request{method: "POST", path: path + "/launch", as: owner.token}, 200, nil)
	g.ok(request{method: "POST", path: path + "/approve", as: second.token}, 200, &got)
	if got.State != "scheduled" || got.Approver == nil || got.Approver.Name == "" {
		t.Errorf("approved %+v", got)
	}
	g.ok(request{method: "POST", path: path + "/pause", as: owner.token}, 200, nil)
	g.ok(request{method: "POST", path: path + "/cancel", as: owner.token}, 200, &got)
	g.refused(request{method: "POST", path: path + "/resume", as: owner.token}, 409, smsir.CodeConflict)
	var list api.CampaignList
	g.ok(request{method: "GET", path: "/v1/campaigns?limit=1", as: owner.token}, 200, &list)
	if len(list.Items) != 1 || list.Items[0].State != "canceled" || list.Next != "" {
		t.Errorf("list %+v", list)
	}
	var failures api.CampaignFailures
	g.ok(request{method: "GET", path: path + "/failures", as: owner.token}, 200, &failures)
	if len(failures.Items) != 0 {
		t.Errorf("failures %+v", failures)
	}
}
