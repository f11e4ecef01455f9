package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/smsir/smsir/api"
)

// client speaks to a server over HTTP. It is deliberately not the client of package api/client: what these tests say must
// not rest on code of the product.
type client struct {
	http  *http.Client
	url   string
	token string
}

// newClient returns a client with no more connections than it needs, and none that outlives a server.
func newClient(url string) *client {
	return &client{url: url, http: &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is an answer, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request; body is a JSON value or nil, headers come in pairs.
func (c *client) do(ctx context.Context, method, path string, body any, headers ...string) (*answer, error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	// A request that may be sent twice must be sent twice by the test, not by the transport.
	req.GetBody = nil
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	a := &answer{status: resp.StatusCode, header: resp.Header}
	a.body, err = io.ReadAll(resp.Body)
	return a, err
}

// call sends a request that must be answered with a status, and reads the answer into a value of type T.
func call[T any](t *testing.T, c *client, method, path string, body any, want int, headers ...string) T {
	t.Helper()
	var v T
	a, err := c.do(t.Context(), method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if a.status != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, want, a.body)
	}
	if len(a.body) > 0 {
		if err := json.Unmarshal(a.body, &v); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, a.body)
		}
	}
	return v
}

const (
	email    = "ada@example.com"
	password = "three blue kettles sing"
)

// register makes the first person of a server and returns a client that is logged in as that person.
func register(t *testing.T, s *server) *client {
	t.Helper()
	c := newClient(s.url)
	login := call[api.Login](t, c, "POST", "/v1/auth/register", api.RegisterRequest{
		SetupCode: s.setupCode(), Email: email, Password: password,
		Name: "Ada", WorkspaceName: "Example Clinic", Country: "US", TimeZone: "America/New_York", Client: "app",
	}, http.StatusCreated)
	if login.Token == "" || login.Role != "owner" || !login.User.Operator {
		t.Fatalf("the first person is %+v, want an owner and operator with a token", login)
	}
	c.token = login.Token
	keepTexts(t, c)
	return c
}

// keepTexts has a workspace keep all texts: whoever judges a run compares those that are stored with those that were asked
// for. A release before the rule has none.
func keepTexts(t *testing.T, c *client) {
	t.Helper()
	if a, err := c.do(t.Context(), "PUT", "/v1/retention", api.RetentionRule{}); err != nil || a.status != http.StatusOK && a.status != http.StatusNotFound {
		t.Fatalf("keep all texts: %+v, %v", a, err)
	}
}

// stream is an open event stream.
type stream struct {
	t    *testing.T
	conn *websocket.Conn
	seen []api.Event
}

// follow opens the event stream after a cursor; "" starts now.
func follow(t *testing.T, c *client, cursor string) *stream {
	t.Helper()
	conn, err := dial(t.Context(), c, cursor)
	if err != nil {
		t.Fatalf("follow the events: %v", err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &stream{t: t, conn: conn}
}

func dial(ctx context.Context, c *client, cursor string) (*websocket.Conn, error) {
	path := "/v1/events"
	if cursor != "" {
		path += "?after=" + cursor
	}
	conn, resp, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(c.url, "http")+path,
		&websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + c.token}}})
	if err != nil && resp != nil && resp.Body != nil {
		b, _ := io.ReadAll(resp.Body)
		err = fmt.Errorf("%w: %s", err, b)
	}
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	return conn, nil
}

// next reads the next event; pings, which are no events, are passed over.
func next(ctx context.Context, conn *websocket.Conn) (api.Event, error) {
	for {
		var e api.Event
		_, b, err := conn.Read(ctx)
		if err != nil {
			return e, err
		}
		if err := json.Unmarshal(b, &e); err != nil {
			return e, fmt.Errorf("event %s: %w", b, err)
		}
		if e.Type != "ping" {
			return e, nil
		}
	}
}

// until reads events, keeping them, until done says so of one.
func (s *stream) until(what string, done func(e *api.Event) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for {
		e, err := next(ctx, s.conn)
		if err != nil {
			s.t.Fatalf("waiting for %s: %v; seen %s", what, err, types(s.seen))
		}
		s.seen = append(s.seen, e)
		if done(&e) {
			return
		}
	}
}

// types lists the types of events.
func types(events []api.Event) string {
	all := make([]string, len(events))
	for i, e := range events {
		all[i] = e.Type
	}
	return strings.Join(all, " ")
}

// about picks the events of one message.
func about(events []api.Event, message string) (mine []api.Event) {
	for _, e := range events {
		if e.MessageID == message {
			mine = append(mine, e)
		}
	}
	return mine
}

// pause waits, or returns false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// eventually polls until check is true; it reports a failure, and goes on, if that never happens.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !check() {
		if !pause(ctx, 50*time.Millisecond) {
			t.Errorf("never came true: %s", what)
			return
		}
	}
}
