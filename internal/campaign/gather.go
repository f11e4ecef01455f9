package campaign

import (
	"context"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// The gathering of recipients is a walk in steps, each a page that is stored together with the place where the next one
// begins: first the list of a series or of failed messages, then the contacts of each query. [store.Campaign.Walk] is "list:",
// "contacts:" (of the first query), "more:" (of the second) or "failed:", and a place.
const (
	walkList     = "list:"
	walkFailed   = "failed:"
	walkContacts = "contacts:"
	walkMore     = "more:"
)

// gather adds one page of recipients.
func (s *Service) gather(ctx context.Context, c *store.Campaign) (time.Time, error) {
	list, walk, err := s.page(ctx, c)
	if err != nil {
		return time.Time{}, err
	}
	if c.Last+int64(len(list)) > MaxRecipients {
		return s.move(ctx, c, store.CampaignPaused, "too_many_recipients", nil)
	}
	if _, err := s.opt.Store.AddRecipients(ctx, c.Workspace, c.ID, list, walk); err != nil {
		return time.Time{}, err
	}
	if walk != store.WalkDone {
		return s.now(), nil
	}
	gathered, err := s.opt.Store.Campaign(ctx, c.Workspace, c.ID)
	if err != nil {
		return time.Time{}, err
	}
	over, err := s.needsApproval(ctx, c.Workspace, gathered.Recipients)
	switch {
	case err != nil:
		return time.Time{}, err
	case over && gathered.Approver.ID.IsZero():
		return s.move(ctx, gathered, store.CampaignWaiting, "", nil) // it has grown since it was launched
	}
	return s.now(), nil
}

// page reads the next page of recipients, and says where the one after it begins.
func (s *Service) page(ctx context.Context, c *store.Campaign) ([]store.Recipient, string, error) {
	source, place, _ := strings.Cut(c.Walk, ":")
	switch source + ":" {
	case walkFailed:
		after, _ := smsir.ParseID(smsir.PrefixMessage, place)
		return s.failedPage(ctx, c, after)
	case walkContacts, walkMore:
		after, _ := smsir.ParseUUID(smsir.PrefixContact, place)
		return s.contactsPage(ctx, c, source+":", after)
	case walkList:
		return s.listPage(ctx, c, place)
	}
	switch {
	case !c.Failed.IsZero():
		return s.failedPage(ctx, c, 0)
	case !c.Parent.IsZero():
		return s.listPage(ctx, c, "")
	}
	return s.contactsPage(ctx, c, walkContacts, smsir.UUID{})
}

// listPage copies a series' own list.
func (s *Service) listPage(ctx context.Context, c *store.Campaign, place string) ([]store.Recipient, string, error) {
	after, _ := smsir.ParseID(smsir.PrefixMessage, place)
	list, err := s.opt.Store.CampaignRecipients(ctx, c.Parent, int64(after), pageSize)
	if err != nil {
		return nil, "", err
	}
	if len(list) == 0 {
		return nil, walkContacts, nil
	}
	return list, walkList + smsir.ID(list[len(list)-1].Position).Format(smsir.PrefixMessage), nil
}

func (s *Service) failedPage(ctx context.Context, c *store.Campaign, after smsir.ID) ([]store.Recipient, string, error) {
	old, err := s.opt.Store.Campaign(ctx, c.Workspace, c.Failed)
	if err != nil {
		return nil, "", err
	}
	list, next, err := s.opt.Store.FailedRecipients(ctx, old.ID, old.Batch, after, pageSize)
	if err != nil || next == 0 {
		return list, store.WalkDone, err
	}
	return list, walkFailed + next.Format(smsir.PrefixMessage), nil
}

func (s *Service) contactsPage(ctx context.Context, c *store.Campaign, source string, after smsir.UUID) ([]store.Recipient, string, error) {
	all, n, next := queries(&c.Plan), 0, walkMore
	if source == walkMore {
		n, next = 1, store.WalkDone
	}
	if n >= len(all) {
		return nil, store.WalkDone, nil
	}
	contacts, err := s.opt.Store.WalkContacts(ctx, c.Workspace, all[n], after, pageSize)
	if smsir.CodeOf(err) == smsir.CodeNotFound || smsir.CodeOf(err) == smsir.CodeInvalid {
		return nil, next, nil // a group or a field is gone; those that were gathered stay
	}
	if err != nil || len(contacts) == 0 {
		return nil, next, err
	}
	list := make([]store.Recipient, len(contacts))
	for i := range contacts {
		list[i] = recipientOf(&contacts[i])
	}
	return list, source + contacts[len(contacts)-1].ID.Format(smsir.PrefixContact), nil
}

// recipientOf is a contact as a recipient.
func recipientOf(c *store.Contact) store.Recipient {
	values := make(map[string]string, len(c.Fields)+1)
	for key, value := range c.Fields {
		values[key] = value
	}
	if c.Name != "" {
		values["name"] = c.Name
	}
	return store.Recipient{Phone: c.Phone, Country: c.Country, Language: c.Language, Values: values}
}
