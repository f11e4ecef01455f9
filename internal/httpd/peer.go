package httpd

import (
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// Networks is a list of networks.
type Networks []netip.Prefix

func (n Networks) contains(a netip.Addr) bool {
	for _, p := range n {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// remote is the other end of the connection.
func remote(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// clientIP is who calls: the other end of the connection, or, when that is a trusted proxy, the last
// address in X-Forwarded-For that is none.
func (s *Server) clientIP(r *http.Request) netip.Addr {
	ip := remote(r)
	if len(s.deps.Trusted) == 0 || !s.deps.Trusted.contains(ip) {
		return ip
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return ip // whatever stands further left cannot be believed
		}
		if ip = hop.Unmap().WithZone(""); !s.deps.Trusted.contains(ip) {
			return ip
		}
	}
	return ip
}

// isHTTPS reports whether the caller's connection is encrypted, here or at a trusted proxy.
func (s *Server) isHTTPS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	return len(s.deps.Trusted) > 0 && s.deps.Trusted.contains(remote(r)) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// isLocal reports whether a browser takes the address it used for its own machine: such a connection
// is as safe as an encrypted one.
func isLocal(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return remote(r).IsLoopback()
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback() && remote(r).IsLoopback()
}

// isSecure reports whether passwords and cookies are safe on the caller's connection.
func (s *Server) isSecure(r *http.Request) bool { return s.isHTTPS(r) || isLocal(r) }

// Headers that every answer carries, and every one of the API. They are shared by all answers: a value is never changed, only
// replaced.
var (
	everyAnswer = http.Header{
		"X-Content-Type-Options":       {"nosniff"},
		"Referrer-Policy":              {"no-referrer"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"X-Frame-Options":              {"DENY"},
		"Permissions-Policy":           {"camera=(), geolocation=(), microphone=()"},
	}
	apiAnswer = http.Header{
		"Cache-Control":           {"no-store"},
		"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
	}
)

// setHeaders sets what every answer carries.
func (s *Server) setHeaders(h http.Header, r *http.Request) {
	maps.Copy(h, everyAnswer)
	if s.isHTTPS(r) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// checkOrigin refuses a write that a browser sends on behalf of another site (CSRF), by Sec-Fetch-Site
// and Origin. Programs send neither.
func (s *Server) checkOrigin(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" {
		return nil
	}
	if s.sameOrigin(r) {
		return nil
	}
	return smsir.Errorf(api.CodeCrossOrigin, "A browser sent this on behalf of another site.")
}

// sameOrigin reports whether the request comes from our own pages, as far as the browser tells, or from
// a program. It asks nothing about the method: an upgrade to a WebSocket is a GET and needs it too.
func (s *Server) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin != "" && s.deps.PublicURL != "" && origin == originOf(s.deps.PublicURL) {
		return true
	}
	var protection http.CrossOriginProtection
	write := &http.Request{Method: http.MethodPost, URL: r.URL, Host: r.Host, Header: r.Header}
	return protection.Check(write) == nil
}

// originOf is scheme and host of a URL.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
