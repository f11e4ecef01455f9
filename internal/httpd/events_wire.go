package httpd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/notify"
)

// socketReadLimit bounds a frame that a client sends; nothing a client sends means anything.
const socketReadLimit = 64 << 10

// Codes with which a WebSocket is closed, beside those of RFC 6455 §7.4.1.
const (
	closeSlow     websocket.StatusCode = 4008 // the client was too slow; the reason is its cursor
	closeNoAccess websocket.StatusCode = 4401 // log in again; or the session looks at another workspace now
)

// pingJSON is the event that says that the connection lives, for clients that cannot see pings of the
// protocol, such as browsers.
const pingJSON = `{"type":"ping"}`

// socket is a WebSocket.
type socket struct {
	conn      *websocket.Conn
	writeTime time.Duration
}

// openSocket upgrades the connection. Compression is off: it would cost every idle connection memory.
func (s *Server) openSocket(w http.ResponseWriter, r *http.Request) (wire, error) {
	if err := checkUpgrade(w, r); err != nil {
		return nil, err
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // follow has checked the origin
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // Accept has answered
	}
	conn.SetReadLimit(socketReadLimit)
	return &socket{conn, s.streams.writeTime}, nil
}

func (k *socket) hello(cursor smsir.ID) error {
	return k.write(fmt.Appendf(nil, `{"type":"ping","id":"%s"}`, cursor.Format(smsir.PrefixEvent)))
}

func (k *socket) events(items []notify.Item) error {
	for i := range items {
		if err := k.write(items[i].JSON); err != nil {
			return err
		}
	}
	return nil
}

func (k *socket) write(frame []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), k.writeTime)
	defer cancel()
	return k.conn.Write(ctx, websocket.MessageText, frame)
}

// beat sends a ping event, and a ping of the protocol, which the other side must answer in time.
func (k *socket) beat() error {
	if err := k.write([]byte(pingJSON)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), k.writeTime)
	defer cancel()
	return k.conn.Ping(ctx)
}

// wait reads, so that pongs and the close of the other side are seen. Its context never ends: that would
// close the connection without a word.
func (k *socket) wait() error {
	for {
		_, frame, err := k.conn.Reader(context.Background())
		if err == nil {
			_, err = io.Copy(io.Discard, frame)
		}
		switch {
		case errors.Is(err, websocket.ErrMessageTooBig):
			return errTooLarge
		case err != nil:
			return errPeerGone
		}
	}
}

func (k *socket) end(cause error) {
	code, reason := websocket.StatusInternalError, "connect again"
	var slow *slowError
	switch {
	case errors.Is(cause, errPeerGone):
		_ = k.conn.CloseNow()
		return
	case errors.As(cause, &slow):
		code, reason = closeSlow, slow.cursor.Format(smsir.PrefixEvent)
	case errors.Is(cause, errServerStops):
		code, reason = websocket.StatusGoingAway, cause.Error()
	case errors.Is(cause, errAccessEnded), errors.Is(cause, errOtherPlace):
		code, reason = closeNoAccess, cause.Error()
	case errors.Is(cause, errTooLarge):
		code, reason = websocket.StatusMessageTooBig, cause.Error()
	}
	_ = k.conn.Close(code, reason) // at most a few seconds for the other side to answer
}

// sse is a stream of server-sent events (WHATWG HTML §9.2).
type sse struct {
	w         http.ResponseWriter
	flow      *http.ResponseController
	gone      <-chan struct{} // the request has ended
	writeTime time.Duration

	mu    sync.Mutex
	ended chan struct{}
}

// openSSE starts the answer. A browser that loses the connection comes back after a second.
func (s *Server) openSSE(w http.ResponseWriter, r *http.Request) (wire, error) {
	flow := http.NewResponseController(w)
	// The limit for the whole request would end the stream; each write gets its own.
	if err := flow.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // or a proxy would keep events back
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil, nil //nolint:nilnil // that was the whole answer
	}
	return &sse{w: w, flow: flow, gone: r.Context().Done(), writeTime: s.streams.writeTime, ended: make(chan struct{})}, nil
}

func (e *sse) hello(cursor smsir.ID) error {
	return e.write(fmt.Appendf(nil, "retry: 1000\nid: %s\n\n", cursor.Format(smsir.PrefixEvent)))
}

// events writes all of them as one block, and flushes once.
func (e *sse) events(items []notify.Item) error {
	block, _ := buffers.Get().(*bytes.Buffer)
	defer recycle(block)
	for i := range items {
		block.WriteString("id: ")
		block.WriteString(items[i].ID.Format(smsir.PrefixEvent))
		block.WriteString("\ndata: ")
		block.Write(items[i].JSON)
		block.WriteString("\n\n")
	}
	return e.write(block.Bytes())
}

func (e *sse) beat() error { return e.write([]byte(": ping\n\n")) }

func (e *sse) write(block []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.flow.SetWriteDeadline(time.Now().Add(e.writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := e.w.Write(block); err != nil {
		return err
	}
	return e.flow.Flush()
}

func (e *sse) wait() error {
	select {
	case <-e.gone:
		return errPeerGone
	case <-e.ended:
		return nil
	}
}

// end says why as a comment; the id of the last event is the cursor already.
func (e *sse) end(cause error) {
	if !errors.Is(cause, errPeerGone) {
		_ = e.write(fmt.Appendf(nil, ": %s\n\n", cause))
	}
	close(e.ended)
}
