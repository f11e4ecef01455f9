package httpd

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// calledBack is a provider whose callbacks a test answers, with a sink that keeps what comes.
type calledBack struct {
	id     smsir.UUID
	answer func(smsir.CallbackRequest) (smsir.CallbackAnswer, error)
	store  func() error // what the sink says

	mu       sync.Mutex
	requests []smsir.CallbackRequest
	receipts []smsir.Receipt
	inbound  []smsir.Inbound
}

func (p *calledBack) Send(context.Context, smsir.Submission) (smsir.Accepted, error) {
	return smsir.Accepted{}, nil
}

func (p *calledBack) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, r)
	return p.answer(r)
}

func (p *calledBack) Receipt(_ context.Context, r smsir.Receipt) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.store(); err != nil {
		return err
	}
	p.receipts = append(p.receipts, r)
	return nil
}

func (p *calledBack) Inbound(_ context.Context, in smsir.Inbound) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.store(); err != nil {
		return err
	}
	p.inbound = append(p.inbound, in)
	return nil
}

// newCallbackGate is a door with one provider that calls back, and what it logs.
func newCallbackGate(t *testing.T) (*gate, *calledBack, *bytes.Buffer) {
	t.Helper()
	p := &calledBack{id: smsir.UUID{1, 2, 3}, store: func() error { return nil }}
	p.answer = func(smsir.CallbackRequest) (smsir.CallbackAnswer, error) { return smsir.CallbackAnswer{}, nil }
	log := new(bytes.Buffer)
	g := newGate(t, func(d *Deps) {
		d.Sink, d.Log = p, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		d.Opened = func(_ context.Context, id smsir.UUID) (smsir.Provider, error) {
			switch id {
			case p.id:
				return p, nil
			case smsir.UUID{9}:
				return struct{ smsir.Provider }{p}, nil // does not call back
			}
			return nil, smsir.Errorf(smsir.CodeNotFound, "There is no such provider.")
		}
	})
	g.setup()
	return g, p, log
}

// path is a provider's address below the public one.
func (g *gate) path(id smsir.UUID) string {
	return strings.TrimPrefix(g.s.deps.Callbacks.URL(id), base)
}

// counted is how many callbacks ended with a result.
func (g *gate) counted(result string) string {
	g.t.Helper()
	a := g.ok(request{method: "GET", path: "/metrics", from: "127.0.0.1:1"}, 200, nil)
	for line := range strings.Lines(string(a.body)) {
		if count, ok := strings.CutPrefix(line, `smsir_callbacks_total{result="`+result+`"} `); ok {
			return strings.TrimSpace(count)
		}
	}
	return "0"
}

func TestCallbackAddresses(t *testing.T) {
	t.Parallel()
	old, next := []byte("the old key"), []byte("the new key")
	one, two := smsir.UUID{1}, smsir.UUID{2}
	before, after := NewCallbacks(base+"/", [][]byte{old}), NewCallbacks(base, [][]byte{next, old})
	for _, c := range []*Callbacks{nil, NewCallbacks("", [][]byte{old}), NewCallbacks(base, nil)} {
		if got := c.URL(one); got != "" {
			t.Errorf("without a public address or a key: got %q, want none", got)
		}
		if _, ok := c.open(strings.TrimPrefix(before.URL(one), base)); ok {
			t.Error("without a public address or a key: an address opens")
		}
	}
	token := before.URL(one)[strings.LastIndexByte(before.URL(one), '/')+1:]
	if len(token) != 32 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		t.Errorf("token %q: want 32 characters of base32, that is 160 bits", token)
	}
	if !strings.HasPrefix(before.URL(one), base+"/callbacks/prv_") || before.URL(one) == after.URL(one) || strings.HasSuffix(before.URL(two), token) {
		t.Errorf("addresses %q, %q, %q: want the public address, and a token by key and provider", before.URL(one), after.URL(one), before.URL(two))
	}
	for _, url := range []string{before.URL(one), after.URL(one)} {
		if id, ok := after.open(strings.TrimPrefix(url, base)); !ok || id != one {
			t.Errorf("%s with both keys: got %x, %v, want it open", url, id, ok)
		}
	}
	if _, ok := before.open(strings.TrimPrefix(after.URL(one), base)); ok {
		t.Error("an address of a new key opens with the old one")
	}
}

// TestCallbackAddressesTellNothing: whatever is wrong with an address, the answer is the same, and no provider is asked.
func TestCallbackAddressesTellNothing(t *testing.T) {
	t.Parallel()
	g, p, log := newCallbackGate(t)
	right := g.path(p.id)
	first := g.do(request{method: "POST", path: callbackRoot + "nonsense/nonsense", body: "x"})
	for _, path := range []string{
		callbackRoot, right[:len(right)-1], right + "a", right + "/", strings.ToUpper(right[len(right)-32:]), right[:len(right)-32],
		right[:len(right)-33], g.path(smsir.UUID{4}), g.path(smsir.UUID{9}), g.path(smsir.UUID{4})[:len(right)-32] + right[len(right)-32:],
		strings.Replace(right, "prv_", "wks_", 1), right[:len(right)-32] + strings.Repeat("a", 32), "/callbacks//" + right[len(right)-32:],
	} {
		if !strings.HasPrefix(path, callbackRoot) {
			path = right[:len(right)-32] + path
		}
		a := g.do(request{method: "POST", path: path, body: "x"})
		if a.status != 404 || !bytes.Equal(a.body, first.body) || a.header.Get("Content-Type") != first.header.Get("Content-Type") {
			t.Errorf("%s: got %d %s, want the same 404 as for nonsense", path, a.status, a.body)
		}
	}
	if len(p.requests) != 0 || g.counted(callbackNoAddress) != "14" {
		t.Errorf("the provider was asked %d times, want 0; %s counted, want 14", len(p.requests), g.counted(callbackNoAddress))
	}
	for _, method := range []string{"PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"} {
		if a := g.do(request{method: method, path: right}); a.status != 405 || a.header.Get("Allow") != "GET, POST" {
			t.Errorf("%s: got %d, want 405", method, a.status)
		}
	}
	if strings.Contains(log.String(), right[len(right)-32:]) {
		t.Errorf("the log tells the secret: %s", log)
	}
}

// TestCallbackIsStoredFirst: the answer is given when everything is stored, and not before; the provider sees the public
// address whatever the caller says; a report is of the provider to whose address it came.
func TestCallbackIsStoredFirst(t *testing.T) {
	t.Parallel()
	g, p, _ := newCallbackGate(t)
	p.answer = func(r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
		return smsir.CallbackAnswer{
			Receipts: []smsir.Receipt{{Provider: smsir.UUID{7}, Reference: "r1", Status: smsir.Delivered}, {Reference: "r2", Status: smsir.Sent}},
			Inbound:  []smsir.Inbound{{Provider: smsir.UUID{7}, From: "+12025550120", Text: string(r.Body)}},
			Status:   200, ContentType: "text/xml", Body: []byte("<Response/>"),
		}, nil
	}
	r := request{
		method: "POST", path: g.path(p.id) + "?attempt=att_1&x=a%20b+c", body: "hello",
		header: map[string]string{"Host": "evil.example.net", "X-Forwarded-Host": "evil.example.net", "X-Forwarded-Proto": "http", "X-Mark": "m"},
	}
	p.store = func() error { return smsir.Errorf(smsir.CodeStorageDown, "The database is down.") }
	if a := g.do(r); a.status != 503 || a.header.Get("Retry-After") == "" || bytes.Contains(a.body, []byte("database")) || bytes.Contains(a.body, []byte("<Response/>")) {
		t.Errorf("the store is down: got %d %s, want 503 to come again", a.status, a.body)
	}
	calls := 0
	p.store = func() error {
		if calls++; calls == 3 {
			return errors.New("the inbound message is not stored")
		}
		return nil
	}
	if a := g.do(r); a.status != 503 {
		t.Errorf("the third report is not stored: got %d, want 503", a.status)
	}
	p.store, p.receipts = func() error { return nil }, nil
	if a := g.do(r); a.status != 200 || string(a.body) != "<Response/>" || a.header.Get("Content-Type") != "text/xml" {
		t.Errorf("got %d %s, want what the provider says", a.status, a.body)
	}
	if len(p.receipts) != 2 || len(p.inbound) != 1 || p.receipts[0].Provider != p.id || p.receipts[1].Provider != p.id || p.inbound[0].Provider != p.id || p.inbound[0].Text != "hello" {
		t.Errorf("stored %+v and %+v, want two receipts and a message of %x", p.receipts, p.inbound, p.id)
	}
	for _, got := range p.requests {
		if got.Method != "POST" || got.URL != base+r.path || got.Header["X-Mark"][0] != "m" {
			t.Errorf("the provider got %s %s %v, want POST %s", got.Method, got.URL, got.Header, base+r.path)
		}
	}
	if g.counted(callbackFailed) != "2" || g.counted(callbackStored) != "1" {
		t.Errorf("counted %s failed and %s stored, want 2 and 1", g.counted(callbackFailed), g.counted(callbackStored))
	}
	p.answer = func(smsir.CallbackRequest) (smsir.CallbackAnswer, error) { return smsir.CallbackAnswer{}, nil }
	if a := g.do(request{method: "GET", path: g.path(p.id)}); a.status != 204 || len(a.body) != 0 {
		t.Errorf("nothing to say: got %d %s, want 204", a.status, a.body)
	}
}

// TestCallbackRefused: what proves nothing, cannot be read or is too large is refused, and the log does not tell the secret.
func TestCallbackRefused(t *testing.T) {
	t.Parallel()
	g, p, log := newCallbackGate(t)
	path := g.path(p.id)
	for _, tt := range []struct {
		says   error
		size   int
		status int
		result string
	}{
		{smsir.Errorf(smsir.CodeCallbackRefused, "The signature is wrong."), 1, 401, callbackRefused},
		{smsir.Errorf(smsir.CodeInvalid, "MessageSid is missing."), 1, 400, callbackUnreadable},
		{errors.New("something inside"), 1, 503, callbackFailed},
		{nil, maxCallback + 1, 413, callbackUnreadable},
		{nil, maxCallback, 204, callbackStored},
	} {
		p.answer = func(smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
			if tt.says == nil {
				return smsir.CallbackAnswer{}, nil
			}
			return smsir.CallbackAnswer{Receipts: []smsir.Receipt{{Reference: "r", Status: smsir.Delivered}}}, tt.says
		}
		before := g.counted(tt.result)
		a := g.do(request{method: "POST", path: path, body: strings.Repeat("x", tt.size)})
		if a.status != tt.status || g.counted(tt.result) == before || bytes.Contains(a.body, []byte("inside")) {
			t.Errorf("%v with %d bytes: got %d %s, counted %s as %s; want %d", tt.says, tt.size, a.status, a.body, g.counted(tt.result), tt.result, tt.status)
		}
	}
	p.answer = func(smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
		return smsir.CallbackAnswer{Receipts: []smsir.Receipt{{Reference: "r", Status: smsir.Delivered}}, Status: 503}, smsir.Errorf(smsir.CodeCallbackRefused, "It is not signed.")
	}
	before := g.counted(callbackRefused)
	if a := g.do(request{method: "POST", path: path, body: "x"}); a.status != 503 || g.counted(callbackRefused) == before {
		t.Errorf("refused, to come again: got %d, counted %s as refused after %s; want 503", a.status, g.counted(callbackRefused), before)
	}
	if len(p.receipts) != 0 {
		t.Errorf("stored %+v, want nothing of what was refused", p.receipts)
	}
	p.answer = func(smsir.CallbackRequest) (smsir.CallbackAnswer, error) { panic("a fault of the adapter") }
	if a := g.do(request{method: "POST", path: path, body: "x"}); a.status != 500 {
		t.Errorf("a panic: got %d, want 500", a.status)
	}
	if !strings.Contains(log.String(), "proves nothing") || !strings.Contains(log.String(), "something inside") {
		t.Errorf("the log lacks what happened: %s", log)
	}
	if strings.Contains(log.String(), path[len(path)-32:]) {
		t.Errorf("the log tells the secret: %s", log)
	}
}

// TestCallbackURLIsForAdmins: the address holds a secret, and is shown to those who may change the provider.
func TestCallbackURLIsForAdmins(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var p api.Provider
	g.ok(request{method: "POST", path: "/v1/providers", as: owner.token, body: `{"kind":"carrier","name":"C","priority":200,"settings":{"user":"u","password":"p"}}`}, 201, &p)
	id, err := smsir.ParseUUID(smsir.PrefixProvider, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := base + g.path(id)
	if p.CallbackURL != want {
		t.Errorf("created: address %q, want %q", p.CallbackURL, want)
	}
	_, reader := g.key(owner, "providers:read")
	_, writer := g.key(owner, "providers:read", "providers:write")
	member := g.join(owner, "member", "member@example.com")
	for token, want := range map[string]string{owner.token: want, writer: want, reader: "", member.token: ""} {
		var list api.ProviderList
		var one api.Provider
		g.ok(request{method: "GET", path: "/v1/providers", as: token}, 200, &list)
		g.ok(request{method: "GET", path: "/v1/providers/" + p.ID, as: token}, 200, &one)
		if one.CallbackURL != want || list.Items[1].CallbackURL != want || list.Items[0].CallbackURL != "" {
			t.Errorf("got %q, in the list %q, and %q for the simulator; want %q twice and none", one.CallbackURL, list.Items[1].CallbackURL, list.Items[0].CallbackURL, want)
		}
	}
}
