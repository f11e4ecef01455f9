package httpd

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
)

// Names of the session cookie. The prefix __Host- binds it to this very host and to a safe connection
// (RFC 6265bis §4.1.3.2).
const (
	safeCookie   = "__Host-smsir"
	unsafeCookie = "smsir_insecure"
)

// authenticate resolves the credential of a request: the Authorization header where there is one, else
// the session cookie. Nothing else is a credential; a key in the query is not even looked at.
func (s *Server) authenticate(r *http.Request) (*account.Principal, error) {
	switch headers := r.Header["Authorization"]; {
	case len(headers) > 1:
		return nil, smsir.Errorf(api.CodeUnauthenticated, "There is more than one Authorization header.")
	case len(headers) == 1:
		scheme, token, _ := strings.Cut(headers[0], " ")
		if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > 256 {
			return nil, smsir.Errorf(api.CodeUnauthenticated, "The Authorization header must be Bearer and an API key or token.")
		}
		p, err := s.deps.Accounts.Bearer(r.Context(), strings.TrimSpace(token))
		if err == nil && p.IsKey() {
			s.deps.Accounts.Used(p, account.Peer{IP: s.clientIP(r)})
		}
		return p, err
	}
	if token := s.sessionCookie(r); token != "" {
		return s.deps.Accounts.Cookie(r.Context(), token)
	}
	return nil, smsir.Errorf(api.CodeUnauthenticated, "This needs you to be logged in.")
}

// cookieName is the name of the session cookie on the caller's connection, "" where none is allowed.
func (s *Server) cookieName(r *http.Request) string {
	switch {
	case s.isSecure(r):
		return safeCookie
	case s.deps.AllowInsecureHTTP:
		return unsafeCookie
	}
	return ""
}

// sessionCookie is the session token that the browser holds, "" if none.
func (s *Server) sessionCookie(r *http.Request) string {
	name := s.cookieName(r)
	if name == "" {
		return ""
	}
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// setSession hands the session token to the browser.
func (c *call) setSession(token string, until time.Time) {
	c.setCookie(token, until)
}

// clearSession takes the session token from the browser, and what it has cached.
func (c *call) clearSession() {
	c.setCookie("", time.Unix(1, 0))
	c.w.Header().Set("Clear-Site-Data", `"cache"`)
}

func (c *call) setCookie(value string, until time.Time) {
	name := c.s.cookieName(c.r)
	if name == "" {
		return
	}
	cookie := &http.Cookie{
		Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: name == safeCookie, Expires: until,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.w, cookie)
}

// requireSafe refuses to take a password over plain HTTP from another machine.
func (c *call) requireSafe() error {
	if c.s.cookieName(c.r) == "" {
		return smsir.Errorf(api.CodeInsecureConnection, "A password must not travel over plain HTTP from another machine.")
	}
	return nil
}

// principalKey is the context key under which routes that are no [call] find the caller.
type principalKey struct{}

// principalOf is the caller of a route that was let in by the access table; nil on one for anybody.
func principalOf(ctx context.Context) *account.Principal {
	p, _ := ctx.Value(principalKey{}).(*account.Principal)
	return p
}

func withPrincipal(c *call) context.Context {
	return context.WithValue(c.ctx(), principalKey{}, c.p)
}
