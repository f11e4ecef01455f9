package client

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/smsir/smsir/api"
)

// streams answers with a WebSocket that sends the frames and then closes with the code; 0 breaks the
// connection, -1 leaves it open until the client goes.
func streams(code websocket.StatusCode, frames ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		for _, f := range frames {
			if conn.Write(r.Context(), websocket.MessageText, []byte(f)) != nil {
				return
			}
		}
		switch code {
		case 0:
			_ = conn.CloseNow()
		case -1:
			<-conn.CloseRead(context.Background()).Done()
		default:
			_ = conn.Close(code, "as told")
		}
	}
}

func event(id string) string {
	return `{"id":"` + id + `","type":"message.sent","at":"2026-11-23T09:00:00Z","data":{}}`
}

const (
	ping  = `{"type":"ping"}`
	hello = `{"type":"ping","id":"evt_5"}`
)

// follow collects n events, or what there is until the stream ends.
func follow(ctx context.Context, c *Client, after string, n int) (ids []string, err error) {
	for e, err := range c.Events(ctx, after) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, e.Type+" "+e.ID)
		if len(ids) == n {
			break
		}
	}
	return ids, nil
}

func TestEventsGoOnWhereTheyBroke(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	c, f := clientOf(t,
		streams(websocket.StatusGoingAway, hello),
		streams(0, `{"type":"ping","id":"evt_5"}`, event("evt_6"), ping, event("evt_7")),
		refuses(503, "stopping", true, "Retry-After", "3"),
		breaks,
		streams(4008, event("evt_7"), event("evt_8")), // a gateway that repeats one
		streams(4401, `{"type":"resync","id":"evt_2","at":"2026-11-23T09:00:00Z","data":{}}`, event("evt_3")),
		func(w http.ResponseWriter, r *http.Request) {
			streams(-1, event("evt_4"))(w, r)
			close(gone)
		},
	)
	ids, err := follow(t.Context(), c, "", 6)
	want := []string{"message.sent evt_6", "message.sent evt_7", "message.sent evt_8", "resync evt_2", "message.sent evt_3", "message.sent evt_4"}
	if d := cmp.Diff(want, ids); err != nil || d != "" {
		t.Fatalf("events (-want +got): %v\n%s", err, d)
	}
	<-gone // the end of the loop closes the connection
	var uris []string
	for _, r := range f.requests() {
		uris = append(uris, r.URI)
		if r.Credential != "Bearer smsirSecret" {
			t.Errorf("credential %q", r.Credential)
		}
	}
	if d := cmp.Diff([]string{
		"/v1/events", "/v1/events?after=evt_5", "/v1/events?after=evt_7", "/v1/events?after=evt_7", "/v1/events?after=evt_7",
		"/v1/events?after=evt_8", "/v1/events?after=evt_3",
	}, uris); d != "" {
		t.Errorf("connections (-want +got):\n%s", d)
	}
	if f.waits[2] != 3*time.Second {
		t.Errorf("pauses %v: the third is not what the gateway asked for", f.waits)
	}
}

func TestEventsPausesGrow(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c, f := clientOf(t, breaks)
	c.wait = func(_ context.Context, d time.Duration) error {
		f.waits = append(f.waits, d)
		if len(f.waits) == 12 {
			cancel()
		}
		return ctx.Err()
	}
	if _, err := follow(ctx, c, "evt_1", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	for i, w := range f.waits {
		low, high := min(firstReconnect<<i, lastReconnect)*8/10, min(firstReconnect<<i, lastReconnect)*12/10
		if w < low || w > high {
			t.Errorf("pause %d is %v, want %v to %v", i, w, low, high)
		}
	}
}

func TestEventsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]func(http.ResponseWriter, *http.Request){
		"at once":   refuses(403, "forbidden", false),
		"nonsense":  refuses(400, "cursor_invalid", false),
		"no stream": says(200, api.Message{}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, f := clientOf(t, streams(4401, event("evt_6")), refusal)
			ids, err := follow(t.Context(), c, "evt_5", 2)
			var p *Problem
			if len(ids) != 1 || !errors.As(err, &p) || len(f.requests()) != 2 {
				t.Errorf("got %v, %v after %d connections, want one event and the refusal", ids, err, len(f.requests()))
			}
		})
	}
}

func TestEventsEndWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, _ := clientOf(t, streams(-1, event("evt_6")))
	n := 0
	for _, err := range c.Events(ctx, "evt_5") {
		n++
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
			continue // the loop ends by itself
		}
		cancel()
	}
	if n != 2 {
		t.Errorf("%d steps, want an event and the end", n)
	}
}

func TestFramesThatAreNoEvents(t *testing.T) {
	t.Parallel()
	c, f := clientOf(t, streams(-1, "nonsense"), streams(-1, event("evt_6")))
	ids, err := follow(t.Context(), c, "evt_5", 1)
	if err != nil || len(ids) != 1 || len(f.requests()) != 2 || !strings.HasSuffix(f.requests()[1].URI, "after=evt_5") {
		t.Errorf("got %v, %v, %+v, want the event after a new connection", ids, err, f.requests())
	}
}
