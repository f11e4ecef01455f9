package notify

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
)

// errClosed: Next was called after Close.
var errClosed = errors.New("notify: the subscription is closed")

// Item is one event, ready for the wire. Its JSON is shared by all who get it: never write to it.
type Item struct {
	ID   smsir.ID // the cursor after it
	Type smsir.EventType
	JSON []byte // an object of api.Event

	workspace smsir.UUID
}

// Workspace is the one that the event belongs to; zero for [Resync].
func (i Item) Workspace() smsir.UUID { return i.workspace }

// Resync is the type of the item that stands for events that can no longer be told: whoever gets
// it fetches again what it shows, and goes on with the items that follow.
const Resync smsir.EventType = "resync"

// Beginning is the cursor before every event. It is where a subscription starts on a server that has
// no event yet, so that it too has a cursor to resume from.
const Beginning smsir.ID = 1

// Subscription hands one consumer the events of one workspace. Next and Cursor belong to one
// goroutine at a time; Close may be called from any.
//
// It has two ways of reading. Behind the tail of the stream it reads the store itself, page by
// page, at the pace of its consumer. At the tail it joins the hub and takes what the hub puts in
// its buffer. Between the two lies the seam, an id: the store is read up to it, the buffer holds
// what comes after it.
type Subscription struct {
	hub       *Hub
	workspace smsir.UUID

	cursor smsir.ID // everything up to it was handed out
	read   smsir.ID // everything up to it was read from the store
	rest   []Item   // read from the store or taken from live, not yet handed out
	live   *inbox   // nil behind the tail
	seam   smsir.ID

	behind atomic.Pointer[time.Time] // since when, for one that the hub took out with a full buffer
	closed bool                      // guarded by hub.mu
}

// Subscribe starts a subscription to the events of a workspace after a cursor; 0 starts at now. The
// caller must Close it. If the store no longer has all events after the cursor, or never had the
// cursor (a backup was restored), the first item is a [Resync] and the stream goes on from now.
func (h *Hub) Subscribe(ctx context.Context, workspace smsir.UUID, after smsir.ID) (*Subscription, error) {
	h.mu.Lock()
	stopped := h.stopped
	h.mu.Unlock()
	if stopped {
		return nil, ErrStopped
	}
	s := &Subscription{hub: h, workspace: workspace, cursor: after}
	if after > 0 {
		kept, err := h.keeps(ctx, after)
		if err != nil || kept {
			return s, err
		}
	}
	now, err := h.source.LastEvent(ctx)
	if err != nil {
		return nil, fmt.Errorf("end of the event stream: %w", err)
	}
	now = max(now, Beginning)
	s.cursor, s.read = now, now
	if after > 0 {
		item, err := resync(now, time.Now())
		if err != nil {
			return nil, err
		}
		s.rest = []Item{item}
	}
	return s, nil
}

// keeps reports whether the stream can be resumed after a cursor: it is neither older than the
// oldest event of the store nor newer than the newest.
func (h *Hub) keeps(ctx context.Context, after smsir.ID) (bool, error) {
	if after == Beginning {
		return true, nil
	}
	first, err := h.source.EventsAfter(ctx, smsir.UUID{}, 0, 1)
	if err != nil {
		return false, fmt.Errorf("start of the event stream: %w", err)
	}
	if len(first) == 0 {
		return false, nil
	}
	last, err := h.source.LastEvent(ctx)
	if err != nil {
		return false, fmt.Errorf("end of the event stream: %w", err)
	}
	return first[0].ID <= after && after <= last, nil
}

// Cursor is the id of the last item that Next returned, or where the subscription started. A new
// subscription after it misses nothing and repeats nothing.
func (s *Subscription) Cursor() smsir.ID { return s.cursor }

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.closed = true
	s.hub.part(s)
}

// Next waits for the next items and returns at most so many; they stay valid. It returns an error when
// ctx ends, when the store cannot be read, [ErrSlow] or [ErrStopped]; after the last two the
// subscription is over.
func (s *Subscription) Next(ctx context.Context, most int) ([]Item, error) {
	for {
		if since := s.behind.Load(); since != nil && time.Since(*since) > patience {
			return nil, ErrSlow
		}
		if n := min(most, len(s.rest)); n > 0 {
			items := s.rest[:n:n]
			s.rest = s.rest[n:]
			s.cursor = items[n-1].ID
			return items, nil
		}
		if err := s.more(ctx); err != nil {
			return nil, err
		}
	}
}

// more reads what comes next, or waits for it.
func (s *Subscription) more(ctx context.Context) error {
	if s.live == nil || s.read < s.seam {
		return s.fill(ctx)
	}
	items, over := s.live.take()
	s.rest = after(s.cursor, items) // those before were in the last page already
	switch {
	case over:
		s.live = nil
	case len(items) == 0:
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.live.news:
		}
	}
	return nil
}

// fill reads a page from the store, and joins the hub at the end of the stream.
func (s *Subscription) fill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now, err := s.hub.now(ctx) // before the page: what is committed by now is in the page, or in a later one
	if err != nil {
		return fmt.Errorf("end of the event stream: %w", err)
	}
	page, err := s.hub.source.EventsAfter(ctx, s.workspace, max(s.cursor, s.read), pageSize)
	if err != nil {
		return fmt.Errorf("event stream: %w", err)
	}
	rest, err := s.hub.encode.items(ctx, page)
	if err != nil {
		return fmt.Errorf("events of a page: %w", err)
	}
	s.rest = rest
	if len(page) == pageSize {
		s.read = page[len(page)-1].ID
		return nil
	}
	s.read = max(s.read, now)
	if s.live == nil {
		return s.hub.join(s, s.read)
	}
	return nil
}
