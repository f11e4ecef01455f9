package single

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite3 "modernc.org/sqlite/lib"
)

// UsePages gives every connection of the process, of whichever driver, a page cache of its own (SQLITE_CONFIG_PCACHE2,
// https://sqlite.org/c3ref/pcache_methods2.html) in place of the one that comes with SQLite. It must come before the first
// connection and reports whether it did; without it everything works, and costs more:
//
//   - The library is built with SQLITE_ENABLE_MEMORY_MANAGEMENT, in which all caches of a process share a mutex and a list, so that
//     those who read and the one who writes wait for each other at every page.
//   - After every transaction in which a tree was balanced, SQLite's cache looks at each of its pages for some that lie behind the end
//     of the file: balancing has lent one of them a number far behind it for a moment.
//
// Its memory is SQLite's, not Go's, and it holds as many pages as PRAGMA cache_size says.
func UsePages() bool {
	usePages.Do(func() { pagesUsed = install() == nil })
	return pagesUsed
}

var (
	usePages  sync.Once
	pagesUsed bool
)

func install() error {
	tls := libc.NewTLS()
	defer tls.Close()
	m := libc.Xcalloc(tls, 1, types.Size_t(unsafe.Sizeof(sqlite3.Tsqlite3_pcache_methods2{}))) // SQLite copies it
	if m == 0 {
		return errors.New("single: no memory for the page cache")
	}
	defer libc.Xfree(tls, m)
	va := libc.NewVaList(m)
	defer libc.Xfree(tls, va)
	if rc := sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_GETPCACHE2, va); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("single: SQLite does not tell its page cache (%d)", rc)
	}
	// Its beginning and end stay: what it begins with, others use too.
	with := at[sqlite3.Tsqlite3_pcache_methods2](m)
	with.FxCreate = pointer(createPages)
	with.FxCachesize = pointer(func(_ *libc.TLS, p uintptr, n int32) { at[pages](p).most = int(n) })
	with.FxPagecount = pointer(func(_ *libc.TLS, p uintptr) int32 { return int32(at[pages](p).count) }) //nolint:gosec // as many as there are
	with.FxFetch = pointer(func(tls *libc.TLS, p uintptr, key uint32, create int32) uintptr {
		return at[pages](p).fetch(tls, key, create)
	})
	with.FxUnpin = pointer(func(tls *libc.TLS, p, page uintptr, discard int32) { at[pages](p).unpin(tls, page, discard != 0) })
	with.FxRekey = pointer(func(tls *libc.TLS, p, page uintptr, _, key uint32) { at[pages](p).rekey(tls, page, key) })
	with.FxTruncate = pointer(func(tls *libc.TLS, p uintptr, limit uint32) { at[pages](p).truncate(tls, limit) })
	with.FxDestroy = pointer(destroyPages)
	with.FxShrink = pointer(func(tls *libc.TLS, p uintptr) { at[pages](p).shrink(tls) })
	if rc := sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_PCACHE2, va); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("single: SQLite does not take the page cache (%d)", rc)
	}
	return nil
}

// pointer is a function as the library calls it.
func pointer[F any](f F) uintptr {
	return *(*uintptr)(unsafe.Pointer(&struct{ f F }{f})) //nolint:gosec // a func is a pointer
}

// at is what stands at an address outside of Go's memory.
func at[T any](p uintptr) *T {
	return *(**T)(unsafe.Pointer(&p)) //nolint:gosec // nothing there moves
}

// pages is the cache of one connection, which calls it from one goroutine at a time. It and what it points to lie outside of Go's
// memory. A page is pinned from fetch to unpin; one that is not stands in a ring, the longest unused first.
type pages struct {
	size, extra int // of a page, and of what SQLite keeps beside it, in bytes
	purgeable   bool
	most        int // how many there may be, as long as enough are not pinned
	count       int
	idle        int
	slots       uintptr // array of the first page of each chain
	mask        uint32  // number of slots - 1
	max         uint32  // no key is greater, but top
	top         uint32  // of a page that was rekeyed behind all others; 0 for none
	ring        page    // its next is the longest unused
}

// page is a page as SQLite sees it, and what this cache knows of it. What SQLite keeps beside it lies behind it.
type page struct {
	sqlite3.Tsqlite3_pcache_page

	chain      uintptr // next one of its slot
	prev, next uintptr // in the ring; 0 while it is pinned
	key        uint32
}

const (
	pageHead   = (unsafe.Sizeof(page{}) + 15) &^ 15
	firstSlots = 256
)

func createPages(tls *libc.TLS, size, extra, purgeable int32) uintptr {
	p := libc.Xcalloc(tls, 1, types.Size_t(unsafe.Sizeof(pages{})))
	if p == 0 {
		return 0
	}
	c := at[pages](p)
	c.size, c.extra, c.purgeable = int(size), int(extra), purgeable != 0
	c.ring.prev, c.ring.next = c.anchor(), c.anchor()
	if c.slots = libc.Xcalloc(tls, firstSlots, types.Size_t(unsafe.Sizeof(p))); c.slots == 0 {
		libc.Xfree(tls, p)
		return 0
	}
	c.mask = firstSlots - 1
	return p
}

func destroyPages(tls *libc.TLS, p uintptr) {
	c := at[pages](p)
	c.drop(tls, 0)
	libc.Xfree(tls, c.slots)
	libc.Xfree(tls, p)
}

func (c *pages) anchor() uintptr { return uintptr(unsafe.Pointer(&c.ring)) }

func (c *pages) slot(key uint32) *uintptr {
	return at[uintptr](c.slots + uintptr(key&c.mask)*unsafe.Sizeof(c.slots))
}

// fetch finds a page and pins it. One that is not there is made: not at all if create is 0, and if it is 1 only while not most of
// the cache is pinned, since SQLite can write some of those back.
func (c *pages) fetch(tls *libc.TLS, key uint32, create int32) uintptr {
	for p := *c.slot(key); p != 0; p = at[page](p).chain {
		if g := at[page](p); g.key == key {
			c.pin(g)
			return p
		}
	}
	if create == 0 || create == 1 && c.purgeable && c.count-c.idle >= c.most*9/10 {
		return 0
	}
	var p uintptr
	if c.purgeable && c.count >= c.most && c.idle > 0 {
		p = c.ring.next
		c.pin(at[page](p))
		c.unchain(p)
	} else if p = c.make(tls); p == 0 {
		return 0
	}
	g := at[page](p)
	*at[uintptr](g.FpExtra) = 0 // so SQLite knows that it is new
	c.enchain(p, key)
	c.max = max(c.max, key)
	return p
}

// make allocates a page; 0 if there is no memory.
func (c *pages) make(tls *libc.TLS) uintptr {
	if c.count > int(c.mask) {
		c.grow(tls)
	}
	p := libc.Xmalloc(tls, types.Size_t(pageHead+uintptr(c.extra))) //nolint:gosec // some hundred bytes
	if p == 0 {
		return 0
	}
	buf := libc.Xmalloc(tls, types.Size_t(c.size)) // in a piece of its own, because the allocator gives powers of two
	if buf == 0 {
		libc.Xfree(tls, p)
		return 0
	}
	*at[page](p) = page{Tsqlite3_pcache_page: sqlite3.Tsqlite3_pcache_page{FpBuf: buf, FpExtra: p + pageHead}}
	c.count++
	return p
}

// grow doubles the slots; without memory it leaves them as they are.
func (c *pages) grow(tls *libc.TLS) {
	old, n := c.slots, int(c.mask)+1
	slots := libc.Xcalloc(tls, types.Size_t(2*n), types.Size_t(unsafe.Sizeof(old))) //nolint:gosec // as many as there are pages
	if slots == 0 {
		return
	}
	c.slots, c.mask = slots, uint32(2*n-1) //nolint:gosec // likewise
	for i := range n {
		for p := *at[uintptr](old + uintptr(i)*unsafe.Sizeof(old)); p != 0; { //nolint:gosec // likewise
			next := at[page](p).chain
			c.enchain(p, at[page](p).key)
			p = next
		}
	}
	libc.Xfree(tls, old)
}

func (c *pages) enchain(p uintptr, key uint32) {
	g, s := at[page](p), c.slot(key)
	g.key, g.chain, *s = key, *s, p
}

func (c *pages) unchain(p uintptr) {
	s := c.slot(at[page](p).key)
	for *s != p {
		s = &at[page](*s).chain
	}
	*s = at[page](p).chain
}

// pin takes a page out of the ring, if it is there.
func (c *pages) pin(g *page) {
	if g.next != 0 {
		at[page](g.prev).next, at[page](g.next).prev = g.next, g.prev
		g.prev, g.next = 0, 0
		c.idle--
	}
}

// unpin puts a page into the ring, or frees it.
func (c *pages) unpin(tls *libc.TLS, p uintptr, discard bool) {
	if discard || c.purgeable && c.count > c.most {
		c.free(tls, p)
		return
	}
	g := at[page](p)
	if g.next != 0 {
		return
	}
	g.prev, g.next = c.ring.prev, c.anchor()
	at[page](g.prev).next, c.ring.prev = p, p
	c.idle++
}

func (c *pages) free(tls *libc.TLS, p uintptr) {
	c.pin(at[page](p))
	c.unchain(p)
	c.count--
	libc.Xfree(tls, at[page](p).FpBuf)
	libc.Xfree(tls, p)
}

// rekey gives a page another key, which takes the place of a page that has it.
func (c *pages) rekey(tls *libc.TLS, p uintptr, key uint32) {
	c.unchain(p)
	if at[page](p).key == c.top {
		c.top = 0
	}
	for other := *c.slot(key); other != 0; other = at[page](other).chain {
		if at[page](other).key == key {
			c.free(tls, other)
			break
		}
	}
	switch {
	case key <= c.max:
	case c.top == 0:
		c.top = key
	default:
		c.max = key
	}
	c.enchain(p, key)
}

// truncate frees the pages from a key on, pinned or not.
func (c *pages) truncate(tls *libc.TLS, limit uint32) {
	if limit > max(c.max, c.top) {
		return
	}
	c.drop(tls, limit)
	if c.top >= limit {
		c.top = 0
	}
	if c.max >= limit {
		c.max = max(limit, 1) - 1
	}
}

func (c *pages) drop(tls *libc.TLS, limit uint32) {
	for i := range uintptr(c.mask) + 1 {
		s := at[uintptr](c.slots + i*unsafe.Sizeof(c.slots))
		for *s != 0 {
			p := *s
			if g := at[page](p); g.key >= limit {
				c.free(tls, p) // it takes it out of the chain: *s is the next one
			} else {
				s = &g.chain
			}
		}
	}
}

// shrink frees the pages that are not pinned.
func (c *pages) shrink(tls *libc.TLS) {
	for c.purgeable && c.idle > 0 {
		c.free(tls, c.ring.next)
	}
}
