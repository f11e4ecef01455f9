package client

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smsir/smsir/api"
)

func TestCampaigns(t *testing.T) {
	t.Parallel()
	k := api.Campaign{ID: "cmp_1", State: "running"}
	c, gateway := clientOf(t, says(200, api.CampaignList{Items: []api.Campaign{k}, Next: "more"}), says(200, api.CampaignList{Items: []api.Campaign{k}}), says(200, k))
	ctx := t.Context()
	n := 0
	for got, err := range c.Campaigns(ctx, "cmp_9") {
		if n++; err != nil || got.ID != k.ID {
			t.Errorf("Campaigns: %+v, %v", got, err)
		}
	}
	if n != 2 {
		t.Errorf("%d campaigns of two pages, want 2", n)
	}
	name := "Spring"
	one := func(what string, got *api.Campaign, err error) {
		t.Helper()
		if err != nil || got.State != "running" {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	got, err := c.Campaign(ctx, "cmp_1")
	one("Campaign", got, err)
	got, err = c.CreateCampaign(ctx, api.CampaignCreate{Name: name})
	one("CreateCampaign", got, err)
	got, err = c.UpdateCampaign(ctx, "cmp_1", api.CampaignUpdate{Name: &name})
	one("UpdateCampaign", got, err)
	if _, err := c.AddCampaignRecipients(ctx, "cmp_1", CSV, strings.NewReader("phone\n+12025550100\n")); err != nil {
		t.Error(err)
	}
	if _, err := c.CheckCampaign(ctx, "cmp_1"); err != nil {
		t.Error(err)
	}
	for _, move := range []func() (*api.Campaign, error){
		func() (*api.Campaign, error) { return c.LaunchCampaign(ctx, "cmp_1") },
		func() (*api.Campaign, error) { return c.ApproveCampaign(ctx, "cmp_1") },
		func() (*api.Campaign, error) { return c.PauseCampaign(ctx, "cmp_1") },
		func() (*api.Campaign, error) { return c.ResumeCampaign(ctx, "cmp_1") },
		func() (*api.Campaign, error) { return c.CancelCampaign(ctx, "cmp_1") },
		func() (*api.Campaign, error) { return c.ResendCampaign(ctx, "cmp_1") },
		func() (*api.Campaign, error) { return c.WithdrawCampaign(ctx, "cmp_1", "Which class?") },
	} {
		got, err := move()
		one("a move", got, err)
	}
	for _, err := range []error{
		c.ClearCampaignRecipients(ctx, "cmp_1"), c.DeleteCampaign(ctx, "cmp_1"),
		second(c.CampaignFailures(ctx, "cmp_1")), second(c.CampaignSettings(ctx)), second(c.SetCampaignSettings(ctx, api.CampaignSettings{ApprovalAbove: 9})),
		second(c.Templates(ctx, true)), second(c.Template(ctx, "tpl_1")), second(c.CreateTemplate(ctx, api.TemplateCreate{Name: name})),
		second(c.UpdateTemplate(ctx, "tpl_1", api.TemplateUpdate{Name: &name})), second(c.DeleteTemplate(ctx, "tpl_1")),
		second(c.PreviewTemplate(ctx, api.TemplatePreviewRequest{Group: "grp_1"})),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	var requests []string
	for _, r := range gateway.requests() {
		requests = append(requests, strings.TrimSpace(r.Method+" "+r.URI+" "+r.Body))
	}
	if diff := cmp.Diff([]string{
		"GET /v1/campaigns?limit=100&series=cmp_9", "GET /v1/campaigns?cursor=more&limit=100&series=cmp_9", "GET /v1/campaigns/cmp_1",
		`POST /v1/campaigns {"name":"Spring"}`, `PATCH /v1/campaigns/cmp_1 {"name":"Spring"}`,
		"POST /v1/campaigns/cmp_1/recipients phone\n+12025550100", "POST /v1/campaigns/cmp_1/check",
		"POST /v1/campaigns/cmp_1/launch", "POST /v1/campaigns/cmp_1/approve", "POST /v1/campaigns/cmp_1/pause", "POST /v1/campaigns/cmp_1/resume",
		"POST /v1/campaigns/cmp_1/cancel", "POST /v1/campaigns/cmp_1/resend", `POST /v1/campaigns/cmp_1/withdraw {"note":"Which class?"}`,
		"DELETE /v1/campaigns/cmp_1/recipients", "DELETE /v1/campaigns/cmp_1", "GET /v1/campaigns/cmp_1/failures",
		"GET /v1/campaign-settings", `PUT /v1/campaign-settings {"approval_above":9}`,
		"GET /v1/templates?archived=true", "GET /v1/templates/tpl_1", `POST /v1/templates {"name":"Spring","texts":null}`,
		`PATCH /v1/templates/tpl_1 {"name":"Spring"}`, "DELETE /v1/templates/tpl_1", `POST /v1/templates/preview {"texts":null,"group":"grp_1"}`,
	}, requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// second is the error of a call whose answer does not matter.
func second[T any](_ T, err error) error { return err }
