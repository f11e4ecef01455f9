package httpd

import (
	"context"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/network"
	"github.com/smsir/smsir/internal/store"
)

// nameAge is how long names are shown from memory. A rename through this server shows at once.
const nameAge = 10 * time.Second

// nameCache remembers what people call users, keys and providers, workspace by workspace.
type nameCache struct {
	store nameStore
	now   func() time.Time
	mu    sync.Mutex
	by    map[smsir.UUID]*names
}

type nameStore interface {
	ProviderNames(ctx context.Context, workspace smsir.UUID) (map[smsir.UUID]store.Provider, error)
	ActorNames(ctx context.Context, workspace smsir.UUID, ids []smsir.UUID) (map[smsir.UUID]string, error)
}

func newNameCache(s nameStore, now func() time.Time) *nameCache {
	return &nameCache{store: s, now: now, by: map[smsir.UUID]*names{}}
}

// names is what is known of one workspace. It is never changed once it is handed out.
type names struct {
	until     time.Time
	actors    map[smsir.UUID]string
	providers map[smsir.UUID]store.Provider
}

// Actor implements [api.Names].
func (n *names) Actor(id smsir.UUID) string { return n.actors[id] }

// Provider implements [api.Names].
func (n *names) Provider(id smsir.UUID) (name, kind string) {
	p := n.providers[id]
	return p.Name, p.Kind
}

// Network implements [api.Names].
func (n *names) Network(code string) string { return network.Name(code) }

// forget drops what is known of a workspace.
func (c *nameCache) forget(workspace smsir.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.by, workspace)
}

// of returns the names of a workspace that messages and the further actors need.
func (c *nameCache) of(ctx context.Context, workspace smsir.UUID, messages []*smsir.Message, actors ...smsir.Actor) (*names, error) {
	known := c.known(workspace)
	var missing []smsir.UUID
	look := func(a smsir.Actor) {
		if a.Kind == smsir.ActorSystem {
			return
		}
		if known != nil {
			if _, ok := known.actors[a.ID]; ok {
				return
			}
		}
		missing = append(missing, a.ID)
	}
	for _, m := range messages {
		look(m.CreatedBy)
	}
	for _, a := range actors {
		look(a)
	}
	if known != nil && len(missing) == 0 {
		return known, nil
	}
	return c.load(ctx, workspace, known, missing)
}

func (c *nameCache) known(workspace smsir.UUID) *names {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.by[workspace]; n != nil && c.now().Before(n.until) {
		return n
	}
	return nil
}

// load reads what is missing beside what is known.
func (c *nameCache) load(ctx context.Context, workspace smsir.UUID, known *names, missing []smsir.UUID) (*names, error) {
	n := &names{actors: map[smsir.UUID]string{}}
	if known != nil {
		n.until, n.providers = known.until, known.providers
		for id, name := range known.actors {
			n.actors[id] = name
		}
	} else {
		providers, err := c.store.ProviderNames(ctx, workspace)
		if err != nil {
			return nil, err
		}
		n.until, n.providers = c.now().Add(nameAge), providers
	}
	if len(missing) > 0 {
		found, err := c.store.ActorNames(ctx, workspace, missing)
		if err != nil {
			return nil, err
		}
		for _, id := range missing {
			n.actors[id] = found[id] // "" too, so that it is not asked for again
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.by) > 10_000 {
		clear(c.by)
	}
	c.by[workspace] = n
	return n, nil
}
