package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
)

// dialRaw opens a bare connection to a server; every read and write of it must come to an end.
func dialRaw(t *testing.T, s *server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	must(t, err)
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// readAnswer reads one answer.
func readAnswer(t *testing.T, r *bufio.Reader) (int, string) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(body)
}

// TestBrokenFraming: requests that no HTTP client would write get an answer or an end, never a second meaning.
func TestBrokenFraming(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	c := register(t, s)
	head := func(method, path string, headers ...string) string {
		return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s\r\n", method, path,
			strings.TrimPrefix(s.url, "http://"), c.token, strings.Join(append(headers, ""), "\r\n"))
	}
	const body = `{"to":"+12025550100","text":"hi"}`
	post := func(headers ...string) string {
		return head("POST", "/v1/messages", append(headers, "Content-Type: application/json")...)
	}
	requests := []struct {
		name, request string
		status        int
	}{
		{"two lengths that disagree", post("Content-Length: 5", "Content-Length: 33") + body, 400},
		{"a length that is no number", post("Content-Length: many") + body, 400},
		{"a negative length", post("Content-Length: -1") + body, 400},
		{"a body shorter than its length", post("Content-Length: 100") + body, 400},
		{"a chunk length that is no number", post("Transfer-Encoding: chunked") + "zz\r\n" + body + "\r\n0\r\n\r\n", 400},
		{"a chunk shorter than its length", post("Transfer-Encoding: chunked") + "ffff\r\n" + body, 400},
		{"a chunk longer than its length", post("Transfer-Encoding: chunked") + "2\r\n" + body + "\r\n0\r\n\r\n", 400},
		{"a chunk length beyond every number", post("Transfer-Encoding: chunked") + "fffffffffffffffff\r\n" + body + "\r\n0\r\n\r\n", 400},
		{"another transfer encoding", post("Transfer-Encoding: gzip") + body, 501},
		{"a line end within a header", post("X-Note: a\rb", "Content-Length: 33") + body, 400},
		{"a space before the colon", post("Content-Length : 33") + body, 400},
		{"no host", "GET /healthz HTTP/1.1\r\n\r\n", 400},
		{"two hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"a method of our own", head("SEND\t", "/v1/messages"), 400},
		{"headers of a megabyte", head("GET", "/v1/me", "X-Note: "+strings.Repeat("n", 1<<20)), 431},
		{"ten thousand headers", head("GET", "/v1/me", strings.Repeat("X-Note: n\r\n", 10_000)+"X-Note: n"), 431},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400},
		{"not HTTP", "EHLO example.com\r\n\r\n", 400},
	}
	t.Run("request", func(t *testing.T) { // ends when all of them have
		for _, r := range requests {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				conn := dialRaw(t, s)
				go func() {
					_, _ = io.WriteString(conn, r.request) // the server may answer and close before it has read it all
					if half, ok := conn.(*net.TCPConn); ok {
						_ = half.CloseWrite()
					}
				}()
				in := bufio.NewReader(conn)
				if status, body := readAnswer(t, in); status != r.status {
					t.Errorf("status %d, want %d: %s", status, r.status, body)
				}
				if rest, _ := io.ReadAll(in); len(rest) > 0 {
					t.Errorf("a second answer: %q", rest)
				}
			})
		}
	})
	if list := call[api.MessageList](t, c, "GET", "/v1/messages", nil, 200); len(list.Items) != 0 {
		t.Errorf("%d messages were accepted", len(list.Items))
	}
}

// TestLengthAndChunksTogether: of a request that has both, the chunks count (RFC 9112 §6.3), so that nothing hides behind
// the one that is not looked at.
func TestLengthAndChunksTogether(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	c := register(t, s)
	conn := dialRaw(t, s)
	hidden := fmt.Sprintf("DELETE /v1/auth/sessions/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", c.token)
	_, err := fmt.Fprintf(conn, "POST /v1/messages/preview HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", c.token, len(hidden), hidden)
	must(t, err)
	must(t, conn.(*net.TCPConn).CloseWrite())
	in := bufio.NewReader(conn)
	if status, body := readAnswer(t, in); status != 400 {
		t.Errorf("status %d, want 400 for a body that is no JSON: %s", status, body)
	}
	if rest, _ := io.ReadAll(in); len(rest) > 0 {
		t.Errorf("what stood in the body was answered as a request: %q", rest)
	}
}

// TestSlowHeaders: who dribbles a request in is cut off, and holds up nobody meanwhile.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	c := register(t, s)
	const holders = 200
	gone := make(chan error, holders)
	for range holders {
		conn := dialRaw(t, s)
		_, err := io.WriteString(conn, "GET /v1/me HTTP/1.1\r\nHost: x\r\n")
		must(t, err)
		go func() {
			go func() {
				for pause(t.Context(), 200*time.Millisecond) {
					if _, err := io.WriteString(conn, "X"); err != nil {
						return
					}
				}
			}()
			_, err := io.Copy(io.Discard, conn)
			gone <- err
		}()
	}
	call[api.Me](t, c, "GET", "/v1/me", nil, 200)
	for range holders {
		if err := <-gone; err != nil && strings.Contains(err.Error(), "timeout") {
			t.Fatalf("a connection that never finishes its headers is still open: %v", err)
		}
	}
	call[api.Me](t, c, "GET", "/v1/me", nil, 200)
}
