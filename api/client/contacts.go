package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/smsir/smsir/api"
)

const contactsPath = "/v1/contacts"

// ContactFilter selects contacts; zero fields select everything.
type ContactFilter struct {
	Search string // a part of the name or the number
	Group  string // grp_…
}

// Contacts returns the contacts of a filter by name, fetching page after page as they are asked for. An error ends it.
func (c *Client) Contacts(ctx context.Context, f ContactFilter) iter.Seq2[api.Contact, error] {
	return func(yield func(api.Contact, error) bool) {
		q := url.Values{"limit": {"200"}}
		for name, v := range map[string]string{"search": f.Search, "group": f.Group} {
			if v != "" {
				q.Set(name, v)
			}
		}
		for {
			page, err := get[api.ContactList](ctx, c, contactsPath, q)
			if err != nil {
				yield(api.Contact{}, err)
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

// CreateContact adds a contact. Code "conflict": the number has one.
func (c *Client) CreateContact(ctx context.Context, r api.ContactCreate) (*api.Contact, error) {
	var out api.Contact
	err := c.do(ctx, &request{method: http.MethodPost, path: contactsPath, body: r}, &out)
	return value(&out, err)
}

// UpdateContact changes what r names of a contact.
func (c *Client) UpdateContact(ctx context.Context, id string, r api.ContactChange) (*api.Contact, error) {
	var out api.Contact
	err := c.do(ctx, &request{method: http.MethodPatch, path: contactsPath + "/" + url.PathEscape(id), body: r}, &out)
	return value(&out, err)
}

// LookupContacts tells who is behind numbers, at most 200 of them; those without a contact are left out.
func (c *Client) LookupContacts(ctx context.Context, phones ...string) (*api.ContactsFound, error) {
	var out api.ContactsFound
	err := c.do(ctx, &request{method: http.MethodPost, path: contactsPath + "/lookup", body: api.ContactLookup{Phones: phones}}, &out)
	return value(&out, err)
}

// Suppress forbids messages to numbers, and tells how many were not forbidden before.
func (c *Client) Suppress(ctx context.Context, r api.SuppressionCreate) (*api.Suppressed, error) {
	var out api.Suppressed
	err := c.do(ctx, &request{method: http.MethodPost, path: "/v1/suppressions", body: r}, &out)
	return value(&out, err)
}
