package httpd

import (
	"context"
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

// noEntry says of routes that change something why they leave no entry.
var noEntry = map[string]string{
	"POST /v1/messages":                 "the message itself says who sent it",
	"POST /v1/batches":                  "the messages themselves say who sent them",
	"POST /v1/messages/{id}/resend":     "the message itself says who sent it",
	"POST /v1/conversations/{id}/reply": "the message itself says who sent it",
	"POST /v1/messages/preview":         "nothing changes",
	"POST /v1/messages/recipients":      "nothing is stored",
	"POST /v1/invites/lookup":           "nothing changes",
	"POST /v1/contacts/search":          "nothing changes",
	"POST /v1/contacts/lookup":          "nothing changes",
	"POST /v1/auto-replies/test":        "nothing changes",
	"POST /v1/templates/preview":        "nothing changes",
	"POST /v1/campaigns/{id}/check":     "nothing changes",
	"POST /v1/routes/explain":           "nothing changes",
	"POST /v1/providers/{id}/check":     "nothing changes",
}

// step is one change of the test below. In path and body, words such as {group} are replaced by identifiers that earlier
// answers gave; the identifier of the answer is kept under keep.
type step struct {
	route, path, body string
	action            string
	keep              string
	kind              string // media type of a body that is a file
}

// changes is a day in the life of a workspace in which every route that changes something is called once.
var changes = []step{
	{route: "PATCH /v1/me", body: `{"name":"Ada"}`, action: "user.updated"},
	{route: "PATCH /v1/workspace", body: `{"name":"Shop","country":"KE"}`, action: "workspace.updated"},
	{route: "PATCH /v1/instance", body: `{"registration":"open"}`, action: "setting.changed"},
	{route: "POST /v1/auth/reauth", body: `{"password":"` + password + `"}`, action: "session.confirmed"},
	{route: "POST /v1/invites", body: `{"email":"bob@example.com","role":"viewer"}`, action: "invite.created", keep: "invite"},
	{route: "DELETE /v1/invites/{id}", path: "/v1/invites/{invite}", action: "invite.revoked"},
	{route: "PATCH /v1/workspace/members/{id}", path: "/v1/workspace/members/{member}", body: `{"role":"admin"}`, action: "member.role_changed"},
	{route: "DELETE /v1/workspace/members/{id}", path: "/v1/workspace/members/{member}", action: "member.removed"},
	{route: "POST /v1/api-keys", body: `{"name":"Till","scopes":["messages:send"]}`, action: "api_key.created", keep: "key"},
	{route: "DELETE /v1/api-keys/{id}", path: "/v1/api-keys/{key}", action: "api_key.revoked"},
	{route: "POST /v1/smpp/accounts", body: `{"system_id":"acme"}`, action: "smpp_account.created", keep: "smpp"},
	{route: "PATCH /v1/smpp/accounts/{id}", path: "/v1/smpp/accounts/{smpp}", body: `{"enabled":false}`, action: "smpp_account.changed"},
	{route: "DELETE /v1/smpp/accounts/{id}", path: "/v1/smpp/accounts/{smpp}", action: "smpp_account.deleted"},
	{route: "POST /v1/providers", body: `{"kind":"carrier","name":"Carrier","settings":{"user":"u","password":"hush hush"}}`, action: "provider.created", keep: "provider"},
	{route: "PATCH /v1/providers/{id}", path: "/v1/providers/{provider}", body: `{"name":"Other","settings":{"user":"v","password":"hush louder"}}`, action: "provider.updated"},
	{route: "POST /v1/providers/{id}/test", path: "/v1/providers/{provider}/test", body: `{"to":"+12025550100"}`, action: "provider.tested", keep: "message"},
	{route: "POST /v1/messages/{id}/cancel", path: "/v1/messages/{message}/cancel", action: "message.canceled"},
	{route: "POST /v1/messages/bulk-cancel", body: `{"ids":["{message}"]}`, action: "message.canceled"},
	{route: "POST /v1/messages/{id}/redact", path: "/v1/messages/{message}/redact", action: "message.text_removed"},
	{route: "POST /v1/senders", body: `{"value":"SHOP"}`, action: "sender.created", keep: "sender"},
	{route: "PATCH /v1/senders/{id}", path: "/v1/senders/{sender}", body: `{"name":"The shop"}`, action: "sender.updated"},
	{route: "DELETE /v1/senders/{id}", path: "/v1/senders/{sender}", action: "sender.deleted"},
	{route: "POST /v1/push/devices", body: pushBody("http://127.0.0.1:4/push"), action: "push.enabled", keep: "device"},
	{route: "POST /v1/push/devices/{id}/test", path: "/v1/push/devices/{device}/test", action: "push.tested"},
	{route: "PUT /v1/push/preferences", body: `{"replies":"mine","campaigns":true,"failures":false,"show_text":true}`, action: "push.preferences_changed"},
	{route: "DELETE /v1/push/devices/{id}", path: "/v1/push/devices/{device}", action: "push.disabled"},
	{route: "POST /v1/views", body: `{"name":"Failed","query":"status=failed"}`, action: "view.created", keep: "view"},
	{route: "PATCH /v1/views/{id}", path: "/v1/views/{view}", body: `{"name":"Lost"}`, action: "view.updated"},
	{route: "DELETE /v1/views/{id}", path: "/v1/views/{view}", action: "view.deleted"},
	{route: "POST /v1/routes", body: `{"name":"Kenya","then":{"groups":[{"targets":[{"provider":"{provider}"}]}]}}`, action: "route.created", keep: "route"},
	{route: "PATCH /v1/routes/{id}", path: "/v1/routes/{route}", body: `{"name":"Uganda"}`, action: "route.updated"},
	{route: "PUT /v1/routes/order", body: `{"ids":["{route}"]}`, action: "route.ordered"},
	{route: "DELETE /v1/routes/{id}", path: "/v1/routes/{route}", action: "route.deleted"},
	{route: "DELETE /v1/providers/{id}", path: "/v1/providers/{provider}", action: "provider.deleted"},
	{route: "PUT /v1/contact-fields", body: `{"fields":[{"key":"city","label":"City","type":"text"}]}`, action: "contact_fields.updated"},
	{route: "POST /v1/contacts", body: `{"phone":"+12025550101","name":"Bob"}`, action: "contact.created", keep: "contact"},
	{route: "PATCH /v1/contacts/{id}", path: "/v1/contacts/{contact}", body: `{"name":"Robert"}`, action: "contact.updated"},
	{route: "POST /v1/contacts", body: `{"phone":"+12025550102","name":"Robert"}`, action: "contact.created", keep: "twin"},
	{route: "POST /v1/contacts/{id}/merge", path: "/v1/contacts/{contact}/merge", body: `{"others":["{twin}"]}`, action: "contact.merged"},
	{route: "POST /v1/groups", body: `{"name":"Parents"}`, action: "group.created", keep: "group"},
	{route: "PATCH /v1/groups/{id}", path: "/v1/groups/{group}", body: `{"name":"Teachers"}`, action: "group.updated"},
	{route: "POST /v1/groups/{id}/members", path: "/v1/groups/{group}/members", body: `{"add":["{contact}"]}`, action: "group.members_changed"},
	{route: "DELETE /v1/groups/{id}", path: "/v1/groups/{group}", action: "group.deleted"},
	{route: "DELETE /v1/contacts/{id}", path: "/v1/contacts/{contact}", action: "contact.deleted"},
	{route: "POST /v1/contacts", body: `{"phone":"+12025550101"}`, action: "contact.created", keep: "contact"},
	{route: "POST /v1/contacts/delete", body: `{"ids":["{contact}"]}`, action: "contact.deleted"},
	{route: "POST /v1/suppressions", body: `{"recipients":["+12025550103"],"note":"asked on the phone"}`, action: "suppression.added"},
	{route: "POST /v1/suppressions/lift", body: `{"recipient":"+12025550103","note":"asked again"}`, action: "suppression.lifted"},
	{route: "POST /v1/imports", path: "/v1/imports?name=people.csv", body: "phone\n+12025550104\n", kind: "text/csv", action: "import.uploaded", keep: "import"},
	{route: "PUT /v1/imports/{id}/mapping", path: "/v1/imports/{import}/mapping", body: `{"header":true,"columns":["phone"]}`, action: "import.mapped"},
	{route: "POST /v1/imports/{id}/commit", path: "/v1/imports/{import}/commit", body: `{}`, action: "import.committed"},
	{route: "POST /v1/imports/{id}/undo", path: "/v1/imports/{import}/undo", action: "import.undone"},
	{route: "DELETE /v1/imports/{id}", path: "/v1/imports/{import}", action: "import.deleted"},
	{route: "POST /v1/webhooks", body: `{"url":"https://hooks.example.com/a-secret-path"}`, action: "webhook.created", keep: "webhook"},
	{route: "PATCH /v1/webhooks/{id}", path: "/v1/webhooks/{webhook}", body: `{"name":"Till"}`, action: "webhook.updated"},
	{route: "POST /v1/webhooks/{id}/rotate", path: "/v1/webhooks/{webhook}/rotate", action: "webhook.secret_rotated"},
	{route: "POST /v1/webhooks/{id}/test", path: "/v1/webhooks/{webhook}/test", action: "webhook.tested"},
	{route: "POST /v1/webhooks/{id}/replay", path: "/v1/webhooks/{webhook}/replay", body: `{}`, action: "webhook.replayed"},
	{route: "DELETE /v1/webhooks/{id}", path: "/v1/webhooks/{webhook}", action: "webhook.deleted"},
	{route: "POST /v1/templates", body: `{"name":"Reminder","texts":[{"text":"a secret text"}]}`, action: "template.created", keep: "template"},
	{route: "PATCH /v1/templates/{id}", path: "/v1/templates/{template}", body: `{"name":"Second reminder"}`, action: "template.updated"},
	{route: "DELETE /v1/templates/{id}", path: "/v1/templates/{template}", action: "template.deleted"},
	{route: "PUT /v1/campaign-settings", body: `{"approval_above":1}`, action: "campaigns.approval_limit"},
	{route: "POST /v1/campaigns", body: `{"name":"March"}`, action: "campaign.created", keep: "campaign"},
	{route: "PATCH /v1/campaigns/{id}", path: "/v1/campaigns/{campaign}", body: `{"name":"April"}`, action: "campaign.updated"},
	{route: "POST /v1/campaigns/{id}/recipients", path: "/v1/campaigns/{campaign}/recipients", body: "+12025550101\n+12025550102\n", kind: "text/csv", action: "campaign.recipients_added"},
	{route: "DELETE /v1/campaigns/{id}/recipients", path: "/v1/campaigns/{campaign}/recipients", action: "campaign.recipients_removed"},
	{route: "DELETE /v1/campaigns/{id}", path: "/v1/campaigns/{campaign}", action: "campaign.deleted"},
	{route: "POST /v1/canned-replies", body: `{"name":"Thanks","text":"a secret text"}`, action: "canned_reply.created", keep: "canned"},
	{route: "PUT /v1/canned-replies/{id}", path: "/v1/canned-replies/{canned}", body: `{"name":"Thank you","text":"a secret text"}`, action: "canned_reply.updated"},
	{route: "DELETE /v1/canned-replies/{id}", path: "/v1/canned-replies/{canned}", action: "canned_reply.deleted"},
	{route: "POST /v1/auto-replies", body: autoReplyBody, action: "auto_reply.created", keep: "reply"},
	{route: "PUT /v1/auto-replies/{id}", path: "/v1/auto-replies/{reply}", body: autoReplyBody, action: "auto_reply.updated"},
	{route: "DELETE /v1/auto-replies/{id}", path: "/v1/auto-replies/{reply}", action: "auto_reply.deleted"},
	{route: "PUT /v1/inbox/settings", body: `{"zone":"Africa/Nairobi","hours":[],"consent_answers":true,"stop":"","start":"","help":""}`, action: "inbox.settings"},
	{route: "PATCH /v1/conversations/{id}", path: "/v1/conversations/{conversation}", body: `{"archived":true}`, action: "conversation.updated"},
	{route: "POST /v1/conversations/{id}/notes", path: "/v1/conversations/{conversation}/notes", body: `{"text":"a secret text"}`, action: "conversation.noted"},
	{route: "POST /v1/opt-out-reviews/{id}/decide", path: "/v1/opt-out-reviews/{review}/decide", body: `{"opt_out":false}`, action: "opt_out_review.decided"},
	{route: "DELETE /v1/auth/sessions/{id}", path: "/v1/auth/sessions/{session}", action: "session.revoked"},
	{route: "PUT /v1/report-settings", body: `{"weekly":false}`, action: "reports.weekly"},
	{route: "PUT /v1/limits", body: `{"messages_per_day":1000,"spend_per_day":"","spend_per_month":"","messages_per_key_per_day":0,"otp_per_recipient":0,"countries":[]}`, action: "limits.updated"},
	{route: "PUT /v1/retention", body: `{"text_days":7,"metadata_days":0,"one_time_codes":true}`, action: "retention.updated"},
	{route: "POST /v1/prices", body: `{"currency":"USD","prices":[{"destination":"US","price":"0.01"}]}`, action: "prices.changed"},
	{route: "POST /v1/prices/import", body: "destination,price\nKE,0.02\n", kind: "text/csv", action: "prices.changed"},
	{route: "PUT /v1/credit", body: `{"on":true,"low":"5"}`, action: "credit.set"},
	{route: "POST /v1/credit/entries", body: `{"kind":"grant","amount":"10","note":"invoice 1"}`, action: "credit.granted"},
	{route: "POST /v1/auth/password", body: `{"old_password":"` + password + `","new_password":"another long passphrase"}`, action: "password.changed"},
	{route: "POST /v1/workspaces/{id}/switch", path: "/v1/workspaces/{workspace}/switch", action: "session.moved"},
	{route: "POST /v1/auth/logout", action: "session.ended"},
}

const autoReplyBody = `{"name":"Hello","kind":"any","words":[],"answer":"a secret text","choices":[],"when":"always","active":true}`

// elsewhere are routes that other tests of this package or of the service behind them hold against the log.
var elsewhere = map[string]string{
	"POST /v1/auth/register":           "user.registered: package account",
	"POST /v1/auth/login":              "session.created, session.refused: package account, TestAuditOfLogins",
	"POST /v1/invites/accept":          "invite.accepted: package account",
	"POST /v1/campaigns/{id}/launch":   "campaign.launched and what follows: package campaign",
	"POST /v1/campaigns/{id}/pause":    "package campaign",
	"POST /v1/campaigns/{id}/resume":   "package campaign",
	"POST /v1/campaigns/{id}/cancel":   "package campaign",
	"POST /v1/campaigns/{id}/resend":   "package campaign",
	"POST /v1/campaigns/{id}/withdraw": "package campaign",
	"POST /v1/campaigns/{id}/approve":  "package campaign",
	"DELETE /v1/smpp/sessions/{id}":    "smpp_session.ended: written by the door, which the test above shows for others",
}

// TestEveryChangeIsAudited calls every route that changes something and looks for the entry that tells of it.
func TestEveryChangeIsAudited(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	ids := map[string]string{"member": g.join(owner, "viewer", "eve@example.com").id, "workspace": owner.space}
	g.talk(t, owner, ids)
	var sessions api.SessionList
	g.ok(request{method: "POST", path: "/v1/auth/login", body: `{"email":"owner@example.com","password":"` + password + `","client":"app"}`}, 200, nil)
	g.ok(request{method: "GET", path: "/v1/auth/sessions", as: owner.token}, 200, &sessions)
	for _, se := range sessions.Items {
		if !se.Current {
			ids["session"] = se.ID
		}
	}

	routes := registeredRoutes(t)
	tried := map[string]bool{}
	for _, c := range changes {
		tried[c.route] = true
		method, path, _ := strings.Cut(c.route, " ")
		if c.path != "" {
			path = c.path
		}
		for name, id := range ids {
			path, c.body = strings.ReplaceAll(path, "{"+name+"}", id), strings.ReplaceAll(c.body, "{"+name+"}", id)
		}
		before := g.audit(t, owner, c.action)
		r := request{method: method, path: path, as: owner.token, body: c.body}
		if c.kind != "" {
			r.header = map[string]string{"Content-Type": c.kind}
		}
		a := g.do(r)
		if a.status >= 300 {
			t.Errorf("%s: %d %s", c.route, a.status, a.body)
			continue
		}
		after := g.audit(t, owner, c.action)
		if len(after) != len(before)+1 {
			t.Errorf("%s: %d entries %s more, want 1", c.route, len(after)-len(before), c.action)
			continue
		}
		if e := after[0]; e.Actor.ID.Format(smsir.PrefixUser) != owner.id || e.IP == "" {
			t.Errorf("%s: the entry does not say who, from where: %+v", c.route, e)
		}
		if c.keep != "" {
			ids[c.keep] = firstID(t, a)
		}
		g.afterStep(t, c.route)
	}
	for pattern, r := range routes {
		if r.Method == http.MethodGet || tried[pattern] || noEntry[pattern] != "" || elsewhere[pattern] != "" {
			continue
		}
		t.Errorf("%s changes something, and this test does not say which entry tells of it", pattern)
	}
	for _, list := range []map[string]string{noEntry, elsewhere} {
		for pattern := range list {
			if _, ok := routes[pattern]; !ok || tried[pattern] {
				t.Errorf("%s is no route, or is tried: take it from the list", pattern)
			}
		}
	}
	for _, workspace := range []string{owner.space, ""} {
		var id smsir.UUID
		if workspace != "" {
			id, _ = smsir.ParseUUID(smsir.PrefixWorkspace, workspace)
		}
		list, err := g.store.Audit(t.Context(), id, store.AuditFilter{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			for _, secret := range []string{"hush", "a secret text", "a-secret-path", password, "another long passphrase", "take me off"} {
				if strings.Contains(e.Detail, secret) || slices.ContainsFunc(e.Changes, func(v store.Change) bool { return strings.Contains(v.Before+v.After, secret) }) {
					t.Errorf("the entry holds %q: %+v", secret, e)
				}
			}
		}
	}
}

// talk makes a conversation with a text that may be an opt-out.
func (g *gate) talk(t *testing.T, owner member, ids map[string]string) {
	t.Helper()
	var providers api.ProviderList
	g.ok(request{method: "GET", path: "/v1/providers", as: owner.token}, 200, &providers)
	provider, err := smsir.ParseUUID(smsir.PrefixProvider, providers.Items[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.store.StoreInbound(t.Context(), smsir.Inbound{Provider: provider, Reference: "one", From: "+12025550123", To: "+12025550199", Text: "take me off"}, store.ConsentUnchanged); err != nil {
		t.Fatal(err)
	}
	var talks api.ConversationList
	g.ok(request{method: "GET", path: "/v1/conversations", as: owner.token}, 200, &talks)
	ids["conversation"] = talks.Items[0].ID
	review := store.Review{ID: smsir.NewUUID(time.Now()), Inbound: 1, Contact: "+12025550123", Text: "take me off", Phrase: "take me off", CreatedAt: time.Now()}
	if review.Workspace, err = smsir.ParseUUID(smsir.PrefixWorkspace, owner.space); err != nil {
		t.Fatal(err)
	}
	if review.Conversation, err = smsir.ParseUUID(smsir.PrefixConversation, talks.Items[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := g.store.AddReview(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	ids["review"] = review.ID.Format(smsir.PrefixReview)
}

// audit lists the entries of an action, newest first, of a workspace and of the instance.
func (g *gate) audit(t *testing.T, of member, action string) (all []store.AuditEntry) {
	t.Helper()
	id, err := smsir.ParseUUID(smsir.PrefixWorkspace, of.space)
	if err != nil {
		t.Fatal(err)
	}
	for _, workspace := range []smsir.UUID{id, {}} {
		list, err := g.store.Audit(t.Context(), workspace, store.AuditFilter{Action: action, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
	}
	return all
}

// afterStep does what the background does in a running server: an import is checked, written and taken back.
func (g *gate) afterStep(t *testing.T, route string) {
	t.Helper()
	if !strings.Contains(route, "/imports/") {
		return
	}
	now := time.Now()
	jobs, err := g.store.LeaseJobs(t.Context(), []string{"import.review", "import.commit", "import.undo"}, now, now.Add(time.Minute), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		importer, ok := g.s.deps.Imports.(interface {
			Run(ctx context.Context, kind string, payload []byte) error
		})
		if !ok {
			t.Fatal("the imports cannot run")
		}
		if err := importer.Run(t.Context(), j.Kind, j.Payload); err != nil {
			t.Fatal(err)
		}
		if err := g.store.FinishJob(t.Context(), j.ID, j.Lease); err != nil {
			t.Fatal(err)
		}
	}
}

// firstID is the identifier of what an answer shows.
func firstID(t *testing.T, a answer) string {
	t.Helper()
	var out struct {
		ID      string
		Key     struct{ ID string } `json:"api_key"`
		Invite  struct{ ID string }
		Account struct{ ID string }
		Webhook struct{ ID string }
		Message struct{ ID string }
	}
	a.read(t, &out)
	for _, id := range []string{out.ID, out.Key.ID, out.Invite.ID, out.Account.ID, out.Webhook.ID, out.Message.ID} {
		if id != "" {
			return id
		}
	}
	t.Fatalf("no identifier in %s", a.body)
	return ""
}

func TestAuditList(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	other := g.stranger(owner)
	g.ok(request{method: "PATCH", path: "/v1/workspace", as: owner.token, body: `{"name":"Shop","country":"KE"}`}, 200, nil)
	var group api.Group
	g.ok(request{method: "POST", path: "/v1/groups", as: owner.token, body: `{"name":"=Parents"}`}, 201, &group)
	list := func(as, query string) (l api.AuditList) {
		t.Helper()
		g.ok(request{method: "GET", path: "/v1/audit?" + query, as: as}, 200, &l)
		return l
	}
	got := list(owner.token, "limit=1")
	e := got.Items[0]
	if e.Action != "group.created" || e.TargetName != "=Parents" || e.Target != group.ID || e.Actor.Name != "Test" || e.Actor.ID != owner.id || e.IP == "" || got.Next == "" {
		t.Errorf("the newest entry is %+v, next %q", e, got.Next)
	}
	second := list(owner.token, "limit=1&cursor="+got.Next).Items[0]
	want := []api.AuditChange{{Field: "name", Before: "First", After: "Shop"}, {Field: "country", Before: "US", After: "KE"}}
	if second.Action != "workspace.updated" || !slices.Equal(second.Changes, want) {
		t.Errorf("the second entry is %+v, want the changes %v", second, want)
	}
	g.refused(request{method: "GET", path: "/v1/audit?action=group&cursor=" + got.Next, as: owner.token}, 400, api.CodeCursorInvalid)
	g.refused(request{method: "GET", path: "/v1/audit?cursor=" + got.Next, as: other.token}, 400, api.CodeCursorInvalid)
	for query, n := range map[string]int{
		"action=group": 1, "action=group.created": 1, "action=group.deleted": 0, "target=" + group.ID: 1, "actor=" + other.id: 0,
		"actor=" + owner.id: 3, "since=" + url.QueryEscape(time.Now().Add(time.Hour).UTC().Format(time.RFC3339)): 0,
	} {
		if got := list(owner.token, query); len(got.Items) != n {
			t.Errorf("GET /v1/audit?%s: %d entries, want %d: %+v", query, len(got.Items), n, got.Items)
		}
	}
	for _, bad := range []string{"actor=x", "actor=prv_01k0c2v6sf7m8x0v3w6n9d5qhe", "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z"} {
		g.refused(request{method: "GET", path: "/v1/audit?" + bad, as: owner.token}, 422, smsir.CodeInvalid)
	}
	if got := list(other.token, ""); slices.ContainsFunc(got.Items, func(e api.AuditEntry) bool { return e.Actor.ID == owner.id }) {
		t.Errorf("another workspace sees %+v", got.Items)
	}
	if got := list(owner.token, "instance=true&action=setting"); len(got.Items) != 1 || got.Items[0].Changes[0].After != "open" {
		t.Errorf("the log of the server is %+v", got.Items)
	}
	g.refused(request{method: "GET", path: "/v1/audit?instance=true", as: other.token}, 403, api.CodeForbidden)

	csv := string(g.ok(request{method: "GET", path: "/v1/audit/export?action=group", as: owner.token}, 200, nil).body)
	if lines := strings.Split(strings.TrimSpace(csv), "\n"); len(lines) != 2 || !strings.Contains(lines[1], "group.created") || !strings.Contains(lines[1], "'=Parents") {
		t.Errorf("the table is\n%s", csv)
	}
	if e := list(owner.token, "limit=1").Items[0]; e.Action != "audit.exported" || e.Detail != "by action" {
		t.Errorf("the export left %+v", e)
	}
	for path, action := range map[string]string{"/v1/messages/export?text=hello": "message.exported", "/v1/contacts/export": "contact.exported"} {
		g.ok(request{method: "GET", path: path, as: owner.token}, 200, nil)
		if e := list(owner.token, "limit=1").Items[0]; e.Action != action || strings.Contains(e.Detail, "hello") {
			t.Errorf("GET %s left %+v, want %s", path, e, action)
		}
	}
}

// TestAuditOfLogins: wrong passwords and keys in new places are told, by the background, once.
func TestAuditOfLogins(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	keyID, secret := g.key(owner, "messages:read")
	eventually := func(action string, n int) []store.AuditEntry {
		t.Helper()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for end := time.Now().Add(20 * time.Second); ; <-tick.C {
			list := g.audit(t, owner, action)
			if len(list) == n || time.Now().After(end) {
				if len(list) != n {
					t.Fatalf("%d entries %s, want %d: %+v", len(list), action, n, list)
				}
				return list
			}
		}
	}
	g.do(request{method: "POST", path: "/v1/auth/login", body: `{"email":"owner@example.com","password":"not this one, no"}`, from: "192.0.2.9:1"})
	g.do(request{method: "POST", path: "/v1/auth/login", body: `{"email":"nobody@example.com","password":"not this one, no"}`})
	g.do(request{method: "POST", path: "/v1/auth/reauth", as: owner.token, body: `{"password":"not this one, no"}`})
	if e := eventually("password.refused", 1)[0]; e.Actor.ID.Format(smsir.PrefixUser) != owner.id {
		t.Errorf("a wrong confirmation left %+v", e)
	}
	if e := eventually("session.refused", 1)[0]; e.Target != owner.id || e.Actor.Kind != smsir.ActorSystem || e.IP != "192.0.2.9" {
		t.Errorf("a wrong login left %+v", e)
	}
	for _, from := range []string{"198.51.100.7:1", "198.51.100.8:1", "203.0.113.1:1", "198.51.100.7:2", "[2001:db8:1:2::1]:1", "[2001:db8:1:3::1]:1"} {
		g.ok(request{method: "GET", path: "/v1/messages", as: secret, from: from}, 200, nil)
	}
	var networks []string
	for _, e := range eventually("api_key.new_network", 3) {
		networks = append(networks, e.Detail)
		if e.Target != keyID || e.Actor.Kind != smsir.ActorKey {
			t.Errorf("a key in a new place left %+v", e)
		}
	}
	slices.Sort(networks)
	if want := []string{"198.51.100.0/24", "2001:db8:1::/48", "203.0.113.0/24"}; !slices.Equal(networks, want) {
		t.Errorf("networks %q, want %q", networks, want)
	}
}
