package httpd

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/audience"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

// Audience is what the door needs of package audience.
type Audience interface {
	Create(ctx context.Context, w *store.Workspace, d audience.ContactDraft, by audience.By) (*store.Contact, error)
	Update(ctx context.Context, w *store.Workspace, id smsir.UUID, d audience.ContactDraft, by audience.By) (*store.Contact, error)
	Delete(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID, by audience.By) (int, error)
	Merge(ctx context.Context, workspace, keep smsir.UUID, others []smsir.UUID, by audience.By) (*store.Contact, error)
	PutFields(ctx context.Context, workspace smsir.UUID, fields []store.ContactField, by audience.By) error
	CreateGroup(ctx context.Context, workspace smsir.UUID, d audience.GroupDraft, by audience.By) (*store.Group, error)
	UpdateGroup(ctx context.Context, workspace, id smsir.UUID, d audience.GroupDraft, by audience.By) (*store.Group, error)
	DeleteGroup(ctx context.Context, workspace, id smsir.UUID, by audience.By) error
	ChangeGroup(ctx context.Context, workspace, id smsir.UUID, add, remove []smsir.UUID) error
	Suppress(ctx context.Context, w *store.Workspace, typed []string, sender, note string, by audience.By) (int, error)
	Allow(ctx context.Context, workspace smsir.UUID, recipient, sender, note string, by audience.By) error
}

// registerContacts registers the people behind numbers.
func (s *Server) registerContacts(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/contacts", ID: "listContacts", Tag: "Contacts", Errors: []int{404}, Summary: "List contacts by name"}, s.listContacts)
	handle(b, route{
		Method: "POST", Path: "/v1/contacts/search", ID: "searchContacts", Tag: "Contacts",
		Summary: "Find contacts by conditions", Text: "What a group with this filter would hold now; its first 20.",
	}, s.searchContacts)
	handle(b, route{Method: "POST", Path: "/v1/contacts/lookup", ID: "lookupContacts", Tag: "Contacts", Summary: "Find who is behind numbers"}, s.lookupContacts)
	handle(b, route{Method: "POST", Path: "/v1/contacts", ID: "createContact", Tag: "Contacts", Status: 201, Errors: []int{409}, Summary: "Add a contact"}, s.createContact)
	handle(b, route{Method: "GET", Path: "/v1/contacts/{id}", ID: "getContact", Tag: "Contacts", Summary: "One contact"},
		func(c *call, in *contactID) (*api.Contact, error) {
			id, err := parseUUID(smsir.PrefixContact, in.ID)
			if err != nil {
				return nil, err
			}
			return contactOf(s.deps.Store.Contact(c.ctx(), c.p.Workspace.ID, id))
		})
	handle(b, route{Method: "PATCH", Path: "/v1/contacts/{id}", ID: "updateContact", Tag: "Contacts", Errors: []int{409}, Summary: "Change a contact"}, s.updateContact)
	handle(b, route{Method: "DELETE", Path: "/v1/contacts/{id}", ID: "deleteContact", Tag: "Contacts", Summary: "Forget a contact", Text: "Its messages and opt-outs stay."},
		func(c *call, in *contactID) (*none, error) {
			id, err := parseUUID(smsir.PrefixContact, in.ID)
			if err != nil {
				return nil, err
			}
			n, err := s.deps.Audience.Delete(c.ctx(), c.p.Workspace.ID, []smsir.UUID{id}, c.byAudience())
			if err == nil && n == 0 {
				err = smsir.Errorf(smsir.CodeNotFound, "no such contact")
			}
			return &none{}, err
		})
	handle(b, route{Method: "POST", Path: "/v1/contacts/delete", ID: "deleteContacts", Tag: "Contacts", Summary: "Forget many contacts"},
		func(c *call, in *struct{ Body api.ContactDelete }) (*api.Deleted, error) {
			ids, err := parseUUIDs(smsir.PrefixContact, "ids", in.Body.IDs)
			if err != nil {
				return nil, err
			}
			n, err := s.deps.Audience.Delete(c.ctx(), c.p.Workspace.ID, ids, c.byAudience())
			return &api.Deleted{Deleted: n}, err
		})
	handle(b, route{Method: "GET", Path: "/v1/contacts/duplicates", ID: "listDuplicates", Tag: "Contacts", Summary: "List contacts that share a name"}, s.listDuplicates)
	handle(b, route{Method: "POST", Path: "/v1/contacts/{id}/merge", ID: "mergeContacts", Tag: "Contacts", Summary: "Make one contact of several"}, s.mergeContacts)
	handleDownload(b, route{
		Method: "GET", Path: "/v1/contacts/export", ID: "exportContacts", Tag: "Contacts", Gives: csvType, Errors: []int{404},
		Summary: "Download contacts as CSV", Text: "Cells that a spreadsheet would take for formulas begin with an apostrophe.",
	}, "contacts.csv", s.exportContacts)
	handle(b, route{Method: "GET", Path: "/v1/contact-fields", ID: "listContactFields", Tag: "Contacts", Summary: "List the workspace's own fields"},
		func(c *call, _ *struct{}) (*api.ContactFields, error) { return s.contactFields(c) })
	handle(b, route{Method: "PUT", Path: "/v1/contact-fields", ID: "putContactFields", Tag: "Contacts", Errors: []int{409}, Summary: "Replace the workspace's own fields"},
		func(c *call, in *struct{ Body api.ContactFields }) (*api.ContactFields, error) {
			fields := make([]store.ContactField, len(in.Body.Fields))
			for i, f := range in.Body.Fields {
				fields[i] = store.ContactField{Key: f.Key, Label: f.Label, Type: f.Type}
			}
			if err := s.deps.Audience.PutFields(c.ctx(), c.p.Workspace.ID, fields, c.byAudience()); err != nil {
				return nil, err
			}
			return s.contactFields(c)
		})
}

type contactID struct {
	ID string `path:"id" doc:"Identifier of the contact." example:"con_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

func (c *call) byAudience() audience.By {
	return audience.By{Actor: c.p.Actor, IP: c.peer().IP.String()}
}

// parseUUIDs reads a list of identifiers of the body.
func parseUUIDs(prefix, field string, list []string) ([]smsir.UUID, error) {
	ids := make([]smsir.UUID, len(list))
	for i, text := range list {
		id, err := smsir.ParseUUID(prefix, text)
		if err != nil {
			e := smsir.Errorf(smsir.CodeInvalid, "%q is no identifier such as %s_….", clip(text, 40), prefix)
			e.Field = field
			return nil, e
		}
		ids[i] = id
	}
	return ids, nil
}

func (s *Server) listContacts(c *call, in *struct {
	Search     string `query:"search" maxLength:"100" doc:"A part of the name or the number."`
	Group      string `query:"group" maxLength:"40" doc:"Only those in this group." example:"grp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Suppressed string `query:"suppressed" enum:"true,false" doc:"Only those that must not be written to, or only the others."`
	Cursor     string `query:"cursor" maxLength:"400" doc:"Of the page before."`
	Limit      int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Contacts on a page."`
},
) (*api.ContactList, error) {
	q := store.ContactQuery{Search: in.Search}
	if in.Group != "" {
		id, err := parseUUID(smsir.PrefixGroup, in.Group)
		if err != nil {
			return nil, err
		}
		q.Group = id
	}
	if in.Suppressed != "" {
		yes := in.Suppressed == "true"
		q.Suppressed = &yes
	}
	query := c.query("cursor", "limit")
	mark, err := s.cursors.readMark(c.p.Workspace.ID, query, in.Cursor)
	if err != nil {
		return nil, err
	}
	out, err := s.contacts(c, q, mark, in.Limit)
	if err == nil && out.next != nil {
		out.Next = s.cursors.makeMark(c.p.Workspace.ID, query, append(out.next.ID[:], out.next.NameKey...))
	}
	return &out.ContactList, err
}

type contactsOut struct {
	api.ContactList
	next *store.ContactMark
}

// contacts answers a query; its size only with the first page.
func (s *Server) contacts(c *call, q store.ContactQuery, mark []byte, limit int) (out contactsOut, err error) {
	var after *store.ContactMark
	if len(mark) >= 16 {
		after = &store.ContactMark{NameKey: string(mark[16:])}
		copy(after.ID[:], mark)
	}
	page, err := s.deps.Store.Contacts(c.ctx(), c.p.Workspace.ID, q, after, limit)
	if err != nil {
		return out, err
	}
	out.Items, out.next = contactsOf(page.Items), page.Next
	if after == nil {
		n, err := s.deps.Store.CountContacts(c.ctx(), c.p.Workspace.ID, q)
		if err != nil {
			return out, err
		}
		total := int(n)
		out.Total = &total
	}
	return out, nil
}

// exportContacts writes every contact that a list would show, a page at a time.
func (s *Server) exportContacts(c *call, in *struct {
	Search string `query:"search" maxLength:"100" doc:"A part of the name or the number."`
	Group  string `query:"group" maxLength:"40" doc:"Only those in this group." example:"grp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}, file io.Writer,
) error {
	q := store.ContactQuery{Search: in.Search}
	if in.Group != "" {
		id, err := parseUUID(smsir.PrefixGroup, in.Group)
		if err != nil {
			return err
		}
		q.Group = id
	}
	n, err := s.deps.Store.CountContacts(c.ctx(), c.p.Workspace.ID, q)
	if err != nil {
		return err
	}
	if n > largeExport {
		if err := c.p.RequireReauth(); err != nil {
			return err
		}
	}
	fields, err := s.deps.Store.ContactFields(c.ctx(), c.p.Workspace.ID)
	if err != nil {
		return err
	}
	groups, err := s.deps.Store.Groups(c.ctx(), c.p.Workspace.ID)
	if err != nil {
		return err
	}
	if err := s.noteExport(c, "contact.exported"); err != nil {
		return err
	}
	return writeContacts(c, q, file, fields, groups)
}

// largeExport is the number of rows above which a download needs a recent password.
const largeExport = 10_000

func writeContacts(c *call, q store.ContactQuery, file io.Writer, fields []store.ContactField, groups []store.Group) error {
	w, err := sheet.NewWriter(file)
	if err != nil {
		return err
	}
	head := []string{"phone", "name", "language", "notes", "groups", "opted_out"}
	for _, f := range fields {
		head = append(head, f.Key)
	}
	if err := w.Row(head...); err != nil {
		return err
	}
	names := make(map[smsir.UUID]string, len(groups))
	for _, g := range groups {
		names[g.ID] = g.Name
	}
	for after := (smsir.UUID{}); ; {
		page, err := c.s.deps.Store.WalkContacts(c.ctx(), c.p.Workspace.ID, q, after, 500)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return w.Flush()
		}
		for i := range page {
			k := &page[i]
			in := make([]string, len(k.Groups))
			for j, g := range k.Groups {
				in[j] = names[g]
			}
			row := []string{k.Phone, k.Name, k.Language, k.Notes, strings.Join(in, "; "), strconv.FormatBool(k.Suppressed)}
			for _, f := range fields {
				row = append(row, k.Fields[f.Key])
			}
			if err := w.Row(row...); err != nil {
				return err
			}
		}
		after = page[len(page)-1].ID
	}
}

func (s *Server) searchContacts(c *call, in *struct{ Body api.ContactFilter }) (*api.ContactList, error) {
	out, err := s.contacts(c, store.ContactQuery{Filter: filterFrom(&in.Body)}, nil, 20)
	return &out.ContactList, err
}

func (s *Server) lookupContacts(c *call, in *struct{ Body api.ContactLookup }) (*api.ContactsFound, error) {
	found, err := s.deps.Store.ContactsByPhone(c.ctx(), c.p.Workspace.ID, in.Body.Phones)
	if err != nil {
		return nil, err
	}
	out := &api.ContactsFound{Items: make([]api.ContactFound, 0, len(found))}
	for _, phone := range in.Body.Phones {
		if k, ok := found[phone]; ok {
			out.Items = append(out.Items, api.ContactFound{Phone: phone, ID: k.ID.Format(smsir.PrefixContact), Name: k.Name})
			delete(found, phone)
		}
	}
	return out, nil
}

func (s *Server) createContact(c *call, in *struct{ Body api.ContactCreate }) (*api.Contact, error) {
	d, err := draftOf(&in.Body.Phone, &in.Body.ContactUpdate)
	if err != nil {
		return nil, err
	}
	return contactOf(s.deps.Audience.Create(c.ctx(), c.p.Workspace, d, c.byAudience()))
}

func (s *Server) updateContact(c *call, in *struct {
	ID   string `path:"id" doc:"Identifier of the contact." example:"con_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Body api.ContactChange
},
) (*api.Contact, error) {
	id, err := parseUUID(smsir.PrefixContact, in.ID)
	if err != nil {
		return nil, err
	}
	d, err := draftOf(in.Body.Phone, &in.Body.ContactUpdate)
	if err != nil {
		return nil, err
	}
	return contactOf(s.deps.Audience.Update(c.ctx(), c.p.Workspace, id, d, c.byAudience()))
}

func draftOf(phone *string, u *api.ContactUpdate) (audience.ContactDraft, error) {
	d := audience.ContactDraft{Phone: phone, Name: u.Name, Language: u.Language, Notes: u.Notes, Fields: u.Fields}
	if u.Groups != nil {
		groups, err := parseUUIDs(smsir.PrefixGroup, "groups", *u.Groups)
		if err != nil {
			return d, err
		}
		d.Groups = &groups
	}
	return d, nil
}

func (s *Server) listDuplicates(c *call, _ *struct{}) (*api.ContactSets, error) {
	sets, err := s.deps.Store.SameNames(c.ctx(), c.p.Workspace.ID, 50)
	if err != nil {
		return nil, err
	}
	out := &api.ContactSets{Sets: make([][]api.Contact, len(sets))}
	for i, set := range sets {
		out.Sets[i] = contactsOf(set)
	}
	return out, nil
}

func (s *Server) mergeContacts(c *call, in *struct {
	ID   string `path:"id" doc:"The contact that stays." example:"con_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Body api.ContactMerge
},
) (*api.Contact, error) {
	keep, err := parseUUID(smsir.PrefixContact, in.ID)
	if err != nil {
		return nil, err
	}
	others, err := parseUUIDs(smsir.PrefixContact, "others", in.Body.Others)
	if err != nil {
		return nil, err
	}
	return contactOf(s.deps.Audience.Merge(c.ctx(), c.p.Workspace.ID, keep, others, c.byAudience()))
}

func (s *Server) contactFields(c *call) (*api.ContactFields, error) {
	fields, err := s.deps.Store.ContactFields(c.ctx(), c.p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	out := &api.ContactFields{Fields: make([]api.ContactField, len(fields))}
	for i, f := range fields {
		out.Fields[i] = api.ContactField{Key: f.Key, Label: f.Label, Type: f.Type}
	}
	return out, nil
}

func contactsOf(list []store.Contact) []api.Contact {
	out := make([]api.Contact, len(list))
	for i := range list {
		c := &list[i]
		out[i] = api.Contact{
			ID: c.ID.Format(smsir.PrefixContact), Phone: c.Phone, Country: c.Country, Name: c.Name, Language: c.Language, Notes: c.Notes,
			Fields: c.Fields, Groups: make([]string, len(c.Groups)), Suppressed: c.Suppressed, CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
		}
		if c.Fields == nil {
			out[i].Fields = map[string]string{}
		}
		for j, g := range c.Groups {
			out[i].Groups[j] = g.Format(smsir.PrefixGroup)
		}
	}
	return out
}

func contactOf(c *store.Contact, err error) (*api.Contact, error) {
	if err != nil {
		return nil, err
	}
	return &contactsOf([]store.Contact{*c})[0], nil
}
