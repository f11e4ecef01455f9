package postgres_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/postgres"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// way is the way between a node and the database: a proxy that can break at the worst moment.
type way struct {
	url string
	to  string

	// atCommit is what happens when the next COMMIT passes: 0 nothing, 1 it is lost, 2 its answer is lost.
	atCommit atomic.Int32
	closed   atomic.Bool // new connections are refused
	mu       sync.Mutex
	open     map[net.Conn]bool
}

const (
	loseCommit = 1
	loseAnswer = 2
)

// newWay makes a way to the database of an address.
func newWay(t *testing.T, address string) *way {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	w := &way{to: filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"), open: map[net.Conn]bool{}}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.url = "postgres://smsir@" + l.Addr().String() + u.Path + "?sslmode=disable"
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { w.carry(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.cut()
		serving.Wait()
	})
	return w
}

// cut breaks every connection.
func (w *way) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		_ = c.Close()
	}
}

func (w *way) note(c net.Conn, open bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if open {
		w.open[c] = true
	} else {
		delete(w.open, c)
	}
}

func (w *way) carry(client net.Conn) {
	defer client.Close() //nolint:errcheck // nothing is lost
	if w.closed.Load() {
		return
	}
	server, err := new(net.Dialer).DialContext(context.Background(), "unix", w.to)
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // nothing is lost
	for _, c := range []net.Conn{client, server} {
		w.note(c, true)
		defer w.note(c, false)
	}
	var mute atomic.Bool // what the server says is lost
	back := make(chan struct{})
	go func() {
		defer close(back)
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if n > 0 && mute.Load() {
				_ = client.Close() // the server has answered the COMMIT
				return
			}
			if n > 0 {
				if _, err := client.Write(buf[:n]); err != nil {
					return
				}
			}
			if err != nil {
				_ = client.Close()
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			break
		}
		if bytes.Contains(buf[:n], []byte("COMMIT\x00")) {
			switch w.atCommit.Swap(0) {
			case loseCommit:
				return
			case loseAnswer:
				mute.Store(true)
			}
		}
		if _, err := io.Copy(server, bytes.NewReader(buf[:n])); err != nil {
			break
		}
	}
	_ = server.Close()
	<-back
}

// TestACommitWithoutAnAnswer: the connection dies while a COMMIT is under way. What is told is what happened.
func TestACommitWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		at     int32
		closed bool // the database cannot be asked afterwards either
		code   smsir.Code
		stored bool
	}{
		"the answer is lost":                  {loseAnswer, false, "", true},
		"the commit is lost":                  {loseCommit, false, smsir.CodeStorageDown, false},
		"the answer is lost, nobody can tell": {loseAnswer, true, smsir.CodeCommitUnknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			direct := s.node("direct", 0)
			w := newWay(t, s.url)
			st := open(t, w.url, postgres.Options{Node: "far", PoolSize: 4})
			defer func() { _ = st.Close() }()
			now := time.Now().UTC().Truncate(time.Millisecond)
			m := &smsir.Message{
				ID: st.NewID(now), Workspace: s.ws, To: "+12025550100", Text: "hello", Segments: 1, AcceptedAt: now, ExpiresAt: now.Add(time.Hour),
			}
			a := &store.Acceptance{Workspace: s.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(now, false)}}
			w.atCommit.Store(tc.at)
			w.closed.Store(tc.closed)
			_, err := st.Accept(bg, a)
			w.closed.Store(false)
			if got := smsir.CodeOf(err); got != tc.code || (err == nil) != (tc.code == "") {
				t.Errorf("accept: %v (code %q), want code %q", err, got, tc.code)
			}
			_, err = direct.Message(bg, s.ws, m.ID)
			if (err == nil) != tc.stored {
				t.Errorf("read: %v, want stored = %v", err, tc.stored)
			}
			if _, err := st.Accept(bg, &store.Acceptance{Workspace: s.ws}); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// TestTheDatabaseGoesAndComesBack: while it is away every call says so, and nothing is believed; when it is back, the same
// store works again, and what was promised is there.
func TestTheDatabaseGoesAndComesBack(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := &site{T: t, url: server.Database(t)}
	st := s.node("a", 0)
	kept := s.accept(st, true)
	attempt, _ := s.intend(st, kept)
	server.Kill()
	for range 3 {
		now := time.Now()
		m := &smsir.Message{ID: st.NewID(now), Workspace: s.ws, To: "+12025550100", Segments: 1, AcceptedAt: now, ExpiresAt: now.Add(time.Hour)}
		_, err := st.Accept(bg, &store.Acceptance{Workspace: s.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(now, false)}})
		_, err2 := st.StoreReceipt(bg, smsir.Receipt{Provider: s.provider, Reference: "r", Status: smsir.Delivered, ArrivedAt: now})
		_, err3 := st.Backlog(bg, s.ws)
		_, err4 := st.EventsAfter(bg, s.ws, 0, 10)
		_, _, err5 := st.Cancel(bg, s.ws, kept.ID, smsir.Actor{}, now)
		_, err6 := st.Waiting(bg)
		err7 := st.SetSetting(bg, "x", "y", store.AuditEntry{At: now})
		_, err8 := st.Renew(bg)
		for i, err := range []error{err, err2, err3, err4, err5, err6, err7, err8, st.Ready(bg)} {
			if smsir.CodeOf(err) != smsir.CodeStorageDown {
				t.Errorf("call %d without a database: %v (code %q), want %s", i+1, err, smsir.CodeOf(err), smsir.CodeStorageDown)
			}
		}
	}
	server.Restart(t)
	if err := st.Ready(bg); err != nil {
		t.Errorf("when it is back: %v", err)
	}
	if l, err := st.Renew(bg); err != nil || l.Rejoined {
		t.Errorf("renew: %+v, %v", l, err)
	}
	if other, err := postgres.Open(bg, s.url, postgres.Options{Node: "a"}); err == nil {
		_ = other.Close()
		t.Error("the name of the node was free after the restart of the server")
	}
	m, err := st.Finish(bg, store.Finish{Attempt: attempt, Message: kept.ID, Workspace: s.ws, Now: time.Now(), Outcome: smsir.Outcome{State: smsir.AttemptAccepted, References: []string{"r"}}})
	if err != nil || m.Status != smsir.Sent {
		t.Errorf("the outcome that waited: %v, %v; want sent", m, err)
	}
	s.status(st, kept.ID, smsir.Sent)
}

// TestUnsafeServersAreRefused: settings under which a commit could be lost, unless the operator insists.
func TestUnsafeServersAreRefused(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{
		"fsync=off":              "fsync is off",
		"full_page_writes=off":   "full_page_writes is off",
		"synchronous_commit=off": "synchronous_commit is off",
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Start(t, setting).Database(t)
			_, err := postgres.Open(bg, url, postgres.Options{})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("open: %v, want a refusal with %q", err, want)
			}
			st, err := postgres.Open(bg, url, postgres.Options{AcceptDataLoss: true})
			if err != nil {
				t.Fatalf("with the operator's word: %v", err)
			}
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("local commit with a standby", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		// The standby does not exist; a server with a name for one and local commits does not wait for it.
		_, err := postgres.Open(bg, url+"&synchronous_commit=local", postgres.Options{})
		if err != nil {
			t.Errorf("local without a standby: %v", err)
		}
		if got := postgres.Risk("on", "on", "local", "east"); !strings.Contains(got, "failover") {
			t.Errorf("local with a standby: %q", got)
		}
	})
}
