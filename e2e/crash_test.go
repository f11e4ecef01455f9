package e2e

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/bench/carrier"
	load "github.com/smsir/smsir/bench/client"
	"github.com/smsir/smsir/bench/oracle"
)

// setting reads a number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(cmp.Or(os.Getenv(name), fmt.Sprint(otherwise)), 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestCrash kills the server with SIGKILL again and again under load, restarts it on the same folder, lets everything come
// to its end, and has the oracle judge what is left. SMSIR_CRASH_KILLS says how often (5), SMSIR_CRASH_SEED which random
// choices are made. It ends with the line "lost 0 doubled 0 lying 0 unknown … resolved … kills …".
func TestCrash(t *testing.T) {
	t.Parallel()
	kills := int(setting(t, "SMSIR_CRASH_KILLS", 5))
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	h := newHammer(t, dir, seed)
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
		h.cycle(working, crew)
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

	r := judge(t, dir)
	t.Logf("%d messages accepted, %d tries without an answer, %d connections resumed, at most %d unknown by one kill\n%s",
		crew.Sent(), crew.Resets(), f.resumed, h.worst(), report(t, r))
	t.Logf("%s kills %d", r.Summary(), h.kills)
	if !r.OK() {
		t.Error("the oracle found faults")
	}
	if crew.Sent() < int64(20*kills) || crew.Resets() < int64(kills) {
		t.Errorf("%d messages accepted and %d answers lost in %d kills: the load was no load", crew.Sent(), crew.Resets(), kills)
	}
	charged(t, r, seed)
	h.prompt(r)
}

// withCredit has a workspace pay for what it sends, on every other seed: what is judged then is the credit ledger, too.
func withCredit(t *testing.T, c *client, seed uint64) {
	t.Helper()
	if seed%2 != 0 {
		return
	}
	call[api.PriceList](t, c, "POST", "/v1/prices", api.PriceChange{Currency: "USD", Prices: []api.PriceDraft{{Destination: "*", Price: "0.01"}}}, 200)
	call[api.CreditEntry](t, c, "POST", "/v1/credit/entries", api.CreditChange{Kind: "grant", Amount: "100000", Note: "for the test"}, 201)
	if got := call[api.Credit](t, c, "PUT", "/v1/credit", api.CreditSettings{On: true}, 200); !got.On || got.Balance != "100000" {
		t.Fatalf("credit %+v", got)
	}
}

// charged checks that the credit ledger of a run with credit had something to judge.
func charged(t *testing.T, r *oracle.Report, seed uint64) {
	t.Helper()
	if check := r.Check(oracle.I10); check.Absent == (seed%2 == 0) {
		t.Errorf("seed %d: %d messages were charged", seed, check.Looked)
	}
}

// prompt tells how much a kill left unknown at most, and how soon reports resolved it (F8). Slots are taken before the intent
// and freed at the answer, so one kill can leave no more than the window open, and as many again whose outcome waits for its
// commit.
func (h *hammer) prompt(r *oracle.Report) {
	h.t.Helper()
	figure(h.t, r.Prompt*100 >= r.Reported*99, fmt.Sprintf("resolved within a minute of the restart or the report: %d of %d unknown messages that a carrier reported on; %d became unknown by kills, at most %d by one", r.Prompt, r.Reported, r.Stopped, h.worst()))
	if n := h.worst(); n > 2*window {
		h.t.Errorf("one kill left %d messages unknown, more than %d", n, 2*window)
	}
}

// window is how many hand-overs the simulator and the adapter of Twilio take at once.
const window = 32 + 50

// hammer starts and kills.
type hammer struct {
	t      *testing.T
	data   string
	rng    *rand.Rand
	site   *load.Site
	server *server
	kills  int
	args   []string         // of the server
	path   string           // of the program; "": as its users get it
	under  []string         // the command line of a program that runs it; none: it is started as it is
	url    string           // of the database in PostgreSQL; "": SQLite
	far    *carrier.Carrier // nil: there is only the simulator, or smsc
	smsc   *carrier.SMSC    // a carrier that speaks SMPP, or nil
}

// newHammer prepares a gateway that always comes back at the same address.
func newHammer(t *testing.T, dir string, seed uint64) *hammer {
	t.Helper()
	listen := freeAddress(t)
	return &hammer{
		t: t, data: filepath.Join(dir, "data"), rng: rand.New(rand.NewPCG(seed, 0)),
		args: []string{"--listen", listen, "--public-url", "http://" + listen},
	}
}

// cycle lets the server work for a while and kills it in the middle of a burst, every fifth time with a backlog of
// hundreds. One time in six it kills the next run too, while that one starts.
func (h *hammer) cycle(ctx context.Context, c *load.Crew) {
	h.run()
	pause(ctx, 200*time.Millisecond+time.Duration(h.rng.IntN(2800))*time.Millisecond)
	if h.kills%5 == 4 {
		c.Flood(ctx, 600, func(i int) string { return fmt.Sprintf("+447700900%03d", i) })
	}
	c.Burst(ctx, 24)
	pause(ctx, time.Duration(h.rng.IntN(10_000))*time.Microsecond)
	h.kill()
	if h.rng.IntN(6) == 0 {
		h.launch()
		pause(ctx, time.Duration(h.rng.IntN(100))*time.Millisecond)
		h.kill()
	}
}

// run starts the server if it is not running.
func (h *hammer) run() {
	h.t.Helper()
	if h.server != nil {
		return
	}
	h.launch()
	if !h.server.ready() {
		h.t.Fatalf("the server did not start:\n%s\n%s", h.server.stdout, h.server.stderr)
	}
	if h.site != nil {
		h.site.Up(h.server.url)
	}
}

// command is the command line of the server.
func (h *hammer) command() []string {
	return append([]string{"serve", "--data-dir", h.data}, h.args...)
}

// launch starts the server and does not wait for anything.
func (h *hammer) launch() {
	h.t.Helper()
	if h.under != nil {
		path, err := binary()
		must(h.t, err)
		h.server = launchPath(h.t, h.under[0], nil, append(append(slices.Clone(h.under[1:]), path), h.command()...)...)
		return
	}
	if h.path != "" {
		h.server = launchPath(h.t, h.path, nil, h.command()...)
		return
	}
	h.server = launch(h.t, nil, h.command()...)
}

func (h *hammer) kill() {
	h.server.kill()
	h.site.Down()
	if h.server.code >= 0 {
		h.t.Errorf("the server ended by itself with exit code %d:\n%s", h.server.code, tail(h.server.stderr.String()))
	}
	h.server = nil
	h.kills++
}

// drain waits until every message is final or unknown, everything unknown that can be resolved is, and the follower has
// the newest event. What never reached the far side is unknown for the five minutes after which its absence there proves
// anything; the simulator knows at once.
func (h *hammer) drain(f *follower) {
	h.t.Helper()
	const open = `SELECT count(*) FROM messages WHERE final = 0 AND NOT (status = 3 AND (recipient = '+12025550108'
		OR used_provider_id IN (SELECT id FROM providers WHERE kind <> 'simulator')))`
	h.whileMoving("every message ends", open)
	for _, status := range []smsir.Status{smsir.Scheduled, smsir.Queued, smsir.Sending, smsir.Sent} {
		if n := h.count(fmt.Sprint("SELECT count(*) FROM messages WHERE final = 0 AND status = ", int(status))); n > 0 {
			h.t.Errorf("%d messages are still %s: %s", n, status, h.stuck(int(status)))
		}
	}
	eventually(h.t, "the carriers owe nothing", func() bool {
		if h.far != nil && h.far.Owed() > 0 || h.smsc != nil && h.smsc.Owed() > 0 {
			return false
		}
		// Nor does the simulator, whose replies come a while after its receipts.
		return h.count(fmt.Sprint("SELECT count(*) FROM events WHERE at > ", time.Now().Add(-3*time.Second).UnixMilli())) == 0
	})
	if f == nil {
		return
	}
	eventually(h.t, "the follower has the newest event", func() bool {
		return f.last() == smsir.ID(h.count("SELECT max(id) FROM events")).Format(smsir.PrefixEvent)
	})
}

// whileMoving waits until a query counts nothing, for as long as it counts less every few minutes: a long loop on a busy machine
// leaves a backlog, and a provider that is probed twice in vain takes more than one.
func (h *hammer) whileMoving(what, query string) {
	h.t.Helper()
	least, since := math.MaxInt, time.Now()
	for {
		switch n := h.count(query); { // -1: the database does not answer
		case n == 0:
			return
		case n > 0 && n < least:
			least, since = n, time.Now()
		case time.Since(since) > 3*patience:
			h.t.Errorf("never came true: %s; %d are left", what, n)
			return
		}
		if !pause(h.t.Context(), 50*time.Millisecond) {
			return
		}
	}
}

// worst is how many messages became unknown by one kill, at most: those that one run found when it started.
func (h *hammer) worst() int {
	h.t.Helper()
	code := "json_extract(data, '$.error.code')"
	if h.url != "" {
		code = "data::json->'error'->>'code'"
	}
	return h.count(`SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM (SELECT (SELECT max(id) FROM nodes WHERE started_at <= e.at) AS run FROM events e
		WHERE type = 'message.unknown' AND ` + code + ` = 'node_stopped') AS told GROUP BY run) AS runs`)
}

// count runs a query with one number in its answer.
func (h *hammer) count(query string) int {
	h.t.Helper()
	if h.url == "" {
		return count(h.t, h.data, query)
	}
	return countOn(h.t, h.url, query)
}

// stuck describes three messages that are in a status for longer than they should.
func (h *hammer) stuck(status int) string {
	h.t.Helper()
	var all []string
	for i := range 3 {
		id := h.count(fmt.Sprintf("SELECT coalesce((SELECT id FROM messages WHERE final = 0 AND status = %d ORDER BY id LIMIT 1 OFFSET %d), 0)", status, i))
		if id == 0 {
			break
		}
		column := func(name string) int {
			return h.count(fmt.Sprintf("SELECT coalesce(%s, 0) FROM messages WHERE id = %d", name, id))
		}
		all = append(all, fmt.Sprintf("%s: owner %d, tries %d, next in %v, last moved %v ago", smsir.ID(id).Format(smsir.PrefixMessage), column("owner"), column("tries"),
			time.Until(time.UnixMilli(int64(column("next_at")))).Round(time.Second), time.Since(time.UnixMilli(int64(column("updated_at")))).Round(time.Second)))
	}
	return strings.Join(all, "; ")
}

// judge has the oracle look at the evidence in a folder.
func judge(t *testing.T, dir string) *oracle.Report {
	t.Helper()
	return judgeOn(t, dir, "")
}

// judgeOn does so for a gateway whose database is in PostgreSQL.
func judgeOn(t *testing.T, dir, url string) *oracle.Report {
	t.Helper()
	e := oracle.Evidence{
		Postgres: url,
		Database: filepath.Join(dir, "data", "smsir.db"), Simulator: filepath.Join(dir, "data", "simulator.log"),
	}
	if client := filepath.Join(dir, "client.log"); there(client) {
		e.Client = client
	}
	if stream := filepath.Join(dir, "stream.log"); there(stream) {
		e.Stream = stream
	}
	for _, name := range []string{"carrier-twilio.log", "carrier-smpp.log"} {
		if far := filepath.Join(dir, name); there(far) {
			e.Carriers = append(e.Carriers, far)
		}
	}
	r, err := oracle.Judge(t.Context(), e)
	must(t, err)
	return r
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func report(t *testing.T, r *oracle.Report) string {
	t.Helper()
	var b bytes.Buffer
	_, err := r.WriteTo(&b)
	must(t, err)
	return b.String()
}

// keep copies the evidence of a failed test, or with SMSIR_KEEP of any, to where it can be looked at.
func keep(t *testing.T, dir string) {
	t.Helper()
	if !t.Failed() && os.Getenv("SMSIR_KEEP") == "" {
		return
	}
	to, err := os.MkdirTemp("", "smsir-evidence-") //nolint:usetesting // it must outlive the test
	if err == nil {
		err = os.CopyFS(to, os.DirFS(dir))
	}
	t.Logf("the evidence is kept in %s (%v); judge it again with: go run ./bench/judge %s", to, err, to)
}

// TestStopUnderLoad: SIGTERM in the middle of everything ends the program in order: what was accepted is on disk, what was
// being handed over is answered and recorded, and nothing is unknown. The next run sends the rest.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	h := newHammer(t, dir, 1)
	h.run()
	c := register(t, h.server)
	h.site = siteOf(c)
	crew := newCrew(t, h.site, dir, 1, load.Recipients)
	f := startFollower(t, h.site, c.token, dir, call[api.Bootstrap](t, c, "GET", "/v1/bootstrap", nil, 200).Cursor)
	working, stop := context.WithCancel(t.Context())
	defer stop()
	for range 4 {
		crew.Hire(working, 10*time.Millisecond, func(ctx context.Context, s *load.Sender) {
			n := s.Number()
			s.Request(ctx, oracle.Ask{Request: n, Op: oracle.Send, Key: fmt.Sprint("key-", n), Rows: []oracle.Row{s.Row(n, 0, "+447700900123")}}, api.Options{})
		})
	}
	eventually(t, "200 messages are accepted and some are being sent", func() bool {
		return crew.Sent() > 200 && count(t, h.data, "SELECT count(*) FROM messages WHERE status = 2") > 0
	})
	h.site.Down()
	if code := h.server.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := count(t, h.data, "SELECT count(*) FROM events WHERE type = 'message.unknown'"); n != 0 {
		t.Errorf("%d messages became unknown by an orderly stop", n)
	}
	if n := count(t, h.data, "SELECT count(*) FROM messages WHERE status = 2 OR owner IS NOT NULL AND final = 1"); n != 0 {
		t.Errorf("%d messages are still being sent", n)
	}
	if n := count(t, h.data, "SELECT count(*) FROM messages WHERE status < 5"); n == 0 {
		t.Error("everything was delivered before the stop: it was not under load")
	}
	h.server = nil
	h.run()
	stop()
	crew.Wait()
	h.drain(f)
	f.end()
	if code := h.server.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if r := judge(t, dir); !r.OK() || r.Unknown+r.Resolved != 0 {
		t.Errorf("the oracle says\n%s", report(t, r))
	}
}
