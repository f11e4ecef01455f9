package sim

import (
	"database/sql"
	"path/filepath"
	"time"

	"github.com/smsir/smsir/bench/oracle"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
)

// place is where the databases of seeds are made.
type place interface {
	// lay makes a fresh one. What it returns ends it.
	lay(dir string) (where base, end func() error, err error)
	nodes(d draws) int // that share it
}

// base is where the database of a world is.
type base interface {
	begin() error // in the time of the world
	end() error
	open(m *member) (store.Store, error)
	sync()             // before each call: the database has a clock, too
	sever(node string) // takes its connections away, and lets it make no new ones
	mend(node string)
	read() (db *sql.DB, unanswered string, err error) // beside the store
	testify(e *oracle.Evidence)
}

// file is a database of SQLite, in memory or on the disk.
type file struct {
	fresh  *template
	memory bool
}

func (f file) lay(dir string) (base, func() error, error) {
	path := filepath.Join(dir, "smsir.db")
	end, err := f.fresh.copy(path, f.memory)
	return &embedded{path, f.memory}, end, err
}

func (file) nodes(draws) int { return 1 }

type embedded struct {
	path   string
	memory bool
}

func (*embedded) begin() error { return nil }
func (*embedded) end() error   { return nil }
func (*embedded) sync()        {}
func (*embedded) sever(string) {}
func (*embedded) mend(string)  {}

func (b *embedded) open(m *member) (store.Store, error) {
	return sqlite.Open(bg, b.path, sqlite.Options{Now: m.now, DiskEvery: 24 * time.Hour, Memory: b.memory})
}

func (b *embedded) read() (*sql.DB, string, error) {
	db, err := sql.Open("sqlite", address(b.path, b.memory))
	return db, unanswered("min", "e.data", "0"), err
}

func (b *embedded) testify(e *oracle.Evidence) { e.Database, e.Memory = b.path, b.memory }
