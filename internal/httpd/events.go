package httpd

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/notify"
)

// registerEvents registers the event stream, which is no JSON answer.
func (s *Server) registerEvents(b *builder) {
	text := &huma.Schema{Type: huma.TypeString}
	s.direct(b, route{
		Method: "GET", Path: "/v1/events", ID: "streamEvents", Tag: "Events", Status: 200, Errors: []int{400, 403, 426, 429, 503},
		Summary: "Follow every change live",
		Text: "Upgrades to a WebSocket, or streams server-sent events with `Accept: text/event-stream`. " +
			"Each text frame, and each data line, is one Event. `after` with the id of the last event you have resumes with nothing missed and nothing doubled; " +
			"without it the stream starts now. See docs/api.md.",
	},
		"text/event-stream", b.doc.schema(reflect.TypeFor[api.Event]()), s.handleEvents,
		&huma.Param{Name: "after", In: "query", Description: "Identifier of the last event you have.", Schema: text},
		&huma.Param{Name: "Last-Event-ID", In: "header", Description: "The same, as an EventSource sends it when it connects again. It counts before after.", Schema: text})
}

// handleEvents answers GET /v1/events.
func (s *Server) handleEvents(w http.ResponseWriter, r *http.Request) {
	if err := s.follow(w, r); err != nil {
		s.fail(w, r, err)
	}
}

// follow carries the events of the caller's workspace until one side ends it. It returns an error only
// as long as nothing was answered.
func (s *Server) follow(w http.ResponseWriter, r *http.Request) error {
	after, err := eventCursor(r)
	if err != nil {
		return err
	}
	open := s.openSSE
	switch {
	case isUpgrade(r):
		open = s.openSocket
	case !wantsSSE(r):
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		return smsir.Errorf(api.CodeUpgradeRequired, "This is a stream of events, and the request asks for something else.")
	}
	if !s.sameOrigin(r) {
		return smsir.Errorf(api.CodeCrossOrigin, "A browser asks for the events on behalf of another site.")
	}
	p := principalOf(r.Context())
	st, err := s.streams.admit(p)
	if err != nil {
		return err
	}
	defer st.leave()
	sub, err := s.streams.subscribe(r.Context(), p.Workspace.ID, after)
	if errors.Is(err, notify.ErrStopped) {
		return stopping()
	} else if err != nil {
		return err
	}
	defer sub.Close()
	to, err := open(w, r)
	if err != nil {
		return err
	}
	if to != nil {
		st.carry(sub, to)
	}
	return nil
}

func stopping() error {
	return smsir.Errorf(api.CodeStopping, "The server is stopping.")
}

// eventCursor is where the caller wants to resume: Last-Event-ID, else after; 0 for neither.
func eventCursor(r *http.Request) (smsir.ID, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return 0, smsir.Errorf(api.CodeMalformed, "The query is not well formed.")
	}
	for name := range query {
		if name != "after" {
			return 0, invalid("query."+clip(strings.ToValidUTF8(name, "�"), 64), faultUnknown, "There is no such parameter.")
		}
	}
	word := r.Header.Get("Last-Event-Id")
	if word == "" {
		word = query.Get("after")
	}
	if word == "" {
		return 0, nil
	}
	id, err := smsir.ParseID(smsir.PrefixEvent, word)
	if err != nil {
		return 0, &smsir.Error{Code: api.CodeCursorInvalid, Text: "The cursor must be the id of an event (evt_ and 13 characters), or be left out to start now.", Err: err}
	}
	return id, nil
}

// isUpgrade reports whether the request wants to become a WebSocket (RFC 6455 §4.2.1).
func isUpgrade(r *http.Request) bool {
	return r.Method == http.MethodGet && hasToken(r.Header.Values("Connection"), "upgrade") && hasToken(r.Header.Values("Upgrade"), "websocket")
}

// checkUpgrade refuses a handshake that cannot be answered.
func checkUpgrade(w http.ResponseWriter, r *http.Request) error {
	if r.Header.Get("Sec-WebSocket-Version") != "13" {
		w.Header().Set("Sec-WebSocket-Version", "13")
		return smsir.Errorf(api.CodeUpgradeRequired, "The WebSocket must be of version 13.")
	}
	keys := r.Header.Values("Sec-WebSocket-Key")
	if len(keys) != 1 {
		return smsir.Errorf(api.CodeMalformed, "The handshake must have one Sec-WebSocket-Key.")
	}
	if key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(keys[0])); err != nil || len(key) != 16 {
		return smsir.Errorf(api.CodeMalformed, "Sec-WebSocket-Key must be 16 bytes in base64.")
	}
	return nil
}

// wantsSSE reports whether the request accepts server-sent events, and says so.
func wantsSSE(r *http.Request) bool {
	return slices.ContainsFunc(r.Header.Values("Accept"), func(v string) bool {
		for one := range strings.SplitSeq(v, ",") {
			kind, params, _ := strings.Cut(one, ";")
			if strings.EqualFold(strings.TrimSpace(kind), "text/event-stream") && strings.ReplaceAll(params, " ", "") != "q=0" {
				return true
			}
		}
		return false
	})
}

// hasToken looks for a token in headers that are comma-separated lists.
func hasToken(values []string, token string) bool {
	for _, v := range values {
		for one := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(one), token) {
				return true
			}
		}
	}
	return false
}

// changesAccess reports whether a route may end what somebody else, or another session, is let in to:
// the open streams concerned are checked again.
func changesAccess(pattern string) bool {
	switch pattern {
	case "POST /v1/auth/logout", "POST /v1/auth/password", "DELETE /v1/auth/sessions/{id}",
		"PATCH /v1/workspace/members/{id}", "DELETE /v1/workspace/members/{id}",
		"DELETE /v1/api-keys/{id}", "POST /v1/workspaces/{id}/switch":
		return true
	}
	return false
}

// Times of the event stream.
const (
	pingEvery    = 20 * time.Second // of each stream, so that both ends notice a dead connection
	recheckEvery = time.Minute      // of the caller's access
	writeTime    = 10 * time.Second // for one frame; who takes longer is gone
)
