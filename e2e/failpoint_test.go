package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/bench/carrier"
	load "github.com/smsir/smsir/bench/client"
	"github.com/smsir/smsir/bench/hooksink"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// TestFailpoints kills the server at each place where package failpoint lets it die, under load, and has the oracle judge
// what is left. SMSIR_CRASH_ROUNDS says how often each place is died at (0: a sample of eight, once), SMSIR_CRASH_SEED
// which random choices are made. A place that nobody passes is a failure.
func TestFailpoints(t *testing.T) {
	t.Parallel()
	dieEverywhere(t, "")
}

// TestFailpointsOnPostgres does so with the database in PostgreSQL, where a transaction writes in one round trip: the places
// between its statements are not there.
func TestFailpointsOnPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	dieEverywhere(t, server.Database(t))
}

// onlySQLite are the places between two statements of a transaction.
func onlySQLite() []failpoint.Point {
	return []failpoint.Point{failpoint.AcceptTx, failpoint.IntentTx, failpoint.OutcomeTx, failpoint.ReceiptTx, failpoint.InboundTx, failpoint.CancelTx}
}

// dieEverywhere is the loop, on SQLite or on the database at url.
func dieEverywhere(t *testing.T, url string) {
	t.Helper()
	rounds := int(setting(t, "SMSIR_CRASH_ROUNDS", 0))
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	path, err := mortal()
	must(t, err)
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	h := newHammer(t, dir, seed)
	h.path, h.url = path, url
	h.args = append(h.args, "--webhooks-allow-networks", "127.0.0.0/8")
	if url != "" {
		h.args = append(h.args, "--store-url", url, "--node-name", "one", "--store-min-free-bytes", "1MiB")
	}
	h.run()
	c := register(t, h.server)
	h.site = siteOf(c)
	crew := newCrew(t, h.site, dir, seed, load.Recipients)
	h.far = startCarrier(t, c, dir, seed, append(carrierFaults(), "reply@to=+4477009000*"))
	sink := hooksink.New(seed)
	hooks := httptest.NewServer(sink)
	t.Cleanup(hooks.Close)
	must(t, sink.Secret(call[api.WebhookSecret](t, c, "POST", "/v1/webhooks", api.WebhookCreate{URL: hooks.URL}, 201).Secret))
	f := startFollower(t, h.site, c.token, dir, call[api.Bootstrap](t, c, "GET", "/v1/bootstrap", nil, 200).Cursor)
	working, stop := context.WithCancel(t.Context())
	defer stop()
	crew.Mix(working)

	points := slices.DeleteFunc(failpoint.Points(), func(p failpoint.Point) bool {
		return p == failpoint.StartMigration || url != "" && slices.Contains(onlySQLite(), p)
	})
	if rounds == 0 {
		rounds = 1
		h.rng.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
		points = points[:8]
	}
	h.stop(syscall.SIGKILL)
	for range rounds {
		h.rng.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
		for _, p := range points {
			h.dieAt(working, crew, p)
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
	r := judgeOn(t, dir, url)
	t.Logf("%d messages accepted, %d tries without an answer, at most %d unknown by one kill\n%s", crew.Sent(), crew.Resets(), h.worst(), report(t, r))
	t.Logf("%s kills %d", r.Summary(), h.kills)
	for _, w := range sink.Wrong() {
		t.Error(w)
	}
	if !r.OK() {
		t.Error("the oracle found faults")
	}
	h.prompt(r)
}

// dieAt makes the server die at a point. An orderly stop may find that everything in memory was sent meanwhile and nothing is
// left to give back: then it is asked for again, and must die there in the end.
func (h *hammer) dieAt(ctx context.Context, c *load.Crew, p failpoint.Point) {
	h.t.Helper()
	for range 3 {
		if h.diedAt(ctx, c, p) {
			return
		}
	}
	h.t.Errorf("nothing passed %s in three orderly stops", p)
}

// diedAt starts the server with a point armed; false if an orderly stop did not come by. Points of the orderly stop get a SIGTERM.
func (h *hammer) diedAt(ctx context.Context, c *load.Crew, p failpoint.Point) bool {
	h.t.Helper()
	if p == failpoint.RecoverMid { // there must be something to recover
		before := h.far.SetFaults(slow("30s"))
		h.run()
		c.Burst(ctx, 24)
		eventually(h.t, "something is being sent", func() bool { return h.count(sending) > 0 })
		h.kill()
		h.far.SetFaults(before)
	}
	start := time.Now()
	count, stopped := 1+h.rng.IntN(3), false
	switch p {
	case failpoint.StartMigrate, failpoint.StartMigrated, failpoint.StartOwner, failpoint.RecoverBefore, failpoint.RecoverMid, failpoint.RecoverAfter,
		failpoint.DrainBefore, failpoint.DrainAfter, failpoint.ReleaseBefore, failpoint.ReleaseAfter, failpoint.SweepBefore, failpoint.SweepTx, failpoint.SweepAfter:
		count = 1
	}
	h.server = launchPath(h.t, h.path, []string{fmt.Sprintf("FAILPOINT=%s:%d", p, count)}, h.command()...)
	if h.server.ready() {
		h.site.Up(h.server.url)
		c.Burst(ctx, 12)
		switch p {
		case failpoint.DrainBefore, failpoint.DrainAfter, failpoint.ReleaseBefore, failpoint.ReleaseAfter:
			// The carrier is slow meanwhile: what the window has no room for is in memory when the stop comes, to be given back.
			before := h.far.SetFaults(slow("3s"))
			c.Flood(ctx, 300, func(i int) string { return fmt.Sprintf("+447700900%03d", i) })
			eventually(h.t, "something is being sent, and more waits behind it", func() bool {
				return h.server.ended() || h.count(sending) > 0 && h.count(held) > 0
			})
			stopped = h.server.cmd.Process.Signal(syscall.SIGTERM) == nil
			<-h.server.done // it dies there, or it ends
			h.far.SetFaults(before)
		}
	}
	select {
	case <-h.server.done:
	case <-time.After(patience / 2):
	}
	h.site.Down()
	if !h.stop(syscall.SIGKILL) {
		h.t.Errorf("nothing passed %s", p)
		return true
	}
	if stopped && h.server.code == 0 {
		h.t.Logf("nothing passed %s: the server stopped in order", p)
		h.server = nil
		return false
	}
	if h.server.code != -1 {
		h.t.Errorf("at %s the server ended by itself with exit code %d:\n%s", p, h.server.code, tail(h.server.stderr.String()))
	}
	h.t.Logf("died at %s:%d after %v", p, count, time.Since(start).Round(time.Millisecond))
	h.kills++
	h.server = nil
	return true
}

// slow is a carrier that answers after a while.
func slow(while string) []carrier.Fault {
	return []carrier.Fault{{Name: carrier.FaultHang, Arg: while, P: 1}}
}

// sending counts what the newest run hands over; what an earlier one left is not recovered yet.
const sending = "SELECT count(*) FROM messages WHERE status = 2 AND owner = (SELECT max(id) FROM nodes)"

// held counts what the newest run holds in memory.
const held = "SELECT count(*) FROM messages WHERE status = 1 AND owner = (SELECT max(id) FROM nodes)"

// stop ends the server if it is still there; true if it had ended before.
func (h *hammer) stop(signal syscall.Signal) bool {
	select {
	case <-h.server.done:
		return true
	default:
	}
	h.site.Down()
	_ = h.server.cmd.Process.Signal(signal)
	<-h.server.done
	h.server = nil
	return false
}

// TestKillDuringMigrations: a first start that dies between two migrations is finished by the next.
func TestKillDuringMigrations(t *testing.T) {
	t.Parallel()
	path, err := mortal()
	must(t, err)
	data := filepath.Join(t.TempDir(), "data")
	for n := 1; ; n++ {
		s := launchPath(t, path, []string{fmt.Sprintf("FAILPOINT=%s:%d", failpoint.StartMigration, n)}, "serve", "--listen", "127.0.0.1:0", "--data-dir", data)
		if s.ready() { // fewer were left
			register(t, s)
			if code := s.stop(); code != 0 || n == 1 {
				t.Errorf("exit code %d; %d kills", code, n-1)
			}
			return
		}
		if <-s.done; s.code != -1 {
			t.Fatalf("exit code %d:\n%s", s.code, tail(s.stderr.String()))
		}
	}
}
