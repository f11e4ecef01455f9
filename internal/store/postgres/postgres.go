// Package postgres implements the storage contract on PostgreSQL 14 or newer, for one node or several.
//
// Hot steps go through a group commit (see writer): a batch of many callers' steps is one transaction that locks and
// loads what they speak of, lets package smsir decide, and writes everything with one statement for each table. Several
// writers of several nodes work side by side; rows are locked in the order of their ids, and what must not overlap has a
// lock of its own (docs/architecture.md, "Several writers").
//
// What it guarantees on failure: a nil error means that the transaction is committed and, with the settings that [Open]
// insists on, on disk. A connection that breaks during COMMIT leaves the outcome open: the server is asked for up to
// five seconds, and a caller who still cannot be told gets CodeCommitUnknown. While the database is away every call fails
// with CodeStorageDown, and works again when it is back.
//
// It is not in charge of the rules of a message (package smsir), of queries that both databases share (package sqldb),
// nor of when a node's lease is renewed (package node).
package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// Options of [Open]. The zero value is good for tests.
type Options struct {
	Log     *slog.Logger
	Now     func() time.Time      // time.Now if nil
	Metrics prometheus.Registerer // none if nil
	// Node names this node among those of the database; its next run has the same name. "" is "node".
	Node string
	// Version of the program, as it is shown beside the node.
	Version string
	// Lease is how long a node that does not renew it keeps what it owns; 30 s if 0.
	Lease time.Duration
	// PoolSize bounds the connections; 16 if 0. Four are the least.
	PoolSize int
	// Idle is how long a connection may rest before it is closed; 5 min if 0.
	Idle time.Duration
	// AcceptDataLoss opens a database that would not survive a power cut with a warning instead of an error.
	AcceptDataLoss bool
}

// Store is an open database. It implements store.Store.
type Store struct {
	*sqldb.Store
	log      *slog.Logger
	clock    func() time.Time
	opt      Options
	ids      *smsir.Generator
	node     atomic.Int64 // this run of this process; another one after it was fenced
	lease    atomic.Pointer[store.Lease]
	slot     int
	naming   sync.Mutex
	name     *pgx.Conn // holds the lock on the node's name
	pool     *pgxpool.Pool
	writer   *writer
	onEvent  atomic.Pointer[func()]
	closed   atomic.Bool
	unsafely string // why an accepted message may be lost, "" if it may not
}

var (
	_ store.Store = (*Store)(nil)
	_ store.Nodes = (*Store)(nil)
)

// Times that bound a call while the database or the way to it is bad.
const (
	connectTime = 2 * time.Second  // for a new connection
	txTime      = 10 * time.Second // for a transaction, its wait for locks and the sync of its commit
	readyTime   = time.Second
)

// Open connects to the database of a URL or key=value text, brings its schema up to date, and registers this run. It
// fails with a sentence that says what to do when the database would not be durable, is too new, or has a node of this
// name already.
func Open(ctx context.Context, url string, opt Options) (*Store, error) {
	s := &Store{log: opt.Log, clock: opt.Now, opt: opt}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.opt.Node == "" {
		s.opt.Node = "node"
	}
	if s.opt.Idle == 0 {
		s.opt.Idle = 5 * time.Minute
	}
	if s.opt.Lease == 0 {
		s.opt.Lease = 30 * time.Second
	}
	if err := s.open(ctx, url); err != nil {
		s.closeConnections()
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, url string) (err error) {
	config, err := poolConfig(url, s.opt.PoolSize)
	if err != nil {
		return err
	}
	config.MaxConnIdleTime = s.opt.Idle
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return fmt.Errorf("open the PostgreSQL database: %w", err)
	}
	if err := s.checkServer(ctx); err != nil {
		return err
	}
	done, err := Migrate(ctx, url)
	if err != nil {
		return err
	}
	if done > 0 {
		s.log.Info("the schema of the database was brought up to date", "migrations", done)
	}
	if err := s.lockName(ctx, config.ConnConfig); err != nil {
		return err
	}
	if err := s.register(ctx); err != nil {
		return err
	}
	s.writer = newWriter(s, s.opt.Metrics)
	s.Store = sqldb.New(s)
	return nil
}

// poolConfig reads a connection text. Plans are made for the values at hand: a table that grows from nothing to a million
// rows between two statistics would be walked with a plan made when it was empty.
func poolConfig(url string, size int) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the address of the PostgreSQL database cannot be read; write it as postgres://USER:PASSWORD@HOST:5432/DATABASE: %w", err)
	}
	if size == 0 {
		size = 16
	}
	config.MaxConns = int32(max(size, writers+2)) //nolint:gosec // a setting below a thousand
	c := config.ConnConfig
	c.ConnectTimeout = connectTime
	for name, value := range map[string]string{
		"application_name":                    "smsir",
		"plan_cache_mode":                     "force_custom_plan",
		"default_transaction_isolation":       "read committed",
		"idle_in_transaction_session_timeout": "15000",
		"tcp_keepalives_idle":                 "5",
		"tcp_keepalives_interval":             "2",
		"tcp_keepalives_count":                "3",
	} {
		if _, set := c.RuntimeParams[name]; !set {
			c.RuntimeParams[name] = value
		}
	}
	return config, nil
}

// minVersion is the oldest server whose SQL we use.
const minVersion = 140000

// checkServer refuses a server that is too old, and settings under which "accepted" would not mean "on disk".
func (s *Store) checkServer(ctx context.Context) error {
	var version int
	var fsync, pages, commit, standbys string
	err := s.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('fsync'), current_setting('full_page_writes'),
		current_setting('synchronous_commit'), current_setting('synchronous_standby_names')`).Scan(&version, &fsync, &pages, &commit, &standbys)
	if err != nil {
		return fmt.Errorf("the PostgreSQL database does not answer: %w", err)
	}
	if version < minVersion {
		return fmt.Errorf("the server is PostgreSQL %d.%d; SMSir needs version 14 or newer", version/10000, version%10000)
	}
	s.unsafely = risk(fsync, pages, commit, standbys)
	switch {
	case s.unsafely == "":
		return nil
	case !s.opt.AcceptDataLoss:
		return fmt.Errorf("the PostgreSQL server could lose accepted messages: %s", s.unsafely)
	}
	s.log.Warn("accepted messages may be lost, as the operator chose", "why", s.unsafely)
	return nil
}

// risk says why a commit may be lost, "" if it may not.
func risk(fsync, pages, commit, standbys string) string {
	switch {
	case fsync != "on":
		return "fsync is off. Set fsync = on in postgresql.conf and restart the server."
	case pages != "on":
		return "full_page_writes is off. Set full_page_writes = on in postgresql.conf and reload the server."
	case commit == "off":
		return "synchronous_commit is off. Set it to on, for the server, the database and the user."
	case commit == "local" && standbys != "":
		return "synchronous_commit is local although there are synchronous standbys: a failover would lose commits. Set it to on or remote_apply."
	}
	return ""
}

// now is the time of the database, as the last renewal of the lease lets us know it.
func (s *Store) now() time.Time {
	if l := s.lease.Load(); l != nil {
		return l.Time(s.clock())
	}
	return s.clock()
}

// NewID implements store.Accepter.
func (s *Store) NewID(now time.Time) smsir.ID { return s.ids.Next(now) }

// OnCommit implements store.Store.
func (s *Store) OnCommit(wake func()) { s.onEvent.Store(&wake) }

func (s *Store) wake() {
	if f := s.onEvent.Load(); f != nil {
		(*f)()
	}
}

// Ready implements store.Store.
func (s *Store) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	return s.coded(s.pool.Ping(ctx))
}

// Close implements store.Store.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.writer.close()
	ctx, cancel := context.WithTimeout(context.Background(), connectTime)
	defer cancel()
	_, err := s.pool.Exec(ctx, "UPDATE nodes SET stopped_at = smsir_now() WHERE id = $1 AND stopped_at = 0", s.node.Load())
	s.closeConnections()
	if err != nil {
		return fmt.Errorf("tell that this node stops; the others take over when its lease is over: %w", err)
	}
	return nil
}

func (s *Store) closeConnections() {
	s.naming.Lock()
	if s.name != nil {
		freeName(s.name)
		closeConn(s.name)
	}
	s.naming.Unlock()
	if s.pool != nil {
		s.pool.Close()
	}
}
