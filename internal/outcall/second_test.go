package outcall

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"
)

// TestSecondAnswer: a server that answers twice gives nobody the answer to another request, however soon the connection is used
// again.
func TestSecondAnswer(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{
		"with a length":  "HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s",
		"after a notice": "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listen(t, func(s *server, conn net.Conn) {
				r := bufio.NewReader(conn)
				for n := 0; ; n++ {
					req, err := s.request(r)
					if err != nil {
						return
					}
					id := req.Header.Get("X-Id")
					answer := fmt.Sprintf(form, len(id), id)
					if n%3 == 2 {
						_, _ = conn.Write([]byte(answer + answer))
						return
					}
					if _, err := conn.Write([]byte(answer)); err != nil {
						return
					}
				}
			})
			c := newClient(t, Options{})
			var all sync.WaitGroup
			var right, wrong, failed atomic.Int64
			for i := range 40 {
				all.Go(func() {
					for k := range 100 {
						id := fmt.Sprintf("%d/%d", i, k)
						req := post(t, s.url, id)
						req.Header.Set("X-Id", id)
						answer, err := c.Do(t.Context(), req)
						switch {
						case err != nil:
							failed.Add(1)
						case string(answer.Body) == id:
							right.Add(1)
						default:
							wrong.Add(1)
							t.Logf("%s got %q", id, answer.Body)
						}
					}
				})
			}
			all.Wait()
			t.Logf("%d right, %d failed", right.Load(), failed.Load())
			if n := wrong.Load(); n > 0 || right.Load() < 2000 {
				t.Errorf("%d of 4,000 requests got the answer to another one, %d their own", n, right.Load())
			}
		})
	}
}

// TestFraming: wherever the bytes of an answer are cut, the end of it is known, and what comes behind it is noticed.
func TestFraming(t *testing.T) {
	t.Parallel()
	for _, head := range []string{
		"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 2\r\nX: \r\r\n\r\n",
	} {
		answer := head + "{}"
		for cut := range len(answer) {
			for _, tc := range []struct {
				behind string
				length int64
				clean  bool
			}{{"", 2, true}, {"H", 2, false}, {answer, 2, false}, {answer, -1, true}} {
				var f framing
				f.begin()
				f.add([]byte(answer[:cut]))
				f.add([]byte(answer[cut:] + tc.behind))
				f.answered(tc.length)
				if got := f.begin(); got != tc.clean {
					t.Fatalf("%q, cut at %d, with %q behind it: clean %v, want %v", head, cut, tc.behind, got, tc.clean)
				}
			}
		}
	}
}

// TestAnswerBeforeItsRequest: on a connection on which something has come already nothing is written, and what net/http then
// takes for an answer is none.
func TestAnswerBeforeItsRequest(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer far.Close() //nolint:errcheck // the test is over
	c := &countedConn{Conn: near}
	w := &wire{ctx: t.Context()}
	w.got(httptrace.GotConnInfo{Conn: c})
	go func() { _, _ = far.Write([]byte(created)) }()
	if _, err := c.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Write([]byte("POST")); n != 0 || !errors.Is(err, errSealed) {
		t.Errorf("%d bytes were written, %v", n, err)
	}
	if w.answered(&http.Response{ContentLength: 2}) {
		t.Error("it is taken for the answer")
	}
	if !w.silent() {
		t.Error("it is not proved that nothing was written")
	}
}
