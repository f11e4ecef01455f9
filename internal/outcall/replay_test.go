package outcall

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

// TestNoReplay: net/http repeats a request on a connection that it kept and that turns out dead. Ours never: the server
// answers the first request of a connection and ends it in the middle of the second one.
func TestNoReplay(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"plain":           func(*http.Request) {},
		"idempotency key": func(r *http.Request) { r.Header.Set("Idempotency-Key", "k") },
		"without a body": func(r *http.Request) {
			r.Header.Set("X-Idempotency-Key", "k")
			r.Body, r.GetBody, r.ContentLength = nil, nil, 0
		},
		"GET": func(r *http.Request) { // some providers take messages by GET
			r.Method, r.Body, r.GetBody, r.ContentLength = http.MethodGet, nil, nil, 0
		},
		"empty body": func(r *http.Request) {
			r.Header.Set("Idempotency-Key", "k")
			r.Body, r.GetBody, r.ContentLength = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }, 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listen(t, func(s *server, conn net.Conn) {
				r := bufio.NewReader(conn)
				if _, err := s.request(r); err != nil {
					return
				}
				_, _ = io.WriteString(conn, created)
				_, _ = s.request(r)
			})
			c := newClient(t, Options{})
			for i := range 10 {
				first, second := fmt.Sprintf("first %d", i), fmt.Sprintf("second %d", i)
				if _, err := c.Do(t.Context(), post(t, s.url, first)); err != nil {
					t.Fatalf("%s: %v", first, err)
				}
				req := post(t, s.url, second)
				change(req)
				_, err := c.Do(t.Context(), req)
				wantUnknown(t, err, "connection_lost")
				if s.count(first) != 1 || s.count(second) != 1 {
					t.Fatalf("the server saw %d and %d requests, want 1 and 1", s.count(first), s.count(second))
				}
			}
		})
	}
}

// TestClosedWhileIdle: the server ends connections as soon as it has answered. Whatever the race comes to, nothing
// arrives twice, and nothing arrives of which we said that it was not sent.
func TestClosedWhileIdle(t *testing.T) {
	t.Parallel()
	s := listen(t, func(s *server, conn net.Conn) {
		if _, err := s.request(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, created)
		}
	})
	c := newClient(t, Options{})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				id := fmt.Sprintf("%d.%d", i, j)
				_, err := c.Do(t.Context(), post(t, s.url, id))
				s.judge(t, id, err)
			}
		})
	}
	all.Wait()
}

// judge compares what the client said with what the server saw.
func (s *server) judge(t *testing.T, id string, err error) {
	t.Helper()
	seen := s.count(id)
	var e *smsir.SendError
	switch {
	case err == nil && seen != 1, seen > 1:
		t.Errorf("%s: error %v, seen %d times, want once", id, err, seen)
	case errors.As(err, &e) && e.State == smsir.AttemptNotSent && seen != 0:
		t.Errorf("%s: said %v, but seen %d times", id, e, seen)
	}
}

// TestGivenUpAtAnyMoment: requests that are given up at random moments, on new connections and kept ones. What was said
// to be not sent never arrives, not even later.
func TestGivenUpAtAnyMoment(t *testing.T) {
	t.Parallel()
	s := listen(t, answering(created))
	c := newClient(t, Options{})
	said := map[string]error{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 100 {
				id := fmt.Sprintf("%d.%d", i, j)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.Int64N(int64(400*time.Microsecond))))
				_, err := c.Do(ctx, post(t, s.url, id))
				cancel()
				mu.Lock()
				said[id] = err
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if _, err := c.Do(t.Context(), post(t, s.url, "last")); err != nil {
		t.Fatal(err)
	}
	states := map[string]int{}
	for id, err := range said {
		s.judge(t, id, err)
		var e *smsir.SendError
		if errors.As(err, &e) {
			states[e.State.String()]++
		} else {
			states["answered"]++
		}
	}
	t.Logf("given up at random: %v", states)
}

// TestSealed: a connection that was given up takes nothing more, and what was under way counts.
func TestSealed(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	t.Cleanup(func() { _ = far.Close() })
	c := &countedConn{Conn: near}
	wrote := make(chan error, 1)
	go func() {
		_, err := c.Write([]byte("abc"))
		wrote <- err
	}()
	one := make([]byte, 1)
	if _, err := far.Read(one); err != nil { // the write is under way: one byte is out, two are not
		t.Fatal(err)
	}
	if got := c.seal(); got != 3 {
		t.Errorf("sealed in the middle of a write of 3 bytes: got %d, want 3", got)
	}
	if err := <-wrote; err == nil {
		t.Error("the write under way: got no error, want one")
	}
	if n, err := c.Write([]byte("d")); n != 0 || !errors.Is(err, errSealed) {
		t.Errorf("a write after the seal: got %d, %v, want 0 and %v", n, err, errSealed)
	}
	if got := c.count(); got != 1 {
		t.Errorf("in the end: got %d, want the 1 byte that left", got)
	}
}
