// Package notify carries events from the store to whoever watches them live.
//
// It is in charge of reading the event stream once for all watchers of this node, of the JSON that
// tells an event, and of handing every subscriber each event of its workspace exactly once and in
// order, from the cursor it names. It is not a record: the store is. It knows nothing of
// WebSockets; package httpd puts a [Subscription] on the wire.
//
// What it guarantees on failure: nothing is skipped. A subscriber that is too slow, a store that
// cannot be read and a hub that stops all end a subscription with an error and the cursor from
// which the next one goes on. A subscriber never holds up the hub, nor the hub a commit.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
)

const (
	// pageSize is how many events are read from the store at a time.
	pageSize = 500
	// bufferSize is how many events wait for one subscriber while it is busy: some pages, for a burst of commits comes as one.
	bufferSize = 4 * pageSize
	// pollEvery is how often the store is looked at when nobody calls Wake; another node may write.
	pollEvery = time.Second
	// restBetween is the least time between two reads: a burst of commits is read as a few pages.
	restBetween = 10 * time.Millisecond
	// patience is how long a subscriber that fell behind may take to catch up.
	patience = 10 * time.Second
	// flushTime bounds the last read of a hub that stops.
	flushTime = 2 * time.Second
)

// Reasons for the end of a [Subscription]. [Subscription.Cursor] says where to go on.
var (
	// ErrSlow: events came faster than the subscriber took them, for longer than ten seconds.
	ErrSlow = errors.New("notify: the subscriber is too slow")
	// ErrStopped: the hub has stopped.
	ErrStopped = errors.New("notify: the hub has stopped")
)

// Source is what the hub reads: the event stream, and what its events are about.
type Source interface {
	store.Events
	MessagesByID(ctx context.Context, ids []smsir.ID) ([]*smsir.Message, error)
	ListInbound(ctx context.Context, workspace smsir.UUID, before smsir.ID, limit int) ([]smsir.Inbound, error)
}

// Names finds what people call users, keys and providers.
type Names interface {
	ActorNames(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID) (map[smsir.UUID]string, error)
	ProviderNames(ctx context.Context, workspace smsir.UUID) (map[smsir.UUID]store.Provider, error)
}

// Hub reads the event stream and hands it to subscribers. While there are none it reads nothing.
// It is safe for concurrent use.
type Hub struct {
	source Source
	encode *encoder
	log    *slog.Logger
	wake   chan struct{}

	mu      sync.Mutex
	live    map[smsir.UUID]map[*Subscription]struct{} // by workspace; no empty sets
	joined  int                                       // subscriptions in live
	tail    smsir.ID                                  // live ones have, or are about to get, every event up to it; it only rises
	stopped bool
}

// New returns a hub that does nothing until [Hub.Run] is called. log may be nil.
func New(source Source, names Names, log *slog.Logger) *Hub {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Hub{
		source: source,
		encode: newEncoder(source, names),
		log:    log,
		wake:   make(chan struct{}, 1),
		live:   map[smsir.UUID]map[*Subscription]struct{}{},
	}
}

// Read returns a page of the events of all workspaces above after, oldest first, and the id up to which it read.
func (h *Hub) Read(ctx context.Context, after smsir.ID, limit int) (items []Item, upTo smsir.ID, err error) {
	events, err := h.source.EventsAfter(ctx, smsir.UUID{}, after, limit)
	if err != nil || len(events) == 0 {
		return nil, after, err
	}
	items, err = h.encode.items(ctx, events)
	return items, events[len(events)-1].ID, err
}

// Wake tells the hub that there are new events. It never blocks; calls that come while the hub
// reads count as one.
func (h *Hub) Wake() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Subscribers is the number of subscriptions that follow the stream live.
func (h *Hub) Subscribers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.joined
}

// Run reads and hands out until ctx ends; then it hands out what is committed already and ends all
// subscriptions with [ErrStopped]. It is called once, and always returns nil: a store that cannot be
// read is reported to the log and read again.
func (h *Hub) Run(ctx context.Context) error {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			h.stop(ctx)
			return nil
		case <-h.wake:
		case <-poll.C:
		}
		h.forward(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(restBetween):
		}
	}
}

func (h *Hub) stop(ctx context.Context) {
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	h.forward(flush)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	h.shed()
}

// forward hands out what the store has after the tail.
func (h *Hub) forward(ctx context.Context) {
	defer func() {
		if r := recover(); r != nil {
			h.log.ErrorContext(ctx, "event hub panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			h.mu.Lock()
			defer h.mu.Unlock()
			h.shed() // what was being handed out is read again by each of them
		}
	}()
	for {
		after, followed := h.position()
		if !followed {
			return
		}
		page, err := h.source.EventsAfter(ctx, smsir.UUID{}, after, pageSize)
		if err != nil {
			if ctx.Err() == nil {
				h.log.WarnContext(ctx, "event stream cannot be read", "error", err)
			}
			return
		}
		if len(page) == 0 {
			return
		}
		failpoint.Hit(failpoint.FanoutBefore)
		items, err := h.encode.items(ctx, h.reserve(page))
		h.mu.Lock()
		if err != nil {
			h.shed()
		} else {
			h.publish(items)
		}
		h.mu.Unlock()
		failpoint.Hit(failpoint.FanoutAfter)
		if err != nil {
			h.log.WarnContext(ctx, "events cannot be told", "error", err)
			return
		}
		if len(page) < pageSize {
			return
		}
	}
}

// position is the tail; false while nobody follows it, when it means nothing.
func (h *Hub) position() (smsir.ID, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tail, h.joined > 0
}

// reserve moves the tail over a page and returns those of its events that somebody waits for. From
// now on a subscription that joins reads the page from the store.
func (h *Hub) reserve(page []smsir.Event) []smsir.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tail = max(h.tail, page[len(page)-1].ID)
	return slices.DeleteFunc(page, func(e smsir.Event) bool { return len(h.live[e.Workspace]) == 0 })
}

// publish gives each item to the live subscriptions of its workspace. h.mu is held.
func (h *Hub) publish(items []Item) {
	for len(items) > 0 {
		n := 1
		for n < len(items) && items[n].workspace == items[0].workspace {
			n++
		}
		for s := range h.live[items[0].workspace] {
			h.hand(s, after(s.seam, items[:n]))
		}
		items = items[n:]
	}
}

// hand gives items to a live subscription. One that has no room for them is taken out: it reads the
// store by itself, until it has caught up. h.mu is held.
func (h *Hub) hand(s *Subscription, items []Item) {
	if !s.live.put(items) {
		now := time.Now()
		s.behind.Store(&now)
		h.part(s)
	}
}

// shed takes every live subscription out. h.mu is held.
func (h *Hub) shed() {
	for _, set := range h.live {
		for s := range set {
			h.part(s)
		}
	}
}

// part takes a subscription out of the live ones, if it is one; what it holds already stays
// readable. h.mu is held.
func (h *Hub) part(s *Subscription) {
	set := h.live[s.workspace]
	if _, ok := set[s]; !ok {
		return
	}
	s.live.shutDown()
	h.joined--
	delete(set, s)
	if len(set) == 0 {
		delete(h.live, s.workspace)
	}
}

// join makes s live: it gets what comes after the seam, which join sets. s has read from the store
// everything up to read.
func (h *Hub) join(s *Subscription, read smsir.ID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stopped:
		return ErrStopped
	case s.closed:
		return errClosed
	case h.joined == 0: // nobody kept the tail up to date
		h.tail = max(h.tail, read)
	}
	s.live, s.seam = newInbox(), max(h.tail, read)
	s.behind.Store(nil)
	set := h.live[s.workspace]
	if set == nil {
		set = map[*Subscription]struct{}{}
		h.live[s.workspace] = set
	}
	set[s] = struct{}{}
	h.joined++
	return nil
}

// now is an id up to which every event is in the store.
func (h *Hub) now(ctx context.Context) (smsir.ID, error) {
	if tail, followed := h.position(); followed {
		return tail, nil
	}
	return h.source.LastEvent(ctx)
}
