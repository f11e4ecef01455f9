package upstream_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
	"github.com/smsir/smsir/internal/upstream"
)

func callbackURL(id smsir.UUID) string {
	return "https://sms.example.com/callbacks/" + id.Format(smsir.PrefixProvider) + "/token"
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fakeProvider tells what it was opened with.
type fakeProvider struct {
	smsir.Provider
	cfg smsir.ProviderConfig
}

// fakeKind has a field of every type.
func fakeKind(name string) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name: name, Title: "Fake " + name, Window: 3,
		Fields: []smsir.Field{
			{Name: "account", Label: "Account", Type: "text", Required: true, Pattern: "AC[0-9]{4}", Help: "Four digits after AC."},
			{Name: "token", Label: "Token", Type: "password", Required: true, Secret: true},
			{Name: "key", Label: "Private key", Type: "text", Secret: true},
			{Name: "rate", Label: "Rate", Type: "number", Default: "10"},
			{Name: "url", Label: "Address", Type: "url"},
			{Name: "region", Label: "Region", Type: "select", Options: []string{"eu", "us"}, Required: true, Default: "eu"},
			{Name: "tls", Label: "TLS", Type: "checkbox"},
			{Name: "rules", Label: "Rules", Type: "textarea"},
		},
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) {
			if cfg.Settings["rate"] == "13" {
				e := smsir.Errorf(smsir.CodeInvalid, "Thirteen is unlucky. Choose another rate.")
				e.Field = "rate"
				return nil, e
			}
			if cfg.Settings["rate"] == "14" {
				return nil, errors.New("cannot")
			}
			return &fakeProvider{cfg: cfg}, nil
		},
	}
}

func testKind() smsir.ProviderKind {
	return smsir.ProviderKind{
		Name: "simulator", Title: "Simulator", TestOnly: true,
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return &fakeProvider{cfg: cfg}, nil },
	}
}

// fixture is a service on a database of its own, with one workspace.
type fixture struct {
	*upstream.Service
	t         *testing.T
	dir       string
	db        *sqlite.Store
	workspace smsir.UUID
	other     smsir.UUID
	more      []smsir.ProviderKind // beside the usual ones
	naming    []string             // rules that name any provider

	mu      sync.Mutex
	changes int
	now     time.Time
}

func newFixture(t *testing.T, more ...smsir.ProviderKind) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: t.TempDir(), now: start, more: more}
	var err error
	if f.db, err = sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(f.dir, "smsir.db")), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.db.Close() })
	f.Service = f.service()
	f.workspace, f.other = f.newWorkspace("ada@example.com"), f.newWorkspace("eve@example.com")
	return f
}

// service makes a service with the key file as it is now.
func (f *fixture) service() *upstream.Service {
	f.t.Helper()
	keys, err := seal.Load(f.dir, false)
	if err != nil {
		f.t.Fatal(err)
	}
	box, err := keys.Box(upstream.Purpose)
	if err != nil {
		f.t.Fatal(err)
	}
	s, err := upstream.New(upstream.Config{
		Store: f.db, Box: box, Kinds: append([]smsir.ProviderKind{fakeKind("fake"), testKind(), fakeKind("second")}, f.more...),
		Clock: func() time.Time {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.now
		},
		CallbackURL: callbackURL,
		Naming:      func(context.Context, smsir.UUID, smsir.UUID) ([]string, error) { return f.naming, nil },
		Changed: func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.changes++
		},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fixture) newWorkspace(email string) smsir.UUID {
	f.t.Helper()
	w := store.Workspace{ID: smsir.NewUUID(start), Name: email, Country: "US", TimeZone: "UTC", CreatedAt: start}
	u := store.User{ID: smsir.NewUUID(start), Email: email, Name: email, CreatedAt: start}
	err := f.db.Register(f.t.Context(), store.Registration{
		User: u, Workspace: &w, Role: store.Owner, Provider: f.Starter(w.ID, start),
		Session: store.Session{ID: smsir.NewUUID(start), TokenHash: [32]byte(slices.Repeat([]byte(email)[:8], 4)), User: u.ID, Workspace: w.ID},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return w.ID
}

// draft is one that passes; change makes others of it.
func draft(change ...func(*upstream.Draft)) upstream.Draft {
	d := upstream.Draft{
		Kind: "fake", Name: "Main", Enabled: true, Priority: 5,
		Settings: map[string]string{"account": "AC1234", "token": "top-secret-token"},
	}
	for _, c := range change {
		c(&d)
	}
	return d
}

var by = upstream.By{Actor: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{7}}, IP: "192.0.2.1"}

func (f *fixture) create(d upstream.Draft) *store.Provider {
	f.t.Helper()
	p, err := f.Create(f.t.Context(), f.workspace, d, by)
	if err != nil {
		f.t.Fatalf("Create: %v", err)
	}
	return p
}

func (f *fixture) update(id smsir.UUID, c upstream.Change) *store.Provider {
	f.t.Helper()
	p, err := f.Update(f.t.Context(), f.workspace, id, c, by)
	if err != nil {
		f.t.Fatalf("Update(%+v): %v", c, err)
	}
	return p
}

// opened is what the kind gets to see.
func (f *fixture) opened(id smsir.UUID) map[string]string {
	f.t.Helper()
	p, err := f.db.Provider(f.t.Context(), f.workspace, id)
	if err != nil {
		f.t.Fatal(err)
	}
	got, k, err := f.Open(f.t.Context(), *p)
	if err != nil {
		f.t.Fatalf("Open: %v", err)
	}
	cfg := got.(*fakeProvider).cfg
	if cfg.ID != id || cfg.Workspace != f.workspace || cfg.Name != p.Name || cfg.CallbackURL != callbackURL(id) || k.Name != p.Kind {
		f.t.Errorf("Open: got %+v of kind %s, want the provider %+v", cfg, k.Name, p)
	}
	return cfg.Settings
}

func wantError(t *testing.T, what string, err error, code smsir.Code, field string) {
	t.Helper()
	var e *smsir.Error
	if !errors.As(err, &e) || e.Code != code || e.Field != field || e.Text == "" {
		t.Errorf("%s: got %v (%+v), want code %q and field %q", what, err, e, code, field)
	}
}

func (f *fixture) wantChanges(n int) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changes != n {
		f.t.Errorf("Changed was called %d times, want %d", f.changes, n)
	}
}
