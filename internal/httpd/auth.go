package httpd

import (
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/store"
)

// registerAuth registers how people come in.
func (s *Server) registerAuth(b *builder) {
	handle(b, route{
		Method: "GET", Path: "/v1/info", ID: "getInfo", Tag: "Session",
		Summary: "What anybody may know before logging in",
	}, s.getInfo)
	handle(b, route{
		Method: "POST", Path: "/v1/auth/register", ID: "register", Tag: "Session", Status: 201, Errors: []int{409, 429},
		Summary: "Register a person",
		Text: "The first person of a server registers with the setup code that it prints, becomes its operator and the owner of the first workspace. " +
			"Afterwards a person needs an invitation, or registration is open: then each gets a workspace.",
	}, s.register)
	handle(b, route{
		Method: "POST", Path: "/v1/auth/login", ID: "login", Tag: "Session", Errors: []int{401, 429},
		Summary: "Log in", Text: "Sets the session cookie, or returns a bearer token with `\"client\":\"app\"`.",
	}, s.login)
	handle(b, route{Method: "POST", Path: "/v1/auth/logout", ID: "logout", Tag: "Session", Summary: "Log out"},
		func(c *call, _ *struct{}) (*none, error) {
			if err := s.deps.Accounts.Logout(c.ctx(), c.p, c.peer()); err != nil {
				return nil, err
			}
			c.clearSession()
			return &none{}, nil
		})
	handle(b, route{
		Method: "POST", Path: "/v1/auth/password", ID: "changePassword", Tag: "Session", Errors: []int{429},
		Summary: "Change the password", Text: "Ends every other session of the person.",
	},
		func(c *call, in *struct{ Body api.PasswordChange }) (*none, error) {
			if err := c.requireSafe(); err != nil {
				return nil, err
			}
			return &none{}, s.deps.Accounts.ChangePassword(c.ctx(), c.p, in.Body.OldPassword, in.Body.NewPassword, c.peer())
		})
	handle(b, route{
		Method: "POST", Path: "/v1/auth/reauth", ID: "reauthenticate", Tag: "Session", Errors: []int{429}, Audit: "session.confirmed",
		Summary: "Give the password again", Text: "Needed before something sensitive when the log-in is older than ten minutes (problem `reauth_required`).",
	},
		func(c *call, in *struct{ Body api.ReauthRequest }) (*none, error) {
			if err := c.requireSafe(); err != nil {
				return nil, err
			}
			return &none{}, s.deps.Accounts.Reauthenticate(c.ctx(), c.p, in.Body.Password, c.peer())
		})
}

func (s *Server) getInfo(c *call, _ *struct{}) (*api.PublicInfo, error) {
	registration, err := s.deps.Accounts.Registration(c.ctx())
	if err != nil {
		return nil, err
	}
	return &api.PublicInfo{
		Version: s.deps.Version, Registration: string(registration),
		InsecureHTTP: !s.isSecure(c.r), LoginAllowed: s.cookieName(c.r) != "",
	}, nil
}

func (s *Server) register(c *call, in *struct{ Body api.RegisterRequest }) (*api.Login, error) {
	if err := c.requireSafe(); err != nil {
		return nil, err
	}
	r := in.Body
	got, err := s.deps.Accounts.Register(c.ctx(), account.RegisterRequest{
		SetupCode: r.SetupCode, Invite: r.Invite, Email: r.Email,
		Password: r.Password, Name: r.Name, WorkspaceName: r.WorkspaceName, Country: r.Country, TimeZone: r.TimeZone,
		Client: r.Client, OldToken: s.sessionCookie(c.r),
	}, c.peer())
	if err != nil {
		return nil, err
	}
	s.claimed.Store(true)
	return c.signedIn(got)
}

func (s *Server) login(c *call, in *struct{ Body api.LoginRequest }) (*api.Login, error) {
	if err := c.requireSafe(); err != nil {
		return nil, err
	}
	got, err := s.deps.Accounts.Login(c.ctx(), account.LoginRequest{
		Email: in.Body.Email, Password: in.Body.Password,
		Client: in.Body.Client, OldToken: s.sessionCookie(c.r),
	}, c.peer())
	if err != nil {
		return nil, err
	}
	return c.signedIn(got)
}

// signedIn hands a new session over: as a cookie, or in the answer.
func (c *call) signedIn(got *account.SignIn) (*api.Login, error) {
	p := got.Principal
	out := &api.Login{User: userOf(p.User), Workspace: workspaceOf(p.Workspace), Role: p.Role.String(), ExpiresAt: got.ExpiresAt.UTC()}
	if p.Client == "app" {
		out.Token = got.Token
	} else {
		c.setSession(got.Token, got.ExpiresAt)
	}
	return out, nil
}

// registerSessions registers a person's own log-ins.
func (s *Server) registerSessions(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/auth/sessions", ID: "listSessions", Tag: "Session", Summary: "List one's own log-ins"},
		func(c *call, _ *struct{}) (*api.SessionList, error) {
			all, err := s.deps.Accounts.Sessions(c.ctx(), c.p)
			if err != nil {
				return nil, err
			}
			out := &api.SessionList{Items: make([]api.Session, len(all))}
			for i := range all {
				out.Items[i] = sessionOf(&all[i], c.p)
			}
			return out, nil
		})
	handle(b, route{Method: "DELETE", Path: "/v1/auth/sessions/{id}", ID: "revokeSession", Tag: "Session", Summary: "End a log-in"},
		func(c *call, in *sessionID) (*none, error) {
			id, err := parseUUID(smsir.PrefixSession, in.ID)
			if err != nil {
				return nil, err
			}
			if err := s.deps.Accounts.RevokeSession(c.ctx(), c.p, id, c.peer()); err != nil {
				return nil, err
			}
			if id == c.p.SessionID {
				c.clearSession()
			}
			return &none{}, nil
		})
}

type sessionID struct {
	ID string `path:"id" doc:"Identifier of the session." example:"ses_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

func sessionOf(in *store.Session, p *account.Principal) api.Session {
	return api.Session{
		ID: in.ID.Format(smsir.PrefixSession), Client: in.Client, UserAgent: in.UserAgent, IP: in.IP,
		CreatedAt: in.CreatedAt.UTC(), LastSeenAt: in.LastSeenAt.UTC(), ExpiresAt: in.ExpiresAt.UTC(), Current: in.ID == p.SessionID,
	}
}

func userOf(u *store.User) api.User {
	return api.User{ID: u.ID.Format(smsir.PrefixUser), Email: u.Email, Name: u.Name, Phone: u.Phone, Operator: u.Operator, CreatedAt: u.CreatedAt.UTC()}
}

func workspaceOf(w *store.Workspace) api.Workspace {
	out := api.Workspace{
		ID: w.ID.Format(smsir.PrefixWorkspace), Name: w.Name, Country: w.Country, TimeZone: w.TimeZone,
		OnUnknown: w.OnUnknown.String(), SmartEncoding: w.Smart, CreatedAt: w.CreatedAt.UTC(), PausedAt: api.Time(w.PausedAt), RegisteredSendersOnly: w.Registered,
		QueueMaxCount: w.QueueCount, QueueMaxAge: int64(w.QueueAge / time.Second),
	}
	if w.Quiet != (store.QuietHours{}) {
		out.Quiet = &api.QuietHours{From: w.Quiet.From, To: w.Quiet.To}
	}
	return out
}

// parseUUID reads an identifier; one that is not well formed names nothing.
func parseUUID(prefix, s string) (smsir.UUID, error) {
	id, err := smsir.ParseUUID(prefix, s)
	if err != nil {
		return id, smsir.Errorf(smsir.CodeNotFound, "not an identifier")
	}
	return id, nil
}

// parseID is [parseUUID] for the identifiers of hot rows.
func parseID(prefix, s string) (smsir.ID, error) {
	id, err := smsir.ParseID(prefix, s)
	if err != nil {
		return id, smsir.Errorf(smsir.CodeNotFound, "not an identifier")
	}
	return id, nil
}
