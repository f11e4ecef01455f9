package client

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"

	"github.com/smsir/smsir/api"
)

const (
	campaignsPath = "/v1/campaigns"
	templatesPath = "/v1/templates"
)

// Kinds of tables.
const (
	CSV  = "text/csv"
	TSV  = "text/tab-separated-values"
	XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// Campaigns returns the campaigns, newest first, fetching page after page as they are asked for: those that are no day of a series, or
// the days of the one that is named. An error ends it.
func (c *Client) Campaigns(ctx context.Context, series string) iter.Seq2[api.Campaign, error] {
	return func(yield func(api.Campaign, error) bool) {
		q := url.Values{"limit": {"100"}}
		if series != "" {
			q.Set("series", series)
		}
		for {
			page, err := get[api.CampaignList](ctx, c, campaignsPath, q)
			if err != nil {
				yield(api.Campaign{}, err)
				return
			}
			for _, k := range page.Items {
				if !yield(k, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q.Set("cursor", page.Next)
		}
	}
}

// Campaign returns one campaign, and how far it is.
func (c *Client) Campaign(ctx context.Context, id string) (*api.Campaign, error) {
	return get[api.Campaign](ctx, c, campaign(id, ""), nil)
}

// CreateCampaign writes a draft.
func (c *Client) CreateCampaign(ctx context.Context, r api.CampaignCreate) (*api.Campaign, error) {
	return call[api.Campaign](ctx, c, http.MethodPost, campaignsPath, r)
}

// UpdateCampaign changes what r names of a draft (code "conflict" if it is none); a plan is replaced whole.
func (c *Client) UpdateCampaign(ctx context.Context, id string, r api.CampaignUpdate) (*api.Campaign, error) {
	return call[api.Campaign](ctx, c, http.MethodPatch, campaign(id, ""), r)
}

// DeleteCampaign forgets a draft, or a campaign that is over. Its messages stay.
func (c *Client) DeleteCampaign(ctx context.Context, id string) error {
	return c.do(ctx, &request{method: http.MethodDelete, path: campaign(id, "")}, nil)
}

// AddCampaignRecipients adds a table of numbers, of the kind CSV, TSV or XLSX, to a draft: at most 64 MiB. Numbers that are there
// already are merged, so that it may be called again with the same table. It is tried once, because the reader is then used up.
func (c *Client) AddCampaignRecipients(ctx context.Context, id, kind string, table io.Reader) (*api.CampaignUpload, error) {
	var out api.CampaignUpload
	err := c.do(ctx, &request{method: http.MethodPost, path: campaign(id, "/recipients"), table: table, kind: kind}, &out)
	return value(&out, err)
}

// ClearCampaignRecipients takes the list of numbers from a draft.
func (c *Client) ClearCampaignRecipients(ctx context.Context, id string) error {
	return c.do(ctx, &request{method: http.MethodDelete, path: campaign(id, "/recipients")}, nil)
}

// CheckCampaign makes a dry run; nothing is sent.
func (c *Client) CheckCampaign(ctx context.Context, id string) (*api.CampaignCheck, error) {
	return call[api.CampaignCheck](ctx, c, http.MethodPost, campaign(id, "/check"), nil)
}

// CampaignFailures counts the failed messages of a campaign by cause.
func (c *Client) CampaignFailures(ctx context.Context, id string) (*api.CampaignFailures, error) {
	return get[api.CampaignFailures](ctx, c, campaign(id, "/failures"), nil)
}

// LaunchCampaign starts a draft, at once or at its time; above the workspace's limit it waits for a second person.
func (c *Client) LaunchCampaign(ctx context.Context, id string) (*api.Campaign, error) {
	return c.moveCampaign(ctx, id, "/launch")
}

// ApproveCampaign lets a campaign start that somebody else has written and launched.
func (c *Client) ApproveCampaign(ctx context.Context, id string) (*api.Campaign, error) {
	return c.moveCampaign(ctx, id, "/approve")
}

// PauseCampaign stops a campaign; up to some thousand messages that wait in the queue already go out.
func (c *Client) PauseCampaign(ctx context.Context, id string) (*api.Campaign, error) {
	return c.moveCampaign(ctx, id, "/pause")
}

// ResumeCampaign lets a paused campaign go on.
func (c *Client) ResumeCampaign(ctx context.Context, id string) (*api.Campaign, error) {
	return c.moveCampaign(ctx, id, "/resume")
}

// CancelCampaign ends a campaign; what no provider has yet is canceled too.
func (c *Client) CancelCampaign(ctx context.Context, id string) (*api.Campaign, error) {
	return c.moveCampaign(ctx, id, "/cancel")
}

// ResendCampaign makes and launches a campaign of those whose messages failed and were provably not received.
func (c *Client) ResendCampaign(ctx context.Context, id string) (*api.Campaign, error) {
	return c.moveCampaign(ctx, id, "/resend")
}

// WithdrawCampaign makes a campaign that has not started a draft again; the note says why.
func (c *Client) WithdrawCampaign(ctx context.Context, id, note string) (*api.Campaign, error) {
	return call[api.Campaign](ctx, c, http.MethodPost, campaign(id, "/withdraw"), api.CampaignNote{Note: note})
}

// CampaignSettings returns the workspace's rules for campaigns.
func (c *Client) CampaignSettings(ctx context.Context) (*api.CampaignSettings, error) {
	return get[api.CampaignSettings](ctx, c, "/v1/campaign-settings", nil)
}

// SetCampaignSettings changes the workspace's rules for campaigns.
func (c *Client) SetCampaignSettings(ctx context.Context, s api.CampaignSettings) (*api.CampaignSettings, error) {
	return call[api.CampaignSettings](ctx, c, http.MethodPut, "/v1/campaign-settings", s)
}

// Templates lists the templates by name; archived ones instead of those in use if they are asked for.
func (c *Client) Templates(ctx context.Context, archived bool) (*api.TemplateList, error) {
	q := url.Values{}
	if archived {
		q.Set("archived", "true")
	}
	return get[api.TemplateList](ctx, c, templatesPath, q)
}

// Template returns one template.
func (c *Client) Template(ctx context.Context, id string) (*api.Template, error) {
	return get[api.Template](ctx, c, templatesPath+"/"+url.PathEscape(id), nil)
}

// CreateTemplate writes a template (code "conflict" if the name is taken).
func (c *Client) CreateTemplate(ctx context.Context, r api.TemplateCreate) (*api.Template, error) {
	return call[api.Template](ctx, c, http.MethodPost, templatesPath, r)
}

// UpdateTemplate changes what r names of a template. Campaigns that have started keep the text that they started with.
func (c *Client) UpdateTemplate(ctx context.Context, id string, r api.TemplateUpdate) (*api.Template, error) {
	return call[api.Template](ctx, c, http.MethodPatch, templatesPath+"/"+url.PathEscape(id), r)
}

// DeleteTemplate forgets a template, or puts it away where a campaign names it.
func (c *Client) DeleteTemplate(ctx context.Context, id string) (*api.TemplateDeleted, error) {
	return call[api.TemplateDeleted](ctx, c, http.MethodDelete, templatesPath+"/"+url.PathEscape(id), nil)
}

// PreviewTemplate renders texts for contacts; nothing is sent or stored.
func (c *Client) PreviewTemplate(ctx context.Context, r api.TemplatePreviewRequest) (*api.TemplatePreview, error) {
	return call[api.TemplatePreview](ctx, c, http.MethodPost, templatesPath+"/preview", r)
}

func (c *Client) moveCampaign(ctx context.Context, id, move string) (*api.Campaign, error) {
	return call[api.Campaign](ctx, c, http.MethodPost, campaign(id, move), nil)
}

func campaign(id, below string) string { return campaignsPath + "/" + url.PathEscape(id) + below }

// call makes a call with a body, or none for nil, and reads its answer.
func call[T any](ctx context.Context, c *Client, method, path string, body any) (*T, error) {
	var out T
	err := c.do(ctx, &request{method: method, path: path, body: body}, &out)
	return value(&out, err)
}
