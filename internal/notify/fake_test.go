package notify

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(os.Exit)) //nolint:forbidigo // the exit of the test program
}

// memory is a store of events that can be slow, fail and panic.
type memory struct {
	mu       sync.Mutex
	events   []smsir.Event
	messages map[smsir.ID]*smsir.Message
	inbound  []smsir.Inbound
	names    map[smsir.UUID]string
	fail     error
	panics   bool
	delays   []time.Duration // of the reads to come, in turn
	turn     int
	hook     func(workspace smsir.UUID) // called when a page was read and not yet returned
	reads    int
	named    int // reads of names
}

// pause plays the time that a read takes, and then its failure.
func (m *memory) pause() error {
	m.mu.Lock()
	m.reads++
	var d time.Duration
	if len(m.delays) > 0 {
		d = m.delays[m.turn%len(m.delays)]
		m.turn++
	}
	err, panics := m.fail, m.panics
	m.mu.Unlock()
	if d > 0 {
		<-time.After(d)
	}
	if panics {
		panic("the store has a bug")
	}
	return err
}

func (m *memory) EventsAfter(_ context.Context, workspace smsir.UUID, after smsir.ID, limit int) ([]smsir.Event, error) {
	if err := m.pause(); err != nil {
		return nil, err
	}
	page := m.after(workspace, after, limit)
	m.mu.Lock()
	hook := m.hook
	m.mu.Unlock()
	if hook != nil {
		hook(workspace)
	}
	return page, m.pause()
}

func (m *memory) after(workspace smsir.UUID, after smsir.ID, limit int) (page []smsir.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first, _ := slices.BinarySearchFunc(m.events, after+1, func(e smsir.Event, id smsir.ID) int { return cmp.Compare(e.ID, id) })
	for _, e := range m.events[first:] {
		if len(page) == limit {
			break
		}
		if workspace.IsZero() || e.Workspace == workspace {
			page = append(page, e)
		}
	}
	return page
}

func (m *memory) LastEvent(context.Context) (smsir.ID, error) {
	if err := m.pause(); err != nil {
		return 0, err
	}
	last := m.last()
	return last, m.pause()
}

func (m *memory) last() smsir.ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.events) == 0 {
		return 0
	}
	return m.events[len(m.events)-1].ID
}

func (m *memory) MessagesByID(_ context.Context, ids []smsir.ID) ([]*smsir.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []*smsir.Message
	for _, id := range slices.Backward(ids) { // "in no particular order"
		if msg := m.messages[id]; msg != nil {
			found = append(found, msg)
		}
	}
	return found, m.fail
}

func (m *memory) ListInbound(_ context.Context, workspace smsir.UUID, before smsir.ID, limit int) ([]smsir.Inbound, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []smsir.Inbound
	for _, in := range slices.Backward(m.inbound) {
		if in.Workspace == workspace && in.ID < before && len(found) < limit {
			found = append(found, in)
		}
	}
	return found, m.fail
}

func (m *memory) ActorNames(_ context.Context, _ smsir.UUID, ids []smsir.UUID) (map[smsir.UUID]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.named++
	found := map[smsir.UUID]string{}
	for _, id := range ids {
		if name, ok := m.names[id]; ok {
			found[id] = name
		}
	}
	return found, m.fail
}

func (m *memory) ProviderNames(context.Context, smsir.UUID) (map[smsir.UUID]store.Provider, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.named++
	found := map[smsir.UUID]store.Provider{}
	for id, name := range m.names {
		found[id] = store.Provider{ID: id, Name: name, Kind: "simulator"}
	}
	return found, m.fail
}

// set changes the store while others use it.
func (m *memory) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func (m *memory) readCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reads
}

// commit adds n events of a workspace.
func (m *memory) commit(workspace smsir.UUID, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range n {
		id := smsir.IDAt(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)) + smsir.ID(len(m.events)+1)
		m.events = append(m.events, smsir.Event{
			ID: id, Workspace: workspace, Message: id, Seq: 2,
			Type: smsir.EventOf(smsir.Sending), At: id.Time(), Data: smsir.EventData{Status: "sending"},
		})
	}
}

// ids lists the events of a workspace after a cursor.
func (m *memory) ids(workspace smsir.UUID, after smsir.ID) []smsir.ID {
	ids := []smsir.ID{}
	for _, e := range m.after(workspace, after, 1<<30) {
		ids = append(ids, e.ID)
	}
	return ids
}

// workspace makes the id of a test's workspace.
func workspace(n byte) smsir.UUID { return smsir.UUID{0: 1, 15: n} }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// running runs a hub in the bubble of a test until the test ends.
func running(t *testing.T, m *memory) *Hub {
	t.Helper()
	h, _ := stoppable(t, m)
	return h
}

// stoppable is running, with the function that stops the hub and waits for it.
func stoppable(t *testing.T, m *memory) (h *Hub, stop func()) {
	t.Helper()
	h = New(m, m, quiet())
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error)
	go func() { done <- h.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return h, stop
}

func subscribe(t *testing.T, h *Hub, workspace smsir.UUID, after smsir.ID) *Subscription {
	t.Helper()
	s, err := h.Subscribe(t.Context(), workspace, after)
	if err != nil {
		t.Fatalf("Subscribe after %d: %v", after, err)
	}
	t.Cleanup(s.Close)
	return s
}

// one is the next item.
func (s *Subscription) one(ctx context.Context) (Item, error) {
	items, err := s.Next(ctx, 1)
	if err != nil {
		return Item{}, err
	}
	return items[0], nil
}

// collect takes n items, or as many as there are until an error or a (virtual) hour has passed.
func collect(ctx context.Context, s *Subscription, n int) (ids []smsir.ID, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	ids = []smsir.ID{}
	for len(ids) < n {
		item, err := s.one(ctx)
		if err != nil {
			return ids, err
		}
		ids = append(ids, item.ID)
	}
	return ids, nil
}

// join makes s live: it calls Next, which finds nothing yet, and gives up.
func join(t *testing.T, s *Subscription) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		item, err := s.one(ctx)
		if err == nil {
			err = fmt.Errorf("got %s, want nothing yet", item.JSON)
		}
		done <- err
	}()
	synctest.Wait()
	cancel()
	if err := <-done; err != ctx.Err() { //nolint:errorlint // it is handed on as it is
		t.Fatalf("Next before the first event: %v", err)
	}
}
