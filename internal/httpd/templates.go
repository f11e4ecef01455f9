package httpd

import (
	"context"
	"io"
	"maps"
	"slices"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/store"
)

// Campaigns is what the door needs of package campaign.
type Campaigns interface {
	CreateTemplate(ctx context.Context, workspace smsir.UUID, d campaign.TemplateDraft, by campaign.By) (*store.Template, error)
	UpdateTemplate(ctx context.Context, workspace, id smsir.UUID, d campaign.TemplateDraft, by campaign.By) (*store.Template, error)
	DeleteTemplate(ctx context.Context, workspace, id smsir.UUID, by campaign.By) (archived bool, err error)
	Preview(ctx context.Context, w *store.Workspace, texts map[string]string, group smsir.UUID) (*campaign.Rendered, error)
	Create(ctx context.Context, w *store.Workspace, d campaign.Draft, by campaign.By) (*store.Campaign, error)
	Update(ctx context.Context, w *store.Workspace, id smsir.UUID, d campaign.Draft, by campaign.By) (*store.Campaign, error)
	Delete(ctx context.Context, workspace, id smsir.UUID, by campaign.By) error
	AddRows(ctx context.Context, w *store.Workspace, id smsir.UUID, file io.Reader, kind string, by campaign.By) (*campaign.Upload, error)
	ClearRows(ctx context.Context, workspace, id smsir.UUID) error
	Check(ctx context.Context, w *store.Workspace, id smsir.UUID) (*campaign.Check, error)
	Launch(ctx context.Context, w *store.Workspace, id smsir.UUID, by campaign.By) (*store.Campaign, error)
	Approve(ctx context.Context, workspace, id smsir.UUID, by campaign.By) (*store.Campaign, error)
	Withdraw(ctx context.Context, workspace, id smsir.UUID, note string, by campaign.By) (*store.Campaign, error)
	Pause(ctx context.Context, workspace, id smsir.UUID, by campaign.By) (*store.Campaign, error)
	Resume(ctx context.Context, workspace, id smsir.UUID, by campaign.By) (*store.Campaign, error)
	Cancel(ctx context.Context, workspace, id smsir.UUID, by campaign.By) (*store.Campaign, error)
	ResendFailed(ctx context.Context, w *store.Workspace, id smsir.UUID, by campaign.By) (*store.Campaign, error)
	Progress(ctx context.Context, c *store.Campaign) (*campaign.Progress, error)
	Failures(ctx context.Context, c *store.Campaign) ([]campaign.Failure, error)
	SetApprovalLimit(ctx context.Context, workspace smsir.UUID, n int64, by campaign.By) error
}

func (c *call) byCampaign() campaign.By {
	return campaign.By{Actor: c.p.Actor, IP: c.peer().IP.String()}
}

type templateID struct {
	ID string `path:"id" doc:"Identifier of the template." example:"tpl_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

// registerTemplates registers texts that are written once and sent many times.
func (s *Server) registerTemplates(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/templates", ID: "listTemplates", Tag: "Campaigns", Summary: "List the templates by name"},
		func(c *call, in *struct {
			Archived string `query:"archived" enum:"true,false" doc:"Those that were put away instead."`
		},
		) (*api.TemplateList, error) {
			list, err := s.deps.Store.Templates(c.ctx(), c.p.Workspace.ID, in.Archived == "true")
			if err != nil {
				return nil, err
			}
			items, err := s.templatesOf(c, list)
			return &api.TemplateList{Items: items}, err
		})
	handle(b, route{Method: "POST", Path: "/v1/templates", ID: "createTemplate", Tag: "Campaigns", Status: 201, Errors: []int{409}, Summary: "Add a template"},
		func(c *call, in *struct{ Body api.TemplateCreate }) (*api.Template, error) {
			texts, err := textsFrom(in.Body.Texts)
			if err != nil {
				return nil, err
			}
			return s.template(c)(s.deps.Campaigns.CreateTemplate(c.ctx(), c.p.Workspace.ID, campaign.TemplateDraft{Name: &in.Body.Name, Texts: texts}, c.byCampaign()))
		})
	handle(b, route{Method: "GET", Path: "/v1/templates/{id}", ID: "getTemplate", Tag: "Campaigns", Summary: "One template"},
		func(c *call, in *templateID) (*api.Template, error) {
			id, err := parseUUID(smsir.PrefixTemplate, in.ID)
			if err != nil {
				return nil, err
			}
			return s.template(c)(s.deps.Store.Template(c.ctx(), c.p.Workspace.ID, id))
		})
	handle(b, route{Method: "PATCH", Path: "/v1/templates/{id}", ID: "updateTemplate", Tag: "Campaigns", Errors: []int{409}, Summary: "Change a template", Text: "Campaigns that were launched keep the texts that they had then."}, s.updateTemplate)
	handle(b, route{Method: "DELETE", Path: "/v1/templates/{id}", ID: "deleteTemplate", Tag: "Campaigns", Summary: "Forget a template", Text: "One that a campaign names is put away instead."},
		func(c *call, in *templateID) (*api.TemplateDeleted, error) {
			id, err := parseUUID(smsir.PrefixTemplate, in.ID)
			if err != nil {
				return nil, err
			}
			archived, err := s.deps.Campaigns.DeleteTemplate(c.ctx(), c.p.Workspace.ID, id, c.byCampaign())
			return &api.TemplateDeleted{Archived: archived}, err
		})
	handle(b, route{
		Method: "POST", Path: "/v1/templates/preview", ID: "previewTemplate", Tag: "Campaigns", MaxBody: 256 << 10, Errors: []int{404},
		Summary: "Render texts for contacts", Text: "Nothing is stored. It shows the first message, the longest, and the first with a gap.",
	}, s.previewTemplate)
}

func (s *Server) updateTemplate(c *call, in *struct {
	ID   string `path:"id" doc:"Identifier of the template." example:"tpl_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Body api.TemplateUpdate
},
) (*api.Template, error) {
	id, err := parseUUID(smsir.PrefixTemplate, in.ID)
	if err != nil {
		return nil, err
	}
	d := campaign.TemplateDraft{Name: in.Body.Name, Archived: in.Body.Archived}
	if in.Body.Texts != nil {
		if d.Texts, err = textsFrom(*in.Body.Texts); err != nil {
			return nil, err
		}
	}
	return s.template(c)(s.deps.Campaigns.UpdateTemplate(c.ctx(), c.p.Workspace.ID, id, d, c.byCampaign()))
}

func (s *Server) previewTemplate(c *call, in *struct{ Body api.TemplatePreviewRequest }) (*api.TemplatePreview, error) {
	texts, err := textsFrom(in.Body.Texts)
	if err != nil {
		return nil, err
	}
	var group smsir.UUID
	if in.Body.Group != "" {
		if group, err = parseUUID(smsir.PrefixGroup, in.Body.Group); err != nil {
			return nil, err
		}
	}
	r, err := s.deps.Campaigns.Preview(c.ctx(), c.p.Workspace, texts, group)
	if err != nil {
		return nil, err
	}
	return &api.TemplatePreview{
		Samples: samplesOf(r.First, r.Longest, r.Gap), Segments: sharesOf(r.Segments), Looked: int(r.Looked), Gaps: int(r.Gaps),
		Variables: listOf(campaign.ParseTexts(texts).Variables()), Unknown: listOf(r.Unknown),
	}, nil
}

// template answers with one template.
func (s *Server) template(c *call) func(*store.Template, error) (*api.Template, error) {
	return func(t *store.Template, err error) (*api.Template, error) {
		if err != nil {
			return nil, err
		}
		items, err := s.templatesOf(c, []store.Template{*t})
		if err != nil {
			return nil, err
		}
		return &items[0], nil
	}
}

func (s *Server) templatesOf(c *call, list []store.Template) ([]api.Template, error) {
	actors := make([]smsir.Actor, len(list))
	for i := range list {
		actors[i] = list[i].Author
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil, actors...)
	if err != nil {
		return nil, err
	}
	out := make([]api.Template, len(list))
	for i := range list {
		t := &list[i]
		out[i] = api.Template{
			ID: t.ID.Format(smsir.PrefixTemplate), Name: t.Name, Texts: textsOf(t.Texts), Variables: listOf(campaign.ParseTexts(t.Texts).Variables()),
			Uses: t.Uses, Author: api.ActorOf(t.Author, names), CreatedAt: t.CreatedAt.UTC(), UpdatedAt: t.UpdatedAt.UTC(), ArchivedAt: api.Time(t.ArchivedAt),
		}
	}
	return out, nil
}

// textsFrom reads texts by language.
func textsFrom(list []api.LanguageText) (map[string]string, error) {
	texts := make(map[string]string, len(list))
	for _, t := range list {
		if _, again := texts[t.Language]; again {
			return nil, invalid("texts", "repeated", "There are two texts for one language. Give one for each.")
		}
		texts[t.Language] = t.Text
	}
	return texts, nil
}

// textsOf lists texts by language, the one for everybody else first.
func textsOf(texts map[string]string) []api.LanguageText {
	out := make([]api.LanguageText, 0, len(texts))
	for _, language := range slices.Sorted(maps.Keys(texts)) {
		out = append(out, api.LanguageText{Language: language, Text: texts[language]})
	}
	return out
}

// listOf is a list that is never null.
func listOf[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// samplesOf shows each message once, for the most telling reason.
func samplesOf(first, longest, gap *campaign.Sample) []api.MessageSample {
	seen := map[*campaign.Sample]bool{}
	out := []api.MessageSample{}
	for _, v := range []struct {
		kind   string
		sample *campaign.Sample
	}{{"gap", gap}, {"first", first}, {"longest", longest}} {
		if v.sample != nil && !seen[v.sample] {
			seen[v.sample] = true
			out = append(out, api.MessageSample{
				To: v.sample.To, Name: v.sample.Name, Text: v.sample.Text, Segments: v.sample.Segments, Encoding: v.sample.Encoding, Kind: v.kind,
			})
		}
	}
	return out
}

func sharesOf(segments map[int]int64) []api.SegmentShare {
	out := []api.SegmentShare{}
	for _, n := range slices.Sorted(maps.Keys(segments)) {
		out = append(out, api.SegmentShare{Segments: n, Messages: int(segments[n])})
	}
	return out
}
