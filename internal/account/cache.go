package account

import (
	"sync"
	"time"
)

// CacheTime is how long a resolved credential is trusted without asking the store again.
const CacheTime = 2 * time.Second

// maxCached bounds the credentials in the cache.
const maxCached = 10_000

// cache holds principals for a moment, by the SHA-256 of their credential.
//
// Whatever is loaded while something changes is not kept: the generation tells.
type cache struct {
	mu         sync.Mutex
	generation uint64
	entries    map[[32]byte]cached
	changed    func() // called by forget; may be nil
}

type cached struct {
	principal *Principal
	seen      time.Time // last use that the store knows of
	until     time.Time
}

func newCache() *cache { return &cache{entries: map[[32]byte]cached{}} }

// get returns the entry of a credential and the generation to give to put.
func (c *cache) get(hash [32]byte, now time.Time) (e cached, ok bool, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok = c.entries[hash]
	return e, ok && now.Before(e.until), c.generation
}

// put keeps e unless something has changed since get returned the generation.
func (c *cache) put(hash [32]byte, e cached, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation {
		return
	}
	if len(c.entries) >= maxCached {
		clear(c.entries)
	}
	c.entries[hash] = e
}

// used notes a use of the credential and reports whether the store is to be told: at most once in each interval.
func (c *cache) used(hash [32]byte, e cached, now time.Time, interval time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept, ok := c.entries[hash]; ok && kept.seen.After(e.seen) {
		e = kept
	}
	if now.Sub(e.seen) < interval {
		return false
	}
	e.seen = now
	if _, ok := c.entries[hash]; ok {
		c.entries[hash] = e
	}
	return true
}

// forget empties the cache and tells that something has changed. Called after every change of what it holds.
func (c *cache) forget() {
	c.empty()
	if c.changed != nil {
		c.changed()
	}
}

// empty makes the next use of every credential ask the store.
func (c *cache) empty() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	clear(c.entries)
}
