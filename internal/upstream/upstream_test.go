package upstream_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/upstream"
)

func TestCreateAndOpen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.create(draft(func(d *upstream.Draft) {
		d.Name = " Main "
		d.Settings["url"], d.Settings["tls"], d.Settings["rate"] = " https://example.com/x ", "true", ""
	}))
	stored, err := f.db.Provider(t.Context(), f.workspace, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stored, p); diff != "" {
		t.Errorf("what Create returns is not what is stored (-stored +returned):\n%s", diff)
	}
	want := map[string]string{"account": "AC1234", "url": "https://example.com/x", "tls": "true"}
	if p.Name != "Main" || p.Kind != "fake" || !p.Enabled || p.Priority != 5 || !maps.Equal(p.Settings, want) || !p.CreatedAt.Equal(start) {
		t.Errorf("Create: got %+v, want plain settings %v", p, want)
	}
	want = map[string]string{
		"account": "AC1234", "token": "top-secret-token", "rate": "10", "url": "https://example.com/x", "region": "eu", "tls": "true",
	}
	if got := f.opened(p.ID); !maps.Equal(got, want) {
		t.Errorf("opened with %v, want %v", got, want)
	}
	if got, err := f.SecretsSet(*p); err != nil || !slices.Equal(got, []string{"token"}) {
		t.Errorf("SecretsSet: got %v, %v", got, err)
	}
	f.wantChanges(1)
	entries, err := f.db.Audit(t.Context(), f.workspace, store.AuditFilter{Limit: 1})
	if err != nil || entries[0].Action != "provider.created" || entries[0].Actor != by.Actor || entries[0].IP != by.IP || entries[0].Target != p.ID.Format("prv") {
		t.Errorf("audit: got %+v, %v", entries, err)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	set := func(name, value string) func(*upstream.Draft) {
		return func(d *upstream.Draft) { d.Settings[name] = value }
	}
	for name, c := range map[string]struct {
		change func(*upstream.Draft)
		code   smsir.Code
		field  string
	}{
		"unknown kind":               {func(d *upstream.Draft) { d.Kind = "none" }, smsir.CodeInvalid, "kind"},
		"no name":                    {func(d *upstream.Draft) { d.Name = " " }, smsir.CodeInvalid, "name"},
		"long name":                  {func(d *upstream.Draft) { d.Name = strings.Repeat("ä", 61) }, smsir.CodeInvalid, "name"},
		"line break in name":         {func(d *upstream.Draft) { d.Name = "a\nb" }, smsir.CodeInvalid, "name"},
		"negative priority":          {func(d *upstream.Draft) { d.Priority = -1 }, smsir.CodeInvalid, "priority"},
		"large priority":             {func(d *upstream.Draft) { d.Priority = 1001 }, smsir.CodeInvalid, "priority"},
		"unknown setting":            {set("colour", "red"), smsir.CodeInvalid, "settings.colour"},
		"missing setting":            {set("account", ""), smsir.CodeInvalid, "settings.account"},
		"missing secret":             {set("token", ""), smsir.CodeInvalid, "settings.token"},
		"pattern":                    {set("account", "AC12345"), smsir.CodeInvalid, "settings.account"},
		"pattern, whole value":       {set("account", "xAC1234"), smsir.CodeInvalid, "settings.account"},
		"not a number":               {set("rate", "ten"), smsir.CodeInvalid, "settings.rate"},
		"not a finite number":        {set("rate", "Inf"), smsir.CodeInvalid, "settings.rate"},
		"not a URL":                  {set("url", "example.com"), smsir.CodeInvalid, "settings.url"},
		"a URL of another kind":      {set("url", "file:///etc/passwd"), smsir.CodeInvalid, "settings.url"},
		"none of the options":        {set("region", "mars"), smsir.CodeInvalid, "settings.region"},
		"not a checkbox":             {set("tls", "yes"), smsir.CodeInvalid, "settings.tls"},
		"control character in lines": {set("rules", "a: 1\n\x07"), smsir.CodeInvalid, "settings.rules"},
		"line break in a text":       {set("account", "AC12\n34"), smsir.CodeInvalid, "settings.account"},
		"control character":          {set("account", "AC12\x0034"), smsir.CodeInvalid, "settings.account"},
		"broken Unicode":             {set("key", "\xff"), smsir.CodeInvalid, "settings.key"},
		"endless":                    {set("key", strings.Repeat("x", 16<<10+1)), smsir.CodeInvalid, "settings.key"},
		"the kind refuses one":       {set("rate", "13"), smsir.CodeInvalid, "settings.rate"},
		"the kind refuses the whole": {set("rate", "14"), smsir.CodeInvalid, "settings"},
	} {
		_, err := f.Create(t.Context(), f.workspace, draft(c.change), by)
		wantError(t, name, err, c.code, c.field)
		if err != nil && strings.Contains(err.Error(), "top-secret") {
			t.Errorf("%s: the error shows a secret: %v", name, err)
		}
	}
	list, err := f.db.ListProviders(t.Context(), f.workspace)
	if err != nil || len(list) != 1 {
		t.Errorf("providers: got %v, %v, want the starter only", list, err)
	}
	f.wantChanges(0)
	f.create(draft(set("key", "-----BEGIN KEY-----\nabc\n-----END KEY-----"))) // lines are fine in a secret text
	rules := "  a: 1\n\tb: 2\r\n"
	p := f.create(draft(func(d *upstream.Draft) { d.Name, d.Settings["rules"] = "Rules", rules }))
	if got := p.Settings["rules"]; got != strings.TrimRight(rules, "\r\n") {
		t.Errorf("lines: got %q, want %q as it is up to its last letter", got, rules)
	}
	p = f.create(draft(func(d *upstream.Draft) { d.Name, d.Settings["rules"] = "No rules", " \n\n" }))
	if got, there := p.Settings["rules"]; there {
		t.Errorf("nothing but space: got %q, want no setting", got)
	}
	_, err = f.Create(t.Context(), f.workspace, draft(), by)
	wantError(t, "a taken name", err, smsir.CodeConflict, "name")
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.create(draft(func(d *upstream.Draft) { d.Settings["rate"], d.Settings["key"] = "20", "k1" }))
	name, off, low := "Renamed", false, 900

	got := f.update(p.ID, upstream.Change{Name: &name, Enabled: &off, Priority: &low})
	if got.Name != "Renamed" || got.Enabled || got.Priority != 900 || !slices.Equal(got.Secrets, p.Secrets) || !maps.Equal(got.Settings, p.Settings) {
		t.Errorf("Update of name, priority and enabled: got %+v", got)
	}
	if !got.UpdatedAt.After(p.UpdatedAt) {
		t.Errorf("UpdatedAt: got %s, want after %s", got.UpdatedAt, p.UpdatedAt)
	}
	if next := f.update(p.ID, upstream.Change{Name: &name}); !next.UpdatedAt.After(got.UpdatedAt) {
		t.Errorf("UpdatedAt within a millisecond: got %s, want after %s", next.UpdatedAt, got.UpdatedAt)
	}

	f.update(p.ID, upstream.Change{Settings: map[string]string{"account": "AC9999", "rate": "", "token": "", "tls": "false"}})
	want := map[string]string{"account": "AC9999", "token": "top-secret-token", "key": "k1", "rate": "10", "region": "eu", "tls": "false"}
	if got := f.opened(p.ID); !maps.Equal(got, want) {
		t.Errorf("after a change of plain settings: opened with %v, want %v", got, want)
	}
	f.update(p.ID, upstream.Change{Settings: map[string]string{"token": "another-token"}, ClearSecrets: []string{"key"}})
	want["token"] = "another-token"
	delete(want, "key")
	if got := f.opened(p.ID); !maps.Equal(got, want) {
		t.Errorf("after a change of secrets: opened with %v, want %v", got, want)
	}
	f.wantChanges(5)
	entries, err := f.db.Audit(t.Context(), f.workspace, store.AuditFilter{Limit: 1})
	if err != nil || entries[0].Action != "provider.updated" || entries[0].Detail != "settings.key settings.token" {
		t.Errorf("audit: got %+v, %v, want the names of what changed and no value", entries, err)
	}

	before, err := f.db.Provider(t.Context(), f.workspace, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change upstream.Change
		field  string
	}{
		"clear a required secret": {upstream.Change{ClearSecrets: []string{"token"}}, "settings.token"},
		"clear a plain setting":   {upstream.Change{ClearSecrets: []string{"rate"}}, "settings.rate"},
		"clear an unknown one":    {upstream.Change{ClearSecrets: []string{"none"}}, "settings.none"},
		"empty a required one":    {upstream.Change{Settings: map[string]string{"account": ""}}, "settings.account"},
		"unknown":                 {upstream.Change{Settings: map[string]string{"none": "x"}}, "settings.none"},
		"the kind refuses":        {upstream.Change{Settings: map[string]string{"rate": "13"}}, "settings.rate"},
	} {
		_, err := f.Update(t.Context(), f.workspace, p.ID, c.change, by)
		wantError(t, name, err, smsir.CodeInvalid, c.field)
	}
	after, err := f.db.Provider(t.Context(), f.workspace, p.ID)
	if err != nil || cmp.Diff(before, after) != "" {
		t.Errorf("refused changes changed something: %v\n%s", err, cmp.Diff(before, after))
	}
	f.update(p.ID, upstream.Change{})
	f.wantChanges(5)
}

func TestTenantsAndDeletion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.create(draft())
	name := "Stolen"
	_, err := f.Update(t.Context(), f.other, p.ID, upstream.Change{Name: &name}, by)
	wantError(t, "Update by another tenant", err, smsir.CodeNotFound, "")
	wantError(t, "Delete by another tenant", f.Delete(t.Context(), f.other, p.ID, by), smsir.CodeNotFound, "")
	f.wantChanges(1)
	if err := f.Delete(t.Context(), f.workspace, p.ID, by); err != nil {
		t.Fatal(err)
	}
	wantError(t, "Delete again", f.Delete(t.Context(), f.workspace, p.ID, by), smsir.CodeNotFound, "")
	f.wantChanges(2)
	if sealed, err := upstream.Sealed(t.Context(), f.db); sealed || err != nil {
		t.Errorf("Sealed after the only secrets were deleted: got %v, %v", sealed, err)
	}
	f.create(draft())
}

// TestSecretsAreSealed looks through the files of the database, and swaps secrets between two rows.
func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if sealed, err := upstream.Sealed(t.Context(), f.db); sealed || err != nil {
		t.Errorf("Sealed at first: got %v, %v", sealed, err)
	}
	first := f.create(draft())
	second := f.create(draft(func(d *upstream.Draft) { d.Name, d.Settings["token"] = "Second", "other-secret-token" }))
	if sealed, err := upstream.Sealed(t.Context(), f.db); !sealed || err != nil {
		t.Errorf("Sealed with secrets: got %v, %v", sealed, err)
	}
	files, err := filepath.Glob(filepath.Join(f.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "secret-token") {
			t.Errorf("%s holds a secret in the clear", file)
		}
		found = found || strings.Contains(string(content), "AC1234")
	}
	if !found {
		t.Errorf("the test looks in the wrong place: no plain setting in %v", files)
	}

	swapped := *first
	swapped.Secrets = second.Secrets
	if _, _, err := f.Open(t.Context(), swapped); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("Open with the secrets of another row: got %v, want seal.ErrOpen", err)
	}
	if got, err := f.SecretsSet(swapped); err != nil || len(got) != 0 {
		t.Errorf("SecretsSet with the secrets of another row: got %v, %v, want none", got, err)
	}
	swapped.Kind = "gone"
	if _, _, err := f.Open(t.Context(), swapped); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("Open of an unknown kind: got %v", err)
	}
}

func (f *fixture) writeKey(content string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, seal.FileName), []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func TestResealWithANewKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.create(draft())
	old, err := os.ReadFile(filepath.Join(f.dir, seal.FileName))
	if err != nil {
		t.Fatal(err)
	}
	newKey := "2 " + strings.Repeat("5a", 32) + "\n"
	f.writeKey(string(old) + newKey)
	f.Service = f.service()
	if n, err := f.Reseal(t.Context()); n != 1 || err != nil {
		t.Fatalf("Reseal: got %d, %v, want 1", n, err)
	}
	if n, err := f.Reseal(t.Context()); n != 0 || err != nil {
		t.Errorf("Reseal again: got %d, %v, want 0", n, err)
	}
	f.writeKey(newKey)
	f.Service = f.service()
	if got := f.opened(p.ID)["token"]; got != "top-secret-token" {
		t.Errorf("token with the new key alone: got %q", got)
	}
}

// TestLostKey: providers can still be seen, switched off and given their secrets again.
func TestLostKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.create(draft())
	f.writeKey("9 " + strings.Repeat("5a", 32) + "\n")
	f.Service = f.service()
	if n, err := f.Reseal(t.Context()); n != 0 || err == nil || !strings.Contains(err.Error(), p.ID.Format("prv")) {
		t.Errorf("Reseal: got %d, %v, want an error that names the provider", n, err)
	}
	if _, _, err := f.Open(t.Context(), *p); err == nil || !strings.Contains(err.Error(), "key 1") {
		t.Errorf("Open: got %v, want an error that names the key", err)
	}
	if got, err := f.SecretsSet(*p); err != nil || len(got) != 0 {
		t.Errorf("SecretsSet: got %v, %v, want none", got, err)
	}
	off := false
	if got := f.update(p.ID, upstream.Change{Enabled: &off}); got.Enabled || !slices.Equal(got.Secrets, p.Secrets) {
		t.Errorf("switched off: got %+v, want the sealed secrets kept", got)
	}
	_, err := f.Update(t.Context(), f.workspace, p.ID, upstream.Change{Settings: map[string]string{"rate": "11"}}, by)
	wantError(t, "settings without the lost secret", err, smsir.CodeInvalid, "settings.token")
	f.update(p.ID, upstream.Change{Settings: map[string]string{"token": "entered again"}})
	if got := f.opened(p.ID)["token"]; got != "entered again" {
		t.Errorf("token entered again: got %q", got)
	}
}

// TestConcurrentUpdatesKeepEachOther changes different settings at once.
func TestConcurrentUpdatesKeepEachOther(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.create(draft())
	changes := []map[string]string{{"rate": "11"}, {"tls": "true"}, {"url": "https://example.com"}, {"region": "us"}, {"key": "k"}, {"account": "AC0000"}}
	var wg sync.WaitGroup
	for _, c := range changes {
		wg.Go(func() {
			if _, err := f.Update(context.Background(), f.workspace, p.ID, upstream.Change{Settings: c}, by); err != nil {
				t.Errorf("Update(%v): %v", c, err)
			}
		})
	}
	wg.Wait()
	got := f.opened(p.ID)
	for _, c := range changes {
		for name, want := range c {
			if got[name] != want {
				t.Errorf("%s: got %q, want %q", name, got[name], want)
			}
		}
	}
}

func TestStarter(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	list, err := f.db.ListProviders(t.Context(), f.workspace)
	if err != nil || len(list) != 1 || list[0].Kind != "simulator" || list[0].Name != "Simulator" || !list[0].Enabled || list[0].Workspace != f.workspace {
		t.Fatalf("providers of a new workspace: got %+v, %v", list, err)
	}
	if got := f.opened(list[0].ID); len(got) != 0 {
		t.Errorf("settings: got %v, want none", got)
	}
	keys, err := seal.Load(f.dir, true)
	if err != nil {
		t.Fatal(err)
	}
	box, err := keys.Box(upstream.Purpose)
	if err != nil {
		t.Fatal(err)
	}
	s, err := upstream.New(upstream.Config{Store: f.db, Box: box, Kinds: []smsir.ProviderKind{fakeKind("fake")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Starter(f.workspace, start); got != nil {
		t.Errorf("Starter without a kind for tests: got %+v", got)
	}
}

// TestLimits: every kind has settings that bound what its providers are given; the adapter does not see them.
func TestLimits(t *testing.T) {
	t.Parallel()
	kind := testKind()
	kind.Name, kind.TestOnly, kind.Window, kind.Rate, kind.SenderRate = "limited", false, 20, 2.5, 1
	f := newFixture(t, kind)
	p, err := f.Create(t.Context(), f.workspace, upstream.Draft{Kind: "limited", Name: "A", Settings: map[string]string{"sender_rate": "0", "window": "7"}}, upstream.By{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.Limits(*p), (upstream.Limits{Window: 7, Rate: 2.5}); got != want {
		t.Errorf("limits %+v, want %+v", got, want)
	}
	opened, _, err := f.Open(t.Context(), *p)
	if err != nil {
		t.Fatal(err)
	}
	if got := opened.(*fakeProvider).cfg.Settings; len(got) != 0 {
		t.Errorf("the adapter sees %v", got)
	}
	for name, bad := range map[string]string{"rate": "-1", "sender_rate": "fast", "window": "0"} {
		_, err := f.Create(t.Context(), f.workspace, upstream.Draft{Kind: "limited", Name: "B", Settings: map[string]string{name: bad}}, upstream.By{})
		var e *smsir.Error
		if !errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != "settings."+name {
			t.Errorf("%s %q: %v, want invalid", name, bad, err)
		}
	}
	own := fakeKind("fake")
	if got, want := f.Limits(store.Provider{Kind: own.Name, Settings: map[string]string{"rate": "4"}}), (upstream.Limits{Window: 3, Rate: 4}); got != want {
		t.Errorf("a kind with a field of its own: %+v, want %+v", got, want)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var names []string
	for _, k := range f.Kinds() {
		names = append(names, k.Name)
	}
	if !slices.Equal(names, []string{"fake", "simulator", "second"}) {
		t.Errorf("Kinds: got %v", names)
	}
	if k, ok := f.Kind("second"); !ok || k.Title != "Fake second" || len(k.Fields) != 10 { // eight of its own, and two that every kind has
		t.Errorf("Kind(second): got %+v, %v", k, ok)
	}
	if _, ok := f.Kind("none"); ok {
		t.Error("Kind(none): got one")
	}
	k := fakeKind("fake")
	for _, c := range []struct {
		settings map[string]string
		cleared  []string
		want     bool
	}{
		{nil, nil, false},
		{map[string]string{"rate": "1", "token": ""}, nil, false},
		{map[string]string{"token": "x"}, nil, true},
		{nil, []string{"key"}, true},
	} {
		if got := upstream.ChangesSecrets(k, c.settings, c.cleared); got != c.want {
			t.Errorf("ChangesSecrets(%v, %v): got %v, want %v", c.settings, c.cleared, got, c.want)
		}
	}
}

func TestBadKindsAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	keys, err := seal.Load(f.dir, true)
	if err != nil {
		t.Fatal(err)
	}
	box, err := keys.Box(upstream.Purpose)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*smsir.ProviderKind){
		"no name":                  func(k *smsir.ProviderKind) { k.Name = "" },
		"no title":                 func(k *smsir.ProviderKind) { k.Title = "" },
		"no Open":                  func(k *smsir.ProviderKind) { k.Open = nil },
		"a name twice":             func(k *smsir.ProviderKind) { k.Name = "simulator" },
		"a field without name":     func(k *smsir.ProviderKind) { k.Fields[0].Name = "" },
		"a field twice":            func(k *smsir.ProviderKind) { k.Fields[1].Name = "account" },
		"an unknown type":          func(k *smsir.ProviderKind) { k.Fields[0].Type = "colour" },
		"a bad pattern":            func(k *smsir.ProviderKind) { k.Fields[0].Pattern = "(" },
		"a default that fails":     func(k *smsir.ProviderKind) { k.Fields[3].Default = "ten" },
		"a secret with a default":  func(k *smsir.ProviderKind) { k.Fields[1].Default = "x" },
		"a select without options": func(k *smsir.ProviderKind) { k.Fields[5].Options, k.Fields[5].Default = nil, "" },
		"a text with options":      func(k *smsir.ProviderKind) { k.Fields[0].Options = []string{"x"} },
	} {
		k := fakeKind("fake")
		change(&k)
		if _, err := upstream.New(upstream.Config{Store: f.db, Box: box, Kinds: []smsir.ProviderKind{testKind(), k}}); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if _, err := upstream.New(upstream.Config{Store: f.db}); err == nil {
		t.Error("no box: got no error")
	}
}

// TestDeleteWhatARuleNames: a provider that a routing rule names stays.
func TestDeleteWhatARuleNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.create(draft())
	f.naming = []string{"One-time codes"}
	err := f.Delete(t.Context(), f.workspace, p.ID, by)
	wantError(t, "a provider that a rule names", err, smsir.CodeConflict, "")
	if err == nil || !strings.Contains(err.Error(), "One-time codes") {
		t.Errorf("the refusal does not name the rule: %v", err)
	}
	if _, err := f.db.Provider(t.Context(), f.workspace, p.ID); err != nil {
		t.Errorf("after the refusal: %v", err)
	}
	f.naming = nil
	if err := f.Delete(t.Context(), f.workspace, p.ID, by); err != nil {
		t.Errorf("when no rule names it any more: %v", err)
	}
}
