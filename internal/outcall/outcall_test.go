package outcall

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	s := listen(t, answering("HTTP/1.1 400 Bad Request\r\nContent-Length: 14\r\nX-Request: 7\r\n\r\n{\"code\":21211}"))
	c := newClient(t, Options{})
	for range 3 {
		got, err := c.Do(t.Context(), post(t, s.url, "a"))
		if err != nil || got.Status != 400 || string(got.Body) != `{"code":21211}` || got.Header.Get("X-Request") != "7" || got.Truncated {
			t.Fatalf("got %+v, error %v", got, err)
		}
	}
	if got := s.count("a"); got != 3 {
		t.Errorf("the server saw %d requests, want 3", got)
	}
}

// TestTooLate: a message whose validity ends while the connection is made is not written, on a new connection or an old one.
func TestTooLate(t *testing.T) {
	t.Parallel()
	s := listen(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
	end := time.Now().Add(300 * time.Millisecond)
	slow := func(ctx context.Context, network, address string) (net.Conn, error) {
		<-time.After(time.Until(end) + time.Millisecond)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	c := newClient(t, Options{dial: slow})
	_, err := c.Do(smsir.StartBy(t.Context(), end), post(t, s.url, "a"))
	wantNotSent(t, err, "too_late")
	if got, err := c.Do(smsir.StartBy(t.Context(), time.Now().Add(time.Hour)), post(t, s.url, "b")); err != nil || got.Status != 200 {
		t.Fatalf("got %+v, error %v", got, err)
	}
	_, err = c.Do(smsir.StartBy(t.Context(), end), post(t, s.url, "c"))
	wantNotSent(t, err, "too_late")
	if a, b, c := s.count("a"), s.count("b"), s.count("c"); a != 0 || b != 1 || c != 0 {
		t.Errorf("the server saw %d, %d and %d requests, want 0, 1 and 0", a, b, c)
	}
}

// TestNothingLeft: where no connection comes about, nothing was sent.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String()
	_ = l.Close()
	_, err = newClient(t, Options{}).Do(t.Context(), post(t, closed, "a"))
	wantNotSent(t, err, "unreachable")

	nowhere := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "api.example.com", IsNotFound: true}}
	}
	_, err = newClient(t, Options{dial: nowhere}).Do(t.Context(), post(t, "https://api.example.com", "a"))
	wantNotSent(t, err, "name_not_found")

	hang := func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	_, err = newClient(t, Options{Timeout: 20 * time.Millisecond, dial: hang}).Do(t.Context(), post(t, "https://api.example.com", "a"))
	wantNotSent(t, err, "unreachable")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	s := listen(t, answering(created))
	_, err = newClient(t, Options{}).Do(ended, post(t, s.url, "a"))
	wantNotSent(t, err, "not_started")
	if got := s.count("a"); got != 0 {
		t.Errorf("the server saw %d requests, want 0", got)
	}
}

// secureServer speaks TLS with a certificate for example.com and 127.0.0.1, and returns what trusts it.
func secureServer(t *testing.T, cfg *tls.Config) (*server, *tls.Config) {
	t.Helper()
	made := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	made.Close()
	cfg.Certificates = made.TLS.Certificates
	roots := x509.NewCertPool()
	roots.AddCert(made.Certificate())
	return listen(t, func(s *server, conn net.Conn) {
		over := tls.Server(conn, cfg)
		if over.Handshake() == nil {
			answering(created)(s, over)
		}
	}), &tls.Config{RootCAs: roots}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s, trust := secureServer(t, &tls.Config{})
	to := dialTo(s, nil)
	if got, err := newClient(t, Options{TLS: trust, dial: to}).Do(t.Context(), post(t, "https://example.com", "a")); err != nil || got.Status != 201 {
		t.Errorf("got %+v, error %v, want 201", got, err)
	}
	_, err := newClient(t, Options{TLS: trust, dial: to}).Do(t.Context(), post(t, "https://wrong.example.org", "b"))
	wantFailure(t, err, smsir.AttemptNotSent, smsir.ClassConfig, "tls_untrusted")
	_, err = newClient(t, Options{dial: to}).Do(t.Context(), post(t, "https://example.com", "b"))
	wantFailure(t, err, smsir.AttemptNotSent, smsir.ClassConfig, "tls_untrusted")

	old, trust := secureServer(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	_, err = newClient(t, Options{TLS: trust, dial: dialTo(old, nil)}).Do(t.Context(), post(t, "https://example.com", "b"))
	wantNotSent(t, err, "tls_failed")
	plain := listen(t, answering(created))
	_, err = newClient(t, Options{dial: dialTo(plain, nil)}).Do(t.Context(), post(t, "https://example.com", "b"))
	wantNotSent(t, err, "tls_failed", "unreachable")
	mute := listen(t, func(_ *server, conn net.Conn) { hold(conn) })
	_, err = newClient(t, Options{dial: dialTo(mute, nil), ConnectTimeout: 20 * time.Millisecond}).Do(t.Context(), post(t, "https://example.com", "b"))
	wantNotSent(t, err, "tls_failed")
	if got := s.count("b") + old.count("b") + plain.count("b"); got != 0 {
		t.Errorf("servers without trust saw %d requests, want 0", got)
	}
}

// TestBrokenWhileWriting: a connection that breaks after k bytes of the request.
func TestBrokenWhileWriting(t *testing.T) {
	t.Parallel()
	secure, trust := secureServer(t, &tls.Config{})
	plain := listen(t, func(s *server, conn net.Conn) {
		_, _ = s.request(bufio.NewReader(conn)) // and no answer
	})
	for _, far := range []struct {
		name, url string
		s         *server
		largest   int
	}{{"plain", "http://example.com", plain, 400}, {"TLS", "https://example.com", secure, 200}} {
		for _, k := range []int{0, 1, 100, far.largest} {
			t.Run(fmt.Sprintf("%s after %d", far.name, k), func(t *testing.T) {
				t.Parallel()
				var conn *faulty
				c := newClient(t, Options{TLS: trust, dial: dialTo(far.s, func(below net.Conn) net.Conn {
					conn = &faulty{Conn: below}
					return conn
				})})
				ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { conn.arm(k) }})
				_, err := c.Do(ctx, post(t, far.url, t.Name()))
				switch {
				case k == 0:
					wantNotSent(t, err)
				case far.name == "plain":
					wantUnknown(t, err, "connection_lost")
				default: // part of a TLS record: nobody can read it, and nobody can know
					if err == nil {
						t.Error("got an answer, want an error")
					}
				}
				if got := far.s.count(t.Name()); got > 0 && k == 0 {
					t.Errorf("the server saw %d requests, want 0", got)
				}
			})
		}
	}
}

// TestNoAnswer: what was written and not answered is unknown, however the answer is lost.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer string
		stay   bool
		code   string
		status int
	}{
		"hang":               {"", true, "no_answer", 0},
		"closed":             {"", false, "connection_lost", 0},
		"half the status":    {"HTTP/1.1 20", false, "connection_lost", 0},
		"half the headers":   {"HTTP/1.1 201 Created\r\nContent-Le", false, "connection_lost", 0},
		"half the body":      {"HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{\"sid\":", false, "answer_lost", 201},
		"half, then hanging": {"HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{\"sid\":", true, "no_answer", 201},
		"half a chunk":       {"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"sid\":", false, "answer_lost", 201},
		"no HTTP":            {"SSH-2.0-x\r\n\r\n", false, "connection_lost", 0},
		"endless headers":    {"HTTP/1.1 201 Created\r\nX: " + strings.Repeat("x", 1<<20), false, "connection_lost", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listen(t, func(s *server, conn net.Conn) {
				_, _ = s.request(bufio.NewReader(conn))
				_, _ = io.WriteString(conn, tt.answer)
				if tt.stay {
					hold(conn)
				}
			})
			o := Options{}
			if tt.stay {
				o.Timeout = 50 * time.Millisecond
			}
			got, err := newClient(t, o).Do(t.Context(), post(t, s.url, "a"))
			wantUnknown(t, err, tt.code)
			if got.Status != tt.status || s.count("a") != 1 {
				t.Errorf("got status %d, seen %d times; want %d, once", got.Status, s.count("a"), tt.status)
			}
		})
	}
}

func TestSlowDrip(t *testing.T) {
	t.Parallel()
	s := listen(t, func(s *server, conn net.Conn) {
		_, _ = s.request(bufio.NewReader(conn))
		_, err := io.WriteString(conn, "HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n")
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for err == nil {
			<-tick.C
			_, err = conn.Write([]byte("x"))
		}
	})
	_, err := newClient(t, Options{Timeout: 50 * time.Millisecond}).Do(t.Context(), post(t, s.url, "a"))
	wantUnknown(t, err, "no_answer")
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	other := listen(t, answering(created))
	for _, status := range []int{301, 302, 307, 308} {
		s := listen(t, answering(fmt.Sprintf("HTTP/1.1 %d Elsewhere\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n", status, other.url)))
		got, err := newClient(t, Options{}).Do(t.Context(), post(t, s.url, "a"))
		if err != nil || got.Status != status || other.count("a") != 0 {
			t.Errorf("%d: got %d, error %v, and the other server saw %d requests; want the status and 0", status, got.Status, err, other.count("a"))
		}
	}
}

func packed(t *testing.T, content []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestLargeAnswers: an answer is read within its bounds, packed or not.
func TestLargeAnswers(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 10<<20)
	empties := strings.Repeat(packed(t, nil), 20_000) // unpacks to nothing, for ever
	for name, tt := range map[string]struct {
		encoding, body string
		length         int
		truncated      bool
		state          smsir.AttemptState
	}{
		"HTML":               {"", "<html>busy</html>", 17, false, 0},
		"10 MB":              {"", string(zeros), MaxAnswer, true, 0},
		"just fits":          {"", string(zeros[:MaxAnswer]), MaxAnswer, false, 0},
		"gzip":               {"gzip", packed(t, []byte("{}")), 2, false, 0},
		"gzip bomb":          {"gzip", packed(t, zeros), MaxAnswer, true, 0},
		"gzip of nothing":    {"gzip", empties, 0, true, 0},
		"gzip, broken":       {"gzip", packed(t, zeros)[:50], 0, false, smsir.AttemptUnknown},
		"gzip that is none":  {"GZIP", "{}", 0, false, smsir.AttemptUnknown},
		"packed another way": {"br", "????", 4, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listen(t, answering(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", tt.encoding, len(tt.body), tt.body)))
			got, err := newClient(t, Options{}).Do(t.Context(), post(t, s.url, "a"))
			if tt.state == smsir.AttemptUnknown {
				wantUnknown(t, err, "answer_lost")
				return
			}
			if err != nil || len(got.Body) != tt.length || got.Truncated != tt.truncated {
				t.Errorf("got %d bytes, truncated %v, error %v; want %d, %v", len(got.Body), got.Truncated, err, tt.length, tt.truncated)
			}
		})
	}
}

// TestProxy: a proxy that refuses means that nothing left; through one that works, silence is unknown.
func TestProxy(t *testing.T) {
	t.Parallel()
	far, trust := secureServer(t, &tls.Config{})
	for name, tt := range map[string]struct {
		answer string
		check  func(t *testing.T, got Response, err error)
	}{
		"refuses": {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", func(t *testing.T, _ Response, err error) { wantNotSent(t, err, "proxy_refused") }},
		"breaks":  {"", func(t *testing.T, _ Response, err error) { wantNotSent(t, err, "unreachable") }},
		"works": {"HTTP/1.1 200 OK\r\n\r\n", func(t *testing.T, got Response, err error) {
			if err != nil || got.Status != 201 {
				t.Errorf("got %+v, error %v, want 201", got, err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := listen(t, func(s *server, conn net.Conn) {
				r := bufio.NewReader(conn)
				if req, err := s.request(r); err != nil || req.Method != http.MethodConnect || req.Host != "example.com:443" || req.Header.Get("Authorization") != "" {
					t.Errorf("the proxy got %+v, error %v, want CONNECT example.com:443 without our credentials", req, err)
				}
				_, _ = io.WriteString(conn, tt.answer)
				if name != "works" {
					return
				}
				on, err := net.Dial("tcp", strings.TrimPrefix(far.url, "http://"))
				if err != nil {
					t.Error(err)
					return
				}
				done := make(chan struct{})
				go func() { defer close(done); _, _ = io.Copy(on, r); _ = on.Close() }()
				_, _ = io.Copy(conn, on)
				_ = conn.Close()
				<-done
			})
			at, err := url.Parse(proxy.url)
			if err != nil {
				t.Fatal(err)
			}
			c := newClient(t, Options{TLS: trust, Proxy: http.ProxyURL(at)})
			got, err := c.Do(t.Context(), post(t, "https://example.com", name))
			tt.check(t, got, err)
			if want := map[bool]int{true: 1}[name == "works"]; far.count(name) != want {
				t.Errorf("the server saw %d requests, want %d", far.count(name), want)
			}
		})
	}
}
