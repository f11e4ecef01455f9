package httpd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/notify"
)

func lineScanner(r io.Reader) *bufio.Scanner { return bufio.NewScanner(r) }

// scripted is a subscription that does what a test says.
type scripted struct {
	next   func(ctx context.Context) (notify.Item, error)
	cursor smsir.ID
}

func (s scripted) Next(ctx context.Context, _ int) ([]notify.Item, error) {
	item, err := s.next(ctx)
	return []notify.Item{item}, err
}
func (s scripted) Cursor() smsir.ID { return s.cursor }
func (scripted) Close()             {}

// plays makes every stream follow a script.
func plays(next func(ctx context.Context) (notify.Item, error)) func(*streams) {
	return func(ss *streams) {
		ss.subscribe = func(context.Context, smsir.UUID, smsir.ID) (subscription, error) {
			return scripted{next, smsir.ID(42)}, nil
		}
	}
}

func TestEndsOfStreams(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		code   websocket.StatusCode
		reason string
	}{
		"too slow":          {notify.ErrSlow, 4008, smsir.ID(42).Format(smsir.PrefixEvent)},
		"the hub stops":     {notify.ErrStopped, 1001, "server stopping"},
		"the store is down": {errors.New("disk on fire: /var/lib/secret"), 1011, "connect again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newLiveGate(t, plays(func(context.Context) (notify.Item, error) { return notify.Item{}, c.err }))
			owner := g.setup()
			conn, _ := g.socketOf(owner.token, "")
			closed(t, conn, c.code, c.reason)
			eventually(t, "the stream has left", func() bool { return g.openStreams() == 0 })
		})
	}
	t.Run("a bug", func(t *testing.T) {
		t.Parallel()
		g := newLiveGate(t, plays(func(context.Context) (notify.Item, error) { panic("a bug") }))
		owner := g.setup()
		conn, _ := g.socketOf(owner.token, "")
		closed(t, conn, 1011, "connect again")
		g.ok(request{method: "GET", path: "/v1/me", as: owner.token}, 200, nil)
	})
}

func TestHubThatHasStopped(t *testing.T) {
	t.Parallel()
	g := newLiveGate(t, func(ss *streams) {
		ss.subscribe = func(context.Context, smsir.UUID, smsir.ID) (subscription, error) { return nil, notify.ErrStopped }
	})
	owner := g.setup()
	g.refused(request{method: "GET", path: "/v1/events", as: owner.token, header: map[string]string{"Accept": "text/event-stream"}}, 503, api.CodeStopping)
	if n := g.openStreams(); n != 0 {
		t.Errorf("%d streams open, want 0", n)
	}
}

// A client that does not read holds up nobody, and is gone after the write time.
func TestStalledClientIsDropped(t *testing.T) {
	t.Parallel()
	big := bytes.Repeat([]byte("x"), 64<<10)
	g := newLiveGate(t, func(ss *streams) { ss.writeTime = 300 * time.Millisecond },
		plays(func(context.Context) (notify.Item, error) { return notify.Item{ID: 43, JSON: big}, nil }))
	owner := g.setup()
	if _, err := g.dial(owner.token, ""); err != nil { // and reads nothing
		t.Fatal(err)
	}
	_, lines := g.sse(owner.token, "", nil)
	next(t, lines) // reads no further
	eventually(t, "both streams have ended", func() bool { return g.openStreams() == 0 })
}

func TestPings(t *testing.T) {
	t.Parallel()
	g := newLiveGate(t, func(ss *streams) { ss.pingEvery = 20 * time.Millisecond })
	owner := g.setup()
	var pings atomic.Int32
	//nolint:bodyclose // the library has closed it
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(g.url, "http")+"/v1/events", &websocket.DialOptions{
		HTTPHeader:     map[string][]string{"Authorization": {"Bearer " + owner.token}},
		OnPingReceived: func(context.Context, []byte) bool { pings.Add(1); return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow() //nolint:errcheck // the test is over
	nextEvent(t, conn)
	for n := 0; n < 3 || pings.Load() < 3; n++ {
		frame, err := readFrame(t, conn)
		if err != nil || string(frame) != `{"type":"ping"}` {
			t.Fatalf("got %s, %v, want a ping", frame, err)
		}
	}
	_, lines := g.sse(owner.token, "", nil)
	for range 3 {
		next(t, lines)
	}
	for range 2 {
		if got := next(t, lines) + next(t, lines); got != ": ping" {
			t.Errorf("got %q, want a comment", got)
		}
	}
}

// A client that answers no ping is dead, whatever TCP says.
func TestClientThatAnswersNoPing(t *testing.T) {
	t.Parallel()
	g := newLiveGate(t, func(ss *streams) { ss.pingEvery, ss.writeTime = 20*time.Millisecond, 200*time.Millisecond })
	owner := g.setup()
	if _, err := g.dial(owner.token, ""); err != nil { // nobody reads, so nobody answers
		t.Fatal(err)
	}
	eventually(t, "it was seen", func() bool { return g.openStreams() == 0 })
}

func TestFramesOfClients(t *testing.T) {
	t.Parallel()
	g := newLiveGate(t)
	owner := g.setup()
	conn, _ := g.socketOf(owner.token, "")
	for _, frame := range []string{"", "hello", `{"type":"subscribe"}`, strings.Repeat("x", 64<<10)} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	id := g.send(owner.token)
	if e := nextEvent(t, conn); e.MessageID != id {
		t.Errorf("after frames of the client: %+v, want the event of %s", e, id)
	}
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(strings.Repeat("x", 65<<10))); err != nil {
		t.Fatal(err)
	}
	closed(t, conn, websocket.StatusMessageTooBig, "")
}

func TestAccessThatEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(g *liveGate, owner member) (token string, act func()){
		"key revoked": func(g *liveGate, owner member) (string, func()) {
			id, secret := g.key(owner, string(account.EventsRead))
			return secret, func() { g.ok(request{method: "DELETE", path: "/v1/api-keys/" + id, as: owner.token}, 204, nil) }
		},
		"member removed": func(g *liveGate, owner member) (string, func()) {
			m := g.join(owner, "member", "member@example.com")
			return m.token, func() {
				g.ok(request{method: "DELETE", path: "/v1/workspace/members/" + m.id, as: owner.token}, 204, nil)
			}
		},
		"logged out": func(g *liveGate, owner member) (string, func()) {
			m := g.join(owner, "member", "member@example.com")
			return m.token, func() { g.ok(request{method: "POST", path: "/v1/auth/logout", as: m.token}, 204, nil) }
		},
		"session of another device ended": func(g *liveGate, owner member) (string, func()) {
			var in struct{ Token string }
			g.ok(request{method: "POST", path: "/v1/auth/login", body: `{"email":"owner@example.com","password":"` + password + `","client":"app"}`}, 200, &in)
			return in.Token, func() {
				g.ok(request{method: "POST", path: "/v1/auth/password", as: owner.token, body: `{"old_password":"` + password + `","new_password":"another long passphrase"}`}, 204, nil)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newLiveGate(t)
			owner := g.setup()
			token, act := end(g, owner)
			conn, _ := g.socketOf(token, "")
			stays, _ := g.socketOf(owner.token, "")
			act()
			closed(t, conn, 4401, "access ended")
			id := g.send(owner.token)
			if e := nextEvent(t, stays); e.MessageID != id {
				t.Errorf("the stream of who may follow: %+v, want the event of %s", e, id)
			}
		})
	}
}

func TestAccessIsCheckedRegularly(t *testing.T) {
	t.Parallel()
	var say atomic.Pointer[func(p *account.Principal) (*account.Principal, error)]
	answer := func(f func(p *account.Principal) (*account.Principal, error)) { say.Store(&f) }
	checks := make(chan struct{}, 1)
	g := newLiveGate(t, func(ss *streams) {
		ss.recheckEvery = 10 * time.Millisecond
		ss.recheck = func(_ context.Context, p *account.Principal) (*account.Principal, error) {
			select {
			case checks <- struct{}{}:
			default:
			}
			return (*say.Load())(p)
		}
	})
	owner := g.setup()
	fine := func(p *account.Principal) (*account.Principal, error) { return p, nil }
	answer(fine)
	conn, _ := g.socketOf(owner.token, "")
	<-checks

	// A store that is down ends nothing.
	answer(func(*account.Principal) (*account.Principal, error) {
		return nil, smsir.Errorf(smsir.CodeStorageDown, "The storage is down.")
	})
	<-checks
	<-checks
	id := g.send(owner.token)
	if e := nextEvent(t, conn); e.MessageID != id {
		t.Errorf("while access cannot be checked: %+v, want the event of %s", e, id)
	}

	answer(func(p *account.Principal) (*account.Principal, error) {
		elsewhere := *p.Workspace
		elsewhere.ID = smsir.UUID{1}
		moved := *p
		moved.Workspace = &elsewhere
		return &moved, nil
	})
	closed(t, conn, 4401, "workspace changed")

	answer(fine)
	conn, _ = g.socketOf(owner.token, "")
	answer(func(p *account.Principal) (*account.Principal, error) {
		barred := *p
		barred.Role = 0
		return &barred, nil
	})
	closed(t, conn, 4401, "access ended")
}

func TestServerThatStops(t *testing.T) {
	t.Parallel()
	g := newLiveGate(t)
	owner := g.setup()
	conn, _ := g.socketOf(owner.token, "")
	done := make(chan struct{})
	go func() {
		defer close(done)
		within, cancel := context.WithTimeout(context.Background(), patienceOfTests)
		defer cancel()
		g.s.CloseStreams(within)
	}()
	closed(t, conn, websocket.StatusGoingAway, "server stopping")
	<-done
	if n := g.openStreams(); n != 0 {
		t.Errorf("%d streams after CloseStreams, want 0", n)
	}
	g.refused(request{method: "GET", path: "/v1/events", as: owner.token, header: map[string]string{"Accept": "text/event-stream"}}, 503, api.CodeStopping)

	// It waits no longer than it is told.
	stuck := newStreams(&Deps{}, g.s.log)
	if _, err := stuck.admit(&account.Principal{}); err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	(&Server{streams: stuck}).CloseStreams(over)
}
