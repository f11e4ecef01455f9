package single

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"unsafe"

	"modernc.org/libc"
)

// TestMain lets this package's tests run on the page cache.
func TestMain(m *testing.M) {
	if !UsePages() {
		panic("the page cache comes too late")
	}
	m.Run()
}

// TestPages: whatever SQLite does with a cache, a page that is pinned keeps its place and its content, one that is found is the
// one that was put there, and there are no more than there may be, unless they are pinned.
func TestPages(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		tls := libc.NewTLS()
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
		purgeable := seed%3 > 0
		handle := createPages(tls, 512, 100, int32(map[bool]int{true: 1}[purgeable]))
		c := at[pages](handle)
		most := 5 + r.IntN(400)
		c.most = most
		type known struct {
			p      uintptr
			mark   uint64
			pinned bool
		}
		model := map[uint32]*known{} // of what may be there
		var pinned []uint32
		put := func(key uint32, p uintptr) {
			k := &known{p: p, mark: r.Uint64(), pinned: true}
			*at[uint64](at[page](p).FpBuf), *at[uint64](at[page](p).FpBuf + 504), *at[uint64](at[page](p).FpExtra) = k.mark, k.mark, k.mark|1
			model[key] = k
			pinned = append(pinned, key)
		}
		unlist := func(key uint32) {
			for i, k := range pinned {
				if k == key {
					pinned[i] = pinned[len(pinned)-1]
					pinned = pinned[:len(pinned)-1]
					return
				}
			}
		}
		for range 20_000 {
			key := uint32(1 + r.IntN(1500)) //nolint:gosec // small
			switch step := r.IntN(100); {
			case step < 50:
				create := int32(r.IntN(3)) //nolint:gosec // small
				p := c.fetch(tls, key, create)
				k := model[key]
				switch {
				case p == 0 && create == 2:
					t.Fatal("no page, though it was asked for with effort")
				case p == 0 && k != nil && k.pinned:
					t.Fatal("a pinned page was not found")
				case p == 0 && k != nil && !purgeable:
					t.Fatal("a page of a cache that keeps all was not found")
				case p == 0:
					delete(model, key)
				case *at[uintptr](at[page](p).FpExtra) != 0: // it was there
					if k == nil || k.p != p || *at[uint64](at[page](p).FpBuf) != k.mark || *at[uint64](at[page](p).FpBuf + 504) != k.mark {
						t.Fatalf("key %d: page %x has another content than was put there", key, p)
					}
					if !k.pinned {
						k.pinned = true
						pinned = append(pinned, key)
					}
				case k != nil && k.pinned:
					t.Fatal("a pinned page was made anew")
				default:
					if create == 0 {
						t.Fatal("a page was made that was only looked for")
					}
					if create == 1 && purgeable && len(pinned) >= most*9/10 {
						t.Fatal("a page was made without effort, though most are pinned")
					}
					put(key, p)
				}
			case step < 90 && len(pinned) > 0:
				key := pinned[r.IntN(len(pinned))]
				discard := !purgeable && r.IntN(2) == 0 || r.IntN(10) == 0
				if discard || purgeable {
					c.unpin(tls, model[key].p, discard)
					model[key].pinned = false
					unlist(key)
				}
				if discard {
					delete(model, key)
				}
			case step < 97 && len(pinned) > 0:
				from, to := pinned[r.IntN(len(pinned))], key
				if r.IntN(3) == 0 {
					to = 262145
				}
				if k := model[to]; from == to || k != nil && k.pinned {
					continue
				}
				c.rekey(tls, model[from].p, to)
				model[to] = model[from]
				delete(model, from)
				unlist(from)
				pinned = append(pinned, to)
			case step == 98 && r.IntN(20) == 0:
				c.truncate(tls, key)
				for k := range model {
					if k >= key {
						unlist(k)
						delete(model, k)
					}
				}
			case step == 99 && r.IntN(20) == 0:
				c.shrink(tls)
			}
			all := 0
			if r.IntN(200) == 0 {
				for i := range uintptr(c.mask) + 1 {
					for p := *at[uintptr](c.slots + i*unsafe.Sizeof(c.slots)); p != 0; p = at[page](p).chain {
						all++
						if key := at[page](p).key; key > max(c.max, c.top) || uintptr(key&c.mask) != i {
							t.Fatalf("key %d in chain %d of %d, greatest %d and %d", key, i, c.mask+1, c.max, c.top)
						}
					}
				}
				if all != c.count {
					t.Fatalf("%d pages in the chains, %d counted", all, c.count)
				}
			}
			if got := c.count - c.idle; purgeable && got != len(pinned) {
				t.Fatalf("%d pages are pinned, want %d", got, len(pinned))
			}
			if purgeable && c.count > max(most, len(pinned)+1) && c.idle > 0 && c.count-c.idle < most {
				t.Fatalf("%d pages, %d of them pinned, want at most %d", c.count, len(pinned), most)
			}
		}
		destroyPages(tls, handle)
		tls.Close()
	}
}

// TestPagesUnderSQLite: a database far larger than its cache is what was written, through splits, merges, rollbacks and spills.
func TestPagesUnderSQLite(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(Connector{Name: filepath.Join(t.TempDir(), "a.db"), Pragmas: []string{"journal_mode(WAL)", "synchronous(OFF)", "cache_size(20)", "wal_autocheckpoint(50)"}})
	db.SetMaxOpenConns(1)
	defer db.Close() //nolint:errcheck // a test's
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB)")
	exec("CREATE INDEX t_a ON t(a)")
	r := rand.New(rand.NewPCG(3, 9)) //nolint:gosec // a test
	want, saved := map[int64]string{}, map[int64]string{}
	for round := range 300 {
		exec("BEGIN IMMEDIATE")
		clear(saved)
		for k, v := range want {
			saved[k] = v
		}
		for range r.IntN(60) {
			id := int64(r.IntN(3000))
			switch r.IntN(5) {
			case 0:
				exec("DELETE FROM t WHERE id = $1", id)
				delete(want, id)
			case 1:
				if round%20 == 0 {
					low := int64(r.IntN(3000))
					exec("DELETE FROM t WHERE id > $1 AND id < $2", low, low+500)
					for k := range want {
						if k > low && k < low+500 {
							delete(want, k)
						}
					}
				}
			default:
				v := fmt.Sprintf("%x", r.Uint64())
				exec("INSERT INTO t VALUES ($1, $2, zeroblob($3)) ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b", id, v, int64(r.IntN(r.IntN(9000)+1)))
				want[id] = v
			}
		}
		if r.IntN(4) == 0 {
			exec("ROLLBACK")
			want, saved = saved, want
		} else {
			exec("COMMIT")
		}
	}
	var state string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&state); err != nil || state != "ok" {
		t.Fatal(state, err)
	}
	rows, err := db.Query("SELECT id, a FROM t")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	n := 0
	for rows.Next() {
		var id int64
		var a string
		if err := rows.Scan(&id, &a); err != nil {
			t.Fatal(err)
		}
		if want[id] != a {
			t.Fatalf("row %d is %q, want %q", id, a, want[id])
		}
		n++
	}
	if err := rows.Err(); err != nil || n != len(want) {
		t.Fatalf("%d rows, want %d, %v", n, len(want), err)
	}
}
