package sim

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir/bench/oracle"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/postgres"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// server is a PostgreSQL of which each world has a database for two or three nodes.
//
// It is a real one, outside the bubble: a goroutine that waits for a socket is not blocked in the sense of synctest, so that
// virtual time stands still while the server works. Nothing may therefore wait for the server for long, and what listens for
// other nodes' wake-ups listens to the air instead. The server's clock is that of the world (smsir_now).
type server struct {
	*pgtest.Server
	dir string // of sockets
	n   atomic.Int64
}

// clocked replaces the clock of the database.
const clocked = `CREATE SEQUENCE sim_clock;
	CREATE OR REPLACE FUNCTION smsir_now() RETURNS BIGINT LANGUAGE sql VOLATILE AS $$ SELECT last_value FROM sim_clock $$`

// newServer starts one that syncs nothing; nobody pulls the plug here.
func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{Server: pgtest.Start(t, "fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off"), dir: t.TempDir()}
	s.Exec(t, "CREATE DATABASE fresh TEMPLATE template0")
	if _, err := postgres.Migrate(bg, s.URL("fresh")); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, s.URL("fresh"), clocked)
	return s
}

func (s *server) nodes(d draws) int { return 2 + d.weighted(70, 30) }

func (s *server) lay(string) (base, func() error, error) {
	name := fmt.Sprint("world_", s.n.Add(1))
	b := &shared{s: s, name: name, dir: filepath.Join(s.dir, name)}
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		return nil, nil, err
	}
	if err := s.admin("CREATE DATABASE " + name + " TEMPLATE fresh"); err != nil {
		return nil, nil, err
	}
	return b, func() error { return s.admin("DROP DATABASE " + name + " WITH (FORCE)") }, nil
}

func (s *server) admin(query string) error {
	conn, err := pgx.Connect(bg, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(bg) //nolint:errcheck // nothing is lost
	_, err = conn.Exec(bg, query, pgx.QueryExecModeSimpleProtocol)
	return err
}

// shared is a database of several nodes. Each reaches it by a socket of its own, so that one can be cut off.
type shared struct {
	s    *server
	name string
	dir  string

	mu   sync.Mutex
	conn *pgx.Conn // that of the world
	told int64     // the time that the server was told
}

func (b *shared) begin() (err error) {
	b.conn, err = pgx.Connect(bg, b.s.URL(b.name))
	return err
}

func (b *shared) end() error { return b.conn.Close(bg) }

func (b *shared) exec(query string, args ...any) {
	if _, err := b.conn.Exec(bg, query, args...); err != nil {
		panic(err)
	}
}

func (b *shared) sync() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now().UnixMilli(); now != b.told {
		b.exec("SELECT setval('sim_clock', $1)", now)
		b.told = now
	}
}

func (b *shared) way(node string) string { return filepath.Join(b.dir, node) }

// open implements base.
func (b *shared) open(m *member) (store.Store, error) {
	b.mu.Lock()
	b.hangUp(m.name) // the server takes a moment to notice that the last run has ended
	b.mu.Unlock()
	url := fmt.Sprintf("postgres://smsir@/%s?host=%s&application_name=%s&pool_max_conn_lifetime=9999h&pool_health_check_period=9999h", b.name, b.way(m.name), m.name)
	return postgres.Open(bg, url, postgres.Options{Now: m.now, Node: m.name, Lease: m.w.lease, PoolSize: 4, Idle: 9999 * time.Hour, AcceptDataLoss: true})
}

func (b *shared) sever(node string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = os.Remove(b.way(node)) // it may be gone
	b.hangUp(node)
}

// hangUp ends the connections of a node.
func (b *shared) hangUp(node string) {
	b.exec("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1", node)
}

func (b *shared) mend(node string) {
	if err := os.Symlink(filepath.Dir(b.s.Socket()), b.way(node)); err != nil && !os.IsExist(err) {
		panic(err)
	}
}

func (b *shared) read() (*sql.DB, string, error) {
	db, err := sql.Open("pgx", b.s.URL(b.name))
	return db, unanswered("least", "e.data::json", "'false'"), err
}

func (b *shared) testify(e *oracle.Evidence) { e.Postgres = b.s.URL(b.name) }

// air carries the wake-ups between nodes. It loses some.
type air struct {
	w    *world
	mu   sync.Mutex
	ears map[chan string]*member
	n    int
}

func (a *air) speak(from *member, topic string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n++
	if a.w.draw("air", a.n).chance(20) {
		return
	}
	for ear, m := range a.ears {
		if m != from && m.wellFor() > 0 {
			select {
			case ear <- topic:
			default: // it has enough to hear
			}
		}
	}
}

// listen hears until ctx ends.
func (a *air) listen(ctx context.Context, m *member, heard func(string)) {
	ear := make(chan string, 16)
	a.mu.Lock()
	if a.ears == nil {
		a.ears = map[chan string]*member{}
	}
	a.ears[ear] = m
	a.mu.Unlock()
	heard("")
	for {
		select {
		case topic := <-ear:
			heard(topic)
		case <-ctx.Done():
			a.mu.Lock()
			delete(a.ears, ear)
			a.mu.Unlock()
			return
		}
	}
}
