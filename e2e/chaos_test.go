package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/bench/carrier"
	"github.com/smsir/smsir/bench/chaosproxy"
	load "github.com/smsir/smsir/bench/client"
	"github.com/smsir/smsir/bench/oracle"
)

// The scenarios of "make chaos" that need a whole gateway. Each ends with the closing line of the oracle; SMSIR_CHAOS scales
// how much it does: 1 in every test run, more in a longer one.

// scene is a gateway with a carrier and clients.
type scene struct {
	*hammer
	crew *load.Crew
	c    *client
	dir  string
	size int // what SMSIR_CHAOS says
}

// stage starts a gateway whose real provider is a carrier that does what faults say.
func stage(t *testing.T, faults []string, args ...string) *scene {
	t.Helper()
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	s := &scene{hammer: newHammer(t, dir, seed), dir: dir, size: int(setting(t, "SMSIR_CHAOS", 1))}
	s.args = append(s.args, args...)
	s.run()
	s.c = register(t, s.server)
	s.site = siteOf(s.c)
	s.crew = newCrew(t, s.site, dir, seed, load.Recipients)
	s.far = startCarrier(t, s.c, dir, seed, faults)
	return s
}

// close lets everything end, stops the gateway and has the oracle judge it.
func (s *scene) close() *oracle.Report {
	s.t.Helper()
	s.crew.Wait()
	s.drain(nil)
	if code := s.server.stop(); code != 0 {
		s.t.Errorf("exit code %d", code)
	}
	r := judge(s.t, s.dir)
	s.t.Logf("%s kills %d", r.Summary(), s.kills)
	if !r.OK() {
		s.t.Errorf("the oracle found faults\n%s", report(s.t, r))
	}
	return r
}

// to is a number of the carrier's.
func to(i int) string { return fmt.Sprintf("+4477009%05d", i%100_000) }

// TestReceiptsInAnyOrder (F13): reports that come before the answer, late, again and again, shuffled and in contradiction
// all find their message, and each changes it at most once.
func TestReceiptsInAnyOrder(t *testing.T) {
	t.Parallel()
	s := stage(t, []string{"early@p=0.2", "receipts:5@p=0.2", "shuffled@p=0.2", "late:3s@p=0.1", "contradict@p=0.1", "expired@p=0.05", "undelivered@p=0.05"})
	for range s.size {
		s.crew.Flood(t.Context(), 400, to)
	}
	r := s.close()
	figure(t, true, fmt.Sprintf("%d reports handed in", s.far.Reports()))
	if n := s.count("SELECT count(*) FROM receipts WHERE attempt_id IS NULL"); n != 0 || r.Unknown != 0 {
		t.Errorf("%d receipts found no message, %d messages are unknown", n, r.Unknown)
	}
	if n := s.count("SELECT count(*) FROM receipts"); n < 400*s.size {
		t.Errorf("%d receipts are stored of at least %d", n, 400*s.size)
	}
}

// TestCancelRaces (F14): each message is canceled while it is anywhere on its way. The oracle finds a cancel that was told as
// done although a carrier has the message.
func TestCancelRaces(t *testing.T) {
	t.Parallel()
	s := stage(t, []string{"refuse:30017@p=0.1", "drop@p=0.02"})
	var mu sync.Mutex
	told := map[string]int{}
	var all sync.WaitGroup
	for range 8 {
		sender := s.crew.Sender()
		rng := rand.New(rand.NewPCG(uint64(sender.Number()), 1))
		all.Go(func() {
			for range 50 * s.size {
				n := sender.Number()
				ask := oracle.Ask{Request: n, Op: oracle.Send, Key: fmt.Sprint("key-", n), Rows: []oracle.Row{sender.Row(n, 0, to(n))}}
				for _, id := range sender.Request(t.Context(), ask, api.Options{}) {
					pause(t.Context(), time.Duration(rng.IntN(12_000))*time.Microsecond)
					result := sender.Cancel(t.Context(), id)
					mu.Lock()
					told[result]++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	s.close()
	t.Logf("told: %v", told)
	if len(told) < 2 {
		t.Errorf("every cancel was told %v: there was no race", told)
	}
}

// TestStorms (F15): sixteen clients with one key at the same moment make one message.
func TestStorms(t *testing.T) {
	t.Parallel()
	s := stage(t, nil)
	sender := s.crew.Sender()
	for range 100 * s.size {
		sender.Storm(t.Context(), 16)
	}
	s.close()
	if want := 100*s.size + 1; s.crew.Sent() != int64(want) || s.count("SELECT count(*) FROM messages") != want {
		t.Errorf("%d messages accepted and %d stored for %d keys", s.crew.Sent(), s.count("SELECT count(*) FROM messages"), want)
	}
}

// TestHerd (F21): everything becomes due in the same second, while the provider throttles. Nothing is lost, nothing is sent
// before its time, and other requests are answered meanwhile.
func TestHerd(t *testing.T) {
	t.Parallel()
	s := stage(t, []string{"throttle:1@p=0.002"})
	at := time.Now().Add(6 * time.Second).UTC().Truncate(time.Second)
	for range 2 * s.size {
		ask := oracle.Ask{Request: s.crew.Number(), Op: oracle.Batch}
		ask.Key = fmt.Sprint("key-", ask.Request)
		for i := range 500 {
			ask.Rows = append(ask.Rows, s.crew.Row(ask.Request, i, to(ask.Request*500+i)))
		}
		s.crew.Request(t.Context(), ask, api.Options{SendAt: &at})
	}
	slowest := time.Duration(0)
	// A carrier that throttles one in five hundred gets about a hundred a second.
	for s.count("SELECT count(*) FROM messages WHERE status < 3") > 0 && time.Since(at) < patience*time.Duration(s.size) {
		begin := time.Now()
		s.crew.Sender().Single(t.Context(), true)
		slowest = max(slowest, time.Since(begin))
		pause(t.Context(), 50*time.Millisecond)
	}
	s.close()
	figure(t, true, fmt.Sprintf("slowest send beside the herd: %v", slowest.Round(time.Millisecond)))
}

// TestBacklogOfAnother (F25): while one workspace has a backlog at a slow carrier, a one-time password of another goes out
// before a tenth of it.
func TestBacklogOfAnother(t *testing.T) {
	t.Parallel()
	s := stage(t, nil, "--registration", "open")
	s.far.SetFaults([]carrier.Fault{{Name: carrier.FaultHang, Arg: "300ms", P: 1}})
	second := newClient(s.c.url)
	login := call[api.Login](t, second, "POST", "/v1/auth/register", api.RegisterRequest{
		Email: "grace@example.com", Password: password, Name: "Grace", WorkspaceName: "Example School", Country: "US", TimeZone: "UTC", Client: "app",
	}, 201)
	second.token = login.Token
	keepTexts(t, second)
	for range 2 * s.size {
		s.crew.Flood(t.Context(), 1000, to)
	}
	begin := time.Now()
	m := call[api.Message](t, second, "POST", "/v1/messages", api.SendRequest{To: "+12025550100", Text: "Your code is 123456.", Options: api.Options{Class: "otp"}}, 202)
	eventually(t, "the password is handed over", func() bool {
		got := status(t, second, m.ID)
		return got != "queued"
	})
	waited, taken := time.Since(begin), s.far.Taken()
	t.Logf("when %d of %d of the other workspace were taken", taken, 2000*s.size)
	atMost(t, "a one-time password beside the backlog is handed over within", waited, 2*time.Second)
	if taken > 200*s.size {
		t.Errorf("%d messages of the other workspace went first", taken)
	}
	s.far.SetFaults(nil)
	s.close()
}

// TestPartitions: the network between gateway and carrier refuses, cuts, swallows and delays, one way or both. What the
// carrier has it has once.
func TestPartitions(t *testing.T) {
	t.Parallel()
	s := stage(t, nil)
	far := httptest.NewServer(s.far)
	t.Cleanup(far.Close)
	proxy, err := chaosproxy.Start(far.Listener.Addr().String(), 300*time.Millisecond)
	must(t, err)
	t.Cleanup(func() { must(t, proxy.Close()) })
	for _, p := range call[api.ProviderList](t, s.c, "GET", "/v1/providers", nil, 200).Items {
		if p.Kind == "twilio" {
			call[api.Provider](t, s.c, "PATCH", "/v1/providers/"+p.ID, api.ProviderUpdate{Settings: map[string]string{"base_url": "http://" + proxy.Addr()}}, 200)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range 4 {
		s.crew.Hire(ctx, 25*time.Millisecond, func(ctx context.Context, sender *load.Sender) { sender.Single(ctx, true) })
	}
	modes := chaosproxy.Modes()
	for range 8 * s.size {
		pause(ctx, time.Duration(100+s.rng.IntN(400))*time.Millisecond)
		proxy.Set(modes[s.rng.IntN(len(modes))])
		pause(ctx, time.Duration(50+s.rng.IntN(800))*time.Millisecond)
		proxy.Set(chaosproxy.Open)
	}
	stop()
	r := s.close()
	if proxy.Connections() < 4 || r.Messages < 50 {
		t.Errorf("%d connections, %d messages: nothing passed the bad network", proxy.Connections(), r.Messages)
	}
}

// dataOf is the data folder of a gateway whose evidence is in dir.
func dataOf(dir string) string { return filepath.Join(dir, "data") }
