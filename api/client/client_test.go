package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smsir/smsir/api"
)

// seen is one request as the gateway of a test got it.
type seen struct {
	Method, URI, Key, Credential, Body string
}

// fake is a gateway that answers what a test says, in turn; the last answer stays.
type fake struct {
	mu      sync.Mutex
	answers []func(w http.ResponseWriter, r *http.Request)
	got     []seen
	waits   []time.Duration
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.got = append(f.got, seen{r.Method, r.RequestURI, r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization"), string(body)})
	answer := f.answers[0]
	if len(f.answers) > 1 {
		f.answers = f.answers[1:]
	}
	f.mu.Unlock()
	answer(w, r)
}

func (f *fake) requests() []seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.got)
}

// says answers with a status and a JSON value; headers come in pairs.
func says(status int, v any, headers ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
}

func refuses(status int, code string, retryable bool, headers ...string) func(http.ResponseWriter, *http.Request) {
	return says(status, api.Problem{Title: "No", Status: status, Code: code, Detail: "Because.", Retryable: retryable}, headers...)
}

// breaks closes the connection without an answer.
func breaks(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// clientOf is a client of a gateway that gives the answers; it does not really wait.
func clientOf(t *testing.T, answers ...func(http.ResponseWriter, *http.Request)) (*Client, *fake) {
	t.Helper()
	f := &fake{answers: answers}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	transport := &http.Transport{DisableKeepAlives: true} // or the transport itself would repeat what breaks
	c, err := New(server.URL+"/", "smsirSecret", HTTPClient(&http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}))
	if err != nil {
		t.Fatal(err)
	}
	c.wait = func(ctx context.Context, d time.Duration) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.waits = append(f.waits, d)
		return ctx.Err()
	}
	return c, f
}

func TestNewRefusesAddresses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "sms.example.com", "ftp://sms.example.com", "https://", "https://sms.example.com?x=1", "https://me:pw@sms.example.com", "http://[::1", "https://sms.example.com#x"} {
		if _, err := New(bad, ""); err == nil || strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: %v, want an error without the password", bad, err)
		}
	}
	for _, good := range []string{"http://127.0.0.1:8080", "https://sms.example.com/", "https://example.com/sms"} {
		if _, err := New(good, ""); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	c, f := clientOf(t, says(202, api.Message{ID: "msg_1", Status: "queued"}))
	for range 2 {
		m, err := c.Send(t.Context(), api.SendRequest{To: "+12025550100", Text: "hello"})
		if err != nil || m.ID != "msg_1" || m.Status != "queued" {
			t.Fatalf("got %+v, %v", m, err)
		}
	}
	if _, err := c.Send(t.Context(), api.SendRequest{To: "+12025550100", Text: "hello"}, IdempotencyKey("order-1001")); err != nil {
		t.Fatal(err)
	}
	got := f.requests()
	if got[0].Method != "POST" || got[0].URI != "/v1/messages" || got[0].Credential != "Bearer smsirSecret" || got[0].Body != `{"to":"+12025550100","text":"hello"}` {
		t.Errorf("got %+v", got[0])
	}
	if len(got[0].Key) < 20 || got[0].Key == got[1].Key || got[2].Key != "order-1001" {
		t.Errorf("keys %q, %q, %q: want two new ones and the one that was given", got[0].Key, got[1].Key, got[2].Key)
	}
}

// What is safe is made again, with the same key and the same body.
func TestRepeats(t *testing.T) {
	t.Parallel()
	fine := says(202, api.Message{ID: "msg_1"})
	for name, c := range map[string]struct {
		first func(http.ResponseWriter, *http.Request)
		again bool
		wait  time.Duration // 0: any up to a second
	}{
		"connection broken":     {breaks, true, 0},
		"storage down":          {refuses(503, "storage_unavailable", true, "Retry-After", "5"), true, 5 * time.Second},
		"wait for very long":    {refuses(429, "rate_limited", true, "Retry-After", "3600"), true, longestWait},
		"wait for nonsense":     {refuses(429, "rate_limited", true, "Retry-After", "soon"), true, 0},
		"same under way":        {refuses(409, "request_in_flight", true), true, 0},
		"proxy without gateway": {says(502, "<html>"), true, 0},
		"not valid":             {refuses(422, "invalid", false), false, 0},
		"not logged in":         {refuses(401, "unauthenticated", false), false, 0},
		"redirect":              {says(307, "", "Location", "https://elsewhere.example"), false, 0},
		"success cut off":       {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"id":`) }, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, f := clientOf(t, c.first, c.first, fine)
			m, err := client.Send(t.Context(), api.SendRequest{To: "+12025550100", Text: "hello"})
			got := f.requests()
			if !c.again {
				if err == nil || len(got) != 1 {
					t.Fatalf("got %+v, %v after %d requests, want an error after one", m, err, len(got))
				}
				return
			}
			if err != nil || m.ID != "msg_1" || len(got) != 3 {
				t.Fatalf("got %+v, %v after %d requests, want success after 3", m, err, len(got))
			}
			if got[0] != got[1] || got[0] != got[2] || got[0].Key == "" {
				t.Errorf("the requests differ: %+v", got)
			}
			for i, w := range f.waits {
				if c.wait > 0 && w != c.wait || c.wait == 0 && (w <= 0 || w > time.Second) {
					t.Errorf("pause %d is %v, want %v", i, w, c.wait)
				}
			}

			client, f = clientOf(t, c.first)
			if _, err := client.Send(t.Context(), api.SendRequest{}); err == nil || len(f.requests()) != maxTries {
				t.Errorf("it never works: %v after %d requests, want an error after %d", err, len(f.requests()), maxTries)
			}
			client, f = clientOf(t, c.first, says(200, api.Message{ID: "msg_2"}))
			if m, err := client.Message(t.Context(), "msg_2"); err != nil || m.ID != "msg_2" || len(f.requests()) != 2 {
				t.Errorf("a read: %+v, %v after %d requests, want success after 2", m, err, len(f.requests()))
			}
		})
	}
}

// What could do something twice is made once.
func TestDoesNotRepeat(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*Client, context.Context) error{
		"cancel":  func(c *Client, ctx context.Context) error { _, err := c.Cancel(ctx, "msg_1"); return err },
		"preview": func(c *Client, ctx context.Context) error { _, err := c.Preview(ctx, api.PreviewRequest{}); return err },
		"login":   func(c *Client, ctx context.Context) error { _, err := c.Login(ctx, "a", "b"); return err },
		"register": func(c *Client, ctx context.Context) error {
			_, err := c.Register(ctx, api.RegisterRequest{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, answer := range []func(http.ResponseWriter, *http.Request){breaks, refuses(503, "storage_unavailable", true)} {
				c, f := clientOf(t, answer)
				if err := call(c, t.Context()); err == nil || len(f.requests()) != 1 {
					t.Errorf("%v after %d requests, want an error after one", err, len(f.requests()))
				}
			}
		})
	}
}

func TestProblem(t *testing.T) {
	t.Parallel()
	c, _ := clientOf(t, says(422, api.Problem{
		Title: "Not valid", Status: 422, Code: "invalid", Detail: "Two fields are wrong.",
		Errors: []api.FieldError{{Field: "to", Code: "number_too_short", Detail: "The number is too short."}},
	}, "Retry-After", "7"))
	_, err := c.Send(t.Context(), api.SendRequest{To: "+1"})
	var p *Problem
	if !errors.As(err, &p) || p.Status != 422 || p.Errors[0].Field != "to" || p.RetryAfter != 7*time.Second || CodeOf(err) != "invalid" {
		t.Fatalf("got %v, %+v", err, p)
	}
	if want := "POST /v1/messages: 422 Not valid (invalid): Two fields are wrong. to: The number is too short."; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	c, _ = clientOf(t, says(404, "nobody here"))
	_, err = c.Message(t.Context(), "msg_1")
	if !errors.As(err, &p) || p.Status != 404 || p.Title != "Not Found" || p.Retryable || CodeOf(err) != "" {
		t.Errorf("an answer that is none of ours: %v", err)
	}
	if CodeOf(io.EOF) != "" {
		t.Errorf("code of another error: %q", CodeOf(io.EOF))
	}
}

func TestEnter(t *testing.T) {
	t.Parallel()
	c, f := clientOf(t, says(201, api.Login{Token: "token-of-ada"}), says(200, api.Me{Kind: "user"}), refuses(401, "credentials_wrong", false), says(200, api.Me{}))
	in, err := c.Register(t.Context(), api.RegisterRequest{Email: "ada@example.com", SetupCode: "code", Client: "web"})
	if err != nil || in.Token != "token-of-ada" {
		t.Fatalf("got %+v, %v", in, err)
	}
	if _, err := c.Me(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Login(t.Context(), "ada@example.com", "wrong"); CodeOf(err) != "credentials_wrong" {
		t.Errorf("got %v", err)
	}
	if _, err := c.Me(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := f.requests()
	if got[0].Credential != "" || got[2].Credential != "" {
		t.Errorf("a credential went along where a new one is asked for: %+v", got)
	}
	if got[1].Credential != "Bearer token-of-ada" || got[3].Credential != "Bearer token-of-ada" {
		t.Errorf("calls after logging in: %+v", got)
	}
	if !strings.Contains(got[0].Body, `"client":"app"`) || !strings.Contains(got[2].Body, `"client":"app"`) {
		t.Errorf("not as an app: %s, %s", got[0].Body, got[2].Body)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	pages := []func(http.ResponseWriter, *http.Request){
		says(200, api.MessageList{Items: []api.Message{{ID: "msg_5"}, {ID: "msg_4"}}, Next: "c1"}),
		says(200, api.MessageList{Partial: true, Next: "c2"}),
		says(200, api.MessageList{Items: []api.Message{{ID: "msg_3"}}}),
	}
	since := time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 3*3600))
	c, f := clientOf(t, pages...)
	var ids []string
	for m, err := range c.Messages(t.Context(), MessageFilter{Statuses: []string{"sent", "unknown"}, Tag: "a b", Since: since, PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.ID)
	}
	if want := []string{"msg_5", "msg_4", "msg_3"}; !slices.Equal(ids, want) {
		t.Errorf("got %v, want %v", ids, want)
	}
	const query = "/v1/messages?%slimit=2&since=2026-11-23T09%%3A00%%3A00Z&status=sent%%2Cunknown&tag=a+b"
	var uris []string
	for _, r := range f.requests() {
		uris = append(uris, r.URI)
	}
	want := []string{
		strings.ReplaceAll(strings.Replace(query, "%s", "", 1), "%%", "%"),
		strings.ReplaceAll(strings.Replace(query, "%s", "cursor=c1&", 1), "%%", "%"),
		strings.ReplaceAll(strings.Replace(query, "%s", "cursor=c2&", 1), "%%", "%"),
	}
	if d := cmp.Diff(want, uris); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}

	c, f = clientOf(t, pages...)
	for m, err := range c.Messages(t.Context(), MessageFilter{}) {
		if m.ID != "msg_5" || err != nil {
			t.Errorf("got %+v, %v", m, err)
		}
		break
	}
	if n := len(f.requests()); n != 1 {
		t.Errorf("%d pages for one message, want 1", n)
	}
	c, _ = clientOf(t, pages[0], refuses(400, "cursor_invalid", false))
	n := 0
	var last error
	for _, err := range c.Messages(t.Context(), MessageFilter{}) {
		n++
		last = err
	}
	if n != 3 || CodeOf(last) != "cursor_invalid" {
		t.Errorf("%d steps, last error %v; want two messages and the problem", n, last)
	}
}

func TestOtherCalls(t *testing.T) {
	t.Parallel()
	c, f := clientOf(t, says(200, map[string]any{"batch_id": "bat_1", "result": "canceled", "segments": 2, "interval": "day", "id": "msg_9"}))
	b, errB := c.SendBatch(t.Context(), api.BatchRequest{To: []string{"+12025550100"}, Text: "x"})
	k, errK := c.Cancel(t.Context(), "msg_1/..")
	p, errP := c.Preview(t.Context(), api.PreviewRequest{Text: "x"})
	s, errS := c.Stats(t.Context(), StatsQuery{Range: "7d", Interval: "day"})
	r, errR := c.Resend(t.Context(), "msg_1", api.ResendRequest{HoldSeconds: 5})
	rep, errT := c.Report(t.Context(), ReportQuery{From: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), GroupBy: "country"})
	_, errW := c.WeeklyReports(t.Context())
	if err := errors.Join(errB, errK, errP, errS, errR, errT, errW); err != nil {
		t.Fatal(err)
	}
	if b.BatchID != "bat_1" || k.Result != "canceled" || p.Segments != 2 || s.Interval != "day" || r.ID != "msg_9" || rep.Interval != "day" {
		t.Errorf("got %+v, %+v, %+v, %+v, %+v, %+v", b, k, p, s, r, rep)
	}
	got := f.requests()
	for i, want := range []string{"POST /v1/batches", "POST /v1/messages/msg_1%2F../cancel", "POST /v1/messages/preview", "GET /v1/stats/summary?interval=day&range=7d", "POST /v1/messages/msg_1/resend", "GET /v1/reports?from=2026-03-02T00%3A00%3A00Z&group_by=country", "GET /v1/reports/weekly"} {
		if line := got[i].Method + " " + got[i].URI; line != want {
			t.Errorf("got %s, want %s", line, want)
		}
		if sends := i == 0 || i == 4; sends != (got[i].Key != "") {
			t.Errorf("%s has the key %q", want, got[i].Key)
		}
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c, f := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		refuses(503, "storage_unavailable", true)(w, r)
	})
	if _, err := c.Message(ctx, "msg_1"); err == nil || len(f.requests()) != 1 {
		t.Errorf("%v after %d requests, want an error after one", err, len(f.requests()))
	}
	if err := wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("wait: %v", err)
	}
	if err := wait(t.Context(), time.Millisecond); err != nil {
		t.Errorf("wait: %v", err)
	}
}
