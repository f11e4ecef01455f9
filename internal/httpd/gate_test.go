package httpd

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/audience"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/guard"
	"github.com/smsir/smsir/internal/inbox"
	"github.com/smsir/smsir/internal/ledger"
	"github.com/smsir/smsir/internal/notify"
	"github.com/smsir/smsir/internal/push"
	"github.com/smsir/smsir/internal/report"
	"github.com/smsir/smsir/internal/retention"
	routes "github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/routing"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/sender"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
	"github.com/smsir/smsir/internal/upstream"
	"github.com/smsir/smsir/internal/webhook"
)

// base is the address under which the tests reach the door.
const base = "https://sms.example.com"

// gate is a door over the real stages and a real database. Nothing dispatches: what is accepted stays
// as it was accepted.
type gate struct {
	t        testing.TB
	s        *Server
	store    *sqlite.Store
	accounts *account.Service
	codes    chan string // setup codes, as they are announced
}

// newGate builds a door in which nobody has registered yet. change may set other dependencies.
func newGate(t testing.TB, change ...func(*Deps)) *gate {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(dir, "smsir.db")), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, store: db, codes: make(chan string, 16)}
	keys, err := seal.Load(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	box, err := keys.Box(upstream.Purpose)
	if err != nil {
		t.Fatal(err)
	}
	callbacks := NewCallbacks(base, [][]byte{[]byte("a key for the tests of callbacks")})
	upstreams, err := upstream.New(upstream.Config{Store: db, Kinds: testKinds(), Box: box, CallbackURL: callbacks.URL})
	if err != nil {
		t.Fatal(err)
	}
	g.accounts, err = account.New(account.Config{
		Store: db, Session: config.Session{Idle: 12 * time.Hour, Absolute: 7 * 24 * time.Hour},
		Starter: upstreams.Starter, Announce: func(code string, _ time.Time) { g.codes <- code },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() { _ = g.accounts.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		wait.Wait()
		if err := db.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	rules, err := routing.New(routing.Config{Store: db, Candidates: g.candidates})
	if err != nil {
		t.Fatal(err)
	}
	hookBox, err := keys.Box(webhook.Purpose)
	if err != nil {
		t.Fatal(err)
	}
	hooks := webhook.New(webhook.Options{Store: db, Box: hookBox, Guard: guard.New(nil), NewID: db.NewID})
	pushBox, err := keys.Box(push.Purpose)
	if err != nil {
		t.Fatal(err)
	}
	pushes, err := push.New(t.Context(), push.Options{Store: db, Box: pushBox, Guard: guard.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}), Contact: base})
	if err != nil {
		t.Fatal(err)
	}
	metrics := prometheus.NewRegistry()
	registry := sender.New(sender.Options{Store: db})
	prices := ledger.New(ledger.Options{Store: db, Changed: g.accounts.Changed})
	deps := Deps{
		Campaigns: campaign.New(campaign.Options{Store: db, Sender: registry.Known}), Reports: report.New(report.Options{Store: db}), Retention: retention.New(retention.Options{Store: db, Answers: 72 * time.Hour}),
		Accounts: g.accounts, Providers: upstreams, Audience: audience.New(db, nil), SMPP: fakeSMPP{g.accounts.SMPP(db, func() {}), db}, Imports: audience.NewImporter(db, nil, nil), Inbox: inbox.New(inbox.Options{Store: db}), Accept: accept.New(accept.Options{Store: db, Sender: registry.Choose, Prices: prices.List}), Senders: registry, Store: db,
		Ledger: prices,
		Hub:    notify.New(db, db, nil), Version: "test", PublicURL: base, DefaultValidity: 24 * time.Hour,
		CursorKey: []byte("0123456789abcdef0123456789abcdef"), Gatherer: metrics, Metrics: metrics,
		Callbacks: callbacks, Routes: rules, Webhooks: hooks, Push: pushes,
	}
	for _, f := range change {
		f(&deps)
	}
	g.s = New(deps)
	return g
}

// candidates are the enabled providers of a workspace, as a dispatcher would tell them.
func (g *gate) candidates(workspace smsir.UUID) (all []routes.Candidate) {
	providers, err := g.store.ListProviders(g.t.Context(), workspace)
	if err != nil {
		g.t.Error(err)
	}
	for _, p := range providers {
		if p.Enabled {
			all = append(all, routes.Candidate{ID: p.ID, Name: p.Name, Priority: p.Priority, TestOnly: p.Kind == "simulator"})
		}
	}
	return all
}

// testKinds are a kind for tests only, with which a workspace starts, and one with a secret.
func testKinds() []smsir.ProviderKind {
	open := func(smsir.ProviderConfig) (smsir.Provider, error) { return nil, nil }
	return []smsir.ProviderKind{
		{
			Name: "simulator", Title: "Simulator", Help: "Plays a carrier.", TestOnly: true, Open: open,
			Addresses: []smsir.AddressNote{{Address: "+12025550100", Does: "delivered"}},
		},
		{Name: "carrier", Title: "Carrier", Help: "Has a secret, and calls back.", CallsBack: true, Open: openCarrier, Fields: []smsir.Field{
			{Name: "user", Label: "User", Type: "text", Required: true},
			{Name: "password", Label: "Password", Type: "password", Required: true, Secret: true},
		}},
	}
}

// carrier knows the user "u", and tells everybody its balance.
type carrier struct {
	smsir.Provider
	user string
}

func openCarrier(cfg smsir.ProviderConfig) (smsir.Provider, error) {
	return carrier{user: cfg.Settings["user"]}, nil
}

func (c carrier) CheckCredentials(context.Context) error {
	if c.user != "u" {
		return smsir.Errorf(smsir.CodeCredentialsRefused, "The carrier does not know this user.")
	}
	return nil
}

func (carrier) Balance(context.Context) (smsir.Balance, error) {
	return smsir.Balance{Amount: "12.50", Currency: "USD"}, nil
}

// request is one request of a test; zero fields are left out.
type request struct {
	method, path string
	as           string // bearer token
	cookie       string
	body         string
	header       map[string]string
	from         string // remote address
	plain        bool   // over plain HTTP
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request through the door and checks the answer against the OpenAPI document.
func (g *gate) do(r request) answer {
	g.t.Helper()
	target := base + r.path
	if r.plain {
		target = "http" + strings.TrimPrefix(target, "https")
	}
	req := httptest.NewRequest(r.method, target, strings.NewReader(r.body))
	if r.body == "" {
		req.Body, req.ContentLength = http.NoBody, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.as != "" {
		req.Header.Set("Authorization", "Bearer "+r.as)
	}
	if r.cookie != "" {
		req.Header.Set("Cookie", r.cookie)
	}
	for name, value := range r.header {
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header[http.CanonicalHeaderKey(name)] = []string{value}
		if value == "" {
			req.Header.Del(name)
		}
	}
	if r.from != "" {
		req.RemoteAddr = r.from
	}
	w := httptest.NewRecorder()
	g.s.Handler().ServeHTTP(w, req)
	a := answer{w.Code, w.Header(), w.Body.Bytes()}
	checkAnswer(g.t, req, a)
	return a
}

// contract is the OpenAPI document as a validator reads it.
var contract = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(OpenAPI())
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	// For 3.1 the validator compiles the whole schema again for each answer, only to check it with its own rules if the schema has
	// references and none of the keywords that 3.1 brought. Ours is like that; TestContractNotices would see what is missed.
	doc.OpenAPI = "3.0.3"
	return gorillamux.NewRouter(doc)
})

// checkAnswer holds an answer of the API against the document: its status, its media type, its body.
func checkAnswer(t testing.TB, req *http.Request, a answer) {
	t.Helper()
	checkHeaders(t, req, a)
	if err := contradiction(req, a); err != nil {
		t.Errorf("%s %s: the answer is not what the document says: %v\n%d %s", req.Method, req.URL.Path, err, a.status, a.body)
	}
}

// contradiction is what the document says otherwise.
func contradiction(req *http.Request, a answer) error {
	router, err := contract()
	if err != nil {
		return err
	}
	route, params, err := router.FindRoute(req)
	if err != nil {
		return nil //nolint:nilerr // not a route: there is nothing to compare it with
	}
	req.Body = http.NoBody
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if req.Method == http.MethodGet && (route.Path == "/metrics" || route.Path == "/openapi.json") && a.status == http.StatusOK {
		in.Options.ExcludeResponseBody = true
	}
	return openapi3filter.ValidateResponse(req.Context(), in)
}

// checkHeaders looks for what every answer carries.
func checkHeaders(t testing.TB, req *http.Request, a answer) {
	t.Helper()
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	}
	if strings.HasPrefix(req.URL.Path, "/assets/") && a.status == http.StatusOK { // a part of a page
		for _, name := range documentHeaders {
			want[name] = ""
		}
	}
	if isAPI(req.URL.Path) && req.URL.Path != "/openapi.json" {
		want["Cache-Control"] = "no-store"
		want["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
	}
	for name, value := range want {
		if got := a.header.Get(name); got != value {
			t.Errorf("%s %s: header %s is %q, want %q", req.Method, req.URL.Path, name, got, value)
		}
	}
}

// ok sends a request that must get the status, and reads its answer.
func (g *gate) ok(r request, status int, into any) answer {
	g.t.Helper()
	a := g.do(r)
	if a.status != status {
		g.t.Fatalf("%s %s %s: status %d, want %d: %s", r.method, r.path, r.body, a.status, status, a.body)
	}
	a.read(g.t, into)
	return a
}

func (a answer) read(t testing.TB, into any) {
	t.Helper()
	if into == nil {
		return
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("read %s: %v", a.body, err)
	}
}

// refused sends a request that must get a problem of the code, and returns it.
func (g *gate) refused(r request, status int, code smsir.Code) answer {
	g.t.Helper()
	a := g.do(r)
	var p struct {
		Code   string
		Status int
	}
	if err := json.Unmarshal(a.body, &p); err != nil || a.status != status || p.Status != status || p.Code != string(code) {
		g.t.Errorf("%s %s %.200s: %d %s, want %d with code %s", r.method, r.path, r.body, a.status, a.body, status, code)
	}
	if got := a.header.Get("Content-Type"); got != problemType {
		g.t.Errorf("%s %s: Content-Type %q, want %q", r.method, r.path, got, problemType)
	}
	return a
}

// member is somebody with an account in the tests.
type member struct {
	token string // bearer
	id    string
	space string
	role  store.Role
}

const password = "a long enough passphrase"

// setup registers the first person: the operator, and owner of the first workspace.
func (g *gate) setup() member {
	g.t.Helper()
	var code string
	select {
	case code = <-g.codes:
	case <-time.After(20 * time.Second):
		g.t.Fatal("no setup code was announced")
	}
	return g.register(`"setup_code":"` + code + `","email":"owner@example.com","workspace_name":"First"`)
}

// register registers a person with the app client; fields are what differs.
func (g *gate) register(fields string) member {
	g.t.Helper()
	var in struct {
		Token     string
		Role      string
		User      struct{ ID string }
		Workspace struct{ ID string }
	}
	g.ok(request{method: "POST", path: "/v1/auth/register", body: `{"password":"` + password + `","name":"Test","country":"US","time_zone":"America/New_York","client":"app",` + fields + `}`}, 201, &in)
	role, _ := store.ParseRole(in.Role)
	return member{in.Token, in.User.ID, in.Workspace.ID, role}
}

// join lets an invited person register with the role.
func (g *gate) join(by member, role, email string) member {
	g.t.Helper()
	var in struct{ Code string }
	g.ok(request{method: "POST", path: "/v1/invites", as: by.token, body: `{"email":"` + email + `","role":"` + role + `"}`}, 201, &in)
	return g.register(`"invite":"` + in.Code + `","email":"` + email + `"`)
}

// stranger registers a person with a workspace of their own.
func (g *gate) stranger(operator member) member {
	g.t.Helper()
	g.ok(request{method: "PATCH", path: "/v1/instance", as: operator.token, body: `{"registration":"open"}`}, 200, nil)
	return g.register(`"email":"stranger@example.com","workspace_name":"Second"`)
}

// key makes an API key with scopes.
func (g *gate) key(by member, scopes ...string) (id, secret string) {
	g.t.Helper()
	var in struct {
		Secret string
		APIKey struct{ ID string } `json:"api_key"`
	}
	g.ok(request{method: "POST", path: "/v1/api-keys", as: by.token, body: `{"name":"test","scopes":["` + strings.Join(scopes, `","`) + `"]}`}, 201, &in)
	return in.APIKey.ID, in.Secret
}

// send sends one message and returns its id.
func (g *gate) send(as string) string {
	g.t.Helper()
	var m struct{ ID string }
	g.ok(request{method: "POST", path: "/v1/messages", as: as, body: `{"to":"+12025550100","text":"hello"}`}, 202, &m)
	return m.ID
}

// intend puts a queued message on its way, as a dispatcher would.
func (g *gate) intend(id smsir.ID) {
	g.t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	waiting, err := g.store.Waiting(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	var shares []store.Share
	for _, w := range waiting {
		shares = append(shares, store.Share{Line: w.Line, N: 1000})
	}
	claimed, err := g.store.Claim(g.t.Context(), now, shares)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, m := range claimed {
		if m.ID != id {
			continue
		}
		ok, err := g.store.Intend(g.t.Context(), []store.Intent{{Attempt: g.store.NewID(now), Message: m, Provider: smsir.NewUUID(now), Now: now}})
		if err != nil || !ok[0] {
			g.t.Fatalf("intend: %v, %v", ok, err)
		}
		return
	}
	g.t.Fatalf("message %v cannot be claimed", id)
}
