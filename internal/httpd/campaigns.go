package httpd

import (
	"context"
	"io"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

type campaignID struct {
	ID string `path:"id" doc:"Identifier of the campaign." example:"cmp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

// maxList bounds the list of numbers of one upload: a million rows with a name.
const maxList = 64 << 20

// registerCampaigns registers texts for many people.
func (s *Server) registerCampaigns(b *builder) {
	const plan = "It is a draft until it is launched. Beside groups and a filter it can have a list of numbers of its own: POST them to /v1/campaigns/{id}/recipients."
	handle(b, route{Method: "GET", Path: "/v1/campaigns", ID: "listCampaigns", Tag: "Campaigns", Errors: []int{404}, Summary: "List campaigns, newest first"}, s.listCampaigns)
	handle(b, route{Method: "POST", Path: "/v1/campaigns", ID: "createCampaign", Tag: "Campaigns", Status: 201, MaxBody: 256 << 10, Summary: "Write a campaign", Text: plan}, s.createCampaign)
	handle(b, route{Method: "GET", Path: "/v1/campaigns/{id}", ID: "getCampaign", Tag: "Campaigns", Summary: "One campaign, and how far it is"},
		func(c *call, in *campaignID) (*api.Campaign, error) {
			k, err := s.campaignByID(c, in.ID)
			return s.campaign(c, k, err)
		})
	handle(b, route{Method: "PATCH", Path: "/v1/campaigns/{id}", ID: "updateCampaign", Tag: "Campaigns", MaxBody: 256 << 10, Errors: []int{409}, Summary: "Change a draft"}, s.updateCampaign)
	handle(b, route{Method: "DELETE", Path: "/v1/campaigns/{id}", ID: "deleteCampaign", Tag: "Campaigns", Errors: []int{409}, Summary: "Forget a draft, or a campaign that is over", Text: "Its messages stay."},
		func(c *call, in *campaignID) (*none, error) {
			id, err := parseUUID(smsir.PrefixCampaign, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Campaigns.Delete(c.ctx(), c.p.Workspace.ID, id, c.byCampaign())
		})
	handleUpload(b, route{
		Method: "POST", Path: "/v1/campaigns/{id}/recipients", ID: "addCampaignRecipients", Tag: "Campaigns", Takes: []string{sheet.CSV, sheet.TSV, sheet.XLSX}, MaxBody: maxList, Errors: []int{409},
		Summary: "Add a list of numbers to a draft",
		Text: "CSV with commas, semicolons or tabs, or a workbook. A first row without a number names the columns: they become variables, and the numbers stand in the one called phone, number or mobile. " +
			"Numbers that are there already are merged, up to a million in all.",
	}, s.addRecipients)
	handle(b, route{Method: "DELETE", Path: "/v1/campaigns/{id}/recipients", ID: "clearCampaignRecipients", Tag: "Campaigns", Errors: []int{409}, Audit: "campaign.recipients_removed", Summary: "Take the list of numbers from a draft"},
		func(c *call, in *campaignID) (*none, error) {
			id, err := parseUUID(smsir.PrefixCampaign, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Campaigns.ClearRows(c.ctx(), c.p.Workspace.ID, id)
		})
	handle(b, route{
		Method: "POST", Path: "/v1/campaigns/{id}/check", ID: "checkCampaign", Tag: "Campaigns", Summary: "Make a dry run",
		Text: "Nothing is sent: who would get what, by which provider, in how many segments, until when, and what it would cost as far as prices are known.",
	}, s.checkCampaign)
	handle(b, route{Method: "GET", Path: "/v1/campaigns/{id}/failures", ID: "listCampaignFailures", Tag: "Campaigns", Summary: "Count failed messages by cause"}, s.campaignFailures)
	s.registerCampaignMoves(b)
	handle(b, route{Method: "GET", Path: "/v1/campaign-settings", ID: "getCampaignSettings", Tag: "Campaigns", Summary: "The workspace's rules for campaigns"},
		func(c *call, _ *struct{}) (*api.CampaignSettings, error) { return s.campaignSettings(c) })
	handle(b, route{Method: "PUT", Path: "/v1/campaign-settings", ID: "putCampaignSettings", Tag: "Campaigns", Summary: "Change the workspace's rules for campaigns"},
		func(c *call, in *struct{ Body api.CampaignSettings }) (*api.CampaignSettings, error) {
			if err := s.deps.Campaigns.SetApprovalLimit(c.ctx(), c.p.Workspace.ID, int64(in.Body.ApprovalAbove), c.byCampaign()); err != nil {
				return nil, err
			}
			return s.campaignSettings(c)
		})
}

// registerCampaignMoves registers what moves a campaign from one state to another.
func (s *Server) registerCampaignMoves(b *builder) {
	type move func(ctx context.Context, workspace, id smsir.UUID, by campaign.By) (*store.Campaign, error)
	// whole is a move that looks at the workspace too.
	whole := func(c *call, f func(ctx context.Context, w *store.Workspace, id smsir.UUID, by campaign.By) (*store.Campaign, error)) move {
		return func(ctx context.Context, _, id smsir.UUID, by campaign.By) (*store.Campaign, error) {
			return f(ctx, c.p.Workspace, id, by)
		}
	}
	for _, m := range []struct {
		word, id, summary, text string
		of                      func(c *call) move
	}{
		{
			"launch", "launchCampaign", "Launch a draft", "It starts at once or at its time; above the workspace's limit it waits for a second person.",
			func(c *call) move { return whole(c, s.deps.Campaigns.Launch) },
		},
		{
			"approve", "approveCampaign", "Approve a campaign", "Only a person who neither wrote nor launched it can.",
			func(*call) move { return s.deps.Campaigns.Approve },
		},
		{
			"pause", "pauseCampaign", "Pause a campaign", "Up to some thousand messages that wait in the queue already go out.",
			func(*call) move { return s.deps.Campaigns.Pause },
		},
		{"resume", "resumeCampaign", "Let a paused campaign go on", "", func(*call) move { return s.deps.Campaigns.Resume }},
		{
			"cancel", "cancelCampaign", "End a campaign", "What no provider has yet is canceled too.",
			func(*call) move { return s.deps.Campaigns.Cancel },
		},
		{
			"resend", "resendCampaign", "Send failed messages again", "The answer is a new campaign of those whose messages failed and were provably not received.",
			func(c *call) move { return whole(c, s.deps.Campaigns.ResendFailed) },
		},
	} {
		handle(b, route{Method: "POST", Path: "/v1/campaigns/{id}/" + m.word, ID: m.id, Tag: "Campaigns", Errors: []int{409}, Summary: m.summary, Text: m.text},
			func(c *call, in *campaignID) (*api.Campaign, error) {
				id, err := parseUUID(smsir.PrefixCampaign, in.ID)
				if err != nil {
					return nil, err
				}
				k, err := m.of(c)(c.ctx(), c.p.Workspace.ID, id, c.byCampaign())
				return s.campaign(c, k, err)
			})
	}
	handle(b, route{
		Method: "POST", Path: "/v1/campaigns/{id}/withdraw", ID: "withdrawCampaign", Tag: "Campaigns", Errors: []int{409},
		Summary: "Make a campaign that has not started a draft again", Text: "This is also how it is sent back instead of approved.",
	},
		func(c *call, in *struct {
			ID   string `path:"id" doc:"Identifier of the campaign." example:"cmp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			Body api.CampaignNote
		},
		) (*api.Campaign, error) {
			id, err := parseUUID(smsir.PrefixCampaign, in.ID)
			if err != nil {
				return nil, err
			}
			k, err := s.deps.Campaigns.Withdraw(c.ctx(), c.p.Workspace.ID, id, in.Body.Note, c.byCampaign())
			return s.campaign(c, k, err)
		})
}

func (s *Server) campaignByID(c *call, text string) (*store.Campaign, error) {
	id, err := parseUUID(smsir.PrefixCampaign, text)
	if err != nil {
		return nil, err
	}
	return s.deps.Store.Campaign(c.ctx(), c.p.Workspace.ID, id)
}

func (s *Server) listCampaigns(c *call, in *struct {
	Series string `query:"series" maxLength:"40" doc:"The days of this series." example:"cmp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Cursor string `query:"cursor" maxLength:"200" doc:"Of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Campaigns on a page."`
},
) (*api.CampaignList, error) {
	var series, before smsir.UUID
	var err error
	if in.Series != "" {
		if series, err = parseUUID(smsir.PrefixCampaign, in.Series); err != nil {
			return nil, err
		}
	}
	query := c.query("cursor", "limit")
	mark, err := s.cursors.readMark(c.p.Workspace.ID, query, in.Cursor)
	if err != nil {
		return nil, err
	}
	copy(before[:], mark)
	list, err := s.deps.Store.Campaigns(c.ctx(), c.p.Workspace.ID, series, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &api.CampaignList{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Next = s.cursors.makeMark(c.p.Workspace.ID, query, list[in.Limit-1].ID[:])
	}
	out.Items, err = s.campaignsOf(c, list)
	return out, err
}

func (s *Server) createCampaign(c *call, in *struct{ Body api.CampaignCreate }) (*api.Campaign, error) {
	d := campaign.Draft{Name: &in.Body.Name}
	var err error
	if d.Plan, err = planFrom(in.Body.Plan); err != nil {
		return nil, err
	}
	k, err := s.deps.Campaigns.Create(c.ctx(), c.p.Workspace, d, c.byCampaign())
	return s.campaign(c, k, err)
}

func (s *Server) updateCampaign(c *call, in *struct {
	ID   string `path:"id" doc:"Identifier of the campaign." example:"cmp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Body api.CampaignUpdate
},
) (*api.Campaign, error) {
	id, err := parseUUID(smsir.PrefixCampaign, in.ID)
	if err != nil {
		return nil, err
	}
	d := campaign.Draft{Name: in.Body.Name}
	if in.Body.Plan != nil {
		if d.Plan, err = planFrom(in.Body.Plan); err != nil {
			return nil, err
		}
	}
	k, err := s.deps.Campaigns.Update(c.ctx(), c.p.Workspace, id, d, c.byCampaign())
	return s.campaign(c, k, err)
}

func (s *Server) addRecipients(c *call, in *campaignID, file io.Reader) (*api.CampaignUpload, error) {
	id, err := parseUUID(smsir.PrefixCampaign, in.ID)
	if err != nil {
		return nil, err
	}
	u, err := s.deps.Campaigns.AddRows(c.ctx(), c.p.Workspace, id, file, c.r.Header.Get("Content-Type"), c.byCampaign())
	if err != nil {
		return nil, err
	}
	return &api.CampaignUpload{
		Rows: u.Rows, Added: u.Added, Repeated: u.Repeated, Rejected: u.Rejected,
		Problems: rowProblemsOf(u.Problems), Columns: listOf(u.Columns),
	}, nil
}

func (s *Server) checkCampaign(c *call, in *campaignID) (*api.CampaignCheck, error) {
	id, err := parseUUID(smsir.PrefixCampaign, in.ID)
	if err != nil {
		return nil, err
	}
	k, err := s.deps.Campaigns.Check(c.ctx(), c.p.Workspace, id)
	if err != nil {
		return nil, err
	}
	out := &api.CampaignCheck{
		Recipients: int(k.Recipients), Repeated: int(k.Repeated), Blocked: int(k.Blocked), Looked: int(k.Looked), Segments: sharesOf(k.Segments),
		Parts: int(k.Parts), Unicode: int(k.Unicode), Empty: int(k.Empty), Gaps: int(k.Gaps), Samples: samplesOf(k.First, k.Longest, k.Gap),
		Routes: make([]api.CampaignRoute, len(k.Routes)), StartsAt: k.Starts.UTC(), EndsAt: api.Time(k.Ends), Approval: k.Approval, Problems: listOf(k.Problems),
	}
	if money := api.MoneyOf(k.Cost); money != nil {
		out.Estimate = &api.Estimate{Amount: money.Amount, Currency: money.Currency, Recipients: int(k.Priced), Unknown: int(k.Unpriced)}
	}
	for i, r := range k.Routes {
		out.Routes[i] = api.CampaignRoute{Country: r.Country, Messages: int(r.N), Provider: r.Provider, Why: r.Why}
	}
	return out, nil
}

func (s *Server) campaignFailures(c *call, in *campaignID) (*api.CampaignFailures, error) {
	k, err := s.campaignByID(c, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := s.deps.Campaigns.Failures(c.ctx(), k)
	if err != nil {
		return nil, err
	}
	out := &api.CampaignFailures{Items: make([]api.CampaignFailure, len(list))}
	for i, f := range list {
		out.Items[i] = api.CampaignFailure{Code: f.Code, Text: f.Text, Messages: int(f.N)}
	}
	return out, nil
}

func (s *Server) campaignSettings(c *call) (*api.CampaignSettings, error) {
	n, err := s.deps.Store.ApprovalLimit(c.ctx(), c.p.Workspace.ID)
	return &api.CampaignSettings{ApprovalAbove: int(n)}, err
}
