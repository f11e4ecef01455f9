// Package sqlite implements the storage contract on embedded SQLite.
//
// One goroutine writes, in group commits of many callers' steps (see writer); any number of readers
// read beside it. The journal is WAL with synchronous=FULL, so a step that returned without error
// survives a power cut. One process owns a database: a second one is refused at [Open].
//
// It is not in charge of the rules of a message (package smsir) nor of the queries that both
// databases share (package sqldb).
package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
	"github.com/smsir/smsir/internal/store/sqlite/single"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Options of [Open]. The zero value is good for tests.
type Options struct {
	Log     *slog.Logger
	Now     func() time.Time      // time.Now if nil
	Metrics prometheus.Registerer // none if nil
	// MinFree refuses new messages while the disk has fewer bytes free; 0 turns the check off.
	MinFree uint64
	// DiskEvery is how often the free space of the disk and the length of the write-ahead log are looked at; a second if 0.
	DiskEvery time.Duration
	// Memory keeps the database in the memory of this process, for simulations: whoever opens the same path so shares it, until
	// the last connection closes. There is no lock and nothing on the disk; a read waits for the commit under way.
	Memory bool
	// AcceptDataLoss opens a database that would not survive a power cut with a warning instead of an error.
	AcceptDataLoss bool
	// IgnoreMove opens a database whose data was moved elsewhere.
	IgnoreMove bool
	// Fatal is called once, when the database file can no longer be trusted: the process should end.
	Fatal func(error)
}

// Store is an open database. It implements store.Store.
type Store struct {
	*sqldb.Store
	path    string
	log     *slog.Logger
	now     func() time.Time
	ids     *smsir.Generator
	node    int64 // this run of this process
	read    *sql.DB
	write   *sql.DB     // before the writer starts and after it has ended
	single  *sql.DB     // the writer's; nil for a database in memory
	pragmas []string    // of both
	stmts   sync.Map    // constant query -> *sql.Stmt of the read pool
	noStops atomic.Bool // no suppression is stored, so nobody needs to ask
	noTalks atomic.Bool // likewise no conversation
	lock    *sql.DB
	writer  *writer
	fatal   func(error)
	onEvent atomic.Pointer[func()]
	tail    tail
	recent  recent
	disk    diskWatch
}

var _ store.Store = (*Store)(nil)

// Open opens or makes the database at path, brings its schema up to date, and takes the lock that
// keeps a second process out. It fails with a sentence that says what to do when the lock is held
// or when the database would not be durable.
func Open(ctx context.Context, path string, opt Options) (*Store, error) {
	single.UsePages()
	s := &Store{path: path, log: opt.Log, now: opt.Now, fatal: opt.Fatal}
	if s.fatal == nil {
		s.fatal = func(error) {}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.open(ctx, opt); err != nil {
		_ = s.closeFiles()
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, opt Options) (err error) {
	address := dsn
	if opt.Memory {
		address = memory
	}
	if err := s.openWrite(ctx, opt); err != nil {
		return err
	}
	if _, err := migrate(ctx, s.write); err != nil {
		return err
	}
	if !opt.IgnoreMove {
		if err := s.checkMoved(ctx); err != nil {
			return err
		}
	}
	if s.read, err = sql.Open("sqlite", address(s.path, "query_only(1)", "cache_size(-4096)")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(8)
	s.read.SetMaxIdleConns(8)
	if err := s.register(ctx); err != nil {
		return err
	}
	if err := s.loadStops(ctx); err != nil {
		return err
	}
	if s.writer, err = newWriter(ctx, s, opt.Metrics); err != nil {
		return err
	}
	if !opt.Memory {
		s.disk.log, s.disk.truncate = s.log, s.writer.shorten
		s.disk.start(s.path, opt.MinFree, cmp.Or(opt.DiskEvery, time.Second))
	}
	s.Store = sqldb.New(s)
	return nil
}

// openWrite takes the lock and opens the connection of the writer.
func (s *Store) openWrite(ctx context.Context, opt Options) (err error) {
	if opt.Memory {
		s.write, err = sql.Open("sqlite", memory(s.path))
		s.write.SetMaxOpenConns(1)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if s.lock, err = takeLock(ctx, s.path+".lock"); err != nil {
		return err
	}
	synchronous := "synchronous(FULL)"
	if canary.On(canary.NoSync) {
		synchronous = "synchronous(OFF)"
	}
	// A checkpoint holds the commits up, so it comes when the log is as long as it may stay. A page cache is searched from end to
	// end by every commit that split a page, and by every read that meets a new one: a large one costs more than what the
	// system's own cache does not have. secure_delete overwrites what is deleted or replaced, so that a text that was removed is
	// not left in a free part of a page.
	s.pragmas = []string{
		"journal_mode(WAL)", synchronous, "secure_delete(1)", fmt.Sprintf("wal_autocheckpoint(%d)", logPages(filepath.Dir(s.path))), "journal_size_limit(67108864)", "cache_size(-16384)",
	}
	if s.write, err = sql.Open("sqlite", dsn(s.path, s.pragmas...)); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := s.checkDurable(ctx); err != nil {
		if !opt.AcceptDataLoss {
			return err
		}
		s.log.Warn("accepted messages may be lost, as the operator chose", "err", err)
	}
	return nil
}

// logPages is how long the write-ahead log may get before it is written back: 64 MB, on a small disk a sixteenth of it.
func logPages(dir string) uint64 {
	const page, most, least = 4096, 16_000, 1000
	size, ok := DiskSize(dir)
	if !ok {
		return most
	}
	return min(most, max(least, size/16/page))
}

// writerConn is the connection of the writer.
func (s *Store) writerConn(ctx context.Context) (*sql.Conn, error) {
	if s.pragmas == nil { // in memory, shared between connections that lock each other out
		return s.write.Conn(ctx)
	}
	s.single = sql.OpenDB(single.Connector{Name: s.path, Pragmas: append(slices.Clone(basicPragmas), s.pragmas...)})
	return s.single.Conn(ctx)
}

// basicPragmas are those of all connections.
var basicPragmas = []string{"busy_timeout(5000)", "foreign_keys(1)"}

// memory is the address of a database in memory that the connections of this process share.
func memory(path string, pragmas ...string) string {
	return dsn(path, pragmas...) + "&mode=memory&cache=shared"
}

func dsn(path string, pragmas ...string) string {
	q := url.Values{"_pragma": append(slices.Clone(basicPragmas), pragmas...)}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// takeLock holds an exclusive transaction on a file of its own until the process ends, in whatever
// way it ends.
func takeLock(ctx context.Context, path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, "busy_timeout(0)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("the database is in use by another smsir process: stop that one first, or give this one another data folder (lock %s: %w)", path, err)
	}
	return db, nil
}

// checkDurable refuses settings under which "accepted" would not mean "on disk".
func (s *Store) checkDurable(ctx context.Context) error {
	var mode string
	var sync int
	if err := s.write.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return fmt.Errorf("open %s: %w", s.path, err)
	}
	if err := s.write.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&sync); err != nil {
		return fmt.Errorf("open %s: %w", s.path, err)
	}
	if mode != "wal" || sync < 2 && !canary.On(canary.NoSync) {
		return fmt.Errorf("open %s: journal_mode=%s synchronous=%d, want wal and 2 (FULL): put the data folder on a local file system", s.path, mode, sync)
	}
	return nil
}

// loadStops finds out whether any suppression or conversation is stored.
func (s *Store) loadStops(ctx context.Context) error {
	var any bool
	err := s.write.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM suppressions)").Scan(&any)
	s.noStops.Store(!any)
	if err == nil {
		err = s.write.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM conversations)").Scan(&any)
		s.noTalks.Store(!any)
	}
	return err
}

// register makes this run an owner of messages and continues the ids above the largest one stored.
func (s *Store) register(ctx context.Context) error {
	res, err := s.write.ExecContext(ctx, "INSERT INTO nodes (started_at) VALUES ($1)", s.now().UnixMilli())
	if err != nil {
		return fmt.Errorf("register this run: %w", err)
	}
	if s.node, err = res.LastInsertId(); err != nil {
		return err
	}
	var top sql.NullInt64
	const newest = `SELECT max(id) FROM (SELECT max(id) AS id FROM messages UNION ALL SELECT max(id) FROM attempts
		UNION ALL SELECT max(id) FROM events UNION ALL SELECT max(id) FROM receipts UNION ALL SELECT max(id) FROM inbound
		UNION ALL SELECT max(batch_id) FROM messages WHERE batch_id > 0)`
	if err := s.write.QueryRowContext(ctx, newest).Scan(&top); err != nil {
		return err
	}
	var last sql.NullInt64
	if err := s.write.QueryRowContext(ctx, "SELECT max(id) FROM events").Scan(&last); err != nil {
		return err
	}
	s.tail.floor = smsir.ID(last.Int64)
	failpoint.Hit(failpoint.StartOwner)
	// Tries of webhooks that an earlier run had under way have ended with it, whatever their lease says.
	if _, err := s.write.ExecContext(ctx, "UPDATE deliveries SET next_at = $1, lease_until = 0 WHERE state = 0 AND lease_until > 0", s.now().UnixMilli()); err != nil {
		return fmt.Errorf("free the webhook deliveries of an earlier run: %w", err)
	}
	s.ids, err = smsir.NewGenerator(0, smsir.ID(top.Int64))
	return err
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
	if err := s.writer.fault(); err != nil {
		return err
	}
	if err := s.disk.check(); err != nil {
		return err
	}
	return s.read.PingContext(ctx)
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.disk.stop()
	s.writer.close()
	_, err := s.write.ExecContext(context.Background(), "UPDATE nodes SET stopped_at = $1 WHERE id = $2", s.now().UnixMilli(), s.node)
	return errors.Join(err, s.closeFiles())
}

func (s *Store) closeFiles() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.single, s.write, s.lock} { // the lock last
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
