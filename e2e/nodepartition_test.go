package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/bench/chaosproxy"
	load "github.com/smsir/smsir/bench/client"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// TestNodePartitions (F12): two nodes on one database, each behind a bad network of its own to PostgreSQL, and both behind one
// to the carrier. A schedule makes them bad one after the other and several at once, at times for longer than a lease, and heals
// them; then everything must move again, and the carrier must have nothing twice. SMSIR_CHAOS says how many schedules, twice.
func TestNodePartitions(t *testing.T) {
	t.Parallel()
	schedules := 2 * int(setting(t, "SMSIR_CHAOS", 1))
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	server := pgtest.Start(t)
	url := server.Database(t)
	front := newBalancer(t, seed)
	var ways []*chaosproxy.Proxy // to the database, by node, and to the carrier
	through := func(target string) *chaosproxy.Proxy {
		p, err := chaosproxy.Start(target, 200*time.Millisecond)
		must(t, err)
		t.Cleanup(func() { must(t, p.Close()) })
		ways = append(ways, p)
		return p
	}
	nodes, c := pair(t, dir, front, func(string) string { return server.Through(through(server.Socket()).Addr(), url) })
	h := &hammer{t: t, url: url, site: siteOf(c), far: startCarrier(t, c, dir, seed, nil)}
	far := httptest.NewServer(h.far)
	t.Cleanup(far.Close)
	way := through(far.Listener.Addr().String())
	for _, p := range call[api.ProviderList](t, c, "GET", "/v1/providers", nil, 200).Items {
		call[api.Provider](t, c, "PATCH", "/v1/providers/"+p.ID, api.ProviderUpdate{Settings: map[string]string{"base_url": "http://" + way.Addr()}}, 200)
	}
	crew := newCrew(t, h.site, dir, seed, func(rng *rand.Rand) string { return to(rng.IntN(100_000)) })
	working, stop := context.WithCancel(t.Context())
	defer stop()
	for range 4 {
		crew.Hire(working, 50*time.Millisecond, func(ctx context.Context, s *load.Sender) { s.Single(ctx, true) })
	}
	crew.Hire(working, 700*time.Millisecond, func(ctx context.Context, s *load.Sender) { s.Batch(ctx, true) })
	modes := chaosproxy.Modes()
	slowest := time.Duration(0)
	for n := range schedules {
		pause(working, 300*time.Millisecond)
		told := ""
		for range 2 + rng.IntN(4) {
			i, mode, lasts := rng.IntN(len(ways)), modes[rng.IntN(len(modes))], time.Duration(100+rng.IntN(1500))*time.Millisecond
			if rng.IntN(6) == 0 {
				lasts += nodeLease
			}
			told += fmt.Sprintf(" %s:%s:%v", []string{"west", "east", "carrier"}[i], mode, lasts)
			ways[i].Set(mode)
			pause(working, lasts)
			if rng.IntN(3) > 0 {
				ways[i].Set(chaosproxy.Open)
			}
		}
		for _, w := range ways {
			w.Set(chaosproxy.Open)
		}
		healed := time.Now()
		last := h.count("SELECT max(id) FROM messages")
		moving := fmt.Sprintf("SELECT count(*) FROM messages WHERE id <= %d AND status IN (1, 2)", last)
		eventually(t, "what was accepted before the network healed has left", func() bool { return h.count(moving) == 0 })
		if n := h.count(moving); n != 0 {
			t.Logf("%d are stuck: queued %s; sending %s", n, h.stuck(1), h.stuck(2))
			for _, m := range nodes {
				t.Logf("node %s:\n%s\n%s", m.name, m.metrics(), tail(m.server.stderr.String()))
			}
		}
		slowest = max(slowest, time.Since(healed))
		t.Logf("schedule %d:%s; moving again after %v", n+1, told, time.Since(healed).Round(time.Millisecond))
		for _, m := range nodes {
			if m.server.ended() {
				t.Fatalf("node %s ended by itself with exit code %d:\n%s", m.name, m.server.code, tail(m.server.stderr.String()))
			}
		}
	}
	stop()
	crew.Wait()
	h.drain(nil)
	for _, m := range nodes {
		front.set(m.listen, false)
		if code := m.server.stop(); code != 0 {
			t.Errorf("the last run of %s ends with exit code %d", m.name, code)
		}
	}
	r := judgeOn(t, dir, url)
	t.Logf("%d messages accepted, %d tries without an answer, %d connections\n%s", crew.Sent(), crew.Resets(), ways[0].Connections()+ways[1].Connections()+way.Connections(), report(t, r))
	t.Logf("%s kills %d", r.Summary(), h.kills)
	if !r.OK() {
		t.Error("the oracle found faults")
	}
	atMost(t, fmt.Sprintf("nothing stuck after %d schedules; the slowest", schedules), slowest, time.Minute)
	if crew.Sent() < int64(20*schedules) {
		t.Errorf("%d messages in %d schedules: it was no load", crew.Sent(), schedules)
	}
}
