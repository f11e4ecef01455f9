package outcall

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/smsir/smsir/internal/failpoint"
)

// countedConn counts what is written to a connection, above TLS where there is TLS.
type countedConn struct {
	net.Conn
	mu      sync.Mutex
	written int64 // taken over, or about to be
	sealed  bool
	waiting bool // for the first byte of a request
	answers framing
}

// begin starts a request on the connection, which is given up if more has come than the answer to the last one.
func (c *countedConn) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = true
	if !c.answers.begin() {
		c.sealed = true
	}
}

// answered tells how long the body of the answer is that has begun; negative if that is not known.
func (c *countedConn) answered(length int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers.answered(length)
}

// Read implements [net.Conn].
func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.mu.Lock()
		c.answers.add(b[:n])
		c.mu.Unlock()
	}
	return n, err
}

var errSealed = errors.New("outcall: the connection was given up")

// Write implements [net.Conn]. Bytes count from before they are handed to the connection, and no longer when it says
// that it did not take them; of a TLS record that left in part the other side can read nothing.
func (c *countedConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	if c.waiting && c.answers.read > 0 { // an answer that came before its request
		c.sealed = true
	}
	c.waiting = false
	if c.sealed {
		c.mu.Unlock()
		return 0, errSealed
	}
	c.written += int64(len(b))
	c.mu.Unlock()
	n, err := c.send(b)
	if n < len(b) {
		c.mu.Lock()
		c.written -= int64(len(b) - max(n, 0))
		c.mu.Unlock()
	}
	return n, err
}

// send writes b; where a test may kill the process in the middle of it, in two halves.
func (c *countedConn) send(b []byte) (int, error) {
	if !failpoint.Enabled {
		return c.Conn.Write(b)
	}
	half, err := c.Conn.Write(b[:len(b)/2])
	failpoint.Hit(failpoint.WireMid)
	if err != nil {
		return half, err
	}
	n, err := c.Conn.Write(b[half:])
	return half + n, err
}

func (c *countedConn) count() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written
}

// seal ends writing for good and returns what was written.
func (c *countedConn) seal() int64 {
	c.mu.Lock()
	c.sealed = true
	n := c.written
	c.mu.Unlock()
	_ = c.Close() // the request failed: nobody needs the connection any more
	return n
}

// counted finds our connection: itself, or below the TLS that net/http speaks through a proxy. There what TLS adds by
// itself counts too, which can only make a proof fail, never make one.
func counted(conn net.Conn) *countedConn {
	for {
		switch c := conn.(type) {
		case *countedConn:
			return c
		case *tls.Conn:
			conn = c.NetConn()
		default:
			return nil
		}
	}
}

// dialer makes the connections.
type dialer struct {
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	tls     *tls.Config
	timeout time.Duration
}

func (d *dialer) plain(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &countedConn{Conn: conn}, nil
}

// secure dials and speaks TLS, so that the count is of the request alone.
func (d *dialer) secure(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	cfg := d.tls
	if cfg.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			_ = conn.Close()
			return nil, err
		}
		cfg = cfg.Clone()
		cfg.ServerName = host
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	over := tls.Client(conn, cfg)
	if err := over.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, &tlsError{err}
	}
	return &countedConn{Conn: over}, nil
}

// tlsError is a handshake that failed.
type tlsError struct{ err error }

func (e *tlsError) Error() string { return "tls: " + e.err.Error() }
func (e *tlsError) Unwrap() error { return e.err }

// proxyError is a proxy that does not let us through.
type proxyError struct{ status int }

func (e *proxyError) Error() string { return fmt.Sprintf("the proxy answered %d", e.status) }

// checkProxyAnswer is called with a proxy's answer to CONNECT; nothing of the request has left by then.
func checkProxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return &proxyError{answer.StatusCode}
	}
	return nil
}
