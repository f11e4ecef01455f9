package e2e

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir/api"
	load "github.com/smsir/smsir/bench/client"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// countOn runs a query with one number in its answer on PostgreSQL. While the server is down it answers -1.
func countOn(t *testing.T, url, query string) (n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return -1
	}
	defer conn.Close(ctx) //nolint:errcheck // only read
	if err := conn.QueryRow(ctx, query).Scan(&n); err != nil {
		t.Errorf("%s: %v", query, err)
	}
	return n
}

// TestCrashOnPostgres kills the gateway, and one time in three the database server under it, again and again under load.
// SMSIR_CRASH_KILLS and SMSIR_CRASH_SEED are as in TestCrash.
func TestCrashOnPostgres(t *testing.T) {
	t.Parallel()
	kills := int(setting(t, "SMSIR_CRASH_KILLS", 4))
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	server := pgtest.Start(t)
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	h := newHammer(t, dir, seed)
	h.url = server.Database(t)
	h.args = append(h.args, "--store-url", h.url, "--node-name", "one", "--store-min-free-bytes", "1MiB")
	h.run()
	c := register(t, h.server)
	h.site = siteOf(c)
	crew := newCrew(t, h.site, dir, seed, load.Recipients)
	withCredit(t, c, seed)
	h.far = startCarrier(t, c, dir, seed, carrierFaults())
	f := startFollower(t, h.site, c.token, dir, call[api.Bootstrap](t, c, "GET", "/v1/bootstrap", nil, 200).Cursor)
	working, stop := context.WithCancel(t.Context())
	defer stop()
	crew.Mix(working)
	for h.kills < kills {
		if h.rng.IntN(3) > 0 {
			h.cycle(working, crew)
			continue
		}
		h.run()
		pause(working, 200*time.Millisecond+time.Duration(h.rng.IntN(2000))*time.Millisecond)
		crew.Burst(working, 24)
		pause(working, time.Duration(h.rng.IntN(10_000))*time.Microsecond)
		server.Kill()
		h.kills++
		pause(working, time.Duration(h.rng.IntN(2000))*time.Millisecond)
		server.Restart(t)
		pause(working, time.Second) // the gateway goes on by itself
		select {
		case <-h.server.done: // but for one that was just starting: it says so and ends, and is started again
			if h.server.code != 1 {
				t.Errorf("the server ended by itself with exit code %d:\n%s", h.server.code, tail(h.server.stderr.String()))
			}
			h.site.Down()
			h.server = nil
		default:
		}
	}
	h.run()
	pause(t.Context(), time.Second)
	stop()
	crew.Wait()
	h.drain(f)
	f.end()
	if code := h.server.stop(); code != 0 {
		t.Errorf("the last run ends with exit code %d", code)
	}
	r := judgeOn(t, dir, h.url)
	t.Logf("%d messages accepted, %d tries without an answer, %d connections resumed, at most %d unknown by one kill\n%s",
		crew.Sent(), crew.Resets(), f.resumed, h.worst(), report(t, r))
	t.Logf("%s kills %d", r.Summary(), h.kills)
	if !r.OK() {
		t.Error("the oracle found faults")
	}
	charged(t, r, seed)
	h.prompt(r)
}
