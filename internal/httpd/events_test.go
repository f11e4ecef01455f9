package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/notify"
)

// patienceOfTests is how long a test waits for what must come.
const patienceOfTests = 20 * time.Second

// liveGate is a door that listens on this machine, with a hub that runs.
type liveGate struct {
	*gate
	url string
	hub *notify.Hub
}

func newLiveGate(t *testing.T, change ...func(*streams)) *liveGate {
	t.Helper()
	g := newGate(t)
	hub := notify.New(g.store, g.store, nil)
	g.s.deps.Hub = hub
	g.store.OnCommit(hub.Wake)
	for _, f := range change {
		f(g.s.streams)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = hub.Run(ctx)
	}()
	server := httptest.NewServer(g.s.Handler())
	t.Cleanup(func() {
		within, stop := context.WithTimeout(context.Background(), patienceOfTests)
		defer stop()
		g.s.CloseStreams(within)
		server.Close()
		cancel()
		<-done
	})
	return &liveGate{g, server.URL, hub}
}

// dial opens a WebSocket as the bearer of a token; other headers come in pairs.
func (g *liveGate) dial(token, query string, headers ...string) (*websocket.Conn, error) {
	g.t.Helper()
	h := http.Header{}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	ctx, cancel := context.WithTimeout(g.t.Context(), patienceOfTests)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(g.url, "http")+"/v1/events"+query, &websocket.DialOptions{HTTPHeader: h}) //nolint:bodyclose // the library has closed it
	if err == nil {
		conn.SetReadLimit(1 << 20)
		g.t.Cleanup(func() { _ = conn.CloseNow() })
	}
	return conn, err
}

// socketOf is dial that must succeed; it takes the first frame and returns its cursor.
func (g *liveGate) socketOf(token, query string) (*websocket.Conn, string) {
	g.t.Helper()
	conn, err := g.dial(token, query)
	if err != nil {
		g.t.Fatal(err)
	}
	hello := nextEvent(g.t, conn)
	if _, err := smsir.ParseID(smsir.PrefixEvent, hello.ID); hello.Type != "ping" || err != nil {
		g.t.Fatalf("first frame %+v, want a ping with the cursor", hello)
	}
	return conn, hello.ID
}

func readFrame(t testing.TB, conn *websocket.Conn) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	kind, frame, err := conn.Read(ctx)
	if err == nil && kind != websocket.MessageText {
		t.Errorf("frame of type %v, want text", kind)
	}
	return frame, err
}

func nextEvent(t testing.TB, conn *websocket.Conn) api.Event {
	t.Helper()
	frame, err := readFrame(t, conn)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	var e api.Event
	if err := json.Unmarshal(frame, &e); err != nil {
		t.Fatalf("%s: %v", frame, err)
	}
	return e
}

// closed reads until the connection is closed, and checks code and reason.
func closed(t *testing.T, conn *websocket.Conn, code websocket.StatusCode, reason string) {
	t.Helper()
	for {
		frame, err := readFrame(t, conn)
		if err == nil {
			continue
		}
		var end websocket.CloseError
		if !errors.As(err, &end) || end.Code != code || reason != "" && end.Reason != reason {
			t.Errorf("closed with %v (last frame %.100s), want %d %q", err, frame, code, reason)
		}
		return
	}
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patienceOfTests)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not so in %v: %s", patienceOfTests, what)
		}
	}
}

func (g *liveGate) openStreams() int {
	ss := g.s.streams
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return len(ss.open)
}

func TestEventsOverWebSocket(t *testing.T) {
	t.Parallel()
	g := newLiveGate(t)
	owner := g.setup()
	stranger := g.stranger(owner)
	conn, start := g.socketOf(owner.token, "")
	other, _ := g.socketOf(stranger.token, "")

	id := g.send(owner.token)
	e := nextEvent(t, conn)
	if e.Type != "message.accepted" || e.MessageID != id || e.Seq != 1 || e.Data.Message == nil {
		t.Fatalf("first event %+v, want the acceptance of %s", e, id)
	}
	if m := e.Data.Message; m.Status != "queued" || m.To != "+12025550100" || m.Text != "hello" || m.CreatedBy.Name != "Test" || m.CreatedBy.ID != owner.id {
		t.Errorf("message in the event: %+v", m)
	}
	g.ok(request{method: "POST", path: "/v1/messages/" + id + "/cancel", as: owner.token}, 200, nil)
	if e := nextEvent(t, conn); e.Type != "message.canceled" || e.MessageID != id || e.Seq != 2 || !e.Data.Final {
		t.Errorf("second event %+v, want the cancel of %s", e, id)
	}

	// Another connection resumes after what it names: nothing is missed, nothing comes twice.
	resumed, _ := g.socketOf(owner.token, "?after="+start)
	for _, want := range []string{"message.accepted", "message.canceled"} {
		if e := nextEvent(t, resumed); e.Type != want || e.MessageID != id {
			t.Errorf("resumed at the start: %+v, want %s", e, want)
		}
	}
	resumed, _ = g.socketOf(owner.token, "?after="+e.ID)
	if e := nextEvent(t, resumed); e.Type != "message.canceled" {
		t.Errorf("resumed after the first: %+v, want message.canceled", e)
	}

	// The other workspace has seen nothing of it.
	mine := g.send(stranger.token)
	if e := nextEvent(t, other); e.MessageID != mine {
		t.Errorf("another workspace got %+v, want its own message %s first", e, mine)
	}

	_ = conn.Close(websocket.StatusNormalClosure, "")
	_ = other.CloseNow()
	_ = resumed.CloseNow()
	eventually(t, "only the first resumed stream is open", func() bool { return g.openStreams() == 1 && g.hub.Subscribers() == 1 })
}

func TestResyncOverWebSocket(t *testing.T) {
	t.Parallel()
	g := newLiveGate(t)
	owner := g.setup()
	g.send(owner.token)
	conn, err := g.dial(owner.token, "?after="+smsir.ID(1<<62).Format(smsir.PrefixEvent))
	if err != nil {
		t.Fatal(err)
	}
	hello, e := nextEvent(t, conn), nextEvent(t, conn)
	if e.Type != "resync" || e.ID == "" || e.ID != hello.ID {
		t.Errorf("got %+v after %+v, want a resync with the cursor of now", e, hello)
	}
	g.send(owner.token)
	if e := nextEvent(t, conn); e.Type != "message.accepted" {
		t.Errorf("after a resync: %+v, want the next event", e)
	}
}

func TestEventsOverSSE(t *testing.T) {
	t.Parallel()
	g := newLiveGate(t)
	owner := g.setup()
	first := g.send(owner.token)
	beginning := notify.Beginning.Format(smsir.PrefixEvent)

	header, lines := g.sse(owner.token, "?after="+beginning, nil)
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
		if got := header.Get(name); got != want {
			t.Errorf("header %s: %q, want %q", name, got, want)
		}
	}
	for _, want := range []string{"retry: 1000", "id: " + beginning, ""} {
		if got := next(t, lines); got != want {
			t.Errorf("start of the stream: %q, want %q", got, want)
		}
	}
	check := func(lines <-chan string, message string) (id string) {
		t.Helper()
		idLine, data := next(t, lines), next(t, lines)
		var e api.Event
		payload, ok := strings.CutPrefix(data, "data: ")
		if err := json.Unmarshal([]byte(payload), &e); err != nil || !ok {
			t.Fatalf("%q: %v", data, err)
		}
		if "id: "+e.ID != idLine || e.MessageID != message || next(t, lines) != "" {
			t.Errorf("%q, %q: want the event of %s", idLine, data, message)
		}
		return e.ID
	}
	id := check(lines, first)
	second := g.send(owner.token)
	check(lines, second)

	// As an EventSource comes back: the address as before, and the last event in a header, which counts more.
	_, again := g.sse(owner.token, "?after="+beginning, http.Header{"Last-Event-Id": {id}})
	for range 3 {
		next(t, again)
	}
	check(again, second)

	within, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	g.s.CloseStreams(within)
	if got := next(t, lines); got != ": server stopping" {
		t.Errorf("at the end: %q", got)
	}
	for range lines { // until the answer ends
	}
}

// sse opens a stream of server-sent events and returns its lines as they come.
func (g *liveGate) sse(token, query string, header http.Header) (http.Header, <-chan string) {
	g.t.Helper()
	ctx, cancel := context.WithCancel(g.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+"/v1/events"+query, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "text/html;q=0.1, text/event-stream")
	resp, err := (&http.Client{}).Do(req) //nolint:bodyclose // closed below
	if err != nil {
		g.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		g.t.Fatalf("status %d, want 200", resp.StatusCode)
	}
	lines := make(chan string)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(lines)
		scan := lineScanner(resp.Body)
		for scan.Scan() {
			select {
			case lines <- scan.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	g.t.Cleanup(func() {
		cancel()
		<-done
		_ = resp.Body.Close()
	})
	return resp.Header, lines
}

func next(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case line, ok := <-lines:
		if !ok {
			t.Fatal("the stream has ended")
		}
		return line
	case <-time.After(patienceOfTests):
		t.Fatal("no line came")
	}
	return ""
}

func TestAccessToEvents(t *testing.T) {
	t.Parallel()
	g := newLiveGate(t)
	owner := g.setup()
	_, sends := g.key(owner, "messages:send")
	_, follows := g.key(owner, string(account.EventsRead))
	for _, c := range []struct {
		name, token string
		headers     []string
		status      int
		code        smsir.Code
	}{
		{"no credential", "", nil, 401, api.CodeUnauthenticated},
		{"a key without the scope", sends, nil, 403, api.CodeForbidden},
		{"a key with the scope", follows, nil, 101, ""},
		{"a person", owner.token, nil, 101, ""},
		{"another site", owner.token, []string{"Origin", "https://evil.example"}, 403, api.CodeCrossOrigin},
		{"a site whose name ends alike", owner.token, []string{"Origin", "https://evil-sms.example.com"}, 403, api.CodeCrossOrigin},
		{"a site whose name begins alike", owner.token, []string{"Origin", "https://sms.example.com.evil.example"}, 403, api.CodeCrossOrigin},
		{"no site at all", owner.token, []string{"Origin", "null"}, 403, api.CodeCrossOrigin},
		{"the same machine, another port", owner.token, []string{"Origin", "http://127.0.0.1:1"}, 403, api.CodeCrossOrigin},
		{"the public address", owner.token, []string{"Origin", base}, 101, ""},
		{"the address it listens on", owner.token, []string{"Origin", g.url}, 101, ""},
		{"a page of another site, says the browser", owner.token, []string{"Sec-Fetch-Site", "cross-site"}, 403, api.CodeCrossOrigin},
		{"version of long ago", owner.token, []string{"Sec-WebSocket-Version", "8"}, 426, api.CodeUpgradeRequired},
		{"short key", owner.token, []string{"Sec-WebSocket-Key", "c2hvcnQ="}, 400, api.CodeMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, code := g.handshake(t, c.token, "", c.headers...)
			if status != c.status || code != string(c.code) {
				t.Errorf("got %d %q, want %d %q", status, code, c.status, c.code)
			}
		})
	}
}

// handshake sends one request for a WebSocket and returns the status and the code of the problem, if any.
func (g *liveGate) handshake(t *testing.T, token, query string, headers ...string) (status int, code string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/v1/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
	} {
		req.Header.Set(name, value)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := (&http.Client{}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp.StatusCode, ""
	}
	var p api.Problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Status != resp.StatusCode {
		t.Errorf("status %d, problem %+v, %v", resp.StatusCode, p, err)
	}
	return resp.StatusCode, p.Code
}

func TestMalformedEventRequests(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	sse := map[string]string{"Accept": "text/event-stream"}
	for _, c := range []struct {
		query  string
		header map[string]string
		status int
		code   smsir.Code
	}{
		{"?after=nonsense", sse, 400, api.CodeCursorInvalid},
		{"?after=evt_", sse, 400, api.CodeCursorInvalid},
		{"?after=evt_0000000000000", sse, 400, api.CodeCursorInvalid},
		{"?after=evt_zzzzzzzzzzzzz", sse, 400, api.CodeCursorInvalid},
		{"?after=msg_0g5t3v2k9qw1a", sse, 400, api.CodeCursorInvalid},
		{"?after=evt_0g5t3v2k9qw1a0", sse, 400, api.CodeCursorInvalid},
		{"?after=-1", sse, 400, api.CodeCursorInvalid},
		{"?after=%00", sse, 400, api.CodeCursorInvalid},
		{"?after=%ff%fe", sse, 400, api.CodeCursorInvalid},
		{"?after=%zz", sse, 400, api.CodeMalformed},
		{"", map[string]string{"Accept": "text/event-stream", "Last-Event-ID": "7"}, 400, api.CodeCursorInvalid},
		{"?since=1", sse, 422, smsir.CodeInvalid},
		{"?api_key=smsir", sse, 422, smsir.CodeInvalid},
		{"", nil, 426, api.CodeUpgradeRequired},
		{"", map[string]string{"Accept": "application/json"}, 426, api.CodeUpgradeRequired},
		{"", map[string]string{"Accept": "text/event-stream;q=0"}, 426, api.CodeUpgradeRequired},
		{"", map[string]string{"Accept": "text/event-stream", "Sec-Fetch-Site": "cross-site"}, 403, api.CodeCrossOrigin},
	} {
		g.refused(request{method: "GET", path: "/v1/events" + c.query, as: owner.token, header: c.header}, c.status, c.code)
	}
	if a := g.do(request{method: "GET", path: "/v1/events", as: owner.token}); a.header.Get("Upgrade") != "websocket" {
		t.Errorf("426 without the Upgrade header: %v", a.header)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodHead, base+"/v1/events", nil)
	r.Header.Set("Authorization", "Bearer "+owner.token)
	r.Header.Set("Accept", "text/event-stream")
	g.s.Handler().ServeHTTP(w, r)
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD: %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
}

func TestStreamsPerCaller(t *testing.T) {
	t.Parallel()
	g := newLiveGate(t)
	owner := g.setup()
	second := g.join(owner, "viewer", "viewer@example.com")
	var conns []*websocket.Conn
	for range streamsPerCaller {
		conn, _ := g.socketOf(owner.token, "")
		conns = append(conns, conn)
	}
	if status, code := g.handshake(t, owner.token, ""); status != 429 || code != string(api.CodeRateLimited) {
		t.Errorf("one more than %d: %d %s, want 429", streamsPerCaller, status, code)
	}
	g.refused(request{method: "GET", path: "/v1/events", as: owner.token, header: map[string]string{"Accept": "text/event-stream"}}, 429, api.CodeRateLimited)
	g.socketOf(second.token, "") // somebody else is not concerned
	_ = conns[0].Close(websocket.StatusNormalClosure, "")
	eventually(t, "a closed one makes room", func() bool {
		conn, err := g.dial(owner.token, "")
		if err == nil {
			_ = conn.CloseNow()
		}
		return err == nil
	})
}
