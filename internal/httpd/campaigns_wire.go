package httpd

import (
	"math"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/store"
)

// planFrom reads a plan; an empty one for nil.
func planFrom(p *api.CampaignPlan) (*store.CampaignPlan, error) {
	if p == nil {
		return &store.CampaignPlan{}, nil
	}
	out := &store.CampaignPlan{
		Filter: filterFrom(p.Filter), Sender: p.From, Local: p.LocalTime, Zone: p.TimeZone, Rate: p.PerMinute, Hours: p.Hours,
	}
	var err error
	if out.Groups, err = parseUUIDs(smsir.PrefixGroup, "groups", p.Groups); err != nil {
		return nil, err
	}
	if p.Template != "" {
		if out.Template, err = smsir.ParseUUID(smsir.PrefixTemplate, p.Template); err != nil {
			return nil, invalid("template", faultFormat, "This is not the identifier of a template: it looks like tpl_ and 26 letters and digits.")
		}
	}
	if out.Texts, err = textsFrom(p.Texts); err != nil {
		return nil, err
	}
	if p.StartAt != nil {
		out.At = p.StartAt.UTC().Truncate(time.Millisecond)
	}
	if r := p.Repeat; r != nil {
		out.Repeat = &store.CampaignRepeat{Every: r.Every, Days: r.Days, Clock: r.Time, From: r.From, Until: r.Until}
	}
	if q := p.Quiet; q != nil {
		out.Quiet = &store.QuietHours{From: q.From, To: q.To}
	}
	return out, nil
}

func planOf(p *store.CampaignPlan) api.CampaignPlan {
	out := api.CampaignPlan{
		Filter: filterOut(p.Filter), Template: p.Template.Format(smsir.PrefixTemplate), Texts: textsOf(p.Texts), From: p.Sender, StartAt: api.Time(p.At),
		LocalTime: p.Local, TimeZone: p.Zone, PerMinute: p.Rate, Hours: p.Hours,
	}
	for _, g := range p.Groups {
		out.Groups = append(out.Groups, g.Format(smsir.PrefixGroup))
	}
	if r := p.Repeat; r != nil {
		out.Repeat = &api.CampaignRepeat{Every: r.Every, Days: r.Days, Time: r.Clock, From: r.From, Until: r.Until}
	}
	if q := p.Quiet; q != nil {
		out.Quiet = &api.QuietHours{From: q.From, To: q.To}
	}
	return out
}

// campaign answers with one campaign.
func (s *Server) campaign(c *call, k *store.Campaign, err error) (*api.Campaign, error) {
	if err != nil {
		return nil, err
	}
	items, err := s.campaignsOf(c, []store.Campaign{*k})
	if err != nil {
		return nil, err
	}
	return &items[0], nil
}

func (s *Server) campaignsOf(c *call, list []store.Campaign) ([]api.Campaign, error) {
	var actors []smsir.Actor
	for i := range list {
		actors = append(actors, list[i].Author, list[i].Launcher, list[i].Approver)
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil, actors...)
	if err != nil {
		return nil, err
	}
	actor := func(a smsir.Actor) *api.Actor {
		if a.ID.IsZero() {
			return nil
		}
		out := api.ActorOf(a, names)
		return &out
	}
	out := make([]api.Campaign, len(list))
	for i := range list {
		k := &list[i]
		out[i] = api.Campaign{
			ID: k.ID.Format(smsir.PrefixCampaign), Name: k.Name, State: string(k.State), Reason: k.Reason, Plan: planOf(&k.Plan),
			Variables: listOf(campaign.ParseTexts(k.Plan.Texts).Variables()), Author: api.ActorOf(k.Author, names), Launcher: actor(k.Launcher),
			Approver: actor(k.Approver), Series: k.Parent.Format(smsir.PrefixCampaign), Day: k.Day, FailedOf: k.Failed.Format(smsir.PrefixCampaign),
			BatchID: k.Batch.Format(smsir.PrefixBatch), Recipients: int(k.Recipients), Repeated: int(k.Repeated), Gathered: k.Walk == store.WalkDone,
			StartAt: api.Time(k.StartAt), StartedAt: api.Time(k.StartedAt), FinishedAt: api.Time(k.FinishedAt), TextRemovedAt: api.Time(k.TextRemovedAt), CreatedAt: k.CreatedAt.UTC(), UpdatedAt: k.UpdatedAt.UTC(),
		}
		if !k.TextRemovedAt.IsZero() {
			out[i].Plan.Texts, out[i].Variables = nil, []string{}
		}
		if k.StartedAt.IsZero() {
			continue
		}
		p, err := s.deps.Campaigns.Progress(c.ctx(), k)
		if err != nil {
			return nil, err
		}
		out[i].Progress = &api.CampaignProgress{
			Waiting: int(p.Waiting), Sent: int(p.Sent), Delivered: int(p.Delivered), Failed: int(p.Failed), Blocked: int(p.Blocked), Canceled: int(p.Canceled),
			Skipped: int(p.Skipped), Segments: int(p.Segments), PerMinute: math.Round(p.PerMinute*10) / 10, EndsAt: api.Time(p.Ends), CountedAt: p.At.UTC(),
		}
	}
	return out, nil
}
