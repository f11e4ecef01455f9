package e2e

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	load "github.com/smsir/smsir/bench/client"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// balancer is the one address of several nodes: each new connection goes to one of those that are up.
type balancer struct {
	address string
	mu      sync.Mutex
	rng     *rand.Rand
	nodes   map[string]bool // host:port
}

func newBalancer(t *testing.T, seed uint64) *balancer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	b := &balancer{address: l.Addr().String(), rng: rand.New(rand.NewPCG(seed, 1)), nodes: map[string]bool{}}
	var carrying sync.WaitGroup
	carrying.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			carrying.Go(func() { b.carry(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		carrying.Wait() // the nodes have ended, and with them every connection
	})
	return b
}

func (b *balancer) set(address string, up bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes[address] = up
}

// pick is a node that is up; "" if there is none.
func (b *balancer) pick() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var up []string
	for address, isUp := range b.nodes {
		if isUp {
			up = append(up, address)
		}
	}
	if len(up) == 0 {
		return ""
	}
	return up[b.rng.IntN(len(up))]
}

func (b *balancer) carry(client net.Conn) {
	defer client.Close() //nolint:errcheck // nothing is lost
	node, err := new(net.Dialer).DialContext(context.Background(), "tcp", b.pick())
	if err != nil {
		return
	}
	defer node.Close() //nolint:errcheck // nothing is lost
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{client, node}, {node, client}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].Close()
			_ = way[1].Close()
		})
	}
	both.Wait()
}

// member is one node of several.
type member struct {
	t      *testing.T
	name   string
	listen string
	args   []string
	front  *balancer
	server *server
	logs   []string // of the runs before
}

func (m *member) run() {
	m.t.Helper()
	m.server = launch(m.t, nil, m.args...)
	if !m.server.ready() {
		m.t.Fatalf("node %s did not start:\n%s\n%s", m.name, m.server.stdout, tail(m.server.stderr.String()))
	}
	m.front.set(m.listen, true)
}

func (m *member) kill() {
	m.t.Helper()
	m.server.kill()
	m.front.set(m.listen, false)
	if m.server.code >= 0 {
		m.t.Errorf("node %s ended by itself with exit code %d:\n%s", m.name, m.server.code, tail(m.server.stderr.String()))
	}
	m.logs = append(m.logs, m.server.stderr.String())
}

// metrics is what the node tells this machine.
func (m *member) metrics() string {
	m.t.Helper()
	resp, err := http.Get("http://" + m.listen + "/metrics")
	must(m.t, err)
	defer resp.Body.Close() //nolint:errcheck // read below
	text, err := io.ReadAll(resp.Body)
	must(m.t, err)
	return string(text)
}

// said reports whether a run of the node has logged a text.
func (m *member) said(text string) bool {
	return strings.Contains(m.server.stderr.String()+strings.Join(m.logs, ""), text)
}

// nodeLease is how long a node of a pair may be away before the other takes over.
const nodeLease = 5 * time.Second

// pair starts two nodes on one database behind a balancer; url is the address of the database as a node has it. The client is
// logged in, through the balancer, to a workspace without any provider.
func pair(t *testing.T, dir string, front *balancer, url func(node string) string) (nodes []*member, c *client) {
	t.Helper()
	for _, name := range []string{"data", "east"} { // the oracle looks for the simulator's ledger in "data"
		listen := freeAddress(t)
		nodes = append(nodes, &member{t: t, name: name, listen: listen, front: front, args: []string{
			"serve", "--data-dir", filepath.Join(dir, name), "--listen", listen, "--public-url", "http://" + front.address,
			"--store-url", url(name), "--node-name", name, "--node-lease", nodeLease.String(), "--store-pool-size", "8",
		}})
	}
	nodes[0].run()
	c = register(t, nodes[0].server)
	key, err := os.ReadFile(filepath.Join(dir, "data", seal.FileName))
	must(t, err)
	must(t, os.Mkdir(filepath.Join(dir, "east"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "east", seal.FileName), key, 0o600))
	nodes[1].run()
	c.url = "http://" + front.address
	for _, p := range call[api.ProviderList](t, c, "GET", "/v1/providers", nil, 200).Items {
		call[struct{}](t, c, "DELETE", "/v1/providers/"+p.ID, nil, 204) // a carrier inside one of the nodes
	}
	for _, m := range nodes {
		eventually(t, m.name+" hears of it", func() bool { return !strings.Contains(m.metrics(), `kind="simulator"`) })
	}
	return nodes, c
}

// TestTwoNodes: two nodes on one database behind one address, either of which is killed under load and comes back before or
// after its lease is over. The other one takes up the work, clients go on with their keys and their cursors wherever they
// land, and the oracle judges what is left. SMSIR_CRASH_KILLS and SMSIR_CRASH_SEED are as in TestCrash.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	kills := int(setting(t, "SMSIR_CRASH_KILLS", 4))
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	url := pgtest.Start(t).Database(t)
	front := newBalancer(t, seed)
	nodes, c := pair(t, dir, front, func(string) string { return url })
	faults := slices.DeleteFunc(carrierFaults(), func(f string) bool { return strings.HasPrefix(f, "refuse:21610") }) // an opt-out: later sends are refused
	h := &hammer{t: t, url: url, site: siteOf(c), far: startCarrier(t, c, dir, seed, faults)}
	crew := newCrew(t, h.site, dir, seed, load.Recipients)
	f := startFollower(t, h.site, c.token, dir, call[api.Bootstrap](t, c, "GET", "/v1/bootstrap", nil, 200).Cursor)

	working, stop := context.WithCancel(t.Context())
	defer stop()
	crew.Mix(working)
	for n := range kills {
		victim, other := nodes[n%2], nodes[1-n%2]
		if n >= 2 {
			victim, other = nodes[rng.IntN(2)], nil
		}
		pause(working, 500*time.Millisecond+time.Duration(rng.IntN(2000))*time.Millisecond)
		crew.Burst(working, 24)
		pause(working, time.Duration(rng.IntN(10_000))*time.Microsecond)
		victim.kill()
		if other != nil { // each of them once must be buried by the other
			eventually(t, other.name+" takes over from "+victim.name, func() bool { return other.said("a node is gone") })
		} else {
			pause(working, time.Duration(rng.IntN(3000))*time.Millisecond)
		}
		victim.run()
	}
	pause(t.Context(), time.Second)
	stop()
	crew.Wait()
	h.drain(f)
	f.end()
	for _, m := range nodes {
		front.set(m.listen, false)
		if code := m.server.stop(); code != 0 {
			t.Errorf("the last run of %s ends with exit code %d", m.name, code)
		}
	}
	r := judgeOn(t, dir, url)
	t.Logf("%d messages accepted, %d tries without an answer, %d connections resumed\n%s", crew.Sent(), crew.Resets(), f.resumed, report(t, r))
	t.Logf("%s kills %d", r.Summary(), kills)
	if !r.OK() {
		t.Error("the oracle found faults")
	}
	if f.resumed < 1 || crew.Sent() < int64(20*kills) {
		t.Errorf("%d messages, and the follower resumed %d times: it was no load", crew.Sent(), f.resumed)
	}
}
