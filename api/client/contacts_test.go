package client

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smsir/smsir/api"
)

func TestContacts(t *testing.T) {
	t.Parallel()
	ada := api.Contact{ID: "con_1", Phone: "+12025550100", Name: "Ada"}
	c, gateway := clientOf(t, says(200, api.ContactList{Items: []api.Contact{ada}, Next: "more"}), says(200, api.ContactList{Items: []api.Contact{ada}}),
		refuses(403, "forbidden", false), says(201, ada), says(200, ada),
		says(200, api.ContactsFound{Items: []api.ContactFound{{Phone: ada.Phone, Name: "Ada"}}}), says(200, api.Suppressed{Added: 1}))
	ctx := t.Context()
	n := 0
	for k, err := range c.Contacts(ctx, ContactFilter{Search: "ada", Group: "grp_1"}) {
		if n++; err != nil || k.ID != "con_1" {
			t.Errorf("Contacts: %+v, %v", k, err)
		}
	}
	if n != 2 {
		t.Errorf("%d contacts of two pages, want 2", n)
	}
	for _, err := range c.Contacts(ctx, ContactFilter{}) {
		if CodeOf(err) != "forbidden" {
			t.Errorf("a refused list: %v", err)
		}
	}
	name := "Ada"
	if k, err := c.CreateContact(ctx, api.ContactCreate{Phone: "+12025550100", ContactUpdate: api.ContactUpdate{Name: &name}}); err != nil || k.Name != "Ada" {
		t.Errorf("CreateContact: %+v, %v", k, err)
	}
	if k, err := c.UpdateContact(ctx, "con_1", api.ContactChange{ContactUpdate: api.ContactUpdate{Name: &name}}); err != nil || k.ID != "con_1" {
		t.Errorf("UpdateContact: %+v, %v", k, err)
	}
	if f, err := c.LookupContacts(ctx, "+12025550100", "+12025550101"); err != nil || len(f.Items) != 1 {
		t.Errorf("LookupContacts: %+v, %v", f, err)
	}
	if s, err := c.Suppress(ctx, api.SuppressionCreate{Recipients: []string{"+12025550100"}, Note: "Called."}); err != nil || s.Added != 1 {
		t.Errorf("Suppress: %+v, %v", s, err)
	}
	var got []string
	for _, r := range gateway.requests() {
		got = append(got, r.Method+" "+r.URI+" "+r.Body)
	}
	if diff := cmp.Diff([]string{
		"GET /v1/contacts?group=grp_1&limit=200&search=ada ", "GET /v1/contacts?cursor=more&group=grp_1&limit=200&search=ada ", "GET /v1/contacts?limit=200 ",
		`POST /v1/contacts {"phone":"+12025550100","name":"Ada"}`, `PATCH /v1/contacts/con_1 {"name":"Ada"}`,
		`POST /v1/contacts/lookup {"phones":["+12025550100","+12025550101"]}`, `POST /v1/suppressions {"recipients":["+12025550100"],"note":"Called."}`,
	}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
