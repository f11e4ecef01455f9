package httpd

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// TestSetupComesFirst: before the first person has registered nothing answers but the setup.
func TestSetupComesFirst(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	for pattern, r := range registeredRoutes(t) {
		if pattern == "GET /healthz" || pattern == "POST /v1/auth/register" {
			continue
		}
		g.refused(request{method: r.Method, path: strings.ReplaceAll(r.Path, "{id}", "x")}, 403, api.CodeSetupRequired)
	}
	g.refused(request{method: "GET", path: "/v1/nonsense"}, 403, api.CodeSetupRequired)
	g.ok(request{method: "GET", path: "/healthz"}, 200, nil)
	for _, page := range []string{"/", "/login", "/messages", "/docs", "/setup/x"} {
		if a := g.do(request{method: "GET", path: page}); a.status != http.StatusSeeOther || a.header.Get("Location") != "/setup" {
			t.Errorf("%s: %d to %q, want 303 to /setup", page, a.status, a.header.Get("Location"))
		}
	}
	for _, login := range []string{`"admin","password":"admin"`, `"admin","password":"secret"`, `"admin@example.com","password":"password"`} {
		g.refused(request{method: "POST", path: "/v1/auth/login", body: `{"email":` + login + `}`}, 403, api.CodeSetupRequired)
	}
	register := `{"email":"a@example.com","password":"` + password + `","name":"A","workspace_name":"W","country":"US","time_zone":"UTC"`
	g.refused(request{method: "POST", path: "/v1/auth/register", body: register + `}`}, 403, api.CodeSetupCodeInvalid)
	g.refused(request{method: "POST", path: "/v1/auth/register", body: register + `,"setup_code":"0000-0000"}`}, 403, api.CodeSetupCodeInvalid)

	code := <-g.codes
	a := g.ok(request{method: "POST", path: "/v1/auth/register", body: register + `,"setup_code":"` + code + `"}`}, 201, nil)
	if c := a.header.Get("Set-Cookie"); !strings.HasPrefix(c, safeCookie+"=") {
		t.Errorf("the first person got the cookie %q", c)
	}
	g.refused(request{method: "POST", path: "/v1/auth/register", body: strings.Replace(register, "a@", "b@", 1) + `,"setup_code":"` + code + `"}`}, 403, api.CodeSetupCodeInvalid)
	g.refused(request{method: "GET", path: "/v1/me"}, 401, api.CodeUnauthenticated)
	g.ok(request{method: "GET", path: "/v1/info"}, 200, nil)
	g.ok(request{method: "GET", path: "/readyz"}, 200, nil)
}

// cookieOf is name=value of the cookie that an answer sets.
func cookieOf(t *testing.T, a answer) string {
	t.Helper()
	c := a.header.Get("Set-Cookie")
	pair, _, ok := strings.Cut(c, ";")
	if !ok {
		t.Fatalf("no cookie in %v", a.header)
	}
	return pair
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	g.setup()
	login := `{"email":"OWNER@example.com","password":"` + password + `"}`
	a := g.ok(request{method: "POST", path: "/v1/auth/login", body: login}, 200, nil)
	cookie := cookieOf(t, a)
	for _, want := range []string{"; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Expires="} {
		if c := a.header.Get("Set-Cookie"); !strings.Contains(c, want) {
			t.Errorf("the cookie %q lacks %q", c, want)
		}
	}
	if strings.Contains(a.header.Get("Set-Cookie"), "Domain") || strings.Contains(string(a.body), "token") {
		t.Errorf("a web log-in answered %s with cookie %q", a.body, a.header.Get("Set-Cookie"))
	}
	token := strings.TrimPrefix(cookie, safeCookie+"=")
	g.ok(request{method: "GET", path: "/v1/me", cookie: cookie}, 200, nil)
	g.refused(request{method: "GET", path: "/v1/me", as: token}, 401, api.CodeUnauthenticated)                         // the token of a web session is no bearer token
	g.refused(request{method: "GET", path: "/v1/me", cookie: "smsir_insecure=" + token}, 401, api.CodeUnauthenticated) // nor good under the other name
	g.refused(request{method: "GET", path: "/v1/me", cookie: cookie, as: "nonsense"}, 401, api.CodeUnauthenticated)    // a bad header is not made good by the cookie
	g.refused(request{method: "GET", path: "/v1/me?api_key=" + token + "&token=" + token}, 401, api.CodeUnauthenticated)

	again := g.ok(request{method: "POST", path: "/v1/auth/login", body: login, cookie: cookie}, 200, nil)
	if cookieOf(t, again) == cookie {
		t.Error("a second log-in kept the token")
	}
	g.refused(request{method: "GET", path: "/v1/me", cookie: cookie}, 401, api.CodeUnauthenticated)
	cookie = cookieOf(t, again)
	out := g.ok(request{method: "POST", path: "/v1/auth/logout", cookie: cookie}, 204, nil)
	if c := out.header.Get("Set-Cookie"); !strings.Contains(c, "Max-Age=0") {
		t.Errorf("the log-out set the cookie %q", c)
	}
	if got := out.header.Get("Clear-Site-Data"); got != `"cache"` {
		t.Errorf("Clear-Site-Data %q", got)
	}
	g.refused(request{method: "GET", path: "/v1/me", cookie: cookie}, 401, api.CodeUnauthenticated)
}

// TestPlainHTTP: a password and a session travel over plain HTTP on the same machine only, or where the
// operator has allowed it.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	login := request{method: "POST", path: "/v1/auth/login", body: `{"email":"owner@example.com","password":"` + password + `"}`, plain: true}
	local := func(r request) request {
		r.from, r.header = "127.0.0.1:1000", map[string]string{"Host": "127.0.0.1:8080"}
		return r
	}
	g := newGate(t)
	owner := g.setup()
	g.refused(login, 403, api.CodeInsecureConnection)
	app := login
	app.body = strings.Replace(app.body, "}", `,"client":"app"}`, 1)
	g.refused(app, 403, api.CodeInsecureConnection)
	spoofed := login
	spoofed.header = map[string]string{"Host": "localhost", "X-Forwarded-Proto": "https"}
	g.refused(spoofed, 403, api.CodeInsecureConnection)
	if c := g.ok(local(login), 200, nil).header.Get("Set-Cookie"); !strings.HasPrefix(c, safeCookie+"=") || !strings.Contains(c, "; Secure") {
		t.Errorf("on the same machine the cookie is %q", c)
	}
	g.ok(request{method: "GET", path: "/v1/me", as: owner.token, plain: true}, 200, nil)
	var info api.PublicInfo
	g.ok(request{method: "GET", path: "/v1/info", plain: true}, 200, &info)
	if !info.InsecureHTTP || info.LoginAllowed {
		t.Errorf("info over plain HTTP: %+v", info)
	}

	g = newGate(t, func(d *Deps) { d.AllowInsecureHTTP = true })
	g.setup()
	a := g.ok(login, 200, nil)
	if c := a.header.Get("Set-Cookie"); !strings.HasPrefix(c, unsafeCookie+"=") || strings.Contains(c, "Secure") || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") {
		t.Errorf("over plain HTTP the cookie is %q", c)
	}
	g.ok(request{method: "GET", path: "/v1/me", cookie: cookieOf(t, a), plain: true}, 200, nil)
	g.refused(request{method: "GET", path: "/v1/me", cookie: cookieOf(t, a)}, 401, api.CodeUnauthenticated) // not over https
}

func TestPasswordAndSessions(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	login := func(pass string, client string) request {
		return request{method: "POST", path: "/v1/auth/login", body: `{"email":"owner@example.com","password":"` + pass + `","client":"` + client + `"}`}
	}
	g.refused(login("wrong password", "app"), 401, api.CodeCredentialsWrong)
	var other struct{ Token string }
	g.ok(login(password, "app"), 200, &other)
	var sessions api.SessionList
	g.ok(request{method: "GET", path: "/v1/auth/sessions", as: owner.token}, 200, &sessions)
	if len(sessions.Items) != 2 || !sessions.Items[1].Current || sessions.Items[0].Current {
		t.Fatalf("sessions: %+v", sessions.Items)
	}
	g.ok(request{method: "DELETE", path: "/v1/auth/sessions/" + sessions.Items[0].ID, as: owner.token}, 204, nil)
	g.refused(request{method: "GET", path: "/v1/me", as: other.Token}, 401, api.CodeUnauthenticated)
	g.refused(request{method: "DELETE", path: "/v1/auth/sessions/" + sessions.Items[0].ID, as: owner.token}, 404, smsir.CodeNotFound)

	g.ok(login(password, "app"), 200, &other)
	change := func(from, to string) request {
		return request{method: "POST", path: "/v1/auth/password", as: owner.token, body: `{"old_password":"` + from + `","new_password":"` + to + `"}`}
	}
	g.refused(change("wrong password", "another passphrase"), 401, api.CodeCredentialsWrong)
	g.refused(change(password, "password123"), 422, api.CodePasswordWeak)
	g.ok(change(password, "another passphrase"), 204, nil)
	g.refused(request{method: "GET", path: "/v1/me", as: other.Token}, 401, api.CodeUnauthenticated)
	g.ok(request{method: "GET", path: "/v1/me", as: owner.token}, 200, nil)
	g.ok(login("another passphrase", "app"), 200, nil)
	g.ok(request{method: "POST", path: "/v1/auth/reauth", as: owner.token, body: `{"password":"another passphrase"}`}, 204, nil)
	g.refused(request{method: "POST", path: "/v1/auth/reauth", as: owner.token, body: `{"password":"` + password + `"}`}, 401, api.CodeCredentialsWrong)
}

// TestFailedLoginsSlowDown: too many failures answer 429 with Retry-After, and never tell who exists.
func TestFailedLoginsSlowDown(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	g.setup()
	try := func(email string) answer {
		return g.do(request{method: "POST", path: "/v1/auth/login", body: `{"email":"` + email + `","password":"wrong password"}`, from: "192.0.2.9:1"})
	}
	known, unknown := try("owner@example.com"), try("nobody@example.com")
	if known.status != 401 || string(known.body) != string(unknown.body) {
		t.Errorf("a wrong password answers %s, an unknown address %s", known.body, unknown.body)
	}
	for range 50 {
		if a := try("owner@example.com"); a.status == http.StatusTooManyRequests {
			if wait := a.header.Get("Retry-After"); !regexp.MustCompile(`^[1-9][0-9]*$`).MatchString(wait) {
				t.Errorf("Retry-After %q", wait)
			}
			return
		}
	}
	t.Error("fifty failed log-ins were never slowed down")
}

func TestCrossOriginWritesAreRefused(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	a := g.ok(request{method: "POST", path: "/v1/auth/login", body: `{"email":"owner@example.com","password":"` + password + `"}`}, 200, nil)
	cookie := cookieOf(t, a)
	body := `{"to":"+12025550100","text":"hello"}`
	for name, header := range map[string]map[string]string{
		"foreign origin":     {"Origin": "https://evil.example"},
		"origin null":        {"Origin": "null"},
		"suffix trick":       {"Origin": "https://sms.example.com.evil.example"},
		"prefix trick":       {"Origin": "https://evil-sms.example.com"},
		"other port":         {"Origin": "https://sms.example.com:8443"},
		"cross-site":         {"Sec-Fetch-Site": "cross-site"},
		"same-site":          {"Sec-Fetch-Site": "same-site"},
		"form":               {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "Content-Type": "text/plain"},
		"cross-site, origin": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
	} {
		got := g.refused(request{method: "POST", path: "/v1/messages", cookie: cookie, body: body, header: header}, 403, api.CodeCrossOrigin)
		if t.Failed() {
			t.Fatalf("%s: %s", name, got.body)
		}
	}
	for _, header := range []map[string]string{
		{"Origin": base}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": base, "Sec-Fetch-Site": "same-origin"},
	} {
		g.ok(request{method: "POST", path: "/v1/messages", cookie: cookie, body: body, header: header}, 202, nil)
	}
	g.ok(request{method: "GET", path: "/v1/messages", cookie: cookie, header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, 200, nil)
	g.ok(request{method: "POST", path: "/v1/messages", as: owner.token, body: body}, 202, nil)
	if h := g.do(request{method: "OPTIONS", path: "/v1/messages", header: map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}}).header; h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("CORS is open: %v", h)
	}
}

// TestAuthorizationHeader: only Bearer, only one, only the header.
func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	_, secret := g.key(owner, "messages:read")
	for _, value := range []string{"Basic " + secret, secret, "Bearer", "Bearer ", "Bearer  ", "Bearer " + secret + "x", "Token " + secret, "Bearer " + strings.Repeat("x", 5000)} {
		a := g.refused(request{method: "GET", path: "/v1/me", header: map[string]string{"Authorization": value}}, 401, api.CodeUnauthenticated)
		if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
			t.Errorf("%s: WWW-Authenticate %q", value, got)
		}
	}
	g.ok(request{method: "GET", path: "/v1/me", header: map[string]string{"Authorization": "bearer " + secret}}, 200, nil)
	g.ok(request{method: "GET", path: "/v1/me", as: secret}, 200, nil)
	g.refused(request{method: "GET", path: "/v1/me?api_key=" + secret}, 401, api.CodeUnauthenticated)
}

func TestMeOfAKey(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	id, secret := g.key(owner, "messages:read", "stats:read")
	var me api.Me
	g.ok(request{method: "GET", path: "/v1/me", as: secret}, 200, &me)
	if me.Kind != "api_key" || me.User != nil || me.APIKey == nil || me.APIKey.ID != id || len(me.Permissions) != 2 || me.Workspace.ID != owner.space {
		t.Errorf("a key sees itself as %+v", me)
	}
	var list api.APIKeyList
	a := g.ok(request{method: "GET", path: "/v1/api-keys", as: owner.token}, 200, &list)
	if strings.Contains(string(a.body), secret) || len(list.Items) != 1 || list.Items[0].CreatedBy.Name != "Test" || list.Items[0].Hint != secret[len(secret)-4:] {
		t.Errorf("keys: %s", a.body)
	}
	if !regexp.MustCompile(`^smsir[0-9A-Za-z]{38}$`).MatchString(secret) {
		t.Errorf("secret %q is not plain letters and digits", secret)
	}
	g.ok(request{method: "DELETE", path: "/v1/api-keys/" + id, as: owner.token}, 204, nil)
	g.refused(request{method: "GET", path: "/v1/me", as: secret}, 401, api.CodeUnauthenticated)
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var in api.InviteCreated
	g.ok(request{method: "POST", path: "/v1/invites", as: owner.token, body: `{"email":"grace@example.com","role":"viewer"}`}, 201, &in)
	if in.URL != base+"/register#invite="+in.Code || in.Invite.Role != "viewer" {
		t.Errorf("invitation: %+v", in)
	}
	var info api.InviteInfo
	g.ok(request{method: "POST", path: "/v1/invites/lookup", body: `{"code":"` + in.Code + `"}`}, 200, &info)
	if info.Email != "grace@example.com" || info.WorkspaceName != "First" {
		t.Errorf("lookup: %+v", info)
	}
	g.refused(request{method: "POST", path: "/v1/invites/lookup", body: `{"code":"nonsense"}`}, 403, api.CodeInviteInvalid)
	g.refused(request{method: "POST", path: "/v1/auth/register", body: `{"email":"x@example.com","password":"` + password + `","name":"X"}`}, 403, api.CodeInvitationRequired)
	p := g.register(`"invite":"` + in.Code + `","email":"grace@example.com"`)
	if p.space != owner.space || p.role.String() != "viewer" {
		t.Errorf("the invited person: %+v", p)
	}
	g.refused(request{method: "POST", path: "/v1/invites/lookup", body: `{"code":"` + in.Code + `"}`}, 403, api.CodeInviteInvalid)

	var members api.MemberList
	g.ok(request{method: "GET", path: "/v1/workspace/members", as: p.token}, 200, &members)
	if len(members.Items) != 2 {
		t.Errorf("members: %+v", members)
	}
	var m api.Member
	g.ok(request{method: "PATCH", path: "/v1/workspace/members/" + p.id, as: owner.token, body: `{"role":"member"}`}, 200, &m)
	if m.Role != "member" || m.ID != p.id {
		t.Errorf("after the change: %+v", m)
	}
	g.refused(request{method: "DELETE", path: "/v1/workspace/members/" + owner.id, as: owner.token}, 409, smsir.CodeConflict)
	g.refused(request{method: "PATCH", path: "/v1/workspace/members/" + owner.id, as: owner.token, body: `{"role":"viewer"}`}, 409, smsir.CodeConflict)
	g.ok(request{method: "DELETE", path: "/v1/workspace/members/" + p.id, as: owner.token}, 204, nil)

	g.ok(request{method: "POST", path: "/v1/invites", as: owner.token, body: `{"email":"ada@example.com","role":"admin"}`}, 201, &in)
	var open api.InviteList
	a := g.ok(request{method: "GET", path: "/v1/invites", as: owner.token}, 200, &open)
	if len(open.Items) != 1 || open.Items[0].CreatedBy.Name != "Test" || strings.Contains(string(a.body), in.Code) {
		t.Errorf("open invitations: %s", a.body)
	}
	g.ok(request{method: "DELETE", path: "/v1/invites/" + in.Invite.ID, as: owner.token}, 204, nil)
	g.refused(request{method: "POST", path: "/v1/invites/lookup", body: `{"code":"` + in.Code + `"}`}, 403, api.CodeInviteInvalid)
}

func TestWorkspaceAndInstance(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var w api.Workspace
	g.ok(request{method: "PATCH", path: "/v1/workspace", as: owner.token, body: `{"name":"New","time_zone":"Africa/Nairobi","on_unknown":"retry_once","smart_encoding":false,"paused":true}`}, 200, &w)
	if w.Name != "New" || w.TimeZone != "Africa/Nairobi" || w.OnUnknown != "retry_once" || w.SmartEncoding || w.PausedAt == nil || time.Since(*w.PausedAt) > time.Hour {
		t.Errorf("workspace: %+v", w)
	}
	var same api.Workspace
	g.ok(request{method: "GET", path: "/v1/workspace", as: owner.token}, 200, &same)
	if same.Name != "New" {
		t.Errorf("workspace afterwards: %+v", same)
	}
	g.refused(request{method: "PATCH", path: "/v1/workspace", as: owner.token, body: `{"time_zone":"Mars/Olympus"}`}, 422, smsir.CodeInvalid)
	g.refused(request{method: "PATCH", path: "/v1/workspace", as: owner.token, body: `{"country":"XX"}`}, 422, smsir.CodeInvalid)
	g.refused(request{method: "PATCH", path: "/v1/workspace", as: owner.token, body: `{"id":"wks_x"}`}, 422, smsir.CodeInvalid)
	g.ok(request{method: "PATCH", path: "/v1/me", as: owner.token, body: `{"name":"Ada"}`}, 200, nil)
	var me api.Me
	g.ok(request{method: "GET", path: "/v1/me", as: owner.token}, 200, &me)
	if me.User.Name != "Ada" {
		t.Errorf("after a change of name: %+v", me.User)
	}
	g.ok(request{method: "PATCH", path: "/v1/instance", as: owner.token, body: `{"registration":"closed"}`}, 200, nil)
	g.refused(request{method: "POST", path: "/v1/auth/register", body: `{"email":"x@example.com","password":"` + password + `","name":"X"}`}, 403, api.CodeRegistrationClosed)
	g.refused(request{method: "PATCH", path: "/v1/instance", as: owner.token, body: `{"registration":"sometimes"}`}, 422, smsir.CodeInvalid)

	other := g.stranger(owner)
	var places api.PlaceList
	g.ok(request{method: "GET", path: "/v1/workspaces", as: other.token}, 200, &places)
	if len(places.Items) != 1 || !places.Items[0].Current || places.Items[0].Workspace.ID != other.space {
		t.Errorf("workspaces: %+v", places)
	}
	var in api.InviteCreated
	g.ok(request{method: "POST", path: "/v1/invites", as: owner.token, body: `{"email":"stranger@example.com","role":"admin"}`}, 201, &in)
	g.ok(request{method: "POST", path: "/v1/invites/accept", as: other.token, body: `{"code":"` + in.Code + `"}`}, 204, nil)
	g.ok(request{method: "POST", path: "/v1/workspaces/" + owner.space + "/switch", as: other.token}, 200, &me)
	if me.Workspace.ID != owner.space || me.Role != "admin" {
		t.Errorf("after the switch: %+v", me)
	}
	g.ok(request{method: "GET", path: "/v1/workspace", as: other.token}, 200, &w)
	if w.ID != owner.space {
		t.Errorf("the session still looks at %s", w.ID)
	}
}
