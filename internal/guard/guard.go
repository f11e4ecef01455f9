// Package guard is in charge of requests to addresses that tenants choose, such as webhooks: it keeps them away from
// everything that is not on the public internet.
//
// It does not know what is sent. Providers are addressed by operators and go through package outcall.
//
// What it guarantees: no connection is opened to a loopback, private, link-local, shared, reserved or multicast address,
// in whatever notation and through whatever name, unless the operator has listed its network: the check is made on the
// address that is dialled, after the name was looked up. No redirect is followed, no proxy of the environment is used,
// and TLS certificates are checked.
package guard

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// forbidden are the ranges that are not the public internet: the special-purpose registries of IANA for IPv4 and IPv6
// (RFC 6890), and those that carry an IPv4 address inside.
var forbidden = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/127", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
	"fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// ports belong to services that speak something else than HTTP and could be made to do harm by it.
var ports = []int{1, 7, 9, 11, 13, 17, 19, 20, 21, 22, 23, 25, 53, 79, 110, 111, 135, 139, 143, 389, 445, 465, 514, 587, 636, 993, 995, 2049, 2775, 3306, 3550, 5432, 5672, 6379, 6667, 9090, 9200, 11211, 27017}

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, p := range list {
		all[i] = netip.MustParsePrefix(p)
	}
	return all
}

// Guard decides. It is safe for concurrent use.
type Guard struct{ allow []netip.Prefix }

// New returns a guard that lets through the public internet and the networks that the operator lists.
func New(allow []netip.Prefix) *Guard { return &Guard{allow: slices.Clone(allow)} }

// Allowed reports whether an address may be dialled.
func (g *Guard) Allowed(addr netip.Addr) bool {
	addr = addr.Unmap()
	if addr.Zone() != "" || !addr.IsValid() {
		return false
	}
	in := func(p netip.Prefix) bool { return p.Contains(addr) }
	return slices.ContainsFunc(g.allow, in) || !slices.ContainsFunc(forbidden, in)
}

// MaxURL is the length of an address, in bytes.
const MaxURL = 2048

// CheckURL reads an address that a tenant enters. Whether its host may be dialled shows only then: a name can lead
// elsewhere tomorrow. Plain http is for networks that the operator has listed. The error says how to put it right.
func (g *Guard) CheckURL(raw string) (*url.URL, error) {
	if len(raw) > MaxURL {
		return nil, fmt.Errorf("the address is longer than %d bytes", MaxURL)
	}
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f || r > 0x7e }) {
		return nil, errors.New("the address has characters that do not belong there; write international names in their xn-- form")
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("this is not a web address; write it like https://example.com/hooks/sms")
	case u.User != nil:
		return nil, errors.New("the address must not hold a user name or password")
	case u.Fragment != "" || strings.HasSuffix(raw, "#"):
		return nil, errors.New("the address must not hold a fragment (#…): it is never sent")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || slices.Contains(ports, n) {
			return nil, fmt.Errorf("port %s cannot be used: it belongs to another service", port)
		}
	}
	addr, err := netip.ParseAddr(strings.Trim(u.Hostname(), "[]"))
	literal := err == nil
	if literal && !g.Allowed(addr) {
		return nil, errors.New("the address is not on the public internet; an operator can allow networks of their own (webhooks.allow_networks)")
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && literal && slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) }):
	case u.Scheme == "http":
		return nil, errors.New("the address must begin with https://: what is sent holds messages and numbers")
	default:
		return nil, errors.New("the address must begin with https://")
	}
	return u, nil
}

// ErrForbidden is the reason why a connection was not opened.
var ErrForbidden = errors.New("the address is not on the public internet")

// Client returns an HTTP client behind the guard. timeout bounds a request from its start to the last byte of the answer.
func (g *Guard) Client(timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !g.Allowed(at.Addr()) {
			return ErrForbidden
		}
		return nil
	}}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    timeout,
			MaxResponseHeaderBytes: 32 << 10,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        30 * time.Second,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
	}
}
