package httpd

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// expectation is one hand-written line of the matrix: who is let in. The others are refused: 401 without
// a valid credential, 403 with one.
type expectation struct{ letIn string }

// matrix is written by hand, apart from the access table that it judges. The words: anonymous, the roles
// viewer, member, admin, owner and the operator (who is owner too), and keys by their scope ("key:" and a
// scope). all stands for every person with a session.
func matrix() map[string]string {
	const all = "viewer member admin owner operator"
	const leaders = "admin owner operator"
	everybody := "anonymous " + all + " key:none"
	return map[string]string{
		"GET /healthz": everybody, "GET /readyz": everybody, "GET /openapi.json": everybody,
		"GET /metrics": "", // neither from afar nor without a token, whoever one is
		"GET /v1/info": everybody, "POST /v1/auth/register": everybody, "POST /v1/auth/login": everybody, "POST /v1/invites/lookup": everybody,
		"POST /v1/auth/logout": all, "POST /v1/auth/password": all, "POST /v1/auth/reauth": all,
		"GET /v1/auth/sessions": all, "DELETE /v1/auth/sessions/{id}": all,
		"GET /v1/bootstrap": all, "GET /v1/me": all + " key:none", "PATCH /v1/me": all,
		"GET /v1/workspaces": all, "POST /v1/workspaces/{id}/switch": all, "POST /v1/invites/accept": all,
		"GET /v1/workspace": all + " key:workspace:read", "PATCH /v1/workspace": leaders,
		"GET /v1/limits": all + " key:workspace:read", "PUT /v1/limits": leaders,
		"GET /v1/retention": all + " key:workspace:read", "PUT /v1/retention": leaders, "GET /v1/retention/preview": all + " key:workspace:read",
		"GET /v1/prices": "member admin owner operator key:credit:read", "GET /v1/prices/export": "member admin owner operator key:credit:read",
		"GET /v1/credit": "member admin owner operator key:credit:read", "PUT /v1/credit": "owner operator",
		"GET /v1/credit/entries": "member admin owner operator key:credit:read", "POST /v1/credit/entries": "owner operator",
		"GET /v1/credit/entries/export": "member admin owner operator key:credit:read",
		"POST /v1/prices":               "owner operator", "POST /v1/prices/import": "owner operator",
		"GET /v1/workspace/members": all, "PATCH /v1/workspace/members/{id}": leaders, "DELETE /v1/workspace/members/{id}": leaders,
		"GET /v1/invites": leaders, "POST /v1/invites": leaders, "DELETE /v1/invites/{id}": leaders,
		"GET /v1/instance": "operator", "PATCH /v1/instance": "operator",
		"POST /v1/messages": "member admin owner operator key:messages:send", "POST /v1/batches": "member admin owner operator key:messages:send",
		"POST /v1/messages/preview":     "member admin owner operator key:messages:send",
		"POST /v1/messages/recipients":  "member admin owner operator key:messages:send",
		"POST /v1/messages/{id}/resend": "member admin owner operator key:messages:send",
		"POST /v1/messages/{id}/cancel": "member admin owner operator key:messages:cancel",
		"POST /v1/messages/{id}/redact": "admin owner operator key:messages:redact",
		"POST /v1/messages/bulk-cancel": "member admin owner operator key:messages:cancel", "GET /v1/messages/export": all + " key:messages:read",
		"GET /v1/push": all, "POST /v1/push/devices": all, "DELETE /v1/push/devices/{id}": all, "POST /v1/push/devices/{id}/test": all, "PUT /v1/push/preferences": all,
		"GET /v1/views": all, "POST /v1/views": all, "PATCH /v1/views/{id}": all, "DELETE /v1/views/{id}": all,
		"GET /v1/messages": all + " key:messages:read", "GET /v1/messages/{id}": all + " key:messages:read",
		"GET /v1/messages/{id}/events":   all + " key:messages:read",
		"GET /v1/messages/{id}/attempts": all + " key:messages:read",
		"GET /v1/inbound":                all + " key:inbound:read", "GET /v1/stats/summary": all + " key:stats:read",
		"GET /v1/reports": all + " key:stats:read", "GET /v1/reports/export": all + " key:stats:read",
		"GET /v1/reports/weekly": all + " key:stats:read", "GET /v1/reports/weekly/{id}": all + " key:stats:read",
		"GET /v1/report-settings": all + " key:stats:read", "PUT /v1/report-settings": leaders,
		"GET /v1/events":        all + " key:events:read",
		"GET /v1/smpp/accounts": leaders, "POST /v1/smpp/accounts": leaders, "GET /v1/smpp/accounts/{id}": leaders,
		"PATCH /v1/smpp/accounts/{id}": leaders, "DELETE /v1/smpp/accounts/{id}": leaders,
		"GET /v1/smpp/sessions": leaders, "DELETE /v1/smpp/sessions/{id}": leaders,
		"GET /v1/api-keys": leaders, "POST /v1/api-keys": leaders, "DELETE /v1/api-keys/{id}": leaders,
		"GET /v1/contacts":             all + " key:contacts:read",
		"GET /v1/contacts/export":      all + " key:contacts:read",
		"POST /v1/contacts/search":     all + " key:contacts:read",
		"POST /v1/contacts/lookup":     all + " key:contacts:read",
		"POST /v1/contacts":            "member admin owner operator key:contacts:write",
		"GET /v1/contacts/{id}":        all + " key:contacts:read",
		"PATCH /v1/contacts/{id}":      "member admin owner operator key:contacts:write",
		"DELETE /v1/contacts/{id}":     "member admin owner operator key:contacts:write",
		"POST /v1/contacts/delete":     "member admin owner operator key:contacts:write",
		"GET /v1/contacts/duplicates":  all + " key:contacts:read",
		"POST /v1/contacts/{id}/merge": "member admin owner operator key:contacts:write",
		"GET /v1/contact-fields":       all + " key:contacts:read",
		"PUT /v1/contact-fields":       "member admin owner operator key:contacts:write",
		"GET /v1/groups":               all + " key:contacts:read",
		"POST /v1/groups":              "member admin owner operator key:contacts:write",
		"GET /v1/groups/{id}":          all + " key:contacts:read",
		"PATCH /v1/groups/{id}":        "member admin owner operator key:contacts:write",
		"DELETE /v1/groups/{id}":       "member admin owner operator key:contacts:write",
		"POST /v1/groups/{id}/members": "member admin owner operator key:contacts:write",
		"GET /v1/suppressions":         all + " key:contacts:read",
		"POST /v1/suppressions":        "member admin owner operator key:contacts:write",
		"POST /v1/suppressions/lift":   leaders + " key:consent:lift",
		"POST /v1/imports":             "member admin owner operator key:contacts:write",
		"GET /v1/imports":              "member admin owner operator key:contacts:write",
		"GET /v1/imports/{id}":         "member admin owner operator key:contacts:write",
		"DELETE /v1/imports/{id}":      "member admin owner operator key:contacts:write",
		"PUT /v1/imports/{id}/mapping": "member admin owner operator key:contacts:write",
		"GET /v1/imports/{id}/rows":    "member admin owner operator key:contacts:write",
		"GET /v1/imports/{id}/rejects": "member admin owner operator key:contacts:write",
		"POST /v1/imports/{id}/commit": "member admin owner operator key:contacts:write",
		"POST /v1/imports/{id}/undo":   "member admin owner operator key:contacts:write",
		"GET /v1/senders":              "member admin owner operator key:senders:read", "POST /v1/senders": leaders + " key:senders:write",
		"PATCH /v1/senders/{id}": leaders + " key:senders:write", "DELETE /v1/senders/{id}": leaders + " key:senders:write",
		"GET /v1/audit": leaders, "GET /v1/audit/export": leaders,
		"GET /v1/consents":                 all + " key:contacts:read",
		"GET /v1/webhooks":                 leaders + " key:webhooks:read",
		"POST /v1/webhooks":                leaders + " key:webhooks:write",
		"GET /v1/webhooks/{id}":            leaders + " key:webhooks:read",
		"PATCH /v1/webhooks/{id}":          leaders + " key:webhooks:write",
		"DELETE /v1/webhooks/{id}":         leaders + " key:webhooks:write",
		"POST /v1/webhooks/{id}/rotate":    leaders + " key:webhooks:write",
		"POST /v1/webhooks/{id}/test":      leaders + " key:webhooks:write",
		"GET /v1/webhooks/{id}/deliveries": leaders + " key:webhooks:read",
		"POST /v1/webhooks/{id}/replay":    leaders + " key:webhooks:write",
		"GET /v1/provider-kinds":           "member admin owner operator key:providers:read",
		"GET /v1/providers":                "member admin owner operator key:providers:read",
		"GET /v1/providers/{id}":           "member admin owner operator key:providers:read",
		"POST /v1/providers":               leaders + " key:providers:write", "PATCH /v1/providers/{id}": leaders + " key:providers:write",
		"GET /v1/templates":                    all + " key:campaigns:read",
		"POST /v1/templates":                   "member admin owner operator key:campaigns:write",
		"POST /v1/templates/preview":           all + " key:campaigns:read",
		"GET /v1/templates/{id}":               all + " key:campaigns:read",
		"PATCH /v1/templates/{id}":             "member admin owner operator key:campaigns:write",
		"DELETE /v1/templates/{id}":            "member admin owner operator key:campaigns:write",
		"GET /v1/campaigns":                    all + " key:campaigns:read",
		"POST /v1/campaigns":                   "member admin owner operator key:campaigns:write",
		"GET /v1/campaigns/{id}":               all + " key:campaigns:read",
		"PATCH /v1/campaigns/{id}":             "member admin owner operator key:campaigns:write",
		"DELETE /v1/campaigns/{id}":            "member admin owner operator key:campaigns:write",
		"POST /v1/campaigns/{id}/recipients":   "member admin owner operator key:campaigns:write",
		"DELETE /v1/campaigns/{id}/recipients": "member admin owner operator key:campaigns:write",
		"POST /v1/campaigns/{id}/check":        all + " key:campaigns:read",
		"GET /v1/campaigns/{id}/failures":      all + " key:campaigns:read",
		"POST /v1/campaigns/{id}/launch":       "member admin owner operator key:campaigns:write",
		"POST /v1/campaigns/{id}/pause":        "member admin owner operator key:campaigns:write",
		"POST /v1/campaigns/{id}/resume":       "member admin owner operator key:campaigns:write",
		"POST /v1/campaigns/{id}/cancel":       "member admin owner operator key:campaigns:write",
		"POST /v1/campaigns/{id}/resend":       "member admin owner operator key:campaigns:write",
		"POST /v1/campaigns/{id}/withdraw":     "member admin owner operator key:campaigns:write",
		"POST /v1/campaigns/{id}/approve":      leaders,
		"GET /v1/campaign-settings":            all + " key:campaigns:read",
		"PUT /v1/campaign-settings":            leaders,
		"DELETE /v1/providers/{id}":            leaders + " key:providers:write", "POST /v1/providers/{id}/test": leaders + " key:providers:write",

		"GET /v1/conversations":                all + " key:inbox:read",
		"GET /v1/inbox/counts":                 all + " key:inbox:read",
		"GET /v1/conversations/{id}":           all + " key:inbox:read",
		"PATCH /v1/conversations/{id}":         "member admin owner operator key:inbox:write",
		"GET /v1/conversations/{id}/messages":  all + " key:inbox:read",
		"POST /v1/conversations/{id}/reply":    "member admin owner operator key:inbox:write",
		"GET /v1/conversations/{id}/notes":     all + " key:inbox:read",
		"POST /v1/conversations/{id}/notes":    "member admin owner operator key:inbox:write",
		"GET /v1/canned-replies":               all + " key:inbox:read",
		"POST /v1/canned-replies":              leaders + " key:autoreplies:write",
		"PUT /v1/canned-replies/{id}":          leaders + " key:autoreplies:write",
		"DELETE /v1/canned-replies/{id}":       leaders + " key:autoreplies:write",
		"GET /v1/auto-replies":                 all + " key:inbox:read",
		"POST /v1/auto-replies":                leaders + " key:autoreplies:write",
		"PUT /v1/auto-replies/{id}":            leaders + " key:autoreplies:write",
		"DELETE /v1/auto-replies/{id}":         leaders + " key:autoreplies:write",
		"POST /v1/auto-replies/test":           all + " key:inbox:read",
		"GET /v1/inbox/settings":               all + " key:inbox:read",
		"PUT /v1/inbox/settings":               leaders + " key:autoreplies:write",
		"GET /v1/opt-out-reviews":              all + " key:inbox:read",
		"POST /v1/opt-out-reviews/{id}/decide": "member admin owner operator key:inbox:write",

		"POST /v1/providers/{id}/check": leaders + " key:providers:write",
		"GET /v1/routes":                "member admin owner operator key:routes:read",
		"GET /v1/routes/{id}":           "member admin owner operator key:routes:read",
		"POST /v1/routes/explain":       "member admin owner operator key:routes:read",
		"POST /v1/routes":               leaders + " key:routes:write", "PUT /v1/routes/order": leaders + " key:routes:write",
		"PATCH /v1/routes/{id}": leaders + " key:routes:write", "DELETE /v1/routes/{id}": leaders + " key:routes:write",
	}
}

// lets reports whether a line lets a caller in. A key with every scope ("key:*") gets in wherever any key
// does; where a key without any scope does ("key:none"), every key does.
func (e expectation) lets(caller string) bool {
	words := strings.Fields(e.letIn)
	switch {
	case caller == "key:*":
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "key:") })
	case strings.HasPrefix(caller, "key:") && slices.Contains(words, "key:none"):
		return true
	}
	return slices.Contains(words, caller)
}

// TestAccessMatrix asks every route as everybody.
func TestAccessMatrix(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	operator := g.setup()
	callers := map[string]string{"anonymous": "", "operator": operator.token}
	for _, role := range []string{"owner", "admin", "member", "viewer"} {
		callers[role] = g.join(operator, role, "an-"+role+"@example.com").token
	}
	var scopes []string
	var list api.APIKeyList
	g.ok(request{method: "GET", path: "/v1/api-keys", as: operator.token}, 200, &list)
	for _, s := range list.Scopes {
		scopes = append(scopes, s.Scope)
		_, callers["key:"+s.Scope] = g.key(operator, s.Scope)
	}
	_, callers["key:*"] = g.key(operator, scopes...)
	revokedID, revoked := g.key(operator, scopes...)
	g.ok(request{method: "DELETE", path: "/v1/api-keys/" + revokedID, as: operator.token}, 204, nil)
	gone := g.join(operator, "admin", "gone@example.com")
	g.ok(request{method: "DELETE", path: "/v1/workspace/members/" + gone.id, as: operator.token}, 204, nil)
	invalid := map[string]string{"revoked key": revoked, "removed member": gone.token, "nonsense": "smsir" + strings.Repeat("x", 38)}

	routes := registeredRoutes(t)
	expected := matrix()
	cells := 0
	for pattern, r := range routes {
		line, ok := expected[pattern]
		if !ok {
			t.Errorf("%s is not in the matrix", pattern)
			continue
		}
		e := expectation{line}
		path := strings.Replace(r.Path, "{id}", missingID(r.Path), 1)
		for caller, token := range callers {
			if e.lets(caller) && (pattern == "POST /v1/auth/logout" || pattern == "GET /v1/events") {
				continue // one would end the session, the other never ends; both have tests of their own
			}
			cells++
			// An empty body is refused with 400 by whatever lets the caller in and wants one.
			a := g.do(request{method: r.Method, path: path, as: token, from: "192.0.2.77:1"})
			switch {
			case pattern == "GET /metrics":
				if a.status != http.StatusNotFound {
					t.Errorf("%s as %s: %d", pattern, caller, a.status)
				}
			case e.lets(caller):
				if a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || a.status >= 500 {
					t.Errorf("%s as %s: %d, want to be let in: %s", pattern, caller, a.status, a.body)
				}
			case caller == "anonymous":
				checkRefusal(t, pattern, caller, a, http.StatusUnauthorized, api.CodeUnauthenticated)
			default:
				checkRefusal(t, pattern, caller, a, http.StatusForbidden, api.CodeForbidden)
			}
		}
		if r.access.who <= anybody {
			continue
		}
		for name, token := range invalid {
			cells++
			a := g.do(request{method: r.Method, path: path, as: token})
			checkRefusal(t, pattern, name, a, http.StatusUnauthorized, api.CodeUnauthenticated)
		}
	}
	for pattern := range expected {
		if _, ok := routes[pattern]; !ok {
			t.Errorf("the matrix has %s, which is no route", pattern)
		}
	}
	if cells < 700 {
		t.Errorf("only %d cells were tried", cells)
	}
}

func checkRefusal(t *testing.T, pattern, caller string, a answer, status int, code smsir.Code) {
	t.Helper()
	var p api.Problem
	a.read(t, &p)
	if a.status != status || p.Code != string(code) {
		t.Errorf("%s as %s: %d %s, want %d %s", pattern, caller, a.status, p.Code, status, code)
	}
}

// missingID is an identifier of the right kind of an object that is not there.
func missingID(path string) string {
	for part, id := range map[string]string{
		"/weekly/": "rep_01k0c2v6sf7m8x0v3w6n9d5qhe", "/templates/": "tpl_01k0c2v6sf7m8x0v3w6n9d5qhe", "/campaigns/": "cmp_01k0c2v6sf7m8x0v3w6n9d5qhe",
		"/messages/": "msg_0000000000001", "/sessions/": "ses_01k0c2v6sf7m8x0v3w6n9d5qhe", "/members/": "usr_01k0c2v6sf7m8x0v3w6n9d5qhe",
		"/workspaces/": "wks_01k0c2v6sf7m8x0v3w6n9d5qhe", "/invites/": "inv_01k0c2v6sf7m8x0v3w6n9d5qhe", "/api-keys/": "key_01k0c2v6sf7m8x0v3w6n9d5qhe",
		"/smpp/accounts/": "smp_01k0c2v6sf7m8x0v3w6n9d5qhe", "/smpp/sessions/": "ses_01k0c2v6sf7m8x0v3w6n9d5qhe",
		"/providers/": "prv_01k0c2v6sf7m8x0v3w6n9d5qhe", "/routes/": "rte_01k0c2v6sf7m8x0v3w6n9d5qhe",
	} {
		if strings.Contains(path, part+"{id}") {
			return id
		}
	}
	return "x"
}

// TestRoleChangeTakesEffectAtOnce: what a person may do is asked for with every request.
func TestRoleChangeTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	p := g.join(owner, "admin", "admin@example.com")
	g.ok(request{method: "GET", path: "/v1/api-keys", as: p.token}, 200, nil)
	g.ok(request{method: "PATCH", path: "/v1/workspace/members/" + p.id, as: owner.token, body: `{"role":"viewer"}`}, 200, nil)
	if a := g.do(request{method: "GET", path: "/v1/api-keys", as: p.token}); a.status != 401 && a.status != 403 {
		t.Errorf("after the change of role: %d %s", a.status, a.body)
	}
}
