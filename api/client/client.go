// Package client is the Go client of the HTTP API: it sends, reads and follows messages.
//
// It is in charge of the calls themselves, of telling a refusal as a [*Problem], of repeating what is
// safe to repeat, and of keeping a stream of events alive. It knows no rule of the gateway: what a value
// means is documented in package api.
//
// What it guarantees on failure: a call is repeated only if that cannot do anything twice, which holds for
// reads and for sends, because every send carries an Idempotency-Key (a new one unless [IdempotencyKey]
// gives it). A send that returns an error that is no [*Problem] may have been accepted: call it again with
// the same key to learn. A stream of events that breaks goes on after the last event that was
// handed out, so that none is missed and none comes twice.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir/api"
)

const (
	maxTries    = 4 // of a call that is safe to repeat
	firstWait   = 250 * time.Millisecond
	longestWait = 30 * time.Second // also for what a server asks for with Retry-After
	maxAnswer   = 64 << 20         // bytes of an answer
)

// Client calls one gateway on behalf of one person or program. It is safe for concurrent use.
type Client struct {
	base       string // without a slash at the end
	http       *http.Client
	credential atomic.Pointer[string]
	wait       func(ctx context.Context, d time.Duration) error
}

// Option changes a [Client] as it is made.
type Option func(*Client)

// HTTPClient makes the calls go through another [http.Client], which must not follow redirects of a
// POST. It must have no cookie jar: the credential is a header.
func HTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// New returns a client of the gateway at baseURL ("https://sms.example.com"). credential is an API key or
// the token of a person's log-in; it may be empty until [Client.Login] or [Client.Register].
func New(baseURL, credential string, options ...Option) (*Client, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("address of the gateway: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("address of the gateway %q: want something like https://sms.example.com", u.Redacted())
	}
	c := &Client{
		base: strings.TrimRight(u.String(), "/"), wait: wait,
		http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	c.credential.Store(&credential)
	for _, o := range options {
		o(c)
	}
	return c, nil
}

// wait lets d pass, or less when ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Problem is a refusal: the gateway understood the request and said no. Decide by Code.
type Problem struct {
	api.Problem
	RetryAfter time.Duration // how long the gateway asks to wait; 0 when it does not say
}

// Error implements error.
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", p.Status, p.Title)
	if p.Code != "" {
		fmt.Fprintf(&b, " (%s)", p.Code)
	}
	if p.Detail != "" {
		b.WriteString(": " + p.Detail)
	}
	for _, e := range p.Errors {
		if e.Field != "" && e.Detail != p.Detail {
			fmt.Fprintf(&b, " %s: %s", e.Field, e.Detail)
		}
	}
	if p.Instance != "" {
		b.WriteString(" [" + p.Instance + "]")
	}
	return b.String()
}

// CodeOf is the code of the [*Problem] in err's chain, "" if there is none.
func CodeOf(err error) string {
	var p *Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

// CallOption changes one call.
type CallOption func(*request)

// IdempotencyKey makes a send with a key of the caller's (1 to 255 printable ASCII characters): however
// often it is made, also by another process, it is accepted once.
func IdempotencyKey(key string) CallOption { return func(r *request) { r.key = key } }

// request is one call, which may take several tries.
type request struct {
	method, path string
	query        url.Values
	body         any       // nil for none
	table        io.Reader // instead of body: a file of that kind, for one try
	kind         string
	key          string // Idempotency-Key
	match        string // If-Match
	secret       bool   // the credential stays at home: registering and logging in
}

func (r *request) safe() bool {
	return r.method == http.MethodGet || r.method == http.MethodPut || r.key != ""
}

// do makes a call and reads its answer into out, a pointer, or nothing when it is nil.
func (c *Client) do(ctx context.Context, r *request, out any) error {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
	}
	for try := 1; ; try++ {
		err := c.try(ctx, r, body, out)
		if err == nil {
			return nil
		}
		pause, again := retry(err, try)
		if !r.safe() || !again || ctx.Err() != nil {
			return fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
		if c.wait(ctx, pause) != nil {
			return fmt.Errorf("%s %s: %w", r.method, r.path, errors.Join(ctx.Err(), err))
		}
	}
}

// retry says whether a failed try is worth another one, and after what pause.
func retry(err error, try int) (time.Duration, bool) {
	var p *Problem
	if try >= maxTries || errors.As(err, &p) && !p.Retryable || errors.Is(err, errAnswer) {
		return 0, false
	}
	pause := jitter(min(firstWait<<(try-1), longestWait))
	if p != nil && p.RetryAfter > 0 {
		pause = min(p.RetryAfter, longestWait)
	}
	return pause, true
}

// jitter spreads d over ±20 %, so that clients that failed together do not come back together.
func jitter(d time.Duration) time.Duration {
	n, err := rand.Int(rand.Reader, big.NewInt(401))
	if err != nil {
		return d
	}
	return d * time.Duration(800+n.Int64()) / 1000
}

// errAnswer is a success whose answer cannot be read: the call has been made.
var errAnswer = errors.New("the answer cannot be read")

// try makes one attempt at a call.
func (c *Client) try(ctx context.Context, r *request, body []byte, out any) error {
	at := c.base + r.path
	if len(r.query) > 0 {
		at += "?" + r.query.Encode()
	}
	var content io.Reader = bytes.NewReader(body)
	if r.table != nil {
		content = io.NopCloser(r.table) // whoever opened it closes it
	}
	req, err := http.NewRequestWithContext(ctx, r.method, at, content)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json, application/problem+json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.table != nil {
		req.Header.Set("Content-Type", r.kind)
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	if r.match != "" {
		req.Header.Set("If-Match", r.match)
	}
	if !r.secret {
		c.authorise(req.Header)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return problemOf(resp, answer)
	}
	if err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%w: %w", errAnswer, err)
	}
	return nil
}

func (c *Client) authorise(h http.Header) {
	if credential := *c.credential.Load(); credential != "" {
		h.Set("Authorization", "Bearer "+credential)
	}
}

// problemOf reads a refusal. An answer that is none of ours, such as that of a proxy, is told by its status.
func problemOf(resp *http.Response, answer []byte) *Problem {
	p := &Problem{}
	if err := json.Unmarshal(answer, &p.Problem); err != nil || p.Code == "" {
		p.Problem = api.Problem{Title: http.StatusText(resp.StatusCode), Detail: "The answer does not come from a gateway."}
		switch resp.StatusCode {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			p.Retryable = true
		}
	}
	p.Status = resp.StatusCode
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		p.RetryAfter = time.Duration(s) * time.Second
	}
	return p
}
