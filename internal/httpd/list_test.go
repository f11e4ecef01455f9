package httpd

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/store"
)

func TestListPages(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	other := g.stranger(owner)
	var want []string
	for range 7 {
		want = append(want, g.send(owner.token))
	}
	slices.Reverse(want)
	g.send(other.token)
	page := func(query string) (l api.MessageList) {
		g.ok(request{method: "GET", path: "/v1/messages?" + query, as: owner.token}, 200, &l)
		return l
	}
	var got []string
	query := "limit=3"
	for pages := 0; ; pages++ {
		l := page(query)
		for _, m := range l.Items {
			got = append(got, m.ID)
		}
		if l.Next == "" {
			break
		}
		query = "cursor=" + l.Next + "&limit=3"
		if pages > 5 {
			t.Fatal("the list does not end")
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages gave %q, want %q", got, want)
	}

	cursor := page("limit=3&status=queued").Next
	page("status=queued&limit=2&cursor=" + cursor) // another limit is no other query
	refused := func(as, path string) {
		t.Helper()
		g.refused(request{method: "GET", path: path, as: as}, 400, api.CodeCursorInvalid)
	}
	refused(owner.token, "/v1/messages?cursor="+cursor)               // without its filter
	refused(owner.token, "/v1/messages?status=sent&cursor="+cursor)   // with another
	refused(other.token, "/v1/messages?status=queued&cursor="+cursor) // in another workspace
	refused(owner.token, "/v1/inbound?cursor="+page("limit=3").Next)  // in another list
	for _, bad := range []string{"x", "0", cursor[1:], cursor + "A", cursor[:len(cursor)-4] + "AAAA", "AAAA" + cursor[4:], strings.ToUpper(cursor), "%20"} {
		refused(owner.token, "/v1/messages?status=queued&cursor="+bad)
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw { // every bit counts
		broken := slices.Clone(raw)
		broken[i] ^= 1
		refused(owner.token, "/v1/messages?status=queued&cursor="+base64.RawURLEncoding.EncodeToString(broken))
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	keyID, secret := g.key(owner, "messages:send")
	send := func(as, body string) api.Message {
		var m api.Message
		g.ok(request{method: "POST", path: "/v1/messages", as: as, body: body}, 202, &m)
		return m
	}
	first := send(owner.token, `{"to":"+12025550100","text":"Parcel for Ada","from":"SMSir","tags":["parcel"]}`)
	second := send(secret, `{"to":"+447700900123","text":"Reminder","client_ref":"r-1"}`)
	canceled := send(owner.token, `{"to":"+12025550101","text":"Oops"}`)
	g.ok(request{method: "POST", path: "/v1/messages/" + canceled.ID + "/cancel", as: owner.token}, 200, nil)
	hour := func(d time.Duration) string { return url.QueryEscape(time.Now().Add(d).UTC().Format(time.RFC3339)) }
	for query, want := range map[string][]string{
		"":                                      {canceled.ID, second.ID, first.ID},
		"status=queued":                         {second.ID, first.ID},
		"status=queued,canceled":                {canceled.ID, second.ID, first.ID},
		"status=delivered":                      {},
		"to=%2B447700900123":                    {second.ID},
		"to=5550100":                            {first.ID},
		"from=SMSir":                            {first.ID},
		"from=smsir":                            {},
		"text=parcel":                           {first.ID},
		"text=%25":                              {}, // no wildcard
		"text=_arcel":                           {},
		"tag=parcel":                            {first.ID},
		"client_ref=r-1":                        {second.ID},
		"created_by=" + keyID:                   {second.ID},
		"created_by=" + owner.id:                {canceled.ID, first.ID},
		"since=" + hour(-time.Hour):             {canceled.ID, second.ID, first.ID},
		"since=" + hour(time.Hour):              {},
		"until=" + hour(-time.Hour):             {},
		"until=" + hour(time.Hour) + "&limit=1": {canceled.ID},
		"status=queued&created_by=" + owner.id:  {first.ID},
		"to=5550100&to=447700900123":            {first.ID}, // of a repeated parameter the first counts

		"provider=prv_00000000000000000000000001": {},
	} {
		var l api.MessageList
		g.ok(request{method: "GET", path: "/v1/messages?" + query, as: owner.token}, 200, &l)
		got := []string{}
		for _, m := range l.Items {
			got = append(got, m.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("?%s gave %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"limit=-1":                   "query.limit out_of_range",
		"limit=0":                    "query.limit out_of_range",
		"limit=1000000000":           "query.limit out_of_range",
		"limit=99999999999999999999": "query.limit out_of_range",
		"limit=ten":                  "query.limit wrong_type",
		"limit=1e2":                  "query.limit wrong_type",
		"limit=":                     "",
		"status=lost":                "query.status not_a_choice",
		"status=queued,":             "query.status not_a_choice",
		"batch=msg_0000000000001":    "query.batch wrong_format",
		"created_by=ada":             "query.created_by wrong_format",
		"provider=1":                 "query.provider wrong_format",
		"since=yesterday":            "query.since wrong_format",
		"since=" + hour(time.Hour) + "&until=" + hour(-time.Hour): "query.until out_of_range",
		"status_in=queued":                 "query.status_in unknown_field",
		"api_key=x":                        "query.api_key unknown_field",
		"text=" + strings.Repeat("x", 201): "query.text too_long",
	} {
		if want == "" {
			g.ok(request{method: "GET", path: "/v1/messages?" + query, as: owner.token}, 200, nil)
			continue
		}
		var p api.Problem
		g.refused(request{method: "GET", path: "/v1/messages?" + query, as: owner.token}, 422, smsir.CodeInvalid).read(t, &p)
		if len(p.Errors) != 1 || p.Errors[0].Field+" "+p.Errors[0].Code != want {
			t.Errorf("?%s: %+v, want %s", query, p.Errors, want)
		}
	}
	for _, query := range []string{"text=%00", "text=%ff", "text=%zz", "a;b"} {
		g.refused(request{method: "GET", path: "/v1/messages?" + query, as: owner.token}, 400, api.CodeMalformed)
	}
}

func TestETag(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	g.send(owner.token)
	list := request{method: "GET", path: "/v1/messages", as: owner.token}
	a := g.ok(list, 200, nil)
	tag := a.header.Get("ETag")
	for header, want := range map[string]int{
		tag: 304, "*": 304, `"x", ` + tag: 304, strings.TrimPrefix(tag, "W/"): 304, `"x"`: 200, "W/": 200,
	} {
		r := list
		r.header = map[string]string{"If-None-Match": header}
		if got := g.do(r); got.status != want || (want == 304) != (len(got.body) == 0) {
			t.Errorf("If-None-Match %s: %d with %d bytes, want %d", header, got.status, len(got.body), want)
		}
	}
	g.send(owner.token)
	list.header = map[string]string{"If-None-Match": tag}
	if got := g.ok(list, 200, nil); got.header.Get("ETag") == tag {
		t.Error("another list has the same ETag")
	}
}

func TestInbound(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	other := g.stranger(owner)
	providers, err := g.store.ListProviders(t.Context(), smsir.UUID{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i, p := range providers { // five for the first workspace, five for the second
		for n := range 5 {
			if _, err := g.store.StoreInbound(t.Context(), smsir.Inbound{
				Provider: p.ID, Reference: fmt.Sprint(i, n), From: "+12025550111", To: "SMSir",
				Text: fmt.Sprint("reply ", n), ReceivedAt: at.Add(time.Duration(n) * time.Second),
			}, store.ConsentUnchanged); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, who := range []member{owner, other} {
		var texts []string
		path := "/v1/inbound?limit=2"
		for {
			var l api.InboundList
			g.ok(request{method: "GET", path: path, as: who.token}, 200, &l)
			for _, in := range l.Items {
				texts = append(texts, in.Text)
				if in.Provider == nil || in.Provider.Kind != "simulator" || in.From != "+12025550111" {
					t.Errorf("inbound: %+v", in)
				}
			}
			if l.Next == "" {
				break
			}
			path = "/v1/inbound?limit=2&cursor=" + l.Next
		}
		if want := []string{"reply 4", "reply 3", "reply 2", "reply 1", "reply 0"}; !slices.Equal(texts, want) {
			t.Errorf("inbound: %q, want %q", texts, want)
		}
	}
}

// TestMissingAndForeignAreAlike: what is not there and what belongs to another workspace answer with the
// same bytes, on every route with an identifier.
func TestMissingAndForeignAreAlike(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	other := g.stranger(owner)
	message := g.send(other.token)
	key, _ := g.key(other, "messages:read")
	var sessions api.SessionList
	g.ok(request{method: "GET", path: "/v1/auth/sessions", as: other.token}, 200, &sessions)
	var invite api.InviteCreated
	g.ok(request{method: "POST", path: "/v1/invites", as: other.token, body: `{"email":"x@example.com","role":"viewer"}`}, 201, &invite)
	var providers api.ProviderList
	g.ok(request{method: "GET", path: "/v1/providers", as: other.token}, 200, &providers)
	rule := g.rule(other, "Theirs", providers.Items[0].ID)
	var contact api.Contact
	g.ok(request{method: "POST", path: "/v1/contacts", as: other.token, body: `{"phone":"+12025550123"}`}, 201, &contact)
	var group api.Group
	g.ok(request{method: "POST", path: "/v1/groups", as: other.token, body: `{"name":"Theirs"}`}, 201, &group)
	var table api.Import
	g.ok(request{method: "POST", path: "/v1/imports", as: other.token, body: "name,phone\nAda,+12025550123\n", header: map[string]string{"Content-Type": "text/csv"}}, 201, &table)
	var hook api.WebhookSecret
	g.ok(request{method: "POST", path: "/v1/webhooks", as: other.token, body: `{"url":"https://example.com/hook"}`}, 201, &hook)
	var template api.Template
	g.ok(request{method: "POST", path: "/v1/templates", as: other.token, body: `{"name":"Theirs","texts":[{"text":"Hi"}]}`}, 201, &template)
	var campaign api.Campaign
	g.ok(request{method: "POST", path: "/v1/campaigns", as: other.token, body: `{"name":"Theirs"}`}, 201, &campaign)
	var esme api.SMPPAccountChanged
	g.ok(request{method: "POST", path: "/v1/smpp/accounts", as: other.token, body: `{"system_id":"theirs"}`}, 201, &esme)
	var device api.PushDevice
	g.ok(request{method: "POST", path: "/v1/push/devices", as: other.token, body: pushBody("https://push.example.com/theirs")}, 201, &device)
	var view api.View
	g.ok(request{method: "POST", path: "/v1/views", as: other.token, body: `{"name":"Theirs","query":"status=failed","team":true}`}, 201, &view)
	providerID, err := smsir.ParseUUID(smsir.PrefixProvider, providers.Items[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.store.StoreInbound(t.Context(), smsir.Inbound{Provider: providerID, Reference: "theirs", From: "+12025550123", To: "+12025550199", Text: "take me off"}, store.ConsentUnchanged); err != nil {
		t.Fatal(err)
	}
	var talks api.ConversationList
	g.ok(request{method: "GET", path: "/v1/conversations", as: other.token}, 200, &talks)
	var canned api.CannedReply
	g.ok(request{method: "POST", path: "/v1/canned-replies", as: other.token, body: `{"name":"Theirs","text":"x"}`}, 201, &canned)
	var reply api.AutoReply
	autoReply := `{"name":"Theirs","kind":"any","words":[],"answer":"x","choices":[],"when":"always","active":true}`
	g.ok(request{method: "POST", path: "/v1/auto-replies", as: other.token, body: autoReply}, 201, &reply)
	review := store.Review{ID: smsir.NewUUID(time.Now()), Inbound: 1, Contact: "+12025550123", Text: "take me off", Phrase: "take me off", CreatedAt: time.Now()}
	if review.Workspace, err = smsir.ParseUUID(smsir.PrefixWorkspace, other.space); err != nil {
		t.Fatal(err)
	}
	if review.Conversation, err = smsir.ParseUUID(smsir.PrefixConversation, talks.Items[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := g.store.AddReview(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	week := store.WeeklyReport{ID: smsir.NewUUID(time.Now()), Workspace: review.Workspace, Week: "2026-11-23", From: time.Now(), To: time.Now(), TimeZone: "UTC", Body: []byte("{}"), CreatedAt: time.Now()}
	if added, err := g.store.AddWeeklyReport(t.Context(), week); err != nil || !added {
		t.Fatal(added, err)
	}
	var foreignSender api.Sender
	g.ok(request{method: "POST", path: "/v1/senders", as: other.token, body: `{"value":"THEIRS"}`}, 201, &foreignSender)
	foreign := map[string]string{
		"weekly":    week.ID.Format(smsir.PrefixReport),
		"senders":   foreignSender.ID,
		"webhooks":  hook.Webhook.ID,
		"views":     view.ID,
		"devices":   device.ID,
		"accounts":  esme.Account.ID,
		"templates": template.ID, "campaigns": campaign.ID,
		"conversations": talks.Items[0].ID, "canned-replies": canned.ID, "auto-replies": reply.ID, "opt-out-reviews": review.ID.Format(smsir.PrefixReview),
		"imports":  table.ID,
		"routes":   rule.ID,
		"contacts": contact.ID,
		"groups":   group.ID,
		"messages": message, "api-keys": key, "sessions": sessions.Items[0].ID, "invites": invite.Invite.ID,
		"providers": providers.Items[0].ID, "members": other.id, "workspaces": other.space,
	}
	bodies := map[string]string{
		"PATCH /v1/senders/{id}":           `{"name":"x"}`,
		"PATCH /v1/workspace/members/{id}": `{"role":"viewer"}`, "PATCH /v1/providers/{id}": `{"enabled":false}`, "PATCH /v1/routes/{id}": `{"enabled":false}`,
		"POST /v1/providers/{id}/test": `{"to":"+12025550100"}`,
		"PUT /v1/imports/{id}/mapping": `{"header":true,"columns":["name","phone"]}`, "POST /v1/imports/{id}/commit": `{}`,
		"PATCH /v1/templates/{id}": `{"name":"x"}`, "PATCH /v1/campaigns/{id}": `{"name":"x"}`, "POST /v1/campaigns/{id}/withdraw": `{}`,
		"POST /v1/campaigns/{id}/recipients": "+12025550100",
		"PATCH /v1/webhooks/{id}":            `{"name":"x"}`, "PATCH /v1/smpp/accounts/{id}": `{"enabled":false}`, "POST /v1/webhooks/{id}/replay": `{}`,
		"PATCH /v1/contacts/{id}": `{"name":"x"}`, "PATCH /v1/groups/{id}": `{"name":"x"}`, "PATCH /v1/views/{id}": `{"name":"x"}`, "POST /v1/groups/{id}/members": `{}`,
		"PATCH /v1/conversations/{id}": `{"unread":false}`, "POST /v1/conversations/{id}/reply": `{"text":"x"}`, "POST /v1/conversations/{id}/notes": `{"text":"x"}`,
		"PUT /v1/canned-replies/{id}": `{"name":"x","text":"x"}`, "PUT /v1/auto-replies/{id}": autoReply, "POST /v1/opt-out-reviews/{id}/decide": `{"opt_out":true}`,
		"POST /v1/contacts/{id}/merge": `{"others":["con_01k0c2v6sf7m8x0v3w6n9d5qhe"]}`,
	}
	seen := 0
	for pattern, r := range registeredRoutes(t) {
		if !strings.Contains(r.Path, "{id}") {
			continue
		}
		seen++
		noun := strings.Split(strings.Split(r.Path, "/{id}")[0], "/")
		theirs, ok := foreign[noun[len(noun)-1]]
		if !ok {
			t.Errorf("%s: the test has no foreign object of this kind", pattern)
			continue
		}
		ask := func(id string) answer {
			return g.refused(request{method: r.Method, path: strings.Replace(r.Path, "{id}", id, 1), as: owner.token, body: bodies[pattern], header: fileHeader(r)}, 404, smsir.CodeNotFound)
		}
		want := ask(theirs)
		prefix, _, _ := strings.Cut(theirs, "_")
		for _, id := range []string{prefix + "_" + strings.Repeat("1", len(theirs)-4), "x", "usr_", strings.ToUpper(theirs), theirs + "0", "%00", "%ff", "1"} {
			if got := ask(id); string(got.body) != string(want.body) || !sameHeaders(got.header, want.header) {
				t.Errorf("%s: an object of another workspace answers\n%s %v\n%s answers\n%s %v", pattern, want.body, want.header, id, got.body, got.header)
			}
		}
	}
	if seen < 12 {
		t.Errorf("only %d routes with an identifier: the test looks in the wrong place", seen)
	}
	g.ok(request{method: "GET", path: "/v1/messages/" + message, as: other.token}, 200, nil) // it is there, and untouched
	g.ok(request{method: "GET", path: "/v1/workspace", as: other.token}, 200, nil)
}

// sameHeaders compares headers but for the counters of the rate limit.
func sameHeaders(a, b http.Header) bool {
	strip := func(h http.Header) string {
		h = h.Clone()
		for name := range h {
			if strings.HasPrefix(strings.ToLower(name), "ratelimit-") {
				h.Del(name)
				delete(h, name)
			}
		}
		return fmt.Sprint(h)
	}
	return strip(a) == strip(b)
}

// fileHeader is the header of a body that is a file.
func fileHeader(r registered) map[string]string {
	if r.Takes == nil {
		return nil
	}
	return map[string]string{"Content-Type": r.Takes[0]}
}
