package account

import (
	"context"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

// start is the moment at which the clock of a test stands first.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a clock that moves only when a test says so.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// fixture is a service on a database of its own.
type fixture struct {
	*Service
	t     *testing.T
	dir   string
	db    *sqlite.Store
	clock *clock
	codes chan string // announced setup codes
}

const goodPassword = "correct horse battery staple"

var home = Peer{IP: netip.MustParseAddr("192.0.2.10"), UserAgent: "browser"}

func peerAt(ip string) Peer { return Peer{IP: netip.MustParseAddr(ip), UserAgent: "browser"} }

func newFixture(t *testing.T, change ...func(*Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: t.TempDir(), clock: &clock{t: start}, codes: make(chan string, 16)}
	var err error
	if f.db, err = sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(f.dir, "smsir.db")), sqlite.Options{Now: f.clock.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.db.Close() })
	cfg := Config{
		Store: f.db, Session: config.Session{Idle: 12 * time.Hour, Absolute: 168 * time.Hour}, Clock: f.clock.now,
		Announce: func(code string, _ time.Time) { f.codes <- code },
		Starter: func(w smsir.UUID, now time.Time) *store.Provider {
			return &store.Provider{ID: smsir.NewUUID(now), Workspace: w, Kind: "simulator", Name: "Simulator", Enabled: true, CreatedAt: now, UpdatedAt: now}
		},
	}
	for _, c := range change {
		c(&cfg)
	}
	if f.Service, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	return f
}

// run starts Run and returns the first setup code.
func (f *fixture) run() string {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	f.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("Run: %v", err)
		}
	})
	select {
	case code := <-f.codes:
		return code
	case <-time.After(30 * time.Second):
		f.t.Fatal("no setup code was announced")
		return ""
	}
}

func request(email string) RegisterRequest {
	return RegisterRequest{
		Email: email, Password: goodPassword, Name: "Name of " + email, WorkspaceName: "Workspace of " + email,
		Country: "KE", TimeZone: "Africa/Nairobi",
	}
}

// owner registers the first person, ada@example.com.
func (f *fixture) owner() *SignIn {
	f.t.Helper()
	r := request("ada@example.com")
	r.SetupCode = f.run()
	return f.register(r)
}

func (f *fixture) register(r RegisterRequest) *SignIn {
	f.t.Helper()
	in, err := f.Register(f.t.Context(), r, home)
	if err != nil {
		f.t.Fatalf("Register(%s): %v", r.Email, err)
	}
	return in
}

// join invites a person and registers them.
func (f *fixture) join(by *SignIn, email string, role store.Role) *SignIn {
	f.t.Helper()
	invite, err := f.Invite(f.t.Context(), by.Principal, email, role, home)
	if err != nil {
		f.t.Fatalf("Invite(%s): %v", email, err)
	}
	r := request(email)
	r.Invite = invite.Code
	return f.register(r)
}

// stranger opens registration and registers a person with a workspace of their own.
func (f *fixture) stranger(by *SignIn, email string) *SignIn {
	f.t.Helper()
	if err := f.SetRegistration(f.t.Context(), by.Principal, config.RegistrationOpen, home); err != nil {
		f.t.Fatal(err)
	}
	return f.register(request(email))
}

func (f *fixture) login(email string, peer Peer) (*SignIn, error) {
	f.t.Helper()
	return f.Login(f.t.Context(), LoginRequest{Email: email, Password: goodPassword}, peer)
}

func (f *fixture) mustLogin(email string) *SignIn {
	f.t.Helper()
	in, err := f.login(email, home)
	if err != nil {
		f.t.Fatalf("Login(%s): %v", email, err)
	}
	return in
}

// key makes an API key with the scopes.
func (f *fixture) key(by *SignIn, scopes ...Permission) *NewKey {
	f.t.Helper()
	k, err := f.CreateKey(f.t.Context(), by.Principal, KeyRequest{Name: "Key", Scopes: scopes}, home)
	if err != nil {
		f.t.Fatalf("CreateKey(%v): %v", scopes, err)
	}
	return k
}

// alive fails the test unless the cookie is valid, or not, as wanted.
func (f *fixture) alive(what, token string, want bool) {
	f.t.Helper()
	_, err := f.Cookie(f.t.Context(), token)
	if want && err != nil {
		f.t.Errorf("cookie %s: got %v, want it valid", what, err)
	}
	if !want {
		wantError(f.t, "cookie "+what, err, CodeUnauthenticated, "")
	}
}

// actions lists the audit log of a workspace, newest first.
func (f *fixture) actions(workspace smsir.UUID) []string {
	f.t.Helper()
	entries, err := f.db.Audit(f.t.Context(), workspace, store.AuditFilter{Limit: 100})
	if err != nil {
		f.t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Action)
	}
	return all
}

// wantError fails the test unless err is an *smsir.Error of that code and field with a sentence for people.
func wantError(t *testing.T, what string, err error, code smsir.Code, field string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: got no error, want code %q", what, code)
		return
	}
	e, ok := err.(*smsir.Error) //nolint:errorlint // the errors of this package are not wrapped
	if !ok || e.Code != code || e.Field != field || e.Text == "" {
		t.Errorf("%s: got %#v (%v), want code %q and field %q", what, err, err, code, field)
	}
}

func wantNil(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
