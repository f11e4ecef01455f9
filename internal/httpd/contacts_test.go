package httpd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

func TestContacts(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	ask := func(method, path, body string, status int, into any) {
		t.Helper()
		g.ok(request{method: method, path: path, as: owner.token, body: body}, status, into)
	}
	refused := func(method, path, body, field string) {
		t.Helper()
		var pr api.Problem
		g.refused(request{method: method, path: path, as: owner.token, body: body}, 422, smsir.CodeInvalid).read(t, &pr)
		if len(pr.Errors) == 0 || pr.Errors[0].Field != field {
			t.Errorf("%s %s %s: %+v, want field %s", method, path, body, pr.Errors, field)
		}
	}
	var fields api.ContactFields
	ask("PUT", "/v1/contact-fields", `{"fields":[{"key":"class","label":"Class","type":"text"},{"key":"fee","label":"Fee","type":"number"},{"key":"born","label":"Born","type":"date"}]}`, 200, &fields)
	if len(fields.Fields) != 3 || fields.Fields[2].Key != "born" {
		t.Errorf("fields: %+v", fields)
	}
	refused("PUT", "/v1/contact-fields", `{"fields":[{"key":"Phone","label":"x","type":"text"}]}`, "fields")
	refused("PUT", "/v1/contact-fields", `{"fields":[{"key":"phone","label":"x","type":"text"}]}`, "fields")
	var group api.Group
	ask("POST", "/v1/groups", `{"name":"Parents"}`, 201, &group)

	var c api.Contact
	ask("POST", "/v1/contacts", `{"phone":"(202) 555-0123","name":" Ada ","fields":{"class":"4B","fee":"12,50","born":"24.12.2015"},"groups":["`+group.ID+`"]}`, 201, &c)
	if c.Phone != "+12025550123" || c.Country != "US" || c.Name != "Ada" || c.Fields["fee"] != "12.5" || c.Fields["born"] != "2015-12-24" || len(c.Groups) != 1 {
		t.Errorf("created: %+v", c)
	}
	for body, field := range map[string]string{
		`{"phone":"call me"}`: "phone", `{"phone":"+12025550124","fields":{"shoe":"44"}}`: "fields.shoe",
		`{"phone":"+12025550124","fields":{"fee":"much"}}`: "fields.fee", `{"phone":"+12025550124","fields":{"born":"soon"}}`: "fields.born",
		`{"phone":"+12025550124","language":"klingon!"}`: "language", `{"phone":"+12025550124","groups":["grp_x"]}`: "groups",
		`{"phone":"+12025550124","groups":["` + strings.Replace(group.ID, "grp_0", "grp_1", 1) + `"]}`: "groups",
		`{"phone":"+12025550124","name":"a\u0007b"}`:                                                   "name", `{"name":"x"}`: "phone",
	} {
		refused("POST", "/v1/contacts", body, field)
	}
	g.refused(request{method: "POST", path: "/v1/contacts", as: owner.token, body: `{"phone":"+12025550123"}`}, 409, smsir.CodeConflict)
	id := c.ID
	c = api.Contact{}
	ask("PATCH", "/v1/contacts/"+id, `{"name":"Ada L.","fields":{"class":""},"language":"sw","groups":[]}`, 200, &c)
	if c.Name != "Ada L." || c.Fields["class"] != "" || c.Fields["fee"] != "12.5" || c.Language != "sw" || len(c.Groups) != 0 {
		t.Errorf("changed: %+v", c)
	}
	var found api.ContactsFound
	ask("POST", "/v1/contacts/lookup", `{"phones":["+12025550199","+12025550123","+12025550123"]}`, 200, &found)
	if len(found.Items) != 1 || found.Items[0] != (api.ContactFound{Phone: "+12025550123", ID: c.ID, Name: "Ada L."}) {
		t.Errorf("lookup: %+v", found)
	}
	ask("POST", "/v1/groups/"+group.ID+"/members", `{"add":["`+c.ID+`"]}`, 204, nil)

	var second api.Contact
	ask("POST", "/v1/contacts", `{"phone":"+12025550124","name":"ada l.","notes":"call before nine"}`, 201, &second)
	var sets api.ContactSets
	ask("GET", "/v1/contacts/duplicates", "", 200, &sets)
	if len(sets.Sets) != 1 || len(sets.Sets[0]) != 2 {
		t.Errorf("duplicates: %+v", sets)
	}
	ask("POST", "/v1/contacts/"+c.ID+"/merge", `{"others":["`+second.ID+`"]}`, 200, &c)
	if c.Notes != "call before nine\n+12025550124" || len(c.Groups) != 1 {
		t.Errorf("merged: %+v", c)
	}
	g.refused(request{method: "GET", path: "/v1/contacts/" + second.ID, as: owner.token}, 404, smsir.CodeNotFound)
	ask("DELETE", "/v1/contacts/"+c.ID, "", 204, nil)
	g.refused(request{method: "DELETE", path: "/v1/contacts/" + c.ID, as: owner.token}, 404, smsir.CodeNotFound)
}

func TestContactPages(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var ids []string
	for i := range 7 {
		var c api.Contact
		g.ok(request{method: "POST", path: "/v1/contacts", as: owner.token, body: fmt.Sprintf(`{"phone":"+120255501%02d","name":"Same name"}`, i)}, 201, &c)
		ids = append(ids, c.ID)
	}
	seen := map[string]bool{}
	path := "/v1/contacts?limit=3&search=same"
	for pages := 0; ; pages++ {
		var l api.ContactList
		g.ok(request{method: "GET", path: path, as: owner.token}, 200, &l)
		if (l.Total != nil) != (pages == 0) || l.Total != nil && *l.Total != 7 {
			t.Errorf("page %d: total %v", pages, l.Total)
		}
		for _, c := range l.Items {
			seen[c.ID] = true
		}
		if l.Next == "" {
			break
		}
		path = "/v1/contacts?limit=3&search=same&cursor=" + l.Next
		g.refused(request{method: "GET", path: strings.Replace(path, "same", "other", 1), as: owner.token}, 400, api.CodeCursorInvalid)
	}
	if len(seen) != 7 {
		t.Errorf("the pages show %d contacts, want 7", len(seen))
	}
	var found api.ContactList
	g.ok(request{method: "POST", path: "/v1/contacts/search", as: owner.token, body: `{"conditions":[{"on":"phone","is":"contains","value":"0102"}]}`}, 200, &found)
	if found.Total == nil || *found.Total != 1 {
		t.Errorf("search: %+v", found)
	}
	g.refused(request{method: "POST", path: "/v1/contacts/search", as: owner.token, body: `{"conditions":[{"on":"shoe","is":"set"}]}`}, 422, smsir.CodeInvalid)
	var group api.Group
	g.ok(request{method: "POST", path: "/v1/groups", as: owner.token, body: `{"name":"Two","filter":{"match":"any","conditions":[{"on":"phone","is":"contains","value":"0102"},{"on":"phone","is":"contains","value":"0103"}]}}`}, 201, &group)
	if group.Size != 2 || group.Filter == nil || group.Filter.Match != "any" {
		t.Errorf("group: %+v", group)
	}
	a := g.ok(request{method: "GET", path: "/v1/contacts/export?search=0103", as: owner.token}, 200, nil)
	if got := string(a.body); got != "\ufeffphone,name,language,notes,groups,opted_out\r\n'+12025550103,Same name,,,,false\r\n" || a.header.Get("Content-Disposition") != "attachment; filename=contacts.csv" {
		t.Errorf("export: %q, %v", got, a.header)
	}
	g.refused(request{method: "GET", path: "/v1/contacts/export?group=" + strings.Replace(group.ID, "grp_0", "grp_1", 1), as: owner.token}, 404, smsir.CodeNotFound)
	var gone api.Deleted
	g.ok(request{method: "POST", path: "/v1/contacts/delete", as: owner.token, body: `{"ids":["` + strings.Join(ids[:3], `","`) + `"]}`}, 200, &gone)
	if gone.Deleted != 3 {
		t.Errorf("deleted %d", gone.Deleted)
	}
}

// TestSuppressions: what is forbidden is refused at once, and whoever lifts it must say why.
func TestSuppressions(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var n api.Suppressed
	g.ok(request{method: "POST", path: "/v1/suppressions", as: owner.token, body: `{"recipients":["202 555 0123","+12025550124"],"note":"asked at the desk"}`}, 200, &n)
	if n.Added != 2 {
		t.Errorf("added %d", n.Added)
	}
	g.refused(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550123","text":"x"}`}, 422, smsir.CodeOptedOut)
	var list api.SuppressionList
	g.ok(request{method: "GET", path: "/v1/suppressions?limit=1", as: owner.token}, 200, &list)
	if len(list.Items) != 1 || list.Next == "" || list.Items[0].Reason != "manual" {
		t.Fatalf("list: %+v", list)
	}
	next := list.Next
	list = api.SuppressionList{}
	g.ok(request{method: "GET", path: "/v1/suppressions?limit=1&cursor=" + next, as: owner.token}, 200, &list)
	if len(list.Items) != 1 || list.Next != "" || list.Items[0].Recipient != "+12025550124" {
		t.Errorf("second page: %+v", list)
	}
	g.refused(request{method: "POST", path: "/v1/suppressions/lift", as: owner.token, body: `{"recipient":"+12025550123","note":" "}`}, 422, smsir.CodeInvalid)
	g.ok(request{method: "POST", path: "/v1/suppressions/lift", as: owner.token, body: `{"recipient":"+12025550123","note":"wrote an email"}`}, 204, nil)
	g.ok(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550123","text":"x"}`}, 202, nil)
	var ledger api.ConsentList
	g.ok(request{method: "GET", path: "/v1/consents?recipient=%2B12025550123", as: owner.token}, 200, &ledger)
	if len(ledger.Items) != 2 || ledger.Items[0].Allowed == ledger.Items[1].Allowed || ledger.Items[0].By == nil {
		t.Errorf("ledger: %+v", ledger)
	}
}
