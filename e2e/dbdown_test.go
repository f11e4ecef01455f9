//go:build linux

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	load "github.com/smsir/smsir/bench/client"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// TestDatabaseDown (F11): PostgreSQL hangs, or dies and stays away, again and again under load. Meanwhile the gateway refuses;
// what it accepted and what it acknowledged to carriers is there; and it goes on by itself. SMSIR_CHAOS says how often, twice
// each; with SMSIR_FIGURES each lasts 10 to 60 seconds.
func TestDatabaseDown(t *testing.T) {
	t.Parallel()
	cycles := 2 * int(setting(t, "SMSIR_CHAOS", 1))
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	server := pgtest.Start(t)
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	h := newHammer(t, dir, seed)
	h.url = server.Database(t)
	h.args = append(h.args, "--store-url", h.url, "--node-name", "one", "--node-lease", "10s", "--store-min-free-bytes", "1MiB")
	h.run()
	c := register(t, h.server)
	h.site = siteOf(c)
	crew := newCrew(t, h.site, dir, seed, load.Recipients)
	h.far = startCarrier(t, c, dir, seed, carrierFaults())
	f := startFollower(t, h.site, c.token, dir, call[api.Bootstrap](t, c, "GET", "/v1/bootstrap", nil, 200).Cursor)
	working, stop := context.WithCancel(t.Context())
	defer stop()
	for range 4 {
		crew.Hire(working, 40*time.Millisecond, func(ctx context.Context, s *load.Sender) { s.Single(ctx, true) })
	}
	crew.Hire(working, 500*time.Millisecond, func(ctx context.Context, s *load.Sender) { s.Batch(ctx, true) })
	crew.Hire(working, 300*time.Millisecond, func(ctx context.Context, s *load.Sender) { s.CancelRecent(ctx) })
	var back []time.Duration
	for n := range cycles {
		before := crew.Sent()
		eventually(t, "messages are accepted", func() bool { return crew.Sent() > before+50 })
		down := time.Second + time.Duration(h.rng.IntN(3000))*time.Millisecond
		if figures() {
			down = 10*time.Second + time.Duration(h.rng.IntN(50_000))*time.Millisecond
		}
		if n%2 == 0 {
			server.Freeze(t)
			pause(working, down)
			server.Thaw(t)
		} else {
			server.Kill()
			pause(working, down)
			server.Restart(t)
		}
		up, sent := time.Now(), crew.Sent()
		eventually(t, "it accepts again without a restart", func() bool { return crew.Sent() > sent })
		back = append(back, time.Since(up))
		if t.Failed() {
			break
		}
		if h.server.ended() {
			t.Fatalf("the gateway ended by itself with exit code %d:\n%s", h.server.code, tail(h.server.stderr.String()))
		}
	}
	pause(t.Context(), time.Second)
	stop()
	crew.Wait()
	h.drain(f)
	f.end()
	if code := h.server.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	r := judgeOn(t, dir, h.url)
	t.Logf("%d messages accepted, %d tries without an answer\n%s", crew.Sent(), crew.Resets(), report(t, r))
	t.Logf("%s kills %d", r.Summary(), h.kills)
	if !r.OK() {
		t.Error("the oracle found faults")
	}
	atMost(t, fmt.Sprintf("accepting again after %d times without a database", cycles), percentile(back, 100), 5*time.Second)
}
