package guard_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smsir/smsir/internal/guard"
)

func TestForbiddenAddresses(t *testing.T) {
	t.Parallel()
	g := guard.New(nil)
	for _, s := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "169.254.170.2",
		"100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1",
		"fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
	} {
		if g.Allowed(netip.MustParseAddr(s)) {
			t.Errorf("%s is allowed", s)
		}
	}
	for _, s := range []string{"1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "192.0.1.1"} {
		if !g.Allowed(netip.MustParseAddr(s)) {
			t.Errorf("%s is forbidden", s)
		}
	}
	own := guard.New([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	if !own.Allowed(netip.MustParseAddr("10.1.2.3")) || own.Allowed(netip.MustParseAddr("192.168.0.1")) {
		t.Error("an operator's network is not what is allowed")
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	g := guard.New([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	for _, s := range []string{"https://example.com/hooks?x=1", "https://example.com:8443/", "https://xn--bcher-kva.example/", "http://10.1.2.3:8080/x", "https://[2606:4700::1111]/"} {
		if _, err := g.CheckURL(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{
		"", "example.com", "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com", "dict://example.com", "unix:/x", "data:text/plain,x",
		"https://", "https:///x", "https://user:pass@example.com/", "https://good@127.0.0.1/", "https://127.0.0.1/", "https://127.0.0.1#@good/", "https://example.com/#x", "https://example.com/#",
		"https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://169.254.169.254/latest", "https://192.168.0.1/", "http://127.0.0.1/",
		"https://example.com:22/", "https://example.com:25/", "https://example.com:5432/", "https://example.com:6379/", "https://example.com:0/", "https://example.com:99999/",
		"https://example.com\\@127.0.0.1/", "https://exam\tple.com/", "https://exam\nple.com/", "https://exa。mple.com/", "https://bücher.example/", "https://example.com/" + strings.Repeat("x", guard.MaxURL),
	} {
		if u, err := g.CheckURL(s); err == nil {
			t.Errorf("%q is accepted as %v", s, u)
		}
	}
}

// TestNothingIsDialled: names and odd notations that lead to this machine open no connection.
func TestNothingIsDialled(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(server.Close)
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	client := guard.New(nil).Client(5 * time.Second)
	for _, host := range []string{"127.0.0.1", "localhost", "LOCALHOST.", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+port+"/", nil)
		if err != nil {
			continue // such an address cannot even be written
		}
		res, err := client.Do(req)
		if err == nil {
			_ = res.Body.Close()
			t.Errorf("%s answered", host)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d connections came through", n)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Do(req); !errors.Is(err, guard.ErrForbidden) { //nolint:bodyclose // there is no answer
		t.Errorf("got %v, want ErrForbidden", err)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(server.Close)
	client := guard.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}).Client(5 * time.Second)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusTemporaryRedirect || hits.Load() != 1 {
		t.Errorf("status %d after %d requests", res.StatusCode, hits.Load())
	}
}
