package campaign

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// TemplateDraft is a template as people enter it; in a change, nil leaves something as it is.
type TemplateDraft struct {
	Name     *string
	Texts    map[string]string // all of them, by language
	Archived *bool
}

// CreateTemplate stores a new template. Errors: invalid and conflict, with the Field.
func (s *Service) CreateTemplate(ctx context.Context, workspace smsir.UUID, d TemplateDraft, by By) (*store.Template, error) {
	now := s.now()
	t := template{store.Template{ID: smsir.NewUUID(now), Workspace: workspace, CreatedAt: now}}
	if d.Name == nil {
		return nil, invalid("name", "A template needs a name.")
	}
	if d.Texts == nil {
		return nil, invalid("texts", "A template needs a text.")
	}
	if err := t.apply(d, by, now); err != nil {
		return nil, err
	}
	return &t.Template, s.opt.Store.CreateTemplate(ctx, t.Template, s.audit(workspace, by, "template.created", t.ID.Format(smsir.PrefixTemplate), t.Name))
}

// UpdateTemplate changes a template. Campaigns that have started keep the text that they started with.
func (s *Service) UpdateTemplate(ctx context.Context, workspace, id smsir.UUID, d TemplateDraft, by By) (*store.Template, error) {
	old, err := s.opt.Store.Template(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	t := template{*old}
	if err := t.apply(d, by, s.now()); err != nil {
		return nil, err
	}
	return &t.Template, s.opt.Store.UpdateTemplate(ctx, t.Template, s.audit(workspace, by, "template.updated", id.Format(smsir.PrefixTemplate), t.Name))
}

// template is one that a draft is put into.
type template struct{ store.Template }

func (t *template) apply(d TemplateDraft, by By, now time.Time) (err error) {
	if d.Name != nil {
		if t.Name, err = cleanName(*d.Name, "template"); err != nil {
			return err
		}
	}
	if d.Texts != nil {
		if err := checkTexts(d.Texts, true); err != nil {
			return err
		}
		t.Texts = d.Texts
	}
	if d.Archived != nil {
		switch {
		case !*d.Archived:
			t.ArchivedAt = time.Time{}
		case t.ArchivedAt.IsZero():
			t.ArchivedAt = now
		}
	}
	t.Author, t.UpdatedAt = by.Actor, now
	return nil
}

// DeleteTemplate forgets a template, or puts it away when a campaign names it.
func (s *Service) DeleteTemplate(ctx context.Context, workspace, id smsir.UUID, by By) (archived bool, err error) {
	return s.opt.Store.DeleteTemplate(ctx, workspace, id, s.now(), s.audit(workspace, by, "template.deleted", id.Format(smsir.PrefixTemplate), ""))
}
