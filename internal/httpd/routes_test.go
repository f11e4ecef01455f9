package httpd

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// rule adds a routing rule for everything, to one provider.
func (g *gate) rule(by member, name, provider string) (r api.Route) {
	g.t.Helper()
	g.ok(request{method: "POST", path: "/v1/routes", as: by.token, body: fmt.Sprintf(`{"name":%q,"then":{"groups":[{"targets":[{"provider":%q}]}]}}`, name, provider)}, 201, &r)
	return r
}

// provider adds a provider of a kind that is not for tests.
func (g *gate) provider(by member, name string) (p api.Provider) {
	g.t.Helper()
	g.ok(request{method: "POST", path: "/v1/providers", as: by.token, body: fmt.Sprintf(`{"kind":"carrier","name":%q,"settings":{"user":"u","password":"p"}}`, name)}, 201, &p)
	return p
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	first, second := g.provider(owner, "First"), g.provider(owner, "Second")
	var r api.Route
	a := g.ok(request{method: "POST", path: "/v1/routes", as: owner.token, body: fmt.Sprintf(`{"name":"East","when":{"countries":["ke","UG"],"classes":["otp"],"from":"22:00","to":"06:00","days":["fri"]},
		"then":{"groups":[{"targets":[{"provider":%q,"weight":70},{"provider":%q,"weight":30}]}],"otherwise":"next"},"failover":{"on_down":false,"on_missing_receipt_seconds":60}}`, first.ID, second.ID)}, 201, &r)
	if a.header.Get("ETag") != `"1"` || r.Version != 1 || r.Position != 0 || !r.Enabled || !slices.Equal(r.When.Countries, []string{"KE", "UG"}) ||
		*r.Then.Groups[0].Targets[1].Weight != 30 || r.Then.Otherwise != "next" || !*r.Failover.OnError || *r.Failover.OnDown || r.Failover.OnMissingReceiptSeconds != 60 {
		t.Errorf("created: %s %v", a.body, a.header)
	}
	other := g.rule(owner, "Rest", second.ID)
	var l api.RouteList
	g.ok(request{method: "GET", path: "/v1/routes", as: owner.token}, 200, &l)
	if len(l.Items) != 2 || l.Items[0].ID != r.ID || l.Items[1].Position != 1 || l.TimeZone != "America/New_York" || l.Limit != 200 {
		t.Errorf("list: %+v", l)
	}
	g.ok(request{method: "PUT", path: "/v1/routes/order", as: owner.token, body: fmt.Sprintf(`{"ids":[%q,%q]}`, other.ID, r.ID)}, 200, &l)
	if l.Items[0].ID != other.ID || l.Items[1].ID != r.ID {
		t.Errorf("ordered: %+v", l.Items)
	}
	g.refused(request{method: "PUT", path: "/v1/routes/order", as: owner.token, body: fmt.Sprintf(`{"ids":[%q]}`, other.ID)}, 409, smsir.CodeConflict)
	g.refused(request{method: "PUT", path: "/v1/routes/order", as: owner.token, body: `{"ids":["prv_01k0c2v6sf7m8x0v3w6n9d5qhe"]}`}, 422, smsir.CodeInvalid)

	one := "/v1/routes/" + r.ID
	a = g.ok(request{method: "PATCH", path: one, as: owner.token, body: `{"name":"East Africa","enabled":false}`, header: map[string]string{"If-Match": `"1"`}}, 200, &r)
	if a.header.Get("ETag") != `"2"` || r.Name != "East Africa" || r.Enabled || !slices.Equal(r.When.Countries, []string{"KE", "UG"}) {
		t.Errorf("changed: %s", a.body)
	}
	g.refused(request{method: "PATCH", path: one, as: owner.token, body: `{"enabled":true}`, header: map[string]string{"If-Match": `"1"`}}, 412, smsir.CodeStale)
	g.refused(request{method: "DELETE", path: one, as: owner.token, header: map[string]string{"If-Match": `"1"`}}, 412, smsir.CodeStale)
	g.refused(request{method: "DELETE", path: one, as: owner.token, header: map[string]string{"If-Match": `W/"x"`}}, 412, smsir.CodeStale)
	a = g.ok(request{method: "GET", path: one, as: owner.token}, 200, &r)
	if a.header.Get("ETag") != `"2"` || r.Version != 2 {
		t.Errorf("read: %s", a.body)
	}
	g.ok(request{method: "DELETE", path: one, as: owner.token, header: map[string]string{"If-Match": `"2"`}}, 204, nil)
	g.refused(request{method: "GET", path: one, as: owner.token}, 404, smsir.CodeNotFound)
	if a := g.do(request{method: "PUT", path: "/v1/routes", as: owner.token}); a.status != 405 || a.header.Get("Allow") != "GET, POST" {
		t.Errorf("PUT on the list: %d, Allow %q", a.status, a.header.Get("Allow"))
	}
	if a := g.do(request{method: "POST", path: "/v1/routes/order", as: owner.token}); a.status != 405 || !strings.Contains(a.header.Get("Allow"), "PUT") {
		t.Errorf("POST on the order: %d, Allow %q", a.status, a.header.Get("Allow"))
	}
}

func TestRoutesAreChecked(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	stranger := g.stranger(owner)
	p, theirs := g.provider(owner, "Carrier"), g.provider(stranger, "Carrier")
	then := fmt.Sprintf(`"then":{"groups":[{"targets":[{"provider":%q}]}]}`, p.ID)
	for body, field := range map[string]string{
		`{"name":"x"}`:           "then",
		`{"name":"x","then":{}}`: "then.groups",
		`{"name":"x","then":{"groups":[{"targets":[]}]}}`:                                         "then.groups[0].targets",
		`{"name":"","then":{"refuse":true,"reason":"r"}}`:                                         "name",
		`{"name":" ","then":{"refuse":true,"reason":"r"}}`:                                        "name",
		`{"name":"x","then":{"refuse":true}}`:                                                     "then.reason",
		`{"name":"x","when":{"countries":["KE","ZZ"]},` + then + `}`:                              "when.countries[1]",
		`{"name":"x","when":{"prefixes":["254"]},` + then + `}`:                                   "when.prefixes[0]",
		`{"name":"x","when":{"classes":["urgent"]},` + then + `}`:                                 "when.classes[0]",
		`{"name":"x","when":{"from":"22:00"},` + then + `}`:                                       "when.to",
		`{"name":"x","when":{"city":"Nairobi"},` + then + `}`:                                     "when.city",
		`{"name":"x","failover":{"on_error":false,"on_missing_receipt_seconds":60},` + then + `}`: "failover.on_missing_receipt_seconds",
		fmt.Sprintf(`{"name":"x","then":{"groups":[{"targets":[{"provider":%q}]}]}}`, theirs.ID):  "then.groups[0].targets[0].provider",
		`{"name":"x","id":"rte_01k0c2v6sf7m8x0v3w6n9d5qhe",` + then + `}`:                         "id",
	} {
		var pr api.Problem
		g.refused(request{method: "POST", path: "/v1/routes", as: owner.token, body: body}, 422, smsir.CodeInvalid).read(t, &pr)
		if len(pr.Errors) == 0 || pr.Errors[0].Field != field {
			t.Errorf("%s: %+v, want field %s", body, pr.Errors, field)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	viewer, agent := g.join(owner, "viewer", "v@example.com"), g.join(owner, "member", "m@example.com")
	first, second := g.provider(owner, "First"), g.provider(owner, "Second")
	g.ok(request{method: "POST", path: "/v1/routes", as: owner.token, body: `{"name":"Premium","when":{"prefixes":["+44 900"]},"then":{"refuse":true,"reason":"Too dear."}}`}, 201, nil)
	g.ok(request{method: "POST", path: "/v1/routes", as: owner.token, body: fmt.Sprintf(`{"name":"Britain","when":{"countries":["GB"],"tags":["a"]},"then":{"groups":[{"targets":[{"provider":%q,"weight":1},{"provider":%q,"weight":3}]}]}}`, first.ID, second.ID)}, 201, nil)
	ask := func(body string) (e api.RouteExplanation) {
		t.Helper()
		g.ok(request{method: "POST", path: "/v1/routes/explain", as: agent.token, body: body}, 200, &e)
		return e
	}
	e := ask(`{"to":"+44 7700 900123","tags":["b","a"],"at":"2026-03-02T12:30:00Z"}`)
	if e.To != "+447700900123" || e.Country != "GB" || e.LocalTime != "Mon 07:30" || e.Outcome != "sent" || e.Reason != "rule" || e.Rule == nil || e.Rule.Name != "Britain" {
		t.Errorf("explained: %+v", e)
	}
	if len(e.Rules) != 2 || e.Rules[0].Result != "recipient" || e.Rules[1].Result != "matches" {
		t.Errorf("rules: %+v", e.Rules)
	}
	if len(e.Providers) != 3 || e.Providers[0].Name != "Second" || e.Providers[0].SharePercent != 75 || e.Providers[0].Place != 1 || e.Providers[0].Health != "up" || e.Providers[0].Kind != "carrier" ||
		e.Providers[1].Name != "First" || e.Providers[2].Why != "not_in_rule" || e.Failover == nil || !*e.Failover.OnError {
		t.Errorf("providers: %+v", e.Providers)
	}
	for _, part := range []string{"Second takes a message to +447700900123", "“Britain”", "75 % Second", "the next is First", "unknown"} {
		if !strings.Contains(e.Text, part) {
			t.Errorf("text %q lacks %q", e.Text, part)
		}
	}
	if e := ask(`{"to":"+447700900123"}`); e.Reason != "priority" || e.Rule != nil || e.Providers[0].Name != "First" {
		t.Errorf("without a rule: %+v", e)
	}
	if e := ask(`{"to":"+447700900123","tags":["a"],"provider":"` + first.ID + `"}`); e.Reason != "asked_for" || e.Rules[1].Result != "asked_for" || e.Providers[1].Why != "not_asked_for" {
		t.Errorf("asked for: %+v", e)
	}
	if e := ask(`{"to":"+449001234567"}`); e.Outcome != "refused" || !strings.Contains(e.Text, "Too dear.") || e.Failover != nil || e.Providers[0].Why != "nobody" {
		t.Errorf("refused: %+v", e)
	}
	var m api.Message
	g.ok(request{method: "POST", path: "/v1/messages", as: agent.token, body: `{"to":"+447700900123","text":"hi","tags":["a"],"class":"otp"}`}, 202, &m)
	if e := ask(`{"message":"` + m.ID + `"}`); e.To != "+447700900123" || e.Rule == nil || e.Rule.Name != "Britain" {
		t.Errorf("of a message: %+v", e)
	}
	_, key := g.key(owner, "routes:read")
	g.refused(request{method: "POST", path: "/v1/routes/explain", as: key, body: `{"message":"` + m.ID + `"}`}, 403, api.CodeForbidden)
	g.refused(request{method: "POST", path: "/v1/routes/explain", as: agent.token, body: `{"message":"msg_0000000000001"}`}, 404, smsir.CodeNotFound)
	g.refused(request{method: "POST", path: "/v1/routes/explain", as: agent.token, body: `{"message":"` + m.ID + `","to":"+447700900123"}`}, 422, smsir.CodeInvalid)
	g.refused(request{method: "POST", path: "/v1/routes/explain", as: agent.token, body: `{}`}, 422, smsir.CodeInvalid)
	g.refused(request{method: "POST", path: "/v1/routes/explain", as: agent.token, body: `{"to":"12"}`}, 422, smsir.CodeInvalid)
	g.refused(request{method: "POST", path: "/v1/routes/explain", as: agent.token, body: `{"to":"+447700900123","provider":"x"}`}, 422, smsir.CodeInvalid)
	g.refused(request{method: "POST", path: "/v1/routes/explain", as: viewer.token, body: `{"to":"+447700900123"}`}, 403, api.CodeForbidden)
}
