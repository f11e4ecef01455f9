package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/smsir/smsir/api"
)

const (
	// silence is how long a connection may say nothing: the gateway pings every 20 seconds.
	silence = 45 * time.Second
	// firstReconnect and lastReconnect bound the pause before a broken stream is opened again.
	firstReconnect = 500 * time.Millisecond
	lastReconnect  = 30 * time.Second
	// maxFrame bounds one event.
	maxFrame = 4 << 20
)

// Resync is the type of the event that says that the events after the cursor are no longer kept: load again
// what you show; the stream goes on from now.
const Resync = "resync"

// Events follows every change of the workspace over a WebSocket, from after the event with the id after; ""
// starts now. A connection that breaks is opened again after a while, and the stream goes on where it was:
// no event is missed, none comes twice. It ends when the loop does, when ctx ends, or when the gateway refuses
// for good; then it gives the reason once.
//
// The connection is only looked after while the loop asks for the next event. One that takes long over an
// event may find the connection gone, and a new one made.
func (c *Client) Events(ctx context.Context, after string) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		f := follower{c: c, cursor: after}
		for failures := 0; ; failures++ {
			f.heard = false
			more, err := f.follow(ctx, func(e api.Event) bool { return yield(e, nil) })
			if !more {
				return
			}
			if f.heard {
				failures = 0
			}
			pause, again := reopen(err, failures)
			if ctx.Err() == nil && again && c.wait(ctx, pause) == nil {
				continue
			}
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			yield(api.Event{}, fmt.Errorf("events: %w", err))
			return
		}
	}
}

// reopen says whether a stream that broke is opened again, and after what pause. Whether a credential is still
// valid, the next handshake tells.
func reopen(err error, failures int) (time.Duration, bool) {
	var p *Problem
	if errors.As(err, &p) && !p.Retryable {
		return 0, false
	}
	if p != nil && p.RetryAfter > 0 {
		return min(p.RetryAfter, lastReconnect), true
	}
	return jitter(min(firstReconnect<<min(failures, 10), lastReconnect)), true
}

// follower is one stream over as many connections as it takes.
type follower struct {
	c      *Client
	cursor string
	heard  bool // the last connection gave something
}

// follow reads one connection until it breaks, or until yield wants no more (false).
func (f *follower) follow(ctx context.Context, yield func(api.Event) bool) (more bool, err error) {
	conn, err := f.dial(ctx)
	if err != nil {
		return true, err
	}
	defer conn.CloseNow() //nolint:errcheck // whatever it says, the connection is over
	for {
		e, err := read(ctx, conn)
		if err != nil {
			return true, err
		}
		f.heard = true
		fresh := e.Type == Resync || e.ID > f.cursor // ids of one kind have one length and sort as text
		if e.ID != "" && fresh {
			f.cursor = e.ID
		}
		switch {
		case e.Type == "ping" || !fresh:
		case !yield(e):
			_ = conn.Close(websocket.StatusNormalClosure, "")
			return false, nil
		}
	}
}

// dial opens a connection after the cursor.
func (f *follower) dial(ctx context.Context) (*websocket.Conn, error) {
	at := "ws" + strings.TrimPrefix(f.c.base, "http") + "/v1/events"
	if f.cursor != "" {
		at += "?after=" + url.QueryEscape(f.cursor)
	}
	h := http.Header{}
	f.c.authorise(h)
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, at, &websocket.DialOptions{HTTPClient: f.c.http, HTTPHeader: h}) //nolint:bodyclose // the library has closed it
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			answer, _ := io.ReadAll(resp.Body) // the library keeps its first bytes
			return nil, problemOf(resp, answer)
		}
		return nil, err
	}
	conn.SetReadLimit(maxFrame)
	return conn, nil
}

// read takes one frame.
func read(ctx context.Context, conn *websocket.Conn) (api.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	_, frame, err := conn.Read(ctx)
	if err != nil {
		return api.Event{}, err
	}
	var e api.Event
	if err := json.Unmarshal(frame, &e); err != nil {
		return api.Event{}, fmt.Errorf("frame of the stream: %w", err)
	}
	return e, nil
}
