// Package outcall is in charge of the HTTP requests with which adapters hand messages over: it sends one request once,
// reads a bounded answer, and when there is none it says what may be believed about it. For an answer that is no yes it
// draws the line between refused and unknown, which is the same for all (Judge).
//
// It knows no provider. What an answer says is the adapter's to read; when to try again is dispatch's. It does not keep
// requests away from private addresses either: an operator decides where a provider is.
//
// What it guarantees: a request is written at most once, whatever the connection does, and no redirect is followed. An
// error says not_sent only on proof: no connection came about, or not one byte of the request was written, and the
// connection cannot write any more. Anything else is unknown. Neither an address with its query nor a header nor a body
// stands in an error.
package outcall

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
)

// MaxAnswer is how much of the body of an answer is read, in bytes, and likewise how much of what a compressed one
// unpacks to.
const MaxAnswer = 256 << 10

// DefaultTimeout is the response timer when the options name none.
const DefaultTimeout = 30 * time.Second

// Options of [New]; the zero value is right for providers on the internet.
type Options struct {
	// Timeout is the response timer: the time from the call of Do to the last byte of the answer. 0: [DefaultTimeout].
	Timeout time.Duration
	// ConnectTimeout bounds the dial and the TLS handshake, each. 0: 10 s.
	ConnectTimeout time.Duration
	// TLS adds to the checks of certificates, such as an authority of one's own. Below TLS 1.2 nothing is ever spoken.
	TLS *tls.Config
	// Proxy chooses a proxy. Nil: the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).
	Proxy func(*http.Request) (*url.URL, error)

	dial func(ctx context.Context, network, address string) (net.Conn, error) // for tests
}

// Client sends requests. It is safe for concurrent use.
//
// It speaks HTTP/1.1 only: there a connection belongs to one request at a time, so that the bytes written on it are
// those of the request, and "nothing was written" can be proved.
type Client struct {
	timeout   time.Duration
	transport *http.Transport
}

// Response is an answer that came.
type Response struct {
	Status    int
	Header    http.Header
	Body      []byte // at most MaxAnswer bytes, unpacked if it was gzip
	Truncated bool   // there was more than that
}

// New returns a client. It opens no connection.
func New(o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 10 * time.Second
	}
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	if o.dial == nil {
		o.dial = (&net.Dialer{Timeout: o.ConnectTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	secure := &tls.Config{}
	if o.TLS != nil {
		secure = o.TLS.Clone()
	}
	secure.MinVersion = max(secure.MinVersion, tls.VersionTLS12)
	secure.NextProtos = []string{"http/1.1"}
	d := &dialer{dial: o.dial, tls: secure, timeout: o.ConnectTimeout}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &Client{timeout: o.Timeout, transport: &http.Transport{
		Proxy:                  o.Proxy,
		OnProxyConnectResponse: checkProxyAnswer,
		DialContext:            d.plain,
		DialTLSContext:         d.secure,
		TLSClientConfig:        secure, // of a connection through a proxy
		TLSHandshakeTimeout:    o.ConnectTimeout,
		Protocols:              protocols,
		DisableCompression:     true, // read unpacks, within bounds
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}}
}

// Close closes the connections that are idle. The client may be used on.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Do sends one request and reads its answer, whatever its status. The error is a [*smsir.SendError] of state not_sent or
// unknown; with the latter the response may hold the part of the answer that came. The body of req is closed in any case.
func (c *Client) Do(ctx context.Context, req *http.Request) (Response, error) {
	if err := ctx.Err(); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return Response{}, notSent(smsir.ClassRetry, "not_started", "The request was not started in time.", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	wire := wire{ctx: ctx}
	trace := &httptrace.ClientTrace{GotConn: wire.got, WroteRequest: func(httptrace.WroteRequestInfo) { failpoint.Hit(failpoint.WireAfter) }}
	req = once(req.WithContext(httptrace.WithClientTrace(ctx, trace)))
	failpoint.Hit(failpoint.WireBefore)
	answer, err := c.transport.RoundTrip(req)
	if err != nil {
		silent := wire.silent()
		if silent && wire.late {
			return Response{}, smsir.ErrTooLate()
		}
		return Response{}, classify(ctx, err, silent)
	}
	defer answer.Body.Close() //nolint:errcheck // what came is judged, not how it ended
	if !wire.answered(answer) {
		return Response{}, classify(ctx, errSealed, wire.silent())
	}
	out := Response{Status: answer.StatusCode, Header: answer.Header}
	if out.Body, out.Truncated, err = read(answer); err != nil {
		return out, unknown(ctx, "answer_lost", "The connection was lost in the middle of the answer.", err)
	}
	failpoint.Hit(failpoint.WireAnswered)
	return out, nil
}

// once makes sure that net/http has no way to send the request again: it repeats one on a connection that turned out
// dead if it can get at the body anew, or if there is none, and takes an Idempotency-Key for leave to do so.
func once(req *http.Request) *http.Request {
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "SMSir")
	}
	req.GetBody = nil
	if req.Body == nil || req.Body == http.NoBody { // also of a GET: with some providers it sends a message
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader("")), 0
	}
	return req
}

// wire remembers what the connections of one request had written before it.
type wire struct {
	ctx     context.Context // of the request
	mu      sync.Mutex
	used    []use
	foreign bool // a connection that nobody counts
	late    bool // there was a connection when the message's validity was over
}

type use struct {
	conn   *countedConn
	before int64
}

func (w *wire) got(info httptrace.GotConnInfo) {
	conn := counted(info.Conn)
	w.mu.Lock()
	defer w.mu.Unlock()
	if conn == nil {
		w.foreign = true
		return
	}
	w.used = append(w.used, use{conn, conn.count()})
	if net.Conn(conn) == info.Conn { // or else what it reads is TLS
		conn.begin()
	}
	if smsir.TooLate(w.ctx, time.Now()) {
		w.late = true
		conn.seal()
	}
}

// answered notes where the answer ends. It is false for one to a request of which nothing was written: that is another's.
func (w *wire) answered(answer *http.Response) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.used)
	if n == 0 {
		return true
	}
	last := w.used[n-1]
	last.conn.answered(answer.ContentLength)
	return last.conn.count() > last.before
}

// silent reports whether it is proved that nothing of the request was written. It closes the connections for writing
// first, so that the proof cannot be overtaken.
func (w *wire) silent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	silent := !w.foreign
	for _, u := range w.used {
		if u.conn.seal() != u.before {
			silent = false
		}
	}
	return silent
}
