package notify

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/network"
	"github.com/smsir/smsir/internal/store"
)

const (
	// nameLife is how long a name is told that may have been changed.
	nameLife = 30 * time.Second
	// maxTables bounds the workspaces whose names are remembered.
	maxTables = 1000
)

// directory remembers names for a short while, so that a stream of events does not ask for the same
// few names again and again. It is safe for concurrent use.
type directory struct {
	source Names

	mu     sync.Mutex
	tables map[smsir.UUID]table
}

func newDirectory(source Names) *directory {
	return &directory{source: source, tables: map[smsir.UUID]table{}}
}

// table holds the names of one workspace, "" for what has none. It is never changed once it is
// shared. It implements api.Names.
type table struct {
	until     time.Time
	actors    map[smsir.UUID]string
	providers map[smsir.UUID]store.Provider
}

// Actor is the name of a user or a key.
func (t table) Actor(id smsir.UUID) string { return t.actors[id] }

// Provider is the name and the kind of a provider.
func (t table) Provider(id smsir.UUID) (name, kind string) {
	p := t.providers[id]
	return p.Name, p.Kind
}

// Network is the name of a mobile network.
func (t table) Network(code string) string { return network.Name(code) }

// need is what has to be named in one workspace.
type need struct{ actors, providers []smsir.UUID }

func (n *need) actor(id smsir.UUID)    { n.actors = noted(n.actors, id) }
func (n *need) provider(id smsir.UUID) { n.providers = noted(n.providers, id) }

// noted is ids with one more, unless it is none or came just now.
func noted(ids []smsir.UUID, id smsir.UUID) []smsir.UUID {
	if id.IsZero() || len(ids) > 0 && ids[len(ids)-1] == id {
		return ids
	}
	return append(ids, id)
}

// of returns, for each workspace, a table that knows every name it needs.
func (d *directory) of(ctx context.Context, needs map[smsir.UUID]*need) (map[smsir.UUID]*table, error) {
	tables := make(map[smsir.UUID]*table, len(needs))
	for workspace, n := range needs {
		t, err := d.table(ctx, workspace, n.actors, n.providers)
		if err != nil {
			return nil, err
		}
		tables[workspace] = &t
	}
	return tables, nil
}

// table returns the names of a workspace, after it has asked for those that it does not know yet.
func (d *directory) table(ctx context.Context, workspace smsir.UUID, actors, providers []smsir.UUID) (table, error) {
	now := time.Now()
	d.mu.Lock()
	known := d.tables[workspace]
	d.mu.Unlock()
	if !now.Before(known.until) {
		known = table{until: now.Add(nameLife)}
	}
	t := table{until: known.until, actors: known.actors, providers: known.providers}
	if missing := unknown(known.actors, actors); len(missing) > 0 {
		found, err := d.source.ActorNames(ctx, workspace, missing)
		if err != nil {
			return table{}, fmt.Errorf("names of users and keys: %w", err)
		}
		t.actors = with(known.actors, missing, found)
	}
	if missing := unknown(known.providers, providers); len(missing) > 0 {
		found, err := d.source.ProviderNames(ctx, workspace)
		if err != nil {
			return table{}, fmt.Errorf("names of providers: %w", err)
		}
		t.providers = with(found, missing, found)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.tables) >= maxTables {
		clear(d.tables)
	}
	d.tables[workspace] = t
	return t, nil
}

// unknown lists each of ids once that the table has no entry for.
func unknown[V any](table map[smsir.UUID]V, ids []smsir.UUID) []smsir.UUID {
	var missing []smsir.UUID
	for _, id := range ids {
		if _, ok := table[id]; !ok && !id.IsZero() && !slices.Contains(missing, id) {
			missing = append(missing, id)
		}
	}
	return missing
}

// with is a new table: the old entries, and one for each of ids, found or not.
func with[V any](old map[smsir.UUID]V, ids []smsir.UUID, found map[smsir.UUID]V) map[smsir.UUID]V {
	t := make(map[smsir.UUID]V, len(old)+len(ids))
	for id, v := range old {
		t[id] = v
	}
	for _, id := range ids {
		t[id] = found[id]
	}
	return t
}
