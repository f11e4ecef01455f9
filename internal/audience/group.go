package audience

import (
	"context"
	"regexp"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

// GroupDraft is a group as people enter it; in a change, nil leaves something as it is.
type GroupDraft struct {
	Name   *string
	Filter *store.ContactFilter
}

// maxConditions bounds the conditions of a filter.
const maxConditions = 20

// CreateGroup stores a new group: one that people are put into, or with a filter, of those that match.
func (s *Service) CreateGroup(ctx context.Context, workspace smsir.UUID, d GroupDraft, by By) (*store.Group, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	g := store.Group{ID: smsir.NewUUID(now), Workspace: workspace, CreatedAt: now}
	if d.Name == nil {
		return nil, invalid("name", "A group needs a name.")
	}
	if err := s.applyGroup(ctx, &g, d, now); err != nil {
		return nil, err
	}
	return &g, s.store.CreateGroup(ctx, g, s.audit(workspace, by, "group.created", g.ID.Format(smsir.PrefixGroup), g.Name))
}

// UpdateGroup changes the name of a group, and the filter of one that has one.
func (s *Service) UpdateGroup(ctx context.Context, workspace, id smsir.UUID, d GroupDraft, by By) (*store.Group, error) {
	g, err := s.store.Group(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	if d.Filter != nil && g.Filter == nil {
		return nil, invalid("filter", "People are put into this group one by one; it cannot get a filter. Make a new group with one.")
	}
	if err := s.applyGroup(ctx, g, d, s.now().UTC().Truncate(time.Millisecond)); err != nil {
		return nil, err
	}
	return g, s.store.UpdateGroup(ctx, *g, s.audit(workspace, by, "group.updated", id.Format(smsir.PrefixGroup), g.Name))
}

func (s *Service) applyGroup(ctx context.Context, g *store.Group, d GroupDraft, now time.Time) error {
	if d.Name != nil {
		name, err := cleanText("name", *d.Name, MaxName, false)
		if err != nil {
			return err
		}
		if name == "" {
			return invalid("name", "A group needs a name.")
		}
		g.Name = name
	}
	if d.Filter != nil {
		if len(d.Filter.Conditions) > maxConditions {
			return invalid("filter", "The filter has %d conditions. Use at most %d.", len(d.Filter.Conditions), maxConditions)
		}
		// The store knows what can be compared; asking for one contact tells.
		if _, err := s.store.Contacts(ctx, g.Workspace, store.ContactQuery{Filter: d.Filter}, nil, 1); err != nil {
			return err
		}
		g.Filter = d.Filter
	}
	g.UpdatedAt = now
	return nil
}

// DeleteGroup forgets a group; its contacts stay.
func (s *Service) DeleteGroup(ctx context.Context, workspace, id smsir.UUID, by By) error {
	return s.store.DeleteGroup(ctx, workspace, id, s.audit(workspace, by, "group.deleted", id.Format(smsir.PrefixGroup), ""))
}

// ChangeGroup puts contacts into a group and takes others out.
func (s *Service) ChangeGroup(ctx context.Context, workspace, id smsir.UUID, add, remove []smsir.UUID) error {
	if len(add)+len(remove) > MaxBatch {
		return invalid("add", "These are %d contacts. Change at most %d at once.", len(add)+len(remove), MaxBatch)
	}
	return s.store.ChangeGroup(ctx, workspace, id, add, remove, s.now())
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// PutFields replaces the fields that a workspace keeps about its contacts.
func (s *Service) PutFields(ctx context.Context, workspace smsir.UUID, fields []store.ContactField, by By) error {
	if len(fields) > MaxFields {
		return invalid("fields", "These are %d fields. Keep at most %d.", len(fields), MaxFields)
	}
	seen := map[string]bool{}
	for i := range fields {
		f := &fields[i]
		label, err := cleanText("fields", f.Label, 60, false)
		switch {
		case err != nil:
			return err
		case label == "":
			return invalid("fields", "Field %d has no label.", i+1)
		case !keyForm.MatchString(f.Key) || reserved[f.Key]:
			return invalid("fields", "The key %q cannot be used. Take lower-case letters, digits and underscores, and none of name, phone, language, notes, groups.", clip(f.Key))
		case seen[f.Key]:
			return invalid("fields", "The key %q is there twice.", f.Key)
		case f.Type != store.FieldText && f.Type != store.FieldNumber && f.Type != store.FieldDate:
			return invalid("fields", "The type %q is none of text, number, date.", clip(f.Type))
		}
		f.Label, f.Position, seen[f.Key] = label, i, true
	}
	return s.store.PutContactFields(ctx, workspace, fields, s.audit(workspace, by, "contact_fields.updated", "", ""))
}

var reserved = map[string]bool{"name": true, "phone": true, "language": true, "notes": true, "groups": true, "id": true}

// Suppress forbids messages to some numbers, from one sender or ("") from every sender, and returns how many were not
// forbidden before. The note says why, in the words of whoever asked for it.
func (s *Service) Suppress(ctx context.Context, w *store.Workspace, typed []string, sender, note string, by By) (int, error) {
	if len(typed) == 0 || len(typed) > MaxBatch {
		return 0, invalid("recipients", "Give 1 to %d numbers.", MaxBatch)
	}
	note, err := cleanText("note", note, MaxValue, true)
	if err != nil {
		return 0, err
	}
	list := make([]store.Suppression, len(typed))
	for i, raw := range typed {
		n, err := number.Parse(raw, w.Country)
		if err != nil {
			return 0, invalid("recipients", "%q: %s", clip(raw), textOf(err))
		}
		list[i] = store.Suppression{Workspace: w.ID, Recipient: n.E164, Sender: sender, Reason: "manual", CreatedAt: s.now()}
	}
	return s.store.Suppress(ctx, list, store.ConsentEntry{At: s.now(), Source: "person", Actor: by.Actor, Text: note})
}

// Allow lifts a suppression. The note must say how the person asked for it: the ledger is the proof.
func (s *Service) Allow(ctx context.Context, workspace smsir.UUID, recipient, sender, note string, by By) error {
	note, err := cleanText("note", note, MaxValue, true)
	if err != nil {
		return err
	}
	if note == "" {
		return invalid("note", "Say how the person asked for messages again. It is kept as the proof of consent.")
	}
	return s.store.Allow(ctx, workspace, recipient, sender, store.ConsentEntry{At: s.now(), Source: "person", Actor: by.Actor, Text: note})
}
