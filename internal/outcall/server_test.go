package outcall

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a far side on loopback that does with each connection what a script says, and counts requests by X-Id.
type server struct {
	url string

	mu   sync.Mutex
	seen map[string]int
}

// listen starts a server. A script ends when its connection does: all of them are closed when the test ends.
func listen(t *testing.T, script func(s *server, conn net.Conn)) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{url: "http://" + l.Addr().String(), seen: map[string]int{}}
	var scripts sync.WaitGroup
	open := map[net.Conn]bool{}
	stopped := false
	scripts.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			open[conn] = true
			if stopped {
				_ = conn.Close()
			}
			s.mu.Unlock()
			scripts.Go(func() {
				script(s, conn)
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		stopped = true
		for conn := range open {
			_ = conn.Close()
		}
		s.mu.Unlock()
		scripts.Wait()
	})
	return s
}

// request reads one request whole and counts it.
func (s *server) request(r *bufio.Reader) (*http.Request, error) {
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.seen[req.Header.Get("X-Id")]++
	s.mu.Unlock()
	_, err = io.Copy(io.Discard, req.Body)
	return req, err
}

func (s *server) count(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[id]
}

// answering is a script that gives every request the same answer, word for word.
func answering(answer string) func(*server, net.Conn) {
	return func(s *server, conn net.Conn) {
		for r := bufio.NewReader(conn); ; {
			if _, err := s.request(r); err != nil {
				return
			}
			if _, err := io.WriteString(conn, answer); err != nil {
				return
			}
		}
	}
}

const created = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"

// hold keeps a connection until the other side ends it.
func hold(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func newClient(t *testing.T, o Options) *Client {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second // for what must not take that long
	}
	c := New(o)
	t.Cleanup(c.Close)
	return c
}

const text = "To=%2B12025550120&Body=hello"

func post(t *testing.T, url, id string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url+"/messages?secret=s3cret", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Id", id)
	req.Header.Set("Authorization", "Basic s3cret")
	return req
}

// wantFailure checks the classification, and that the error tells no secret.
func wantFailure(t *testing.T, err error, state smsir.AttemptState, class smsir.FailureClass, codes ...string) {
	t.Helper()
	var e *smsir.SendError
	if !errors.As(err, &e) {
		t.Errorf("got error %v (%T), want a *smsir.SendError", err, err)
		return
	}
	fits := len(codes) == 0
	for _, code := range codes {
		fits = fits || e.Code == code
	}
	if e.State != state || e.Class != class || !fits || e.Text == "" {
		t.Errorf("got %v %q %q (%v), want %v %q and a code of %q", e.State, e.Class, e.Code, e, state, class, codes)
	}
	if strings.Contains(e.Error(), "s3cret") || strings.Contains(e.Error(), "hello") {
		t.Errorf("the error tells what is secret: %v", e)
	}
}

func wantNotSent(t *testing.T, err error, codes ...string) {
	t.Helper()
	wantFailure(t, err, smsir.AttemptNotSent, smsir.ClassRetry, codes...)
}

func wantUnknown(t *testing.T, err error, codes ...string) {
	t.Helper()
	wantFailure(t, err, smsir.AttemptUnknown, smsir.ClassUnknown, codes...)
}

// faulty is a connection that takes so many more bytes once it is armed, and then breaks.
type faulty struct {
	net.Conn
	mu    sync.Mutex
	armed bool
	left  int
}

func (f *faulty) arm(left int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.left = true, left
}

var errBroken = errors.New("connection reset by peer")

func (f *faulty) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.armed {
		return f.Conn.Write(b)
	}
	take := min(f.left, len(b))
	f.left -= take
	n, err := f.Conn.Write(b[:take])
	if err == nil && n < len(b) {
		_ = f.Conn.Close()
		err = errBroken
	}
	return n, err
}

// dialTo leads every name to one server, over a connection that wrap may make worse.
func dialTo(s *server, wrap func(net.Conn) net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(s.url, "http://"))
		if err == nil && wrap != nil {
			conn = wrap(conn)
		}
		return conn, err
	}
}
