// Package pgtest gives tests a PostgreSQL server: a cluster of its own in a temporary folder, on a Unix socket, for as long
// as the test program runs.
//
// It is in charge of finding the server's programs on this machine, of starting and ending it, and of one empty database
// for each test. It knows nothing of our tables. It is imported by tests only.
//
// Where there is no PostgreSQL a test skips and says so, or fails if SMSIR_REQUIRE names "postgres". The server ends with
// the test program, however that ends.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// shared is the cluster of the test program; Main ends it.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

var number atomic.Int64 // of databases

// Main runs the tests and ends the shared server; TestMain is os.Exit(pgtest.Main(m)).
func Main(m *testing.M) int {
	code := m.Run()
	if shared.server != nil {
		shared.server.remove()
	}
	return code
}

// Database makes an empty database in the shared server and returns its address. It goes when the test ends.
func Database(t testing.TB) string {
	t.Helper()
	return need(t).Database(t)
}

// need starts the shared server if it does not run yet.
func need(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = start() })
	if errors.Is(shared.err, errMissing) {
		missing(t)
	}
	if shared.err != nil {
		t.Fatalf("PostgreSQL: %v", shared.err)
	}
	return shared.server
}

// Start starts a server that this test alone has, with settings such as "fsync=off". It ends with the test.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := start(settings...)
	if errors.Is(err, errMissing) {
		missing(t)
	}
	if err != nil {
		t.Fatalf("PostgreSQL: %v", err)
	}
	t.Cleanup(s.remove)
	return s
}

var template struct {
	once sync.Once
	err  error
}

// Copy is [Database] with what prepare has put into a database once for the whole test program.
func Copy(t testing.TB, prepare func(url string) error) string {
	t.Helper()
	s := need(t)
	template.once.Do(func() {
		if template.err = s.try("CREATE DATABASE prepared TEMPLATE template0"); template.err == nil {
			template.err = prepare(s.URL("prepared"))
		}
	})
	if template.err != nil {
		t.Fatalf("PostgreSQL: prepare a database: %v", template.err)
	}
	return s.database(t, "prepared")
}

// Wanted reports whether there is a PostgreSQL on this machine, or has to be one.
func Wanted() bool {
	_, err := find()
	return err == nil || required()
}

func required() bool {
	return slices.Contains(strings.Split(os.Getenv("SMSIR_REQUIRE"), ","), "postgres")
}

func missing(t testing.TB) {
	t.Helper()
	if required() {
		t.Fatalf("%v (SMSIR_REQUIRE=%s); scripts/need-postgres.sh says how to get it", errMissing, os.Getenv("SMSIR_REQUIRE"))
	}
	t.Skipf("%v; scripts/need-postgres.sh says how to get it", errMissing)
}

var errMissing = errors.New("no PostgreSQL server was found on this machine")

// find is the folder of initdb and postgres.
func find() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			if _, err := os.Stat(filepath.Join(filepath.Dir(real), "postgres")); err == nil {
				return filepath.Dir(real), nil
			}
		}
	}
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is fine
	slices.Reverse(dirs)
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	return "", errMissing
}

// Server is a cluster and the process that serves it.
type Server struct {
	bin, dir string
	settings []string
	cmd      *exec.Cmd
	done     chan struct{}
}

func start(settings ...string) (*Server, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "smsir-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, settings: settings}
	if err := s.init(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if err := s.run(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) init() error {
	if err := giveAway(s.dir); err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", "smsir", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync") //nolint:gosec // a program we found
	cmd.Dir = s.dir
	unprivileged(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) run() error {
	args := []string{"-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=300", "-c", "shared_buffers=64MB", "-c", "logging_collector=off"}
	for _, set := range s.settings {
		args = append(args, "-c", set)
	}
	s.cmd = exec.CommandContext(context.Background(), filepath.Join(s.bin, "postgres"), args...) //nolint:gosec // a program we found
	s.cmd.Dir = s.dir
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the server has its own
	s.cmd.Stdout, s.cmd.Stderr = log, log
	unprivileged(s.cmd)
	s.done = make(chan struct{})
	started := make(chan error)
	go func() { // the system ends the server with this thread, and so with the program
		pin()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait()
		}
		close(s.done)
	}()
	if err := <-started; err != nil {
		return err
	}
	return s.answers()
}

// answers waits until the server does.
func (s *Server) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.done:
			return fmt.Errorf("the server ended:\n%s", s.Log())
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w\n%s", err, s.Log())
		case <-poll.C:
		}
	}
}

// Log is what the server has written.
func (s *Server) Log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log")) // nothing is an answer too
	return string(text)
}

// URL is the address of a database of the server.
func (s *Server) URL(database string) string {
	return "postgres://smsir@/" + database + "?host=" + s.dir
}

// Socket is the path of the Unix socket that the server listens on, for a proxy in front of it. [Server.Through] makes the
// address of a database behind one.
func (s *Server) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

// Through is the address of a database of the server behind a proxy that listens on host:port. url is what Database returned.
func (s *Server) Through(proxy, url string) string {
	return strings.Replace(strings.TrimSuffix(url, "?host="+s.dir), "@/", "@"+proxy+"/", 1) + "?sslmode=disable"
}

// Database makes an empty database and returns its address. It goes when the test ends.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return s.database(t, "template0")
}

func (s *Server) database(t testing.TB, from string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", number.Add(1))
	s.Exec(t, "CREATE DATABASE "+name+" TEMPLATE "+from)
	t.Cleanup(func() {
		if s.running() {
			s.Exec(t, "DROP DATABASE "+name+" WITH (FORCE)")
		}
	})
	return s.URL(name)
}

// Exec runs one statement as the owner of the cluster.
func (s *Server) Exec(t testing.TB, query string) {
	t.Helper()
	Exec(t, s.URL("postgres"), query)
}

// Exec runs one statement in the database of an address.
func Exec(t testing.TB, url, query string) {
	t.Helper()
	if err := try(url, query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func (s *Server) try(query string) error { return try(s.URL("postgres"), query) }

func try(url, query string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost
	_, err = conn.Exec(ctx, query, pgx.QueryExecModeSimpleProtocol)
	return err
}

func (s *Server) running() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// Kill ends the server at once, as a crash would; what it had not synced to disk it has lost as far as it knows.
func (s *Server) Kill() {
	stop(s.cmd, true)
	<-s.done
}

// Restart starts the server again on the same cluster.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatalf("PostgreSQL: %v", err)
	}
}

func (s *Server) remove() {
	if s.done != nil && s.cmd.Process != nil && s.running() {
		stop(s.cmd, true)
		<-s.done
	}
	_ = os.RemoveAll(s.dir)
}

// Conn is a connection of a test's own.
type Conn struct {
	t    testing.TB
	conn *pgx.Conn
}

// Connect opens a connection that ends with the test.
func Connect(t testing.TB, url string) *Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return &Conn{t, conn}
}

// Exec runs one statement.
func (c *Conn) Exec(query string, args ...any) {
	c.t.Helper()
	if _, err := c.conn.Exec(context.Background(), query, args...); err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
}

// Row reads one row.
func (c *Conn) Row(query string, dst ...any) {
	c.t.Helper()
	if err := c.conn.QueryRow(context.Background(), query).Scan(dst...); err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
}
