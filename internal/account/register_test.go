package account

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/store"
)

func TestFirstPersonBecomesOperatorAndOwner(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if claimed, err := f.Claimed(t.Context()); claimed || err != nil {
		t.Fatalf("Claimed before anybody registered: got %v, %v", claimed, err)
	}
	in := f.owner()
	p := in.Principal
	if !p.User.Operator || p.Role != store.Owner || p.Client != "web" || p.Workspace.Name != "Workspace of ada@example.com" ||
		p.Workspace.Country != "KE" || p.Workspace.TimeZone != "Africa/Nairobi" || !p.Workspace.Smart || p.Workspace.OnUnknown != smsir.Hold {
		t.Errorf("the first person: got %+v in %+v as %s", p.User, p.Workspace, p.Role)
	}
	if !strings.HasPrefix(p.User.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("password hash: got %q", p.User.PasswordHash)
	}
	providers, err := f.db.ListProviders(t.Context(), p.Workspace.ID)
	if err != nil || len(providers) != 1 || providers[0].Name != "Simulator" {
		t.Errorf("providers of the new workspace: got %v, %v, want the simulator", providers, err)
	}
	if claimed, err := f.Claimed(t.Context()); !claimed || err != nil {
		t.Errorf("Claimed after registration: got %v, %v", claimed, err)
	}
	f.alive("of the registration", in.Token, true)
	if got := in.ExpiresAt; !got.Equal(start.Add(168 * time.Hour)) {
		t.Errorf("end of the session: got %s", got)
	}
	entries, err := f.db.Audit(t.Context(), p.Workspace.ID, store.AuditFilter{Limit: 10})
	if err != nil || len(entries) != 1 || entries[0].Action != "user.registered" || entries[0].Actor != p.Actor || entries[0].IP != "192.0.2.10" {
		t.Errorf("audit: got %+v, %v", entries, err)
	}
}

func TestSetupCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	code := f.run()
	if len(code) != 19 || strings.Count(code, "-") != 3 {
		t.Errorf("setup code: got %q, want four groups of four", code)
	}
	register := func(code string, peer Peer) error {
		r := request("ada@example.com")
		r.SetupCode = code
		_, err := f.Register(t.Context(), r, peer)
		return err
	}
	for _, wrong := range []string{"", "0000-0000-0000-0000", code[1:], code + "0", "admin"} {
		wantError(t, "setup code "+wrong, register(wrong, home), CodeSetupCodeInvalid, "setup_code")
	}
	if some, err := f.db.HasUsers(t.Context()); some || err != nil {
		t.Fatalf("somebody registered with a wrong code (%v)", err)
	}

	f.clock.advance(SetupAge)
	wantError(t, "a code of 30 minutes ago", register(code, home), CodeSetupCodeInvalid, "setup_code")
	f.clock.advance(-time.Second)
	wantNil(t, "the code as people type it", register(" "+strings.ToUpper(strings.ReplaceAll(code, "-", " ")), home))
	wantError(t, "the code again", register(code, home), CodeSetupCodeInvalid, "setup_code")
}

func TestSetupCodesCannotBeTriedFast(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := request("ada@example.com")
	r.SetupCode = f.run()
	wrong := r
	wrong.SetupCode = "0000-0000-0000-0000"
	var last error
	n := 0
	for ; n < 200 && smsir.CodeOf(last) != CodeSlowDown; n++ {
		_, last = f.Register(t.Context(), wrong, home)
	}
	wantError(t, "the last of many codes", last, CodeSlowDown, "")
	if RetryAfter(last) <= 0 || n < 20 {
		t.Errorf("slowed down after %d codes with %s, want some free tries and a wait", n, RetryAfter(last))
	}
	_, err := f.Register(t.Context(), r, peerAt("192.0.2.99"))
	wantNil(t, "the right code from another address", err)
}

func TestTwoFirstPersonsAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	code := f.run()
	results := make(chan error, 4)
	for _, email := range []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"} {
		go func() {
			r := request(email)
			r.SetupCode = code
			_, err := f.Register(t.Context(), r, home)
			results <- err
		}()
	}
	won := 0
	for range cap(results) {
		if err := <-results; err == nil {
			won++
		} else {
			wantError(t, "who came second", err, CodeSetupCodeInvalid, "setup_code")
		}
	}
	if won != 1 {
		t.Errorf("%d first persons, want 1", won)
	}
}

func TestRegistrationModes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	ctx := t.Context()
	register := func(email, invite string) error {
		r := request(email)
		r.Invite = invite
		_, err := f.Register(ctx, r, home)
		return err
	}
	invite, err := f.Invite(ctx, ada.Principal, "bob@example.com", store.Member, home)
	wantNil(t, "Invite", err)

	wantError(t, "by invitation, without one", register("bob@example.com", ""), CodeInvitationRequired, "invite")
	wantNil(t, "SetRegistration", f.SetRegistration(ctx, ada.Principal, config.RegistrationClosed, home))
	wantError(t, "closed", register("bob@example.com", ""), CodeRegistrationClosed, "")
	wantError(t, "closed, with an invitation", register("bob@example.com", invite.Code), CodeRegistrationClosed, "")
	wantNil(t, "SetRegistration", f.SetRegistration(ctx, ada.Principal, config.RegistrationOpen, home))
	if got, err := f.Registration(ctx); got != config.RegistrationOpen || err != nil {
		t.Errorf("Registration: got %q, %v", got, err)
	}
	eve := f.register(request("eve@example.com"))
	if eve.Principal.User.Operator || eve.Principal.Role != store.Owner || eve.Principal.Workspace.ID == ada.Principal.Workspace.ID {
		t.Errorf("a newcomer when open: got %+v as %s, want the owner of another workspace and no operator", eve.Principal.User, eve.Principal.Role)
	}
	wantNil(t, "open, with an invitation", register("bob@example.com", invite.Code))

	bob := f.mustLogin("bob@example.com")
	wantError(t, "SetRegistration by a member", f.SetRegistration(ctx, bob.Principal, config.RegistrationOpen, home), CodeForbidden, "")
	wantError(t, "SetRegistration by an owner who is no operator", f.SetRegistration(ctx, eve.Principal, config.RegistrationOpen, home), CodeForbidden, "")
	wantError(t, "SetRegistration by nobody", f.SetRegistration(ctx, nil, config.RegistrationOpen, home), CodeUnauthenticated, "")
	wantError(t, "an unknown mode", f.SetRegistration(ctx, ada.Principal, "maybe", home), smsir.CodeInvalid, "registration")
	if got := f.actions(smsir.UUID{}); !slices.Equal(got, []string{"setting.changed", "setting.changed"}) {
		t.Errorf("audit of the instance: got %v", got)
	}
}

func TestOpenRegistrationIsPaced(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	wantNil(t, "SetRegistration", f.SetRegistration(t.Context(), ada.Principal, config.RegistrationOpen, home))
	r := request("ada@example.com")
	r.Password = "short" // refused before any work
	var last error
	for n := 0; n < 100 && smsir.CodeOf(last) != CodeSlowDown; n++ {
		_, last = f.Register(t.Context(), r, home)
	}
	wantError(t, "the last of many registrations", last, CodeSlowDown, "")
	_, err := f.Register(t.Context(), r, peerAt("192.0.2.99"))
	wantError(t, "another address", err, CodePasswordWeak, "password")
}

func TestRegistrationSetting(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config) { c.Registration = config.RegistrationClosed })
	if got, err := f.Registration(t.Context()); got != config.RegistrationClosed || err != nil {
		t.Errorf("Registration from the configuration: got %q, %v", got, err)
	}
	if _, err := New(Config{Store: f.db, Session: config.Session{Idle: 1, Absolute: 1}, Registration: "maybe"}); err == nil {
		t.Error("New with an unknown registration: got no error")
	}
	if _, err := New(Config{Store: f.db}); err == nil {
		t.Error("New without times for sessions: got no error")
	}
	if _, err := New(Config{Session: config.Session{Idle: 1, Absolute: 1}}); err == nil {
		t.Error("New without a store: got no error")
	}
}

func TestRegisterChecksWhatPeopleSay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	code := f.run()
	for name, c := range map[string]struct {
		change func(*RegisterRequest)
		code   smsir.Code
		field  string
	}{
		"no address":             {func(r *RegisterRequest) { r.Email = "" }, smsir.CodeInvalid, "email"},
		"no domain":              {func(r *RegisterRequest) { r.Email = "ada" }, smsir.CodeInvalid, "email"},
		"name and address":       {func(r *RegisterRequest) { r.Email = "Ada <ada@example.com>" }, smsir.CodeInvalid, "email"},
		"two addresses":          {func(r *RegisterRequest) { r.Email = "a@example.com,b@example.com" }, smsir.CodeInvalid, "email"},
		"line break in address":  {func(r *RegisterRequest) { r.Email = "ada\r\n@example.com" }, smsir.CodeInvalid, "email"},
		"long address":           {func(r *RegisterRequest) { r.Email = strings.Repeat("a", 250) + "@example.com" }, smsir.CodeInvalid, "email"},
		"no name":                {func(r *RegisterRequest) { r.Name = " " }, smsir.CodeInvalid, "name"},
		"long name":              {func(r *RegisterRequest) { r.Name = strings.Repeat("ä", 101) }, smsir.CodeInvalid, "name"},
		"line break in name":     {func(r *RegisterRequest) { r.Name = "Ada\nlevel=info" }, smsir.CodeInvalid, "name"},
		"broken Unicode in name": {func(r *RegisterRequest) { r.Name = "Ada\xff" }, smsir.CodeInvalid, "name"},
		"no workspace name":      {func(r *RegisterRequest) { r.WorkspaceName = "" }, smsir.CodeInvalid, "workspace_name"},
		"no country":             {func(r *RegisterRequest) { r.Country = "" }, smsir.CodeInvalid, "country"},
		"unknown country":        {func(r *RegisterRequest) { r.Country = "QQ" }, smsir.CodeInvalid, "country"},
		"half a pair":            {func(r *RegisterRequest) { r.Country = "D " }, smsir.CodeInvalid, "country"},
		"no time zone":           {func(r *RegisterRequest) { r.TimeZone = "" }, smsir.CodeInvalid, "time_zone"},
		"local time zone":        {func(r *RegisterRequest) { r.TimeZone = "Local" }, smsir.CodeInvalid, "time_zone"},
		"unknown time zone":      {func(r *RegisterRequest) { r.TimeZone = "Mars/Olympus" }, smsir.CodeInvalid, "time_zone"},
		"time zone as a path":    {func(r *RegisterRequest) { r.TimeZone = "../../etc/passwd" }, smsir.CodeInvalid, "time_zone"},
		"unknown client":         {func(r *RegisterRequest) { r.Client = "tv" }, smsir.CodeInvalid, "client"},
		"weak password":          {func(r *RegisterRequest) { r.Password = "password123" }, CodePasswordWeak, "password"},
		"password is the name":   {func(r *RegisterRequest) { r.Password = "NAME OF ada@example.com" }, CodePasswordWeak, "password"},
	} {
		r := request("ada@example.com")
		r.SetupCode = code
		c.change(&r)
		_, err := f.Register(t.Context(), r, home)
		wantError(t, name, err, c.code, c.field)
	}

	r := request(" Ada@Example.com ")
	r.SetupCode, r.Country, r.Client, r.Name = code, "ke", "app", "{{7*7}} <b>"
	in := f.register(r)
	if p := in.Principal; p.User.Email != "Ada@Example.com" || p.Workspace.Country != "KE" || p.Client != "app" || p.User.Name != "{{7*7}} <b>" {
		t.Errorf("registered: got %+v in %+v for %s", p.User, p.Workspace, p.Client)
	}
	if _, err := f.Bearer(t.Context(), in.Token); err != nil {
		t.Errorf("the bearer token: %v", err)
	}
	f.alive("that is a bearer token", in.Token, false)
}

func TestTakenAddress(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	wantNil(t, "SetRegistration", f.SetRegistration(t.Context(), ada.Principal, config.RegistrationOpen, home))
	_, err := f.Register(t.Context(), request("ADA@example.com"), home)
	wantError(t, "a taken address", err, CodeEmailTaken, "email")
}

func TestRegistrationEndsTheOldSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	wantNil(t, "SetRegistration", f.SetRegistration(t.Context(), ada.Principal, config.RegistrationOpen, home))
	r := request("bob@example.com")
	r.OldToken = ada.Token
	bob := f.register(r)
	f.alive("of before", ada.Token, false)
	f.alive("of the newcomer", bob.Token, true)
}
